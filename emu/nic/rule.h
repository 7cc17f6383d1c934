/* SPDX-License-Identifier: MIT */
/*
 * Rules: which connections move without being told, and when.
 *
 *   never [FILTER]                     stays in the host, and comes back there
 *   offload [FILTER] [after SIZE|TIME] is offloaded when it has carried so much, or is so old
 *   random [FILTER] [at RATE]          moves there and back by lot, all of them RATE times a second
 *   upload [FILTER] when CAUSE[, ...]  comes back when it is idle TIME; reordering; losing
 *   keep [FILTER]                      does not come back unless it must
 *
 * FILTER is what emu_filter_connections() takes; without one a rule is for all connections. Of the
 * first three and of the last two each connection has the first rule whose filter has it, and no
 * other: a cause that never comes is waited for. So what applies is known once a connection is.
 */
#ifndef EMU_NIC_RULE_H
#define EMU_NIC_RULE_H

#include "filter.h"

#define EMU_RULE_RATE_MIN 0.000001
#define EMU_RULE_RATE_MAX 100000.0
#define EMU_RULE_TIME_MAX (1000 * 3600 * TOE_NS_PER_SEC)
#define EMU_RULE_BYTES_MAX (UINT64_C(1) << 62)
#define EMU_RULE_RATE 100.0

enum {
    EMU_RULES_MAX = 64,
    EMU_RULE_LEN_MAX = 256, /* of its text, with the NUL */
};

enum emu_verb {
    EMU_VERB_NEVER,
    EMU_VERB_OFFLOAD,
    EMU_VERB_RANDOM,
    EMU_VERB_UPLOAD,
    EMU_VERB_KEEP,
};

struct emu_rule {
    enum emu_verb verb;
    struct emu_filter *filter; /* NULL: all */
    uint64_t after_bytes;      /* offload; 0: none */
    toe_duration after_time;   /* offload */
    double rate;               /* random */
    toe_duration idle;         /* upload; 0: not for that */
    bool when_reordering;      /* upload, and the next */
    bool when_losing;
    char text[EMU_RULE_LEN_MAX]; /* as it was written */
};

struct emu_rules {
    struct emu_rule rules[EMU_RULES_MAX];
    uint32_t cnt;
};

/*
 * emu_rules_add() adds the rule |text|. False, with all as it was, and with |error|, which says
 * where in |text|, if that is none or there are too many.
 */
bool emu_rules_add(struct emu_rules *rules, const char *text, struct emu_error *error);

/*
 * emu_rules_copy() makes the rules |out| those of |rules|; false, with none, and with |error| if
 * memory is short.
 */
bool emu_rules_copy(struct emu_rules *out, const struct emu_rules *rules, struct emu_error *error);

/* emu_rules_clear() frees what they hold; there are none then. */
void emu_rules_clear(struct emu_rules *rules);

/* emu_rule_is_for_host() tells whether a rule is about connections in the host. */
bool emu_rule_is_for_host(const struct emu_rule *rule);

/*
 * emu_rules_find() is the first rule for |tuple| in the host (or there offloaded), or NULL.
 */
const struct emu_rule *emu_rules_find(const struct emu_rules *rules, const struct emu_tuple *tuple,
                                      bool in_host);

#endif
