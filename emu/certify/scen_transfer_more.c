/* SPDX-License-Identifier: MIT */
/*
 * State carried by offload and terminate, second half: timers that go on where the other side left
 * them, and conversations that move to and fro.
 */
#include "suite.h"

/* A send chain of |len| bytes, all of them sent by the host and waiting for acknowledgment. */
static struct cert_buf *in_flight(struct cert *c, uint32_t len, uint32_t rto)
{
    struct toe_tcp_delegated *state = &cert_tcp(c)->delegated;

    state->snd_nxt = state->snd_una + len;
    state->snd_max = state->snd_una + len;
    state->retransmit_timeout_delta = rto;
    return cert_chain(c, len);
}

/* A send chain that waits for the peer's window to open. */
static void shut_out(struct cert *c, uint8_t probes, uint8_t cnt, uint32_t delta)
{
    struct toe_tcp_delegated *state = &cert_tcp(c)->delegated;

    state->snd_wnd = 0;
    state->snd_wnd_probe_cnt = probes;
    state->retransmit_cnt = cnt;
    state->retransmit_timeout_delta = delta;
    cert_chain(c, 1000);
}

static void t_142(struct cert *c)
{
    in_flight(c, 5840, 300);
    cert_tcp(c)->delegated.dup_ack_cnt = 2;
    cert_offload(c);
    cert_expect_silence(c, 20);
    cert_peer(c, "ack=5000");
    cert_expect_seg(c, "5000:6460 t=20");
}

static void t_143(struct cert *c)
{
    const struct toe_tcp_delegated *state;

    shut_out(c, 2, 0, 400);
    cert_offload(c);
    cert_expect_seg(c, "5000:5001 t=400");
    cert_expect_seg(c, "5000:5001 t=700");
    cert_expect_seg(c, "5000:5001 t=1300");
    cert_expect_silence(c, 1500);
    state = &cert_terminate(c)->delegated;
    cert_is(c, state->snd_wnd, 0);
    cert_is(c, state->snd_wnd_probe_cnt, 2);
    cert_is(c, state->retransmit_cnt, 3);
    cert_near(c, state->retransmit_timeout_delta, 1000, 10);
}

static void t_144(struct cert *c)
{
    const struct toe_tcp_delegated *state;

    shut_out(c, 2, 3, 1000);
    cert_offload(c);
    cert_at(c, 20);
    cert_peer(c, "ack=5000 wnd=0");
    cert_run(c);
    state = &cert_terminate(c)->delegated;
    cert_is(c, state->snd_wnd_probe_cnt, 3);
    cert_is(c, state->retransmit_cnt, 0);
    cert_near(c, state->retransmit_timeout_delta, 2400, 10);
}

static void t_145(struct cert *c)
{
    const struct toe_tcp_delegated *state;

    in_flight(c, 1000, 700);
    cert_tcp(c)->delegated.retransmit_cnt = 2;
    cert_tcp(c)->delegated.total_rt = 900;
    cert_offload(c);
    cert_expect_silence(c, 100);
    state = &cert_terminate(c)->delegated;
    cert_is(c, state->retransmit_cnt, 2);
    cert_is(c, state->total_rt, 900);
    cert_near(c, state->retransmit_timeout_delta, 600, 10);
}

static void keep_alive(struct cert *c, uint8_t cnt, uint32_t delta)
{
    struct toe_tcp_state *state = cert_tcp(c);

    state->cached.flags |= TOE_TCP_KEEP_ALIVE;
    state->cached.ka_timeout = 7200000;
    state->cached.ka_interval = 1000;
    state->cached.ka_probe_cnt = 3;
    state->delegated.ka_probe_cnt = cnt;
    state->delegated.ka_timeout_delta = delta;
}

static void t_146(struct cert *c)
{
    const struct toe_tcp_delegated *state;

    keep_alive(c, 1, 300);
    cert_offload(c);
    cert_is(c, cert_expect_seg(c, "ack=1000 t=300")->seg.seq, 4999);
    cert_is(c, cert_expect_seg(c, "ack=1000 t=1300")->seg.seq, 4999);
    cert_at(c, 2280);
    cert_expect_quiet(c);
    cert_due(c, 2300);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_TIMEOUT_EXPIRATION);
    cert_expect_silence(c, 2400);
    state = &cert_terminate(c)->delegated;
    cert_expect_state(c, TOE_TCP_ESTABLISHED);
    cert_is(c, state->ka_probe_cnt, 3);
    cert_is(c, state->ka_timeout_delta, 0);
}

/* Both sides send 2 MB, in rounds of 64 KB each way that are a few ms apart. */
static void exchange(struct cert *c)
{
    for (uint32_t i = 0; i < 32; ++i) {
        cert_send(c, 65536);
        cert_peer_data(c, 65536, 1460);
        cert_wait(c, 3);
    }
}

static void t_147(struct cert *c)
{
    struct toe_tcp_state *state = cert_tcp(c);

    c->settings.rcv_wnd_max = 1 << 20;
    cert_scaling(c, 5, 7);
    state->cached.initial_rcv_wnd = 1 << 20;
    state->delegated.rcv_wnd = 1 << 20;
    state->delegated.snd_wnd = 65535 << 5;
    state->delegated.max_snd_wnd = 65535 << 5;
    state->delegated.cwnd = 1 << 20;
    state->delegated.ssthresh = 1 << 20;
    c->conn->peer.acks = true;
    c->conn->peer.acks_after = 1;
    for (uint32_t i = 0; i < 5; ++i) {
        cert_offload(c);
        exchange(c);
        if (i < 4) {
            cert_terminate(c); /* sends and acknowledgments may be under way */
            cert_wait(c, 1);
        }
    }
    cert_wait(c, 5000);
    cert_is(c, c->conn->rcv_next, 1000 + 5 * (2u << 20));
    cert_require(c, c->conn->out_head == NULL);
    cert_is(c, c->conn->peer.rcv_nxt, 5000 + 5 * (2u << 20));
}

/* What the segments sent from entry |from| on say: time does not go back. */
static uint32_t check_clock(struct cert *c, uint32_t from, uint32_t last)
{
    for (uint32_t i = from; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        if (e->kind == CERT_SEG_OUT) {
            cert_require(c, e->seg.has_ts);
            if ((int32_t)(e->seg.ts_val - last) < 0) {
                cert_fail(c, "the timestamp goes back, from %u to %u", last, e->seg.ts_val);
            }
            last = e->seg.ts_val;
        }
    }
    return last;
}

/* What the first segment sent from entry |from| on says. */
static uint32_t first_clock(struct cert *c, uint32_t from)
{
    for (uint32_t i = from; i < c->chart->cnt; ++i) {
        if (c->chart->entries[i].kind == CERT_SEG_OUT) {
            return c->chart->entries[i].seg.ts_val;
        }
    }
    cert_fail(c, "nothing was sent");
}

/* Between two offloads pass 50 ms, of which the host's clock counts more or less. */
static void t_148(struct cert *c)
{
    const struct toe_tcp_delegated *state = &cert_tcp(c)->delegated;
    uint32_t last = 100000;
    uint32_t from;

    cert_timestamps(c);
    c->conn->peer.acks = true;
    c->conn->peer.acks_after = 20;
    for (uint32_t i = 0; i < 10; ++i) {
        from = c->chart->cnt;
        cert_offload(c);
        for (uint32_t j = 0; j < 5; ++j) {
            cert_send(c, 1000);
            cert_wait(c, 30);
        }
        cert_terminate(c);
        cert_near(c, first_clock(c, from), last, 10);
        last = check_clock(c, from, last);
        cert_near(c, state->ts_time, last + 30, 10);
        cert_require(c, state->srtt >= 8 * 15 && state->srtt <= 800);
        cert_wait(c, 50);
        cert_tcp(c)->delegated.ts_time += 10 * i;
        cert_tcp(c)->delegated.ts_recent_age += 10 * i;
        last = state->ts_time;
    }
    cert_near(c, state->srtt, 8 * 20, 8 * 5);
}

static void t_149(struct cert *c)
{
    const struct toe_tcp_delegated *state;

    cert_tcp(c)->delegated.snd_nxt = 8000;
    cert_tcp(c)->delegated.snd_max = 8000;
    cert_tcp(c)->delegated.retransmit_cnt = 1;
    cert_tcp(c)->delegated.retransmit_timeout_delta = 250;
    cert_tcp(c)->delegated.total_rt = 100;
    cert_tcp(c)->delegated.dup_ack_cnt = 1;
    cert_chain(c, 1500);
    cert_chain(c, 1500);
    cert_buffered(c, 300);
    cert_offload(c);
    state = &cert_query(c)->delegated;
    cert_is(c, state->retransmit_cnt, 1);
    cert_near(c, state->retransmit_timeout_delta, 250, 10);
    cert_is(c, state->total_rt, 100);
    cert_is(c, state->dup_ack_cnt, 1);
    cert_receive(c, 300, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 300);
    cert_peer(c, "1000:1200 PSH");
    cert_expect_indicate(c, 200);
    cert_expect_no_data(c, 50);
    cert_peer(c, "ack=5000");
    cert_run(c);
    cert_is(c, cert_query(c)->delegated.dup_ack_cnt, 2);
    cert_expect_data(c, "5000:6460 t=250");
    cert_is(c, cert_query(c)->delegated.retransmit_cnt, 2);
    cert_expect_quiet(c);
    cert_peer(c, "ack=8000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1500);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1500);
    cert_run(c);
    state = &cert_query(c)->delegated;
    cert_is(c, state->retransmit_cnt, 0);
    cert_is(c, state->total_rt, 0);
    cert_is(c, state->dup_ack_cnt, 0);
    cert_is(c, state->retransmit_timeout_delta, TOE_TICKS_NONE);
}

static void t_150(struct cert *c)
{
    struct cert_buf *buf = in_flight(c, 1000, 300);
    const struct toe_tcp_delegated *state;

    cert_offload(c);
    state = &cert_terminate(c)->delegated;
    cert_require(c, c->conn->block.send_chain == &buf->buf && buf->buf.next == NULL);
    cert_require(c, state->send_data_head == &buf->buf && state->send_data_tail == &buf->buf);
    cert_is(c, buf->buf.len, 1000);
    cert_is(c, buf->buf.off, 0);
    cert_status_is(c, buf->buf.status, TOE_STATUS_PENDING);
    cert_is(c, state->snd_una, 5000);
    cert_is(c, state->snd_nxt, 6000);
    cert_is(c, state->snd_max, 6000);
    cert_near(c, state->retransmit_timeout_delta, 300, 10);
    cert_expect_quiet(c);
    cert_is(c, cert_count(c, CERT_SEG_OUT), 0);
}

static void terminate_inside(struct cert *c, struct cert_entry *entry)
{
    (void)entry;
    if (c->count++ == 0) {
        cert_terminate_begin(c);
    }
}

static void t_151(struct cert *c)
{
    c->answer.status = TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    c->on_indicate = terminate_inside;
    cert_offload(c);
    cert_peer(c, "1000:1100 PSH");
    cert_expect_indicate(c, 100);
    cert_is(c, cert_terminate_end(c)->delegated.rcv_nxt, 1100);
    cert_is(c, cert_uploaded_len(c), 100);
    cert_is(c, cert_count(c, CERT_INDICATE), 1);
}

/* The acknowledgment takes 9100 ms, and says by its timestamp that it is one of the first copy. */
static void t_152(struct cert *c)
{
    uint32_t first;

    cert_timestamps(c);
    cert_tcp(c)->delegated.srtt = 0;
    cert_tcp(c)->delegated.rttvar = 0;
    cert_offload(c);
    cert_send(c, 1000);
    first = cert_expect_seg(c, "5000:6000 t=0")->seg.ts_val;
    cert_at(c, 9100);
    cert_peer(c, "ack=6000 ts=9801/%u", first);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_is(c, cert_terminate(c)->delegated.srtt, 65535);
}

static void t_153(struct cert *c)
{
    static const struct {
        uint32_t nxt;
        uint32_t max;
    } wrong[] = {{4999, 5000}, {4999, 4999}, {5500, 5000}, {6002, 6002}, {5000, 6002}};
    struct cert_buf *buf = cert_chain(c, 1000);

    cert_allow(c, "STATE-TD-35");
    for (uint32_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); ++i) {
        cert_tcp(c)->delegated.snd_nxt = wrong[i].nxt;
        cert_tcp(c)->delegated.snd_max = wrong[i].max;
        cert_status_is(c, cert_offload_try(c), TOE_STATUS_FAILURE);
        cert_require(c, c->conn->block.send_chain == &buf->buf);
        cert_is(c, buf->buf.len, 1000);
        cert_is(c, c->conn->handle, 0);
    }
    cert_tcp(c)->delegated.snd_nxt = 6000;
    cert_tcp(c)->delegated.snd_max = 6000;
    cert_offload(c);
}

/* A modern target may send a probe before the timer expires, not long after it. */
static void t_154(struct cert *c)
{
    in_flight(c, 1000, TOE_TICKS_NONE);
    cert_offload(c);
    if (c->profile == TOE_PROFILE_COMPAT) {
        cert_expect_seg(c, "5000:6000 t=300");
    } else {
        cert_at(c, 310);
        cert_expect_seg(c, "5000:6000");
    }
}

static void t_155(struct cert *c)
{
    cert_tcp(c)->delegated.snd_wnd = 300;
    cert_chain(c, 1000);
    cert_offload(c);
    cert_expect_seg(c, "5000:5300 t=0");
}

static void expect_pairs(struct cert *c, uint32_t idx, const struct toe_tcp_delegated *want)
{
    const struct toe_tcp_delegated *got;

    (void)cert_use(c, idx);
    cert_note(c, "connection %u", idx);
    got = &cert_terminate(c)->delegated;
    cert_is(c, got->ka_probe_cnt, want->ka_probe_cnt);
    cert_near(c, got->ka_timeout_delta, want->ka_timeout_delta,
              want->ka_timeout_delta == TOE_TICKS_NONE ? 0 : 10);
    cert_is(c, got->retransmit_cnt, want->retransmit_cnt);
    cert_near(c, got->retransmit_timeout_delta, want->retransmit_timeout_delta,
              want->retransmit_timeout_delta == TOE_TICKS_NONE ? 0 : 10);
}

static void t_156(struct cert *c)
{
    static const struct toe_tcp_delegated want[4] = {
        {.ka_timeout_delta = 4900, .retransmit_timeout_delta = TOE_TICKS_NONE},
        {.ka_probe_cnt = 1,
         .ka_timeout_delta = TOE_TICKS_NONE,
         .retransmit_cnt = 1,
         .retransmit_timeout_delta = 700},
        {.ka_timeout_delta = TOE_TICKS_NONE, .retransmit_timeout_delta = 4900},
        {.ka_timeout_delta = TOE_TICKS_NONE, .retransmit_timeout_delta = 300},
    };

    keep_alive(c, 0, 5000);
    cert_conn_add(c, c->paths[0]);
    in_flight(c, 1000, 800);
    keep_alive(c, 1, TOE_TICKS_NONE);
    cert_tcp(c)->delegated.retransmit_cnt = 1;
    cert_conn_add(c, c->paths[0]);
    cert_tcp(c)->delegated.state = TOE_TCP_FIN_WAIT_2;
    cert_tcp(c)->delegated.retransmit_timeout_delta = 5000;
    cert_conn_add(c, c->paths[0]);
    shut_out(c, 2, 0, 400);
    cert_offload(c);
    cert_at(c, 100);
    for (uint32_t i = 0; i < 4; ++i) {
        expect_pairs(c, i, &want[i]);
    }
}

#define MORE(number, what, which, function)                                                        \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_TRANSFER,           \
        .run = (function)                                                                          \
    }

const struct cert_scenario cert_transfer_more_scenarios[] = {
    MORE("T-142", "two duplicate acknowledgments handed over, then the third",
         "RFC-042 RFC-043 STATE-TD-20", t_142),
    MORE("T-143", "persist: the first phase goes on, and is returned in the second",
         "TMR-055 TMR-057 TMR-058 TMR-069 TMR-070 STATE-TD-21", t_143),
    MORE("T-144", "persist: the second phase goes on, an answer begins a new round",
         "TMR-059 TMR-060 TMR-069 TMR-070 STATE-TD-21", t_144),
    MORE("T-145", "a retransmission that waits goes on waiting",
         "TMR-009 TMR-084 TMR-086 STATE-TD-19", t_145),
    MORE("T-146", "keep-alive: one probe sent by the host, two by the target",
         "TMR-041 TMR-042 TMR-045 TMR-046 TMR-049 TMR-051 STATE-TD-22", t_146),
    {.id = "T-147",
     .title = "scaled windows, 10 MB each way, five offloads",
     .rules = "RFC-060..062 RCV-073",
     .group = CERT_GROUP_TRANSFER,
     .seconds = 60,
     .run = t_147},
    MORE("T-148", "timestamps over ten offloads with a host clock that drifts", "RTT-005 RTT-007",
         t_148),
    MORE("T-149", "buffered data, a chain, a retransmission and a duplicate acknowledgment at once",
         "SND-060 SND-067 RCV-083 RCV-084 RCV-086 RCV-089 TMR-085 TMR-086 STATE-TD-20 STATE-TD-29",
         t_149),
    MORE("T-150", "a terminate right after the offload returns the chain as it went",
         "SND-070..073 SND-076..078 STATE-7 STATE-TD-26 STATE-TD-27 SND-063", t_150),
    MORE("T-151", "a terminate inside an indication that is refused", "RCV-097 RCV-103 ARCH-8",
         t_151),
    MORE("T-152", "a round trip of 9 s does not fit the field", "RTT-014 RTT-015 TV-RTT-3", t_152),
    MORE("T-153", "sequence numbers that contradict each other", "SND-066 OFF-8 STATE-TD-35",
         t_153),
    MORE("T-154", "data in flight and no timer", "TMR-010", t_154),
    MORE("T-155", "what the host held back leaves at once", "TMR-104 TMR-105", t_155),
    MORE("T-156", "keep-alive and retransmission timer are two",
         "TMR-096 TMR-110 TMR-111 STATE-TD-33", t_156),
    {.id = NULL},
};
