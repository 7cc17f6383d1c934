/* SPDX-License-Identifier: MIT */
/*
 * Blocks as they come and go: control.md 1.4, 1.5 and 1.9, for all five operations.
 */
#include "suite.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define MARK ((toe_status)0x12345678) /* what no target writes */

static const enum cert_op all_ops[] = {CERT_INITIATE, CERT_QUERY, CERT_UPDATE, CERT_INVALIDATE,
                                       CERT_TERMINATE};

#define OP_CNT (sizeof(all_ops) / sizeof(all_ops[0]))

/* What |c| knows of its objects, once a tree of the scenario's own has terminated them. */
static void forget(struct cert *c)
{
    for (uint32_t i = 0; i < c->conn_cnt; ++i) {
        c->conns[i]->handle = 0;
        c->conns[i]->offloaded = false;
        c->conns[i]->state.delegated.buffered_data = NULL;
    }
    for (uint32_t i = 0; i < c->path_cnt; ++i) {
        c->paths[i]->handle = 0;
    }
    for (uint32_t i = 0; i < c->neighbor_cnt; ++i) {
        c->neighbors[i]->handle = 0;
    }
}

/* --- placeholders --- */

/*
 * A tree in which every object hangs below placeholders, or beside one:
 *
 *     placeholder { placeholder { TCP }  path }  neighbor  placeholder { placeholder }
 */
enum { ABOVE, ABOVE_TCP, THE_TCP, THE_PATH, THE_NEIGHBOR, EMPTY, EMPTY_BELOW, BLOCK_CNT };

struct shape {
    struct toe_block blocks[BLOCK_CNT];
    struct toe_neighbor_state neighbor;
    struct toe_path_state path;
    struct toe_tcp_state tcp;
};

static void build(struct cert *c, struct shape *shape)
{
    struct toe_block *b = shape->blocks;

    shape->neighbor = c->neighbors[0]->state;
    shape->path = c->paths[0]->state;
    shape->tcp = c->conn->state;
    for (uint32_t i = 0; i < BLOCK_CNT; ++i) {
        cert_block_init(&b[i], TOE_BLOCK_FILTER_RESERVED, NULL, NULL);
        b[i].status = MARK;
    }
    cert_block_init(&b[THE_TCP], TOE_BLOCK_TCP, &c->conn->handle, &shape->tcp);
    cert_block_init(&b[THE_PATH], TOE_BLOCK_PATH4, &c->paths[0]->handle, &shape->path);
    cert_block_init(&b[THE_NEIGHBOR], TOE_BLOCK_NEIGHBOR, &c->neighbors[0]->handle,
                    &shape->neighbor);
    b[ABOVE].dependent = &b[ABOVE_TCP];
    b[ABOVE].next = &b[THE_NEIGHBOR];
    b[ABOVE_TCP].dependent = &b[THE_TCP];
    b[ABOVE_TCP].next = &b[THE_PATH];
    b[THE_NEIGHBOR].next = &b[EMPTY];
    b[EMPTY].dependent = &b[EMPTY_BELOW];
}

static void c_21h(struct cert *c)
{
    struct shape shape;

    cert_offload(c);
    for (uint32_t i = 0; i < OP_CNT; ++i) {
        build(c, &shape);
        if (all_ops[i] == CERT_INITIATE) { /* references only: nothing is new */
            shape.blocks[ABOVE_TCP].dependent = NULL;
            shape.blocks[THE_TCP].status = TOE_STATUS_SUCCESS;
        }
        cert_tree_done(c, all_ops[i], shape.blocks);
        for (uint32_t k = 0; k < BLOCK_CNT; ++k) {
            if (shape.blocks[k].status != TOE_STATUS_SUCCESS) {
                cert_fail(c, "%s: block %u: %s (0x%08x)", cert_op_name(all_ops[i]), k,
                          toe_status_name(shape.blocks[k].status), shape.blocks[k].status);
            }
        }
    }
    forget(c);
}

/* --- revisions --- */

/* One block for |object| alone; its status. */
static toe_status ask(struct cert *c, enum cert_op op, uint16_t type, toe_handle *object,
                      uint8_t revision)
{
    union {
        struct toe_neighbor_state neighbor;
        struct toe_path_state path;
        struct toe_tcp_state tcp;
    } state;
    struct toe_block block;

    memset(&state, 0, sizeof(state));
    state.tcp = c->conn->state;
    if (toe_block_layer(type) == TOE_LAYER_NEIGHBOR) {
        state.neighbor = c->neighbors[0]->state;
    } else if (toe_block_layer(type) == TOE_LAYER_PATH) {
        state.path = c->paths[0]->state;
    }
    cert_block_init(&block, type, object, &state);
    block.revision = revision;
    block.status = MARK;
    cert_tree_done(c, op, &block);
    return block.status;
}

static void c_21i(struct cert *c)
{
    static const uint8_t good[] = {0, 1, 1};
    static const uint8_t bad[] = {2, 3, 255};
    toe_handle *const objects[] = {&c->conn->handle, &c->paths[0]->handle,
                                   &c->neighbors[0]->handle};
    static const uint16_t types[] = {TOE_BLOCK_TCP, TOE_BLOCK_PATH4, TOE_BLOCK_NEIGHBOR};

    cert_allow(c, "REF-3");
    cert_allow(c, "BLK-3");
    cert_start(c);
    for (uint32_t i = 0; i < 3; ++i) {
        toe_handle cell = 0;

        cert_status_is(c, ask(c, CERT_INITIATE, TOE_BLOCK_NEIGHBOR, &cell, bad[i]),
                       TOE_STATUS_FAILURE);
        cert_is(c, cell, 0);
        c->neighbors[0]->block.revision = good[i];
        c->paths[0]->block.revision = good[2 - i];
        c->conn->block.revision = good[i];
        cert_offload(c);
        for (uint32_t k = 0; k < 3; ++k) {
            for (uint32_t op = 1; op < OP_CNT; ++op) {
                cert_status_is(c, ask(c, all_ops[op], types[k], objects[k], bad[i]),
                               TOE_STATUS_FAILURE);
            }
        }
        cert_send(c, 100); /* neither invalidated nor terminated */
        cert_expect_data(c, "+100");
        cert_peer(c, "ack=%u", c->conn->snd_next);
        cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 100);
        for (uint32_t k = 0; k < 3; ++k) {
            for (uint32_t op = 1; op < OP_CNT; ++op) {
                cert_status_is(c, ask(c, all_ops[op], types[k], objects[k], good[i]),
                               TOE_STATUS_SUCCESS);
            }
        }
        c->conn->state.delegated.snd_una = c->conn->snd_next;
        c->conn->state.delegated.snd_nxt = c->conn->snd_next;
        c->conn->state.delegated.snd_max = c->conn->snd_next;
        cert_skip_upcalls(c);
        forget(c);
    }
}

/* --- whose the tree is --- */

/* Memory of its own, which can be taken away. */
static void *pages(struct cert *c, size_t len)
{
    void *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    cert_require(c, at != MAP_FAILED);
    return at;
}

#define PAGES_LEN 16384u

struct lent {
    struct toe_block blocks[3];
    struct toe_neighbor_state neighbor;
    struct toe_path_state path;
    struct toe_tcp_state tcp;
    uint8_t data[2000];
    struct toe_sge sge;
    struct toe_buf buffered;
};

/* |op| with a tree that is gone once it has completed: who touches it then, dies. */
static void with_lent(struct cert *c, enum cert_op op, uint32_t buffered)
{
    struct lent *lent = pages(c, PAGES_LEN);

    cert_require(c, sizeof(*lent) <= PAGES_LEN);
    lent->neighbor = c->neighbors[0]->state;
    lent->path = c->paths[0]->state;
    lent->tcp = c->conn->state;
    cert_block_init(&lent->blocks[0], TOE_BLOCK_NEIGHBOR, &c->neighbors[0]->handle,
                    &lent->neighbor);
    cert_block_init(&lent->blocks[1], TOE_BLOCK_PATH4, &c->paths[0]->handle, &lent->path);
    cert_block_init(&lent->blocks[2], TOE_BLOCK_TCP, &c->conn->handle, &lent->tcp);
    lent->blocks[0].dependent = &lent->blocks[1];
    lent->blocks[1].dependent = &lent->blocks[2];
    lent->blocks[2].host_object = c->conn;
    if (buffered > 0) {
        for (uint32_t i = 0; i < buffered; ++i) {
            lent->data[i] = cert_byte_in(c->conn, lent->tcp.delegated.rcv_nxt - buffered + i);
        }
        lent->sge.addr = (uint64_t)(uintptr_t)lent->data;
        lent->sge.len = buffered;
        lent->buffered.sge = &lent->sge;
        lent->buffered.sge_cnt = 1;
        lent->buffered.len = buffered;
        lent->tcp.delegated.buffered_data = &lent->buffered;
        c->conn->rcv_next = lent->tcp.delegated.rcv_nxt - buffered;
    }
    cert_tree_done(c, op, lent->blocks);
    cert_status_is(c, lent->blocks[0].status, TOE_STATUS_SUCCESS);
    cert_status_is(c, lent->blocks[1].status, TOE_STATUS_SUCCESS);
    cert_status_is(c, lent->blocks[2].status, TOE_STATUS_SUCCESS);
    cert_require(c, mprotect(lent, PAGES_LEN, PROT_NONE) == 0);
}

/* What cert_offload() would have told the peer. */
static void meet_peer(struct cert *c)
{
    const struct toe_tcp_delegated *state = &c->conn->state.delegated;
    struct cert_peer *peer = &c->conn->peer;

    c->conn->begun = true;
    peer->nxt = state->rcv_nxt;
    peer->ack = state->snd_una;
    peer->acked = state->snd_una;
    peer->rcv_nxt = state->snd_una;
    peer->wnd = 65535;
    c->conn->snd_next = state->snd_max;
    c->conn->rcv_next = state->rcv_nxt;
}

static void c_21j(struct cert *c)
{
    cert_start(c);
    meet_peer(c);
    c->answer.status = TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    with_lent(c, CERT_INITIATE, 2000);
    cert_mark(c);
    with_lent(c, CERT_QUERY, 0);
    with_lent(c, CERT_UPDATE, 0);
    cert_send(c, 1000);
    cert_expect_data(c, "5000:6000");
    cert_at(c, 320);
    cert_expect_data(c, "5000:6000"); /* again */
    cert_peer(c, "ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_skip_upcalls(c);
    cert_receive(c, 2000, 0); /* the harness compares every byte */
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 2000);
    with_lent(c, CERT_INVALIDATE, 0);
    cert_wait(c, 1000);
    with_lent(c, CERT_TERMINATE, 0);
    forget(c);
    cert_peer(c, "1000:1100");
    cert_wait(c, 10000);
}

/* --- what is not the target's --- */

static void stamp(struct toe_block *tree, uint32_t *seed)
{
    for (struct toe_block *block = tree; block != NULL; block = block->next) {
        block->port_number = 0;
        for (uint32_t i = 0; i < 2; ++i) {
            block->inter_data[i] = (void *)(uintptr_t)(0x1111000 + ++*seed);
            block->host_data[i] = (void *)(uintptr_t)(0x2222000 + ++*seed);
        }
        stamp(block->dependent, seed);
    }
}

/* All but what a target may write is as it was. */
static void check_same(struct cert *c, const struct toe_block *got, const struct toe_block *was)
{
    for (uint32_t i = 0; i < BLOCK_CNT; ++i) {
        struct toe_block a = got[i];
        struct toe_block b = was[i];

        a.status = b.status;
        memcpy(a.target_data, b.target_data, sizeof(a.target_data));
        a.send_chain = b.send_chain;
        if (memcmp(a.inter_data, b.inter_data, sizeof(a.inter_data)) != 0 ||
            memcmp(a.host_data, b.host_data, sizeof(a.host_data)) != 0 ||
            memcmp(&a, &b, sizeof(a)) != 0) {
            cert_fail(c, "block %u came back changed", i);
        }
    }
}

static void c_21k(struct cert *c)
{
    struct shape shape;
    struct toe_block was[BLOCK_CNT];
    uint32_t seed = 0;

    cert_allow(c, "EVO-2");
    cert_allow(c, "NEW-3");
    cert_allow(c, "CTX-7");
    cert_allow(c, "BLK-3");
    cert_allow(c, "CTX-4");
    cert_start(c);
    for (uint32_t i = 0; i < OP_CNT; ++i) {
        build(c, &shape);
        if (all_ops[i] == CERT_INITIATE) { /* the neighbor holds the path, the path the rest */
            shape.blocks[ABOVE].dependent = NULL;
            shape.blocks[THE_NEIGHBOR].dependent = &shape.blocks[THE_PATH];
            shape.blocks[THE_PATH].dependent = &shape.blocks[THE_TCP];
            shape.blocks[THE_TCP].host_object = c->conn;
        }
        stamp(shape.blocks, &seed);
        memcpy(was, shape.blocks, sizeof(was));
        cert_tree_done(c, all_ops[i], shape.blocks);
        check_same(c, shape.blocks, was);
        cert_status_is(c, shape.blocks[THE_TCP].status, TOE_STATUS_SUCCESS);
    }
    for (uint32_t i = 0; i < OP_CNT; ++i) { /* the same where all fails */
        build(c, &shape);
        shape.tcp.delegated.state = TOE_TCP_LISTEN;
        shape.blocks[THE_NEIGHBOR].revision = 7;
        stamp(shape.blocks, &seed);
        memcpy(was, shape.blocks, sizeof(was));
        cert_tree_done(c, all_ops[i], shape.blocks);
        check_same(c, shape.blocks, was);
        cert_status_is(c, shape.blocks[THE_TCP].status, TOE_STATUS_FAILURE);
    }
    forget(c);
}

/* --- chains of any length, blocks alone --- */

#define CHAIN_LEN 400000u

/* |len| placeholders before |last|. */
static struct toe_block *chain_to(struct toe_block *room, uint32_t len, struct toe_block *last)
{
    for (uint32_t i = 0; i < len; ++i) {
        cert_block_init(&room[i], TOE_BLOCK_FILTER_RESERVED, NULL, NULL);
        room[i].next = i + 1 < len ? &room[i + 1] : last;
    }
    return &room[0];
}

/* A target that recurses along a chain runs out of stack here. */
static void c_21l(struct cert *c)
{
    struct toe_block *room = calloc(2 * CHAIN_LEN, sizeof(*room));
    struct toe_block *const below = room + CHAIN_LEN;
    struct shape shape;

    cert_require(c, room != NULL);
    cert_offload(c);
    for (uint32_t i = 0; i < OP_CNT; ++i) {
        build(c, &shape);
        shape.blocks[THE_TCP].object = all_ops[i] == CERT_INITIATE ? NULL : &c->conn->handle;
        shape.blocks[THE_PATH].next = NULL;
        shape.blocks[THE_PATH].dependent = chain_to(below, CHAIN_LEN, &shape.blocks[THE_TCP]);
        shape.blocks[THE_NEIGHBOR].next = NULL;
        shape.blocks[THE_NEIGHBOR].dependent = &shape.blocks[THE_PATH];
        cert_tree_done(c, all_ops[i], chain_to(room, CHAIN_LEN, &shape.blocks[THE_NEIGHBOR]));
        for (uint32_t k = 0; k < 2 * CHAIN_LEN; ++k) {
            cert_status_is(c, room[k].status, TOE_STATUS_SUCCESS);
        }
        cert_status_is(c, shape.blocks[THE_TCP].status, TOE_STATUS_SUCCESS);
        cert_status_is(c, shape.blocks[THE_PATH].status, TOE_STATUS_SUCCESS);
        cert_status_is(c, shape.blocks[THE_NEIGHBOR].status, TOE_STATUS_SUCCESS);
    }
    forget(c);
    free(room);
}

/* The neighbor's block alone, then the path's below it, then the connection's: all operations. */
static void c_21m(struct cert *c)
{
    struct toe_block *const neighbor = &c->neighbors[0]->block;
    struct toe_block *const path = &c->paths[0]->block;

    cert_start(c);
    cert_tree_done(c, CERT_INITIATE, neighbor); /* alone */
    cert_status_is(c, neighbor->status, TOE_STATUS_SUCCESS);
    neighbor->dependent = path; /* a root that is a linker */
    cert_tree_done(c, CERT_INITIATE, neighbor);
    cert_status_is(c, path->status, TOE_STATUS_SUCCESS);
    cert_offload(c);
    for (uint32_t i = 1; i < OP_CNT; ++i) {
        struct shape shape;

        build(c, &shape);
        shape.blocks[THE_NEIGHBOR].next = NULL;
        shape.blocks[THE_PATH].next = NULL;
        cert_tree_done(c, all_ops[i], &shape.blocks[THE_TCP]);
        cert_status_is(c, shape.blocks[THE_TCP].status, TOE_STATUS_SUCCESS);
        cert_tree_done(c, all_ops[i], &shape.blocks[THE_PATH]);
        cert_status_is(c, shape.blocks[THE_PATH].status, TOE_STATUS_SUCCESS);
        cert_tree_done(c, all_ops[i], &shape.blocks[THE_NEIGHBOR]);
        cert_status_is(c, shape.blocks[THE_NEIGHBOR].status, TOE_STATUS_SUCCESS);
    }
    forget(c);
    neighbor->dependent = NULL;
    cert_offload(c); /* one tree of all */
    for (uint32_t i = 1; i < OP_CNT; ++i) {
        struct toe_block *tree = cert_link(c, c->conn);

        cert_tree_done(c, all_ops[i], tree);
        cert_status_is(c, neighbor->status, TOE_STATUS_SUCCESS);
        cert_status_is(c, path->status, TOE_STATUS_SUCCESS);
        cert_status_is(c, c->conn->block.status, TOE_STATUS_SUCCESS);
    }
    forget(c);
}

/* Only an initiate has words for what went wrong; the others say SUCCESS or FAILURE. */
static void c_21n(struct cert *c)
{
    struct shape shape;

    cert_allow(c, "BLK-3");
    cert_allow(c, "SYN-1");
    cert_allow(c, "REF-3");
    cert_allow(c, "CTX-4");
    cert_offload(c);
    for (uint32_t fault = 0; fault < 5; ++fault) {
        for (uint32_t i = 1; i < OP_CNT; ++i) {
            toe_handle wrong = c->paths[0]->handle + fault * 0x10001;

            build(c, &shape);
            shape.path.cached.mtu = fault == 1 ? c->caps.mtu_max + 1 : 1500;
            shape.tcp.cached.initial_rcv_wnd =
                fault == 2 ? c->caps.rcv_wnd_max + 1 : shape.tcp.cached.initial_rcv_wnd;
            shape.tcp.size = fault == 3 ? 4 : shape.tcp.size;
            shape.blocks[THE_NEIGHBOR].object = fault == 4 ? &wrong : &c->neighbors[0]->handle;
            if (all_ops[i] == CERT_TERMINATE || all_ops[i] == CERT_INVALIDATE) {
                shape.blocks[THE_TCP].object = &wrong;
                shape.blocks[THE_PATH].object = &wrong;
                wrong = 0x123;
            }
            cert_tree_done(c, all_ops[i], shape.blocks);
            for (uint32_t k = 0; k < BLOCK_CNT; ++k) {
                const toe_status status = shape.blocks[k].status;

                if (status != TOE_STATUS_SUCCESS && status != TOE_STATUS_FAILURE) {
                    cert_fail(c, "%s completed with %s", cert_op_name(all_ops[i]),
                              toe_status_name(status));
                }
            }
        }
    }
}

#define BLOCK(number, what, which, function)                                                       \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_NDIS,               \
        .run = (function)                                                                          \
    }

const struct cert_scenario cert_control_block_scenarios[] = {
    BLOCK("C-21h", "placeholders in all five operations",
          "BLK-1 BLK-2 PLH-1 PLH-2 PLH-4 PLH-5 UPD-13", c_21h),
    BLOCK("C-21i", "revisions of blocks, those that are known and others", "BLK-3", c_21i),
    BLOCK("C-21j", "a tree whose memory is gone after the completion", "BLK-5 OFF-4", c_21j),
    BLOCK("C-21k", "what is not the target's comes back as it went", "REU-4", c_21k),
    BLOCK("C-21l", "chains of 400000 blocks", "TREE-4", c_21l),
    BLOCK("C-21m", "blocks alone, and roots of trees", "TREE-6 TREE-7", c_21m),
    BLOCK("C-21n", "statuses of all but an initiate", "BLK-6", c_21n),
    {.id = NULL},
};
