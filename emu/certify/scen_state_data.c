/* SPDX-License-Identifier: MIT */
/*
 * What is handed over beside the numbers: chains and buffered data, and other rules of data.md,
 * protocol.md and the first part of scenarios.md that no row names.
 */
#include "suite.h"

#include <stdlib.h>
#include <string.h>

#define MSS 1460u

/* --- sends --- */

static void c_17a(struct cert *c)
{
    c->settings.choices |= TOE_CERTIFY_PUSH_AT_END;
    cert_offload(c);
    cert_send(c, MSS, 2 * MSS);
    cert_expect_seg(c, "5000:6460 noPSH");
    cert_expect_seg(c, "6460:7920 noPSH");
    cert_expect_seg(c, "7920:9380 PSH");
}

/* No chain: what the state says of its ends means nothing. */
static void c_17b(struct cert *c)
{
    static struct toe_buf stray = {.len = 700, .status = TOE_STATUS_PENDING};

    cert_tcp(c)->delegated.send_data_head = &stray;
    cert_tcp(c)->delegated.send_data_tail = &stray;
    cert_offload(c);
    cert_expect_silence(c, 1000);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 t=1000");
    cert_peer(c, "ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_expect_quiet(c);
    cert_is(c, stray.len, 700);
    cert_status_is(c, stray.status, TOE_STATUS_PENDING);
}

/* Two buffers with data between two without. */
static void c_17c(struct cert *c)
{
    struct cert_buf *bufs[4];

    for (uint32_t i = 0; i < 4; ++i) {
        bufs[i] = cert_chain(c, i % 3 == 0 ? 0 : 1000);
    }
    cert_tcp(c)->delegated.send_data_head = &bufs[1]->buf;
    cert_tcp(c)->delegated.send_data_tail = &bufs[2]->buf;
    cert_offload(c);
    cert_expect_stream(c, 5000, 7000);
    cert_at(c, 20);
    cert_peer(c, "ack=6500");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 0);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_at(c, 40);
    cert_expect_quiet(c);
    cert_peer(c, "ack=7000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 0);
    cert_expect_quiet(c);
}

/* --- receives --- */

/* The host offered 30000 bytes, its buffer is smaller by now: the edge stays where it is. */
static void c_17d(struct cert *c)
{
    cert_timestamps(c);
    cert_tcp(c)->cached.initial_rcv_wnd = 10000;
    cert_tcp(c)->delegated.rcv_wnd = 30000;
    cert_offload(c);
    cert_send(c, 100);
    cert_expect_seg(c, "5000:5100 ack=1000 wnd=30000");
    cert_peer(c, "1100:1200 ack=5100 ts=800/100000"); /* beyond the last acknowledgment */
    cert_run(c);
    cert_is(c, cert_query(c)->delegated.ts_recent, 700);
    cert_peer(c, "1000:1100 ts=801/100000");
    cert_run(c);
    cert_is(c, cert_query(c)->delegated.ts_recent, 801);
}

/* The buffer of the host is no more after the offload. */
static void c_17e(struct cert *c)
{
    struct cert_buf *buf = cert_buffered(c, 300);

    c->answer.status = TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    cert_offload(c);
    memset(buf->mem, 0xee, buf->size);
    memset(buf->sge, 0xee, sizeof(*buf->sge));
    memset(&buf->buf, 0xee, sizeof(buf->buf));
    cert_wait(c, 20);
    cert_skip_upcalls(c);
    cert_receive(c, 300, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 300);
}

/* --- segments --- */

/* Of all that follows a challenge only a segment that is acceptable allows the next one. */
static void c_17f(struct cert *c)
{
    cert_timestamps(c);
    cert_offload(c);
    cert_peer(c, "1001 RST");
    cert_expect_seg(c, "5000 ack=1000 t=0");
    cert_at(c, 100);
    cert_peer(c, "90000:90100");
    cert_peer(c, "80000 RST");
    cert_peer(c, "1000:1100 ack=9000");
    cert_peer(c, "1000:1100 ts=600/100000");
    cert_peer(c, "1002 SYN noACK");
    c->conn->peer.nxt = 1000;
    c->conn->peer.ack = 5000;
    c->conn->peer.acked = 5000;
    cert_wait(c, 20);
    cert_skip_segs(c);
    cert_peer(c, "1001 RST");
    cert_expect_silence(c, 300);
    cert_peer(c, "1000 ack=5000");
    cert_run(c);
    cert_skip_segs(c);
    cert_peer(c, "1001 RST");
    cert_expect_seg(c, "5000 ack=1000 t=300");
}

/* In TIME_WAIT an old RST does not end the connection before its time. */
static void c_17g(struct cert *c)
{
    cert_timestamps(c);
    cert_offload(c);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_expect_data(c, "5000 FIN");
    cert_peer(c, "1000 FIN ack=5001");
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 0);
    cert_expect_event(c, TOE_EVENT_DISCONNECT, 0);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_REQUESTED);
    cert_at(c, 100);
    cert_peer(c, "1001 RST ts=600/100000");
    cert_peer(c, "1002 RST");
    cert_peer(c, "80000 RST");
    cert_at(c, 200);
    cert_expect_quiet(c);
    cert_terminate(c);
    cert_expect_state(c, TOE_TCP_TIME_WAIT);
}

/* --- congestion --- */

/*
 * A new epoch at the offload: after 6 s the window is 20 + 0.4 * 6^3 = 106 segments. One that grew
 * by a segment a round trip, or as CUBIC's estimate of Reno, would be below 80.
 */
static void c_17h(struct cert *c)
{
    uint32_t cwnd;

    cert_scaling(c, 7, 0);
    cert_tcp(c)->delegated.snd_wnd = 65535 << 7;
    cert_tcp(c)->delegated.max_snd_wnd = 65535 << 7;
    cert_tcp(c)->delegated.cwnd = 20 * MSS;
    cert_tcp(c)->delegated.ssthresh = 20 * MSS;
    cert_offload(c);
    c->conn->peer.acks = true;
    c->conn->peer.acks_after = 100;
    cert_send(c, 6000000);
    cert_at(c, 1000);
    cwnd = cert_query(c)->delegated.cwnd;
    cert_require(c, cwnd >= 20 * MSS && cwnd < 32 * MSS);
    cert_at(c, 6100);
    cwnd = cert_query(c)->delegated.cwnd;
    cert_note(c, "the congestion window is %u", cwnd);
    cert_require(c, cwnd > 85 * MSS && cwnd < 125 * MSS);
    cert_is(c, cert_terminate(c)->delegated.cwnd, cwnd);
}

/* A round trip of a millisecond. */
static void c_17i(struct cert *c)
{
    cert_tcp(c)->delegated.srtt = 8;
    cert_tcp(c)->delegated.rttvar = 4;
    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000 t=0");
    cert_expect_silence(c, 280);
    cert_expect_seg(c, "5000:6000 t=300");
}

/* --- the shape of calls --- */

/* A chain of three buffers, each of three pieces. */
static struct cert_buf *three(struct cert *c, enum cert_op op)
{
    static const uint32_t lens[] = {100, 1, 399};
    struct cert_buf *bufs[3];

    for (uint32_t i = 0; i < 3; ++i) {
        bufs[i] = cert_buf_new(c, op, lens, 3, 0, 0);
        if (i > 0) {
            bufs[i - 1]->buf.next = &bufs[i]->buf;
        }
    }
    cert_post(c, bufs[0]);
    return bufs[0];
}

static void c_17j(struct cert *c)
{
    cert_offload(c);
    (void)three(c, CERT_SEND);
    cert_expect_stream(c, 5000, 6500);
    cert_peer(c, "ack=6500");
    for (uint32_t i = 0; i < 3; ++i) {
        cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 500);
    }
    (void)three(c, CERT_RECEIVE);
    cert_peer(c, "1000:2400 PSH");
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 500);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 500);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 400);
    cert_expect_quiet(c);
}

/* One list of pieces that are all the same memory: 4 GiB - 1 bytes of it. */
#define HUGE_PIECE (1u << 20)
#define HUGE_CNT 4096

static struct cert_buf *huge(struct cert *c, enum cert_op op)
{
    const uint32_t piece = HUGE_PIECE;
    struct cert_buf *buf = cert_buf_new(c, op, &piece, 1, 0, 0);
    struct toe_sge *sge = calloc(HUGE_CNT, sizeof(*sge));

    cert_require(c, sge != NULL);
    for (uint32_t i = 0; i < HUGE_CNT; ++i) {
        sge[i] = buf->sge[0];
    }
    --sge[HUGE_CNT - 1].len;
    buf->sge = sge;
    buf->buf.sge = sge;
    buf->buf.sge_cnt = HUGE_CNT;
    buf->buf.len = UINT32_MAX;
    return buf;
}

/* Not all of it is sent here; what is left comes back. */
static void c_17k(struct cert *c)
{
    struct cert_buf *buf;
    uint32_t acked;

    c->payload_unchecked = true;
    cert_offload(c);
    buf = huge(c, CERT_SEND);
    cert_post(c, buf);
    c->conn->peer.acks = true;
    c->conn->peer.acks_after = 10;
    cert_expect_seg(c, "5000:6460 t=0");
    cert_at(c, 1000);
    cert_expect_quiet(c);
    acked = cert_terminate(c)->delegated.snd_una - 5000;
    cert_require(c, acked > 1000000);
    cert_require(c, c->conn->block.send_chain == &buf->buf);
    cert_is(c, buf->buf.off, acked);
    cert_is(c, buf->buf.len, UINT32_MAX - acked);
    c->conn->peer.acks = false;
    cert_offload(c); /* nor is the rest too much for an offload */
    cert_send(c, 1000);
    cert_wait(c, 5);
    cert_expect_quiet(c);
}

static void c_17l(struct cert *c)
{
    c->received_unchecked = true;
    cert_offload(c);
    cert_post(c, huge(c, CERT_RECEIVE));
    cert_peer_data(c, 50000, MSS);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 50000);
}

#define ROW(number, what, which, in, in_profiles, function)                                        \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = (in),                          \
        .profiles = (in_profiles), .run = (function)                                               \
    }

const struct cert_scenario cert_state_data_scenarios[] = {
    ROW("C-17a", "PSH only where the send queue runs empty", "SND-021", CERT_GROUP_SEND, 0, c_17a),
    ROW("C-17b", "no send chain, whatever its ends are said to be", "SND-051 SND-054",
        CERT_GROUP_TRANSFER, 0, c_17b),
    ROW("C-17c", "a send chain with empty buffers at both ends", "SND-052 SND-054 SND-055",
        CERT_GROUP_TRANSFER, 0, c_17c),
    ROW("C-17d", "the window's edge and the last acknowledgment are the host's", "SND-087",
        CERT_GROUP_TRANSFER, 0, c_17d),
    ROW("C-17e", "buffered data was copied", "RCV-088", CERT_GROUP_TRANSFER, 0, c_17e),
    ROW("C-17f", "what is acceptable after a challenge", "SEG-015", CERT_GROUP_SECURITY, 0, c_17f),
    ROW("C-17g", "old resets in TIME_WAIT", "RFC-030", CERT_GROUP_SECURITY, 0, c_17g),
    ROW("C-17h", "the congestion window grows as CUBIC's", "RFC-051", CERT_GROUP_TCPIP, CERT_MODERN,
        c_17h),
    ROW("C-17i", "the least retransmission timeout", "RFC-057", CERT_GROUP_TIMERS, CERT_COMPAT,
        c_17i),
    ROW("C-17j", "chains of buffers of several pieces", "IOS-010", CERT_GROUP_NDIS, 0, c_17j),
    ROW("C-17k", "a send of 4 GiB - 1", "IOS-011", CERT_GROUP_SEND, 0, c_17k),
    ROW("C-17l", "a request of 4 GiB - 1", "IOS-011", CERT_GROUP_RECEIVE, 0, c_17l),
    {.id = NULL},
};
