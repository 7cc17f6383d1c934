/* SPDX-License-Identifier: MIT */
#include "nic/counters.h"

#include <jansson.h>
#include <string.h>

#include "exchange.h"

#define ADD(object, from, name) add(object, #name, (from).name)

/* --- one object --- */

static json_t *begin(const char *group)
{
    return json_pack("{ss ss}", "type", "counters", "group", group);
}

static void add(json_t *object, const char *name, uint64_t value)
{
    (void)json_object_set_new(object, name, json_integer((json_int_t)value));
}

static void label(json_t *object, const char *name, const char *value)
{
    (void)json_object_set_new(object, name, json_string(value));
}

/* Puts |object|, which is the function's from now on, into the list |out|. */
static void end(json_t *object, json_t *out)
{
    (void)json_array_append_new(out, object);
}

/* --- a lane --- */

/* The names are those of toe/stats.h, which has them from the offload model. */
static void list_protocols(const struct toe_stats *stats, json_t *out)
{
    for (int i = 0; i < 2; ++i) {
        const struct toe_tcp_stats *tcp = &stats->tcp[i];
        const struct toe_ip_stats *ip = &stats->ip[i];
        json_t *object = begin("tcp");

        label(object, "ip", i == 0 ? "4" : "6");
        ADD(object, *tcp, in_segments);
        ADD(object, *tcp, out_segments);
        ADD(object, *tcp, currently_established);
        ADD(object, *tcp, reset_established);
        ADD(object, *tcp, retransmitted_segments);
        ADD(object, *tcp, in_errors);
        ADD(object, *tcp, out_resets);
        end(object, out);

        object = begin("ip");
        label(object, "ip", i == 0 ? "4" : "6");
        ADD(object, *ip, in_receives);
        ADD(object, *ip, in_octets);
        ADD(object, *ip, in_delivers);
        ADD(object, *ip, out_requests);
        ADD(object, *ip, out_octets);
        ADD(object, *ip, in_header_errors);
        ADD(object, *ip, in_truncated_packets);
        ADD(object, *ip, in_discards);
        ADD(object, *ip, out_discards);
        ADD(object, *ip, out_no_routes);
        end(object, out);
    }
}

static void list_target(const struct toe_stats *stats, json_t *out)
{
    json_t *object = begin("target");

    ADD(object, *stats, tcp_cnt);
    ADD(object, *stats, path_cnt);
    ADD(object, *stats, neighbor_cnt);
    ADD(object, *stats, path_links);
    ADD(object, *stats, neighbor_links);
    ADD(object, *stats, bufs_indicated);
    ADD(object, *stats, initiated);
    ADD(object, *stats, terminated);
    ADD(object, *stats, frames_passed_up);
    ADD(object, *stats, ce_ignored);
    ADD(object, *stats, extensions_taken);
    ADD(object, *stats, extensions_ignored);
    end(object, out);
    for (int i = TOE_DROP_NONE + 1; i < TOE_DROP_CNT; ++i) {
        object = begin("drop");
        label(object, "reason", toe_drop_name((enum toe_drop)i));
        add(object, "frames", stats->drops[i]);
        end(object, out);
    }
}

static void list_kernel(const struct emu_lane *lane, json_t *out)
{
    struct emu_kernel_stats stats;
    json_t *object = begin("kernel");

    emu_kernel_stats_get(lane->kernel, &stats);
    ADD(object, stats, conns);
    ADD(object, stats, offloaded);
    ADD(object, stats, offloads);
    ADD(object, stats, uploads);
    ADD(object, stats, refusals);
    ADD(object, stats, refusals_full);
    ADD(object, stats, host_frames);
    ADD(object, stats, host_ordinary);
    ADD(object, stats, host_resent);
    ADD(object, stats, host_bad);
    ADD(object, stats, other_vlan);
    ADD(object, stats, neighbor_updates);
    ADD(object, stats, path_updates);
    ADD(object, stats, window_updates);
    ADD(object, stats, relinks);
    ADD(object, stats, invalidations);
    ADD(object, stats, confirmations);
    ADD(object, stats, too_big);
    ADD(object, stats, news_lost);
    ADD(object, stats, neighbor_queries);
    add(object, "policy_moves", lane->policy.moves);
    end(object, out);
    for (int i = EMU_WHY_NONE + 1; i < EMU_WHY_CNT; ++i) {
        object = begin("upload");
        label(object, "reason", emu_why_name((enum emu_why)i));
        add(object, "connections", stats.uploads_for[i]);
        end(object, out);
    }
}

static void list_port(const struct emu_port *port, const char *side, json_t *out)
{
    json_t *object = begin("port");

    label(object, "side", side);
    label(object, "port", port->name);
    ADD(object, port->stats, in_frames);
    ADD(object, port->stats, in_bytes);
    ADD(object, port->stats, in_errors);
    ADD(object, port->stats, in_lost);
    ADD(object, port->stats, in_too_long);
    ADD(object, port->stats, in_split);
    ADD(object, port->stats, in_finished);
    ADD(object, port->stats, out_frames);
    ADD(object, port->stats, out_bytes);
    ADD(object, port->stats, out_lost);
    end(object, out);
}

static void list_faults(const struct emu_lane *lane, json_t *out)
{
    struct emu_fault_stats stats[2];

    emu_fault_stats_get(lane->wire, &stats[0], &stats[1]);
    for (int i = 0; i < 2; ++i) {
        json_t *object = begin("fault");

        label(object, "direction", i == 0 ? "in" : "out");
        ADD(object, stats[i], frames);
        ADD(object, stats[i], lost);
        ADD(object, stats[i], reordered);
        ADD(object, stats[i], duplicated);
        ADD(object, stats[i], corrupted);
        ADD(object, stats[i], marked);
        ADD(object, stats[i], delayed);
        ADD(object, stats[i], overflowed);
        end(object, out);
    }
}

static void list_pump(const struct emu_lane *lane, json_t *out)
{
    struct emu_pump_stats stats;
    json_t *object = begin("pump");

    emu_pump_stats_get(lane->pump, &stats);
    ADD(object, stats, wakeups);
    ADD(object, stats, rounds);
    ADD(object, stats, stalls);
    ADD(object, stats, vigils);
    ADD(object, stats, vigils_in_vain);
    ADD(object, stats, timers);
    ADD(object, stats, timers_late);
    add(object, "timers_late_max_ns", stats.late_max);
    end(object, out);
}

/* The same objects in the same order, whichever lane it is. */
static void list_lane(const struct emu_lane *lane, json_t *out)
{
    struct toe_stats stats = {.size = sizeof(stats)};

    toe_target_ops()->stats_get(lane->target, &stats);
    list_protocols(&stats, out);
    list_target(&stats, out);
    list_kernel(lane, out);
    list_port(lane->host, "host", out);
    list_port(lane->wire, "wire", out);
    list_faults(lane, out);
    list_pump(lane, out);
}

/* What a lane had to do, and how well the sides found the lane that a frame belongs to. */
static void list_queue(const struct emu_lane *lane, json_t *out)
{
    static const char *const sides[] = {"host", "wire"};
    const struct emu_port *ports[] = {lane->host, lane->wire};
    struct emu_kernel_stats stats;
    char number[12];

    emu_kernel_stats_get(lane->kernel, &stats);
    (void)snprintf(number, sizeof(number), "%u", lane->number);
    for (int i = 0; i < 2; ++i) {
        struct emu_exchange_stats exchanged = {.taken = 0};
        json_t *object = begin("queue");

        if (lane->exchanges[i] != NULL) {
            emu_exchange_stats_get(lane->exchanges[i], &exchanged);
        }
        label(object, "queue", number);
        label(object, "side", sides[i]);
        ADD(object, ports[i]->stats, in_frames);
        ADD(object, ports[i]->stats, out_frames);
        ADD(object, exchanged, taken);
        ADD(object, exchanged, handed);
        ADD(object, exchanged, lost);
        if (i == 0) {
            ADD(object, stats, conns);
            ADD(object, stats, offloaded);
            ADD(object, stats, offloads);
        }
        end(object, out);
    }
}

/* --- all lanes --- */

struct collection {
    json_t *counters; /* sums over the lanes, */
    json_t *queues;   /* and what tells them apart */
    struct emu_kernel_times times;
    struct emu_lane_memory memory;
};

/* What is counted is added up; of largest values the largest counts. */
static void merge(json_t *into, const json_t *object)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        const json_int_t here = json_integer_value(json_object_get(into, name));
        const json_int_t there = json_integer_value(value);

        if (!json_is_integer(value)) {
            continue; /* of what it is counted */
        }
        if (strstr(name, "_max") == NULL) {
            add(into, name, (uint64_t)(here + there));
        } else {
            add(into, name, (uint64_t)(here > there ? here : there));
        }
    }
}

static void collect(struct emu_lane *lane, void *user)
{
    struct collection *all = user;
    json_t *counters = json_array();

    list_lane(lane, counters);
    list_queue(lane, all->queues);
    emu_histogram_merge(&all->times.offloads, &emu_kernel_times(lane->kernel)->offloads);
    emu_histogram_merge(&all->times.uploads, &emu_kernel_times(lane->kernel)->uploads);
    emu_lane_memory_add(lane, &all->memory);
    if (all->counters == NULL) {
        all->counters = counters;
        return;
    }
    for (size_t i = 0; i < json_array_size(counters); ++i) {
        merge(json_array_get(all->counters, i), json_array_get(counters, i));
    }
    json_decref(counters);
}

/* The buckets are pairs, where one begins and how often, of those that are not empty. */
static void list_times(const struct emu_histogram *histogram, const char *way, json_t *out)
{
    json_t *object = begin("move_time");
    json_t *buckets = json_array();

    label(object, "way", way);
    add(object, "moves", histogram->cnt);
    add(object, "p50_ns", emu_histogram_quantile(histogram, 0.5));
    add(object, "p99_ns", emu_histogram_quantile(histogram, 0.99));
    add(object, "p100_ns", histogram->max);
    for (uint32_t i = 0; i < EMU_HISTOGRAM_BUCKETS; ++i) {
        if (histogram->buckets[i] != 0) {
            (void)json_array_append_new(buckets,
                                        json_pack("[II]", (json_int_t)emu_histogram_from(i),
                                                  (json_int_t)histogram->buckets[i]));
        }
    }
    (void)json_object_set_new(object, "buckets", buckets);
    end(object, out);
}

static void list_memory(const struct emu_lane_memory *memory, json_t *out)
{
    json_t *object = begin("memory");

    add(object, "target_bytes", memory->target);
    add(object, "kernel_bytes", memory->kernel);
    add(object, "empty_bytes", memory->empty);
    add(object, "connection_bytes", emu_lane_memory_each(memory));
    end(object, out);
}

void emu_counters_write(struct emu_nic *nic, FILE *out)
{
    struct collection all = {.counters = NULL, .queues = json_array()};
    size_t i;
    json_t *object;

    emu_nic_each(nic, collect, &all);
    list_times(&all.times.offloads, "offload", all.counters);
    list_times(&all.times.uploads, "upload", all.counters);
    list_memory(&all.memory, all.counters);
    (void)json_array_extend(all.counters, all.queues);
    json_array_foreach(all.counters, i, object)
    {
        (void)json_dumpf(object, out, JSON_COMPACT);
        (void)fputc('\n', out);
    }
    json_decref(all.queues);
    json_decref(all.counters);
}
