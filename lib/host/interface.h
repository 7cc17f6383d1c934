/* SPDX-License-Identifier: MIT */
#ifndef HOST_INTERFACE_H
#define HOST_INTERFACE_H

#include "host/stack.h"

/*
 * Interfaces: the targets that are below a host
 */

/*
 * host_interface_new() attaches |host| to the target that |desc| describes. Returns NULL if memory
 * is short, there are too many, or the target refuses the parameters.
 */
struct host_interface *host_interface_new(struct toe_host *host,
                                          const struct toe_host_interface *desc);

/* host_interface_del() frees |interface|. The target is left alone. */
void host_interface_del(struct host_interface *interface);

/* host_interface_caps_set() takes note of what the target can do now. */
void host_interface_caps_set(struct host_interface *interface, const struct toe_caps *caps);

#endif
