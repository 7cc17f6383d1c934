/* SPDX-License-Identifier: MIT */
#include "target/initiate.h"

#include "base/assert.h"
#include "target/account.h"
#include "target/forward.h"
#include "target/instance.h"
#include "target/object.h"
#include "target/reach.h"
#include "target/sending.h"
#include "target/tree.h"
#include "target/upload.h"
#include "target/worth.h"
#include "tcp/engine.h"

/*
 * The checks of a new block come in the order of OFF-11: structure and type, parent, family, limits
 * (Ethernet address, VLAN, MTU, window), memory. The first that fails decides the status.
 */

#define VLAN_ID_MAX 4094u
#define MTU_MIN_IPV4 68u
#define MTU_MIN_IPV6 1280u

/* --- neighbor --- */

static toe_status initiate_neighbor(struct toe_target *target, toe_handle *handle,
                                    const struct toe_block *block)
{
    const struct toe_neighbor_state *state = block->state.neighbor;
    struct target_neighbor *neighbor;
    toe_status status;

    if (block->type != TOE_BLOCK_NEIGHBOR || state == NULL || state->size < sizeof(*state) ||
        state->constant.vlan_id > VLAN_ID_MAX) {
        return TOE_STATUS_FAILURE;
    }
    status = target_neighbor_new(target, &neighbor, state);
    if (status != TOE_STATUS_SUCCESS) {
        return status;
    }

    neighbor->host_object = block->host_object;
    target_reach_set(target, neighbor, state->cached.host_reachability_delta,
                     state->delegated.nic_reachability_delta);
    target_lifecycle_set(&neighbor->life, TARGET_OFFLOADED);
    *handle = target_neighbor_handle(target, neighbor);
    return TOE_STATUS_SUCCESS;
}

/* --- path --- */

static bool is_unicast(const struct toe_addr *addr)
{
    if (addr->family == 4) {
        return addr->bytes[0] != 0 && addr->bytes[0] < 224;
    }
    for (int i = 0; i < 16; ++i) {
        if (addr->bytes[i] != 0) {
            return addr->bytes[0] != 0xff;
        }
    }
    return false;
}

static bool is_path_sound(const struct toe_block *block, const struct toe_path_state *state)
{
    const uint8_t family = block->type == TOE_BLOCK_PATH4 ? 4 : 6;

    return (block->type == TOE_BLOCK_PATH4 || block->type == TOE_BLOCK_PATH6) && state != NULL &&
           state->size >= sizeof(*state) && state->constant.src.family == family &&
           state->constant.dst.family == family && is_unicast(&state->constant.src) &&
           is_unicast(&state->constant.dst);
}

bool target_path_mtu_is_sound(const struct toe_addr *addr, uint32_t mtu)
{
    return mtu >= (addr->family == 4 ? MTU_MIN_IPV4 : MTU_MIN_IPV6);
}

static toe_status initiate_path(struct toe_target *target, toe_handle *handle,
                                const struct toe_block *block, toe_handle parent)
{
    const struct toe_path_state *state = block->state.path;
    struct target_neighbor *neighbor = target_neighbor_get(target, parent);
    struct target_path *path;
    toe_status status;

    if (!is_path_sound(block, state) || neighbor == NULL ||
        neighbor->life.state != TARGET_OFFLOADED ||
        !(state->constant.src.family == 4 ? target->caps.ipv4 : target->caps.ipv6)) {
        return TOE_STATUS_FAILURE;
    }
    if (state->cached.mtu > target_mtu_max(target)) {
        return TOE_STATUS_OFFLOAD_PATH_MTU;
    }
    if (!target_path_mtu_is_sound(&state->constant.src, state->cached.mtu)) {
        return TOE_STATUS_FAILURE;
    }
    status = target_path_new(target, &path, neighbor, state);
    if (status != TOE_STATUS_SUCCESS) {
        return status;
    }

    path->host_object = block->host_object;
    target_lifecycle_set(&path->life, TARGET_OFFLOADED);
    *handle = target_path_handle(target, path);
    return TOE_STATUS_SUCCESS;
}

/* --- TCP connection --- */

static bool is_duplicate(const struct toe_target *target, const struct target_path *path,
                         const struct toe_tcp_state *state)
{
    uint8_t bytes[TARGET_ROW_MAX];
    const struct target_row row =
        target_row_write(bytes, &path->constant.dst, &path->constant.src,
                         state->constant.remote_port, state->constant.local_port);

    return target_demux_find(&target->demux, row, target_demux_hash(&target->demux, row)) != NULL;
}

static uint32_t chain_len(const struct toe_buf *chain)
{
    uint32_t len = 0;

    for (const struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        len += buf->len;
    }
    return len;
}

/* Structure and type. */
static bool is_tcp_sound(const struct toe_target *target, const struct toe_block *block)
{
    const struct toe_tcp_state *state = block->state.tcp;

    return block->type == TOE_BLOCK_TCP && state != NULL && state->size >= TOE_TCP_STATE_SIZE_MIN &&
           target_send_is_sound(block->send_chain, 0) &&
           target_send_is_sound(state->delegated.buffered_data, 0) &&
           tcp_import_check(&target->tcp_config, state, chain_len(block->send_chain));
}

/* Accurate feedback needs the counters that only an extension has. */
static bool can_count_marks(const struct toe_target *target, const struct toe_tcp_state *state)
{
    const struct toe_extension *ext = toe_tcp_extension(state);

    return target->caps.accecn && (state->constant.flags & TOE_TCP_ECN) != 0 && ext != NULL &&
           ext->version == TOE_EXTENSION_VERSION;
}

/* All that can be said without taking anything. */
static toe_status check_tcp(const struct toe_target *target, const struct target_path *path,
                            const struct toe_block *block)
{
    const struct toe_tcp_state *state = block->state.tcp;

    if (!is_tcp_sound(target, block) || path == NULL || path->life.state != TARGET_OFFLOADED ||
        is_duplicate(target, path, state)) {
        return TOE_STATUS_FAILURE;
    }
    if (((state->constant.flags & TOE_TCP_SACK) != 0 && !target->caps.sack) ||
        ((state->constant.flags & TOE_TCP_ECN) != 0 && !target->caps.ecn) ||
        ((state->constant.flags & TOE_TCP_ACCECN) != 0 && !can_count_marks(target, state))) {
        return TOE_STATUS_OFFLOAD_CONNECTION_REJECTED;
    }
    if (state->cached.initial_rcv_wnd > target->caps.rcv_wnd_max) {
        return TOE_STATUS_OFFLOAD_TCP_RCV_WINDOW;
    }
    if (target->tcps.cnt >= target->caps.tcp_max) {
        return TOE_STATUS_OFFLOAD_TCP_ENTRIES;
    }
    if (target->chunks.cnt >= target->chunks.cnt_max && state->delegated.buffered_data == NULL) {
        return TOE_STATUS_OFFLOAD_TCP_RCV_BUFFER;
    }
    return TOE_STATUS_SUCCESS;
}

/* OFF-4: copies what the host received and did not deliver; false if that is not possible. */
static bool copy_buffered(struct toe_target *target, struct target_tcp *tcp,
                          const struct toe_buf *chain)
{
    struct tcp_recvq *q = &tcp->conn.busy->recvq;

    for (const struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        if (!toe_buf_is_sound(buf)) {
            return false;
        }
        for (uint32_t off = 0; off < buf->len;) {
            const uint32_t left = buf->len - off;
            const uint32_t cnt = left < TARGET_SCRATCH_LEN ? left : TARGET_SCRATCH_LEN;

            /* They count as pushed (RCV-039). */
            if (!toe_buf_read(buf, target->scratch, off, cnt, &target->settings.bus) ||
                !tcp_recvq_push(q, &target->chunks, target->scratch, cnt, true)) {
                return false;
            }
            off += cnt;
        }
        if ((buf->flags & TOE_BUF_URGENT) != 0 && q->tail != NULL) {
            q->tail->urgent = true;
        }
    }
    return true;
}

static bool has_urgent(const struct tcp_recvq *q)
{
    for (const struct tcp_chunk *chunk = q->head; chunk != NULL; chunk = chunk->next) {
        if (chunk->urgent) {
            return true;
        }
    }
    return false;
}

/* A hint never makes an offload fail: what cannot be used is not. */
static void import_extension(struct toe_target *target, struct target_tcp *tcp,
                             const struct toe_tcp_state *state)
{
    const struct toe_extension *ext = target->caps.extension != 0 ? toe_tcp_extension(state) : NULL;

    switch (tcp_extension_import(&tcp->conn, ext, &state->delegated, target->initiated)) {
    case TCP_EXTENSION_TAKEN:
        ++target->stats.extensions_taken;
        return;
    case TCP_EXTENSION_IGNORED:
        ++target->stats.extensions_ignored;
        return;
    case TCP_EXTENSION_NONE:
    case TCP_EXTENSION_NO_MEMORY:
        return;
    }
}

/* Builds the engine's part of |tcp|. A failure leaves the host's buffers as they were (OFF-8). */
static toe_status import_tcp(struct toe_target *target, struct target_tcp *tcp,
                             const struct target_path *path, const struct toe_block *block)
{
    const struct toe_tcp_state *state = block->state.tcp;
    const uint16_t mss = target_path_mss(target, path, path->mtu);
    const struct tcp_setup setup = {
        .mss_local = mss,
        .mss_limit = mss,
        .ipv6 = path->constant.dst.family == 6,
        .rcv_buf = state->cached.initial_rcv_wnd,
        .rcv_wscale = state->constant.rcv_wnd_scale,
        .timestamps = (state->constant.flags & TOE_TCP_TIMESTAMPS) != 0,
        .sack = (state->constant.flags & TOE_TCP_SACK) != 0,
        .window_scaling = (state->constant.flags & TOE_TCP_WINDOW_SCALING) != 0,
        .nagle = (state->cached.flags & TOE_TCP_NAGLE) != 0,
    };
    struct target_busy *busy = base_slab_alloc(&target->busies);
    toe_status status;

    if (busy == NULL) {
        return TOE_STATUS_RESOURCES;
    }
    *busy = target_idle;
    tcp_conn_init(&tcp->conn, &busy->tcp, &target->tcp_config, &setup, target->now);
    if (!copy_buffered(target, tcp, state->delegated.buffered_data)) {
        return TOE_STATUS_FAILURE;
    }
    tcp_send(&tcp->conn, block->send_chain);
    status = tcp_import(&tcp->conn, state, target->initiated);
    if (status != TOE_STATUS_SUCCESS) {
        (void)tcp_send_take(&tcp->conn);
        return status;
    }
    import_extension(target, tcp, state);
    return TOE_STATUS_SUCCESS;
}

/* Puts |tcp| in its place, where frames and requests find it. */
static void link_tcp(struct toe_target *target, struct target_tcp *tcp, struct target_path *path)
{
    tcp->path = path;
    ++path->tcp_cnt;
    base_list_push_back(&path->tcps, &tcp->sibling);
    target_demux_insert(&target->demux, tcp);
    target_lifecycle_set(&tcp->life, TARGET_OFFLOADED);
    target_account_state(target, tcp);
    ++target->stats.initiated;
    target_backlog_init(target, tcp);
    target_worth_new(target, tcp);
    target_tcp_ready(tcp);
}

static toe_status initiate_tcp(struct toe_target *target, toe_handle *handle,
                               struct toe_block *block, toe_handle parent)
{
    struct target_path *path = target_path_get(target, parent);
    struct target_tcp *tcp;
    toe_status status = check_tcp(target, path, block);

    if (status != TOE_STATUS_SUCCESS) {
        return status;
    }
    tcp = base_slab_alloc(&target->tcps);
    if (tcp == NULL) {
        return TOE_STATUS_RESOURCES;
    }

    tcp->target = target;
    tcp->host_object = block->host_object;
    status = import_tcp(target, tcp, path, block);
    if (status != TOE_STATUS_SUCCESS) {
        target_tcp_del(target, tcp);
        return status;
    }

    for (struct toe_buf *buf = block->send_chain; buf != NULL; buf = buf->next) {
        buf->transferred = 0; /* of this offload: a former one may have left a count (SND-041) */
    }
    block->send_chain = NULL;
    target_busy_of(tcp)->delivery.is_held = tcp->conn.busy->recvq.len > 0;
    target_busy_of(tcp)->delivery.is_end_told = tcp_fin_is_received(&tcp->conn);
    if (has_urgent(&tcp->conn.busy->recvq)) {
        tcp->conn.verdict = TCP_VERDICT_URGENT; /* RCV-092 */
    }
    link_tcp(target, tcp, path);
    target_tcp_rest(target, tcp); /* before there are others: a tree may have very many */
    *handle = target_tcp_handle(target, tcp);
    return TOE_STATUS_SUCCESS;
}

/* --- the tree --- */

static toe_status attempt(void *ctx, toe_handle *handle, struct toe_block *block,
                          enum toe_layer layer, toe_handle parent)
{
    struct toe_target *target = ctx;

    if (!target->has_params || !target_block_is_sound(block)) {
        return TOE_STATUS_FAILURE;
    }
    switch (layer) {
    case TOE_LAYER_NEIGHBOR:
        return initiate_neighbor(target, handle, block);
    case TOE_LAYER_PATH:
        return initiate_path(target, handle, block, parent);
    case TOE_LAYER_TCP:
        return initiate_tcp(target, handle, block, parent);
    case TOE_LAYER_NONE:
        break;
    }
    return TOE_STATUS_FAILURE;
}

/* LKR-6: others may be linked to what is offloaded and valid. */
static bool resolve(void *ctx, const struct toe_block *block, enum toe_layer layer)
{
    const struct toe_target *target = ctx;
    const struct target_neighbor *neighbor = target_neighbor_get(target, *block->object);
    const struct target_path *path = target_path_get(target, *block->object);

    if (!target_block_is_sound(block)) {
        return false;
    }
    switch (layer) {
    case TOE_LAYER_NEIGHBOR:
        return neighbor != NULL && neighbor->life.state == TARGET_OFFLOADED;
    case TOE_LAYER_PATH:
        return path != NULL && path->life.state == TARGET_OFFLOADED;
    case TOE_LAYER_TCP: /* nothing is ever linked to a connection */
    case TOE_LAYER_NONE:
        break;
    }
    return false;
}

void target_initiate(struct toe_target *target, struct toe_block *tree, toe_instant since)
{
    const struct target_tree_initiate op = {
        .ctx = target,
        .continue_after_root_failure = target->settings.continue_after_root_failure,
        .attempt = attempt,
        .resolve = resolve,
    };

    target->initiated = since;
    target_tree_initiate(&op, tree);
    target->host.initiate_complete(target->host_user, tree);
}
