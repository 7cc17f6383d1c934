/* SPDX-License-Identifier: MIT */
/*
 * Pause: what a target says about itself as a whole.
 *
 * Its owner may pause offloading, ask for everything to be uploaded, change the capabilities while
 * nothing is offloaded, and resume (CAP-34 to CAP-45); or ask whether it may take the power away
 * (PM-1 to PM-4). Calls only note what is wanted; the host is told at the beginning of the next
 * run, before any request is taken, so that what a status forbids is refused from then on. Between
 * two runs only the outcome counts, except that a host which is told of a resume has been told of a
 * pause.
 */
#ifndef TARGET_PAUSE_H
#define TARGET_PAUSE_H

#include "target/work.h"
#include "toe/status.h"

struct target_pause {
    struct target_work queued; /* initiates that came during the pause, in order (CAP-36) */
    bool is_paused;            /* what the owner wants: */
    bool is_uploading_all;     /* implies |is_paused| */
    bool is_powered_down;      /* implies |is_paused| */
    bool is_resume_due;        /* the host is to be told of a resume, whatever came after it */
    bool has_told_pause;       /* what the host knows: */
    bool has_told_upload_all;
};

/* target_pause_is_untold() is target_pause_is_due() during a pause. */
bool target_pause_is_untold(const struct target_pause *pause);

/* target_pause_is_due() tells whether there is something to tell. */
static inline bool target_pause_is_due(const struct target_pause *pause)
{
    return pause->is_resume_due || (pause->is_paused && target_pause_is_untold(pause));
}

/* target_pause_run() tells it, if it is due, and goes on with, or fails, the initiates that waited.
 */
void target_pause_run(struct toe_target *target);

/* target_pause_initiate() takes an initiate: at once, when the pause is over, or not at all. */
void target_pause_initiate(struct toe_target *target, struct toe_block *tree);

#endif
