/* SPDX-License-Identifier: MIT */
#include "timers.h"

#include <stdlib.h>

static bool is_before(const struct emu_timer *a, const struct emu_timer *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void place(struct emu_timers *timers, size_t pos, struct emu_timer *timer)
{
    timers->heap[pos] = timer;
    timer->pos = pos + 1;
}

/* Finds the place of |timer|, beginning at the free place |pos|, upwards and then downwards. */
static void settle(struct emu_timers *timers, size_t pos, struct emu_timer *timer)
{
    for (; pos > 0 && is_before(timer, timers->heap[(pos - 1) / 2]); pos = (pos - 1) / 2) {
        place(timers, pos, timers->heap[(pos - 1) / 2]);
    }
    for (;;) {
        size_t child = 2 * pos + 1;

        if (child + 1 < timers->cnt && is_before(timers->heap[child + 1], timers->heap[child])) {
            ++child;
        }
        if (child >= timers->cnt || !is_before(timers->heap[child], timer)) {
            break;
        }
        place(timers, pos, timers->heap[child]);
        pos = child;
    }
    place(timers, pos, timer);
}

static void unset(struct emu_timers *timers, struct emu_timer *timer)
{
    const size_t pos = timer->pos - 1;
    struct emu_timer *last = timers->heap[--timers->cnt];

    timer->pos = 0;
    if (last != timer) {
        settle(timers, pos, last);
    }
}

bool emu_timers_reserve(struct emu_timers *timers, size_t cnt)
{
    struct emu_timer **heap;
    size_t cap = timers->cap == 0 ? 64 : timers->cap;

    if (cnt <= timers->cap) {
        return true;
    }
    while (cap < cnt) {
        cap *= 2;
    }
    heap = realloc(timers->heap, cap * sizeof(*heap));
    if (heap == NULL) {
        return false;
    }
    timers->heap = heap;
    timers->cap = cap;
    return true;
}

void emu_timers_set(struct emu_timers *timers, struct emu_timer *timer, toe_instant at)
{
    if (at == TOE_INSTANT_NEVER) {
        if (timer->pos != 0) {
            unset(timers, timer);
        }
        return;
    }
    if (timer->pos != 0 && timer->at == at) {
        return;
    }
    timer->at = at;
    timer->order = timers->order++;
    if (timer->pos == 0) {
        if (!emu_timers_reserve(timers, timers->cnt + 1)) {
            abort();
        }
        settle(timers, timers->cnt++, timer);
    } else {
        settle(timers, timer->pos - 1, timer);
    }
}

toe_instant emu_timers_next(const struct emu_timers *timers)
{
    return timers->cnt == 0 ? TOE_INSTANT_NEVER : timers->heap[0]->at;
}

struct emu_timer *emu_timers_pop(struct emu_timers *timers, toe_instant now)
{
    struct emu_timer *timer;

    if (timers->cnt == 0 || timers->heap[0]->at > now) {
        return NULL;
    }
    timer = timers->heap[0];
    unset(timers, timer);
    return timer;
}

void emu_timers_fini(struct emu_timers *timers)
{
    free(timers->heap);
    *timers = (struct emu_timers){0};
}
