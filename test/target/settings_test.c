/* SPDX-License-Identifier: MIT */
/*
 * Each setting that chooses between readings of the rules, on and off.
 */
#include "support/target_fixture.h"
#include "wire/checksum.h"

/* A target with the baseline connection offloaded after |t|->settings were changed. */
static void start(struct t_target *t)
{
    t_target_start(t);
    t_offload(t);
    t_expect_all(t, "initiate");
}

static struct toe_block *alone(struct toe_block *block)
{
    block->next = NULL;
    block->dependent = NULL;
    return block;
}

/* PART-4, PART-5: what follows a root that failed. */
static void test_part_5_root_failure(void **state)
{
    (void)state;
    for (int goes_on = 0; goes_on < 2; ++goes_on) {
        struct t_target *t = t_target_new();
        struct t_neighbor bad;
        struct t_path unused_path;
        struct t_tcp unused;

        t->settings.continue_after_root_failure = goes_on;
        t_target_start(t);
        t_states_init(&bad, &unused_path, &unused);
        bad.state.constant.vlan_id = 4095;
        (void)t_link(t);
        bad.block.next = &t->neighbor.block;
        t->ops->initiate(t->top, &bad.block);
        t_run(t, 0);
        assert_int_equal(bad.block.status, TOE_STATUS_FAILURE);
        assert_int_equal(t->tcp.block.status, goes_on ? TOE_STATUS_SUCCESS : TOE_STATUS_FAILURE);
        assert_int_equal(t->tcp.handle != 0, goes_on);
        t_target_del(t);
    }
}

/* SND-026, SND-027: the tail of a request that is partly on the wire waits only if the setting says
 * so. */
static void test_snd_027_nagle_strict(void **state)
{
    (void)state;
    for (int strict = 0; strict < 2; ++strict) {
        struct t_target *t = t_target_new();

        t->settings.nagle_strict = strict;
        t->tcp.state.cached.flags = TOE_TCP_NAGLE;
        start(t);
        t_send_new(t, 5000, 1760);
        t_run(t, 0);
        t_expect_wire(t, strict ? "[5000+1460 A 1000]" : "[5000+1460 A 1000] [6460+300 PA 1000]");
        t_peer(t, 1000, 0, 0, 6460);
        t_run(t, 1);
        t_expect_wire(t, strict ? "[6460+300 PA 1000]" : "");
        t_target_del(t);
    }
}

/* SND-020, SND-021: PSH ends each buffer, or only what there is to send. */
static void test_snd_021_push_at_end(void **state)
{
    (void)state;
    for (int at_end = 0; at_end < 2; ++at_end) {
        struct t_target *t = t_target_new();
        struct toe_buf *second;

        t->settings.push_at_end = at_end;
        start(t);
        second = t_data_new(t, 6460, 1460);
        t_data_new(t, 5000, 1460)->next = second;
        t->ops->send(t->top, t->tcp.handle, &t->bufs->buf);
        t_run(t, 0);
        t_expect_wire(t, at_end ? "[5000+1460 A 1000] [6460+1460 PA 1000]"
                                : "[5000+1460 PA 1000] [6460+1460 PA 1000]");
        t_target_del(t);
    }
}

/* SEG-002, SEG-005, RFC-080: a SYN at the left edge ends the connection, or is challenged. */
static void test_seg_005_rfc5961(void **state)
{
    (void)state;
    for (int challenges = 0; challenges < 2; ++challenges) {
        struct t_target *t = t_target_new();

        t->settings.rfc5961_syn = challenges;
        start(t);
        t_peer(t, 1000, 0, TCP_SYN, 5000);
        t_run(t, 0);
        t_expect_all(t, challenges ? "[5000+0 A 1000]" : "RETRIEVE(UPLOAD_REQUESTED)");
        assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
        assert_int_equal(t->tcp.state.delegated.state,
                         challenges ? TOE_TCP_ESTABLISHED : TOE_TCP_CLOSED);
        t_target_del(t);
    }
}

/* TV-VL-5: an adapter without 802.1p sends no priority, and so no tag for it. */
static void test_vlan_1_user_priority(void **state)
{
    static const struct {
        bool supported;
        uint16_t vlan_id;
        bool tagged;
        uint8_t pcp;
    } cases[] = {
        {true, 0, true, 5},
        {true, 100, true, 5},
        {false, 0, false, 0},
        {false, 100, true, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct t_target *t = t_target_new();
        struct toe_caps caps = {.size = sizeof(caps)};

        t->settings.user_priority = cases[i].supported;
        t->neighbor.state.constant.vlan_id = cases[i].vlan_id;
        t->tcp.state.cached.user_priority = 5;
        start(t);
        t->ops->caps_get(t->top, &caps);
        assert_int_equal(caps.user_priority, cases[i].supported);
        t_send_new(t, 5000, 10);
        t_run(t, 0);
        assert_int_equal(t->wire.last.ether.vlan_present, cases[i].tagged);
        assert_int_equal(t->wire.last.ether.vlan_pcp, cases[i].pcp);
        t_target_del(t);
    }
}

/* VLAN-9: a neighbor without a VLAN is sent untagged, or in the interface's only one. */
static void test_vlan_9_substitute(void **state)
{
    static const uint16_t vlans[] = {7, 8};
    static const struct {
        bool substitutes;
        uint32_t cnt;
        uint16_t want;
    } cases[] = {{false, 1, 0}, {true, 1, 7}, {true, 2, 0}, {true, 0, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct t_target *t = t_target_new();

        t->settings.vlan_substitute = cases[i].substitutes;
        t->settings.vlans = vlans;
        t->settings.vlan_cnt = cases[i].cnt;
        start(t);
        t_send_new(t, 5000, 10);
        t_run(t, 0);
        assert_int_equal(t->wire.last.ether.vlan_id, cases[i].want);
        assert_int_equal(t->wire.last.ether.vlan_present, cases[i].want != 0);
        t_target_del(t);
    }
}

/* SEG-074 to SEG-077, PST-6, IOS-066, IOS-072: what is bad goes up uncounted, or is dropped and
 * counted, in whole. |at| is the byte that is changed; a cut frame keeps its headers. */
static void test_seg_075_bad_frames(void **state)
{
    static const struct {
        const char *name;
        uint32_t at;
        uint8_t value;
        uint32_t cut;
        uint32_t errors, headers, truncated;
    } cases[] = {
        {"bad TCP checksum", 14 + 20 + 16, 0x5a, 0, 1, 0, 0},
        {"TCP header too short", 14 + 20 + 12, 0x40, 0, 1, 0, 0},
        {"bad IP checksum", 14 + 10, 0x5a, 0, 0, 1, 0},
        {"bad IP header length", 14, 0x44, 0, 0, 1, 0},
        {"cut packet", 0, 0, 50, 0, 0, 1},
    };

    (void)state;
    for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); ++i) {
        const size_t c = i / 2;
        const bool drops = i % 2 == 1;
        struct t_target *t = t_target_new();
        struct toe_stats stats;
        struct toe_frame *frame;

        t->settings.drop_bad_ip = drops;
        t->settings.drop_bad_tcp = drops;
        start(t);
        t_peer(t, 1000, 100, 0, 5000);
        frame = &t->wire.in_frames[t->wire.in_cnt - 1];
        t->wire.in[t->wire.in_cnt - 1]->bytes[cases[c].at] ^= cases[c].value;
        frame->len -= cases[c].cut;
        t_run(t, 0);
        stats = t_stats(t);
        if ((t->log.cnt == 0) != drops) {
            fail_msg("%s, %s: %s", cases[c].name, drops ? "dropped" : "passed up",
                     t_log_take(&t->log, T_LOG_ALL));
        }
        assert_int_equal(stats.tcp[0].in_errors, drops ? cases[c].errors : 0);
        assert_int_equal(stats.tcp[0].in_segments, drops ? cases[c].errors : 0);
        assert_int_equal(stats.ip[0].in_header_errors, drops ? cases[c].headers : 0);
        assert_int_equal(stats.ip[0].in_truncated_packets, drops ? cases[c].truncated : 0);
        assert_int_equal(stats.ip[0].in_receives, 0);
        (void)t_log_take(&t->log, T_LOG_ALL);
        t_target_del(t);
    }
}

/* SEG-076, SEG-077: only while something is offloaded. */
static void test_seg_076_nothing_offloaded(void **state)
{
    struct t_target *t = t_target_new();

    (void)state;
    t->settings.drop_bad_ip = true;
    t->settings.drop_bad_tcp = true;
    t_target_start(t);
    t_peer(t, 1000, 100, 0, 5000);
    t->wire.in[0]->bytes[14 + 10] ^= 1;
    t_peer(t, 1000, 100, 0, 5000);
    t->wire.in[1]->bytes[14 + 20 + 16] ^= 1;
    t_run(t, 0);
    t_expect_all(t, "frame(154) frame(154)");
    t_target_del(t);
}

/* RCV-059, RCV-060: after an indication the rest waits for a request, but not for ever. */
static void test_rcv_059_indicate_and_post(void **state)
{
    (void)state;
    for (int waits = 0; waits < 2; ++waits) {
        struct t_target *t = t_target_new();

        t->settings.indicate_and_post = waits;
        t->tcp.state.cached.rcv_indication_size = 100;
        start(t);
        t_peer(t, 1000, 300, TCP_PSH, 5000);
        t_run(t, 0);
        t_expect_host(t, waits ? "indicate(100)" : "indicate(100) indicate(100) indicate(100)");
        t_receive_new(t, 50, 0);
        t_run(t, 10);
        t_expect_host(t, waits ? "receive(SUCCESS,50) indicate(100)" : "");
        t_run(t, 499);
        t_expect_host(t, "");
        t_run(t, 501);
        t_expect_host(t, waits ? "indicate(50)" : "");
        t_host_return(&t->host);
        t_target_del(t);
    }
}

/* INV-8: the upload is asked for at once, or when something is to be sent. */
static void test_inv_8_on_transmit(void **state)
{
    static const char *const attempts[] = {"send", "text to acknowledge", "retransmission"};

    (void)state;
    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); ++i) {
        struct t_target *t = t_target_new();

        t->settings.invalid_on_transmit = true;
        start(t);
        if (i == 2) {
            t_send_new(t, 5000, 100);
            t_run(t, 0);
            (void)t_log_take(&t->log, T_LOG_ALL);
        }
        t_receive_new(t, 100, 0);
        t_run(t, 0);
        t->ops->invalidate(t->top, alone(&t->path.block));
        t_run(t, 100);
        t_expect_all(t, "invalidate");
        if (i == 0) {
            t_send_new(t, 5000, 100);
            t_run(t, 1000);
            t_expect_all(t, "send(UPLOAD_IN_PROGRESS,0) RETRIEVE(INVALID_STATE)");
        } else if (i == 1) {
            t_peer(t, 1000, 100, 0, 5000);
            t_run(t, 1000);
            t_expect_all(t, "receive(SUCCESS,100) RETRIEVE(INVALID_STATE)");
        } else {
            t_run(t, 1000);
            t_expect_all(t, "RETRIEVE(INVALID_STATE)");
        }
        t_run(t, 60000);
        t_expect_all(t, "");
        t_target_del(t);
    }
}

/* RFC-029, STATE-PK-2, SND-023: the MSS of small path MTUs, with and without a floor. */
static void test_rfc_029_mtu_floor(void **state)
{
    static const struct {
        uint32_t floor;
        uint32_t mtu;
        uint16_t flags;
        uint32_t want;
    } cases[] = {
        {552, 68, 0, 512},
        {552, 576, 0, 536},
        {0, 68, 0, 28},
        {0, 100, 0, 60},
        {0, 68, TOE_TCP_TIMESTAMPS, 16},
        {552, 68, TOE_TCP_TIMESTAMPS, 500},
        {0, 1500, 0, 1460},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct t_target *t = t_target_new();

        t->settings.mtu_floor = cases[i].floor;
        t->path.state.cached.mtu = cases[i].mtu;
        t->tcp.state.constant.flags = cases[i].flags;
        start(t);
        t_send_new(t, 5000, 1460);
        t_run(t, 0);
        assert_true(t->wire.sent_cnt >= 1460 / cases[i].want);
        assert_true(t->wire.data_cnt >= 1460 / cases[i].want);
        t_run(t, 0);
        {
            char want[32];

            (void)snprintf(want, sizeof(want), "[5000+%u ", cases[i].want);
            assert_memory_equal(t_log_take(&t->log, T_LOG_WIRE), want, strlen(want));
        }
        t_target_del(t);
    }
}

/* EVT-010, EVT-011: a request that must be answered is repeated only if the setting says so. */
static void test_evt_011_repeat(void **state)
{
    (void)state;
    for (int repeats = 0; repeats < 2; ++repeats) {
        struct t_target *t = t_target_new();

        t->settings.retrieve_repeat = repeats ? T_MS(1000) : 0;
        start(t);
        t_peer(t, 1000, 1, TCP_URG, 5000);
        t_run(t, 0);
        t_expect_all(t, "RETRIEVE(RECEIVED_URGENT_DATA)");
        t_run(t, 2500);
        t_expect_all(t, repeats ? "RETRIEVE(RECEIVED_URGENT_DATA) RETRIEVE(RECEIVED_URGENT_DATA)"
                                : "");
        assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
        (void)t_log_take(&t->log, T_LOG_ALL);
        t_run(t, 10000);
        t_expect_all(t, "");
        t_target_del(t);
    }
}

/* SEG-018, RFC-082: all connections together have a budget of challenges, drawn at random. */
static void test_seg_018_budget(void **state)
{
    uint32_t cnt[4];

    (void)state;
    for (uint32_t i = 0; i < 4; ++i) {
        struct t_target *t = t_target_new();

        t->settings.challenge_max = i == 3 ? 0 : 6;
        t->settings.seed = i;
        start(t);
        for (uint32_t k = 0; k < 10; ++k) {
            t_peer(t, 1000, 0, 0, 900000); /* acknowledges what was never sent */
            t_run(t, k);
        }
        cnt[i] = t->wire.sent_cnt;
        assert_true(i == 3 ? cnt[i] == 10 : cnt[i] >= 3 && cnt[i] <= 9);
        t_target_del(t);
    }
    assert_true(cnt[0] != cnt[1] || cnt[1] != cnt[2]);
}

/* RFC-057, TMR-091: the floor of the RTO. */
static void test_rfc_057_rto_floor(void **state)
{
    static const uint64_t floors[] = {300, 200, 1000};

    (void)state;
    for (size_t i = 0; i < sizeof(floors) / sizeof(floors[0]); ++i) {
        struct t_target *t = t_target_new();

        if (floors[i] != 300) {
            t->settings.rto_min = T_MS(floors[i]);
        }
        t->tcp.state.delegated.srtt = 80;
        t->tcp.state.delegated.rttvar = 4;
        start(t);
        t_send_new(t, 5000, 100);
        t_run(t, floors[i] - 1);
        t_expect_wire(t, "[5000+100 PA 1000]");
        t_run(t, floors[i]);
        t_expect_wire(t, "[5000+100 PA 1000]");
        t_target_del(t);
    }
}

/* CAP-2: a target without an address family makes no sense. */
static void test_cap_2_families(void **state)
{
    struct t_target *t = t_target_new();

    (void)state;
    t->settings.ipv4 = false;
    t->settings.ipv6 = false;
    assert_null(toe_target_new(&t->settings));
    t_target_del(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_part_5_root_failure),
        cmocka_unit_test(test_snd_027_nagle_strict),
        cmocka_unit_test(test_snd_021_push_at_end),
        cmocka_unit_test(test_seg_005_rfc5961),
        cmocka_unit_test(test_vlan_1_user_priority),
        cmocka_unit_test(test_vlan_9_substitute),
        cmocka_unit_test(test_seg_075_bad_frames),
        cmocka_unit_test(test_seg_076_nothing_offloaded),
        cmocka_unit_test(test_rcv_059_indicate_and_post),
        cmocka_unit_test(test_inv_8_on_transmit),
        cmocka_unit_test(test_rfc_029_mtu_floor),
        cmocka_unit_test(test_evt_011_repeat),
        cmocka_unit_test(test_seg_018_budget),
        cmocka_unit_test(test_rfc_057_rto_floor),
        cmocka_unit_test(test_cap_2_families),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
