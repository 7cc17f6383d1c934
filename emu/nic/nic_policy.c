/* SPDX-License-Identifier: MIT */
#include "nic/nic_policy.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"

#define RETRY_MIN (20 * TOE_NS_PER_MS) /* what could not move now is tried again after this, */
#define RETRY_MAX TOE_NS_PER_SEC       /* and at most this long */
#define BEHIND_MAX TOE_NS_PER_SEC

enum { DRAWS_MAX = 8 }; /* for one that can move */

const char *const emu_policy_names[] = {"manual", "all", "random", NULL};

/* A connection that has rules. */
struct emu_policy_conn {
    struct emu_timer timer;
    struct emu_tuple tuple;
    const struct emu_rule *in_host; /* or NULL, and so the next */
    const struct emu_rule *offloaded;
    size_t hat_pos; /* in the hat of |in_host|, plus one; 0: not there */
    toe_duration retry;
};

static bool is_settled(const struct emu_kernel_conn *conn)
{
    return (conn->place == EMU_PLACE_HOST || conn->place == EMU_PLACE_OFFLOADED) &&
           conn->state == TOE_TCP_ESTABLISHED;
}

/* --- hats --- */

static struct emu_policy_hat *hat_of(struct emu_policy *policy, const struct emu_rule *rule)
{
    return &policy->hats[rule - policy->rules.rules];
}

static void hat_put(struct emu_policy *policy, struct emu_policy_conn *conn)
{
    struct emu_policy_hat *hat = hat_of(policy, conn->in_host);

    if (conn->hat_pos != 0) {
        return;
    }
    if (hat->cnt == hat->cap) {
        const size_t cap = hat->cap == 0 ? 64 : 2 * hat->cap;
        struct emu_policy_conn **conns =
            realloc(hat->conns, cap * sizeof(struct emu_policy_conn *));

        if (conns == NULL) {
            return; /* It stays where it is. */
        }
        hat->conns = conns;
        hat->cap = cap;
    }
    if (hat->cnt == 0 && hat->next < policy->now) {
        hat->next = policy->now;
    }
    hat->conns[hat->cnt++] = conn;
    conn->hat_pos = hat->cnt;
}

/* The last one takes the place that becomes free. */
static void hat_take(struct emu_policy *policy, struct emu_policy_conn *conn)
{
    struct emu_policy_hat *hat;

    if (conn->hat_pos != 0) {
        hat = hat_of(policy, conn->in_host);
        hat->conns[conn->hat_pos - 1] = hat->conns[--hat->cnt];
        hat->conns[conn->hat_pos - 1]->hat_pos = conn->hat_pos;
        conn->hat_pos = 0;
    }
}

/* --- waiting --- */

static void wait_till(struct emu_policy *policy, struct emu_policy_conn *conn, toe_instant at)
{
    emu_timers_set(&policy->timers, &conn->timer, at);
}

/* |conn| is in the host, and its rule begins to apply. */
static void wait_in_host(struct emu_policy *policy, struct emu_policy_conn *conn,
                         const struct emu_kernel_conn *info)
{
    const struct emu_rule *rule = conn->in_host;
    uint64_t mark = 0;

    wait_till(policy, conn, TOE_INSTANT_NEVER);
    if (rule != NULL && rule->verb == EMU_VERB_RANDOM) {
        hat_put(policy, conn);
    } else if (rule != NULL && rule->verb == EMU_VERB_OFFLOAD && rule->after_bytes != 0) {
        mark = info->tx_bytes + info->rx_bytes + rule->after_bytes;
    } else if (rule != NULL && rule->verb == EMU_VERB_OFFLOAD) {
        wait_till(policy, conn, policy->now + rule->after_time);
    }
    emu_kernel_own(policy->kernel, &conn->tuple, conn, mark);
}

/* |conn| was silent: it is offloaded when it carries data again. */
static void wait_for_data(struct emu_policy *policy, struct emu_policy_conn *conn,
                          const struct emu_kernel_conn *info)
{
    const uint64_t more = conn->in_host->after_bytes != 0 ? conn->in_host->after_bytes : 1;

    emu_kernel_own(policy->kernel, &conn->tuple, conn, info->tx_bytes + info->rx_bytes + more);
}

/* Reasons that go away again. */
static bool is_passing(enum emu_why why)
{
    return why == EMU_WHY_NONE || why == EMU_WHY_STATE || why == EMU_WHY_IN_FLIGHT ||
           why == EMU_WHY_PAUSED || why == EMU_WHY_ROUTE || why == EMU_WHY_NEIGHBOR;
}

static void retry(struct emu_policy *policy, struct emu_policy_conn *conn)
{
    wait_till(policy, conn, policy->now + conn->retry);
    conn->retry = 2 * conn->retry < RETRY_MAX ? 2 * conn->retry : RETRY_MAX;
}

/* --- connections --- */

static void conn_del(struct emu_policy *policy, struct emu_policy_conn *conn)
{
    wait_till(policy, conn, TOE_INSTANT_NEVER);
    hat_take(policy, conn);
    emu_heap_give(emu_kernel_heap(policy->kernel), conn);
}

/* Finds the rules of a connection; returns NULL if there are none for it. */
static struct emu_policy_conn *conn_new(struct emu_policy *policy,
                                        const struct emu_kernel_conn *info)
{
    const struct emu_rule *in_host = emu_rules_find(&policy->rules, &info->tuple, true);
    const struct emu_rule *offloaded = emu_rules_find(&policy->rules, &info->tuple, false);
    struct emu_kernel_stats stats;
    struct emu_policy_conn *conn;

    if (in_host == NULL && offloaded == NULL) {
        return NULL;
    }
    emu_kernel_stats_get(policy->kernel, &stats);
    if (!emu_timers_reserve(&policy->timers, stats.conns)) {
        return NULL;
    }
    conn = emu_heap_take_zeroed(emu_kernel_heap(policy->kernel), sizeof(*conn));
    if (conn != NULL) {
        conn->tuple = info->tuple;
        conn->in_host = in_host;
        conn->offloaded = offloaded;
        conn->retry = RETRY_MIN;
    }
    return conn;
}

void emu_policy_opened(struct emu_policy *policy, const struct emu_kernel_conn *info)
{
    struct emu_policy_conn *conn = info->owner;

    if (conn != NULL) { /* of an earlier connection of that name */
        emu_kernel_own(policy->kernel, &info->tuple, NULL, 0);
        conn_del(policy, conn);
    }
    conn = conn_new(policy, info);
    if (conn != NULL) {
        wait_in_host(policy, conn, info);
    }
}

void emu_policy_reached(struct emu_policy *policy, const struct emu_kernel_conn *info)
{
    struct emu_policy_conn *conn = info->owner;

    if (conn != NULL) {
        wait_till(policy, conn, policy->now);
    }
}

/* Where a connection has come to, or was found when rules changed. */
static void is_at(struct emu_policy *policy, struct emu_policy_conn *conn,
                  const struct emu_kernel_conn *info)
{
    const bool is_to_offload = conn->in_host != NULL && conn->in_host->verb == EMU_VERB_OFFLOAD;

    wait_till(policy, conn, TOE_INSTANT_NEVER); /* What it waited for where it was. */
    if (info->place == EMU_PLACE_OFFLOADED) {
        conn->retry = RETRY_MIN;
        wait_till(policy, conn,
                  conn->offloaded != NULL && conn->offloaded->idle != 0
                      ? policy->now + conn->offloaded->idle
                      : TOE_INSTANT_NEVER);
    } else if (info->place == EMU_PLACE_HOST && is_to_offload) {
        if (info->why == EMU_WHY_POLICY || info->why == EMU_WHY_KEEP_ALIVE) {
            wait_for_data(policy, conn, info);
        } else if (is_passing(info->why)) {
            retry(policy, conn);
        }
    }
}

void emu_policy_moved(struct emu_policy *policy, const struct emu_kernel_conn *info)
{
    if (info->owner != NULL) {
        is_at(policy, info->owner, info);
    }
}

void emu_policy_closed(struct emu_policy *policy, const struct emu_kernel_conn *info)
{
    if (info->owner != NULL) {
        conn_del(policy, info->owner);
    }
}

bool emu_policy_released(const struct emu_policy *policy, const struct emu_kernel_conn *info,
                         enum toe_upload_reason reason)
{
    const struct emu_policy_conn *conn = info->owner;
    const struct emu_rule *rule = conn != NULL ? conn->offloaded : NULL;

    (void)policy;
    if (rule == NULL || rule->verb != EMU_VERB_UPLOAD) {
        return false;
    }
    return (reason == TOE_UPLOAD_HIGH_OUT_OF_ORDER && rule->when_reordering) ||
           (reason == TOE_UPLOAD_HIGH_DROP_RATE && rule->when_losing);
}

/* --- moving --- */

static void offload(struct emu_policy *policy, struct emu_policy_conn *conn)
{
    enum emu_why why = EMU_WHY_NONE;

    ++policy->moves;
    if (!emu_kernel_offload(policy->kernel, &conn->tuple, &why) && is_passing(why) &&
        conn->in_host->verb == EMU_VERB_OFFLOAD) {
        retry(policy, conn);
    }
}

static uint32_t number_of(const struct emu_policy *policy, const struct emu_rule *rule)
{
    return (uint32_t)(rule - policy->rules.rules) + 1;
}

/* The timer of |conn| is due. */
static void expire(struct emu_policy *policy, struct emu_policy_conn *conn)
{
    struct emu_kernel_conn info;

    if (!emu_kernel_find(policy->kernel, &conn->tuple, &info) || !is_settled(&info)) {
        return; /* It is on its way, and this comes again; or it ends. */
    }
    if (info.place == EMU_PLACE_HOST) {
        if (conn->in_host != NULL && conn->in_host->verb == EMU_VERB_OFFLOAD) {
            offload(policy, conn);
        }
    } else if (conn->offloaded != NULL && conn->offloaded->idle != 0) {
        if (policy->now - info.seen_at >= conn->offloaded->idle) {
            ++policy->moves;
            emu_kernel_upload_by_policy(policy->kernel, &conn->tuple,
                                        number_of(policy, conn->offloaded));
        } else {
            wait_till(policy, conn, info.seen_at + conn->offloaded->idle);
        }
    }
}

/* Moves one of |hat|, each with the same probability. Those that have ended leave it. */
static void draw(struct emu_policy *policy, struct emu_policy_hat *hat)
{
    for (int i = 0; i < DRAWS_MAX && hat->cnt != 0; ++i) {
        struct emu_policy_conn *conn = hat->conns[emu_random_below(&policy->random, hat->cnt)];
        struct emu_kernel_conn info;

        if (!emu_kernel_find(policy->kernel, &conn->tuple, &info) ||
            info.state != TOE_TCP_ESTABLISHED) {
            hat_take(policy, conn);
        } else if (is_settled(&info)) {
            ++policy->moves;
            if (info.place == EMU_PLACE_HOST) {
                (void)emu_kernel_offload(policy->kernel, &conn->tuple, NULL);
            } else {
                emu_kernel_upload_by_policy(policy->kernel, &conn->tuple,
                                            number_of(policy, conn->in_host));
            }
            return;
        }
    }
}

static toe_duration draw_pause(struct emu_policy *policy, double rate)
{
    const double mean = (double)TOE_NS_PER_SEC / rate;

    return emu_random_below(&policy->random, (uint64_t)(2 * mean) + 1);
}

/* Returns when the next one of the hat of |rule| is to move. */
static toe_instant run_hat(struct emu_policy *policy, const struct emu_rule *rule)
{
    struct emu_policy_hat *hat = hat_of(policy, rule);

    if (hat->next + BEHIND_MAX < policy->now) {
        hat->next = policy->now; /* This process was stopped. */
    }
    while (hat->cnt != 0 && hat->next <= policy->now) {
        draw(policy, hat);
        hat->next += draw_pause(policy, rule->rate / policy->share_cnt);
    }
    return hat->cnt != 0 ? hat->next : TOE_INSTANT_NEVER;
}

toe_instant emu_policy_run(struct emu_policy *policy, toe_instant now)
{
    struct emu_timer *timer;
    toe_instant next;

    policy->now = now;
    if (policy->is_stopped) {
        return TOE_INSTANT_NEVER;
    }
    while ((timer = emu_timers_pop(&policy->timers, now)) != NULL) {
        expire(policy,
               (struct emu_policy_conn *)((char *)timer - offsetof(struct emu_policy_conn, timer)));
    }
    next = emu_timers_next(&policy->timers);
    for (uint32_t i = 0; i < policy->rules.cnt; ++i) {
        if (policy->rules.rules[i].verb == EMU_VERB_RANDOM) {
            const toe_instant at = run_hat(policy, &policy->rules.rules[i]);

            next = at < next ? at : next;
        }
    }
    return next;
}

/* --- rules --- */

bool emu_policy_name_add(struct emu_rules *rules, const char *name, double rate,
                         struct emu_error *error)
{
    char text[EMU_RULE_LEN_MAX];

    if (strcmp(name, "manual") == 0) {
        return true;
    }
    if (strcmp(name, "all") == 0) {
        return emu_rules_add(rules, "offload", error);
    }
    if (strcmp(name, "random") == 0) {
        (void)snprintf(text, sizeof(text), "random at %g", rate);
        return emu_rules_add(rules, text, error);
    }
    emu_error_set(error, EMU_EXIT_USAGE, "\"policy\" is none of manual, all, random");
    return false;
}

const char *emu_policy_name(const struct emu_rules *rules)
{
    const struct emu_rule *rule = &rules->rules[0];

    if (rules->cnt == 0) {
        return "manual";
    }
    if (rules->cnt == 1 && rule->filter == NULL && rule->after_bytes == 0 &&
        rule->after_time == 0 && rule->verb == EMU_VERB_OFFLOAD) {
        return "all";
    }
    return rules->cnt == 1 && rule->filter == NULL && rule->verb == EMU_VERB_RANDOM ? "random"
                                                                                    : "rules";
}

static bool forget(void *user, const struct emu_kernel_conn *info)
{
    struct emu_policy *policy = user;

    if (info->owner != NULL) {
        conn_del(policy, info->owner);
        emu_kernel_own(policy->kernel, &info->tuple, NULL, 0);
    }
    return true;
}

static bool adopt(void *user, const struct emu_kernel_conn *info)
{
    struct emu_policy *policy = user;
    struct emu_policy_conn *conn =
        info->state == TOE_TCP_ESTABLISHED ? conn_new(policy, info) : NULL;

    if (conn == NULL) {
        return true;
    }
    wait_in_host(policy, conn, info);
    if (info->place != EMU_PLACE_HOST && conn->in_host != NULL &&
        conn->in_host->verb == EMU_VERB_NEVER) {
        ++policy->moves;
        emu_kernel_upload_by_policy(policy->kernel, &conn->tuple, number_of(policy, conn->in_host));
    } else if (info->place == EMU_PLACE_OFFLOADED) {
        is_at(policy, conn, info);
    }
    return true;
}

void emu_policy_set(struct emu_policy *policy, struct emu_rules *rules)
{
    if (policy->kernel != NULL) {
        emu_kernel_walk(policy->kernel, forget, policy);
    }
    emu_rules_clear(&policy->rules);
    policy->rules = *rules;
    rules->cnt = 0;
    for (uint32_t i = 0; i < EMU_RULES_MAX; ++i) {
        policy->hats[i].next = 0;
    }
    if (policy->kernel != NULL) {
        emu_kernel_walk(policy->kernel, adopt, policy);
    }
}

void emu_policy_attach(struct emu_policy *policy, struct emu_kernel *kernel)
{
    policy->kernel = kernel;
}

void emu_policy_init(struct emu_policy *policy, uint64_t seed, uint32_t share_cnt)
{
    *policy = (struct emu_policy){.random = {seed}, .share_cnt = share_cnt};
}

void emu_policy_fini(struct emu_policy *policy)
{
    emu_rules_clear(&policy->rules);
    for (uint32_t i = 0; i < EMU_RULES_MAX; ++i) {
        free(policy->hats[i].conns);
    }
    emu_timers_fini(&policy->timers);
}

void emu_policy_stop(struct emu_policy *policy)
{
    policy->is_stopped = true;
}
