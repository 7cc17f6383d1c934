/* SPDX-License-Identifier: MIT */
/*
 * Connections that were lost: corrupt hardware takes a connection with it (EVT-040), and the other
 * end learns that from a RST, later. So does the other end of one that is aborted, and all that was
 * sent before may have been lost. This set says which RSTs are explained so.
 *
 * A connection is named by its end that still stands: machine, family and ports. A name is in the
 * set from the loss of the one end to the end of the other one.
 */
#ifndef EMU_LOST_H
#define EMU_LOST_H

#include "toe/types.h"

struct emu_lost_name {
    uint8_t machine; /* where the end is that still stands: 0 or 1 */
    uint8_t family;
    uint16_t local_port;
    uint16_t remote_port;
};

/* All zero is an empty set. */
struct emu_lost {
    struct emu_lost_name *names;
    size_t cnt;
    size_t cap;
};

/* emu_lost_add() adds |name|. */
void emu_lost_add(struct emu_lost *lost, const struct emu_lost_name *name);

/* emu_lost_take() takes |name| out, and returns whether it was there. */
bool emu_lost_take(struct emu_lost *lost, const struct emu_lost_name *name);

/* emu_lost_fini() frees what |lost| has allocated. */
void emu_lost_fini(struct emu_lost *lost);

#endif
