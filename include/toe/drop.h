/* SPDX-License-Identifier: MIT */
/*
 * Drops: why a frame or segment went no further.
 *
 * Whatever arrives from the wire and is not used is counted under exactly one of these names. There
 * is no error code for it at the API: a peer must not be able to make a caller fail.
 */
#ifndef TOE_DROP_H
#define TOE_DROP_H

#include "toe/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* TOE_DROP_MAP(X) calls X(name, text) for each reason. */
#define TOE_DROP_MAP(X)                                                                            \
    X(FRAME_SHORT, "frame shorter than its headers")                                               \
    X(FRAME_TYPE, "not a protocol of ours")                                                        \
    X(FRAME_ADDRESS, "for another Ethernet address")                                               \
    X(FRAME_VLAN, "of another VLAN")                                                               \
    X(IP_HEADER, "bad IP header")                                                                  \
    X(IP_CHECKSUM, "bad IP header checksum")                                                       \
    X(IP_FRAGMENT, "IP fragment")                                                                  \
    X(IP_ADDRESS, "for another IP address, or from an impossible one")                             \
    X(IP_PROTOCOL, "unknown transport protocol")                                                   \
    X(IP_NO_ROUTE, "no route to the destination")                                                  \
    X(NEIGHBOR_UNRESOLVED, "the neighbor did not answer")                                          \
    X(ARP_BAD, "bad ARP packet")                                                                   \
    X(ICMP_BAD, "bad ICMP message")                                                                \
    X(ICMP_IMPLAUSIBLE, "ICMP error that quotes no segment in flight")                             \
    X(TCP_HEADER, "bad TCP header")                                                                \
    X(TCP_CHECKSUM, "bad TCP checksum")                                                            \
    X(TCP_NO_CONNECTION, "no connection for it")                                                   \
    X(TCP_CLOSED, "the connection is closed")                                                      \
    X(TCP_SEQUENCE, "sequence number outside the window")                                          \
    X(TCP_PAWS, "timestamp older than one seen before")                                            \
    X(TCP_NO_TIMESTAMP, "timestamp missing")                                                       \
    X(TCP_RST_OUTSIDE, "RST outside the window")                                                   \
    X(TCP_RST_INEXACT, "RST in the window, not exact: challenged")                                 \
    X(TCP_SYN_CHALLENGED, "SYN on a synchronized connection: challenged")                          \
    X(TCP_SYN_UPLOAD, "SYN at the left edge: connection given up")                                 \
    X(TCP_NO_ACK, "no ACK flag")                                                                   \
    X(TCP_ACK_BAD, "acknowledges what was never sent")                                             \
    X(TCP_ACK_OLD, "acknowledgment too old")                                                       \
    X(TCP_URGENT, "urgent data: left for the host")                                                \
    X(TCP_REASSEMBLY_FULL, "no room to reassemble")                                                \
    X(TCP_BEYOND_FIN, "text beyond the end of the stream")                                         \
    X(TCP_OPTION, "options that do not make sense")                                                \
    X(TCP_BACKLOG, "the listener's backlog is full")                                               \
    X(NO_MEMORY, "no memory")

/* NONE: it was used. */
#define TOE_DROP_ENUM(name, text) TOE_DROP_##name,
enum toe_drop { TOE_DROP_NONE, TOE_DROP_MAP(TOE_DROP_ENUM) TOE_DROP_CNT };
#undef TOE_DROP_ENUM

/* toe_drop_name() is the name without its prefix. */
TOE_EXPORT const char *toe_drop_name(enum toe_drop drop);

/* toe_drop_text() says what it means. */
TOE_EXPORT const char *toe_drop_text(enum toe_drop drop);

#ifdef __cplusplus
}
#endif

#endif
