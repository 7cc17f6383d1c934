/* SPDX-License-Identifier: MIT */
/*
 * Two machines over a simulated link, with any stack of intermediate drivers between host and
 * target, and an application at either end that sends and checks streams of known bytes.
 *
 * Everything is in this header, because only the tests of lib/inter use it.
 */
#ifndef TEST_INTER_STACK_H
#define TEST_INTER_STACK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "toe/host.h"
#include "toe/inter.h"
#include "toe/sim.h"
#include "toe/target.h"

#define S_SEC TOE_NS_PER_SEC
#define S_MS TOE_NS_PER_MS
#define S_STREAMS_MAX 32

/* One end of one connection. */
struct s_stream {
    toe_handle conn;
    uint32_t key; /* of the bytes this end sends; the peer's is ~key */
    uint64_t want;
    uint64_t sent;
    uint64_t received;
    uint64_t rude_at; /* goes away when so many bytes were received, in one of two ways; 0: never */
    bool is_connected;
    bool is_shut;
    bool is_gone;
    bool is_reset;
};

struct s_pair;

struct s_machine {
    struct s_pair *pair;
    uint32_t index;
    struct toe_sim_machine sim;
    struct toe_target *target;
    int node; /* of the simulation */
    struct s_stream streams[S_STREAMS_MAX];
    uint32_t stream_cnt;
    toe_handle listener;
    toe_duration nap; /* reads only so often */
    toe_instant read_at;
};

struct s_pair {
    struct toe_sim *sim;
    struct toe_sim_link *link;
    struct s_machine m[2];
    uint64_t want;
    bool is_rude; /* some streams are aborted, or closed in the middle */
};

/* Puts drivers on the target of machine |index|: changes |below| to what the host is to see. */
typedef void (*s_build)(void *user, uint32_t index, struct toe_inter_below *below);

static inline uint8_t s_byte(uint32_t key, uint64_t pos)
{
    const uint64_t x =
        (pos + 1) * UINT64_C(0x9e3779b97f4a7c15) + key * UINT64_C(0x2545f4914f6cdd1d);

    return (uint8_t)(x >> 40);
}

static inline struct s_stream *s_stream_new(struct s_machine *m, toe_handle conn, uint32_t key)
{
    struct s_stream *s = &m->streams[m->stream_cnt++];

    assert_true(m->stream_cnt <= S_STREAMS_MAX);
    *s = (struct s_stream){.conn = conn, .key = key, .want = m->pair->want};
    if (m->pair->is_rude && (m->stream_cnt + m->index) % 2 == 0) {
        s->rude_at = 1 + m->stream_cnt * 7919u % (m->pair->want + 1);
    }
    toe_host_conn_user_set(m->sim.host, conn, s);
    return s;
}

static inline void s_accept(struct s_machine *m)
{
    const struct s_machine *peer = &m->pair->m[1 - m->index];
    toe_handle conn;

    while ((conn = toe_host_accept(m->sim.host, m->listener)) != 0) {
        struct s_stream *s = s_stream_new(m, conn, 0);
        struct toe_host_conn_info info;

        s->is_connected = true;
        assert_true(toe_host_conn_info(m->sim.host, conn, &info));
        for (uint32_t i = 0; i < peer->stream_cnt; ++i) {
            struct toe_host_conn_info other;

            if (toe_host_conn_info(peer->sim.host, peer->streams[i].conn, &other) &&
                other.local_port == info.remote_port && other.local.family == info.local.family) {
                s->key = ~peer->streams[i].key;
            }
        }
    }
}

static inline void s_send(struct s_machine *m, struct s_stream *s)
{
    uint8_t data[4000];

    while (s->is_connected && !s->is_shut && !s->is_gone && !s->is_reset && s->sent < s->want) {
        const uint64_t left = s->want - s->sent;
        const size_t len = left < sizeof(data) ? (size_t)left : sizeof(data);
        size_t done;

        for (size_t i = 0; i < len; ++i) {
            data[i] = s_byte(s->key, s->sent + i);
        }
        done = toe_host_send(m->sim.host, s->conn, data, len);
        s->sent += done;
        if (done < len) {
            return;
        }
    }
    if (s->is_connected && !s->is_shut && !s->is_gone && !s->is_reset) {
        s->is_shut = true;
        toe_host_shutdown(m->sim.host, s->conn);
    }
}

static inline void s_receive(struct s_machine *m, struct s_stream *s)
{
    uint8_t data[4096];
    struct toe_host_conn_info info;
    size_t cnt;

    if (s->is_gone || (!s->is_connected && !s->is_reset)) {
        return;
    }
    while ((cnt = toe_host_receive(m->sim.host, s->conn, data, sizeof(data))) > 0) {
        for (size_t i = 0; i < cnt; ++i) {
            if (data[i] != s_byte(~s->key, s->received + i)) {
                fail_msg("machine %u: byte %llu is wrong", m->index,
                         (unsigned long long)(s->received + i));
            }
        }
        s->received += cnt;
    }
    if (s->rude_at != 0 && s->received >= s->rude_at) {
        s->is_gone = true;
        if (s->rude_at % 2 == 0) {
            toe_host_abort(m->sim.host, s->conn);
        } else {
            toe_host_close(m->sim.host, s->conn);
        }
        return;
    }
    if (s->is_reset || (toe_host_conn_info(m->sim.host, s->conn, &info) && info.end_of_stream &&
                        info.receivable == 0 && s->is_shut)) {
        s->is_gone = true;
        toe_host_close(m->sim.host, s->conn);
    }
}

static inline toe_instant s_application(void *user, toe_instant now)
{
    struct s_machine *m = user;
    struct toe_host_event event;

    while (toe_host_event_next(m->sim.host, &event)) {
        struct s_stream *s = event.user;

        if (event.type == TOE_HOST_ACCEPTABLE) {
            s_accept(m);
        } else if (s != NULL) {
            s->is_connected = s->is_connected || event.type == TOE_HOST_CONNECTED;
            s->is_reset = s->is_reset || event.type == TOE_HOST_RESET;
        }
    }
    for (uint32_t i = 0; i < m->stream_cnt; ++i) {
        s_send(m, &m->streams[i]);
        if (now >= m->read_at) {
            s_receive(m, &m->streams[i]);
        }
    }
    if (now >= m->read_at) {
        m->read_at = now + m->nap;
    }
    return m->nap != 0 ? m->read_at : TOE_INSTANT_NEVER;
}

static inline struct toe_addr s_addr(uint8_t family, uint32_t index)
{
    struct toe_addr addr = {.family = family};

    if (family == 4) {
        addr.bytes[0] = 10;
        addr.bytes[3] = (uint8_t)(index + 1);
    } else {
        addr.bytes[0] = 0xfd;
        addr.bytes[15] = (uint8_t)(index + 1);
    }
    return addr;
}

static inline void s_machine_init(struct s_machine *m, const struct toe_host_settings *hs,
                                  const struct toe_target_settings *ts, s_build build, void *user)
{
    struct toe_host_settings host = *hs;
    struct toe_target_settings target = *ts;
    struct toe_host_interface interface = {.mtu = 1500};
    struct toe_inter_below below;
    void *wire = toe_sim_link_end(m->pair->link, m->index);

    host.seed = hs->seed * 2 + m->index;
    target.wire = toe_sim_wire_ops();
    target.wire_user = wire;
    target.mac[0] = 2;
    target.mac[5] = (uint8_t)(m->index + 1);
    m->target = toe_target_new(&target);
    m->sim.host = toe_host_new(&host);
    assert_true(m->target != NULL && m->sim.host != NULL);
    below = (struct toe_inter_below){toe_target_ops(), m->target};
    build(user, m->index, &below);
    interface.ops = below.ops;
    interface.target = below.target;
    assert_int_equal(toe_host_interface_add(m->sim.host, &interface), 0);
    for (uint8_t family = 4; family <= 6; family = (uint8_t)(family + 2)) {
        const struct toe_addr addr = s_addr(family, m->index);

        assert_int_equal(toe_host_address_add(m->sim.host, 0, &addr, family == 4 ? 24 : 64), 0);
    }
    m->sim.ops = below.ops;
    m->sim.target = below.target;
    m->sim.application = s_application;
    m->sim.user = m;
    m->node = toe_sim_machine_add(m->pair->sim, &m->sim, wire);
    assert_true(m->node >= 0);
}

/*
 * s_pair_init() makes the pair, and opens |cnt| connections of |want| bytes each way. |is_rude| is
 * set before.
 */
static inline void s_pair_init(struct s_pair *pair, const struct toe_host_settings *hs,
                               const struct toe_target_settings *ts,
                               const struct toe_sim_link_settings *link, s_build build, void *user,
                               uint32_t cnt, uint64_t want)
{
    const bool is_rude = pair->is_rude;

    memset(pair, 0, sizeof(*pair));
    pair->is_rude = is_rude;
    pair->want = want;
    pair->sim = toe_sim_new(&(struct toe_sim_settings){.mem = hs->mem, .seed = hs->seed});
    pair->link = toe_sim_link_new(pair->sim, link);
    for (uint32_t i = 0; i < 2; ++i) {
        pair->m[i].pair = pair;
        pair->m[i].index = i;
        s_machine_init(&pair->m[i], hs, ts, build, user);
    }
    pair->m[1].listener = toe_host_listen(pair->m[1].sim.host, NULL, 80, S_STREAMS_MAX);
    for (uint32_t i = 0; i < cnt; ++i) {
        const struct toe_addr dst = s_addr(i % 2 == 0 ? 4 : 6, 1);

        s_stream_new(&pair->m[0], toe_host_connect(pair->m[0].sim.host, NULL, 0, &dst, 80), i);
    }
}

/* s_pair_is_done() says whether all streams have ended at both ends. */
static inline bool s_pair_is_done(const struct s_pair *pair)
{
    uint32_t connected = 0;

    for (int i = 0; i < 2; ++i) {
        for (uint32_t n = 0; n < pair->m[i].stream_cnt; ++n) {
            if (!pair->m[i].streams[n].is_gone) {
                return false;
            }
        }
    }
    for (uint32_t n = 0; n < pair->m[0].stream_cnt; ++n) {
        connected += pair->m[0].streams[n].is_connected;
    }
    return pair->m[1].stream_cnt >= connected;
}

/* s_pair_finish() lets all streams end, and time pass until nothing is left. */
static inline void s_pair_finish(struct s_pair *pair)
{
    for (int i = 0; i < 3000 && !s_pair_is_done(pair); ++i) {
        assert_true(toe_sim_run(pair->sim, toe_sim_now(pair->sim) + S_SEC));
    }
    for (int i = 0; i < 2 && !s_pair_is_done(pair); ++i) {
        for (uint32_t n = 0; n < pair->m[i].stream_cnt; ++n) {
            const struct s_stream *s = &pair->m[i].streams[n];
            struct toe_host_conn_info info = {.state = TOE_TCP_CLOSED};

            (void)toe_host_conn_info(pair->m[i].sim.host, s->conn, &info);
            print_message("machine %d stream %u: %s, in the %s, sent %llu, received %llu%s%s\n", i,
                          n, toe_conn_state_name(info.state), toe_place_name(info.place),
                          (unsigned long long)s->sent, (unsigned long long)s->received,
                          s->is_gone ? ", gone" : "", s->is_reset ? ", reset" : "");
        }
    }
    assert_true(s_pair_is_done(pair));
    for (int i = 0; i < 2; ++i) {
        pair->m[i].nap = 0;
    }
    assert_true(toe_sim_run(pair->sim, toe_sim_now(pair->sim) + 1000 * S_SEC));
}

static inline void s_pair_check_bytes(const struct s_pair *pair)
{
    for (int i = 0; i < 2; ++i) {
        for (uint32_t n = 0; n < pair->m[i].stream_cnt; ++n) {
            assert_false(pair->m[i].streams[n].is_reset);
            assert_int_equal(pair->m[i].streams[n].received, pair->want);
        }
    }
}

static inline void s_pair_check_clean(const struct s_pair *pair)
{
    for (int i = 0; i < 2; ++i) {
        struct toe_host_stats hs = {.size = sizeof(hs)};
        struct toe_stats ts = {.size = sizeof(ts)};

        toe_host_stats_get(pair->m[i].sim.host, &hs);
        toe_target_ops()->stats_get(pair->m[i].target, &ts);
        assert_int_equal(hs.offloaded_cnt, 0);
        assert_int_equal(hs.neighbor_links, 0);
        assert_int_equal(ts.tcp_cnt, 0);
        assert_int_equal(ts.path_cnt, 0);
        assert_int_equal(ts.neighbor_cnt, 0);
        assert_int_equal(ts.bufs_indicated, 0);
    }
}

/* s_pair_fini() frees hosts and targets; the drivers are the caller's. */
static inline void s_pair_fini(struct s_pair *pair)
{
    for (int i = 0; i < 2; ++i) {
        toe_host_del(pair->m[i].sim.host);
        toe_target_del(pair->m[i].target);
    }
    toe_sim_del(pair->sim);
}

#endif
