/* SPDX-License-Identifier: MIT */
/*
 * The host stack: connections for an application, run by its own TCP or through the chimney.
 *
 * A host owns connections from the SYN to the end of TIME_WAIT. It has interfaces, each with an
 * offload target below it; while a connection is in the host, its segments travel as ordinary
 * frames through that target; while it is offloaded, its data travels through the target's data
 * operations. The application sees none of this: the same calls send and receive, before, during
 * and after a move, and no byte is lost, doubled or reordered by one.
 *
 * The host does what the architecture leaves to it: ARP and neighbor discovery, ICMP and path MTU,
 * routes, connection set-up and teardown, TIME_WAIT; and it decides, by its policy or when it is
 * told, which connections move when.
 *
 * It is a pure machine: an application calls toe_host_run() when toe_host_deadline() has come or
 * the target below has run, and then takes events with toe_host_event_next() until there are none.
 * It runs its targets itself neither; the owner of all of them does (design: the pump).
 */
#ifndef TOE_HOST_H
#define TOE_HOST_H

#include "toe/drop.h"
#include "toe/saved.h"
#include "toe/seam.h"
#include "toe/target.h"
#include "toe/tuning.h"
#include "toe/types.h"

#ifdef __cplusplus
extern "C" {
#endif

struct toe_host;

/* When connections move without being told. */
enum toe_policy {
    TOE_POLICY_MANUAL, /* never: toe_host_offload() and toe_host_upload() only */
    TOE_POLICY_ALL,    /* offload each as soon as it can be, upload when it must be */
    TOE_POLICY_RANDOM, /* offload and upload at random instants, by the seed */
};

/* How a host receives from an offloaded connection. */
enum toe_receive_mode {
    TOE_RECEIVE_INDICATED, /* it posts nothing and takes what is indicated */
    TOE_RECEIVE_POSTED,    /* it keeps buffers posted */
    TOE_RECEIVE_MIXED,     /* now this, now that, by the seed; refuses some indications */
};

/* Explicit congestion notification (RFC 3168), of new connections. */
enum toe_ecn {
    TOE_ECN_OFF,
    TOE_ECN_RESPOND, /* agree to it where the peer offers it */
    TOE_ECN_ON,      /* and offer it */
};

struct toe_host_settings {
    size_t size; /* sizeof(struct toe_host_settings) */

    struct toe_mem mem;
    struct toe_bus bus;
    uint64_t seed;            /* of sequence numbers, ports and all that is random */
    struct toe_params params; /* set at every target the host is attached to */

    enum toe_congestion congestion;
    enum toe_policy policy;
    enum toe_receive_mode receive_mode;
    toe_duration policy_in_host;   /* random: mean time until a connection is offloaded */
    toe_duration policy_offloaded; /* random: mean time until it is uploaded */

    uint32_t conn_max; /* connections, listeners and those in TIME_WAIT together */
    uint32_t snd_buf;  /* bytes a connection buffers for sending */
    uint32_t rcv_buf;  /* receive window */
    bool timestamps;   /* offered in a SYN */
    bool sack;
    bool window_scaling;
    bool nagle;
    bool keep_alive;
    uint32_t ka_timeout; /* ticks */
    uint32_t ka_interval;
    uint8_t ka_probe_cnt;
    uint8_t syn_retries;
    toe_duration time_wait; /* 2 MSL */
    bool extension;         /* give and take extensions where the target knows them */
    uint32_t rcv_buf_max;   /* the window scale offered is one for so much; 0: for rcv_buf */
    uint32_t push_burst;    /* PSH on every so manieth segment of a burst; 0: not (toe/target.h) */
    toe_duration rto_min;   /* least retransmission timeout */
    bool pacing;            /* spread what may leave over the round trip */
    bool rack_threshold;    /* three SACKed are a loss, until reordering was seen: RFC 8985, 6.2 */
    enum toe_ecn ecn;       /* a connection that has it goes only to a target that tells |ecn| */
    bool accurate_ecn;      /* with ECN: accurate feedback where the peer knows it (RFC 9768) */
    bool bsd_syn; /* SYN options: MSS, window scale, SACK, timestamps; else as Linux has them */
    uint8_t ttl;  /* or hop limit, of all that is sent, but where an option says else */
    struct toe_tuning tuning;
};

/* toe_host_settings_default() fills in all: policy manual, 65,536 connections, 60 s TIME_WAIT. */
TOE_EXPORT void toe_host_settings_default(struct toe_host_settings *settings);

/* toe_host_new() creates a host; NULL if memory is short. */
TOE_EXPORT struct toe_host *toe_host_new(const struct toe_host_settings *settings);

/*
 * toe_host_del() frees a host. Connections are forgotten, nothing is sent. The targets must not be
 * run any more.
 */
TOE_EXPORT void toe_host_del(struct toe_host *host);

/* Interfaces, addresses, routes */

struct toe_host_interface {
    const struct toe_target_ops *ops; /* the target below, or an intermediate driver */
    void *target;
    uint32_t mtu;     /* of the link */
    uint16_t vlan_id; /* 0: untagged */
};

/*
 * toe_host_interface_add() attaches the host to the target of |interface| and returns the
 * interface's index, or -1 if memory is short or the target refuses the parameters. The MAC
 * address is the one the target's capabilities tell.
 */
TOE_EXPORT int toe_host_interface_add(struct toe_host *host,
                                      const struct toe_host_interface *interface);

/*
 * toe_host_address_add() gives interface |index| the address |addr| and a route to its subnet of
 * |prefix_len| bits. Returns 0, or -1 if the arguments make no sense or memory is short. IPv6
 * link-local addresses are not made up: add one if one is wanted.
 */
TOE_EXPORT int toe_host_address_add(struct toe_host *host, int index, const struct toe_addr *addr,
                                    uint8_t prefix_len);

/* toe_host_route_add() routes |dst|/|prefix_len| through |gateway| on interface |index|. */
TOE_EXPORT int toe_host_route_add(struct toe_host *host, int index, const struct toe_addr *dst,
                                  uint8_t prefix_len, const struct toe_addr *gateway);

/* Connections */

/*
 * toe_host_listen() accepts connections to |addr| (NULL: any) and |port|. Returns the listener, or
 * 0 if the port is taken or there is no room. At most |backlog| connections wait for accept.
 */
TOE_EXPORT toe_handle toe_host_listen(struct toe_host *host, const struct toe_addr *addr,
                                      uint16_t port, uint32_t backlog);

/* toe_host_accept() takes the next established connection of |listener|, or returns 0. */
TOE_EXPORT toe_handle toe_host_accept(struct toe_host *host, toe_handle listener);

/*
 * toe_host_connect() opens a connection from |src| (NULL: chosen by the route) and |src_port| (0:
 * chosen at random). Returns 0 if there is no route, no port or no room.
 */
TOE_EXPORT toe_handle toe_host_connect(struct toe_host *host, const struct toe_addr *src,
                                       uint16_t src_port, const struct toe_addr *dst,
                                       uint16_t dst_port);

/* toe_host_send() copies up to |len| bytes for sending and returns how many there was room for. */
TOE_EXPORT size_t toe_host_send(struct toe_host *host, toe_handle conn, const void *data,
                                size_t len);

/*
 * toe_host_send_more() is toe_host_send() where more follows: what does not fill a segment waits
 * for it, and has no PSH. It goes with the next toe_host_send(), with toe_host_flush(), at the end
 * of the stream, or when the send buffer is full; there is no timer.
 */
TOE_EXPORT size_t toe_host_send_more(struct toe_host *host, toe_handle conn, const void *data,
                                     size_t len);

/*
 * toe_host_flush() sends what waits to fill a segment, by toe_host_send_more() or |cork|, if
 * |with_push| with PSH in any case. What comes later waits again.
 */
TOE_EXPORT void toe_host_flush(struct toe_host *host, toe_handle conn, bool with_push);

/* toe_host_receive() takes up to |len| received bytes and returns how many there were. */
TOE_EXPORT size_t toe_host_receive(struct toe_host *host, toe_handle conn, void *data, size_t len);

/* toe_host_peek() copies them and takes none: they are there again, and the window is as it was. */
TOE_EXPORT size_t toe_host_peek(const struct toe_host *host, toe_handle conn, void *data,
                                size_t len);

/* toe_host_shutdown() ends the sending half, after what was sent: a FIN. */
TOE_EXPORT void toe_host_shutdown(struct toe_host *host, toe_handle conn);

/*
 * toe_host_close() gives the handle back. The connection closes by itself: a FIN after what was
 * sent, or a RST if received bytes were not taken or more arrive (RFC 2525, 2.16 and 2.17).
 */
TOE_EXPORT void toe_host_close(struct toe_host *host, toe_handle conn);

/* toe_host_abort() sends a RST, and gives the handle back. */
TOE_EXPORT void toe_host_abort(struct toe_host *host, toe_handle conn);

/* Where a connection is. */
enum toe_place {
    TOE_PLACE_HOST,
    TOE_PLACE_OFFLOADING,
    TOE_PLACE_OFFLOADED,
    TOE_PLACE_UPLOADING,
    TOE_PLACE_FROZEN, /* in the host, and still: it is moving to another host */
};

/* toe_place_name() is "host", "offloading", "offloaded", "uploading" or "frozen". */
TOE_EXPORT const char *toe_place_name(enum toe_place place);

struct toe_host_conn_info {
    struct toe_addr local, remote;
    uint16_t local_port, remote_port;
    enum toe_conn_state state; /* as of the last time the host had it */
    enum toe_place place;
    uint32_t offload_cnt;
    uint32_t upload_cnt;
    toe_status offload_status; /* of the last attempt */
    size_t sendable;           /* bytes toe_host_send() would take */
    size_t receivable;         /* bytes toe_host_receive() would return */
    bool end_of_stream;        /* the peer's FIN follows the receivable bytes */
};

/* toe_host_conn_info() tells about |conn|; false if there is no such connection. */
TOE_EXPORT bool toe_host_conn_info(const struct toe_host *host, toe_handle conn,
                                   struct toe_host_conn_info *info);

/* Options of one connection, or of those a listener brings. */
struct toe_host_options {
    size_t size;      /* sizeof(struct toe_host_options) */
    uint16_t mss;     /* neither announced nor sent is more; 0: as the path allows */
    uint32_t snd_buf; /* the next six begin as the host's settings say */
    uint32_t rcv_buf;
    bool nagle;
    bool keep_alive;
    uint32_t ka_timeout; /* ticks */
    uint32_t ka_interval;
    uint8_t ka_probe_cnt;
    uint32_t user_timeout; /* ticks a segment may be retransmitted for; 0: count instead */
    bool cork;             /* what does not fill a segment waits: see toe_host_send_more() */
    uint8_t ttl;           /* or hop limit; begins as the host's settings say, and is not 0 */
    uint8_t tos;      /* or traffic class: DSCP; the two lowest bits are ECN's, and not taken */
    bool soft_errors; /* tell them: TOE_HOST_SOFT_ERROR */
};

/*
 * toe_host_options_get() tells the options of the connection or listener |handle|, and
 * toe_host_options_set() changes them, with the next run; in the target, too, where it is there. An
 * MSS, and a larger receive buffer's window scale, count up to the first run after
 * toe_host_connect(), and for connections that come to a listener afterwards. False if there is
 * none of the name, or a buffer is of no or too much size.
 */
TOE_EXPORT bool toe_host_options_get(const struct toe_host *host, toe_handle handle,
                                     struct toe_host_options *options);
TOE_EXPORT bool toe_host_options_set(struct toe_host *host, toe_handle handle,
                                     const struct toe_host_options *options);

/* What congestion control is about. */
enum toe_host_phase {
    TOE_HOST_PHASE_OPEN,
    TOE_HOST_PHASE_DISORDER, /* duplicates came, or something was SACKed */
    TOE_HOST_PHASE_RECOVERY,
    TOE_HOST_PHASE_LOSS, /* after a timeout */
    TOE_HOST_PHASE_MARK, /* a congestion mark lets cwnd go down: mark_by_prr of toe/tuning.h */
};

/* The engine's numbers of a connection that is in the host. */
struct toe_host_tcp_info {
    uint32_t size; /* sizeof(struct toe_host_tcp_info), set by the asker */
    enum toe_conn_state state;
    enum toe_host_phase phase;
    bool timestamps; /* agreed upon */
    bool sack;
    bool window_scaling;
    uint8_t snd_wscale;
    uint8_t rcv_wscale;
    uint8_t retransmit_cnt; /* of the segment that is first */
    uint8_t probe_cnt;      /* of a closed window, or keep-alive, without answer */
    uint8_t backoff;        /* doublings of the timeout */
    uint16_t snd_mss;       /* payload of a full segment */
    uint16_t rcv_mss;
    uint16_t adv_mss; /* announced */
    uint32_t cwnd;    /* bytes, and so are the following; in a reduction as RFC 9937 has it */
    uint32_t ssthresh;
    uint32_t snd_wnd;
    uint32_t rcv_wnd;
    uint32_t in_flight;
    uint32_t sacked;
    uint32_t lost;              /* and not sent again */
    uint32_t resent;            /* sent again, and neither acknowledged nor SACKed */
    uint32_t unsent;            /* in the send buffer, a FIN not counted */
    uint64_t retransmitted_cnt; /* segments, ever */
    toe_duration rto;
    toe_duration srtt; /* zero: no sample yet */
    toe_duration rttvar;
    toe_duration min_rtt;
    bool ecn;          /* agreed upon, */
    bool accurate_ecn; /* with accurate feedback */
};

/* toe_host_tcp_info() tells them; false if there is no such connection in the host. */
TOE_EXPORT bool toe_host_tcp_info(const struct toe_host *host, toe_handle conn,
                                  struct toe_host_tcp_info *info);

/* toe_host_conn_user_set() keeps a pointer of the application's with the connection. */
TOE_EXPORT void toe_host_conn_user_set(struct toe_host *host, toe_handle conn, void *user);
TOE_EXPORT void *toe_host_conn_user(const struct toe_host *host, toe_handle conn);

/* Moving */

/*
 * toe_host_offload() begins to offload |cnt| connections, in one tree for each interface: new
 * neighbors and paths where they are not offloaded yet, linkers where they are. Returns how many of
 * them could be begun; the others are not established, moving or offloaded already.
 */
TOE_EXPORT uint32_t toe_host_offload(struct toe_host *host, const toe_handle *conns, uint32_t cnt);

/* toe_host_upload() begins to take |cnt| connections back, in one tree for each interface. */
TOE_EXPORT uint32_t toe_host_upload(struct toe_host *host, const toe_handle *conns, uint32_t cnt);

/* toe_host_policy_set() changes the policy from now on. */
TOE_EXPORT void toe_host_policy_set(struct toe_host *host, enum toe_policy policy);

/*
 * Moving between hosts
 *
 * A connection can go on in another host, in another process or on another machine, and its peer
 * notices nothing. It is carried as bytes (toe/saved.h). So that nothing is lost when something
 * fails on the way, and never two hosts own it, it is *frozen* at both ends in between:
 *
 *     here                                   there
 *     toe_host_save()      frozen
 *                          the bytes   ->    toe_host_restore()     frozen
 *     toe_host_forget()    gone
 *                          "go on"     ->    toe_host_thaw()        lives
 *
 * Until the forget each step can fail: then it goes on here with toe_host_thaw(), and is forgotten
 * there. Once it is forgotten here it is whole there.
 *
 * A frozen connection sends nothing and its timers do nothing. Segments that come for it wait, so
 * that a host to which they still find their way does not answer with a RST; a connection is best
 * forgotten when the frames go to the other host already. The application's calls do nothing, and
 * there is nothing to receive, not even the end of the stream: what was in flight is in the bytes.
 * The handle stays until the forget, which toe_host_close() and toe_host_abort() are, too, for a
 * frozen connection.
 *
 * Time stands still for it meanwhile: it is saved as of the last run of its host, and restored as
 * of the last run of the other one, whatever their clocks say.
 */

/*
 * toe_host_save() freezes |conn| and writes it into the |room| bytes at |bytes|; what is owed to
 * the peer is acknowledged before. |*len| is how many bytes it takes, also if there are too few; so
 * a call with NULL and no room asks for that.
 *
 * TOE_STATUS_SUCCESS
 * TOE_STATUS_INVALID_LENGTH
 *     There is too little room; |conn| is as it was.
 * TOE_STATUS_INVALID_PARAMETER
 *     There is no such connection.
 * TOE_STATUS_INVALID_STATE
 *     It is none that can be saved: not established, not accepted yet, over, frozen, or in a state
 *     that toe_saved_check() does not take.
 * TOE_STATUS_REQUEST_UPLOAD
 *     It is offloaded, or on its way: toe_host_upload() first.
 * TOE_STATUS_RESOURCES
 *     Memory is short.
 */
TOE_EXPORT toe_status toe_host_save(struct toe_host *host, toe_handle conn, void *bytes,
                                    size_t room, size_t *len);

/*
 * toe_host_restore() makes |saved| a connection of this host, frozen, and |*conn| its handle. What
 * |saved| points to is copied. The neighbor is found by the routes of this host. Events come once
 * it is thawed.
 *
 * TOE_STATUS_SUCCESS
 * TOE_STATUS_INVALID_DATA
 *     It is not sound: toe_saved_check() says why.
 * TOE_STATUS_NOT_SUPPORTED
 *     It counts in other ticks than this host does.
 * TOE_STATUS_INVALID_PARAMETER
 *     There is no route to the remote address, or the local one is not ours there.
 * TOE_STATUS_INVALID_STATE
 *     There is a connection between the same addresses and ports, be it in TIME_WAIT.
 * TOE_STATUS_RESOURCES
 *     Memory is short, or there is no room for one connection more.
 */
TOE_EXPORT toe_status toe_host_restore(struct toe_host *host, const struct toe_saved *saved,
                                       toe_handle *conn);

/* toe_host_thaw() lets the frozen |conn| go on in this host; false if it is none. */
TOE_EXPORT bool toe_host_thaw(struct toe_host *host, toe_handle conn);

/*
 * toe_host_forget() lets go of the frozen |conn|, without a word to the peer, and of its handle;
 * false if it is none.
 */
TOE_EXPORT bool toe_host_forget(struct toe_host *host, toe_handle conn);

/* Events */

enum toe_host_event_type {
    TOE_HOST_CONNECTED,      /* |conn| is established (active open) */
    TOE_HOST_ACCEPTABLE,     /* |conn| is a listener with a connection to accept */
    TOE_HOST_RECEIVABLE,     /* bytes or the end of the stream wait */
    TOE_HOST_SENDABLE,       /* there is room again after toe_host_send() took less than all */
    TOE_HOST_OFFLOADED,      /* the connection is in the target now */
    TOE_HOST_OFFLOAD_FAILED, /* it stayed; |status| says why */
    TOE_HOST_UPLOADED,       /* it is back; |reason| if the target had asked for it, else 0 */
    TOE_HOST_SOFT_ERROR,     /* |reason| is an enum toe_soft_error; only who wants them is told */
    TOE_HOST_CLOSED,         /* both halves ended in order; everything sent was acknowledged */
    TOE_HOST_RESET,          /* the peer reset or refused it, or it timed out: |status| */
};

/*
 * Trouble that ends no connection, and may pass (RFC 9293, 3.9.2.2). All but the last are ICMP's
 * about a segment in flight, by whomever sent: a word to the user, not a reason to give up.
 */
enum toe_soft_error {
    TOE_SOFT_ERROR_NONE,
    TOE_SOFT_ERROR_UNREACHABLE,    /* a router finds no way to the peer's network or machine */
    TOE_SOFT_ERROR_REFUSED,        /* the peer's machine: no such protocol or port */
    TOE_SOFT_ERROR_PROHIBITED,     /* a filter on the way */
    TOE_SOFT_ERROR_HOP_LIMIT,      /* too many hops: a loop, or |ttl| is too small */
    TOE_SOFT_ERROR_RETRANSMITTING, /* a segment left for the fourth time, in the host: R1 */
};

/* toe_soft_error_name() is "unreachable", "refused" and so on; NULL for none. */
TOE_EXPORT const char *toe_soft_error_name(enum toe_soft_error error);

/*
 * One event of one connection. Events of a kind that is still waiting to be taken are not doubled.
 * After CLOSED or RESET none follows, and toe_host_close() frees what is left. The status of RESET:
 *
 * TOE_STATUS_REQUEST_ABORTED
 *     The peer reset the connection.
 * TOE_STATUS_NOT_ACCEPTED
 *     The peer, or its machine, refused it.
 * TOE_STATUS_FAILURE
 *     The peer was not heard of for too long, or the target lost the connection.
 */
struct toe_host_event {
    enum toe_host_event_type type;
    toe_handle conn;
    void *user; /* toe_host_conn_user_set() */
    toe_status status;
    uint32_t reason;
};

/* toe_host_event_next() takes the next event; false if there is none. */
TOE_EXPORT bool toe_host_event_next(struct toe_host *host, struct toe_host_event *event);

/* Running */

/* toe_host_deadline() is the instant at which toe_host_run() is next due: 0 for at once. */
TOE_EXPORT toe_instant toe_host_deadline(const struct toe_host *host);

/* toe_host_run() does everything that is due at |now|. |now| never goes back. */
TOE_EXPORT void toe_host_run(struct toe_host *host, toe_instant now);

/* Counters of a host. The last four are gauges. */
struct toe_host_stats {
    uint32_t size;   /* sizeof(struct toe_host_stats), set by the asker */
    uint64_t opened; /* established, either way */
    uint64_t closed; /* ended in order */
    uint64_t resets_in;
    uint64_t resets_out;
    uint64_t timeouts;
    uint64_t restored;  /* connections that came from another host; not among those opened */
    uint64_t forgotten; /* frozen ones that were let go of */
    uint64_t offloads;  /* connections */
    uint64_t offloads_failed;
    uint64_t uploads;
    uint64_t upload_reasons[12]; /* of those the target asked for, by enum toe_upload_reason */
    uint64_t forwarded;          /* segments */
    uint64_t segments_in;        /* in the host */
    uint64_t segments_out;
    uint64_t retransmitted;
    uint64_t offloaded_in_state[11]; /* offloads by enum toe_conn_state */
    uint64_t uploaded_in_state[11];
    uint64_t offloaded_with_unacked;  /* with bytes sent and not acknowledged */
    uint64_t offloaded_with_received; /* with received bytes not taken */
    uint64_t offloaded_zero_window;   /* while the peer's window was closed */
    uint64_t uploaded_with_unacked;
    uint64_t uploaded_with_received;
    uint64_t uploaded_zero_window;
    uint64_t extensions_taken;   /* of connections that came back with one (toe/extension.h), */
    uint64_t extensions_ignored; /* and those that made no sense */
    uint64_t drops[TOE_DROP_CNT];
    uint32_t conn_cnt; /* connections of any kind */
    uint32_t time_wait_cnt;
    uint32_t offloaded_cnt;
    uint32_t neighbor_links; /* dependents of offloaded neighbors and paths, by the host's count */
};

TOE_EXPORT void toe_host_stats_get(const struct toe_host *host, struct toe_host_stats *stats);

#ifdef __cplusplus
}
#endif

#endif
