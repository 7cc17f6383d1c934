/* SPDX-License-Identifier: MIT */
/*
 * The Linux kernel as a peer of the benchmarks.
 *
 * Two private networks, with two veth pairs between them: one with segmentation and checksum
 * offload and one without. A process of its own holds the far network and opens sockets that listen
 * there; it hands them over, and so both ends of every connection are sockets of this thread. The
 * kernel works for both of them within the calls: what a socket sends is delivered to the other one
 * before the call returns. So the thread's processor time is what both ends take, without wake-ups,
 * which are dear and have little to do with TCP. What the kernel puts off, to ksoftirqd, is added
 * where its clock can be read.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "netlink.h"
#include "netns.h"

enum {
    NEAR = 0,
    FAR = 1,
    PLAIN = 0, /* the veth pairs */
    SUPER = 1,
    PORT_FIRST = 7000,
    PORT_CNT = 8, /* so that no port lacks beside those in TIME-WAIT */
    CONNECTIONS_MAX = 16384,
    MTU = 9012,
    TIMESTAMPS_LEN = 12, /* of every segment */
    MESSAGE_LEN = 64,
    BATCH = 64, /* requests on their way at once */
    REQUESTS = 4096,
    CYCLES = 256,
    SEGMENTS = 2880,
    BUF_LEN = 65536,
    SOFTIRQDS_MAX = 256,
    WAIT_MS = 2000,
};

/* The two networks, which last as long as the process. */
static struct {
    bool is_up;
    struct emu_netns_child far;
    int listeners[PORT_CNT];
    clockid_t softirqds[SOFTIRQDS_MAX];
    uint32_t softirqd_cnt;
} net;

/* A connection: both of its ends. */
struct link {
    int fds[2];
};

struct load {
    struct emu_bench_job job;
    struct link *links;
    uint32_t cnt;  /* of them */
    uint32_t next; /* whose turn it is, and how many there were of EMU_BENCH_CONNECT */
    uint8_t *buf;
};

/* --- the networks --- */

static const char *link_name(int end, int pair)
{
    static const char *const names[2][2] = {{"near0", "near1"}, {"far0", "far1"}};

    return names[end][pair];
}

static struct toe_addr address(int end, int pair)
{
    return (struct toe_addr){.family = 4, .bytes = {10, 0, (uint8_t)pair, (uint8_t)(1 + end)}};
}

/* Gives the interfaces of |end| all they need. */
static bool furnish(int end, struct emu_error *error)
{
    for (int pair = PLAIN; pair <= SUPER; ++pair) {
        const struct toe_addr addr = address(end, pair);
        const char *name = link_name(end, pair);

        emu_netlink_ipv6_off(name);
        if ((pair == PLAIN && !emu_netlink_offloads_off(name, error)) ||
            !emu_netlink_address_add(name, &addr, 24, error) || !emu_netlink_up(name, MTU, error)) {
            return false;
        }
    }
    return true;
}

static int open_listener(uint16_t port)
{
    const struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && (bind(fd, (const void *)&addr, sizeof(addr)) != 0 || listen(fd, 64) != 0)) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* Hands |fds| over the socket |control|, or takes them from there. */
static bool pass_listeners(int control, int *fds, bool take)
{
    union {
        struct cmsghdr header;
        uint8_t bytes[CMSG_SPACE(PORT_CNT * sizeof(int))];
    } ancillary = {.bytes = {0}};
    uint8_t byte = 0;
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = &ancillary,
                             .msg_controllen = sizeof(ancillary)};

    if (take) {
        if (recvmsg(control, &message, MSG_CMSG_CLOEXEC) != 1 ||
            message.msg_controllen < CMSG_LEN(PORT_CNT * sizeof(int))) {
            return false;
        }
        memcpy(fds, CMSG_DATA(&ancillary.header), PORT_CNT * sizeof(int));
        return true;
    }
    ancillary.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(PORT_CNT * sizeof(int)),
                                        .cmsg_level = SOL_SOCKET,
                                        .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(&ancillary.header), fds, PORT_CNT * sizeof(int));
    return sendmsg(control, &message, 0) == 1;
}

/* The process of the far network: furnishes it when its links are there, and stays. */
static int live_far(int control, void *user)
{
    struct emu_error error;
    int fds[PORT_CNT];
    uint8_t byte;

    (void)user;
    if (read(control, &byte, 1) != 1 || !furnish(FAR, &error)) {
        return EMU_EXIT_ENVIRONMENT;
    }
    for (int i = 0; i < PORT_CNT; ++i) {
        fds[i] = open_listener((uint16_t)(PORT_FIRST + i));
        if (fds[i] < 0) {
            return EMU_EXIT_ENVIRONMENT;
        }
    }
    if (pass_listeners(control, fds, false)) {
        (void)!read(control, &byte, 1);
    }
    return EMU_EXIT_OK;
}

/* The clocks of the ksoftirqd threads, of those that are to be seen. */
static void find_softirqds(void)
{
    for (pid_t pid = 3; pid < 4096 && net.softirqd_cnt < SOFTIRQDS_MAX; ++pid) {
        char path[32];
        char name[32] = "";
        FILE *file;

        (void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
        file = fopen(path, "r");
        if (file == NULL) {
            continue;
        }
        if (fgets(name, sizeof(name), file) != NULL && strncmp(name, "ksoftirqd/", 10) == 0 &&
            clock_getcpuclockid(pid, &net.softirqds[net.softirqd_cnt]) == 0) {
            ++net.softirqd_cnt;
        }
        (void)fclose(file);
    }
}

static bool net_up(struct emu_error *error)
{
    struct rlimit files;
    bool ok;

    if (net.is_up) {
        return true;
    }
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    if (!emu_netns_enter(error) || !emu_netns_spawn(&net.far, live_far, NULL, error)) {
        return false;
    }
    ok = emu_netlink_veth_add(link_name(NEAR, PLAIN), link_name(FAR, PLAIN), net.far.pid, error) &&
         emu_netlink_veth_add(link_name(NEAR, SUPER), link_name(FAR, SUPER), net.far.pid, error) &&
         furnish(NEAR, error);
    if (ok && (write(net.far.control, "", 1) != 1 ||
               !pass_listeners(net.far.control, net.listeners, true) ||
               !emu_netlink_await(link_name(NEAR, PLAIN), WAIT_MS) ||
               !emu_netlink_await(link_name(NEAR, SUPER), WAIT_MS))) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "the far network does not come up");
        ok = false;
    }
    if (!ok) {
        (void)emu_netns_reap(&net.far, 0);
        return false;
    }
    find_softirqds();
    net.is_up = true;
    return true;
}

/* --- connections --- */

static void link_close(const struct link *link)
{
    (void)close(link->fds[NEAR]);
    (void)close(link->fds[FAR]);
}

static void set_option(int fd, int option, int value)
{
    (void)setsockopt(fd, IPPROTO_TCP, option, &value, sizeof(value));
}

static bool link_open(struct load *load, struct link *link)
{
    const struct toe_addr to = address(FAR, load->job.super ? SUPER : PLAIN);
    const uint32_t idx = load->next++ % PORT_CNT;
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)(PORT_FIRST + idx))};

    memcpy(&addr.sin_addr, to.bytes, 4);
    *link = (struct link){.fds = {socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), -1}};
    if (link->fds[NEAR] < 0) {
        return false;
    }
    set_option(link->fds[NEAR], TCP_MAXSEG, (int)load->job.mss + TIMESTAMPS_LEN);
    if (connect(link->fds[NEAR], (const void *)&addr, sizeof(addr)) == 0) {
        link->fds[FAR] = accept4(net.listeners[idx], NULL, NULL, SOCK_CLOEXEC);
    }
    if (link->fds[FAR] < 0) {
        (void)close(link->fds[NEAR]);
        return false;
    }
    return true;
}

/* What the links of a load need beyond what one needs that ends at once. */
static void link_tune(const struct link *link)
{
    for (int end = NEAR; end <= FAR; ++end) {
        set_option(link->fds[end], TCP_NODELAY, 1);
        (void)setsockopt(link->fds[end], IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
    }
}

/* Receives |len| bytes, waiting for them if need be; false if they do not come. */
static bool receive_all(int fd, uint8_t *buf, size_t len)
{
    size_t got = 0;

    while (got < len) {
        const ssize_t cnt = recv(fd, buf, len - got, MSG_DONTWAIT);
        struct pollfd waiter = {.fd = fd, .events = POLLIN};

        if (cnt > 0) {
            got += (size_t)cnt;
        } else if (cnt == 0 || (errno != EAGAIN && errno != EINTR) ||
                   poll(&waiter, 1, WAIT_MS) == 0) {
            return false;
        }
    }
    return true;
}

/* --- turns --- */

/* Sends |len| bytes and receives them, by a buffer after the other. */
static bool move(const struct load *load, size_t len)
{
    const struct link *link = &load->links[0];
    size_t sent = 0;
    size_t received = 0;

    while (received < len) {
        const size_t part = len - sent < BUF_LEN ? len - sent : BUF_LEN;
        const ssize_t out =
            part > 0 ? send(link->fds[NEAR], load->buf, part, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
        ssize_t in;

        sent += out > 0 ? (size_t)out : 0;
        while ((in = recv(link->fds[FAR], load->buf + BUF_LEN, BUF_LEN, MSG_DONTWAIT)) > 0) {
            received += (size_t)in;
        }
        if (out <= 0 && received < sent) {
            struct pollfd waiter = {.fd = link->fds[FAR], .events = POLLIN};

            if (poll(&waiter, 1, WAIT_MS) == 0) {
                return false;
            }
        }
    }
    return true;
}

/* A request and a response on each of the next |cnt| connections. */
static bool ask(struct load *load, uint32_t cnt)
{
    struct link *links[BATCH];
    bool ok = true;

    for (uint32_t i = 0; i < cnt && ok; ++i) {
        links[i] = &load->links[load->next++ % load->cnt];
        ok = send(links[i]->fds[NEAR], load->buf, MESSAGE_LEN, MSG_NOSIGNAL) == MESSAGE_LEN;
    }
    for (uint32_t i = 0; i < cnt && ok; ++i) {
        ok = receive_all(links[i]->fds[FAR], load->buf, MESSAGE_LEN) &&
             send(links[i]->fds[FAR], load->buf, MESSAGE_LEN, MSG_NOSIGNAL) == MESSAGE_LEN;
    }
    for (uint32_t i = 0; i < cnt && ok; ++i) {
        ok = receive_all(links[i]->fds[NEAR], load->buf, MESSAGE_LEN);
    }
    return ok;
}

/* A connection that this end closes, and then the other one when it has seen that. */
static bool cycle(struct load *load)
{
    struct link link;
    bool ok;

    if (!link_open(load, &link)) {
        return false;
    }
    (void)shutdown(link.fds[NEAR], SHUT_WR);
    ok = recv(link.fds[FAR], load->buf, 1, 0) == 0;
    (void)close(link.fds[FAR]);
    (void)close(link.fds[NEAR]);
    return ok;
}

static double softirqd_time(void)
{
    double sum = 0;

    for (uint32_t i = 0; i < net.softirqd_cnt; ++i) {
        struct timespec time;

        if (clock_gettime(net.softirqds[i], &time) == 0) {
            sum += (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
        }
    }
    return sum;
}

static double run(void *user)
{
    struct load *load = user;
    const uint32_t batch = load->cnt < BATCH ? load->cnt : BATCH;
    const double softirqd_begin = softirqd_time();
    const double begin = emu_bench_now();
    double pieces = 0;
    bool ok = true;

    switch (load->job.kind) {
    case EMU_BENCH_BULK:
        pieces = SEGMENTS;
        ok = move(load, (size_t)SEGMENTS * load->job.mss);
        break;
    case EMU_BENCH_REQUEST:
        for (uint32_t done = 0; done < REQUESTS && ok; done += batch) {
            ok = ask(load, batch);
            pieces += batch;
        }
        break;
    case EMU_BENCH_CONNECT:
        pieces = CYCLES;
        for (int i = 0; i < CYCLES && ok; ++i) {
            ok = cycle(load);
        }
        break;
    }
    return ok ? (emu_bench_now() - begin + softirqd_time() - softirqd_begin) / pieces : -1;
}

/* --- construction --- */

static void load_del(void *user)
{
    struct load *load = user;

    for (uint32_t i = 0; i < load->cnt; ++i) {
        link_close(&load->links[i]);
    }
    free(load->links);
    free(load->buf);
    free(load);
}

static bool load_open(struct load *load)
{
    const uint32_t cnt = load->job.kind == EMU_BENCH_CONNECT ? 0 : load->job.connections;

    while (load->cnt < cnt) {
        if (!link_open(load, &load->links[load->cnt])) {
            return false;
        }
        link_tune(&load->links[load->cnt++]);
    }
    load->next = 0;
    return true;
}

static void *load_new(const struct emu_bench_job *job, struct emu_error *error)
{
    struct load *load;

    if (!net_up(error)) {
        return NULL;
    }
    if (job->connections > CONNECTIONS_MAX ||
        (job->kind == EMU_BENCH_CONNECT && job->connections > 0)) {
        emu_error_set(error, EMU_EXIT_USAGE,
                      "both ends are sockets of one process, of at most %d connections",
                      CONNECTIONS_MAX);
        return NULL;
    }
    load = calloc(1, sizeof(*load));
    if (load == NULL) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "no memory");
        return NULL;
    }
    load->job = *job;
    load->links = calloc(job->connections + 1, sizeof(*load->links));
    load->buf = calloc(2, BUF_LEN);
    if (load->links == NULL || load->buf == NULL || !load_open(load)) {
        emu_error_set(error, EMU_EXIT_USAGE, "cannot open %u connections: %s", job->connections,
                      strerror(errno));
        load_del(load);
        return NULL;
    }
    return load;
}

static void about(char *text, size_t size)
{
    struct utsname name;

    (void)uname(&name);
    (void)snprintf(
        text, size,
        "Linux %s over veth between two private networks, both ends of each connection "
        "in this thread: its processor time%s; congestion control reno, timestamps and "
        "SACK on; without segmentation and checksum offload, but for bulk-super with both",
        name.release, net.softirqd_cnt > 0 ? " and that of ksoftirqd" : "");
}

const struct emu_bench_peer emu_bench_peer_linux = {
    .name = "linux", .open = load_new, .run = run, .close = load_del, .about = about};
