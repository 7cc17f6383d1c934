/* SPDX-License-Identifier: MIT */
/*
 * Resets, SYNs and urgent data: scenarios.md, B.7, rows T-160 to T-175.
 */
#include "suite.h"

#define FIVE_MINUTES 300000
#define TWO_HOURS 7200000

static void t_160(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1000 RST");
    cert_expect_event(c, TOE_EVENT_ABORT, 0);
    cert_expect_silence(c, 1000);
}

static void t_161(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1001 RST");
    cert_expect_seg(c, "5000 ack=1000 wnd=65535 t=0");
    cert_at(c, 20);
    cert_peer(c, "1001 RST");
    cert_at(c, 40);
    cert_peer(c, "1001 RST");
    cert_expect_silence(c, 100);
    cert_expect_quiet(c);
    cert_peer(c, "1000:1100 PSH");
    cert_expect_indicate(c, 100);
    cert_at(c, 350); /* what is owed for the data leaves before */
    cert_skip_segs(c);
    cert_peer(c, "1101 RST");
    cert_expect_seg(c, "5000 ack=1100 t=350");
    cert_expect_quiet(c);
}

static void t_161b(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1001 RST");
    cert_expect_seg(c, "5000 ack=1000 t=0");
    cert_at(c, FIVE_MINUTES - 100);
    cert_peer(c, "1001 RST");
    cert_expect_seg(c, "seq=4999 ack=1000 t=%u", FIVE_MINUTES);
    cert_at(c, FIVE_MINUTES + 500);
    cert_peer(c, "1001 RST");
    cert_expect_seg(c, "5000 ack=1000 t=%u", FIVE_MINUTES + 500);
}

static void t_162(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "999 RST");
    cert_peer(c, "66535 RST");
    cert_expect_silence(c, 1000);
    cert_expect_quiet(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000");
    cert_peer(c, "ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
}

/* The completion of the last terminate. */
static const struct cert_entry *terminated(struct cert *c)
{
    const struct cert_entry *found = NULL;

    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *entry = &c->chart->entries[i];

        if (entry->kind == CERT_TREE && entry->op == CERT_TERMINATE) {
            found = entry;
        }
    }
    cert_require(c, found != NULL);
    return found;
}

/* The next frame on the ordinary path is this segment of the peer, and came after the terminate. */
static void expect_left_over(struct cert *c, uint32_t seq, uint32_t len, uint8_t flags)
{
    const struct cert_entry *entry = cert_expect_passed_up(c, 0);
    struct cert_seg seg;
    char broken[256];

    cert_require(c, entry > terminated(c));
    cert_require(c, cert_craft_parse(&seg, broken, sizeof(broken), cert_passed_up(c, entry),
                                     entry->bytes) == CERT_CRAFT_TCP);
    cert_is(c, seg.seq, seq);
    cert_is(c, seg.len, len);
    cert_is(c, seg.flags & (CERT_SYN | CERT_URG), flags);
}

static void t_163(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1000 SYN noACK");
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_REQUESTED);
    cert_expect_silence(c, 1000);
    cert_terminate(c);
    cert_expect_state(c, TOE_TCP_CLOSED);
    expect_left_over(c, 1000, 0, CERT_SYN);
}

static void t_164(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1500 SYN noACK");
    cert_expect_seg(c, "5000 ack=1000 wnd=65535 t=0");
    cert_at(c, 1000);
    cert_peer(c, "1500 SYN noACK");
    cert_at(c, 2900);
    cert_peer(c, "1500 SYN noACK");
    cert_expect_silence(c, 3100);
    cert_peer(c, "1500 SYN noACK");
    cert_expect_seg(c, "5000 ack=1000 t=3100");
    cert_expect_quiet(c);
}

static void t_165(struct cert *c)
{
    static const uint32_t seqs[] = {70000, 900, 80000, 100, 66535};

    cert_offload(c);
    for (uint32_t i = 0; i < 5; ++i) {
        cert_at(c, 200 * i);
        cert_peer(c, "%u SYN noACK", seqs[i]);
        cert_expect_seg(c, "5000 ack=1000 t=%u", 200 * i);
    }
    cert_expect_quiet(c);
}

static void t_166(struct cert *c)
{
    c->settings.choices |= TOE_CERTIFY_RFC5961_SYN;
    cert_offload(c);
    cert_peer(c, "1000 SYN noACK");
    cert_expect_seg(c, "5000 ack=1000 t=0");
    for (uint32_t i = 1; i < 40; ++i) {
        cert_at(c, 120 * i);
        cert_peer(c, "%u SYN noACK", 1000 + 100 * (i % 3));
    }
    cert_at(c, 4900);
    cert_require(c, cert_count(c, CERT_SEG_OUT) <= 10);
    cert_expect_quiet(c);
    cert_terminate(c);
    cert_expect_state(c, TOE_TCP_ESTABLISHED);
}

static void expect_probes(struct cert *c, uint32_t first, uint32_t cnt)
{
    for (uint32_t i = 0; i < cnt; ++i) {
        cert_expect_seg(c, "seq=4999 ack=1000 t=%u", first + 1000 * i);
    }
}

static void t_167(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1001 RST");
    cert_expect_seg(c, "5000 ack=1000 t=0");
    expect_probes(c, FIVE_MINUTES, 10);
    cert_expect_quiet(c);
    cert_due(c, FIVE_MINUTES + 10000);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_TIMEOUT_EXPIRATION);
    cert_expect_silence(c, FIVE_MINUTES + 20000);
    cert_terminate(c);
    cert_expect_state(c, TOE_TCP_CLOSED);
}

static void t_168(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1001 RST");
    cert_expect_seg(c, "5000 ack=1000 t=0");
    expect_probes(c, FIVE_MINUTES, 4);
    cert_peer(c, "ack=5000");
    cert_run(c);
    cert_is(c, cert_query(c)->delegated.ka_timeout_delta, TOE_TICKS_NONE);
    cert_expect_silence(c, FIVE_MINUTES + TWO_HOURS + 60000);
    cert_expect_quiet(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000");
    cert_peer(c, "ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
}

static void keep_alive(struct cert *c, uint32_t left)
{
    struct toe_tcp_state *state = cert_tcp(c);

    state->cached.flags |= TOE_TCP_KEEP_ALIVE;
    state->cached.ka_timeout = TWO_HOURS;
    state->cached.ka_interval = 1000;
    state->cached.ka_probe_cnt = 5;
    state->delegated.ka_timeout_delta = left;
}

static void t_169a(struct cert *c)
{
    keep_alive(c, TWO_HOURS);
    cert_offload(c);
    cert_peer(c, "1500 SYN noACK");
    cert_expect_seg(c, "5000 ack=1000 t=0");
    cert_near(c, cert_query(c)->delegated.ka_timeout_delta, FIVE_MINUTES, 10);
    cert_at(c, 100000);
    cert_near(c, cert_query(c)->delegated.ka_timeout_delta, FIVE_MINUTES - 100000, 10);
    cert_peer(c, "1000:1100 PSH");
    cert_expect_indicate(c, 100);
    cert_near(c, cert_query(c)->delegated.ka_timeout_delta, TWO_HOURS, 20);
    cert_wait(c, 10000); /* the acknowledgment, and what the window still has to say */
    cert_skip_segs(c);
    cert_expect_silence(c, FIVE_MINUTES + 60000);
    cert_due(c, 100000 + TWO_HOURS);
    cert_expect_seg(c, "seq=4999 ack=1100 t=%u", 100000 + TWO_HOURS);
}

static void t_169b(struct cert *c)
{
    keep_alive(c, 60000);
    cert_offload(c);
    cert_peer(c, "1001 RST");
    cert_expect_seg(c, "5000 ack=1000 t=0");
    cert_near(c, cert_query(c)->delegated.ka_timeout_delta, 60000, 10);
    cert_expect_seg(c, "seq=4999 ack=1000 t=60000");
}

static void t_170(struct cert *c)
{
    const struct toe_tcp_delegated *state;

    cert_offload(c);
    cert_peer(c, "1001 RST");
    cert_expect_seg(c, "5000 ack=1000 t=0");
    expect_probes(c, FIVE_MINUTES, 6);
    cert_at(c, FIVE_MINUTES + 5400);
    state = &cert_terminate(c)->delegated;
    cert_is(c, state->ka_probe_cnt, 6);
    cert_near(c, state->ka_timeout_delta, 600, 20);
    cert_expect_state(c, TOE_TCP_ESTABLISHED);
}

static void t_171(struct cert *c)
{
    cert_tcp(c)->cached.ka_probe_cnt = 10;
    cert_tcp(c)->cached.ka_interval = 1000;
    cert_tcp(c)->delegated.ka_probe_cnt = 8;
    cert_offload(c);
    cert_peer(c, "1001 RST");
    cert_expect_seg(c, "5000 ack=1000 t=0");
    expect_probes(c, FIVE_MINUTES, 2);
    cert_due(c, FIVE_MINUTES + 2000);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_TIMEOUT_EXPIRATION);
    cert_expect_silence(c, FIVE_MINUTES + 20000);
}

/* Nothing that was sent acknowledges more than |ack|. */
static void expect_no_ack_beyond(struct cert *c, uint32_t ack)
{
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *entry = &c->chart->entries[i];

        if (entry->kind == CERT_SEG_OUT && (int32_t)(entry->seg.ack - ack) > 0) {
            cert_fail(c, "bytes beyond %u were acknowledged: %s", ack, entry->text);
        }
    }
}

static void t_172(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1000:1100 URG urg=1");
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_RECEIVED_URGENT_DATA);
    cert_peer(c, "1100:2000");
    cert_wait(c, 1000);
    cert_expect_quiet(c);
    cert_is(c, cert_count(c, CERT_PASSED_UP), 0);
    cert_is(c, cert_terminate(c)->delegated.rcv_nxt, 1000);
    expect_no_ack_beyond(c, 1000);
    expect_left_over(c, 1000, 100, CERT_URG);
    expect_left_over(c, 1100, 900, 0);
}

/* What comes in order before the urgent data is delivered as ever. */
static void t_172b(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1000:1500 PSH");
    cert_peer(c, "1500:1600 URG urg=100");
    cert_expect_indicate(c, 500);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_RECEIVED_URGENT_DATA);
    cert_wait(c, 1000);
    cert_is(c, cert_terminate(c)->delegated.rcv_nxt, 1500);
    expect_no_ack_beyond(c, 1500);
    expect_left_over(c, 1500, 100, CERT_URG);
}

static void t_173(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "70000:70100 URG urg=1");
    cert_wait(c, 20);
    cert_expect_quiet(c);
    cert_peer(c, "1000:1100 URG urg=1 ack=6000");
    cert_wait(c, 20);
    cert_expect_quiet(c);
    c->conn->peer.nxt = 1100;
    cert_skip_segs(c);
    cert_peer(c, "1000:1100 PSH");
    cert_expect_indicate(c, 100);
    cert_wait(c, 250);
    cert_expect_seg(c, "5000 ack=1100");
    cert_is(c, cert_count(c, CERT_PASSED_UP), 0);
}

static bool is_retrieve(const struct cert_entry *entry, uint32_t reason)
{
    return entry->kind == CERT_EVENT && entry->event == TOE_EVENT_RETRIEVE && entry->info == reason;
}

static void t_174(struct cert *c)
{
    uint32_t completed = 0;
    uint32_t asked = 0;

    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000");
    cert_peer(c, "1000:1100 URG urg=1 ack=6000");
    cert_wait(c, 20);
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *entry = &c->chart->entries[i];

        completed += entry->kind == CERT_COMPLETE && entry->status == TOE_STATUS_SUCCESS;
        asked += is_retrieve(entry, TOE_UPLOAD_RECEIVED_URGENT_DATA);
    }
    cert_is(c, completed, 1);
    cert_is(c, asked, 1);
    cert_is(c, cert_terminate(c)->delegated.snd_una, 6000);
}

static void t_175(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1000:1100 URG urg=1");
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_RECEIVED_URGENT_DATA);
    cert_terminate_begin(c);
    cert_peer(c, "1100:1200");
    cert_is(c, cert_terminate_end(c)->delegated.rcv_nxt, 1000);
    expect_left_over(c, 1000, 100, CERT_URG);
    expect_left_over(c, 1100, 100, 0);
    expect_no_ack_beyond(c, 1000);
}

#define BUDGET 10
#define SECONDS 10
#define VICTIMS 40 /* in each second */

/* Many connections are attacked: their challenges share one budget, another in each second. */
static void c_07a(struct cert *c)
{
    uint32_t sent[SECONDS] = {0};
    bool differs = false;

    c->settings.challenge_max = BUDGET;
    for (uint32_t i = 1; i < SECONDS * VICTIMS; ++i) {
        (void)cert_conn_add(c, c->paths[0]);
    }
    cert_offload(c);
    for (uint32_t second = 0; second < SECONDS; ++second) {
        cert_at(c, 500 + 1100 * second);
        for (uint32_t i = 0; i < VICTIMS; ++i) {
            cert_use(c, second * VICTIMS + i);
            cert_peer(c, "1001 RST");
        }
        cert_run(c);
        for (uint32_t i = 0; i < VICTIMS; ++i) {
            cert_use(c, second * VICTIMS + i);
            sent[second] += cert_count(c, CERT_SEG_OUT);
        }
        cert_note(c, "%u challenges", sent[second]);
        cert_require(c, sent[second] > 0 && sent[second] <= 2 * BUDGET);
        differs = differs || sent[second] != sent[0];
    }
    cert_require(c, differs);
}

#define SEGMENT(number, what, which, function)                                                     \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_SECURITY,           \
        .run = (function)                                                                          \
    }

const struct cert_scenario cert_segment_scenarios[] = {
    SEGMENT("T-160", "the exact reset aborts", "SEG-011", t_160),
    SEGMENT("T-161a", "an inexact reset is challenged, once until something acceptable comes",
            "SEG-012 SEG-013 SEG-007 CERT-2.11", t_161),
    SEGMENT("T-161b", "the keep-alive timeout allows the next challenge, too", "SEG-012 SEG-013",
            t_161b),
    SEGMENT("T-162", "a reset outside of the window is dropped silently", "SEG-010", t_162),
    SEGMENT("T-163", "a SYN at the left edge: uploaded closed, the SYN is left to the host",
            "SEG-002 SEG-006", t_163),
    SEGMENT("T-164", "a SYN in the window is challenged, once in three seconds",
            "SEG-004 CERT-2.11", t_164),
    SEGMENT("T-165", "a SYN outside of the window is answered", "SEG-003", t_165),
    SEGMENT("T-166", "RFC 5961: every SYN is challenged, ten in five seconds at most",
            "SEG-005 RFC-080 RFC-081", t_166),
    SEGMENT("T-167", "after a challenge: ten probes, then uploaded closed",
            "SEG-020 SEG-022 SEG-023 SEG-025 SEG-026", t_167),
    SEGMENT("T-168", "an answer to the fourth probe: all is well again", "SEG-028", t_168),
    SEGMENT("T-169a", "a challenge shortens a running keep-alive timer", "SEG-021 SEG-028", t_169a),
    SEGMENT("T-169b", "a challenge never lengthens it", "SEG-021", t_169b),
    SEGMENT("T-170", "taken back in the middle of the probes", "SEG-027 STATE-TD-39", t_170),
    SEGMENT("T-171", "probes handed over count", "SEG-024", t_171),
    SEGMENT("T-172a", "urgent data and what follows is kept for the host, not acknowledged",
            "SEG-041..045 SEG-047 EVT-022", t_172),
    SEGMENT("T-172b", "what comes before urgent data is delivered", "SEG-045 SEG-047", t_172b),
    SEGMENT("T-173", "urgent data that is not acceptable is discarded", "SEG-040", t_173),
    SEGMENT("T-174", "the acknowledgment of an urgent segment counts", "SEG-041 SEG-048", t_174),
    SEGMENT("T-175", "data during the terminate queues behind the urgent data", "SEG-046", t_175),
    SEGMENT("C-07a", "the challenges of all connections share a budget nobody can guess",
            "SEG-018 RFC-082", c_07a),
    {.id = NULL},
};
