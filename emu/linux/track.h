/* SPDX-License-Identifier: MIT */
/*
 * Tracks: what the segments of a connection tell about its two ends.
 *
 * One pass for each segment, either way, that only notes numbers. From them follows what a target
 * must be told when it takes the connection over. What the peer sends is believed as far as the
 * kernel would believe it.
 */
#ifndef EMU_LINUX_TRACK_H
#define EMU_LINUX_TRACK_H

#include "linux/diag.h"
#include "linux/segment.h"

/* What one end said in its SYN. */
struct emu_track_syn {
    bool is_seen;
    bool has_ts;
    bool sack_ok;
    uint8_t wscale; /* or EMU_WSCALE_NONE */
    uint16_t mss;
    uint16_t flags;
};

/* The kernel's timestamps. */
struct emu_track_ts {
    bool is_known;
    bool is_exact;
    uint32_t offset; /* to a clock of milliseconds, or less */
    uint32_t newest;
    toe_instant paced_until; /* they may be ahead until then */
};

struct emu_track {
    /* How frames of the kernel look. */
    uint8_t local_mac[TOE_MAC_LEN];
    uint8_t remote_mac[TOE_MAC_LEN]; /* of the next hop */
    uint16_t vlan_id;
    uint8_t priority;
    uint8_t ttl;
    uint8_t tos;
    uint8_t peer_priority;
    uint8_t peer_ttl;
    bool is_apart; /* the peer's come on another VLAN, or two connections have this name */
    uint32_t flow_label;

    struct emu_track_syn kernel_syn;
    struct emu_track_syn peer_syn;
    bool is_known; /* the options that follow are */
    bool has_ts;
    bool has_sack;
    bool has_wscale;
    uint8_t kernel_wscale; /* of windows that the kernel offers */
    uint8_t peer_wscale;
    uint16_t kernel_mss; /* announced; 0: not known */
    uint16_t peer_mss;
    bool is_odd;       /* it has options that cannot be carried */
    uint32_t pmtu;     /* what the kernel told of itself; 0: nothing */
    uint32_t cwnd;     /* bytes, */
    uint32_t ssthresh; /* likewise */
    bool is_reset;
    bool is_rst_unanswered; /* by the peer, within the window: taken, or else the kernel challenges
                               it (RFC 5961, 3.2) */

    /* The kernel's end. */
    bool has_kernel;     /* a segment of it was seen, */
    bool has_kernel_ack; /* with an acknowledgment */
    bool has_kernel_fin;
    bool is_fin_last; /* and it came after the peer's */
    uint32_t snd_max;
    uint32_t kernel_fin; /* sequence number of the FIN */
    uint32_t rcv_nxt;    /* acknowledged by the kernel */
    uint32_t rcv_wnd;    /* offered with that */
    uint32_t rcv_wnd_max;
    uint32_t rcv_edge; /* rightmost edge ever offered */
    struct emu_track_ts ts;
    uint32_t ts_recent; /* what it echoed last */

    /* The peer's end. */
    bool has_peer;
    bool has_peer_fin;
    uint32_t snd_una; /* acknowledged by the peer */
    uint32_t snd_wnd;
    uint32_t snd_wnd_max;
    uint32_t snd_wl1;
    uint32_t rcv_max; /* highest sequence number it sent */
    uint32_t peer_fin;
    uint32_t peer_ts;   /* its newest timestamp, */
    uint32_t peer_echo; /* and what it echoed last */

    /* Round-trip time, one segment at a time (RFC 6298). */
    bool is_timed;
    uint32_t timed_end;
    toe_instant timed_at;
    toe_duration srtt; /* 0: no sample yet */
    toe_duration rttvar;

    /* The retransmission timer, as whoever carries the connection keeps one. */
    toe_instant resend_at; /* of something in flight */
    uint8_t resends;       /* by timeout, since the peer acknowledged something */
};

/* emu_track_kernel() notes a segment that the kernel sent, emu_track_peer() one of the peer. */
void emu_track_kernel(struct emu_track *track, const struct emu_segment *seg, toe_instant now);
void emu_track_peer(struct emu_track *track, const struct emu_segment *seg, toe_instant now);

/*
 * emu_track_is_peers() tells whether |seg| has numbers that only who hears the connection knows:
 * the kernel may take it, or has to answer it since it did (RFC 5961).
 */
bool emu_track_is_peers(const struct emu_track *track, const struct emu_segment *seg);

/* emu_track_goes_on() tells whether |seg| of the kernel can be of the connection that was noted. */
bool emu_track_goes_on(const struct emu_track *track, const struct emu_segment *seg);

/* emu_track_acked() notes that the peer has acknowledged all before |ack|. */
void emu_track_acked(struct emu_track *track, uint32_t ack, toe_instant now);

/* emu_track_told() takes what the kernel tells of |track|, whose segments were not seen all. */
void emu_track_told(struct emu_track *track, const struct emu_diag_info *info);

/* emu_track_rto() is the retransmission timeout (RFC 6298), without backoff. */
toe_duration emu_track_rto(const struct emu_track *track);

/* emu_track_has_ecn() tells whether both have agreed upon ECN (RFC 3168, 6.1.1). */
bool emu_track_has_ecn(const struct emu_track *track);

/* emu_track_state() is the state of the kernel's end. */
enum toe_conn_state emu_track_state(const struct emu_track *track);

/*
 * emu_track_clock() is the kernel's timestamp clock at |now|: not ahead of it, or the peer would
 * drop what the kernel sends next (PAWS). It may be behind what the kernel has sent, ts.newest.
 */
uint32_t emu_track_clock(const struct emu_track *track, toe_instant now);

#endif
