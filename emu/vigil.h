/* SPDX-License-Identifier: MIT */
/*
 * The vigil: whether to stay awake until the next frame comes.
 *
 * To be woken takes longer than to handle a small frame, so it is worth to stay awake where a
 * request is answered at once. It is not where frames are far from each other or many at a time,
 * or where somebody else could use the processor. So there is a vigil where most of the last waits
 * were short, and what came before was little. For some time there is none after one that was in
 * vain, or was interrupted by another program, or if there are more programs than processors; those
 * times double as long as that goes on.
 *
 * No clock is read here: |now| is when it was last looked for frames.
 */
#ifndef EMU_VIGIL_H
#define EMU_VIGIL_H

#include "crowd.h"
#include "toe/types.h"

/* The longest one: a few times what it takes to be woken. */
#define EMU_VIGIL_MAX (100 * TOE_NS_PER_US)

struct emu_vigil {
    toe_instant heard_at;          /* when frames came last */
    toe_instant looked_at;         /* and when somebody looked for them */
    uint64_t bytes;                /* of those since the last wait */
    uint32_t waits;                /* the last ones, a bit each: it was short */
    bool is_waiting;               /* no frames came since |heard_at|, */
    bool is_kept;                  /* and there is a vigil */
    toe_instant failed_at;         /* the last one */
    toe_duration pause;            /* after it there is none for so long */
    toe_instant asked_at;          /* when it last asked whether there is a crowd, */
    uint32_t crowds;               /* and how often there was, less how often there was none */
    const struct emu_crowd *crowd; /* set by the owner, the rest is 0 at first */
    uint64_t kept_cnt;             /* vigils, */
    uint64_t vain_cnt;             /* and those that failed */
};

/*
 * emu_vigil_heard() is told that frames came, with |bytes| in all, and emu_vigil_silent() that none
 * did. Both return whether to look again at once, instead of sleeping.
 */
bool emu_vigil_heard(struct emu_vigil *vigil, uint64_t bytes, toe_instant now);
bool emu_vigil_silent(struct emu_vigil *vigil, toe_instant now);

#endif
