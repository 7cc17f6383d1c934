/* SPDX-License-Identifier: MIT */
/*
 * Initiate, end to end: statuses of every check, ownership, and no residue of what failed.
 */
#include "support/target_fixture.h"

#define STATUS(name) TOE_STATUS_##name

struct change {
    const char *name;
    void (*change)(struct t_target *t);
    toe_status neighbor;
    toe_status path;
    toe_status tcp;
};

static void set_vlan_unknown(struct t_target *t)
{
    static const uint16_t vlans[] = {7, 8};

    t->settings.vlans = vlans;
    t->settings.vlan_cnt = 2;
    t->neighbor.state.constant.vlan_id = 9;
}

static void set_vlan_known(struct t_target *t)
{
    set_vlan_unknown(t);
    t->neighbor.state.constant.vlan_id = 8;
}

static void set_vlan_full(struct t_target *t)
{
    t->settings.vlan_max = 0;
    t->neighbor.state.constant.vlan_id = 9;
}

static void set_vlan_absurd(struct t_target *t)
{
    t->neighbor.state.constant.vlan_id = 4095;
}

static void set_mac_full(struct t_target *t)
{
    t->settings.src_mac_max = 0;
    t->neighbor.state.constant.src_mac[5] = 9;
}

static void set_mac_own(struct t_target *t)
{
    t->settings.src_mac_max = 0;
    memcpy(t->neighbor.state.constant.src_mac, t->settings.mac, TOE_MAC_LEN);
}

static void set_neighbor_type(struct t_target *t)
{
    t->neighbor.block.type = TOE_BLOCK_NEIGHBOR_CACHED;
    t_breaks(t, "NEW-2");
}

static void set_neighbor_size(struct t_target *t)
{
    t->neighbor.state.size = 4;
    t_breaks(t, "BLK-3");
    t_breaks(t, "NEW-2");
}

static void set_revision(struct t_target *t)
{
    t->neighbor.block.revision = 2;
    t_breaks(t, "BLK-3");
}

static void set_neighbor_no_state(struct t_target *t)
{
    t->neighbor.block.state.neighbor = NULL;
    t_breaks(t, "NEW-2");
}

static void set_addr_full(struct t_target *t)
{
    t->settings.src_addr_max = 0;
}

static void set_mtu_large(struct t_target *t)
{
    t->path.state.cached.mtu = 9001;
}

static void set_mtu_small(struct t_target *t)
{
    t->path.state.cached.mtu = 67;
}

static void set_multicast(struct t_target *t)
{
    t->path.state.constant.dst = t_addr4(224, 0, 0, 1);
}

static void set_broadcast(struct t_target *t)
{
    t->path.state.constant.dst = t_addr4(255, 255, 255, 255);
}

static void set_family_mixed(struct t_target *t)
{
    t->path.state.constant.dst.family = 6;
}

static void set_family_off(struct t_target *t)
{
    t->settings.ipv4 = false;
}

static void set_window_large(struct t_target *t)
{
    t->tcp.state.cached.initial_rcv_wnd = t->settings.rcv_wnd_max + 1;
}

static void set_sack_unsupported(struct t_target *t)
{
    t->settings.sack = false;
    t->tcp.state.constant.flags = TOE_TCP_SACK;
}

static void set_ecn_unsupported(struct t_target *t)
{
    t->settings.ecn = false;
    t->tcp.state.constant.flags = TOE_TCP_ECN;
}

static void set_state_closed(struct t_target *t)
{
    t->tcp.state.delegated.state = TOE_TCP_CLOSED;
    t_breaks(t, "NEW-3");
}

static void set_state_syn_sent(struct t_target *t)
{
    t->tcp.state.delegated.state = TOE_TCP_SYN_SENT;
    t_breaks(t, "NEW-3");
}

static void set_state_time_wait(struct t_target *t)
{
    t->tcp.state.delegated.state = TOE_TCP_TIME_WAIT;
    t_breaks(t, "NEW-3");
}

static void set_snd_nxt_beyond(struct t_target *t)
{
    t->tcp.state.delegated.snd_nxt = 5001;
    t_breaks(t, "STATE-TD-35");
}

static void set_snd_max_beyond(struct t_target *t)
{
    t->tcp.state.delegated.snd_max = 5001;
    t->tcp.state.delegated.snd_nxt = 5001;
}

static void set_tcp_type(struct t_target *t)
{
    t->tcp.block.type = TOE_BLOCK_TCP_DELEGATED;
    t_breaks(t, "NEW-2");
}

static void set_buffered_too_much(struct t_target *t)
{
    t->settings.rcv_chunk_max = 1;
    t->tcp.state.delegated.buffered_data = t_peer_data_new(t, 0, 5000);
}

static void set_buffered_unsound(struct t_target *t)
{
    t->tcp.state.delegated.buffered_data = t_peer_data_new(t, 0, 50);
    t->tcp.state.delegated.buffered_data->len = 51;
    t_breaks(t, "IOS-003");
}

static void set_chain_unsound(struct t_target *t)
{
    t_hand_over(t, t_data_new(t, 5000, 10));
    t->tcp.block.send_chain->off = 1;
    t_breaks(t, "IOS-003");
}

static void set_larger_state(struct t_target *t)
{
    t->tcp.state.size += 100; /* STATE-H-1: a tail that we do not know */
}

static const struct change off_11_cases[] = {
    {"VLAN-7", set_vlan_unknown, STATUS(OFFLOAD_VLAN_MISMATCH), STATUS(FAILURE), STATUS(FAILURE)},
    {"VLAN-6", set_vlan_known, 0, 0, 0},
    {"VLAN-3", set_vlan_full, STATUS(OFFLOAD_VLAN_ENTRIES), STATUS(FAILURE), STATUS(FAILURE)},
    {"VLAN beyond 4094", set_vlan_absurd, STATUS(FAILURE), STATUS(FAILURE), STATUS(FAILURE)},
    {"STATE-NC-1", set_mac_full, STATUS(OFFLOAD_HW_ADDRESS_ENTRIES), STATUS(FAILURE),
     STATUS(FAILURE)},
    {"STATE-NC-1, our own", set_mac_own, 0, 0, 0},
    {"NEW-2", set_neighbor_type, STATUS(FAILURE), STATUS(FAILURE), STATUS(FAILURE)},
    {"STATE-H-1", set_neighbor_size, STATUS(FAILURE), STATUS(FAILURE), STATUS(FAILURE)},
    {"STATE-H-1, larger", set_larger_state, 0, 0, 0},
    {"BLK-3", set_revision, STATUS(FAILURE), STATUS(FAILURE), STATUS(FAILURE)},
    {"no state", set_neighbor_no_state, STATUS(FAILURE), STATUS(FAILURE), STATUS(FAILURE)},
    {"STATE-PC-1", set_addr_full, STATUS(OFFLOAD_PARTIAL_SUCCESS),
     STATUS(OFFLOAD_IP_ADDRESS_ENTRIES), STATUS(FAILURE)},
    {"STATE-PK-1", set_mtu_large, STATUS(OFFLOAD_PARTIAL_SUCCESS), STATUS(OFFLOAD_PATH_MTU),
     STATUS(FAILURE)},
    {"STATE-PK-2", set_mtu_small, STATUS(OFFLOAD_PARTIAL_SUCCESS), STATUS(FAILURE),
     STATUS(FAILURE)},
    {"RFC-120, multicast", set_multicast, STATUS(OFFLOAD_PARTIAL_SUCCESS), STATUS(FAILURE),
     STATUS(FAILURE)},
    {"RFC-120, broadcast", set_broadcast, STATUS(OFFLOAD_PARTIAL_SUCCESS), STATUS(FAILURE),
     STATUS(FAILURE)},
    {"two families", set_family_mixed, STATUS(OFFLOAD_PARTIAL_SUCCESS), STATUS(FAILURE),
     STATUS(FAILURE)},
    {"family off", set_family_off, STATUS(OFFLOAD_PARTIAL_SUCCESS), STATUS(FAILURE),
     STATUS(FAILURE)},
    {"STATE-TK-2", set_window_large, 0, STATUS(OFFLOAD_PARTIAL_SUCCESS),
     STATUS(OFFLOAD_TCP_RCV_WINDOW)},
    {"STATE-TC-8", set_sack_unsupported, 0, STATUS(OFFLOAD_PARTIAL_SUCCESS),
     STATUS(OFFLOAD_CONNECTION_REJECTED)},
    {"RFC-090", set_ecn_unsupported, 0, STATUS(OFFLOAD_PARTIAL_SUCCESS),
     STATUS(OFFLOAD_CONNECTION_REJECTED)},
    {"NEW-3, CLOSED", set_state_closed, 0, STATUS(OFFLOAD_PARTIAL_SUCCESS), STATUS(FAILURE)},
    {"NEW-3, SYN_SENT", set_state_syn_sent, 0, STATUS(OFFLOAD_PARTIAL_SUCCESS), STATUS(FAILURE)},
    {"NEW-3, TIME_WAIT", set_state_time_wait, 0, STATUS(OFFLOAD_PARTIAL_SUCCESS), STATUS(FAILURE)},
    {"STATE-TD-35", set_snd_nxt_beyond, 0, STATUS(OFFLOAD_PARTIAL_SUCCESS), STATUS(FAILURE)},
    {"SND-066", set_snd_max_beyond, 0, STATUS(OFFLOAD_PARTIAL_SUCCESS), STATUS(FAILURE)},
    {"NEW-2, TCP", set_tcp_type, 0, STATUS(OFFLOAD_PARTIAL_SUCCESS), STATUS(FAILURE)},
    {"RCV-087", set_buffered_too_much, 0, STATUS(OFFLOAD_PARTIAL_SUCCESS), STATUS(FAILURE)},
    {"unsound buffered data", set_buffered_unsound, 0, STATUS(OFFLOAD_PARTIAL_SUCCESS),
     STATUS(FAILURE)},
    {"unsound send chain", set_chain_unsound, 0, STATUS(OFFLOAD_PARTIAL_SUCCESS), STATUS(FAILURE)},
};

/* Each check of OFF-11 with the status that CONTROL 2.2 has for it. */
static void test_off_11_statuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(off_11_cases) / sizeof(off_11_cases[0]); ++i) {
        struct t_target *t = t_target_new();
        struct toe_stats stats;

        off_11_cases[i].change(t);
        t_target_start(t);
        t->ops->initiate(t->top, t_link(t));
        t_run(t, 0);
        t_expect_host(t, "initiate");
        if (t->neighbor.block.status != off_11_cases[i].neighbor ||
            t->path.block.status != off_11_cases[i].path ||
            t->tcp.block.status != off_11_cases[i].tcp) {
            fail_msg("%s: %s %s %s", off_11_cases[i].name,
                     toe_status_name(t->neighbor.block.status),
                     toe_status_name(t->path.block.status), toe_status_name(t->tcp.block.status));
        }
        stats = t_stats(t);
        assert_int_equal(stats.neighbor_cnt, !toe_status_is_failure(off_11_cases[i].neighbor));
        assert_int_equal(stats.path_cnt, !toe_status_is_failure(off_11_cases[i].path));
        assert_int_equal(stats.tcp_cnt, !toe_status_is_failure(off_11_cases[i].tcp));
        assert_int_equal(t->tcp.handle != 0, stats.tcp_cnt);
        t_target_del(t);
    }
}

/* OFF-11: of two faults the earlier check decides; here the second change is the earlier one. */
static void test_off_11_order(void **state)
{
    static const struct {
        const char *name;
        void (*late)(struct t_target *t);
        void (*early)(struct t_target *t);
        toe_status neighbor, path, tcp;
    } cases[] = {
        {"VLAN, then MAC", set_vlan_unknown, set_mac_full, STATUS(OFFLOAD_HW_ADDRESS_ENTRIES),
         STATUS(FAILURE), STATUS(FAILURE)},
        {"MAC, then structure", set_mac_full, set_neighbor_size, STATUS(FAILURE), STATUS(FAILURE),
         STATUS(FAILURE)},
        {"MTU, then family", set_mtu_large, set_family_off, STATUS(OFFLOAD_PARTIAL_SUCCESS),
         STATUS(FAILURE), STATUS(FAILURE)},
        {"address, then MTU", set_addr_full, set_mtu_large, STATUS(OFFLOAD_PARTIAL_SUCCESS),
         STATUS(OFFLOAD_PATH_MTU), STATUS(FAILURE)},
        {"window, then numbers", set_window_large, set_snd_nxt_beyond, 0,
         STATUS(OFFLOAD_PARTIAL_SUCCESS), STATUS(FAILURE)},
        {"SACK, then state", set_sack_unsupported, set_state_closed, 0,
         STATUS(OFFLOAD_PARTIAL_SUCCESS), STATUS(FAILURE)},
        {"window, then buffered data", set_window_large, set_buffered_unsound, 0,
         STATUS(OFFLOAD_PARTIAL_SUCCESS), STATUS(FAILURE)},
        {"window, then SACK", set_window_large, set_sack_unsupported, 0,
         STATUS(OFFLOAD_PARTIAL_SUCCESS), STATUS(OFFLOAD_CONNECTION_REJECTED)},
        {"copy, then window", set_buffered_too_much, set_window_large, 0,
         STATUS(OFFLOAD_PARTIAL_SUCCESS), STATUS(OFFLOAD_TCP_RCV_WINDOW)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct t_target *t = t_target_new();

        cases[i].late(t);
        cases[i].early(t);
        if (cases[i].early == set_family_off) {
            t->settings.ipv6 = true;
        }
        t_target_start(t);
        t->ops->initiate(t->top, t_link(t));
        t_run(t, 0);
        if (t->neighbor.block.status != cases[i].neighbor ||
            t->path.block.status != cases[i].path || t->tcp.block.status != cases[i].tcp) {
            fail_msg("%s: %s %s %s", cases[i].name, toe_status_name(t->neighbor.block.status),
                     toe_status_name(t->path.block.status), toe_status_name(t->tcp.block.status));
        }
        t_target_del(t);
    }
}

/* CAP-13: nothing is offloaded before the parameters were set. */
static void test_cap_13_params_first(void **state)
{
    struct t_target *t = t_target_new();

    (void)state;
    assert_true(t_target_create(t));
    t_breaks(t, "SEAM-4");
    t->ops->initiate(t->top, t_link(t));
    t_run(t, 0);
    assert_int_equal(t->neighbor.block.status, TOE_STATUS_FAILURE);
    assert_int_equal(t->tcp.block.status, TOE_STATUS_FAILURE);
    t_target_del(t);
}

/* A chain of connections on one path, each with its port. */
struct many {
    struct t_tcp tcps[8];
};

static void link_many(struct t_target *t, struct many *many, size_t cnt)
{
    t_link(t);
    for (size_t i = 0; i < cnt; ++i) {
        struct t_tcp *tcp = &many->tcps[i];

        tcp->handle = 0;
        tcp->state = t->tcp.state;
        tcp->state.constant.local_port = (uint16_t)(40000 + i);
        t_block_init(&tcp->block, TOE_BLOCK_TCP, &tcp->handle, &tcp->state);
        if (i > 0) {
            many->tcps[i - 1].block.next = &tcp->block;
        }
    }
    t->path.block.dependent = &many->tcps[0].block;
}

/* OFF-10 and its like: each pool has its limit and its status. */
static void test_off_10_limits(void **state)
{
    struct t_target *t = t_target_new();
    struct many many;

    (void)state;
    t->settings.tcp_max = 2;
    t_target_start(t);
    link_many(t, &many, 4);
    t->ops->initiate(t->top, &t->neighbor.block);
    t_run(t, 0);
    assert_int_equal(t->neighbor.block.status, TOE_STATUS_SUCCESS); /* PART-7 */
    assert_int_equal(t->path.block.status, TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS);
    assert_int_equal(many.tcps[1].block.status, TOE_STATUS_SUCCESS);
    assert_int_equal(many.tcps[2].block.status, TOE_STATUS_OFFLOAD_TCP_ENTRIES);
    assert_int_equal(many.tcps[3].block.status, TOE_STATUS_OFFLOAD_TCP_ENTRIES);
    assert_int_equal(t_stats(t).path_links, 2);
    t_target_del(t);
}

static void test_path_and_neighbor_limits(void **state)
{
    struct t_target *t = t_target_new();
    struct t_neighbor other;
    struct t_path paths[2];
    struct t_tcp unused;

    (void)state;
    t->settings.neighbor_max = 1;
    t->settings.path_max = 1;
    t_target_start(t);
    t_states_init(&other, &paths[0], &unused);
    t_states_init(&other, &paths[1], &unused);
    paths[1].state.constant.dst = t_addr4(10, 0, 0, 3);
    t->neighbor.block.dependent = &paths[0].block;
    paths[0].block.next = &paths[1].block;
    t->neighbor.block.next = &other.block;
    t->ops->initiate(t->top, &t->neighbor.block);
    t_run(t, 0);
    assert_int_equal(t->neighbor.block.status, TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS);
    assert_int_equal(paths[0].block.status, TOE_STATUS_SUCCESS);
    assert_int_equal(paths[1].block.status, TOE_STATUS_OFFLOAD_PATH_ENTRIES);
    assert_int_equal(other.block.status, TOE_STATUS_OFFLOAD_NEIGHBOR_ENTRIES);
    t_target_del(t);
}

/* NEW-4: a second connection with the same four-tuple, in one tree and in two. */
static void test_new_4_duplicate(void **state)
{
    struct t_target *t = t_target_new();
    struct many many;

    (void)state;
    t_target_start(t);
    link_many(t, &many, 2);
    many.tcps[1].state.constant.local_port = 40000;
    t->ops->initiate(t->top, &t->neighbor.block);
    t_run(t, 0);
    assert_int_equal(many.tcps[0].block.status, TOE_STATUS_SUCCESS);
    assert_int_equal(many.tcps[1].block.status, TOE_STATUS_FAILURE);
    assert_int_equal(many.tcps[1].handle, 0);
    t_target_del(t);
}

/* LKR-1, LKR-2, EVO-1: a placeholder and a linker bring one more connection; initiates overlap. */
static void test_lkr_1_linker(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct t_tcp more[2] = {{.handle = 0}, {.handle = 0}};
    struct toe_block neighbors[2];
    struct toe_block paths[2];

    (void)state;
    for (size_t i = 0; i < 2; ++i) {
        more[i].state = t->tcp.state;
        more[i].state.constant.local_port = (uint16_t)(50000 + i);
        t_block_init(&more[i].block, TOE_BLOCK_TCP, &more[i].handle, &more[i].state);
        t_block_init(&neighbors[i], 0, NULL, NULL);
        t_block_init(&paths[i], TOE_BLOCK_PATH4, &t->path.handle, NULL);
        neighbors[i].dependent = &paths[i];
        paths[i].dependent = &more[i].block;
        t->ops->initiate(t->top, &neighbors[i]);
    }
    t_run(t, 0);
    t_expect_host(t, "initiate initiate");
    assert_int_equal(more[0].block.status, TOE_STATUS_SUCCESS);
    assert_int_equal(more[1].block.status, TOE_STATUS_SUCCESS);
    assert_int_equal(paths[0].status, TOE_STATUS_SUCCESS);
    assert_int_equal(t_stats(t).path_links, 3);
    assert_int_equal(t_stats(t).neighbor_links, 1);
    t_target_del(t);
}

/* OFF-7, OFF-8: what fails leaves the host's buffers and state as they were. */
static void test_off_8_untouched(void **state)
{
    struct t_target *t = t_target_new();
    struct toe_buf *chain;
    struct toe_buf *second;
    struct toe_buf before;
    struct toe_tcp_state state_before;

    (void)state;
    chain = t_data_new(t, 5000, 300);
    second = t_data_new(t, 5300, 300);
    chain->next = second;
    chain->transferred = 77;
    t->tcp.block.send_chain = chain;
    t->tcp.state.delegated.send_data_head = chain;
    t->tcp.state.delegated.send_data_tail = second;
    t->tcp.state.delegated.snd_max = 9999; /* contradicts the chain */
    t->tcp.state.delegated.snd_nxt = 9999;
    t_breaks(t, "STATE-TD-35");
    t->tcp.state.delegated.buffered_data = t_peer_data_new(t, 0, 100);
    before = *chain;
    state_before = t->tcp.state;
    t_target_start(t);
    t->ops->initiate(t->top, t_link(t));
    t_run(t, 0);
    t_expect_host(t, "initiate");
    assert_int_equal(t->tcp.block.status, TOE_STATUS_FAILURE);
    assert_ptr_equal(t->tcp.block.send_chain, chain);
    assert_ptr_equal(chain->next, second);
    assert_null(second->next);
    assert_int_equal(chain->status, TOE_STATUS_PENDING);
    assert_int_equal(chain->off, before.off);
    assert_int_equal(chain->len, before.len);
    assert_int_equal(chain->transferred, before.transferred);
    assert_memory_equal(&t->tcp.state, &state_before, sizeof(state_before));
    t_target_del(t);
}

/* SND-060 to SND-067: a chain of which a part is in flight; it completes like posted sends. */
static void test_snd_067_chain(void **state)
{
    struct t_target *t = t_target_new();
    struct toe_buf *chain;

    (void)state;
    chain = t_data_new(t, 5000, 1000);
    chain->next = t_data_new(t, 6000, 2000);
    t_hand_over(t, chain);
    t->tcp.state.delegated.snd_nxt = 6000;
    t->tcp.state.delegated.snd_max = 6000;
    t->tcp.state.delegated.retransmit_timeout_delta = 300;
    t_target_start(t);
    t_offload(t);
    assert_null(t->tcp.block.send_chain);
    t_expect_all(t, "initiate [6000+1460 A 1000] [7460+540 PA 1000]");
    t_peer(t, 1000, 0, 0, 6000);
    t_run(t, 20);
    t_expect_host(t, "send(SUCCESS,1000)");
    t_peer(t, 1000, 0, 0, 8000);
    t_run(t, 30);
    t_expect_host(t, "send(SUCCESS,2000)");
    t_target_del(t);
}

/* Offloads 63 connections, each on a branch of its own. */
static void fill_slab(struct t_target *t)
{
    static struct {
        struct t_neighbor neighbor;
        struct t_path path;
        struct t_tcp tcp;
    } branches[63];

    for (uint16_t i = 0; i < 63; ++i) {
        struct t_neighbor *n = &branches[i].neighbor;
        struct t_path *p = &branches[i].path;
        struct t_tcp *c = &branches[i].tcp;

        t_states_init(n, p, c);
        c->state.constant.local_port = (uint16_t)(1000 + i);
        n->block.dependent = &p->block;
        p->block.dependent = &c->block;
        t->ops->initiate(t->top, &n->block);
        t->ops->run(t->top, t->now);
        assert_int_equal(c->block.status, TOE_STATUS_SUCCESS);
    }
}

/*
 * The worked example "partial offloads and offload failures": one neighbor, a path with a good
 * connection and one for which memory fails, and a path that fails. Memory is made to fail at just
 * the one allocation that the second connection needs: that of a chunk is FAILURE, that of the
 * object RESOURCES.
 */
static void test_worked_example(void **state)
{
    struct t_target *t = t_target_new();
    struct t_path path2;
    struct t_tcp tcps[3];
    struct t_neighbor unused;

    (void)state;
    t->settings.tcp_max = 200;
    for (size_t i = 0; i < 3; ++i) {
        t_states_init(&unused, &path2, &tcps[i]);
        tcps[i].block.host_object = &tcps[i];
        tcps[i].state.constant.local_port = (uint16_t)(40000 + i);
        tcps[i].block.send_chain = t_data_new(t, 5000, 100);
        tcps[i].state.delegated.send_data_head = tcps[i].block.send_chain;
        tcps[i].state.delegated.send_data_tail = tcps[i].block.send_chain;
    }
    path2.state.cached.mtu = 10;
    t_target_start(t);
    t->neighbor.block.dependent = &t->path.block;
    t->path.block.next = &path2.block;
    t->path.block.dependent = &tcps[0].block;
    tcps[0].block.next = &tcps[1].block;
    path2.block.dependent = &tcps[2].block;

    /* Fill all but one place of the first slab of connections, so that TCP2 needs another. */
    fill_slab(t);
    (void)t_log_take(&t->log, T_LOG_ALL);

    t->mem.fail_at = t->mem.cnt + 1;
    for (;; ++t->mem.fail_at) {
        const uint64_t cnt = t->mem.cnt;

        t->ops->initiate(t->top, &t->neighbor.block);
        t->ops->run(t->top, t->now);
        if (tcps[0].block.status == TOE_STATUS_SUCCESS || t->mem.cnt > cnt + 100) {
            break;
        }
        assert_int_equal(t->neighbor.handle, 0); /* no residue of the neighbor */
        t->mem.fail_at = t->mem.cnt + (t->mem.cnt - cnt);
    }
    assert_int_equal(t->neighbor.block.status, TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS);
    assert_int_equal(t->path.block.status, TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS);
    assert_int_equal(tcps[0].block.status, TOE_STATUS_SUCCESS);
    assert_int_equal(tcps[1].block.status, TOE_STATUS_RESOURCES);
    assert_int_equal(path2.block.status, TOE_STATUS_FAILURE);
    assert_int_equal(tcps[2].block.status, TOE_STATUS_FAILURE);
    assert_true(t->neighbor.handle != 0 && t->path.handle != 0 && tcps[0].handle != 0);
    assert_true(tcps[1].handle == 0 && path2.handle == 0 && tcps[2].handle == 0);
    /* T-132: TCP1's chain is the target's and completes later, the others were not touched. */
    assert_null(tcps[0].block.send_chain);
    assert_non_null(tcps[1].block.send_chain);
    assert_int_equal(tcps[1].block.send_chain->status, TOE_STATUS_PENDING);
    assert_int_equal(tcps[2].block.send_chain->status, TOE_STATUS_PENDING);
    t_target_del(t);
}

/*
 * Memory that fails at the n-th allocation, for every n: creation returns NULL; an initiate says
 * so in a block, leaves no object behind that it does not name, and no byte.
 */
static void test_off_9_no_residue(void **state)
{
    bool was_whole = false;

    (void)state;
    for (uint64_t n = 1; !was_whole; ++n) {
        struct t_target *t = t_target_new();
        struct toe_stats stats;

        t->neighbor.state.constant.src_mac[5] = 9;
        t->neighbor.state.constant.vlan_id = 5;
        t_hand_over(t, t_data_new(t, 5000, 100));
        t->tcp.state.delegated.buffered_data = t_peer_data_new(t, 0, 3000);
        t->mem.fail_at = n;
        if (!t_target_create(t)) {
            t_target_del(t); /* checks that nothing is left */
            continue;
        }
        assert_int_equal(t->ops->params_set(t->top, &t->params), TOE_STATUS_SUCCESS);
        t->ops->initiate(t->top, t_link(t));
        t->ops->run(t->top, t->now);
        stats = t_stats(t);
        assert_int_equal(stats.neighbor_cnt, t->neighbor.handle != 0);
        assert_int_equal(stats.path_cnt, t->path.handle != 0);
        assert_int_equal(stats.tcp_cnt, t->tcp.handle != 0);
        assert_int_equal(stats.path_links, t->tcp.handle != 0);
        assert_int_equal(stats.neighbor_links, t->path.handle != 0);
        was_whole = t->tcp.handle != 0;
        if (!was_whole) {
            assert_true(toe_status_is_failure(t->tcp.block.status));
            assert_non_null(t->tcp.block.send_chain);
            assert_int_equal(t->tcp.block.send_chain->status, TOE_STATUS_PENDING);
        }
        /* The same again with memory works: nothing of the failed attempt is in the way. */
        t->mem.fail_at = 0;
        if (!was_whole && t->neighbor.handle == 0) {
            t->ops->initiate(t->top, t_link(t));
            t->ops->run(t->top, t->now);
            assert_int_equal(t->tcp.block.status, TOE_STATUS_SUCCESS);
        }
        t_target_del(t);
        assert_true(n < 1000);
    }
}

/* LKR-6: nothing is linked to what is invalid, gone, or of another layer. */
static void test_lkr_6_unusable_linker(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct t_tcp more = {.handle = 0};
    struct toe_block path;
    toe_handle handles[] = {0xdeadbeefcafef00d, 1, 0, 0, UINT64_MAX};

    (void)state;
    handles[2] = t->neighbor.handle;
    handles[3] = t->path.handle ^ (UINT64_C(1) << 40);
    t_breaks(t, "CTX-4");
    for (size_t i = 0; i < 5; ++i) {
        more.state = t->tcp.state;
        more.state.constant.local_port = 50000;
        t_block_init(&more.block, TOE_BLOCK_TCP, &more.handle, &more.state);
        t_block_init(&path, TOE_BLOCK_PATH4, &handles[i], NULL);
        path.dependent = &more.block;
        t->ops->initiate(t->top, &path);
        t_run(t, i);
        assert_int_equal(path.status, TOE_STATUS_FAILURE);
        assert_int_equal(more.block.status, TOE_STATUS_FAILURE);
        assert_int_equal(more.handle, 0);
    }
    t_target_del(t);
}

/* RCV-092: urgent data among what is handed over. */
static void test_rcv_092_urgent(void **state)
{
    struct t_target *t = t_target_new();

    (void)state;
    t->tcp.state.delegated.buffered_data = t_peer_data_new(t, 900, 100);
    t->tcp.state.delegated.buffered_data->flags = TOE_BUF_URGENT;
    t_target_start(t);
    t->host.rcv_next = 900;
    t_offload(t);
    t_run(t, 1);
    t_expect_host(t, "initiate RETRIEVE(RECEIVED_URGENT_DATA)");
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    assert_non_null(t->tcp.state.delegated.buffered_data);
    assert_int_equal(t->tcp.state.delegated.buffered_data->flags, TOE_BUF_URGENT);
    assert_int_equal(t->tcp.state.delegated.buffered_data->len, 100);
    t->ops->receive_return(t->top, t->tcp.state.delegated.buffered_data);
    t_target_del(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_off_11_statuses),
        cmocka_unit_test(test_off_11_order),
        cmocka_unit_test(test_cap_13_params_first),
        cmocka_unit_test(test_off_10_limits),
        cmocka_unit_test(test_path_and_neighbor_limits),
        cmocka_unit_test(test_new_4_duplicate),
        cmocka_unit_test(test_lkr_1_linker),
        cmocka_unit_test(test_off_8_untouched),
        cmocka_unit_test(test_snd_067_chain),
        cmocka_unit_test(test_worked_example),
        cmocka_unit_test(test_off_9_no_residue),
        cmocka_unit_test(test_lkr_6_unusable_linker),
        cmocka_unit_test(test_rcv_092_urgent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
