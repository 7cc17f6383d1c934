/* SPDX-License-Identifier: MIT */
#include "inter/spread.h"

#include "base/list.h"

#include <string.h>

/* --- connections by their tuple --- */

static uint64_t hash_of(const struct toe_inter_spread *s, const struct spread_tuple *tuple)
{
    uint8_t key[2 * sizeof(tuple->local.bytes) + 5];
    uint8_t *at = key;

    *at++ = tuple->local.family;
    memcpy(at, tuple->local.bytes, sizeof(tuple->local.bytes));
    at += sizeof(tuple->local.bytes);
    memcpy(at, tuple->remote.bytes, sizeof(tuple->remote.bytes));
    at += sizeof(tuple->remote.bytes);
    memcpy(at, &tuple->local_port, 2);
    memcpy(at + 2, &tuple->remote_port, 2);
    return base_siphash13(&s->key, key, sizeof(key));
}

static bool is_same_addr(const struct toe_addr *a, const struct toe_addr *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static bool is_same(const struct spread_tuple *a, const struct spread_tuple *b)
{
    return a->local_port == b->local_port && a->remote_port == b->remote_port &&
           is_same_addr(&a->local, &b->local) && is_same_addr(&a->remote, &b->remote);
}

struct spread_object *spread_tuple_find(const struct toe_inter_spread *s,
                                        const struct spread_tuple *tuple)
{
    struct base_hash_node *n = base_hash_first(&s->tuples, hash_of(s, tuple));

    for (; n != NULL; n = base_hash_next(n)) {
        struct spread_object *object = base_container_of(n, struct spread_object, node);

        if (is_same(&object->state.tuple, tuple)) {
            return object;
        }
    }
    return NULL;
}

uint32_t spread_member_of(const struct toe_inter_spread *s, uint32_t hash)
{
    return s->table[hash & (s->table_cnt - 1)];
}

/* An address as the rest of it is to be compared: what is no part of it is zero. */
static struct toe_addr plain(const struct toe_addr *addr)
{
    struct toe_addr out = {.family = addr->family};

    memcpy(out.bytes, addr->bytes, addr->family == 4 ? 4 : 16);
    return out;
}

/* The path that a new connection below |above| is of, or NULL. */
static const struct toe_path_const *path_of(const struct spread_node *above)
{
    const struct toe_path_state *state;

    if (above == NULL || above->layer != TOE_LAYER_PATH || above->object == NULL) {
        return NULL;
    }
    state = &above->object->state.path;
    return state->size != 0 ? &state->constant : NULL;
}

/* Where |hash| leads, or the next member behind that one with room: all of it is advertised. */
static uint32_t member_with_room(const struct toe_inter_spread *s, uint32_t hash)
{
    const uint32_t cnt = s->settings.member_cnt;
    const uint32_t first = spread_member_of(s, hash);

    for (uint32_t i = 0; i < cnt; ++i) {
        const struct spread_member *member = &s->members[(first + i) % cnt];

        if (member->tcp_cnt < member->tcp_max) {
            return member->index;
        }
    }
    return first;
}

/*
 * A connection goes where the table says, and stays there: the table of the moment decides about
 * what comes later only. One that is there already is offered to the same member, which refuses it.
 */
static void place(struct toe_inter_spread *s, struct spread_object *object,
                  const struct spread_node *node, const struct spread_node *above)
{
    const struct toe_path_const *path = path_of(above);
    const struct toe_tcp_state *tcp = node->block->state.tcp;
    const struct spread_object *other;
    struct spread_tuple *tuple = &object->state.tuple;

    if (node->block->type != TOE_BLOCK_TCP || tcp == NULL || tcp->size < TOE_TCP_STATE_SIZE_MIN) {
        return; /* any member will refuse it */
    }
    object->member = member_with_room(s, tcp->constant.hash_value);
    if (path == NULL) {
        return;
    }
    tuple->local = plain(&path->src);
    tuple->remote = plain(&path->dst);
    tuple->local_port = tcp->constant.local_port;
    tuple->remote_port = tcp->constant.remote_port;
    other = spread_tuple_find(s, tuple);
    if (other != NULL) {
        object->member = other->member;
        return;
    }
    object->has_tuple = true;
    base_hash_insert(&s->tuples, &object->node, hash_of(s, tuple));
}

/* --- what another member is to be given --- */

static toe_instant before(const struct toe_inter_spread *s, uint32_t ticks)
{
    const uint64_t age = ticks * s->tick;

    return age < s->pass.now ? s->pass.now - age : 0;
}

static uint32_t age_of(const struct toe_inter_spread *s, toe_instant at)
{
    const uint64_t ticks = s->tick != 0 ? (s->pass.now - at) / s->tick : 0;

    return ticks < UINT32_MAX ? (uint32_t)ticks : UINT32_MAX;
}

static void learn(struct toe_inter_spread *s, struct spread_object *object,
                  const struct toe_block *block)
{
    const struct toe_neighbor_state *neighbor = block->state.neighbor;
    const struct toe_path_state *path = block->state.path;

    if (block->type == TOE_BLOCK_NEIGHBOR && neighbor != NULL &&
        neighbor->size >= sizeof(*neighbor)) {
        object->state.neighbor = *neighbor;
        object->state.neighbor.size = sizeof(*neighbor);
        object->host_reached_at = before(s, neighbor->cached.host_reachability_delta);
        object->nic_reached_at = before(s, neighbor->delegated.nic_reachability_delta);
    } else if ((block->type == TOE_BLOCK_PATH4 || block->type == TOE_BLOCK_PATH6) && path != NULL &&
               path->size >= sizeof(*path)) {
        object->state.path = *path;
        object->state.path.size = sizeof(*path);
    }
}

void spread_object_update(struct toe_inter_spread *s, struct spread_object *object,
                          const struct toe_block *block)
{
    const struct toe_neighbor_state *neighbor = block->state.neighbor;
    const struct toe_path_state *path = block->state.path;
    const bool is_all = block->type == TOE_BLOCK_NEIGHBOR || block->type == TOE_BLOCK_PATH4 ||
                        block->type == TOE_BLOCK_PATH6;
    const bool is_cached = block->type == TOE_BLOCK_NEIGHBOR_CACHED ||
                           block->type == TOE_BLOCK_PATH4_CACHED ||
                           block->type == TOE_BLOCK_PATH6_CACHED;

    if (!(is_all || is_cached) || object->layer == TOE_LAYER_TCP || neighbor == NULL) {
        return;
    }
    if (object->layer == TOE_LAYER_NEIGHBOR && neighbor->size >= sizeof(*neighbor)) {
        object->state.neighbor.cached = neighbor->cached;
        object->host_reached_at = before(s, neighbor->cached.host_reachability_delta);
    } else if (object->layer == TOE_LAYER_PATH && path->size >= sizeof(*path)) {
        object->state.path.cached = path->cached;
    }
}

void spread_object_describe(const struct toe_inter_spread *s, struct spread_shade *shade,
                            const struct spread_object *object)
{
    shade->cell = 0;
    shade->is_late = true;
    shade->block.host_object = object->host_object;
    if (object->layer == TOE_LAYER_NEIGHBOR) {
        struct toe_neighbor_state *state = &shade->state.neighbor;

        *state = object->state.neighbor;
        state->cached.host_reachability_delta = age_of(s, object->host_reached_at);
        state->delegated.nic_reachability_delta = age_of(s, object->nic_reached_at);
        shade->block.type = TOE_BLOCK_NEIGHBOR;
        shade->block.state.neighbor = state;
    } else {
        shade->state.path = object->state.path;
        shade->block.type =
            object->state.path.constant.src.family == 4 ? TOE_BLOCK_PATH4 : TOE_BLOCK_PATH6;
        shade->block.state.path = &shade->state.path;
    }
}

/* --- life --- */

struct spread_object *spread_object_new(struct toe_inter_spread *s, const struct spread_node *node,
                                        const struct spread_node *above)
{
    struct spread_object *object = base_slab_alloc(&s->objects);

    if (object == NULL) {
        return NULL;
    }
    object->layer = node->layer;
    object->host_object = node->block->host_object;
    ++s->layer_cnt[node->layer];
    if (node->layer == TOE_LAYER_TCP) {
        place(s, object, node, above);
        ++s->members[object->member].tcp_cnt;
    } else {
        learn(s, object, node->block);
    }
    return object;
}

void spread_object_del(struct toe_inter_spread *s, struct spread_object *object)
{
    if (object->has_tuple) {
        base_hash_remove(&s->tuples, &object->node);
    }
    if (object->layer == TOE_LAYER_TCP) {
        --s->members[object->member].tcp_cnt;
    }
    --s->layer_cnt[object->layer];
    base_slab_free(&s->objects, object);
}

struct spread_object *spread_object_get(const struct toe_inter_spread *s, toe_handle handle,
                                        enum toe_layer layer)
{
    struct spread_object *object = base_slab_get(&s->objects, handle);

    return object != NULL && object->layer == layer ? object : NULL;
}

bool spread_object_is_anywhere(const struct toe_inter_spread *s, const struct spread_object *object)
{
    for (uint32_t m = 0; m < s->settings.member_cnt; ++m) {
        if (object->at[m] != 0) {
            return true;
        }
    }
    return false;
}
