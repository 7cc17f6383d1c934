/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rand.h"
#include "tcp/scoreboard.h"

/* The seed of a random test: what the environment says, or |seed|. */
static uint64_t seed_of(uint64_t seed)
{
    const char *text = getenv("TOE_TEST_SEED");

    seed = text == NULL ? seed : strtoull(text, NULL, 0);
    print_message("seed: %#llx\n", (unsigned long long)seed);
    return seed;
}

/* Sequence numbers begin here, so that every test crosses the wrap. */
#define BASE UINT32_C(0xfffffe00)

enum { MSS = 100, STREAM_LEN = 20000, FLIGHT_MAX = 3000 };

static toe_seq at(uint32_t off)
{
    return toe_seq_of(BASE + off);
}

/* The model: RFC 6675 word by word, an octet at a time. */
struct model {
    struct base_rand rand;
    struct tcp_scoreboard sb;
    struct tcp_scoreboard_view view;
    bool sacked[STREAM_LEN];
    uint32_t una, max;
    uint32_t high_rxt, rescue_rxt;
};

static struct model *model_new(uint64_t seed)
{
    struct model *m = calloc(1, sizeof(*m));

    base_rand_init(&m->rand, seed);
    tcp_scoreboard_clear(&m->sb, at(0));
    m->view = (struct tcp_scoreboard_view){
        .snd_una = at(0), .snd_max = at(0), .mss = MSS, .dup_thresh = 3};
    return m;
}

static uint32_t below(struct model *m, uint32_t n)
{
    return (uint32_t)base_rand_below(&m->rand, n);
}

static bool model_is_lost(const struct model *m, uint32_t off)
{
    uint32_t bytes = 0;
    uint32_t cnt = 0;

    for (uint32_t i = off + 1; i < m->max; ++i) {
        bytes += m->sacked[i];
        cnt += m->sacked[i] && (i == off + 1 || !m->sacked[i - 1]);
    }
    return cnt >= 3 || bytes > 2 * MSS;
}

static uint32_t model_pipe(const struct model *m)
{
    uint32_t pipe = 0;

    for (uint32_t i = m->una; i < m->max; ++i) {
        if (!m->sacked[i]) {
            pipe += !model_is_lost(m, i);
            pipe += i < m->high_rxt;
        }
    }
    return pipe;
}

/* The first octet from |from| on that is sacked, or not, as |want| says; |m|->max if there is none.
 */
static uint32_t model_find(const struct model *m, uint32_t from, bool want)
{
    while (from < m->max && m->sacked[from] != want) {
        ++from;
    }
    return from;
}

static enum tcp_next model_next(const struct model *m, uint32_t *left, uint32_t *right)
{
    const uint32_t from = m->high_rxt > m->una ? m->high_rxt : m->una;
    const uint32_t hole = model_find(m, from, false);
    const uint32_t end = model_find(m, hole, true);
    const bool has_hole = end < m->max;

    *left = hole;
    *right = end < hole + MSS ? end : hole + MSS;
    if (has_hole && model_is_lost(m, hole)) {
        return TCP_NEXT_LOST;
    }
    if (m->view.has_new) {
        return TCP_NEXT_NEW;
    }
    if (has_hole) {
        return TCP_NEXT_DOUBTED;
    }
    *right = m->max;
    while (*right > m->una && m->sacked[*right - 1]) {
        --*right;
    }
    if (m->una <= m->rescue_rxt || *right == m->una) {
        return TCP_NEXT_NONE;
    }
    for (*left = *right; *left > m->una && !m->sacked[*left - 1] && *right - *left < MSS;) {
        --*left;
    }
    return TCP_NEXT_RESCUE;
}

/* Everything the scoreboard can be asked agrees with the model. */
static void compare(struct model *m)
{
    struct tcp_sack_block range;
    enum tcp_next why;
    uint32_t left, right;
    uint32_t sum = 0;

    for (uint32_t i = m->una; i < m->max; ++i) {
        sum += m->sacked[i];
        assert_int_equal(tcp_scoreboard_is_sacked(&m->sb, at(i)), m->sacked[i]);
        if (!m->sacked[i]) {
            assert_int_equal(tcp_scoreboard_is_lost(&m->sb, at(i), &m->view), model_is_lost(m, i));
        }
    }
    assert_int_equal(m->sb.sacked, sum);
    assert_int_equal(tcp_scoreboard_pipe(&m->sb, &m->view), model_pipe(m));

    m->view.has_new = below(m, 4) == 0;
    m->view.recover = m->view.snd_max;
    why = tcp_scoreboard_next(&m->sb, &range, &m->view);
    assert_int_equal(why, model_next(m, &left, &right));
    if (why != TCP_NEXT_NONE && why != TCP_NEXT_NEW) {
        assert_int_equal(range.left.v, BASE + left);
        assert_int_equal(range.right.v, BASE + right);
    }
    if (below(m, 2) == 0) {
        tcp_scoreboard_sent(&m->sb, why, &range, &m->view);
        if (why == TCP_NEXT_LOST || why == TCP_NEXT_DOUBTED) {
            m->high_rxt = right;
        } else if (why == TCP_NEXT_RESCUE) {
            m->rescue_rxt = m->max;
        }
    }
}

/* One to four blocks, now and then impossible ones. */
static void model_update(struct model *m)
{
    struct tcp_sack_block blocks[TCP_SACK_MAX];
    const uint8_t cnt = (uint8_t)(1 + below(m, TCP_SACK_MAX));
    uint32_t fresh = 0;

    for (uint8_t i = 0; i < cnt; ++i) {
        const uint32_t left = m->una + below(m, m->max - m->una) / 50 * 50;
        const uint32_t right = left + 50 * below(m, 7);
        const uint32_t shift = below(m, 10) == 0 ? UINT32_C(0x40000000) : 0;

        blocks[i].left = at(left + shift);
        blocks[i].right = at(right + shift);
        for (uint32_t j = left; shift == 0 && right <= m->max && j < right; ++j) {
            fresh += !m->sacked[j];
            m->sacked[j] = true;
        }
    }
    assert_int_equal(tcp_scoreboard_update(&m->sb, blocks, cnt, m->view.snd_una, m->view.snd_max),
                     fresh);
}

static void step(struct model *m)
{
    const uint32_t flight = m->max - m->una;
    const uint32_t what = below(m, 10);
    uint32_t len = 0;

    if (what < 3 && flight + 1000 < FLIGHT_MAX) {
        m->max += below(m, 1000);
    } else if (what < 5 && flight > 0) {
        /* Cumulative acknowledgments end where the peer has nothing more. */
        len = model_find(m, m->una + below(m, below(m, 5) == 0 ? flight : 200) % flight, false);
        m->una = len > m->una ? len : m->una;
        tcp_scoreboard_ack(&m->sb, at(m->una));
        m->high_rxt = m->high_rxt > m->una ? m->high_rxt : m->una;
    } else if (what == 5 && below(m, 10) == 0 && flight > 0) {
        m->high_rxt = m->rescue_rxt = m->una + (flight < MSS ? flight : MSS);
        tcp_scoreboard_recover(&m->sb, at(m->high_rxt));
    } else if (flight > 0) {
        model_update(m);
    }
    m->view.snd_una = at(m->una);
    m->view.snd_max = at(m->max);
    compare(m);
}

/* Random blocks, acknowledgments and retransmissions agree with RFC 6675 taken literally. */
static void test_random_walk(void **state)
{
    const uint64_t seed = seed_of(0x6675);

    (void)state;
    for (uint64_t run = 0; run < 6; ++run) {
        struct model *m = model_new(seed + run);

        while (m->max + 1000 < STREAM_LEN) {
            step(m);
        }
        free(m);
    }
}

/* Blocks that make no sense are ignored one by one (RFC-077). */
static void test_malformed_blocks(void **state)
{
    static const struct {
        const char *name;
        uint32_t left, right;
        uint32_t want;
    } cases[] = {
        {"empty", 1100, 1100, 0},
        {"backwards", 1200, 1100, 0},
        {"below snd_una", 500, 900, 0},
        {"across snd_una", 900, 1100, 0},
        {"across snd_max", 1900, 2001, 0},
        {"above snd_max", 2000, 2100, 0},
        {"half a circle away", 0x80000000u, 0x80000064u, 0},
        {"all that is outstanding", 1000, 2000, 1000},
        {"the last byte", 1999, 2000, 1},
    };
    struct tcp_scoreboard sb;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        const struct tcp_sack_block blocks[2] = {{at(cases[i].left), at(cases[i].right)},
                                                 {at(1500), at(1600)}};
        uint32_t got;

        tcp_scoreboard_clear(&sb, at(1000));
        got = tcp_scoreboard_update(&sb, blocks, 1, at(1000), at(2000));
        if (got != cases[i].want) {
            fail_msg("%s: %u", cases[i].name, got);
        }
        tcp_scoreboard_update(&sb, blocks, 2, at(1000), at(2000));
        assert_true(tcp_scoreboard_is_sacked(&sb, at(1500)));
    }
}

static uint32_t add(struct tcp_scoreboard *sb, uint32_t left, uint32_t right)
{
    const struct tcp_sack_block block = {at(left), at(right)};

    return tcp_scoreboard_update(sb, &block, 1, at(0), at(100000));
}

/* When it is full the shortest range goes; no byte ever counts that was not reported. */
static void test_full(void **state)
{
    struct tcp_scoreboard sb;

    (void)state;
    tcp_scoreboard_clear(&sb, at(0));
    for (uint32_t i = 0; i < TCP_SCOREBOARD_MAX; ++i) {
        assert_int_equal(add(&sb, 100 + 100 * i, 100 + 100 * i + (i == 20 ? 5 : 10)),
                         i == 20 ? 5 : 10);
    }
    assert_int_equal(add(&sb, 50, 55), 0);
    assert_int_equal(sb.cnt, TCP_SCOREBOARD_MAX);
    assert_true(tcp_scoreboard_is_sacked(&sb, at(2100)));
    assert_int_equal(add(&sb, 50, 56), 6);
    assert_false(tcp_scoreboard_is_sacked(&sb, at(2100)));
    assert_true(tcp_scoreboard_is_sacked(&sb, at(50)));
    assert_int_equal(sb.cnt, TCP_SCOREBOARD_MAX);
    assert_int_equal(add(&sb, 50000, 50100), 100);
    assert_false(tcp_scoreboard_is_sacked(&sb, at(50)));
    assert_int_equal(sb.sacked, (TCP_SCOREBOARD_MAX - 1) * 10 + 100);
    assert_int_equal(add(&sb, 100, 50000), 50000 - 100 - (TCP_SCOREBOARD_MAX - 1) * 10);
    assert_int_equal(sb.cnt, 1);
    tcp_scoreboard_clear(&sb, at(7));
    assert_int_equal(sb.sacked, 0);
    assert_false(tcp_scoreboard_is_sacked(&sb, at(100)));
}

/*
 * Ten segments, of which the second, the fourth and the last are lost: what is sent in recovery, in
 * order, up to the rescue retransmission.
 */
static void test_recovery_of_a_tail(void **state)
{
    struct tcp_scoreboard sb;
    struct tcp_scoreboard_view view = {
        .snd_una = at(100), .snd_max = at(1000), .recover = at(1000), .mss = 100, .dup_thresh = 3};
    struct tcp_sack_block range;

    (void)state;
    tcp_scoreboard_clear(&sb, at(100));
    add(&sb, 200, 300);
    assert_false(tcp_scoreboard_is_lost(&sb, at(100), &view));
    add(&sb, 400, 900);
    assert_true(tcp_scoreboard_is_lost(&sb, at(100), &view));
    assert_true(tcp_scoreboard_is_lost(&sb, at(300), &view));
    assert_false(tcp_scoreboard_is_lost(&sb, at(900), &view));

    tcp_scoreboard_recover(&sb, at(200));
    assert_int_equal(tcp_scoreboard_pipe(&sb, &view), 100 + 100);
    assert_int_equal(tcp_scoreboard_next(&sb, &range, &view), TCP_NEXT_LOST);
    assert_int_equal(range.left.v, at(300).v);
    tcp_scoreboard_sent(&sb, TCP_NEXT_LOST, &range, &view);
    assert_int_equal(tcp_scoreboard_pipe(&sb, &view), 300);
    assert_int_equal(tcp_scoreboard_next(&sb, &range, &view), TCP_NEXT_NONE);

    /* The partial acknowledgment lets the end be retransmitted, once. */
    view.snd_una = at(300);
    tcp_scoreboard_ack(&sb, at(300));
    assert_int_equal(tcp_scoreboard_next(&sb, &range, &view), TCP_NEXT_RESCUE);
    assert_int_equal(range.left.v, at(900).v);
    assert_int_equal(range.right.v, at(1000).v);
    tcp_scoreboard_sent(&sb, TCP_NEXT_RESCUE, &range, &view);
    assert_int_equal(tcp_scoreboard_next(&sb, &range, &view), TCP_NEXT_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_walk),
        cmocka_unit_test(test_malformed_blocks),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_recovery_of_a_tail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
