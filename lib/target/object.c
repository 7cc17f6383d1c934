/* SPDX-License-Identifier: MIT */
#include "target/object.h"

#include "base/assert.h"
#include "base/prefetch.h"
#include "target/instance.h"
#include "target/worth.h"
#include "tcp/engine.h"
#include "wire/checksum.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

#include <string.h>

#define CACHE_LINE 64u

/* A handle is one of the pool's with the layer in two bits that no index reaches. */
#define LAYER_SHIFT 30
#define LAYER_MASK (UINT64_C(3) << LAYER_SHIFT)

static toe_handle handle_of(const struct base_slab *slab, const void *obj, enum toe_layer layer)
{
    return base_slab_handle(slab, obj) | (uint64_t)(layer + 1) << LAYER_SHIFT;
}

static void *object_of(const struct base_slab *slab, toe_handle handle, enum toe_layer layer)
{
    if ((handle & LAYER_MASK) != (uint64_t)(layer + 1) << LAYER_SHIFT) {
        return NULL;
    }
    return base_slab_get(slab, handle & ~LAYER_MASK);
}

bool target_block_is_sound(const struct toe_block *block)
{
    return block->size >= sizeof(*block) && block->revision <= 1;
}

struct target_neighbor *target_neighbor_get(const struct toe_target *target, toe_handle handle)
{
    struct target_neighbor *neighbor = object_of(&target->neighbors, handle, TOE_LAYER_NEIGHBOR);

    return neighbor != NULL && neighbor->life.state != TARGET_GONE ? neighbor : NULL;
}

struct target_path *target_path_get(const struct toe_target *target, toe_handle handle)
{
    struct target_path *path = object_of(&target->paths, handle, TOE_LAYER_PATH);

    return path != NULL && path->life.state != TARGET_GONE ? path : NULL;
}

struct target_tcp *target_tcp_get(const struct toe_target *target, toe_handle handle)
{
    struct target_tcp *tcp = object_of(&target->tcps, handle, TOE_LAYER_TCP);

    return tcp != NULL && tcp->life.state != TARGET_GONE ? tcp : NULL;
}

toe_handle target_neighbor_handle(const struct toe_target *target,
                                  const struct target_neighbor *neighbor)
{
    return handle_of(&target->neighbors, neighbor, TOE_LAYER_NEIGHBOR);
}

toe_handle target_path_handle(const struct toe_target *target, const struct target_path *path)
{
    return handle_of(&target->paths, path, TOE_LAYER_PATH);
}

toe_handle target_tcp_handle(const struct toe_target *target, const struct target_tcp *tcp)
{
    return handle_of(&target->tcps, tcp, TOE_LAYER_TCP);
}

/* --- neighbor --- */

static bool is_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; ++i) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

/* VLAN-3 to VLAN-8. */
static toe_status vlan_take(struct toe_target *target, uint16_t vlan_id)
{
    bool is_configured = target->settings.vlan_cnt == 0;

    if (vlan_id == 0) {
        return TOE_STATUS_SUCCESS;
    }
    for (uint32_t i = 0; i < target->settings.vlan_cnt && !is_configured; ++i) {
        is_configured = target->settings.vlans[i] == vlan_id;
    }
    if (!is_configured) {
        return TOE_STATUS_OFFLOAD_VLAN_MISMATCH;
    }
    switch (target_keyset_add(&target->vlans, &vlan_id, sizeof(vlan_id))) {
    case TARGET_KEYSET_ADDED:
        return TOE_STATUS_SUCCESS;
    case TARGET_KEYSET_FULL:
        return TOE_STATUS_OFFLOAD_VLAN_ENTRIES;
    case TARGET_KEYSET_NO_MEMORY:
        break;
    }
    return TOE_STATUS_RESOURCES;
}

static void vlan_give(struct toe_target *target, uint16_t vlan_id)
{
    if (vlan_id != 0) {
        target_keyset_remove(&target->vlans, &vlan_id, sizeof(vlan_id));
    }
}

static bool needs_src_mac(const struct toe_target *target, const uint8_t *src_mac)
{
    return !is_zero(src_mac, TOE_MAC_LEN) &&
           memcmp(src_mac, target->settings.mac, TOE_MAC_LEN) != 0;
}

static toe_status src_mac_take(struct toe_target *target, const uint8_t *src_mac)
{
    if (!needs_src_mac(target, src_mac)) {
        return TOE_STATUS_SUCCESS;
    }
    switch (target_keyset_add(&target->src_macs, src_mac, TOE_MAC_LEN)) {
    case TARGET_KEYSET_ADDED:
        return TOE_STATUS_SUCCESS;
    case TARGET_KEYSET_FULL:
        return TOE_STATUS_OFFLOAD_HW_ADDRESS_ENTRIES;
    case TARGET_KEYSET_NO_MEMORY:
        break;
    }
    return TOE_STATUS_RESOURCES;
}

static void src_mac_give(struct toe_target *target, const uint8_t *src_mac)
{
    if (needs_src_mac(target, src_mac)) {
        target_keyset_remove(&target->src_macs, src_mac, TOE_MAC_LEN);
    }
}

/* An object from |slab|, or in |status| whether the limit or the memory was the reason. */
static void *take_object(struct base_slab *slab, uint32_t cnt_max, toe_status *status,
                         toe_status at_limit)
{
    void *obj = NULL;

    *status = at_limit;
    if (slab->cnt < cnt_max) {
        obj = base_slab_alloc(slab);
        *status = obj == NULL ? TOE_STATUS_RESOURCES : TOE_STATUS_SUCCESS;
    }
    return obj;
}

toe_status target_neighbor_new(struct toe_target *target, struct target_neighbor **neighbor,
                               const struct toe_neighbor_state *state)
{
    const struct toe_neighbor_const *constant = &state->constant;
    struct target_neighbor *made;
    toe_status status;

    status = src_mac_take(target, constant->src_mac);
    if (status != TOE_STATUS_SUCCESS) {
        return status;
    }
    status = vlan_take(target, constant->vlan_id);
    if (status != TOE_STATUS_SUCCESS) {
        goto give_mac;
    }
    made = take_object(&target->neighbors, target->caps.neighbor_max, &status,
                       TOE_STATUS_OFFLOAD_NEIGHBOR_ENTRIES);
    if (made == NULL) {
        goto give_vlan;
    }

    made->constant = *constant;
    memcpy(made->src_mac,
           is_zero(constant->src_mac, TOE_MAC_LEN) ? target->settings.mac : constant->src_mac,
           TOE_MAC_LEN);
    memcpy(made->dst_mac, state->cached.dst_mac, TOE_MAC_LEN);
    made->vlan_id = constant->vlan_id;
    if (made->vlan_id == 0 && target->settings.vlan_substitute && target->settings.vlan_cnt == 1) {
        made->vlan_id = target->settings.vlans[0];
    }
    base_list_init(&made->paths);
    *neighbor = made;
    return TOE_STATUS_SUCCESS;

give_vlan:
    vlan_give(target, constant->vlan_id);
give_mac:
    src_mac_give(target, constant->src_mac);
    return status;
}

void target_neighbor_del(struct toe_target *target, struct target_neighbor *neighbor)
{
    toe_assert(neighbor->path_cnt == 0);

    vlan_give(target, neighbor->constant.vlan_id);
    src_mac_give(target, neighbor->constant.src_mac);
    base_slab_free(&target->neighbors, neighbor);
}

/* --- path --- */

/* What a source address is counted under: family and bytes. */
static size_t addr_key(uint8_t *key, const struct toe_addr *addr)
{
    const size_t len = addr->family == 4 ? 4 : 16;

    key[0] = addr->family;
    memcpy(key + 1, addr->bytes, len);
    return len + 1;
}

toe_status target_path_new(struct toe_target *target, struct target_path **path,
                           struct target_neighbor *neighbor, const struct toe_path_state *state)
{
    uint8_t key[TARGET_KEY_LEN_MAX];
    const size_t key_len = addr_key(key, &state->constant.src);
    struct target_path *made;
    toe_status status;

    switch (target_keyset_add(&target->src_addrs, key, key_len)) {
    case TARGET_KEYSET_ADDED:
        break;
    case TARGET_KEYSET_FULL:
        return TOE_STATUS_OFFLOAD_IP_ADDRESS_ENTRIES;
    case TARGET_KEYSET_NO_MEMORY:
        return TOE_STATUS_RESOURCES;
    }
    made = take_object(&target->paths, target->caps.path_max, &status,
                       TOE_STATUS_OFFLOAD_PATH_ENTRIES);
    if (made == NULL) {
        target_keyset_remove(&target->src_addrs, key, key_len);
        return status;
    }

    made->constant = state->constant;
    made->pseudo_sum =
        wire_csum_pseudo(&made->constant.src, &made->constant.dst, WIRE_PROTO_TCP, 0);
    made->mtu = state->cached.mtu;
    base_list_init(&made->tcps);
    target_path_link(made, neighbor);
    *path = made;
    return TOE_STATUS_SUCCESS;
}

void target_path_link(struct target_path *path, struct target_neighbor *neighbor)
{
    target_path_unlink(path);
    path->neighbor = neighbor;
    ++neighbor->path_cnt;
    base_list_push_back(&neighbor->paths, &path->sibling);
}

void target_path_unlink(struct target_path *path)
{
    if (path->neighbor == NULL) {
        return;
    }
    toe_assert(path->neighbor->path_cnt > 0);
    --path->neighbor->path_cnt;
    base_list_remove(&path->sibling);
    path->neighbor = NULL;
}

void target_path_del(struct toe_target *target, struct target_path *path)
{
    uint8_t key[TARGET_KEY_LEN_MAX];
    const size_t key_len = addr_key(key, &path->constant.src);

    toe_assert(path->tcp_cnt == 0);

    target_path_unlink(path);
    target_keyset_remove(&target->src_addrs, key, key_len);
    base_slab_free(&target->paths, path);
}

uint16_t target_path_mss(const struct toe_target *target, const struct target_path *path,
                         uint32_t mtu)
{
    const bool is_ipv4 = path->constant.src.family == 4;
    const uint32_t header = (is_ipv4 ? WIRE_IPV4_LEN : WIRE_IPV6_LEN) + WIRE_TCP_LEN;
    uint32_t mss;

    /* RFC-029. The floor of IPv6 is its least MTU, below which no path is taken. */
    if (is_ipv4 && mtu < target->settings.mtu_floor) {
        mtu = target->settings.mtu_floor;
    }
    mss = mtu - header;

    toe_assert(mtu > header);
    return mss < UINT16_MAX ? (uint16_t)mss : UINT16_MAX;
}

/* --- TCP connection --- */

void target_tcp_unlink(struct toe_target *target, struct target_tcp *tcp)
{
    base_wheel_cancel(&target->wheel, &tcp->timer);
    base_list_remove(&tcp->ready);
    if (base_list_is_linked(&tcp->sibling)) {
        target_demux_remove(&target->demux, tcp);
        base_list_remove(&tcp->sibling);
        toe_assert(tcp->path->tcp_cnt > 0);
        --tcp->path->tcp_cnt;
    }
}

void target_tcp_fetch(const struct target_tcp *tcp)
{
    const uint8_t *hot = (const uint8_t *)tcp;

    for (size_t at = CACHE_LINE; at < sizeof(*tcp); at += CACHE_LINE) {
        base_prefetch(hot + at);
    }
}

/* With the pool's index, generation and free list, and its place in the demultiplexer, an idle
 * connection takes less than 512 bytes. */
_Static_assert(sizeof(struct target_tcp) + sizeof(uint32_t) <= 448, "seven cache lines, not eight");

const struct target_busy target_idle = {
    .tcp = TCP_IDLE,
    .delivery = {.push_at = TOE_INSTANT_NEVER, .hold_at = TOE_INSTANT_NEVER},
    .repeat_at = TOE_INSTANT_NEVER,
};

bool target_tcp_wake(struct target_tcp *tcp)
{
    struct target_busy *busy;

    if (tcp_conn_is_awake(&tcp->conn)) {
        return true;
    }
    busy = base_slab_alloc(&tcp->target->busies);
    if (busy == NULL) {
        /* EVT-036, TRM-9: the host has room for what the target has none for. */
        if (tcp->conn.verdict == TCP_VERDICT_NONE) {
            tcp->conn.verdict = TCP_VERDICT_UNMAPPABLE;
        }
        target_tcp_ready(tcp);
        return false;
    }
    *busy = target_idle;
    tcp_conn_wake(&tcp->conn, &busy->tcp);
    return true;
}

void target_tcp_rest(struct toe_target *target, struct target_tcp *tcp)
{
    struct target_busy *busy = target_busy_of(tcp);

    if (busy->held != NULL || busy->disconnect_head != NULL ||
        busy->repeat_at != TOE_INSTANT_NEVER || !target_delivery_is_idle(&busy->delivery)) {
        return;
    }
    if (tcp_conn_rest(&tcp->conn, target->now) != NULL) {
        base_slab_free(&target->busies, busy);
    }
}

/* What it has to do is over with it. */
static void give_back(struct toe_target *target, struct tcp_conn *conn)
{
    if (tcp_conn_is_awake(conn)) {
        base_slab_free(&target->busies, conn->busy);
    }
}

void target_tcp_del(struct toe_target *target, struct target_tcp *tcp)
{
    toe_assert(!base_list_is_linked(&tcp->sibling) && !base_list_is_linked(&tcp->ready));

    target_worth_del(target, tcp);
    if (tcp->conn.busy != NULL) {
        tcp_conn_fini(&tcp->conn);
        give_back(target, &tcp->conn);
    }
    base_slab_free(&target->tcps, tcp);
}

bool target_tcp_is_blocked(const struct target_tcp *tcp)
{
    return tcp->life.state == TARGET_INVALID || tcp->path->life.state != TARGET_OFFLOADED ||
           tcp->path->neighbor->life.state != TARGET_OFFLOADED;
}

bool target_tcp_can_transmit(const struct target_tcp *tcp)
{
    if (tcp->is_aborted || target_tcp_is_blocked(tcp)) {
        return false;
    }
    /* DSC-045: in TIME_WAIT the peer's FIN is answered until the host takes over. */
    return !target_tcp_is_stopped(tcp) || tcp->conn.state == TOE_TCP_TIME_WAIT;
}

void target_tcp_transmit_want(struct target_tcp *tcp)
{
    if (tcp != NULL && tcp->is_invalid_due) {
        tcp->is_transmit_wanted = true;
        target_tcp_ready(tcp);
    }
}

void target_tcp_ready(struct target_tcp *tcp)
{
    if (!base_list_is_linked(&tcp->ready)) {
        base_list_push_back(&tcp->target->ready, &tcp->ready);
    }
}

static toe_instant earlier(toe_instant a, toe_instant b)
{
    return a < b ? a : b;
}

static toe_instant deadline_of(const struct toe_target *target, const struct target_tcp *tcp)
{
    const struct target_busy *busy = target_busy_of(tcp);
    toe_instant at = busy->repeat_at;

    if (target_tcp_is_stopped(tcp) || tcp->is_aborted) {
        return at;
    }
    at = earlier(at, earlier(busy->delivery.push_at, busy->delivery.hold_at));
    if (tcp->worth != NULL) {
        at = earlier(at, target_worth_deadline(tcp));
    }
    if (!target_tcp_is_blocked(tcp) ||
        (tcp->is_invalid_due && target->settings.invalid_on_transmit)) {
        at = earlier(at, tcp_deadline(&tcp->conn));
    }
    return at;
}

void target_tcp_arm(struct toe_target *target, struct target_tcp *tcp)
{
    const toe_instant at = deadline_of(target, tcp);

    if (at == TOE_INSTANT_NEVER) {
        base_wheel_cancel(&target->wheel, &tcp->timer);
        return;
    }
    /* A timer that is early only looks again; so a deadline that moves on costs nothing. */
    if (!base_wheel_is_armed(&tcp->timer) || tcp->timer.at > at) {
        base_wheel_arm(&target->wheel, &tcp->timer, at);
    }
}

toe_status target_tcp_refusal(const struct target_tcp *tcp)
{
    if (tcp->is_aborted) {
        return TOE_STATUS_REQUEST_ABORTED;
    }
    if (target_tcp_is_stopped(tcp) || target_tcp_is_blocked(tcp)) {
        return TOE_STATUS_UPLOAD_IN_PROGRESS;
    }
    return TOE_STATUS_SUCCESS;
}

toe_status target_tcp_send_refusal(const struct target_tcp *tcp)
{
    const toe_status status = target_tcp_refusal(tcp);

    if (status == TOE_STATUS_SUCCESS && tcp->target->pause.has_told_upload_all) {
        return TOE_STATUS_UPLOAD_IN_PROGRESS;
    }
    return status;
}
