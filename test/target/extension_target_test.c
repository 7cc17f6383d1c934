/* SPDX-License-Identifier: MIT */
/*
 * The extension at the target: what comes with an initiate is taken, or ignored and counted; what a
 * terminate asks for is written; and who asks for none gets none.
 */
#include "support/target_fixture.h"

/* A state with SACK, whose extension |ext| tells of 500 bytes behind a hole of 1000. */
static struct t_target *with_early(struct toe_extension *ext)
{
    struct t_target *t = t_target_new();
    const struct toe_tcp_delegated *d = &t->tcp.state.delegated;

    t->tcp.state.constant.flags = TOE_TCP_SACK;
    *ext = (struct toe_extension){
        .size = sizeof(*ext),
        .version = TOE_EXTENSION_VERSION,
        .snd_wl2 = d->snd_una,
        .last_ack = d->rcv_nxt,
        .recover = d->snd_una - 1,
        .srtt = d->srtt * TOE_NS_PER_MS / 8,
        .rttvar = d->rttvar * TOE_NS_PER_MS / 4,
        .congestion = TOE_CONGESTION_NEWRENO,
        .early_cnt = 1,
        .early = {{d->rcv_nxt + 1000, d->rcv_nxt + 1500}},
        .early_data = t_peer_data_new(t, d->rcv_nxt + 1000, 500),
    };
    t->tcp.state.extension = ext;
    t_target_start(t);
    return t;
}

/* Room for one. */
static void want(struct t_target *t, struct toe_extension *ext)
{
    memset(ext, 0, sizeof(*ext));
    ext->size = sizeof(*ext);
    t->tcp.state.extension = ext;
}

/* The early bytes are copied: what fills the hole brings them to the host, and they are
 * acknowledged at once. */
static void test_early_bytes_are_taken(void **state)
{
    struct toe_extension ext;
    struct t_target *t = with_early(&ext);
    struct toe_caps caps = {.size = sizeof(caps)};

    (void)state;
    t->ops->caps_get(t->top, &caps);
    assert_int_equal(caps.extension, TOE_EXTENSION_VERSION);
    t_offload(t);
    memset((void *)(uintptr_t)ext.early_data->sge->addr, 0, 500);
    assert_int_equal(t_stats(t).extensions_taken, 1);
    t_expect_host(t, "initiate");
    t_receive_new(t, 1500, 0);
    t_peer(t, 1000, 1000, 0, 5000);
    t_run(t, 0);
    t_expect_host(t, "receive(SUCCESS,1500)");
    assert_int_equal(t->wire.last.seg.ack.v, 2500);
    t->tcp.state.extension = NULL;
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    t_target_del(t);
}

/* An offload and a terminate with nothing in between are the identity, the extension included
 * (protocol.md 4.15, item 7). The bytes are lent, and come back by receive_return(). */
static void test_identity(void **state)
{
    struct toe_extension before;
    struct toe_extension after;
    struct t_target *t = with_early(&before);
    const struct toe_tcp_delegated was = t->tcp.state.delegated;
    uint8_t bytes[500];

    (void)state;
    t_offload(t);
    want(t, &after);
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    assert_int_equal(t->tcp.state.delegated.rcv_nxt, was.rcv_nxt);
    assert_int_equal(t->tcp.state.delegated.rcv_wnd, was.rcv_wnd);
    assert_int_equal(after.version, TOE_EXTENSION_VERSION);
    assert_int_equal(after.flags, before.flags);
    assert_int_equal(after.snd_wl2, before.snd_wl2);
    assert_int_equal(after.last_ack, before.last_ack);
    assert_int_equal(after.recover, before.recover);
    assert_int_equal(after.srtt, before.srtt);
    assert_int_equal(after.rttvar, before.rttvar);
    assert_int_equal(after.congestion, before.congestion);
    assert_int_equal(after.early_cnt, 1);
    assert_int_equal(after.newest, 0);
    assert_memory_equal(after.early, before.early, sizeof(after.early));
    assert_non_null(after.early_data);
    assert_null(after.early_data->next);
    assert_int_equal(after.early_data->len, 500);
    assert_true(toe_buf_read(after.early_data, bytes, 0, 500, NULL));
    for (uint32_t i = 0; i < 500; ++i) {
        assert_int_equal(bytes[i], t_host_byte(2000 + i));
    }

    assert_int_equal(t_stats(t).bufs_indicated, 1);
    t->ops->receive_return(t->top, after.early_data);
    t_run(t, 1);
    assert_int_equal(t_stats(t).bufs_indicated, 0);
    t_target_del(t);
}

/* A target that is not to know any announces none, writes none and takes none. */
static void test_switched_off(void **state)
{
    struct t_target *t = t_target_new();
    struct toe_caps caps = {.size = sizeof(caps)};
    struct toe_extension ext;

    (void)state;
    t->settings.extension = false;
    t->tcp.state.constant.flags = TOE_TCP_SACK;
    t_target_start(t);
    t->ops->caps_get(t->top, &caps);
    assert_int_equal(caps.extension, 0);
    want(t, &ext);
    ext.version = TOE_EXTENSION_VERSION;
    t_offload(t);
    assert_int_equal(t_stats(t).extensions_taken + t_stats(t).extensions_ignored, 0);
    t_peer(t, 3000, 100, 0, 5000);
    t_run(t, 0);
    want(t, &ext);
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    assert_int_equal(t->wire.last.seg.sack_cnt, 0); /* SEG-064 */
    assert_int_equal(ext.version, 0);
    assert_null(ext.early_data);
    t_target_del(t);
}

/* A structure of before there was an extension is whole (STATE-H-1); room that is too small is
 * none. */
static void test_sizes(void **state)
{
    (void)state;
    for (int i = 0; i < 2; ++i) {
        struct t_target *t = t_target_new();
        struct toe_extension ext;

        if (i == 0) {
            t->tcp.state.size = TOE_TCP_STATE_SIZE_MIN;
            t->tcp.state.extension = (struct toe_extension *)8; /* not to be looked at */
        }
        t_target_start(t);
        t_offload(t);
        t_peer(t, 3000, 100, 0, 5000);
        t_run(t, 0);
        if (i == 1) {
            want(t, &ext);
            ext.size = sizeof(ext) - 1;
        }
        assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
        assert_int_equal(t_stats(t).bufs_indicated, 0);
        assert_true(i == 0 || ext.version == 0);
        t->tcp.state.extension = NULL;
        t_target_del(t);
    }
}

/* What makes no sense is ignored as a whole and counted, and the offload succeeds. */
static void test_nonsense_is_counted(void **state)
{
    struct toe_extension ext;
    struct t_target *t = with_early(&ext);

    (void)state;
    ext.snd_wl2 += 1;
    t_offload(t);
    assert_int_equal(t_stats(t).extensions_ignored, 1);
    assert_int_equal(t_stats(t).extensions_taken, 0);
    want(t, &ext);
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    assert_int_equal(ext.early_cnt, 0);
    assert_null(ext.early_data);
    t_target_del(t);
}

/* No room for the early bytes: the connection comes without them. */
static void test_no_room(void **state)
{
    struct t_target *t = t_target_new();
    struct toe_extension ext;
    struct t_target *big = with_early(&ext);

    (void)state;
    t->settings.rcv_chunk_max = 1;
    t->tcp.state.constant.flags = TOE_TCP_SACK;
    ext.early[1] = (struct toe_seq_range){5000, 5001};
    ext.early_cnt = 2;
    ext.early_data->next = t_peer_data_new(t, 5000, 1);
    t->tcp.state.extension = &ext;
    t_target_start(t);
    t_offload(t);
    assert_int_equal(t_stats(t).extensions_ignored + t_stats(t).extensions_taken, 0);
    t->tcp.state.extension = NULL;
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    t_target_del(t);
    t_target_del(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_early_bytes_are_taken), cmocka_unit_test(test_identity),
        cmocka_unit_test(test_switched_off),          cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_nonsense_is_counted),   cmocka_unit_test(test_no_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
