/* SPDX-License-Identifier: MIT */
#include "stress_load.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "chronicle.h"
#include "timers.h"
#include "toe/seam.h"
#include "toe/status.h"

/*
 * A flow that makes no progress for so long is stalled: far more than anybody thinks, and than a
 * retransmission takes to come through. Where more than one frame in twenty is lost, seven in a row
 * are lost now and then, and the intervals have doubled to minutes by that time.
 */
#define STALL_TIME (120 * TOE_NS_PER_SEC)
#define STALL_TIME_LOSSY (600 * TOE_NS_PER_SEC)
#define LOSSY 50000
/* The other end, if it is a slow reader, may think so often before its window opens. */
#define THINKS 16
/* Opening may take a SYN after the other, at doubling intervals. */
#define OPEN_TIME (300 * TOE_NS_PER_SEC)
/* A peer that was called has so long to open its connection. */
#define CALL_TIME (60 * TOE_NS_PER_SEC)
/*
 * The peer of who is last to close forgets after so long, 2 MSL. If no FIN came through meanwhile,
 * the next one is answered with a RST (RFC 9293, 3.6.1).
 */
#define PEER_REMEMBERS (60 * TOE_NS_PER_SEC)
/* All flows are opened within this time, not all at once. */
#define RAMP_TIME (2 * TOE_NS_PER_SEC)
#define RAMP_STEP (5 * TOE_NS_PER_MS)
/* Batches of connections are moved every so often, on average. */
#define MOVE_TIME (500 * TOE_NS_PER_MS)

enum {
    OPEN_BATCH = 64,
    MOVE_BATCH = 32,
    BACKLOG = 4096,
    BUFFER_LEN = 65536,
};

/* One connection and the flow on it. */
struct conn {
    struct emu_timer timer;
    struct emu_flow flow;
    struct emu_load *load;
    struct emu_life *life; /* with a chronicle, while it is open and counted */
    const char *outcome;   /* of it, if it is not as it should be */
    toe_handle handle;
    size_t idx;        /* in load->conns */
    bool is_open;      /* established */
    bool is_readable;  /* bytes or the end of the stream may wait */
    bool is_closed;    /* the host has nothing more to tell */
    bool leaves_early; /* gives the handle back without waiting for that */
    bool is_lost;      /* with the hardware that it was on */
};

struct emu_load {
    struct emu_load_settings settings;
    struct emu_random random;
    struct emu_timers timers;
    toe_handle listener;
    struct conn **conns;
    size_t conn_cnt;
    size_t conn_cap;
    uint32_t opener_cnt;   /* plain flows that we open or have opened */
    uint32_t called_cnt;   /* flows of the peer's, from the call on */
    uint32_t calls_owed;   /* of these, those that did not arrive yet */
    toe_instant called_at; /* the last call */
    toe_instant begin;     /* the first run, plus one; 0: not yet */
    toe_instant move_at;
    toe_duration moves_every;
    struct emu_stress_tally tally;
    bool is_draining;
    bool has_heard;
    uint8_t buffer[BUFFER_LEN];
};

void emu_load_fault(struct emu_stress_result *result, const char *format, ...)
{
    va_list args;

    if (result->fault[0] != '\0') {
        return;
    }
    va_start(args, format);
    vsnprintf(result->fault, sizeof(result->fault), format, args);
    va_end(args);
}

/* --- lost connections --- */

/* The name of |conn| in the set of the lost, as its end on this machine or on the other one. */
static struct emu_lost_name name_of(const struct conn *conn, bool is_ours)
{
    const uint8_t machine = conn->load->settings.machine;
    struct toe_host_conn_info info = {0};

    toe_host_conn_info(conn->load->settings.host, conn->handle, &info);
    if (is_ours) {
        return (struct emu_lost_name){machine, info.local.family, info.local_port,
                                      info.remote_port};
    }
    return (struct emu_lost_name){(uint8_t)(1 - machine), info.local.family, info.remote_port,
                                  info.local_port};
}

/* |conn| is lost, or ended with a RST, so the other end may be reset. */
static void note_loss(const struct conn *conn)
{
    if (conn->load->settings.lost != NULL) {
        const struct emu_lost_name name = name_of(conn, false);

        emu_lost_add(conn->load->settings.lost, &name);
    }
}

/* Whether the other end of |conn| was lost; asked when this end begins or ends, which settles it.
 */
static bool settle_loss(const struct conn *conn)
{
    struct emu_lost_name name;

    if (conn->load->settings.lost == NULL || conn->load->settings.lost->cnt == 0) {
        return false;
    }
    name = name_of(conn, true);
    return emu_lost_take(conn->load->settings.lost, &name);
}

/* --- connections --- */

static bool is_counted(const struct conn *conn)
{
    return conn->flow.is_opener ? conn->flow.plan.kind == EMU_FLOW_PLAIN
                                : conn->load->settings.counts_accepted;
}

static struct conn *conn_new(struct emu_load *load, toe_handle handle)
{
    struct conn *conn = calloc(1, sizeof(*conn));

    if (load->conn_cnt == load->conn_cap) {
        load->conn_cap = load->conn_cap == 0 ? 256 : 2 * load->conn_cap;
        load->conns = realloc(load->conns, load->conn_cap * sizeof(struct conn *));
    }
    if (conn == NULL || load->conns == NULL) {
        abort();
    }
    conn->load = load;
    conn->handle = handle;
    conn->idx = load->conn_cnt;
    load->conns[load->conn_cnt++] = conn;
    toe_host_conn_user_set(load->settings.host, handle, conn);
    (void)settle_loss(conn);
    return conn;
}

/* How a handle is given back: toe_host_close() or toe_host_abort(). */
typedef void give_back(struct toe_host *host, toe_handle conn);

static struct emu_stress_class *class_of(const struct conn *conn)
{
    struct toe_host_conn_info info = {0};

    toe_host_conn_info(conn->load->settings.host, conn->handle, &info);
    return &conn->load->settings.result
                ->classes[info.remote.family == 6][conn->flow.is_opener ? 0 : 1];
}

/* Notes what the two ends of a new connection have agreed upon. */
static void count_agreed(const struct conn *conn)
{
    struct emu_stress_class *class = class_of(conn);
    struct toe_host_tcp_info tcp = {.size = sizeof(tcp)};

    if (!toe_host_tcp_info(conn->load->settings.host, conn->handle, &tcp)) {
        return;
    }
    ++class->asked;
    class->sack += tcp.sack ? 1 : 0;
    class->timestamps += tcp.timestamps ? 1 : 0;
    class->window_scaling += tcp.window_scaling ? 1 : 0;
    class->ecn += tcp.ecn ? 1 : 0;
}

/* Notes what a connection carried that came to its end as planned. */
static void count_finished(const struct conn *conn)
{
    struct emu_stress_class *class = class_of(conn);

    ++class->finished;
    class->sent += conn->flow.tx;
    class->received += conn->flow.rx;
}

/* --- for the chronicle --- */

static void life_begin(struct conn *conn, toe_instant now)
{
    const struct emu_load_settings *set = &conn->load->settings;
    struct toe_host_conn_info info = {0};

    if (set->chronicle == NULL) {
        return;
    }
    toe_host_conn_info(set->host, conn->handle, &info);
    conn->life = emu_chronicle_open(set->chronicle,
                                    &(struct emu_life){.machine = set->name,
                                                       .is_opener = conn->flow.is_opener,
                                                       .family = info.local.family,
                                                       .local_port = info.local_port,
                                                       .remote_port = info.remote_port},
                                    now);
}

/* Notes how far |conn| is, unless |was_finished|: then it has nothing more to wait for. */
static void life_note(struct conn *conn, bool was_finished, toe_instant now)
{
    if (conn->life != NULL && !was_finished) {
        conn->life->plan = conn->flow.plan;
        emu_life_note(conn->life, conn->load->settings.chronicle, conn->flow.tx, conn->flow.rx,
                      now);
    }
}

static void life_end(struct conn *conn)
{
    if (conn->life != NULL) {
        emu_chronicle_close(conn->load->settings.chronicle, conn->life,
                            conn->outcome != NULL ? conn->outcome : "ended as it should");
    }
}

/* Gives the handle of |conn| back, and forgets it. */
static void conn_del(struct conn *conn, give_back *end)
{
    struct emu_load *load = conn->load;
    struct conn *last = load->conns[--load->conn_cnt];

    load->tally.ended += conn->is_open ? 1 : 0;
    if (is_counted(conn) && conn->is_open) {
        --load->settings.result->connections_now;
        ++load->settings.result->connections_finished;
    }
    if (!conn->flow.is_opener && load->settings.call_cnt > 0) {
        --load->called_cnt;
    }
    if (conn->flow.is_opener && conn->flow.plan.kind == EMU_FLOW_PLAIN) {
        --load->opener_cnt;
    }
    life_end(conn);
    (void)settle_loss(conn);
    toe_host_conn_user_set(load->settings.host, conn->handle, NULL);
    end(load->settings.host, conn->handle);
    load->conns[conn->idx] = last;
    last->idx = conn->idx;
    emu_timers_set(&load->timers, &conn->timer, TOE_INSTANT_NEVER);
    free(conn);
}

static void count_open(struct conn *conn, toe_instant now)
{
    struct emu_stress_result *result = conn->load->settings.result;

    conn->is_open = true;
    conn->is_readable = true;
    /* Who is gone already is not told of a loss. */
    conn->leaves_early =
        emu_random_below(&conn->load->random, 4) == 0 && !conn->load->settings.loses;
    conn->load->has_heard = true;
    ++conn->load->tally.opened;
    count_agreed(conn);
    if (!is_counted(conn)) {
        return;
    }
    life_begin(conn, now);
    ++result->connections_opened;
    ++result->connections_now;
    if (result->connections_now > result->connections_peak) {
        result->connections_peak = result->connections_now;
    }
}

/* What there is to say of a connection that went wrong. */
static void conn_fault(const struct conn *conn, const char *what, toe_instant now)
{
    const struct emu_flow *flow = &conn->flow;
    struct toe_host_conn_info info = {0};

    toe_host_conn_info(conn->load->settings.host, conn->handle, &info);
    emu_load_fault(conn->load->settings.result,
                   "%.6f s: %s: flow %016llx at its %s, ports %u to %u, IPv%u, %s, %s, sent %llu "
                   "of %llu, received %llu of %llu, moved %u times",
                   (double)(now - (conn->load->begin - 1)) / (double)TOE_NS_PER_SEC, what,
                   (unsigned long long)flow->plan.seed, flow->is_opener ? "opener" : "acceptor",
                   info.local_port, info.remote_port, info.local.family,
                   toe_conn_state_name(info.state), toe_place_name(info.place),
                   (unsigned long long)flow->tx, (unsigned long long)flow->tx_len,
                   (unsigned long long)flow->rx, (unsigned long long)flow->rx_len,
                   info.offload_cnt + info.upload_cnt);
}

/* --- serving a flow --- */

static void receive(struct conn *conn, toe_instant now)
{
    struct emu_load *load = conn->load;
    struct emu_stress_result *result = load->settings.result;
    struct toe_host_conn_info info;

    while (conn->is_readable) {
        const size_t want = emu_flow_appetite(&conn->flow, now);
        const uint64_t wrong = conn->flow.wrong;
        const size_t len = toe_host_receive(load->settings.host, conn->handle, load->buffer,
                                            want < BUFFER_LEN ? want : BUFFER_LEN);

        if (want == 0) {
            return;
        }
        if (len == 0) {
            conn->is_readable = false;
            break;
        }
        emu_flow_taken(&conn->flow, load->buffer, len, now);
        result->bytes += len;
        result->bytes_wrong += conn->flow.wrong - wrong;
        load->tally.bytes += len;
        load->tally.bytes_wrong += conn->flow.wrong - wrong;
    }
    if (!conn->flow.has_ended && toe_host_conn_info(load->settings.host, conn->handle, &info) &&
        info.end_of_stream && info.receivable == 0) {
        emu_flow_ended(&conn->flow, now);
    }
}

static void transmit(struct conn *conn, toe_instant now)
{
    struct emu_load *load = conn->load;

    for (;;) {
        const size_t len = emu_flow_fill(&conn->flow, load->buffer, BUFFER_LEN, now);
        const size_t sent =
            len == 0 ? 0 : toe_host_send(load->settings.host, conn->handle, load->buffer, len);

        emu_flow_sent(&conn->flow, sent, now);
        if (len == 0 || sent < len) {
            return;
        }
    }
}

/* Ends a connection that went wrong. */
static void give_up(struct conn *conn, const char *what, toe_instant now)
{
    conn_fault(conn, what, now);
    conn->outcome = "was given up";
    conn_del(conn, toe_host_abort);
}

static toe_duration patience(const struct conn *conn)
{
    const toe_duration think = conn->flow.is_hurried ? 0 : conn->flow.plan.think_us * TOE_NS_PER_US;

    if (!conn->is_open) {
        return OPEN_TIME;
    }
    return (conn->load->settings.loss > LOSSY ? STALL_TIME_LOSSY : STALL_TIME) + THINKS * think;
}

/* Does all that |conn| can do now; it may be gone afterwards. */
static void serve(struct conn *conn, toe_instant now)
{
    struct emu_load *load = conn->load;
    const bool was_finished = emu_flow_is_finished(&conn->flow);
    toe_instant next;

    if (conn->is_open) {
        receive(conn, now);
        transmit(conn, now);
        life_note(conn, was_finished, now);
        switch (emu_flow_step(&conn->flow, now)) {
        case EMU_STEP_NONE:
            break;
        case EMU_STEP_SHUTDOWN:
            toe_host_shutdown(load->settings.host, conn->handle);
            break;
        case EMU_STEP_ABORT:
            note_loss(conn);
            conn->outcome = "ended with a RST of its own, as it should";
            conn_del(conn, toe_host_abort);
            return;
        }
    }
    if (conn->flow.fault != EMU_FLOW_OK) {
        give_up(conn, emu_flow_fault_text(conn->flow.fault), now);
        return;
    }
    if (emu_flow_is_finished(&conn->flow) && (conn->is_closed || conn->leaves_early)) {
        count_finished(conn);
        conn_del(conn, toe_host_close);
        return;
    }
    next = conn->flow.progress_at + patience(conn);
    if (next <= now) {
        ++load->settings.result->stalls;
        give_up(conn, "stalled", now);
        return;
    }
    if (conn->is_open && emu_flow_deadline(&conn->flow, now) < next) {
        next = emu_flow_deadline(&conn->flow, now);
    }
    emu_timers_set(&load->timers, &conn->timer, next);
}

/* --- opening and accepting --- */

/* The peer's address of the one family or the other, or that which there is. */
static const struct toe_addr *peer_of(const struct emu_load *load, uint64_t family)
{
    const struct toe_addr *peer = &load->settings.peer[family];

    return peer->family != 0 ? peer : &load->settings.peer[peer == &load->settings.peer[0]];
}

/* Opens a connection to |peer| for a flow of |plan|. Returns false if the host cannot just now. */
static bool open_flow(struct emu_load *load, const struct toe_addr *peer,
                      const struct emu_flow_plan *plan, toe_instant now)
{
    struct conn *conn;
    const toe_handle handle =
        toe_host_connect(load->settings.host, NULL, 0, peer, load->settings.peer_port);

    if (handle == 0) {
        ++load->settings.result->refused;
        return false;
    }
    conn = conn_new(load, handle);
    emu_flow_open(&conn->flow, plan, now);
    if (plan->kind == EMU_FLOW_CALL) {
        ++load->called_cnt;
        ++load->calls_owed;
        load->called_at = now;
    } else {
        ++load->opener_cnt;
    }
    emu_timers_set(&load->timers, &conn->timer, now + OPEN_TIME);
    return true;
}

/* Opens one flow, or calls the peer for one. Returns false if the host cannot just now. */
static bool open_one(struct emu_load *load, enum emu_flow_kind kind, toe_instant now)
{
    struct emu_flow_plan plan;
    const struct toe_addr *peer = peer_of(load, emu_random_below(&load->random, 2));
    const toe_instant end = load->begin + load->settings.open_for;
    const double left = end > now ? (double)(end - now) / (double)TOE_NS_PER_SEC : 0;
    struct emu_plan_mix mix = load->settings.mix;

    mix.seconds_max = mix.seconds_max > 0 && mix.seconds_max < left ? mix.seconds_max : left;
    emu_plan_make(&plan, &load->random, &mix);
    plan.kind = (uint8_t)kind;
    plan.port = kind == EMU_FLOW_CALL ? load->settings.port : 0;
    return open_flow(load, peer, &plan, now);
}

void emu_load_open(struct emu_load *load, const struct emu_flow_plan *plan, toe_instant now)
{
    (void)open_flow(load, peer_of(load, plan->seed & 1), plan, now);
}

/* How many of |cnt| flows may be open at |now|: all of them, once the ramp is over. */
static uint32_t ramp(const struct emu_load *load, uint32_t cnt, toe_instant now)
{
    const toe_duration since = now - (load->begin - 1);

    return since >= RAMP_TIME ? cnt : (uint32_t)(1 + (cnt - 1) * since / RAMP_TIME);
}

/* Opens what is missing, and returns when to look again. */
static toe_instant open_more(struct emu_load *load, toe_instant now)
{
    const struct emu_load_settings *set = &load->settings;
    const toe_instant end = load->begin + set->open_for;
    uint32_t left = OPEN_BATCH;

    if (load->is_draining || now >= end) {
        return TOE_INSTANT_NEVER;
    }
    for (; left > 0 && set->open_cnt > 0 && load->opener_cnt < ramp(load, set->open_cnt, now);
         --left) {
        if (!open_one(load, EMU_FLOW_PLAIN, now)) {
            return now + RAMP_STEP;
        }
    }
    for (; left > 0 && set->call_cnt > 0 && load->called_cnt < ramp(load, set->call_cnt, now);
         --left) {
        if (!open_one(load, EMU_FLOW_CALL, now)) {
            return now + RAMP_STEP;
        }
    }
    return left == 0 || now - (load->begin - 1) < RAMP_TIME ? now + RAMP_STEP : end;
}

static void accept_all(struct emu_load *load, toe_instant now)
{
    toe_handle handle;

    while ((handle = toe_host_accept(load->settings.host, load->listener)) != 0) {
        struct conn *conn = conn_new(load, handle);

        emu_flow_accept(&conn->flow, now);
        if (load->calls_owed > 0) {
            --load->calls_owed;
        } else if (load->settings.call_cnt > 0) {
            ++load->called_cnt;
        }
        count_open(conn, now);
        if (load->is_draining) {
            emu_flow_hurry(&conn->flow, now);
        }
        serve(conn, now);
    }
}

/* --- events --- */

/* Tells whether |conn| has done all that it is for, and the peer may have forgotten it. */
static bool is_forgotten(const struct conn *conn, toe_instant now)
{
    return emu_flow_is_finished(&conn->flow) && now >= conn->flow.progress_at + PEER_REMEMBERS;
}

static void on_reset(struct conn *conn, toe_status status, toe_instant now)
{
    struct emu_load *load = conn->load;

    receive(conn, now);
    conn->outcome = "ended with a RST";
    if (conn->is_lost) {
        ++load->settings.result->connections_lost;
        note_loss(conn);
    } else if (conn->is_open && emu_flow_may_be_reset(&conn->flow)) {
        ++load->settings.result->resets_wanted;
    } else if (settle_loss(conn)) {
        /* Also if the RST overtakes the plan that tells of it, as all before it was lost. */
        ++*(conn->flow.is_known || load->settings.loses ? &load->settings.result->resets_lost
                                                        : &load->settings.result->resets_wanted);
    } else if (conn->is_open && is_forgotten(conn, now)) {
        count_finished(conn);
    } else if (conn->is_open) {
        ++load->settings.result->resets;
        ++load->tally.resets;
        conn_fault(conn, toe_status_name(status), now);
    } else {
        ++load->settings.result->refused;
        conn_fault(conn, "could not be opened", now);
    }
    conn_del(conn, toe_host_close);
}

static void count_failure(struct emu_stress_result *result, toe_status status)
{
    const size_t cnt = sizeof(result->failures) / sizeof(result->failures[0]);

    for (size_t i = 0; i < cnt; ++i) {
        if (result->failures[i].cnt == 0 || result->failures[i].status == status) {
            result->failures[i].status = status;
            ++result->failures[i].cnt;
            return;
        }
    }
}

static void on_event(struct emu_load *load, const struct toe_host_event *event, toe_instant now)
{
    struct conn *conn = event->user;

    if (event->type == TOE_HOST_ACCEPTABLE) {
        accept_all(load, now);
        return;
    }
    if (conn == NULL) {
        return;
    }
    switch (event->type) {
    case TOE_HOST_CONNECTED:
        conn->flow.progress_at = now;
        count_open(conn, now);
        break;
    case TOE_HOST_RECEIVABLE:
        conn->is_readable = true;
        break;
    case TOE_HOST_CLOSED:
        conn->is_readable = true;
        conn->is_closed = true;
        conn->flow.progress_at = now;
        break;
    case TOE_HOST_OFFLOAD_FAILED:
        count_failure(load->settings.result, event->status);
        return;
    case TOE_HOST_RESET:
        on_reset(conn, event->status, now);
        return;
    case TOE_HOST_UPLOADED:
        conn->is_lost = event->reason == TOE_UPLOAD_HARDWARE_FAILURE;
        emu_life_move(conn->life, load->settings.chronicle, false, now);
        break;
    case TOE_HOST_OFFLOADED:
        emu_life_move(conn->life, load->settings.chronicle, true, now);
        break;
    case TOE_HOST_ACCEPTABLE:
    case TOE_HOST_SENDABLE:
    case TOE_HOST_SOFT_ERROR:
        break;
    }
    serve(conn, now);
}

/* --- moving batches --- */

/* Offloads or uploads |cnt| connections in one tree. */
static void move(struct emu_load *load, const toe_handle *batch, uint32_t cnt, bool up)
{
    if (up) {
        toe_host_upload(load->settings.host, batch, cnt);
    } else {
        toe_host_offload(load->settings.host, batch, cnt);
    }
}

/*
 * The connection that |random| picks by its flow, not by its place among the others: the same one,
 * whichever of the others are there.
 */
static toe_handle pick_by_flow(const struct emu_load *load, struct emu_random *random)
{
    const uint64_t salt = emu_random_next(random);
    uint64_t least = UINT64_MAX;
    toe_handle picked = 0;

    for (size_t i = 0; i < load->conn_cnt; ++i) {
        struct emu_random draw = {.state = salt ^ load->conns[i]->flow.plan.seed};
        const uint64_t rank = emu_random_next(&draw);

        if (rank <= least) {
            least = rank;
            picked = load->conns[i]->handle;
        }
    }
    return picked;
}

void emu_load_move(struct emu_load *load, uint64_t pick, uint32_t cnt, bool up)
{
    toe_handle batch[MOVE_BATCH];
    struct emu_random random = {.state = pick};
    const uint32_t most = cnt < MOVE_BATCH ? cnt : MOVE_BATCH;

    for (uint32_t i = 0; i < most; ++i) {
        batch[i] = pick_by_flow(load, &random);
    }
    if (load->conn_cnt > 0) {
        move(load, batch, most, up);
    }
}

/* Moves some connections, and says when to do so again. */
static void move_some(struct emu_load *load, toe_instant now)
{
    toe_handle batch[MOVE_BATCH];
    const uint32_t cnt = 1 + (uint32_t)emu_random_below(&load->random, MOVE_BATCH);
    const bool up = emu_random_below(&load->random, 2) == 0;

    load->move_at = now + emu_random_below(&load->random, 2 * load->moves_every);
    if (load->conn_cnt == 0) {
        return;
    }
    for (uint32_t i = 0; i < cnt; ++i) {
        batch[i] = load->conns[emu_random_below(&load->random, load->conn_cnt)]->handle;
    }
    move(load, batch, cnt, up);
}

/* --- the load as a whole --- */

struct emu_load *emu_load_new(const struct emu_load_settings *settings)
{
    struct emu_load *load = calloc(1, sizeof(*load));

    if (load == NULL) {
        return NULL;
    }
    load->settings = *settings;
    load->random.state = settings->seed;
    load->moves_every = MOVE_TIME;
    load->listener = toe_host_listen(settings->host, NULL, settings->port, BACKLOG);
    if (load->listener == 0) {
        free(load);
        return NULL;
    }
    return load;
}

toe_instant emu_load_run(void *user, toe_instant now)
{
    struct emu_load *load = user;
    struct toe_host_event event;
    struct emu_timer *timer;
    toe_instant next;
    toe_instant timer_next;

    if (load->begin == 0) {
        load->begin = now + 1;
        load->move_at = load->settings.moves ? now + load->moves_every : TOE_INSTANT_NEVER;
    }
    while (toe_host_event_next(load->settings.host, &event)) {
        on_event(load, &event, now);
    }
    while ((timer = emu_timers_pop(&load->timers, now)) != NULL) {
        serve((struct conn *)((char *)timer - offsetof(struct conn, timer)), now);
    }
    if (now >= load->move_at) {
        move_some(load, now);
    }
    next = open_more(load, now);
    next = load->move_at < next ? load->move_at : next;
    timer_next = emu_timers_next(&load->timers);
    next = timer_next < next ? timer_next : next;
    if (load->calls_owed > 0 && now > load->called_at + CALL_TIME) {
        emu_load_fault(load->settings.result, "the peer did not open %u flows it was called for",
                       load->calls_owed);
        load->called_cnt -= load->calls_owed;
        load->calls_owed = 0;
    }
    return next;
}

void emu_load_pace_set(struct emu_load *load, const struct emu_load_pace *pace, toe_instant now)
{
    load->settings.open_cnt = pace->open_cnt;
    load->settings.call_cnt = pace->call_cnt;
    load->settings.mix = pace->mix;
    load->settings.moves = pace->moves_every != 0;
    load->moves_every = pace->moves_every;
    load->move_at = load->settings.moves ? now + pace->moves_every : TOE_INSTANT_NEVER;
}

void emu_load_tally_get(const struct emu_load *load, struct emu_stress_tally *tally)
{
    *tally = load->tally;
}

void emu_load_drain(struct emu_load *load, toe_instant now)
{
    load->is_draining = true;
    for (size_t i = 0; i < load->conn_cnt; ++i) {
        emu_flow_hurry(&load->conns[i]->flow, now);
        emu_timers_set(&load->timers, &load->conns[i]->timer, now);
    }
}

void emu_load_abort(struct emu_load *load)
{
    load->is_draining = true;
    load->calls_owed = 0;
    while (load->conn_cnt > 0) {
        conn_del(load->conns[load->conn_cnt - 1], toe_host_abort);
    }
}

uint32_t emu_load_flow_cnt(const struct emu_load *load)
{
    return (uint32_t)load->conn_cnt + load->calls_owed;
}

bool emu_load_heard(const struct emu_load *load)
{
    return load->has_heard;
}

void emu_load_del(struct emu_load *load)
{
    if (load == NULL) {
        return;
    }
    for (size_t i = 0; i < load->conn_cnt; ++i) {
        life_end(load->conns[i]);
        free(load->conns[i]);
    }
    free(load->conns);
    emu_timers_fini(&load->timers);
    free(load);
}
