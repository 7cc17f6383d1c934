/* SPDX-License-Identifier: MIT */
#ifndef DRILL_CALL_H
#define DRILL_CALL_H

#include "drill_flow.h"
#include "drill_script.h"
#include "packetdrill/pd_interface.h"

#include <netinet/in.h>
#include <pthread.h>

/*
 * Calls to the stack under test: each is made, on this thread or on one of its own, and afterwards
 * what came of it is compared with what the script says.
 */

/* What they are made on, and what they leave behind. */
struct drill_stack {
    struct pd_interface to;
    struct drill_flow flow;
    int fds[DRILL_FD_MAX]; /* of the script's numbers; -1: none */
    uint32_t written_cnt;  /* bytes of the stream, either way */
    uint32_t read_cnt;
};

/* One that is being made. */
struct drill_job {
    struct drill_stack *stack;
    const struct drill_event *event;
    int fd;         /* the one that it is about */
    uint8_t *bytes; /* owned: to write, or room to read */
    size_t len;
    union {
        int value;
        struct linger linger;
        struct pollfd poll;
    } out; /* what getsockopt(), ioctl() and poll() fill in */
    socklen_t out_len;
    long result;
    int error; /* errno, or zero */
    int64_t ended_us;
    pthread_t thread;
};

/* drill_job_make() makes the call, and returns when it does. */
void drill_job_make(struct drill_job *job);

/* drill_job_init() prepares it; false: no memory. drill_job_fini() forgets it. */
bool drill_job_init(struct drill_job *job, struct drill_stack *stack,
                    const struct drill_event *event);
void drill_job_fini(struct drill_job *job);

/* drill_job_check() writes into |error| how the result is not as expected, or returns true. */
bool drill_job_check(struct drill_job *job, char *error, size_t error_len);

/*
 * drill_call_find() is the type of the |len| letters of |name|, or NULL. drill_call_fits() tells
 * whether |cnt| arguments are such as that call takes.
 */
const struct drill_call_type *drill_call_find(const char *name, size_t len);
bool drill_call_fits(const struct drill_call *call, uint32_t cnt);

/* drill_name_find() is the value of a name of the system's, say POLLIN; false: there is none. */
bool drill_name_find(int64_t *value, const char *name, size_t len);

/* drill_error_name() is the name of an errno. */
const char *drill_error_name(int error);

#endif
