/* SPDX-License-Identifier: MIT */
#include "host/address.h"

#include "base/mem.h"
#include "host/addr.h"
#include "wire/bytes.h"

#include <string.h>

int host_address_add(struct host_interface *interface, const struct toe_addr *addr,
                     uint8_t prefix_len)
{
    struct host_address_list *list = &interface->addresses;
    const struct toe_mem *mem = &interface->host->settings.mem;

    if (list->cnt == list->cap) {
        const uint32_t cap = list->cap == 0 ? 4 : list->cap * 2;
        struct host_address *items = base_mem_alloc(mem, cap * sizeof(*items));

        if (items == NULL) {
            return -1;
        }
        if (list->cnt > 0) {
            memcpy(items, list->items, list->cnt * sizeof(*items));
        }
        base_mem_free(mem, list->items, list->cap * sizeof(*items));
        list->items = items;
        list->cap = cap;
    }
    list->items[list->cnt++] = (struct host_address){*addr, prefix_len};
    return 0;
}

const struct host_address *host_address_find(const struct host_interface *interface,
                                             const struct toe_addr *addr)
{
    for (uint32_t i = 0; i < interface->addresses.cnt; ++i) {
        if (host_addr_is_equal(&interface->addresses.items[i].addr, addr)) {
            return &interface->addresses.items[i];
        }
    }
    return NULL;
}

const struct host_address *host_address_for(const struct host_interface *interface,
                                            const struct toe_addr *dst)
{
    const struct host_address *any = NULL;

    for (uint32_t i = 0; i < interface->addresses.cnt; ++i) {
        const struct host_address *own = &interface->addresses.items[i];

        if (own->addr.family != dst->family) {
            continue;
        }
        if (host_addr_is_within(dst, &own->addr, own->prefix_len)) {
            return own;
        }
        if (any == NULL) {
            any = own;
        }
    }
    return any;
}

bool host_address_is_broadcast(const struct host_interface *interface, const struct toe_addr *addr)
{
    uint32_t wanted;

    if (addr->family != 4) {
        return false;
    }
    wanted = wire_load_u32(addr->bytes);
    for (uint32_t i = 0; i < interface->addresses.cnt; ++i) {
        const struct host_address *own = &interface->addresses.items[i];

        /* A subnet of 31 or 32 bits has no broadcast address (RFC 3021). */
        if (own->addr.family == 4 && own->prefix_len <= 30 &&
            (wire_load_u32(own->addr.bytes) | UINT32_MAX >> own->prefix_len) == wanted) {
            return true;
        }
    }
    return false;
}
