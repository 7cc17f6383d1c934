/* SPDX-License-Identifier: MIT */
#include "tcp/validation.h"

#include "tcp/congestion.h"
#include "tcp/retransmit.h"
#include "tcp/send.h"

/* RFC 7661, 4.4.3 */
#define NON_VALIDATED_PERIOD (300 * TOE_NS_PER_SEC)

/* Units of time in struct tcp_validation. */
#define PERIOD_SHIFT 26
#define SINCE_SHIFT 30

static uint32_t max_u32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static bool is_used(const struct tcp_conn *conn)
{
    return tcp_validation_pipe(conn) >= conn->cwnd / 2;
}

/* Samples count for three round trips or a second, and up to twice as long (4.2). */
static void roll(struct tcp_conn *conn, toe_instant now)
{
    struct tcp_validation *v = &conn->validation;
    const uint16_t age = (uint16_t)((now >> PERIOD_SHIFT) - v->period_at);
    toe_duration least = TOE_NS_PER_SEC;
    uint32_t period;

    if (age < least >> PERIOD_SHIFT) {
        return;
    }
    least = 3 * conn->srtt > least ? 3 * conn->srtt : least;
    period = (uint32_t)(least >> PERIOD_SHIFT);
    if (age < period) {
        return;
    }
    v->most[1] = age < 2 * period ? v->most[0] : 0;
    v->most[0] = 0;
    v->period_at = (uint16_t)(now >> PERIOD_SHIFT);
}

/* Not validated, from |since| on, if not before: 4.4.3, for each period that is over. */
static void grow_old(struct tcp_conn *conn, toe_instant since, toe_instant now)
{
    struct tcp_validation *v = &conn->validation;
    uint32_t least;
    toe_duration age;

    if (!conn->cwnd_unused) {
        conn->cwnd_unused = true;
        v->since = (uint16_t)(since >> SINCE_SHIFT);
    }
    /* After hours |since| means little, but then |now| - |since| has it all. */
    age = (toe_duration)(uint16_t)((now >> SINCE_SHIFT) - v->since) << SINCE_SHIFT;
    age = age > now - since ? age : now - since;
    if (age < NON_VALIDATED_PERIOD) {
        return;
    }
    least = tcp_cc_initial_window(conn);
    for (; conn->cwnd > least && age >= NON_VALIDATED_PERIOD; age -= NON_VALIDATED_PERIOD) {
        v->since = (uint16_t)(v->since + (NON_VALIDATED_PERIOD >> SINCE_SHIFT));
        conn->ssthresh = max_u32(conn->ssthresh, (uint32_t)((uint64_t)conn->cwnd * 3 / 4));
        conn->cwnd = max_u32(conn->cwnd / 2, least);
    }
}

void tcp_validation_begin(struct tcp_conn *conn)
{
    conn->validation = (struct tcp_validation){0};
    conn->busy->round = (struct tcp_validation_round){0};
    conn->cwnd_measured = false;
    conn->cwnd_unused = false;
}

uint32_t tcp_validation_pipe(const struct tcp_conn *conn)
{
    return max_u32(conn->validation.most[0], conn->validation.most[1]);
}

void tcp_validation_ack(struct tcp_conn *conn, uint32_t acked, toe_instant now)
{
    struct tcp_validation_round *r = &conn->busy->round;
    uint32_t len;

    if (r->len == 0) {
        r->start = toe_seq_sub(conn->snd_una, acked);
        r->len = toe_seq_off(conn->snd_max, r->start);
    }
    len = toe_seq_off(conn->snd_una, r->start);
    if (len < r->len) {
        return;
    }
    /* It was more than one round trip if cwnd held something back meanwhile; but then cwnd was
     * used. */
    roll(conn, now);
    conn->validation.most[0] = max_u32(conn->validation.most[0], min_u32(len, conn->cwnd));
    conn->cwnd_measured = true;
    r->start = conn->snd_una;
    r->len = tcp_send_flight(conn);
    if (is_used(conn)) {
        conn->cwnd_unused = false;
    } else {
        grow_old(conn, now, now);
    }
}

/* RFC 2861, 3.1 */
static void halve(struct tcp_conn *conn, toe_instant now)
{
    const toe_duration rto = tcp_retransmit_rto(conn);
    const uint32_t least = min_u32(tcp_cc_initial_window(conn), conn->cwnd);

    conn->ssthresh = max_u32(conn->ssthresh, (uint32_t)((uint64_t)conn->cwnd * 3 / 4));
    for (toe_duration idle = now - conn->last_sent; idle > rto && conn->cwnd > least; idle -= rto) {
        conn->cwnd /= 2;
    }
    conn->cwnd = max_u32(conn->cwnd, least);
}

/* RFC 7661, 4.4 */
static void keep(struct tcp_conn *conn, toe_instant now)
{
    roll(conn, now);
    if (now - conn->last_sent >= NON_VALIDATED_PERIOD) {
        conn->validation.most[0] = 0; /* however often its clock went round */
        conn->validation.most[1] = 0;
    }
    if (!conn->cwnd_measured || !is_used(conn)) {
        grow_old(conn, conn->last_sent, now);
    }
}

void tcp_validation_idle(struct tcp_conn *conn, toe_instant now)
{
    const enum toe_after_idle how = conn->cfg->tuning.after_idle;
    const uint32_t cwnd = conn->cwnd;

    /* The algorithm hears in any case that time has passed. */
    conn->cfg->cc->idle(conn, now);
    if (conn->cfg->cc->deliver != NULL || how == TOE_AFTER_IDLE_RESTART) {
        return;
    }
    conn->cwnd = cwnd;
    if (how == TOE_AFTER_IDLE_HALVE) {
        halve(conn, now);
    } else {
        keep(conn, now);
    }
}

void tcp_validation_loss(struct tcp_conn *conn)
{
    struct tcp_validation_round *r = &conn->busy->round;

    if (conn->cwnd_unused) {
        r->load = tcp_cc_load(conn);
        r->rexmit_cnt = conn->rexmit_cnt_total;
    }
}

void tcp_validation_recovered(struct tcp_conn *conn)
{
    const struct tcp_validation_round *r = &conn->busy->round;
    const uint32_t floor = 2 * (uint32_t)conn->snd_mss;
    uint64_t resent;

    if (r->load == 0) {
        return;
    }
    resent = (uint64_t)conn->snd_mss * (conn->rexmit_cnt_total - r->rexmit_cnt);
    resent = resent < r->load ? resent : r->load;
    conn->ssthresh = (uint32_t)(conn->ssthresh * (r->load - resent) / r->load);
    conn->ssthresh = max_u32(conn->ssthresh, floor);
    tcp_validation_begin(conn); /* undefined again */
}

void tcp_validation_tell(const struct tcp_conn *conn, struct toe_extension *ext, toe_instant now)
{
    const struct tcp_validation *v = &conn->validation;
    const struct tcp_validation_round *r = &conn->busy->round;

    ext->flags |= conn->cwnd_measured ? TOE_EXTENSION_MEASURED : 0;
    ext->flags |= conn->cwnd_unused ? TOE_EXTENSION_UNUSED : 0;
    ext->used.most = v->most[0];
    ext->used.most_before = v->most[1];
    ext->used.period_age = (uint16_t)((now >> PERIOD_SHIFT) - v->period_at);
    ext->used.unused_age = (uint16_t)((now >> SINCE_SHIFT) - v->since);
    ext->used.start = r->start.v;
    ext->used.len = r->len;
    ext->used.load = r->load;
    ext->used.resent = r->load > 0 ? conn->rexmit_cnt_total - r->rexmit_cnt : 0;
}

void tcp_validation_take(struct tcp_conn *conn, const struct toe_extension *ext, toe_instant now)
{
    conn->cwnd_measured = (ext->flags & TOE_EXTENSION_MEASURED) != 0;
    conn->cwnd_unused = (ext->flags & TOE_EXTENSION_UNUSED) != 0;
    conn->validation = (struct tcp_validation){
        .most = {ext->used.most, ext->used.most_before},
        .period_at = (uint16_t)((now >> PERIOD_SHIFT) - ext->used.period_age),
        .since = (uint16_t)((now >> SINCE_SHIFT) - ext->used.unused_age),
    };
    conn->busy->round = (struct tcp_validation_round){
        .start = toe_seq_of(ext->used.start),
        .len = ext->used.len <= TCP_CWND_MAX ? ext->used.len : 0,
        .load = ext->used.load,
        .rexmit_cnt = conn->rexmit_cnt_total - ext->used.resent,
    };
}
