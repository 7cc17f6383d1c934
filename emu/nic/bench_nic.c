/* SPDX-License-Identifier: MIT */
/*
 * The NIC beside plain veth, with sockets of the kernel at both ends of all ways: how much goes
 * through, how long a small request takes, how many small frames there are. All that is compared is
 * measured in turns, by the clock on the wall, since the work is that of several processes; so the
 * figures are those of the machine as it is, and only their ratios say something.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "nic/bench_stall.h"
#include "nic/bench_world.h"
#include "pump.h"

#define WARM_TIME (100 * TOE_NS_PER_MS) /* until a connection is as fast as it gets */
#define TURN_TIME (200 * TOE_NS_PER_MS)

enum {
    BLOCK = 128 << 10,
    MESSAGE_LEN = 64,
    SAMPLES_MAX = 16384,
    DATAGRAMS = 32, /* in one system call */
    TRIES = 5,      /* of a turn: a connection may go back to the kernel */
};

static uint8_t block[BLOCK];

/* --- bulk --- */

/* Sends until |until|; false if that does not work. */
static bool send_until(int fd, toe_instant until)
{
    while (emu_pump_now() < until) {
        if (send(fd, block, sizeof(block), MSG_NOSIGNAL) < 0) {
            return false;
        }
    }
    return true;
}

/* The same to receive; returns how much in |bytes|. */
static bool receive_until(int fd, toe_instant until, uint64_t *bytes)
{
    *bytes = 0;
    while (emu_pump_now() < until) {
        const ssize_t len = recv(fd, block, sizeof(block), 0);

        if (len <= 0) {
            return false;
        }
        *bytes += (uint64_t)len;
    }
    return true;
}

static double mbit(uint64_t bytes, toe_duration time)
{
    return time == 0 ? -1 : 8e3 * (double)bytes / (double)time;
}

/* Megabits a second to the far end on |fd|, as that counts them; negative if it failed. */
static double transmit_rate(const struct emu_bench_world *world, int fd)
{
    struct emu_far_report first;
    struct emu_far_report last;

    if (!send_until(fd, emu_pump_now() + WARM_TIME) || !emu_bench_far_ask(world, &first) ||
        !send_until(fd, emu_pump_now() + TURN_TIME) || !emu_bench_far_ask(world, &last)) {
        return -1;
    }
    return mbit(last.bytes - first.bytes, last.at - first.at);
}

/* The same from the far end. */
static double receive_rate(int fd)
{
    toe_instant begin;
    uint64_t bytes;

    if (!receive_until(fd, emu_pump_now() + WARM_TIME, &bytes)) {
        return -1;
    }
    begin = emu_pump_now();
    if (!receive_until(fd, begin + TURN_TIME, &bytes)) {
        return -1;
    }
    return mbit(bytes, emu_pump_now() - begin);
}

/* A connection on |way| that is where it is to be; or -1. */
static int open_conn(enum emu_way way, bool ipv6, enum emu_service service)
{
    const int fd = emu_bench_connect_on(way, ipv6, service);

    if (fd >= 0 && emu_bench_way_offloads(way) && !emu_bench_await_place(way, fd, true)) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* A turn whose connection is not where it is to be counts for nothing. */
static double check_place(double value, enum emu_way way, int fd)
{
    return emu_bench_way_offloads(way) && !emu_bench_is_offloaded(way, fd) ? -1 : value;
}

static double run_bulk(const struct emu_bench_world *world, enum emu_way way, bool ipv6,
                       bool transmits)
{
    const int fd = open_conn(way, ipv6, transmits ? EMU_SERVICE_SINK : EMU_SERVICE_SOURCE);
    double rate;

    if (fd < 0) {
        return -1;
    }
    rate = transmits ? transmit_rate(world, fd) : receive_rate(fd);
    rate = check_place(rate, way, fd);
    (void)close(fd);
    return rate;
}

/* --- requests --- */

/* One request and its response in nanoseconds; negative if there is none. */
static double request(int fd)
{
    const toe_instant begin = emu_pump_now();

    if (send(fd, block, MESSAGE_LEN, MSG_NOSIGNAL) != MESSAGE_LEN ||
        recv(fd, block, MESSAGE_LEN, MSG_WAITALL) != MESSAGE_LEN) {
        return -1;
    }
    return (double)(emu_pump_now() - begin);
}

/* The median of a turn in microseconds; negative if it failed. */
static double run_requests(enum emu_way way)
{
    static double samples[SAMPLES_MAX];
    const int fd = open_conn(way, false, EMU_SERVICE_ECHO);
    const toe_instant begin = emu_pump_now() + WARM_TIME;
    uint32_t cnt = 0;
    double value = 0;

    while (fd >= 0 && value >= 0 && cnt < SAMPLES_MAX &&
           (cnt == 0 || emu_pump_now() < begin + TURN_TIME)) {
        value = request(fd);
        if (value >= 0 && emu_pump_now() >= begin) {
            samples[cnt++] = value / 1e3;
        }
    }
    if (fd < 0 || value < 0) {
        value = -1;
    } else {
        value = check_place(emu_bench_median(samples, cnt), way, fd);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return value;
}

/* --- small frames --- */

static void send_datagrams(int fd, toe_instant until)
{
    struct iovec iov = {block, MESSAGE_LEN};
    struct mmsghdr messages[DATAGRAMS];

    for (int i = 0; i < DATAGRAMS; ++i) {
        messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &iov, .msg_iovlen = 1}};
    }
    while (emu_pump_now() < until) {
        (void)sendmmsg(fd, messages, DATAGRAMS, 0);
    }
}

/* Datagrams a second that arrive. */
static double run_datagrams(const struct emu_bench_world *world, enum emu_way way)
{
    const int fd = emu_bench_datagrams_on(way);
    struct emu_far_report first;
    struct emu_far_report last;
    bool ok = fd >= 0;

    if (ok) {
        send_datagrams(fd, emu_pump_now() + WARM_TIME);
        ok = emu_bench_far_ask(world, &first);
        send_datagrams(fd, emu_pump_now() + TURN_TIME);
        ok = emu_bench_far_ask(world, &last) && ok;
        (void)close(fd);
    }
    return ok && last.at > first.at
               ? 1e9 * (double)(last.datagrams - first.datagrams) / (double)(last.at - first.at)
               : -1;
}

/* --- figures --- */

static const char *const way_names[EMU_WAY_CNT] = {
    [EMU_WAY_VETH] = "veth",
    [EMU_WAY_PLAIN] = "veth-plain",
    [EMU_WAY_ORDINARY] = "ordinary",
    [EMU_WAY_OFFLOADED] = "offloaded",
    [EMU_WAY_ASLEEP] = "offloaded-asleep",
    [EMU_WAY_XDP] = "xdp",
};

/* Something that is measured on each of the ways. */
struct contest {
    enum kind { BULK_TX, BULK_RX, REQUESTS, DATAGRAMS_TX } kind;
    bool ipv6;
    const char *unit;
    const char *names[EMU_WAY_CNT];  /* of the figures; NULL: the way is no NIC, or has none */
    const char *groups[EMU_WAY_CNT]; /* that they belong to */
    bool is_less_better;
};

static const struct contest contests[] = {
    {BULK_TX,
     false,
     "Mbit/s",
     {NULL, NULL, "nic-ordinary-tx", "nic-bulk-tx", [EMU_WAY_XDP] = "nic-xdp-tx"},
     {NULL, NULL, "nic-ordinary", "nic-bulk", [EMU_WAY_XDP] = "nic-xdp"},
     false},
    {BULK_RX,
     false,
     "Mbit/s",
     {NULL, NULL, "nic-ordinary-rx", "nic-bulk-rx", [EMU_WAY_XDP] = "nic-xdp-rx"},
     {NULL, NULL, "nic-ordinary", "nic-bulk", [EMU_WAY_XDP] = "nic-xdp"},
     false},
    {BULK_TX,
     true,
     "Mbit/s",
     {NULL, NULL, "nic-ordinary-tx-ipv6", "nic-bulk-tx-ipv6"},
     {NULL, NULL, "nic-ordinary", "nic-bulk"},
     false},
    {BULK_RX,
     true,
     "Mbit/s",
     {NULL, NULL, "nic-ordinary-rx-ipv6", "nic-bulk-rx-ipv6"},
     {NULL, NULL, "nic-ordinary", "nic-bulk"},
     false},
    {REQUESTS,
     false,
     "us",
     {NULL, NULL, "nic-latency-ordinary", "nic-latency", "nic-latency-asleep"},
     {NULL, NULL, "nic-latency", "nic-latency", "nic-latency"},
     true},
    {DATAGRAMS_TX,
     false,
     "frames/s",
     {NULL, NULL, "nic-frames", [EMU_WAY_XDP] = "nic-xdp-frames"},
     {NULL, NULL, "nic-frames", [EMU_WAY_XDP] = "nic-xdp"},
     false},
};

#define CONTEST_CNT (sizeof(contests) / sizeof(contests[0]))

static double run_once(const struct emu_bench_world *world, const struct contest *contest,
                       enum emu_way way)
{
    switch (contest->kind) {
    case BULK_TX:
        return run_bulk(world, way, contest->ipv6, true);
    case BULK_RX:
        return run_bulk(world, way, contest->ipv6, false);
    case REQUESTS:
        return run_requests(way);
    case DATAGRAMS_TX:
        return run_datagrams(world, way);
    }
    return -1;
}

static double run_way(const struct emu_bench_world *world, const struct contest *contest,
                      enum emu_way way)
{
    double value = -1;

    for (int i = 0; i < TRIES && value < 0; ++i) {
        value = run_once(world, contest, way);
    }
    return value;
}

static bool is_wanted(const struct emu_bench *bench, const struct contest *contest,
                      enum emu_way way)
{
    return contest->names[way] != NULL && (emu_bench_is_wanted(bench, contest->names[way]) ||
                                           emu_bench_is_wanted(bench, contest->groups[way]));
}

/* What the turns of one way gave. */
struct values {
    double all[EMU_BENCH_ROUNDS_MAX];
    uint32_t cnt;
    bool has_failed;
};

static void tell(struct emu_bench *bench, const struct contest *contest, enum emu_way way,
                 struct values *values)
{
    for (int peer = EMU_WAY_VETH; peer <= EMU_WAY_PLAIN; ++peer) {
        struct emu_error error;

        if (values[way].has_failed || values[peer].has_failed) {
            emu_error_set(&error, EMU_EXIT_ENVIRONMENT, "%s",
                          values[peer].has_failed ? "it stands still"
                          : emu_bench_way_offloads(way)
                              ? "the connection stood still, or was not offloaded"
                              : "the NIC's connection stood still");
            emu_bench_tell_absence(bench, contest->names[way], way_names[peer], &error);
            emu_bench_fault(bench);
        } else if (values[way].cnt > 0) {
            const double peer_value = emu_bench_median(values[peer].all, values[peer].cnt);

            (void)emu_bench_tell(bench,
                                 &(struct emu_bench_result){contest->names[way], contest->unit,
                                                            values[way].all, values[way].cnt,
                                                            way_names[peer], peer_value,
                                                            contest->is_less_better},
                                 json_object(), "");
        }
    }
}

static void run_contest(struct emu_bench *bench, const struct emu_bench_world *world,
                        const struct contest *contest)
{
    struct values values[EMU_WAY_CNT] = {{.cnt = 0}};
    bool wanted[EMU_WAY_CNT] = {true, true};
    bool is_any = false;

    for (int way = EMU_WAY_ORDINARY; way < EMU_WAY_CNT; ++way) {
        wanted[way] = is_wanted(bench, contest, (enum emu_way)way) &&
                      (way != EMU_WAY_XDP || world->absence.text[0] == '\0');
        is_any = is_any || wanted[way];
    }
    if (!is_any) {
        return;
    }
    for (uint32_t turn = 0; turn < emu_bench_rounds(bench); ++turn) {
        for (int way = 0; way < EMU_WAY_CNT; ++way) {
            double value;

            if (emu_bench_is_over(bench)) {
                return;
            }
            if (!wanted[way] || values[way].has_failed) {
                continue;
            }
            value = run_way(world, contest, (enum emu_way)way);
            values[way].has_failed = value < 0;
            values[way].all[values[way].cnt++] = value;
        }
    }
    for (int way = EMU_WAY_ORDINARY; way < EMU_WAY_CNT; ++way) {
        if (wanted[way] && !emu_bench_is_over(bench)) {
            tell(bench, contest, (enum emu_way)way, values);
        }
    }
}

static bool is_any_wanted(const struct emu_bench *bench)
{
    for (size_t i = 0; i < CONTEST_CNT; ++i) {
        for (int way = EMU_WAY_ORDINARY; way < EMU_WAY_CNT; ++way) {
            if (is_wanted(bench, &contests[i], (enum emu_way)way)) {
                return true;
            }
        }
    }
    return emu_bench_stall_is_wanted(bench);
}

bool emu_bench_nic(struct emu_bench *bench, struct emu_error *error)
{
    struct emu_bench_world world;
    struct emu_error absence;

    (void)error;
    if (!is_any_wanted(bench)) {
        return true;
    }
    if (!emu_bench_world_open(&world, &absence)) {
        emu_bench_tell_absence(bench, "nic-*", "veth", &absence);
        return true;
    }
    if (world.absence.text[0] != '\0' && emu_bench_is_wanted(bench, "nic-xdp")) {
        emu_bench_tell_absence(bench, "nic-xdp", "veth", &world.absence);
    }
    for (size_t i = 0; i < CONTEST_CNT && !emu_bench_is_over(bench); ++i) {
        run_contest(bench, &world, &contests[i]);
    }
    emu_bench_stall(bench, &world);
    emu_bench_world_close(&world);
    return true;
}
