/* SPDX-License-Identifier: MIT */
/*
 * Patterns of loss, and how long a transfer takes with each: by the scoreboard and NewReno's rules
 * alone (RFC 6675), and with detection by time, probes and undoing. A path of 10 Mbit/s and 40 ms,
 * some hundred segments, CUBIC in both; milliseconds, summed over the seeds.
 */
#include "support/conversation.h"

#include "base/rand.h"
#include "tcp/congestion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MSS 1460u
#define SEGS 400u
#define SEEDS 10u
#define DELAY T_MS(20)
#define SPACING (12 * TOE_NS_PER_MS / 10) /* of full segments at 10 Mbit/s */
#define AIR_MAX 512u

enum pattern {
    PATTERN_NONE,
    PATTERN_RANDOM_1,
    PATTERN_RANDOM_5,
    PATTERN_BURST,
    PATTERN_TAIL,
    PATTERN_REORDER,
    PATTERN_ACKS,
    PATTERN_SPIKE,
    PATTERN_CNT,
};

static const char *const names[PATTERN_CNT] = {
    "none",      "random 1 %",     "random 5 %",    "burst of 12",
    "tail of 3", "reordering 5 %", "ack loss 30 %", "stall of 1 s",
};

/* A segment on its way. */
struct packet {
    toe_instant at;
    struct t_conn *to; /* NULL: the place is free */
    struct tcp_segment seg;
    uint8_t data[MSS];
};

struct path {
    struct t_conn *ends[2];
    struct packet air[AIR_MAX];
    toe_instant now;
    toe_instant free_at; /* the bottleneck */
    uint32_t data_cnt;
    struct base_rand rand;
    enum pattern pattern;
};

static bool percent(struct path *p, uint32_t n)
{
    return base_rand_u32(&p->rand) % 100 < n;
}

/* Whether |out| is lost; |late| is by how much it is delayed. */
static bool is_dropped(struct path *p, const struct tcp_out *out, bool is_data, toe_duration *late)
{
    const uint32_t idx = p->data_cnt;
    const uint32_t seg = (out->seg.seq.v - 1) / MSS;

    p->data_cnt += is_data;
    switch (p->pattern) {
    case PATTERN_RANDOM_1:
        return is_data && percent(p, 1);
    case PATTERN_RANDOM_5:
        return is_data && percent(p, 5);
    case PATTERN_BURST:
        return is_data && idx >= 150 && idx < 162;
    case PATTERN_TAIL:
        return is_data && seg >= SEGS - 3 && !out->is_retransmission;
    case PATTERN_REORDER:
        *late = is_data && percent(p, 5) ? T_MS(4) : 0;
        return false;
    case PATTERN_ACKS:
        return !is_data && percent(p, 30);
    case PATTERN_SPIKE:
        *late = idx >= 100 && p->now < p->ends[0]->origin + T_MS(1500) ? T_MS(1000) : 0;
        return false;
    case PATTERN_NONE:
    case PATTERN_CNT:
        break;
    }
    return false;
}

static void leave(struct path *p, struct t_conn *from, const struct tcp_out *out)
{
    const bool is_data = out->seg.payload_len > 0;
    toe_duration late = 0;
    struct packet *packet = p->air;
    uint64_t sum = 0;

    if (is_data) {
        p->free_at = (p->free_at > p->now ? p->free_at : p->now) + SPACING;
    }
    if (is_dropped(p, out, is_data, &late)) {
        return;
    }
    while (packet->to != NULL) {
        ++packet;
        assert_true(packet < p->air + AIR_MAX);
    }
    packet->at = (is_data ? p->free_at : p->now) + DELAY + late;
    packet->to = from == p->ends[0] ? p->ends[1] : p->ends[0];
    packet->seg = out->seg;
    if (is_data) {
        assert_true(
            tcp_send_read(&from->conn, packet->data, out->text_off, out->seg.payload_len, &sum));
        packet->seg.payload = packet->data;
    }
}

static void settle(struct path *p)
{
    for (int i = 0; i < 2; ++i) {
        struct t_conn *c = p->ends[i];

        c->now = p->now;
        t_settle(c);
        for (; c->out_cnt > 0; --c->out_cnt) {
            leave(p, c, &c->out[c->out_head]);
            c->out_head = (c->out_head + 1) % T_OUT_MAX;
        }
    }
}

/* Whatever is next. */
static void step(struct path *p)
{
    struct packet *first = NULL;
    toe_instant due = TOE_INSTANT_NEVER;

    for (uint32_t i = 0; i < AIR_MAX; ++i) {
        if (p->air[i].to != NULL && (first == NULL || p->air[i].at < first->at)) {
            first = &p->air[i];
        }
    }
    for (int i = 0; i < 2; ++i) {
        due = tcp_deadline(&p->ends[i]->conn) < due ? tcp_deadline(&p->ends[i]->conn) : due;
    }
    if (first != NULL && first->at <= due) {
        p->now = first->at;
        first->to->now = p->now;
        (void)tcp_input(&first->to->conn, &first->seg, p->now);
        first->to = NULL;
    } else {
        assert_true(due != TOE_INSTANT_NEVER);
        p->now = due > p->now ? due : p->now;
        for (int i = 0; i < 2; ++i) {
            p->ends[i]->now = p->now;
            tcp_expire(&p->ends[i]->conn, p->now);
        }
    }
    settle(p);
}

struct outcome {
    toe_duration time;
    uint64_t resent;
};

static struct outcome transfer(enum pattern pattern, bool modern, uint64_t seed)
{
    const struct t_options opt = {.sack = true, .modern = modern, .mss = MSS};
    struct path *p = calloc(1, sizeof(*p));
    struct outcome outcome;

    assert_non_null(p);
    p->pattern = pattern;
    base_rand_init(&p->rand, seed);
    for (int i = 0; i < 2; ++i) {
        p->ends[i] = t_conn_new(TOE_TCP_ESTABLISHED, &opt);
        p->ends[i]->cfg.cc = &tcp_cc_cubic;
        p->ends[i]->cfg.ssthresh_flight = true;
    }
    p->ends[1]->salt_in = p->ends[0]->salt_out;
    p->now = p->ends[0]->now;
    t_queue(p->ends[0], SEGS * MSS);
    settle(p);
    while (p->ends[0]->acked < SEGS * MSS) {
        step(p);
        if (p->now > p->ends[0]->origin + T_MS(300000)) {
            fail_msg("seed %llu, %s: no end", (unsigned long long)seed, names[pattern]);
        }
    }
    assert_int_equal(p->ends[1]->read, SEGS * MSS);
    outcome.time = p->now - p->ends[0]->origin;
    outcome.resent = p->ends[0]->conn.rexmit_cnt_total;
    t_conn_del(p->ends[0]);
    t_conn_del(p->ends[1]);
    free(p);
    return outcome;
}

/* No pattern takes longer for it, beyond what chance makes of it; and its own subjects do better.
 */
static void test_patterns(void **state)
{
    (void)state;
    print_message("%-16s %22s %22s\n", "pattern", "scoreboard: ms, resent", "by time: ms, resent");
    for (int pattern = 0; pattern < PATTERN_CNT; ++pattern) {
        struct outcome sums[2] = {{0}};

        for (uint64_t seed = 1; seed <= SEEDS; ++seed) {
            for (int modern = 0; modern < 2; ++modern) {
                const struct outcome one = transfer((enum pattern)pattern, modern != 0, seed);

                sums[modern].time += one.time;
                sums[modern].resent += one.resent;
            }
        }
        print_message(
            "%-16s %14llu %7llu %14llu %7llu\n", names[pattern],
            (unsigned long long)(sums[0].time / TOE_NS_PER_MS), (unsigned long long)sums[0].resent,
            (unsigned long long)(sums[1].time / TOE_NS_PER_MS), (unsigned long long)sums[1].resent);
        if (sums[1].time > sums[0].time + sums[0].time / 20) {
            fail_msg("%s takes longer", names[pattern]);
        }
        if (pattern == PATTERN_NONE) {
            assert_int_equal(sums[1].resent, 0);
        }
        if (pattern == PATTERN_REORDER) {
            assert_true(10 * sums[1].resent < sums[0].resent);
        }
        if (pattern == PATTERN_TAIL || pattern == PATTERN_REORDER || pattern == PATTERN_SPIKE) {
            assert_true(sums[1].time < sums[0].time);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
