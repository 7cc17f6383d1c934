/* SPDX-License-Identifier: MIT */
/*
 * Statistics: scenarios.md, B.13, T-296 and T-297.
 */
#include "suite.h"

#include <string.h>

/* What the counters must say: from the chart, which has every segment. */
struct sums {
    uint64_t in, in_octets;
    uint64_t out, out_octets, out_requests;
    uint32_t retransmitted, resets;
};

static void add_out(struct sums *sums, uint32_t ip_len, const struct cert_entry *entry,
                    uint32_t *top)
{
    const uint32_t fin = (entry->seg.flags & CERT_FIN) != 0;
    const uint32_t end = entry->seg.seq + entry->seg.len + fin;
    const bool has_text = end != entry->seg.seq && !(entry->seg.flags & CERT_RST);
    const bool is_new = !has_text || (int32_t)(end - *top) > 0;

    ++sums->out_requests;
    sums->out_octets += ip_len + 20 + entry->seg.len;
    sums->resets += (entry->seg.flags & CERT_RST) != 0;
    sums->out += is_new;
    sums->retransmitted += has_text && (int32_t)(entry->seg.seq - *top) < 0;
    if (has_text && is_new) {
        *top = end;
    }
}

static struct sums sum_up(const struct cert *c, uint32_t ip_len, uint32_t snd_max)
{
    struct sums sums = {0};
    uint32_t top = snd_max;

    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *entry = &c->chart->entries[i];

        if (entry->conn != c->conn->idx) {
            continue;
        }
        if (entry->kind == CERT_SEG_OUT) {
            add_out(&sums, ip_len, entry, &top);
        } else if (entry->kind == CERT_SEG_IN) {
            ++sums.in;
            sums.in_octets += ip_len + 20 + entry->seg.len;
        }
    }
    return sums;
}

/* |forwarded| segments came by forward(): segments of TCP, but no datagrams of IP. */
static void expect_counters(struct cert *c, uint32_t version, uint32_t snd_max, uint32_t forwarded)
{
    const struct sums sums = sum_up(c, version == 0 ? 20 : 40, snd_max);
    const struct toe_stats stats = cert_stats(c);
    const struct toe_tcp_stats *tcp = &stats.tcp[version];
    const struct toe_ip_stats *ip = &stats.ip[version];

    cert_is(c, tcp->in_segments, sums.in + forwarded);
    cert_is(c, tcp->out_segments, sums.out);
    cert_is(c, tcp->retransmitted_segments, sums.retransmitted);
    cert_is(c, tcp->out_resets, sums.resets);
    cert_is(c, tcp->in_errors, 0);
    cert_is(c, ip->in_receives, sums.in);
    cert_is(c, ip->in_octets, sums.in_octets);
    cert_is(c, ip->in_delivers, sums.in);
    cert_is(c, ip->out_requests, sums.out_requests);
    cert_is(c, ip->out_octets, sums.out_octets);
    cert_is(c, ip->in_header_errors, 0);
    cert_is(c, ip->in_truncated_packets, 0);
    cert_is(c, ip->in_discards, 0);
    cert_is(c, ip->out_discards, 0);
    cert_is(c, ip->out_no_routes, 0);
}

static void expect_none(struct cert *c, uint32_t version)
{
    const struct toe_stats stats = cert_stats(c);
    static const struct toe_tcp_stats tcp;
    static const struct toe_ip_stats ip;

    cert_require(c, memcmp(&stats.tcp[version], &tcp, sizeof(tcp)) == 0);
    cert_require(c, memcmp(&stats.ip[version], &ip, sizeof(ip)) == 0);
}

/* A segment of the peer as a frame that has to be passed up. */
static void pass_up(struct cert *c, void (*spoil)(struct cert_seg *seg))
{
    static uint8_t frame[CERT_FRAME_MAX];
    static const uint8_t payload[100];
    struct cert_seg seg;
    uint32_t len;

    cert_peer_init(c, &seg);
    seg.payload = payload;
    seg.len = sizeof(payload);
    spoil(&seg);
    len = cert_craft_build(frame, &seg);
    cert_peer_frame(c, frame, len);
    cert_expect_passed_up(c, len);
}

static void bad_checksum(struct cert_seg *seg)
{
    seg->bad = CERT_BAD_TCP_CSUM;
}

static void with_option(struct cert_seg *seg)
{
    if (seg->src.family == 4) {
        memcpy(seg->ip_opt, (const uint8_t[]){148, 4, 0, 0}, 4); /* router alert */
        seg->ip_opt_len = 4;
    } else {
        memcpy(seg->ip_opt, (const uint8_t[]){6, 0, 1, 4, 0, 0, 0, 0}, 8); /* padding */
        seg->ip_opt_len = 8;
        seg->ext_type = 0;
    }
}

static void foreign_port(struct cert_seg *seg)
{
    ++seg->dst_port;
}

/* Old bytes handed over, a timeout, both directions, duplicates, frames passed up, a forward. */
static void mix(struct cert *c, uint32_t version)
{
    struct toe_tcp_delegated *state = &cert_tcp(c)->delegated;

    cert_chain(c, 3000);
    state->snd_max = 5500;
    cert_offload(c);
    cert_is(c, cert_stats(c).tcp[version].currently_established, 1);
    cert_at(c, 1000);
    cert_peer(c, "ack=8000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 3000);
    cert_send(c, 1000);
    cert_wait(c, 400);
    cert_peer(c, "+1000 PSH ack=9000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_expect_indicate(c, 1000);
    cert_peer(c, "1000:1500");
    cert_peer(c, "3000:3500");
    cert_peer(c, "80000:80100");
    c->conn->peer.nxt = 3500;
    cert_wait(c, 20);
    pass_up(c, bad_checksum);
    pass_up(c, with_option);
    pass_up(c, foreign_port);
    cert_forward(c, "2000:2500");
    cert_wait(c, 10000);
    cert_skip_upcalls(c);
    cert_skip_segs(c);
    expect_counters(c, version, 5500, 1);
    cert_require(c, cert_stats(c).tcp[version].retransmitted_segments >= 2);
    cert_disconnect(c, TOE_DISCONNECT_ABORTIVE, 0);
    cert_expect_data(c, "9000 RST");
    expect_counters(c, version, 5500, 1);
    cert_is(c, cert_stats(c).tcp[version].out_resets, 1);
    cert_is(c, cert_stats(c).tcp[version].reset_established, 1);
    cert_is(c, cert_stats(c).tcp[version].currently_established, 0);
    expect_none(c, 1 - version);
}

static void t_296a(struct cert *c)
{
    mix(c, 0);
}

static void t_296b(struct cert *c)
{
    cert_ipv6(c);
    mix(c, 1);
}

/* Three connections: one is reset, one is in CLOSE_WAIT when it is reset, one is in FIN_WAIT_1. */
static void t_296c(struct cert *c)
{
    (void)cert_conn_add(c, c->paths[0]);
    (void)cert_conn_add(c, c->paths[0]);
    cert_offload(c);
    cert_is(c, cert_stats(c).tcp[0].currently_established, 3);
    cert_use(c, 1);
    cert_peer(c, "+0 FIN");
    cert_wait(c, 20);
    cert_is(c, cert_stats(c).tcp[0].currently_established, 3);
    cert_use(c, 2);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_wait(c, 20);
    cert_is(c, cert_stats(c).tcp[0].currently_established, 2);
    for (uint32_t i = 0; i < 3; ++i) {
        cert_use(c, i);
        cert_peer(c, "RST");
        cert_wait(c, 20);
    }
    cert_is(c, cert_stats(c).tcp[0].currently_established, 0);
    cert_is(c, cert_stats(c).tcp[0].reset_established, 2);
    cert_is(c, cert_stats(c).tcp[0].out_resets, 0);
}

static void t_296d(struct cert *c)
{
    c->settings.choices |= TOE_CERTIFY_DROP_BAD_TCP;
    cert_offload(c);
    cert_peer(c, "1000:1100 badcsum");
    cert_peer(c, "1000:1100 badcsum");
    cert_peer(c, "1000:1010 badoffset");
    cert_peer(c, "1000:1100 PSH");
    cert_expect_indicate(c, 100);
    cert_is(c, cert_stats(c).tcp[0].in_errors, 3);
    cert_is(c, cert_stats(c).tcp[0].in_segments, 4);
    cert_is(c, cert_count(c, CERT_PASSED_UP), 0);
}

/* A frame whose last 50 bytes are missing. */
static void cut(struct cert *c)
{
    static uint8_t frame[CERT_FRAME_MAX];
    static const uint8_t payload[100];
    struct cert_seg seg;

    cert_peer_init(c, &seg);
    seg.payload = payload;
    seg.len = sizeof(payload);
    cert_peer_frame(c, frame, cert_craft_build(frame, &seg) - 50);
}

static void t_296e(struct cert *c)
{
    c->settings.choices |= TOE_CERTIFY_DROP_BAD_IP;
    cert_offload(c);
    cert_peer(c, "1000:1100 badipcsum");
    cut(c);
    cut(c);
    cert_wait(c, 20);
    cert_is(c, cert_stats(c).ip[0].in_header_errors, 1);
    cert_is(c, cert_stats(c).ip[0].in_truncated_packets, 2);
    cert_is(c, cert_stats(c).ip[0].in_delivers, 0);
    cert_is(c, cert_stats(c).tcp[0].in_errors, 0);
    cert_is(c, cert_count(c, CERT_PASSED_UP), 0);
    cert_peer(c, "1000:1100 PSH");
    cert_expect_indicate(c, 100);
    cert_is(c, cert_stats(c).ip[0].in_delivers, 1);
}

static void t_296f(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1000:1100 badipcsum");
    cert_expect_passed_up(c, 154);
    cut(c);
    cert_expect_passed_up(c, 104);
    expect_none(c, 1);
    cert_is(c, cert_stats(c).ip[0].in_receives, 0);
    cert_is(c, cert_stats(c).ip[0].in_header_errors, 0);
    cert_is(c, cert_stats(c).ip[0].in_truncated_packets, 0);
    cert_is(c, cert_stats(c).tcp[0].in_segments, 0);
    cert_peer(c, "1000:1100 PSH");
    cert_expect_indicate(c, 100);
}

/*
 * The host keeps all that it is given, until there is no room for what still fits the window. What
 * was neither taken nor left to the host was discarded.
 */
static void t_296g(struct cert *c)
{
    struct toe_ip_stats stats;
    uint64_t lost;

    c->settings.rcv_chunk_max = 4;
    c->keeps = true;
    cert_offload(c);
    for (uint32_t i = 0; i < 40; ++i) {
        cert_peer(c, "+1460 PSH");
        cert_wait(c, 20);
    }
    stats = cert_stats(c).ip[0];
    cert_is(c, stats.in_receives, 40 - cert_count(c, CERT_PASSED_UP));
    lost = stats.in_receives - (cert_query(c)->delegated.rcv_nxt - 1000) / 1460;
    cert_note(c, "%u lost", (unsigned int)lost);
    cert_require(c, stats.in_discards <= lost);
    cert_require(c, (stats.in_discards == 0) == (lost == 0));
    cert_is(c, stats.in_header_errors, 0);
    cert_is(c, cert_stats(c).tcp[0].in_errors, 0);
    if (lost == 0) {
        cert_skip(c, "the target found room for all");
    }
}

static void exchange(struct cert *c)
{
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000");
    cert_peer(c, "+1000 PSH ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_expect_indicate(c, 1000);
    cert_wait(c, 10000);
    cert_skip_segs(c);
}

static void t_297(struct cert *c)
{
    struct toe_stats before;
    struct toe_stats after;
    struct toe_tcp_stats kept = {0};
    static const struct toe_ip_stats none;

    if (c->plugin->stats_reset == NULL) {
        cert_skip(c, "the counters of the target cannot be reset");
    }
    (void)cert_conn_add(c, cert_path_add(c, c->neighbors[0], 6));
    cert_offload(c);
    exchange(c);
    cert_use(c, 0);
    exchange(c);
    before = cert_stats(c);
    cert_is(c, before.tcp[0].in_segments, 1);
    cert_is(c, before.tcp[1].in_segments, 1);
    c->plugin->stats_reset(c->target, TOE_STATS_TCP4 | TOE_STATS_IP4);
    after = cert_stats(c);
    kept.currently_established = 1;
    cert_require(c, memcmp(&after.tcp[0], &kept, sizeof(kept)) == 0);
    cert_require(c, memcmp(&after.ip[0], &none, sizeof(none)) == 0);
    cert_require(c, memcmp(&after.tcp[1], &before.tcp[1], sizeof(kept)) == 0);
    cert_require(c, memcmp(&after.ip[1], &before.ip[1], sizeof(none)) == 0);
}

/* Frames of the host, and of connections that are not offloaded, count nowhere. */
static void t_297b(struct cert *c)
{
    uint8_t frame[60] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8};

    cert_offload(c);
    cert_host_frame(c, frame, sizeof(frame));
    pass_up(c, foreign_port);
    cert_wait(c, 20);
    cert_is(c, cert_stats(c).tcp[0].in_segments, 0);
    cert_is(c, cert_stats(c).tcp[0].out_segments, 0);
    cert_is(c, cert_stats(c).ip[0].in_receives, 0);
    cert_is(c, cert_stats(c).ip[0].out_requests, 0);
}

#define STATS(number, what, which, function)                                                       \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_PLATFORM,           \
        .run = (function)                                                                          \
    }

const struct cert_scenario cert_io_more_scenarios[] = {
    STATS("T-296a", "every counter after traffic of all kinds",
          "IOS-060 IOS-061 IOS-063..065 IOS-067 IOS-068 IOS-070 IOS-071 IOS-075 FWD-019 PST-2 "
          "IOS-074",
          t_296a),
    STATS("T-296b", "the same over IPv6",
          "IOS-060 IOS-061 IOS-063..065 IOS-067 IOS-068 IOS-070 IOS-071 IOS-075 FWD-019 PST-2 "
          "IOS-074",
          t_296b),
    STATS("T-296c", "established connections and their resets", "IOS-062 IOS-063", t_296c),
    STATS("T-296d", "segments dropped for TCP errors", "IOS-060 IOS-066 SEG-075 PST-6", t_296d),
    STATS("T-296e", "datagrams dropped for IP errors", "IOS-072 SEG-077 PST-6", t_296e),
    STATS("T-296f", "what is passed up instead counts nowhere", "IOS-075 SEG-077 PST-6", t_296f),
    STATS("T-296g", "datagrams dropped for want of room", "IOS-073", t_296g),
    STATS("T-297a", "a reset of one IP version's counters", "IOS-081 IOS-082 PST-1 PST-4 PST-5",
          t_297),
    STATS("T-297b", "the ordinary path counts nowhere", "IOS-080 PST-1", t_297b),
    {.id = NULL},
};
