/* SPDX-License-Identifier: MIT */
/*
 * Connections: what a host knows of one.
 *
 * A connection is the engine's control block, its place, and queues of pieces that are the same
 * wherever it is:
 *
 *     unposted   bytes of the application that neither engine nor target has yet
 *     posted     bytes one of them has, in the order of posting; an acknowledged piece leaves
 *     received   bytes that the application has not taken
 *     lent       received bytes that went to the target as buffered data, until it has copied them
 *     held       segments that came while the connection was on its way, or that go to the target
 *
 * Because |posted| keeps the order, whatever way a piece comes back, by a completion or in the
 * chain of a terminate, an upload finds the stream in it (SND-082).
 *
 * While the connection is offloaded its control block is dormant: it keeps what never changes and
 * the state it had.
 */
#ifndef HOST_HOST_CONN_H
#define HOST_HOST_CONN_H

#include "host/events.h"
#include "host/lookup.h"
#include "host/stack.h"
#include "host/timer.h"
#include "tcp/engine.h"

struct host_listener;

/* Pieces that engine or target have of one connection; what follows is gathered into large ones,
 * and these are posted when they are full. */
#define HOST_POSTED_MAX 64u

/* Segments held for a connection on its way; the peer sends again what is dropped. */
#define HOST_HELD_MAX 512u

/* The bits of the type of service, or traffic class, that are not ECN. */
#define HOST_TOS_MASK 0xfcu

/* Terminates that fail before the connection is given up. */
#define HOST_TERMINATE_TRIES 3

struct host_conn {
    struct tcp_conn tcp;
    struct tcp_busy busy; /* lent to |tcp| */
    struct toe_host *host;
    struct host_path *path; /* referenced */
    struct base_hash_node hash;
    uint16_t local_port;
    uint16_t remote_port;
    uint64_t secret; /* host_secret() of its tuple */
    uint32_t mtu;    /* the path's, as the engine knows it */
    struct toe_host_options options;
    struct host_subject subject;
    struct base_list_node ready;  /* on the host's list of those with something to do */
    struct base_list_node move;   /* on the interface's list of those to be offloaded or uploaded */
    struct base_list_node starve; /* on the host's list of those that wait for pieces */
    struct base_list_node accept; /* on the listener's list */
    struct host_timer timer;
    struct host_timer policy;
    struct host_listener *listener; /* until it is accepted */

    struct base_list unposted;
    struct base_list posted;
    uint32_t posted_cnt;
    uint32_t snd_len; /* bytes in both */
    struct host_queue received;
    uint32_t consumed; /* taken by the application, and not yet told to the engine */
    struct host_queue lent;
    struct base_list held;
    uint32_t held_cnt;

    /* Offloaded. */
    toe_handle object;         /* the target's handle */
    struct host_piece *fin;    /* the graceful disconnect that is posted */
    uint32_t owed;             /* bytes that were lent and have not come back */
    struct base_list receives; /* that are posted */
    uint32_t receive_cnt;      /* how many that are */
    uint32_t receive_room;     /* bytes they have room for */
    uint32_t query_cnt;        /* queries that have not been answered */
    uint32_t icmp_mtu;         /* a router said so, about a segment that begins at, */
    toe_seq icmp_seq;
    uint8_t icmp_error; /* or this: enum toe_soft_error */
    uint32_t offload_cnt;
    uint32_t upload_cnt;
    uint32_t retry_cnt; /* automatic offloads that did not last */

    uint8_t place;         /* enum toe_place; written by host_conn_place_set() only */
    uint8_t upload_reason; /* enum toe_upload_reason the target gave, 0: none */
    uint8_t failure_cnt;   /* terminates that failed in a row */
    bool is_hashed : 1;
    bool is_opening : 1;   /* a SYN is to be sent */
    bool is_active : 1;    /* opened by us */
    bool is_opened : 1;    /* was established */
    bool is_orphan : 1;    /* the application gave the handle back */
    bool is_shut : 1;      /* the application ended the sending half */
    bool is_fin_given : 1; /* engine or target know */
    bool is_fin_acked : 1; /* the target said so */
    bool is_fin_rcvd : 1;  /* the peer's FIN: the end of the stream */
    bool is_abort_due : 1; /* a RST is to be sent */
    bool is_reset : 1;     /* the target said: reset by the peer, or by us */
    bool is_over : 1;      /* CLOSED or RESET was raised, or nobody is left to hear it */
    bool is_starved : 1;   /* toe_host_send() took less than all */
    bool is_late_text : 1; /* text arrived for nobody */
    bool is_offload_wanted : 1;
    bool is_upload_wanted : 1;
    bool is_refused : 1;     /* the target holds text until a receive is posted */
    bool is_bulk : 1;        /* the last receive was filled */
    bool is_time_wait : 1;   /* counted as such */
    bool is_options_due : 1; /* they changed */
    bool has_more : 1;       /* the application said that more follows what it wrote last */
    bool is_flush_due : 1;   /* and that it need not be waited for */
};

/* host_conn_get() is the connection of the application that |handle| names, or NULL. */
struct host_conn *host_conn_get(const struct toe_host *host, toe_handle handle);

/*
 * host_conn_new() makes a closed connection on |path|, of which it takes over the reference, and
 * lets segments of |tuple|, which has the addresses of |path|, find it. NULL, and the reference is
 * given back, if there is no room.
 */
struct host_conn *host_conn_new(struct toe_host *host, struct host_path *path,
                                const struct host_tuple *tuple);

/*
 * host_conn_free() frees a connection that is in the host. What it holds goes with it, without a
 * word to the peer.
 */
void host_conn_free(struct host_conn *conn);

/* host_conn_mss_limit() is the engine's limit: the path's, or what the application wants. */
uint16_t host_conn_mss_limit(const struct host_conn *conn);

/* host_conn_setup() is what the engine of |conn| begins with. */
struct tcp_setup host_conn_setup(const struct host_conn *conn);

/* host_conn_cached() is the cached state of |conn| as its options want it. */
struct toe_tcp_cached host_conn_cached(const struct host_conn *conn);

/* host_conn_touch() puts |conn| on the list of those with something to do. */
void host_conn_touch(struct host_conn *conn);

/* host_conn_raise() tells the application. */
void host_conn_raise(struct host_conn *conn, enum toe_host_event_type type);

/* host_conn_text() is the engine's offer of text (tcp/conn.h). */
bool host_conn_text(struct tcp_conn *tcp, const uint8_t *data, uint32_t len, bool push);

/*
 * host_conn_drain() moves what the engine put together from segments out of order, if there is any,
 * to where it is received. False if memory is too short for all of it.
 */
bool host_conn_drain_queue(struct host_conn *conn);

static inline bool host_conn_drain(struct host_conn *conn)
{
    return conn->tcp.busy->recvq.len == 0 || host_conn_drain_queue(conn);
}

/* host_conn_posted_done() frees |piece| of conn->posted: its bytes have gone their way. */
void host_conn_posted_done(struct host_conn *conn, struct host_piece *piece);

/* host_conn_sends_drop() frees everything that was to be sent. */
void host_conn_sends_drop(struct host_conn *conn);

#endif
