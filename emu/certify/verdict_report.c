/* SPDX-License-Identifier: MIT */
/*
 * Reports in files: JUnit for build servers, and one HTML page that needs nothing else.
 */
#include "verdict.h"

#include <stdio.h>

#include "amount.h"
#include "page.h"

static const char *profile_name(enum toe_profile profile)
{
    return profile == TOE_PROFILE_COMPAT ? "compat" : "modern";
}

static void junit_case(FILE *out, const struct cert_case *one)
{
    (void)fprintf(out, "  <testcase classname=\"toe.certify.%s.%s\" name=\"%s ",
                  profile_name(one->profile), cert_group_name(one->scenario->group),
                  one->scenario->id);
    emu_page_text(out, one->scenario->title);
    (void)fprintf(out, "\" time=\"%.3f\">", one->ms / 1e3);
    if (one->result == CERT_SKIPPED || one->result == CERT_RUNNING) {
        (void)fputs("<skipped message=\"", out);
        emu_page_text(out, one->text != NULL ? one->text : cert_result_name(one->result));
        (void)fputs("\"/>", out);
    } else if (one->result != CERT_PASSED) {
        (void)fprintf(out, "<failure type=\"%s\" message=\"", cert_result_name(one->result));
        emu_page_text(out, one->text);
        (void)fputs("\">rules: ", out);
        emu_page_text(out, one->scenario->rules);
        (void)fputc('\n', out);
        emu_page_text(out, one->chart);
        (void)fputs("</failure>", out);
    }
    (void)fputs("</testcase>\n", out);
}

bool cert_report_junit(const char *path, const struct cert_run *run,
                       const struct cert_verdict *verdict)
{
    FILE *out = fopen(path, "w");

    if (out == NULL) {
        return false;
    }
    (void)fprintf(out,
                  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                  "<testsuite name=\"toe certify\" tests=\"%u\" failures=\"%u\" skipped=\"%u\">\n",
                  run->case_cnt,
                  verdict->cases[CERT_FAILED] + verdict->cases[CERT_CRASHED] +
                      verdict->cases[CERT_HUNG],
                  verdict->cases[CERT_SKIPPED] + verdict->cases[CERT_RUNNING]);
    for (uint32_t i = 0; i < run->case_cnt; ++i) {
        junit_case(out, &run->cases[i]);
    }
    (void)fputs("</testsuite>\n", out);
    return fclose(out) == 0;
}

static void html_rule(void *out, uint32_t rule)
{
    (void)fprintf(out, "<br>%s: ", cert_rules[rule].id);
    emu_page_text(out, cert_rule_text(cert_rules[rule].id));
}

static void html_case(FILE *out, const struct cert_case *one)
{
    const char *name = cert_result_name(one->result);

    (void)fprintf(out, "<tr><td>%s</td><td>%s</td><td class=\"%s\">%s</td><td>", one->scenario->id,
                  profile_name(one->profile), name, name);
    emu_page_text(out, one->scenario->title);
    if (one->text != NULL) {
        (void)fputs("<br><b>", out);
        emu_page_text(out, one->text);
        (void)fputs("</b>", out);
    }
    if (one->chart != NULL) {
        (void)cert_rule_each(one->broken != NULL ? one->broken : one->scenario->rules, html_rule,
                             out);
        (void)fputs("<details open><summary>what happened</summary><pre>", out);
        emu_page_text(out, one->chart);
        (void)fputs("</pre></details>", out);
    }
    (void)fputs("</td><td>", out);
    emu_page_text(out, one->scenario->rules);
    (void)fputs("</td></tr>\n", out);
}

static bool has_failed(const struct cert_case *one)
{
    return one->result == CERT_FAILED || one->result == CERT_CRASHED || one->result == CERT_HUNG;
}

static void html_table(FILE *out)
{
    (void)fputs("<div class=\"scroll\"><table>\n", out);
}

static void html_table_end(FILE *out)
{
    (void)fputs("</table></div>\n", out);
}

static void html_failed(FILE *out, const struct cert_run *run)
{
    bool is_open = false;

    for (uint32_t i = 0; i < run->case_cnt; ++i) {
        if (!has_failed(&run->cases[i])) {
            continue;
        }
        if (!is_open) {
            (void)fputs("<h2>What failed</h2>\n", out);
            html_table(out);
            is_open = true;
        }
        html_case(out, &run->cases[i]);
    }
    if (is_open) {
        html_table_end(out);
    }
}

/* The tests of one group, those that failed left out: they are told already. */
static void html_group(FILE *out, const struct cert_run *run, enum cert_group group)
{
    uint32_t cnt = 0;
    uint32_t passed = 0;

    for (uint32_t i = 0; i < run->case_cnt; ++i) {
        if (run->cases[i].scenario->group == group) {
            ++cnt;
            passed += run->cases[i].result == CERT_PASSED ? 1 : 0;
        }
    }
    if (cnt == 0) {
        return;
    }
    (void)fputs("<details><summary>", out);
    emu_page_text(out, cert_group_text(group));
    (void)fprintf(out, ": %u of %u passed</summary>\n", passed, cnt);
    html_table(out);
    for (uint32_t i = 0; i < run->case_cnt; ++i) {
        if (run->cases[i].scenario->group == group && !has_failed(&run->cases[i])) {
            html_case(out, &run->cases[i]);
        }
    }
    html_table_end(out);
    (void)fputs("</details>\n", out);
}

static void html_rules(FILE *out, const struct cert_verdict *verdict)
{
    (void)fputs("<h2>Rules</h2>\n<details><summary>every rule, and what came of it</summary>\n",
                out);
    html_table(out);
    (void)fputs("<tr><th>rule</th><th>level</th><th>result</th><th>what it says</th></tr>\n", out);
    for (uint32_t i = 0; i < cert_rule_cnt; ++i) {
        const char *name = cert_rule_result_name(verdict->rules[i]);

        (void)fprintf(out, "<tr><td>%s</td><td>%c</td><td class=\"%s\">%s</td><td>",
                      cert_rules[i].id, cert_rules[i].level, name, name);
        emu_page_text(out, cert_rule_text(cert_rules[i].id));
        (void)fprintf(out, " (%s) ", cert_rules[i].file);
        if (verdict->rules[i] == CERT_RULE_EXCUSED) {
            emu_page_text(out, verdict->reasons[i]);
        }
        (void)fputs("</td></tr>\n", out);
    }
    html_table_end(out);
    (void)fputs("</details>\n", out);
}

static void tile(FILE *out, const char *name, uint32_t cnt, enum emu_page_tone tone)
{
    char text[EMU_AMOUNT_LEN];

    emu_page_tile(out, name, emu_amount_count(text, cnt), tone);
}

static void html_head(FILE *out, const struct cert_run *run, const struct cert_verdict *verdict)
{
    const uint32_t *rules = verdict->cnt;

    (void)fputs("<p>Does an offload target keep the rules of its architecture? Each test plays a "
                "host and a peer to the target <b>",
                out);
    emu_page_text(out, run->plugin->name);
    (void)fprintf(out,
                  "</b>, in virtual time, and checks the rules that it names. Seed %llu.</p>\n",
                  (unsigned long long)run->seed);
    emu_page_tiles(out);
    tile(out, "tests", run->case_cnt, EMU_PAGE_PLAIN);
    tile(out, "tests passed", verdict->cases[CERT_PASSED], EMU_PAGE_GOOD);
    tile(out, "tests skipped", verdict->cases[CERT_SKIPPED], EMU_PAGE_PLAIN);
    tile(out, "rules", verdict->total, EMU_PAGE_PLAIN);
    tile(out, "rules passed", rules[CERT_RULE_PASSED], EMU_PAGE_GOOD);
    tile(out, "rules failed", rules[CERT_RULE_FAILED],
         rules[CERT_RULE_FAILED] == 0 ? EMU_PAGE_GOOD : EMU_PAGE_BAD);
    tile(out, "rules excused", rules[CERT_RULE_EXCUSED], EMU_PAGE_PLAIN);
    tile(out, "rules untested", rules[CERT_RULE_UNTESTED], EMU_PAGE_PLAIN);
    emu_page_tiles_end(out);
}

bool cert_report_html(const char *path, const struct cert_run *run,
                      const struct cert_verdict *verdict)
{
    FILE *out = fopen(path, "w");
    bool is_whole;

    if (out == NULL) {
        return false;
    }
    emu_page_begin(out, "toe certify", verdict->passed ? "pass" : "fail",
                   verdict->passed ? EMU_PAGE_GOOD : EMU_PAGE_BAD);
    html_head(out, run, verdict);
    html_failed(out, run);
    (void)fputs("<h2>Tests</h2>\n", out);
    for (uint32_t group = 0; group < CERT_GROUP_CNT; ++group) {
        html_group(out, run, (enum cert_group)group);
    }
    html_rules(out, verdict);
    is_whole = emu_page_end(out);
    return fclose(out) == 0 && is_whole;
}
