/* SPDX-License-Identifier: MIT */
#include "host/reachability.h"

#include "host/host_icmp.h"
#include "host/host_upload.h"
#include "host/relink.h"

#include <string.h>

/* How long the target has to see progress after it asked. */
#define PROGRESS_DELAY HOST_DELAY_FIRST_PROBE

/* Whether a request about |object| may be posted now. */
static bool is_free(const struct host_object *object)
{
    return object->place == TOE_PLACE_OFFLOADED && object->busy_cnt == 0 && !object->is_invalid;
}

/* How long ago the host knew |neighbor| to be reachable; never zero (NBR-12). */
static uint32_t host_delta(const struct host_neighbor *neighbor)
{
    const struct toe_host *host = neighbor->interface->host;
    const uint64_t delta = (host->now - neighbor->confirmed_at) / host->tick;

    return delta == 0 ? 1 : (uint32_t)delta;
}

static struct host_node *neighbor_request(struct host_neighbor *neighbor, enum host_request request,
                                          uint16_t type)
{
    struct host_node *node = host_node_new(neighbor->interface->host, request, TOE_LAYER_NEIGHBOR,
                                           neighbor, &neighbor->object.handle);

    if (node != NULL) {
        node->block.type = type;
        node->state.neighbor.size = sizeof(node->state.neighbor);
        node->block.state.neighbor = &node->state.neighbor;
        ++neighbor->object.busy_cnt;
    }
    return node;
}

static void post_invalidate(struct host_neighbor *neighbor)
{
    struct host_interface *interface = neighbor->interface;
    struct host_node *node =
        neighbor_request(neighbor, HOST_REQUEST_INVALIDATE, TOE_BLOCK_NEIGHBOR);

    if (node != NULL) {
        neighbor->is_invalidate_due = false;
        neighbor->object.is_invalid = true;
        interface->ops.invalidate(interface->target, &node->block);
    }
}

static void post_update(struct host_neighbor *neighbor)
{
    struct host_interface *interface = neighbor->interface;
    struct host_node *node =
        neighbor_request(neighbor, HOST_REQUEST_UPDATE, TOE_BLOCK_NEIGHBOR_CACHED);

    if (node != NULL) {
        neighbor->is_update_due = false;
        memcpy(node->state.neighbor.cached.dst_mac, neighbor->mac, TOE_MAC_LEN);
        node->state.neighbor.cached.host_reachability_delta =
            neighbor->is_confirmed ? host_delta(neighbor) : interface->host->params.nce_stale_ticks;
        interface->ops.update(interface->target, &node->block);
    }
}

void host_reachability_neighbor_run(struct host_neighbor *neighbor)
{
    if (!is_free(&neighbor->object)) {
        return;
    }
    if (neighbor->is_invalidate_due) {
        post_invalidate(neighbor);
    } else if (neighbor->is_update_due) {
        post_update(neighbor);
    }
}

void host_reachability_path_run(struct host_path *path)
{
    struct host_interface *interface = host_path_interface(path);
    struct host_node *node;

    if (!path->is_update_due || !is_free(&path->object)) {
        return;
    }
    node = host_node_new(interface->host, HOST_REQUEST_UPDATE, TOE_LAYER_PATH, path,
                         &path->object.handle);
    if (node == NULL) {
        return;
    }
    path->is_update_due = false;
    ++path->object.busy_cnt;
    node->block.type = path->local.family == 4 ? TOE_BLOCK_PATH4_CACHED : TOE_BLOCK_PATH6_CACHED;
    node->state.path.size = sizeof(node->state.path);
    node->state.path.cached.mtu = path->mtu;
    node->block.state.path = &node->state.path;
    interface->ops.update(interface->target, &node->block);
}

void host_reachability_changed(struct host_neighbor *neighbor)
{
    if (neighbor->object.place != TOE_PLACE_HOST) {
        neighbor->is_update_due = true;
        host_reachability_neighbor_run(neighbor);
    }
}

void host_reachability_confirmed(struct host_neighbor *neighbor)
{
    neighbor->is_invalidate_due = false;
    if (neighbor->is_asked) {
        neighbor->is_asked = false;
        neighbor->is_update_due = true;
        host_reachability_neighbor_run(neighbor);
    }
}

void host_reachability_lost(struct host_neighbor *neighbor)
{
    neighbor->is_asked = false;
    if (neighbor->object.place == TOE_PLACE_OFFLOADED ||
        neighbor->object.place == TOE_PLACE_OFFLOADING) {
        neighbor->is_invalidate_due = true;
        host_reachability_neighbor_run(neighbor);
    }
}

void host_reachability_mtu_changed(struct host_path *path)
{
    if (path->object.place != TOE_PLACE_HOST) {
        path->is_update_due = true;
        host_reachability_path_run(path);
    }
}

void host_reachability_asked(struct host_neighbor *neighbor, struct toe_block *block)
{
    struct toe_host *host = neighbor->interface->host;
    struct toe_neighbor_state *state = block->state.neighbor;

    if (host_neighbor_is_fresh(neighbor)) {
        state->cached.host_reachability_delta = host_delta(neighbor);
        return;
    }
    state->cached.host_reachability_delta = 0;
    neighbor->nic_delta = state->delegated.nic_reachability_delta;
    neighbor->is_asked = true;
    base_wheel_arm(&host->wheel, &neighbor->reachability.timer, host->now + PROGRESS_DELAY);
}

void host_reachability_expire(struct host_neighbor *neighbor)
{
    struct host_interface *interface = neighbor->interface;
    struct host_node *node;

    if (!neighbor->is_asked || neighbor->object.place != TOE_PLACE_OFFLOADED ||
        neighbor->object.is_invalid) {
        neighbor->is_asked = false;
        return;
    }
    node = neighbor_request(neighbor, HOST_REQUEST_QUERY, TOE_BLOCK_NEIGHBOR_DELEGATED);
    if (node != NULL) {
        interface->ops.query(interface->target, &node->block);
    }
}

void host_reachability_query_conn(struct host_conn *conn)
{
    struct host_interface *interface = host_path_interface(conn->path);
    struct host_node *node;

    if (conn->query_cnt > 0 || conn->is_upload_wanted) {
        return;
    }
    node = host_node_new(conn->host, HOST_REQUEST_QUERY, TOE_LAYER_TCP, conn, &conn->object);
    if (node != NULL) {
        node->block.type = TOE_BLOCK_TCP_DELEGATED;
        node->state.tcp.size = sizeof(node->state.tcp);
        node->block.state.tcp = &node->state.tcp;
        ++conn->query_cnt;
        interface->ops.query(interface->target, &node->block);
    }
}

/* The target says when it saw progress: NBR-13. */
static void queried(struct host_neighbor *neighbor, const struct host_node *node)
{
    struct toe_host *host = neighbor->interface->host;
    const uint32_t delta = node->state.neighbor.delegated.nic_reachability_delta;

    if (toe_status_is_failure(node->block.status) || !neighbor->is_asked) {
        return;
    }
    if (delta < neighbor->nic_delta) {
        const toe_duration age = host_ticks_ns(host, delta);

        neighbor->is_asked = false;
        neighbor->is_confirmed = true;
        neighbor->confirmed_at = host->now > age ? host->now - age : 0;
        return;
    }
    if (host_neighbor_is_resolved(neighbor)) {
        host_neighbor_probe(neighbor);
    } else {
        host_neighbor_use(neighbor);
    }
}

void host_reachability_retreat(struct host_interface *interface, const struct host_path *path,
                               const struct host_neighbor *neighbor)
{
    struct toe_host *host = interface->host;

    for (uint32_t i = 0; i < host->conns.cap; ++i) {
        struct host_conn *conn = base_slab_at(&host->conns, i);

        if (conn != NULL && (conn->path == path || conn->path->neighbor == neighbor)) {
            (void)host_upload_want(conn);
        }
    }
}

static void complete_neighbor(struct host_interface *interface, struct host_node *node)
{
    struct host_neighbor *neighbor = node->subject;

    --neighbor->object.busy_cnt;
    if (node->request == HOST_REQUEST_QUERY) {
        queried(neighbor, node);
    } else if (toe_status_is_failure(node->block.status) ||
               node->request == HOST_REQUEST_INVALIDATE) {
        host_reachability_retreat(interface, NULL, neighbor);
    }
    host_reachability_neighbor_run(neighbor);
    host_upload_idle_neighbor(neighbor);
}

static void complete_path(struct host_interface *interface, struct host_node *node)
{
    struct host_path *path = node->subject;

    --path->object.busy_cnt;
    if (toe_status_is_failure(node->block.status)) {
        host_reachability_retreat(interface, path, NULL);
    }
    host_reachability_path_run(path);
    host_upload_idle_path(path);
}

static void complete_conn(struct host_node *node)
{
    struct host_conn *conn = node->subject;

    --conn->query_cnt;
    if (conn->is_options_due) {
        host_conn_touch(conn);
    }
    if (node->request == HOST_REQUEST_UPDATE) {
        return; /* of its options; if it failed, the control block says what they are to be */
    }
    host_icmp_queried(conn, toe_status_is_failure(node->block.status) ? NULL
                                                                      : &node->state.tcp.delegated);
}

void host_reachability_complete(struct host_interface *interface, struct host_node *root)
{
    if (root->block.dependent != NULL) {
        host_relink_complete(interface, root);
    } else if (root->layer == TOE_LAYER_NEIGHBOR) {
        complete_neighbor(interface, root);
    } else if (root->layer == TOE_LAYER_PATH) {
        complete_path(interface, root);
    } else {
        complete_conn(root);
    }
    interface->is_upload_due = true;
    interface->is_offload_due = true;
    host_tree_free(interface->host, &root->block);
}
