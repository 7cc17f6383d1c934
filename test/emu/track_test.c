/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "emu/linux/handover.h"
#include "emu/linux/track.h"

/* Peers begin their timestamps anywhere: from the first segment on theirs are believed. */
static void test_any_clock_of_the_peer_is_followed(void **state)
{
    static const uint32_t clocks[] = {1, 0x7fffffff, 0x80000001, 0xfffffff0};

    (void)state;
    for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); ++i) {
        const uint32_t clock = clocks[i];
        struct emu_track track = {.is_known = false};
        struct emu_segment syn = {.seq = 100,
                                  .flags = EMU_TCP_SYN,
                                  .has_ts = true,
                                  .tsval = 7,
                                  .wscale = 7,
                                  .wnd = 60000};
        struct emu_segment answer = syn;
        struct emu_segment ack = syn;
        struct emu_segment data = syn;

        answer.seq = 500;
        answer.ack = 101;
        answer.flags = EMU_TCP_SYN | EMU_TCP_ACK;
        answer.tsval = clock;
        answer.tsecr = 7;
        ack.seq = 101;
        ack.ack = 501;
        ack.flags = EMU_TCP_ACK;
        ack.tsecr = clock;
        data.seq = 501;
        data.ack = 101;
        data.len = 1000;
        data.flags = EMU_TCP_ACK;
        data.tsval = clock + 1;
        data.tsecr = 7;

        emu_track_kernel(&track, &syn, 1);
        emu_track_peer(&track, &answer, 2);
        emu_track_kernel(&track, &ack, 3);
        emu_track_peer(&track, &data, 4);
        assert_int_equal(emu_track_state(&track), TOE_TCP_ESTABLISHED);
        assert_int_equal(track.rcv_max, 1501);

        /* One that is older is still left out. */
        data.seq = 1501;
        data.tsval = clock - 1;
        emu_track_peer(&track, &data, 5);
        assert_int_equal(track.rcv_max, 1501);
    }
}

/* A RST of the peer's needs no timestamp (RFC 7323, 5.2): it ends the connection where it is exact,
 * and elsewhere in the window the kernel's silence tells that it was taken. */
static void test_a_reset_needs_no_timestamp(void **state)
{
    struct emu_track track = {.is_known = true, .has_ts = true};
    const struct emu_segment ack = {.seq = 101,
                                    .ack = 501,
                                    .flags = EMU_TCP_ACK,
                                    .wnd = 60000,
                                    .has_ts = true,
                                    .tsval = 7,
                                    .tsecr = 9};
    struct emu_segment reset = {.seq = 501 + 1448, .flags = EMU_TCP_RST};

    (void)state;
    emu_track_kernel(&track, &ack, 1);
    emu_track_peer(&track, &reset, 2);
    assert_true(track.is_rst_unanswered);
    assert_false(track.is_reset);
    emu_track_kernel(&track, &ack, 3); /* a challenge */
    assert_false(track.is_rst_unanswered);

    reset.seq = 500; /* before the window */
    emu_track_peer(&track, &reset, 4);
    assert_false(track.is_rst_unanswered);
    assert_false(track.is_reset);

    reset.seq = 501;
    emu_track_peer(&track, &reset, 5);
    assert_true(track.is_reset);
    assert_int_equal(emu_track_state(&track), TOE_TCP_CLOSED);
}

/* --- timestamps of the kernel --- */

#define MS TOE_NS_PER_MS

/* The kernel sends |len| bytes at |seq|, of a clock that was 5000 at 1 s; it is read |late|. */
static void sends(struct emu_track *track, uint32_t seq, uint32_t len, uint32_t ahead,
                  toe_instant at, toe_duration late)
{
    const struct emu_segment seg = {
        .seq = seq,
        .len = len,
        .flags = EMU_TCP_ACK,
        .has_ts = true,
        .tsval = (uint32_t)(at / MS) - 1000 + 5000 + ahead,
    };

    emu_track_kernel(track, &seg, at + late);
}

/* What had to wait makes the clock slow, and the next that did not sets it right. */
static void test_a_late_segment_does_not_count(void **state)
{
    struct emu_track track = {.is_known = false};

    (void)state;
    sends(&track, 100, 10, 0, 1000 * MS, 50 * MS);
    assert_int_equal(emu_track_clock(&track, 1100 * MS), 5050);
    sends(&track, 110, 10, 0, 1200 * MS, MS / 2);
    assert_int_equal(emu_track_clock(&track, 1300 * MS), 5300);
    sends(&track, 120, 10, 0, 1400 * MS, 50 * MS);
    assert_int_equal(emu_track_clock(&track, 1500 * MS), 5500);
}

/* With pacing, an acknowledgment bears the time of the data that may leave next. */
static void test_a_paced_segment_does_not_count(void **state)
{
    struct emu_track track = {.is_known = false};

    (void)state;
    sends(&track, 100, 1000, 0, 1000 * MS, 0);
    sends(&track, 1100, 0, 8, 1001 * MS, 0);
    assert_int_equal(emu_track_clock(&track, 1002 * MS), 5002);
    assert_int_equal(track.ts.newest, 5009);
    /* Long after, there is nothing that it waits for. */
    sends(&track, 1100, 0, 0, 4000 * MS, 0);
    sends(&track, 100, 1000, 3, 4001 * MS, 0); /* sent again: as an acknowledgment */
    sends(&track, 1100, 0, 3, 4001 * MS, 0);
    assert_int_equal(emu_track_clock(&track, 4002 * MS), 8002);
}

/* Of a connection of which nothing but such is seen, the first long after counts. */
static void test_a_guess_is_replaced(void **state)
{
    struct emu_track track = {.is_known = false};

    (void)state;
    sends(&track, 100, 0, 20, 1000 * MS, 0);
    assert_int_equal(emu_track_clock(&track, 1000 * MS), 5020);
    sends(&track, 100, 0, 20, 1010 * MS, 0);
    sends(&track, 100, 0, 0, 2500 * MS, 0);
    assert_int_equal(emu_track_clock(&track, 2500 * MS), 6500);
}

/* --- the retransmission timer --- */

static uint32_t handed_over(struct emu_conn *conn, toe_instant now, uint8_t *resends)
{
    struct toe_tcp_state state;

    conn->kernel->now = now;
    emu_handover_give(conn, &state);
    *resends = state.delegated.retransmit_cnt;
    return state.delegated.retransmit_timeout_delta;
}

/* It goes on through moves: one that began anew each time would never expire. */
static void test_the_retransmission_timer_goes_on(void **state)
{
    struct emu_kernel kernel = {.params.ticks_per_second = 1000, .caps.rcv_wnd_max = 1 << 20};
    struct emu_conn conn = {.kernel = &kernel, .track = {.srtt = 10 * MS, .rttvar = MS}};
    struct toe_tcp_delegated back = {.snd_una = 100, .retransmit_timeout_delta = 30};
    uint8_t resends;

    (void)state;
    conn.track.snd_una = 100;
    conn.track.snd_max = 100;
    sends(&conn.track, 100, 1000, 0, 1000 * MS, 0);
    assert_int_equal(handed_over(&conn, 1050 * MS, &resends), 150);
    kernel.now = 1170 * MS;
    emu_handover_take(&conn, &back);
    assert_int_equal(handed_over(&conn, 1190 * MS, &resends), 10);
    assert_int_equal(resends, 0);
    assert_int_equal(handed_over(&conn, 1300 * MS, &resends), 1);

    /* The target sent it again, so it waits twice as long; the kernel's own counts as well. */
    kernel.now = 1310 * MS;
    back.retransmit_cnt = 1;
    back.retransmit_timeout_delta = 395;
    emu_handover_take(&conn, &back);
    assert_int_equal(handed_over(&conn, 1320 * MS, &resends), 385);
    assert_int_equal(resends, 1);
    sends(&conn.track, 100, 1000, 0, 1400 * MS, 0);
    assert_int_equal(handed_over(&conn, 1410 * MS, &resends), 190);

    /* What is acknowledged is not waited for. */
    emu_track_acked(&conn.track, 600, 1500 * MS);
    assert_int_equal(handed_over(&conn, 1550 * MS, &resends), 150);
    assert_int_equal(resends, 0);
    emu_track_acked(&conn.track, 1100, 1600 * MS);
    conn.track.snd_wnd = 1000;
    assert_int_equal(handed_over(&conn, 1600 * MS, &resends), TOE_TICKS_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_clock_of_the_peer_is_followed),
        cmocka_unit_test(test_a_reset_needs_no_timestamp),
        cmocka_unit_test(test_a_late_segment_does_not_count),
        cmocka_unit_test(test_a_paced_segment_does_not_count),
        cmocka_unit_test(test_a_guess_is_replaced),
        cmocka_unit_test(test_the_retransmission_timer_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
