/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rand.h"
#include "tcp/sendq.h"
#include "wire/checksum.h"

/* The seed of a random test: what the environment says, or |seed|. */
static uint64_t seed_of(uint64_t seed)
{
    const char *text = getenv("TOE_TEST_SEED");

    seed = text == NULL ? seed : strtoull(text, NULL, 0);
    print_message("seed: %#llx\n", (unsigned long long)seed);
    return seed;
}

/*
 * The model: the stream is a long array of random bytes, and each buffer describes the next part of
 * it by entries of random length, with room in front that is no data.
 */
enum { STREAM_LEN = 200000, BUF_MAX = 4000, SGE_MAX = 6 };

struct model {
    struct base_rand rand;
    struct tcp_sendq q;
    uint8_t stream[STREAM_LEN];
    uint8_t out[STREAM_LEN];
    struct toe_buf bufs[BUF_MAX];
    struct toe_sge sges[BUF_MAX][SGE_MAX];
    uint32_t ends[BUF_MAX]; /* where in the stream each buffer ends */
    uint32_t lens[BUF_MAX];
    uint32_t pushed_cnt; /* buffers pushed, */
    uint32_t popped_cnt; /* and popped */
    uint32_t una;
    uint32_t end;
};

static struct model *model_new(uint64_t seed)
{
    struct model *m = calloc(1, sizeof(*m));

    base_rand_init(&m->rand, seed);
    for (uint32_t i = 0; i < STREAM_LEN; ++i) {
        m->stream[i] = (uint8_t)base_rand_u32(&m->rand);
    }
    tcp_sendq_init(&m->q);
    return m;
}

static uint32_t below(struct model *m, uint32_t n)
{
    return (uint32_t)base_rand_below(&m->rand, n);
}

/* The next buffer, of |len| bytes. */
static struct toe_buf *model_buf(struct model *m, uint32_t len)
{
    const uint32_t idx = m->pushed_cnt++;
    struct toe_sge *sge = m->sges[idx];
    struct toe_buf *buf = &m->bufs[idx];
    uint32_t done = 0;
    const uint32_t room = below(m, 3) == 0 ? 0 : below(m, m->end > 20 ? 20 : m->end + 1);

    *buf = (struct toe_buf){.sge = sge, .sge_cnt = SGE_MAX, .off = room, .len = len};
    for (uint32_t i = 0; i < SGE_MAX; ++i) {
        const uint32_t left = room + len - done;
        const uint32_t cnt = i == SGE_MAX - 1 ? left : below(m, left + 1);

        sge[i].addr = (uint64_t)(uintptr_t)(m->stream + m->end - room + done);
        sge[i].len = cnt;
        done += cnt;
    }
    m->end += len;
    m->ends[idx] = m->end;
    m->lens[idx] = len;
    return buf;
}

static void model_push(struct model *m)
{
    struct toe_buf *chain = NULL;
    struct toe_buf **link = &chain;

    for (uint32_t cnt = 1 + below(m, 4); cnt > 0 && m->pushed_cnt < BUF_MAX; --cnt) {
        const uint32_t max = below(m, 4) == 0 ? 5000 : 20;
        const uint32_t len = below(m, max);

        if (len > STREAM_LEN - m->end) {
            break;
        }
        *link = model_buf(m, len);
        link = &(*link)->next;
    }
    tcp_sendq_push(&m->q, chain);
}

/* Pops, and compares with the buffers that the model says are done. */
static void model_pop(struct model *m)
{
    struct toe_buf *buf = tcp_sendq_pop(&m->q);

    for (; buf != NULL; buf = buf->next) {
        const uint32_t idx = m->popped_cnt++;

        assert_ptr_equal(buf, &m->bufs[idx]);
        assert_true(m->ends[idx] <= m->una);
        assert_int_equal(buf->len, 0);
        assert_int_equal(buf->transferred, m->lens[idx]);
        assert_int_equal(buf->status, TOE_STATUS_SUCCESS);
    }
    assert_true(m->popped_cnt == m->pushed_cnt || m->ends[m->popped_cnt] > m->una);
}

static void model_read(struct model *m, uint32_t off, uint32_t len)
{
    uint64_t sum = wire_csum_add(0, "xy", 2);
    const uint64_t want =
        wire_csum_combine(sum, wire_csum_add(0, m->stream + m->una + off, len), 2);

    assert_true(tcp_sendq_read(&m->q, NULL, m->out, off, len, &sum));
    assert_memory_equal(m->out, m->stream + m->una + off, len);
    assert_int_equal(wire_csum_fold(sum), wire_csum_fold(want));
    memset(m->out, 0, len);
    assert_true(tcp_sendq_read(&m->q, NULL, m->out, off, len, NULL));
    assert_memory_equal(m->out, m->stream + m->una + off, len);
}

/* What lies in one piece is where the stream is, and reaches to the end of an entry. */
static void model_map(struct model *m, uint32_t off, uint32_t len)
{
    const uint8_t *data = NULL;
    const uint32_t cnt = tcp_sendq_map(&m->q, NULL, &data, off, len);

    assert_true(cnt <= len && (cnt > 0 || len == 0));
    assert_true(len == 0 || data == m->stream + m->una + off);
    assert_true(cnt == len || cnt <= tcp_sendq_boundary(&m->q, off));
}

static void model_ask(struct model *m, uint32_t off, uint32_t len)
{
    uint32_t idx = m->popped_cnt;

    while (m->ends[idx] <= m->una + off) {
        ++idx;
    }
    assert_int_equal(tcp_sendq_boundary(&m->q, off), m->ends[idx] - m->una - off);
    assert_int_equal(tcp_sendq_has_end(&m->q, off, len), m->ends[idx] <= m->una + off + len && len);
}

static void model_step(struct model *m)
{
    const uint32_t len = m->end - m->una;
    uint32_t off;
    uint32_t cnt;

    assert_int_equal(m->q.len, len);
    switch (below(m, 8)) {
    case 0:
        model_push(m);
        return;
    case 1:
        cnt = below(m, (len > 3000 ? 3000 : len) + 1);
        tcp_sendq_ack(&m->q, cnt);
        m->una += cnt;
        return;
    case 2:
        model_pop(m);
        return;
    default:
        if (len == 0) {
            return;
        }
        off = below(m, len);
        cnt = below(m, (len - off > 1460 ? 1460 : len - off) + 1);
        model_read(m, off, cnt);
        model_map(m, off, cnt);
        model_ask(m, off, cnt);
        return;
    }
}

/* Random pushes, acknowledgments, pops and reads agree with the stream. */
static void test_random_walk(void **state)
{
    struct model *m;
    const uint64_t seed = seed_of(0x5e4d);
    uint32_t idx;

    (void)state;
    for (uint64_t run = 0; run < 20; ++run) {
        m = model_new(seed + run);
        for (int i = 0; i < 5000; ++i) {
            model_step(m);
        }
        model_pop(m);
        idx = m->popped_cnt;
        for (struct toe_buf *buf = tcp_sendq_take(&m->q); buf != NULL; buf = buf->next) {
            const uint32_t start = m->ends[idx] - m->lens[idx];
            const uint32_t acked = m->una > start ? m->una - start : 0;

            assert_ptr_equal(buf, &m->bufs[idx]);
            assert_int_equal(buf->transferred, acked);
            assert_int_equal(buf->len, m->lens[idx] - acked);
            ++idx;
        }
        assert_int_equal(idx, m->pushed_cnt);
        free(m);
    }
}

/* Sending forward while retransmitting behind: each goes on where it was. */
static void test_two_places_at_once(void **state)
{
    struct model *m = model_new(seed_of(7));

    (void)state;
    while (m->pushed_cnt < 2000) {
        tcp_sendq_push(&m->q, model_buf(m, 1 + below(m, 90)));
    }
    for (uint32_t i = 0; i < 40; ++i) {
        model_read(m, 40000 + i * 1000, 1000);
        model_read(m, i * 1000, 1000);
    }
    assert_non_null(m->q.cursors[0].buf);
    assert_true(m->q.cursors[0].buf < m->q.cursors[1].buf);
    free(m);
}

/* A request goes on in the next buffer where its owner said so; of many, a few are looked at. */
static void test_request_of_several_buffers(void **state)
{
    struct model *m = model_new(seed_of(1));

    (void)state;
    for (int i = 0; i < 8; ++i) {
        struct toe_buf *buf = model_buf(m, 100);

        buf->flags = i == 2 || i == 7 ? 0 : TOE_BUF_MORE;
        tcp_sendq_push(&m->q, buf);
    }
    assert_int_equal(tcp_sendq_left(&m->q, 0), 300);
    assert_int_equal(tcp_sendq_left(&m->q, 299), 1);
    assert_int_equal(tcp_sendq_boundary(&m->q, 299), 1);
    assert_int_equal(tcp_sendq_boundary(&m->q, 0), 100);
    assert_int_equal(tcp_sendq_left(&m->q, 310), 490);
    assert_int_equal(tcp_sendq_left(&m->q, 799), 1);

    /* What follows the last is not there yet. */
    tcp_sendq_push(&m->q, model_buf(m, 50));
    m->bufs[m->pushed_cnt - 1].flags = TOE_BUF_MORE;
    assert_int_equal(tcp_sendq_left(&m->q, 810), 40);
    free(m);
}

/* An empty buffer completes when all before it is acknowledged, and not earlier (SND-018). */
static void test_empty_buffers(void **state)
{
    struct model *m = model_new(1);

    (void)state;
    tcp_sendq_push(&m->q, NULL);
    tcp_sendq_push(&m->q, model_buf(m, 0));
    model_pop(m);
    assert_int_equal(m->popped_cnt, 1);

    tcp_sendq_push(&m->q, model_buf(m, 10));
    tcp_sendq_push(&m->q, model_buf(m, 0));
    tcp_sendq_push(&m->q, model_buf(m, 10));
    tcp_sendq_push(&m->q, model_buf(m, 0));
    model_read(m, 5, 15);
    tcp_sendq_ack(&m->q, 9);
    m->una += 9;
    model_pop(m);
    assert_int_equal(m->popped_cnt, 1);
    tcp_sendq_ack(&m->q, 1);
    m->una += 1;
    model_pop(m);
    assert_int_equal(m->popped_cnt, 3);
    tcp_sendq_ack(&m->q, 10);
    m->una += 10;
    model_pop(m);
    assert_int_equal(m->popped_cnt, 5);
    assert_null(tcp_sendq_take(&m->q));
    free(m);
}

/* |transferred| counts what was acknowledged before, by whoever had the buffer (SND-012). */
static void test_take_adds_up(void **state)
{
    struct model *m = model_new(3);
    struct toe_buf *buf;
    uint32_t off;

    (void)state;
    buf = model_buf(m, 100);
    off = buf->off;
    buf->transferred = 50;
    tcp_sendq_push(&m->q, buf);
    tcp_sendq_ack(&m->q, 30);
    assert_int_equal(buf->off, off);
    assert_int_equal(buf->len, 100);
    assert_ptr_equal(tcp_sendq_take(&m->q), buf);
    assert_int_equal(buf->transferred, 80);
    assert_int_equal(buf->off, off + 30);
    assert_int_equal(buf->len, 70);
    tcp_sendq_push(&m->q, buf);
    tcp_sendq_ack(&m->q, 70);
    assert_ptr_equal(tcp_sendq_pop(&m->q), buf);
    assert_int_equal(buf->transferred, 150);
    free(m);
}

static void *map_nothing(void *user, uint64_t addr, uint32_t len)
{
    (void)user;
    (void)addr;
    (void)len;
    return NULL;
}

/* Memory that cannot be mapped fails the read. */
static void test_unmappable(void **state)
{
    const struct toe_bus bus = {.map = map_nothing};
    struct model *m = model_new(1);
    const uint8_t *data;
    uint64_t sum = 0;

    (void)state;
    tcp_sendq_push(&m->q, model_buf(m, 100));
    assert_true(tcp_sendq_read(&m->q, &bus, m->out, 0, 0, &sum));
    assert_false(tcp_sendq_read(&m->q, &bus, m->out, 0, 1, &sum));
    assert_int_equal(tcp_sendq_map(&m->q, &bus, &data, 0, 1), 0);
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_walk),   cmocka_unit_test(test_two_places_at_once),
        cmocka_unit_test(test_empty_buffers), cmocka_unit_test(test_take_adds_up),
        cmocka_unit_test(test_unmappable),    cmocka_unit_test(test_request_of_several_buffers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
