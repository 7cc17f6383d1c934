/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "swarm/schedule.h"

#define VERSION 1
#define EVENTS_MAX 10000000

/* How a setting is written. */
enum form {
    BOOL,
    U32,
    U64,
    SECONDS, /* a double, as whole nanoseconds */
    CHOICE,  /* an enumeration, as a number */
};

static const struct {
    const char *name;
    enum form form;
    size_t offset;
    uint64_t min, max;
} fields[] = {
#define FIELD(name, form, min, max)                                                                \
    {                                                                                              \
#name, form, offsetof(struct emu_stress_settings, name), min, max                          \
    }
    FIELD(connections, U32, 1, 100000),
    FIELD(bytes, U32, 1, 16 << 20),
    FIELD(seconds, SECONDS, 1, 3600000 * TOE_NS_PER_SEC),
    FIELD(seed, U64, 0, INT64_MAX),
    FIELD(ipv4, BOOL, 0, 1),
    FIELD(ipv6, BOOL, 0, 1),
    FIELD(receive_mode, CHOICE, 0, TOE_RECEIVE_MIXED),
    FIELD(lag, SECONDS, 0, 3600 * TOE_NS_PER_SEC),
    FIELD(ecn, BOOL, 0, 1),
    FIELD(accurate_ecn, BOOL, 0, 1),
    FIELD(mtu_probing, CHOICE, 0, TOE_MTU_PROBING_ALWAYS),
    FIELD(without, U32, 0, EMU_WITHOUT_ALL),
    FIELD(rcv_buf, U32, 1, 1 << 20),
    FIELD(loss, U32, 0, 1000000),
    FIELD(reorder, U32, 0, 1000000),
    FIELD(duplicate, U32, 0, 1000000),
    FIELD(corrupt, U32, 0, 1000000),
    FIELD(mark, U32, 0, 1000000),
    FIELD(delay, SECONDS, 0, 60 * TOE_NS_PER_SEC),
    FIELD(rate, U64, 0, INT64_MAX),
    FIELD(mtu, U32, 1280, 65535),
#undef FIELD
};

#define FIELD_CNT (sizeof(fields) / sizeof(fields[0]))

static uint64_t field_get(const struct emu_stress_settings *settings, size_t idx)
{
    const void *at = (const char *)settings + fields[idx].offset;
    unsigned choice;

    switch (fields[idx].form) {
    case BOOL:
        return *(const bool *)at;
    case U32:
        return *(const uint32_t *)at;
    case U64:
        return *(const uint64_t *)at;
    case SECONDS:
        return (uint64_t)(*(const double *)at * (double)TOE_NS_PER_SEC + 0.5);
    case CHOICE:
        memcpy(&choice, at, sizeof(choice));
        return choice;
    }
    return 0;
}

static void field_set(struct emu_stress_settings *settings, size_t idx, uint64_t value)
{
    void *at = (char *)settings + fields[idx].offset;
    const unsigned choice = (unsigned)value;

    switch (fields[idx].form) {
    case BOOL:
        *(bool *)at = value != 0;
        break;
    case U32:
        *(uint32_t *)at = (uint32_t)value;
        break;
    case U64:
        *(uint64_t *)at = value;
        break;
    case SECONDS:
        *(double *)at = (double)value / (double)TOE_NS_PER_SEC;
        break;
    case CHOICE:
        memcpy(at, &choice, sizeof(choice));
        break;
    }
}

/* --- writing --- */

static json_t *settings_json(const struct emu_stress_settings *settings)
{
    json_t *object = json_object();

    for (size_t i = 0; i < FIELD_CNT; ++i) {
        json_object_set_new(object, fields[i].name,
                            json_integer((json_int_t)field_get(settings, i)));
    }
    return object;
}

static json_t *event_json(const struct emu_swarm_event *event)
{
    char detail[17];

    snprintf(detail, sizeof(detail), "%016" PRIx64, event->detail);
    return json_pack("{s:I, s:s, s:s, s:s}", "at", (json_int_t)event->at, "machine",
                     event->machine == 0 ? "A" : "B", "what", emu_swarm_name(event->what), "detail",
                     detail);
}

json_t *emu_schedule_json(const struct emu_schedule *schedule,
                          const struct emu_stress_settings *settings)
{
    json_t *events = json_array();

    for (size_t i = 0; i < schedule->cnt; ++i) {
        json_array_append_new(events, event_json(&schedule->events[i]));
    }
    return json_pack("{s:s, s:i, s:o, s:o}", "type", "schedule", "version", VERSION, "settings",
                     settings_json(settings), "events", events);
}

/* --- reading --- */

static bool refuse(struct emu_error *error, const char *what)
{
    emu_error_set(error, EMU_EXIT_USAGE, "no schedule: %s", what);
    return false;
}

static bool parse_settings(struct emu_stress_settings *settings, const json_t *object,
                           struct emu_error *error)
{
    for (size_t i = 0; i < FIELD_CNT; ++i) {
        const json_t *value = json_object_get(object, fields[i].name);
        const uint64_t number = (uint64_t)json_integer_value(value);

        if (!json_is_integer(value) || json_integer_value(value) < 0 || number < fields[i].min ||
            number > fields[i].max) {
            emu_error_set(error, EMU_EXIT_USAGE,
                          "no schedule: the setting \"%s\" is missing or "
                          "out of range",
                          fields[i].name);
            return false;
        }
        field_set(settings, i, number);
    }
    return settings->ipv4 || settings->ipv6 || refuse(error, "neither IPv4 nor IPv6");
}

static bool parse_what(uint8_t *what, const char *name)
{
    for (unsigned i = 0; name != NULL && i < EMU_SWARM_CNT; ++i) {
        if (strcmp(name, emu_swarm_name(i)) == 0) {
            *what = (uint8_t)i;
            return true;
        }
    }
    return false;
}

static bool parse_event(struct emu_swarm_event *event, const json_t *object)
{
    const json_t *at = json_object_get(object, "at");
    const char *machine = json_string_value(json_object_get(object, "machine"));
    const char *detail = json_string_value(json_object_get(object, "detail"));
    char *end;

    if (!json_is_integer(at) || json_integer_value(at) < 0 || machine == NULL ||
        (strcmp(machine, "A") != 0 && strcmp(machine, "B") != 0) || detail == NULL ||
        strlen(detail) != 16 || strspn(detail, "0123456789abcdef") != 16) {
        return false;
    }
    event->at = (toe_instant)json_integer_value(at);
    event->machine = machine[0] == 'B';
    event->detail = strtoull(detail, &end, 16);
    return parse_what(&event->what, json_string_value(json_object_get(object, "what")));
}

bool emu_schedule_parse(struct emu_schedule *schedule, struct emu_stress_settings *settings,
                        const json_t *root, struct emu_error *error)
{
    const char *type = json_string_value(json_object_get(root, "type"));
    const json_t *events = json_object_get(root, "events");

    if (type == NULL || strcmp(type, "schedule") != 0 ||
        json_integer_value(json_object_get(root, "version")) != VERSION) {
        return refuse(error, "it is of another type or version");
    }
    if (!parse_settings(settings, json_object_get(root, "settings"), error)) {
        return false;
    }
    if (!json_is_array(events) || json_array_size(events) > EVENTS_MAX) {
        return refuse(error, "it has no events");
    }
    schedule->cnt = 0;
    for (size_t i = 0; i < json_array_size(events); ++i) {
        struct emu_swarm_event event;
        const toe_instant before = i == 0 ? 0 : schedule->events[i - 1].at;

        if (!parse_event(&event, json_array_get(events, i)) || event.at < before) {
            emu_error_set(error, EMU_EXIT_USAGE,
                          "no schedule: event %zu is none, or earlier than the one before", i + 1);
            return false;
        }
        emu_schedule_add(schedule, &event);
    }
    settings->policy = TOE_POLICY_MANUAL;
    settings->chaos = 0;
    return true;
}
