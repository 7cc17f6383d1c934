/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "emu/ecn_mark.h"
#include "emu/fault.h"
#include "sim/mark.h"
#include "wire/ether.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/tcp.h"

enum { FRAME_LEN = 14 + 40 + 20 };

/* A frame with a segment that has |flags|, its packet's ECN field being |ecn|. */
static size_t build(uint8_t frame[FRAME_LEN], int family, uint8_t ecn, uint8_t flags)
{
    const struct wire_ipv4 ip4 = {.src = {.family = 4, .bytes = {10, 0, 0, 1}},
                                  .dst = {.family = 4, .bytes = {10, 0, 0, 2}},
                                  .payload_len = WIRE_TCP_LEN,
                                  .tos = ecn,
                                  .ttl = 64,
                                  .proto = WIRE_PROTO_TCP};
    const struct wire_ipv6 ip6 = {.src = {.family = 6, .bytes = {0xfd, [15] = 1}},
                                  .dst = {.family = 6, .bytes = {0xfd, [15] = 2}},
                                  .payload_len = WIRE_TCP_LEN,
                                  .traffic_class = ecn,
                                  .hop_limit = 64,
                                  .next_header = WIRE_PROTO_TCP};
    struct tcp_segment seg = TCP_SEGMENT_INIT;
    uint8_t *ip = frame + 14;
    int len;

    seg.flags = flags;
    memset(frame, 0, FRAME_LEN);
    frame[12] = family == 4 ? 0x08 : 0x86;
    frame[13] = family == 4 ? 0x00 : 0xdd;
    len = family == 4 ? wire_ipv4_build(ip, 40, &ip4) : wire_ipv6_build(ip, 40, &ip6);
    assert_true(len > 0);
    assert_int_equal(wire_tcp_build(ip + len, WIRE_TCP_LEN, &seg), WIRE_TCP_LEN);
    return 14 + (size_t)len + WIRE_TCP_LEN;
}

/* What may be marked is marked as the simulated link does it, and nothing else is. */
static void test_marks(void **state)
{
    (void)state;
    for (int family = 4; family <= 6; family += 2) {
        for (uint8_t ecn = 0; ecn < 4; ++ecn) {
            uint8_t frame[FRAME_LEN];
            uint8_t want[FRAME_LEN];
            const size_t len = build(frame, family, ecn, TCP_ACK);

            memcpy(want, frame, sizeof(want));
            assert_int_equal(emu_ecn_is_markable(frame, len), sim_mark(want, len));
            if (emu_ecn_is_markable(frame, len)) {
                emu_ecn_mark(frame);
                assert_false(emu_ecn_is_markable(frame, len));
            }
            assert_memory_equal(frame, want, sizeof(want));
            for (size_t cut = 0; cut < 34; ++cut) {
                assert_false(emu_ecn_is_markable(frame, cut));
            }
        }
    }
}

/* Echo and answer are read from every segment but a SYN. */
static void test_flags(void **state)
{
    (void)state;
    for (int family = 4; family <= 6; family += 2) {
        uint8_t frame[FRAME_LEN];
        size_t len = build(frame, family, 2, TCP_ACK | TCP_ECE);

        assert_int_equal(emu_ecn_flags(frame, len), EMU_ECN_ECE);
        assert_int_equal(emu_ecn_flags(frame, len - 1), 0);
        len = build(frame, family, 2, TCP_ACK | TCP_CWR);
        assert_int_equal(emu_ecn_flags(frame, len), EMU_ECN_CWR);
        len = build(frame, family, 0, TCP_SYN | TCP_ECE | TCP_CWR);
        assert_int_equal(emu_ecn_flags(frame, len), 0);
        len = build(frame, family, 2, TCP_ACK | TCP_ECE);
        frame[14 + (family == 4 ? 9 : 6)] = WIRE_PROTO_UDP;
        assert_int_equal(emu_ecn_flags(frame, len), 0);
    }
}

/* A port that keeps the one frame that is sent last. */
struct keeper {
    struct emu_port port;
    uint8_t frame[FRAME_LEN];
    uint32_t cnt;
};

static void keep(void *wire, const struct toe_frame *frames, uint32_t cnt)
{
    struct keeper *keeper = wire;

    assert_int_equal(cnt, 1);
    memcpy(keeper->frame, frames->data, frames->len);
    ++keeper->cnt;
}

static void keeper_close(struct emu_port *port)
{
    (void)port;
}

/* The fault layer marks a copy, at once, and counts marks, echoes and answers. */
static void test_fault_marks(void **state)
{
    static const struct emu_fault_settings all = {.mark = 1000000};
    struct keeper keeper = {
        .port = {.ops = {.transmit = keep}, .close = keeper_close, .fd = -1},
    };
    struct emu_port *port = emu_fault_new(&keeper.port, NULL, &all, 1);
    struct emu_fault_stats out;
    uint8_t sent[FRAME_LEN];
    uint8_t before[FRAME_LEN];
    const struct toe_frame frame = {
        .data = sent, .len = (uint32_t)build(sent, 4, 2, TCP_ACK | TCP_ECE | TCP_CWR)};

    (void)state;
    assert_non_null(port);
    memcpy(before, sent, sizeof(before));
    emu_port_tick(port, 1);
    port->ops.transmit(port, &frame, 1);
    assert_int_equal(keeper.cnt, 1);
    assert_memory_equal(sent, before, sizeof(sent));
    assert_int_equal(keeper.frame[15] & 3, 3);
    (void)build(sent, 4, 0, TCP_ACK);
    port->ops.transmit(port, &frame, 1);
    assert_memory_equal(keeper.frame, sent, frame.len);
    emu_fault_stats_get(port, NULL, &out);
    assert_int_equal(out.marked, 1);
    assert_int_equal(out.echoed, 1);
    assert_int_equal(out.reduced, 1);
    emu_port_close(port);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_fault_marks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
