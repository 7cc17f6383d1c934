/* SPDX-License-Identifier: MIT */
/*
 * The NIC's policy: which connections of the kernel move without being told.
 */
#ifndef EMU_NIC_NIC_POLICY_H
#define EMU_NIC_NIC_POLICY_H

#include "linux/kernel.h"
#include "random.h"
#include "toe/host.h"

#define EMU_POLICY_RATE_MAX 100000.0

/* emu_policy_names are those of enum toe_policy, ended by NULL. */
extern const char *const emu_policy_names[];

struct emu_policy_settings {
    enum toe_policy kind;
    double rate; /* random: moves a second, of all connections together */
    uint64_t seed;
};

struct emu_policy {
    struct emu_policy_settings settings;
    struct emu_random random;
    toe_instant next;
    uint64_t moves; /* asked for so far */
};

void emu_policy_init(struct emu_policy *policy, const struct emu_policy_settings *settings);

/* emu_policy_run() asks for the moves that are due, and returns when the next ones are. */
toe_instant emu_policy_run(struct emu_policy *policy, struct emu_kernel *kernel, toe_instant now);

/* emu_policy_stop(): no more moves. */
void emu_policy_stop(struct emu_policy *policy);

#endif
