/* SPDX-License-Identifier: MIT */
#include "host/host_conn.h"

#include "base/assert.h"
#include "host/host_options.h"
#include "host/isn.h"
#include "host/path.h"

#include <string.h>

/* Text shorter than this is copied to where there is room; longer text stays in its frame. */
#define STEAL_MIN 512u

struct host_conn *host_conn_get(const struct toe_host *host, toe_handle handle)
{
    struct host_conn *conn = base_slab_get(&host->conns, handle);

    return conn == NULL || conn->is_orphan ? NULL : conn;
}

/* The smallest shift with which a window of |rcv_buf| can be told in 16 bits. */
static uint8_t window_scale(uint32_t rcv_buf)
{
    uint8_t scale = 0;

    while (scale < 14 && rcv_buf >> scale > UINT16_MAX) {
        ++scale;
    }
    return scale;
}

static uint16_t mss_at_most(const struct host_conn *conn, uint16_t mss)
{
    const uint16_t wanted = conn->options.mss;

    return wanted != 0 && wanted < mss ? wanted : mss;
}

uint16_t host_conn_mss_limit(const struct host_conn *conn)
{
    return mss_at_most(conn, host_path_mss(conn->path, conn->path->mtu));
}

struct tcp_setup host_conn_setup(const struct host_conn *conn)
{
    const struct toe_host_settings *settings = &conn->host->settings;
    const uint32_t rcv_buf = conn->options.rcv_buf;
    const uint32_t rcv_buf_max = settings->rcv_buf_max;

    return (struct tcp_setup){
        .mss_local =
            mss_at_most(conn, host_path_mss(conn->path, host_path_interface(conn->path)->mtu)),
        .mss_limit = host_conn_mss_limit(conn),
        .ipv6 = conn->path->remote.family == 6,
        .rcv_buf = rcv_buf,
        .rcv_wscale = window_scale(rcv_buf < rcv_buf_max ? rcv_buf_max : rcv_buf),
        .timestamps = settings->timestamps,
        .sack = settings->sack,
        .window_scaling = settings->window_scaling,
        .ecn = settings->ecn != TOE_ECN_OFF,
        .ecn_offer = settings->ecn == TOE_ECN_ON,
        .accecn = settings->accurate_ecn,
        .nagle = conn->options.nagle,
        .ts_offset = host_ts_offset(conn->secret),
    };
}

struct toe_tcp_cached host_conn_cached(const struct host_conn *conn)
{
    const struct toe_host_options *options = &conn->options;

    return (struct toe_tcp_cached){
        .flags = (uint16_t)((options->keep_alive ? TOE_TCP_KEEP_ALIVE : 0) |
                            (options->nagle ? TOE_TCP_NAGLE : 0)),
        .initial_rcv_wnd = options->rcv_buf,
        .ka_probe_cnt = options->ka_probe_cnt,
        .ka_timeout = options->ka_timeout,
        .ka_interval = options->ka_interval,
        .max_rt = options->user_timeout,
        .ttl = options->ttl,
        .tos = options->tos,
    };
}

struct host_conn *host_conn_new(struct toe_host *host, struct host_path *path,
                                const struct host_tuple *tuple)
{
    struct host_conn *conn = NULL;

    if (host->conns.cnt + host->listeners.cnt < host->settings.conn_max) {
        conn = base_slab_alloc(&host->conns);
    }
    if (conn == NULL) {
        host_path_unref(path);
        return NULL;
    }
    conn->host = host;
    conn->path = path;
    conn->local_port = tuple->local_port;
    conn->remote_port = tuple->remote_port;
    conn->secret = host_secret(host, tuple);
    conn->mtu = path->mtu;
    conn->options = host_options_default(host);
    conn->subject.handle = base_slab_handle(&host->conns, conn);
    conn->timer.kind = HOST_TIMER_CONN;
    conn->policy.kind = HOST_TIMER_POLICY;
    base_list_init(&conn->unposted);
    base_list_init(&conn->posted);
    base_list_init(&conn->held);
    base_list_init(&conn->receives);
    host_queue_init(&conn->received);
    host_queue_init(&conn->lent);
    host_lookup_insert_conn(conn, tuple->hash);
    return conn;
}

void host_conn_free(struct host_conn *conn)
{
    struct toe_host *host = conn->host;

    toe_assert(conn->place == TOE_PLACE_HOST);
    toe_assert(conn->listener == NULL);
    host_lookup_remove_conn(conn);
    host_event_mute(&conn->subject);
    base_list_remove(&conn->ready);
    base_list_remove(&conn->move);
    base_list_remove(&conn->starve);
    base_wheel_cancel(&host->wheel, &conn->timer.timer);
    base_wheel_cancel(&host->wheel, &conn->policy.timer);
    host_conn_sends_drop(conn);
    host_queue_clear(&conn->received, &host->pieces);
    host_queue_clear(&conn->lent, &host->pieces);
    host_piece_list_del(&host->pieces, &conn->held);
    host_piece_list_del(&host->pieces, &conn->receives);
    if (conn->tcp.cfg != NULL) {
        tcp_conn_fini(&conn->tcp);
    }
    host->stats.time_wait_cnt -= conn->is_time_wait;
    host_path_unref(conn->path);
    base_slab_free(&host->conns, conn);
}

void host_conn_touch(struct host_conn *conn)
{
    if (!base_list_is_linked(&conn->ready)) {
        base_list_push_back(&conn->host->ready, &conn->ready);
    }
}

void host_conn_raise(struct host_conn *conn, enum toe_host_event_type type)
{
    if (conn->is_opened || type == TOE_HOST_RESET) {
        host_event_raise(conn->host, &conn->subject, type);
    }
}

/* Whether |data| lies in the frame that is being processed, and the frame can be kept for it. */
static bool can_steal(const struct host_piece *frame, const uint8_t *data, uint32_t len)
{
    const uintptr_t start = frame == NULL ? 0 : (uintptr_t)frame->data;

    return frame != NULL && len >= STEAL_MIN && (uintptr_t)data >= start &&
           (uintptr_t)data - start + len <= frame->frame_len;
}

bool host_conn_drain_queue(struct host_conn *conn)
{
    struct tcp_recvq *q = &conn->tcp.busy->recvq;
    const uint8_t *data;
    bool push;
    uint32_t len;

    while ((len = tcp_recvq_front(q, &data, &push)) > 0) {
        if (conn->is_orphan) {
            conn->is_late_text = true;
        } else if (!host_queue_write(&conn->received, &conn->host->pieces, data, len)) {
            return false;
        }
        tcp_recvq_drop(q, &conn->host->chunks, len);
        host_conn_raise(conn, TOE_HOST_RECEIVABLE);
    }
    return true;
}

bool host_conn_text(struct tcp_conn *tcp, const uint8_t *data, uint32_t len, bool push)
{
    struct host_conn *conn = base_container_of(tcp, struct host_conn, tcp);
    struct toe_host *host = conn->host;
    struct host_piece *frame = host->frame;

    (void)push;
    if (!host_conn_drain(conn)) {
        return false;
    }
    if (conn->is_orphan) {
        conn->is_late_text = true;
        return true;
    }
    if (can_steal(frame, data, len)) {
        frame->buf.off = (uint32_t)(data - frame->data);
        frame->buf.len = len;
        host->frame = NULL;
        host_queue_push(&conn->received, &host->pieces, frame);
    } else if (!host_queue_write(&conn->received, &host->pieces, data, len)) {
        return false;
    }
    host_conn_raise(conn, TOE_HOST_RECEIVABLE);
    return true;
}

void host_conn_posted_done(struct host_conn *conn, struct host_piece *piece)
{
    base_list_remove(&piece->node);
    conn->snd_len -= piece->charged;
    --conn->posted_cnt;
    host_piece_del(&conn->host->pieces, piece);
}

void host_conn_sends_drop(struct host_conn *conn)
{
    if (conn->tcp.cfg != NULL && conn->place == TOE_PLACE_HOST) {
        (void)tcp_send_take(&conn->tcp);
    }
    host_piece_list_del(&conn->host->pieces, &conn->unposted);
    host_piece_list_del(&conn->host->pieces, &conn->posted);
    conn->posted_cnt = 0;
    conn->snd_len = 0;
}
