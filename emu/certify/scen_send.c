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
    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 PSH t=0");
    if (c->profile == TOE_PROFILE_COMPAT) {
        cert_expect_seg(c, "5000:6000 t=300");
        cert_expect_seg(c, "5000:6000 t=900");
        cert_expect_silence(c, 2080);
    }
    cert_at(c, 2080);
    cert_expect_quiet(c);
    cert_peer(c, "ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
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
        cert_skip(c, "the target cannot be told to ask for an upload");
    }
    cert_offload(c);
    c->plugin->upload(c->target, c->conn->handle, TOE_UPLOAD_LOW_ACTIVITY);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_LOW_ACTIVITY);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 PSH");
    cert_peer(c, "ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
}

/* |cnt| round trips of |ms| and a full segment each. */
static void trips(struct cert *c, uint32_t cnt, uint32_t ms, uint32_t jitter)
{
    for (uint32_t i = 0; i < cnt; ++i) {
        c->conn->peer.acks_after = i % 2 == 0 ? ms + jitter : ms - jitter;
        cert_send(c, 14600);
        cert_wait(c, ms + jitter + 5);
    }
}

static uint32_t backlog_changes(const struct cert *c)
{
    uint32_t cnt = 0;

    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        cnt += c->chart->entries[i].kind == CERT_EVENT &&
               c->chart->entries[i].event == TOE_EVENT_SEND_BACKLOG_CHANGE;
    }
    return cnt;
}

static void t_017(struct cert *c)
{
    uint32_t value;
    uint32_t changes;

    cert_tcp(c)->delegated.cwnd = 1000000;
    cert_tcp(c)->delegated.ssthresh = 1000000;
    cert_offload(c);
    c->conn->peer.acks = true;
    trips(c, 40, 100, 0);
    value = cert_query(c)->delegated.send_backlog_size;
    if (value == TOE_BACKLOG_UNKNOWN) {
        cert_is(c, backlog_changes(c), 0); /* SND-091: it does not measure */
        return;
    }
    cert_require(c, value > 0 && value <= 65535);
    changes = backlog_changes(c);
    trips(c, 30, 100, 5);
    cert_is(c, backlog_changes(c), changes);
    value = cert_query(c)->delegated.send_backlog_size;
    c->conn->peer.acks = false;
    cert_send(c, 1000000);
    cert_is(c, cert_query(c)->delegated.send_backlog_size, value);
}

static void t_018(struct cert *c)
{
    for (uint32_t i = 1; i < 64; ++i) {
        (void)cert_conn_add(c, c->paths[0]);
    }
    cert_offload(c);
    for (uint32_t round = 0; round < 100; ++round) {
        for (uint32_t i = 0; i < 64; ++i) {
            cert_use(c, i)->peer.acks = true;
            cert_send(c, 1 + (round * 131 + i * 17) % 4000, 700);
        }
        cert_wait(c, 600);
    }
    for (uint32_t i = 0; i < 64; ++i) {
        (void)cert_use(c, i);
        cert_is(c, cert_count(c, CERT_COMPLETE), 200);
    }
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
         "SND-001 SND-002 SND-032 SND-039..042", t_001),
    SEND("T-002", "the peer is silent: no completion, retransmissions at 300 and 900 ms",
         "SND-032 RFC-055", t_002),
    SEND("T-003", "a chain: PSH at the end of each buffer, completions as a whole and in order",
         "SND-004 SND-006 SND-020 SND-022 SND-047", t_003),
    SEND("T-004", "pieces of 1, 7, 0, 1459, 3 and 70000 bytes with unused room around",
         "SND-005 SND-040 IOS-012", t_004),
    SEND("T-005", "one acknowledgment completes three posts in one run", "SND-043 SND-044 SND-047",
         t_005),
    SEND("T-006", "what does not fit the peer's window waits for an update", "SND-007 SND-089",
         t_006),
    SEND("T-007", "an empty send completes in its turn", "SND-018", t_007),
    SEND("T-008", "Nagle: a small send waits for the acknowledgment", "SND-024 SND-027", t_008),
    SEND("T-009", "Nagle: the tail of a request does not wait", "SND-026 SND-027", t_009),
    SEND("T-010", "without Nagle a small send leaves at once", "SND-024", t_010),
    SEND("T-011", "silly window: 100 bytes wait for the timer", "SND-025 TMR-101 TMR-102", t_011),
    SEND("T-012", "identifications of 40000 datagrams stay in the upper half", "SND-028..030",
         t_012),
    SEND("T-013a", "segment size with timestamps", "SND-023 RFC-068 RFC-147", t_013a),
    SEND("T-013b", "segment size with timestamps over IPv6", "SND-023 RFC-068 RFC-147", t_013b),
    SEND("T-013c", "segment size with a remote MSS of 536", "SND-023 RFC-147", t_013c),
    SEND("T-014", "a reset: the event first, then every send in order", "SND-035..041 DSC-036",
         t_014),
    SEND("T-015", "a send after a mandatory upload request", "SND-079 SND-080 EVT-033", t_015),
    SEND("T-016", "a send after an optional upload request is ignored", "SND-081 EVT-031", t_016),
    SEND("T-017", "the send backlog follows the path, not what is posted", "SND-090..098", t_017),
    SEND("T-018", "64 connections with sends of all sizes", "SND-014 SND-043", t_018),
    SEND("T-019", "10000 sends, each posted inside the completion before", "SND-003 SND-014",
         t_019),
    SEND("T-020", "a send after a graceful disconnect", "SND-019", t_020),
    SEND("T-022", "only the exact reset aborts; then all sends fail", "SND-036 SND-037 SEG-012",
         t_022),
    {.id = NULL},
};
