/* SPDX-License-Identifier: MIT */
/*
 * Runs a script of packetdrill's language with the TCP that a shared object has. It takes the place
 * of packetdrill where that is not to be had: the same options, the same shared object, and a part
 * of the language (doc/packetdrill.md). It shares no line with it.
 */
#include "drill_run.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE 2
#define SCRIPT_MAX (1 << 20) /* bytes */

static const char usage[] =
    "usage: toe_drill --so_filename=FILE [OPTION...] SCRIPT\n"
    "\n"
    "Runs a packetdrill script against the stack that FILE has.\n"
    "\n"
    "  --so_filename=FILE   the shared object\n"
    "  --so_flags=FLAGS     what it is told, unless the script tells it\n"
    "  --ip_version=FAMILY  ipv4, ipv4-mapped-ipv6 or ipv6; ipv4 unless given\n"
    "  --local_ip=ADDRESS   the stack's\n"
    "  --remote_ip=ADDRESS  the peer's\n"
    "  --help               print this\n"
    "\n"
    "For packetdrill's sake --gateway_ip, --netmask_ip and --mtu are taken, and not looked at.\n"
    "Exit status 0: all went as the script says; 1: something did not; 2: usage or syntax.\n";

struct options {
    const char *so;
    const char *flags;
    const char *family;
    const char *local;
    const char *remote;
    const char *script;
};

static bool options_get(struct options *options, int argc, char **argv)
{
    static const struct option names[] = {
        {"so_filename", required_argument, NULL, 's'},
        {"so_flags", required_argument, NULL, 'f'},
        {"ip_version", required_argument, NULL, 'v'},
        {"local_ip", required_argument, NULL, 'l'},
        {"remote_ip", required_argument, NULL, 'r'},
        {"gateway_ip", required_argument, NULL, '-'},
        {"netmask_ip", required_argument, NULL, '-'},
        {"mtu", required_argument, NULL, '-'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int letter;

    while ((letter = getopt_long(argc, argv, "", names, NULL)) != -1) {
        switch (letter) {
        case 's':
            options->so = optarg;
            break;
        case 'f':
            options->flags = optarg;
            break;
        case 'v':
            options->family = optarg;
            break;
        case 'l':
            options->local = optarg;
            break;
        case 'r':
            options->remote = optarg;
            break;
        case '-':
            break;
        case 'h':
            fputs(usage, stdout);
            exit(EXIT_SUCCESS);
        default:
            return false;
        }
    }
    options->script = argv[optind];
    return optind + 1 == argc && options->so != NULL;
}

/* The addresses, which are of one family. */
static bool net_get(struct drill_net *net, const struct options *options)
{
    const bool is_ipv4 = strcmp(options->family, "ipv4") == 0;
    const int family = strcmp(options->family, "ipv6") == 0 ? AF_INET6 : AF_INET;

    if (!is_ipv4 && family == AF_INET && strcmp(options->family, "ipv4-mapped-ipv6") != 0) {
        return false;
    }
    *net =
        (struct drill_net){.domain = is_ipv4 ? AF_INET : AF_INET6, .is_ipv6 = family == AF_INET6};
    return inet_pton(family, options->local, net->local) == 1 &&
           inet_pton(family, options->remote, net->remote) == 1;
}

/* The whole file, with a NUL behind it; the caller frees it. NULL, and said why: it cannot be read.
 */
static char *script_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = calloc(SCRIPT_MAX + 1, 1);
    size_t len;

    if (file == NULL || text == NULL) {
        perror(path);
    } else {
        len = fread(text, 1, SCRIPT_MAX, file);
        if (ferror(file) == 0 && feof(file) != 0 && strlen(text) == len) {
            fclose(file);
            return text;
        }
        fprintf(stderr, "%s:1: this is no script: not text, too long, or not to be read\n", path);
    }
    if (file != NULL) {
        fclose(file);
    }
    free(text);
    return NULL;
}

/* The stack; it stays loaded. */
static bool stack_load(struct drill_run *run, const struct options *options)
{
    const char *flags = run->script->so_flags[0] != '\0' ? run->script->so_flags : options->flags;
    void (*init)(const char *so_flags, struct pd_interface *to);
    void *so = dlopen(options->so, RTLD_NOW | RTLD_LOCAL);

    if (so == NULL) {
        fprintf(stderr, "toe_drill: %s\n", dlerror());
        return false;
    }
    *(void **)&init = dlsym(so, "packetdrill_interface_init");
    *(void **)&run->waiting = dlsym(so, "packetdrill_interface_waiting");
    *(void **)&run->unread = dlsym(so, "packetdrill_interface_unread");
    if (init == NULL || run->waiting == NULL || run->unread == NULL) {
        fprintf(stderr, "toe_drill: %s: not made for this\n", options->so);
        return false;
    }
    init(flags, &run->stack.to);
    return true;
}

int main(int argc, char **argv)
{
    static struct drill_run run;
    struct options options = {.family = "ipv4", .local = "192.168.0.1", .remote = "192.0.2.1"};
    struct drill_script script;
    struct drill_net net;
    char error[256];
    char *text;
    bool ok;

    if (!options_get(&options, argc, argv) || !net_get(&net, &options)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    text = script_read(options.script);
    if (text == NULL) {
        return EXIT_USAGE;
    }
    ok = drill_script_parse(&script, options.script, text, error, sizeof(error));
    free(text);
    if (!ok) {
        fprintf(stderr, "%s\n", error);
        return EXIT_USAGE;
    }
    run.script = &script;
    drill_flow_init(&run.stack.flow, &net);
    for (int i = 0; i < DRILL_FD_MAX; ++i) {
        run.stack.fds[i] = -1;
    }
    if (!stack_load(&run, &options)) {
        return EXIT_USAGE;
    }
    if (!drill_run(&run)) {
        /* A call may still block: its thread ends with the process. */
        exit(EXIT_FAILURE);
    }
    run.stack.to.free(run.stack.to.user);
    drill_script_fini(&script);
    return EXIT_SUCCESS;
}
