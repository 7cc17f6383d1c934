/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/rand.h"
#include "tcp/reassembly.h"

/* The seed of a random test: what the environment says, or |seed|. */
static uint64_t seed_of(uint64_t seed)
{
    const char *text = getenv("TOE_TEST_SEED");

    seed = text == NULL ? seed : strtoull(text, NULL, 0);
    print_message("seed: %#llx\n", (unsigned long long)seed);
    return seed;
}

/* Sequence numbers begin here, so that every test crosses the wrap. */
#define BASE UINT32_C(0xffffff00)

enum { WINDOW = 40000, CHUNK_MAX = 400 };

/* The model: which bytes of the stream are there, and which value each was received with. */
struct model {
    struct base_slab pool;
    struct base_rand rand;
    struct tcp_reassembly r;
    struct tcp_recvq q;
    uint32_t nxt;              /* offset of rcv_nxt */
    bool has[3 * WINDOW];      /* received out of order, by offset */
    uint8_t value[3 * WINDOW]; /* as received first */
    uint8_t text[3 * WINDOW];  /* scratch */
};

static int setup(void **state)
{
    struct model *m = calloc(1, sizeof(*m));

    base_slab_init(&m->pool, base_mem_default(), sizeof(struct tcp_chunk), CHUNK_MAX, 16);
    tcp_reassembly_init(&m->r);
    tcp_recvq_init(&m->q);
    base_rand_init(&m->rand, 1);
    *state = m;
    return 0;
}

static int teardown(void **state)
{
    struct model *m = *state;

    tcp_reassembly_flush(&m->r, &m->pool);
    tcp_recvq_fini(&m->q, &m->pool);
    assert_int_equal(m->pool.cnt, 0);
    base_slab_fini(&m->pool);
    free(m);
    return 0;
}

static uint32_t below(struct model *m, uint32_t n)
{
    return (uint32_t)base_rand_below(&m->rand, n);
}

/* Inserts |len| fresh random bytes at offset |off|. */
static enum toe_drop put(struct model *m, uint32_t off, uint32_t len, uint8_t flags)
{
    const struct tcp_segment seg = {
        .seq = {BASE + off}, .flags = flags, .payload_len = len, .payload = m->text};
    enum toe_drop drop;

    for (uint32_t i = 0; i < len; ++i) {
        m->text[i] = (uint8_t)base_rand_u32(&m->rand);
    }
    drop = tcp_reassembly_insert(&m->r, &m->pool, &seg);
    tcp_reassembly_check(&m->r);
    return drop;
}

/* Inserts, and lets the model know; every byte that was there before stays as it was. */
static void put_model(struct model *m, uint32_t off, uint32_t len)
{
    assert_int_equal(put(m, off, len, 0), TOE_DROP_NONE);
    for (uint32_t i = 0; i < len; ++i) {
        if (!m->has[off + i]) {
            m->has[off + i] = true;
            m->value[off + i] = m->text[i];
        }
    }
}

/* Every block is one whole run of the model; the first one holds |off|. */
static void check_sack(struct model *m, uint32_t off)
{
    struct tcp_sack_block blocks[TCP_SACK_MAX];
    const uint8_t cnt = tcp_reassembly_sack(&m->r, blocks, TCP_SACK_MAX);

    assert_int_equal(cnt, m->r.run_cnt < TCP_SACK_MAX ? m->r.run_cnt : TCP_SACK_MAX);
    for (uint8_t i = 0; i < cnt; ++i) {
        const uint32_t left = blocks[i].left.v - BASE;
        const uint32_t right = blocks[i].right.v - BASE;

        assert_true(left < right && !m->has[left - 1] && !m->has[right]);
        for (uint32_t j = left; j < right; ++j) {
            assert_true(m->has[j]);
        }
        for (uint8_t j = 0; j < i; ++j) {
            assert_false(toe_seq_eq(blocks[i].left, blocks[j].left));
        }
        assert_true(i > 0 || (left <= off && off < right));
    }
}

/* The hole at rcv_nxt is filled up to |off|, and what follows is pulled and compared. */
static void fill_to(struct model *m, uint32_t off)
{
    uint32_t end = off;
    uint32_t pulled;
    const uint8_t *data;
    bool push;

    while (m->has[end]) {
        ++end;
    }
    pulled = tcp_reassembly_pull(&m->r, &m->pool, &m->q, toe_seq_of(BASE + off));
    tcp_reassembly_check(&m->r);
    assert_int_equal(pulled, end - off);
    assert_int_equal(m->q.len, pulled);
    for (uint32_t len; (len = tcp_recvq_front(&m->q, &data, &push)) > 0;) {
        assert_memory_equal(data, m->value + off, len);
        off += len;
        tcp_recvq_drop(&m->q, &m->pool, len);
    }
    m->nxt = end;
}

static void step(struct model *m)
{
    const uint32_t len = 1 + below(m, below(m, 3) == 0 ? 1460 : 30);
    const uint32_t off = m->nxt + 1 + below(m, WINDOW - len);

    if (m->r.run_cnt > TCP_REASSEMBLY_RUN_MAX - 2) {
        fill_to(m, m->nxt + WINDOW / 2);
        return;
    }
    if (below(m, 200) == 0) {
        const uint32_t gap = tcp_reassembly_gap(&m->r, toe_seq_of(BASE + m->nxt));

        fill_to(m, m->nxt + (gap == UINT32_MAX ? 100 : gap));
        return;
    }
    put_model(m, off, len);
    check_sack(m, off);
}

/* Random segments, overlapping at will, come out as they were received first. */
static void test_random_walk(void **state)
{
    const uint64_t seed = seed_of(0x4ea5);

    for (uint64_t run = 0; run < 10; ++run) {
        struct model *m;

        teardown(state);
        setup(state);
        m = *state;
        base_rand_init(&m->rand, seed + run);
        for (int i = 0; i < 4000 && m->nxt < WINDOW - 1000; ++i) {
            step(m);
        }
        fill_to(m, m->nxt + WINDOW);
        assert_int_equal(m->r.len, 0);
    }
}

/* In order behind a hole, small segments fill chunks; backwards, they end up in few as well. */
static void test_small_segments_share_chunks(void **state)
{
    struct model *m = *state;

    for (uint32_t i = 0; i < 4000; ++i) {
        put_model(m, 100 + i, 1);
    }
    assert_int_equal(m->r.run_cnt, 1);
    assert_int_equal(m->r.chunk_cnt, 3);
    for (uint32_t i = 0; i < 4000; ++i) {
        put_model(m, 20000 - i, 1);
    }
    assert_int_equal(m->r.run_cnt, 2);
    assert_true(m->r.chunk_cnt <= 3 + 5);
}

/* Pulled pieces share the chunks of the receive queue, too. */
static void test_pulled_text_shares_chunks(void **state)
{
    struct model *m = *state;
    const uint8_t byte = 0;

    for (uint32_t i = 0; i < 3000; i += 2) {
        assert_int_equal(put(m, i + 1, 1, TCP_PSH), TOE_DROP_NONE);
        assert_true(tcp_recvq_push(&m->q, &m->pool, &byte, 1, false));
        assert_int_equal(tcp_reassembly_pull(&m->r, &m->pool, &m->q, toe_seq_of(BASE + i + 1)), 1);
    }
    assert_int_equal(m->q.len, 3000);
    assert_int_equal(m->pool.cnt, 2);
    assert_true(m->q.tail->push);
}

/* PSH belongs to the last byte of its segment. */
static void test_push_is_kept(void **state)
{
    static const struct {
        const char *name;
        uint32_t off0;
        uint8_t flags0;
        uint32_t off1;
        uint8_t flags1;
        bool want;
    } cases[] = {
        {"last with", 10, 0, 20, TCP_PSH, true},
        {"last without", 10, TCP_PSH, 20, 0, false},
        {"last comes first", 20, TCP_PSH, 10, 0, true},
        {"last comes first, without", 20, 0, 10, TCP_PSH, false},
        {"overlapped from before", 10, TCP_PSH, 5, 0, true},
    };
    struct model *m = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        put(m, cases[i].off0, 10, cases[i].flags0);
        put(m, cases[i].off1, 10, cases[i].flags1);
        if (m->r.run_cnt != 1 || m->r.head->run_tail->push != cases[i].want) {
            fail_msg("%s", cases[i].name);
        }
        tcp_reassembly_flush(&m->r, &m->pool);
    }
}

/* The first block is that of the last segment, the others follow by age (RFC 2018, 4). */
static void test_sack_order(void **state)
{
    static const uint32_t order[] = {100, 500, 300, 700, 900};
    static const uint32_t want[] = {900, 700, 300, 500};
    struct tcp_sack_block blocks[TCP_SACK_MAX];
    struct model *m = *state;

    assert_int_equal(tcp_reassembly_sack(&m->r, blocks, 4), 0);
    for (size_t i = 0; i < 5; ++i) {
        put_model(m, order[i], 10);
    }
    assert_int_equal(tcp_reassembly_sack(&m->r, blocks, 3), 3);
    assert_int_equal(tcp_reassembly_sack(&m->r, blocks, 4), 4);
    for (size_t i = 0; i < 4; ++i) {
        assert_int_equal(blocks[i].left.v, BASE + want[i]);
        assert_int_equal(blocks[i].right.v, BASE + want[i] + 10);
    }
    /* A duplicate counts as well. */
    put_model(m, 102, 3);
    tcp_reassembly_sack(&m->r, blocks, 4);
    assert_int_equal(blocks[0].left.v, BASE + 100);
    assert_int_equal(blocks[1].left.v, BASE + 900);
}

/* The number of holes is limited, and so is the pool; what is there stays (SEG-084). */
static void test_limits(void **state)
{
    struct model *m = *state;
    uint32_t i;

    assert_true(TCP_REASSEMBLY_RUN_MAX >= 32);
    for (i = 0; i < TCP_REASSEMBLY_RUN_MAX; ++i) {
        assert_int_equal(put(m, 10 + 2 * i, 1, 0), TOE_DROP_NONE);
    }
    assert_int_equal(put(m, 10 + 2 * i, 1, 0), TOE_DROP_TCP_REASSEMBLY_FULL);
    assert_int_equal(put(m, 10 + 2 * i - 1, 5, 0), TOE_DROP_NONE);
    assert_int_equal(m->r.run_cnt, TCP_REASSEMBLY_RUN_MAX);
    tcp_reassembly_flush(&m->r, &m->pool);

    while (base_slab_alloc(&m->pool) != NULL) {
    }
    assert_int_equal(put(m, 10, 1, 0), TOE_DROP_TCP_REASSEMBLY_FULL);
    assert_int_equal(m->r.run_cnt, 0);
    base_slab_free(&m->pool, base_slab_at(&m->pool, 0));
    assert_int_equal(put(m, 10, TCP_CHUNK_ROOM + 1, TCP_PSH), TOE_DROP_TCP_REASSEMBLY_FULL);
    assert_int_equal(m->r.len, TCP_CHUNK_ROOM);
    assert_false(m->r.head->push);
    for (i = 1; i < CHUNK_MAX; ++i) {
        base_slab_free(&m->pool, base_slab_at(&m->pool, i));
    }
}

/* Text and FIN that contradict each other flush the queue (SEG-085, SEG-086). */
static void test_fin(void **state)
{
    static const struct {
        const char *name;
        uint32_t off, len;
        uint8_t flags;
        enum toe_drop want;
    } cases[] = {
        {"text before it", 80, 20, 0, TOE_DROP_NONE},
        {"the same again", 90, 10, TCP_FIN, TOE_DROP_NONE},
        {"the same, bare", 100, 0, TCP_FIN, TOE_DROP_NONE},
        {"text up to it and beyond", 95, 6, 0, TOE_DROP_TCP_BEYOND_FIN},
        {"text beyond", 200, 1, 0, TOE_DROP_TCP_BEYOND_FIN},
        {"another beyond", 101, 0, TCP_FIN, TOE_DROP_TCP_BEYOND_FIN},
        {"another before", 95, 4, TCP_FIN, TOE_DROP_TCP_BEYOND_FIN},
    };
    struct tcp_sack_block blocks[TCP_SACK_MAX];
    struct model *m = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        const bool is_kept = cases[i].want == TOE_DROP_NONE;

        assert_int_equal(put(m, 50, 10, 0), TOE_DROP_NONE);
        assert_int_equal(put(m, 90, 10, TCP_FIN), TOE_DROP_NONE);
        if (put(m, cases[i].off, cases[i].len, cases[i].flags) != cases[i].want ||
            m->r.has_fin != is_kept || (m->r.len > 0) != is_kept ||
            tcp_reassembly_has_fin_at(&m->r, toe_seq_of(BASE + 100)) != is_kept) {
            fail_msg("%s", cases[i].name);
        }
        assert_int_equal(tcp_reassembly_sack(&m->r, blocks, 4) > 0, is_kept);
        tcp_reassembly_flush(&m->r, &m->pool);
    }

    assert_int_equal(put(m, 90, 10, 0), TOE_DROP_NONE);
    assert_int_equal(put(m, 95, 0, TCP_FIN), TOE_DROP_TCP_BEYOND_FIN);
    assert_int_equal(m->r.len, 0);
}

/* A FIN becomes in order with the text before it. */
static void test_fin_after_pull(void **state)
{
    struct model *m = *state;

    assert_int_equal(put(m, 90, 10, TCP_FIN), TOE_DROP_NONE);
    assert_false(tcp_reassembly_has_fin_at(&m->r, toe_seq_of(BASE + 90)));
    assert_int_equal(tcp_reassembly_gap(&m->r, toe_seq_of(BASE + 40)), 50);
    assert_int_equal(tcp_reassembly_pull(&m->r, &m->pool, &m->q, toe_seq_of(BASE + 92)), 8);
    assert_true(tcp_reassembly_has_fin_at(&m->r, toe_seq_of(BASE + 100)));
    assert_int_equal(tcp_reassembly_pull(&m->r, &m->pool, &m->q, toe_seq_of(BASE + 101)), 0);
    assert_false(m->r.has_fin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_random_walk, setup, teardown),
        cmocka_unit_test_setup_teardown(test_small_segments_share_chunks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pulled_text_shares_chunks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_push_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sack_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fin, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fin_after_pull, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
