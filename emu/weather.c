/* SPDX-License-Identifier: MIT */
#include "weather.h"

#include <string.h>

/* How often a target that still has something to upload is asked to resume. */
#define RESUME_RETRY (10 * TOE_NS_PER_MS)

/* An address is announced more than once, because what is broadcast may be lost. */
#define ANNOUNCE_CNT 4
#define ANNOUNCE_GAP TOE_NS_PER_SEC

#define MTU_LEAST 600u
#define MTU_RANGE 800u

static const struct {
    const char *name;
    toe_duration every; /* on average */
    toe_duration lasts; /* at most */
} table[EMU_WEATHER_CNT] = {
    [EMU_WEATHER_MOVE] = {"move", 15 * TOE_NS_PER_SEC, ANNOUNCE_GAP},
    [EMU_WEATHER_NARROW] = {"narrow", 10 * TOE_NS_PER_SEC, 5 * TOE_NS_PER_SEC},
    [EMU_WEATHER_FLAP] = {"flap", 8 * TOE_NS_PER_SEC, TOE_NS_PER_SEC},
    [EMU_WEATHER_PAUSE] = {"owner_pause", 8 * TOE_NS_PER_SEC, TOE_NS_PER_SEC},
    [EMU_WEATHER_UPLOAD] = {"owner_upload", 10 * TOE_NS_PER_SEC, TOE_NS_PER_SEC},
    [EMU_WEATHER_CAPS] = {"owner_caps", 12 * TOE_NS_PER_SEC, TOE_NS_PER_SEC},
};

const char *emu_weather_kind_name(enum emu_weather_kind kind)
{
    return (unsigned)kind < EMU_WEATHER_CNT ? table[kind].name : "unknown";
}

static bool is_of_owner(enum emu_weather_kind kind)
{
    return kind == EMU_WEATHER_PAUSE || kind == EMU_WEATHER_UPLOAD || kind == EMU_WEATHER_CAPS;
}

static toe_instant again(struct emu_weather *weather, enum emu_weather_kind kind, toe_instant now)
{
    return now + 1 + emu_random_below(&weather->random, 2 * table[kind].every);
}

/* --- what happens --- */

static void move(struct emu_weather *weather)
{
    uint8_t mac[TOE_MAC_LEN];

    memcpy(mac, weather->settings.mac, TOE_MAC_LEN);
    mac[3] = (uint8_t)emu_random_below(&weather->random, 4);
    weather->announced = 1;
    emu_road_move(weather->settings.road, mac, emu_random_chance(&weather->random, 500000));
}

static void begin(struct emu_weather *weather, enum emu_weather_kind kind)
{
    switch (kind) {
    case EMU_WEATHER_MOVE:
        move(weather);
        break;
    case EMU_WEATHER_NARROW:
        emu_road_narrow(weather->settings.road,
                        MTU_LEAST + (uint32_t)emu_random_below(&weather->random, MTU_RANGE));
        break;
    case EMU_WEATHER_FLAP:
        toe_sim_link_up_set(weather->settings.link, false);
        break;
    case EMU_WEATHER_PAUSE:
        toe_target_pause(weather->settings.target);
        break;
    case EMU_WEATHER_UPLOAD:
    case EMU_WEATHER_CAPS:
        toe_target_upload_all(weather->settings.target);
        break;
    case EMU_WEATHER_CNT:
        break;
    }
}

/* Some of the target's own capabilities. */
static struct toe_caps fewer(struct emu_weather *weather)
{
    struct toe_caps caps = weather->caps;
    const uint64_t bits = emu_random_next(&weather->random);

    if (caps.ipv4 && caps.ipv6) {
        caps.ipv4 = (bits & 3) != 0;
        caps.ipv6 = (bits & 3) != 1;
    }
    caps.sack = caps.sack && (bits & 4) != 0;
    caps.tcp_max = 1 + (uint32_t)emu_random_below(&weather->random, caps.tcp_max);
    caps.rcv_wnd_max -= (uint32_t)emu_random_below(&weather->random, caps.rcv_wnd_max / 2);
    return caps;
}

/* Returns whether the target goes on; if not, something of what it is to upload is still there. */
static bool resume(struct emu_weather *weather)
{
    if (weather->paused_by == EMU_WEATHER_CAPS) {
        const struct toe_caps caps = fewer(weather);

        return toe_target_resume(weather->settings.target, &caps) == TOE_STATUS_SUCCESS;
    }
    return toe_target_resume(weather->settings.target, NULL) == TOE_STATUS_SUCCESS;
}

/* Returns in how long to try again; 0: it is over. */
static toe_duration end(struct emu_weather *weather, enum emu_weather_kind kind)
{
    switch (kind) {
    case EMU_WEATHER_MOVE:
        emu_road_announce(weather->settings.road);
        return ++weather->announced < ANNOUNCE_CNT ? ANNOUNCE_GAP : 0;
    case EMU_WEATHER_NARROW:
        emu_road_narrow(weather->settings.road, 0);
        return 0;
    case EMU_WEATHER_FLAP:
        toe_sim_link_up_set(weather->settings.link, true);
        return 0;
    case EMU_WEATHER_PAUSE:
    case EMU_WEATHER_UPLOAD:
    case EMU_WEATHER_CAPS:
        weather->is_paused = !resume(weather);
        return weather->is_paused ? RESUME_RETRY : 0;
    case EMU_WEATHER_CNT:
        break;
    }
    return 0;
}

/* --- when --- */

void emu_weather_init(struct emu_weather *weather, const struct emu_weather_settings *settings)
{
    *weather = (struct emu_weather){.settings = *settings, .random.state = settings->seed};
    weather->caps.size = sizeof(weather->caps);
    toe_target_ops()->caps_get(settings->target, &weather->caps);
    for (int i = 0; i < EMU_WEATHER_CNT; ++i) {
        weather->until[i] = TOE_INSTANT_NEVER;
        weather->next[i] = (settings->kinds >> i & 1) != 0
                               ? again(weather, (enum emu_weather_kind)i, 0)
                               : TOE_INSTANT_NEVER;
    }
}

toe_instant emu_weather_deadline(const struct emu_weather *weather)
{
    toe_instant due = TOE_INSTANT_NEVER;

    for (int i = 0; i < EMU_WEATHER_CNT; ++i) {
        due = weather->next[i] < due ? weather->next[i] : due;
        due = weather->until[i] < due ? weather->until[i] : due;
    }
    return due;
}

/* What goes on already, or the owner is at already, is left out. */
static void happen(struct emu_weather *weather, enum emu_weather_kind kind, toe_instant now)
{
    if (weather->until[kind] != TOE_INSTANT_NEVER || (is_of_owner(kind) && weather->is_paused)) {
        return;
    }
    ++weather->cnt[kind];
    if (is_of_owner(kind)) {
        weather->is_paused = true;
        weather->paused_by = kind;
    }
    weather->until[kind] = now + 1 + emu_random_below(&weather->random, table[kind].lasts);
    begin(weather, kind);
}

void emu_weather_run(struct emu_weather *weather, toe_instant now)
{
    for (int i = 0; i < EMU_WEATHER_CNT; ++i) {
        const enum emu_weather_kind kind = (enum emu_weather_kind)i;

        if (weather->until[i] <= now) {
            const toe_duration again_in = end(weather, kind);

            weather->until[i] = again_in == 0 ? TOE_INSTANT_NEVER : now + again_in;
        }
        if (weather->next[i] <= now) {
            weather->next[i] = again(weather, kind, now);
            happen(weather, kind, now);
        }
    }
}

void emu_weather_strike(struct emu_weather *weather, enum emu_weather_kind kind, uint64_t detail,
                        toe_instant now)
{
    weather->random.state = detail;
    happen(weather, kind, now);
}

void emu_weather_clear(struct emu_weather *weather)
{
    for (int i = 0; i < EMU_WEATHER_CNT; ++i) {
        weather->next[i] = TOE_INSTANT_NEVER;
    }
}
