/* SPDX-License-Identifier: MIT */
/*
 * A screen of text lines on the terminal, redrawn as a whole: by ncurses, where it was there when
 * toe was built.
 */
#ifndef EMU_SCREEN_H
#define EMU_SCREEN_H

#include "error.h"
#include "toe/types.h"

/* emu_screen_open() takes the terminal; false with |error| if there is none that can be used. */
bool emu_screen_open(struct emu_error *error);

/* emu_screen_close() leaves the terminal as it was. */
void emu_screen_close(void);

/* emu_screen_size() is how many lines and columns there are now. */
void emu_screen_size(int *lines, int *columns);

/* emu_screen_draw() shows the lines of |text|, the one with the index |heading| inverted. */
void emu_screen_draw(const char *text, int heading);

/*
 * emu_screen_wait() waits for |time| or until the size changes; false: the user wants to leave (q,
 * Ctrl-C, or a signal that ends programs).
 */
bool emu_screen_wait(toe_duration time);

#endif
