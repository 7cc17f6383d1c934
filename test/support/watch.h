/* SPDX-License-Identifier: MIT */
/*
 * The contract monitor under a test: it stands between host and target, and a test that is not
 * about it fails at its end if either of the two broke a rule of the seam.
 *
 * Where a test plays a host that does wrong on purpose, it says before which rule it is going to
 * break. That one then has to be reported, and nothing else may be. What a target breaks is never
 * expected; where a test plays the target, it does not count.
 */
#ifndef SUPPORT_WATCH_H
#define SUPPORT_WATCH_H

#include "toe/inter.h"

#define T_WATCH_EXPECTED_MAX 8

struct t_watch {
    struct toe_inter_monitor *monitor;
    struct t_watch *older; /* the fixture's, if there are several after each other */
    bool is_of_host;       /* the test plays the target: only what the host breaks counts */
    const char *expected[T_WATCH_EXPECTED_MAX]; /* identifiers of the host's rules */
    uint32_t expected_cnt;
    uint32_t seen; /* those that were reported, by bits */
    uint32_t unexpected_cnt;
    char text[2048]; /* what was reported and not expected, a line for each rule */
};

/*
 * t_watch_init() puts a monitor on |below|, and changes that to the monitor. |watch| was zeroed;
 * rules may be expected, and |is_of_host| set, already. |bus| is that of the buffers, NULL:
 * identity. |continues| as in the target's settings.
 */
void t_watch_init(struct t_watch *watch, struct toe_inter_below *below, const struct toe_bus *bus,
                  bool continues);

/* t_watch_expect() announces that the host is going to break |rule|, once or more often. */
void t_watch_expect(struct t_watch *watch, const char *rule);

/* t_watch_finish() has what is still under way reported: to be called if all should be quiet. */
void t_watch_finish(struct t_watch *watch);

/* t_watch_fini() frees the monitor, and fails the test unless just what was expected came. */
void t_watch_fini(struct t_watch *watch);

#endif
