/* SPDX-License-Identifier: MIT */
/*
 * What `toe watch` shows: one frame of text from the answers of a NIC, with rates since the frame
 * before.
 */
#ifndef EMU_NIC_VIEW_H
#define EMU_NIC_VIEW_H

#include <jansson.h>

#include "toe/types.h"

enum { EMU_VIEW_HEADING = 5 }; /* the line with the names of the columns */

/* What the answers say at one moment; zeroed, nothing. */
struct emu_view {
    json_t *nic;
    json_t *connections; /* by their two ends */
    json_t *counters;    /* sums, by name */
    json_t *drops;       /* frames, by reason */
    toe_instant at;
};

/* emu_view_take() is called with each object of the answers to show nic, show and stats. */
void emu_view_take(void *view, const json_t *object);

/*
 * emu_view_text() draws |view| in at most |lines| lines of |columns|, each ended by a newline.
 * |before| is an earlier one, or has nothing. The caller frees the text; NULL: no memory.
 */
char *emu_view_text(const struct emu_view *view, const struct emu_view *before, int lines,
                    int columns);

void emu_view_fini(struct emu_view *view);

#endif
