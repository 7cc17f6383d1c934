/* SPDX-License-Identifier: MIT */
#ifndef TEST_SUPPORT_HOST_STUB_H
#define TEST_SUPPORT_HOST_STUB_H

#include "support/watch.h"
#include "toe/host.h"
#include "wire/arp.h"
#include "wire/ether.h"
#include "wire/icmp.h"
#include "wire/nd.h"
#include "wire/tcp.h"

/*
 * A host over a target that a test plays
 *
 * What the host asks is recorded and answered when the test says so; frames it puts out are decoded
 * and wait to be expected; frames are built and arrive. The host is 10.0.0.1 and fd00::1 at
 * 02:00:00:00:00:01, the peer .2; the peer's Ethernet address is known unless a test wants
 * otherwise.
 *
 * Between the two stands the contract monitor: a test fails if the host broke a rule of the seam.
 */

#define T_STUB_OPS_MAX 64
#define T_STUB_FRAMES_MAX 256
#define T_STUB_BLOCKS_MAX 64

enum t_op_kind {
    T_OP_INITIATE,
    T_OP_TERMINATE,
    T_OP_UPDATE,
    T_OP_QUERY,
    T_OP_INVALIDATE,
    T_OP_SEND,
    T_OP_RECEIVE,
    T_OP_RETURN,
    T_OP_GRACEFUL,
    T_OP_ABORTIVE,
    T_OP_FORWARD,
};

/* One thing the host asked for. */
struct t_op {
    enum t_op_kind kind;
    toe_handle handle;
    struct toe_block *tree;
    struct toe_buf *chain;
};

/* One frame the host put out. */
struct t_out {
    struct wire_ether ether;
    struct toe_addr src;
    struct toe_addr dst;
    uint8_t proto; /* of the IP packet; 0 if it is none */
    uint8_t hop_limit;
    uint16_t ip_id;
    struct wire_arp arp;
    struct wire_nd nd;
    struct wire_icmp icmp;
    struct tcp_segment seg; /* payload points into |frame| */
    uint32_t len;
    uint8_t frame[2048];
};

struct t_stub {
    struct toe_host *host;
    struct t_watch watch; /* between the two */
    toe_instant now;
    struct toe_host_ops up; /* of the host */
    void *user;
    struct toe_caps caps;
    struct t_op ops[T_STUB_OPS_MAX];
    uint32_t op_head;
    uint32_t op_cnt;
    struct t_out *frames; /* T_STUB_FRAMES_MAX of them */
    uint32_t frame_head;
    uint32_t frame_cnt;
    toe_handle next_handle;
    toe_status params_status;
};

/* What a segment to arrive, or to be expected, looks like. */
struct t_seg {
    uint16_t port;      /* the host's */
    uint16_t peer_port; /* the peer's */
    uint32_t seq;
    uint32_t ack;
    uint8_t flags;
    uint16_t wnd;
    uint16_t mss;
    uint32_t len; /* bytes of payload: all 'x' */
};

/* t_stub_init() makes a host with these settings (NULL: defaults, without options in a SYN). */
void t_stub_init(struct t_stub *stub, const struct toe_host_settings *settings);
void t_stub_fini(struct t_stub *stub);

/* t_stub_settings() are those defaults. */
void t_stub_settings(struct toe_host_settings *settings);

/* t_stub_resolve() lets the peer's addresses be known. */
void t_stub_resolve(struct t_stub *stub);

/* t_stub_run() lets |time| pass; the host runs whenever it is due. */
void t_stub_run(struct t_stub *stub, toe_duration time);

/* t_stub_arrive() lets a frame arrive, and the host run. */
void t_stub_arrive(struct t_stub *stub, const uint8_t *frame, uint32_t len);

/* Frames from the peer, as they stand. */
void t_stub_arrive_seg(struct t_stub *stub, uint8_t family, const struct t_seg *seg);
void t_stub_arrive_arp(struct t_stub *stub, const struct wire_arp *arp, const uint8_t src_mac[6]);
void t_stub_arrive_nd(struct t_stub *stub, const struct wire_nd *nd, const struct toe_addr *src,
                      const struct toe_addr *dst, uint8_t hop_limit);
void t_stub_arrive_icmp(struct t_stub *stub, const struct wire_icmp *icmp);

/* t_stub_frame() takes the next frame the host put out; the test fails if there is none. */
const struct t_out *t_stub_frame(struct t_stub *stub);

/* t_stub_expect_seg() takes the next frame: a segment with these flags and numbers. */
const struct t_out *t_stub_expect_seg(struct t_stub *stub, uint8_t flags, uint32_t seq,
                                      uint32_t ack, uint32_t len);

/* t_stub_expect_silence() fails if the host put out a frame. */
void t_stub_expect_silence(struct t_stub *stub);

/* t_stub_op() takes the next request: of |kind|; or fails. */
struct t_op t_stub_op(struct t_stub *stub, enum t_op_kind kind);

/* t_stub_expect_no_op() fails if there is a request. */
void t_stub_expect_no_op(struct t_stub *stub);

/* t_stub_event() takes the next event, of |type|; or fails. */
struct toe_host_event t_stub_event(struct t_stub *stub, enum toe_host_event_type type);

/* t_stub_expect_no_event() fails if there is one. */
void t_stub_expect_no_event(struct t_stub *stub);

/* t_stub_accept() gives all blocks of an initiate SUCCESS and handles, and completes it. */
void t_stub_accept(struct t_stub *stub, const struct t_op *op);

/* t_stub_established() opens a connection to the peer's port 80 and returns its handle. */
toe_handle t_stub_established(struct t_stub *stub, struct t_seg *seg);

/* t_stub_offloaded() opens a connection and offloads it; |op| is its initiate, completed. */
toe_handle t_stub_offloaded(struct t_stub *stub, struct t_seg *seg, struct toe_block *copy);

/* t_stub_info() tells about a connection. */
struct toe_host_conn_info t_stub_info(struct t_stub *stub, toe_handle conn);

/* t_stub_stats() are the host's counters. */
struct toe_host_stats t_stub_stats(struct t_stub *stub);

/* t_stub_chain_len() is how many bytes the buffers of a chain describe. */
uint32_t t_stub_chain_len(const struct toe_buf *buf);

/* t_stub_offload() begins to offload |conn| and returns the request. */
struct t_op t_stub_offload(struct t_stub *stub, toe_handle conn);

/* t_stub_upload() begins to upload |conn| and returns the request. */
struct t_op t_stub_upload(struct t_stub *stub, toe_handle conn);

/* t_stub_set_status() gives all blocks of a tree |status|. */
void t_stub_set_status(struct toe_block *block, toe_status status);

/* t_stub_give_back() completes the terminate |op| of one connection, whose state is |delegated|. */
void t_stub_give_back(struct t_stub *stub, const struct t_op *op,
                      const struct toe_tcp_delegated *delegated);

/* t_stub_delegated() is the state of an established connection with nothing on its way. */
struct toe_tcp_delegated t_stub_delegated(const struct t_seg *seg);

/* t_stub_indicate() indicates |text| and expects this answer. */
void t_stub_indicate(struct t_stub *stub, struct toe_block *copy, const char *text,
                     toe_status want_status, uint32_t want_consumed);

#endif
