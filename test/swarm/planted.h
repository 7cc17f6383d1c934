/* SPDX-License-Identifier: MIT */
/*
 * Planted bugs: functions of the engine, the target and the host, each replaced by one that is
 * wrong now and then, as somebody might have written it. The linker sends calls from other files
 * than the function's own here (--wrap; the build finds the names in the lines that begin with
 * WRAP).
 */
#ifndef PLANTED_H
#define PLANTED_H

#include <stdint.h>

#define PLANTED_NONE 0

/* planted_name() says what bug |which|, from 1 on, is; NULL: there are no more. */
const char *planted_name(uint32_t which);

/* planted_set() has the bug |which| there from now on, and no other. */
void planted_set(uint32_t which);

#endif
