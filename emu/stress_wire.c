/* SPDX-License-Identifier: MIT */
/*
 * The stress run on a wire: one machine of ours on a raw socket, the kernel at the other end.
 *
 * Half of the connections we open, the other half the peer opens because we call it; so either side
 * has clients and servers. The run has phases, and the application that the pump calls moves from
 * one to the next.
 */
#include <string.h>

#include "capture.h"
#include "chronicle.h"
#include "fault.h"
#include "option.h"
#include "pump.h"
#include "stress_machine.h"
#include "stress_peer.h"
#include "stress_sums.h"

#define HEAR_TIME (5 * TOE_NS_PER_SEC)
#define DRAIN_TIME (180 * TOE_NS_PER_SEC)
#define SETTLE_TIME (60 * TOE_NS_PER_SEC)
#define FAREWELL_TIME (45 * TOE_NS_PER_SEC)
#define ABORT_TIME (100 * TOE_NS_PER_MS)
#define REPORT_TIME (200 * TOE_NS_PER_MS)

enum phase {
    PHASE_PLAY,     /* connections are opened */
    PHASE_DRAIN,    /* those that are open finish */
    PHASE_SETTLE,   /* what closes by itself does */
    PHASE_FAREWELL, /* the peer says what it saw */
    PHASE_OVER,
};

struct run {
    const struct emu_stress_settings *settings;
    struct emu_stress_settings own; /* the same, as the machine has them: with the port's MTU */
    struct emu_stress_result *result;
    struct emu_port *port;
    struct emu_port *fault;           /* within |port|, or NULL */
    struct emu_fault_settings faults; /* that are always there */
    struct emu_port *support;         /* the second NIC's; with a course only */
    uint32_t course_phase;            /* of it, that begins next; behind the last one it ends */
    struct emu_capture *capture;
    struct emu_stress_peer peer; /* pid 0: somebody else's */
    struct emu_stress_machine machine;
    struct emu_pump *pump;
    uv_poll_t peer_poll;
    enum phase phase;
    toe_instant began; /* 0: not yet */
    toe_instant ends;  /* the phase, at the latest */
    toe_instant report_at;
    bool is_silent; /* nobody answers */
    bool is_interrupted;
    double wall;
};

/* --- what the run is made of --- */

static bool no_memory(struct emu_error *error)
{
    emu_error_set(error, EMU_EXIT_ENVIRONMENT, "not enough memory");
    return false;
}

static bool open_port(struct run *run, struct emu_error *error)
{
    const struct emu_stress_settings *set = run->settings;
    struct emu_port *above;

    run->faults = (struct emu_fault_settings){
        .loss = set->loss,
        .reorder = set->reorder,
        .duplicate = set->duplicate,
        .corrupt = set->corrupt,
        .mark = set->mark,
        .delay = (toe_duration)(set->delay * (double)TOE_NS_PER_SEC),
    };
    run->port = emu_port_packet_open(set->interface, NULL, error);
    if (run->port == NULL) {
        return false;
    }
    if (set->capture != NULL) {
        run->capture = emu_capture_open(set->capture, EMU_CAPTURE_REAL, error);
        if (run->capture == NULL) {
            return false;
        }
        above = emu_capture_port_new(run->port, run->capture);
        if (above == NULL) {
            return no_memory(error);
        }
        run->port = above;
    }
    if (set->course != NULL || run->faults.loss + run->faults.reorder + run->faults.duplicate +
                                       run->faults.corrupt + run->faults.mark + run->faults.delay !=
                                   0) {
        run->fault = emu_fault_new(run->port, &run->faults, &run->faults, set->seed);
        if (run->fault == NULL) {
            return no_memory(error);
        }
        run->port = run->fault;
    }
    return true;
}

/* The second NIC. */
static bool make_support(struct run *run, const struct emu_stress_settings *set,
                         const struct emu_load_settings *load, struct emu_error *error)
{
    run->support = emu_port_packet_open(set->support, NULL, error);
    if (run->support == NULL) {
        return false;
    }
    return emu_stress_machine_support(&run->machine, set, &run->support->ops, run->support,
                                      run->support->mac, &set->support_address, &set->support_peer,
                                      load) ||
           no_memory(error);
}

static bool make_machine(struct run *run, struct emu_error *error)
{
    struct emu_stress_settings *set = &run->own;
    struct emu_load_settings load = {
        .name = "A",
        .result = run->result,
        .seed = set->seed * 16,
        .mix = {.bytes = set->bytes},
        .open_cnt = (set->connections + 1) / 2,
        .call_cnt = set->connections / 2,
        .counts_accepted = true,
        .open_for = (toe_duration)(set->seconds * (double)TOE_NS_PER_SEC),
        .peer_port = set->peer_port,
        .port = set->peer_port,
        .loss = set->loss + set->corrupt,
        .moves = set->policy == TOE_POLICY_RANDOM,
        .loses = (set->chaos & EMU_CHAOS_HARDWARE) != 0,
        .chronicle = set->chronicle,
    };

    set->mtu = run->port->mtu;
    for (int i = 0; i < 2; ++i) {
        if (!(i == 0 ? set->ipv4 : set->ipv6)) {
            set->address[i].family = 0;
            continue;
        }
        load.peer[i] = run->peer.pid != 0 ? run->peer.address[i] : set->peer[i];
    }
    if (!emu_stress_machine_init(&run->machine, set, NULL, &run->port->ops, run->port,
                                 run->port->mac, set->address, &load)) {
        return no_memory(error);
    }
    return set->course == NULL || make_support(run, set, &load, error);
}

static toe_instant application(void *user, toe_instant now);

static bool make(struct run *run, struct emu_error *error)
{
    struct emu_pump_settings pump = {.application = application, .user = run};

    /* The port first: it says best what is wrong with the interface. */
    if (!open_port(run, error)) {
        return false;
    }
    if (!run->settings->peer_given && !emu_stress_peer_start(&run->peer, run->settings, error)) {
        return false;
    }
    if (!make_machine(run, error)) {
        return false;
    }
    pump.host = run->machine.host;
    pump.ops = run->machine.drivers.top.ops;
    pump.target = run->machine.drivers.top.target;
    pump.port = run->port;
    pump.support = run->machine.support;
    pump.support_port = run->support;
    run->pump = emu_pump_new(&pump, error);
    return run->pump != NULL;
}

static bool unmake(struct run *run, struct emu_error *error)
{
    bool ok = true;

    emu_pump_del(run->pump);
    emu_stress_machine_fini(&run->machine);
    emu_stress_peer_stop(&run->peer);
    emu_port_close(run->port);
    if (run->support != NULL) {
        emu_port_close(run->support);
    }
    if (run->capture != NULL) {
        ok = emu_capture_close(run->capture, error);
    }
    return ok;
}

/* --- the run --- */

static void add_timers(struct run *run)
{
    struct emu_stress_seam *seam = &run->result->seam;
    struct emu_pump_stats stats;

    emu_pump_stats_get(run->pump, &stats);
    seam->timers = stats.timers;
    seam->timers_late = stats.timers_late;
    seam->late_max = stats.late_max;
}

static void sum_up(struct run *run, toe_instant now)
{
    struct emu_stress_result *result = run->result;
    struct emu_fault_stats in = {0};
    struct emu_fault_stats out = {0};

    emu_sums_clear(result);
    emu_sums_add(result, run->machine.host, toe_target_ops(), run->machine.target);
    emu_stress_drivers_sum(&run->machine.drivers);
    result->leftover = emu_stress_machine_left(&run->machine, false);
    if (run->fault != NULL) {
        emu_fault_stats_get(run->fault, &in, &out);
    }
    result->reordered = in.reordered + out.reordered;
    if (run->support != NULL) {
        result->seam.support_frames =
            run->support->stats.in_frames + run->support->stats.out_frames;
    }
    add_timers(run);
    result->faults_in = in;
    result->faults_out = out;
    result->frames = run->port->stats.in_frames + run->port->stats.out_frames;
    result->frames_lost =
        run->port->stats.out_lost + in.lost + in.overflowed + out.lost + out.overflowed;
    result->virtual_seconds = (double)(now - run->began) / (double)TOE_NS_PER_SEC;
    result->wall_seconds = emu_stress_wall() - run->wall;
}

/* Adds what the peer saw: it has checked the other half of the bytes. */
static void add_peer(struct run *run)
{
    struct emu_peer_result peer;

    if (!emu_stress_peer_result(&run->peer, &peer)) {
        emu_load_fault(run->result, "the peer ended without a word");
        return;
    }
    run->result->bytes += peer.bytes;
    run->result->bytes_wrong += peer.bytes_wrong;
    if (peer.resets <= run->result->connections_lost) {
        run->result->resets_lost += peer.resets;
    } else {
        run->result->resets += peer.resets;
        emu_load_fault(run->result, "%llu resets at the peer, of %llu connections lost",
                       (unsigned long long)peer.resets,
                       (unsigned long long)run->result->connections_lost);
    }
    run->result->resets_wanted += peer.resets_wanted;
    run->result->refused += peer.unopened;
    if (peer.unfinished != 0) {
        emu_load_fault(run->result, "%llu connections did not finish at the peer",
                       (unsigned long long)peer.unfinished);
    }
    if (peer.fault[0] != '\0') {
        emu_load_fault(run->result, "at the peer: %s", peer.fault);
    }
}

/* The same of the machine that followed, which reported over the support NIC. */
static void add_remote(struct emu_stress_result *result)
{
    const struct emu_stress_tally *remote = &result->remote;

    result->bytes += remote->bytes;
    result->bytes_wrong += remote->bytes_wrong;
    result->resets += remote->resets;
    if (remote->opened != remote->ended || remote->resets != 0) {
        emu_load_fault(result, "at the other machine %llu of %llu ends ended, %llu with a reset",
                       (unsigned long long)remote->ended, (unsigned long long)remote->opened,
                       (unsigned long long)remote->resets);
    }
}

static void on_peer(uv_poll_t *poll, int status, int events)
{
    struct run *run = poll->data;

    (void)status;
    (void)events;
    uv_poll_stop(poll);
    add_peer(run);
    run->phase = PHASE_OVER;
    emu_pump_stop(run->pump);
}

static void enter(struct run *run, enum phase phase, toe_instant now, toe_duration limit)
{
    run->phase = phase;
    run->ends = now + limit;
}

static bool has_reported(const struct run *run)
{
    return run->machine.station == NULL || emu_station_is_over(run->machine.station);
}

/* When the next phase of the course begins. */
static toe_instant course_begin(const struct run *run)
{
    return run->settings->course == NULL || run->course_phase > emu_course_cnt()
               ? TOE_INSTANT_NEVER
               : run->began + emu_course_begin(run->settings->seconds, run->course_phase);
}

/* Has the wire do what a phase of the course says; NULL: nothing more than it does anyway. */
static void set_wire(struct run *run, const struct emu_course_phase *phase)
{
    struct emu_fault_settings faults = run->faults;

    if (phase != NULL) {
        faults.loss += phase->loss;
        faults.reorder += phase->reorder;
        faults.duplicate += phase->duplicate;
        faults.corrupt += phase->corrupt;
    }
    emu_fault_set(run->fault, &faults, &faults);
}

/* Follows the course, and looks at deadlines, and how many connections are offloaded. */
static void follow(struct run *run, toe_instant now)
{
    const struct emu_stress_settings *set = run->settings;

    if (set->course == NULL) {
        return;
    }
    emu_stress_machine_due(&run->machine, run->result);
    emu_stress_machine_look(&run->machine, run->result);
    while (now >= course_begin(run)) {
        set_wire(run,
                 run->course_phase < emu_course_cnt() ? emu_course_phase(run->course_phase) : NULL);
        if (set->phase != NULL) {
            sum_up(run, now);
            set->phase(set->user, run->course_phase, run->result);
        }
        ++run->course_phase;
    }
}

/* Moves on to the next phase when this one is done. */
static void advance(struct run *run, toe_instant now)
{
    struct emu_load *load = run->machine.load;
    const bool is_late = now >= run->ends;

    switch (run->phase) {
    case PHASE_PLAY:
        if (is_late) {
            emu_load_drain(load, now);
            if (run->machine.station != NULL) {
                emu_station_finish(run->machine.station);
            }
            enter(run, PHASE_DRAIN, now, DRAIN_TIME);
        }
        break;
    case PHASE_DRAIN:
        if (is_late || (emu_load_flow_cnt(load) == 0 && has_reported(run))) {
            if (run->settings->policy == TOE_POLICY_RANDOM) {
                toe_host_policy_set(run->machine.host, TOE_POLICY_MANUAL);
            }
            enter(run, PHASE_SETTLE, now, SETTLE_TIME);
        }
        break;
    case PHASE_SETTLE:
        if (is_late || emu_stress_machine_left(&run->machine, false) == 0) {
            emu_stress_drivers_end(&run->machine.drivers);
            emu_stress_peer_finish(&run->peer);
            enter(run, run->peer.pid == 0 ? PHASE_OVER : PHASE_FAREWELL, now, FAREWELL_TIME);
        }
        break;
    case PHASE_FAREWELL:
        if (is_late) {
            emu_load_fault(run->result, "the peer does not end");
            run->phase = PHASE_OVER;
        }
        break;
    case PHASE_OVER:
        break;
    }
}

/* Says how far it is to whoever wants to know. */
static void report(struct run *run, toe_instant now)
{
    struct emu_chronicle *chronicle = run->settings->chronicle;

    if (run->settings->progress == NULL && chronicle == NULL) {
        return;
    }
    sum_up(run, now);
    if (run->settings->progress != NULL) {
        run->settings->progress(run->settings->user, run->result);
    }
    if (chronicle != NULL && emu_chronicle_is_due(chronicle, now)) {
        emu_chronicle_sample(chronicle, run->result, now);
    }
}

static toe_instant application(void *user, toe_instant now)
{
    struct run *run = user;
    toe_instant next;

    if (run->began == 0) {
        run->began = now;
        run->machine.drivers.began = now;
        if (run->settings->chronicle != NULL) {
            emu_chronicle_begin(run->settings->chronicle, now);
        }
        enter(run, PHASE_PLAY, now,
              (toe_duration)(run->settings->seconds * (double)TOE_NS_PER_SEC));
    }
    follow(run, now);
    next = emu_stress_machine_run(&run->machine, now);
    if (!emu_load_heard(run->machine.load) && now >= run->began + HEAR_TIME) {
        run->is_silent = true;
    }
    if (run->settings->stop != NULL && *run->settings->stop != 0) {
        run->is_interrupted = true;
    }
    advance(run, now);
    if (run->phase == PHASE_OVER || run->is_silent || run->is_interrupted) {
        emu_pump_stop(run->pump);
    }
    if (now >= run->report_at) {
        run->report_at = now + REPORT_TIME;
        report(run, now);
    }
    next = run->report_at < next ? run->report_at : next;
    next = course_begin(run) < next ? course_begin(run) : next;
    return run->ends > now && run->ends < next ? run->ends : next;
}

/* While things are taken down a second Ctrl-C must not leave half of them; then it may again. */
static void heed_signals(bool heed)
{
    (void)signal(SIGINT, heed ? SIG_DFL : SIG_IGN);
    (void)signal(SIGTERM, heed ? SIG_DFL : SIG_IGN);
}

/* Runs until it is over, and closes what an interruption left open. */
static void play(struct run *run)
{
    toe_instant now;

    if (run->peer.pid != 0) {
        uv_poll_init(emu_pump_loop(run->pump), &run->peer_poll, run->peer.control);
        run->peer_poll.data = run;
        uv_poll_start(&run->peer_poll, UV_READABLE, on_peer);
    }
    if (emu_pump_run(run->pump, TOE_INSTANT_NEVER) != 0) {
        run->is_interrupted = true;
    }
    heed_signals(false);
    now = emu_pump_now();
    sum_up(run, now);
    if (run->settings->chronicle != NULL) {
        emu_chronicle_sample(run->settings->chronicle, run->result, now);
    }
    if (run->is_interrupted) {
        emu_load_abort(run->machine.load);
        (void)emu_pump_run(run->pump, now + ABORT_TIME);
        heed_signals(false);
    }
}

int emu_stress_wire_run(struct emu_stress_result *result,
                        const struct emu_stress_settings *settings)
{
    struct run run = {.settings = settings,
                      .own = *settings,
                      .result = result,
                      .peer = {.control = -1},
                      .wall = emu_stress_wall()};
    struct emu_error error;
    char address[46] = "";
    bool is_whole;

    memset(result, 0, sizeof(*result));
    result->seed = settings->seed;
    if (!make(&run, &error)) {
        struct emu_error ignored;

        (void)unmake(&run, &ignored);
        return emu_error_print(&error);
    }
    play(&run);
    is_whole = unmake(&run, &error);
    heed_signals(true);
    if (!is_whole) {
        return emu_error_print(&error);
    }
    if (run.is_silent && !run.is_interrupted) {
        emu_option_address_text(address, &settings->peer[settings->ipv4 ? 0 : 1]);
        emu_error_set(&error, EMU_EXIT_ENVIRONMENT,
                      "nobody answers on %s: is `toe peer` running at %s, port %u?",
                      settings->interface, address, settings->peer_port);
        return emu_error_print(&error);
    }
    if (result->has_remote) {
        add_remote(result);
    }
    emu_stress_judge(result, settings, run.is_interrupted);
    return result->verdict == EMU_VERDICT_PASS ? EMU_EXIT_OK : EMU_EXIT_FAULT;
}
