/* SPDX-License-Identifier: MIT */
#include "pd_socket.h"

#include "pd_room.h"
#include "pd_trail.h"
#include "pd_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static struct pd_socket *sockets;

struct pd_socket *pd_socket_find(int fd)
{
    struct pd_socket *socket = sockets;

    while (socket != NULL && socket->fd != fd) {
        socket = socket->next;
    }
    return socket;
}

struct pd_socket *pd_socket_get(int fd)
{
    struct pd_socket *socket = pd_socket_find(fd);

    if (socket == NULL) {
        errno = EBADF;
    }
    return socket;
}

int pd_real_fd(void)
{
    return eventfd(0, EFD_CLOEXEC);
}

static struct pd_socket *socket_new(int domain)
{
    const struct toe_host_settings *settings = &pd_world()->persona.host;
    struct pd_socket *new = calloc(1, sizeof(*new));

    if (new == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    new->fd = pd_real_fd();
    if (new->fd < 0) {
        free(new);
        return NULL;
    }
    new->domain = domain;
    new->arrived_at = pd_world()->now;
    new->spent_at = pd_world()->now;
    new->more_until = TOE_INSTANT_NEVER;
    new->sndbuf = settings->snd_buf;
    new->linger = -1;
    new->options = (struct toe_host_options){
        .size = sizeof(new->options),
        .snd_buf = settings->snd_buf + (pd_world()->persona.is_linux ? PD_SND_BUF_SPARE : 0),
        .rcv_buf = settings->rcv_buf,
        .nagle = settings->nagle,
        .keep_alive = settings->keep_alive,
        .ka_timeout = settings->ka_timeout,
        .ka_interval = settings->ka_interval,
        .ka_probe_cnt = settings->ka_probe_cnt,
        .ttl = settings->ttl,
    };
    new->next = sockets;
    sockets = new;
    return new;
}

int pd_socket_error_take(struct pd_socket *socket)
{
    const int error = socket->error;

    socket->error = 0;
    return error;
}

/* The next connection of a listener, kept until accept() asks for it. */
static void fetch_accepted(struct pd_socket *socket)
{
    if (socket->is_listening && socket->accepted == 0) {
        socket->accepted = toe_host_accept(pd_world()->host, socket->handle);
    }
}

short pd_socket_events(struct pd_socket *socket)
{
    struct toe_host_conn_info info = {0};
    int events = 0;

    if (socket->is_listening) {
        fetch_accepted(socket);
        return socket->accepted != 0 ? POLLIN | POLLRDNORM : 0;
    }
    if (socket->handle == 0 && !socket->was_connected) {
        return POLLOUT | POLLWRNORM | POLLHUP;
    }
    if (socket->handle != 0) {
        toe_host_conn_info(pd_world()->host, socket->handle, &info);
    }
    if (info.end_of_stream || socket->is_read_shut || socket->is_ended) {
        events |= POLLIN | POLLRDNORM | POLLRDHUP;
    }
    if (info.receivable > 0) {
        events |= POLLIN | POLLRDNORM;
    }
    if (socket->is_ended || (socket->is_write_shut && (events & POLLRDHUP) != 0)) {
        events |= POLLHUP;
    }
    if (socket->error != 0) {
        events |= POLLERR;
    }
    if (socket->is_ended || socket->is_write_shut ||
        (socket->is_connected && pd_room_is_enough(socket))) {
        events |= POLLOUT | POLLWRNORM;
    }
    return (short)events;
}

static void ended(struct pd_socket *socket, const struct toe_host_event *event)
{
    socket->is_ended = true;
    socket->is_connecting = false;
    socket->is_connected = false;
    if (event->type == TOE_HOST_CLOSED) {
        return;
    }
    socket->is_reset = true;
    switch (event->status) {
    case TOE_STATUS_REQUEST_ABORTED:
        socket->error = ECONNRESET;
        break;
    case TOE_STATUS_NOT_ACCEPTED:
        socket->error = ECONNREFUSED;
        break;
    default:
        socket->error = ETIMEDOUT;
        break;
    }
}

/* The event may come again after a move, when nothing is new. */
static void note_arrival(struct pd_socket *socket)
{
    struct toe_host_conn_info info;
    uint64_t cnt;

    if (!toe_host_conn_info(pd_world()->host, socket->handle, &info)) {
        return;
    }
    cnt = socket->read_cnt + info.receivable + info.end_of_stream;
    if (cnt > socket->arrival_cnt) {
        socket->arrival_cnt = cnt;
        socket->arrived_at = pd_world()->now;
    }
}

/* What Linux waits for more to follow, at least; the round trip comes on top. */
#define MORE_MIN (200 * TOE_NS_PER_MS)

/*
 * Linux's limits to waiting for more: with nothing on its way, as long as a segment that was lost
 * would be waited for; and what MSG_MORE was said of goes with the next acknowledgment.
 */
static void follow_more(struct pd_socket *socket, const struct pd_trail *trail, bool is_acked)
{
    struct toe_host *host = pd_world()->host;
    uint32_t unacked;

    if (!socket->has_more && !socket->options.cork) {
        return;
    }
    if (is_acked && !socket->options.cork) {
        toe_host_flush(host, socket->handle, false);
    }
    if (pd_room_unsent(socket, &unacked) == 0 || pd_trail_acked(trail) != pd_trail_sent(trail)) {
        socket->more_until = TOE_INSTANT_NEVER;
    } else if (socket->more_until == TOE_INSTANT_NEVER) {
        socket->more_until = pd_world()->now + MORE_MIN + trail->rtt;
    } else if (socket->more_until <= pd_world()->now) {
        socket->more_until = TOE_INSTANT_NEVER;
        toe_host_flush(host, socket->handle, true);
    }
}

/* What Linux does by itself for who writes. */
static void follow_writer(struct pd_socket *socket)
{
    const struct pd_trail *trail = pd_room_trail(socket);
    bool is_acked;

    if (!pd_world()->persona.is_linux || trail == NULL) {
        return;
    }
    is_acked = pd_trail_acked(trail) != socket->acked_cnt;
    socket->acked_cnt = pd_trail_acked(trail);
    if (is_acked) {
        pd_room_acked(socket);
    }
    follow_more(socket, trail, is_acked);
}

toe_instant pd_sockets_deadline(void)
{
    toe_instant next = TOE_INSTANT_NEVER;

    for (const struct pd_socket *socket = sockets; socket != NULL; socket = socket->next) {
        next = socket->more_until < next ? socket->more_until : next;
    }
    return next;
}

void pd_sockets_follow(void)
{
    struct toe_host_event event;

    for (struct pd_socket *socket = sockets; socket != NULL; socket = socket->next) {
        follow_writer(socket);
        pd_room_follow(socket);
    }
    while (toe_host_event_next(pd_world()->host, &event)) {
        struct pd_socket *socket = event.user;

        if (socket == NULL) {
            continue;
        }
        switch (event.type) {
        case TOE_HOST_CONNECTED:
            socket->is_connecting = false;
            socket->is_connected = true;
            socket->was_connected = true;
            socket->arrived_at = pd_world()->now;
            break;
        case TOE_HOST_RECEIVABLE:
            note_arrival(socket);
            break;
        case TOE_HOST_CLOSED:
        case TOE_HOST_RESET:
            ended(socket, &event);
            break;
        case TOE_HOST_ACCEPTABLE:
        case TOE_HOST_SENDABLE:
        case TOE_HOST_SOFT_ERROR:
        case TOE_HOST_OFFLOADED:
        case TOE_HOST_OFFLOAD_FAILED:
        case TOE_HOST_UPLOADED:
            break;
        }
    }
}

void pd_sockets_move(void)
{
    struct toe_host *host = pd_world()->host;

    for (struct pd_socket *socket = sockets; socket != NULL; socket = socket->next) {
        struct toe_host_conn_info info;

        if (socket->handle == 0 || socket->is_listening ||
            !toe_host_conn_info(host, socket->handle, &info)) {
            continue;
        }
        if (info.place == TOE_PLACE_OFFLOADED) {
            toe_host_upload(host, &socket->handle, 1);
        } else {
            toe_host_offload(host, &socket->handle, 1);
        }
    }
}

int pd_socket_place(const struct pd_socket *socket)
{
    struct toe_host_conn_info info;

    if (socket->handle == 0 || !toe_host_conn_info(pd_world()->host, socket->handle, &info)) {
        return TOE_PLACE_HOST;
    }
    return (int)info.place;
}

int pd_socket_place_set(struct pd_socket *socket, bool offloaded)
{
    const int want = offloaded ? TOE_PLACE_OFFLOADED : TOE_PLACE_HOST;
    struct toe_host *host = pd_world()->host;
    uint32_t cnt;

    if (socket->handle == 0 || socket->is_listening) {
        return ENOTCONN;
    }
    pd_world()->is_placed = true;
    toe_host_policy_set(host, TOE_POLICY_MANUAL);
    if (pd_socket_place(socket) == want) {
        return 0;
    }
    cnt = offloaded ? toe_host_offload(host, &socket->handle, 1)
                    : toe_host_upload(host, &socket->handle, 1);
    return cnt == 1 ? 0 : EBUSY;
}

/* Addresses. An IPv4 address in an IPv6 socket is a mapped one. */

static bool get_addr(struct toe_addr *addr, uint16_t *port, const struct sockaddr *from,
                     socklen_t len)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;

    *addr = (struct toe_addr){0};
    if (from != NULL && len >= sizeof(in) && from->sa_family == AF_INET) {
        memcpy(&in, from, sizeof(in));
        *port = ntohs(in.sin_port);
        addr->family = 4;
        memcpy(addr->bytes, &in.sin_addr, 4);
        return true;
    }
    if (from == NULL || len < sizeof(in6) || from->sa_family != AF_INET6) {
        return false;
    }
    memcpy(&in6, from, sizeof(in6));
    *port = ntohs(in6.sin6_port);
    if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
        addr->family = 4;
        memcpy(addr->bytes, in6.sin6_addr.s6_addr + 12, 4);
    } else {
        addr->family = 6;
        memcpy(addr->bytes, &in6.sin6_addr, 16);
    }
    return true;
}

static void put_addr(struct sockaddr *to, socklen_t *len, int domain, const struct toe_addr *addr,
                     uint16_t port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    const void *from = &in;
    socklen_t all = sizeof(in);

    if (to == NULL || len == NULL) {
        return;
    }
    if (domain == AF_INET) {
        memcpy(&in.sin_addr, addr->bytes, 4);
    } else {
        from = &in6;
        all = sizeof(in6);
        if (addr->family == 4) {
            memset(in6.sin6_addr.s6_addr + 10, 0xff, 2);
            memcpy(in6.sin6_addr.s6_addr + 12, addr->bytes, 4);
        } else {
            memcpy(&in6.sin6_addr, addr->bytes, 16);
        }
    }
    memcpy(to, from, *len < all ? *len : all);
    *len = all;
}

static bool is_any(const struct toe_addr *addr)
{
    static const uint8_t zero[16] = {0};

    return memcmp(addr->bytes, zero, sizeof(zero)) == 0;
}

/* The calls. Each that names a descriptor finds it under the lock. */

int pd_socket(void *user, int domain, int type, int protocol)
{
    struct pd_socket *new = NULL;

    (void)user;
    pd_enter();
    if ((domain != AF_INET && domain != AF_INET6) || (type & 0xf) != SOCK_STREAM ||
        (protocol != 0 && protocol != IPPROTO_TCP)) {
        errno = EPROTONOSUPPORT;
    } else if (!pd_world_make()) {
        errno = ENOMEM;
    } else {
        new = socket_new(domain);
    }
    if (new != NULL) {
        new->flags = (type & SOCK_NONBLOCK) != 0 ? O_NONBLOCK : 0;
    }
    pd_leave();
    return new == NULL ? -1 : new->fd;
}

int pd_bind(void *user, int fd, const struct sockaddr *addr, socklen_t len)
{
    struct pd_socket *socket;
    int result = -1;

    (void)user;
    pd_enter();
    socket = pd_socket_get(fd);
    if (socket != NULL) {
        if (socket->handle != 0 || socket->port != 0 ||
            !get_addr(&socket->addr, &socket->port, addr, len)) {
            errno = EINVAL;
        } else {
            result = 0;
        }
    }
    pd_leave();
    return result;
}

int pd_listen(void *user, int fd, int backlog)
{
    struct toe_host *host = pd_world()->host;
    struct pd_socket *socket;
    int result = -1;

    (void)user;
    pd_enter();
    pd_step();
    socket = pd_socket_get(fd);
    if (socket != NULL && socket->handle == 0 && socket->port != 0) {
        /* Linux takes one more than it is asked for. */
        socket->handle = toe_host_listen(host, is_any(&socket->addr) ? NULL : &socket->addr,
                                         socket->port, (uint32_t)(backlog < 0 ? 0 : backlog) + 1);
        if (socket->handle != 0) {
            socket->is_listening = true;
            toe_host_options_set(host, socket->handle, &socket->options);
            toe_host_conn_user_set(host, socket->handle, socket);
            result = 0;
        } else {
            errno = EADDRINUSE;
        }
    } else if (socket != NULL) {
        errno = EINVAL;
    }
    pd_leave();
    return result;
}

/* What accept() and connect() are given. */
struct open_call {
    int fd;
    struct sockaddr *addr;
    socklen_t *len;
};

static bool end_call(struct pd_call *call, ssize_t result, int error)
{
    call->result = error == 0 ? result : -1;
    call->error = error;
    return true;
}

static bool attempt_accept(struct pd_call *call)
{
    const struct open_call *what = call->what;
    struct toe_host *host = pd_world()->host;
    struct pd_socket *socket = pd_socket_find(what->fd);
    struct toe_host_conn_info info;
    struct pd_socket *new;

    if (socket == NULL || !socket->is_listening) {
        return end_call(call, -1, socket == NULL ? EBADF : EINVAL);
    }
    fetch_accepted(socket);
    if (socket->accepted == 0) {
        return false;
    }
    new = socket_new(socket->domain);
    if (new == NULL) {
        return end_call(call, -1, errno);
    }
    new->handle = socket->accepted;
    socket->accepted = 0;
    new->is_connected = true;
    new->was_connected = true;
    new->sndbuf = socket->sndbuf;
    new->is_sndbuf_set = socket->is_sndbuf_set;
    new->notsent_lowat = socket->notsent_lowat;
    toe_host_options_get(host, new->handle, &new->options);
    toe_host_conn_user_set(host, new->handle, new);
    if (toe_host_conn_info(host, new->handle, &info)) {
        new->addr = info.local;
        new->port = info.local_port;
        new->peer = info.remote;
        new->peer_port = info.remote_port;
    }
    put_addr(what->addr, what->len, new->domain, &new->peer, new->peer_port);
    return end_call(call, new->fd, 0);
}

bool pd_socket_may_wait(int fd)
{
    const struct pd_socket *socket;
    bool result;

    pthread_mutex_lock(&pd_world()->lock);
    socket = pd_socket_find(fd);
    result = socket == NULL || (socket->flags & O_NONBLOCK) == 0;
    pthread_mutex_unlock(&pd_world()->lock);
    return result;
}

int pd_accept(void *user, int fd, struct sockaddr *addr, socklen_t *len)
{
    struct open_call what = {.fd = fd, .addr = addr, .len = len};
    struct pd_call call = {.attempt = attempt_accept, .what = &what, .deadline = TOE_INSTANT_NEVER};

    (void)user;
    return (int)pd_run_call(&call, pd_socket_may_wait(fd));
}

static bool attempt_connected(struct pd_call *call)
{
    const struct open_call *what = call->what;
    struct pd_socket *socket = pd_socket_find(what->fd);

    if (socket == NULL) {
        return end_call(call, -1, EBADF);
    }
    if (socket->is_connecting) {
        return false;
    }
    return end_call(call, 0, pd_socket_error_take(socket));
}

/* Begins to connect; returns an errno, or 0. */
static int begin_connect(struct pd_socket *socket, const struct sockaddr *addr, socklen_t len)
{
    struct toe_host *host = pd_world()->host;

    if (socket->is_connecting) {
        return EALREADY;
    }
    if (socket->is_connected) {
        return EISCONN;
    }
    if (socket->handle != 0 || !get_addr(&socket->peer, &socket->peer_port, addr, len)) {
        return EINVAL;
    }
    socket->handle = toe_host_connect(host, is_any(&socket->addr) ? NULL : &socket->addr,
                                      socket->port, &socket->peer, socket->peer_port);
    if (socket->handle == 0) {
        return ENETUNREACH;
    }
    socket->is_connecting = true;
    toe_host_options_set(host, socket->handle, &socket->options);
    toe_host_conn_user_set(host, socket->handle, socket);
    return 0;
}

int pd_connect(void *user, int fd, const struct sockaddr *addr, socklen_t len)
{
    struct open_call what = {.fd = fd};
    struct pd_call call = {
        .attempt = attempt_connected, .what = &what, .deadline = TOE_INSTANT_NEVER};
    struct pd_socket *socket;
    int error = EBADF;
    int result;

    (void)user;
    pd_enter();
    socket = pd_socket_find(fd);
    if (socket != NULL) {
        error = begin_connect(socket, addr, len);
    }
    pd_leave();
    if (error != 0) {
        errno = error;
        return -1;
    }
    result = (int)pd_run_call(&call, pd_socket_may_wait(fd));
    if (result < 0 && errno == EAGAIN) {
        errno = EINPROGRESS;
    }
    return result;
}

static void unlink_socket(struct pd_socket *socket)
{
    struct pd_socket **link = &sockets;

    while (*link != socket) {
        link = &(*link)->next;
    }
    *link = socket->next;
}

int pd_close(void *user, int fd)
{
    struct toe_host *host = pd_world()->host;
    struct pd_socket *socket;

    (void)user;
    pd_enter();
    pd_step();
    socket = pd_socket_find(fd);
    if (socket != NULL) {
        unlink_socket(socket);
        if (socket->accepted != 0) {
            toe_host_abort(host, socket->accepted);
        }
        if (socket->handle != 0) {
            toe_host_conn_user_set(host, socket->handle, NULL);
            if (socket->linger == 0 && !socket->is_listening) {
                toe_host_abort(host, socket->handle);
            } else {
                toe_host_close(host, socket->handle);
            }
        }
        free(socket);
    }
    pd_leave();
    return close(fd);
}

int pd_shutdown(void *user, int fd, int how)
{
    struct toe_host *host = pd_world()->host;
    struct pd_socket *socket;
    int result = -1;

    (void)user;
    pd_enter();
    pd_step();
    socket = pd_socket_get(fd);
    if (socket != NULL && how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR) {
        errno = EINVAL;
    } else if (socket != NULL && socket->is_connecting) {
        /* It ends, without a word. */
        toe_host_close(host, socket->handle);
        socket->handle = 0;
        socket->is_connecting = false;
        result = 0;
    } else if (socket != NULL && !socket->is_connected) {
        errno = ENOTCONN;
    } else if (socket != NULL) {
        socket->is_read_shut = socket->is_read_shut || how != SHUT_WR;
        socket->is_write_shut = socket->is_write_shut || how != SHUT_RD;
        if (how != SHUT_RD) {
            toe_host_shutdown(host, socket->handle);
        }
        result = 0;
    }
    pd_leave();
    return result;
}
