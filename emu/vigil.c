/* SPDX-License-Identifier: MIT */
#include "vigil.h"

enum {
    WAITS_SEEN = 16,
    WAITS_SHORT = 12, /* of them, for the next to be expected to be short */
    BYTES_FEW = 4096, /* some requests, no part of a stream */
    CROWDS_MAX = 3,
};

/* Nothing takes so long between two looks but another program. */
#define INTERRUPTED (50 * TOE_NS_PER_US)

/* Whether there is a crowd is asked so often, and so late in a vigil. */
#define ASK_EVERY TOE_NS_PER_MS
#define SETTLED (10 * TOE_NS_PER_US)

#define PAUSE_MIN TOE_NS_PER_MS
#define PAUSE_MAX (16 * TOE_NS_PER_MS)

static uint32_t ones(uint32_t bits)
{
    uint32_t cnt = 0;

    for (; bits != 0; bits &= bits - 1) {
        ++cnt;
    }
    return cnt;
}

static bool is_worth(const struct emu_vigil *vigil, toe_instant now)
{
    return vigil->bytes <= BYTES_FEW && ones(vigil->waits) >= WAITS_SHORT &&
           now - vigil->failed_at >= vigil->pause;
}

static void fail(struct emu_vigil *vigil, toe_instant now)
{
    ++vigil->vain_cnt;
    vigil->is_kept = false;
    if (now - vigil->failed_at >= 2 * vigil->pause) {
        vigil->pause = PAUSE_MIN; /* It went well for as long as the last pause. */
    } else if (vigil->pause < PAUSE_MAX) {
        vigil->pause *= 2;
    }
    vigil->failed_at = now;
}

/*
 * It is asked a while after the last frame, when whoever sent or got that sleeps again. There are
 * always moments with one thread too many; it is a crowd if there are more of them than others.
 */
static bool is_crowded(struct emu_vigil *vigil, toe_instant now)
{
    if (now - vigil->heard_at < SETTLED || now - vigil->asked_at < ASK_EVERY) {
        return false;
    }
    vigil->asked_at = now;
    if (emu_crowd_is_there(vigil->crowd)) {
        vigil->crowds += vigil->crowds < CROWDS_MAX ? 1 : 0;
    } else {
        vigil->crowds -= vigil->crowds > 0 ? 1 : 0;
    }
    return vigil->crowds == CROWDS_MAX;
}

/* Ends a vigil that was long enough, or while which there was something else to do here. */
static void watch(struct emu_vigil *vigil, toe_instant now)
{
    if (vigil->is_kept && (now - vigil->heard_at > EMU_VIGIL_MAX ||
                           now - vigil->looked_at > INTERRUPTED || is_crowded(vigil, now))) {
        fail(vigil, now);
    }
    vigil->looked_at = now;
}

bool emu_vigil_heard(struct emu_vigil *vigil, uint64_t bytes, toe_instant now)
{
    if (vigil->is_waiting) {
        watch(vigil, now);
        vigil->waits = (vigil->waits << 1 | (now - vigil->heard_at <= EMU_VIGIL_MAX ? 1 : 0)) &
                       ((1U << WAITS_SEEN) - 1);
        vigil->is_waiting = false;
        vigil->bytes = 0;
    }
    vigil->bytes += bytes;
    vigil->heard_at = now;
    return is_worth(vigil, now);
}

bool emu_vigil_silent(struct emu_vigil *vigil, toe_instant now)
{
    if (!vigil->is_waiting) {
        vigil->is_waiting = true;
        vigil->is_kept = is_worth(vigil, now);
        vigil->kept_cnt += vigil->is_kept ? 1 : 0;
        vigil->looked_at = now;
    }
    watch(vigil, now);
    return vigil->is_kept;
}
