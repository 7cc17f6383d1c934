/* SPDX-License-Identifier: MIT */
/*
 * Delivery: how received bytes reach the host.
 *
 * The host posts requests; text that arrives in order goes straight into the first one that has
 * room. What finds no room waits in the connection's receive queue, is indicated to the host, and
 * if the host refuses it, waits until a request is posted. The rules are DATA 2.2, with two
 * liberties that nobody can observe but as larger portions: the steps of the algorithm are taken as
 * segments arrive, while its upcalls are made when the connection is served; and text that arrived
 * between two services is indicated together.
 *
 * A request passes three lists: *incoming* as it was posted, at any time, also inside an upcall;
 * *posted* when it waits for bytes; *done* with its status, for the next completion. All are linked
 * by toe_buf.next. Invariant: bytes wait in the receive queue only if no request has room.
 *
 * Received bytes are lent to the host in chunks, each with a buffer of its own to describe it, so
 * that bytes which were acknowledged can always be handed up.
 */
#ifndef TARGET_DELIVERY_H
#define TARGET_DELIVERY_H

#include "tcp/recvq.h"
#include "toe/buf.h"

struct target_tcp;
struct tcp_conn;
struct toe_target;

/* Most chunks in one indication. */
#define TARGET_LENT_MAX 8u

/* Most indications of one connection before others have their turn (RCV-040). */
#define TARGET_INDICATE_MAX 8u

/* A chain of requests. */
struct target_bufq {
    struct toe_buf *head;
    struct toe_buf *tail;
};

struct target_delivery {
    struct target_bufq incoming;
    struct target_bufq posted;
    struct target_bufq done;
    uint64_t room;       /* bytes free in all of |posted| */
    uint32_t consumed;   /* bytes delivered that the engine was not told of yet */
    uint32_t place_len;  /* bytes that there is room for at |place| */
    uint8_t *place;      /* said by target_delivery_room() for what is being processed, or NULL */
    bool is_held;        /* what waits was refused, or came from the host (RCV-091) */
    bool is_fed;         /* bytes were placed since the push timer was looked at */
    bool is_overdue;     /* what waits was kept long enough: no more of that until it is gone */
    bool is_end_told;    /* the host knows of the peer's FIN, */
    bool is_ended;       /* and from us: requests are for nothing now (DSC-035) */
    toe_instant push_at; /* push timer, or TOE_INSTANT_NEVER */
    toe_instant hold_at; /* what waits is kept until then for a request, or TOE_INSTANT_NEVER */
};

/*
 * A chunk of received bytes with what is needed to lend it, and others behind it, to the host. The
 * engine allocates its chunks from a pool of these.
 */
struct target_chunk {
    struct tcp_chunk chunk; /* first: this is what the engine knows */
    toe_handle owes;        /* the connection that acknowledges |owed| bytes on return, or 0 */
    uint32_t owed;
    struct toe_buf buf;
    struct toe_sge sge[TARGET_LENT_MAX];
    bool is_lent;
};

/* target_bufq_push() appends |buf| alone. */
void target_bufq_push(struct target_bufq *q, struct toe_buf *buf);

/* target_bufq_pop() takes the first buffer off |q|, or returns NULL. */
struct toe_buf *target_bufq_pop(struct target_bufq *q);

/* target_bufq_take() empties |q| and returns its chain. */
struct toe_buf *target_bufq_take(struct target_bufq *q);

/* target_delivery_is_idle() tells whether |d| has nothing to do or to remember. */
bool target_delivery_is_idle(const struct target_delivery *d);

/* target_delivery_post() takes the requests of |chain|; may be called at any time. */
void target_delivery_post(struct target_tcp *tcp, struct toe_buf *chain);

/*
 * target_delivery_room() is where target_delivery_text() would put |len| bytes if it were called
 * next, if that is one piece of the first request; NULL if it is not. Bytes may be written there
 * before, and are in their place when target_delivery_text() is called next with them as its data.
 * Otherwise they mean nothing: a request is filled only as far as it says.
 */
uint8_t *target_delivery_room(struct target_tcp *tcp, uint32_t len);

/* target_delivery_text() is text() of struct tcp_config. */
bool target_delivery_text(struct tcp_conn *conn, const uint8_t *data, uint32_t len, bool push);

/* target_delivery_account() tells the engine how much was delivered since it was told last. */
void target_delivery_account(struct toe_target *target, struct target_tcp *tcp);

/* target_delivery_expire() does what is due at |now| by its timers. */
void target_delivery_expire(struct target_tcp *tcp, toe_instant now);

/*
 * target_delivery_run() carries the algorithm to its end: completions, indications, and at the end
 * of the stream the disconnect event.
 */
void target_delivery_run(struct toe_target *target, struct target_tcp *tcp);

/*
 * target_delivery_flush() completes all requests. One that holds bytes gets SUCCESS if it is a push
 * request and |keep_pushed|, |status| otherwise, as all others do.
 */
void target_delivery_flush(struct toe_target *target, struct target_tcp *tcp, toe_status status,
                           bool keep_pushed);

/*
 * target_delivery_take() takes all bytes that wait and returns them as a chain of buffers, which
 * are lent to whoever gets it until target_delivery_return().
 */
struct toe_buf *target_delivery_take(struct toe_target *target, struct target_tcp *tcp);

/* target_delivery_take_early() does that with all bytes that arrived out of order. */
struct toe_buf *target_delivery_take_early(struct toe_target *target, struct target_tcp *tcp);

/*
 * target_delivery_return() takes lent buffers back, and acknowledges what that is to acknowledge.
 * What is not lent is left alone.
 */
void target_delivery_return(struct toe_target *target, struct toe_buf *chain);

#endif
