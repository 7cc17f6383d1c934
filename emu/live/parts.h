/* SPDX-License-Identifier: MIT */
/*
 * The parts of the demonstration, of what is installed.
 */
#ifndef EMU_LIVE_PARTS_H
#define EMU_LIVE_PARTS_H

#include "live/actor.h"

enum { EMU_PARTS_MAX = 6 };

/*
 * emu_parts_cast() fills in |parts|, as many as the servers of |world| and the programs of this
 * machine allow, and returns how many those are. |connections| is how many our own program is to
 * keep open.
 */
size_t emu_parts_cast(struct emu_part parts[EMU_PARTS_MAX], const struct emu_live_world *world,
                      uint32_t connections);

/* emu_part_text() writes in words what |part| has done so far. */
void emu_part_text(char *out, size_t size, const struct emu_part *part);

#endif
