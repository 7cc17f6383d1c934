/* SPDX-License-Identifier: MIT */
/*
 * What happens to connections, told in the capture of the NIC: an event between the frames, and a
 * comment on the next frame of the connection.
 */
#ifndef EMU_NIC_NIC_EVENTS_H
#define EMU_NIC_NIC_EVENTS_H

#include <jansson.h>

#include "nic/nic.h"

/* emu_events_moved() tells of a connection that has changed its place. */
void emu_events_moved(const struct emu_lane *lane, const struct emu_kernel_conn *conn);

/* emu_events_faults() tells that |request| has changed the faults on the wire. */
void emu_events_faults(const struct emu_nic *nic, const json_t *request);

#endif
