/* SPDX-License-Identifier: MIT */
/*
 * A bus on which all memory lies far above 4 GiB: no address on it is the pointer's value, and what
 * is left of one that was cut to 32 bits leads nowhere. So whoever loses a bit of an address cannot
 * move a byte, and is counted.
 */
#ifndef EMU_ENDURANCE_HIGH_BUS_H
#define EMU_ENDURANCE_HIGH_BUS_H

#include "toe/buf.h"

struct emu_high_bus {
    uint64_t mapped; /* addresses that were used */
    uint64_t wrong;  /* and those that are none of this bus */
};

/* emu_high_bus() is the bus that counts into |counts|, which must stay where it is. */
struct toe_bus emu_high_bus(struct emu_high_bus *counts);

#endif
