/* SPDX-License-Identifier: MIT */
/*
 * Query and invalidate: control.md 4.4 to 4.6.
 */
#include "suite.h"

#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

static toe_status ask(struct cert *c, enum cert_op op, uint16_t type, toe_handle *object,
                      void *state)
{
    struct toe_block block;

    cert_block_init(&block, type, object, state);
    cert_tree_done(c, op, &block);
    return block.status;
}

/* --- query --- */

/* A class lies in a state from |at| on, |len| bytes. */
struct class
{
    uint16_t type;
    size_t at, len;
};

#define CLASS(block_type, state, member)                                                           \
    {                                                                                              \
        block_type, offsetof(struct state, member), sizeof(((struct state *)NULL)->member)         \
    }

/* Of |state|, |size| bytes, only |class| is written; some of it must be. */
static void expect_only(struct cert *c, toe_handle *object, uint32_t size,
                        const struct class *class)
{
    uint8_t state[2][sizeof(struct toe_tcp_state)];
    bool differs = false;

    for (uint32_t i = 0; i < 2; ++i) {
        memset(state[i], i == 0 ? 0xcc : 0x33, sizeof(state[i]));
        memcpy(state[i], &size, sizeof(size));
        cert_status_is(c, ask(c, CERT_QUERY, class->type, object, state[i]), TOE_STATUS_SUCCESS);
    }
    for (size_t at = sizeof(size); at < size; ++at) {
        const bool inside = at >= class->at && at < class->at + class->len;

        if (!inside && (state[0][at] != 0xcc || state[1][at] != 0x33)) {
            cert_fail(c, "a query of type %u wrote the byte at %zu", class->type, at);
        }
        differs |= inside && state[0][at] == state[1][at];
    }
    if (class->len > 0 && !differs) {
        cert_fail(c, "a query of type %u wrote nothing", class->type);
    }
}

static void c_25a(struct cert *c)
{
    static const struct class neighbor[] = {
        CLASS(TOE_BLOCK_NEIGHBOR_CONST, toe_neighbor_state, constant),
        CLASS(TOE_BLOCK_NEIGHBOR_CACHED, toe_neighbor_state, cached),
        CLASS(TOE_BLOCK_NEIGHBOR_DELEGATED, toe_neighbor_state, delegated),
        {TOE_BLOCK_NEIGHBOR, 0, sizeof(struct toe_neighbor_state)},
    };
    static const struct class path[] = {
        CLASS(TOE_BLOCK_PATH4_CONST, toe_path_state, constant),
        CLASS(TOE_BLOCK_PATH4_CACHED, toe_path_state, cached),
        {TOE_BLOCK_PATH4_DELEGATED, 0, 0},
        {TOE_BLOCK_PATH4, 0, sizeof(struct toe_path_state)},
    };
    static const struct class tcp[] = {
        CLASS(TOE_BLOCK_TCP_CONST, toe_tcp_state, constant),
        CLASS(TOE_BLOCK_TCP_CACHED, toe_tcp_state, cached),
        CLASS(TOE_BLOCK_TCP_DELEGATED, toe_tcp_state, delegated),
        {TOE_BLOCK_TCP, 0, sizeof(struct toe_tcp_state)},
    };

    cert_offload(c);
    for (uint32_t i = 0; i < 4; ++i) {
        expect_only(c, &c->neighbors[0]->handle, sizeof(struct toe_neighbor_state), &neighbor[i]);
        expect_only(c, &c->paths[0]->handle, sizeof(struct toe_path_state), &path[i]);
        expect_only(c, &c->conn->handle, sizeof(struct toe_tcp_state), &tcp[i]);
    }
}

/* What a query says is what happened up to now. */
static void c_25b(struct cert *c)
{
    const struct toe_tcp_state *state;

    c->answer.status = TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    cert_offload(c);
    state = cert_query(c);
    cert_is(c, state->delegated.retransmit_timeout_delta, TOE_TICKS_NONE);
    cert_is(c, state->delegated.ka_timeout_delta, TOE_TICKS_NONE);
    cert_require(c, state->delegated.send_backlog_size != 0);
    cert_is(c,
            state->delegated.receive_backlog_size == 0 ||
                state->delegated.receive_backlog_size == TOE_BACKLOG_UNKNOWN,
            1);
    cert_send(c, 5000);
    cert_expect_stream(c, 5000, 10000);
    cert_at(c, 100);
    cert_peer(c, "1000:1500 PSH ack=7000 wnd=40000");
    cert_run(c);
    state = cert_query(c);
    cert_is(c, state->delegated.snd_una, 7000);
    cert_is(c, state->delegated.snd_max, 10000);
    cert_is(c, state->delegated.snd_wnd, 40000);
    cert_is(c, state->delegated.rcv_nxt, 1500);
    cert_require(c, state->delegated.retransmit_timeout_delta != TOE_TICKS_NONE);
    cert_require(c, state->delegated.receive_backlog_size == 500 ||
                        state->delegated.receive_backlog_size == TOE_BACKLOG_UNKNOWN);
    cert_peer(c, "1500 FIN ack=10000");
    cert_run(c);
    state = cert_query(c);
    cert_is(c, state->delegated.state, TOE_TCP_CLOSE_WAIT);
    cert_is(c, state->delegated.snd_una, 10000);
    cert_is(c, state->delegated.rcv_nxt, 1501);
    cert_is(c, state->delegated.retransmit_timeout_delta, TOE_TICKS_NONE);
    cert_tcp(c)->cached.ttl = 12;
    cert_update(c);
    cert_is(c, cert_query(c)->cached.ttl, 12);
}

#define QUERIES 5u

/* Several of one object at once, and one with a placeholder between: all complete. */
static void c_25c(struct cert *c)
{
    struct toe_tcp_state states[QUERIES];
    struct toe_block blocks[QUERIES];
    struct toe_block empty;

    cert_offload(c);
    memset(states, 0, sizeof(states));
    cert_block_init(&empty, TOE_BLOCK_TCP, NULL, NULL);
    for (uint32_t i = 0; i < QUERIES; ++i) {
        states[i].size = sizeof(states[i]);
        cert_block_init(&blocks[i], TOE_BLOCK_TCP, &c->conn->handle, &states[i]);
    }
    blocks[0].next = &empty;
    for (uint32_t i = 0; i < QUERIES; ++i) {
        cert_tree(c, CERT_QUERY, &blocks[i]);
    }
    for (uint32_t i = 0; i < QUERIES; ++i) {
        cert_tree_wait(c, CERT_QUERY, &blocks[i]);
        cert_status_is(c, blocks[i].status, TOE_STATUS_SUCCESS);
        cert_is(c, states[i].constant.local_port, 40000);
        cert_is(c, states[i].delegated.snd_una, 5000);
    }
    cert_status_is(c, empty.status, TOE_STATUS_SUCCESS);
}

/* Queries from inside upcalls in the middle of a transfer. */
struct snapshots {
    uint32_t cnt;
    struct toe_block blocks[200];
    struct toe_tcp_state states[200];
};

static void take_snapshot(struct cert *c, struct cert_entry *entry)
{
    struct snapshots *s = c->user;
    const uint32_t i = s->cnt;

    (void)entry;
    if (i < 200) {
        ++s->cnt;
        s->states[i].size = sizeof(s->states[i]);
        cert_block_init(&s->blocks[i], TOE_BLOCK_TCP, &c->conn->handle, &s->states[i]);
        cert_tree(c, CERT_QUERY, &s->blocks[i]);
    }
}

/* The values of one query belong together. */
static void c_25d(struct cert *c)
{
    static struct snapshots s;

    cert_offload(c);
    c->conn->peer.acks = true;
    c->conn->peer.acks_after = 5;
    c->user = &s;
    c->on_complete = take_snapshot;
    c->on_indicate = take_snapshot;
    for (uint32_t i = 0; i < 100; ++i) {
        cert_send(c, 3000);
        cert_peer_data(c, 3000, 1000);
        cert_wait(c, 3);
    }
    cert_wait(c, 5000);
    c->on_complete = NULL;
    c->on_indicate = NULL;
    cert_require(c, s.cnt > 50);
    for (uint32_t i = 0; i < s.cnt; ++i) {
        const struct toe_tcp_delegated *d = &s.states[i].delegated;

        cert_status_is(c, s.blocks[i].status, TOE_STATUS_SUCCESS);
        cert_require(c, (int32_t)(d->snd_nxt - d->snd_una) >= 0);
        cert_require(c, (int32_t)(d->snd_max - d->snd_nxt) >= 0);
        cert_require(c, (int32_t)(d->snd_max - c->conn->snd_next) <= 0);
        cert_require(c, d->rcv_wnd <= 65535);
        /* A timer runs exactly while something is in flight. */
        cert_require(c,
                     (d->retransmit_timeout_delta != TOE_TICKS_NONE) == (d->snd_max != d->snd_una));
        if (i > 0) {
            const struct toe_tcp_delegated *b = &s.states[i - 1].delegated;

            cert_require(c, (int32_t)(d->snd_una - b->snd_una) >= 0);
            cert_require(c, (int32_t)(d->rcv_nxt - b->rcv_nxt) >= 0);
        }
    }
}

/* --- invalidate --- */

/* The objects of B0 and a second connection; |which| of the layers is invalidated. */
enum layer { NEIGHBOR, PATH, TCP, LAYER_CNT };

static toe_status invalidate(struct cert *c, enum layer layer)
{
    switch (layer) {
    case NEIGHBOR:
        return ask(c, CERT_INVALIDATE, TOE_BLOCK_NEIGHBOR, &c->neighbors[0]->handle, NULL);
    case PATH:
        return ask(c, CERT_INVALIDATE, TOE_BLOCK_PATH4, &c->paths[0]->handle, NULL);
    default:
        return ask(c, CERT_INVALIDATE, TOE_BLOCK_TCP, &c->conns[0]->handle, NULL);
    }
}

/* How often an upload of |conn| was asked for because of invalid state; where, for the last one. */
static uint32_t requests(struct cert *c, uint32_t conn, uint32_t *at)
{
    uint32_t cnt = 0;

    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        if (e->kind == CERT_EVENT && e->event == TOE_EVENT_RETRIEVE && e->conn == conn) {
            cert_is(c, e->info, TOE_UPLOAD_INVALID_STATE);
            ++cnt;
            *at = i;
        }
    }
    return cnt;
}

/* Connections 0 and 1 share a path, 2 has another over the same neighbor, 3 has all of its own. */
static void offload_four(struct cert *c)
{
    struct cert_path *const second = cert_path_add(c, c->neighbors[0], 4);
    struct cert_path *const third = cert_path_add(c, cert_neighbor_add(c), 4);

    (void)cert_conn_add(c, c->paths[0]);
    (void)cert_conn_add(c, second);
    (void)cert_conn_add(c, third);
    cert_offload(c);
    (void)cert_use(c, 0);
}

static void expect_alive(struct cert *c)
{
    cert_send(c, 100);
    cert_expect_data(c, "+100");
    cert_peer(c, "+100 PSH ack=%u", c->conn->snd_next);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 100);
    cert_expect_indicate(c, 100);
    cert_wait(c, 300);
    cert_skip_segs(c);
}

/* Each dependent connection is asked for once, after the completion; others go on. */
static void ask_for_dependents(struct cert *c, enum layer layer)
{
    static const uint32_t concerned[LAYER_CNT] = {[NEIGHBOR] = 3, [PATH] = 2, [TCP] = 1};
    uint32_t done = 0;
    uint32_t at = 0;

    offload_four(c);
    cert_status_is(c, invalidate(c, layer), TOE_STATUS_SUCCESS);
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        done = c->chart->entries[i].kind == CERT_TREE ? i : done;
    }
    cert_wait(c, 100);
    for (uint32_t i = 0; i < 4; ++i) {
        cert_is(c, requests(c, i, &at), i < concerned[layer]);
        cert_require(c, i >= concerned[layer] || at > done);
    }
    cert_skip_upcalls(c);
    for (uint32_t k = 0; k < 3; ++k) { /* once more: no more indications */
        if (k >= (uint32_t)layer) {
            cert_status_is(c, invalidate(c, layer), TOE_STATUS_SUCCESS);
        }
    }
    cert_wait(c, 10000);
    for (uint32_t i = 0; i < 4; ++i) {
        cert_is(c, requests(c, i, &at), i < concerned[layer]);
        (void)cert_use(c, i);
        if (i >= concerned[layer]) {
            expect_alive(c);
        }
    }
}

static void c_25e(struct cert *c)
{
    ask_for_dependents(c, NEIGHBOR);
}

static void c_25f(struct cert *c)
{
    ask_for_dependents(c, PATH);
}

static void c_25g(struct cert *c)
{
    ask_for_dependents(c, TCP);
}

/* The other choice: who has nothing to send is not asked for, until he has. */
static void c_25h(struct cert *c)
{
    uint32_t at = 0;

    c->settings.choices |= TOE_CERTIFY_INVALID_ON_TRANSMIT;
    offload_four(c);
    cert_status_is(c, invalidate(c, NEIGHBOR), TOE_STATUS_SUCCESS);
    cert_wait(c, 10000);
    for (uint32_t i = 0; i < 4; ++i) {
        cert_is(c, requests(c, i, &at), 0);
    }
    (void)cert_use(c, 1);
    cert_send(c, 1000);
    cert_wait(c, 100);
    for (uint32_t i = 0; i < 4; ++i) {
        cert_is(c, requests(c, i, &at), i == 1);
    }
    cert_expect_silence(c, cert_ms(c));
}

/* Data, acknowledgments, probes, retransmissions, a FIN: nothing of it leaves any more. */
static void stop(struct cert *c, enum layer layer)
{
    struct toe_tcp_cached *cached = &cert_tcp(c)->cached;
    uint32_t segs;

    c->received_unchecked = true;
    cached->flags = TOE_TCP_KEEP_ALIVE;
    cached->ka_timeout = 2000;
    cached->ka_interval = 500;
    cached->ka_probe_cnt = 200;
    cert_offload(c);
    cert_send(c, 30000); /* more than may be in flight */
    cert_run(c);
    cert_peer(c, "1000:1100 PSH"); /* an acknowledgment is owed */
    cert_run(c);
    cert_status_is(c, invalidate(c, layer), TOE_STATUS_SUCCESS);
    segs = cert_count(c, CERT_SEG_OUT);
    cert_peer(c, "1100:1200 PSH ack=7920");
    cert_peer(c, "1200:1300 PSH");
    cert_send(c, 1000);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_wait(c, 30000);
    cert_is(c, cert_count(c, CERT_SEG_OUT), segs);
    cert_terminate(c);
    cert_wait(c, 30000);
    cert_is(c, cert_count(c, CERT_SEG_OUT), segs);
}

static void c_25i(struct cert *c)
{
    stop(c, NEIGHBOR);
}

static void c_25j(struct cert *c)
{
    stop(c, PATH);
}

static void c_25k(struct cert *c)
{
    stop(c, TCP);
}

/* What is invalid stays, can be queried, and goes with its terminate. */
static void c_25l(struct cert *c)
{
    struct toe_neighbor_state neighbor = {.size = sizeof(neighbor)};
    struct toe_path_state path = {.size = sizeof(path)};

    cert_offload(c);
    for (uint32_t i = LAYER_CNT; i-- > 0;) {
        cert_status_is(c, invalidate(c, (enum layer)i), TOE_STATUS_SUCCESS);
    }
    cert_wait(c, 3600 * 1000);
    cert_is(c, cert_query(c)->constant.local_port, 40000);
    cert_expect_state(c, TOE_TCP_ESTABLISHED);
    cert_status_is(c, ask(c, CERT_QUERY, TOE_BLOCK_NEIGHBOR, &c->neighbors[0]->handle, &neighbor),
                   TOE_STATUS_SUCCESS);
    cert_is(c, neighbor.cached.dst_mac[5], 2);
    cert_status_is(c, ask(c, CERT_QUERY, TOE_BLOCK_PATH4, &c->paths[0]->handle, &path),
                   TOE_STATUS_SUCCESS);
    cert_is(c, path.cached.mtu, 1500);
    cert_terminate(c);
    cert_expect_state(c, TOE_TCP_ESTABLISHED);
}

/* No state follows a block, whatever its type; placeholders name nothing. */
static void c_25m(struct cert *c)
{
    static const uint16_t types[] = {TOE_BLOCK_TCP, TOE_BLOCK_TCP_CONST, TOE_BLOCK_TCP_CACHED,
                                     TOE_BLOCK_TCP_DELEGATED};
    void *const nowhere = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct toe_block blocks[3];
    uint32_t at = 0;

    cert_require(c, nowhere != MAP_FAILED);
    for (uint32_t i = 1; i < 6; ++i) {
        (void)cert_conn_add(c, c->paths[0]);
    }
    cert_offload(c);
    for (uint32_t i = 0; i < 4; ++i) { /* neighbor and path are there only for the shape */
        cert_block_init(&blocks[0], TOE_BLOCK_NEIGHBOR, NULL, nowhere);
        cert_block_init(&blocks[1], TOE_BLOCK_PATH4, NULL, nowhere);
        cert_block_init(&blocks[2], types[i], &c->conns[i]->handle, nowhere);
        blocks[0].dependent = &blocks[1];
        blocks[1].dependent = &blocks[2];
        cert_tree_done(c, CERT_INVALIDATE, blocks);
        for (uint32_t k = 0; k < 3; ++k) {
            cert_status_is(c, blocks[k].status, TOE_STATUS_SUCCESS);
        }
    }
    cert_wait(c, 100);
    for (uint32_t i = 0; i < 6; ++i) {
        cert_is(c, requests(c, i, &at), i < 4);
    }
    for (uint32_t i = 4; i < 6; ++i) {
        (void)cert_use(c, i);
        expect_alive(c);
    }
    cert_status_is(c,
                   ask(c, CERT_INVALIDATE, TOE_BLOCK_PATH4_CACHED, &c->paths[0]->handle, nowhere),
                   TOE_STATUS_SUCCESS);
    cert_status_is(c,
                   ask(c, CERT_INVALIDATE, TOE_BLOCK_NEIGHBOR, &c->neighbors[0]->handle, nowhere),
                   TOE_STATUS_SUCCESS);
}

/* What depends on invalid state is valid itself: it is updated, and goes on after a new link. */
static void c_25n(struct cert *c)
{
    struct cert_neighbor *const other = cert_neighbor_add(c);
    struct toe_tcp_state state;
    struct toe_path_state path;
    struct toe_block blocks[2];

    c->settings.choices |= TOE_CERTIFY_INVALID_ON_TRANSMIT;
    cert_offload(c);
    cert_status_is(c, invalidate(c, NEIGHBOR), TOE_STATUS_SUCCESS);
    state = c->conn->state;
    state.cached.ttl = 33;
    path = c->paths[0]->state;
    path.cached.mtu = 1000;
    cert_status_is(c, ask(c, CERT_UPDATE, TOE_BLOCK_TCP_CACHED, &c->conn->handle, &state),
                   TOE_STATUS_SUCCESS);
    cert_status_is(c, ask(c, CERT_UPDATE, TOE_BLOCK_PATH4_CACHED, &c->paths[0]->handle, &path),
                   TOE_STATUS_SUCCESS);
    cert_expect_silence(c, 1000);
    cert_block_init(&blocks[0], TOE_BLOCK_NEIGHBOR_CONST, &other->handle, NULL);
    cert_block_init(&blocks[1], TOE_BLOCK_PATH4_CONST, &c->paths[0]->handle, NULL);
    blocks[0].dependent = &blocks[1];
    cert_tree_done(c, CERT_UPDATE, blocks);
    cert_status_is(c, blocks[1].status, TOE_STATUS_SUCCESS);
    c->paths[0]->neighbor = other;
    cert_send(c, 1920);
    cert_is(c, cert_expect_data(c, "+960 ttl=33")->seg.dst_mac[5], 3);
    cert_expect_data(c, "+960 ttl=33");
    cert_peer(c, "ack=%u", c->conn->snd_next);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1920);
    cert_expect_quiet(c);
}

#define QUERY(number, what, which, function)                                                       \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_NDIS,               \
        .run = (function)                                                                          \
    }

const struct cert_scenario cert_control_query_scenarios[] = {
    QUERY("C-25a", "a query writes the classes it is asked for, and no other", "QRY-1 QRY-2",
          c_25a),
    QUERY("C-25b", "a query tells what is so now", "QRY-3 QRY-6 QRY-8 QRY-9", c_25b),
    QUERY("C-25c", "queries of one object at once", "QRY-2 QRY-4 QRY-5", c_25c),
    QUERY("C-25d", "the values of one query belong together", "QRY-7", c_25d),
    QUERY("C-25e", "an invalid neighbor: who is asked for", "INV-3 INV-5 INV-7 INV-8 INV-12",
          c_25e),
    QUERY("C-25f", "an invalid path: who is asked for", "INV-3 INV-5 INV-7 INV-8 INV-12", c_25f),
    QUERY("C-25g", "an invalid connection: who is asked for", "INV-3 INV-5 INV-7 INV-8 INV-12",
          c_25g),
    QUERY("C-25h", "invalid state that is told of when something is to be sent", "INV-8", c_25h),
    QUERY("C-25i", "an invalid neighbor: nothing is sent", "INV-4 INV-9 INV-10", c_25i),
    QUERY("C-25j", "an invalid path: nothing is sent", "INV-4 INV-9 INV-10", c_25j),
    QUERY("C-25k", "an invalid connection: nothing is sent", "INV-4 INV-9 INV-10", c_25k),
    QUERY("C-25l", "what is invalid stays, and can be queried", "INV-6 QRY-12", c_25l),
    QUERY("C-25m", "no state follows a block of an invalidate", "INV-2 INV-3", c_25m),
    QUERY("C-25n", "what depends on invalid state is not invalid", "INV-13 LNK-6", c_25n),
    {.id = NULL},
};
