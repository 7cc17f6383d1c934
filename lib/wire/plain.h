/* SPDX-License-Identifier: MIT */
#ifndef WIRE_PLAIN_H
#define WIRE_PLAIN_H

#include "wire/bytes.h"
#include "wire/tcp.h"

/*
 * Plain frames
 *
 * Nearly all that a busy connection receives is of one form: an Ethernet II header, with a tag or
 * without; an IPv4 header without options, or an IPv6 header without extensions, of a packet that
 * is there as a whole and no fragment; and a TCP segment without options, or with the timestamps
 * alone behind two NOPs. Such a frame is recognized by one look at fixed places. It is nothing but
 * a short cut: what is found is what the parsers of the layers would find, and about any other
 * frame nothing is said. Up to the options a SYN has the same form.
 */

/* The length of a row of either family. */
#define WIRE_PLAIN_ROW4 12u
#define WIRE_PLAIN_ROW6 36u

/* A plain frame, where its parts lie. */
struct wire_plain {
    const uint8_t *frame; /* begins with the destination's address */
    const uint8_t *ip;
    const uint8_t *tcp;
    const uint8_t *row; /* see wire_plain_row() */
    uint32_t tcp_len;   /* header and payload */
    uint32_t head_len;  /* of these so much is the header; not known before wire_plain_options() */
    uint16_t vlan_id;   /* as in struct wire_ether */
    bool vlan_present;
    uint8_t family; /* 4 or 6 */
    bool has_ts;    /* the option is there; not known before wire_plain_options() */
    uint8_t tos;    /* or traffic class */
    uint8_t row_len;
};

/*
 * wire_plain_parse() recognizes the frame of |len| bytes at |data|, and returns false if it is not
 * plain, or its IPv4 checksum is wrong. Nothing is said of the TCP checksum.
 */
bool wire_plain_parse(struct wire_plain *plain, const uint8_t *data, size_t len);

/*
 * wire_plain_find() is wire_plain_parse() up to the options, of which, and of the length of the
 * header, it says nothing; wire_plain_options() says whether these are plain as well.
 */
bool wire_plain_find(struct wire_plain *plain, const uint8_t *data, size_t len);
bool wire_plain_options(struct wire_plain *plain);

/*
 * wire_plain_segment() fills in |seg| as wire_tcp_parse() does; |seg|->sack and |seg|->acc, of
 * which there are none, are left alone.
 */
void wire_plain_segment(struct tcp_segment *seg, const struct wire_plain *plain);

/*
 * wire_plain_suits() tells whether |seg| has no options, or timestamps only, and wire_plain_len()
 * how long its header is then. wire_plain_put() writes it, with these ports and no checksum, and
 * returns the sum of it as numbers (wire_csum_add_u64()).
 */
static inline bool wire_plain_suits(const struct tcp_segment *seg)
{
    return (seg->sack_cnt | seg->acc_cnt | (seg->flags & TCP_SYN)) == 0 && !seg->ae;
}

static inline uint32_t wire_plain_len(const struct tcp_segment *seg)
{
    return WIRE_TCP_LEN + (seg->has_ts ? WIRE_TCP_TS_LEN : 0);
}

static inline uint64_t wire_plain_put(uint8_t *out, uint16_t src_port, uint16_t dst_port,
                                      const struct tcp_segment *seg)
{
    const uint32_t pair = (uint32_t)src_port << 16 | dst_port;
    const uint32_t bits = wire_plain_len(seg) / 4 << 28 | (uint32_t)seg->flags << 16 | seg->wnd;
    uint64_t sum = (uint64_t)pair + seg->seq.v + seg->ack.v + bits + seg->urgent;

    if (seg->has_ts) {
        wire_store_u32(out + WIRE_TCP_LEN, WIRE_TCP_TS_HEAD);
        wire_store_u32(out + WIRE_TCP_TS_OFF, seg->ts_val);
        wire_store_u32(out + WIRE_TCP_TS_OFF + 4, seg->ts_ecr);
        sum += (uint64_t)WIRE_TCP_TS_HEAD + seg->ts_val + seg->ts_ecr;
    }
    wire_store_u32(out, pair);
    wire_store_u32(out + WIRE_TCP_SEQ_OFF, seg->seq.v);
    wire_store_u32(out + WIRE_TCP_ACK_OFF, seg->ack.v);
    wire_store_u32(out + WIRE_TCP_FLAGS_OFF - 1, bits);
    wire_store_u32(out + WIRE_TCP_CSUM_OFF, seg->urgent);
    return sum;
}

/*
 * wire_plain_is_alike() tells whether the segments of two frames of one connection differ in
 * nothing but sequence number, PSH, urgent pointer and text.
 */
bool wire_plain_is_alike(const struct wire_plain *a, const struct wire_plain *b);

/*
 * wire_plain_sum() is the sum of the pseudo-header and the TCP header. With the payload added it
 * folds to 0 if the TCP checksum is right.
 */
uint64_t wire_plain_sum(const struct wire_plain *plain);

/* wire_plain_is_sum_right() verifies the TCP checksum, whatever the options. */
bool wire_plain_is_sum_right(const struct wire_plain *plain);

/*
 * wire_plain_row() is what tells connections apart, |plain|->row_len bytes in a row as they stand
 * in the frame: addresses of source and destination, and ports of both.
 */
static inline const uint8_t *wire_plain_row(const struct wire_plain *plain)
{
    return plain->row;
}

/* wire_plain_is_same_row() tells whether the rows of |a| and |b| are equal. */
static inline bool wire_plain_is_same_row(const struct wire_plain *a, const struct wire_plain *b)
{
    const uint8_t *x = wire_plain_row(a);
    const uint8_t *y = wire_plain_row(b);

    return a->family == b->family &&
           (a->family == 4 ? memcmp(x, y, WIRE_PLAIN_ROW4) : memcmp(x, y, WIRE_PLAIN_ROW6)) == 0;
}

/* wire_plain_head_len() is the length of the TCP header: behind it lies the text. */
static inline uint32_t wire_plain_head_len(const struct wire_plain *plain)
{
    return plain->head_len;
}

/* wire_plain_seq() is the sequence number, wire_plain_flags() the flags but for AE. */
static inline toe_seq wire_plain_seq(const struct wire_plain *plain)
{
    return toe_seq_of(wire_load_u32(plain->tcp + WIRE_TCP_SEQ_OFF));
}

static inline uint8_t wire_plain_flags(const struct wire_plain *plain)
{
    return plain->tcp[WIRE_TCP_FLAGS_OFF];
}

#endif
