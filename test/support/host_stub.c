/* SPDX-License-Identifier: MIT */
#include "support/host_stub.h"

#include "support/host_pair.h"
#include "wire/bytes.h"
#include "wire/checksum.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t host_mac[6] = {2, 0, 0, 0, 0, 1};
static const uint8_t peer_mac[6] = {2, 0, 0, 0, 0, 2};

/* The target */

static void record(struct t_stub *stub, enum t_op_kind kind, toe_handle handle,
                   struct toe_block *tree, struct toe_buf *chain)
{
    assert_true(stub->op_cnt < T_STUB_OPS_MAX);
    stub->ops[stub->op_cnt++] = (struct t_op){kind, handle, tree, chain};
}

static void op_attach(void *target, const struct toe_host_ops *ops, void *host)
{
    struct t_stub *stub = target;

    if (ops != NULL) {
        stub->up = *ops;
    }
    stub->user = host;
}

static void op_caps(void *target, struct toe_caps *caps)
{
    *caps = ((struct t_stub *)target)->caps;
}

static toe_status op_params(void *target, const struct toe_params *params)
{
    (void)params;
    return ((struct t_stub *)target)->params_status;
}

static void op_initiate(void *target, struct toe_block *tree)
{
    record(target, T_OP_INITIATE, 0, tree, NULL);
}

static void op_terminate(void *target, struct toe_block *tree)
{
    record(target, T_OP_TERMINATE, 0, tree, NULL);
}

static void op_update(void *target, struct toe_block *tree)
{
    record(target, T_OP_UPDATE, 0, tree, NULL);
}

static void op_query(void *target, struct toe_block *tree)
{
    record(target, T_OP_QUERY, 0, tree, NULL);
}

static void op_invalidate(void *target, struct toe_block *tree)
{
    record(target, T_OP_INVALIDATE, 0, tree, NULL);
}

static void op_send(void *target, toe_handle tcp, struct toe_buf *chain)
{
    record(target, T_OP_SEND, tcp, NULL, chain);
}

static void op_receive(void *target, toe_handle tcp, struct toe_buf *chain)
{
    record(target, T_OP_RECEIVE, tcp, NULL, chain);
}

static void op_return(void *target, struct toe_buf *chain)
{
    record(target, T_OP_RETURN, 0, NULL, chain);
}

static void op_disconnect(void *target, toe_handle tcp, struct toe_buf *buf,
                          enum toe_disconnect how)
{
    record(target, how == TOE_DISCONNECT_GRACEFUL ? T_OP_GRACEFUL : T_OP_ABORTIVE, tcp, NULL, buf);
}

static void op_forward(void *target, toe_handle tcp, struct toe_buf *chain)
{
    record(target, T_OP_FORWARD, tcp, NULL, chain);
}

static void check_tcp(const struct t_out *out, const uint8_t *tcp, size_t len)
{
    uint64_t sum = wire_csum_pseudo(&out->src, &out->dst, WIRE_PROTO_TCP, (uint32_t)len);

    sum = wire_csum_combine(sum, wire_csum_add(0, tcp, len), 0);
    assert_int_equal(wire_csum_fold(sum), 0);
}

/* Decodes what is behind an IP header. */
static void decode_transport(struct t_out *out, const uint8_t *data, size_t len)
{
    if (out->proto == WIRE_PROTO_TCP) {
        assert_true(wire_tcp_parse(&out->seg, data, len) > 0);
        check_tcp(out, data, len);
    } else if (out->proto == WIRE_PROTO_ICMP || out->proto == WIRE_PROTO_ICMPV6) {
        assert_true(wire_icmp_csum_ok(data, len, &out->src, &out->dst));
        assert_true(wire_icmp_parse(&out->icmp, out->src.family, data, len) > 0);
        if (out->icmp.type == WIRE_ND_SOLICITATION || out->icmp.type == WIRE_ND_ADVERTISEMENT) {
            assert_true(wire_nd_parse(&out->nd, data, len) > 0);
        }
    }
}

static void decode(struct t_out *out)
{
    const int head = wire_ether_parse(&out->ether, out->frame, out->len);
    const uint8_t *data = out->frame + head;
    const size_t len = out->len - (size_t)head;

    assert_true(head > 0);
    if (out->ether.type == WIRE_ETHER_TYPE_ARP) {
        assert_true(wire_arp_parse(&out->arp, data, len) > 0);
    } else if (out->ether.type == WIRE_ETHER_TYPE_IPV4) {
        struct wire_ipv4 ip;
        const int ip_len = wire_ipv4_parse(&ip, data, len);

        assert_true(ip_len == WIRE_IPV4_LEN && ip.csum_ok && ip.df && ip.id < 0x8000);
        out->src = ip.src;
        out->dst = ip.dst;
        out->proto = ip.proto;
        out->hop_limit = ip.ttl;
        out->ip_id = ip.id;
        decode_transport(out, data + ip_len, ip.payload_len);
    } else {
        struct wire_ipv6 ip;

        assert_true(wire_ipv6_parse(&ip, data, len) == WIRE_IPV6_LEN);
        out->src = ip.src;
        out->dst = ip.dst;
        out->proto = ip.next_header;
        out->hop_limit = ip.hop_limit;
        decode_transport(out, data + WIRE_IPV6_LEN, ip.payload_len);
    }
}

static void op_transmit(void *target, const struct toe_frame *frames, uint32_t cnt)
{
    struct t_stub *stub = target;

    for (uint32_t i = 0; i < cnt; ++i) {
        struct t_out *out = &stub->frames[stub->frame_cnt++ % T_STUB_FRAMES_MAX];

        assert_true(stub->frame_cnt - stub->frame_head <= T_STUB_FRAMES_MAX);
        assert_true(frames[i].len <= sizeof(out->frame) && frames[i].more_cnt == 0);
        memset(out, 0, sizeof(*out));
        out->len = frames[i].len;
        memcpy(out->frame, frames[i].data, out->len);
        decode(out);
    }
}

static toe_instant op_deadline(void *target)
{
    (void)target;
    return TOE_INSTANT_NEVER;
}

static void op_run(void *target, toe_instant now)
{
    (void)target;
    (void)now;
}

static void op_stats(void *target, struct toe_stats *stats)
{
    (void)target;
    memset(stats, 0, sizeof(*stats));
}

static const struct toe_target_ops stub_ops = {
    .size = sizeof(stub_ops),
    .attach = op_attach,
    .caps_get = op_caps,
    .params_set = op_params,
    .stats_get = op_stats,
    .initiate = op_initiate,
    .terminate = op_terminate,
    .update = op_update,
    .query = op_query,
    .invalidate = op_invalidate,
    .send = op_send,
    .receive = op_receive,
    .receive_return = op_return,
    .disconnect = op_disconnect,
    .forward = op_forward,
    .transmit = op_transmit,
    .deadline = op_deadline,
    .run = op_run,
};

/* The host */

void t_stub_settings(struct toe_host_settings *settings)
{
    toe_host_settings_default(settings);
    settings->timestamps = false;
    settings->sack = false;
    settings->window_scaling = false;
    settings->rcv_buf = 65535;
    settings->snd_buf = 65536;
    settings->conn_max = 1000;
}

void t_stub_init(struct t_stub *stub, const struct toe_host_settings *settings)
{
    struct toe_host_settings defaults;
    const struct toe_addr own4 = t_pair_addr(4, 1);
    const struct toe_addr own6 = t_pair_addr(6, 1);
    struct toe_inter_below below = {&stub_ops, stub};
    struct toe_host_interface interface = {.mtu = 1500};

    memset(stub, 0, sizeof(*stub));
    stub->watch.is_of_host = true;
    t_watch_init(&stub->watch, &below, NULL, false);
    interface.ops = below.ops;
    interface.target = below.target;
    t_stub_settings(&defaults);
    stub->frames = calloc(T_STUB_FRAMES_MAX, sizeof(*stub->frames));
    assert_non_null(stub->frames);
    stub->next_handle = 100;
    stub->caps = (struct toe_caps){.size = sizeof(stub->caps), .ipv4 = true, .ipv6 = true};
    memcpy(stub->caps.mac, host_mac, 6);
    stub->host = toe_host_new(settings != NULL ? settings : &defaults);
    assert_non_null(stub->host);
    assert_int_equal(toe_host_interface_add(stub->host, &interface), 0);
    assert_int_equal(toe_host_address_add(stub->host, 0, &own4, 24), 0);
    assert_int_equal(toe_host_address_add(stub->host, 0, &own6, 64), 0);
    t_stub_run(stub, TOE_NS_PER_SEC);
}

void t_stub_fini(struct t_stub *stub)
{
    toe_host_del(stub->host);
    free(stub->frames);
    t_watch_fini(&stub->watch);
}

void t_stub_run(struct t_stub *stub, toe_duration time)
{
    const toe_instant end = stub->now + time;
    uint32_t rounds = 0;

    for (;;) {
        const toe_instant due = toe_host_deadline(stub->host);

        if (due > end) {
            break;
        }
        stub->now = due > stub->now ? due : stub->now;
        toe_host_run(stub->host, stub->now);
        assert_true(++rounds < 100000);
    }
    stub->now = end;
    toe_host_run(stub->host, stub->now);
}

void t_stub_arrive(struct t_stub *stub, const uint8_t *frame, uint32_t len)
{
    const struct toe_frame f = {.data = frame, .len = len};

    stub->up.frames(stub->user, &f, 1);
    t_stub_run(stub, 0);
}

static uint32_t put_ether(uint8_t *frame, const uint8_t dst[6], const uint8_t src[6], uint16_t type)
{
    struct wire_ether ether = {.type = type};

    memcpy(ether.dst, dst, 6);
    memcpy(ether.src, src, 6);
    return (uint32_t)wire_ether_build(frame, WIRE_ETHER_LEN_MAX, &ether);
}

static uint32_t put_ip(uint8_t *p, const struct toe_addr *src, const struct toe_addr *dst,
                       uint8_t proto, uint8_t hop_limit, uint32_t len)
{
    if (src->family == 4) {
        const struct wire_ipv4 ip = {.src = *src,
                                     .dst = *dst,
                                     .payload_len = (uint16_t)len,
                                     .ttl = hop_limit,
                                     .proto = proto};

        return (uint32_t)wire_ipv4_build(p, WIRE_IPV4_LEN, &ip);
    }
    return (uint32_t)wire_ipv6_build(p, WIRE_IPV6_LEN,
                                     &(struct wire_ipv6){.src = *src,
                                                         .dst = *dst,
                                                         .payload_len = (uint16_t)len,
                                                         .next_header = proto,
                                                         .hop_limit = hop_limit});
}

void t_stub_arrive_seg(struct t_stub *stub, uint8_t family, const struct t_seg *s)
{
    const struct toe_addr src = t_pair_addr(family, 2);
    const struct toe_addr dst = t_pair_addr(family, 1);
    struct tcp_segment seg = TCP_SEGMENT_INIT;
    uint8_t frame[2048];
    uint8_t tcp[1600];
    uint32_t len;
    uint64_t sum;

    seg.src_port = s->peer_port;
    seg.dst_port = s->port;
    seg.seq = toe_seq_of(s->seq);
    seg.ack = toe_seq_of(s->ack);
    seg.flags = s->flags;
    seg.wnd = s->wnd;
    seg.mss = s->mss;
    len = (uint32_t)wire_tcp_build(tcp, sizeof(tcp), &seg);
    memset(tcp + len, 'x', s->len);
    len += s->len;
    sum = wire_csum_combine(wire_csum_add(0, tcp, len),
                            wire_csum_pseudo(&src, &dst, WIRE_PROTO_TCP, len), 0);
    wire_store_u16(tcp + WIRE_TCP_CSUM_OFF, wire_csum_fold(sum));

    uint32_t pos = put_ether(frame, host_mac, peer_mac, family == 4 ? 0x0800 : 0x86dd);
    pos += put_ip(frame + pos, &src, &dst, WIRE_PROTO_TCP, 64, len);
    memcpy(frame + pos, tcp, len);
    t_stub_arrive(stub, frame, pos + len);
}

void t_stub_arrive_arp(struct t_stub *stub, const struct wire_arp *arp, const uint8_t src_mac[6])
{
    static const uint8_t everybody[6] = {255, 255, 255, 255, 255, 255};
    uint8_t frame[64];
    uint32_t pos = put_ether(frame, everybody, src_mac, 0x0806);

    pos += (uint32_t)wire_arp_build(frame + pos, sizeof(frame) - pos, arp);
    t_stub_arrive(stub, frame, pos);
}

void t_stub_arrive_nd(struct t_stub *stub, const struct wire_nd *nd, const struct toe_addr *src,
                      const struct toe_addr *dst, uint8_t hop_limit)
{
    uint8_t frame[128];
    uint8_t body[WIRE_ND_LEN_MAX];
    const uint32_t len = (uint32_t)wire_nd_build(body, sizeof(body), nd);
    uint32_t pos = put_ether(frame, host_mac, peer_mac, 0x86dd);

    wire_icmp_csum_set(body, len, src, dst);
    pos += put_ip(frame + pos, src, dst, WIRE_PROTO_ICMPV6, hop_limit, len);
    memcpy(frame + pos, body, len);
    t_stub_arrive(stub, frame, pos + len);
}

void t_stub_arrive_icmp(struct t_stub *stub, const struct wire_icmp *icmp)
{
    const struct toe_addr src = t_pair_addr(icmp->family, 2);
    const struct toe_addr dst = t_pair_addr(icmp->family, 1);
    uint8_t frame[2048];
    uint8_t body[1600];
    const uint32_t len = (uint32_t)wire_icmp_build(body, sizeof(body), icmp);
    uint32_t pos = put_ether(frame, host_mac, peer_mac, icmp->family == 4 ? 0x0800 : 0x86dd);

    wire_icmp_csum_set(body, len, &src, &dst);
    pos += put_ip(frame + pos, &src, &dst, icmp->family == 4 ? WIRE_PROTO_ICMP : WIRE_PROTO_ICMPV6,
                  64, len);
    memcpy(frame + pos, body, len);
    t_stub_arrive(stub, frame, pos + len);
}

void t_stub_resolve(struct t_stub *stub)
{
    struct wire_arp arp = {
        .op = WIRE_ARP_REQUEST, .sender_ip = t_pair_addr(4, 2), .target_ip = t_pair_addr(4, 1)};
    struct wire_nd nd = {
        .type = WIRE_ND_SOLICITATION, .has_lladdr = true, .target = t_pair_addr(6, 1)};
    const struct toe_addr src = t_pair_addr(6, 2);

    memcpy(arp.sender_mac, peer_mac, 6);
    memcpy(nd.lladdr, peer_mac, 6);
    t_stub_arrive_arp(stub, &arp, peer_mac);
    assert_int_equal(t_stub_frame(stub)->arp.op, WIRE_ARP_REPLY);
    t_stub_arrive_nd(stub, &nd, &src, &nd.target, 255);
    assert_int_equal(t_stub_frame(stub)->nd.type, WIRE_ND_ADVERTISEMENT);
}

const struct t_out *t_stub_frame(struct t_stub *stub)
{
    assert_true(stub->frame_head < stub->frame_cnt);
    return &stub->frames[stub->frame_head++ % T_STUB_FRAMES_MAX];
}

const struct t_out *t_stub_expect_seg(struct t_stub *stub, uint8_t flags, uint32_t seq,
                                      uint32_t ack, uint32_t len)
{
    const struct t_out *out = t_stub_frame(stub);

    assert_int_equal(out->proto, WIRE_PROTO_TCP);
    assert_int_equal(out->seg.flags, flags);
    assert_int_equal(out->seg.seq.v, seq);
    assert_int_equal((flags & TCP_ACK) != 0 ? out->seg.ack.v : 0, ack);
    assert_int_equal(out->seg.payload_len, len);
    return out;
}

void t_stub_expect_silence(struct t_stub *stub)
{
    assert_int_equal(stub->frame_cnt - stub->frame_head, 0);
}

struct t_op t_stub_op(struct t_stub *stub, enum t_op_kind kind)
{
    assert_true(stub->op_head < stub->op_cnt);
    const struct t_op op = stub->ops[stub->op_head++];

    assert_int_equal(op.kind, kind);
    if (stub->op_head == stub->op_cnt) {
        stub->op_head = 0;
        stub->op_cnt = 0;
    }
    return op;
}

void t_stub_expect_no_op(struct t_stub *stub)
{
    assert_int_equal(stub->op_cnt - stub->op_head, 0);
}

struct toe_host_event t_stub_event(struct t_stub *stub, enum toe_host_event_type type)
{
    struct toe_host_event event = {0};

    assert_true(toe_host_event_next(stub->host, &event));
    assert_int_equal(event.type, type);
    return event;
}

void t_stub_expect_no_event(struct t_stub *stub)
{
    struct toe_host_event event;

    assert_false(toe_host_event_next(stub->host, &event));
}

static void accept_blocks(struct t_stub *stub, struct toe_block *block)
{
    for (; block != NULL; block = block->next) {
        if (toe_block_role(block) == TOE_ROLE_NEW) {
            *block->object = stub->next_handle++;
        }
        block->status = TOE_STATUS_SUCCESS;
        accept_blocks(stub, block->dependent);
    }
}

void t_stub_accept(struct t_stub *stub, const struct t_op *op)
{
    accept_blocks(stub, op->tree);
    stub->up.initiate_complete(stub->user, op->tree);
    t_stub_run(stub, 0);
}

toe_handle t_stub_established(struct t_stub *stub, struct t_seg *seg)
{
    const struct toe_addr dst = t_pair_addr(4, 2);
    const toe_handle conn = toe_host_connect(stub->host, NULL, 0, &dst, 80);
    const struct t_out *syn;

    assert_int_not_equal(conn, 0);
    t_stub_run(stub, 0);
    syn = t_stub_frame(stub);
    assert_int_equal(syn->seg.flags, TCP_SYN);
    *seg = (struct t_seg){.port = syn->seg.src_port,
                          .peer_port = 80,
                          .seq = 1000,
                          .ack = syn->seg.seq.v + 1,
                          .flags = TCP_SYN | TCP_ACK,
                          .wnd = 60000,
                          .mss = 1460};
    t_stub_arrive_seg(stub, 4, seg);
    seg->seq = 1001;
    seg->flags = TCP_ACK;
    seg->mss = 0;
    t_stub_expect_seg(stub, TCP_ACK, seg->ack, 1001, 0);
    t_stub_event(stub, TOE_HOST_CONNECTED);
    return conn;
}

toe_handle t_stub_offloaded(struct t_stub *stub, struct t_seg *seg, struct toe_block *copy)
{
    const toe_handle conn = t_stub_established(stub, seg);
    struct t_op op;
    const struct toe_block *tcp;

    assert_int_equal(toe_host_offload(stub->host, &conn, 1), 1);
    t_stub_run(stub, 0);
    op = t_stub_op(stub, T_OP_INITIATE);
    tcp = op.tree->dependent->dependent;
    assert_non_null(tcp);
    *copy = *tcp;
    t_stub_accept(stub, &op);
    t_stub_event(stub, TOE_HOST_OFFLOADED);
    return conn;
}

struct toe_host_conn_info t_stub_info(struct t_stub *stub, toe_handle conn)
{
    struct toe_host_conn_info info;

    assert_true(toe_host_conn_info(stub->host, conn, &info));
    return info;
}

struct toe_host_stats t_stub_stats(struct t_stub *stub)
{
    struct toe_host_stats stats = {.size = sizeof(stats)};

    toe_host_stats_get(stub->host, &stats);
    return stats;
}

uint32_t t_stub_chain_len(const struct toe_buf *buf)
{
    uint32_t len = 0;

    for (; buf != NULL; buf = buf->next) {
        len += buf->len;
    }
    return len;
}

struct t_op t_stub_offload(struct t_stub *stub, toe_handle conn)
{
    assert_int_equal(toe_host_offload(stub->host, &conn, 1), 1);
    t_stub_run(stub, 0);
    return t_stub_op(stub, T_OP_INITIATE);
}

struct t_op t_stub_upload(struct t_stub *stub, toe_handle conn)
{
    assert_int_equal(toe_host_upload(stub->host, &conn, 1), 1);
    t_stub_run(stub, 0);
    return t_stub_op(stub, T_OP_TERMINATE);
}

void t_stub_set_status(struct toe_block *block, toe_status status)
{
    for (; block != NULL; block = block->next) {
        block->status = status;
        t_stub_set_status(block->dependent, status);
    }
}

void t_stub_give_back(struct t_stub *stub, const struct t_op *op,
                      const struct toe_tcp_delegated *delegated)
{
    struct toe_block *tcp = op->tree->dependent->dependent;

    t_stub_set_status(op->tree, TOE_STATUS_SUCCESS);
    tcp->state.tcp->delegated = *delegated;
    stub->up.terminate_complete(stub->user, op->tree);
    t_stub_run(stub, 0);
}

struct toe_tcp_delegated t_stub_delegated(const struct t_seg *seg)
{
    return (struct toe_tcp_delegated){.state = TOE_TCP_ESTABLISHED,
                                      .rcv_nxt = seg->seq,
                                      .rcv_wnd = 65535,
                                      .snd_una = seg->ack,
                                      .snd_nxt = seg->ack,
                                      .snd_max = seg->ack,
                                      .snd_wnd = 60000,
                                      .max_snd_wnd = 60000,
                                      .snd_wl1 = seg->seq,
                                      .cwnd = 14600,
                                      .ssthresh = 100000,
                                      .retransmit_timeout_delta = TOE_TICKS_NONE,
                                      .ka_timeout_delta = TOE_TICKS_NONE};
}

void t_stub_indicate(struct t_stub *stub, struct toe_block *copy, const char *text,
                     toe_status want_status, uint32_t want_consumed)
{
    static struct toe_buf bufs[16];
    static struct toe_sge sges[16];
    static uint32_t n;
    struct toe_buf *buf = &bufs[n % 16];
    struct toe_sge *sge = &sges[n++ % 16];
    uint32_t consumed = 0;

    *sge = (struct toe_sge){.addr = (uintptr_t)text, .len = (uint32_t)strlen(text)};
    *buf = (struct toe_buf){.sge = sge, .sge_cnt = 1, .len = sge->len};
    assert_int_equal(stub->up.receive_indicate(stub->user, copy->host_object, buf, &consumed),
                     want_status);
    assert_int_equal(consumed, want_consumed);
}
