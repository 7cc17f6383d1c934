/* SPDX-License-Identifier: MIT */
/*
 * The control block: the working state of one connection.
 *
 * Fields are grouped by how often they are used, the hottest first; rare and bulky state (the
 * scoreboard of selective acknowledgments) is allocated when it is needed and given back when it is
 * not. Everything that crosses the seam is here under its RFC name, so that an export is a copy and
 * a conversion of units. Times inside are instants and durations, ticks exist only in
 * tcp/transfer.c.
 */
#ifndef TCP_CONN_H
#define TCP_CONN_H

#include "base/seq.h"
#include "base/slab.h"
#include "tcp/accecn.h"
#include "tcp/hystart.h"
#include "tcp/plpmtud.h"
#include "tcp/rate.h"
#include "tcp/reassembly.h"
#include "tcp/recvq.h"
#include "tcp/sendq.h"
#include "tcp/validation.h"
#include "toe/buf.h"
#include "toe/drop.h"
#include "toe/state.h"
#include "toe/tuning.h"
#include "toe/types.h"
#include "wire/tcp.h"

struct tcp_budget;
struct tcp_conn;
struct tcp_cc_ops;
struct tcp_flight;
struct tcp_flight_pools;
struct tcp_scoreboard;

/*
 * What all connections of an owner share. The owner may change the parameters at any time; they
 * hold for what happens afterwards.
 */
struct tcp_config {
    uint32_t ticks_per_second;
    uint8_t ack_frequency;
    uint8_t max_retransmissions;
    uint8_t doubt_retransmissions; /* 0: never in doubt */
    uint8_t duplicate_ack_threshold;
    toe_duration delayed_ack; /* at most 500 ms */
    toe_duration sws_prevention;
    toe_duration rto_min;
    toe_duration rto_max;
    toe_duration rto_initial;
    toe_duration fin_wait_2; /* 120 s */
    toe_duration time_wait;  /* 2 MSL; the host's */
    uint32_t initial_window; /* segments, RFC 6928 */
    uint32_t push_burst;     /* PSH on every so manieth full segment of a burst, too; 0: not */
    struct toe_tuning tuning;
    uint32_t super_max; /* most text of one struct tcp_out; 0: never more than a segment */

    const struct tcp_cc_ops *cc; /* tcp/congestion.h */
    bool rack_threshold; /* DupThresh segments SACKed are a loss until reordering was seen */
    bool nagle_strict;
    bool push_at_end;
    bool acks_consumed;     /* what the reader has not consumed is not acknowledged */
    bool rfc5961_syn;       /* challenge every SYN; otherwise SEG-002 to SEG-004 */
    bool urgent_uploads;    /* URG ends the processing (the target); otherwise URG is ignored */
    bool time_wait_uploads; /* TIME_WAIT is the host's: the target asks for an upload */
    bool ssthresh_flight;   /* RFC 5681: half the flight; otherwise CERT-2.6 */
    bool validates_cwnd;    /* it grows only while it is what limits (RFC-053) */
    bool has_hystart;       /* HyStart++ bounds the first slow start: tcp/hystart.h */
    bool is_paced;          /* tcp/pace.h */

    struct toe_bus bus;
    struct base_slab *chunks;      /* of struct tcp_chunk */
    struct base_slab *scoreboards; /* of struct tcp_scoreboard */
    /* The modern recovery: RACK-TLP and PRR where SACK is on, undoing everywhere; NULL: without. */
    struct tcp_flight_pools *flights;
    struct tcp_budget *challenges; /* of all connections together; NULL: no limit (SEG-018) */
    const struct tcp_busy *idle;   /* what connections that rest share; NULL: tcp_idle */

    /*
     * text() is offered |len| bytes of new text that is in order, right behind all that is in
     * conn->recvq. It places them, or appends them to conn->recvq (or both, in that order), and
     * returns true; or does nothing and returns false for lack of memory. What it places it may
     * report by tcp_consumed() at once.
     */
    bool (*text)(struct tcp_conn *conn, const uint8_t *data, uint32_t len, bool push);
};

/* What became of a connection that the engine will not go on with by itself. */
enum tcp_verdict {
    TCP_VERDICT_NONE,
    TCP_VERDICT_RESET,      /* an acceptable RST; the state is CLOSED */
    TCP_VERDICT_REFUSED,    /* a RST in answer to our SYN; the state is CLOSED */
    TCP_VERDICT_TIMEOUT,    /* retransmitted or probed too often (TMR-088, TMR-062) */
    TCP_VERDICT_KEEP_ALIVE, /* keep-alive probes unanswered (TMR-051) */
    TCP_VERDICT_FIN_WAIT_2, /* FIN_WAIT_2 expired; the state is CLOSED (TMR-033) */
    TCP_VERDICT_URGENT,     /* urgent data: the segment is the owner's to keep (SEG-041) */
    TCP_VERDICT_SYN,        /* SYN at rcv_nxt; the state is CLOSED (SEG-002) */
    TCP_VERDICT_DOUBT,      /* black hole suspected (TMR-094) */
    TCP_VERDICT_UNMAPPABLE, /* a buffer cannot be mapped, or there is none (EVT-036) */
    TCP_VERDICT_DONE,       /* both halves are closed: CLOSED after LAST_ACK or TIME_WAIT */
};

/*
 * Deadlines: what each is for, who arms it and who cancels it. tcp/deadline.c has the list in
 * prose. The three that share the seam's retransmit slot exclude each other (TMR-096).
 */
enum tcp_deadline {
    TCP_DEADLINE_PROBE, /* before the next one, which it starts anew */
    TCP_DEADLINE_RETRANSMIT,
    TCP_DEADLINE_PERSIST,
    TCP_DEADLINE_DELAYED_ACK,
    TCP_DEADLINE_SWS,
    TCP_DEADLINE_PACE,
    TCP_DEADLINE_LASTING, /* from here on: a connection that has nothing to do may have them */
    TCP_DEADLINE_FIN_WAIT_2 = TCP_DEADLINE_LASTING,
    TCP_DEADLINE_KEEP_ALIVE,
    TCP_DEADLINE_TIME_WAIT,
    TCP_DEADLINE_CNT,
};

/* Congestion control's own numbers (tcp/congestion.h); |cwnd| and |ssthresh| are the connection's.
 */
struct tcp_cubic {
    toe_instant epoch;   /* when this congestion avoidance began; TOE_INSTANT_NEVER: not yet */
    uint64_t w_est;      /* what NewReno would have, in 1/1024 bytes */
    uint32_t k;          /* from the epoch to the plateau, in 1/1024 s */
    uint32_t w_max;      /* cwnd before the last loss, in bytes; 0: none that counts */
    uint32_t cwnd_prior; /* cwnd before the last loss, as it was */
    uint32_t cwnd_frac;  /* growth due in units of 1/cwnd bytes */
};

struct tcp_bbr {
    uint64_t max_bw[2]; /* bytes a second: of this cycle of probing and of the last */
    uint64_t bw_latest;
    uint64_t bw_lo;   /* UINT64_MAX: no bound */
    uint64_t full_bw; /* the most in this startup, or probing up, so far */
    toe_instant min_rtt_at;
    toe_instant probe_rtt_min_at;
    toe_instant probe_rtt_done_at; /* zero: not yet down */
    toe_instant cycle_at;          /* this phase began */
    toe_instant extra_at;          /* this interval of aggregation did */
    uint32_t min_rtt;              /* ns; zero: none */
    uint32_t probe_rtt_min;
    uint32_t probe_wait;  /* ms until the bandwidth is probed */
    uint32_t inflight_hi; /* UINT32_MAX: no bound; so the next */
    uint32_t inflight_lo;
    uint32_t inflight_latest;
    uint32_t prior_cwnd;
    uint32_t round_end; /* delivered, when these rounds end */
    uint32_t loss_round_end;
    uint32_t lost_in_round;
    uint32_t round_lost; /* bytes lost, when this round began */
    uint32_t round_delivered;
    uint32_t up_cnt; /* bytes acknowledged for which inflight_hi grows by a segment */
    uint32_t up_acked;
    uint32_t extra_acked[2]; /* most in these five rounds, and in those before */
    uint32_t extra_delivered;
    uint8_t state;
    uint8_t ack_phase;
    uint8_t up_rounds;
    uint8_t full_bw_cnt;
    uint8_t rounds_since_probe;
    uint8_t extra_rounds;
    bool is_full : 1; /* the bandwidth was found */
    bool is_round_start : 1;
    bool is_loss_round_start : 1;
    bool is_marked : 1;   /* congestion, other than loss, in this round */
    bool has_samples : 1; /* of probing: what is lost tells about it */
    bool is_round_done : 1;
};

/*
 * What a connection needs while it has something to do: bytes that wait, bytes in flight, an
 * acknowledgment that is owed. Its owner lends it the memory (tcp/engine.h). Idle ones share one
 * that says there is nothing, tcp_idle, which is constant: whoever only looks need not ask, and
 * whoever writes has seen to it that the connection is awake.
 */
struct tcp_busy {
    toe_instant deadlines[TCP_DEADLINE_LASTING]; /* those that do not outlast it */
    struct tcp_sendq sendq;
    struct tcp_recvq recvq;
    struct tcp_reassembly reassembly;  /* out of order */
    struct tcp_scoreboard *scoreboard; /* NULL: the peer has sent no SACK */
    toe_seq rtt_seq;                   /* without timestamps: the segment that is timed, */
    toe_instant rtt_at;                /* and when it left */
    uint32_t dup_bytes; /* recovery without SACK: bytes that duplicates say have left the network */
    toe_seq rst_seq;
    toe_seq iss; /* of the handshake */
    toe_seq irs;
    toe_instant pace_at; /* when all that left has left at |pace_rate| */
    uint64_t pace_rate;  /* bytes a second; zero: not known yet */
    uint32_t pace_burst; /* bytes that leave at once nevertheless */
    struct tcp_hystart hystart;
    struct tcp_validation_round round;
    struct tcp_mtu_probe mtu_probe;
    toe_duration total_rt; /* spent retransmitting the current segment */
    toe_instant run_at;    /* what left last, in a row: when, */
    toe_seq run_from;      /* from where, */
    toe_seq run_end;       /* and to where */
    toe_seq burst_from;    /* the same of new data, in parts of so many bytes; zero: as a whole */
    uint32_t burst_part;
    toe_instant held_until;       /* while output_held: so long at most */
    struct tcp_sack_block dup;    /* with SACK: what was received twice (RFC-073) */
    uint32_t ecn_marked;          /* bytes that this acknowledgment says came marked: no growth */
    uint8_t challenge_cnt;        /* challenges since, */
    toe_instant challenge_at;     /* the start of the period they are counted in */
    toe_instant syn_challenge_at; /* last challenge for a SYN, plus one; one in three seconds */
    struct tcp_accecn accecn;
    struct tcp_rate rate;
    struct tcp_bbr bbr;
};

extern const struct tcp_busy tcp_idle;

/* What it says, for an owner that lends more than the engine knows of. */
#define TCP_IDLE                                                                                   \
    {                                                                                              \
        .deadlines = {                                                                             \
            TOE_INSTANT_NEVER,                                                                     \
            TOE_INSTANT_NEVER,                                                                     \
            TOE_INSTANT_NEVER,                                                                     \
            TOE_INSTANT_NEVER,                                                                     \
            TOE_INSTANT_NEVER,                                                                     \
            TOE_INSTANT_NEVER                                                                      \
        }                                                                                          \
    }

/*
 * Invariants, while synchronized: snd_una <= snd_nxt <= snd_max <= snd_una + sendq.len + 1 (the
 * FIN); rcv_nxt <= rcv_adv, which never moves left; cwnd >= snd_mss; reassembly holds only bytes
 * right of rcv_nxt; retransmit, persist and FIN_WAIT_2 deadlines exclude each other. Before that,
 * the SYN stands at snd_una, and the send queue begins one behind it.
 */
struct tcp_conn {
    /* Every segment. */
    const struct tcp_config *cfg;
    struct tcp_busy *busy; /* tcp_idle where there is nothing to do */
    toe_seq snd_una;
    toe_seq snd_nxt; /* next to send; below snd_max after an RTO or an import: go back N */
    toe_seq snd_max;
    uint32_t snd_wnd; /* from snd_una */
    toe_seq rcv_nxt;
    toe_seq rcv_adv;     /* right edge advertised last */
    toe_seq last_ack;    /* acknowledgment sent last */
    uint32_t rcv_buf;    /* size of the receive buffer; cached initial_rcv_wnd */
    uint32_t rcv_unread; /* bytes received in order and not yet consumed */
    uint32_t cwnd;
    uint32_t ssthresh;
    uint16_t snd_mss; /* payload of a full segment, options taken off */
    uint16_t rcv_mss; /* the same for what we receive */
    uint8_t state;    /* enum toe_conn_state; written by tcp_state_set() only */
    uint8_t verdict;  /* enum tcp_verdict */
    uint8_t snd_wscale;
    uint8_t rcv_wscale;
    uint8_t unacked_cnt; /* segments received since the last acknowledgment */
    uint8_t dup_ack_cnt;
    /* Not bool, so that the compiler tests several at once. While none of the first ten is set
     * there is nothing special about output. */
    unsigned has_ecn : 1;    /* see tcp/ecn.h; ecn_point and busy->ecn_marked as well */
    unsigned has_accecn : 1; /* with accurate feedback: tcp/accecn.h */
    unsigned ecn_wait : 1;   /* nothing leaves until a timer expires: cwnd cannot become smaller */
    unsigned quiesced : 1;
    unsigned rst_due : 1;    /* a RST at rst_seq is to leave: SYN states only */
    unsigned rexmit_due : 1; /* the segment at snd_una is to be retransmitted now, whatever cwnd */
    unsigned probe_due : 1;  /* a window probe is to leave */
    unsigned keep_alive_due : 1; /* a keep-alive probe is to leave */
    unsigned dup_due : 1;        /* |dup| is to be reported with the next acknowledgment */
    unsigned has_timestamps : 1; /* in SYN_SENT: offered; so are the next two */
    unsigned has_sack : 1;
    unsigned has_window_scaling : 1;
    unsigned nagle : 1;
    unsigned keep_alive : 1;   /* the option is on */
    unsigned is_ipv6 : 1;      /* all paths take packets of 1280 bytes */
    unsigned force_output : 1; /* SWS timer expired, or handed over: do not hold back */
    unsigned output_held : 1;  /* a short segment is held back; the SWS timer runs */
    unsigned ack_now : 1;      /* an acknowledgment must leave with the next output */
    unsigned update_due : 1;   /* SWS timer expired: advertise however little there is */
    unsigned in_recovery : 1;
    unsigned in_mark : 1; /* a congestion mark is answered up to ecn_point: tuning.mark_by_prr */
    unsigned rtt_timing : 1;
    unsigned fin_queued : 1; /* a FIN follows the send queue's last byte */
    unsigned fin_acked : 1;  /* and is left of snd_una */
    unsigned fin_rcvd : 1;   /* the peer's FIN is left of rcv_nxt, */
    unsigned fin_unread : 1; /* and the reader has not consumed it: only with |acks_consumed| */
    unsigned syn_due : 1;    /* our SYN, or SYN and ACK, is to (be re-)sent */
    unsigned syn_lost : 1;   /* it was sent again: the RTO without an estimate is longer */
    unsigned is_passive : 1; /* in SYN_RCVD: we were listening */
    unsigned ecn_offers : 1;
    unsigned ece_due : 1;        /* a mark came: we echo it until CWR */
    unsigned cwr_due : 1;        /* the next new text tells that cwnd was reduced */
    unsigned ecn_mute : 1;       /* nothing of ours is ECT */
    unsigned mitigating : 1;     /* keep-alive runs because of a challenge (SEG-020) */
    unsigned rst_validating : 1; /* a challenge for a RST was sent in this period (SEG-012) */
    unsigned has_reordering : 1; /* seen on the way to the peer, ever (RACK) */
    unsigned cwnd_measured : 1;  /* tcp/validation.h: how much of cwnd is used is known, */
    unsigned cwnd_unused : 1;    /* and it is less than half, since |validation.since| */
    uint32_t ts_delta;           /* added to our tick count */
    uint32_t ts_recent;
    toe_seq ecn_point;        /* ECN: the last reduction was for what is before it */
    toe_instant ts_recent_at; /* modulo 2^64: may lie before the origin of time */

    /* Most segments. */
    toe_duration srtt; /* zero: no sample yet */
    toe_duration rttvar;
    toe_seq snd_wl1;
    toe_seq snd_wl2;
    uint32_t max_snd_wnd;
    toe_seq recover; /* recovery lasts until it is acknowledged; none begins before (RFC 6582) */
    toe_instant last_sent; /* when data last left: restart after idle */
    toe_instant lasting[TCP_DEADLINE_CNT - TCP_DEADLINE_LASTING]; /* deadlines */
    struct tcp_flight *flight; /* NULL: nothing is, or it is not recorded */
    struct tcp_cubic cubic;
    toe_seq limited_end; /* what left before was last held back by cwnd, not by the application */

    uint32_t min_rtt[2]; /* least round trip of this half minute and of the last, in ns */
    uint32_t min_rtt_at; /* when this one began, in units of 2^30 ns */
    struct tcp_validation validation;
    struct tcp_plpmtud mtu;
    uint8_t reo_wnd_mult;    /* quarters of min_rtt that RACK waits for, less one */
    uint8_t reo_wnd_persist; /* recoveries without duplicates until it forgets them */

    /* Rarely. */
    uint8_t backoff; /* doublings of the RTO; outlives retransmit_cnt (RFC-056) */
    uint8_t retransmit_cnt;
    uint8_t snd_wnd_probe_cnt;
    uint8_t ka_probe_cnt;
    uint16_t mss_local;
    uint16_t mss_limit;
    uint16_t mss_remote;           /* never zero */
    uint16_t delegated_flags;      /* opaque */
    struct toe_tcp_const constant; /* verbatim, unknown flags included; ports are the owner's */
    struct toe_tcp_cached cached;  /* verbatim, for a query */
    uint32_t ts_recent_age;        /* without timestamps: verbatim */
    uint32_t dwnd;                 /* opaque */
    uint32_t rexmit_cnt_total;     /* segments retransmitted, ever, modulo 2^32 */
};

/* The numbers that every segment is judged by lie in two cache lines. */
_Static_assert(offsetof(struct tcp_conn, last_sent) <= 128, "the hot part is two cache lines");

#endif
