/* SPDX-License-Identifier: MIT */
/* Neighbors: questions and answers of ARP and neighbor discovery, and whom to believe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/host_pair.h"
#include "support/host_stub.h"
#include "wire/ipv4.h"

#define SEC TOE_NS_PER_SEC

static const uint8_t host_mac[6] = {2, 0, 0, 0, 0, 1};
static const uint8_t peer_mac[6] = {2, 0, 0, 0, 0, 2};
static const uint8_t evil_mac[6] = {2, 0, 0, 0, 0, 0x66};
static const uint8_t everybody[6] = {255, 255, 255, 255, 255, 255};

static struct wire_arp arp_of(uint16_t op, uint8_t sender, const uint8_t mac[6], uint8_t target)
{
    struct wire_arp arp = {
        .op = op, .sender_ip = t_pair_addr(4, sender), .target_ip = t_pair_addr(4, target)};

    memcpy(arp.sender_mac, mac, 6);
    return arp;
}

static void arrive_arp(struct t_stub *stub, uint16_t op, const uint8_t mac[6], uint8_t target)
{
    const struct wire_arp arp = arp_of(op, 2, mac, target);

    t_stub_arrive_arp(stub, &arp, mac);
}

static toe_handle connect_to_peer(struct t_stub *stub, uint8_t family)
{
    const struct toe_addr dst = t_pair_addr(family, 2);
    const toe_handle conn = toe_host_connect(stub->host, NULL, 0, &dst, 80);

    assert_int_not_equal(conn, 0);
    t_stub_run(stub, 0);
    return conn;
}

/* A request for an address of ours is answered, another one is not. */
static void test_arp_answers(void **state)
{
    struct t_stub stub;
    const struct t_out *out;

    (void)state;
    t_stub_init(&stub, NULL);
    arrive_arp(&stub, WIRE_ARP_REQUEST, peer_mac, 9);
    t_stub_expect_silence(&stub);
    arrive_arp(&stub, WIRE_ARP_REQUEST, peer_mac, 1);
    out = t_stub_frame(&stub);
    assert_int_equal(out->arp.op, WIRE_ARP_REPLY);
    assert_memory_equal(out->arp.sender_mac, host_mac, 6);
    assert_memory_equal(out->ether.dst, peer_mac, 6);
    t_stub_expect_silence(&stub);
    t_stub_fini(&stub);
}

/* What is sent to an unknown neighbor waits for the answer to a question that is repeated. */
static void test_arp_resolves(void **state)
{
    struct t_stub stub;
    const struct t_out *out;

    (void)state;
    t_stub_init(&stub, NULL);
    connect_to_peer(&stub, 4);
    out = t_stub_frame(&stub);
    assert_int_equal(out->arp.op, WIRE_ARP_REQUEST);
    assert_memory_equal(out->ether.dst, everybody, 6);
    t_stub_expect_silence(&stub);
    t_stub_run(&stub, SEC + SEC / 10);
    assert_int_equal(t_stub_frame(&stub)->arp.op, WIRE_ARP_REQUEST);
    arrive_arp(&stub, WIRE_ARP_REPLY, peer_mac, 1);
    out = t_stub_frame(&stub);
    assert_int_equal(out->seg.flags, TCP_SYN);
    assert_memory_equal(out->ether.dst, peer_mac, 6);
    t_stub_fini(&stub);
}

/* Three questions without an answer: what waited is dropped, and the next segment asks again. */
static void test_arp_gives_up(void **state)
{
    struct t_stub stub;
    struct toe_host_stats stats;
    uint32_t requests = 0;

    (void)state;
    t_stub_init(&stub, NULL);
    connect_to_peer(&stub, 4);
    t_stub_run(&stub, 40 * SEC);
    while (stub.frame_head < stub.frame_cnt) {
        assert_int_equal(t_stub_frame(&stub)->arp.op, WIRE_ARP_REQUEST);
        ++requests;
    }
    assert_true(requests >= 6);
    stats = t_stub_stats(&stub);
    assert_true(stats.drops[TOE_DROP_NEIGHBOR_UNRESOLVED] >= 2);
    t_stub_fini(&stub);
}

/* An answer nobody asked for does not create, and does not change, what is known. */
static void test_arp_unsolicited(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    const struct t_out *out;
    toe_handle conn;

    (void)state;
    t_stub_init(&stub, NULL);
    t_stub_resolve(&stub);
    conn = t_stub_established(&stub, &seg);
    arrive_arp(&stub, WIRE_ARP_REPLY, evil_mac, 1);
    /* It only makes the host ask everybody. */
    out = t_stub_frame(&stub);
    assert_int_equal(out->arp.op, WIRE_ARP_REQUEST);
    assert_memory_equal(out->ether.dst, everybody, 6);
    toe_host_send(stub.host, conn, "x", 1);
    t_stub_run(&stub, 0);
    assert_memory_equal(t_stub_frame(&stub)->ether.dst, peer_mac, 6);
    /* The true one answers, and stays. */
    arrive_arp(&stub, WIRE_ARP_REPLY, peer_mac, 1);
    arrive_arp(&stub, WIRE_ARP_REPLY, peer_mac, 1);
    t_stub_expect_silence(&stub);
    t_stub_fini(&stub);
}

/* A neighbor that moved answers the question with its new address, which is used from then on. */
static void test_arp_moved(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    toe_handle conn;

    (void)state;
    t_stub_init(&stub, NULL);
    t_stub_resolve(&stub);
    conn = t_stub_established(&stub, &seg);
    arrive_arp(&stub, WIRE_ARP_REQUEST, evil_mac, 2); /* gratuitous */
    assert_int_equal(t_stub_frame(&stub)->arp.op, WIRE_ARP_REQUEST);
    arrive_arp(&stub, WIRE_ARP_REPLY, evil_mac, 1);
    toe_host_send(stub.host, conn, "x", 1);
    t_stub_run(&stub, 0);
    assert_memory_equal(t_stub_frame(&stub)->ether.dst, evil_mac, 6);
    t_stub_fini(&stub);
}

/* Packets whose sender is not who sent the frame, or that speak of other things, are dropped. */
static void test_arp_bad(void **state)
{
    struct t_stub stub;
    struct wire_arp arp = arp_of(WIRE_ARP_REQUEST, 2, peer_mac, 1);

    (void)state;
    t_stub_init(&stub, NULL);
    t_stub_arrive_arp(&stub, &arp, evil_mac);
    memset(arp.sender_mac, 0xff, 6);
    t_stub_arrive_arp(&stub, &arp, everybody);
    t_stub_expect_silence(&stub);
    assert_int_equal(t_stub_stats(&stub).drops[TOE_DROP_ARP_BAD], 2);
    t_stub_fini(&stub);
}

/* The same for IPv6: the question goes to the solicited-node group. */
static void test_nd_resolves(void **state)
{
    static const uint8_t group[6] = {0x33, 0x33, 0xff, 0, 0, 2};
    struct t_stub stub;
    struct wire_nd nd = {.type = WIRE_ND_ADVERTISEMENT,
                         .is_solicited = true,
                         .is_override = true,
                         .has_lladdr = true,
                         .target = t_pair_addr(6, 2)};
    const struct toe_addr src = t_pair_addr(6, 2);
    const struct toe_addr dst = t_pair_addr(6, 1);
    const struct t_out *out;

    (void)state;
    t_stub_init(&stub, NULL);
    connect_to_peer(&stub, 6);
    out = t_stub_frame(&stub);
    assert_int_equal(out->nd.type, WIRE_ND_SOLICITATION);
    assert_memory_equal(out->ether.dst, group, 6);
    assert_int_equal(out->hop_limit, 255);
    memcpy(nd.lladdr, peer_mac, 6);
    t_stub_arrive_nd(&stub, &nd, &src, &dst, 64); /* came through a router */
    t_stub_expect_silence(&stub);
    t_stub_arrive_nd(&stub, &nd, &src, &dst, 255);
    out = t_stub_frame(&stub);
    assert_int_equal(out->seg.flags, TCP_SYN);
    assert_memory_equal(out->ether.dst, peer_mac, 6);
    t_stub_fini(&stub);
}

/* A solicitation from nobody, as of duplicate address detection, is answered to all. */
static void test_nd_duplicate(void **state)
{
    static const uint8_t all_nodes[6] = {0x33, 0x33, 0, 0, 0, 1};
    struct t_stub stub;
    const struct wire_nd nd = {.type = WIRE_ND_SOLICITATION, .target = t_pair_addr(6, 1)};
    const struct toe_addr nobody = {.family = 6};
    const struct t_out *out;

    (void)state;
    t_stub_init(&stub, NULL);
    t_stub_arrive_nd(&stub, &nd, &nobody, &nd.target, 255);
    out = t_stub_frame(&stub);
    assert_int_equal(out->nd.type, WIRE_ND_ADVERTISEMENT);
    assert_false(out->nd.is_solicited);
    assert_memory_equal(out->ether.dst, all_nodes, 6);
    t_stub_fini(&stub);
}

/* Frames that wait for one neighbor are limited. */
static void test_waiting_is_limited(void **state)
{
    struct t_stub stub;

    (void)state;
    t_stub_init(&stub, NULL);
    for (int i = 0; i < 100; ++i) {
        connect_to_peer(&stub, 4);
    }
    assert_int_equal(t_stub_frame(&stub)->arp.op, WIRE_ARP_REQUEST);
    t_stub_expect_silence(&stub);
    assert_int_equal(t_stub_stats(&stub).drops[TOE_DROP_NEIGHBOR_UNRESOLVED], 100 - 32);
    t_stub_fini(&stub);
}

/* A neighbor that was not heard of for long is probed at its address once it is used. */
static void test_stale_is_probed(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    const struct t_out *out;
    toe_handle conn;

    (void)state;
    t_stub_init(&stub, NULL);
    t_stub_resolve(&stub);
    conn = t_stub_established(&stub, &seg);
    t_stub_run(&stub, 100 * SEC);
    toe_host_send(stub.host, conn, "x", 1);
    t_stub_run(&stub, 0);
    seg.ack += 1;
    assert_int_equal(t_stub_frame(&stub)->seg.payload_len, 1);
    /* TCP confirms it: no probe. */
    t_stub_arrive_seg(&stub, 4, &seg);
    t_stub_run(&stub, 20 * SEC);
    t_stub_expect_silence(&stub);
    t_stub_run(&stub, 100 * SEC);
    toe_host_send(stub.host, conn, "x", 1);
    t_stub_run(&stub, 5 * SEC + SEC / 2);
    do {
        out = t_stub_frame(&stub);
    } while (out->proto == WIRE_PROTO_TCP);
    assert_int_equal(out->arp.op, WIRE_ARP_REQUEST);
    assert_memory_equal(out->ether.dst, peer_mac, 6);
    t_stub_fini(&stub);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arp_answers),        cmocka_unit_test(test_arp_resolves),
        cmocka_unit_test(test_arp_gives_up),       cmocka_unit_test(test_arp_unsolicited),
        cmocka_unit_test(test_arp_moved),          cmocka_unit_test(test_arp_bad),
        cmocka_unit_test(test_nd_resolves),        cmocka_unit_test(test_nd_duplicate),
        cmocka_unit_test(test_waiting_is_limited), cmocka_unit_test(test_stale_is_probed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
