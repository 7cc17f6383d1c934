/* SPDX-License-Identifier: MIT */
#include "support/fake_wire.h"

#include "wire/bytes.h"
#include "wire/checksum.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

uint8_t t_wire_byte(uint32_t seq)
{
    return (uint8_t)(seq * 31 + (seq >> 8) * 7 + 3);
}

static void on_over(struct toe_lease *lease)
{
    struct t_wire_block *block = (struct t_wire_block *)(void *)lease;

    LIST_REMOVE(block, node);
    free(block);
}

/* What was received before is the target's no longer, but for its shares. */
static void give_up(struct t_wire *wire)
{
    for (uint32_t i = 0; i < wire->in_head; ++i) {
        if (wire->in[i] != NULL) {
            toe_lease_give(&wire->in[i]->lease);
            wire->in[i] = NULL;
        }
    }
}

static uint32_t receive(void *ctx, struct toe_frame *frames, uint32_t max)
{
    struct t_wire *wire = ctx;
    uint32_t cnt = 0;

    give_up(wire);
    while (cnt < max && wire->in_head < wire->in_cnt) {
        frames[cnt++] = wire->in_frames[wire->in_head++];
    }
    return cnt;
}

static const char *flags_text(uint8_t flags, char *text)
{
    size_t len = 0;

    if (flags & TCP_SYN) {
        text[len++] = 'S';
    }
    if (flags & TCP_FIN) {
        text[len++] = 'F';
    }
    if (flags & TCP_RST) {
        text[len++] = 'R';
    }
    if (flags & TCP_PSH) {
        text[len++] = 'P';
    }
    if (flags & TCP_ACK) {
        text[len++] = 'A';
    }
    if (flags & TCP_ECE) {
        text[len++] = 'E';
    }
    if (flags & TCP_CWR) {
        text[len++] = 'W';
    }
    text[len] = '\0';
    return text;
}

/* Parses up to the TCP header; returns its place, or NULL for a frame of another kind. */
static const uint8_t *parse_ip(struct t_wire_sent *sent, const uint8_t *data, uint32_t len,
                               uint32_t *tcp_len)
{
    const int ether_len = wire_ether_parse(&sent->ether, data, len);

    assert_true(ether_len > 0);
    data += ether_len;
    len -= (uint32_t)ether_len;
    if (sent->ether.type == WIRE_ETHER_TYPE_IPV4) {
        struct wire_ipv4 ip;

        assert_int_equal(wire_ipv4_parse(&ip, data, len), WIRE_IPV4_LEN);
        if (ip.proto != WIRE_PROTO_TCP) {
            return NULL;
        }
        assert_true(ip.csum_ok);
        assert_true(ip.df);
        assert_true(ip.id >= 0x8000);
        sent->src = ip.src;
        sent->dst = ip.dst;
        sent->ip_id = ip.id;
        sent->ttl = ip.ttl;
        sent->tos = ip.tos;
        *tcp_len = ip.payload_len;
        return data + WIRE_IPV4_LEN;
    }
    if (sent->ether.type == WIRE_ETHER_TYPE_IPV6) {
        struct wire_ipv6 ip;

        assert_int_equal(wire_ipv6_parse(&ip, data, len), WIRE_IPV6_LEN);
        sent->src = ip.src;
        sent->dst = ip.dst;
        sent->flow_label = ip.flow_label;
        sent->ttl = ip.hop_limit;
        sent->tos = ip.traffic_class;
        *tcp_len = ip.payload_len;
        return data + WIRE_IPV6_LEN;
    }
    return NULL;
}

static void check_checksum(const struct t_wire *wire, const struct toe_frame *frame,
                           const struct t_wire_sent *sent, const uint8_t *tcp, uint32_t tcp_len)
{
    const uint64_t pseudo = wire_csum_pseudo(&sent->src, &sent->dst, WIRE_PROTO_TCP, tcp_len);

    if (!wire->has_partial) {
        assert_int_equal(wire_csum_fold(wire_csum_add(pseudo, tcp, tcp_len)), 0);
        return;
    }
    assert_int_equal(frame->flags, TOE_FRAME_CSUM_PARTIAL);
    assert_int_equal(frame->csum_start, tcp - frame->data);
    assert_int_equal(frame->csum_off, WIRE_TCP_CSUM_OFF);
    assert_int_equal(wire_load_u16(tcp + WIRE_TCP_CSUM_OFF), wire_csum_seed(pseudo));
}

/* Makes |whole| what |frame| is, in one piece. */
static const struct toe_frame *gather(struct t_wire *wire, struct toe_frame *whole,
                                      const struct toe_frame *frame)
{
    if (frame->more_cnt == 0) {
        return frame;
    }
    assert_true((wire->ops.features & TOE_WIRE_GATHER) != 0);
    *whole = *frame;
    whole->data = wire->sent;
    whole->more_cnt = 0;
    memcpy(wire->sent, frame->data, frame->len);
    for (uint32_t i = 0; i < frame->more_cnt; ++i) {
        assert_true(whole->len + frame->more[i].len <= T_WIRE_FRAME_MAX);
        memcpy(wire->sent + whole->len, frame->more[i].base, frame->more[i].len);
        whole->len += (uint32_t)frame->more[i].len;
    }
    ++wire->gathered_cnt;
    return whole;
}

static void record(struct t_wire *wire, const struct toe_frame *frame)
{
    struct t_wire_sent sent;
    uint32_t tcp_len = 0;
    const uint8_t *tcp;
    char flags[8];

    memset(&sent, 0, sizeof(sent));
    if (frame->len < WIRE_ETHER_LEN + WIRE_IPV4_LEN) {
        t_log_add(wire->log, T_LOG_WIRE, "frame(%u)", frame->len);
        return;
    }
    tcp = parse_ip(&sent, frame->data, frame->len, &tcp_len);
    if (tcp == NULL) {
        t_log_add(wire->log, T_LOG_WIRE, "frame(%u)", frame->len);
        return;
    }
    assert_true(wire_tcp_parse(&sent.seg, tcp, tcp_len) > 0);
    check_checksum(wire, frame, &sent, tcp, tcp_len);
    assert_int_equal(sent.seg.flags & TCP_URG, 0);
    for (uint32_t i = 0; i < sent.seg.payload_len && !wire->is_unchecked; ++i) {
        if (sent.seg.payload[i] != t_wire_byte(sent.seg.seq.v + i)) {
            fail_msg("wrong byte sent at sequence number %u", sent.seg.seq.v + i);
        }
    }
    sent.seg.payload = NULL;
    sent.gso_size = frame->gso_size;
    wire->last = sent;
    ++wire->sent_cnt;
    wire->data_cnt += sent.seg.payload_len > 0;
    t_log_add(wire->log, T_LOG_WIRE, "[%u+%u %s %u]", sent.seg.seq.v, sent.seg.payload_len,
              flags_text(sent.seg.flags, flags), sent.seg.ack.v);
}

static void transmit(void *ctx, const struct toe_frame *frames, uint32_t cnt)
{
    assert_true(cnt > 0);
    for (uint32_t i = 0; i < cnt; ++i) {
        struct toe_frame whole;

        record(ctx, gather(ctx, &whole, &frames[i]));
    }
}

void t_wire_init(struct t_wire *wire, struct t_log *log, uint32_t features)
{
    memset(wire, 0, sizeof(*wire));
    wire->ops = (struct toe_wire_ops){
        .size = sizeof(wire->ops),
        .features = features,
        .receive = receive,
        .transmit = transmit,
    };
    wire->log = log;
    wire->has_partial = (features & TOE_WIRE_CSUM) != 0;
}

void t_wire_fini(struct t_wire *wire)
{
    struct t_wire_block *block;

    while ((block = LIST_FIRST(&wire->blocks)) != NULL) {
        assert_int_equal(block->lease.shares, 1);
        on_over(&block->lease);
    }
    wire->in_cnt = 0;
    wire->in_head = 0;
}

uint32_t t_wire_leased_cnt(const struct t_wire *wire)
{
    const struct t_wire_block *block;
    uint32_t cnt = 0;

    LIST_FOREACH(block, &wire->blocks, node)
    {
        ++cnt;
    }
    for (uint32_t i = 0; i < wire->in_cnt; ++i) {
        cnt -= wire->in[i] != NULL && wire->in[i]->lease.shares == 1;
    }
    return cnt;
}

void t_wire_push(struct t_wire *wire, const uint8_t *data, uint32_t len)
{
    struct t_wire_block *copy;

    if (wire->in_head == wire->in_cnt) {
        give_up(wire);
        wire->in_cnt = 0;
        wire->in_head = 0;
    }
    if (wire->in_cnt == T_WIRE_IN_MAX) {
        fail_msg("too many frames at once");
    }
    copy = malloc(sizeof(*copy) + len);
    assert_non_null(copy);
    copy->lease = (struct toe_lease){.shares = 1, .over = on_over};
    LIST_INSERT_HEAD(&wire->blocks, copy, node);
    memcpy(copy->bytes, data, len);
    wire->in[wire->in_cnt] = copy;
    wire->in_frames[wire->in_cnt] =
        (struct toe_frame){.data = copy->bytes, .len = len, .lease = &copy->lease};
    ++wire->in_cnt;
}

static uint32_t build_ip(uint8_t *out, const struct t_wire_addr *addr, uint32_t tcp_len)
{
    if (addr->src.family == 4) {
        const struct wire_ipv4 ip = {
            .src = addr->src,
            .dst = addr->dst,
            .payload_len = (uint16_t)tcp_len,
            .id = 1,
            .tos = addr->tos,
            .ttl = 64,
            .proto = WIRE_PROTO_TCP,
            .df = true,
        };

        return (uint32_t)wire_ipv4_build(out, WIRE_IPV4_LEN, &ip);
    } else {
        const struct wire_ipv6 ip = {
            .src = addr->src,
            .dst = addr->dst,
            .payload_len = (uint16_t)tcp_len,
            .traffic_class = addr->tos,
            .next_header = WIRE_PROTO_TCP,
            .hop_limit = 64,
        };

        return (uint32_t)wire_ipv6_build(out, WIRE_IPV6_LEN, &ip);
    }
}

uint32_t t_wire_build(uint8_t *out, const struct t_wire_addr *addr, const struct tcp_segment *seg,
                      const uint8_t *text)
{
    struct wire_ether ether = addr->ether;
    const uint32_t header_len = (uint32_t)wire_tcp_header_len(seg);
    const uint32_t tcp_len = header_len + seg->payload_len;
    uint32_t at;
    uint64_t sum;

    ether.type = addr->src.family == 4 ? WIRE_ETHER_TYPE_IPV4 : WIRE_ETHER_TYPE_IPV6;
    at = (uint32_t)wire_ether_build(out, WIRE_ETHER_LEN_MAX, &ether);
    at += build_ip(out + at, addr, tcp_len);
    (void)wire_tcp_build(out + at, WIRE_TCP_LEN_MAX, seg);
    if (seg->payload_len > 0) {
        memcpy(out + at + header_len, text, seg->payload_len);
    }
    sum = wire_csum_pseudo(&addr->src, &addr->dst, WIRE_PROTO_TCP, tcp_len);
    wire_store_u16(out + at + WIRE_TCP_CSUM_OFF,
                   wire_csum_fold(wire_csum_add(sum, out + at, tcp_len)));
    return at + tcp_len;
}
