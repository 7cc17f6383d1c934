/* SPDX-License-Identifier: MIT */
/*
 * Courses: the phases that the load of a certification stress goes through.
 *
 * A phase has so many connections of such a kind open, moves them so often, and does something to
 * the wire or not. Most phases take a share of the run's time, so that a short run has the same
 * ones; a few, which wait for something, take so many seconds.
 */
#ifndef EMU_ENDURANCE_COURSE_H
#define EMU_ENDURANCE_COURSE_H

#include "toe/types.h"

struct emu_course_phase {
    const char *name;
    const char *text;         /* what happens, in some words */
    uint32_t share;           /* of the time that is left by the others, or 0: */
    uint32_t seconds;         /* it takes so long */
    uint32_t percent;         /* of the connections */
    uint32_t bytes;           /* percent of what a connection carries on average */
    double life;              /* of a connection at most, in seconds; 0: as it likes */
    toe_duration moves_every; /* mean time between two batches that are moved */
    bool offloads_all;        /* whatever can be offloaded is; else at random */
    /* What the wire does, each way, besides what it does anyway; in a million frames. */
    uint32_t loss, reorder, duplicate, corrupt;
};

struct emu_course {
    const char *name; /* of the profile */
    double seconds;
    uint32_t connections; /* at once */
    bool is_brief;        /* of the directed checks those only of the profile that the load runs */
};

/* emu_course_find() is the course of the profile |name|, or NULL. */
const struct emu_course *emu_course_find(const char *name);

/* emu_course_names() are the profiles' names, ended by NULL. */
extern const char *const emu_course_names[];

/* emu_course_cnt() is how many phases there are, the same in all courses. */
uint32_t emu_course_cnt(void);

/* emu_course_phase() is the phase |idx|, below emu_course_cnt(). */
const struct emu_course_phase *emu_course_phase(uint32_t idx);

/* emu_course_begin() is when phase |idx| of a run of |seconds| begins; of the last one, and no
 * more, its end. */
toe_duration emu_course_begin(double seconds, uint32_t idx);

/* emu_course_share() is |percent| of |whole|, at least 1. */
uint32_t emu_course_share(uint32_t whole, uint32_t percent);

#endif
