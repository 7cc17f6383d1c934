/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rand.h"
#include "support/guarded.h"
#include "wire/bytes.h"
#include "wire/tcp.h"

/* A header whose options are the |len| bytes at |options|, padded; returns its length. */
static size_t make_header(uint8_t *out, uint8_t flags, const uint8_t *options, size_t len)
{
    const size_t header_len = 20 + (len + 3) / 4 * 4;

    memset(out, 0, header_len);
    wire_store_u16(out, 1000);
    wire_store_u16(out + 2, 80);
    out[12] = (uint8_t)(header_len / 4 << 4);
    out[13] = flags;
    memcpy(out + 20, options, len);
    return header_len;
}

static bool segment_equal(const struct tcp_segment *a, const struct tcp_segment *b)
{
    return a->src_port == b->src_port && a->dst_port == b->dst_port && a->seq.v == b->seq.v &&
           a->ack.v == b->ack.v && a->wnd == b->wnd && a->urgent == b->urgent &&
           a->flags == b->flags && a->wscale == b->wscale && a->mss == b->mss &&
           a->sack_permitted == b->sack_permitted && a->has_ts == b->has_ts &&
           a->ts_val == b->ts_val && a->ts_ecr == b->ts_ecr && a->sack_cnt == b->sack_cnt &&
           memcmp(a->sack, b->sack, a->sack_cnt * sizeof(a->sack[0])) == 0 && a->ae == b->ae &&
           a->acc_cnt == b->acc_cnt && (a->acc_cnt == 0 || a->acc_ect1 == b->acc_ect1) &&
           memcmp(a->acc, b->acc, a->acc_cnt * sizeof(a->acc[0])) == 0;
}

/* Fixed fields, the payload and its place, and every prefix of it. */
static void test_tcp_fixed_fields(void **state)
{
    static const uint8_t bytes[23] = {0x04, 0x00, 0x00, 0x50, 1, 2, 3, 4, 5,   6,   7,  8,
                                      0x5f, 0xff, 0xfe, 0xdc, 0, 0, 0, 9, 'a', 'b', 'c'};
    struct t_guarded g;
    struct tcp_segment seg;

    (void)state;
    t_guarded_init(&g, 64);
    assert_int_equal(wire_tcp_parse(&seg, t_guarded_copy(&g, bytes, 23), 23), 20);
    assert_int_equal(seg.src_port, 1024);
    assert_int_equal(seg.dst_port, 80);
    assert_int_equal(seg.seq.v, 0x01020304);
    assert_int_equal(seg.ack.v, 0x05060708);
    assert_int_equal(seg.wnd, 0xfedc);
    assert_int_equal(seg.flags, 0xff);
    assert_int_equal(seg.urgent, 9);
    assert_int_equal(seg.wscale, -1);
    assert_int_equal(seg.payload_len, 3);
    assert_memory_equal(seg.payload, "abc", 3);
    assert_int_equal(tcp_segment_len(&seg), 5);
    for (size_t n = 0; n < 23; ++n) {
        const int got = wire_tcp_parse(&seg, t_guarded_copy(&g, bytes, n), n);

        assert_int_equal(got, n < 20 ? WIRE_ERR_SHORT : 20);
        assert_int_equal(seg.payload_len, n < 20 ? 0 : n - 20);
    }
    t_guarded_fini(&g);
}

/* A data offset below the header is malformed, one beyond the segment is short. */
static void test_tcp_data_offset(void **state)
{
    uint8_t bytes[40] = {0};
    struct tcp_segment seg;

    (void)state;
    for (unsigned offset = 0; offset < 16; ++offset) {
        const int want = offset < 5    ? WIRE_ERR_MALFORMED
                         : offset > 10 ? WIRE_ERR_SHORT
                                       : (int)(offset * 4);

        bytes[12] = (uint8_t)(offset << 4);
        assert_int_equal(wire_tcp_parse(&seg, bytes, sizeof(bytes)), want);
    }
}

struct option_case {
    const char *name;
    uint8_t flags;
    uint8_t len;
    uint8_t options[40];
    struct tcp_segment want; /* its options */
};

static const struct option_case option_cases[] = {
    {"none", TCP_ACK, 0, {0}, {.wscale = -1}},
    {"MSS", TCP_SYN, 4, {2, 4, 5, 0xb4}, {.wscale = -1, .mss = 1460}},
    {"MSS without SYN", TCP_ACK, 4, {2, 4, 5, 0xb4}, {.wscale = -1}},
    {"MSS of a wrong length", TCP_SYN, 4, {2, 3, 5, 1}, {.wscale = -1}},
    {"window scale", TCP_SYN, 3, {3, 3, 7}, {.wscale = 7}},
    {"window scale above 14", TCP_SYN, 3, {3, 3, 255}, {.wscale = 14}},
    {"window scale without SYN", TCP_ACK, 3, {3, 3, 7}, {.wscale = -1}},
    {"SACK permitted", TCP_SYN, 2, {4, 2}, {.wscale = -1, .sack_permitted = true}},
    {"SACK permitted without SYN", TCP_ACK, 2, {4, 2}, {.wscale = -1}},
    {"timestamps",
     TCP_ACK,
     12,
     {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2},
     {.wscale = -1, .has_ts = true, .ts_val = 1, .ts_ecr = 2}},
    {"timestamps not aligned",
     TCP_ACK,
     10,
     {8, 10, 0, 0, 0, 1, 0, 0, 0, 2},
     {.wscale = -1, .has_ts = true, .ts_val = 1, .ts_ecr = 2}},
    {"timestamps of a wrong length", TCP_ACK, 8, {8, 8, 0, 0, 0, 1, 0, 0}, {.wscale = -1}},
    {"SACK, two blocks",
     TCP_ACK,
     20,
     {1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4},
     {.wscale = -1, .sack_cnt = 2, .sack = {{{1}, {2}}, {{3}, {4}}}}},
    {"SACK, four blocks",
     TCP_ACK,
     36,
     {1, 1, 5, 34, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0,
      0, 4, 0, 0,  0, 5, 0, 0, 0, 6, 0, 0, 0, 7, 0, 0, 0, 8},
     {.wscale = -1, .sack_cnt = 4, .sack = {{{1}, {2}}, {{3}, {4}}, {{5}, {6}}, {{7}, {8}}}}},
    {"SACK of half a block", TCP_ACK, 8, {5, 6, 0, 0, 0, 1, 0, 0}, {.wscale = -1}},
    {"SACK of no block", TCP_ACK, 2, {5, 2}, {.wscale = -1}},
    {"unknown option stepped over",
     TCP_SYN,
     9,
     {253, 5, 1, 2, 3, 2, 4, 2, 0},
     {.wscale = -1, .mss = 512}},
    {"end of options ends them", TCP_SYN, 8, {0, 0, 0, 0, 2, 4, 2, 0}, {.wscale = -1}},
    {"length 0 ends them, the first counts",
     TCP_SYN,
     12,
     {3, 3, 2, 1, 253, 0, 1, 1, 2, 4, 2, 0},
     {.wscale = 2}},
    {"length 1 ends them", TCP_SYN, 8, {253, 1, 1, 1, 2, 4, 2, 0}, {.wscale = -1}},
    {"length beyond the header", TCP_SYN, 8, {3, 3, 2, 1, 2, 5, 2, 0}, {.wscale = 2}},
    {"kind without a length", TCP_SYN, 4, {1, 1, 1, 2}, {.wscale = -1}},
    {"all that a SYN has",
     TCP_SYN,
     20,
     {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 1, 3, 3, 14},
     {.wscale = 14, .mss = 1460, .sack_permitted = true, .has_ts = true, .ts_val = 9}},
    {"the same with a window scale above 14",
     TCP_SYN,
     20,
     {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 7, 1, 3, 3, 15},
     {.wscale = 14, .mss = 1460, .sack_permitted = true, .has_ts = true, .ts_val = 9, .ts_ecr = 7}},
    {"the same without SYN",
     TCP_ACK,
     20,
     {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 7, 1, 3, 3, 7},
     {.wscale = -1, .has_ts = true, .ts_val = 9, .ts_ecr = 7}},
    {"the same with a window scale of a wrong length",
     TCP_SYN,
     20,
     {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 7, 1, 3, 2, 7},
     {.wscale = -1, .mss = 1460, .sack_permitted = true, .has_ts = true, .ts_val = 9, .ts_ecr = 7}},
    {"the same in another order",
     TCP_SYN,
     20,
     {2, 4, 5, 0xb4, 1, 3, 3, 7, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 7},
     {.wscale = 7, .mss = 1460, .sack_permitted = true, .has_ts = true, .ts_val = 9, .ts_ecr = 7}},
};

/* Options one by one, right and wrong (RFC-020, RFC-021), flush against the guard page. */
static void test_tcp_options(void **state)
{
    struct t_guarded g;

    (void)state;
    t_guarded_init(&g, 64);
    for (size_t i = 0; i < sizeof(option_cases) / sizeof(option_cases[0]); ++i) {
        const struct option_case *c = &option_cases[i];
        uint8_t bytes[60];
        const size_t len = make_header(bytes, c->flags, c->options, c->len);
        struct tcp_segment want = c->want;
        struct tcp_segment seg;

        want.src_port = 1000;
        want.dst_port = 80;
        want.flags = c->flags;
        assert_int_equal(wire_tcp_parse(&seg, t_guarded_copy(&g, bytes, len), len), len);
        if (!segment_equal(&seg, &want)) {
            fail_msg("%s: options not read right", c->name);
        }
        for (size_t n = 0; n < len; ++n) {
            assert_int_equal(wire_tcp_parse(&seg, t_guarded_copy(&g, bytes, n), n), WIRE_ERR_SHORT);
        }
    }
    t_guarded_fini(&g);
}

/* The bytes of the options as built, which are those of Linux. */
static void test_tcp_build_layout(void **state)
{
    static const struct {
        const char *name;
        struct tcp_segment seg;
        uint8_t len;
        uint8_t options[40];
    } cases[] = {
        {"nothing", {.flags = TCP_ACK, .wscale = -1}, 0, {0}},
        {"timestamps",
         {.flags = TCP_ACK, .wscale = -1, .has_ts = true, .ts_val = 1, .ts_ecr = 2},
         12,
         {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2}},
        {"SYN, all of them",
         {.flags = TCP_SYN,
          .wscale = 7,
          .mss = 1460,
          .sack_permitted = true,
          .has_ts = true,
          .ts_val = 1},
         20,
         {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7}},
        {"SYN, no timestamps",
         {.flags = TCP_SYN, .wscale = 7, .mss = 1460, .sack_permitted = true},
         12,
         {2, 4, 5, 0xb4, 1, 1, 4, 2, 1, 3, 3, 7}},
        {"SYN, no SACK",
         {.flags = TCP_SYN, .wscale = -1, .mss = 1460, .has_ts = true},
         16,
         {2, 4, 5, 0xb4, 1, 1, 8, 10}},
        {"SYN, MSS alone", {.flags = TCP_SYN, .wscale = -1, .mss = 536}, 4, {2, 4, 2, 0x18}},
        {"options of a SYN without it",
         {.flags = TCP_ACK, .wscale = 7, .mss = 1460, .sack_permitted = true},
         0,
         {0}},
        {"SACK",
         {.flags = TCP_ACK, .wscale = -1, .sack_cnt = 1, .sack = {{{1}, {2}}}},
         12,
         {1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2}},
        {"timestamps leave room for three blocks",
         {.flags = TCP_ACK,
          .wscale = -1,
          .has_ts = true,
          .sack_cnt = 4,
          .sack = {{{1}, {2}}, {{3}, {4}}, {{5}, {6}}, {{7}, {8}}}},
         40,
         {1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 5, 26, 0, 0, 0, 1,
          0, 0, 0, 2,  0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5,  0, 0, 0, 6}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        const size_t len = 20u + cases[i].len;
        uint8_t out[60];

        memset(out, 0xee, sizeof(out));
        assert_int_equal(wire_tcp_header_len(&cases[i].seg), len);
        assert_int_equal(wire_tcp_build(out, len - 1, &cases[i].seg), 0);
        assert_int_equal(wire_tcp_build(out, len, &cases[i].seg), len);
        if (memcmp(out + 20, cases[i].options, cases[i].len) != 0 || out[12] != len / 4 << 4) {
            fail_msg("%s: not built right", cases[i].name);
        }
        assert_int_equal(wire_load_u16(out + WIRE_TCP_CSUM_OFF), 0);
    }
}

/* In a SYN of FreeBSD's the options stand in another order, and are padded at the end. */
static void test_tcp_options_bsd(void **state)
{
    static const struct {
        const char *name;
        struct tcp_segment seg;
        size_t len;
        uint8_t options[20];
    } cases[] = {
        {"all",
         {.flags = TCP_SYN,
          .wscale = 6,
          .mss = 1460,
          .sack_permitted = true,
          .has_ts = true,
          .ts_val = 1},
         20,
         {2, 4, 5, 0xb4, 1, 3, 3, 6, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0}},
        {"no timestamps",
         {.flags = TCP_SYN, .wscale = 6, .mss = 1460, .sack_permitted = true},
         12,
         {2, 4, 5, 0xb4, 1, 3, 3, 6, 4, 2, 0, 0}},
        {"no SACK",
         {.flags = TCP_SYN, .wscale = -1, .mss = 1460, .has_ts = true, .ts_ecr = 9},
         16,
         {2, 4, 5, 0xb4, 1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 9}},
        {"MSS and SACK",
         {.flags = TCP_SYN, .wscale = -1, .mss = 536, .sack_permitted = true},
         8,
         {2, 4, 2, 0x18, 4, 2, 0, 0}},
        {"none", {.flags = TCP_SYN, .wscale = -1}, 0, {0}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        const size_t len = 20u + cases[i].len;
        struct tcp_segment got;
        uint8_t out[60];

        memset(out, 0xee, sizeof(out));
        assert_int_equal(wire_tcp_build(out, len, &cases[i].seg), len);
        wire_tcp_options_bsd(out, &cases[i].seg);
        if (memcmp(out + 20, cases[i].options, cases[i].len) != 0 || out[len] != 0xee) {
            fail_msg("%s: not built right", cases[i].name);
        }
        assert_int_equal(wire_tcp_parse(&got, out, len), len);
        assert_true(segment_equal(&cases[i].seg, &got));
    }
}

static void random_segment(struct tcp_segment *seg, struct base_rand *r)
{
    *seg = (struct tcp_segment)TCP_SEGMENT_INIT;
    seg->src_port = (uint16_t)base_rand_u32(r);
    seg->dst_port = (uint16_t)base_rand_u32(r);
    seg->seq = toe_seq_of(base_rand_u32(r));
    seg->ack = toe_seq_of(base_rand_u32(r));
    seg->wnd = (uint16_t)base_rand_u32(r);
    seg->urgent = (uint16_t)base_rand_u32(r);
    seg->flags = (uint8_t)base_rand_u32(r);
    seg->ae = base_rand_chance(r, 1, 2);
    if (base_rand_chance(r, 1, 2)) {
        seg->has_ts = true;
        seg->ts_val = base_rand_u32(r);
        seg->ts_ecr = base_rand_u32(r);
    }
    if (seg->flags & TCP_SYN) {
        seg->mss = (uint16_t)base_rand_below(r, 3000);
        seg->wscale = (int8_t)((int)base_rand_below(r, 16) - 1);
        seg->sack_permitted = base_rand_chance(r, 1, 2);
    } else {
        seg->sack_cnt = (uint8_t)base_rand_below(r, seg->has_ts ? 4 : 5);
        for (uint8_t i = 0; i < seg->sack_cnt; ++i) {
            seg->sack[i].left = toe_seq_of(base_rand_u32(r));
            seg->sack[i].right = toe_seq_of(base_rand_u32(r));
        }
    }
    if (wire_tcp_header_len(seg) + 12 <= WIRE_TCP_LEN_MAX) {
        seg->acc_cnt = (uint8_t)base_rand_below(r, 4);
        seg->acc_ect1 = base_rand_chance(r, 1, 2);
        for (uint8_t i = 0; i < seg->acc_cnt; ++i) {
            seg->acc[i] = base_rand_u32(r) & 0xffffff;
        }
    }
}

/* RFC 9768, 3.2.3: either order, whole numbers only, of a longer option the first three; the first
 * option counts. */
static void test_tcp_accecn(void **state)
{
    static const struct {
        const char *name;
        size_t len;
        uint8_t options[24];
        uint8_t cnt;
        bool ect1;
        uint32_t acc[3];
    } cases[] = {
        {"empty", 2, {172, 2}, 0, false, {0}},
        {"one", 5, {172, 5, 1, 2, 3}, 1, false, {0x010203}},
        {"two, the other way", 8, {174, 8, 0, 0, 1, 0xff, 0xff, 0xff}, 2, true, {1, 0xffffff}},
        {"three", 11, {172, 11, 0, 0, 1, 0, 1, 0, 1, 0, 0}, 3, false, {1, 0x100, 0x10000}},
        {"one and a half", 6, {172, 6, 0, 0, 7, 9}, 1, false, {7}},
        {"four", 14, {174, 14, 0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 0, 4}, 3, true, {1, 2, 3}},
        {"twice", 10, {172, 5, 0, 0, 1, 174, 5, 0, 0, 2}, 1, false, {1}},
        {"beyond the header", 4, {172, 11, 0, 0}, 0, false, {0}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct tcp_segment seg;
        uint8_t header[60];
        const size_t len = make_header(header, TCP_ACK, cases[i].options, cases[i].len);

        header[12] |= 1;
        assert_int_equal(wire_tcp_parse(&seg, header, len), len);
        if (seg.acc_cnt != cases[i].cnt || (seg.acc_cnt > 0 && seg.acc_ect1 != cases[i].ect1) ||
            memcmp(seg.acc, cases[i].acc, seg.acc_cnt * sizeof(seg.acc[0])) != 0 || !seg.ae) {
            fail_msg("%s: %u", cases[i].name, seg.acc_cnt);
        }
    }
}

/* Of the option what fits leaves, the first numbers. */
static void test_tcp_accecn_fits(void **state)
{
    static const struct {
        bool has_ts;
        uint8_t sack_cnt;
        uint8_t want;
    } cases[] = {{true, 0, 3}, {true, 1, 3},  {true, 2, 2},
                 {true, 3, 0}, {false, 3, 3}, {false, 4, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct tcp_segment seg = TCP_SEGMENT_INIT;
        struct tcp_segment got;
        uint8_t out[60];

        seg.flags = TCP_ACK;
        seg.has_ts = cases[i].has_ts;
        seg.sack_cnt = cases[i].sack_cnt;
        seg.acc_cnt = 3;
        seg.acc[0] = 1;
        seg.acc[1] = 0x1000002;
        seg.acc[2] = 3;
        assert_int_equal(wire_tcp_build(out, sizeof(out), &seg), wire_tcp_header_len(&seg));
        assert_int_equal(wire_tcp_parse(&got, out, sizeof(out)), wire_tcp_header_len(&seg));
        assert_int_equal(got.acc_cnt, cases[i].want);
        assert_int_equal(got.sack_cnt, cases[i].sack_cnt);
        assert_true(got.acc_cnt < 2 || got.acc[1] == 2); /* modulo 2^24 */
    }
}

/* parse(build(x)) = x for random segments, and headers are padded to four bytes. */
static void test_tcp_round_trip(void **state)
{
    struct base_rand r;

    (void)state;
    base_rand_init(&r, 8);
    for (int i = 0; i < 50000; ++i) {
        struct tcp_segment in;
        struct tcp_segment got;
        uint8_t out[60];
        size_t len;

        random_segment(&in, &r);
        len = wire_tcp_build(out, sizeof(out), &in);
        assert_true(len >= 20 && len % 4 == 0);
        assert_int_equal(wire_tcp_parse(&got, out, len), len);
        assert_true(segment_equal(&in, &got));
    }
}

/* Garbage options are read without leaving the buffer, and give no value that cannot be. */
static void test_tcp_garbage(void **state)
{
    struct t_guarded g;
    struct base_rand r;

    (void)state;
    t_guarded_init(&g, 128);
    base_rand_init(&r, 4);
    for (int i = 0; i < 100000; ++i) {
        const size_t len = base_rand_below(&r, 70);
        uint8_t *p = t_guarded(&g, len);
        struct tcp_segment seg;

        for (size_t n = 0; n < len; ++n) {
            p[n] = (uint8_t)base_rand_below(&r, n < 20 ? 256 : 12);
        }
        if (wire_tcp_parse(&seg, p, len) > 0) {
            assert_in_range(seg.wscale + 1, 0, 15);
            assert_in_range(seg.sack_cnt, 0, TCP_SACK_MAX);
            assert_true(seg.payload + seg.payload_len == p + len);
        }
    }
    t_guarded_fini(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tcp_fixed_fields), cmocka_unit_test(test_tcp_data_offset),
        cmocka_unit_test(test_tcp_options),      cmocka_unit_test(test_tcp_build_layout),
        cmocka_unit_test(test_tcp_options_bsd),  cmocka_unit_test(test_tcp_accecn),
        cmocka_unit_test(test_tcp_accecn_fits),  cmocka_unit_test(test_tcp_round_trip),
        cmocka_unit_test(test_tcp_garbage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
