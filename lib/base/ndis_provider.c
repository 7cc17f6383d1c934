/* SPDX-License-Identifier: MIT */
/*
 * A target of ours, offered as one of the original.
 *
 * Every entry converts its request and hands it to the target at once, so that the target sees what
 * the client did, in that order, also from inside an upcall; every upcall of the target releases
 * the conversion and goes on to the client.
 *
 * The original lets no request be refused for want of memory. So a request that cannot be converted
 * waits, linked through what the original keeps free for a target, and so does all that is posted
 * after it, because order is part of the contract. Trees and chains wait in a queue each; a serial
 * number says which of the two heads is the elder. A completion that cannot be converted waits too,
 * in a queue of its own: its order among completions says nothing.
 */
#include "base/ndis_parts.h"

#include "base/mem.h"

#include <string.h>

/* How long a request that waits for memory waits before it is tried again. */
#define RETRY_AFTER (10 * TOE_NS_PER_MS)

enum chain_kind {
    CHAIN_SEND,
    CHAIN_RECEIVE,
    CHAIN_FORWARD,
    CHAIN_DISCONNECT_GRACEFUL,
    CHAIN_DISCONNECT_ABORTIVE,
};

struct toe_ndis_provider {
    struct toe_ndis_provider_settings settings;
    NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS generic;
    NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS tcp;
    toe_instant now;
    struct toe_stats base; /* what the counters showed when they were reset */

    /* Requests that wait for memory, oldest first. */
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST trees; /* MiniportReserved: next, serial and operation */
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST trees_tail;
    PNET_BUFFER_LIST chains; /* MiniportReserved: next, token; Scratch: serial and kind */
    PNET_BUFFER_LIST chains_tail;
    uintptr_t serial;
    /* Completed terminates that wait for memory, linked by host_data[0]. */
    struct toe_block *completed;
    struct toe_block *completed_tail;
};

/* A serial number and a small number beside it, in a pointer. */
#define MARK(serial, kind) ((PVOID)((serial) << 4 | (uintptr_t)(kind)))
#define MARK_SERIAL(mark) ((uintptr_t)(mark) >> 4)
#define MARK_KIND(mark) ((uintptr_t)(mark)&0xf)

static bool is_waiting(const struct toe_ndis_provider *p)
{
    return p->trees != NULL || p->chains != NULL;
}

/* --- requests --- */

static bool try_tree(struct toe_ndis_provider *p, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST list,
                     enum toe_ndis_op op)
{
    const struct toe_target_ops *ops = p->settings.ops;
    struct toe_block *tree = toe_ndis_block_import(&p->settings.mem, list, op);

    if (tree == NULL) {
        return false;
    }
    switch (op) {
    case TOE_NDIS_INITIATE:
        ops->initiate(p->settings.target, tree);
        break;
    case TOE_NDIS_TERMINATE:
        ops->terminate(p->settings.target, tree);
        break;
    case TOE_NDIS_UPDATE:
        ops->update(p->settings.target, tree);
        break;
    case TOE_NDIS_QUERY:
        ops->query(p->settings.target, tree);
        break;
    case TOE_NDIS_INVALIDATE:
        ops->invalidate(p->settings.target, tree);
        break;
    }
    return true;
}

static bool try_chain(struct toe_ndis_provider *p, toe_handle tcp, PNET_BUFFER_LIST chain,
                      enum chain_kind kind)
{
    const struct toe_target_ops *ops = p->settings.ops;
    struct toe_buf *bufs = toe_ndis_buf_import(
        &p->settings.mem, chain, kind == CHAIN_RECEIVE ? TOE_NDIS_ROOM : TOE_NDIS_DATA);

    if (bufs == NULL) {
        return false;
    }
    switch (kind) {
    case CHAIN_SEND:
        ops->send(p->settings.target, tcp, bufs);
        break;
    case CHAIN_RECEIVE:
        ops->receive(p->settings.target, tcp, bufs);
        break;
    case CHAIN_FORWARD:
        ops->forward(p->settings.target, tcp, bufs);
        break;
    case CHAIN_DISCONNECT_GRACEFUL:
        ops->disconnect(p->settings.target, tcp, bufs, TOE_DISCONNECT_GRACEFUL);
        break;
    case CHAIN_DISCONNECT_ABORTIVE:
        ops->disconnect(p->settings.target, tcp, bufs, TOE_DISCONNECT_ABORTIVE);
        break;
    }
    return true;
}

static void post_tree(NDIS_HANDLE adapter, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST list,
                      enum toe_ndis_op op)
{
    struct toe_ndis_provider *p = adapter;

    if (list == NULL || (!is_waiting(p) && try_tree(p, list, op))) {
        return;
    }
    list->MiniportReserved[0] = NULL;
    list->MiniportReserved[1] = MARK(++p->serial, op);
    if (p->trees == NULL) {
        p->trees = list;
    } else {
        p->trees_tail->MiniportReserved[0] = list;
    }
    p->trees_tail = list;
}

static NDIS_STATUS post_chain(NDIS_HANDLE adapter, PVOID context, PNET_BUFFER_LIST chain,
                              enum chain_kind kind)
{
    struct toe_ndis_provider *p = adapter;
    PVOID const *cell = context;
    PVOID const token = cell == NULL ? NULL : *cell;

    if (chain == NULL || (!is_waiting(p) && try_chain(p, (uintptr_t)token, chain, kind))) {
        return NDIS_STATUS_PENDING;
    }
    chain->MiniportReserved[0] = NULL;
    chain->MiniportReserved[1] = token;
    chain->Scratch = MARK(++p->serial, kind);
    if (p->chains == NULL) {
        p->chains = chain;
    } else {
        p->chains_tail->MiniportReserved[0] = chain;
    }
    p->chains_tail = chain;
    return NDIS_STATUS_PENDING;
}

static bool retry_tree(struct toe_ndis_provider *p)
{
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST list = p->trees;
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST next = list->MiniportReserved[0];

    if (!try_tree(p, list, (enum toe_ndis_op)MARK_KIND(list->MiniportReserved[1]))) {
        return false;
    }
    p->trees = next;
    return true;
}

static bool retry_chain(struct toe_ndis_provider *p)
{
    PNET_BUFFER_LIST chain = p->chains;
    PNET_BUFFER_LIST next = chain->MiniportReserved[0];

    if (!try_chain(p, (uintptr_t)chain->MiniportReserved[1], chain,
                   (enum chain_kind)MARK_KIND(chain->Scratch))) {
        return false;
    }
    p->chains = next;
    return true;
}

/* Hands over what waits, oldest first, until memory is short again. */
static void retry(struct toe_ndis_provider *p)
{
    bool is_done = true;

    while (is_done && is_waiting(p)) {
        const bool is_tree =
            p->chains == NULL || (p->trees != NULL && MARK_SERIAL(p->trees->MiniportReserved[1]) <
                                                          MARK_SERIAL(p->chains->Scratch));

        is_done = is_tree ? retry_tree(p) : retry_chain(p);
    }
}

/* --- the entry points --- */

static void initiate(NDIS_HANDLE adapter, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST list)
{
    post_tree(adapter, list, TOE_NDIS_INITIATE);
}

static void terminate(NDIS_HANDLE adapter, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST list)
{
    post_tree(adapter, list, TOE_NDIS_TERMINATE);
}

static void update(NDIS_HANDLE adapter, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST list)
{
    post_tree(adapter, list, TOE_NDIS_UPDATE);
}

static void query(NDIS_HANDLE adapter, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST list)
{
    post_tree(adapter, list, TOE_NDIS_QUERY);
}

static void invalidate(NDIS_HANDLE adapter, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST list)
{
    post_tree(adapter, list, TOE_NDIS_INVALIDATE);
}

static NDIS_STATUS send(NDIS_HANDLE adapter, PVOID context, PNET_BUFFER_LIST chain)
{
    return post_chain(adapter, context, chain, CHAIN_SEND);
}

static NDIS_STATUS receive(NDIS_HANDLE adapter, PVOID context, PNET_BUFFER_LIST chain)
{
    return post_chain(adapter, context, chain, CHAIN_RECEIVE);
}

static NDIS_STATUS forward(NDIS_HANDLE adapter, PVOID context, PNET_BUFFER_LIST chain)
{
    return post_chain(adapter, context, chain, CHAIN_FORWARD);
}

static NDIS_STATUS disconnect(NDIS_HANDLE adapter, PVOID context, PNET_BUFFER_LIST nbl, ULONG flags)
{
    return post_chain(adapter, context, nbl,
                      flags & TCP_DISCONNECT_ABORTIVE_CLOSE ? CHAIN_DISCONNECT_ABORTIVE
                                                            : CHAIN_DISCONNECT_GRACEFUL);
}

static NDIS_STATUS receive_return(NDIS_HANDLE adapter, PNET_BUFFER_LIST chain)
{
    const struct toe_ndis_provider *p = adapter;

    if (chain != NULL) {
        p->settings.ops->receive_return(p->settings.target,
                                        toe_ndis_nbl_release(chain, TOE_NDIS_UNTOUCHED));
    }
    return NDIS_STATUS_SUCCESS;
}

const NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS *toe_ndis_provider_generic(void)
{
    static const NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS table = {
        .Header = {NDIS_OBJECT_TYPE_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS, 1,
                   sizeof(table)},
        .InitiateOffloadHandler = initiate,
        .TerminateOffloadHandler = terminate,
        .UpdateOffloadHandler = update,
        .InvalidateOffloadHandler = invalidate,
        .QueryOffloadHandler = query,
    };

    return &table;
}

const NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS *toe_ndis_provider_tcp(void)
{
    static const NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS table = {
        .Header = {NDIS_OBJECT_TYPE_PROVIDER_CHIMNEY_OFFLOAD_CHARACTERISTICS, 1, sizeof(table)},
        .OffloadType = NdisTcpChimneyOffload,
        .TcpOffloadSendHandler = send,
        .TcpOffloadReceiveHandler = receive,
        .TcpOffloadDisconnectHandler = disconnect,
        .TcpOffloadForwardHandler = forward,
        .TcpOffloadReceiveReturnHandler = receive_return,
    };

    return &table;
}

/* --- upcalls --- */

static void initiate_complete(void *host, struct toe_block *tree)
{
    struct toe_ndis_provider *p = host;

    p->generic.InitiateOffloadCompleteHandler(p->settings.handle,
                                              toe_ndis_block_release(tree, &p->settings.bus));
}

/* complete_terminate() tells the client; false, and nothing has happened, if memory is short. */
static bool complete_terminate(struct toe_ndis_provider *p, struct toe_block *tree)
{
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST list = toe_ndis_block_release(tree, &p->settings.bus);

    if (list != NULL) {
        p->generic.TerminateOffloadCompleteHandler(p->settings.handle, list);
    }
    return list != NULL;
}

static void terminate_complete(void *host, struct toe_block *tree)
{
    struct toe_ndis_provider *p = host;

    if (complete_terminate(p, tree)) {
        return;
    }
    tree->host_data[0] = NULL;
    if (p->completed == NULL) {
        p->completed = tree;
    } else {
        p->completed_tail->host_data[0] = tree;
    }
    p->completed_tail = tree;
}

static void retry_completed(struct toe_ndis_provider *p)
{
    while (p->completed != NULL) {
        struct toe_block *tree = p->completed;
        struct toe_block *next = tree->host_data[0];

        if (!complete_terminate(p, tree)) {
            return;
        }
        p->completed = next;
    }
}

static void update_complete(void *host, struct toe_block *tree)
{
    struct toe_ndis_provider *p = host;

    p->generic.UpdateOffloadCompleteHandler(p->settings.handle,
                                            toe_ndis_block_release(tree, &p->settings.bus));
}

static void query_complete(void *host, struct toe_block *tree)
{
    struct toe_ndis_provider *p = host;

    p->generic.QueryOffloadCompleteHandler(p->settings.handle,
                                           toe_ndis_block_release(tree, &p->settings.bus));
}

static void invalidate_complete(void *host, struct toe_block *tree)
{
    struct toe_ndis_provider *p = host;

    p->generic.InvalidateOffloadCompleteHandler(p->settings.handle,
                                                toe_ndis_block_release(tree, &p->settings.bus));
}

static void send_complete(void *host, struct toe_buf *chain)
{
    struct toe_ndis_provider *p = host;

    p->tcp.TcpOffloadSendCompleteHandler(p->settings.handle,
                                         toe_ndis_buf_release(chain, TOE_NDIS_COMPLETED));
}

static void receive_complete(void *host, struct toe_buf *chain)
{
    struct toe_ndis_provider *p = host;

    p->tcp.TcpOffloadReceiveCompleteHandler(p->settings.handle,
                                            toe_ndis_buf_release(chain, TOE_NDIS_COMPLETED));
}

static void disconnect_complete(void *host, struct toe_buf *buf)
{
    struct toe_ndis_provider *p = host;

    p->tcp.TcpOffloadDisconnectCompleteHandler(p->settings.handle,
                                               toe_ndis_buf_release(buf, TOE_NDIS_COMPLETED));
}

static void forward_complete(void *host, struct toe_buf *chain)
{
    struct toe_ndis_provider *p = host;

    p->tcp.TcpOffloadForwardCompleteHandler(p->settings.handle,
                                            toe_ndis_buf_release(chain, TOE_NDIS_COMPLETED));
}

static toe_status receive_indicate(void *host, void *host_object, struct toe_buf *buf,
                                   uint32_t *consumed)
{
    struct toe_ndis_provider *p = host;
    PNET_BUFFER_LIST nbl =
        toe_ndis_nbl_export(&p->settings.mem, &p->settings.bus, buf, TOE_NDIS_BUFFERED);
    ULONG taken = 0;
    NDIS_STATUS status;

    *consumed = 0;
    if (nbl == NULL) {
        /* EVT-036: what is refused here is handed back with the terminate. */
        p->tcp.TcpOffloadEventHandler(host_object, TcpIndicateRetrieve, UploadRequested);
        return TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    }
    nbl->Status = NDIS_STATUS_SUCCESS;
    status = p->tcp.TcpOffloadReceiveIndicateHandler(host_object, nbl, NDIS_STATUS_SUCCESS, &taken);
    *consumed = taken;
    if (status != NDIS_STATUS_SUCCESS) {
        (void)toe_ndis_nbl_release(nbl, TOE_NDIS_UNTOUCHED);
    }
    return (toe_status)status;
}

static void tcp_event(void *host, void *host_object, enum toe_event event, uint32_t info)
{
    struct toe_ndis_provider *p = host;

    p->tcp.TcpOffloadEventHandler(host_object, (ULONG)event, info);
}

static void neighbor_event(void *host, enum toe_neighbor_event event, struct toe_block *block)
{
    struct toe_ndis_provider *p = host;
    struct {
        NDIS_MINIPORT_OFFLOAD_BLOCK_LIST block;
        TOE_NDIS_NEIGHBOR state;
    } made;
    const struct base_ndis_parts parts =
        base_ndis_parts_at(&made.state, TOE_LAYER_NEIGHBOR, BASE_NDIS_ALL);

    memset(&made, 0, sizeof(made));
    made.block.Header = (NDIS_OBJECT_HEADER){NeighborOffloadState, 1, sizeof(made.block)};
    made.block.Status = NDIS_STATUS_SUCCESS;
    made.block.NdisOffloadHandle = block->host_object;
    base_ndis_parts_init(parts, TOE_LAYER_NEIGHBOR);
    (void)base_ndis_parts_export(block, parts);
    p->generic.IndicateOffloadEventHandler(p->settings.handle, &made.block, (ULONG)event);
    block->state.neighbor->cached.host_reachability_delta = made.state.Cached.HostReachabilityDelta;
}

static void status_indicate(void *host, toe_status status, const struct toe_caps *caps)
{
    const struct toe_ndis_provider *p = host;
    NDIS_TCP_CONNECTION_OFFLOAD out;

    if (p->settings.status == NULL) {
        return;
    }
    if (caps != NULL) {
        toe_ndis_caps_export(&out, caps);
    }
    p->settings.status(p->settings.handle, (NDIS_STATUS)status, caps != NULL ? &out : NULL);
}

static void frames(void *host, const struct toe_frame *list, uint32_t cnt)
{
    const struct toe_ndis_provider *p = host;

    if (p->settings.frames != NULL) {
        p->settings.frames(p->settings.handle, list, cnt);
    }
}

static const struct toe_host_ops host_ops = {
    .size = sizeof(host_ops),
    .initiate_complete = initiate_complete,
    .terminate_complete = terminate_complete,
    .update_complete = update_complete,
    .query_complete = query_complete,
    .invalidate_complete = invalidate_complete,
    .send_complete = send_complete,
    .receive_complete = receive_complete,
    .disconnect_complete = disconnect_complete,
    .forward_complete = forward_complete,
    .receive_indicate = receive_indicate,
    .tcp_event = tcp_event,
    .neighbor_event = neighbor_event,
    .status = status_indicate,
    .frames = frames,
};

/* --- parameters, capabilities, counters --- */

static void tcp_counters(TCP_OFFLOAD_STATS *out, const struct toe_ndis_provider *p, int version)
{
    struct toe_stats now = {.size = sizeof(now)};
    const struct toe_tcp_stats *base = &p->base.tcp[version];
    struct toe_tcp_stats *stats = &now.tcp[version];

    p->settings.ops->stats_get(p->settings.target, &now);
    stats->in_segments -= base->in_segments;
    stats->out_segments -= base->out_segments;
    stats->reset_established -= base->reset_established;
    stats->retransmitted_segments -= base->retransmitted_segments;
    stats->in_errors -= base->in_errors;
    stats->out_resets -= base->out_resets;
    toe_ndis_tcp_stats_export(out, stats);
}

static void ip_counters(IP_OFFLOAD_STATS *out, const struct toe_ndis_provider *p, int version)
{
    struct toe_stats now = {.size = sizeof(now)};
    const struct toe_ip_stats *base = &p->base.ip[version];
    struct toe_ip_stats *stats = &now.ip[version];

    p->settings.ops->stats_get(p->settings.target, &now);
    stats->in_receives -= base->in_receives;
    stats->in_octets -= base->in_octets;
    stats->in_delivers -= base->in_delivers;
    stats->out_requests -= base->out_requests;
    stats->out_octets -= base->out_octets;
    stats->in_header_errors -= base->in_header_errors;
    stats->in_truncated_packets -= base->in_truncated_packets;
    stats->in_discards -= base->in_discards;
    stats->out_discards -= base->out_discards;
    stats->out_no_routes -= base->out_no_routes;
    toe_ndis_ip_stats_export(out, stats);
}

/* The target's counters go on; what they show is from here (PST-4). */
static NDIS_STATUS reset_counters(struct toe_ndis_provider *p, ULONG oid)
{
    struct toe_stats now = {.size = sizeof(now)};

    p->settings.ops->stats_get(p->settings.target, &now);
    switch (oid) {
    case OID_TCP4_OFFLOAD_STATS:
        p->base.tcp[0] = now.tcp[0];
        return NDIS_STATUS_SUCCESS;
    case OID_TCP6_OFFLOAD_STATS:
        p->base.tcp[1] = now.tcp[1];
        return NDIS_STATUS_SUCCESS;
    case OID_IP4_OFFLOAD_STATS:
        p->base.ip[0] = now.ip[0];
        return NDIS_STATUS_SUCCESS;
    case OID_IP6_OFFLOAD_STATS:
        p->base.ip[1] = now.ip[1];
        return NDIS_STATUS_SUCCESS;
    default:
        return NDIS_STATUS_NOT_SUPPORTED;
    }
}

static NDIS_STATUS set_oid(struct toe_ndis_provider *p, ULONG oid, const void *buffer, ULONG len)
{
    struct toe_params params;
    NDIS_STATUS status;

    if (oid != OID_TCP_CONNECTION_OFFLOAD_PARAMETERS) {
        return reset_counters(p, oid);
    }
    status = toe_ndis_params_import(&params, buffer, len);
    if (status != NDIS_STATUS_SUCCESS) {
        return status;
    }
    return (NDIS_STATUS)p->settings.ops->params_set(p->settings.target, &params);
}

static NDIS_STATUS query_oid(struct toe_ndis_provider *p, ULONG oid, PVOID buffer, ULONG len)
{
    struct toe_caps caps = {.size = sizeof(caps)};

    switch (oid) {
    case OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG:
    case OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES:
        if (len < sizeof(NDIS_TCP_CONNECTION_OFFLOAD)) {
            return NDIS_STATUS_INVALID_LENGTH;
        }
        p->settings.ops->caps_get(p->settings.target, &caps);
        toe_ndis_caps_export(buffer, &caps);
        return NDIS_STATUS_SUCCESS;
    case OID_TCP4_OFFLOAD_STATS:
    case OID_TCP6_OFFLOAD_STATS:
        if (len < sizeof(TCP_OFFLOAD_STATS)) {
            return NDIS_STATUS_INVALID_LENGTH;
        }
        tcp_counters(buffer, p, oid == OID_TCP6_OFFLOAD_STATS);
        return NDIS_STATUS_SUCCESS;
    case OID_IP4_OFFLOAD_STATS:
    case OID_IP6_OFFLOAD_STATS:
        if (len < sizeof(IP_OFFLOAD_STATS)) {
            return NDIS_STATUS_INVALID_LENGTH;
        }
        ip_counters(buffer, p, oid == OID_IP6_OFFLOAD_STATS);
        return NDIS_STATUS_SUCCESS;
    default:
        return NDIS_STATUS_NOT_SUPPORTED;
    }
}

NDIS_STATUS toe_ndis_provider_oid(struct toe_ndis_provider *p, ULONG oid, bool is_set, PVOID buffer,
                                  ULONG len)
{
    return is_set ? set_oid(p, oid, buffer, len) : query_oid(p, oid, buffer, len);
}

/* --- life --- */

struct toe_ndis_provider *toe_ndis_provider_new(const struct toe_ndis_provider_settings *settings)
{
    const struct toe_mem *mem = settings->mem.alloc != NULL ? &settings->mem : base_mem_default();
    struct toe_ndis_provider *p;

    if (settings->size < sizeof(*settings) || sizeof(PVOID) < sizeof(toe_handle)) {
        return NULL;
    }
    p = base_mem_alloc(mem, sizeof(*p));
    if (p == NULL) {
        return NULL;
    }
    p->settings = *settings;
    p->settings.mem = *mem;
    p->generic = *settings->generic;
    p->tcp = *settings->tcp;
    p->settings.ops->attach(p->settings.target, &host_ops, p);
    return p;
}

void toe_ndis_provider_del(struct toe_ndis_provider *p)
{
    const struct toe_mem mem = p->settings.mem;

    while (p->completed != NULL) {
        struct toe_block *next = p->completed->host_data[0];

        toe_ndis_block_del(p->completed);
        p->completed = next;
    }
    p->settings.ops->attach(p->settings.target, NULL, NULL);
    base_mem_free(&mem, p, sizeof(*p));
}

toe_instant toe_ndis_provider_deadline(struct toe_ndis_provider *p)
{
    const toe_instant at = p->settings.ops->deadline(p->settings.target);
    const toe_instant again = p->now + RETRY_AFTER;

    return (is_waiting(p) || p->completed != NULL) && again < at ? again : at;
}

void toe_ndis_provider_run(struct toe_ndis_provider *p, toe_instant now)
{
    p->now = now;
    retry(p);
    retry_completed(p);
    p->settings.ops->run(p->settings.target, now);
    /* What had to wait during the run goes to the target's next one. */
    retry(p);
}
