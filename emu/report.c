/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define REDRAW_EVERY (200 * TOE_NS_PER_MS) /* on a terminal */
#define LINE_EVERY (3 * TOE_NS_PER_SEC)    /* elsewhere */

void emu_report_init(struct emu_report *report, bool json)
{
    *report = (struct emu_report){.json = json, .terminal = isatty(STDOUT_FILENO) == 1};
}

static void print_json(json_t *object)
{
    if (object != NULL) {
        (void)json_dumpf(object, stdout, JSON_COMPACT);
        (void)putchar('\n');
        (void)fflush(stdout);
    }
}

void emu_report_say(struct emu_report *report, json_t *object, const char *format, ...)
{
    va_list args;

    if (report->json) {
        print_json(object);
    } else {
        if (report->drawn) {
            (void)printf("\r\033[K");
            report->drawn = false;
        }
        va_start(args, format);
        (void)vprintf(format, args);
        va_end(args);
        (void)putchar('\n');
        (void)fflush(stdout);
    }
    json_decref(object);
}

bool emu_report_progress_due(const struct emu_report *report, toe_instant now)
{
    return now >= report->progress_next;
}

void emu_report_progress(struct emu_report *report, toe_instant now, json_t *object,
                         const char *format, ...)
{
    const bool redraw = report->terminal && !report->json;
    va_list args;

    if (emu_report_progress_due(report, now)) {
        report->progress_next = now + (redraw ? REDRAW_EVERY : LINE_EVERY);
        if (report->json) {
            print_json(object);
        } else {
            (void)printf("%s", redraw ? "\r\033[K" : "");
            va_start(args, format);
            (void)vprintf(format, args);
            va_end(args);
            (void)printf("%s", redraw ? "" : "\n");
            (void)fflush(stdout);
            report->drawn = redraw;
        }
    }
    json_decref(object);
}
