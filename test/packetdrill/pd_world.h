/* SPDX-License-Identifier: MIT */
#ifndef PD_WORLD_H
#define PD_WORLD_H

#include "pd_persona.h"
#include "toe/host.h"
#include "toe/target.h"

#include <pthread.h>
#include <sys/types.h>

/*
 * The world that packetdrill drives: a host stack above a target, a clock that stands still unless
 * it is moved, and one lock.
 *
 * Time moves by usleep(), by waiting for a packet, and a microsecond with each look at it, for
 * packetdrill waits for its events by looking. Whatever moves it does everything that is due on the
 * way, each thing at its own instant.
 *
 * A call that blocks is made on a thread of its own, which sleeps until the *other* thread finds
 * that the call can be done, and does it there and then: so its result and its time do not depend
 * on which thread runs when. The first time it looks at the clock afterwards, which packetdrill
 * does to know when the call ended, that thread is shown the time at which it did.
 */

/* A call, until it is done. */
struct pd_call {
    /* attempt() does it if that is possible now. Sets |result|, and |error| if that is -1. */
    bool (*attempt)(struct pd_call *call);
    void *what; /* the attempt's own */
    ssize_t result;
    int error;
    toe_instant deadline; /* at which attempt() is made with |is_late| */
    bool is_late;
    bool is_done;
    toe_instant done_at;
    struct pd_call *next;
};

struct pd_world {
    pthread_mutex_t lock;
    pthread_cond_t done;
    pthread_t main_thread;
    struct pd_persona persona;
    struct pd_call *waiting; /* the oldest first */
    toe_instant now;
    struct toe_host *host; /* NULL: not made yet */
    struct toe_target *target;
    const struct toe_target_ops *ops;
    bool is_placed; /* the script says where connections are (TOE_OFFLOAD): none moves by itself */
};

/* pd_world() is the only one there is. */
struct pd_world *pd_world(void);

/* pd_world_begin() reads |flags|; the stack is made with the first socket. */
void pd_world_begin(const char *flags);
bool pd_world_make(void);
void pd_world_end(void);

/* Between these two the caller has the world for itself; leaving does what is due. */
void pd_enter(void);
void pd_leave(void);

/* pd_step() begins what the script does next: in the mode `hop` all connections change place. */
void pd_step(void);

/* pd_run() lets host and target do what is due now. */
void pd_run(void);

/* pd_settle() is that, and does the calls that wait and can be done. */
void pd_settle(void);

/* pd_advance() moves the clock to |until|, step by step. */
void pd_advance(toe_instant until);

/* pd_next() is the next instant at which anything is due, or TOE_INSTANT_NEVER. */
toe_instant pd_next(void);

/* Longer than any timer that a script could wait for. */
#define PD_PATIENCE (4 * UINT64_C(3600) * TOE_NS_PER_SEC)

/*
 * pd_run_call() does |call|, now or, if |can_wait|, later. Returns its result and sets errno;
 * EAGAIN if it may not wait, EDEADLK if it waits and nothing will come of it. Called without the
 * lock.
 */
ssize_t pd_run_call(struct pd_call *call, bool can_wait);

/* pd_waiting_cnt() is how many calls wait. */
size_t pd_waiting_cnt(void);

/* pd_time() is the time as this thread is to see it. */
toe_instant pd_time(void);

#endif
