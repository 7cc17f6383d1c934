/* SPDX-License-Identifier: MIT */
#include "sim/agenda.h"

#include "base/assert.h"
#include "base/mem.h"

#include <string.h>

enum { ABSENT = UINT32_MAX >> 1, CAP_FIRST = 8 };

void sim_agenda_init(struct sim_agenda *agenda, const struct toe_mem *mem)
{
    *agenda = (struct sim_agenda){.mem = mem};
}

void sim_agenda_fini(struct sim_agenda *agenda)
{
    base_mem_free(agenda->mem, agenda->heap, agenda->cap * sizeof(*agenda->heap));
    base_mem_free(agenda->mem, agenda->pos, agenda->cap * sizeof(*agenda->pos));
    *agenda = (struct sim_agenda){.mem = agenda->mem};
}

int sim_agenda_reserve(struct sim_agenda *agenda, uint32_t cnt)
{
    uint32_t cap = agenda->cap == 0 ? CAP_FIRST : agenda->cap;
    struct sim_agenda_entry *heap;
    uint32_t *pos;

    while (cap < cnt) {
        cap *= 2;
    }
    if (cap == agenda->cap) {
        return 0;
    }
    heap = base_mem_alloc(agenda->mem, cap * sizeof(*heap));
    pos = base_mem_alloc(agenda->mem, cap * sizeof(*pos));
    if (heap == NULL || pos == NULL) {
        base_mem_free(agenda->mem, heap, cap * sizeof(*heap));
        base_mem_free(agenda->mem, pos, cap * sizeof(*pos));
        return -1;
    }
    for (uint32_t i = 0; i < cap; ++i) {
        pos[i] = i < agenda->cap ? agenda->pos[i] : ABSENT;
    }
    if (agenda->cnt > 0) {
        memcpy(heap, agenda->heap, agenda->cnt * sizeof(*heap));
    }
    base_mem_free(agenda->mem, agenda->heap, agenda->cap * sizeof(*agenda->heap));
    base_mem_free(agenda->mem, agenda->pos, agenda->cap * sizeof(*agenda->pos));
    agenda->heap = heap;
    agenda->pos = pos;
    agenda->cap = cap;
    return 0;
}

static bool is_before(const struct sim_agenda_entry *a, const struct sim_agenda_entry *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void place(struct sim_agenda *agenda, uint32_t pos, const struct sim_agenda_entry *entry)
{
    agenda->heap[pos] = *entry;
    agenda->pos[entry->id] = pos;
}

/* Finds the place of |entry|, beginning at the free place |pos|, upwards and then downwards. */
static void settle(struct sim_agenda *agenda, uint32_t pos, const struct sim_agenda_entry *entry)
{
    while (pos > 0 && is_before(entry, &agenda->heap[(pos - 1) / 2])) {
        place(agenda, pos, &agenda->heap[(pos - 1) / 2]);
        pos = (pos - 1) / 2;
    }
    for (;;) {
        uint32_t child = 2 * pos + 1;

        if (child + 1 < agenda->cnt && is_before(&agenda->heap[child + 1], &agenda->heap[child])) {
            ++child;
        }
        if (child >= agenda->cnt || !is_before(&agenda->heap[child], entry)) {
            break;
        }
        place(agenda, pos, &agenda->heap[child]);
        pos = child;
    }
    place(agenda, pos, entry);
}

static void take_out(struct sim_agenda *agenda, uint32_t id)
{
    const uint32_t pos = agenda->pos[id];
    struct sim_agenda_entry last;

    agenda->pos[id] = ABSENT;
    last = agenda->heap[--agenda->cnt];
    if (last.id != id) {
        settle(agenda, pos, &last);
    }
}

void sim_agenda_renew(struct sim_agenda *agenda, uint32_t id, toe_instant at)
{
    const struct sim_agenda_entry entry = {.at = at, .order = agenda->order++, .id = id};
    const bool is_in = agenda->pos[id] != ABSENT;

    toe_assert(id < agenda->cap);
    if (at == TOE_INSTANT_NEVER) {
        if (is_in) {
            take_out(agenda, id);
        }
        return;
    }
    settle(agenda, is_in ? agenda->pos[id] : agenda->cnt++, &entry);
}

void sim_agenda_set(struct sim_agenda *agenda, uint32_t id, toe_instant at)
{
    if (sim_agenda_at(agenda, id) != at) {
        sim_agenda_renew(agenda, id, at);
    }
}

toe_instant sim_agenda_at(const struct sim_agenda *agenda, uint32_t id)
{
    const uint32_t pos = agenda->pos[id];

    return pos == ABSENT ? TOE_INSTANT_NEVER : agenda->heap[pos].at;
}

bool sim_agenda_first(const struct sim_agenda *agenda, uint32_t *id, toe_instant *at)
{
    if (agenda->cnt == 0) {
        return false;
    }
    *id = agenda->heap[0].id;
    *at = agenda->heap[0].at;
    return true;
}
