/* SPDX-License-Identifier: MIT */
/*
 * Hardware that forgets what it was given: control.md 3.3. A plug-in that cannot bring this about
 * has no corrupt().
 */
#include "suite.h"

/* Index of the only entry of |kind| that |op| or |event| names, for the first connection. */
static uint32_t find(struct cert *c, enum cert_kind kind, uint32_t which, uint32_t from)
{
    for (uint32_t i = from; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        if (e->kind == kind &&
            (kind == CERT_EVENT ? e->event == which : (uint32_t)e->op == which)) {
            return i;
        }
    }
    cert_fail(c, "the chart lacks an entry of kind %u", (unsigned int)kind);
}

static void expect_alive(struct cert *c)
{
    cert_skip_segs(c);
    cert_send(c, 100);
    cert_expect_data(c, "+100");
    cert_peer(c, "+100 PSH ack=%u", c->conn->snd_next);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 100);
    cert_expect_indicate(c, 100);
}

/* Every request of the connection was aborted, after |from| and before |to|. */
static void expect_aborted(struct cert *c, uint32_t cnt, uint32_t from, uint32_t to)
{
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        if (e->kind == CERT_COMPLETE && e->conn == c->conn->idx) {
            cert_status_is(c, e->status, TOE_STATUS_REQUEST_ABORTED);
            cert_require(c, i > from && i < to);
            --cnt;
        }
    }
    cert_is(c, cnt, 0);
}

/* |op| is the first to notice; the five steps follow, in their order. */
static void five_steps(struct cert *c, enum cert_op op)
{
    struct toe_tcp_state state = {.size = sizeof(state)};
    const struct toe_tcp_delegated *after;
    struct toe_block block;
    uint32_t failed;
    uint32_t retrieved;
    uint32_t aborted;

    if (c->plugin->corrupt == NULL) {
        cert_skip(c, "the target's state cannot be spoiled");
    }
    c->settings.corrupts = true;
    c->received_unchecked = true;
    (void)cert_conn_add(c, c->paths[0]);
    cert_offload(c);
    (void)cert_use(c, 0);
    cert_send(c, 1000, 2000);
    cert_receive(c, 1000, TOE_BUF_NO_PUSH);
    cert_expect_stream(c, 5000, 8000);
    c->plugin->corrupt(c->target, c->conn->handle);
    cert_block_init(&block, TOE_BLOCK_TCP, &c->conn->handle, op == CERT_INVALIDATE ? NULL : &state);
    block.host_object = c->conn;
    failed = c->chart->cnt;
    cert_tree_done(c, op, &block);
    cert_status_is(c, block.status, TOE_STATUS_FAILURE);
    cert_wait(c, 100);
    failed = find(c, CERT_TREE, op, failed);
    retrieved = find(c, CERT_EVENT, TOE_EVENT_RETRIEVE, 0);
    aborted = find(c, CERT_EVENT, TOE_EVENT_ABORT, 0);
    cert_is(c, c->chart->entries[retrieved].info, TOE_UPLOAD_HARDWARE_FAILURE);
    cert_require(c, failed < retrieved && retrieved < aborted);
    cert_require(c, c->conn->handle != 0 && cert_count(c, CERT_EVENT) == 2);
    after = &cert_terminate(c)->delegated;
    cert_is(c, after->state, TOE_TCP_CLOSED);
    cert_is(c, after->retransmit_timeout_delta, TOE_TICKS_NONE);
    cert_is(c, after->ka_timeout_delta, TOE_TICKS_NONE);
    expect_aborted(c, 3, aborted, find(c, CERT_TREE, CERT_TERMINATE, aborted));
    cert_wait(c, 5000);
    cert_is(c, cert_count(c, CERT_EVENT), 2);
    (void)cert_use(c, 1); /* the other one knows nothing of it */
    cert_is(c, cert_count(c, CERT_EVENT), 0);
    expect_alive(c);
}

static void c_26a(struct cert *c)
{
    five_steps(c, CERT_QUERY);
}

static void c_26b(struct cert *c)
{
    five_steps(c, CERT_INVALIDATE);
}

static void c_26c(struct cert *c)
{
    five_steps(c, CERT_TERMINATE);
}

#define FAULT(number, what, which, function)                                                       \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_EVENT,              \
        .run = (function)                                                                          \
    }

const struct cert_scenario cert_control_fault_scenarios[] = {
    FAULT("C-26a", "corrupt hardware, seen by a query", "HWF-1 QRY-6", c_26a),
    FAULT("C-26b", "corrupt hardware, seen by an invalidate", "HWF-1 INV-7", c_26b),
    FAULT("C-26c", "corrupt hardware, seen by a terminate: the second one succeeds",
          "HWF-1 HWF-2 TRM-23", c_26c),
    {.id = NULL},
};
