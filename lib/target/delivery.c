/* SPDX-License-Identifier: MIT */
#include "target/delivery.h"

#include "base/assert.h"
#include "target/instance.h"
#include "target/lent.h"
#include "target/object.h"
#include "target/sending.h"
#include "target/upload.h"
#include "target/worth.h"
#include "tcp/engine.h"

#include <string.h>

/* The words of a posted request: bytes placed so far, and where its list was written last. */
enum { WORD_FILLED = 0, WORD_SGE = 1, WORD_SGE_OFF = 2 };

/* --- queues of requests --- */

void target_bufq_push(struct target_bufq *q, struct toe_buf *buf)
{
    buf->next = NULL;
    if (q->tail == NULL) {
        q->head = buf;
    } else {
        q->tail->next = buf;
    }
    q->tail = buf;
}

struct toe_buf *target_bufq_pop(struct target_bufq *q)
{
    struct toe_buf *buf = q->head;

    if (buf != NULL) {
        q->head = buf->next;
        if (q->head == NULL) {
            q->tail = NULL;
        }
        buf->next = NULL;
    }
    return buf;
}

struct toe_buf *target_bufq_take(struct target_bufq *q)
{
    struct toe_buf *chain = q->head;

    *q = (struct target_bufq){NULL, NULL};
    return chain;
}

bool target_delivery_is_idle(const struct target_delivery *d)
{
    return d->incoming.head == NULL && d->posted.head == NULL && d->done.head == NULL &&
           d->consumed == 0 && !d->is_held && !d->is_fed && !d->is_overdue && !d->is_end_told &&
           !d->is_ended && d->push_at == TOE_INSTANT_NEVER && d->hold_at == TOE_INSTANT_NEVER;
}

/* --- one request --- */

static uint32_t filled(const struct toe_buf *buf)
{
    return (uint32_t)buf->reserved[WORD_FILLED];
}

static uint32_t room_of(const struct toe_buf *buf)
{
    return buf->len - filled(buf);
}

static bool is_push(const struct toe_buf *buf)
{
    return (buf->flags & TOE_BUF_NO_PUSH) == 0;
}

/*
 * Copies |len| bytes into |buf| behind byte |at| of its room. The place in its list is remembered,
 * so that a request of many pieces costs no more for each segment than one of few.
 */
static bool write_at(struct toe_buf *buf, uint32_t at, const uint8_t *src, uint32_t len,
                     const struct toe_bus *bus)
{
    uint64_t sge = buf->reserved[WORD_SGE];
    uint64_t sge_off = buf->reserved[WORD_SGE_OFF];
    uint64_t pos = (uint64_t)buf->off + at;

    if (pos < sge_off) {
        sge = 0;
        sge_off = 0;
    }
    while (len > 0) {
        uint32_t cnt;
        void *dst;

        while (pos - sge_off >= buf->sge[sge].len) {
            sge_off += buf->sge[sge].len;
            ++sge;
            toe_assert(sge < buf->sge_cnt);
        }
        cnt = buf->sge[sge].len - (uint32_t)(pos - sge_off);
        if (cnt > len) {
            cnt = len;
        }
        dst = toe_bus_map(bus, buf->sge[sge].addr + (pos - sge_off), cnt);
        if (dst == NULL) {
            return false;
        }
        memcpy(dst, src, cnt);
        src += cnt;
        pos += cnt;
        len -= cnt;
    }
    buf->reserved[WORD_SGE] = sge;
    buf->reserved[WORD_SGE_OFF] = sge_off;
    return true;
}

/* Takes the first request off: what is in it is all it gets. */
static void finish_head(struct target_delivery *d, toe_status status)
{
    struct toe_buf *buf = target_bufq_pop(&d->posted);

    d->room -= room_of(buf);
    buf->status = status;
    buf->transferred = filled(buf);
    toe_buf_advance(buf, buf->transferred);
    target_bufq_push(&d->done, buf);
}

/* A filled request is complete, and so is an empty one once it is the first (RCV-011, RCV-055). */
static void finish_filled(struct target_delivery *d)
{
    while (d->posted.head != NULL && room_of(d->posted.head) == 0) {
        finish_head(d, TOE_STATUS_SUCCESS);
    }
}

/* --- what was posted --- */

static toe_status refusal(const struct target_tcp *tcp, const struct toe_buf *buf)
{
    const toe_status status = target_tcp_refusal(tcp);

    if (status != TOE_STATUS_SUCCESS) {
        return status;
    }
    if (target_busy_of(tcp)->delivery.is_ended) {
        return TOE_STATUS_INVALID_STATE;
    }
    return toe_buf_is_sound(buf) ? TOE_STATUS_SUCCESS : TOE_STATUS_INVALID_PARAMETER;
}

/* Takes |buf|, which there is no reason to refuse, behind all that were posted before. */
static void accept(const struct toe_target *target, struct target_tcp *tcp, struct toe_buf *buf)
{
    struct target_delivery *d = &target_busy_of(tcp)->delivery;

    buf->reserved[WORD_FILLED] = 0;
    buf->reserved[WORD_SGE] = 0;
    buf->reserved[WORD_SGE_OFF] = 0;
    if (tcp->worth != NULL) {
        target_worth_requested(tcp, buf->len);
    }
    d->is_held = false;
    d->hold_at = TOE_INSTANT_NEVER;
    d->is_overdue = false;
    d->room += buf->len;
    target_bufq_push(&d->posted, buf);
    if (buf->placed != 0 && is_push(buf) && d->push_at == TOE_INSTANT_NEVER) {
        d->push_at = target->now + target->push; /* RCV-014, RCV-017 */
    }
}

/* Takes the incoming requests: the step E1. */
static void take_incoming(struct toe_target *target, struct target_tcp *tcp)
{
    struct target_delivery *d = &target_busy_of(tcp)->delivery;
    struct toe_buf *buf;

    while ((buf = target_bufq_pop(&d->incoming)) != NULL) {
        const toe_status status = refusal(tcp, buf);

        if (status == TOE_STATUS_SUCCESS) {
            accept(target, tcp, buf);
            continue;
        }
        buf->status = status;
        buf->transferred = 0;
        target_bufq_push(&d->done, buf);
    }
}

/* While completions are made, the next thing would be to take what is posted. */
void target_delivery_post(struct target_tcp *tcp, struct toe_buf *chain)
{
    struct toe_target *target = tcp->target;
    struct target_bufq *incoming = &target_busy_of(tcp)->delivery.incoming;

    while (chain != NULL) {
        struct toe_buf *buf = chain;

        chain = chain->next;
        if (target->completing == tcp && incoming->head == NULL &&
            refusal(tcp, buf) == TOE_STATUS_SUCCESS) {
            accept(target, tcp, buf);
        } else {
            target_bufq_push(incoming, buf);
        }
    }
    if (target->serving != tcp) {
        target_tcp_ready(tcp);
    }
}

/* --- placing --- */

/* Writes the first |len| bytes of |data| into the posted requests and changes nothing else. */
static bool write_posted(struct target_delivery *d, const uint8_t *data, uint32_t len,
                         const struct toe_bus *bus)
{
    for (struct toe_buf *buf = d->posted.head; len > 0; buf = buf->next) {
        const uint32_t cnt = room_of(buf) < len ? room_of(buf) : len;

        if (!write_at(buf, filled(buf), data, cnt, bus)) {
            return false;
        }
        data += cnt;
        len -= cnt;
    }
    return true;
}

/* Records that write_posted() wrote |len| bytes, the last of which came with |push| or not. */
static void commit_posted(struct target_delivery *d, uint32_t len, bool push)
{
    d->consumed += len;
    d->room -= len;
    d->is_fed = d->is_fed || len > 0;
    while (len > 0) {
        struct toe_buf *buf = d->posted.head;
        const uint32_t cnt = room_of(buf) < len ? room_of(buf) : len;

        buf->reserved[WORD_FILLED] += cnt;
        len -= cnt;
        finish_filled(d);
    }
    if (push && d->posted.head != NULL && filled(d->posted.head) > 0 && is_push(d->posted.head)) {
        finish_head(d, TOE_STATUS_SUCCESS);
        finish_filled(d);
    }
}

/* A request that cannot be written to: there is nobody but the host to go on (EVT-036). */
static void give_up(struct target_tcp *tcp)
{
    if (tcp->conn.verdict == TCP_VERDICT_NONE) {
        tcp->conn.verdict = TCP_VERDICT_UNMAPPABLE;
    }
    target_tcp_ready(tcp);
}

uint8_t *target_delivery_room(struct target_tcp *tcp, uint32_t len)
{
    struct target_delivery *d = &target_busy_of(tcp)->delivery;
    struct toe_buf *buf;
    const struct toe_sge *sge;
    uint64_t skip;

    if (d->incoming.head != NULL) {
        take_incoming(tcp->target, tcp);
    }
    buf = d->posted.head;
    if (buf == NULL || tcp->conn.busy->recvq.len > 0 || room_of(buf) < len) {
        return NULL;
    }
    sge = &buf->sge[buf->reserved[WORD_SGE]];
    skip = (uint64_t)buf->off + filled(buf) - buf->reserved[WORD_SGE_OFF];
    if (skip == sge->len && len > 0) { /* It is full, and another one follows. */
        buf->reserved[WORD_SGE_OFF] += skip;
        ++buf->reserved[WORD_SGE];
        ++sge;
        skip = 0;
    }
    if (skip > sge->len || sge->len - skip < len) {
        return NULL;
    }
    d->place = toe_bus_map(&tcp->conn.cfg->bus, sge->addr + skip, len);
    d->place_len = len;
    return d->place;
}

/* The lease under which |data| may stay where it arrived, or NULL: it is to be copied. */
static struct toe_lease *lease_of(const struct toe_target *target, const uint8_t *data,
                                  uint32_t len)
{
    const struct toe_frame *frame = target->arriving;

    /* What fits into a chunk costs one either way: copied, it does not keep the wire's memory. */
    if (frame == NULL || frame->lease == NULL || len <= TCP_CHUNK_ROOM || len > UINT16_MAX) {
        return NULL;
    }
    /* It may have waited in a chunk; and a mapping may know nothing of the wire's memory. */
    if (data < frame->data || data + len > frame->data + frame->len ||
        target->settings.bus.addr != NULL) {
        return NULL;
    }
    return frame->lease;
}

/* Keeps what found no room in a request. */
static bool keep(struct target_tcp *tcp, const uint8_t *data, uint32_t len, bool push)
{
    struct tcp_recvq *q = &tcp->conn.busy->recvq;
    struct base_slab *chunks = &tcp->target->chunks;
    struct toe_lease *lease = lease_of(tcp->target, data, len);

    return lease != NULL ? tcp_recvq_refer(q, chunks, data, len, push, lease)
                         : tcp_recvq_push(q, chunks, data, len, push);
}

bool target_delivery_text(struct tcp_conn *conn, const uint8_t *data, uint32_t len, bool push)
{
    struct target_tcp *tcp = base_container_of(conn, struct target_tcp, conn);
    struct target_delivery *d = &target_busy_of(tcp)->delivery;
    struct tcp_recvq *q = &conn->busy->recvq;
    uint32_t placed = 0;

    if (data == d->place && len <= d->place_len) { /* It is there. */
        commit_posted(d, len, push);
        return true;
    }
    /* Requests that were posted before are not to be passed by. */
    if (d->incoming.head != NULL) {
        take_incoming(tcp->target, tcp);
    }
    if (q->len == 0 && d->posted.head != NULL) {
        finish_filled(d);
        placed = d->room < len ? (uint32_t)d->room : len;
        if (!write_posted(d, data, placed, &conn->cfg->bus)) {
            give_up(tcp);
            return false;
        }
    }
    if (placed < len && !keep(tcp, data + placed, len - placed, push)) {
        return false;
    }
    commit_posted(d, placed, push && placed == len);
    return true;
}

/* Whether bytes wait that a request was posted for. */
static bool has_to_place(const struct target_tcp *tcp)
{
    return tcp->conn.busy->recvq.len > 0 && target_busy_of(tcp)->delivery.posted.head != NULL &&
           !target_tcp_is_stopped(tcp);
}

/* Moves what waits into the requests: the step PLACE. */
static void place_waiting(struct target_tcp *tcp)
{
    struct target_delivery *d = &target_busy_of(tcp)->delivery;
    struct tcp_recvq *q = &tcp->conn.busy->recvq;

    if (q->len > 0) {
        finish_filled(d);
    }
    while (q->len > 0 && d->posted.head != NULL) {
        const uint8_t *data = NULL;
        bool push = false;
        const uint32_t run = tcp_recvq_front(q, &data, &push);
        const uint32_t cnt = d->room < run ? (uint32_t)d->room : run;
        const bool is_last = cnt == q->len;

        if (!write_posted(d, data, cnt, &tcp->conn.cfg->bus)) {
            give_up(tcp);
            return;
        }
        tcp_recvq_drop(q, tcp->conn.cfg->chunks, cnt);
        /* Of what waits, only the end says whether to push (RCV-038). */
        commit_posted(d, cnt, push && is_last);
    }
}

/* --- completions --- */

/* Makes the completion of what is done. */
static void complete_done(struct toe_target *target, struct target_tcp *tcp)
{
    struct toe_buf *chain = target_bufq_take(&target_busy_of(tcp)->delivery.done);

    if (chain != NULL) {
        target->host.receive_complete(target->host_user, chain);
    }
}

/* The push timer runs while the first request holds some bytes and is to be pushed. */
static void run_push_timer(struct toe_target *target, struct target_delivery *d)
{
    const struct toe_buf *buf = d->posted.head;
    const bool is_partial = buf != NULL && filled(buf) > 0;

    if (d->done.head != NULL) {
        d->push_at = TOE_INSTANT_NEVER; /* RCV-034 */
    }
    if (is_partial && is_push(buf) && d->is_fed) {
        d->push_at = target->now + target->push;
    }
    d->is_fed = false;
}

void target_delivery_expire(struct target_tcp *tcp, toe_instant now)
{
    struct target_delivery *d = &target_busy_of(tcp)->delivery;
    const struct toe_buf *buf = d->posted.head;

    if (!tcp_conn_is_awake(&tcp->conn)) {
        return;
    }
    if (d->hold_at <= now) {
        d->hold_at = TOE_INSTANT_NEVER;
        d->is_overdue = true; /* RCV-060: all the rest is indicated */
        target_tcp_ready(tcp);
    }
    if (d->push_at > now) {
        return;
    }
    d->push_at = TOE_INSTANT_NEVER;
    if (buf != NULL && is_push(buf) && (filled(buf) > 0 || buf->placed != 0)) {
        finish_head(d, TOE_STATUS_SUCCESS);
    }
    target_tcp_ready(tcp);
}

/* --- indications --- */

/* Offers what waits to the host: the step INDICATE. */
static void indicate(struct toe_target *target, struct target_tcp *tcp)
{
    struct tcp_recvq *q = &tcp->conn.busy->recvq;
    struct target_chunk *first =
        target_lent_build(&target->chunks, q, tcp->conn.cached.rcv_indication_size,
                          tcp->conn.cached.initial_rcv_wnd, &target->settings.bus);
    const uint32_t len = first->buf.len;
    uint32_t taken = 0;
    bool is_owed;
    toe_status status;

    target_worth_indicated(tcp);
    status =
        target->host.receive_indicate(target->host_user, tcp->host_object, &first->buf, &taken);

    switch (status) {
    case TOE_STATUS_SUCCESS:
        is_owed = target->settings.ack_when == TOE_ACK_RETURNED;
        target_lent_accept(q, len, is_owed ? target_tcp_handle(target, tcp) : 0);
        ++target->stats.bufs_indicated;
        target_busy_of(tcp)->delivery.consumed += is_owed ? 0 : len;
        target_busy_of(tcp)->delivery.is_overdue =
            target_busy_of(tcp)->delivery.is_overdue && q->len > 0;
        if (target->settings.indicate_and_post && q->len > 0 &&
            !target_busy_of(tcp)->delivery.is_overdue) {
            target_busy_of(tcp)->delivery.hold_at = target->now + target->push; /* RCV-059 */
        }
        return;
    case TOE_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED:
        taken = taken < len ? taken : len; /* RCV-051 */
        tcp_recvq_drop(q, &target->chunks, taken);
        target_busy_of(tcp)->delivery.consumed += taken;
        break;
    default:
        break;
    }
    target_busy_of(tcp)->delivery.is_held = q->len > 0;
}

static bool can_indicate(const struct target_tcp *tcp)
{
    return tcp->conn.busy->recvq.len > 0 && target_busy_of(tcp)->delivery.posted.head == NULL &&
           !target_busy_of(tcp)->delivery.is_held &&
           target_busy_of(tcp)->delivery.hold_at == TOE_INSTANT_NEVER &&
           !target_tcp_is_stopped(tcp) && !tcp->is_aborted;
}

/* --- the end of the stream --- */

/* RCV-041, RCV-042, DSC-030. */
static void finish_stream(struct toe_target *target, struct target_tcp *tcp)
{
    struct target_delivery *d = &target_busy_of(tcp)->delivery;

    if (!tcp_fin_is_received(&tcp->conn) || tcp->conn.busy->recvq.len > 0 || tcp->is_aborted ||
        target_tcp_is_stopped(tcp) || d->incoming.head != NULL) {
        return;
    }
    while (d->posted.head != NULL) {
        finish_head(d, TOE_STATUS_SUCCESS);
    }
    d->push_at = TOE_INSTANT_NEVER;
    complete_done(target, tcp);
    if (!d->is_end_told) {
        d->is_end_told = true;
        d->is_ended = true;
        if (target->settings.ack_when == TOE_ACK_DELIVERED) {
            tcp_consumed_fin(&tcp->conn);
        }
        target_upload_tell(target, tcp, TOE_EVENT_DISCONNECT, 0);
    }
}

/* --- the algorithm --- */

void target_delivery_account(struct toe_target *target, struct target_tcp *tcp)
{
    struct target_delivery *d = &target_busy_of(tcp)->delivery;

    if (d->consumed > 0) {
        const uint32_t cnt = d->consumed;

        d->consumed = 0;
        tcp_consumed(&tcp->conn, cnt, target->now);
    }
}

void target_delivery_run(struct toe_target *target, struct target_tcp *tcp)
{
    struct target_delivery *d = &target_busy_of(tcp)->delivery;
    uint32_t round;

    if (!tcp_conn_is_awake(&tcp->conn)) {
        return;
    }
    for (round = 0; round < TARGET_INDICATE_MAX; ++round) {
        if (d->incoming.head != NULL) {
            take_incoming(target, tcp);
        }
        if (tcp->conn.busy->recvq.len > 0 && !target_tcp_is_stopped(tcp)) {
            place_waiting(tcp);
        }
        run_push_timer(target, d);
        if (d->done.head != NULL) {
            target->completing = tcp;
            complete_done(target, tcp);
            target->completing = NULL;
        }
        if (d->incoming.head != NULL || has_to_place(tcp)) {
            continue;
        }
        if (!can_indicate(tcp)) {
            break;
        }
        indicate(target, tcp);
    }
    if (round == TARGET_INDICATE_MAX) {
        target_tcp_ready(tcp); /* RCV-040 */
    }
    target_delivery_account(target, tcp);
    finish_stream(target, tcp);
}

/* Completes what is posted. */
static void flush_posted(struct target_delivery *d, toe_status status, bool keep_pushed)
{
    while (d->posted.head != NULL) {
        const struct toe_buf *buf = d->posted.head;
        const bool is_kept = keep_pushed && is_push(buf) && filled(buf) > 0;

        finish_head(d, is_kept ? TOE_STATUS_SUCCESS : status);
    }
}

void target_delivery_flush(struct toe_target *target, struct target_tcp *tcp, toe_status status,
                           bool keep_pushed)
{
    struct target_delivery *d = &target_busy_of(tcp)->delivery;

    if (!tcp_conn_is_awake(&tcp->conn)) {
        return;
    }
    /* What came last may be refused at once, and is not to be complete before the others. */
    flush_posted(d, status, keep_pushed);
    take_incoming(target, tcp);
    flush_posted(d, status, keep_pushed);
    d->push_at = TOE_INSTANT_NEVER;
    complete_done(target, tcp);
    target_delivery_account(target, tcp);
}

struct toe_buf *target_delivery_take(struct toe_target *target, struct target_tcp *tcp)
{
    if (!tcp_conn_is_awake(&tcp->conn)) {
        return NULL;
    }
    return target_lent_take(&tcp->conn.busy->recvq, &target->settings.bus,
                            &target->stats.bufs_indicated);
}

struct toe_buf *target_delivery_take_early(struct toe_target *target, struct target_tcp *tcp)
{
    struct tcp_recvq early;

    if (!tcp_conn_is_awake(&tcp->conn)) {
        return NULL;
    }
    tcp_recvq_init(&early);
    tcp_reassembly_take(&tcp->conn.busy->reassembly, &target->chunks, &early);
    return target_lent_take(&early, &target->settings.bus, &target->stats.bufs_indicated);
}

void toe_target_end_returned(struct toe_target *target, toe_handle handle)
{
    struct target_tcp *tcp = target_tcp_get(target, handle);

    if (tcp != NULL && target_tcp_wake(tcp)) {
        tcp_consumed_fin(&tcp->conn);
        target_tcp_ready(tcp);
    }
}

/* The host has |len| bytes safely: they are acknowledged at once, for it waited long enough. */
static void acknowledge(struct toe_target *target, struct target_tcp *tcp, uint32_t len)
{
    if (tcp == NULL || target_tcp_is_stopped(tcp) || !target_tcp_wake(tcp)) {
        return;
    }
    tcp_consumed(&tcp->conn, len, target->now);
    tcp->conn.ack_now = tcp->conn.state != TOE_TCP_CLOSED;
    target_tcp_ready(tcp);
}

void target_delivery_return(struct toe_target *target, struct toe_buf *chain)
{
    for (struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        struct target_chunk *lent = base_container_of(buf, struct target_chunk, buf);

        if (lent->is_lent && lent->owes != 0) {
            acknowledge(target, target_tcp_get(target, lent->owes), lent->owed);
        }
    }
    target_lent_return(&target->chunks, chain, &target->stats.bufs_indicated);
}
