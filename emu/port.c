/* SPDX-License-Identifier: MIT */
#include "port.h"

#include <string.h>

static void transmit_below(void *wire, const struct toe_frame *frames, uint32_t cnt)
{
    struct emu_port *below = ((struct emu_port *)wire)->below;

    below->ops.transmit(below, frames, cnt);
}

static bool link_up_below(void *wire)
{
    struct emu_port *below = ((struct emu_port *)wire)->below;

    return below->ops.link_up == NULL || below->ops.link_up(below);
}

void emu_port_on(struct emu_port *port, struct emu_port *below)
{
    *port = *below;
    port->ops.receive = NULL;
    port->ops.transmit = transmit_below;
    port->ops.link_up = link_up_below;
    port->below = below;
    port->tick = NULL;
    port->deadline = NULL;
    port->close = NULL;
}

static void tick_below(struct emu_port *port, toe_instant now)
{
    struct emu_port *below = port->below;

    below->accept = port->accept;
    emu_port_tick(below, now);
    port->ended = below->ended;
    port->error = below->error;
    port->stats = below->stats;
}

void emu_port_tick(struct emu_port *port, toe_instant now)
{
    port->now = now;
    if (port->below != NULL) {
        tick_below(port, now);
    }
    if (port->tick != NULL) {
        port->tick(port, now);
    }
}

toe_instant emu_port_deadline(const struct emu_port *port)
{
    const toe_instant own = port->deadline == NULL ? TOE_INSTANT_NEVER : port->deadline(port);
    const toe_instant below =
        port->below == NULL ? TOE_INSTANT_NEVER : emu_port_deadline(port->below);

    return own < below ? own : below;
}

const struct emu_port_stats *emu_port_stats(const struct emu_port *port)
{
    while (port->below != NULL) {
        port = port->below;
    }
    return &port->stats;
}

void emu_port_close(struct emu_port *port)
{
    if (port != NULL) {
        emu_port_close(port->below);
        port->close(port);
    }
}

void emu_port_mac_derive(uint8_t out[TOE_MAC_LEN], const uint8_t mac[TOE_MAC_LEN])
{
    uint32_t hash = 2166136261u; /* FNV-1a */

    for (int i = 0; i < TOE_MAC_LEN; ++i) {
        hash = (hash ^ mac[i]) * 16777619u;
    }
    /* Locally administered, for one machine; the third byte keeps it away from |mac|. */
    out[0] = 0x02;
    out[1] = 0x70; /* "p" as in port: easy to spot in a capture */
    out[2] = (uint8_t)~mac[2];
    out[3] = (uint8_t)(hash >> 16);
    out[4] = (uint8_t)(hash >> 8);
    out[5] = (uint8_t)hash;
}
