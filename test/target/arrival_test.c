/* SPDX-License-Identifier: MIT */
/*
 * The short way of plain frames (target/arrival.h) leads where the long one does: of two targets
 * one gets them in Ethernet II frames, the other in 802.3 frames with SNAP, which are not plain.
 * What both tell their hosts and the peer is the same, and so are their counters and states.
 */
#include "support/target_fixture.h"

#include "base/rand.h"

#define SEEDS 60
#define ROUNDS 60
#define MSS 1460u
#define FRAME_MAX 2048

/* The peer of both, and what it sends. */
struct peer {
    struct base_rand rand;
    uint32_t seq;
    uint32_t ack;
    uint32_t sent; /* by the targets' hosts */
    uint16_t wnd;
};

static uint32_t below(struct peer *p, uint32_t n)
{
    return (uint32_t)base_rand_below(&p->rand, n);
}

/* The same segment for both, one byte of its text perhaps wrong. */
static void arrive(struct t_target *t[2], const struct tcp_segment *seg, uint32_t damaged_at)
{
    uint8_t text[MSS];
    uint8_t frame[FRAME_MAX];

    for (uint32_t i = 0; i < seg->payload_len; ++i) {
        text[i] = t_host_byte(seg->seq.v + i);
    }
    for (int i = 0; i < 2; ++i) {
        const uint32_t len = t_wire_build(frame, &t[i]->from_peer, seg, text);

        if (damaged_at > 0 && seg->payload_len > 0) {
            frame[len - 1 - damaged_at % seg->payload_len] ^= 0x10;
        }
        t_wire_push(&t[i]->wire, frame, len);
    }
}

/* One segment: the next one, as a rule. */
static void send_one(struct t_target *t[2], struct peer *p)
{
    struct tcp_segment seg = TCP_SEGMENT_INIT;
    const uint32_t chance = below(p, 100);
    bool is_lost = false;

    seg.src_port = 5001;
    seg.dst_port = 40000;
    seg.seq.v = p->seq;
    seg.ack.v = p->ack;
    seg.flags = TCP_ACK;
    seg.wnd = p->wnd;
    if (below(p, 10) != 0) {
        seg.payload_len = below(p, 4) != 0 ? MSS : 1 + below(p, MSS);
        seg.flags |= below(p, 6) == 0 ? TCP_PSH : 0;
    }
    if (chance < 3) {
        seg.seq.v -= below(p, 4000);
    } else if (chance < 6) {
        seg.seq.v += below(p, 4000);
    } else if (chance < 9) {
        p->ack = 5000 + below(p, p->sent + 1);
        seg.ack.v = p->ack;
    } else if (chance < 12) {
        p->wnd = (uint16_t)(20000 + below(p, 40000));
    } else if (chance < 14) {
        seg.flags |= TCP_ECE;
    } else if (chance < 16) {
        is_lost = seg.payload_len > 0;
    }
    arrive(t, &seg, is_lost ? 1 + below(p, MSS) : 0);
    if (seg.seq.v == p->seq && !is_lost) {
        p->seq += seg.payload_len;
    }
}

static void act(struct t_target *t[2], struct peer *p)
{
    const uint32_t what = below(p, 4);
    const uint32_t len = 1 + below(p, 3 * MSS);

    for (int i = 0; i < 2; ++i) {
        if (what == 0) {
            t_send_new(t[i], 5000 + p->sent, len);
        } else if (what < 3) {
            t_receive_new(t[i], (what == 1 ? 10 : 1) * len, 0);
        }
    }
    p->sent += what == 0 ? len : 0;
}

/* Where the peer goes on, after all that went wrong. */
static void catch_up(struct t_target *t[2], struct peer *p)
{
    struct toe_tcp_state got[2];

    for (int i = 0; i < 2; ++i) {
        memset(&got[i], 0, sizeof(got[i]));
        assert_int_equal(t_query(t[i], &got[i]), TOE_STATUS_SUCCESS);
    }
    assert_memory_equal(&got[0].delegated, &got[1].delegated, sizeof(got[0].delegated));
    p->seq = got[0].delegated.rcv_nxt;
}

static void assert_same(struct t_target *t[2], uint64_t seed, uint32_t round)
{
    struct toe_stats stats[2] = {t_stats(t[0]), t_stats(t[1])};
    char first[sizeof(t[0]->log.joined)];

    (void)snprintf(first, sizeof(first), "%s", t_log_take(&t[0]->log, T_LOG_ALL));
    if (strcmp(first, t_log_take(&t[1]->log, T_LOG_ALL)) != 0 ||
        memcmp(&stats[0], &stats[1], sizeof(stats[0])) != 0) {
        fail_msg("seed %u, round %u: the short way leads elsewhere:\n%s\n%s", (unsigned)seed, round,
                 first, t[1]->log.joined);
    }
}

static void run_seed(uint64_t seed)
{
    struct t_target *t[2] = {t_target_new(), t_target_new()};
    struct peer p = {.seq = 1000, .ack = 5000, .wnd = 60000};

    base_rand_init(&p.rand, seed);
    for (int i = 0; i < 2; ++i) {
        t[i]->settings.drop_bad_tcp = true;
        t[i]->tcp.state.cached.initial_rcv_wnd = 60000;
        t[i]->tcp.state.constant.flags |= seed % 2 == 0 ? TOE_TCP_SACK : 0;
        t_target_start(t[i]);
        t_offload(t[i]);
        t[i]->from_peer.ether.snap = i == 1;
    }
    for (uint32_t round = 0; round < ROUNDS; ++round) {
        if (below(&p, 2) == 0) {
            act(t, &p);
        }
        for (uint32_t n = below(&p, 12); n > 0; --n) {
            send_one(t, &p);
        }
        t_run(t[0], 10 * round);
        t_run(t[1], 10 * round);
        assert_same(t, seed, round);
        catch_up(t, &p);
    }
    t_target_del(t[0]);
    t_target_del(t[1]);
}

static void test_arrival_same(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; ++seed) {
        run_seed(seed);
    }
}

/* A wrong checksum is found out when its text lies in the request already; the right text goes over
 * it, and what was never right is not part of the request. */
static void test_arrival_damaged(void **state)
{
    struct t_target *t = t_target_new();
    struct t_target *both[2] = {t, t};
    struct tcp_segment seg = TCP_SEGMENT_INIT;
    struct toe_buf *buf;
    const uint8_t *bytes;

    (void)state;
    t->settings.drop_bad_tcp = true;
    t_target_start(t);
    t_offload(t);
    (void)t_log_take(&t->log, T_LOG_ALL);
    buf = t_receive_new(t, 1000, 0);
    bytes = (const uint8_t *)(uintptr_t)buf->sge[0].addr;
    seg.src_port = 5001;
    seg.dst_port = 40000;
    seg.seq.v = 1000;
    seg.ack.v = 5000;
    seg.wnd = 65535;
    seg.flags = TCP_ACK | TCP_PSH;
    seg.payload_len = 600;
    arrive(both, &seg, 3);
    t_run(t, 0);
    t_expect_all(t, "");
    assert_int_equal(t_stats(t).drops[TOE_DROP_TCP_CHECKSUM], 2);

    seg.payload_len = 400;
    arrive(both, &seg, 0);
    t_run(t, 1);
    t_expect_host(t, "receive(SUCCESS,400)");
    for (uint32_t i = 0; i < 400; ++i) {
        assert_int_equal(bytes[i], t_host_byte(1000 + i));
    }
    t_target_del(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_arrival_same),
                                       cmocka_unit_test(test_arrival_damaged)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
