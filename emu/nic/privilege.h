/* SPDX-License-Identifier: MIT */
/*
 * Privileges, of which a daemon gives back what it does not need once everything is open.
 */
#ifndef EMU_NIC_PRIVILEGE_H
#define EMU_NIC_PRIVILEGE_H

#include <stdbool.h>

#include "error.h"

/* emu_privilege_has() tells whether this process may use |capability|, a CAP_* number. */
bool emu_privilege_has(int capability);

/*
 * emu_privilege_drop() keeps CAP_NET_ADMIN, if there, and gives up every other capability for
 * good: for this process, and for every program it might start.
 */
bool emu_privilege_drop(struct emu_error *error);

#endif
