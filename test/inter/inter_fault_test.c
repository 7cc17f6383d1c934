/* SPDX-License-Identifier: MIT */
/*
 * The fault injector: whatever it does, the monitors above and below it have nothing to report, and
 * the applications at both ends get their bytes; and each kind of fault, scripted, does what it
 * says.
 */
#include "inter/life.h"
#include "inter/stack.h"

struct layers {
    struct toe_inter_monitor *above[2];
    struct toe_inter_fault *faults[2];
    struct toe_inter_monitor *below[2];
    struct toe_inter_trace *traces[2];
    const struct toe_inter_fault_rule *rules;
    uint32_t rule_cnt;
    uint64_t seed;
    uint32_t breach_cnt;
    uint64_t injected[TOE_INTER_FAULT_CNT];
};

static void tell(void *user, const struct toe_inter_breach *breach)
{
    struct layers *layers = user;

    if (++layers->breach_cnt <= 20) {
        print_message("seed %llu at %.6f: %s %s: %s\n", (unsigned long long)layers->seed,
                      (double)breach->now / 1e9,
                      breach->rule->side == TOE_INTER_HOST ? "host" : "target", breach->rule->id,
                      breach->rule->text);
    }
}

static struct toe_inter_monitor *add_monitor(struct layers *layers, struct toe_inter_below *below)
{
    struct toe_inter_monitor_settings set;
    struct toe_inter_monitor *monitor;

    toe_inter_monitor_settings_default(&set);
    set.below = *below;
    set.tell = tell;
    set.user = layers;
    monitor = toe_inter_monitor_new(&set);
    assert_non_null(monitor);
    *below = (struct toe_inter_below){toe_inter_monitor_ops(monitor), monitor};
    return monitor;
}

static void print_record(void *user, const struct toe_inter_record *record)
{
    char line[1000];

    (void)user;
    (void)toe_inter_record_line(record, line, sizeof(line));
    print_message("%s\n", line);
}

/* With TOE_TEST_VERBOSE a tracer is on top. */
static void add_trace(struct layers *layers, uint32_t index, struct toe_inter_below *below)
{
    struct toe_inter_trace_settings set;

    toe_inter_trace_settings_default(&set);
    set.below = *below;
    set.tell = print_record;
    set.lane = index == 0 ? "A" : "B";
    layers->traces[index] = toe_inter_trace_new(&set);
    assert_non_null(layers->traces[index]);
    below->ops = toe_inter_trace_ops(layers->traces[index]);
    below->target = layers->traces[index];
}

static void build(void *user, uint32_t index, struct toe_inter_below *below)
{
    struct layers *layers = user;
    struct toe_inter_fault_settings set;

    layers->below[index] = add_monitor(layers, below);
    toe_inter_fault_settings_default(&set);
    set.below = *below;
    set.seed = layers->seed * 2 + index;
    set.rules = layers->rules;
    set.rule_cnt = layers->rule_cnt;
    layers->faults[index] = toe_inter_fault_new(&set);
    assert_non_null(layers->faults[index]);
    *below =
        (struct toe_inter_below){toe_inter_fault_ops(layers->faults[index]), layers->faults[index]};
    layers->above[index] = add_monitor(layers, below);
    if (getenv("TOE_TEST_VERBOSE") != NULL) {
        add_trace(layers, index, below);
    }
}

static void finish(struct layers *layers)
{
    for (int i = 0; i < 2; ++i) {
        struct toe_inter_monitor_stats stats = {.size = sizeof(stats)};

        toe_inter_monitor_finish(layers->above[i]);
        toe_inter_monitor_finish(layers->below[i]);
        toe_inter_monitor_stats_get(layers->above[i], &stats);
        assert_int_equal(stats.object_cnt + stats.buf_cnt + stats.tree_cnt, 0);
        toe_inter_monitor_stats_get(layers->below[i], &stats);
        assert_int_equal(stats.object_cnt + stats.buf_cnt + stats.tree_cnt, 0);
        for (uint32_t k = 0; k < TOE_INTER_FAULT_CNT; ++k) {
            layers->injected[k] +=
                toe_inter_fault_injected(layers->faults[i], (enum toe_inter_fault_kind)k);
        }
    }
    assert_int_equal(layers->breach_cnt, 0);
}

static void fini(struct layers *layers)
{
    for (int i = 0; i < 2 && layers->traces[0] != NULL; ++i) {
        toe_inter_trace_del(layers->traces[i]);
    }
    for (int i = 0; i < 2; ++i) {
        toe_inter_monitor_del(layers->above[i]);
        toe_inter_fault_del(layers->faults[i]);
        toe_inter_monitor_del(layers->below[i]);
    }
}

static void settings_for(uint64_t seed, struct toe_host_settings *hs)
{
    toe_host_settings_default(hs);
    hs->seed = seed;
    hs->policy = TOE_POLICY_RANDOM;
    hs->policy_in_host = (1 + seed % 7) * 5 * S_MS;
    hs->policy_offloaded = (1 + seed % 5) * 17 * S_MS;
    hs->receive_mode = (enum toe_receive_mode)(seed % 3);
    hs->time_wait = 2 * S_SEC;
    hs->params.nce_stale_ticks = 50;
}

/* Lives with |rules|; with |is_safe| nobody may lose anything. */
static void live(struct layers *layers, bool is_safe)
{
    const struct toe_sim_link_settings link = {
        .delay = (layers->seed % 5) * S_MS,
        .loss = layers->seed % 4 == 1 ? 10000 : 0,
    };
    struct toe_host_settings hs;
    struct toe_target_settings ts;
    struct s_pair pair = {.is_rude = false};

    settings_for(layers->seed, &hs);
    toe_target_settings_default(&ts);
    s_pair_init(&pair, &hs, &ts, &link, build, layers, 6, 100000);
    pair.m[0].nap = layers->seed % 3 == 0 ? 5 * S_MS : 0;
    s_pair_finish(&pair);
    if (is_safe) {
        s_pair_check_bytes(&pair);
    }
    s_pair_check_clean(&pair);
    finish(layers);
    s_pair_fini(&pair);
    fini(layers);
}

static bool is_hardware(enum toe_inter_fault_kind kind)
{
    return kind == TOE_INTER_FAULT_HARDWARE_QUERY || kind == TOE_INTER_FAULT_HARDWARE_INVALIDATE ||
           kind == TOE_INTER_FAULT_HARDWARE_TERMINATE;
}

static void test_wild(void **state)
{
    const char *env = getenv("TOE_TEST_SEED");
    const uint64_t first = env != NULL ? strtoull(env, NULL, 0) : 1;
    const uint64_t last = env != NULL ? first : 60;
    struct toe_inter_fault_rule rules[TOE_INTER_FAULT_CNT];
    uint64_t injected[TOE_INTER_FAULT_CNT] = {0};

    (void)state;
    for (uint64_t seed = first; seed <= last; ++seed) {
        struct layers layers = {.seed = seed, .rules = rules};
        const bool is_safe = seed % 2 == 0;

        layers.rule_cnt = toe_inter_fault_wild(rules);
        for (uint32_t k = 0; k < TOE_INTER_FAULT_CNT && is_safe; ++k) {
            if (is_hardware((enum toe_inter_fault_kind)k)) {
                rules[k].chance = 0;
            }
        }
        live(&layers, is_safe);
        for (uint32_t k = 0; k < TOE_INTER_FAULT_CNT; ++k) {
            injected[k] += layers.injected[k];
        }
    }
    for (uint32_t k = 0; k < TOE_INTER_FAULT_CNT && env == NULL; ++k) {
        print_message("%s: %llu\n", toe_inter_fault_kind_name((enum toe_inter_fault_kind)k),
                      (unsigned long long)injected[k]);
    }
}

/* --- scripted, on one connection --- */

struct script {
    struct t_target *t;
    struct l_life life;
    struct toe_inter_fault *fault;
    struct layers layers;
};

static void script_init(struct script *script, const struct toe_inter_fault_rule *rule)
{
    struct toe_inter_fault_settings set;
    struct toe_inter_below below;

    memset(script, 0, sizeof(*script));
    script->t = t_target_new();
    t_target_start(script->t);
    toe_inter_fault_settings_default(&set);
    set.below = (struct toe_inter_below){toe_target_ops(), script->t->target};
    set.rules = rule;
    set.rule_cnt = rule != NULL ? 1 : 0;
    script->fault = toe_inter_fault_new(&set);
    assert_non_null(script->fault);
    below = (struct toe_inter_below){toe_inter_fault_ops(script->fault), script->fault};
    l_life_init(&script->life, script->t, &below, tell, &script->layers);
}

static void script_fini(struct script *script)
{
    l_life_fini(&script->life);
    toe_inter_fault_del(script->fault);
    t_target_del(script->t);
}

/* Each object refused in turn: the statuses are those of CONTROL 2.4. */
static void test_refuse(void **state)
{
    static const struct {
        enum toe_inter_fault_kind kind;
        toe_status status;
        toe_status want[3];
    } cases[] = {
        {TOE_INTER_FAULT_REFUSE_NEIGHBOR,
         0,
         {TOE_STATUS_OFFLOAD_NEIGHBOR_ENTRIES, TOE_STATUS_FAILURE, TOE_STATUS_FAILURE}},
        {TOE_INTER_FAULT_REFUSE_PATH,
         TOE_STATUS_OFFLOAD_PATH_MTU,
         {TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS, TOE_STATUS_OFFLOAD_PATH_MTU, TOE_STATUS_FAILURE}},
        {TOE_INTER_FAULT_REFUSE_TCP,
         0,
         {TOE_STATUS_SUCCESS, TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS, TOE_STATUS_OFFLOAD_TCP_ENTRIES}},
    };
    static struct script script;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        const struct toe_inter_fault_rule rule = {
            .kind = cases[i].kind, .nth = 1, .status = cases[i].status};
        struct t_target *t;

        script_init(&script, &rule);
        t = script.t;
        l_offload(&script.life, 100);
        assert_int_equal(t->neighbor.block.status, cases[i].want[0]);
        assert_int_equal(t->path.block.status, cases[i].want[1]);
        assert_int_equal(t->tcp.block.status, cases[i].want[2]);
        assert_int_equal(t->tcp.handle, 0);
        assert_ptr_equal(t->neighbor.block.dependent, &t->path.block);
        assert_ptr_equal(t->tcp.block.next, &script.life.second.block);
        assert_int_equal(script.life.second.handle != 0, i == 2);
        assert_int_equal(toe_inter_fault_injected(script.fault, cases[i].kind), 1);
        assert_int_equal(script.layers.breach_cnt, 0);
        script_fini(&script);
    }
}

/* A linker all of whose dependents are refused fails, and one that is late still arrives. */
static void test_refuse_linked(void **state)
{
    const struct toe_inter_fault_rule rule = {.kind = TOE_INTER_FAULT_REFUSE_TCP, .nth = 1};
    static struct script script;
    struct toe_block placeholder;

    (void)state;
    script_init(&script, &rule);
    l_offload_linked(&script.life, &placeholder);
    assert_int_equal(placeholder.status, TOE_STATUS_SUCCESS);
    assert_int_equal(script.t->path.block.status, TOE_STATUS_FAILURE);
    assert_int_equal(script.t->tcp.block.status, TOE_STATUS_OFFLOAD_TCP_ENTRIES);
    assert_int_equal(script.layers.breach_cnt, 0);
    script_fini(&script);
}

static void test_late(void **state)
{
    const struct toe_inter_fault_rule rule = {
        .kind = TOE_INTER_FAULT_DELAY, .nth = 1, .time = 5 * S_MS};
    static struct script script;

    (void)state;
    script_init(&script, &rule);
    l_offload(&script.life, 100);
    assert_int_equal(script.t->tcp.block.status, TOE_STATUS_PENDING);
    script.life.ms += 5;
    l_run(&script.life);
    assert_int_equal(script.t->tcp.block.status, TOE_STATUS_SUCCESS);
    l_terminate(&script.life, true);
    assert_int_equal(script.layers.breach_cnt, 0);
    script_fini(&script);
}

static void test_failed_update(void **state)
{
    const struct toe_inter_fault_rule rule = {.kind = TOE_INTER_FAULT_FAIL_UPDATE, .nth = 1};
    static struct script script;

    (void)state;
    script_init(&script, &rule);
    l_life(&script.life);
    assert_int_equal(toe_inter_fault_injected(script.fault, TOE_INTER_FAULT_FAIL_UPDATE), 1);
    assert_int_equal(script.layers.breach_cnt, 0);
    script_fini(&script);
}

/* The five steps: failure, retrieve, abort, terminate, completion. */
static void test_hardware(void **state)
{
    static const enum toe_inter_fault_kind kinds[] = {TOE_INTER_FAULT_HARDWARE_QUERY,
                                                      TOE_INTER_FAULT_HARDWARE_INVALIDATE,
                                                      TOE_INTER_FAULT_HARDWARE_TERMINATE};
    static struct script script;

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); ++i) {
        const struct toe_inter_fault_rule rule = {.kind = kinds[i], .nth = 1};
        struct toe_tcp_state queried = {.size = sizeof(queried)};
        struct toe_block block;
        struct t_target *t;

        script_init(&script, &rule);
        t = script.t;
        l_offload_linked(&script.life, &block);
        t_block_init(&block, TOE_BLOCK_TCP_DELEGATED, &t->tcp.handle, &queried);
        block.host_object = t->tcp.block.host_object;
        if (i == 0) {
            t->ops->query(t->top, &block);
        } else if (i == 1) {
            t->ops->invalidate(t->top, &block);
        } else {
            t->ops->terminate(t->top, &block);
        }
        l_run(&script.life);
        assert_int_equal(block.status, TOE_STATUS_FAILURE);
        assert_int_equal(script.life.events, 2);
        l_terminate(&script.life, false);
        assert_int_equal(t->tcp.block.status, TOE_STATUS_SUCCESS);
        assert_int_equal(t->tcp.state.delegated.state, TOE_TCP_CLOSED);
        assert_int_equal(toe_inter_fault_injected(script.fault, kinds[i]), 1);
        toe_inter_monitor_finish(script.life.monitor);
        assert_int_equal(script.layers.breach_cnt, 0);
        script_fini(&script);
    }
}

/* The same on command, of this connection and at the next occasion. */
static void test_spoilt(void **state)
{
    const struct toe_inter_fault_rule rule = {.kind = TOE_INTER_FAULT_HARDWARE_QUERY};
    struct toe_tcp_state queried = {.size = sizeof(queried)};
    struct toe_block block;
    static struct script script;
    struct t_target *t;

    (void)state;
    script_init(&script, &rule);
    t = script.t;
    l_offload_linked(&script.life, &block);
    t_block_init(&block, TOE_BLOCK_TCP_DELEGATED, &t->tcp.handle, &queried);
    block.host_object = t->tcp.block.host_object;
    t->ops->query(t->top, &block);
    l_run(&script.life);
    assert_int_equal(block.status, TOE_STATUS_SUCCESS);
    toe_inter_fault_spoil(script.fault, t->tcp.handle + 1); /* nobody's */
    toe_inter_fault_spoil(script.fault, t->tcp.handle);
    t->ops->query(t->top, &block);
    l_run(&script.life);
    assert_int_equal(block.status, TOE_STATUS_FAILURE);
    assert_int_equal(script.life.events, 2);
    assert_int_equal(toe_inter_fault_injected(script.fault, TOE_INTER_FAULT_HARDWARE_QUERY), 1);
    l_terminate(&script.life, false);
    assert_int_equal(t->tcp.state.delegated.state, TOE_TCP_CLOSED);
    assert_int_equal(script.layers.breach_cnt, 0);
    script_fini(&script);
}

/* Struck by hand: the next occasion, and that one only. */
static void test_struck(void **state)
{
    const struct toe_inter_fault_rule none = {.kind = TOE_INTER_FAULT_DELAY};
    const struct toe_inter_fault_rule late = {.kind = TOE_INTER_FAULT_DELAY, .time = 5 * S_MS};
    static struct script script;

    (void)state;
    script_init(&script, &none);
    toe_inter_fault_strike(script.fault, &late);
    for (int i = 0; i < 2; ++i) {
        l_offload(&script.life, 100);
        assert_int_equal(script.t->tcp.block.status,
                         i == 0 ? TOE_STATUS_PENDING : TOE_STATUS_SUCCESS);
        script.life.ms += 5;
        l_run(&script.life);
        assert_int_equal(script.t->tcp.block.status, TOE_STATUS_SUCCESS);
        l_terminate(&script.life, true);
    }
    assert_int_equal(toe_inter_fault_injected(script.fault, TOE_INTER_FAULT_DELAY), 1);
    assert_int_equal(script.layers.breach_cnt, 0);
    script_fini(&script);
}

/* A crash loses every connection: here that is seen as they are taken back. */
static void test_crash(void **state)
{
    const struct toe_inter_fault_rule none = {.kind = TOE_INTER_FAULT_DELAY};
    struct toe_tcp_state queried = {.size = sizeof(queried)};
    struct toe_block block;
    static struct script script;
    struct t_target *t;

    (void)state;
    script_init(&script, &none);
    t = script.t;
    l_offload_linked(&script.life, &block);
    t_block_init(&block, TOE_BLOCK_TCP_DELEGATED, &t->tcp.handle, &queried);
    block.host_object = t->tcp.block.host_object;
    toe_inter_fault_crash(script.fault);
    t->ops->query(t->top, &block);
    l_run(&script.life);
    assert_int_equal(block.status, TOE_STATUS_FAILURE);
    l_terminate(&script.life, false);
    assert_int_equal(t->tcp.state.delegated.state, TOE_TCP_CLOSED);
    assert_int_equal(script.layers.breach_cnt, 0);
    script_fini(&script);
}

/* Refused on behalf of the host, and offered again without the host's doing. */
static void test_kept_data(void **state)
{
    static struct script script;

    (void)state;
    for (int part = 0; part < 2; ++part) {
        const struct toe_inter_fault_rule rule = {.kind = part ? TOE_INTER_FAULT_PARTIAL_INDICATION
                                                               : TOE_INTER_FAULT_REFUSE_INDICATION,
                                                  .nth = 1};

        script_init(&script, &rule);
        l_offload(&script.life, 0);
        t_peer(script.t, 1000, 100, TCP_PSH, 5000);
        l_run(&script.life);
        assert_int_equal(script.life.kept_cnt, part ? 2 : 1);
        l_terminate(&script.life, true);
        toe_inter_monitor_finish(script.life.monitor);
        assert_int_equal(script.layers.breach_cnt, 0);
        script_fini(&script);
    }
}

/* Pause, upload all and resume, on command: the resume waits for the terminate. */
static void test_commands(void **state)
{
    static struct script script;

    (void)state;
    script_init(&script, NULL);
    toe_inter_fault_pause(script.fault);
    l_run(&script.life);
    toe_inter_fault_resume(script.fault);
    l_run(&script.life);
    l_offload(&script.life, 0);
    toe_inter_fault_upload_all(script.fault);
    l_run(&script.life);
    toe_inter_fault_resume(script.fault);
    l_run(&script.life);
    l_terminate(&script.life, true);
    l_run(&script.life);
    l_offload(&script.life, 0);
    l_terminate(&script.life, true);
    toe_inter_fault_link_set(script.fault, false);
    script.t->ops->transmit(script.t->top, &(struct toe_frame){.len = 0}, 1);
    assert_int_equal(script.layers.breach_cnt, 0);
    script_fini(&script);
}

/*
 * CAP-36: an initiate that is on its way when offloading pauses waits for the resume, or fails when
 * everything is to be uploaded; whoever pauses, the driver or the target below it.
 */
static void test_held(void **state)
{
    static struct script script;

    (void)state;
    for (uint32_t i = 0; i < 4; ++i) {
        const struct toe_inter_fault_rule rule = {
            .kind = TOE_INTER_FAULT_DELAY, .nth = 1, .time = 5 * TOE_NS_PER_MS};
        const bool is_below = i % 2 != 0;
        const bool is_uploaded = i / 2 != 0;

        script_init(&script, &rule);
        l_offload(&script.life, 0);
        if (is_below) {
            toe_target_pause(script.t->target);
        } else {
            toe_inter_fault_pause(script.fault);
        }
        for (int k = 0; k < 10; ++k) {
            l_run(&script.life);
        }
        assert_int_equal(script.t->tcp.handle, 0);
        if (is_uploaded && is_below) {
            toe_target_upload_all(script.t->target);
        } else if (is_uploaded) {
            toe_inter_fault_upload_all(script.fault);
        }
        l_run(&script.life);
        assert_int_equal(script.t->tcp.block.status,
                         is_uploaded ? TOE_STATUS_FAILURE : TOE_STATUS_PENDING);
        if (is_below) {
            assert_int_equal(toe_target_resume(script.t->target, NULL), TOE_STATUS_SUCCESS);
        } else {
            toe_inter_fault_resume(script.fault);
        }
        l_run(&script.life);
        l_run(&script.life);
        if (!is_uploaded) {
            assert_int_equal(script.t->tcp.block.status, TOE_STATUS_SUCCESS);
            assert_int_not_equal(script.t->tcp.handle, 0);
            l_terminate(&script.life, true);
        }
        toe_inter_monitor_finish(script.life.monitor);
        assert_int_equal(script.layers.breach_cnt, 0);
        script_fini(&script);
    }
}

/* Two who pause at once: the host hears of one pause, and of the resume when both are over. */
static void test_two_pauses(void **state)
{
    static struct script script;

    (void)state;
    script_init(&script, NULL);
    l_offload(&script.life, 0);
    toe_inter_fault_pause(script.fault);
    l_run(&script.life);
    toe_target_upload_all(script.t->target);
    l_run(&script.life);
    toe_inter_fault_resume(script.fault);
    l_run(&script.life);
    assert_int_equal(toe_target_resume(script.t->target, NULL), TOE_STATUS_INVALID_STATE);
    l_terminate(&script.life, true);
    l_run(&script.life);
    assert_int_equal(toe_target_resume(script.t->target, NULL), TOE_STATUS_SUCCESS);
    l_run(&script.life);
    l_offload(&script.life, 0); /* CAP-37 if the resume was not told */
    l_terminate(&script.life, true);
    toe_inter_monitor_finish(script.life.monitor);
    assert_int_equal(script.layers.breach_cnt, 0);
    script_fini(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wild),          cmocka_unit_test(test_refuse),
        cmocka_unit_test(test_refuse_linked), cmocka_unit_test(test_late),
        cmocka_unit_test(test_failed_update), cmocka_unit_test(test_hardware),
        cmocka_unit_test(test_spoilt),        cmocka_unit_test(test_struck),
        cmocka_unit_test(test_crash),         cmocka_unit_test(test_kept_data),
        cmocka_unit_test(test_commands),      cmocka_unit_test(test_held),
        cmocka_unit_test(test_two_pauses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
