/* SPDX-License-Identifier: MIT */
/*
 * The load is on kernel sockets, of a `toe peer` at this end that opens connections, too; this file
 * is its application, which opens what is missing, leads the session and tells the NIC what to do.
 */
#include "endurance/nic_run.h"

#include <string.h>
#include <unistd.h>

#include "chronicle.h"
#include "endurance/course.h"
#include "endurance/leader.h"
#include "endurance/nic_pair.h"
#include "peer.h"
#include "plan.h"
#include "stress_load.h"
#include "stress_machine.h"

/* Flows that are opened at once, and how often. */
#define OPEN_BATCH 64
#define OPEN_STEP (5 * TOE_NS_PER_MS)
/* Between two looks at the NIC. */
#define LOOK_TIME (500 * TOE_NS_PER_MS)
#define DRAIN_TIME (180 * TOE_NS_PER_SEC)
#define SETTLE_TIME (90 * TOE_NS_PER_SEC)

enum stage {
    STAGE_PLAY,   /* connections are opened */
    STAGE_DRAIN,  /* those that are open finish */
    STAGE_SETTLE, /* what is offloaded comes back */
    STAGE_OVER,
};

struct run {
    const struct emu_stress_settings *settings;
    struct emu_stress_result *result;
    const struct emu_endurance_world *world;
    struct emu_nic_pair nics;
    struct emu_peer_result peer;
    struct emu_random random;
    int session;
    enum stage stage;
    uint32_t phase;      /* that begins next; behind the last one the course ends */
    uint64_t called_cnt; /* calls made */
    toe_instant began;   /* 0: not yet */
    toe_instant ends;    /* the stage, at the latest */
    toe_instant look_at;
    double wall;
};

/* --- what there is to tell --- */

static void sum_up(struct run *run, const struct emu_peer *peer, toe_instant now)
{
    struct emu_stress_result *result = run->result;
    struct emu_peer_counts counts;

    emu_peer_counts_get(peer, &counts);
    result->connections_opened = counts.established[0] + counts.established[1];
    result->connections_finished = 0;
    for (int family = 0; family < 2; ++family) {
        for (int side = 0; side < 2; ++side) {
            result->classes[family][side].finished = counts.ended[family][side];
            result->connections_finished += counts.ended[family][side];
        }
    }
    result->connections_now = counts.now[0] + counts.now[1];
    if (result->connections_now > result->connections_peak) {
        result->connections_peak = result->connections_now;
    }
    result->bytes = run->peer.bytes;
    result->bytes_wrong = run->peer.bytes_wrong;
    result->resets = run->peer.resets;
    result->resets_wanted = run->peer.resets_wanted;
    result->refused = run->peer.unopened;
    result->virtual_seconds = (double)(now - run->began) / (double)TOE_NS_PER_SEC;
    result->wall_seconds = emu_stress_wall() - run->wall;
    if (!emu_nic_pair_sum(result)) {
        emu_load_fault(result, "%.6f s: the NIC does not answer", result->virtual_seconds);
    }
}

/* --- phases --- */

static toe_instant phase_begin(const struct run *run)
{
    return run->phase > emu_course_cnt()
               ? TOE_INSTANT_NEVER
               : run->began + emu_course_begin(run->settings->seconds, run->phase);
}

static void say(struct run *run, const struct emu_session_message *message)
{
    struct emu_session_message answer;

    if (!emu_leader_ask(run->session, &answer, message)) {
        emu_load_fault(run->result, "no answer came over the support NIC");
        return;
    }
    if (answer.kind == EMU_SESSION_REPORT) {
        run->result->remote = answer.tally;
        run->result->has_remote = true;
    }
}

static void begin_phase(struct run *run, const struct emu_peer *peer, toe_instant now)
{
    const uint32_t idx = run->phase++;
    const bool is_end = idx == emu_course_cnt();

    sum_up(run, peer, now);
    if (run->settings->phase != NULL) {
        run->settings->phase(run->settings->user, idx, run->result);
    }
    if (!is_end) {
        say(run, &(struct emu_session_message){.kind = EMU_SESSION_PHASE, .phase = idx});
    }
    if (!emu_nic_pair_phase(emu_course_phase(is_end ? idx - 1 : idx))) {
        emu_load_fault(run->result, "the NIC does not do what it is told");
    }
}

/* --- opening --- */

static bool open_one(struct run *run, struct emu_peer *peer, enum emu_flow_kind kind,
                     toe_instant now)
{
    const struct emu_course_phase *phase = emu_course_phase(run->phase - 1);
    const toe_instant end = run->began + emu_course_begin(run->settings->seconds, emu_course_cnt());
    const double left = (double)(end - now) / (double)TOE_NS_PER_SEC;
    const struct emu_plan_mix mix = {
        .bytes = emu_course_share(run->settings->bytes, phase->bytes),
        .seconds_max = phase->life > 0 && phase->life < left ? phase->life : left,
    };
    const struct toe_addr *to = &run->world->test_far[emu_random_below(&run->random, 2)];
    struct emu_flow_plan plan;

    emu_plan_make(&plan, &run->random, &mix);
    plan.kind = (uint8_t)kind;
    plan.port = kind == EMU_FLOW_CALL ? EMU_ENDURANCE_PORT : 0;
    return emu_peer_open(peer, to, EMU_ENDURANCE_PORT, &plan, now);
}

/* Opens what is missing, half by us and half by the other machine, and returns when to go on. */
static toe_instant open_more(struct run *run, struct emu_peer *peer, toe_instant now)
{
    const uint32_t all =
        emu_course_share(run->settings->connections, emu_course_phase(run->phase - 1)->percent);

    for (uint32_t left = OPEN_BATCH; left > 0; --left) {
        struct emu_peer_counts counts;
        uint64_t called;
        bool ok;

        emu_peer_counts_get(peer, &counts);
        called = run->called_cnt - counts.ended[0][1] - counts.ended[1][1];
        if (counts.now[0] < (all + 1) / 2) {
            ok = open_one(run, peer, EMU_FLOW_PLAIN, now);
        } else if (called < all / 2) {
            ok = open_one(run, peer, EMU_FLOW_CALL, now);
            run->called_cnt += ok ? 1 : 0;
        } else {
            return TOE_INSTANT_NEVER;
        }
        if (!ok) {
            break;
        }
    }
    return now + OPEN_STEP;
}

/* --- the stages --- */

static void enter(struct run *run, enum stage stage, toe_instant now, toe_duration limit)
{
    run->stage = stage;
    run->ends = now + limit;
}

static void drain(struct run *run, const struct emu_peer *peer, toe_instant now)
{
    struct emu_peer_counts counts;

    emu_peer_counts_get(peer, &counts);
    if (now < run->ends && (counts.all > 0 || run->called_cnt > counts.established[1])) {
        return;
    }
    if (run->called_cnt != counts.established[1]) {
        emu_load_fault(run->result, "%llu of %llu calls came to nothing",
                       (unsigned long long)(run->called_cnt - counts.established[1]),
                       (unsigned long long)run->called_cnt);
    }
    say(run, &(struct emu_session_message){.kind = EMU_SESSION_END});
    if (!emu_nic_pair_phase(NULL)) {
        emu_load_fault(run->result, "the NIC does not do what it is told");
    }
    enter(run, STAGE_SETTLE, now, SETTLE_TIME);
    run->look_at = now; /* What is left is judged by a look that is not older than this. */
}

/* Does what the stage is for, and returns when it is due again. */
static toe_instant advance(struct run *run, struct emu_peer *peer, toe_instant now)
{
    switch (run->stage) {
    case STAGE_PLAY:
        if (run->phase <= emu_course_cnt()) {
            const toe_instant next = open_more(run, peer, now);

            return phase_begin(run) < next ? phase_begin(run) : next;
        }
        emu_peer_hurry(peer, now);
        enter(run, STAGE_DRAIN, now, DRAIN_TIME);
        return now + OPEN_STEP;
    case STAGE_DRAIN:
        drain(run, peer, now);
        return now + OPEN_STEP;
    case STAGE_SETTLE:
        if (now >= run->ends || run->result->leftover == 0) {
            run->stage = STAGE_OVER;
            emu_peer_stop(peer);
        }
        return run->ends;
    case STAGE_OVER:
        break;
    }
    return TOE_INSTANT_NEVER;
}

static void look(struct run *run, const struct emu_peer *peer, toe_instant now)
{
    struct emu_chronicle *chronicle = run->settings->chronicle;

    run->look_at = now + LOOK_TIME;
    sum_up(run, peer, now);
    if (chronicle != NULL && emu_chronicle_is_due(chronicle, now)) {
        emu_chronicle_sample(chronicle, run->result, now);
    }
    if (run->settings->progress != NULL) {
        run->settings->progress(run->settings->user, run->result);
    }
}

static toe_instant application(void *user, struct emu_peer *peer, toe_instant now)
{
    struct run *run = user;
    toe_instant next;

    if (run->began == 0) {
        run->began = now;
        if (run->settings->chronicle != NULL) {
            emu_chronicle_begin(run->settings->chronicle, now);
        }
    }
    while (run->stage == STAGE_PLAY && now >= phase_begin(run)) {
        begin_phase(run, peer, now);
    }
    if (now >= run->look_at) {
        look(run, peer, now);
    }
    if (run->settings->stop != NULL && *run->settings->stop != 0) {
        emu_peer_stop(peer);
        return TOE_INSTANT_NEVER;
    }
    next = advance(run, peer, now);
    return run->look_at < next ? run->look_at : next;
}

/* --- the run --- */

static bool agree(struct run *run, struct emu_error *error)
{
    const struct emu_session_message hello = {
        .kind = EMU_SESSION_HELLO,
        .seed = run->settings->seed,
        .connections = run->settings->connections,
        .ms = (uint64_t)(run->settings->seconds * 1e3),
    };
    struct emu_session_message answer;

    run->session = emu_leader_open(&run->world->support_far);
    if (run->session < 0 || !emu_leader_ask(run->session, &answer, &hello)) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "the other machine does not answer over the support NIC");
        return false;
    }
    return true;
}

static bool play(struct run *run, struct emu_error *error)
{
    const struct emu_peer_settings settings = {
        .port = EMU_ENDURANCE_PORT,
        .ready_fd = -1,
        .life_fd = -1,
        .application = application,
        .user = run,
    };

    if (!emu_nic_pair_open(&run->nics, run->world, run->settings, error)) {
        return false;
    }
    return agree(run, error) && emu_peer_run(&run->peer, &settings, error);
}

/* Adds what the peers of both ends found. */
static void conclude(struct run *run)
{
    struct emu_stress_result *result = run->result;

    if (run->peer.fault[0] != '\0') {
        emu_load_fault(result, "%s", run->peer.fault);
    }
    result->bytes += result->remote.bytes;
    result->bytes_wrong += result->remote.bytes_wrong;
    result->resets += result->remote.resets;
    if (result->remote.opened != result->remote.ended || result->remote.resets != 0) {
        emu_load_fault(result, "at the other machine %llu of %llu ends ended, %llu with a reset",
                       (unsigned long long)result->remote.ended,
                       (unsigned long long)result->remote.opened,
                       (unsigned long long)result->remote.resets);
    }
}

int emu_endurance_nic_run(struct emu_stress_result *result,
                          const struct emu_stress_settings *settings,
                          const struct emu_endurance_world *world)
{
    struct run run = {
        .settings = settings,
        .result = result,
        .world = world,
        .random.state = settings->seed * 16,
        .session = -1,
        .wall = emu_stress_wall(),
    };
    struct emu_error error;
    bool ok;

    memset(result, 0, sizeof(*result));
    result->seed = settings->seed;
    result->seam.offloaded_max = settings->tcp_max;
    ok = play(&run, &error);
    if (ok && settings->chronicle != NULL && !emu_nic_pair_times(settings->chronicle)) {
        emu_load_fault(result, "the NIC does not answer");
    }
    if (run.session >= 0) {
        (void)close(run.session);
    }
    if (!emu_nic_pair_close(&run.nics) && run.stage == STAGE_OVER) {
        emu_load_fault(result, "a NIC did not end in order: connections are offloaded still");
    }
    if (!ok) {
        return emu_error_print(&error);
    }
    if (run.stage == STAGE_OVER) {
        conclude(&run);
    }
    emu_stress_judge(result, settings, run.stage != STAGE_OVER);
    return result->verdict == EMU_VERDICT_PASS ? EMU_EXIT_OK : EMU_EXIT_FAULT;
}
