/* SPDX-License-Identifier: MIT */
#ifndef WIRE_PLAIN_H
#define WIRE_PLAIN_H

#include "wire/tcp.h"

/*
 * Plain frames
 *
 * Nearly all that a busy connection receives is of one form: an Ethernet II header, with a tag or
 * without; an IPv4 header without options, or an IPv6 header without extensions, of a packet that
 * is there as a whole and no fragment; and a TCP segment without options, or with the timestamps
 * alone behind two NOPs. Such a frame is recognized by one look at fixed places. It is nothing but
 * a short cut: what is found is what the parsers of the layers would find, and about any other
 * frame nothing is said.
 */

/* A plain frame, where its parts lie. */
struct wire_plain {
    const uint8_t *frame; /* begins with the destination's address */
    const uint8_t *ip;
    const uint8_t *tcp;
    uint32_t tcp_len; /* header and payload */
    uint16_t vlan_id; /* as in struct wire_ether */
    bool vlan_present;
    uint8_t family;  /* 4 or 6 */
    bool has_ts;     /* the option is there */
    uint8_t tos;     /* or traffic class */
    uint8_t row_off; /* see wire_plain_row() */
    uint8_t row_len;
};

/*
 * wire_plain_parse() recognizes the frame of |len| bytes at |data|, and returns false if it is not
 * plain, or its IPv4 checksum is wrong. Nothing is said of the TCP checksum.
 */
bool wire_plain_parse(struct wire_plain *plain, const uint8_t *data, size_t len);

/* wire_plain_segment() fills in |seg| as wire_tcp_parse() does; |seg|->sack is left alone. */
void wire_plain_segment(struct tcp_segment *seg, const struct wire_plain *plain);

/*
 * wire_plain_sum() is the sum of the pseudo-header and the TCP header. With the payload added it
 * folds to 0 if the TCP checksum is right.
 */
uint64_t wire_plain_sum(const struct wire_plain *plain);

/*
 * wire_plain_row() is what tells connections apart, |plain|->row_len bytes in a row as they stand
 * in the frame: addresses of source and destination, and ports of both.
 */
static inline const uint8_t *wire_plain_row(const struct wire_plain *plain)
{
    return plain->ip + plain->row_off;
}

#endif
