/* SPDX-License-Identifier: MIT */
/*
 * CUBIC (RFC 9438) in integers.
 *
 * In congestion avoidance cwnd follows W(t) = C (t - K)^3 + W_max, concave up to the window at
 * which the last loss happened, flat around it, convex beyond; but never grows slower than NewReno
 * would (W_est). Windows are in bytes, C = 0.4 is in segments per second cubed, and t and K are in
 * units of 1/1024 s, so that a cube is scaled by 2^30. Time beyond 512 s counts as 512 s, when any
 * window has long been passed; with that no product below leaves 64 bits.
 *
 * Of W_max and the epoch only an extension tells on the other side of the seam. Without one an
 * import begins a new epoch below the larger one of cwnd and ssthresh (RFC-051). The slow start is
 * that of tcp/congestion.h.
 */
#include "base/assert.h"
#include "tcp/congestion.h"
#include "tcp/conn.h"
#include "tcp/inflight.h"

/* Longest time since the epoch that counts. */
#define TIME_MAX (512 * TOE_NS_PER_SEC)

/* No K is larger, whatever the window; its cube fits 64 bits. */
#define K_MAX (UINT32_C(1) << 21)

/* No age is larger: with room for sums. */
#define AGE_MAX (UINT64_C(1) << 62)

/* Fraction bits of W_est. */
#define EST_SHIFT 10

/* |span| in 1/1024 s. */
static uint32_t scale_time(toe_duration span)
{
    return (uint32_t)((span < TIME_MAX ? span : TIME_MAX) * 1024 / TOE_NS_PER_SEC);
}

/* The integer part of the cube root, a bit of the root at a time. */
static uint32_t cube_root(uint64_t x)
{
    uint64_t root = 0;

    for (int shift = 63; shift >= 0; shift -= 3) {
        uint64_t step;

        root *= 2;
        step = 3 * root * (root + 1) + 1;
        if (x >> shift >= step) {
            x -= step << shift;
            ++root;
        }
    }
    return (uint32_t)root;
}

/* K: how long W(t) takes from cwnd to W_max, RFC 9438, 4.2. */
static uint32_t time_to_plateau(const struct tcp_conn *conn)
{
    const uint64_t below = conn->cubic.w_max - conn->cwnd;

    /* below / mss segments, over 0.4, scaled by 2^30. */
    return cube_root(((below * 5 / 2) << 30) / conn->snd_mss);
}

static void begin_epoch(struct tcp_conn *conn, toe_instant now)
{
    conn->cubic.epoch = now;
    conn->cubic.w_est = (uint64_t)conn->cwnd << EST_SHIFT;
    conn->cubic.cwnd_frac = 0;
    if (conn->cubic.w_max > conn->cwnd) {
        conn->cubic.k = time_to_plateau(conn);
    } else {
        conn->cubic.k = 0;
        conn->cubic.w_max = conn->cwnd;
    }
}

/* W(t), |t| in 1/1024 s since the epoch. */
static uint64_t window_at(const struct tcp_conn *conn, uint32_t t)
{
    const uint64_t w_max = conn->cubic.w_max;
    const uint32_t k = conn->cubic.k;
    const uint64_t dist = t > k ? t - k : k - t;
    /* Segments, scaled by 2^10. */
    const uint64_t segments = (dist * dist * dist / 10 * 4) >> 20;
    const uint64_t bytes = (segments * conn->snd_mss) >> 10;

    if (t >= k) {
        return w_max + bytes;
    }
    return bytes < w_max ? w_max - bytes : 0;
}

/*
 * Lets W_est grow as NewReno would: by 3 (1 - beta) / (1 + beta) = 9/17 segments a round trip,
 * which makes up for the smaller reduction; by a whole one from the window of the last loss on.
 */
static void grow_estimate(struct tcp_conn *conn, uint32_t acked)
{
    const uint64_t bytes = acked < conn->cwnd ? acked : conn->cwnd;
    const bool is_whole = conn->cubic.w_est >> EST_SHIFT >= conn->cubic.cwnd_prior;
    const uint64_t num = is_whole ? 1 : 9;
    const uint64_t den = is_whole ? 1 : 17;

    conn->cubic.w_est += ((num * bytes * conn->snd_mss) << EST_SHIFT) / (den * conn->cwnd);
}

/* Lets cwnd grow so that a round trip later it is |target|. */
static void grow_towards(struct tcp_conn *conn, uint64_t target, uint32_t acked)
{
    const uint64_t cwnd = conn->cwnd;
    uint64_t credit;

    if (target > cwnd + cwnd / 2) {
        target = cwnd + cwnd / 2;
    }
    if (target <= cwnd) {
        return;
    }
    credit = conn->cubic.cwnd_frac + (target - cwnd) * (acked < cwnd ? acked : cwnd);
    conn->cubic.cwnd_frac = (uint32_t)(credit % cwnd);
    tcp_cc_grow(conn, (uint32_t)(credit / cwnd));
}

static void cubic_init(struct tcp_conn *conn)
{
    conn->cwnd = tcp_cc_initial_window(conn);
    conn->ssthresh = UINT32_MAX;
    conn->cubic = (struct tcp_cubic){.epoch = TOE_INSTANT_NEVER};
}

static void cubic_import(struct tcp_conn *conn, toe_instant now)
{
    uint32_t w_max = 0;

    (void)now;
    if (conn->cwnd < conn->snd_mss) {
        conn->cwnd = conn->snd_mss; /* RFC-132 */
    }
    /* An ssthresh that no window can reach says that there was no loss yet. */
    if (conn->ssthresh <= TCP_CWND_MAX) {
        w_max = conn->cwnd > conn->ssthresh ? conn->cwnd : conn->ssthresh;
    }
    conn->cubic =
        (struct tcp_cubic){.epoch = TOE_INSTANT_NEVER, .w_max = w_max, .cwnd_prior = w_max};
}

static void cubic_ack(struct tcp_conn *conn, uint32_t acked, toe_instant now)
{
    toe_duration age;
    uint64_t estimate;

    toe_assert(conn->cwnd > 0);
    if (tcp_cc_slow_start(conn, acked)) {
        return;
    }
    if (conn->cubic.epoch == TOE_INSTANT_NEVER) {
        begin_epoch(conn, now);
    }

    age = now - conn->cubic.epoch;
    grow_estimate(conn, acked);
    estimate = conn->cubic.w_est >> EST_SHIFT;
    if (window_at(conn, scale_time(age)) < estimate) {
        if (estimate > conn->cwnd) {
            tcp_cc_grow(conn, (uint32_t)(estimate - conn->cwnd));
        }
        return;
    }
    grow_towards(conn, window_at(conn, scale_time(age + conn->srtt)), acked);
}

static void cubic_loss(struct tcp_conn *conn, toe_instant now)
{
    const uint32_t floor = 2 * (uint32_t)conn->snd_mss;
    const uint32_t reduced = (uint32_t)((uint64_t)tcp_cc_load(conn) * 7 / 10);
    const uint32_t cwnd = conn->cwnd;

    (void)now;
    conn->ssthresh = reduced > floor ? reduced : floor;

    /* Fast convergence, RFC 9438, 4.7: the share is shrinking, leave room for the newcomer. */
    conn->cubic.w_max = cwnd < conn->cubic.w_max ? (uint32_t)((uint64_t)cwnd * 17 / 20) : cwnd;
    conn->cubic.cwnd_prior = cwnd;
    conn->cubic.epoch = TOE_INSTANT_NEVER;
}

static void cubic_rto(struct tcp_conn *conn, bool first, toe_instant now)
{
    if (first) {
        cubic_loss(conn, now);
    }
    /* RFC 9438, 4.8: the next epoch begins on its plateau. */
    conn->cubic.w_max = 0;
    conn->cubic.epoch = TOE_INSTANT_NEVER;
    conn->cwnd = conn->snd_mss;
}

static void cubic_idle(struct tcp_conn *conn, toe_instant now)
{
    const uint32_t window = tcp_cc_initial_window(conn);

    (void)now;
    if (conn->cwnd > window) {
        conn->cwnd = window;
    }
    /* The idle time must not count as growth. */
    conn->cubic.epoch = TOE_INSTANT_NEVER;
}

/* RFC 9438, 4.2: t is without the time in which cwnd was not to grow. */
static void cubic_hold(struct tcp_conn *conn)
{
    conn->cubic.epoch = TOE_INSTANT_NEVER;
}

static void tell(struct toe_extension_cubic *out, const struct tcp_cubic *c, toe_instant now)
{
    out->epoch_age = c->epoch == TOE_INSTANT_NEVER ? UINT64_MAX : now - c->epoch;
    out->w_est = c->w_est;
    out->k = c->k;
    out->w_max = c->w_max;
    out->cwnd_prior = c->cwnd_prior;
    out->cwnd_frac = c->cwnd_frac;
}

/* What would leave 64 bits above, or the largest window. */
static bool is_sound(const struct toe_extension_cubic *in)
{
    return (in->epoch_age <= AGE_MAX || in->epoch_age == UINT64_MAX) && in->k <= K_MAX &&
           in->w_est >> EST_SHIFT <= UINT32_MAX;
}

static void take(struct tcp_cubic *c, const struct toe_extension_cubic *in, toe_instant now)
{
    /* Before the origin of time an epoch can begin as well, but not at the end of it. */
    const toe_instant epoch = now - in->epoch_age;

    c->epoch =
        in->epoch_age == UINT64_MAX ? TOE_INSTANT_NEVER : epoch - (epoch == TOE_INSTANT_NEVER);
    c->w_est = in->w_est;
    c->k = in->k;
    c->w_max = in->w_max;
    c->cwnd_prior = in->cwnd_prior;
    c->cwnd_frac = in->cwnd_frac;
}

static bool can_undo(const struct tcp_conn *conn)
{
    return conn->flight != NULL && conn->flight->undo.is_on;
}

static void cubic_tell(const struct tcp_conn *conn, struct toe_extension *ext, toe_instant now)
{
    tell(&ext->cubic, &conn->cubic, now);
    if (can_undo(conn)) {
        tell(&ext->flight.undo.cubic, &conn->flight->undo.cubic, now);
    }
}

static bool cubic_is_sound(const struct toe_extension *ext)
{
    return is_sound(&ext->cubic) && is_sound(&ext->flight.undo.cubic);
}

static void cubic_take(struct tcp_conn *conn, const struct toe_extension *ext, toe_instant now)
{
    take(&conn->cubic, &ext->cubic, now);
    if (can_undo(conn)) {
        take(&conn->flight->undo.cubic, &ext->flight.undo.cubic, now);
    }
}

const struct tcp_cc_ops tcp_cc_cubic = {
    .name = "cubic",
    .id = TOE_CONGESTION_CUBIC,
    .mark_percent = 85,
    .init = cubic_init,
    .import = cubic_import,
    .ack = cubic_ack,
    .loss = cubic_loss,
    .rto = cubic_rto,
    .idle = cubic_idle,
    .hold = cubic_hold,
    .tell = cubic_tell,
    .is_sound = cubic_is_sound,
    .take = cubic_take,
};
