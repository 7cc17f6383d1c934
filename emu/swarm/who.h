/* SPDX-License-Identifier: MIT */
/*
 * Who is who: which connection a segment, a handle, a buffer or a host's object belongs to, in what
 * crosses a simulated link and the seams at its ends.
 *
 * Connections are numbered as their SYNs appear, from 1 on; 0 is none that is known. A state that
 * is handed over belongs to the connection whose sequence numbers it has.
 */
#ifndef EMU_SWARM_WHO_H
#define EMU_SWARM_WHO_H

#include "linux/segment.h"
#include "toe/inter.h"

struct emu_who;

/* emu_who_new() knows connections to |port|, at either end; NULL if memory is short. */
struct emu_who *emu_who_new(uint16_t port);

/* emu_who_segment() is the connection of |segment|, which machine |idx| sends. */
uint32_t emu_who_segment(struct emu_who *who, uint8_t idx, const struct emu_segment *segment);

/* emu_who_record() are the connections of |record|, of machine |idx|: bit n % 64 for number n. */
uint64_t emu_who_record(struct emu_who *who, uint8_t idx, const struct toe_inter_record *record);

/* emu_who_port() is the last connection with |port| at its opener's end. */
uint32_t emu_who_port(const struct emu_who *who, uint8_t family, uint16_t port);

/* emu_who_handle() is the connection of |handle| in the target of machine |idx|. */
uint32_t emu_who_handle(const struct emu_who *who, uint8_t idx, toe_handle handle);

/* emu_who_bit() is the bit of the connection |number|; none for 0. */
static inline uint64_t emu_who_bit(uint32_t number)
{
    return number == 0 ? 0 : UINT64_C(1) << (number % 64);
}

/* emu_who_del() frees |who|; NULL is allowed. */
void emu_who_del(struct emu_who *who);

#endif
