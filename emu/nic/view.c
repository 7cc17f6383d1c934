/* SPDX-License-Identifier: MIT */
#include "nic/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nic/client.h"

enum { LINE_LEN = 512, DROPS_SHOWN = 4 };

/* One connection as it is shown. */
struct row {
    const json_t *object;
    double tx; /* bytes a second */
    double rx;
};

/* --- taking answers --- */

static void make_key(char out[128], const json_t *object)
{
    (void)snprintf(out, 128, "%s %d %s %d", emu_client_text(object, "local"),
                   (int)emu_client_number(object, "local_port"), emu_client_text(object, "remote"),
                   (int)emu_client_number(object, "remote_port"));
}

static json_t *need(json_t **object)
{
    if (*object == NULL) {
        *object = json_object();
    }
    return *object;
}

static void add(json_t *sums, const char *name, json_int_t value)
{
    (void)json_object_set_new(sums, name, json_integer(emu_client_number(sums, name) + value));
}

/* A sum of both IP versions, or of the wire alone. */
static void take_counters(struct emu_view *view, const json_t *object)
{
    const char *group = emu_client_text(object, "group");
    const char *name;
    json_t *value;

    if (strcmp(group, "drop") == 0) {
        add(need(&view->drops), emu_client_text(object, "reason"),
            emu_client_number(object, "frames"));
        return;
    }
    if (strcmp(group, "tcp") != 0 && strcmp(group, "kernel") != 0 &&
        (strcmp(group, "port") != 0 || strcmp(emu_client_text(object, "side"), "wire") != 0)) {
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        if (json_is_integer(value)) {
            add(need(&view->counters), name, json_integer_value(value));
        }
    }
}

void emu_view_take(void *user, const json_t *object)
{
    struct emu_view *view = user;
    const char *type = emu_client_text(object, "type");
    char key[128];

    if (strcmp(type, "nic") == 0) {
        json_decref(view->nic);
        view->nic = json_deep_copy(object);
    } else if (strcmp(type, "connection") == 0) {
        make_key(key, object);
        (void)json_object_set_new(need(&view->connections), key, json_deep_copy(object));
    } else if (strcmp(type, "counters") == 0) {
        take_counters(view, object);
    }
}

void emu_view_fini(struct emu_view *view)
{
    json_decref(view->nic);
    json_decref(view->connections);
    json_decref(view->counters);
    json_decref(view->drops);
    *view = (struct emu_view){.at = 0};
}

/* --- drawing --- */

/* "1.23 G": |value| with a prefix of the metric system. */
static void text_of(char out[16], double value)
{
    static const char prefixes[] = " kMGTP";
    int i = 0;

    while (value >= 999.5 && prefixes[i + 1] != '\0') {
        value /= 1000;
        ++i;
    }
    (void)snprintf(out, 16, value < 10 && i > 0 ? "%.2f %c" : "%.0f %c", value, prefixes[i]);
}

static double seconds_between(const struct emu_view *view, const struct emu_view *before)
{
    return before->at == 0 || view->at <= before->at
               ? 0
               : (double)(view->at - before->at) / (double)TOE_NS_PER_SEC;
}

/* How fast the number |name| has grown. */
static double rate(const json_t *now, const json_t *before, const char *name, double seconds)
{
    const json_int_t more = emu_client_number(now, name) - emu_client_number(before, name);

    return before == NULL || seconds <= 0 || more < 0 ? 0 : (double)more / seconds;
}

static int compare(const void *a, const void *b)
{
    const struct row *x = a;
    const struct row *y = b;
    const double d = (y->tx + y->rx) - (x->tx + x->rx);
    const json_int_t n =
        emu_client_number(y->object, "tx_bytes") + emu_client_number(y->object, "rx_bytes") -
        emu_client_number(x->object, "tx_bytes") - emu_client_number(x->object, "rx_bytes");

    return d != 0 ? (d > 0) - (d < 0) : (n > 0) - (n < 0);
}

/* The connections, the busiest first; NULL if there are none, or no memory. */
static struct row *make_rows(const struct emu_view *view, const struct emu_view *before,
                             size_t *cnt)
{
    const double seconds = seconds_between(view, before);
    struct row *rows = calloc(json_object_size(view->connections) + 1, sizeof(*rows));
    const char *key;
    json_t *object;

    *cnt = 0;
    if (rows == NULL) {
        return NULL;
    }
    json_object_foreach(view->connections, key, object)
    {
        const json_t *old = json_object_get(before->connections, key);

        rows[(*cnt)++] = (struct row){.object = object,
                                      .tx = rate(object, old, "tx_bytes", seconds),
                                      .rx = rate(object, old, "rx_bytes", seconds)};
    }
    qsort(rows, *cnt, sizeof(*rows), compare);
    return rows;
}

/* Writes one line, cut to |columns|. */
static void put(FILE *out, int columns, const char *line)
{
    (void)fprintf(out, "%.*s\n", columns, line);
}

static void put_nic(FILE *out, int columns, const json_t *nic)
{
    char line[LINE_LEN];

    (void)snprintf(line, sizeof(line), "%s through %s, MTU %d, up %d s, policy %s%s%s",
                   emu_client_text(nic, "name"), emu_client_text(nic, "wire"),
                   (int)emu_client_number(nic, "mtu"),
                   (int)(emu_client_number(nic, "uptime_ms") / 1000),
                   emu_client_text(nic, "policy"),
                   json_is_true(json_object_get(nic, "paused")) ? ", PAUSED" : "",
                   json_is_false(json_object_get(nic, "carrier")) ? ", NO CARRIER" : "");
    put(out, columns, line);
}

static void put_totals(FILE *out, int columns, const struct emu_view *view, const struct row *rows,
                       size_t cnt)
{
    const json_t *sums = view->counters;
    char line[LINE_LEN];
    size_t offloaded = 0;
    size_t moving = 0;

    for (size_t i = 0; i < cnt; ++i) {
        const char *place = emu_client_text(rows[i].object, "place");

        offloaded += strcmp(place, "Offloaded") == 0;
        moving += strcmp(place, "Offloading") == 0 || strcmp(place, "Uploading") == 0;
    }
    (void)snprintf(line, sizeof(line),
                   "%zu connections: %zu in host, %zu offloaded, %zu moving; so far %lld offloads, "
                   "%lld uploads",
                   cnt, cnt - offloaded - moving, offloaded, moving,
                   (long long)emu_client_number(sums, "offloads"),
                   (long long)emu_client_number(sums, "uploads"));
    put(out, columns, line);
}

static void put_wire(FILE *out, int columns, const struct emu_view *view,
                     const struct emu_view *before)
{
    const double seconds = seconds_between(view, before);
    const json_t *now = view->counters;
    const json_t *old = before->counters;
    char out_rate[16];
    char in_rate[16];
    char line[LINE_LEN];

    text_of(out_rate, 8 * rate(now, old, "out_bytes", seconds));
    text_of(in_rate, 8 * rate(now, old, "in_bytes", seconds));
    (void)snprintf(line, sizeof(line),
                   "wire: %sb/s out, %sb/s in; segments resent by the target: %lld, %.0f/s",
                   out_rate, in_rate, (long long)emu_client_number(now, "retransmitted_segments"),
                   rate(now, old, "retransmitted_segments", seconds));
    put(out, columns, line);
}

/* The reasons with most frames. */
static void put_drops(FILE *out, int columns, const json_t *drops)
{
    const char *shown[DROPS_SHOWN] = {NULL};
    char line[LINE_LEN] = "drops: none";
    size_t len = strlen("drops: ");

    for (int i = 0; i < DROPS_SHOWN; ++i) {
        const char *best = NULL;
        const char *name;
        json_t *value;

        json_object_foreach((json_t *)(uintptr_t)drops, name, value)
        {
            bool is_shown = false;

            for (int j = 0; j < i; ++j) {
                is_shown = is_shown || shown[j] == name;
            }
            if (!is_shown && json_integer_value(value) > 0 &&
                (best == NULL || json_integer_value(value) > emu_client_number(drops, best))) {
                best = name;
            }
        }
        if (best == NULL) {
            break;
        }
        shown[i] = best;
        if (len < sizeof(line)) {
            len += (size_t)snprintf(line + len, sizeof(line) - len, "%s%s %lld", i == 0 ? "" : ", ",
                                    best, (long long)emu_client_number(drops, best));
        }
    }
    put(out, columns, line);
}

static void put_row(FILE *out, int columns, const struct row *row)
{
    const json_t *object = row->object;
    const char *why = emu_client_text(object, "why");
    const char *addr = emu_client_text(object, "remote");
    char remote[64];
    char tx[16];
    char rx[16];
    char line[LINE_LEN];

    (void)snprintf(remote, sizeof(remote), strchr(addr, ':') == NULL ? "%s:%d" : "[%s]:%d", addr,
                   (int)emu_client_number(object, "remote_port"));
    text_of(tx, 8 * row->tx);
    text_of(rx, 8 * row->rx);
    (void)snprintf(line, sizeof(line), "%5d %-21s %-10s %7sb/s %7sb/s %4lld %4lld %s %s",
                   (int)emu_client_number(object, "local_port"), remote,
                   emu_client_text(object, "place"), tx, rx,
                   (long long)emu_client_number(object, "offloads"),
                   (long long)emu_client_number(object, "uploads"),
                   strcmp(why, "none") == 0 ? "" : why, emu_client_text(object, "detail"));
    put(out, columns, line);
}

char *emu_view_text(const struct emu_view *view, const struct emu_view *before, int lines,
                    int columns)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    size_t cnt;
    struct row *rows = make_rows(view, before, &cnt);

    if (out == NULL || rows == NULL) {
        free(rows);
        if (out != NULL) {
            (void)fclose(out);
        }
        free(text);
        return NULL;
    }
    put_nic(out, columns, view->nic);
    put_totals(out, columns, view, rows, cnt);
    put_wire(out, columns, view, before);
    put_drops(out, columns, view->drops);
    put(out, columns, "");
    put(out, columns,
        " Port Remote                Place           Sends    Receives  Off   Up Why");
    for (size_t i = 0; i < cnt && (int)i < lines - EMU_VIEW_HEADING - 1; ++i) {
        put_row(out, columns, &rows[i]);
    }
    free(rows);
    return fclose(out) == 0 ? text : NULL;
}
