/* SPDX-License-Identifier: MIT */
/*
 * A plot: lines over a logarithmic axis, as an SVG file that needs nothing else.
 *
 * It follows the reader's choice of a light or a dark page. A line is told from another by its
 * colour, by its marks, and by its name at its end.
 */
#ifndef EMU_PLOT_H
#define EMU_PLOT_H

#include <stdio.h>

#include "toe/types.h"

#define EMU_PLOT_SERIES_MAX 6u
#define EMU_PLOT_POINTS_MAX 32u

struct emu_plot {
    const char *title;
    const char *subtitle;
    const char *x_name;
    const char *y_name;
    uint32_t series_cnt;
    struct emu_plot_series {
        const char *name;
        uint32_t cnt;
        double xs[EMU_PLOT_POINTS_MAX]; /* ascending */
        double ys[EMU_PLOT_POINTS_MAX];
    } series[EMU_PLOT_SERIES_MAX];
};

/*
 * emu_plot_add() adds a point to the series |name|; one beyond the limits, or not
 * positive, is left out. */
void emu_plot_add(struct emu_plot *plot, const char *name, double x, double y);

/* emu_plot_write() writes |plot| to |file|; false if that failed. */
bool emu_plot_write(const struct emu_plot *plot, FILE *file);

#endif
