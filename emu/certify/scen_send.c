/* SPDX-License-Identifier: MIT */
/*
 * Sends: scenarios.md, B.1.
 */
#include "suite.h"

static void t_001(struct cert *c)
{
    struct cert_buf *buf;

    cert_offload(c);
    buf = cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 PSH ack=1000 wnd=65535");
    cert_at(c, 50);
    cert_expect_quiet(c);
    cert_peer(c, "ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_is(c, buf->buf.len, 0);
    cert_is(c, buf->buf.off, 1000);
}

static void t_002(struct cert *c)
{
    uint32_t cnt;

    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 PSH t=0");
    if (c->profile == TOE_PROFILE_COMPAT) {
        cert_expect_seg(c, "5000:6000 t=300");
        cert_expect_seg(c, "5000:6000 t=900");
        cert_expect_silence(c, 2080);
    }
    cert_at(c, 2080);
    cnt = cert_count(c, CERT_SEG_OUT);
    cert_require(c,
                 cnt >= 3 && cnt <= 5); /* with a probe of the tail, and another timer after it */
    while (c->count + (c->profile == TOE_PROFILE_COMPAT ? 3 : 1) < cnt) {
        cert_expect_seg(c, "5000:6000");
        ++c->count;
    }
    cert_expect_quiet(c);
    cert_peer(c, "ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
}

/* Nor is there a completion at the limit: the send goes back to the host as it came. */
static void t_002b(struct cert *c)
{
    struct cert_buf *buf;

    cert_offload(c);
    buf = cert_send(c, 1000);
    cert_at(c, 60000);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_TIMEOUT_EXPIRATION);
    cert_expect_quiet(c);
    cert_is(c, cert_terminate(c)->delegated.snd_una, 5000);
    cert_is(c, cert_count(c, CERT_COMPLETE), 0);
    cert_require(c, c->conn->block.send_chain == &buf->buf && buf->buf.next == NULL);
    cert_is(c, buf->buf.off, 0);
    cert_is(c, buf->buf.len, 1000);
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        cert_require(c, e->kind != CERT_SEG_OUT || (e->seg.seq == 5000 && e->seg.len == 1000));
    }
}

/* The segment that carries the byte before |end| must have PSH. */
static void expect_push_at(struct cert *c, uint32_t end)
{
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        if (e->kind == CERT_SEG_OUT && e->seg.len > 0 && (int32_t)(end - 1 - e->seg.seq) >= 0 &&
            (int32_t)(e->seg.seq + e->seg.len - end) >= 0) {
            if (!(e->seg.flags & CERT_PSH)) {
                cert_fail(c, "expected PSH on the segment with byte %u, came %s", end - 1, e->text);
            }
            return;
        }
    }
    cert_fail(c, "byte %u was not sent", end - 1);
}

static void t_003(struct cert *c)
{
    cert_offload(c);
    cert_send(c, 500, 2000, 1460);
    cert_expect_stream(c, 5000, 8960);
    expect_push_at(c, 5500);
    expect_push_at(c, 7500);
    expect_push_at(c, 8960);
    cert_peer(c, "ack=6500");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 500);
    cert_wait(c, 20);
    cert_expect_quiet(c);
    cert_peer(c, "ack=8960");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 2000);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1460);
}

static void t_004(struct cert *c)
{
    static const uint32_t lens[] = {8, 7, 0, 1459, 3, 70005};
    struct cert_buf *buf = NULL;

    cert_offload(c);
    c->conn->peer.acks = true;
    c->conn->peer.acks_after = 1;
    buf = cert_buf_new(c, CERT_SEND, lens, 6, 7, 5); /* 7 and 5 bytes are no data */
    cert_post(c, buf);
    cert_at(c, 1000);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 71470);
    cert_is(c, buf->buf.len, 0);
    cert_expect_quiet(c);
    cert_expect_stream(c, 5000, 76470);
}

static void t_005(struct cert *c)
{
    const struct cert_entry *first;
    const struct cert_entry *last;

    cert_offload(c);
    cert_send(c, 1000);
    cert_send(c, 1000);
    cert_send(c, 1000);
    cert_expect_stream(c, 5000, 8000);
    cert_at(c, 20);
    cert_peer(c, "ack=8000");
    first = cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    last = cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_is(c, last->run, first->run);
}

/* Of the 2000 bytes that may leave, the 540 behind a full segment may wait for SND-025. */
static void t_006(struct cert *c)
{
    const struct cert_entry *entry;
    uint32_t end;

    cert_tcp(c)->delegated.snd_wnd = 2000;
    cert_offload(c);
    cert_send(c, 10000);
    entry = cert_expect_seg(c, "5000:6460 t=0");
    end = entry->seg.seq + entry->seg.len;
    cert_at(c, 99);
    if (cert_count(c, CERT_SEG_OUT) > 1) {
        cert_expect_seg(c, "6460:7000 t=0");
        end = 7000;
    }
    cert_expect_no_data(c, 99);
    cert_at(c, 100);
    cert_peer(c, "ack=5000 wnd=65535");
    cert_expect_stream(c, end, 15000);
    cert_near(c, cert_ms(c), 100, 10);
    cert_peer(c, "ack=15000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 10000);
}

static void t_007(struct cert *c)
{
    cert_offload(c);
    cert_send(c, 1000);
    cert_send(c, 0);
    cert_send(c, 1000);
    cert_expect_stream(c, 5000, 7000);
    cert_at(c, 20);
    cert_expect_quiet(c);
    cert_peer(c, "ack=7000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 0);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
}

static void t_008(struct cert *c)
{
    cert_tcp(c)->cached.flags |= TOE_TCP_NAGLE;
    cert_offload(c);
    cert_send(c, 1460);
    cert_expect_seg(c, "5000:6460 PSH");
    cert_send(c, 100);
    cert_expect_no_data(c, 100);
    cert_peer(c, "ack=6460");
    cert_expect_data(c, "6460:6560 PSH t=100");
}

static void t_009(struct cert *c)
{
    cert_tcp(c)->cached.flags |= TOE_TCP_NAGLE;
    cert_offload(c);
    cert_send(c, 1760);
    cert_expect_seg(c, "5000:6460 t=0");
    cert_expect_seg(c, "6460:6760 PSH t=0");
}

static void t_010(struct cert *c)
{
    cert_offload(c);
    cert_send(c, 1460);
    cert_expect_seg(c, "5000:6460");
    cert_send(c, 100);
    cert_expect_seg(c, "6460:6560 PSH t=0");
}

static void t_011(struct cert *c)
{
    cert_tcp(c)->delegated.snd_wnd = 0;
    cert_offload(c);
    cert_send(c, 60000);
    cert_run(c);
    cert_peer(c, "ack=5000 wnd=100");
    cert_expect_no_data(c, 4980);
    cert_expect_data(c, "5000:5100 t=5000");
}

/* One byte at a time, each acknowledged at once. */
static void t_012(struct cert *c)
{
    uint32_t seen = 0;
    uint32_t wraps = 0;
    uint16_t last = 0;

    cert_offload(c);
    c->conn->peer.acks = true;
    for (uint32_t i = 0; i < 40000; ++i) {
        cert_send(c, 1);
        cert_run(c);
        cert_run(c);
    }
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        if (e->kind != CERT_SEG_OUT) {
            continue;
        }
        if (seen++ > 0 && e->seg.ip_id < last) {
            ++wraps;
            cert_is(c, last, 0xffff);
            cert_is(c, e->seg.ip_id, 0x8000);
        }
        last = e->seg.ip_id;
    }
    cert_require(c, seen >= 40000);
    cert_is(c, wraps, seen / 0x8000);
}

/* Every segment of a 10000 byte send but the last carries |mss| bytes. */
static void expect_mss(struct cert *c, uint32_t mss)
{
    uint32_t seq = 5000;

    cert_send(c, 10000);
    for (; seq + mss < 15000; seq += mss) {
        cert_expect_data(c, "%u:%u", seq, seq + mss);
    }
    cert_expect_data(c, "%u:15000 PSH", seq);
}

static void t_013a(struct cert *c)
{
    cert_timestamps(c);
    cert_offload(c);
    expect_mss(c, 1448);
}

static void t_013b(struct cert *c)
{
    cert_ipv6(c);
    cert_timestamps(c);
    cert_offload(c);
    expect_mss(c, 1428);
}

static void t_013c(struct cert *c)
{
    cert_tcp(c)->constant.remote_mss = 536;
    cert_offload(c);
    expect_mss(c, 536);
}

static void t_014(struct cert *c)
{
    cert_offload(c);
    cert_send(c, 1000);
    cert_send(c, 1000);
    cert_send(c, 1000);
    cert_expect_stream(c, 5000, 8000);
    cert_peer(c, "ack=5500");
    cert_run(c);
    cert_peer(c, "1000 RST");
    cert_expect_event(c, TOE_EVENT_ABORT, 0);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_REQUEST_ABORTED, 500);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_REQUEST_ABORTED, 0);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_REQUEST_ABORTED, 0);
    cert_expect_silence(c, 10000);
}

static void t_015(struct cert *c)
{
    struct toe_tcp_delegated state;

    cert_offload(c);
    cert_peer(c, "1000:1100 URG urg=1");
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_RECEIVED_URGENT_DATA);
    cert_skip_segs(c);
    cert_send(c, 1000);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_UPLOAD_IN_PROGRESS, 0);
    cert_expect_no_data(c, 5000);
    c->received_unchecked = true;
    state = cert_terminate(c)->delegated;
    cert_is(c, state.snd_max, 5000);
}

static void t_016(struct cert *c)
{
    if (c->plugin->upload == NULL) {
        c->settings.optional_uploads = 1u << TOE_UPLOAD_LOW_ACTIVITY;
    }
    cert_offload(c);
    if (c->plugin->upload != NULL) {
        c->plugin->upload(c->target, c->conn->handle, TOE_UPLOAD_LOW_ACTIVITY);
    } else {
        cert_due(c, 60000); /* EVT-038 */
    }
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_LOW_ACTIVITY);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 PSH");
    cert_peer(c, "ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
}

/* Each announcement tells a step that is worth it, not too early after the one before (SND-097). */
static uint32_t check_announcements(struct cert *c, uint32_t *value)
{
    toe_instant last = 0;
    uint32_t cnt = 0;

    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        if (e->kind != CERT_EVENT || e->event != TOE_EVENT_SEND_BACKLOG_CHANGE) {
            continue;
        }
        const uint32_t step = e->info > *value ? e->info - *value : *value - e->info;

        cert_require(c, step >= 1460 && step >= *value / 4);
        cert_require(c, cnt == 0 || e->at - last >= 100 * TOE_NS_PER_MS);
        *value = e->info;
        last = e->at;
        ++cnt;
    }
    return cnt;
}

static uint32_t backlog(struct cert *c)
{
    return cert_query(c)->delegated.send_backlog_size;
}

/* |ms| of traffic over round trips of |rtt|, |jitter| more or less. */
static void traffic(struct cert *c, uint64_t ms, uint32_t rtt, uint32_t jitter)
{
    for (uint64_t i = 0; i < ms; i += 50) {
        c->conn->peer.acks_after = i % 100 == 0 ? rtt + jitter : rtt - jitter;
        cert_wait(c, 50);
    }
}

/*
 * The peer's window is the narrowest place, so the backlog is that: first 16384 bytes, then more
 * and more of them, up to 130984. A longer or unsteady round trip does not change it.
 */
static void t_017(struct cert *c)
{
    uint32_t told;
    uint32_t value;
    uint32_t cnt;

    cert_scaling(c, 1, 0);
    cert_tcp(c)->delegated.snd_wnd = 16384;
    cert_tcp(c)->delegated.max_snd_wnd = 16384;
    cert_tcp(c)->delegated.cwnd = 1000000;
    cert_tcp(c)->delegated.ssthresh = 1000000;
    cert_offload(c);
    c->conn->peer.acks = true;
    cert_send(c, 8000000, 8000000);
    traffic(c, 2000, 100, 0);
    value = backlog(c);
    if (value == TOE_BACKLOG_UNKNOWN) {
        traffic(c, 2000, 100, 0);
        cert_is(c, check_announcements(c, &value), 0); /* SND-091: it does not measure */
        return;
    }
    cert_require(c, value > 0 && value <= 16384);
    told = value;
    for (uint32_t i = 0; i < 60; ++i) {
        c->conn->peer.wnd = (uint16_t)(c->conn->peer.wnd + 955);
        traffic(c, 50, 100, 0);
    }
    traffic(c, 1000, 100, 0);
    value = backlog(c);
    cert_require(c, value > 2 * 16384 && value <= 131070);
    cnt = check_announcements(c, &told);
    cert_require(c, cnt >= 1 && cnt <= 10);
    cert_near(c, told, value, value / 4);
    traffic(c, 2000, 200, 0);
    traffic(c, 3000, 100, 5);
    told = value;
    cert_is(c, backlog(c), value);
    c->conn->peer.acks = false;
    cert_send(c, 1000000);
    cert_wait(c, 20);
    cert_is(c, backlog(c), value);
    cnt = cert_count(c, CERT_EVENT) - cnt;
    cert_is(c, cnt, 0);
}

#define CROWD 64

/* Another connection gets its next send inside the completion. */
static void send_elsewhere(struct cert *c, struct cert_entry *entry)
{
    cert_status_is(c, entry->status, TOE_STATUS_SUCCESS);
    if (++c->count < 200 * CROWD) {
        (void)cert_use(c, (c->conn->idx + 7 * c->count) % CROWD);
        cert_send(c, 1 + c->count * 131 % 4000);
    }
}

/* Posts between the runs, posts inside upcalls, acknowledgments after times that all differ. */
static void t_018(struct cert *c)
{
    uint32_t posted = 0;

    for (uint32_t i = 1; i < CROWD; ++i) {
        (void)cert_conn_add(c, c->paths[0]);
    }
    c->on_complete = send_elsewhere;
    cert_offload(c);
    for (uint32_t i = 0; i < CROWD; ++i) {
        cert_use(c, i)->peer.acks = true;
        c->conn->peer.acks_after = 1 + i;
    }
    for (uint32_t round = 0; round < 100; ++round) {
        for (uint32_t i = 0; i < CROWD; ++i) {
            (void)cert_use(c, i);
            cert_send(c, 1 + (round * 131 + i * 17) % 4000, 700);
            posted += 2;
        }
        cert_wait(c, 600);
    }
    cert_wait(c, 60000);
    for (uint32_t i = 0; i < CROWD; ++i) {
        (void)cert_use(c, i);
        cert_require(c, c->conn->out_head == NULL);
        cert_is(c, c->conn->peer.rcv_nxt, c->conn->snd_next);
    }
    cert_require(c, c->count > posted);
}

static void send_next(struct cert *c, struct cert_entry *entry)
{
    cert_is(c, entry->status, TOE_STATUS_SUCCESS);
    if (++c->count < 10000) {
        cert_send(c, 1 + c->count % 3);
    }
}

static void t_019(struct cert *c)
{
    c->on_complete = send_next;
    cert_offload(c);
    c->conn->peer.acks = true;
    cert_send(c, 1);
    for (uint32_t i = 0; i < 20000 && c->count < 10000; ++i) {
        cert_run(c);
    }
    cert_is(c, c->count, 10000);
}

static void t_020(struct cert *c)
{
    cert_allow(c, "SND-019");
    cert_offload(c);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_send(c, 100);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_INVALID_STATE, 0);
    cert_expect_seg(c, "5000 FIN ack=1000");
    cert_peer(c, "ack=5001");
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 0);
    cert_expect_silence(c, 1000);
}

static void t_022(struct cert *c)
{
    cert_offload(c);
    cert_send(c, 1000, 1000);
    cert_expect_stream(c, 5000, 7000);
    cert_peer(c, "1001 RST");
    cert_wait(c, 20);
    cert_expect_quiet(c);
    cert_peer(c, "1000 RST");
    cert_expect_event(c, TOE_EVENT_ABORT, 0);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_REQUEST_ABORTED, 0);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_REQUEST_ABORTED, 0);
    cert_send(c, 10);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_REQUEST_ABORTED, 0);
}

#define SEND(number, what, which, function)                                                        \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_SEND,               \
        .run = (function)                                                                          \
    }

const struct cert_scenario cert_send_scenarios[] = {
    SEND("T-001", "a send completes when it is acknowledged, not before",
         "SND-002 SND-032 SND-039..042 STATE-TC-2 STATE-TC-3", t_001),
    SEND("T-002", "the peer is silent: no completion, retransmissions at 300 and 900 ms",
         "SND-032 RFC-055", t_002),
    SEND("T-002b", "the peer is silent: no completion at the limit either", "SND-032", t_002b),
    SEND("T-003", "a chain: PSH at the end of each buffer, completions as a whole and in order",
         "SND-004 SND-006 SND-020 SND-022 SND-047", t_003),
    SEND("T-004", "pieces of 1, 7, 0, 1459, 3 and 70000 bytes with unused room around",
         "SND-005 SND-040 IOS-012", t_004),
    SEND("T-005", "one acknowledgment completes three posts in one run", "SND-043 SND-044 SND-047",
         t_005),
    SEND("T-006", "what does not fit the peer's window waits for an update",
         "SND-007 SND-089 CERT-2.1", t_006),
    SEND("T-007", "an empty send completes in its turn", "SND-018", t_007),
    SEND("T-008", "Nagle: a small send waits for the acknowledgment", "SND-024 SND-027", t_008),
    SEND("T-009", "Nagle: the tail of a request does not wait", "SND-026 SND-027 CERT-2.1", t_009),
    SEND("T-010", "without Nagle a small send leaves at once", "SND-024", t_010),
    SEND("T-011", "silly window: 100 bytes wait for the timer",
         "SND-025 TMR-101 TMR-102 CAP-27 TMR-100 CERT-2.1", t_011),
    SEND("T-012", "identifications of 40000 datagrams stay in the upper half", "SND-028..030",
         t_012),
    SEND("T-013a", "segment size with timestamps", "SND-023 RFC-068 RFC-147", t_013a),
    SEND("T-013b", "segment size with timestamps over IPv6", "SND-023 RFC-068 RFC-147", t_013b),
    SEND("T-013c", "segment size with a remote MSS of 536", "SND-023 RFC-147 STATE-TC-6", t_013c),
    SEND("T-014", "a reset: the event first, then every send in order", "SND-035..041 DSC-036",
         t_014),
    SEND("T-015", "a send after a mandatory upload request", "SND-079 SND-080 EVT-033", t_015),
    SEND("T-016", "a send after an optional upload request is ignored", "SND-081 EVT-031", t_016),
    SEND("T-017", "the send backlog follows the path, not what is posted",
         "SND-090..098 STATE-TD-28 STATE-TD-37 STATE-TD-38", t_017),
    SEND("T-018", "64 connections with sends of all sizes", "SND-014 SND-043", t_018),
    SEND("T-019", "10000 sends, each posted inside the completion before", "SND-003 SND-014",
         t_019),
    SEND("T-020", "a send after a graceful disconnect", "SND-019", t_020),
    SEND("T-022", "only the exact reset aborts; then all sends fail", "SND-036 SND-037 SEG-012",
         t_022),
    {.id = NULL},
};
