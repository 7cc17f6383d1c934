/* SPDX-License-Identifier: MIT */
#include "live/live_world.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live/servers.h"
#include "live/words.h"
#include "netlink.h"
#include "option.h"

#define HOST_INTERFACE "toe0"
#define WIRE_INTERFACE "wire0"
#define PEER_INTERFACE "peer0"

enum {
    PREFIX4 = 24,
    PREFIX6 = 64,
    START_MS = 120000, /* of all servers, one after the other, on a machine that is busy */
    LINK_MS = 1000,
    CLOSE_MS = 60000,
};

/* What the other machine tells once it is furnished; the byte of `toe peer` comes after it. */
struct word {
    struct emu_error error;
    uint32_t servers;
};

/* --- the other machine --- */

static bool furnish(const struct emu_live_world *world, struct word *word)
{
    if (!emu_netlink_up(PEER_INTERFACE, 0, &word->error) ||
        !emu_netlink_address_add(PEER_INTERFACE, &world->theirs[0], PREFIX4, &word->error) ||
        !emu_netlink_address_add(PEER_INTERFACE, &world->theirs[1], PREFIX6, &word->error) ||
        !emu_servers_files(world, &word->error)) {
        return false;
    }
    word->servers = emu_servers_start();
    return true;
}

static int live_as_far(int control, void *user)
{
    const struct emu_live_world *world = user;
    const struct emu_peer_settings settings = {
        .port = EMU_PEER_PORT, .ready_fd = control, .life_fd = control};
    struct word word = {.error.status = EMU_EXIT_OK};
    char go;

    if (read(control, &go, 1) != 1) {
        return EMU_EXIT_ENVIRONMENT;
    }
    if (furnish(world, &word)) {
        word.error.status = EMU_EXIT_OK;
    }
    if (write(control, &word, sizeof(word)) != sizeof(word) || word.error.status != EMU_EXIT_OK) {
        return EMU_EXIT_ENVIRONMENT;
    }
    if (!emu_peer_run(world->served, &settings, &word.error)) {
        return (int)word.error.status;
    }
    return emu_peer_status(world->served);
}

/* --- waiting --- */

/* Waits for |fd|; false if it takes too long or |watch| says that all shall end. */
static bool await(int fd, int watch, const char *what, struct emu_error *error)
{
    struct pollfd fds[2] = {{.fd = fd, .events = POLLIN}, {.fd = watch, .events = POLLIN}};
    const int cnt = poll(fds, 2, START_MS);

    if (cnt > 0 && fds[1].revents == 0) {
        return true;
    }
    if (cnt > 0) {
        emu_error_set(error, EMU_EXIT_FAULT, "interrupted");
    } else {
        emu_error_set(error, EMU_EXIT_FAULT, "%s does not start", what);
    }
    return false;
}

static bool await_far(struct emu_live_world *world, int watch, struct emu_error *error)
{
    struct word word;
    char ready;

    if (!await(world->far.control, watch, "the other machine", error)) {
        return false;
    }
    if (recv(world->far.control, &word, sizeof(word), MSG_WAITALL) != sizeof(word)) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "the other machine's process died at its start");
        return false;
    }
    if (word.error.status != EMU_EXIT_OK) {
        *error = word.error;
        return false;
    }
    if (recv(world->far.control, &ready, 1, MSG_WAITALL) != 1) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "the other machine does not listen");
        return false;
    }
    world->servers = word.servers | 1u << EMU_LIVE_PEER;
    return true;
}

/* --- our machine --- */

static bool has_tap(struct emu_error *error)
{
    const int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

    if (fd < 0) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot open /dev/net/tun: %s", strerror(errno));
        return false;
    }
    (void)close(fd);
    return true;
}

static bool build_wire(struct emu_live_world *world, struct emu_error *error)
{
    if (!emu_netlink_veth_add(WIRE_INTERFACE, PEER_INTERFACE, world->far.pid, error)) {
        return false;
    }
    emu_netlink_ipv6_off(WIRE_INTERFACE);
    if (!emu_netlink_up(WIRE_INTERFACE, 0, error)) {
        return false;
    }
    if (write(world->far.control, "g", 1) != 1) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "the other machine's process died at its start");
        return false;
    }
    return true;
}

/* What the other machine's `toe peer` sees lies where both machines do. */
static bool share(struct emu_live_world *world, struct emu_error *error)
{
    world->served = mmap(NULL, sizeof(*world->served), PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (world->served != MAP_FAILED) {
        return true;
    }
    world->served = NULL;
    emu_error_set(error, EMU_EXIT_ENVIRONMENT, "no memory: %s", strerror(errno));
    return false;
}

bool emu_live_world_open(struct emu_live_world *world, uint64_t seed, int watch,
                         struct emu_error *error)
{
    *world = (struct emu_live_world){.file_key = seed ^ 0xf11e, .far.control = -1, .nic_out = -1};
    (void)emu_option_address(&world->ours[0], "10.71.0.1");
    (void)emu_option_address(&world->ours[1], "fd71::1");
    (void)emu_option_address(&world->theirs[0], "10.71.0.2");
    (void)emu_option_address(&world->theirs[1], "fd71::2");
    emu_option_address_text(world->names[0], &world->theirs[0]);
    emu_option_address_text(world->names[1], &world->theirs[1]);
    if (!has_tap(error) || !emu_netns_enter(error) || !emu_netns_gather(error) ||
        !emu_netns_directory(EMU_LIVE_DIRECTORY, error) || !share(world, error) ||
        !emu_netns_spawn(&world->far, live_as_far, world, error)) {
        return false;
    }
    if (!build_wire(world, error) || !await_far(world, watch, error)) {
        (void)emu_netns_reap(&world->far, 0);
        return false;
    }
    (void)emu_netlink_await(WIRE_INTERFACE, LINK_MS);
    return true;
}

bool emu_live_world_close(struct emu_live_world *world)
{
    return world->far.pid == 0 || emu_netns_reap(&world->far, CLOSE_MS) == EMU_EXIT_OK;
}

/* --- the NIC --- */

/* Reads what the NIC says, up to the end of a line or of all. */
static void read_line(int fd, char *out, size_t size)
{
    size_t len = 0;

    while (len + 1 < size && read(fd, out + len, 1) == 1 && out[len] != '\n') {
        ++len;
    }
    out[len] = '\0';
}

static bool give_addresses(const struct emu_live_world *world, struct emu_error *error)
{
    return emu_netlink_up(HOST_INTERFACE, 0, error) &&
           emu_netlink_address_add(HOST_INTERFACE, &world->ours[0], PREFIX4, error) &&
           emu_netlink_address_add(HOST_INTERFACE, &world->ours[1], PREFIX6, error) &&
           (emu_netlink_await(HOST_INTERFACE, LINK_MS) || true);
}

bool emu_live_world_nic(struct emu_live_world *world, const char *options, int watch,
                        struct emu_error *error)
{
    struct emu_words words = {.cnt = 0};
    struct emu_netns_program program = {.argv = words.argv, .files = {-1, -1, -1}};
    char line[256];
    int status;
    int out[2];

    emu_words_add(&words, "/proc/self/exe nic --name " HOST_INTERFACE " --wire " WIRE_INTERFACE);
    emu_words_add(&words, options);
    if (pipe2(out, O_CLOEXEC) != 0) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot open a pipe: %s", strerror(errno));
        return false;
    }
    program.files[1] = out[1];
    program.files[2] = out[1];
    world->nic = emu_netns_start(&program, error);
    (void)close(out[1]);
    world->nic_out = out[0];
    if (world->nic < 0 || !await(out[0], watch, "toe nic", error)) {
        return false;
    }
    read_line(out[0], line, sizeof(line));
    if (strstr(line, " is up, ") == NULL) {
        if (waitpid(world->nic, &status, 0) == world->nic) {
            emu_error_set(error,
                          WIFEXITED(status) ? (enum emu_exit)WEXITSTATUS(status) : EMU_EXIT_FAULT,
                          "%s", line);
            world->nic = 0;
        }
        return false;
    }
    return give_addresses(world, error);
}

int emu_live_world_nic_end(struct emu_live_world *world, struct emu_error *error)
{
    char line[256];
    int status = -1;

    if (world->nic <= 0) {
        return -1;
    }
    (void)kill(world->nic, SIGTERM);
    read_line(world->nic_out, line, sizeof(line)); /* its end, if it has nothing to say */
    emu_error_set(error, EMU_EXIT_FAULT, "toe nic: %s", line[0] == '\0' ? "it ended badly" : line);
    while (waitpid(world->nic, &status, 0) < 0 && errno == EINTR) {
    }
    world->nic = 0;
    (void)close(world->nic_out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
