/* SPDX-License-Identifier: MIT */
/*
 * The commands `toe offload`, `toe upload`, `toe pause` and `toe resume`.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "nic/client.h"
#include "nic/selecting.h"
#include "pump.h"

/* What became of those that were asked for. */
struct outcome {
    json_int_t matched;
    json_int_t refused;
    json_int_t moving;
    json_int_t offloaded;
    bool json;
};

static void take_totals(void *user, const json_t *object)
{
    struct outcome *outcome = user;

    if (strcmp(emu_client_text(object, "type"), "totals") == 0) {
        outcome->moving =
            emu_client_number(object, "Offloading") + emu_client_number(object, "Uploading");
        outcome->offloaded = emu_client_number(object, "Offloaded");
    }
}

static void on_move(void *user, const json_t *object)
{
    struct outcome *outcome = user;

    if (outcome->json) {
        emu_client_print_json(NULL, object);
    }
    if (strcmp(emu_client_text(object, "type"), "summary") == 0) {
        outcome->matched = emu_client_number(object, "connections");
        outcome->refused = emu_client_number(object, "refused");
    } else if (!outcome->json && json_is_false(json_object_get(object, "accepted"))) {
        (void)printf("%s port %d stays: %s\n", emu_client_text(object, "remote"),
                     (int)emu_client_number(object, "remote_port"), emu_client_text(object, "why"));
    }
}

/* Asks until nothing of the selection moves any more, or |wait| is over. */
static int await(const struct emu_client *client, const struct emu_selecting *selecting,
                 struct outcome *outcome, toe_duration wait)
{
    const struct timespec pause = {.tv_nsec = 10 * (long)TOE_NS_PER_MS};
    const toe_instant until = emu_pump_now() + wait;
    int status;

    do {
        json_t *request = emu_selecting_request(selecting, "show");

        (void)json_object_set_new(request, "what", json_string("totals"));
        outcome->moving = 0;
        status = emu_client_ask(client, request, take_totals, outcome);
        if (outcome->moving != 0) {
            (void)nanosleep(&pause, NULL);
        }
    } while (status == EMU_EXIT_OK && outcome->moving != 0 && emu_pump_now() < until);
    return status;
}

static int move(const struct emu_client *client, const char *name,
                const struct emu_selecting *selecting, bool all, toe_duration wait)
{
    struct outcome outcome = {.json = client->json};
    json_t *request = emu_selecting_request(selecting, name);
    int status;

    (void)json_object_set_new(request, "all", json_boolean(all));
    status = emu_client_ask(client, request, on_move, &outcome);
    if (status == EMU_EXIT_OK && wait != 0) {
        status = await(client, selecting, &outcome, wait);
    }
    if (status != EMU_EXIT_OK || client->json) {
        return status;
    }
    (void)printf("%s: %" JSON_INTEGER_FORMAT " connections, %" JSON_INTEGER_FORMAT " refused", name,
                 outcome.matched, outcome.refused);
    if (wait != 0) {
        (void)printf("; now %" JSON_INTEGER_FORMAT " offloaded, %" JSON_INTEGER_FORMAT
                     " on the way",
                     outcome.offloaded, outcome.moving);
    }
    (void)printf("\n");
    return EMU_EXIT_OK;
}

static int move_main(const char *name, const char *summary, int argc, char **argv)
{
    struct emu_option table[EMU_CLIENT_OPTIONS + EMU_SELECTING_OPTIONS + 2];
    struct emu_option *own = table + EMU_CLIENT_OPTIONS + EMU_SELECTING_OPTIONS;
    struct emu_client client;
    struct emu_selecting selecting;
    toe_duration wait = 0;
    bool all = false;
    const struct emu_command command = {
        .name = name,
        .synopsis = "--all | which [options]",
        .summary = summary,
        .options = table,
        .option_cnt = sizeof(table) / sizeof(table[0]),
    };
    int status;

    emu_client_options(table, &client);
    emu_selecting_options(table + EMU_CLIENT_OPTIONS, &selecting);
    own[0] = (struct emu_option){
        .name = "all", .kind = EMU_OPTION_FLAG, .value = &all, .help = "every connection there is"};
    own[1] = (struct emu_option){.name = "wait",
                                 .kind = EMU_OPTION_DURATION,
                                 .value = &wait,
                                 .max = 3600 * TOE_NS_PER_SEC,
                                 .help = "wait until they have moved, so long at most"};
    status = emu_option_parse(&command, argc, argv);
    return status >= 0 ? status : move(&client, name, &selecting, all, wait);
}

int emu_offload_main(int argc, char **argv)
{
    return move_main("offload", "Moves connections of the kernel into the NIC's target.", argc,
                     argv);
}

int emu_upload_main(int argc, char **argv)
{
    return move_main("upload", "Moves connections back into the kernel.", argc, argv);
}

static void print_nothing(void *user, const json_t *object)
{
    (void)user;
    (void)object;
}

static int plain_main(const char *name, const char *summary, int argc, char **argv)
{
    struct emu_option table[EMU_CLIENT_OPTIONS];
    struct emu_client client;
    const struct emu_command command = {
        .name = name,
        .synopsis = "[options]",
        .summary = summary,
        .options = table,
        .option_cnt = sizeof(table) / sizeof(table[0]),
    };
    int status;

    emu_client_options(table, &client);
    status = emu_option_parse(&command, argc, argv);
    return status >= 0 ? status
                       : emu_client_ask(&client, json_pack("{ss}", "command", name),
                                        client.json ? emu_client_print_json : print_nothing, NULL);
}

int emu_pause_main(int argc, char **argv)
{
    return plain_main("pause", "Has a NIC offload nothing more, until toe resume.", argc, argv);
}

int emu_resume_main(int argc, char **argv)
{
    return plain_main("resume", "Has a NIC offload connections again, after toe pause.", argc,
                      argv);
}
