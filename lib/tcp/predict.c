/* SPDX-License-Identifier: MIT */
/*
 * Header prediction: what nearly every segment of a busy connection is, by a short cut.
 *
 * Such a segment is the next one: it has text that begins where the last one ended, or
 * acknowledges what was sent, or both, and is nothing else. For it the first four of the steps in
 * tcp/input.c come down to one test, and the last two to what is left of them where nothing
 * arrived out of order. The short cut does what the steps would do, no more and no less;
 * test/tcp/predict_test.c holds one against the other.
 */
#include "tcp/ack.h"
#include "tcp/deadline.h"
#include "tcp/engine.h"
#include "tcp/input.h"
#include "tcp/keepalive.h"
#include "tcp/text.h"
#include "tcp/timestamps.h"
#include "tcp/window.h"

/* Nothing but the next text or acknowledgment, of a connection in the middle of its life. */
static bool is_next(const struct tcp_conn *conn, const struct tcp_segment *seg)
{
    return (seg->flags & ~TCP_PSH) == TCP_ACK && conn->state == TOE_TCP_ESTABLISHED &&
           conn->verdict == TCP_VERDICT_NONE && toe_seq_eq(seg->seq, conn->rcv_nxt) &&
           seg->payload_len <= tcp_window_rcv(conn) && conn->busy->reassembly.len == 0 &&
           !conn->busy->reassembly.has_fin;
}

bool tcp_input_is_next(const struct tcp_conn *conn, const struct tcp_segment *seg)
{
    return seg->payload_len > 0 && is_next(conn, seg);
}

bool tcp_input_is_predicted(const struct tcp_conn *conn, const struct tcp_segment *seg,
                            toe_instant now)
{
    return is_next(conn, seg) && seg->sack_cnt == 0 && !conn->has_ecn && conn->snd_wnd > 0 &&
           tcp_timestamps_check(conn, seg, now) == TOE_DROP_NONE;
}

/* Text that acknowledges nothing new, while nothing is on its way that it could tell about. */
static bool is_text_alone(const struct tcp_conn *conn, const struct tcp_segment *seg)
{
    return seg->payload_len > 0 && toe_seq_eq(seg->ack, conn->snd_una) && conn->flight == NULL;
}

static enum toe_drop take_text(struct tcp_conn *conn, const struct tcp_segment *seg,
                               toe_instant now)
{
    if (!tcp_text_deliver(conn, seg->payload, seg->payload_len, (seg->flags & TCP_PSH) != 0)) {
        return TOE_DROP_NO_MEMORY;
    }
    tcp_window_received(conn, seg->payload_len, now);
    return TOE_DROP_NONE;
}

static enum toe_drop input_predicted(struct tcp_conn *conn, const struct tcp_segment *seg,
                                     toe_instant now)
{
    enum toe_drop drop = TOE_DROP_NONE;

    if (is_text_alone(conn, seg)) {
        tcp_ack_repeated(conn, seg, now);
    } else if (tcp_ack_is_calm(conn, seg)) {
        tcp_ack_calm(conn, seg, now);
    } else {
        drop = tcp_ack_input(conn, seg, now);
    }
    if (drop == TOE_DROP_NONE) {
        tcp_timestamps_update(conn, seg, now);
        tcp_keepalive_heard(conn, now);
        if (seg->payload_len > 0) {
            drop = take_text(conn, seg, now);
        }
    }
    tcp_deadline_settle(conn, now);
    return drop;
}

uint32_t tcp_input_patience(const struct tcp_conn *conn, const struct tcp_segment *seg,
                            toe_instant now)
{
    const uint32_t wnd = tcp_window_rcv(conn);
    const uint32_t cnt = conn->cfg->ack_frequency - conn->unacked_cnt;
    const uint64_t len = (uint64_t)cnt * conn->rcv_mss;

    if (conn->unacked_cnt >= conn->cfg->ack_frequency || conn->cfg->delayed_ack == 0 ||
        !tcp_input_is_predicted(conn, seg, now) || !is_text_alone(conn, seg)) {
        return 1;
    }
    /* More than half of the buffer stays on offer: the window calls for no answer (RCV-077). */
    return 2 * (uint64_t)wnd > conn->rcv_buf + 2 * len ? cnt : 1;
}

void tcp_input_joined(struct tcp_conn *conn, const struct tcp_segment *seg, toe_seq last,
                      toe_instant now)
{
    (void)input_predicted(conn, seg, now);
    conn->snd_wl1 = last;
}

enum toe_drop tcp_input(struct tcp_conn *conn, const struct tcp_segment *seg, toe_instant now)
{
    if (tcp_input_is_predicted(conn, seg, now)) {
        return input_predicted(conn, seg, now);
    }
    return tcp_input_steps(conn, seg, now);
}
