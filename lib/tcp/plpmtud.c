/* SPDX-License-Identifier: MIT */
#include "tcp/plpmtud.h"

#include "tcp/inflight.h"
#include "tcp/send.h"
#include "toe/extension.h"

/* What fits into the least MTU of IPv6, 1280, and nearly everywhere in IPv4: BASE_PLPMTU of RFC
 * 8899, 5.1.2. */
#define BASE 1220u

/* Where even that vanishes, in IPv4: what fits into the least MTU that a path is believed to have
 * (RFC-029). */
#define LEAST 512u

/* The search is over when so few bytes are left. */
#define STEP 32u

/* Timeouts in a row that are a black hole; twice as many, and then for each two, a deeper one. */
#define TIMEOUT_MAX 2u

/* RFC 8899, 5.1.1: PMTU_RAISE_TIMER. */
#define RAISE (600 * TOE_NS_PER_SEC)

/* Segments that must be able to follow a probe at once, so that its loss is seen (RFC 4821, 7.4) */
#define FOLLOWERS 4u

#define AGAIN_SHIFT 20
#define RAISE_SHIFT 35

/* Times modulo 2^32 that are not over have at most so much left. */
#define HALF UINT32_C(0x80000000)

#define TIMESTAMPS_LEN 12u

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static void wait(struct tcp_conn *conn, toe_duration time, toe_instant now)
{
    struct tcp_mtu_probe *p = &conn->busy->mtu_probe;

    p->again_at = (uint32_t)((now + time) >> AGAIN_SHIFT);
    p->is_waiting = true;
}

static void wait_for_raise(struct tcp_conn *conn, toe_duration time, toe_instant now)
{
    conn->mtu.raise_at = (uint8_t)((now + time) >> RAISE_SHIFT);
}

static bool is_waiting(struct tcp_conn *conn, toe_instant now)
{
    struct tcp_mtu_probe *p = &conn->busy->mtu_probe;
    const uint32_t left = p->again_at - (uint32_t)(now >> AGAIN_SHIFT);
    const uint8_t long_left = (uint8_t)(conn->mtu.raise_at - (now >> RAISE_SHIFT));

    p->is_waiting = p->is_waiting && left != 0 && left < HALF;
    return p->is_waiting || (long_left != 0 && long_left <= (RAISE >> RAISE_SHIFT) + 1);
}

static uint32_t bound(const struct tcp_conn *conn)
{
    return min_u32(conn->mss_limit, conn->mss_remote);
}

static void use(struct tcp_conn *conn, uint32_t size)
{
    conn->mtu.verified = (uint16_t)size;
    if (conn->mtu.bad <= size) {
        conn->mtu.bad = 0;
    }
    tcp_send_mss_update(conn);
}

void tcp_plpmtud_begin(struct tcp_conn *conn, toe_instant now)
{
    const bool is_always = conn->cfg->tuning.mtu_probing == TOE_MTU_PROBING_ALWAYS;

    conn->busy->mtu_probe = (struct tcp_mtu_probe){0};
    wait_for_raise(conn, 0, now);
    conn->mtu.bad = 0;
    use(conn, is_always && conn->has_sack && conn->cfg->flights != NULL ? BASE : 0);
}

/* The size to try next; zero: the search is over. */
static uint32_t next_size(const struct tcp_conn *conn)
{
    const uint32_t verified = conn->mtu.verified;
    const uint32_t bad = conn->mtu.bad;
    const uint32_t most = bound(conn);

    if (bad == 0 || bad > most) {
        return most > verified ? most : 0;
    }
    return bad > verified + STEP ? (bad + verified) / 2 : 0;
}

/* Nothing is being found out but what comes in order. */
static bool is_calm(const struct tcp_conn *conn)
{
    const struct tcp_flight *f = conn->flight;

    return !conn->in_recovery && tcp_flight_is_on(conn) && f->lost == 0 && !f->in_loss &&
           f->frto.step == TCP_FRTO_OFF && toe_seq_eq(conn->snd_nxt, conn->snd_max);
}

static bool is_probe_due(struct tcp_conn *conn, toe_instant now)
{
    if (conn->busy->mtu_probe.size != 0 || !is_calm(conn) || is_waiting(conn, now)) {
        return false;
    }
    if (next_size(conn) != 0) {
        return true;
    }
    if (conn->mtu.bad != 0) {
        conn->mtu.bad = 0;
        wait_for_raise(conn, RAISE, now);
    }
    return false;
}

/* Less than |len| bytes may leave: whether to wait until the next acknowledgment, once. */
static bool may_hold(struct tcp_conn *conn, uint32_t usable, uint32_t full)
{
    struct tcp_mtu_probe *p = &conn->busy->mtu_probe;

    if (usable < full || tcp_send_flight(conn) == 0 ||
        (p->is_holding && !toe_seq_eq(p->held, conn->snd_una))) {
        return false;
    }
    p->is_holding = true;
    p->held = conn->snd_una;
    return true;
}

static uint32_t send_probe(struct tcp_conn *conn, uint32_t len, uint32_t options)
{
    struct tcp_mtu_probe *p = &conn->busy->mtu_probe;

    p->size = (uint16_t)(len + options);
    p->len = (uint16_t)len;
    p->end = toe_seq_add(conn->snd_nxt, len);
    p->is_holding = false;
    return len;
}

uint32_t tcp_plpmtud_probe(struct tcp_conn *conn, uint32_t unsent, uint32_t usable, uint32_t full,
                           toe_instant now)
{
    const uint32_t options = conn->snd_mss - full + (conn->has_timestamps ? TIMESTAMPS_LEN : 0);
    uint32_t size;
    uint32_t len;

    if (!is_probe_due(conn, now)) {
        return 0;
    }
    size = next_size(conn);
    len = size > options ? size - options : 0;
    if (len <= full || unsent < len + FOLLOWERS * full ||
        min_u32(conn->cwnd, conn->snd_wnd) < len + FOLLOWERS * full) {
        return 0;
    }
    if (usable >= len) {
        return send_probe(conn, len, options);
    }
    if (may_hold(conn, usable, full)) {
        return TCP_PLPMTUD_HOLD;
    }
    if (!conn->busy->mtu_probe.is_holding || usable < full + STEP) {
        return 0;
    }
    return send_probe(conn, usable, options);
}

void tcp_plpmtud_ack(struct tcp_conn *conn)
{
    struct tcp_mtu_probe *p = &conn->busy->mtu_probe;
    const uint32_t size = p->size;

    if (toe_seq_lt(conn->snd_una, p->end)) {
        return;
    }
    p->size = 0;
    p->is_lost = false;
    p->is_waiting = false;
    use(conn, size);
    if (size >= bound(conn) && conn->cfg->tuning.mtu_probing != TOE_MTU_PROBING_ALWAYS) {
        use(conn, 0); /* It was no black hole, or there is none any more. */
    }
}

/* The probe that was out tells nothing. RFC 4821, 7.6.2: not too often. */
static void drop(struct tcp_conn *conn, toe_instant now)
{
    conn->busy->mtu_probe.size = 0;
    wait(conn, 2 * conn->srtt, now);
}

/* It did not arrive. The second one in a row is believed (RFC 8899, 5.1.2: MAX_PROBES). */
static void fail(struct tcp_conn *conn, toe_instant now)
{
    struct tcp_mtu_probe *p = &conn->busy->mtu_probe;

    if (p->is_lost) {
        conn->mtu.bad = p->size;
    }
    p->is_lost = !p->is_lost;
    drop(conn, now);
}

static toe_seq probe_start(const struct tcp_mtu_probe *p)
{
    return toe_seq_sub(p->end, p->len);
}

bool tcp_plpmtud_lost(struct tcp_conn *conn, toe_instant now)
{
    const struct tcp_mtu_probe *p = &conn->busy->mtu_probe;
    const uint32_t len = p->len;
    struct tcp_sack_block range;

    if (p->size == 0 || !tcp_flight_next_lost(conn, &range) ||
        toe_seq_gt(range.left, probe_start(p)) || toe_seq_lt(range.right, p->end)) {
        return false;
    }
    if (conn->flight->lost != len) {
        drop(conn, now);
        return false;
    }
    fail(conn, now);
    conn->flight->lost_new -= min_u32(len, conn->flight->lost_new);
    return true;
}

void tcp_plpmtud_resent(struct tcp_conn *conn, toe_seq seq, toe_instant now)
{
    const struct tcp_mtu_probe *p = &conn->busy->mtu_probe;

    if (toe_seq_ge(seq, probe_start(p)) && toe_seq_lt(seq, p->end)) {
        drop(conn, now);
    }
}

/* The size of what timed out: of the segment that was sent, or less. */
static uint32_t size_lost(const struct tcp_conn *conn)
{
    const uint32_t verified = conn->mtu.verified;
    const uint32_t size = verified != 0 ? min_u32(verified, bound(conn)) : bound(conn);

    return min_u32(size, tcp_send_flight(conn));
}

void tcp_plpmtud_timeout(struct tcp_conn *conn, toe_instant now)
{
    const uint32_t size = size_lost(conn);
    const bool is_large = size > BASE;
    const uint32_t timeouts = is_large ? TIMEOUT_MAX : 2 * TIMEOUT_MAX;
    uint32_t less = BASE;

    if (conn->busy->mtu_probe.size != 0) {
        drop(conn, now);
    }
    if (!is_large && !conn->is_ipv6) {
        less = size / 2 > LEAST ? size / 2 : LEAST;
    }
    if (less >= size || conn->retransmit_cnt < timeouts || conn->retransmit_cnt % TIMEOUT_MAX) {
        return;
    }
    conn->mtu.bad = 0;
    conn->busy->mtu_probe.is_lost = false;
    wait_for_raise(conn, 0, now);
    use(conn, less);
}

void tcp_plpmtud_bound(struct tcp_conn *conn, toe_instant now)
{
    if (conn->mtu.verified != 0) {
        conn->mtu.bad = 0;
        wait_for_raise(conn, 0, now);
        use(conn, min_u32(conn->mtu.verified, bound(conn)));
    }
}

/* --- on the move --- */

static uint32_t left_of(uint32_t at, uint32_t now)
{
    return at - now < HALF ? at - now : 0;
}

void tcp_plpmtud_tell(const struct tcp_conn *conn, struct toe_extension *ext, toe_instant now)
{
    const struct tcp_mtu_probe *p = &conn->busy->mtu_probe;

    if (conn->mtu.verified == 0) {
        return;
    }
    ext->flags |= p->is_lost ? TOE_EXTENSION_MTU_LOST : 0;
    ext->mtu.verified = conn->mtu.verified;
    ext->mtu.bad = conn->mtu.bad;
    ext->mtu.raise_left = (uint8_t)(conn->mtu.raise_at - (now >> RAISE_SHIFT));
    ext->mtu.again_left = p->is_waiting ? left_of(p->again_at, (uint32_t)(now >> AGAIN_SHIFT)) : 0;
    if (p->size != 0) {
        ext->mtu.probe = p->size;
        ext->mtu.probe_len = p->len;
        ext->mtu.probe_end = p->end.v;
    }
    if (p->is_holding) {
        ext->flags |= TOE_EXTENSION_MTU_HOLDS;
        ext->mtu.held = p->held.v;
    }
}

/* The probe, if there is one, is in flight. */
static bool is_probe_sound(const struct tcp_conn *conn, const struct toe_extension *ext)
{
    const uint32_t end = ext->mtu.probe_end - conn->snd_una.v;

    if (ext->mtu.probe == 0) {
        return true;
    }
    return ext->mtu.verified != 0 && ext->mtu.probe_len > 0 &&
           ext->mtu.probe_len <= ext->mtu.probe && end > 0 && end <= tcp_send_flight(conn);
}

bool tcp_plpmtud_is_sound(const struct tcp_conn *conn, const struct toe_extension *ext)
{
    return ext->mtu.verified <= UINT16_MAX && ext->mtu.bad <= UINT16_MAX &&
           ext->mtu.probe <= UINT16_MAX && ext->mtu.again_left < HALF && is_probe_sound(conn, ext);
}

void tcp_plpmtud_take(struct tcp_conn *conn, const struct toe_extension *ext, toe_instant now)
{
    conn->busy->mtu_probe = (struct tcp_mtu_probe){
        .size = (uint16_t)ext->mtu.probe,
        .len = (uint16_t)ext->mtu.probe_len,
        .end = toe_seq_of(ext->mtu.probe_end),
        .held = toe_seq_of(ext->mtu.held),
        .again_at = (uint32_t)(now >> AGAIN_SHIFT) + ext->mtu.again_left,
        .is_lost = (ext->flags & TOE_EXTENSION_MTU_LOST) != 0,
        .is_holding = (ext->flags & TOE_EXTENSION_MTU_HOLDS) != 0,
        .is_waiting = ext->mtu.again_left != 0,
    };
    conn->mtu = (struct tcp_plpmtud){
        .bad = (uint16_t)ext->mtu.bad,
        .raise_at = (uint8_t)((now >> RAISE_SHIFT) + ext->mtu.raise_left),
    };
    use(conn, ext->mtu.verified);
}
