/* SPDX-License-Identifier: MIT */
/*
 * A wire in memory: frames that a test puts in arrive at the target, frames that the target sends
 * are decoded, checked and recorded.
 *
 * Of every TCP frame that leaves, the checksums must be right, the identification in the upper
 * half, DF set and URG clear; and each byte of payload must be the one that belongs to its sequence
 * number (t_wire_byte()).
 *
 * There is a lease on the memory of every frame that arrives, and it is gone when that is over.
 */
#ifndef SUPPORT_FAKE_WIRE_H
#define SUPPORT_FAKE_WIRE_H

#include "support/fake_log.h"
#include "toe/frame.h"
#include "wire/ether.h"
#include "wire/tcp.h"

#include <stdint.h>
#include <sys/queue.h>

#define T_WIRE_IN_MAX 512
#define T_WIRE_FRAME_MAX 70000

/* A segment to be built, and the addresses it travels under. */
struct t_wire_addr {
    struct wire_ether ether;
    struct toe_addr src;
    struct toe_addr dst;
    uint8_t tos; /* or traffic class */
};

/* What the last TCP frame sent looked like. */
struct t_wire_sent {
    struct wire_ether ether;
    struct toe_addr src;
    struct toe_addr dst;
    struct tcp_segment seg; /* without payload */
    uint16_t ip_id;
    uint8_t ttl;
    uint8_t tos;
    uint32_t flow_label;
    uint16_t gso_size;
};

/* A frame that arrives, in memory of its own. */
struct t_wire_block {
    struct toe_lease lease;
    LIST_ENTRY(t_wire_block) node;
    uint8_t bytes[];
};

LIST_HEAD(t_wire_blocks, t_wire_block);

struct t_wire {
    struct toe_wire_ops ops;
    struct t_log *log;
    struct t_wire_block *in[T_WIRE_IN_MAX];
    struct toe_frame in_frames[T_WIRE_IN_MAX];
    uint32_t in_head;               /* next to be received */
    uint32_t in_cnt;                /* put in so far */
    struct t_wire_blocks blocks;    /* that somebody has a share of */
    uint8_t sent[T_WIRE_FRAME_MAX]; /* the last frame of several pieces, in one */
    struct t_wire_sent last;
    uint32_t gathered_cnt; /* frames that came in several pieces */
    uint32_t sent_cnt;
    uint32_t data_cnt; /* frames with payload */
    bool has_partial;  /* checksums are left to the wire */
    bool is_unchecked; /* payload need not follow t_wire_byte() */
};

/* t_wire_byte() is the byte of the target's stream at sequence number |seq|. */
uint8_t t_wire_byte(uint32_t seq);

/* t_wire_init() makes |wire| an empty one with |features|. */
void t_wire_init(struct t_wire *wire, struct t_log *log, uint32_t features);

/* t_wire_fini() frees all; nobody else has a share of anything then. */
void t_wire_fini(struct t_wire *wire);

/* t_wire_leased_cnt() is how many frames others have a share of, of those received. */
uint32_t t_wire_leased_cnt(const struct t_wire *wire);

/* t_wire_push() lets a copy of the |len| bytes at |data| arrive. */
void t_wire_push(struct t_wire *wire, const uint8_t *data, uint32_t len);

/* t_wire_build() builds the frame of |seg| with payload |text| into |out|; returns its length. */
uint32_t t_wire_build(uint8_t *out, const struct t_wire_addr *addr, const struct tcp_segment *seg,
                      const uint8_t *text);

#endif
