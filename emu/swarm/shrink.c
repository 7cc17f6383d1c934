/* SPDX-License-Identifier: MIT */
/*
 * Candidates are tried several at once, in an order that does not depend on which one is ready
 * first: so the same failure always gives the same short schedule.
 */
#include "swarm/shrink.h"

#include <stdlib.h>
#include <string.h>

#include "swarm/trial.h"

#define JOBS_MAX 64

/* A way to make the run simpler. */
struct candidate {
    struct emu_schedule schedule;
    struct emu_stress_settings settings;
    struct emu_trial trial;
    bool is_running;
};

static bool is_over(const struct emu_shrink *shrink)
{
    const volatile sig_atomic_t *stop = shrink->settings->stop;

    return shrink->trials == 0 || (stop != NULL && *stop != 0);
}

static void start(struct emu_shrink *shrink, struct candidate *candidate)
{
    candidate->is_running =
        !is_over(shrink) &&
        emu_trial_start(&candidate->trial, &candidate->settings, &candidate->schedule);
    shrink->trials -= candidate->is_running;
}

/* Whether |candidate| fails as the run does. */
static bool fails_alike(struct emu_shrink *shrink, struct candidate *candidate)
{
    struct emu_stress_result result;
    char signature[sizeof(shrink->signature)];

    if (!candidate->is_running) {
        return false;
    }
    emu_trial_finish(&candidate->trial, &result);
    candidate->is_running = false;
    if (result.verdict != EMU_VERDICT_FAIL) {
        return false;
    }
    emu_trial_signature(signature, sizeof(signature), &result);
    if (strcmp(signature, shrink->signature) != 0) {
        return false;
    }
    *shrink->result = result;
    return true;
}

/* Tries |cnt| candidates at once. Returns the first that fails alike, which the run is then, or
 * |cnt|; none of them is left. */
static uint32_t try(struct emu_shrink *shrink, struct candidate *candidates, uint32_t cnt)
{
    uint32_t found = cnt;

    for (uint32_t i = 0; i < cnt; ++i) {
        start(shrink, &candidates[i]);
    }
    for (uint32_t i = 0; i < cnt; ++i) {
        if (found < cnt && candidates[i].is_running) {
            emu_trial_cancel(&candidates[i].trial);
        } else if (found == cnt && fails_alike(shrink, &candidates[i])) {
            found = i;
            *shrink->settings = candidates[i].settings;
            emu_schedule_fini(shrink->schedule);
            *shrink->schedule = candidates[i].schedule;
            candidates[i].schedule = (struct emu_schedule){0};
        }
        emu_schedule_fini(&candidates[i].schedule);
    }
    return found;
}

/* --- fewer events --- */

/* The run without the events from |first| to before |end|, and without those of |what|. */
static void leave_out(struct candidate *candidate, const struct emu_shrink *shrink, size_t first,
                      size_t end, unsigned what)
{
    candidate->schedule = (struct emu_schedule){0};
    candidate->settings = *shrink->settings;
    for (size_t i = 0; i < shrink->schedule->cnt; ++i) {
        const struct emu_swarm_event *event = &shrink->schedule->events[i];

        if ((i < first || i >= end) && event->what != what) {
            emu_schedule_add(&candidate->schedule, event);
        }
    }
}

/* Leaves out kinds as a whole. */
static void drop_kinds(struct emu_shrink *shrink)
{
    for (unsigned what = 0; what < EMU_SWARM_CNT && !is_over(shrink); ++what) {
        struct candidate candidate;

        if (emu_schedule_has(shrink->schedule, what, 1)) {
            leave_out(&candidate, shrink, 0, 0, what);
            (void)try(shrink, &candidate, 1);
        }
    }
}

/* Leaves out pieces of |len| events, the last ones first. Returns whether any could go. */
static bool drop_pieces(struct emu_shrink *shrink, size_t len)
{
    struct candidate candidates[JOBS_MAX];
    size_t end = shrink->schedule->cnt;
    bool has_dropped = false;

    while (end > 0 && !is_over(shrink)) {
        size_t ends[JOBS_MAX];
        uint32_t cnt = 0;
        uint32_t found;

        for (size_t at = end; cnt < shrink->jobs && at > 0; at -= at < len ? at : len) {
            ends[cnt] = at;
            leave_out(&candidates[cnt++], shrink, at < len ? 0 : at - len, at, EMU_SWARM_CNT);
        }
        found = try(shrink, candidates, cnt);
        has_dropped = has_dropped || found < cnt;
        /* What comes before the last piece that was tried is next. */
        end = ends[found < cnt ? found : cnt - 1];
        end -= end < len ? end : len;
    }
    return has_dropped;
}

static void drop_events(struct emu_shrink *shrink)
{
    size_t len = (shrink->schedule->cnt + 1) / 2;

    while (len > 0 && !is_over(shrink)) {
        const bool has_dropped = drop_pieces(shrink, len);

        if (len == 1 && !has_dropped) {
            return;
        }
        len = len > 1 ? (len + 1) / 2 : 1;
        len = len < shrink->schedule->cnt ? len : shrink->schedule->cnt;
    }
}

/* --- plainer settings --- */

static bool try_settings(struct emu_shrink *shrink, const struct emu_stress_settings *settings)
{
    struct candidate candidate;

    leave_out(&candidate, shrink, 0, 0, EMU_SWARM_CNT);
    candidate.settings = *settings;
    return try(shrink, &candidate, 1) == 0;
}

static void plain(struct emu_shrink *shrink)
{
    struct emu_stress_settings set = *shrink->settings;

    set.loss = 0;
    set.reorder = 0;
    set.duplicate = 0;
    set.corrupt = 0;
    set.mark = 0;
    set.ecn = false;
    set.accurate_ecn = false;
    (void)try_settings(shrink, &set);
    set = *shrink->settings;
    set.lag = 0;
    (void)try_settings(shrink, &set);
    do {
        set = *shrink->settings;
        set.bytes /= 2;
    } while (set.bytes >= 64 && try_settings(shrink, &set));
}

void emu_shrink(struct emu_shrink *shrink)
{
    shrink->jobs = shrink->jobs < JOBS_MAX ? shrink->jobs : JOBS_MAX;
    if (strcmp(shrink->signature, emu_trial_hung) == 0) {
        return;
    }
    drop_kinds(shrink);
    drop_events(shrink);
    plain(shrink);
    drop_events(shrink);
}
