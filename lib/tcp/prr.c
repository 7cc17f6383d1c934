/* SPDX-License-Identifier: MIT */
#include "tcp/prr.h"

#include "base/assert.h"
#include "tcp/congestion.h"
#include "tcp/inflight.h"

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t max_u32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static uint32_t left_of(uint32_t whole, uint32_t used)
{
    return whole > used ? whole - used : 0;
}

void tcp_prr_begin(struct tcp_conn *conn)
{
    struct tcp_flight *f = conn->flight;
    const uint32_t flight = tcp_send_flight(conn);
    const uint32_t out = f->sacked > 0 ? toe_seq_off(conn->snd_max, f->first_sack_max) : 0;

    toe_assert(flight > 0);

    f->prr = (struct tcp_prr){
        .flight = out < flight ? flight - out : flight,
        .out = out < flight ? out : 0,
        .delivered = f->sacked,
        .is_first = true,
    };
}

void tcp_prr_classic(struct tcp_conn *conn, uint32_t fresh)
{
    const struct tcp_flight *f = conn->flight;

    toe_assert(fresh <= f->sacked && f->sacked <= tcp_send_flight(conn));

    conn->flight->prr = (struct tcp_prr){
        .flight = max_u32(tcp_send_flight(conn) - (f->sacked - fresh), 1),
        .delivered = fresh,
        .is_first = true,
    };
}

void tcp_prr_mark(struct tcp_conn *conn)
{
    const uint32_t flight = tcp_send_flight(conn);

    toe_assert(flight > 0);

    conn->flight->prr = (struct tcp_prr){.flight = flight};
}

void tcp_prr_ack(struct tcp_conn *conn, uint32_t delivered, bool is_safe)
{
    struct tcp_prr *prr = &conn->flight->prr;
    const uint32_t pipe = tcp_flight_pipe(conn);
    uint64_t target;
    uint32_t cnt;

    if (delivered == 0 && !prr->is_first) {
        return;
    }
    prr->delivered += prr->is_first ? 0 : delivered;
    if (pipe > conn->ssthresh) {
        target = (uint64_t)prr->delivered * conn->ssthresh + prr->flight - 1;
        cnt = left_of((uint32_t)(target / prr->flight), prr->out);
    } else {
        cnt = max_u32(left_of(prr->delivered, prr->out), delivered);
        cnt = min_u32(cnt + (is_safe ? conn->snd_mss : 0), conn->ssthresh - pipe);
    }
    if (prr->is_first) {
        cnt = max_u32(tcp_cc_abc(conn, cnt), conn->snd_mss);
        prr->is_first = false;
    }
    prr->quota = cnt;
}

void tcp_prr_sent(struct tcp_conn *conn, uint32_t len)
{
    struct tcp_prr *prr = &conn->flight->prr;

    prr->out += len;
    prr->quota = left_of(prr->quota, len);
}

uint32_t tcp_prr_credit(const struct tcp_conn *conn)
{
    uint32_t quota = conn->flight->prr.quota;

    /* Where nothing is on its way no acknowledgment will come that could add to it. */
    if (tcp_flight_pipe(conn) == 0) {
        quota = max_u32(quota, conn->snd_mss);
    }
    return quota - quota % conn->snd_mss;
}
