/* SPDX-License-Identifier: MIT */
#include "support/luggage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "toe/saved.h"

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
    l->bytes = malloc(c->conn.busy->reassembly.len + 1);
    assert_non_null(l->bytes);
    assert_true(tcp_reassembly_copy(&c->conn.busy->reassembly, pack, l));
    assert_int_equal(l->len, c->conn.busy->reassembly.len);
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

    while ((chunk = tcp_recvq_take(&c->conn.busy->recvq)) != NULL) {
        tcp_recvq_append(&waiting, chunk);
    }
    tcp_conn_fini(&c->conn);
    tcp_conn_init(&c->conn, &c->busy, &c->cfg, &setup, c->now);
    tcp_send(&c->conn, chain);
    c->conn.busy->recvq = waiting;
    assert_int_equal(tcp_import(&c->conn, state, c->now), TOE_STATUS_SUCCESS);
}

struct toe_tcp_state t_exported(const struct t_conn *c)
{
    struct toe_tcp_state state = {.size = sizeof(state)};

    tcp_export(&c->conn, &state.constant, &state.cached, &state.delegated, c->now);
    return state;
}

/* All that a saved connection has of an extension. */
static void check_same(const struct toe_extension *a, const struct toe_extension *b)
{
    static const size_t widths[] = {
        [TOE_SAVED_U32] = sizeof(uint32_t),
        [TOE_SAVED_U64] = sizeof(uint64_t),
        [TOE_SAVED_CONGESTION] = sizeof(enum toe_congestion),
        [TOE_SAVED_RANGES] = sizeof(struct toe_seq_range),
        [TOE_SAVED_RUNS] = sizeof(struct toe_flight_run),
    };

    for (const struct toe_saved_field *f = toe_saved_field_next(NULL); f != NULL;
         f = toe_saved_field_next(f)) {
        const size_t off = f->off - offsetof(struct toe_saved, extension);
        size_t len;

        if (f->tag != TOE_SAVED_EXTENSION) {
            continue;
        }
        len = widths[f->kind];
        if (f->cnt_max > 0) {
            const size_t cnt_off = f->cnt_off - offsetof(struct toe_saved, extension);
            uint32_t cnt;

            assert_memory_equal((const uint8_t *)a + cnt_off, (const uint8_t *)b + cnt_off,
                                sizeof(cnt));
            memcpy(&cnt, (const uint8_t *)a + cnt_off, sizeof(cnt));
            len *= cnt;
        }
        if (memcmp((const uint8_t *)a + off, (const uint8_t *)b + off, len) != 0) {
            fail_msg("%s is not what it was", f->name);
        }
    }
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
