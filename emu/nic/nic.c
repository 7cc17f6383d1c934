/* SPDX-License-Identifier: MIT */
#include "nic/nic.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "exchange.h"
#include "nic/arp_ignore.h"

/* --- life --- */

void emu_nic_each(struct emu_nic *nic, void (*work)(struct emu_lane *lane, void *user), void *user)
{
    for (uint32_t i = 0; i < nic->lane_cnt; ++i) {
        emu_lane_do(&nic->lanes[i], work, user);
    }
}

/* Runs the loop until a signal or the lanes end it; a signal that came before counts, too. */
static void run_loop(struct emu_nic *nic)
{
    emu_pump_signals_unblock();
    (void)uv_run(&nic->loop, UV_RUN_DEFAULT);
    emu_pump_signals_block();
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    uv_stop(handle->loop);
}

static uint32_t lanes_in(const struct emu_nic *nic, enum emu_lane_state state)
{
    uint32_t cnt = 0;

    for (uint32_t i = 0; i < nic->lane_cnt; ++i) {
        cnt += atomic_load(&nic->lanes[i].state) == state ? 1 : 0;
    }
    return cnt;
}

/* The state of a lane has changed. Frames go on until all of them have left. */
static void on_news(uv_async_t *news)
{
    const struct emu_nic *nic = news->data;

    if (lanes_in(nic, EMU_LANE_GONE) != 0 || lanes_in(nic, EMU_LANE_RUNS) == 0) {
        uv_stop(news->loop);
    }
}

static void on_changed(void *user)
{
    struct emu_nic *nic = user;

    (void)uv_async_send(&nic->news);
}

static void stop(struct emu_nic *nic)
{
    for (uint32_t i = 0; i < nic->lane_cnt; ++i) {
        emu_lane_stop(&nic->lanes[i]);
    }
}

/* Why a port has ended; it may have ended well. */
static int end_of_ports(const struct emu_nic *nic, struct emu_error *error)
{
    for (uint32_t i = 0; i < nic->lane_cnt; ++i) {
        const struct emu_lane *lane = &nic->lanes[i];
        const struct emu_port *port = lane->host->ended ? lane->host : lane->wire;

        if (port->ended && port->error.text[0] != '\0') {
            *error = port->error;
            return (int)error->status;
        }
    }
    return EMU_EXIT_OK;
}

int emu_nic_run(struct emu_nic *nic, struct emu_error *error)
{
    nic->began = emu_pump_now();
    for (uint32_t i = 0; i < nic->lane_cnt; ++i) {
        if (!emu_lane_start(&nic->lanes[i], on_changed, nic, error)) {
            stop(nic);
            return (int)error->status;
        }
    }
    run_loop(nic);
    if (lanes_in(nic, EMU_LANE_GONE) == 0) {
        return EMU_EXIT_OK;
    }
    stop(nic);
    return end_of_ports(nic, error);
}

static void leave(struct emu_lane *lane, void *user)
{
    (void)user;
    emu_lane_leave(lane);
}

int emu_nic_leave(struct emu_nic *nic, struct emu_error *error)
{
    uint32_t left = 0;

    emu_nic_each(nic, leave, NULL);
    if (lanes_in(nic, EMU_LANE_GONE) == 0) {
        run_loop(nic);
    }
    stop(nic);
    for (uint32_t i = 0; i < nic->lane_cnt; ++i) {
        left += emu_kernel_offloaded_cnt(nic->lanes[i].kernel);
    }
    if (left != 0) {
        emu_error_set(error, EMU_EXIT_FAULT,
                      "%u connections were still offloaded; the kernel has what is needed to go on",
                      left);
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

static bool open_capture(struct emu_nic *nic, struct emu_error *error)
{
    struct emu_nic_settings *set = &nic->settings;

    if (set->capture == NULL) {
        return true;
    }
    nic->shared.capture = emu_capture_open(set->capture, EMU_CAPTURE_REAL, error);
    if (nic->shared.capture == NULL) {
        return false;
    }
    emu_capture_filter_set(nic->shared.capture, set->capture_filter);
    set->capture_filter = NULL;
    emu_capture_rotation_set(nic->shared.capture, &set->capture_rotation);
    return true;
}

/* The ports of both sides, one of each for a queue; NULL where there is none yet. */
struct sides {
    struct emu_port *host[EMU_EXCHANGE_QUEUES_MAX];
    struct emu_port *wire[EMU_EXCHANGE_QUEUES_MAX];
};

static bool open_wire(struct sides *sides, const struct emu_nic_settings *set,
                      struct emu_error *error)
{
    const struct emu_tap_settings tap = {.name = set->wire, .mtu = set->mtu};

    switch (set->kind) {
    case EMU_NIC_WIRE_PACKET:
        return emu_port_packet_open_queues(sides->wire, set->queues, set->wire, set->mac, error);
    case EMU_NIC_WIRE_TAP:
        return emu_port_tap_open_queues(sides->wire, set->queues, &tap, error);
    case EMU_NIC_WIRE_XDP:
        sides->wire[0] = emu_port_xdp_open(set->wire, set->mac, error);
        break;
    case EMU_NIC_WIRE_PCAP:
        sides->wire[0] = emu_port_pcap_open(set->wire, set->mac, error);
        break;
    case EMU_NIC_WIRE_FILE:
        sides->wire[0] = emu_port_pcap_file_open(set->wire, error);
        break;
    }
    return sides->wire[0] != NULL;
}

/* The other side's address and MTU are the wire's, where nothing else is wanted. */
static bool open_host(struct sides *sides, const struct emu_nic_settings *set,
                      struct emu_error *error)
{
    const struct emu_port *wire = sides->wire[0];
    const struct emu_tap_settings tap = {.name = set->name,
                                         .mac = wire->mac,
                                         .mtu = set->mtu == 0 ? wire->mtu : set->mtu,
                                         .persist = set->persist};

    if (set->mtu > wire->mtu) {
        emu_error_set(error, EMU_EXIT_USAGE,
                      "an MTU of %u does not fit through \"%s\", which has %u; see `ip link`",
                      set->mtu, wire->name, wire->mtu);
        return false;
    }
    return emu_port_tap_open_queues(sides->host, set->queues, &tap, error);
}

static bool open_sides(struct sides *sides, const struct emu_nic_settings *set,
                       struct emu_error *error)
{
    if (!open_wire(sides, set, error)) {
        return false;
    }
    for (uint32_t i = 0; i < set->queues && set->mac != NULL; ++i) {
        memcpy(sides->wire[i]->mac, set->mac, TOE_MAC_LEN);
    }
    return open_host(sides, set, error);
}

static void close_sides(struct sides *sides)
{
    for (uint32_t i = 0; i < EMU_EXCHANGE_QUEUES_MAX; ++i) {
        emu_port_close(sides->host[i]);
        emu_port_close(sides->wire[i]);
    }
}

static bool open_exchanges(struct emu_nic *nic)
{
    const uint32_t queues = nic->settings.queues;

    if (queues == 1) {
        return true;
    }
    nic->shared.host_exchange = emu_exchange_new(queues);
    nic->shared.wire_exchange = emu_exchange_new(queues);
    return nic->shared.host_exchange != NULL && nic->shared.wire_exchange != NULL;
}

/* Each lane takes its two ports over. */
static bool make_lanes(struct emu_nic *nic, struct sides *sides, struct emu_error *error)
{
    bool ok = true;

    while (ok && nic->lane_cnt < nic->settings.queues) {
        const uint32_t i = nic->lane_cnt++;

        ok = emu_lane_init(&nic->lanes[i], &nic->settings, i, sides->host[i], sides->wire[i],
                           &nic->shared, error);
        sides->host[i] = NULL;
        sides->wire[i] = NULL;
    }
    return ok;
}

static bool open_lanes(struct emu_nic *nic, struct emu_error *error)
{
    const struct emu_nic_settings *set = &nic->settings;
    struct sides sides = {.host = {NULL}};
    bool ok = open_sides(&sides, set, error) && open_capture(nic, error) &&
              (open_exchanges(nic) || no_memory(error));

    if (ok && (set->kind == EMU_NIC_WIRE_PACKET || set->kind == EMU_NIC_WIRE_PCAP)) {
        nic->arp_ignore = emu_arp_ignore_set(sides.wire[0]->name, EMU_ARP_OWN_ONLY);
    }
    ok = ok && make_lanes(nic, &sides, error);
    close_sides(&sides);
    return ok;
}

static bool init_loop(struct emu_nic *nic)
{
    static const int numbers[2] = {SIGINT, SIGTERM};

    if (uv_loop_init(&nic->loop) != 0) {
        return false;
    }
    nic->has_loop = true;
    nic->news.data = nic;
    for (int i = 0; i < 2; ++i) {
        if (uv_signal_init(&nic->loop, &nic->signals[i]) != 0 ||
            uv_signal_start(&nic->signals[i], on_signal, numbers[i]) != 0) {
            return false;
        }
    }
    return uv_async_init(&nic->loop, &nic->news, on_news) == 0;
}

bool emu_nic_init(struct emu_nic *nic, const struct emu_nic_settings *settings,
                  struct emu_error *error)
{
    json_object_seed(0); /* It must not be left to the threads. */
    *nic = (struct emu_nic){.settings = *settings, .arp_ignore = -1};
    nic->lanes = aligned_alloc(_Alignof(struct emu_lane), settings->queues * sizeof(*nic->lanes));
    if (!((nic->lanes != NULL && init_loop(nic)) || no_memory(error)) || !open_lanes(nic, error)) {
        emu_nic_fini(nic);
        return false;
    }
    return true;
}

static void close_handle(uv_handle_t *handle, void *user)
{
    (void)user;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

static void fini_loop(struct emu_nic *nic)
{
    if (nic->has_loop) {
        uv_walk(&nic->loop, close_handle, NULL);
        (void)uv_run(&nic->loop, UV_RUN_DEFAULT);
        (void)uv_loop_close(&nic->loop);
    }
}

void emu_nic_fini(struct emu_nic *nic)
{
    stop(nic);
    if (nic->arp_ignore >= 0) {
        (void)emu_arp_ignore_set(nic->lanes[0].wire->name, nic->arp_ignore);
    }
    for (uint32_t i = 0; i < nic->lane_cnt; ++i) {
        emu_lane_fini(&nic->lanes[i]);
    }
    free(nic->lanes);
    emu_exchange_del(nic->shared.host_exchange);
    emu_exchange_del(nic->shared.wire_exchange);
    fini_loop(nic);
    emu_filter_del(nic->settings.capture_filter);
    if (nic->shared.capture != NULL) {
        struct emu_error error;

        if (!emu_capture_close(nic->shared.capture, &error)) {
            (void)emu_error_print(&error);
        }
    }
    *nic = (struct emu_nic){.arp_ignore = -1};
}
