/* SPDX-License-Identifier: MIT */
/*
 * The suite: tables of scenarios.
 *
 * How to write one. A file scen_NOUN.c holds one section of the scenarios: functions, and at the
 * end the table of them, which suite.c lists.
 *
 *     static void t_080(struct cert *c)     (the row T-080)
 *     {
 *         cert_offload(c);
 *         cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
 *         cert_expect_seg(c, "5000 FIN");
 *         cert_at(c, 20);
 *         cert_expect_quiet(c);
 *         cert_peer(c, "ack=5001");
 *         cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 0);
 *         cert_terminate(c);
 *         cert_expect_state(c, TOE_TCP_FIN_WAIT_2);
 *     }
 *
 *     const struct cert_scenario cert_disconnect_scenarios[] = {
 *         {.id = "T-080", .title = "a graceful disconnect without data",
 *          .rules = "DSC-001 DSC-012 DSC-016 DSC-026", .group = CERT_GROUP_DISCONNECT,
 *          .run = t_080},
 *         {0},
 *     };
 *
 * harness.h has the words; scen_send.c is the model. One function for one row; the variants (a),
 * (b), (c) of a row are rows of their own: T-013a. Rows beyond scenarios.md are called C-, the
 * section's number and a letter: C-04a. In |rules| stands what fails when the scenario fails, no
 * more: "SND-001 SND-002", ranges as SND-035..041. A scenario runs in both profiles unless
 * |profiles| says otherwise; it must hold for any target that obeys the rules, so it checks what
 * the rules say and nothing else that ours happens to do.
 *
 * Each scenario runs in a process of its own, so it need not free anything and may spoil all.
 */
#ifndef CERTIFY_SUITE_H
#define CERTIFY_SUITE_H

#include "harness.h"

/*
 * The basics, with which a new target begins; the seven requirements of the certification
 * (platform.md 8); the rest of the contract.
 */
enum cert_group {
    CERT_GROUP_BASIC,
    CERT_GROUP_NDIS,        /* CERT-1: the contract of state operations */
    CERT_GROUP_TCPIP,       /* CERT-2: protocol, timers */
    CERT_GROUP_OUTOFORDER,  /* CERT-3 */
    CERT_GROUP_TIMERS,      /* CERT-4: granularity */
    CERT_GROUP_NEIGHBOR,    /* CERT-5: neighbor timestamps */
    CERT_GROUP_CONNECTIONS, /* CERT-6: 1024 connections */
    CERT_GROUP_ADDRESS64,   /* CERT-7: addresses of 64 bits */
    CERT_GROUP_SEND,
    CERT_GROUP_RECEIVE,
    CERT_GROUP_FORWARD,
    CERT_GROUP_DISCONNECT,
    CERT_GROUP_EVENT,
    CERT_GROUP_TRANSFER, /* state carried by offload and terminate */
    CERT_GROUP_SECURITY, /* segments and attacks */
    CERT_GROUP_PLATFORM, /* capabilities, VLAN, power, statistics */
    CERT_GROUP_STRESS,
    CERT_GROUP_CNT
};

enum {
    CERT_COMPAT = 0x1,
    CERT_MODERN = 0x2,
};

struct cert_scenario {
    const char *id; /* "T-001"; NULL ends a table */
    const char *title;
    const char *rules;
    enum cert_group group;
    uint32_t profiles; /* CERT_COMPAT | CERT_MODERN; 0: both */
    uint32_t seconds;  /* of real time it may take; 0: 10 */
    void (*run)(struct cert *c);
};

/* The tables, each ended by an entry without id. */
extern const struct cert_scenario cert_basic_scenarios[];
extern const struct cert_scenario cert_send_scenarios[];
extern const struct cert_scenario cert_timer_scenarios[];
extern const struct cert_scenario cert_time_scenarios[];
extern const struct cert_scenario cert_path_scenarios[];
extern const struct cert_scenario cert_path_more_scenarios[];
extern const struct cert_scenario cert_receive_scenarios[];
extern const struct cert_scenario cert_receive_more_scenarios[];
extern const struct cert_scenario cert_forward_scenarios[];
extern const struct cert_scenario cert_transfer_scenarios[];
extern const struct cert_scenario cert_transfer_more_scenarios[];
extern const struct cert_scenario cert_tree_scenarios[];
extern const struct cert_scenario cert_segment_scenarios[];
extern const struct cert_scenario cert_segment_more_scenarios[];
extern const struct cert_scenario cert_disconnect_scenarios[];
extern const struct cert_scenario cert_io_scenarios[];
extern const struct cert_scenario cert_io_more_scenarios[];
extern const struct cert_scenario cert_event_scenarios[];
extern const struct cert_scenario cert_congestion_scenarios[];
extern const struct cert_scenario cert_recovery_scenarios[];
extern const struct cert_scenario cert_ecn_scenarios[];
extern const struct cert_scenario cert_congestion_modern_scenarios[];
extern const struct cert_scenario cert_scale_scenarios[];
extern const struct cert_scenario cert_scale_more_scenarios[];
extern const struct cert_scenario cert_optional_scenarios[];
extern const struct cert_scenario cert_rest_scenarios[];
extern const struct cert_scenario cert_rest_more_scenarios[];
extern const struct cert_scenario cert_rest_vector_scenarios[];
extern const struct cert_scenario cert_mutant_scenarios[];
extern const struct cert_scenario cert_state_scenarios[];
extern const struct cert_scenario cert_state_tcp_scenarios[];
extern const struct cert_scenario cert_state_data_scenarios[];
extern const struct cert_scenario cert_platform_scenarios[];
extern const struct cert_scenario cert_platform_more_scenarios[];
extern const struct cert_scenario cert_rss_scenarios[];
extern const struct cert_scenario cert_control_scenarios[];
extern const struct cert_scenario cert_control_block_scenarios[];
extern const struct cert_scenario cert_control_object_scenarios[];
extern const struct cert_scenario cert_control_initiate_scenarios[];
extern const struct cert_scenario cert_control_terminate_scenarios[];
extern const struct cert_scenario cert_control_update_scenarios[];
extern const struct cert_scenario cert_control_query_scenarios[];
extern const struct cert_scenario cert_control_fault_scenarios[];

/* cert_suite_table() is the |idx|-th table, NULL after the last. */
const struct cert_scenario *cert_suite_table(uint32_t idx);

/* cert_group_name() is a short name, "send"; cert_group_text() says what is required. */
const char *cert_group_name(enum cert_group group);
const char *cert_group_text(enum cert_group group);

/*
 * cert_scenario_each() calls |each| with every rule that |scenario| shows: those it names, and the
 * requirement of its group, which passes if all of the group do. False at one that is no rule.
 */
bool cert_scenario_each(const struct cert_scenario *scenario,
                        void (*each)(void *user, uint32_t rule), void *user);

#endif
