/* SPDX-License-Identifier: MIT */
#include "nic/selecting.h"

#include <string.h>

static struct emu_option address(const char *name, struct toe_addr *value, const char *help)
{
    return (struct emu_option){
        .name = name, .kind = EMU_OPTION_ADDRESS, .value = value, .help = help};
}

static struct emu_option port(const char *name, uint64_t *value, const char *help)
{
    return (struct emu_option){.name = name,
                               .kind = EMU_OPTION_NUMBER,
                               .value = value,
                               .min = 1,
                               .max = UINT16_MAX,
                               .placeholder = "PORT",
                               .help = help};
}

void emu_selecting_options(struct emu_option out[EMU_SELECTING_OPTIONS],
                           struct emu_selecting *selecting)
{
    memset(selecting, 0, sizeof(*selecting));
    out[0] = address("local", &selecting->local, "only connections of this address here,");
    out[1] = port("local-port", &selecting->local_port, "of this port here,");
    out[2] = address("remote", &selecting->remote, "with this address there,");
    out[3] = port("remote-port", &selecting->remote_port, "with this port there,");
    out[4] = address("host", &selecting->host, "with this address at either end,");
    out[5] = port("port", &selecting->port, "with this port at either end");
}

static void set_address(json_t *request, const char *name, const struct toe_addr *addr)
{
    char text[46];

    if (addr->family != 0) {
        emu_option_address_text(text, addr);
        (void)json_object_set_new(request, name, json_string(text));
    }
}

static void set_port(json_t *request, const char *name, uint64_t value)
{
    if (value != 0) {
        (void)json_object_set_new(request, name, json_integer((json_int_t)value));
    }
}

json_t *emu_selecting_request(const struct emu_selecting *selecting, const char *command)
{
    json_t *request = json_pack("{ss}", "command", command);

    set_address(request, "local", &selecting->local);
    set_address(request, "remote", &selecting->remote);
    set_address(request, "host", &selecting->host);
    set_port(request, "local_port", selecting->local_port);
    set_port(request, "remote_port", selecting->remote_port);
    set_port(request, "port", selecting->port);
    return request;
}
