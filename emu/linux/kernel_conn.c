/* SPDX-License-Identifier: MIT */
#include "linux/kernel_conn.h"

#include <string.h>

#define LOOK_EVERY (5 * TOE_NS_PER_SEC)
#define SILENCE (60 * TOE_NS_PER_SEC)

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0xff51afd7ed558ccd);
    return h ^ h >> 32;
}

static uint64_t mix_addr(uint64_t h, const struct toe_addr *addr)
{
    uint64_t words[2];

    memcpy(words, addr->bytes, sizeof(words));
    return mix(mix(h, words[0]), words[1]);
}

static struct emu_conn **bucket_of(const struct emu_kernel *kernel, const struct emu_tuple *tuple)
{
    uint64_t h = kernel->settings.seed ^ UINT64_C(0x9e3779b97f4a7c15);

    h = mix_addr(h, &tuple->local);
    h = mix_addr(h, &tuple->remote);
    h = mix(h, (uint64_t)tuple->local_port << 16 | tuple->remote_port);
    return &kernel->buckets[h & (kernel->bucket_cnt - 1)];
}

static bool is_same(const struct emu_tuple *a, const struct emu_tuple *b)
{
    return a->local_port == b->local_port && a->remote_port == b->remote_port &&
           memcmp(&a->remote, &b->remote, sizeof(a->remote)) == 0 &&
           memcmp(&a->local, &b->local, sizeof(a->local)) == 0;
}

struct emu_conn *emu_conn_find(const struct emu_kernel *kernel, const struct emu_tuple *tuple)
{
    struct emu_conn *conn = *bucket_of(kernel, tuple);

    while (conn != NULL && !is_same(&conn->info.tuple, tuple)) {
        conn = conn->chain;
    }
    return conn;
}

/*
 * Forgets the one that was not used for longest, of those in the host. The others that are found
 * before it are in use, if only by the target: nobody needs to look at them again so soon.
 */
static bool make_room(struct emu_kernel *kernel)
{
    struct emu_conn *conn;

    if (kernel->move_cnt >= kernel->stats.conns) {
        return false;
    }
    while ((conn = TAILQ_FIRST(&kernel->conns))->move != NULL) {
        TAILQ_REMOVE(&kernel->conns, conn, node);
        TAILQ_INSERT_TAIL(&kernel->conns, conn, node);
    }
    emu_conn_del(conn);
    return true;
}

struct emu_conn *emu_conn_get(struct emu_kernel *kernel, const struct emu_tuple *tuple)
{
    struct emu_conn **bucket = bucket_of(kernel, tuple);
    struct emu_conn *conn = emu_conn_find(kernel, tuple);

    if (conn != NULL) {
        return conn;
    }
    if (kernel->stats.conns >= kernel->settings.conn_max && !make_room(kernel)) {
        return NULL;
    }
    if (!emu_timers_reserve(&kernel->timers, kernel->stats.conns + 1)) {
        return NULL;
    }
    conn = emu_heap_take_zeroed(&kernel->heap, sizeof(*conn));
    if (conn == NULL) {
        return NULL;
    }
    conn->kernel = kernel;
    conn->info.tuple = *tuple;
    conn->chain = *bucket;
    *bucket = conn;
    TAILQ_INSERT_TAIL(&kernel->conns, conn, node);
    ++kernel->stats.conns;
    emu_conn_watch(conn);
    return conn;
}

/* --- the end --- */

static void look_at(struct emu_conn *conn, toe_instant at)
{
    emu_timers_set(&conn->kernel->timers, &conn->timer, at);
}

void emu_conn_watch(struct emu_conn *conn)
{
    look_at(conn, conn->kernel->now + LOOK_EVERY);
}

/* How long a connection is silent before there is reason to look. */
static toe_duration silence_of(enum toe_conn_state state)
{
    switch (state) {
    case TOE_TCP_CLOSED:
    case TOE_TCP_FIN_WAIT_1:
    case TOE_TCP_CLOSING:
    case TOE_TCP_LAST_ACK:
        return LOOK_EVERY;
    default:
        return SILENCE; /* and so long is the kernel's TIME_WAIT */
    }
}

/* What the last segments were, nobody may have seen: the kernel knows whether it is over. */
static bool is_over(const struct emu_conn *conn, enum toe_conn_state state)
{
    struct emu_diag_info info;

    if (state == TOE_TCP_CLOSED || state == TOE_TCP_TIME_WAIT) {
        return true;
    }
    return conn->kernel->diag != NULL ? !emu_diag_get(conn->kernel->diag, &info, &conn->info.tuple)
                                      : conn->track.is_rst_unanswered;
}

void emu_conn_watch_silent(struct emu_conn *conn)
{
    look_at(conn, conn->kernel->now + SILENCE);
}

bool emu_conn_is_orphan(const struct emu_conn *conn)
{
    const struct emu_kernel *kernel = conn->kernel;
    struct emu_diag_info info;

    return kernel->now - conn->info.seen_at >= SILENCE && kernel->diag != NULL &&
           !emu_diag_get(kernel->diag, &info, &conn->info.tuple);
}

void emu_conn_look(struct emu_conn *conn)
{
    const enum toe_conn_state state = emu_track_state(&conn->track);
    const toe_instant due = conn->info.seen_at + silence_of(state);
    const toe_instant now = conn->kernel->now;

    if (now < due) {
        look_at(conn, due < now + LOOK_EVERY ? due : now + LOOK_EVERY);
    } else if (is_over(conn, state)) {
        emu_conn_del(conn);
    } else {
        look_at(conn, now + silence_of(state));
    }
}

void emu_conn_del(struct emu_conn *conn)
{
    struct emu_kernel *kernel = conn->kernel;
    struct emu_conn **link = bucket_of(kernel, &conn->info.tuple);

    if (kernel->settings.closed != NULL) {
        kernel->settings.closed(kernel->settings.user, &conn->info);
    }
    while (*link != conn) {
        link = &(*link)->chain;
    }
    *link = conn->chain;
    TAILQ_REMOVE(&kernel->conns, conn, node);
    if (conn->is_touched) {
        TAILQ_REMOVE(&kernel->touched, conn, touched);
    }
    emu_timers_set(&kernel->timers, &conn->timer, TOE_INSTANT_NEVER);
    --kernel->stats.conns;
    emu_heap_give(&kernel->heap, conn);
}

void emu_conn_use(struct emu_conn *conn)
{
    struct emu_kernel *kernel = conn->kernel;

    conn->info.seen_at = kernel->now;
    if (TAILQ_LAST(&kernel->conns, emu_conns) != conn) {
        TAILQ_REMOVE(&kernel->conns, conn, node);
        TAILQ_INSERT_TAIL(&kernel->conns, conn, node);
    }
}

void emu_conn_touch(struct emu_conn *conn)
{
    if (!conn->is_touched) {
        conn->is_touched = true;
        TAILQ_INSERT_TAIL(&conn->kernel->touched, conn, touched);
    }
}

void emu_conn_ask(struct emu_conn *conn)
{
    struct emu_diag_info info;

    if (conn->kernel->diag != NULL && emu_diag_get(conn->kernel->diag, &info, &conn->info.tuple)) {
        emu_track_told(&conn->track, &info);
    }
}

/* Counts a move that has come to where it was going. */
static void count_time(struct emu_conn *conn)
{
    struct emu_kernel *kernel = conn->kernel;
    const toe_duration time = kernel->now - conn->moves_from;

    if (conn->info.was == EMU_PLACE_OFFLOADING && conn->info.place == EMU_PLACE_OFFLOADED) {
        emu_histogram_add(&kernel->times.offloads, time);
    } else if (conn->info.was == EMU_PLACE_UPLOADING && conn->info.place == EMU_PLACE_HOST) {
        emu_histogram_add(&kernel->times.uploads, time);
    } else {
        conn->moves_from = kernel->now;
    }
}

void emu_conn_place_set(struct emu_conn *conn, enum emu_place place)
{
    const struct emu_kernel_settings *settings = &conn->kernel->settings;

    conn->info.was = conn->info.place;
    conn->info.place = place;
    count_time(conn);
    conn->info.state = emu_track_state(&conn->track);
    if (settings->moved != NULL) {
        settings->moved(settings->user, &conn->info);
    }
}
