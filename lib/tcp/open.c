/* SPDX-License-Identifier: MIT */
#include "tcp/open.h"

#include "base/assert.h"
#include "tcp/ack.h"
#include "tcp/congestion.h"
#include "tcp/deadline.h"
#include "tcp/ecn.h"
#include "tcp/engine.h"
#include "tcp/fsm.h"
#include "tcp/keepalive.h"
#include "tcp/send.h"
#include "tcp/timestamps.h"

static void begin(struct tcp_conn *conn, toe_seq iss, enum toe_conn_state state)
{
    toe_assert(conn->state == TOE_TCP_CLOSED && conn->verdict == TCP_VERDICT_NONE);

    conn->busy->iss = iss;
    conn->snd_una = iss;
    conn->snd_nxt = iss;
    conn->snd_max = iss;
    conn->syn_due = true;
    tcp_state_set(conn, state);
}

/* Takes the peer's sequence number and options from its SYN. */
static void meet(struct tcp_conn *conn, const struct tcp_segment *syn, toe_instant now)
{
    conn->busy->irs = syn->seq;
    conn->rcv_nxt = toe_seq_add(syn->seq, 1);
    conn->rcv_adv = conn->rcv_nxt;
    conn->last_ack = conn->rcv_nxt;

    conn->has_timestamps = conn->has_timestamps && syn->has_ts;
    conn->has_sack = conn->has_sack && syn->sack_permitted;
    conn->has_window_scaling = conn->has_window_scaling && syn->wscale >= 0;
    conn->snd_wscale = conn->has_window_scaling ? (uint8_t)syn->wscale : 0;
    conn->rcv_wscale = conn->has_window_scaling ? conn->rcv_wscale : 0;
    conn->mss_remote = syn->mss != 0 ? syn->mss : conn->mss_remote;
    tcp_ecn_meet(conn, syn);
    tcp_send_mss_update(conn);

    if (conn->has_timestamps) {
        conn->ts_recent = syn->ts_val;
        conn->ts_recent_at = now;
    }

    /* The window of a SYN is never scaled. */
    tcp_ack_window(conn, syn, 0);
    conn->snd_wl2 = conn->busy->iss;
}

/* What a handover must know of the handshake. */
static void note_constants(struct tcp_conn *conn)
{
    conn->constant.flags =
        (uint16_t)((conn->has_timestamps ? TOE_TCP_TIMESTAMPS : 0) |
                   (conn->has_sack ? TOE_TCP_SACK : 0) |
                   (conn->has_window_scaling ? TOE_TCP_WINDOW_SCALING : 0) |
                   (conn->has_ecn ? TOE_TCP_ECN : 0) | (conn->has_accecn ? TOE_TCP_ACCECN : 0));
    conn->constant.snd_wnd_scale = conn->snd_wscale;
    conn->constant.rcv_wnd_scale = conn->rcv_wscale;
    conn->constant.remote_mss = conn->mss_remote;
}

/* Our SYN is acknowledged by |seg|. */
static void establish(struct tcp_conn *conn, const struct tcp_segment *seg, toe_instant now)
{
    tcp_ack_sample(conn, seg, now);
    conn->snd_una = seg->ack;
    conn->snd_nxt = seg->ack;
    conn->recover = toe_seq_sub(conn->snd_una, 1);
    conn->ecn_point = conn->recover;
    tcp_plpmtud_begin(conn, now);
    tcp_cc_begin(conn);
    conn->cfg->cc->init(conn);
    conn->syn_lost = conn->retransmit_cnt > 0;
    conn->retransmit_cnt = 0;
    conn->busy->total_rt = 0;
    conn->backoff = 0;
    conn->syn_due = false;
    conn->last_sent = now;
    tcp_deadline_cancel(conn, TCP_DEADLINE_RETRANSMIT);

    note_constants(conn);
    tcp_state_set(conn, TOE_TCP_ESTABLISHED);
    if (conn->fin_queued) {
        tcp_state_set(conn, TOE_TCP_FIN_WAIT_1);
    }
    tcp_keepalive_restart(conn, now);
}

static bool acknowledges_syn(const struct tcp_conn *conn, const struct tcp_segment *seg)
{
    return toe_seq_gt(seg->ack, conn->snd_una) && toe_seq_le(seg->ack, conn->snd_max);
}

static enum toe_drop refuse(struct tcp_conn *conn, const struct tcp_segment *seg)
{
    conn->rst_due = true;
    conn->busy->rst_seq = seg->ack;
    return TOE_DROP_TCP_ACK_BAD;
}

void tcp_open(struct tcp_conn *conn, toe_seq iss, toe_instant now)
{
    (void)now;
    conn->has_ecn = conn->ecn_offers;
    conn->has_accecn = conn->has_accecn && conn->ecn_offers;
    begin(conn, iss, TOE_TCP_SYN_SENT);
}

void tcp_open_passive(struct tcp_conn *conn, const struct tcp_segment *syn, toe_seq iss,
                      toe_instant now)
{
    begin(conn, iss, TOE_TCP_SYN_RCVD);
    conn->is_passive = true;
    meet(conn, syn, now);
}

enum toe_drop tcp_open_input(struct tcp_conn *conn, const struct tcp_segment *seg, toe_instant now)
{
    const bool has_ack = (seg->flags & TCP_ACK) != 0;

    /* First, ACK. */
    if (has_ack && !acknowledges_syn(conn, seg)) {
        return (seg->flags & TCP_RST) != 0 ? TOE_DROP_TCP_RST_OUTSIDE : refuse(conn, seg);
    }

    /* Second, RST: acceptable only if it acknowledges our SYN (RFC 5961, 3.2). */
    if ((seg->flags & TCP_RST) != 0) {
        if (!has_ack) {
            return TOE_DROP_TCP_RST_OUTSIDE;
        }
        tcp_conn_close(conn, TCP_VERDICT_REFUSED);
        return TOE_DROP_NONE;
    }

    /* Fourth, SYN. Text in it is left for the peer to send again. */
    if ((seg->flags & TCP_SYN) == 0) {
        return has_ack ? TOE_DROP_TCP_SEQUENCE : TOE_DROP_TCP_NO_ACK;
    }
    meet(conn, seg, now);
    if (has_ack) {
        conn->rcv_adv = toe_seq_add(conn->rcv_nxt, conn->rcv_buf < 65535 ? conn->rcv_buf : 65535);
        establish(conn, seg, now);
        conn->ack_now = true;
    } else {
        tcp_state_set(conn, TOE_TCP_SYN_RCVD);
        conn->syn_due = true;
    }
    return TOE_DROP_NONE;
}

bool tcp_open_is_repeated(struct tcp_conn *conn, const struct tcp_segment *seg)
{
    if (conn->state != TOE_TCP_SYN_RCVD || (seg->flags & (TCP_SYN | TCP_RST)) != TCP_SYN ||
        !toe_seq_eq(seg->seq, conn->busy->irs)) {
        return false;
    }
    if ((seg->flags & TCP_ACK) == 0 || !acknowledges_syn(conn, seg)) {
        conn->syn_due = true;
    }
    return true;
}

enum toe_drop tcp_open_complete(struct tcp_conn *conn, const struct tcp_segment *seg,
                                toe_instant now)
{
    if (!acknowledges_syn(conn, seg)) {
        return refuse(conn, seg);
    }
    if (conn->has_accecn) {
        tcp_accecn_third(conn, seg);
    }
    establish(conn, seg, now);
    tcp_ack_window(conn, seg, (seg->flags & TCP_SYN) != 0 ? 0 : conn->snd_wscale);
    return TOE_DROP_NONE;
}
