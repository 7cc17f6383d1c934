/* SPDX-License-Identifier: MIT */
#ifndef HOST_HOST_INFO_H
#define HOST_HOST_INFO_H

#include "toe/host.h"

struct tcp_conn;

/*
 * host_info_fill() tells the numbers of the engine |tcp|, whose ever it is. What |tcp| does not
 * have yet is not among |unsent|.
 */
void host_info_fill(struct toe_host_tcp_info *info, const struct tcp_conn *tcp);

#endif
