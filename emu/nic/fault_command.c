/* SPDX-License-Identifier: MIT */
/*
 * The command `toe fault`.
 */
#include "command.h"
#include "nic/client.h"

/* The members of the request "fault", each an option and a number. */
struct faults {
    uint32_t loss;
    uint32_t reorder;
    uint32_t duplicate;
    uint32_t corrupt;
    uint32_t mark;
    toe_duration delay;
    toe_duration jitter;
    int direction;
};

static struct emu_option chance(const char *name, uint32_t *value, const char *help)
{
    return (struct emu_option){
        .name = name, .kind = EMU_OPTION_PERCENT, .value = value, .help = help};
}

static struct emu_option span(const char *name, toe_duration *value, const char *help)
{
    return (struct emu_option){.name = name,
                               .kind = EMU_OPTION_DURATION,
                               .value = value,
                               .max = 60 * TOE_NS_PER_SEC,
                               .help = help};
}

static void print_nothing(void *user, const json_t *object)
{
    (void)user;
    (void)object;
}

int emu_fault_main(int argc, char **argv)
{
    static const char *const directions[] = {"both", "in", "out", NULL};
    struct faults faults = {.loss = 0};
    struct emu_client client;
    struct emu_option table[EMU_CLIENT_OPTIONS + 8] = {
        [EMU_CLIENT_OPTIONS] = chance("loss", &faults.loss, "of the frames are lost"),
        chance("reorder", &faults.reorder, "are held back for up to 2 ms, while others pass"),
        chance("duplicate", &faults.duplicate, "come twice"),
        chance("corrupt", &faults.corrupt, "have a bit flipped"),
        chance("mark", &faults.mark, "are marked for congestion, of those that may be"),
        span("delay", &faults.delay, "for each of them"),
        span("jitter", &faults.jitter, "at random, on top of that"),
        {.name = "direction",
         .kind = EMU_OPTION_CHOICE,
         .value = &faults.direction,
         .choices = directions,
         .help = "from the wire, to the wire, or both"},
    };
    const struct emu_command command = {
        .name = "fault",
        .synopsis = "[options]",
        .summary = "Has frames lost, delayed or spoiled on a running NIC's wire, from now on.",
        .details = "Without options, nothing happens to them any more.",
        .options = table,
        .option_cnt = sizeof(table) / sizeof(table[0]),
    };
    int status;

    emu_client_options(table, &client);
    status = emu_option_parse(&command, argc, argv);
    if (status >= 0) {
        return status;
    }
    return emu_client_ask(
        &client,
        json_pack("{ss ss sI sI sI sI sI sI sI}", "command", "fault", "direction",
                  directions[faults.direction], "loss_ppm", (json_int_t)faults.loss, "reorder_ppm",
                  (json_int_t)faults.reorder, "duplicate_ppm", (json_int_t)faults.duplicate,
                  "corrupt_ppm", (json_int_t)faults.corrupt, "mark_ppm", (json_int_t)faults.mark,
                  "delay_ns", (json_int_t)faults.delay, "jitter_ns", (json_int_t)faults.jitter),
        client.json ? emu_client_print_json : print_nothing, NULL);
}
