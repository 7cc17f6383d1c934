/* SPDX-License-Identifier: MIT */
/*
 * Damaged, tagged, overlapping and foreign segments: scenarios.md, B.7, rows T-176 to T-186.
 */
#include "suite.h"

#include <stdlib.h>
#include <string.h>

static void send_and_ack(struct cert *c, uint32_t seq)
{
    cert_skip_segs(c);
    cert_send(c, 1000);
    cert_expect_data(c, "%u:%u", seq, seq + 1000);
    cert_peer(c, "ack=%u", seq + 1000);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
}

static void t_176a(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1000:1100 PSH badcsum");
    cert_expect_passed_up(c, 154);
    cert_expect_silence(c, 1000);
    cert_expect_quiet(c);
    cert_is(c, cert_stats(c).tcp[0].in_errors, 0);
    cert_peer(c, "1000:1100 PSH");
    cert_expect_indicate(c, 100);
}

static void t_176b(struct cert *c)
{
    c->settings.choices |= TOE_CERTIFY_DROP_BAD_TCP;
    cert_offload(c);
    cert_peer(c, "1000:1100 PSH badcsum");
    cert_expect_silence(c, 1000);
    cert_expect_quiet(c);
    cert_is(c, cert_count(c, CERT_PASSED_UP), 0);
    cert_is(c, cert_stats(c).tcp[0].in_errors, 1);
    cert_peer(c, "1000:1100 PSH");
    cert_expect_indicate(c, 100);
}

static void t_176c(struct cert *c)
{
    c->settings.choices |= TOE_CERTIFY_DROP_BAD_TCP;
    cert_start(c);
    cert_peer(c, "1000:1100 PSH badcsum");
    cert_expect_passed_up(c, 154);
    cert_is(c, cert_stats(c).tcp[0].in_errors, 0);
}

/* A byte of data, tagged so, is accepted or dropped. */
static void expect_accepted(struct cert *c, const char *tag)
{
    const uint32_t seq = c->conn->rcv_next;

    cert_skip_segs(c);
    cert_peer(c, "%u+10 PSH %s", seq, tag);
    cert_expect_indicate(c, 10);
    cert_wait(c, 250);
    cert_expect_seg(c, "ack=%u", seq + 10);
    cert_wait(c, 10000); /* what the window still has to say */
}

static void expect_dropped(struct cert *c, const char *tag)
{
    const uint32_t errors = cert_stats(c).tcp[0].in_errors;

    cert_skip_segs(c);
    cert_peer(c, "%u+10 PSH %s", c->conn->rcv_next, tag);
    cert_wait(c, 250);
    cert_expect_silence(c, cert_ms(c));
    cert_expect_quiet(c);
    cert_is(c, cert_stats(c).tcp[0].in_errors, errors);
}

static void t_177a(struct cert *c)
{
    cert_offload(c);
    expect_accepted(c, "novlan");
    expect_accepted(c, "vlan=0");
    expect_accepted(c, "vlan=7");
    expect_accepted(c, "vlan=8 prio=3");
    expect_accepted(c, "novlan");
}

static void t_177b(struct cert *c)
{
    c->neighbors[0]->state.constant.vlan_id = 7;
    cert_offload(c);
    expect_accepted(c, "vlan=7");
    expect_dropped(c, "novlan");
    expect_dropped(c, "vlan=0");
    expect_dropped(c, "vlan=8");
    expect_accepted(c, "vlan=7 prio=5");
}

/* What goes out with VLAN |vlan| and priority |priority|: |tag|. */
static void tagged(struct cert *c, uint16_t vlan, uint8_t priority, const char *tag)
{
    c->settings.choices |= TOE_CERTIFY_USER_PRIORITY;
    c->neighbors[0]->state.constant.vlan_id = vlan;
    cert_tcp(c)->cached.user_priority = priority;
    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 %s", tag);
    cert_peer(c, "1000:1100 PSH ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_expect_indicate(c, 100);
    cert_wait(c, 250);
    cert_expect_seg(c, "6000 ack=1100 %s", tag);
}

static void t_177c(struct cert *c)
{
    tagged(c, 0, 0, "novlan");
}

static void t_177d(struct cert *c)
{
    tagged(c, 0, 5, "vlan=0 prio=5");
}

static void t_177e(struct cert *c)
{
    tagged(c, 7, 0, "vlan=7 prio=0");
}

static void t_177f(struct cert *c)
{
    tagged(c, 7, 5, "vlan=7 prio=5");
}

/* Two islands; then the holes in front of them are filled: the first one first, or last. */
static void two_islands(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "2000:3000");
    cert_expect_seg(c, "5000 ack=1000 t=0");
    cert_peer(c, "4000:5000 PSH");
    cert_expect_seg(c, "5000 ack=1000 t=0");
    cert_expect_quiet(c);
}

static void expect_delivered(struct cert *c, uint32_t end)
{
    cert_wait(c, 600);
    cert_is(c, c->conn->rcv_next, end);
    cert_skip_upcalls(c);
    cert_skip_segs(c);
}

static void t_178a(struct cert *c)
{
    two_islands(c);
    cert_peer(c, "1000:2000");
    cert_expect_seg(c, "5000 ack=3000 t=0");
    cert_skip_segs(c); /* a window update, perhaps */
    cert_peer(c, "3000:4000");
    cert_expect_seg(c, "5000 ack=5000 t=0");
    expect_delivered(c, 5000);
}

static void t_178b(struct cert *c)
{
    two_islands(c);
    cert_peer(c, "3000:4000");
    cert_expect_seg(c, "5000 ack=1000 t=0");
    cert_peer(c, "1000:2000");
    cert_expect_seg(c, "5000 ack=5000 t=0");
    expect_delivered(c, 5000);
}

/* Bytes that the target has allocated. */
static uint64_t held;

static void *counting_alloc(void *user, size_t size)
{
    (void)user;
    held += size;
    return malloc(size);
}

static void counting_free(void *user, void *ptr, size_t size)
{
    (void)user;
    held -= ptr != NULL ? size : 0;
    free(ptr);
}

/* 500 bytes at every second place, each twice and each a segment. */
static void flood(struct cert *c)
{
    for (uint32_t i = 0; i < 1000; ++i) {
        cert_peer(c, "%u+1", 1002 + i * 7919 % 500 * 2);
        if (i % 10 == 9) {
            cert_run(c);
        }
    }
    cert_wait(c, 20);
    cert_skip_segs(c);
}

static void t_179a(struct cert *c)
{
    uint64_t before;

    c->settings.mem.alloc = counting_alloc;
    c->settings.mem.free = counting_free;
    cert_offload(c);
    flood(c);
    before = held;
    for (uint32_t i = 0; i < 5; ++i) {
        flood(c);
    }
    cert_require(c, held <= before);
    cert_expect_quiet(c);
    cert_peer(c, "1000:2100 PSH");
    expect_delivered(c, 2100);
    send_and_ack(c, 5000);
}

/* 32 holes of 100 bytes, filled from the last to the first: nothing behind them was lost. */
static void t_179b(struct cert *c)
{
    cert_offload(c);
    for (uint32_t i = 0; i < 32; ++i) {
        cert_peer(c, "%u+100", 1100 + 200 * i);
        cert_run(c);
    }
    for (uint32_t i = 32; i-- > 1;) {
        cert_peer(c, "%u+100", 1000 + 200 * i);
        cert_run(c);
    }
    cert_skip_segs(c);
    cert_expect_quiet(c);
    cert_peer(c, "1000+100 PSH");
    cert_expect_seg(c, "5000 ack=7400 t=0");
    expect_delivered(c, 7400);
}

static void t_180(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "3000:4000");
    cert_expect_seg(c, "5000 ack=1000 t=0");
    cert_peer(c, "1000 FIN");
    cert_expect_event(c, TOE_EVENT_DISCONNECT, 0);
    cert_expect_seg(c, "5000 ack=1001 t=0");
    cert_peer(c, "1001:3000");
    cert_peer(c, "2000:3000");
    cert_wait(c, 600);
    cert_expect_quiet(c);
    cert_is(c, c->conn->rcv_next, 1000);
    c->conn->peer.nxt = 1001;
    cert_is(c, cert_terminate(c)->delegated.rcv_nxt, 1001);
    cert_expect_state(c, TOE_TCP_CLOSE_WAIT);
    cert_is(c, cert_uploaded_len(c), 0);
}

static void fin_ahead(struct cert *c)
{
    cert_tcp(c)->constant.flags |= TOE_TCP_SACK;
    cert_start(c);
    if (!c->caps.sack) {
        cert_skip(c, "the target has no selective acknowledgments");
    }
    cert_offload(c);
    cert_peer(c, "2000:3000 FIN");
    cert_require(c, cert_expect_seg(c, "5000 ack=1000 t=0")->seg.sack_cnt == 1);
}

/* After something beyond the stored FIN: all that was stored is gone, the connection is not. */
static void expect_flushed(struct cert *c)
{
    cert_wait(c, 20);
    cert_skip_segs(c);
    cert_peer(c, "1000:2000 PSH");
    cert_expect_indicate(c, 1000);
    cert_wait(c, 250);
    cert_require(c, cert_expect_seg(c, "5000 ack=2000")->seg.sack_cnt == 0);
    cert_expect_quiet(c);
    cert_skip_segs(c);
    cert_peer(c, "2000:3000 FIN");
    cert_expect_indicate(c, 1000);
    cert_expect_event(c, TOE_EVENT_DISCONNECT, 0);
    cert_expect_seg(c, "5000 ack=3001");
    c->conn->peer.nxt = 3001;
}

static void expect_no_sack(struct cert *c)
{
    for (uint32_t i = 0, seen = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *entry = &c->chart->entries[i];

        if (entry->kind == CERT_SEG_OUT && seen++ > 0 && entry->seg.sack_cnt > 0) {
            cert_fail(c, "SACK blocks of what was flushed: %s", entry->text);
        }
    }
}

static void t_181a(struct cert *c)
{
    fin_ahead(c);
    cert_peer(c, "4000:4100");
    expect_flushed(c);
    expect_no_sack(c);
}

static void t_181b(struct cert *c)
{
    fin_ahead(c);
    cert_peer(c, "3500 FIN");
    expect_flushed(c);
    expect_no_sack(c);
}

static void t_182(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1000:1100 PSH ack=5001");
    cert_expect_seg(c, "5000 ack=1000 t=0");
    c->conn->peer.ack = 5000;
    c->conn->peer.acked = 5000;
    cert_peer(c, "1000:1100 PSH ack=%u", 5000u - 65536u);
    cert_expect_seg(c, "5000 ack=1000 t=0");
    cert_wait(c, 600);
    cert_expect_quiet(c);
    cert_is(c, cert_query(c)->delegated.snd_una, 5000);
    cert_is(c, cert_query(c)->delegated.rcv_nxt, 1000);
    cert_peer(c, "1000:1100 PSH ack=%u", 5000u - 65535u); /* old, but not too old */
    cert_expect_indicate(c, 100);
}

/* One segment with these raw options, which must be processed in spite of them. */
static void with_options(struct cert *c, const uint8_t *opt, uint8_t len)
{
    struct cert_seg seg;

    cert_peer_init(c, &seg);
    seg.len = 100;
    seg.flags |= CERT_PSH;
    seg.has_ts = false;
    memcpy(seg.opt, opt, len);
    seg.opt_len = len;
    cert_peer_seg(c, &seg);
    cert_expect_indicate(c, 100);
}

static void t_183a(struct cert *c)
{
    static const uint8_t opts[][12] = {
        {8, 0, 0, 0},                               /* length 0 */
        {8, 1, 0, 0},                               /* length 1 */
        {8, 41, 0, 0},                              /* longer than any header */
        {1, 1, 1, 8},                               /* the length is missing */
        {1, 1, 8, 10, 1, 2, 3, 4},                  /* a timestamp, cut */
        {1, 1, 5, 9, 1, 2, 3, 4, 5, 6, 7, 0},       /* a block of SACK, one byte short */
        {5, 11, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0},      /* and one byte long */
        {5, 2, 5, 10, 0, 0},                        /* none */
        {2, 4, 0, 10, 3, 3, 14, 4, 2, 0, 0, 0},     /* of a SYN */
        {254, 4, 0xf9, 0x89, 253, 3, 1, 255, 2, 0}, /* unknown */
        {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},       /* padding */
        {8, 10, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1},      /* a timestamp nobody agreed upon */
    };
    static const uint8_t lens[] = {4, 4, 4, 4, 8, 12, 12, 8, 12, 12, 12, 12};

    cert_offload(c);
    for (uint32_t i = 0; i < sizeof(lens); ++i) {
        with_options(c, opts[i], lens[i]);
    }
    for (uint32_t kind = 2; kind < 256; ++kind) {
        uint8_t opt[4] = {(uint8_t)kind, (uint8_t)(kind * 37), 1, 2};

        with_options(c, opt, 4);
    }
    cert_wait(c, 300);
    cert_skip_segs(c);
    send_and_ack(c, 5000);
}

/* SACK is on and data in flight: blocks that make no sense mark nothing as received. */
static void t_183b(struct cert *c)
{
    cert_tcp(c)->constant.flags |= TOE_TCP_SACK;
    cert_start(c);
    if (!c->caps.sack) {
        cert_skip(c, "the target has no selective acknowledgments");
    }
    cert_offload(c);
    cert_send(c, 1460, 1460, 1460, 1460);
    cert_expect_stream(c, 5000, 10840);
    cert_peer(c, "ack=5000 sack=7000-6500,9000-9000");
    cert_peer(c, "ack=5000 sack=3000-4000,10000-20000");
    cert_peer(c, "ack=5000 sack=1-4294967295,20000-30000");
    cert_wait(c, 20);
    cert_expect_quiet(c);
    cert_skip_segs(c);
    cert_peer(c, "ack=10840");
    for (uint32_t i = 0; i < 4; ++i) {
        cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1460);
    }
    send_and_ack(c, 10840);
}

static void t_184(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1000 RST");
    cert_expect_event(c, TOE_EVENT_ABORT, 0);
    cert_peer(c, "1000:1100 PSH");
    cert_expect_passed_up(c, 154);
    cert_expect_silence(c, 1000);
    cert_expect_quiet(c);
}

static void t_185(struct cert *c)
{
    cert_tcp(c)->cached.initial_rcv_wnd = 4380;
    cert_tcp(c)->delegated.rcv_wnd = 4380;
    cert_offload(c);
    c->answer.status = TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    cert_peer_data(c, 4380, 1460);
    cert_wait(c, 1000);
    cert_skip_segs(c);
    cert_skip_upcalls(c);
    cert_mark(c);
    for (uint32_t i = 0; i < 60; ++i) {
        cert_at(c, 60000 * i);
        cert_peer(c, "5380:5381");
        cert_expect_seg(c, "5000 ack=5380 wnd=0 t=%u", 60000 * i);
    }
    cert_at(c, 3600000);
    cert_expect_quiet(c);
    c->answer.status = TOE_STATUS_SUCCESS;
    cert_receive(c, 4380, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 4380);
    cert_peer(c, "5380:5480 PSH");
    cert_expect_indicate(c, 100);
}

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void checksum(uint8_t *at, const uint8_t *data, uint32_t len, uint32_t all)
{
    for (uint32_t i = 0; i < len; i += 2) {
        all += (uint32_t)data[i] << 8 | data[i + 1];
    }
    while (all >> 16 != 0) {
        all = (all & 0xffff) + (all >> 16);
    }
    put16(at, ~all & 0xffff);
}

static void expect_ignored(struct cert *c, const uint8_t *frame, uint32_t len)
{
    const struct cert_entry *entry;

    cert_peer_frame(c, frame, len);
    entry = cert_expect_passed_up(c, len);
    cert_require(c, memcmp(cert_passed_up(c, entry), frame, len) == 0);
    cert_expect_silence(c, cert_ms(c));
    cert_expect_quiet(c);
}

static uint8_t *ethernet(struct cert *c, uint8_t *frame, uint32_t type)
{
    memset(frame, 0, 128);
    memcpy(frame, c->settings.mac, TOE_MAC_LEN);
    memcpy(frame + 6, c->neighbors[0]->state.cached.dst_mac, TOE_MAC_LEN);
    put16(frame + 12, type);
    return frame + 14;
}

/* An ICMP error from the peer about the segment 5000:6000. */
static void icmp(struct cert *c, uint8_t type, uint8_t code, uint32_t rest)
{
    uint8_t frame[128];
    uint8_t *ip = ethernet(c, frame, 0x0800);
    uint8_t *quoted = ip + 28;

    memcpy(ip, (const uint8_t[]){0x45, 0, 0, 56, 0, 9, 0, 0, 64, 1, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1},
           20);
    checksum(ip + 10, ip, 20, 0);
    memcpy(quoted, (const uint8_t[]){0x45, 0, 4,  16, 0x80, 0, 0x40, 0, 64, 6,
                                     0,    0, 10, 0,  0,    1, 10,   0, 0,  2},
           20);
    checksum(quoted + 10, quoted, 20, 0);
    put16(quoted + 20, 40000);
    put16(quoted + 22, 5001);
    put16(quoted + 26, 5000);
    ip[20] = type;
    ip[21] = code;
    put16(ip + 26, rest);
    checksum(ip + 22, ip + 20, 36, 0);
    expect_ignored(c, frame, 14 + 56);
}

static void arp(struct cert *c, uint32_t op)
{
    uint8_t frame[128];
    uint8_t *at = ethernet(c, frame, 0x0806);

    memcpy(at, (const uint8_t[]){0, 1, 8, 0, 6, 4, 0, 0, 2, 0, 0, 0, 0, 9, 10, 0, 0, 2}, 18);
    put16(at + 6, op);
    memcpy(at + 18, c->settings.mac, TOE_MAC_LEN);
    memcpy(at + 24, (const uint8_t[]){10, 0, 0, 1}, 4);
    expect_ignored(c, frame, 60);
}

/* A solicitation or advertisement of fd00::2 about itself, with another link address. */
static void discovery(struct cert *c, uint8_t type)
{
    uint8_t frame[128];
    uint8_t *ip = ethernet(c, frame, 0x86dd);
    uint8_t *nd = ip + 40;

    memcpy(ip, (const uint8_t[]){0x60, 0, 0, 0, 0, 32, 58, 255}, 8);
    ip[8] = 0xfd;
    ip[23] = 2;
    ip[24] = 0xfd;
    ip[39] = 1;
    nd[0] = type;
    nd[8] = 0xfd;
    nd[23] = type == 135 ? 1 : 2;
    memcpy(nd + 24, (const uint8_t[]){type == 135 ? 1 : 2, 1, 2, 0, 0, 0, 0, 9}, 8);
    checksum(nd + 2, ip + 8, 64, 32 + 58);
    expect_ignored(c, frame, 14 + 72);
}

static void t_186a(struct cert *c)
{
    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 mac=2");
    icmp(c, 3, 1, 0);   /* host unreachable */
    icmp(c, 3, 4, 600); /* too big */
    icmp(c, 5, 1, 0);   /* redirect */
    arp(c, 1);
    arp(c, 2);
    cert_peer(c, "ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_send(c, 1460);
    cert_expect_seg(c, "6000:7460 mac=2");
    cert_peer(c, "ack=7460");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1460);
}

static void t_186b(struct cert *c)
{
    cert_ipv6(c);
    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 mac=2");
    discovery(c, 135);
    discovery(c, 136);
    cert_peer(c, "ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_send(c, 1000);
    cert_expect_seg(c, "6000:7000 mac=2");
}

#define SEGMENT(number, what, which, in, function)                                                 \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = (in), .run = (function)        \
    }

const struct cert_scenario cert_segment_more_scenarios[] = {
    SEGMENT("T-176a", "a bad TCP checksum: passed up, no error counted", "SEG-074",
            CERT_GROUP_SECURITY, t_176a),
    SEGMENT("T-176b", "a bad TCP checksum: or dropped and counted", "SEG-075 IOS-066",
            CERT_GROUP_SECURITY, t_176b),
    SEGMENT("T-176c", "without offloaded state nothing is dropped", "SEG-076 PST-6",
            CERT_GROUP_SECURITY, t_176c),
    SEGMENT("T-177a", "without a VLAN frames of any are accepted", "SEG-078 TV-VL-6",
            CERT_GROUP_PLATFORM, t_177a),
    SEGMENT("T-177b", "with a VLAN all other frames are dropped",
            "SEG-078 VLAN-11 TV-VL-7 TV-VL-8 TV-VL-9 CERT-10 STATE-NC-2", CERT_GROUP_PLATFORM,
            t_177b),
    SEGMENT("T-177c", "no VLAN, no priority: no tag", "SEG-079 TV-VL-1", CERT_GROUP_PLATFORM,
            t_177c),
    SEGMENT("T-177d", "a priority alone: a tag with VLAN 0", "SEG-079 TV-VL-2", CERT_GROUP_PLATFORM,
            t_177d),
    SEGMENT("T-177e", "a VLAN alone: its tag", "SEG-079 TV-VL-3 VLAN-1 STATE-NC-2",
            CERT_GROUP_PLATFORM, t_177e),
    SEGMENT("T-177f", "a VLAN and a priority: both in the tag", "SEG-079 TV-VL-4 CERT-10",
            CERT_GROUP_PLATFORM, t_177f),
    SEGMENT("T-178a", "two holes, the first filled first", "SEG-082 SEG-083 TMR-026 CERT-2.3",
            CERT_GROUP_OUTOFORDER, t_178a),
    SEGMENT("T-178b", "two holes, the first filled last", "SEG-082 SEG-083 TMR-026 CERT-2.3",
            CERT_GROUP_OUTOFORDER, t_178b),
    SEGMENT("T-179a", "a flood of overlapping segments of one byte", "SEG-084 SEG-088",
            CERT_GROUP_SECURITY, t_179a),
    SEGMENT("T-179b", "32 holes", "SEG-084", CERT_GROUP_OUTOFORDER, t_179b),
    SEGMENT("T-180", "a FIN in order: what was stored beyond it is gone", "SEG-085",
            CERT_GROUP_OUTOFORDER, t_180),
    SEGMENT("T-181a", "data beyond a stored FIN: all stored is gone", "SEG-086 SEG-087",
            CERT_GROUP_OUTOFORDER, t_181a),
    SEGMENT("T-181b", "a FIN beyond a stored FIN: all stored is gone", "SEG-086 SEG-087",
            CERT_GROUP_OUTOFORDER, t_181b),
    SEGMENT("T-182", "acknowledgments too new and too old", "RFC-011 SEG-017 CERT-2.11",
            CERT_GROUP_SECURITY, t_182),
    SEGMENT("T-183a", "options that make no sense", "RFC-020 RFC-021", CERT_GROUP_SECURITY, t_183a),
    SEGMENT("T-183b", "SACK blocks that make no sense", "RFC-077", CERT_GROUP_SECURITY, t_183b),
    SEGMENT("T-184", "data for a closed connection is passed up", "SEG-095 DSC-041",
            CERT_GROUP_SECURITY, t_184),
    SEGMENT("T-185", "an hour of probes of a closed window", "SEG-091", CERT_GROUP_TCPIP, t_185),
    SEGMENT("T-186a", "ICMP and ARP are the host's alone", "SEG-055 SEG-057 RFC-026 RFC-112",
            CERT_GROUP_TCPIP, t_186a),
    SEGMENT("T-186b", "neighbor discovery is the host's alone", "SEG-055 RFC-112", CERT_GROUP_TCPIP,
            t_186b),
    {.id = NULL},
};
