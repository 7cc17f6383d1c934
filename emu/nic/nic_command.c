/* SPDX-License-Identifier: MIT */
/*
 * The command `toe nic`.
 */
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "exchange.h"
#include "nic/config.h"
#include "nic/control.h"
#include "nic/nic.h"
#include "nic/notify.h"
#include "nic/privilege.h"
#include "nic/requests.h"
#include "option.h"

enum { OPTIONS_MAX = 32 };

/* The options as they are read, before they are the NIC's settings. */
struct options {
    const char *config;
    const char *name;
    const char *wire;
    const char *mac;
    const char *control;
    const char *capture;
    const char *capture_filter;
    const char *capture_rotate;
    uint64_t mtu;
    uint64_t queues;
    uint64_t connections;
    uint64_t buffer;
    toe_duration stale;
    uint64_t rate;
    uint64_t seed;
    toe_duration busy_poll;
    int profile;
    int mtu_probing;
    int peer_ack;
    int policy;
    struct emu_option_list rules;
    bool has_peer_ack;
    bool has_busy_poll;
    bool persist;
    bool early_ack;
    bool no_offloads;
};

static const char *const profiles[] = {"modern", "compat", NULL};
static const char *const acks[] = {"returned", "delivered", "received", NULL};
static const char *const probings[] = {"off", "black-hole", "always", NULL};

static const struct options defaults = {.name = "toe0", .queues = 1, .rate = 100, .seed = 1};

/* The interface: what it is called and where it leads. */
static size_t add_interface(struct emu_option *out, struct options *options)
{
    const struct emu_option table[] = {
        {.name = "name",
         .letter = 'n',
         .kind = EMU_OPTION_TEXT,
         .value = &options->name,
         .placeholder = "IF",
         .help = "the interface to make for the kernel (default toe0)"},
        {.name = "wire",
         .letter = 'w',
         .kind = EMU_OPTION_TEXT,
         .value = &options->wire,
         .placeholder = "[KIND:]IF",
         .help = "the network: packet:IF (or IF alone), tap:IF, xdp:IF, pcap:IF, file:FILE"},
        {.name = "mac",
         .kind = EMU_OPTION_TEXT,
         .value = &options->mac,
         .placeholder = "MAC",
         .help = "Ethernet address (default: derived of the wire's)"},
        {.name = "mtu",
         .kind = EMU_OPTION_NUMBER,
         .value = &options->mtu,
         .min = 576,
         .max = 65000,
         .help = "largest packet (default: the wire's)"},
        {.name = "queues",
         .letter = 'q',
         .kind = EMU_OPTION_NUMBER,
         .value = &options->queues,
         .min = 1,
         .max = EMU_EXCHANGE_QUEUES_MAX,
         .help = "each has a thread, and its share of the connections (default 1)"},
        {.name = "persist",
         .kind = EMU_OPTION_FLAG,
         .value = &options->persist,
         .help = "leave the interface there, for the next `toe nic`"},
        {.name = "no-offloads",
         .kind = EMU_OPTION_FLAG,
         .value = &options->no_offloads,
         .help = "have the kernel finish checksums and segments itself"},
    };

    memcpy(out, table, sizeof(table));
    return sizeof(table) / sizeof(table[0]);
}

/* The connections: which are offloaded, and how. */
static size_t add_connections(struct emu_option *out, struct options *options)
{
    const struct emu_option table[] = {
        {.name = "policy",
         .kind = EMU_OPTION_CHOICE,
         .value = &options->policy,
         .choices = emu_policy_names,
         .help = "which connections move by themselves, after what the rules say"},
        {.name = "rule",
         .letter = 'r',
         .kind = EMU_OPTION_LIST,
         .value = &options->rules,
         .placeholder = "RULE",
         .help = "\"offload tcp port 80 after 64k\" and so on, see toe-nic(8); may be repeated"},
        {.name = "rate",
         .kind = EMU_OPTION_NUMBER,
         .value = &options->rate,
         .min = 1,
         .max = (uint64_t)EMU_RULE_RATE_MAX,
         .help = "moves a second of --policy random (default 100)"},
        {.name = "seed",
         .kind = EMU_OPTION_NUMBER,
         .value = &options->seed,
         .max = INT64_MAX,
         .help = "of all that is random (default 1)"},
        {.name = "connections",
         .letter = 'c',
         .kind = EMU_OPTION_NUMBER,
         .value = &options->connections,
         .min = 1,
         .max = 1u << 24,
         .help = "most that are offloaded at once"},
        {.name = "stale",
         .kind = EMU_OPTION_DURATION,
         .value = &options->stale,
         .placeholder = "TIME",
         .min = TOE_NS_PER_MS,
         .max = 86400 * TOE_NS_PER_SEC,
         .help = "after so long without a segment a neighbor is in doubt (default 30 s)"},
        {.name = "buffer",
         .kind = EMU_OPTION_NUMBER,
         .value = &options->buffer,
         .min = 65536,
         .max = UINT64_C(1) << 30,
         .help = "bytes a connection may have on the way (default 4Mi)"},
        {.name = "profile",
         .kind = EMU_OPTION_CHOICE,
         .value = &options->profile,
         .choices = profiles,
         .help = "rules of congestion control and recovery"},
        {.name = "mtu-probing",
         .kind = EMU_OPTION_CHOICE,
         .value = &options->mtu_probing,
         .choices = probings,
         .help = "search for the path's MTU, where no ICMP tells it (default off)"},
        {.name = "early-ack",
         .kind = EMU_OPTION_FLAG,
         .value = &options->early_ack,
         .help = "acknowledge both ends at once; a crash may lose bytes"},
        {.name = "peer-ack",
         .kind = EMU_OPTION_CHOICE,
         .value = &options->peer_ack,
         .given = &options->has_peer_ack,
         .choices = acks,
         .help = "when the peer is acknowledged (default returned; --early-ack: received)"},
    };

    memcpy(out, table, sizeof(table));
    return sizeof(table) / sizeof(table[0]);
}

/* The daemon. */
static size_t add_daemon(struct emu_option *out, struct options *options)
{
    const struct emu_option table[] = {
        {.name = "control",
         .kind = EMU_OPTION_TEXT,
         .value = &options->control,
         .placeholder = "PATH",
         .help = "the control socket; @NAME: no file (default @toe-IF)"},
        {.name = "capture",
         .kind = EMU_OPTION_TEXT,
         .value = &options->capture,
         .placeholder = "FILE",
         .help = "record the frames of both sides, as pcapng, and what happens between"},
        {.name = "capture-filter",
         .kind = EMU_OPTION_TEXT,
         .value = &options->capture_filter,
         .placeholder = "FILTER",
         .help = "only those of this filter, as in pcap-filter(7)"},
        {.name = "capture-rotate",
         .kind = EMU_OPTION_TEXT,
         .value = &options->capture_rotate,
         .placeholder = "LIMIT[:N]",
         .help = "a new file at each 100M, say, or 1h; the last N files stay (default 2)"},
        {.name = "busy-poll",
         .kind = EMU_OPTION_DURATION,
         .value = &options->busy_poll,
         .max = 10 * TOE_NS_PER_MS,
         .given = &options->has_busy_poll,
         .help =
             "look for more frames so long before sleeping, as in 50us (default: where worth it)"},
        {.name = "config",
         .kind = EMU_OPTION_TEXT,
         .value = &options->config,
         .placeholder = "FILE",
         .help = "read options from it: NAME = VALUE, one a line"},
    };

    memcpy(out, table, sizeof(table));
    return sizeof(table) / sizeof(table[0]);
}

static int parse(struct options *options, struct emu_command *out, int argc, char **argv)
{
    struct emu_option table[OPTIONS_MAX];
    size_t cnt = add_interface(table, options);

    cnt += add_connections(table + cnt, options);
    cnt += add_daemon(table + cnt, options);

    const struct emu_command command = {
        .name = "nic",
        .synopsis = "--wire IF [options]",
        .summary = "A network interface whose kernel connections move into an offload target and "
                   "back.",
        .details = "It runs until SIGTERM or SIGINT. `toe show`, `toe offload`, `toe upload` and "
                   "others talk to it.\nIt needs CAP_NET_ADMIN and CAP_NET_RAW: root, or a network "
                   "of your own in `unshare -Urn`.",
        .options = table,
        .option_cnt = cnt,
    };

    *out = (struct emu_command){.name = command.name};
    return emu_option_parse(&command, argc, argv);
}

/* "packet:eth0" is kind and name; without a kind it is an interface. */
static bool parse_wire(struct emu_nic_settings *settings, const char *text)
{
    static const struct {
        const char *prefix;
        enum emu_nic_wire kind;
    } kinds[] = {
        {"packet:", EMU_NIC_WIRE_PACKET}, {"tap:", EMU_NIC_WIRE_TAP},   {"xdp:", EMU_NIC_WIRE_XDP},
        {"pcap:", EMU_NIC_WIRE_PCAP},     {"file:", EMU_NIC_WIRE_FILE},
    };

    settings->kind = EMU_NIC_WIRE_PACKET;
    settings->wire = text;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); ++i) {
        const size_t len = strlen(kinds[i].prefix);

        if (strncmp(text, kinds[i].prefix, len) == 0) {
            settings->kind = kinds[i].kind;
            settings->wire = text + len;
            return settings->wire[0] != '\0';
        }
    }
    return text[0] != '\0' && strchr(text, ':') == NULL;
}

static bool parse_mac(uint8_t out[TOE_MAC_LEN], const char *text)
{
    unsigned int bytes[TOE_MAC_LEN];
    int len = 0;

    if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &bytes[0], &bytes[1], &bytes[2], &bytes[3],
               &bytes[4], &bytes[5], &len) != TOE_MAC_LEN ||
        text[len] != '\0' || (bytes[0] & 1) != 0) {
        return false;
    }
    for (int i = 0; i < TOE_MAC_LEN; ++i) {
        out[i] = (uint8_t)bytes[i];
    }
    return true;
}

/* The rules, and behind them those that the policy's name stands for. */
static int make_rules(struct emu_rules *rules, const struct options *options,
                      const struct emu_command *command)
{
    struct emu_error error;
    bool ok = true;

    for (size_t i = 0; i < options->rules.cnt && ok; ++i) {
        ok = emu_rules_add(rules, options->rules.texts[i], &error);
    }
    if (ok && emu_policy_name_add(rules, emu_policy_names[options->policy], (double)options->rate,
                                  &error)) {
        return -1;
    }
    emu_rules_clear(rules);
    return emu_option_error(command, "%s", error.text);
}

static int make_capture(struct emu_nic_settings *out, const struct options *options,
                        const struct emu_command *command)
{
    struct emu_error error;

    if (options->capture == NULL &&
        (options->capture_filter != NULL || options->capture_rotate != NULL)) {
        return emu_option_error(command, "--capture is missing: the file");
    }
    if (options->capture_rotate != NULL &&
        !emu_capture_rotation_parse(&out->capture_rotation, options->capture_rotate)) {
        return emu_option_error(command,
                                "--capture-rotate: \"%s\" is no size or time with a number of "
                                "files from 2 to 1000, like 100M:5 or 10m:3",
                                options->capture_rotate);
    }
    if (options->capture_filter != NULL) {
        out->capture_filter = emu_filter_frames(options->capture_filter, &error);
        if (out->capture_filter == NULL) {
            return emu_option_error(command, "--capture-filter: %s", error.text);
        }
    }
    return -1;
}

static int make_settings(struct emu_nic_settings *out, uint8_t mac[TOE_MAC_LEN],
                         const struct options *options, const struct emu_command *command)
{
    static const enum toe_ack_when whens[] = {TOE_ACK_RETURNED, TOE_ACK_DELIVERED,
                                              TOE_ACK_RECEIVED};

    *out = (struct emu_nic_settings){
        .name = options->name,
        .mtu = (uint32_t)options->mtu,
        .queues = (uint32_t)options->queues,
        .persist = options->persist,
        .early_ack = options->early_ack,
        .peer_ack = options->early_ack && !options->has_peer_ack ? TOE_ACK_RECEIVED
                                                                 : whens[options->peer_ack],
        .capture = options->capture,
        .no_offloads = options->no_offloads,
        .connections = (uint32_t)options->connections,
        .buffer_max = options->buffer,
        .stale = options->stale,
        .profile = options->profile == 0 ? TOE_PROFILE_MODERN : TOE_PROFILE_COMPAT,
        .mtu_probing = (enum toe_mtu_probing)options->mtu_probing,
        .busy_poll = options->busy_poll,
        .keeps_vigil = !options->has_busy_poll,
        .seed = options->seed,
    };
    if (options->wire == NULL) {
        return emu_option_error(command, "--wire is missing: the interface of the network");
    }
    if (!parse_wire(out, options->wire)) {
        return emu_option_error(command,
                                "--wire: \"%s\" is none of IF, packet:IF, tap:IF, "
                                "xdp:IF, pcap:IF, file:FILE",
                                options->wire);
    }
    if (out->queues > 1 && out->kind != EMU_NIC_WIRE_PACKET && out->kind != EMU_NIC_WIRE_TAP) {
        return emu_option_error(command,
                                "--queues: a wire of the kind \"%.*s\" has one; take packet:IF or "
                                "tap:IF",
                                (int)strcspn(options->wire, ":"), options->wire);
    }
    if (options->mac != NULL) {
        if (!parse_mac(mac, options->mac)) {
            return emu_option_error(command,
                                    "--mac: \"%s\" is no Ethernet address of one machine, like "
                                    "02:00:00:00:00:01",
                                    options->mac);
        }
        out->mac = mac;
    }
    return -1;
}

/* Everything is open: gives up what is not needed any more, and serves. */
static int serve(struct emu_nic *nic, const char *address, struct emu_error *error)
{
    struct emu_control_settings settings = {.loop = &nic->loop,
                                            .address = address,
                                            .begin = emu_requests_begin,
                                            .write = emu_requests_write,
                                            .end = emu_requests_end,
                                            .user = nic};
    struct emu_control *control = emu_control_open(&settings, error);
    int status;

    if (control == NULL) {
        return (int)error->status;
    }
    if (!emu_privilege_drop(error)) {
        emu_control_close(control);
        return (int)error->status;
    }
    (void)printf("toe nic: %s is up, through %s, MTU %u; control socket %s\n",
                 nic->lanes[0].host->name, nic->lanes[0].wire->name, nic->lanes[0].host->mtu,
                 address);
    (void)fflush(stdout);
    emu_notify("READY=1");
    status = emu_nic_run(nic, error);
    emu_notify("STOPPING=1");
    if (status == EMU_EXIT_OK) {
        status = emu_nic_leave(nic, error);
    }
    emu_control_close(control);
    return status;
}

static int run(const struct emu_nic_settings *settings, const char *control)
{
    static struct emu_nic nic;
    struct emu_error error;
    char address[IFNAMSIZ + 8];
    int status;

    emu_pump_signals_block();
    (void)signal(SIGPIPE, SIG_IGN); /* a client may leave before its answer */
    if (!emu_nic_init(&nic, settings, &error)) {
        return emu_error_print(&error);
    }
    (void)snprintf(address, sizeof(address), "@toe-%s", nic.lanes[0].host->name);
    status = serve(&nic, control == NULL ? address : control, &error);
    emu_nic_fini(&nic);
    return status == EMU_EXIT_OK ? status : emu_error_print(&error);
}

int emu_nic_main(int argc, char **argv)
{
    struct options options = defaults;
    static struct emu_rules rules;
    struct emu_nic_settings settings;
    struct emu_command command;
    struct emu_error error;
    uint8_t mac[TOE_MAC_LEN];
    char **all = NULL;
    int status = parse(&options, &command, argc, argv);

    if (status < 0 && options.config != NULL) {
        int cnt;

        all = emu_config_read(options.config, argc, argv, &cnt, &error);
        if (all == NULL) {
            return emu_error_print(&error);
        }
        options = defaults;
        status = parse(&options, &command, cnt, all);
    }
    if (status < 0) {
        status = make_settings(&settings, mac, &options, &command);
        settings.rules = &rules;
    }
    if (status < 0) {
        status = make_rules(&rules, &options, &command);
    }
    if (status < 0) {
        status = make_capture(&settings, &options, &command);
    }
    if (status < 0) {
        status = run(&settings, options.control);
    }
    emu_rules_clear(&rules);
    emu_config_free(all);
    return status;
}
