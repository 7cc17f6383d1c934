/* SPDX-License-Identifier: MIT */
/*
 * An echo server on a real interface: our host and target against whoever is out there.
 *
 *     ip link add toe-a type veth peer name toe-b
 *     ip address add 10.9.9.2/24 dev toe-b; ip link set toe-a up; ip link set toe-b up
 *     ./echo_server toe-a 10.9.9.1 &
 *     echo hello | nc -q 1 10.9.9.1 7
 *
 * The interesting part is the wire: a target sends and receives frames through a small table of
 * functions, struct toe_wire_ops, and here it is filled in for a raw socket, in its simplest form.
 * The connections are offloaded as soon as they can be. Needs CAP_NET_RAW; ends with Ctrl-C.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "toe/host.h"
#include "toe/target.h"

enum { PORT = 7, BATCH = 16, FRAME_LEN = 65600, MTU = 1500 };

/* --- the wire --- */

struct wire {
    int fd;
    uint8_t room[BATCH][FRAME_LEN]; /* what the last receive() returned */
};

/* Says on stderr what could not be done, and returns -1. */
static int fail(const char *what)
{
    fprintf(stderr, "echo_server: %s: %s\n", what, strerror(errno));
    return -1;
}

static int wire_open(struct wire *wire, const char *interface)
{
    struct packet_mreq promiscuous = {.mr_type = PACKET_MR_PROMISC};
    struct sockaddr_ll addr = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    const int on = 1;

    addr.sll_ifindex = (int)if_nametoindex(interface);
    promiscuous.mr_ifindex = addr.sll_ifindex;
    if (addr.sll_ifindex == 0) {
        return fail(interface);
    }
    wire->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL));
    if (wire->fd < 0 || bind(wire->fd, (struct sockaddr *)&addr, sizeof(addr)) != 0 ||
        setsockopt(wire->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) != 0 ||
        setsockopt(wire->fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) != 0 ||
        setsockopt(wire->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous,
                   sizeof(promiscuous)) != 0) {
        return fail("raw socket");
    }
    return 0;
}

/*
 * A kernel at the other end of a veth leaves checksums to the hardware that is not there. The frame
 * says so to the target: it need not look at them.
 */
static uint8_t checksum_flags(struct msghdr *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        struct tpacket_auxdata aux;

        if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA) {
            memcpy(&aux, CMSG_DATA(c), sizeof(aux));
            return aux.tp_status & (TP_STATUS_CSUMNOTREADY | TP_STATUS_CSUM_VALID)
                       ? TOE_FRAME_CSUM_VALID
                       : 0;
        }
    }
    return 0;
}

static uint32_t wire_receive(void *user, struct toe_frame *frames, uint32_t max)
{
    struct wire *wire = user;
    uint32_t cnt = 0;

    for (; cnt < max && cnt < BATCH; ++cnt) {
        struct iovec piece = {.iov_base = wire->room[cnt], .iov_len = FRAME_LEN};
        char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
        struct msghdr message = {.msg_iov = &piece,
                                 .msg_iovlen = 1,
                                 .msg_control = control,
                                 .msg_controllen = sizeof(control)};
        const ssize_t len = recvmsg(wire->fd, &message, 0);

        if (len < 0) {
            break;
        }
        frames[cnt] = (struct toe_frame){
            .data = wire->room[cnt], .len = (uint32_t)len, .flags = checksum_flags(&message)};
    }
    return cnt;
}

static void wire_transmit(void *user, const struct toe_frame *frames, uint32_t cnt)
{
    const struct wire *wire = user;

    for (uint32_t i = 0; i < cnt; ++i) {
        struct iovec pieces[64];
        struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 1};

        pieces[0] = (struct iovec){(void *)(uintptr_t)frames[i].data, frames[i].len};
        for (uint32_t k = 0; k < frames[i].more_cnt && k < 63; ++k, ++message.msg_iovlen) {
            pieces[k + 1] =
                (struct iovec){(void *)(uintptr_t)frames[i].more[k].base, frames[i].more[k].len};
        }
        (void)!sendmsg(wire->fd, &message, 0); /* what finds no room is lost */
    }
}

static const struct toe_wire_ops wire_ops = {
    .size = sizeof(wire_ops),
    .features = 0, /* no partial checksums, no super-segments */
    .receive = wire_receive,
    .transmit = wire_transmit,
};

/* --- the application --- */

/* What was received on a connection and not sent back yet. */
struct echo {
    size_t from;
    size_t len;
    char bytes[4096];
};

/* Sends back what has arrived, as far as there is room for it. */
static void echo(struct toe_host *host, toe_handle conn, struct echo *e)
{
    struct toe_host_conn_info info;

    do {
        e->from += toe_host_send(host, conn, e->bytes + e->from, e->len - e->from);
        if (e->from < e->len) {
            return; /* an event will tell when there is room again */
        }
        e->from = 0;
        e->len = toe_host_receive(host, conn, e->bytes, sizeof(e->bytes));
    } while (e->len > 0);

    if (toe_host_conn_info(host, conn, &info) && info.end_of_stream) {
        printf("closing, after %u offloads\n", info.offload_cnt);
        toe_host_close(host, conn);
        free(e);
    }
}

static void take_events(struct toe_host *host)
{
    struct toe_host_event event;
    toe_handle conn;

    while (toe_host_event_next(host, &event)) {
        switch (event.type) {
        case TOE_HOST_ACCEPTABLE:
            while ((conn = toe_host_accept(host, event.conn)) != 0) {
                struct echo *e = calloc(1, sizeof(*e));

                if (e == NULL) {
                    toe_host_abort(host, conn);
                    continue;
                }
                toe_host_conn_user_set(host, conn, e);
                echo(host, conn, e);
            }
            break;
        case TOE_HOST_RECEIVABLE:
        case TOE_HOST_SENDABLE:
            echo(host, event.conn, event.user);
            break;
        case TOE_HOST_RESET:
            toe_host_close(host, event.conn);
            free(event.user);
            break;
        default:
            break;
        }
    }
}

/* --- the loop --- */

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

static toe_instant clock_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (toe_instant)now.tv_sec * TOE_NS_PER_SEC + (toe_instant)now.tv_nsec;
}

/* Waits for frames, at most until |at|. */
static void wait_until(int fd, toe_instant at)
{
    const toe_instant now = clock_now();
    const toe_duration left = at <= now ? 0 : at - now < TOE_NS_PER_SEC ? at - now : TOE_NS_PER_SEC;
    const struct timespec timeout = {.tv_sec = (time_t)(left / TOE_NS_PER_SEC),
                                     .tv_nsec = (long)(left % TOE_NS_PER_SEC)};
    struct pollfd readable = {.fd = fd, .events = POLLIN};

    (void)ppoll(&readable, 1, &timeout, NULL);
}

static void loop(struct toe_host *host, struct toe_target *target, int fd)
{
    const struct toe_target_ops *ops = toe_target_ops();

    while (stop == 0) {
        const toe_instant now = clock_now();
        toe_instant next;

        ops->run(target, now);
        toe_host_run(host, now);
        take_events(host);
        next = ops->deadline(target);
        if (toe_host_deadline(host) < next) {
            next = toe_host_deadline(host);
        }
        wait_until(fd, next);
    }
}

int main(int argc, char **argv)
{
    static struct wire wire = {.fd = -1};
    struct toe_target_settings of_target;
    struct toe_host_settings of_host;
    struct toe_host_interface interface = {.ops = toe_target_ops(), .mtu = MTU};
    const uint8_t mac[TOE_MAC_LEN] = {2, 0x70, 0x6f, 0x65, 0, 7};
    struct toe_addr addr = {.family = 4};
    struct toe_target *target;
    struct toe_host *host;

    if (argc != 3 || inet_pton(AF_INET, argv[2], addr.bytes) != 1) {
        fprintf(stderr, "usage: echo_server INTERFACE IPV4-ADDRESS\n");
        return 2;
    }
    if (wire_open(&wire, argv[1]) != 0) {
        return 3;
    }
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);

    toe_target_settings_default(&of_target);
    of_target.wire = &wire_ops;
    of_target.wire_user = &wire;
    of_target.seed = clock_now();
    memcpy(of_target.mac, mac, sizeof(mac));
    target = toe_target_new(&of_target);

    toe_host_settings_default(&of_host);
    of_host.seed = clock_now();
    of_host.policy = TOE_POLICY_ALL;
    host = toe_host_new(&of_host);
    interface.target = target;
    if (host == NULL || target == NULL || toe_host_interface_add(host, &interface) < 0 ||
        toe_host_address_add(host, 0, &addr, 24) != 0 ||
        toe_host_listen(host, NULL, PORT, 128) == 0) {
        fprintf(stderr, "echo_server: not enough memory\n");
        return 3;
    }
    printf("echoing on %s, port %d\n", argv[2], PORT);
    loop(host, target, wire.fd);

    toe_host_del(host);
    toe_target_del(target);
    close(wire.fd);
    return 0;
}
