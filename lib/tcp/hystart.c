/* SPDX-License-Identifier: MIT */
#include "tcp/hystart.h"

#include "tcp/congestion.h"
#include "tcp/conn.h"

/* RFC 9406, 4.3 */
#define RTT_THRESH_MIN (4 * TOE_NS_PER_MS)
#define RTT_THRESH_MAX (16 * TOE_NS_PER_MS)
#define RTT_DIVISOR 8u

void tcp_hystart_begin(struct tcp_conn *conn)
{
    conn->busy->hystart = (struct tcp_hystart){.end = conn->snd_max};
}

static uint32_t threshold(uint32_t last)
{
    const uint32_t part = last / RTT_DIVISOR;

    if (part < RTT_THRESH_MIN) {
        return RTT_THRESH_MIN;
    }
    return part < RTT_THRESH_MAX ? part : RTT_THRESH_MAX;
}

static void sample(struct tcp_hystart *h, toe_duration rtt, uint8_t enough)
{
    const uint32_t ns = rtt < UINT32_MAX ? (uint32_t)rtt : UINT32_MAX;

    if (ns > 0) {
        h->current = h->current == 0 || ns < h->current ? ns : h->current;
        h->samples = (uint8_t)(h->samples + (h->samples < enough));
    }
}

/* Into CSS, or back. */
static void decide(struct tcp_hystart *h, uint8_t enough)
{
    if (h->samples < enough) {
        return;
    }
    if (h->css > 0) {
        h->css = h->current < h->baseline ? 0 : h->css;
    } else if (h->last != 0 && h->current >= (uint64_t)h->last + threshold(h->last)) {
        h->css = 1;
        h->baseline = h->current;
    }
}

static void next_round(struct tcp_conn *conn)
{
    struct tcp_hystart *h = &conn->busy->hystart;

    h->end = conn->snd_max;
    h->last = h->current;
    h->current = 0;
    h->samples = 0;
    h->css = (uint8_t)(h->css + (h->css > 0 && h->css < UINT8_MAX));
}

void tcp_hystart_ack(struct tcp_conn *conn, toe_duration rtt)
{
    const struct toe_tuning *tuning = &conn->cfg->tuning;
    struct tcp_hystart *h = &conn->busy->hystart;

    if (!conn->cfg->has_hystart || conn->ssthresh <= TCP_CWND_MAX) {
        return;
    }
    /* A round that began with nothing in flight is one with what left then. */
    if (h->current == 0 && toe_seq_ge(conn->snd_una, h->end)) {
        h->end = conn->snd_max;
    }
    sample(h, rtt, tuning->hystart_samples);
    decide(h, tuning->hystart_samples);
    if (toe_seq_ge(conn->snd_una, h->end)) {
        next_round(conn);
    }
    if (h->css > tuning->hystart_css_rounds) {
        conn->ssthresh = conn->cwnd;
    }
}
