/* SPDX-License-Identifier: MIT */
/*
 * What the files of the harness share and scenarios do not see.
 */
#ifndef CERTIFY_INSIDE_H
#define CERTIFY_INSIDE_H

#include "harness.h"
#include "script.h"
#include "toe/inter.h"

#define CERT_TOLERANCE (10 * TOE_NS_PER_MS)
#define CERT_EPOCH (1000 * TOE_NS_PER_SEC) /* a target is created at this instant */

enum cert_result {
    CERT_RUNNING, /* afterwards: not run */
    CERT_PASSED,
    CERT_FAILED,
    CERT_SKIPPED,
    CERT_CRASHED,
    CERT_HUNG,
};

/* The functions of a target that a scenario may be in when it crashes or hangs. */
enum cert_call {
    CERT_CALL_NONE, /* the harness itself */
    CERT_CALL_CREATE,
    CERT_CALL_ATTACH,
    CERT_CALL_CAPS_GET,
    CERT_CALL_PARAMS_SET,
    CERT_CALL_STATS_GET,
    CERT_CALL_INITIATE,
    CERT_CALL_TERMINATE,
    CERT_CALL_UPDATE,
    CERT_CALL_QUERY,
    CERT_CALL_INVALIDATE,
    CERT_CALL_SEND,
    CERT_CALL_RECEIVE,
    CERT_CALL_RECEIVE_RETURN,
    CERT_CALL_DISCONNECT,
    CERT_CALL_FORWARD,
    CERT_CALL_TRANSMIT,
    CERT_CALL_DEADLINE,
    CERT_CALL_RUN,
    CERT_CALL_DESTROY,
    CERT_CALL_CNT
};

/* How a scenario ended; in shared memory, with the chart. */
struct cert_outcome {
    enum cert_result result;
    enum cert_call call;  /* what is under way */
    uint64_t runs;        /* calls of run() */
    char text[1024];      /* what was expected, what came; or why it was skipped */
    char violation[1024]; /* the first breach of an invariant, with its rules */
    char broken[256];     /* these rules alone */
    struct cert_chart chart;
};

/* A frame on its way to the target. */
struct cert_arrival {
    uint8_t *data;
    uint32_t len;
};

/* Something that is to happen later: a hook, or an acknowledgment of the peer. */
struct cert_later {
    toe_instant at;
    cert_hook hook;
    struct cert_conn *conn;
    uint32_t ack;
    uint8_t sack_cnt;
    uint32_t sack[CERT_SACK_MAX][2];
    struct cert_later *next; /* in order of |at| */
};

/* A state operation that has not completed. */
struct cert_asked {
    enum cert_op op;
    const struct toe_block *tree;
};

/* An indicated buffer that the host has. */
struct cert_kept {
    struct toe_buf *buf;
    struct cert_conn *conn;
};

struct cert_inside {
    struct cert_outcome *outcome;
    struct toe_wire_ops wire;
    struct toe_host_ops host;
    struct cert_arrival *arrivals;
    uint32_t arrival_head, arrival_cnt, arrival_room;
    uint8_t *fetched[256]; /* frames of the last receive(), valid until the next */
    uint32_t fetched_cnt;
    struct cert_later *later;
    struct cert_kept *kept;
    uint32_t kept_cnt, kept_room;
    struct cert_asked *asked;
    uint32_t asked_cnt, asked_room;
    struct cert_buf *bufs;
    struct cert_conn *by_port[65536]; /* by local port */
    uint32_t depth;                   /* upcalls under way */
    bool in_run;                      /* within run() */
    bool in_transmit;                 /* within the target's transmit() */
    bool started;
    char
        allowed[512]; /* rules of the host that the scenario may break, a space before and behind */
    uint32_t run;     /* number of the run */
    uint32_t runs_here; /* at the same instant */
    uint32_t told_here; /* upcalls and frames in this run */
    toe_instant zero;   /* t = 0 */
    bool has_due;
    toe_instant due;
    uint32_t seg_from; /* no entry before this is an untaken segment */
    uint32_t up_from;  /* nor before this an untaken upcall */
    uint32_t conn_room;
    struct toe_tcp_state queried;
    uint32_t uploaded_len;
    uint64_t sent_bytes;
};

/* harness.c */
struct cert *cert_new(struct cert_outcome *outcome, const struct toe_certify_plugin *plugin,
                      enum toe_profile profile, uint64_t seed);
void cert_finish(struct cert *c);
void cert_later_add(struct cert *c, const struct cert_later *later);
/* cert_advance() runs until |is_there| holds or |end|; false if it does not by then. */
bool cert_advance(struct cert *c, toe_instant end, bool (*is_there)(struct cert *c, void *arg),
                  void *arg);
void *cert_alloc(size_t size); /* zeroed; never NULL */

/*
 * call_watch.c: cert_watch() is a table that hands every call on to |ops| and notes meanwhile which
 * it is; where |ops| has no such function the scenario fails. One at a time in a process.
 */
const struct toe_target_ops *cert_watch(struct cert *c, const struct toe_target_ops *ops);
void cert_watch_set(struct cert *c, enum cert_call call);
const char *cert_call_name(enum cert_call call); /* "run()" */

/*
 * contract.c: cert_contract() is a table that puts a contract monitor before |ops| and the target.
 * One at a time in a process.
 */
const struct toe_target_ops *cert_contract(struct cert *c, const struct toe_target_ops *ops);

/* recorder.c: the host */
void cert_recorder_init(struct cert *c);

/* tap.c: the wire */
void cert_tap_init(struct cert *c);
void cert_tap_seg(struct cert *c, const struct cert_pattern *pattern, struct cert_seg *seg);
void cert_entry_seg(struct cert_entry *entry, const struct cert_seg *seg);
void cert_peer_acks(struct cert *c, const struct cert_later *later);
bool cert_peer_is_acked(const struct cert_conn *conn, uint32_t end);

/* posting.c: buffers */
struct cert_buf *cert_buf_of(struct toe_buf *buf);
struct cert_buf **cert_lane(struct cert_conn *conn, enum cert_op op);
void cert_lane_push(struct cert_buf *buf);
void cert_kept_push(struct cert *c, struct toe_buf *buf, struct cert_conn *conn);
uint8_t *cert_map(struct cert *c, const struct toe_buf *buf, uint32_t pos); /* byte of the list */

/* guard.c: the invariants; cert_guard_rules is what every scenario that passes has shown. */
extern const char cert_guard_rules[];
void cert_violate(struct cert *c, const char *rules, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void cert_guard_enter(struct cert *c, const char *upcall);
void cert_guard_leave(struct cert *c);
void cert_guard_flood(struct cert *c); /* an upcall or a frame of this run */
void cert_guard_complete(struct cert *c, struct cert_buf *buf);
void cert_guard_received(struct cert *c, struct cert_conn *conn, const struct toe_buf *buf,
                         uint32_t pos, uint32_t len);
void cert_guard_segment(struct cert *c, struct cert_conn *conn, const struct cert_seg *seg);
void cert_guard_asked(struct cert *c, enum cert_op op, const struct toe_block *tree);
void cert_guard_answered(struct cert *c, enum cert_op op, const struct toe_block *tree);
void cert_guard_status(struct cert *c, toe_status status, const char *of);
void cert_guard_end(struct cert *c);

#endif
