/* SPDX-License-Identifier: MIT */
#ifndef HOST_TIMER_H
#define HOST_TIMER_H

#include "base/wheel.h"

/*
 * What expires
 *
 * Everything that waits for an instant is on one wheel. A timer says what it is for; its owner is
 * found from where it lies.
 */

enum host_timer_kind {
    HOST_TIMER_CONN,         /* host_conn: the engine, or the end of a pause */
    HOST_TIMER_POLICY,       /* host_conn: to be moved */
    HOST_TIMER_NEIGHBOR,     /* host_neighbor: solicit again, or begin to probe */
    HOST_TIMER_REACHABILITY, /* host_neighbor: ask the target whether there was progress */
    HOST_TIMER_PATH_MTU,     /* host_path: what was learned about the MTU is old */
    HOST_TIMER_RETRY,        /* toe_host: an upload found no memory */
};

struct host_timer {
    struct base_timer timer;
    uint8_t kind; /* enum host_timer_kind */
};

#endif
