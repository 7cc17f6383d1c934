/* SPDX-License-Identifier: MIT */
#include "pd_data.h"

#include "pd_room.h"

#include <errno.h>

/* One call, reading or writing. */
struct transfer {
    int fd;
    const struct iovec *iov;
    size_t cnt;
    size_t done; /* bytes */
    size_t all;
    int flags; /* MSG_* */
    bool can_wait;
    bool has_waited;
};

static bool end(struct pd_call *call, ssize_t result, int error)
{
    call->result = error == 0 ? result : -1;
    call->error = error;
    return true;
}

/* Where byte |done| of a transfer lies, and how many follow there. */
static void *place(const struct transfer *t, size_t *len)
{
    size_t off = t->done;

    for (size_t i = 0; i < t->cnt; ++i) {
        if (off < t->iov[i].iov_len) {
            *len = t->iov[i].iov_len - off;
            return (char *)t->iov[i].iov_base + off;
        }
        off -= t->iov[i].iov_len;
    }
    *len = 0;
    return NULL;
}

/* Whether memory is asked for where there is none; adds up the lengths. */
static bool is_fault(struct transfer *t)
{
    t->all = 0;
    for (size_t i = 0; i < t->cnt; ++i) {
        if (t->iov[i].iov_base == NULL && t->iov[i].iov_len > 0) {
            return true;
        }
        t->all += t->iov[i].iov_len;
    }
    return false;
}

static void take_received(struct transfer *t, struct pd_socket *socket)
{
    size_t cnt = 1;
    size_t len;

    while (t->done < t->all && cnt > 0) {
        void *to = place(t, &len);

        cnt = toe_host_receive(pd_world()->host, socket->handle, to, len);
        t->done += cnt;
    }
    socket->read_cnt += t->done;
}

/* Looks at what there is; into the first piece of memory only. */
static void peek(struct transfer *t, const struct pd_socket *socket)
{
    size_t len;
    void *to = place(t, &len);

    t->done = toe_host_peek(pd_world()->host, socket->handle, to, len);
}

static bool attempt_read(struct pd_call *call)
{
    struct transfer *t = call->what;
    struct pd_socket *socket = pd_socket_find(t->fd);
    struct toe_host_conn_info info = {0};

    if (socket == NULL) {
        return end(call, -1, EBADF);
    }
    if (is_fault(t)) {
        return end(call, -1, EFAULT);
    }
    if (socket->is_listening || !socket->was_connected) {
        return socket->is_connecting ? false : end(call, -1, ENOTCONN);
    }
    if (socket->handle != 0) {
        if ((t->flags & MSG_PEEK) != 0) {
            peek(t, socket);
        } else {
            take_received(t, socket);
        }
        toe_host_conn_info(pd_world()->host, socket->handle, &info);
    }
    if (t->done > 0 || t->all == 0) {
        return end(call, (ssize_t)t->done, 0);
    }
    if (socket->error != 0) {
        return end(call, -1, pd_socket_error_take(socket));
    }
    return (info.end_of_stream || socket->is_read_shut || socket->is_ended) && end(call, 0, 0);
}

/* Gives the stack |cnt| bytes of |t|; returns how many it took. */
static uint32_t give(struct transfer *t, struct pd_socket *socket, uint32_t cnt)
{
    struct toe_host *host = pd_world()->host;
    uint32_t done = 0;

    while (done < cnt) {
        size_t len;
        const void *from = place(t, &len);
        size_t took;

        len = len < cnt - done ? len : cnt - done;
        took = (t->flags & MSG_MORE) != 0 ? toe_host_send_more(host, socket->handle, from, len)
                                          : toe_host_send(host, socket->handle, from, len);
        if (took == 0) {
            break;
        }
        done += (uint32_t)took;
        t->done += took;
    }
    pd_room_taken(socket, done);
    return done;
}

/* Writes as much as there is room for. */
static void write_some(struct transfer *t, struct pd_socket *socket)
{
    while (t->done < t->all) {
        bool fills;
        const uint32_t want = t->all - t->done < UINT32_MAX ? (uint32_t)(t->all - t->done) : 0;
        const uint32_t room = pd_room(socket, want, &fills);

        if (room == 0 || give(t, socket, room) < room) {
            break;
        }
        if (fills && t->done < t->all) {
            pd_run();
        }
    }
    socket->has_more = (t->flags & MSG_MORE) != 0;
    socket->is_short = t->done < t->all;
}

static bool attempt_write(struct pd_call *call)
{
    struct transfer *t = call->what;
    struct pd_socket *socket = pd_socket_find(t->fd);

    if (socket == NULL) {
        return end(call, -1, EBADF);
    }
    if (is_fault(t)) {
        return end(call, -1, EFAULT);
    }
    if (socket->is_connecting) {
        return false;
    }
    if (!socket->is_connected || socket->is_write_shut) {
        if (t->done > 0) {
            return end(call, (ssize_t)t->done, 0);
        }
        return end(call, -1, socket->error != 0 ? pd_socket_error_take(socket) : EPIPE);
    }
    if (!t->has_waited || pd_room_is_enough(socket)) {
        write_some(t, socket);
    }
    if (t->done == t->all || (t->done > 0 && !t->can_wait)) {
        return end(call, (ssize_t)t->done, 0);
    }
    t->has_waited = true;
    return false;
}

static ssize_t transfer(bool (*attempt)(struct pd_call *call), int fd, const struct iovec *iov,
                        size_t cnt, int flags)
{
    struct transfer t = {.fd = fd, .iov = iov, .cnt = cnt, .flags = flags};
    struct pd_call call = {.attempt = attempt, .what = &t, .deadline = TOE_INSTANT_NEVER};
    const int known = MSG_DONTWAIT | MSG_NOSIGNAL | MSG_ZEROCOPY | MSG_MORE | MSG_PEEK;

    if ((flags & ~known) != 0) {
        errno = EOPNOTSUPP;
        return -1;
    }
    t.can_wait = (flags & MSG_DONTWAIT) == 0 && pd_socket_may_wait(fd);
    return pd_run_call(&call, t.can_wait);
}

ssize_t pd_recv(void *user, int fd, void *bytes, size_t len, int flags)
{
    const struct iovec iov = {.iov_base = bytes, .iov_len = len};

    (void)user;
    return transfer(attempt_read, fd, &iov, 1, flags);
}

ssize_t pd_read(void *user, int fd, void *bytes, size_t len)
{
    return pd_recv(user, fd, bytes, len, 0);
}

ssize_t pd_readv(void *user, int fd, const struct iovec *iov, int cnt)
{
    (void)user;
    return transfer(attempt_read, fd, iov, (size_t)cnt, 0);
}

ssize_t pd_recvfrom(void *user, int fd, void *bytes, size_t len, int flags, struct sockaddr *addr,
                    socklen_t *addr_len)
{
    (void)addr;
    if (addr_len != NULL) {
        *addr_len = 0; /* a stream's bytes come from where it is connected to */
    }
    return pd_recv(user, fd, bytes, len, flags);
}

ssize_t pd_recvmsg(void *user, int fd, struct msghdr *msg, int flags)
{
    (void)user;
    msg->msg_namelen = 0;
    msg->msg_controllen = 0;
    msg->msg_flags = 0;
    return transfer(attempt_read, fd, msg->msg_iov, msg->msg_iovlen, flags);
}

ssize_t pd_send(void *user, int fd, const void *bytes, size_t len, int flags)
{
    const struct iovec iov = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = len};

    (void)user;
    return transfer(attempt_write, fd, &iov, 1, flags);
}

ssize_t pd_write(void *user, int fd, const void *bytes, size_t len)
{
    return pd_send(user, fd, bytes, len, 0);
}

ssize_t pd_writev(void *user, int fd, const struct iovec *iov, int cnt)
{
    (void)user;
    return transfer(attempt_write, fd, iov, (size_t)cnt, 0);
}

ssize_t pd_sendto(void *user, int fd, const void *bytes, size_t len, int flags,
                  const struct sockaddr *addr, socklen_t addr_len)
{
    (void)addr;
    (void)addr_len;
    return pd_send(user, fd, bytes, len, flags);
}

ssize_t pd_sendmsg(void *user, int fd, const struct msghdr *msg, int flags)
{
    (void)user;
    return transfer(attempt_write, fd, msg->msg_iov, msg->msg_iovlen, flags);
}
