/* SPDX-License-Identifier: MIT */
#include "stress_page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "amount.h"
#include "computer.h"
#include "endurance/endurance.h"
#include "figure.h"
#include "page.h"
#include "stress_report.h"

/* --- the verdict --- */

static enum emu_page_tone tone_of(const struct emu_stress_result *result)
{
    static const enum emu_page_tone tones[] = {
        [EMU_VERDICT_PASS] = EMU_PAGE_GOOD,
        [EMU_VERDICT_FAIL] = EMU_PAGE_BAD,
        [EMU_VERDICT_INTERRUPTED] = EMU_PAGE_WARN,
    };

    return tones[result->verdict];
}

static void put_verdict(FILE *out, const struct emu_stress_result *result)
{
    char opened[EMU_AMOUNT_LEN];
    char bytes[EMU_AMOUNT_LEN];
    char offloads[EMU_AMOUNT_LEN];
    char uploads[EMU_AMOUNT_LEN];

    (void)fprintf(out,
                  "<p>%s TCP connections carried %s, every byte of it checked. While data flowed "
                  "they were handed to the offload target %s times and taken back %s times.",
                  emu_amount_count(opened, result->connections_opened),
                  emu_amount_bytes(bytes, (double)result->bytes),
                  emu_amount_count(offloads, result->offloads),
                  emu_amount_count(uploads, result->uploads));
    switch (result->verdict) {
    case EMU_VERDICT_PASS:
        (void)fputs(" Nothing was wrong: no byte, no connection that was reset or stood still, "
                    "nothing left behind at the end.</p>\n",
                    out);
        break;
    case EMU_VERDICT_FAIL:
        (void)fputs("</p>\n<p class=\"bad\">What went wrong first: ", out);
        emu_page_text(out, result->fault);
        (void)fputs("</p>\n", out);
        break;
    case EMU_VERDICT_INTERRUPTED:
        (void)fputs(" The run was interrupted; until then nothing had been wrong.</p>\n", out);
        break;
    }
    (void)fputs(
        "<p class=\"soft\">What is tested: an <em>offload target</em>, which is a part of a "
        "network "
        "adapter, runs TCP connections for the <em>host stack</em> that has opened them. The host "
        "can hand a connection to it (<em>offload</em>) and take it back (<em>upload</em>) at any "
        "moment, and whoever is at the other end must not notice.</p>\n",
        out);
}

static void tile_count(FILE *out, const char *name, uint64_t count, enum emu_page_tone tone)
{
    char text[EMU_AMOUNT_LEN];

    emu_page_tile(out, name, emu_amount_count(text, count), tone);
}

/* One for what must not be. */
static void tile_none(FILE *out, const char *name, uint64_t count)
{
    tile_count(out, name, count, count == 0 ? EMU_PAGE_GOOD : EMU_PAGE_BAD);
}

static void put_tiles(FILE *out, const struct emu_stress_result *result)
{
    char text[EMU_AMOUNT_LEN];

    emu_page_tiles(out);
    tile_count(out, "connections", result->connections_opened, EMU_PAGE_PLAIN);
    tile_count(out, "at once, at most", result->connections_peak, EMU_PAGE_PLAIN);
    emu_page_tile(out, "checked", emu_amount_bytes(text, (double)result->bytes), EMU_PAGE_PLAIN);
    tile_count(out, "offloads and uploads", result->offloads + result->uploads, EMU_PAGE_PLAIN);
    tile_none(out, "bytes wrong", result->bytes_wrong);
    tile_none(out, "connections reset", result->resets);
    tile_none(out, "connections stalled", result->stalls);
    tile_none(out, "left over", result->leftover);
    tile_none(out, "breaches of the contract between host and target", result->breaches);
    emu_page_tiles_end(out);
}

static double rate(uint64_t before, uint64_t after, double seconds)
{
    return after > before && seconds > 0 ? (double)(after - before) / seconds : 0;
}

/* --- of a certification --- */

static void put_requirements(FILE *out, const struct emu_endurance *endurance)
{
    (void)fputs("<h2>The seven requirements</h2>\n", out);
    for (int i = 0; i < EMU_REQUIREMENT_CNT; ++i) {
        const struct emu_requirement *requirement = &endurance->requirements[i];
        const char *verdict = requirement->is_met ? "pass" : "fail";

        (void)fprintf(out, "<h3><span class=\"%s\">%s</span> %s %s</h3>\n<p>", verdict, verdict,
                      requirement->id, requirement->name);
        emu_page_text(out, requirement->evidence);
        (void)fputs("</p>\n", out);
    }
}

/* The phases, with what was done in each a second. */
static void put_phases(FILE *out, const struct emu_endurance *endurance)
{
    static const char *const headings[] = {
        "phase", "from", "open", "offloaded ends", "opened/s", "moves/s", "retransmitted/s"};
    enum { COLUMNS = sizeof(headings) / sizeof(headings[0]) };

    (void)fputs("<h2>The phases</h2>\n", out);
    emu_page_table(out, headings, COLUMNS);
    for (uint32_t i = 0; i + 1 < endurance->mark_cnt; ++i) {
        const struct emu_endurance_mark *from = &endurance->marks[i];
        const struct emu_endurance_mark *to = from + 1;
        const double seconds = to->at - from->at;
        char texts[COLUMNS][EMU_AMOUNT_LEN];
        const char *cells[COLUMNS] = {emu_course_phase(i)->text};

        for (int k = 1; k < COLUMNS; ++k) {
            cells[k] = texts[k];
        }
        (void)emu_amount_time(texts[1], (toe_duration)(from->at * (double)TOE_NS_PER_SEC));
        (void)emu_amount_count(texts[2], to->connections);
        (void)emu_amount_count(texts[3], to->offloaded);
        (void)snprintf(texts[4], EMU_AMOUNT_LEN, "%.1f", rate(from->opened, to->opened, seconds));
        (void)snprintf(texts[5], EMU_AMOUNT_LEN, "%.1f", rate(from->moves, to->moves, seconds));
        (void)snprintf(texts[6], EMU_AMOUNT_LEN, "%.1f",
                       rate(from->retransmitted, to->retransmitted, seconds));
        emu_page_row(out, cells, COLUMNS);
    }
    emu_page_table_end(out);
}

/* --- over time --- */

struct rates {
    toe_duration at[EMU_CHRONICLE_SAMPLES];
    double connections[EMU_CHRONICLE_SAMPLES], offloaded[EMU_CHRONICLE_SAMPLES];
    double bytes[EMU_CHRONICLE_SAMPLES], offloads[EMU_CHRONICLE_SAMPLES];
    double uploads[EMU_CHRONICLE_SAMPLES], retransmitted[EMU_CHRONICLE_SAMPLES];
    double frames_lost[EMU_CHRONICLE_SAMPLES], stalls[EMU_CHRONICLE_SAMPLES];
};

/* Samples up to the last one that tells something: at the end a run waits for its TIME_WAITs. */
static uint32_t telling(const struct emu_chronicle *chronicle)
{
    const struct emu_sample *samples = chronicle->samples;
    struct emu_sample last = samples[chronicle->sample_cnt - 1];
    uint32_t cnt = chronicle->sample_cnt;

    for (; cnt > 2; --cnt) {
        last.at = samples[cnt - 2].at;
        if (memcmp(&last, &samples[cnt - 2], sizeof(last)) != 0) {
            break;
        }
    }
    return cnt;
}

static void find_rates(struct rates *rates, const struct emu_chronicle *chronicle, uint32_t cnt)
{
    for (uint32_t i = 0; i < cnt; ++i) {
        static const struct emu_sample none = {0};
        const struct emu_sample *b = i == 0 ? &none : &chronicle->samples[i - 1];
        const struct emu_sample *s = &chronicle->samples[i];
        const double seconds = (double)(s->at - b->at) / (double)TOE_NS_PER_SEC;

        rates->at[i] = s->at;
        rates->connections[i] = s->connections;
        rates->offloaded[i] = s->offloaded;
        rates->bytes[i] = rate(b->bytes, s->bytes, seconds);
        rates->offloads[i] = rate(b->offloads, s->offloads, seconds);
        rates->uploads[i] = rate(b->uploads, s->uploads, seconds);
        rates->retransmitted[i] = rate(b->retransmitted, s->retransmitted, seconds);
        rates->frames_lost[i] = rate(b->frames_lost, s->frames_lost, seconds);
        rates->stalls[i] = (double)s->stalls;
    }
}

static void put_samples(FILE *out, const struct rates *rates, uint32_t cnt)
{
    static const char *const headings[] = {
        "time",         "open",      "offloaded ends",  "bytes/s",
        "offloads/s",   "uploads/s", "retransmitted/s", "frames lost/s",
        "stalls so far"};
    enum { COLUMNS = sizeof(headings) / sizeof(headings[0]) };

    (void)fputs("<details><summary>the numbers</summary>\n", out);
    emu_page_table(out, headings, COLUMNS);
    for (uint32_t i = 0; i < cnt; ++i) {
        const double values[COLUMNS] = {(double)rates->at[i] / (double)TOE_NS_PER_SEC,
                                        rates->connections[i],
                                        rates->offloaded[i],
                                        rates->bytes[i],
                                        rates->offloads[i],
                                        rates->uploads[i],
                                        rates->retransmitted[i],
                                        rates->frames_lost[i],
                                        rates->stalls[i]};
        char texts[COLUMNS][EMU_AMOUNT_LEN];
        const char *cells[COLUMNS];

        for (int k = 0; k < COLUMNS; ++k) {
            (void)snprintf(texts[k], sizeof(texts[k]), k == 0 || k > 3 ? "%.1f" : "%.0f",
                           values[k]);
            cells[k] = texts[k];
        }
        emu_page_row(out, cells, COLUMNS);
    }
    emu_page_table_end(out);
    (void)fputs("</details>\n", out);
}

static void put_timelines(FILE *out, const struct emu_chronicle *chronicle)
{
    static struct rates rates; /* too large for the stack */
    struct emu_figure figure = {.cnt = telling(chronicle), .at = rates.at, .line_cnt = 2};

    find_rates(&rates, chronicle, figure.cnt);
    (void)fputs(
        "<h2>The run over time</h2>\n<p class=\"soft\">An end of a connection is one of the "
        "two machines it connects; each may be offloaded at either.</p>\n"
        "<div class=\"figures\">\n",
        out);
    figure.title = "Connections";
    figure.lines[0].name = "open";
    figure.lines[0].values = rates.connections;
    figure.lines[1].name = "ends in a target";
    figure.lines[1].values = rates.offloaded;
    emu_figure_time(out, &figure);
    figure.title = "Moves a second";
    figure.lines[0].name = "offloads";
    figure.lines[0].values = rates.offloads;
    figure.lines[1].name = "uploads";
    figure.lines[1].values = rates.uploads;
    emu_figure_time(out, &figure);
    figure.title = "Lost and sent again, a second";
    figure.lines[0].name = "segments retransmitted";
    figure.lines[0].values = rates.retransmitted;
    figure.lines[1].name = "frames lost";
    figure.lines[1].values = rates.frames_lost;
    emu_figure_time(out, &figure);
    figure.title = "Received and checked, both ways";
    figure.unit = "bytes/s";
    figure.line_cnt = 1;
    figure.lines[0].values = rates.bytes;
    emu_figure_time(out, &figure);
    if (rates.stalls[figure.cnt - 1] > 0) {
        figure.title = "Connections that have stalled so far";
        figure.unit = NULL;
        figure.is_stepped = true;
        figure.lines[0].values = rates.stalls;
        emu_figure_time(out, &figure);
    }
    (void)fputs("</div>\n", out);
    put_samples(out, &rates, figure.cnt);
}

/* Whether the connections are the kernel's, which is not asked what each of them does. */
static bool is_of_kernel(const struct emu_stress_result *result)
{
    return result->endurance != NULL && result->endurance->way == EMU_ENDURANCE_NIC;
}

static void put_times(FILE *out, const struct emu_stress_result *result,
                      const struct emu_chronicle *chronicle)
{
    (void)fputs("<h2>How long moves took</h2>\n<p class=\"soft\">", out);
    (void)fputs(
        is_of_kernel(result)
            ? "To the target from when a connection began to offload, which may have to wait "
              "for an instant at which it can; and back from the request until the kernel "
              "has all of it again."
            : "From the host's request, which may be for several connections, to the "
              "target's answer. In a simulated run an answer without delay takes no time.",
        out);
    (void)fputs("</p>\n<div class=\"figures\">\n", out);
    emu_figure_histogram(out, "Offloads", &chronicle->offload_time);
    emu_figure_histogram(out, "Uploads", &chronicle->upload_time);
    (void)fputs("</div>\n", out);
}

/* --- counted by name --- */

/* A table of the numbers of |object|, which is borrowed, the largest ones first come first. */
static void put_counts(FILE *out, const char *title, const char *name, const json_t *object)
{
    const char *const headings[] = {name, "how often"};
    const char *key;
    json_t *value;

    if (json_object_size(object) == 0) {
        return;
    }
    (void)fputs("<section><h3>", out);
    emu_page_text(out, title);
    (void)fputs("</h3>\n", out);
    emu_page_table(out, headings, 2);
    json_object_foreach((json_t *)object, key, value)
    {
        char text[EMU_AMOUNT_LEN];
        const char *const cells[] = {key,
                                     emu_amount_count(text, (uint64_t)json_integer_value(value))};

        emu_page_row(out, cells, 2);
    }
    emu_page_table_end(out);
    (void)fputs("</section>\n", out);
}

static void put_moments(FILE *out, const struct emu_stress_result *result)
{
    static const char *const headings[] = {"state", "offloads", "uploads"};
    const struct toe_host_stats *host = &result->host;

    (void)fputs("<section><h3>In which state connections were moved</h3>\n", out);
    emu_page_table(out, headings, 3);
    for (unsigned i = 0; i < 11; ++i) {
        char offloaded[EMU_AMOUNT_LEN];
        char uploaded[EMU_AMOUNT_LEN];
        const char *const cells[] = {toe_conn_state_name((enum toe_conn_state)i),
                                     emu_amount_count(offloaded, host->offloaded_in_state[i]),
                                     emu_amount_count(uploaded, host->uploaded_in_state[i])};

        if (host->offloaded_in_state[i] + host->uploaded_in_state[i] > 0) {
            emu_page_row(out, cells, 3);
        }
    }
    emu_page_table_end(out);
    (void)fprintf(
        out,
        "<p class=\"soft\">With bytes sent and not acknowledged: %" PRIu64 " and %" PRIu64
        "; with bytes received and not taken: %" PRIu64 " and %" PRIu64
        "; while the peer's window was closed: %" PRIu64 " and %" PRIu64 ".</p></section>\n",
        host->offloaded_with_unacked, host->uploaded_with_unacked, host->offloaded_with_received,
        host->uploaded_with_received, host->offloaded_zero_window, host->uploaded_zero_window);
}

static void put_reasons(FILE *out, const struct emu_stress_result *result, const json_t *object)
{
    (void)fputs("<h2>What happened, counted</h2>\n<div class=\"figures\">\n", out);
    if (!is_of_kernel(result)) {
        put_moments(out, result);
    }
    put_counts(out, "Uploads that the target asked for", "reason",
               json_object_get(object, "upload_reasons"));
    put_counts(out, "Offloads that failed", "status",
               json_object_get(object, "offloads_failed_status"));
    put_counts(out, "Segments and frames dropped", "reason", json_object_get(object, "drops"));
    put_counts(out, "Faults that were injected", "kind", json_object_get(object, "chaos"));
    (void)fputs("</div>\n", out);
}

/* --- lives --- */

static void put_life_line(FILE *out, const struct emu_life *life)
{
    char up[EMU_AMOUNT_LEN];
    char down[EMU_AMOUNT_LEN];
    char lasted[EMU_AMOUNT_LEN];
    char waited[EMU_AMOUNT_LEN];
    char opened[EMU_AMOUNT_LEN];

    (void)fprintf(
        out,
        "<h3>Machine %s, port %u to %u, IPv%u</h3>\n<p class=\"soft\">Flow %016" PRIx64
        ". Opened at %s, lasted %s, sent %s and received %s; moved %u times; the longest "
        "wait was %s. It %s.</p>\n",
        life->machine, life->local_port, life->remote_port, life->family, life->plan.seed,
        emu_amount_time(opened, life->opened), emu_amount_time(lasted, life->ended - life->opened),
        emu_amount_bytes(up, (double)life->last.tx), emu_amount_bytes(down, (double)life->last.rx),
        life->offload_cnt + life->upload_cnt, emu_amount_time(waited, life->silence),
        life->outcome);
}

static void put_life(FILE *out, const struct emu_life *life)
{
    toe_duration at[EMU_LIFE_POINTS + 1];
    double sent[EMU_LIFE_POINTS + 1];
    double received[EMU_LIFE_POINTS + 1];
    bool band[EMU_LIFE_POINTS + 1];
    struct emu_figure figure = {
        .title = "Bytes of the stream",
        .unit = "bytes",
        .is_stepped = true,
        .cnt = life->point_cnt + 1,
        .at = at,
        .line_cnt = 2,
        .lines = {{"sent", sent}, {"received", received}},
        .band = band,
        .band_name = "offloaded",
        .wait = life->silence,
        .wait_until = life->silence_at,
    };

    for (uint32_t i = 0; i <= life->point_cnt; ++i) {
        const struct emu_life_point *point = i < life->point_cnt ? &life->points[i] : &life->last;

        at[i] = i < life->point_cnt ? point->at : life->ended;
        sent[i] = (double)point->tx;
        received[i] = (double)point->rx;
        band[i] = point->is_offloaded;
    }
    (void)fputs("<section>\n", out);
    put_life_line(out, life);
    emu_figure_time(out, &figure);
    (void)fputs("</section>\n", out);
}

static void put_lives(FILE *out, const struct emu_chronicle *chronicle)
{
    static const char *const titles[] = {
        [EMU_LIFE_WAITED] = "Those that waited longest",
        [EMU_LIFE_MOVED] = "Those that were moved most",
    };

    (void)fputs(
        "<h2>The slowest and the unluckiest connections</h2>\n<p class=\"soft\">How far the "
        "application's data was, as its end here saw it. A connection that waits on purpose "
        "now and then is not among the first group.</p>\n",
        out);
    for (int rank = 0; rank < EMU_LIFE_RANK_CNT; ++rank) {
        (void)fprintf(out, "<details%s><summary>%s</summary>\n<div class=\"figures\">\n",
                      rank == 0 ? " open" : "", titles[rank]);
        for (int i = 0; i < EMU_CHRONICLE_LIVES && chronicle->lives[rank][i] != NULL; ++i) {
            put_life(out, chronicle->lives[rank][i]);
        }
        (void)fputs("</div></details>\n", out);
    }
}

/* --- where and how --- */

static void put_command(FILE *out, const struct emu_stress_about *about)
{
    (void)fputs("<pre>", out);
    for (int i = 0; i < about->argc; ++i) {
        const bool is_plain = about->argv[i][0] != '\0' &&
                              strpbrk(about->argv[i], " \t\n\"'\\$&|;<>()*?[]#~!`") == NULL;

        (void)fputs(i == 0 ? "toe stress" : is_plain ? " " : " '", out);
        emu_page_text(out, i == 0 ? "" : about->argv[i]);
        (void)fputs(i == 0 || is_plain ? "" : "'", out);
    }
    (void)fputs("</pre>\n", out);
}

static void row(FILE *out, const char *name, const char *value)
{
    const char *const cells[] = {name, value};

    emu_page_row(out, cells, 2);
}

static void put_environment(FILE *out, const struct emu_stress_result *result,
                            const struct emu_stress_about *about)
{
    static const char *const headings[] = {"", ""};
    struct emu_computer computer;
    char text[80];
    const time_t now = time(NULL);
    struct tm utc;

    emu_computer_look(&computer);
    (void)fputs("<h2>Where and how</h2>\n<p>To run it again:</p>\n", out);
    put_command(out, about);
    emu_page_table(out, headings, 2);
    (void)snprintf(text, sizeof(text), "%" PRIu64, result->seed);
    row(out, "seed", text);
    if (result->digest != 0) {
        (void)snprintf(text, sizeof(text), "%016" PRIx64, result->digest);
        row(out, "digest of all frames", text);
    }
    (void)snprintf(text, sizeof(text), "%.1f s", result->virtual_seconds);
    row(out, about->settings->interface != NULL ? "time" : "virtual time", text);
    (void)snprintf(text, sizeof(text), "%.1f s", result->wall_seconds);
    row(out, "it took", text);
    row(out, "toe", TOE_VERSION);
    row(out, "processor", computer.processor);
    (void)snprintf(text, sizeof(text), "%u", computer.processor_cnt);
    row(out, "processors", text);
    row(out, "system", computer.system);
    if (gmtime_r(&now, &utc) != NULL && strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &utc)) {
        row(out, "written", text);
    }
    emu_page_table_end(out);
}

static void put_all(FILE *out, const json_t *object)
{
    char *text = json_dumps(object, JSON_INDENT(2));

    (void)fputs("<details><summary>every number of the result</summary>\n<pre>", out);
    emu_page_text(out, text);
    (void)fputs("</pre></details>\n", out);
    free(text);
}

bool emu_stress_page_write(FILE *out, const struct emu_stress_result *result,
                           const struct emu_stress_about *about)
{
    json_t *object = emu_stress_report_object(result, "summary");

    emu_page_begin(out, result->endurance != NULL ? "toe stress, certification" : "toe stress",
                   emu_stress_verdict_name(result->verdict), tone_of(result));
    put_verdict(out, result);
    put_tiles(out, result);
    if (result->endurance != NULL) {
        put_requirements(out, result->endurance);
        put_phases(out, result->endurance);
    }
    if (about->chronicle->sample_cnt > 0) {
        put_timelines(out, about->chronicle);
        put_times(out, result, about->chronicle);
    }
    put_reasons(out, result, object);
    if (about->chronicle->sample_cnt > 0 && !is_of_kernel(result)) {
        put_lives(out, about->chronicle);
    }
    put_environment(out, result, about);
    put_all(out, object);
    json_decref(object);
    return emu_page_end(out);
}
