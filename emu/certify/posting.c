/* SPDX-License-Identifier: MIT */
/*
 * Buffers: those the host posts, and those of the target that it keeps for a while.
 */
#include "inside.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct cert_buf *cert_buf_of(struct toe_buf *buf)
{
    return (struct cert_buf *)((char *)buf - offsetof(struct cert_buf, buf));
}

struct cert_buf **cert_lane(struct cert_conn *conn, enum cert_op op)
{
    switch (op) {
    case CERT_RECEIVE:
        return &conn->in_head;
    case CERT_FORWARD:
        return &conn->forward_head;
    default:
        return &conn->out_head;
    }
}

void cert_lane_push(struct cert_buf *buf)
{
    struct cert_buf **link = cert_lane(buf->conn, buf->op);

    while (*link != NULL) {
        link = &(*link)->lane;
    }
    buf->lane = NULL;
    *link = buf;
}

uint8_t *cert_map(struct cert *c, const struct toe_buf *buf, uint32_t pos)
{
    for (uint32_t i = 0; i < buf->sge_cnt; ++i) {
        if (pos < buf->sge[i].len) {
            return toe_bus_map(c->settings.bus.map != NULL ? &c->settings.bus : NULL,
                               buf->sge[i].addr + pos, 1);
        }
        pos -= buf->sge[i].len;
    }
    return NULL;
}

/* One piece after another, with a gap of unlike bytes between any two. */
static void lay_out(struct cert *c, struct cert_buf *made, const uint32_t *lens, uint32_t cnt)
{
    uint32_t at = 0;

    for (uint32_t i = 0; i < cnt; ++i) {
        made->sge[i].addr = (uint64_t)(uintptr_t)(made->mem + at) + c->bus_offset;
        made->sge[i].len = lens[i];
        at += lens[i] + 1;
    }
}

struct cert_buf *cert_buf_new(struct cert *c, enum cert_op op, const uint32_t *lens, uint32_t cnt,
                              uint32_t head, uint32_t tail)
{
    struct cert_buf *made = cert_alloc(sizeof(*made));
    uint32_t total = 0;

    for (uint32_t i = 0; i < cnt; ++i) {
        total += lens[i];
    }
    made->conn = c->conn;
    made->op = op;
    made->size = total + cnt;
    made->mem = cert_alloc(made->size);
    memset(made->mem, 0xee, made->size);
    made->sge = cert_alloc(cnt * sizeof(*made->sge));
    lay_out(c, made, lens, cnt);
    made->buf.sge = made->sge;
    made->buf.sge_cnt = cnt;
    made->buf.off = head;
    made->buf.len = total - head - tail;
    made->buf.status = TOE_STATUS_PENDING;
    made->buf.owner_data[0] = made;
    made->seq = c->conn->snd_next;
    if (op == CERT_SEND || op == CERT_DISCONNECT) {
        const bool works = c->bus_fails;

        c->bus_fails = false;
        for (uint32_t i = 0; i < made->buf.len; ++i) {
            *cert_map(c, &made->buf, head + i) = cert_byte_out(c->conn, made->seq + i);
        }
        c->bus_fails = works;
        made->made = made->buf.len;
        c->conn->snd_next += made->buf.len;
    }
    made->older = c->inside->bufs;
    c->inside->bufs = made;
    return made;
}

static uint32_t mark_posted(struct cert *c, struct cert_buf *first)
{
    struct cert_conn *conn = first->conn;
    uint32_t cnt = 0;

    for (struct toe_buf *buf = &first->buf; buf != NULL; buf = buf->next) {
        struct cert_buf *one = cert_buf_of(buf);

        one->state = CERT_BUF_POSTED;
        one->want = buf->len;
        one->off = buf->off;
        cert_lane_push(one);
        (void)cert_chart_add(c->chart, CERT_CALL, c->now, "%s(%u)%s", cert_op_name(one->op),
                             buf->len, buf->flags & TOE_BUF_NO_PUSH ? " no push" : "");
        c->chart->entries[c->chart->cnt - 1].conn = conn->idx;
        ++cnt;
    }
    return cnt;
}

void cert_post(struct cert *c, struct cert_buf *first)
{
    const toe_handle handle = first->conn->handle;

    (void)mark_posted(c, first);
    switch (first->op) {
    case CERT_SEND:
        c->ops->send(c->target, handle, &first->buf);
        break;
    case CERT_RECEIVE:
        c->ops->receive(c->target, handle, &first->buf);
        break;
    case CERT_FORWARD:
        c->ops->forward(c->target, handle, &first->buf);
        break;
    default:
        cert_fail(c, "the scenario is wrong: cert_post() of a disconnect");
    }
}

void cert_repost(struct cert *c, struct cert_buf *buf)
{
    buf->buf.next = NULL;
    buf->buf.status = TOE_STATUS_PENDING;
    cert_post(c, buf);
}

struct cert_buf *cert_send_chain(struct cert *c, const uint32_t *lens, size_t cnt)
{
    struct cert_buf *first = NULL;
    struct cert_buf *last = NULL;

    for (size_t i = 0; i < cnt; ++i) {
        struct cert_buf *made = cert_buf_new(c, CERT_SEND, &lens[i], 1, 0, 0);

        if (last != NULL) {
            last->buf.next = &made->buf;
        }
        first = first == NULL ? made : first;
        last = made;
    }
    cert_post(c, first);
    return first;
}

struct cert_buf *cert_receive(struct cert *c, uint32_t len, uint32_t flags)
{
    struct cert_buf *made = cert_buf_new(c, CERT_RECEIVE, &len, 1, 0, 0);

    made->buf.flags = flags;
    cert_post(c, made);
    return made;
}

struct cert_buf *cert_disconnect(struct cert *c, enum toe_disconnect how, uint32_t len)
{
    struct cert_buf *made = cert_buf_new(c, CERT_DISCONNECT, &len, 1, 0, 0);

    if (how == TOE_DISCONNECT_ABORTIVE) {
        c->conn->aborted = true;
    } else {
        c->conn->fin_posted = true;
    }
    cert_note(c, "%s:", how == TOE_DISCONNECT_ABORTIVE ? "abortive" : "graceful");
    (void)mark_posted(c, made);
    c->ops->disconnect(c->target, c->conn->handle, &made->buf, how);
    return made;
}

struct cert_buf *cert_forward(struct cert *c, const char *format, ...)
{
    static uint8_t data[CERT_FRAME_MAX];
    static uint8_t text_in[CERT_FRAME_MAX];
    struct cert_pattern pattern;
    struct cert_seg seg;
    struct cert_buf *made;
    char text[512];
    const char *wrong;
    uint32_t len;
    uint32_t end;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    wrong = cert_script_parse(&pattern, text);
    if (wrong != NULL) {
        cert_fail(c, "the scenario is wrong: \"%s\" in \"%s\"", wrong, text);
    }
    cert_tap_seg(c, &pattern, &seg);
    for (uint32_t i = 0; i < seg.len; ++i) {
        text_in[i] = cert_byte_in(c->conn, seg.seq + i);
    }
    seg.payload = text_in;
    len = cert_craft_tcp(data, &seg);
    made = cert_buf_new(c, CERT_FORWARD, &len, 1, 0, 0);
    memcpy(made->mem, data, len);
    end = seg.seq + seg.len + ((seg.flags & CERT_FIN) != 0);
    if ((int32_t)(end - c->conn->peer.nxt) > 0) {
        c->conn->peer.nxt = end;
    }
    if ((int32_t)(seg.ack - c->conn->peer.acked) > 0) {
        c->conn->peer.acked = seg.ack;
        c->conn->peer.ack = seg.ack;
    }
    cert_note(c, "forward %s", text);
    cert_post(c, made);
    return made;
}

void cert_answer(struct cert *c, toe_status status, uint32_t consumed)
{
    cert_require(c, c->answer_cnt < CERT_ANSWER_MAX);
    c->answers[c->answer_cnt++] = (struct cert_answer){.status = status, .consumed = consumed};
}

void cert_kept_push(struct cert *c, struct toe_buf *buf, struct cert_conn *conn)
{
    struct cert_inside *in = c->inside;

    if (in->kept_cnt == in->kept_room) {
        in->kept_room = in->kept_room == 0 ? 256 : 2 * in->kept_room;
        in->kept = realloc(in->kept, in->kept_room * sizeof(struct cert_kept));
        cert_require(c, in->kept != NULL);
    }
    in->kept[in->kept_cnt++] = (struct cert_kept){.buf = buf, .conn = conn};
}

void cert_return(struct cert *c)
{
    struct cert_inside *in = c->inside;
    struct toe_buf *chain = NULL;

    if (in->kept_cnt == 0) {
        return;
    }
    for (uint32_t i = in->kept_cnt; i-- > 0;) {
        in->kept[i].buf->next = chain;
        chain = in->kept[i].buf;
    }
    in->kept_cnt = 0;
    c->ops->receive_return(c->target, chain);
}

uint32_t cert_kept(const struct cert *c)
{
    return c->inside->kept_cnt;
}
