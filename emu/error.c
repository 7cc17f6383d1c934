/* SPDX-License-Identifier: MIT */
#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

void emu_error_set(struct emu_error *error, enum emu_exit status, const char *format, ...)
{
    const int saved = errno;
    va_list args;

    error->status = status;
    va_start(args, format);
    (void)vsnprintf(error->text, sizeof(error->text), format, args);
    va_end(args);
    errno = saved;
}

int emu_error_print(const struct emu_error *error)
{
    (void)fprintf(stderr, "toe: %s\n", error->text);
    return (int)error->status;
}
