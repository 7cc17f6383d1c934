/* SPDX-License-Identifier: MIT */
#ifndef WIRE_TCP_H
#define WIRE_TCP_H

#include "base/seq.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * TCP segments (RFC 9293, 3.1; RFC 7323; RFC 2018)
 *
 * struct tcp_segment is a segment decoded: what the protocol machine takes and makes. It is named
 * for that machine, though bytes become one here. Its payload stays where it was. The checksum is
 * not part of it: it covers the addresses, which a segment does not know; see wire/checksum.h.
 */

/* Sizes. */
enum {
    WIRE_TCP_LEN = 20,       /* header without options */
    WIRE_TCP_LEN_MAX = 60,   /* header with all the options that fit */
    WIRE_TCP_SEQ_OFF = 4,    /* where fields stand in the header: sequence number, */
    WIRE_TCP_ACK_OFF = 8,    /* acknowledgment, */
    WIRE_TCP_FLAGS_OFF = 13, /* control bits, */
    WIRE_TCP_WND_OFF = 14,   /* window, */
    WIRE_TCP_CSUM_OFF = 16,  /* checksum, */
    WIRE_TCP_TS_OFF = 24,    /* and, where timestamps are the first option, their values */
    WIRE_TCP_TS_LEN = 12     /* what those take, */
};

/* and how they begin: two NOPs, kind, length. */
#define WIRE_TCP_TS_HEAD UINT32_C(0x0101080a)

/* Control bits. */
enum tcp_flag {
    TCP_FIN = 0x01,
    TCP_SYN = 0x02,
    TCP_RST = 0x04,
    TCP_PSH = 0x08,
    TCP_ACK = 0x10,
    TCP_URG = 0x20,
    TCP_ECE = 0x40,
    TCP_CWR = 0x80,
};

/* The ECN field of the IP packet that a segment travels in (RFC 3168, 5). */
enum tcp_ecn {
    TCP_ECN_NOT_ECT = 0,
    TCP_ECN_ECT1 = 1,
    TCP_ECN_ECT0 = 2,
    TCP_ECN_CE = 3,
};

/* Most SACK blocks in a segment. */
#define TCP_SACK_MAX 4

/* Most numbers of an AccECN option (RFC 9768, 3.2.3). */
#define TCP_ACC_MAX 3

/* A range of sequence numbers the peer holds: |left| is the first, |right| is one past the last. */
struct tcp_sack_block {
    toe_seq left;
    toe_seq right;
};

/* A segment. TCP_SEGMENT_INIT is one without options. */
struct tcp_segment {
    uint16_t src_port;                        /* source port */
    uint16_t dst_port;                        /* destination port */
    toe_seq seq;                              /* SEG.SEQ */
    toe_seq ack;                              /* SEG.ACK; meaningful with TCP_ACK */
    uint16_t wnd;                             /* SEG.WND as on the wire, not scaled */
    uint16_t urgent;                          /* urgent pointer */
    uint8_t flags;                            /* enum tcp_flag */
    int8_t wscale;                            /* window scale option, 0 to 14, or -1; SYN only */
    uint16_t mss;                             /* MSS option, or 0; SYN only */
    bool sack_permitted;                      /* SACK-permitted option; SYN only */
    bool has_ts;                              /* there is a timestamps option */
    uint8_t sack_cnt;                         /* blocks in |sack| */
    uint8_t ecn;                              /* enum tcp_ecn; the parser cannot know: 0 */
    bool ae;                                  /* control bit beside CWR (RFC 9768) */
    bool acc_ect1;                            /* |acc| is EE1B, ECEB, EE0B, not EE0B, ECEB, EE1B */
    uint8_t acc_cnt;                          /* numbers of an AccECN option in |acc| */
    uint32_t ts_val;                          /* TSval */
    uint32_t ts_ecr;                          /* TSecr */
    uint32_t payload_len;                     /* bytes at |payload| */
    uint32_t acc[TCP_ACC_MAX];                /* 24 bits each; built from the lowest of more */
    struct tcp_sack_block sack[TCP_SACK_MAX]; /* SACK option; the first is the most recent */
    const uint8_t *payload;                   /* borrowed; may be NULL when |payload_len| is 0 */
};

/* A segment with nothing in it. Note that a zeroed one has the window scale option, of 0. */
#define TCP_SEGMENT_INIT                                                                           \
    {                                                                                              \
        .wscale = -1                                                                               \
    }

/*
 * wire_tcp_parse() fills |seg| from the segment of |len| bytes at |data|, header and payload.
 * |seg|->payload points into |data|. An option that is unknown, or whose length is not the one it
 * should have, is stepped over; one whose length is below 2 or leaves the header ends the options,
 * and those before it count. MSS, window scale and SACK-permitted count only with TCP_SYN. A window
 * scale above 14 is taken as 14 (RFC 7323, 2.3). Reserved bits are ignored, and so is the checksum.
 * Returns the length of the header, WIRE_ERR_SHORT, or WIRE_ERR_MALFORMED when the data offset is
 * less than 5.
 */
int wire_tcp_parse(struct tcp_segment *seg, const uint8_t *data, size_t len);

/*
 * wire_tcp_build() writes the header of |seg| with its options to |out|, which has room for |cap|
 * bytes; the checksum is 0 and the payload is not written. The options stand as Linux puts them:
 * timestamps and SACK behind two NOPs each, and in a SYN the MSS, SACK-permitted, timestamps and
 * window scale; the AccECN option comes last. The options of a SYN are written only with TCP_SYN,
 * SACK blocks only without, and no more than fit. Returns the length of the header, or 0 when |cap|
 * is too small.
 */
size_t wire_tcp_build(uint8_t *out, size_t cap, const struct tcp_segment *seg);

/*
 * wire_tcp_options_bsd() puts the options of |seg|, a SYN, into the header that wire_tcp_build()
 * made, as FreeBSD has them: MSS, window scale behind a NOP, SACK-permitted, timestamps, with NOPs
 * where they are not aligned, and the end of options at the end. The length is the same.
 */
void wire_tcp_options_bsd(uint8_t *header, const struct tcp_segment *seg);

/*
 * wire_tcp_header_len() returns the length of the header wire_tcp_build() would write for |seg|.
 */
size_t wire_tcp_header_len(const struct tcp_segment *seg);

/*
 * tcp_segment_len() returns SEG.LEN: how many sequence numbers |seg| takes, its SYN and FIN
 * included.
 */
static inline uint32_t tcp_segment_len(const struct tcp_segment *seg)
{
    return seg->payload_len + ((seg->flags & TCP_SYN) != 0) + ((seg->flags & TCP_FIN) != 0);
}

#endif
