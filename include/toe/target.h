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

#ifdef __cplusplus
extern "C" {
#endif

struct toe_target;

/* Which rules of congestion control, recovery and mitigation hold. */
enum toe_profile {
    TOE_PROFILE_MODERN, /* CUBIC and what else a TCP of today does */
    TOE_PROFILE_COMPAT, /* the certification text, to the letter */
};

enum toe_congestion {
    TOE_CONGESTION_DEFAULT, /* what the profile says */
    TOE_CONGESTION_NEWRENO,
    TOE_CONGESTION_CUBIC,
    TOE_CONGESTION_NONE, /* the peer's window only: for tests */
};

/* What a target returns to the host when a connection with unfinished sends is terminated. */
enum toe_send_return {
    TOE_SEND_RETURN_CHAIN,    /* the buffers, in the block's send chain */
    TOE_SEND_RETURN_COMPLETE, /* nothing: they complete UPLOAD_IN_PROGRESS */
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

/* toe_target_ops() is the table; its functions take the struct toe_target as |target|. */
TOE_EXPORT const struct toe_target_ops *toe_target_ops(void);

#ifdef __cplusplus
}
#endif

#endif
