/* SPDX-License-Identifier: MIT */
/*
 * libtoe-linux: connections out of the kernel and back, in each state, both families, with bytes
 * in both queues; and what cannot be moved. In a private network of two machines; skipped where
 * not even that is allowed. Hostile inputs 73 to 76.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emu/adapter.h"
#include "emu/netlink.h"
#include "emu/netns.h"
#include "emu/port.h"
#include "emu/pump.h"
#include "emu/repair/repair.h"
#include "toe/host.h"
#include "toe/target.h"

#ifndef SO_BUF_LOCK
#define SO_BUF_LOCK 72
#endif

enum { SKIPPED = 77, WAIT_MS = 5000, BACKLOG = 8, MORE = 1000 };

static struct emu_error emu_error;
static struct toe_linux_error error;
static struct emu_netns_child peer;
static int here = -1, there = -1; /* the networks of the two machines */
static struct toe_linux_fence *fence;

#define ASSERT_EMU(call)                                                                           \
    do {                                                                                           \
        if (!(call)) {                                                                             \
            fail_msg("%s: %s", #call, emu_error.text);                                             \
        }                                                                                          \
    } while (0)

#define ASSERT_OK(call)                                                                            \
    do {                                                                                           \
        if (!(call)) {                                                                             \
            fail_msg("%s: %s", #call, error.text);                                                 \
        }                                                                                          \
    } while (0)

/* --- two machines --- */

static int stay(int control, void *user)
{
    char byte;

    (void)user;
    return read(control, &byte, 1) == 0 ? 0 : 1;
}

static struct toe_addr address(int family, int machine)
{
    struct toe_addr addr = {.family = (uint8_t)family};
    static const uint8_t v4[] = {10, 9, 0, 0};
    static const uint8_t v6[16] = {0xfd, 9};

    memcpy(addr.bytes, family == 4 ? v4 : v6, family == 4 ? sizeof(v4) : sizeof(v6));
    addr.bytes[family == 4 ? 3 : 15] = (uint8_t)machine;
    return addr;
}

static void furnish(const char *name, int machine)
{
    const struct toe_addr v4 = address(4, machine);
    const struct toe_addr v6 = address(6, machine);

    ASSERT_EMU(emu_netlink_up(name, 0, &emu_error));
    ASSERT_EMU(emu_netlink_address_add(name, &v4, 24, &emu_error));
    ASSERT_EMU(emu_netlink_address_add(name, &v6, 64, &emu_error));
}

static int set_up(void **state)
{
    char name[64];

    (void)state;
    ASSERT_EMU(emu_netns_spawn(&peer, stay, NULL, &emu_error));
    here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    (void)snprintf(name, sizeof(name), "/proc/%d/ns/net", (int)peer.pid);
    there = open(name, O_RDONLY | O_CLOEXEC);
    assert_true(here >= 0 && there >= 0);
    ASSERT_EMU(emu_netlink_veth_add("ta", "tb", peer.pid, &emu_error));
    furnish("ta", 1);
    assert_int_equal(setns(there, CLONE_NEWNET), 0);
    furnish("tb", 2);
    assert_true(emu_netlink_await("tb", WAIT_MS));
    assert_int_equal(setns(here, CLONE_NEWNET), 0);
    assert_true(emu_netlink_await("ta", WAIT_MS));
    fence = toe_linux_fence_open("ta", &error);
    ASSERT_OK(fence != NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    toe_linux_fence_del(fence);
    (void)emu_netns_reap(&peer, WAIT_MS);
    return 0;
}

/* --- connections --- */

static socklen_t sockaddr_of(union linux_address *to, int family, int machine, uint16_t port)
{
    const struct toe_addr addr = address(family, machine);

    memset(to, 0, sizeof(*to));
    if (family == 4) {
        to->v4.sin_family = AF_INET;
        to->v4.sin_port = htons(port);
        memcpy(&to->v4.sin_addr, addr.bytes, 4);
        return sizeof(to->v4);
    }
    to->v6.sin6_family = AF_INET6;
    to->v6.sin6_port = htons(port);
    memcpy(&to->v6.sin6_addr, addr.bytes, 16);
    return sizeof(to->v6);
}

static int make_socket(int family, int protocol)
{
    return socket(family == 4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, protocol);
}

static void be_patient(int fd)
{
    const struct timeval limit = {.tv_sec = WAIT_MS / 1000};

    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)), 0);
}

/* A connection from here to there. */
static void make_pair(int family, int protocol, int *ours, int *theirs)
{
    union linux_address addr;
    const socklen_t len = sockaddr_of(&addr, family, 2, 7000);
    const int on = 1;
    const int room = 1 << 20;
    int listener;

    assert_int_equal(setns(there, CLONE_NEWNET), 0);
    listener = make_socket(family, protocol);
    assert_int_equal(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
    assert_int_equal(bind(listener, &addr.any, len), 0);
    assert_int_equal(listen(listener, BACKLOG), 0);
    assert_int_equal(setns(here, CLONE_NEWNET), 0);
    *ours = make_socket(family, protocol);
    assert_int_equal(connect(*ours, &addr.any, len), 0);
    *theirs = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(*theirs >= 0);
    (void)close(listener);
    assert_int_equal(setsockopt(*ours, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)), 0);
    be_patient(*ours);
    be_patient(*theirs);
}

static int state_of(int fd)
{
    struct tcp_info info = {.tcpi_state = 0};
    socklen_t len = sizeof(info);

    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
    return info.tcpi_state;
}

static void await_state(int fd, int state)
{
    for (int ms = 0; state_of(fd) != state; ++ms) {
        assert_true(ms < WAIT_MS);
        (void)poll(NULL, 0, 1);
    }
}

static void await_unread(int fd, int want)
{
    int unread = 0;

    for (int ms = 0; unread != want; ++ms) {
        assert_true(ms < WAIT_MS);
        (void)poll(NULL, 0, 1);
        assert_int_equal(ioctl(fd, SIOCINQ, &unread), 0);
    }
}

/* Nothing reaches |fd| any more; or again all does. */
static void deafen(int fd, bool deaf)
{
    struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
    const struct sock_fprog filter = {.len = 1, .filter = &nothing};

    assert_int_equal(setsockopt(fd, SOL_SOCKET, deaf ? SO_ATTACH_FILTER : SO_DETACH_FILTER, &filter,
                                sizeof(filter)),
                     0);
}

static uint8_t byte_at(uint64_t off)
{
    return (uint8_t)(off * 31 + (off >> 8));
}

/* Sends up to |len| bytes of the stream from |*off| on: as many as there is room for. */
static void send_some(int fd, uint64_t *off, size_t len)
{
    uint8_t *bytes = malloc(len + 1);
    ssize_t sent;

    assert_non_null(bytes);
    for (size_t i = 0; i < len; ++i) {
        bytes[i] = byte_at(*off + i);
    }
    sent = send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    assert_true(sent >= 0 || errno == EAGAIN);
    *off += sent > 0 ? (uint64_t)sent : 0;
    free(bytes);
}

static void send_bytes(int fd, uint64_t *off, size_t len)
{
    const uint64_t end = *off + len;

    send_some(fd, off, len);
    assert_int_equal(*off, end);
}

/* Receives up to |max| bytes and checks that they are the next of the stream; 0 at its end. */
static size_t receive_bytes(int fd, uint64_t *off, size_t max)
{
    static uint8_t bytes[1 << 16];
    const ssize_t got = recv(fd, bytes, max < sizeof(bytes) ? max : sizeof(bytes), 0);

    if (got < 0) {
        fail_msg("recv: %s, after %llu bytes", strerror(errno), (unsigned long long)*off);
    }
    for (ssize_t i = 0; i < got; ++i) {
        assert_int_equal(bytes[i], byte_at(*off + (uint64_t)i));
    }
    *off += (uint64_t)got;
    return (size_t)got;
}

static void receive_all(int fd, uint64_t *off, uint64_t want)
{
    while (receive_bytes(fd, off, SIZE_MAX) > 0) {
    }
    assert_int_equal(*off, want);
}

/* --- each state, out and in --- */

struct row {
    int state;
    size_t unread;    /* bytes that wait for our reader */
    size_t in_flight; /* bytes that the peer has not got */
};

static bool peer_closes(int state)
{
    return state == LINUX_CLOSE_WAIT || state == LINUX_LAST_ACK || state == LINUX_CLOSING;
}

static bool we_close(int state)
{
    return state != LINUX_ESTABLISHED && state != LINUX_CLOSE_WAIT;
}

/* Leads the connection to |row|: |theirs| is deaf afterwards unless that is FIN_WAIT_2. */
static void lead(const struct row *row, int ours, int theirs, uint64_t *to_us, uint64_t *to_them)
{
    const bool is_crossing = row->state == LINUX_CLOSING;

    send_bytes(theirs, to_us, row->unread);
    await_unread(ours, (int)row->unread);
    if (peer_closes(row->state) && !is_crossing) {
        assert_int_equal(shutdown(theirs, SHUT_WR), 0);
        await_state(ours, LINUX_CLOSE_WAIT);
    }
    if (row->state != LINUX_FIN_WAIT_2) {
        deafen(theirs, true);
    }
    send_bytes(ours, to_them, row->in_flight);
    if (we_close(row->state)) {
        assert_int_equal(shutdown(ours, SHUT_WR), 0);
    }
    if (is_crossing) {
        assert_int_equal(shutdown(theirs, SHUT_WR), 0);
    }
    await_state(ours, row->state);
}

static int option(int fd, int name)
{
    int value = -1;
    socklen_t len = sizeof(value);

    assert_int_equal(getsockopt(fd, SOL_SOCKET, name, &value, &len), 0);
    return value;
}

/* Its buffers are those of any socket, and grow by themselves. */
static void check_buffers(int fd, int family)
{
    const int fresh = make_socket(family, 0);

    assert_int_equal(option(fd, SO_BUF_LOCK), 0);
    assert_int_equal(option(fd, SO_SNDBUF), option(fresh, SO_SNDBUF));
    assert_int_equal(option(fd, SO_RCVBUF), option(fresh, SO_RCVBUF));
    (void)close(fresh);
}

static void run_row(const struct row *row, int family)
{
    struct toe_linux_taken taken;
    struct toe_linux_lost lost;
    uint64_t to_us = 0, to_them = 0, got_us = 0, got_them = 0;
    struct pollfd watch;
    int ours, theirs;

    make_pair(family, 0, &ours, &theirs);
    lead(row, ours, theirs, &to_us, &to_them);
    ASSERT_OK(toe_linux_take(ours, fence, &taken, &error));
    assert_int_equal(taken.saved.send.len, row->in_flight);
    assert_int_equal(taken.saved.received.len, row->unread);
    assert_int_equal(taken.saved.path.constant.src.family, family);

    /* Nobody answers now what the peer says: not even with a RST. */
    if (!peer_closes(row->state)) {
        send_bytes(theirs, &to_us, MORE);
    }
    watch = (struct pollfd){.fd = theirs, .events = 0};
    assert_int_equal(poll(&watch, 1, 20), 0);

    ours = toe_linux_give(&taken.saved, fence, &lost, &error);
    ASSERT_OK(ours >= 0);
    toe_linux_taken_free(&taken);
    assert_int_equal(state_of(ours), row->state);
    assert_true(lost.cnt > 0);
    check_buffers(ours, family);
    be_patient(ours);
    if (row->state != LINUX_FIN_WAIT_2) {
        deafen(theirs, false);
    }
    if (!we_close(row->state)) {
        send_bytes(ours, &to_them, MORE);
        assert_int_equal(shutdown(ours, SHUT_WR), 0);
    }
    if (!peer_closes(row->state)) {
        send_bytes(theirs, &to_us, MORE);
        assert_int_equal(shutdown(theirs, SHUT_WR), 0);
    }
    receive_all(theirs, &got_them, to_them);
    receive_all(ours, &got_us, to_us);
    (void)close(ours);
    (void)close(theirs);
}

static void test_each_state(void **state)
{
    static const struct row rows[] = {
        {LINUX_ESTABLISHED, 0, 0},         {LINUX_ESTABLISHED, 60000, 0},
        {LINUX_ESTABLISHED, 0, 400000},    {LINUX_ESTABLISHED, 3000, 100},
        {LINUX_ESTABLISHED, 30000, 20000}, {LINUX_ESTABLISHED, 0, 60000},
        {LINUX_FIN_WAIT_1, 0, 0},          {LINUX_FIN_WAIT_1, 100, 5000},
        {LINUX_FIN_WAIT_1, 0, 400000},     {LINUX_FIN_WAIT_2, 0, 0},
        {LINUX_FIN_WAIT_2, 100, 0},        {LINUX_CLOSE_WAIT, 0, 0},
        {LINUX_CLOSE_WAIT, 100, 5000},     {LINUX_LAST_ACK, 0, 0},
        {LINUX_LAST_ACK, 100, 5000},       {LINUX_CLOSING, 0, 0},
        {LINUX_CLOSING, 100, 5000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        for (int family = 4; family <= 6; family += 2) {
            print_message("state %d, %zu unread, %zu in flight, IPv%d\n", rows[i].state,
                          rows[i].unread, rows[i].in_flight, family);
            run_row(&rows[i], family);
        }
    }
}

/* Hostile input 73: out and in again and again while both ends send what they can. */
static void test_hostile_73_under_way(void **state)
{
    uint64_t to_us = 0, to_them = 0, got_us = 0, got_them = 0;
    struct toe_linux_taken taken;
    int ours, theirs;

    (void)state;
    make_pair(4, 0, &ours, &theirs);
    for (int i = 0; i < 40; ++i) {
        send_some(theirs, &to_us, 20000);
        send_some(ours, &to_them, 20000);
        if (got_them < to_them) {
            (void)receive_bytes(theirs, &got_them, 15000);
        }
        if (got_us < to_us) {
            (void)receive_bytes(ours, &got_us, 15000);
        }
        ASSERT_OK(toe_linux_take(ours, fence, &taken, &error));
        ours = toe_linux_give(&taken.saved, fence, NULL, &error);
        ASSERT_OK(ours >= 0);
        toe_linux_taken_free(&taken);
        be_patient(ours);
    }
    assert_int_equal(shutdown(theirs, SHUT_WR), 0);
    assert_int_equal(shutdown(ours, SHUT_WR), 0);
    receive_all(theirs, &got_them, to_them);
    receive_all(ours, &got_us, to_us);
    (void)close(ours);
    (void)close(theirs);
}

/* --- through a host of ours --- */

enum { ROUNDS = 6, ROUND_LEN = 150000, CHUNK = 16384 };

/* A host with a target, on the same interface and addresses as the kernel's. */
struct machine {
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

/* What the kernel's end does: sends and receives what it can. */
static void serve_theirs(struct machine *m)
{
    int unread = 0;

    if (m->to_us < m->until) {
        const uint64_t left = m->until - m->to_us;

        send_some(m->theirs, &m->to_us, left < CHUNK ? (size_t)left : CHUNK);
    }
    assert_int_equal(ioctl(m->theirs, SIOCINQ, &unread), 0);
    if (unread > 0) {
        (void)receive_bytes(m->theirs, &m->got_them, SIZE_MAX);
    }
}

static void serve_ours(struct machine *m)
{
    static uint8_t bytes[CHUNK];
    size_t len = m->to_them < m->until ? (size_t)(m->until - m->to_them) : 0;

    len = len < CHUNK ? len : CHUNK;
    for (size_t i = 0; i < len; ++i) {
        bytes[i] = byte_at(m->to_them + i);
    }
    m->to_them += toe_host_send(m->host, m->conn, bytes, len);
    while ((len = toe_host_receive(m->host, m->conn, bytes, CHUNK)) > 0) {
        for (size_t i = 0; i < len; ++i) {
            assert_int_equal(bytes[i], byte_at(m->got_us + i));
        }
        m->got_us += len;
    }
}

static toe_instant exchange(void *user, toe_instant now)
{
    struct machine *m = user;
    struct toe_host_event event;
    struct toe_host_conn_info info;

    while (toe_host_event_next(m->host, &event)) {
        assert_int_not_equal(event.type, TOE_HOST_RESET);
    }
    serve_theirs(m);
    serve_ours(m);
    assert_true(toe_host_conn_info(m->host, m->conn, &info));
    if (info.place == TOE_PLACE_HOST && m->is_wanted) {
        emu_pump_stop(m->pump);
    } else if (info.place == TOE_PLACE_HOST && m->got_us < m->until / 2) {
        (void)toe_host_offload(m->host, &m->conn, 1);
    } else if (m->got_us >= m->until - CHUNK && m->got_them >= m->until - CHUNK) {
        m->is_wanted = true; /* with the rest under way */
        (void)toe_host_upload(m->host, &m->conn, 1);
    }
    return now + TOE_NS_PER_MS;
}

static void make_machine(struct machine *m, int family)
{
    struct emu_adapter adapter;
    struct toe_target_settings target;
    struct toe_host_settings host;
    struct toe_host_interface interface = {.ops = toe_target_ops()};
    const struct toe_addr addr = address(family, 1);
    struct emu_pump_settings pump = {.ops = toe_target_ops(), .application = exchange, .user = m};

    ASSERT_EMU(emu_adapter_get_up(&adapter, "ta", &emu_error));
    m->port = emu_port_packet_open("ta", adapter.mac, &emu_error);
    ASSERT_EMU(m->port != NULL);
    ASSERT_OK(toe_linux_fence_filter(fence, m->port->fd, &error));
    toe_target_settings_default(&target);
    target.wire = &m->port->ops;
    target.wire_user = m->port;
    memcpy(target.mac, adapter.mac, sizeof(target.mac));
    m->target = toe_target_new(&target);
    toe_host_settings_default(&host);
    m->host = toe_host_new(&host);
    interface.target = m->target;
    interface.mtu = adapter.mtu;
    assert_int_equal(toe_host_interface_add(m->host, &interface), 0);
    assert_int_equal(toe_host_address_add(m->host, 0, &addr, family == 4 ? 24 : 64), 0);
    pump.host = m->host;
    pump.target = m->target;
    pump.port = m->port;
    m->pump = emu_pump_new(&pump, &emu_error);
    ASSERT_EMU(m->pump != NULL);
}

static void unmake_machine(struct machine *m)
{
    emu_pump_del(m->pump);
    toe_host_del(m->host);
    toe_target_del(m->target);
    emu_port_close(m->port);
}

/* The connection |fd| goes on in our host for a round, and comes back as the socket returned. */
static int run_round(struct machine *m, int fd)
{
    static uint8_t bytes[1 << 20];
    struct toe_linux_taken taken;
    struct toe_saved saved;
    size_t len = 0;

    ASSERT_OK(toe_linux_take(fd, fence, &taken, &error));
    toe_host_run(m->host, emu_pump_now());
    assert_int_equal(toe_host_restore(m->host, &taken.saved, &m->conn), TOE_STATUS_SUCCESS);
    toe_linux_taken_free(&taken);
    assert_true(toe_host_thaw(m->host, m->conn));
    m->until += ROUND_LEN;
    m->is_wanted = false;
    assert_int_equal(emu_pump_run(m->pump, emu_pump_now() + 20 * TOE_NS_PER_SEC), 0);
    assert_true(m->is_wanted);
    assert_int_equal(toe_host_save(m->host, m->conn, bytes, sizeof(bytes), &len),
                     TOE_STATUS_SUCCESS);
    assert_int_equal(toe_saved_read(&saved, bytes, len, NULL), TOE_STATUS_SUCCESS);
    fd = toe_linux_give(&saved, fence, NULL, &error);
    ASSERT_OK(fd >= 0);
    assert_true(toe_host_forget(m->host, m->conn));
    return fd;
}

/* From the kernel into our host, into its target, back and back again, with data all the time. */
static void test_through_our_host(void **state)
{
    (void)state;
    for (int family = 4; family <= 6; family += 2) {
        struct machine m = {.theirs = -1};
        int ours;

        make_machine(&m, family);
        make_pair(family, 0, &ours, &m.theirs);
        for (int i = 0; i < ROUNDS; ++i) {
            ours = run_round(&m, ours);
        }
        be_patient(ours);
        assert_int_equal(shutdown(m.theirs, SHUT_WR), 0);
        assert_int_equal(shutdown(ours, SHUT_WR), 0);
        receive_all(m.theirs, &m.got_them, m.to_them);
        receive_all(ours, &m.got_us, m.to_us);
        (void)close(ours);
        (void)close(m.theirs);
        unmake_machine(&m);
    }
}

/* Hostile input 74: a process that holds a connection and a fence is killed; no rule stays, and the
 * peer's next segment is answered with a RST. */
static void test_hostile_74_killed(void **state)
{
    struct toe_linux_taken taken;
    int ours, theirs, status;
    uint64_t to_us = 0;
    struct pollfd watch;
    pid_t child;

    (void)state;
    make_pair(4, 0, &ours, &theirs);
    child = fork();
    if (child == 0) {
        struct toe_linux_fence *own = toe_linux_fence_open("ta", &error);

        if (own == NULL || !toe_linux_take(ours, own, &taken, &error)) {
            _exit(1);
        }
        (void)raise(SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    (void)close(ours); /* what the child took is gone from here, too */
    send_bytes(theirs, &to_us, 1);
    watch = (struct pollfd){.fd = theirs, .events = POLLIN};
    assert_int_equal(poll(&watch, 1, WAIT_MS), 1);
    assert_true((watch.revents & POLLERR) != 0);
    (void)close(theirs);
}

/* Hostile input 75: the address or the place is somebody else's by now; that is said, and the fence
 * stays up. */
static void test_hostile_75_place_taken(void **state)
{
    struct toe_linux_taken taken;
    struct toe_saved moved;
    int ours, theirs, second;

    (void)state;
    make_pair(4, 0, &ours, &theirs);
    ASSERT_OK(toe_linux_take(ours, fence, &taken, &error));
    moved = taken.saved;
    moved.path.constant.src = address(4, 77);
    assert_int_equal(toe_linux_give(&moved, fence, NULL, &error), -1);
    assert_int_equal(error.number, EADDRNOTAVAIL);
    ours = toe_linux_give(&taken.saved, fence, NULL, &error);
    ASSERT_OK(ours >= 0);
    second = toe_linux_give(&taken.saved, NULL, NULL, &error);
    assert_int_equal(second, -1);
    assert_true(error.number == EADDRNOTAVAIL || error.number == EADDRINUSE);
    toe_linux_taken_free(&taken);
    (void)close(ours);
    (void)close(theirs);
}

static void refused(int fd, int number)
{
    struct toe_linux_taken taken;

    error = (struct toe_linux_error){0};
    assert_false(toe_linux_take(fd, fence, &taken, &error));
    assert_int_equal(error.number, number);
    assert_true(error.text[0] != '\0');
    assert_null(taken.memory);
}

/* Has what |fd| sends signed by MD5; false where the kernel cannot. */
static bool sign(int fd)
{
    struct tcp_md5sig sig = {.tcpm_keylen = 3, .tcpm_key = "key"};
    union linux_address addr;

    (void)sockaddr_of(&addr, 4, 2, 7000);
    memcpy(&sig.tcpm_addr, &addr, sizeof(addr.v4));
    return setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &sig, sizeof(sig)) == 0;
}

/* Hostile input 76: what cannot be moved is refused with the reason, and stays as it was. */
static void test_hostile_76_refused(void **state)
{
    uint64_t to_them = 0, got_them = 0;
    const int on = 1, off = 0;
    int ours, theirs, fd;

    (void)state;
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    refused(fd, ENOTCONN);
    (void)close(fd);
    fd = make_socket(4, 0);
    refused(fd, ENOTCONN);
    (void)close(fd);
    refused(-1, EBADF);

    make_pair(4, 0, &ours, &theirs);
    assert_int_equal(setsockopt(ours, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on)), 0);
    refused(ours, EOPNOTSUPP);
    assert_int_equal(setsockopt(ours, SOL_SOCKET, SO_ZEROCOPY, &off, sizeof(off)), 0);
    send_bytes(ours, &to_them, MORE);
    assert_int_equal(receive_bytes(theirs, &got_them, MORE), MORE);
    (void)close(ours);
    (void)close(theirs);

    make_pair(4, 0, &ours, &theirs);
    if (sign(ours)) {
        refused(ours, EOPNOTSUPP);
    }
    (void)close(ours);
    (void)close(theirs);

    fd = make_socket(4, IPPROTO_MPTCP);
    if (fd >= 0) {
        (void)close(fd);
        make_pair(4, IPPROTO_MPTCP, &ours, &theirs);
        refused(ours, EOPNOTSUPP);
        (void)close(ours);
        (void)close(theirs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_state),
        cmocka_unit_test(test_through_our_host),
        cmocka_unit_test(test_hostile_73_under_way),
        cmocka_unit_test(test_hostile_74_killed),
        cmocka_unit_test(test_hostile_75_place_taken),
        cmocka_unit_test(test_hostile_76_refused),
    };

    if (!emu_netns_enter(&emu_error)) {
        (void)fprintf(stderr, "skipped: %s\n", emu_error.text);
        return SKIPPED;
    }
    /* Who is root of the network only, may have no fence. */
    fence = toe_linux_fence_open("lo", &error);
    if (fence == NULL) {
        (void)fprintf(stderr, "skipped: %s\n", error.text);
        return SKIPPED;
    }
    toe_linux_fence_del(fence);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
