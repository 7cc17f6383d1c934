/* SPDX-License-Identifier: MIT */
#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

noreturn void base_assert_fail(const char *cond, const char *file, int line)
{
    fprintf(stderr, "toe: %s:%d: assertion failed: %s\n", file, line, cond);
    abort();
}
