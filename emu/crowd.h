/* SPDX-License-Identifier: MIT */
/*
 * The crowd: whether more threads want a processor at this moment than there are processors.
 *
 * The kernel tells how many run or could run (/proc/loadavg). Where it does not, nobody knows, and
 * there is no crowd.
 */
#ifndef EMU_CROWD_H
#define EMU_CROWD_H

#include <stdbool.h>

struct emu_crowd {
    int fd;
    unsigned int processors;
};

void emu_crowd_open(struct emu_crowd *crowd);
void emu_crowd_close(struct emu_crowd *crowd);

/* emu_crowd_is_there() costs a system call. */
bool emu_crowd_is_there(const struct emu_crowd *crowd);

/* emu_crowd_parse() is the number of running threads that |text| tells, or 0 if it does not. */
unsigned int emu_crowd_parse(const char *text);

#endif
