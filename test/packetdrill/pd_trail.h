/* SPDX-License-Identifier: MIT */
#ifndef PD_TRAIL_H
#define PD_TRAIL_H

#include "toe/host.h"
#include "wire/tcp.h"

/* Ranges of sequence numbers that a trail remembers; of more the oldest are forgotten. */
#define PD_TRAIL_RANGES 64u

struct pd_ranges {
    struct tcp_sack_block at[PD_TRAIL_RANGES];
    unsigned cnt;
};

/*
 * Trails: what the wire shows of a connection
 *
 * How far a connection has sent and what of it is acknowledged is known to whoever has it, host or
 * target; asking a target takes the connection back. The segments that cross the wire tell the
 * same, wherever it is.
 */
struct pd_trail {
    struct toe_addr local, remote;
    uint16_t local_port, remote_port;
    toe_seq iss;
    toe_seq sent;        /* one past the last sequence number that left, */
    toe_seq acked;       /* and the first that is not acknowledged */
    uint16_t mss;        /* as announced by us; 0: not */
    uint16_t peer_mss;   /* and by the peer */
    bool has_timestamps; /* agreed upon */
    uint8_t wscale;      /* of the peer's window */
    uint32_t wnd;        /* the peer's, */
    uint32_t wnd_max;    /* and the largest it ever was */
    toe_instant syn_at;  /* our SYN left; zero when it was measured */
    toe_duration rtt;    /* of the handshake */
    struct pd_ranges resent;
    struct pd_ranges sacked;
    toe_seq fack;        /* one past the highest that was SACKed */
    uint32_t reordering; /* by how many segments one overtook another, at most; 0: none did */
    struct pd_trail *next;
};

/* pd_trail_out() and pd_trail_in(): the IP packet leaves, or arrives. */
void pd_trail_out(const uint8_t *packet, size_t len);
void pd_trail_in(const uint8_t *packet, size_t len);

/* pd_trail_find() is the trail of the connection that |info| tells of, or NULL. */
const struct pd_trail *pd_trail_find(const struct toe_host_conn_info *info);

/* Bytes of text that left, a FIN not known of, and that were acknowledged. */
uint32_t pd_trail_sent(const struct pd_trail *trail);
uint32_t pd_trail_acked(const struct pd_trail *trail);

/* pd_trail_mss() is the payload of a full segment. */
uint32_t pd_trail_mss(const struct pd_trail *trail);

/* pd_trail_end() forgets all. */
void pd_trail_end(void);

#endif
