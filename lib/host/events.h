/* SPDX-License-Identifier: MIT */
#ifndef HOST_EVENTS_H
#define HOST_EVENTS_H

#include "host/stack.h"

/*
 * Events: what the application is told
 *
 * What events are about, a connection or a listener, has a bit for each kind that waits, and stands
 * on one list while it has any; so an event is never doubled, never allocated, and never too many.
 * Kinds come out in the order of their enumerators, which is the order in which they can follow
 * from each other, except that of two moves the last one comes last.
 */

struct host_subject {
    struct base_list_node node; /* on the host's list of those with events */
    toe_handle handle;
    void *user;
    uint16_t waiting;          /* a bit for each enum toe_host_event_type */
    uint8_t last_move;         /* OFFLOADED, OFFLOAD_FAILED or UPLOADED: what came last */
    bool is_muted;             /* the application does not know it yet, or any more */
    toe_status offload_status; /* of the last offload */
    toe_status end_status;     /* of RESET */
    uint32_t upload_reason;    /* of the last upload */
    uint32_t soft_error;       /* the last one */
};

/* host_event_raise() lets the application know that |type| happened to |subject|. */
void host_event_raise(struct toe_host *host, struct host_subject *subject,
                      enum toe_host_event_type type);

/* host_event_mute() takes back what |subject| has, and lets nothing more come. */
void host_event_mute(struct host_subject *subject);

/* host_event_next() takes the next event; false if there is none. */
bool host_event_next(struct toe_host *host, struct toe_host_event *event);

#endif
