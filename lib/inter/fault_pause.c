/* SPDX-License-Identifier: MIT */
#include "inter/fault.h"

/*
 * Pausing: what the driver wants, what the target below wants, and what the host was told, which is
 * the stronger of the two. While the host is not to offload, the driver behaves as a target does
 * with initiates that are on their way: they wait, or fail when all is to be uploaded (CAP-36).
 */

/* A resume after an upload has to wait for the last of what was uploaded (CAP-42). */
static bool is_uploaded(const struct toe_inter_fault *f)
{
    return f->census.objects == 0 && f->census.trees == 0;
}

static enum fault_phase wanted(const struct toe_inter_fault *f)
{
    return f->phase > f->below ? f->phase : f->below;
}

static bool can_resume(const struct toe_inter_fault *f)
{
    return f->told != FAULT_STEADY && wanted(f) == FAULT_STEADY &&
           (f->told == FAULT_PAUSED || is_uploaded(f));
}

/* Tells the host what it does not know yet. */
static void tell(struct toe_inter_fault *f)
{
    const struct toe_host_ops *up = &f->pass.above_ops;
    const enum fault_phase phase = wanted(f);

    if (f->told == FAULT_STEADY && phase != FAULT_STEADY) {
        f->told = FAULT_PAUSED;
        up->status(f->pass.above, TOE_STATUS_OFFLOAD_PAUSE, NULL);
    }
    if (f->told == FAULT_PAUSED && phase == FAULT_UPLOADING) {
        f->told = FAULT_UPLOADING;
        up->status(f->pass.above, TOE_STATUS_UPLOAD_ALL, NULL);
    }
    if (can_resume(f)) {
        struct toe_caps caps = {.size = sizeof(caps)};

        f->told = FAULT_STEADY;
        f->pass.down.caps_get(f->pass.below, &caps);
        up->status(f->pass.above, TOE_STATUS_OFFLOAD_RESUME, &caps);
    }
}

/* --- what the driver wants --- */

/* Whether a pause of the driver's own may end: an upload is over only when nothing is left. */
static bool can_end(const struct toe_inter_fault *f)
{
    return f->phase == FAULT_PAUSED || (f->phase == FAULT_UPLOADING && is_uploaded(f));
}

static void begin(struct toe_inter_fault *f, enum fault_phase phase,
                  const struct toe_inter_fault_rule *rule)
{
    f->wants_pause = false;
    f->wants_resume = false;
    f->phase = phase;
    f->resume_at = rule != NULL ? f->pass.now + fault_time(f, rule) : TOE_INSTANT_NEVER;
}

static void begin_by_chance(struct toe_inter_fault *f)
{
    const struct toe_inter_fault_rule *rule = fault_roll(f, TOE_INTER_FAULT_UPLOAD_ALL);

    if (rule != NULL || f->wants_upload) {
        f->wants_upload = false;
        begin(f, FAULT_UPLOADING, rule);
        return;
    }
    rule = fault_roll(f, TOE_INTER_FAULT_PAUSE);
    if (rule != NULL || f->wants_pause) {
        begin(f, FAULT_PAUSED, rule);
    }
}

static void follow(struct toe_inter_fault *f)
{
    if (f->phase == FAULT_STEADY) {
        begin_by_chance(f);
        return;
    }
    if (f->wants_upload) {
        f->wants_upload = false;
        f->phase = FAULT_UPLOADING;
    }
    if (f->wants_resume) {
        f->resume_at = 0;
    }
    if (f->pass.now >= f->resume_at && can_end(f)) {
        f->wants_resume = false;
        f->phase = FAULT_STEADY;
    }
}

void fault_pause_run(struct toe_inter_fault *f)
{
    follow(f);
    tell(f);
}

toe_instant fault_pause_deadline(const struct toe_inter_fault *f)
{
    if ((f->phase == FAULT_STEADY && f->wants_pause) ||
        (f->phase != FAULT_UPLOADING && f->wants_upload) || can_resume(f)) {
        return 0;
    }
    if (!can_end(f)) {
        return TOE_INSTANT_NEVER;
    }
    return f->wants_resume ? 0 : f->resume_at;
}

/* --- what the target below wants --- */

void fault_pause_status(struct toe_inter_fault *f, toe_status what, const struct toe_caps *caps)
{
    (void)caps; /* those that hold when the host is told */
    if (what == TOE_STATUS_OFFLOAD_PAUSE) {
        f->below = FAULT_PAUSED;
    } else if (what == TOE_STATUS_UPLOAD_ALL) {
        f->below = FAULT_UPLOADING;
    } else {
        f->below = FAULT_STEADY;
    }
    tell(f);
}
