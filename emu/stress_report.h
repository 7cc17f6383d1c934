/* SPDX-License-Identifier: MIT */
/*
 * How the result of a stress run is told, in words and as JSON.
 */
#ifndef EMU_STRESS_REPORT_H
#define EMU_STRESS_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "stress.h"

/* emu_stress_report_text() prints the summary in some lines, the last one the verdict. */
void emu_stress_report_text(FILE *out, const struct emu_stress_result *result);

/* emu_stress_report_object() is the same as an object of |type| "progress", "run" or "summary". */
json_t *emu_stress_report_object(const struct emu_stress_result *result, const char *type);

/* emu_stress_report_line() writes one line about a run, or about how far it is. */
void emu_stress_report_line(char *out, size_t size, const struct emu_stress_result *result);

/* emu_stress_report_add() adds |run| to |sum|, of several runs: the worst verdict holds. */
void emu_stress_report_add(struct emu_stress_result *sum, const struct emu_stress_result *run);

/* emu_stress_verdict_name() is "pass", "fail" or "interrupted". */
const char *emu_stress_verdict_name(enum emu_stress_verdict verdict);

#endif
