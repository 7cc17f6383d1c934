/* SPDX-License-Identifier: MIT */
#include "toe/host.h"

#include "base/assert.h"
#include "base/mem.h"
#include "host/addr.h"
#include "host/address.h"
#include "host/chimney.h"
#include "host/data.h"
#include "host/drive.h"
#include "host/host_extension.h"
#include "host/host_input.h"
#include "host/host_offload.h"
#include "host/host_output.h"
#include "host/host_sending.h"
#include "host/host_upload.h"
#include "host/interface.h"
#include "host/listener.h"
#include "host/path.h"
#include "host/policy.h"
#include "host/reachability.h"
#include "host/relink.h"
#include "host/request.h"
#include "host/route.h"
#include "tcp/congestion.h"
#include "tcp/scoreboard.h"

#include <string.h>

/* Connections that are allocated at a time. */
#define CONNS_PER_SLAB 64u

/* Small pieces for each connection there may be, and in all at least. */
#define PIECES_PER_CONN 16u
#define PIECES_MIN 65536u
#define PIECES_MAX (UINT32_C(1) << 24)

/* RFC 9293, 3.8.6.2.1. A target waits for as long as the parameter says (TMR-103). */
#define SWS_PREVENTION_MAX TOE_NS_PER_SEC

void toe_host_settings_default(struct toe_host_settings *settings)
{
    *settings = (struct toe_host_settings){
        .size = sizeof(*settings),
        .mem = *base_mem_default(),
        .seed = 1,
        .congestion = TOE_CONGESTION_DEFAULT,
        .policy = TOE_POLICY_MANUAL,
        .receive_mode = TOE_RECEIVE_INDICATED,
        .policy_in_host = TOE_NS_PER_SEC,
        .policy_offloaded = TOE_NS_PER_SEC,
        .conn_max = 65536,
        .snd_buf = 262144,
        .rcv_buf = 262144,
        .timestamps = true,
        .sack = true,
        .window_scaling = true,
        .nagle = true,
        .ka_timeout = 7200000,
        .ka_interval = 75000,
        .ka_probe_cnt = 9,
        .syn_retries = 7, /* more than three minutes: RFC 9293, 3.8.3 */
        .time_wait = 60 * TOE_NS_PER_SEC,
        .extension = true,
        .rto_min = 300 * TOE_NS_PER_MS,
        .pacing = true,
        .ecn = TOE_ECN_RESPOND,
        .ttl = 64,
        .tuning = TOE_TUNING_DEFAULT,
    };
    toe_params_default(&settings->params);
}

static struct base_siphash_key random_key(struct base_rand *r)
{
    struct base_siphash_key key;

    key.k0 = base_rand_u64(r);
    key.k1 = base_rand_u64(r);
    return key;
}

static void init_secrets(struct toe_host *host)
{
    base_rand_init(&host->rand, host->settings.seed);
    host->table_key = random_key(&host->rand);
    host->isn_key = random_key(&host->rand);
    host->port_key = random_key(&host->rand);
    for (uint32_t i = 0; i < HOST_PORT_COUNTERS; ++i) {
        host->port_counters[i] = base_rand_u32(&host->rand);
    }
    host->ip_id = (uint16_t)(base_rand_u32(&host->rand) & 0x7fff);
    wire_rss_init(&host->rss, wire_rss_key_default);
}

static const struct tcp_cc_ops *congestion_ops(enum toe_congestion congestion)
{
    switch (congestion) {
    case TOE_CONGESTION_NEWRENO:
        return &tcp_cc_newreno;
    case TOE_CONGESTION_NONE:
        return &tcp_cc_none;
    case TOE_CONGESTION_BBR:
        return &tcp_cc_bbr;
    case TOE_CONGESTION_DEFAULT:
    case TOE_CONGESTION_CUBIC:
        return &tcp_cc_cubic;
    }
    return &tcp_cc_cubic;
}

static void init_tcp_config(struct toe_host *host)
{
    const struct toe_params *params = &host->params;
    const toe_duration delayed_ack = host_ticks_ns(host, params->delayed_ack_ticks);
    const toe_duration sws_prevention = host_ticks_ns(host, params->sws_prevention_ticks);

    host->tcp_config = (struct tcp_config){
        .ticks_per_second = params->ticks_per_second,
        .ack_frequency = params->ack_frequency,
        .max_retransmissions = params->max_retransmissions,
        .duplicate_ack_threshold = (uint8_t)(params->duplicate_ack_threshold > UINT8_MAX
                                                 ? UINT8_MAX
                                                 : params->duplicate_ack_threshold),
        .delayed_ack = delayed_ack > 500 * TOE_NS_PER_MS ? 500 * TOE_NS_PER_MS : delayed_ack,
        .sws_prevention = sws_prevention < SWS_PREVENTION_MAX ? sws_prevention : SWS_PREVENTION_MAX,
        .rto_min = host->settings.rto_min,
        .rto_max = 60 * TOE_NS_PER_SEC,
        .rto_initial = TOE_NS_PER_SEC,
        .fin_wait_2 = 120 * TOE_NS_PER_SEC,
        .time_wait = host->settings.time_wait,
        .initial_window = 10,
        .cc = congestion_ops(host->settings.congestion),
        .push_at_end = true,
        .push_burst = host->settings.push_burst,
        .rack_threshold = host->settings.rack_threshold,
        .tuning = host->settings.tuning,
        .rfc5961_syn = true,
        .ssthresh_flight = true,
        .validates_cwnd = true,
        .has_hystart = true,
        .is_paced = host->settings.pacing,
        .bus = host->settings.bus,
        .chunks = &host->chunks,
        .scoreboards = &host->scoreboards,
        .flights = &host->flights,
        .text = host_conn_text,
    };
}

static void init_pools(struct toe_host *host)
{
    const struct toe_mem *mem = &host->settings.mem;
    const uint32_t conn_max = host->settings.conn_max;
    uint64_t pieces = (uint64_t)conn_max * PIECES_PER_CONN;

    pieces = pieces < PIECES_MIN ? PIECES_MIN : (pieces > PIECES_MAX ? PIECES_MAX : pieces);
    host_pieces_init(&host->pieces, mem, &host->settings.bus, (uint32_t)pieces);
    base_slab_init(&host->conns, mem, sizeof(struct host_conn), conn_max, CONNS_PER_SLAB);
    base_slab_init(&host->listeners, mem, sizeof(struct host_listener), conn_max, 8);
    base_slab_init(&host->neighbors, mem, sizeof(struct host_neighbor), HOST_NEIGHBOR_MAX, 64);
    base_slab_init(&host->paths, mem, sizeof(struct host_path), conn_max + HOST_PATH_IDLE_MAX, 64);
    base_slab_init(&host->nodes, mem, sizeof(struct host_node),
                   conn_max * 2 + 4 * HOST_PATH_IDLE_MAX, 64);
    base_slab_init(&host->chunks, mem, sizeof(struct tcp_chunk), (uint32_t)pieces, 32);
    base_slab_init(&host->scoreboards, mem, sizeof(struct tcp_scoreboard), conn_max, 16);
    tcp_flight_pools_init(&host->flights, mem, conn_max);
}

static void init_lists(struct toe_host *host)
{
    base_list_init(&host->neighbor_lru);
    base_list_init(&host->path_lru);
    base_list_init(&host->inbox);
    base_list_init(&host->ready);
    base_list_init(&host->starved);
    base_list_init(&host->events);
}

static bool are_sound(const struct toe_host_settings *settings)
{
    return settings->size >= sizeof(*settings) && settings->mem.alloc != NULL &&
           settings->ttl > 0 && settings->conn_max > 0 && settings->conn_max < UINT32_C(1) << 28 &&
           settings->snd_buf > 0 && settings->rcv_buf > 0 && settings->snd_buf < HOST_BUF_LIMIT &&
           settings->rcv_buf < HOST_BUF_LIMIT &&
           toe_params_check(&settings->params) == TOE_STATUS_SUCCESS;
}

struct toe_host *toe_host_new(const struct toe_host_settings *settings)
{
    struct toe_host *host;

    if (!are_sound(settings)) {
        return NULL;
    }
    host = base_mem_alloc(&settings->mem, sizeof(*host));
    if (host == NULL) {
        return NULL;
    }
    host->settings = *settings;
    host->params = settings->params;
    host->tick = TOE_NS_PER_SEC / settings->params.ticks_per_second;
    base_wheel_init(&host->wheel, 0);
    host->retry.kind = HOST_TIMER_RETRY;
    init_secrets(host);
    init_pools(host);
    init_lists(host);
    init_tcp_config(host);
    host->tx.room = base_mem_alloc(&host->settings.mem, HOST_TX_ROOM);
    if (host->tx.room == NULL || base_hash_init(&host->conn_table, &host->settings.mem, 0) != 0 ||
        base_hash_init(&host->listener_table, &host->settings.mem, 0) != 0 ||
        base_hash_init(&host->neighbor_table, &host->settings.mem, 0) != 0 ||
        base_hash_init(&host->path_table, &host->settings.mem, 0) != 0) {
        toe_host_del(host);
        return NULL;
    }
    return host;
}

static void fini_table(struct base_hash *table)
{
    if (table->buckets != NULL) {
        base_hash_fini(table);
    }
}

/* Of trees that the targets still have. */
static void drop_extensions(struct toe_host *host)
{
    for (uint32_t i = 0; i < host->nodes.cap; ++i) {
        struct host_node *node = base_slab_at(&host->nodes, i);

        if (node != NULL) {
            host_extension_del(host, node->extension);
        }
    }
}

void toe_host_del(struct toe_host *host)
{
    const struct toe_mem mem = host->settings.mem;

    fini_table(&host->conn_table);
    fini_table(&host->listener_table);
    fini_table(&host->neighbor_table);
    fini_table(&host->path_table);
    drop_extensions(host);
    host_pieces_fini(&host->pieces);
    base_slab_fini(&host->conns);
    base_slab_fini(&host->listeners);
    base_slab_fini(&host->neighbors);
    base_slab_fini(&host->paths);
    base_slab_fini(&host->nodes);
    base_slab_fini(&host->chunks);
    base_slab_fini(&host->scoreboards);
    tcp_flight_pools_fini(&host->flights);
    for (int i = 0; i < host->interface_cnt; ++i) {
        host_interface_del(host->interfaces[i]);
    }
    base_mem_free(&mem, host->routes.items, host->routes.cap * sizeof(struct host_route));
    base_mem_free(&mem, host->tx.room, HOST_TX_ROOM);
    base_mem_free(&mem, host, sizeof(*host));
}

int toe_host_interface_add(struct toe_host *host, const struct toe_host_interface *interface)
{
    const struct host_interface *added = host_interface_new(host, interface);

    return added == NULL ? -1 : added->index;
}

static bool is_prefix(const struct toe_addr *addr, uint8_t prefix_len)
{
    return (addr->family == 4 && prefix_len <= 32) || (addr->family == 6 && prefix_len <= 128);
}

static int add_route(struct host_interface *interface, const struct toe_addr *dst,
                     uint8_t prefix_len, const struct toe_addr *gateway)
{
    if (host_route_add(interface, dst, prefix_len, gateway) != 0) {
        return -1;
    }
    host_relink_all(interface->host);
    return 0;
}

int toe_host_address_add(struct toe_host *host, int index, const struct toe_addr *addr,
                         uint8_t prefix_len)
{
    if (index < 0 || index >= host->interface_cnt || !is_prefix(addr, prefix_len) ||
        !host_addr_is_host(addr)) {
        return -1;
    }
    if (host_address_add(host->interfaces[index], addr, prefix_len) != 0) {
        return -1;
    }
    return add_route(host->interfaces[index], addr, prefix_len, NULL);
}

int toe_host_route_add(struct toe_host *host, int index, const struct toe_addr *dst,
                       uint8_t prefix_len, const struct toe_addr *gateway)
{
    if (index < 0 || index >= host->interface_cnt || !is_prefix(dst, prefix_len) ||
        gateway == NULL || gateway->family != dst->family || !host_addr_is_host(gateway)) {
        return -1;
    }
    return add_route(host->interfaces[index], dst, prefix_len, gateway);
}

static bool has_work(const struct host_interface *interface)
{
    return interface->is_upload_all || interface->is_upload_due || interface->is_offload_due ||
           interface->returns != NULL || !base_list_is_empty(&interface->answered);
}

toe_instant toe_host_deadline(const struct toe_host *host)
{
    /* The wheel remembers its answer; that changes nothing anybody can see. */
    struct base_wheel *wheel = (struct base_wheel *)(uintptr_t)&host->wheel;

    if (!base_list_is_empty(&host->inbox) || !base_list_is_empty(&host->ready) ||
        host->tx.cnt > 0) {
        return 0;
    }
    for (int i = 0; i < host->interface_cnt; ++i) {
        if (has_work(host->interfaces[i])) {
            return 0;
        }
    }
    return base_wheel_next(wheel);
}

/* What could not be terminated for lack of memory may be now. */
static void retry(struct toe_host *host)
{
    for (int i = 0; i < host->interface_cnt; ++i) {
        host->interfaces[i]->is_upload_due = true;
    }
}

static void expire(struct host_timer *timer)
{
    switch ((enum host_timer_kind)timer->kind) {
    case HOST_TIMER_CONN:
        host_conn_touch(base_container_of(timer, struct host_conn, timer));
        break;
    case HOST_TIMER_POLICY:
        host_policy_expire(base_container_of(timer, struct host_conn, policy));
        break;
    case HOST_TIMER_NEIGHBOR:
        host_neighbor_expire(base_container_of(timer, struct host_neighbor, timer));
        break;
    case HOST_TIMER_REACHABILITY:
        host_reachability_expire(base_container_of(timer, struct host_neighbor, reachability));
        break;
    case HOST_TIMER_RETRY:
        retry(base_container_of(timer, struct toe_host, retry));
        break;
    case HOST_TIMER_PATH_MTU:
        host_path_expire(base_container_of(timer, struct host_path, timer));
        break;
    }
}

static void run_timers(struct toe_host *host)
{
    struct base_timer *timer;

    while ((timer = base_wheel_pop(&host->wheel, host->now)) != NULL) {
        expire(base_container_of(timer, struct host_timer, timer));
    }
}

/* Serves the connections that are ready; who becomes ready meanwhile has his turn in the next run.
 */
static void run_ready(struct toe_host *host)
{
    struct base_list ready;
    struct base_list_node *node;

    base_list_init(&ready);
    base_list_splice(&ready, &host->ready);
    while ((node = base_list_pop_front(&ready)) != NULL) {
        struct host_conn *conn = base_container_of(node, struct host_conn, ready);

        switch ((enum toe_place)conn->place) {
        case TOE_PLACE_HOST:
            host_drive_run(conn);
            break;
        case TOE_PLACE_OFFLOADED:
            host_data_run(conn);
            break;
        case TOE_PLACE_OFFLOADING:
        case TOE_PLACE_UPLOADING:
        case TOE_PLACE_FROZEN:
            break; /* the end of the move touches it again */
        }
    }
}

static void run_interface(struct host_interface *interface)
{
    struct toe_buf *returns = interface->returns;

    interface->returns = NULL;
    if (returns != NULL) {
        interface->ops.receive_return(interface->target, returns);
    }
    if (interface->is_upload_due) {
        host_upload_run(interface);
    }
    if (interface->is_offload_due) {
        host_offload_run(interface);
    }
}

void toe_host_run(struct toe_host *host, toe_instant now)
{
    toe_assert(!host->is_running && now >= host->now);
    host->is_running = true;
    host->now = now;
    for (int i = 0; i < host->interface_cnt; ++i) {
        host_chimney_run(host->interfaces[i]);
    }
    host_input_run(host);
    run_timers(host);
    run_ready(host);
    for (int i = 0; i < host->interface_cnt; ++i) {
        run_interface(host->interfaces[i]);
    }
    host_sending_retry(host);
    host_tx_flush(host);
    host->is_running = false;
}

void toe_host_stats_get(const struct toe_host *host, struct toe_host_stats *stats)
{
    struct toe_host_stats all = host->stats;
    const uint32_t size = stats->size < sizeof(all) ? stats->size : (uint32_t)sizeof(all);

    all.size = stats->size;
    all.conn_cnt = host->conns.cnt + host->listeners.cnt;
    memcpy(stats, &all, size);
}
