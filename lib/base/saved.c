/* SPDX-License-Identifier: MIT */
/*
 * Writing and reading go along the list of fields (base/saved_fields.h), a section at a time. The
 * writer measures by writing to nowhere. The reader believes no length before it has compared it
 * with what is there, and copies nothing but fields: streams stay where they are.
 */
#include "toe/saved.h"

#include "base/assert.h"
#include "base/saved_fields.h"
#include "base/siphash.h"

#include <string.h>

#define HEAD_LEN (TOE_SAVED_MAGIC_LEN + 4 + 8)
#define SECTION_LEN 8u
#define CHECKSUM_LEN 8u

/* A stream is less than a window of sequence numbers. */
#define STREAM_MAX (UINT32_C(1) << 31)

_Static_assert(sizeof(enum toe_conn_state) == 4, "a state is written with 4 bytes");
_Static_assert(sizeof(enum toe_congestion) == 4, "a congestion control is written with 4 bytes");

static const enum toe_saved_tag mandatory[] = {TOE_SAVED_CLOCK,  TOE_SAVED_NEIGHBOR,
                                               TOE_SAVED_PATH,   TOE_SAVED_CONSTANT,
                                               TOE_SAVED_CACHED, TOE_SAVED_DELEGATED};

/* Public and fixed: against accidents, not against anybody. */
static uint64_t checksum(const uint8_t *bytes, size_t len)
{
    static const struct base_siphash_key key = {UINT64_C(0x0706050403020100),
                                                UINT64_C(0x0f0e0d0c0b0a0908)};

    return base_siphash24(&key, bytes, len);
}

static uint16_t section_flags(uint16_t tag)
{
    return tag == TOE_SAVED_EXTENSION || tag == TOE_SAVED_EARLY ? TOE_SAVED_OPTIONAL : 0;
}

/* Where bytes go; |at| NULL: nowhere, they are only counted. */
struct sink {
    uint8_t *at;
    size_t len;
};

static void put(struct sink *sink, const void *data, size_t len)
{
    if (sink->at != NULL && len > 0) {
        memcpy(sink->at + sink->len, data, len);
    }
    sink->len += len;
}

static void put_number(struct sink *sink, uint64_t value, unsigned width)
{
    uint8_t bytes[8];

    for (unsigned i = 0; i < width; ++i) {
        bytes[i] = (uint8_t)(value >> (8 * i));
    }
    put(sink, bytes, width);
}

static uint32_t load_u32(const void *p)
{
    uint32_t value;

    memcpy(&value, p, sizeof(value));
    return value;
}

static void put_ranges(struct sink *sink, const struct toe_saved *saved,
                       const struct toe_saved_field *field)
{
    const uint8_t *base = (const uint8_t *)saved;
    const uint32_t cnt = load_u32(base + field->cnt_off);

    put_number(sink, cnt, 4);
    for (uint32_t i = 0; i < cnt; ++i) {
        struct toe_seq_range range;

        memcpy(&range, base + field->off + i * sizeof(range), sizeof(range));
        put_number(sink, range.start, 4);
        put_number(sink, range.end, 4);
    }
}

static void put_runs(struct sink *sink, const struct toe_saved *saved,
                     const struct toe_saved_field *field)
{
    const struct toe_flight_run *runs = (const void *)((const uint8_t *)saved + field->off);
    const uint32_t cnt = load_u32((const uint8_t *)saved + field->cnt_off);

    put_number(sink, cnt, 4);
    for (uint32_t i = 0; i < cnt; ++i) {
        put_number(sink, runs[i].end, 4);
        put_number(sink, runs[i].flags, 4);
        put_number(sink, runs[i].age, 8);
        put_number(sink, runs[i].is_limited, 4);
        put_number(sink, runs[i].delivered, 4);
        put_number(sink, runs[i].lost, 4);
        put_number(sink, runs[i].delivered_ago, 4);
        put_number(sink, runs[i].first_ago, 4);
        put_number(sink, runs[i].in_flight, 4);
    }
}

static void put_field(struct sink *sink, const struct toe_saved *saved,
                      const struct toe_saved_field *field)
{
    const uint8_t *p = (const uint8_t *)saved + field->off;
    struct toe_saved_bytes stream;
    struct toe_addr addr;
    uint16_t u16;
    uint64_t u64;

    switch ((enum toe_saved_kind)field->kind) {
    case TOE_SAVED_U8:
        put(sink, p, 1);
        break;
    case TOE_SAVED_U16:
        memcpy(&u16, p, sizeof(u16));
        put_number(sink, u16, 2);
        break;
    case TOE_SAVED_U32:
    case TOE_SAVED_TICKS:
    case TOE_SAVED_STATE:
    case TOE_SAVED_CONGESTION:
        put_number(sink, load_u32(p), 4);
        break;
    case TOE_SAVED_U64:
        memcpy(&u64, p, sizeof(u64));
        put_number(sink, u64, 8);
        break;
    case TOE_SAVED_MAC:
        put(sink, p, TOE_MAC_LEN);
        break;
    case TOE_SAVED_ADDR:
        memcpy(&addr, p, sizeof(addr));
        put(sink, &addr.family, 1);
        put(sink, addr.bytes, sizeof(addr.bytes));
        break;
    case TOE_SAVED_RANGES:
        put_ranges(sink, saved, field);
        break;
    case TOE_SAVED_RUNS:
        put_runs(sink, saved, field);
        break;
    case TOE_SAVED_STREAM:
        memcpy(&stream, p, sizeof(stream));
        put(sink, stream.data, stream.len);
        break;
    }
}

/* The fields of |tag|, from |first| on; returns the one behind them. */
static uint32_t put_fields(struct sink *sink, const struct toe_saved *saved, uint32_t first)
{
    uint32_t cnt;
    const struct toe_saved_field *fields = base_saved_fields(&cnt);
    uint32_t i = first;

    for (; i < cnt && fields[i].tag == fields[first].tag; ++i) {
        put_field(sink, saved, &fields[i]);
    }
    return i;
}

static void put_sections(struct sink *sink, const struct toe_saved *saved)
{
    uint32_t cnt;
    const struct toe_saved_field *fields = base_saved_fields(&cnt);

    for (uint32_t i = 0; i < cnt;) {
        const uint16_t tag = fields[i].tag;
        struct sink measure = {0};
        const uint32_t next = put_fields(&measure, saved, i);

        if (toe_saved_has(saved, (enum toe_saved_tag)tag)) {
            put_number(sink, tag, 2);
            put_number(sink, section_flags(tag), 2);
            put_number(sink, measure.len, 4);
            (void)put_fields(sink, saved, i);
        }
        i = next;
    }
}

/* Whether all lists fit into their arrays. */
static bool can_write(const struct toe_saved *saved)
{
    uint32_t cnt;
    const struct toe_saved_field *fields = base_saved_fields(&cnt);

    for (uint32_t i = 0; i < cnt; ++i) {
        if ((fields[i].kind == TOE_SAVED_RANGES || fields[i].kind == TOE_SAVED_RUNS) &&
            load_u32((const uint8_t *)saved + fields[i].cnt_off) > fields[i].cnt_max) {
            return false;
        }
    }
    return saved->send.len < STREAM_MAX && saved->received.len < STREAM_MAX &&
           saved->early.len < STREAM_MAX;
}

size_t toe_saved_write(const struct toe_saved *saved, void *bytes, size_t room)
{
    struct sink sink = {.len = HEAD_LEN};
    size_t len;

    if (!can_write(saved)) {
        return 0;
    }
    put_sections(&sink, saved);
    len = sink.len + CHECKSUM_LEN;
    if (room < len) {
        return len;
    }
    sink = (struct sink){.at = bytes};
    put(&sink, TOE_SAVED_MAGIC, TOE_SAVED_MAGIC_LEN);
    put_number(&sink, TOE_SAVED_VERSION, 4);
    put_number(&sink, len, 8);
    put_sections(&sink, saved);
    put_number(&sink, checksum(bytes, sink.len), CHECKSUM_LEN);
    toe_assert(sink.len == len);
    return len;
}

/* Where bytes come from. Too few of them: |ok| is false, and zeros come. */
_Static_assert(sizeof(struct toe_flight_run) == 40, "a run takes as many bytes in either form");

struct source {
    const uint8_t *at;
    size_t left;
    bool ok;
};

static void take(struct source *source, void *dst, size_t len)
{
    if (source->left < len) {
        source->ok = false;
        source->left = 0;
        memset(dst, 0, len);
        return;
    }
    memcpy(dst, source->at, len);
    source->at += len;
    source->left -= len;
}

static uint64_t take_number(struct source *source, unsigned width)
{
    uint8_t bytes[8] = {0};
    uint64_t value = 0;

    take(source, bytes, width);
    for (unsigned i = 0; i < width; ++i) {
        value |= (uint64_t)bytes[i] << (8 * i);
    }
    return value;
}

static void take_ranges(struct source *source, struct toe_saved *saved,
                        const struct toe_saved_field *field)
{
    uint8_t *base = (uint8_t *)saved;
    const uint32_t cnt = (uint32_t)take_number(source, 4);

    if (cnt > field->cnt_max || source->left < cnt * sizeof(struct toe_seq_range)) {
        source->ok = false;
        return;
    }
    memcpy(base + field->cnt_off, &cnt, sizeof(cnt));
    for (uint32_t i = 0; i < cnt; ++i) {
        struct toe_seq_range range;

        range.start = (uint32_t)take_number(source, 4);
        range.end = (uint32_t)take_number(source, 4);
        memcpy(base + field->off + i * sizeof(range), &range, sizeof(range));
    }
}

static void take_runs(struct source *source, struct toe_saved *saved,
                      const struct toe_saved_field *field)
{
    struct toe_flight_run *runs = (void *)((uint8_t *)saved + field->off);
    const uint32_t cnt = (uint32_t)take_number(source, 4);

    if (cnt > field->cnt_max || source->left < cnt * sizeof(*runs)) {
        source->ok = false;
        return;
    }
    memcpy((uint8_t *)saved + field->cnt_off, &cnt, sizeof(cnt));
    for (uint32_t i = 0; i < cnt; ++i) {
        runs[i].end = (uint32_t)take_number(source, 4);
        runs[i].flags = (uint32_t)take_number(source, 4);
        runs[i].age = take_number(source, 8);
        runs[i].is_limited = (uint32_t)take_number(source, 4);
        runs[i].delivered = (uint32_t)take_number(source, 4);
        runs[i].lost = (uint32_t)take_number(source, 4);
        runs[i].delivered_ago = (uint32_t)take_number(source, 4);
        runs[i].first_ago = (uint32_t)take_number(source, 4);
        runs[i].in_flight = (uint32_t)take_number(source, 4);
    }
}

static void take_field(struct source *source, struct toe_saved *saved,
                       const struct toe_saved_field *field)
{
    uint8_t *p = (uint8_t *)saved + field->off;
    struct toe_saved_bytes stream;
    struct toe_addr addr;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;

    switch ((enum toe_saved_kind)field->kind) {
    case TOE_SAVED_U8:
        take(source, p, 1);
        break;
    case TOE_SAVED_U16:
        u16 = (uint16_t)take_number(source, 2);
        memcpy(p, &u16, sizeof(u16));
        break;
    case TOE_SAVED_U32:
    case TOE_SAVED_TICKS:
    case TOE_SAVED_STATE:
    case TOE_SAVED_CONGESTION:
        u32 = (uint32_t)take_number(source, 4);
        memcpy(p, &u32, sizeof(u32));
        break;
    case TOE_SAVED_U64:
        u64 = take_number(source, 8);
        memcpy(p, &u64, sizeof(u64));
        break;
    case TOE_SAVED_MAC:
        take(source, p, TOE_MAC_LEN);
        break;
    case TOE_SAVED_ADDR:
        take(source, &addr.family, 1);
        take(source, addr.bytes, sizeof(addr.bytes));
        memcpy(p, &addr, sizeof(addr));
        break;
    case TOE_SAVED_RANGES:
        take_ranges(source, saved, field);
        break;
    case TOE_SAVED_RUNS:
        take_runs(source, saved, field);
        break;
    case TOE_SAVED_STREAM:
        stream = (struct toe_saved_bytes){source->at, (uint32_t)source->left};
        source->at += source->left;
        source->left = 0;
        source->ok = source->ok && stream.len > 0 && stream.len < STREAM_MAX;
        memcpy(p, &stream, sizeof(stream));
        break;
    }
}

static const char *section_name(uint16_t tag)
{
    switch ((enum toe_saved_tag)tag) {
    case TOE_SAVED_CLOCK:
        return "clock";
    case TOE_SAVED_NEIGHBOR:
        return "neighbor";
    case TOE_SAVED_PATH:
        return "path";
    case TOE_SAVED_CONSTANT:
        return "constant";
    case TOE_SAVED_CACHED:
        return "cached";
    case TOE_SAVED_DELEGATED:
        return "delegated";
    case TOE_SAVED_EXTENSION:
        return "extension";
    case TOE_SAVED_SEND:
        return "send";
    case TOE_SAVED_RECEIVED:
        return "received";
    case TOE_SAVED_EARLY:
        return "early";
    }
    return "section";
}

static toe_status refuse(struct toe_saved_fault *fault, toe_status status, const char *field,
                         const char *rule)
{
    *fault = (struct toe_saved_fault){field, rule};
    return status;
}

/* One section whose |source| is its content and nothing else. */
static toe_status read_section(struct toe_saved *saved, uint16_t tag, uint16_t flags,
                               struct source source, struct toe_saved_fault *fault)
{
    const char *name = section_name(tag);
    uint32_t cnt;
    const struct toe_saved_field *fields = base_saved_fields(&cnt);
    bool known = false;

    for (uint32_t i = 0; i < cnt; ++i) {
        if (fields[i].tag == tag) {
            known = true;
            take_field(&source, saved, &fields[i]);
        }
    }
    if (!known) {
        return (flags & TOE_SAVED_OPTIONAL) != 0
                   ? TOE_STATUS_SUCCESS
                   : refuse(fault, TOE_STATUS_NOT_SUPPORTED, name,
                            "must be known: a newer version has written it");
    }
    if (flags != section_flags(tag)) {
        return refuse(fault, TOE_STATUS_INVALID_DATA, name, "must have the flags of its tag");
    }
    if (!source.ok || source.left != 0) {
        return refuse(fault, TOE_STATUS_INVALID_LENGTH, name, "must have the length of its fields");
    }
    if (!toe_saved_has(saved, (enum toe_saved_tag)tag)) {
        return refuse(fault, TOE_STATUS_INVALID_DATA, name, "must be left out where there is none");
    }
    return TOE_STATUS_SUCCESS;
}

static toe_status read_sections(struct toe_saved *saved, struct source *source,
                                struct toe_saved_fault *fault)
{
    uint32_t present = 0;
    uint32_t last = 0;

    while (source->left > 0) {
        const uint16_t tag = (uint16_t)take_number(source, 2);
        const uint16_t flags = (uint16_t)take_number(source, 2);
        const uint64_t len = take_number(source, 4);
        toe_status status;

        if (!source->ok || len > source->left) {
            return refuse(fault, TOE_STATUS_INVALID_LENGTH, section_name(tag),
                          "must end before the file does");
        }
        if (tag <= last) {
            return refuse(fault, TOE_STATUS_INVALID_DATA, section_name(tag),
                          "must come once, in the order of the tags");
        }
        last = tag;
        status =
            read_section(saved, tag, flags, (struct source){source->at, (size_t)len, true}, fault);
        if (status != TOE_STATUS_SUCCESS) {
            return status;
        }
        present |= tag < 32 ? UINT32_C(1) << tag : 0;
        source->at += len;
        source->left -= (size_t)len;
    }
    for (size_t i = 0; i < sizeof(mandatory) / sizeof(mandatory[0]); ++i) {
        if ((present & UINT32_C(1) << mandatory[i]) == 0) {
            return refuse(fault, TOE_STATUS_INVALID_DATA, section_name((uint16_t)mandatory[i]),
                          "must be there");
        }
    }
    return TOE_STATUS_SUCCESS;
}

/* The sizes are the structures' own, wherever the rest comes from. */
static void begin(struct toe_saved *saved)
{
    memset(saved, 0, sizeof(*saved));
    saved->size = sizeof(*saved);
    saved->neighbor.size = sizeof(saved->neighbor);
    saved->path.size = sizeof(saved->path);
    saved->tcp.size = sizeof(saved->tcp);
    saved->extension.size = sizeof(saved->extension);
}

toe_status toe_saved_read(struct toe_saved *saved, const void *bytes, size_t len,
                          struct toe_saved_fault *fault)
{
    struct source source = {bytes, len, true};
    struct toe_saved_fault unheard;
    uint8_t magic[TOE_SAVED_MAGIC_LEN];

    if (fault == NULL) {
        fault = &unheard;
    }
    begin(saved);
    take(&source, magic, sizeof(magic));
    if (memcmp(magic, TOE_SAVED_MAGIC, sizeof(magic)) != 0) {
        return refuse(fault, TOE_STATUS_INVALID_DATA, "file", "must begin with the magic bytes");
    }
    if (take_number(&source, 4) != TOE_SAVED_VERSION) {
        return refuse(fault, TOE_STATUS_NOT_SUPPORTED, "file", "must be of version 1");
    }
    if (take_number(&source, 8) != len || source.left < CHECKSUM_LEN) {
        return refuse(fault, TOE_STATUS_INVALID_LENGTH, "file", "must be as long as it says");
    }
    source.left -= CHECKSUM_LEN;
    if (take_number(&(struct source){source.at + source.left, CHECKSUM_LEN, true}, CHECKSUM_LEN) !=
        checksum(bytes, len - CHECKSUM_LEN)) {
        return refuse(fault, TOE_STATUS_INVALID_DATA, "file", "must have the checksum at its end");
    }
    return read_sections(saved, &source, fault);
}
