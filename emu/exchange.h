/* SPDX-License-Identifier: MIT */
/*
 * Exchanges: several ports, one a thread, through which frames arrive that may belong to another
 * one.
 *
 * Each is a port on one of the queues of an interface, and brings up what belongs to its own queue,
 * or to none (steering.h). What belongs to another queue is handed over: copied into a ring that
 * only these two threads know, the one writing and the other reading, and a ring that is full loses
 * it. The interface should see to it that this is rare; that all frames of a connection come by one
 * thread does not depend on it.
 */
#ifndef EMU_EXCHANGE_H
#define EMU_EXCHANGE_H

#include "port.h"

/* A queue is a bit of a word. */
enum { EMU_EXCHANGE_QUEUES_MAX = 64 };

struct emu_exchange;

struct emu_exchange_stats {
    uint64_t taken;  /* frames that other queues handed over to this one, */
    uint64_t handed; /* that this one handed over to others, */
    uint64_t lost;   /* and those for which there was no room there */
};

/* emu_exchange_new() is between |queue_cnt| queues, up to EMU_EXCHANGE_QUEUES_MAX; NULL: no memory.
 */
struct emu_exchange *emu_exchange_new(uint32_t queue_cnt);

/* emu_exchange_del() frees it, after its ports; NULL is allowed. */
void emu_exchange_del(struct emu_exchange *exchange);

/*
 * emu_exchange_port_new() puts a port for |queue| on |below|, which then belongs to it. |rouse| is
 * called, by other threads, when there is something for this one. NULL if memory is short, with
 * |below| as it was.
 */
struct emu_port *emu_exchange_port_new(struct emu_exchange *exchange, uint32_t queue,
                                       struct emu_port *below, void (*rouse)(void *user),
                                       void *user);

/* emu_exchange_stats_get() tells what happened at |port|, of emu_exchange_port_new(), so far. */
void emu_exchange_stats_get(const struct emu_port *port, struct emu_exchange_stats *stats);

#endif
