/* SPDX-License-Identifier: MIT */
/*
 * The wire and the peer at its other end.
 *
 * What the target sends is parsed, guarded and recorded; what the peer sends is crafted from the
 * script's text and what the peer knows of the connection.
 */
#include "inside.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

uint8_t cert_byte_out(const struct cert_conn *conn, uint32_t seq)
{
    return (uint8_t)(seq * 31 + (seq >> 8) * 7 + 3 + conn->idx);
}

uint8_t cert_byte_in(const struct cert_conn *conn, uint32_t seq)
{
    return (uint8_t)(seq * 13 + (seq >> 8) * 5 + 1 + conn->idx);
}

/* --- what the target sends --- */

void cert_entry_seg(struct cert_entry *entry, const struct cert_seg *seg)
{
    entry->seg.seq = seg->seq;
    entry->seg.ack = seg->ack;
    entry->seg.len = seg->len;
    entry->seg.wnd = seg->wnd;
    entry->seg.flags = seg->flags;
    entry->seg.has_ts = seg->has_ts;
    entry->seg.ts_val = seg->ts_val;
    entry->seg.ts_ecr = seg->ts_ecr;
    entry->seg.sack_cnt = seg->sack_cnt;
    memcpy(entry->seg.sack, seg->sack, sizeof(seg->sack));
    entry->seg.flow_label = seg->flow_label;
    entry->seg.ip_id = seg->ip_id;
    entry->seg.ttl = seg->ttl;
    entry->seg.tos = seg->tos;
    entry->seg.has_vlan = seg->has_vlan;
    entry->seg.vlan_id = seg->vlan_id;
    entry->seg.priority = seg->priority;
    entry->seg.has_snap = seg->has_snap;
    memcpy(entry->seg.dst_mac, seg->dst_mac, TOE_MAC_LEN);
}

static struct cert_conn *find_conn(struct cert *c, uint16_t local, const struct toe_addr *src)
{
    struct cert_conn *conn = c->inside->by_port[local];

    if (conn == NULL || memcmp(&conn->path->state.constant.src, src, sizeof(*src)) != 0) {
        return NULL;
    }
    return conn;
}

/* The block of |peer| that [begin, end) belongs to comes first, with what it touches (RFC 2018, 4).
 */
static void keep_block(struct cert_peer *peer, uint32_t begin, uint32_t end)
{
    uint32_t cnt = 1;
    uint32_t blocks[CERT_SACK_MAX][2];

    for (uint32_t i = 0; i < peer->sack_cnt; ++i) {
        const uint32_t *b = peer->sack[i];

        if ((int32_t)(b[0] - end) <= 0 && (int32_t)(begin - b[1]) <= 0) {
            begin = (int32_t)(b[0] - begin) < 0 ? b[0] : begin;
            end = (int32_t)(b[1] - end) > 0 ? b[1] : end;
        } else if (cnt < CERT_SACK_MAX) {
            memcpy(blocks[cnt++], b, sizeof(blocks[0]));
        }
    }
    blocks[0][0] = begin;
    blocks[0][1] = end;
    memcpy(peer->sack, blocks, cnt * sizeof(blocks[0]));
    peer->sack_cnt = (uint8_t)cnt;
}

/* Blocks that the cumulative acknowledgment has reached are part of it. */
static void drop_blocks(struct cert_peer *peer)
{
    uint8_t i = 0;

    while (i < peer->sack_cnt) {
        if ((int32_t)(peer->sack[i][0] - peer->rcv_nxt) > 0) {
            ++i;
            continue;
        }
        if ((int32_t)(peer->sack[i][1] - peer->rcv_nxt) > 0) {
            peer->rcv_nxt = peer->sack[i][1];
        }
        --peer->sack_cnt;
        memmove(peer->sack[i], peer->sack[i + 1], (peer->sack_cnt - i) * sizeof(peer->sack[0]));
        i = 0; /* it may reach another one now */
    }
}

/*
 * The peer's own acknowledgments, each |acks_after| ms behind the data. Without |sacks| it forgets
 * what comes out of order.
 */
static void answer(struct cert *c, struct cert_conn *conn, const struct cert_entry *entry)
{
    struct cert_peer *peer = &conn->peer;
    struct cert_later later = {.conn = conn};
    uint32_t end = entry->seg.seq + entry->seg.len;

    end += (entry->seg.flags & CERT_FIN) != 0;
    if (end == entry->seg.seq) {
        return;
    }
    if ((int32_t)(entry->seg.seq - peer->rcv_nxt) <= 0 && (int32_t)(end - peer->rcv_nxt) > 0) {
        peer->rcv_nxt = end;
    } else if (peer->sacks && (int32_t)(entry->seg.seq - peer->rcv_nxt) > 0) {
        keep_block(peer, entry->seg.seq, end);
    }
    drop_blocks(peer);
    later.at = c->now + peer->acks_after * TOE_NS_PER_MS;
    later.ack = peer->rcv_nxt;
    later.sack_cnt = peer->sack_cnt;
    memcpy(later.sack, peer->sack, sizeof(later.sack));
    cert_later_add(c, &later);
}

static void record_segment(struct cert *c, const struct cert_seg *seg, const char *broken)
{
    struct cert_conn *conn = find_conn(c, seg->src_port, &seg->src);
    struct cert_conn *const current = c->conn;
    struct cert_entry *entry;
    char text[CERT_TEXT_MAX];

    cert_craft_text(text, sizeof(text), seg);
    entry = cert_chart_add(c->chart, CERT_SEG_OUT, c->now, "%s", text);
    entry->run = c->inside->run;
    cert_entry_seg(entry, seg);
    if (broken[0] != '\0') {
        cert_violate(c, NULL, "%s", broken);
    }
    if (conn == NULL) {
        cert_violate(c, "RFC-111", "a segment from a connection nobody offloaded: %s", text);
        return;
    }
    entry->conn = conn->idx;
    cert_guard_segment(c, conn, seg);
    c->conn = conn;
    if (c->loses == NULL || !c->loses(c, entry)) {
        if (seg->has_ts) {
            conn->peer.ts_ecr = seg->ts_val;
        }
        if (c->on_segment != NULL) {
            c->on_segment(c, entry);
        }
        if (conn->peer.acks) {
            answer(c, conn, entry);
        }
    }
    c->conn = current;
}

/* A frame whole, whatever pieces it came in. */
static uint32_t flatten(uint8_t *out, const struct toe_frame *frame)
{
    uint32_t len = frame->len < CERT_FRAME_MAX ? frame->len : CERT_FRAME_MAX;

    memcpy(out, frame->data, len);
    for (uint32_t i = 0; i < frame->more_cnt; ++i) {
        if (len + frame->more[i].len > CERT_FRAME_MAX) {
            break;
        }
        memcpy(out + len, frame->more[i].base, frame->more[i].len);
        len += (uint32_t)frame->more[i].len;
    }
    return len;
}

static void transmit(void *wire, const struct toe_frame *frames, uint32_t cnt)
{
    static uint8_t data[CERT_FRAME_MAX];
    struct cert *c = wire;
    struct cert_seg seg;
    char broken[256];

    if (!c->inside->in_run && !c->inside->in_transmit) {
        cert_violate(c, "ARCH-7", "the target sends outside of run() and transmit()");
    }
    for (uint32_t i = 0; i < cnt; ++i) {
        const uint32_t len = flatten(data, &frames[i]);

        cert_guard_flood(c);
        if (frames[i].gso != TOE_GSO_NONE || (frames[i].flags & TOE_FRAME_CSUM_PARTIAL)) {
            cert_violate(c, "RFC-022", "a frame that leaves work to a wire that does none");
        }
        if (!c->inside->in_transmit &&
            cert_craft_parse(&seg, broken, sizeof(broken), data, len) == CERT_CRAFT_TCP) {
            record_segment(c, &seg, broken);
        } else {
            struct cert_entry *entry =
                cert_chart_add(c->chart, CERT_FRAME_OUT, c->now, "a frame of %u bytes", len);

            entry->bytes = len;
            if (!c->inside->in_transmit) {
                cert_violate(c, "ARCH-1", "the target sends a frame that is not TCP");
            }
        }
    }
}

/* --- what arrives --- */

static uint32_t receive(void *wire, struct toe_frame *frames, uint32_t max)
{
    struct cert *c = wire;
    struct cert_inside *in = c->inside;
    uint32_t cnt = 0;

    for (uint32_t i = 0; i < in->fetched_cnt; ++i) {
        free(in->fetched[i]);
    }
    in->fetched_cnt = 0;
    while (cnt < max && cnt < 256 && in->arrival_head < in->arrival_cnt) {
        const struct cert_arrival *arrival = &in->arrivals[in->arrival_head++];

        frames[cnt] = (struct toe_frame){.data = arrival->data, .len = arrival->len};
        in->fetched[in->fetched_cnt++] = arrival->data;
        ++cnt;
    }
    return cnt;
}

static bool link_up(void *wire)
{
    const struct cert *c = wire;

    return !c->link_down;
}

void cert_tap_init(struct cert *c)
{
    c->inside->wire = (struct toe_wire_ops){
        .size = sizeof(c->inside->wire),
        .receive = receive,
        .transmit = transmit,
        .link_up = link_up,
    };
}

static void push(struct cert *c, const void *data, uint32_t len)
{
    struct cert_inside *in = c->inside;

    if (c->link_down) {
        return;
    }
    if (in->arrival_head == in->arrival_cnt) {
        in->arrival_head = 0;
        in->arrival_cnt = 0;
    }
    if (in->arrival_cnt == in->arrival_room) {
        in->arrival_room = in->arrival_room == 0 ? 256 : 2 * in->arrival_room;
        in->arrivals = realloc(in->arrivals, in->arrival_room * sizeof(struct cert_arrival));
        cert_require(c, in->arrivals != NULL);
    }
    in->arrivals[in->arrival_cnt].data = cert_alloc(len);
    memcpy(in->arrivals[in->arrival_cnt].data, data, len);
    in->arrivals[in->arrival_cnt++].len = len;
}

void cert_peer_frame(struct cert *c, const void *data, uint32_t len)
{
    (void)cert_chart_add(c->chart, CERT_FRAME_IN, c->now, "a frame of %u bytes", len);
    push(c, data, len);
}

void cert_host_frame(struct cert *c, const void *data, uint32_t len)
{
    const struct toe_frame frame = {.data = data, .len = len};

    (void)cert_chart_add(c->chart, CERT_CALL, c->now, "transmit(a frame of %u bytes)", len);
    c->inside->in_transmit = true;
    c->ops->transmit(c->target, &frame, 1);
    c->inside->in_transmit = false;
}

void cert_peer_init(struct cert *c, struct cert_seg *seg)
{
    const struct cert_conn *conn = c->conn;
    const struct cert_peer *peer = &conn->peer;
    const struct toe_neighbor_state *neighbor = &conn->path->neighbor->state;
    static const uint8_t none[TOE_MAC_LEN];

    memset(seg, 0, sizeof(*seg));
    memcpy(seg->src_mac, neighbor->cached.dst_mac, TOE_MAC_LEN);
    memcpy(seg->dst_mac,
           memcmp(neighbor->constant.src_mac, none, TOE_MAC_LEN) == 0 ? c->settings.mac
                                                                      : neighbor->constant.src_mac,
           TOE_MAC_LEN);
    seg->has_vlan = neighbor->constant.vlan_id != 0;
    seg->vlan_id = neighbor->constant.vlan_id;
    seg->has_snap = c->params.encapsulation == TOE_ENCAPSULATION_SNAP;
    seg->src = conn->path->state.constant.dst;
    seg->dst = conn->path->state.constant.src;
    seg->ttl = 64;
    seg->df = true;
    seg->ip_id = 1;
    seg->src_port = conn->state.constant.remote_port;
    seg->dst_port = conn->state.constant.local_port;
    seg->seq = peer->nxt;
    seg->ack = peer->ack;
    seg->wnd = peer->wnd;
    seg->flags = CERT_ACK;
    if (conn->state.constant.flags & TOE_TCP_TIMESTAMPS) {
        const uint64_t ticks =
            (c->now - CERT_EPOCH) / (TOE_NS_PER_SEC / c->params.ticks_per_second);

        seg->has_ts = true;
        seg->ts_val = peer->ts_val != 0 ? peer->ts_val : peer->ts_base + (uint32_t)ticks;
        seg->ts_ecr = peer->ts_ecr;
    }
}

/* |seg| is what the peer would send by |pattern|: defaults where it says nothing. */
void cert_tap_seg(struct cert *c, const struct cert_pattern *pattern, struct cert_seg *seg)
{
    const struct cert_seg *said = &pattern->seg;
    const uint32_t has = pattern->has;

    cert_peer_init(c, seg);
    seg->seq = has & CERT_HAS_SEQ ? said->seq : seg->seq;
    seg->ack = has & CERT_HAS_ACK ? said->ack : seg->ack;
    seg->wnd = has & CERT_HAS_WND ? said->wnd : seg->wnd;
    seg->len = said->len;
    seg->urgent = said->urgent;
    seg->flags = (uint8_t)((seg->flags | pattern->flags_on) & ~pattern->flags_off);
    seg->has_ts = (seg->has_ts || said->has_ts) && !(has & CERT_HAS_NO_TS);
    seg->ts_val = has & CERT_HAS_TS_VAL ? said->ts_val : seg->ts_val;
    seg->ts_ecr = has & CERT_HAS_TS_ECR ? said->ts_ecr : seg->ts_ecr;
    seg->sack_cnt = said->sack_cnt;
    memcpy(seg->sack, said->sack, sizeof(seg->sack));
    seg->ttl = has & CERT_HAS_TTL ? said->ttl : seg->ttl;
    seg->tos = said->tos;
    seg->flow_label = said->flow_label;
    seg->ip_id = has & CERT_HAS_ID ? said->ip_id : seg->ip_id;
    if (has & (CERT_HAS_VLAN | CERT_HAS_NO_VLAN)) {
        seg->has_vlan = said->has_vlan;
        seg->vlan_id = said->vlan_id;
    }
    seg->priority = said->priority;
    if (has & CERT_HAS_MAC) {
        seg->dst_mac[5] = pattern->mac;
    }
    seg->df = has & CERT_HAS_DF ? said->df : seg->df && !said->mf && said->frag_off == 0;
    seg->mf = said->mf;
    seg->frag_off = said->frag_off;
    seg->reserved = said->reserved;
    seg->bad = said->bad;
}

/* The peer remembers what it said. */
static void remember(struct cert_conn *conn, const struct cert_seg *seg)
{
    struct cert_peer *peer = &conn->peer;
    uint32_t end = seg->seq + seg->len + ((seg->flags & (CERT_FIN | CERT_SYN)) != 0);

    if (seg->bad != 0 || seg->mf || seg->frag_off != 0) {
        return;
    }
    if (seg->flags & CERT_FIN) {
        peer->has_fin = true;
        peer->fin = seg->seq + seg->len;
    }
    /* Only what lies close: a segment far off is not part of the stream. */
    if ((int32_t)(end - peer->nxt) > 0 && (seg->len > 0 || (seg->flags & CERT_FIN)) &&
        (int32_t)(seg->seq - peer->nxt) <= 1 << 20) {
        peer->nxt = end;
    }
    if ((seg->flags & CERT_ACK) && (int32_t)(seg->ack - peer->acked) > 0 &&
        (int32_t)(seg->ack - conn->snd_next - 1) <= 0) {
        peer->acked = seg->ack;
        peer->ack = seg->ack;
    }
    if (!(seg->flags & CERT_RST)) {
        peer->wnd = seg->wnd;
    }
}

static const uint8_t *stream_in(const struct cert_conn *conn, uint32_t seq, uint32_t len)
{
    static uint8_t text[CERT_FRAME_MAX];

    for (uint32_t i = 0; i < len; ++i) {
        text[i] = cert_byte_in(conn, seq + i);
    }
    return text;
}

void cert_peer_seg(struct cert *c, const struct cert_seg *given)
{
    static uint8_t frame[CERT_FRAME_MAX];
    struct cert_seg seg = *given;
    struct cert_entry *entry;
    char text[CERT_TEXT_MAX];

    cert_require(c, seg.len < CERT_FRAME_MAX - 200);
    if (seg.payload == NULL) {
        seg.payload = stream_in(c->conn, seg.seq, seg.len);
    }
    cert_craft_text(text, sizeof(text), &seg);
    entry = cert_chart_add(c->chart, CERT_SEG_IN, c->now, "%s%s", text,
                           seg.bad != 0 ? " (damaged)" : "");
    entry->conn = c->conn->idx;
    cert_entry_seg(entry, &seg);
    remember(c->conn, &seg);
    push(c, frame, cert_craft_build(frame, &seg));
}

void cert_peer(struct cert *c, const char *format, ...)
{
    struct cert_pattern pattern;
    struct cert_seg seg;
    char text[512];
    const char *wrong;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    wrong = cert_script_parse(&pattern, text);
    if (wrong != NULL) {
        cert_fail(c, "the scenario is wrong: \"%s\" in \"%s\"", wrong, text);
    }
    cert_tap_seg(c, &pattern, &seg);
    cert_peer_seg(c, &seg);
}

void cert_peer_acks(struct cert *c, const struct cert_later *later)
{
    struct cert_conn *const current = c->conn;
    struct cert_seg seg;

    c->conn = later->conn;
    cert_peer_init(c, &seg);
    seg.ack = later->ack;
    seg.sack_cnt = later->sack_cnt;
    if (seg.has_ts && seg.sack_cnt > 3) {
        seg.sack_cnt = 3; /* no more options fit */
    }
    memcpy(seg.sack, later->sack, sizeof(seg.sack));
    cert_peer_seg(c, &seg);
    c->conn = current;
}

bool cert_peer_is_acked(const struct cert_conn *conn, uint32_t end)
{
    return (int32_t)(conn->peer.acked - end) >= 0;
}

void cert_peer_data(struct cert *c, uint32_t len, uint32_t mss)
{
    while (len > 0) {
        const uint32_t part = len < mss ? len : mss;

        len -= part;
        cert_peer(c, "+%u%s", part, len == 0 ? " PSH" : "");
    }
}
