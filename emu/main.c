/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "error.h"

static int help_main(int argc, char **argv);
static int version_main(int argc, char **argv);

static const struct {
    const char *name;
    int (*main)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"demo", emu_demo_main,
     "show it: real connections, offloaded and uploaded live; no root needed"},
    {"nic", emu_nic_main, "an interface whose kernel connections are offloaded and uploaded live"},
    {"show", emu_show_main, "what a running NIC has: its connections, its capabilities"},
    {"watch", emu_watch_main, "the same, live on the whole screen"},
    {"offload", emu_offload_main, "move connections into a running NIC's target"},
    {"upload", emu_upload_main, "move them back into the kernel"},
    {"policy", emu_policy_main, "say which connections of a running NIC move by themselves"},
    {"pause", emu_pause_main, "have a running NIC offload nothing more"},
    {"resume", emu_resume_main, "and again"},
    {"stats", emu_stats_main, "the counters of a running NIC; every drop with its reason"},
    {"fault", emu_fault_main, "lose, delay or spoil frames on a running NIC's wire"},
    {"check", emu_check_main, "what works on this machine, and what is missing"},
    {"stress", emu_stress_main, "many connections, moved at random, every byte checked"},
    {"certify", emu_certify_main, "certify an offload target: every rule of the contract"},
    {"peer", emu_peer_main, "the other end of a stress test, on the kernel's own sockets"},
    {"state", emu_state_main, "saved connections: show, compare, check and convert them"},
    {"bench", emu_bench_main, "measure, beside something else measured in the same run"},
    {"help", help_main, "this text, or that of one command: toe help COMMAND"},
    {"version", version_main, "the version"},
};

static const size_t command_cnt = sizeof(commands) / sizeof(commands[0]);

static void print_usage(FILE *out)
{
    (void)fprintf(out,
                  "Usage: toe COMMAND [options]\n\n"
                  "A TCP offload engine in software: connections move into an offload target and "
                  "back while\nthey run, and the peer notices nothing.\n\nCommands:\n");
    for (size_t i = 0; i < command_cnt; ++i) {
        (void)fprintf(out, "  %-10s%s\n", commands[i].name, commands[i].summary);
    }
    (void)fprintf(out,
                  "\n`toe COMMAND --help` tells about one of them. Exit status: 0 all is well, 1 "
                  "the thing tested\nis at fault, 2 wrong usage, 3 the environment lacks "
                  "something.\n");
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int run_command(int argc, char **argv)
{
    for (size_t i = 0; i < command_cnt; ++i) {
        if (strcmp(commands[i].name, argv[0]) == 0) {
            return commands[i].main(argc, argv);
        }
    }
    (void)fprintf(stderr, "toe: there is no command \"%s\" (try: toe help)\n", argv[0]);
    return EMU_EXIT_USAGE;
}

static int help_main(int argc, char **argv)
{
    static char option[] = "--help";
    char *of_command[] = {argc > 1 ? argv[1] : NULL, option, NULL};

    if (argc > 2) {
        (void)fprintf(stderr, "toe help: unexpected argument \"%s\"\n", argv[2]);
        return EMU_EXIT_USAGE;
    }
    if (argc < 2 || strcmp(argv[1], "help") == 0 || is_help(argv[1])) {
        print_usage(stdout);
        return EMU_EXIT_OK;
    }
    return run_command(2, of_command);
}

static int version_main(int argc, char **argv)
{
    if (argc == 2 && is_help(argv[1])) {
        (void)printf("Usage: toe version\n\nPrints the version.\n");
        return EMU_EXIT_OK;
    }
    if (argc > 1) {
        (void)fprintf(stderr, "toe version: unexpected argument \"%s\"\n", argv[1]);
        return EMU_EXIT_USAGE;
    }
    (void)printf("toe %s\n", TOE_VERSION);
    return EMU_EXIT_OK;
}

int main(int argc, char **argv)
{
    static char help[] = "help";
    static char version[] = "version";

    if (argc < 2) {
        print_usage(stderr);
        return EMU_EXIT_USAGE;
    }
    if (is_help(argv[1])) {
        argv[1] = help;
    } else if (strcmp(argv[1], "--version") == 0) {
        argv[1] = version;
    }
    return run_command(argc - 1, argv + 1);
}
