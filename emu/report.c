/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TEXT_MAX = 4096 };

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

/* Takes away what progress has drawn. */
static void wipe(struct emu_report *report)
{
    if (report->drawn > 1) {
        (void)printf("\033[%dA", report->drawn - 1);
    }
    if (report->drawn > 0) {
        (void)printf("\r\033[J");
    }
    report->drawn = 0;
}

/* How many lines |text| takes. */
static int lines_of(const char *text)
{
    int cnt = 1;

    for (; *text != '\0'; ++text) {
        cnt += *text == '\n' ? 1 : 0;
    }
    return cnt;
}

void emu_report_say(struct emu_report *report, json_t *object, const char *format, ...)
{
    va_list args;

    if (report->json) {
        print_json(object);
    } else {
        wipe(report);
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
    char text[TEXT_MAX];
    va_list args;

    if (emu_report_progress_due(report, now)) {
        report->progress_next = now + (redraw ? REDRAW_EVERY : LINE_EVERY);
        if (report->json) {
            print_json(object);
        } else {
            va_start(args, format);
            (void)vsnprintf(text, sizeof(text), format, args);
            va_end(args);
            wipe(report);
            (void)printf("%s%s", text, redraw ? "" : "\n");
            (void)fflush(stdout);
            report->drawn = redraw ? lines_of(text) : 0;
        }
    }
    json_decref(object);
}
