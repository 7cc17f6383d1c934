/* SPDX-License-Identifier: MIT */
/*
 * Frames that have a connection's addresses and ports, on another VLAN than that.
 *
 * A name is not enough to be of the connection. Another network of this computer may have one of
 * the same name; the kernel or the peer may have gone over to another VLAN in the midst of it; or
 * somebody who knows the name alone sends what he likes. The numbers tell: the target takes from
 * the neighbor's VLAN alone (SEG-078), so a connection whose ends are on two goes back to the
 * kernel, and so does one whose name the kernel itself uses twice; nothing else that comes changes
 * where it is. All these frames cross as they are, and those for the kernel are counted.
 */
#ifndef EMU_LINUX_OTHER_VLAN_H
#define EMU_LINUX_OTHER_VLAN_H

#include "linux/kernel_conn.h"

/*
 * emu_other_vlan_down() takes |seg| of the kernel. If it is to be followed the host has |conn|, or
 * gets it back, and |conn| begins anew. Returns false if it is not: the target has |conn| still,
 * and cannot give it back at once; or |seg| is of another connection, or of none.
 */
bool emu_other_vlan_down(struct emu_conn *conn, const struct emu_segment *seg);

/* emu_other_vlan_up() takes |seg| for the kernel. */
void emu_other_vlan_up(struct emu_conn *conn, const struct emu_segment *seg);

#endif
