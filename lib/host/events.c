/* SPDX-License-Identifier: MIT */
#include "host/events.h"

#include "base/bits.h"

#define BIT(type) (1u << (type))

#define MOVES (BIT(TOE_HOST_OFFLOADED) | BIT(TOE_HOST_OFFLOAD_FAILED) | BIT(TOE_HOST_UPLOADED))

void host_event_raise(struct toe_host *host, struct host_subject *subject,
                      enum toe_host_event_type type)
{
    if (subject->is_muted) {
        return;
    }
    if ((BIT(type) & MOVES) != 0) {
        subject->last_move = (uint8_t)type;
    }
    subject->waiting |= (uint16_t)BIT(type);
    if (!base_list_is_linked(&subject->node)) {
        base_list_push_back(&host->events, &subject->node);
    }
}

void host_event_mute(struct host_subject *subject)
{
    subject->is_muted = true;
    subject->waiting = 0;
    base_list_remove(&subject->node);
}

/* Takes the kind that is to be told next. */
static enum toe_host_event_type take(struct host_subject *subject)
{
    uint32_t waiting = subject->waiting;
    unsigned type;

    if ((waiting & MOVES & ~BIT(subject->last_move)) != 0) {
        waiting &= ~BIT(subject->last_move);
    }
    type = base_bits_lowest(waiting);
    subject->waiting &= (uint16_t)~BIT(type);
    return (enum toe_host_event_type)type;
}

bool host_event_next(struct toe_host *host, struct toe_host_event *event)
{
    struct base_list_node *node = base_list_front(&host->events);
    struct host_subject *subject;

    if (node == NULL) {
        return false;
    }
    subject = base_container_of(node, struct host_subject, node);
    *event = (struct toe_host_event){
        .type = take(subject),
        .conn = subject->handle,
        .user = subject->user,
    };
    switch (event->type) {
    case TOE_HOST_OFFLOADED:
    case TOE_HOST_OFFLOAD_FAILED:
        event->status = subject->offload_status;
        break;
    case TOE_HOST_UPLOADED:
        event->reason = subject->upload_reason;
        break;
    case TOE_HOST_SOFT_ERROR:
        event->reason = subject->soft_error;
        break;
    case TOE_HOST_RESET:
        event->status = subject->end_status;
        break;
    case TOE_HOST_CONNECTED:
    case TOE_HOST_ACCEPTABLE:
    case TOE_HOST_RECEIVABLE:
    case TOE_HOST_SENDABLE:
    case TOE_HOST_CLOSED:
        break;
    }
    if (subject->waiting == 0) {
        base_list_remove(node);
    }
    return true;
}
