/* SPDX-License-Identifier: MIT */
/*
 * The flight: a record of what is on its way, when it left and what became of it.
 *
 * Detecting loss by time (tcp/rack.h) needs the instant of each transmission. The record is a
 * sorted array of *runs*: sequence numbers in a row that left at about the same instant and fared
 * alike. The first begins at snd_una, each other where the one before it ends, the last ends at
 * snd_max, so that a run needs no beginning and nothing is searched but by halving.
 *
 * Few runs say much. New data joins the last run for 1/32 of a round trip; what is selectively
 * acknowledged, or lost, joins its neighbour whenever that left. So without loss there are some
 * thirty runs at most, whatever the window, and each segment costs an addition at the end and a
 * subtraction at the front. An RFC's figure would be a list entry per segment; that costs a pool
 * object and several cache lines for each.
 *
 * The times of a run are those of its last byte. Whoever decides by them adds tcp_flight_grain(),
 * so that nothing is lost before its time.
 *
 * Memory. The record is there while something is in flight. A few runs lie in it, more in blocks of
 * two sizes. Where there is no block, or the largest is full, the record goes *blind*: it is given
 * up until nothing is in flight any more, and recovery does without (RFC 6675, RFC 6582).
 *
 * With the record come the numbers of all that works by it; they last as long.
 */
#ifndef TCP_INFLIGHT_H
#define TCP_INFLIGHT_H

#include "base/slab.h"
#include "tcp/conn.h"
#include "tcp/frto.h"
#include "tcp/prr.h"
#include "tcp/rack.h"
#include "tcp/rate.h"
#include "tcp/rtt.h"
#include "tcp/send.h"
#include "tcp/tlp.h"
#include "tcp/undo.h"
#include "toe/extension.h"

#define TCP_FLIGHT_FEW 4u
#define TCP_FLIGHT_SOME 63u
#define TCP_FLIGHT_MANY 255u

/* What became of a run. SACKED stands alone. */
enum {
    TCP_RUN_SACKED = TOE_RUN_SACKED,
    TCP_RUN_LOST = TOE_RUN_LOST,       /* and not resent yet */
    TCP_RUN_RESENT = TOE_RUN_RESENT,   /* sent more than once: which copy arrived is not known */
    TCP_RUN_UNTIMED = TOE_RUN_UNTIMED, /* handed over: it left before |sent| (RFC-078) */
};

/* What is sampled at the moment of transmission has its place here. */
struct tcp_run {
    toe_instant sent; /* last */
    toe_seq end;
    uint8_t flags;
    bool is_limited; /* by the application: tcp/rate.h */
    struct tcp_rate_stamp stamp;
};

/*
 * What one acknowledgment says was delivered, for the first time. An *original* was sent once, so
 * that there is no doubt which copy arrived.
 */
struct tcp_delivered {
    uint32_t bytes;
    bool has_original;
    bool has_resent;
    bool is_timed;       /* the newest original left at |sent| */
    bool has_recovered;  /* it ended a recovery, or what followed a timeout */
    toe_seq lowest;      /* least end of an original, */
    toe_seq highest;     /* and largest end of all */
    toe_instant sent;    /* of the originals the one that left last, */
    toe_seq end;         /* and its end */
    toe_instant re_sent; /* the same of what was resent */
    toe_seq re_end;
    toe_instant last_sent; /* when what is reported last left, in the order of sequence numbers */
    bool is_last_resent;

    bool is_rated;   /* stamps are asked for: */
    bool is_stamped; /* of all that was delivered, the one that left last */
    bool is_limited;
    toe_seq stamp_end;
    toe_instant stamp_sent;
    struct tcp_rate_stamp stamp;
};

/*
 * Invariants, unless blind: |cnt| is zero if nothing is in flight; the last run ends at snd_max;
 * no run is empty; |sacked| and |lost| are the bytes of runs with these flags.
 */
struct tcp_flight {
    struct tcp_run *more; /* a block of |cap| runs; NULL: |few| */
    uint16_t cap;
    uint16_t first; /* index of the run at snd_una */
    uint16_t cnt;
    bool is_blind;
    bool is_open;       /* nothing was sent after the last run, and nothing happened to it */
    bool in_loss;       /* after a timeout, up to conn->recover */
    bool is_moved;      /* something was sent or acknowledged since the timers were set */
    toe_instant opened; /* when the last run began */
    uint32_t sacked;
    uint32_t lost;
    uint32_t lost_new;      /* bytes that were found lost since the last sample (tcp/rate.h) */
    toe_seq lost_from;      /* nothing left of it is lost */
    uint32_t used;          /* most bytes in flight since, */
    toe_seq used_end;       /* until this is acknowledged */
    toe_seq first_sack_max; /* snd_max when anything was SACKed, and nothing had been */
    struct tcp_rack rack;
    struct tcp_tlp tlp;
    struct tcp_prr prr;
    struct tcp_frto frto;
    struct tcp_undo undo;
    struct tcp_run few[TCP_FLIGHT_FEW];
};

/* Where records come from: one set of pools for all connections of an owner. */
struct tcp_flight_pools {
    struct base_slab flights;
    struct base_slab some; /* blocks of TCP_FLIGHT_SOME runs */
    struct base_slab many; /* and of TCP_FLIGHT_MANY */
};

/* tcp_flight_pools_init() makes pools for |conn_max| connections, with memory from |mem|. */
void tcp_flight_pools_init(struct tcp_flight_pools *pools, const struct toe_mem *mem,
                           uint32_t conn_max);

void tcp_flight_pools_fini(struct tcp_flight_pools *pools);

/*
 * tcp_flight_sent() records that [seq, end) leaves, some of it possibly again. The first time it
 * begins the record. snd_max is still what it was.
 */
void tcp_flight_sent(struct tcp_conn *conn, toe_seq seq, toe_seq end, toe_instant now);

/*
 * tcp_flight_begin() begins the record, with nothing in it: blind if anything is in flight already.
 * conn->flight stays NULL if memory is short.
 */
void tcp_flight_begin(struct tcp_conn *conn);

/* tcp_flight_sack() takes the SACK blocks of |seg|; returns how many bytes they newly report. */
uint32_t tcp_flight_sack(struct tcp_conn *conn, struct tcp_delivered *got,
                         const struct tcp_segment *seg);

/* tcp_flight_ack() follows snd_una, which was |old|. */
void tcp_flight_ack(struct tcp_conn *conn, struct tcp_delivered *got, toe_seq old);

/* tcp_flight_ack_calm() does the same where tcp_ack_is_calm(), and something is left. */
void tcp_flight_ack_calm(struct tcp_conn *conn);

/*
 * tcp_flight_lose() takes for lost whatever left before |than| of rack.h says, and |wait| or longer
 * ago. Returns how many bytes were not before; |left| is the time until all that left before would
 * be, zero if there is no more.
 */
uint32_t tcp_flight_lose(struct tcp_conn *conn, toe_duration *left, toe_duration wait,
                         toe_instant now);

/* tcp_flight_lose_first() takes the segment at snd_una for lost, unless it was resent. */
bool tcp_flight_lose_first(struct tcp_conn *conn);

/*
 * tcp_flight_lose_all() takes all for lost that is not selectively acknowledged; if the peer has
 * reneged, that, too.
 */
void tcp_flight_lose_all(struct tcp_conn *conn);

/* tcp_flight_has_reneged() tells whether what begins at snd_una was SACKed. */
bool tcp_flight_has_reneged(const struct tcp_conn *conn);

/* tcp_flight_find_all() takes back what the functions above did. */
void tcp_flight_find_all(struct tcp_conn *conn);

/* tcp_flight_next_lost() yields the first run of lost bytes; false if nothing is lost. */
bool tcp_flight_next_lost(struct tcp_conn *conn, struct tcp_sack_block *range);

/* tcp_flight_first_len() is the number of bytes from snd_una on before the first SACKed one. */
uint32_t tcp_flight_first_len(const struct tcp_conn *conn);

/* tcp_flight_last_len() is the length of the last run, zero if nothing is in flight. */
uint32_t tcp_flight_last_len(const struct tcp_conn *conn);

/* tcp_flight_resent() is the number of bytes that were sent again and are not SACKed. */
uint32_t tcp_flight_resent(const struct tcp_conn *conn);

/* tcp_flight_ranges() writes up to |max| ranges that are SACKed, in order; returns how many. */
uint32_t tcp_flight_ranges(const struct tcp_conn *conn, struct tcp_sack_block *ranges,
                           uint32_t max);

/* tcp_flight_resent_end() is the end up to which all holes were resent; snd_una if none was. */
toe_seq tcp_flight_resent_end(const struct tcp_conn *conn);

/*
 * tcp_flight_import() begins the record of a connection that was handed over: what is in flight
 * left now, for all that is known (RFC-078), what go-back-N would repeat is lost, and what the
 * scoreboard has is SACKed, which is given back.
 */
void tcp_flight_import(struct tcp_conn *conn, toe_instant now);

/* tcp_flight_runs() is the first of |*cnt| runs of the record, which must exist. */
const struct tcp_run *tcp_flight_runs(const struct tcp_conn *conn, uint32_t *cnt);

/*
 * tcp_flight_renew() replaces the record, if there is one, by an empty one with |cnt| runs, which
 * the caller fills in before tcp_flight_recount() counts what is in them. Returns the first, or
 * NULL, and nothing has changed, if memory is short.
 */
struct tcp_run *tcp_flight_renew(struct tcp_conn *conn, uint32_t cnt);
void tcp_flight_recount(struct tcp_conn *conn);

/* tcp_flight_trim() gives the record back if nothing is in flight and nothing waits for an
 * answer; tcp_flight_fini() in any case. */
void tcp_flight_trim(struct tcp_conn *conn);
void tcp_flight_fini(struct tcp_conn *conn);

/* tcp_flight_check() asserts the invariants. */
void tcp_flight_check(const struct tcp_conn *conn);

/* tcp_flight_is_on() tells whether the record guides the connection: loss is detected by time. */
static inline bool tcp_flight_is_on(const struct tcp_conn *conn)
{
    return conn->flight != NULL && conn->has_sack && !conn->flight->is_blind;
}

/* tcp_flight_pipe() is the number of bytes that are thought to be in the network. */
static inline uint32_t tcp_flight_pipe(const struct tcp_conn *conn)
{
    return tcp_send_flight(conn) - conn->flight->sacked - conn->flight->lost;
}

/* tcp_flight_grain() is the longest time between the first and the last byte of a run. */
static inline toe_duration tcp_flight_grain(const struct tcp_conn *conn)
{
    return conn->srtt >> 5;
}

#endif
