/* SPDX-License-Identifier: MIT */
/*
 * The world of the tests of libtoe-linux: two machines, each a network, with a veth between them;
 * connections from here to there; and a host of ours with a target, at the same interface and
 * addresses as the kernel here.
 */
#ifndef TEST_REPAIR_WORLD_H
#define TEST_REPAIR_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "emu/error.h"
#include "emu/port.h"
#include "emu/pump.h"
#include "emu/repair/repair.h"
#include "toe/host.h"
#include "toe/target.h"

enum { R_SKIPPED = 77, R_WAIT_MS = 5000, R_PORT = 7000 };

extern struct emu_error r_emu_error;
extern struct toe_linux_error r_error;
extern struct toe_linux_fence *r_fence; /* on the interface here, "ta" */

#define ASSERT_EMU(call)                                                                           \
    do {                                                                                           \
        if (!(call)) {                                                                             \
            fail_msg("%s: %s", #call, r_emu_error.text);                                           \
        }                                                                                          \
    } while (0)

#define ASSERT_OK(call)                                                                            \
    do {                                                                                           \
        if (!(call)) {                                                                             \
            fail_msg("%s: %s", #call, r_error.text);                                               \
        }                                                                                          \
    } while (0)

/* r_run() runs |tests| in the world, within namespaces of its own; R_SKIPPED where it cannot. */
#define r_run(tests) (r_can() ? cmocka_run_group_tests(tests, r_set_up, r_tear_down) : R_SKIPPED)
bool r_can(void);
int r_set_up(void **state);
int r_tear_down(void **state);

/* --- connections --- */

/* The address of machine 1, here, or 2. */
struct toe_addr r_address(int family, int machine);
socklen_t r_sockaddr_of(union linux_address *to, int family, int machine, uint16_t port);
int r_make_socket(int family, int protocol);

/* A connection from here to there. */
void r_make_pair(int family, int protocol, int *ours, int *theirs);

/* Reading and writing gives up after R_WAIT_MS. */
void r_be_patient(int fd);

int r_state_of(int fd);
void r_await_state(int fd, int state);
void r_await_unread(int fd, int want);

/* Nothing reaches |fd| any more; or again all does. */
void r_deafen(int fd, bool deaf);

/* Sends up to |len| bytes of the stream from |*off| on: as many as there is room for; or all. */
void r_send_some(int fd, uint64_t *off, size_t len);
void r_send_bytes(int fd, uint64_t *off, size_t len);

/* Receives up to |max| bytes and checks that they are the next of the stream; 0 at its end. */
size_t r_receive_bytes(int fd, uint64_t *off, size_t max);
void r_receive_all(int fd, uint64_t *off, uint64_t want);

/* --- a host of ours --- */

/* A host with a target, on the same interface and addresses as the kernel's. */
struct r_machine {
    struct emu_port *port;
    struct toe_target *target;
    struct toe_host *host;
    struct emu_pump *pump;
    toe_handle conn; /* the connection, while it is here */
    int theirs;
    uint64_t to_us, to_them, got_us, got_them;
    uint64_t until; /* the round ends when both ends have got so much */
    bool is_wanted; /* the round is over, and the connection called back */
};

void r_machine_make(struct r_machine *m, int family);
void r_machine_unmake(struct r_machine *m);

/* The connection |fd| goes on in our host for a round, and comes back as the socket returned. */
int r_machine_round(struct r_machine *m, int fd);

#endif
