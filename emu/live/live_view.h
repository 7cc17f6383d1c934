/* SPDX-License-Identifier: MIT */
/*
 * What the demonstration shows while it runs: in one line, as a screen of lines, and as JSON.
 */
#ifndef EMU_LIVE_LIVE_VIEW_H
#define EMU_LIVE_LIVE_VIEW_H

#include "live/look.h"

enum { EMU_LIVE_VIEW_MAX = 4096 };

/* |before| is an earlier look, or has nothing; |seconds| is how long it has been going on. */
void emu_live_view_line(char out[EMU_LIVE_VIEW_MAX], const struct emu_look *look,
                        const struct emu_look *before, double seconds);
void emu_live_view_screen(char out[EMU_LIVE_VIEW_MAX], const struct emu_look *look,
                          const struct emu_look *before, double seconds, int columns);
json_t *emu_live_view_object(const struct emu_look *look, double seconds);

/* emu_live_view_reasons() is "asked 312, ended 20", why connections came back. */
void emu_live_view_reasons(char *out, size_t size, const struct emu_look *look);

/* emu_live_view_part() is |part| with all its figures, as JSON. */
json_t *emu_live_view_part(const struct emu_part *part);

#endif
