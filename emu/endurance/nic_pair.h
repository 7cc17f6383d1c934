/* SPDX-License-Identifier: MIT */
/*
 * The two NICs of a machine that is the kernel's, test and support, both of `toe nic`: processes,
 * which are asked and told by their control sockets.
 */
#ifndef EMU_ENDURANCE_NIC_PAIR_H
#define EMU_ENDURANCE_NIC_PAIR_H

#include "chronicle.h"
#include "endurance/course.h"
#include "endurance/world.h"
#include "stress.h"

struct emu_nic_pair {
    pid_t pids[2]; /* 0: none */
};

/*
 * emu_nic_pair_open() starts both on the wires of |world|, and gives their interfaces the
 * addresses. False with |error|, and nothing to close, if that cannot be.
 */
bool emu_nic_pair_open(struct emu_nic_pair *pair, const struct emu_endurance_world *world,
                       const struct emu_stress_settings *settings, struct emu_error *error);

/* emu_nic_pair_sum() brings |result| up to date with what the test NIC has counted. */
bool emu_nic_pair_sum(struct emu_stress_result *result);

/* emu_nic_pair_times() tells |chronicle|, once, how long moves took. */
bool emu_nic_pair_times(struct emu_chronicle *chronicle);

/*
 * emu_nic_pair_phase() has the test NIC do what |phase| says: policy and wire. NULL: nothing moves
 * any more, and nothing is done to the wire.
 */
bool emu_nic_pair_phase(const struct emu_course_phase *phase);

/* emu_nic_pair_close() ends both; false if one of them did not end in order. */
bool emu_nic_pair_close(struct emu_nic_pair *pair);

#endif
