/* SPDX-License-Identifier: MIT */
/*
 * What a daemon tells the one who started it, as sd_notify(3) does: by a datagram to the socket
 * that NOTIFY_SOCKET names. Without one, nothing is told.
 */
#ifndef EMU_NIC_NOTIFY_H
#define EMU_NIC_NOTIFY_H

/* emu_notify() sends |state|, "READY=1" for example; more of them with newlines between. */
void emu_notify(const char *state);

#endif
