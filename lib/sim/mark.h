/* SPDX-License-Identifier: MIT */
#ifndef SIM_MARK_H
#define SIM_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * sim_mark() says Congestion Experienced in the IP header of the frame of |len| bytes at |data|, as
 * a router does (RFC 3168, 5). Returns false, and has done nothing, if the packet is none that may
 * be marked, or is marked already.
 */
bool sim_mark(uint8_t *data, size_t len);

#endif
