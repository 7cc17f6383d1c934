/* SPDX-License-Identifier: MIT */
#include "nic/selection.h"

#include <string.h>

#include "option.h"

static bool parse_address(struct toe_addr *out, const json_t *value)
{
    const char *text = json_string_value(value);

    return value == NULL || (text != NULL && emu_option_address(out, text));
}

static bool parse_port(uint16_t *out, const json_t *value)
{
    const json_int_t port = json_integer_value(value);

    *out = (uint16_t)port;
    return value == NULL || (port > 0 && port <= UINT16_MAX);
}

const char *emu_selection_parse(struct emu_selection *selection, const json_t *request)
{
    memset(selection, 0, sizeof(*selection));
    if (!parse_address(&selection->local, json_object_get(request, "local")) ||
        !parse_address(&selection->remote, json_object_get(request, "remote")) ||
        !parse_address(&selection->host, json_object_get(request, "host"))) {
        return "\"local\", \"remote\" and \"host\" are IPv4 or IPv6 addresses";
    }
    if (!parse_port(&selection->local_port, json_object_get(request, "local_port")) ||
        !parse_port(&selection->remote_port, json_object_get(request, "remote_port")) ||
        !parse_port(&selection->port, json_object_get(request, "port"))) {
        return "\"local_port\", \"remote_port\" and \"port\" are numbers from 1 to 65535";
    }
    return NULL;
}

bool emu_selection_is_empty(const struct emu_selection *selection)
{
    return selection->local.family == 0 && selection->remote.family == 0 &&
           selection->host.family == 0 && selection->local_port == 0 &&
           selection->remote_port == 0 && selection->port == 0;
}

static bool is_address(const struct toe_addr *wanted, const struct toe_addr *addr)
{
    return wanted->family == 0 ||
           (wanted->family == addr->family &&
            memcmp(wanted->bytes, addr->bytes, addr->family == 6 ? 16 : 4) == 0);
}

static bool is_port(uint16_t wanted, uint16_t port)
{
    return wanted == 0 || wanted == port;
}

bool emu_selection_has(const struct emu_selection *selection, const struct emu_tuple *tuple)
{
    return is_address(&selection->local, &tuple->local) &&
           is_address(&selection->remote, &tuple->remote) &&
           (is_address(&selection->host, &tuple->local) ||
            is_address(&selection->host, &tuple->remote)) &&
           is_port(selection->local_port, tuple->local_port) &&
           is_port(selection->remote_port, tuple->remote_port) &&
           (is_port(selection->port, tuple->local_port) ||
            is_port(selection->port, tuple->remote_port));
}
