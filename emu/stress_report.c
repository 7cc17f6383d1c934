/* SPDX-License-Identifier: MIT */
#include "stress_report.h"

#include <inttypes.h>
#include <string.h>

#include "endurance/endurance.h"
#include "stress_sums.h"
#include "toe/drop.h"
#include "toe/seam.h"

const char *emu_stress_verdict_name(enum emu_stress_verdict verdict)
{
    switch (verdict) {
    case EMU_VERDICT_PASS:
        return "pass";
    case EMU_VERDICT_FAIL:
        return "fail";
    case EMU_VERDICT_INTERRUPTED:
        return "interrupted";
    }
    return "?";
}

#define MIB 1048576.0

/* --- JSON --- */

static void set_number(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

/* Numbers by connection state, those that are not zero. */
static json_t *by_state(const uint64_t counts[11])
{
    json_t *object = json_object();

    for (unsigned i = 0; i < 11; ++i) {
        if (counts[i] != 0) {
            set_number(object, toe_conn_state_name((enum toe_conn_state)i), counts[i]);
        }
    }
    return object;
}

static json_t *by_reason(const uint64_t counts[12])
{
    json_t *object = json_object();

    for (unsigned i = 1; i < 12; ++i) {
        if (counts[i] != 0) {
            set_number(object, toe_upload_reason_name(i), counts[i]);
        }
    }
    return object;
}

static json_t *by_status(const struct emu_stress_result *result)
{
    json_t *object = json_object();

    for (size_t i = 0; i < sizeof(result->failures) / sizeof(result->failures[0]); ++i) {
        if (result->failures[i].cnt != 0) {
            set_number(object, toe_status_name(result->failures[i].status),
                       result->failures[i].cnt);
        }
    }
    return object;
}

static json_t *by_drop(const struct emu_stress_result *result)
{
    json_t *object = json_object();

    for (unsigned i = 1; i < TOE_DROP_CNT; ++i) {
        const uint64_t cnt = result->host.drops[i] + result->target.drops[i];

        if (cnt != 0) {
            set_number(object, toe_drop_name((enum toe_drop)i), cnt);
        }
    }
    return object;
}

const char *emu_stress_chaos_name(unsigned kind)
{
    return kind < TOE_INTER_FAULT_CNT
               ? toe_inter_fault_kind_name((enum toe_inter_fault_kind)kind)
               : emu_weather_kind_name((enum emu_weather_kind)(kind - TOE_INTER_FAULT_CNT));
}

static json_t *by_kind(const struct emu_stress_result *result)
{
    json_t *object = json_object();

    for (unsigned i = 0; i < EMU_CHAOS_CNT; ++i) {
        if (result->injected[i] != 0) {
            set_number(object, emu_stress_chaos_name(i), result->injected[i]);
        }
    }
    return object;
}

/* Connections by family and opener. */
static json_t *by_class(const struct emu_stress_result *result)
{
    json_t *array = json_array();

    for (unsigned i = 0; i < 4; ++i) {
        const struct emu_stress_class *class = &result->classes[i / 2][i % 2];
        json_t *object = json_object();

        set_number(object, "family", i / 2 == 0 ? 4 : 6);
        json_object_set_new(object, "opener", json_string(i % 2 == 0 ? "us" : "peer"));
        set_number(object, "asked", class->asked);
        set_number(object, "sack", class->sack);
        set_number(object, "timestamps", class->timestamps);
        set_number(object, "window_scaling", class->window_scaling);
        set_number(object, "ecn", class->ecn);
        set_number(object, "finished", class->finished);
        set_number(object, "sent", class->sent);
        set_number(object, "received", class->received);
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *of_size(const struct emu_soak_size *size)
{
    json_t *object = json_object();

    set_number(object, "second_quarter", size->second);
    set_number(object, "last_quarter", size->last);
    set_number(object, "peak", size->peak);
    return object;
}

static json_t *of_soak(const struct emu_soak_result *soak)
{
    json_t *object = json_object();

    json_object_set_new(object, "memory_taken", of_size(&soak->taken));
    json_object_set_new(object, "memory_resident", of_size(&soak->resident));
    set_number(object, "sequence_wraps", soak->sequence_wraps);
    set_number(object, "timestamp_wraps", soak->timestamp_wraps);
    set_number(object, "bytes_most", soak->bytes_most);
    json_object_set_new(object, "seconds_most", json_real(soak->seconds_most));
    return object;
}

/* What was done to frames of one direction, and what they tell of marks. */
static json_t *of_lane(const struct emu_fault_stats *stats)
{
    json_t *object = json_object();

    set_number(object, "lost", stats->lost);
    set_number(object, "reordered", stats->reordered);
    set_number(object, "duplicated", stats->duplicated);
    set_number(object, "corrupted", stats->corrupted);
    set_number(object, "marked", stats->marked);
    set_number(object, "echoed", stats->echoed);
    set_number(object, "reduced", stats->reduced);
    return object;
}

static void set_moves(json_t *object, const struct emu_stress_result *result)
{
    const struct toe_host_stats *host = &result->host;

    set_number(object, "offloads_failed", result->offloads_failed);
    json_object_set_new(object, "offloads_failed_status", by_status(result));
    json_object_set_new(object, "offloads_in_state", by_state(host->offloaded_in_state));
    json_object_set_new(object, "uploads_in_state", by_state(host->uploaded_in_state));
    set_number(object, "offloads_with_unacked", host->offloaded_with_unacked);
    set_number(object, "offloads_with_received", host->offloaded_with_received);
    set_number(object, "offloads_zero_window", host->offloaded_zero_window);
    set_number(object, "uploads_with_unacked", host->uploaded_with_unacked);
    set_number(object, "uploads_with_received", host->uploaded_with_received);
    set_number(object, "uploads_zero_window", host->uploaded_zero_window);
    json_object_set_new(object, "upload_reasons", by_reason(host->upload_reasons));
    set_number(object, "forwarded", host->forwarded);
}

json_t *emu_stress_report_object(const struct emu_stress_result *result, const char *type)
{
    json_t *object = json_object();
    char digest[20];

    snprintf(digest, sizeof(digest), "%016" PRIx64, result->digest);
    json_object_set_new(object, "type", json_string(type));
    json_object_set_new(object, "command", json_string("stress"));
    if (strcmp(type, "progress") != 0) {
        json_object_set_new(object, "verdict",
                            json_string(emu_stress_verdict_name(result->verdict)));
        json_object_set_new(object, "fault",
                            result->fault[0] == '\0' ? json_null() : json_string(result->fault));
    }
    set_number(object, "seed", result->seed);
    json_object_set_new(object, "digest", json_string(digest));
    set_number(object, "connections_opened", result->connections_opened);
    set_number(object, "connections_finished", result->connections_finished);
    set_number(object, "connections_now", result->connections_now);
    set_number(object, "connections_peak", result->connections_peak);
    set_number(object, "bytes", result->bytes);
    set_number(object, "bytes_wrong", result->bytes_wrong);
    set_number(object, "offloads", result->offloads);
    set_number(object, "uploads", result->uploads);
    set_number(object, "resets", result->resets);
    set_number(object, "resets_wanted", result->resets_wanted);
    set_number(object, "connections_lost", result->connections_lost);
    set_number(object, "resets_lost", result->resets_lost);
    set_number(object, "refused", result->refused);
    set_number(object, "stalls", result->stalls);
    set_number(object, "leftover", result->leftover);
    set_number(object, "breaches", result->breaches);
    json_object_set_new(object, "virtual_seconds", json_real(result->virtual_seconds));
    json_object_set_new(object, "wall_seconds", json_real(result->wall_seconds));
    if (result->cpu_seconds > 0) {
        json_object_set_new(object, "busy_seconds", json_real(result->busy_seconds));
        json_object_set_new(object, "cpu_seconds", json_real(result->cpu_seconds));
    }
    set_number(object, "frames", result->frames);
    set_number(object, "frames_lost", result->frames_lost);
    set_number(object, "retransmitted", emu_sums_retransmitted(result));
    if (strcmp(type, "progress") != 0) {
        set_moves(object, result);
        json_object_set_new(object, "drops", by_drop(result));
        json_object_set_new(object, "chaos", by_kind(result));
        json_object_set_new(object, "classes", by_class(result));
        if (result->soak.is_one) {
            json_object_set_new(object, "soak", of_soak(&result->soak));
        }
        json_object_set_new(object, "faults_in", of_lane(&result->faults_in));
        json_object_set_new(object, "faults_out", of_lane(&result->faults_out));
        if (result->endurance != NULL) {
            json_object_set_new(object, "requirements", emu_endurance_json(result->endurance));
        }
    }
    return object;
}

/* --- text --- */

static double megabytes(const struct emu_stress_result *result)
{
    return (double)result->bytes / 1e6;
}

void emu_stress_report_line(char *out, size_t size, const struct emu_stress_result *result)
{
    const double speed =
        result->wall_seconds > 0 ? result->virtual_seconds / result->wall_seconds : 0;

    snprintf(out, size,
             "%.1f s (%.1f x real time), %u connections, %" PRIu64 " finished, %.1f MB checked, "
             "%" PRIu64 " offloads, %" PRIu64 " uploads, %" PRIu64 " resets, %" PRIu64 " wrong",
             result->virtual_seconds, speed, result->connections_now, result->connections_finished,
             megabytes(result), result->offloads, result->uploads, result->resets,
             result->bytes_wrong);
}

/* Prints the entries of an object of numbers on one line, if there are any. */
static void print_counts(FILE *out, const char *title, json_t *object)
{
    const char *key;
    json_t *value;

    if (json_object_size(object) > 0) {
        fprintf(out, "%s:", title);
        json_object_foreach(object, key, value)
        {
            fprintf(out, " %s %" JSON_INTEGER_FORMAT, key, json_integer_value(value));
        }
        fprintf(out, "\n");
    }
    json_decref(object);
}

static void print_size(FILE *out, const char *title, const struct emu_soak_size *size)
{
    fprintf(out, "%s: %.1f MiB in the second quarter, %.1f in the last, %.1f at most\n", title,
            (double)size->second / MIB, (double)size->last / MIB, (double)size->peak / MIB);
}

static void print_soak(FILE *out, const struct emu_soak_result *soak)
{
    print_size(out, "memory of hosts and targets", &soak->taken);
    print_size(out, "memory of the process", &soak->resident);
    fprintf(out,
            "wraps: %" PRIu64 " of sequence numbers, %" PRIu64 " of timestamps; one connection "
            "carried %.1f GiB one way, one lasted %.1f days\n",
            soak->sequence_wraps, soak->timestamp_wraps, (double)soak->bytes_most / (MIB * 1024),
            soak->seconds_most / 86400);
}

void emu_stress_report_text(FILE *out, const struct emu_stress_result *result)
{
    const struct toe_host_stats *host = &result->host;

    fprintf(out, "seed %" PRIu64 ", ", result->seed);
    if (result->digest != 0) {
        fprintf(out, "digest %016" PRIx64 ", ", result->digest);
    }
    fprintf(out, "%.1f seconds in %.1f\n", result->virtual_seconds, result->wall_seconds);
    if (result->cpu_seconds > 0) {
        fprintf(out,
                "speed: %.0f virtual seconds for each second of a processor, %.0f with "
                "connections open\n",
                result->virtual_seconds / result->cpu_seconds,
                result->busy_seconds / result->cpu_seconds);
    }
    fprintf(out,
            "connections: %" PRIu64 " opened, %" PRIu64 " finished, %u at once at most, %" PRIu64
            " left over\n",
            result->connections_opened, result->connections_finished, result->connections_peak,
            result->leftover);
    fprintf(out, "bytes: %" PRIu64 " checked, %" PRIu64 " wrong\n", result->bytes,
            result->bytes_wrong);
    fprintf(out,
            "resets: %" PRIu64 " unexpected, %" PRIu64 " wanted; %" PRIu64 " refused, %" PRIu64
            " stalled\n",
            result->resets, result->resets_wanted, result->refused, result->stalls);
    fprintf(out, "contract between host and target: %" PRIu64 " breaches\n", result->breaches);
    if (result->connections_lost != 0) {
        fprintf(out,
                "lost with corrupt hardware: %" PRIu64 " connections, %" PRIu64
                " of which were reset at their other ends\n",
                result->connections_lost, result->resets_lost);
    }
    fprintf(out,
            "frames: %" PRIu64 ", %" PRIu64 " lost; %" PRIu64 " segments retransmitted, %" PRIu64
            " forwarded\n",
            result->frames, result->frames_lost, emu_sums_retransmitted(result), host->forwarded);
    fprintf(out, "moves: %" PRIu64 " offloads, %" PRIu64 " failed, %" PRIu64 " uploads\n",
            result->offloads, result->offloads_failed, result->uploads);
    fprintf(out,
            "offloads with: unacknowledged data %" PRIu64 ", received data %" PRIu64
            ", zero window %" PRIu64 "; uploads: %" PRIu64 ", %" PRIu64 ", %" PRIu64 "\n",
            host->offloaded_with_unacked, host->offloaded_with_received,
            host->offloaded_zero_window, host->uploaded_with_unacked, host->uploaded_with_received,
            host->uploaded_zero_window);
    if (result->soak.is_one) {
        print_soak(out, &result->soak);
    }
    print_counts(out, "offloads failed", by_status(result));
    print_counts(out, "offloads in state", by_state(host->offloaded_in_state));
    print_counts(out, "uploads in state", by_state(host->uploaded_in_state));
    print_counts(out, "uploads asked for", by_reason(host->upload_reasons));
    print_counts(out, "dropped", by_drop(result));
    print_counts(out, "chaos", by_kind(result));
    if (result->fault[0] != '\0') {
        fprintf(out, "fault: %s\n", result->fault);
    }
    fprintf(out, "stress: %s\n", emu_stress_verdict_name(result->verdict));
}

/* --- several runs --- */

static void add_classes(struct emu_stress_result *sum, const struct emu_stress_result *run)
{
    for (unsigned i = 0; i < 4; ++i) {
        struct emu_stress_class *to = &sum->classes[i / 2][i % 2];
        const struct emu_stress_class *from = &run->classes[i / 2][i % 2];

        to->asked += from->asked;
        to->sack += from->sack;
        to->timestamps += from->timestamps;
        to->window_scaling += from->window_scaling;
        to->ecn += from->ecn;
        to->finished += from->finished;
        to->sent += from->sent;
        to->received += from->received;
    }
}

static void add_failures(struct emu_stress_result *sum, const struct emu_stress_result *run)
{
    for (size_t i = 0; i < sizeof(run->failures) / sizeof(run->failures[0]); ++i) {
        for (size_t k = 0; k < sizeof(sum->failures) / sizeof(sum->failures[0]); ++k) {
            if (sum->failures[k].cnt == 0 || sum->failures[k].status == run->failures[i].status) {
                sum->failures[k].status = run->failures[i].status;
                sum->failures[k].cnt += run->failures[i].cnt;
                break;
            }
        }
    }
}

void emu_stress_report_add(struct emu_stress_result *sum, const struct emu_stress_result *run)
{
    if (run->verdict == EMU_VERDICT_FAIL || sum->verdict == EMU_VERDICT_PASS) {
        sum->verdict = sum->verdict == EMU_VERDICT_FAIL ? EMU_VERDICT_FAIL : run->verdict;
    }
    if (sum->fault[0] == '\0' && run->fault[0] != '\0') {
        snprintf(sum->fault, sizeof(sum->fault), "seed %" PRIu64 ": %.200s", run->seed, run->fault);
    }
    /* Differs if one of them does, and if their order does. */
    sum->digest = (sum->digest ^ run->digest) * UINT64_C(0x9e3779b97f4a7c15);
    sum->connections_opened += run->connections_opened;
    sum->connections_finished += run->connections_finished;
    if (run->connections_peak > sum->connections_peak) {
        sum->connections_peak = run->connections_peak;
    }
    sum->bytes += run->bytes;
    sum->bytes_wrong += run->bytes_wrong;
    sum->resets += run->resets;
    sum->resets_wanted += run->resets_wanted;
    sum->connections_lost += run->connections_lost;
    sum->resets_lost += run->resets_lost;
    sum->breaches += run->breaches;
    sum->refused += run->refused;
    sum->stalls += run->stalls;
    sum->leftover += run->leftover;
    sum->virtual_seconds += run->virtual_seconds;
    sum->wall_seconds += run->wall_seconds;
    sum->busy_seconds += run->busy_seconds;
    sum->cpu_seconds += run->cpu_seconds;
    sum->frames += run->frames;
    sum->frames_lost += run->frames_lost;
    add_failures(sum, run);
    add_classes(sum, run);
    emu_sums_merge(sum, run);
}
