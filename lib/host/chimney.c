/* SPDX-License-Identifier: MIT */
#include "host/chimney.h"

#include "host/data.h"
#include "host/held.h"
#include "host/host_input.h"
#include "host/interface.h"
#include "host/host_offload.h"
#include "host/policy.h"
#include "host/reachability.h"
#include "host/host_receiving.h"
#include "host/host_upload.h"

static void answered(void *user, struct toe_block *tree)
{
    struct host_interface *interface = user;

    base_list_push_back(&interface->answered, &host_node_of(tree)->answered);
}

static void send_complete(void *user, struct toe_buf *chain)
{
    const struct host_interface *interface = user;

    host_data_sent(interface->host, chain);
}

static void receive_complete(void *user, struct toe_buf *chain)
{
    const struct host_interface *interface = user;

    host_receiving_complete(interface->host, chain);
}

static void disconnect_complete(void *user, struct toe_buf *buf)
{
    const struct host_interface *interface = user;

    host_data_disconnected(interface->host, buf);
}

static void forward_complete(void *user, struct toe_buf *chain)
{
    const struct host_interface *interface = user;

    host_held_returned(interface->host, chain);
}

static toe_status receive_indicate(void *user, void *host_object, struct toe_buf *buf,
                                   uint32_t *consumed)
{
    (void)user;
    return host_receiving_indicate(host_object, buf, consumed);
}

static void tcp_event(void *user, void *host_object, enum toe_event event, uint32_t info)
{
    (void)user;
    host_data_event(host_object, event, info);
}

static void neighbor_event(void *user, enum toe_neighbor_event event, struct toe_block *block)
{
    (void)user;
    if (event == TOE_NEIGHBOR_REACHABILITY_QUERY) {
        host_reachability_asked(block->host_object, block);
    }
}

static void status(void *user, toe_status what, const struct toe_caps *caps)
{
    struct host_interface *interface = user;

    switch (what) {
    case TOE_STATUS_OFFLOAD_PAUSE:
        interface->is_paused = true;
        break;
    case TOE_STATUS_UPLOAD_ALL:
        interface->is_paused = true;
        interface->is_upload_all = true;
        interface->was_upload_all = true;
        break;
    case TOE_STATUS_OFFLOAD_RESUME:
        if (caps != NULL) {
            host_interface_caps_set(interface, caps);
        }
        interface->is_paused = false;
        interface->is_offload_due = true;
        interface->is_resumed = interface->was_upload_all;
        interface->was_upload_all = false;
        break;
    default:
        break;
    }
}

static void frames(void *user, const struct toe_frame *list, uint32_t cnt)
{
    host_input_keep(user, list, cnt);
}

const struct toe_host_ops *host_chimney_ops(void)
{
    static const struct toe_host_ops ops = {
        .size = sizeof(ops),
        .initiate_complete = answered,
        .terminate_complete = answered,
        .update_complete = answered,
        .query_complete = answered,
        .invalidate_complete = answered,
        .send_complete = send_complete,
        .receive_complete = receive_complete,
        .disconnect_complete = disconnect_complete,
        .forward_complete = forward_complete,
        .receive_indicate = receive_indicate,
        .tcp_event = tcp_event,
        .neighbor_event = neighbor_event,
        .status = status,
        .frames = frames,
    };

    return &ops;
}

void host_chimney_run(struct host_interface *interface)
{
    struct base_list_node *n;

    while ((n = base_list_pop_front(&interface->answered)) != NULL) {
        struct host_node *root = base_container_of(n, struct host_node, answered);

        switch ((enum host_request)root->request) {
        case HOST_REQUEST_INITIATE:
            host_offload_complete(interface, root);
            break;
        case HOST_REQUEST_TERMINATE:
            host_upload_complete(interface, root);
            break;
        case HOST_REQUEST_UPDATE:
        case HOST_REQUEST_QUERY:
        case HOST_REQUEST_INVALIDATE:
            host_reachability_complete(interface, root);
            break;
        }
    }
    if (interface->is_upload_all) {
        interface->is_upload_all = false;
        host_upload_all(interface);
    }
    if (interface->is_resumed) {
        interface->is_resumed = false;
        host_policy_resumed(interface);
    }
}
