/* SPDX-License-Identifier: MIT */
/*
 * Weather: what befalls a simulated machine from outside, at random instants from a seed.
 *
 * Chaos between host and target (toe/inter.h) is about the seam; this is about what lies around it:
 * the road to the machine's link, the link, and the owner of its target. All of it is such as
 * happens to real machines, and no connection may be lost by it.
 */
#ifndef EMU_WEATHER_H
#define EMU_WEATHER_H

#include "random.h"
#include "road.h"
#include "toe/target.h"

enum emu_weather_kind {
    EMU_WEATHER_MOVE,   /* the machine gets another Ethernet address */
    EMU_WEATHER_NARROW, /* the path MTU falls for a while */
    EMU_WEATHER_FLAP,   /* the link is cut for a while */
    EMU_WEATHER_PAUSE,  /* the target's owner pauses it for a while */
    EMU_WEATHER_UPLOAD, /* he has everything uploaded, and resumes */
    EMU_WEATHER_CAPS,   /* the same, with other capabilities */
    EMU_WEATHER_CNT,
};

/* emu_weather_kind_name() is "move" and so on, or "unknown". */
const char *emu_weather_kind_name(enum emu_weather_kind kind);

struct emu_weather_settings {
    struct toe_sim_link *link;
    struct emu_road *road;
    struct toe_target *target;
    uint8_t mac[TOE_MAC_LEN]; /* the first of the machine's; others differ in the fourth byte */
    uint32_t kinds;           /* 1 << enum emu_weather_kind: what happens at all */
    uint64_t seed;
};

struct emu_weather {
    struct emu_weather_settings settings;
    struct emu_random random;
    struct toe_caps caps;               /* the target's own */
    toe_instant next[EMU_WEATHER_CNT];  /* when it happens again */
    toe_instant until[EMU_WEATHER_CNT]; /* when it ends; NEVER: it is not the case */
    enum emu_weather_kind paused_by;    /* while the target is paused */
    bool is_paused;
    uint32_t announced;            /* how often the present address was */
    uint64_t cnt[EMU_WEATHER_CNT]; /* how often it happened */
};

/* emu_weather_init() begins at instant 0. */
void emu_weather_init(struct emu_weather *weather, const struct emu_weather_settings *settings);

/* emu_weather_deadline() is when the next thing happens, or ends. */
toe_instant emu_weather_deadline(const struct emu_weather *weather);

/* emu_weather_run() does what is due at |now|; not from within a run of the machine. */
void emu_weather_run(struct emu_weather *weather, toe_instant now);

/*
 * emu_weather_strike() has |kind| happen at |now|, in the way that |detail| says, unless it is the
 * case already.
 */
void emu_weather_strike(struct emu_weather *weather, enum emu_weather_kind kind, uint64_t detail,
                        toe_instant now);

/* emu_weather_clear() lets nothing happen any more; what is the case ends in its time. */
void emu_weather_clear(struct emu_weather *weather);

#endif
