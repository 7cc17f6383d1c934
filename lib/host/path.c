/* SPDX-License-Identifier: MIT */
#include "host/path.h"

#include "base/assert.h"
#include "host/addr.h"
#include "host/address.h"
#include "host/reachability.h"
#include "host/route.h"
#include "wire/checksum.h"
#include "wire/tcp.h"

#include <string.h>

static uint64_t path_hash(const struct toe_host *host, const struct toe_addr *local,
                          const struct toe_addr *remote)
{
    uint64_t words[4];

    return base_siphash13_words(&host->table_key, words, host_addr_words(words, local, remote));
}

static struct host_path *path_find(const struct toe_host *host, const struct toe_addr *local,
                                   const struct toe_addr *remote)
{
    struct base_hash_node *node =
        base_hash_first(&host->path_table, path_hash(host, local, remote));

    for (; node != NULL; node = base_hash_next(node)) {
        struct host_path *path = base_container_of(node, struct host_path, hash);

        if (host_addr_is_equal(&path->local, local) && host_addr_is_equal(&path->remote, remote)) {
            return path;
        }
    }
    return NULL;
}

static void path_del(struct toe_host *host, struct host_path *path)
{
    toe_assert(path->ref_cnt == 0 && path->object.place == TOE_PLACE_HOST);
    base_wheel_cancel(&host->wheel, &path->timer.timer);
    toe_assert(path->next_neighbor == NULL);
    base_list_remove(&path->lru);
    base_list_remove(&path->idle);
    base_hash_remove(&host->path_table, &path->hash);
    host_neighbor_unref(path->neighbor);
    base_slab_free(&host->paths, path);
}

/* Lets go of the path that nobody has used for longest. */
static void evict(struct toe_host *host)
{
    base_list_foreach(node, &host->path_lru)
    {
        struct host_path *path = base_container_of(node, struct host_path, lru);

        if (path->object.place == TOE_PLACE_HOST) {
            path_del(host, path);
            return;
        }
    }
}

/* Writes what all headers of |path| have in common. */
static void shape(struct host_path *path)
{
    path->pseudo = wire_csum_pseudo(&path->local, &path->remote, WIRE_PROTO_TCP, 0);
    if (path->local.family == 4) {
        const struct wire_ipv4 ip = {
            .src = path->local, .dst = path->remote, .proto = WIRE_PROTO_TCP, .df = true};

        wire_ipv4_build(path->head, sizeof(path->head), &ip);
    } else {
        const struct wire_ipv6 ip = {
            .src = path->local, .dst = path->remote, .next_header = WIRE_PROTO_TCP};

        wire_ipv6_build(path->head, sizeof(path->head), &ip);
    }
}

void host_path_head(const struct host_path *path, uint8_t *out, uint32_t len, uint16_t id,
                    uint8_t ttl, uint8_t tos)
{
    if (path->local.family == 4) {
        memcpy(out, path->head, WIRE_IPV4_LEN);
        wire_ipv4_set(out, (uint16_t)len, id, ttl, tos);
    } else {
        memcpy(out, path->head, WIRE_IPV6_LEN);
        wire_ipv6_set(out, (uint16_t)len, ttl, tos);
    }
}

static struct host_path *path_new(struct toe_host *host, const struct host_route *route,
                                  const struct toe_addr *local, const struct toe_addr *remote)
{
    struct host_neighbor *neighbor;
    struct host_path *path;

    if (host->paths.cnt >= host->paths.cnt_max) {
        evict(host);
    }
    neighbor = host_neighbor_get(route->interface, host_route_next_hop(route, remote));
    if (neighbor == NULL) {
        return NULL;
    }
    path = base_slab_alloc(&host->paths);
    if (path == NULL) {
        return NULL;
    }
    path->local = *local;
    path->remote = *remote;
    path->neighbor = neighbor;
    path->mtu = route->interface->mtu;
    path->timer.kind = HOST_TIMER_PATH_MTU;
    shape(path);
    host_neighbor_ref(neighbor);
    base_list_push_back(&host->path_lru, &path->lru);
    base_hash_insert(&host->path_table, &path->hash, path_hash(host, local, remote));
    return path;
}

struct host_path *host_path_get(struct toe_host *host, const struct toe_addr *local,
                                const struct toe_addr *remote)
{
    const struct host_route *route = host_route_find(host, remote);
    const struct host_address *own;
    struct host_path *path;

    if (route == NULL || !host_addr_is_host(remote)) {
        return NULL;
    }
    own = local != NULL ? host_address_find(route->interface, local)
                        : host_address_for(route->interface, remote);
    if (own == NULL || host_address_find(route->interface, remote) != NULL ||
        host_address_is_broadcast(route->interface, remote)) {
        return NULL;
    }
    path = path_find(host, &own->addr, remote);
    if (path == NULL) {
        path = path_new(host, route, &own->addr, remote);
    }
    if (path != NULL) {
        host_path_ref(path);
    }
    return path;
}

void host_path_ref(struct host_path *path)
{
    ++path->ref_cnt;
    base_list_remove(&path->lru);
}

void host_path_unref(struct host_path *path)
{
    struct toe_host *host = host_path_interface(path)->host;

    toe_assert(path->ref_cnt > 0);
    if (--path->ref_cnt == 0) {
        base_list_push_back(&host->path_lru, &path->lru);
        if (host->paths.cnt > HOST_PATH_IDLE_MAX) {
            evict(host);
        }
    }
}

uint16_t host_path_mss(const struct host_path *path, uint32_t mtu)
{
    const uint32_t head = host_path_head_len(path) + (uint32_t)WIRE_TCP_LEN;
    const uint32_t mss = mtu > head ? mtu - head : 1;

    return mss > UINT16_MAX ? UINT16_MAX : (uint16_t)mss;
}

bool host_path_mtu_lower(struct host_path *path, uint32_t mtu)
{
    struct toe_host *host = host_path_interface(path)->host;
    const uint32_t least = path->local.family == 4 ? HOST_PATH_MTU_MIN4 : HOST_PATH_MTU_MIN6;

    if (mtu < least) {
        mtu = least;
    }
    if (mtu >= path->mtu) {
        return false;
    }
    path->mtu = mtu;
    base_wheel_arm(&host->wheel, &path->timer.timer, host->now + HOST_PATH_MTU_AGE);
    host_reachability_mtu_changed(path);
    return true;
}

void host_path_expire(struct host_path *path)
{
    path->mtu = host_path_interface(path)->mtu;
    host_reachability_mtu_changed(path);
}
