/* SPDX-License-Identifier: MIT */
/*
 * The guide: what is said to somebody whose target does not pass yet.
 *
 * A failure is shown with its rules, each in a line, and with its sequence chart; at the end there
 * is a table of how far the target has come, and what to begin with.
 */
#ifndef CERTIFY_GUIDE_H
#define CERTIFY_GUIDE_H

#include "report.h"
#include "runner.h"
#include "verdict.h"

/* cert_guide_case() prints what is below the line of a case that has not passed. */
void cert_guide_case(const struct cert_case *one, bool with_chart);

/* cert_guide_rules() prints or says each rule that failed. */
void cert_guide_rules(struct emu_report *report, const struct cert_verdict *verdict);

/* cert_guide_end() tells how far the target has come, and the first thing to be mended. */
void cert_guide_end(struct emu_report *report, const struct cert_run *run);

#endif
