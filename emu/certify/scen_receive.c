/* SPDX-License-Identifier: MIT */
/*
 * Receives, the first half: requests, indications, the push timer (scenarios.md, B.2).
 */
#include "suite.h"

static void refuse_all(struct cert *c)
{
    c->answer.status = TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
}

/* Within 10 ms everything up to |ack| must be acknowledged. */
static void expect_ack(struct cert *c, uint32_t ack)
{
    const struct cert_entry *last = NULL;

    cert_wait(c, 10);
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        if (c->chart->entries[i].kind == CERT_SEG_OUT) {
            last = &c->chart->entries[i];
        }
    }
    if (last == NULL || (int32_t)(last->seg.ack - ack) < 0) {
        cert_fail(c, "expected ack=%u at once, the last segment was %s", ack,
                  last != NULL ? last->text : "none");
    }
    cert_skip_segs(c);
}

static void t_030(struct cert *c)
{
    struct cert_buf *buf;

    cert_offload(c);
    buf = cert_receive(c, 1000, 0);
    cert_peer(c, "1000:2000");
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 1000);
    cert_is(c, buf->buf.len, 0);
    cert_is(c, buf->buf.off, 1000);
    cert_is(c, cert_query(c)->delegated.rcv_nxt, 2000);
    cert_at(c, 1000);
    cert_expect_quiet(c);
}

static void t_031(struct cert *c)
{
    struct cert_buf *buf;

    cert_offload(c);
    buf = cert_receive(c, 4000, 0);
    cert_peer(c, "1000:2000 PSH");
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 1000);
    cert_is(c, buf->buf.len, 3000);
}

static void t_032(struct cert *c)
{
    cert_offload(c);
    cert_receive(c, 4000, 0);
    cert_peer(c, "1000:2000");
    cert_at(c, 400);
    cert_peer(c, "2000:2500");
    cert_at(c, 880);
    cert_expect_quiet(c);
    cert_due(c, 900);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 1500);
}

static void t_033(struct cert *c)
{
    cert_offload(c);
    cert_receive(c, 4000, TOE_BUF_NO_PUSH);
    for (uint32_t i = 0; i < 3; ++i) {
        cert_peer(c, "+1000 PSH");
    }
    cert_at(c, 10000);
    cert_expect_quiet(c);
    cert_peer(c, "+1000");
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 4000);
}

static void t_034(struct cert *c)
{
    const uint32_t len = 1000;
    struct cert_buf *first;

    cert_offload(c);
    first = cert_buf_new(c, CERT_RECEIVE, &len, 1, 0, 0);
    first->buf.next = &cert_buf_new(c, CERT_RECEIVE, &len, 1, 0, 0)->buf;
    cert_post(c, first);
    cert_receive(c, 3000, 0);
    cert_peer(c, "1000:2460 PSH");
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 1000);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 460);
    cert_at(c, 1000);
    cert_expect_quiet(c);
    cert_peer(c, "2460:2960 PSH");
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 500);
}

static void t_035(struct cert *c)
{
    cert_offload(c);
    cert_receive(c, 1000, 0);
    cert_peer(c, "1000:2460");
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 1000);
    cert_expect_indicate(c, 460);
}

/* The window is credited when the data is accepted, not when the buffer comes back. */
static void t_036(struct cert *c)
{
    c->keeps = true;
    cert_offload(c);
    cert_peer(c, "1000:2460");
    cert_expect_indicate(c, 1460);
    cert_at(c, 220);
    cert_expect_seg(c, "5000 ack=2460");
    cert_is(c, c->conn->right, 2460 + 65535);
    cert_at(c, 1000);
    cert_is(c, cert_kept(c), 1);
    cert_skip_segs(c);
    cert_return(c);
    cert_expect_silence(c, 2000);
    cert_expect_quiet(c);
}

static void give_back(struct cert *c, struct cert_entry *entry)
{
    (void)entry;
    cert_return(c);
}

/* Buffers go back inside the upcalls of the next indication, of a completion and of an event. */
static void t_036b(struct cert *c)
{
    c->keeps = true;
    c->on_indicate = give_back;
    c->on_complete = give_back;
    c->on_event = give_back;
    cert_offload(c);
    for (uint32_t i = 0; i < 4; ++i) {
        cert_peer(c, "+1000");
        cert_expect_indicate(c, 1000);
        cert_is(c, cert_kept(c), 1);
    }
    cert_receive(c, 100, 0);
    cert_peer(c, "+100");
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 100);
    cert_is(c, cert_kept(c), 0);
    cert_peer(c, "+1000");
    cert_expect_indicate(c, 1000);
    cert_peer(c, "FIN");
    cert_expect_event(c, TOE_EVENT_DISCONNECT, 0);
    cert_is(c, cert_kept(c), 0);
}

static void t_037(struct cert *c)
{
    uint32_t backlog;

    refuse_all(c);
    cert_offload(c);
    cert_peer(c, "1000:2460");
    cert_expect_indicate(c, 1460);
    cert_peer(c, "2460:3920 PSH");
    expect_ack(c, 3920);
    cert_at(c, 2000);
    cert_expect_quiet(c);
    backlog = cert_query(c)->delegated.receive_backlog_size;
    if (backlog != TOE_BACKLOG_UNKNOWN) {
        cert_is(c, backlog, 2920);
    }
    cert_receive(c, 3000, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 2920);
    cert_wait(c, 1000);
    cert_expect_quiet(c);
}

static void t_038(struct cert *c)
{
    cert_offload(c);
    cert_answer(c, TOE_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED, 100);
    cert_peer(c, "1000:2460");
    cert_expect_indicate(c, 1460);
    cert_at(c, 2000);
    cert_expect_quiet(c);
    cert_receive(c, 1000, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 1000);
    cert_expect_indicate(c, 360);
}

static void t_039(struct cert *c)
{
    cert_offload(c);
    cert_answer(c, TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED, 0);
    cert_peer(c, "1000:2460");
    cert_expect_indicate(c, 1460);
    cert_at(c, 1000);
    cert_expect_quiet(c);
    cert_receive(c, 0, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 0);
    cert_expect_indicate(c, 1460);
}

static void t_040(struct cert *c)
{
    cert_offload(c);
    cert_receive(c, 0, 0);
    cert_at(c, 1000);
    cert_expect_quiet(c);
    cert_peer(c, "1000:1100");
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 0);
    cert_expect_indicate(c, 100);
}

static void t_040b(struct cert *c)
{
    cert_offload(c);
    cert_receive(c, 1000, 0);
    cert_receive(c, 0, TOE_BUF_NO_PUSH);
    cert_receive(c, 0, 0);
    cert_at(c, 1000);
    cert_expect_quiet(c);
    cert_peer(c, "1000:2100");
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 1000);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 0);
    cert_expect_indicate(c, 100);
}

#define STUBBORN_ROUNDS 4000

static void ask_again(struct cert *c, struct cert_entry *entry)
{
    (void)entry;
    if (++c->count < STUBBORN_ROUNDS) {
        cert_receive(c, 0, 0);
    }
}

/* A host that refuses and asks again may keep the target busy, but not from other connections. */
static void t_041(struct cert *c)
{
    (void)cert_conn_add(c, c->paths[0]);
    c->on_indicate = ask_again;
    refuse_all(c);
    cert_offload(c);
    (void)cert_use(c, 0);
    cert_peer(c, "1000:1100 PSH");
    cert_run(c);
    cert_require(c, c->count > 0 && c->count < STUBBORN_ROUNDS);
    (void)cert_use(c, 1);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 PSH");
    cert_require(c, c->count < STUBBORN_ROUNDS);
    (void)cert_use(c, 0);
    cert_wait(c, 100);
    cert_is(c, c->count, STUBBORN_ROUNDS);
    cert_is(c, cert_count(c, CERT_COMPLETE), STUBBORN_ROUNDS - 1);
    cert_skip_upcalls(c);
    cert_receive(c, 1000, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 100);
}

static void post_1460(struct cert *c, struct cert_entry *entry)
{
    (void)entry;
    cert_receive(c, 1460, 0);
}

static void t_042(struct cert *c)
{
    c->on_indicate = post_1460;
    refuse_all(c);
    cert_offload(c);
    cert_peer(c, "1000:2460");
    cert_expect_indicate(c, 1460);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 1460);
    cert_at(c, 1000);
    cert_expect_quiet(c);
}

static void receive_next(struct cert *c, struct cert_entry *entry)
{
    cert_status_is(c, entry->status, TOE_STATUS_SUCCESS);
    cert_is(c, entry->bytes, 1000);
    if (++c->count < 1000) {
        cert_receive(c, 1000, 0);
    }
}

static void t_043(struct cert *c)
{
    c->on_complete = receive_next;
    cert_offload(c);
    cert_receive(c, 1000, 0);
    for (uint32_t left = 1000000; left > 0;) {
        const uint32_t burst = left < 29200 ? left : 29200;

        for (uint32_t at = 0; at < burst; at += 1460) {
            cert_peer(c, "+%u", burst - at < 1460 ? burst - at : 1460);
        }
        left -= burst;
        cert_wait(c, 1);
    }
    cert_is(c, c->count, 1000);
    cert_is(c, cert_count(c, CERT_INDICATE), 0);
}

/* The upcall takes 50 ms, in which ten segments arrive. */
static void dawdle(struct cert *c, struct cert_entry *entry)
{
    (void)entry;
    if (c->count++ == 0) {
        for (uint32_t i = 0; i < 10; ++i) {
            cert_peer(c, "+1460");
        }
        c->now += 50 * TOE_NS_PER_MS;
    }
}

static void t_044(struct cert *c)
{
    c->on_indicate = dawdle;
    cert_offload(c);
    cert_peer(c, "1000:2460");
    cert_expect_indicate(c, 1460);
    expect_ack(c, 1000 + 10 * 1460);
    cert_is(c, c->conn->rcv_next, 1000 + 11 * 1460);
    cert_at(c, 260); /* the last one may wait for the delayed acknowledgment */
    expect_ack(c, 1000 + 11 * 1460);
}

static void second_half(struct cert *c, struct cert_entry *entry)
{
    (void)entry;
    cert_peer(c, "1500:2000");
}

/* The timer may be first, or the segment; the request completes once, no byte is lost. */
static void t_046(struct cert *c)
{
    cert_offload(c);
    cert_receive(c, 1000, 0);
    cert_peer(c, "1000:1500");
    cert_call_at(c, 500, second_half);
    cert_at(c, 2000);
    cert_is(c, cert_count(c, CERT_COMPLETE), 1);
    cert_is(c, c->conn->rcv_next, 2000);
}

static void t_047(struct cert *c)
{
    cert_offload(c);
    cert_receive(c, 1000, 0);
    cert_receive(c, 2000, 0);
    cert_peer(c, "1000:2460");
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 1000);
    cert_at(c, 480);
    cert_expect_quiet(c);
    cert_due(c, 500);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 460);
}

/* A timer that was left running would complete the second request. */
static void t_047b(struct cert *c)
{
    cert_offload(c);
    cert_receive(c, 1000, 0);
    cert_receive(c, 2000, TOE_BUF_NO_PUSH);
    cert_peer(c, "1000:1500");
    cert_at(c, 200);
    cert_peer(c, "1500:2500");
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 1000);
    cert_at(c, 3000);
    cert_expect_quiet(c);
    cert_peer(c, "2500:4000");
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 2000);
}

static void t_047c(struct cert *c)
{
    cert_offload(c);
    cert_receive(c, 1000, 0);
    cert_receive(c, 2000, 0);
    cert_peer(c, "1000:1500");
    cert_at(c, 200);
    cert_peer(c, "1500:2000");
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 1000);
    cert_at(c, 3000);
    cert_expect_quiet(c);
    cert_peer(c, "2000:2100");
    cert_due(c, 3500);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 100);
}

static void t_048(struct cert *c)
{
    cert_offload(c);
    cert_receive(c, 4000, TOE_BUF_NO_PUSH);
    cert_peer(c, "1000:2000");
    cert_at(c, 1000);
    cert_expect_quiet(c);
    cert_peer(c, "2000:2500 FIN");
    expect_ack(c, 2501);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 1500);
    cert_expect_event(c, TOE_EVENT_DISCONNECT, 0);
}

static void t_048b(struct cert *c)
{
    c->keeps = true;
    cert_offload(c);
    cert_peer(c, "1000:2000");
    cert_expect_indicate(c, 1000);
    cert_peer(c, "2000 FIN");
    cert_expect_event(c, TOE_EVENT_DISCONNECT, 0);
    cert_is(c, cert_kept(c), 1);
}

static void t_049(struct cert *c)
{
    cert_allow(c, "EVT-012");
    refuse_all(c);
    cert_offload(c);
    cert_peer(c, "1000:2000");
    cert_expect_indicate(c, 1000);
    cert_peer(c, "2000:2500 FIN");
    expect_ack(c, 2501);
    cert_at(c, 2000);
    (void)cert_query(c);
    cert_expect_state(c, TOE_TCP_CLOSE_WAIT);
    cert_expect_quiet(c);
    cert_receive(c, 4000, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 1500);
    cert_expect_event(c, TOE_EVENT_DISCONNECT, 0);
    cert_receive(c, 1000, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_INVALID_STATE, 0);
}

static void t_050(struct cert *c)
{
    cert_offload(c);
    cert_receive(c, 1000, 0);
    cert_receive(c, 1000, 0);
    cert_peer(c, "1000 FIN");
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 0);
    cert_expect_event(c, TOE_EVENT_DISCONNECT, 0);
}

static void t_051(struct cert *c)
{
    cert_offload(c);
    cert_receive(c, 1000, 0);
    cert_peer(c, "1000:1300");
    cert_run(c);
    cert_peer(c, "1300 RST");
    cert_expect_event(c, TOE_EVENT_ABORT, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_REQUEST_ABORTED, 300);
}

/* The host refuses 65535 bytes: the window closes. */
static void fill_window(struct cert *c)
{
    refuse_all(c);
    cert_offload(c);
    for (uint32_t i = 0; i < 44; ++i) {
        cert_peer(c, "+1460");
        if (i % 4 == 3) {
            cert_run(c);
        }
    }
    cert_peer(c, "+1295");
    cert_wait(c, 220);
    expect_ack(c, 66535);
    cert_is(c, c->conn->right, 66535);
    cert_is(c, cert_count(c, CERT_INDICATE), 1);
    cert_skip_upcalls(c);
    cert_mark(c);
}

static void t_052(struct cert *c)
{
    fill_window(c);
    cert_peer(c, "66535:66536");
    cert_expect_seg(c, "5000 ack=66535 wnd=0");
    c->conn->peer.nxt = 66535;
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 ack=66535 wnd=0");
    cert_peer(c, "66535 ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_expect_silence(c, 1000);
    cert_receive(c, 10000, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 10000);
    cert_expect_seg(c, "6000 ack=66535 wnd=10000");
}

static void t_053(struct cert *c)
{
    fill_window(c);
    cert_receive(c, 100, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 100);
    cert_expect_silence(c, 4980);
    cert_expect_seg(c, "5000 ack=66535 wnd=100 t=5000");
    cert_skip_upcalls(c);
    cert_receive(c, 100, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 100);
    cert_expect_silence(c, 6000);
    cert_skip_upcalls(c);
    cert_receive(c, 2000, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 2000);
    cert_expect_seg(c, "5000 ack=66535 wnd=2200 t=6000");
}

#define RECEIVE(number, what, which, function)                                                     \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_RECEIVE,            \
        .run = (function)                                                                          \
    }

const struct cert_scenario cert_receive_scenarios[] = {
    RECEIVE("T-030", "a filled request completes at once", "RCV-008 RCV-011 RCV-019 RCV-020",
            t_030),
    RECEIVE("T-031", "PSH completes a partly filled request", "RCV-012 RCV-019 RCV-024", t_031),
    RECEIVE("T-032", "the push timer starts with the first byte and again with each segment",
            "RCV-012 RCV-014 RCV-015 TMR-075 TMR-078 CAP-29", t_032),
    RECEIVE("T-033", "a request without push completes only when it is full", "RCV-010 RCV-013",
            t_033),
    RECEIVE("T-034", "one segment over two requests, the next into the third",
            "RCV-003..005 RCV-012", t_034),
    RECEIVE("T-035", "what does not fit the request is indicated", "RCV-008 RCV-030", t_035),
    RECEIVE("T-036", "no request: one indication; accepting credits the window",
            "RCV-045 RCV-047 RCV-048 RCV-074", t_036),
    RECEIVE("T-036b", "buffers are returned inside upcalls", "RCV-066 RCV-071", t_036b),
    RECEIVE("T-037", "refused data is acknowledged, kept silently and goes into the next request",
            "RCV-032 RCV-033 RCV-038 RCV-049 RCV-052 RCV-063 RCV-081", t_037),
    RECEIVE("T-038", "a partly accepted indication", "RCV-037 RCV-050 RCV-053", t_038),
    RECEIVE("T-039", "an empty request has refused data indicated again", "RCV-054 RCV-055", t_039),
    RECEIVE("T-040", "an empty request without data waits for it", "RCV-009 RCV-055", t_040),
    RECEIVE("T-040b", "empty requests behind another complete in their turn",
            "RCV-005 RCV-029 RCV-055", t_040b),
    RECEIVE("T-041", "a host that always refuses and asks again", "RCV-027 RCV-040", t_041),
    RECEIVE("T-042", "a request posted inside the indication that is refused",
            "RCV-027 RCV-036 RCV-052", t_042),
    RECEIVE("T-043", "1000 requests, each posted inside the completion before",
            "RCV-008 RCV-025 RCV-026", t_043),
    RECEIVE("T-044", "ten segments arrive during an indication of 50 ms", "RCV-025 RCV-030", t_044),
    RECEIVE("T-046", "the request fills at the instant of the push timer", "RCV-035", t_046),
    RECEIVE("T-047", "a completion stops the push timer, the next request starts it again",
            "RCV-014 RCV-034", t_047),
    RECEIVE("T-047b", "no push timer for a request without push behind one with",
            "RCV-013 RCV-034 RCV-035", t_047b),
    RECEIVE("T-047c", "no push timer for an empty request", "RCV-014 RCV-034 RCV-035", t_047c),
    RECEIVE("T-048", "a FIN completes a request without push", "RCV-041 RCV-043 DSC-030 TMR-026",
            t_048),
    RECEIVE("T-048b", "a buffer that is still out does not hold the event back", "DSC-030 DSC-033",
            t_048b),
    RECEIVE("T-049", "refused data holds the disconnect event back",
            "RCV-023 RCV-032 RCV-041 RCV-043 DSC-030..032 DSC-035", t_049),
    RECEIVE("T-050", "a FIN completes empty requests", "RCV-042 DSC-030", t_050),
    RECEIVE("T-051", "a reset aborts a partly filled request", "RCV-021 DSC-036 DSC-037", t_051),
    RECEIVE("T-052", "the window closes, probes are answered, a request opens it",
            "RCV-073..075 RCV-077 SEG-090 SEG-091", t_052),
    RECEIVE("T-053", "silly window: 100 bytes wait for the timer", "RCV-077 TMR-103 CAP-27", t_053),
    {.id = NULL},
};
