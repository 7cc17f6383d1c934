/* SPDX-License-Identifier: MIT */
/*
 * Reports: what a command tells, as text for people or as JSON for programs.
 *
 * Everything is said once and in both forms: a text line, and an object with the same facts. With
 * --json only the objects are printed, one a line, the last one the summary. Progress is redrawn in
 * place on a terminal; elsewhere there is a line every few seconds.
 */
#ifndef EMU_REPORT_H
#define EMU_REPORT_H

#include <jansson.h>

#include "toe/types.h"

struct emu_report {
    bool json;
    bool terminal;             /* stdout is one */
    int drawn;                 /* so many lines of progress stand there, the last one unfinished */
    toe_instant progress_next; /* when the next one is due */
};

void emu_report_init(struct emu_report *report, bool json);

/*
 * emu_report_say() prints a line: the text, or |object|, which is the function's from now on and
 * may be NULL (then there is nothing to say in JSON).
 */
void emu_report_say(struct emu_report *report, json_t *object, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* emu_report_progress_due() tells whether progress would be shown at |now|. */
bool emu_report_progress_due(const struct emu_report *report, toe_instant now);

/*
 * emu_report_progress() shows how far things are, if it is due, in one line or several; |object| as
 * above.
 */
void emu_report_progress(struct emu_report *report, toe_instant now, json_t *object,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
