/* SPDX-License-Identifier: MIT */
#ifndef HOST_HOST_OUTPUT_H
#define HOST_HOST_OUTPUT_H

#include "host/neighbor.h"
#include "tcp/engine.h"
#include "wire/icmp.h"

/*
 * Output: from segments and messages to frames
 *
 * A frame is built where it will leave from: reserve room, fill it in, commit. Frames gather until
 * the batch is full, another interface has its turn, or the run ends. What is reserved and not
 * committed was never there.
 */

struct host_conn;

/* Most bytes in front of a payload: Ethernet, IPv6 and TCP. */
#define HOST_HEAD_MAX 126u

/* host_ether_put() writes the Ethernet header of |frame|, which has |len| bytes in all. */
void host_ether_put(const struct host_interface *interface, uint8_t *frame, uint32_t len,
                    const uint8_t dst[TOE_MAC_LEN], uint16_t type);

/* host_tx_reserve() is room for a frame of up to |len| bytes, at most HOST_TX_ROOM. */
uint8_t *host_tx_reserve(struct host_interface *interface, uint32_t len);

/* host_tx_commit() puts the frame of |len| bytes out that was built in the room reserved last. */
void host_tx_commit(struct host_interface *interface, uint32_t len);

/* host_tx_flush() gives everything committed to the target. */
void host_tx_flush(struct toe_host *host);

/*
 * host_neighbor_send() commits the frame of |len| bytes at |frame|, reserved last and complete but
 * for its Ethernet header, to |neighbor|; or lets it wait for the address.
 */
void host_neighbor_send(struct host_neighbor *neighbor, uint8_t *frame, uint32_t len);

/* host_segment_send() puts out the segment |out| of |conn|. False if its text cannot be mapped. */
bool host_segment_send(struct host_conn *conn, struct tcp_out *out);

/*
 * host_reset_send() answers |seg|, which came from |remote| to |local| and to no connection, with a
 * RST (RFC 9293, 3.10.7.1). Never a RST with a RST.
 */
void host_reset_send(struct host_interface *interface, const struct toe_addr *local,
                     const struct toe_addr *remote, const struct tcp_segment *seg);

/* host_icmp_send() puts out |icmp| from |local| to |remote|. */
void host_icmp_send(struct host_interface *interface, const struct toe_addr *local,
                    const struct toe_addr *remote, const struct wire_icmp *icmp);

#endif
