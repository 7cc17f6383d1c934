/* SPDX-License-Identifier: MIT */
#include "host/route.h"

#include "base/mem.h"
#include "host/addr.h"

#include <string.h>

int host_route_add(struct host_interface *interface, const struct toe_addr *dst, uint8_t prefix_len,
                   const struct toe_addr *gateway)
{
    struct toe_host *host = interface->host;
    struct host_route_list *list = &host->routes;
    struct host_route route = {.dst = *dst, .interface = interface, .prefix_len = prefix_len};
    uint32_t pos = 0;

    if (gateway != NULL) {
        route.gateway = *gateway;
    }
    if (list->cnt == list->cap) {
        const uint32_t cap = list->cap == 0 ? 8 : list->cap * 2;
        struct host_route *items = base_mem_alloc(&host->settings.mem, cap * sizeof(*items));

        if (items == NULL) {
            return -1;
        }
        if (list->cnt > 0) {
            memcpy(items, list->items, list->cnt * sizeof(*items));
        }
        base_mem_free(&host->settings.mem, list->items, list->cap * sizeof(*items));
        list->items = items;
        list->cap = cap;
    }
    while (pos < list->cnt && list->items[pos].prefix_len >= prefix_len) {
        ++pos;
    }
    memmove(&list->items[pos + 1], &list->items[pos], (list->cnt - pos) * sizeof(*list->items));
    list->items[pos] = route;
    ++list->cnt;
    return 0;
}

const struct host_route *host_route_find(const struct toe_host *host, const struct toe_addr *dst)
{
    for (uint32_t i = 0; i < host->routes.cnt; ++i) {
        const struct host_route *route = &host->routes.items[i];

        if (host_addr_is_within(dst, &route->dst, route->prefix_len)) {
            return route;
        }
    }
    return NULL;
}

const struct toe_addr *host_route_next_hop(const struct host_route *route,
                                           const struct toe_addr *dst)
{
    return route->gateway.family == 0 ? dst : &route->gateway;
}
