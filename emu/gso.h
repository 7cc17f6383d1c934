/* SPDX-License-Identifier: MIT */
/*
 * What an adapter's hardware does to frames, in software: it completes partial checksums and cuts
 * super-segments. For frames that a kernel with offloads switched on hands to somebody who takes
 * neither.
 */
#ifndef EMU_GSO_H
#define EMU_GSO_H

#include "toe/frame.h"

/*
 * emu_gso_checksum() completes the partial checksum of the frame of |len| bytes at |data|. Returns
 * false, with the frame as it was, if |csum_start| and |csum_off| do not lie in it.
 */
bool emu_gso_checksum(uint8_t *data, uint32_t len, uint16_t csum_start, uint16_t csum_off);

/* A super-segment on its way to become frames. */
struct emu_gso {
    const uint8_t *data; /* borrowed until the last frame is made */
    uint32_t len;
    uint32_t header_len; /* Ethernet, IP and TCP */
    uint32_t ip_off;
    uint32_t tcp_off;
    uint32_t off;  /* payload cut so far */
    uint32_t size; /* payload of each frame */
    uint16_t index;
    bool ipv6;
};

/*
 * emu_gso_begin() prepares to cut |frame|, whose bytes lie in |data| whole. Returns false if it is
 * not a TCP super-segment that makes sense.
 */
bool emu_gso_begin(struct emu_gso *gso, const struct toe_frame *frame);

/* emu_gso_frame_max() is the length of the longest frame that comes of it. */
uint32_t emu_gso_frame_max(const struct emu_gso *gso);

/* emu_gso_left() tells whether there is a next frame. */
bool emu_gso_left(const struct emu_gso *gso);

/*
 * emu_gso_next() writes the next frame to |out|, which has room for emu_gso_frame_max() bytes, with
 * all checksums complete, and returns its length; 0 if there is none left.
 */
uint32_t emu_gso_next(struct emu_gso *gso, uint8_t *out);

#endif
