/* SPDX-License-Identifier: MIT */
/*
 * Figures of a page (page.h): drawings that need no script, in the page's colours.
 */
#ifndef EMU_FIGURE_H
#define EMU_FIGURE_H

#include <stdio.h>

#include "histogram.h"

enum { EMU_FIGURE_LINES = 2 };

/* Lines over time. All begin at zero, and the highest value of any fills the height. */
struct emu_figure {
    const char *title;
    const char *unit; /* of the values; NULL: they are counts; "bytes" and "bytes/s" are told so */
    uint32_t cnt;     /* points; at least one */
    const toe_duration *at; /* ascending */
    bool is_stepped;        /* a value holds until the next one */
    uint32_t line_cnt;
    struct {
        const char *name;
        const double *values;
    } lines[EMU_FIGURE_LINES];
    const bool *band; /* the time from a point that has it to the next is shaded; or NULL */
    const char *band_name;
    toe_duration wait, wait_until; /* is marked at the foot; 0: nothing is */
};

/* emu_figure_time() draws it. */
void emu_figure_time(FILE *out, const struct emu_figure *figure);

/* emu_figure_histogram() draws how often |histogram| has which time, and says its quantiles. */
void emu_figure_histogram(FILE *out, const char *title, const struct emu_histogram *histogram);

#endif
