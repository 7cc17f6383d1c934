/* SPDX-License-Identifier: MIT */
/*
 * A ring holds frames one behind the other, each with a record before it. |written| and |freed|
 * only grow; what lies between the two is full. The reader lends frames where they lie, and frees
 * them when it receives again. A bell for each queue has a bit for each ring with something in it,
 * so that a reader looks at one word while nothing is handed over, whatever the number of queues.
 *
 * The rings are as many as the pairs of queues, so they are smaller where queues are many: those to
 * one queue have some megabytes together, of the kernel's only what was ever used.
 */
#include "exchange.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "steering.h"

enum {
    RING_MIN = 128 << 10, /* powers of two */
    RING_MAX = 4 << 20,
    RINGS_OF_ONE = 8 << 20, /* all to one queue, unless that is less than RING_MIN for each */
    LINE = 64,              /* what two processors do not share */
    ALIGNMENT = 16,         /* of records */
    HEADROOM = 2,           /* the IP header on a multiple of 4 */
    BATCH = 64,
};

/* The bytes of the frame follow, behind the headroom. */
struct record {
    uint64_t size;          /* of the record, with all that follows */
    struct toe_frame frame; /* no data: nothing but the rest of the ring */
};

/* From one queue to another. */
struct ring {
    _Alignas(LINE) _Atomic uint64_t written;
    _Alignas(LINE) _Atomic uint64_t freed;
    uint64_t lent; /* the reader's: it has had all before, and not freed what is behind |freed| */
    uint64_t size; /* a power of two */
    uint8_t *bytes;
};

struct queue {
    _Alignas(LINE) _Atomic uint64_t bell; /* by the queues that handed something over */
    void (*rouse)(void *user);
    void *user;
    struct ring *rings; /* to this queue, by the one it comes from */
};

struct emu_exchange {
    uint32_t queue_cnt;
    struct queue *queues;
    struct ring *rings;
};

struct exchange_port {
    struct emu_port port;
    struct emu_exchange *exchange;
    uint32_t queue;
    uint64_t waiting; /* rings that have more, */
    uint64_t lending; /* and those that have lent something */
    struct emu_exchange_stats stats;
};

/* --- rings --- */

static bool ring_init(struct ring *ring, uint32_t queue_cnt)
{
    void *bytes;

    for (ring->size = RING_MAX; ring->size > RING_MIN && ring->size * queue_cnt > RINGS_OF_ONE;) {
        ring->size /= 2;
    }
    bytes = mmap(NULL, ring->size, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ring->bytes = bytes == MAP_FAILED ? NULL : bytes;
    return ring->bytes != NULL;
}

static struct record *record_at(const struct ring *ring, uint64_t at)
{
    return (struct record *)(void *)(ring->bytes + at % ring->size);
}

/* Copies |frame| into |ring|; false if there is no room. The writer's. */
static bool ring_put(struct ring *ring, const struct toe_frame *frame)
{
    const uint64_t size = (sizeof(struct record) + HEADROOM + frame->len + ALIGNMENT - 1) &
                          ~(uint64_t)(ALIGNMENT - 1);
    const uint64_t freed = atomic_load_explicit(&ring->freed, memory_order_acquire);
    uint64_t at = atomic_load_explicit(&ring->written, memory_order_relaxed);
    const uint64_t rest = ring->size - at % ring->size;
    const uint64_t skip = rest < size ? rest : 0; /* A record does not go around the end. */
    struct record *record;

    if (at + skip + size - freed > ring->size) {
        return false;
    }
    if (skip != 0) {
        record = record_at(ring, at);
        record->size = skip;
        record->frame.data = NULL;
        at += skip;
    }
    record = record_at(ring, at);
    record->size = size;
    record->frame = *frame;
    record->frame.lease = NULL;
    record->frame.data = (const uint8_t *)(record + 1) + HEADROOM;
    memcpy((uint8_t *)(record + 1) + HEADROOM, frame->data, frame->len);
    atomic_store_explicit(&ring->written, at + size, memory_order_release);
    return true;
}

/* Lends the next frame; false if there is none. The reader's, and the next. */
static bool ring_take(struct ring *ring, struct toe_frame *frame)
{
    const uint64_t written = atomic_load_explicit(&ring->written, memory_order_acquire);

    while (ring->lent != written) {
        const struct record *record = record_at(ring, ring->lent);

        ring->lent += record->size;
        if (record->frame.data != NULL) {
            *frame = record->frame;
            return true;
        }
    }
    return false;
}

static void ring_free(struct ring *ring)
{
    atomic_store_explicit(&ring->freed, ring->lent, memory_order_release);
}

/* --- receiving --- */

static uint32_t first_bit(uint64_t bits)
{
    return (uint32_t)__builtin_ctzll(bits);
}

/* Frees what was lent, and lends what others handed over. */
static uint32_t take(struct exchange_port *port, struct toe_frame *frames, uint32_t max)
{
    struct queue *queue = &port->exchange->queues[port->queue];
    uint32_t cnt = 0;

    for (; port->lending != 0; port->lending &= port->lending - 1) {
        ring_free(&queue->rings[first_bit(port->lending)]);
    }
    if (atomic_load_explicit(&queue->bell, memory_order_relaxed) != 0) {
        port->waiting |= atomic_exchange(&queue->bell, 0);
    }
    while (port->waiting != 0 && cnt < max) {
        struct ring *ring = &queue->rings[first_bit(port->waiting)];

        port->lending |= port->waiting & -port->waiting;
        if (ring_take(ring, &frames[cnt])) {
            ++cnt;
        } else {
            port->waiting &= port->waiting - 1;
        }
    }
    port->stats.taken += cnt;
    return cnt;
}

static void rouse(struct exchange_port *port, uint64_t others)
{
    for (; others != 0; others &= others - 1) {
        struct queue *queue = &port->exchange->queues[first_bit(others)];

        /* If it has been roused, and has not looked yet, it is going to. */
        if (atomic_fetch_or(&queue->bell, UINT64_C(1) << port->queue) == 0) {
            queue->rouse(queue->user);
        }
    }
}

/* Sorts |cnt| frames that arrived; returns how many stay, at the begin of |frames|. */
static uint32_t sort(struct exchange_port *port, struct toe_frame *frames, uint32_t cnt)
{
    struct emu_exchange *exchange = port->exchange;
    uint64_t others = 0;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < cnt; ++i) {
        const uint32_t queue = emu_steering_queue(&frames[i], exchange->queue_cnt);

        if (queue == port->queue || queue == EMU_STEERING_ANY) {
            frames[kept++] = frames[i];
        } else if (ring_put(&exchange->queues[queue].rings[port->queue], &frames[i])) {
            others |= UINT64_C(1) << queue;
            ++port->stats.handed;
        } else {
            ++port->stats.lost;
        }
    }
    rouse(port, others);
    return kept;
}

/* Half of the room at most is for what was handed over, so that neither keeps the other waiting. */
static uint32_t receive(void *wire, struct toe_frame *frames, uint32_t max)
{
    struct exchange_port *port = wire;
    struct emu_port *below = port->port.below;
    const uint32_t cnt = take(port, frames, (max + 1) / 2);
    const uint32_t fresh = below->ops.receive(below, frames + cnt, max - cnt);

    return cnt + sort(port, frames + cnt, fresh);
}

/* --- the port --- */

static toe_instant deadline(const struct emu_port *base)
{
    return ((const struct exchange_port *)base)->waiting != 0 ? 0 : TOE_INSTANT_NEVER;
}

static void close_exchange_port(struct emu_port *base)
{
    free(base);
}

struct emu_port *emu_exchange_port_new(struct emu_exchange *exchange, uint32_t queue,
                                       struct emu_port *below, void (*rouse_it)(void *user),
                                       void *user)
{
    struct exchange_port *port = calloc(1, sizeof(*port));

    if (port == NULL) {
        return NULL;
    }
    emu_port_on(&port->port, below);
    port->port.ops.receive = receive;
    port->port.deadline = deadline;
    port->port.close = close_exchange_port;
    port->exchange = exchange;
    port->queue = queue;
    exchange->queues[queue].rouse = rouse_it;
    exchange->queues[queue].user = user;
    return &port->port;
}

void emu_exchange_stats_get(const struct emu_port *port, struct emu_exchange_stats *stats)
{
    *stats = ((const struct exchange_port *)port)->stats;
}

/* --- the exchange --- */

struct emu_exchange *emu_exchange_new(uint32_t queue_cnt)
{
    struct emu_exchange *exchange = calloc(1, sizeof(*exchange));
    bool ok = true;

    if (exchange == NULL) {
        return NULL;
    }
    exchange->queue_cnt = queue_cnt;
    exchange->queues = aligned_alloc(LINE, queue_cnt * sizeof(*exchange->queues));
    exchange->rings = aligned_alloc(LINE, (size_t)queue_cnt * queue_cnt * sizeof(struct ring));
    if (exchange->queues == NULL || exchange->rings == NULL) {
        free(exchange->queues);
        free(exchange->rings);
        free(exchange);
        return NULL;
    }
    memset(exchange->queues, 0, queue_cnt * sizeof(*exchange->queues));
    memset(exchange->rings, 0, (size_t)queue_cnt * queue_cnt * sizeof(struct ring));
    for (uint32_t to = 0; to < queue_cnt; ++to) {
        exchange->queues[to].rings = exchange->rings + (size_t)to * queue_cnt;
        for (uint32_t from = 0; from < queue_cnt; ++from) {
            ok = ok && (from == to || ring_init(&exchange->queues[to].rings[from], queue_cnt));
        }
    }
    if (!ok) {
        emu_exchange_del(exchange);
        return NULL;
    }
    return exchange;
}

void emu_exchange_del(struct emu_exchange *exchange)
{
    if (exchange == NULL) {
        return;
    }
    for (uint32_t i = 0; i < exchange->queue_cnt * exchange->queue_cnt; ++i) {
        if (exchange->rings[i].bytes != NULL) {
            (void)munmap(exchange->rings[i].bytes, exchange->rings[i].size);
        }
    }
    free(exchange->rings);
    free(exchange->queues);
    free(exchange);
}
