/* SPDX-License-Identifier: MIT */
/*
 * One target: what its parts share.
 *
 * Everything an instance needs apart from its objects is allocated when it is created; pools grow
 * by slabs when an object is offloaded or a chunk is first needed, never beyond the settings.
 */
#ifndef TARGET_INSTANCE_H
#define TARGET_INSTANCE_H

#include "base/list.h"
#include "base/slab.h"
#include "base/wheel.h"
#include "target/demux.h"
#include "target/egress.h"
#include "target/keyset.h"
#include "target/ordinary.h"
#include "target/pause.h"
#include "target/work.h"
#include "tcp/conn.h"
#include "tcp/inflight.h"
#include "tcp/mitigation.h"
#include "toe/target.h"

/* Frames fetched from the wire at a time. */
#define TARGET_BATCH_MAX 64u

/* Fetches in one run before the caller has its turn. */
#define TARGET_BATCHES_MAX 16u

/* Rounds of requests, timers and service in one run: what is posted in upcalls is taken at once. */
#define TARGET_ROUNDS_MAX 4u

/* Segments of one connection before others have their turn. */
#define TARGET_BURST_MAX 64u

struct toe_target {
    struct toe_target_settings settings; /* |vlans| is our copy */
    struct toe_caps caps;                /* what holds now: not more than the settings */
    struct toe_wire_ops wire;
    struct toe_host_ops host; /* functions that do nothing while nobody is attached */
    void *host_user;

    struct toe_params params;
    bool has_params; /* no initiate before they were set (CAP-13) */
    toe_duration tick;
    toe_duration push;        /* push timer */
    toe_duration stale_after; /* TOE_INSTANT_NEVER: neighbors do not become stale */

    toe_instant now;
    toe_instant initiated; /* when the initiate that is being taken arrived (TMR-008) */
    bool is_running;
    bool has_more_frames;             /* the wire may have more than a run took */
    const struct toe_frame *arriving; /* being processed, or NULL */

    struct tcp_config tcp_config;
    struct tcp_budget challenges;
    struct base_slab neighbors;
    struct base_slab paths;
    struct base_slab tcps;
    struct base_slab busies; /* of struct target_busy */
    struct base_slab chunks; /* of struct target_chunk */
    struct base_slab scoreboards;
    struct tcp_flight_pools flights;
    struct base_slab worths;
    struct target_keyset src_macs;
    struct target_keyset src_addrs;
    struct target_keyset vlans;
    struct target_demux demux;
    struct base_wheel wheel;
    struct target_work work;
    struct target_pause pause;
    struct base_list ready;        /* of struct target_tcp, to be served */
    struct target_tcp *serving;    /* being served: what is posted to it now is seen to, or NULL */
    struct target_tcp *completing; /* receives of it are being completed: it takes more, or NULL */
    struct target_egress egress;
    struct target_ordinary ordinary;
    struct toe_stats stats; /* the gauges are filled in when asked for */
    uint8_t *scratch;       /* one segment, in one piece */
};

/* Room of toe_target.scratch: the largest segment there is. */
#define TARGET_SCRATCH_LEN 65536u

/* target_ticks_ns() is |ticks| host ticks as a duration, saturated. */
toe_duration target_ticks_ns(const struct toe_target *target, uint32_t ticks);

/* target_params_apply() makes toe_target.params those that all connections follow. */
void target_params_apply(struct toe_target *target);

/* target_is_snap() tells whether packets are sent in 802.3 frames with LLC and SNAP. */
static inline bool target_is_snap(const struct toe_target *target)
{
    return target->params.encapsulation == TOE_ENCAPSULATION_SNAP;
}

/* target_mtu_max() is the largest path MTU that fits a frame (RFC-117). */
uint32_t target_mtu_max(const struct toe_target *target);

#endif
