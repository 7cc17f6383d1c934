/* SPDX-License-Identifier: MIT */
/*
 * Accurate ECN (RFC 9768): how many marks came, not only that one did.
 *
 * It is another way to feed back what tcp/ecn.h is about, agreed upon in the handshake: has_ecn and
 * has_accecn are set. The flags AE, CWR and ECE are one field then, ACE: the three lowest bits of
 * the number of packets that came marked. An option, which may be missing, tells the bytes that
 * came as ECT(0), as CE and as ECT(1), modulo 2^24. So each acknowledgment says how much of what it
 * covers was marked: congestion control reduces once a round trip, as ever, but what was not marked
 * lets cwnd grow.
 *
 * Three bits wrap. A receiver tells of every second mark at once; where acknowledgments were lost
 * nevertheless, and this one covers more segments than the field can count, the option decides, or
 * without it the largest number that fits, if there were marks lately.
 *
 * The path may spoil all of it. A SYN is never ECT, so a peer that saw something else on it, or an
 * ACE that is zero where it cannot be, tells of a path that writes there: then nothing of ours is
 * ECT any more (|ecn_mute|), as on a path without ECN, while the peer is still told of its marks.
 * An option whose first numbers are zero is not believed, ever. A peer that knows only RFC 3168, or
 * a path that clears AE, leads to that; one that clears all flags to none.
 */
#ifndef TCP_ACCECN_H
#define TCP_ACCECN_H

#include "base/seq.h"
#include "wire/tcp.h"

struct tcp_conn;
struct toe_extension;

/* The counters of bytes, in the order of option 172. */
enum {
    TCP_ACCECN_ECT0,
    TCP_ACCECN_CE,
    TCP_ACCECN_ECT1,
    TCP_ACCECN_CNT,
};

struct tcp_accecn {
    uint32_t rcv_bytes[TCP_ACCECN_CNT]; /* text that came, modulo 2^24 on the wire */
    uint32_t snd_ceb;                   /* bytes that the peer says came marked, modulo 2^24 */
    uint8_t rcv_cep;                    /* packets that came marked, modulo 8 */
    uint8_t snd_cep;                    /* packets that the peer says came marked, modulo 8 */
    uint8_t pending;                    /* marks since the last acknowledgment */
    uint8_t peer_syn;                   /* the ECN field of the peer's SYN */
    bool is_third : 1;                  /* our next acknowledgment is the third of the handshake */
    bool is_fresh : 1;                  /* nothing but a SYN came: ACE cannot be zero yet */
    bool is_strange : 1;                /* handed over without counters: the next ones are taken */
    bool is_marked : 1;                 /* the last text came marked */
    bool has_option : 1;                /* one came whose numbers were good */
    bool is_deaf : 1;                   /* or one that was zeroed */
    bool is_news : 1;                   /* bytes came since the peer was told last, */
    bool is_ect1 : 1;                   /* the last ones as ECT(1) */
};

/* tcp_accecn_begin() sets the counters to what both ends begin with. */
void tcp_accecn_begin(struct tcp_conn *conn);

/* tcp_accecn_offer() gives our SYN, or SYN and ACK, its flags; |again|: it was sent before. */
void tcp_accecn_offer(struct tcp_conn *conn, struct tcp_segment *syn, bool again);

/*
 * tcp_accecn_meet() takes the peer's answer, or its offer, from its SYN, where we would agree to
 * accurate feedback: has_ecn and has_accecn say what both agree upon.
 */
void tcp_accecn_meet(struct tcp_conn *conn, const struct tcp_segment *syn);

/* tcp_accecn_third() takes what ends the handshake, in SYN_RCVD. */
void tcp_accecn_third(struct tcp_conn *conn, const struct tcp_segment *seg);

/* tcp_accecn_option() adds the option to |seg|, which has its other options, if there is news. */
void tcp_accecn_option(const struct tcp_conn *conn, struct tcp_segment *seg);

/* tcp_accecn_option_len() is the room it takes. */
static inline uint32_t tcp_accecn_option_len(const struct tcp_segment *seg)
{
    return seg->acc_cnt == 0 ? 0 : seg->acc_cnt < TCP_ACCECN_CNT ? 8 : 12;
}

/* tcp_accecn_echo() gives |seg|, which leaves, its ACE. */
void tcp_accecn_echo(struct tcp_conn *conn, struct tcp_segment *seg);

/* tcp_accecn_input() counts |seg|, which is acceptable. */
void tcp_accecn_input(struct tcp_conn *conn, const struct tcp_segment *seg);

/*
 * tcp_accecn_ack() is the number of bytes that the acknowledgment |seg| says came marked, of those
 * that it tells of first, |sacked| of which selectively. snd_una is still what it was.
 */
uint32_t tcp_accecn_ack(struct tcp_conn *conn, const struct tcp_segment *seg, uint32_t sacked);

/*
 * Moving. tcp_accecn_import() begins without counters, for tcp_accecn_take() to replace; if nobody
 * has any the peer reads up to seven marks out of ours, once, and its next ACE only sets ours.
 */
void tcp_accecn_import(struct tcp_conn *conn);
void tcp_accecn_tell(const struct tcp_conn *conn, struct toe_extension *ext);
bool tcp_accecn_is_sound(const struct tcp_conn *conn, const struct toe_extension *ext);
void tcp_accecn_take(struct tcp_conn *conn, const struct toe_extension *ext);

#endif
