/* SPDX-License-Identifier: MIT */
#include "nic/bench_world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "netlink.h"
#include "nic/client.h"
#include "nic/control.h"
#include "port.h"
#include "pump.h"

enum {
    PORT = 7777,
    CONN_MAX = 16, /* that the far end serves at once */
    BLOCK = 128 << 10,
    DATAGRAM_MAX = 2048,
    BATCH = 64, /* of datagrams, or portions, before others have their turn */
    PREFIX4 = 24,
    PREFIX6 = 64,
    WAIT_MS = 20000,
    GRACE_MS = 100,
};

struct way {
    const char *near;   /* the veth's end here */
    const char *far;    /* and there */
    const char *nic;    /* the interface of the NIC on it, or NULL */
    const char *policy; /* of the NIC */
    const char *busy;   /* its --busy-poll, or NULL */
    const char *wire;   /* of the NIC: |near|, in words of its own */
};

static const struct way ways[EMU_WAY_CNT] = {
    [EMU_WAY_VETH] = {.near = "near0", .far = "far0"},
    [EMU_WAY_PLAIN] = {.near = "near1", .far = "far1"},
    [EMU_WAY_ORDINARY] = {"near2", "far2", "nic2", "manual", NULL, "near2"},
    [EMU_WAY_OFFLOADED] = {"near3", "far3", "nic3", "all", NULL, "near3"},
    [EMU_WAY_ASLEEP] = {"near4", "far4", "nic4", "all", "0", "near4"},
    [EMU_WAY_XDP] = {"near5", "far5", "nic5", "manual", NULL, "xdp:near5"},
};

static struct toe_addr address(enum emu_way way, bool ipv6, bool is_far)
{
    struct toe_addr addr = {.family = ipv6 ? 6 : 4};

    memcpy(addr.bytes, ipv6 ? "\xfd\x4d" : "\x0a\x4d", 2);
    addr.bytes[ipv6 ? 7 : 2] = (uint8_t)way;
    addr.bytes[ipv6 ? 15 : 3] = is_far ? 2 : 1;
    return addr;
}

static bool add_addresses(const char *name, enum emu_way way, bool is_far, struct emu_error *error)
{
    const struct toe_addr ipv4 = address(way, false, is_far);
    const struct toe_addr ipv6 = address(way, true, is_far);

    return emu_netlink_address_add(name, &ipv4, PREFIX4, error) &&
           emu_netlink_address_add(name, &ipv6, PREFIX6, error);
}

/* The same at both ends of all ways, and one that unprivileged networks have. */
static void set_congestion(int fd)
{
    (void)setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
}

/* --- the far end --- */

struct conn {
    int fd;
    enum emu_service service; /* 0: not told yet */
};

struct far {
    struct conn conns[CONN_MAX];
    uint32_t conn_cnt;
    struct emu_far_report report;
    toe_instant sunk_at; /* the last portion of the sink */
    uint8_t block[BLOCK];
};

static bool furnish_far(struct emu_error *error)
{
    for (int way = 0; way < EMU_WAY_CNT; ++way) {
        if ((way == EMU_WAY_PLAIN && !emu_netlink_offloads_off(ways[way].far, error)) ||
            !emu_netlink_up(ways[way].far, 0, error) ||
            !add_addresses(ways[way].far, (enum emu_way)way, true, error)) {
            return false;
        }
    }
    return true;
}

static int open_server(int type)
{
    const struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(PORT)};
    const int off = 0;
    const int buffer = 4 << 20;
    const int fd = socket(AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0) {
        return -1;
    }
    (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (type == SOCK_STREAM) {
        set_congestion(fd);
    } else {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
    }
    if (bind(fd, (const struct sockaddr *)&any, sizeof(any)) != 0 ||
        (type == SOCK_STREAM && listen(fd, CONN_MAX) != 0)) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static void note_sunk(struct far *far, size_t len)
{
    const toe_instant now = emu_pump_now();

    if (far->sunk_at != 0 && now - far->sunk_at > far->report.gap_max) {
        far->report.gap_max = now - far->sunk_at;
    }
    far->sunk_at = now;
    far->report.bytes += len;
}

/* Receives what there is; false if the connection is over. */
static bool receive(struct far *far, struct conn *conn)
{
    size_t want = conn->service == 0 ? 1 : sizeof(far->block);

    for (int i = 0; i < BATCH; ++i) {
        const ssize_t len = recv(conn->fd, far->block, want, 0);

        if (len <= 0) {
            return len < 0 && (errno == EAGAIN || errno == EINTR);
        }
        if (conn->service == 0) {
            conn->service = (enum emu_service)far->block[0];
            far->sunk_at = 0;
            return true;
        }
        if (conn->service == EMU_SERVICE_SINK) {
            note_sunk(far, (size_t)len);
        } else if (send(conn->fd, far->block, (size_t)len, MSG_NOSIGNAL) != len) {
            return false;
        }
    }
    return true;
}

static bool produce(struct far *far, const struct conn *conn)
{
    struct tcp_info info;
    socklen_t size = sizeof(info);

    for (int i = 0; i < BATCH; ++i) {
        if (send(conn->fd, far->block, sizeof(far->block), MSG_NOSIGNAL) < 0) {
            if (errno != EAGAIN && errno != EINTR) {
                return false;
            }
            break;
        }
    }
    if (getsockopt(conn->fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0) {
        far->report.round_trip_us = info.tcpi_rtt;
    }
    return true;
}

static void accept_conn(struct far *far, int listener)
{
    const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    const int on = 1;

    if (fd < 0) {
        return;
    }
    if (far->conn_cnt == CONN_MAX) {
        (void)close(fd);
        return;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    far->conns[far->conn_cnt++] = (struct conn){.fd = fd};
}

static void serve(struct far *far, uint32_t index, short events)
{
    struct conn *conn = &far->conns[index];
    bool ok = true;

    if ((events & (POLLIN | POLLHUP | POLLERR)) != 0) {
        ok = receive(far, conn);
    }
    if (ok && (events & POLLOUT) != 0) {
        ok = produce(far, conn);
    }
    if (!ok) {
        (void)close(conn->fd);
        *conn = far->conns[--far->conn_cnt];
    }
}

static void count_datagrams(struct far *far, int fd)
{
    while (recv(fd, far->block, sizeof(far->block), 0) >= 0) {
        ++far->report.datagrams;
    }
}

/* Answers a question of the near end; false if that is gone. */
static bool answer(struct far *far, int control)
{
    char question;

    if (read(control, &question, 1) != 1) {
        return false;
    }
    far->report.at = emu_pump_now();
    if (write(control, &far->report, sizeof(far->report)) != sizeof(far->report)) {
        return false;
    }
    far->report.gap_max = 0;
    return true;
}

/* The far end's life: it waits for its links, furnishes itself, says how that went, and serves. */
static int live_far(int control, void *user)
{
    static struct far far;
    struct emu_error error = {.status = EMU_EXIT_OK};
    const int listener = open_server(SOCK_STREAM);
    const int datagrams = open_server(SOCK_DGRAM);
    char go;

    (void)user;
    if (read(control, &go, 1) != 1) {
        return EMU_EXIT_ENVIRONMENT;
    }
    if (listener < 0 || datagrams < 0) {
        emu_error_set(&error, EMU_EXIT_ENVIRONMENT, "the far end cannot listen");
    } else {
        (void)furnish_far(&error);
    }
    if (write(control, &error, sizeof(error)) != sizeof(error) || error.status != EMU_EXIT_OK) {
        return EMU_EXIT_ENVIRONMENT;
    }
    for (;;) {
        struct pollfd polls[3 + CONN_MAX] = {
            {control, POLLIN, 0}, {listener, POLLIN, 0}, {datagrams, POLLIN, 0}};
        const uint32_t cnt = far.conn_cnt;

        for (uint32_t i = 0; i < cnt; ++i) {
            polls[3 + i].fd = far.conns[i].fd;
            polls[3 + i].events =
                (short)(far.conns[i].service == EMU_SERVICE_SOURCE ? POLLIN | POLLOUT : POLLIN);
        }
        if (poll(polls, 3 + cnt, -1) < 0) {
            continue;
        }
        for (uint32_t i = cnt; i > 0; --i) {
            serve(&far, i - 1, polls[3 + i - 1].revents);
        }
        if (polls[1].revents != 0) {
            accept_conn(&far, listener);
        }
        if (polls[2].revents != 0) {
            count_datagrams(&far, datagrams);
        }
        if (polls[0].revents != 0 && !answer(&far, control)) {
            return EMU_EXIT_OK;
        }
    }
}

/* --- the near end --- */

static void pause_a_little(void)
{
    const struct timespec pause = {.tv_nsec = 5000000};

    (void)nanosleep(&pause, NULL);
}

/* Starts the NIC of |way|, and waits until it answers. */
static bool start_nic(enum emu_way way, struct emu_error *error)
{
    const char *const words[] = {"/proc/self/exe",
                                 "nic",
                                 "--wire",
                                 ways[way].wire,
                                 "--name",
                                 ways[way].nic,
                                 "--policy",
                                 ways[way].policy,
                                 ways[way].busy == NULL ? NULL : "--busy-poll",
                                 ways[way].busy};
    char *argv[sizeof(words) / sizeof(words[0]) + 1] = {NULL};
    char control[64];
    int fd = -1;

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); ++i) {
        argv[i] = (char *)(uintptr_t)words[i];
    }
    (void)snprintf(control, sizeof(control), "@toe-%s", ways[way].nic);
    if (emu_netns_exec(argv, error) < 0) {
        return false;
    }
    for (int waited = 0; fd < 0 && waited < WAIT_MS; waited += 5) {
        pause_a_little();
        fd = emu_control_connect(control, error);
    }
    if (fd < 0) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "toe nic does not start here (try: unshare -Urn toe check)");
        return false;
    }
    (void)close(fd);
    return true;
}

/* Whether |way| can be had, of which one is allowed to be absent. */
static bool is_there(struct emu_bench_world *world, enum emu_way way)
{
    struct emu_port *port;

    if (way != EMU_WAY_XDP) {
        return true;
    }
    port = emu_port_xdp_open(ways[way].near, NULL, &world->absence);
    if (port == NULL) {
        return false;
    }
    emu_port_close(port);
    world->absence.text[0] = '\0';
    return true;
}

static bool furnish_way(enum emu_way way, struct emu_error *error)
{
    const char *name = ways[way].nic != NULL ? ways[way].nic : ways[way].near;

    return (way != EMU_WAY_PLAIN || emu_netlink_offloads_off(ways[way].near, error)) &&
           (ways[way].nic == NULL || start_nic(way, error)) &&
           add_addresses(name, way, false, error);
}

static bool furnish_near(struct emu_bench_world *world, struct emu_error *error)
{
    for (enum emu_way way = 0; way < EMU_WAY_CNT; ++way) {
        if (ways[way].nic != NULL) {
            emu_netlink_ipv6_off(ways[way].near);
        }
        if (!emu_netlink_up(ways[way].near, 0, error) ||
            (is_there(world, way) && !furnish_way(way, error))) {
            return false;
        }
    }
    return true;
}

static bool make_links(const struct emu_bench_world *world, struct emu_error *error)
{
    for (int way = 0; way < EMU_WAY_CNT; ++way) {
        if (!emu_netlink_veth_add(ways[way].near, ways[way].far, world->far.pid, error)) {
            return false;
        }
    }
    return true;
}

static bool await_far(const struct emu_bench_world *world, struct emu_error *error)
{
    struct emu_error said;

    if (send(world->far.control, "g", 1, MSG_NOSIGNAL) != 1 ||
        recv(world->far.control, &said, sizeof(said), MSG_WAITALL) != sizeof(said)) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "the far end died at its start");
        return false;
    }
    *error = said;
    return said.status == EMU_EXIT_OK;
}

bool emu_bench_world_open(struct emu_bench_world *world, struct emu_error *error)
{
    *world = (struct emu_bench_world){.far.control = -1};
    if (!emu_netns_enter(error) || !emu_netns_spawn(&world->far, live_far, NULL, error)) {
        return false;
    }
    if (!make_links(world, error) || !await_far(world, error) || !furnish_near(world, error)) {
        (void)emu_netns_reap(&world->far, 0);
        return false;
    }
    for (int way = 0; way < EMU_WAY_CNT; ++way) {
        (void)emu_netlink_await(ways[way].near, WAIT_MS);
    }
    world->is_up = true;
    return true;
}

void emu_bench_world_close(struct emu_bench_world *world)
{
    if (world->is_up) {
        (void)emu_netns_reap(&world->far, GRACE_MS);
        world->is_up = false;
    }
}

/* Connects a socket of |type| to the far end; or -1. */
static int connect_to(enum emu_way way, bool ipv6, int type)
{
    const struct toe_addr addr = address(way, ipv6, true);
    struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(PORT)};
    const struct timeval limit = {.tv_sec = WAIT_MS / 1000};
    const int on = 1;
    const int fd = socket(ipv6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return -1;
    }
    memcpy(&in4.sin_addr, addr.bytes, 4);
    memcpy(&in6.sin6_addr, addr.bytes, 16);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    if (type == SOCK_STREAM) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        set_congestion(fd);
    }
    if (connect(fd, ipv6 ? (const void *)&in6 : (const void *)&in4,
                ipv6 ? sizeof(in6) : sizeof(in4)) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

int emu_bench_connect_on(enum emu_way way, bool ipv6, enum emu_service service)
{
    const char first = (char)service;
    const int fd = connect_to(way, ipv6, SOCK_STREAM);

    if (fd >= 0 && send(fd, &first, 1, MSG_NOSIGNAL) != 1) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

int emu_bench_datagrams_on(enum emu_way way)
{
    return connect_to(way, false, SOCK_DGRAM);
}

bool emu_bench_far_ask(const struct emu_bench_world *world, struct emu_far_report *report)
{
    return send(world->far.control, "r", 1, MSG_NOSIGNAL) == 1 &&
           recv(world->far.control, report, sizeof(*report), MSG_WAITALL) == sizeof(*report);
}

/* --- the NICs --- */

static void look_for_offloaded(void *user, const json_t *object)
{
    bool *is_offloaded = user;

    *is_offloaded = *is_offloaded || strcmp(emu_client_text(object, "place"), "Offloaded") == 0;
}

bool emu_bench_way_offloads(enum emu_way way)
{
    return ways[way].policy != NULL && strcmp(ways[way].policy, "all") == 0;
}

bool emu_bench_is_offloaded(enum emu_way way, int fd)
{
    const struct emu_client client = {.nic = ways[way].nic};
    struct sockaddr_in6 own; /* the port lies at the same place in both versions */
    socklen_t size = sizeof(own);
    bool is_offloaded = false;

    return getsockname(fd, (struct sockaddr *)&own, &size) == 0 &&
           emu_client_ask(
               &client,
               json_pack("{ss si}", "command", "show", "local_port", (int)ntohs(own.sin6_port)),
               look_for_offloaded, &is_offloaded) == EMU_EXIT_OK &&
           is_offloaded;
}

bool emu_bench_await_place(enum emu_way way, int fd, bool offloaded)
{
    for (int waited = 0; waited < WAIT_MS; waited += 5) {
        if (emu_bench_is_offloaded(way, fd) == offloaded) {
            return true;
        }
        pause_a_little();
    }
    return false;
}

static void ignore(void *user, const json_t *object)
{
    (void)user;
    (void)object;
}

bool emu_bench_move_all(enum emu_way way, bool offload)
{
    const struct emu_client client = {.nic = ways[way].nic};

    return emu_client_ask(
               &client,
               json_pack("{ss sb}", "command", offload ? "offload" : "upload", "all", true), ignore,
               NULL) == EMU_EXIT_OK;
}
