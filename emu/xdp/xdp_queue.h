/* SPDX-License-Identifier: MIT */
/*
 * One queue of an adapter on AF_XDP: a socket, its memory, and the four rings between us and the
 * kernel.
 *
 * The memory is cut into chunks of a page. Those to receive with are always in one of three places:
 * with the kernel, which finds them in the ring |fill| and gives them back full in |rx|, or with
 * the reader. Those to send with are spare, or with the kernel, which finds them in |tx| and gives
 * them back in |done|. Each ring has room for all chunks that may be in it.
 */
#ifndef EMU_XDP_XDP_QUEUE_H
#define EMU_XDP_XDP_QUEUE_H

#include <stdbool.h>
#include <xdp/xsk.h>

enum {
    EMU_XDP_CHUNK = 4096,
    EMU_XDP_RECEIVE_CNT = 4096, /* chunks; a super-segment takes 17 */
    EMU_XDP_SEND_CNT = 2048,
    EMU_XDP_HEADROOM = 256, /* that the kernel keeps in each chunk before what it receives */
};

struct emu_xdp_queue {
    struct xsk_umem *umem;
    struct xsk_socket *socket;
    struct xsk_ring_prod fill;
    struct xsk_ring_cons rx;
    struct xsk_ring_prod tx;
    struct xsk_ring_cons done;
    uint8_t *memory;
    uint64_t held[EMU_XDP_RECEIVE_CNT]; /* with the reader, until it comes back */
    uint32_t held_cnt;
    uint64_t spare[EMU_XDP_SEND_CNT];
    uint32_t spare_cnt;
};

/*
 * emu_xdp_queue_open() opens |queue|, the |number|th of |interface|; |bind_flags| is XDP_COPY or
 * such. Returns 0, or the number of the error; then there is nothing to close.
 */
int emu_xdp_queue_open(struct emu_xdp_queue *queue, const char *interface, uint32_t number,
                       uint16_t bind_flags);

void emu_xdp_queue_close(struct emu_xdp_queue *queue);

static inline uint8_t *emu_xdp_queue_at(const struct emu_xdp_queue *queue, uint64_t addr)
{
    return queue->memory + addr;
}

/* emu_xdp_queue_hold() notes that the reader has the chunk with |addr| in it. */
void emu_xdp_queue_hold(struct emu_xdp_queue *queue, uint64_t addr);

/* emu_xdp_queue_return() gives the kernel what the reader had. */
void emu_xdp_queue_return(struct emu_xdp_queue *queue);

/* emu_xdp_queue_take() takes a chunk to send with; false if there is none. */
bool emu_xdp_queue_take(struct emu_xdp_queue *queue, uint64_t *addr);

/* emu_xdp_queue_send() has the |len| bytes in the chunk |addr| sent by the next push. */
void emu_xdp_queue_send(struct emu_xdp_queue *queue, uint64_t addr, uint32_t len);

/*
 * emu_xdp_queue_push() has the kernel send, and takes back what it has sent. Returns how many
 * frames were refused.
 */
uint32_t emu_xdp_queue_push(struct emu_xdp_queue *queue);

/* emu_xdp_queue_waiting() is how many frames the kernel has not taken yet. */
uint32_t emu_xdp_queue_waiting(struct emu_xdp_queue *queue);

#endif
