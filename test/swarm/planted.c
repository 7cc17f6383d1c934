/* SPDX-License-Identifier: MIT */
#include "swarm/planted.h"

#include "host/data.h"
#include "host/events.h"
#include "host/host_conn.h"
#include "host/host_receiving.h"
#include "host/host_upload.h"
#include "target/delivery.h"
#include "target/disconnect.h"
#include "target/forward.h"
#include "target/lent.h"
#include "target/object.h"
#include "target/query.h"
#include "target/sending.h"
#include "target/update.h"
#include "tcp/ack.h"
#include "tcp/engine.h"
#include "tcp/recvq.h"
#include "tcp/retransmit.h"
#include "tcp/sendq.h"
#include "tcp/timestamps.h"
#include "tcp/window.h"

#include <stddef.h>

#define BUGS(X)                                                                                    \
    X(LATE_COPY, "engine: the tail of a send is read a byte too early")                            \
    X(WINDOW_FORGOTTEN, "engine: a move closes the peer's window")                                 \
    X(NO_LAST_FIN, "engine: a lost FIN of the one who closes last is not resent")                  \
    X(OLD_CLOCK, "engine: a segment after a second of silence is taken for an old one")            \
    X(DEAF_UPDATE, "engine: a bare acknowledgment does not open the window")                       \
    X(GREEDY_READ, "engine: reading a part of a chunk loses a byte")                               \
    X(MAX_FORGOTTEN, "engine: what was sent and is to be sent again is forgotten by a move")       \
    X(ACK_FORGOTTEN, "engine: a move forgets an acknowledged FIN")                                 \
    X(TEXT_LOST, "target: a terminate loses text that waits")                                      \
    X(SENDS_LOST, "target: a terminate loses the first send that waits")                           \
    X(PATH_LEAKS, "target: a terminated path stays in its neighbor's count")                       \
    X(NO_UPDATE, "target: one update in four is not answered")                                     \
    X(LENT_LEAKS, "target: of returned buffers the first is not freed")                            \
    X(NO_FORWARD, "target: a forward of more than one segment is not answered")                    \
    X(EVENT_LOST, "host: the end of a connection that was moved is not told")                      \
    X(UPLOAD_IGNORED, "host: the target's wish for an upload is ignored")                          \
    X(SENT_LEAKS, "host: of a chain of sends only the first is taken back")                        \
    X(POSTED_LEAKS, "host: of returned posted buffers only the first is taken back")               \
    X(DISCONNECT_LOST, "host: a disconnect that was answered is not heard of")                     \
    X(SHORT_TEXT, "host: a segment of an odd length loses its last byte")                          \
    X(QUERY_LOST, "target: one query in three is not answered")                                    \
    X(FLUSH_LOST, "target: a disconnect under way is forgotten by a terminate")                    \
    X(EARLY_TEXT, "target: a short segment is delivered a byte early")

enum planted {
    HONEST = PLANTED_NONE,
#define BUG(name, text) name,
    BUGS(BUG)
#undef BUG
};

static uint32_t in_force;

const char *planted_name(uint32_t which)
{
    static const char *const names[] = {
#define BUG(name, text) text,
        BUGS(BUG)
#undef BUG
    };

    return which >= 1 && which <= sizeof(names) / sizeof(names[0]) ? names[which - 1] : NULL;
}

void planted_set(uint32_t which)
{
    in_force = which;
}

static bool is(enum planted which)
{
    return in_force == (uint32_t)which;
}

/* Both forms are declared as the function itself is, so that this file follows when it changes. */
#define WRAP(type, name, params)                                                                   \
    __typeof__(name) __real_##name;                                                                \
    __typeof__(name) __wrap_##name;                                                                \
    type __wrap_##name params

/* --- engine --- */

WRAP(bool, tcp_sendq_read,
     (struct tcp_sendq * q, const struct toe_bus *bus, uint8_t *dst, uint32_t off, uint32_t len,
      uint64_t *sum))
{
    const bool early = is(LATE_COPY) && off > 0 && off + len == q->len && len < 200;

    return __real_tcp_sendq_read(q, bus, dst, early ? off - 1 : off, len, sum);
}

WRAP(void, tcp_retransmit_arm, (struct tcp_conn * conn, toe_instant now))
{
    if (!is(NO_LAST_FIN) || conn->state != TOE_TCP_LAST_ACK) {
        __real_tcp_retransmit_arm(conn, now);
    }
}

WRAP(enum toe_drop, tcp_timestamps_check,
     (const struct tcp_conn *conn, const struct tcp_segment *seg, toe_instant now))
{
    if (is(OLD_CLOCK) && seg->has_ts && (seg->flags & (TCP_RST | TCP_SYN)) == 0 &&
        seg->ts_val - conn->ts_recent > 1000 && seg->payload_len > 0) {
        return TOE_DROP_TCP_PAWS;
    }
    return __real_tcp_timestamps_check(conn, seg, now);
}

WRAP(void, tcp_export,
     (const struct tcp_conn *conn, struct toe_tcp_const *fixed, struct toe_tcp_cached *cached,
      struct toe_tcp_delegated *d, toe_instant now))
{
    __real_tcp_export(conn, fixed, cached, d, now);
    if (is(MAX_FORGOTTEN) && d != NULL) {
        d->snd_max = d->snd_nxt;
    }
    if (is(WINDOW_FORGOTTEN) && d != NULL) {
        d->snd_wnd = 0;
    }
    if (is(ACK_FORGOTTEN) && d != NULL && d->state == TOE_TCP_FIN_WAIT_2) {
        d->state = TOE_TCP_FIN_WAIT_1;
    }
}

WRAP(void, tcp_recvq_drop, (struct tcp_recvq * q, struct base_slab *pool, uint32_t len))
{
    __real_tcp_recvq_drop(q, pool, len);
    if (is(GREEDY_READ) && len % 7 == 3) {
        __real_tcp_recvq_drop(q, pool, 1);
    }
}

/* --- target --- */

WRAP(struct toe_buf *, target_delivery_take, (struct toe_target * target, struct target_tcp *tcp))
{
    return is(TEXT_LOST) ? NULL : __real_target_delivery_take(target, tcp);
}

WRAP(struct toe_buf *, target_send_take, (struct target_tcp * tcp))
{
    struct toe_buf *chain = __real_target_send_take(tcp);

    return is(SENDS_LOST) && chain != NULL ? chain->next : chain;
}

WRAP(void, target_path_unlink, (struct target_path * path))
{
    if (!is(PATH_LEAKS)) {
        __real_target_path_unlink(path);
    }
}

WRAP(void, target_update, (struct toe_target * target, struct toe_block *tree))
{
    static uint32_t cnt;

    if (!is(NO_UPDATE) || ++cnt % 4 != 0) {
        __real_target_update(target, tree);
    }
}

WRAP(void, target_lent_return,
     (struct base_slab * chunks, struct toe_buf *chain, uint32_t *lent_cnt))
{
    __real_target_lent_return(chunks, is(LENT_LEAKS) && chain != NULL ? chain->next : chain,
                              lent_cnt);
}

WRAP(void, target_forward,
     (struct toe_target * target, struct target_tcp *tcp, struct toe_buf *chain))
{
    if (!is(NO_FORWARD) || chain == NULL || chain->next == NULL) {
        __real_target_forward(target, tcp, chain);
    }
}

/* --- host --- */

WRAP(void, host_event_raise,
     (struct toe_host * host, struct host_subject *subject, enum toe_host_event_type type))
{
    static uint32_t cnt;

    if (!is(EVENT_LOST) || type != TOE_HOST_CLOSED || ++cnt % 8 != 0) {
        __real_host_event_raise(host, subject, type);
    }
}

WRAP(void, host_data_event, (struct host_conn * conn, enum toe_event event, uint32_t info))
{
    if (!is(UPLOAD_IGNORED) || event != TOE_EVENT_RETRIEVE) {
        __real_host_data_event(conn, event, info);
    }
}

WRAP(void, host_data_sent, (struct toe_host * host, struct toe_buf *chain))
{
    if (is(SENT_LEAKS) && chain != NULL) {
        chain->next = NULL;
    }
    __real_host_data_sent(host, chain);
}

WRAP(void, host_receiving_complete, (struct toe_host * host, struct toe_buf *chain))
{
    if (is(POSTED_LEAKS) && chain != NULL) {
        chain->next = NULL;
    }
    __real_host_receiving_complete(host, chain);
}

WRAP(void, tcp_ack_window, (struct tcp_conn * conn, const struct tcp_segment *seg, uint8_t scale))
{
    if (!is(DEAF_UPDATE) || conn->snd_wnd > 0 || seg->payload_len > 0) {
        __real_tcp_ack_window(conn, seg, scale);
    }
}

WRAP(void, host_data_disconnected, (struct toe_host * host, struct toe_buf *buf))
{
    if (!is(DISCONNECT_LOST)) {
        __real_host_data_disconnected(host, buf);
    }
}

WRAP(bool, host_conn_text, (struct tcp_conn * tcp, const uint8_t *data, uint32_t len, bool push))
{
    return __real_host_conn_text(tcp, data, is(SHORT_TEXT) && len % 2 == 1 ? len - 1 : len, push);
}

WRAP(void, target_query, (struct toe_target * target, struct toe_block *tree))
{
    static uint32_t cnt;

    if (!is(QUERY_LOST) || ++cnt % 3 != 0) {
        __real_target_query(target, tree);
    }
}

WRAP(void, target_disconnect_flush,
     (struct toe_target * target, struct target_tcp *tcp, toe_status status))
{
    if (!is(FLUSH_LOST)) {
        __real_target_disconnect_flush(target, tcp, status);
    }
}

WRAP(bool, target_delivery_text,
     (struct tcp_conn * conn, const uint8_t *data, uint32_t len, bool push))
{
    return __real_target_delivery_text(conn, is(EARLY_TEXT) && len < 100 ? data - 1 : data, len,
                                       push);
}
