/* SPDX-License-Identifier: MIT */
/*
 * The nine state structures of the original, field by field.
 *
 * A Length that is too small fails before anything is written, so that a structure is taken whole
 * or not at all. The one that may be shorter than we know is the delegated TCP state, which ended
 * before DWnd in its first version.
 */
#include "toe/ndis.h"

#include <string.h>

#define TCP_DELEGATED_LEN_1 offsetof(TCP_OFFLOAD_STATE_DELEGATED, DWnd)

/* covers() tells whether a structure is absent or of |size| bytes at least. */
static bool covers(const OFFLOAD_STATE_HEADER *header, size_t size)
{
    return header == NULL || header->Length >= size;
}

static void set_header(OFFLOAD_STATE_HEADER *header, size_t size)
{
    header->Length = (ULONG)size;
    header->RecognizedOptions = 0;
}

/* HEADER() is the header of a structure that may be NULL. */
#define HEADER(ptr) ((ptr) == NULL ? NULL : &(ptr)->Header)

/* --- neighbor --- */

static bool neighbor_covers(const NEIGHBOR_OFFLOAD_STATE_CONST *constant,
                            const NEIGHBOR_OFFLOAD_STATE_CACHED *cached,
                            const NEIGHBOR_OFFLOAD_STATE_DELEGATED *delegated)
{
    return covers(HEADER(constant), sizeof(*constant)) && covers(HEADER(cached), sizeof(*cached)) &&
           covers(HEADER(delegated), sizeof(*delegated));
}

static void mac_export(UCHAR out[32], const uint8_t mac[TOE_MAC_LEN])
{
    memset(out, 0, 32);
    memcpy(out, mac, TOE_MAC_LEN);
}

bool toe_ndis_neighbor_import(struct toe_neighbor_state *state,
                              const NEIGHBOR_OFFLOAD_STATE_CONST *constant,
                              const NEIGHBOR_OFFLOAD_STATE_CACHED *cached,
                              const NEIGHBOR_OFFLOAD_STATE_DELEGATED *delegated)
{
    if (!neighbor_covers(constant, cached, delegated)) {
        return false;
    }
    if (constant != NULL) {
        memcpy(state->constant.src_mac, constant->DlSourceAddress, TOE_MAC_LEN);
        state->constant.vlan_id = constant->VlanId & 0xfff;
    }
    if (cached != NULL) {
        memcpy(state->cached.dst_mac, cached->DlDestinationAddress, TOE_MAC_LEN);
        state->cached.host_reachability_delta = cached->HostReachabilityDelta;
    }
    if (delegated != NULL) {
        state->delegated.nic_reachability_delta = delegated->NicReachabilityDelta;
    }
    return true;
}

bool toe_ndis_neighbor_export(const struct toe_neighbor_state *state,
                              NEIGHBOR_OFFLOAD_STATE_CONST *constant,
                              NEIGHBOR_OFFLOAD_STATE_CACHED *cached,
                              NEIGHBOR_OFFLOAD_STATE_DELEGATED *delegated)
{
    if (!neighbor_covers(constant, cached, delegated)) {
        return false;
    }
    if (constant != NULL) {
        set_header(&constant->Header, sizeof(*constant));
        mac_export(constant->DlSourceAddress, state->constant.src_mac);
        constant->VlanId = state->constant.vlan_id & 0xfffu;
    }
    if (cached != NULL) {
        set_header(&cached->Header, sizeof(*cached));
        mac_export(cached->DlDestinationAddress, state->cached.dst_mac);
        cached->HostReachabilityDelta = state->cached.host_reachability_delta;
    }
    if (delegated != NULL) {
        set_header(&delegated->Header, sizeof(*delegated));
        delegated->NicReachabilityDelta = state->delegated.nic_reachability_delta;
    }
    return true;
}

/* --- path --- */

static void addr_import(struct toe_addr *addr, uint8_t family, const UCHAR *bytes)
{
    memset(addr, 0, sizeof(*addr));
    addr->family = family;
    memcpy(addr->bytes, bytes, family == 4 ? 4 : 16);
}

static void addr_export(PUCHAR bytes, const struct toe_addr *addr)
{
    if (bytes != NULL) {
        memcpy(bytes, addr->bytes, addr->family == 4 ? 4 : 16);
    }
}

static bool path_covers(const PATH_OFFLOAD_STATE_CONST *constant,
                        const PATH_OFFLOAD_STATE_CACHED *cached)
{
    return covers(HEADER(constant), sizeof(*constant)) && covers(HEADER(cached), sizeof(*cached));
}

bool toe_ndis_path_import(struct toe_path_state *state, uint8_t family,
                          const PATH_OFFLOAD_STATE_CONST *constant,
                          const PATH_OFFLOAD_STATE_CACHED *cached)
{
    if (!path_covers(constant, cached)) {
        return false;
    }
    if (constant != NULL) {
        if (constant->SourceAddress == NULL || constant->DestinationAddress == NULL) {
            return false; /* STATE-PC-2 */
        }
        addr_import(&state->constant.src, family, constant->SourceAddress);
        addr_import(&state->constant.dst, family, constant->DestinationAddress);
    }
    if (cached != NULL) {
        state->cached.mtu = cached->PathMtu;
    }
    return true;
}

bool toe_ndis_path_export(const struct toe_path_state *state, PATH_OFFLOAD_STATE_CONST *constant,
                          PATH_OFFLOAD_STATE_CACHED *cached)
{
    if (!path_covers(constant, cached)) {
        return false;
    }
    if (constant != NULL) {
        set_header(&constant->Header, sizeof(*constant));
        addr_export(constant->SourceAddress, &state->constant.src);
        addr_export(constant->DestinationAddress, &state->constant.dst);
    }
    if (cached != NULL) {
        set_header(&cached->Header, sizeof(*cached));
        cached->PathMtu = state->cached.mtu;
    }
    return true;
}

/* --- TCP connection --- */

static bool tcp_covers(const TCP_OFFLOAD_STATE_CONST *constant,
                       const TCP_OFFLOAD_STATE_CACHED *cached,
                       const TCP_OFFLOAD_STATE_DELEGATED *delegated)
{
    return covers(HEADER(constant), sizeof(*constant)) && covers(HEADER(cached), sizeof(*cached)) &&
           covers(HEADER(delegated), TCP_DELEGATED_LEN_1);
}

/* A port lies in network byte order in the memory of a USHORT. */
static uint16_t port_import(USHORT port)
{
    uint8_t bytes[2];

    memcpy(bytes, &port, 2);
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static USHORT port_export(uint16_t port)
{
    const uint8_t bytes[2] = {(uint8_t)(port >> 8), (uint8_t)(port & 0xff)};
    USHORT out;

    memcpy(&out, bytes, 2);
    return out;
}

static void tcp_const_import(struct toe_tcp_const *out, const TCP_OFFLOAD_STATE_CONST *in)
{
    *out = (struct toe_tcp_const){
        .flags = in->Flags,
        .remote_port = port_import(in->RemotePort),
        .local_port = port_import(in->LocalPort),
        .snd_wnd_scale = in->SndWindScale & 0xf,
        .rcv_wnd_scale = in->RcvWindScale & 0xf,
        .remote_mss = in->RemoteMss,
        .hash_value = in->HashValue,
    };
}

static void tcp_const_export(TCP_OFFLOAD_STATE_CONST *out, const struct toe_tcp_const *in)
{
    set_header(&out->Header, sizeof(*out));
    out->Flags = in->flags;
    out->RemotePort = port_export(in->remote_port);
    out->LocalPort = port_export(in->local_port);
    out->SndWindScale = in->snd_wnd_scale & 0xf;
    out->RcvWindScale = in->rcv_wnd_scale & 0xf;
    out->RemoteMss = in->remote_mss;
    out->HashValue = in->hash_value;
}

static void tcp_cached_import(struct toe_tcp_cached *out, const TCP_OFFLOAD_STATE_CACHED *in)
{
    *out = (struct toe_tcp_cached){
        .flags = in->Flags,
        .initial_rcv_wnd = in->InitialRcvWnd,
        .rcv_indication_size = in->RcvIndicationSize,
        .ka_probe_cnt = in->KaProbeCount,
        .ka_timeout = in->KaTimeout,
        .ka_interval = in->KaInterval,
        .max_rt = in->MaxRT,
        .flow_label = in->FlowLabel & 0xfffff,
        .ttl = in->TtlOrHopLimit,
        .tos = in->TosOrTrafficClass,
        .user_priority = in->UserPriority & 7,
    };
}

static void tcp_cached_export(TCP_OFFLOAD_STATE_CACHED *out, const struct toe_tcp_cached *in)
{
    set_header(&out->Header, sizeof(*out));
    out->Flags = in->flags;
    out->InitialRcvWnd = in->initial_rcv_wnd;
    out->RcvIndicationSize = in->rcv_indication_size;
    out->KaProbeCount = in->ka_probe_cnt;
    out->KaTimeout = in->ka_timeout;
    out->KaInterval = in->ka_interval;
    out->MaxRT = in->max_rt;
    out->FlowLabel = in->flow_label & 0xfffff;
    out->TtlOrHopLimit = in->ttl;
    out->TosOrTrafficClass = in->tos;
    out->UserPriority = in->user_priority & 7;
}

static void tcp_delegated_import(struct toe_tcp_delegated *out,
                                 const TCP_OFFLOAD_STATE_DELEGATED *in)
{
    out->state = (enum toe_conn_state)in->State;
    out->flags = in->Flags;
    out->rcv_nxt = in->RcvNxt;
    out->rcv_wnd = in->RcvWnd;
    out->snd_una = in->SndUna;
    out->snd_nxt = in->SndNxt;
    out->snd_max = in->SndMax;
    out->snd_wnd = in->SndWnd;
    out->max_snd_wnd = in->MaxSndWnd;
    out->snd_wl1 = in->SendWL1;
    out->cwnd = in->CWnd;
    out->ssthresh = in->SsThresh;
    out->srtt = in->SRtt;
    out->rttvar = in->RttVar;
    out->ts_recent = in->TsRecent;
    out->ts_recent_age = in->TsRecentAge;
    out->ts_time = in->TsTime;
    out->total_rt = in->TotalRT;
    out->dup_ack_cnt = in->DupAckCount;
    out->snd_wnd_probe_cnt = in->SndWndProbeCount;
    out->ka_probe_cnt = in->KeepAlive.ProbeCount;
    out->ka_timeout_delta = in->KeepAlive.TimeoutDelta;
    out->retransmit_cnt = in->Retransmit.Count;
    out->retransmit_timeout_delta = in->Retransmit.TimeoutDelta;
    out->dwnd = in->Header.Length >= sizeof(*in) ? in->DWnd : 0;
}

static void tcp_delegated_export(TCP_OFFLOAD_STATE_DELEGATED *out,
                                 const struct toe_tcp_delegated *in)
{
    const bool has_dwnd = out->Header.Length >= sizeof(*out);

    set_header(&out->Header, has_dwnd ? sizeof(*out) : TCP_DELEGATED_LEN_1);
    out->State = (TCP_OFFLOAD_CONNECTION_STATE)in->state;
    out->Flags = in->flags;
    out->RcvNxt = in->rcv_nxt;
    out->RcvWnd = in->rcv_wnd;
    out->SndUna = in->snd_una;
    out->SndNxt = in->snd_nxt;
    out->SndMax = in->snd_max;
    out->SndWnd = in->snd_wnd;
    out->MaxSndWnd = in->max_snd_wnd;
    out->SendWL1 = in->snd_wl1;
    out->CWnd = in->cwnd;
    out->SsThresh = in->ssthresh;
    out->SRtt = in->srtt;
    out->RttVar = in->rttvar;
    out->TsRecent = in->ts_recent;
    out->TsRecentAge = in->ts_recent_age;
    out->TsTime = in->ts_time;
    out->TotalRT = in->total_rt;
    out->DupAckCount = in->dup_ack_cnt;
    out->SndWndProbeCount = in->snd_wnd_probe_cnt;
    out->KeepAlive.ProbeCount = in->ka_probe_cnt;
    out->KeepAlive.TimeoutDelta = in->ka_timeout_delta;
    out->Retransmit.Count = in->retransmit_cnt;
    out->Retransmit.TimeoutDelta = in->retransmit_timeout_delta;
    if (has_dwnd) {
        out->DWnd = in->dwnd;
    }
}

bool toe_ndis_tcp_import(struct toe_tcp_state *state, const TCP_OFFLOAD_STATE_CONST *constant,
                         const TCP_OFFLOAD_STATE_CACHED *cached,
                         const TCP_OFFLOAD_STATE_DELEGATED *delegated)
{
    if (!tcp_covers(constant, cached, delegated)) {
        return false;
    }
    if (constant != NULL) {
        tcp_const_import(&state->constant, constant);
    }
    if (cached != NULL) {
        tcp_cached_import(&state->cached, cached);
    }
    if (delegated != NULL) {
        tcp_delegated_import(&state->delegated, delegated);
    }
    return true;
}

bool toe_ndis_tcp_export(const struct toe_tcp_state *state, TCP_OFFLOAD_STATE_CONST *constant,
                         TCP_OFFLOAD_STATE_CACHED *cached, TCP_OFFLOAD_STATE_DELEGATED *delegated)
{
    if (!tcp_covers(constant, cached, delegated)) {
        return false;
    }
    if (constant != NULL) {
        tcp_const_export(constant, &state->constant);
    }
    if (cached != NULL) {
        tcp_cached_export(cached, &state->cached);
    }
    if (delegated != NULL) {
        tcp_delegated_export(delegated, &state->delegated);
    }
    return true;
}
