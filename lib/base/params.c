/* SPDX-License-Identifier: MIT */
#include "toe/params.h"

void toe_params_default(struct toe_params *params)
{
    *params = (struct toe_params){
        .size = sizeof(*params),
        .ticks_per_second = 1000,
        .ack_frequency = 2,
        .delayed_ack_ticks = 40,
        .max_retransmissions = 15,
        .doubt_reachability_retransmissions = 0,
        .sws_prevention_ticks = 5000,
        .duplicate_ack_threshold = 3,
        .push_ticks = 500,
        .nce_stale_ticks = 30000,
        .encapsulation = TOE_ENCAPSULATION_ETHERNET,
    };
}

toe_status toe_params_check(const struct toe_params *params)
{
    if (params->size < sizeof(*params)) {
        return TOE_STATUS_INVALID_LENGTH;
    }

    if (params->encapsulation != TOE_ENCAPSULATION_ETHERNET &&
        params->encapsulation != TOE_ENCAPSULATION_SNAP) {
        return TOE_STATUS_INVALID_DATA;
    }
    switch (params->ticks_per_second) {
    case 10:
    case 100:
    case 1000:
        return TOE_STATUS_SUCCESS;
    default:
        return TOE_STATUS_INVALID_DATA;
    }
}
