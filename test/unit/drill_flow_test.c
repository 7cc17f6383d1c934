/* SPDX-License-Identifier: MIT */
/*
 * What no script can say, and the runner of scripts (test/drill) must see all the same: a packet
 * that is wrong whatever was expected. Here one that is right is damaged, byte by byte.
 */
#include "drill/drill_flow.h"
#include "drill/drill_packet.h"

#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define IP_LEN(is_ipv6) ((is_ipv6) ? 40u : 20u)

static const struct drill_packet sample = {
    .ttl = 64,
    .flags = TH_ACK | TH_PUSH,
    .seq = 1,
    .len = 300,
    .ack = 7,
    .window = 1000,
    .option_cnt = 3,
    .options = {{.kind = TCPOPT_NOP},
                {.kind = TCPOPT_NOP},
                {.kind = TCPOPT_TIMESTAMP, .value = 5, .echo = 6}},
};

/* A connection whose both ends have the same port and address: what arrives could as well leave. */
static struct drill_flow flow_of(bool is_ipv6)
{
    const struct drill_net net = {
        .is_ipv6 = is_ipv6, .local = {192, 0, 2, 1}, .remote = {192, 0, 2, 1}};
    struct drill_flow flow;

    drill_flow_init(&flow, &net);
    flow.local_port = flow.remote_port;
    flow.local_seq = flow.remote_seq;
    flow.knows_seq = true;
    flow.knows_time = true;
    return flow;
}

/* What is built is read as it was. */
static void test_flow_round_trip(void **state)
{
    uint8_t bytes[DRILL_PACKET_MAX];

    (void)state;
    for (int is_ipv6 = 0; is_ipv6 < 2; ++is_ipv6) {
        struct drill_flow flow = flow_of(is_ipv6);
        const size_t len = drill_flow_build(&flow, bytes, &sample);
        struct drill_packet got;

        assert_int_equal(len, IP_LEN(is_ipv6) + 32 + 300);
        assert_null(drill_flow_parse(&flow, &got, bytes, len, &sample));
        assert_null(drill_packet_differs(&sample, &got));
    }
}

/* A bit that is not as it was is seen, wherever it is, but where only a script can tell. */
static void test_flow_sees_each_bit(void **state)
{
    uint8_t bytes[DRILL_PACKET_MAX];

    (void)state;
    for (int is_ipv6 = 0; is_ipv6 < 2; ++is_ipv6) {
        struct drill_flow flow = flow_of(is_ipv6);
        const size_t len = drill_flow_build(&flow, bytes, &sample);

        /* IPv6 has no checksum over its traffic class, flow label and hop limit. */
        for (size_t bit = 0; bit < 8 * len; ++bit) {
            const size_t at = bit / 8;
            struct drill_packet got;

            if (is_ipv6 && (bit < 4 || (at > 0 && at < 4) || at == 7)) {
                continue;
            }
            bytes[at] ^= (uint8_t)(1u << bit % 8);
            if (drill_flow_parse(&flow, &got, bytes, len, &sample) == NULL) {
                fail_msg("%s, bit %zu of %zu bytes", is_ipv6 ? "IPv6" : "IPv4", bit, len);
            }
            bytes[at] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

/* Nor is a part of it taken for the whole, however short. */
static void test_flow_sees_what_is_cut(void **state)
{
    uint8_t bytes[DRILL_PACKET_MAX];

    (void)state;
    for (int is_ipv6 = 0; is_ipv6 < 2; ++is_ipv6) {
        struct drill_flow flow = flow_of(is_ipv6);
        const size_t len = drill_flow_build(&flow, bytes, &sample);
        struct drill_packet got;

        for (size_t cut = 0; cut < len; ++cut) {
            assert_non_null(drill_flow_parse(&flow, &got, bytes, cut, &sample));
        }
    }
}

/* With checksums that are right: other ports, addresses, and text from elsewhere in the stream. */
static void test_flow_sees_what_is_not_its_own(void **state)
{
    uint8_t bytes[DRILL_PACKET_MAX];
    struct drill_flow flow = flow_of(false);
    struct drill_flow other = flow;
    struct drill_packet got;
    size_t len;

    (void)state;
    other.local_port = 1;
    len = drill_flow_build(&other, bytes, &sample);
    assert_string_equal(drill_flow_parse(&flow, &got, bytes, len, &sample),
                        "other ports than the connection's");

    other = flow;
    other.net.remote[3] = 9;
    len = drill_flow_build(&other, bytes, &sample);
    assert_string_equal(drill_flow_parse(&flow, &got, bytes, len, &sample),
                        "other addresses than the connection's");

    other = flow;
    other.remote_seq += 1;
    len = drill_flow_build(&other, bytes, &sample);
    assert_string_equal(drill_flow_parse(&flow, &got, bytes, len, &sample),
                        "text that was not written there");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flow_round_trip),
        cmocka_unit_test(test_flow_sees_each_bit),
        cmocka_unit_test(test_flow_sees_what_is_cut),
        cmocka_unit_test(test_flow_sees_what_is_not_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
