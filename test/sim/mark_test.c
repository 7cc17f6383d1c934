/* SPDX-License-Identifier: MIT */
/* Links that mark instead of dropping: what may be marked, how often, and from which queue on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/mark.h"
#include "toe/sim.h"
#include "wire/ether.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

#define FRAME_CNT 2000u

/* A frame with an empty packet of |family| and these ECN bits; returns its length. */
static size_t build(uint8_t *out, uint8_t family, bool vlan, uint8_t ecn)
{
    const struct wire_ether ether = {
        .type = family == 4 ? WIRE_ETHER_TYPE_IPV4 : WIRE_ETHER_TYPE_IPV6,
        .vlan_present = vlan,
        .vlan_id = 5,
    };
    const struct wire_ipv4 ip4 = {.src.family = 4,
                                  .dst.family = 4,
                                  .ttl = 64,
                                  .proto = WIRE_PROTO_TCP,
                                  .payload_len = 20,
                                  .tos = 0xb8 | ecn};
    const struct wire_ipv6 ip6 = {.src.family = 6,
                                  .dst.family = 6,
                                  .hop_limit = 64,
                                  .next_header = WIRE_PROTO_TCP,
                                  .payload_len = 20,
                                  .flow_label = 0xfffff,
                                  .traffic_class = 0xb8 | ecn};
    size_t len = (size_t)wire_ether_build(out, WIRE_ETHER_LEN_MAX, &ether);

    len += family == 4 ? (size_t)wire_ipv4_build(out + len, WIRE_IPV4_LEN, &ip4)
                       : (size_t)wire_ipv6_build(out + len, WIRE_IPV6_LEN, &ip6);
    memset(out + len, 0, 20);
    return len + 20;
}

/* The type of service of a frame that build() made, whose header must be sound. */
static uint8_t tos_of(const uint8_t *frame, size_t len)
{
    struct wire_ether ether;
    struct wire_ipv4 ip4;
    struct wire_ipv6 ip6;
    const int head = wire_ether_parse(&ether, frame, len);

    assert_true(head > 0);
    if (ether.type == WIRE_ETHER_TYPE_IPV4) {
        assert_true(wire_ipv4_parse(&ip4, frame + head, len - (size_t)head) > 0);
        assert_true(ip4.csum_ok);
        return ip4.tos;
    }
    assert_true(wire_ipv6_parse(&ip6, frame + head, len - (size_t)head) > 0);
    assert_int_equal(ip6.flow_label, 0xfffff);
    return ip6.traffic_class;
}

/* ECT(0) and ECT(1) become CE; the rest of the header stays, and is right. */
static void test_what_may_be_marked(void **state)
{
    (void)state;
    for (uint8_t n = 0; n < 16; ++n) {
        const uint8_t ecn = n & 3;
        const bool may = ecn == 1 || ecn == 2;
        uint8_t frame[128];
        const size_t len = build(frame, n & 4 ? 6 : 4, (n & 8) != 0, ecn);

        assert_int_equal(sim_mark(frame, len), may);
        assert_int_equal(tos_of(frame, len), may ? 0xbb : 0xb8 | ecn);
        assert_false(sim_mark(frame, len));
    }
}

/* Frames that are cut off, or none of IP, are left alone. */
static void test_prefixes(void **state)
{
    (void)state;
    for (uint8_t family = 4; family <= 6; family += 2) {
        uint8_t frame[128];
        const size_t len = build(frame, family, false, 2);

        for (size_t cut = 0; cut < len; ++cut) {
            assert_false(sim_mark(frame, cut));
        }
        frame[12] = 0x12;
        assert_false(sim_mark(frame, len));
    }
}

/* Sends a burst of FRAME_CNT over a link, and returns how many arrived with a mark. */
static uint32_t burst(const struct toe_sim_link_settings *set, uint64_t seed, uint8_t ecn,
                      uint64_t *counted)
{
    const struct toe_wire_ops *ops = toe_sim_wire_ops();
    struct toe_sim *sim = toe_sim_new(&(struct toe_sim_settings){.seed = seed});
    struct toe_sim_link *link = toe_sim_link_new(sim, set);
    struct toe_sim_stats stats = {0};
    uint32_t marked = 0;
    uint32_t cnt;

    for (uint32_t i = 0; i < FRAME_CNT; ++i) {
        uint8_t bytes[128];
        const struct toe_frame frame = {.data = bytes,
                                        .len = (uint32_t)build(bytes, 4, false, ecn)};

        ops->transmit(toe_sim_link_end(link, 0), &frame, 1);
    }
    assert_true(toe_sim_run(sim, 100 * TOE_NS_PER_SEC));
    do {
        struct toe_frame frames[16];

        cnt = ops->receive(toe_sim_link_end(link, 1), frames, 16);
        for (uint32_t i = 0; i < cnt; ++i) {
            marked += (tos_of(frames[i].data, frames[i].len) & 3) == 3;
        }
    } while (cnt > 0);
    toe_sim_stats_get(sim, &stats);
    *counted = stats.marked;
    toe_sim_del(sim);
    return marked;
}

/* By chance as often as set; for sure behind a queue that is long enough; never what may not. */
static void test_links_mark(void **state)
{
    const struct toe_sim_link_settings chance = {.mark = 100000};
    const struct toe_sim_link_settings queue = {
        .rate = 1000000, .queue = FRAME_CNT, .mark_at = FRAME_CNT / 2};
    uint64_t counted;

    (void)state;
    for (uint64_t seed = 1; seed <= 10; ++seed) {
        const uint32_t marked = burst(&chance, seed, 2, &counted);

        /* 200 expected, 6 sigma. */
        assert_in_range(marked, 200 - 81, 200 + 81);
        assert_int_equal(marked, counted);
    }
    assert_int_equal(burst(&chance, 1, 0, &counted), 0);
    assert_int_equal(counted, 0);
    assert_int_equal(burst(&queue, 1, 2, &counted), FRAME_CNT / 2);
    assert_int_equal(counted, FRAME_CNT / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_may_be_marked),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_links_mark),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
