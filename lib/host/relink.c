/* SPDX-License-Identifier: MIT */
#include "host/relink.h"

#include "base/assert.h"
#include "host/host_offload.h"
#include "host/host_upload.h"
#include "host/place.h"
#include "host/reachability.h"
#include "host/route.h"

/* Gives |path| its next neighbor. */
static void change(struct host_path *path)
{
    struct host_neighbor *old = path->neighbor;

    path->neighbor = path->next_neighbor;
    path->next_neighbor = NULL;
    path->is_relink_tried = false;
    base_list_remove(&path->relink);
    host_neighbor_unref(old);
}

static void begin(struct host_path *path, struct host_neighbor *neighbor)
{
    struct host_interface *interface = neighbor->interface;

    path->next_neighbor = neighbor;
    host_neighbor_ref(neighbor);
    if (path->object.place == TOE_PLACE_HOST) {
        change(path);
        return;
    }
    ++neighbor->object.dependent_cnt;
    base_list_push_back(&interface->relinks, &path->relink);
    interface->is_offload_due = true;
}

void host_relink_all(struct toe_host *host)
{
    for (uint32_t i = 0; i < host->paths.cap; ++i) {
        struct host_path *path = base_slab_at(&host->paths, i);
        const struct host_route *route = path == NULL ? NULL : host_route_find(host, &path->remote);
        struct host_neighbor *neighbor;

        if (route == NULL || route->interface != host_path_interface(path) ||
            path->next_neighbor != NULL) {
            continue;
        }
        neighbor = host_neighbor_get(route->interface, host_route_next_hop(route, &path->remote));
        if (neighbor != NULL && neighbor != path->neighbor) {
            begin(path, neighbor);
        }
    }
}

void host_relink_home(struct host_path *path)
{
    struct host_neighbor *neighbor = path->next_neighbor;

    toe_assert(path->object.place == TOE_PLACE_HOST);
    if (neighbor != NULL) {
        --neighbor->object.dependent_cnt;
        change(path);
        host_upload_idle_neighbor(neighbor);
    }
}

/* Posts the update: the new neighbor, and the path below it, both as mere references. */
static void post_update(struct host_path *path)
{
    struct host_interface *interface = host_path_interface(path);
    struct host_neighbor *neighbor = path->next_neighbor;
    struct host_node *root = host_node_new(interface->host, HOST_REQUEST_UPDATE, TOE_LAYER_NEIGHBOR,
                                           neighbor, &neighbor->object.handle);
    struct host_node *node;

    if (root == NULL) {
        return;
    }
    node = host_node_new(interface->host, HOST_REQUEST_UPDATE, TOE_LAYER_PATH, path,
                         &path->object.handle);
    if (node == NULL) {
        host_tree_free(interface->host, &root->block);
        return;
    }
    root->block.type = TOE_BLOCK_NEIGHBOR_CONST;
    node->block.type = path->local.family == 4 ? TOE_BLOCK_PATH4_CONST : TOE_BLOCK_PATH6_CONST;
    host_node_add(root, node);
    ++neighbor->object.busy_cnt;
    ++path->object.busy_cnt;
    interface->ops.update(interface->target, &root->block);
}

/* Offers the new neighbor alone. */
static void post_initiate(struct host_path *path)
{
    struct host_neighbor *neighbor = path->next_neighbor;
    struct host_interface *interface = neighbor->interface;
    struct host_node *node = host_neighbor_node(neighbor);

    if (node != NULL) {
        path->is_relink_tried = true;
        interface->ops.initiate(interface->target, &node->block);
    }
}

static void run(struct host_path *path)
{
    struct host_neighbor *neighbor = path->next_neighbor;

    if (path->object.place != TOE_PLACE_OFFLOADED || path->object.busy_cnt > 0) {
        return;
    }
    switch ((enum toe_place)neighbor->object.place) {
    case TOE_PLACE_HOST:
        if (neighbor->interface->is_paused) {
            break;
        }
        if (path->is_relink_tried) {
            host_reachability_retreat(host_path_interface(path), path, NULL);
        } else if (host_neighbor_is_resolved(neighbor)) {
            post_initiate(path);
        } else {
            host_neighbor_use(neighbor);
        }
        break;
    case TOE_PLACE_OFFLOADED:
        if (neighbor->object.busy_cnt == 0 && !neighbor->object.is_invalid) {
            post_update(path);
        }
        break;
    case TOE_PLACE_OFFLOADING:
    case TOE_PLACE_UPLOADING:
    case TOE_PLACE_FROZEN: /* which only connections are */
        break;
    }
}

void host_relink_run(struct host_interface *interface)
{
    base_list_foreach_safe(n, tmp, &interface->relinks)
    {
        run(base_container_of(n, struct host_path, relink));
    }
}

void host_relink_complete(struct host_interface *interface, struct host_node *root)
{
    struct host_node *node = host_node_of(root->block.dependent);
    struct host_path *path = node->subject;
    struct host_neighbor *old = path->neighbor;
    struct host_neighbor *neighbor = root->subject;

    toe_assert(path->next_neighbor == neighbor);
    --neighbor->object.busy_cnt;
    --path->object.busy_cnt;
    if (toe_status_is_failure(node->block.status)) {
        path->is_relink_tried = true;
        host_reachability_retreat(interface, path, NULL);
    } else {
        /* The books move with the link: LNK-4. */
        --old->object.dependent_cnt;
        host_neighbor_ref(old);
        change(path);
        host_upload_idle_neighbor(old);
        host_neighbor_unref(old);
    }
    host_reachability_neighbor_run(neighbor);
    host_reachability_path_run(path);
    host_upload_idle_path(path);
}
