/* SPDX-License-Identifier: MIT */
#include "pd_persona.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Flags of the form NAME=NUMBER. */
static const struct {
    const char *name;
    size_t offset;
    size_t size;
} numbers[] = {
#define HOST(name)                                                                                 \
    {                                                                                              \
#name, offsetof(struct pd_persona, host.name),                                             \
            sizeof(((struct pd_persona *)NULL)->host.name)                                         \
    }
#define PARAM(name)                                                                                \
    {                                                                                              \
#name, offsetof(struct pd_persona, host.params.name),                                      \
            sizeof(((struct pd_persona *)NULL)->host.params.name)                                  \
    }
#define TUNING(name)                                                                               \
    {                                                                                              \
#name, offsetof(struct pd_persona, host.tuning.name),                                      \
            sizeof(((struct pd_persona *)NULL)->host.tuning.name)                                  \
    }
    {"mtu", offsetof(struct pd_persona, mtu), sizeof(((struct pd_persona *)NULL)->mtu)},
    HOST(snd_buf),
    HOST(rcv_buf),
    HOST(rcv_buf_max),
    HOST(timestamps),
    HOST(sack),
    HOST(window_scaling),
    HOST(nagle),
    HOST(syn_retries),
    HOST(time_wait),
    HOST(rto_min),
    HOST(push_burst),
    HOST(pacing),
    HOST(rack_threshold),
    HOST(bsd_syn),
    TUNING(abc_limit),
    TUNING(grow_by_delivery),
    TUNING(grow_when_half_used),
    TUNING(after_idle),
    TUNING(hystart_samples),
    TUNING(hystart_css_rounds),
    TUNING(rto_variance_min),
    TUNING(empty_probes),
    TUNING(probe_backoff),
    TUNING(updates_double),
    TUNING(timer_slack),
    TUNING(rack_last_rtt),
    TUNING(reduce_cwnd),
    TUNING(mark_by_prr),
    TUNING(mtu_probing),
    PARAM(ack_frequency),
    PARAM(delayed_ack_ticks),
    PARAM(max_retransmissions),
    PARAM(sws_prevention_ticks),
    PARAM(duplicate_ack_threshold),
#undef HOST
#undef TUNING
#undef PARAM
};

static void store(void *to, size_t size, unsigned long long value)
{
    const uint8_t u8 = (uint8_t)value;
    const uint32_t u32 = (uint32_t)value;
    const uint64_t u64 = value;

    memcpy(to, size == 1 ? (const void *)&u8 : size == 4 ? (const void *)&u32 : &u64, size);
}

static bool set_number(struct pd_persona *persona, const char *flag, size_t len)
{
    const char *eq = memchr(flag, '=', len);
    char *end;
    unsigned long long value;

    if (eq == NULL) {
        return false;
    }
    value = strtoull(eq + 1, &end, 0);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); ++i) {
        if (strlen(numbers[i].name) == (size_t)(eq - flag) && end == flag + len &&
            strncmp(numbers[i].name, flag, (size_t)(eq - flag)) == 0) {
            store((char *)persona + numbers[i].offset, numbers[i].size, value);
            return true;
        }
    }
    return false;
}

/*
 * Constants of Linux. It acknowledges at once while a connection is young, and the scripts' are;
 * half of its receive buffer is window, and the window scale is one for the largest of
 * net.ipv4.tcp_rmem; two full segments have PSH; it does not pace unless a queue does it.
 */
static void set_linux(struct pd_persona *persona)
{
    if (!persona->is_linux) {
        persona->host.push_burst = 2; /* and then as the sysctl says */
    }
    persona->is_linux = true;
    persona->host.rto_min = 200 * TOE_NS_PER_MS;
    persona->host.params.ack_frequency = 1;
    persona->host.pacing = false;
    persona->host.rack_threshold = true;
    persona->host.tuning = (struct toe_tuning){
        .abc_limit = 0,
        .grow_by_delivery = true,
        .grow_when_half_used = true,
        .after_idle = TOE_AFTER_IDLE_HALVE,
        .hystart_samples = 9,
        .hystart_css_rounds = 0,
        .rto_variance_min = 200 * TOE_NS_PER_MS,
        .empty_probes = true,
        .probe_backoff = 1,
        .updates_double = true,
        .timer_slack = 2 * TOE_NS_PER_MS,
        .rack_last_rtt = true,
        .reduce_cwnd = true,
        .mark_by_prr = true,
    };
}

/*
 * Constants of FreeBSD: the order of a SYN's options; buffers of 32 and 64 KiB, and a window scale
 * for the largest one of 2 MiB; two segments or 40 ms until an acknowledgment; a retransmission
 * timeout of 30 ms and the slop of 200 ms at least.
 */
static void set_freebsd(struct pd_persona *persona)
{
    persona->host.bsd_syn = true;
    persona->host.snd_buf = 32768;
    persona->host.rcv_buf = 65536;
    persona->host.rcv_buf_max = 2 * 1024 * 1024;
    persona->host.rto_min = 230 * TOE_NS_PER_MS;
    persona->host.params.ack_frequency = 2;
    persona->host.params.delayed_ack_ticks =
        (uint8_t)(persona->host.params.ticks_per_second * 40 / 1000);
    persona->host.pacing = false;
    persona->host.rack_threshold = true;
}

static bool set_flag(struct pd_persona *persona, const char *flag, size_t len)
{
    if (len == 3 && strncmp(flag, "toe", len) == 0) {
        return true;
    }
    if (len == 5 && strncmp(flag, "linux", len) == 0) {
        set_linux(persona);
        return true;
    }
    if (len == 7 && strncmp(flag, "freebsd", len) == 0) {
        set_freebsd(persona);
        return true;
    }
    return len == 0 || set_number(persona, flag, len);
}

static bool set_flags(struct pd_persona *persona, const char *flags)
{
    while (flags != NULL && *flags != '\0') {
        const size_t len = strcspn(flags, ",");

        if (!set_flag(persona, flags, len)) {
            fprintf(stderr, "toe: no flag '%.*s'\n", (int)len, flags);
            return false;
        }
        flags += len + (flags[len] == ',');
    }
    return true;
}

static bool set_mode(struct pd_persona *persona, const char *mode)
{
    static const char *const names[] = {"host", "target", "hop"};

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); ++i) {
        if (mode == NULL || strcmp(mode, names[i]) == 0) {
            persona->mode = (enum pd_mode)i;
            return true;
        }
    }
    return false;
}

bool pd_persona_parse(struct pd_persona *persona, const char *flags)
{
    const char *mode = getenv("TOE_PACKETDRILL_MODE");

    memset(persona, 0, sizeof(*persona));
    persona->mtu = 1500;
    persona->flags = flags;
    persona->notsent_lowat = UINT32_MAX;
    toe_host_settings_default(&persona->host);
    toe_target_settings_default(&persona->target);
    if (!set_mode(persona, mode)) {
        fprintf(stderr, "toe: no mode '%s': host, target or hop\n", mode);
        return false;
    }
    return set_flags(persona, getenv("TOE_PACKETDRILL_FLAGS")) && set_flags(persona, flags);
}

/* Reads up to three numbers; returns how many there are. */
static int read_sysctl(const char *name, unsigned long long value[3])
{
    char path[128];
    FILE *file;
    int cnt;

    snprintf(path, sizeof(path), "/proc/sys/net/ipv4/%s", name);
    file = fopen(path, "re");
    if (file == NULL) {
        return 0;
    }
    cnt = fscanf(file, "%llu %llu %llu", &value[0], &value[1], &value[2]);
    fclose(file);
    return cnt;
}

static void read_switch(const char *name, bool *to)
{
    unsigned long long value[3];

    if (read_sysctl(name, value) >= 1) {
        *to = value[0] != 0;
    }
}

static void read_sysctls(struct pd_persona *persona)
{
    struct toe_host_settings *host = &persona->host;
    unsigned long long value[3];

    read_switch("tcp_timestamps", &host->timestamps);
    read_switch("tcp_sack", &host->sack);
    read_switch("tcp_window_scaling", &host->window_scaling);
    if (read_sysctl("tcp_rmem", value) == 3) {
        host->rcv_buf = (uint32_t)(value[1] / 2);
        host->rcv_buf_max = (uint32_t)value[2];
    }
    if (read_sysctl("tcp_wmem", value) == 3) {
        host->snd_buf = (uint32_t)value[1];
        persona->snd_buf_max = (uint32_t)value[2];
    }
    if (read_sysctl("tcp_notsent_lowat", value) >= 1) {
        persona->notsent_lowat = value[0] > UINT32_MAX ? UINT32_MAX : (uint32_t)value[0];
    }
    if (read_sysctl("tcp_syn_retries", value) >= 1) {
        host->syn_retries = (uint8_t)value[0];
    }
    if (read_sysctl("tcp_ecn", value) >= 1) {
        host->ecn = value[0] == 0 ? TOE_ECN_OFF : value[0] == 2 ? TOE_ECN_RESPOND : TOE_ECN_ON;
    }
    if (read_sysctl("tcp_mtu_probing", value) >= 1 && value[0] <= TOE_MTU_PROBING_ALWAYS) {
        host->tuning.mtu_probing = (enum toe_mtu_probing)value[0];
    }
    if (read_sysctl("tcp_min_tso_segs", value) >= 1) {
        host->push_burst = (uint32_t)value[0];
    }
    if (read_sysctl("tcp_reordering", value) >= 1) {
        host->params.duplicate_ack_threshold = (uint32_t)value[0];
    }
    if (read_sysctl("tcp_keepalive_time", value) >= 1) {
        host->ka_timeout = (uint32_t)value[0] * host->params.ticks_per_second;
    }
    if (read_sysctl("tcp_keepalive_intvl", value) >= 1) {
        host->ka_interval = (uint32_t)value[0] * host->params.ticks_per_second;
    }
}

void pd_persona_sysctls(struct pd_persona *persona)
{
    if (persona->is_linux) {
        read_sysctls(persona);
        /* They made sense before. */
        (void)set_flags(persona, getenv("TOE_PACKETDRILL_FLAGS"));
        (void)set_flags(persona, persona->flags);
    }
}
