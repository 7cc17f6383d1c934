/* SPDX-License-Identifier: MIT */
#ifndef BASE_ASSERT_H
#define BASE_ASSERT_H

#include <stdnoreturn.h>

/*
 * Assertions
 *
 * An assertion states what cannot be false unless the library itself is wrong. It is on in every
 * build: a target that has lost its invariants must stop before it answers a peer with garbage.
 * What comes from the wire or from a caller is never asserted; it is counted or refused.
 */

/*
 * toe_assert() stops the program with one line on the standard error when |cond| is false.
 */
#define toe_assert(cond) ((cond) ? (void)0 : base_assert_fail(#cond, __FILE__, __LINE__))

/* What leads to a cold function is kept apart from what runs, which takes less cache then. */
#if defined(__GNUC__)
#define BASE_COLD __attribute__((cold))
#else
#define BASE_COLD
#endif

/*
 * base_assert_fail() prints the condition |cond| and where it stands, and aborts.
 */
BASE_COLD noreturn void base_assert_fail(const char *cond, const char *file, int line);

#endif
