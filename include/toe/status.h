/* SPDX-License-Identifier: MIT */
/*
 * Statuses: the one way in which requests are answered.
 *
 * Every request to a target is answered asynchronously by a completion, and every object or buffer
 * named in it carries its own status by then. The values are those of the published headers of the
 * architecture, so that traces and code from either world compare. The severity is in the two top
 * bits: a status is a failure if, and only if, the top bit is set.
 * TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS is informational, hence not a failure.
 */
#ifndef TOE_STATUS_H
#define TOE_STATUS_H

#include "toe/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef uint32_t toe_status;

/*
 * OFFLOAD_PATH_MTU is named in the documents but has no published value; ours has the customer bit
 * set, so it can never meet a foreign one.
 */
#define TOE_STATUS_SUCCESS 0x00000000u
#define TOE_STATUS_PENDING 0x00000103u
#define TOE_STATUS_NOT_ACCEPTED 0x00010003u
#define TOE_STATUS_OFFLOAD_PAUSE 0x40020001u
#define TOE_STATUS_UPLOAD_ALL 0x40020002u
#define TOE_STATUS_OFFLOAD_RESUME 0x40020003u
#define TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS 0x40020004u
#define TOE_STATUS_OFFLOAD_STATE_INVALID 0x40020005u
#define TOE_STATUS_FAILURE 0xC0000001u
#define TOE_STATUS_INVALID_PARAMETER 0xC000000Du
#define TOE_STATUS_RESOURCES 0xC000009Au
#define TOE_STATUS_NOT_SUPPORTED 0xC00000BBu
#define TOE_STATUS_INVALID_STATE 0xC0000184u
#define TOE_STATUS_REQUEST_ABORTED 0xC001000Cu
#define TOE_STATUS_INVALID_LENGTH 0xC0010014u
#define TOE_STATUS_INVALID_DATA 0xC0010015u
#define TOE_STATUS_PAUSED 0xC023002Au
#define TOE_STATUS_LOW_POWER_STATE 0xC023002Fu
#define TOE_STATUS_UPLOAD_IN_PROGRESS 0xC0231001u
#define TOE_STATUS_REQUEST_UPLOAD 0xC0231002u
#define TOE_STATUS_UPLOAD_REQUESTED 0xC0231003u
#define TOE_STATUS_OFFLOAD_TCP_ENTRIES 0xC0231004u
#define TOE_STATUS_OFFLOAD_PATH_ENTRIES 0xC0231005u
#define TOE_STATUS_OFFLOAD_NEIGHBOR_ENTRIES 0xC0231006u
#define TOE_STATUS_OFFLOAD_IP_ADDRESS_ENTRIES 0xC0231007u
#define TOE_STATUS_OFFLOAD_HW_ADDRESS_ENTRIES 0xC0231008u
#define TOE_STATUS_OFFLOAD_VLAN_ENTRIES 0xC0231009u
#define TOE_STATUS_OFFLOAD_TCP_XMIT_BUFFER 0xC023100Au
#define TOE_STATUS_OFFLOAD_TCP_RCV_BUFFER 0xC023100Bu
#define TOE_STATUS_OFFLOAD_TCP_RCV_WINDOW 0xC023100Cu
#define TOE_STATUS_OFFLOAD_VLAN_MISMATCH 0xC023100Du
#define TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED 0xC023100Eu
#define TOE_STATUS_OFFLOAD_POLICY 0xC023100Fu
#define TOE_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED 0xC0231010u
#define TOE_STATUS_OFFLOAD_REQUEST_RESET 0xC0231011u
#define TOE_STATUS_OFFLOAD_CONNECTION_REJECTED 0xC0231012u
#define TOE_STATUS_OFFLOAD_PATH_MTU 0xE0231001u

/* TOE_STATUS_MAP(X) calls X(name, text) for each of them. */
#define TOE_STATUS_MAP(X)                                                                          \
    X(SUCCESS, "done, whole")                                                                      \
    X(PENDING, "not answered yet")                                                                 \
    X(NOT_ACCEPTED, "not accepted")                                                                \
    X(OFFLOAD_PAUSE, "offloading pauses")                                                          \
    X(UPLOAD_ALL, "everything is to be uploaded")                                                  \
    X(OFFLOAD_RESUME, "offloading resumes")                                                        \
    X(OFFLOAD_PARTIAL_SUCCESS, "offloaded, not all that depends on it")                            \
    X(OFFLOAD_STATE_INVALID, "state is invalid")                                                   \
    X(FAILURE, "failed or not attempted")                                                          \
    X(INVALID_PARAMETER, "invalid parameter")                                                      \
    X(RESOURCES, "no memory at the host")                                                          \
    X(NOT_SUPPORTED, "not supported")                                                              \
    X(INVALID_STATE, "not possible in this state")                                                 \
    X(REQUEST_ABORTED, "aborted: reset or abortive close")                                         \
    X(INVALID_LENGTH, "invalid length")                                                            \
    X(INVALID_DATA, "invalid data")                                                                \
    X(PAUSED, "paused")                                                                            \
    X(LOW_POWER_STATE, "low power state")                                                          \
    X(UPLOAD_IN_PROGRESS, "the connection is being uploaded")                                      \
    X(REQUEST_UPLOAD, "not propagated: upload the connection")                                     \
    X(UPLOAD_REQUESTED, "not propagated, as the request before it")                                \
    X(OFFLOAD_TCP_ENTRIES, "no room for a TCP connection")                                         \
    X(OFFLOAD_PATH_ENTRIES, "no room for a path")                                                  \
    X(OFFLOAD_NEIGHBOR_ENTRIES, "no room for a neighbor")                                          \
    X(OFFLOAD_IP_ADDRESS_ENTRIES, "no room for a source IP address")                               \
    X(OFFLOAD_HW_ADDRESS_ENTRIES, "no room for a source MAC address")                              \
    X(OFFLOAD_VLAN_ENTRIES, "no room for a VLAN")                                                  \
    X(OFFLOAD_TCP_XMIT_BUFFER, "not enough transmit buffers")                                      \
    X(OFFLOAD_TCP_RCV_BUFFER, "not enough receive buffers")                                        \
    X(OFFLOAD_TCP_RCV_WINDOW, "receive window larger than supported")                              \
    X(OFFLOAD_VLAN_MISMATCH, "VLAN is none of the interface's")                                    \
    X(OFFLOAD_DATA_NOT_ACCEPTED, "indicated data refused")                                         \
    X(OFFLOAD_POLICY, "refused by policy")                                                         \
    X(OFFLOAD_DATA_PARTIALLY_ACCEPTED, "indicated data accepted in part")                          \
    X(OFFLOAD_REQUEST_RESET, "reset requested")                                                    \
    X(OFFLOAD_CONNECTION_REJECTED, "a poor candidate for offload")                                 \
    X(OFFLOAD_PATH_MTU, "path MTU larger than supported")

/* toe_status_is_failure() is true for every status that is not some kind of success. */
static inline bool toe_status_is_failure(toe_status status)
{
    return (status & 0x80000000u) != 0;
}

/* toe_status_name() is the name without its prefix, "FAILURE" for example, or "UNKNOWN". */
TOE_EXPORT const char *toe_status_name(toe_status status);

/* toe_status_text() says in a few words what |status| means. */
TOE_EXPORT const char *toe_status_text(toe_status status);

#ifdef __cplusplus
}
#endif

#endif
