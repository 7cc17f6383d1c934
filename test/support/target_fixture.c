/* SPDX-License-Identifier: MIT */
#include "support/target_fixture.h"

static const uint8_t our_mac[TOE_MAC_LEN] = {2, 0, 0, 0, 0, 1};
static const uint8_t peer_mac[TOE_MAC_LEN] = {2, 0, 0, 0, 0, 2};

static void *mem_alloc(void *user, size_t size)
{
    struct t_failmem *mem = user;
    void *ptr;

    ++mem->cnt;
    if (mem->fail_at != 0 &&
        (mem->fails_once ? mem->cnt == mem->fail_at : mem->cnt >= mem->fail_at)) {
        return NULL;
    }
    ptr = malloc(size);
    assert_non_null(ptr);
    memset(ptr, 0xa5, size);
    ++mem->live;
    mem->bytes += size;
    return ptr;
}

static void mem_free(void *user, void *ptr, size_t size)
{
    struct t_failmem *mem = user;

    if (ptr != NULL) {
        --mem->live;
        mem->bytes -= size;
        free(ptr);
    }
}

struct toe_addr t_addr4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    return (struct toe_addr){.family = 4, .bytes = {a, b, c, d}};
}

void t_block_init(struct toe_block *block, uint16_t type, toe_handle *object, void *state)
{
    memset(block, 0, sizeof(*block));
    block->size = sizeof(*block);
    block->revision = 1;
    block->type = type;
    block->status = TOE_STATUS_PENDING;
    block->object = object;
    block->host_object = block;
    block->state.tcp = state;
}

static void init_tcp(struct toe_tcp_state *state)
{
    *state = (struct toe_tcp_state){
        .size = sizeof(*state),
        .constant =
            {
                .remote_port = 5001,
                .local_port = 40000,
                .remote_mss = 1460,
            },
        .cached =
            {
                .initial_rcv_wnd = 65535,
                .ttl = 64,
            },
        .delegated =
            {
                .state = TOE_TCP_ESTABLISHED,
                .rcv_nxt = 1000,
                .rcv_wnd = 65535,
                .snd_una = 5000,
                .snd_nxt = 5000,
                .snd_max = 5000,
                .snd_wnd = 65535,
                .max_snd_wnd = 65535,
                .snd_wl1 = 1000,
                .cwnd = 14600,
                .ssthresh = 65535,
                .srtt = 800,
                .rttvar = 200,
                .ka_timeout_delta = TOE_TICKS_NONE,
                .retransmit_timeout_delta = TOE_TICKS_NONE,
            },
    };
}

void t_states_init(struct t_neighbor *neighbor, struct t_path *path, struct t_tcp *tcp)
{
    neighbor->handle = 0;
    neighbor->state = (struct toe_neighbor_state){.size = sizeof(neighbor->state)};
    memcpy(neighbor->state.cached.dst_mac, peer_mac, TOE_MAC_LEN);
    t_block_init(&neighbor->block, TOE_BLOCK_NEIGHBOR, &neighbor->handle, &neighbor->state);

    path->handle = 0;
    path->state = (struct toe_path_state){
        .size = sizeof(path->state),
        .constant = {.src = t_addr4(10, 0, 0, 1), .dst = t_addr4(10, 0, 0, 2)},
        .cached = {.mtu = 1500},
    };
    t_block_init(&path->block, TOE_BLOCK_PATH4, &path->handle, &path->state);

    tcp->handle = 0;
    init_tcp(&tcp->state);
    t_block_init(&tcp->block, TOE_BLOCK_TCP, &tcp->handle, &tcp->state);
}

struct t_target *t_target_new(void)
{
    struct t_target *t = calloc(1, sizeof(*t));

    assert_non_null(t);
    toe_target_settings_default(&t->settings);
    memcpy(t->settings.mac, our_mac, TOE_MAC_LEN);
    t->settings.mem = (struct toe_mem){.user = &t->mem, .alloc = mem_alloc, .free = mem_free};
    t->settings.profile = TOE_PROFILE_COMPAT;
    t->settings.seed = 1;
    t->settings.wire = &t->wire.ops;
    t->settings.wire_user = &t->wire;
    t_wire_init(&t->wire, &t->log, 0);
    toe_params_default(&t->params);
    t->params.delayed_ack_ticks = 200;
    t->params.max_retransmissions = 5;
    t->now = T_MS(1000000);
    t_states_init(&t->neighbor, &t->path, &t->tcp);
    t->from_peer = (struct t_wire_addr){
        .src = t->path.state.constant.dst,
        .dst = t->path.state.constant.src,
    };
    memcpy(t->from_peer.ether.dst, our_mac, TOE_MAC_LEN);
    memcpy(t->from_peer.ether.src, peer_mac, TOE_MAC_LEN);
    return t;
}

bool t_target_create(struct t_target *t)
{
    struct toe_inter_below below = {toe_target_ops(), NULL};

    t->target = toe_target_new(&t->settings);
    if (t->target == NULL) {
        return false;
    }
    below.target = t->target;
    t_watch_init(&t->watch, &below, &t->settings.bus, t->settings.continue_after_root_failure);
    t->ops = below.ops;
    t->top = below.target;
    t_host_init(&t->host, &t->log, t->ops, t->top);
    t->host.bus = t->settings.bus;
    t->host.rcv_next = t->tcp.state.delegated.rcv_nxt;
    t->ops->attach(t->top, &t->host.ops, &t->host);
    return true;
}

void t_target_start(struct t_target *t)
{
    assert_true(t_target_create(t));
    assert_int_equal(t->ops->params_set(t->top, &t->params), TOE_STATUS_SUCCESS);
}

void t_breaks(struct t_target *t, const char *rule)
{
    t_watch_expect(&t->watch, rule);
}

void t_target_del(struct t_target *t)
{
    if (t->target != NULL) {
        toe_target_del(t->target);
    }
    t_watch_fini(&t->watch);
    assert_int_equal(t->mem.live, 0);
    assert_int_equal(t->mem.bytes, 0);
    while (t->bufs != NULL) {
        struct t_buf *next = t->bufs->next;

        free(t->bufs->bytes);
        free(t->bufs);
        t->bufs = next;
    }
    t_wire_fini(&t->wire);
    free(t);
}

struct toe_block *t_link(struct t_target *t)
{
    t->neighbor.block.dependent = &t->path.block;
    t->path.block.dependent = &t->tcp.block;
    t->tcp.block.dependent = NULL;
    t->neighbor.block.next = NULL;
    t->path.block.next = NULL;
    t->tcp.block.next = NULL;
    return &t->neighbor.block;
}

void t_offload(struct t_target *t)
{
    t->ops->initiate(t->top, t_link(t));
    t->ops->run(t->top, t->now);
    assert_int_equal(t->neighbor.block.status, TOE_STATUS_SUCCESS);
    assert_int_equal(t->path.block.status, TOE_STATUS_SUCCESS);
    assert_int_equal(t->tcp.block.status, TOE_STATUS_SUCCESS);
    assert_true(t->neighbor.handle != 0 && t->path.handle != 0 && t->tcp.handle != 0);
}

struct t_target *t_target_offloaded(void)
{
    struct t_target *t = t_target_new();

    t_target_start(t);
    t_offload(t);
    t_expect_all(t, "initiate");
    return t;
}

void t_run(struct t_target *t, uint64_t ms)
{
    const toe_instant end = T_MS(1000000) + T_MS(ms);
    uint32_t cnt = 0;

    /* What was put in so far arrives and is asked for now, not at the next deadline. */
    t->ops->run(t->top, t->now);
    for (;;) {
        const toe_instant at = t->ops->deadline(t->top);

        if (at > end || (at == 0 && t->now > end)) {
            break;
        }
        if (at > t->now) {
            t->now = at;
        }
        t->ops->run(t->top, t->now);
        if (++cnt > 100000) {
            fail_msg("the target never sleeps");
        }
    }
    if (end > t->now) {
        t->now = end;
    }
    t->ops->run(t->top, t->now);
}

toe_status t_terminate(struct t_target *t)
{
    t->tcp.block.next = NULL;
    t->tcp.block.dependent = NULL;
    t->tcp.block.send_chain = (struct toe_buf *)1; /* must be overwritten (TRM-25) */
    t->ops->terminate(t->top, &t->tcp.block);
    t->ops->run(t->top, t->now);
    return t->tcp.block.status;
}

toe_status t_query(struct t_target *t, struct toe_tcp_state *state)
{
    struct toe_block block;

    memset(state, 0, sizeof(*state));
    state->size = sizeof(*state);
    t_block_init(&block, TOE_BLOCK_TCP, &t->tcp.handle, state);
    t->ops->query(t->top, &block);
    t->ops->run(t->top, t->now);
    return block.status;
}

struct toe_buf *t_buf_new(struct t_target *t, uint32_t len)
{
    struct t_buf *made = calloc(1, sizeof(*made));

    assert_non_null(made);
    made->bytes = malloc(len > 0 ? len : 1);
    assert_non_null(made->bytes);
    memset(made->bytes, 0xee, len > 0 ? len : 1);
    made->size = len;
    made->sge.addr = toe_bus_addr(&t->settings.bus, made->bytes, len);
    made->sge.len = len;
    made->buf.sge = &made->sge;
    made->buf.sge_cnt = 1;
    made->buf.len = len;
    made->buf.status = TOE_STATUS_PENDING;
    made->next = t->bufs;
    t->bufs = made;
    return &made->buf;
}

struct toe_buf *t_data_new(struct t_target *t, uint32_t seq, uint32_t len)
{
    struct toe_buf *buf = t_buf_new(t, len);

    for (uint32_t i = 0; i < len; ++i) {
        t->bufs->bytes[i] = t_wire_byte(seq + i);
    }
    return buf;
}

struct toe_buf *t_peer_data_new(struct t_target *t, uint32_t seq, uint32_t len)
{
    struct toe_buf *buf = t_buf_new(t, len);

    for (uint32_t i = 0; i < len; ++i) {
        t->bufs->bytes[i] = t_host_byte(seq + i);
    }
    return buf;
}

void t_hand_over(struct t_target *t, struct toe_buf *chain)
{
    struct toe_tcp_delegated *delegated = &t->tcp.state.delegated;

    t->tcp.block.send_chain = chain;
    delegated->send_data_head = NULL;
    delegated->send_data_tail = NULL;
    for (struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        if (buf->len > 0) {
            delegated->send_data_head =
                delegated->send_data_head == NULL ? buf : delegated->send_data_head;
            delegated->send_data_tail = buf;
        }
    }
}

struct toe_buf *t_send_new(struct t_target *t, uint32_t seq, uint32_t len)
{
    struct toe_buf *buf = t_data_new(t, seq, len);

    t->ops->send(t->top, t->tcp.handle, buf);
    return buf;
}

struct toe_buf *t_receive_new(struct t_target *t, uint32_t len, uint32_t flags)
{
    struct toe_buf *buf = t_buf_new(t, len);

    buf->flags = flags;
    t->ops->receive(t->top, t->tcp.handle, buf);
    return buf;
}

struct toe_buf *t_disconnect_new(struct t_target *t, uint32_t seq, uint32_t len,
                                 enum toe_disconnect how)
{
    struct toe_buf *buf = t_data_new(t, seq, len);

    t->ops->disconnect(t->top, t->tcp.handle, buf, how);
    return buf;
}

void t_peer_seg(struct t_target *t, const struct tcp_segment *seg)
{
    static uint8_t frame[T_WIRE_FRAME_MAX];
    static uint8_t text[T_WIRE_FRAME_MAX];

    for (uint32_t i = 0; i < seg->payload_len; ++i) {
        text[i] = t_host_byte(seg->seq.v + i);
    }
    t_wire_push(&t->wire, frame, t_wire_build(frame, &t->from_peer, seg, text));
}

void t_peer(struct t_target *t, uint32_t seq, uint32_t len, uint8_t flags, uint32_t ack)
{
    struct tcp_segment seg = TCP_SEGMENT_INIT;

    seg.src_port = t->tcp.state.constant.remote_port;
    seg.dst_port = t->tcp.state.constant.local_port;
    seg.seq.v = seq;
    seg.ack.v = ack;
    seg.wnd = 65535;
    seg.flags = (uint8_t)(flags | TCP_ACK);
    seg.payload_len = len;
    t_peer_seg(t, &seg);
}

struct toe_stats t_stats(struct t_target *t)
{
    struct toe_stats stats = {.size = sizeof(stats)};

    t->ops->stats_get(t->top, &stats);
    return stats;
}
