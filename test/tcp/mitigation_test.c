/* SPDX-License-Identifier: MIT */
/* Forged segments (SEG-001 to SEG-028, RFC-063 to RFC-067), and keep-alive (TMR-040 to TMR-052). */

#include "support/conversation.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A RST outside the window is dropped, inside challenged once, at rcv_nxt obeyed, in every state.
 */
static void test_rst(void **state)
{
    static const enum toe_conn_state states[] = {
        TOE_TCP_ESTABLISHED, TOE_TCP_FIN_WAIT_1, TOE_TCP_FIN_WAIT_2,
        TOE_TCP_CLOSE_WAIT,  TOE_TCP_CLOSING,    TOE_TCP_LAST_ACK,
    };

    (void)state;
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); ++i) {
        struct t_conn *c = t_conn_in(states[i]);
        const uint32_t nxt = c->conn.rcv_nxt.v;

        t_forget(c);
        assert_int_equal(t_send(c, T_MS(1), SEG(.seq = {nxt - 1}, .flags = TCP_RST)),
                         TOE_DROP_TCP_RST_OUTSIDE);
        assert_int_equal(t_send(c, T_MS(1), SEG(.seq = {nxt + 65535}, .flags = TCP_RST)),
                         TOE_DROP_TCP_RST_OUTSIDE);
        t_expect_silence(c, T_MS(2));
        for (uint32_t k = 1; k < 4; ++k) {
            assert_int_equal(t_send(c, T_MS(3), SEG(.seq = {nxt + k}, .flags = TCP_RST)),
                             TOE_DROP_TCP_RST_INEXACT);
        }
        assert_int_equal(c->out_cnt, 1);
        assert_int_equal(c->out[c->out_head].seg.flags, TCP_ACK);
        assert_int_equal(c->conn.state, states[i]);
        t_forget(c);
        assert_int_equal(t_send(c, T_MS(4), SEG(.seq = {nxt}, .flags = TCP_RST)), TOE_DROP_NONE);
        assert_int_equal(c->conn.state, TOE_TCP_CLOSED);
        assert_int_equal(c->conn.verdict, TCP_VERDICT_RESET);
        t_expect_silence(c, T_MS(100000));
        t_conn_del(c);
    }
}

/* A period ends with an acceptable segment: then there is another challenge (SEG-013). */
static void test_rst_validation_period(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    t_send(c, T_MS(0), SEG(.seq = {2}, .flags = TCP_RST));
    t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}));
    t_send(c, T_MS(1), SEG(.seq = {1}, .ack = {1}));
    assert_true(tcp_deadline(&c->conn) == TOE_INSTANT_NEVER); /* SEG-028 */
    t_send(c, T_MS(2), SEG(.seq = {2}, .flags = TCP_RST));
    t_expect(c, T_MS(2), SEG(.seq = {1}, .ack = {1}));
    t_conn_del(c);
}

/* SEG-020 to SEG-026: five minutes later ten probes, a second apart, and then it is closed. */
static void test_mitigation_probes(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);
    struct toe_tcp_delegated d;

    (void)state;
    t_send(c, T_MS(0), SEG(.seq = {2}, .flags = TCP_RST));
    t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}));
    for (uint64_t i = 0; i < 10; ++i) {
        t_expect(c, T_MS(300000 + 1000 * i), SEG(.seq = {0}, .ack = {1}));
    }
    t_expect_silence(c, T_MS(310000));
    assert_int_equal(c->conn.state, TOE_TCP_CLOSED);
    assert_int_equal(c->conn.verdict, TCP_VERDICT_KEEP_ALIVE);
    tcp_export(&c->conn, NULL, NULL, &d, c->now);
    assert_int_equal(d.ka_probe_cnt, 10);
    assert_int_equal(d.ka_timeout_delta, 0);
    t_conn_del(c);
}

/* SEG-002 to SEG-004: a SYN outside, inside, and exactly right. */
static void test_syn(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    for (uint64_t i = 0; i < 5; ++i) {
        t_send(c, T_MS(i), SEG(.seq = {100000}, .flags = TCP_SYN | T_NO_ACK));
        t_expect(c, T_MS(i), SEG(.seq = {1}, .ack = {1}));
    }
    assert_int_equal(t_send(c, T_MS(10), SEG(.seq = {2}, .flags = TCP_SYN | T_NO_ACK)),
                     TOE_DROP_TCP_SYN_CHALLENGED);
    t_expect(c, T_MS(10), SEG(.seq = {1}, .ack = {1}));
    t_send(c, T_MS(3009), SEG(.seq = {2}, .flags = TCP_SYN | T_NO_ACK));
    t_expect_silence(c, T_MS(3009));
    t_send(c, T_MS(3010), SEG(.seq = {2}, .flags = TCP_SYN | T_NO_ACK, .len = 10));
    t_expect(c, T_MS(3010), SEG(.seq = {1}, .ack = {1}));
    assert_int_equal(c->read, 0);

    assert_int_equal(t_send(c, T_MS(3011), SEG(.seq = {1}, .flags = TCP_SYN | T_NO_ACK)),
                     TOE_DROP_TCP_SYN_UPLOAD);
    assert_int_equal(c->conn.state, TOE_TCP_CLOSED);
    assert_int_equal(c->conn.verdict, TCP_VERDICT_SYN);
    t_expect_silence(c, T_MS(4000));
    t_conn_del(c);
}

/* RFC-080, RFC-081: with RFC 5961 every SYN is challenged, ten in five seconds. */
static void test_syn_by_rfc5961(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    c->cfg.rfc5961_syn = true;
    for (uint64_t i = 0; i < 20; ++i) {
        t_send(c, T_MS(i), SEG(.seq = {1}, .flags = TCP_SYN | T_NO_ACK));
    }
    assert_int_equal(c->out_cnt, 10);
    assert_int_equal(c->conn.state, TOE_TCP_ESTABLISHED);
    t_conn_del(c);
}

/* SEG-017, RFC-011, RFC-013 */
static void test_bad_acknowledgments(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    assert_int_equal(t_send(c, T_MS(0), SEG(.seq = {1}, .ack = {2}, .len = 10)),
                     TOE_DROP_TCP_ACK_BAD);
    t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}));
    assert_int_equal(t_send(c, T_MS(1), SEG(.seq = {1}, .ack = {1u - 65536u}, .len = 10)),
                     TOE_DROP_TCP_ACK_OLD);
    t_expect(c, T_MS(1), SEG(.seq = {1}, .ack = {1}));
    assert_int_equal(t_send(c, T_MS(2), SEG(.seq = {1}, .flags = T_NO_ACK, .len = 10)),
                     TOE_DROP_TCP_NO_ACK);
    t_expect_silence(c, T_MS(3));
    assert_int_equal(t_send(c, T_MS(4), SEG(.seq = {1}, .ack = {1u - 65535u}, .len = 10)),
                     TOE_DROP_NONE);
    assert_int_equal(c->read, 10);
    t_conn_del(c);
}

/* RFC-063, RFC-066, RFC-067 */
static void test_paws(void **state)
{
    struct t_conn *c = t_conn_new(TOE_TCP_ESTABLISHED, &(struct t_options){.timestamps = true});

    (void)state;
    assert_int_equal(t_send(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 10, .ts = 100)),
                     TOE_DROP_NONE);
    assert_int_equal(c->conn.ts_recent, 100);
    t_forget(c);
    assert_int_equal(t_send(c, T_MS(1), SEG(.seq = {11}, .ack = {1}, .len = 10, .ts = 99)),
                     TOE_DROP_TCP_PAWS);
    t_expect(c, T_MS(1), SEG(.seq = {1}, .ack = {11}, .ts = 1001));
    assert_int_equal(c->last.seg.ts_ecr, 100);
    assert_int_equal(t_send(c, T_MS(2), SEG(.seq = {11}, .ack = {1}, .len = 10)),
                     TOE_DROP_TCP_NO_TIMESTAMP);
    t_expect_silence(c, T_MS(3));

    /* TsRecent follows only what begins at or before the last acknowledgment sent (RFC-064). */
    t_send(c, T_MS(4), SEG(.seq = {21}, .ack = {1}, .len = 10, .ts = 200));
    assert_int_equal(c->conn.ts_recent, 100);
    t_forget(c);

    /* After 24 days without a word an old timestamp passes (RFC-065). */
    assert_int_equal(t_send(c, T_MS(UINT64_C(25) * 86400 * 1000),
                            SEG(.seq = {11}, .ack = {1}, .len = 10, .ts = 50)),
                     TOE_DROP_NONE);
    assert_int_equal(c->conn.ts_recent, 50);
    assert_int_equal(c->read, 30);

    assert_int_equal(
        t_send(c, T_MS(UINT64_C(25) * 86400 * 1000 + 1), SEG(.seq = {31}, .flags = TCP_RST)),
        TOE_DROP_NONE);
    assert_int_equal(c->conn.verdict, TCP_VERDICT_RESET);
    t_conn_del(c);
}

/* SEG-040 to SEG-048 */
static void test_urgent(void **state)
{
    struct t_conn *c = t_conn_in(TOE_TCP_ESTABLISHED);

    (void)state;
    c->cfg.urgent_uploads = true;
    t_app_write(c, 10);
    t_forget(c);
    assert_int_equal(t_send(c, T_MS(0), SEG(.seq = {1}, .ack = {11}, .len = 5, .flags = TCP_URG)),
                     TOE_DROP_TCP_URGENT);
    assert_int_equal(c->conn.verdict, TCP_VERDICT_URGENT);
    assert_int_equal(c->acked, 10);
    assert_int_equal(c->conn.rcv_nxt.v, 1);
    assert_int_equal(t_send(c, T_MS(1), SEG(.seq = {1}, .ack = {11}, .len = 5)),
                     TOE_DROP_TCP_URGENT);
    t_expect_silence(c, T_MS(1000));
    t_conn_del(c);

    c = t_conn_in(TOE_TCP_ESTABLISHED);
    t_send(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 5, .flags = TCP_URG));
    assert_int_equal(c->read, 5);
    t_conn_del(c);
}

/* TMR-041, TMR-042, TMR-049, TMR-051 */
static void test_keep_alive(void **state)
{
    struct t_conn *c = t_conn_new(
        TOE_TCP_ESTABLISHED,
        &(struct t_options){.ka_timeout = 7200000, .ka_interval = 1000, .ka_probe_cnt = 3});
    struct toe_tcp_delegated d;

    (void)state;
    t_expect_silence(c, T_MS(7199999));
    t_expect(c, T_MS(7200000), SEG(.seq = {0}, .ack = {1}));
    t_expect(c, T_MS(7201000), SEG(.seq = {0}, .ack = {1}));

    /* An answer begins it anew (TMR-048). */
    t_send(c, T_MS(7201500), SEG(.seq = {1}, .ack = {1}));
    t_expect_silence(c, T_MS(14401499));
    for (uint64_t i = 0; i < 3; ++i) {
        t_expect(c, T_MS(14401500 + i * 1000), SEG(.seq = {0}, .ack = {1}));
    }
    t_expect_silence(c, T_MS(14404500));
    assert_int_equal(c->conn.verdict, TCP_VERDICT_KEEP_ALIVE);
    assert_int_equal(c->conn.state, TOE_TCP_ESTABLISHED);
    tcp_export(&c->conn, NULL, NULL, &d, c->now);
    assert_int_equal(d.ka_probe_cnt, 3);
    assert_int_equal(d.ka_timeout_delta, 0);
    t_conn_del(c);
}

/* T-146: goes on where the giver was (TMR-045). */
static void test_keep_alive_is_handed_over(void **state)
{
    const struct t_options opt = {.ka_timeout = 7200000, .ka_interval = 1000, .ka_probe_cnt = 3};
    struct t_conn *c = t_conn_bare(&opt);
    struct toe_tcp_state s = t_conn_state(TOE_TCP_ESTABLISHED, &opt);

    (void)state;
    s.delegated.ka_probe_cnt = 1;
    s.delegated.ka_timeout_delta = 300;
    assert_int_equal(t_conn_import(c, &s, 0), TOE_STATUS_SUCCESS);
    t_expect(c, T_MS(300), SEG(.seq = {0}, .ack = {1}));
    t_expect(c, T_MS(1300), SEG(.seq = {0}, .ack = {1}));
    t_expect_silence(c, T_MS(2300));
    assert_int_equal(c->conn.verdict, TCP_VERDICT_KEEP_ALIVE);
    t_conn_del(c);
}

/* TMR-050: not while data is outstanding. */
static void test_no_keep_alive_beside_data(void **state)
{
    struct t_conn *c =
        t_conn_new(TOE_TCP_ESTABLISHED, &(struct t_options){.ka_timeout = 100, .ka_interval = 100});

    (void)state;
    t_app_write(c, 10);
    t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 10));
    t_expect(c, T_MS(1000), SEG(.seq = {1}, .ack = {1}, .len = 10));
    t_expect_silence(c, T_MS(2999));
    t_conn_del(c);
}

/* T-311, STATE-TK-15, UPD-12 */
static void test_keep_alive_is_updated(void **state)
{
    static const struct {
        uint16_t flag;
        uint8_t want;
    } cases[] = {{TOE_TCP_KEEP_ALIVE_RESTART, 0}, {TOE_TCP_MAX_RT_RESTART, 0}, {0, 2}};

    (void)state;
    for (size_t i = 0; i < 3; ++i) {
        struct t_conn *c = t_conn_new(
            TOE_TCP_ESTABLISHED,
            &(struct t_options){.ka_timeout = 100, .ka_interval = 100, .ka_probe_cnt = 9});
        struct toe_tcp_cached cached;

        t_advance(c, T_MS(250));
        t_forget(c);
        assert_int_equal(c->conn.ka_probe_cnt, 2);
        tcp_export(&c->conn, NULL, &cached, NULL, c->now);
        cached.ka_probe_cnt = 8;
        cached.flags |= cases[i].flag;
        tcp_update(&c->conn, &cached, c->now);
        assert_int_equal(c->conn.ka_probe_cnt, cases[i].want);

        cached.flags &= (uint16_t)~TOE_TCP_KEEP_ALIVE;
        tcp_update(&c->conn, &cached, c->now);
        assert_true(tcp_deadline(&c->conn) == TOE_INSTANT_NEVER);
        cached.flags |= TOE_TCP_KEEP_ALIVE;
        tcp_update(&c->conn, &cached, c->now);
        assert_true(tcp_deadline(&c->conn) == c->now + T_MS(100));
        t_conn_del(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rst),
        cmocka_unit_test(test_rst_validation_period),
        cmocka_unit_test(test_mitigation_probes),
        cmocka_unit_test(test_syn),
        cmocka_unit_test(test_syn_by_rfc5961),
        cmocka_unit_test(test_bad_acknowledgments),
        cmocka_unit_test(test_paws),
        cmocka_unit_test(test_urgent),
        cmocka_unit_test(test_keep_alive),
        cmocka_unit_test(test_keep_alive_is_handed_over),
        cmocka_unit_test(test_no_keep_alive_beside_data),
        cmocka_unit_test(test_keep_alive_is_updated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
