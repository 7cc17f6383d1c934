/* SPDX-License-Identifier: MIT */
/*
 * A machine is the pump on a virtual clock: the target takes what arrived and tells the host, the
 * host acts on it, the application takes its events. What they give each other to do on the way is
 * due at once, so the machine is simply run again at the same instant.
 */
#include "toe/sim.h"

#include "sim/world.h"
#include "toe/target.h"

#include <string.h>

static toe_instant earlier(toe_instant a, toe_instant b)
{
    return a < b ? a : b;
}

toe_instant toe_sim_machine_deadline(void *machine)
{
    const struct toe_sim_machine *m = machine;
    const toe_instant at = earlier(m->ops->deadline(m->target), toe_host_deadline(m->host));

    return m->application == NULL ? at : earlier(at, m->application_at);
}

void toe_sim_machine_run(void *machine, toe_instant now)
{
    struct toe_sim_machine *m = machine;

    m->ops->run(m->target, now);
    toe_host_run(m->host, now);
    if (m->application != NULL) {
        m->application_at = m->application(m->user, now);
    }
    /* What the application has just asked for goes out in this run, not in one more. */
    if (m->ops->deadline(m->target) <= now) {
        m->ops->run(m->target, now);
    }
}

int toe_sim_machine_add(struct toe_sim *sim, struct toe_sim_machine *machine, void *wire)
{
    const struct toe_sim_node node = {
        .user = machine, .deadline = toe_sim_machine_deadline, .run = toe_sim_machine_run};

    return toe_sim_node_add(sim, &node, wire);
}

/* A locally administered Ethernet address that follows from the end of the IP address. */
static void derive_mac(uint8_t mac[TOE_MAC_LEN], const struct toe_addr *addr)
{
    const uint8_t *tail = addr->bytes + (addr->family == 4 ? 0 : 12);

    mac[0] = 0x02;
    mac[1] = 0;
    memcpy(mac + 2, tail, 4);
}

static struct toe_target *make_target(struct toe_sim *sim, void *wire, const struct toe_addr *addr)
{
    struct toe_target_settings settings;

    toe_target_settings_default(&settings);
    settings.wire = toe_sim_wire_ops();
    settings.wire_user = wire;
    settings.mem = sim->mem;
    settings.seed = base_rand_u64(&sim->rand);
    derive_mac(settings.mac, addr);
    return toe_target_new(&settings);
}

static struct toe_host *make_host(struct toe_sim *sim)
{
    struct toe_host_settings settings;

    toe_host_settings_default(&settings);
    settings.mem = sim->mem;
    settings.seed = base_rand_u64(&sim->rand);
    return toe_host_new(&settings);
}

bool toe_sim_machine_init(struct toe_sim_machine *machine, struct toe_sim *sim, void *wire,
                          const struct toe_addr *addr, uint8_t prefix_len)
{
    const struct sim_end *end = wire;
    struct toe_host_interface interface = {.ops = toe_target_ops(), .mtu = 1500};
    int index;

    if (end->link->settings.mtu != 0) {
        interface.mtu = end->link->settings.mtu;
    }
    *machine = (struct toe_sim_machine){.ops = toe_target_ops()};
    machine->host = make_host(sim);
    machine->target = make_target(sim, wire, addr);
    interface.target = machine->target;
    if (machine->host != NULL && machine->target != NULL) {
        index = toe_host_interface_add(machine->host, &interface);
        if (index >= 0 && toe_host_address_add(machine->host, index, addr, prefix_len) == 0 &&
            toe_sim_machine_add(sim, machine, wire) >= 0) {
            return true;
        }
    }
    toe_sim_machine_fini(machine);
    return false;
}

void toe_sim_machine_fini(struct toe_sim_machine *machine)
{
    if (machine->host != NULL) {
        toe_host_del(machine->host);
    }
    if (machine->target != NULL) {
        toe_target_del(machine->target);
    }
    *machine = (struct toe_sim_machine){0};
}
