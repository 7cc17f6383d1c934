/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "toe/buf.h"
#include "toe/drop.h"
#include "toe/params.h"
#include "toe/seam.h"
#include "toe/state.h"

#define SGE(p, n)                                                                                  \
    {                                                                                              \
        .addr = (uint64_t)(uintptr_t)(p), .len = (n)                                               \
    }

/* The data must lie within the list, whatever the numbers add up to. */
static void test_is_sound(void **state)
{
    static const struct {
        const char *name;
        uint32_t len0, len1;
        uint32_t sge_cnt, off, len;
        bool want;
    } cases[] = {
        {"nothing at all", 0, 0, 0, 0, 0, true},
        {"data without a list", 0, 0, 0, 0, 1, false},
        {"offset without a list", 0, 0, 0, 1, 0, false},
        {"just fits", 10, 5, 2, 3, 12, true},
        {"one too many", 10, 5, 2, 3, 13, false},
        {"second entry not counted", 10, 5, 1, 3, 8, false},
        {"empty entry first", 0, 5, 2, 0, 5, true},
        {"sum beyond 32 bits", UINT32_MAX, UINT32_MAX, 2, UINT32_MAX, UINT32_MAX, true},
        {"end wraps in 32 bits", 10, 5, 2, UINT32_MAX, 2, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        const struct toe_sge sge[2] = {{.len = cases[i].len0}, {.len = cases[i].len1}};
        const struct toe_buf buf = {
            .sge = sge, .sge_cnt = cases[i].sge_cnt, .off = cases[i].off, .len = cases[i].len};

        if (toe_buf_is_sound(&buf) != cases[i].want) {
            fail_msg("%s", cases[i].name);
        }
    }
}

/* Progress moves the start and leaves the end where it is. */
static void test_advance(void **state)
{
    struct toe_buf buf = {.off = 3, .len = 10};

    (void)state;
    toe_buf_advance(&buf, 0);
    toe_buf_advance(&buf, 4);
    assert_int_equal(buf.off, 7);
    assert_int_equal(buf.len, 6);
    toe_buf_advance(&buf, 6);
    assert_int_equal(buf.off, 13);
    assert_int_equal(buf.len, 0);
}

/* Every part of a list with empty entries and room around the data is read and written in place. */
static void test_read_and_write(void **state)
{
    char a[] = "..abc", b[] = "defg", c[] = "hi......";
    const struct toe_sge sge[] = {SGE(a, 0), SGE(a, 5), SGE(b, 0), SGE(b, 4), SGE(c, 8)};
    struct toe_buf buf = {.sge = sge, .sge_cnt = 5, .off = 2, .len = 9};
    char out[16];

    (void)state;
    for (uint32_t off = 0; off <= 9; ++off) {
        for (uint32_t len = 0; len <= 9 - off; ++len) {
            memset(out, '#', sizeof(out));
            assert_true(toe_buf_read(&buf, out, off, len, NULL));
            assert_memory_equal(out, &"abcdefghi"[off], len);
            assert_int_equal(out[len], '#');
        }
    }
    assert_true(toe_buf_write(&buf, 2, "CDEFGH", 6, NULL));
    assert_string_equal(a, "..abC");
    assert_string_equal(b, "DEFG");
    assert_string_equal(c, "Hi......");
}

/* A bus on which the address 1000 + i is memory[i], up to 8 bytes, and nothing else is. */
static char memory[8];

static void *window_map(void *user, uint64_t addr, uint32_t len)
{
    if (addr < 1000 || addr + len > 1008) {
        return NULL;
    }
    return (char *)user + (addr - 1000);
}

static uint64_t window_addr(void *user, const void *ptr, uint32_t len)
{
    (void)len;
    return (uint64_t)((const char *)ptr - (const char *)user) + 1000;
}

/* Buffers speak of bus addresses; one that cannot be mapped fails the copy. */
static void test_bus(void **state)
{
    const struct toe_bus bus = {.user = memory, .map = window_map, .addr = window_addr};
    const struct toe_sge sge[] = {{.addr = 1002, .len = 4}, {.addr = 1007, .len = 4}};
    struct toe_buf buf = {.sge = sge, .sge_cnt = 2, .len = 8};
    char out[8];

    (void)state;
    memcpy(memory, "01234567", 8);
    assert_int_equal(toe_bus_addr(&bus, memory + 3, 1), 1003);
    assert_ptr_equal(toe_bus_map(&bus, 1003, 1), memory + 3);
    assert_ptr_equal(toe_bus_map(NULL, toe_bus_addr(NULL, memory, 1), 1), memory);
    assert_true(toe_buf_read(&buf, out, 0, 5, &bus));
    assert_memory_equal(out, "23457", 5);
    assert_false(toe_buf_read(&buf, out, 0, 6, &bus));
    assert_false(toe_buf_write(&buf, 4, "xy", 2, &bus));
}

/* Every status, drop, state and reason has a name, and what is none says so. */
static void test_names(void **state)
{
    (void)state;
    assert_string_equal(toe_status_name(TOE_STATUS_SUCCESS), "SUCCESS");
    assert_string_equal(toe_status_name(TOE_STATUS_OFFLOAD_PATH_MTU), "OFFLOAD_PATH_MTU");
    assert_string_equal(toe_status_name(0xdeadbeef), "UNKNOWN");
    assert_string_equal(toe_status_text(TOE_STATUS_PAUSED), "paused");
    for (int i = 0; i < TOE_DROP_CNT; ++i) {
        assert_string_not_equal(toe_drop_name((enum toe_drop)i), "UNKNOWN");
        assert_string_not_equal(toe_drop_text((enum toe_drop)i), "unknown reason");
    }
    assert_string_equal(toe_drop_name(TOE_DROP_TCP_PAWS), "TCP_PAWS");
    assert_string_equal(toe_drop_name(TOE_DROP_CNT), "UNKNOWN");
    for (int i = TOE_TCP_CLOSED; i <= TOE_TCP_TIME_WAIT; ++i) {
        assert_string_not_equal(toe_conn_state_name((enum toe_conn_state)i), "UNKNOWN");
        assert_int_equal(toe_conn_state_is_offloadable((enum toe_conn_state)i),
                         i >= TOE_TCP_ESTABLISHED && i <= TOE_TCP_LAST_ACK);
    }
    assert_string_equal(toe_conn_state_name(TOE_TCP_LAST_ACK), "LAST_ACK");
    for (uint32_t i = TOE_UPLOAD_LOW_ACTIVITY; i <= TOE_UPLOAD_HARDWARE_FAILURE; ++i) {
        assert_string_not_equal(toe_upload_reason_name(i), "UNKNOWN");
    }
    assert_string_equal(toe_upload_reason_name(0), "UNKNOWN");
    assert_true(toe_upload_reason_is_mandatory(TOE_UPLOAD_RECEIVED_URGENT_DATA));
    assert_false(toe_upload_reason_is_mandatory(TOE_UPLOAD_SMALL_IO));
}

/* The layer of a block follows from its type alone. */
static void test_block_layer(void **state)
{
    (void)state;
    for (uint16_t type = 0; type < 300; ++type) {
        const enum toe_layer want = type >= 1 && type <= 4     ? TOE_LAYER_NEIGHBOR
                                    : type >= 5 && type <= 12  ? TOE_LAYER_PATH
                                    : type >= 13 && type <= 15 ? TOE_LAYER_TCP
                                    : type == 17               ? TOE_LAYER_TCP
                                                               : TOE_LAYER_NONE;

        assert_int_equal(toe_block_layer(type), want);
    }
}

/* The defaults can be set; a short structure and a strange tick cannot (CAP-33). */
static void test_params(void **state)
{
    struct toe_params params;

    (void)state;
    toe_params_default(&params);
    assert_int_equal(toe_params_check(&params), TOE_STATUS_SUCCESS);
    params.ticks_per_second = 10;
    assert_int_equal(toe_params_check(&params), TOE_STATUS_SUCCESS);
    params.ticks_per_second = 250;
    assert_int_equal(toe_params_check(&params), TOE_STATUS_INVALID_DATA);
    params.size -= 1;
    assert_int_equal(toe_params_check(&params), TOE_STATUS_INVALID_LENGTH);
    params.ticks_per_second = 100;
    params.size = sizeof(params) + 8;
    assert_int_equal(toe_params_check(&params), TOE_STATUS_SUCCESS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is_sound),       cmocka_unit_test(test_advance),
        cmocka_unit_test(test_read_and_write), cmocka_unit_test(test_bus),
        cmocka_unit_test(test_names),          cmocka_unit_test(test_block_layer),
        cmocka_unit_test(test_params),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
