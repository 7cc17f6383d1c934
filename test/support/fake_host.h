/* SPDX-License-Identifier: MIT */
/*
 * A host that records every upcall and answers indications as a test scripts it.
 *
 * Received bytes are checked as they come: each must be the next one of the peer's stream
 * (t_host_byte()), whether it is placed, indicated or handed back.
 */
#ifndef SUPPORT_FAKE_HOST_H
#define SUPPORT_FAKE_HOST_H

#include "support/fake_log.h"
#include "toe/seam.h"

#define T_HOST_ANSWER_MAX 64
#define T_HOST_KEPT_MAX 1024

struct t_host;

/* How an indication is answered. */
struct t_answer {
    toe_status status;
    uint32_t consumed; /* for PARTIALLY_ACCEPTED */
};

struct t_host {
    struct toe_host_ops ops;
    struct t_log *log;
    const struct toe_target_ops *target_ops;
    void *target;
    struct t_answer answers[T_HOST_ANSWER_MAX]; /* in order; then |answer| */
    uint32_t answer_cnt;
    uint32_t answer_idx;
    struct t_answer answer;
    void (*on_indicate)(struct t_host *host); /* inside the upcall, may be NULL */
    void (*on_complete)(struct t_host *host); /* inside a receive completion */
    void (*on_sent)(struct t_host *host);     /* inside a send completion */
    void (*on_event)(struct t_host *host);
    void *user;                            /* the hooks' */
    struct toe_buf *kept[T_HOST_KEPT_MAX]; /* accepted and not returned */
    uint32_t kept_cnt;
    bool returns_at_once; /* accepted buffers go back inside the upcall's end */
    uint32_t rcv_next;    /* sequence number of the next byte to be delivered */
    bool is_unchecked;    /* of several streams, none is followed */
    uint32_t reach_delta; /* answer to a reachability query */
    struct toe_caps caps; /* told with the last resume */
    struct toe_bus bus;
    uint32_t depth; /* upcalls that are under way: 0 or 1 */
    uint32_t frame_cnt;
    uint32_t frame_len[64];
    uint8_t frame_copy[64][2048];
};

/* t_host_byte() is the byte of the peer's stream at sequence number |seq|. */
uint8_t t_host_byte(uint32_t seq);

/* t_host_init() makes |host| one that accepts everything. */
void t_host_init(struct t_host *host, struct t_log *log, const struct toe_target_ops *target_ops,
                 void *target);

/* t_host_return() gives all kept buffers back. */
void t_host_return(struct t_host *host);

/* t_host_check() fails unless the bytes of |buf| are the next of the stream; returns how many. */
uint32_t t_host_check(struct t_host *host, const struct toe_buf *buf, uint32_t off, uint32_t len);

#endif
