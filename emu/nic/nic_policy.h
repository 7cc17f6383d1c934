/* SPDX-License-Identifier: MIT */
/*
 * The NIC's policy: which connections of the kernel move without being told, by rules (rule.h).
 *
 * Which rules a connection has is looked up when it opens. From then on it is waited for: for the
 * bytes it carries, by a mark that the kernel's side compares; for time, by a timer; for the
 * lottery, in one of its hats. So what a step costs does not depend on how many connections there
 * are.
 */
#ifndef EMU_NIC_NIC_POLICY_H
#define EMU_NIC_NIC_POLICY_H

#include "linux/kernel.h"
#include "nic/rule.h"
#include "random.h"
#include "timers.h"

/* emu_policy_names are those that stand for rules, in the order of enum toe_policy, and NULL. */
extern const char *const emu_policy_names[];

struct emu_policy_conn;

/* The connections of one random rule, and when the next of them moves. */
struct emu_policy_hat {
    struct emu_policy_conn **conns;
    size_t cnt;
    size_t cap;
    toe_instant next;
};

struct emu_policy {
    struct emu_rules rules;
    struct emu_policy_hat hats[EMU_RULES_MAX]; /* by rule */
    struct emu_kernel *kernel;
    struct emu_timers timers;
    struct emu_random random;
    uint32_t share_cnt;
    toe_instant now;
    uint64_t moves; /* asked for so far */
    bool is_stopped;
};

/* emu_policy_init(): of the moves that rules have at a rate, |share_cnt| policies make a share
 * each. */
void emu_policy_init(struct emu_policy *policy, uint64_t seed, uint32_t share_cnt);
void emu_policy_fini(struct emu_policy *policy);

/*
 * emu_policy_name_add() adds the rules that a name of emu_policy_names stands for, with |rate| for
 * random. Returns as emu_rules_add() does.
 */
bool emu_policy_name_add(struct emu_rules *rules, const char *name, double rate,
                         struct emu_error *error);

/* emu_policy_name() is what rules of these are called, or "rules". */
const char *emu_policy_name(const struct emu_rules *rules);

/* emu_policy_set() makes |rules| those of |policy|, which they belong to then. */
void emu_policy_set(struct emu_policy *policy, struct emu_rules *rules);

/* emu_policy_attach() says whose connections it is about, once those tell. */
void emu_policy_attach(struct emu_policy *policy, struct emu_kernel *kernel);

/* These take what the kernel's side tells of connections. */
void emu_policy_opened(struct emu_policy *policy, const struct emu_kernel_conn *conn);
void emu_policy_moved(struct emu_policy *policy, const struct emu_kernel_conn *conn);
void emu_policy_reached(struct emu_policy *policy, const struct emu_kernel_conn *conn);
void emu_policy_closed(struct emu_policy *policy, const struct emu_kernel_conn *conn);
bool emu_policy_released(const struct emu_policy *policy, const struct emu_kernel_conn *conn,
                         enum toe_upload_reason reason);

/* emu_policy_run() asks for the moves that are due, and returns when the next ones are. */
toe_instant emu_policy_run(struct emu_policy *policy, toe_instant now);

/* emu_policy_stop(): no more moves. */
void emu_policy_stop(struct emu_policy *policy);

#endif
