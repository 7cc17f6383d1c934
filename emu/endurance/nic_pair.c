/* SPDX-License-Identifier: MIT */
#include "endurance/nic_pair.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "netlink.h"
#include "nic/client.h"
#include "nic/control.h"
#include "toe/drop.h"
#include "toe/status.h"

#define TEST_NIC "toe0"
#define SUPPORT_NIC "toe1"

enum { WAIT_MS = 20000, STEP_MS = 5, WORDS_MAX = 16 };

/* A batch that moves has so many connections on average, in the simulation. */
#define BATCH 16.0

static const struct emu_client test_nic = {.nic = TEST_NIC};

static void pause_a_little(void)
{
    const struct timespec pause = {.tv_nsec = STEP_MS * 1000000L};

    (void)nanosleep(&pause, NULL);
}

/* --- starting and ending --- */

/* Starts the NIC |name|, and waits until it answers; its pid, or 0 with |error|. */
static pid_t start(const char *name, const char *const words[], struct emu_error *error)
{
    char *argv[WORDS_MAX + 1] = {NULL};
    char control[64];
    pid_t pid;
    int fd = -1;

    for (size_t i = 0; words[i] != NULL && i < WORDS_MAX; ++i) {
        argv[i] = (char *)(uintptr_t)words[i];
    }
    (void)snprintf(control, sizeof(control), "@toe-%s", name);
    pid = emu_netns_exec(argv, error);
    if (pid < 0) {
        return 0;
    }
    for (int waited = 0; fd < 0 && waited < WAIT_MS && waitpid(pid, NULL, WNOHANG) == 0;
         waited += STEP_MS) {
        pause_a_little();
        fd = emu_control_connect(control, error);
    }
    if (fd < 0) {
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "toe nic does not start here (try: unshare -Urn toe check)");
        return 0;
    }
    (void)close(fd);
    return pid;
}

static bool start_both(struct emu_nic_pair *pair, const struct emu_stress_settings *settings,
                       struct emu_error *error)
{
    char connections[16];
    char stale[32];
    char seed[24];
    const char *const test[] = {"/proc/self/exe", "nic",       "--wire",   EMU_ENDURANCE_TEST,
                                "--name",         TEST_NIC,    "--policy", "manual",
                                "--connections",  connections, "--stale",  stale,
                                "--seed",         seed,        NULL};
    const char *const support[] = {
        "/proc/self/exe", "nic", "--wire", EMU_ENDURANCE_SUPPORT, "--name", SUPPORT_NIC,
        "--policy",       "all", NULL};

    (void)snprintf(connections, sizeof(connections), "%u", settings->tcp_max);
    (void)snprintf(stale, sizeof(stale), "%.0fms", settings->stale * 1e3);
    (void)snprintf(seed, sizeof(seed), "%llu", (unsigned long long)settings->seed);
    pair->pids[0] = start(TEST_NIC, test, error);
    pair->pids[1] = pair->pids[0] != 0 ? start(SUPPORT_NIC, support, error) : 0;
    return pair->pids[1] != 0;
}

bool emu_nic_pair_open(struct emu_nic_pair *pair, const struct emu_endurance_world *world,
                       const struct emu_stress_settings *settings, struct emu_error *error)
{
    *pair = (struct emu_nic_pair){.pids = {0, 0}};
    if (!start_both(pair, settings, error) ||
        !emu_netlink_address_add(TEST_NIC, &world->test[0], EMU_ENDURANCE_PREFIX4, error) ||
        !emu_netlink_address_add(TEST_NIC, &world->test[1], EMU_ENDURANCE_PREFIX6, error) ||
        !emu_netlink_address_add(SUPPORT_NIC, &world->support, EMU_ENDURANCE_PREFIX4, error)) {
        (void)emu_nic_pair_close(pair);
        return false;
    }
    return true;
}

/* Whether the process ended in order, within the time, once it was told to. */
static bool stop(pid_t pid)
{
    int status = 0;

    (void)kill(pid, SIGTERM);
    for (int waited = 0; waited < WAIT_MS; waited += STEP_MS) {
        if (waitpid(pid, &status, WNOHANG) == pid) {
            return WIFEXITED(status) && WEXITSTATUS(status) == EMU_EXIT_OK;
        }
        pause_a_little();
    }
    (void)kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return false;
}

bool emu_nic_pair_close(struct emu_nic_pair *pair)
{
    bool ok = true;

    for (int i = 0; i < 2; ++i) {
        if (pair->pids[i] != 0) {
            ok = stop(pair->pids[i]) && ok;
            pair->pids[i] = 0;
        }
    }
    return ok;
}

/* --- counters --- */

static uint64_t number(const json_t *object, const char *name)
{
    return (uint64_t)emu_client_number(object, name);
}

static void take_target(struct emu_stress_result *result, const json_t *object)
{
    struct toe_stats *target = &result->target;

    target->tcp_cnt = (uint32_t)number(object, "tcp_cnt");
    target->path_cnt = (uint32_t)number(object, "path_cnt");
    target->neighbor_cnt = (uint32_t)number(object, "neighbor_cnt");
    target->path_links = (uint32_t)number(object, "path_links");
    target->neighbor_links = (uint32_t)number(object, "neighbor_links");
    target->bufs_indicated = (uint32_t)number(object, "bufs_indicated");
    target->initiated = number(object, "initiated");
    target->terminated = number(object, "terminated");
    target->frames_passed_up = number(object, "frames_passed_up");
    result->leftover = (uint64_t)target->tcp_cnt + target->path_links + target->bufs_indicated;
    if (target->tcp_cnt > result->seam.offloaded_peak) {
        result->seam.offloaded_peak = target->tcp_cnt;
    }
}

static void take_kernel(struct emu_stress_result *result, const json_t *object)
{
    result->offloads = number(object, "offloads");
    result->uploads = number(object, "uploads");
    result->offloads_failed = number(object, "refusals");
    result->failures[0].status = TOE_STATUS_OFFLOAD_TCP_ENTRIES;
    result->failures[0].cnt = number(object, "refusals_full");
    result->seam.ops[TOE_INTER_NEIGHBOR_EVENT] = number(object, "neighbor_queries");
}

static void take_tcp(struct emu_stress_result *result, const json_t *object)
{
    struct toe_tcp_stats *tcp = &result->target.tcp[emu_client_text(object, "ip")[0] == '6'];

    tcp->in_segments = number(object, "in_segments");
    tcp->out_segments = number(object, "out_segments");
    tcp->retransmitted_segments = (uint32_t)number(object, "retransmitted_segments");
    tcp->out_resets = (uint32_t)number(object, "out_resets");
}

static void take_fault(struct emu_stress_result *result, const json_t *object)
{
    const bool is_in = strcmp(emu_client_text(object, "direction"), "in") == 0;
    struct emu_fault_stats *stats = is_in ? &result->faults_in : &result->faults_out;

    stats->frames = number(object, "frames");
    stats->lost = number(object, "lost");
    stats->reordered = number(object, "reordered");
    stats->duplicated = number(object, "duplicated");
    stats->corrupted = number(object, "corrupted");
}

static void take_drop(struct emu_stress_result *result, const json_t *object)
{
    for (int i = TOE_DROP_NONE + 1; i < TOE_DROP_CNT; ++i) {
        if (strcmp(emu_client_text(object, "reason"), toe_drop_name((enum toe_drop)i)) == 0) {
            result->target.drops[i] = number(object, "frames");
        }
    }
}

static void take_pump(struct emu_stress_result *result, const json_t *object)
{
    result->seam.timers = number(object, "timers");
    result->seam.timers_late = number(object, "timers_late");
    result->seam.late_max = number(object, "timers_late_max_ns");
}

static void take(void *user, const json_t *object)
{
    static const struct {
        const char *group;
        void (*take)(struct emu_stress_result *result, const json_t *object);
    } groups[] = {{"target", take_target}, {"kernel", take_kernel}, {"tcp", take_tcp},
                  {"fault", take_fault},   {"drop", take_drop},     {"pump", take_pump}};

    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); ++i) {
        if (strcmp(emu_client_text(object, "group"), groups[i].group) == 0) {
            groups[i].take(user, object);
        }
    }
}

bool emu_nic_pair_sum(struct emu_stress_result *result)
{
    const struct emu_fault_stats *in = &result->faults_in;
    const struct emu_fault_stats *out = &result->faults_out;

    if (emu_client_ask(&test_nic, json_pack("{ss}", "command", "stats"), take, result) !=
        EMU_EXIT_OK) {
        return false;
    }
    result->frames = in->frames + out->frames;
    result->frames_lost = in->lost + out->lost;
    result->reordered = in->reordered + out->reordered;
    return true;
}

static void take_times(void *user, const json_t *object)
{
    const bool is_offload = strcmp(emu_client_text(object, "way"), "offload") == 0;
    struct emu_chronicle *chronicle = user;
    struct emu_histogram *times = is_offload ? &chronicle->offload_time : &chronicle->upload_time;
    const json_t *bucket;
    size_t i;

    if (strcmp(emu_client_text(object, "group"), "move_time") != 0) {
        return;
    }
    json_array_foreach(json_object_get(object, "buckets"), i, bucket)
    {
        const json_int_t from = json_integer_value(json_array_get(bucket, 0));

        for (json_int_t k = json_integer_value(json_array_get(bucket, 1)); k > 0; --k) {
            emu_histogram_add(times, (toe_duration)from);
        }
    }
    times->max = number(object, "p100_ns");
}

bool emu_nic_pair_times(struct emu_chronicle *chronicle)
{
    return emu_client_ask(&test_nic, json_pack("{ss}", "command", "stats"), take_times,
                          chronicle) == EMU_EXIT_OK;
}

/* --- phases --- */

static void ignore(void *user, const json_t *object)
{
    (void)user;
    (void)object;
}

static bool tell(json_t *request)
{
    return emu_client_ask(&test_nic, request, ignore, NULL) == EMU_EXIT_OK;
}

static json_t *policy_of(const struct emu_course_phase *phase)
{
    if (phase == NULL || phase->offloads_all) {
        return json_pack("{ss ss}", "command", "policy", "policy",
                         phase == NULL ? "manual" : "all");
    }
    return json_pack("{ss ss sf}", "command", "policy", "policy", "random", "rate",
                     BATCH * (double)TOE_NS_PER_SEC / (double)phase->moves_every);
}

bool emu_nic_pair_phase(const struct emu_course_phase *phase)
{
    static const struct emu_course_phase nothing;
    const struct emu_course_phase *wire = phase != NULL ? phase : &nothing;

    return tell(policy_of(phase)) &&
           tell(json_pack("{ss ss si si si si}", "command", "fault", "direction", "both",
                          "loss_ppm", (int)wire->loss, "reorder_ppm", (int)wire->reorder,
                          "duplicate_ppm", (int)wire->duplicate, "corrupt_ppm",
                          (int)wire->corrupt));
}
