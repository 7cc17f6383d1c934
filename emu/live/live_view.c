/* SPDX-License-Identifier: MIT */
#include "live/live_view.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "live/parts.h"

enum { TEXT_LEN = 256 };

/* Text that grows line by line, and is cut where there is no room. */
struct text {
    char *out;
    size_t len;
    size_t columns;
};

static void put(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct text *text, const char *format, ...)
{
    char line[2 * TEXT_LEN];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    if (strlen(line) > text->columns) {
        line[text->columns] = '\0';
    }
    (void)snprintf(text->out + text->len, EMU_LIVE_VIEW_MAX - text->len, "%s%s",
                   text->len == 0 ? "" : "\n", line);
    text->len += strlen(text->out + text->len);
}

static double seconds_between(const struct emu_look *look, const struct emu_look *before)
{
    return before->at == 0 || look->at <= before->at
               ? 0
               : (double)(look->at - before->at) / (double)TOE_NS_PER_SEC;
}

static double rate(uint64_t value, uint64_t before, double seconds)
{
    return seconds <= 0 || value < before ? 0 : (double)(value - before) / seconds;
}

static uint64_t checked(const struct emu_look *look)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < look->part_cnt; ++i) {
        bytes += look->parts[i].bytes;
    }
    return bytes;
}

static uint64_t wrong(const struct emu_look *look)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < look->part_cnt; ++i) {
        bytes += look->parts[i].bytes_wrong;
    }
    return bytes;
}

static void put_head(struct text *text, const struct emu_look *look, const struct emu_look *before,
                     double seconds)
{
    const double span = seconds_between(look, before);
    const uint64_t moves = look->offloads + look->uploads;

    put(text,
        "   %4.0f s  %" PRIu64 " connections, %" PRIu64 " offloaded; %" PRIu64
        " moves, %.0f a second; %.1f MiB checked, %" PRIu64 " bytes wrong; %.0f Mbit/s",
        seconds, look->connections, look->offloaded, moves,
        rate(moves, before->offloads + before->uploads, span), (double)checked(look) / 1048576,
        wrong(look), rate(look->wire_bytes, before->wire_bytes, span) * 8 / 1e6);
}

void emu_live_view_line(char out[EMU_LIVE_VIEW_MAX], const struct emu_look *look,
                        const struct emu_look *before, double seconds)
{
    struct text text = {.out = out, .columns = TEXT_LEN};

    put_head(&text, look, before, seconds);
}

void emu_live_view_screen(char out[EMU_LIVE_VIEW_MAX], const struct emu_look *look,
                          const struct emu_look *before, double seconds, int columns)
{
    struct text text = {.out = out, .columns = columns > 20 ? (size_t)columns - 1 : 20};
    char words[TEXT_LEN];

    put_head(&text, look, before, seconds);
    emu_live_view_reasons(words, sizeof(words), look);
    put(&text, "           came back to the kernel: %s", words[0] == '\0' ? "none yet" : words);
    put(&text, "   %-34s %6s %10s", "", "open", "offloaded");
    for (size_t i = 0; i < look->part_cnt; ++i) {
        const struct emu_part *part = &look->parts[i];
        char cnts[32] = "";

        emu_part_text(words, sizeof(words), part);
        if (part->port != 0) {
            (void)snprintf(cnts, sizeof(cnts), "%" PRIu32 " %10" PRIu32, part->open,
                           part->offloaded);
        }
        put(&text, "   %-34s %17s   %s", part->name, cnts, words);
    }
}

void emu_live_view_reasons(char *out, size_t size, const struct emu_look *look)
{
    const char *name;
    json_t *value;
    size_t len = 0;

    out[0] = '\0';
    json_object_foreach(look->reasons, name, value)
    {
        (void)snprintf(out + len, size - len, "%s%" JSON_INTEGER_FORMAT " %s", len == 0 ? "" : ", ",
                       json_integer_value(value), name);
        len += strlen(out + len);
    }
}

json_t *emu_live_view_object(const struct emu_look *look, double seconds)
{
    return json_pack("{ss sf sI sI sI sI sI sI sI sO}", "type", "progress", "seconds", seconds,
                     "connections_now", (json_int_t)look->connections, "offloaded_now",
                     (json_int_t)look->offloaded, "offloads", (json_int_t)look->offloads, "uploads",
                     (json_int_t)look->uploads, "bytes", (json_int_t)checked(look), "bytes_wrong",
                     (json_int_t)wrong(look), "wire_bytes", (json_int_t)look->wire_bytes, "reasons",
                     look->reasons);
}

json_t *emu_live_view_part(const struct emu_part *part)
{
    return json_pack("{ss ss ss ss sI sI sI sI sI sf}", "type", "event", "event", "program",
                     "programs", part->name, "does", part->does, "rounds", (json_int_t)part->rounds,
                     "connections_opened", (json_int_t)part->connections, "bytes",
                     (json_int_t)part->bytes, "bytes_wrong", (json_int_t)part->bytes_wrong,
                     "bytes_carried", (json_int_t)part->carried, "slowest_ms",
                     (double)part->slowest / (double)TOE_NS_PER_MS);
}
