/* SPDX-License-Identifier: MIT */
/*
 * Worth: is a connection worth its place in the target?
 *
 * There are six reasons why it may not be, for each of which the target can suggest that the host
 * takes it back (EVT-025 to EVT-030). They are off unless the settings name them; a connection is
 * measured only then. Each is judged by a rate over blocks of events or time (EVT-038). It is told
 * when the limit is crossed, and again only after the rate has fallen to half of it in between.
 */
#ifndef TARGET_WORTH_H
#define TARGET_WORTH_H

#include "toe/types.h"

struct target_tcp;
struct toe_target;

/* So many of so many, since the present block began. */
struct target_tally {
    uint32_t cnt;
    uint32_t bad_cnt;
};

struct target_worth {
    struct target_tally sent;      /* segments with text; retransmitted */
    struct target_tally received;  /* segments with text; out of order */
    struct target_tally datagrams; /* fragmented */
    uint32_t request_cnt;          /* receive requests, */
    uint64_t request_len;          /* and the sum of their sizes */
    uint32_t indicated_cnt;        /* indications in a row without a request */
    uint32_t moved;                /* bytes of text both ways in this period */
    toe_instant period_end;        /* or TOE_INSTANT_NEVER: activity is not measured */
    uint16_t told;                 /* reasons over their limit, 1 << enum toe_upload_reason */
    uint16_t due;                  /* of them, those that the host is to be told of */
};

/* target_worth_new() begins to measure |tcp|, if the settings want that and there is memory. */
void target_worth_new(struct toe_target *target, struct target_tcp *tcp);

/* target_worth_del() ends it. */
void target_worth_del(struct toe_target *target, struct target_tcp *tcp);

/* What happens to a connection; each does nothing for one that is not measured. */
void target_worth_sent(struct target_tcp *tcp, uint32_t len, uint32_t cnt, uint32_t repeated_cnt);
void target_worth_received(struct target_tcp *tcp, uint32_t len, bool is_out_of_order);
void target_worth_datagram(struct target_tcp *tcp, bool is_fragmented);
void target_worth_requested(struct target_tcp *tcp, uint32_t len);
void target_worth_indicated(struct target_tcp *tcp);

/* target_worth_expire() ends the period if it is over at |now|. */
void target_worth_expire(struct target_tcp *tcp, toe_instant now);

/* target_worth_deadline() is when the period ends, or TOE_INSTANT_NEVER. */
toe_instant target_worth_deadline(const struct target_tcp *tcp);

/* target_worth_run() tells the host what is due. */
void target_worth_run(struct toe_target *target, struct target_tcp *tcp);

#endif
