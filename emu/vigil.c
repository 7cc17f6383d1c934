/* SPDX-License-Identifier: MIT */
#include "vigil.h"

enum {
    WAITS_SEEN = 16,
    WAITS_SHORT = 12, /* of them, for the next to be expected to be short */
    BYTES_FEW = 4096, /* some requests, no part of a stream */
};

/* Nothing takes so long between two looks but another program. */
#define INTERRUPTED (50 * TOE_NS_PER_US)

#define PAUSE_MIN TOE_NS_PER_MS
#define PAUSE_MAX (128 * TOE_NS_PER_MS)
#define FORGOTTEN TOE_NS_PER_SEC /* what went wrong so long ago */

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
    vigil->is_kept = false;
    if (now - vigil->failed_at >= FORGOTTEN) {
        vigil->pause = PAUSE_MIN;
    } else if (vigil->pause < PAUSE_MAX) {
        vigil->pause *= 2;
    }
    vigil->failed_at = now;
}

/* A vigil ends when it was long enough, or there was something else to do here. */
static void watch(struct emu_vigil *vigil, toe_instant now)
{
    if (vigil->is_kept &&
        (now - vigil->heard_at > EMU_VIGIL_MAX || now - vigil->looked_at > INTERRUPTED)) {
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
        vigil->looked_at = now;
    }
    watch(vigil, now);
    return vigil->is_kept;
}
