/* SPDX-License-Identifier: MIT */
/*
 * I/O structures and statistics: scenarios.md, B.13.
 */
#include "suite.h"

#include <string.h>

#define PIECES 6
static const uint32_t pieces[PIECES] = {0, 1, 4095, 4096, 4097, 65537};

/* |buf| is sent whole; the peer acknowledges as it comes. */
static void send_through(struct cert *c, struct cert_buf *buf)
{
    const uint32_t len = buf->buf.len;
    const uint32_t off = buf->buf.off;

    c->conn->peer.acks = true;
    c->conn->peer.acks_after = 1;
    cert_post(c, buf);
    cert_wait(c, 2000);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, len);
    cert_is(c, buf->buf.len, 0);
    cert_is(c, buf->buf.off, off + len);
    cert_skip_segs(c);
}

/* Nothing but the |len| bytes from |off| on was written. */
static void expect_rest_untouched(struct cert *c, const struct cert_buf *buf, uint32_t off,
                                  uint32_t len)
{
    uint32_t at = 0;
    uint32_t pos = 0;

    for (uint32_t i = 0; i < buf->buf.sge_cnt; ++i) {
        for (uint32_t k = 0; k < buf->buf.sge[i].len; ++k, ++pos) {
            if ((pos < off || pos >= off + len) && buf->mem[at + k] != 0xee) {
                cert_fail(c, "byte %u of the list is not part of the data, and was written", pos);
            }
        }
        at += buf->buf.sge[i].len;
        cert_is(c, buf->mem[at], 0xee); /* between two pieces */
        ++at;
    }
}

/* |buf| is filled; the peer sends no more than the window lets it. */
static void receive_through(struct cert *c, struct cert_buf *buf)
{
    const uint32_t len = buf->buf.len;
    const uint32_t off = buf->buf.off;

    buf->buf.flags = TOE_BUF_NO_PUSH;
    cert_post(c, buf);
    for (uint32_t left = len; left > 0;) {
        const uint32_t part = left < 14600 ? left : 14600;

        cert_peer_data(c, part, 1460);
        cert_wait(c, 1);
        left -= part;
    }
    cert_wait(c, 1000);
    cert_skip_segs(c);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, len);
    cert_is(c, buf->buf.len, 0);
    cert_is(c, buf->buf.off, off + len);
    expect_rest_untouched(c, buf, off, len);
}

static void t_290a(struct cert *c)
{
    cert_offload(c);
    for (uint32_t i = 1; i < PIECES; ++i) {
        send_through(c, cert_buf_new(c, CERT_SEND, &pieces[i], 1, 0, 0));
    }
    send_through(c, cert_buf_new(c, CERT_SEND, pieces, PIECES, 0, 0));
    send_through(c, cert_buf_new(c, CERT_SEND, pieces, PIECES, 7, 5));
    send_through(c, cert_buf_new(c, CERT_SEND, pieces, PIECES, 4097, 65538));
    cert_expect_quiet(c);
}

static void t_290b(struct cert *c)
{
    cert_offload(c);
    for (uint32_t i = 1; i < PIECES; ++i) {
        receive_through(c, cert_buf_new(c, CERT_RECEIVE, &pieces[i], 1, 0, 0));
    }
    receive_through(c, cert_buf_new(c, CERT_RECEIVE, pieces, PIECES, 0, 0));
    receive_through(c, cert_buf_new(c, CERT_RECEIVE, pieces, PIECES, 7, 5));
    receive_through(c, cert_buf_new(c, CERT_RECEIVE, pieces, PIECES, 4097, 65538));
    cert_expect_quiet(c);
}

/* --- addresses of 64 bits --- */

#define ARENA 65536
static uint8_t arena[ARENA];

/* Moves the memory of |buf| to byte |pos| of the arena. */
static struct cert_buf *moved(struct cert_buf *buf, uint32_t pos)
{
    memcpy(arena + pos, buf->mem, buf->size);
    for (uint32_t i = 0; i < buf->buf.sge_cnt; ++i) {
        buf->sge[i].addr += (uint64_t)(uintptr_t)(arena + pos) - (uint64_t)(uintptr_t)buf->mem;
    }
    buf->mem = arena + pos;
    return buf;
}

/* The arena's byte |pos| has the bus address |addr|, and two buffers lie around it, or end there.
 */
static void addressed(struct cert *c, uint64_t addr, uint32_t pos, bool around)
{
    static const uint32_t lens[] = {4096, 1, 0, 5001};
    const uint32_t room = 4096 + 1 + 5001 + 4;
    const uint32_t from = pos - (around ? 6000 : room);

    c->bus_offset = addr - (uint64_t)(uintptr_t)(arena + pos);
    cert_offload(c);
    send_through(c, moved(cert_buf_new(c, CERT_SEND, lens, 4, 3, 1), from));
    receive_through(c, moved(cert_buf_new(c, CERT_RECEIVE, lens, 4, 3, 1), from));
    cert_peer(c, "+1000 PSH");
    cert_expect_indicate(c, 1000);
}

static void t_291a(struct cert *c)
{
    addressed(c, UINT64_C(0x900000000), ARENA / 2, true);
}

static void t_291b(struct cert *c)
{
    addressed(c, UINT64_C(0x100000000), ARENA / 2, true);
}

static void t_291c(struct cert *c)
{
    addressed(c, UINT64_MAX, ARENA, false);
}

static void t_292(struct cert *c)
{
    static uint32_t lens[3000];
    uint32_t at = 5000;

    for (uint32_t i = 0; i < 3000; ++i) {
        lens[i] = 1;
    }
    cert_offload(c);
    cert_post(c, cert_buf_new(c, CERT_SEND, lens, 3000, 0, 0));
    for (; at + 1460 < 8000; at += 1460) {
        cert_expect_seg(c, "%u:%u t=0", at, at + 1460);
    }
    cert_expect_seg(c, "%u:8000 PSH t=0", at);
    cert_peer(c, "ack=8000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 3000);
}

/* --- what is not the target's to write --- */

static void mark(struct cert_buf *buf, uint32_t flags)
{
    buf->buf.flags = flags;
    buf->buf.placed = 0x55;
    buf->buf.owner_data[1] = &arena[77];
}

/* Of |buf| nothing has changed since |before| but what a completion changes. */
static void expect_kept(struct cert *c, const struct cert_buf *buf, const struct toe_buf *before)
{
    cert_is(c, buf->buf.flags, before->flags);
    cert_is(c, buf->buf.placed, before->placed);
    cert_require(c, buf->buf.owner_data[0] == before->owner_data[0]);
    cert_require(c, buf->buf.owner_data[1] == before->owner_data[1]);
    cert_require(c, buf->buf.sge == before->sge);
    cert_is(c, buf->buf.sge_cnt, 1);
    cert_is(c, buf->sge[0].len, 1000);
    cert_is(c, buf->sge[0].addr, (uint64_t)(uintptr_t)buf->mem);
}

static void t_293(struct cert *c)
{
    const uint32_t len = 1000;
    struct toe_buf sent;
    struct toe_buf received;
    struct cert_buf *out;
    struct cert_buf *in;

    cert_offload(c);
    out = cert_buf_new(c, CERT_SEND, &len, 1, 0, 0);
    mark(out, 0);
    sent = out->buf;
    cert_post(c, out);
    in = cert_buf_new(c, CERT_RECEIVE, &len, 1, 0, 0);
    mark(in, TOE_BUF_NO_PUSH);
    received = in->buf;
    cert_post(c, in);
    cert_expect_seg(c, "5000:6000");
    cert_peer(c, "ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    expect_kept(c, out, &sent);
    cert_peer(c, "+1000 PSH");
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 1000);
    expect_kept(c, in, &received);
    out = cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 1000);
    sent = out->buf;
    cert_expect_data(c, "6000:7000 FIN");
    cert_peer(c, "ack=7001");
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 1000);
    expect_kept(c, out, &sent);
}

/* The harness wipes the table right after attach(): each function of it must still be called. */
static void t_294(struct cert *c)
{
    static const uint8_t frame[60] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 6};

    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000");
    cert_peer(c, "+1000 PSH ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_expect_indicate(c, 1000);
    cert_receive(c, 1000, 0);
    cert_forward(c, "+1000 PSH");
    cert_wait(c, 20);
    cert_is(c, cert_count(c, CERT_COMPLETE), 3);
    cert_skip_upcalls(c);
    cert_peer_frame(c, frame, sizeof(frame));
    cert_expect_passed_up(c, 60);
    (void)cert_query(c);
    cert_update(c);
    cert_peer(c, "+0 FIN");
    cert_expect_event(c, TOE_EVENT_DISCONNECT, 0);
    cert_skip_segs(c);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_expect_data(c, "6000 FIN");
    cert_peer(c, "ack=6001");
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 0);
    cert_terminate(c);
}

#define IO(number, what, which, in, function)                                                      \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = (in), .run = (function)        \
    }

const struct cert_scenario cert_io_scenarios[] = {
    IO("T-290a", "sends of every shape", "IOS-008 IOS-012 CERT-9", CERT_GROUP_SEND, t_290a),
    IO("T-290b", "receives of every shape", "IOS-008 IOS-012", CERT_GROUP_RECEIVE, t_290b),
    IO("T-291a", "bus addresses above 4 GiB", "IOS-024 IOS-025", CERT_GROUP_ADDRESS64, t_291a),
    IO("T-291b", "bus addresses across the 4 GiB line", "IOS-024 IOS-025", CERT_GROUP_ADDRESS64,
       t_291b),
    IO("T-291c", "bus addresses at the top of 64 bits", "IOS-024 IOS-025", CERT_GROUP_ADDRESS64,
       t_291c),
    IO("T-292", "3000 pieces of a byte are three segments", "IOS-022", CERT_GROUP_SEND, t_292),
    IO("T-293", "of a buffer only status, progress and count are written", "IOS-004",
       CERT_GROUP_NDIS, t_293),
    IO("T-294", "the table of upcalls is copied", "IOS-042", CERT_GROUP_NDIS, t_294),
    {.id = NULL},
};
