/* SPDX-License-Identifier: MIT */
/*
 * The plain form of a frame is a short cut: where it is recognized, the parsers of the layers find
 * the same, and what is usual is recognized.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rand.h"
#include "support/guarded.h"
#include "wire/bytes.h"
#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/plain.h"

#define FRAMES 200000
#define ROOM 256u

static uint32_t below(struct base_rand *rand, uint32_t n)
{
    return (uint32_t)base_rand_below(rand, n);
}

static void fix_ipv4(uint8_t *ip)
{
    wire_store_u16(ip + 10, 0);
    wire_store_u16(ip + 10, wire_csum_fold(wire_csum_add(0, ip, WIRE_IPV4_LEN)));
}

/* The checksum of a segment, or none. */
static void put_csum(uint8_t *tcp, uint32_t len, const struct toe_addr *src,
                     const struct toe_addr *dst, bool is_right)
{
    const uint64_t sum = wire_csum_add(wire_csum_pseudo(src, dst, WIRE_PROTO_TCP, len), tcp, len);

    if (is_right) {
        wire_store_u16(tcp + WIRE_TCP_CSUM_OFF, wire_csum_fold(sum));
    }
}

/* A whole frame, with a tag or without, of either family; |is_usual| says whether it is plain. */
static uint32_t build(uint8_t *frame, struct base_rand *rand, bool *is_usual)
{
    const bool is_ipv4 = below(rand, 2) == 0;
    const struct wire_ether ether = {.dst = {2, 0, 0, 0, 0, 1},
                                     .src = {2, 0, 0, 0, 0, 2},
                                     .type = is_ipv4 ? WIRE_ETHER_TYPE_IPV4 : WIRE_ETHER_TYPE_IPV6,
                                     .vlan_present = below(rand, 3) == 0,
                                     .vlan_id = 77};
    struct tcp_segment seg = TCP_SEGMENT_INIT;
    const uint32_t payload_len = below(rand, 60);
    uint8_t *ip = frame + wire_ether_build(frame, ROOM, &ether);
    uint32_t ip_len = is_ipv4 ? WIRE_IPV4_LEN : WIRE_IPV6_LEN;
    uint32_t tcp_len;
    bool is_right;

    seg.seq.v = below(rand, UINT32_MAX);
    seg.ack.v = below(rand, UINT32_MAX);
    seg.wnd = (uint16_t)below(rand, UINT16_MAX);
    seg.src_port = (uint16_t)below(rand, UINT16_MAX);
    seg.dst_port = (uint16_t)below(rand, UINT16_MAX);
    seg.flags = (uint8_t)below(rand, 256);
    seg.ae = below(rand, 2) == 0;
    seg.has_ts = below(rand, 2) == 0;
    seg.ts_val = below(rand, UINT32_MAX);
    seg.ts_ecr = below(rand, UINT32_MAX);
    seg.sack_cnt = below(rand, 4) == 0;
    seg.mss = below(rand, 4) == 0 ? 1460 : 0;
    *is_usual = (seg.flags & TCP_SYN) != 0 ? seg.mss == 0 : seg.sack_cnt == 0;

    tcp_len = (uint32_t)wire_tcp_build(ip + ip_len, 60, &seg) + payload_len;
    is_right = below(rand, 2) == 0;
    for (uint32_t i = 0; i < payload_len; ++i) {
        ip[ip_len + tcp_len - payload_len + i] = (uint8_t)i;
    }
    if (is_ipv4) {
        struct wire_ipv4 header = {.src = {.family = 4, .bytes = {10, 0, 0, 1}},
                                   .dst = {.family = 4, .bytes = {10, 0, 0, 2}},
                                   .payload_len = (uint16_t)tcp_len,
                                   .tos = (uint8_t)below(rand, 256),
                                   .ttl = 64,
                                   .proto = WIRE_PROTO_TCP,
                                   .df = true};

        assert_int_equal(wire_ipv4_build(ip, WIRE_IPV4_LEN, &header), WIRE_IPV4_LEN);
        put_csum(ip + ip_len, tcp_len, &header.src, &header.dst, is_right);
    } else {
        struct wire_ipv6 header = {.src = {.family = 6, .bytes = {0xfd, 1}},
                                   .dst = {.family = 6, .bytes = {0xfd, 2}},
                                   .payload_len = (uint16_t)tcp_len,
                                   .traffic_class = (uint8_t)below(rand, 256),
                                   .next_header = WIRE_PROTO_TCP,
                                   .hop_limit = 64};

        assert_int_equal(wire_ipv6_build(ip, WIRE_IPV6_LEN, &header), WIRE_IPV6_LEN);
        put_csum(ip + ip_len, tcp_len, &header.src, &header.dst, is_right);
    }
    return (uint32_t)(ip - frame) + ip_len + tcp_len;
}

static void assert_segments_equal(const struct tcp_segment *a, const struct tcp_segment *b)
{
    assert_int_equal(a->src_port, b->src_port);
    assert_int_equal(a->dst_port, b->dst_port);
    assert_int_equal(a->seq.v, b->seq.v);
    assert_int_equal(a->ack.v, b->ack.v);
    assert_int_equal(a->wnd, b->wnd);
    assert_int_equal(a->urgent, b->urgent);
    assert_int_equal(a->flags, b->flags);
    assert_int_equal(a->wscale, b->wscale);
    assert_int_equal(a->mss, b->mss);
    assert_int_equal(a->sack_permitted, b->sack_permitted);
    assert_int_equal(a->has_ts, b->has_ts);
    assert_int_equal(a->sack_cnt, b->sack_cnt);
    assert_int_equal(a->ecn, b->ecn);
    assert_int_equal(a->ae, b->ae);
    assert_int_equal(a->acc_cnt, b->acc_cnt);
    assert_int_equal(a->acc_ect1, b->acc_ect1);
    assert_int_equal(a->ts_val, b->ts_val);
    assert_int_equal(a->ts_ecr, b->ts_ecr);
    assert_int_equal(a->payload_len, b->payload_len);
    assert_ptr_equal(a->payload, b->payload);
}

/* What is found in the IP header, and whether it is of a kind that a target takes. */
static void assert_ip(const struct wire_plain *plain, struct toe_addr addrs[2], const uint8_t *ip,
                      size_t len)
{
    struct wire_ipv4 four;
    struct wire_ipv6 six;

    if (plain->family == 4) {
        assert_int_equal(wire_ipv4_parse(&four, ip, len), WIRE_IPV4_LEN);
        assert_true(four.csum_ok && !four.has_options && !wire_ipv4_is_fragment(&four));
        assert_int_equal(four.proto, WIRE_PROTO_TCP);
        assert_int_equal(four.tos, plain->tos);
        assert_int_equal(four.payload_len, plain->tcp_len);
        addrs[0] = four.src;
        addrs[1] = four.dst;
        return;
    }
    assert_int_equal(wire_ipv6_parse(&six, ip, len), WIRE_IPV6_LEN);
    assert_int_equal(six.next_header, WIRE_PROTO_TCP);
    assert_int_equal(six.traffic_class, plain->tos);
    assert_int_equal(six.payload_len, plain->tcp_len);
    addrs[0] = six.src;
    addrs[1] = six.dst;
}

static void assert_plain(const struct wire_plain *plain, const uint8_t *frame, size_t len)
{
    struct wire_ether ether;
    struct toe_addr addrs[2];
    struct tcp_segment seg;
    struct tcp_segment same;
    const int ether_len = wire_ether_parse(&ether, frame, len);
    const uint8_t *row = wire_plain_row(plain);
    const size_t addr_len = plain->family == 4 ? 4 : 16;

    assert_true(ether_len > 0 && !ether.snap);
    assert_ptr_equal(plain->ip, frame + ether_len);
    assert_int_equal(ether.type, plain->family == 4 ? WIRE_ETHER_TYPE_IPV4 : WIRE_ETHER_TYPE_IPV6);
    assert_memory_equal(plain->frame, ether.dst, 6);
    assert_int_equal(plain->vlan_present, ether.vlan_present);
    assert_int_equal(plain->vlan_id, ether.vlan_id);
    assert_ip(plain, addrs, plain->ip, len - (size_t)ether_len);

    assert_true(wire_tcp_parse(&seg, plain->tcp, plain->tcp_len) > 0);
    memset(&same, 1, sizeof(same)); /* what is not filled in shows */
    wire_plain_segment(&same, plain);
    assert_segments_equal(&same, &seg);

    assert_int_equal(plain->row_len, 2 * addr_len + 4);
    assert_memory_equal(row, addrs[0].bytes, addr_len);
    assert_memory_equal(row + addr_len, addrs[1].bytes, addr_len);
    assert_int_equal(wire_load_u16(row + 2 * addr_len), seg.src_port);
    assert_int_equal(wire_load_u16(row + 2 * addr_len + 2), seg.dst_port);
    assert_int_equal(
        wire_csum_fold(wire_csum_add(wire_plain_sum(plain), seg.payload, seg.payload_len)),
        wire_csum_fold(
            wire_csum_add(wire_csum_pseudo(&addrs[0], &addrs[1], WIRE_PROTO_TCP, plain->tcp_len),
                          plain->tcp, plain->tcp_len)));
}

/* What is found up to the options is what the layers find; and so is whether the checksum is right.
 */
static bool assert_found(struct wire_plain *plain, const uint8_t *frame, size_t len)
{
    struct wire_plain whole;
    struct toe_addr addrs[2];
    const bool is_plain = wire_plain_parse(&whole, frame, len);
    uint64_t sum;

    assert_ip(plain, addrs, plain->ip, len - (size_t)(plain->ip - frame));
    sum = wire_csum_pseudo(&addrs[0], &addrs[1], WIRE_PROTO_TCP, plain->tcp_len);
    sum = wire_csum_add(sum, plain->tcp, plain->tcp_len);
    assert_int_equal(wire_plain_is_sum_right(plain), wire_csum_fold(sum) == 0);
    assert_int_equal(wire_plain_options(plain), is_plain);
    return wire_plain_is_sum_right(plain);
}

/* Changes a few bytes of the headers, or the length. */
static uint32_t damage(uint8_t *frame, uint32_t len, struct base_rand *rand)
{
    for (uint32_t n = below(rand, 4); n > 0; --n) {
        frame[below(rand, len < 80 ? len : 80)] ^= (uint8_t)(1u << below(rand, 8));
    }
    if (below(rand, 2) == 0) {
        fix_ipv4(frame + WIRE_ETHER_LEN);
    }
    return below(rand, 4) == 0 ? below(rand, len + 1) : len;
}

static void test_plain_is_the_same(void **state)
{
    uint32_t found = 0, right = 0;
    struct t_guarded g;
    struct base_rand rand;

    (void)state;
    t_guarded_init(&g, ROOM);
    base_rand_init(&rand, 1);
    for (uint32_t i = 0; i < FRAMES; ++i) {
        uint8_t frame[ROOM];
        bool is_usual;
        uint32_t len = build(frame, &rand, &is_usual);
        const bool is_damaged = below(&rand, 4) != 0;
        struct wire_plain plain;
        const uint8_t *data;

        len = is_damaged ? damage(frame, len, &rand) : len;
        data = t_guarded_copy(&g, frame, len);
        if (wire_plain_find(&plain, data, len)) {
            right += assert_found(&plain, data, len);
        }
        if (wire_plain_parse(&plain, data, len)) {
            assert_plain(&plain, data, len);
            ++found;
        } else {
            assert_true(is_damaged || !is_usual);
        }
    }
    assert_true(found > FRAMES / 4 && right > FRAMES / 8);
    t_guarded_fini(&g);
}

/* Whether two segments differ in what may differ only. */
static bool is_same_but_text(const struct wire_plain *a, const struct wire_plain *b)
{
    struct tcp_segment x;
    struct tcp_segment y;

    wire_plain_segment(&x, a);
    wire_plain_segment(&y, b);
    return a->tos == b->tos && a->tcp[12] == b->tcp[12] && toe_seq_eq(x.ack, y.ack) &&
           ((x.flags ^ y.flags) & ~TCP_PSH) == 0 && x.wnd == y.wnd && x.ts_val == y.ts_val &&
           x.ts_ecr == y.ts_ecr;
}

/* One bit decides whether two frames are alike, and which it is. */
static void test_alike_is_all_but_text(void **state)
{
    uint32_t alike = 0;
    uint32_t other = 0;
    struct base_rand rand;

    (void)state;
    base_rand_init(&rand, 2);
    for (uint32_t i = 0; i < FRAMES; ++i) {
        uint8_t frame[ROOM] = {0};
        uint8_t near[ROOM];
        bool is_usual;
        const uint32_t len = build(frame, &rand, &is_usual);
        struct wire_plain a;
        struct wire_plain b;

        memcpy(near, frame, sizeof(near));
        near[below(&rand, len)] ^= (uint8_t)(1u << below(&rand, 8));
        fix_ipv4(near + WIRE_ETHER_LEN);
        if (!wire_plain_parse(&a, frame, len) || !wire_plain_parse(&b, near, len) ||
            a.family != b.family) {
            continue;
        }
        assert_int_equal(wire_plain_is_same_row(&a, &b),
                         memcmp(wire_plain_row(&a), wire_plain_row(&b), a.row_len) == 0);
        assert_int_equal(wire_plain_is_alike(&a, &b), is_same_but_text(&a, &b));
        ++*(wire_plain_is_alike(&a, &b) ? &alike : &other);
    }
    assert_true(alike > FRAMES / 20 && other > FRAMES / 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_plain_is_the_same),
                                       cmocka_unit_test(test_alike_is_all_but_text)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
