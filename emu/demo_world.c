/* SPDX-License-Identifier: MIT */
#include "demo_world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "netlink.h"
#include "option.h"
#include "pattern.h"

#define PEER_INTERFACE "peer0"

enum {
    SERVER_WAIT_MS = 10000,
    LINK_WAIT_MS = 1000,
    PEER_GRACE_MS = 2000,
};

/* What the peer tells once it is furnished. The byte by which `toe peer` is ready comes after it.
 */
struct word {
    struct emu_error error;
    int file; /* the number of the served file */
};

/* --- the peer's side --- */

/* The file is the pattern, in memory, open under a number that the server inherits. */
static int make_file(uint64_t key, struct emu_error *error)
{
    const int fd = memfd_create("toe-demo", 0);
    uint8_t block[65536];

    for (uint64_t off = 0; fd >= 0 && off < EMU_WORLD_FILE_LEN; off += sizeof(block)) {
        emu_pattern_fill(block, sizeof(block), key, off);
        if (write(fd, block, sizeof(block)) != sizeof(block)) {
            emu_error_set(error, EMU_EXIT_ENVIRONMENT, "no memory for the file to serve: %s",
                          strerror(errno));
            return -1;
        }
    }
    if (fd < 0) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot make a file in memory: %s",
                      strerror(errno));
    }
    return fd;
}

static bool server_answers(void)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(EMU_WORLD_HTTP_PORT),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok;

    if (fd < 0) {
        return false;
    }
    ok = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
    (void)close(fd);
    return ok;
}

/* Starts the server nobody here wrote, and waits until it listens. */
static bool start_server(struct emu_error *error)
{
    static const char *const words[] = {"python3", "-m", "http.server", "8080",
                                        "--bind",  "::", "--directory", "/proc/self/fd"};
    const struct timespec pause = {.tv_nsec = 10000000};
    char *argv[sizeof(words) / sizeof(words[0]) + 1] = {NULL};
    pid_t pid;

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); ++i) {
        argv[i] = (char *)(uintptr_t)words[i];
    }
    if (access("/usr/bin/python3", X_OK) == 0) {
        argv[0] = (char *)(uintptr_t) "/usr/bin/python3";
    }
    pid = emu_netns_exec(argv, error);
    if (pid < 0) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "python3 is missing, which serves the file (Debian package: python3)");
        return false;
    }
    for (int waited = 0; waited < SERVER_WAIT_MS; waited += 10) {
        if (server_answers()) {
            return true;
        }
        if (waitpid(pid, NULL, WNOHANG) == pid) {
            break;
        }
        (void)nanosleep(&pause, NULL);
    }
    emu_error_set(error, EMU_EXIT_ENVIRONMENT, "python3 -m http.server does not start");
    return false;
}

static bool furnish_peer(const struct emu_world *world, struct word *word)
{
    (void)emu_netlink_offloads_off(PEER_INTERFACE, &word->error);
    if (!emu_netlink_up(PEER_INTERFACE, 0, &word->error) ||
        !emu_netlink_address_add(PEER_INTERFACE, &world->theirs[0], EMU_WORLD_PREFIX4,
                                 &word->error) ||
        !emu_netlink_address_add(PEER_INTERFACE, &world->theirs[1], EMU_WORLD_PREFIX6,
                                 &word->error)) {
        return false;
    }
    word->file = make_file(world->file_key, &word->error);
    return word->file >= 0 && start_server(&word->error);
}

/* The life of the peer: it waits for its wire, furnishes itself, tells so, and serves. */
static int live_as_peer(int control, void *user)
{
    const struct emu_peer_settings settings = {
        .port = EMU_PEER_PORT, .ready_fd = control, .life_fd = control};
    struct emu_peer_result result = {.connections = 0};
    struct word word = {.error.status = EMU_EXIT_OK};
    char go;

    if (read(control, &go, 1) != 1) {
        return EMU_EXIT_ENVIRONMENT;
    }
    if (furnish_peer(user, &word)) {
        word.error.status = EMU_EXIT_OK;
    }
    if (write(control, &word, sizeof(word)) != sizeof(word) || word.error.status != EMU_EXIT_OK) {
        return EMU_EXIT_ENVIRONMENT;
    }
    if (!emu_peer_run(&result, &settings, &word.error)) {
        return (int)word.error.status;
    }
    return write(control, &result, sizeof(result)) == sizeof(result) ? EMU_EXIT_OK : EMU_EXIT_FAULT;
}

/* --- our side --- */

/* Waits until the peer has furnished itself and listens. */
static bool await_peer(struct emu_world *world, struct emu_error *error)
{
    struct word word;
    char ready;

    if (recv(world->peer.control, &word, sizeof(word), MSG_WAITALL) != sizeof(word)) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "the peer's process died at its start");
        return false;
    }
    if (word.error.status != EMU_EXIT_OK) {
        *error = word.error;
        return false;
    }
    if (recv(world->peer.control, &ready, 1, MSG_WAITALL) != 1) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "the peer does not listen");
        return false;
    }
    (void)snprintf(world->file_path, sizeof(world->file_path), "/%d", word.file);
    return true;
}

/* Our end of the wire has no addresses: the kernel here is not to answer for us. */
static bool build_wire(struct emu_world *world, struct emu_error *error)
{
    struct emu_error ignored;

    if (!emu_netlink_veth_add(EMU_WORLD_INTERFACE, PEER_INTERFACE, world->peer.pid, error)) {
        return false;
    }
    emu_netlink_ipv6_off(EMU_WORLD_INTERFACE);
    world->offloads_off = emu_netlink_offloads_off(EMU_WORLD_INTERFACE, &ignored);
    if (!emu_netlink_up(EMU_WORLD_INTERFACE, 0, error)) {
        return false;
    }
    if (write(world->peer.control, "g", 1) != 1) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "the peer's process died at its start");
        return false;
    }
    return true;
}

bool emu_world_open(struct emu_world *world, uint64_t seed, struct emu_error *error)
{
    *world = (struct emu_world){.file_key = seed ^ 0xf11e, .peer.control = -1};
    (void)emu_option_address(&world->ours[0], "10.70.0.1");
    (void)emu_option_address(&world->ours[1], "fd70::1");
    (void)emu_option_address(&world->theirs[0], "10.70.0.2");
    (void)emu_option_address(&world->theirs[1], "fd70::2");
    if (!emu_netns_enter(error) || !emu_netns_spawn(&world->peer, live_as_peer, world, error)) {
        return false;
    }
    if (!build_wire(world, error) || !await_peer(world, error)) {
        (void)emu_netns_reap(&world->peer, 0);
        return false;
    }
    (void)emu_netlink_await(EMU_WORLD_INTERFACE, LINK_WAIT_MS);
    return true;
}

bool emu_world_close(struct emu_world *world, struct emu_peer_result *result)
{
    const struct timeval limit = {.tv_sec = PEER_GRACE_MS / 1000};
    ssize_t len;

    if (world->peer.pid == 0) {
        return false;
    }
    (void)setsockopt(world->peer.control, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    (void)shutdown(world->peer.control, SHUT_WR);
    len = recv(world->peer.control, result, sizeof(*result), MSG_WAITALL);
    return emu_netns_reap(&world->peer, PEER_GRACE_MS) == EMU_EXIT_OK &&
           len == (ssize_t)sizeof(*result);
}

/* --- our machine --- */

static void on_breach(void *user, const struct toe_inter_breach *breach)
{
    struct emu_machine *machine = user;

    if (machine->breach[0] == '\0') {
        (void)snprintf(machine->breach, sizeof(machine->breach), "breach of %s by the %s: %s",
                       breach->rule->id, breach->rule->side == TOE_INTER_HOST ? "host" : "target",
                       breach->rule->text);
    }
}

static bool make_monitor(struct emu_machine *machine)
{
    struct toe_inter_monitor_settings set;

    toe_inter_monitor_settings_default(&set);
    set.below = (struct toe_inter_below){toe_target_ops(), machine->target};
    set.tell = on_breach;
    set.user = machine;
    machine->monitor = toe_inter_monitor_new(&set);
    return machine->monitor != NULL;
}

static bool make_stack(struct emu_machine *machine, const struct emu_world *world, uint64_t seed)
{
    struct toe_target_settings target;
    struct toe_host_settings host;
    struct toe_host_interface interface;
    int index;

    toe_target_settings_default(&target);
    target.wire = &machine->port->ops;
    target.wire_user = machine->port;
    memcpy(target.mac, machine->port->mac, TOE_MAC_LEN);
    target.seed = seed;
    machine->target = toe_target_new(&target);

    toe_host_settings_default(&host);
    host.seed = seed + 1;
    machine->host = toe_host_new(&host);
    if (machine->target == NULL || machine->host == NULL || !make_monitor(machine)) {
        return false;
    }
    interface = (struct toe_host_interface){.ops = toe_inter_monitor_ops(machine->monitor),
                                            .target = machine->monitor,
                                            .mtu = machine->port->mtu};
    index = toe_host_interface_add(machine->host, &interface);
    return index >= 0 &&
           toe_host_address_add(machine->host, index, &world->ours[0], EMU_WORLD_PREFIX4) == 0 &&
           toe_host_address_add(machine->host, index, &world->ours[1], EMU_WORLD_PREFIX6) == 0;
}

bool emu_machine_open(struct emu_machine *machine, const struct emu_world *world, uint64_t seed,
                      toe_instant (*application)(void *user, toe_instant now), void *user,
                      struct emu_error *error)
{
    struct emu_pump_settings pump;

    *machine = (struct emu_machine){.port = NULL};
    machine->port = emu_port_packet_open(EMU_WORLD_INTERFACE, NULL, error);
    if (machine->port == NULL) {
        return false;
    }
    if (!make_stack(machine, world, seed)) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "no memory for a host and a target");
        emu_machine_close(machine);
        return false;
    }
    pump = (struct emu_pump_settings){.host = machine->host,
                                      .ops = toe_inter_monitor_ops(machine->monitor),
                                      .target = machine->monitor,
                                      .port = machine->port,
                                      .application = application,
                                      .user = user};
    machine->pump = emu_pump_new(&pump, error);
    if (machine->pump == NULL) {
        emu_machine_close(machine);
        return false;
    }
    return true;
}

void emu_machine_close(struct emu_machine *machine)
{
    emu_pump_del(machine->pump);
    if (machine->host != NULL) {
        toe_host_del(machine->host);
    }
    if (machine->monitor != NULL) {
        toe_inter_monitor_del(machine->monitor);
    }
    if (machine->target != NULL) {
        toe_target_del(machine->target);
    }
    emu_port_close(machine->port);
    *machine = (struct emu_machine){.port = NULL};
}
