/* SPDX-License-Identifier: MIT */
/*
 * The monitor between our own hosts and targets: over whole lives of connections, in every mode,
 * with moves and losses, it has nothing to report.
 */
#include "inter/stack.h"

struct watch {
    struct toe_inter_monitor *monitors[2];
    struct toe_inter_trace *traces[2]; /* with TOE_TEST_VERBOSE */
    uint64_t seed;
    uint32_t breach_cnt;
};

static void tell(void *user, const struct toe_inter_breach *breach)
{
    struct watch *watch = user;

    if (++watch->breach_cnt <= 20) {
        print_message("seed %llu at %.6f: %s %s: %s (handle %llx)\n",
                      (unsigned long long)watch->seed, (double)breach->now / 1e9,
                      breach->rule->side == TOE_INTER_HOST ? "host" : "target", breach->rule->id,
                      breach->rule->text, (unsigned long long)breach->handle);
    }
}

static void print_record(void *user, const struct toe_inter_record *record)
{
    char line[1000];

    (void)user;
    (void)toe_inter_record_line(record, line, sizeof(line));
    print_message("%s\n", line);
}

static void build_trace(struct watch *watch, uint32_t index, struct toe_inter_below *below)
{
    struct toe_inter_trace_settings set;

    toe_inter_trace_settings_default(&set);
    set.below = *below;
    set.tell = print_record;
    set.lane = index == 0 ? "A" : "B";
    watch->traces[index] = toe_inter_trace_new(&set);
    assert_non_null(watch->traces[index]);
    below->ops = toe_inter_trace_ops(watch->traces[index]);
    below->target = watch->traces[index];
}

static void build(void *user, uint32_t index, struct toe_inter_below *below)
{
    struct watch *watch = user;
    struct toe_inter_monitor_settings set;

    toe_inter_monitor_settings_default(&set);
    set.below = *below;
    set.tell = tell;
    set.user = watch;
    watch->monitors[index] = toe_inter_monitor_new(&set);
    assert_non_null(watch->monitors[index]);
    below->ops = toe_inter_monitor_ops(watch->monitors[index]);
    below->target = watch->monitors[index];
    if (getenv("TOE_TEST_VERBOSE") != NULL) {
        build_trace(watch, index, below);
    }
}

static uint64_t checked[1000];

/* The end: nothing is under way, and nothing was reported. */
static void finish(struct watch *watch)
{
    uint32_t cnt;

    (void)toe_inter_monitor_rules(&cnt);
    for (int i = 0; i < 2; ++i) {
        struct toe_inter_monitor_stats stats = {.size = sizeof(stats)};

        toe_inter_monitor_finish(watch->monitors[i]);
        toe_inter_monitor_stats_get(watch->monitors[i], &stats);
        assert_false(stats.is_blind);
        assert_int_equal(stats.object_cnt, 0);
        assert_int_equal(stats.buf_cnt, 0);
        assert_int_equal(stats.tree_cnt, 0);
        for (uint32_t r = 0; r < cnt; ++r) {
            checked[r] += toe_inter_monitor_checked(watch->monitors[i], r);
        }
    }
    assert_int_equal(watch->breach_cnt, 0);
}

static void fini(struct watch *watch)
{
    for (int i = 0; i < 2 && watch->traces[0] != NULL; ++i) {
        toe_inter_trace_del(watch->traces[i]);
    }
    toe_inter_monitor_del(watch->monitors[0]);
    toe_inter_monitor_del(watch->monitors[1]);
}

static void settings_for(uint64_t seed, struct toe_host_settings *hs,
                         struct toe_target_settings *ts, struct toe_sim_link_settings *link)
{
    toe_host_settings_default(hs);
    toe_target_settings_default(ts);
    hs->seed = seed;
    hs->policy = seed % 5 == 0 ? TOE_POLICY_ALL : TOE_POLICY_RANDOM;
    hs->policy_in_host = (1 + seed % 7) * 5 * S_MS;
    hs->policy_offloaded = (1 + seed % 5) * 7 * S_MS;
    hs->receive_mode = (enum toe_receive_mode)(seed % 3);
    hs->time_wait = 2 * S_SEC;
    hs->snd_buf = seed % 4 == 0 ? 20000 : 100000;
    hs->rcv_buf = seed % 5 == 0 ? 8000 : 65535;
    hs->timestamps = seed % 6 != 0;
    hs->sack = seed % 7 != 0;
    hs->nagle = seed % 2 == 0;
    hs->keep_alive = seed % 3 == 0;
    ts->send_return = seed % 8 == 0 ? TOE_SEND_RETURN_COMPLETE : TOE_SEND_RETURN_CHAIN;
    ts->profile = seed % 2 == 0 ? TOE_PROFILE_COMPAT : TOE_PROFILE_MODERN;
    ts->tcp_max = seed % 9 == 0 ? 3 : 1000;
    ts->path_max = seed % 11 == 0 ? 1 : 1000;
    *link = (struct toe_sim_link_settings){
        .delay = (seed % 9) * S_MS,
        .loss = seed % 4 == 1 ? 20000 : 0,
        .reorder = seed % 4 == 2 ? 20000 : 0,
        .reorder_delay = 3 * S_MS,
        .duplicate = seed % 4 == 3 ? 10000 : 0,
    };
}

static void test_nothing_to_report(void **state)
{
    const char *env = getenv("TOE_TEST_SEED");
    const uint64_t first = env != NULL ? strtoull(env, NULL, 0) : 1;
    const uint64_t last = env != NULL ? first : 60 / T_SHARE;

    (void)state;
    for (uint64_t seed = first; seed <= last; ++seed) {
        struct watch watch = {.seed = seed};
        struct toe_sim_link_settings link;
        struct toe_host_settings hs;
        struct toe_target_settings ts;
        struct s_pair pair = {.is_rude = false};

        settings_for(seed, &hs, &ts, &link);
        s_pair_init(&pair, &hs, &ts, &link, build, &watch, 6, 1 + seed * 7000 % 200000);
        pair.m[0].nap = seed % 3 == 0 ? 5 * S_MS : 0;
        pair.m[1].nap = seed % 4 == 0 ? 9 * S_MS : 0;
        s_pair_finish(&pair);
        s_pair_check_bytes(&pair);
        s_pair_check_clean(&pair);
        finish(&watch);
        s_pair_fini(&pair);
        fini(&watch);
    }
}

/*
 * Applications that go away in the middle, a wire that is cut, neighbors that go stale: resets,
 * aborts and uploads of all kinds.
 */
static void test_nothing_to_report_of_the_rude(void **state)
{
    const char *env = getenv("TOE_TEST_SEED");
    const uint64_t first = env != NULL ? strtoull(env, NULL, 0) : 1;
    const uint64_t last = env != NULL ? first : 60;

    (void)state;
    for (uint64_t seed = first; seed <= last; ++seed) {
        struct watch watch = {.seed = seed};
        struct toe_sim_link_settings link;
        struct toe_host_settings hs;
        struct toe_target_settings ts;
        struct s_pair pair = {.is_rude = seed % 2 == 0};

        settings_for(seed, &hs, &ts, &link);
        hs.params.nce_stale_ticks = 20;
        hs.keep_alive = true;
        hs.ka_timeout = 60000;
        hs.ka_interval = 10000;
        hs.ka_probe_cnt = 5;
        s_pair_init(&pair, &hs, &ts, &link, build, &watch, 8, 300000);
        pair.m[0].nap = seed % 3 == 0 ? 5 * S_MS : 0;
        if (seed % 3 == 1) {
            assert_true(toe_sim_run(pair.sim, 60 * S_MS));
            toe_sim_link_up_set(pair.link, false);
            assert_true(toe_sim_run(pair.sim, (1 + seed % 40) * S_SEC));
            toe_sim_link_up_set(pair.link, true);
        }
        s_pair_finish(&pair);
        s_pair_check_clean(&pair);
        finish(&watch);
        s_pair_fini(&pair);
        fini(&watch);
    }
}

/* Most rules were looked at in what the other tests did, not only those that are always. */
static void test_rules_are_looked_at(void **state)
{
    const struct toe_inter_rule *rules;
    uint32_t cnt;
    uint32_t seen = 0;

    (void)state;
    rules = toe_inter_monitor_rules(&cnt);
    for (uint32_t r = 0; r < cnt; ++r) {
        assert_non_null(rules[r].id);
        assert_non_null(rules[r].text);
        seen += checked[r] > 0;
        if (checked[r] == 0 && getenv("TOE_TEST_VERBOSE") != NULL) {
            print_message("not looked at: %s %s\n", rules[r].id, rules[r].text);
        }
    }
    print_message("%u of %u rules looked at\n", seen, cnt);
    assert_true(seen * 10 >= cnt * 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_to_report),
        cmocka_unit_test(test_nothing_to_report_of_the_rude),
        cmocka_unit_test(test_rules_are_looked_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
