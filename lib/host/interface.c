/* SPDX-License-Identifier: MIT */
#include "host/interface.h"

#include "base/mem.h"
#include "host/chimney.h"
#include "wire/ether.h"

#include <string.h>

void host_interface_caps_set(struct host_interface *interface, const struct toe_caps *caps)
{
    interface->caps = *caps;
    memcpy(interface->mac, caps->mac, TOE_MAC_LEN);
}

/* In 802.3 frames LLC and SNAP take their part of what has a limit (RFC-117). */
static uint32_t mtu_of(const struct toe_host *host, const struct toe_host_interface *desc)
{
    const uint32_t most = WIRE_ETHER_802_3_MAX - WIRE_ETHER_SNAP_LEN;

    return host->params.encapsulation == TOE_ENCAPSULATION_SNAP && desc->mtu > most ? most
                                                                                    : desc->mtu;
}

static uint8_t ether_len(const struct host_interface *interface)
{
    const struct wire_ether ether = {
        .vlan_present = interface->vlan_id != 0,
        .snap = interface->host->params.encapsulation == TOE_ENCAPSULATION_SNAP,
    };

    return (uint8_t)wire_ether_len(&ether);
}

struct host_interface *host_interface_new(struct toe_host *host,
                                          const struct toe_host_interface *desc)
{
    struct host_interface *interface;
    struct toe_caps caps = {.size = sizeof(caps)};

    if (host->interface_cnt == HOST_INTERFACE_MAX || desc->ops == NULL) {
        return NULL;
    }
    interface = base_mem_alloc(&host->settings.mem, sizeof(*interface));
    if (interface == NULL) {
        return NULL;
    }
    interface->host = host;
    interface->index = host->interface_cnt;
    interface->ops = *desc->ops;
    interface->target = desc->target;
    interface->mtu = mtu_of(host, desc);
    interface->vlan_id = desc->vlan_id;
    interface->ether_len = ether_len(interface);
    base_list_init(&interface->offloads);
    base_list_init(&interface->uploads);
    base_list_init(&interface->idle_paths);
    base_list_init(&interface->idle_neighbors);
    base_list_init(&interface->relinks);
    base_list_init(&interface->answered);

    interface->ops.attach(interface->target, host_chimney_ops(), interface);
    interface->ops.caps_get(interface->target, &caps);
    host_interface_caps_set(interface, &caps);
    if (interface->ops.params_set(interface->target, &host->params) != TOE_STATUS_SUCCESS) {
        interface->ops.attach(interface->target, NULL, NULL);
        host_interface_del(interface);
        return NULL;
    }
    host->interfaces[host->interface_cnt++] = interface;
    return interface;
}

void host_interface_del(struct host_interface *interface)
{
    const struct toe_mem *mem = &interface->host->settings.mem;

    base_mem_free(mem, interface->addresses.items,
                  interface->addresses.cap * sizeof(struct host_address));
    base_mem_free(mem, interface, sizeof(*interface));
}
