/* SPDX-License-Identifier: MIT */
#include "target/service.h"

#include "target/account.h"
#include "target/disconnect.h"
#include "target/instance.h"
#include "target/object.h"
#include "target/sending.h"
#include "target/upload.h"
#include "target/worth.h"
#include "tcp/engine.h"

static void expire(struct toe_target *target, struct target_tcp *tcp)
{
    if (!target_tcp_is_stopped(tcp) && !target_tcp_is_blocked(tcp) && !tcp->is_aborted &&
        tcp_deadline(&tcp->conn) <= target->now) {
        tcp_expire(&tcp->conn, target->now);
        target_account_state(target, tcp);
    }
    if (target_tcp_is_blocked(tcp) && tcp_deadline(&tcp->conn) <= target->now) {
        target_tcp_transmit_want(tcp);
    }
    target_delivery_expire(tcp, target->now);
    target_worth_expire(tcp, target->now);
    target_upload_expire(target, tcp);
    target_tcp_ready(tcp);
}

void target_service_expire(struct toe_target *target)
{
    struct base_timer *timer;

    while ((timer = base_wheel_pop(&target->wheel, target->now)) != NULL) {
        expire(target, base_container_of(timer, struct target_tcp, timer));
    }
}

/* Sending may end it: what cannot be mapped, or was sent too often. */
static bool is_verdict_new(const struct target_tcp *tcp)
{
    return tcp->conn.verdict != TCP_VERDICT_NONE && !target_tcp_is_stopped(tcp) && !tcp->is_aborted;
}

/*
 * Upcalls are made all along, but none of them can free |tcp|: what the host asks for inside one
 * waits.
 */
static void serve(struct toe_target *target, struct target_tcp *tcp)
{
    target->serving = tcp;
    target_send_settle(target, tcp);
    target_upload_abort(target, tcp);
    target_disconnect_settle(target, tcp); /* before the event that delivery may raise: DSC-044 */
    target_delivery_run(target, tcp);
    target->serving = NULL;
    if (target_busy_of(tcp)->delivery.incoming.head != NULL) {
        target_tcp_ready(tcp);
    }
    if (tcp->worth != NULL) {
        target_worth_run(target, tcp);
    }
    target_upload_run(target, tcp);
    if (!target_egress_run(target, tcp) || is_verdict_new(tcp)) {
        target_tcp_ready(tcp);
    }
    if (tcp->conn.state != tcp->counted_state) {
        target_account_state(target, tcp);
    }
    if (!target_tcp_is_stopped(tcp) && !tcp->is_aborted) {
        target_backlog_run(target, tcp);
    }
    target_tcp_arm(target, tcp);
    target_tcp_rest(target, tcp);
}

void target_service_run(struct toe_target *target)
{
    struct base_list batch;
    struct base_list_node *node;

    base_list_init(&batch);
    base_list_splice(&batch, &target->ready);
    while ((node = base_list_pop_front(&batch)) != NULL) {
        serve(target, base_container_of(node, struct target_tcp, ready));
    }
}
