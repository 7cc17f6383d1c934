/* SPDX-License-Identifier: MIT */
#include "stress_options.h"

#include <stdlib.h>
#include <string.h>

#include "endurance/course.h"
#include "option.h"
#include "peer.h"

/* Default addresses on the wire: ours, and those of the peer. */
#define ADDRESS_DEFAULT "10.77.0.1/24,fd77::1/64"
#define PEER_DEFAULT "10.77.0.2,fd77::2"

/* Of a soak, if they are not given. The longest frames that a target takes cost least a byte. */
#define SOAK_SECONDS (7 * 24 * 3600.0)
#define SOAK_BULK (UINT64_C(8) << 30)
#define SOAK_MTU 9000

static double seconds_of(toe_duration duration)
{
    return (double)duration / (double)TOE_NS_PER_SEC;
}

/* Reads "A4[/len][,A6[/len]]", in any order. Returns false if |text| is something else. */
static bool parse_addresses(struct toe_addr addr[2], uint8_t prefix_len[2], const char *text)
{
    char copy[128];
    char *rest = copy;
    char *item;

    if (strlen(text) >= sizeof(copy)) {
        return false;
    }
    strcpy(copy, text);
    addr[0].family = 0;
    addr[1].family = 0;
    while ((item = strsep(&rest, ",")) != NULL) {
        char *slash = strchr(item, '/');
        struct toe_addr one;
        uint64_t len = 0;

        if (slash != NULL) {
            *slash = '\0';
        }
        if (!emu_option_address(&one, item) ||
            (slash != NULL && !emu_option_number(&len, slash + 1)) ||
            len > (one.family == 4 ? 32 : 128)) {
            return false;
        }
        addr[one.family == 6] = one;
        prefix_len[one.family == 6] = (uint8_t)(slash != NULL ? len : one.family == 4 ? 24 : 64);
    }
    return addr[0].family != 0 || addr[1].family != 0;
}

void emu_stress_settings_default(struct emu_stress_settings *settings)
{
    uint8_t prefix_len[2];

    *settings = (struct emu_stress_settings){
        .connections = 256,
        .bytes = 24576,
        .seconds = 60,
        .seed = 1,
        .ipv4 = true,
        .ipv6 = true,
        .policy = TOE_POLICY_RANDOM,
        .receive_mode = TOE_RECEIVE_MIXED,
        .offload_every = 10,
        .upload_every = 10,
        .lag = 0.001,
        .delay = 0.001,
        .rate = UINT64_C(1000000000),
        .mtu = 1500,
        .rcv_buf = 65536,
        .keep_alive = 20,
        .peer_port = EMU_PEER_PORT,
    };
    parse_addresses(settings->peer, prefix_len, PEER_DEFAULT);
    parse_addresses(settings->address, settings->prefix_len, ADDRESS_DEFAULT);
}

/* Values as the option parser leaves them, where the settings have another type. */
struct values {
    uint64_t connections, bytes, mtu, rate, peer_port, delay_ms, rcv_buf, soak;
    toe_duration seconds, offload_every, upload_every, lag;
    bool ipv4, ipv6, has_peer_port, has_profile;
    int policy, receive, mtu_probing;
    const char *address;
    const char *peer;
};

#define HOUR (3600 * TOE_NS_PER_SEC)

/* Where the parser puts what it reads. */
static struct emu_stress_options parsed;
static struct values values;

static const char *const policies[] = {"manual", "all", "random", NULL};
/* By kind, and a NULL; filled in when the options are read. */
static const char *kinds[EMU_CHAOS_CNT + 1];
static const char *const receives[] = {"indicated", "posted", "mixed", NULL};

/* In the order of EMU_WITHOUT_*. */
static const char *const withouts[] = {"sack", "timestamps", "window-scaling", NULL};
static const char *const probings[] = {"off", "black-hole", "always", NULL};

#define OPTION(kind_, name_, value_, ...)                                                          \
    {                                                                                              \
        .name = name_, .kind = EMU_OPTION_##kind_, .value = value_, __VA_ARGS__                    \
    }
static const struct emu_option table[] = {
    OPTION(FLAG, "sim", &parsed.sim, .help = "two machines of ours in virtual time"),
    OPTION(TEXT, "port", &parsed.settings.interface, .placeholder = "IF",
           .help = "one machine on a raw socket at interface IF, against a Linux kernel"),
    OPTION(FLAG, "certify", &parsed.certify,
           .help = "the certification stress: phases, support NICs, seven verdicts"),
    OPTION(FLAG, "nic", &parsed.nic,
           .help = "of --certify: connections of the kernel's, by toe nic"),
    OPTION(CHOICE, "profile", &parsed.profile, .given = &values.has_profile,
           .choices = emu_course_names, .help = "of --certify, how long (default full: 3 hours)"),
    OPTION(NUMBER, "connections", &values.connections, .given = &parsed.given.connections,
           .letter = 'c', .min = 1, .max = 100000, .help = "connections at once (default 256)"),
    OPTION(DURATION, "seconds", &values.seconds, .given = &parsed.given.seconds, .letter = 's',
           .min = TOE_NS_PER_MS, .max = 1000 * HOUR,
           .help = "how long connections are opened for (default 60)"),
    OPTION(NUMBER, "seed", &parsed.settings.seed, .max = INT64_MAX,
           .help = "of all that is random (default 1)"),
    OPTION(NUMBER, "swarm", &parsed.swarm, .placeholder = "SEEDS", .min = 1, .max = 1000000,
           .help = "that many runs, each with all that its seed draws, on all processors"),
    OPTION(NUMBER, "jobs", &parsed.jobs, .letter = 'j', .min = 1, .max = 64,
           .help = "of a swarm at once (default: two for each processor)"),
    OPTION(TEXT, "failures", &parsed.failures, .placeholder = "DIR",
           .help = "where a swarm writes what failed (default toe-failures)"),
    OPTION(TEXT, "replay", &parsed.replay, .placeholder = "FILE",
           .help = "run a schedule that a swarm has written"),
    OPTION(NUMBER, "soak", &values.soak, .placeholder = "CONNECTIONS", .min = 1, .max = 10000000,
           .help = "so many over a week; whether memory stays flat, how often numbers wrap"),
    OPTION(NUMBER, "bulk", &parsed.bulk, .given = &parsed.given.bulk, .placeholder = "BYTES",
           .min = 1, .max = UINT64_C(1) << 40,
           .help = "of a soak: what four connections carry each way (default 8 Gi)"),
    OPTION(NUMBER, "bytes", &values.bytes, .given = &parsed.given.bytes, .min = 1, .max = 16 << 20,
           .help = "what a connection carries on average (default 24 Ki)"),
    OPTION(CHOICE, "policy", &values.policy, .choices = policies,
           .help = "which connections move (default random)"),
    OPTION(DURATION, "offload-every", &values.offload_every, .min = TOE_NS_PER_MS, .max = HOUR,
           .help = "random: mean time until one is offloaded (default 10)"),
    OPTION(DURATION, "upload-every", &values.upload_every, .min = TOE_NS_PER_MS, .max = HOUR,
           .help = "random: mean time until it is taken back (default 10)"),
    OPTION(DURATION, "lag", &values.lag, .given = &parsed.given.lag, .max = HOUR,
           .help = "of every second offload or upload, on average (default 1 ms)"),
    OPTION(CHOICE, "receive", &values.receive, .given = &parsed.given.receive, .choices = receives,
           .help = "how the host receives from the target (default mixed)"),
    OPTION(PERCENT, "loss", &parsed.settings.loss, .help = "of frames, each way (default 0)"),
    OPTION(PERCENT, "reorder", &parsed.settings.reorder, .help = "frames held back (default 0)"),
    OPTION(PERCENT, "duplicate", &parsed.settings.duplicate, .help = "frames doubled (default 0)"),
    OPTION(PERCENT, "corrupt", &parsed.settings.corrupt,
           .help = "frames with a bit flipped (default 0)"),
    OPTION(FLAG, "ecn", &parsed.settings.ecn, .help = "offer explicit congestion notification"),
    OPTION(FLAG, "accurate-ecn", &parsed.settings.accurate_ecn,
           .help = "and tell every mark: RFC 9768 (implies --ecn)"),
    OPTION(PERCENT, "mark", &parsed.settings.mark,
           .help = "packets marked on the link, with --ecn (default 0)"),
    OPTION(SET, "without", &parsed.settings.without, .placeholder = "[OPTIONS]",
           .choices = withouts, .help = "TCP options that our hosts do without, all or some"),
    OPTION(CHOICE, "mtu-probing", &values.mtu_probing, .given = &parsed.given.mtu_probing,
           .choices = probings,
           .help = "search for the path's MTU; narrow paths say nothing then (default off)"),
    OPTION(NUMBER, "rcvbuf", &values.rcv_buf, .given = &parsed.given.rcv_buf,
           .placeholder = "BYTES", .min = 1, .max = 1 << 20,
           .help = "receive window of our hosts (default 64 Ki)"),
    OPTION(NUMBER, "delay", &values.delay_ms, .placeholder = "MS", .given = &parsed.given.delay,
           .max = 60000, .help = "one way (default 1 simulated, 0 on the wire)"),
    OPTION(NUMBER, "rate", &values.rate, .placeholder = "MBIT", .given = &parsed.given.rate,
           .max = 1000000, .help = "of the simulated link, 0: no limit (default 1000)"),
    OPTION(NUMBER, "mtu", &values.mtu, .given = &parsed.given.mtu, .min = 1280, .max = 65535,
           .help = "of the simulated link (default 1500)"),
    OPTION(FLAG, "ipv4", &values.ipv4, .letter = '4', .help = "IPv4 only"),
    OPTION(FLAG, "ipv6", &values.ipv6, .letter = '6', .help = "IPv6 only"),
    OPTION(TEXT, "address", &values.address, .placeholder = "A4/LEN,A6/LEN",
           .help = "our addresses (default " ADDRESS_DEFAULT ")"),
    OPTION(TEXT, "peer", &values.peer, .placeholder = "A4,A6",
           .help = "where 'toe peer' runs (default: started at IF's other end)"),
    OPTION(NUMBER, "peer-port", &values.peer_port, .given = &values.has_peer_port, .min = 1,
           .max = 65535, .help = "its port (default 7007)"),
    OPTION(SET, "chaos", &parsed.settings.chaos, .placeholder = "[KINDS]", .choices = kinds,
           .help = "faults and weather, all or some"),
    OPTION(TEXT, "trace", &parsed.trace, .placeholder = "FILE",
           .help = "write what host and target tell each other"),
    OPTION(TEXT, "chart", &parsed.chart, .placeholder = "FILE",
           .help = "write a sequence chart of what came before the first fault"),
    OPTION(TEXT, "capture", &parsed.settings.capture, .placeholder = "FILE",
           .help = "write all frames to a pcapng file"),
    OPTION(TEXT, "report", &parsed.report, .placeholder = "FILE",
           .help = "write the result to a file: a page if it ends in .html, or else JSON"),
    OPTION(FLAG, "json", &parsed.json, .help = "print JSON, one object a line"),
};
#undef OPTION

static const struct emu_command command = {
    .name = "stress",
    .synopsis = "--sim|--port IF|--certify|--replay FILE [options]",
    .summary = "Many connections, every byte checked, offloaded and uploaded at random.",
    .options = table,
    .option_cnt = sizeof(table) / sizeof(table[0]),
};

/* What goes together and what does not. Returns -1 if all is well. */
static int check(void)
{
    struct emu_stress_settings *set = &parsed.settings;
    uint8_t prefix_len[2];

    if (parsed.certify ? parsed.replay != NULL || parsed.swarm != 0 || set->interface != NULL
                       : values.has_profile || parsed.nic) {
        return emu_option_error(&command,
                                "--certify makes its own machines; --profile and --nic are of "
                                "it");
    }
    if (parsed.sim && (parsed.nic || set->interface != NULL)) {
        return emu_option_error(&command, "--sim and %s exclude each other",
                                parsed.nic ? "--nic" : "--port");
    }
    if (parsed.replay != NULL && (set->interface != NULL || parsed.swarm != 0)) {
        return emu_option_error(&command, "--replay is of one simulated run");
    }
    parsed.sim = parsed.sim || parsed.replay != NULL;
    if (!parsed.certify && !parsed.sim && set->interface == NULL) {
        return emu_option_error(&command,
                                "one of --sim, --port IF, --certify and --replay FILE is needed");
    }
    if (!parsed.sim && (parsed.swarm != 0 || parsed.given.rate || parsed.given.mtu)) {
        return emu_option_error(&command, "--swarm, --rate and --mtu go with --sim only");
    }
    if (parsed.soak != 0 && (!parsed.sim || parsed.swarm != 0 || parsed.replay != NULL ||
                             parsed.certify || set->capture != NULL)) {
        return emu_option_error(&command, "--soak is a --sim of its own, without --capture");
    }
    if (parsed.soak == 0 && parsed.given.bulk) {
        return emu_option_error(&command, "--bulk goes with --soak only");
    }
    if (!parsed.sim && (set->chaos & ~EMU_CHAOS_FAULTS) != 0) {
        if (set->chaos != EMU_CHAOS_ALL) {
            return emu_option_error(&command, "--chaos: weather, from %s on, goes with --sim only",
                                    emu_weather_kind_name(EMU_WEATHER_MOVE));
        }
        set->chaos = EMU_CHAOS_FAULTS;
    }
    if (parsed.sim && (values.address != NULL || values.peer != NULL || values.has_peer_port)) {
        return emu_option_error(&command, "--address, --peer and --peer-port go with --port only");
    }
    if (parsed.swarm != 0 && set->capture != NULL) {
        return emu_option_error(&command, "--capture is of one run, not of a --swarm");
    }
    if (parsed.swarm != 0 && parsed.trace != NULL) {
        return emu_option_error(&command, "--trace is of one run, not of a --swarm");
    }
    if (parsed.chart != NULL && (!parsed.sim || parsed.swarm != 0 || parsed.soak != 0 ||
                                 parsed.certify || set->capture != NULL)) {
        return emu_option_error(&command, "--chart is of one plain --sim without --capture");
    }
    if (values.ipv4 && values.ipv6) {
        return emu_option_error(&command, "--ipv4 and --ipv6 exclude each other");
    }
    if (values.address != NULL && !parse_addresses(set->address, set->prefix_len, values.address)) {
        return emu_option_error(&command, "--address: \"%s\" is no list of addresses",
                                values.address);
    }
    if (values.peer != NULL && !parse_addresses(set->peer, prefix_len, values.peer)) {
        return emu_option_error(&command, "--peer: \"%s\" is no list of addresses", values.peer);
    }
    set->ipv4 = !values.ipv6 && set->address[0].family != 0 && set->peer[0].family != 0;
    set->ipv6 = !values.ipv4 && set->address[1].family != 0 && set->peer[1].family != 0;
    if (!set->ipv4 && !set->ipv6) {
        return emu_option_error(&command, "both ends need an address of the same family");
    }
    return -1;
}

static void values_default(void)
{
    const struct emu_stress_settings *set = &parsed.settings;

    values = (struct values){
        .connections = set->connections,
        .bytes = set->bytes,
        .mtu = set->mtu,
        .rcv_buf = set->rcv_buf,
        .peer_port = set->peer_port,
        .seconds = (toe_duration)(set->seconds * (double)TOE_NS_PER_SEC),
        .offload_every = (toe_duration)(set->offload_every * (double)TOE_NS_PER_SEC),
        .upload_every = (toe_duration)(set->upload_every * (double)TOE_NS_PER_SEC),
        .lag = (toe_duration)(set->lag * (double)TOE_NS_PER_SEC),
        .policy = (int)set->policy,
        .receive = (int)set->receive_mode,
        .mtu_probing = (int)set->mtu_probing,
    };
}

static void take(void)
{
    struct emu_stress_settings *set = &parsed.settings;

    parsed.soak = (uint32_t)values.soak;
    parsed.bulk = parsed.given.bulk ? parsed.bulk : SOAK_BULK;
    set->connections = (uint32_t)values.connections;
    set->bytes = (uint32_t)values.bytes;
    set->seconds = seconds_of(values.seconds);
    if (parsed.soak != 0) {
        set->seconds = parsed.given.seconds ? set->seconds : SOAK_SECONDS;
        values.mtu = parsed.given.mtu ? values.mtu : SOAK_MTU;
    }
    set->offload_every = seconds_of(values.offload_every);
    set->upload_every = seconds_of(values.upload_every);
    set->lag = seconds_of(values.lag);
    set->mtu = (uint32_t)values.mtu;
    set->rcv_buf = (uint32_t)values.rcv_buf;
    set->peer_port = (uint16_t)values.peer_port;
    set->policy = (enum toe_policy)values.policy;
    set->receive_mode = (enum toe_receive_mode)values.receive;
    set->mtu_probing = (enum toe_mtu_probing)values.mtu_probing;
    set->peer_given = values.peer != NULL;
    set->ecn = set->ecn || set->mark != 0 || set->accurate_ecn;
    parsed.given.ecn = set->ecn;
    parsed.failures = parsed.failures != NULL ? parsed.failures : "toe-failures";
    set->rate = parsed.given.rate ? values.rate * 1000000 : set->rate;
    set->delay = parsed.given.delay ? (double)values.delay_ms / 1e3 : parsed.sim ? set->delay : 0;
}

int emu_stress_options_parse(struct emu_stress_options *options, int argc, char **argv)
{
    int status;

    parsed = (struct emu_stress_options){0};
    emu_stress_settings_default(&parsed.settings);
    values_default();
    for (unsigned i = 0; i < EMU_CHAOS_CNT; ++i) {
        kinds[i] = emu_stress_chaos_name(i);
    }
    status = emu_option_parse(&command, argc, argv);
    if (status >= 0) {
        return status;
    }
    take();
    status = check();
    *options = parsed;
    return status;
}
