/* SPDX-License-Identifier: MIT */
/*
 * Events that a target may raise, when it was made so: the optional reasons of an upload request
 * (scenarios.md, B.5). Each is provoked well beyond the limits of EVT-038.
 */
#include "suite.h"

#define REASON(name) (1u << TOE_UPLOAD_##name)
#define ALL_REASONS                                                                                \
    (REASON(LOW_ACTIVITY) | REASON(HIGH_DROP_RATE) | REASON(SMALL_IO) |                            \
     REASON(NO_BUFFER_PREPOSTING) | REASON(HIGH_FRAGMENTATION) | REASON(HIGH_OUT_OF_ORDER))

static uint32_t retrieves(const struct cert *c, enum toe_upload_reason reason)
{
    uint32_t cnt = 0;

    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        cnt += e->kind == CERT_EVENT && e->event == TOE_EVENT_RETRIEVE && e->info == reason;
    }
    return cnt;
}

static uint32_t all_retrieves(const struct cert *c)
{
    uint32_t cnt = 0;

    for (uint32_t i = TOE_UPLOAD_LOW_ACTIVITY; i <= TOE_UPLOAD_HARDWARE_FAILURE; ++i) {
        cnt += retrieves(c, (enum toe_upload_reason)i);
    }
    return cnt;
}

/* The reason was raised, and no other; and the connection goes on as before. */
static void expect_optional(struct cert *c, enum toe_upload_reason reason)
{
    cert_run(c);
    cert_require(c, retrieves(c, reason) > 0);
    cert_is(c, all_retrieves(c), retrieves(c, reason));
    c->loses = NULL;
    c->conn->peer.acks = false;
    cert_wait(c, 1000);
    cert_skip_segs(c);
    cert_skip_upcalls(c);
    cert_send(c, 1000);
    cert_expect_data(c, "+1000");
    cert_peer(c, "+100 PSH ack=%u", c->conn->snd_next);
    cert_run(c);
    cert_is(c, c->conn->rcv_next, c->conn->peer.nxt);
    cert_wait(c, 300);
    cert_is(c, cert_query(c)->delegated.rcv_nxt, c->conn->peer.nxt);
    cert_is(c, cert_query(c)->delegated.snd_una, c->conn->snd_next);
}

/* 200 indications, nothing posted. */
static void indicate_often(struct cert *c)
{
    for (uint32_t i = 0; i < 200; ++i) {
        cert_peer(c, "+100 PSH");
        cert_run(c);
    }
}

/* 600 requests of 100 bytes. */
static void receive_little(struct cert *c)
{
    for (uint32_t i = 0; i < 600; ++i) {
        cert_receive(c, 100, 0);
        cert_run(c);
        cert_peer(c, "+100 PSH");
        cert_run(c);
    }
}

/* 1500 pairs of segments, the second of each first. */
static void swap_segments(struct cert *c)
{
    for (uint32_t i = 0; i < 1500; ++i) {
        const uint32_t next = c->conn->peer.nxt;

        cert_peer(c, "%u:%u", next + 100, next + 200);
        cert_run(c);
        cert_peer(c, "%u:%u PSH", next, next + 100);
        cert_run(c);
    }
}

/* A fragment after each of 1500 segments. */
static void fragment_often(struct cert *c)
{
    for (uint32_t i = 0; i < 1500; ++i) {
        cert_peer(c, "+100 PSH");
        cert_peer(c, "+104 mf");
        cert_run(c);
    }
}

/* Every fifth segment is lost when it is sent for the first time. */
static bool lose_fifth(struct cert *c, const struct cert_entry *seg)
{
    uint32_t *highest = c->user;

    if (seg->seg.len == 0 || (int32_t)(seg->seg.seq - *highest) < 0) {
        return false;
    }
    *highest = seg->seg.seq + seg->seg.len;
    return ++c->count % 5 == 0;
}

static void lose_often(struct cert *c)
{
    static uint32_t highest;

    highest = c->conn->snd_next;
    c->user = &highest;
    c->loses = lose_fifth;
    c->conn->peer.acks = true;
    c->conn->peer.acks_after = 10;
    for (uint32_t i = 0; i < 300; ++i) {
        cert_send(c, 14600);
        cert_wait(c, 2000);
    }
    cert_wait(c, 30000);
}

static void offload_with(struct cert *c, uint32_t reasons)
{
    c->settings.optional_uploads = reasons;
    cert_offload(c);
}

static void t_100g(struct cert *c)
{
    offload_with(c, REASON(HIGH_DROP_RATE));
    lose_often(c);
    expect_optional(c, TOE_UPLOAD_HIGH_DROP_RATE);
}

static void t_100h(struct cert *c)
{
    offload_with(c, REASON(HIGH_FRAGMENTATION));
    fragment_often(c);
    expect_optional(c, TOE_UPLOAD_HIGH_FRAGMENTATION);
}

static void t_100i(struct cert *c)
{
    offload_with(c, REASON(HIGH_OUT_OF_ORDER));
    swap_segments(c);
    expect_optional(c, TOE_UPLOAD_HIGH_OUT_OF_ORDER);
}

static void t_100j(struct cert *c)
{
    offload_with(c, REASON(LOW_ACTIVITY));
    cert_at(c, 130000);
    expect_optional(c, TOE_UPLOAD_LOW_ACTIVITY);
}

static void t_100k(struct cert *c)
{
    offload_with(c, REASON(NO_BUFFER_PREPOSTING));
    indicate_often(c);
    expect_optional(c, TOE_UPLOAD_NO_BUFFER_PREPOSTING);
}

static void t_100l(struct cert *c)
{
    offload_with(c, REASON(SMALL_IO));
    receive_little(c);
    expect_optional(c, TOE_UPLOAD_SMALL_IO);
}

/* Whatever may provoke an optional reason, on a target that was not made to have any. */
static void t_100m(struct cert *c)
{
    cert_offload(c);
    indicate_often(c);
    receive_little(c);
    swap_segments(c);
    fragment_often(c);
    lose_often(c);
    cert_wait(c, 200000);
    cert_is(c, all_retrieves(c), 0);
}

static void receive_badly(struct cert *c)
{
    indicate_often(c);
    receive_little(c);
    swap_segments(c);
    fragment_often(c);
}

static void t_101a(struct cert *c)
{
    offload_with(c, ALL_REASONS);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_expect_seg(c, "5000 FIN");
    receive_badly(c);
    (void)cert_query(c);
    cert_expect_state(c, TOE_TCP_FIN_WAIT_1);
    cert_is(c, all_retrieves(c), 0);
    cert_peer(c, "ack=5001");
    cert_run(c);
    receive_badly(c);
    cert_wait(c, 110000);
    (void)cert_query(c);
    cert_expect_state(c, TOE_TCP_FIN_WAIT_2);
    cert_is(c, all_retrieves(c), 0);
}

static void t_101b(struct cert *c)
{
    offload_with(c, ALL_REASONS);
    cert_peer(c, "1000 FIN");
    cert_expect_event(c, TOE_EVENT_DISCONNECT, 0);
    lose_often(c);
    cert_wait(c, 200000);
    (void)cert_query(c);
    cert_expect_state(c, TOE_TCP_CLOSE_WAIT);
    cert_is(c, all_retrieves(c), 0);
}

static void t_102(struct cert *c)
{
    offload_with(c, REASON(NO_BUFFER_PREPOSTING));
    indicate_often(c);
    cert_is(c, all_retrieves(c), retrieves(c, TOE_UPLOAD_NO_BUFFER_PREPOSTING));
    cert_require(c, all_retrieves(c) > 0);
    cert_skip_upcalls(c);
    cert_peer(c, "+100 URG urg=1");
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_RECEIVED_URGENT_DATA);
    cert_send(c, 1000);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_UPLOAD_IN_PROGRESS, 0);
    cert_expect_no_data(c, 5000);
}

#define OPTIONAL(number, what, which, function)                                                    \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_EVENT,              \
        .run = (function)                                                                          \
    }

const struct cert_scenario cert_optional_scenarios[] = {
    OPTIONAL("T-100g", "many lost segments: an upload may come, all goes on",
             "EVT-025 EVT-031 EVT-038 TRM-5", t_100g),
    OPTIONAL("T-100h", "many fragments: an upload may come, all goes on", "EVT-026 EVT-031 EVT-038",
             t_100h),
    OPTIONAL("T-100i", "much out of order: an upload may come, all goes on",
             "EVT-027 EVT-031 EVT-038", t_100i),
    OPTIONAL("T-100j", "little activity: an upload may come, all goes on",
             "EVT-028 EVT-031 EVT-038", t_100j),
    OPTIONAL("T-100k", "no requests posted: an upload may come, all goes on",
             "EVT-029 EVT-031 EVT-038 TRM-5", t_100k),
    OPTIONAL("T-100l", "small requests: an upload may come, all goes on", "EVT-030 EVT-031 EVT-038",
             t_100l),
    OPTIONAL("T-100m", "optional reasons are off unless asked for", "EVT-038", t_100m),
    OPTIONAL("T-101a", "no optional reason in FIN_WAIT_1 and FIN_WAIT_2", "EVT-034 EVT-035 TRM-6",
             t_101a),
    OPTIONAL("T-101b", "no optional reason in CLOSE_WAIT", "EVT-034 EVT-035 TRM-6", t_101b),
    OPTIONAL("T-102", "an optional reason that is ignored, then a mandatory one", "EVT-010 EVT-011",
             t_102),
    {.id = NULL},
};
