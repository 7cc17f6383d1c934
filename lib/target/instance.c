/* SPDX-License-Identifier: MIT */
#include "target/instance.h"

#include "base/assert.h"
#include "base/mem.h"
#include "base/rand.h"
#include "target/lent.h"
#include "target/object.h"
#include "target/worth.h"
#include "tcp/congestion.h"
#include "tcp/scoreboard.h"
#include "wire/ether.h"

#include <string.h>

#define DELAYED_ACK_MAX (500 * TOE_NS_PER_MS) /* RFC 9293, 3.8.6.3 */
#define OBJECT_CNT_MAX (UINT32_C(1) << 28)    /* what a handle has room for, and more than enough */
#define MTU_MAX (65535u)

void toe_target_settings_default(struct toe_target_settings *settings)
{
    *settings = (struct toe_target_settings){
        .size = sizeof(*settings),
        .mem = *base_mem_default(),
        .profile = TOE_PROFILE_MODERN,
        .congestion = TOE_CONGESTION_DEFAULT,
        .send_return = TOE_SEND_RETURN_CHAIN,
        .ipv4 = true,
        .ipv6 = true,
        .sack = true,
        .mtu_max = 9000,
        .rcv_wnd_max = 16 * 1024 * 1024,
        .tcp_max = 65536,
        .path_max = 65536,
        .neighbor_max = 4096,
        .src_mac_max = 16,
        .src_addr_max = 256,
        .vlan_max = 64,
        .rcv_chunk_max = 65536,
        .user_priority = true,
        .mtu_floor = 552,
        .challenge_max = 1000,
        .rto_min = 300 * TOE_NS_PER_MS, /* TMR-091 */
        .extension = true,
        .pacing = true,
        .ecn = true,
        .accecn = true,
        .tuning = TOE_TUNING_DEFAULT,
    };
}

/* --- parameters --- */

toe_duration target_ticks_ns(const struct toe_target *target, uint32_t ticks)
{
    return ticks * target->tick; /* a tick is at most 10^8 ns: this fits */
}

static toe_duration at_most(toe_duration a, toe_duration b)
{
    return a < b ? a : b;
}

void target_params_apply(struct toe_target *target)
{
    const struct toe_params *params = &target->params;
    struct tcp_config *config = &target->tcp_config;

    target->tick = TOE_NS_PER_SEC / params->ticks_per_second;
    target->push = target_ticks_ns(target, params->push_ticks);
    target->stale_after = params->nce_stale_ticks == UINT32_MAX
                              ? TOE_INSTANT_NEVER
                              : target_ticks_ns(target, params->nce_stale_ticks);

    config->ticks_per_second = params->ticks_per_second;
    config->ack_frequency = params->ack_frequency;
    config->max_retransmissions = params->max_retransmissions;
    config->doubt_retransmissions = params->doubt_reachability_retransmissions;
    config->duplicate_ack_threshold = (uint8_t)at_most(params->duplicate_ack_threshold, UINT8_MAX);
    config->delayed_ack =
        at_most(target_ticks_ns(target, params->delayed_ack_ticks), DELAYED_ACK_MAX);
    config->sws_prevention = target_ticks_ns(target, params->sws_prevention_ticks);
}

uint32_t target_mtu_max(const struct toe_target *target)
{
    const uint32_t most = target->caps.mtu_max;

    if (!target_is_snap(target)) {
        return most;
    }
    /* The length of an 802.3 frame has a limit of its own. */
    return (most < WIRE_ETHER_802_3_MAX ? most : WIRE_ETHER_802_3_MAX) - WIRE_ETHER_SNAP_LEN;
}

static const struct tcp_cc_ops *congestion_of(const struct toe_target_settings *settings)
{
    switch (settings->congestion) {
    case TOE_CONGESTION_DEFAULT:
        break;
    case TOE_CONGESTION_NEWRENO:
        return &tcp_cc_newreno;
    case TOE_CONGESTION_CUBIC:
        return &tcp_cc_cubic;
    case TOE_CONGESTION_NONE:
        return &tcp_cc_none;
    case TOE_CONGESTION_BBR:
        if (settings->profile == TOE_PROFILE_MODERN) {
            return &tcp_cc_bbr;
        }
        break;
    }
    return settings->profile == TOE_PROFILE_COMPAT ? &tcp_cc_newreno : &tcp_cc_cubic;
}

static void init_config(struct toe_target *target)
{
    const struct toe_target_settings *settings = &target->settings;

    target->tcp_config = (struct tcp_config){
        .idle = &target_idle.tcp,
        .rto_min = settings->rto_min,
        .push_burst = settings->push_burst,
        .super_max = TARGET_TEXT_MAX,
        .rack_threshold = settings->rack_threshold,
        .tuning = settings->tuning,
        .rto_max = 60 * TOE_NS_PER_SEC,
        .rto_initial = TOE_NS_PER_SEC, /* TMR-093 */
        .fin_wait_2 = 120 * TOE_NS_PER_SEC,
        .time_wait = 60 * TOE_NS_PER_SEC,
        .initial_window = 10,
        .cc = congestion_of(settings),
        .nagle_strict = settings->nagle_strict,
        .push_at_end = settings->push_at_end,
        .acks_consumed = settings->ack_when != TOE_ACK_RECEIVED,
        .rfc5961_syn = settings->rfc5961_syn,
        .urgent_uploads = true,
        .time_wait_uploads = true,
        .ssthresh_flight = settings->profile == TOE_PROFILE_MODERN,
        .validates_cwnd = settings->profile == TOE_PROFILE_MODERN,
        .has_hystart = settings->profile == TOE_PROFILE_MODERN,
        .is_paced = settings->pacing && settings->profile == TOE_PROFILE_MODERN,
        .bus = settings->bus,
        .chunks = &target->chunks,
        .scoreboards = &target->scoreboards,
        .flights = settings->profile == TOE_PROFILE_MODERN ? &target->flights : NULL,
        .challenges = settings->challenge_max != 0 ? &target->challenges : NULL,
        .text = target_delivery_text,
    };
    if (settings->profile == TOE_PROFILE_COMPAT) {
        target->tcp_config.tuning.mtu_probing = TOE_MTU_PROBING_OFF;
    }
    toe_params_default(&target->params);
    target_params_apply(target);
}

/* --- life --- */

static uint32_t at_most_objects(uint32_t cnt)
{
    return cnt < OBJECT_CNT_MAX ? cnt : OBJECT_CNT_MAX;
}

static void init_caps(struct toe_target *target)
{
    struct toe_target_settings *settings = &target->settings;

    settings->tcp_max = at_most_objects(settings->tcp_max);
    settings->path_max = at_most_objects(settings->path_max);
    settings->neighbor_max = at_most_objects(settings->neighbor_max);
    target->caps = (struct toe_caps){
        .size = sizeof(target->caps),
        .ipv4 = settings->ipv4,
        .ipv6 = settings->ipv6,
        .sack = settings->sack,
        .user_priority = settings->user_priority,
        .tcp_max = settings->tcp_max,
        .path_max = settings->path_max,
        .neighbor_max = settings->neighbor_max,
        .mtu_max = settings->mtu_max,
        .rcv_wnd_max = settings->rcv_wnd_max,
        .extension = settings->extension ? TOE_EXTENSION_VERSION : 0,
        .ecn = settings->ecn,
        .accecn = settings->accecn && settings->ecn && settings->extension,
    };
    memcpy(target->caps.mac, settings->mac, TOE_MAC_LEN);
}

static void init_pools(struct toe_target *target)
{
    const struct toe_target_settings *settings = &target->settings;
    const struct toe_mem *mem = &settings->mem;

    base_slab_init(&target->neighbors, mem, sizeof(struct target_neighbor), settings->neighbor_max,
                   16);
    base_slab_init(&target->paths, mem, sizeof(struct target_path), settings->path_max, 16);
    base_slab_init(&target->tcps, mem, sizeof(struct target_tcp), settings->tcp_max, 64);
    base_slab_init(&target->busies, mem, sizeof(struct target_busy), settings->tcp_max, 16);
    base_slab_init(&target->chunks, mem, sizeof(struct target_chunk),
                   at_most_objects(settings->rcv_chunk_max), 64);
    base_slab_init(&target->worths, mem, sizeof(struct target_worth), settings->tcp_max, 16);
    base_slab_init(&target->scoreboards, mem, sizeof(struct tcp_scoreboard), settings->tcp_max, 16);
    tcp_flight_pools_init(&target->flights, mem, settings->tcp_max);
}

static struct base_siphash_key key_from(struct base_rand *rand)
{
    const uint64_t k0 = base_rand_u64(rand);

    return (struct base_siphash_key){.k0 = k0, .k1 = base_rand_u64(rand)};
}

static int init_tables(struct toe_target *target)
{
    const struct toe_target_settings *settings = &target->settings;
    const struct toe_mem *mem = &settings->mem;
    struct base_rand rand;

    base_rand_init(&rand, settings->seed);
    tcp_budget_init(&target->challenges, settings->challenge_max, base_rand_u64(&rand));
    if (target_demux_init(&target->demux, mem, key_from(&rand)) != 0 ||
        target_keyset_init(&target->src_macs, mem, key_from(&rand), settings->src_mac_max) != 0 ||
        target_keyset_init(&target->src_addrs, mem, key_from(&rand), settings->src_addr_max) != 0 ||
        target_keyset_init(&target->vlans, mem, key_from(&rand), settings->vlan_max) != 0) {
        return -1;
    }
    return 0;
}

static int copy_vlans(struct toe_target *target)
{
    const size_t size = target->settings.vlan_cnt * sizeof(uint16_t);
    const uint16_t *vlans = target->settings.vlans;
    uint16_t *copy;

    target->settings.vlans = NULL;
    if (size == 0) {
        return 0;
    }
    copy = base_mem_alloc(&target->settings.mem, size);
    if (copy == NULL) {
        target->settings.vlan_cnt = 0;
        return -1;
    }
    memcpy(copy, vlans, size);
    target->settings.vlans = copy;
    return 0;
}

static bool is_sensible(const struct toe_target_settings *settings)
{
    return settings->wire != NULL && settings->mem.alloc != NULL && settings->mem.free != NULL &&
           settings->mtu_max <= MTU_MAX && (settings->vlan_cnt == 0 || settings->vlans != NULL) &&
           settings->tcp_max > 0 && settings->path_max > 0 && settings->neighbor_max > 0 &&
           settings->rcv_chunk_max > 0 && (settings->ipv4 || settings->ipv6); /* CAP-2 */
}

struct toe_target *toe_target_new(const struct toe_target_settings *settings)
{
    struct toe_target_settings own;
    struct toe_target *target;

    toe_target_settings_default(&own);
    memcpy(&own, settings, settings->size < sizeof(own) ? settings->size : sizeof(own));
    own.size = sizeof(own);
    if (!is_sensible(&own)) {
        return NULL;
    }
    target = base_mem_alloc(&own.mem, sizeof(*target));
    if (target == NULL) {
        return NULL;
    }

    target->settings = own;
    memcpy(&target->wire, own.wire,
           own.wire->size < sizeof(target->wire) ? own.wire->size : sizeof(target->wire));
    base_list_init(&target->ready);
    base_wheel_init(&target->wheel, 0);
    init_caps(target);
    init_pools(target);
    init_config(target);
    toe_target_ops()->attach(target, NULL, NULL);
    if (copy_vlans(target) != 0 || target_egress_init(&target->egress, &own.mem) != 0) {
        goto fail;
    }
    target->scratch = base_mem_alloc(&own.mem, TARGET_SCRATCH_LEN);
    if (target->scratch == NULL || init_tables(target) != 0) {
        goto fail;
    }
    return target;

fail:
    toe_target_del(target);
    return NULL;
}

void toe_target_del(struct toe_target *target)
{
    const struct toe_mem mem = target->settings.mem;

    for (uint32_t i = 0; i < target->tcps.cap; ++i) {
        struct target_tcp *tcp = base_slab_at(&target->tcps, i);

        if (tcp != NULL) {
            target_held_drop(target, target_busy_of(tcp)->held);
        }
    }
    target_held_drop(target, target->ordinary.released);
    target_lent_fini(&target->chunks);
    target_keyset_fini(&target->vlans);
    target_keyset_fini(&target->src_addrs);
    target_keyset_fini(&target->src_macs);
    target_demux_fini(&target->demux);
    base_slab_fini(&target->worths);
    base_slab_fini(&target->scoreboards);
    tcp_flight_pools_fini(&target->flights);
    base_slab_fini(&target->chunks);
    base_slab_fini(&target->tcps);
    base_slab_fini(&target->busies);
    base_slab_fini(&target->paths);
    base_slab_fini(&target->neighbors);
    base_mem_free(&mem, target->scratch, TARGET_SCRATCH_LEN);
    target_egress_fini(&target->egress, &mem);
    base_mem_free(&mem, (void *)(uintptr_t)target->settings.vlans,
                  target->settings.vlan_cnt * sizeof(uint16_t));
    base_mem_free(&mem, target, sizeof(*target));
}
