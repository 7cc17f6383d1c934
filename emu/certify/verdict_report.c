/* SPDX-License-Identifier: MIT */
/*
 * Reports in files: JUnit for build servers, and one HTML page that needs nothing else.
 */
#include "verdict.h"

#include <stdio.h>
#include <string.h>

static void escaped(FILE *out, const char *text)
{
    for (; text != NULL && *text != '\0'; ++text) {
        switch (*text) {
        case '&':
            (void)fputs("&amp;", out);
            break;
        case '<':
            (void)fputs("&lt;", out);
            break;
        case '>':
            (void)fputs("&gt;", out);
            break;
        case '"':
            (void)fputs("&quot;", out);
            break;
        default:
            (void)fputc(*text, out);
        }
    }
}

static const char *profile_name(enum toe_profile profile)
{
    return profile == TOE_PROFILE_COMPAT ? "compat" : "modern";
}

static void junit_case(FILE *out, const struct cert_case *one)
{
    (void)fprintf(out, "  <testcase classname=\"toe.certify.%s.%s\" name=\"%s ",
                  profile_name(one->profile), cert_group_name(one->scenario->group),
                  one->scenario->id);
    escaped(out, one->scenario->title);
    (void)fprintf(out, "\" time=\"%.3f\">", one->ms / 1e3);
    if (one->result == CERT_SKIPPED || one->result == CERT_RUNNING) {
        (void)fputs("<skipped message=\"", out);
        escaped(out, one->text != NULL ? one->text : cert_result_name(one->result));
        (void)fputs("\"/>", out);
    } else if (one->result != CERT_PASSED) {
        (void)fprintf(out, "<failure type=\"%s\" message=\"", cert_result_name(one->result));
        escaped(out, one->text);
        (void)fputs("\">rules: ", out);
        escaped(out, one->scenario->rules);
        (void)fputc('\n', out);
        escaped(out, one->chart);
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

static const char style[] =
    "body{font:15px/1.5 sans-serif;max-width:75em;margin:2em auto;padding:0 1em;color:#222}"
    "table{border-collapse:collapse;width:100%}td,th{padding:.2em .6em;text-align:left;"
    "border-bottom:1px solid #ddd;vertical-align:top}.pass{color:#17692f}.skip,.excused,"
    ".untested{color:#777}.fail,.crash,.hang{color:#b3151c;font-weight:bold}"
    "pre{background:#f4f4f4;padding:1em;overflow-x:auto;font-size:13px}";

static void html_rule(void *out, uint32_t rule)
{
    (void)fprintf(out, "<br>%s: ", cert_rules[rule].id);
    escaped(out, cert_rule_text(cert_rules[rule].id));
}

static void html_case(FILE *out, const struct cert_case *one)
{
    const char *name = cert_result_name(one->result);

    (void)fprintf(out, "<tr><td>%s</td><td>%s</td><td class=\"%s\">%s</td><td>", one->scenario->id,
                  profile_name(one->profile), name, name);
    escaped(out, one->scenario->title);
    if (one->text != NULL) {
        (void)fputs("<br><b>", out);
        escaped(out, one->text);
        (void)fputs("</b>", out);
    }
    if (one->chart != NULL) {
        (void)cert_rule_each(one->broken != NULL ? one->broken : one->scenario->rules, html_rule,
                             out);
        (void)fputs("<details open><summary>what happened</summary><pre>", out);
        escaped(out, one->chart);
        (void)fputs("</pre></details>", out);
    }
    (void)fputs("</td><td>", out);
    escaped(out, one->scenario->rules);
    (void)fputs("</td></tr>\n", out);
}

static void html_rules(FILE *out, const struct cert_verdict *verdict)
{
    (void)fputs("<h2>Rules</h2>\n<table><tr><th>rule</th><th>level</th><th>result</th>"
                "<th>what it says</th></tr>\n",
                out);
    for (uint32_t i = 0; i < cert_rule_cnt; ++i) {
        const char *name = cert_rule_result_name(verdict->rules[i]);

        (void)fprintf(out, "<tr><td>%s</td><td>%c</td><td class=\"%s\">%s</td><td>",
                      cert_rules[i].id, cert_rules[i].level, name, name);
        escaped(out, cert_rule_text(cert_rules[i].id));
        (void)fprintf(out, " (%s) ", cert_rules[i].file);
        if (verdict->rules[i] == CERT_RULE_EXCUSED) {
            escaped(out, verdict->reasons[i]);
        }
        (void)fputs("</td></tr>\n", out);
    }
    (void)fputs("</table>\n", out);
}

bool cert_report_html(const char *path, const struct cert_run *run,
                      const struct cert_verdict *verdict)
{
    FILE *out = fopen(path, "w");

    if (out == NULL) {
        return false;
    }
    (void)fprintf(out,
                  "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>toe "
                  "certify</title><style>%s</style></head><body>\n<h1>toe certify: "
                  "<span class=\"%s\">%s</span></h1>\n<p>Target: ",
                  style, verdict->passed ? "pass" : "fail", verdict->passed ? "pass" : "fail");
    escaped(out, run->plugin->name);
    (void)fprintf(out,
                  ". Seed %llu. %u tests: %u passed, %u skipped. %u rules: %u passed, %u failed, "
                  "%u excused, %u untested.</p>\n",
                  (unsigned long long)run->seed, run->case_cnt, verdict->cases[CERT_PASSED],
                  verdict->cases[CERT_SKIPPED], verdict->total, verdict->cnt[CERT_RULE_PASSED],
                  verdict->cnt[CERT_RULE_FAILED], verdict->cnt[CERT_RULE_EXCUSED],
                  verdict->cnt[CERT_RULE_UNTESTED]);
    for (uint32_t group = 0; group < CERT_GROUP_CNT; ++group) {
        (void)fputs("<h2>", out);
        escaped(out, cert_group_text((enum cert_group)group));
        (void)fputs("</h2>\n<table>\n", out);
        for (uint32_t i = 0; i < run->case_cnt; ++i) {
            if (run->cases[i].scenario->group == (enum cert_group)group) {
                html_case(out, &run->cases[i]);
            }
        }
        (void)fputs("</table>\n", out);
    }
    html_rules(out, verdict);
    (void)fputs("</body></html>\n", out);
    return fclose(out) == 0;
}
