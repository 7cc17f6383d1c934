/* SPDX-License-Identifier: MIT */
/*
 * Errors of the environment: one line that names the cause and the remedy.
 *
 * What cannot be done because of where or how the command runs (no such interface, no permission,
 * a full disk) is described once, where it is known, and printed once, where it is decided that the
 * command ends. A function that can fail so takes a struct emu_error to fill in.
 */
#ifndef EMU_ERROR_H
#define EMU_ERROR_H

/* What the command exits with. */
enum emu_exit {
    EMU_EXIT_OK = 0,
    EMU_EXIT_FAULT = 1,       /* the thing tested is at fault */
    EMU_EXIT_USAGE = 2,       /* wrong options or values */
    EMU_EXIT_ENVIRONMENT = 3, /* something is missing: a permission, a package */
};

struct emu_error {
    enum emu_exit status;
    char text[256]; /* one line, without the program's name and the newline */
};

/* emu_error_set() describes what went wrong. It keeps errno as it is. */
void emu_error_set(struct emu_error *error, enum emu_exit status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* emu_error_print() prints |error| as one line on stderr and returns the status to exit with. */
int emu_error_print(const struct emu_error *error);

#endif
