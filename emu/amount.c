/* SPDX-License-Identifier: MIT */
#include "amount.h"

#include <inttypes.h>
#include <stdio.h>

const char *emu_amount_count(char text[EMU_AMOUNT_LEN], uint64_t count)
{
    char digits[21];
    const int len = snprintf(digits, sizeof(digits), "%" PRIu64, count);
    char *to = text;

    for (int i = 0; i < len; ++i) {
        if (i > 0 && (len - i) % 3 == 0) {
            *to++ = ',';
        }
        *to++ = digits[i];
    }
    *to = '\0';
    return text;
}

/* |value|, below 999.5, with three digits at most. */
static const char *with_unit(char text[EMU_AMOUNT_LEN], double value, const char *unit)
{
    (void)snprintf(text, EMU_AMOUNT_LEN, "%.3g %s", value, unit);
    return text;
}

const char *emu_amount_bytes(char text[EMU_AMOUNT_LEN], double bytes)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB", "PB"};
    uint32_t unit = 0;

    while (bytes >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        bytes /= 1000;
        ++unit;
    }
    return with_unit(text, bytes, units[unit]);
}

const char *emu_amount_time(char text[EMU_AMOUNT_LEN], toe_duration time)
{
    const double seconds = (double)time / (double)TOE_NS_PER_SEC;

    if (seconds > 7200) {
        return with_unit(text, seconds / 3600, "h");
    }
    if (seconds > 120) {
        return with_unit(text, seconds / 60, "min");
    }
    if (seconds >= 0.9995 || time == 0) {
        return with_unit(text, seconds, "s");
    }
    if (seconds >= 0.9995e-3) {
        return with_unit(text, seconds * 1e3, "ms");
    }
    if (seconds >= 0.9995e-6) {
        return with_unit(text, seconds * 1e6, "µs");
    }
    return with_unit(text, seconds * 1e9, "ns");
}
