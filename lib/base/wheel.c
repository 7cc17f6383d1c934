/* SPDX-License-Identifier: MIT */
#include "base/wheel.h"

#include "base/assert.h"
#include "base/bits.h"

#include <string.h>

/*
 * A deadline and the wheel's time are read as eleven digits of 6 bits. A timer stands at the level
 * of the highest digit in which its deadline differs from the time, in the slot of that digit of
 * the deadline. From this follows all the rest:
 *
 *  - A lower level is earlier than a higher one, and within a level a lower slot is earlier than a
 *    higher one; so the earliest timer is in the first occupied slot of the lowest occupied level.
 *  - Timers with one deadline are always in one slot, in the order they were armed.
 *  - When the time moves to or before the earliest deadline, the only slot that changes its meaning
 *    is that of the highest digit that changes. Its timers go to lower levels, and each of them has
 *    a place there, so a timer moves at most ten times in its life.
 *
 * The time goes from deadline to deadline, never past one, and a timer whose deadline it has
 * reached is on the list |due|.
 *
 * A slot of a high level holds many deadlines, of which the earliest is wanted. Most slots are in
 * order as they fill, because most timers of a TCP are armed for a fixed span from now; a timer
 * that comes out of order looks for its place among the last few, and only if it finds none the
 * slot is marked, and sorted when its first timer is asked for.
 *
 * The alternative, a heap, costs a logarithm and a walk over cold memory for each of the many
 * timers that are armed and cancelled and never fire.
 */

#define DIGIT_BITS 6
#define SORT_STEPS_MAX 8 /* timers that an arming steps over to find its place */
#define RUN_CNT 33       /* runs of 1, 2, 4 .. timers; |cnt| has 32 bits */

static struct base_timer *timer_of(struct base_list_node *node)
{
    return base_container_of(node, struct base_timer, node);
}

static unsigned level_of(const struct base_wheel *w, toe_instant at)
{
    return base_bits_highest(at ^ w->time) / DIGIT_BITS;
}

static unsigned slot_of(toe_instant at, unsigned level)
{
    return (unsigned)(at >> (level * DIGIT_BITS)) & (BASE_WHEEL_SLOT_CNT - 1);
}

/*
 * Puts |timer| on |list| behind all that are not later, so that equal deadlines keep their order.
 * Returns whether the list, sorted before, is still in order.
 */
static bool insert_sorted(struct base_list *list, struct base_timer *timer)
{
    struct base_list_node *pos = &list->root;

    for (int i = 0; i < SORT_STEPS_MAX; ++i) {
        if (pos->prev == &list->root || timer_of(pos->prev)->at <= timer->at) {
            base_list_insert_before(pos, &timer->node);
            return true;
        }
        pos = pos->prev;
    }
    if (timer->at < timer_of(list->root.next)->at) {
        base_list_push_front(list, &timer->node);
        return true;
    }
    base_list_push_back(list, &timer->node);
    return false;
}

/* Merges the chains |a| and |b|, linked by |next| alone; where equal, |a| goes first. */
static struct base_list_node *merge(struct base_list_node *a, struct base_list_node *b)
{
    struct base_list_node *first = NULL;
    struct base_list_node **link = &first;

    while (a != NULL && b != NULL) {
        struct base_list_node **from = timer_of(b)->at < timer_of(a)->at ? &b : &a;

        *link = *from;
        link = &(*from)->next;
        *from = *link;
    }
    *link = a != NULL ? a : b;
    return first;
}

/* Sorts |list| by deadline, stably: a merge sort from the bottom up. */
static void sort(struct base_list *list)
{
    struct base_list_node *runs[RUN_CNT] = {NULL}; /* of 2^i timers, or NULL */
    struct base_list_node *all = NULL;
    struct base_list_node *node;

    while ((node = base_list_pop_front(list)) != NULL) {
        int i = 0;

        for (; runs[i] != NULL; ++i) {
            node = merge(runs[i], node);
            runs[i] = NULL;
        }
        runs[i] = node;
    }
    for (int i = 0; i < RUN_CNT; ++i) {
        if (runs[i] != NULL) {
            all = merge(runs[i], all);
        }
    }
    while (all != NULL) {
        node = all;
        all = all->next;
        base_list_push_back(list, node);
    }
}

/* Puts the detached |timer| where its deadline belongs at the wheel's time. */
static void place(struct base_wheel *w, struct base_timer *timer)
{
    unsigned level;
    unsigned slot;
    uint64_t bit;

    if (timer->at <= w->time) {
        if (w->is_due_unsorted) {
            base_list_push_back(&w->due, &timer->node);
        } else {
            w->is_due_unsorted = !insert_sorted(&w->due, timer);
        }
        return;
    }
    level = level_of(w, timer->at);
    slot = slot_of(timer->at, level);
    bit = UINT64_C(1) << slot;
    if (w->unsorted[level] & bit) {
        base_list_push_back(&w->slots[level][slot], &timer->node);
    } else if (!insert_sorted(&w->slots[level][slot], timer)) {
        w->unsorted[level] |= bit;
    }
    w->occupied[level] |= bit;
    w->levels |= UINT32_C(1) << level;
}

/* Notes that a slot has become empty. */
static void clear_slot(struct base_wheel *w, unsigned level, unsigned slot)
{
    w->occupied[level] &= ~(UINT64_C(1) << slot);
    w->unsorted[level] &= ~(UINT64_C(1) << slot);
    if (w->occupied[level] == 0) {
        w->levels &= ~(UINT32_C(1) << level);
    }
}

void base_wheel_unlink(struct base_wheel *w, struct base_timer *timer)
{
    base_list_remove(&timer->node);
    if (timer->at <= w->time) {
        w->is_due_unsorted = w->is_due_unsorted && !base_list_is_empty(&w->due);
    } else {
        const unsigned level = level_of(w, timer->at);
        const unsigned slot = slot_of(timer->at, level);

        if (base_list_is_empty(&w->slots[level][slot])) {
            clear_slot(w, level, slot);
        }
    }
    if (timer->at == w->earliest) {
        w->is_earliest_known = false;
    }
    --w->cnt;
}

/* Moves the time to |to|, before which no timer outside |due| is due. */
static void advance(struct base_wheel *w, toe_instant to)
{
    unsigned level;
    unsigned slot;
    struct base_list list;
    struct base_list_node *node;

    if (to == w->time || w->levels == 0) {
        w->time = to;
        return;
    }
    level = level_of(w, to);
    slot = slot_of(to, level);
    toe_assert((w->levels & ((UINT32_C(1) << level) - 1)) == 0);
    w->time = to;
    if ((w->occupied[level] & UINT64_C(1) << slot) == 0) {
        return;
    }
    base_list_init(&list);
    base_list_splice(&list, &w->slots[level][slot]);
    clear_slot(w, level, slot);
    while ((node = base_list_pop_front(&list)) != NULL) {
        place(w, timer_of(node));
    }
}

void base_wheel_init(struct base_wheel *w, toe_instant now)
{
    memset(w, 0, sizeof(*w));
    w->time = now;
    base_list_init(&w->due);
    for (int level = 0; level < BASE_WHEEL_LEVEL_CNT; ++level) {
        for (int slot = 0; slot < BASE_WHEEL_SLOT_CNT; ++slot) {
            base_list_init(&w->slots[level][slot]);
        }
    }
}

void base_wheel_arm(struct base_wheel *w, struct base_timer *timer, toe_instant at)
{
    base_wheel_cancel(w, timer);
    timer->at = at;
    place(w, timer);
    ++w->cnt;
    if (w->is_earliest_known && at < w->earliest) {
        w->earliest = at;
    }
}

/* Returns the earliest timer, or NULL when none is armed. */
static struct base_timer *first_timer(struct base_wheel *w)
{
    unsigned level;
    unsigned slot;

    if (!base_list_is_empty(&w->due)) {
        if (w->is_due_unsorted) {
            sort(&w->due);
            w->is_due_unsorted = false;
        }
        return timer_of(w->due.root.next);
    }
    if (w->levels == 0) {
        return NULL;
    }
    level = base_bits_lowest(w->levels);
    slot = base_bits_lowest(w->occupied[level]);
    if (w->unsorted[level] & UINT64_C(1) << slot) {
        sort(&w->slots[level][slot]);
        w->unsorted[level] &= ~(UINT64_C(1) << slot);
    }
    return timer_of(w->slots[level][slot].root.next);
}

toe_instant base_wheel_look(struct base_wheel *w)
{
    const struct base_timer *timer = first_timer(w);

    w->earliest = timer == NULL ? TOE_INSTANT_NEVER : timer->at;
    w->is_earliest_known = true;
    return w->earliest;
}

struct base_timer *base_wheel_turn(struct base_wheel *w, toe_instant now)
{
    struct base_timer *timer;

    toe_assert(now >= w->time);
    if (base_wheel_next(w) > now || w->cnt == 0) {
        advance(w, now);
        return NULL;
    }
    if (w->earliest > w->time) {
        advance(w, w->earliest);
    }
    timer = first_timer(w);
    toe_assert(timer != NULL && timer->at <= now);
    base_wheel_unlink(w, timer);
    return timer;
}
