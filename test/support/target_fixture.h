/* SPDX-License-Identifier: MIT */
/*
 * A target between a fake host and a fake wire, in virtual time, with the baseline B0 of the
 * scenarios: 10.0.0.1:40000 talks to 10.0.0.2:5001; MTU 1500; 1000 ticks a second; ESTABLISHED,
 * rcv_nxt 1000, snd_una 5000, windows of 65535, RTO 300 ms.
 */
#ifndef SUPPORT_TARGET_FIXTURE_H
#define SUPPORT_TARGET_FIXTURE_H

#include "support/fake_host.h"
#include "support/fake_log.h"
#include "support/fake_wire.h"
#include "support/watch.h"
#include "toe/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define T_MS(n) ((toe_instant)(n)*TOE_NS_PER_MS)

/* An allocator that counts, and fails from the n-th allocation on. */
struct t_failmem {
    uint64_t live;    /* allocations that were not freed */
    uint64_t bytes;   /* and their size */
    uint64_t cnt;     /* allocations so far */
    uint64_t fail_at; /* 0: never; otherwise the first one to fail is this one */
    bool fails_once;  /* and only this one */
};

/* One connection's state and block, as a host keeps them. */
struct t_tcp {
    struct toe_block block;
    struct toe_tcp_state state;
    toe_handle handle;
};

struct t_path {
    struct toe_block block;
    struct toe_path_state state;
    toe_handle handle;
};

struct t_neighbor {
    struct toe_block block;
    struct toe_neighbor_state state;
    toe_handle handle;
};

/* A buffer with memory of its own. */
struct t_buf {
    struct toe_buf buf;
    struct toe_sge sge;
    uint8_t *bytes;
    uint32_t size;
    struct t_buf *next; /* of all that the fixture made */
};

struct t_target {
    struct toe_target_settings settings;
    struct toe_params params;
    struct t_failmem mem;
    struct t_log log;
    struct t_wire wire;
    struct t_host host;
    struct toe_target *target;
    struct t_watch watch;             /* the contract monitor between host and target */
    const struct toe_target_ops *ops; /* what the host stands on: the monitor */
    void *top;                        /* to be passed to |ops| */
    toe_instant now;
    struct t_neighbor neighbor;
    struct t_path path;
    struct t_tcp tcp;
    struct t_wire_addr from_peer; /* how the peer's segments travel */
    struct t_buf *bufs;
};

/* t_target_new() prepares a target; settings and states may be changed until t_target_start(). */
struct t_target *t_target_new(void);

/*
 * t_target_create() creates it and attaches the host; false, and nothing is created, if the target
 * cannot be.
 */
bool t_target_create(struct t_target *t);

/* t_target_start() creates it, attaches the host and sets the parameters. */
void t_target_start(struct t_target *t);

/* t_target_del() frees all, and fails if memory leaked or the monitor had something to report. */
void t_target_del(struct t_target *t);

/* t_target_offloaded() is a started target with the baseline connection offloaded, log empty. */
struct t_target *t_target_offloaded(void);

/* t_breaks() announces that the test is going to break |rule|, as a host: the monitor is told. */
void t_breaks(struct t_target *t, const char *rule);

/* t_offload() offloads neighbor, path and connection of |t|, which must succeed; log empty then. */
void t_offload(struct t_target *t);

/* t_link() makes the blocks of |t| a tree for an operation, each of the type of all classes. */
struct toe_block *t_link(struct t_target *t);

/* t_run() runs the target at |ms| milliseconds, and at all deadlines before. */
void t_run(struct t_target *t, uint64_t ms);

/* t_terminate() takes the connection back at the present time; its state is in |t|->tcp. */
toe_status t_terminate(struct t_target *t);

/* t_query() fills |state| in. */
toe_status t_query(struct t_target *t, struct toe_tcp_state *state);

/* t_buf_new() is an empty buffer of |len| bytes. */
struct toe_buf *t_buf_new(struct t_target *t, uint32_t len);

/* t_data_new() is one with the bytes of our stream from |seq| on. */
struct toe_buf *t_data_new(struct t_target *t, uint32_t seq, uint32_t len);

/* t_peer_data_new() is one with the bytes of the peer's stream from |seq| on. */
struct toe_buf *t_peer_data_new(struct t_target *t, uint32_t seq, uint32_t len);

/*
 * t_hand_over() has the sends of |chain| go down with the baseline connection, with the pointers to
 * the first and the last one that has data.
 */
void t_hand_over(struct t_target *t, struct toe_buf *chain);

/* Posts on the baseline connection. */
struct toe_buf *t_send_new(struct t_target *t, uint32_t seq, uint32_t len);
struct toe_buf *t_receive_new(struct t_target *t, uint32_t len, uint32_t flags);
struct toe_buf *t_disconnect_new(struct t_target *t, uint32_t seq, uint32_t len,
                                 enum toe_disconnect how);

/* t_peer() lets a segment of the peer arrive with the next run. ACK is understood. */
void t_peer(struct t_target *t, uint32_t seq, uint32_t len, uint8_t flags, uint32_t ack);

/* t_peer_seg() is t_peer() with all of the segment given; the payload follows the stream. */
void t_peer_seg(struct t_target *t, const struct tcp_segment *seg);

/* Expectations on the log; all empty it. */
#define t_expect_host(t, want) t_log_expect(&(t)->log, T_LOG_HOST, want, __func__)
#define t_expect_wire(t, want) t_log_expect(&(t)->log, T_LOG_WIRE, want, __func__)
#define t_expect_all(t, want) t_log_expect(&(t)->log, T_LOG_ALL, want, __func__)

/* t_stats() is the counters of the target. */
struct toe_stats t_stats(struct t_target *t);

/* t_addr4() is an IPv4 address. */
struct toe_addr t_addr4(uint8_t a, uint8_t b, uint8_t c, uint8_t d);

/* t_block_init() makes |block| one of |type| for |object| and |state|. */
void t_block_init(struct toe_block *block, uint16_t type, toe_handle *object, void *state);

/* t_states_init() fills in the baseline states and blocks. */
void t_states_init(struct t_neighbor *neighbor, struct t_path *path, struct t_tcp *tcp);

#endif
