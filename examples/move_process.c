/* SPDX-License-Identifier: MIT */
/*
 * Move a process's connection: it begins in one process, is written to a file, and goes on in
 * another one, in the middle of a transfer both ways; the peer notices nothing.
 *
 *     ./move_process              or, to keep the file:    ./move_process conn.toe
 *                                                          toe state show conn.toe
 *
 * Three processes take part. This one is the peer and the network: whatever it sends goes down a
 * socket to that of the other two which has the connection, and one frame in a hundred is lost. The
 * first of these opens it, and saves it half-way. The second, forked after that, has never heard of
 * it: it reads the file. Each has its own host, target and clock. The connection has one owner at
 * any time: the second one goes on only when the first has forgotten (toe/host.h, "Moving between
 * hosts").
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "toe/host.h"
#include "toe/saved.h"
#include "toe/target.h"

enum { BYTES = 4000000, HALF = BYTES / 2, PORT = 7, BATCH = 16, FRAME_LEN = 2048 };

static const struct toe_addr addr_peer = {4, {10, 0, 0, 1}};
static const struct toe_addr addr_here = {4, {10, 0, 0, 2}};

/* Says what could not be done, and ends the process. */
static void die(const char *what)
{
    fprintf(stderr, "move_process: %s\n", what);
    exit(1);
}

/* --- the network: a socket, one message a frame --- */

struct wire {
    int fd;
    unsigned cnt;                   /* frames sent: one in a hundred is lost */
    uint8_t room[BATCH][FRAME_LEN]; /* what the last receive() returned */
};

static uint32_t wire_receive(void *user, struct toe_frame *frames, uint32_t max)
{
    struct wire *wire = user;
    uint32_t cnt = 0;

    for (; cnt < max && cnt < BATCH; ++cnt) {
        const ssize_t len = recv(wire->fd, wire->room[cnt], FRAME_LEN, MSG_DONTWAIT);

        if (len <= 0) {
            break;
        }
        frames[cnt] = (struct toe_frame){.data = wire->room[cnt], .len = (uint32_t)len};
    }
    return cnt;
}

static void wire_transmit(void *user, const struct toe_frame *frames, uint32_t cnt)
{
    struct wire *wire = user;

    for (uint32_t i = 0; i < cnt; ++i) {
        struct iovec pieces[64];
        struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 1};

        pieces[0] = (struct iovec){(void *)(uintptr_t)frames[i].data, frames[i].len};
        for (uint32_t k = 0; k < frames[i].more_cnt && k < 63; ++k, ++message.msg_iovlen) {
            pieces[k + 1] =
                (struct iovec){(void *)(uintptr_t)frames[i].more[k].base, frames[i].more[k].len};
        }
        if (++wire->cnt % 100 == 0) {
            continue;
        }
        /* What finds no room, or nobody, is lost as well. */
        (void)!sendmsg(wire->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}

static const struct toe_wire_ops wire_ops = {
    .size = sizeof(wire_ops), .receive = wire_receive, .transmit = wire_transmit};

/* --- a machine: what each of the three processes has --- */

struct machine {
    struct wire wire;
    struct toe_host *host;
    struct toe_target *target;
    toe_instant origin; /* its clock begins when it does */
    size_t sent;
    size_t received;
    size_t wrong;
};

static toe_instant clock_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (toe_instant)now.tv_sec * TOE_NS_PER_SEC + (toe_instant)now.tv_nsec;
}

static void machine_init(struct machine *m, int fd, const struct toe_addr *addr)
{
    const uint8_t mac[TOE_MAC_LEN] = {2, 0, 0, 0, 0, addr->bytes[3]};
    struct toe_host_interface interface = {.ops = toe_target_ops(), .mtu = 1500};
    struct toe_target_settings of_target;
    struct toe_host_settings of_host;

    m->wire.fd = fd;
    m->origin = clock_now();
    toe_target_settings_default(&of_target);
    of_target.wire = &wire_ops;
    of_target.wire_user = &m->wire;
    memcpy(of_target.mac, mac, sizeof(mac));
    toe_host_settings_default(&of_host);
    of_host.seed = m->origin;
    m->target = toe_target_new(&of_target);
    m->host = toe_host_new(&of_host);
    interface.target = m->target;
    if (m->host == NULL || m->target == NULL || toe_host_interface_add(m->host, &interface) < 0 ||
        toe_host_address_add(m->host, 0, addr, 24) != 0) {
        die("not enough memory");
    }
}

static void machine_fini(struct machine *m)
{
    toe_host_del(m->host);
    toe_target_del(m->target);
}

/* Lets the machine work, and waits up to |ms| milliseconds for frames, or for |other|. */
static void machine_run(struct machine *m, int other, int ms)
{
    const toe_instant now = clock_now() - m->origin;
    struct toe_host_event event;
    struct pollfd fds[2] = {{m->wire.fd, POLLIN, 0}, {other, POLLIN, 0}};
    toe_instant next;

    toe_target_ops()->run(m->target, now);
    toe_host_run(m->host, now);
    while (toe_host_event_next(m->host, &event)) {
        if (event.type == TOE_HOST_RESET) {
            die("the connection was reset");
        }
    }
    next = toe_target_ops()->deadline(m->target);
    if (toe_host_deadline(m->host) < next) {
        next = toe_host_deadline(m->host);
    }
    (void)poll(fds, 2, next <= now ? 0 : ms);
}

/* The byte at |pos| of the stream from either end. */
static uint8_t byte_at(size_t pos)
{
    return (uint8_t)(pos * 2654435761u >> 13);
}

/* Sends what there is room for, up to |limit| bytes in all, and takes what there is. */
static void talk(struct machine *m, toe_handle conn, size_t limit)
{
    uint8_t bytes[4096];
    size_t len;

    do {
        const size_t left = limit - m->sent;

        for (size_t i = 0; i < sizeof(bytes); ++i) {
            bytes[i] = byte_at(m->sent + i);
        }
        len = toe_host_send(m->host, conn, bytes, left < sizeof(bytes) ? left : sizeof(bytes));
        m->sent += len;
    } while (len > 0);
    while ((len = toe_host_receive(m->host, conn, bytes, sizeof(bytes))) > 0) {
        for (size_t i = 0; i < len; ++i) {
            m->wrong += bytes[i] != byte_at(m->received + i);
        }
        m->received += len;
    }
}

/* --- what the processes tell each other, besides frames --- */

struct note {
    enum { SAVED, RESTORED, FORGET, GO_ON, DONE } what;
    size_t sent; /* how far the application is: that is for it to hand over */
    size_t received;
    size_t wrong;
};

static void tell(int fd, const struct note *note)
{
    if (send(fd, note, sizeof(*note), MSG_NOSIGNAL) != (ssize_t)sizeof(*note)) {
        die("nobody hears");
    }
}

static struct note hear(int fd, int what)
{
    struct note note;

    if (recv(fd, &note, sizeof(note), 0) != (ssize_t)sizeof(note) || (int)note.what != what) {
        die("the other process is gone");
    }
    return note;
}

/* --- the two processes in turn --- */

static void save_to(const char *name, struct toe_host *host, toe_handle conn)
{
    FILE *file = fopen(name, "wb");
    size_t len;
    void *bytes;

    (void)toe_host_save(host, conn, NULL, 0, &len);
    bytes = malloc(len);
    if (file == NULL || bytes == NULL ||
        toe_host_save(host, conn, bytes, len, &len) != TOE_STATUS_SUCCESS ||
        fwrite(bytes, 1, len, file) != len || fclose(file) != 0) {
        die("cannot save the connection");
    }
    printf("process %d saved the connection in %zu bytes\n", (int)getpid(), len);
    free(bytes);
}

static toe_handle restore_from(const char *name, struct toe_host *host)
{
    FILE *file = fopen(name, "rb");
    uint8_t *bytes = malloc(1 << 22);
    const size_t len = file == NULL || bytes == NULL ? 0 : fread(bytes, 1, 1 << 22, file);
    struct toe_saved_fault fault = {"file", "must be there"};
    struct toe_saved saved;
    toe_handle conn = 0;

    if (len == 0 || toe_saved_read(&saved, bytes, len, &fault) != TOE_STATUS_SUCCESS ||
        !toe_saved_check(&saved, &fault) ||
        toe_host_restore(host, &saved, &conn) != TOE_STATUS_SUCCESS) {
        fprintf(stderr, "move_process: %s %s\n", fault.field, fault.rule);
        exit(1);
    }
    printf("process %d restored it: %s, %u bytes to send, %u received, %u out of order\n",
           (int)getpid(), toe_conn_state_name(saved.tcp.delegated.state), saved.send.len,
           saved.received.len, saved.early.len);
    fclose(file);
    free(bytes);
    return conn;
}

static void first_process(int frames, int notes, const char *name)
{
    struct machine m = {0};
    toe_handle conn;

    machine_init(&m, frames, &addr_here);
    conn = toe_host_connect(m.host, NULL, 0, &addr_peer, PORT);
    while (m.received < HALF) {
        machine_run(&m, notes, 10);
        talk(&m, conn, BYTES - HALF / 2); /* the rest is the second one's to send */
    }
    save_to(name, m.host, conn);
    tell(notes, &(struct note){SAVED, m.sent, m.received, m.wrong});
    (void)hear(notes, FORGET);
    toe_host_forget(m.host, conn);
    printf("process %d forgot it and ends\n", (int)getpid());
    machine_fini(&m);
}

static void second_process(int frames, int notes, const char *name, const struct note *so_far)
{
    struct machine m = {.sent = so_far->sent, .received = so_far->received};
    toe_handle conn;

    machine_init(&m, frames, &addr_here);
    conn = restore_from(name, m.host);
    tell(notes, &(struct note){.what = RESTORED});
    (void)hear(notes, GO_ON);
    toe_host_thaw(m.host, conn);
    while (m.received < BYTES || m.sent < BYTES) {
        machine_run(&m, notes, 10);
        talk(&m, conn, BYTES);
    }
    tell(notes, &(struct note){DONE, m.sent, m.received, m.wrong});
    /* The peer has the last bytes when it says so. */
    while (recv(notes, &(char){0}, 1, MSG_DONTWAIT) < 0) {
        machine_run(&m, notes, 10);
    }
    machine_fini(&m);
}

/* --- the peer --- */

/* The two sockets to another process. */
struct child {
    pid_t pid;
    int frames;
    int notes;
};

static struct child start(const char *name, const struct note *so_far)
{
    struct child child;
    int frames[2];
    int notes[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, frames) != 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, notes) != 0) {
        die("no sockets");
    }
    fflush(stdout);
    child = (struct child){fork(), frames[0], notes[0]};
    if (child.pid == 0) {
        close(frames[0]);
        close(notes[0]);
        if (so_far == NULL) {
            first_process(frames[1], notes[1], name);
        } else {
            second_process(frames[1], notes[1], name, so_far);
        }
        fflush(stdout);
        _exit(0);
    }
    close(frames[1]);
    close(notes[1]);
    return child;
}

/* Works until |child| has something to say, which must be |what|. */
static struct note run_until(struct machine *m, toe_handle listener, toe_handle *conn,
                             const struct child *child, int what)
{
    struct pollfd note = {child->notes, POLLIN, 0};

    while (poll(&note, 1, 0) == 0) {
        machine_run(m, child->notes, 10);
        *conn = *conn != 0 ? *conn : toe_host_accept(m->host, listener);
        talk(m, *conn, BYTES);
    }
    return hear(child->notes, what);
}

int main(int argc, char **argv)
{
    char made[] = "/tmp/move_process-XXXXXX";
    const char *name = argc > 1 ? argv[1] : made;
    struct machine m = {0};
    struct child first, second;
    struct note note;
    toe_handle listener, conn = 0;
    struct toe_host_stats stats = {.size = sizeof(stats)};

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc < 2 && close(mkstemp(made)) != 0) {
        die("no temporary file");
    }
    first = start(name, NULL);
    machine_init(&m, first.frames, &addr_peer);
    listener = toe_host_listen(m.host, NULL, PORT, 1);

    note = run_until(&m, listener, &conn, &first, SAVED);
    second = start(name, &note);
    (void)run_until(&m, listener, &conn, &second, RESTORED);
    tell(first.notes, &(struct note){.what = FORGET});
    (void)waitpid(first.pid, NULL, 0);
    m.wire.fd = second.frames; /* from here on the network leads to the second process */
    tell(second.notes, &(struct note){.what = GO_ON});

    note = run_until(&m, listener, &conn, &second, DONE);
    while (m.received < BYTES) {
        machine_run(&m, second.notes, 10);
        talk(&m, conn, BYTES);
    }
    tell(second.notes, &(struct note){.what = DONE});
    (void)waitpid(second.pid, NULL, 0);

    toe_host_stats_get(m.host, &stats);
    printf("the peer received %zu bytes of one connection, %zu wrong; it saw %u resets\n",
           m.received, m.wrong, (unsigned)stats.resets_in);
    printf("the processes received %zu bytes, %zu wrong\n", note.received, note.wrong);
    machine_fini(&m);
    if (name == made) {
        unlink(made);
    }
    return m.wrong == 0 && note.wrong == 0 && stats.resets_in == 0 ? 0 : 1;
}
