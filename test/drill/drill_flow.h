/* SPDX-License-Identifier: MIT */
#ifndef DRILL_FLOW_H
#define DRILL_FLOW_H

#include "drill_script.h"

#include <sys/socket.h>

/*
 * The connection that a script is about, and its packets as bytes. The peer is ours, so its
 * sequence numbers differ from the script's by a constant; how far those of the stack do is learnt
 * from what it sends.
 *
 * This is written anew, not with the library's own parts: those would hide their own mistakes.
 */

struct drill_net {
    int domain; /* of the sockets: AF_INET6 with addresses of IPv4 are mapped ones */
    bool is_ipv6;
    uint8_t local[16];
    uint8_t remote[16];
};

struct drill_flow {
    struct drill_net net;
    uint16_t local_port; /* 0: not known yet */
    uint16_t remote_port;
    bool knows_seq;
    bool knows_time;
    uint32_t local_seq;  /* what is zero in the script: the stack's, */
    uint32_t remote_seq; /* the peer's, */
    uint32_t local_time; /* and of the stack's timestamps */
};

void drill_flow_init(struct drill_flow *flow, const struct drill_net *net);

/* drill_flow_addr() is the address to bind to, or to connect to. Returns its length. */
socklen_t drill_flow_addr(struct sockaddr_storage *addr, const struct drill_flow *flow,
                          bool is_remote);

/* drill_flow_build() makes the packet that arrives. Returns its length, at most DRILL_PACKET_MAX.
 */
#define DRILL_PACKET_MAX 65535u
size_t drill_flow_build(const struct drill_flow *flow, uint8_t *bytes,
                        const struct drill_packet *packet);

/*
 * drill_flow_parse() reads a packet that left, where |want| is expected: |packet| has the numbers
 * of the script. Returns NULL, or what is wrong with the packet whatever was expected.
 */
const char *drill_flow_parse(struct drill_flow *flow, struct drill_packet *packet,
                             const uint8_t *bytes, size_t len, const struct drill_packet *want);

/* drill_text_at() is the byte of a stream, in either direction, at |off|. */
uint8_t drill_text_at(uint32_t off);

#endif
