/* SPDX-License-Identifier: MIT */
#include "repair/repair.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void linux_error_set(struct toe_linux_error *error, int number, const char *format, ...)
{
    va_list args;

    if (error == NULL) {
        return;
    }
    error->number = number;
    va_start(args, format);
    (void)vsnprintf(error->text, sizeof(error->text), format, args);
    va_end(args);
}

int linux_option_get(int fd, int level, int name, int otherwise)
{
    int value = 0;
    socklen_t len = sizeof(value);

    return getsockopt(fd, level, name, &value, &len) == 0 ? value : otherwise;
}

bool linux_option_set(int fd, int level, int name, int value, const char *what,
                      struct toe_linux_error *error)
{
    if (setsockopt(fd, level, name, &value, sizeof(value)) == 0) {
        return true;
    }
    linux_error_set(error, errno, "%s: %s", what, strerror(errno));
    return false;
}
