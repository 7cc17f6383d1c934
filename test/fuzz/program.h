/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_PROGRAM_H
#define FUZZ_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

/*
 * A fuzz target's input as a program: it is read from the front, and where it ends zeros follow.
 */
struct input {
    const uint8_t *data;
    size_t size;
};

static inline uint8_t next_u8(struct input *in)
{
    if (in->size == 0) {
        return 0;
    }
    --in->size;
    return *in->data++;
}

static inline uint32_t next_u16(struct input *in)
{
    const uint32_t high = next_u8(in);

    return high << 8 | next_u8(in);
}

#endif
