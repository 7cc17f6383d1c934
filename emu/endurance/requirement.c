/* SPDX-License-Identifier: MIT */
/*
 * The seven requirements: what has to have been seen in a run for each of them.
 */
#include "endurance/endurance.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "toe/status.h"

enum { CONNECTIONS_MIN = 1024 };

/* What a requirement is judged by. */
struct inquest {
    const struct emu_endurance *endurance;
    const struct emu_stress_result *run;
    struct emu_requirement *out;
};

static void say(struct inquest *q, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct inquest *q, const char *format, ...)
{
    const size_t len = strlen(q->out->evidence);
    va_list args;

    va_start(args, format);
    vsnprintf(q->out->evidence + len, sizeof(q->out->evidence) - len, format, args);
    va_end(args);
}

/* |holds| must be, for the requirement to be met; what is not is named. */
static void need(struct inquest *q, bool holds, const char *what)
{
    if (!holds) {
        q->out->is_met = false;
        say(q, " [not so: %s]", what);
    }
}

static bool sees_the_seam(const struct inquest *q)
{
    return q->endurance->way != EMU_ENDURANCE_NIC;
}

/* CERT-1: the contract, kept by host and target in each single call. */
static void judge_contract(struct inquest *q)
{
    static const enum toe_inter_op pairs[][2] = {
        {TOE_INTER_INITIATE, TOE_INTER_INITIATE_COMPLETE},
        {TOE_INTER_TERMINATE, TOE_INTER_TERMINATE_COMPLETE},
        {TOE_INTER_UPDATE, TOE_INTER_UPDATE_COMPLETE},
        {TOE_INTER_QUERY, TOE_INTER_QUERY_COMPLETE},
        {TOE_INTER_INVALIDATE, TOE_INTER_INVALIDATE_COMPLETE},
    };
    const struct emu_stress_seam *seam = &q->run->seam;
    uint64_t asked = 0;
    uint64_t answered = 0;

    need(q, q->run->offloads > 0 && q->run->uploads > 0, "connections moved both ways");
    say(q, "%" PRIu64 " offloads, %" PRIu64 " uploads", q->run->offloads, q->run->uploads);
    need(q, q->run->leftover == 0, "nothing is left over");
    if (!sees_the_seam(q)) {
        return;
    }
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); ++i) {
        asked += seam->ops[pairs[i][0]];
        answered += seam->ops[pairs[i][1]];
        need(q, seam->ops[pairs[i][0]] == seam->ops[pairs[i][1]], toe_inter_op_name(pairs[i][0]));
    }
    say(q,
        "; %" PRIu64 " state operations, %" PRIu64 " completions; %u of %u rules looked at %" PRIu64
        " times, %" PRIu64 " breaches",
        asked, answered, seam->rules_checked, seam->rules, seam->checks, q->run->breaches);
    need(q, seam->checks > 0, "the monitors looked");
    need(q, q->run->breaches == 0, "the contract was kept");
}

/* CERT-2: a TCP like the host's own, so that no peer and no program notices. */
static void judge_protocol(struct inquest *q)
{
    const struct emu_stress_result *run = q->run;
    uint64_t finished[2] = {0, 0};

    for (int i = 0; i < 2; ++i) {
        finished[i] = run->classes[i][0].finished + run->classes[i][1].finished;
    }
    say(q,
        "%" PRIu64 " connections opened, %" PRIu64 " finished; %" PRIu64 " ends over IPv4, %" PRIu64
        " over IPv6; %" PRIu64 " bytes checked, %" PRIu64 " wrong; %" PRIu64
        " resets not asked for, %" PRIu64 " stalls",
        run->connections_opened, run->connections_finished, finished[0], finished[1], run->bytes,
        run->bytes_wrong, run->resets, run->stalls);
    need(q, run->connections_opened > 0, "there were connections");
    need(q, run->connections_opened == run->connections_finished, "all of them finished");
    need(q, finished[0] > 0 && finished[1] > 0, "both families were used");
    need(q, run->bytes > 0 && run->bytes_wrong == 0, "every byte was right");
    need(q, run->resets == 0 && run->stalls == 0, "none was reset or stalled");
    need(q, run->has_remote, "the other machine reported");
    if (run->has_remote) {
        say(q, "; the other machine: %" PRIu64 " ends, %" PRIu64 " bytes, %" PRIu64 " wrong",
            run->remote.ended, run->remote.bytes, run->remote.bytes_wrong);
        need(q,
             run->remote.ended == run->remote.opened && run->remote.bytes_wrong == 0 &&
                 run->remote.resets == 0,
             "it found all in order");
    }
}

/* CERT-3 */
static void judge_out_of_order(struct inquest *q)
{
    say(q,
        "%" PRIu64 " of %" PRIu64 " frames came out of order, %" PRIu64 " were lost; %" PRIu64
        " bytes wrong",
        q->run->reordered, q->run->frames, q->run->frames_lost, q->run->bytes_wrong);
    need(q, q->run->reordered > 0, "frames came out of order");
    need(q, q->run->bytes_wrong == 0 && q->run->stalls == 0, "streams stayed in order");
}

/* CERT-4: as fine as 10 ms, and as punctual; where a machine has more to do, in the median. */
static void judge_timers(struct inquest *q)
{
    const struct emu_stress_seam *seam = &q->run->seam;

    if (sees_the_seam(q)) {
        say(q, "%" PRIu64 " deadlines, %" PRIu64 " of them between two multiples of 10 ms; ",
            seam->deadlines, seam->deadlines_fine);
        need(q, seam->deadlines_fine > 0, "deadlines are finer than 10 ms");
    }
    say(q, "%" PRIu64 " timers ran, %" PRIu64 " of them more than 10 ms late, the latest %.3f ms",
        seam->timers, seam->timers_late, (double)seam->late_max / (double)TOE_NS_PER_MS);
    need(q, seam->timers > 0, "timers ran");
    need(q, 2 * seam->timers_late < seam->timers, "most were punctual");
}

/* The mark of the phase |name|, or NULL. */
static const struct emu_endurance_mark *mark_of(const struct inquest *q, const char *name)
{
    for (uint32_t i = 0; i < emu_course_cnt() && i + 1 < q->endurance->mark_cnt; ++i) {
        if (strcmp(emu_course_phase(i)->name, name) == 0) {
            return &q->endurance->marks[i];
        }
    }
    return NULL;
}

/*
 * CERT-5: while segments come from a neighbor its timestamp is fresh; once they do not, the next
 * datagram finds it stale, and the host is asked.
 */
static void judge_neighbor(struct inquest *q)
{
    const struct emu_endurance_mark *cable = mark_of(q, "cable");
    const struct emu_endurance_mark *after = cable != NULL ? cable + 1 : NULL;

    if (cable == NULL) {
        need(q, false, "the cable was pulled");
        return;
    }
    say(q,
        "the host was asked for a neighbor %" PRIu64 " times while the cable was out, %" PRIu64
        " times before, in %.0f s of traffic",
        after->neighbor_queries - cable->neighbor_queries, cable->neighbor_queries, cable->at);
    need(q, after->neighbor_queries > cable->neighbor_queries,
         "a neighbor that is silent becomes stale");
    /* One whose timestamps nobody renews is asked for each time that it has become stale. */
    need(q, (double)cable->neighbor_queries * 10 <= cable->at / q->endurance->stale,
         "one that is heard of does not");
}

/* CERT-6 */
static void judge_connections(struct inquest *q)
{
    const struct emu_stress_seam *seam = &q->run->seam;
    uint64_t refused = 0;

    for (size_t i = 0; i < sizeof(q->run->failures) / sizeof(q->run->failures[0]); ++i) {
        if (q->run->failures[i].status == TOE_STATUS_OFFLOAD_TCP_ENTRIES) {
            refused += q->run->failures[i].cnt;
        }
    }
    say(q,
        "%u connections open at once, %u of them offloaded in one target, which offers to take %u; "
        "%" PRIu64 " more were refused for that",
        q->run->connections_peak, seam->offloaded_peak, seam->offloaded_max, refused);
    need(q, seam->offloaded_peak >= CONNECTIONS_MIN, "1,024 at once");
    need(q, seam->offloaded_peak <= seam->offloaded_max && refused > 0, "no more than offered");
}

/* CERT-7 */
static void judge_addresses(struct inquest *q)
{
    if (!sees_the_seam(q)) {
        return;
    }
    say(q, "%" PRIu64 " addresses of buffers above 4 GiB were used, %" PRIu64 " wrong ones",
        q->endurance->bus.mapped, q->endurance->bus.wrong);
    need(q, q->endurance->bus.mapped > 0, "buffers had addresses of 64 bits");
    need(q, q->endurance->bus.wrong == 0, "no address was cut");
}

static const struct {
    const char *id;
    const char *name;
    void (*judge)(struct inquest *q);
} requirements[EMU_REQUIREMENT_CNT] = {
    {"CERT-1", "ComplyWithNDIS", judge_contract},
    {"CERT-2", "ComplyWithTCPIPProtocol", judge_protocol},
    {"CERT-3", "HandlesOutOfOrderData", judge_out_of_order},
    {"CERT-4", "ImplementSufficientlyGranularTimers", judge_timers},
    {"CERT-5", "NeighborStateObjTimestampsComplyWithWDK", judge_neighbor},
    {"CERT-6", "Support1024Connections", judge_connections},
    {"CERT-7", "Support64bitAddresses", judge_addresses},
};

void emu_endurance_judge(struct emu_endurance *endurance, const struct emu_stress_result *result)
{
    for (uint32_t i = 0; i < EMU_REQUIREMENT_CNT; ++i) {
        struct inquest q = {endurance, result, &endurance->requirements[i]};

        *q.out = (struct emu_requirement){
            .id = requirements[i].id, .name = requirements[i].name, .is_met = true};
        requirements[i].judge(&q);
        say(&q, "%s%u of %u directed checks passed", q.out->evidence[0] == '\0' ? "" : "; ",
            endurance->directed.passed[i], endurance->directed.run[i]);
        need(&q,
             endurance->directed.run[i] > 0 &&
                 endurance->directed.passed[i] == endurance->directed.run[i],
             "all of them");
    }
}

json_t *emu_endurance_json(const struct emu_endurance *endurance)
{
    json_t *array = json_array();

    for (uint32_t i = 0; i < EMU_REQUIREMENT_CNT; ++i) {
        const struct emu_requirement *one = &endurance->requirements[i];

        (void)json_array_append_new(
            array, json_pack("{ss ss ss ss si si}", "id", one->id, "name", one->name, "verdict",
                             one->is_met ? "pass" : "fail", "evidence", one->evidence,
                             "directed_run", (int)endurance->directed.run[i], "directed_passed",
                             (int)endurance->directed.passed[i]));
    }
    return array;
}
