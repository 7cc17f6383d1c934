/* SPDX-License-Identifier: MIT */
#include "linux/amend.h"

#include <string.h>

#include "linux/follow.h"

void emu_amend_neighbor(struct emu_kernel *kernel, struct emu_neighbor *n)
{
    if (!n->is_amended) {
        n->is_amended = true;
        TAILQ_INSERT_TAIL(&kernel->amended_neighbors, n, amended);
    }
}

void emu_amend_path(struct emu_kernel *kernel, struct emu_path *path)
{
    if (!path->is_amended) {
        path->is_amended = true;
        TAILQ_INSERT_TAIL(&kernel->amended_paths, path, amended);
    }
}

void emu_amend_neighbor_forget(struct emu_kernel *kernel, struct emu_neighbor *n)
{
    if (n->is_amended) {
        TAILQ_REMOVE(&kernel->amended_neighbors, n, amended);
    }
}

void emu_amend_path_forget(struct emu_kernel *kernel, struct emu_path *path)
{
    if (path->is_amended) {
        TAILQ_REMOVE(&kernel->amended_paths, path, amended);
    }
}

void emu_amend_waiting(struct emu_kernel *kernel, const struct emu_neighbor *n, enum emu_why lost)
{
    for (size_t i = 0; i < EMU_PATH_BUCKETS; ++i) {
        struct emu_path *path;

        TAILQ_FOREACH(path, &kernel->paths[i], node)
        {
            if (path->next == n) {
                path->lost = path->lost == EMU_WHY_NONE ? lost : path->lost;
                emu_amend_path(kernel, path);
            }
        }
    }
}

/* --- requests --- */

/* A block that refers to |n|, if that is not NULL; what it carries is for the caller to add. */
static void refer_to_neighbor(struct emu_request *request, struct emu_neighbor *n, uint16_t type)
{
    request->neighbor_object = n;
    request->neighbor = (struct toe_block){
        .size = sizeof(request->neighbor),
        .type = type,
        .object = n != NULL ? &n->handle : NULL,
        .host_object = n,
        .host_data = {request},
    };
}

static void refer_to_path(struct emu_request *request, struct emu_path *path, uint16_t type)
{
    request->path_object = path;
    request->path = (struct toe_block){
        .size = sizeof(request->path),
        .type = type,
        .object = &path->handle,
        .host_object = path,
    };
    request->neighbor.dependent = &request->path;
}

static void initiate(struct emu_kernel *kernel, struct emu_neighbor *n)
{
    struct emu_request *request = emu_request_new(kernel);

    if (request != NULL) {
        emu_request_fill_neighbor(request, n, NULL, &kernel->caps);
        kernel->settings.ops->initiate(kernel->settings.target, &request->neighbor);
    }
}

static void update_neighbor(struct emu_kernel *kernel, struct emu_request *request,
                            struct emu_neighbor *n)
{
    refer_to_neighbor(request, n, TOE_BLOCK_NEIGHBOR_CACHED);
    request->neighbor_state.size = sizeof(request->neighbor_state);
    memcpy(request->neighbor_state.cached.dst_mac, n->dst_mac, TOE_MAC_LEN);
    request->neighbor.state.neighbor = &request->neighbor_state;
    memcpy(n->told_mac, n->dst_mac, TOE_MAC_LEN);
    ++kernel->stats.neighbor_updates;
    kernel->settings.ops->update(kernel->settings.target, &request->neighbor);
}

static void query(struct emu_kernel *kernel, struct emu_request *request, struct emu_neighbor *n)
{
    refer_to_neighbor(request, n, TOE_BLOCK_NEIGHBOR_DELEGATED);
    request->neighbor_state.size = sizeof(request->neighbor_state);
    request->neighbor.state.neighbor = &request->neighbor_state;
    n->is_suspect = false;
    kernel->settings.ops->query(kernel->settings.target, &request->neighbor);
}

static void invalidate_neighbor(struct emu_kernel *kernel, struct emu_request *request,
                                struct emu_neighbor *n)
{
    refer_to_neighbor(request, n, TOE_BLOCK_NEIGHBOR);
    n->is_invalid = true;
    ++kernel->stats.invalidations;
    kernel->settings.ops->invalidate(kernel->settings.target, &request->neighbor);
}

static void invalidate_path(struct emu_kernel *kernel, struct emu_request *request,
                            struct emu_path *path)
{
    refer_to_neighbor(request, NULL, TOE_BLOCK_NEIGHBOR);
    refer_to_path(request, path, path->local.family == 4 ? TOE_BLOCK_PATH4 : TOE_BLOCK_PATH6);
    path->is_invalid = true;
    ++kernel->stats.invalidations;
    kernel->settings.ops->invalidate(kernel->settings.target, &request->neighbor);
}

/* A new MTU, and a link to |next| if that is not NULL. */
static void update_path(struct emu_kernel *kernel, struct emu_request *request,
                        struct emu_path *path, struct emu_neighbor *next)
{
    refer_to_neighbor(request, next, TOE_BLOCK_NEIGHBOR_CONST);
    refer_to_path(request, path,
                  path->local.family == 4 ? TOE_BLOCK_PATH4_CACHED : TOE_BLOCK_PATH6_CACHED);
    request->path_state.size = sizeof(request->path_state);
    request->path_state.cached.mtu = path->mtu;
    request->path.state.path = &request->path_state;
    kernel->stats.path_updates += path->mtu != path->told_mtu ? 1 : 0;
    kernel->stats.relinks += next != NULL ? 1 : 0;
    path->told_mtu = path->mtu;
    if (next != NULL) {
        ++next->path_cnt; /* the request's, until its answer: the path may turn elsewhere meanwhile
                           */
    }
    kernel->settings.ops->update(kernel->settings.target, &request->neighbor);
}

/* --- what is to be told --- */

static bool is_different(const struct emu_neighbor *n)
{
    return memcmp(n->told_mac, n->dst_mac, TOE_MAC_LEN) != 0;
}

static void settle_neighbor(struct emu_kernel *kernel, struct emu_neighbor *n)
{
    struct emu_request *request;

    if (n->state != EMU_OBJECT_HERE || n->is_invalid ||
        (!n->is_lost && !n->is_suspect && !is_different(n))) {
        return; /* One that is being asked about comes again with the answer. */
    }
    request = emu_request_new(kernel);
    if (request == NULL) {
        emu_amend_neighbor(kernel, n);
        return;
    }
    n->state = EMU_OBJECT_CHANGING;
    if (n->is_lost) {
        invalidate_neighbor(kernel, request, n);
    } else if (is_different(n)) {
        update_neighbor(kernel, request, n);
    } else {
        query(kernel, request, n);
    }
}

/* The target does not know |path|: it will be told of the new neighbor at once. */
static void take_next(struct emu_kernel *kernel, struct emu_path *path)
{
    struct emu_neighbor *before = path->neighbor;

    if (path->next != NULL) {
        path->neighbor = path->next;
        path->next = NULL;
        emu_neighbor_put(kernel, before);
    }
}

/* The neighbor that |path| can be linked to now, if it is to be; NULL: not now. */
static struct emu_neighbor *next_of(struct emu_kernel *kernel, struct emu_path *path)
{
    struct emu_neighbor *next = path->next;

    if (next == NULL) {
        return NULL;
    }
    if (next->is_lost) {
        path->lost = EMU_WHY_NEIGHBOR;
        return NULL;
    }
    if (next->is_resolved && next->state == EMU_OBJECT_NEW) {
        initiate(kernel, next);
    }
    return next->state == EMU_OBJECT_HERE ? next : NULL;
}

static void settle_path(struct emu_kernel *kernel, struct emu_path *path)
{
    struct emu_request *request;
    struct emu_neighbor *next;

    if (path->state == EMU_OBJECT_NEW) {
        take_next(kernel, path);
    }
    if (path->state != EMU_OBJECT_HERE || path->is_invalid) {
        return;
    }
    next = next_of(kernel, path);
    if (path->lost == EMU_WHY_NONE && next == NULL && path->mtu == path->told_mtu) {
        return;
    }
    request = emu_request_new(kernel);
    if (request == NULL) {
        emu_amend_path(kernel, path);
        return;
    }
    path->state = EMU_OBJECT_CHANGING;
    if (path->lost != EMU_WHY_NONE) {
        invalidate_path(kernel, request, path);
    } else {
        update_path(kernel, request, path, next);
    }
}

void emu_amend_run(struct emu_kernel *kernel)
{
    struct emu_neighbors neighbors;
    struct emu_paths paths;
    struct emu_neighbor *n;
    struct emu_path *path;

    TAILQ_INIT(&neighbors);
    TAILQ_INIT(&paths);
    /* Paths first: what leaves a neighbor in time does not care what becomes of that. */
    TAILQ_CONCAT(&paths, &kernel->amended_paths, amended);
    while ((path = TAILQ_FIRST(&paths)) != NULL) {
        TAILQ_REMOVE(&paths, path, amended);
        path->is_amended = false;
        settle_path(kernel, path);
    }
    TAILQ_CONCAT(&neighbors, &kernel->amended_neighbors, amended);
    while ((n = TAILQ_FIRST(&neighbors)) != NULL) {
        TAILQ_REMOVE(&neighbors, n, amended);
        n->is_amended = false;
        settle_neighbor(kernel, n);
    }
}

/* --- answers --- */

/* |n| can be asked again, or given back. */
static void is_answered(struct emu_kernel *kernel, struct emu_neighbor *n)
{
    n->state = n->handle != 0 ? EMU_OBJECT_HERE : EMU_OBJECT_NEW;
    emu_amend_neighbor(kernel, n);
    emu_amend_waiting(kernel, n, EMU_WHY_NONE);
    emu_neighbor_leave(kernel, n);
}

void emu_amend_initiated(struct emu_kernel *kernel, struct emu_request *request)
{
    struct emu_neighbor *n = request->neighbor_object;

    emu_request_del(kernel, request);
    if (n->handle == 0) {
        emu_amend_waiting(kernel, n, EMU_WHY_REFUSED);
    }
    is_answered(kernel, n);
}

/* A relink: |path| has left the neighbor that it was linked to. */
static void is_relinked(struct emu_kernel *kernel, struct emu_path *path, struct emu_neighbor *next)
{
    struct emu_neighbor *before = path->neighbor;

    path->neighbor = next; /* What the request held is the path's now. */
    if (path->next == next) {
        path->next = NULL;
        --next->path_cnt;
    }
    emu_neighbor_put(kernel, before);
    emu_follow_ask(kernel, path); /* The route may have changed again meanwhile. */
}

static void path_updated(struct emu_kernel *kernel, struct emu_request *request)
{
    struct emu_path *path = request->path_object;

    path->state = EMU_OBJECT_HERE;
    if (toe_status_is_failure(request->path.status)) {
        path->lost = path->lost == EMU_WHY_NONE ? EMU_WHY_REFUSED : path->lost; /* UPD-7 */
        if (request->neighbor_object != NULL) {
            emu_neighbor_put(kernel, request->neighbor_object);
        }
    } else if (request->neighbor_object != NULL) {
        is_relinked(kernel, path, request->neighbor_object);
    }
    emu_amend_path(kernel, path);
}

void emu_amend_updated(struct emu_kernel *kernel, struct emu_request *request)
{
    struct emu_neighbor *n = request->neighbor_object;

    if (request->path_object != NULL) {
        path_updated(kernel, request);
    } else {
        n->is_lost = n->is_lost || toe_status_is_failure(request->neighbor.status); /* UPD-7 */
        is_answered(kernel, n);
    }
    emu_request_del(kernel, request);
}

void emu_amend_queried(struct emu_kernel *kernel, struct emu_request *request)
{
    struct emu_neighbor *n = request->neighbor_object;

    if (!toe_status_is_failure(request->neighbor.status)) {
        emu_follow_confirm(kernel, n, request->neighbor_state.delegated.nic_reachability_delta);
    }
    is_answered(kernel, n);
    emu_request_del(kernel, request);
}

void emu_amend_invalidated(struct emu_kernel *kernel, struct emu_request *request)
{
    struct emu_path *path = request->path_object;

    if (path != NULL) {
        path->state = EMU_OBJECT_HERE;
    } else {
        is_answered(kernel, request->neighbor_object);
    }
    emu_request_del(kernel, request);
}
