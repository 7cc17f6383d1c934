/* SPDX-License-Identifier: MIT */
/*
 * Mitigation of forged segments (RFC 5961; SEG-001 to SEG-028).
 *
 * A segment that would end the connection and is not exactly right is answered with a *challenge*,
 * an acknowledgment from which a true peer learns what would be right. Challenges are limited, so
 * that they cannot be provoked at will; one that a SYN or RST inside the window provoked also
 * starts the keep-alive timer, to find out whether the peer is still there.
 */
#ifndef TCP_MITIGATION_H
#define TCP_MITIGATION_H

#include "base/rand.h"
#include "tcp/conn.h"
#include "wire/tcp.h"

/*
 * What all connections of an owner may spend on challenges together. The budget of each second is
 * drawn at random, so that nobody can learn from what is left of it whether a connection that is
 * not his was challenged (SEG-018, RFC-082).
 */
struct tcp_budget {
    struct base_rand rand;
    uint32_t mean;     /* of the budgets */
    uint32_t left;     /* of this second's */
    toe_instant until; /* the end of this second */
};

/* tcp_budget_init() makes |budget| one of |mean| challenges a second, random by |seed|. */
void tcp_budget_init(struct tcp_budget *budget, uint32_t mean, uint64_t seed);

/*
 * tcp_challenge() owes the peer an acknowledgment; false if the limit of RFC-081 or the budget says
 * no.
 */
bool tcp_challenge(struct tcp_conn *conn, toe_instant now);

/* tcp_mitigate_rst() decides about a RST inside the window: SEG-011, SEG-012. */
enum toe_drop tcp_mitigate_rst(struct tcp_conn *conn, const struct tcp_segment *seg,
                               toe_instant now);

/* tcp_mitigate_syn() decides about a SYN inside the window: SEG-002, SEG-004. */
enum toe_drop tcp_mitigate_syn(struct tcp_conn *conn, const struct tcp_segment *seg,
                               toe_instant now);

#endif
