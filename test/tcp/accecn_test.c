/* SPDX-License-Identifier: MIT */
/* Accurate ECN: RFC 9768, whose sections the tests name. */

#include "support/luggage.h"

#include "tcp/accecn.h"
#include "tcp/congestion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MSS 1460u

static toe_seq nth(uint32_t i)
{
    return toe_seq_of(1 + MSS * i);
}

static unsigned ace_of(const struct tcp_segment *seg)
{
    return (seg->ae ? 4u : 0) | ((seg->flags & TCP_CWR) != 0 ? 2u : 0) |
           ((seg->flags & TCP_ECE) != 0 ? 1u : 0);
}

static void expect_ace(const struct t_conn *c, unsigned ace)
{
    assert_int_equal(ace_of(&c->last.seg), ace);
}

/* Lets a SYN of the peer arrive: |ace|, in a packet that came as |ecn|. */
static void meet(struct t_conn *c, uint8_t flags, unsigned ace, uint8_t ecn)
{
    const struct tcp_segment syn = {
        .flags = (uint8_t)(TCP_SYN | flags | ((ace & 2) ? TCP_CWR : 0) | ((ace & 1) ? TCP_ECE : 0)),
        .ae = (ace & 4) != 0,
        .ecn = ecn,
        .ack = {1},
        .wnd = 60000,
        .mss = MSS,
        .wscale = -1};

    assert_int_equal(tcp_input(&c->conn, &syn, c->now), TOE_DROP_NONE);
    t_settle(c);
}

static void expect_mode(struct t_conn *c, bool has_ecn, bool has_accecn)
{
    struct toe_tcp_const constant;

    assert_int_equal(c->conn.state, TOE_TCP_ESTABLISHED);
    tcp_export(&c->conn, &constant, NULL, NULL, c->now);
    assert_int_equal((constant.flags & TOE_TCP_ECN) != 0, has_ecn);
    assert_int_equal((constant.flags & TOE_TCP_ACCECN) != 0, has_accecn);
}

/* New text is ECT(0), or the path spoils it. */
static void expect_ect(struct t_conn *c, bool want)
{
    t_forget(c);
    t_app_write(c, 100);
    t_expect(c, c->now - c->origin, SEG(.seq = {1}, .ack = c->conn.rcv_nxt, .len = 100));
    assert_int_equal(c->last.seg.ecn, want ? TCP_ECN_ECT0 : TCP_ECN_NOT_ECT);
}

/* 3.1.1, 3.1.2, table 2, as the client: fallback to RFC 3168 and to none; 3.2.2.3: what the answer
 * says of our SYN. */
static void test_client(void **state)
{
    static const struct {
        unsigned answer;
        bool ecn, accecn, ect;
    } cases[] = {
        {0, false, false, false}, {1, true, false, true},   {2, true, true, true},
        {3, true, true, false},   {4, true, true, false},   {5, true, false, true},
        {6, true, true, false},   {7, false, false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        const struct t_options opt = {.ecn = true, .ecn_offer = true, .accecn = true};
        struct t_conn *c = t_conn_bare(&opt);

        tcp_open(&c->conn, toe_seq_of(0), c->now);
        t_expect(c, T_MS(0), SEG(.seq = {0}, .flags = TCP_SYN));
        expect_ace(c, 7);
        meet(c, TCP_ACK, cases[i].answer, TCP_ECN_NOT_ECT);
        expect_mode(c, cases[i].ecn, cases[i].accecn);
        t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}));
        expect_ace(c, cases[i].accecn ? 2 : 0);
        expect_ect(c, cases[i].ect);
        t_conn_del(c);
    }
}

/* 3.1.2, 3.1.3, table 2, as the server, whether or not it knows more than RFC 3168. */
static void test_server(void **state)
{
    (void)state;
    for (unsigned knows = 0; knows < 2; ++knows) {
        for (unsigned offer = 0; offer < 8; ++offer) {
            struct t_conn *c = t_conn_bare(&(struct t_options){.ecn = true, .accecn = knows != 0});
            const bool is_classic = knows ? offer == 3 : (offer & 3) == 3;
            const bool is_accurate = knows && offer != 0 && offer != 3;
            const struct tcp_segment syn = {
                .flags =
                    (uint8_t)(TCP_SYN | ((offer & 2) ? TCP_CWR : 0) | ((offer & 1) ? TCP_ECE : 0)),
                .ae = (offer & 4) != 0,
                .wnd = 60000,
                .mss = MSS,
                .wscale = -1};

            tcp_open_passive(&c->conn, &syn, toe_seq_of(0), c->now);
            t_expect(c, T_MS(0), SEG(.seq = {0}, .ack = {1}, .flags = TCP_SYN));
            expect_ace(c, is_accurate ? 2 : is_classic ? 1 : 0);
            assert_int_equal(c->last.seg.acc_cnt, is_accurate ? 3 : 0);
            t_send(c, T_MS(1), SEG(.seq = {1}, .ack = {1}, .ace = is_accurate ? 2 : 0));
            expect_mode(c, is_accurate || is_classic, is_accurate);
            t_conn_del(c);
        }
    }
}

/* 3.1.2, tables 2 and 3: each side tells the other how its SYN arrived. */
static void test_handshake_encoding(void **state)
{
    static const unsigned aces[] = {
        [TCP_ECN_NOT_ECT] = 2, [TCP_ECN_ECT1] = 3, [TCP_ECN_ECT0] = 4, [TCP_ECN_CE] = 6};

    (void)state;
    for (uint8_t ecn = 0; ecn < 4; ++ecn) {
        struct t_conn *c =
            t_conn_bare(&(struct t_options){.ecn = true, .ecn_offer = true, .accecn = true});

        tcp_open(&c->conn, toe_seq_of(0), c->now);
        t_forget(c);
        meet(c, TCP_ACK, 2, ecn);
        t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}));
        expect_ace(c, aces[ecn]);
        t_app_write(c, 10); /* and then it is the counter */
        t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 10));
        expect_ace(c, ecn == TCP_ECN_CE ? 6 : 5);
        t_conn_del(c);

        c = t_conn_bare(&(struct t_options){.ecn = true, .accecn = true});
        tcp_open_passive(&c->conn,
                         &(struct tcp_segment){.flags = TCP_SYN | TCP_CWR | TCP_ECE,
                                               .ae = true,
                                               .ecn = ecn,
                                               .wnd = 60000,
                                               .mss = MSS,
                                               .wscale = -1},
                         toe_seq_of(0), c->now);
        t_expect(c, T_MS(0), SEG(.seq = {0}, .ack = {1}, .flags = TCP_SYN));
        expect_ace(c, aces[ecn]);
        t_conn_del(c);
    }
}

/* 3.1.4.1: two SYNs offer it, then one that offers nothing. 3.2.3.2: what is sent again of the
 * answer has no option. */
static void test_lost_syns(void **state)
{
    struct t_conn *c =
        t_conn_bare(&(struct t_options){.ecn = true, .ecn_offer = true, .accecn = true});

    (void)state;
    tcp_open(&c->conn, toe_seq_of(0), c->now);
    t_expect(c, T_MS(0), SEG(.seq = {0}, .flags = TCP_SYN));
    t_expect(c, T_MS(1000), SEG(.seq = {0}, .flags = TCP_SYN));
    expect_ace(c, 7);
    t_expect(c, T_MS(3000), SEG(.seq = {0}, .flags = TCP_SYN));
    expect_ace(c, 0);
    meet(c, TCP_ACK, 2, TCP_ECN_NOT_ECT);
    expect_mode(c, false, false);
    t_conn_del(c);

    c = t_conn_bare(&(struct t_options){.ecn = true, .accecn = true});
    tcp_open_passive(&c->conn,
                     &(struct tcp_segment){.flags = TCP_SYN | TCP_CWR | TCP_ECE,
                                           .ae = true,
                                           .wnd = 60000,
                                           .mss = MSS,
                                           .wscale = -1},
                     toe_seq_of(0), c->now);
    t_expect(c, T_MS(0), SEG(.seq = {0}, .ack = {1}, .flags = TCP_SYN));
    assert_int_equal(c->last.seg.acc_cnt, 3);
    t_expect(c, T_MS(1000), SEG(.seq = {0}, .ack = {1}, .flags = TCP_SYN));
    assert_int_equal(c->last.seg.acc_cnt, 0);
    expect_ace(c, 2);
    t_conn_del(c);
}

/* A server to which |ace| comes as the third segment. */
static struct t_conn *server(uint8_t ace, uint32_t len)
{
    struct t_conn *c = t_conn_bare(&(struct t_options){.ecn = true, .accecn = true});

    tcp_open_passive(&c->conn,
                     &(struct tcp_segment){.flags = TCP_SYN | TCP_CWR | TCP_ECE,
                                           .ae = true,
                                           .wnd = 60000,
                                           .mss = MSS,
                                           .wscale = -1},
                     toe_seq_of(0), c->now);
    t_forget(c);
    t_send(c, T_MS(1), SEG(.seq = {1}, .ack = {1}, .ace = ace, .len = len));
    return c;
}

/* Table 4, 3.2.2.3 and 3.2.2.4: what the third segment says of our SYN and ACK, and of the path. */
static void test_third(void **state)
{
    static const bool is_good[8] = {false, true, true, false, false, true, false, true};

    (void)state;
    for (uint8_t ace = 0; ace < 8; ++ace) {
        struct t_conn *c = server(ace, 0);

        expect_ect(c, is_good[ace]);
        assert_int_equal(c->conn.busy->accecn.snd_cep, ace == 6 ? 6 : 5);
        t_conn_del(c);

        c = server(ace, 100); /* with text it is the counter */
        expect_ect(c, ace != 0);
        t_conn_del(c);
    }
}

/* A client's first segment that is no SYN must not be zero either (3.2.2.4). */
static void test_zeroed_ace(void **state)
{
    struct t_conn *c =
        t_conn_bare(&(struct t_options){.ecn = true, .ecn_offer = true, .accecn = true});

    (void)state;
    tcp_open(&c->conn, toe_seq_of(0), c->now);
    t_forget(c);
    meet(c, TCP_ACK, 2, TCP_ECN_NOT_ECT);
    t_forget(c);
    t_app_write(c, MSS);
    t_forget(c);
    t_send(c, T_MS(1), SEG(.seq = {1}, .ack = nth(1), .ace = 0));
    t_app_write(c, MSS);
    t_expect(c, T_MS(1), SEG(.seq = nth(1), .ack = {1}, .len = MSS));
    assert_int_equal(c->last.seg.ecn, TCP_ECN_NOT_ECT);
    expect_ace(c, 5); /* The peer is still told (3.2.2.4). */
    t_conn_del(c);
}

/* A receiver, both SYNs as they should be. */
static struct t_conn *receiver(bool sack)
{
    struct t_conn *c = t_conn_new(
        TOE_TCP_ESTABLISHED,
        &(struct t_options){.ecn = true, .accecn = true, .sack = sack, .timestamps = sack});

    tcp_accecn_begin(&c->conn);
    return c;
}

/* 3.2.2.2, 3.2.2.5.1: packets are counted, pure acknowledgments as well, in what leaves next, and
 * each second mark at the latest is told at once. */
static void test_marks_are_counted(void **state)
{
    struct t_conn *c = receiver(false);

    (void)state;
    c->cfg.ack_frequency = 100;
    t_send(c, T_MS(1), SEG(.seq = {1}, .ack = {1}, .len = 100, .ace = 5, .ecn = TCP_ECN_ECT0));
    t_expect_silence(c, T_MS(2));
    t_send(c, T_MS(2), SEG(.seq = {101}, .ack = {1}, .len = 100, .ace = 5, .ecn = TCP_ECN_CE));
    t_expect(c, T_MS(2), SEG(.seq = {1}, .ack = {201}));
    expect_ace(c, 6);
    for (uint32_t i = 0; i < 10; i += 2) {
        const toe_seq seq = {201 + 100 * i};
        const toe_seq next = {301 + 100 * i};

        t_send(c, T_MS(3 + i), SEG(.seq = seq, .ack = {1}, .len = 100, .ace = 5, .ecn = 3));
        t_expect_silence(c, T_MS(3 + i));
        t_send(c, T_MS(4 + i), SEG(.seq = next, .ack = {1}, .len = 100, .ace = 5, .ecn = 3));
        t_expect(c, T_MS(4 + i), SEG(.seq = {1}, .ack = {301 + 100 * i + 100}));
        expect_ace(c, (8 + i) & 7); /* it wraps */
    }

    /* Without text, every third: two ends must not answer each other for ever. */
    t_send(c, T_MS(20), SEG(.seq = {1201}, .ack = {1}, .ace = 5, .ecn = TCP_ECN_CE));
    t_send(c, T_MS(20), SEG(.seq = {1201}, .ack = {1}, .ace = 5, .ecn = TCP_ECN_CE));
    t_expect_silence(c, T_MS(20));
    t_send(c, T_MS(20), SEG(.seq = {1201}, .ack = {1}, .ace = 5, .ecn = TCP_ECN_CE));
    t_expect(c, T_MS(20), SEG(.seq = {1}, .ack = {1201}));
    expect_ace(c, (16 + 3) & 7);
    t_conn_del(c);
}

/* 3.2.3: the option has the bytes, if they are news; SACK comes first. */
static void test_option_is_sent(void **state)
{
    struct t_conn *c = receiver(true);
    const struct tcp_segment *seg = &c->last.seg;

    (void)state;
    t_send(c, T_MS(1),
           SEG(.seq = {1}, .ack = {1}, .len = 100, .ace = 5, .ecn = TCP_ECN_ECT0, .ts = 1));
    t_send(c, T_MS(1),
           SEG(.seq = {101}, .ack = {1}, .len = 50, .ace = 5, .ecn = TCP_ECN_CE, .ts = 1));
    t_expect(c, T_MS(1), SEG(.seq = {1}, .ack = {151}));
    assert_int_equal(seg->acc_cnt, 3);
    assert_false(seg->acc_ect1);
    assert_int_equal(seg->acc[0], 101);
    assert_int_equal(seg->acc[1], 50);
    assert_int_equal(seg->acc[2], 1);
    t_app_write(c, MSS); /* Nothing new: it costs nothing. */
    t_expect(c, T_MS(1), SEG(.seq = {1}, .ack = {151}, .len = MSS - 12));
    assert_int_equal(seg->acc_cnt, 0);
    t_forget(c);

    /* What comes as ECT(1) is told first. */
    t_send(c, T_MS(2),
           SEG(.seq = {151}, .ack = {1}, .len = 50, .ace = 5, .ecn = TCP_ECN_ECT1, .ts = 1));
    t_app_write(c, MSS);
    t_expect(c, T_MS(2), SEG(.seq = nth(1), .ack = {201}, .len = MSS - 24));
    assert_true(seg->acc_ect1);
    assert_int_equal(seg->acc[0], 51);
    assert_int_equal(seg->acc[2], 101);
    t_forget(c);

    /* One SACK block leaves room for all, two for two numbers, three for none. */
    for (uint32_t i = 1; i <= 3; ++i) {
        const toe_seq seq = {201 + 200 * i};

        t_send(c, T_MS(2 + i), SEG(.seq = seq, .ack = {1}, .len = 50, .ecn = 2, .ts = 1, .ace = 5));
        t_expect(c, T_MS(2 + i), SEG(.seq = c->conn.snd_max, .ack = {201}));
        assert_int_equal(seg->sack_cnt, i);
        assert_int_equal(seg->acc_cnt, i == 1 ? 3 : i == 2 ? 2 : 0);
    }
    t_conn_del(c);
}

/* Ten segments left, more wait. */
static struct t_conn *sender(bool modern)
{
    const struct t_options opt = {.ecn = true,
                                  .accecn = true,
                                  .modern = modern,
                                  .sack = modern,
                                  .cwnd = 20 * MSS,
                                  .ssthresh = 20 * MSS,
                                  .srtt = 800,
                                  .rttvar = 80};
    struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &opt);

    tcp_accecn_begin(&c->conn);
    t_app_write(c, 100 * MSS);
    assert_int_equal(c->out_cnt, 20);
    assert_int_equal(c->out[c->out_head].seg.ecn, TCP_ECN_ECT0);
    t_forget(c);
    return c;
}

/* Marks reduce cwnd once a round trip, and what came without lets it grow (RFC 3168, 6.1.2; RFC
 * 8511). No CWR: the field is the counter. */
static void test_feedback(void **state)
{
    struct t_conn *c = sender(false);
    uint32_t cwnd;

    (void)state;
    t_send(c, T_MS(10), SEG(.seq = {1}, .ack = nth(2), .ace = 5));
    cwnd = c->conn.cwnd;
    assert_true(cwnd > 20 * MSS);
    t_send(c, T_MS(11), SEG(.seq = {1}, .ack = nth(4), .ace = 6)); /* one of two */
    assert_int_equal(c->conn.cwnd, cwnd * 8 / 10 + MSS * MSS / (cwnd * 8 / 10));
    assert_int_equal(c->conn.busy->ecn_marked, MSS);
    cwnd = c->conn.cwnd;
    t_send(c, T_MS(12), SEG(.seq = {1}, .ack = nth(6), .ace = 0)); /* both, and it wraps */
    assert_int_equal(c->conn.cwnd, cwnd);
    assert_int_equal(c->conn.busy->accecn.snd_cep, 0);
    t_send(c, T_MS(13), SEG(.seq = {1}, .ack = nth(5), .ace = 6)); /* It was overtaken. */
    t_send(c, T_MS(13), SEG(.seq = {1}, .ack = nth(6), .ace = 6)); /* So was this. */
    assert_int_equal(c->conn.busy->accecn.snd_cep, 0);
    assert_int_equal(c->conn.cwnd, cwnd);
    t_forget(c);
    t_send(c, T_MS(14), SEG(.seq = {1}, .ack = nth(10), .ace = 0));
    t_send(c, T_MS(14), SEG(.seq = {1}, .ack = nth(20), .ace = 0));
    for (uint32_t i = 0; i < c->out_cnt; ++i) {
        assert_int_equal(ace_of(&c->out[(c->out_head + i) % T_OUT_MAX].seg), 5);
    }
    t_forget(c);
    cwnd = c->conn.cwnd;
    t_send(c, T_MS(20), SEG(.seq = {1}, .ack = nth(24), .ace = 1)); /* the next round */
    assert_true(c->conn.cwnd < cwnd);
    t_forget(c);
    t_conn_del(c);
}

/* 3.2.2.5.2: more segments than ACE can count. The option knows; without it the safest count if
 * there were marks lately, none if not. */
static void test_wrap(void **state)
{
    static const struct {
        const char *name;
        uint8_t ace;
        bool lately;
        uint8_t acc_cnt;
        uint32_t ceb;
        uint32_t want; /* bytes */
    } cases[] = {
        {"no marks, none lately", 5, false, 0, 0, 0},
        {"no marks, or eight", 5, true, 0, 0, 8 * MSS},
        {"one, or nine", 6, false, 0, 0, 9 * MSS},
        {"the option says none", 5, true, 3, 0, 0},
        {"the option says eight", 5, false, 3, 8 * MSS, 8 * MSS},
        {"the option says half of one", 6, true, 2, MSS / 2, MSS / 2},
        {"the option lies", 6, true, 3, 0xffffff, 15 * MSS},
        {"the option has too little", 6, false, 1, 0, 9 * MSS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct t_conn *c = sender(true);

        if (cases[i].lately) {
            c->conn.ecn_point = c->conn.snd_max;
        }
        t_send(c, T_MS(10),
               SEG(.seq = {1}, .ack = nth(15), .ace = cases[i].ace, .acc_cnt = cases[i].acc_cnt,
                   .acc = {1 + 7 * MSS, cases[i].ceb, 1}));
        if (c->conn.busy->ecn_marked != cases[i].want) {
            fail_msg("%s: %u", cases[i].name, c->conn.busy->ecn_marked);
        }
        t_forget(c);
        t_conn_del(c);
    }
}

/* What is told selectively counts when it is told: the hole that closes brings no marks. */
static void test_sack(void **state)
{
    struct t_conn *c = sender(true);

    (void)state;
    c->conn.ecn_point = c->conn.snd_max;
    t_send(c, T_MS(10), SEG(.seq = {1}, .ack = {1}, .ace = 6, .sack = {nth(1), nth(3)}));
    assert_int_equal(c->conn.busy->ecn_marked, MSS);
    for (uint32_t i = 4; i <= 20; ++i) {
        t_send(c, T_MS(10), SEG(.seq = {1}, .ack = {1}, .ace = 6, .sack = {nth(1), nth(i)}));
        assert_int_equal(c->conn.busy->ecn_marked, 0);
    }
    t_send(c, T_MS(20), SEG(.seq = {1}, .ack = nth(20), .ace = 6));
    assert_int_equal(c->conn.busy->ecn_marked, 0);
    t_forget(c);
    t_conn_del(c);
}

/* 3.2.3.2.4: an option that begins with zero is not believed, ever; the field still is. */
static void test_zeroed_option(void **state)
{
    struct t_conn *c = sender(false);

    (void)state;
    t_send(c, T_MS(10), SEG(.seq = {1}, .ack = nth(2), .ace = 5, .acc_cnt = 3));
    assert_int_equal(c->conn.busy->ecn_marked, 0);
    t_send(c, T_MS(11), SEG(.seq = {1}, .ack = nth(4), .ace = 5, .acc_cnt = 3, .acc = {9, MSS, 1}));
    assert_int_equal(c->conn.busy->ecn_marked, 0);
    t_send(c, T_MS(12), SEG(.seq = {1}, .ack = nth(6), .ace = 6, .acc_cnt = 3));
    assert_int_equal(c->conn.busy->ecn_marked, MSS);
    t_forget(c);
    t_conn_del(c);
}

/* A path that bleaches: nothing comes marked, nothing is reduced, and loss counts as ever. */
static void test_bleached(void **state)
{
    struct t_conn *c = sender(false);

    (void)state;
    for (uint32_t i = 1; i <= 20; ++i) {
        t_send(c, T_MS(10 + i),
               SEG(.seq = {1}, .ack = nth(i), .ace = 5, .acc_cnt = 3, .acc = {1, 0, 1}));
        assert_int_equal(c->conn.busy->ecn_marked, 0);
    }
    assert_true(c->conn.cwnd > 20 * MSS);
    t_forget(c);
    for (uint32_t i = 0; i < 3; ++i) {
        t_send(c, T_MS(40), SEG(.seq = {1}, .ack = nth(20), .ace = 5));
    }
    assert_true(c->conn.in_recovery && c->conn.cwnd < 20 * MSS);
    t_forget(c);
    t_conn_del(c);
}

/* All of it moves; without counters a connection takes those that come next. */
static void test_moves(void **state)
{
    struct t_conn *c = sender(false);
    struct t_luggage l;
    struct toe_tcp_state s;

    (void)state;
    t_send(c, T_MS(10),
           SEG(.seq = {1}, .ack = nth(2), .ace = 7, .acc_cnt = 3, .acc = {1, 2 * MSS, 1},
               .len = 100, .ecn = 3));
    t_forget(c);
    assert_int_equal(t_move(c, &l, 0), TCP_EXTENSION_TAKEN);
    free(l.bytes);
    assert_int_equal(l.ext.accecn.snd_cep, 7);
    assert_int_equal(l.ext.accecn.rcv_cep, 6);
    assert_int_equal(l.ext.accecn.rcv_ceb, 100);
    t_send(c, T_MS(20),
           SEG(.seq = {101}, .ack = nth(20), .ace = 7, .acc_cnt = 3, .acc = {1, 2 * MSS, 1}));
    assert_int_equal(c->conn.busy->ecn_marked, 0);
    t_expect(c, T_MS(20), SEG(.seq = nth(20), .ack = {101}, .len = MSS));
    expect_ace(c, 6);
    t_forget(c);

    s = t_exported(c);
    t_reimport(c, &s);
    assert_true(c->conn.has_accecn);
    t_send(c, T_MS(30), SEG(.seq = {101}, .ack = nth(25), .ace = 3));
    assert_int_equal(c->conn.busy->ecn_marked, 0);
    t_send(c, T_MS(31), SEG(.seq = {101}, .ack = nth(26), .ace = 4));
    assert_int_equal(c->conn.busy->ecn_marked, MSS);
    t_forget(c);
    t_conn_del(c);
}

/* Counters that cannot be true, or belong to no connection with them, spoil an extension. */
static void test_sense(void **state)
{
    struct t_conn *c = sender(false);
    const struct toe_tcp_state s = t_exported(c);
    struct toe_extension good = {.size = sizeof(good)};
    struct toe_extension bad;

    (void)state;
    tcp_extension_export(&c->conn, &good, c->now);
    for (int i = 0; i < 3; ++i) {
        bad = good;
        bad.accecn.flags |= i == 0 ? 0x80000000u : 0;
        bad.accecn.pending = i == 1 ? 256 : 0;
        bad.accecn.snd_cep += i == 2 ? 8 : 0;
        t_reimport(c, &s);
        assert_int_equal(tcp_extension_import(&c->conn, &bad, &s.delegated, c->now),
                         TCP_EXTENSION_IGNORED);
    }
    t_reimport(c, &s);
    assert_int_equal(tcp_extension_import(&c->conn, &good, &s.delegated, c->now),
                     TCP_EXTENSION_TAKEN);
    t_reimport(c, &s);
    c->conn.has_accecn = false;
    assert_int_equal(tcp_extension_import(&c->conn, &good, &s.delegated, c->now),
                     TCP_EXTENSION_IGNORED);
    t_conn_del(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client),
        cmocka_unit_test(test_server),
        cmocka_unit_test(test_handshake_encoding),
        cmocka_unit_test(test_lost_syns),
        cmocka_unit_test(test_third),
        cmocka_unit_test(test_zeroed_ace),
        cmocka_unit_test(test_marks_are_counted),
        cmocka_unit_test(test_option_is_sent),
        cmocka_unit_test(test_feedback),
        cmocka_unit_test(test_wrap),
        cmocka_unit_test(test_sack),
        cmocka_unit_test(test_zeroed_option),
        cmocka_unit_test(test_bleached),
        cmocka_unit_test(test_moves),
        cmocka_unit_test(test_sense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
