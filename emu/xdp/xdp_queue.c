/* SPDX-License-Identifier: MIT */
#include "xdp/xdp_queue.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum { CHUNK_CNT = EMU_XDP_RECEIVE_CNT + EMU_XDP_SEND_CNT };

/* --- receiving --- */

void emu_xdp_queue_hold(struct emu_xdp_queue *queue, uint64_t addr)
{
    queue->held[queue->held_cnt++] = addr & ~(uint64_t)(EMU_XDP_CHUNK - 1);
}

void emu_xdp_queue_return(struct emu_xdp_queue *queue)
{
    uint32_t at;

    if (queue->held_cnt != 0 &&
        xsk_ring_prod__reserve(&queue->fill, queue->held_cnt, &at) == queue->held_cnt) {
        for (uint32_t i = 0; i < queue->held_cnt; ++i) {
            *xsk_ring_prod__fill_addr(&queue->fill, at + i) = queue->held[i];
        }
        xsk_ring_prod__submit(&queue->fill, queue->held_cnt);
        queue->held_cnt = 0;
    }
    if (xsk_ring_prod__needs_wakeup(&queue->fill)) {
        (void)recvfrom(xsk_socket__fd(queue->socket), NULL, 0, MSG_DONTWAIT, NULL, NULL);
    }
}

/* --- sending --- */

/* Takes back what the kernel is done with. */
static void collect(struct emu_xdp_queue *queue)
{
    uint32_t at;
    const uint32_t cnt = xsk_ring_cons__peek(&queue->done, EMU_XDP_SEND_CNT, &at);

    for (uint32_t i = 0; i < cnt; ++i) {
        queue->spare[queue->spare_cnt++] = *xsk_ring_cons__comp_addr(&queue->done, at + i);
    }
    xsk_ring_cons__release(&queue->done, cnt);
}

bool emu_xdp_queue_take(struct emu_xdp_queue *queue, uint64_t *addr)
{
    if (queue->spare_cnt == 0) {
        collect(queue);
    }
    if (queue->spare_cnt == 0) {
        return false;
    }
    *addr = queue->spare[--queue->spare_cnt];
    return true;
}

void emu_xdp_queue_send(struct emu_xdp_queue *queue, uint64_t addr, uint32_t len)
{
    uint32_t at;

    /* There is room: the ring has as many places as there are chunks. */
    if (xsk_ring_prod__reserve(&queue->tx, 1, &at) == 1) {
        *xsk_ring_prod__tx_desc(&queue->tx, at) = (struct xdp_desc){.addr = addr, .len = len};
        xsk_ring_prod__submit(&queue->tx, 1);
    }
}

uint32_t emu_xdp_queue_waiting(struct emu_xdp_queue *queue)
{
    return EMU_XDP_SEND_CNT - xsk_prod_nb_free(&queue->tx, EMU_XDP_SEND_CNT);
}

/* In copy mode a call sends some, not all, and says EAGAIN; EBUSY if a frame was refused. */
uint32_t emu_xdp_queue_push(struct emu_xdp_queue *queue)
{
    const int fd = xsk_socket__fd(queue->socket);
    uint32_t waiting = emu_xdp_queue_waiting(queue);
    uint32_t refused = 0;

    while (waiting != 0 && xsk_ring_prod__needs_wakeup(&queue->tx)) {
        const uint32_t before = waiting;
        const bool ok = sendto(fd, NULL, 0, MSG_DONTWAIT, NULL, 0) >= 0;

        refused += !ok && errno == EBUSY ? 1 : 0;
        waiting = emu_xdp_queue_waiting(queue);
        if (waiting == before) {
            break; /* the adapter is busy, or down */
        }
    }
    collect(queue);
    return refused;
}

/* --- opening and closing --- */

static int open_socket(struct emu_xdp_queue *queue, const char *interface, uint32_t number,
                       uint16_t bind_flags)
{
    const struct xsk_umem_config umem = {.fill_size = EMU_XDP_RECEIVE_CNT,
                                         .comp_size = EMU_XDP_SEND_CNT,
                                         .frame_size = EMU_XDP_CHUNK};
    const struct xsk_socket_config config = {.rx_size = EMU_XDP_RECEIVE_CNT,
                                             .tx_size = EMU_XDP_SEND_CNT,
                                             .libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
                                             .bind_flags = bind_flags};
    int result = xsk_umem__create(&queue->umem, queue->memory, (uint64_t)CHUNK_CNT * EMU_XDP_CHUNK,
                                  &queue->fill, &queue->done, &umem);

    if (result != 0) {
        return -result;
    }
    result = xsk_socket__create(&queue->socket, interface, number, queue->umem, &queue->rx,
                                &queue->tx, &config);
    if (result != 0) {
        (void)xsk_umem__delete(queue->umem);
    }
    return -result;
}

int emu_xdp_queue_open(struct emu_xdp_queue *queue, const char *interface, uint32_t number,
                       uint16_t bind_flags)
{
    int code;

    queue->memory = mmap(NULL, (size_t)CHUNK_CNT * EMU_XDP_CHUNK, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (queue->memory == MAP_FAILED) {
        return ENOMEM;
    }
    code = open_socket(queue, interface, number, bind_flags);
    if (code != 0) {
        (void)munmap(queue->memory, (size_t)CHUNK_CNT * EMU_XDP_CHUNK);
        return code;
    }
    queue->held_cnt = EMU_XDP_RECEIVE_CNT;
    for (uint32_t i = 0; i < EMU_XDP_RECEIVE_CNT; ++i) {
        queue->held[i] = (uint64_t)i * EMU_XDP_CHUNK;
    }
    queue->spare_cnt = EMU_XDP_SEND_CNT;
    for (uint32_t i = 0; i < EMU_XDP_SEND_CNT; ++i) {
        queue->spare[i] = (uint64_t)(EMU_XDP_RECEIVE_CNT + i) * EMU_XDP_CHUNK;
    }
    emu_xdp_queue_return(queue);
    return 0;
}

void emu_xdp_queue_close(struct emu_xdp_queue *queue)
{
    xsk_socket__delete(queue->socket);
    (void)xsk_umem__delete(queue->umem);
    (void)munmap(queue->memory, (size_t)CHUNK_CNT * EMU_XDP_CHUNK);
}
