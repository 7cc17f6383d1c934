/* SPDX-License-Identifier: MIT */
/*
 * Prompt output: what a request is, its answer, and the acknowledgment of bulk data, by a short
 * cut.
 *
 * Each is one segment, all there is to send, of a connection that has nothing in flight and nothing
 * to tell but an acknowledgment. For it all that tcp/output.c looks at comes down to one test, and
 * what follows from sending to what is left where the record of the flight begins with it. The
 * short cut does what the steps would do, no more and no less; test/tcp/predict_test.c holds one
 * against the other.
 */
#include "tcp/congestion.h"
#include "tcp/deadline.h"
#include "tcp/engine.h"
#include "tcp/fsm.h"
#include "tcp/inflight.h"
#include "tcp/output.h"
#include "tcp/pace.h"
#include "tcp/retransmit.h"
#include "tcp/timestamps.h"
#include "tcp/window.h"

/* A connection that has nothing in flight, with nothing due or to be said but text and an
 * acknowledgment. */
static bool is_quiet(const struct tcp_conn *conn)
{
    return tcp_is_synchronized(conn) && conn->verdict == TCP_VERDICT_NONE &&
           (!conn->fin_queued || conn->fin_acked) && conn->flight == NULL &&
           toe_seq_eq(conn->snd_una, conn->snd_max) && !conn->has_ecn && !conn->has_accecn &&
           !conn->ecn_wait && !conn->quiesced && !conn->rst_due && !conn->rexmit_due &&
           !conn->probe_due && !conn->keep_alive_due && !conn->dup_due &&
           conn->busy->reassembly.run_cnt == 0 && conn->cfg->cc->deliver == NULL &&
           !tcp_deadline_is_armed(conn, TCP_DEADLINE_PERSIST);
}

/* What waits fits a segment and both windows, and of sending the owner wants nothing that is not
 * done here. */
static bool is_small(const struct tcp_conn *conn)
{
    const struct tcp_config *cfg = conn->cfg;
    const uint32_t len = conn->busy->sendq.len;

    return conn->state == TOE_TCP_ESTABLISHED && len <= conn->snd_mss && len <= conn->snd_wnd &&
           len <= conn->cwnd && cfg->flights != NULL && conn->has_sack && conn->has_timestamps &&
           cfg->push_burst == 0 && conn->mtu.verified == 0 && !tcp_pace_is_on(conn);
}

/* Nothing left for longer than |rto|: congestion control has its say first. */
static bool is_after_idle(const struct tcp_conn *conn, toe_duration rto, toe_instant now)
{
    return now - conn->last_sent > rto;
}

bool tcp_output_is_prompt(const struct tcp_conn *conn, toe_instant now)
{
    if (!is_quiet(conn)) {
        return false;
    }
    if (conn->busy->sendq.len == 0) {
        return conn->ack_now;
    }
    return is_small(conn) && !is_after_idle(conn, tcp_retransmit_rto(conn), now);
}

/* The segment: all that waits, if anything does. */
static void build(struct tcp_conn *conn, struct tcp_out *out, uint32_t len, uint8_t flags,
                  toe_instant now)
{
    *out = (struct tcp_out){
        .seg = {.wscale = -1,
                .seq = conn->snd_nxt,
                .ack = tcp_window_ack(conn),
                .flags = flags,
                .payload_len = len},
        .is_last = true,
    };
    if (conn->has_timestamps) {
        out->seg.has_ts = true;
        out->seg.ts_val = tcp_timestamps_clock(conn, now);
        out->seg.ts_ecr = conn->ts_recent;
    }
    out->seg.wnd = tcp_window_advertise(conn);
}

/* Begins the record with what leaves, up to |end|. */
static void record(struct tcp_conn *conn, toe_seq end, toe_instant now)
{
    struct tcp_flight *f;

    tcp_flight_begin(conn);
    f = conn->flight;
    if (f != NULL) {
        f->cnt = 1;
        f->few[0] = (struct tcp_run){.sent = now, .end = end};
        f->opened = now;
        f->is_open = true;
    }
}

/* The timeout, and the probe of the end of the flight before it. */
static void arm(struct tcp_conn *conn, toe_duration rto, toe_instant now)
{
    const toe_instant probe = now + tcp_tlp_timeout(conn);

    if (!tcp_deadline_is_armed(conn, TCP_DEADLINE_RETRANSMIT)) {
        tcp_deadline_arm(conn, TCP_DEADLINE_RETRANSMIT, rto, now);
    }
    if (conn->flight != NULL && conn->retransmit_cnt == 0) {
        const toe_instant last = tcp_deadline_at(conn, TCP_DEADLINE_RETRANSMIT);

        tcp_deadline_set(conn, TCP_DEADLINE_PROBE, probe < last ? probe : last);
    }
}

static void output_text(struct tcp_conn *conn, struct tcp_out *out, toe_duration rto,
                        toe_instant now)
{
    const bool more = conn->cfg->push_at_end && tcp_sendq_has_more(&conn->busy->sendq);

    conn->output_held = false;
    build(conn, out, conn->busy->sendq.len, more ? TCP_ACK : TCP_ACK | TCP_PSH, now);
    out->mss = conn->snd_mss;
    conn->snd_nxt = toe_seq_add(conn->snd_nxt, out->seg.payload_len);
    record(conn, conn->snd_nxt, now);
    conn->snd_max = conn->snd_nxt;
    conn->last_sent = now;
    arm(conn, rto, now);
}

/* A pure acknowledgment. */
static void output_ack(struct tcp_conn *conn, struct tcp_out *out, toe_instant now)
{
    build(conn, out, 0, TCP_ACK, now);
    tcp_deadline_cancel(conn, TCP_DEADLINE_RETRANSMIT);
}

/* All has left that may. */
static bool end(struct tcp_conn *conn)
{
    conn->force_output = false;
    if (conn->cfg->validates_cwnd) {
        tcp_cc_use(conn);
    }
    return true;
}

bool tcp_output(struct tcp_conn *conn, struct tcp_out *out, toe_instant now)
{
    const uint32_t len = conn->busy->sendq.len;
    toe_duration rto;

    if (!is_quiet(conn) || (len > 0 ? !is_small(conn) : !conn->ack_now)) {
        return tcp_output_steps(conn, out, now);
    }
    if (len == 0) {
        output_ack(conn, out, now);
        return end(conn);
    }
    rto = tcp_retransmit_rto(conn);
    if (is_after_idle(conn, rto, now)) {
        return tcp_output_steps(conn, out, now);
    }
    output_text(conn, out, rto, now);
    return end(conn);
}
