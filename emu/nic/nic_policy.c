/* SPDX-License-Identifier: MIT */
#include "nic/nic_policy.h"

#define LOOK_EVERY (20 * TOE_NS_PER_MS) /* for connections that are new */
#define BEHIND_MAX TOE_NS_PER_SEC

const char *const emu_policy_names[] = {"manual", "all", "random", NULL};

/* A walk over the connections, for those to move. */
struct walk {
    struct emu_policy *policy;
    struct emu_kernel *kernel;
    struct emu_kernel_conn chosen;
    uint64_t cnt; /* that could be chosen */
};

static bool is_settled(const struct emu_kernel_conn *conn)
{
    return (conn->place == EMU_PLACE_HOST || conn->place == EMU_PLACE_OFFLOADED) &&
           conn->state == TOE_TCP_ESTABLISHED;
}

/* All: what was refused, or taken back, for a reason that stays stays where it is. */
static bool offload_new(void *user, const struct emu_kernel_conn *conn)
{
    struct walk *walk = user;

    if (conn->place == EMU_PLACE_HOST && is_settled(conn) &&
        (conn->why == EMU_WHY_NONE || conn->why == EMU_WHY_STATE ||
         conn->why == EMU_WHY_IN_FLIGHT)) {
        (void)emu_kernel_offload(walk->kernel, &conn->tuple, NULL);
        walk->policy->moves++;
    }
    return true;
}

/* Random: each of |cnt| connections is chosen with the same probability. */
static bool choose(void *user, const struct emu_kernel_conn *conn)
{
    struct walk *walk = user;

    if (is_settled(conn) && emu_random_below(&walk->policy->random, ++walk->cnt) == 0) {
        walk->chosen = *conn;
    }
    return true;
}

static void move_one(struct emu_policy *policy, struct emu_kernel *kernel)
{
    struct walk walk = {.policy = policy, .kernel = kernel};

    emu_kernel_walk(kernel, choose, &walk);
    if (walk.cnt == 0) {
        return;
    }
    if (walk.chosen.place == EMU_PLACE_HOST) {
        (void)emu_kernel_offload(kernel, &walk.chosen.tuple, NULL);
    } else {
        (void)emu_kernel_upload(kernel, &walk.chosen.tuple, NULL);
    }
    policy->moves++;
}

static toe_duration draw_pause(struct emu_policy *policy)
{
    const double mean = (double)TOE_NS_PER_SEC / policy->settings.rate;

    return emu_random_below(&policy->random, (uint64_t)(2 * mean) + 1);
}

toe_instant emu_policy_run(struct emu_policy *policy, struct emu_kernel *kernel, toe_instant now)
{
    struct walk walk = {.policy = policy, .kernel = kernel};

    if (policy->settings.kind == TOE_POLICY_MANUAL || policy->settings.rate <= 0) {
        return TOE_INSTANT_NEVER;
    }
    if (policy->next + BEHIND_MAX < now) {
        policy->next = now; /* the begin, or this process was stopped */
    }
    while (now >= policy->next) {
        if (policy->settings.kind == TOE_POLICY_ALL) {
            emu_kernel_walk(kernel, offload_new, &walk);
            policy->next = now + LOOK_EVERY;
        } else {
            move_one(policy, kernel);
            policy->next += draw_pause(policy);
        }
    }
    return policy->next;
}

void emu_policy_init(struct emu_policy *policy, const struct emu_policy_settings *settings)
{
    *policy = (struct emu_policy){.settings = *settings, .random = {settings->seed}};
}

void emu_policy_stop(struct emu_policy *policy)
{
    policy->settings.kind = TOE_POLICY_MANUAL;
}
