/* SPDX-License-Identifier: MIT */
/*
 * Connections move between hosts: saved here, restored there, whatever they are in the middle of,
 * and the peer notices nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/host_pair.h"
#include "toe/saved.h"

#define SEC TOE_NS_PER_SEC
#define MS TOE_NS_PER_MS

/* What all moves of a test have seen. */
struct seen {
    uint32_t in_state[11];
    uint32_t with_send;
    uint32_t with_received;
    uint32_t with_early;
    uint32_t with_sacked;
    uint32_t thawed; /* moves that were given up */
};

/* One saved connection, and the bytes it points into. */
struct copy {
    uint8_t *bytes;
    size_t len;
    struct toe_saved saved;
};

/* Saves |conn|, which can be, and reads what was written. */
static struct copy save(struct toe_host *host, toe_handle conn)
{
    struct toe_saved_fault fault = {0};
    struct copy copy;
    size_t len;

    assert_int_equal(toe_host_save(host, conn, NULL, 0, &copy.len), TOE_STATUS_INVALID_LENGTH);
    copy.bytes = malloc(copy.len);
    assert_non_null(copy.bytes);
    assert_int_equal(toe_host_save(host, conn, copy.bytes, copy.len - 1, &len),
                     TOE_STATUS_INVALID_LENGTH);
    assert_int_equal(toe_host_save(host, conn, copy.bytes, copy.len, &len), TOE_STATUS_SUCCESS);
    assert_int_equal(len, copy.len);
    assert_int_equal(toe_saved_read(&copy.saved, copy.bytes, copy.len, &fault), TOE_STATUS_SUCCESS);
    if (!toe_saved_check(&copy.saved, &fault)) {
        fail_msg("%s %s", fault.field, fault.rule);
    }
    return copy;
}

static bool is_same_stream(const struct toe_saved_bytes *x, const struct toe_saved_bytes *y)
{
    return x->len == y->len && (x->len == 0 || memcmp(x->data, y->data, x->len) == 0);
}

/* Whether both say the same of |field|. */
static bool is_same(const struct copy *a, const struct copy *b, const struct toe_saved_field *field)
{
    const struct toe_saved *x = &a->saved;
    const struct toe_saved *y = &b->saved;

    switch ((enum toe_saved_kind)field->kind) {
    case TOE_SAVED_STREAM:
        return is_same_stream((const void *)((const char *)x + field->off),
                              (const void *)((const char *)y + field->off));
    case TOE_SAVED_RANGES:
        return memcmp(&x->extension.sacked, &y->extension.sacked, sizeof(x->extension.sacked)) ==
                   0 &&
               memcmp(&x->extension.early, &y->extension.early, sizeof(x->extension.early)) == 0;
    case TOE_SAVED_RUNS:
        return x->extension.run_cnt == y->extension.run_cnt &&
               memcmp(x->extension.runs, y->extension.runs,
                      x->extension.run_cnt * sizeof(x->extension.runs[0])) == 0;
    case TOE_SAVED_U8:
        return memcmp((const char *)x + field->off, (const char *)y + field->off, 1) == 0;
    case TOE_SAVED_U16:
        return memcmp((const char *)x + field->off, (const char *)y + field->off, 2) == 0;
    case TOE_SAVED_U32:
    case TOE_SAVED_TICKS:
    case TOE_SAVED_STATE:
    case TOE_SAVED_CONGESTION:
        return memcmp((const char *)x + field->off, (const char *)y + field->off, 4) == 0;
    case TOE_SAVED_U64:
        return memcmp((const char *)x + field->off, (const char *)y + field->off, 8) == 0;
    case TOE_SAVED_MAC:
        return memcmp((const char *)x + field->off, (const char *)y + field->off, 6) == 0;
    case TOE_SAVED_ADDR:
        return memcmp((const char *)x + field->off, (const char *)y + field->off, 17) == 0;
    }
    return false;
}

/* Whether |field| means anything in |saved|: what was retransmitted matters in a recovery only, and
 * the neighbor is another host's. */
static bool matters(const struct toe_saved *saved, const struct toe_saved_field *field)
{
    const bool is_rxt = strcmp(field->name, "extension.high_rxt") == 0 ||
                        strcmp(field->name, "extension.rescue_rxt") == 0;

    return field->tag != TOE_SAVED_NEIGHBOR &&
           (!is_rxt || (saved->extension.flags & TOE_EXTENSION_RECOVERY) != 0);
}

/* What was restored and not run says the same when it is saved again. */
static void check_same(const struct copy *a, const struct copy *b, uint64_t seed)
{
    for (const struct toe_saved_field *f = toe_saved_field_next(NULL); f != NULL;
         f = toe_saved_field_next(f)) {
        if (matters(&a->saved, f) && !is_same(a, b, f)) {
            fail_msg("seed %llu: %s differs after a restore", (unsigned long long)seed, f->name);
        }
    }
}

static void count(struct seen *seen, const struct toe_saved *saved)
{
    ++seen->in_state[saved->tcp.delegated.state];
    seen->with_send += saved->send.len > 0;
    seen->with_received += saved->received.len > 0;
    seen->with_early += saved->early.len > 0;
    seen->with_sacked += saved->extension.sacked_cnt > 0;
}

/* Moves one connection: what |from| froze lives on in |to|. */
static toe_handle carry(struct toe_host *from, struct toe_host *to, toe_handle conn,
                        struct seen *seen, uint64_t seed)
{
    struct copy first = save(from, conn);
    struct toe_host_conn_info info;
    struct copy second;
    toe_handle moved;
    toe_handle twice;

    count(seen, &first.saved);
    assert_int_equal(toe_host_restore(to, &first.saved, &moved), TOE_STATUS_SUCCESS);
    assert_int_equal(toe_host_restore(to, &first.saved, &twice), TOE_STATUS_INVALID_STATE);
    assert_int_equal(twice, 0);

    /* A move that is given up leaves everything as it was. */
    assert_true(toe_host_thaw(to, moved));
    second = save(to, moved);
    check_same(&first, &second, seed);
    assert_true(toe_host_forget(to, moved));
    assert_false(toe_host_conn_info(to, moved, &info));
    assert_int_equal(toe_host_restore(to, &second.saved, &moved), TOE_STATUS_SUCCESS);
    assert_true(toe_host_conn_info(to, moved, &info));
    assert_int_equal(info.place, TOE_PLACE_FROZEN);
    assert_int_equal(info.sendable, 0);

    assert_true(toe_host_forget(from, conn));
    assert_false(toe_host_forget(from, conn));
    assert_true(toe_host_thaw(to, moved));
    assert_false(toe_host_thaw(to, moved));
    free(first.bytes);
    free(second.bytes);
    return moved;
}

/* Whether every stream of machine |index| has a connection that lives and can be saved. */
static bool can_move(const struct t_pair *pair, int index)
{
    const struct t_machine *m = &pair->m[index];

    for (uint32_t i = 0; i < m->stream_cnt; ++i) {
        struct toe_host_conn_info info;

        if (!toe_host_conn_info(m->host, m->streams[i].conn, &info) ||
            info.place != TOE_PLACE_HOST || !toe_conn_state_is_offloadable(info.state)) {
            return false;
        }
    }
    return m->stream_cnt == pair->m[1 - index].stream_cnt;
}

/* All connections of machine |index| go on in a new host. */
static void move_all(struct t_pair *pair, int index, toe_duration skew, struct seen *seen,
                     uint64_t seed)
{
    struct t_machine *m = &pair->m[index];
    struct toe_host *old_host;
    struct toe_target *old_target;
    struct toe_host_stats stats = {.size = sizeof(stats)};

    t_pair_replace(pair, index, skew, &old_host, &old_target);
    for (uint32_t i = 0; i < m->stream_cnt; ++i) {
        struct t_stream *s = &m->streams[i];

        s->conn = carry(old_host, m->host, s->conn, seen, seed);
        toe_host_conn_user_set(m->host, s->conn, s);
    }
    toe_host_stats_get(old_host, &stats);
    assert_int_equal(stats.conn_cnt, m->listener != 0);
    toe_host_del(old_host);
    toe_target_del(old_target);
}

/* All connections of machine |index| freeze for a while, and then go on where they are. */
static void freeze_all(struct t_pair *pair, int index, struct seen *seen)
{
    struct t_machine *m = &pair->m[index];

    for (uint32_t i = 0; i < m->stream_cnt; ++i) {
        struct copy copy = save(m->host, m->streams[i].conn);
        size_t len;

        assert_int_equal(toe_host_save(m->host, m->streams[i].conn, copy.bytes, copy.len, &len),
                         TOE_STATUS_INVALID_STATE);
        assert_int_equal(toe_host_send(m->host, m->streams[i].conn, "x", 1), 0);
        assert_int_equal(toe_host_receive(m->host, m->streams[i].conn, copy.bytes, copy.len), 0);
        assert_int_equal(toe_host_offload(m->host, &m->streams[i].conn, 1), 0);
        free(copy.bytes);
    }
    t_pair_run(pair, 20 * MS);
    for (uint32_t i = 0; i < m->stream_cnt; ++i) {
        assert_true(toe_host_thaw(m->host, m->streams[i].conn));
    }
    ++seen->thawed;
}

static bool is_over(struct t_pair *pair)
{
    for (int i = 0; i < 2; ++i) {
        for (uint32_t n = 0; n < pair->m[i].stream_cnt; ++n) {
            const struct t_stream *s = &pair->m[i].streams[n];

            if (!s->is_reset && !(s->is_eof && s->is_shut && s->sent == s->want)) {
                return false;
            }
        }
    }
    return pair->m[0].stream_cnt == pair->m[1].stream_cnt;
}

static void check_streams(const struct t_pair *pair, uint64_t seed)
{
    for (int i = 0; i < 2; ++i) {
        for (uint32_t n = 0; n < pair->m[i].stream_cnt; ++n) {
            const struct t_stream *s = &pair->m[i].streams[n];
            const struct t_stream *peer = NULL;

            for (uint32_t k = 0; k < pair->m[1 - i].stream_cnt; ++k) {
                if (pair->m[1 - i].streams[k].key == ~s->key) {
                    peer = &pair->m[1 - i].streams[k];
                }
            }
            if (s->is_reset || !s->is_eof || s->sent != s->want || peer == NULL ||
                peer->received != s->sent) {
                fail_msg("seed %llu: machine %d, stream %u did not end well",
                         (unsigned long long)seed, i, n);
            }
        }
    }
}

static void one_run(uint64_t seed, struct seen *seen)
{
    struct toe_host_settings hs;
    struct t_pair pair;
    toe_duration skew = 0;

    toe_host_settings_default(&hs);
    hs.snd_buf = seed % 4 == 0 ? 20000 : 100000;
    hs.rcv_buf = seed % 5 == 0 ? 8000 : 65535;
    hs.timestamps = seed % 6 != 0;
    hs.sack = seed % 7 != 0;
    hs.receive_mode = (enum toe_receive_mode)(seed % 3);
    hs.policy = seed % 2 == 0 ? TOE_POLICY_RANDOM : TOE_POLICY_MANUAL;
    hs.policy_in_host = 60 * MS;
    hs.policy_offloaded = 15 * MS;
    t_pair_init(&pair, &hs, NULL, seed);
    pair.delay = (1 + seed % 9) * MS;
    pair.loss_percent = seed % 3 == 0 ? 0 : (uint32_t)(seed % 3 * 2);
    pair.slow_percent = (uint32_t)(seed % 4 * 25);
    for (uint32_t i = 0; i < 2; ++i) {
        const uint32_t s =
            t_pair_connect(&pair, i % 2 == 0 ? 4 : 6, 1 + seed * (i + 1) * 7000 % 200000,
                           1 + seed * (3 - i) * 5000 % 150000);

        pair.m[0].streams[s].closes = false;
    }
    for (int round = 0; round < 400 && !is_over(&pair); ++round) {
        const int index = (int)base_rand_below(&pair.rand, 2);

        t_pair_run(&pair, (1 + base_rand_below(&pair.rand, 8)) * 5 * MS);
        for (uint32_t i = 0; i < pair.m[1].stream_cnt; ++i) {
            pair.m[1].streams[i].closes = false;
        }
        if (!can_move(&pair, index)) {
            continue;
        }
        if (base_rand_chance(&pair.rand, 1, 4)) {
            freeze_all(&pair, index, seen);
        } else {
            skew = (pair.now + skew) % (SEC * 100) + seed * SEC;
            move_all(&pair, index, skew, seen, seed);
        }
    }
    (void)t_pair_run_until(&pair, 1000 * SEC, is_over);
    check_streams(&pair, seed);
    t_pair_fini(&pair);
}

/* Data in flight both ways, with loss, in all six states: whole connections move, again and again,
 * between hosts with different clocks. */
static void test_move_at_random(void **state)
{
    const char *env = getenv("TOE_TEST_SEED");
    const uint64_t first = env != NULL ? strtoull(env, NULL, 0) : 1;
    const uint64_t last = env != NULL ? first : 100;
    struct seen seen = {0};

    (void)state;
    for (uint64_t seed = first; seed <= last; ++seed) {
        one_run(seed, &seen);
    }
    if (env == NULL) {
        for (int i = 0; i < 11; ++i) {
            assert_int_equal(seen.in_state[i] > 0,
                             toe_conn_state_is_offloadable((enum toe_conn_state)i));
        }
        assert_true(seen.with_send > 0 && seen.with_received > 0 && seen.thawed > 0);
        assert_true(seen.with_early > 0 && seen.with_sacked > 0);
    }
}

/* A pair with one connection: |want| bytes have gone from machine 0 to machine 1, which has sent
 * one and has ended its half. */
static toe_handle begin(struct t_pair *pair, uint64_t want)
{
    t_pair_init(pair, NULL, NULL, 1);
    t_pair_connect(pair, 4, want, 1);
    pair->m[0].streams[0].shuts = false;
    t_pair_run(pair, SEC);
    assert_true(pair->m[0].streams[0].is_connected);
    return pair->m[0].streams[0].conn;
}

static bool is_uploaded(struct t_pair *pair)
{
    return pair->m[0].streams[0].uploaded > 0;
}

/* What is offloaded has to be uploaded first; what is no connection, or not yet, cannot be saved.
 */
static void test_save_refuses(void **state)
{
    struct t_pair pair;
    const toe_handle conn = begin(&pair, 1000);
    struct toe_host *host = pair.m[0].host;
    const struct toe_addr addr = t_pair_addr(4, 2);
    toe_handle syn;
    size_t len;

    (void)state;
    assert_int_equal(toe_host_save(host, 0, NULL, 0, &len), TOE_STATUS_INVALID_PARAMETER);
    assert_int_equal(toe_host_save(host, conn + 1, NULL, 0, &len), TOE_STATUS_INVALID_PARAMETER);
    syn = toe_host_connect(host, NULL, 0, &addr, 81);
    assert_int_equal(toe_host_save(host, syn, NULL, 0, &len), TOE_STATUS_INVALID_STATE);
    toe_host_abort(host, syn);
    assert_int_equal(toe_host_offload(host, &conn, 1), 1);
    t_pair_run(&pair, SEC);
    assert_int_equal(toe_host_save(host, conn, NULL, 0, &len), TOE_STATUS_REQUEST_UPLOAD);
    assert_int_equal(toe_host_upload(host, &conn, 1), 1);
    assert_true(t_pair_run_until(&pair, SEC, is_uploaded));
    assert_int_equal(toe_host_save(host, conn, NULL, 0, &len), TOE_STATUS_INVALID_LENGTH);
    assert_true(len > 0);
    assert_false(toe_host_thaw(host, conn));
    assert_false(toe_host_forget(host, conn));
    t_pair_fini(&pair);
}

/* Whoever has other addresses, other ticks or an unsound state gets a status, and keeps nothing. */
static void test_restore_refuses(void **state)
{
    struct t_pair pair;
    const toe_handle conn = begin(&pair, 1000);
    struct copy copy = save(pair.m[0].host, conn);
    struct toe_host *to = pair.m[1].host;
    struct toe_host_stats before = {.size = sizeof(before)};
    struct toe_host_stats after = {.size = sizeof(after)};
    struct toe_saved wrong = copy.saved;
    toe_handle moved;

    (void)state;
    toe_host_stats_get(to, &before);
    assert_int_equal(toe_host_restore(to, &copy.saved, &moved), TOE_STATUS_INVALID_PARAMETER);
    wrong.ticks_per_second = 100;
    assert_int_equal(toe_host_restore(to, &wrong, &moved), TOE_STATUS_NOT_SUPPORTED);
    wrong.ticks_per_second = 7;
    assert_int_equal(toe_host_restore(to, &wrong, &moved), TOE_STATUS_INVALID_DATA);
    wrong = copy.saved;
    wrong.tcp.delegated.snd_nxt = wrong.tcp.delegated.snd_max + 1;
    assert_int_equal(toe_host_restore(to, &wrong, &moved), TOE_STATUS_INVALID_DATA);
    assert_int_equal(moved, 0);
    toe_host_stats_get(to, &after);
    assert_int_equal(after.conn_cnt, before.conn_cnt);
    assert_int_equal(after.restored, 0);
    free(copy.bytes);
    t_pair_fini(&pair);
}

/* To close a frozen connection is to forget it: the peer hears neither a FIN nor a RST. */
static void test_close_frozen_is_silent(void **state)
{
    for (int i = 0; i < 2; ++i) {
        struct t_pair pair;
        const toe_handle conn = begin(&pair, 1000);
        struct copy copy = save(pair.m[0].host, conn);
        uint64_t frames;

        (void)state;
        t_pair_run(&pair, SEC);
        frames = pair.frames;
        if (i == 0) {
            toe_host_close(pair.m[0].host, conn);
        } else {
            toe_host_abort(pair.m[0].host, conn);
        }
        t_pair_run(&pair, SEC);
        assert_int_equal(pair.frames, frames);
        assert_false(pair.m[1].streams[0].is_reset);
        free(copy.bytes);
        t_pair_fini(&pair);
    }
}

static uint64_t retransmitted(const struct t_machine *m)
{
    struct toe_host_stats stats = {.size = sizeof(stats)};

    toe_host_stats_get(m->host, &stats);
    return stats.retransmitted;
}

/* What the application did since the last run is saved as well: bytes that nobody has yet, more
 * than the engine is given at once, and the end of the stream. */
static void test_save_at_once(void **state)
{
    struct t_pair pair;
    const toe_handle conn = begin(&pair, 1000);
    struct t_machine *m = &pair.m[0];
    struct toe_host_conn_info info;
    struct toe_host *old_host;
    struct toe_target *old_target;
    uint8_t bytes[800];
    struct copy copy;
    toe_handle moved;

    (void)state;
    pair.m[1].streams[0].quota = 0; /* these are not the bytes it waits for */
    pair.is_cut = true;
    for (size_t i = 0; i < sizeof(bytes); i += 10) {
        for (size_t k = i; k < i + 10; ++k) {
            bytes[k] = (uint8_t)(k * 7);
        }
        assert_int_equal(toe_host_send(m->host, conn, bytes + i, 10), 10);
        t_pair_run(&pair, MS);
    }
    copy = save(m->host, conn);
    assert_int_equal(copy.saved.tcp.delegated.state, TOE_TCP_CLOSE_WAIT);
    assert_int_equal(copy.saved.send.len, sizeof(bytes));
    assert_memory_equal(copy.saved.send.data, bytes, sizeof(bytes));
    free(copy.bytes);
    assert_true(toe_host_thaw(m->host, conn));
    toe_host_shutdown(m->host, conn);
    copy = save(m->host, conn);
    assert_int_equal(copy.saved.tcp.delegated.state, TOE_TCP_LAST_ACK);
    assert_int_equal(copy.saved.send.len, sizeof(bytes));
    assert_memory_equal(copy.saved.send.data, bytes, sizeof(bytes));

    t_pair_replace(&pair, 0, 5 * SEC, &old_host, &old_target);
    assert_int_equal(toe_host_restore(m->host, &copy.saved, &moved), TOE_STATUS_SUCCESS);
    toe_host_conn_user_set(m->host, moved, &m->streams[0]);
    assert_true(toe_host_forget(old_host, conn));
    assert_true(toe_host_thaw(m->host, moved));
    pair.is_cut = false;
    assert_true(toe_host_conn_info(m->host, moved, &info));
    assert_int_equal(info.sendable, 0);
    t_pair_run(&pair, 10 * SEC);
    assert_true(toe_host_conn_info(pair.m[1].host, pair.m[1].streams[0].conn, &info));
    assert_int_equal(info.receivable, sizeof(bytes));
    assert_true(info.end_of_stream);
    free(copy.bytes);
    toe_host_del(old_host);
    toe_target_del(old_target);
    t_pair_fini(&pair);
}

/* What arrives for a frozen connection is there when it is thawed: the peer need not send it again.
 */
static void test_thaw_takes_what_waited(void **state)
{
    struct t_pair pair;
    const toe_handle conn = begin(&pair, 1000);
    struct t_stream *frozen = &pair.m[1].streams[0];
    struct toe_host_conn_info info;
    struct copy copy;

    (void)state;
    frozen->quota = 0;
    copy = save(pair.m[1].host, frozen->conn);
    assert_int_equal(toe_host_send(pair.m[0].host, conn, "waits", 5), 5);
    t_pair_run(&pair, 50 * MS);
    assert_true(toe_host_thaw(pair.m[1].host, frozen->conn));
    t_pair_run(&pair, SEC);
    assert_true(toe_host_conn_info(pair.m[1].host, frozen->conn, &info));
    assert_int_equal(info.receivable, 5);
    assert_int_equal(retransmitted(&pair.m[0]), 0);
    free(copy.bytes);
    t_pair_fini(&pair);
}

/* Memory that fails from some allocation on. */
struct failing {
    uint32_t left;
};

static void *failing_alloc(void *user, size_t size)
{
    struct failing *mem = user;

    if (mem->left == 0) {
        return NULL;
    }
    --mem->left;
    return malloc(size);
}

static void failing_free(void *user, void *ptr, size_t size)
{
    (void)user;
    (void)size;
    free(ptr);
}

/* Memory may run out anywhere: the restore says so and takes nothing, until there is enough. */
static void test_restore_without_memory(void **state)
{
    struct t_pair pair;
    const toe_handle conn = begin(&pair, 100000);
    struct copy copy = save(pair.m[0].host, conn);
    const struct toe_addr own = t_pair_addr(4, 1);
    uint32_t failures = 0;
    bool done = false;

    (void)state;
    for (uint32_t n = 0; n < 1000 && !done; ++n) {
        struct failing mem = {UINT32_MAX};
        struct toe_host_settings hs = pair.m[0].host_settings;
        struct toe_host_interface interface = {.ops = toe_target_ops(), .mtu = 1500};
        struct toe_target_settings ts = pair.m[0].target_settings;
        struct toe_host_stats stats = {.size = sizeof(stats)};
        struct toe_host *host;
        toe_handle moved;
        toe_status status;

        hs.mem = (struct toe_mem){&mem, failing_alloc, failing_free};
        host = toe_host_new(&hs);
        ts.wire = &(const struct toe_wire_ops){.size = sizeof(struct toe_wire_ops)};
        interface.target = toe_target_new(&ts);
        assert_int_equal(toe_host_interface_add(host, &interface), 0);
        assert_int_equal(toe_host_address_add(host, 0, &own, 24), 0);
        mem.left = n;
        status = toe_host_restore(host, &copy.saved, &moved);
        done = status == TOE_STATUS_SUCCESS;
        toe_host_stats_get(host, &stats);
        assert_int_equal(stats.conn_cnt, done);
        if (!done) {
            ++failures;
            assert_true(status == TOE_STATUS_RESOURCES || status == TOE_STATUS_INVALID_PARAMETER);
        }
        toe_host_del(host);
        toe_target_del(interface.target);
    }
    assert_true(done && failures > 3);
    free(copy.bytes);
    t_pair_fini(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_move_at_random),
        cmocka_unit_test(test_save_refuses),
        cmocka_unit_test(test_restore_refuses),
        cmocka_unit_test(test_close_frozen_is_silent),
        cmocka_unit_test(test_save_at_once),
        cmocka_unit_test(test_thaw_takes_what_waited),
        cmocka_unit_test(test_restore_without_memory),
    };

    return cmocka_run_group_tests_name("host_saved", tests, NULL, NULL);
}
