/* SPDX-License-Identifier: MIT */
/*
 * Timers: scenarios.md, B.8.
 */
#include "suite.h"

/* |ms| in ticks of the host. */
static uint32_t ticks(const struct cert *c, uint64_t ms)
{
    return (uint32_t)(ms * c->params.ticks_per_second / 1000);
}

/* --- delayed acknowledgments --- */

static void t_190(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "+100");
    cert_at(c, 200);
    cert_expect_seg(c, "5000 ack=1100");
    cert_mark(c);
    cert_peer(c, "+100");
    cert_peer(c, "+100");
    cert_expect_seg(c, "5000 ack=1300 t=0");
    cert_mark(c);
    cert_peer(c, "FIN");
    cert_expect_seg(c, "5000 ack=1301 t=0");
}

static void t_191(struct cert *c)
{
    c->params.ticks_per_second = 10;
    c->params.delayed_ack_ticks = 255;
    cert_offload(c);
    cert_peer(c, "+100");
    cert_at(c, 500);
    cert_expect_seg(c, "5000 ack=1100");
}

/* --- the retransmission timeout --- */

/* One that runs, with all that is outstanding sent right now, has |rto| ms left. */
static void expect_rto(struct cert *c, uint32_t rto)
{
    cert_near(c, cert_query(c)->delegated.retransmit_timeout_delta, rto, 2);
}

static void t_192(struct cert *c)
{
    static const struct {
        uint32_t ms, srtt, rttvar, rto;
    } rows[] = {
        {100, 800, 200, 300},
        {140, 840, 190, 300},
        {1000, 1735, 1038, 1254},
        {40000, 31518, 30561, 34501},
    };
    uint32_t seq = 5000;

    cert_timestamps(c);
    cert_tcp(c)->delegated.srtt = 0;
    cert_tcp(c)->delegated.rttvar = 0;
    cert_offload(c);
    for (uint32_t i = 0; i < 4; ++i) {
        const struct cert_entry *sent;
        const struct toe_tcp_delegated *state;

        cert_send(c, 100);
        sent = cert_expect_data(c, "%u:%u", seq, seq + 100);
        seq += 100;
        cert_wait(c, rows[i].ms);
        cert_peer(c, "ack=%u ts=701/%u", seq, sent->seg.ts_val);
        cert_run(c);
        cert_skip_segs(c);
        state = &cert_query(c)->delegated;
        cert_near(c, state->srtt, rows[i].srtt, 2);
        cert_near(c, state->rttvar, rows[i].rttvar, 2);
        if (c->profile == TOE_PROFILE_COMPAT) {
            cert_send(c, 100);
            cert_expect_data(c, "%u:%u", seq, seq + 100);
            seq += 100;
            expect_rto(c, rows[i].rto);
            cert_peer(c, "ack=%u ts=701/0", seq); /* RTT-021: this is no sample */
            cert_run(c);
        }
    }
}

/* The peer is silent: |cnt| copies, at RTO, 3 RTO, 7 RTO ... after the first. */
static void expect_copies(struct cert *c, uint32_t cnt)
{
    uint32_t at = 0;
    uint32_t rto = 300;

    cert_expect_seg(c, "5000:6000 PSH t=0");
    for (uint32_t i = 0; i < cnt; ++i) {
        at += rto;
        rto *= 2;
        cert_expect_seg(c, "5000:6000 t=%u", at);
    }
}

static void t_193(struct cert *c)
{
    struct toe_tcp_delegated state;

    cert_offload(c);
    cert_send(c, 1000);
    expect_copies(c, 5);
    cert_due(c, 18900);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_TIMEOUT_EXPIRATION);
    cert_expect_silence(c, 60000);
    cert_expect_quiet(c);
    state = cert_terminate(c)->delegated;
    cert_expect_state(c, TOE_TCP_ESTABLISHED);
    cert_is(c, state.retransmit_cnt, 5);
    cert_is(c, state.retransmit_timeout_delta, 0);
    cert_is(c, state.snd_una, 5000);
    cert_is(c, state.snd_max, 6000);
}

static void t_194a(struct cert *c)
{
    struct toe_tcp_delegated state;

    cert_tcp(c)->cached.max_rt = 5000;
    cert_offload(c);
    cert_send(c, 1000);
    expect_copies(c, 4);
    cert_due(c, 9300); /* 600 + 1200 + 2400 + 4800 */
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_TIMEOUT_EXPIRATION);
    cert_expect_silence(c, 60000);
    state = cert_terminate(c)->delegated;
    cert_expect_state(c, TOE_TCP_ESTABLISHED);
    cert_near(c, state.total_rt, 9000, 10);
    cert_is(c, state.retransmit_timeout_delta, 0);
}

static void t_194b(struct cert *c)
{
    cert_tcp(c)->cached.max_rt = 50000;
    cert_offload(c);
    cert_send(c, 1000);
    expect_copies(c, 7);
    cert_due(c, 76500);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_TIMEOUT_EXPIRATION);
    cert_expect_silence(c, 200000);
}

/* No two segments of the current connection from entry |from| on are further apart than |ms|. */
static uint32_t expect_gaps_below(struct cert *c, uint32_t from, uint64_t ms)
{
    toe_instant last = 0;
    uint32_t cnt = 0;

    for (uint32_t i = from; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        if (e->kind != CERT_SEG_OUT || e->conn != c->conn->idx) {
            continue;
        }
        if (cnt++ > 0 && e->at - last > ms * TOE_NS_PER_MS) {
            cert_fail(c, "%.3f s between %s and the segment before",
                      (double)(e->at - last) / (double)TOE_NS_PER_SEC, e->text);
        }
        last = e->at;
    }
    cert_require(c, last + ms * TOE_NS_PER_MS >= c->now);
    return cnt;
}

static void t_195(struct cert *c)
{
    cert_tcp(c)->cached.max_rt = TOE_TICKS_UNLIMITED;
    cert_offload(c);
    cert_send(c, 1000);
    cert_at(c, 3600000);
    cert_expect_quiet(c);
    cert_require(c, expect_gaps_below(c, 0, 60010) >= 60);
}

/* The host has retransmitted 1000 bytes three times, for 4 of at most 5 seconds. */
static void begin_late(struct cert *c)
{
    struct toe_tcp_delegated *state = &cert_tcp(c)->delegated;

    cert_chain(c, 1000);
    state->snd_nxt = 6000;
    state->snd_max = 6000;
    state->total_rt = 4000;
    state->retransmit_cnt = 3;
    state->retransmit_timeout_delta = 2000;
    cert_tcp(c)->cached.max_rt = 5000;
}

static void t_196a(struct cert *c)
{
    begin_late(c);
    cert_offload(c);
    cert_tcp(c)->cached.ttl = 33;
    cert_update(c);
    cert_is(c, cert_query(c)->delegated.total_rt, 4000);
    cert_tcp(c)->cached.flags |= TOE_TCP_MAX_RT_RESTART;
    cert_update(c);
    cert_is(c, cert_query(c)->delegated.total_rt, 0);
}

static void t_196b(struct cert *c)
{
    begin_late(c);
    cert_tcp(c)->cached.flags |= TOE_TCP_MAX_RT_RESTART;
    cert_offload(c);
    cert_is(c, cert_query(c)->delegated.total_rt, 0);
    cert_is(c, cert_query(c)->delegated.retransmit_cnt, 3);
}

/* "At the third" may be instead of it, with it, or at the expiry that follows. */
static void t_197(struct cert *c)
{
    const struct cert_entry *event;
    uint32_t cnt;

    c->params.doubt_reachability_retransmissions = 3;
    cert_offload(c);
    cert_send(c, 1000);
    cert_at(c, 4500);
    event = cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_REQUESTED);
    cert_require(c, event->at + 10 * TOE_NS_PER_MS >= c->chart->begin + 2100 * TOE_NS_PER_MS);
    cnt = cert_count(c, CERT_SEG_OUT);
    cert_require(c, cnt == 3 || cnt == 4);
    cert_skip_segs(c);
    cert_expect_silence(c, 60000);
    cert_terminate(c);
    cert_expect_state(c, TOE_TCP_ESTABLISHED);
}

/* --- persist --- */

/* The peer closes its window, then |len| bytes are posted; it is t = 0. */
static void begin_closed(struct cert *c, uint32_t len)
{
    cert_peer(c, "ack=5000 wnd=0");
    cert_run(c);
    cert_mark(c);
    cert_send_chain(c, &len, 1);
}

static void t_198(struct cert *c)
{
    cert_offload(c);
    begin_closed(c, 10000);
    cert_expect_data(c, "5000:5001 t=300");
    cert_expect_data(c, "5000:5001 t=600");
    cert_expect_data(c, "5000:5001 t=1200");
    cert_at(c, 1300);
    cert_peer(c, "ack=5000 wnd=0");
    cert_expect_data(c, "5000:5001 t=1900");
    cert_expect_data(c, "5000:5001 t=2200");
    cert_expect_data(c, "5000:5001 t=2800");
    cert_at(c, 2900);
    c->conn->peer.acks = true;
    cert_peer(c, "ack=5000 wnd=65535");
    cert_expect_data(c, "t=2900");
    cert_at(c, 10000);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 10000);
}

static void t_199(struct cert *c)
{
    struct toe_tcp_delegated state;

    cert_offload(c);
    begin_closed(c, 10000);
    for (uint32_t at = 300; at <= 4800; at *= 2) {
        cert_expect_data(c, "5000:5001 t=%u", at);
    }
    cert_due(c, 9600);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_TIMEOUT_EXPIRATION);
    cert_expect_silence(c, 60000);
    state = cert_terminate(c)->delegated;
    cert_expect_state(c, TOE_TCP_ESTABLISHED);
    cert_is(c, state.snd_wnd, 0);
    cert_is(c, state.snd_wnd_probe_cnt, 0);
    cert_is(c, state.retransmit_cnt, 5);
    cert_is(c, state.retransmit_timeout_delta, 0);
}

static void answer_probe(struct cert *c, struct cert_entry *entry)
{
    if (entry->seg.len > 0) {
        cert_peer(c, "ack=5000 wnd=0");
    }
}

static void t_200(struct cert *c)
{
    cert_offload(c);
    c->on_segment = answer_probe;
    begin_closed(c, 10000);
    cert_at(c, UINT64_C(24) * 3600 * 1000);
    cert_expect_quiet(c);
    cert_require(c, expect_gaps_below(c, 0, 60010) >= 24 * 60);
}

static void t_201(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "ack=5000 wnd=0");
    cert_expect_silence(c, 10000);
    cert_is(c, cert_query(c)->delegated.retransmit_timeout_delta, TOE_TICKS_NONE);
    cert_send(c, 1000);
    cert_expect_data(c, "5000:5001 t=10300");
}

/* --- FIN_WAIT_2 --- */

static void t_202(struct cert *c)
{
    cert_offload(c);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_expect_seg(c, "5000 FIN");
    cert_peer(c, "ack=5001");
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_SUCCESS, 0);
    cert_mark(c);
    cert_at(c, 100000);
    cert_peer(c, "+100 PSH");
    cert_expect_indicate(c, 100);
    cert_at(c, 219980);
    cert_expect_quiet(c);
    cert_due(c, 220000);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_TIMEOUT_EXPIRATION);
    cert_terminate(c);
    cert_expect_state(c, TOE_TCP_CLOSED);
}

static void t_203(struct cert *c)
{
    cert_tcp(c)->delegated.state = TOE_TCP_FIN_WAIT_2;
    cert_offload(c);
    cert_at(c, 600000);
    cert_expect_quiet(c);
    cert_is(c, cert_query(c)->delegated.retransmit_timeout_delta, TOE_TICKS_NONE);
    cert_peer(c, "+100 PSH");
    cert_expect_indicate(c, 100);
    cert_at(c, 719980);
    cert_expect_quiet(c);
    cert_due(c, 720000);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_TIMEOUT_EXPIRATION);
}

/* --- keep-alive --- */

static void keep_alive(struct cert *c, uint64_t timeout, uint64_t interval, uint8_t cnt)
{
    struct toe_tcp_cached *cached = &cert_tcp(c)->cached;

    cached->flags |= TOE_TCP_KEEP_ALIVE;
    cached->ka_timeout = ticks(c, timeout);
    cached->ka_interval = ticks(c, interval);
    cached->ka_probe_cnt = cnt;
}

/* A probe: the byte before the next one, or no byte at all. */
static void expect_probe(struct cert *c, uint64_t ms)
{
    const struct cert_entry *entry = cert_expect_seg(c, "ack=1000 t=%u", (uint32_t)ms);

    cert_is(c, entry->seg.seq, 4999);
    cert_require(c, entry->seg.len <= 1);
}

static void t_204(struct cert *c)
{
    struct toe_tcp_delegated state;

    keep_alive(c, 7200000, 1000, 10);
    cert_offload(c);
    expect_probe(c, 7200000);
    cert_peer(c, "ack=5000");
    cert_run(c);
    cert_mark(c);
    for (uint32_t i = 0; i < 10; ++i) {
        expect_probe(c, 7200000 + i * 1000);
    }
    cert_due(c, 7210000);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_TIMEOUT_EXPIRATION);
    cert_expect_silence(c, 15000000);
    state = cert_terminate(c)->delegated;
    cert_expect_state(c, TOE_TCP_ESTABLISHED);
    cert_is(c, state.ka_probe_cnt, 10);
    cert_is(c, state.ka_timeout_delta, 0);
}

static void t_205(struct cert *c)
{
    keep_alive(c, 7200000, 1000, 10);
    cert_offload(c);
    cert_at(c, 3600000);
    cert_tcp(c)->cached.flags |= TOE_TCP_KEEP_ALIVE_RESTART;
    cert_update(c);
    cert_near(c, cert_query(c)->delegated.ka_timeout_delta, 7200000, 10);
    cert_expect_silence(c, 10799980);
    expect_probe(c, 10800000);
}

static void t_206(struct cert *c)
{
    keep_alive(c, 1000, 1000, 10);
    cert_offload(c);
    cert_send(c, 1000);
    for (uint32_t i = 0; i < 150; ++i) {
        cert_wait(c, 100);
        while (cert_count(c, CERT_SEG_OUT) > c->count) {
            ++c->count;
            cert_expect_seg(c, "5000:6000");
        }
    }
    cert_require(c, c->count >= 5);
    cert_expect_quiet(c);
}

/* --- all of them at once, one connection each --- */

static void begin_timers(struct cert *c, uint32_t per_second, uint64_t lead)
{
    c->params.ticks_per_second = per_second;
    c->params.delayed_ack_ticks = (uint8_t)ticks(c, 200);
    c->params.push_ticks = ticks(c, 500);
    c->params.sws_prevention_ticks = ticks(c, 5000);
    for (uint32_t i = 0; i < 5; ++i) {
        if (i > 0) {
            (void)cert_conn_add(c, c->paths[0]);
        }
        cert_tcp(c)->delegated.srtt = (uint16_t)ticks(c, 800);
        cert_tcp(c)->delegated.rttvar = (uint16_t)ticks(c, 200);
    }
    cert_use(c, 3);
    keep_alive(c, lead + 3000, 1000, 2);
    cert_use(c, 4)->state.delegated.state = TOE_TCP_FIN_WAIT_2;
    cert_tcp(c)->delegated.retransmit_timeout_delta = ticks(c, lead + 5000);
    cert_offload(c);
    cert_at(c, lead);
    cert_use(c, 2);
    begin_closed(c, 1000);
    cert_use(c, 1);
    cert_send(c, 1000);
    cert_use(c, 0);
    cert_receive(c, 1000, 0);
    cert_peer(c, "+100");
}

static void expect_was_at(struct cert *c, const struct cert_entry *entry, uint64_t ms, uint64_t off)
{
    cert_near(c, (entry->at - c->chart->begin) / TOE_NS_PER_MS, ms, off);
}

static void expect_expired_at(struct cert *c, uint64_t ms, uint64_t off)
{
    expect_was_at(c, cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_TIMEOUT_EXPIRATION), ms,
                  off);
}

/* Every timer fired at its time, |off| ms more or less. */
static void expect_timers(struct cert *c, uint64_t off)
{
    static const uint32_t copies[] = {0, 300, 900, 2100, 4500, 9300};
    static const uint32_t probes[] = {300, 600, 1200, 2400, 4800};

    cert_at(c, 20000);
    cert_use(c, 0);
    cert_require(c, cert_expect_seg(c, "5000 ack=1100")->at <=
                        c->chart->begin + (200 + off) * TOE_NS_PER_MS);
    expect_was_at(c, cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 100), 500, off);

    cert_use(c, 1);
    for (uint32_t i = 0; c->profile == TOE_PROFILE_COMPAT && i < 6; ++i) {
        expect_was_at(c, cert_expect_seg(c, "5000:6000"), copies[i], off);
    }
    expect_expired_at(c, 18900, off);
    cert_use(c, 2);
    for (uint32_t i = 0; i < 5; ++i) {
        expect_was_at(c, cert_expect_data(c, "5000:5001"), probes[i], off);
    }
    expect_expired_at(c, 9600, off);
    cert_use(c, 3);
    expect_was_at(c, cert_expect_seg(c, "ack=1000"), 3000, off);
    expect_was_at(c, cert_expect_seg(c, "ack=1000"), 4000, off);
    expect_expired_at(c, 5000, off);
    cert_use(c, 4);
    expect_expired_at(c, 5000, off);
}

/* |per_second| ticks; at 250 ms the retransmission timer has 50 ms left. */
static void timers_at(struct cert *c, uint32_t per_second)
{
    const uint64_t tick = 1000 / per_second;
    uint32_t left;

    begin_timers(c, per_second, 0);
    cert_at(c, 250);
    cert_use(c, 2);
    left = cert_query(c)->delegated.retransmit_timeout_delta;
    cert_near(c, left, (50 + tick - 1) / tick, 10 / tick);
    cert_require(c, left > 0);
    expect_timers(c, tick > 10 ? tick : 10);
}

static void t_207a(struct cert *c)
{
    timers_at(c, 10);
}

static void t_207b(struct cert *c)
{
    timers_at(c, 100);
}

static void t_207c(struct cert *c)
{
    timers_at(c, 1000);
}

static void t_208(struct cert *c)
{
    c->now = ((UINT64_C(1) << 32) - 60000) * TOE_NS_PER_MS;
    begin_timers(c, 1000, 59950);
    expect_timers(c, 10);
}

static void t_209(struct cert *c)
{
    keep_alive(c, UINT32_MAX, 1000, 10);
    cert_offload(c);
    cert_is(c, cert_query(c)->delegated.ka_timeout_delta, UINT32_MAX - 1);
    cert_is(c, cert_terminate(c)->delegated.ka_timeout_delta, UINT32_MAX - 1);
}

/* A time the host handed over goes on, and comes back as what is left. */
static void c_08a(struct cert *c)
{
    cert_tcp(c)->delegated.state = TOE_TCP_FIN_WAIT_2;
    cert_tcp(c)->delegated.retransmit_timeout_delta = 5000;
    cert_offload(c);
    cert_at(c, 2000);
    cert_near(c, cert_terminate(c)->delegated.retransmit_timeout_delta, 3000, 10);
    cert_expect_state(c, TOE_TCP_FIN_WAIT_2);
    cert_offload(c);
    cert_at(c, 2980);
    cert_expect_quiet(c);
    cert_due(c, 3000);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_TIMEOUT_EXPIRATION);
    cert_terminate(c);
    cert_expect_state(c, TOE_TCP_CLOSED);
}

#define TIMER(number, what, which, function)                                                       \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_TCPIP,              \
        .run = (function)                                                                          \
    }
#define GRANULAR(number, what, which, function)                                                    \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_TIMERS,             \
        .run = (function)                                                                          \
    }
#define COMPAT(number, what, which, function)                                                      \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_TCPIP,              \
        .profiles = CERT_COMPAT, .run = (function)                                                 \
    }

const struct cert_scenario cert_timer_scenarios[] = {
    TIMER("T-190", "acknowledgments: after 200 ms, for the second segment, for a FIN",
          "TMR-022 TMR-023 TMR-026 CAP-24", t_190),
    TIMER("T-191", "a delayed acknowledgment waits for half a second at most", "TMR-024", t_191),
    TIMER("T-192", "the estimator of round trips and the timeout from it",
          "TMR-091 TMR-092 TMR-093 RTT-014 RTT-021 CERT-2.8", t_192),
    COMPAT("T-193", "a silent peer: five retransmissions, doubled, then an upload",
           "TMR-080 TMR-084 TMR-088 TMR-089 RFC-055 STATE-TK-7", t_193),
    COMPAT("T-194a", "a limit of time ends it earlier than the count", "TMR-081 TMR-089 TMR-090",
           t_194a),
    COMPAT("T-194b", "a limit of time lets it go on beyond the count", "TMR-081 TMR-089 STATE-TK-7",
           t_194b),
    TIMER("T-195", "without a limit it never gives up, a minute apart at most",
          "TMR-081 RFC-058 STATE-TK-7", t_195),
    TIMER("T-196a", "an update starts the time limit again only when told to", "TMR-082 TMR-083",
          t_196a),
    TIMER("T-196b", "an offload starts the time limit again when told to",
          "TMR-082 STATE-TK-12 STATE-TK-13 STATE-TD-19", t_196b),
    COMPAT("T-197", "reachability in doubt after three retransmissions", "TMR-094 EVT-037 CAP-26",
           t_197),
    TIMER("T-198", "a closed window: probes, and the next round after an answer",
          "TMR-056..061 TMR-064 TMR-065 TMR-067 TMR-072 CERT-2.2", t_198),
    TIMER("T-199", "a closed window and a silent peer: five probes",
          "TMR-062 TMR-063 TMR-067 TMR-069", t_199),
    TIMER("T-200", "a closed window for a day, each probe answered", "TMR-066 TMR-073 RFC-017",
          t_200),
    TIMER("T-201", "a closed window with nothing to send", "TMR-068", t_201),
    TIMER("T-202", "FIN_WAIT_2 ends 120 s after the last segment", "TMR-030..033", t_202),
    TIMER("T-203", "FIN_WAIT_2 handed over without a timer", "TMR-035", t_203),
    TIMER("T-204", "keep-alive: probes, an answer, ten without one",
          "TMR-040..042 TMR-047 TMR-048 TMR-049 TMR-051 STATE-TK-4..6", t_204),
    TIMER("T-205", "keep-alive starts again by an update", "TMR-043 TMR-044 STATE-TK-12", t_205),
    TIMER("T-206", "no keep-alive probes while retransmitting", "TMR-050", t_206),
    GRANULAR("T-207a", "all timers at 10 ticks a second", "TMR-001 TMR-005 STATE-1 STATE-2 CAP-22",
             t_207a),
    GRANULAR("T-207b", "all timers at 100 ticks a second",
             "TMR-001 TMR-002 TMR-005 STATE-1 STATE-2 CAP-22", t_207b),
    GRANULAR("T-207c", "all timers at 1000 ticks a second",
             "TMR-001 TMR-002 STATE-1 STATE-2 CAP-22", t_207c),
    GRANULAR("T-208", "all timers while a clock of 32 bits and 1 ms would wrap", "TMR-004", t_208),
    TIMER("T-209", "a remaining time that looks like none", "TMR-007", t_209),
    TIMER("C-08a", "FIN_WAIT_2 goes on with the time that is left", "TMR-034 TMR-036", c_08a),
    {.id = NULL},
};
