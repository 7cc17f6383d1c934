/* SPDX-License-Identifier: MIT */
/*
 * Connections of the kernel, as this side keeps them, and what they share.
 *
 * A connection is known from its first segment on and costs a record of what its segments said
 * (track.h). Only while it is not in the host it has a move as well: the copies, the target's
 * handle, and the numbers of the two directions.
 */
#ifndef EMU_LINUX_KERNEL_CONN_H
#define EMU_LINUX_KERNEL_CONN_H

#include "heap.h"
#include "linux/copy.h"
#include "linux/track.h"
#include "timers.h"

struct emu_path;
struct emu_rtnl;

/* How far a connection's way to the target and back has come. */
enum emu_phase {
    EMU_PHASE_ARMED,    /* the kernel and the peer still speak; what they say is copied */
    EMU_PHASE_ASKED,    /* the target was asked to take it; frames of both are held */
    EMU_PHASE_CARRIED,  /* the target has it */
    EMU_PHASE_RECALLED, /* the target was asked to give it back; frames of the kernel are held */
    EMU_PHASE_REST,     /* it is back, and the kernel has not got all that the target had */
};

struct emu_move {
    enum emu_phase phase;
    toe_instant give_up_at;  /* armed: until then */
    bool is_wanted_back;     /* while the target is being asked something */
    toe_instant drain_until; /* wanted back, but the peer has not got what the kernel was told it
                                has; until then that is waited for. 0: not wanted */

    /* From the kernel: what the peer has not acknowledged, and this much of it is held. */
    struct emu_pieces out;
    struct emu_pieces ahead; /* what the kernel sent behind something that did not come yet */
    uint32_t ahead_cnt;
    uint32_t out_begin; /* armed: what was sent before is not held */
    uint32_t out_una;   /* the peer acknowledged all before: the kernel may know */
    uint32_t out_nxt;   /* taken from the kernel up to there */
    uint32_t out_room;  /* most that is taken beyond out_una: the window the kernel sees */
    uint32_t ack_sent;  /* the last acknowledgment that the kernel got */
    uint32_t ts_recent; /* the kernel's timestamp to echo */
    bool is_fin_taken;
    bool is_fin_acked;
    bool is_rst_taken;
    bool is_ack_due;
    uint32_t again_cnt; /* times that it sent again since the peer acknowledged something */
    struct toe_buf fin;
    struct toe_buf rst;
    uint8_t disconnects; /* posted and not completed */

    uint32_t told_wnd; /* the target offers the peer this window, */
    uint8_t told_tos;  /* and sends with these; */
    uint8_t told_priority;
    bool is_widening; /* it is being told of others */

    /* For the kernel: what it has not acknowledged. */
    struct emu_pieces copies; /* segments that went to it, too, while armed */
    uint32_t copied_len;
    uint32_t in_begin; /* armed: what the peer sent before is not held */
    struct toe_buf *in_head;
    struct toe_buf *in_tail;
    uint32_t in_off; /* of the head, acknowledged */
    uint32_t in_una;
    uint32_t in_sent;
    uint32_t in_max; /* highest that was ever sent */
    uint32_t in_end;
    struct toe_buf *cursor; /* where in_sent is; NULL: at the end */
    uint32_t cursor_off;
    uint32_t dup_cnt;
    uint32_t rto_cnt;
    toe_duration in_rto;
    bool has_in_fin; /* at in_end */
    uint32_t in_ts;  /* the peer's timestamp, as far as the target did not tell another */

    struct emu_pieces held; /* frames of both, in order */
    struct emu_path *path;
    toe_handle tcp;
    bool is_refused; /* something was indicated for which the kernel has no room; */
    bool is_asking;  /* and the target was asked for it again, with |again| */
    struct toe_buf again;
};

struct emu_conn {
    struct emu_conn *chain; /* of the same bucket */
    TAILQ_ENTRY(emu_conn) node;
    TAILQ_ENTRY(emu_conn) touched;
    bool is_touched;
    bool is_open;           /* and that was told */
    toe_instant moves_from; /* when it began the move that it is on */
    uint64_t mark;          /* see emu_kernel_own() */
    struct emu_kernel *kernel;
    struct emu_kernel_conn info;
    struct emu_track track;
    struct emu_timer timer;
    struct emu_move *move;
};

TAILQ_HEAD(emu_conns, emu_conn);
TAILQ_HEAD(emu_paths, emu_path);
TAILQ_HEAD(emu_requests, emu_request);
TAILQ_HEAD(emu_neighbors, emu_neighbor);

enum {
    EMU_BATCH = 32, /* frames to the kernel at once */
    EMU_IOVS = 1024,
    EMU_PATH_BUCKETS = 1024,
};

/* Frames on their way to the kernel. */
struct emu_batch {
    struct toe_frame frames[EMU_BATCH];
    uint8_t headers[EMU_BATCH][EMU_SEGMENT_HEADER_MAX];
    struct toe_iov iovs[EMU_IOVS];
    uint32_t cnt;
    uint32_t iov_cnt;
};

struct emu_kernel {
    struct emu_kernel_settings settings;
    struct emu_kernel_stats stats;
    struct emu_kernel_times times;
    struct toe_caps caps;
    struct toe_params params;
    toe_instant now;
    bool is_paused;        /* by the owner */
    bool is_target_paused; /* by the target */
    bool is_target_asked;  /* to take connections, since it ran */
    uint32_t move_cnt;     /* connections that are not in the host */
    struct emu_heap heap;
    struct emu_piece_pool pool;
    struct emu_timers timers;

    struct emu_conn **buckets;
    uint32_t bucket_cnt;    /* a power of two */
    struct emu_conns conns; /* the one that was used last is the last */
    struct emu_conns touched;

    struct emu_paths paths[EMU_PATH_BUCKETS];
    struct emu_paths idle_paths;
    struct emu_neighbors neighbors;
    struct emu_requests requests;      /* the target's until it answers */
    struct emu_request *spare_request; /* to get a connection back when there is no memory; NULL: in
                                          use */

    struct emu_diag *diag; /* NULL: nobody to ask */
    struct emu_rtnl *rtnl; /* NULL: nobody tells */
    toe_instant listen_at; /* for news, again */
    struct emu_paths asked_paths;
    struct emu_paths narrowed_paths; /* in the order in which that ends */
    struct emu_paths amended_paths;
    struct emu_neighbors amended_neighbors;

    struct emu_batch batch;
    uint8_t *scratch; /* one frame, whole */
};

/* emu_conn_find() is the connection of that name, or NULL. */
struct emu_conn *emu_conn_find(const struct emu_kernel *kernel, const struct emu_tuple *tuple);

/* emu_conn_get() is the same, made if need be; NULL if there is no room. */
struct emu_conn *emu_conn_get(struct emu_kernel *kernel, const struct emu_tuple *tuple);

/* emu_conn_del() forgets |conn|, which is in the host. */
void emu_conn_del(struct emu_conn *conn);

/* emu_conn_watch() has emu_conn_look() called in a while, unless there is a move. */
void emu_conn_watch(struct emu_conn *conn);

/* emu_conn_look() forgets |conn|, which is in the host, if it is over. */
void emu_conn_look(struct emu_conn *conn);

/*
 * emu_conn_is_orphan() tells whether the kernel has long been silent about |conn|, and does not
 * know it any more: a socket may end without a word. emu_conn_watch_silent() sets the timer for
 * when to ask.
 */
bool emu_conn_is_orphan(const struct emu_conn *conn);
void emu_conn_watch_silent(struct emu_conn *conn);

/* emu_conn_use() notes that |conn| is in use. */
void emu_conn_use(struct emu_conn *conn);

/* emu_conn_touch() has |conn| looked at in the next run. */
void emu_conn_touch(struct emu_conn *conn);

/* emu_conn_place_set() says where |conn| is, and tells whoever wants to know. */
void emu_conn_place_set(struct emu_conn *conn, enum emu_place place);

/* emu_conn_ask() asks the kernel about |conn|. */
void emu_conn_ask(struct emu_conn *conn);

/* emu_kernel_down() and emu_kernel_up() have one frame, of the kernel or for it, go its way. */
void emu_kernel_down(struct emu_kernel *kernel, const struct toe_frame *frame);
void emu_kernel_up(struct emu_kernel *kernel, const struct toe_frame *frame);

#endif
