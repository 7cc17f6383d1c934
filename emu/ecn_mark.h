/* SPDX-License-Identifier: MIT */
/*
 * Explicit congestion notification (RFC 3168) in frames that pass by: marks them as a router does
 * whose queue grows, and tells what two ends say about that to each other.
 */
#ifndef EMU_ECN_MARK_H
#define EMU_ECN_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EMU_ECN_ECE = 0x40, /* a mark has arrived */
    EMU_ECN_CWR = 0x80, /* the window was reduced for it */
};

/*
 * emu_ecn_is_markable() tells whether the frame of |len| bytes at |data| holds an IP packet whose
 * sender allows marks, and that bears none. emu_ecn_mark() marks such a frame.
 */
bool emu_ecn_is_markable(const uint8_t *data, size_t len);
void emu_ecn_mark(uint8_t *data);

/*
 * emu_ecn_flags() is what the TCP segment in the frame of |len| bytes at |data| says: EMU_ECN_ECE
 * and EMU_ECN_CWR. In a SYN, where both mean something else, and what is no segment: nothing.
 */
uint8_t emu_ecn_flags(const uint8_t *data, size_t len);

#endif
