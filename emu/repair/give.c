/* SPDX-License-Identifier: MIT */
/*
 * Giving a connection to the kernel. A socket is made in repair mode, behind the fence, and written
 * full: sequence numbers, options, queues, windows, in the one order that the kernel takes. It can
 * be made in ESTABLISHED only. The other states are reached as they are in life: our FIN by closing
 * the sending half, the peer's and its acknowledgment of ours by segments like the peer's, which
 * this process hands to the kernel through a raw socket.
 */
#include "repair/repair.h"

#include <errno.h>
#include <linux/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "bytes.h"

enum {
    OPT_MSS = 2, /* of struct tcp_repair_opt: kinds of TCP options */
    OPT_WINDOW = 3,
    OPT_SACK = 4,
    OPT_TIMESTAMP = 8,
    TCP_LEN = 20,
    BUFFER_MIN = 1 << 16,
    BUFFER_MAX = 1 << 29, /* what is forced is a positive int, doubled */
    FLAG_FIN = 0x01,
    FLAG_ACK = 0x10,
    HEAR_MS_MAX = 2000,
};

#ifndef SO_BUF_LOCK
#define SO_BUF_LOCK 72 /* since Linux 5.15 */
#endif

/* What is given, with the numbers that a state stands for taken apart. */
struct giving {
    const struct toe_saved *saved;
    const struct toe_tcp_delegated *d;
    int fd;
    bool peer_closed;  /* the peer's FIN was received: one of rcv_nxt */
    bool we_closed;    /* a FIN of ours is in the queue, or was acknowledged */
    bool fin_acked;    /* that */
    bool fin_sent;     /* it was sent, at least */
    uint32_t sent_len; /* bytes of the stream that were sent */
    uint32_t snd_una;  /* the FIN not counted */
    uint32_t rcv_nxt;  /* likewise */
    int snd_buf;       /* what the kernel gave the socket */
    int rcv_buf;
};

static bool failed(struct toe_linux_error *error, const char *what)
{
    linux_error_set(error, errno, "%s: %s", what, strerror(errno));
    return false;
}

static struct giving giving_of(const struct toe_saved *saved)
{
    const struct toe_tcp_delegated *d = &saved->tcp.delegated;
    struct giving g = {.saved = saved, .d = d, .fd = -1};
    uint32_t sent = d->snd_max - d->snd_una;

    g.peer_closed = d->state == TOE_TCP_CLOSE_WAIT || d->state == TOE_TCP_CLOSING ||
                    d->state == TOE_TCP_LAST_ACK;
    g.fin_acked = d->state == TOE_TCP_FIN_WAIT_2;
    g.we_closed = g.fin_acked || d->state == TOE_TCP_FIN_WAIT_1 || d->state == TOE_TCP_CLOSING ||
                  d->state == TOE_TCP_LAST_ACK;
    g.fin_sent = g.fin_acked || (g.we_closed && sent > saved->send.len);
    g.sent_len = sent > saved->send.len ? saved->send.len : sent;
    g.snd_una = d->snd_una - g.fin_acked;
    g.rcv_nxt = d->rcv_nxt - g.peer_closed;
    return g;
}

/* --- the socket --- */

static socklen_t address_of(union linux_address *to, const struct toe_addr *addr, uint16_t port)
{
    memset(to, 0, sizeof(*to));
    if (addr->family == 4) {
        to->v4.sin_family = AF_INET;
        to->v4.sin_port = htons(port);
        memcpy(&to->v4.sin_addr, addr->bytes, 4);
        return sizeof(to->v4);
    }
    to->v6.sin6_family = AF_INET6;
    to->v6.sin6_port = htons(port);
    memcpy(&to->v6.sin6_addr, addr->bytes, 16);
    return sizeof(to->v6);
}

static bool make_socket(struct giving *g, struct toe_linux_error *error)
{
    const bool is_v4 = g->saved->path.constant.src.family == 4;

    g->fd = socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
    if (g->fd < 0) {
        return failed(error, "socket");
    }
    g->snd_buf = linux_option_get(g->fd, SOL_SOCKET, SO_SNDBUF, 0);
    g->rcv_buf = linux_option_get(g->fd, SOL_SOCKET, SO_RCVBUF, 0);
    return linux_option_set(g->fd, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_ON,
                            "TCP_REPAIR (it needs CAP_NET_ADMIN)", error);
}

/*
 * A queue takes no more than the socket's buffer has room for. The kernel doubles what is asked
 * for, for its bookkeeping; twice that, for bytes that come in small pieces.
 */
static bool make_room(const struct giving *g, struct toe_linux_error *error)
{
    const struct toe_saved *saved = g->saved;

    if (saved->send.len > BUFFER_MAX || saved->received.len > BUFFER_MAX) {
        linux_error_set(error, EOPNOTSUPP, "more than %u bytes in a queue", BUFFER_MAX);
        return false;
    }
    return linux_option_set(g->fd, SOL_SOCKET, SO_SNDBUFFORCE,
                            (int)(saved->send.len * 2 + BUFFER_MIN), "SO_SNDBUFFORCE", error) &&
           linux_option_set(g->fd, SOL_SOCKET, SO_RCVBUFFORCE,
                            (int)(saved->received.len * 2 + BUFFER_MIN), "SO_RCVBUFFORCE", error);
}

/* The buffers are as large as they were meant to be, and grow by themselves as always. */
static void free_room(const struct giving *g)
{
    const int none = 0;

    /* What is asked for is doubled, and what is told was. */
    (void)linux_option_set(g->fd, SOL_SOCKET, SO_SNDBUFFORCE, g->snd_buf / 2, "", NULL);
    (void)linux_option_set(g->fd, SOL_SOCKET, SO_RCVBUFFORCE, g->rcv_buf / 2, "", NULL);
    (void)setsockopt(g->fd, SOL_SOCKET, SO_BUF_LOCK, &none, sizeof(none));
}

static bool start_queue(const struct giving *g, int queue, uint32_t seq,
                        struct toe_linux_error *error)
{
    return linux_option_set(g->fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, queue, "TCP_REPAIR_QUEUE",
                            error) &&
           linux_option_set(g->fd, IPPROTO_TCP, TCP_QUEUE_SEQ, (int)seq, "TCP_QUEUE_SEQ", error);
}

static bool establish(const struct giving *g, struct toe_linux_error *error)
{
    const struct toe_path_const *path = &g->saved->path.constant;
    const struct toe_tcp_const *tcp = &g->saved->tcp.constant;
    union linux_address local;
    union linux_address remote;
    const socklen_t len = address_of(&local, &path->src, tcp->local_port);

    (void)address_of(&remote, &path->dst, tcp->remote_port);
    if (bind(g->fd, &local.any, len) != 0) {
        return failed(error, "the local address cannot be had");
    }
    if (!start_queue(g, TCP_RECV_QUEUE, g->rcv_nxt - g->saved->received.len, error) ||
        !start_queue(g, TCP_SEND_QUEUE, g->snd_una, error)) {
        return false;
    }
    return connect(g->fd, &remote.any, len) == 0 || failed(error, "connecting without a word");
}

static bool set_options(const struct giving *g, struct toe_linux_error *error)
{
    const struct toe_tcp_const *c = &g->saved->tcp.constant;
    struct tcp_repair_opt options[4] = {{.opt_code = OPT_MSS, .opt_val = c->remote_mss}};
    uint32_t cnt = 1;

    if ((c->flags & TOE_TCP_SACK) != 0) {
        options[cnt++].opt_code = OPT_SACK;
    }
    if ((c->flags & TOE_TCP_WINDOW_SCALING) != 0) {
        options[cnt++] = (struct tcp_repair_opt){OPT_WINDOW, c->snd_wnd_scale |
                                                                 (uint32_t)c->rcv_wnd_scale << 16};
    }
    if ((c->flags & TOE_TCP_TIMESTAMPS) != 0) {
        options[cnt++].opt_code = OPT_TIMESTAMP;
    }
    if (setsockopt(g->fd, IPPROTO_TCP, TCP_REPAIR_OPTIONS, options, cnt * sizeof(options[0])) !=
        0) {
        return failed(error, "TCP_REPAIR_OPTIONS");
    }
    /* An odd one means microseconds; rounded up, for the clock must not go back (RFC 7323). */
    return (c->flags & TOE_TCP_TIMESTAMPS) == 0 ||
           linux_option_set(g->fd, IPPROTO_TCP, TCP_TIMESTAMP, (int)((g->d->ts_time + 1) & ~1u),
                            "TCP_TIMESTAMP", error);
}

static bool write_queue(int fd, int queue, const uint8_t *data, uint32_t len,
                        struct toe_linux_error *error)
{
    if (!linux_option_set(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, queue, "TCP_REPAIR_QUEUE", error)) {
        return false;
    }
    while (len > 0) {
        const ssize_t done = send(fd, data, len, MSG_NOSIGNAL);

        if (done <= 0) {
            return failed(error, "writing a queue");
        }
        data += done;
        len -= (uint32_t)done;
    }
    return true;
}

/* The edge that the peer was told of stays where it is. */
static bool set_window(const struct giving *g, struct toe_linux_error *error)
{
    const struct toe_tcp_delegated *d = g->d;
    const struct tcp_repair_window window = {
        .snd_wl1 = d->snd_wl1,
        .snd_wnd = d->snd_wnd,
        .max_window = d->max_snd_wnd > d->snd_wnd ? d->max_snd_wnd : d->snd_wnd,
        .rcv_wnd = d->rcv_wnd + g->peer_closed,
        .rcv_wup = g->rcv_nxt,
    };

    return setsockopt(g->fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, &window, sizeof(window)) == 0 ||
           failed(error, "TCP_REPAIR_WINDOW");
}

static bool fill(const struct giving *g, struct toe_linux_error *error)
{
    const struct toe_saved *saved = g->saved;

    return set_options(g, error) &&
           write_queue(g->fd, TCP_RECV_QUEUE, saved->received.data, saved->received.len, error) &&
           write_queue(g->fd, TCP_SEND_QUEUE, saved->send.data, g->sent_len, error) &&
           set_window(g, error);
}

/* --- the peer's words --- */

/* A segment of the peer's without text: no timestamp, which Linux accepts and keeps its own by. */
static void make_segment(const struct giving *g, uint8_t tcp[TCP_LEN], uint32_t seq, uint32_t ack,
                         uint8_t flags)
{
    const struct toe_saved *saved = g->saved;
    const struct toe_path_const *path = &saved->path.constant;
    const size_t addr_len = path->src.family == 4 ? 4 : 16;
    uint64_t sum = IPPROTO_TCP + TCP_LEN;

    memset(tcp, 0, TCP_LEN);
    emu_put16(tcp, saved->tcp.constant.remote_port);
    emu_put16(tcp + 2, saved->tcp.constant.local_port);
    emu_put32(tcp + 4, seq);
    emu_put32(tcp + 8, ack);
    tcp[12] = TCP_LEN / 4 << 4;
    tcp[13] = flags;
    emu_put16(tcp + 14, g->d->snd_wnd >> saved->tcp.constant.snd_wnd_scale);
    sum = emu_sum(sum, path->src.bytes, addr_len);
    sum = emu_sum(sum, path->dst.bytes, addr_len);
    sum = emu_sum(sum, tcp, TCP_LEN);
    emu_put16(tcp + 16, emu_csum(sum));
}

static size_t make_header(const struct toe_path_const *path, uint8_t *ip)
{
    if (path->src.family == 4) {
        memset(ip, 0, 20);
        ip[0] = 0x45;
        emu_put16(ip + 2, 20 + TCP_LEN);
        ip[8] = 64;
        ip[9] = IPPROTO_TCP; /* the kernel fills in the checksum */
        memcpy(ip + 12, path->dst.bytes, 4);
        memcpy(ip + 16, path->src.bytes, 4);
        return 20;
    }
    memset(ip, 0, 40);
    ip[0] = 0x60;
    emu_put16(ip + 4, TCP_LEN);
    ip[6] = IPPROTO_TCP;
    ip[7] = 64;
    memcpy(ip + 8, path->dst.bytes, 16);
    memcpy(ip + 24, path->src.bytes, 16);
    return 40;
}

/* Waits until the kernel has |state|. It gets the segment at once, unless it is very busy. */
static bool await(int fd, int state, struct toe_linux_error *error)
{
    struct tcp_info info = {.tcpi_state = 0};
    socklen_t len = sizeof(info);

    for (int ms = 0; ms < HEAR_MS_MAX; ++ms) {
        if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0) {
            return failed(error, "TCP_INFO");
        }
        if (info.tcpi_state == state) {
            return true;
        }
        (void)poll(NULL, 0, 1);
    }
    linux_error_set(error, EHOSTUNREACH,
                    "the kernel does not hear the peer's segment: does a rule drop what comes from "
                    "the loopback interface with the peer's address?");
    return false;
}

/* Has the kernel receive a segment as from the peer, which leads to |state|. */
static bool say(const struct giving *g, uint32_t seq, uint32_t ack, uint8_t flags, int state,
                struct toe_linux_error *error)
{
    const struct toe_path_const *path = &g->saved->path.constant;
    const int fd =
        socket(path->src.family == 4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    uint8_t packet[40 + TCP_LEN];
    const size_t len = make_header(path, packet);
    union linux_address to;
    const socklen_t to_len = address_of(&to, &path->src, 0);
    bool ok;

    if (fd < 0) {
        return failed(error, "a raw socket for the peer's FIN (it needs CAP_NET_RAW)");
    }
    make_segment(g, packet + len, seq, ack, flags);
    ok = sendto(fd, packet, len + TCP_LEN, 0, &to.any, to_len) == (ssize_t)(len + TCP_LEN) ||
         failed(error, "handing the kernel the peer's FIN");
    (void)close(fd);
    return ok && await(g->fd, state, error);
}

/* --- from ESTABLISHED on --- */

/* Closes the sending half as if the FIN had been sent already: in repair mode it is not. */
static bool shut(const struct giving *g, struct toe_linux_error *error)
{
    return linux_option_set(g->fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, TCP_SEND_QUEUE,
                            "TCP_REPAIR_QUEUE", error) &&
           (shutdown(g->fd, SHUT_WR) == 0 || failed(error, "shutdown"));
}

/* The halves that were closed, in the order that leads to the state. */
static bool advance(const struct giving *g, struct toe_linux_error *error)
{
    const uint32_t end = g->snd_una + g->sent_len;
    const bool peer_first = g->d->state == TOE_TCP_LAST_ACK;

    if (g->peer_closed && (peer_first || !g->we_closed) &&
        !say(g, g->rcv_nxt, g->snd_una, FLAG_FIN | FLAG_ACK, LINUX_CLOSE_WAIT, error)) {
        return false;
    }
    if (g->fin_sent && !shut(g, error)) {
        return false;
    }
    if (g->fin_acked && !say(g, g->rcv_nxt, end + 1, FLAG_ACK, LINUX_FIN_WAIT_2, error)) {
        return false;
    }
    return !g->peer_closed || peer_first || !g->we_closed ||
           say(g, g->rcv_nxt, g->snd_una, FLAG_FIN | FLAG_ACK, LINUX_CLOSING, error);
}

/* Out of repair mode; what was not sent yet goes the usual way. */
static bool finish(const struct giving *g, struct toe_linux_error *error)
{
    const struct toe_saved *saved = g->saved;
    const uint8_t *rest = saved->send.len > g->sent_len ? saved->send.data + g->sent_len : NULL;
    uint32_t left = saved->send.len - g->sent_len;

    if (!linux_option_set(g->fd, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_OFF, "TCP_REPAIR", error)) {
        return false;
    }
    while (left > 0) {
        const ssize_t done = send(g->fd, rest, left, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (done <= 0) {
            return failed(error, "sending what was not sent yet");
        }
        rest += done;
        left -= (uint32_t)done;
    }
    if (g->we_closed && !g->fin_sent && shutdown(g->fd, SHUT_WR) != 0) {
        return failed(error, "shutdown");
    }
    return true;
}

/* What the application or the kernel sets of itself. */
static void set_rest(const struct giving *g)
{
    const struct toe_tcp_cached *k = &g->saved->tcp.cached;
    const bool is_v4 = g->saved->path.constant.src.family == 4;
    const int fd = g->fd;
    const uint32_t ticks = g->saved->ticks_per_second;
    const struct {
        int level, name, value;
    } options[] = {
        {SOL_SOCKET, SO_REUSEADDR, 1}, /* repair mode leaves it at 0 */
        {IPPROTO_TCP, TCP_NODELAY, (k->flags & TOE_TCP_NAGLE) == 0},
        {SOL_SOCKET, SO_KEEPALIVE, (k->flags & TOE_TCP_KEEP_ALIVE) != 0},
        {IPPROTO_TCP, TCP_KEEPCNT, k->ka_probe_cnt},
        {IPPROTO_TCP, TCP_KEEPIDLE, (int)(k->ka_timeout / ticks)},
        {IPPROTO_TCP, TCP_KEEPINTVL, (int)(k->ka_interval / ticks)},
        {is_v4 ? IPPROTO_IP : IPPROTO_IPV6, is_v4 ? IP_TOS : IPV6_TCLASS, k->tos},
        {is_v4 ? IPPROTO_IP : IPPROTO_IPV6, is_v4 ? IP_TTL : IPV6_UNICAST_HOPS, k->ttl},
    };

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); ++i) {
        (void)setsockopt(fd, options[i].level, options[i].name, &options[i].value,
                         sizeof(options[i].value)); /* 0, say, is no value for some of them */
    }
}

/* --- what is lost --- */

static void lose(struct toe_linux_lost *lost, bool is_lost, const char *field)
{
    if (is_lost) {
        lost->fields[lost->cnt++] = field;
    }
}

static void tell_lost(const struct toe_saved *saved, struct toe_linux_lost *lost)
{
    const struct toe_tcp_delegated *d = &saved->tcp.delegated;
    const struct toe_tcp_cached *k = &saved->tcp.cached;

    *lost = (struct toe_linux_lost){.cnt = 0};
    lose(lost, true, "delegated.cwnd");
    lose(lost, d->ssthresh < UINT32_MAX / 2, "delegated.ssthresh");
    lose(lost, d->srtt != 0, "delegated.srtt");
    lose(lost, d->rttvar != 0, "delegated.rttvar");
    lose(lost, (saved->tcp.constant.flags & TOE_TCP_TIMESTAMPS) != 0, "delegated.ts_recent");
    lose(lost, d->total_rt != 0, "delegated.total_rt");
    lose(lost, d->dup_ack_cnt != 0, "delegated.dup_ack_cnt");
    lose(lost, d->snd_wnd_probe_cnt != 0, "delegated.snd_wnd_probe_cnt");
    lose(lost, d->ka_probe_cnt != 0, "delegated.ka_probe_cnt");
    lose(lost, d->ka_timeout_delta != TOE_TICKS_NONE, "delegated.ka_timeout_delta");
    lose(lost, d->retransmit_cnt != 0, "delegated.retransmit_cnt");
    lose(lost, (saved->tcp.constant.flags & TOE_TCP_ECN) != 0, "constant.flags (ECN)");
    lose(lost, k->flow_label != 0, "cached.flow_label");
    lose(lost, k->user_priority != 0, "cached.user_priority");
    lose(lost, saved->early.len > 0, "early");
    lose(lost, saved->extension.version != 0, "extension");
}

/* --- giving it --- */

static bool check(const struct toe_saved *saved, struct toe_linux_error *error)
{
    struct toe_saved_fault fault;

    if (!toe_saved_check(saved, &fault)) {
        linux_error_set(error, EINVAL, "no such connection: %s %s", fault.field, fault.rule);
        return false;
    }
    if ((saved->tcp.constant.flags & TOE_TCP_ACCECN) != 0) {
        linux_error_set(error, EOPNOTSUPP, "the kernel takes no connection with accurate ECN");
        return false;
    }
    return true;
}

/* The kernel is to forget the connection again: closed in repair mode, it says nothing. */
static void take_back(const struct giving *g, struct toe_linux_fence *fence)
{
    if (fence != NULL) {
        (void)toe_linux_fence_raise(fence, g->saved, NULL);
    }
    (void)linux_option_set(g->fd, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_ON, "", NULL);
    (void)close(g->fd);
}

int toe_linux_give(const struct toe_saved *saved, struct toe_linux_fence *fence,
                   struct toe_linux_lost *lost, struct toe_linux_error *error)
{
    struct giving g;

    if (!check(saved, error)) {
        return -1;
    }
    g = giving_of(saved);
    if (!make_socket(&g, error) || !make_room(&g, error) || !establish(&g, error) ||
        !fill(&g, error) || !advance(&g, error)) {
        if (g.fd >= 0) {
            (void)close(g.fd); /* in repair: without a word */
        }
        return -1;
    }
    if (fence != NULL) {
        toe_linux_fence_lower(fence, saved);
    }
    if (!finish(&g, error)) {
        take_back(&g, fence);
        return -1;
    }
    free_room(&g);
    set_rest(&g);
    if (lost != NULL) {
        tell_lost(saved, lost);
    }
    return g.fd;
}
