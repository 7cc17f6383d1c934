/* SPDX-License-Identifier: MIT */
#ifndef TEST_SUPPORT_HOST_PAIR_H
#define TEST_SUPPORT_HOST_PAIR_H

#include "base/rand.h"
#include "support/watch.h"
#include "toe/host.h"
#include "toe/target.h"

/*
 * Two machines back to back, in virtual time
 *
 * Each is a host with the software target below it, and a contract monitor between the two; between
 * the machines a wire with a delay and loss. An application at either end sends and checks streams
 * of known bytes.
 */

#define T_PAIR_STREAMS_MAX 64

/* One end of one connection. */
struct t_stream {
    toe_handle conn;
    uint32_t key;      /* of the bytes this end sends; the peer's is ~key */
    uint64_t want;     /* bytes to send */
    uint64_t sent;     /* taken by the host */
    uint64_t received; /* and checked */
    uint32_t quota;    /* most bytes to receive at once; 0: does not receive */
    toe_duration slow; /* receives that often only, |quota| bytes; 0: whenever there are some */
    toe_instant read_at;
    bool shuts;  /* shut down after the last byte */
    bool closes; /* close after both ends of the stream */
    bool is_shut;
    bool is_eof;
    bool is_connected;
    uint64_t rude_at;   /* aborts, or closes, when so many bytes were received; 0: never */
    bool is_closed;     /* CLOSED came */
    bool is_reset;      /* RESET came */
    bool is_gone;       /* the handle was given back */
    uint32_t offloaded; /* events */
    uint32_t offload_failed;
    uint32_t uploaded;
    uint32_t reason;
    toe_status status;
};

struct t_pair_frame;

struct t_pair;

struct t_machine {
    struct t_pair *pair;
    int index;
    struct toe_host *host;
    struct toe_target *target;
    struct t_watch *watch;      /* the contract monitor; then those of the hosts before */
    struct toe_inter_below top; /* what the host stands on: the monitor */
    struct t_pair_frame *in;    /* on their way to us, in order */
    struct t_pair_frame **in_tail;
    struct t_pair_frame *taken; /* lent to the target since its last receive() */
    struct t_stream streams[T_PAIR_STREAMS_MAX];
    uint32_t stream_cnt;
    toe_handle listener;
    struct toe_host_settings host_settings;
    struct toe_target_settings target_settings;
    toe_duration skew; /* what its clock is ahead of the pair's */
};

struct t_pair {
    struct t_machine m[2];
    struct base_rand rand;
    toe_instant now;
    toe_duration delay;
    uint32_t loss_percent;
    uint32_t options_percent; /* IPv4 packets that get options, so that a target passes them up */
    uint32_t slow_percent;    /* streams that are read slowly */
    uint32_t rude_percent;    /* streams that are aborted or closed in the middle */
    bool is_cut;
    uint64_t frames;
    /* Sees each frame before it is put on the wire; false: it is lost. May be NULL. */
    bool (*filter)(struct t_pair *pair, int from, const uint8_t *frame, uint32_t len);
    void *user;
};

/*
 * t_pair_init() makes a pair of machines, 10.0.0.1 and 10.0.0.2, also fd00::1 and fd00::2, whose
 * hosts and targets have these settings; NULL: the defaults. The second one listens on port 80.
 */
void t_pair_init(struct t_pair *pair, const struct toe_host_settings *host,
                 const struct toe_target_settings *target, uint64_t seed);

/* t_pair_fini() frees both machines, and fails the test if memory is still lent. */
void t_pair_fini(struct t_pair *pair);

/*
 * t_pair_replace() gives machine |index| another host and target, which know nothing yet and whose
 * clock is |skew| ahead. The old ones are the caller's, who may still call them but not run them.
 */
void t_pair_replace(struct t_pair *pair, int index, toe_duration skew, struct toe_host **old_host,
                    struct toe_target **old_target);

/* t_pair_connect() opens a stream from machine 0 to machine 1 and returns its index. */
uint32_t t_pair_connect(struct t_pair *pair, uint8_t family, uint64_t want0, uint64_t want1);

/* t_pair_run() lets time pass. */
void t_pair_run(struct t_pair *pair, toe_duration time);

/* t_pair_run_until() lets time pass until |done| says so, or |time| is over; returns which. */
bool t_pair_run_until(struct t_pair *pair, toe_duration time, bool (*done)(struct t_pair *pair));

/* t_pair_is_done() says whether all streams have ended at both ends. */
bool t_pair_is_done(struct t_pair *pair);

/* t_pair_inject() puts a frame on the wire to machine |to|. */
void t_pair_inject(struct t_pair *pair, int to, const uint8_t *frame, uint32_t len);

/* t_pair_check_clean() fails the test if a host or target still has connections or links. */
void t_pair_check_clean(struct t_pair *pair);

/* t_pair_addr() is address |n| (1, 2, ..) of |family| on the wire. */
struct toe_addr t_pair_addr(uint8_t family, uint8_t n);

#endif
