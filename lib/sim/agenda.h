/* SPDX-License-Identifier: MIT */
#ifndef SIM_AGENDA_H
#define SIM_AGENDA_H

#include "toe/types.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The agenda: who is due when
 *
 * A binary heap of numbers 0, 1, 2 .. (the nodes of a simulation), each with the instant at which
 * it is due. Of those due at the same instant, the one that was entered first comes first, so that
 * nobody who is due again and again keeps another from its turn.
 */

struct sim_agenda_entry {
    toe_instant at;
    uint64_t order; /* when it was entered */
    uint32_t id;
};

/* The fields are the agenda's own. */
struct sim_agenda {
    const struct toe_mem *mem; /* borrowed until sim_agenda_fini() */
    struct sim_agenda_entry *heap;
    uint32_t *pos; /* where each number stands in the heap, or a number that says it is not */
    uint32_t cnt;  /* in the heap */
    uint32_t cap;  /* numbers there is room for */
    uint64_t order;
};

/*
 * sim_agenda_init() makes |agenda| an empty agenda.
 */
void sim_agenda_init(struct sim_agenda *agenda, const struct toe_mem *mem);

/*
 * sim_agenda_fini() gives its memory back.
 */
void sim_agenda_fini(struct sim_agenda *agenda);

/*
 * sim_agenda_reserve() makes room for the numbers below |cnt|. Returns 0, or -1 if memory ran out.
 */
int sim_agenda_reserve(struct sim_agenda *agenda, uint32_t cnt);

/*
 * sim_agenda_set() enters |id| as due at |at|, or takes it out if that is TOE_INSTANT_NEVER. There
 * must be room for it. Entering it again for the same instant leaves it where it is in the order.
 */
void sim_agenda_set(struct sim_agenda *agenda, uint32_t id, toe_instant at);

/*
 * sim_agenda_renew() is sim_agenda_set(), behind all others due at the same instant.
 */
void sim_agenda_renew(struct sim_agenda *agenda, uint32_t id, toe_instant at);

/*
 * sim_agenda_at() is the instant |id| is due at.
 */
toe_instant sim_agenda_at(const struct sim_agenda *agenda, uint32_t id);

/*
 * sim_agenda_first() sets |id| to the number that is due first and |at| to when. Returns false if
 * there is none.
 */
bool sim_agenda_first(const struct sim_agenda *agenda, uint32_t *id, toe_instant *at);

#endif
