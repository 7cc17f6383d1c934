/* SPDX-License-Identifier: MIT */
#include "target/worth.h"

#include "target/instance.h"
#include "target/object.h"
#include "target/upload.h"

/* EVT-038. */
#define BLOCK_CNT 1024u
#define REQUEST_CNT 256u
#define DROP_PERCENT 5u
#define OUT_OF_ORDER_PERCENT 10u
#define FRAGMENT_PERCENT 5u
#define INDICATED_CNT 64u
#define REQUEST_LEN 256u
#define MOVED_LEN 4096u
#define PERIOD (60 * TOE_NS_PER_SEC)

static uint16_t bit_of(enum toe_upload_reason reason)
{
    return (uint16_t)(1u << reason);
}

/* Judges |reason|: crossed now, over still, or far enough under its limit to be told again. */
static void judge(struct target_tcp *tcp, enum toe_upload_reason reason, bool is_over,
                  bool is_relaxed)
{
    struct target_worth *worth = tcp->worth;

    if ((tcp->target->settings.optional_uploads & bit_of(reason)) == 0) {
        return;
    }
    if (is_over && (worth->told & bit_of(reason)) == 0) {
        worth->told |= bit_of(reason);
        worth->due |= bit_of(reason);
        target_tcp_ready(tcp);
    } else if (is_relaxed) {
        worth->told &= (uint16_t)~bit_of(reason);
    }
}

/* Counts one more, and at the end of a block judges it by the share of bad ones. */
static void count(struct target_tcp *tcp, struct target_tally *tally, bool is_bad,
                  enum toe_upload_reason reason, uint32_t percent)
{
    ++tally->cnt;
    tally->bad_cnt += is_bad;
    if (tally->cnt == BLOCK_CNT) {
        judge(tcp, reason, 100 * tally->bad_cnt >= percent * BLOCK_CNT,
              200 * tally->bad_cnt <= percent * BLOCK_CNT);
        *tally = (struct target_tally){0, 0};
    }
}

void target_worth_new(struct toe_target *target, struct target_tcp *tcp)
{
    const uint32_t wanted = target->settings.optional_uploads;

    if (wanted == 0) {
        return;
    }
    tcp->worth = base_slab_alloc(&target->worths);
    if (tcp->worth == NULL) {
        return;
    }
    tcp->worth->period_end = TOE_INSTANT_NEVER;
    if ((wanted & bit_of(TOE_UPLOAD_LOW_ACTIVITY)) != 0) {
        tcp->worth->period_end = target->now + PERIOD;
    }
}

void target_worth_del(struct toe_target *target, struct target_tcp *tcp)
{
    if (tcp->worth != NULL) {
        base_slab_free(&target->worths, tcp->worth);
        tcp->worth = NULL;
    }
}

void target_worth_sent(struct target_tcp *tcp, uint32_t len, uint32_t cnt, uint32_t repeated_cnt)
{
    if (tcp->worth == NULL || len == 0) {
        return;
    }
    tcp->worth->moved += len;
    for (uint32_t i = 0; i < cnt; ++i) {
        count(tcp, &tcp->worth->sent, i < repeated_cnt, TOE_UPLOAD_HIGH_DROP_RATE, DROP_PERCENT);
    }
}

void target_worth_received(struct target_tcp *tcp, uint32_t len, bool is_out_of_order)
{
    if (tcp->worth == NULL || len == 0) {
        return;
    }
    tcp->worth->moved += len;
    count(tcp, &tcp->worth->received, is_out_of_order, TOE_UPLOAD_HIGH_OUT_OF_ORDER,
          OUT_OF_ORDER_PERCENT);
}

void target_worth_datagram(struct target_tcp *tcp, bool is_fragmented)
{
    if (tcp->worth != NULL) {
        count(tcp, &tcp->worth->datagrams, is_fragmented, TOE_UPLOAD_HIGH_FRAGMENTATION,
              FRAGMENT_PERCENT);
    }
}

/* A request for nothing only asks for refused data. */
void target_worth_requested(struct target_tcp *tcp, uint32_t len)
{
    struct target_worth *worth = tcp->worth;

    if (worth == NULL || len == 0) {
        return;
    }
    worth->indicated_cnt = 0;
    judge(tcp, TOE_UPLOAD_NO_BUFFER_PREPOSTING, false, true);

    worth->request_len += len;
    if (++worth->request_cnt == REQUEST_CNT) {
        judge(tcp, TOE_UPLOAD_SMALL_IO, worth->request_len < REQUEST_LEN * REQUEST_CNT,
              worth->request_len >= 2 * REQUEST_LEN * REQUEST_CNT);
        worth->request_cnt = 0;
        worth->request_len = 0;
    }
}

void target_worth_indicated(struct target_tcp *tcp)
{
    if (tcp->worth != NULL && ++tcp->worth->indicated_cnt == INDICATED_CNT) {
        judge(tcp, TOE_UPLOAD_NO_BUFFER_PREPOSTING, true, false);
        tcp->worth->indicated_cnt = 0;
    }
}

void target_worth_expire(struct target_tcp *tcp, toe_instant now)
{
    struct target_worth *worth = tcp->worth;

    if (worth == NULL || now < worth->period_end) {
        return;
    }
    judge(tcp, TOE_UPLOAD_LOW_ACTIVITY, worth->moved < MOVED_LEN, worth->moved >= 2 * MOVED_LEN);
    worth->moved = 0;
    worth->period_end = now + PERIOD;
}

toe_instant target_worth_deadline(const struct target_tcp *tcp)
{
    return tcp->worth != NULL ? tcp->worth->period_end : TOE_INSTANT_NEVER;
}

/* EVT-034: half-closed connections are left in peace. */
static bool may_ask(const struct target_tcp *tcp)
{
    switch ((enum toe_conn_state)tcp->conn.state) {
    case TOE_TCP_ESTABLISHED:
    case TOE_TCP_CLOSING:
    case TOE_TCP_LAST_ACK:
        return tcp->upload_reason == 0;
    case TOE_TCP_CLOSED:
    case TOE_TCP_LISTEN:
    case TOE_TCP_SYN_SENT:
    case TOE_TCP_SYN_RCVD:
    case TOE_TCP_FIN_WAIT_1:
    case TOE_TCP_FIN_WAIT_2:
    case TOE_TCP_CLOSE_WAIT:
    case TOE_TCP_TIME_WAIT:
        break;
    }
    return false;
}

void target_worth_run(struct toe_target *target, struct target_tcp *tcp)
{
    uint16_t due;

    if (tcp->worth == NULL || tcp->worth->due == 0) {
        return;
    }
    due = tcp->worth->due;
    tcp->worth->due = 0;
    for (uint32_t reason = 0; due >> reason != 0 && may_ask(tcp); ++reason) {
        if ((due >> reason & 1) != 0) {
            target_upload_tell(target, tcp, TOE_EVENT_RETRIEVE, reason);
        }
    }
}
