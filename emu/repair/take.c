/* SPDX-License-Identifier: MIT */
/*
 * Taking a connection out of the kernel. The order is what keeps it whole: first nothing more may
 * come in (the fence, then a filter on the socket itself, behind which nothing is under way), then
 * it is read, then the kernel forgets it. Until that, each failure leaves it as it was.
 */
#include "repair/repair.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#ifndef TCP_AO_INFO
#define TCP_AO_INFO 40
#endif
#ifndef IP_MTU
#define IP_MTU 14
#endif
#ifndef IPV6_MTU
#define IPV6_MTU 24
#endif

enum {
    OPTION_USEC_TS = 0x40, /* of tcpi_options */
    GAP_TRIES = 20,        /* so often one is looked at that has a gap, */
    GAP_WAIT_MS = 2,       /* so far apart */
    TS_AGE = 25 * 24 * 3600,
    FIRST_IN_MEMINFO = 0, /* SK_MEMINFO_RMEM_ALLOC */
};

/* What is read out of a socket, on the way into a struct toe_saved. */
struct reading {
    int fd;
    struct tcp_info info;
    struct tcp_repair_window window;
    uint32_t write_seq;
    uint32_t rcv_nxt;
    int unacked; /* from snd_una to write_seq, a FIN counted */
    int unsent;
    int unread;
};

static bool refuse(struct toe_linux_error *error, const char *why)
{
    linux_error_set(error, EOPNOTSUPP, "this connection stays in the kernel: %s", why);
    return false;
}

static bool failed(struct toe_linux_error *error, const char *what)
{
    linux_error_set(error, errno, "%s: %s", what, strerror(errno));
    return false;
}

/* --- who it is --- */

static bool set_address(struct toe_addr *addr, uint16_t *port, const union linux_address *from)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    *addr = (struct toe_addr){.family = 4};
    if (from->any.sa_family == AF_INET) {
        memcpy(addr->bytes, &from->v4.sin_addr, 4);
        *port = ntohs(from->v4.sin_port);
        return true;
    }
    if (from->any.sa_family != AF_INET6) {
        return false;
    }
    *port = ntohs(from->v6.sin6_port);
    if (memcmp(&from->v6.sin6_addr, mapped, sizeof(mapped)) == 0) {
        memcpy(addr->bytes, (const uint8_t *)&from->v6.sin6_addr + 12, 4);
        return true;
    }
    addr->family = 6;
    memcpy(addr->bytes, &from->v6.sin6_addr, 16);
    return true;
}

static bool read_name(int fd, struct toe_saved *saved, struct toe_linux_error *error)
{
    union linux_address local;
    union linux_address remote;
    socklen_t local_len = sizeof(local);
    socklen_t remote_len = sizeof(remote);

    if (getsockname(fd, &local.any, &local_len) != 0 ||
        getpeername(fd, &remote.any, &remote_len) != 0) {
        return failed(error, "no connected socket");
    }
    if (!set_address(&saved->path.constant.src, &saved->tcp.constant.local_port, &local) ||
        !set_address(&saved->path.constant.dst, &saved->tcp.constant.remote_port, &remote)) {
        return refuse(error, "it is neither IPv4 nor IPv6");
    }
    return true;
}

/* --- whether it can be moved --- */

static bool is_movable(uint8_t state)
{
    return state == LINUX_ESTABLISHED || state == LINUX_FIN_WAIT_1 || state == LINUX_FIN_WAIT_2 ||
           state == LINUX_CLOSE_WAIT || state == LINUX_LAST_ACK || state == LINUX_CLOSING;
}

static bool is_peer_closed(uint8_t state)
{
    return state == LINUX_CLOSE_WAIT || state == LINUX_LAST_ACK || state == LINUX_CLOSING;
}

/* Asks the kernel for the connection of |saved|; into |answer|, whose length it returns or -1. */
static ssize_t diagnose(const struct toe_saved *saved, void *answer, size_t room)
{
    const bool is_v4 = saved->path.constant.src.family == 4;
    struct {
        struct nlmsghdr head;
        struct inet_diag_req_v2 req;
    } ask = {
        .head = {.nlmsg_len = sizeof(ask),
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST},
        .req = {.sdiag_family = is_v4 ? AF_INET : AF_INET6, .sdiag_protocol = IPPROTO_TCP},
    };
    const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    ssize_t len = -1;

    if (fd < 0) {
        return -1;
    }
    ask.req.idiag_states = UINT32_MAX;
    ask.req.idiag_ext = 1 << (INET_DIAG_INFO - 1); /* signatures are told with it only */
    ask.req.id.idiag_sport = htons(saved->tcp.constant.local_port);
    ask.req.id.idiag_dport = htons(saved->tcp.constant.remote_port);
    memcpy(ask.req.id.idiag_src, saved->path.constant.src.bytes, is_v4 ? 4 : 16);
    memcpy(ask.req.id.idiag_dst, saved->path.constant.dst.bytes, is_v4 ? 4 : 16);
    ask.req.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
    ask.req.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    if (send(fd, &ask, sizeof(ask), 0) == (ssize_t)sizeof(ask)) {
        len = recv(fd, answer, room, 0);
    }
    (void)close(fd);
    return len;
}

/* Whether its segments bear MD5 signatures (RFC 2385): only diagnostics tell. */
static bool is_signed(const struct toe_saved *saved)
{
    union {
        struct nlmsghdr head;
        uint8_t bytes[4096];
    } answer;
    const ssize_t len = diagnose(saved, &answer, sizeof(answer));
    size_t at = NLMSG_LENGTH(sizeof(struct inet_diag_msg));

    if (len < (ssize_t)at || !NLMSG_OK(&answer.head, (uint32_t)len) ||
        answer.head.nlmsg_type != SOCK_DIAG_BY_FAMILY) {
        return false;
    }
    for (at = NLMSG_ALIGN(at); at + sizeof(struct rtattr) <= answer.head.nlmsg_len;) {
        const struct rtattr *attr = (const void *)(answer.bytes + at);

        if (attr->rta_type == INET_DIAG_MD5SIG || attr->rta_len < sizeof(*attr)) {
            return attr->rta_type == INET_DIAG_MD5SIG;
        }
        at += RTA_ALIGN(attr->rta_len);
    }
    return false;
}

static bool is_authenticated(int fd, const struct toe_saved *saved)
{
    uint8_t info[256] = {0};
    socklen_t len = sizeof(info);

    return getsockopt(fd, IPPROTO_TCP, TCP_AO_INFO, info, &len) == 0 || is_signed(saved);
}

static bool check(int fd, const struct toe_saved *saved, struct toe_linux_error *error)
{
    struct tcp_info info = {.tcpi_state = 0};
    char layer[16];
    socklen_t len = sizeof(info);

    if (linux_option_get(fd, SOL_SOCKET, SO_PROTOCOL, 0) != IPPROTO_TCP) {
        return refuse(error, "its protocol is not TCP (MPTCP is another one)");
    }
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0) {
        return failed(error, "TCP_INFO");
    }
    if (!is_movable(info.tcpi_state)) {
        return refuse(error, "it is being opened, or is over");
    }
    if ((info.tcpi_options & OPTION_USEC_TS) != 0) {
        return refuse(error, "its timestamps count microseconds");
    }
    len = sizeof(layer);
    if (getsockopt(fd, IPPROTO_TCP, TCP_ULP, layer, &len) == 0 && len > 0) {
        return refuse(error, "it has an upper layer (TLS)");
    }
    if (linux_option_get(fd, SOL_SOCKET, SO_ZEROCOPY, 0) != 0) {
        return refuse(error, "it sends by reference (SO_ZEROCOPY)");
    }
    if (is_authenticated(fd, saved)) {
        return refuse(error, "its segments are authenticated (TCP-AO, or MD5 signatures)");
    }
    return true;
}

/* --- stopping it --- */

/* What arrived out of order cannot be read; so there must be nothing. Before a FIN nothing is. */
static bool has_gap(int fd)
{
    struct tcp_info info = {.tcpi_state = 0};
    uint32_t memory[9] = {0};
    socklen_t info_len = sizeof(info);
    socklen_t len = sizeof(memory);
    int unread = 0;

    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &info_len) == 0 &&
           !is_peer_closed(info.tcpi_state) &&
           getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &len) == 0 &&
           ioctl(fd, SIOCINQ, &unread) == 0 && unread == 0 && memory[FIRST_IN_MEMINFO] > 0;
}

static bool stop_input(int fd)
{
    struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
    const struct sock_fprog filter = {.len = 1, .filter = &nothing};

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) == 0;
}

static void restart_input(int fd)
{
    const int none = 0;

    (void)setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof(none));
}

/* Stops it where it has no gap; looks several times, with the fence down in between. */
static bool stop(int fd, struct toe_linux_fence *fence, const struct toe_saved *saved,
                 struct toe_linux_error *error)
{
    const struct timespec wait = {.tv_nsec = GAP_WAIT_MS * 1000000};

    for (int i = 0; i < GAP_TRIES; ++i) {
        if (fence != NULL && !toe_linux_fence_raise(fence, saved, error)) {
            return false;
        }
        if (!stop_input(fd)) {
            failed(error, "SO_ATTACH_FILTER");
        } else if (!has_gap(fd)) {
            return true;
        } else {
            linux_error_set(error, EAGAIN, "it has a gap that does not fill: try again");
        }
        restart_input(fd);
        if (fence != NULL) {
            toe_linux_fence_lower(fence, saved);
        }
        (void)nanosleep(&wait, NULL);
    }
    return false;
}

/* --- reading it --- */

static bool choose_queue(int fd, int queue, struct toe_linux_error *error)
{
    return linux_option_set(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, queue, "TCP_REPAIR_QUEUE", error);
}

static enum toe_conn_state state_of(uint8_t state)
{
    switch (state) {
    case LINUX_FIN_WAIT_1:
        return TOE_TCP_FIN_WAIT_1;
    case LINUX_FIN_WAIT_2:
        return TOE_TCP_FIN_WAIT_2;
    case LINUX_CLOSE_WAIT:
        return TOE_TCP_CLOSE_WAIT;
    case LINUX_LAST_ACK:
        return TOE_TCP_LAST_ACK;
    case LINUX_CLOSING:
        return TOE_TCP_CLOSING;
    default:
        return TOE_TCP_ESTABLISHED;
    }
}

/* Whether a FIN of ours is in the send queue. */
static bool has_fin(enum toe_conn_state state)
{
    return state == TOE_TCP_FIN_WAIT_1 || state == TOE_TCP_CLOSING || state == TOE_TCP_LAST_ACK;
}

/* Copies |len| bytes of the queue chosen without taking them. */
static bool peek(int fd, uint8_t *dst, size_t len, struct toe_linux_error *error)
{
    const ssize_t got = len == 0 ? 0 : recv(fd, dst, len, MSG_PEEK | MSG_DONTWAIT);

    if (got != (ssize_t)len) {
        linux_error_set(error, got < 0 ? errno : EIO, "a queue of %zu bytes cannot be read", len);
        return false;
    }
    return true;
}

/* What does not change any more, now that nothing comes in. */
static bool read_lengths(struct reading *r, struct toe_linux_error *error)
{
    socklen_t len = sizeof(r->info);

    if (getsockopt(r->fd, IPPROTO_TCP, TCP_INFO, &r->info, &len) != 0 ||
        ioctl(r->fd, SIOCOUTQ, &r->unacked) != 0 || ioctl(r->fd, SIOCINQ, &r->unread) != 0) {
        return failed(error, "reading it");
    }
    return is_movable(r->info.tcpi_state) || refuse(error, "it has just ended");
}

static bool read_received(struct reading *r, const struct toe_saved *saved, uint8_t *memory,
                          struct toe_linux_error *error)
{
    if (!choose_queue(r->fd, TCP_RECV_QUEUE, error)) {
        return false;
    }
    r->rcv_nxt = (uint32_t)linux_option_get(r->fd, IPPROTO_TCP, TCP_QUEUE_SEQ, 0);
    return peek(r->fd, memory, saved->received.len, error);
}

/*
 * A timer of the kernel's may still send. Only while the send queue is chosen nothing new leaves,
 * so what was sent is read after that, and nothing is chosen any more.
 */
static bool read_sent(struct reading *r, const struct toe_saved *saved, uint8_t *memory,
                      struct toe_linux_error *error)
{
    socklen_t info_len = sizeof(r->info);
    socklen_t window_len = sizeof(r->window);

    if (!choose_queue(r->fd, TCP_SEND_QUEUE, error)) {
        return false;
    }
    r->write_seq = (uint32_t)linux_option_get(r->fd, IPPROTO_TCP, TCP_QUEUE_SEQ, 0);
    if (ioctl(r->fd, SIOCOUTQNSD, &r->unsent) != 0 ||
        getsockopt(r->fd, IPPROTO_TCP, TCP_INFO, &r->info, &info_len) != 0 ||
        getsockopt(r->fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, &r->window, &window_len) != 0) {
        return failed(error, "reading it");
    }
    return peek(r->fd, memory, saved->send.len, error);
}

static bool read_streams(struct reading *r, struct toe_linux_taken *taken,
                         struct toe_linux_error *error)
{
    struct toe_saved *saved = &taken->saved;
    const size_t unread = (size_t)r->unread;
    const size_t unacked = (size_t)r->unacked - has_fin(state_of(r->info.tcpi_state));
    uint8_t *memory = malloc(unread + unacked + 1);

    if (memory == NULL) {
        linux_error_set(error, ENOMEM, "no memory for its %zu bytes", unread + unacked);
        return false;
    }
    taken->memory = memory;
    saved->send = (struct toe_saved_bytes){unacked > 0 ? memory : NULL, (uint32_t)unacked};
    saved->received =
        (struct toe_saved_bytes){unread > 0 ? memory + unacked : NULL, (uint32_t)unread};
    return read_received(r, saved, memory + unacked, error) && read_sent(r, saved, memory, error);
}

/* --- writing it down --- */

static uint32_t ticks_of_us(uint64_t us)
{
    return (uint32_t)(us * LINUX_TICKS / 1000000);
}

static uint16_t at_most_u16(uint64_t value)
{
    return value < UINT16_MAX ? (uint16_t)value : UINT16_MAX;
}

static void describe_constant(const struct reading *r, struct toe_tcp_const *c)
{
    const struct tcp_info *info = &r->info;

    if ((info->tcpi_options & TCPI_OPT_TIMESTAMPS) != 0) {
        c->flags |= TOE_TCP_TIMESTAMPS;
    }
    if ((info->tcpi_options & TCPI_OPT_SACK) != 0) {
        c->flags |= TOE_TCP_SACK;
    }
    if ((info->tcpi_options & TCPI_OPT_WSCALE) != 0) {
        c->flags |= TOE_TCP_WINDOW_SCALING;
        c->snd_wnd_scale = info->tcpi_snd_wscale;
        c->rcv_wnd_scale = info->tcpi_rcv_wscale;
    }
    if ((info->tcpi_options & TCPI_OPT_ECN) != 0) {
        c->flags |= TOE_TCP_ECN;
    }
    c->remote_mss = at_most_u16((uint64_t)linux_option_get(r->fd, IPPROTO_TCP, TCP_MAXSEG, 536));
}

static void describe_cached(const struct reading *r, bool is_v4, struct toe_tcp_cached *c)
{
    const int fd = r->fd;
    const uint32_t room = r->window.rcv_wnd + (uint32_t)r->unread;

    c->flags = linux_option_get(fd, IPPROTO_TCP, TCP_NODELAY, 0) != 0 ? 0 : TOE_TCP_NAGLE;
    if (linux_option_get(fd, SOL_SOCKET, SO_KEEPALIVE, 0) != 0) {
        c->flags |= TOE_TCP_KEEP_ALIVE;
    }
    c->initial_rcv_wnd = room > UINT16_MAX ? room : UINT16_MAX;
    c->ka_probe_cnt = (uint8_t)linux_option_get(fd, IPPROTO_TCP, TCP_KEEPCNT, 9);
    c->ka_timeout = LINUX_TICKS * (uint32_t)linux_option_get(fd, IPPROTO_TCP, TCP_KEEPIDLE, 7200);
    c->ka_interval = LINUX_TICKS * (uint32_t)linux_option_get(fd, IPPROTO_TCP, TCP_KEEPINTVL, 75);
    c->max_rt = (uint32_t)linux_option_get(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 0);
    c->ttl = (uint8_t)(is_v4 ? linux_option_get(fd, IPPROTO_IP, IP_TTL, 64)
                             : linux_option_get(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 64));
    c->tos = (uint8_t)(is_v4 ? linux_option_get(fd, IPPROTO_IP, IP_TOS, 0)
                             : linux_option_get(fd, IPPROTO_IPV6, IPV6_TCLASS, 0)) &
             0xfc;
}

static void describe_delegated(const struct reading *r, struct toe_tcp_delegated *d)
{
    const struct tcp_info *info = &r->info;
    const uint32_t mss = info->tcpi_snd_mss != 0 ? info->tcpi_snd_mss : 536;

    d->state = state_of(info->tcpi_state);
    d->rcv_nxt = r->rcv_nxt;
    d->rcv_wnd = r->window.rcv_wup + r->window.rcv_wnd - r->rcv_nxt;
    d->snd_una = r->write_seq - (uint32_t)r->unacked;
    d->snd_nxt = r->write_seq - (uint32_t)r->unsent;
    d->snd_max = d->snd_nxt;
    d->snd_wnd = r->window.snd_wnd;
    d->max_snd_wnd = r->window.max_window;
    d->snd_wl1 = r->window.snd_wl1;
    d->cwnd = info->tcpi_snd_cwnd * mss;
    d->ssthresh =
        info->tcpi_snd_ssthresh < UINT32_MAX / 2 / mss ? info->tcpi_snd_ssthresh * mss : UINT32_MAX;
    d->srtt = at_most_u16((uint64_t)info->tcpi_rtt * 8 * LINUX_TICKS / 1000000);
    d->rttvar = at_most_u16((uint64_t)info->tcpi_rttvar * 4 * LINUX_TICKS / 1000000);
    /* The peer's last timestamp is not to be had: one so old that the next is taken (RFC 7323). */
    d->ts_recent_age = TS_AGE * LINUX_TICKS;
    d->ts_time = (uint32_t)linux_option_get(r->fd, IPPROTO_TCP, TCP_TIMESTAMP, 0);
    d->ka_timeout_delta = TOE_TICKS_NONE;
    d->retransmit_timeout_delta =
        d->snd_una != d->snd_max ? ticks_of_us(info->tcpi_rto) : TOE_TICKS_NONE;
}

static void describe(const struct reading *r, struct toe_saved *saved)
{
    const bool is_v4 = saved->path.constant.src.family == 4;
    const int mtu = is_v4 ? linux_option_get(r->fd, IPPROTO_IP, IP_MTU, 1500)
                          : linux_option_get(r->fd, IPPROTO_IPV6, IPV6_MTU, 1500);

    saved->ticks_per_second = LINUX_TICKS;
    saved->path.cached.mtu = (uint32_t)mtu;
    describe_constant(r, &saved->tcp.constant);
    describe_cached(r, is_v4, &saved->tcp.cached);
    describe_delegated(r, &saved->tcp.delegated);
}

static bool read_all(int fd, struct toe_linux_taken *taken, struct toe_linux_error *error)
{
    struct reading r = {.fd = fd};
    struct toe_saved_fault fault;

    if (!read_lengths(&r, error) || !read_streams(&r, taken, error)) {
        return false;
    }
    describe(&r, &taken->saved);
    if (!toe_saved_check(&taken->saved, &fault)) {
        linux_error_set(error, EIO, "what the kernel tells makes no sense: %s %s", fault.field,
                        fault.rule);
        return false;
    }
    return true;
}

/* --- taking it --- */

/* In repair mode the kernel lets go of a connection without a word, whoever else has the socket. */
static void forget(int fd)
{
    const struct sockaddr none = {.sa_family = AF_UNSPEC};

    (void)connect(fd, &none, sizeof(none));
    (void)close(fd);
}

bool toe_linux_take(int fd, struct toe_linux_fence *fence, struct toe_linux_taken *taken,
                    struct toe_linux_error *error)
{
    struct toe_saved *saved = &taken->saved;

    *taken = (struct toe_linux_taken){.saved = {.size = sizeof(*saved)}};
    saved->neighbor.size = sizeof(saved->neighbor);
    saved->path.size = sizeof(saved->path);
    saved->tcp.size = sizeof(saved->tcp);
    saved->extension.size = sizeof(saved->extension);
    if (!read_name(fd, saved, error) || !check(fd, saved, error) ||
        !stop(fd, fence, saved, error)) {
        return false;
    }
    if (linux_option_set(fd, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_ON,
                         "TCP_REPAIR (it needs CAP_NET_ADMIN)", error)) {
        if (read_all(fd, taken, error)) {
            forget(fd);
            return true;
        }
        (void)linux_option_set(fd, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_OFF_NO_WP, "TCP_REPAIR",
                               NULL);
    }
    toe_linux_taken_free(taken);
    restart_input(fd);
    if (fence != NULL) {
        toe_linux_fence_lower(fence, saved);
    }
    return false;
}

void toe_linux_taken_free(struct toe_linux_taken *taken)
{
    free(taken->memory);
    taken->memory = NULL;
    taken->saved.send = (struct toe_saved_bytes){NULL, 0};
    taken->saved.received = (struct toe_saved_bytes){NULL, 0};
}
