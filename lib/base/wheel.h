/* SPDX-License-Identifier: MIT */
#ifndef BASE_WHEEL_H
#define BASE_WHEEL_H

#include "base/list.h"
#include "toe/types.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Deadlines of many
 *
 * A hierarchical timing wheel over exact instants. It has a time of its own, which only moves
 * forward, when timers are popped. Arming and cancelling take constant time; the earliest deadline
 * is exact, to the nanosecond. The owner asks base_wheel_next() how long it may sleep, and then
 * pops until nothing is due:
 *
 *     while ((timer = base_wheel_pop(w, now)) != NULL) { .. }
 *
 * A timer is popped, and detached, in the first pop whose |now| has reached its deadline, never
 * before. Timers are popped in the order of their deadlines, equal ones in the order in which they
 * were armed; a timer armed while popping takes its place among the others.
 */

/* Levels of the wheel; each decides 6 bits of the deadline, and together they decide 64. */
#define BASE_WHEEL_LEVEL_CNT 11
/* Slots of a level. */
#define BASE_WHEEL_SLOT_CNT 64

/* One deadline. Zeroed memory is a timer that is not armed. */
struct base_timer {
    struct base_list_node node; /* the wheel's */
    toe_instant at;             /* the deadline; callers may read it */
};

/* A wheel. It refers to itself and must not be moved. The fields are its own. */
struct base_wheel {
    toe_instant time;                        /* no deadline outside |due| is at or before it */
    toe_instant earliest;                    /* the answer of base_wheel_next(), if known */
    bool is_earliest_known;                  /* false after the earliest timer went */
    bool is_due_unsorted;                    /* |due| is not in order */
    uint64_t occupied[BASE_WHEEL_LEVEL_CNT]; /* slots that have timers, a bit each */
    uint64_t unsorted[BASE_WHEEL_LEVEL_CNT]; /* slots that are not in order */
    struct base_list due;                    /* timers with a deadline at or before |time| */
    struct base_list slots[BASE_WHEEL_LEVEL_CNT][BASE_WHEEL_SLOT_CNT];
    uint32_t levels; /* levels that have timers, a bit each */
    uint32_t cnt;    /* armed timers */
};

/*
 * base_wheel_init() makes |w| an empty wheel whose time is |now|.
 */
void base_wheel_init(struct base_wheel *w, toe_instant now);

/*
 * base_wheel_arm() lets |timer| expire at |at|: any instant, also one that has passed, which is due
 * at once. A timer that is armed already is moved. The wheel refers to |timer| until it is popped
 * or cancelled.
 */
void base_wheel_arm(struct base_wheel *w, struct base_timer *timer, toe_instant at);

/*
 * base_wheel_is_armed() says whether |timer| is on a wheel.
 */
static inline bool base_wheel_is_armed(const struct base_timer *timer)
{
    return base_list_is_linked(&timer->node);
}

/* base_wheel_unlink() disarms |timer|, which is armed. */
void base_wheel_unlink(struct base_wheel *w, struct base_timer *timer);

/*
 * base_wheel_cancel() disarms |timer|, which may be unarmed already.
 */
static inline void base_wheel_cancel(struct base_wheel *w, struct base_timer *timer)
{
    if (base_wheel_is_armed(timer)) {
        base_wheel_unlink(w, timer);
    }
}

/* base_wheel_look() finds out which deadline is the earliest; base_wheel_next() remembers it. */
toe_instant base_wheel_look(struct base_wheel *w);

/*
 * base_wheel_next() returns the earliest deadline of all armed timers, which may be in the past, or
 * TOE_INSTANT_NEVER when none is armed.
 */
static inline toe_instant base_wheel_next(struct base_wheel *w)
{
    return w->is_earliest_known ? w->earliest : base_wheel_look(w);
}

/* base_wheel_turn() is base_wheel_pop() where the time goes on, or something may be due. */
struct base_timer *base_wheel_turn(struct base_wheel *w, toe_instant now);

/*
 * base_wheel_pop() returns a timer whose deadline is at or before |now|, disarmed, or NULL when
 * there is none. |now| never goes back.
 */
static inline struct base_timer *base_wheel_pop(struct base_wheel *w, toe_instant now)
{
    return now == w->time && base_wheel_next(w) > now ? NULL : base_wheel_turn(w, now);
}

#endif
