/* SPDX-License-Identifier: MIT */
#ifndef HOST_POLICY_H
#define HOST_POLICY_H

#include "host/host_conn.h"

/*
 * Policy: when connections move without being told
 *
 * The random policy draws waiting times from an exponential distribution, as far as that is
 * possible with integers, and rounds the instants up to a grid, so that now and then several
 * connections fall on one of them and move in one tree. Under the policy that offloads all, a
 * connection that came back or was refused waits longer each time before the next attempt.
 */

/* What happened to a connection. */
void host_policy_established(struct host_conn *conn);
void host_policy_offloaded(struct host_conn *conn);
void host_policy_stayed(struct host_conn *conn);
void host_policy_uploaded(struct host_conn *conn);

/*
 * host_policy_resumed() is told that the target takes connections again after it had all of them
 * uploaded: that they came back was no fault of theirs, so none waits any longer.
 */
void host_policy_resumed(struct host_interface *interface);

/* host_policy_expire() moves |conn|: its time has come. */
void host_policy_expire(struct host_conn *conn);

/* host_policy_may_upload() decides about an upload that the target would like, not more. */
bool host_policy_may_upload(struct host_conn *conn);

/* host_policy_change() makes all connections follow the policy of the settings. */
void host_policy_change(struct toe_host *host);

#endif
