/* SPDX-License-Identifier: MIT */
/*
 * A connection of the kernel's, segment by segment: what the kernel hears of one that the target
 * carries, what of its segments is news, and which are forgotten when there are too many.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "linux/kernel.h"
#include "linux/segment.h"

#define MS TOE_NS_PER_MS

enum { CONN_MAX = 2, FRAME_LEN = 1600, ISS = 1000, IRS = 5000 };

static struct {
    struct toe_target *target;
    struct emu_kernel *kernel;
    toe_instant now;
    uint16_t wnd;     /* that either end offers */
    uint16_t vlan_id; /* of its frames, */
    uint8_t priority; /* and theirs */
    uint8_t bytes[FRAME_LEN];
    struct toe_frame arriving; /* on the wire; no bytes: none */
    struct emu_segment sent;   /* to the peer, the last with payload, */
    uint32_t acked;            /* and what it was acknowledged last */
    struct emu_segment told;   /* to the kernel, the last */
    uint32_t told_cnt;
} world;

/* --- the two ports --- */

static uint32_t receive(void *wire, struct toe_frame *frames, uint32_t max)
{
    (void)wire;
    if (world.arriving.len == 0 || max == 0) {
        return 0;
    }
    frames[0] = world.arriving;
    world.arriving.len = 0;
    return 1;
}

static void to_peer(void *wire, const struct toe_frame *frames, uint32_t cnt)
{
    struct emu_segment seg;

    (void)wire;
    for (uint32_t i = 0; i < cnt; ++i) {
        if (emu_segment_parse(&seg, &frames[i], true)) {
            world.sent = seg.len > 0 ? seg : world.sent;
            world.acked = seg.ack;
        }
    }
}

static void to_kernel(void *host, const struct toe_frame *frames, uint32_t cnt)
{
    (void)host;
    for (uint32_t i = 0; i < cnt; ++i) {
        world.told_cnt += emu_segment_parse(&world.told, &frames[i], false) ? 1 : 0;
    }
}

static const struct toe_wire_ops wire_ops = {
    .size = sizeof(wire_ops), .receive = receive, .transmit = to_peer};
static const struct toe_wire_ops host_ops = {.size = sizeof(host_ops), .transmit = to_kernel};

/* --- the two ends --- */

static struct emu_tuple tuple = {
    .local = {.family = 4, .bytes = {10, 0, 0, 1}},
    .remote = {.family = 4, .bytes = {10, 0, 0, 2}},
    .local_port = 40000,
    .remote_port = 80,
};

static void run(toe_duration time)
{
    const toe_instant until = world.now + time;

    do {
        world.now += MS;
        toe_target_ops()->run(world.target, world.now);
        (void)emu_kernel_run(world.kernel, world.now);
    } while (world.now < until);
}

/* A segment with |len| bytes of zeros, and what comes of it within two milliseconds. */
static void speak(bool by_kernel, uint16_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
    struct emu_segment seg = {
        .tuple = tuple,
        .ttl = 64,
        .seq = seq,
        .ack = ack,
        .vlan_id = world.vlan_id,
        .priority = world.priority,
        .wnd = world.wnd,
        .flags = flags,
        .len = len,
    };
    struct toe_frame frame = {.data = world.bytes, .flags = TOE_FRAME_CSUM_VALID};

    seg.src_mac[0] = by_kernel ? 2 : 6;
    seg.dst_mac[0] = by_kernel ? 6 : 2;
    memset(world.bytes, 0, sizeof(world.bytes));
    frame.len = emu_segment_build(world.bytes, &seg, by_kernel) + len;
    if (by_kernel) {
        emu_kernel_from_host(world.kernel, &frame, 1, world.now);
    } else {
        world.arriving = frame;
    }
    run(2 * MS);
}

static struct emu_kernel_conn look(void)
{
    struct emu_kernel_conn conn;

    assert_true(emu_kernel_find(world.kernel, &tuple, &conn));
    return conn;
}

/* The connection moves into the target. */
static void offload(void)
{
    assert_true(emu_kernel_offload(world.kernel, &tuple, NULL));
    run(2 * MS);
    assert_int_equal(look().place, EMU_PLACE_OFFLOADED);
}

/* A connection that a target carries which acknowledges |when|, of a kernel that may be asked. */
static void begin(enum toe_ack_when when, bool no_netlink)
{
    struct toe_target_settings target;
    struct emu_error error;

    memset(&world, 0, sizeof(world));
    world.wnd = 60000;
    toe_target_settings_default(&target);
    target.wire = &wire_ops;
    target.mac[0] = 2;
    target.ack_when = when;
    world.target = toe_target_new(&target);
    assert_non_null(world.target);
    world.kernel = emu_kernel_new(&(struct emu_kernel_settings){.ops = toe_target_ops(),
                                                                .target = world.target,
                                                                .software = world.target,
                                                                .ack_when = when,
                                                                .host = &host_ops,
                                                                .conn_max = CONN_MAX,
                                                                .no_netlink = no_netlink},
                                  &error);
    assert_non_null(world.kernel);
    tuple.local_port = 40000;
    run(MS);
    speak(true, EMU_TCP_SYN, ISS, 0, 0);
    speak(false, EMU_TCP_SYN | EMU_TCP_ACK, IRS, ISS + 1, 0);
    speak(true, EMU_TCP_ACK, ISS + 1, IRS + 1, 0);
    offload();
}

static int set_up(void **state)
{
    (void)state;
    begin(TOE_ACK_RETURNED, true);
    return 0;
}

static int set_up_received(void **state)
{
    (void)state;
    begin(TOE_ACK_RECEIVED, true);
    return 0;
}

static int set_up_asked(void **state)
{
    (void)state;
    begin(TOE_ACK_RETURNED, false);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    emu_kernel_del(world.kernel);
    toe_target_del(world.target);
    return 0;
}

/* --- tests --- */

/* A byte that the kernel sends again, as it did not hear in time, is no question whether the peer
 * lives: it is acknowledged again, and nothing moves. */
static void test_byte_again_is_no_keep_alive(void **state)
{
    uint32_t before;

    (void)state;
    speak(true, EMU_TCP_ACK | EMU_TCP_PSH, ISS + 1, IRS + 1, 1);
    assert_int_equal(world.sent.seq, ISS + 1);
    speak(false, EMU_TCP_ACK, IRS + 1, ISS + 2, 0);
    assert_int_equal(world.told.ack, ISS + 2);
    before = world.told_cnt;
    speak(true, EMU_TCP_ACK | EMU_TCP_PSH, ISS + 1, IRS + 1, 1);
    assert_int_equal(world.told_cnt, before + 1);
    assert_int_equal(world.told.ack, ISS + 2);
    assert_int_equal(look().place, EMU_PLACE_OFFLOADED);
}

/* The question itself has no byte, and only the peer can answer it. */
static void test_keep_alive_comes_back(void **state)
{
    (void)state;
    speak(true, EMU_TCP_ACK, ISS, IRS + 1, 0);
    run(10 * MS);
    assert_int_equal(look().place, EMU_PLACE_HOST);
    assert_int_equal(look().why, EMU_WHY_KEEP_ALIVE);
}

/* The same connection anew, on the VLAN 5 with the priority 3. */
static void open_on_vlan(void)
{
    tuple.local_port = 40001;
    world.vlan_id = 5;
    world.priority = 3;
    speak(true, EMU_TCP_SYN, ISS, 0, 0);
    speak(false, EMU_TCP_SYN | EMU_TCP_ACK, IRS, ISS + 1, 0);
    speak(true, EMU_TCP_ACK, ISS + 1, IRS + 1, 0);
}

/* On a VLAN the target's frames have the tag of the kernel's, with the priority that those have
 * now; and ours have the peer's. */
static void test_tag_is_kept(void **state)
{
    (void)state;
    open_on_vlan();
    offload();
    speak(true, EMU_TCP_ACK | EMU_TCP_PSH, ISS + 1, IRS + 1, 100);
    assert_int_equal(world.sent.seq, ISS + 1);
    assert_int_equal(world.sent.vlan_id, 5);
    assert_int_equal(world.sent.priority, 3);
    world.priority = 2; /* of the peer's frames */
    speak(false, EMU_TCP_ACK | EMU_TCP_PSH, IRS + 1, ISS + 101, 100);
    assert_int_equal(world.told.len, 100);
    assert_int_equal(world.told.vlan_id, 5);
    assert_int_equal(world.told.priority, 3); /* as it was when the target took over */

    world.priority = 6;
    speak(true, EMU_TCP_ACK | EMU_TCP_PSH, ISS + 101, IRS + 101, 100);
    speak(true, EMU_TCP_ACK | EMU_TCP_PSH, ISS + 201, IRS + 101, 100);
    assert_int_equal(world.sent.seq, ISS + 201);
    assert_int_equal(world.sent.vlan_id, 5);
    assert_int_equal(world.sent.priority, 6);
    assert_int_equal(look().place, EMU_PLACE_OFFLOADED);
}

/* When the kernel sends on another VLAN the connection comes back, and is followed anew. */
static void test_other_vlan_of_the_kernel_comes_back(void **state)
{
    (void)state;
    open_on_vlan();
    offload();
    world.vlan_id = 6;
    speak(true, EMU_TCP_ACK | EMU_TCP_PSH, ISS + 1, IRS + 1, 100);
    assert_int_equal(look().place, EMU_PLACE_HOST);
    assert_int_equal(look().why, EMU_WHY_ROUTE);
    assert_int_equal(world.sent.seq, ISS + 1); /* It went on as it was. */
    assert_int_equal(world.sent.vlan_id, 6);

    /* Little is known of it now; one that begins there is followed as any other. */
    assert_false(emu_kernel_offload(world.kernel, &tuple, NULL));
    speak(true, EMU_TCP_SYN, ISS, 0, 0);
    speak(false, EMU_TCP_SYN | EMU_TCP_ACK, IRS, ISS + 1, 0);
    speak(true, EMU_TCP_ACK, ISS + 1, IRS + 1, 0);
    offload();
}

/* Nor can a connection be offloaded whose peer speaks on another VLAN than the kernel. */
static void test_other_vlan_of_the_peer_stays(void **state)
{
    enum emu_why why = EMU_WHY_NONE;

    (void)state;
    open_on_vlan();
    offload();
    world.vlan_id = 6;
    speak(false, EMU_TCP_ACK | EMU_TCP_PSH, IRS + 1, ISS + 1, 100);
    run(10 * MS);
    assert_int_equal(look().place, EMU_PLACE_HOST);
    assert_int_equal(look().why, EMU_WHY_ROUTE);
    assert_false(emu_kernel_offload(world.kernel, &tuple, &why));
    assert_int_equal(why, EMU_WHY_ROUTE);
}

/* Who has the name of a connection and not its numbers changes nothing by what comes on another
 * VLAN, before the offload and after: the kernel gets it, and what it resets there goes. */
static void test_name_on_other_vlan_changes_nothing(void **state)
{
    static const struct {
        uint16_t flags;
        uint32_t seq, ack, len;
    } cases[] = {
        {EMU_TCP_ACK | EMU_TCP_PSH, IRS + 1 + (1u << 20), ISS + 1, 100},
        {EMU_TCP_ACK | EMU_TCP_PSH, IRS + 1 - (1u << 20), ISS + 1, 100},
        {EMU_TCP_ACK | EMU_TCP_PSH, IRS + 1, ISS + 1 - (1u << 20), 100},
        {EMU_TCP_ACK, IRS + 1, ISS + 2, 0},
        {EMU_TCP_SYN, IRS + 1, 0, 0},
        {EMU_TCP_RST, IRS + 2, 0, 0},
        {EMU_TCP_RST | EMU_TCP_ACK, IRS + 1, ISS + 2, 0},
        {EMU_TCP_FIN, IRS + 1, 0, 0},
    };
    enum { CNT = sizeof(cases) / sizeof(cases[0]) };
    struct emu_kernel_stats stats;

    (void)state;
    open_on_vlan();
    for (int turn = 0; turn < 2; ++turn) {
        world.vlan_id = 6;
        for (int i = 0; i < CNT; ++i) {
            const uint32_t before = world.told_cnt;

            speak(false, cases[i].flags, cases[i].seq, cases[i].ack, cases[i].len);
            assert_int_equal(world.told_cnt, before + 1);
            assert_int_equal(world.told.vlan_id, 6);
        }
        speak(true, EMU_TCP_RST, ISS + (1u << 30), 0, 0);
        run(10 * MS);
        world.vlan_id = 5;
        if (turn == 0) {
            offload();
        }
        assert_int_equal(look().place, EMU_PLACE_OFFLOADED);
    }
    emu_kernel_stats_get(world.kernel, &stats);
    assert_int_equal(stats.other_vlan, 2 * CNT);
    assert_int_equal(stats.uploads, 0);
    speak(true, EMU_TCP_ACK | EMU_TCP_PSH, ISS + 1, IRS + 1, 100);
    assert_int_equal(world.sent.seq, ISS + 1);
    speak(false, EMU_TCP_ACK | EMU_TCP_PSH, IRS + 1, ISS + 101, 100);
    assert_int_equal(world.told.seq, IRS + 1);
    assert_int_equal(world.told.len, 100);
    assert_int_equal(look().place, EMU_PLACE_OFFLOADED);
}

/* What the peer, gone to another VLAN, sends again is known as its own by its numbers, too. */
static void test_old_duplicate_on_other_vlan_comes_back(void **state)
{
    (void)state;
    open_on_vlan();
    offload();
    speak(false, EMU_TCP_ACK | EMU_TCP_PSH, IRS + 1, ISS + 1, 100);
    speak(true, EMU_TCP_ACK, ISS + 1, IRS + 101, 0);
    assert_int_equal(look().place, EMU_PLACE_OFFLOADED);
    world.vlan_id = 6;
    speak(false, EMU_TCP_ACK | EMU_TCP_PSH, IRS + 1, ISS + 1, 100);
    run(10 * MS);
    assert_int_equal(look().place, EMU_PLACE_HOST);
    assert_int_equal(look().why, EMU_WHY_ROUTE);
}

/* Two connections of the kernel on two VLANs that have one name are both left to it; each goes on.
 */
static void test_two_of_one_name_stay(void **state)
{
    enum { OTHER = 1 << 30 };
    enum emu_why why;

    (void)state;
    open_on_vlan();
    offload();
    for (int turn = 0; turn < 4; ++turn) {
        const uint32_t iss = turn % 2 == 0 ? ISS + OTHER : ISS;

        world.vlan_id = turn % 2 == 0 ? 6 : 5;
        speak(true, EMU_TCP_ACK | EMU_TCP_PSH, iss + 1, IRS + 1, 100);
        run(10 * MS);
        assert_int_equal(world.sent.seq, iss + 1);
        assert_int_equal(world.sent.vlan_id, world.vlan_id);
        speak(true, EMU_TCP_ACK | EMU_TCP_PSH, iss + 1, IRS + 1, 100);
        speak(false, EMU_TCP_ACK, IRS + 1, iss + 101, 0);
        assert_int_equal(world.told.ack, iss + 101);
        assert_int_equal(world.told.vlan_id, world.vlan_id);
        assert_int_equal(look().place, EMU_PLACE_HOST);
        assert_false(emu_kernel_offload(world.kernel, &tuple, &why));
        assert_int_equal(why, EMU_WHY_ROUTE);
    }
}

static bool is_known(uint16_t port)
{
    struct emu_tuple other = tuple;
    struct emu_kernel_conn conn;

    other.local_port = port;
    return emu_kernel_find(world.kernel, &other, &conn);
}

/* Room for another one is made by those in the host, if there are any. */
static void test_offloaded_is_not_forgotten(void **state)
{
    (void)state;
    for (uint16_t port = 40001; port < 40004; ++port) {
        tuple.local_port = port;
        speak(true, EMU_TCP_SYN, ISS, 0, 0);
        assert_true(is_known(port));
        assert_true(is_known(40000));
        assert_false(is_known((uint16_t)(port - 1)) && port > 40001);
    }
    speak(false, EMU_TCP_SYN | EMU_TCP_ACK, IRS, ISS + 1, 0);
    speak(true, EMU_TCP_ACK, ISS + 1, IRS + 1, 0);
    offload();
    tuple.local_port = 40004;
    speak(true, EMU_TCP_SYN, ISS, 0, 0);
    assert_false(is_known(40004));
    assert_true(is_known(40003));
}

/* What the kernel sent first comes last, by another queue: nothing has to be sent again. */
static void test_order_of_the_kernel_is_restored(void **state)
{
    const uint64_t before = look().tx_bytes;

    (void)state;
    speak(true, EMU_TCP_ACK | EMU_TCP_FIN, ISS + 301, IRS + 1, 0);
    speak(true, EMU_TCP_ACK, ISS + 201, IRS + 1, 100);
    speak(true, EMU_TCP_ACK, ISS + 101, IRS + 1, 100);
    speak(true, EMU_TCP_ACK, ISS + 201, IRS + 1, 100);
    speak(true, EMU_TCP_ACK, ISS + 151, IRS + 1, 70);
    assert_int_equal(look().tx_bytes, before);
    speak(true, EMU_TCP_ACK, ISS + 1, IRS + 1, 110);
    assert_in_range(look().tx_bytes, before + 110, before + 300);
    speak(true, EMU_TCP_ACK, ISS + 1, IRS + 1, 201);
    assert_int_equal(look().tx_bytes, before + 300);
    assert_int_equal(look().state, TOE_TCP_FIN_WAIT_1);
    speak(false, EMU_TCP_ACK, IRS + 1, ISS + 302, 0);
    assert_int_equal(world.told.ack, ISS + 302);
    assert_int_equal(look().place, EMU_PLACE_OFFLOADED);
}

/* What the kernel had got when the target took over, and the peer sends to the target again, is
 * acknowledged at once: the kernel says nothing of it any more. */
static void test_kernel_is_ahead(void **state)
{
    (void)state;
    speak(true, EMU_TCP_ACK, ISS + 1, IRS + 21, 0);
    speak(false, EMU_TCP_ACK | EMU_TCP_PSH, IRS + 1, ISS + 1, 20);
    assert_int_equal(world.acked, IRS + 21);
    speak(false, EMU_TCP_ACK | EMU_TCP_PSH, IRS + 21, ISS + 1, 20);
    assert_int_equal(world.told.seq, IRS + 21);
    speak(true, EMU_TCP_ACK, ISS + 1, IRS + 41, 0);
    assert_int_equal(world.acked, IRS + 41);
}

/* A kernel that waits for the peer's window, and comes back all the time, would never get to probe
 * it. So it hears at once that there is room in the target, whose turn it is to wait. */
static void test_closed_window_is_the_targets(void **state)
{
    uint32_t before;

    (void)state;
    assert_true(emu_kernel_upload(world.kernel, &tuple, NULL));
    run(10 * MS);
    assert_int_equal(look().place, EMU_PLACE_HOST);
    speak(true, EMU_TCP_ACK | EMU_TCP_PSH, ISS + 1, IRS + 1, 1);
    world.wnd = 0;
    speak(false, EMU_TCP_ACK, IRS + 1, ISS + 2, 0);
    assert_int_equal(world.told.wnd, 0);
    before = world.told_cnt;
    offload();
    assert_int_equal(world.told_cnt, before + 1);
    assert_int_equal(world.told.ack, ISS + 2);
    assert_true(world.told.wnd > 0);
}

/* What the kernel has no room for stays in the target, which has to have it back if the connection
 * comes to its end by a reset. */
static void check_reset_gives_back(bool by_kernel)
{
    struct toe_stats stats = {.size = sizeof(stats)};
    uint32_t seq = IRS + 1;

    for (; seq < IRS + 1 + 60000; seq += 1000) {
        world.wnd = 60000;
        speak(false, EMU_TCP_ACK | EMU_TCP_PSH, seq, ISS + 1, 1000);
        world.wnd = (uint16_t)(IRS + 1 + 60000 - (seq + 1000));
        speak(true, EMU_TCP_ACK, ISS + 1, seq + 1000, 0);
    }
    world.wnd = 60000;
    speak(false, EMU_TCP_ACK | EMU_TCP_PSH, seq, ISS + 1, 1000);
    toe_target_ops()->stats_get(world.target, &stats);
    assert_int_equal(stats.tcp_cnt, 1);
    speak(by_kernel, EMU_TCP_RST | EMU_TCP_ACK, by_kernel ? ISS + 1 : seq + 1000,
          by_kernel ? seq : ISS + 1, 0);
    run(100 * MS);
    toe_target_ops()->stats_get(world.target, &stats);
    assert_int_equal(stats.tcp_cnt, 0);
    assert_int_equal(stats.bufs_indicated, 0);
}

static void test_reset_by_kernel_gives_back(void **state)
{
    (void)state;
    check_reset_gives_back(true);
}

static void test_reset_by_peer_gives_back(void **state)
{
    (void)state;
    check_reset_gives_back(false);
}

/* Uploads with data that the kernel does not take, as it has no way to say that it did. */
static void upload_untaken(void)
{
    speak(false, EMU_TCP_ACK | EMU_TCP_PSH, IRS + 1, ISS + 1, 100);
    assert_int_equal(world.told.seq, IRS + 1);
    assert_true(emu_kernel_upload(world.kernel, &tuple, NULL));
    run(60 * TOE_NS_PER_SEC);
}

/* What the peer was not acknowledged it sends again, so the connection is not held back for it. */
static void test_untaken_is_the_peers(void **state)
{
    struct toe_stats stats = {.size = sizeof(stats)};
    uint32_t before;

    (void)state;
    upload_untaken();
    assert_int_equal(look().place, EMU_PLACE_HOST);
    assert_int_equal(world.acked, IRS + 1);
    toe_target_ops()->stats_get(world.target, &stats);
    assert_int_equal(stats.bufs_indicated, 0);
    before = world.told_cnt;
    speak(false, EMU_TCP_ACK | EMU_TCP_PSH, IRS + 1, ISS + 1, 100);
    assert_int_equal(world.told_cnt, before + 1);
    assert_int_equal(world.told.len, 100);
}

/* What it was acknowledged is nobody else's. */
static void test_acknowledged_is_offered_on(void **state)
{
    (void)state;
    upload_untaken();
    assert_int_equal(look().place, EMU_PLACE_UPLOADING);
    assert_int_equal(world.acked, IRS + 101);
    speak(true, EMU_TCP_ACK, ISS + 1, IRS + 101, 0);
    run(10 * MS);
    assert_int_equal(look().place, EMU_PLACE_HOST);
}

/* This machine has no such connection. While it speaks of it nobody asks; after that it leaves, and
 * the target with it. */
static void test_orphan_is_forgotten(void **state)
{
    struct toe_stats stats = {.size = sizeof(stats)};
    struct emu_kernel_conn conn;

    (void)state;
    for (uint32_t i = 0; i < 10; ++i) {
        speak(true, EMU_TCP_ACK, ISS + 1, IRS + 1, 0);
        run(20 * TOE_NS_PER_SEC);
        assert_int_equal(look().place, EMU_PLACE_OFFLOADED);
    }
    run(120 * TOE_NS_PER_SEC);
    assert_false(emu_kernel_find(world.kernel, &tuple, &conn));
    toe_target_ops()->stats_get(world.target, &stats);
    assert_int_equal(stats.tcp_cnt, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_byte_again_is_no_keep_alive, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_keep_alive_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_order_of_the_kernel_is_restored, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_kernel_is_ahead, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_offloaded_is_not_forgotten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_closed_window_is_the_targets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reset_by_kernel_gives_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reset_by_peer_gives_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tag_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_other_vlan_of_the_kernel_comes_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_other_vlan_of_the_peer_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_name_on_other_vlan_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_old_duplicate_on_other_vlan_comes_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_two_of_one_name_stay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_untaken_is_the_peers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_acknowledged_is_offered_on, set_up_received,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_orphan_is_forgotten, set_up_asked, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
