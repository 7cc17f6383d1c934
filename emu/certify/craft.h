/* SPDX-License-Identifier: MIT */
/*
 * Crafting: TCP/IP segments to frames and back, written for the certification alone.
 *
 * It shares no code with the library, on purpose: a suite that parses with the code it certifies
 * cannot see that code's mistakes. What is parsed is judged at once: cert_craft_parse() names every
 * rule that the frame breaks.
 */
#ifndef CERTIFY_CRAFT_H
#define CERTIFY_CRAFT_H

#include "toe/types.h"

enum {
    CERT_FIN = 0x01,
    CERT_SYN = 0x02,
    CERT_RST = 0x04,
    CERT_PSH = 0x08,
    CERT_ACK = 0x10,
    CERT_URG = 0x20,
    CERT_ECE = 0x40,
    CERT_CWR = 0x80,
};

/* What is deliberately wrong with a segment that is built. */
enum {
    CERT_BAD_TCP_CSUM = 0x1,
    CERT_BAD_IP_CSUM = 0x2,
    CERT_BAD_OFFSET = 0x4, /* the TCP header claims to be longer than the segment; if the segment
                              is too long for that, shorter than a header is */
};

#define CERT_SACK_MAX 4
#define CERT_FRAME_MAX 70000

/* One segment and all that carries it. Ports and numbers in host order. */
struct cert_seg {
    uint8_t dst_mac[TOE_MAC_LEN];
    uint8_t src_mac[TOE_MAC_LEN];
    bool has_vlan;
    uint16_t vlan_id;
    uint8_t priority;
    bool has_snap; /* 802.3 with LLC and SNAP, not Ethernet II */

    struct toe_addr src;
    struct toe_addr dst;
    uint8_t ttl;
    uint8_t tos;
    uint32_t flow_label;
    uint16_t ip_id;
    bool df;
    bool mf;            /* more fragments */
    uint16_t frag_off;  /* in units of 8 bytes */
    uint8_t ip_opt[40]; /* IPv4 options; IPv6: one extension header, its type in ext_type */
    uint8_t ip_opt_len; /* a multiple of 4 (IPv6: of 8) */
    uint8_t ext_type;

    uint16_t src_port;
    uint16_t dst_port;
    uint32_t seq;
    uint32_t ack;
    uint32_t len; /* of the payload */
    uint16_t wnd; /* as in the header, unscaled */
    uint16_t urgent;
    uint8_t flags;    /* CERT_* */
    uint8_t reserved; /* the reserved bits, 0 to 15 */
    bool has_ts;
    uint32_t ts_val;
    uint32_t ts_ecr;
    uint8_t sack_cnt;
    uint32_t sack[CERT_SACK_MAX][2];
    uint8_t opt[40]; /* build: raw options instead of the above, if opt_len is not 0 */
    uint8_t opt_len; /* parse: the options as they came */
    const uint8_t *payload;

    uint32_t bad; /* build: CERT_BAD_* */
};

/*
 * cert_craft_build() writes the frame of |seg| to |out|, CERT_FRAME_MAX bytes; returns its length.
 * The source of the payload is |payload|.
 */
uint32_t cert_craft_build(uint8_t *out, const struct cert_seg *seg);

/* cert_craft_tcp() writes only the TCP segment, as a forward() wants it; returns its length. */
uint32_t cert_craft_tcp(uint8_t *out, const struct cert_seg *seg);

enum cert_craft {
    CERT_CRAFT_TCP,   /* a segment, parsed */
    CERT_CRAFT_OTHER, /* a frame of another protocol */
};

/*
 * cert_craft_parse() parses a frame. |broken| gets, for a TCP segment, a text that says which rules
 * for segments of a target it breaks ("SND-029: DF not set"), or an empty one.
 */
enum cert_craft cert_craft_parse(struct cert_seg *seg, char *broken, size_t broken_len,
                                 const uint8_t *data, uint32_t len);

/*
 * cert_craft_text() says what a segment is: "5000:6000 PSH ack=1000 wnd=65535". |out| has room for
 * |len| bytes.
 */
void cert_craft_text(char *out, size_t len, const struct cert_seg *seg);

#endif
