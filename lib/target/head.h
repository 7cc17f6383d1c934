/* SPDX-License-Identifier: MIT */
/*
 * Headers: what the frames of a struct tcp_out begin with.
 *
 * Segments in a row differ in their sequence numbers, the last one in flags and length. So the
 * headers of all of them are built once, with the sum of what is the same; each frame gets a copy,
 * and in it what is its own.
 */
#ifndef TARGET_HEAD_H
#define TARGET_HEAD_H

#include "base/seq.h"
#include "wire/tcp.h"

#include <string.h>

struct target_tcp;

/* Room for the longest headers: Ethernet with tag and SNAP, IPv6, TCP with all options. */
#define TARGET_HEAD_LEN_MAX 128u

/* The usual ones, which one copy of a known length is for. */
#define TARGET_HEAD_LEN_USUAL 80u

struct target_head {
    uint8_t bytes[TARGET_HEAD_LEN_MAX]; /* with sequence number, lengths and identification 0 */
    uint32_t len;
    uint32_t ip_off;
    uint32_t tcp_off;
    bool is_ipv4;
    bool is_snap;
    bool is_partial;     /* the wire completes TCP checksums */
    uint8_t flags;       /* of TCP, but for the last one's */
    uint64_t tcp_sum;    /* of the pseudo-header and the TCP header */
    uint64_t pseudo_sum; /* of the pseudo-header alone */
};

/* Flags that only the last of several segments has. */
#define TARGET_HEAD_FLAGS_LAST (TCP_PSH | TCP_FIN)

/* What a frame has for itself. */
struct target_part {
    toe_seq seq;
    uint32_t len;   /* of the text */
    uint64_t sum;   /* of its bytes; not needed where the wire completes checksums */
    uint16_t ip_id; /* IPv4 */
    uint8_t flags;  /* besides those of the head */
};

/* target_head_build() builds what is common to the segments of |tcp| that |seg| describes. */
void target_head_build(struct target_head *head, const struct target_tcp *tcp,
                       const struct tcp_segment *seg);

/* target_head_finish() makes the copy of |head| at |data| that of |part|. */
void target_head_finish(uint8_t *data, const struct target_head *head,
                        const struct target_part *part);

/* target_head_copy() copies |head| to |data|, where there is room for TARGET_HEAD_LEN_MAX bytes. */
static inline void target_head_copy(uint8_t *data, const struct target_head *head)
{
    memcpy(data, head->bytes, TARGET_HEAD_LEN_USUAL);
    if (head->len > TARGET_HEAD_LEN_USUAL) {
        memcpy(data + TARGET_HEAD_LEN_USUAL, head->bytes + TARGET_HEAD_LEN_USUAL,
               TARGET_HEAD_LEN_MAX - TARGET_HEAD_LEN_USUAL);
    }
}

#endif
