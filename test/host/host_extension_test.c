/* SPDX-License-Identifier: MIT */
/*
 * The extension between a host and its target: who gets one, what becomes of what comes back, and
 * what it is good for, which is a lossy path on which connections move often.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/host_pair.h"
#include "support/host_stub.h"

#define SEC TOE_NS_PER_SEC
#define MS TOE_NS_PER_MS

/* --- against a target that the test plays --- */

static void init(struct t_stub *stub, bool has_setting, uint32_t version)
{
    struct toe_host_settings settings;
    struct toe_caps caps;

    t_stub_settings(&settings);
    settings.extension = has_setting;
    settings.sack = true;
    t_stub_init(stub, &settings);
    t_stub_resolve(stub);
    caps = stub->caps;
    caps.extension = version;
    stub->up.status(stub->user, TOE_STATUS_OFFLOAD_PAUSE, NULL);
    stub->up.status(stub->user, TOE_STATUS_OFFLOAD_RESUME, &caps);
    t_stub_run(stub, 0);
}

static struct toe_extension *extension_of(const struct t_op *op)
{
    return op->tree->dependent->dependent->state.tcp->extension;
}

/* An extension is for targets that know its version, of hosts that want it; no other sees one. */
static void test_who_gets_one(void **state)
{
    static const struct {
        bool setting;
        uint32_t version;
        bool want;
    } cases[] = {
        {true, 0, false},
        {true, TOE_EXTENSION_VERSION, true},
        {true, TOE_EXTENSION_VERSION + 1, true},
        {false, TOE_EXTENSION_VERSION, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct t_stub stub;
        struct t_seg seg;
        struct toe_tcp_delegated d;
        struct t_op op;
        toe_handle conn;

        init(&stub, cases[i].setting, cases[i].version);
        conn = t_stub_established(&stub, &seg);
        op = t_stub_offload(&stub, conn);
        assert_int_equal(extension_of(&op) != NULL, cases[i].want);
        if (cases[i].want) {
            assert_int_equal(extension_of(&op)->size, sizeof(struct toe_extension));
            assert_int_equal(extension_of(&op)->version, TOE_EXTENSION_VERSION);
            assert_int_equal(extension_of(&op)->congestion, TOE_CONGESTION_CUBIC);
            assert_true(extension_of(&op)->srtt > 0);
            assert_int_equal(extension_of(&op)->last_ack, 1001);
        }
        t_stub_accept(&stub, &op);
        op = t_stub_upload(&stub, conn);
        assert_int_equal(extension_of(&op) != NULL, cases[i].want);
        if (cases[i].want) {
            assert_int_equal(extension_of(&op)->size, sizeof(struct toe_extension));
            assert_int_equal(extension_of(&op)->version, 0);
            assert_null(extension_of(&op)->early_data);
        }
        /* A target that writes nothing has told nothing: that is no fault. */
        d = t_stub_delegated(&seg);
        t_stub_give_back(&stub, &op, &d);
        assert_int_equal(t_stub_stats(&stub).extensions_taken, 0);
        assert_int_equal(t_stub_stats(&stub).extensions_ignored, 0);
        t_stub_fini(&stub);
    }
}

/* What arrived out of order in the host goes along, and stays if the offload is refused. */
static void test_early_text_goes_down(void **state)
{
    struct t_stub stub;
    struct t_seg seg;
    struct t_op op;
    const struct toe_extension *ext;
    uint8_t bytes[600];
    toe_handle conn;

    (void)state;
    init(&stub, true, TOE_EXTENSION_VERSION);
    conn = t_stub_established(&stub, &seg);
    seg.seq = 1101;
    seg.len = 600;
    seg.flags = TCP_ACK | TCP_FIN;
    t_stub_arrive_seg(&stub, 4, &seg);
    t_stub_expect_seg(&stub, TCP_ACK, seg.ack, 1001, 0);
    op = t_stub_offload(&stub, conn);
    ext = extension_of(&op);
    assert_int_equal(ext->flags, TOE_EXTENSION_EARLY_FIN);
    assert_int_equal(ext->early_cnt, 1);
    assert_int_equal(ext->early[0].start, 1101);
    assert_int_equal(ext->early[0].end, 1701);
    assert_int_equal(ext->early_fin, 1701);
    assert_int_equal(t_stub_chain_len(ext->early_data), 600);
    assert_true(toe_buf_read(ext->early_data, bytes, 0, 600, NULL));
    assert_int_equal(bytes[599], 'x');

    t_stub_set_status(op.tree, TOE_STATUS_RESOURCES);
    stub.up.initiate_complete(stub.user, op.tree);
    t_stub_run(&stub, 0);
    seg.seq = 1001;
    seg.len = 100;
    seg.flags = TCP_ACK;
    t_stub_arrive_seg(&stub, 4, &seg);
    t_stub_expect_seg(&stub, TCP_ACK, seg.ack, 1702, 0);
    assert_int_equal(t_stub_info(&stub, conn).receivable, 700);
    assert_true(t_stub_info(&stub, conn).end_of_stream);
    t_stub_fini(&stub);
}

/* Writes the extension of an idle connection that got 600 bytes behind a hole of 100. */
static void fill_in(struct toe_extension *ext, const struct t_seg *seg, struct toe_buf *buf)
{
    ext->version = TOE_EXTENSION_VERSION;
    ext->snd_wl2 = seg->ack;
    ext->last_ack = seg->seq;
    ext->recover = seg->ack - 1;
    ext->early_cnt = 1;
    ext->early[0] = (struct toe_seq_range){seg->seq + 100, seg->seq + 700};
    ext->early_data = buf;
}

/* What arrived out of order in the target comes back; its buffers are given back, used or not. */
static void test_early_text_comes_up(void **state)
{
    (void)state;
    for (int is_bad = 0; is_bad < 2; ++is_bad) {
        struct t_stub stub;
        struct t_seg seg;
        struct t_op op;
        struct toe_tcp_delegated d;
        struct toe_block copy;
        uint8_t bytes[600];
        struct toe_sge sge = {.addr = (uintptr_t)bytes, .len = sizeof(bytes)};
        struct toe_buf buf = {.sge = &sge, .sge_cnt = 1, .len = sizeof(bytes)};
        toe_handle conn;

        init(&stub, true, TOE_EXTENSION_VERSION);
        memset(bytes, 'x', sizeof(bytes));
        conn = t_stub_offloaded(&stub, &seg, &copy);
        op = t_stub_upload(&stub, conn);
        fill_in(extension_of(&op), &seg, &buf);
        extension_of(&op)->early[0].end += (uint32_t)is_bad;
        d = t_stub_delegated(&seg);
        t_stub_give_back(&stub, &op, &d);
        op = t_stub_op(&stub, T_OP_RETURN);
        assert_ptr_equal(op.chain, &buf);
        memset(bytes, 'y', sizeof(bytes)); /* they were copied */
        assert_int_equal(t_stub_stats(&stub).extensions_taken, !is_bad);
        assert_int_equal(t_stub_stats(&stub).extensions_ignored, is_bad);
        seg.len = 100;
        t_stub_arrive_seg(&stub, 4, &seg);
        if (is_bad) {
            t_stub_run(&stub, SEC);
            t_stub_expect_seg(&stub, TCP_ACK, seg.ack, 1101, 0);
        } else {
            t_stub_expect_seg(&stub, TCP_ACK, seg.ack, 1701, 0);
            assert_int_equal(toe_host_receive(stub.host, conn, bytes, 200), 200);
            assert_int_equal(bytes[199], 'x');
        }
        t_stub_fini(&stub);
    }
}

/* --- two machines --- */

struct tally {
    uint64_t retransmitted;
    uint64_t moves;
    uint64_t taken;
    uint64_t ignored;
    uint64_t time; /* virtual, until all streams had ended */
};

static void add_machine(struct tally *tally, const struct t_machine *m)
{
    struct toe_host_stats host = {.size = sizeof(host)};
    struct toe_stats target = {.size = sizeof(target)};

    toe_host_stats_get(m->host, &host);
    toe_target_ops()->stats_get(m->target, &target);
    tally->retransmitted += host.retransmitted + target.tcp[0].retransmitted_segments;
    tally->moves += host.offloads + host.uploads;
    tally->taken += host.extensions_taken + target.extensions_taken;
    tally->ignored += host.extensions_ignored + target.extensions_ignored;
}

/* Streams over a lossy path whose ends move at random; every byte is checked where it arrives. */
static void run_pair(struct tally *tally, uint64_t seed, bool extension)
{
    struct toe_host_settings hs;
    struct toe_target_settings ts;
    struct t_pair pair;

    toe_host_settings_default(&hs);
    toe_target_settings_default(&ts);
    hs.policy = TOE_POLICY_RANDOM;
    hs.policy_in_host = 25 * MS;
    hs.policy_offloaded = 25 * MS;
    hs.receive_mode = (enum toe_receive_mode)(seed % 3);
    hs.time_wait = SEC;
    ts.extension = extension;
    t_pair_init(&pair, &hs, &ts, seed);
    pair.loss_percent = 2;
    pair.delay = 10 * MS;
    for (int i = 0; i < 4; ++i) {
        t_pair_connect(&pair, 4, 1000000, 0);
    }
    if (!t_pair_run_until(&pair, 3000 * SEC, t_pair_is_done)) {
        fail_msg("seed %llu: not done", (unsigned long long)seed);
    }
    tally->time += pair.now;
    for (int i = 0; i < 2; ++i) {
        for (uint32_t n = 0; n < pair.m[i].stream_cnt; ++n) {
            assert_false(pair.m[i].streams[n].is_reset);
            assert_int_equal(pair.m[i].streams[n].received, i == 0 ? 0 : 1000000);
        }
        add_machine(tally, &pair.m[i]);
    }
    t_pair_run(&pair, 1000 * SEC);
    t_pair_check_clean(&pair);
    t_pair_fini(&pair);
}

static void test_fewer_retransmissions(void **state)
{
    const char *env = getenv("TOE_TEST_SEED");
    const uint64_t first = env != NULL ? strtoull(env, NULL, 0) : 1;
    const uint64_t last = env != NULL ? first : 6;
    struct tally with = {0};
    struct tally without = {0};

    (void)state;
    for (uint64_t seed = first; seed <= last; ++seed) {
        run_pair(&with, seed, true);
        run_pair(&without, seed, false);
    }
    if (with.retransmitted * 5 >= without.retransmitted || with.time >= without.time) {
        fail_msg("with: %llu retransmitted in %llu ns; without: %llu in %llu ns",
                 (unsigned long long)with.retransmitted, (unsigned long long)with.time,
                 (unsigned long long)without.retransmitted, (unsigned long long)without.time);
    }
    assert_int_equal(without.taken, 0);
    assert_int_equal(with.ignored, 0);
    if (env == NULL) {
        assert_true(with.taken > 500 && with.moves > 500 && without.moves > 500);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_gets_one),
        cmocka_unit_test(test_early_text_goes_down),
        cmocka_unit_test(test_early_text_comes_up),
        cmocka_unit_test(test_fewer_retransmissions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
