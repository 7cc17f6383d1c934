/* SPDX-License-Identifier: MIT */
#include "support/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void on_breach(void *user, const struct toe_inter_breach *breach)
{
    struct t_watch *watch = user;
    const size_t len = strlen(watch->text);
    char line[256];

    if (watch->is_of_host && breach->rule->side != TOE_INTER_HOST) {
        return;
    }
    for (uint32_t i = 0; i < watch->expected_cnt; ++i) {
        if (breach->rule->side == TOE_INTER_HOST &&
            strcmp(breach->rule->id, watch->expected[i]) == 0) {
            watch->seen |= 1u << i;
            return;
        }
    }
    ++watch->unexpected_cnt;
    (void)snprintf(line, sizeof(line), "\n%s by the %s: %s", breach->rule->id,
                   breach->rule->side == TOE_INTER_HOST ? "host" : "target", breach->rule->text);
    if (strstr(watch->text, line) == NULL) {
        (void)snprintf(watch->text + len, sizeof(watch->text) - len, "%s (first at %.6f s)", line,
                       (double)breach->now / (double)TOE_NS_PER_SEC);
    }
}

void t_watch_init(struct t_watch *watch, struct toe_inter_below *below, const struct toe_bus *bus,
                  bool continues)
{
    struct toe_inter_monitor_settings set;

    toe_inter_monitor_settings_default(&set);
    set.below = *below;
    set.continue_after_root_failure = continues;
    set.tell = on_breach;
    set.user = watch;
    if (bus != NULL) {
        set.bus = *bus;
    }
    watch->monitor = toe_inter_monitor_new(&set);
    assert_non_null(watch->monitor);
    *below = (struct toe_inter_below){toe_inter_monitor_ops(watch->monitor), watch->monitor};
}

void t_watch_expect(struct t_watch *watch, const char *rule)
{
    for (uint32_t i = 0; i < watch->expected_cnt; ++i) {
        if (strcmp(watch->expected[i], rule) == 0) {
            return;
        }
    }
    assert_true(watch->expected_cnt < T_WATCH_EXPECTED_MAX);
    watch->expected[watch->expected_cnt++] = rule;
}

void t_watch_finish(struct t_watch *watch)
{
    toe_inter_monitor_finish(watch->monitor);
}

void t_watch_fini(struct t_watch *watch)
{
    struct toe_inter_monitor_stats stats = {.size = sizeof(stats)};

    if (watch->monitor == NULL) {
        return;
    }
    toe_inter_monitor_stats_get(watch->monitor, &stats);
    toe_inter_monitor_del(watch->monitor);
    watch->monitor = NULL;
    assert_false(stats.is_blind);
    if (watch->unexpected_cnt > 0) {
        fail_msg("%u breaches of the contract:%s", watch->unexpected_cnt, watch->text);
    }
    for (uint32_t i = 0; i < watch->expected_cnt; ++i) {
        if ((watch->seen >> i & 1) == 0) {
            fail_msg("no breach of %s was reported", watch->expected[i]);
        }
    }
}
