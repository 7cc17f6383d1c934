/* SPDX-License-Identifier: MIT */
#include "host/host_upload.h"

#include "base/assert.h"
#include "host/host_extension.h"
#include "host/place.h"
#include "host/relink.h"
#include "host/restore.h"

bool host_upload_want(struct host_conn *conn)
{
    struct host_interface *interface = host_path_interface(conn->path);

    if (conn->is_upload_wanted ||
        (conn->place != TOE_PLACE_OFFLOADED && conn->place != TOE_PLACE_OFFLOADING)) {
        return false;
    }
    conn->is_upload_wanted = true;
    if (conn->place == TOE_PLACE_OFFLOADED) {
        base_list_push_back(&interface->uploads, &conn->move);
        interface->is_upload_due = true;
    }
    return true;
}

void host_upload_all(struct host_interface *interface)
{
    struct toe_host *host = interface->host;

    for (uint32_t i = 0; i < host->conns.cap; ++i) {
        struct host_conn *conn = base_slab_at(&host->conns, i);

        if (conn != NULL && host_path_interface(conn->path) == interface) {
            (void)host_upload_want(conn);
        }
    }
}

/* Whether |object| could be terminated alone. */
static bool is_idle(const struct host_object *object)
{
    return object->place == TOE_PLACE_OFFLOADED && object->dependent_cnt == 0;
}

void host_upload_idle_path(struct host_path *path)
{
    if (is_idle(&path->object) && !base_list_is_linked(&path->idle)) {
        base_list_push_back(&host_path_interface(path)->idle_paths, &path->idle);
        host_path_interface(path)->is_upload_due = true;
    }
}

void host_upload_idle_neighbor(struct host_neighbor *neighbor)
{
    if (is_idle(&neighbor->object) && !base_list_is_linked(&neighbor->idle)) {
        base_list_push_back(&neighbor->interface->idle_neighbors, &neighbor->idle);
        neighbor->interface->is_upload_due = true;
    }
}

/* The neighbor's block, made if need be: a placeholder until it turns out that it can go. */
static struct host_node *neighbor_node(struct host_tree *tree, struct host_neighbor *neighbor)
{
    if (neighbor->build == NULL) {
        neighbor->build = host_node_new(neighbor->interface->host, HOST_REQUEST_TERMINATE,
                                        TOE_LAYER_NEIGHBOR, neighbor, NULL);
        if (neighbor->build != NULL) {
            host_tree_add(tree, neighbor->build);
        }
    }
    return neighbor->build;
}

/* The path's block, the same. */
static struct host_node *path_node(struct host_tree *tree, struct host_path *path)
{
    if (path->build == NULL) {
        struct host_node *parent = neighbor_node(tree, path->neighbor);

        if (parent == NULL) {
            return NULL;
        }
        path->build = host_node_new(host_path_interface(path)->host, HOST_REQUEST_TERMINATE,
                                    TOE_LAYER_PATH, path, NULL);
        if (path->build != NULL) {
            host_node_add(parent, path->build);
        }
    }
    return path->build;
}

/* Adds |conn| to |tree|; false if memory is short. */
static bool add_conn(struct host_tree *tree, struct host_conn *conn)
{
    struct host_node *parent = path_node(tree, conn->path);
    struct host_node *node;

    if (parent == NULL) {
        return false;
    }
    node = host_node_new(conn->host, HOST_REQUEST_TERMINATE, TOE_LAYER_TCP, conn, &conn->object);
    if (node == NULL) {
        return false;
    }
    node->block.type = TOE_BLOCK_TCP_DELEGATED;
    node->state.tcp.size = sizeof(node->state.tcp);
    if (host_extension_is_known(host_path_interface(conn->path))) {
        node->extension = host_extension_room(conn->host);
        node->state.tcp.extension = node->extension != NULL ? &node->extension->ext : NULL;
    }
    node->block.state.tcp = &node->state.tcp;
    base_list_remove(&conn->move);
    host_conn_place_set(conn, TOE_PLACE_UPLOADING);
    ++parent->cnt;
    host_node_add(parent, node);
    return true;
}

/* Turns the placeholder |node| into a reference, so that |object| is terminated as well. */
static void refer(struct host_node *node, struct host_object *object, uint16_t type)
{
    node->block.type = type;
    node->block.object = &object->handle;
    node->role = TOE_ROLE_REFERENCE;
    host_object_place_set(object, TOE_PLACE_UPLOADING);
}

/* Whether |object| can go with the |cnt| dependents that are in its tree. */
static bool can_go(const struct host_object *object, uint32_t cnt)
{
    return object->place == TOE_PLACE_OFFLOADED && object->busy_cnt == 0 &&
           object->dependent_cnt == cnt;
}

/* Decides about the paths and neighbors of a tree, whose connections are all in it. */
static void end_build(struct toe_block *root)
{
    for (struct toe_block *n = root; n != NULL; n = n->next) {
        struct host_node *node = host_node_of(n);
        struct host_neighbor *neighbor = node->subject;

        neighbor->build = NULL;
        for (struct toe_block *p = n->dependent; p != NULL; p = p->next) {
            struct host_node *below = host_node_of(p);
            struct host_path *path = below->subject;

            path->build = NULL;
            if (can_go(&path->object, below->cnt)) {
                refer(below, &path->object,
                      path->local.family == 4 ? TOE_BLOCK_PATH4_DELEGATED
                                              : TOE_BLOCK_PATH6_DELEGATED);
                ++node->cnt;
            }
        }
        if (can_go(&neighbor->object, node->cnt)) {
            refer(node, &neighbor->object, TOE_BLOCK_NEIGHBOR_DELEGATED);
            node->state.neighbor.size = sizeof(node->state.neighbor);
            n->state.neighbor = &node->state.neighbor;
        }
    }
}

/* Adds paths and neighbors that nothing depends on; false if memory is short. */
static bool add_idle(struct host_interface *interface, struct host_tree *tree)
{
    bool ok = true;

    base_list_foreach_safe(n, tmp, &interface->idle_paths)
    {
        struct host_path *path = base_container_of(n, struct host_path, idle);

        if (!is_idle(&path->object)) {
            base_list_remove(n);
        } else if (path->object.busy_cnt == 0) {
            if (path_node(tree, path) == NULL) {
                ok = false;
                break;
            }
            base_list_remove(n);
        }
    }
    base_list_foreach_safe(m, next, &interface->idle_neighbors)
    {
        struct host_neighbor *neighbor = base_container_of(m, struct host_neighbor, idle);

        if (!is_idle(&neighbor->object)) {
            base_list_remove(m);
        } else if (neighbor->object.busy_cnt == 0) {
            if (neighbor_node(tree, neighbor) == NULL) {
                return false;
            }
            base_list_remove(m);
        }
    }
    return ok;
}

void host_upload_run(struct host_interface *interface)
{
    struct toe_host *host = interface->host;
    struct host_tree tree;
    bool ok = true;

    interface->is_upload_due = false;
    host_tree_init(&tree);
    base_list_foreach_safe(n, tmp, &interface->uploads)
    {
        struct host_conn *conn = base_container_of(n, struct host_conn, move);

        /* TRM-15: not before its queries have been answered. */
        if (conn->query_cnt == 0 && !add_conn(&tree, conn)) {
            ok = false;
            break;
        }
    }
    if (!add_idle(interface, &tree) || !ok) {
        base_wheel_arm(&host->wheel, &host->retry.timer, host->now + HOST_RETRY_DELAY);
    }
    if (tree.root != NULL) {
        end_build(tree.root);
        interface->ops.terminate(interface->target, tree.root);
    }
}

/* The target let go of |object|, or failed to; returns whether it did. */
static bool object_gone(struct host_object *object, bool succeeded)
{
    if (!succeeded && ++object->failure_cnt < HOST_TERMINATE_TRIES) {
        host_object_place_set(object, TOE_PLACE_OFFLOADED);
        return false;
    }
    object->failure_cnt = 0;
    object->handle = 0;
    object->is_invalid = false;
    host_object_place_set(object, TOE_PLACE_HOST);
    return true;
}

static void complete_path(struct host_node *node)
{
    struct host_path *path = node->subject;
    struct toe_host *host = host_path_interface(path)->host;
    struct host_neighbor *neighbor = path->neighbor;
    struct toe_block *tcps = node->block.dependent;

    /* The books first: a connection may be gone after it was restored, and its path as well. */
    for (struct toe_block *b = tcps; b != NULL; b = b->next) {
        if (host_restore_is_final(host_node_of(b))) {
            --path->object.dependent_cnt;
            --host->stats.neighbor_links;
        }
    }
    if (node->role == TOE_ROLE_REFERENCE &&
        object_gone(&path->object, !toe_status_is_failure(node->block.status))) {
        --neighbor->object.dependent_cnt;
        --host->stats.neighbor_links;
        host_relink_home(path);
    }
    host_upload_idle_path(path);
    for (struct toe_block *b = tcps; b != NULL; b = b->next) {
        host_restore_conn(host_node_of(b));
    }
}

void host_upload_complete(struct host_interface *interface, struct host_node *root)
{
    struct toe_host *host = interface->host;

    for (struct toe_block *b = &root->block; b != NULL; b = b->next) {
        struct host_node *node = host_node_of(b);
        struct host_neighbor *neighbor = node->subject;

        host_neighbor_ref(neighbor);
        for (struct toe_block *p = b->dependent; p != NULL; p = p->next) {
            complete_path(host_node_of(p));
        }
        if (node->role == TOE_ROLE_REFERENCE) {
            (void)object_gone(&neighbor->object, !toe_status_is_failure(b->status));
        }
        host_upload_idle_neighbor(neighbor);
        host_neighbor_unref(neighbor);
    }
    interface->is_offload_due = true;
    interface->is_upload_due = true;
    host_tree_free(host, &root->block);
}
