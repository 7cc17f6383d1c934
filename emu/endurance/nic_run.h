/* SPDX-License-Identifier: MIT */
/*
 * The stress run with connections of the kernel's, on a NIC of `toe nic`: what
 * emu_stress_wire_run() is with ours.
 */
#ifndef EMU_ENDURANCE_NIC_RUN_H
#define EMU_ENDURANCE_NIC_RUN_H

#include "endurance/world.h"
#include "stress.h"

/* emu_endurance_nic_run() starts the NICs in |world|, and runs. Returns an exit status. */
int emu_endurance_nic_run(struct emu_stress_result *result,
                          const struct emu_stress_settings *settings,
                          const struct emu_endurance_world *world);

#endif
