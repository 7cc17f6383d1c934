/* SPDX-License-Identifier: MIT */
#ifndef DRILL_RUN_H
#define DRILL_RUN_H

#include "drill_call.h"

#include <stdatomic.h>

/*
 * A script that runs, one event after the other. A call that blocks is made on a thread of its own;
 * which of the two threads runs when makes no difference, for the stack under test does the call on
 * the other's behalf, at an instant of its own time.
 */
struct drill_run {
    const struct drill_script *script;
    struct drill_stack stack;
    size_t (*waiting)(void); /* packetdrill_interface_waiting() */
    size_t (*unread)(void);  /* packetdrill_interface_unread() */
    int64_t begin_us;
    struct drill_job blocked;
    bool is_blocked; /* a call is */
    atomic_bool has_returned;
};

/* drill_run() returns whether all went as the script says. If not it has said so, on stderr. */
bool drill_run(struct drill_run *run);

#endif
