/* SPDX-License-Identifier: MIT */
/*
 * Pages: HTML files that need nothing else, no script, no font, no picture.
 *
 * They follow the reader's choice of light or dark, and fit a phone as well as a desk. What goes
 * in between is HTML of the caller's; text that may hold anything is written by emu_page_text().
 */
#ifndef EMU_PAGE_H
#define EMU_PAGE_H

#include <stdbool.h>
#include <stdio.h>

/* How something ended, as a colour. */
enum emu_page_tone { EMU_PAGE_PLAIN, EMU_PAGE_GOOD, EMU_PAGE_BAD, EMU_PAGE_WARN };

/* emu_page_begin() writes all up to the heading "|what|: |verdict|". */
void emu_page_begin(FILE *out, const char *what, const char *verdict, enum emu_page_tone tone);

/* emu_page_end() writes the rest. Returns false if not all could be written; |out| stays open. */
bool emu_page_end(FILE *out);

/* emu_page_text() writes |text| as text; NULL is nothing. */
void emu_page_text(FILE *out, const char *text);

/* emu_page_tiles() begins a row of tiles, emu_page_tile() adds one, and _end() ends the row. */
void emu_page_tiles(FILE *out);
void emu_page_tile(FILE *out, const char *name, const char *value, enum emu_page_tone tone);
void emu_page_tiles_end(FILE *out);

/*
 * emu_page_table() begins a table with a heading for each of |cnt| columns, of which all but the
 * first hold numbers; emu_page_row() adds a row of as many cells.
 */
void emu_page_table(FILE *out, const char *const *headings, unsigned cnt);
void emu_page_row(FILE *out, const char *const *cells, unsigned cnt);
void emu_page_table_end(FILE *out);

#endif
