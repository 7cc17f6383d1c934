/* SPDX-License-Identifier: MIT */
#include "toe/seam.h"

bool toe_upload_reason_is_mandatory(enum toe_upload_reason reason)
{
    switch (reason) {
    case TOE_UPLOAD_RECEIVED_URGENT_DATA:
    case TOE_UPLOAD_TIMEOUT_EXPIRATION:
    case TOE_UPLOAD_INVALID_STATE:
    case TOE_UPLOAD_REQUESTED:
    case TOE_UPLOAD_HARDWARE_FAILURE:
        return true;
    case TOE_UPLOAD_LOW_ACTIVITY:
    case TOE_UPLOAD_HIGH_DROP_RATE:
    case TOE_UPLOAD_SMALL_IO:
    case TOE_UPLOAD_NO_BUFFER_PREPOSTING:
    case TOE_UPLOAD_HIGH_FRAGMENTATION:
    case TOE_UPLOAD_HIGH_OUT_OF_ORDER:
        return false;
    }
    return false;
}

const char *toe_upload_reason_name(uint32_t reason)
{
    switch (reason) {
    case TOE_UPLOAD_LOW_ACTIVITY:
        return "LOW_ACTIVITY";
    case TOE_UPLOAD_HIGH_DROP_RATE:
        return "HIGH_DROP_RATE";
    case TOE_UPLOAD_SMALL_IO:
        return "SMALL_IO";
    case TOE_UPLOAD_NO_BUFFER_PREPOSTING:
        return "NO_BUFFER_PREPOSTING";
    case TOE_UPLOAD_RECEIVED_URGENT_DATA:
        return "RECEIVED_URGENT_DATA";
    case TOE_UPLOAD_HIGH_FRAGMENTATION:
        return "HIGH_FRAGMENTATION";
    case TOE_UPLOAD_HIGH_OUT_OF_ORDER:
        return "HIGH_OUT_OF_ORDER";
    case TOE_UPLOAD_TIMEOUT_EXPIRATION:
        return "TIMEOUT_EXPIRATION";
    case TOE_UPLOAD_INVALID_STATE:
        return "INVALID_STATE";
    case TOE_UPLOAD_REQUESTED:
        return "UPLOAD_REQUESTED";
    case TOE_UPLOAD_HARDWARE_FAILURE:
        return "HARDWARE_FAILURE";
    default:
        return "UNKNOWN";
    }
}
