/* SPDX-License-Identifier: MIT */
/*
 * The extension: what the delegated state has no room for.
 *
 * The published structures say enough for a connection to live on, but not enough for it to go on
 * as if nothing had happened: what arrived out of order must be sent again, what the peer has
 * acknowledged selectively is forgotten, congestion control begins a new epoch. Between a host and
 * a target that both know it, the extension carries the rest (protocol.md 4.15, item 8). Nobody
 * needs it: a connection that comes without is taken as the rules say.
 *
 * Who gets one. A target tells in |extension| of its capabilities the newest version it knows, zero
 * if it knows none; a host passes an extension only to a target that knows this one, so that a
 * foreign target never sees any. In an initiate the host points |extension| of the TCP state to one
 * it has filled in; in a terminate to one it has room for, with size set and version zero, which
 * the target fills in. Query, update and invalidate have none (NULL).
 *
 * The extension is a hint. One that contradicts the delegated state, or itself, is ignored as a
 * whole and counted; it never makes an offload fail.
 *
 * Sequence numbers are absolute, as in the delegated state; times are in nanoseconds, ages and
 * remaining times counted from the moment of the call.
 */
#ifndef TOE_EXTENSION_H
#define TOE_EXTENSION_H

#include "toe/buf.h"
#include "toe/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TOE_EXTENSION_VERSION 1u

/*
 * Most elements of each list, so that an extension has less than TOE_EXTENSION_SIZE_MAX bytes. A
 * giver with more ranges leaves out the shortest. One whose record has more runs than this goes on
 * without a record itself, so that there never are more.
 */
#define TOE_EXTENSION_SACKED_MAX 64u
#define TOE_EXTENSION_EARLY_MAX 128u
#define TOE_EXTENSION_RUN_MAX 255u
#define TOE_EXTENSION_SIZE_MAX 13312u

/* Bytes [start, end) of a stream; not empty. */
struct toe_seq_range {
    uint32_t start;
    uint32_t end;
};

/* What became of a run. SACKED stands alone. */
enum {
    TOE_RUN_SACKED = 0x01,
    TOE_RUN_LOST = 0x02,    /* it is to go again */
    TOE_RUN_RESENT = 0x04,  /* it left more than once, the last time |age| ago */
    TOE_RUN_UNTIMED = 0x08, /* it left more than |age| ago */
};

/* Bytes in flight, in a row, that left at about the same instant and fared alike. */
struct toe_flight_run {
    uint32_t end; /* it begins where the one before ends, the first one at snd_una */
    uint32_t flags;
    toe_duration age; /* since its last byte left */

    /* What a congestion control by rates noted when it left (tcp/rate.h); otherwise zero. */
    uint32_t is_limited;
    uint32_t delivered;
    uint32_t lost;
    uint32_t delivered_ago;
    uint32_t first_ago;
    uint32_t in_flight;
};

/* CUBIC's numbers. */
struct toe_extension_cubic {
    toe_duration epoch_age; /* since the epoch began; UINT64_MAX: it has not */
    uint64_t w_est;         /* in 1/1024 bytes */
    uint32_t k;             /* from the epoch to the plateau, in 1/1024 s */
    uint32_t w_max;
    uint32_t cwnd_prior;
    uint32_t cwnd_frac;
};

/* Congestion controls. */
enum toe_congestion {
    TOE_CONGESTION_DEFAULT, /* what the profile says; in an extension: not told */
    TOE_CONGESTION_NEWRENO,
    TOE_CONGESTION_CUBIC,
    TOE_CONGESTION_NONE, /* the peer's window only: for tests */
    TOE_CONGESTION_BBR,  /* by a model of the path: profile modern only */
};

/* Flags of struct toe_extension: which of its parts hold. */
enum {
    TOE_EXTENSION_RECOVERY = 0x01,     /* a recovery up to |recover| is under way */
    TOE_EXTENSION_RTT_TIMED = 0x02,    /* rtt_seq left rtt_age ago and is being timed */
    TOE_EXTENSION_SACKED = 0x04,       /* the peer has sent SACK: high_rxt, rescue_rxt, sacked */
    TOE_EXTENSION_EARLY_FIN = 0x08,    /* a FIN arrived out of order, at |early_fin| */
    TOE_EXTENSION_REORDERING = 0x10,   /* the path to the peer was seen to reorder */
    TOE_EXTENSION_REXMIT_DUE = 0x20,   /* the segment at snd_una is to go again, now */
    TOE_EXTENSION_ECE_DUE = 0x40,      /* a congestion mark is to be echoed until CWR comes */
    TOE_EXTENSION_CWR_DUE = 0x80,      /* the next new data is to say CWR */
    TOE_EXTENSION_FLIGHT = 0x100,      /* there is a record: |flight| and |runs| */
    TOE_EXTENSION_PROBE_DUE = 0x200,   /* a probe of the closed window is to leave, now */
    TOE_EXTENSION_ALIVE_DUE = 0x400,   /* a keep-alive probe is */
    TOE_EXTENSION_SYN_LOST = 0x800,    /* without an estimate the RTO is three seconds */
    TOE_EXTENSION_MEASURED = 0x1000,   /* what cwnd was used for is known: |used| */
    TOE_EXTENSION_UNUSED = 0x2000,     /* it is less than half of it, since unused_age */
    TOE_EXTENSION_FORCED = 0x4000,     /* what waits is to leave, however little it is */
    TOE_EXTENSION_MTU_LOST = 0x8000,   /* the last probe of the path's MTU was lost */
    TOE_EXTENSION_MTU_HOLDS = 0x10000, /* text is held back since mtu.held, so that one can leave */
};

/* Flags of its part |accecn|. */
enum {
    TOE_ACCECN_FRESH = 0x01,  /* nothing but a SYN was received */
    TOE_ACCECN_MARKED = 0x02, /* the last text came marked */
    TOE_ACCECN_OPTION = 0x04, /* the peer's option was received */
    TOE_ACCECN_DEAF = 0x08,   /* and is not believed */
    TOE_ACCECN_MUTE = 0x10,   /* what leaves is not ECT: the path spoils it */
    TOE_ACCECN_NEWS = 0x20,   /* the peer is to be told of bytes, */
    TOE_ACCECN_ECT1 = 0x40,   /* the last ones came as ECT(1) */
};

/* Flags of its part |flight|. */
enum {
    TOE_FLIGHT_OPEN = 0x0001,       /* what leaves soon joins the last run */
    TOE_FLIGHT_IN_LOSS = 0x0002,    /* after a timeout, up to |recover| */
    TOE_FLIGHT_MOVED = 0x0004,      /* the probe's timer is to be set anew */
    TOE_FLIGHT_RACK_KNOWN = 0x0008, /* something was delivered: rack */
    TOE_FLIGHT_RACK_DSACK = 0x0010, /* a duplicate was reported before rack.dsack_round */
    TOE_FLIGHT_RACK_WAITS = 0x0020, /* probe_left is that of reordering, not of the probe */
    TOE_FLIGHT_TLP_DUE = 0x0040,    /* the probe is to leave, */
    TOE_FLIGHT_TLP_OUT = 0x0080,    /* or left: tlp, */
    TOE_FLIGHT_TLP_RESENT = 0x0100, /* and held nothing new */
    TOE_FLIGHT_PRR_FIRST = 0x0200,  /* nothing was granted yet */
    TOE_FLIGHT_UNDO = 0x0400,       /* undo holds; it may be undone */
    TOE_FLIGHT_UNDO_ECHO = 0x0800,  /* by a timestamp, */
    TOE_FLIGHT_UNDO_DUP = 0x1000,   /* or by duplicates */
    TOE_FLIGHT_MARK = 0x2000,       /* a congestion mark is answered by prr, up to ecn_point */
};

struct toe_extension {
    uint32_t size;    /* sizeof(struct toe_extension) */
    uint32_t version; /* TOE_EXTENSION_VERSION; 0: nothing is told */
    uint32_t flags;

    /* Windows and acknowledgments. */
    uint32_t snd_wl2;
    uint32_t last_ack; /* acknowledgment sent last */

    /* Loss recovery. */
    uint32_t recover;
    uint32_t high_rxt;
    uint32_t rescue_rxt;
    uint32_t dup_bytes; /* without SACK: bytes that duplicates say have left the network */
    uint32_t backoff;   /* doublings of the RTO */
    uint32_t ecn_point; /* ECN: marks echoed up to there are answered; zero without ECN */

    /* Round-trip time, exact. */
    toe_duration srtt;
    toe_duration rttvar;
    uint32_t rtt_seq;
    toe_duration rtt_age;
    toe_duration idle;       /* since data last left */
    toe_duration slot_left;  /* to the expiry of retransmit_timeout_delta, if that runs */
    toe_duration alive_left; /* to the expiry of ka_timeout_delta, if that runs */
    toe_duration held_left;  /* until a short segment leaves that is held back, and one; zero: none
                                is */

    /* Accurate ECN: its counters (RFC 9768, 3.2.1); zero without. */
    struct {
        uint32_t flags;
        uint32_t rcv_cep; /* marks that came, in packets, modulo 8 as snd_cep, */
        uint32_t rcv_ceb; /* and in bytes, */
        uint32_t rcv_e0b; /* and what came as ECT(0) and ECT(1) */
        uint32_t rcv_e1b;
        uint32_t snd_cep; /* what the peer has told */
        uint32_t snd_ceb;
        uint32_t pending; /* marks since the last acknowledgment */
    } accecn;

    /* Congestion control; cwnd and ssthresh are in the delegated state. */
    enum toe_congestion congestion;
    struct toe_extension_cubic cubic;

    struct {
        uint64_t max_bw;  /* bytes a second: of this cycle of probing, */
        uint64_t last_bw; /* and of the last */
        uint64_t bw_lo;   /* UINT64_MAX: no bound */
        uint64_t full_bw;
        toe_duration min_rtt_age;
        toe_duration probe_rtt_age;  /* since probe_rtt_min was measured */
        toe_duration probe_rtt_left; /* of probing the round trip; zero: not down yet */
        toe_duration cycle_age;
        uint32_t min_rtt; /* ns; zero: none */
        uint32_t probe_rtt_min;
        uint32_t probe_wait;  /* ms */
        uint32_t inflight_hi; /* UINT32_MAX: no bound */
        uint32_t inflight_lo;
        uint32_t prior_cwnd;
        uint32_t state; /* startup, drain, down, cruise, refill, up, probe RTT: from 0 */
        uint32_t full_bw_cnt;
        uint32_t is_full;
        uint32_t rounds_since_probe;

        /* Within a round. */
        uint64_t bw_latest;
        toe_duration extra_age;
        uint32_t inflight_latest;
        uint32_t round_end; /* as rate.delivered, as the next */
        uint32_t loss_round_end;
        uint32_t round_lost;
        uint32_t round_delivered;
        uint32_t lost_in_round;
        uint32_t up_cnt;
        uint32_t up_acked;
        uint32_t up_rounds;
        uint32_t ack_phase; /* init, refilling, starting, feedback, stopping: from 0 */
        uint32_t extra_acked;
        uint32_t extra_acked_before;
        uint32_t extra_delivered;
        uint32_t extra_rounds;
        uint32_t signals; /* from the lowest bit on: is_round_start, is_loss_round_start, is_marked,
                             has_samples, is_round_done */
    } bbr;

    /* Delivery rate, for a congestion control that wants it. */
    struct {
        toe_duration delivered_age;
        toe_duration first_age;
        uint32_t delivered;
        uint32_t lost;
        uint32_t limited_end;
        uint32_t is_limited;
    } rate;

    /* What cwnd may become, and how fast what it allows leaves. */
    uint32_t limited_end; /* cwnd grows by acknowledgments of what is left of it (RFC-053) */
    struct {
        uint32_t most;        /* bytes acknowledged in a round trip: in this sampling period, */
        uint32_t most_before; /* and in the last */
        uint32_t period_age;  /* since this one began, in units of 2^26 ns */
        uint32_t unused_age;  /* in units of 2^30 ns; matters only with the flag */
        uint32_t start;       /* of a round trip; it is over when */
        uint32_t len;         /* so much is acknowledged; zero: none is under way */
        uint32_t load;   /* what ssthresh of this recovery was made of; zero: all of it was used */
        uint32_t resent; /* segments resent in it */
    } used;              /* RFC 7661 */
    struct {
        uint32_t end;      /* of the round */
        uint32_t last;     /* least round trips, in ns: of the round before, */
        uint32_t current;  /* of this one, */
        uint32_t baseline; /* and when CSS began */
        uint32_t samples;
        uint32_t css; /* rounds of CSS; zero: slow start */
    } hystart;        /* RFC 9406; matters until ssthresh is set */
    struct {
        uint64_t rate;     /* bytes a second; zero: not known yet */
        toe_duration left; /* until all that left has left at the rate, and a millisecond more */
        uint32_t burst;    /* bytes that may leave at once */
    } pace;
    struct {
        uint32_t from; /* where what left last in a row began, */
        uint32_t part; /* and the parts of it that end with PSH, in bytes; zero: none */
    } burst;

    /* The search for the path's MTU; sizes are of segments without options. */
    struct {
        uint32_t verified;   /* size that is used; zero: what the path's MTU allows, no search */
        uint32_t bad;        /* least size that was lost twice; zero: none */
        uint32_t again_left; /* to the next probe, in units of 2^20 ns, */
        uint32_t raise_left; /* and to the next search, of 2^35 ns, modulo 2^8 */
        uint32_t probe;      /* size of the probe that is out; zero: none is */
        uint32_t probe_len;  /* text in it */
        uint32_t probe_end;  /* the sequence number behind it */
        uint32_t held;       /* snd_una when text began to be held back; with MTU_HOLDS */
    } mtu;

    /* Loss by time (RFC 8985): least round trips in ns, of this half minute and the one before. */
    uint32_t min_rtt_age; /* since this one began, in units of 2^30 ns */
    uint32_t min_rtt;
    uint32_t min_rtt_before;
    uint32_t reo_wnd_mult; /* less one */
    uint32_t reo_wnd_persist;

    /* What goes with the record. */
    struct {
        uint32_t flags;
        uint32_t lost_new;       /* bytes found lost since congestion control was told */
        uint32_t first_sack_max; /* snd_max when something was SACKed first */
        uint32_t used;           /* most bytes in flight since, */
        uint32_t used_end;       /* until this is acknowledged */
        toe_duration opened_age; /* since the last run began */
        toe_duration probe_left; /* to the expiry of the probe's timer, and one; zero: none runs */
        struct {
            toe_duration age; /* since what was delivered had left: the last of it to leave, */
            toe_duration rtt; /* its round trip, */
            uint32_t end;     /* and its end */
            uint32_t fack;
            uint32_t dsack_round;
        } rack;
        struct {
            uint32_t end;
            uint32_t flight;
            uint32_t holes; /* probes of the first hole since something was delivered */
        } tlp;
        struct {
            uint32_t delivered;
            uint32_t out;
            uint32_t flight;
            uint32_t quota;
        } prr; /* RFC 9937 */
        struct {
            uint32_t step; /* of RFC 5682; zero: none */
            uint32_t recover;
        } frto;
        struct {
            uint32_t cwnd;
            uint32_t ssthresh;
            uint32_t una;
            uint32_t resent;
            uint32_t ts;
            struct toe_extension_cubic cubic;
        } undo;
    } flight;

    /* What the peer holds of ours beyond snd_una: in order, with a hole before each. */
    uint32_t sacked_cnt;
    struct toe_seq_range sacked[TOE_EXTENSION_SACKED_MAX];

    /*
     * What arrived out of order: in order, with a hole before each, all of it right of rcv_nxt. The
     * bytes of all ranges, one behind the other, are |early_data|: borrowed until the completion of
     * an initiate, the target copies; of a terminate the target's buffers, the host's until it
     * gives them back with receive_return(), as those of buffered_data, whatever |version| says.
     * |newest| is the range that was added to last, which a SACK option names first. No buffer is
     * empty.
     */
    uint32_t early_cnt;
    uint32_t newest;
    struct toe_seq_range early[TOE_EXTENSION_EARLY_MAX];
    uint32_t early_fin;
    struct toe_buf *early_data;

    /*
     * The record: what is in flight up to snd_max, if the giver keeps one; none while something is
     * in flight says that it lost track. It says more than high_rxt, rescue_rxt and |sacked|, which
     * are for a taker that keeps none.
     */
    uint32_t run_cnt;
    struct toe_flight_run runs[TOE_EXTENSION_RUN_MAX];
};

#ifdef __cplusplus
}
#endif

#endif
