/* SPDX-License-Identifier: MIT */
#include "endurance/course.h"

#include <string.h>

/*
 * With a cable pulled for longer than a neighbor stays fresh (EMU_ENDURANCE_STALE), the next
 * datagram has the target ask for the neighbor (NBR-7).
 */
static const struct emu_course_phase phases[] = {
    {.name = "climb",
     .text = "connections come, a quarter of them",
     .share = 6,
     .percent = 25,
     .bytes = 100,
     .moves_every = 500 * TOE_NS_PER_MS},
    {.name = "fill",
     .text = "and more",
     .share = 6,
     .percent = 60,
     .bytes = 100,
     .moves_every = 500 * TOE_NS_PER_MS},
    {.name = "steady",
     .text = "all connections, of every kind",
     .share = 24,
     .percent = 100,
     .bytes = 100,
     .moves_every = 500 * TOE_NS_PER_MS},
    {.name = "churn",
     .text = "short connections only, one after the other",
     .share = 10,
     .percent = 100,
     .bytes = 10,
     .life = 4,
     .moves_every = 500 * TOE_NS_PER_MS},
    {.name = "moves",
     .text = "batches move ten times as often",
     .share = 12,
     .percent = 100,
     .bytes = 100,
     .moves_every = 50 * TOE_NS_PER_MS},
    {.name = "crowd",
     .text = "more connections, and whatever can be offloaded is, up to the target's limit",
     .share = 12,
     .percent = 120,
     .bytes = 50,
     .moves_every = 2 * TOE_NS_PER_SEC,
     .offloads_all = true},
    {.name = "bulk",
     .text = "fewer connections, which carry more",
     .share = 10,
     .percent = 40,
     .bytes = 600,
     .moves_every = 500 * TOE_NS_PER_MS},
    {.name = "disorder",
     .text = "frames are lost, late, doubled and spoiled",
     .share = 10,
     .percent = 100,
     .bytes = 100,
     .moves_every = 500 * TOE_NS_PER_MS,
     .loss = 5000,
     .reorder = 20000,
     .duplicate = 5000,
     .corrupt = 1000},
    {.name = "cable",
     .text = "the cable is pulled",
     .seconds = 5,
     .percent = 100,
     .bytes = 100,
     .moves_every = 500 * TOE_NS_PER_MS,
     .loss = 1000000},
    {.name = "calm",
     .text = "as at the beginning",
     .share = 10,
     .percent = 100,
     .bytes = 100,
     .moves_every = 500 * TOE_NS_PER_MS},
};

enum { PHASE_CNT = sizeof(phases) / sizeof(phases[0]) };

/* More connections than the 1,024 that the requirement names. */
static const struct emu_course courses[] = {
    {"full", 10800, 1280, false},
    {"short", 1800, 1280, false},
    {"quick", 600, 1280, false},
    {"smoke", 30, 1280, true},
};

const char *const emu_course_names[] = {"full", "short", "quick", "smoke", NULL};

const struct emu_course *emu_course_find(const char *name)
{
    for (size_t i = 0; i < sizeof(courses) / sizeof(courses[0]); ++i) {
        if (strcmp(courses[i].name, name) == 0) {
            return &courses[i];
        }
    }
    return NULL;
}

uint32_t emu_course_cnt(void)
{
    return PHASE_CNT;
}

const struct emu_course_phase *emu_course_phase(uint32_t idx)
{
    return &phases[idx];
}

toe_duration emu_course_begin(double seconds, uint32_t idx)
{
    double fixed = 0;
    double shares = 0;
    double begin = 0;

    for (uint32_t i = 0; i < PHASE_CNT; ++i) {
        fixed += phases[i].seconds;
        shares += phases[i].share;
    }
    /* A run that is too short for them is nothing but them. */
    fixed = fixed < seconds ? fixed : seconds;
    for (uint32_t i = 0; i < idx; ++i) {
        begin += phases[i].seconds + (seconds - fixed) * phases[i].share / shares;
    }
    return (toe_duration)(begin * (double)TOE_NS_PER_SEC);
}

uint32_t emu_course_share(uint32_t whole, uint32_t percent)
{
    const uint32_t part = (uint32_t)((uint64_t)whole * percent / 100);

    return part > 0 ? part : 1;
}
