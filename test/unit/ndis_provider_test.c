/* SPDX-License-Identifier: MIT */
/*
 * The provider: a client of the original in conversation with a target, also while memory fails.
 */
#include "support/target_fixture.h"
#include "toe/ndis.h"

/* --- a client of the original --- */

/* A list of one buffer of one piece, with memory of its own. */
struct piece {
    NET_BUFFER_LIST nbl;
    NET_BUFFER nb;
    MDL mdl;
    uint8_t bytes[256];
};

/* A connection as a client of the original keeps it: three blocks, each with its state behind it.
 */
struct client {
    struct t_target *t;
    struct t_failmem heap;
    struct toe_ndis_provider *provider;
    struct {
        NDIS_MINIPORT_OFFLOAD_BLOCK_LIST block;
        TOE_NDIS_NEIGHBOR state;
    } neighbor;
    struct {
        NDIS_MINIPORT_OFFLOAD_BLOCK_LIST block;
        TOE_NDIS_PATH state;
    } path;
    struct {
        NDIS_MINIPORT_OFFLOAD_BLOCK_LIST block;
        TOE_NDIS_TCP state;
    } tcp;
    PVOID cells[3];
    uint8_t addrs[2][16];
    struct piece sent[2];
    struct piece buffered;
    struct piece room;
    void *kept;    /* an indication that was accepted, or a list that is to be answered */
    uint32_t next; /* sequence number of the next byte to be received */
    uint32_t initiated, terminated, sends, receives, retrieves, indications;
    bool is_inside; /* an entry point is on the stack: no upcall may come */
};

static struct client *the_client;

static void check_bytes(struct client *c, const uint8_t *bytes, uint32_t len)
{
    for (uint32_t i = 0; i < len; ++i, ++c->next) {
        assert_int_equal(bytes[i], t_host_byte(c->next));
    }
}

static void check_list(struct client *c, const NET_BUFFER_LIST *nbl)
{
    const NET_BUFFER *nb = nbl->FirstNetBuffer;
    uint32_t left = nb->DataLength, off = nb->CurrentMdlOffset;

    assert_true(toe_ndis_nb_is_sound(nb));
    for (const MDL *mdl = nb->CurrentMdl; left > 0; mdl = mdl->Next, off = 0) {
        const uint32_t len = mdl->ByteCount - off < left ? mdl->ByteCount - off : left;

        assert_int_equal((uintptr_t)mdl->MappedSystemVa, mdl->BusAddress);
        check_bytes(c, (const uint8_t *)mdl->MappedSystemVa + off, len);
        left -= len;
    }
}

static void piece_init(struct piece *p, uint32_t len)
{
    memset(p, 0, sizeof(*p));
    p->mdl = (MDL){.BusAddress = (uintptr_t)p->bytes, .ByteCount = len};
    p->nb = (NET_BUFFER){.MdlChain = &p->mdl, .CurrentMdl = &p->mdl, .DataLength = len};
    p->nbl.FirstNetBuffer = &p->nb;
    p->nbl.Status = NDIS_STATUS_PENDING;
}

static void c_initiated(NDIS_HANDLE handle, PNDIS_PROTOCOL_OFFLOAD_BLOCK_LIST list)
{
    struct client *c = handle;

    assert_false(c->is_inside);
    assert_ptr_equal(list, &c->neighbor.block);
    ++c->initiated;
}

static void c_terminated(NDIS_HANDLE handle, PNDIS_PROTOCOL_OFFLOAD_BLOCK_LIST list)
{
    struct client *c = handle;

    assert_false(c->is_inside);
    assert_true(list == &c->neighbor.block || list == &c->tcp.block);
    ++c->terminated;
}

static void c_sent(NDIS_HANDLE handle, PNET_BUFFER_LIST chain)
{
    struct client *c = handle;

    for (; chain != NULL; chain = chain->Next) {
        assert_ptr_equal(chain, &c->sent[c->sends].nbl);
        assert_int_equal(chain->Status, NDIS_STATUS_SUCCESS);
        assert_int_equal((uintptr_t)NET_BUFFER_LIST_INFO(chain, TcpOffloadBytesTransferred), 100);
        assert_int_equal(chain->FirstNetBuffer->DataLength, 0);
        ++c->sends;
    }
}

static void c_received(NDIS_HANDLE handle, PNET_BUFFER_LIST chain)
{
    struct client *c = handle;

    assert_false(c->is_inside);
    assert_ptr_equal(chain, &c->room.nbl);
    assert_null(chain->Next);
    assert_int_equal((uintptr_t)NET_BUFFER_LIST_INFO(chain, TcpOffloadBytesTransferred),
                     c->room.nb.DataOffset);
    check_bytes(c, c->room.bytes, c->room.nb.DataOffset);
    ++c->receives;
}

static void c_event(NDIS_HANDLE object, ULONG type, ULONG info)
{
    struct client *c = the_client;

    assert_ptr_equal(object, &c->cells[2]);
    if (type == TcpIndicateRetrieve && info == UploadRequested) {
        ++c->retrieves;
    }
}

/* Accepts the first and refuses what follows. */
static NDIS_STATUS c_indicated(NDIS_HANDLE object, PNET_BUFFER_LIST nbl, NDIS_STATUS status,
                               PULONG consumed)
{
    struct client *c = the_client;

    assert_ptr_equal(object, &c->cells[2]);
    assert_int_equal(status, NDIS_STATUS_SUCCESS);
    assert_null(nbl->Next);
    if (c->indications++ > 0) {
        return NDIS_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    }
    check_list(c, nbl);
    *consumed = nbl->FirstNetBuffer->DataLength;
    c->kept = nbl;
    return NDIS_STATUS_SUCCESS;
}

static void c_answered(NDIS_HANDLE handle, PNDIS_PROTOCOL_OFFLOAD_BLOCK_LIST list)
{
    struct client *c = handle;

    assert_false(c->is_inside);
    assert_ptr_equal(list, c->kept); /* where the test says what it waits for */
    c->kept = NULL;
}

static const NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS c_generic = {
    .InitiateOffloadCompleteHandler = c_initiated,
    .TerminateOffloadCompleteHandler = c_terminated,
    .UpdateOffloadCompleteHandler = c_answered,
    .InvalidateOffloadCompleteHandler = c_answered,
    .QueryOffloadCompleteHandler = c_answered,
};

static const NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS c_tcp = {
    .TcpOffloadSendCompleteHandler = c_sent,
    .TcpOffloadReceiveCompleteHandler = c_received,
    .TcpOffloadEventHandler = c_event,
    .TcpOffloadReceiveIndicateHandler = c_indicated,
};

static void *c_alloc(void *user, size_t size)
{
    struct t_failmem *mem = user;

    if (++mem->cnt == mem->fail_at) {
        return NULL;
    }
    ++mem->live;
    return malloc(size);
}

static void c_free(void *user, void *ptr, size_t size)
{
    (void)size;
    --((struct t_failmem *)user)->live;
    free(ptr);
}

static void c_block(PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST block, UCHAR type, PVOID *cell)
{
    block->Header = (NDIS_OBJECT_HEADER){.Type = type, .Revision = 1, .Size = sizeof(*block)};
    block->MiniportOffloadContext = cell;
    block->NdisOffloadHandle = cell;
    block->ImReserved[0] = block;
    block->SourceHandle = cell;
}

/* 200 bytes to send and 50 received before go with the connection. */
static void client_init(struct client *c, uint64_t fail_at)
{
    memset(c, 0, sizeof(*c));
    the_client = c;
    c->t = t_target_new();
    t_target_start(c->t);
    c->heap.fail_at = fail_at;
    c->next = 950;
    c_block(&c->neighbor.block, NeighborOffloadState, &c->cells[0]);
    c_block(&c->path.block, Ip4OffloadState, &c->cells[1]);
    c_block(&c->tcp.block, TcpOffloadState, &c->cells[2]);
    c->neighbor.block.DependentBlockList = &c->path.block;
    c->path.block.DependentBlockList = &c->tcp.block;
    memset(&c->neighbor.state, 0xff, sizeof(c->neighbor.state));
    memset(&c->path.state, 0xff, sizeof(c->path.state));
    memset(&c->tcp.state, 0xff, sizeof(c->tcp.state));
    c->path.state.Const.SourceAddress = c->addrs[0];
    c->path.state.Const.DestinationAddress = c->addrs[1];
    assert_true(toe_ndis_neighbor_export(&c->t->neighbor.state, &c->neighbor.state.Const,
                                         &c->neighbor.state.Cached, &c->neighbor.state.Delegated));
    assert_true(
        toe_ndis_path_export(&c->t->path.state, &c->path.state.Const, &c->path.state.Cached));
    assert_true(toe_ndis_tcp_export(&c->t->tcp.state, &c->tcp.state.Const, &c->tcp.state.Cached,
                                    &c->tcp.state.Delegated));
    for (uint32_t i = 0; i < 2; ++i) {
        piece_init(&c->sent[i], 100);
        for (uint32_t k = 0; k < 100; ++k) {
            c->sent[i].bytes[k] = t_wire_byte(5000 + 100 * i + k);
        }
    }
    piece_init(&c->buffered, 50);
    for (uint32_t k = 0; k < 50; ++k) {
        c->buffered.bytes[k] = t_host_byte(950 + k);
    }
    piece_init(&c->room, 30);
    c->sent[0].nbl.Next = &c->sent[1].nbl;
    c->tcp.block.NetBufferListChain = &c->sent[0].nbl;
    c->tcp.state.Delegated.SendDataHead = &c->sent[0].nbl;
    c->tcp.state.Delegated.SendDataTail = &c->sent[1].nbl;
    c->tcp.state.Delegated.BufferedData = &c->buffered.nbl;
}

static bool client_start(struct client *c)
{
    c->provider = toe_ndis_provider_new(&(struct toe_ndis_provider_settings){
        .size = sizeof(struct toe_ndis_provider_settings),
        .ops = c->t->ops,
        .target = c->t->top,
        .mem = {.user = &c->heap, .alloc = c_alloc, .free = c_free},
        .handle = c,
        .generic = &c_generic,
        .tcp = &c_tcp,
    });
    return c->provider != NULL;
}

static void pump(struct client *c)
{
    for (int i = 0; i < 10; ++i) {
        c->t->now += T_MS(10);
        toe_ndis_provider_run(c->provider, c->t->now);
    }
}

static void converse(struct client *c)
{
    c->is_inside = true;
    toe_ndis_provider_generic()->InitiateOffloadHandler(c->provider, &c->neighbor.block);
    c->is_inside = false;
    assert_int_equal(c->initiated, 0);
    pump(c);
    assert_int_equal(c->initiated, 1);
    assert_int_equal(c->tcp.block.Status, NDIS_STATUS_SUCCESS);
    assert_true(c->cells[0] != NULL && c->cells[1] != NULL && c->cells[2] != NULL);
    assert_int_equal(c->buffered.nb.DataLength, 50);

    c->is_inside = true;
    assert_int_equal(
        toe_ndis_provider_tcp()->TcpOffloadReceiveHandler(c->provider, &c->cells[2], &c->room.nbl),
        NDIS_STATUS_PENDING);
    c->is_inside = false;
    pump(c);
    assert_int_equal(c->receives, 1);
    t_peer(c->t, 1000, 300, 0, 5130); /* acknowledges the first and 30 of the second */
    pump(c);
    t_peer(c->t, 1300, 200, 0, 5130);
    pump(c);
    assert_int_equal(c->sends, 1);

    c->neighbor.block.MiniportOffloadContext = NULL; /* one tree of all: a placeholder, */
    c->path.block.MiniportOffloadContext = NULL;     /* and another, and the connection */
    toe_ndis_provider_generic()->TerminateOffloadHandler(c->provider, &c->neighbor.block);
    pump(c);
    assert_int_equal(c->terminated, 1);
}

static void check_end(struct client *c)
{
    const TCP_OFFLOAD_STATE_DELEGATED *d = &c->tcp.state.Delegated;

    /* TRM-24, SND-075, SND-076. */
    assert_int_equal(c->tcp.block.Status, NDIS_STATUS_SUCCESS);
    assert_ptr_equal(c->tcp.block.NetBufferListChain, &c->sent[1].nbl);
    assert_ptr_equal(d->SendDataHead, &c->sent[1].nbl);
    assert_ptr_equal(d->SendDataTail, &c->sent[1].nbl);
    assert_null(c->sent[1].nbl.Next);
    assert_int_equal(c->sent[1].nb.DataOffset, 30);
    assert_int_equal(c->sent[1].nb.DataLength, 70);
    assert_int_equal(c->sent[1].nbl.Status, NDIS_STATUS_PENDING);
    assert_int_equal(d->SndUna, 5130);
    assert_int_equal(d->RcvNxt, 1500);
    assert_ptr_equal(c->tcp.block.ImReserved[0], &c->tcp.block); /* REU-4 */
    assert_ptr_equal(c->tcp.block.SourceHandle, &c->cells[2]);
    for (const NET_BUFFER_LIST *nbl = d->BufferedData; nbl != NULL; nbl = nbl->Next) {
        check_list(c, nbl);
    }
    assert_int_equal(c->next, 1500); /* every byte once, in order */

    toe_ndis_provider_tcp()->TcpOffloadReceiveReturnHandler(c->provider, d->BufferedData);
    toe_ndis_provider_tcp()->TcpOffloadReceiveReturnHandler(c->provider, c->kept);
    assert_int_equal(t_stats(c->t).bufs_indicated, 0);
    c->cells[2] = NULL;
    c->neighbor.block.MiniportOffloadContext = &c->cells[0];
    c->path.block.MiniportOffloadContext = &c->cells[1];
    c->path.block.DependentBlockList = NULL;
    toe_ndis_provider_generic()->TerminateOffloadHandler(c->provider, &c->neighbor.block);
    pump(c);
    assert_int_equal(c->terminated, 2);
    assert_int_equal(c->path.block.Status, NDIS_STATUS_SUCCESS);
}

/*
 * A whole conversation; and the same with the n-th allocation failing, for every n: the client sees
 * the same results, later, or an indication less and an upload asked for.
 */
static void test_conversation(void **state)
{
    struct client *c = malloc(sizeof(*c));
    uint64_t cnt = 1, retrieves = 0;

    (void)state;
    assert_non_null(c);
    for (uint64_t n = 0; n <= cnt; ++n) {
        client_init(c, n);
        if (client_start(c)) {
            converse(c);
            check_end(c);
            toe_ndis_provider_del(c->provider);
            retrieves += c->retrieves;
        } else {
            assert_int_equal(n, 1);
        }
        assert_int_equal(c->heap.live, 0);
        cnt = n == 0 ? c->heap.cnt : cnt;
        t_target_del(c->t);
    }
    assert_true(cnt > 10 && retrieves > 0);
    free(c);
}

/* What is posted behind a request that waits for memory keeps its place (OFF-1, SND-006). */
static void test_waiting_keeps_order(void **state)
{
    struct client *c = malloc(sizeof(*c));

    (void)state;
    assert_non_null(c);
    client_init(c, 0);
    assert_true(client_start(c));
    c->tcp.block.NetBufferListChain = NULL;
    c->tcp.state.Delegated.BufferedData = NULL;
    c->next = 1000;
    c->sent[0].nbl.Next = NULL;
    toe_ndis_provider_generic()->InitiateOffloadHandler(c->provider, &c->neighbor.block);
    pump(c);
    c->heap.fail_at = c->heap.cnt + 1; /* the first of three */
    toe_ndis_provider_tcp()->TcpOffloadSendHandler(c->provider, &c->cells[2], &c->sent[0].nbl);
    toe_ndis_provider_tcp()->TcpOffloadSendHandler(c->provider, &c->cells[2], &c->sent[1].nbl);
    toe_ndis_provider_tcp()->TcpOffloadReceiveHandler(c->provider, &c->cells[2], &c->room.nbl);
    assert_true(toe_ndis_provider_deadline(c->provider) <= c->t->now + T_MS(10));
    pump(c);
    t_peer(c->t, 1000, 30, 0, 5200);
    pump(c);
    assert_int_equal(c->sends, 2);
    assert_int_equal(c->receives, 1);

    /* The same for trees and chains in turn: a terminate does not overtake. */
    piece_init(&c->sent[0], 100);
    for (uint32_t k = 0; k < 100; ++k) {
        c->sent[0].bytes[k] = t_wire_byte(5200 + k);
    }
    c->heap.fail_at = c->heap.cnt + 1;
    toe_ndis_provider_tcp()->TcpOffloadSendHandler(c->provider, &c->cells[2], &c->sent[0].nbl);
    toe_ndis_provider_generic()->TerminateOffloadHandler(c->provider, &c->neighbor.block);
    pump(c);
    assert_int_equal(c->terminated, 1);
    assert_ptr_equal(c->tcp.block.NetBufferListChain, &c->sent[0].nbl);
    assert_int_equal(c->sent[0].nb.DataLength, 100);
    toe_ndis_provider_del(c->provider);
    assert_int_equal(c->heap.live, 0);
    t_target_del(c->t);
    free(c);
}

/* --- a target that does nothing but hold the table it was given --- */

static struct toe_host_ops held_ops;
static void *held_host;

static void hold(void *target, const struct toe_host_ops *ops, void *host)
{
    (void)target;
    held_host = host;
    if (ops != NULL) {
        held_ops = *ops;
    }
}

static void answer_777(NDIS_HANDLE handle, PNDIS_PROTOCOL_OFFLOAD_BLOCK_LIST list, ULONG event)
{
    TOE_NDIS_NEIGHBOR *state = TOE_NDIS_STATE(list);

    (void)handle;
    assert_int_equal(event, NeighborReachabilityQuery);
    assert_int_equal(list->Header.Type, NeighborOffloadState);
    assert_ptr_equal(list->NdisOffloadHandle, &held_ops);
    assert_null(list->NextBlock);
    assert_int_equal(list->Status, NDIS_STATUS_SUCCESS);
    assert_int_equal(state->Cached.HostReachabilityDelta, 5);
    assert_int_equal(state->Delegated.NicReachabilityDelta, 6);
    assert_int_equal(state->Const.VlanId, 7);
    state->Cached.HostReachabilityDelta = 777;
}

/* STATE 2.2, NBR-9: the question has all three classes, and the answer lies in the block. */
static void test_neighbor_query(void **state)
{
    const struct toe_target_ops ops = {.size = sizeof(ops), .attach = hold};
    const NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS generic = {
        .IndicateOffloadEventHandler = answer_777};
    struct toe_neighbor_state neighbor = {.size = sizeof(neighbor),
                                          .constant.vlan_id = 7,
                                          .cached.host_reachability_delta = 5,
                                          .delegated.nic_reachability_delta = 6};
    struct toe_block block = {.size = sizeof(block),
                              .type = TOE_BLOCK_NEIGHBOR,
                              .host_object = &held_ops,
                              .state.neighbor = &neighbor};
    struct toe_ndis_provider *provider = toe_ndis_provider_new(&(struct toe_ndis_provider_settings){
        .size = sizeof(struct toe_ndis_provider_settings),
        .ops = &ops,
        .generic = &generic,
        .tcp = &c_tcp,
    });

    (void)state;
    held_ops.neighbor_event(held_host, TOE_NEIGHBOR_REACHABILITY_QUERY, &block);
    assert_int_equal(neighbor.cached.host_reachability_delta, 777);
    toe_ndis_provider_del(provider);
    assert_null(held_host);
}

/* What the target above was handed, and what the client was told. */
static struct {
    toe_handle tcp;
    struct toe_buf *chain;
    int how; /* enum toe_disconnect; 0: forward */
    PNET_BUFFER_LIST answer;
    NDIS_STATUS status;
    bool has_caps;
} passed;

static void take_forward(void *target, toe_handle tcp, struct toe_buf *chain)
{
    (void)target;
    passed.tcp = tcp;
    passed.chain = chain;
    passed.how = 0;
}

static void take_disconnect(void *target, toe_handle tcp, struct toe_buf *buf,
                            enum toe_disconnect how)
{
    take_forward(target, tcp, buf);
    passed.how = (int)how;
}

static void c_chain(NDIS_HANDLE handle, PNET_BUFFER_LIST chain)
{
    assert_ptr_equal(handle, &passed);
    passed.answer = chain;
}

static void c_status(NDIS_HANDLE handle, NDIS_STATUS status,
                     const NDIS_TCP_CONNECTION_OFFLOAD *caps)
{
    assert_ptr_equal(handle, &passed);
    passed.status = status;
    passed.has_caps = caps != NULL;
    assert_true(caps == NULL || caps->TcpConnectionOffloadCapacity == 77);
}

static struct toe_ndis_provider *passing_provider(void)
{
    static const struct toe_target_ops ops = {.size = sizeof(ops),
                                              .attach = hold,
                                              .forward = take_forward,
                                              .disconnect = take_disconnect};
    static const NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS tcp = {
        .TcpOffloadForwardCompleteHandler = c_chain,
        .TcpOffloadDisconnectCompleteHandler = c_chain,
    };

    memset(&passed, 0, sizeof(passed));
    return toe_ndis_provider_new(&(struct toe_ndis_provider_settings){
        .size = sizeof(struct toe_ndis_provider_settings),
        .ops = &ops,
        .handle = &passed,
        .generic = &c_generic,
        .tcp = &tcp,
        .status = c_status,
    });
}

/* Segments that are handed over, and both ways to disconnect, there and back. */
static void test_forward_and_disconnect(void **state)
{
    static const struct {
        ULONG flags;
        uint32_t len;
    } ways[] = {
        {0, 40},
        {TCP_DISCONNECT_GRACEFUL_CLOSE, 100},
        {TCP_DISCONNECT_GRACEFUL_CLOSE, 0},
        {TCP_DISCONNECT_ABORTIVE_CLOSE, 0},
    };
    const NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS *entries = toe_ndis_provider_tcp();
    struct toe_ndis_provider *provider = passing_provider();
    PVOID cell = (PVOID)(uintptr_t)0x1234;

    (void)state;
    assert_non_null(provider);
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); ++i) {
        struct piece p;
        NDIS_STATUS status;

        piece_init(&p, ways[i].len);
        status = ways[i].flags == 0
                     ? entries->TcpOffloadForwardHandler(provider, &cell, &p.nbl)
                     : entries->TcpOffloadDisconnectHandler(provider, &cell, &p.nbl, ways[i].flags);
        assert_int_equal(status, NDIS_STATUS_PENDING);
        assert_int_equal(passed.tcp, 0x1234);
        assert_int_equal(passed.how, ways[i].flags);
        assert_int_equal(passed.chain->len, ways[i].len);

        passed.chain->status = TOE_STATUS_REQUEST_ABORTED;
        if (ways[i].flags == 0) {
            held_ops.forward_complete(held_host, passed.chain);
        } else {
            held_ops.disconnect_complete(held_host, passed.chain);
        }
        assert_ptr_equal(passed.answer, &p.nbl);
        assert_int_equal(p.nbl.Status, NDIS_STATUS_REQUEST_ABORTED);
    }
    toe_ndis_provider_del(provider);
}

/* The adapter pauses, and resumes with other capabilities. */
static void test_status(void **state)
{
    const struct toe_caps caps = {.size = sizeof(caps), .ipv4 = true, .tcp_max = 77};
    struct toe_ndis_provider *provider = passing_provider();

    (void)state;
    assert_non_null(provider);
    held_ops.status(held_host, TOE_STATUS_OFFLOAD_PAUSE, NULL);
    assert_int_equal(passed.status, NDIS_STATUS_OFFLOAD_PAUSE);
    assert_false(passed.has_caps);
    held_ops.status(held_host, TOE_STATUS_OFFLOAD_RESUME, &caps);
    assert_int_equal(passed.status, NDIS_STATUS_OFFLOAD_RESUME);
    assert_true(passed.has_caps);
    toe_ndis_provider_del(provider);
}

/* --- what else a client asks --- */

/* ask() hands |list| to |entry| and waits for its completion. */
static void ask(struct client *c, W_QUERY_OFFLOAD_HANDLER entry, void *list)
{
    c->kept = list;
    c->is_inside = true;
    entry(c->provider, list);
    c->is_inside = false;
    pump(c);
    assert_null(c->kept);
}

/*
 * The connection is invalidated, then terminated by a block that no state follows: nothing is read
 * or written there (INV-2, TRM-21).
 */
static void check_no_state(struct client *c)
{
    const NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS *entries =
        toe_ndis_provider_generic();

    memset(&c->tcp.state, 0xaa, sizeof(c->tcp.state));
    ask(c, entries->InvalidateOffloadHandler, &c->tcp.block);
    assert_int_equal(c->tcp.block.Status, NDIS_STATUS_SUCCESS);
    c->tcp.block.Header.Type = TcpOffloadConstState;
    entries->TerminateOffloadHandler(c->provider, &c->tcp.block);
    pump(c);
    assert_int_equal(c->tcp.block.Status, NDIS_STATUS_SUCCESS);
    assert_ptr_equal(c->tcp.block.NetBufferListChain, &c->sent[0].nbl);
    for (size_t i = 0; i < sizeof(c->tcp.state); ++i) {
        assert_int_equal(((const uint8_t *)&c->tcp.state)[i], 0xaa);
    }
}

/* QRY-1, QRY-8, QRY-10, QRY-11, UPD-3, STATE-H-1: what is read and written, and what is not. */
static void test_query_update_invalidate(void **state)
{
    const NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS *entries =
        toe_ndis_provider_generic();
    struct client *c = malloc(sizeof(*c));
    TCP_OFFLOAD_STATE_DELEGATED *d;
    ULONG *mtu;

    (void)state;
    assert_non_null(c);
    client_init(c, 0);
    assert_true(client_start(c));
    toe_ndis_provider_generic()->InitiateOffloadHandler(c->provider, &c->neighbor.block);
    pump(c);

    /* All of a connection, and nothing but its path's constants, into a tree of three. */
    memset(c->addrs, 0xee, sizeof(c->addrs));
    memset(&c->tcp.state, 0xff, sizeof(c->tcp.state));
    c->neighbor.block.Header.Type = NeighborOffloadDelegatedState;
    c->path.block.Header.Type = Ip4OffloadConstState;
    ask(c, entries->QueryOffloadHandler, &c->neighbor.block);
    assert_int_equal(c->neighbor.block.Status, NDIS_STATUS_SUCCESS);
    assert_memory_equal(c->addrs[0], "\x0a\x00\x00\x01\xee", 5);
    assert_int_equal(c->tcp.block.Status, NDIS_STATUS_SUCCESS);
    assert_int_equal(c->tcp.state.Const.Header.Length, 24);
    assert_int_equal(c->tcp.state.Const.Header.RecognizedOptions, 0);
    d = &c->tcp.state.Delegated;
    assert_int_equal(d->State, TcpConnectionEstablished);
    assert_int_equal(d->ReceiveBacklogSize, 50);
    assert_in_range(d->SendBacklogSize, 1, 65535);

    /* The delegated class alone begins right behind the block; too short a room fails. */
    c->tcp.block.Header.Type = TcpOffloadDelegatedState;
    d = TOE_NDIS_STATE(&c->tcp.block);
    d->Header.Length = 119;
    t_breaks(c->t, "BLK-3");
    ask(c, entries->QueryOffloadHandler, &c->tcp.block);
    assert_int_equal(c->tcp.block.Status, NDIS_STATUS_FAILURE);
    d->Header.Length = 120;
    ask(c, entries->QueryOffloadHandler, &c->tcp.block);
    assert_int_equal(c->tcp.block.Status, NDIS_STATUS_SUCCESS);
    assert_int_equal(d->SndUna, 5000);

    /* The cached class of a path. */
    c->path.block.Header.Type = Ip4OffloadCachedState;
    c->path.block.DependentBlockList = NULL;
    ((PATH_OFFLOAD_STATE_CACHED *)TOE_NDIS_STATE(&c->path.block))->Header.Length = 12;
    mtu = &((PATH_OFFLOAD_STATE_CACHED *)TOE_NDIS_STATE(&c->path.block))->PathMtu;
    *mtu = 1400;
    ask(c, entries->UpdateOffloadHandler, &c->path.block);
    assert_int_equal(c->path.block.Status, NDIS_STATUS_SUCCESS);
    *mtu = 0;
    ask(c, entries->QueryOffloadHandler, &c->path.block);
    assert_int_equal(*mtu, 1400);

    check_no_state(c);
    entries->TerminateOffloadHandler(c->provider, &c->neighbor.block);
    pump(c);
    assert_int_equal(c->path.block.Status, NDIS_STATUS_SUCCESS);
    toe_ndis_provider_del(c->provider);
    assert_int_equal(c->heap.live, 0);
    t_target_del(c->t);
    free(c);
}

/* Capabilities and counters by their numbers; a reset shows from here on (PST-4). */
static void test_oids(void **state)
{
    struct client *c = malloc(sizeof(*c));
    NDIS_TCP_CONNECTION_OFFLOAD caps;
    TCP_OFFLOAD_STATS tcp;
    IP_OFFLOAD_STATS ip;

    (void)state;
    assert_non_null(c);
    client_init(c, 0);
    assert_true(client_start(c));
    converse(c);
    assert_int_equal(toe_ndis_provider_oid(c->provider, OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG,
                                           false, &caps, sizeof(caps)),
                     NDIS_STATUS_SUCCESS);
    assert_int_equal(caps.SupportIPv4, NDIS_OFFLOAD_SUPPORTED);
    assert_true(caps.Encapsulation & NDIS_ENCAPSULATION_IEEE_802_3);
    assert_int_equal(
        toe_ndis_provider_oid(c->provider, OID_TCP4_OFFLOAD_STATS, false, &tcp, sizeof(tcp)),
        NDIS_STATUS_SUCCESS);
    assert_int_equal(tcp.InSegments, 2);
    toe_ndis_provider_oid(c->provider, OID_TCP4_OFFLOAD_STATS, true, NULL, 0);
    toe_ndis_provider_oid(c->provider, OID_TCP4_OFFLOAD_STATS, false, &tcp, sizeof(tcp));
    assert_int_equal(tcp.InSegments, 0);
    toe_ndis_provider_oid(c->provider, OID_IP4_OFFLOAD_STATS, false, &ip, sizeof(ip));
    assert_int_equal(ip.InReceives, 2);
    assert_int_equal(toe_ndis_provider_oid(c->provider, OID_IP4_OFFLOAD_STATS, false, &ip, 63),
                     NDIS_STATUS_INVALID_LENGTH);
    toe_ndis_provider_oid(c->provider, OID_IP4_OFFLOAD_STATS, true, NULL, 0);
    toe_ndis_provider_oid(c->provider, OID_IP4_OFFLOAD_STATS, false, &ip, sizeof(ip));
    assert_int_equal(ip.InReceives, 0);
    assert_int_equal(toe_ndis_provider_oid(c->provider, OID_TCP6_OFFLOAD_STATS, true, NULL, 0),
                     NDIS_STATUS_SUCCESS);
    assert_int_equal(toe_ndis_provider_oid(c->provider, OID_IP6_OFFLOAD_STATS, true, NULL, 0),
                     NDIS_STATUS_SUCCESS);
    assert_int_equal(toe_ndis_provider_oid(c->provider, 0x0101010A, true, &ip, sizeof(ip)),
                     NDIS_STATUS_NOT_SUPPORTED);
    assert_int_equal(toe_ndis_provider_oid(c->provider, OID_TCP4_OFFLOAD_STATS, false, &tcp, 1),
                     NDIS_STATUS_INVALID_LENGTH);
    assert_int_equal(toe_ndis_provider_oid(c->provider,
                                           OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES, false,
                                           &caps, sizeof(caps) - 1),
                     NDIS_STATUS_INVALID_LENGTH);
    assert_int_equal(toe_ndis_provider_oid(c->provider, 0x0101010A, false, &ip, sizeof(ip)),
                     NDIS_STATUS_NOT_SUPPORTED);
    check_end(c);
    toe_ndis_provider_del(c->provider);
    t_target_del(c->t);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversation),
        cmocka_unit_test(test_waiting_keeps_order),
        cmocka_unit_test(test_query_update_invalidate),
        cmocka_unit_test(test_neighbor_query),
        cmocka_unit_test(test_forward_and_disconnect),
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_oids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
