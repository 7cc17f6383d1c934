/* SPDX-License-Identifier: MIT */
/*
 * The page of a stress run (`--report FILE.html`), for someone who has never seen one.
 */
#ifndef EMU_STRESS_PAGE_H
#define EMU_STRESS_PAGE_H

#include "chronicle.h"

/* What the page tells besides the result. */
struct emu_stress_about {
    const struct emu_stress_settings *settings;
    const struct emu_chronicle *chronicle; /* of several runs nobody keeps one: it is all zero */
    int argc;                              /* the command line */
    char **argv;
};

/* emu_stress_page_write() writes it. Returns false if not all of it could be. */
bool emu_stress_page_write(FILE *out, const struct emu_stress_result *result,
                           const struct emu_stress_about *about);

#endif
