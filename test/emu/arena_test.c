/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"

enum { LARGE = 65000, SMALL = 100 };

/* Receives frames of |len| bytes until the batch is over; returns how many. */
static uint32_t receive(struct emu_arena *arena, struct toe_frame *frames, uint32_t max,
                        uint32_t len)
{
    uint32_t cnt = 0;
    uint8_t *room;

    emu_arena_begin(arena);
    while (cnt < max && (room = emu_arena_room(arena)) != NULL) {
        memset(room, (int)cnt + 1, len);
        frames[cnt] = (struct toe_frame){.data = room, .len = len};
        emu_arena_put(arena, &frames[cnt++]);
    }
    return cnt;
}

static bool is_intact(const struct toe_frame *frame, uint8_t value)
{
    for (uint32_t i = 0; i < frame->len; ++i) {
        if (frame->data[i] != value) {
            return false;
        }
    }
    return true;
}

/* Frames of a batch lie apart; without a lease the next batch lies where they were. */
static void test_batches(void **state)
{
    struct emu_arena arena;
    struct toe_frame frames[64];
    const uint8_t *first;
    uint32_t cnt;

    (void)state;
    assert_true(emu_arena_init(&arena));
    assert_int_equal(receive(&arena, frames, 64, SMALL), 64);
    first = frames[0].data;
    for (uint32_t i = 0; i < 64; ++i) {
        assert_true(is_intact(&frames[i], (uint8_t)(i + 1)));
        assert_null(frames[i].lease);
    }
    cnt = receive(&arena, frames, 64, LARGE);
    assert_in_range(cnt, 2, 8);
    assert_ptr_equal(frames[0].data, first);
    for (uint32_t i = 0; i < cnt; ++i) {
        assert_true(is_intact(&frames[i], (uint8_t)(i + 1)));
        assert_non_null(frames[i].lease);
    }
    emu_arena_fini(&arena);
}

/* What is kept stays as it is, and its memory is used again when it is given back. */
static void test_leases(void **state)
{
    struct emu_arena arena;
    struct toe_frame kept[1];
    struct toe_frame frames[64];

    (void)state;
    assert_true(emu_arena_init(&arena));
    assert_int_equal(receive(&arena, kept, 1, LARGE), 1);
    toe_lease_take(kept[0].lease);
    for (int i = 0; i < 100; ++i) {
        assert_true(receive(&arena, frames, 64, LARGE) > 0);
        assert_true(is_intact(&kept[0], 1));
    }
    assert_in_range(arena.block_cnt, 1, 2);
    toe_lease_give(kept[0].lease);
    for (int i = 0; i < 100; ++i) {
        assert_true(receive(&arena, frames, 64, LARGE) > 0);
    }
    assert_in_range(arena.block_cnt, 1, 2);
    emu_arena_fini(&arena);
}

/* Who keeps all there is gets no more leases, and frames still arrive. */
static void test_limit(void **state)
{
    static struct toe_lease *leases[4096];
    struct emu_arena arena;
    struct toe_frame frames[64];
    uint32_t kept = 0;
    uint32_t cnt;

    (void)state;
    assert_true(emu_arena_init(&arena));
    do {
        cnt = receive(&arena, frames, 64, LARGE);
        assert_true(cnt > 0);
        for (uint32_t i = 0; i < cnt && frames[i].lease != NULL; ++i) {
            assert_true(kept < 4096);
            toe_lease_take(frames[i].lease);
            leases[kept++] = frames[i].lease;
        }
    } while (frames[0].lease != NULL);
    for (int i = 0; i < 10; ++i) {
        assert_true(receive(&arena, frames, 64, LARGE) > 0);
        assert_null(frames[0].lease);
    }
    while (kept > 0) {
        toe_lease_give(leases[--kept]);
    }
    assert_true(receive(&arena, frames, 64, LARGE) > 0);
    assert_non_null(frames[0].lease);
    emu_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batches),
        cmocka_unit_test(test_leases),
        cmocka_unit_test(test_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
