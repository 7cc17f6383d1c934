/* SPDX-License-Identifier: MIT */
/*
 * A port on AF_XDP: frames cross in memory that the kernel and we share.
 *
 * Where the adapter's driver can, it puts frames right there (zero copy). Else the kernel copies
 * them, and the program that picks them runs where every driver allows it, behind the driver
 * (generic mode): a driver's own place for it has no advantage then, and on a veth it takes
 * segmentation offload from the other end.
 *
 * AF_XDP says nothing about a frame but its bytes. What the kernel has not finished is told by
 * looking (examine.h); a super-segment comes in pieces, which are put together. What is sent has to
 * be finished, and is not longer than a chunk.
 */
#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "adapter.h"
#include "arena.h"
#include "examine.h"
#include "gso.h"
#include "port.h"
#include "xdp/xdp_program.h"
#include "xdp/xdp_queue.h"

/* Of a newer kernel than the headers: frames may come in several chunks. */
#ifndef XDP_USE_SG
#define XDP_USE_SG (1 << 4)
#endif
#ifndef XDP_PKT_CONTD
#define XDP_PKT_CONTD (1 << 0)
#endif

enum {
    QUEUE_MAX = 64,
    BUSY_TRIES = 25,
    ETHER_LEN_MAX = 18,                                         /* with a VLAN tag */
    MTU_MAX = EMU_XDP_CHUNK - EMU_XDP_HEADROOM - ETHER_LEN_MAX, /* what fits a chunk */
    CHECK_MS = 200, /* how old the link's state and the kernel's counters may be */
};

#define RETRY_TIME (100 * TOE_NS_PER_US) /* for what a busy adapter has not taken */

struct xdp_port {
    struct emu_port port;
    struct emu_xdp_program program;
    struct emu_xdp_queue *queues; /* the first one sends */
    uint32_t queue_cnt;
    uint32_t first;         /* the queue to begin with, so that none waits for ever */
    int promiscuous;        /* a socket that keeps the interface so */
    struct emu_arena arena; /* for what came in pieces, */
    uint8_t *gathered;      /* and for what goes out of pieces */
    bool carrier;
    bool has_more;          /* the last batch ended before the rings did */
    toe_instant check_next; /* when to look at the link again */
};

/* --- receiving --- */

/* How many of the |cnt| descriptors from |at| on are of the first frame. */
static uint32_t count_pieces(const struct emu_xdp_queue *queue, uint32_t at, uint32_t cnt)
{
    uint32_t pieces = 1;

    while (pieces < cnt &&
           (xsk_ring_cons__rx_desc(&queue->rx, at + pieces - 1)->options & XDP_PKT_CONTD) != 0) {
        ++pieces;
    }
    return pieces;
}

/* Puts |pieces| together in |room|; returns false if that is no frame. */
static bool gather(const struct emu_xdp_queue *queue, uint32_t at, uint32_t pieces, uint8_t *room,
                   struct toe_frame *frame)
{
    uint32_t len = 0;

    for (uint32_t i = 0; i < pieces; ++i) {
        const struct xdp_desc *desc = xsk_ring_cons__rx_desc(&queue->rx, at + i);

        if (desc->len > EMU_ARENA_FRAME_MAX - len) {
            return false;
        }
        memcpy(room + len, emu_xdp_queue_at(queue, desc->addr), desc->len);
        len += desc->len;
    }
    *frame = (struct toe_frame){.data = room, .len = len};
    return true;
}

/* Finishes what the reader does not accept; returns false if it cannot be. */
static bool finish(struct xdp_port *xdp, struct toe_frame *frame)
{
    struct emu_port *port = &xdp->port;

    if (!emu_examine(frame, port->mtu) ||
        (frame->gso != TOE_GSO_NONE && (port->accept & TOE_WIRE_TSO) == 0)) {
        port->stats.in_too_long++;
        return false;
    }
    if ((frame->flags & TOE_FRAME_CSUM_PARTIAL) != 0 && (port->accept & TOE_WIRE_CSUM) == 0) {
        (void)emu_gso_checksum((uint8_t *)(uintptr_t)frame->data, frame->len, frame->csum_start,
                               frame->csum_off);
        frame->flags = TOE_FRAME_CSUM_VALID;
        port->stats.in_finished++;
    }
    return true;
}

/* Makes a frame of the |pieces| from |at| on; returns false if it is of no use. */
static bool take_frame(struct xdp_port *xdp, const struct emu_xdp_queue *queue, uint32_t at,
                       uint32_t pieces, struct toe_frame *frame)
{
    const struct xdp_desc *desc = xsk_ring_cons__rx_desc(&queue->rx, at);
    bool ok = true;

    if (pieces == 1) {
        *frame = (struct toe_frame){.data = emu_xdp_queue_at(queue, desc->addr), .len = desc->len};
    } else {
        ok = gather(queue, at, pieces, emu_arena_room(&xdp->arena), frame);
    }
    if (!ok) {
        xdp->port.stats.in_errors++;
        return false;
    }
    if (!finish(xdp, frame)) {
        return false;
    }
    if (pieces > 1) {
        emu_arena_put(&xdp->arena, frame);
    }
    return true;
}

static uint32_t receive_queue(struct xdp_port *xdp, struct emu_xdp_queue *queue,
                              struct toe_frame *frames, uint32_t max)
{
    uint32_t at = 0;
    const uint32_t ready = xsk_ring_cons__peek(&queue->rx, EMU_XDP_RECEIVE_CNT, &at);
    uint32_t used = 0;
    uint32_t cnt = 0;

    while (used < ready && cnt < max) {
        const uint32_t pieces = count_pieces(queue, at + used, ready - used);

        if (pieces > 1 && emu_arena_room(&xdp->arena) == NULL) {
            break;
        }
        cnt += take_frame(xdp, queue, at + used, pieces, &frames[cnt]) ? 1 : 0;
        for (uint32_t i = 0; i < pieces; ++i) {
            emu_xdp_queue_hold(queue, xsk_ring_cons__rx_desc(&queue->rx, at + used + i)->addr);
        }
        used += pieces;
    }
    xdp->has_more = xdp->has_more || used < ready;
    xsk_ring_cons__cancel(&queue->rx, ready - used);
    xsk_ring_cons__release(&queue->rx, used);
    return cnt;
}

static uint32_t receive(void *wire, struct toe_frame *frames, uint32_t max)
{
    struct xdp_port *xdp = wire;
    uint32_t cnt = 0;

    emu_arena_begin(&xdp->arena);
    xdp->has_more = false;
    for (uint32_t i = 0; i < xdp->queue_cnt; ++i) {
        struct emu_xdp_queue *queue = &xdp->queues[(xdp->first + i) % xdp->queue_cnt];

        emu_xdp_queue_return(queue);
        cnt += receive_queue(xdp, queue, frames + cnt, max - cnt);
    }
    xdp->first = (xdp->first + 1) % xdp->queue_cnt;
    for (uint32_t i = 0; i < cnt; ++i) {
        xdp->port.stats.in_bytes += frames[i].len;
    }
    xdp->port.stats.in_frames += cnt;
    return cnt;
}

/* --- sending --- */

static void push(struct xdp_port *xdp)
{
    const uint32_t refused = emu_xdp_queue_push(&xdp->queues[0]);

    xdp->port.stats.out_lost += refused;
    xdp->port.stats.out_frames -= refused;
}

/* A chunk to send with, for which the kernel may have to send others first; NULL: there is none. */
static uint8_t *take_chunk(struct xdp_port *xdp, uint64_t *addr)
{
    struct emu_xdp_queue *queue = &xdp->queues[0];

    if (!emu_xdp_queue_take(queue, addr)) {
        push(xdp);
        if (!emu_xdp_queue_take(queue, addr)) {
            return NULL;
        }
    }
    return emu_xdp_queue_at(queue, *addr);
}

static void send_chunk(struct xdp_port *xdp, uint64_t addr, uint32_t len)
{
    emu_xdp_queue_send(&xdp->queues[0], addr, len);
    xdp->port.stats.out_frames++;
    xdp->port.stats.out_bytes += len;
}

/* Copies |frame| to |out|, which has |room| bytes; returns false if it does not fit. */
static bool copy_frame(uint8_t *out, uint32_t room, const struct toe_frame *frame)
{
    uint32_t len = frame->len;

    if (len > room) {
        return false;
    }
    memcpy(out, frame->data, len);
    for (uint32_t i = 0; i < frame->more_cnt; ++i) {
        if (frame->more[i].len > room - len) {
            return false;
        }
        memcpy(out + len, frame->more[i].base, frame->more[i].len);
        len += (uint32_t)frame->more[i].len;
    }
    return true;
}

static uint32_t frame_len(const struct toe_frame *frame)
{
    size_t len = frame->len;

    for (uint32_t i = 0; i < frame->more_cnt; ++i) {
        len += frame->more[i].len;
    }
    return (uint32_t)len;
}

/* Sends a super-segment as frames; returns false if one of them at least was lost. */
static bool send_cut(struct xdp_port *xdp, const struct toe_frame *frame)
{
    struct toe_frame whole = *frame;
    struct emu_gso gso;

    if (frame->more_cnt != 0) {
        if (!copy_frame(xdp->gathered, EMU_ARENA_FRAME_MAX, frame)) {
            return false;
        }
        whole.data = xdp->gathered;
        whole.len = frame_len(frame);
    }
    if (frame->gso == TOE_GSO_UDP || !emu_gso_begin(&gso, &whole) ||
        emu_gso_frame_max(&gso) > EMU_XDP_CHUNK) {
        return false;
    }
    while (emu_gso_left(&gso)) {
        uint64_t addr;
        uint8_t *chunk = take_chunk(xdp, &addr);

        if (chunk == NULL) {
            return false;
        }
        send_chunk(xdp, addr, emu_gso_next(&gso, chunk));
    }
    return true;
}

static bool send_frame(struct xdp_port *xdp, const struct toe_frame *frame)
{
    const uint32_t len = frame_len(frame);
    uint64_t addr;
    uint8_t *chunk;

    if (frame->gso != TOE_GSO_NONE) {
        return send_cut(xdp, frame);
    }
    if (len > EMU_XDP_CHUNK || (chunk = take_chunk(xdp, &addr)) == NULL) {
        return false;
    }
    (void)copy_frame(chunk, EMU_XDP_CHUNK, frame);
    if ((frame->flags & TOE_FRAME_CSUM_PARTIAL) != 0) {
        (void)emu_gso_checksum(chunk, len, frame->csum_start, frame->csum_off);
    }
    send_chunk(xdp, addr, len);
    return true;
}

static void transmit(void *wire, const struct toe_frame *frames, uint32_t cnt)
{
    struct xdp_port *xdp = wire;

    for (uint32_t i = 0; i < cnt; ++i) {
        xdp->port.stats.out_lost += send_frame(xdp, &frames[i]) ? 0 : 1;
    }
    push(xdp);
}

/* --- the link --- */

static bool link_up(void *wire)
{
    const struct xdp_port *xdp = wire;

    return xdp->carrier;
}

/* What the kernel had no chunk or no place in the ring for, or was too long for it. */
static void count_lost(struct xdp_port *xdp)
{
    uint64_t lost = 0;

    for (uint32_t i = 0; i < xdp->queue_cnt; ++i) {
        struct xdp_statistics stats = {.rx_dropped = 0};
        socklen_t len = sizeof(stats);

        if (getsockopt(xsk_socket__fd(xdp->queues[i].socket), SOL_XDP, XDP_STATISTICS, &stats,
                       &len) == 0) {
            lost += stats.rx_dropped + stats.rx_ring_full;
        }
    }
    xdp->port.stats.in_lost = lost;
}

static void tick(struct emu_port *port, toe_instant now)
{
    struct xdp_port *xdp = (struct xdp_port *)port;
    struct emu_adapter adapter;
    struct emu_error error;

    if (emu_xdp_queue_waiting(&xdp->queues[0]) != 0) {
        push(xdp);
    }
    if (now < xdp->check_next || port->ended) {
        return;
    }
    xdp->check_next = now + CHECK_MS * TOE_NS_PER_MS;
    count_lost(xdp);
    if (emu_adapter_get(&adapter, port->name, &error)) {
        xdp->carrier = adapter.carrier;
    } else {
        xdp->carrier = false;
        port->ended = true;
        emu_error_set(&port->error, EMU_EXIT_ENVIRONMENT, "interface \"%s\" has gone away",
                      port->name);
    }
}

static toe_instant deadline(const struct emu_port *port)
{
    const struct xdp_port *xdp = (const struct xdp_port *)port;

    if (xdp->has_more) {
        return 0;
    }
    return emu_xdp_queue_waiting(&xdp->queues[0]) != 0 ? port->now + RETRY_TIME : TOE_INSTANT_NEVER;
}

/* --- opening and closing --- */

/* How many queues |interface| receives with. */
static uint32_t count_queues(const char *interface)
{
    struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
    struct ifreq req = {.ifr_data = (void *)&channels};
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    uint32_t cnt = 0;

    (void)snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", interface);
    if (fd >= 0) {
        if (ioctl(fd, SIOCETHTOOL, &req) == 0) {
            cnt = channels.rx_count + channels.combined_count;
        }
        (void)close(fd);
    }
    return cnt == 0 ? 1 : cnt;
}

static void explain_socket(struct emu_error *error, const char *interface, int code)
{
    if (code == EPERM || code == EACCES) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "an AF_XDP socket on \"%s\" needs CAP_NET_RAW; run as root", interface);
    } else if (code == EAFNOSUPPORT) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "the kernel has no AF_XDP (CONFIG_XDP_SOCKETS); take --wire packet:%s",
                      interface);
    } else if (code == ENOBUFS || code == ENOMEM) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "no locked memory for AF_XDP, 24 MiB for each queue of \"%s\"; run with "
                      "CAP_IPC_LOCK, or raise the limit: ulimit -l unlimited",
                      interface);
    } else if (code == EBUSY) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "another program has an AF_XDP socket on \"%s\"; end it, or take another "
                      "interface",
                      interface);
    } else {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot open an AF_XDP socket on \"%s\": %s",
                      interface, strerror(code));
    }
}

static void explain_attach(struct emu_error *error, const char *interface)
{
    if (errno == EBUSY || errno == EEXIST) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "there is an XDP program on \"%s\" already; take it off: ip link set %s xdp "
                      "off",
                      interface, interface);
    } else {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot put an XDP program on \"%s\": %s",
                      interface, strerror(errno));
    }
}

/* Closes what there is of the way that was tried. */
static void close_way(struct xdp_port *xdp, uint32_t open)
{
    emu_xdp_program_close(&xdp->program);
    for (uint32_t i = 0; i < open; ++i) {
        emu_xdp_queue_close(&xdp->queues[i]);
    }
}

/* A socket that was closed a moment ago still has the queue: the kernel lets it go later. */
static int open_queue(struct emu_xdp_queue *queue, const char *interface, uint32_t number,
                      uint16_t bind_flags)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    int code = emu_xdp_queue_open(queue, interface, number, bind_flags);

    for (int i = 0; code == EBUSY && i < BUSY_TRIES; ++i) {
        (void)nanosleep(&pause, NULL);
        code = emu_xdp_queue_open(queue, interface, number, bind_flags);
    }
    return code;
}

/* Sockets first: they tell what the driver can do before a program is on it. */
static bool open_way(struct xdp_port *xdp, const struct emu_adapter *adapter, uint16_t bind_flags,
                     struct emu_error *error)
{
    const bool pieces = (bind_flags & XDP_USE_SG) != 0;
    const bool zero_copy = (bind_flags & XDP_ZEROCOPY) != 0;
    uint32_t open = 0;

    if (!emu_xdp_program_load(&xdp->program, xdp->port.mac, xdp->queue_cnt, pieces, error)) {
        return false;
    }
    for (; open < xdp->queue_cnt; ++open) {
        struct emu_xdp_queue *queue = &xdp->queues[open];
        const int code =
            open_queue(queue, xdp->port.name, open, (uint16_t)(bind_flags | XDP_USE_NEED_WAKEUP));

        if (code != 0) {
            explain_socket(error, xdp->port.name, code);
            close_way(xdp, open);
            return false;
        }
        if (!emu_xdp_program_add(&xdp->program, open, xsk_socket__fd(queue->socket))) {
            explain_attach(error, xdp->port.name);
            close_way(xdp, open + 1);
            return false;
        }
    }
    if (!emu_xdp_program_attach(&xdp->program, adapter,
                                zero_copy ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE)) {
        explain_attach(error, xdp->port.name);
        close_way(xdp, open);
        return false;
    }
    return true;
}

/* The best way that driver and kernel have; |error| is of the one that asks least of them. */
static bool open_queues(struct xdp_port *xdp, const struct emu_adapter *adapter,
                        struct emu_error *error)
{
    static const uint16_t ways[] = {XDP_ZEROCOPY | XDP_USE_SG, XDP_ZEROCOPY, XDP_COPY | XDP_USE_SG,
                                    XDP_COPY};

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); ++i) {
        if (open_way(xdp, adapter, ways[i], error)) {
            xdp->port.mode = (ways[i] & XDP_ZEROCOPY) != 0 ? "zero copy" : "copy";
            return true;
        }
    }
    return false;
}

/* An adapter passes on what is for our address, which is not its own, only if it takes all. */
static bool open_promiscuous(struct xdp_port *xdp, const struct emu_adapter *adapter,
                             struct emu_error *error)
{
    const struct packet_mreq member = {.mr_ifindex = adapter->index, .mr_type = PACKET_MR_PROMISC};

    xdp->promiscuous = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (xdp->promiscuous >= 0 && setsockopt(xdp->promiscuous, SOL_PACKET, PACKET_ADD_MEMBERSHIP,
                                            &member, sizeof(member)) == 0) {
        return true;
    }
    explain_socket(error, xdp->port.name, errno);
    return false;
}

/* Of several sockets one file tells. */
static bool open_poll(struct xdp_port *xdp, struct emu_error *error)
{
    bool ok = true;

    if (xdp->queue_cnt == 1) {
        xdp->port.fd = xsk_socket__fd(xdp->queues[0].socket);
        return true;
    }
    xdp->port.fd = epoll_create1(EPOLL_CLOEXEC);
    for (uint32_t i = 0; i < xdp->queue_cnt && ok; ++i) {
        struct epoll_event event = {.events = EPOLLIN};

        ok = epoll_ctl(xdp->port.fd, EPOLL_CTL_ADD, xsk_socket__fd(xdp->queues[i].socket),
                       &event) == 0;
    }
    if (!ok) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot wait for the queues of \"%s\": %s",
                      xdp->port.name, strerror(errno));
        (void)close(xdp->port.fd);
    }
    return ok;
}

static void free_xdp(struct xdp_port *xdp)
{
    if (xdp->promiscuous >= 0) {
        (void)close(xdp->promiscuous);
    }
    emu_arena_fini(&xdp->arena);
    free(xdp->gathered);
    free(xdp->queues);
    free(xdp);
}

static void close_xdp(struct emu_port *port)
{
    struct xdp_port *xdp = (struct xdp_port *)port;

    if (xdp->queue_cnt > 1) {
        (void)close(port->fd);
    }
    close_way(xdp, xdp->queue_cnt);
    free_xdp(xdp);
}

static struct xdp_port *make_xdp(uint32_t queue_cnt)
{
    struct xdp_port *xdp = calloc(1, sizeof(*xdp));

    if (xdp == NULL) {
        return NULL;
    }
    xdp->promiscuous = -1;
    xdp->queue_cnt = queue_cnt;
    xdp->queues = calloc(queue_cnt, sizeof(xdp->queues[0]));
    xdp->gathered = malloc(EMU_ARENA_FRAME_MAX);
    if (!emu_arena_init(&xdp->arena) || xdp->queues == NULL || xdp->gathered == NULL) {
        free_xdp(xdp);
        return NULL;
    }
    return xdp;
}

/* Whether |interface| is one for this port. */
static bool check(const struct emu_adapter *adapter, const char *interface, uint32_t queue_cnt,
                  struct emu_error *error)
{
    if (adapter->mtu > MTU_MAX) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "frames of the MTU of \"%s\" do not fit AF_XDP, which takes %u; run: ip link "
                      "set %s mtu %u",
                      interface, MTU_MAX, interface, MTU_MAX);
        return false;
    }
    if (queue_cnt > QUEUE_MAX) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "\"%s\" has %u queues, more than %u; run: ethtool -L %s combined 1",
                      interface, queue_cnt, QUEUE_MAX, interface);
        return false;
    }
    return true;
}

static int say_nothing(enum libbpf_print_level level, const char *format, va_list args)
{
    (void)level;
    (void)format;
    (void)args;
    return 0;
}

struct emu_port *emu_port_xdp_open(const char *interface, const uint8_t *mac,
                                   struct emu_error *error)
{
    struct emu_adapter info;
    struct xdp_port *xdp;
    uint32_t queue_cnt;

    (void)libbpf_set_print(say_nothing);
    if (!emu_adapter_get_up(&info, interface, error)) {
        return NULL;
    }
    queue_cnt = count_queues(interface);
    if (!check(&info, interface, queue_cnt, error)) {
        return NULL;
    }
    xdp = make_xdp(queue_cnt);
    if (xdp == NULL) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "no memory for a port");
        return NULL;
    }
    (void)snprintf(xdp->port.name, sizeof(xdp->port.name), "%s", interface);
    if (mac != NULL) {
        memcpy(xdp->port.mac, mac, TOE_MAC_LEN);
    } else {
        emu_port_mac_derive(xdp->port.mac, info.mac);
    }
    if (!open_promiscuous(xdp, &info, error) || !open_queues(xdp, &info, error)) {
        free_xdp(xdp);
        return NULL;
    }
    if (!open_poll(xdp, error)) {
        close_way(xdp, queue_cnt);
        free_xdp(xdp);
        return NULL;
    }
    xdp->carrier = info.carrier;
    xdp->port.mtu = info.mtu;
    xdp->port.ops =
        (struct toe_wire_ops){.size = sizeof(struct toe_wire_ops),
                              .features = TOE_WIRE_CSUM | TOE_WIRE_TSO | TOE_WIRE_GATHER,
                              .receive = receive,
                              .transmit = transmit,
                              .link_up = link_up};
    xdp->port.tick = tick;
    xdp->port.deadline = deadline;
    xdp->port.close = close_xdp;
    return &xdp->port;
}
