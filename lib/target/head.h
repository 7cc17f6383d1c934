/* SPDX-License-Identifier: MIT */
/*
 * Headers: what the frames of a struct tcp_out begin with.
 *
 * Segments in a row differ in their sequence numbers, the last one in flags and length. So the
 * headers of all of them are built once, with the sum of what is the same; each frame gets a copy,
 * and in it what is its own. Pure acknowledgments in a row differ in a few numbers more. Those of a
 * single segment are written at once.
 */
#ifndef TARGET_HEAD_H
#define TARGET_HEAD_H

#include "wire/checksum.h"
#include "wire/ipv4.h"
#include "wire/tcp.h"

#include <string.h>

struct target_front;
struct target_tcp;

/* Room for the longest headers: Ethernet with tag and SNAP, IPv6, TCP with all options. */
#define TARGET_HEAD_LEN_MAX 128u

/* The usual ones, which one copy of a known length is for. */
#define TARGET_HEAD_LEN_USUAL 80u

/* Flags that only the last of several segments has. */
#define TARGET_HEAD_FLAGS_LAST (TCP_PSH | TCP_FIN)

struct target_head {
    uint8_t bytes[TARGET_HEAD_LEN_MAX]; /* with sequence number and identification 0 */
    uint32_t len;
    uint32_t ip_off;
    uint32_t tcp_off;
    bool is_ipv4;
    bool is_snap;
    bool is_partial;     /* the wire completes TCP checksums */
    uint64_t tcp_sum;    /* of the TCP header, but for the last one's flags, and the addresses */
    uint64_t pseudo_sum; /* of the addresses and the protocol */
    uint64_t sum;        /* of all that frames of this length and flags share */
};

/* target_head_build() builds what is common to the segments of |tcp| that |seg| describes. */
void target_head_build(struct target_head *head, const struct target_tcp *tcp,
                       const struct tcp_segment *seg);

/*
 * target_head_shape() makes |head|, just built or shaped before, that of frames with |text_len|
 * bytes of text and with |flags| of those that only the last may have.
 */
void target_head_shape(struct target_head *head, uint32_t text_len, uint8_t flags);

/*
 * target_head_is_pure() tells whether |seg| is an acknowledgment that says nothing else. Of those
 * of one connection target_head_build_pure() builds what is common, which is that of |seg| as well,
 * and target_head_acknowledge() makes |head|, built so and perhaps used before, that of |seg|.
 */
static inline bool target_head_is_pure(const struct tcp_segment *seg)
{
    return seg->payload_len == 0 && seg->flags == TCP_ACK && seg->ecn == 0 &&
           (seg->sack_cnt | seg->acc_cnt) == 0 && !seg->ae;
}

void target_head_build_pure(struct target_head *head, const struct target_tcp *tcp,
                            const struct tcp_segment *seg);
void target_head_acknowledge(struct target_head *head, const struct tcp_segment *seg);

/*
 * target_head_put() makes the headers of the one frame that |seg|, which is plain (wire/plain.h),
 * becomes: |data| begins with a copy of |front|, which is completed, and wire_plain_len() bytes
 * behind that are written. |text_sum| is of its text.
 */
void target_head_put(uint8_t *data, const struct target_front *front, const struct target_tcp *tcp,
                     const struct tcp_segment *seg, uint16_t ip_id, uint64_t text_sum);

/* target_head_copy() copies |head| to |data|, where there is room for TARGET_HEAD_LEN_MAX bytes. */
static inline void target_head_copy(uint8_t *data, const struct target_head *head)
{
    memcpy(data, head->bytes, TARGET_HEAD_LEN_USUAL);
    if (head->len > TARGET_HEAD_LEN_USUAL) {
        memcpy(data + TARGET_HEAD_LEN_USUAL, head->bytes + TARGET_HEAD_LEN_USUAL,
               TARGET_HEAD_LEN_MAX - TARGET_HEAD_LEN_USUAL);
    }
}

/* target_head_finish() completes the copy of |head| at |data|; |text_sum| is of its text. */
static inline void target_head_finish(uint8_t *data, const struct target_head *head, toe_seq seq,
                                      uint16_t ip_id, uint64_t text_sum)
{
    uint8_t *tcp = data + head->tcp_off;

    if (head->is_ipv4) {
        wire_ipv4_id_set(data + head->ip_off, ip_id);
    }
    wire_store_u32(tcp + WIRE_TCP_SEQ_OFF, seq.v);
    if (!head->is_partial) {
        const uint64_t sum = wire_csum_add_around(head->sum, text_sum);

        wire_store_u16(tcp + WIRE_TCP_CSUM_OFF, wire_csum_fold(wire_csum_add_u32(sum, seq.v)));
    }
}

#endif
