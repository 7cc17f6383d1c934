/* SPDX-License-Identifier: MIT */
#include "support/luggage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool pack(void *user, const uint8_t *data, uint32_t len)
{
    struct t_luggage *l = user;

    memcpy(l->bytes + l->len, data, len);
    l->len += len;
    return true;
}

void t_luggage_pack(struct t_luggage *l, const struct t_conn *c, uint32_t first_len)
{
    uint32_t off = 0;

    memset(l, 0, sizeof(*l));
    l->ext.size = sizeof(l->ext);
    tcp_extension_export(&c->conn, &l->ext, c->now);
    l->bytes = malloc(c->conn.reassembly.len + 1);
    assert_non_null(l->bytes);
    assert_true(tcp_reassembly_copy(&c->conn.reassembly, pack, l));
    assert_int_equal(l->len, c->conn.reassembly.len);
    for (int i = 0; i < 2 && off < l->len; ++i) {
        const uint32_t len =
            i == 0 && first_len > 0 && first_len < l->len ? first_len : l->len - off;

        l->sge[i] = (struct toe_sge){.addr = (uintptr_t)(l->bytes + off), .len = len};
        l->bufs[i] = (struct toe_buf){.sge = &l->sge[i], .sge_cnt = 1, .len = len};
        if (i == 0) {
            l->ext.early_data = &l->bufs[0];
        } else {
            l->bufs[0].next = &l->bufs[1];
        }
        off += len;
    }
}

void t_reimport(struct t_conn *c, const struct toe_tcp_state *state)
{
    const struct tcp_setup setup = {
        .mss_local = c->conn.mss_local, .mss_limit = c->conn.mss_limit, .rcv_buf = c->conn.rcv_buf};
    struct toe_buf *chain = tcp_send_take(&c->conn);
    struct tcp_recvq waiting = {0};
    struct tcp_chunk *chunk;

    while ((chunk = tcp_recvq_take(&c->conn.recvq)) != NULL) {
        tcp_recvq_append(&waiting, chunk);
    }
    tcp_conn_fini(&c->conn);
    tcp_conn_init(&c->conn, &c->cfg, &setup, c->now);
    tcp_send(&c->conn, chain);
    c->conn.recvq = waiting;
    assert_int_equal(tcp_import(&c->conn, state, c->now), TOE_STATUS_SUCCESS);
}

struct toe_tcp_state t_exported(const struct t_conn *c)
{
    struct toe_tcp_state state = {.size = sizeof(state)};

    tcp_export(&c->conn, &state.constant, &state.cached, &state.delegated, c->now);
    return state;
}

static void check_same(const struct toe_extension *a, const struct toe_extension *b)
{
#define SAME(field)                                                                                \
    if (a->field != b->field) {                                                                    \
        fail_msg("%s: %llu, then %llu", #field, (unsigned long long)a->field,                      \
                 (unsigned long long)b->field);                                                    \
    }
    SAME(version);
    SAME(flags);
    SAME(snd_wl2);
    SAME(last_ack);
    SAME(recover);
    SAME(high_rxt);
    SAME(rescue_rxt);
    SAME(dup_bytes);
    SAME(backoff);
    SAME(srtt);
    SAME(rttvar);
    SAME(rtt_seq);
    SAME(rtt_age);
    SAME(idle);
    SAME(slot_left);
    SAME(alive_left);
    SAME(congestion);
    SAME(cubic.epoch_age);
    SAME(cubic.w_est);
    SAME(cubic.k);
    SAME(cubic.w_max);
    SAME(cubic.cwnd_prior);
    SAME(cubic.cwnd_frac);
    SAME(bbr.max_bw);
    SAME(bbr.last_bw);
    SAME(bbr.bw_lo);
    SAME(bbr.full_bw);
    SAME(bbr.min_rtt_age);
    SAME(bbr.probe_rtt_age);
    SAME(bbr.probe_rtt_left);
    SAME(bbr.cycle_age);
    SAME(bbr.min_rtt);
    SAME(bbr.probe_rtt_min);
    SAME(bbr.probe_wait);
    SAME(bbr.inflight_hi);
    SAME(bbr.inflight_lo);
    SAME(bbr.prior_cwnd);
    SAME(bbr.state);
    SAME(bbr.full_bw_cnt);
    SAME(bbr.is_full);
    SAME(bbr.rounds_since_probe);
    SAME(limited_end);
    SAME(hystart.end);
    SAME(hystart.last);
    SAME(hystart.current);
    SAME(hystart.baseline);
    SAME(hystart.samples);
    SAME(hystart.css);
    SAME(pace.rate);
    SAME(pace.left);
    SAME(pace.burst);
    SAME(sacked_cnt);
    SAME(early_cnt);
    SAME(newest);
    SAME(early_fin);
#undef SAME
    assert_memory_equal(a->sacked, b->sacked, sizeof(a->sacked));
    assert_memory_equal(a->early, b->early, sizeof(a->early));
}

enum tcp_extension_fate t_move(struct t_conn *c, struct t_luggage *l, uint32_t first_len)
{
    const struct toe_tcp_state state = t_exported(c);
    struct toe_extension again = {.size = sizeof(again)};
    enum tcp_extension_fate fate;
    struct toe_tcp_state after;

    t_luggage_pack(l, c, first_len);
    t_reimport(c, &state);
    fate = tcp_extension_import(&c->conn, &l->ext, &state.delegated, c->now);
    if (fate == TCP_EXTENSION_TAKEN) {
        tcp_extension_export(&c->conn, &again, c->now);
        check_same(&l->ext, &again);
        after = t_exported(c);
        assert_memory_equal(&state.delegated, &after.delegated, sizeof(after.delegated));
    }
    return fate;
}
