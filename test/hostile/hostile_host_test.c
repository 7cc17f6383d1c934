/* SPDX-License-Identifier: MIT */
/*
 * Hostile inputs, numbers 55 to 63: what somebody on the way, or on the link, may say to a host
 * that it did not ask for, and what nobody outside may guess. Numbers as in doc/hostile.md.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/siphash.h"
#include "host/host_conn.h"
#include "host/lookup.h"
#include "support/host_pair.h"
#include "support/host_stub.h"
#include "target/demux.h"
#include "wire/bytes.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

#define SEC TOE_NS_PER_SEC

static const uint8_t peer_mac[TOE_MAC_LEN] = {2, 0, 0, 0, 0, 2};

static void init(struct t_stub *stub, uint64_t seed)
{
    struct toe_host_settings settings;

    t_stub_settings(&settings);
    settings.seed = seed;
    settings.nagle = false;
    t_stub_init(stub, &settings);
    t_stub_resolve(stub);
}

/* What an ICMP message quotes: a segment of ours from |port| to the peer's port 80. */
struct quote {
    uint8_t family;
    uint16_t port;
    uint16_t peer_port;
    uint32_t seq;
};

static void arrive(struct t_stub *stub, struct wire_icmp icmp, const struct quote *quote)
{
    uint8_t bytes[WIRE_IPV6_LEN + 8];
    uint8_t *tcp;

    if (quote->family == 4) {
        const struct wire_ipv4 ip = {.src = t_pair_addr(4, 1),
                                     .dst = t_pair_addr(4, 2),
                                     .payload_len = 1480,
                                     .ttl = 60,
                                     .proto = WIRE_PROTO_TCP};

        tcp = bytes + wire_ipv4_build(bytes, sizeof(bytes), &ip);
    } else {
        const struct wire_ipv6 ip = {.src = t_pair_addr(6, 1),
                                     .dst = t_pair_addr(6, 2),
                                     .payload_len = 1460,
                                     .hop_limit = 60,
                                     .next_header = WIRE_PROTO_TCP};

        tcp = bytes + wire_ipv6_build(bytes, sizeof(bytes), &ip);
    }
    wire_store_u16(tcp, quote->port);
    wire_store_u16(tcp + 2, quote->peer_port);
    wire_store_u32(tcp + 4, quote->seq);
    icmp.family = quote->family;
    icmp.body = bytes;
    icmp.body_len = (size_t)(tcp - bytes) + 8;
    t_stub_arrive_icmp(stub, &icmp);
}

/* A connection over |family|, with 3000 bytes in flight, and what a message would quote of it. */
static toe_handle in_flight(struct t_stub *stub, uint8_t family, struct quote *quote)
{
    static const uint8_t data[3000];
    const struct toe_addr dst = t_pair_addr(family, 2);
    const toe_handle conn = toe_host_connect(stub->host, NULL, 0, &dst, 80);
    struct t_seg seg = {
        .peer_port = 80, .seq = 9, .flags = TCP_SYN | TCP_ACK, .wnd = 60000, .mss = 1440};
    const struct t_out *syn;

    t_stub_run(stub, 0);
    syn = t_stub_frame(stub);
    seg.port = syn->seg.src_port;
    seg.ack = syn->seg.seq.v + 1;
    t_stub_arrive_seg(stub, family, &seg);
    t_stub_event(stub, TOE_HOST_CONNECTED);
    toe_host_send(stub->host, conn, data, sizeof(data));
    t_stub_run(stub, 0);
    stub->frame_head = stub->frame_cnt;
    *quote = (struct quote){family, seg.port, 80, seg.ack};
    return conn;
}

/* The connection lives, and sends segments of at least |floor| bytes. */
static void expect_alive(struct t_stub *stub, toe_handle conn, uint16_t floor)
{
    struct toe_host_tcp_info info = {.size = sizeof(info)};

    assert_true(toe_host_tcp_info(stub->host, conn, &info));
    assert_int_equal(info.state, TOE_TCP_ESTABLISHED);
    assert_true(info.snd_mss >= floor);
    stub->frame_head = stub->frame_cnt;
}

/*
 * 55: whatever MTU is told, segments do not shrink below what the family guarantees (RFC 1191,
 * RFC-029; RFC 8201, 4), and what is not about a segment in flight does nothing.
 */
static void test_hostile_55_mtu(void **state)
{
    static const uint32_t mtus[] = {0,  1,   39,   40,   59,    60,        67,
                                    68, 552, 1279, 1500, 65535, UINT32_MAX};

    (void)state;
    for (uint8_t family = 4; family <= 6; family = (uint8_t)(family + 2)) {
        struct t_stub stub;
        struct quote quote;
        struct quote forged;
        toe_handle conn;

        init(&stub, 1);
        conn = in_flight(&stub, family, &quote);
        for (size_t i = 0; i < sizeof(mtus) / sizeof(mtus[0]); ++i) {
            const struct wire_icmp icmp = {.kind = WIRE_ICMP_PACKET_BIG, .mtu = mtus[i]};

            forged = quote;
            forged.seq = quote.seq - 1;
            arrive(&stub, icmp, &forged);
            forged.seq = quote.seq + 3000;
            arrive(&stub, icmp, &forged);
            forged = quote;
            forged.peer_port = 81;
            arrive(&stub, icmp, &forged);
            expect_alive(&stub, conn, 1428);
        }
        for (size_t i = 0; i < sizeof(mtus) / sizeof(mtus[0]); ++i) {
            arrive(&stub, (struct wire_icmp){.kind = WIRE_ICMP_PACKET_BIG, .mtu = mtus[i]}, &quote);
            /* IPv6: only the plateau below 1500 counts, for a router that tells none. */
            expect_alive(&stub, conn, family == 4 ? 512 - 12 : 1432 - 12);
        }
        t_stub_fini(&stub);
    }
}

/* 56: no message of any type and code ends a connection that is established. */
static void test_hostile_56_hard_errors(void **state)
{
    (void)state;
    for (uint8_t family = 4; family <= 6; family = (uint8_t)(family + 2)) {
        struct t_stub stub;
        struct quote quote;
        toe_handle conn;

        init(&stub, 1);
        conn = in_flight(&stub, family, &quote);
        for (unsigned code = 0; code < 256; ++code) {
            for (unsigned type = 0; type < 256; ++type) {
                const bool is_nd = family == 6 && type >= 133 && type <= 137;
                const struct wire_icmp icmp = {
                    .kind = WIRE_ICMP_OTHER, .type = (uint8_t)type, .code = (uint8_t)code};

                if (!is_nd) {
                    arrive(&stub, icmp, &quote);
                    stub.frame_head = stub.frame_cnt;
                }
            }
        }
        t_stub_expect_no_event(&stub);
        expect_alive(&stub, conn, 500);
        t_stub_fini(&stub);
    }
}

/* Says that the peer's address is at |mac|: in answer to a question, or to whoever listens. */
static void claim(struct t_stub *stub, uint8_t family, const uint8_t mac[TOE_MAC_LEN], bool answer)
{
    const struct toe_addr peer = t_pair_addr(family, 2);
    const struct toe_addr own = t_pair_addr(family, 1);

    if (family == 4) {
        struct wire_arp arp = {.op = answer ? WIRE_ARP_REPLY : WIRE_ARP_REQUEST,
                               .sender_ip = peer,
                               .target_ip = answer ? own : peer};

        memcpy(arp.sender_mac, mac, TOE_MAC_LEN);
        t_stub_arrive_arp(stub, &arp, mac);
    } else {
        struct wire_nd nd = {.type = WIRE_ND_ADVERTISEMENT,
                             .is_solicited = answer,
                             .is_override = true,
                             .has_lladdr = true,
                             .target = peer};

        memcpy(nd.lladdr, mac, TOE_MAC_LEN);
        t_stub_arrive_nd(stub, &nd, &peer, &own, 255);
    }
}

/* Segments went to the peer's address; a question of the host is answered by its true owner. */
static void look_at_frames(struct t_stub *stub, uint8_t family, uint32_t *segments)
{
    while (stub->frame_head != stub->frame_cnt) {
        const struct t_out *out = t_stub_frame(stub);

        if (out->proto == WIRE_PROTO_TCP) {
            assert_memory_equal(out->ether.dst, peer_mac, TOE_MAC_LEN);
            ++*segments;
        } else {
            claim(stub, family, peer_mac, true);
        }
    }
}

/*
 * 57: a thousand machines say that the peer's address is theirs. The host only asks; its traffic
 * stays where it was, and no target is told anything else.
 */
static void test_hostile_57_neighbors(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; ++i) {
        const uint8_t family = i % 2 == 0 ? 4 : 6;
        uint32_t segments = 0;
        struct t_stub stub;
        struct quote quote;
        toe_handle conn;

        init(&stub, 1);
        conn = in_flight(&stub, family, &quote);
        for (uint16_t k = 0; k < 1000; ++k) {
            const uint8_t mac[TOE_MAC_LEN] = {2, 66, 0, 0, (uint8_t)(k >> 8), (uint8_t)k};

            /* Unasked and again, while the question is open: that is no answer. */
            for (unsigned again = i < 2 ? 1 : 0; again < 2; ++again) {
                claim(&stub, family, mac, i < 2);
            }
            toe_host_send(stub.host, conn, "x", 1);
            t_stub_run(&stub, 0);
            look_at_frames(&stub, family, &segments);
            t_stub_run(&stub, 10 * TOE_NS_PER_MS);
            look_at_frames(&stub, family, &segments);
        }
        assert_true(segments > 20);
        expect_alive(&stub, conn, 1428);
        t_stub_expect_no_op(&stub);
        t_stub_fini(&stub);
    }
}

/* 57: and who is not on the link, and so no neighbor, is not even asked about (RFC 4861, 7.1). */
static void test_hostile_57_far_away(void **state)
{
    const struct toe_addr peer = t_pair_addr(6, 2);
    const struct toe_addr own = t_pair_addr(6, 1);
    const struct wire_nd nd = {.type = WIRE_ND_ADVERTISEMENT,
                               .is_override = true,
                               .has_lladdr = true,
                               .lladdr = {2, 66, 0, 0, 0, 1},
                               .target = peer};
    struct t_stub stub;
    struct quote quote;

    (void)state;
    init(&stub, 1);
    (void)in_flight(&stub, 6, &quote);
    t_stub_arrive_nd(&stub, &nd, &peer, &own, 254);
    t_stub_run(&stub, 0);
    t_stub_expect_silence(&stub);
    t_stub_expect_no_op(&stub);
    t_stub_fini(&stub);
}

/* The initial sequence number with which a host of |seed| opens to the peer's |port|. */
static uint32_t isn_of(struct t_stub *stub, uint16_t src_port, uint16_t port)
{
    const struct toe_addr dst = t_pair_addr(4, 2);
    const toe_handle conn = toe_host_connect(stub->host, NULL, src_port, &dst, port);
    const struct t_out *out;
    uint32_t isn;

    t_stub_run(stub, 0);
    out = t_stub_frame(stub);
    if (out->proto != WIRE_PROTO_TCP) { /* The neighbor was not heard of for too long. */
        claim(stub, 4, peer_mac, true);
        out = t_stub_frame(stub);
    }
    isn = out->seg.seq.v;
    toe_host_abort(stub->host, conn);
    t_stub_run(stub, 0);
    stub->frame_head = stub->frame_cnt;
    return isn;
}

/*
 * 61: initial sequence numbers (RFC 6528) differ between hosts and between tuples by what looks
 * like chance, and grow by the clock from one connection of a tuple to the next.
 */
static void test_hostile_61_isn(void **state)
{
    uint32_t last_step = 0;
    uint32_t same_steps = 0;
    uint32_t a_last = 0;
    struct t_stub a;
    struct t_stub b;

    (void)state;
    init(&a, 1);
    init(&b, 2);
    for (uint16_t port = 1000; port < 1128; ++port) {
        const uint32_t first = isn_of(&a, 5000, port);
        uint32_t again;

        assert_int_not_equal(first, isn_of(&b, 5000, port));
        same_steps += first - a_last == last_step;
        last_step = first - a_last;
        a_last = first;
        t_stub_run(&a, 100 * TOE_NS_PER_MS);
        again = isn_of(&a, 5000, port);
        assert_int_equal(again - first, 100 * TOE_NS_PER_MS / (4 * TOE_NS_PER_US));
    }
    assert_true(same_steps <= 1);
    t_stub_fini(&a);
    t_stub_fini(&b);
}

/*
 * 61: who reopens a connection in TIME_WAIT learns nothing for other tuples: the number is the
 * tuple's own, by its clock, however the old connection was numbered.
 */
static void test_hostile_61_reopened(void **state)
{
    const struct toe_addr addr = t_pair_addr(4, 1);
    uint32_t isn[2];

    (void)state;
    for (uint64_t seed = 1; seed <= 2; ++seed) {
        struct t_seg seg = {
            .port = 80, .peer_port = 999, .seq = 100, .flags = TCP_SYN, .wnd = 60000, .mss = 1460};
        struct t_stub stub;
        toe_handle listener;
        uint32_t first;

        init(&stub, seed);
        listener = toe_host_listen(stub.host, &addr, 80, 4);
        t_stub_arrive_seg(&stub, 4, &seg);
        first = t_stub_frame(&stub)->seg.seq.v;
        seg = (struct t_seg){.port = 80,
                             .peer_port = 999,
                             .seq = 101,
                             .ack = first + 1,
                             .flags = TCP_ACK,
                             .wnd = 60000};
        t_stub_arrive_seg(&stub, 4, &seg);
        toe_host_close(stub.host, toe_host_accept(stub.host, listener));
        t_stub_run(&stub, 0);
        (void)t_stub_frame(&stub);
        seg.flags = TCP_ACK | TCP_FIN;
        seg.ack = first + 2;
        t_stub_arrive_seg(&stub, 4, &seg);
        (void)t_stub_frame(&stub);
        t_stub_run(&stub, 5 * SEC);
        seg = (struct t_seg){
            .port = 80, .peer_port = 999, .seq = 5000, .flags = TCP_SYN, .wnd = 60000, .mss = 1460};
        t_stub_arrive_seg(&stub, 4, &seg);
        isn[seed - 1] = t_stub_frame(&stub)->seg.seq.v;
        assert_int_equal(isn[seed - 1] - first, 5 * SEC / (4 * TOE_NS_PER_US));
        t_stub_fini(&stub);
    }
    assert_int_not_equal(isn[0], isn[1]);
}

/* 62: ports (RFC 6056, algorithm 4): another start for each destination and each host. */
static void test_hostile_62_ports(void **state)
{
    uint32_t neighbors = 0;
    uint32_t same = 0;
    uint16_t last = 0;
    struct t_stub a;
    struct t_stub b;

    (void)state;
    init(&a, 1);
    init(&b, 2);
    for (uint16_t port = 1000; port < 1256; ++port) {
        const struct toe_addr dst = t_pair_addr(4, 2);
        struct toe_host_conn_info info;
        uint16_t chosen;
        toe_handle conn;

        conn = toe_host_connect(a.host, NULL, 0, &dst, port);
        assert_true(toe_host_conn_info(a.host, conn, &info));
        chosen = info.local_port;
        assert_true(chosen >= 32768);
        neighbors += (uint16_t)(chosen - last) <= 16;
        last = chosen;
        toe_host_abort(a.host, conn);
        conn = toe_host_connect(b.host, NULL, 0, &dst, port);
        assert_true(toe_host_conn_info(b.host, conn, &info));
        same += info.local_port == chosen;
        toe_host_abort(b.host, conn);
    }
    assert_true(neighbors <= 4);
    assert_true(same <= 2);
    t_stub_fini(&a);
    t_stub_fini(&b);
}

/*
 * 63: tuples that meet in one bucket under one key do not under another one: the hash of the
 * tables (hosts and targets draw the key from their seed) takes all of it into account.
 */
static void test_hostile_63_collisions(void **state)
{
    enum { BUCKETS = 256, FOUND = 512 };
    const struct base_siphash_key known = {1, 2};
    const struct base_siphash_key secret = {UINT64_C(0x9e3779b97f4a7c15), 4};
    uint32_t chains[BUCKETS] = {0};
    uint32_t longest = 0;
    uint32_t found = 0;

    (void)state;
    for (uint64_t i = 0; found < FOUND; ++i) {
        const uint64_t words[2] = {UINT64_C(0x0a0000010a000002), i};

        if (base_siphash13_words(&known, words, 2) % BUCKETS == 0) {
            const uint32_t n = ++chains[base_siphash13_words(&secret, words, 2) % BUCKETS];

            longest = n > longest ? n : longest;
            ++found;
        }
    }
    assert_true(longest <= 16);
}

/* How often the difference of two keyed hashes of the same thing is that of the first thing's. */
static uint32_t same_steps(const uint64_t *a, const uint64_t *b, uint32_t cnt)
{
    uint32_t same = 0;

    for (uint32_t i = 1; i < cnt; ++i) {
        same += (a[i] ^ b[i]) == (a[0] ^ b[0]);
    }
    return same;
}

/* 63: and the tables are kept by that hash: of two hosts, and of two targets, each has its own. */
static void test_hostile_63_tables(void **state)
{
    enum { CNT = 64 };
    const struct toe_addr src = t_pair_addr(4, 1);
    const struct toe_addr dst = t_pair_addr(4, 2);
    uint64_t hashes[2][CNT];
    uint64_t rows[2][CNT];

    (void)state;
    for (uint32_t k = 0; k < 2; ++k) {
        const struct target_demux demux = {.key = {k + 1, 7}};
        struct t_stub stub;

        init(&stub, k + 1);
        for (uint16_t i = 0; i < CNT; ++i) {
            const struct host_tuple tuple =
                host_tuple_of(stub.host, &src, &dst, (uint16_t)(5000 + i), 80);
            uint8_t bytes[12] = {10, 0, 0, 1, 10, 0, 0, 2, (uint8_t)i};
            const struct target_row row = {bytes, sizeof(bytes)};

            assert_int_not_equal(toe_host_connect(stub.host, NULL, tuple.local_port, &dst, 80), 0);
            hashes[k][i] = host_lookup_conn(stub.host, &tuple)->hash.hash;
            rows[k][i] = target_demux_hash(&demux, row);
        }
        t_stub_fini(&stub);
    }
    assert_int_equal(same_steps(hashes[0], hashes[1], CNT), 0);
    assert_int_equal(same_steps(rows[0], rows[1], CNT), 0);
}

/*
 * 72: a connection that was saved comes back after ten minutes: it goes on from where it was, and a
 * peer that gave up meanwhile ends it with a RST.
 */
static void test_hostile_72_late(void **state)
{
    static uint8_t bytes[65536];
    struct toe_saved saved = {.size = sizeof(saved)};
    struct t_stub from;
    struct t_stub to;
    struct quote quote;
    struct t_seg rst;
    size_t len;
    toe_handle conn;
    const struct t_out *out;

    (void)state;
    init(&from, 1);
    init(&to, 2);
    conn = in_flight(&from, 4, &quote);
    assert_int_equal(toe_host_save(from.host, conn, bytes, sizeof(bytes), &len),
                     TOE_STATUS_SUCCESS);
    assert_true(toe_host_forget(from.host, conn));
    t_stub_run(&to, 600 * SEC);
    claim(&to, 4, peer_mac, true);
    assert_int_equal(toe_saved_read(&saved, bytes, len, NULL), TOE_STATUS_SUCCESS);
    assert_true(toe_saved_check(&saved, NULL));
    assert_int_equal(toe_host_restore(to.host, &saved, &conn), TOE_STATUS_SUCCESS);
    assert_true(toe_host_thaw(to.host, conn));
    to.frame_head = to.frame_cnt;
    t_stub_run(&to, 2 * SEC);
    do {
        out = t_stub_frame(&to);
        if (out->proto != WIRE_PROTO_TCP) {
            claim(&to, 4, peer_mac, true);
        }
    } while (out->proto != WIRE_PROTO_TCP);
    assert_int_equal(out->seg.seq.v, quote.seq);
    rst = (struct t_seg){.port = quote.port, .peer_port = 80, .seq = 10, .flags = TCP_RST};
    t_stub_arrive_seg(&to, 4, &rst);
    assert_int_equal(t_stub_event(&to, TOE_HOST_RESET).status, TOE_STATUS_REQUEST_ABORTED);
    t_stub_fini(&from);
    t_stub_fini(&to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile_55_mtu),       cmocka_unit_test(test_hostile_56_hard_errors),
        cmocka_unit_test(test_hostile_57_neighbors), cmocka_unit_test(test_hostile_57_far_away),
        cmocka_unit_test(test_hostile_61_isn),       cmocka_unit_test(test_hostile_61_reopened),
        cmocka_unit_test(test_hostile_62_ports),     cmocka_unit_test(test_hostile_63_collisions),
        cmocka_unit_test(test_hostile_63_tables),    cmocka_unit_test(test_hostile_72_late),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
