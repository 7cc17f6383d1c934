/* SPDX-License-Identifier: MIT */
/*
 * The pattern: bytes that anybody can tell right from wrong.
 *
 * Each byte of a stream follows from the stream's key and the byte's place in it, so that it can be
 * made and checked anywhere, in pieces of any size, without remembering anything. A byte that is
 * lost, doubled, out of place or of another stream is wrong in 255 of 256 cases, and so are its
 * neighbors.
 */
#ifndef EMU_PATTERN_H
#define EMU_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/* emu_pattern_fill() writes the |len| bytes from offset |off| of the stream |key| to |dst|. */
void emu_pattern_fill(uint8_t *dst, size_t len, uint64_t key, uint64_t off);

/*
 * emu_pattern_check() returns how many of the |len| bytes at |src| are not those from offset |off|
 * of the stream |key|, and sets |first| to the offset of the first of these, if there is one.
 */
size_t emu_pattern_check(uint64_t *first, const uint8_t *src, size_t len, uint64_t key,
                         uint64_t off);

#endif
