/* SPDX-License-Identifier: MIT */
#include "tcp/recovery.h"

#include "base/assert.h"
#include "tcp/congestion.h"
#include "tcp/deadline.h"
#include "tcp/send.h"
#include "tcp/window.h"

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint8_t dup_thresh(const struct tcp_conn *conn)
{
    return conn->cfg->duplicate_ack_threshold != 0 ? conn->cfg->duplicate_ack_threshold : 1;
}

static struct tcp_scoreboard_view view_of(const struct tcp_conn *conn)
{
    const uint32_t sent = toe_seq_off(conn->snd_nxt, conn->snd_una);

    return (struct tcp_scoreboard_view){
        .snd_una = conn->snd_una,
        .snd_max = conn->snd_max,
        .recover = conn->recover,
        .mss = conn->snd_mss,
        .dup_thresh = dup_thresh(conn),
        .has_new = sent < tcp_send_span(conn) && sent < conn->snd_wnd,
    };
}

/* The end of the segment at snd_una. */
static toe_seq first_end(const struct tcp_conn *conn)
{
    return toe_seq_add(conn->snd_una, min_u32(conn->snd_mss, tcp_send_flight(conn)));
}

uint32_t tcp_recovery_sack(struct tcp_conn *conn, const struct tcp_segment *seg)
{
    if (!conn->has_sack || seg->sack_cnt == 0 || tcp_send_flight(conn) == 0) {
        return 0;
    }
    if (conn->scoreboard == NULL) {
        conn->scoreboard = base_slab_alloc(conn->cfg->scoreboards);
        if (conn->scoreboard == NULL) {
            return 0; /* Without it SACK is only an option that is not there. */
        }
        tcp_scoreboard_clear(conn->scoreboard, conn->snd_una);
        if (conn->in_recovery) {
            tcp_scoreboard_recover(conn->scoreboard, first_end(conn));
        }
    }
    return tcp_scoreboard_update(conn->scoreboard, seg->sack, seg->sack_cnt, conn->snd_una,
                                 conn->snd_max);
}

bool tcp_recovery_is_sacked(const struct tcp_conn *conn)
{
    return conn->in_recovery && conn->scoreboard != NULL && conn->scoreboard->cnt > 0;
}

static void forget_scoreboard(struct tcp_conn *conn)
{
    if (conn->scoreboard != NULL) {
        base_slab_free(conn->cfg->scoreboards, conn->scoreboard);
        conn->scoreboard = NULL;
    }
}

void tcp_recovery_abandon(struct tcp_conn *conn)
{
    forget_scoreboard(conn);
    conn->in_recovery = false;
    conn->dup_bytes = 0;
    conn->recover = conn->snd_max;
}

static void enter(struct tcp_conn *conn, toe_instant now)
{
    conn->cfg->cc->loss(conn, now);
    conn->cwnd = conn->ssthresh;
    conn->rtt_timing = false;

    /* While going back N, everything from the lost segment on goes again. */
    if (!toe_seq_eq(conn->snd_nxt, conn->snd_max)) {
        tcp_recovery_abandon(conn);
        conn->snd_nxt = conn->snd_una;
        conn->rexmit_due = true;
        return;
    }

    conn->in_recovery = true;
    conn->recover = conn->snd_max;
    conn->rexmit_due = true;
    conn->dup_bytes = conn->dup_ack_cnt * conn->snd_mss;
    if (conn->scoreboard != NULL) {
        tcp_scoreboard_recover(conn->scoreboard, first_end(conn));
    }
}

static bool is_lost(const struct tcp_conn *conn)
{
    const struct tcp_scoreboard_view view = view_of(conn);

    if (conn->dup_ack_cnt >= dup_thresh(conn)) {
        return true;
    }
    return conn->scoreboard != NULL &&
           tcp_scoreboard_is_lost(conn->scoreboard, conn->snd_una, &view);
}

void tcp_recovery_dup(struct tcp_conn *conn, toe_instant now)
{
    if (conn->in_recovery) {
        conn->dup_bytes = min_u32(conn->dup_bytes + conn->snd_mss, tcp_send_flight(conn));
        return;
    }
    if (toe_seq_gt(conn->snd_una, conn->recover) && is_lost(conn)) {
        enter(conn, now);
    }
}

static void leave(struct tcp_conn *conn)
{
    const uint32_t burst = TCP_ABC_LIMIT * conn->snd_mss;

    conn->in_recovery = false;
    conn->dup_bytes = 0;

    /* RFC-050: down to ssthresh, and no burst where less than that is in flight. */
    conn->cwnd = min_u32(conn->ssthresh, tcp_send_flight(conn) + burst);
    if (conn->cwnd < conn->snd_mss) {
        conn->cwnd = conn->snd_mss;
    }
}

/* RFC 6582, 3.2, step 3, partial acknowledgment. With a scoreboard NextSeg() knows the next hole.
 */
static void go_on(struct tcp_conn *conn, uint32_t acked)
{
    conn->dup_bytes -= min_u32(conn->dup_bytes, acked);
    if (acked >= conn->snd_mss) {
        conn->dup_bytes += conn->snd_mss;
    }
    conn->dup_bytes = min_u32(conn->dup_bytes, tcp_send_flight(conn));
    if (!tcp_recovery_is_sacked(conn)) {
        conn->rexmit_due = true;
    }
}

void tcp_recovery_ack(struct tcp_conn *conn, uint32_t acked, toe_instant now)
{
    if (conn->scoreboard != NULL) {
        tcp_scoreboard_ack(conn->scoreboard, conn->snd_una);
    }
    if (tcp_send_flight(conn) == 0) {
        forget_scoreboard(conn);
    }

    if (conn->in_recovery && toe_seq_lt(conn->snd_una, conn->recover)) {
        go_on(conn, acked);
        return;
    }
    if (conn->in_recovery) {
        leave(conn);
        conn->recover = toe_seq_sub(conn->snd_una, 1);
        return;
    }

    /* Kept near, so that the comparison holds however much is sent. */
    if (toe_seq_gt(conn->snd_una, conn->recover)) {
        conn->recover = toe_seq_sub(conn->snd_una, 1);
    }
    conn->cfg->cc->ack(conn, acked, now);
}

enum tcp_next tcp_recovery_next(const struct tcp_conn *conn, struct tcp_sack_block *range)
{
    const struct tcp_scoreboard_view view = view_of(conn);
    const uint32_t pipe =
        tcp_recovery_is_sacked(conn) ? tcp_scoreboard_pipe(conn->scoreboard, &view) : UINT32_MAX;

    if (pipe > conn->cwnd || conn->cwnd - pipe < conn->snd_mss) {
        return TCP_NEXT_NONE;
    }
    return tcp_scoreboard_next(conn->scoreboard, range, &view);
}

void tcp_recovery_sent(struct tcp_conn *conn, enum tcp_next why, const struct tcp_sack_block *range)
{
    const struct tcp_scoreboard_view view = view_of(conn);

    tcp_scoreboard_sent(conn->scoreboard, why, range, &view);
}
