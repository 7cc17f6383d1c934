/* SPDX-License-Identifier: MIT */
#include "target/head.h"

#include "target/instance.h"
#include "target/object.h"
#include "wire/bytes.h"
#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/plain.h"

void target_head_build(struct target_head *head, const struct target_tcp *tcp,
                       const struct tcp_segment *seg)
{
    const struct target_front *front = target_front_of(tcp, seg->ecn);
    uint32_t tcp_len;
    uint8_t *out;

    head->is_ipv4 = front->key.is_ipv4;
    head->is_snap = front->key.is_snap;
    head->is_partial = (tcp->target->wire.features & TOE_WIRE_CSUM) != 0;
    head->ip_off = front->ip_off;
    head->tcp_off = front->len;
    memcpy(head->bytes, front->bytes, sizeof(front->bytes));

    out = head->bytes + head->tcp_off;
    tcp_len = (uint32_t)wire_tcp_build(out, WIRE_TCP_LEN_MAX, seg);
    wire_store_u16(out, tcp->conn.constant.local_port);
    wire_store_u16(out + 2, tcp->conn.constant.remote_port);
    wire_store_u32(out + WIRE_TCP_SEQ_OFF, 0);
    out[WIRE_TCP_FLAGS_OFF] &= (uint8_t)~TARGET_HEAD_FLAGS_LAST;
    head->len = head->tcp_off + tcp_len;
    head->pseudo_sum = tcp->path->pseudo_sum;
    head->tcp_sum = wire_csum_add(head->pseudo_sum, out, tcp_len);
}

void target_head_build_pure(struct target_head *head, const struct target_tcp *tcp,
                            const struct tcp_segment *seg)
{
    const struct tcp_segment blank = {.flags = TCP_ACK, .wscale = -1, .has_ts = seg->has_ts};

    target_head_build(head, tcp, &blank);
    target_head_shape(head, 0, 0);
    head->tcp_sum = head->sum;
}

void target_head_acknowledge(struct target_head *head, const struct tcp_segment *seg)
{
    uint8_t *tcp = head->bytes + head->tcp_off;
    uint64_t sum = (uint64_t)seg->ack.v + seg->wnd;

    wire_store_u32(tcp + WIRE_TCP_ACK_OFF, seg->ack.v);
    wire_store_u16(tcp + WIRE_TCP_WND_OFF, seg->wnd);
    if (seg->has_ts) {
        wire_store_u32(tcp + WIRE_TCP_TS_OFF, seg->ts_val);
        wire_store_u32(tcp + WIRE_TCP_TS_OFF + 4, seg->ts_ecr);
        sum += (uint64_t)seg->ts_val + seg->ts_ecr;
    }
    head->sum = wire_csum_add_u64(head->tcp_sum, sum);
}

void target_head_put(uint8_t *data, const struct target_front *front, const struct target_tcp *tcp,
                     const struct tcp_segment *seg, uint16_t ip_id, uint64_t text_sum)
{
    const uint32_t tcp_len = wire_plain_len(seg) + seg->payload_len;
    uint8_t *ip = data + front->ip_off;
    uint8_t *out = data + front->len;
    uint64_t sum;

    if (front->key.is_snap) {
        wire_ether_len_set(ip, (uint16_t)(front->len - front->ip_off + tcp_len));
    }
    if (front->key.is_ipv4) {
        wire_ipv4_complete(ip, (uint16_t)tcp_len, ip_id);
    } else {
        wire_ipv6_len_set(ip, (uint16_t)tcp_len);
    }
    sum = wire_plain_put(out, tcp->conn.constant.local_port, tcp->conn.constant.remote_port, seg);
    if ((tcp->target->wire.features & TOE_WIRE_CSUM) != 0) {
        wire_store_u16(out + WIRE_TCP_CSUM_OFF,
                       wire_csum_seed(wire_csum_add_u32(tcp->path->pseudo_sum, tcp_len)));
        return;
    }
    sum = wire_csum_add_u64(tcp->path->pseudo_sum, sum + tcp_len);
    wire_store_u16(out + WIRE_TCP_CSUM_OFF, wire_csum_fold(wire_csum_add_around(sum, text_sum)));
}

void target_head_shape(struct target_head *head, uint32_t text_len, uint8_t flags)
{
    const uint32_t tcp_len = head->len - head->tcp_off + text_len;
    uint8_t *ip = head->bytes + head->ip_off;
    uint8_t *tcp = head->bytes + head->tcp_off;

    if (head->is_snap) {
        wire_ether_len_set(ip, (uint16_t)(head->tcp_off - head->ip_off + tcp_len));
    }
    if (head->is_ipv4) {
        wire_ipv4_len_set(ip, (uint16_t)tcp_len);
    } else {
        wire_ipv6_len_set(ip, (uint16_t)tcp_len);
    }
    tcp[WIRE_TCP_FLAGS_OFF] |= flags;
    head->sum = wire_csum_add_u32(head->tcp_sum, tcp_len + flags);
    if (head->is_partial) {
        wire_store_u16(tcp + WIRE_TCP_CSUM_OFF,
                       wire_csum_seed(wire_csum_add_u32(head->pseudo_sum, tcp_len)));
    }
}
