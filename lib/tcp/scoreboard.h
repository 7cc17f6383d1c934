/* SPDX-License-Identifier: MIT */
/*
 * The scoreboard: what the peer said it holds, and what to send because of it (RFC 6675).
 *
 * It is a sorted array of ranges that are selectively acknowledged, none of which touch. Its size
 * is fixed. When it is full the shortest range is forgotten: that costs a retransmission at worst,
 * while merging two ranges over a hole could cost a timeout.
 *
 * All ends are exclusive here: where RFC 6675 has HighACK, HighRxt and HighData, the numbers are
 * snd_una, |high_rxt| and snd_max, each one past the RFC's.
 *
 * After a retransmission timeout the scoreboard is cleared (RFC-076).
 */
#ifndef TCP_SCOREBOARD_H
#define TCP_SCOREBOARD_H

#include "base/seq.h"
#include "toe/types.h"
#include "wire/tcp.h"

#define TCP_SCOREBOARD_MAX 64u

/*
 * Invariants: ranges are in sequence order, none is empty, and there is a hole between any two. All
 * of them lie within [snd_una, snd_max]; high_rxt is not below snd_una.
 */
struct tcp_scoreboard {
    uint32_t cnt;       /* ranges */
    uint32_t sacked;    /* bytes in all ranges */
    toe_seq high_rxt;   /* in recovery: the end of what was retransmitted, */
    toe_seq rescue_rxt; /* and the end of the last rescue retransmission */
    struct tcp_sack_block ranges[TCP_SCOREBOARD_MAX];
};

/* What the functions below must know about the connection. */
struct tcp_scoreboard_view {
    toe_seq snd_una;
    toe_seq snd_max;
    toe_seq recover;     /* the recovery point */
    uint32_t mss;        /* SMSS */
    uint32_t dup_thresh; /* DupThresh */
    bool has_new;        /* there is unsent data, and the peer's window allows to send it */
};

/* Why something is to be sent: the rules of NextSeg(). */
enum tcp_next {
    TCP_NEXT_NONE,
    TCP_NEXT_LOST,    /* rule 1: retransmit what is lost */
    TCP_NEXT_NEW,     /* rule 2: send new data */
    TCP_NEXT_DOUBTED, /* rule 3: retransmit what may be lost */
    TCP_NEXT_RESCUE,  /* rule 4: retransmit the end of what is outstanding */
};

/*
 * tcp_scoreboard_clear() makes |sb| empty, and forgets what was retransmitted. A new scoreboard
 * begins with it.
 */
void tcp_scoreboard_clear(struct tcp_scoreboard *sb, toe_seq snd_una);

/*
 * tcp_scoreboard_update() takes the |cnt| blocks of a segment and returns how many bytes they
 * acknowledge that were not before. A block that ends before it starts or is not within
 * [snd_una, snd_max] is ignored (RFC-077).
 */
uint32_t tcp_scoreboard_update(struct tcp_scoreboard *sb, const struct tcp_sack_block *blocks,
                               uint8_t cnt, toe_seq snd_una, toe_seq snd_max);

/* tcp_scoreboard_ack() forgets what is below |snd_una|. */
void tcp_scoreboard_ack(struct tcp_scoreboard *sb, toe_seq snd_una);

/* tcp_scoreboard_is_sacked() tells whether the byte at |seq| is selectively acknowledged. */
bool tcp_scoreboard_is_sacked(const struct tcp_scoreboard *sb, toe_seq seq);

/*
 * tcp_scoreboard_is_lost() is IsLost(): at least |dup_thresh| ranges, or more than |dup_thresh| - 1
 * segments of bytes, are selectively acknowledged above |seq|. Of |view| only these two matter.
 */
bool tcp_scoreboard_is_lost(const struct tcp_scoreboard *sb, toe_seq seq,
                            const struct tcp_scoreboard_view *view);

/* tcp_scoreboard_pipe() is SetPipe(): bytes that are thought to be in the network. */
uint32_t tcp_scoreboard_pipe(const struct tcp_scoreboard *sb,
                             const struct tcp_scoreboard_view *view);

/*
 * tcp_scoreboard_recover() begins a recovery, in which the first segment, up to |end|, is being
 * retransmitted: RFC 6675, 5, (4.3).
 */
void tcp_scoreboard_recover(struct tcp_scoreboard *sb, toe_seq end);

/*
 * tcp_scoreboard_next() is NextSeg(): what to send next in recovery, and why. The range to
 * retransmit, at most an MSS and possibly with the FIN in it, is stored in |range|; it means
 * nothing for new data. It changes nothing: see tcp_scoreboard_sent().
 */
enum tcp_next tcp_scoreboard_next(const struct tcp_scoreboard *sb, struct tcp_sack_block *range,
                                  const struct tcp_scoreboard_view *view);

/* tcp_scoreboard_sent() records that |range| was sent because of |why|. */
void tcp_scoreboard_sent(struct tcp_scoreboard *sb, enum tcp_next why,
                         const struct tcp_sack_block *range,
                         const struct tcp_scoreboard_view *view);

#endif
