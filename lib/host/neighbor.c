/* SPDX-License-Identifier: MIT */
#include "host/neighbor.h"

#include "base/assert.h"
#include "host/addr.h"
#include "host/host_output.h"
#include "host/reachability.h"
#include "host/resolve.h"

#include <string.h>

static uint64_t neighbor_hash(const struct host_interface *interface, const struct toe_addr *addr)
{
    uint8_t key[20] = {0};

    memcpy(key, addr->bytes, host_addr_len(addr));
    key[16] = addr->family;
    key[17] = (uint8_t)interface->index;
    return base_siphash13(&interface->host->table_key, key, sizeof(key));
}

struct host_neighbor *host_neighbor_find(struct host_interface *interface,
                                         const struct toe_addr *addr)
{
    struct base_hash_node *node =
        base_hash_first(&interface->host->neighbor_table, neighbor_hash(interface, addr));

    for (; node != NULL; node = base_hash_next(node)) {
        struct host_neighbor *neighbor = base_container_of(node, struct host_neighbor, hash);

        if (neighbor->interface == interface && host_addr_is_equal(&neighbor->addr, addr)) {
            return neighbor;
        }
    }
    return NULL;
}

/* Drops the frames that wait. */
static void drop_waiting(struct host_neighbor *neighbor)
{
    struct toe_host *host = neighbor->interface->host;

    host->stats.drops[TOE_DROP_NEIGHBOR_UNRESOLVED] += neighbor->waiting_cnt;
    host_piece_list_del(&host->pieces, &neighbor->waiting);
    neighbor->waiting_cnt = 0;
}

static void neighbor_del(struct host_neighbor *neighbor)
{
    struct toe_host *host = neighbor->interface->host;

    toe_assert(neighbor->ref_cnt == 0 && neighbor->object.place == TOE_PLACE_HOST);
    drop_waiting(neighbor);
    base_wheel_cancel(&host->wheel, &neighbor->timer.timer);
    base_wheel_cancel(&host->wheel, &neighbor->reachability.timer);
    base_list_remove(&neighbor->lru);
    base_list_remove(&neighbor->idle);
    base_hash_remove(&host->neighbor_table, &neighbor->hash);
    base_slab_free(&host->neighbors, neighbor);
}

/* Makes room for one more: the neighbor that nobody has referred to for longest goes. */
static void evict(struct toe_host *host)
{
    base_list_foreach(node, &host->neighbor_lru)
    {
        struct host_neighbor *neighbor = base_container_of(node, struct host_neighbor, lru);

        if (neighbor->object.place == TOE_PLACE_HOST) {
            neighbor_del(neighbor);
            return;
        }
    }
}

struct host_neighbor *host_neighbor_get(struct host_interface *interface,
                                        const struct toe_addr *addr)
{
    struct toe_host *host = interface->host;
    struct host_neighbor *neighbor = host_neighbor_find(interface, addr);

    if (neighbor != NULL) {
        return neighbor;
    }
    if (host->neighbors.cnt >= HOST_NEIGHBOR_MAX) {
        evict(host);
    }
    neighbor = base_slab_alloc(&host->neighbors);
    if (neighbor == NULL) {
        return NULL;
    }
    neighbor->interface = interface;
    neighbor->addr = *addr;
    neighbor->timer.kind = HOST_TIMER_NEIGHBOR;
    neighbor->reachability.kind = HOST_TIMER_REACHABILITY;
    base_list_init(&neighbor->waiting);
    base_list_push_back(&host->neighbor_lru, &neighbor->lru);
    base_hash_insert(&host->neighbor_table, &neighbor->hash, neighbor_hash(interface, addr));
    return neighbor;
}

void host_neighbor_ref(struct host_neighbor *neighbor)
{
    ++neighbor->ref_cnt;
    base_list_remove(&neighbor->lru);
}

void host_neighbor_unref(struct host_neighbor *neighbor)
{
    toe_assert(neighbor->ref_cnt > 0);
    if (--neighbor->ref_cnt == 0) {
        base_list_push_back(&neighbor->interface->host->neighbor_lru, &neighbor->lru);
    }
}

bool host_neighbor_is_resolved(const struct host_neighbor *neighbor)
{
    return neighbor->state >= HOST_NEIGHBOR_KNOWN;
}

bool host_neighbor_is_fresh(const struct host_neighbor *neighbor)
{
    const struct toe_host *host = neighbor->interface->host;

    return neighbor->is_confirmed && host_neighbor_is_resolved(neighbor) &&
           host->now - neighbor->confirmed_at <= host_ticks_ns(host, host->params.nce_stale_ticks);
}

static void arm(struct host_neighbor *neighbor, toe_duration delay)
{
    struct toe_host *host = neighbor->interface->host;

    base_wheel_arm(&host->wheel, &neighbor->timer.timer, host->now + delay);
}

/* Sends one more solicitation. */
static void solicit(struct host_neighbor *neighbor)
{
    ++neighbor->solicit_cnt;
    arm(neighbor, HOST_SOLICIT_INTERVAL);
    host_resolve_solicit(neighbor,
                         neighbor->state == HOST_NEIGHBOR_INCOMPLETE || neighbor->is_contradicted);
}

void host_neighbor_use(struct host_neighbor *neighbor)
{
    switch ((enum host_neighbor_state)neighbor->state) {
    case HOST_NEIGHBOR_NONE:
        neighbor->state = HOST_NEIGHBOR_INCOMPLETE;
        neighbor->solicit_cnt = 0;
        solicit(neighbor);
        break;
    case HOST_NEIGHBOR_KNOWN:
        if (!host_neighbor_is_fresh(neighbor)) {
            neighbor->state = HOST_NEIGHBOR_DELAY;
            arm(neighbor, HOST_DELAY_FIRST_PROBE);
        }
        break;
    case HOST_NEIGHBOR_INCOMPLETE:
    case HOST_NEIGHBOR_DELAY:
    case HOST_NEIGHBOR_PROBE:
        break;
    }
}

void host_neighbor_confirm(struct host_neighbor *neighbor)
{
    if (!host_neighbor_is_resolved(neighbor)) {
        return;
    }
    neighbor->is_confirmed = true;
    neighbor->confirmed_at = neighbor->interface->host->now;
    /* Who claims to be another must be heard first. */
    if (neighbor->state != HOST_NEIGHBOR_KNOWN && !neighbor->is_contradicted) {
        neighbor->state = HOST_NEIGHBOR_KNOWN;
        base_wheel_cancel(&neighbor->interface->host->wheel, &neighbor->timer.timer);
    }
}

void host_neighbor_probe(struct host_neighbor *neighbor)
{
    if (neighbor->state == HOST_NEIGHBOR_KNOWN || neighbor->state == HOST_NEIGHBOR_DELAY) {
        neighbor->state = HOST_NEIGHBOR_PROBE;
        neighbor->solicit_cnt = 0;
        solicit(neighbor);
    }
}

/* Sends what waited for the address. */
static void flush_waiting(struct host_neighbor *neighbor)
{
    struct toe_host *host = neighbor->interface->host;
    struct base_list_node *node;

    while ((node = base_list_pop_front(&neighbor->waiting)) != NULL) {
        struct host_piece *piece = host_piece_of_node(node);
        uint8_t *frame = host_tx_reserve(neighbor->interface, piece->frame_len);

        memcpy(frame, piece->data, piece->frame_len);
        memcpy(frame, neighbor->mac, TOE_MAC_LEN);
        host_tx_commit(neighbor->interface, piece->frame_len);
        host_piece_del(&host->pieces, piece);
    }
    neighbor->waiting_cnt = 0;
    neighbor->interface->is_offload_due = true;
}

/* Makes |mac| the neighbor's address. */
static void learn(struct host_neighbor *neighbor, const uint8_t mac[TOE_MAC_LEN])
{
    const bool is_new = !host_neighbor_is_resolved(neighbor);

    if (is_new || memcmp(neighbor->mac, mac, TOE_MAC_LEN) != 0) {
        memcpy(neighbor->mac, mac, TOE_MAC_LEN);
        host_reachability_changed(neighbor);
    }
    if (is_new) {
        neighbor->state = HOST_NEIGHBOR_KNOWN;
        base_wheel_cancel(&neighbor->interface->host->wheel, &neighbor->timer.timer);
        flush_waiting(neighbor);
    }
}

void host_neighbor_answered(struct host_neighbor *neighbor, const uint8_t mac[TOE_MAC_LEN])
{
    if (neighbor->state != HOST_NEIGHBOR_INCOMPLETE && neighbor->state != HOST_NEIGHBOR_PROBE) {
        host_neighbor_heard(neighbor, mac);
        return;
    }
    neighbor->is_contradicted = false;
    learn(neighbor, mac);
    host_neighbor_confirm(neighbor);
    host_reachability_confirmed(neighbor);
}

void host_neighbor_heard(struct host_neighbor *neighbor, const uint8_t mac[TOE_MAC_LEN])
{
    if (!host_neighbor_is_resolved(neighbor)) {
        learn(neighbor, mac);
        neighbor->is_confirmed = false;
        return;
    }
    if (memcmp(neighbor->mac, mac, TOE_MAC_LEN) == 0 || neighbor->is_contradicted) {
        return;
    }
    if (neighbor->ref_cnt == 0) {
        /* Nobody needs to know now; who does will ask. */
        neighbor->state = HOST_NEIGHBOR_NONE;
        base_wheel_cancel(&neighbor->interface->host->wheel, &neighbor->timer.timer);
        return;
    }
    neighbor->is_contradicted = true;
    neighbor->state = HOST_NEIGHBOR_PROBE;
    neighbor->solicit_cnt = 0;
    solicit(neighbor);
}

/* Nobody answered. */
static void give_up(struct host_neighbor *neighbor)
{
    neighbor->state = HOST_NEIGHBOR_NONE;
    neighbor->is_contradicted = false;
    neighbor->is_confirmed = false;
    drop_waiting(neighbor);
    neighbor->interface->is_offload_due = true;
    host_reachability_lost(neighbor);
}

void host_neighbor_expire(struct host_neighbor *neighbor)
{
    switch ((enum host_neighbor_state)neighbor->state) {
    case HOST_NEIGHBOR_NONE:
    case HOST_NEIGHBOR_KNOWN:
        break;
    case HOST_NEIGHBOR_DELAY:
        neighbor->state = HOST_NEIGHBOR_KNOWN;
        if (!host_neighbor_is_fresh(neighbor)) {
            host_neighbor_probe(neighbor);
        }
        break;
    case HOST_NEIGHBOR_INCOMPLETE:
    case HOST_NEIGHBOR_PROBE:
        if (neighbor->solicit_cnt >= HOST_SOLICIT_CNT) {
            give_up(neighbor);
        } else {
            solicit(neighbor);
        }
        break;
    }
}

void host_neighbor_wait(struct host_neighbor *neighbor, const uint8_t *frame, uint32_t len)
{
    struct toe_host *host = neighbor->interface->host;
    struct host_piece *piece;

    if (neighbor->waiting_cnt >= HOST_WAITING_MAX) {
        host_drop(host, TOE_DROP_NEIGHBOR_UNRESOLVED);
        return;
    }
    piece = host_piece_new_whole(&host->pieces, len);
    if (piece == NULL) {
        host_drop(host, TOE_DROP_NO_MEMORY);
        return;
    }
    memcpy(piece->data, frame, len);
    piece->frame_len = len;
    base_list_push_back(&neighbor->waiting, &piece->node);
    ++neighbor->waiting_cnt;
}
