/* SPDX-License-Identifier: MIT */
/*
 * Intermediate drivers: what stands between a host and a target.
 *
 * An intermediate driver is a target to the one above it and a host to the one below. It is created
 * on top of something that fills struct toe_target_ops, a target or another driver, and attaches
 * itself there when something attaches to it; so drivers stack in any number and order:
 *
 *     struct toe_inter_monitor_settings set;
 *     toe_inter_monitor_settings_default(&set);
 *     set.below = (struct toe_inter_below){toe_target_ops(), target};
 *     struct toe_inter_monitor *monitor = toe_inter_monitor_new(&set);
 *     interface.ops = toe_inter_monitor_ops(monitor);      (pass |monitor| as the target)
 *     interface.target = monitor;
 *
 * Five are here:
 *
 *   trace     tells every call and upcall, as a plain struct, a line of text or a line of JSON
 *   monitor   knows the contract of the seam and reports each breach of it, by either side
 *   fault     breaks things on purpose, all within the contract, by a seed or by a script
 *   failover  makes one target of two: when the active one fails, its state moves to the other
 *   spread    makes one target of many: each connection is at one of them, by its hash
 *
 * All share this contract. Everything is propagated one to one in both directions unless the driver
 * is about changing just that (IM-3). Handles and |host_object| go through as they are. The
 * |inter_data| of blocks is used as a stack: saved on the way down, restored on the way up (REU-2,
 * REU-3). Upcalls are made from within run() only, as by any target. What is below must outlive the
 * driver, and the one above has detached before the driver is freed.
 */
#ifndef TOE_INTER_H
#define TOE_INTER_H

#include "toe/seam.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a driver stands on. The table is copied; one that is too small makes _new() fail. */
struct toe_inter_below {
    const struct toe_target_ops *ops;
    void *target;
};

/* The two sides of the seam. */
enum toe_inter_side {
    TOE_INTER_HOST = 0,
    TOE_INTER_TARGET = 1,
};

/* Trace */

/* TOE_INTER_OP_MAP(X) calls X(name, text) for each call and upcall of the seam, calls first. */
#define TOE_INTER_OP_MAP(X)                                                                        \
    X(ATTACH, "attach")                                                                            \
    X(CAPS_GET, "caps_get")                                                                        \
    X(PARAMS_SET, "params_set")                                                                    \
    X(INITIATE, "initiate")                                                                        \
    X(TERMINATE, "terminate")                                                                      \
    X(UPDATE, "update")                                                                            \
    X(QUERY, "query")                                                                              \
    X(INVALIDATE, "invalidate")                                                                    \
    X(SEND, "send")                                                                                \
    X(RECEIVE, "receive")                                                                          \
    X(RECEIVE_RETURN, "receive_return")                                                            \
    X(DISCONNECT, "disconnect")                                                                    \
    X(FORWARD, "forward")                                                                          \
    X(TRANSMIT, "transmit")                                                                        \
    X(INITIATE_COMPLETE, "initiate_complete")                                                      \
    X(TERMINATE_COMPLETE, "terminate_complete")                                                    \
    X(UPDATE_COMPLETE, "update_complete")                                                          \
    X(QUERY_COMPLETE, "query_complete")                                                            \
    X(INVALIDATE_COMPLETE, "invalidate_complete")                                                  \
    X(SEND_COMPLETE, "send_complete")                                                              \
    X(RECEIVE_COMPLETE, "receive_complete")                                                        \
    X(DISCONNECT_COMPLETE, "disconnect_complete")                                                  \
    X(FORWARD_COMPLETE, "forward_complete")                                                        \
    X(RECEIVE_INDICATE, "receive_indicate")                                                        \
    X(TCP_EVENT, "tcp_event")                                                                      \
    X(NEIGHBOR_EVENT, "neighbor_event")                                                            \
    X(STATUS, "status")                                                                            \
    X(FRAMES, "frames")

#define TOE_INTER_OP_ENUM(name, text) TOE_INTER_##name,
enum toe_inter_op { TOE_INTER_OP_MAP(TOE_INTER_OP_ENUM) TOE_INTER_OP_CNT };
#undef TOE_INTER_OP_ENUM

/* toe_inter_op_name() is "send_complete" and so on, or "unknown". */
TOE_EXPORT const char *toe_inter_op_name(enum toe_inter_op op);

/* toe_inter_op_is_upcall() tells whether the target makes it. */
TOE_EXPORT bool toe_inter_op_is_upcall(enum toe_inter_op op);

#define TOE_INTER_ITEMS_MAX 16

/* One block of a tree, depth first, or one buffer of a chain. */
struct toe_inter_item {
    enum toe_layer layer; /* of a block; NONE for a buffer */
    uint8_t role;         /* enum toe_block_role */
    uint8_t has_state;    /* the sequence numbers below mean something */
    uint8_t depth;        /* of a block in its tree */
    toe_handle handle;    /* what the block's cell holds */
    const void *name;     /* the block's host_object, or the buffer */
    toe_status status;    /* as it is at that moment: of a call it says nothing */
    uint32_t len;         /* of a buffer; of a block, bytes in its send chain */
    uint32_t transferred;
    enum toe_conn_state state;
    uint32_t rcv_nxt;
    uint32_t snd_una;
    uint32_t snd_nxt;
    uint32_t snd_max;
};

/* One call or upcall. Borrowed for the callback, as is all it points to. */
struct toe_inter_record {
    uint64_t number;  /* from 1 on */
    toe_instant now;  /* of the run under way, or of the last one */
    const char *lane; /* the name given to the tracer */
    enum toe_inter_op op;
    uint32_t depth;          /* calls and upcalls under way around this one, run() not counted */
    toe_handle handle;       /* data operations: the connection's */
    const void *host_object; /* indications: the object's */
    toe_status status;       /* the answer of an indication, of params_set(); what status() says */
    uint32_t code;           /* disconnect: how; events: which */
    uint32_t info;           /* events: the number; indications: bytes consumed */
    uint32_t item_cnt;    /* blocks, buffers or frames there are; |items| has the first of them */
    uint64_t bytes;       /* of all buffers or frames; of what has come back, those left over */
    uint64_t transferred; /* of all buffers */
    struct toe_inter_item items[TOE_INTER_ITEMS_MAX];
};

/*
 * toe_inter_record_line() writes |record| as one line of text without an end of line, which below
 * one another read as a sequence chart, into |cap| bytes at |dst|, ended by a NUL. Returns the
 * length of the whole line, without the NUL; if it is not below |cap|, the line was cut.
 */
TOE_EXPORT size_t toe_inter_record_line(const struct toe_inter_record *record, char *dst,
                                        size_t cap);

/* toe_inter_record_json() does the same as a JSON object on one line. */
TOE_EXPORT size_t toe_inter_record_json(const struct toe_inter_record *record, char *dst,
                                        size_t cap);

struct toe_inter_trace;

struct toe_inter_trace_settings {
    size_t size; /* sizeof(struct toe_inter_trace_settings) */
    struct toe_inter_below below;
    struct toe_mem mem;
    const char *lane; /* borrowed; tells tracers apart */
    /*
     * Called for each record: of a call before it goes down, of an upcall before it goes up; of
     * those that are answered at once (params_set, receive_indicate), after the answer.
     */
    void (*tell)(void *user, const struct toe_inter_record *record);
    void *user;
};

/* toe_inter_trace_settings_default() fills in all but what is below and the callback. */
TOE_EXPORT void toe_inter_trace_settings_default(struct toe_inter_trace_settings *settings);

/* toe_inter_trace_new() creates a tracer; NULL if memory is short or the settings make no sense. */
TOE_EXPORT struct toe_inter_trace *
toe_inter_trace_new(const struct toe_inter_trace_settings *settings);

TOE_EXPORT void toe_inter_trace_del(struct toe_inter_trace *trace);

/* toe_inter_trace_ops() is the table, whose functions take |trace| as the target. */
TOE_EXPORT const struct toe_target_ops *toe_inter_trace_ops(const struct toe_inter_trace *trace);

/* Monitor */

/* One rule that the monitor checks. */
struct toe_inter_rule {
    const char *id;           /* as in the specification, "SND-043"; SEAM-n are of toe/seam.h */
    enum toe_inter_side side; /* who has to keep it */
    const char *text;         /* what was not so when it is reported */
};

/* toe_inter_monitor_rules() is the table of all rules; |cnt| is set to how many there are. */
TOE_EXPORT const struct toe_inter_rule *toe_inter_monitor_rules(uint32_t *cnt);

struct toe_inter_breach {
    const struct toe_inter_rule *rule;
    toe_instant now;
    toe_handle handle;       /* the object's, or 0 */
    const void *host_object; /* the object's, or NULL */
    const void *subject;     /* the block or buffer, or NULL; not to be followed */
};

struct toe_inter_monitor;

struct toe_inter_monitor_settings {
    size_t size; /* sizeof(struct toe_inter_monitor_settings) */
    struct toe_inter_below below;
    struct toe_mem mem;
    struct toe_bus bus;               /* of the buffers, to sum what lies in them */
    uint32_t object_max;              /* objects, buffers and blocks followed at once; when there */
    uint32_t buf_max;                 /* are more, or memory is short, the monitor is blind, and */
    uint32_t block_max;               /* reports nothing from then on */
    bool checks_memory;               /* sum the bytes of sends, post and completion */
    bool continue_after_root_failure; /* the target is set so (PART-5) */
    void (*tell)(void *user, const struct toe_inter_breach *breach); /* may be NULL */
    void *user;
};

/* toe_inter_monitor_settings_default() fills in all but what is below and the callback. */
TOE_EXPORT void toe_inter_monitor_settings_default(struct toe_inter_monitor_settings *settings);

/* toe_inter_monitor_new() creates one; NULL if memory is short or the settings make no sense. */
TOE_EXPORT struct toe_inter_monitor *
toe_inter_monitor_new(const struct toe_inter_monitor_settings *settings);

TOE_EXPORT void toe_inter_monitor_del(struct toe_inter_monitor *monitor);

/* toe_inter_monitor_ops() is the table, whose functions take |monitor| as the target. */
TOE_EXPORT const struct toe_target_ops *
toe_inter_monitor_ops(const struct toe_inter_monitor *monitor);

/*
 * toe_inter_monitor_finish() reports what is still under way: to be called when all should be
 * quiet. Requests that were never answered are the target's breach, buffers that were never
 * returned the host's.
 */
TOE_EXPORT void toe_inter_monitor_finish(struct toe_inter_monitor *monitor);

struct toe_inter_monitor_stats {
    uint32_t size;        /* sizeof(struct toe_inter_monitor_stats), set by the asker */
    uint64_t breaches[2]; /* by enum toe_inter_side */
    bool is_blind;        /* a limit was hit: nothing is reported any more */
    uint32_t object_cnt;  /* followed now: objects, */
    uint32_t buf_cnt;     /* buffers lent, either way, */
    uint32_t tree_cnt;    /* state operations under way */
};

TOE_EXPORT void toe_inter_monitor_stats_get(const struct toe_inter_monitor *monitor,
                                            struct toe_inter_monitor_stats *stats);

/* toe_inter_monitor_checked() is how often rule |idx| of the table was looked at. */
TOE_EXPORT uint64_t toe_inter_monitor_checked(const struct toe_inter_monitor *monitor,
                                              uint32_t idx);

/* toe_inter_monitor_breached() is how often it was broken. */
TOE_EXPORT uint64_t toe_inter_monitor_breached(const struct toe_inter_monitor *monitor,
                                               uint32_t idx);

/* Fault */

/*
 * All faults are such as a right target, or a right host, may show: so nothing is ever lost or
 * delivered wrong by them, and a monitor above or below has nothing to report. Where data is kept
 * from the host, the driver itself asks the target to offer it again.
 */

/* What can be done to a host and its target. An occasion is each time that it could be. */
enum toe_inter_fault_kind {
    TOE_INTER_FAULT_REFUSE_NEIGHBOR,     /* a new object is not offloaded: |status| */
    TOE_INTER_FAULT_REFUSE_PATH,         /* the same */
    TOE_INTER_FAULT_REFUSE_TCP,          /* the same */
    TOE_INTER_FAULT_FAIL_UPDATE,         /* an update does not reach the target, and fails */
    TOE_INTER_FAULT_DELAY,               /* a state operation's completion comes |time| later */
    TOE_INTER_FAULT_REORDER,             /* it comes after the next one, or |time| later */
    TOE_INTER_FAULT_HARDWARE_QUERY,      /* corrupt hardware, seen by a query of a connection, */
    TOE_INTER_FAULT_HARDWARE_INVALIDATE, /* by its invalidate, */
    TOE_INTER_FAULT_HARDWARE_TERMINATE,  /* by its terminate (HWF-1) */
    TOE_INTER_FAULT_PAUSE,               /* in a run: offloading pauses for |time| */
    TOE_INTER_FAULT_UPLOAD_ALL,          /* in a run: pause, upload all, resume |time| later */
    TOE_INTER_FAULT_REFUSE_INDICATION,   /* the host does not get to see it */
    TOE_INTER_FAULT_PARTIAL_INDICATION,  /* the host sees only a part of it */
    TOE_INTER_FAULT_DROP_FRAME,          /* of the ordinary path, either way */
    TOE_INTER_FAULT_LINK_LOSS,           /* all frames of the ordinary path for |time| */
    TOE_INTER_FAULT_CNT,
};

/* toe_inter_fault_kind_name() is "refuse_neighbor" and so on, or "unknown". */
TOE_EXPORT const char *toe_inter_fault_kind_name(enum toe_inter_fault_kind kind);

/* One fault: by chance, or at one occasion. Both zero: never. */
struct toe_inter_fault_rule {
    enum toe_inter_fault_kind kind;
    uint32_t chance;   /* in a million occasions */
    uint64_t nth;      /* at this occasion, counted from 1 */
    toe_status status; /* of a refusal; 0: one that fits the layer */
    toe_duration time; /* at most, if by chance; just so, if scripted */
};

struct toe_inter_fault;

struct toe_inter_fault_settings {
    size_t size; /* sizeof(struct toe_inter_fault_settings) */
    struct toe_inter_below below;
    struct toe_mem mem;
    struct toe_bus bus; /* of the buffers, to show a host a part of one */
    uint64_t seed;
    const struct toe_inter_fault_rule *rules; /* copied */
    uint32_t rule_cnt;
};

/* toe_inter_fault_settings_default() fills in all but what is below: no rules. */
TOE_EXPORT void toe_inter_fault_settings_default(struct toe_inter_fault_settings *settings);

/* toe_inter_fault_wild() fills in a rule of each kind, by chance; returns TOE_INTER_FAULT_CNT. */
TOE_EXPORT uint32_t toe_inter_fault_wild(struct toe_inter_fault_rule rules[TOE_INTER_FAULT_CNT]);

/* toe_inter_fault_new() creates one; NULL if memory is short or the settings make no sense. */
TOE_EXPORT struct toe_inter_fault *
toe_inter_fault_new(const struct toe_inter_fault_settings *settings);

TOE_EXPORT void toe_inter_fault_del(struct toe_inter_fault *fault);

/* toe_inter_fault_ops() is the table, whose functions take |fault| as the target. */
TOE_EXPORT const struct toe_target_ops *toe_inter_fault_ops(const struct toe_inter_fault *fault);

/*
 * toe_inter_fault_strike() has the fault of |rule| happen at the next occasion of its kind, once
 * for each call, besides what the rules do; |chance| and |nth| mean nothing. One |status| and
 * |time| of a kind is remembered, the last.
 */
TOE_EXPORT void toe_inter_fault_strike(struct toe_inter_fault *fault,
                                       const struct toe_inter_fault_rule *rule);

/* toe_inter_fault_pause() pauses offloading from the next run on. */
TOE_EXPORT void toe_inter_fault_pause(struct toe_inter_fault *fault);

/* toe_inter_fault_upload_all() asks for everything to be uploaded, in the next run. */
TOE_EXPORT void toe_inter_fault_upload_all(struct toe_inter_fault *fault);

/* toe_inter_fault_resume() resumes, as soon as what has to be uploaded is. */
TOE_EXPORT void toe_inter_fault_resume(struct toe_inter_fault *fault);

/*
 * toe_inter_fault_spoil() spoils the hardware that keeps the connection |tcp|: the next query,
 * invalidate or terminate of it finds that. Nothing for one that is not offloaded.
 */
TOE_EXPORT void toe_inter_fault_spoil(struct toe_inter_fault *fault, toe_handle tcp);

/*
 * toe_inter_fault_crash() spoils the hardware of all connections, and asks for everything to be
 * uploaded: the adapter has crashed, and comes back without what it knew.
 */
TOE_EXPORT void toe_inter_fault_crash(struct toe_inter_fault *fault);

/* toe_inter_fault_link_set() cuts the ordinary path, or mends it. */
TOE_EXPORT void toe_inter_fault_link_set(struct toe_inter_fault *fault, bool up);

/* toe_inter_fault_injected() is how many faults of |kind| there were. */
TOE_EXPORT uint64_t toe_inter_fault_injected(const struct toe_inter_fault *fault,
                                             enum toe_inter_fault_kind kind);

/* Failover */

/*
 * A team of two targets looks like one. All is offloaded to, and all frames go by, the active one.
 * To change over, the team asks the host to upload everything (pause, upload all); when the active
 * one has nothing any more, the other becomes active, and the host may offload again (resume). It
 * does so on command, and when the active one reports corrupt hardware.
 *
 * Both have the same MAC address, as far as the wire is concerned. Frames that arrive at the one
 * that is not active are not passed up.
 */
struct toe_inter_failover;

struct toe_inter_failover_settings {
    size_t size; /* sizeof(struct toe_inter_failover_settings) */
    struct toe_inter_below below[2];
    struct toe_mem mem;
    bool stays_on_failure; /* corrupt hardware is no reason to change over */
};

/* toe_inter_failover_settings_default() fills in all but what is below. */
TOE_EXPORT void toe_inter_failover_settings_default(struct toe_inter_failover_settings *settings);

/* toe_inter_failover_new() creates one; NULL if memory is short or the settings make no sense. */
TOE_EXPORT struct toe_inter_failover *
toe_inter_failover_new(const struct toe_inter_failover_settings *settings);

TOE_EXPORT void toe_inter_failover_del(struct toe_inter_failover *team);

/* toe_inter_failover_ops() is the table, whose functions take |team| as the target. */
TOE_EXPORT const struct toe_target_ops *
toe_inter_failover_ops(const struct toe_inter_failover *team);

/* toe_inter_failover_switch() begins to change over; nothing if that is under way. */
TOE_EXPORT void toe_inter_failover_switch(struct toe_inter_failover *team);

/* toe_inter_failover_active() is which one is active: 0 or 1. */
TOE_EXPORT uint32_t toe_inter_failover_active(const struct toe_inter_failover *team);

/* toe_inter_failover_is_switching() tells whether a change is under way. */
TOE_EXPORT bool toe_inter_failover_is_switching(const struct toe_inter_failover *team);

/* Spread */

/*
 * A team of up to 16 targets, the members, looks like one adapter that scales by receive-side
 * scaling. An indirection table leads from the low bits of a hash to a member: of the |hash_value|
 * that the host gives a connection when it offloads it (RSS-1, RSS-2), and of the hash of addresses
 * and ports for frames of the ordinary path. The table may be set at any time. It decides where the
 * connections go that are offloaded from then on; those that are offloaded stay where they are
 * until the host takes them back, so that a new table delays, reorders and resets nothing (RSS-3,
 * CERT-12). Frames reach the members in the order in which they arrived.
 *
 * The team stands above its members and below them as well: it has the wire, and each member is
 * created with a wire that the team gives it. So the team comes first:
 *
 *     struct toe_inter_spread *team = toe_inter_spread_new(&set);
 *     target.wire = toe_inter_spread_wire_ops(team);
 *     target.wire_user = toe_inter_spread_wire(team, 0);
 *     below = (struct toe_inter_below){toe_target_ops(), toe_target_new(&target)};
 *     toe_inter_spread_member_set(team, 0, &below);       (and so on for all members)
 *
 * The members share nothing, and all have the same MAC address. Neighbors are offloaded to all of
 * them, paths where they are needed. Capabilities are those that all have, and room for connections
 * is that of all together: where a member is full, the next one with room takes what the table
 * leads there. Counters are summed, parameters set in all. The team pauses while one of its members
 * does, and resumes with the last one. Handles are the team's own. Of a buffer that is lent to the
 * host the team uses the last of the |reserved| words, which must be the member's no longer then.
 */
#define TOE_INTER_SPREAD_MEMBER_MAX 16u
#define TOE_INTER_SPREAD_TABLE_MAX 128u
#define TOE_INTER_SPREAD_KEY_LEN 40u

struct toe_inter_spread;

struct toe_inter_spread_settings {
    size_t size; /* sizeof(struct toe_inter_spread_settings) */
    struct toe_mem mem;
    const struct toe_wire_ops *wire; /* copied */
    void *wire_user;
    uint32_t member_cnt;
    uint8_t rss_key[TOE_INTER_SPREAD_KEY_LEN]; /* of the hash, for frames of the ordinary path */
    uint64_t seed;                             /* of hash keys */
    uint32_t object_max;                       /* of all three layers together */
};

/* toe_inter_spread_settings_default() fills in all but the wire: two members. */
TOE_EXPORT void toe_inter_spread_settings_default(struct toe_inter_spread_settings *settings);

/*
 * toe_inter_spread_new() creates a team without its members; NULL if memory is short or the
 * settings make no sense. Its table has 128 entries that lead to all members in turn.
 */
TOE_EXPORT struct toe_inter_spread *
toe_inter_spread_new(const struct toe_inter_spread_settings *settings);

TOE_EXPORT void toe_inter_spread_del(struct toe_inter_spread *team);

/* toe_inter_spread_wire_ops() is the table of the members' wires, _wire() the wire of one. */
TOE_EXPORT const struct toe_wire_ops *
toe_inter_spread_wire_ops(const struct toe_inter_spread *team);
TOE_EXPORT void *toe_inter_spread_wire(struct toe_inter_spread *team, uint32_t member);

/*
 * toe_inter_spread_member_set() makes |below| a member, before anything attaches to the team. False
 * if there is no such member, or its table is too small.
 */
TOE_EXPORT bool toe_inter_spread_member_set(struct toe_inter_spread *team, uint32_t member,
                                            const struct toe_inter_below *below);

/* toe_inter_spread_ops() is the table, whose functions take |team| as the target. */
TOE_EXPORT const struct toe_target_ops *toe_inter_spread_ops(const struct toe_inter_spread *team);

/*
 * toe_inter_spread_table_set() sets the indirection table: |cnt| members, a power of two of them,
 * at most 128. May be called at any time, also inside an upcall. False, and no change, if it makes
 * no sense.
 */
TOE_EXPORT bool toe_inter_spread_table_set(struct toe_inter_spread *team, const uint8_t *table,
                                           uint32_t cnt);

/* toe_inter_spread_member_of() is the member that has the connection |tcp|, or UINT32_MAX. */
TOE_EXPORT uint32_t toe_inter_spread_member_of(const struct toe_inter_spread *team, toe_handle tcp);

#ifdef __cplusplus
}
#endif

#endif
