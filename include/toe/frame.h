/* SPDX-License-Identifier: MIT */
/*
 * Frames, and the wire that carries them.
 *
 * A frame is one Ethernet frame without preamble and checksum, with what an adapter's hardware
 * would know about it: a checksum that is still to be completed or has already been verified, and,
 * for a super-segment of up to 64 KiB, the size of the segments it stands for. The meaning of the
 * metadata is that of a virtio-net header, so that a port can pass it to a kernel as it is.
 */
#ifndef TOE_FRAME_H
#define TOE_FRAME_H

#include "toe/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A piece of memory to read from. */
struct toe_iov {
    const void *base;
    size_t len;
};

enum {
    /* The checksum at csum_start + csum_off holds the pseudo header's sum only: complete it. */
    TOE_FRAME_CSUM_PARTIAL = 0x1,
    /* Somebody verified the transport checksum already. */
    TOE_FRAME_CSUM_VALID = 0x2,
};

enum toe_gso {
    TOE_GSO_NONE = 0,
    TOE_GSO_TCP4 = 1,
    TOE_GSO_TCP6 = 4,
    TOE_GSO_UDP = 5, /* many datagrams, of either IP version: for the ordinary path only */
};

/*
 * A lease on memory with received frames in it. Whoever wants to keep bytes of such a frame beyond
 * the call takes a share, and gives it back when done; until then they stay where they are, as they
 * are: all that the lease is on, not only the frame. A share is taken only during the call that
 * brings the frame. The wire counts itself in as long as it uses the memory, so it begins with one.
 * over() may be called from the wire's receive(), and from a target's run(), receive_return() and
 * toe_target_del(), and calls none of them: so a wire outlives its targets, with all of its leases.
 * All of it belongs to one thread.
 */
struct toe_lease {
    uint32_t shares;
    void (*over)(struct toe_lease *lease); /* the last share was given back */
};

static inline void toe_lease_take(struct toe_lease *lease)
{
    ++lease->shares;
}

static inline void toe_lease_give(struct toe_lease *lease)
{
    if (--lease->shares == 0) {
        lease->over(lease);
    }
}

/*
 * The bytes of a frame are |data| and then the |more_cnt| pieces of |more|. Headers always lie in
 * |data|; received frames lie there whole (more_cnt == 0). All of it is borrowed for the call,
 * unless there is a |lease|.
 */
struct toe_frame {
    const uint8_t *data;
    uint32_t len; /* bytes in |data| */
    uint32_t more_cnt;
    const struct toe_iov *more;
    struct toe_lease *lease; /* of the memory that |data| lies in; NULL: copy what is to be kept */
    uint16_t csum_start;     /* where the checksummed part begins, from the start of the frame */
    uint16_t csum_off;       /* where the checksum lies, from there */
    uint16_t gso_size;       /* payload of each segment of a super-segment */
    uint8_t gso;             /* enum toe_gso */
    uint8_t flags;           /* TOE_FRAME_* */
};

enum {
    TOE_WIRE_CSUM = 0x1, /* completes partial checksums */
    TOE_WIRE_TSO = 0x2,  /* takes super-segments */
    /* Reads the pieces of a frame (more_cnt) where they lie: better not copied into one before. */
    TOE_WIRE_GATHER = 0x4,
};

/*
 * struct toe_wire_ops is the wire as a target sees it: the lower edge of the target. It is filled
 * by a port or by a simulated link, and given to the target at creation. Functions are called from
 * within the target's run(), transmit() also from within its transmit(), and never call back.
 */
struct toe_wire_ops {
    size_t size;       /* sizeof(struct toe_wire_ops) */
    uint32_t features; /* TOE_WIRE_*: what transmit() accepts */
    /*
     * receive() fetches up to |max| frames that have arrived, oldest first, and returns how many.
     * Their bytes stay valid until the next call of receive(), and longer under a lease.
     */
    uint32_t (*receive)(void *wire, struct toe_frame *frames, uint32_t max);
    /* transmit() sends frames in order. What finds no room is lost, as on any wire. */
    void (*transmit)(void *wire, const struct toe_frame *frames, uint32_t cnt);
    /* link_up() tells whether there is a carrier. May be NULL: always. */
    bool (*link_up)(void *wire);
};

#ifdef __cplusplus
}
#endif

#endif
