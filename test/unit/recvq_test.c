/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tcp/recvq.h"

struct fixture {
    struct base_slab pool;
    struct tcp_recvq q;
    uint8_t text[3 * TCP_CHUNK_ROOM];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    base_slab_init(&f->pool, base_mem_default(), sizeof(struct tcp_chunk), 4, 2);
    tcp_recvq_init(&f->q);
    for (uint32_t i = 0; i < sizeof(f->text); ++i) {
        f->text[i] = (uint8_t)(i * 31 + i / 256);
    }
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    tcp_recvq_fini(&f->q, &f->pool);
    assert_int_equal(f->pool.cnt, 0);
    base_slab_fini(&f->pool);
    free(f);
    return 0;
}

/* Small pieces share a chunk, large ones take several, and all come out in order. */
static void test_bytes_stay_in_order(void **state)
{
    static const uint32_t pieces[] = {1, 10, 1460, 1460, 1, 2000};
    struct fixture *f = *state;
    uint32_t total = 0;
    uint32_t taken = 0;

    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); ++i) {
        assert_true(tcp_recvq_push(&f->q, &f->pool, f->text + total, pieces[i], false));
        total += pieces[i];
        assert_int_equal(f->q.len, total);
    }
    assert_int_equal(f->pool.cnt, (total + TCP_CHUNK_ROOM - 1) / TCP_CHUNK_ROOM);

    while (taken < total) {
        const uint8_t *data;
        bool push;
        uint32_t len = tcp_recvq_front(&f->q, &data, &push);

        len = len > 700 ? 700 : len;
        assert_memory_equal(data, f->text + taken, len);
        tcp_recvq_drop(&f->q, &f->pool, len);
        taken += len;
        assert_int_equal(f->q.len, total - taken);
    }
    assert_int_equal(f->pool.cnt, 0);
}

/* When the pool is exhausted nothing is taken, not even what would have fit. */
static void test_exhausted_pool_changes_nothing(void **state)
{
    struct fixture *f = *state;

    assert_true(tcp_recvq_push(&f->q, &f->pool, f->text, 3 * TCP_CHUNK_ROOM, false));
    assert_true(tcp_recvq_push(&f->q, &f->pool, f->text, 1000, true));
    assert_false(tcp_recvq_push(&f->q, &f->pool, f->text, 1000, false));
    assert_int_equal(f->q.len, 3 * TCP_CHUNK_ROOM + 1000);
    assert_int_equal(f->q.tail->len, 1000);
    assert_true(f->q.tail->push);
    assert_true(tcp_recvq_push(&f->q, &f->pool, f->text, TCP_CHUNK_ROOM - 1000, false));
    assert_int_equal(f->pool.cnt, 4);
}

/* A PSH counts for the last byte of a chunk: bytes that join it there take it away (RCV-038). */
static void test_push_is_that_of_the_last_byte(void **state)
{
    static const struct {
        const char *name;
        uint32_t len0;
        bool push0;
        uint32_t len1;
        bool push1;
        bool front, back;
    } cases[] = {
        {"alone", 10, true, 0, false, true, true},
        {"followed by none", 10, true, 10, false, false, false},
        {"following", 10, false, 10, true, true, true},
        {"across chunks", 10, true, TCP_CHUNK_ROOM, true, false, true},
        {"chunk just full", 10, false, TCP_CHUNK_ROOM - 10, true, true, true},
        {"behind a full one", TCP_CHUNK_ROOM, true, 10, false, true, false},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        const uint8_t *data;
        bool push = false;

        assert_true(tcp_recvq_push(&f->q, &f->pool, f->text, cases[i].len0, cases[i].push0));
        assert_true(tcp_recvq_push(&f->q, &f->pool, f->text, cases[i].len1, cases[i].push1));
        tcp_recvq_front(&f->q, &data, &push);
        if (push != cases[i].front || f->q.tail->push != cases[i].back) {
            fail_msg("%s", cases[i].name);
        }
        tcp_recvq_drop(&f->q, &f->pool, UINT32_MAX);
        assert_null(f->q.tail);
    }
}

/* Chunks can be taken whole and put into another queue. */
static void test_take_and_append(void **state)
{
    struct fixture *f = *state;
    struct tcp_recvq other;
    struct tcp_chunk *chunk;

    tcp_recvq_init(&other);
    assert_null(tcp_recvq_take(&f->q));
    assert_true(tcp_recvq_push(&f->q, &f->pool, f->text, 2 * TCP_CHUNK_ROOM, true));
    tcp_recvq_drop(&f->q, &f->pool, 5);
    while ((chunk = tcp_recvq_take(&f->q)) != NULL) {
        tcp_recvq_append(&other, chunk);
    }
    assert_int_equal(f->q.len, 0);
    assert_int_equal(other.len, 2 * TCP_CHUNK_ROOM - 5);
    assert_memory_equal(other.head->data + other.head->off, f->text + 5, TCP_CHUNK_ROOM - 5);
    tcp_recvq_fini(&other, &f->pool);
}

static void over(struct toe_lease *lease)
{
    lease->shares = UINT32_MAX;
}

/* What is only referred to takes part in the order, and holds its lease until it is taken. */
static void test_leased_bytes(void **state)
{
    struct toe_lease lease = {.shares = 1, .over = over};
    struct fixture *f = *state;
    const uint8_t *data = NULL;
    bool push = false;

    assert_true(tcp_recvq_push(&f->q, &f->pool, f->text, 10, false));
    assert_true(tcp_recvq_refer(&f->q, &f->pool, f->text + 10, 4000, true, &lease));
    assert_true(tcp_recvq_push(&f->q, &f->pool, f->text + 4010, 20, false));
    assert_int_equal(f->q.len, 4030);
    assert_int_equal(f->pool.cnt, 3);
    assert_int_equal(lease.shares, 2);

    tcp_recvq_drop(&f->q, &f->pool, 110);
    assert_int_equal(tcp_recvq_front(&f->q, &data, &push), 3900);
    assert_ptr_equal(data, f->text + 110);
    assert_true(push);
    toe_lease_give(&lease);
    tcp_recvq_drop(&f->q, &f->pool, 3900);
    assert_int_equal(lease.shares, UINT32_MAX);
    assert_int_equal(tcp_recvq_front(&f->q, &data, &push), 20);
    assert_memory_equal(data, f->text + 4010, 20);

    lease.shares = 1;
    assert_true(tcp_recvq_refer(&f->q, &f->pool, f->text, 100, true, &lease));
    assert_int_equal(tcp_recvq_room(&f->q), 0);
    tcp_recvq_fini(&f->q, &f->pool);
    assert_int_equal(lease.shares, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_bytes_stay_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_exhausted_pool_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_push_is_that_of_the_last_byte, setup, teardown),
        cmocka_unit_test_setup_teardown(test_take_and_append, setup, teardown),
        cmocka_unit_test_setup_teardown(test_leased_bytes, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
