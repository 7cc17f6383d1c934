/* SPDX-License-Identifier: MIT */
/*
 * Every change of a run is one operation: *painting* a part of it, which divides the run where it
 * must and joins the part with neighbours that are alike.
 */
#include "tcp/inflight.h"

#include "base/assert.h"
#include "tcp/congestion.h"
#include "tcp/deadline.h"
#include "tcp/scoreboard.h"

#include <string.h>

static struct tcp_run *run_at(struct tcp_flight *f, uint32_t idx)
{
    return (f->more != NULL ? f->more : f->few) + f->first + idx;
}

static const struct tcp_run *run_get(const struct tcp_flight *f, uint32_t idx)
{
    return (f->more != NULL ? f->more : f->few) + f->first + idx;
}

static toe_seq left_of(const struct tcp_conn *conn, uint32_t idx)
{
    return idx == 0 ? conn->snd_una : run_get(conn->flight, idx - 1)->end;
}

/* The index of the run that holds |seq|. */
static uint32_t find(const struct tcp_conn *conn, toe_seq seq)
{
    const uint32_t off = toe_seq_off(seq, conn->snd_una);
    uint32_t low = 0;
    uint32_t high = conn->flight->cnt;

    while (low < high) {
        const uint32_t mid = low + (high - low) / 2;

        if (toe_seq_off(run_get(conn->flight, mid)->end, conn->snd_una) > off) {
            high = mid;
        } else {
            low = mid + 1;
        }
    }
    return low;
}

/* --- memory --- */

void tcp_flight_pools_init(struct tcp_flight_pools *pools, const struct toe_mem *mem,
                           uint32_t conn_max)
{
    base_slab_init(&pools->flights, mem, sizeof(struct tcp_flight), conn_max, 16);
    base_slab_init(&pools->some, mem, sizeof(struct tcp_run) * TCP_FLIGHT_SOME, conn_max, 8);
    base_slab_init(&pools->many, mem, sizeof(struct tcp_run) * TCP_FLIGHT_MANY, conn_max, 2);
}

void tcp_flight_pools_fini(struct tcp_flight_pools *pools)
{
    base_slab_fini(&pools->flights);
    base_slab_fini(&pools->some);
    base_slab_fini(&pools->many);
}

static void free_more(struct tcp_conn *conn)
{
    struct tcp_flight *f = conn->flight;

    if (f->more != NULL) {
        base_slab_free(f->cap == TCP_FLIGHT_SOME ? &conn->cfg->flights->some
                                                 : &conn->cfg->flights->many,
                       f->more);
    }
    f->more = NULL;
    f->cap = TCP_FLIGHT_FEW;
    f->first = 0;
}

static void go_blind(struct tcp_conn *conn)
{
    struct tcp_flight *f = conn->flight;

    f->is_blind = true;
    f->cnt = 0;
    f->sacked = 0;
    f->lost = 0;
    f->tlp = (struct tcp_tlp){0};
    f->rack = (struct tcp_rack){0};
    free_more(conn);
    tcp_deadline_cancel(conn, TCP_DEADLINE_PROBE);
}

void tcp_flight_begin(struct tcp_conn *conn)
{
    struct tcp_flight *f = base_slab_alloc(&conn->cfg->flights->flights);

    if (f == NULL) {
        return;
    }
    conn->flight = f;
    f->cap = TCP_FLIGHT_FEW;
    f->rack.fack = conn->snd_una;
    f->is_blind = tcp_send_flight(conn) > 0;
}

static void compact(struct tcp_flight *f, struct tcp_run *to)
{
    memmove(to, run_at(f, 0), f->cnt * sizeof(*to));
    f->first = 0;
}

/* Makes room for |cnt| runs behind the last one: by moving to the front where a quarter is free
 * then, so that it does not happen often, else in a larger block. */
static bool make_room(struct tcp_conn *conn, uint32_t cnt)
{
    struct tcp_flight *f = conn->flight;
    const bool is_few = f->more == NULL;
    const uint32_t need = f->cnt + cnt;
    struct base_slab *pool = is_few ? &conn->cfg->flights->some : &conn->cfg->flights->many;
    struct tcp_run *larger = NULL;

    if (f->first + need <= f->cap) {
        return true;
    }
    if (need > f->cap - f->cap / 4u && f->cap != TCP_FLIGHT_MANY) {
        larger = base_slab_alloc(pool);
    }
    if (larger != NULL) {
        compact(f, larger);
        free_more(conn);
        f->more = larger;
        f->cap = is_few ? TCP_FLIGHT_SOME : TCP_FLIGHT_MANY;
    } else {
        compact(f, f->more != NULL ? f->more : f->few);
    }
    return need <= f->cap;
}

/* --- painting --- */

static bool is_alike(const struct tcp_run *a, const struct tcp_run *b)
{
    return a->flags == b->flags &&
           ((a->flags & (TCP_RUN_SACKED | TCP_RUN_LOST)) != 0 || a->sent == b->sent);
}

static void remove_at(struct tcp_flight *f, uint32_t idx)
{
    memmove(run_at(f, idx), run_at(f, idx + 1), (f->cnt - idx - 1) * sizeof(struct tcp_run));
    --f->cnt;
}

/* Opens a gap of |cnt| runs at |idx|. */
static bool insert_at(struct tcp_conn *conn, uint32_t idx, uint32_t cnt)
{
    struct tcp_flight *f = conn->flight;

    if (!make_room(conn, cnt)) {
        go_blind(conn);
        return false;
    }
    memmove(run_at(f, idx + cnt), run_at(f, idx), (f->cnt - idx) * sizeof(struct tcp_run));
    f->cnt = (uint16_t)(f->cnt + cnt);
    return true;
}

/* Paints the run at |idx| as a whole. */
static void paint_whole(struct tcp_flight *f, uint32_t idx, struct tcp_run paint)
{
    struct tcp_run *run = run_at(f, idx);

    paint.end = run->end;
    *run = paint;
    if (idx + 1 < f->cnt && is_alike(run, run_at(f, idx + 1))) {
        run->end = run_at(f, idx + 1)->end;
        remove_at(f, idx + 1);
    }
    if (idx > 0 && is_alike(run_at(f, idx - 1), run)) {
        run_at(f, idx - 1)->end = run->end;
        remove_at(f, idx);
    }
}

static void account(struct tcp_flight *f, uint8_t old, uint8_t flags, uint32_t len)
{
    f->sacked -= (old & TCP_RUN_SACKED) != 0 ? len : 0;
    f->lost -= (old & TCP_RUN_LOST) != 0 ? len : 0;
    f->sacked += (flags & TCP_RUN_SACKED) != 0 ? len : 0;
    f->lost += (flags & TCP_RUN_LOST) != 0 ? len : 0;
}

/* Paints [from, to) of the run at |idx|; false if there was no room, and the record is blind. */
static bool paint(struct tcp_conn *conn, uint32_t idx, toe_seq from, toe_seq to,
                  struct tcp_run color)
{
    struct tcp_flight *f = conn->flight;
    const toe_seq left = left_of(conn, idx);
    const struct tcp_run old = *run_at(f, idx);

    account(f, old.flags, color.flags, toe_seq_off(to, from));
    f->is_open = f->is_open && !toe_seq_eq(to, conn->snd_max);
    color.end = to;
    if (toe_seq_eq(from, left) && toe_seq_eq(to, old.end)) {
        paint_whole(f, idx, color);
        return true;
    }
    if (toe_seq_eq(from, left)) {
        if (idx > 0 && is_alike(run_at(f, idx - 1), &color)) {
            run_at(f, idx - 1)->end = to;
            return true;
        }
        if (!insert_at(conn, idx, 1)) {
            return false;
        }
        *run_at(f, idx) = color;
        return true;
    }
    if (toe_seq_eq(to, old.end)) {
        if (idx + 1 < f->cnt && is_alike(run_at(f, idx + 1), &color)) {
            run_at(f, idx)->end = from;
            return true;
        }
        if (!insert_at(conn, idx + 1, 1)) {
            return false;
        }
        run_at(f, idx)->end = from;
        *run_at(f, idx + 1) = color;
        return true;
    }
    if (!insert_at(conn, idx + 1, 2)) {
        return false;
    }
    run_at(f, idx)->end = from;
    *run_at(f, idx + 1) = color;
    *run_at(f, idx + 2) = old;
    return true;
}

/* Joins all neighbours that are alike, after many were painted at once. */
static void join_all(struct tcp_flight *f)
{
    uint32_t kept = 0;

    for (uint32_t i = 1; i < f->cnt; ++i) {
        if (is_alike(run_at(f, kept), run_at(f, i))) {
            run_at(f, kept)->end = run_at(f, i)->end;
        } else {
            *run_at(f, ++kept) = *run_at(f, i);
        }
    }
    f->cnt = (uint16_t)(f->cnt > 0 ? kept + 1 : 0);
    f->is_open = false;
}

/* --- sending --- */

/* A run that leaves now, |len| bytes of it. */
static struct tcp_run fresh_run(struct tcp_conn *conn, uint32_t len, uint8_t flags, toe_instant now)
{
    struct tcp_run run = {.sent = now, .flags = flags};

    if (conn->cfg->cc->deliver != NULL) {
        run.stamp = tcp_rate_stamp(conn, len, now);
        run.is_limited = conn->busy->rate.is_limited;
    }
    return run;
}

/* [seq, end) leaves again. */
static bool resend(struct tcp_conn *conn, toe_seq seq, toe_seq end, toe_instant now)
{
    while (toe_seq_lt(seq, end)) {
        const uint32_t idx = find(conn, seq);
        const struct tcp_run run = *run_at(conn->flight, idx);
        const toe_seq to = toe_seq_min(run.end, end);

        if ((run.flags & TCP_RUN_SACKED) == 0 &&
            !paint(conn, idx, seq, to,
                   fresh_run(conn, toe_seq_off(to, seq), TCP_RUN_RESENT, now))) {
            return false;
        }
        seq = to;
    }
    conn->flight->is_open = false;
    return true;
}

static void append(struct tcp_conn *conn, toe_seq end, toe_instant now)
{
    struct tcp_flight *f = conn->flight;

    if (f->is_open && f->cnt > 0 && now - f->opened <= tcp_flight_grain(conn)) {
        struct tcp_run *last = run_at(f, f->cnt - 1u);

        if (conn->cfg->cc->deliver != NULL) {
            *last = fresh_run(conn, toe_seq_off(end, last->end), 0, now);
        }
        last->sent = now;
        last->end = end;
        return;
    }
    if (!insert_at(conn, f->cnt, 1)) {
        return;
    }
    *run_at(f, f->cnt - 1u) = fresh_run(conn, toe_seq_off(end, conn->snd_max), 0, now);
    run_at(f, f->cnt - 1u)->end = end;
    f->opened = now;
    f->is_open = true;
}

void tcp_flight_sent(struct tcp_conn *conn, toe_seq seq, toe_seq end, toe_instant now)
{
    if (conn->flight == NULL) {
        tcp_flight_begin(conn);
    }
    if (conn->flight == NULL || conn->flight->is_blind) {
        return;
    }
    if (toe_seq_lt(seq, conn->snd_max) &&
        !resend(conn, seq, toe_seq_min(end, conn->snd_max), now)) {
        return;
    }
    if (toe_seq_gt(end, conn->snd_max)) {
        append(conn, end, now);
    }
}

/* --- what arrives --- */

/* Whether what left at |a| and ends at |a_end| left before the other: RACK_sent_after(). */
static bool is_before(toe_instant a, toe_seq a_end, toe_instant b, toe_seq b_end)
{
    return a < b || (a == b && toe_seq_lt(a_end, b_end));
}

/* A part of |run| that ends at |end| was delivered. */
static void note(struct tcp_delivered *got, const struct tcp_run *run, toe_seq end, uint32_t len)
{
    const bool first = !got->has_original && !got->has_resent;

    got->bytes += len;
    got->last_sent = run->sent;
    got->is_last_resent = (run->flags & TCP_RUN_RESENT) != 0;
    if (got->is_rated && (run->flags & TCP_RUN_UNTIMED) == 0 &&
        (!got->is_stamped || is_before(got->stamp_sent, got->stamp_end, run->sent, end))) {
        got->is_stamped = true;
        got->is_limited = run->is_limited;
        got->stamp_end = end;
        got->stamp_sent = run->sent;
        got->stamp = run->stamp;
    }
    got->highest = first ? end : toe_seq_max(got->highest, end);
    if ((run->flags & TCP_RUN_RESENT) != 0) {
        if (!got->has_resent || is_before(got->re_sent, got->re_end, run->sent, end)) {
            got->re_sent = run->sent;
            got->re_end = end;
        }
        got->has_resent = true;
        return;
    }
    got->lowest = got->has_original ? toe_seq_min(got->lowest, end) : end;
    if (!got->has_original || is_before(got->sent, got->end, run->sent, end)) {
        got->sent = run->sent;
        got->end = end;
        got->is_timed = (run->flags & TCP_RUN_UNTIMED) == 0;
    }
    got->has_original = true;
}

/* [seq, end) is SACKed. Returns how much of it was not. */
static uint32_t sack(struct tcp_conn *conn, struct tcp_delivered *got, toe_seq seq, toe_seq end)
{
    uint32_t fresh = 0;

    while (toe_seq_lt(seq, end)) {
        const uint32_t idx = find(conn, seq);
        const struct tcp_run run = *run_at(conn->flight, idx);
        const toe_seq to = toe_seq_min(run.end, end);

        if ((run.flags & TCP_RUN_SACKED) == 0) {
            fresh += toe_seq_off(to, seq);
            note(got, &run, to, toe_seq_off(to, seq));
            if (!paint(conn, idx, seq, to,
                       (struct tcp_run){.sent = run.sent, .flags = TCP_RUN_SACKED})) {
                return fresh;
            }
        }
        seq = to;
    }
    return fresh;
}

uint32_t tcp_flight_sack(struct tcp_conn *conn, struct tcp_delivered *got,
                         const struct tcp_segment *seg)
{
    const uint32_t max = tcp_send_flight(conn);
    uint32_t fresh = 0;

    if (conn->flight->sacked == 0) {
        conn->flight->first_sack_max = conn->snd_max;
    }
    for (uint8_t i = 0; i < seg->sack_cnt && !conn->flight->is_blind; ++i) {
        /* Offsets from snd_una need no care at the wrap. */
        const uint32_t left = toe_seq_off(seg->sack[i].left, conn->snd_una);
        const uint32_t right = toe_seq_off(seg->sack[i].right, conn->snd_una);

        if (left < right && right <= max) { /* RFC-077 */
            fresh += sack(conn, got, seg->sack[i].left, seg->sack[i].right);
        }
    }
    return fresh;
}

static void empty(struct tcp_conn *conn)
{
    struct tcp_flight *f = conn->flight;

    if (f->is_blind) {
        f->rack.fack = conn->snd_una; /* nothing was followed meanwhile */
    }
    f->is_blind = false;
    f->is_open = false;
    f->cnt = 0;
    f->sacked = 0;
    f->lost = 0;
    free_more(conn);
}

void tcp_flight_ack(struct tcp_conn *conn, struct tcp_delivered *got, toe_seq old)
{
    struct tcp_flight *f = conn->flight;

    while (f->cnt > 0 && toe_seq_lt(old, conn->snd_una)) {
        const struct tcp_run *run = run_at(f, 0);
        const toe_seq end = toe_seq_min(run->end, conn->snd_una);

        if ((run->flags & TCP_RUN_SACKED) == 0) {
            note(got, run, end, toe_seq_off(end, old));
        }
        account(f, run->flags, 0, toe_seq_off(end, old));
        if (toe_seq_eq(end, run->end)) {
            ++f->first;
            --f->cnt;
        }
        old = end;
    }
    if (tcp_send_flight(conn) == 0) {
        empty(conn);
    }
}

void tcp_flight_ack_calm(struct tcp_conn *conn)
{
    struct tcp_flight *f = conn->flight;

    if (toe_seq_eq(run_at(f, 0)->end, conn->snd_una)) {
        ++f->first;
        --f->cnt;
    }
}

/* --- what does not --- */

static void color_lost(struct tcp_flight *f, struct tcp_run *run, toe_seq left)
{
    account(f, run->flags, run->flags | TCP_RUN_LOST, toe_seq_off(run->end, left));
    f->lost_new += toe_seq_off(run->end, left);
    run->flags |= TCP_RUN_LOST;
}

uint32_t tcp_flight_lose(struct tcp_conn *conn, toe_duration *left, toe_duration wait,
                         toe_instant now)
{
    struct tcp_flight *f = conn->flight;
    const uint32_t before = f->lost;
    toe_seq from = conn->snd_una;

    *left = 0;
    for (uint32_t i = 0; i < f->cnt; ++i) {
        struct tcp_run *run = run_at(f, i);

        if ((run->flags & (TCP_RUN_SACKED | TCP_RUN_LOST)) == 0 &&
            is_before(run->sent, run->end, f->rack.sent, f->rack.end)) {
            if (run->sent + wait <= now) {
                if (f->lost == 0 || toe_seq_lt(from, f->lost_from)) {
                    f->lost_from = from;
                }
                color_lost(f, run, from);
            } else if (run->sent + wait - now > *left) {
                *left = run->sent + wait - now;
            }
        }
        from = run->end;
    }
    if (f->lost != before) {
        join_all(f);
    }
    return f->lost - before;
}

bool tcp_flight_lose_first(struct tcp_conn *conn)
{
    struct tcp_flight *f = conn->flight;
    struct tcp_run run = *run_at(f, 0);
    uint32_t len = toe_seq_off(run.end, conn->snd_una);

    toe_assert(f->cnt > 0);

    if ((run.flags & (TCP_RUN_SACKED | TCP_RUN_LOST | TCP_RUN_RESENT)) != 0) {
        return false;
    }
    len = len < conn->snd_mss ? len : conn->snd_mss;
    run.flags |= TCP_RUN_LOST;
    f->lost_new += len;
    f->lost_from = conn->snd_una;
    return paint(conn, 0, conn->snd_una, toe_seq_add(conn->snd_una, len), run);
}

bool tcp_flight_has_reneged(const struct tcp_conn *conn)
{
    const struct tcp_flight *f = conn->flight;

    return f->cnt > 0 && (run_get(f, 0)->flags & TCP_RUN_SACKED) != 0;
}

void tcp_flight_lose_all(struct tcp_conn *conn)
{
    struct tcp_flight *f = conn->flight;
    const bool reneged = tcp_flight_has_reneged(conn);

    f->sacked = reneged ? 0 : f->sacked;
    for (uint32_t i = 0; i < f->cnt; ++i) {
        struct tcp_run *run = run_at(f, i);

        if (reneged && (run->flags & TCP_RUN_SACKED) != 0) {
            run->flags = TCP_RUN_RESENT; /* which copies it had is not known */
        }
        if ((run->flags & TCP_RUN_SACKED) == 0) {
            run->flags |= TCP_RUN_LOST;
        }
    }
    join_all(f);
    f->lost = f->is_blind ? 0 : tcp_send_flight(conn) - f->sacked;
    f->lost_from = conn->snd_una;
}

void tcp_flight_find_all(struct tcp_conn *conn)
{
    struct tcp_flight *f = conn->flight;

    for (uint32_t i = 0; i < f->cnt; ++i) {
        run_at(f, i)->flags &= (uint8_t)~TCP_RUN_LOST;
    }
    f->lost = 0;
}

bool tcp_flight_next_lost(struct tcp_conn *conn, struct tcp_sack_block *range)
{
    struct tcp_flight *f = conn->flight;
    uint32_t idx;

    if (f->lost == 0) {
        return false;
    }
    idx = find(conn, toe_seq_max(f->lost_from, conn->snd_una));
    while ((run_at(f, idx)->flags & TCP_RUN_LOST) == 0) {
        ++idx;
        toe_assert(idx < f->cnt);
    }
    range->left = left_of(conn, idx);
    range->right = run_at(f, idx)->end;
    f->lost_from = range->left;
    return true;
}

uint32_t tcp_flight_first_len(const struct tcp_conn *conn)
{
    const struct tcp_flight *f = conn->flight;
    uint32_t idx = 0;

    while (idx < f->cnt && (run_get(f, idx)->flags & TCP_RUN_SACKED) == 0) {
        ++idx;
    }
    return idx > 0 ? toe_seq_off(left_of(conn, idx), conn->snd_una) : UINT32_MAX;
}

uint32_t tcp_flight_last_len(const struct tcp_conn *conn)
{
    const struct tcp_flight *f = conn->flight;

    return f->cnt > 0 ? toe_seq_off(conn->snd_max, left_of(conn, f->cnt - 1u)) : 0;
}

uint32_t tcp_flight_resent(const struct tcp_conn *conn)
{
    const struct tcp_flight *f = conn->flight;
    const uint8_t mask = TCP_RUN_SACKED | TCP_RUN_LOST | TCP_RUN_RESENT;
    uint32_t bytes = 0;

    for (uint32_t i = 0; i < f->cnt; ++i) {
        if ((run_get(f, i)->flags & mask) == TCP_RUN_RESENT) {
            bytes += toe_seq_off(run_get(f, i)->end, left_of(conn, i));
        }
    }
    return bytes;
}

uint32_t tcp_flight_ranges(const struct tcp_conn *conn, struct tcp_sack_block *ranges, uint32_t max)
{
    const struct tcp_flight *f = conn->flight;
    uint32_t cnt = 0;

    for (uint32_t i = 0; i < f->cnt && cnt < max; ++i) {
        if ((run_get(f, i)->flags & TCP_RUN_SACKED) != 0) {
            ranges[cnt++] = (struct tcp_sack_block){left_of(conn, i), run_get(f, i)->end};
        }
    }
    return cnt;
}

toe_seq tcp_flight_resent_end(const struct tcp_conn *conn)
{
    const struct tcp_flight *f = conn->flight;
    toe_seq end = conn->snd_una;

    for (uint32_t i = 0; i < f->cnt; ++i) {
        const uint8_t flags = run_get(f, i)->flags;

        if ((flags & TCP_RUN_SACKED) == 0) {
            if ((flags & (TCP_RUN_RESENT | TCP_RUN_LOST)) != TCP_RUN_RESENT) {
                break;
            }
            end = run_get(f, i)->end;
        }
    }
    return end;
}

/* --- life --- */

/* Begins the record with what is in flight, and what go-back-N would repeat. */
static void import_runs(struct tcp_conn *conn, toe_instant now)
{
    struct tcp_flight *f = conn->flight;

    f->is_blind = false;
    if (!toe_seq_eq(conn->snd_nxt, conn->snd_una)) {
        *run_at(f, f->cnt++) =
            (struct tcp_run){.sent = now, .end = conn->snd_nxt, .flags = TCP_RUN_UNTIMED};
    }
    if (!toe_seq_eq(conn->snd_nxt, conn->snd_max)) {
        *run_at(f, f->cnt++) = (struct tcp_run){
            .sent = now, .end = conn->snd_max, .flags = TCP_RUN_LOST | TCP_RUN_UNTIMED};
        f->lost = toe_seq_off(conn->snd_max, conn->snd_nxt);
        f->lost_from = conn->snd_nxt;
    }
}

/* Takes over what the scoreboard has: what is SACKed, and what was resent, which left after all
 * else. */
static void import_scoreboard(struct tcp_conn *conn, toe_instant now)
{
    struct tcp_scoreboard *sb = conn->busy->scoreboard;
    struct tcp_delivered none = {0};

    for (uint32_t i = 0; i < sb->cnt && !conn->flight->is_blind; ++i) {
        (void)sack(conn, &none, sb->ranges[i].left, sb->ranges[i].right);
        conn->flight->rack.fack = sb->ranges[i].right;
    }
    if (!conn->flight->is_blind) {
        (void)resend(conn, conn->snd_una, toe_seq_min(sb->high_rxt, conn->snd_max), now + 1);
    }
    if (!conn->flight->is_blind) {
        base_slab_free(conn->cfg->scoreboards, sb);
        conn->busy->scoreboard = NULL;
    }
}

void tcp_flight_import(struct tcp_conn *conn, toe_instant now)
{
    tcp_flight_fini(conn);
    if (conn->cfg->flights == NULL || tcp_send_flight(conn) == 0) {
        return;
    }
    tcp_flight_begin(conn);
    if (conn->flight == NULL) {
        return;
    }
    import_runs(conn, now);
    conn->flight->first_sack_max = conn->snd_max;
    conn->flight->in_loss = conn->retransmit_cnt > 0 && !conn->in_recovery;
    if (conn->busy->scoreboard != NULL && conn->has_sack) {
        import_scoreboard(conn, now);
    }
    if (conn->in_recovery && !conn->flight->is_blind) {
        tcp_prr_begin(conn);
    }
}

const struct tcp_run *tcp_flight_runs(const struct tcp_conn *conn, uint32_t *cnt)
{
    *cnt = conn->flight->cnt;
    return run_get(conn->flight, 0);
}

/* A block for |cnt| runs; NULL if memory is short. */
static struct tcp_run *block_new(const struct tcp_conn *conn, uint32_t cnt)
{
    return base_slab_alloc(cnt <= TCP_FLIGHT_SOME ? &conn->cfg->flights->some
                                                  : &conn->cfg->flights->many);
}

struct tcp_run *tcp_flight_renew(struct tcp_conn *conn, uint32_t cnt)
{
    struct base_slab *pool = &conn->cfg->flights->flights;
    struct tcp_flight *f = conn->flight != NULL ? conn->flight : base_slab_alloc(pool);
    struct tcp_flight fresh = {.cap = TCP_FLIGHT_FEW, .cnt = (uint16_t)cnt};

    toe_assert(cnt <= TCP_FLIGHT_MANY);

    if (f == NULL) {
        return NULL;
    }
    if (cnt > TCP_FLIGHT_FEW) {
        fresh.cap = cnt <= TCP_FLIGHT_SOME ? TCP_FLIGHT_SOME : TCP_FLIGHT_MANY;
        fresh.more = block_new(conn, cnt);
    }
    if (cnt > TCP_FLIGHT_FEW && fresh.more == NULL) {
        if (conn->flight == NULL) {
            base_slab_free(pool, f);
        }
        return NULL;
    }
    if (conn->flight != NULL) {
        free_more(conn);
    }
    conn->flight = f;
    *f = fresh;
    return run_at(f, 0);
}

void tcp_flight_recount(struct tcp_conn *conn)
{
    struct tcp_flight *f = conn->flight;

    f->sacked = 0;
    f->lost = 0;
    for (uint32_t i = f->cnt; i-- > 0;) {
        const uint8_t flags = run_get(f, i)->flags;

        account(f, 0, flags, toe_seq_off(run_get(f, i)->end, left_of(conn, i)));
        if ((flags & TCP_RUN_LOST) != 0) {
            f->lost_from = left_of(conn, i);
        }
    }
}

void tcp_flight_fini(struct tcp_conn *conn)
{
    if (conn->flight != NULL) {
        free_more(conn);
        base_slab_free(&conn->cfg->flights->flights, conn->flight);
        conn->flight = NULL;
    }
}

void tcp_flight_trim(struct tcp_conn *conn)
{
    if (tcp_send_flight(conn) == 0 && !conn->flight->tlp.is_out && !conn->flight->undo.is_on) {
        tcp_flight_fini(conn);
        tcp_deadline_cancel(conn, TCP_DEADLINE_PROBE);
    }
}

void tcp_flight_check(const struct tcp_conn *conn)
{
    const struct tcp_flight *f = conn->flight;
    const uint32_t flight = tcp_send_flight(conn);

    if (f == NULL || f->is_blind) {
        return;
    }
    toe_assert((f->cnt == 0) == (flight == 0));
    toe_assert(f->cnt == 0 || toe_seq_eq(run_get(f, f->cnt - 1u)->end, conn->snd_max));
    toe_assert(f->sacked <= flight && f->lost <= flight - f->sacked);
}
