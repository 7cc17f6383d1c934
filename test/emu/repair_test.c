/* SPDX-License-Identifier: MIT */
/*
 * libtoe-linux: connections out of the kernel and back, in each state, both families, with bytes
 * in both queues; and what cannot be moved. In a private network of two machines; skipped where
 * not even that is allowed. Hostile inputs 73 to 76.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emu/repair_world.h"

#ifndef SO_BUF_LOCK
#define SO_BUF_LOCK 72
#endif

enum { MORE = 1000 };

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

    r_send_bytes(theirs, to_us, row->unread);
    r_await_unread(ours, (int)row->unread);
    if (peer_closes(row->state) && !is_crossing) {
        assert_int_equal(shutdown(theirs, SHUT_WR), 0);
        r_await_state(ours, LINUX_CLOSE_WAIT);
    }
    if (row->state != LINUX_FIN_WAIT_2) {
        r_deafen(theirs, true);
    }
    r_send_bytes(ours, to_them, row->in_flight);
    if (we_close(row->state)) {
        assert_int_equal(shutdown(ours, SHUT_WR), 0);
    }
    if (is_crossing) {
        assert_int_equal(shutdown(theirs, SHUT_WR), 0);
    }
    r_await_state(ours, row->state);
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
    const int fresh = r_make_socket(family, 0);

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

    r_make_pair(family, 0, &ours, &theirs);
    lead(row, ours, theirs, &to_us, &to_them);
    ASSERT_OK(toe_linux_take(ours, r_fence, &taken, &r_error));
    assert_int_equal(taken.saved.send.len, row->in_flight);
    assert_int_equal(taken.saved.received.len, row->unread);
    assert_int_equal(taken.saved.path.constant.src.family, family);

    /* Nobody answers now what the peer says: not even with a RST. */
    if (!peer_closes(row->state)) {
        r_send_bytes(theirs, &to_us, MORE);
    }
    watch = (struct pollfd){.fd = theirs, .events = 0};
    assert_int_equal(poll(&watch, 1, 20), 0);

    ours = toe_linux_give(&taken.saved, r_fence, &lost, &r_error);
    ASSERT_OK(ours >= 0);
    toe_linux_taken_free(&taken);
    assert_int_equal(r_state_of(ours), row->state);
    assert_true(lost.cnt > 0);
    check_buffers(ours, family);
    r_be_patient(ours);
    if (row->state != LINUX_FIN_WAIT_2) {
        r_deafen(theirs, false);
    }
    if (!we_close(row->state)) {
        r_send_bytes(ours, &to_them, MORE);
        assert_int_equal(shutdown(ours, SHUT_WR), 0);
    }
    if (!peer_closes(row->state)) {
        r_send_bytes(theirs, &to_us, MORE);
        assert_int_equal(shutdown(theirs, SHUT_WR), 0);
    }
    r_receive_all(theirs, &got_them, to_them);
    r_receive_all(ours, &got_us, to_us);
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
    r_make_pair(4, 0, &ours, &theirs);
    for (int i = 0; i < 40; ++i) {
        r_send_some(theirs, &to_us, 20000);
        r_send_some(ours, &to_them, 20000);
        if (got_them < to_them) {
            (void)r_receive_bytes(theirs, &got_them, 15000);
        }
        if (got_us < to_us) {
            (void)r_receive_bytes(ours, &got_us, 15000);
        }
        ASSERT_OK(toe_linux_take(ours, r_fence, &taken, &r_error));
        ours = toe_linux_give(&taken.saved, r_fence, NULL, &r_error);
        ASSERT_OK(ours >= 0);
        toe_linux_taken_free(&taken);
        r_be_patient(ours);
    }
    assert_int_equal(shutdown(theirs, SHUT_WR), 0);
    assert_int_equal(shutdown(ours, SHUT_WR), 0);
    r_receive_all(theirs, &got_them, to_them);
    r_receive_all(ours, &got_us, to_us);
    (void)close(ours);
    (void)close(theirs);
}

/* --- through a host of ours --- */

enum { ROUNDS = 6 };

/* From the kernel into our host, into its target, back and back again, with data all the time. */
static void test_through_our_host(void **state)
{
    (void)state;
    for (int family = 4; family <= 6; family += 2) {
        struct r_machine m = {.theirs = -1};
        int ours;

        r_machine_make(&m, family);
        r_make_pair(family, 0, &ours, &m.theirs);
        for (int i = 0; i < ROUNDS; ++i) {
            ours = r_machine_round(&m, ours);
        }
        r_be_patient(ours);
        assert_int_equal(shutdown(m.theirs, SHUT_WR), 0);
        assert_int_equal(shutdown(ours, SHUT_WR), 0);
        r_receive_all(m.theirs, &m.got_them, m.to_them);
        r_receive_all(ours, &m.got_us, m.to_us);
        (void)close(ours);
        (void)close(m.theirs);
        r_machine_unmake(&m);
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
    r_make_pair(4, 0, &ours, &theirs);
    child = fork();
    if (child == 0) {
        struct toe_linux_fence *own = toe_linux_fence_open("ta", &r_error);

        if (own == NULL || !toe_linux_take(ours, own, &taken, &r_error)) {
            _exit(1);
        }
        (void)raise(SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    (void)close(ours); /* what the child took is gone from here, too */
    r_send_bytes(theirs, &to_us, 1);
    watch = (struct pollfd){.fd = theirs, .events = POLLIN};
    assert_int_equal(poll(&watch, 1, R_WAIT_MS), 1);
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
    r_make_pair(4, 0, &ours, &theirs);
    ASSERT_OK(toe_linux_take(ours, r_fence, &taken, &r_error));
    moved = taken.saved;
    moved.path.constant.src = r_address(4, 77);
    assert_int_equal(toe_linux_give(&moved, r_fence, NULL, &r_error), -1);
    assert_int_equal(r_error.number, EADDRNOTAVAIL);
    ours = toe_linux_give(&taken.saved, r_fence, NULL, &r_error);
    ASSERT_OK(ours >= 0);
    second = toe_linux_give(&taken.saved, NULL, NULL, &r_error);
    assert_int_equal(second, -1);
    assert_true(r_error.number == EADDRNOTAVAIL || r_error.number == EADDRINUSE);
    toe_linux_taken_free(&taken);
    (void)close(ours);
    (void)close(theirs);
}

static void refused(int fd, int number)
{
    struct toe_linux_taken taken;

    r_error = (struct toe_linux_error){0};
    assert_false(toe_linux_take(fd, r_fence, &taken, &r_error));
    assert_int_equal(r_error.number, number);
    assert_true(r_error.text[0] != '\0');
    assert_null(taken.memory);
}

/* Has what |fd| sends signed by MD5; false where the kernel cannot. */
static bool sign(int fd)
{
    struct tcp_md5sig sig = {.tcpm_keylen = 3, .tcpm_key = "key"};
    union linux_address addr;

    (void)r_sockaddr_of(&addr, 4, 2, R_PORT);
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
    fd = r_make_socket(4, 0);
    refused(fd, ENOTCONN);
    (void)close(fd);
    refused(-1, EBADF);

    r_make_pair(4, 0, &ours, &theirs);
    assert_int_equal(setsockopt(ours, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on)), 0);
    refused(ours, EOPNOTSUPP);
    assert_int_equal(setsockopt(ours, SOL_SOCKET, SO_ZEROCOPY, &off, sizeof(off)), 0);
    r_send_bytes(ours, &to_them, MORE);
    assert_int_equal(r_receive_bytes(theirs, &got_them, MORE), MORE);
    (void)close(ours);
    (void)close(theirs);

    r_make_pair(4, 0, &ours, &theirs);
    if (sign(ours)) {
        refused(ours, EOPNOTSUPP);
    }
    (void)close(ours);
    (void)close(theirs);

    fd = r_make_socket(4, IPPROTO_MPTCP);
    if (fd >= 0) {
        (void)close(fd);
        r_make_pair(4, IPPROTO_MPTCP, &ours, &theirs);
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

    return r_run(tests);
}
