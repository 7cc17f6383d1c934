/* SPDX-License-Identifier: MIT */
#include "target/egress.h"

#include "base/assert.h"
#include "base/mem.h"
#include "target/head.h"
#include "target/instance.h"
#include "target/object.h"
#include "target/reach.h"
#include "target/worth.h"
#include "tcp/engine.h"
#include "wire/checksum.h"
#include "wire/plain.h"

#include <string.h>

#define IP_ID_FIRST 0x8000u

/* Text that is not copied: so much of it, in so many pieces. */
#define GATHER_MIN 4096u
#define GATHER_PIECES 16u

/* What of the text of a tcp_out comes next, as far as it lies in one piece. */
struct text {
    const uint8_t *at;
    uint32_t len;
};

int target_egress_init(struct target_egress *egress, const struct toe_mem *mem)
{
    egress->ip_id = IP_ID_FIRST;
    egress->epoch = 1;
    egress->room = base_mem_alloc(mem, TARGET_EGRESS_ROOM);
    return egress->room != NULL ? 0 : -1;
}

void target_egress_fini(struct target_egress *egress, const struct toe_mem *mem)
{
    base_mem_free(mem, egress->room, TARGET_EGRESS_ROOM);
}

/* The identifications of |cnt| packets in a row, none of which leaves the upper half. */
static uint16_t take_ip_id(struct target_egress *egress, uint32_t cnt)
{
    uint32_t id = egress->ip_id;

    if (id + cnt - 1 > UINT16_MAX) {
        id = IP_ID_FIRST;
    }
    egress->ip_id = id + cnt > UINT16_MAX ? IP_ID_FIRST : (uint16_t)(id + cnt);
    return (uint16_t)id;
}

static bool takes_super(const struct toe_target *target)
{
    const uint32_t needed = TOE_WIRE_CSUM | TOE_WIRE_TSO;

    /* The length in an 802.3 header would be that of the super-segment. */
    return (target->wire.features & needed) == needed && !target_is_snap(target);
}

/* Whether |len| bytes of text may stay where they are. */
static bool takes_pieces(const struct toe_target *target, uint32_t len)
{
    const uint32_t needed = TOE_WIRE_CSUM | TOE_WIRE_GATHER;

    return len >= GATHER_MIN && (target->wire.features & needed) == needed;
}

/* Copies |len| bytes of the text from |off| on, and sums them if |sum| is wanted. */
static bool read_text(struct tcp_conn *conn, struct text *text, uint8_t *dst, uint32_t off,
                      uint32_t len, uint64_t *sum)
{
    if (text->len < len) {
        text->len = 0;
        return tcp_send_read(conn, dst, off, len, sum);
    }
    if (sum != NULL) {
        *sum = wire_csum_copy(dst, text->at, len, 0);
    } else {
        memcpy(dst, text->at, len);
    }
    text->at += len;
    text->len -= len;
    return true;
}

/* Where a frame is made that needs up to |len| bytes. */
static uint8_t *room_for(struct toe_target *target, uint32_t len)
{
    struct target_egress *egress = &target->egress;

    if (egress->cnt == TARGET_EGRESS_MAX || len > TARGET_EGRESS_ROOM - egress->used) {
        target_egress_flush(target);
    }
    return egress->room + egress->used;
}

/* What is being put out: a tcp_out, the headers of its frames, and how far it is. */
struct progress {
    const struct tcp_out *out;
    struct target_head head;
    struct text text;
    uint32_t done; /* bytes of the text, */
    uint32_t cnt;  /* and segments */
};

/* Queues the frame of |len| bytes that was made at |data|. The wire completes the checksum of what
 * begins at |csum_start|, unless that is zero. */
static struct toe_frame *push_frame(struct target_egress *egress, const uint8_t *data, uint32_t len,
                                    uint32_t csum_start)
{
    struct toe_frame *frame = &egress->frames[egress->cnt++];

    *frame = (struct toe_frame){.data = data, .len = len};
    if (csum_start != 0) {
        frame->flags = TOE_FRAME_CSUM_PARTIAL;
        frame->csum_start = (uint16_t)csum_start;
        frame->csum_off = WIRE_TCP_CSUM_OFF;
    }
    egress->used += (len + 63) / 64 * 64;
    return frame;
}

/* Completes the headers at |data| of the next |cnt| segments, and queues their frame, of whose text
 * |len| bytes lie behind them. */
static struct toe_frame *finish_frame(struct target_egress *egress, const struct progress *p,
                                      uint8_t *data, uint32_t len, uint32_t cnt, uint64_t sum)
{
    struct toe_frame *frame;

    target_head_finish(data, &p->head, toe_seq_add(p->out->seg.seq, p->done),
                       p->head.is_ipv4 ? take_ip_id(egress, cnt) : 0, sum);
    frame = push_frame(egress, data, p->head.len + len, p->head.is_partial ? p->head.tcp_off : 0);
    if (cnt > 1) {
        frame->gso = p->head.is_ipv4 ? TOE_GSO_TCP4 : TOE_GSO_TCP6;
        frame->gso_size = p->out->mss;
    }
    return frame;
}

/* Makes frames of |len| bytes of text, each |cnt| segments, up to |end| of it; false if that cannot
 * be mapped. */
static bool emit_frames(struct toe_target *target, struct target_tcp *tcp, struct progress *p,
                        uint32_t len, uint32_t end, uint32_t cnt)
{
    struct target_egress *egress = &target->egress;

    do {
        uint8_t *data = room_for(target, TARGET_HEAD_LEN_MAX + len);
        uint64_t sum = 0;

        target_head_copy(data, &p->head);
        if (len > 0 &&
            !read_text(&tcp->conn, &p->text, data + p->head.len, p->out->text_off + p->done, len,
                       p->head.is_partial ? NULL : &sum)) {
            return false;
        }
        (void)finish_frame(egress, p, data, len, cnt, sum);
        p->done += len;
        p->cnt += cnt;
    } while (p->done < end);
    return true;
}

/* Describes |len| bytes of the text from |off| on where they lie; returns in how many pieces, or 0
 * if these are too many, or cannot be mapped. */
static uint32_t map_text(struct tcp_conn *conn, struct toe_iov *pieces, uint32_t off, uint32_t len)
{
    uint32_t cnt = 0;

    while (len > 0 && cnt < GATHER_PIECES) {
        const uint8_t *data = NULL;
        const uint32_t run = tcp_send_map(conn, &data, off, len);

        if (run == 0) {
            return 0;
        }
        pieces[cnt++] = (struct toe_iov){data, run};
        off += run;
        len -= run;
    }
    return len == 0 ? cnt : 0;
}

/*
 * Makes one frame of |cnt| segments whose |len| bytes of text stay where they are, if the wire
 * gathers them. It goes at once, as long as they are there. Returns false if they are to be copied.
 */
static bool emit_gathered(struct toe_target *target, struct target_tcp *tcp, struct progress *p,
                          uint32_t len, uint32_t cnt)
{
    struct toe_iov pieces[GATHER_PIECES];
    struct toe_frame *frame;
    uint32_t piece_cnt;
    uint8_t *data;

    if (!takes_pieces(target, len)) {
        return false;
    }
    piece_cnt = map_text(&tcp->conn, pieces, p->out->text_off + p->done, len);
    if (piece_cnt == 0) {
        return false;
    }
    data = room_for(target, TARGET_HEAD_LEN_MAX);
    target_head_copy(data, &p->head);
    frame = finish_frame(&target->egress, p, data, 0, cnt, 0);
    frame->more = pieces;
    frame->more_cnt = piece_cnt;
    target_egress_flush(target);
    p->done += len;
    p->cnt += cnt;
    return true;
}

/* Counts what was put out of |out|: |cnt| segments with |len| bytes of text, each behind |head_len|
 * bytes of IP and TCP header. */
static void count(struct toe_target *target, struct target_tcp *tcp, const struct tcp_out *out,
                  uint32_t cnt, uint32_t len, uint32_t head_len)
{
    const uint32_t repeated = out->is_retransmission ? cnt : out->has_repeated;
    const int version = tcp->path->constant.src.family == 6;
    struct toe_tcp_stats *stats = &target->stats.tcp[version];

    stats->retransmitted_segments += repeated; /* IOS-064, IOS-065 */
    stats->out_segments += out->is_retransmission ? 0 : cnt;
    stats->out_resets += (out->seg.flags & TCP_RST) != 0;
    target->stats.ip[version].out_requests += cnt;
    target->stats.ip[version].out_octets += (uint64_t)cnt * head_len + len;
    if (tcp->worth != NULL) {
        target_worth_sent(tcp, len, cnt, repeated);
    }
}

/* Puts out |out|, one frame with |text|, all of it in one piece. */
static void emit_single(struct toe_target *target, struct target_tcp *tcp,
                        const struct tcp_out *out, const uint8_t *text)
{
    struct target_egress *egress = &target->egress;
    const struct tcp_segment *seg = &out->seg;
    const struct target_front *front = target_front_of(tcp, seg->ecn);
    const bool is_partial = (target->wire.features & TOE_WIRE_CSUM) != 0;
    const uint32_t len = front->len + wire_plain_len(seg);
    uint8_t *data = room_for(target, TARGET_HEAD_LEN_MAX + seg->payload_len);
    uint64_t sum = 0;

    memcpy(data, front->bytes, sizeof(front->bytes)); /* all there is room for, before the text */
    if (seg->payload_len > 0 && is_partial) {
        memcpy(data + len, text, seg->payload_len);
    } else if (seg->payload_len > 0) {
        sum = wire_csum_copy(data + len, text, seg->payload_len, 0);
    }
    target_head_put(data, front, tcp, seg, front->key.is_ipv4 ? take_ip_id(egress, 1) : 0, sum);
    push_frame(egress, data, len + seg->payload_len, is_partial ? front->len : 0);
    count(target, tcp, out, 1, seg->payload_len, len - front->ip_off);
}

/* Puts out |out|, a pure acknowledgment. The first of a connection is one like any other. */
static void emit_pure(struct toe_target *target, struct target_tcp *tcp, const struct tcp_out *out)
{
    struct target_egress *egress = &target->egress;
    struct target_head *head = &egress->pure;
    uint8_t *data;

    if (egress->pure_of != tcp) {
        egress->pure_of = tcp;
        egress->pure_epoch = 0;
        emit_single(target, tcp, out, NULL);
        return;
    }
    if (egress->pure_epoch != egress->epoch) {
        egress->pure_epoch = egress->epoch;
        target_head_build_pure(head, tcp, &out->seg);
    }
    data = room_for(target, TARGET_HEAD_LEN_MAX);
    target_head_acknowledge(head, &out->seg);
    target_head_copy(data, head);
    target_head_finish(data, head, out->seg.seq, head->is_ipv4 ? take_ip_id(egress, 1) : 0, 0);
    push_frame(egress, data, head->len, head->is_partial ? head->tcp_off : 0);
    count(target, tcp, out, 1, 0, head->len - head->ip_off);
}

/* Puts out |out|, of whose text |text| is the beginning. */
static void emit_all(struct toe_target *target, struct target_tcp *tcp, const struct tcp_out *out,
                     struct text text)
{
    const uint32_t len = out->seg.payload_len;
    const uint32_t cnt = tcp_out_cnt(out);
    const bool is_cut = cnt > 1 && !takes_super(target);
    const uint32_t before = is_cut ? (cnt - 1) * out->mss : 0; /* text before the last frame */
    struct progress p;
    bool is_mapped = true;

    p.out = out;
    p.done = 0;
    p.cnt = 0;
    p.text = text;
    target_head_build(&p.head, tcp, &out->seg);
    if (is_cut) {
        target_head_shape(&p.head, out->mss, 0);
        is_mapped = emit_frames(target, tcp, &p, out->mss, before, 1);
    }
    if (is_mapped) {
        const uint32_t last_cnt = is_cut ? 1 : cnt;

        target_head_shape(&p.head, len - before, out->seg.flags & TARGET_HEAD_FLAGS_LAST);
        is_mapped = emit_gathered(target, tcp, &p, len - before, last_cnt) ||
                    emit_frames(target, tcp, &p, len - before, len, last_cnt);
    }
    if (!is_mapped) {
        target_tcp_ready(tcp); /* The verdict is to be seen. */
    }
    count(target, tcp, out, p.cnt, p.done, p.head.len - p.head.ip_off);
}

void target_egress_emit(struct toe_target *target, struct target_tcp *tcp,
                        const struct tcp_out *out)
{
    const uint32_t len = out->seg.payload_len;
    struct text text = {NULL, 0};

    target_reach_check(target, tcp->path->neighbor);
    if (target_head_is_pure(&out->seg)) {
        emit_pure(target, tcp, out);
        return;
    }
    if (len > 0) {
        text.len = tcp_send_map(&tcp->conn, &text.at, out->text_off, len);
    }
    if (text.len == len && len <= out->mss && wire_plain_suits(&out->seg) &&
        !takes_pieces(target, len)) {
        emit_single(target, tcp, out, text.at);
    } else {
        emit_all(target, tcp, out, text);
    }
}

bool target_egress_run(struct toe_target *target, struct target_tcp *tcp)
{
    struct tcp_out out;

    for (uint32_t cnt = 0; target_tcp_can_transmit(tcp); cnt += tcp_out_cnt(&out)) {
        if (cnt >= TARGET_BURST_MAX) {
            return false;
        }
        if (!tcp_output(&tcp->conn, &out, target->now)) {
            return true;
        }
        target_egress_emit(target, tcp, &out);
        if (out.is_last) {
            return true;
        }
    }
    return true;
}

void target_egress_flush(struct toe_target *target)
{
    struct target_egress *egress = &target->egress;

    if (egress->cnt > 0) {
        target->wire.transmit(target->settings.wire_user, egress->frames, egress->cnt);
    }
    egress->cnt = 0;
    egress->used = 0;
}
