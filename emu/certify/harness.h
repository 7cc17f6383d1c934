/* SPDX-License-Identifier: MIT */
/*
 * The harness: a target under test, and the words scenarios are written in.
 *
 * A scenario gets a struct cert with everything at the baseline B0: one connection, 10.0.0.1:40000
 * to 10.0.0.2:5001, MTU 1500, no options, 1000 ticks a second, rcv_nxt 1000, snd_una 5000, windows
 * 65535, RTO 300 ms. It changes what its row says, offloads, and then talks:
 *
 *     cert_offload(c);
 *     cert_send(c, 1000);
 *     cert_expect_seg(c, "5000:6000 PSH");
 *     cert_at(c, 50);
 *     cert_expect_quiet(c);
 *     cert_peer(c, "ack=6000");
 *     cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
 *
 * Time is virtual: t = 0 is the end of cert_offload(), or the last cert_mark(). Posts and frames of
 * the peer are only put in place; the target runs when the scenario waits (cert_at(), and every
 * expectation). So what is put in place together arrives in one run.
 *
 * Expectations. What the target did lies in queues: its segments, and its upcalls. An expectation
 * takes the next one, waiting up to 10 ms for it, or until the time it names (10 ms to either
 * side). If something else comes first, or nothing, the scenario fails. What is left in the queues
 * at the end is no failure; say cert_expect_silence() and cert_expect_quiet() where it would be.
 *
 * The first failure ends the scenario (cert_fail() does not return). The invariants G of B.0 are
 * checked on everything that happens, in every scenario (guard.c). At the end, what is still
 * offloaded is terminated, and what is still lent must come back.
 *
 * Segments are written as text, the same for those sent and those expected; printf's conversions
 * apply. Of an expected one, only what is written is compared (except that SYN, FIN, RST must be
 * just as written, and "5000:6000" means these bytes and no others):
 *
 *     5000:6000   sequence numbers of the payload      5000+1000   the same
 *     5000        no payload                           +1000       peer: the next 1000 bytes
 *     SYN FIN RST PSH URG ECE CWR noACK                noPSH       expected: not there
 *     ack=N wnd=N (as in the header) urg=N len=N       ts=VAL/ECR ts=VAL nots    sack=A-B,C-D
 *     ttl=N tos=N flow=N id=N vlan=N novlan prio=N     reserved=N mac=N (last byte of the address)
 *     snap                     expected: in an 802.3 frame; without this word in Ethernet II
 *     badcsum badipcsum badoffset mf frag=N df=N       peer only
 *     t=MS        expected at this time
 *
 * What a peer's segment does not say: seq the next byte, ack and wnd as in the segment before, ts
 * (if the connection has timestamps) its clock and the last value it saw, ACK set.
 */
#ifndef CERTIFY_HARNESS_H
#define CERTIFY_HARNESS_H

#include "chart.h"
#include "craft.h"
#include "toe/certify.h"

struct cert;
struct cert_conn;

/* How an indication is answered; |consumed| is for PARTIALLY_ACCEPTED. */
struct cert_answer {
    toe_status status;
    uint32_t consumed;
};

enum cert_buf_state {
    CERT_BUF_HOST,   /* not posted */
    CERT_BUF_POSTED, /* lent to the target */
    CERT_BUF_DONE,   /* completed */
    CERT_BUF_BACK,   /* came back in a send chain */
};

/* A buffer of the host. */
struct cert_buf {
    struct toe_buf buf;
    struct cert_conn *conn;
    enum cert_op op;
    enum cert_buf_state state;
    struct toe_sge *sge;
    uint8_t *mem;
    uint32_t size;        /* bytes of memory */
    uint32_t want;        /* |len| when it was posted */
    uint32_t off;         /* |off| when it was posted */
    uint32_t seq;         /* SEND, DISCONNECT: stream position of its first byte when it was made */
    uint32_t made;        /* bytes of stream it was made with */
    struct toe_buf after; /* as it came back: nobody may touch it any more */
    struct cert_buf *lane;  /* the next posted one of its lane */
    struct cert_buf *older; /* of all of them */
};

/* The peer's side of one connection; the first offload fills it in, then fields may be set. */
struct cert_peer {
    uint32_t nxt;     /* the next byte it sends */
    uint32_t ack;     /* what it acknowledges */
    uint32_t acked;   /* the highest it ever did */
    uint16_t wnd;     /* the window it offers, as in the header */
    uint32_t ts_base; /* its timestamp clock at t = 0 of the whole run; one a tick */
    uint32_t ts_val;  /* if not 0: this value instead of the clock */
    uint32_t ts_ecr;  /* the last timestamp it saw */
    bool acks;        /* acknowledges data by itself, in order, |acks_after| ms later */
    uint32_t acks_after;
    bool sacks;       /* with |acks|: keeps what comes out of order, and tells by SACK blocks */
    uint32_t rcv_nxt; /* with |acks|: the next byte it waits for */
    uint8_t sack_cnt; /* with |sacks|: what it has beyond that, the newest first */
    uint32_t sack[CERT_SACK_MAX][2];
    bool has_fin; /* it sent a FIN, */
    uint32_t fin; /* with this sequence number */
};

/* A connection. |state| may be changed before it is offloaded, |cached| also for an update. */
struct cert_conn {
    uint32_t idx;
    struct toe_tcp_state state;
    struct toe_block block;
    toe_handle handle;
    struct cert_path *path;
    struct cert_peer peer;
    bool offloaded;    /* from the initiate's completion to the terminate's */
    bool ending;       /* a terminate is under way */
    bool aborted;      /* an abortive disconnect was posted: RST may be sent */
    uint32_t snd_next; /* stream position (sequence number) of the next byte to be posted */
    uint32_t rcv_next; /* and of the next one to be received */
    bool fin_posted;
    bool begun;               /* it was in a tree before */
    bool fresh;               /* in the tree of an offload that is under way */
    uint32_t events;          /* bit per enum toe_event that was raised since the offload */
    struct toe_buf *uploaded; /* buffered data of the last terminate, the target's */
    uint32_t right;           /* right edge of the window that was advertised */
    bool right_known;
    struct cert_buf *out_head; /* posted sends and disconnects */
    struct cert_buf *in_head;  /* posted receives */
    struct cert_buf *forward_head;
};

struct cert_neighbor {
    struct toe_neighbor_state state;
    struct toe_block block;
    toe_handle handle;
    bool offloaded;
};

struct cert_path {
    struct toe_path_state state;
    struct toe_block block;
    toe_handle handle;
    struct cert_neighbor *neighbor;
    bool offloaded;
};

/* A function that runs inside an upcall, |entry| tells which. |c| is at the upcall's connection. */
typedef void (*cert_hook)(struct cert *c, struct cert_entry *entry);

#define CERT_ANSWER_MAX 256
#define CERT_OBJECT_MAX 8

struct cert {
    /* May be changed before cert_start(), which cert_offload() calls. (toe/certify.h) */
    struct toe_certify_settings settings;
    struct toe_params params;

    /* The host. May be changed at any time. */
    struct cert_answer answer; /* of every indication, when |answers| are used up */
    struct cert_answer answers[CERT_ANSWER_MAX]; /* cert_answer() */
    uint32_t answer_cnt;
    uint32_t answer_idx;
    bool keeps;           /* accepted buffers are kept until cert_return() */
    uint32_t reach_delta; /* answer to a reachability query */
    cert_hook on_complete;
    cert_hook on_indicate;
    cert_hook on_event;
    cert_hook on_status;
    cert_hook on_tree;
    cert_hook on_neighbor; /* before the answer of |reach_delta| */
    uint32_t count;        /* the hooks' */
    void *user;            /* the hooks' */

    /* The wire. May be changed at any time. */
    bool link_down;
    bool (*loses)(struct cert *c,
                  const struct cert_entry *seg); /* of T>: the peer does not see it */
    cert_hook on_segment;                        /* a segment left; cert_peer() may answer */
    uint64_t bus_offset;     /* bus address = pointer + this; set before cert_start() */
    bool bus_fails;          /* no bus address can be mapped */
    uint64_t mem_fail_at;    /* the n-th allocation from cert_start() on, and all after it, fail */
    bool mem_fails_once;     /* only that one */
    bool rst_allowed;        /* RST is expected for another reason than an abort */
    bool payload_unchecked;  /* the payload of T> need not follow the stream */
    bool received_unchecked; /* nor what is received */

    /* To be read. */
    enum toe_profile profile;
    const struct toe_certify_plugin *plugin;
    const struct toe_target_ops *ops; /* for calls that have no word here; log with cert_note() */
    void *target;
    struct toe_caps caps;    /* as of cert_start() */
    struct toe_caps resumed; /* as the last resume told */
    toe_instant now;
    struct cert_chart *chart;
    struct cert_conn *conn; /* the current one: cert_use() */
    struct cert_conn **conns;
    uint32_t conn_cnt;
    struct cert_neighbor *neighbors[CERT_OBJECT_MAX]; /* 0: B0's */
    uint32_t neighbor_cnt;
    struct cert_path *paths[CERT_OBJECT_MAX]; /* 0: B0's */
    uint32_t path_cnt;
    uint64_t mem_live; /* allocations of the target that were not freed */
    uint64_t mem_cnt;

    struct cert_inside *inside; /* the harness's own */
};

/* --- setting up --- */

/* cert_tcp() is the state of the current connection, to be changed before it is offloaded. */
struct toe_tcp_state *cert_tcp(struct cert *c);

/* cert_ipv6() makes the current connection one of fd00::1 to fd00::2, before the offload. */
void cert_ipv6(struct cert *c);

/* cert_timestamps() turns timestamps on: ts_recent 700, ts_time 100000, the peer's clock at 701. */
void cert_timestamps(struct cert *c);

/* cert_scaling() turns window scaling on: windows of the peer are shifted by |snd|, ours by |rcv|.
 */
void cert_scaling(struct cert *c, uint8_t snd, uint8_t rcv);

/* cert_conn_add() adds a connection at B0 with the next local port on |path| and makes it current.
 */
struct cert_conn *cert_conn_add(struct cert *c, struct cert_path *path);

/* cert_path_add() adds 10.0.0.1 to 10.0.0.N (or of family 6); cert_neighbor_add() 02::N. */
struct cert_path *cert_path_add(struct cert *c, struct cert_neighbor *neighbor, uint8_t family);
struct cert_neighbor *cert_neighbor_add(struct cert *c);

/* cert_use() makes connection |idx| the current one. All words speak of the current one. */
struct cert_conn *cert_use(struct cert *c, uint32_t idx);

/* cert_start() creates the target, attaches the host and sets the parameters. */
void cert_start(struct cert *c);

/*
 * cert_allow() announces that the scenario, as a host, is going to break |rule|, so that it is no
 * failure. Every scenario runs under the contract monitor (toe/inter.h), and what it does to the
 * target must be right unless it is about just that.
 */
void cert_allow(struct cert *c, const char *rule);

/*
 * cert_offload() offloads all connections that are not, with their paths and neighbors, in one
 * tree; all must succeed. Then it is t = 0. It may be used again after a terminate: the state goes
 * back as it came, with its send chain and its buffered data.
 */
void cert_offload(struct cert *c);

/* cert_offload_try() is the same, but returns the status of the current connection's block. */
toe_status cert_offload_try(struct cert *c);

/* cert_chain() gives the current connection a send chain of |len| bytes from snd_una, |cnt| times.
 */
struct cert_buf *cert_chain(struct cert *c, uint32_t len);

/* cert_buffered() hands over |len| bytes of buffered data, those right before rcv_nxt. */
struct cert_buf *cert_buffered(struct cert *c, uint32_t len);

/* cert_skip() ends the scenario: it cannot be run on this target, because of |format|. */
void cert_skip(struct cert *c, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

/* --- time --- */

/* cert_at() runs the target at all its deadlines up to |ms| after t = 0, and then. */
void cert_at(struct cert *c, uint64_t ms);

/* cert_wait() is cert_at(), |ms| from now. cert_run() runs it now. */
void cert_wait(struct cert *c, uint64_t ms);
void cert_run(struct cert *c);

/* cert_mark() makes now t = 0. cert_ms() is the time since then. */
void cert_mark(struct cert *c);
uint64_t cert_ms(const struct cert *c);

/* cert_call_at() has |hook| called at |ms| after t = 0 (outside the target), once. */
void cert_call_at(struct cert *c, uint64_t ms, cert_hook hook);

/* --- what the host does --- */

/*
 * cert_send() posts a chain of sends, one for each length, and returns its first; a length of 0 is
 * an empty send. Bytes are those of the connection's stream.
 */
#define cert_send(c, ...)                                                                          \
    cert_send_chain((c), (const uint32_t[]){__VA_ARGS__},                                          \
                    sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))
struct cert_buf *cert_send_chain(struct cert *c, const uint32_t *lens, size_t cnt);

/* cert_receive() posts a receive of |len| bytes with |flags| (TOE_BUF_NO_PUSH). */
struct cert_buf *cert_receive(struct cert *c, uint32_t len, uint32_t flags);

/* cert_disconnect() posts a disconnect with |len| bytes of data. */
struct cert_buf *cert_disconnect(struct cert *c, enum toe_disconnect how, uint32_t len);

/* cert_forward() forwards one segment, written as for cert_peer(). */
struct cert_buf *cert_forward(struct cert *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * In two steps, for buffers of another shape: cert_buf_new() makes one with |cnt| pieces of |lens|
 * bytes, of which the first |head| and the last |tail| bytes are no data; cert_post() posts it, or
 * a chain (buf.next). A send is filled from the stream.
 */
struct cert_buf *cert_buf_new(struct cert *c, enum cert_op op, const uint32_t *lens, uint32_t cnt,
                              uint32_t head, uint32_t tail);
void cert_post(struct cert *c, struct cert_buf *first);

/* cert_repost() posts a buffer that came back, with what is left of it. */
void cert_repost(struct cert *c, struct cert_buf *buf);

/* cert_answer() answers the next indication not yet answered otherwise. */
void cert_answer(struct cert *c, toe_status status, uint32_t consumed);

/* cert_return() gives back all accepted buffers that were kept. */
void cert_return(struct cert *c);

/* cert_kept() is how many there are. */
uint32_t cert_kept(const struct cert *c);

/* --- state --- */

/* cert_query() queries all state of the current connection, which must succeed. */
const struct toe_tcp_state *cert_query(struct cert *c);

/* cert_update() updates path, neighbor and connection with their cached state; all must succeed. */
void cert_update(struct cert *c);

/*
 * cert_terminate() takes the current connection back, which must succeed, and returns its state. It
 * is in two steps where something is to happen in between. Buffered data must be those of the
 * stream, sends that are still out must be in the chain; the harness checks both.
 */
const struct toe_tcp_state *cert_terminate(struct cert *c);
void cert_terminate_begin(struct cert *c);
const struct toe_tcp_state *cert_terminate_end(struct cert *c);

/* cert_uploaded_len() is how much buffered data came back with the last terminate. */
uint32_t cert_uploaded_len(const struct cert *c);

/*
 * For trees of any shape: cert_block_init() makes |block| one of |type|, named |host_object|;
 * cert_tree() calls an operation with |tree|; cert_tree_wait() waits for its completion, up to a
 * second, and fails without one. Linking, handles and expectations are the scenario's.
 */
void cert_block_init(struct toe_block *block, uint16_t type, toe_handle *object, void *state);
void cert_tree(struct cert *c, enum cert_op op, struct toe_block *tree);
void cert_tree_wait(struct cert *c, enum cert_op op, struct toe_block *tree);

/* cert_tree_done() does both. */
void cert_tree_done(struct cert *c, enum cert_op op, struct toe_block *tree);

/* cert_link() links the blocks of |conn|, its path and neighbor to one tree, as of all classes. */
struct toe_block *cert_link(struct cert *c, struct cert_conn *conn);

/* cert_stats() is the target's counters. */
struct toe_stats cert_stats(struct cert *c);

/* --- what the peer does --- */

/* cert_peer() lets a segment of the peer arrive; see above for how it is written. */
void cert_peer(struct cert *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* cert_peer_seg() lets |seg| arrive; cert_peer_init() fills it in as cert_peer(c, "") would. */
void cert_peer_init(struct cert *c, struct cert_seg *seg);
void cert_peer_seg(struct cert *c, const struct cert_seg *seg);

/* cert_peer_frame() lets any frame arrive, unchanged. */
void cert_peer_frame(struct cert *c, const void *data, uint32_t len);

/* cert_host_frame() sends a frame on the ordinary path. */
void cert_host_frame(struct cert *c, const void *data, uint32_t len);

/* cert_peer_data() lets |len| bytes arrive in segments of |mss|, PSH on the last. */
void cert_peer_data(struct cert *c, uint32_t len, uint32_t mss);

/* cert_byte_out() is the byte of a connection's stream to the peer, cert_byte_in() from it. */
uint8_t cert_byte_out(const struct cert_conn *conn, uint32_t seq);
uint8_t cert_byte_in(const struct cert_conn *conn, uint32_t seq);

/* --- expectations; each returns the entry it took --- */

/* cert_due() makes the next expectation one for t = |ms|. (Segments can say "t=300" instead.) */
void cert_due(struct cert *c, uint64_t ms);

/* cert_expect_seg() takes the next segment of any kind. */
struct cert_entry *cert_expect_seg(struct cert *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* cert_expect_data() takes the next one with payload, FIN, SYN or RST, and any pure ACK before it.
 */
struct cert_entry *cert_expect_data(struct cert *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* cert_expect_stream() expects the bytes from |seq| up to |end|, cut in any way, once each. */
void cert_expect_stream(struct cert *c, uint32_t seq, uint32_t end);

/* cert_expect_silence() fails if there is a segment, now or until |ms|. */
void cert_expect_silence(struct cert *c, uint64_t ms);

/* cert_expect_no_data() is the same for segments with payload, SYN, FIN or RST. */
void cert_expect_no_data(struct cert *c, uint64_t ms);

/* cert_expect_quiet() fails if there is an upcall for the host that nobody expected, now. */
void cert_expect_quiet(struct cert *c);

/* Upcalls, of the current connection. A backlog change is only taken by cert_expect_event(). */
struct cert_entry *cert_expect_complete(struct cert *c, enum cert_op op, toe_status status,
                                        uint32_t bytes);
struct cert_entry *cert_expect_indicate(struct cert *c, uint32_t len);
struct cert_entry *cert_expect_event(struct cert *c, enum toe_event event, uint32_t info);

/* cert_expect_status() takes the next status() of the target. */
struct cert_entry *cert_expect_status(struct cert *c, toe_status status);

/* cert_expect_passed_up() takes the next frame on the ordinary path; 0: of any length. */
struct cert_entry *cert_expect_passed_up(struct cert *c, uint32_t len);

/* cert_passed_up() is the bytes of the frame of such an entry. */
const uint8_t *cert_passed_up(struct cert *c, const struct cert_entry *entry);

/* cert_count() counts entries of |kind| of the current connection, taken or not. */
uint32_t cert_count(const struct cert *c, enum cert_kind kind);

/* cert_skip_segs(), cert_skip_upcalls(): what is in the queue now is of no interest. */
void cert_skip_segs(struct cert *c);
void cert_skip_upcalls(struct cert *c);

/* cert_expect_state() fails unless the query or terminate brought connection state |state|. */
void cert_expect_state(struct cert *c, enum toe_conn_state state);

/* cert_is() fails unless |got| is |want|; cert_near() unless it is within |tolerance|. */
#define cert_is(c, got, want) cert_is_at((c), #got, (uint64_t)(got), (uint64_t)(want), 0)
#define cert_near(c, got, want, tolerance)                                                         \
    cert_is_at((c), #got, (uint64_t)(got), (uint64_t)(want), (uint64_t)(tolerance))
void cert_is_at(struct cert *c, const char *what, uint64_t got, uint64_t want, uint64_t tolerance);

/* cert_status_is() is cert_is() for a status, shown by name. */
#define cert_status_is(c, got, want) cert_status_is_at((c), #got, (got), (want))
void cert_status_is_at(struct cert *c, const char *what, toe_status got, toe_status want);

/* cert_require() fails unless |condition| holds. */
#define cert_require(c, condition)                                                                 \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            cert_fail((c), "%s", #condition);                                                      \
        }                                                                                          \
    } while (0)

/* cert_fail() ends the scenario as failed. */
void cert_fail(struct cert *c, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

/* cert_note() writes a line into the chart. */
void cert_note(struct cert *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
