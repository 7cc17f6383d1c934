/* SPDX-License-Identifier: MIT */
/*
 * lwIP calls back from the middle of its input, where a connection must not be ended. So the
 * callbacks only note what happened and make the connection's timer due; it is served when lwIP has
 * returned.
 */
#include "interop/lwip_peer.h"

#include <stdio.h>
#include <stdlib.h>

#include "emu/flow.h"
#include "emu/timers.h"

enum { BUFFER_LEN = 16384 };

struct lwip_peer {
    struct emu_lwip *node;
    struct emu_peer_result *result;
    struct lwip_peer_seen seen;
    struct tcp_pcb *listener;
    struct emu_timers timers;
    struct conn *conns; /* doubly linked */
    toe_instant now;
    uint8_t buffer[BUFFER_LEN];
};

struct conn {
    struct emu_timer timer;
    struct emu_flow flow;
    struct lwip_peer *peer;
    struct conn *next;
    struct conn *prev;
    struct tcp_pcb *pcb; /* NULL: lwIP has ended it, because of |error| */
    struct pbuf *in;     /* received, not taken yet */
    err_t error;
    bool is_open;
    bool has_ended; /* a FIN follows what is in |in| */
    bool has_called;
    struct {
        bool sent_after_fin, received_after_fin, window_closed, closed_window;
    } seen;
};

static void note(const struct conn *conn, const char *what)
{
    struct emu_peer_result *result = conn->peer->result;

    if (result->fault[0] == '\0') {
        (void)snprintf(result->fault, sizeof(result->fault),
                       "%s: flow %016llx, sent %llu of %llu, received %llu of %llu", what,
                       (unsigned long long)conn->flow.plan.seed, (unsigned long long)conn->flow.tx,
                       (unsigned long long)conn->flow.tx_len, (unsigned long long)conn->flow.rx,
                       (unsigned long long)conn->flow.rx_len);
    }
}

/* --- what lwIP calls --- */

/* Has |conn| served soon. */
static void make_due(struct conn *conn)
{
    emu_timers_set(&conn->peer->timers, &conn->timer, conn->peer->now);
}

static err_t on_received(void *user, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
    struct conn *conn = user;

    (void)pcb;
    (void)error;
    if (p == NULL) {
        conn->has_ended = true;
    } else if (conn->in == NULL) {
        conn->in = p;
    } else {
        pbuf_cat(conn->in, p);
    }
    make_due(conn);
    return ERR_OK;
}

static err_t on_sent(void *user, struct tcp_pcb *pcb, u16_t len)
{
    (void)pcb;
    (void)len;
    make_due(user);
    return ERR_OK;
}

/* Now and then: it may have been memory that was short. */
static err_t on_poll(void *user, struct tcp_pcb *pcb)
{
    return on_sent(user, pcb, 0);
}

static void on_error(void *user, err_t error)
{
    struct conn *conn = user;

    conn->pcb = NULL;
    conn->error = error;
    make_due(conn);
}

static err_t on_connected(void *user, struct tcp_pcb *pcb, err_t error)
{
    struct conn *conn = user;

    (void)error;
    conn->is_open = true;
    ++conn->peer->result->connections;
    return on_sent(conn, pcb, 0);
}

/* --- connections --- */

static struct conn *conn_new(struct lwip_peer *peer, struct tcp_pcb *pcb)
{
    struct conn *conn = calloc(1, sizeof(*conn));

    if (conn == NULL) {
        abort();
    }
    conn->peer = peer;
    conn->pcb = pcb;
    conn->next = peer->conns;
    if (conn->next != NULL) {
        conn->next->prev = conn;
    }
    peer->conns = conn;
    tcp_arg(pcb, conn);
    tcp_recv(pcb, on_received);
    tcp_sent(pcb, on_sent);
    tcp_poll(pcb, on_poll, 2);
    tcp_err(pcb, on_error);
    tcp_nagle_disable(pcb);
    return conn;
}

static void forget_pcb(struct conn *conn)
{
    tcp_arg(conn->pcb, NULL);
    tcp_recv(conn->pcb, NULL);
    tcp_sent(conn->pcb, NULL);
    tcp_poll(conn->pcb, NULL, 0);
    tcp_err(conn->pcb, NULL);
}

/* Ends what is left of |conn| in lwIP, with a RST if |reset|, and frees it. */
static void conn_end(struct conn *conn, bool reset)
{
    struct lwip_peer *peer = conn->peer;

    if (conn->prev != NULL) {
        conn->prev->next = conn->next;
    } else {
        peer->conns = conn->next;
    }
    if (conn->next != NULL) {
        conn->next->prev = conn->prev;
    }
    if (conn->pcb != NULL) {
        forget_pcb(conn);
        if (reset || emu_lwip_close(conn->pcb) != ERR_OK) {
            emu_lwip_abort(conn->pcb);
        }
    }
    if (conn->in != NULL) {
        (void)pbuf_free(conn->in);
    }
    emu_timers_set(&peer->timers, &conn->timer, TOE_INSTANT_NEVER);
    free(conn);
}

/* lwIP has ended |conn|. */
static void conn_failed(struct conn *conn)
{
    struct emu_peer_result *result = conn->peer->result;

    if (!conn->is_open) {
        ++result->unopened;
        note(conn, "could not be opened");
    } else if (emu_flow_is_finished(&conn->flow)) {
        ++result->finished;
    } else if (emu_flow_may_be_reset(&conn->flow)) {
        ++result->resets_wanted;
    } else {
        ++result->resets;
        note(conn, lwip_strerr(conn->error));
    }
    conn_end(conn, true);
}

/* --- serving --- */

static void see(struct conn *conn)
{
    struct lwip_peer_seen *seen = &conn->peer->seen;

    if (conn->pcb == NULL || !conn->is_open) {
        return;
    }
    if (conn->pcb->snd_wnd == 0 && !conn->seen.window_closed) {
        conn->seen.window_closed = true;
        ++seen->window_closed;
    }
    if (conn->pcb->rcv_ann_wnd < TCP_MSS && !conn->seen.closed_window) {
        conn->seen.closed_window = true;
        ++seen->closed_window;
    }
}

static void receive(struct conn *conn, toe_instant now)
{
    struct lwip_peer *peer = conn->peer;
    size_t want;

    while (conn->in != NULL && (want = emu_flow_appetite(&conn->flow, now)) > 0) {
        const uint64_t wrong = conn->flow.wrong;
        const u16_t max = (u16_t)(want < BUFFER_LEN ? want : BUFFER_LEN);
        const u16_t len = pbuf_copy_partial(conn->in, peer->buffer, max, 0);

        conn->in = pbuf_free_header(conn->in, len);
        if (conn->pcb != NULL) {
            tcp_recved(conn->pcb, len);
        }
        emu_flow_taken(&conn->flow, peer->buffer, len, now);
        peer->result->bytes += len;
        peer->result->bytes_wrong += conn->flow.wrong - wrong;
        if (conn->flow.has_shut && !conn->seen.received_after_fin) {
            conn->seen.received_after_fin = true;
            ++peer->seen.received_after_fin;
        }
    }
    if (conn->in == NULL && conn->has_ended) {
        emu_flow_ended(&conn->flow, now);
    }
}

static void transmit(struct conn *conn, toe_instant now)
{
    struct lwip_peer *peer = conn->peer;
    const u16_t room =
        (u16_t)(tcp_sndbuf(conn->pcb) < BUFFER_LEN ? tcp_sndbuf(conn->pcb) : BUFFER_LEN);
    size_t len;

    while ((len = emu_flow_fill(&conn->flow, peer->buffer, room, now)) > 0 &&
           len <= tcp_sndbuf(conn->pcb) &&
           tcp_write(conn->pcb, peer->buffer, (u16_t)len, TCP_WRITE_FLAG_COPY) == ERR_OK) {
        emu_flow_sent(&conn->flow, len, now);
        if (conn->flow.has_ended && !conn->seen.sent_after_fin) {
            conn->seen.sent_after_fin = true;
            ++peer->seen.sent_after_fin;
        }
    }
    (void)emu_lwip_output(conn->pcb);
}

/* Opens the flow that the call on |conn| asks for. */
static void call_back(struct conn *conn)
{
    struct lwip_peer *peer = conn->peer;
    struct emu_flow_plan plan = conn->flow.plan;
    struct tcp_pcb *pcb = tcp_new_ip_type(IP_GET_TYPE(&conn->pcb->remote_ip));
    struct conn *back;

    conn->has_called = true;
    ++peer->result->calls;
    if (pcb == NULL) {
        ++peer->result->unopened;
        return;
    }
    back = conn_new(peer, pcb);
    plan.kind = EMU_FLOW_PLAIN;
    emu_flow_open(&back->flow, &plan, peer->now);
    if (tcp_connect(pcb, &conn->pcb->remote_ip, plan.port, on_connected) != ERR_OK) {
        ++peer->result->unopened;
        note(back, "tcp_connect() failed");
        conn_end(back, true);
    }
}

/* Does all that |conn| can do now; it may be gone afterwards. */
static void serve(struct conn *conn, toe_instant now)
{
    see(conn);
    receive(conn, now);
    if (conn->pcb == NULL) {
        conn_failed(conn);
        return;
    }
    if (!conn->is_open) {
        return;
    }
    if (conn->flow.is_known && conn->flow.plan.kind == EMU_FLOW_CALL && !conn->has_called) {
        call_back(conn);
    }
    transmit(conn, now);
    switch (emu_flow_step(&conn->flow, now)) {
    case EMU_STEP_NONE:
        break;
    case EMU_STEP_SHUTDOWN:
        (void)tcp_shutdown(conn->pcb, 0, 1);
        break;
    case EMU_STEP_ABORT:
        ++conn->peer->result->finished;
        conn_end(conn, true);
        return;
    }
    if (conn->flow.fault != EMU_FLOW_OK) {
        note(conn, emu_flow_fault_text(conn->flow.fault));
        conn_end(conn, true);
        return;
    }
    if (emu_flow_is_finished(&conn->flow)) {
        ++conn->peer->result->finished;
        conn_end(conn, false);
        return;
    }
    emu_timers_set(&conn->peer->timers, &conn->timer, emu_flow_deadline(&conn->flow, now));
}

static err_t on_accept(void *user, struct tcp_pcb *pcb, err_t error)
{
    struct lwip_peer *peer = user;
    struct conn *conn;

    if (error != ERR_OK || pcb == NULL) {
        return ERR_VAL;
    }
    conn = conn_new(peer, pcb);
    conn->is_open = true;
    ++peer->result->connections;
    emu_flow_accept(&conn->flow, peer->now);
    return ERR_OK;
}

/* --- the peer as a whole --- */

static void run(void *user, toe_instant now)
{
    struct lwip_peer *peer = user;
    struct emu_timer *timer;

    peer->now = now;
    emu_lwip_run(peer->node, now);
    while ((timer = emu_timers_pop(&peer->timers, now)) != NULL) {
        serve((struct conn *)((char *)timer - offsetof(struct conn, timer)), now);
    }
}

static toe_instant deadline(void *user)
{
    const struct lwip_peer *peer = user;
    const toe_instant at = emu_timers_next(&peer->timers);
    const toe_instant node = emu_lwip_deadline(peer->node);

    return at < node ? at : node;
}

struct toe_sim_node lwip_peer_node(struct lwip_peer *peer)
{
    return (struct toe_sim_node){.user = peer, .deadline = deadline, .run = run};
}

void lwip_peer_seen_get(const struct lwip_peer *peer, struct lwip_peer_seen *seen)
{
    *seen = peer->seen;
}

struct lwip_peer *lwip_peer_new(struct emu_lwip *node, struct emu_peer_result *result)
{
    struct lwip_peer *peer = calloc(1, sizeof(*peer));
    struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_ANY);

    *result = (struct emu_peer_result){0};
    if (peer == NULL || pcb == NULL || tcp_bind(pcb, IP_ANY_TYPE, EMU_PEER_PORT) != ERR_OK ||
        (pcb = tcp_listen(pcb)) == NULL) {
        free(peer);
        return NULL;
    }
    peer->node = node;
    peer->result = result;
    peer->listener = pcb;
    tcp_arg(pcb, peer);
    tcp_accept(pcb, on_accept);
    return peer;
}

void lwip_peer_del(struct lwip_peer *peer)
{
    while (peer->conns != NULL) {
        ++peer->result->unfinished;
        conn_end(peer->conns, true);
    }
    (void)emu_lwip_close(peer->listener);
    emu_timers_fini(&peer->timers);
    free(peer);
}
