/* SPDX-License-Identifier: MIT */
#include "tcp/sendq.h"

#include "base/assert.h"
#include "wire/checksum.h"

#include <string.h>

/* The word of toe_buf.reserved that holds the position behind the last byte of a queued buffer. */
enum { RESERVED_END = 0 };

/* A request is followed over so many buffers. */
#define AHEAD_MAX 4

static uint64_t end_of(const struct toe_buf *buf)
{
    return buf->reserved[RESERVED_END];
}

static uint64_t start_of(const struct toe_buf *buf)
{
    return end_of(buf) - buf->len;
}

/* Whether |cursor| is not behind |pos|, so that going forward leads there. */
static bool can_reach(const struct tcp_sendq_cursor *cursor, uint64_t pos)
{
    if (cursor->buf == NULL) {
        return true;
    }
    if (pos < start_of(cursor->buf)) {
        return false;
    }
    return pos - start_of(cursor->buf) + cursor->buf->off >= cursor->sge_off;
}

/*
 * The cursor from which the byte at |pos| is to be looked for. The second one is in front; a jump
 * back to before both takes the first one to the head.
 */
static struct tcp_sendq_cursor *cursor_for(struct tcp_sendq *q, uint64_t pos)
{
    if (can_reach(&q->cursors[1], pos)) {
        return &q->cursors[1];
    }
    if (!can_reach(&q->cursors[0], pos)) {
        q->cursors[0] = (struct tcp_sendq_cursor){0};
    }
    return &q->cursors[0];
}

/* Moves |cursor| forward to the entry that holds the byte at |pos|. */
static void move_to(struct tcp_sendq_cursor *cursor, const struct tcp_sendq *q, uint64_t pos)
{
    struct toe_buf *buf = cursor->buf;
    uint64_t in_list;

    if (buf == NULL) {
        buf = q->head;
    }
    while (pos >= end_of(buf)) {
        buf = buf->next;
    }
    if (buf != cursor->buf) {
        *cursor = (struct tcp_sendq_cursor){.buf = buf};
    }

    in_list = pos - start_of(buf) + buf->off;
    while (in_list - cursor->sge_off >= buf->sge[cursor->sge].len) {
        cursor->sge_off += buf->sge[cursor->sge].len;
        ++cursor->sge;
    }
    toe_assert(cursor->sge < buf->sge_cnt);
}

/* Whether |cursor| is at the entry that holds the byte at |pos|. What is too small wraps. */
static bool is_at(const struct tcp_sendq_cursor *cursor, uint64_t pos)
{
    const struct toe_buf *buf = cursor->buf;

    return buf != NULL && pos - start_of(buf) < buf->len &&
           pos - start_of(buf) + buf->off - cursor->sge_off < buf->sge[cursor->sge].len;
}

static struct tcp_sendq_cursor *find(struct tcp_sendq *q, uint64_t pos)
{
    struct tcp_sendq_cursor *cursor;

    toe_assert(pos >= q->una && pos - q->una < q->len);

    /* What is sent next is looked at several times. */
    if (is_at(&q->cursors[1], pos)) {
        return &q->cursors[1];
    }
    cursor = cursor_for(q, pos);
    move_to(cursor, q, pos);
    return cursor;
}

/* Detaches the first buffer. A cursor on it goes to the new head. */
static struct toe_buf *detach(struct tcp_sendq *q)
{
    struct toe_buf *buf = q->head;

    q->head = buf->next;
    if (q->head == NULL) {
        q->tail = NULL;
    }
    for (int i = 0; i < 2; ++i) {
        if (q->cursors[i].buf == buf) {
            q->cursors[i] = (struct tcp_sendq_cursor){0};
        }
    }
    buf->next = NULL;
    return buf;
}

void tcp_sendq_init(struct tcp_sendq *q)
{
    *q = (struct tcp_sendq){0};
}

void tcp_sendq_push(struct tcp_sendq *q, struct toe_buf *chain)
{
    if (chain == NULL) {
        return;
    }

    if (q->tail == NULL) {
        q->head = chain;
    } else {
        q->tail->next = chain;
    }
    for (struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        toe_assert(buf->len <= UINT32_MAX - q->len);
        q->len += buf->len;
        buf->reserved[RESERVED_END] = q->una + q->len;
        q->tail = buf;
    }
}

void tcp_sendq_ack(struct tcp_sendq *q, uint32_t cnt)
{
    toe_assert(cnt <= q->len);

    q->una += cnt;
    q->len -= cnt;
}

struct toe_buf *tcp_sendq_pop(struct tcp_sendq *q)
{
    struct toe_buf *done = NULL;
    struct toe_buf **link = &done;

    while (q->head != NULL && end_of(q->head) <= q->una) {
        struct toe_buf *buf = detach(q);

        buf->transferred += buf->len;
        toe_buf_advance(buf, buf->len);
        buf->status = TOE_STATUS_SUCCESS;
        *link = buf;
        link = &buf->next;
    }
    return done;
}

struct toe_buf *tcp_sendq_take(struct tcp_sendq *q)
{
    struct toe_buf *chain = q->head;

    for (struct toe_buf *buf = chain; buf != NULL && start_of(buf) < q->una; buf = buf->next) {
        const uint64_t acked = q->una - start_of(buf);
        const uint32_t cnt = acked < buf->len ? (uint32_t)acked : buf->len;

        buf->transferred += cnt;
        toe_buf_advance(buf, cnt);
    }
    tcp_sendq_init(q);
    return chain;
}

/* Of the entry at |cursor|, which holds the byte at |pos|, the part from there on: up to |len|. */
static uint32_t piece_at(const struct tcp_sendq_cursor *cursor, uint64_t *addr, uint64_t pos,
                         uint32_t len)
{
    const struct toe_buf *buf = cursor->buf;
    const struct toe_sge *sge = &buf->sge[cursor->sge];
    const uint32_t skip = (uint32_t)(pos - start_of(buf) + buf->off - cursor->sge_off);

    if (len > sge->len - skip) {
        len = sge->len - skip;
    }
    if (len > end_of(buf) - pos) {
        len = (uint32_t)(end_of(buf) - pos);
    }
    *addr = sge->addr + skip;
    return len;
}

/* Whether all that is queued lies in one piece, as a request does: there is nothing to find. */
static bool is_one_piece(const struct tcp_sendq *q)
{
    return q->head == q->tail && q->head->sge_cnt == 1;
}

uint32_t tcp_sendq_map(struct tcp_sendq *q, const struct toe_bus *bus, const uint8_t **data,
                       uint32_t off, uint32_t len)
{
    const uint64_t pos = q->una + off;
    uint64_t addr;

    if (len == 0) {
        return 0;
    }
    toe_assert(off < q->len);
    if (is_one_piece(q) && len <= q->len - off) {
        addr = q->head->sge->addr + q->head->off + (pos - start_of(q->head));
    } else {
        len = piece_at(find(q, pos), &addr, pos, len);
    }
    *data = toe_bus_map(bus, addr, len);
    return *data != NULL ? len : 0;
}

/* Copies |len| bytes that lie |at| bytes into the stream that |sum| is of, if it is wanted. */
static void copy(uint8_t *dst, const uint8_t *src, uint32_t len, uint32_t at, uint64_t *sum)
{
    if (sum == NULL) {
        memcpy(dst, src, len);
    } else if (at % 2 == 0) {
        *sum = wire_csum_copy(dst, src, len, *sum);
    } else {
        *sum = wire_csum_combine(*sum, wire_csum_copy(dst, src, len, 0), at);
    }
}

bool tcp_sendq_read(struct tcp_sendq *q, const struct toe_bus *bus, uint8_t *dst, uint32_t off,
                    uint32_t len, uint64_t *sum)
{
    uint64_t pos = q->una + off;
    struct tcp_sendq_cursor *cursor;

    toe_assert(off <= q->len && len <= q->len - off);
    if (len == 0) {
        return true;
    }

    cursor = find(q, pos);
    for (uint32_t done = 0; done < len;) {
        const uint8_t *src;
        uint64_t addr;
        uint32_t cnt;

        move_to(cursor, q, pos);
        cnt = piece_at(cursor, &addr, pos, len - done);
        src = toe_bus_map(bus, addr, cnt);
        if (src == NULL) {
            return false;
        }
        copy(dst + done, src, cnt, done, sum);
        done += cnt;
        pos += cnt;
    }
    return true;
}

uint32_t tcp_sendq_boundary(struct tcp_sendq *q, uint32_t off)
{
    const uint64_t pos = q->una + off;

    return (uint32_t)(end_of(find(q, pos)->buf) - pos);
}

uint32_t tcp_sendq_left(struct tcp_sendq *q, uint32_t off)
{
    const uint64_t pos = q->una + off;
    const struct toe_buf *buf = find(q, pos)->buf;

    for (int i = 0; i < AHEAD_MAX && (buf->flags & TOE_BUF_MORE) != 0 && buf->next != NULL; ++i) {
        buf = buf->next;
    }
    return (uint32_t)(end_of(buf) - pos);
}

bool tcp_sendq_has_end(struct tcp_sendq *q, uint32_t off, uint32_t len)
{
    return len > 0 && tcp_sendq_boundary(q, off) <= len;
}

bool tcp_sendq_has_more(const struct tcp_sendq *q)
{
    return q->tail != NULL && (q->tail->flags & TOE_BUF_MORE) != 0;
}
