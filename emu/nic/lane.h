/* SPDX-License-Identifier: MIT */
/*
 * A lane of the NIC: its two ports, and what stands between them, on a thread of its own.
 *
 *     kernel -> TAP | emu_kernel, target | wire port -> the network
 *
 * A NIC with several queues has a lane for each. A connection belongs to one of them, and lanes
 * share nothing on the path of a frame. Whoever else wants to know something of a lane, or
 * something done, has the lane's own thread do it, between two rounds of its pump, and waits for
 * that.
 */
#ifndef EMU_NIC_LANE_H
#define EMU_NIC_LANE_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "fault.h"
#include "heap.h"
#include "linux/kernel.h"
#include "nic/nic_policy.h"
#include "port.h"
#include "pump.h"

struct emu_capture;
struct emu_exchange;
struct emu_nic_settings;

/*
 * What lanes have in common, which all of their threads use: the capture, NULL if there is none,
 * and the exchanges for frames that come by the wrong lane, from either side, NULL if there is only
 * one.
 */
struct emu_lane_shared {
    struct emu_capture *capture;
    struct emu_exchange *host_exchange;
    struct emu_exchange *wire_exchange;
};

/* How far its life has come, as those who own it are to know. */
enum emu_lane_state {
    EMU_LANE_RUNS,
    EMU_LANE_LEFT, /* nothing is offloaded any more, as was wanted; or it took too long */
    EMU_LANE_GONE, /* a port has ended */
};

struct emu_lane {
    _Alignas(64) const struct emu_nic_settings *settings;
    uint32_t number;
    struct emu_port *host; /* to the kernel */
    struct emu_port *wire; /* with faults on it, none to begin with */
    const struct emu_lane_shared *shared;
    struct emu_port *exchanges[2]; /* the ports of the two below |host| and |wire|; NULL: none */
    struct toe_target *target;
    struct emu_heap target_heap;
    struct emu_kernel *kernel;
    struct emu_policy policy;
    struct emu_pump *pump;
    toe_instant leaves;  /* when to end though something is offloaded still; 0: not yet */
    atomic_bool carrier; /* as the kernel was told */
    uint64_t empty;      /* bytes of memory, without connections */

    pthread_t thread;
    bool is_running;
    _Atomic(enum emu_lane_state) state;
    void (*changed)(void *user); /* on the lane's thread: |state| did */
    void *changed_user;

    /* What the lane's thread was asked to do: it reads that when |is_asked|, and never waits. */
    void (*work)(struct emu_lane *lane, void *user);
    void *work_user;
    atomic_bool is_asked;
    sem_t done; /* for who asked */
};

/* Memory that connections have, in bytes. */
struct emu_lane_memory {
    uint64_t conn_cnt; /* that are known */
    uint64_t target;
    uint64_t kernel; /* the kernel's side: records, and what is held of frames */
    uint64_t empty;  /* both, before there were any connections */
};

/*
 * emu_lane_init() makes the lane of that |number| between the two ports, which belong to it from
 * then on, whatever comes; |settings| and |shared| are borrowed. False with |error| if it cannot
 * be; emu_lane_fini() in any case.
 */
bool emu_lane_init(struct emu_lane *lane, const struct emu_nic_settings *settings, uint32_t number,
                   struct emu_port *host, struct emu_port *wire,
                   const struct emu_lane_shared *shared, struct emu_error *error);
void emu_lane_fini(struct emu_lane *lane);

/*
 * emu_lane_start() begins the lane's life, which calls |changed| when its state changes; false with
 * |error| if there is no thread for it. emu_lane_stop() ends it.
 */
bool emu_lane_start(struct emu_lane *lane, void (*changed)(void *user), void *user,
                    struct emu_error *error);
void emu_lane_stop(struct emu_lane *lane);

/*
 * emu_lane_do() has |work| done on the lane's thread, if that runs, and returns when it is. One
 * thread at a time may call it, the one that starts and stops lanes.
 */
void emu_lane_do(struct emu_lane *lane, void (*work)(struct emu_lane *lane, void *user),
                 void *user);

/* What follows is to be called by |work|, or while the lane does not run. */

/*
 * emu_lane_leave() gives all connections back to the kernel, which takes as long as the peers need
 * for what is in flight: the lane goes on meanwhile, and then, until it is stopped.
 */
void emu_lane_leave(struct emu_lane *lane);

/* emu_lane_memory_add() adds to |sum| what the lane has taken from the C library. */
void emu_lane_memory_add(const struct emu_lane *lane, struct emu_lane_memory *sum);

/* emu_lane_memory_each() is what each connection has, in the mean; 0: there are none. */
uint64_t emu_lane_memory_each(const struct emu_lane_memory *memory);

#endif
