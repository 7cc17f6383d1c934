/* SPDX-License-Identifier: MIT */
/*
 * A machine with a team of four targets, and one without, on a bad link: the table changes every
 * few milliseconds while connections come, go and move; no byte is lost, doubled or out of place,
 * every member has its share, and neither the monitor above the team nor those below it have
 * anything to report.
 */
#include "base/rand.h"
#include "inter/stack.h"

#define MEMBERS 4
#define TABLE_CNT 128

struct spread {
    struct s_pair *pair;
    struct toe_inter_spread *team;
    struct toe_target *members[MEMBERS];
    struct toe_inter_monitor *below[MEMBERS];
    struct toe_inter_monitor *above;
    struct base_rand rand;
    uint64_t seed;
    uint32_t breach_cnt;
    bool is_short;        /* of memory: every fifth allocation of the team fails */
    uint64_t taken;       /* bytes it has */
    uint32_t refused_cnt; /* and how often it got none */
    bool last_is_foreign; /* the last member knows no extension, and less of all else */
};

static void tell(void *user, const struct toe_inter_breach *breach)
{
    struct spread *sp = user;

    if (++sp->breach_cnt <= 20) {
        print_message("seed %llu at %.6f: %s %s: %s\n", (unsigned long long)sp->seed,
                      (double)breach->now / 1e9,
                      breach->rule->side == TOE_INTER_HOST ? "host" : "target", breach->rule->id,
                      breach->rule->text);
    }
}

static struct toe_inter_monitor *monitor_on(struct spread *sp, struct toe_inter_below *below)
{
    struct toe_inter_monitor_settings set;
    struct toe_inter_monitor *monitor;

    toe_inter_monitor_settings_default(&set);
    set.below = *below;
    set.continue_after_root_failure = true;
    set.tell = tell;
    set.user = sp;
    monitor = toe_inter_monitor_new(&set);
    assert_non_null(monitor);
    *below = (struct toe_inter_below){toe_inter_monitor_ops(monitor), monitor};
    return monitor;
}

static void *take(void *user, size_t size)
{
    struct spread *sp = user;

    if (sp->is_short && base_rand_chance(&sp->rand, 1, 5)) {
        ++sp->refused_cnt;
        return NULL;
    }
    sp->taken += size;
    return malloc(size);
}

static void give(void *user, void *ptr, size_t size)
{
    struct spread *sp = user;

    sp->taken -= size;
    free(ptr);
}

static void add_member(struct spread *sp, uint32_t m)
{
    struct toe_target_settings set;
    struct toe_inter_below below;

    toe_target_settings_default(&set);
    set.wire = toe_inter_spread_wire_ops(sp->team);
    set.wire_user = toe_inter_spread_wire(sp->team, m);
    set.mac[0] = 2;
    set.mac[5] = 1;
    set.seed = sp->seed + m;
    set.continue_after_root_failure = true;
    set.tcp_max = 100;
    if (m == MEMBERS - 1 && sp->last_is_foreign) {
        set.extension = false;
        set.tcp_max = 10;
        set.path_max = 20;
    }
    sp->members[m] = toe_target_new(&set);
    assert_non_null(sp->members[m]);
    below = (struct toe_inter_below){toe_target_ops(), sp->members[m]};
    sp->below[m] = monitor_on(sp, &below);
    assert_true(toe_inter_spread_member_set(sp->team, m, &below));
}

/* The target that the pair has made for itself stays idle: the team has the wire. */
static void build(void *user, uint32_t index, struct toe_inter_below *below)
{
    struct spread *sp = user;
    struct toe_inter_spread_settings set;

    if (index != 0) {
        return;
    }
    toe_inter_spread_settings_default(&set);
    set.wire = toe_sim_wire_ops();
    set.wire_user = toe_sim_link_end(sp->pair->link, index);
    set.member_cnt = MEMBERS;
    set.seed = sp->seed;
    set.mem = (struct toe_mem){sp, take, give};
    sp->team = toe_inter_spread_new(&set);
    assert_non_null(sp->team);
    for (uint32_t m = 0; m < MEMBERS; ++m) {
        add_member(sp, m);
    }
    *below = (struct toe_inter_below){toe_inter_spread_ops(sp->team), sp->team};
    sp->above = monitor_on(sp, below);
}

static void init(struct spread *sp, struct s_pair *pair, enum toe_policy policy, bool is_bad,
                 uint32_t cnt, uint64_t want)
{
    struct toe_sim_link_settings link = {.delay = S_MS};
    struct toe_host_settings hs;
    struct toe_target_settings ts;

    if (is_bad) {
        link.loss = 10000; /* a million is all */
        link.reorder = 50000;
        link.reorder_delay = 3 * S_MS;
        link.duplicate = 5000;
    }
    toe_host_settings_default(&hs);
    toe_target_settings_default(&ts);
    hs.seed = sp->seed;
    hs.policy = policy;
    hs.receive_mode = (enum toe_receive_mode)(sp->seed % 3);
    hs.policy_in_host = 5 * S_MS;
    hs.policy_offloaded = 50 * S_MS;
    hs.time_wait = 2 * S_SEC;
    base_rand_init(&sp->rand, sp->seed);
    sp->pair = pair;
    s_pair_init(pair, &hs, &ts, &link, build, sp, cnt, want);
}

static struct toe_stats stats_of(const struct toe_target_ops *ops, void *target)
{
    struct toe_stats stats = {.size = sizeof(stats)};

    ops->stats_get(target, &stats);
    return stats;
}

static void fini(struct spread *sp)
{
    const struct toe_stats sum = stats_of(toe_inter_spread_ops(sp->team), sp->team);

    toe_inter_monitor_finish(sp->above);
    assert_int_equal(sum.tcp_cnt + sum.path_cnt + sum.neighbor_cnt + sum.bufs_indicated, 0);
    s_pair_check_clean(sp->pair);
    s_pair_fini(sp->pair);
    toe_inter_monitor_del(sp->above);
    for (uint32_t m = 0; m < MEMBERS; ++m) {
        const struct toe_stats stats = stats_of(toe_target_ops(), sp->members[m]);

        toe_inter_monitor_finish(sp->below[m]);
        assert_int_equal(stats.tcp_cnt + stats.path_cnt + stats.neighbor_cnt, 0);
        assert_int_equal(stats.bufs_indicated, 0);
        assert_true(toe_target_can_close(sp->members[m]));
        toe_inter_monitor_del(sp->below[m]);
        toe_target_del(sp->members[m]);
    }
    assert_int_equal(sp->breach_cnt, 0);
    toe_inter_spread_del(sp->team);
    assert_int_equal(sp->taken, 0);
}

static void change_table(struct spread *sp)
{
    uint8_t table[TABLE_CNT];
    const uint32_t cnt = 1u << base_rand_below(&sp->rand, 8);

    for (uint32_t i = 0; i < cnt; ++i) {
        table[i] = (uint8_t)base_rand_below(&sp->rand, MEMBERS);
    }
    assert_true(toe_inter_spread_table_set(sp->team, table, cnt));
}

static void change_while_it_runs(struct spread *sp)
{
    for (int i = 0; i < 20000 && !s_pair_is_done(sp->pair); ++i) {
        const toe_duration step = S_MS + base_rand_below(&sp->rand, 4 * S_MS);

        assert_true(toe_sim_run(sp->pair->sim, toe_sim_now(sp->pair->sim) + step));
        change_table(sp);
    }
}

/* Under loss, reordering, duplication; connections move between host and team all the time. */
static void test_changes(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; ++seed) {
        struct s_pair pair = {.is_rude = false};
        struct spread sp = {.seed = seed};

        init(&sp, &pair, seed % 4 == 0 ? TOE_POLICY_ALL : TOE_POLICY_RANDOM, true, 32, 120000);
        change_while_it_runs(&sp);
        s_pair_finish(&pair);
        s_pair_check_bytes(&pair);
        for (uint32_t m = 0; m < MEMBERS; ++m) {
            const struct toe_stats stats = stats_of(toe_target_ops(), sp.members[m]);

            assert_true(stats.initiated > 0);
            assert_true(stats.tcp[0].in_segments + stats.tcp[1].in_segments > 0);
        }
        fini(&sp);
    }
}

/* With applications that go away in the middle. */
static void test_rude(void **state)
{
    (void)state;
    for (uint64_t seed = 101; seed <= 106; ++seed) {
        struct s_pair pair = {.is_rude = true};
        struct spread sp = {.seed = seed};

        init(&sp, &pair, TOE_POLICY_RANDOM, true, 32, 40000);
        change_while_it_runs(&sp);
        s_pair_finish(&pair);
        fini(&sp);
    }
}

/* A team that is short of memory refuses what is new; all else is done a little later. */
static void test_short_of_memory(void **state)
{
    (void)state;
    for (uint64_t seed = 201; seed <= 206; ++seed) {
        struct s_pair pair = {.is_rude = false};
        struct spread sp = {.seed = seed};

        init(&sp, &pair, TOE_POLICY_RANDOM, true, 32, 60000);
        sp.is_short = true;
        change_while_it_runs(&sp);
        sp.is_short = false;
        s_pair_finish(&pair);
        s_pair_check_bytes(&pair);
        assert_true(sp.refused_cnt > 0);
        fini(&sp);
    }
}

/* How many of the first machine's connections each member has. */
static void count_conns(const struct spread *sp, uint32_t cnt[MEMBERS])
{
    for (uint32_t m = 0; m < MEMBERS; ++m) {
        cnt[m] = stats_of(toe_target_ops(), sp->members[m]).tcp_cnt;
    }
}

/*
 * A table that leads to one member sends it all that comes; a new one moves nothing, and resets
 * nothing (CERT-12), but the next offload of each connection goes where it says (RSS-2).
 */
static void test_stays_until_uploaded(void **state)
{
    struct s_pair pair = {.is_rude = false};
    struct spread sp = {.seed = 7};
    uint32_t before[MEMBERS];
    uint32_t after[MEMBERS];
    uint64_t initiated;

    (void)state;
    init(&sp, &pair, TOE_POLICY_ALL, false, 16, 4000000);
    for (int i = 0; i < 2; ++i) {
        pair.m[i].nap = 100 * S_MS; /* so that they are there to the end */
    }
    assert_true(toe_inter_spread_table_set(sp.team, (const uint8_t[]){2}, 1));
    assert_true(toe_sim_run(pair.sim, 300 * S_MS));
    count_conns(&sp, before);
    assert_int_equal(before[2], 16);
    initiated = stats_of(toe_inter_spread_ops(sp.team), sp.team).initiated;
    assert_true(toe_inter_spread_table_set(sp.team, (const uint8_t[]){3}, 1));
    assert_true(toe_sim_run(pair.sim, 500 * S_MS));
    count_conns(&sp, after);
    assert_memory_equal(before, after, sizeof(before));
    assert_int_equal(stats_of(toe_inter_spread_ops(sp.team), sp.team).initiated, initiated);
    /* One member wants everything to be uploaded: that is said of the team. */
    toe_target_upload_all(sp.members[0]);
    assert_true(toe_sim_run(pair.sim, 700 * S_MS));
    count_conns(&sp, after);
    assert_int_equal(after[0] + after[1] + after[2] + after[3], 0);
    assert_int_equal(toe_target_resume(sp.members[0], NULL), TOE_STATUS_SUCCESS);
    assert_true(toe_sim_run(pair.sim, 900 * S_MS));
    count_conns(&sp, after);
    assert_int_equal(after[3], 16);
    s_pair_finish(&pair);
    s_pair_check_bytes(&pair);
    fini(&sp);
}

/* One member pauses: the host is asked to, and goes on when the last one does. */
static void test_pause_of_one(void **state)
{
    struct s_pair pair = {.is_rude = false};
    struct spread sp = {.seed = 9};
    struct toe_host_stats before = {.size = sizeof(before)};
    struct toe_host_stats after = {.size = sizeof(after)};

    (void)state;
    init(&sp, &pair, TOE_POLICY_RANDOM, true, 8, 6000000);
    assert_true(toe_sim_run(pair.sim, 50 * S_MS));
    toe_target_pause(sp.members[1]);
    toe_target_pause(sp.members[3]);
    assert_true(toe_sim_run(pair.sim, 60 * S_MS)); /* what was under way has its answer */
    toe_host_stats_get(pair.m[0].sim.host, &before);
    assert_true(toe_sim_run(pair.sim, 150 * S_MS));
    assert_int_equal(toe_target_resume(sp.members[1], NULL), TOE_STATUS_SUCCESS);
    assert_true(toe_sim_run(pair.sim, 250 * S_MS));
    toe_host_stats_get(pair.m[0].sim.host, &after);
    assert_int_equal(after.offloads, before.offloads);
    assert_int_equal(toe_target_resume(sp.members[3], NULL), TOE_STATUS_SUCCESS);
    assert_true(toe_sim_run(pair.sim, 400 * S_MS));
    toe_host_stats_get(pair.m[0].sim.host, &after);
    assert_true(after.offloads > before.offloads);
    s_pair_finish(&pair);
    s_pair_check_bytes(&pair);
    fini(&sp);
}

/* Room for connections is that of all, other limits are the smallest; a table must make sense. */
static void test_capabilities(void **state)
{
    struct s_pair pair = {.is_rude = false};
    struct spread sp = {.seed = 5, .last_is_foreign = true};
    struct toe_caps caps = {.size = sizeof(caps)};
    const uint8_t table[TABLE_CNT + 1] = {0};

    (void)state;
    init(&sp, &pair, TOE_POLICY_RANDOM, false, 8, 100000);
    toe_inter_spread_ops(sp.team)->caps_get(sp.team, &caps);
    assert_int_equal(caps.tcp_max, 310);
    assert_int_equal(caps.path_max, 20);
    assert_int_equal(caps.extension, 0);
    assert_false(toe_inter_spread_table_set(sp.team, table, 0));
    assert_false(toe_inter_spread_table_set(sp.team, table, 3));
    assert_false(toe_inter_spread_table_set(sp.team, table, 256));
    assert_false(toe_inter_spread_table_set(sp.team, (const uint8_t[]){0, MEMBERS}, 2));
    assert_int_equal(toe_inter_spread_member_of(sp.team, 1), UINT32_MAX);
    assert_null(toe_inter_spread_wire(sp.team, MEMBERS));
    change_while_it_runs(&sp);
    s_pair_finish(&pair);
    s_pair_check_bytes(&pair);
    for (uint32_t m = 0; m < MEMBERS; ++m) {
        assert_int_equal(stats_of(toe_target_ops(), sp.members[m]).extensions_taken, 0);
    }
    fini(&sp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes),         cmocka_unit_test(test_rude),
        cmocka_unit_test(test_short_of_memory), cmocka_unit_test(test_stays_until_uploaded),
        cmocka_unit_test(test_pause_of_one),    cmocka_unit_test(test_capabilities),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
