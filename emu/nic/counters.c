/* SPDX-License-Identifier: MIT */
#include "nic/counters.h"

#include <jansson.h>

#define ADD(object, from, name) add(object, #name, (from).name)

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

static void end(json_t *object, FILE *out)
{
    if (object != NULL) {
        (void)json_dumpf(object, out, JSON_COMPACT);
        (void)fputc('\n', out);
    }
    json_decref(object);
}

/* The names are those of toe/stats.h, which has them from the offload model. */
static void write_protocols(const struct toe_stats *stats, FILE *out)
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

static void write_target(const struct toe_stats *stats, FILE *out)
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

static void write_kernel(const struct emu_nic *nic, FILE *out)
{
    struct emu_kernel_stats stats;
    json_t *object = begin("kernel");

    emu_kernel_stats_get(nic->kernel, &stats);
    ADD(object, stats, conns);
    ADD(object, stats, offloaded);
    ADD(object, stats, offloads);
    ADD(object, stats, uploads);
    ADD(object, stats, refusals);
    ADD(object, stats, host_frames);
    ADD(object, stats, host_ordinary);
    ADD(object, stats, host_resent);
    ADD(object, stats, host_bad);
    ADD(object, stats, neighbor_updates);
    ADD(object, stats, path_updates);
    ADD(object, stats, window_updates);
    ADD(object, stats, relinks);
    ADD(object, stats, invalidations);
    ADD(object, stats, confirmations);
    ADD(object, stats, too_big);
    ADD(object, stats, news_lost);
    ADD(object, stats, neighbor_queries);
    add(object, "policy_moves", nic->policy.moves);
    end(object, out);
    for (int i = EMU_WHY_NONE + 1; i < EMU_WHY_CNT; ++i) {
        object = begin("upload");
        label(object, "reason", emu_why_name((enum emu_why)i));
        add(object, "connections", stats.uploads_for[i]);
        end(object, out);
    }
}

static void write_memory(const struct emu_nic *nic, FILE *out)
{
    struct emu_nic_memory memory;
    json_t *object = begin("memory");

    emu_nic_memory_get(nic, &memory);
    add(object, "target_bytes", memory.target);
    add(object, "kernel_bytes", memory.kernel);
    add(object, "empty_bytes", memory.empty);
    add(object, "connection_bytes", memory.connection);
    end(object, out);
}

static void write_port(const struct emu_port *port, const char *side, FILE *out)
{
    json_t *object = begin("port");

    label(object, "side", side);
    label(object, "port", port->name);
    ADD(object, port->stats, in_frames);
    ADD(object, port->stats, in_bytes);
    ADD(object, port->stats, in_errors);
    ADD(object, port->stats, in_split);
    ADD(object, port->stats, in_finished);
    ADD(object, port->stats, out_frames);
    ADD(object, port->stats, out_bytes);
    ADD(object, port->stats, out_lost);
    end(object, out);
}

static void write_faults(const struct emu_nic *nic, FILE *out)
{
    struct emu_fault_stats stats[2];

    emu_fault_stats_get(nic->wire, &stats[0], &stats[1]);
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

void emu_counters_write(struct emu_nic *nic, FILE *out)
{
    struct toe_stats stats = {.size = sizeof(stats)};
    struct emu_pump_stats pump;
    json_t *object = begin("pump");

    toe_target_ops()->stats_get(nic->target, &stats);
    write_protocols(&stats, out);
    write_target(&stats, out);
    write_kernel(nic, out);
    write_memory(nic, out);
    write_port(nic->host, "host", out);
    write_port(nic->wire, "wire", out);
    write_faults(nic, out);
    emu_pump_stats_get(nic->pump, &pump);
    ADD(object, pump, wakeups);
    ADD(object, pump, rounds);
    ADD(object, pump, stalls);
    ADD(object, pump, timers);
    ADD(object, pump, timers_late);
    add(object, "timers_late_max_ns", pump.late_max);
    end(object, out);
}
