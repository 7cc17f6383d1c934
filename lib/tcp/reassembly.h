/* SPDX-License-Identifier: MIT */
/*
 * The reassembly queue: text that arrived ahead of its turn.
 *
 * The queue is a list of *runs*, in sequence order, with a hole before each. A run is a list of
 * chunks (tcp/recvq.h) that hold contiguous text; what describes it lies in its first chunk. Text
 * at the end of a run fills its last chunk, runs that meet become one, and two neighbours in a run
 * that fit into one chunk are put into one; so n bytes never take more than 2 n / TCP_CHUNK_ROOM +
 * 1 chunks a run, whatever a peer invents. The number of runs has a limit, which also bounds the
 * search. Text behind the last run, the ordinary case after a loss, is found without one.
 *
 * Bytes received first win (SEG-088). Runs are also linked by when they were added to last, which
 * is the order in which SACK blocks report them (RFC 2018, 4).
 *
 * The caller trims text to the window first: all of it lies to the right of rcv_nxt and less than
 * 2^31 from it. That is the bound on bytes.
 */
#ifndef TCP_REASSEMBLY_H
#define TCP_REASSEMBLY_H

#include "base/seq.h"
#include "base/slab.h"
#include "tcp/recvq.h"
#include "toe/drop.h"
#include "wire/tcp.h"

/* Most runs, and so most holes, of a connection. */
#define TCP_REASSEMBLY_RUN_MAX 128u

/* Zeroed memory is an empty queue. */
struct tcp_reassembly {
    struct tcp_chunk *head;   /* first run, */
    struct tcp_chunk *last;   /* last run, */
    struct tcp_chunk *newest; /* and the one that was added to last */
    uint32_t len;             /* bytes */
    uint32_t chunk_cnt;
    uint32_t run_cnt;
    bool has_fin; /* a FIN arrived out of order, */
    toe_seq fin;  /* and this is its sequence number */
};

/* tcp_reassembly_init() makes |r| an empty queue. */
void tcp_reassembly_init(struct tcp_reassembly *r);

/* tcp_reassembly_flush() discards all that |r| holds, a FIN included. */
void tcp_reassembly_flush(struct tcp_reassembly *r, struct base_slab *pool);

/*
 * tcp_reassembly_insert() adds the text of |seg|, of which only seq, payload and the flags FIN and
 * PSH matter. The FIN stands behind the payload: a caller that trims the right end removes it.
 *
 * TOE_DROP_NONE
 *     All of it is in the queue now, some or all of it perhaps from before.
 * TOE_DROP_TCP_REASSEMBLY_FULL
 *     There was no room for a part; what came before that part was taken.
 * TOE_DROP_TCP_BEYOND_FIN
 *     It contradicts a FIN in the queue, or its FIN the rest: the queue is flushed (SEG-085, 086).
 */
enum toe_drop tcp_reassembly_insert(struct tcp_reassembly *r, struct base_slab *pool,
                                    const struct tcp_segment *seg);

/*
 * tcp_reassembly_gap() is the number of bytes from |rcv_nxt| to the first one in the queue, or
 * UINT32_MAX if it is empty. Of text in order, no more than that is new: the rest, from the first
 * byte in the queue on, is for tcp_reassembly_pull() to deliver, and what lies behind that is in
 * order then.
 */
uint32_t tcp_reassembly_gap(const struct tcp_reassembly *r, toe_seq rcv_nxt);

/*
 * tcp_reassembly_pull() appends to |q| what is contiguous with |rcv_nxt|, discards what lies before
 * it, and returns by how many bytes rcv_nxt moves.
 */
uint32_t tcp_reassembly_pull(struct tcp_reassembly *r, struct base_slab *pool, struct tcp_recvq *q,
                             toe_seq rcv_nxt);

/* tcp_reassembly_has_fin_at() tells whether the FIN that |r| holds is the one at |rcv_nxt|. */
bool tcp_reassembly_has_fin_at(const struct tcp_reassembly *r, toe_seq rcv_nxt);

/*
 * tcp_reassembly_sack() fills in up to |max| blocks, that of the run added to last first, and
 * returns how many. A FIN is not reported.
 */
uint8_t tcp_reassembly_sack(const struct tcp_reassembly *r, struct tcp_sack_block *blocks,
                            uint8_t max);

/*
 * tcp_reassembly_ranges() fills in all runs in sequence order, at most TCP_REASSEMBLY_RUN_MAX, and
 * returns how many. |newest| is the index of the one that was added to last, 0 if there is none.
 */
uint32_t tcp_reassembly_ranges(const struct tcp_reassembly *r, struct tcp_sack_block *ranges,
                               uint32_t *newest);

/* tcp_reassembly_renew() makes the run at |seq|, which there is, the one that was added to last. */
void tcp_reassembly_renew(struct tcp_reassembly *r, toe_seq seq);

/*
 * tcp_reassembly_copy() hands all bytes in sequence order to |put|, and stops with false where that
 * returns false.
 */
bool tcp_reassembly_copy(const struct tcp_reassembly *r,
                         bool (*put)(void *user, const uint8_t *data, uint32_t len), void *user);

/* tcp_reassembly_take() appends all bytes to |q|, in sequence order as if there were no holes. |r|
 * is empty then, and knows of no FIN. */
void tcp_reassembly_take(struct tcp_reassembly *r, struct base_slab *pool, struct tcp_recvq *q);

/*
 * tcp_reassembly_overlap() tells whether some of the |len| bytes at |seq| are there already;
 * |block| is the first range of them.
 */
bool tcp_reassembly_overlap(const struct tcp_reassembly *r, struct tcp_sack_block *block,
                            toe_seq seq, uint32_t len);

/* tcp_reassembly_check() asserts what is said above. */
void tcp_reassembly_check(const struct tcp_reassembly *r);

#endif
