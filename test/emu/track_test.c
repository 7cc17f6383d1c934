/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_clock_of_the_peer_is_followed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
