/* SPDX-License-Identifier: MIT */
/*
 * A port on a TAP: an interface that exists as long as the port, with the kernel at its other end.
 *
 * Frames come and go without a virtio-net header, one by one, with whole checksums and of the
 * interface's MTU at most.
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
#include "netlink.h"

enum {
    SLOT_CNT = 64,
    SLOT_HEADROOM = 2, /* the IP header on a multiple of 4 */
    SLOT_SIZE = 65536 + 64,
    PIECES_MAX = 64,
};

struct tap_port {
    struct emu_port port;
    uint8_t *memory; /* SLOT_CNT places for received frames */
};

static uint32_t receive(void *wire, struct toe_frame *frames, uint32_t max)
{
    struct tap_port *tap = wire;
    uint32_t cnt = 0;

    while (cnt < max && cnt < SLOT_CNT) {
        uint8_t *data = tap->memory + (size_t)cnt * SLOT_SIZE + SLOT_HEADROOM;
        const ssize_t len = read(tap->port.fd, data, SLOT_SIZE - SLOT_HEADROOM);

        if (len < 0) {
            tap->port.stats.in_errors += errno != EAGAIN && errno != EINTR ? 1 : 0;
            break;
        }
        frames[cnt++] = (struct toe_frame){.data = data, .len = (uint32_t)len};
        tap->port.stats.in_bytes += (uint64_t)len;
    }
    tap->port.stats.in_frames += cnt;
    return cnt;
}

static bool send_frame(struct tap_port *tap, const struct toe_frame *frame)
{
    struct iovec iov[1 + PIECES_MAX];
    ssize_t len;

    if (frame->more_cnt > PIECES_MAX || frame->gso != TOE_GSO_NONE ||
        (frame->flags & TOE_FRAME_CSUM_PARTIAL) != 0) {
        return false; /* not among the features */
    }
    iov[0] = (struct iovec){(void *)(uintptr_t)frame->data, frame->len};
    for (uint32_t i = 0; i < frame->more_cnt; ++i) {
        iov[1 + i] = (struct iovec){(void *)(uintptr_t)frame->more[i].base, frame->more[i].len};
    }
    len = writev(tap->port.fd, iov, (int)(1 + frame->more_cnt));
    if (len < 0) {
        return false;
    }
    tap->port.stats.out_bytes += (uint64_t)len;
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

static void close_tap(struct emu_port *port)
{
    struct tap_port *tap = (struct tap_port *)port;

    (void)close(port->fd);
    free(tap->memory);
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

/* Opens the device and makes the interface; its name is in |req| then. */
static int open_device(const char *interface, struct ifreq *req, struct emu_error *error)
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
    req->ifr_flags = IFF_TAP | IFF_NO_PI;
    if (ioctl(fd, TUNSETIFF, req) != 0) {
        explain_create(error, interface);
        (void)close(fd);
        return -1;
    }
    return fd;
}

struct emu_port *emu_port_tap_open(const char *interface, struct emu_error *error)
{
    struct ifreq req = {.ifr_flags = 0};
    struct emu_adapter info;
    struct tap_port *tap;
    const int fd = open_device(interface, &req, error);

    if (fd < 0) {
        return NULL;
    }
    if (!emu_netlink_up(req.ifr_name, 0, error) || !emu_adapter_get(&info, req.ifr_name, error)) {
        (void)close(fd);
        return NULL;
    }
    tap = calloc(1, sizeof(*tap));
    if (tap == NULL || (tap->memory = malloc((size_t)SLOT_CNT * SLOT_SIZE)) == NULL) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "no memory for a port");
        free(tap);
        (void)close(fd);
        return NULL;
    }
    tap->port.fd = fd;
    tap->port.mtu = info.mtu;
    emu_port_mac_derive(tap->port.mac, info.mac);
    (void)snprintf(tap->port.name, sizeof(tap->port.name), "%s", req.ifr_name);
    tap->port.ops = (struct toe_wire_ops){
        .size = sizeof(struct toe_wire_ops), .receive = receive, .transmit = transmit};
    tap->port.close = close_tap;
    return &tap->port;
}
