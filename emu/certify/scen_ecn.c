/* SPDX-License-Identifier: MIT */
/*
 * Explicit congestion notification, where the flag of the extension says that it was agreed upon: a
 * target that does not tell it in its capabilities is not asked.
 */
#include "suite.h"

#define MSS 1460u

/* What arrived before has had time to count. */
static uint32_t cwnd_of(struct cert *c)
{
    cert_wait(c, 1);
    return cert_query(c)->delegated.cwnd;
}

/* The type of service is 0x28, whatever its ECN bits say. */
static void with_ecn(struct cert *c)
{
    cert_start(c);
    if (!c->caps.ecn) {
        cert_skip(c, "the target does no ECN");
    }
    cert_tcp(c)->constant.flags |= TOE_TCP_ECN;
    cert_tcp(c)->cached.tos = 0x2b;
    cert_tcp(c)->delegated.cwnd = 10 * MSS;
    cert_tcp(c)->delegated.ssthresh = 10 * MSS;
    cert_offload(c);
}

/* What is new is ECT(0); what goes again, and what acknowledges, is not. */
static void t_262a(struct cert *c)
{
    with_ecn(c);
    cert_send(c, 1000);
    cert_expect_data(c, "5000:6000 tos=42 noECE noCWR");
    cert_wait(c, 1500);
    cert_expect_data(c, "5000:6000 tos=40 noECE noCWR");
    cert_skip_segs(c);
    cert_peer(c, "+1460 ack=6000 tos=2");
    cert_peer(c, "+1460 ack=6000 tos=2");
    cert_expect_seg(c, "ack=3920 tos=40 noECE noCWR");
    cert_send(c, 1000);
    cert_expect_data(c, "6000:7000 tos=42");
}

/* A mark is echoed by all that leaves until CWR comes, and is no loss. */
static void t_262b(struct cert *c)
{
    with_ecn(c);
    cert_peer(c, "+1460 tos=2");
    cert_peer(c, "+1460 tos=2");
    cert_expect_seg(c, "ack=3920 noECE");
    cert_skip_segs(c);
    cert_peer(c, "+1460 tos=3");
    cert_peer(c, "+1460 tos=2");
    cert_wait(c, 600);
    cert_expect_seg(c, "tos=40 ECE noCWR");
    cert_skip_segs(c);
    cert_send(c, 100);
    cert_expect_data(c, "5000:5100 ack=6840 tos=42 ECE noCWR");
    cert_peer(c, "+1460 ack=5100 tos=2 CWR");
    cert_peer(c, "+1460 ack=5100 tos=2");
    cert_wait(c, 600);
    cert_expect_seg(c, "tos=40 noECE noCWR");
    cert_skip_segs(c);
    cert_send(c, 100);
    cert_expect_data(c, "5100:5200 ack=9760 noECE noCWR");
    cert_is(c, cwnd_of(c) >= 10 * MSS, true);
}

/* However many echoes come, cwnd is reduced once in a round trip; what is new then says CWR, once.
 */
static void t_262c(struct cert *c)
{
    uint32_t cwnd;

    with_ecn(c);
    cert_send(c, 100 * MSS);
    cert_wait(c, 5);
    cert_expect_stream(c, 5000, 5000 + 10 * MSS);
    cert_peer(c, "ack=%u ECE", 5000 + MSS);
    cwnd = cwnd_of(c);
    cert_require(c, cwnd < 10 * MSS && cwnd >= 5 * MSS);
    cert_peer(c, "ack=%u ECE", 5000 + 2 * MSS);
    cert_peer(c, "ack=%u ECE", 5000 + 3 * MSS);
    cert_is(c, cwnd_of(c), cwnd);

    cert_peer(c, "ack=%u", 5000 + 9 * MSS);
    cert_wait(c, 5);
    cert_expect_data(c, "%u:%u tos=42 CWR", 5000 + 10 * MSS, 5000 + 11 * MSS);
    cert_expect_data(c, "tos=42 noCWR");
    cert_skip_segs(c);
    cwnd = cwnd_of(c);
    cert_peer(c, "ack=%u ECE", 5000 + 11 * MSS);
    cert_require(c, cwnd_of(c) < cwnd);
}

#define ROW(number, what, which, function)                                                         \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_TCPIP,              \
        .run = (function)                                                                          \
    }

const struct cert_scenario cert_ecn_scenarios[] = {
    ROW("T-262a", "with ECN what is new may be marked, nothing else", "RFC-090..092", t_262a),
    ROW("T-262b", "with ECN marks are echoed until CWR", "RFC-092", t_262b),
    ROW("T-262c", "with ECN one reduction in a round trip, and CWR", "RFC-092", t_262c),
    {.id = NULL},
};
