/* SPDX-License-Identifier: MIT */
#include "suite.h"

#include "rules.h"

static const struct cert_scenario *const tables[] = {
    cert_basic_scenarios,
    cert_send_scenarios,
    cert_timer_scenarios,
    cert_time_scenarios,
    cert_path_scenarios,
    cert_path_more_scenarios,
    cert_receive_scenarios,
    cert_receive_more_scenarios,
    cert_forward_scenarios,
    cert_transfer_scenarios,
    cert_transfer_more_scenarios,
    cert_tree_scenarios,
    cert_segment_scenarios,
    cert_segment_more_scenarios,
    cert_disconnect_scenarios,
    cert_io_scenarios,
    cert_io_more_scenarios,
    cert_event_scenarios,
    cert_congestion_scenarios,
    cert_recovery_scenarios,
    cert_ecn_scenarios,
    cert_congestion_modern_scenarios,
    cert_scale_scenarios,
    cert_scale_more_scenarios,
    cert_optional_scenarios,
    cert_rest_scenarios,
    cert_rest_more_scenarios,
    cert_rest_vector_scenarios,
    cert_mutant_scenarios,
    cert_state_scenarios,
    cert_state_tcp_scenarios,
    cert_state_data_scenarios,
    cert_platform_scenarios,
    cert_platform_more_scenarios,
    cert_rss_scenarios,
    cert_control_scenarios,
    cert_control_block_scenarios,
    cert_control_object_scenarios,
    cert_control_initiate_scenarios,
    cert_control_terminate_scenarios,
    cert_control_update_scenarios,
    cert_control_query_scenarios,
    cert_control_fault_scenarios,
};

const struct cert_scenario *cert_suite_table(uint32_t idx)
{
    return idx < sizeof(tables) / sizeof(tables[0]) ? tables[idx] : NULL;
}

static const struct {
    const char *name;
    const char *text;
} groups[CERT_GROUP_CNT] = {
    [CERT_GROUP_BASIC] = {"basics", "the basics, in the order in which a target is best written"},
    [CERT_GROUP_NDIS] = {"contract", "CERT-1: state operations follow the contract"},
    [CERT_GROUP_TCPIP] = {"protocol", "CERT-2: complies with the TCP/IP protocol"},
    [CERT_GROUP_OUTOFORDER] = {"out-of-order", "CERT-3: handles out-of-order data"},
    [CERT_GROUP_TIMERS] = {"granularity", "CERT-4: timers of sufficient granularity"},
    [CERT_GROUP_NEIGHBOR] = {"neighbor", "CERT-5: neighbor state timestamps"},
    [CERT_GROUP_CONNECTIONS] = {"connections", "CERT-6: supports 1024 connections"},
    [CERT_GROUP_ADDRESS64] = {"addresses", "CERT-7: supports 64-bit addresses"},
    [CERT_GROUP_SEND] = {"send", "posting and completing sends"},
    [CERT_GROUP_RECEIVE] = {"receive", "delivery of received data"},
    [CERT_GROUP_FORWARD] = {"forward", "forwarded segments and the ordinary path"},
    [CERT_GROUP_DISCONNECT] = {"disconnect", "graceful and abortive disconnects"},
    [CERT_GROUP_EVENT] = {"event", "events and upload requests"},
    [CERT_GROUP_TRANSFER] = {"transfer", "state carried by offload and terminate"},
    [CERT_GROUP_SECURITY] = {"security", "segments and attacks"},
    [CERT_GROUP_PLATFORM] = {"platform", "capabilities, VLAN, power, statistics"},
    [CERT_GROUP_STRESS] = {"stress", "scale, stress and races"},
};

const char *cert_group_name(enum cert_group group)
{
    return group < CERT_GROUP_CNT ? groups[group].name : "?";
}

const char *cert_group_text(enum cert_group group)
{
    return group < CERT_GROUP_CNT ? groups[group].text : "?";
}

bool cert_scenario_each(const struct cert_scenario *scenario,
                        void (*each)(void *user, uint32_t rule), void *user)
{
    static const char *const requirements[CERT_GROUP_CNT] = {
        [CERT_GROUP_NDIS] = "CERT-1",       [CERT_GROUP_TCPIP] = "CERT-2",
        [CERT_GROUP_OUTOFORDER] = "CERT-3", [CERT_GROUP_TIMERS] = "CERT-4",
        [CERT_GROUP_NEIGHBOR] = "CERT-5",   [CERT_GROUP_CONNECTIONS] = "CERT-6",
        [CERT_GROUP_ADDRESS64] = "CERT-7",
    };
    const char *requirement = requirements[scenario->group];

    return cert_rule_each(scenario->rules, each, user) &&
           (requirement == NULL || cert_rule_each(requirement, each, user));
}
