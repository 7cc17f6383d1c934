/* SPDX-License-Identifier: MIT */
#include "linux/ways.h"

#include <string.h>

#include "linux/amend.h"
#include "linux/follow.h"

/* So long a path stays for the next connection. */
#define IDLE TOE_NS_PER_SEC

static struct emu_paths *bucket_of(struct emu_kernel *kernel, const struct toe_addr *remote)
{
    uint32_t hash = 2166136261u; /* FNV-1a */

    for (size_t i = 0; i < sizeof(remote->bytes); ++i) {
        hash = (hash ^ remote->bytes[i]) * 16777619u;
    }
    return &kernel->paths[(hash ^ hash >> 16) % EMU_PATH_BUCKETS];
}

static bool is_addr(const struct toe_addr *a, const struct toe_addr *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

/* Whether frames like those of |track| go to |n|. */
static bool is_neighbor(const struct emu_neighbor *n, const struct emu_track *track)
{
    return memcmp(n->dst_mac, track->remote_mac, TOE_MAC_LEN) == 0 &&
           memcmp(n->src_mac, track->local_mac, TOE_MAC_LEN) == 0 && n->vlan_id == track->vlan_id;
}

struct emu_neighbor *emu_neighbor_get(struct emu_kernel *kernel, const struct toe_addr *address,
                                      const uint8_t src_mac[TOE_MAC_LEN],
                                      const uint8_t dst_mac[TOE_MAC_LEN], uint16_t vlan_id)
{
    struct emu_neighbor *n;

    TAILQ_FOREACH(n, &kernel->neighbors, node)
    {
        if (!n->is_lost && is_addr(&n->address, address) && n->vlan_id == vlan_id &&
            memcmp(n->src_mac, src_mac, TOE_MAC_LEN) == 0 &&
            (address->family != 0 || memcmp(n->dst_mac, dst_mac, TOE_MAC_LEN) == 0)) {
            return n;
        }
    }
    n = emu_heap_take_zeroed(&kernel->heap, sizeof(*n));
    if (n != NULL) {
        n->address = *address;
        memcpy(n->src_mac, src_mac, TOE_MAC_LEN);
        memcpy(n->dst_mac, dst_mac, TOE_MAC_LEN);
        n->vlan_id = vlan_id;
        TAILQ_INSERT_TAIL(&kernel->neighbors, n, node);
    }
    return n;
}

/* The neighbor that frames of |conn| go to now, with the IP address where the kernel tells. */
static struct emu_neighbor *neighbor_of(struct emu_conn *conn, const struct emu_rtnl_route *route)
{
    static const struct toe_addr none;
    const struct emu_track *track = &conn->track;
    struct emu_neighbor *n =
        emu_neighbor_get(conn->kernel, route != NULL ? &route->next_hop : &none, track->local_mac,
                         track->remote_mac, track->vlan_id);

    if (n != NULL && memcmp(n->dst_mac, track->remote_mac, TOE_MAC_LEN) != 0) {
        memcpy(n->dst_mac, track->remote_mac, TOE_MAC_LEN); /* It was not in use, so no news. */
        emu_amend_neighbor(conn->kernel, n);
    }
    if (n != NULL) {
        n->is_resolved = true;
    }
    return n;
}

static struct emu_path *path_new(struct emu_conn *conn, struct emu_paths *bucket, enum emu_why *why)
{
    struct emu_rtnl_route route = {.mtu = 0};
    struct emu_neighbor *neighbor;
    struct emu_path *path;
    bool is_told;

    *why = emu_follow_begin(conn, &route, &is_told);
    if (*why != EMU_WHY_NONE) {
        return NULL;
    }
    *why = EMU_WHY_MEMORY;
    neighbor = neighbor_of(conn, is_told ? &route : NULL);
    path = neighbor != NULL ? emu_heap_take_zeroed(&conn->kernel->heap, sizeof(*path)) : NULL;
    if (path == NULL) {
        return NULL;
    }
    path->neighbor = neighbor;
    ++neighbor->path_cnt;
    path->local = conn->info.tuple.local;
    path->remote = conn->info.tuple.remote;
    path->local_port = conn->info.tuple.local_port;
    path->remote_port = conn->info.tuple.remote_port;
    path->is_followed = is_told;
    path->mtu = emu_follow_mtu(conn->kernel, route.mtu);
    if (conn->track.pmtu != 0 && path->mtu > conn->track.pmtu) {
        path->mtu = conn->track.pmtu;
    }
    TAILQ_INSERT_TAIL(bucket, path, node);
    return path;
}

struct emu_path *emu_path_get(struct emu_conn *conn, enum emu_why *why)
{
    const struct emu_tuple *tuple = &conn->info.tuple;
    struct emu_paths *bucket = bucket_of(conn->kernel, &tuple->remote);
    struct emu_path *path;

    TAILQ_FOREACH(path, bucket, node)
    {
        if (is_addr(&path->remote, &tuple->remote) && is_addr(&path->local, &tuple->local) &&
            emu_path_is_usable(path) && is_neighbor(emu_path_hop(path), &conn->track)) {
            break;
        }
    }
    if (path == NULL) {
        path = path_new(conn, bucket, why);
    } else if (path->is_idle) {
        path->is_idle = false;
        TAILQ_REMOVE(&conn->kernel->idle_paths, path, idle);
    }
    if (path == NULL) {
        return NULL;
    }
    if (conn->track.pmtu != 0 && conn->track.pmtu < path->mtu) {
        emu_follow_ask(conn->kernel, path); /* The kernel has learned something. */
    }
    ++path->conn_cnt;
    return path;
}

void emu_path_put(struct emu_kernel *kernel, struct emu_path *path)
{
    if (--path->conn_cnt == 0) {
        path->idle_at = kernel->now + IDLE;
        path->is_idle = true;
        TAILQ_INSERT_TAIL(&kernel->idle_paths, path, idle);
    }
}

bool emu_path_is_ready(const struct emu_path *path)
{
    return emu_object_is_steady(path->state) && emu_object_is_steady(path->neighbor->state);
}

/* --- trees --- */

struct emu_request *emu_request_new(struct emu_kernel *kernel)
{
    struct emu_request *request = emu_heap_take_zeroed(&kernel->heap, sizeof(*request));

    if (request != NULL) {
        TAILQ_INSERT_TAIL(&kernel->requests, request, node);
    }
    return request;
}

struct emu_request *emu_request_recall(struct emu_kernel *kernel)
{
    struct emu_request *request = emu_request_new(kernel);

    if (request == NULL && kernel->spare_request != NULL) {
        request = kernel->spare_request;
        kernel->spare_request = NULL;
        memset(request, 0, sizeof(*request));
        TAILQ_INSERT_TAIL(&kernel->requests, request, node);
    }
    return request;
}

void emu_request_del(struct emu_kernel *kernel, struct emu_request *request)
{
    TAILQ_REMOVE(&kernel->requests, request, node);
    if (kernel->spare_request == NULL) {
        kernel->spare_request = request;
    } else {
        emu_heap_give(&kernel->heap, request);
    }
}

struct emu_request *emu_request_of(struct toe_block *tree)
{
    return tree->host_data[0];
}

void emu_request_fill_neighbor(struct emu_request *request, struct emu_neighbor *n,
                               struct toe_block *dependent, const struct toe_caps *caps)
{
    request->neighbor = (struct toe_block){
        .size = sizeof(request->neighbor),
        .type = TOE_BLOCK_NEIGHBOR,
        .object = &n->handle,
        .host_object = n,
        .dependent = dependent,
        .host_data = {request},
    };
    request->neighbor_object = n;
    if (n->state != EMU_OBJECT_NEW) {
        return;
    }
    request->neighbor_state = (struct toe_neighbor_state){
        .size = sizeof(request->neighbor_state),
        .constant.vlan_id = n->vlan_id,
    };
    if (memcmp(n->src_mac, caps->mac, TOE_MAC_LEN) != 0) {
        memcpy(request->neighbor_state.constant.src_mac, n->src_mac, TOE_MAC_LEN);
    }
    memcpy(request->neighbor_state.cached.dst_mac, n->dst_mac, TOE_MAC_LEN);
    memcpy(n->told_mac, n->dst_mac, TOE_MAC_LEN);
    request->neighbor.state.neighbor = &request->neighbor_state;
    n->state = EMU_OBJECT_ASKED;
}

void emu_request_fill(struct emu_request *request, struct emu_path *path,
                      const struct toe_caps *caps)
{
    emu_request_fill_neighbor(request, path->neighbor, &request->path, caps);
    request->path = (struct toe_block){
        .size = sizeof(request->path),
        .type = path->local.family == 4 ? TOE_BLOCK_PATH4 : TOE_BLOCK_PATH6,
        .object = &path->handle,
        .host_object = path,
        .dependent = &request->tcp,
    };
    request->path_object = path;
    if (path->state != EMU_OBJECT_NEW) {
        return;
    }
    request->path_state = (struct toe_path_state){
        .size = sizeof(request->path_state),
        .constant.src = path->local,
        .constant.dst = path->remote,
        .cached.mtu = path->mtu,
    };
    path->told_mtu = path->mtu;
    request->path.state.path = &request->path_state;
    path->state = EMU_OBJECT_ASKED;
}

void emu_request_refer(struct emu_request *request, struct emu_conn *conn, uint16_t type)
{
    request->conn = conn;
    request->neighbor = (struct toe_block){
        .size = sizeof(request->neighbor),
        .type = TOE_BLOCK_NEIGHBOR,
        .dependent = &request->path,
        .host_data = {request},
    };
    request->path = (struct toe_block){
        .size = sizeof(request->path),
        .type = TOE_BLOCK_PATH4,
        .dependent = &request->tcp,
    };
    request->tcp_state.size = sizeof(request->tcp_state);
    request->tcp = (struct toe_block){
        .size = sizeof(request->tcp),
        .type = type,
        .object = &conn->move->tcp,
        .host_object = conn,
        .state.tcp = &request->tcp_state,
    };
}

void emu_request_initiated(struct emu_kernel *kernel, struct emu_request *request)
{
    struct emu_neighbor *n = request->neighbor_object;
    struct emu_path *path = request->path_object;

    if (request->neighbor.state.neighbor != NULL) {
        n->state = n->handle != 0 ? EMU_OBJECT_HERE : EMU_OBJECT_NEW;
        emu_amend_neighbor(kernel, n); /* It may be different by now. */
    }
    if (request->path.state.path != NULL) {
        path->state = path->handle != 0 ? EMU_OBJECT_HERE : EMU_OBJECT_NEW;
        emu_amend_path(kernel, path);
    }
}

/* --- leaving --- */

static void path_del(struct emu_kernel *kernel, struct emu_path *path)
{
    struct emu_neighbor *n = path->neighbor;

    emu_follow_forget(kernel, path);
    emu_amend_path_forget(kernel, path);
    TAILQ_REMOVE(bucket_of(kernel, &path->remote), path, node);
    emu_heap_give(&kernel->heap, path);
    --n->path_cnt;
}

static void neighbor_del(struct emu_kernel *kernel, struct emu_neighbor *n)
{
    emu_amend_neighbor_forget(kernel, n);
    TAILQ_REMOVE(&kernel->neighbors, n, node);
    emu_heap_give(&kernel->heap, n);
}

/* Asks for the neighbor of |request| if nothing needs it; the request is over otherwise. */
static void leave_neighbor(struct emu_kernel *kernel, struct emu_request *request,
                           struct emu_neighbor *n)
{
    if (n->path_cnt != 0 || !emu_object_is_steady(n->state)) {
        emu_request_del(kernel, request);
        return;
    }
    if (n->state == EMU_OBJECT_NEW) {
        neighbor_del(kernel, n);
        emu_request_del(kernel, request);
        return;
    }
    request->path_object = NULL;
    request->neighbor_object = n;
    request->neighbor_state.size = sizeof(request->neighbor_state);
    request->neighbor = (struct toe_block){
        .size = sizeof(request->neighbor),
        .type = TOE_BLOCK_NEIGHBOR_DELEGATED,
        .object = &n->handle,
        .state.neighbor = &request->neighbor_state,
        .host_data = {request},
    };
    n->state = EMU_OBJECT_LEAVING;
    kernel->settings.ops->terminate(kernel->settings.target, &request->neighbor);
}

void emu_neighbor_leave(struct emu_kernel *kernel, struct emu_neighbor *n)
{
    struct emu_request *request = n->path_cnt == 0 ? emu_request_new(kernel) : NULL;

    if (request != NULL) {
        leave_neighbor(kernel, request, n);
    }
}

void emu_neighbor_put(struct emu_kernel *kernel, struct emu_neighbor *n)
{
    --n->path_cnt;
    emu_neighbor_leave(kernel, n);
}

static void leave_path(struct emu_kernel *kernel, struct emu_request *request,
                       struct emu_path *path)
{
    struct emu_neighbor *n = path->neighbor;
    struct emu_neighbor *next = path->next;

    path->next = NULL;
    if (next != NULL) {
        emu_neighbor_put(kernel, next);
    }
    if (path->state == EMU_OBJECT_NEW) {
        path_del(kernel, path);
        leave_neighbor(kernel, request, n);
        return;
    }
    request->path_object = path;
    request->neighbor = (struct toe_block){
        .size = sizeof(request->neighbor),
        .type = TOE_BLOCK_NEIGHBOR_DELEGATED,
        .dependent = &request->path,
        .host_data = {request},
    };
    request->path = (struct toe_block){
        .size = sizeof(request->path),
        .type = path->local.family == 4 ? TOE_BLOCK_PATH4_DELEGATED : TOE_BLOCK_PATH6_DELEGATED,
        .object = &path->handle,
    };
    path->state = EMU_OBJECT_LEAVING;
    kernel->settings.ops->terminate(kernel->settings.target, &request->neighbor);
}

toe_instant emu_objects_run(struct emu_kernel *kernel)
{
    struct emu_path *path;

    while ((path = TAILQ_FIRST(&kernel->idle_paths)) != NULL && path->idle_at <= kernel->now) {
        struct emu_request *request = emu_request_new(kernel);

        if (request == NULL) {
            return kernel->now + IDLE;
        }
        TAILQ_REMOVE(&kernel->idle_paths, path, idle);
        if (!emu_object_is_steady(path->state)) {
            emu_request_del(kernel, request); /* TRM-15: after what it was asked before */
            path->idle_at = kernel->now + IDLE;
            TAILQ_INSERT_TAIL(&kernel->idle_paths, path, idle);
            continue;
        }
        path->is_idle = false;
        leave_path(kernel, request, path);
    }
    return path != NULL ? path->idle_at : TOE_INSTANT_NEVER;
}

void emu_objects_terminated(struct emu_kernel *kernel, struct emu_request *request)
{
    struct emu_path *path = request->path_object;
    struct emu_neighbor *n = request->neighbor_object;

    if (path != NULL) {
        struct emu_neighbor *above = path->neighbor;

        path->handle = 0;
        path->state = EMU_OBJECT_NEW;
        if (path->conn_cnt == 0) {
            path_del(kernel, path);
        }
        leave_neighbor(kernel, request, above);
        return;
    }
    n->handle = 0;
    n->state = EMU_OBJECT_NEW;
    if (n->path_cnt == 0) {
        neighbor_del(kernel, n);
    }
    emu_request_del(kernel, request);
}

static bool is_offloaded(enum emu_object_state state)
{
    return state == EMU_OBJECT_HERE || state == EMU_OBJECT_CHANGING;
}

static void describe(struct emu_kernel_path *out, const struct emu_path *path)
{
    const struct emu_neighbor *neighbor = path->neighbor;

    *out = (struct emu_kernel_path){
        .local = path->local,
        .remote = path->remote,
        .mtu = path->mtu,
        .conn_cnt = path->conn_cnt,
        .vlan_id = neighbor->vlan_id,
        .next_hop = neighbor->address,
        .is_offloaded = is_offloaded(path->state),
        .neighbor_is_offloaded = is_offloaded(neighbor->state),
        .lost = path->lost != EMU_WHY_NONE ? path->lost
                : neighbor->is_lost        ? EMU_WHY_NEIGHBOR
                                           : EMU_WHY_NONE,
    };
    memcpy(out->src_mac, neighbor->src_mac, TOE_MAC_LEN);
    memcpy(out->dst_mac, neighbor->dst_mac, TOE_MAC_LEN);
}

void emu_kernel_walk_paths(const struct emu_kernel *kernel,
                           void (*visit)(void *user, const struct emu_kernel_path *path),
                           void *user)
{
    for (size_t i = 0; i < EMU_PATH_BUCKETS; ++i) {
        struct emu_path *path;

        TAILQ_FOREACH(path, &kernel->paths[i], node)
        {
            struct emu_kernel_path out;

            describe(&out, path);
            visit(user, &out);
        }
    }
}

void emu_objects_fini(struct emu_kernel *kernel)
{
    struct emu_request *request;
    struct emu_neighbor *n;

    while ((request = TAILQ_FIRST(&kernel->requests)) != NULL) {
        emu_request_del(kernel, request);
    }
    for (uint32_t i = 0; i < EMU_PATH_BUCKETS; ++i) {
        struct emu_path *path;

        while ((path = TAILQ_FIRST(&kernel->paths[i])) != NULL) {
            path_del(kernel, path);
        }
    }
    while ((n = TAILQ_FIRST(&kernel->neighbors)) != NULL) {
        neighbor_del(kernel, n);
    }
}
