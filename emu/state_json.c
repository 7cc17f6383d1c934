/* SPDX-License-Identifier: MIT */
#include "state_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "option.h"

/* Bytes of a stream that a line of text shows. */
#define SHOWN_MAX 16u

static const char *const congestions[] = {"default", "newreno", "cubic", "none", "bbr"};
#define CONGESTION_CNT (sizeof(congestions) / sizeof(congestions[0]))

static const char hex_digits[] = "0123456789abcdef";

/* --- fields as numbers --- */

static unsigned width_of(const struct toe_saved_field *field)
{
    switch ((enum toe_saved_kind)field->kind) {
    case TOE_SAVED_U8:
        return 1;
    case TOE_SAVED_U16:
        return 2;
    case TOE_SAVED_U64:
        return 8;
    case TOE_SAVED_U32:
    case TOE_SAVED_TICKS:
    case TOE_SAVED_STATE:
    case TOE_SAVED_CONGESTION:
    case TOE_SAVED_MAC:
    case TOE_SAVED_ADDR:
    case TOE_SAVED_RANGES:
    case TOE_SAVED_RUNS:
    case TOE_SAVED_STREAM:
        break;
    }
    return 4;
}

static uint64_t number_get(const struct toe_saved *saved, const struct toe_saved_field *field)
{
    const uint8_t *p = (const uint8_t *)saved + field->off;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;

    switch (width_of(field)) {
    case 1:
        return *p;
    case 2:
        memcpy(&u16, p, sizeof(u16));
        return u16;
    case 8:
        memcpy(&u64, p, sizeof(u64));
        return u64;
    default:
        memcpy(&u32, p, sizeof(u32));
        return u32;
    }
}

static void number_set(struct toe_saved *saved, const struct toe_saved_field *field, uint64_t value)
{
    uint8_t *p = (uint8_t *)saved + field->off;
    const uint16_t u16 = (uint16_t)value;
    const uint32_t u32 = (uint32_t)value;

    switch (width_of(field)) {
    case 1:
        *p = (uint8_t)value;
        break;
    case 2:
        memcpy(p, &u16, sizeof(u16));
        break;
    case 8:
        memcpy(p, &value, sizeof(value));
        break;
    default:
        memcpy(p, &u32, sizeof(u32));
        break;
    }
}

static const struct toe_saved_bytes *stream_of(const struct toe_saved *saved,
                                               const struct toe_saved_field *field)
{
    return (const void *)((const uint8_t *)saved + field->off);
}

/* --- to JSON --- */

static json_t *hex_value(const char *head, const uint8_t *data, size_t len)
{
    const size_t head_len = strlen(head);
    char *text = malloc(head_len + 2 * len + 1);
    json_t *value = NULL;

    if (text != NULL) {
        memcpy(text, head, head_len);
        for (size_t i = 0; i < len; ++i) {
            text[head_len + 2 * i] = hex_digits[data[i] >> 4];
            text[head_len + 2 * i + 1] = hex_digits[data[i] & 15];
        }
        value = json_stringn(text, head_len + 2 * len);
    }
    free(text);
    return value;
}

static json_t *number_value(uint64_t value)
{
    return value <= INT64_MAX ? json_integer((json_int_t)value) : json_sprintf("%" PRIu64, value);
}

/* An address as text; what is none, as all of its bytes behind a question mark. */
static json_t *address_value(const struct toe_addr *addr)
{
    uint8_t bytes[1 + sizeof(addr->bytes)];
    struct toe_addr again;
    char text[46];

    emu_option_address_text(text, addr);
    if ((addr->family == 4 || addr->family == 6) && emu_option_address(&again, text) &&
        again.family == addr->family &&
        memcmp(again.bytes, addr->bytes, sizeof(again.bytes)) == 0) {
        return json_string(text);
    }
    bytes[0] = addr->family;
    memcpy(bytes + 1, addr->bytes, sizeof(addr->bytes));
    return hex_value("?", bytes, sizeof(bytes));
}

static json_t *ranges_value(const struct toe_saved *saved, const struct toe_saved_field *field)
{
    const struct toe_seq_range *ranges = (const void *)((const uint8_t *)saved + field->off);
    json_t *value = json_array();
    uint32_t cnt;

    memcpy(&cnt, (const uint8_t *)saved + field->cnt_off, sizeof(cnt));
    for (uint32_t i = 0; i < cnt; ++i) {
        json_array_append_new(
            value, json_pack("[I, I]", (json_int_t)ranges[i].start, (json_int_t)ranges[i].end));
    }
    return value;
}

/* The numbers of a run, in the order of its structure; all but the age have 32 bits. */
enum {
    RUN_AGE = 2,
    RUN_NUMBERS = 9,
};

static void run_get(uint64_t numbers[RUN_NUMBERS], const struct toe_flight_run *run)
{
    const uint64_t all[RUN_NUMBERS] = {run->end,           run->flags,     run->age,
                                       run->is_limited,    run->delivered, run->lost,
                                       run->delivered_ago, run->first_ago, run->in_flight};

    memcpy(numbers, all, sizeof(all));
}

static json_t *runs_value(const struct toe_saved *saved, const struct toe_saved_field *field)
{
    const struct toe_flight_run *runs = (const void *)((const uint8_t *)saved + field->off);
    json_t *value = json_array();
    uint32_t cnt;

    memcpy(&cnt, (const uint8_t *)saved + field->cnt_off, sizeof(cnt));
    for (uint32_t i = 0; i < cnt; ++i) {
        uint64_t numbers[RUN_NUMBERS];
        json_t *run = json_array();

        run_get(numbers, &runs[i]);
        for (unsigned k = 0; k < RUN_NUMBERS; ++k) {
            json_array_append_new(run, number_value(numbers[k]));
        }
        json_array_append_new(value, run);
    }
    return value;
}

static json_t *mac_value(const uint8_t *mac)
{
    return json_sprintf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
                        mac[5]);
}

json_t *emu_state_value(const struct toe_saved *saved, const struct toe_saved_field *field)
{
    const uint8_t *p = (const uint8_t *)saved + field->off;
    const uint64_t number = number_get(saved, field);
    struct toe_addr addr;

    if (!toe_saved_has(saved, (enum toe_saved_tag)field->tag)) {
        return NULL;
    }
    switch ((enum toe_saved_kind)field->kind) {
    case TOE_SAVED_U8:
    case TOE_SAVED_U16:
    case TOE_SAVED_U32:
    case TOE_SAVED_U64:
        return number_value(number);
    case TOE_SAVED_TICKS:
        return number == UINT32_MAX ? json_null() : number_value(number);
    case TOE_SAVED_STATE:
        return number <= TOE_TCP_TIME_WAIT
                   ? json_string(toe_conn_state_name((enum toe_conn_state)number))
                   : number_value(number);
    case TOE_SAVED_CONGESTION:
        return number < CONGESTION_CNT ? json_string(congestions[number]) : number_value(number);
    case TOE_SAVED_MAC:
        return mac_value(p);
    case TOE_SAVED_ADDR:
        memcpy(&addr, p, sizeof(addr));
        return address_value(&addr);
    case TOE_SAVED_RANGES:
        return ranges_value(saved, field);
    case TOE_SAVED_RUNS:
        return runs_value(saved, field);
    case TOE_SAVED_STREAM:
        return hex_value("", stream_of(saved, field)->data, stream_of(saved, field)->len);
    }
    return NULL;
}

/* The name of the section of |field|, which is that of the field itself for a stream. */
static void section_of(char out[64], const struct toe_saved_field *field)
{
    (void)snprintf(out, 64, "%.*s", (int)strcspn(field->name, "."), field->name);
}

/* What |field| is called in its section. */
static const char *member_of(const struct toe_saved_field *field)
{
    const char *dot = strchr(field->name, '.');

    return dot == NULL ? field->name : dot + 1;
}

json_t *emu_state_json(const struct toe_saved *saved)
{
    json_t *json = json_pack("{s:s, s:i}", "type", "state", "version", (int)TOE_SAVED_VERSION);
    int failed = json == NULL;

    for (const struct toe_saved_field *f = toe_saved_field_next(NULL); f != NULL && !failed;
         f = toe_saved_field_next(f)) {
        json_t *value = emu_state_value(saved, f);
        char name[64];
        json_t *section;

        if (!toe_saved_has(saved, (enum toe_saved_tag)f->tag)) {
            continue;
        }
        section_of(name, f);
        if (f->kind == TOE_SAVED_STREAM) {
            failed = json_object_set_new(json, name, value);
            continue;
        }
        section = json_object_get(json, name);
        if (section == NULL) {
            section = json_object();
            failed = json_object_set_new(json, name, section);
        }
        failed = failed != 0 || json_object_set_new(section, member_of(f), value) != 0;
    }
    if (failed) {
        json_decref(json);
        return NULL;
    }
    return json;
}

/* --- from JSON --- */

static bool refuse(struct emu_state_fault *fault, const char *field, const char *rule)
{
    (void)snprintf(fault->field, sizeof(fault->field), "%s", field);
    (void)snprintf(fault->rule, sizeof(fault->rule), "%s", rule);
    return false;
}

/* Reads |value| as a number up to |max|. */
static bool parse_number(uint64_t *out, const json_t *value, uint64_t max)
{
    if (json_is_integer(value) && json_integer_value(value) >= 0) {
        *out = (uint64_t)json_integer_value(value);
        return *out <= max;
    }
    if (json_is_string(value)) {
        const char *text = json_string_value(value);
        char back[24];

        *out = strtoull(text, NULL, 10);
        (void)snprintf(back, sizeof(back), "%" PRIu64, *out);
        return *out > INT64_MAX && *out <= max && strcmp(back, text) == 0;
    }
    return false;
}

static int nibble(char c)
{
    const char *at = c == '\0' ? NULL : strchr(hex_digits, c);

    return at == NULL ? -1 : (int)(at - hex_digits);
}

/* Reads 2 * |len| digits. */
static bool parse_hex(uint8_t *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; ++i) {
        const int high = nibble(text[2 * i]);
        const int low = high < 0 ? -1 : nibble(text[2 * i + 1]);

        if (low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool parse_mac(uint8_t *out, const json_t *value)
{
    const char *text = json_string_value(value);

    if (text == NULL || strlen(text) != 3 * TOE_MAC_LEN - 1) {
        return false;
    }
    for (int i = 0; i < TOE_MAC_LEN; ++i) {
        if (!parse_hex(out + i, text + 3 * i, 1) ||
            (i + 1 < TOE_MAC_LEN && text[3 * i + 2] != ':')) {
            return false;
        }
    }
    return true;
}

static bool parse_address(struct toe_addr *out, const json_t *value)
{
    const char *text = json_string_value(value);
    uint8_t bytes[1 + sizeof(out->bytes)];

    if (text == NULL) {
        return false;
    }
    if (text[0] != '?') {
        return emu_option_address(out, text);
    }
    if (strlen(text) != 1 + 2 * sizeof(bytes) || !parse_hex(bytes, text + 1, sizeof(bytes))) {
        return false;
    }
    out->family = bytes[0];
    memcpy(out->bytes, bytes + 1, sizeof(out->bytes));
    return true;
}

static bool parse_ranges(struct toe_saved *saved, const struct toe_saved_field *field,
                         const json_t *value)
{
    struct toe_seq_range *ranges = (void *)((uint8_t *)saved + field->off);
    const uint32_t cnt = (uint32_t)json_array_size(value);

    if (!json_is_array(value) || json_array_size(value) > field->cnt_max) {
        return false;
    }
    for (uint32_t i = 0; i < cnt; ++i) {
        const json_t *pair = json_array_get(value, i);
        uint64_t start;
        uint64_t end;

        if (json_array_size(pair) != 2 ||
            !parse_number(&start, json_array_get(pair, 0), UINT32_MAX) ||
            !parse_number(&end, json_array_get(pair, 1), UINT32_MAX)) {
            return false;
        }
        ranges[i] = (struct toe_seq_range){(uint32_t)start, (uint32_t)end};
    }
    memcpy((uint8_t *)saved + field->cnt_off, &cnt, sizeof(cnt));
    return true;
}

static bool parse_runs(struct toe_saved *saved, const struct toe_saved_field *field,
                       const json_t *value)
{
    struct toe_flight_run *runs = (void *)((uint8_t *)saved + field->off);
    const uint32_t cnt = (uint32_t)json_array_size(value);

    if (!json_is_array(value) || json_array_size(value) > field->cnt_max) {
        return false;
    }
    for (uint32_t i = 0; i < cnt; ++i) {
        const json_t *run = json_array_get(value, i);
        uint64_t n[RUN_NUMBERS];

        for (unsigned k = 0; k < RUN_NUMBERS; ++k) {
            if (json_array_size(run) != RUN_NUMBERS ||
                !parse_number(&n[k], json_array_get(run, k),
                              k == RUN_AGE ? UINT64_MAX : UINT32_MAX)) {
                return false;
            }
        }
        runs[i] = (struct toe_flight_run){(uint32_t)n[0], (uint32_t)n[1], n[2],
                                          (uint32_t)n[3], (uint32_t)n[4], (uint32_t)n[5],
                                          (uint32_t)n[6], (uint32_t)n[7], (uint32_t)n[8]};
    }
    memcpy((uint8_t *)saved + field->cnt_off, &cnt, sizeof(cnt));
    return true;
}

static bool parse_state(uint64_t *out, const json_t *value)
{
    for (*out = 0; json_is_string(value) && *out <= TOE_TCP_TIME_WAIT; ++*out) {
        if (strcmp(toe_conn_state_name((enum toe_conn_state) * out), json_string_value(value)) ==
            0) {
            return true;
        }
    }
    return json_is_integer(value) && parse_number(out, value, UINT32_MAX) &&
           *out > TOE_TCP_TIME_WAIT;
}

static bool parse_congestion(uint64_t *out, const json_t *value)
{
    for (*out = 0; json_is_string(value) && *out < CONGESTION_CNT; ++*out) {
        if (strcmp(congestions[*out], json_string_value(value)) == 0) {
            return true;
        }
    }
    return json_is_integer(value) && parse_number(out, value, UINT32_MAX) && *out >= CONGESTION_CNT;
}

/* Streams share one block of memory, of which |*at| is what is free. */
static bool parse_stream(struct toe_saved *saved, const struct toe_saved_field *field, uint8_t **at,
                         const json_t *value)
{
    const size_t len = json_string_length(value) / 2;
    const struct toe_saved_bytes stream = {*at, (uint32_t)len};

    if (!json_is_string(value) || json_string_length(value) % 2 != 0 || len == 0 ||
        len >= UINT32_C(1) << 31 || !parse_hex(*at, json_string_value(value), len)) {
        return false;
    }
    memcpy((uint8_t *)saved + field->off, &stream, sizeof(stream));
    *at += len;
    return true;
}

/* Reads |value|; what it would have to be is in |*rule|. */
static bool parse_value(struct toe_saved *saved, const struct toe_saved_field *field, uint8_t **at,
                        const json_t *value, const char **rule)
{
    uint8_t *p = (uint8_t *)saved + field->off;
    const uint64_t max = UINT64_MAX >> (64 - 8 * width_of(field));
    uint64_t number = 0;
    struct toe_addr addr;
    bool ok = false;

    switch ((enum toe_saved_kind)field->kind) {
    case TOE_SAVED_U8:
    case TOE_SAVED_U16:
    case TOE_SAVED_U32:
    case TOE_SAVED_U64:
        *rule = "must be a number that fits";
        ok = parse_number(&number, value, max);
        break;
    case TOE_SAVED_TICKS:
        *rule = "must be a number that fits, or null";
        number = UINT32_MAX;
        ok = json_is_null(value) || parse_number(&number, value, max - 1);
        break;
    case TOE_SAVED_STATE:
        *rule = "must be the name of a state";
        ok = parse_state(&number, value);
        break;
    case TOE_SAVED_CONGESTION:
        *rule = "must be default, newreno, cubic, none or bbr";
        ok = parse_congestion(&number, value);
        break;
    case TOE_SAVED_MAC:
        *rule = "must be like 02:00:0a:00:00:01";
        return parse_mac(p, value);
    case TOE_SAVED_ADDR:
        *rule = "must be an IPv4 or an IPv6 address";
        ok = parse_address(&addr, value);
        memcpy(p, &addr, ok ? sizeof(addr) : 0);
        return ok;
    case TOE_SAVED_RANGES:
        *rule = "must be a list of pairs of numbers, not too long";
        return parse_ranges(saved, field, value);
    case TOE_SAVED_RUNS:
        *rule = "must be a list of lists of nine numbers, not too long";
        return parse_runs(saved, field, value);
    case TOE_SAVED_STREAM:
        *rule = "must be pairs of hexadecimal digits, at least one";
        return parse_stream(saved, field, at, value);
    }
    if (ok) {
        number_set(saved, field, number);
    }
    return ok;
}

/* Reads one field, if its section is there, and counts it in |*cnt|, or the section's object. */
static bool parse_field(struct toe_saved *saved, const struct toe_saved_field *field, uint8_t **at,
                        const json_t *json, struct emu_state_fault *fault)
{
    const bool may_lack = field->tag >= TOE_SAVED_EXTENSION;
    const char *rule = "must be there";
    const json_t *value;
    char name[64];

    section_of(name, field);
    value = json_object_get(json, name);
    if (value == NULL) {
        return may_lack || refuse(fault, name, rule);
    }
    if (field->kind != TOE_SAVED_STREAM) {
        value = json_object_get(value, member_of(field));
    }
    if (value == NULL || !parse_value(saved, field, at, value, &rule)) {
        return refuse(fault, field->name, rule);
    }
    return true;
}

/* Whether |name|, in |section| unless that is NULL, is something of the form. */
static bool is_known(const char *section, const char *name)
{
    if (section == NULL && (strcmp(name, "type") == 0 || strcmp(name, "version") == 0)) {
        return true;
    }
    for (const struct toe_saved_field *f = toe_saved_field_next(NULL); f != NULL;
         f = toe_saved_field_next(f)) {
        char own[64];

        section_of(own, f);
        if (section == NULL ? strcmp(own, name) == 0
                            : strcmp(own, section) == 0 && strcmp(member_of(f), name) == 0) {
            return true;
        }
    }
    return false;
}

/* That there is nothing in |json| that is not of the form. */
static bool check_names(const json_t *json, const char *section, struct emu_state_fault *fault)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)json, name, value)
    {
        if (!is_known(section, name)) {
            char both[64];

            (void)snprintf(both, sizeof(both), "%s%s%s", section == NULL ? "" : section,
                           section == NULL ? "" : ".", name);
            return refuse(fault, both, "must not be there");
        }
        if (json_is_object(value) && !check_names(value, name, fault)) {
            return false;
        }
    }
    return true;
}

static size_t stream_room(const json_t *json)
{
    return 1 + json_string_length(json_object_get(json, "send")) / 2 +
           json_string_length(json_object_get(json, "received")) / 2 +
           json_string_length(json_object_get(json, "early")) / 2;
}

bool emu_state_parse(struct toe_saved *saved, uint8_t **bytes, const json_t *json,
                     struct emu_state_fault *fault)
{
    const char *type = json_string_value(json_object_get(json, "type"));
    uint8_t *at;

    *bytes = NULL;
    if (type == NULL || strcmp(type, "state") != 0) {
        return refuse(fault, "type", "must be \"state\"");
    }
    if (json_integer_value(json_object_get(json, "version")) != TOE_SAVED_VERSION) {
        return refuse(fault, "version", "must be 1");
    }
    if (!check_names(json, NULL, fault)) {
        return false;
    }
    *saved = (struct toe_saved){
        .size = sizeof(*saved),
        .neighbor.size = sizeof(saved->neighbor),
        .path.size = sizeof(saved->path),
        .tcp.size = sizeof(saved->tcp),
        .extension.size = sizeof(saved->extension),
    };
    *bytes = malloc(stream_room(json));
    if (*bytes == NULL) {
        return refuse(fault, "file", "must fit into memory");
    }
    at = *bytes;
    for (const struct toe_saved_field *f = toe_saved_field_next(NULL); f != NULL;
         f = toe_saved_field_next(f)) {
        if (!parse_field(saved, f, &at, json, fault)) {
            free(*bytes);
            *bytes = NULL;
            return false;
        }
    }
    if (json_object_get(json, "extension") != NULL && saved->extension.version == 0) {
        free(*bytes);
        *bytes = NULL;
        return refuse(fault, "extension", "must be left out where there is none");
    }
    return true;
}

/* --- as text --- */

static void stream_text(char *out, size_t size, const struct toe_saved_bytes *stream)
{
    const uint32_t shown = stream->len < SHOWN_MAX ? stream->len : SHOWN_MAX;
    size_t at = (size_t)snprintf(out, size, "%" PRIu32 " bytes:", stream->len);

    for (uint32_t i = 0; i < shown && at + 4 < size; ++i) {
        at += (size_t)snprintf(out + at, size - at, " %02x", stream->data[i]);
    }
    if (shown < stream->len && at < size) {
        (void)snprintf(out + at, size - at, " ...");
    }
}

void emu_state_text(char *out, size_t size, const struct toe_saved *saved,
                    const struct toe_saved_field *field)
{
    json_t *value = emu_state_value(saved, field);

    if (value == NULL) {
        (void)snprintf(out, size, "none");
    } else if (json_is_null(value)) {
        (void)snprintf(out, size, "never");
    } else if (field->kind == TOE_SAVED_STREAM) {
        stream_text(out, size, stream_of(saved, field));
    } else if (json_is_string(value)) {
        (void)snprintf(out, size, "%s", json_string_value(value));
    } else {
        char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

        (void)snprintf(out, size, "%s", text == NULL ? "?" : text);
        free(text);
    }
    json_decref(value);
}
