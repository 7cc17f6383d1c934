/* SPDX-License-Identifier: MIT */
/*
 * Any segments, in any state: the engine survives them, and its invariants hold after each call.
 *
 * The input is a program: the first bytes choose a connection, the rest are steps. A step is a
 * segment near the connection's own sequence numbers (garbage far from them ends at the first
 * test), time that passes, something the application does, or a move to a fresh control block,
 * after which an export must say the same as before.
 */
#include "base/assert.h"
#include "base/list.h"
#include "base/mem.h"
#include "tcp/congestion.h"
#include "tcp/engine.h"
#include "tcp/inflight.h"
#include "tcp/mitigation.h"
#include "tcp/scoreboard.h"
#include "toe/extension.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is put into a segment however small the path is said to be: tcp/send.c. */
#define MSS_LEAST 28u

#define OUT_MAX (1 << 21)

struct input {
    const uint8_t *data;
    size_t size;
};

struct fuzz {
    struct tcp_conn conn;
    struct tcp_busy busy;
    struct tcp_config cfg;
    struct base_slab chunks;
    struct base_slab scoreboards;
    struct tcp_flight_pools flights;
    struct tcp_budget budget;
    toe_instant now;
    bool extends; /* a move takes an extension with it */
    bool stalled;
    bool refuses;
    bool closed;
};

/* A buffer of bytes nobody looks at. */
static const uint8_t bytes[65536];

static uint8_t next_u8(struct input *in)
{
    if (in->size == 0) {
        return 0;
    }
    --in->size;
    return *in->data++;
}

static uint32_t next_u16(struct input *in)
{
    const uint32_t high = next_u8(in);

    return high << 8 | next_u8(in);
}

static uint32_t next_u32(struct input *in)
{
    const uint32_t high = next_u16(in);

    return high << 16 | next_u16(in);
}

static bool take_text(struct tcp_conn *conn, const uint8_t *text, uint32_t len, bool push)
{
    struct fuzz *f = base_container_of(conn, struct fuzz, conn);

    if (f->refuses) {
        return false;
    }
    if (f->stalled || conn->busy->recvq.len > 0) {
        return tcp_recvq_push(&conn->busy->recvq, &f->chunks, text, len, push);
    }
    tcp_consumed(conn, len, f->now);
    return true;
}

static void free_chain(struct toe_buf *chain)
{
    while (chain != NULL) {
        struct toe_buf *next = chain->next;

        free(chain);
        chain = next;
    }
}

/* A buffer of |len| bytes; its list lies behind it. */
static struct toe_buf *new_buf(uint32_t len)
{
    struct toe_buf *buf = calloc(1, sizeof(*buf) + sizeof(struct toe_sge));
    struct toe_sge *sge;

    if (buf == NULL) {
        abort();
    }
    sge = (struct toe_sge *)(void *)(buf + 1);
    *sge = (struct toe_sge){.addr = (uintptr_t)bytes, .len = len};
    buf->sge = sge;
    buf->sge_cnt = 1;
    buf->len = len;
    return buf;
}

static uint32_t max_of(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static void settle(struct fuzz *f)
{
    static uint8_t scratch[65536];
    struct tcp_out out;
    uint64_t sum = 0;
    int cnt = 0;

    while (tcp_output(&f->conn, &out, f->now)) {
        toe_assert(++cnt < OUT_MAX);
        toe_assert(out.seg.payload_len <= sizeof(scratch));
        toe_assert(out.seg.payload_len == 0 || out.mss <= max_of(f->conn.mss_limit, MSS_LEAST));
        if (out.seg.payload_len > 0) {
            toe_assert(tcp_send_read(&f->conn, scratch, out.text_off, out.seg.payload_len, &sum));
        }
    }
    free_chain(tcp_send_pop(&f->conn));
    if (!f->stalled && f->conn.busy->recvq.len > 0) {
        const uint32_t len = f->conn.busy->recvq.len;

        tcp_recvq_drop(&f->conn.busy->recvq, &f->chunks, len);
        tcp_consumed(&f->conn, len, f->now);
    }
    if (!f->stalled) {
        tcp_consumed_fin(&f->conn);
    }
    tcp_conn_check(&f->conn);
}

static void arrive(struct fuzz *f, struct input *in)
{
    struct tcp_segment seg = TCP_SEGMENT_INIT;
    const uint8_t shape = next_u8(in);

    seg.flags = next_u8(in);
    seg.seq = toe_seq_add(f->conn.rcv_nxt, next_u16(in) - 0x4000u);
    seg.ack = toe_seq_sub(f->conn.snd_max, next_u16(in) - 0x100u);
    seg.wnd = (uint16_t)next_u16(in);
    if ((shape & 1) != 0) {
        seg.seq = f->conn.rcv_nxt;
    }
    if ((shape & 2) != 0) {
        seg.ack = f->conn.snd_una;
    }
    if ((shape & 4) != 0) {
        seg.payload = bytes;
        seg.payload_len = next_u16(in);
    }
    if ((shape & 8) != 0) {
        seg.has_ts = true;
        seg.ts_val = f->conn.ts_recent + next_u8(in) - 16;
        seg.ts_ecr = next_u32(in);
    }
    if ((shape & 16) != 0) {
        seg.sack_cnt = next_u8(in) % (TCP_SACK_MAX + 1);
        for (uint8_t i = 0; i < seg.sack_cnt; ++i) {
            seg.sack[i].left = toe_seq_add(f->conn.snd_una, next_u16(in) - 16);
            seg.sack[i].right = toe_seq_add(seg.sack[i].left, next_u16(in) - 16);
        }
    }
    if ((shape & 64) != 0) {
        seg.ecn = next_u8(in) & 3;
    }
    if ((shape & 32) != 0) {
        seg.mss = (uint16_t)next_u16(in);
        seg.wscale = (int8_t)(next_u8(in) % 15);
        seg.sack_permitted = true;
    }
    (void)tcp_input(&f->conn, &seg, f->now);
}

static void pass_time(struct fuzz *f, toe_duration span)
{
    const toe_instant due = tcp_deadline(&f->conn);

    f->now += span;
    if (due != TOE_INSTANT_NEVER && due > f->now && span == 0) {
        f->now = due;
    }
    tcp_expire(&f->conn, f->now);
}

/* What an extension tells, a byte of it perhaps wrong: it is taken or not, and no more happens. */
static void extend(struct fuzz *f, struct toe_extension *ext,
                   const struct toe_tcp_delegated *delegated, struct input *in)
{
    const size_t at = sizeof(ext->size) + next_u16(in);
    const uint8_t flip = next_u8(in);

    if (at < offsetof(struct toe_extension, early_data)) {
        ((uint8_t *)ext)[at] ^= flip;
    }
    (void)tcp_extension_import(&f->conn, ext, delegated, f->now);
    tcp_conn_check(&f->conn);
}

/* Moves to a fresh control block. */
static void move(struct fuzz *f, struct input *in)
{
    struct toe_extension ext = {.size = sizeof(ext)};
    struct toe_tcp_state a = {.size = sizeof(a)};
    struct toe_tcp_state b = {.size = sizeof(b)};
    const struct tcp_setup setup = {.mss_local = f->conn.mss_local, .mss_limit = f->conn.mss_limit};
    const struct tcp_recvq waiting = f->conn.busy->recvq;
    struct toe_buf *chain;

    if (!toe_conn_state_is_offloadable((enum toe_conn_state)f->conn.state) ||
        f->conn.verdict != TCP_VERDICT_NONE) {
        return;
    }
    tcp_export(&f->conn, &a.constant, &a.cached, &a.delegated, f->now);
    tcp_extension_export(&f->conn, &ext, f->now);
    chain = tcp_send_take(&f->conn);
    f->conn.busy->recvq = (struct tcp_recvq){0};
    tcp_conn_fini(&f->conn);
    tcp_conn_init(&f->conn, &f->busy, &f->cfg, &setup, f->now);
    tcp_send(&f->conn, chain);
    f->conn.busy->recvq = waiting;
    a.cached.flags &= TOE_TCP_KEEP_ALIVE | TOE_TCP_NAGLE;
    toe_assert(tcp_import(&f->conn, &a, f->now) == TOE_STATUS_SUCCESS);
    tcp_export(&f->conn, &b.constant, &b.cached, &b.delegated, f->now);
    toe_assert(memcmp(&a.constant, &b.constant, sizeof(a.constant)) == 0);
    toe_assert(memcmp(&a.cached, &b.cached, sizeof(a.cached)) == 0);
    if (b.delegated.cwnd == f->conn.snd_mss && a.delegated.cwnd < b.delegated.cwnd) {
        b.delegated.cwnd = a.delegated.cwnd; /* Segments were smaller. RFC-132 */
    }
    toe_assert(memcmp(&a.delegated, &b.delegated, sizeof(a.delegated)) == 0);
    if (f->extends) {
        extend(f, &ext, &a.delegated, in);
    }
}

static void update(struct fuzz *f, struct input *in)
{
    struct toe_tcp_cached cached = {.flags = next_u8(in) & 0x1f,
                                    .initial_rcv_wnd = next_u16(in),
                                    .ka_timeout = next_u8(in),
                                    .ka_interval = next_u8(in),
                                    .ka_probe_cnt = next_u8(in),
                                    .max_rt = next_u16(in)};

    tcp_update(&f->conn, &cached, f->now);
}

static void step(struct fuzz *f, struct input *in)
{
    const uint8_t what = next_u8(in);

    switch (what % 12) {
    case 0:
        pass_time(f, 0);
        break;
    case 1:
        pass_time(f, next_u16(in) * TOE_NS_PER_MS);
        break;
    case 2:
        if (!f->closed && f->conn.state != TOE_TCP_CLOSED && tcp_send_len(&f->conn) < 1000000) {
            tcp_send(&f->conn, new_buf(next_u16(in)));
        }
        break;
    case 3:
        f->closed = true;
        tcp_close(&f->conn);
        break;
    case 4:
        f->stalled = !f->stalled;
        break;
    case 5:
        move(f, in);
        break;
    case 6:
        update(f, in);
        break;
    case 7:
        tcp_mss_limit_set(&f->conn, (uint16_t)(next_u16(in) % 9000), f->now);
        break;
    case 8:
        f->refuses = !f->refuses;
        break;
    default:
        arrive(f, in);
        break;
    }
    settle(f);
}

/* The peer opens; its handshake may be complete. */
static void open_passive(struct fuzz *f, struct input *in, uint8_t how, uint8_t opt, uint8_t more)
{
    struct tcp_segment syn = TCP_SEGMENT_INIT;

    syn.seq = toe_seq_of(next_u32(in));
    syn.flags = (uint8_t)(TCP_SYN | ((more & 1) != 0 ? TCP_ECE | TCP_CWR : 0));
    syn.wnd = (uint16_t)next_u16(in);
    syn.mss = (uint16_t)next_u16(in);
    syn.has_ts = (opt & 16) != 0;
    syn.sack_permitted = true;
    syn.wscale = (int8_t)(how % 15);
    tcp_open_passive(&f->conn, &syn, toe_seq_of(next_u32(in)), f->now);
    settle(f);
    if ((how & 2) != 0) {
        struct tcp_segment ack = TCP_SEGMENT_INIT;

        ack.flags = TCP_ACK;
        ack.seq = f->conn.rcv_nxt;
        ack.ack = f->conn.snd_max;
        ack.wnd = syn.wnd;
        ack.has_ts = syn.has_ts;
        (void)tcp_input(&f->conn, &ack, f->now);
        settle(f);
    }
}

static const uint32_t rates[] = {10, 100, 1000, 1000};

static const struct toe_tuning tunings[] = {
    TOE_TUNING_DEFAULT,
    {.grow_by_delivery = true,
     .grow_when_half_used = true,
     .hystart_samples = 9,
     .rto_variance_min = 200 * TOE_NS_PER_MS,
     .empty_probes = true,
     .probe_backoff = 1,
     .updates_double = true,
     .timer_slack = 8 * TOE_NS_PER_MS,
     .rack_last_rtt = true,
     .reduce_cwnd = true,
     .mark_by_prr = true},
};

static void begin(struct fuzz *f, struct input *in)
{
    const uint8_t how = next_u8(in);
    const uint8_t opt = next_u8(in);
    const uint8_t cfg = next_u8(in);
    const uint8_t more = next_u8(in);
    const uint32_t limit = next_u16(in);
    const struct tcp_cc_ops *const controls[] = {&tcp_cc_newreno, &tcp_cc_cubic, &tcp_cc_bbr,
                                                 &tcp_cc_none};
    const struct tcp_setup setup = {.mss_local = 1460,
                                    .mss_limit = (uint16_t)(40 + limit % 9000),
                                    .rcv_buf = next_u16(in) * 4,
                                    .rcv_wscale = opt & 15,
                                    .timestamps = (opt & 16) != 0,
                                    .sack = (opt & 32) != 0,
                                    .window_scaling = (opt & 64) != 0,
                                    .ecn = (more & 1) != 0,
                                    .ecn_offer = (more & 2) != 0,
                                    .nagle = (opt & 128) != 0};

    f->cfg = (struct tcp_config){.ticks_per_second = rates[cfg & 3],
                                 .ack_frequency = cfg & 3,
                                 .max_retransmissions = 5,
                                 .duplicate_ack_threshold = (cfg >> 2) & 3,
                                 .delayed_ack = (cfg & 16) != 0 ? 0 : 40 * TOE_NS_PER_MS,
                                 .sws_prevention = (cfg & 32) != 0 ? 0 : TOE_NS_PER_SEC,
                                 .rto_min = 300 * TOE_NS_PER_MS,
                                 .rto_max = 60 * TOE_NS_PER_SEC,
                                 .rto_initial = TOE_NS_PER_SEC,
                                 .fin_wait_2 = 120 * TOE_NS_PER_SEC,
                                 .time_wait = 60 * TOE_NS_PER_SEC,
                                 .initial_window = 10,
                                 .tuning = tunings[(how >> 4) & 1],
                                 .super_max = (how & 4) != 0 ? 65535 : 0,
                                 .cc = controls[((cfg >> 6) & 1) | ((more >> 1) & 2)],
                                 .is_paced = (more & 8) != 0,
                                 .has_hystart = (more & 16) != 0,
                                 .validates_cwnd = (more & 32) != 0,
                                 .rack_threshold = (more & 64) != 0,
                                 .acks_consumed = (more & 128) != 0,
                                 .urgent_uploads = (cfg & 128) != 0,
                                 .rfc5961_syn = (how & 8) != 0,
                                 .ssthresh_flight = (how & 16) != 0,
                                 .doubt_retransmissions = (how & 16) != 0 ? 2 : 0,
                                 .nagle_strict = (how & 32) != 0,
                                 .push_at_end = (how & 32) != 0,
                                 .push_burst = (how & 32) != 0 ? 4 : 0,
                                 .challenges = (how & 8) != 0 ? &f->budget : NULL,
                                 .chunks = &f->chunks,
                                 .scoreboards = &f->scoreboards,
                                 .flights = (how & 64) != 0 ? &f->flights : NULL,
                                 .text = take_text};
    f->cfg.tuning.mtu_probing = (enum toe_mtu_probing)(limit / 9000 % 3);
    f->cfg.tuning.after_idle = (enum toe_after_idle)(limit / 9000 / 3);
    f->extends = (how & 128) != 0;
    tcp_conn_init(&f->conn, &f->busy, &f->cfg, &setup, f->now);

    if ((how & 1) != 0) {
        tcp_open(&f->conn, toe_seq_of(next_u32(in)), f->now);
        settle(f);
        return;
    }
    open_passive(f, in, how, opt, more);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {.data = data, .size = size};
    struct fuzz f = {.now = TOE_NS_PER_SEC};

    base_slab_init(&f.chunks, base_mem_default(), sizeof(struct tcp_chunk), 256, 8);
    base_slab_init(&f.scoreboards, base_mem_default(), sizeof(struct tcp_scoreboard), 2, 2);
    tcp_flight_pools_init(&f.flights, base_mem_default(), 2);
    tcp_budget_init(&f.budget, 5, 1);
    begin(&f, &in);
    while (in.size > 0) {
        step(&f, &in);
    }

    free_chain(tcp_send_take(&f.conn));
    tcp_conn_fini(&f.conn);
    toe_assert(f.chunks.cnt == 0 && f.scoreboards.cnt == 0 && f.flights.flights.cnt == 0);
    toe_assert(f.flights.some.cnt == 0 && f.flights.many.cnt == 0);
    tcp_flight_pools_fini(&f.flights);
    base_slab_fini(&f.chunks);
    base_slab_fini(&f.scoreboards);
    return 0;
}
