/* SPDX-License-Identifier: MIT */
/*
 * The commands `toe show` and `toe stats`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "nic/client.h"
#include "nic/prometheus.h"
#include "nic/selecting.h"
#include "nic/tree_drawing.h"

/* --- text --- */

static void print_endpoint(const json_t *object, const char *address, const char *port)
{
    char text[64];
    const char *addr = emu_client_text(object, address);

    (void)snprintf(text, sizeof(text), strchr(addr, ':') == NULL ? "%s:%d" : "[%s]:%d", addr,
                   (int)emu_client_number(object, port));
    (void)printf("%-24s ", text);
}

static void print_connection(void *user, const json_t *object)
{
    bool *headed = user;
    const char *detail = emu_client_text(object, "detail");

    if (strcmp(emu_client_text(object, "type"), "connection") != 0) {
        return;
    }
    if (!*headed) {
        (void)printf("%-11s %-12s %-24s %-24s %9s %9s %14s %14s  %s\n", "Place", "State", "Local",
                     "Remote", "Offloads", "Uploads", "Sent", "Received", "Why in host");
        *headed = true;
    }
    (void)printf("%-11s %-12s ", emu_client_text(object, "place"),
                 emu_client_text(object, "state"));
    print_endpoint(object, "local", "local_port");
    print_endpoint(object, "remote", "remote_port");
    (void)printf("%9" JSON_INTEGER_FORMAT " %9" JSON_INTEGER_FORMAT " %14" JSON_INTEGER_FORMAT
                 " %14" JSON_INTEGER_FORMAT "  %s%s%s\n",
                 emu_client_number(object, "offloads"), emu_client_number(object, "uploads"),
                 emu_client_number(object, "tx_bytes"), emu_client_number(object, "rx_bytes"),
                 emu_client_text(object, "why"), detail[0] == '\0' ? "" : ": ", detail);
}

/* One line a member; the type of the object is the heading. */
static void print_members(void *user, const json_t *object)
{
    const char *name;
    json_t *value;

    (void)user;
    if (strcmp(emu_client_text(object, "type"), "summary") == 0) {
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY);

        if (strcmp(name, "type") == 0) {
            (void)printf("%s\n", json_string_value(value));
        } else {
            (void)printf("  %-16s %s\n", name, text == NULL ? json_string_value(value) : text);
        }
        free(text);
    }
}

/* "tcp 4 in_segments 17": what is counted, of what, and how often. */
static void print_counters(void *user, const json_t *object)
{
    char of[96];
    size_t len = 0;
    const char *name;
    json_t *value;

    (void)user;
    if (strcmp(emu_client_text(object, "type"), "counters") != 0) {
        return;
    }
    of[0] = '\0';
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        if (json_is_string(value) && strcmp(name, "type") != 0 && len < sizeof(of)) {
            len += (size_t)snprintf(of + len, sizeof(of) - len, "%s ", json_string_value(value));
        }
    }
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        if (json_is_integer(value) && json_integer_value(value) != 0) {
            (void)printf("%-32s %-24s %" JSON_INTEGER_FORMAT "\n", of, name,
                         json_integer_value(value));
        }
    }
}

/* One rule a line, as it was written, with its number. */
static void print_rule(void *user, const json_t *object)
{
    (void)user;
    if (strcmp(emu_client_text(object, "type"), "rule") == 0) {
        (void)printf("%2d  %s\n", (int)emu_client_number(object, "number"),
                     emu_client_text(object, "rule"));
    } else {
        (void)printf("policy: %s\n", emu_client_text(object, "policy"));
    }
}

/* --- the commands --- */

static int show_tree(const struct emu_client *client, json_t *request, bool dot)
{
    struct emu_tree tree = {.paths = json_array(), .connections = json_array()};
    const int status = emu_client_ask(client, request, emu_tree_collect, &tree);

    if (status == EMU_EXIT_OK) {
        (dot ? emu_tree_print_dot : emu_tree_print)(&tree);
    }
    json_decref(tree.paths);
    json_decref(tree.connections);
    return status;
}

static int show(const struct emu_client *client, const char *what,
                const struct emu_selecting *selecting, bool dot)
{
    bool headed = false;
    json_t *request = emu_selecting_request(selecting, "show");

    (void)json_object_set_new(request, "what", json_string(what));
    if (client->json) {
        return emu_client_ask(client, request, emu_client_print_json, NULL);
    }
    if (strcmp(what, "tree") == 0) {
        return show_tree(client, request, dot);
    }
    if (strcmp(what, "policy") == 0) {
        return emu_client_ask(client, request, print_rule, NULL);
    }
    return emu_client_ask(client, request,
                          strcmp(what, "connections") == 0 ? print_connection : print_members,
                          &headed);
}

int emu_show_main(int argc, char **argv)
{
    struct emu_option table[EMU_CLIENT_OPTIONS + EMU_SELECTING_OPTIONS + 1];
    struct emu_client client;
    struct emu_selecting selecting;
    const struct emu_command command = {
        .name = "show",
        .synopsis = "[connections | totals | paths | tree | policy | nic | capabilities] [options]",
        .summary = "Shows what a running NIC has: its connections, unless told otherwise.",
        .options = table,
        .option_cnt = sizeof(table) / sizeof(table[0]),
    };
    bool dot = false;
    const bool has_word = argc > 1 && argv[1][0] != '-';
    const char *what = has_word ? argv[1] : "connections";
    int status;

    if (has_word) {
        argv[1] = argv[0];
        --argc;
        ++argv;
    }
    emu_client_options(table, &client);
    emu_selecting_options(table + EMU_CLIENT_OPTIONS, &selecting);
    table[EMU_CLIENT_OPTIONS + EMU_SELECTING_OPTIONS] =
        (struct emu_option){.name = "dot",
                            .kind = EMU_OPTION_FLAG,
                            .value = &dot,
                            .help = "draw the tree for Graphviz"};
    status = emu_option_parse(&command, argc, argv);
    if (status >= 0) {
        return status;
    }
    if (dot && (client.json || strcmp(what, "tree") != 0)) {
        return emu_option_error(&command, "--dot goes with `toe show tree`, without --json");
    }
    return show(&client, what, &selecting, dot);
}

int emu_stats_main(int argc, char **argv)
{
    struct emu_option table[EMU_CLIENT_OPTIONS + 1];
    struct emu_client client;
    struct emu_prometheus prometheus = {.collected = NULL};
    bool wants_prometheus = false;
    const struct emu_command command = {
        .name = "stats",
        .synopsis = "[options]",
        .summary = "Shows the counters of a running NIC; as text, those that are not zero.",
        .options = table,
        .option_cnt = sizeof(table) / sizeof(table[0]),
    };
    int status;

    emu_client_options(table, &client);
    table[EMU_CLIENT_OPTIONS] = (struct emu_option){.name = "prometheus",
                                                    .kind = EMU_OPTION_FLAG,
                                                    .value = &wants_prometheus,
                                                    .help = "print them as Prometheus reads them"};
    status = emu_option_parse(&command, argc, argv);
    if (status >= 0) {
        return status;
    }
    if (wants_prometheus && client.json) {
        return emu_option_error(&command, "--prometheus and --json exclude each other");
    }
    if (!wants_prometheus) {
        return emu_client_ask(&client, json_pack("{ss}", "command", "stats"),
                              client.json ? emu_client_print_json : print_counters, NULL);
    }
    prometheus = (struct emu_prometheus){.nic = client.nic, .collected = json_array()};
    status = emu_client_ask(&client, json_pack("{ss}", "command", "stats"), emu_prometheus_collect,
                            &prometheus);
    emu_prometheus_print(&prometheus);
    json_decref(prometheus.collected);
    return status;
}
