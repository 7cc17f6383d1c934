/* SPDX-License-Identifier: MIT */
#ifndef HOST_SOFT_ERROR_H
#define HOST_SOFT_ERROR_H

#include "host/host_conn.h"
#include "wire/icmp.h"

/* Soft errors: trouble of which the application hears, where it wants to, and nothing else follows.
 */

/* host_soft_error_raise() tells the application of |conn|. */
void host_soft_error_raise(struct host_conn *conn, enum toe_soft_error error);

/* host_soft_error_of() is what |icmp| says of the packet it quotes; 0 TOE_SOFT_ERROR_NONE for
 * nothing. */
enum toe_soft_error host_soft_error_of(const struct wire_icmp *icmp);

#endif
