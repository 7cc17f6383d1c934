/* SPDX-License-Identifier: MIT */
/*
 * The counters of a NIC and of everything in it, as objects of the type "counters".
 *
 * Members that are numbers are counters or gauges; those that are strings say what they are
 * counted of: the "group" (tcp, ip, target, kernel, move_time, memory, port, fault, pump, drop,
 * queue), the IP version, the way of a move, the port, the reason of a drop. They are of all queues
 * together, but for those of the group "queue". How long moves took is a histogram besides.
 */
#ifndef EMU_NIC_COUNTERS_H
#define EMU_NIC_COUNTERS_H

#include <stdio.h>

#include "nic/nic.h"

/* emu_counters_write() writes all of them, an object a line. */
void emu_counters_write(struct emu_nic *nic, FILE *out);

#endif
