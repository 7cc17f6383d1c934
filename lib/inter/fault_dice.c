/* SPDX-License-Identifier: MIT */
#include "inter/fault.h"

#define MILLION 1000000u

static const char *const kind_names[TOE_INTER_FAULT_CNT] = {
    "refuse_neighbor",
    "refuse_path",
    "refuse_tcp",
    "fail_update",
    "delay",
    "reorder",
    "hardware_query",
    "hardware_invalidate",
    "hardware_terminate",
    "pause",
    "upload_all",
    "refuse_indication",
    "partial_indication",
    "drop_frame",
    "link_loss",
};

const char *toe_inter_fault_kind_name(enum toe_inter_fault_kind kind)
{
    return kind < TOE_INTER_FAULT_CNT ? kind_names[kind] : "unknown";
}

uint32_t toe_inter_fault_wild(struct toe_inter_fault_rule rules[TOE_INTER_FAULT_CNT])
{
    static const uint32_t percents[TOE_INTER_FAULT_CNT] = {
        5, 5, 10, 20, 20, 20, 5, 5, 2, 0, 0, 10, 10, 3, 0,
    };

    for (uint32_t i = 0; i < TOE_INTER_FAULT_CNT; ++i) {
        rules[i] = (struct toe_inter_fault_rule){
            .kind = (enum toe_inter_fault_kind)i,
            .chance = percents[i] * (MILLION / 100),
            .time = 20 * TOE_NS_PER_MS,
        };
    }
    /* There is an occasion in every run, or with every frame. */
    rules[TOE_INTER_FAULT_PAUSE].chance = 200;
    rules[TOE_INTER_FAULT_UPLOAD_ALL].chance = 100;
    rules[TOE_INTER_FAULT_LINK_LOSS].chance = 500;
    return TOE_INTER_FAULT_CNT;
}

const struct toe_inter_fault_rule *fault_roll(struct toe_inter_fault *f,
                                              enum toe_inter_fault_kind kind)
{
    const struct toe_inter_fault_rule *hit = NULL;
    const uint64_t occasion = ++f->occasions[kind];

    for (uint32_t i = 0; i < f->settings.rule_cnt; ++i) {
        const struct toe_inter_fault_rule *rule = &f->rules[i];

        if (rule->kind == kind &&
            (rule->nth == occasion ||
             (rule->chance > 0 && base_rand_chance(&f->rand, rule->chance, MILLION)))) {
            hit = rule;
        }
    }
    if (hit == NULL && f->strike_cnt[kind] > 0) {
        --f->strike_cnt[kind];
        hit = &f->strikes[kind];
    }
    if (hit != NULL) {
        ++f->injected[kind];
    }
    return hit;
}

void toe_inter_fault_strike(struct toe_inter_fault *f, const struct toe_inter_fault_rule *rule)
{
    if ((unsigned)rule->kind < TOE_INTER_FAULT_CNT) {
        f->strikes[rule->kind] = *rule;
        f->strikes[rule->kind].nth = 1; /* scripted: it takes just so long */
        ++f->strike_cnt[rule->kind];
    }
}

toe_duration fault_time(struct toe_inter_fault *f, const struct toe_inter_fault_rule *rule)
{
    if (rule->nth != 0 || rule->time == 0) {
        return rule->time;
    }
    return base_rand_below(&f->rand, rule->time + 1);
}
