/* SPDX-License-Identifier: MIT */
/*
 * Segments: what a frame says about a TCP connection, and frames that say something.
 *
 * Only what the kernel's connections can hold is understood: TCP over IPv4 without options or over
 * IPv6 without extension headers, not a fragment, with a VLAN tag or none. All else is no segment,
 * and crosses as it is.
 */
#ifndef EMU_LINUX_SEGMENT_H
#define EMU_LINUX_SEGMENT_H

#include "linux/kernel.h"

enum {
    EMU_TCP_FIN = 0x01,
    EMU_TCP_SYN = 0x02,
    EMU_TCP_RST = 0x04,
    EMU_TCP_PSH = 0x08,
    EMU_TCP_ACK = 0x10,
    EMU_TCP_URG = 0x20,
    EMU_TCP_ECE = 0x40,
    EMU_TCP_CWR = 0x80,
    EMU_TCP_AE = 0x100,
};

enum {
    EMU_SEGMENT_HEADER_MAX = 14 + 4 + 40 + 60, /* of Ethernet, VLAN, IPv6 and TCP */
    EMU_WSCALE_NONE = 0xff,
};

struct emu_segment {
    struct emu_tuple tuple; /* the local end is the kernel's, whoever sent it */
    uint8_t src_mac[TOE_MAC_LEN];
    uint8_t dst_mac[TOE_MAC_LEN];
    uint16_t vlan_id;
    uint8_t priority; /* 802.1p: a tag has it, also one without a VLAN */
    uint8_t ttl;      /* or hop limit */
    uint8_t tos;      /* or traffic class, ECN included */
    uint32_t flow_label;
    uint32_t tcp_off; /* where the TCP header begins in the frame, */
    uint32_t off;     /* the payload, */
    uint32_t len;     /* and how long that is */
    uint32_t seq;
    uint32_t ack;
    uint32_t wnd; /* as it stands there */
    uint16_t flags;
    bool has_ts;
    uint32_t tsval;
    uint32_t tsecr;
    bool is_odd; /* it has an option that cannot be carried */
    /* Of a SYN. */
    uint16_t mss; /* 0: not told */
    uint8_t wscale;
    bool sack_ok;
};

/* Sequence numbers wrap: how far |a| is ahead of |b|, less than zero if it is behind. */
static inline int32_t emu_seq_diff(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

/* emu_segment_end() is the sequence number behind all of |seg|. */
static inline uint32_t emu_segment_end(const struct emu_segment *seg)
{
    return seg->seq + seg->len + ((seg->flags & EMU_TCP_SYN) != 0 ? 1 : 0) +
           ((seg->flags & EMU_TCP_FIN) != 0 ? 1 : 0);
}

/*
 * emu_segment_parse() reads |frame|, whose bytes lie in |data|. Returns false if it is no segment.
 * Of |by_kernel| says who sent it.
 */
bool emu_segment_parse(struct emu_segment *seg, const struct toe_frame *frame, bool by_kernel);

/*
 * emu_segment_is_whole() verifies the checksum of |frame|, which is |seg|, unless its metadata say
 * that this is done or not to be done.
 */
bool emu_segment_is_whole(const struct emu_segment *seg, const struct toe_frame *frame);

/*
 * emu_segment_build() writes the headers of |seg| to |out|, which has room for
 * EMU_SEGMENT_HEADER_MAX bytes, and returns how many these are; tcp_off and off are set. The
 * checksum is partial. Of the options only timestamps are written.
 */
uint32_t emu_segment_build(uint8_t *out, struct emu_segment *seg, bool by_kernel);

#endif
