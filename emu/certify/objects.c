/* SPDX-License-Identifier: MIT */
/*
 * State objects: trees, the five operations, and what a connection brings back.
 */
#include "inside.h"

#include <string.h>

void cert_block_init(struct toe_block *block, uint16_t type, toe_handle *object, void *state)
{
    memset(block, 0, sizeof(*block));
    block->size = sizeof(*block);
    block->revision = 1;
    block->type = type;
    block->status = TOE_STATUS_PENDING;
    block->object = object;
    block->host_object = block;
    block->state.tcp = state;
}

void cert_tree(struct cert *c, enum cert_op op, struct toe_block *tree)
{
    struct cert_entry *entry = cert_chart_add(c->chart, CERT_CALL, c->now, "%s", cert_op_name(op));

    entry->op = op;
    entry->ref = tree;
    cert_guard_asked(c, op, tree);
    switch (op) {
    case CERT_INITIATE:
        c->ops->initiate(c->target, tree);
        break;
    case CERT_TERMINATE:
        c->ops->terminate(c->target, tree);
        break;
    case CERT_UPDATE:
        c->ops->update(c->target, tree);
        break;
    case CERT_QUERY:
        c->ops->query(c->target, tree);
        break;
    case CERT_INVALIDATE:
        c->ops->invalidate(c->target, tree);
        break;
    default:
        cert_fail(c, "the scenario is wrong: no state operation");
    }
}

/* The completion that is waited for: looked for from where the chart ended before. */
struct waited {
    enum cert_op op;
    const struct toe_block *tree;
};

static bool is_completed(struct cert *c, void *arg)
{
    const struct waited *waited = arg;

    for (uint32_t i = c->chart->cnt; i-- > 0;) {
        struct cert_entry *entry = &c->chart->entries[i];

        if (entry->kind == CERT_TREE && entry->op == waited->op && entry->ref == waited->tree &&
            !entry->taken) {
            entry->taken = true;
            return true;
        }
        if (entry->kind == CERT_CALL && entry->op == waited->op && entry->ref == waited->tree) {
            break;
        }
    }
    return false;
}

void cert_tree_wait(struct cert *c, enum cert_op op, struct toe_block *tree)
{
    struct waited waited = {.op = op, .tree = tree};

    if (!cert_advance(c, c->now + TOE_NS_PER_SEC, is_completed, &waited)) {
        cert_fail(c, "%s: no completion within a second (OFF-2, TRM-16)", cert_op_name(op));
    }
}

void cert_tree_done(struct cert *c, enum cert_op op, struct toe_block *tree)
{
    cert_tree(c, op, tree);
    cert_tree_wait(c, op, tree);
}

struct toe_block *cert_link(struct cert *c, struct cert_conn *conn)
{
    struct toe_block *neighbor = &conn->path->neighbor->block;
    struct toe_block *path = &conn->path->block;

    (void)c;
    neighbor->next = NULL;
    neighbor->dependent = path;
    path->next = NULL;
    path->dependent = &conn->block;
    conn->block.next = NULL;
    conn->block.dependent = NULL;
    return neighbor;
}

/* --- offload --- */

/* A tree of all connections that are not offloaded, below their paths and neighbors. */
static struct toe_block *link_all(struct cert *c)
{
    struct toe_block *root = NULL;

    for (uint32_t i = 0; i < c->neighbor_cnt; ++i) {
        c->neighbors[i]->block.dependent = NULL;
        c->neighbors[i]->block.next = root;
        root = &c->neighbors[i]->block;
    }
    for (uint32_t i = 0; i < c->path_cnt; ++i) {
        struct cert_path *path = c->paths[i];

        path->block.dependent = NULL;
        path->block.next = path->neighbor->block.dependent;
        path->neighbor->block.dependent = &path->block;
    }
    for (uint32_t i = c->conn_cnt; i-- > 0;) {
        struct cert_conn *conn = c->conns[i];

        if (!conn->offloaded) {
            conn->block.type = TOE_BLOCK_TCP;
            conn->block.dependent = NULL;
            conn->block.next = conn->path->block.dependent;
            conn->path->block.dependent = &conn->block;
        }
    }
    return root;
}

static uint32_t advertised_scale(const struct cert_conn *conn)
{
    const struct toe_tcp_const *constant = &conn->state.constant;

    return constant->flags & TOE_TCP_WINDOW_SCALING ? constant->rcv_wnd_scale : 0;
}

/* Whether rcv_nxt counts the peer's FIN. */
static bool has_fin(const struct cert_conn *conn)
{
    const enum toe_conn_state state = conn->state.delegated.state;

    return state == TOE_TCP_CLOSE_WAIT || state == TOE_TCP_CLOSING || state == TOE_TCP_LAST_ACK ||
           state == TOE_TCP_TIME_WAIT;
}

/* What harness and peer know of |conn| follows from the state that is handed over. */
static void begin_conn(struct cert_conn *conn)
{
    const struct toe_tcp_delegated *state = &conn->state.delegated;
    const struct toe_tcp_const *constant = &conn->state.constant;
    const uint32_t shift = constant->flags & TOE_TCP_WINDOW_SCALING ? constant->snd_wnd_scale : 0;
    const uint32_t wnd = state->snd_wnd >> (shift > 14 ? 14 : shift);

    if (!conn->begun) {
        conn->begun = true;
        conn->peer.nxt = state->rcv_nxt;
        conn->peer.ack = state->snd_una;
        conn->peer.acked = state->snd_una;
        conn->peer.rcv_nxt = state->snd_una;
        conn->peer.wnd = wnd > 65535 ? 65535 : (uint16_t)wnd;
        conn->peer.has_fin = has_fin(conn);
        conn->peer.fin = state->rcv_nxt - 1;
    }
    if (conn->snd_next == 0) {
        conn->snd_next = state->snd_max;
    }
    if (conn->rcv_next == 0) {
        conn->rcv_next = state->rcv_nxt - (has_fin(conn) ? 1 : 0);
    }
    conn->right = state->rcv_nxt + state->rcv_wnd;
    conn->right_known = advertised_scale(conn) <= 14;
    if (state->state == TOE_TCP_FIN_WAIT_1 || state->state == TOE_TCP_CLOSING ||
        state->state == TOE_TCP_LAST_ACK || state->state == TOE_TCP_FIN_WAIT_2) {
        conn->fin_posted = true;
    }
}

/* The chain of |conn| is the target's if the offload succeeds; so it is noted beforehand. */
static void lend_chain(struct cert_conn *conn)
{
    for (struct toe_buf *buf = conn->block.send_chain; buf != NULL; buf = buf->next) {
        struct cert_buf *one = cert_buf_of(buf);

        one->state = CERT_BUF_POSTED;
        one->want = buf->len;
        one->off = buf->off;
        cert_lane_push(one);
    }
}

static void unlend_chain(struct cert_conn *conn)
{
    for (struct cert_buf *one = conn->out_head; one != NULL; one = one->lane) {
        one->state = CERT_BUF_HOST;
    }
    conn->out_head = NULL;
}

static void offloaded(struct cert *c, struct cert_conn *conn)
{
    conn->offloaded = conn->block.status == TOE_STATUS_SUCCESS;
    if (!conn->offloaded) {
        unlend_chain(conn);
        return;
    }
    if (conn->handle == 0) {
        cert_fail(c, "initiate: SUCCESS without a handle (CTX-1)");
    }
    conn->block.send_chain = NULL;
    /* What came with a terminate was copied: it goes back to its owner. */
    if (conn->uploaded != NULL) {
        c->ops->receive_return(c->target, conn->uploaded);
        conn->uploaded = NULL;
    }
    conn->state.delegated.buffered_data = NULL;
    conn->events = 0;
}

toe_status cert_offload_try(struct cert *c)
{
    struct toe_block *tree;

    if (!c->inside->started) {
        cert_start(c);
    }
    tree = link_all(c);
    for (uint32_t i = 0; i < c->conn_cnt; ++i) {
        c->conns[i]->fresh = !c->conns[i]->offloaded;
        if (c->conns[i]->fresh) {
            begin_conn(c->conns[i]);
            lend_chain(c->conns[i]);
        }
    }
    cert_tree_done(c, CERT_INITIATE, tree);
    for (uint32_t i = 0; i < c->conn_cnt; ++i) {
        if (c->conns[i]->fresh) {
            offloaded(c, c->conns[i]);
        }
    }
    for (uint32_t i = 0; i < c->path_cnt; ++i) {
        c->paths[i]->offloaded = c->paths[i]->handle != 0;
    }
    for (uint32_t i = 0; i < c->neighbor_cnt; ++i) {
        c->neighbors[i]->offloaded = c->neighbors[i]->handle != 0;
    }
    return c->conn->block.status;
}

void cert_offload(struct cert *c)
{
    (void)cert_offload_try(c);
    for (uint32_t i = 0; i < c->conn_cnt; ++i) {
        const struct cert_conn *conn = c->conns[i];

        if (!conn->offloaded) {
            cert_fail(c, "initiate: connection %u: %s, its path %s, its neighbor %s (OFF-1)", i,
                      toe_status_name(conn->block.status),
                      toe_status_name(conn->path->block.status),
                      toe_status_name(conn->path->neighbor->block.status));
        }
    }
    cert_mark(c);
}

struct cert_buf *cert_chain(struct cert *c, uint32_t len)
{
    struct cert_conn *conn = c->conn;
    struct toe_buf **link = &conn->block.send_chain;
    struct cert_buf *made;

    if (*link == NULL) {
        conn->snd_next = conn->state.delegated.snd_una;
    }
    made = cert_buf_new(c, CERT_SEND, &len, 1, 0, 0);
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = &made->buf;
    if (conn->state.delegated.send_data_head == NULL) {
        conn->state.delegated.send_data_head = &made->buf;
    }
    conn->state.delegated.send_data_tail = &made->buf;
    return made;
}

struct cert_buf *cert_buffered(struct cert *c, uint32_t len)
{
    struct cert_conn *conn = c->conn;
    struct cert_buf *made = cert_buf_new(c, CERT_RECEIVE, &len, 1, 0, 0);
    struct toe_buf **link = &conn->state.delegated.buffered_data;

    if (*link == NULL) {
        conn->rcv_next = conn->state.delegated.rcv_nxt - len - (has_fin(conn) ? 1 : 0);
        made->seq = conn->rcv_next;
    } else {
        cert_fail(c, "the scenario is wrong: cert_buffered() twice");
    }
    for (uint32_t i = 0; i < len; ++i) {
        *cert_map(c, &made->buf, i) = cert_byte_in(conn, made->seq + i);
    }
    *link = &made->buf;
    return made;
}

/* --- query, update --- */

const struct toe_tcp_state *cert_query(struct cert *c)
{
    struct toe_tcp_state *state = &c->inside->queried;
    struct toe_block block;

    memset(state, 0, sizeof(*state));
    state->size = sizeof(*state);
    cert_block_init(&block, TOE_BLOCK_TCP, &c->conn->handle, state);
    cert_tree_done(c, CERT_QUERY, &block);
    cert_status_is(c, block.status, TOE_STATUS_SUCCESS);
    return state;
}

void cert_update(struct cert *c)
{
    struct cert_conn *conn = c->conn;
    struct toe_block *tree = cert_link(c, conn);

    conn->path->neighbor->block.type = TOE_BLOCK_NEIGHBOR_CACHED;
    conn->path->block.type = conn->path->state.constant.src.family == 4 ? TOE_BLOCK_PATH4_CACHED
                                                                        : TOE_BLOCK_PATH6_CACHED;
    conn->block.type = TOE_BLOCK_TCP_CACHED;
    cert_tree_done(c, CERT_UPDATE, tree);
    conn->path->neighbor->block.type = TOE_BLOCK_NEIGHBOR;
    conn->path->block.type =
        conn->path->state.constant.src.family == 4 ? TOE_BLOCK_PATH4 : TOE_BLOCK_PATH6;
    conn->block.type = TOE_BLOCK_TCP;
    if (conn->block.status != TOE_STATUS_SUCCESS ||
        conn->path->block.status != TOE_STATUS_SUCCESS ||
        conn->path->neighbor->block.status != TOE_STATUS_SUCCESS) {
        cert_fail(c, "update: connection %s, path %s, neighbor %s (UPD-1)",
                  toe_status_name(conn->block.status), toe_status_name(conn->path->block.status),
                  toe_status_name(conn->path->neighbor->block.status));
    }
    conn->state.cached.flags &= (uint16_t)(TOE_TCP_KEEP_ALIVE | TOE_TCP_NAGLE);
}

void cert_expect_state(struct cert *c, enum toe_conn_state state)
{
    const enum toe_conn_state got = c->inside->queried.delegated.state;

    if (got != state) {
        cert_fail(c, "the connection's state: expected %s, came %s (RFC-010)",
                  toe_conn_state_name(state), toe_conn_state_name(got));
    }
}

/* --- terminate --- */

void cert_terminate_begin(struct cert *c)
{
    static struct toe_buf stray;
    struct cert_conn *conn = c->conn;

    memset(&conn->state.delegated, 0xcc, sizeof(conn->state.delegated));
    conn->block.type = TOE_BLOCK_TCP;
    conn->block.next = NULL;
    conn->block.dependent = NULL;
    /* It must be written in any case, also with NULL (TRM-25). */
    conn->block.send_chain = conn->out_head != NULL ? &conn->out_head->buf : &stray;
    conn->ending = true;
    cert_tree(c, CERT_TERMINATE, &conn->block);
}

/* Every send that is still out must be in the chain, in order; and nothing else. */
static void take_chain(struct cert *c, struct cert_conn *conn)
{
    struct cert_buf *one = conn->out_head;

    for (struct toe_buf *buf = conn->block.send_chain; buf != NULL; buf = buf->next) {
        if (one == NULL || buf != &one->buf) {
            cert_violate(c, "SND-070 SND-071 TRM-24",
                         "terminate: the send chain is not what is outstanding, in order");
            return;
        }
        one->state = CERT_BUF_BACK;
        one = one->lane;
    }
    if (one != NULL) {
        cert_violate(c, "SND-050 TRM-18", "terminate: a %s of %u bytes did not come back",
                     cert_op_name(one->op), one->want);
    }
    if (conn->in_head != NULL || conn->forward_head != NULL) {
        cert_violate(c, "FWD-018 RCV-095 TRM-18",
                     "terminate: a posted receive or forward did not come back");
    }
    conn->out_head = NULL;
    conn->in_head = NULL;
    conn->forward_head = NULL;
}

/* The same of a state that came back; CLOSED does not tell, so the peer is asked. */
static bool has_fin_now(const struct cert_conn *conn)
{
    const struct toe_tcp_delegated *state = &conn->state.delegated;

    return has_fin(conn) || (state->state == TOE_TCP_CLOSED && conn->peer.has_fin &&
                             conn->peer.fin + 1 == state->rcv_nxt);
}

/* The bytes up to rcv_nxt that the host has not got: they must all be there (RCV-100). */
static void take_buffered(struct cert *c, struct cert_conn *conn)
{
    const struct toe_tcp_delegated *state = &conn->state.delegated;
    uint32_t seq = conn->rcv_next;
    uint32_t nxt = state->rcv_nxt;

    c->inside->uploaded_len = 0;
    for (struct toe_buf *buf = state->buffered_data; buf != NULL; buf = buf->next) {
        for (uint32_t i = 0; i < buf->len && !c->received_unchecked; ++i) {
            const uint8_t *byte = cert_map(c, buf, buf->off + i);

            if (byte == NULL || *byte != cert_byte_in(conn, seq + i)) {
                cert_violate(c, "RCV-096 RCV-100", "buffered data: wrong byte at %u", seq + i);
                return;
            }
        }
        seq += buf->len;
        c->inside->uploaded_len += buf->len;
    }
    nxt -= has_fin_now(conn) ? 1 : 0;
    if (!c->received_unchecked && seq != nxt) {
        cert_violate(c, "RCV-100", "terminate: bytes up to %u came, rcv_nxt is %u", seq, nxt);
    }
    conn->uploaded = state->buffered_data; /* given back after the next offload, or at the end */
}

const struct toe_tcp_state *cert_terminate_end(struct cert *c)
{
    struct cert_conn *conn = c->conn;

    cert_tree_wait(c, CERT_TERMINATE, &conn->block);
    cert_status_is(c, conn->block.status, TOE_STATUS_SUCCESS);
    conn->handle = 0;
    conn->offloaded = false;
    conn->ending = false;
    take_chain(c, conn);
    take_buffered(c, conn);
    c->inside->queried = conn->state;
    if (c->inside->outcome->violation[0] != '\0') {
        cert_fail(c, "%s", c->inside->outcome->violation);
    }
    return &conn->state;
}

const struct toe_tcp_state *cert_terminate(struct cert *c)
{
    cert_terminate_begin(c);
    return cert_terminate_end(c);
}

uint32_t cert_uploaded_len(const struct cert *c)
{
    return c->inside->uploaded_len;
}
