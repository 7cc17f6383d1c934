/* SPDX-License-Identifier: MIT */
/*
 * Certification: how a target of yours is put under `toe certify`.
 *
 * Build a shared object that exports one function, toe_certify_plugin(), and run
 *
 *     toe certify --target ./mine.so
 *
 * The suite creates a target for each scenario, stands above it as its host and below it as its
 * wire, and runs it in virtual time: the target must take the time from run() and frames from the
 * wire it is given, read no clock and wait for nothing. Each scenario has a process of its own, so
 * a target that crashes or hangs fails that scenario only. examples/certify_plugin.c is a template.
 */
#ifndef TOE_CERTIFY_H
#define TOE_CERTIFY_H

#include "toe/target.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TOE_CERTIFY_VERSION 1

/* Choices that the rules leave to a target. */
enum {
    TOE_CERTIFY_NAGLE_STRICT = 0x01,        /* a request's tail waits as well (SND-027) */
    TOE_CERTIFY_PUSH_AT_END = 0x02,         /* PSH where the queue runs empty (SND-021) */
    TOE_CERTIFY_SEND_COMPLETE = 0x04,       /* a terminate completes sends (SND-034) */
    TOE_CERTIFY_CONTINUE_AFTER_ROOT = 0x08, /* initiate: go on with the next root (PART-5) */
    TOE_CERTIFY_RFC5961_SYN = 0x10,         /* challenge every SYN (SEG-005) */
    TOE_CERTIFY_NO_IPV4 = 0x20,
    TOE_CERTIFY_NO_IPV6 = 0x40,
    TOE_CERTIFY_NO_SACK = 0x80,
    TOE_CERTIFY_USER_PRIORITY = 0x100,        /* a connection's priority goes into the tag */
    TOE_CERTIFY_VLAN_SUBSTITUTE = 0x200,      /* no VLAN stands for the only one (VLAN-9) */
    TOE_CERTIFY_DROP_BAD_IP = 0x400,          /* drop and count bad IP headers (SEG-077) */
    TOE_CERTIFY_DROP_BAD_TCP = 0x800,         /* the same of TCP (SEG-075) */
    TOE_CERTIFY_INDICATE_AND_POST = 0x1000,   /* the rest waits for a request (RCV-059) */
    TOE_CERTIFY_INVALID_ON_TRANSMIT = 0x2000, /* ask when something is to be sent (INV-8) */
    TOE_CERTIFY_RACK = 0x4000,       /* with SACK, detect loss by time (RFC-078, RFC-079) */
    TOE_CERTIFY_UNDO = 0x8000,       /* restore the windows after a spurious timeout (RFC-059) */
    TOE_CERTIFY_VALIDATE = 0x20000,  /* hold cwnd while the application does (RFC-053) */
    TOE_CERTIFY_PACE = 0x40000,      /* HyStart++, with SACK, and pacing (RFC-052) */
    TOE_CERTIFY_PROBE_MTU = 0x80000, /* with SACK, search below the path's MTU (RFC-106) */
};

/* What a target is to be. Everything is borrowed until destroy(). A limit of 0 is yours to choose.
 */
struct toe_certify_settings {
    size_t size; /* sizeof(struct toe_certify_settings) */
    const struct toe_wire_ops *wire;
    void *wire_user;
    struct toe_mem mem; /* may be ignored; then failing allocations cannot be tested */
    struct toe_bus bus; /* the address space of all buffers */
    uint64_t seed;
    enum toe_profile profile;
    uint32_t choices; /* TOE_CERTIFY_*; the last ones are asked of profile modern only */
    uint8_t mac[TOE_MAC_LEN];
    uint32_t mtu_max;
    uint32_t rcv_wnd_max;
    uint32_t tcp_max;
    uint32_t path_max;
    uint32_t neighbor_max;
    uint32_t src_mac_max;
    uint32_t src_addr_max;
    uint32_t vlan_max;
    uint32_t rcv_chunk_max;
    uint32_t mtu_floor;        /* IPv4 (RFC-029) */
    uint32_t challenge_max;    /* challenges in a second (SEG-018) */
    uint32_t optional_uploads; /* 1 << enum toe_upload_reason each (EVT-025 to EVT-030); 0: none */
    toe_duration retrieve_repeat; /* ask again, so often (EVT-011); 0: never */
    const uint16_t *vlans;        /* VLANs configured on the interface */
    uint32_t vlan_cnt;            /* 0: none configured, any is accepted */
    bool corrupts;                /* corrupt() will be called */
    uint32_t rss_queues;          /* receive-side scaling over so many (RSS-1); 0: none needed */
};

/* What a plug-in provides. A function that may be NULL makes the scenarios that need it skipped. */
struct toe_certify_plugin {
    size_t size;                      /* sizeof(struct toe_certify_plugin) */
    uint32_t version;                 /* TOE_CERTIFY_VERSION */
    const char *name;                 /* shown in reports */
    const struct toe_target_ops *ops; /* read again after each create() */

    /*
     * create() makes a target, or returns NULL where it has no such choice or no memory: the
     * scenario is skipped then.
     */
    void *(*create)(const struct toe_certify_settings *settings);
    void (*destroy)(void *target);

    /*
     * What the owner of a target does, as in toe/target.h: toe_target_pause(), _upload_all(),
     * _resume(), _power_down(), _can_close(), _stats_reset(). Each may be NULL.
     */
    void (*pause)(void *target);
    void (*upload_all)(void *target);
    toe_status (*resume)(void *target, const struct toe_caps *caps);
    toe_status (*power_down)(void *target);
    bool (*can_close)(void *target);
    void (*stats_reset)(void *target, uint32_t parts);

    /*
     * corrupt() spoils what the target keeps of |tcp|, as failing hardware would: its next query,
     * invalidate or terminate finds that. Called only where |corrupts| was set. May be NULL.
     */
    void (*corrupt)(void *target, toe_handle tcp);
    /* upload() makes the target ask for |tcp| with |reason| in its next run. May be NULL. */
    void (*upload)(void *target, toe_handle tcp, enum toe_upload_reason reason);

    /*
     * rss_table_set() sets the indirection table: |cnt| numbers of queues, below |rss_queues|, for
     * the low bits of a hash; |cnt| is a power of two, up to 128. rss_queue() is the queue that
     * serves |tcp| now. Called only where |rss_queues| was set. May be NULL: receive-side scaling
     * is optional (RSS-4).
     */
    void (*rss_table_set)(void *target, const uint8_t *table, uint32_t cnt);
    uint32_t (*rss_queue)(void *target, toe_handle tcp);
};

/* toe_certify_plugin() is the one function that a plug-in exports. */
TOE_EXPORT const struct toe_certify_plugin *toe_certify_plugin(void);

#ifdef __cplusplus
}
#endif

#endif
