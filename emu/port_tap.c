/* SPDX-License-Identifier: MIT */
/*
 * A port on a TAP: an interface with the kernel at its other end. It exists as long as the port or,
 * if it persists, until somebody removes it: a NIC that died is started again under connections
 * that still stand. It may have several queues, each of them a port: the kernel sends a
 * connection's frames by the queue that brought it the last one of the connection, or any if none
 * did lately.
 *
 * Every frame comes and goes with a virtio-net header, so that one read() or write() moves up to
 * 64 KiB; there is no way to have several frames in one call. What the kernel leaves unfinished it
 * is told by an ioctl, so nothing has to be finished here.
 */
#include "port.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "adapter.h"
#include "arena.h"
#include "netlink.h"
#include "vnet.h"

#ifndef TUNSETCARRIER
#define TUNSETCARRIER _IOW('T', 226, int)
#endif

enum {
    HEADROOM = 2, /* the IP header on a multiple of 4 */
    PIECES_MAX = 64,
    QUEUE_LEN = 10000,      /* frames that may wait for us; beyond, the kernel drops silently */
    SEND_BUFFER = 64 << 20, /* that we may have on the way into the kernel */
};

struct tap_port {
    struct emu_port port;
    struct emu_arena arena;
    uint32_t offers; /* what the kernel has been told to leave unfinished */
    bool has_more;   /* the last batch ended before the kernel's queue did */
};

/* Somebody may have removed the interface: the file is of no use then. */
static void note_error(struct tap_port *tap, int number)
{
    tap->port.stats.in_errors += number != EAGAIN && number != EINTR ? 1 : 0;
    if (number == EBADFD && !tap->port.ended) {
        tap->port.ended = true;
        tap->has_more = true; /* to be looked at once more, by those that stand on it */
        emu_error_set(&tap->port.error, EMU_EXIT_ENVIRONMENT, "interface \"%s\" has gone away",
                      tap->port.name);
    }
}

static uint32_t receive(void *wire, struct toe_frame *frames, uint32_t max)
{
    struct tap_port *tap = wire;
    uint32_t cnt = 0;
    uint8_t *room;

    emu_arena_begin(&tap->arena);
    tap->has_more = true;
    while (cnt < max && (room = emu_arena_room(&tap->arena)) != NULL) {
        struct virtio_net_hdr header;
        const struct iovec iov[2] = {{&header, sizeof(header)},
                                     {room + HEADROOM, EMU_ARENA_FRAME_MAX - HEADROOM}};
        const ssize_t len = readv(tap->port.fd, iov, 2);

        if (len < 0) {
            tap->has_more = false;
            note_error(tap, errno);
            break;
        }
        frames[cnt] = (struct toe_frame){.data = room + HEADROOM};
        if (len <= (ssize_t)sizeof(header) || !emu_vnet_parse(&frames[cnt], &header)) {
            tap->port.stats.in_errors++;
            continue;
        }
        frames[cnt].len = (uint32_t)len - (uint32_t)sizeof(header);
        tap->port.stats.in_bytes += frames[cnt].len;
        emu_arena_put(&tap->arena, &frames[cnt++]);
    }
    tap->port.stats.in_frames += cnt;
    return cnt;
}

static bool send_frame(struct tap_port *tap, const struct toe_frame *frame)
{
    struct virtio_net_hdr header;
    struct iovec iov[2 + PIECES_MAX];
    ssize_t len;

    if (frame->more_cnt > PIECES_MAX) {
        return false;
    }
    emu_vnet_build(&header, frame);
    iov[0] = (struct iovec){&header, sizeof(header)};
    iov[1] = (struct iovec){(void *)(uintptr_t)frame->data, frame->len};
    for (uint32_t i = 0; i < frame->more_cnt; ++i) {
        iov[2 + i] = (struct iovec){(void *)(uintptr_t)frame->more[i].base, frame->more[i].len};
    }
    len = writev(tap->port.fd, iov, (int)(2 + frame->more_cnt));
    if (len < 0) {
        return false;
    }
    tap->port.stats.out_bytes += (uint64_t)len - sizeof(header);
    return true;
}

static void transmit(void *wire, const struct toe_frame *frames, uint32_t cnt)
{
    struct tap_port *tap = wire;

    for (uint32_t i = 0; i < cnt; ++i) {
        if (send_frame(tap, &frames[i])) {
            tap->port.stats.out_frames++;
        } else {
            tap->port.stats.out_lost++;
        }
    }
}

/* --- what the kernel is told --- */

static void tick(struct emu_port *port, toe_instant now)
{
    struct tap_port *tap = (struct tap_port *)port;
    unsigned long flags = 0;

    (void)now;
    if (port->accept == tap->offers) {
        return;
    }
    if ((port->accept & TOE_WIRE_CSUM) != 0) {
        flags |= TUN_F_CSUM;
        /* There is no segmentation without a checksum. */
        flags |= (port->accept & TOE_WIRE_TSO) != 0 ? TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN : 0;
    }
    (void)ioctl(port->fd, TUNSETOFFLOAD, flags);
    tap->offers = port->accept;
}

static toe_instant deadline(const struct emu_port *port)
{
    return ((const struct tap_port *)port)->has_more ? 0 : TOE_INSTANT_NEVER;
}

void emu_port_tap_carrier(struct emu_port *port, bool carrier)
{
    int value = carrier ? 1 : 0;

    (void)ioctl(port->fd, TUNSETCARRIER, &value);
}

/* --- opening and closing --- */

static void close_tap(struct emu_port *port)
{
    struct tap_port *tap = (struct tap_port *)port;

    (void)close(port->fd);
    emu_arena_fini(&tap->arena);
    free(tap);
}

static void explain_open(struct emu_error *error)
{
    if (errno == EACCES || errno == EPERM) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "no permission for /dev/net/tun; run as root, or: chmod 666 /dev/net/tun");
    } else if (errno == ENOENT || errno == ENODEV || errno == ENXIO) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "there is no /dev/net/tun: the kernel has no TAP, or: modprobe tun");
    } else {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot open /dev/net/tun: %s", strerror(errno));
    }
}

static void explain_create(struct emu_error *error, const char *name)
{
    if (errno == EPERM || errno == EACCES) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "a TAP interface needs CAP_NET_ADMIN; run as root, or in a network of your "
                      "own inside `unshare -Urn`");
    } else if (errno == EBUSY) {
        emu_error_set(error, EMU_EXIT_USAGE, "TAP interface \"%s\" is in use; take another name",
                      name);
    } else if (errno == EINVAL) {
        emu_error_set(error, EMU_EXIT_USAGE,
                      "\"%s\" cannot be a TAP: an interface of another kind has this name, or it "
                      "is no name; take another one",
                      name);
    } else {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot create TAP interface \"%s\": %s", name,
                      strerror(errno));
    }
}

/* Gives |fd| the interface. One that is there is of one queue or of several, and stays so. */
static bool attach(int fd, struct ifreq *req, bool many, struct emu_error *error)
{
    req->ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (many ? IFF_MULTI_QUEUE : 0));
    if (ioctl(fd, TUNSETIFF, req) == 0) {
        return true;
    }
    if (errno != EINVAL) {
        explain_create(error, req->ifr_name);
        return false;
    }
    req->ifr_flags = (short)(req->ifr_flags ^ IFF_MULTI_QUEUE);
    if (ioctl(fd, TUNSETIFF, req) != 0) {
        errno = EINVAL;
        explain_create(error, req->ifr_name);
        return false;
    }
    if (many) {
        emu_error_set(error, EMU_EXIT_USAGE,
                      "TAP interface \"%s\" was made for one queue; remove it (ip link del %s), or "
                      "take another name, or one queue",
                      req->ifr_name, req->ifr_name);
    }
    return !many;
}

/* Opens the device and makes the interface, or another queue of it; its name is in |req| then. */
static int open_device(const char *interface, bool many, struct ifreq *req, struct emu_error *error)
{
    int fd;

    if (strlen(interface) >= sizeof(req->ifr_name)) {
        emu_error_set(error, EMU_EXIT_USAGE, "\"%s\" is too long for an interface's name",
                      interface);
        return -1;
    }
    fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        explain_open(error);
        return -1;
    }
    (void)snprintf(req->ifr_name, sizeof(req->ifr_name), "%s", interface);
    if (!attach(fd, req, many, error)) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* Another NIC may have left a persistent one as it pleased, so everything is set. */
static bool configure(int fd, const char *name, const struct emu_tap_settings *settings,
                      struct emu_error *error)
{
    const int header_len = sizeof(struct virtio_net_hdr);

    if (ioctl(fd, TUNSETVNETHDRSZ, &header_len) != 0 || ioctl(fd, TUNSETOFFLOAD, 0ul) != 0 ||
        ioctl(fd, TUNSETPERSIST, settings->persist ? 1ul : 0ul) != 0) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot set up the TAP interface \"%s\": %s",
                      name, strerror(errno));
        return false;
    }
    return (settings->mac == NULL || emu_netlink_mac_set(name, settings->mac, error)) &&
           emu_netlink_queue_set(name, QUEUE_LEN, error) &&
           emu_netlink_up(name, settings->mtu, error);
}

/* Makes a port of |fd|, which is closed if that cannot be. */
static struct emu_port *make_port(int fd, const char *name, struct emu_error *error)
{
    const int buffer = SEND_BUFFER;
    struct emu_adapter info;
    struct tap_port *tap;

    if (!emu_adapter_get(&info, name, error)) {
        (void)close(fd);
        return NULL;
    }
    tap = calloc(1, sizeof(*tap));
    if (tap == NULL || !emu_arena_init(&tap->arena)) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "no memory for a port");
        free(tap);
        (void)close(fd);
        return NULL;
    }
    (void)ioctl(fd, TUNSETSNDBUF, &buffer);
    tap->port.fd = fd;
    tap->port.mtu = info.mtu;
    emu_port_mac_derive(tap->port.mac, info.mac);
    (void)snprintf(tap->port.name, sizeof(tap->port.name), "%s", name);
    tap->port.ops =
        (struct toe_wire_ops){.size = sizeof(struct toe_wire_ops),
                              .features = TOE_WIRE_CSUM | TOE_WIRE_TSO | TOE_WIRE_GATHER,
                              .receive = receive,
                              .transmit = transmit};
    tap->port.tick = tick;
    tap->port.deadline = deadline;
    tap->port.close = close_tap;
    return &tap->port;
}

/* Of an interface with several queues anybody may have one more; a NIC has all of them. */
static bool is_free(const struct ifreq *req, struct emu_error *error)
{
    if ((req->ifr_flags & IFF_MULTI_QUEUE) != 0 && emu_netlink_tap_queues(req->ifr_name) > 1) {
        errno = EBUSY;
        explain_create(error, req->ifr_name);
        return false;
    }
    return true;
}

/* The first queue makes the interface, and sets it up; the others find it. */
static struct emu_port *open_queue(const struct emu_tap_settings *settings, const char *name,
                                   bool many, bool is_first, struct emu_error *error)
{
    struct ifreq req = {.ifr_flags = 0};
    const int fd = open_device(name, many, &req, error);

    if (fd < 0) {
        return NULL;
    }
    if (is_first && (!is_free(&req, error) || !configure(fd, req.ifr_name, settings, error))) {
        (void)close(fd);
        return NULL;
    }
    return make_port(fd, req.ifr_name, error);
}

bool emu_port_tap_open_queues(struct emu_port *ports[], uint32_t cnt,
                              const struct emu_tap_settings *settings, struct emu_error *error)
{
    const char *name = settings->name;

    for (uint32_t i = 0; i < cnt; ++i) {
        ports[i] = open_queue(settings, name, cnt > 1, i == 0, error);
        if (ports[i] == NULL) {
            while (i > 0) {
                emu_port_close(ports[--i]);
                ports[i] = NULL;
            }
            return false;
        }
        name = ports[0]->name;
    }
    return true;
}

struct emu_port *emu_port_tap_open(const struct emu_tap_settings *settings, struct emu_error *error)
{
    struct emu_port *port;

    return emu_port_tap_open_queues(&port, 1, settings, error) ? port : NULL;
}
