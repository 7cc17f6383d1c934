/* SPDX-License-Identifier: MIT */
/*
 * The command `toe policy`.
 */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "nic/client.h"
#include "nic/nic_policy.h"

/* A request for |name|, or for the rules of |list|. */
static json_t *make_request(const char *name, const struct emu_option_list *list, double rate)
{
    json_t *rules;

    if (name != NULL) {
        return json_pack("{ss ss sf}", "command", "policy", "policy", name, "rate", rate);
    }
    rules = json_array();
    for (size_t i = 0; i < list->cnt; ++i) {
        (void)json_array_append_new(rules, json_string(list->texts[i]));
    }
    return json_pack("{ss so}", "command", "policy", "rules", rules);
}

static void on_answer(void *user, const json_t *object)
{
    const struct emu_client *client = user;

    if (client->json) {
        emu_client_print_json(NULL, object);
    }
}

int emu_policy_main(int argc, char **argv)
{
    struct emu_option table[EMU_CLIENT_OPTIONS + 2];
    struct emu_client client;
    struct emu_option_list rules = {.cnt = 0};
    uint64_t rate = (uint64_t)EMU_RULE_RATE;
    const char *name = NULL;
    const struct emu_command command = {
        .name = "policy",
        .synopsis = "manual | all | random | --rule RULE... [options]",
        .summary = "Says which connections of a running NIC move by themselves, from now on.",
        .details = "`toe show policy` shows what holds. Rules are in toe-nic(8).",
        .options = table,
        .option_cnt = sizeof(table) / sizeof(table[0]),
    };
    int status;

    if (argc > 1 && argv[1][0] != '-') {
        name = argv[1];
        argv[1] = argv[0];
        --argc;
        ++argv;
    }
    emu_client_options(table, &client);
    table[EMU_CLIENT_OPTIONS] = (struct emu_option){.name = "rule",
                                                    .letter = 'r',
                                                    .kind = EMU_OPTION_LIST,
                                                    .value = &rules,
                                                    .placeholder = "RULE",
                                                    .help = "a rule; may be repeated, in order"};
    table[EMU_CLIENT_OPTIONS + 1] =
        (struct emu_option){.name = "rate",
                            .kind = EMU_OPTION_NUMBER,
                            .value = &rate,
                            .min = 1,
                            .max = (uint64_t)EMU_RULE_RATE_MAX,
                            .help = "moves a second of random (default 100)"};
    status = emu_option_parse(&command, argc, argv);
    if (status >= 0) {
        return status;
    }
    if ((name == NULL) == (rules.cnt == 0)) {
        return emu_option_error(&command, "either manual, all or random, or rules");
    }
    return emu_client_ask(&client, make_request(name, &rules, (double)rate), on_answer, &client);
}
