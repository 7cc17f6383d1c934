/* SPDX-License-Identifier: MIT */
/*
 * Explicit congestion notification of whole machines: a wire that marks, and that knows of every
 * frame what the standard wants to be on it, wherever the connection is and however often it moves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/mark.h"
#include "support/host_pair.h"
#include "support/host_stub.h"
#include "wire/ether.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/tcp.h"

#define SEC TOE_NS_PER_SEC
#define MS TOE_NS_PER_MS

#define EVENT_MAX 8192

/* What a segment with text told the receiver: mark or CWR, in the order of the stream. */
struct event {
    toe_seq seq; /* its first byte */
    bool is_mark;
    bool is_cwr;
};

/* What the wire has seen of one connection's data from machine 0 to machine 1. */
struct spy {
    struct base_rand rand;
    uint32_t mark_percent;
    uint32_t loss_percent; /* none: each acknowledgment's ECE is known exactly */
    uint64_t seed;
    bool is_open;   /* a segment with text was seen */
    toe_seq next;   /* behind the last byte that was sent */
    toe_seq acked;  /* the furthest acknowledgment */
    toe_seq cwr_at; /* the last CWR */
    struct event events[EVENT_MAX];
    uint32_t event_cnt;
    uint64_t ect, marks, cwrs, echoes, repeated, options;
};

/* Whether |frame| is a TCP segment. */
static bool parse(struct tcp_segment *seg, const uint8_t *frame, uint32_t len)
{
    struct wire_ether ether;
    struct wire_ipv4 ip4;
    struct wire_ipv6 ip6;
    const int head = wire_ether_parse(&ether, frame, len);
    int ip_len = -1;
    uint8_t tos = 0;

    assert_true(head > 0);
    frame += head;
    len -= (uint32_t)head;
    if (ether.type == WIRE_ETHER_TYPE_IPV4) {
        ip_len = wire_ipv4_parse(&ip4, frame, len);
        assert_true(ip_len > 0 && ip4.csum_ok);
        tos = ip4.tos;
        len = (uint32_t)ip_len + ip4.payload_len;
        ip_len = ip4.proto == WIRE_PROTO_TCP ? ip_len : -1;
    } else if (ether.type == WIRE_ETHER_TYPE_IPV6) {
        ip_len = wire_ipv6_parse(&ip6, frame, len);
        assert_true(ip_len > 0);
        tos = ip6.traffic_class;
        len = (uint32_t)ip_len + ip6.payload_len;
        ip_len = ip6.next_header == WIRE_PROTO_TCP ? ip_len : -1;
    }
    if (ip_len < 0 || wire_tcp_parse(seg, frame + ip_len, len - (uint32_t)ip_len) < 0) {
        return false;
    }
    seg->ecn = tos & 3u;
    return true;
}

static void require(const struct spy *spy, bool is_right, const char *what,
                    const struct tcp_segment *seg)
{
    if (!is_right) {
        fail_msg("seed %llu: %s: seq %u len %u flags %#x ecn %u", (unsigned long long)spy->seed,
                 what, seg->seq.v, seg->payload_len, seg->flags, seg->ecn);
    }
}

/* Data: RFC 3168, 6.1.2 and 6.1.5. Marks some. */
static void see_text(struct spy *spy, const struct tcp_segment *seg, uint8_t *frame, uint32_t len)
{
    const bool is_new = !spy->is_open || toe_seq_ge(seg->seq, spy->next);
    const bool is_cwr = (seg->flags & TCP_CWR) != 0;

    if (!is_new) {
        ++spy->repeated;
        require(spy, seg->ecn == TCP_ECN_NOT_ECT && !is_cwr, "repeated and ECT, or CWR", seg);
        return;
    }
    require(spy, seg->ecn == TCP_ECN_ECT0, "new and not ECT(0)", seg);
    ++spy->ect;
    spy->is_open = true;
    spy->next = toe_seq_add(seg->seq, seg->payload_len);
    if (is_cwr) {
        /* A timeout may follow, and what a move without extension forgets is answered again. */
        require(spy,
                spy->loss_percent != 0 || spy->cwrs == 0 || toe_seq_gt(spy->acked, spy->cwr_at),
                "slowed down twice in a round trip", seg);
        ++spy->cwrs;
        spy->cwr_at = seg->seq;
    }
    if (is_cwr || base_rand_chance(&spy->rand, spy->mark_percent, 100)) {
        struct event *event = &spy->events[spy->event_cnt];

        assert_true(spy->event_cnt < EVENT_MAX);
        *event = (struct event){.seq = seg->seq, .is_cwr = is_cwr};
        if (base_rand_chance(&spy->rand, is_cwr ? spy->mark_percent : 100, 100)) {
            assert_true(sim_mark(frame, len));
            event->is_mark = true;
            ++spy->marks;
        }
        ++spy->event_cnt;
    }
}

/* Whether an acknowledgment up to |ack| echoes a mark: what came last decides. */
static bool is_echo_due(const struct spy *spy, toe_seq ack)
{
    for (uint32_t i = spy->event_cnt; i > 0; --i) {
        if (toe_seq_lt(spy->events[i - 1].seq, ack)) {
            return spy->events[i - 1].is_mark;
        }
    }
    return false;
}

static void see_ack(struct spy *spy, const struct tcp_segment *seg)
{
    const bool is_echo = (seg->flags & TCP_ECE) != 0;

    require(spy, seg->ecn == TCP_ECN_NOT_ECT, "an acknowledgment that is ECT", seg);
    if (spy->loss_percent == 0) {
        require(spy, is_echo == is_echo_due(spy, seg->ack), "a wrong echo", seg);
    }
    spy->echoes += is_echo;
    if (spy->is_open) {
        spy->acked = toe_seq_max(spy->acked, seg->ack);
    }
}

static bool look(struct t_pair *pair, int from, const uint8_t *frame, uint32_t len)
{
    struct spy *spy = pair->user;
    struct tcp_segment seg;

    if (!parse(&seg, frame, len) || (seg.flags & (TCP_SYN | TCP_RST)) != 0) {
        return true;
    }
    if (from == 0 && seg.payload_len > 0) {
        if (!spy->is_open) {
            spy->acked = seg.seq;
        }
        see_text(spy, &seg, (uint8_t *)(uintptr_t)frame, len);
    } else if (from == 0) {
        require(spy, seg.ecn == TCP_ECN_NOT_ECT, "no text, and ECT", &seg);
    } else {
        see_ack(spy, &seg);
    }
    return !base_rand_chance(&spy->rand, spy->loss_percent, 100);
}

/* One stream of a megabyte over a wire that marks; what the wire saw. */
static void run(struct spy *spy, const struct toe_host_settings *hs,
                const struct toe_target_settings *ts, uint8_t family, uint32_t *moves)
{
    struct toe_host_stats stats = {.size = sizeof(stats)};
    struct t_pair pair;

    base_rand_init(&spy->rand, spy->seed);
    t_pair_init(&pair, hs, ts, spy->seed);
    pair.delay = 10 * MS;
    pair.filter = look;
    pair.user = spy;
    t_pair_connect(&pair, family, 1000000, 0);
    assert_true(t_pair_run_until(&pair, 3000 * SEC, t_pair_is_done));
    assert_int_equal(pair.m[1].streams[0].received, 1000000);
    for (int i = 0; i < 2; ++i) {
        toe_host_stats_get(pair.m[i].host, &stats);
        *moves += (uint32_t)(stats.offloads + stats.uploads);
        assert_int_equal(stats.extensions_ignored, 0);
    }
    t_pair_run(&pair, 1000 * SEC);
    t_pair_check_clean(&pair);
    t_pair_fini(&pair);
}

static struct toe_host_settings settings(enum toe_policy policy, enum toe_ecn ecn)
{
    struct toe_host_settings hs;

    toe_host_settings_default(&hs);
    hs.policy = policy;
    hs.policy_in_host = 60 * MS;
    hs.policy_offloaded = 60 * MS;
    hs.receive_mode = TOE_RECEIVE_MIXED;
    hs.ecn = ecn;
    return hs;
}

/* Marks only: each is echoed until CWR, answered once a round trip, and nothing is sent twice,
 * in the host, in the target, and on the way between them. */
static void test_marks(void **state)
{
    static const enum toe_policy policies[] = {TOE_POLICY_MANUAL, TOE_POLICY_ALL,
                                               TOE_POLICY_RANDOM};
    const char *env = getenv("TOE_TEST_SEED");
    const uint64_t first = env != NULL ? strtoull(env, NULL, 0) : 1;
    const uint64_t last = env != NULL ? first : 12;
    uint32_t moves = 0;

    (void)state;
    for (uint64_t seed = first; seed <= last; ++seed) {
        for (uint32_t i = 0; i < 3; ++i) {
            const struct toe_host_settings hs = settings(policies[i], TOE_ECN_ON);
            struct toe_target_settings ts;
            struct spy *spy = calloc(1, sizeof(*spy));

            assert_non_null(spy);
            toe_target_settings_default(&ts);
            ts.profile = seed % 2 == 0 ? TOE_PROFILE_MODERN : TOE_PROFILE_COMPAT;
            spy->seed = seed;
            spy->mark_percent = (uint32_t)(seed % 4) * 3;
            run(spy, &hs, &ts, seed % 3 == 0 ? 6 : 4, &moves);
            assert_true(spy->ect > 600);
            assert_int_equal(spy->repeated, 0);
            assert_int_equal(spy->marks > 0, spy->mark_percent > 0);
            assert_int_equal(spy->cwrs > 0, spy->mark_percent > 0);
            assert_int_equal(spy->echoes > 0, spy->mark_percent > 0);
            free(spy);
        }
    }
    assert_true(moves > last - first);
}

/* With losses as well, half of them without extensions: the rules for what may be on the wire hold.
 */
static void test_marks_and_losses(void **state)
{
    const char *env = getenv("TOE_TEST_SEED");
    const uint64_t first = env != NULL ? strtoull(env, NULL, 0) : 1;
    const uint64_t last = env != NULL ? first : 10;
    uint64_t repeated = 0;
    uint32_t moves = 0;

    (void)state;
    for (uint64_t seed = first; seed <= last; ++seed) {
        struct toe_host_settings hs = settings(TOE_POLICY_RANDOM, TOE_ECN_ON);
        struct spy *spy = calloc(1, sizeof(*spy));

        assert_non_null(spy);
        hs.extension = seed % 2 == 0;
        spy->seed = seed;
        spy->mark_percent = 3;
        spy->loss_percent = 2;
        run(spy, &hs, NULL, 4, &moves);
        repeated += spy->repeated;
        free(spy);
    }
    assert_true(repeated > 0 && moves > 0);
}

static bool see_no_ecn(struct t_pair *pair, int from, const uint8_t *frame, uint32_t len)
{
    struct tcp_segment seg;

    (void)pair;
    (void)from;
    if (parse(&seg, frame, len)) {
        assert_int_equal(seg.ecn, TCP_ECN_NOT_ECT);
        assert_int_equal(seg.flags & (TCP_ECE | TCP_CWR), 0);
    }
    return true;
}

/* The default is to agree, so two of that kind do without, and there is no difference. */
static void test_nobody_offers(void **state)
{
    const struct toe_host_settings hs = settings(TOE_POLICY_RANDOM, TOE_ECN_RESPOND);
    struct toe_host_settings plain;
    struct t_pair pair;

    (void)state;
    toe_host_settings_default(&plain);
    assert_int_equal(plain.ecn, TOE_ECN_RESPOND);
    t_pair_init(&pair, &hs, NULL, 1);
    pair.filter = see_no_ecn;
    t_pair_connect(&pair, 4, 100000, 100000);
    assert_true(t_pair_run_until(&pair, 1000 * SEC, t_pair_is_done));
    t_pair_run(&pair, 1000 * SEC);
    t_pair_check_clean(&pair);
    t_pair_fini(&pair);
}

/* RFC-090: a target that does not know the flag gets no such connection: neither from the host, nor
 * does it take one. */
static void test_target_without(void **state)
{
    const struct toe_host_settings hs = settings(TOE_POLICY_MANUAL, TOE_ECN_ON);
    struct toe_host_tcp_info info = {.size = sizeof(info)};
    struct toe_host_conn_info where;
    struct toe_target_settings ts;
    struct t_pair pair;
    toe_handle conn;
    uint32_t idx;

    (void)state;
    toe_target_settings_default(&ts);
    assert_true(ts.ecn);
    ts.ecn = false;
    t_pair_init(&pair, &hs, &ts, 1);
    pair.delay = 10 * MS;
    idx = t_pair_connect(&pair, 4, 100000000, 0);
    t_pair_run(&pair, 1 * SEC);
    conn = pair.m[0].streams[idx].conn;
    assert_true(toe_host_tcp_info(pair.m[0].host, conn, &info));
    assert_true(info.ecn);
    assert_int_equal(toe_host_offload(pair.m[0].host, &conn, 1), 1);
    t_pair_run(&pair, 100 * MS);
    assert_true(toe_host_conn_info(pair.m[0].host, conn, &where));
    assert_int_equal(where.place, TOE_PLACE_HOST);
    assert_int_equal(where.offload_status, TOE_STATUS_NOT_SUPPORTED);
    t_pair_fini(&pair);
}

/* RFC 9768, 3.2.2.2: each ACE tells as many marks as were made, no more and none twice. */
static bool look_accurate(struct t_pair *pair, int from, const uint8_t *frame, uint32_t len)
{
    struct spy *spy = pair->user;
    struct tcp_segment seg;

    if (!parse(&seg, frame, len) || (seg.flags & (TCP_SYN | TCP_RST)) != 0) {
        return true;
    }
    if (from == 0 && seg.payload_len > 0) {
        require(spy, seg.payload_len <= 1460 && seg.ecn == TCP_ECN_ECT0, "not ECT(0)", &seg);
        if (base_rand_chance(&spy->rand, spy->mark_percent, 100)) {
            assert_true(sim_mark((uint8_t *)(uintptr_t)frame, len));
            ++spy->marks;
        }
        spy->ect += seg.payload_len;
    } else if (from == 1) {
        const uint64_t ace = (seg.ae ? 4u : 0) | ((seg.flags & TCP_CWR) != 0 ? 2u : 0) |
                             ((seg.flags & TCP_ECE) != 0 ? 1u : 0);

        spy->echoes += (ace - 5 - spy->echoes) & 7;
        require(spy, spy->echoes <= spy->marks, "a mark that nobody made", &seg);
        spy->options += seg.acc_cnt > 0;
    }
    return true;
}

/* Accurate feedback goes on wherever the connection is, and counts every mark. */
static void test_accurate(void **state)
{
    const char *env = getenv("TOE_TEST_SEED");
    const uint64_t first = env != NULL ? strtoull(env, NULL, 0) : 1;
    const uint64_t last = env != NULL ? first : 12;
    uint32_t moves = 0;

    (void)state;
    for (uint64_t seed = first; seed <= last; ++seed) {
        struct toe_host_settings hs = settings(TOE_POLICY_RANDOM, TOE_ECN_ON);
        struct toe_host_stats stats = {.size = sizeof(stats)};
        struct spy spy = {.seed = seed, .mark_percent = 10};
        struct t_pair pair;

        hs.accurate_ecn = true;
        base_rand_init(&spy.rand, seed);
        t_pair_init(&pair, &hs, NULL, seed);
        pair.delay = 10 * MS;
        pair.filter = look_accurate;
        pair.user = &spy;
        t_pair_connect(&pair, seed % 2 == 0 ? 4 : 6, 1000000, 0);
        assert_true(t_pair_run_until(&pair, 3000 * SEC, t_pair_is_done));
        assert_int_equal(pair.m[1].streams[0].received, 1000000);
        assert_true(spy.marks > 20 && spy.options > 0);
        assert_int_equal(spy.echoes, spy.marks);
        assert_int_equal(spy.ect, 1000000); /* Nothing was lost, and nothing went twice. */
        for (int i = 0; i < 2; ++i) {
            toe_host_stats_get(pair.m[i].host, &stats);
            moves += (uint32_t)(stats.offloads + stats.uploads);
            assert_int_equal(stats.extensions_ignored, 0);
        }
        t_pair_run(&pair, 1000 * SEC);
        t_pair_check_clean(&pair);
        t_pair_fini(&pair);
    }
    assert_true(moves > last - first);
}

/* A connection with accurate feedback stays where the target does not know it, or gets no
 * extension; one with the feedback of RFC 3168 need not. */
static void test_accurate_stays(void **state)
{
    static const struct {
        bool accecn, extension, peer;
        bool moves;
    } cases[] = {
        {true, true, true, true},
        {false, true, true, false},
        {true, false, true, false},
        {false, true, false, true}, /* The peer knows RFC 3168 only. */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct toe_host_settings hs = settings(TOE_POLICY_MANUAL, TOE_ECN_ON);
        struct toe_host_tcp_info info = {.size = sizeof(info)};
        struct toe_host_conn_info where;
        struct toe_target_settings ts;
        struct t_pair pair;
        toe_handle conn;
        uint32_t idx;

        toe_target_settings_default(&ts);
        assert_true(ts.accecn);
        ts.accecn = cases[i].accecn;
        ts.extension = cases[i].extension;
        hs.accurate_ecn = cases[i].peer;
        t_pair_init(&pair, &hs, &ts, 1);
        pair.delay = 10 * MS;
        idx = t_pair_connect(&pair, 4, 100000000, 0);
        t_pair_run(&pair, 1 * SEC);
        conn = pair.m[0].streams[idx].conn;
        assert_true(toe_host_tcp_info(pair.m[0].host, conn, &info));
        assert_true(info.ecn);
        assert_int_equal(info.accurate_ecn, cases[i].peer);
        assert_int_equal(toe_host_offload(pair.m[0].host, &conn, 1), 1);
        t_pair_run(&pair, 100 * MS);
        assert_true(toe_host_conn_info(pair.m[0].host, conn, &where));
        assert_int_equal(where.place, cases[i].moves ? TOE_PLACE_OFFLOADED : TOE_PLACE_HOST);
        assert_int_equal(where.offload_status,
                         cases[i].moves ? TOE_STATUS_SUCCESS : TOE_STATUS_NOT_SUPPORTED);
        t_pair_fini(&pair);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marks),         cmocka_unit_test(test_marks_and_losses),
        cmocka_unit_test(test_nobody_offers), cmocka_unit_test(test_target_without),
        cmocka_unit_test(test_accurate),      cmocka_unit_test(test_accurate_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
