/* SPDX-License-Identifier: MIT */
/*
 * Receives, the second half: indication sizes, windows, buffered data, buffers on their way
 * (scenarios.md, B.2).
 */
#include "suite.h"

static void refuse_all(struct cert *c)
{
    c->answer.status = TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
}

/* Takes the next upcall of the current connection if it is an indication. */
static const struct cert_entry *take_indication(struct cert *c)
{
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        struct cert_entry *e = &c->chart->entries[i];

        if (e->taken || e->conn != c->conn->idx) {
            continue;
        }
        if (e->kind == CERT_INDICATE) {
            e->taken = true;
            return e;
        }
        if (e->kind == CERT_COMPLETE ||
            (e->kind == CERT_EVENT && e->event != TOE_EVENT_SEND_BACKLOG_CHANGE)) {
            break;
        }
    }
    return NULL;
}

/* Within 10 ms, |bytes| must be indicated and accepted, in any pieces, before all else. */
static void expect_offered(struct cert *c, uint32_t bytes)
{
    uint32_t got = 0;

    cert_wait(c, 10);
    while (got < bytes) {
        const struct cert_entry *entry = take_indication(c);

        if (entry == NULL) {
            cert_fail(c, "expected %u bytes indicated before anything else, came %u", bytes, got);
        }
        got += entry->info;
    }
    cert_is(c, got, bytes);
}

static void t_045a(struct cert *c)
{
    cert_tcp(c)->cached.rcv_indication_size = 100;
    cert_offload(c);
    cert_peer(c, "1000:2460");
    cert_expect_indicate(c, 100);
    expect_offered(c, 1360);
}

static void t_045b(struct cert *c)
{
    c->settings.choices |= TOE_CERTIFY_INDICATE_AND_POST;
    cert_tcp(c)->cached.rcv_indication_size = 100;
    cert_offload(c);
    cert_peer(c, "1000:2460");
    cert_expect_indicate(c, 100);
    cert_at(c, 100);
    cert_expect_quiet(c);
    cert_receive(c, 1360, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 1360);
}

static void t_045c(struct cert *c)
{
    c->settings.choices |= TOE_CERTIFY_INDICATE_AND_POST;
    cert_tcp(c)->cached.rcv_indication_size = 100;
    cert_offload(c);
    cert_peer(c, "1000:2460");
    cert_expect_indicate(c, 100);
    cert_at(c, 485);
    cert_expect_quiet(c);
    cert_at(c, 500);
    expect_offered(c, 1360);
}

/* The last segment told the window |wnd|, give or take |tolerance|. */
static void last_window(struct cert *c, uint32_t shift, uint32_t wnd, uint32_t tolerance)
{
    const struct cert_entry *last = NULL;

    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        if (c->chart->entries[i].kind == CERT_SEG_OUT) {
            last = &c->chart->entries[i];
        }
    }
    cert_require(c, last != NULL);
    cert_near(c, (uint32_t)last->seg.wnd << shift, wnd, tolerance);
}

static void update_window(struct cert *c, uint32_t size)
{
    cert_tcp(c)->cached.initial_rcv_wnd = size;
    cert_tcp(c)->cached.flags |= TOE_TCP_UPDATE_RCV_WND;
    cert_update(c);
}

static void need_window(struct cert *c, uint32_t size)
{
    cert_start(c);
    if (c->caps.rcv_wnd_max < size) {
        cert_skip(c, "the target's windows end at %u bytes", c->caps.rcv_wnd_max);
    }
}

static void t_054(struct cert *c)
{
    need_window(c, 131070);
    cert_scaling(c, 0, 2);
    cert_offload(c);
    update_window(c, 131070);
    cert_expect_seg(c, "5000 ack=1000 wnd=32767 t=0");
    update_window(c, 16384);
    for (uint32_t i = 0; i < 100; ++i) {
        cert_peer(c, "+1000");
        cert_peer(c, "+1000");
        cert_wait(c, 1);
    }
    cert_is(c, c->conn->rcv_next, 201000);
    cert_wait(c, 6000);
    last_window(c, 2, 16384, 4);
}

static void t_055(struct cert *c)
{
    (void)cert_buffered(c, 3000);
    cert_offload(c);
    cert_receive(c, 1000, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 1000);
    expect_offered(c, 2000);
    cert_peer(c, "1000:1500");
    cert_expect_indicate(c, 500);
}

/* The bytes that came from the wire meanwhile go behind those that were handed over. */
static void t_055b(struct cert *c)
{
    (void)cert_buffered(c, 3000);
    cert_offload(c);
    cert_peer(c, "1000:1500");
    cert_receive(c, 1000, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 1000);
    expect_offered(c, 2500);
}

static void check_failed(struct cert *c, const struct cert_buf *chain, uint32_t len)
{
    cert_status_is(c, chain->buf.status, TOE_STATUS_PENDING);
    cert_is(c, chain->buf.len, len);
    cert_is(c, chain->buf.off, 0);
    cert_wait(c, 20);
    cert_expect_quiet(c);
    cert_is(c, cert_count(c, CERT_SEG_OUT), 0);
}

/* The target has one buffer of 2 KiB for what it receives. */
static void t_056a(struct cert *c)
{
    static const uint8_t frame[60] = {2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 1, 0x88, 0xb5};
    const struct cert_buf *chain;
    toe_status status;

    c->settings.rcv_chunk_max = 1;
    (void)cert_buffered(c, 3000);
    chain = cert_chain(c, 2000);
    status = cert_offload_try(c);
    if (status == TOE_STATUS_SUCCESS) {
        cert_skip(c, "the target has room for 3000 bytes in any case");
    }
    cert_status_is(c, status, TOE_STATUS_FAILURE);
    check_failed(c, chain, 2000);
    cert_peer(c, "1000:1010");
    cert_expect_passed_up(c, 0);
    cert_host_frame(c, frame, sizeof(frame));
    cert_run(c);
    cert_is(c, cert_count(c, CERT_FRAME_OUT), 1);

    /* Without the data it works. */
    cert_tcp(c)->delegated.buffered_data = NULL;
    c->conn->rcv_next = 1000;
    c->conn->peer.nxt = 1000;
    cert_offload(c);
    cert_expect_stream(c, 5000, 7000);
}

/* Each allocation fails once; then the offload must do. */
static void t_056b(struct cert *c)
{
    const struct cert_buf *chain;
    uint32_t n = 0;

    cert_start(c);
    (void)cert_buffered(c, 3000);
    chain = cert_chain(c, 2000);
    c->mem_fails_once = true;
    for (bool is_over = false; !is_over;) {
        cert_require(c, ++n < 1000);
        c->mem_fail_at = c->mem_cnt + n;
        if (cert_offload_try(c) != TOE_STATUS_SUCCESS) {
            check_failed(c, chain, 2000);
            continue;
        }
        is_over = c->mem_cnt < c->mem_fail_at;
        if (!is_over) { /* it could do without */
            cert_skip(c, "the target offloads although an allocation failed");
        }
    }
    c->mem_fail_at = 0;
    if (n == 1) {
        cert_skip(c, "the target allocates nothing when it offloads");
    }
    cert_mark(c);
    cert_expect_stream(c, 5000, 7000);
    cert_receive(c, 3000, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 3000);
}

static void t_057a(struct cert *c)
{
    (void)cert_buffered(c, 3000);
    cert_offload(c);
    cert_peer(c, "1000:1500 PSH");
    cert_at(c, 2000);
    cert_expect_quiet(c);
    cert_receive(c, 4000, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 3500);
}

static void t_057b(struct cert *c)
{
    (void)cert_buffered(c, 3000);
    cert_offload(c);
    cert_peer(c, "1000:1500");
    cert_at(c, 2000);
    cert_expect_quiet(c);
    cert_receive(c, 0, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 0);
    expect_offered(c, 3500);
}

static void t_058(struct cert *c)
{
    cert_tcp(c)->delegated.state = TOE_TCP_CLOSE_WAIT;
    cert_tcp(c)->delegated.rcv_nxt = 1202;
    (void)cert_buffered(c, 200);
    cert_is(c, c->conn->rcv_next, 1001);
    cert_offload(c);
    cert_receive(c, 1000, 0);
    cert_at(c, 510); /* RCV-039: it may wait for the push timer */
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 200);
    cert_at(c, 2000);
    cert_expect_quiet(c);
    (void)cert_query(c);
    cert_expect_state(c, TOE_TCP_CLOSE_WAIT);
}

static void t_059(struct cert *c)
{
    refuse_all(c);
    cert_offload(c);
    cert_peer_data(c, 5000, 1460);
    cert_at(c, 300);
    cert_skip_upcalls(c);
    cert_is(c, cert_terminate(c)->delegated.rcv_nxt, 6000);
    cert_is(c, cert_uploaded_len(c), 5000);
    cert_wait(c, 1000);
    c->ops->receive_return(c->target, c->conn->uploaded);
    cert_note(c, "receive_return");
    c->conn->uploaded = NULL;
    cert_tcp(c)->delegated.buffered_data = NULL;
    cert_wait(c, 1000);
    cert_expect_quiet(c);
    c->answer.status = TOE_STATUS_SUCCESS;
    c->conn->rcv_next = 6000; /* the host has read its copy */
    cert_offload(c);
    cert_peer(c, "6000:6100");
    cert_expect_indicate(c, 100);
}

/* A request of |flags| that holds |bytes| when the connection is terminated. */
static struct cert_buf *interrupted(struct cert *c, uint32_t flags, uint32_t bytes)
{
    struct cert_buf *buf;

    cert_offload(c);
    buf = cert_receive(c, 1000, flags);
    if (bytes > 0) {
        cert_peer(c, "+%u", bytes);
    }
    cert_wait(c, 20);
    cert_expect_quiet(c);
    cert_is(c, cert_terminate(c)->delegated.rcv_nxt, 1000 + bytes);
    cert_is(c, cert_uploaded_len(c), 0);
    return buf;
}

static void t_060a(struct cert *c)
{
    (void)interrupted(c, 0, 100);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 100);
}

static void t_060b(struct cert *c)
{
    (void)interrupted(c, TOE_BUF_NO_PUSH, 100);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_UPLOAD_IN_PROGRESS, 100);
}

static void t_060c(struct cert *c)
{
    (void)interrupted(c, 0, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_UPLOAD_IN_PROGRESS, 0);
}

static void t_061(struct cert *c)
{
    struct cert_buf *buf = interrupted(c, TOE_BUF_NO_PUSH, 100);

    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_UPLOAD_IN_PROGRESS, 100);
    cert_offload(c);
    buf->buf.placed = 100;
    cert_repost(c, buf);
    cert_peer(c, "1100:1600 PSH");
    cert_at(c, 2000);
    cert_expect_quiet(c);
    cert_peer(c, "1600:2500");
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 900);
    cert_expect_indicate(c, 500);
    for (uint32_t i = 0; i < 1000; ++i) {
        cert_is(c, buf->mem[i], cert_byte_in(c->conn, 1000 + i));
    }
}

static void t_062(struct cert *c)
{
    const uint32_t len = 1000;
    struct cert_buf *buf;

    cert_offload(c);
    buf = cert_buf_new(c, CERT_RECEIVE, &len, 1, 50, 0);
    buf->buf.placed = 50;
    cert_post(c, buf);
    cert_at(c, 480);
    cert_expect_quiet(c);
    cert_due(c, 500);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 0);
}

/* All objects are taken back, so that only buffers may keep the target from being closed. */
static void terminate_all(struct cert *c)
{
    struct cert_path *path = c->paths[0];
    struct cert_neighbor *neighbor = path->neighbor;

    for (uint32_t i = 0; i < c->conn_cnt; ++i) {
        (void)cert_use(c, i);
        (void)cert_terminate(c);
    }
    path->block.dependent = NULL;
    path->block.next = NULL;
    neighbor->block.dependent = &path->block;
    neighbor->block.next = NULL;
    cert_tree_done(c, CERT_TERMINATE, &neighbor->block);
    cert_status_is(c, neighbor->block.status, TOE_STATUS_SUCCESS);
    cert_status_is(c, path->block.status, TOE_STATUS_SUCCESS);
    path->handle = 0;
    neighbor->handle = 0;
}

static void t_063(struct cert *c)
{
    c->keeps = true;
    (void)cert_conn_add(c, c->paths[0]);
    (void)cert_conn_add(c, c->paths[0]);
    cert_offload(c);
    for (uint32_t round = 0; round < 20; ++round) {
        for (uint32_t i = 0; i < 3; ++i) {
            (void)cert_use(c, i);
            cert_peer(c, "+%u", 1 + round * 70 + i);
            cert_run(c);
        }
        if (round == 10) {
            cert_return(c);
        }
    }
    for (uint32_t i = 0; i < 3; ++i) {
        (void)cert_use(c, i);
        cert_is(c, c->conn->rcv_next, c->conn->peer.nxt);
    }
    cert_require(c, cert_kept(c) >= 27);
    cert_return(c);
    cert_wait(c, 1000);
    terminate_all(c);
    cert_run(c);
    if (c->plugin->can_close != NULL) {
        cert_require(c, c->plugin->can_close(c->target));
    }
}

static void t_064(struct cert *c)
{
    if (c->plugin->can_close == NULL) {
        cert_skip(c, "the target does not tell whether it can be closed");
    }
    c->keeps = true;
    cert_offload(c);
    cert_peer(c, "1000:2460");
    cert_expect_indicate(c, 1460);
    terminate_all(c);
    cert_require(c, !c->plugin->can_close(c->target));
    cert_wait(c, 1000);
    cert_require(c, !c->plugin->can_close(c->target));
    cert_return(c);
    cert_run(c);
    cert_require(c, c->plugin->can_close(c->target));
}

static uint32_t largest_indication(const struct cert *c)
{
    uint32_t largest = 0;

    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        if (e->kind == CERT_INDICATE && e->bytes > largest) {
            largest = e->bytes;
        }
    }
    return largest;
}

static void t_066(struct cert *c)
{
    uint32_t begin;
    uint32_t cnt = 0;

    need_window(c, 262144);
    cert_scaling(c, 0, 3);
    cert_tcp(c)->cached.initial_rcv_wnd = 262144;
    cert_tcp(c)->delegated.rcv_wnd = 262144;
    cert_offload(c);
    for (uint32_t i = 0; i < 10 && c->conn->rcv_next != 301000; ++i) {
        c->conn->peer.nxt = c->conn->rcv_next; /* what found no room is sent again */
        cert_peer_data(c, 301000 - c->conn->rcv_next, 1460);
        cert_wait(c, 300);
    }
    cert_is(c, c->conn->rcv_next, 301000);
    cert_require(c, largest_indication(c) <= 262144);

    /* What was refused lies there whole: it is offered in more than segments. */
    refuse_all(c);
    cert_peer_data(c, 100000, 1460);
    cert_wait(c, 300);
    cert_skip_upcalls(c);
    c->answer.status = TOE_STATUS_SUCCESS;
    begin = c->chart->cnt;
    cert_receive(c, 0, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 0);
    expect_offered(c, 100000);
    for (uint32_t i = begin; i < c->chart->cnt; ++i) {
        cnt += c->chart->entries[i].kind == CERT_INDICATE;
    }
    cert_require(c, cnt < 100000 / 1460);
}

/* More is received at once than the window will be. */
static void t_066b(struct cert *c)
{
    cert_tcp(c)->cached.initial_rcv_wnd = 4000;
    cert_offload(c);
    cert_peer_data(c, 20000, 1460);
    cert_wait(c, 300);
    cert_is(c, c->conn->rcv_next, 21000);
    cert_require(c, largest_indication(c) <= 4000);
}

static void t_067a(struct cert *c)
{
    cert_allow(c, "RCV-051");
    cert_offload(c);
    cert_answer(c, TOE_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED, 0);
    cert_peer(c, "1000:2460 PSH");
    cert_expect_indicate(c, 1460);
    cert_at(c, 1000);
    cert_expect_quiet(c);
    cert_receive(c, 2000, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 1460);
}

static void t_067b(struct cert *c)
{
    cert_allow(c, "RCV-051");
    cert_offload(c);
    cert_answer(c, TOE_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED, 1460);
    cert_answer(c, TOE_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED, 5000);
    for (uint32_t i = 0; i < 3; ++i) {
        cert_peer(c, "+1460");
        cert_expect_indicate(c, 1460);
    }
    cert_at(c, 1000);
    cert_expect_quiet(c);
    cert_is(c, c->conn->right, 1000 + 3 * 1460 + 65535);
}

#define RECEIVE(number, what, which, function)                                                     \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_RECEIVE,            \
        .run = (function)                                                                          \
    }

const struct cert_scenario cert_receive_more_scenarios[] = {
    RECEIVE("T-045a", "a preferred size of indications holds nothing back",
            "RCV-056 RCV-058 STATE-TK-3", t_045a),
    RECEIVE("T-045b", "indicate and post: the rest goes into the request that follows",
            "RCV-058 RCV-059", t_045b),
    RECEIVE("T-045c", "indicate and post: without a request the rest waits for the push timer",
            "RCV-059 RCV-060", t_045c),
    RECEIVE("T-054", "the window grows at once and shrinks without moving its edge left",
            "RCV-073 RCV-078 RCV-079 STATE-TK-16", t_054),
    RECEIVE("T-055", "handed-over data: into the request, the rest is indicated",
            "RCV-089 RCV-090 STATE-TD-29", t_055),
    RECEIVE("T-055b", "handed-over data before what arrives", "RCV-089..091", t_055b),
    RECEIVE("T-056a", "no room for handed-over data: FAILURE, and nothing is touched",
            "RCV-087 SND-068", t_056a),
    RECEIVE("T-056b", "an offload with each of its allocations failing", "SND-068", t_056b),
    RECEIVE("T-057a", "handed-over data is not indicated before a request", "RCV-089 RCV-091",
            t_057a),
    RECEIVE("T-057b", "handed-over data is indicated for an empty request", "RCV-054 RCV-091",
            t_057b),
    RECEIVE("T-058", "handed-over data in front of a FIN", "RCV-085 RCV-094", t_058),
    RECEIVE("T-059", "refused data comes back with the terminate; returned a second later",
            "RCV-068 RCV-070 RCV-096..100", t_059),
    RECEIVE("T-060a", "a terminate with a partly filled request", "RCV-101 RCV-102", t_060a),
    RECEIVE("T-060b", "a terminate with a partly filled request without push", "RCV-101 RCV-102",
            t_060b),
    RECEIVE("T-060c", "a terminate with an empty request", "RCV-022 RCV-101 RCV-102", t_060c),
    RECEIVE("T-061", "a request goes on where the terminate interrupted it", "RCV-016..018", t_061),
    RECEIVE("T-062", "bytes placed by the host start the push timer", "RCV-014 RCV-017 RCV-018",
            t_062),
    RECEIVE("T-063", "buffers of three connections come back in one chain", "RCV-065 RCV-066",
            t_063),
    RECEIVE("T-064", "a target with buffers out cannot be closed", "RCV-069 PM-4", t_064),
    RECEIVE("T-066", "300 KB at once, then 100 KB that were refused, a window of 256 KB",
            "RCV-046 RCV-057 RCV-064", t_066),
    RECEIVE("T-066b", "no indication is larger than the receive buffer", "RCV-064", t_066b),
    RECEIVE("T-067a", "partly accepted, but nothing of it", "RCV-051", t_067a),
    RECEIVE("T-067b", "partly accepted, but all of it", "RCV-051", t_067b),
    {.id = NULL},
};
