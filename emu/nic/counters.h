/* SPDX-License-Identifier: MIT */
/*
 * The counters of a NIC and of everything in it, as objects of the type "counters".
 *
 * Members that are numbers are counters or gauges; those that are strings say what they are
 * counted of: the "group" (tcp, ip, target, kernel, memory, port, fault, pump, drop), the IP
 * version, the port, the reason of a drop.
 */
#ifndef EMU_NIC_COUNTERS_H
#define EMU_NIC_COUNTERS_H

#include <stdio.h>

#include "nic/nic.h"

/* emu_counters_write() writes all of them, an object a line. */
void emu_counters_write(struct emu_nic *nic, FILE *out);

#endif
