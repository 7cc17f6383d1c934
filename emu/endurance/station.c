/* SPDX-License-Identifier: MIT */
#include "endurance/station.h"

#include <stdlib.h>
#include <string.h>

/* The other station answers at once, over a link that has nothing else to carry. */
#define ANSWER_TIME (60 * TOE_NS_PER_SEC)
/* Between two looks at a load that is to finish. */
#define FINISH_STEP (10 * TOE_NS_PER_MS)

struct emu_station {
    struct emu_station_settings settings;
    toe_handle listener; /* 0: it leads, or has been called */
    toe_handle conn;     /* 0: none yet, or no more */
    struct emu_session_reader reader;
    toe_instant begin; /* the first run, plus one; 0: not yet */
    uint32_t next;     /* phase to lead to, and when */
    toe_instant next_at;
    bool awaits; /* an answer, which is to be: */
    enum emu_session_kind awaited;
    toe_instant asked_at;
    bool finishes;
    bool is_over;
};

static bool leads(const struct emu_station *station)
{
    return station->settings.peer.family != 0;
}

/* --- the load --- */

static void enter(struct emu_station *station, uint32_t idx, toe_instant now)
{
    const struct emu_course_phase *phase = emu_course_phase(idx);
    struct emu_load_pace pace = station->settings.pace;

    pace.open_cnt = emu_course_share(pace.open_cnt, phase->percent);
    pace.call_cnt = pace.call_cnt == 0 ? 0 : emu_course_share(pace.call_cnt, phase->percent);
    pace.mix.bytes = emu_course_share(pace.mix.bytes, phase->bytes);
    pace.mix.seconds_max = phase->life;
    pace.moves_every = phase->moves_every;
    emu_load_pace_set(station->settings.load, &pace, now);
    toe_host_policy_set(station->settings.host,
                        phase->offloads_all ? TOE_POLICY_ALL : TOE_POLICY_RANDOM);
}

/* --- the connection --- */

static void end(struct emu_station *station)
{
    if (station->conn != 0) {
        toe_host_close(station->settings.host, station->conn);
        station->conn = 0;
    }
    if (station->listener != 0) {
        toe_host_close(station->settings.host, station->listener);
        station->listener = 0;
    }
    station->is_over = true;
}

static void fail(struct emu_station *station, const char *what)
{
    emu_load_fault(station->settings.result, "%s over the support NIC", what);
    end(station);
}

/* The lines are short and there is one on its way at most, so there is always room. */
static void say(struct emu_station *station, const struct emu_session_message *message)
{
    char line[EMU_SESSION_LINE_MAX];
    const size_t len = emu_session_write(line, message);

    if (toe_host_send(station->settings.host, station->conn, line, len) != len) {
        fail(station, "nothing can be said");
    }
}

static void ask(struct emu_station *station, const struct emu_session_message *message,
                toe_instant now)
{
    station->awaits = true;
    station->awaited = message->kind == EMU_SESSION_END ? EMU_SESSION_REPORT : EMU_SESSION_OK;
    station->asked_at = now;
    say(station, message);
}

/* --- following --- */

static void answer(struct emu_station *station, const struct emu_session_message *message,
                   toe_instant now)
{
    const struct emu_stress_settings *stress = station->settings.stress;
    struct emu_session_message reply = {.kind = EMU_SESSION_OK};

    switch (message->kind) {
    case EMU_SESSION_HELLO:
        if (message->seed != stress->seed || message->connections != stress->connections) {
            fail(station, "the machines do not agree");
            return;
        }
        break;
    case EMU_SESSION_PHASE:
        enter(station, message->phase, now);
        break;
    case EMU_SESSION_END:
        station->finishes = true;
        return; /* The report comes when all has ended here, too. */
    case EMU_SESSION_OK:
    case EMU_SESSION_REPORT:
        fail(station, "an answer to nothing came");
        return;
    }
    say(station, &reply);
}

static void report(struct emu_station *station)
{
    struct emu_session_message reply = {.kind = EMU_SESSION_REPORT};

    emu_load_tally_get(station->settings.load, &reply.tally);
    say(station, &reply);
    end(station);
}

/* --- leading --- */

static void take_answer(struct emu_station *station, const struct emu_session_message *message)
{
    struct emu_stress_result *result = station->settings.result;

    if (!station->awaits || message->kind != station->awaited) {
        fail(station, "an answer to nothing came");
        return;
    }
    station->awaits = false;
    if (message->kind == EMU_SESSION_REPORT) {
        result->remote = message->tally;
        result->has_remote = true;
        end(station);
    }
}

/* Goes to the phase that is next by the clock. */
static void call_phase(struct emu_station *station, toe_instant now)
{
    const double seconds = station->settings.stress->seconds;
    const uint32_t idx = station->next++;

    station->next_at = station->next < emu_course_cnt()
                           ? station->begin - 1 + emu_course_begin(seconds, station->next)
                           : TOE_INSTANT_NEVER;
    ask(station, &(struct emu_session_message){.kind = EMU_SESSION_PHASE, .phase = idx}, now);
    enter(station, idx, now);
}

static void lead(struct emu_station *station, toe_instant now)
{
    const struct emu_stress_settings *stress = station->settings.stress;

    if (station->conn == 0) {
        station->conn = toe_host_connect(station->settings.host, NULL, 0, &station->settings.peer,
                                         EMU_SESSION_PORT);
        if (station->conn == 0) {
            fail(station, "no connection can be opened");
            return;
        }
        ask(station,
            &(struct emu_session_message){.kind = EMU_SESSION_HELLO,
                                          .seed = stress->seed,
                                          .connections = stress->connections,
                                          .ms = (uint64_t)(stress->seconds * 1e3)},
            now);
    } else if (station->awaits) {
        /* The other end's flows may take as long as ours to finish. */
        if (now >= station->asked_at + ANSWER_TIME && station->awaited == EMU_SESSION_OK) {
            fail(station, "no answer came");
        }
    } else if (station->finishes) {
        if (emu_load_flow_cnt(station->settings.load) == 0) {
            ask(station, &(struct emu_session_message){.kind = EMU_SESSION_END}, now);
        }
    } else if (now >= station->next_at) {
        call_phase(station, now);
    }
}

/* --- running --- */

static void hear(struct emu_station *station, toe_instant now)
{
    struct emu_session_message message;
    char bytes[EMU_SESSION_LINE_MAX];
    size_t len;

    while (station->conn != 0 && (len = toe_host_receive(station->settings.host, station->conn,
                                                         bytes, sizeof(bytes))) > 0) {
        for (size_t i = 0; i < len && !station->is_over; ++i) {
            if (!emu_session_read(&station->reader, &message, bytes[i])) {
                continue;
            }
            if (leads(station)) {
                take_answer(station, &message);
            } else {
                answer(station, &message, now);
            }
        }
    }
    if (station->reader.is_broken) {
        fail(station, "what is no message came");
    }
}

/* Whether the other station is gone though there is more to tell. */
static bool is_cut(const struct emu_station *station)
{
    struct toe_host_conn_info info;

    return station->conn != 0 &&
           (!toe_host_conn_info(station->settings.host, station->conn, &info) ||
            info.end_of_stream || info.state == TOE_TCP_CLOSED);
}

static toe_instant due(const struct emu_station *station, toe_instant now)
{
    if (station->is_over || (!leads(station) && !station->finishes)) {
        return TOE_INSTANT_NEVER;
    }
    if (station->finishes) {
        return now + FINISH_STEP;
    }
    if (station->awaits) {
        return station->asked_at + ANSWER_TIME;
    }
    return station->next_at;
}

toe_instant emu_station_run(struct emu_station *station, toe_instant now)
{
    if (station->begin == 0) {
        station->begin = now + 1;
        station->next_at = now;
    }
    if (station->is_over) {
        return TOE_INSTANT_NEVER;
    }
    if (station->listener != 0 && station->conn == 0) {
        station->conn = toe_host_accept(station->settings.host, station->listener);
    }
    hear(station, now);
    if (!station->is_over && leads(station)) {
        lead(station, now);
    } else if (!station->is_over && station->finishes &&
               emu_load_flow_cnt(station->settings.load) == 0) {
        report(station);
    }
    if (!station->is_over && is_cut(station)) {
        fail(station, "the other machine has left");
    }
    return due(station, now);
}

void emu_station_finish(struct emu_station *station)
{
    if (leads(station)) {
        station->finishes = true;
    }
}

bool emu_station_is_over(const struct emu_station *station)
{
    return station->is_over;
}

struct emu_station *emu_station_new(const struct emu_station_settings *settings)
{
    struct emu_station *station = calloc(1, sizeof(*station));

    if (station == NULL) {
        return NULL;
    }
    station->settings = *settings;
    if (!leads(station)) {
        station->listener = toe_host_listen(settings->host, &settings->local, EMU_SESSION_PORT, 1);
        if (station->listener == 0) {
            free(station);
            return NULL;
        }
    }
    return station;
}

void emu_station_del(struct emu_station *station)
{
    free(station);
}
