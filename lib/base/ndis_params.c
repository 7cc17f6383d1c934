/* SPDX-License-Identifier: MIT */
#include "toe/ndis.h"

#include <string.h>

#define PARAMS_LEN_1 offsetof(NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS, CongestionAlgorithm)

/* The headers in front of a packet. */
#define ETHER_HEADER_LEN 14
#define SNAP_HEADER_LEN 22

static bool is_snap(const NDIS_OFFLOAD_ENCAPSULATION_OF *of)
{
    return of->EncapsulationType == NDIS_ENCAPSULATION_IEEE_LLC_SNAP_ROUTED;
}

NDIS_STATUS toe_ndis_params_import(struct toe_params *params,
                                   const NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS *in, uint32_t len)
{
    struct toe_params made;

    if (len < PARAMS_LEN_1 || in->Header.Size < PARAMS_LEN_1) {
        return NDIS_STATUS_INVALID_LENGTH;
    }
    made = (struct toe_params){
        .size = sizeof(made),
        .ticks_per_second = in->TicksPerSecond,
        .ack_frequency = in->TcpAckFrequency,
        .delayed_ack_ticks = in->TcpDelayedAckTicks,
        .max_retransmissions = in->TcpMaximumRetransmissions,
        .doubt_reachability_retransmissions = in->TcpDoubtReachabilityRetransmissions,
        .sws_prevention_ticks = in->TcpSwsPreventionTicks,
        .duplicate_ack_threshold = in->TcpDuplicateAckThreshold,
        .push_ticks = in->TcpPushTicks,
        .nce_stale_ticks = in->NceStaleTicks,
        .encapsulation = is_snap(&in->Encapsulation.IPv4) || is_snap(&in->Encapsulation.IPv6)
                             ? TOE_ENCAPSULATION_SNAP
                             : TOE_ENCAPSULATION_ETHERNET,
    };
    if (is_snap(&in->Encapsulation.IPv4) != is_snap(&in->Encapsulation.IPv6)) {
        return NDIS_STATUS_INVALID_DATA; /* Here it is one for both. */
    }
    if (toe_params_check(&made) != TOE_STATUS_SUCCESS) {
        return NDIS_STATUS_INVALID_DATA;
    }
    *params = made;
    return NDIS_STATUS_SUCCESS;
}

static NDIS_OBJECT_HEADER header_of(UCHAR type, UCHAR revision, size_t size)
{
    return (NDIS_OBJECT_HEADER){.Type = type, .Revision = revision, .Size = (USHORT)size};
}

void toe_ndis_params_export(NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS *out,
                            const struct toe_params *params)
{
    const bool snap = params->encapsulation == TOE_ENCAPSULATION_SNAP;
    const NDIS_OFFLOAD_ENCAPSULATION_OF encapsulation = {
        .Enabled = NDIS_OFFLOAD_SET_ON,
        .EncapsulationType =
            snap ? NDIS_ENCAPSULATION_IEEE_LLC_SNAP_ROUTED : NDIS_ENCAPSULATION_IEEE_802_3,
        .HeaderSize = snap ? SNAP_HEADER_LEN : ETHER_HEADER_LEN,
    };

    *out = (NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS){
        .Header = header_of(NDIS_OBJECT_TYPE_DEFAULT, 2, sizeof(*out)),
        .Encapsulation.Header =
            header_of(NDIS_OBJECT_TYPE_OFFLOAD_ENCAPSULATION, NDIS_OFFLOAD_ENCAPSULATION_REVISION_1,
                      sizeof(out->Encapsulation)),
        .Encapsulation.IPv4 = encapsulation,
        .Encapsulation.IPv6 = encapsulation,
        .TicksPerSecond = params->ticks_per_second,
        .TcpAckFrequency = params->ack_frequency,
        .TcpDelayedAckTicks = params->delayed_ack_ticks,
        .TcpMaximumRetransmissions = params->max_retransmissions,
        .TcpDoubtReachabilityRetransmissions = params->doubt_reachability_retransmissions,
        .TcpSwsPreventionTicks = params->sws_prevention_ticks,
        .TcpDuplicateAckThreshold = params->duplicate_ack_threshold,
        .TcpPushTicks = params->push_ticks,
        .NceStaleTicks = params->nce_stale_ticks,
    };
}

void toe_ndis_caps_import(struct toe_caps *caps, const NDIS_TCP_CONNECTION_OFFLOAD *in)
{
    caps->ipv4 = in->SupportIPv4 == NDIS_OFFLOAD_SUPPORTED;
    caps->ipv6 = in->SupportIPv6 == NDIS_OFFLOAD_SUPPORTED;
    caps->sack = in->SupportSack == NDIS_OFFLOAD_SUPPORTED;
    caps->tcp_max = in->TcpConnectionOffloadCapacity;
    caps->extension = 0; /* These structures have no room for one, */
    caps->ecn = false;   /* and no flag for it, */
    caps->accecn = false;
}

void toe_ndis_caps_export(NDIS_TCP_CONNECTION_OFFLOAD *out, const struct toe_caps *caps)
{
    memset(out, 0, sizeof(*out));
    out->Header =
        header_of(NDIS_OBJECT_TYPE_DEFAULT, NDIS_TCP_CONNECTION_OFFLOAD_REVISION_1, sizeof(*out));
    out->Encapsulation = NDIS_ENCAPSULATION_IEEE_802_3 | NDIS_ENCAPSULATION_IEEE_LLC_SNAP_ROUTED;
    out->SupportIPv4 = caps->ipv4 ? NDIS_OFFLOAD_SUPPORTED : NDIS_OFFLOAD_NOT_SUPPORTED;
    out->SupportIPv6 = caps->ipv6 ? NDIS_OFFLOAD_SUPPORTED : NDIS_OFFLOAD_NOT_SUPPORTED;
    out->SupportSack = caps->sack ? NDIS_OFFLOAD_SUPPORTED : NDIS_OFFLOAD_NOT_SUPPORTED;
    out->TcpConnectionOffloadCapacity = caps->tcp_max;
}

void toe_ndis_tcp_stats_export(TCP_OFFLOAD_STATS *out, const struct toe_tcp_stats *in)
{
    *out = (TCP_OFFLOAD_STATS){
        .InSegments = in->in_segments,
        .OutSegments = in->out_segments,
        .CurrentlyEstablished = in->currently_established,
        .ResetEstablished = in->reset_established,
        .RetransmittedSegments = in->retransmitted_segments,
        .InErrors = in->in_errors,
        .OutResets = in->out_resets,
    };
}

void toe_ndis_ip_stats_export(IP_OFFLOAD_STATS *out, const struct toe_ip_stats *in)
{
    *out = (IP_OFFLOAD_STATS){
        .InReceives = in->in_receives,
        .InOctets = in->in_octets,
        .InDelivers = in->in_delivers,
        .OutRequests = in->out_requests,
        .OutOctets = in->out_octets,
        .InHeaderErrors = in->in_header_errors,
        .InTruncatedPackets = in->in_truncated_packets,
        .InDiscards = in->in_discards,
        .OutDiscards = in->out_discards,
        .OutNoRoutes = in->out_no_routes,
    };
}
