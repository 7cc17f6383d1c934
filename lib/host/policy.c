/* SPDX-License-Identifier: MIT */
#include "host/policy.h"

#include "host/host_offload.h"
#include "host/host_upload.h"

/* The logarithm of 2, in 1/1024. */
#define LN2 710u

/* Instants on the grid within a mean waiting time. */
#define GRID 16u

/* After how long a connection is offered again, and how often that doubles. */
#define RETRY_DELAY TOE_NS_PER_SEC
#define RETRY_DOUBLINGS 6u

/*
 * A waiting time of about |mean|: after each ln(2) * mean the chance to go on is a half, and within
 * that all instants are equally likely.
 */
static toe_duration waiting_time(struct base_rand *r, toe_duration mean)
{
    const toe_duration half = mean / 1024 * LN2 + 1;
    toe_duration sum = base_rand_below(r, half);
    uint64_t coins = base_rand_u64(r);

    for (; (coins & 1) != 0; coins >>= 1) {
        sum += half;
    }
    return sum;
}

static void arm_random(struct host_conn *conn, toe_duration mean)
{
    struct toe_host *host = conn->host;
    const toe_duration grid = mean / GRID + 1;
    const toe_instant at = host->now + waiting_time(&host->rand, mean);

    base_wheel_arm(&host->wheel, &conn->policy.timer, (at / grid + 1) * grid);
}

static void arm_retry(struct host_conn *conn)
{
    struct toe_host *host = conn->host;
    const uint32_t n = conn->retry_cnt < RETRY_DOUBLINGS ? conn->retry_cnt : RETRY_DOUBLINGS;

    ++conn->retry_cnt;
    base_wheel_arm(&host->wheel, &conn->policy.timer, host->now + (RETRY_DELAY << n));
}

/* Whether |conn| is one that may still move. */
static bool is_movable(const struct host_conn *conn)
{
    return conn->is_opened && !conn->is_over && conn->listener == NULL;
}

void host_policy_established(struct host_conn *conn)
{
    if (!is_movable(conn)) {
        return;
    }
    switch (conn->host->settings.policy) {
    case TOE_POLICY_MANUAL:
        break;
    case TOE_POLICY_ALL:
        (void)host_offload_want(conn);
        break;
    case TOE_POLICY_RANDOM:
        arm_random(conn, conn->host->settings.policy_in_host);
        break;
    }
}

void host_policy_offloaded(struct host_conn *conn)
{
    if (conn->host->settings.policy == TOE_POLICY_RANDOM) {
        arm_random(conn, conn->host->settings.policy_offloaded);
    }
}

void host_policy_stayed(struct host_conn *conn)
{
    if (!is_movable(conn)) {
        return;
    }
    if (conn->host->settings.policy == TOE_POLICY_RANDOM) {
        arm_random(conn, conn->host->settings.policy_in_host);
    } else if (conn->host->settings.policy == TOE_POLICY_ALL) {
        arm_retry(conn);
    }
}

void host_policy_uploaded(struct host_conn *conn)
{
    host_policy_stayed(conn);
}

void host_policy_resumed(struct host_interface *interface)
{
    struct toe_host *host = interface->host;

    for (uint32_t i = 0; i < host->conns.cap; ++i) {
        struct host_conn *conn = base_slab_at(&host->conns, i);

        if (conn == NULL || host_path_interface(conn->path) != interface) {
            continue;
        }
        conn->retry_cnt = 0;
        if (host->settings.policy == TOE_POLICY_ALL && conn->place == TOE_PLACE_HOST) {
            base_wheel_cancel(&host->wheel, &conn->policy.timer);
            host_policy_established(conn);
        }
    }
}

void host_policy_expire(struct host_conn *conn)
{
    if (conn->host->settings.policy == TOE_POLICY_MANUAL || !is_movable(conn)) {
        return;
    }
    if (conn->place == TOE_PLACE_HOST) {
        if (!host_offload_want(conn) && !conn->is_offload_wanted) {
            host_policy_stayed(conn);
        }
    } else if (conn->host->settings.policy == TOE_POLICY_RANDOM) {
        (void)host_upload_want(conn);
    }
}

bool host_policy_may_upload(struct host_conn *conn)
{
    return conn->host->settings.policy == TOE_POLICY_RANDOM &&
           base_rand_chance(&conn->host->rand, 1, 2);
}

void host_policy_change(struct toe_host *host)
{
    for (uint32_t i = 0; i < host->conns.cap; ++i) {
        struct host_conn *conn = base_slab_at(&host->conns, i);

        if (conn == NULL) {
            continue;
        }
        base_wheel_cancel(&host->wheel, &conn->policy.timer);
        if (conn->place == TOE_PLACE_HOST) {
            host_policy_established(conn);
        } else if (conn->place == TOE_PLACE_OFFLOADED) {
            host_policy_offloaded(conn);
        }
    }
}
