/* SPDX-License-Identifier: MIT */
/*
 * Amounts as people read them: "12,345", "1.2 GB", "3.4 ms".
 */
#ifndef EMU_AMOUNT_H
#define EMU_AMOUNT_H

#include "toe/types.h"

/* Room for any of them. */
#define EMU_AMOUNT_LEN 32

/* Each writes its text into |text|, and returns it. */
const char *emu_amount_count(char text[EMU_AMOUNT_LEN], uint64_t count);
const char *emu_amount_bytes(char text[EMU_AMOUNT_LEN], double bytes);
const char *emu_amount_time(char text[EMU_AMOUNT_LEN], toe_duration time);

#endif
