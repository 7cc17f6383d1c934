/* SPDX-License-Identifier: MIT */
/*
 * The software offload target: the library's own implementation of struct toe_target_ops.
 *
 *     struct toe_target_settings settings;
 *     toe_target_settings_default(&settings);
 *     settings.wire = &port_ops;
 *     settings.wire_user = port;
 *     struct toe_target *target = toe_target_new(&settings);
 *     const struct toe_target_ops *ops = toe_target_ops();     (pass |target| as first argument)
 *
 * A target is a network adapter in software. Its lower edge is the wire it was created with, its
 * upper edge the host that attached itself. Frames of offloaded connections it consumes; all others
 * it passes up unchanged, whatever they hold. It takes its memory from |mem| up to the limits in
 * the settings, when an object is offloaded or a buffer is first needed.
 */
#ifndef TOE_TARGET_H
#define TOE_TARGET_H

#include "toe/seam.h"
#include "toe/tuning.h"

#ifdef __cplusplus
extern "C" {
#endif

struct toe_target;

/* Which rules of congestion control, recovery and mitigation hold. */
enum toe_profile {
    TOE_PROFILE_MODERN, /* CUBIC and what else a TCP of today does */
    TOE_PROFILE_COMPAT, /* the certification text, to the letter */
};

/* What a target returns to the host when a connection with unfinished sends is terminated. */
enum toe_send_return {
    TOE_SEND_RETURN_CHAIN,    /* the buffers, in the block's send chain */
    TOE_SEND_RETURN_COMPLETE, /* nothing: they complete UPLOAD_IN_PROGRESS */
};

/*
 * When a target acknowledges what it received. Until then the peer keeps it, and sends it again if
 * it must: so with the last of these nothing is lost that the host does not have safely, whatever
 * becomes of the target.
 */
enum toe_ack_when {
    TOE_ACK_RECEIVED,  /* when it is in the target's memory */
    TOE_ACK_DELIVERED, /* when it is in the host's: in a posted buffer, or indicated */
    /*
     * When the host returns an indicated buffer, in the order in which they were indicated; what it
     * accepts only a part of, or has posted a buffer for, counts as above. The peer's FIN is
     * acknowledged by toe_target_end_returned().
     */
    TOE_ACK_RETURNED,
};

struct toe_target_settings {
    size_t size; /* sizeof(struct toe_target_settings) */

    const struct toe_wire_ops *wire; /* the lower edge; copied. NULL is not allowed */
    void *wire_user;
    uint8_t mac[TOE_MAC_LEN]; /* the interface's own address */

    struct toe_mem mem;
    struct toe_bus bus;
    uint64_t seed; /* of everything random: challenge budgets, hash keys */

    enum toe_profile profile;
    enum toe_congestion congestion;
    enum toe_send_return send_return;
    enum toe_ack_when ack_when;
    bool nagle_strict;                /* RFC 9293 Nagle: a request's tail waits as well */
    bool push_at_end;                 /* PSH where the queue runs empty, not at each buffer's end */
    bool continue_after_root_failure; /* initiate: go on with the next root (PART-5) */
    bool rfc5961_syn;                 /* challenge every SYN (SEG-005) */

    bool ipv4;
    bool ipv6;
    bool sack;
    uint32_t mtu_max;
    uint32_t rcv_wnd_max;
    uint32_t tcp_max;
    uint32_t path_max;
    uint32_t neighbor_max;
    uint32_t src_mac_max;   /* source MAC addresses besides the interface's */
    uint32_t src_addr_max;  /* distinct source IP addresses */
    uint32_t vlan_max;      /* distinct VLANs */
    uint32_t rcv_chunk_max; /* buffers of received data, of 2 KiB each, of all connections */
    const uint16_t *vlans;  /* VLANs configured on the interface; copied */
    uint32_t vlan_cnt;      /* 0: none configured, any is accepted */

    bool user_priority;       /* 802.1p: a connection's priority goes into the tag */
    bool vlan_substitute;     /* a neighbor without a VLAN is in the only one configured (VLAN-9) */
    bool drop_bad_ip;         /* drop and count bad IP headers, do not pass them up (SEG-077) */
    bool drop_bad_tcp;        /* the same of TCP (SEG-075) */
    bool indicate_and_post;   /* after an indication the rest waits for a request (RCV-059) */
    bool invalid_on_transmit; /* ask for uploads when something is to be sent (INV-8) */
    uint32_t mtu_floor;       /* IPv4: an MTU below it counts as this (RFC-029); 0: none */
    uint32_t challenge_max;   /* mean budget of challenges in a second (SEG-018); 0: none */
    /*
     * The optional reasons for which an upload is asked for (EVT-025 to EVT-030), a bit
     * 1 << enum toe_upload_reason each; 0: none. The limits are those of EVT-038.
     */
    uint32_t optional_uploads;
    toe_duration rto_min;         /* least retransmission timeout (RFC-057) */
    toe_duration retrieve_repeat; /* ask again, so often, for what must come (EVT-011); 0: never */
    bool extension;               /* take and give extensions (toe/extension.h) */
    bool pacing;                  /* modern: spread what may leave over the round trip */
    bool rack_threshold; /* three SACKed are a loss, until reordering was seen: RFC 8985, 6.2 */
    /*
     * PSH on every so manieth full segment of a burst, and of half of cwnd at least, as where
     * segments are put together for an adapter; 0: not. Linux: net.ipv4.tcp_min_tso_segs, 2.
     */
    uint32_t push_burst;
    bool ecn;    /* take connections with TOE_TCP_ECN (toe/state.h) */
    bool accecn; /* and with TOE_TCP_ACCECN; needs |ecn| and |extension| */
    struct toe_tuning tuning;
};

/* toe_target_settings_default() fills in all but the wire and the MAC address. */
TOE_EXPORT void toe_target_settings_default(struct toe_target_settings *settings);

/* toe_target_new() creates a target; NULL if memory is short or the settings make no sense. */
TOE_EXPORT struct toe_target *toe_target_new(const struct toe_target_settings *settings);

/*
 * toe_target_del() frees a target and everything in it. The host has terminated its objects and
 * returned its buffers; if not, what it lent to the target is simply forgotten.
 */
TOE_EXPORT void toe_target_del(struct toe_target *target);

/*
 * Pause, resume, power
 *
 * These belong to the target's owner, who is not the host: a host learns of them by status(), from
 * the next run. All of them may be called at any time, also inside an upcall.
 */

/*
 * toe_target_pause() asks the host to offload nothing more. What is offloaded goes on; initiates
 * that still arrive wait for toe_target_resume(), or fail with what follows here.
 */
TOE_EXPORT void toe_target_pause(struct toe_target *target);

/*
 * toe_target_upload_all() pauses, and asks the host to terminate everything. From then on nothing
 * new is sent: sends and graceful disconnects complete UPLOAD_IN_PROGRESS, initiates fail.
 */
TOE_EXPORT void toe_target_upload_all(struct toe_target *target);

/*
 * toe_target_resume() ends a pause, an upload of everything or a power-down. If |caps| is not NULL,
 * its capabilities hold from now on; the MAC address in it is ignored.
 *
 * TOE_STATUS_SUCCESS
 * TOE_STATUS_INVALID_STATE
 *     The target is not paused; something of what is to be uploaded is still here; or |caps| comes
 *     while anything is offloaded. An object is here until its terminate completion has returned.
 * TOE_STATUS_INVALID_DATA
 *     |caps| has no address family, or exceeds what the target was made with.
 */
TOE_EXPORT toe_status toe_target_resume(struct toe_target *target, const struct toe_caps *caps);

/*
 * toe_target_power_down() pauses, and tells whether the power may go. Initiates fail until
 * toe_target_resume().
 *
 * TOE_STATUS_SUCCESS
 *     Nothing is offloaded.
 * TOE_STATUS_PENDING
 *     Something is, and unless its terminate waits already, the host is asked to upload everything.
 *     To be called again.
 */
TOE_EXPORT toe_status toe_target_power_down(struct toe_target *target);

/*
 * toe_target_can_close() tells whether toe_target_del() would forget nothing: nothing is offloaded,
 * no request waits, and all buffers that were indicated have been returned.
 */
TOE_EXPORT bool toe_target_can_close(const struct toe_target *target);

/*
 * toe_target_end_returned() has the peer's FIN acknowledged: the host, which was told of it by the
 * event TOE_EVENT_DISCONNECT, has it safely. Only with TOE_ACK_RETURNED it means anything; a handle
 * that names nothing is ignored.
 */
TOE_EXPORT void toe_target_end_returned(struct toe_target *target, toe_handle tcp);

/*
 * toe_target_ts_recent() tells the peer's timestamp that a segment of the connection would echo now
 * (RFC 7323, TS.Recent). Returns false if |tcp| names none with timestamps.
 */
TOE_EXPORT bool toe_target_ts_recent(const struct toe_target *target, uint32_t *ts_recent,
                                     toe_handle tcp);

/* Parts of the counters. */
enum toe_stats_part {
    TOE_STATS_TCP4 = 0x1,
    TOE_STATS_TCP6 = 0x2,
    TOE_STATS_IP4 = 0x4,
    TOE_STATS_IP6 = 0x8,
};

/*
 * toe_target_stats_reset() zeroes the counters of |parts|, a sum of enum toe_stats_part. Gauges
 * stay, and so does what counts for the target as a whole.
 */
TOE_EXPORT void toe_target_stats_reset(struct toe_target *target, uint32_t parts);

/* toe_target_ops() is the table; its functions take the struct toe_target as |target|. */
TOE_EXPORT const struct toe_target_ops *toe_target_ops(void);

#ifdef __cplusplus
}
#endif

#endif
