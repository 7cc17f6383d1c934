/* SPDX-License-Identifier: MIT */
#include "emu/repair_world.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "emu/adapter.h"
#include "emu/netlink.h"
#include "emu/netns.h"

enum { BACKLOG = 8 };

struct emu_error r_emu_error;
struct toe_linux_error r_error;
struct toe_linux_fence *r_fence;

static struct emu_netns_child peer;
static int here = -1, there = -1; /* the networks of the two machines */

/* --- two machines --- */

static int stay(int control, void *user)
{
    char byte;

    (void)user;
    return read(control, &byte, 1) == 0 ? 0 : 1;
}

struct toe_addr r_address(int family, int machine)
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
    const struct toe_addr v4 = r_address(4, machine);
    const struct toe_addr v6 = r_address(6, machine);

    ASSERT_EMU(emu_netlink_up(name, 0, &r_emu_error));
    ASSERT_EMU(emu_netlink_address_add(name, &v4, 24, &r_emu_error));
    ASSERT_EMU(emu_netlink_address_add(name, &v6, 64, &r_emu_error));
}

int r_set_up(void **state)
{
    char name[64];

    (void)state;
    ASSERT_EMU(emu_netns_spawn(&peer, stay, NULL, &r_emu_error));
    here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    (void)snprintf(name, sizeof(name), "/proc/%d/ns/net", (int)peer.pid);
    there = open(name, O_RDONLY | O_CLOEXEC);
    assert_true(here >= 0 && there >= 0);
    ASSERT_EMU(emu_netlink_veth_add("ta", "tb", peer.pid, &r_emu_error));
    furnish("ta", 1);
    assert_int_equal(setns(there, CLONE_NEWNET), 0);
    furnish("tb", 2);
    assert_true(emu_netlink_await("tb", R_WAIT_MS));
    assert_int_equal(setns(here, CLONE_NEWNET), 0);
    assert_true(emu_netlink_await("ta", R_WAIT_MS));
    r_fence = toe_linux_fence_open("ta", &r_error);
    ASSERT_OK(r_fence != NULL);
    return 0;
}

int r_tear_down(void **state)
{
    (void)state;
    toe_linux_fence_del(r_fence);
    (void)emu_netns_reap(&peer, R_WAIT_MS);
    return 0;
}

bool r_can(void)
{
    if (!emu_netns_enter(&r_emu_error)) {
        (void)fprintf(stderr, "skipped: %s\n", r_emu_error.text);
        return false;
    }
    /* Who is root of the network only, may have no fence. */
    r_fence = toe_linux_fence_open("lo", &r_error);
    if (r_fence == NULL) {
        (void)fprintf(stderr, "skipped: %s\n", r_error.text);
        return false;
    }
    toe_linux_fence_del(r_fence);
    return true;
}

/* --- connections --- */

socklen_t r_sockaddr_of(union linux_address *to, int family, int machine, uint16_t port)
{
    const struct toe_addr addr = r_address(family, machine);

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

int r_make_socket(int family, int protocol)
{
    return socket(family == 4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, protocol);
}

void r_be_patient(int fd)
{
    const struct timeval limit = {.tv_sec = R_WAIT_MS / 1000};

    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)), 0);
}

void r_make_pair(int family, int protocol, int *ours, int *theirs)
{
    union linux_address addr;
    const socklen_t len = r_sockaddr_of(&addr, family, 2, R_PORT);
    const int on = 1;
    const int room = 1 << 20;
    int listener;

    assert_int_equal(setns(there, CLONE_NEWNET), 0);
    listener = r_make_socket(family, protocol);
    assert_int_equal(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
    assert_int_equal(bind(listener, &addr.any, len), 0);
    assert_int_equal(listen(listener, BACKLOG), 0);
    assert_int_equal(setns(here, CLONE_NEWNET), 0);
    *ours = r_make_socket(family, protocol);
    assert_int_equal(connect(*ours, &addr.any, len), 0);
    *theirs = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(*theirs >= 0);
    (void)close(listener);
    assert_int_equal(setsockopt(*ours, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)), 0);
    r_be_patient(*ours);
    r_be_patient(*theirs);
}

int r_state_of(int fd)
{
    struct tcp_info info = {.tcpi_state = 0};
    socklen_t len = sizeof(info);

    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
    return info.tcpi_state;
}

void r_await_state(int fd, int state)
{
    for (int ms = 0; r_state_of(fd) != state; ++ms) {
        assert_true(ms < R_WAIT_MS);
        (void)poll(NULL, 0, 1);
    }
}

void r_await_unread(int fd, int want)
{
    int unread = 0;

    for (int ms = 0; unread != want; ++ms) {
        assert_true(ms < R_WAIT_MS);
        (void)poll(NULL, 0, 1);
        assert_int_equal(ioctl(fd, SIOCINQ, &unread), 0);
    }
}

void r_deafen(int fd, bool deaf)
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

void r_send_some(int fd, uint64_t *off, size_t len)
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

void r_send_bytes(int fd, uint64_t *off, size_t len)
{
    const uint64_t end = *off + len;

    r_send_some(fd, off, len);
    assert_int_equal(*off, end);
}

size_t r_receive_bytes(int fd, uint64_t *off, size_t max)
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

void r_receive_all(int fd, uint64_t *off, uint64_t want)
{
    while (r_receive_bytes(fd, off, SIZE_MAX) > 0) {
    }
    assert_int_equal(*off, want);
}

/* --- through a host of ours --- */

enum { ROUND_LEN = 150000, CHUNK = 16384 };

/* What the kernel's end does: sends and receives what it can. */
static void serve_theirs(struct r_machine *m)
{
    int unread = 0;

    if (m->to_us < m->until) {
        const uint64_t left = m->until - m->to_us;

        r_send_some(m->theirs, &m->to_us, left < CHUNK ? (size_t)left : CHUNK);
    }
    assert_int_equal(ioctl(m->theirs, SIOCINQ, &unread), 0);
    if (unread > 0) {
        (void)r_receive_bytes(m->theirs, &m->got_them, SIZE_MAX);
    }
}

static void serve_ours(struct r_machine *m)
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
    struct r_machine *m = user;
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

void r_machine_make(struct r_machine *m, int family)
{
    struct emu_adapter adapter;
    struct toe_target_settings target;
    struct toe_host_settings host;
    struct toe_host_interface interface = {.ops = toe_target_ops()};
    const struct toe_addr addr = r_address(family, 1);
    struct emu_pump_settings pump = {.ops = toe_target_ops(), .application = exchange, .user = m};

    ASSERT_EMU(emu_adapter_get_up(&adapter, "ta", &r_emu_error));
    m->port = emu_port_packet_open("ta", adapter.mac, &r_emu_error);
    ASSERT_EMU(m->port != NULL);
    ASSERT_OK(toe_linux_fence_filter(r_fence, m->port->fd, &r_error));
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
    m->pump = emu_pump_new(&pump, &r_emu_error);
    ASSERT_EMU(m->pump != NULL);
}

void r_machine_unmake(struct r_machine *m)
{
    emu_pump_del(m->pump);
    toe_host_del(m->host);
    toe_target_del(m->target);
    emu_port_close(m->port);
}

int r_machine_round(struct r_machine *m, int fd)
{
    static uint8_t bytes[1 << 20];
    struct toe_linux_taken taken;
    struct toe_saved saved;
    size_t len = 0;

    ASSERT_OK(toe_linux_take(fd, r_fence, &taken, &r_error));
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
    fd = toe_linux_give(&saved, r_fence, NULL, &r_error);
    ASSERT_OK(fd >= 0);
    assert_true(toe_host_forget(m->host, m->conn));
    return fd;
}
