/* SPDX-License-Identifier: MIT */
/*
 * Two machines, each with a team of two adapters, on two links: connections live through changes of
 * the active adapter, on command and because one fails, and the monitor has nothing to report.
 */
#include "inter/stack.h"

struct team {
    struct s_pair *pair;
    struct toe_sim_link *second_link;
    struct toe_target *second[2];
    struct toe_inter_fault *faults[2]; /* on the first target */
    struct toe_inter_failover *teams[2];
    struct toe_inter_monitor *monitors[2];
    const struct toe_inter_fault_rule *rules;
    uint32_t rule_cnt;
    bool second_is_foreign; /* knows no extension */
    uint32_t breach_cnt;
};

static void tell(void *user, const struct toe_inter_breach *breach)
{
    struct team *team = user;

    ++team->breach_cnt;
    print_message("at %.6f: %s %s: %s\n", (double)breach->now / 1e9,
                  breach->rule->side == TOE_INTER_HOST ? "host" : "target", breach->rule->id,
                  breach->rule->text);
}

static void add_second(struct team *team, uint32_t index)
{
    struct toe_target_settings set;

    if (team->second_link == NULL) {
        team->second_link =
            toe_sim_link_new(team->pair->sim, &(struct toe_sim_link_settings){.delay = S_MS});
    }
    toe_target_settings_default(&set);
    set.wire = toe_sim_wire_ops();
    set.wire_user = toe_sim_link_end(team->second_link, index);
    set.mac[0] = 2;
    set.mac[5] = (uint8_t)(index + 1);
    set.extension = !team->second_is_foreign;
    team->second[index] = toe_target_new(&set);
    assert_non_null(team->second[index]);
}

static void build(void *user, uint32_t index, struct toe_inter_below *below)
{
    struct team *team = user;
    struct toe_inter_fault_settings fault;
    struct toe_inter_failover_settings set;
    struct toe_inter_monitor_settings monitor;

    add_second(team, index);
    toe_inter_fault_settings_default(&fault);
    fault.below = *below;
    fault.rules = team->rules;
    fault.rule_cnt = team->rule_cnt;
    team->faults[index] = toe_inter_fault_new(&fault);
    assert_non_null(team->faults[index]);
    toe_inter_failover_settings_default(&set);
    set.below[0].ops = toe_inter_fault_ops(team->faults[index]);
    set.below[0].target = team->faults[index];
    set.below[1] = (struct toe_inter_below){toe_target_ops(), team->second[index]};
    team->teams[index] = toe_inter_failover_new(&set);
    assert_non_null(team->teams[index]);
    toe_inter_monitor_settings_default(&monitor);
    monitor.below.ops = toe_inter_failover_ops(team->teams[index]);
    monitor.below.target = team->teams[index];
    monitor.tell = tell;
    monitor.user = team;
    team->monitors[index] = toe_inter_monitor_new(&monitor);
    assert_non_null(team->monitors[index]);
    below->ops = toe_inter_monitor_ops(team->monitors[index]);
    below->target = team->monitors[index];
}

static void init(struct team *team, struct s_pair *pair, enum toe_policy policy, uint64_t seed)
{
    const struct toe_sim_link_settings link = {.delay = S_MS};
    struct toe_host_settings hs;
    struct toe_target_settings ts;

    toe_host_settings_default(&hs);
    toe_target_settings_default(&ts);
    hs.seed = seed;
    hs.policy = policy;
    hs.receive_mode = (enum toe_receive_mode)(seed % 3);
    hs.policy_in_host = 5 * S_MS;
    hs.policy_offloaded = 100 * S_MS;
    hs.time_wait = 2 * S_SEC;
    team->pair = pair;
    s_pair_init(pair, &hs, &ts, &link, build, team, 6, 400000);
    for (uint32_t i = 0; i < 2; ++i) {
        toe_sim_node_wire_add(pair->sim, pair->m[i].node, toe_sim_link_end(team->second_link, i));
    }
}

static void fini(struct team *team, struct s_pair *pair)
{
    for (int i = 0; i < 2; ++i) {
        toe_inter_monitor_finish(team->monitors[i]);
    }
    assert_int_equal(team->breach_cnt, 0);
    s_pair_check_clean(pair);
    s_pair_fini(pair);
    for (int i = 0; i < 2; ++i) {
        struct toe_stats stats = {.size = sizeof(stats)};

        toe_target_ops()->stats_get(team->second[i], &stats);
        assert_int_equal(stats.tcp_cnt + stats.path_cnt + stats.neighbor_cnt, 0);
        toe_inter_monitor_del(team->monitors[i]);
        toe_inter_failover_del(team->teams[i]);
        toe_inter_fault_del(team->faults[i]);
        toe_target_del(team->second[i]);
    }
}

/* Both machines change over, again and again, while data flows both ways. */
static void test_command(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 9; ++seed) {
        struct team team = {.rules = NULL};
        struct s_pair pair = {.is_rude = false};
        uint32_t changes = 0;

        init(&team, &pair, seed % 2 == 0 ? TOE_POLICY_ALL : TOE_POLICY_RANDOM, seed);
        for (int i = 0; i < 8; ++i) {
            const uint32_t before = toe_inter_failover_active(team.teams[0]);

            assert_true(toe_sim_run(pair.sim, toe_sim_now(pair.sim) + 13 * S_MS));
            toe_inter_failover_switch(team.teams[0]);
            toe_inter_failover_switch(team.teams[1]);
            assert_true(toe_inter_failover_is_switching(team.teams[0]));
            assert_true(toe_sim_run(pair.sim, toe_sim_now(pair.sim) + 20 * S_MS));
            assert_false(toe_inter_failover_is_switching(team.teams[0]));
            changes += toe_inter_failover_active(team.teams[0]) != before;
        }
        assert_int_equal(changes, 8);
        s_pair_finish(&pair);
        s_pair_check_bytes(&pair);
        fini(&team, &pair);
    }
}

/* How many connections came with an extension, at the first target of each machine, and back. */
static uint64_t taken(const struct s_pair *pair)
{
    uint64_t cnt = 0;

    for (int i = 0; i < 2; ++i) {
        struct toe_stats target = {.size = sizeof(target)};
        struct toe_host_stats host = {.size = sizeof(host)};

        toe_target_ops()->stats_get(pair->m[i].target, &target);
        toe_host_stats_get(pair->m[i].sim.host, &host);
        assert_int_equal(target.extensions_ignored + host.extensions_ignored, 0);
        cnt += target.extensions_taken + host.extensions_taken;
    }
    return cnt;
}

/* Extensions pass all drivers, if both adapters of a team know them; otherwise nobody gets one. */
static void test_extension(void **state)
{
    (void)state;
    for (int is_foreign = 0; is_foreign < 2; ++is_foreign) {
        struct team team = {.second_is_foreign = is_foreign != 0};
        struct s_pair pair = {.is_rude = false};
        struct toe_caps caps = {.size = sizeof(caps)};

        init(&team, &pair, TOE_POLICY_RANDOM, 5);
        toe_inter_failover_ops(team.teams[0])->caps_get(team.teams[0], &caps);
        assert_int_equal(caps.extension, is_foreign ? 0 : TOE_EXTENSION_VERSION);
        s_pair_finish(&pair);
        s_pair_check_bytes(&pair);
        assert_int_equal(taken(&pair) > 0, !is_foreign);
        fini(&team, &pair);
    }
}

/* The hardware of one connection fails: the team changes over, and the others live on. */
static void test_failure(void **state)
{
    static const struct toe_inter_fault_rule rules[] = {
        {.kind = TOE_INTER_FAULT_HARDWARE_TERMINATE, .nth = 1},
    };
    struct team team = {.rules = rules, .rule_cnt = 1};
    struct s_pair pair = {.is_rude = false};
    uint32_t reset_cnt = 0;

    (void)state;
    init(&team, &pair, TOE_POLICY_RANDOM, 3);
    /* The links are joined: what one side does, the other has to do as well. */
    for (int i = 0; i < 2000 && toe_inter_failover_active(team.teams[0]) == 0 &&
                    toe_inter_failover_active(team.teams[1]) == 0;
         ++i) {
        assert_true(toe_sim_run(pair.sim, toe_sim_now(pair.sim) + S_MS));
    }
    for (int i = 0; i < 2; ++i) {
        if (toe_inter_failover_active(team.teams[i]) == 0) {
            toe_inter_failover_switch(team.teams[i]);
        }
    }
    s_pair_finish(&pair);
    assert_int_equal(toe_inter_failover_active(team.teams[0]), 1);
    assert_int_equal(toe_inter_failover_active(team.teams[1]), 1);
    for (uint32_t i = 0; i < pair.m[0].stream_cnt; ++i) {
        reset_cnt += pair.m[0].streams[i].is_reset;
    }
    assert_true(reset_cnt <= 2);
    fini(&team, &pair);
}

/* --- a team of two targets that do nothing but note what they are told --- */

struct idle {
    struct toe_host_ops up;
    void *host;
    const char *asked; /* for what, last */
    const void *with;
};

#define IDLE_TREE(name)                                                                            \
    static void idle_##name(void *target, struct toe_block *tree)                                  \
    {                                                                                              \
        ((struct idle *)target)->asked = #name;                                                    \
        ((struct idle *)target)->with = tree;                                                      \
    }
IDLE_TREE(initiate)
IDLE_TREE(update)
IDLE_TREE(query)
IDLE_TREE(invalidate)

static void idle_attach(void *target, const struct toe_host_ops *ops, void *host)
{
    struct idle *idle = target;

    if (ops != NULL) {
        idle->up = *ops;
    }
    idle->host = host;
}

static void idle_forward(void *target, toe_handle tcp, struct toe_buf *chain)
{
    assert_int_equal(tcp, 7);
    ((struct idle *)target)->asked = "forward";
    ((struct idle *)target)->with = chain;
}

static void idle_stats(void *target, struct toe_stats *stats)
{
    stats->tcp[0].in_segments = target == NULL ? 0 : 77;
}

static void idle_caps(void *target, struct toe_caps *caps)
{
    (void)target;
    caps->tcp_max = 5;
}

static void idle_run(void *target, toe_instant now)
{
    (void)target;
    (void)now;
}

/* The host above them. */
static const char *told;
static const void *told_with;

#define TOLD_TREE(name)                                                                            \
    static void told_##name(void *host, struct toe_block *tree)                                    \
    {                                                                                              \
        assert_ptr_equal(host, &told);                                                             \
        told = #name;                                                                              \
        told_with = tree;                                                                          \
    }
TOLD_TREE(update)
TOLD_TREE(query)
TOLD_TREE(invalidate)

static void told_forward(void *host, struct toe_buf *chain)
{
    assert_ptr_equal(host, &told);
    told = "forward";
    told_with = chain;
}

static void told_neighbor(void *host, enum toe_neighbor_event event, struct toe_block *block)
{
    assert_ptr_equal(host, &told);
    assert_int_equal(event, TOE_NEIGHBOR_REACHABILITY_QUERY);
    told = "neighbor";
    told_with = block;
}

static void told_status(void *host, toe_status status, const struct toe_caps *caps)
{
    assert_ptr_equal(host, &told);
    told = toe_status_name(status);
    told_with = caps;
}

static const struct toe_host_ops told_ops = {
    .size = sizeof(told_ops),
    .update_complete = told_update,
    .query_complete = told_query,
    .invalidate_complete = told_invalidate,
    .forward_complete = told_forward,
    .neighbor_event = told_neighbor,
    .status = told_status,
};

static void expect(const char *got, const void *got_with, const char *want, const void *want_with)
{
    assert_non_null(got);
    assert_string_equal(got, want);
    assert_ptr_equal(got_with, want_with);
}

/* What is asked for goes to the active one, each answer comes back, and the other is not heard. */
static void check_leg(const struct toe_target_ops *ops, void *top, struct idle *active,
                      struct idle *other)
{
    struct toe_block block = {.size = sizeof(block), .type = TOE_BLOCK_NEIGHBOR};
    struct toe_buf buf = {.len = 0};
    struct toe_stats stats = {.size = sizeof(stats)};
    const struct {
        const char *name;
        void (*ask)(void *target, struct toe_block *tree);
        void (*answer)(void *host, struct toe_block *tree);
    } trees[] = {
        {"update", ops->update, active->up.update_complete},
        {"query", ops->query, active->up.query_complete},
        {"invalidate", ops->invalidate, active->up.invalidate_complete},
    };

    other->asked = NULL;
    for (size_t i = 0; i < sizeof(trees) / sizeof(trees[0]); ++i) {
        trees[i].ask(top, &block);
        expect(active->asked, active->with, trees[i].name, &block);
        trees[i].answer(active->host, &block);
        expect(told, told_with, trees[i].name, &block);
    }
    ops->forward(top, 7, &buf);
    expect(active->asked, active->with, "forward", &buf);
    active->up.forward_complete(active->host, &buf);
    expect(told, told_with, "forward", &buf);
    ops->stats_get(top, &stats);
    assert_int_equal(stats.tcp[0].in_segments, 77);
    assert_null(other->asked);

    active->up.neighbor_event(active->host, TOE_NEIGHBOR_REACHABILITY_QUERY, &block);
    expect(told, told_with, "neighbor", &block);
    active->up.status(active->host, TOE_STATUS_OFFLOAD_PAUSE, NULL);
    expect(told, told_with, "OFFLOAD_PAUSE", NULL);
    other->up.status(other->host, TOE_STATUS_UPLOAD_ALL, NULL);
    expect(told, told_with, "OFFLOAD_PAUSE", NULL);
}

static void test_hands_over(void **state)
{
    const struct toe_target_ops below = {.size = sizeof(below),
                                         .attach = idle_attach,
                                         .caps_get = idle_caps,
                                         .stats_get = idle_stats,
                                         .initiate = idle_initiate,
                                         .update = idle_update,
                                         .query = idle_query,
                                         .invalidate = idle_invalidate,
                                         .forward = idle_forward,
                                         .run = idle_run};
    struct toe_block blocks[2] = {{.size = sizeof(blocks[0]), .type = TOE_BLOCK_NEIGHBOR},
                                  {.size = sizeof(blocks[0]), .type = TOE_BLOCK_NEIGHBOR}};
    struct idle idles[2] = {{.host = NULL}, {.host = NULL}};
    struct toe_inter_failover_settings set;
    struct toe_inter_failover *team;
    const struct toe_target_ops *ops;

    (void)state;
    toe_inter_failover_settings_default(&set);
    for (int i = 0; i < 2; ++i) {
        set.below[i] = (struct toe_inter_below){&below, &idles[i]};
    }
    team = toe_inter_failover_new(&set);
    assert_non_null(team);
    ops = toe_inter_failover_ops(team);
    ops->attach(team, &told_ops, &told);
    check_leg(ops, team, &idles[0], &idles[1]);

    /* Offloads wait for the change. */
    idles[1].asked = NULL;
    toe_inter_failover_switch(team);
    ops->initiate(team, &blocks[0]);
    ops->initiate(team, &blocks[1]);
    assert_null(idles[1].asked);
    ops->run(team, S_MS);
    assert_int_equal(toe_inter_failover_active(team), 1);
    assert_string_equal(told, "OFFLOAD_RESUME");
    expect(idles[1].asked, idles[1].with, "initiate", &blocks[1]);
    check_leg(ops, team, &idles[1], &idles[0]);
    toe_inter_failover_del(team);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_command),
        cmocka_unit_test(test_extension),
        cmocka_unit_test(test_failure),
        cmocka_unit_test(test_hands_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
