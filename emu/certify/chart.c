/* SPDX-License-Identifier: MIT */
#include "chart.h"

#include <stdarg.h>
#include <string.h>

struct cert_entry *cert_chart_add(struct cert_chart *chart, enum cert_kind kind, toe_instant at,
                                  const char *format, ...)
{
    static struct cert_entry scratch;
    struct cert_entry *entry = &scratch;
    va_list args;

    if (chart->cnt < CERT_CHART_MAX) {
        entry = &chart->entries[chart->cnt++];
    } else {
        chart->overflow = 1;
    }
    memset(entry, 0, sizeof(*entry));
    entry->kind = kind;
    entry->at = at;
    entry->conn = CERT_NO_CONN;
    va_start(args, format);
    (void)vsnprintf(entry->text, sizeof(entry->text), format, args);
    va_end(args);
    return entry;
}

static void print_entry(FILE *out, const struct cert_chart *chart, const struct cert_entry *entry)
{
    const double ms = ((double)entry->at - (double)chart->begin) / (double)TOE_NS_PER_MS;

    (void)fprintf(out, "  %12.3f ", ms);
    switch (entry->kind) {
    case CERT_CALL:
        (void)fprintf(out, "host --> target            %s", entry->text);
        break;
    case CERT_COMPLETE:
    case CERT_TREE:
    case CERT_INDICATE:
    case CERT_EVENT:
    case CERT_NEIGHBOR:
    case CERT_STATUS:
    case CERT_PASSED_UP:
        (void)fprintf(out, "host <-- target            %s", entry->text);
        break;
    case CERT_SEG_OUT:
    case CERT_FRAME_OUT:
        (void)fprintf(out, "         target --> peer   %s", entry->text);
        break;
    case CERT_SEG_IN:
    case CERT_FRAME_IN:
        (void)fprintf(out, "         target <-- peer   %s", entry->text);
        break;
    case CERT_NOTE:
    case CERT_KIND_CNT:
        (void)fprintf(out, "---                        %s", entry->text);
        break;
    }
    if (entry->conn != CERT_NO_CONN && entry->conn != 0) {
        (void)fprintf(out, "  [%u]", entry->conn);
    }
    (void)fputc('\n', out);
}

void cert_chart_print(FILE *out, const struct cert_chart *chart, uint32_t max)
{
    const uint32_t first = chart->cnt > max ? chart->cnt - max : 0;

    if (first > 0) {
        (void)fprintf(out, "  (%u entries before these)\n", first);
    }
    for (uint32_t i = first; i < chart->cnt; ++i) {
        print_entry(out, chart, &chart->entries[i]);
    }
    if (chart->overflow != 0) {
        (void)fprintf(out, "  (and more than fits)\n");
    }
}

const char *cert_op_name(enum cert_op op)
{
    static const char *const names[CERT_OP_CNT] = {
        "send",      "receive", "disconnect", "forward",    "initiate",
        "terminate", "update",  "query",      "invalidate",
    };

    return op < CERT_OP_CNT ? names[op] : "?";
}
