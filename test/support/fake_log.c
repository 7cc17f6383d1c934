/* SPDX-License-Identifier: MIT */
#include "support/fake_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

void t_log_add(struct t_log *log, enum t_log_side side, const char *format, ...)
{
    va_list args;

    if (log->cnt == T_LOG_MAX) {
        fail_msg("the log is full");
    }
    log->entries[log->cnt].side = side;
    va_start(args, format);
    (void)vsnprintf(log->entries[log->cnt].text, T_LOG_TEXT_MAX, format, args);
    va_end(args);
    ++log->cnt;
}

const char *t_log_take(struct t_log *log, enum t_log_side side)
{
    size_t len = 0;

    log->joined[0] = '\0';
    for (size_t i = 0; i < log->cnt; ++i) {
        if ((log->entries[i].side & side) != 0 && len < sizeof(log->joined) - T_LOG_TEXT_MAX - 1) {
            len += (size_t)snprintf(log->joined + len, sizeof(log->joined) - len, "%s%s",
                                    len > 0 ? " " : "", log->entries[i].text);
        }
    }
    log->cnt = 0;
    return log->joined;
}

void t_log_expect(struct t_log *log, enum t_log_side side, const char *want, const char *name)
{
    const char *got = t_log_take(log, side);

    if (strcmp(got, want) != 0) {
        fail_msg("%s:\n  want: %s\n  got:  %s", name, want, got);
    }
}
