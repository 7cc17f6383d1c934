/* SPDX-License-Identifier: MIT */
#include "nic/nic.h"

#include <string.h>

#include "adapter.h"
#include "nic/arp_ignore.h"
#include "nic/nic_events.h"

enum {
    BATCH = 64, /* frames of the kernel in one go */
    FEATURES = TOE_WIRE_CSUM | TOE_WIRE_TSO,
};

#define LEAVE_TIME (10 * TOE_NS_PER_SEC) /* for uploads at the end */

static toe_instant earlier(toe_instant a, toe_instant b)
{
    return a < b ? a : b;
}

/* --- life --- */

/* Tells the kernel when the cable is pulled. */
static void follow_link(struct emu_nic *nic)
{
    const struct toe_wire_ops *ops = &nic->wire->ops;
    const bool carrier = !nic->wire->ended && (ops->link_up == NULL || ops->link_up(nic->wire));

    if (carrier != nic->carrier) {
        nic->carrier = carrier;
        emu_port_tap_carrier(nic->host, carrier);
    }
}

static bool may_leave(const struct emu_nic *nic, toe_instant now)
{
    if (nic->wire->ended && nic->settings.kind != EMU_NIC_WIRE_FILE) {
        return true;
    }
    return nic->leaves != 0 && (now >= nic->leaves || emu_kernel_offloaded_cnt(nic->kernel) == 0);
}

/* What comes after the target in each round of the pump. */
static toe_instant run(void *user, toe_instant now)
{
    struct emu_nic *nic = user;
    struct toe_frame frames[BATCH];
    toe_instant next;
    uint32_t cnt;

    follow_link(nic);
    emu_port_tick(nic->host, now);
    cnt = nic->host->ops.receive(nic->host, frames, BATCH);
    if (cnt != 0) {
        emu_pump_stay(nic->pump);
        now = emu_pump_now();
        emu_kernel_from_host(nic->kernel, frames, cnt, now);
    }
    next = emu_policy_run(&nic->policy, now);
    next = earlier(next, emu_kernel_run(nic->kernel, now));
    if (may_leave(nic, now)) {
        emu_pump_stop(nic->pump);
    }
    next = earlier(next, emu_port_deadline(nic->host));
    return nic->leaves != 0 ? earlier(next, nic->leaves) : next;
}

int emu_nic_run(struct emu_nic *nic, struct emu_error *error)
{
    nic->began = emu_pump_now();
    (void)emu_pump_run(nic->pump, TOE_INSTANT_NEVER);
    if (nic->wire->ended && nic->wire->error.text[0] != '\0') {
        *error = nic->wire->error;
        return (int)error->status;
    }
    return EMU_EXIT_OK;
}

int emu_nic_leave(struct emu_nic *nic, struct emu_error *error)
{
    emu_policy_stop(&nic->policy);
    emu_kernel_pause(nic->kernel);
    emu_kernel_upload_all(nic->kernel);
    nic->leaves = emu_pump_now() + LEAVE_TIME;
    (void)emu_pump_run(nic->pump, TOE_INSTANT_NEVER);
    if (emu_kernel_offloaded_cnt(nic->kernel) != 0) {
        emu_error_set(error, EMU_EXIT_FAULT,
                      "%u connections were still offloaded; the kernel has what is needed to go on",
                      emu_kernel_offloaded_cnt(nic->kernel));
        return (int)error->status;
    }
    return EMU_EXIT_OK;
}

/* --- construction --- */

static bool no_memory(struct emu_error *error)
{
    emu_error_set(error, EMU_EXIT_ENVIRONMENT, "not enough memory for the NIC");
    return false;
}

static struct emu_port *open_wire(const struct emu_nic_settings *settings, struct emu_error *error)
{
    switch (settings->kind) {
    case EMU_NIC_WIRE_PACKET:
        return emu_port_packet_open(settings->wire, settings->mac, error);
    case EMU_NIC_WIRE_TAP:
        return emu_port_tap_open(
            &(struct emu_tap_settings){.name = settings->wire, .mtu = settings->mtu}, error);
    case EMU_NIC_WIRE_PCAP:
        return emu_port_pcap_open(settings->wire, settings->mac, error);
    case EMU_NIC_WIRE_FILE:
        return emu_port_pcap_file_open(settings->wire, error);
    }
    return NULL;
}

/* Puts on |port| what records its frames, if they are to be. */
static bool record(struct emu_nic *nic, struct emu_port **port)
{
    struct emu_port *above;

    if (nic->capture == NULL) {
        return true;
    }
    above = emu_capture_port_new(*port, nic->capture);
    *port = above == NULL ? *port : above;
    return above != NULL;
}

/* The wire as the target sees it: with faults, which somebody may ask for later, and no less. */
static bool spoil(struct emu_nic *nic)
{
    struct emu_port *above = emu_fault_new(nic->wire, NULL, NULL, nic->settings.seed);

    nic->wire = above == NULL ? nic->wire : above;
    return above != NULL;
}

static bool stack_ports(struct emu_nic *nic, struct emu_error *error)
{
    if (nic->settings.capture != NULL) {
        nic->capture = emu_capture_open(nic->settings.capture, EMU_CAPTURE_REAL, error);
        if (nic->capture == NULL) {
            return false;
        }
        emu_capture_filter_set(nic->capture, nic->settings.capture_filter);
        nic->settings.capture_filter = NULL;
        emu_capture_rotation_set(nic->capture, &nic->settings.capture_rotation);
    }
    return (record(nic, &nic->host) && record(nic, &nic->wire) && spoil(nic)) || no_memory(error);
}

/* The wire first: the other side's address and MTU are taken from there. */
static bool open_ports(struct emu_nic *nic, struct emu_error *error)
{
    const struct emu_nic_settings *set = &nic->settings;
    struct emu_tap_settings tap = {.name = set->name, .mtu = set->mtu, .persist = set->persist};

    nic->wire = open_wire(set, error);
    if (nic->wire == NULL) {
        return false;
    }
    if (set->mtu > nic->wire->mtu) {
        emu_error_set(error, EMU_EXIT_USAGE,
                      "an MTU of %u does not fit through \"%s\", which has %u; see `ip link`",
                      set->mtu, nic->wire->name, nic->wire->mtu);
        return false;
    }
    if (set->mac != NULL) {
        memcpy(nic->wire->mac, set->mac, TOE_MAC_LEN);
    }
    tap.mac = nic->wire->mac;
    tap.mtu = set->mtu == 0 ? nic->wire->mtu : set->mtu;
    nic->host = emu_port_tap_open(&tap, error);
    if (nic->host == NULL) {
        return false;
    }
    if (set->kind == EMU_NIC_WIRE_PACKET || set->kind == EMU_NIC_WIRE_PCAP) {
        nic->arp_ignore = emu_arp_ignore_set(nic->wire->name, EMU_ARP_OWN_ONLY);
    }
    if (!stack_ports(nic, error)) {
        return false;
    }
    /* Each port takes what the other one leaves unfinished. */
    nic->wire->accept = nic->host->ops.features;
    nic->host->accept = set->no_offloads ? 0 : nic->wire->ops.features & FEATURES;
    nic->carrier = true;
    return true;
}

static bool make_target(struct emu_nic *nic, struct emu_error *error)
{
    const struct emu_nic_settings *set = &nic->settings;
    struct toe_target_settings target;

    toe_target_settings_default(&target);
    target.wire = &nic->wire->ops;
    target.wire_user = nic->wire;
    target.mem = emu_heap_mem(&nic->target_heap);
    memcpy(target.mac, nic->wire->mac, TOE_MAC_LEN);
    target.seed = set->seed;
    target.ack_when = set->peer_ack;
    target.profile = set->profile;
    target.optional_uploads = 1u << TOE_UPLOAD_HIGH_OUT_OF_ORDER | 1u << TOE_UPLOAD_HIGH_DROP_RATE;
    target.tuning.mtu_probing = set->mtu_probing;
    target.mtu_max = nic->host->mtu;
    if (set->connections != 0) {
        target.tcp_max = set->connections;
    }
    nic->target = toe_target_new(&target);
    return nic->target != NULL || no_memory(error);
}

/* --- what the kernel's side tells --- */

static void on_opened(void *user, const struct emu_kernel_conn *conn)
{
    struct emu_nic *nic = user;

    emu_policy_opened(&nic->policy, conn);
}

static void on_moved(void *user, const struct emu_kernel_conn *conn)
{
    struct emu_nic *nic = user;

    emu_policy_moved(&nic->policy, conn);
    emu_events_moved(nic, conn);
}

static void on_reached(void *user, const struct emu_kernel_conn *conn)
{
    struct emu_nic *nic = user;

    emu_policy_reached(&nic->policy, conn);
}

static void on_closed(void *user, const struct emu_kernel_conn *conn)
{
    struct emu_nic *nic = user;

    emu_policy_closed(&nic->policy, conn);
}

static bool on_released(void *user, const struct emu_kernel_conn *conn,
                        enum toe_upload_reason reason)
{
    const struct emu_nic *nic = user;

    return emu_policy_released(&nic->policy, conn, reason);
}

static bool make_kernel(struct emu_nic *nic, struct emu_error *error)
{
    const struct emu_kernel_settings kernel = {
        .ops = toe_target_ops(),
        .target = nic->target,
        .software = nic->target,
        .host = &nic->host->ops,
        .host_user = nic->host,
        .interface = nic->host->name,
        .mtu = nic->host->mtu,
        .seed = nic->settings.seed,
        .buffer_max = (uint32_t)nic->settings.buffer_max,
        .early_ack = nic->settings.early_ack,
        .stale = nic->settings.stale,
        .opened = on_opened,
        .moved = on_moved,
        .reached = on_reached,
        .closed = on_closed,
        .released = on_released,
        .user = nic,
    };

    nic->kernel = emu_kernel_new(&kernel, error);
    emu_policy_attach(&nic->policy, nic->kernel);
    return nic->kernel != NULL;
}

static bool make_pump(struct emu_nic *nic, struct emu_error *error)
{
    const int netlink = emu_kernel_fd(nic->kernel);
    struct emu_pump_settings pump = {.ops = toe_target_ops(),
                                     .target = nic->target,
                                     .port = nic->wire,
                                     .application = run,
                                     .user = nic,
                                     .busy_poll = nic->settings.busy_poll};

    pump.fds[pump.fd_cnt++] = nic->host->fd;
    if (netlink >= 0) {
        pump.fds[pump.fd_cnt++] = netlink;
    }
    nic->pump = emu_pump_new(&pump, error);
    return nic->pump != NULL;
}

void emu_nic_memory_get(const struct emu_nic *nic, struct emu_nic_memory *memory)
{
    struct emu_kernel_stats stats;

    emu_kernel_stats_get(nic->kernel, &stats);
    *memory = (struct emu_nic_memory){
        .target = nic->target_heap.bytes, .kernel = stats.memory, .empty = nic->empty};
    if (stats.conns > 0) {
        memory->connection = (memory->target + memory->kernel - memory->empty) / stats.conns;
    }
}

bool emu_nic_init(struct emu_nic *nic, const struct emu_nic_settings *settings,
                  struct emu_error *error)
{
    struct emu_nic_memory memory;

    *nic = (struct emu_nic){.settings = *settings, .arp_ignore = -1};
    emu_policy_init(&nic->policy, settings->seed);
    emu_policy_set(&nic->policy, settings->rules);
    if (!open_ports(nic, error) || !make_target(nic, error) || !make_kernel(nic, error) ||
        !make_pump(nic, error)) {
        emu_nic_fini(nic);
        return false;
    }
    emu_nic_memory_get(nic, &memory);
    nic->empty = memory.target + memory.kernel;
    return true;
}

void emu_nic_fini(struct emu_nic *nic)
{
    emu_pump_del(nic->pump);
    emu_kernel_del(nic->kernel);
    emu_policy_fini(&nic->policy);
    emu_filter_del(nic->settings.capture_filter);
    if (nic->target != NULL) {
        toe_target_del(nic->target);
    }
    if (nic->arp_ignore >= 0) {
        (void)emu_arp_ignore_set(nic->wire->name, nic->arp_ignore);
    }
    emu_port_close(nic->host);
    emu_port_close(nic->wire);
    if (nic->capture != NULL) {
        struct emu_error error;

        if (!emu_capture_close(nic->capture, &error)) {
            (void)emu_error_print(&error);
        }
    }
    *nic = (struct emu_nic){.arp_ignore = -1};
}
