/* SPDX-License-Identifier: MIT */
#include "port.h"

struct emu_port *emu_port_xdp_open(const char *interface, const uint8_t *mac,
                                   struct emu_error *error)
{
    (void)mac;
    emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                  "toe was built without AF_XDP (Debian package: libxdp-dev); --wire packet:%s "
                  "works",
                  interface);
    return NULL;
}
