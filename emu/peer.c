/* SPDX-License-Identifier: MIT */
/*
 * The peer's connections: a flow on a kernel socket each, driven by uv_poll, so that the machine in
 * flow.c sees every send() and recv() for itself.
 */
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "flow.h"
#include "timers.h"

enum {
    BACKLOG = 4096,
    BUFFER_LEN = 65536,
    ROUNDS_MAX = 16, /* reads of one connection before the others get a turn */
};

/* How long connections may go on once the peer has been told to end. */
#define FINISH_TIME (30 * TOE_NS_PER_SEC)

struct emu_peer {
    struct emu_peer_result *result;
    uv_loop_t loop;
    uv_poll_t listener;
    uv_poll_t life;
    uv_prepare_t prepare;
    uv_timer_t timer;
    uv_signal_t signals[2];
    struct emu_timers timers;
    struct conn *conns; /* doubly linked */
    struct emu_peer_counts counts;
    const struct emu_peer_settings *settings;
    struct emu_random random; /* of what it opens by itself */
    toe_instant finish_at;    /* ends by then, or when no connection is left; 0: not told to */
    uint8_t buffer[BUFFER_LEN];
};

struct conn {
    struct emu_timer timer;
    struct emu_flow flow;
    struct emu_peer *peer;
    struct conn *next;
    struct conn *prev;
    uv_poll_t poll;
    int fd;
    bool is_open;    /* established */
    bool is_blocked; /* the socket took less than it was given */
    bool has_called; /* the call that this connection brought has been made */
    bool is_counted; /* its kind is known, and among those that are counted */
    bool is_gone;
};

static toe_instant peer_now(void)
{
    return uv_hrtime();
}

static void note(struct emu_peer *peer, const struct conn *conn, const char *what)
{
    if (peer->result->fault[0] == '\0') {
        snprintf(peer->result->fault, sizeof(peer->result->fault),
                 "%s: flow %016llx, sent %llu of %llu, received %llu of %llu", what,
                 (unsigned long long)conn->flow.plan.seed, (unsigned long long)conn->flow.tx,
                 (unsigned long long)conn->flow.tx_len, (unsigned long long)conn->flow.rx,
                 (unsigned long long)conn->flow.rx_len);
    }
}

/* --- connections --- */

static void on_ready(uv_poll_t *poll, int status, int events);

/* Has the kernel ask now and then whether the other end still knows the connection. */
static void keep_alive(int fd)
{
    const int on = 1;
    const int seconds = 5;

    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof(seconds));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof(seconds));
}

static struct conn *conn_new(struct emu_peer *peer, int fd)
{
    struct conn *conn = calloc(1, sizeof(*conn));
    const int on = 1;

    if (conn == NULL || uv_poll_init(&peer->loop, &conn->poll, fd) != 0) {
        free(conn);
        close(fd);
        return NULL;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (peer->settings->loses) {
        keep_alive(fd);
    }
    conn->peer = peer;
    conn->fd = fd;
    conn->poll.data = conn;
    conn->next = peer->conns;
    if (conn->next != NULL) {
        conn->next->prev = conn;
    }
    peer->conns = conn;
    ++peer->counts.all;
    return conn;
}

/* Counts |conn|, once it is known what it is for. */
static void count(struct conn *conn)
{
    const int side = conn->flow.is_opener ? 0 : 1;

    if (!conn->is_counted && conn->flow.is_known && conn->flow.plan.kind == EMU_FLOW_PLAIN) {
        conn->is_counted = true;
        ++conn->peer->counts.now[side];
        conn->peer->counts.established[side] += conn->is_open ? 1 : 0;
    }
}

static bool is_ipv6(const struct conn *conn)
{
    struct sockaddr_in6 own = {.sin6_family = AF_INET6};
    socklen_t size = sizeof(own);

    (void)getsockname(conn->fd, (struct sockaddr *)&own, &size);
    return own.sin6_family == AF_INET6 && !IN6_IS_ADDR_V4MAPPED(&own.sin6_addr);
}

/* |conn| ends. */
static void discount(struct conn *conn)
{
    const int side = conn->flow.is_opener ? 0 : 1;

    --conn->peer->counts.all;
    if (conn->is_counted) {
        --conn->peer->counts.now[side];
        conn->peer->counts.ended[is_ipv6(conn)][side] += conn->is_open ? 1 : 0;
    }
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

/* Closes the socket, with a RST if |reset|, and frees |conn| soon. */
static void conn_end(struct conn *conn, bool reset)
{
    struct emu_peer *peer = conn->peer;
    const struct linger linger = {.l_onoff = 1, .l_linger = 0};

    if (conn->is_gone) {
        return;
    }
    conn->is_gone = true;
    discount(conn);
    if (conn->prev != NULL) {
        conn->prev->next = conn->next;
    } else {
        peer->conns = conn->next;
    }
    if (conn->next != NULL) {
        conn->next->prev = conn->prev;
    }
    emu_timers_set(&peer->timers, &conn->timer, TOE_INSTANT_NEVER);
    if (reset) {
        (void)setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    }
    uv_poll_stop(&conn->poll);
    close(conn->fd);
    uv_close((uv_handle_t *)&conn->poll, on_closed);
}

/* The socket failed: it was reset, or never came about. */
static void conn_failed(struct conn *conn, int error)
{
    struct emu_peer_result *result = conn->peer->result;

    if (!conn->is_open) {
        ++result->unopened;
        note(conn->peer, conn, "could not be opened");
    } else if (emu_flow_may_be_reset(&conn->flow)) {
        ++result->resets_wanted;
    } else {
        ++result->resets;
        if (!conn->peer->settings->loses) {
            note(conn->peer, conn, strerror(error));
        }
    }
    conn_end(conn, true);
}

/* --- serving --- */

/* Receives what there is and what the flow wants. Returns false if the connection is gone. */
static bool receive(struct conn *conn, toe_instant now)
{
    struct emu_peer *peer = conn->peer;

    for (int i = 0; i < ROUNDS_MAX && !conn->flow.has_ended; ++i) {
        const size_t want = emu_flow_appetite(&conn->flow, now);
        const uint64_t wrong = conn->flow.wrong;
        ssize_t len;

        if (want == 0) {
            return true;
        }
        len = recv(conn->fd, peer->buffer, want < BUFFER_LEN ? want : BUFFER_LEN, MSG_DONTWAIT);
        if (len < 0 && (errno == EAGAIN || errno == EINTR)) {
            return true;
        }
        if (len < 0) {
            conn_failed(conn, errno);
            return false;
        }
        if (len == 0) {
            emu_flow_ended(&conn->flow, now);
            return true;
        }
        emu_flow_taken(&conn->flow, peer->buffer, (size_t)len, now);
        peer->result->bytes += (uint64_t)len;
        peer->result->bytes_wrong += conn->flow.wrong - wrong;
    }
    return true;
}

/* Sends what the flow has to send. Returns false if the connection is gone. */
static bool transmit(struct conn *conn, toe_instant now)
{
    struct emu_peer *peer = conn->peer;
    size_t len;

    conn->is_blocked = false;
    while ((len = emu_flow_fill(&conn->flow, peer->buffer, BUFFER_LEN, now)) > 0) {
        const ssize_t sent = send(conn->fd, peer->buffer, len, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (sent < 0 && errno != EAGAIN && errno != EINTR) {
            conn_failed(conn, errno);
            return false;
        }
        emu_flow_sent(&conn->flow, sent < 0 ? 0 : (size_t)sent, now);
        if (sent < (ssize_t)len) {
            conn->is_blocked = true;
            return true;
        }
    }
    return true;
}

static void call_back(struct conn *conn, toe_instant now);

/* Waits for what can make |conn| go on. */
static void wait_for(struct conn *conn, toe_instant now)
{
    int events = conn->is_blocked || !conn->is_open ? UV_WRITABLE : 0;

    if (conn->is_open && !conn->flow.has_ended && emu_flow_appetite(&conn->flow, now) > 0) {
        events |= UV_READABLE;
    }
    if (events != 0) {
        uv_poll_start(&conn->poll, events, on_ready);
    } else {
        uv_poll_stop(&conn->poll);
    }
    emu_timers_set(&conn->peer->timers, &conn->timer, emu_flow_deadline(&conn->flow, now));
}

/* Does all that |conn| can do now; it may be gone afterwards. */
static void serve(struct conn *conn, toe_instant now)
{
    if (!receive(conn, now)) {
        return;
    }
    count(conn);
    if (conn->flow.is_known && conn->flow.plan.kind == EMU_FLOW_CALL && !conn->has_called &&
        !conn->flow.is_opener) {
        call_back(conn, now);
    }
    if (!transmit(conn, now)) {
        return;
    }
    switch (emu_flow_step(&conn->flow, now)) {
    case EMU_STEP_NONE:
        break;
    case EMU_STEP_SHUTDOWN:
        (void)shutdown(conn->fd, SHUT_WR);
        break;
    case EMU_STEP_ABORT:
        ++conn->peer->result->finished;
        conn_end(conn, true);
        return;
    }
    if (conn->flow.fault != EMU_FLOW_OK) {
        note(conn->peer, conn, emu_flow_fault_text(conn->flow.fault));
        conn_end(conn, true);
        return;
    }
    if (emu_flow_is_finished(&conn->flow)) {
        ++conn->peer->result->finished;
        conn_end(conn, false);
        return;
    }
    wait_for(conn, now);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct conn *conn = poll->data;
    const toe_instant now = peer_now();
    int error = 0;
    socklen_t size = sizeof(error);

    (void)events;
    if (conn->is_gone) {
        return;
    }
    if (!conn->is_open) {
        (void)getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0 || status < 0) {
            conn_failed(conn, error);
            return;
        }
        conn->is_open = true;
        ++conn->peer->result->connections;
        conn->peer->counts.established[0] += conn->is_counted ? 1 : 0;
    }
    serve(conn, now);
}

/* --- opening and accepting --- */

/* Begins a connection to |addr|; NULL with errno if that cannot be. */
static struct conn *conn_open(struct emu_peer *peer, const struct sockaddr *addr, socklen_t size,
                              const struct emu_flow_plan *plan, toe_instant now)
{
    const int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct conn *conn;
    int code;

    if (fd < 0) {
        return NULL;
    }
    if (connect(fd, addr, size) != 0 && errno != EINPROGRESS) {
        code = errno;
        close(fd);
        errno = code;
        return NULL;
    }
    conn = conn_new(peer, fd);
    if (conn != NULL) {
        emu_flow_open(&conn->flow, plan, now);
        count(conn);
        uv_poll_start(&conn->poll, UV_WRITABLE, on_ready);
    }
    return conn;
}

/* Opens the flow that the call on |conn| asks for. */
static void call_back(struct conn *conn, toe_instant now)
{
    struct emu_peer *peer = conn->peer;
    struct emu_flow_plan plan = conn->flow.plan;
    struct sockaddr_in6 addr;
    socklen_t size = sizeof(addr);

    conn->has_called = true;
    ++peer->result->calls;
    if (getpeername(conn->fd, (struct sockaddr *)&addr, &size) != 0) {
        ++peer->result->unopened;
        return;
    }
    addr.sin6_port = htons(plan.port);
    plan.kind = EMU_FLOW_PLAIN;
    plan.port = 0;
    if (conn_open(peer, (struct sockaddr *)&addr, size, &plan, now) == NULL) {
        ++peer->result->unopened;
        note(peer, conn, strerror(errno));
    }
}

bool emu_peer_open(struct emu_peer *peer, const struct toe_addr *addr, uint16_t port,
                   const struct emu_flow_plan *plan, toe_instant now)
{
    struct sockaddr_in addr4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 addr6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

    memcpy(&addr4.sin_addr, addr->bytes, 4);
    memcpy(&addr6.sin6_addr, addr->bytes, 16);
    return (addr->family == 6
                ? conn_open(peer, (struct sockaddr *)&addr6, sizeof(addr6), plan, now)
                : conn_open(peer, (struct sockaddr *)&addr4, sizeof(addr4), plan, now)) != NULL;
}

/* Opens one of the connections that the peer was told to have. */
static bool open_own(struct emu_peer *peer, toe_instant now)
{
    const struct emu_peer_settings *settings = peer->settings;
    const struct toe_addr *to = &settings->to[peer->result->opened++ % 2];
    struct emu_flow_plan plan;

    emu_plan_make(&plan, &peer->random, &settings->mix);
    return emu_peer_open(peer, to, settings->to_port, &plan, now);
}

static void on_acceptable(uv_poll_t *poll, int status, int events)
{
    struct emu_peer *peer = poll->data;
    int listener;
    int fd;

    (void)status;
    (void)events;
    if (uv_fileno((uv_handle_t *)poll, &listener) != 0) {
        return;
    }
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct conn *conn = conn_new(peer, fd);

        if (conn != NULL) {
            conn->is_open = true;
            ++peer->result->connections;
            emu_flow_accept(&conn->flow, peer_now());
            serve(conn, peer_now());
        }
    }
}

/* --- the peer as a whole --- */

static int open_listener(uint16_t port, struct emu_error *error)
{
    const struct sockaddr_in6 addr = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    const int off = 0;

    if (fd < 0) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "no IPv6 socket: %s", strerror(errno));
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) != 0 || listen(fd, BACKLOG) != 0) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot listen on port %u: %s", port,
                      strerror(errno));
        close(fd);
        return -1;
    }
    return fd;
}

static void on_timer(uv_timer_t *timer)
{
    (void)timer; /* on_prepare() does the work */
}

/* Before the loop sleeps: serves the flows that are due, and has it wake for the next. */
static void on_prepare(uv_prepare_t *prepare)
{
    struct emu_peer *peer = prepare->data;
    const toe_instant now = peer_now();
    struct emu_timer *timer;
    toe_instant due = TOE_INSTANT_NEVER;
    toe_instant next;

    while ((timer = emu_timers_pop(&peer->timers, now)) != NULL) {
        serve((struct conn *)((char *)timer - offsetof(struct conn, timer)), now);
    }
    while (peer->finish_at == 0 && peer->counts.all < peer->settings->opens) {
        if (!open_own(peer, now)) {
            ++peer->result->unopened;
            break; /* again when something else has happened */
        }
    }
    if (peer->finish_at != 0 && (peer->conns == NULL || now >= peer->finish_at)) {
        uv_stop(&peer->loop);
        return;
    }
    if (peer->settings->application != NULL) {
        due = peer->settings->application(peer->settings->user, peer, now);
    }
    next = emu_timers_next(&peer->timers);
    next = due < next ? due : next;
    if (peer->finish_at != 0 && peer->finish_at < next) {
        next = peer->finish_at;
    }
    if (next == TOE_INSTANT_NEVER) {
        uv_timer_stop(&peer->timer);
        return;
    }
    uv_update_time(&peer->loop);
    uv_timer_start(&peer->timer, on_timer, next <= now ? 0 : (next - now) / TOE_NS_PER_MS + 1, 0);
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    uv_stop(handle->loop);
}

static void on_life(uv_poll_t *poll, int status, int events)
{
    struct emu_peer *peer = poll->data;
    char byte;
    int fd;

    (void)events;
    if (status < 0 || uv_fileno((uv_handle_t *)poll, &fd) != 0 || read(fd, &byte, 1) == 0) {
        uv_poll_stop(poll);
        peer->finish_at = peer_now() + FINISH_TIME;
        if (peer->settings->opens != 0) {
            emu_peer_hurry(peer, peer_now());
        }
        if (!peer->settings->finishes) {
            uv_stop(poll->loop);
        }
    }
}

static void start(struct emu_peer *peer, const struct emu_peer_settings *settings, int listener)
{
    static const int numbers[2] = {SIGINT, SIGTERM};

    uv_loop_init(&peer->loop);
    uv_poll_init(&peer->loop, &peer->listener, listener);
    peer->listener.data = peer;
    uv_poll_start(&peer->listener, UV_READABLE, on_acceptable);
    uv_timer_init(&peer->loop, &peer->timer);
    uv_prepare_init(&peer->loop, &peer->prepare);
    peer->prepare.data = peer;
    uv_prepare_start(&peer->prepare, on_prepare);
    for (int i = 0; i < 2; ++i) {
        uv_signal_init(&peer->loop, &peer->signals[i]);
        uv_signal_start(&peer->signals[i], on_signal, numbers[i]);
    }
    if (settings->life_fd >= 0 && uv_poll_init(&peer->loop, &peer->life, settings->life_fd) == 0) {
        peer->life.data = peer;
        uv_poll_start(&peer->life, UV_READABLE, on_life);
    }
}

static void close_handle(uv_handle_t *handle, void *user)
{
    (void)user;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

bool emu_peer_run(struct emu_peer_result *result, const struct emu_peer_settings *settings,
                  struct emu_error *error)
{
    struct emu_peer *peer = calloc(1, sizeof(*peer));
    const int listener = open_listener(settings->port, error);

    *result = (struct emu_peer_result){0};
    if (peer == NULL || listener < 0) {
        free(peer);
        return false;
    }
    peer->result = result;
    peer->settings = settings;
    peer->random.state = settings->seed;
    start(peer, settings, listener);
    if (settings->ready_fd >= 0) {
        (void)!write(settings->ready_fd, "\n", 1);
    }
    uv_run(&peer->loop, UV_RUN_DEFAULT);
    while (peer->conns != NULL) {
        ++result->unfinished;
        conn_end(peer->conns, true);
    }
    uv_walk(&peer->loop, close_handle, NULL);
    uv_run(&peer->loop, UV_RUN_DEFAULT);
    uv_loop_close(&peer->loop);
    close(listener);
    emu_timers_fini(&peer->timers);
    free(peer);
    return true;
}

void emu_peer_counts_get(const struct emu_peer *peer, struct emu_peer_counts *counts)
{
    *counts = peer->counts;
}

void emu_peer_hurry(struct emu_peer *peer, toe_instant now)
{
    for (struct conn *conn = peer->conns; conn != NULL; conn = conn->next) {
        emu_flow_hurry(&conn->flow, now);
        if (conn->is_open) {
            emu_timers_set(&peer->timers, &conn->timer, now);
        }
    }
}

void emu_peer_stop(struct emu_peer *peer)
{
    uv_stop(&peer->loop);
}

int emu_peer_status(const struct emu_peer_result *result)
{
    return result->fault[0] == '\0' && result->bytes_wrong == 0 ? EMU_EXIT_OK : EMU_EXIT_FAULT;
}
