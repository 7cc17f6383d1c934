/* SPDX-License-Identifier: MIT */
/*
 * Which frames are the target's: addresses, VLANs, options, fragments, damage. PROTOCOL 1.1, 1.6.
 */
#include "support/target_fixture.h"

#include "wire/bytes.h"
#include "wire/checksum.h"
#include "wire/ipv4.h"

#define FRAME_LEN 154

/* A good segment of 100 bytes, for a test to damage. */
static uint32_t good_frame(struct t_target *t, uint8_t *frame)
{
    struct tcp_segment seg = TCP_SEGMENT_INIT;
    uint8_t text[100];

    seg.src_port = 5001;
    seg.dst_port = 40000;
    seg.seq.v = 1000;
    seg.ack.v = 5000;
    seg.wnd = 65535;
    seg.flags = TCP_ACK;
    seg.payload_len = 100;
    for (uint32_t i = 0; i < 100; ++i) {
        text[i] = t_host_byte(1000 + i);
    }
    return t_wire_build(frame, &t->from_peer, &seg, text);
}

static void fix_ip_checksum(uint8_t *ip, uint32_t len)
{
    wire_store_u16(ip + 10, 0);
    wire_store_u16(ip + 10, wire_csum_fold(wire_csum_add(0, ip, len)));
}

static void damage_mac(uint8_t *frame)
{
    frame[5] ^= 1;
}

static void damage_ip_checksum(uint8_t *frame)
{
    frame[14 + 10] ^= 1;
}

static void damage_tcp_checksum(uint8_t *frame)
{
    frame[14 + 20 + 30] ^= 1;
}

static void damage_src(uint8_t *frame)
{
    frame[14 + 15] = 9;
    fix_ip_checksum(frame + 14, 20);
}

static void damage_port(uint8_t *frame)
{
    frame[14 + 20 + 1] ^= 1;
}

static void damage_proto(uint8_t *frame)
{
    frame[14 + 9] = 17;
    fix_ip_checksum(frame + 14, 20);
}

static void damage_fragment(uint8_t *frame)
{
    frame[14 + 6] = 0x20;
    fix_ip_checksum(frame + 14, 20);
}

static void damage_fragment_offset(uint8_t *frame)
{
    frame[14 + 6] = 0;
    frame[14 + 7] = 1;
    fix_ip_checksum(frame + 14, 20);
}

static void damage_type(uint8_t *frame)
{
    wire_store_u16(frame + 12, WIRE_ETHER_TYPE_ARP);
}

static void damage_data_offset(uint8_t *frame)
{
    frame[14 + 20 + 12] = 0xf0; /* header ends within the payload; the checksum is wrong as well */
}

/* SEG-071 to SEG-077, SEG-053, SEG-055: everything else goes up as it is, and counts nowhere. */
static void test_seg_072_passed_up(void **state)
{
    static const struct {
        const char *name;
        void (*damage)(uint8_t *frame);
    } cases[] = {
        {"another Ethernet address", damage_mac},
        {"bad IP checksum", damage_ip_checksum},
        {"bad TCP checksum", damage_tcp_checksum},
        {"another source address", damage_src},
        {"another port", damage_port},
        {"another protocol", damage_proto},
        {"first fragment", damage_fragment},
        {"later fragment", damage_fragment_offset},
        {"another Ethernet type", damage_type},
        {"bad data offset", damage_data_offset},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct t_target *t = t_target_offloaded();
        uint8_t frame[2048];
        const uint32_t len = good_frame(t, frame);

        cases[i].damage(frame);
        t_wire_push(&t->wire, frame, len);
        t_run(t, 0);
        t_log_expect(&t->log, T_LOG_ALL, "frame(154)", cases[i].name);
        assert_memory_equal(t->host.frame_copy[0], frame, len);
        assert_int_equal(t_stats(t).tcp[0].in_segments, 0);
        assert_int_equal(t_stats(t).tcp[0].in_errors, 0);
        assert_int_equal(t_stats(t).ip[0].in_receives, 0);
        assert_int_equal(t_stats(t).frames_passed_up, 1);
        t_target_del(t);
    }
}

/* SEG-050: IP options. */
static void test_seg_050_options(void **state)
{
    struct t_target *t = t_target_offloaded();
    uint8_t frame[2048];
    const uint32_t len = good_frame(t, frame);

    (void)state;
    memmove(frame + 38, frame + 34, len - 34);
    memset(frame + 34, 1, 4); /* four times no operation */
    frame[14] = 0x46;
    wire_store_u16(frame + 16, (uint16_t)(len - 14 + 4));
    fix_ip_checksum(frame + 14, 24);
    t_wire_push(&t->wire, frame, len + 4);
    t_run(t, 0);
    t_expect_all(t, "frame(158)");
    t_target_del(t);
}

/* Cut at every length: nothing is processed, everything goes up, nothing is read beyond. */
static void test_cut_frames(void **state)
{
    struct t_target *t = t_target_offloaded();
    uint8_t frame[2048];
    const uint32_t len = good_frame(t, frame);

    (void)state;
    for (uint32_t i = 0; i < len; ++i) {
        char want[32];

        t_wire_push(&t->wire, frame, i);
        t_run(t, i);
        (void)snprintf(want, sizeof(want), "frame(%u)", i);
        t_log_expect(&t->log, T_LOG_ALL, want, "cut");
    }
    t_target_del(t);
}

/* Padding behind a short packet is not payload. */
static void test_padding(void **state)
{
    struct t_target *t = t_target_offloaded();
    uint8_t frame[2048];
    const uint32_t len = good_frame(t, frame);

    (void)state;
    memset(frame + len, 0xff, 40);
    t_wire_push(&t->wire, frame, len + 40);
    t_run(t, 0);
    t_expect_host(t, "indicate(100)");
    t_target_del(t);
}

/* TV-VL-1 to TV-VL-9, SEG-078, SEG-079. */
static void test_seg_078_vlans(void **state)
{
    static const struct {
        uint16_t ours;
        uint8_t priority;
        bool in_tagged;
        uint16_t in_vlan;
        bool accepted;
        bool out_tagged;
    } cases[] = {
        {0, 0, false, 0, true, false},    {0, 0, true, 0, true, false},
        {0, 0, true, 7, true, false},     {0, 5, false, 0, true, true},
        {100, 0, true, 100, true, true},  {100, 5, true, 100, true, true},
        {100, 0, false, 0, false, true},  {100, 0, true, 0, false, true},
        {100, 0, true, 200, false, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct t_target *t = t_target_new();
        const struct wire_ether *out = &t->wire.last.ether;

        t->neighbor.state.constant.vlan_id = cases[i].ours;
        t->tcp.state.cached.user_priority = cases[i].priority;
        t_target_start(t);
        t_offload(t);
        t_expect_all(t, "initiate");
        t->from_peer.ether.vlan_present = cases[i].in_tagged;
        t->from_peer.ether.vlan_id = cases[i].in_vlan;
        t_peer(t, 1000, 100, 0, 5000);
        t_run(t, 0);
        t_expect_host(t, cases[i].accepted    ? "indicate(100)"
                         : cases[i].in_tagged ? "frame(158)"
                                              : "frame(154)");
        t_send_new(t, 5000, 10);
        t_run(t, 1);
        assert_int_equal(out->vlan_present, cases[i].out_tagged);
        assert_int_equal(out->vlan_id, cases[i].ours);
        assert_int_equal(out->vlan_pcp, cases[i].priority);
        t_target_del(t);
    }
}

/* STATE-NC-4: a source address of the neighbor's own widens the filter, and narrows it. */
static void test_seg_071_src_mac(void **state)
{
    struct t_target *t = t_target_new();

    (void)state;
    t->neighbor.state.constant.src_mac[0] = 2;
    t->neighbor.state.constant.src_mac[5] = 0x33;
    t_target_start(t);
    t_offload(t);
    t_expect_all(t, "initiate");
    t_peer(t, 1000, 100, 0, 5000);
    t_run(t, 0);
    t_expect_host(t, "frame(154)");
    memcpy(t->from_peer.ether.dst, t->neighbor.state.constant.src_mac, TOE_MAC_LEN);
    t_peer(t, 1000, 100, 0, 5000);
    t_run(t, 1);
    t_expect_host(t, "indicate(100)");
    t_send_new(t, 5000, 1);
    t_run(t, 2);
    assert_int_equal(t->wire.last.ether.src[5], 0x33);
    t_target_del(t);
}

/* SEG-073: frames of the ordinary path stay in order among each other, over several batches. */
static void test_ordinary_order(void **state)
{
    struct t_target *t = t_target_offloaded();
    uint8_t frame[300];

    (void)state;
    memset(frame, 0, sizeof(frame));
    for (uint32_t i = 0; i < 200; ++i) {
        t_wire_push(&t->wire, frame, 20 + i);
    }
    t_run(t, 0);
    for (uint32_t i = 0; i < 200; ++i) {
        char want[T_LOG_TEXT_MAX];

        (void)snprintf(want, sizeof(want), "frame(%u)", 20 + i);
        assert_string_equal(t->log.entries[i].text, want);
    }
    assert_int_equal(t->log.cnt, 200);
    t_target_del(t);
}

/* IPv6, from end to end; and an extension header (SEG-052). */
static void test_ipv6(void **state)
{
    struct t_target *t = t_target_new();
    struct toe_addr *src = &t->path.state.constant.src;
    struct toe_addr *dst = &t->path.state.constant.dst;
    uint8_t frame[2048];
    uint32_t len;

    (void)state;
    memset(src, 0, sizeof(*src));
    memset(dst, 0, sizeof(*dst));
    src->family = 6;
    src->bytes[0] = 0xfd;
    src->bytes[15] = 1;
    *dst = *src;
    dst->bytes[15] = 2;
    t->path.block.type = TOE_BLOCK_PATH6;
    t->tcp.state.cached.flow_label = 0x12345;
    t->from_peer.src = *dst;
    t->from_peer.dst = *src;
    t_target_start(t);
    t_offload(t);
    t_expect_all(t, "initiate");
    t_peer(t, 1000, 100, 0, 5000);
    t_send_new(t, 5000, 1500);
    t_run(t, 0);
    t_expect_all(t, "indicate(100) [5000+1440 A 1100] [6440+60 PA 1100]");
    assert_int_equal(t->wire.last.flow_label, 0x12345);
    assert_int_equal(t_stats(t).tcp[1].in_segments, 1);

    len = good_frame(t, frame);
    memmove(frame + 14 + 48, frame + 14 + 40, len - 54);
    memset(frame + 14 + 40, 0, 8);
    frame[14 + 40] = 6; /* destination options, then TCP */
    frame[14 + 42] = 1;
    frame[14 + 43] = 4;
    frame[14 + 6] = 60;
    wire_store_u16(frame + 14 + 4, (uint16_t)(len - 54 + 8));
    t_wire_push(&t->wire, frame, len + 8);
    t_run(t, 1);
    t_expect_host(t, "frame(182)");
    t_target_del(t);
}

/* A checksum that somebody vouches for is not computed. */
static void test_vouched_checksum(void **state)
{
    struct t_target *t = t_target_offloaded();
    uint8_t frame[2048];
    const uint32_t len = good_frame(t, frame);

    (void)state;
    damage_tcp_checksum(frame);
    frame[14 + 20 + 30] ^= 1; /* the byte is right again, */
    frame[14 + 20 + 16] ^= 1; /* the checksum is wrong */
    t_wire_push(&t->wire, frame, len);
    t->wire.in_frames[t->wire.in_cnt - 1].flags = TOE_FRAME_CSUM_VALID;
    t_run(t, 0);
    t_expect_host(t, "indicate(100)");
    t_target_del(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seg_072_passed_up), cmocka_unit_test(test_seg_050_options),
        cmocka_unit_test(test_cut_frames),        cmocka_unit_test(test_padding),
        cmocka_unit_test(test_seg_078_vlans),     cmocka_unit_test(test_seg_071_src_mac),
        cmocka_unit_test(test_ordinary_order),    cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_vouched_checksum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
