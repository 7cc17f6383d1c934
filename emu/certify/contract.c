/* SPDX-License-Identifier: MIT */
/*
 * The contract: a monitor of lib/inter stands between the harness and the target under test.
 *
 * What the target breaks fails the scenario, as an invariant does. What the scenario itself breaks
 * fails it as well, unless it said so before: cert_allow().
 *
 * Scenarios and plugins know the target by its own pointer, which they pass to the table, too; so
 * the table here puts the monitor in its place. One at a time in a process, as with the watch.
 */
#include "inside.h"

#include <string.h>

static struct {
    const struct toe_target_ops *ops;
    struct toe_inter_monitor *monitor;
} contract;

void cert_allow(struct cert *c, const char *rule)
{
    struct cert_inside *in = c->inside;
    const size_t len = strlen(in->allowed);

    cert_require(c, len + strlen(rule) + 3 < sizeof(in->allowed));
    (void)snprintf(in->allowed + len, sizeof(in->allowed) - len, " %s ", rule);
}

/* Whether |rule| stands in the list, as a word. */
static bool is_allowed(const struct cert *c, const char *rule)
{
    char word[40];

    (void)snprintf(word, sizeof(word), " %s ", rule);
    return strstr(c->inside->allowed, word) != NULL;
}

static void on_breach(void *user, const struct toe_inter_breach *breach)
{
    struct cert *c = user;
    const struct toe_inter_rule *rule = breach->rule;

    if (rule->side == TOE_INTER_TARGET) {
        cert_violate(c, rule->id, "%s", rule->text);
    } else if (!is_allowed(c, rule->id)) {
        cert_violate(c, rule->id, "the scenario itself, which did not announce it: %s", rule->text);
    }
}

/* --- the table --- */

static void attach(void *target, const struct toe_host_ops *host_ops, void *host)
{
    (void)target;
    contract.ops->attach(contract.monitor, host_ops, host);
}

static void caps_get(void *target, struct toe_caps *caps)
{
    (void)target;
    contract.ops->caps_get(contract.monitor, caps);
}

static toe_status params_set(void *target, const struct toe_params *params)
{
    (void)target;
    return contract.ops->params_set(contract.monitor, params);
}

static void stats_get(void *target, struct toe_stats *stats)
{
    (void)target;
    contract.ops->stats_get(contract.monitor, stats);
}

#define TREE(name)                                                                                 \
    static void name(void *target, struct toe_block *tree)                                         \
    {                                                                                              \
        (void)target;                                                                              \
        contract.ops->name(contract.monitor, tree);                                                \
    }
TREE(initiate)
TREE(terminate)
TREE(update)
TREE(query)
TREE(invalidate)
#undef TREE

#define CHAIN(name)                                                                                \
    static void name(void *target, toe_handle tcp, struct toe_buf *chain)                          \
    {                                                                                              \
        (void)target;                                                                              \
        contract.ops->name(contract.monitor, tcp, chain);                                          \
    }
CHAIN(send)
CHAIN(receive)
CHAIN(forward)
#undef CHAIN

static void receive_return(void *target, struct toe_buf *chain)
{
    (void)target;
    contract.ops->receive_return(contract.monitor, chain);
}

static void disconnect(void *target, toe_handle tcp, struct toe_buf *buf, enum toe_disconnect how)
{
    (void)target;
    contract.ops->disconnect(contract.monitor, tcp, buf, how);
}

static void transmit(void *target, const struct toe_frame *frames, uint32_t cnt)
{
    (void)target;
    contract.ops->transmit(contract.monitor, frames, cnt);
}

static toe_instant deadline(void *target)
{
    (void)target;
    return contract.ops->deadline(contract.monitor);
}

static void run(void *target, toe_instant now)
{
    (void)target;
    contract.ops->run(contract.monitor, now);
}

const struct toe_target_ops *cert_contract(struct cert *c, const struct toe_target_ops *ops)
{
    static const struct toe_target_ops table = {
        .size = sizeof(table),
        .attach = attach,
        .caps_get = caps_get,
        .params_set = params_set,
        .stats_get = stats_get,
        .initiate = initiate,
        .terminate = terminate,
        .update = update,
        .query = query,
        .invalidate = invalidate,
        .send = send,
        .receive = receive,
        .receive_return = receive_return,
        .disconnect = disconnect,
        .forward = forward,
        .transmit = transmit,
        .deadline = deadline,
        .run = run,
    };
    struct toe_inter_monitor_settings set;

    toe_inter_monitor_settings_default(&set);
    set.below = (struct toe_inter_below){ops, c->target};
    set.bus = c->settings.bus;
    set.checks_memory = false; /* guard.c does, and knows when an address cannot be mapped */
    set.continue_after_root_failure = (c->settings.choices & TOE_CERTIFY_CONTINUE_AFTER_ROOT) != 0;
    set.tell = on_breach;
    set.user = c;
    contract.monitor = toe_inter_monitor_new(&set);
    cert_require(c, contract.monitor != NULL);
    contract.ops = toe_inter_monitor_ops(contract.monitor);
    return &table;
}
