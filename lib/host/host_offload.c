/* SPDX-License-Identifier: MIT */
#include "host/host_offload.h"

#include "base/assert.h"
#include "host/drive.h"
#include "host/held.h"
#include "host/host_extension.h"
#include "host/host_output.h"
#include "host/path.h"
#include "host/place.h"
#include "host/policy.h"
#include "host/reachability.h"
#include "host/relink.h"
#include "host/host_upload.h"

#include <string.h>

bool host_offload_want(struct host_conn *conn)
{
    if (conn->place != TOE_PLACE_HOST || conn->is_offload_wanted || conn->is_over ||
        conn->is_opening || !toe_conn_state_is_offloadable((enum toe_conn_state)conn->tcp.state)) {
        return false;
    }
    conn->is_offload_wanted = true;
    base_list_push_back(&host_path_interface(conn->path)->offloads, &conn->move);
    host_path_interface(conn->path)->is_offload_due = true;
    return true;
}

/* Takes back the wish to be offloaded, and says why. */
static void refuse(struct host_conn *conn, toe_status status)
{
    base_list_remove(&conn->move);
    conn->is_offload_wanted = false;
    conn->subject.offload_status = status;
    ++conn->host->stats.offloads_failed;
    host_conn_raise(conn, TOE_HOST_OFFLOAD_FAILED);
    host_policy_stayed(conn);
}

enum readiness {
    READY,
    WAITS,  /* for another object, or an address */
    UNFIT,  /* for this target */
    CANNOT, /* any more */
};

static enum readiness readiness_of(struct host_conn *conn)
{
    struct host_path *path = conn->path;
    struct host_neighbor *neighbor = path->neighbor;

    if (conn->is_over || conn->is_abort_due ||
        !toe_conn_state_is_offloadable((enum toe_conn_state)conn->tcp.state) ||
        conn->tcp.verdict != TCP_VERDICT_NONE) {
        return CANNOT;
    }
    if (conn->tcp.has_ecn && !neighbor->interface->caps.ecn) {
        return UNFIT; /* The peer counts on its marks being echoed (RFC-090). */
    }
    if (conn->tcp.has_accecn &&
        !(neighbor->interface->caps.accecn && host_extension_is_known(neighbor->interface))) {
        return UNFIT; /* And on the counters. */
    }
    if (!host_conn_drain(conn)) {
        return CANNOT;
    }
    if (!host_neighbor_is_resolved(neighbor)) {
        if (neighbor->state == HOST_NEIGHBOR_NONE && neighbor->solicit_cnt >= HOST_SOLICIT_CNT) {
            neighbor->solicit_cnt = 0;
            return CANNOT;
        }
        host_neighbor_use(neighbor);
        return WAITS;
    }
    /* What is in this very tree is OFFLOADING already. */
    if (neighbor->object.is_invalid || path->next_neighbor != NULL ||
        (neighbor->build == NULL && neighbor->object.place != TOE_PLACE_HOST &&
         neighbor->object.place != TOE_PLACE_OFFLOADED) ||
        (path->build == NULL && path->object.place != TOE_PLACE_HOST &&
         path->object.place != TOE_PLACE_OFFLOADED)) {
        return WAITS;
    }
    return READY;
}

struct host_node *host_neighbor_node(struct host_neighbor *neighbor)
{
    struct toe_host *host = neighbor->interface->host;
    struct host_node *node = host_node_new(host, HOST_REQUEST_INITIATE, TOE_LAYER_NEIGHBOR,
                                           neighbor, &neighbor->object.handle);
    uint32_t delta = host->params.nce_stale_ticks;

    if (node == NULL) {
        return NULL;
    }
    node->block.type = TOE_BLOCK_NEIGHBOR;
    if (node->role != TOE_ROLE_NEW) {
        return node;
    }
    if (neighbor->is_confirmed) {
        delta = (uint32_t)((host->now - neighbor->confirmed_at) / host->tick);
    }
    node->state.neighbor = (struct toe_neighbor_state){
        .size = sizeof(node->state.neighbor),
        .constant.vlan_id = neighbor->interface->vlan_id,
        .cached.host_reachability_delta = delta,
        .delegated.nic_reachability_delta = delta,
    };
    memcpy(node->state.neighbor.cached.dst_mac, neighbor->mac, TOE_MAC_LEN);
    node->block.state.neighbor = &node->state.neighbor;
    neighbor->is_update_due = false;
    host_object_place_set(&neighbor->object, TOE_PLACE_OFFLOADING);
    return node;
}

/* The neighbor's block in the tree, made if need be. */
static struct host_node *neighbor_node(struct host_tree *tree, struct host_neighbor *neighbor)
{
    if (neighbor->build == NULL) {
        neighbor->build = host_neighbor_node(neighbor);
        if (neighbor->build != NULL) {
            host_tree_add(tree, neighbor->build);
        }
    }
    return neighbor->build;
}

/* The path's block in the tree, made if need be. */
static struct host_node *path_node(struct host_tree *tree, struct host_path *path)
{
    struct host_node *node = path->build;
    struct host_node *parent;

    if (node != NULL) {
        return node;
    }
    parent = neighbor_node(tree, path->neighbor);
    if (parent == NULL) {
        return NULL;
    }
    node = host_node_new(host_path_interface(path)->host, HOST_REQUEST_INITIATE, TOE_LAYER_PATH,
                         path, &path->object.handle);
    if (node == NULL) {
        return NULL;
    }
    node->block.type = path->local.family == 4 ? TOE_BLOCK_PATH4 : TOE_BLOCK_PATH6;
    if (node->role == TOE_ROLE_NEW) {
        node->state.path = (struct toe_path_state){
            .size = sizeof(node->state.path),
            .constant.src = path->local,
            .constant.dst = path->remote,
            .cached.mtu = path->mtu,
        };
        node->block.state.path = &node->state.path;
        path->is_update_due = false;
        ++path->neighbor->object.dependent_cnt;
        host_object_place_set(&path->object, TOE_PLACE_OFFLOADING);
    }
    path->build = node;
    host_node_add(parent, node);
    return node;
}

/* Lends what the application has not taken to the target, as a chain of buffers. */
static struct toe_buf *lend_received(struct host_conn *conn)
{
    host_queue_prepend(&conn->lent, &conn->received);
    return host_queue_chain(&conn->lent);
}

/* Writes the connection's state into |node|. The engine is dormant from here on. */
static void put_state(struct host_conn *conn, struct host_node *node)
{
    struct toe_tcp_state *state = &node->state.tcp;
    struct toe_buf *chain;

    if (conn->consumed > 0) {
        tcp_consumed(&conn->tcp, conn->consumed, conn->host->now);
        conn->consumed = 0;
    }
    /* TMR-020: what is owed is acknowledged by us. */
    tcp_quiesce(&conn->tcp);
    host_drive_output(conn);

    state->size = sizeof(*state);
    tcp_export(&conn->tcp, &state->constant, &state->cached, &state->delegated, conn->host->now);
    /* The target knows the peer's limit only, and ours may be less. */
    if (conn->options.mss != 0 && conn->options.mss < state->constant.remote_mss) {
        state->constant.remote_mss = conn->options.mss;
    }
    state->constant.local_port = conn->local_port;
    state->constant.remote_port = conn->remote_port;
    state->constant.hash_value =
        wire_rss_hash(&conn->host->rss, &conn->path->remote, &conn->path->local, conn->remote_port,
                      conn->local_port);
    if (host_extension_is_known(host_path_interface(conn->path))) {
        node->extension = host_extension_new(conn);
        state->extension = node->extension != NULL ? &node->extension->ext : NULL;
    }
    chain = tcp_send_take(&conn->tcp);
    state->delegated.send_data_head = chain;
    state->delegated.send_data_tail = chain;
    for (struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        state->delegated.send_data_tail = buf;
    }
    state->delegated.buffered_data = lend_received(conn);
    /* Set here and not at the completion: the target may indicate before we see that. */
    conn->owed = conn->lent.len;
    conn->is_refused = conn->lent.len > 0;
    node->block.state.tcp = state;
    node->block.send_chain = chain;
}

/* Adds |conn| to |tree|; false if memory is short. */
static bool add_conn(struct host_tree *tree, struct host_conn *conn)
{
    struct host_node *parent = path_node(tree, conn->path);
    struct host_node *node;

    if (parent == NULL) {
        return false;
    }
    node = host_node_new(conn->host, HOST_REQUEST_INITIATE, TOE_LAYER_TCP, conn, &conn->object);
    if (node == NULL) {
        return false;
    }
    node->block.type = TOE_BLOCK_TCP;
    put_state(conn, node);
    ++conn->path->object.dependent_cnt;
    base_list_remove(&conn->move);
    conn->is_offload_wanted = false;
    host_conn_place_set(conn, TOE_PLACE_OFFLOADING);
    base_wheel_cancel(&conn->host->wheel, &conn->timer.timer);
    host_node_add(parent, node);
    return true;
}

/* Forgets which nodes were built. */
static void end_build(struct toe_block *root)
{
    for (struct toe_block *n = root; n != NULL; n = n->next) {
        struct host_neighbor *neighbor = host_node_of(n)->subject;

        neighbor->build = NULL;
        for (struct toe_block *p = n->dependent; p != NULL; p = p->next) {
            struct host_path *path = host_node_of(p)->subject;

            path->build = NULL;
        }
    }
}

void host_offload_run(struct host_interface *interface)
{
    struct host_tree tree;

    interface->is_offload_due = false;
    host_relink_run(interface);
    if (interface->is_paused) {
        return;
    }
    host_tree_init(&tree);
    base_list_foreach_safe(n, tmp, &interface->offloads)
    {
        struct host_conn *conn = base_container_of(n, struct host_conn, move);

        switch (readiness_of(conn)) {
        case READY:
            if (!add_conn(&tree, conn)) {
                refuse(conn, TOE_STATUS_RESOURCES);
            }
            break;
        case WAITS:
            break;
        case UNFIT:
            refuse(conn, TOE_STATUS_NOT_SUPPORTED);
            break;
        case CANNOT:
            refuse(conn, TOE_STATUS_FAILURE);
            break;
        }
    }
    if (tree.root != NULL) {
        end_build(tree.root);
        host_tx_flush(interface->host);
        interface->ops.initiate(interface->target, tree.root);
    }
}

/* The target has |conn| now. */
static void offloaded(struct host_conn *conn, const struct host_node *node)
{
    struct toe_host_stats *stats = &conn->host->stats;
    const struct toe_tcp_delegated *delegated = &node->state.tcp.delegated;

    host_conn_place_set(conn, TOE_PLACE_OFFLOADED);
    ++conn->offload_cnt;
    ++stats->offloads;
    ++stats->offloaded_cnt;
    ++stats->neighbor_links;
    ++stats->offloaded_in_state[delegated->state];
    stats->offloaded_with_unacked += delegated->snd_max != delegated->snd_una;
    stats->offloaded_with_received += conn->lent.len > 0;
    stats->offloaded_zero_window += delegated->snd_wnd == 0;
    conn->upload_reason = 0;
    host_queue_clear(&conn->lent, &conn->host->pieces);
    tcp_conn_fini(&conn->tcp);
    conn->subject.offload_status = TOE_STATUS_SUCCESS;
    host_conn_raise(conn, TOE_HOST_OFFLOADED);
    host_policy_offloaded(conn);
    if (conn->is_upload_wanted) {
        conn->is_upload_wanted = false;
        (void)host_upload_want(conn);
    }
    host_conn_touch(conn);
}

/* The target refused |conn|: it goes on here, as if nothing had been. */
static void stayed(struct host_conn *conn, const struct host_node *node)
{
    const bool fin_queued = conn->tcp.fin_queued;

    host_conn_place_set(conn, TOE_PLACE_HOST);
    --conn->path->object.dependent_cnt;
    conn->tcp.fin_queued = false;
    tcp_send(&conn->tcp, node->block.send_chain);
    conn->tcp.fin_queued = fin_queued;
    conn->tcp.quiesced = false;
    conn->is_upload_wanted = false;
    conn->owed = 0;
    conn->is_refused = false;
    if (conn->lent.len > 0) {
        host_queue_prepend(&conn->received, &conn->lent);
        host_conn_raise(conn, TOE_HOST_RECEIVABLE);
    }
    conn->subject.offload_status = node->block.status;
    ++conn->host->stats.offloads_failed;
    host_conn_raise(conn, TOE_HOST_OFFLOAD_FAILED);
    host_policy_stayed(conn);
    host_conn_touch(conn);
    host_held_process(conn);
}

static void complete_path(struct host_node *node)
{
    struct host_path *path = node->subject;

    /* The last connection may end now; the path must outlive it. */
    host_path_ref(path);
    if (node->role == TOE_ROLE_NEW) {
        if (host_node_succeeded(node)) {
            host_object_place_set(&path->object, TOE_PLACE_OFFLOADED);
            ++host_path_interface(path)->host->stats.neighbor_links;
        } else {
            path->object.handle = 0;
            host_object_place_set(&path->object, TOE_PLACE_HOST);
            --path->neighbor->object.dependent_cnt;
            host_relink_home(path);
        }
    }
    for (struct toe_block *b = node->block.dependent; b != NULL; b = b->next) {
        struct host_node *tcp = host_node_of(b);
        struct host_conn *conn = tcp->subject;

        if (host_node_succeeded(tcp)) {
            offloaded(conn, tcp);
        } else {
            conn->object = 0;
            stayed(conn, tcp);
        }
    }
    host_reachability_path_run(path);
    host_upload_idle_path(path);
    host_path_unref(path);
}

void host_offload_complete(struct host_interface *interface, struct host_node *root)
{
    for (struct toe_block *b = &root->block; b != NULL; b = b->next) {
        struct host_node *node = host_node_of(b);
        struct host_neighbor *neighbor = node->subject;

        host_neighbor_ref(neighbor);
        if (node->role == TOE_ROLE_NEW) {
            const bool has = host_node_succeeded(node);

            neighbor->object.handle = has ? neighbor->object.handle : 0;
            host_object_place_set(&neighbor->object, has ? TOE_PLACE_OFFLOADED : TOE_PLACE_HOST);
        }
        for (struct toe_block *p = b->dependent; p != NULL; p = p->next) {
            complete_path(host_node_of(p));
        }
        host_reachability_neighbor_run(neighbor);
        host_upload_idle_neighbor(neighbor);
        host_neighbor_unref(neighbor);
    }
    interface->is_offload_due = true;
    interface->is_upload_due = true;
    host_tree_free(interface->host, &root->block);
}
