/* SPDX-License-Identifier: MIT */
/*
 * The computer that this runs on, as it names itself.
 */
#ifndef EMU_COMPUTER_H
#define EMU_COMPUTER_H

#include "toe/types.h"

struct emu_computer {
    char processor[128]; /* "unknown" if it does not tell */
    char system[256];    /* its name and release */
    uint32_t processor_cnt;
};

/* emu_computer_look() fills in |computer|. */
void emu_computer_look(struct emu_computer *computer);

#endif
