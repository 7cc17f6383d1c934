/* SPDX-License-Identifier: MIT */
/*
 * State: what is handed over when a connection moves.
 *
 * There are three layers. A *neighbor* is the next hop on the link; a *path* is a pair of IP
 * addresses reached through one neighbor; a *TCP connection* runs over one path. The state of each
 * layer comes in three classes, by who may change it while the target has it:
 *
 *   const      nobody, for the life of the connection
 *   cached     the host, by an update; the target only uses it
 *   delegated  the target; the host learns it by a query or, for good, by a terminate
 *
 * Units. Sequence numbers, windows and sizes are in bytes, unscaled. Times are in *ticks* of the
 * host, of which the parameters say how many make a second (10, 100 or 1000; toe/params.h). What is
 * called delta or age is relative to the moment of the call. TOE_TICKS_NONE in a timeout says that
 * the timer does not run, zero that it expires at once. Ports are in host byte order, addresses in
 * network byte order.
 *
 * The structures are those of the original architecture (its rules STATE-* in comments), with
 * plain integers for bit fields. Each begins with its size; a larger one than the library knows is
 * accepted and its tail ignored, a smaller one fails, except that a TCP state may lack the
 * extension.
 */
#ifndef TOE_STATE_H
#define TOE_STATE_H

#include "toe/buf.h"
#include "toe/extension.h"
#include "toe/types.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TOE_TICKS_NONE UINT32_MAX      /* a timer that does not run */
#define TOE_TICKS_UNLIMITED UINT32_MAX /* max_rt: no limit */
#define TOE_BACKLOG_UNKNOWN UINT32_MAX /* a backlog the target does not measure */

/* Neighbor */

struct toe_neighbor_const {
    uint8_t src_mac[TOE_MAC_LEN]; /* all zero: the interface's own */
    uint16_t vlan_id;             /* 1 to 4094; 0: none */
};

struct toe_neighbor_cached {
    uint8_t dst_mac[TOE_MAC_LEN];
    uint32_t host_reachability_delta; /* ticks since the host last knew the neighbor reachable */
};

struct toe_neighbor_delegated {
    uint32_t nic_reachability_delta; /* ticks since the target last knew the neighbor reachable */
};

struct toe_neighbor_state {
    uint32_t size; /* sizeof(struct toe_neighbor_state) */
    struct toe_neighbor_const constant;
    struct toe_neighbor_cached cached;
    struct toe_neighbor_delegated delegated;
};

/* Path; a path has no delegated state. */

struct toe_path_const {
    struct toe_addr src; /* the local address */
    struct toe_addr dst; /* the remote address; same family */
};

struct toe_path_cached {
    uint32_t mtu; /* bytes of an IP packet */
};

struct toe_path_state {
    uint32_t size; /* sizeof(struct toe_path_state) */
    struct toe_path_const constant;
    struct toe_path_cached cached;
};

/* TCP connection */

enum toe_conn_state {
    TOE_TCP_CLOSED = 0,
    TOE_TCP_LISTEN = 1,
    TOE_TCP_SYN_SENT = 2,
    TOE_TCP_SYN_RCVD = 3,
    TOE_TCP_ESTABLISHED = 4,
    TOE_TCP_FIN_WAIT_1 = 5,
    TOE_TCP_FIN_WAIT_2 = 6,
    TOE_TCP_CLOSE_WAIT = 7,
    TOE_TCP_CLOSING = 8,
    TOE_TCP_LAST_ACK = 9,
    TOE_TCP_TIME_WAIT = 10,
};

/* toe_conn_state_name() is "ESTABLISHED" and so on, or "UNKNOWN". */
TOE_EXPORT const char *toe_conn_state_name(enum toe_conn_state state);

/*
 * toe_conn_state_is_offloadable() tells whether a connection in |state| may be handed over:
 * ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, CLOSING, LAST_ACK.
 */
TOE_EXPORT bool toe_conn_state_is_offloadable(enum toe_conn_state state);

/* Flags of struct toe_tcp_const. */
enum {
    TOE_TCP_TIMESTAMPS = 0x01,     /* a timestamp option in every segment */
    TOE_TCP_SACK = 0x02,           /* selective acknowledgments, both ways */
    TOE_TCP_WINDOW_SCALING = 0x04, /* the scale factors apply */
    /*
     * ECN was agreed upon in the handshake (RFC-090). No flag of the original structures: only for
     * a target that tells |ecn| in its capabilities. Without it a target neither sends ECT nor
     * echoes marks, so a connection that agreed upon ECN goes to no other.
     */
    TOE_TCP_ECN = 0x8000,
    /*
     * With accurate feedback (RFC 9768); TOE_TCP_ECN is set as well. Only for a target that tells
     * |accecn| in its capabilities, and with an extension, which has the counters: without them the
     * peer would read marks out of the first segment.
     */
    TOE_TCP_ACCECN = 0x4000,
};

struct toe_tcp_const {
    uint16_t flags;
    uint16_t remote_port;
    uint16_t local_port;
    uint8_t snd_wnd_scale; /* applied to windows that the peer sends, 0 to 14 */
    uint8_t rcv_wnd_scale; /* applied to windows that are sent to the peer, 0 to 14 */
    uint16_t remote_mss;   /* what the peer announced in its SYN */
    uint32_t hash_value;   /* receive-side-scaling hash, used as it is */
};

/* Flags of struct toe_tcp_cached: the first two are levels, the others act once when received. */
enum {
    TOE_TCP_KEEP_ALIVE = 0x01,
    TOE_TCP_NAGLE = 0x02,
    TOE_TCP_KEEP_ALIVE_RESTART = 0x04, /* idle time starts again from zero */
    TOE_TCP_MAX_RT_RESTART = 0x08,     /* total_rt starts again from zero */
    TOE_TCP_UPDATE_RCV_WND = 0x10,     /* initial_rcv_wnd has changed: advertise it */
};

struct toe_tcp_cached {
    uint16_t flags;
    uint32_t initial_rcv_wnd;     /* the receive buffer's size */
    uint32_t rcv_indication_size; /* preferred size of an indication; 0: as much as there is */
    uint8_t ka_probe_cnt;         /* unanswered probes that end a connection */
    uint32_t ka_timeout;          /* ticks of silence before the first probe */
    uint32_t ka_interval;         /* ticks between probes */
    uint32_t max_rt;              /* ticks a segment may be retransmitted for; 0: count instead */
    uint32_t flow_label;          /* IPv6, 20 bits */
    uint8_t ttl;                  /* or hop limit */
    uint8_t tos;                  /* or traffic class */
    uint8_t user_priority;        /* 802.1p, 0 to 7 */
};

/* Invariant: snd_una <= snd_nxt <= snd_max in sequence order. */
struct toe_tcp_delegated {
    enum toe_conn_state state;
    uint16_t flags; /* reserved for the host, returned unchanged */
    uint32_t rcv_nxt;
    uint32_t rcv_wnd; /* from rcv_nxt to the right edge last advertised */
    uint32_t snd_una; /* sequence number of the first byte of the send chain */
    uint32_t snd_nxt; /* [snd_nxt, snd_max) is to be retransmitted before anything else */
    uint32_t snd_max; /* highest sequence number sent, plus one */
    uint32_t snd_wnd;
    uint32_t max_snd_wnd; /* the largest window the peer ever offered */
    uint32_t snd_wl1;
    uint32_t cwnd;
    uint32_t ssthresh;
    uint16_t srtt;          /* ticks times 8, saturated */
    uint16_t rttvar;        /* ticks times 4, saturated */
    uint32_t ts_recent;     /* timestamp to echo */
    uint32_t ts_recent_age; /* ticks since it was received */
    uint32_t ts_time;       /* timestamp clock of the giver, now */
    uint32_t total_rt;      /* ticks spent retransmitting the current segment */
    uint8_t dup_ack_cnt;
    uint8_t snd_wnd_probe_cnt; /* rounds of zero-window probes */
    uint8_t ka_probe_cnt;      /* unanswered keep-alive probes */
    uint32_t ka_timeout_delta; /* ticks to the next keep-alive expiry */
    uint8_t retransmit_cnt;    /* retransmissions of the segment, or probes of the round */
    /* Ticks to the next expiry of the timer that owns the slot: FIN_WAIT_2, persist, retransmit. */
    uint32_t retransmit_timeout_delta;
    uint32_t dwnd; /* opaque, returned unchanged */

    /* initiate, terminate: first and last buffer of the block's send chain that have data. */
    struct toe_buf *send_data_head;
    struct toe_buf *send_data_tail;
    /*
     * Received, acknowledged and not yet delivered: the bytes up to rcv_nxt. Initiate: borrowed
     * until the completion, the target copies. Terminate: the target's buffers, the host's until
     * it gives them back with receive_return().
     */
    struct toe_buf *buffered_data;

    uint32_t send_backlog_size;    /* query: bytes to keep outstanding for best throughput */
    uint32_t receive_backlog_size; /* query: received bytes the target holds undelivered */
};

struct toe_tcp_state {
    uint32_t size; /* sizeof(struct toe_tcp_state) */
    struct toe_tcp_const constant;
    struct toe_tcp_cached cached;
    struct toe_tcp_delegated delegated;
    struct toe_extension *extension; /* toe/extension.h; NULL: none */
};

/* The size without an extension, from somebody who does not know that there is one: legal. */
#define TOE_TCP_STATE_SIZE_MIN ((uint32_t)offsetof(struct toe_tcp_state, extension))

/* toe_tcp_extension() is the extension of |state|, or NULL. */
static inline struct toe_extension *toe_tcp_extension(const struct toe_tcp_state *state)
{
    return state->size >= sizeof(*state) ? state->extension : NULL;
}

#ifdef __cplusplus
}
#endif

#endif
