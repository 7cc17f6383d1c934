/* SPDX-License-Identifier: MIT */
/*
 * Forwarded segments and the ordinary path: scenarios.md, B.3.
 *
 * The order of a forward's completion and of what the segment leads to is free, and so is how its
 * data is cut into indications. So completions are picked out of the queue of upcalls, and data is
 * judged by how far the stream got.
 */
#include "suite.h"

#include <string.h>

#define ETH_LEN 14

/* Takes all completions of forwards so far: |cnt|, each of |status|. */
static void expect_forwards(struct cert *c, uint32_t cnt, toe_status status)
{
    uint32_t got = 0;

    cert_run(c);
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        struct cert_entry *e = &c->chart->entries[i];

        if (!e->taken && e->kind == CERT_COMPLETE && e->op == CERT_FORWARD &&
            e->conn == c->conn->idx) {
            e->taken = true;
            cert_status_is(c, e->status, status);
            ++got;
        }
    }
    cert_is(c, got, cnt);
}

/* A forward of the |len| bytes of |data|, in |cnt| pieces of |lens|. */
static struct cert_buf *make_forward(struct cert *c, const uint8_t *data, const uint32_t *lens,
                                     uint32_t cnt)
{
    struct cert_buf *made = cert_buf_new(c, CERT_FORWARD, lens, cnt, 0, 0);
    uint8_t *to = made->mem;

    for (uint32_t i = 0; i < cnt; ++i) {
        memcpy(to, data, lens[i]);
        data += lens[i];
        to += lens[i] + 1; /* pieces lie one byte apart */
    }
    return made;
}

/* The TCP segment from |seq| on, as a host would forward it; returns its length. */
static uint32_t make_segment(struct cert *c, uint8_t *out, uint32_t seq, uint32_t len,
                             uint8_t flags)
{
    static uint8_t text[CERT_FRAME_MAX];
    struct cert_seg seg;

    cert_peer_init(c, &seg);
    for (uint32_t i = 0; i < len; ++i) {
        text[i] = cert_byte_in(c->conn, seq + i);
    }
    seg.seq = seq;
    seg.len = len;
    seg.flags |= flags;
    seg.payload = text;
    if ((int32_t)(seq + len - c->conn->peer.nxt) > 0) {
        c->conn->peer.nxt = seq + len;
    }
    return cert_craft_tcp(out, &seg);
}

/* The ACK of the last segment that left. */
static uint32_t last_ack(const struct cert *c)
{
    uint32_t ack = 0;

    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        if (c->chart->entries[i].kind == CERT_SEG_OUT) {
            ack = c->chart->entries[i].seg.ack;
        }
    }
    return ack;
}

/* The |n|-th frame that was passed up, from 0 on; NULL if there are fewer. */
static const struct cert_entry *passed_up(const struct cert *c, uint32_t n)
{
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        if (c->chart->entries[i].kind == CERT_PASSED_UP && n-- == 0) {
            return &c->chart->entries[i];
        }
    }
    return NULL;
}

/* What a host does with an IPv4 datagram that was passed up: the TCP segment in it is forwarded. */
static void forward_passed_up(struct cert *c, const struct cert_entry *entry)
{
    const uint8_t *frame = cert_passed_up(c, entry);
    const uint32_t head = ETH_LEN + (frame[ETH_LEN] & 0xfu) * 4;
    const uint32_t len = ((uint32_t)frame[ETH_LEN + 2] << 8 | frame[ETH_LEN + 3]) + ETH_LEN - head;

    cert_require(c, head + len <= entry->bytes);
    cert_post(c, make_forward(c, frame + head, &len, 1));
}

static void t_070(struct cert *c)
{
    static uint8_t data[CERT_FRAME_MAX];
    struct cert_buf *bufs[3];
    const struct cert_entry *ack;

    cert_offload(c);
    for (uint32_t i = 0; i < 3; ++i) {
        const uint32_t len = make_segment(c, data, 1000 + 100 * i, 100, i == 2 ? CERT_PSH : 0);

        bufs[i] = make_forward(c, data, &len, 1);
    }
    bufs[0]->buf.next = &bufs[1]->buf;
    bufs[1]->buf.next = &bufs[2]->buf;
    cert_post(c, bufs[0]);
    expect_forwards(c, 3, TOE_STATUS_SUCCESS);
    cert_is(c, c->conn->rcv_next, 1300);
    ack = cert_expect_seg(c, "5000 t=0");
    cert_require(c, ack->seg.ack >= 1200);
    cert_at(c, 210);
    cert_is(c, last_ack(c), 1300);
}

static void t_071(struct cert *c)
{
    cert_offload(c);
    cert_forward(c, "1100:1200");
    expect_forwards(c, 1, TOE_STATUS_SUCCESS);
    cert_expect_seg(c, "5000 ack=1000 t=0");
    cert_forward(c, "1100:1200");
    expect_forwards(c, 1, TOE_STATUS_SUCCESS);
    cert_expect_seg(c, "5000 ack=1000");
    cert_forward(c, "900:1000");
    expect_forwards(c, 1, TOE_STATUS_SUCCESS);
    cert_expect_seg(c, "5000 ack=1000");
    cert_expect_quiet(c);
    cert_forward(c, "1000:1100");
    expect_forwards(c, 1, TOE_STATUS_SUCCESS);
    cert_is(c, c->conn->rcv_next, 1200);
    cert_expect_seg(c, "5000 ack=1200");
}

static void t_072(struct cert *c)
{
    static const uint32_t between[] = {1, 7, 12, 12, 60, 40};
    static const uint32_t within[] = {3, 1, 15, 2, 9, 52, 50};
    static uint8_t data[CERT_FRAME_MAX];
    const struct cert_entry *ack;

    cert_timestamps(c);
    cert_offload(c);
    c->conn->peer.ts_val = 1701;
    cert_is(c, make_segment(c, data, 1000, 100, 0), 132);
    cert_post(c, make_forward(c, data, between, 6));
    expect_forwards(c, 1, TOE_STATUS_SUCCESS);
    cert_is(c, c->conn->rcv_next, 1100);
    cert_is(c, make_segment(c, data, 1100, 100, CERT_PSH), 132);
    cert_post(c, make_forward(c, data, within, 7));
    expect_forwards(c, 1, TOE_STATUS_SUCCESS);
    cert_is(c, c->conn->rcv_next, 1200);
    ack = cert_expect_seg(c, "5000 ack=1200");
    cert_is(c, ack->seg.ts_ecr, 1701);
}

static void t_073(struct cert *c)
{
    static const uint8_t record_route[] = {7, 7, 4, 0, 0, 0, 0, 0};
    const struct cert_entry *entry;
    struct cert_seg seg;

    cert_offload(c);
    cert_peer_init(c, &seg);
    seg.len = 100;
    memcpy(seg.ip_opt, record_route, sizeof(record_route));
    seg.ip_opt_len = sizeof(record_route);
    cert_peer_seg(c, &seg);
    entry = cert_expect_passed_up(c, ETH_LEN + 28 + 20 + 100);
    cert_expect_silence(c, 300);
    cert_expect_quiet(c);
    cert_is(c, cert_count(c, CERT_PASSED_UP), 1);
    forward_passed_up(c, entry);
    expect_forwards(c, 1, TOE_STATUS_SUCCESS);
    cert_is(c, c->conn->rcv_next, 1100);
    cert_at(c, 510);
    cert_is(c, last_ack(c), 1100);
}

static void t_074a(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1000:1104 mf");
    cert_peer(c, "1104:1200 frag=13");
    cert_expect_passed_up(c, 0);
    cert_expect_passed_up(c, 0);
    cert_expect_silence(c, 300);
    cert_expect_quiet(c);
    cert_forward(c, "1000:1200 PSH");
    expect_forwards(c, 1, TOE_STATUS_SUCCESS);
    cert_is(c, c->conn->rcv_next, 1200);
}

/* One fragment over IPv6, whose offset and more-flag are |where|. */
static void peer_fragment6(struct cert *c, uint32_t len, uint8_t where)
{
    struct cert_seg seg;

    cert_peer_init(c, &seg);
    seg.len = len;
    seg.ext_type = 44;
    seg.ip_opt_len = 8;
    seg.ip_opt[3] = where;
    seg.ip_opt[7] = 77; /* identification */
    cert_peer_seg(c, &seg);
}

static void t_074b(struct cert *c)
{
    cert_ipv6(c);
    cert_offload(c);
    peer_fragment6(c, 108, 0x01);
    peer_fragment6(c, 92, 128);
    cert_expect_passed_up(c, 0);
    cert_expect_passed_up(c, 0);
    cert_expect_silence(c, 300);
    cert_expect_quiet(c);
    cert_forward(c, "1000:1200 PSH");
    expect_forwards(c, 1, TOE_STATUS_SUCCESS);
    cert_is(c, c->conn->rcv_next, 1200);
}

static void t_074c(struct cert *c)
{
    cert_ipv6(c);
    cert_offload(c);
    peer_fragment6(c, 100, 0);
    cert_expect_passed_up(c, ETH_LEN + 48 + 20 + 100);
    cert_expect_silence(c, 300);
    cert_expect_quiet(c);
    cert_forward(c, "1000:1100 PSH");
    expect_forwards(c, 1, TOE_STATUS_SUCCESS);
    cert_is(c, c->conn->rcv_next, 1100);
}

static void t_075a(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1000:1100 URG urg=1");
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_RECEIVED_URGENT_DATA);
    cert_forward(c, "1100:1200");
    cert_forward(c, "1200:1300");
    expect_forwards(c, 2, TOE_STATUS_UPLOAD_IN_PROGRESS);
    cert_expect_quiet(c);
    cert_is(c, cert_terminate(c)->delegated.rcv_nxt, 1000);
}

static void t_075b(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1000 RST");
    cert_expect_event(c, TOE_EVENT_ABORT, 0);
    cert_forward(c, "1000:1100");
    cert_forward(c, "1100:1200");
    expect_forwards(c, 2, TOE_STATUS_REQUEST_ABORTED);
    cert_expect_quiet(c);
    cert_expect_silence(c, 300);
}

/* Half of it arrives before the initiate is called, when the host must not acknowledge any more. */
static void t_076(struct cert *c)
{
    const struct cert_entry *entry;
    uint32_t cnt = 0;

    c->conn->peer = (struct cert_peer){.nxt = 1000, .ack = 5000, .acked = 5000, .wnd = 65535};
    c->conn->begun = true;
    cert_start(c);
    cert_peer_data(c, 1000, 100);
    cert_run(c);
    cert_is(c, cert_count(c, CERT_PASSED_UP), 10);
    cert_peer_data(c, 1000, 100);
    cert_offload(c);
    cert_run(c);
    while ((entry = passed_up(c, cnt)) != NULL) {
        forward_passed_up(c, entry);
        ++cnt;
    }
    expect_forwards(c, cnt, TOE_STATUS_SUCCESS);
    cert_is(c, c->conn->rcv_next, 3000);
    cert_at(c, 210);
    cert_is(c, last_ack(c), 3000);
    cert_is(c, cert_count(c, CERT_PASSED_UP), cnt);
}

static void t_077a(struct cert *c)
{
    cert_offload(c);
    cert_receive(c, 100, 0);
    cert_forward(c, "1000:1100 FIN");
    expect_forwards(c, 1, TOE_STATUS_SUCCESS);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 100);
    cert_expect_event(c, TOE_EVENT_DISCONNECT, 0);
    cert_at(c, 210);
    cert_is(c, last_ack(c), 1101);
    (void)cert_query(c);
    cert_expect_state(c, TOE_TCP_CLOSE_WAIT);
}

/* The forward of the reset itself may complete either way. */
static void t_077b(struct cert *c)
{
    struct cert_buf *forward;

    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000");
    forward = cert_forward(c, "1000 RST");
    cert_run(c);
    cert_require(c, forward->state == CERT_BUF_DONE);
    expect_forwards(c, 1,
                    forward->buf.status == TOE_STATUS_REQUEST_ABORTED ? TOE_STATUS_REQUEST_ABORTED
                                                                      : TOE_STATUS_SUCCESS);
    cert_expect_event(c, TOE_EVENT_ABORT, 0);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_REQUEST_ABORTED, 0);
    cert_expect_silence(c, 1000);
}

/* Either the host keeps the urgent segment, or it comes back after the terminate. */
static void t_077c(struct cert *c)
{
    struct cert_buf *forward;

    cert_offload(c);
    forward = cert_forward(c, "1000:1100 URG urg=1");
    cert_run(c);
    cert_require(c, forward->state == CERT_BUF_DONE);
    expect_forwards(c, 1,
                    forward->buf.status == TOE_STATUS_SUCCESS ? TOE_STATUS_SUCCESS
                                                              : TOE_STATUS_UPLOAD_IN_PROGRESS);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_RECEIVED_URGENT_DATA);
    cert_peer(c, "1100:1200");
    cert_expect_silence(c, 1000);
    cert_expect_quiet(c);
    cert_is(c, cert_terminate(c)->delegated.rcv_nxt, 1000);
    cert_is(c, cert_count(c, CERT_PASSED_UP), forward->buf.status == TOE_STATUS_SUCCESS ? 2 : 1);
}

/* A data offset beyond the end, one below the least, and a segment that ends in its header. */
static void t_078(struct cert *c)
{
    static uint8_t data[CERT_FRAME_MAX];
    uint32_t errors;
    uint32_t len;

    cert_offload(c);
    errors = cert_stats(c).tcp[0].in_errors;
    len = make_segment(c, data, 1000, 10, CERT_PSH);
    data[12] = 0xf0;
    cert_post(c, make_forward(c, data, &len, 1));
    expect_forwards(c, 1, TOE_STATUS_SUCCESS);
    cert_is(c, cert_stats(c).tcp[0].in_errors, errors + 1);
    data[12] = 0x40;
    cert_post(c, make_forward(c, data, &len, 1));
    expect_forwards(c, 1, TOE_STATUS_SUCCESS);
    cert_is(c, cert_stats(c).tcp[0].in_errors, errors + 2);
    data[12] = 0x50;
    len = 13;
    cert_post(c, make_forward(c, data, &len, 1));
    expect_forwards(c, 1, TOE_STATUS_SUCCESS);
    cert_is(c, cert_stats(c).tcp[0].in_errors, errors + 3);
    cert_expect_silence(c, 300);
    cert_expect_quiet(c);
}

/* |seg| arrives and must be passed up as it is, without any other effect. */
static void expect_through(struct cert *c, const struct cert_seg *seg)
{
    static uint8_t frame[CERT_FRAME_MAX];
    const uint32_t len = cert_craft_build(frame, seg);
    const struct cert_entry *entry;

    cert_peer_frame(c, frame, len);
    entry = cert_expect_passed_up(c, len);
    cert_require(c, memcmp(cert_passed_up(c, entry), frame, len) == 0);
}

static void t_079(struct cert *c)
{
    static uint8_t text[100];
    struct cert_seg seg;

    c->neighbors[0]->state.constant.vlan_id = 5;
    cert_offload(c);
    for (uint32_t i = 0; i < 6; ++i) {
        cert_peer_init(c, &seg);
        seg.len = sizeof(text);
        seg.payload = text;
        seg.src_port = i == 0 ? 5002 : seg.src_port;
        seg.dst_port = i == 1 ? 40001 : seg.dst_port;
        seg.src.bytes[3] = i == 2 ? 3 : seg.src.bytes[3];
        seg.dst.bytes[3] = i == 3 ? 9 : seg.dst.bytes[3];
        seg.vlan_id = i == 4 ? 6 : seg.vlan_id;
        seg.dst_mac[5] = i == 5 ? 9 : seg.dst_mac[5];
        expect_through(c, &seg);
    }
    cert_expect_silence(c, 300);
    cert_expect_quiet(c);
    cert_peer(c, "1000:1100 PSH");
    cert_expect_indicate(c, 100);
    cert_is(c, cert_count(c, CERT_PASSED_UP), 6);
}

/* The host has verified the checksum; where it had the segment from, nobody knows. */
static void c_03a(struct cert *c)
{
    struct toe_stats before;
    struct toe_stats after;

    cert_offload(c);
    before = cert_stats(c);
    cert_forward(c, "1000:1100 PSH badcsum vlan=7 ttl=1 mac=9");
    expect_forwards(c, 1, TOE_STATUS_SUCCESS);
    cert_is(c, c->conn->rcv_next, 1100);
    after = cert_stats(c);
    cert_is(c, after.tcp[0].in_segments - before.tcp[0].in_segments, 1);
    cert_is(c, after.tcp[0].in_errors - before.tcp[0].in_errors, 0);
    cert_is(c, after.ip[0].in_receives - before.ip[0].in_receives, 0);
    cert_is(c, after.ip[0].in_octets - before.ip[0].in_octets, 0);
    cert_is(c, after.ip[0].in_delivers - before.ip[0].in_delivers, 0);
}

/* The host's buffer is free at once, though nobody takes the data. */
static void c_03b(struct cert *c)
{
    struct cert_buf *forward;

    cert_answer(c, TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED, 0);
    cert_offload(c);
    forward = cert_forward(c, "1000:1100 PSH");
    expect_forwards(c, 1, TOE_STATUS_SUCCESS);
    cert_expect_indicate(c, 100);
    for (uint32_t i = 0; i < forward->size; ++i) {
        forward->mem[i] = 0xee;
    }
    forward = cert_forward(c, "1100:1200 PSH");
    expect_forwards(c, 1, TOE_STATUS_SUCCESS);
    for (uint32_t i = 0; i < forward->size; ++i) {
        forward->mem[i] = 0xee;
    }
    cert_expect_quiet(c);
    cert_receive(c, 200, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 200);
}

/* Nothing of what a host forwarded is lost in a terminate. */
static void c_03c(struct cert *c)
{
    struct cert_buf *forward;

    cert_answer(c, TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED, 0);
    cert_offload(c);
    forward = cert_forward(c, "1000:1100 PSH");
    cert_terminate_begin(c);
    (void)cert_terminate_end(c);
    cert_require(c, forward->state == CERT_BUF_DONE);
    if (forward->buf.status == TOE_STATUS_UPLOAD_IN_PROGRESS) {
        cert_is(c, c->conn->state.delegated.rcv_nxt, 1000);
    } else {
        cert_status_is(c, forward->buf.status, TOE_STATUS_SUCCESS);
        cert_is(c, c->conn->state.delegated.rcv_nxt, 1100);
    }
}

#define FORWARD(number, what, which, function)                                                     \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_FORWARD,            \
        .run = (function)                                                                          \
    }

const struct cert_scenario cert_forward_scenarios[] = {
    FORWARD("T-070", "three segments in one chain are processed as if from the wire",
            "FWD-005 FWD-006 FWD-009 FWD-010 FWD-014", t_070),
    FORWARD("T-071", "out of order, duplicate, old: answered as from the wire",
            "FWD-009 FWD-010 FWD-017", t_071),
    FORWARD("T-072", "a header in pieces, cut between and within its fields", "FWD-006 FWD-007",
            t_072),
    FORWARD("T-073", "a datagram with the record-route option", "SEG-050 FWD-009 FWD-010 CAP-3",
            t_073),
    FORWARD("T-074a", "a segment in two fragments", "SEG-053 SEG-054", t_074a),
    FORWARD("T-074b", "a segment in two fragments over IPv6", "SEG-053 SEG-054", t_074b),
    FORWARD("T-074c", "an atomic fragment over IPv6", "SEG-053 SEG-054", t_074c),
    FORWARD("T-075a", "forwards while an upload must come", "FWD-011 EVT-033", t_075a),
    FORWARD("T-075b", "forwards after a reset", "FWD-012", t_075b),
    FORWARD("T-076", "what arrived during the offload is forwarded and delivered once",
            "SEG-068 FWD-009 RCV-061 SEG-069", t_076),
    FORWARD("T-077a", "a forwarded FIN", "FWD-009 FWD-017 DSC-030 DSC-031", t_077a),
    FORWARD("T-077b", "a forwarded reset", "FWD-009 FWD-017 DSC-036", t_077b),
    FORWARD("T-077c", "forwarded urgent data", "FWD-017 SEG-041..043", t_077c),
    FORWARD("T-078", "forwarded segments with a broken header", "FWD-020", t_078),
    FORWARD("T-079", "frames of other connections, VLANs and addresses go up unchanged",
            "SEG-070..072", t_079),
    FORWARD("C-03a", "neither the checksum nor the IP counters apply", "FWD-015 FWD-019", c_03a),
    FORWARD("C-03b", "a forward does not wait for its data to be taken", "FWD-014", c_03b),
    FORWARD("C-03c", "a forward right before a terminate", "FWD-010 FWD-011 FWD-018", c_03c),
    {.id = NULL},
};
