/* SPDX-License-Identifier: MIT */
/*
 * The original's words: one connection is offloaded, sends, receives and is uploaded by code that
 * speaks of block lists and net buffer lists, as a client of the original would.
 *
 * The target is ours; toe/ndis.h stands between. The wire is an array in memory, and the peer at
 * its other end is this program: it prints what the target sends and answers with segments of its
 * own. So there is no handshake: the state of the connection is made up, on both sides the same.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "toe/ndis.h"
#include "toe/target.h"

enum { HEADERS_LEN = 14 + 20 + 20, FRAME_LEN = 2048 };

static const UCHAR our_mac[TOE_MAC_LEN] = {2, 0, 0, 0, 0, 1};
static const UCHAR peer_mac[TOE_MAC_LEN] = {2, 0, 0, 0, 0, 2};
static UCHAR our_addr[4] = {10, 0, 0, 1};
static UCHAR peer_addr[4] = {10, 0, 0, 2};

/* --- the wire, and the peer at its end --- */

static UCHAR arriving[FRAME_LEN];
static ULONG arriving_len;

static ULONG load32(const UCHAR *at)
{
    return (ULONG)at[0] << 24 | (ULONG)at[1] << 16 | (ULONG)at[2] << 8 | at[3];
}

static void store(UCHAR *at, ULONG value, int len)
{
    while (len-- > 0) {
        *at++ = (UCHAR)(value >> 8 * len);
    }
}

static void store_ip_checksum(UCHAR *ip)
{
    ULONG sum = 0;

    for (int i = 0; i < 20; i += 2) {
        sum += (ULONG)ip[i] << 8 | ip[i + 1];
    }
    sum = (sum & 0xffff) + (sum >> 16);
    store(ip + 10, 0xffff & ~(sum + (sum >> 16)), 2);
}

/* The peer sends |text|, beginning at sequence number |seq|, and acknowledges all before |ack|. */
static void peer_sends(ULONG seq, ULONG ack, const char *text)
{
    UCHAR *ip = arriving + 14, *tcp = ip + 20;
    const ULONG len = (ULONG)strlen(text);

    memset(arriving, 0, HEADERS_LEN);
    memcpy(arriving, our_mac, TOE_MAC_LEN);
    memcpy(arriving + 6, peer_mac, TOE_MAC_LEN);
    store(arriving + 12, 0x0800, 2);
    store(ip, 0x45000000 | (40 + len), 4);
    store(ip + 6, 0x4000, 2); /* do not fragment */
    store(ip + 8, 0x4006, 2); /* 64 hops, TCP */
    memcpy(ip + 12, peer_addr, 4);
    memcpy(ip + 16, our_addr, 4);
    store_ip_checksum(ip);
    store(tcp, 5001, 2);
    store(tcp + 2, 40000, 2);
    store(tcp + 4, seq, 4);
    store(tcp + 8, ack, 4);
    store(tcp + 12, 0x5018, 2); /* no options, PSH and ACK */
    store(tcp + 14, 65535, 2);
    memcpy(tcp + 20, text, len);
    arriving_len = HEADERS_LEN + len;
}

static uint32_t wire_receive(void *wire, struct toe_frame *frames, uint32_t max)
{
    const uint32_t len = arriving_len;

    (void)wire;
    arriving_len = 0;
    if (len == 0 || max == 0) {
        return 0;
    }
    /* The TCP checksum is not there; say that somebody has looked at it. */
    frames[0] = (struct toe_frame){.data = arriving, .len = len, .flags = TOE_FRAME_CSUM_VALID};
    return 1;
}

static void wire_transmit(void *wire, const struct toe_frame *frames, uint32_t cnt)
{
    (void)wire;
    for (uint32_t i = 0; i < cnt; ++i) {
        const UCHAR *tcp = frames[i].data + 34;
        const ULONG text_len = ((ULONG)frames[i].data[16] << 8 | frames[i].data[17]) - 40;
        const ULONG in_head = frames[i].len > HEADERS_LEN ? frames[i].len - HEADERS_LEN : 0;

        printf("    wire: seq %" PRIu32 ", ack %" PRIu32 ", %" PRIu32 " bytes: \"%.*s",
               load32(tcp + 4), load32(tcp + 8), text_len, (int)in_head,
               (const char *)frames[i].data + HEADERS_LEN);
        for (uint32_t k = 0; k < frames[i].more_cnt; ++k) {
            printf("%.*s", (int)frames[i].more[k].len, (const char *)frames[i].more[k].base);
        }
        printf("\"\n");
    }
}

static const struct toe_wire_ops wire_ops = {
    .size = sizeof(wire_ops),
    .receive = wire_receive,
    .transmit = wire_transmit,
};

/* --- the client: what comes up --- */

static void initiate_complete(NDIS_HANDLE handle, PNDIS_PROTOCOL_OFFLOAD_BLOCK_LIST neighbor)
{
    const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *path = neighbor->DependentBlockList;

    (void)handle;
    printf("    NdisMInitiateOffloadComplete: neighbor 0x%08" PRIx32 ", path 0x%08" PRIx32
           ", TCP 0x%08" PRIx32 "\n",
           (ULONG)neighbor->Status, (ULONG)path->Status, (ULONG)path->DependentBlockList->Status);
}

static void terminate_complete(NDIS_HANDLE handle, PNDIS_PROTOCOL_OFFLOAD_BLOCK_LIST neighbor)
{
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST tcp = neighbor->DependentBlockList->DependentBlockList;
    const TOE_NDIS_TCP *state = TOE_NDIS_STATE(tcp);

    (void)handle;
    printf("    NdisMTerminateOffloadComplete: 0x%08" PRIx32 ", SndUna %" PRIu32 ", SndNxt %" PRIu32
           ", RcvNxt %" PRIu32 ", CWnd %" PRIu32 "\n",
           (ULONG)tcp->Status, state->Delegated.SndUna, state->Delegated.SndNxt,
           state->Delegated.RcvNxt, state->Delegated.CWnd);
    for (const NET_BUFFER_LIST *nbl = tcp->NetBufferListChain; nbl != NULL; nbl = nbl->Next) {
        printf("    unfinished send comes back: %" PRIu32 " bytes left, from byte %" PRIu32 " on\n",
               NET_BUFFER_DATA_LENGTH(NET_BUFFER_LIST_FIRST_NB(nbl)),
               NET_BUFFER_DATA_OFFSET(NET_BUFFER_LIST_FIRST_NB(nbl)));
    }
}

static void send_complete(NDIS_HANDLE handle, PNET_BUFFER_LIST chain)
{
    (void)handle;
    for (; chain != NULL; chain = NET_BUFFER_LIST_NEXT_NBL(chain)) {
        printf("    NdisTcpOffloadSendComplete: 0x%08" PRIx32 ", %zu bytes\n", (ULONG)chain->Status,
               (size_t)(uintptr_t)NET_BUFFER_LIST_INFO(chain, TcpOffloadBytesTransferred));
    }
}

/* Prints what is indicated, and takes a part by copying: the list is the target's again. */
static NDIS_STATUS receive_indicate(NDIS_HANDLE object, PNET_BUFFER_LIST nbl, NDIS_STATUS status,
                                    PULONG consumed)
{
    const NET_BUFFER *nb = NET_BUFFER_LIST_FIRST_NB(nbl);
    const MDL *mdl = NET_BUFFER_CURRENT_MDL(nb);

    (void)object;
    (void)status;
    printf("    NdisTcpOffloadReceiveHandler: %" PRIu32 " bytes: \"%.*s\"\n", nb->DataLength,
           (int)nb->DataLength, (const char *)mdl->MappedSystemVa + nb->CurrentMdlOffset);
    *consumed = nb->DataLength - 1; /* all but the last byte */
    return NDIS_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED;
}

static void event(NDIS_HANDLE object, ULONG type, ULONG info)
{
    (void)object;
    printf("    NdisTcpOffloadEventHandler: %" PRIu32 ", %" PRIu32 "\n", type, info);
}

static void no_list(NDIS_HANDLE handle, PNDIS_PROTOCOL_OFFLOAD_BLOCK_LIST list)
{
    (void)handle;
    (void)list;
}

static void no_chain(NDIS_HANDLE handle, PNET_BUFFER_LIST chain)
{
    (void)handle;
    (void)chain;
}

static void no_event(NDIS_HANDLE handle, PNDIS_PROTOCOL_OFFLOAD_BLOCK_LIST list, ULONG code)
{
    (void)handle;
    (void)list;
    (void)code;
}

static const NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS generic = {
    .InitiateOffloadCompleteHandler = initiate_complete,
    .TerminateOffloadCompleteHandler = terminate_complete,
    .UpdateOffloadCompleteHandler = no_list,
    .InvalidateOffloadCompleteHandler = no_list,
    .QueryOffloadCompleteHandler = no_list,
    .IndicateOffloadEventHandler = no_event,
};

static const NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS tcp_client = {
    .OffloadType = NdisTcpChimneyOffload,
    .TcpOffloadSendCompleteHandler = send_complete,
    .TcpOffloadReceiveCompleteHandler = no_chain,
    .TcpOffloadDisconnectCompleteHandler = no_chain,
    .TcpOffloadForwardCompleteHandler = no_chain,
    .TcpOffloadEventHandler = event,
    .TcpOffloadReceiveIndicateHandler = receive_indicate,
};

/* --- the client: what goes down --- */

/* Each block with its state right behind it, and the cells for the target's tokens. */
static struct {
    NDIS_MINIPORT_OFFLOAD_BLOCK_LIST block;
    TOE_NDIS_NEIGHBOR state;
} neighbor;
static struct {
    NDIS_MINIPORT_OFFLOAD_BLOCK_LIST block;
    TOE_NDIS_PATH state;
} path;
static struct {
    NDIS_MINIPORT_OFFLOAD_BLOCK_LIST block;
    TOE_NDIS_TCP state;
} tcp;
static PVOID tokens[3];

static void make_block(PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST block, OFFLOAD_STATE_TYPE type,
                       PVOID *token)
{
    block->Header = (NDIS_OBJECT_HEADER){(UCHAR)type, 1, sizeof(*block)};
    block->MiniportOffloadContext = token;
    block->NdisOffloadHandle = block;
}

static void make_neighbor_and_path(void)
{
    make_block(&neighbor.block, NeighborOffloadState, &tokens[0]);
    neighbor.block.DependentBlockList = &path.block;
    neighbor.state.Const.Header.Length = sizeof(neighbor.state.Const);
    neighbor.state.Cached.Header.Length = sizeof(neighbor.state.Cached);
    neighbor.state.Delegated.Header.Length = sizeof(neighbor.state.Delegated);
    memcpy(neighbor.state.Cached.DlDestinationAddress, peer_mac, TOE_MAC_LEN);

    make_block(&path.block, Ip4OffloadState, &tokens[1]);
    path.block.DependentBlockList = &tcp.block;
    path.state.Const.Header.Length = sizeof(path.state.Const);
    path.state.Const.SourceAddress = our_addr;
    path.state.Const.DestinationAddress = peer_addr;
    path.state.Cached.Header.Length = sizeof(path.state.Cached);
    path.state.Cached.PathMtu = 1500;
    path.state.Delegated.Header.Length = sizeof(path.state.Delegated);
}

static void make_tcp(void)
{
    TCP_OFFLOAD_STATE_DELEGATED *d = &tcp.state.Delegated;

    make_block(&tcp.block, TcpOffloadState, &tokens[2]);
    tcp.state.Const.Header.Length = sizeof(tcp.state.Const);
    store((UCHAR *)&tcp.state.Const.RemotePort, 5001, 2);
    store((UCHAR *)&tcp.state.Const.LocalPort, 40000, 2);
    tcp.state.Const.RemoteMss = 1460;
    tcp.state.Cached.Header.Length = sizeof(tcp.state.Cached);
    tcp.state.Cached.InitialRcvWnd = 65535;
    tcp.state.Cached.TtlOrHopLimit = 64;
    d->Header.Length = sizeof(*d);
    d->State = TcpConnectionEstablished;
    d->RcvNxt = 1000;
    d->RcvWnd = 65535;
    d->SndUna = d->SndNxt = d->SndMax = 5000;
    d->SndWnd = d->MaxSndWnd = 65535;
    d->SendWL1 = 1000;
    d->CWnd = 14600;
    d->SsThresh = 65535;
    d->SRtt = 100 * 8;
    d->RttVar = 50 * 4;
    d->KeepAlive.TimeoutDelta = d->Retransmit.TimeoutDelta = 0xFFFFFFFF; /* do not run */
}

/* A send of two pieces, of which the first has room in front of its data. */
static PNET_BUFFER_LIST make_send(void)
{
    static char first[] = "....hello, ", second[] = "world";
    static MDL mdls[2];
    static NET_BUFFER nb;
    static NET_BUFFER_LIST nbl;

    mdls[0] = (MDL){.Next = &mdls[1], .BusAddress = (uintptr_t)first, .ByteCount = 11};
    mdls[1] = (MDL){.BusAddress = (uintptr_t)second, .ByteCount = 5};
    nb = (NET_BUFFER){.MdlChain = mdls,
                      .CurrentMdl = mdls,
                      .CurrentMdlOffset = 4,
                      .DataOffset = 4,
                      .DataLength = 12};
    nbl.FirstNetBuffer = &nb;
    return &nbl;
}

static struct toe_target *make_target(void)
{
    struct toe_target_settings settings;

    toe_target_settings_default(&settings);
    settings.wire = &wire_ops;
    memcpy(settings.mac, our_mac, TOE_MAC_LEN);
    return toe_target_new(&settings);
}

int main(void)
{
    const NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS *miniport =
        toe_ndis_provider_generic();
    const NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS *data = toe_ndis_provider_tcp();
    struct toe_target *target = make_target();
    struct toe_ndis_provider *adapter = toe_ndis_provider_new(&(struct toe_ndis_provider_settings){
        .size = sizeof(struct toe_ndis_provider_settings),
        .ops = toe_target_ops(),
        .target = target,
        .generic = &generic,
        .tcp = &tcp_client,
    });
    NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS parameters;
    struct toe_params defaults;

    if (adapter == NULL) {
        return 1;
    }
    toe_params_default(&defaults);
    toe_ndis_params_export(&parameters, &defaults);
    toe_ndis_provider_oid(adapter, OID_TCP_CONNECTION_OFFLOAD_PARAMETERS, true, &parameters,
                          sizeof(parameters));

    printf("MiniportInitiateOffload\n");
    make_neighbor_and_path();
    make_tcp();
    miniport->InitiateOffloadHandler(adapter, &neighbor.block);
    toe_ndis_provider_run(adapter, 0);

    printf("MiniportTcpOffloadSend\n");
    data->TcpOffloadSendHandler(adapter, &tokens[2], make_send());
    toe_ndis_provider_run(adapter, 1 * TOE_NS_PER_MS);

    printf("The peer acknowledges, and sends.\n");
    peer_sends(1000, 5012, "and hello to you");
    toe_ndis_provider_run(adapter, 20 * TOE_NS_PER_MS);

    printf("MiniportTcpOffloadSend again, of which the peer acknowledges five bytes.\n");
    data->TcpOffloadSendHandler(adapter, &tokens[2], make_send());
    toe_ndis_provider_run(adapter, 30 * TOE_NS_PER_MS);
    peer_sends(1016, 5017, "");
    toe_ndis_provider_run(adapter, 50 * TOE_NS_PER_MS);

    printf("MiniportTerminateOffload\n");
    miniport->TerminateOffloadHandler(adapter, &neighbor.block);
    toe_ndis_provider_run(adapter, 60 * TOE_NS_PER_MS);
    /* What was received and not taken comes with it, and goes back when it has been read. */
    data->TcpOffloadReceiveReturnHandler(adapter, tcp.state.Delegated.BufferedData);

    toe_ndis_provider_del(adapter);
    toe_target_del(target);
    return 0;
}
