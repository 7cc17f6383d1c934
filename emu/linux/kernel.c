/* SPDX-License-Identifier: MIT */
#include "linux/kernel.h"

#include <stdlib.h>
#include <string.h>

#include "linux/amend.h"
#include "linux/follow.h"
#include "linux/move.h"
#include "linux/other_vlan.h"
#include "linux/relay_in.h"
#include "linux/relay_out.h"
#include "linux/widen.h"

enum {
    CONN_MAX = 65536,
    BUFFER_MAX = 4 << 20,
    SCRATCH_LEN = 66560 + EMU_SEGMENT_HEADER_MAX,
    MTU = 1500,
    PATIENCE = 4, /* times that something goes again before the kernel and the peer do it alone */
};

/* --- names --- */

const char *emu_why_name(enum emu_why why)
{
    static const char *const names[EMU_WHY_CNT] = {
        [EMU_WHY_NONE] = "none",          [EMU_WHY_ASKED] = "asked",
        [EMU_WHY_TARGET] = "target",      [EMU_WHY_REFUSED] = "refused",
        [EMU_WHY_OPTIONS] = "options",    [EMU_WHY_UNKNOWN] = "unknown",
        [EMU_WHY_STATE] = "state",        [EMU_WHY_IN_FLIGHT] = "in flight",
        [EMU_WHY_URGENT] = "urgent data", [EMU_WHY_WINDOW] = "window closed",
        [EMU_WHY_ENDED] = "ended",        [EMU_WHY_KEEP_ALIVE] = "keep-alive",
        [EMU_WHY_ROUTE] = "route",        [EMU_WHY_PAUSED] = "paused",
        [EMU_WHY_MEMORY] = "memory",      [EMU_WHY_NEIGHBOR] = "neighbor",
        [EMU_WHY_ADDRESS] = "address",    [EMU_WHY_POLICY] = "policy",
    };

    return why < EMU_WHY_CNT ? names[why] : "?";
}

const char *emu_place_name(enum emu_place place)
{
    switch (place) {
    case EMU_PLACE_HOST:
        return "InHost";
    case EMU_PLACE_OFFLOADING:
        return "Offloading";
    case EMU_PLACE_OFFLOADED:
        return "Offloaded";
    case EMU_PLACE_UPLOADING:
        return "Uploading";
    }
    return "?";
}

/* --- frames of the kernel --- */

/* The kernel sends to another next hop now: there is a better way than the one that was offloaded.
 */
static bool has_moved(const struct emu_conn *conn, const struct emu_segment *seg)
{
    const struct emu_neighbor *n = emu_path_hop(conn->move->path);

    return memcmp(n->dst_mac, seg->dst_mac, TOE_MAC_LEN) != 0 ||
           memcmp(n->src_mac, seg->src_mac, TOE_MAC_LEN) != 0;
}

/* Tells of |conn|, which is in the host, what its owner waits for. */
static void tell_progress(struct emu_conn *conn, const struct emu_segment *seg)
{
    const struct emu_kernel_settings *settings = &conn->kernel->settings;

    if ((seg->flags & EMU_TCP_SYN) != 0) {
        conn->is_open = false; /* Another connection of the same name begins. */
    } else if (!conn->is_open) {
        if (conn->track.is_known && emu_track_state(&conn->track) == TOE_TCP_ESTABLISHED) {
            conn->is_open = true;
            conn->info.state = TOE_TCP_ESTABLISHED;
            if (settings->opened != NULL) {
                settings->opened(settings->user, &conn->info);
            }
        }
    } else if (conn->mark != 0 && conn->info.tx_bytes + conn->info.rx_bytes >= conn->mark) {
        conn->mark = 0;
        if (settings->reached != NULL) {
            settings->reached(settings->user, &conn->info);
        }
    }
}

/* Takes a frame of the kernel; returns whether it goes on to the wire as it is. */
static bool take_down(struct emu_kernel *kernel, const struct toe_frame *frame)
{
    struct emu_segment seg;
    struct emu_conn *conn;

    if (!emu_segment_parse(&seg, frame, true)) {
        return true;
    }
    conn = emu_conn_get(kernel, &seg.tuple);
    if (conn == NULL) {
        return true;
    }
    emu_conn_use(conn);
    if (conn->track.has_kernel && seg.vlan_id != conn->track.vlan_id &&
        !emu_other_vlan_down(conn, &seg)) {
        return true;
    }
    if (conn->move != NULL &&
        (conn->move->phase == EMU_PHASE_ASKED || conn->move->phase == EMU_PHASE_RECALLED)) {
        emu_move_hold(conn, frame, true);
        return false;
    }
    if (!conn->track.has_kernel && !conn->track.is_known &&
        (seg.flags & (EMU_TCP_SYN | EMU_TCP_RST)) == 0) {
        emu_conn_ask(conn); /* It is older than we are. */
    }
    emu_track_kernel(&conn->track, &seg, kernel->now);
    if (conn->move == NULL) {
        conn->info.tx_bytes += seg.len;
        tell_progress(conn, &seg);
        return true;
    }
    switch (conn->move->phase) {
    case EMU_PHASE_CARRIED:
        emu_relay_out(conn, &seg, frame);
        if (conn->move->phase == EMU_PHASE_CARRIED && has_moved(conn, &seg) &&
            !emu_follow_astray(conn)) {
            emu_move_recall(conn, EMU_WHY_ROUTE, 0);
        } else if (conn->move->again_cnt >= PATIENCE) {
            emu_move_recall(conn, EMU_WHY_WINDOW, 0);
        } else if (conn->move->phase == EMU_PHASE_CARRIED) {
            emu_widen(conn);
        }
        return false;
    case EMU_PHASE_REST:
        emu_relay_in_acked(conn, &seg);
        break;
    case EMU_PHASE_ARMED:
        emu_move_copy(conn, &seg, frame, true);
        break;
    case EMU_PHASE_ASKED:
    case EMU_PHASE_RECALLED:
        break;
    }
    conn->info.tx_bytes += seg.len;
    return true;
}

static void send_down(struct emu_kernel *kernel, const struct toe_frame *frames, uint32_t cnt)
{
    if (cnt > 0) {
        kernel->stats.host_ordinary += cnt;
        kernel->settings.ops->transmit(kernel->settings.target, frames, cnt);
    }
}

void emu_kernel_down(struct emu_kernel *kernel, const struct toe_frame *frame)
{
    if (take_down(kernel, frame)) {
        send_down(kernel, frame, 1);
    }
}

void emu_kernel_from_host(struct emu_kernel *kernel, const struct toe_frame *frames, uint32_t cnt,
                          toe_instant now)
{
    uint32_t first = 0;

    kernel->now = now;
    kernel->stats.host_frames += cnt;
    for (uint32_t i = 0; i < cnt; ++i) {
        if (!take_down(kernel, &frames[i])) {
            send_down(kernel, frames + first, i - first);
            first = i + 1;
        }
    }
    send_down(kernel, frames + first, cnt - first);
}

/* --- frames for the kernel --- */

/* Looks at a frame for the kernel; returns whether that gets it now. */
static bool take_up(struct emu_kernel *kernel, const struct toe_frame *frame)
{
    struct emu_segment seg;
    struct emu_conn *conn;

    if (!emu_segment_parse(&seg, frame, false)) {
        emu_follow_frame(kernel, frame);
        return true;
    }
    if (!emu_segment_is_whole(&seg, frame)) {
        return true;
    }
    conn = emu_conn_get(kernel, &seg.tuple);
    if (conn == NULL) {
        return true;
    }
    emu_conn_use(conn);
    if (conn->track.has_kernel && seg.vlan_id != conn->track.vlan_id) {
        emu_other_vlan_up(conn, &seg);
        return true;
    }
    if (conn->move != NULL &&
        (conn->move->phase == EMU_PHASE_ASKED || conn->move->phase == EMU_PHASE_RECALLED)) {
        emu_move_hold(conn, frame, false);
        return false;
    }
    if (conn->move != NULL && conn->move->phase == EMU_PHASE_CARRIED) {
        return true; /* The target has no use for it. */
    }
    emu_track_peer(&conn->track, &seg, kernel->now);
    conn->info.rx_bytes += seg.len;
    if (conn->move == NULL) {
        tell_progress(conn, &seg);
    } else if (conn->move->phase == EMU_PHASE_ARMED) {
        emu_move_copy(conn, &seg, frame, false);
    }
    return true;
}

static void send_up(struct emu_kernel *kernel, const struct toe_frame *frames, uint32_t cnt)
{
    if (cnt > 0) {
        emu_relay_flush(kernel);
        kernel->settings.host->transmit(kernel->settings.host_user, frames, cnt);
    }
}

void emu_kernel_up(struct emu_kernel *kernel, const struct toe_frame *frame)
{
    if (take_up(kernel, frame)) {
        send_up(kernel, frame, 1);
    }
}

/* --- the target's upcalls --- */

static void frames_up(void *user, const struct toe_frame *frames, uint32_t cnt)
{
    struct emu_kernel *kernel = user;
    uint32_t first = 0;

    for (uint32_t i = 0; i < cnt; ++i) {
        if (!take_up(kernel, &frames[i])) {
            send_up(kernel, frames + first, i - first);
            first = i + 1;
        }
    }
    send_up(kernel, frames + first, cnt - first);
}

static void initiate_complete(void *user, struct toe_block *tree)
{
    struct emu_request *request = emu_request_of(tree);

    if (request->conn != NULL) {
        emu_move_initiated(user, request);
    } else {
        emu_amend_initiated(user, request);
    }
}

static void terminate_complete(void *user, struct toe_block *tree)
{
    struct emu_request *request = emu_request_of(tree);

    if (request->conn != NULL) {
        emu_move_terminated(user, request);
    } else {
        emu_objects_terminated(user, request);
    }
}

static void update_complete(void *user, struct toe_block *tree)
{
    struct emu_request *request = emu_request_of(tree);

    if (request->conn != NULL) {
        emu_widened(user, request);
    } else {
        emu_amend_updated(user, request);
    }
}

static void query_complete(void *user, struct toe_block *tree)
{
    emu_amend_queried(user, emu_request_of(tree));
}

static void invalidate_complete(void *user, struct toe_block *tree)
{
    emu_amend_invalidated(user, emu_request_of(tree));
}

static void send_complete(void *user, struct toe_buf *chain)
{
    emu_relay_out_sent(user, chain);
}

/* The only receives are those that ask for what was refused. */
static void receive_complete(void *user, struct toe_buf *chain)
{
    (void)user;
    for (; chain != NULL; chain = chain->next) {
        struct emu_conn *conn = chain->owner_data[0];

        conn->move->is_asking = false;
        emu_conn_touch(conn);
    }
}

static void disconnect_complete(void *user, struct toe_buf *buf)
{
    (void)user;
    emu_relay_out_disconnected(buf);
}

static void forward_complete(void *user, struct toe_buf *chain)
{
    emu_move_forwarded(user, chain);
}

static toe_status receive_indicate(void *user, void *host_object, struct toe_buf *buf,
                                   uint32_t *consumed)
{
    struct emu_conn *conn = host_object;

    (void)user;
    emu_conn_touch(conn);
    if (!emu_relay_in_has_room(conn)) {
        conn->move->is_refused = true;
        *consumed = 0;
        return TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    }
    *consumed = buf->len;
    emu_relay_in_push(conn, buf);
    return TOE_STATUS_SUCCESS;
}

/* What the target gives back because it was told to is our reason, not its own. */
static void recall(struct emu_conn *conn, uint32_t reason)
{
    const struct emu_kernel_settings *settings = &conn->kernel->settings;
    const struct emu_path *path = conn->move->path;

    if (!toe_upload_reason_is_mandatory((enum toe_upload_reason)reason) &&
        settings->released != NULL &&
        !settings->released(settings->user, &conn->info, (enum toe_upload_reason)reason)) {
        return;
    }
    if (reason != TOE_UPLOAD_INVALID_STATE || path == NULL || emu_path_is_usable(path)) {
        emu_move_recall(conn, EMU_WHY_TARGET, reason);
    } else {
        emu_move_recall(conn, path->lost != EMU_WHY_NONE ? path->lost : EMU_WHY_NEIGHBOR, 0);
    }
}

static void tcp_event(void *user, void *host_object, enum toe_event event, uint32_t info)
{
    struct emu_conn *conn = host_object;

    (void)user;
    switch (event) {
    case TOE_EVENT_DISCONNECT:
        emu_relay_in_fin(conn);
        emu_conn_touch(conn);
        break;
    case TOE_EVENT_RETRIEVE:
        recall(conn, info);
        break;
    case TOE_EVENT_ABORT:
        emu_relay_in_run(conn);
        emu_relay_in_reset(conn);
        conn->track.is_reset = true;
        emu_move_recall(conn, EMU_WHY_ENDED, 0);
        break;
    case TOE_EVENT_SEND_BACKLOG_CHANGE:
        break;
    }
}

static void neighbor_event(void *user, enum toe_neighbor_event event, struct toe_block *block)
{
    struct emu_kernel *kernel = user;

    if (event == TOE_NEIGHBOR_REACHABILITY_QUERY) {
        ++kernel->stats.neighbor_queries;
        block->state.neighbor->cached.host_reachability_delta =
            emu_follow_reached(kernel, block->host_object);
    }
}

static void status(void *user, toe_status what, const struct toe_caps *caps)
{
    struct emu_kernel *kernel = user;

    switch (what) {
    case TOE_STATUS_OFFLOAD_PAUSE:
        kernel->is_target_paused = true;
        break;
    case TOE_STATUS_UPLOAD_ALL:
        kernel->is_target_paused = true;
        emu_kernel_upload_all(kernel);
        break;
    case TOE_STATUS_OFFLOAD_RESUME:
        kernel->is_target_paused = false;
        if (caps != NULL) {
            kernel->caps = *caps;
        }
        break;
    default:
        break;
    }
}

/* --- life --- */

static void free_kernel(struct emu_kernel *kernel)
{
    emu_heap_give(&kernel->heap, kernel->buckets);
    emu_heap_give(&kernel->heap, kernel->scratch);
    emu_heap_give(&kernel->heap, kernel->spare_request);
    free(kernel);
}

static struct emu_kernel *alloc_kernel(const struct emu_kernel_settings *settings)
{
    struct emu_kernel *kernel = calloc(1, sizeof(*kernel));

    if (kernel == NULL) {
        return NULL;
    }
    kernel->settings = *settings;
    if (kernel->settings.conn_max == 0) {
        kernel->settings.conn_max = CONN_MAX;
    }
    if (kernel->settings.buffer_max == 0) {
        kernel->settings.buffer_max = BUFFER_MAX;
    }
    if (kernel->settings.mtu == 0) {
        kernel->settings.mtu = MTU;
    }
    for (kernel->bucket_cnt = 64; kernel->bucket_cnt < kernel->settings.conn_max;) {
        kernel->bucket_cnt *= 2;
    }
    kernel->buckets =
        emu_heap_take_zeroed(&kernel->heap, kernel->bucket_cnt * sizeof(struct emu_conn *));
    kernel->scratch = emu_heap_take(&kernel->heap, SCRATCH_LEN);
    kernel->spare_request = emu_heap_take(&kernel->heap, sizeof(*kernel->spare_request));
    if (kernel->buckets == NULL || kernel->scratch == NULL || kernel->spare_request == NULL) {
        free_kernel(kernel);
        return NULL;
    }
    return kernel;
}

struct emu_kernel *emu_kernel_new(const struct emu_kernel_settings *settings,
                                  struct emu_error *error)
{
    static const struct toe_host_ops ops = {
        .size = sizeof(ops),
        .initiate_complete = initiate_complete,
        .terminate_complete = terminate_complete,
        .update_complete = update_complete,
        .query_complete = query_complete,
        .invalidate_complete = invalidate_complete,
        .send_complete = send_complete,
        .receive_complete = receive_complete,
        .disconnect_complete = disconnect_complete,
        .forward_complete = forward_complete,
        .receive_indicate = receive_indicate,
        .tcp_event = tcp_event,
        .neighbor_event = neighbor_event,
        .status = status,
        .frames = frames_up,
    };
    struct emu_kernel *kernel = alloc_kernel(settings);

    if (kernel == NULL) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "no memory for the kernel's connections");
        return NULL;
    }
    TAILQ_INIT(&kernel->conns);
    TAILQ_INIT(&kernel->touched);
    TAILQ_INIT(&kernel->idle_paths);
    TAILQ_INIT(&kernel->neighbors);
    TAILQ_INIT(&kernel->requests);
    TAILQ_INIT(&kernel->amended_paths);
    TAILQ_INIT(&kernel->amended_neighbors);
    for (uint32_t i = 0; i < EMU_PATH_BUCKETS; ++i) {
        TAILQ_INIT(&kernel->paths[i]);
    }
    emu_piece_pool_init(&kernel->pool, &kernel->heap);
    kernel->diag = settings->no_netlink ? NULL : emu_diag_open();
    emu_follow_init(kernel);
    settings->ops->attach(settings->target, &ops, kernel);
    kernel->caps.size = sizeof(kernel->caps);
    settings->ops->caps_get(settings->target, &kernel->caps);
    toe_params_default(&kernel->params);
    if (settings->stale != 0) {
        kernel->params.nce_stale_ticks =
            (uint32_t)(settings->stale / (TOE_NS_PER_SEC / kernel->params.ticks_per_second));
    }
    if (settings->ops->params_set(settings->target, &kernel->params) != TOE_STATUS_SUCCESS) {
        emu_error_set(error, EMU_EXIT_FAULT, "the target refuses its parameters");
        emu_kernel_del(kernel);
        return NULL;
    }
    return kernel;
}

void emu_kernel_del(struct emu_kernel *kernel)
{
    struct emu_conn *conn;

    if (kernel == NULL) {
        return;
    }
    while ((conn = TAILQ_FIRST(&kernel->conns)) != NULL) {
        if (conn->move != NULL) {
            emu_move_free(conn);
        }
        emu_conn_del(conn);
    }
    kernel->settings.ops->attach(kernel->settings.target, NULL, NULL);
    emu_objects_fini(kernel);
    emu_piece_pool_fini(&kernel->pool);
    emu_timers_fini(&kernel->timers);
    emu_diag_close(kernel->diag);
    emu_follow_fini(kernel);
    free_kernel(kernel);
}

/* --- running --- */

static void run_conn(struct emu_conn *conn)
{
    if (conn->move == NULL) {
        return;
    }
    switch (conn->move->phase) {
    case EMU_PHASE_ARMED:
        emu_move_try(conn);
        break;
    case EMU_PHASE_CARRIED:
        emu_relay_in_run(conn);
        emu_move_drain(conn);
        if (conn->move->is_wanted_back) {
            emu_move_recall(conn, conn->info.why, conn->info.detail);
        }
        break;
    case EMU_PHASE_REST:
        emu_relay_in_run(conn);
        emu_move_rest(conn);
        break;
    case EMU_PHASE_ASKED:
    case EMU_PHASE_RECALLED:
        break;
    }
}

/* The kernel does not take what the peer sent: whoever has it waits for that, if it may. */
static void give_up(struct emu_conn *conn)
{
    if (conn->move->phase == EMU_PHASE_CARRIED) {
        emu_move_recall(conn, EMU_WHY_WINDOW, 0);
    } else if (conn->kernel->settings.ack_when == TOE_ACK_RETURNED) {
        emu_move_forsake(conn); /* The peer has it, and sends it again. */
    }
}

static void expire(struct emu_conn *conn)
{
    if (conn->move == NULL) {
        emu_conn_look(conn);
    } else if (conn->move->phase == EMU_PHASE_ARMED) {
        emu_move_expire(conn);
    } else if (conn->move->phase == EMU_PHASE_CARRIED || conn->move->phase == EMU_PHASE_REST) {
        emu_relay_in_expire(conn);
        emu_move_drain(conn);
        if (conn->move->rto_cnt >= PATIENCE) {
            give_up(conn);
        } else if (conn->move->phase == EMU_PHASE_CARRIED && emu_conn_is_orphan(conn)) {
            emu_move_recall(conn, EMU_WHY_ENDED, 0);
        } else if (conn->timer.pos == 0) {
            emu_conn_watch_silent(conn);
        }
    }
}

static struct emu_conn *conn_of(struct emu_timer *timer)
{
    return (struct emu_conn *)((char *)timer - offsetof(struct emu_conn, timer));
}

toe_instant emu_kernel_run(struct emu_kernel *kernel, toe_instant now)
{
    struct emu_conns touched;
    struct emu_conn *conn;
    struct emu_timer *timer;
    toe_instant next;
    toe_instant at;

    kernel->now = now;
    TAILQ_INIT(&touched);
    TAILQ_CONCAT(&touched, &kernel->touched, touched);
    while ((conn = TAILQ_FIRST(&touched)) != NULL) {
        TAILQ_REMOVE(&touched, conn, touched);
        conn->is_touched = false;
        run_conn(conn);
    }
    while ((timer = emu_timers_pop(&kernel->timers, now)) != NULL) {
        expire(conn_of(timer));
    }
    if (kernel->is_target_asked) {
        /* At the instant at which the clocks of what it takes were read, or they would be slow. */
        kernel->is_target_asked = false;
        kernel->settings.ops->run(kernel->settings.target, now);
    }
    emu_relay_flush(kernel);
    next = emu_follow_run(kernel);
    emu_amend_run(kernel);
    at = emu_objects_run(kernel);
    next = at < next ? at : next;
    at = emu_timers_next(&kernel->timers);
    next = at < next ? at : next;
    return TAILQ_EMPTY(&kernel->touched) ? next : 0;
}

int emu_kernel_fd(const struct emu_kernel *kernel)
{
    return kernel->rtnl != NULL ? emu_rtnl_fd(kernel->rtnl) : -1;
}

/* --- wishes --- */

static bool refuse(enum emu_why *why, enum emu_why reason)
{
    if (why != NULL) {
        *why = reason;
    }
    return reason == EMU_WHY_NONE;
}

bool emu_kernel_offload(struct emu_kernel *kernel, const struct emu_tuple *tuple, enum emu_why *why)
{
    struct emu_conn *conn = emu_conn_find(kernel, tuple);

    if (conn == NULL) {
        return refuse(why, EMU_WHY_UNKNOWN);
    }
    return refuse(why, conn->move != NULL ? EMU_WHY_NONE : emu_move_arm(conn));
}

bool emu_kernel_upload(struct emu_kernel *kernel, const struct emu_tuple *tuple, enum emu_why *why)
{
    struct emu_conn *conn = emu_conn_find(kernel, tuple);

    if (conn == NULL) {
        return refuse(why, EMU_WHY_UNKNOWN);
    }
    if (conn->move != NULL) {
        emu_move_recall(conn, EMU_WHY_ASKED, 0);
    }
    return refuse(why, EMU_WHY_NONE);
}

void emu_kernel_upload_by_policy(struct emu_kernel *kernel, const struct emu_tuple *tuple,
                                 uint32_t number)
{
    struct emu_conn *conn = emu_conn_find(kernel, tuple);

    if (conn != NULL && conn->move != NULL) {
        emu_move_recall(conn, EMU_WHY_POLICY, number);
    }
}

void emu_kernel_own(struct emu_kernel *kernel, const struct emu_tuple *tuple, void *owner,
                    uint64_t mark)
{
    struct emu_conn *conn = emu_conn_find(kernel, tuple);

    if (conn != NULL) {
        conn->info.owner = owner;
        conn->mark = mark;
    }
}

void emu_kernel_upload_all(struct emu_kernel *kernel)
{
    struct emu_conn *conn;
    struct emu_conn *next;

    for (conn = TAILQ_FIRST(&kernel->conns); conn != NULL; conn = next) {
        next = TAILQ_NEXT(conn, node);
        if (conn->move != NULL) {
            emu_move_recall(conn, EMU_WHY_ASKED, 0);
        }
    }
}

uint32_t emu_kernel_offloaded_cnt(const struct emu_kernel *kernel)
{
    return kernel->move_cnt;
}

void emu_kernel_pause(struct emu_kernel *kernel)
{
    kernel->is_paused = true;
}

void emu_kernel_resume(struct emu_kernel *kernel)
{
    kernel->is_paused = false;
}

/* --- telling --- */

static void tell(const struct emu_conn *conn, struct emu_kernel_conn *info)
{
    *info = conn->info;
    info->state = emu_track_state(&conn->track);
}

void emu_kernel_walk(struct emu_kernel *kernel,
                     bool (*visit)(void *user, const struct emu_kernel_conn *conn), void *user)
{
    struct emu_conn *conn;
    struct emu_conn *next;

    for (conn = TAILQ_FIRST(&kernel->conns); conn != NULL; conn = next) {
        struct emu_kernel_conn info;

        next = TAILQ_NEXT(conn, node);
        tell(conn, &info);
        if (!visit(user, &info)) {
            return;
        }
    }
}

bool emu_kernel_find(const struct emu_kernel *kernel, const struct emu_tuple *tuple,
                     struct emu_kernel_conn *conn)
{
    const struct emu_conn *found = emu_conn_find(kernel, tuple);

    if (found != NULL) {
        tell(found, conn);
    }
    return found != NULL;
}

struct emu_heap *emu_kernel_heap(struct emu_kernel *kernel)
{
    return &kernel->heap;
}

const struct emu_kernel_times *emu_kernel_times(const struct emu_kernel *kernel)
{
    return &kernel->times;
}

void emu_kernel_stats_get(const struct emu_kernel *kernel, struct emu_kernel_stats *stats)
{
    *stats = kernel->stats;
    stats->memory = kernel->heap.bytes + kernel->timers.cap * sizeof(*kernel->timers.heap);
}
