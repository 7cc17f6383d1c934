/* SPDX-License-Identifier: MIT */
/*
 * The command `toe watch`.
 */
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "nic/client.h"
#include "nic/view.h"
#include "pump.h"
#include "screen.h"

enum { LINES_ONCE = 24, COLUMNS_ONCE = 80 };

/* Asks for what there is to show now. */
static int look(const struct emu_client *client, struct emu_view *view)
{
    static const char *const requests[][2] = {
        {"show", "nic"}, {"show", "connections"}, {"stats", NULL}};
    int status = EMU_EXIT_OK;

    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]) && status == EMU_EXIT_OK; ++i) {
        json_t *request = json_pack("{ss ss*}", "command", requests[i][0], "what", requests[i][1]);

        status = emu_client_ask(client, request, emu_view_take, view);
    }
    view->at = emu_pump_now();
    return status;
}

static int once(const struct emu_client *client)
{
    struct emu_view view = {.at = 0};
    const struct emu_view none = {.at = 0};
    const int status = look(client, &view);
    char *text =
        status == EMU_EXIT_OK ? emu_view_text(&view, &none, LINES_ONCE, COLUMNS_ONCE) : NULL;

    if (text != NULL) {
        (void)fputs(text, stdout);
    }
    free(text);
    emu_view_fini(&view);
    return status;
}

static void draw(const struct emu_view *view, const struct emu_view *before)
{
    int lines;
    int columns;
    char *text;

    emu_screen_size(&lines, &columns);
    text = emu_view_text(view, before, lines, columns);
    if (text != NULL) {
        emu_screen_draw(text, EMU_VIEW_HEADING);
    }
    free(text);
}

static int watch(const struct emu_client *client, toe_duration interval)
{
    struct emu_view before = {.at = 0};
    struct emu_view view = {.at = 0};
    struct emu_error error;
    int status = look(client, &view); /* what is wrong is said while the terminal is as it was */

    if (status == EMU_EXIT_OK && !emu_screen_open(&error)) {
        status = emu_error_print(&error);
    } else if (status == EMU_EXIT_OK) {
        do {
            draw(&view, &before);
            if (!emu_screen_wait(interval)) {
                break;
            }
            emu_view_fini(&before);
            before = view;
            view = (struct emu_view){.at = 0};
            status = look(client, &view);
            if (status != EMU_EXIT_OK && !emu_screen_wait(0)) {
                status = EMU_EXIT_OK; /* What ends it has interrupted the look. */
                break;
            }
        } while (status == EMU_EXIT_OK);
        emu_screen_close();
        if (status != EMU_EXIT_OK) {
            status = look(client, &view); /* again, for the user to see what is wrong */
        }
    }
    emu_view_fini(&before);
    emu_view_fini(&view);
    return status;
}

int emu_watch_main(int argc, char **argv)
{
    struct emu_option table[EMU_CLIENT_OPTIONS + 2];
    struct emu_client client;
    toe_duration interval = TOE_NS_PER_SEC;
    bool is_once = false;
    const struct emu_command command = {
        .name = "watch",
        .synopsis = "[options]",
        .summary = "Shows live what a running NIC does: its connections, the busiest first.",
        .details = "It ends at q or Ctrl-C.",
        .options = table,
        .option_cnt = sizeof(table) / sizeof(table[0]),
    };
    int status;

    emu_client_options(table, &client);
    table[EMU_CLIENT_OPTIONS] = (struct emu_option){.name = "interval",
                                                    .kind = EMU_OPTION_DURATION,
                                                    .value = &interval,
                                                    .min = 100 * TOE_NS_PER_MS,
                                                    .max = 3600 * TOE_NS_PER_SEC,
                                                    .help = "between two looks (default 1)"};
    table[EMU_CLIENT_OPTIONS + 1] =
        (struct emu_option){.name = "once",
                            .kind = EMU_OPTION_FLAG,
                            .value = &is_once,
                            .help = "print one look as text of 80x24, and end"};
    status = emu_option_parse(&command, argc, argv);
    if (status >= 0) {
        return status;
    }
    if (client.json) {
        return emu_option_error(&command, "--json: `toe show` and `toe stats` have that");
    }
    return is_once ? once(&client) : watch(&client, interval);
}
