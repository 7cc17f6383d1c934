/* SPDX-License-Identifier: MIT */
/*
 * A machine of a stress run: a host, the target below it, and the load on top.
 */
#ifndef EMU_STRESS_MACHINE_H
#define EMU_STRESS_MACHINE_H

#include <sys/resource.h>

#include "stress.h"
#include "endurance/station.h"
#include "stress_drivers.h"
#include "stress_load.h"
#include "toe/target.h"

/* What a host buffers for sending, bytes for a connection. */
#define EMU_STRESS_SND_BUF 65536u

struct emu_stress_machine {
    struct toe_host *host;
    struct toe_target *target;
    struct emu_stress_drivers drivers; /* between the two */
    struct emu_load *load;
    struct toe_target *support;  /* the second NIC's, with a course only */
    struct emu_station *station; /* the same */
    toe_instant due;             /* the last deadline that the target named */
};

/*
 * emu_stress_machine_init() makes a machine, which must stay where it is, on |wire| with the
 * address |mac|, and |address| on its interface; |mem| is the memory of its host and target, or
 * NULL. |load| needs no host yet. Returns false, with nothing left to free, if memory is short or
 * the settings make no sense to the library.
 */
bool emu_stress_machine_init(struct emu_stress_machine *machine,
                             const struct emu_stress_settings *settings, const struct toe_mem *mem,
                             const struct toe_wire_ops *wire, void *wire_user,
                             const uint8_t mac[TOE_MAC_LEN], const struct toe_addr address[2],
                             const struct emu_load_settings *load);

/*
 * emu_stress_machine_support() gives the machine a second NIC on |wire|, of the same kind as the
 * first one, with the address |local| on it, and a station, which leads if |peer| has a family.
 * Returns false if memory is short; _fini() is due in any case.
 */
bool emu_stress_machine_support(struct emu_stress_machine *machine,
                                const struct emu_stress_settings *settings,
                                const struct toe_wire_ops *wire, void *wire_user,
                                const uint8_t mac[TOE_MAC_LEN], const struct toe_addr *local,
                                const struct toe_addr *peer, const struct emu_load_settings *load);

/* emu_stress_machine_run() is the application: load and station. |machine| is one. */
toe_instant emu_stress_machine_run(void *machine, toe_instant now);

/* emu_stress_machine_due() notes in |result| what deadline the target names now. */
void emu_stress_machine_due(struct emu_stress_machine *machine, struct emu_stress_result *result);

/* emu_stress_machine_look() notes in |result| how many connections the target has. */
void emu_stress_machine_look(const struct emu_stress_machine *machine,
                             struct emu_stress_result *result);

/* emu_stress_machine_fini() frees it. */
void emu_stress_machine_fini(struct emu_stress_machine *machine);

/* emu_stress_machine_left() is emu_sums_left() of it, and of what the second NIC has. */
uint64_t emu_stress_machine_left(const struct emu_stress_machine *machine, bool time_wait_counts);

/* emu_stress_judge() sets the verdict by what |result| tells of a run with |settings|. */
void emu_stress_judge(struct emu_stress_result *result, const struct emu_stress_settings *settings,
                      bool interrupted);

/* emu_stress_wall() is the real time, in seconds. */
double emu_stress_wall(void);

/* emu_stress_cpu() is what |usage| tells of processors, in seconds. */
double emu_stress_cpu(const struct rusage *usage);

#endif
