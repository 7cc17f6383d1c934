/* SPDX-License-Identifier: MIT */
#ifndef PD_SOCKET_H
#define PD_SOCKET_H

#include "pd_world.h"

#include <netinet/in.h>
#include <sys/socket.h>

/* What the time of a connection goes into. */
enum pd_spent {
    PD_SPENT_IDLE,
    PD_SPENT_BUSY,   /* something is not acknowledged, */
    PD_SPENT_RWND,   /* and the peer's window is in the way, */
    PD_SPENT_SNDBUF, /* or the send buffer */
    PD_SPENT_CNT,
};

/*
 * Sockets: what a descriptor stands for.
 *
 * The number is that of a real descriptor, so that packetdrill can close it, but nothing of it is
 * used. A socket has the stack's handle once it listens or connects; options that are set before
 * wait here.
 */

struct pd_socket {
    int fd;
    int domain;
    toe_handle handle; /* 0: none yet, or none any more */
    struct toe_addr addr;
    uint16_t port; /* bound to; 0: not */
    struct toe_addr peer;
    uint16_t peer_port;
    struct toe_host_options options;
    toe_handle accepted; /* of a listener: waits for accept() */
    int error;           /* errno for SO_ERROR and the next call */
    int flags;           /* O_NONBLOCK */
    int linger;          /* seconds, or -1 */
    int reuse;
    bool is_listening;
    bool is_connecting;
    bool is_connected;
    bool was_connected;
    bool is_read_shut;
    bool is_write_shut;
    bool is_ended;          /* CLOSED or RESET came: nothing more will */
    bool is_reset;          /* and it was no orderly end */
    uint64_t read_cnt;      /* bytes that were read */
    uint64_t arrival_cnt;   /* bytes that arrived, and one for the end of the stream, */
    toe_instant arrived_at; /* and when the last did */
    uint32_t write_cnt;     /* bytes that were written */
    uint32_t acked_cnt;     /* and that the peer was seen to have acknowledged */
    uint32_t piece_len;     /* Linux: bytes in the last piece of memory */
    uint32_t sndbuf;        /* and the limit of all */
    uint32_t notsent_lowat; /* 0: not set */
    bool is_sndbuf_set;     /* by the application */
    bool is_short;          /* a write found no room for all, */
    uint64_t room_cnt;      /* and how often there was enough again */
    bool has_more;          /* the last write said MSG_MORE */
    toe_instant more_until; /* Linux does not wait longer for more */
    enum pd_spent spends;
    toe_instant spent_at; /* since when */
    toe_duration spent[PD_SPENT_CNT];
    struct pd_socket *next;
};

/* pd_socket_find() is the socket of |fd|, or NULL. */
struct pd_socket *pd_socket_find(int fd);

/* pd_socket_get() is the same, and sets errno to EBADF. */
struct pd_socket *pd_socket_get(int fd);

/* pd_socket_may_wait() tells whether calls on |fd| may block; takes the lock. */
bool pd_socket_may_wait(int fd);

/* pd_socket_events() is what poll() would say of it. */
short pd_socket_events(struct pd_socket *socket);

/* pd_socket_error_take() is the error that waits, and forgets it. */
int pd_socket_error_take(struct pd_socket *socket);

/* pd_sockets_follow() takes the events of the host. */
void pd_sockets_follow(void);

/* pd_sockets_deadline() is when one of them stops waiting for more to send. */
toe_instant pd_sockets_deadline(void);

/* pd_sockets_move() moves all connections to the other place. */
void pd_sockets_move(void);

/* pd_socket_place_set() moves it to the target, or back, and lets it stay there. An errno, or 0. */
int pd_socket_place_set(struct pd_socket *socket, bool offloaded);

/* pd_socket_place() is enum toe_place; what has no connection is in the host. */
int pd_socket_place(const struct pd_socket *socket);

/* pd_real_fd() is a descriptor of the system's that nothing happens on, or -1. */
int pd_real_fd(void);

int pd_socket(void *user, int domain, int type, int protocol);
int pd_bind(void *user, int fd, const struct sockaddr *addr, socklen_t len);
int pd_listen(void *user, int fd, int backlog);
int pd_accept(void *user, int fd, struct sockaddr *addr, socklen_t *len);
int pd_connect(void *user, int fd, const struct sockaddr *addr, socklen_t len);
int pd_close(void *user, int fd);
int pd_shutdown(void *user, int fd, int how);

#endif
