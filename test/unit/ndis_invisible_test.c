/* SPDX-License-Identifier: MIT */
/*
 * A host of ours above the provider, by way of the opposite converters, on a simulated link. Both
 * conversions, there and back, must be invisible: the frames on the link are the same as without
 * them, to the byte and the instant.
 */
#include "support/target_fixture.h"
#include "toe/ndis.h"
#include "toe/sim.h"

/* --- a target of ours made of the original's entry points --- */

static struct {
    struct toe_ndis_provider *provider;
    struct toe_target *target;
    struct toe_host_ops host;
    void *user;
    uint32_t trees;
    uint32_t chains;
    uint32_t indications;
    uint32_t neighbors;
} above;

static void list_down(struct toe_block *tree, enum toe_ndis_op op, W_INITIATE_OFFLOAD_HANDLER entry)
{
    ++above.trees;
    entry(above.provider, toe_ndis_list_export(NULL, NULL, tree, op));
}

static void up_initiate(void *target, struct toe_block *tree)
{
    (void)target;
    list_down(tree, TOE_NDIS_INITIATE, toe_ndis_provider_generic()->InitiateOffloadHandler);
}

static void up_terminate(void *target, struct toe_block *tree)
{
    (void)target;
    list_down(tree, TOE_NDIS_TERMINATE, toe_ndis_provider_generic()->TerminateOffloadHandler);
}

static void up_update(void *target, struct toe_block *tree)
{
    (void)target;
    list_down(tree, TOE_NDIS_UPDATE, toe_ndis_provider_generic()->UpdateOffloadHandler);
}

static void up_query(void *target, struct toe_block *tree)
{
    (void)target;
    list_down(tree, TOE_NDIS_QUERY, toe_ndis_provider_generic()->QueryOffloadHandler);
}

static void up_invalidate(void *target, struct toe_block *tree)
{
    (void)target;
    list_down(tree, TOE_NDIS_INVALIDATE, toe_ndis_provider_generic()->InvalidateOffloadHandler);
}

static void chain_down(toe_handle tcp, struct toe_buf *chain, enum toe_ndis_use use,
                       W_TCP_OFFLOAD_SEND_HANDLER entry)
{
    PVOID cell = (PVOID)(uintptr_t)tcp;

    ++above.chains;
    assert_int_equal(entry(above.provider, &cell, toe_ndis_nbl_export(NULL, NULL, chain, use)),
                     NDIS_STATUS_PENDING);
}

static void up_send(void *target, toe_handle tcp, struct toe_buf *chain)
{
    (void)target;
    chain_down(tcp, chain, TOE_NDIS_DATA, toe_ndis_provider_tcp()->TcpOffloadSendHandler);
}

static void up_receive(void *target, toe_handle tcp, struct toe_buf *chain)
{
    (void)target;
    chain_down(tcp, chain, TOE_NDIS_ROOM, toe_ndis_provider_tcp()->TcpOffloadReceiveHandler);
}

static void up_forward(void *target, toe_handle tcp, struct toe_buf *chain)
{
    (void)target;
    chain_down(tcp, chain, TOE_NDIS_DATA, toe_ndis_provider_tcp()->TcpOffloadForwardHandler);
}

static void up_disconnect(void *target, toe_handle tcp, struct toe_buf *buf,
                          enum toe_disconnect how)
{
    PVOID cell = (PVOID)(uintptr_t)tcp;

    (void)target;
    toe_ndis_provider_tcp()->TcpOffloadDisconnectHandler(
        above.provider, &cell, toe_ndis_nbl_export(NULL, NULL, buf, TOE_NDIS_DATA), (ULONG)how);
}

static void up_receive_return(void *target, struct toe_buf *chain)
{
    (void)target;
    assert_int_equal(toe_ndis_provider_tcp()->TcpOffloadReceiveReturnHandler(
                         above.provider, toe_ndis_buf_release(chain, TOE_NDIS_UNTOUCHED)),
                     NDIS_STATUS_SUCCESS);
}

static void up_attach(void *target, const struct toe_host_ops *ops, void *user)
{
    (void)target;
    if (ops != NULL) {
        above.host = *ops;
        above.user = user;
    }
}

static void up_caps_get(void *target, struct toe_caps *caps)
{
    (void)target;
    toe_target_ops()->caps_get(above.target, caps);
}

static toe_status up_params_set(void *target, const struct toe_params *params)
{
    NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS there;

    (void)target;
    toe_ndis_params_export(&there, params);
    return (toe_status)toe_ndis_provider_oid(above.provider, OID_TCP_CONNECTION_OFFLOAD_PARAMETERS,
                                             true, &there, sizeof(there));
}

static void up_stats_get(void *target, struct toe_stats *stats)
{
    (void)target;
    toe_target_ops()->stats_get(above.target, stats);
}

static void up_transmit(void *target, const struct toe_frame *frames, uint32_t cnt)
{
    (void)target;
    toe_target_ops()->transmit(above.target, frames, cnt);
}

static toe_instant up_deadline(void *target)
{
    (void)target;
    return toe_ndis_provider_deadline(above.provider);
}

static void up_run(void *target, toe_instant now)
{
    (void)target;
    toe_ndis_provider_run(above.provider, now);
}

static const struct toe_target_ops up_ops = {
    .size = sizeof(up_ops),
    .attach = up_attach,
    .caps_get = up_caps_get,
    .params_set = up_params_set,
    .stats_get = up_stats_get,
    .initiate = up_initiate,
    .terminate = up_terminate,
    .update = up_update,
    .query = up_query,
    .invalidate = up_invalidate,
    .send = up_send,
    .receive = up_receive,
    .receive_return = up_receive_return,
    .disconnect = up_disconnect,
    .forward = up_forward,
    .transmit = up_transmit,
    .deadline = up_deadline,
    .run = up_run,
};

/* --- and the original's client that answers to a host of ours --- */

static void on_initiated(NDIS_HANDLE handle, PNDIS_PROTOCOL_OFFLOAD_BLOCK_LIST list)
{
    (void)handle;
    above.host.initiate_complete(above.user, toe_ndis_list_release(list));
}

static void on_terminated(NDIS_HANDLE handle, PNDIS_PROTOCOL_OFFLOAD_BLOCK_LIST list)
{
    (void)handle;
    above.host.terminate_complete(above.user, toe_ndis_list_release(list));
}

static void on_updated(NDIS_HANDLE handle, PNDIS_PROTOCOL_OFFLOAD_BLOCK_LIST list)
{
    (void)handle;
    above.host.update_complete(above.user, toe_ndis_list_release(list));
}

static void on_queried(NDIS_HANDLE handle, PNDIS_PROTOCOL_OFFLOAD_BLOCK_LIST list)
{
    (void)handle;
    above.host.query_complete(above.user, toe_ndis_list_release(list));
}

static void on_invalidated(NDIS_HANDLE handle, PNDIS_PROTOCOL_OFFLOAD_BLOCK_LIST list)
{
    (void)handle;
    above.host.invalidate_complete(above.user, toe_ndis_list_release(list));
}

static void on_neighbor(NDIS_HANDLE handle, PNDIS_PROTOCOL_OFFLOAD_BLOCK_LIST list, ULONG event)
{
    TOE_NDIS_NEIGHBOR *there = TOE_NDIS_STATE(list);
    struct toe_neighbor_state state = {.size = sizeof(state)};
    struct toe_block block = {.size = sizeof(block), .type = list->Header.Type};

    (void)handle;
    ++above.neighbors;
    assert_true(toe_ndis_neighbor_import(&state, &there->Const, &there->Cached, &there->Delegated));
    block.host_object = list->NdisOffloadHandle;
    block.state.neighbor = &state;
    above.host.neighbor_event(above.user, (enum toe_neighbor_event)event, &block);
    there->Cached.HostReachabilityDelta = state.cached.host_reachability_delta;
}

static void on_sent(NDIS_HANDLE handle, PNET_BUFFER_LIST chain)
{
    (void)handle;
    above.host.send_complete(above.user, toe_ndis_nbl_release(chain, TOE_NDIS_COMPLETED));
}

static void on_received(NDIS_HANDLE handle, PNET_BUFFER_LIST chain)
{
    (void)handle;
    above.host.receive_complete(above.user, toe_ndis_nbl_release(chain, TOE_NDIS_COMPLETED));
}

static void on_disconnected(NDIS_HANDLE handle, PNET_BUFFER_LIST nbl)
{
    (void)handle;
    above.host.disconnect_complete(above.user, toe_ndis_nbl_release(nbl, TOE_NDIS_COMPLETED));
}

static void on_forwarded(NDIS_HANDLE handle, PNET_BUFFER_LIST chain)
{
    (void)handle;
    above.host.forward_complete(above.user, toe_ndis_nbl_release(chain, TOE_NDIS_COMPLETED));
}

static void on_event(NDIS_HANDLE object, ULONG type, ULONG info)
{
    above.host.tcp_event(above.user, object, (enum toe_event)type, info);
}

static NDIS_STATUS on_indicated(NDIS_HANDLE object, PNET_BUFFER_LIST nbl, NDIS_STATUS status,
                                PULONG consumed)
{
    struct toe_buf *buf = toe_ndis_buf_import(NULL, nbl, TOE_NDIS_BUFFERED);
    toe_status answer;

    assert_int_equal(status, NDIS_STATUS_SUCCESS);
    ++above.indications;
    answer = above.host.receive_indicate(above.user, object, buf, consumed);
    if (answer != TOE_STATUS_SUCCESS) {
        (void)toe_ndis_buf_release(buf, TOE_NDIS_UNTOUCHED);
    }
    return (NDIS_STATUS)answer;
}

static void on_frames(NDIS_HANDLE handle, const struct toe_frame *frames, uint32_t cnt)
{
    (void)handle;
    above.host.frames(above.user, frames, cnt);
}

static const NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS up_generic = {
    .InitiateOffloadCompleteHandler = on_initiated,
    .TerminateOffloadCompleteHandler = on_terminated,
    .UpdateOffloadCompleteHandler = on_updated,
    .InvalidateOffloadCompleteHandler = on_invalidated,
    .QueryOffloadCompleteHandler = on_queried,
    .IndicateOffloadEventHandler = on_neighbor,
};

static const NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS up_tcp = {
    .OffloadType = NdisTcpChimneyOffload,
    .TcpOffloadSendCompleteHandler = on_sent,
    .TcpOffloadReceiveCompleteHandler = on_received,
    .TcpOffloadDisconnectCompleteHandler = on_disconnected,
    .TcpOffloadForwardCompleteHandler = on_forwarded,
    .TcpOffloadEventHandler = on_event,
    .TcpOffloadReceiveIndicateHandler = on_indicated,
};

/* --- the simulation --- */

static const struct toe_addr addr_a = {4, {10, 0, 0, 1}};
static const struct toe_addr addr_b = {4, {10, 0, 0, 2}};

/* What a run showed. */
struct outcome {
    uint64_t digest;
    uint64_t bytes;
    uint64_t wrong;
    uint64_t uploads;
};

static void make_machine(struct toe_sim_machine *m, struct toe_sim *sim, void *wire,
                         bool is_converted)
{
    static const uint8_t mac[TOE_MAC_LEN] = {2, 0, 0, 0, 0, 1};
    struct toe_target_settings of_target;
    struct toe_host_settings of_host;
    struct toe_host_interface interface = {.mtu = 1500};

    toe_target_settings_default(&of_target);
    of_target.wire = toe_sim_wire_ops();
    of_target.wire_user = wire;
    of_target.seed = 3;
    memcpy(of_target.mac, mac, sizeof(mac));
    toe_host_settings_default(&of_host);
    of_host.extension = false; /* The original has no word for it. */
    of_host.seed = 4;
    of_host.policy = TOE_POLICY_RANDOM;
    of_host.policy_in_host = 50 * TOE_NS_PER_MS;
    of_host.policy_offloaded = 200 * TOE_NS_PER_MS;
    of_host.receive_mode = TOE_RECEIVE_MIXED;
    of_host.params.nce_stale_ticks = 5;
    memset(&above, 0, sizeof(above));
    above.target = toe_target_new(&of_target);
    *m = (struct toe_sim_machine){.ops = is_converted ? &up_ops : toe_target_ops(),
                                  .host = toe_host_new(&of_host),
                                  .target = above.target};
    if (is_converted) {
        above.provider = toe_ndis_provider_new(&(struct toe_ndis_provider_settings){
            .size = sizeof(struct toe_ndis_provider_settings),
            .ops = toe_target_ops(),
            .target = above.target,
            .generic = &up_generic,
            .tcp = &up_tcp,
            .frames = on_frames,
        });
        assert_non_null(above.provider);
    }
    interface.ops = m->ops;
    interface.target = m->target;
    assert_int_equal(toe_host_interface_add(m->host, &interface), 0);
    assert_int_equal(toe_host_address_add(m->host, 0, &addr_a, 24), 0);
    assert_true(toe_sim_machine_add(sim, m, wire) >= 0);
}

/* Both ends send numbered bytes as they can, and check what they get. */
static void pass_bytes(struct toe_host *host, toe_handle conn, uint64_t *sent, uint64_t *got,
                       struct outcome *out)
{
    uint8_t bytes[1000];
    size_t len;

    for (size_t i = 0; i < sizeof(bytes); ++i) {
        bytes[i] = (uint8_t)((*sent + i) * 7 + ((*sent + i) >> 8));
    }
    *sent += toe_host_send(host, conn, bytes, sizeof(bytes));
    while ((len = toe_host_receive(host, conn, bytes, sizeof(bytes))) > 0) {
        for (size_t i = 0; i < len; ++i, ++*got) {
            out->wrong += bytes[i] != (uint8_t)(*got * 7 + (*got >> 8));
        }
        out->bytes += len;
    }
}

static struct outcome simulate(bool is_converted)
{
    const struct toe_sim_link_settings wire = {
        .rate = 10000000, .delay = 2 * TOE_NS_PER_MS, .loss = 5000, .duplicate = 3000};
    struct toe_sim *sim = toe_sim_new(&(struct toe_sim_settings){.seed = 1});
    struct toe_sim_link *link = toe_sim_link_new(sim, &wire);
    struct toe_host_stats stats = {.size = sizeof(stats)};
    struct toe_sim_machine a, b;
    struct outcome out = {0};
    uint64_t sent[2] = {0}, got[2] = {0};
    toe_handle listener, client, server = 0;

    make_machine(&a, sim, toe_sim_link_end(link, 0), is_converted);
    assert_true(toe_sim_machine_init(&b, sim, toe_sim_link_end(link, 1), &addr_b, 24));
    listener = toe_host_listen(b.host, NULL, 7, 1);
    client = toe_host_connect(a.host, NULL, 0, &addr_b, 7);
    while (toe_sim_now(sim) < 20 * TOE_NS_PER_SEC) {
        assert_true(toe_sim_run(sim, toe_sim_now(sim) + 5 * TOE_NS_PER_MS));
        server = server != 0 ? server : toe_host_accept(b.host, listener);
        pass_bytes(a.host, client, &sent[0], &got[0], &out);
        if (server != 0) {
            pass_bytes(b.host, server, &sent[1], &got[1], &out);
        }
    }
    /* The end: taken back, closed, and nothing is left below. */
    toe_host_shutdown(a.host, client);
    toe_host_shutdown(b.host, server);
    toe_host_policy_set(a.host, TOE_POLICY_MANUAL);
    toe_host_upload(a.host, &client, 1);
    assert_true(toe_sim_run(sim, toe_sim_now(sim) + 5 * TOE_NS_PER_SEC));
    toe_host_stats_get(a.host, &stats);
    out.uploads = stats.uploads;
    out.digest = toe_sim_digest(sim);
    toe_host_close(a.host, client);
    assert_true(toe_sim_run(sim, toe_sim_now(sim) + 5 * TOE_NS_PER_SEC));
    toe_host_del(a.host);
    if (is_converted) {
        toe_ndis_provider_del(above.provider);
    }
    toe_target_del(above.target);
    toe_sim_machine_fini(&b);
    toe_sim_del(sim);
    return out;
}

/* Both conversions, there and back, of everything a host does: the same frames on the link. */
static void test_conversion_is_invisible(void **state)
{
    const struct outcome plain = simulate(false);
    const struct outcome converted = simulate(true);

    (void)state;
    assert_int_equal(plain.wrong, 0);
    assert_int_equal(converted.wrong, 0);
    assert_true(plain.uploads > 20 && plain.bytes > 1000000);
    assert_true(above.trees > 40 && above.chains > 100 && above.indications > 100 &&
                above.neighbors > 0);
    assert_int_equal(plain.uploads, converted.uploads);
    assert_int_equal(plain.bytes, converted.bytes);
    assert_int_equal(plain.digest, converted.digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversion_is_invisible),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
