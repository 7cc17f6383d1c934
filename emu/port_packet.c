/* SPDX-License-Identifier: MIT */
/*
 * A port on a raw socket (AF_PACKET) of an existing interface.
 *
 * Every frame comes and goes with a virtio-net header, so that a kernel with offloads switched on
 * can hand over what it has not finished, and take the same from us. What the reader does not
 * accept is finished here: checksums are completed in place, super-segments are cut into a scratch
 * area. The kernel takes the VLAN tag out of a frame and puts it beside; it is put back.
 *
 * Plain system calls, not a ring: on a virtual interface a ring is no faster, and super-segments
 * fit into no slot of the older ones. Frames are received one a call, which costs no more than many
 * at once: so each lies right behind the one before.
 */
#include "port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapter.h"
#include "arena.h"
#include "gso.h"
#include "steering.h"
#include "vnet.h"

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

enum {
    HEADROOM = 18,             /* room for a VLAN tag, and the IP header on a multiple of 4 */
    SEND_CNT = 64,             /* frames in one sendmmsg(), */
    IOV_CNT = 256,             /* and their pieces */
    SCRATCH_SIZE = 256 * 1024, /* frames cut out of super-segments in one receive() */
    SOCKET_BUFFER = 32 << 20,  /* asked for; the kernel may give less */
    LINK_CHECK_MS = 200,       /* how old the answer of link_up() may be */
    VLAN_LEN = 4,
    ADDRESSES_LEN = 2 * TOE_MAC_LEN,
};

struct packet_port {
    struct emu_port port;
    struct emu_arena arena;
    uint8_t *scratch;   /* for what is cut */
    struct emu_gso gso; /* the super-segment in the arena, if |cutting| */
    bool cutting;
    bool has_more; /* the last batch ended before the kernel's queue did */
    bool carrier;
    toe_instant link_next; /* when to look at the link again */
};

/* --- receiving --- */

/* Puts the VLAN tag back that the kernel took out; the frame begins 4 bytes earlier then. */
static void restore_tag(uint8_t **data, uint32_t *len, struct msghdr *msg)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
        struct tpacket_auxdata aux;

        if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA) {
            continue;
        }
        memcpy(&aux, CMSG_DATA(c), sizeof(aux));
        if ((aux.tp_status & TP_STATUS_VLAN_VALID) == 0) {
            return;
        }
        const uint16_t tpid =
            (aux.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0 ? aux.tp_vlan_tpid : ETH_P_8021Q;
        const uint8_t tag[VLAN_LEN] = {(uint8_t)(tpid >> 8), (uint8_t)tpid,
                                       (uint8_t)(aux.tp_vlan_tci >> 8), (uint8_t)aux.tp_vlan_tci};

        *data -= VLAN_LEN;
        *len += VLAN_LEN;
        memmove(*data, *data + VLAN_LEN, ADDRESSES_LEN);
        memcpy(*data + ADDRESSES_LEN, tag, VLAN_LEN);
        return;
    }
}

/* Receives one frame into |room|; returns false if there is none, or none of use. */
static bool receive_one(struct packet_port *packet, uint8_t *room, struct toe_frame *frame)
{
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
    struct virtio_net_hdr header;
    struct iovec iov[2] = {{&header, sizeof(header)},
                           {room + HEADROOM, EMU_ARENA_FRAME_MAX - HEADROOM}};
    struct msghdr msg = {
        .msg_iov = iov, .msg_iovlen = 2, .msg_control = control, .msg_controllen = sizeof(control)};
    const ssize_t received = recvmsg(packet->port.fd, &msg, MSG_DONTWAIT);
    uint8_t *data = room + HEADROOM;
    uint32_t len;

    if (received < 0) {
        packet->has_more = false;
        if (errno != EAGAIN && errno != EINTR) {
            packet->port.stats.in_errors++;
            packet->link_next = 0; /* the link went down, most likely */
        }
        return false;
    }
    len = (uint32_t)received - (uint32_t)sizeof(header);
    if (received < (ssize_t)sizeof(header) + ETH_HLEN || (msg.msg_flags & MSG_TRUNC) != 0) {
        packet->port.stats.in_errors++;
        return false;
    }
    restore_tag(&data, &len, &msg);

    *frame = (struct toe_frame){.data = data, .len = len};
    if (!emu_vnet_parse(frame, &header)) {
        packet->port.stats.in_errors++;
        return false;
    }
    if (data != room + HEADROOM) {
        frame->csum_start = (uint16_t)(frame->csum_start + VLAN_LEN);
    }
    emu_arena_put(&packet->arena, frame);
    return true;
}

/*
 * Finishes what the reader does not accept. Returns false if there is no frame to hand out: it is
 * of no use, or it became a super-segment to cut.
 */
static bool finish(struct packet_port *packet, struct toe_frame *frame)
{
    struct emu_port *port = &packet->port;

    if (frame->gso != TOE_GSO_NONE && (port->accept & TOE_WIRE_TSO) == 0) {
        packet->cutting = emu_gso_begin(&packet->gso, frame);
        port->stats.in_split += packet->cutting ? 1 : 0;
        port->stats.in_errors += packet->cutting ? 0 : 1;
        return false;
    }
    if ((frame->flags & TOE_FRAME_CSUM_PARTIAL) != 0 && (port->accept & TOE_WIRE_CSUM) == 0) {
        if (!emu_gso_checksum((uint8_t *)(uintptr_t)frame->data, frame->len, frame->csum_start,
                              frame->csum_off)) {
            port->stats.in_errors++;
            return false;
        }
        frame->flags = TOE_FRAME_CSUM_VALID;
        port->stats.in_finished++;
    }
    return true;
}

/* Cuts frames until the super-segment, |frames| or the scratch area is at its end. */
static uint32_t cut(struct packet_port *packet, struct toe_frame *frames, uint32_t max,
                    uint32_t *scratch_used)
{
    uint32_t cnt = 0;

    while (cnt < max && *scratch_used + emu_gso_frame_max(&packet->gso) <= SCRATCH_SIZE) {
        uint8_t *out = packet->scratch + *scratch_used;
        const uint32_t len = emu_gso_next(&packet->gso, out);

        if (len == 0) {
            packet->cutting = false;
            break;
        }
        frames[cnt++] = (struct toe_frame){.data = out, .len = len, .flags = TOE_FRAME_CSUM_VALID};
        *scratch_used += len;
    }
    return cnt;
}

static uint32_t receive(void *wire, struct toe_frame *frames, uint32_t max)
{
    struct packet_port *packet = wire;
    uint32_t scratch_used = 0;
    uint32_t cnt = 0;

    if (!packet->cutting) {
        emu_arena_begin(&packet->arena);
    }
    packet->has_more = true;
    while (cnt < max && packet->has_more) {
        struct toe_frame frame;
        uint8_t *room;

        if (packet->cutting) {
            cnt += cut(packet, frames + cnt, max - cnt, &scratch_used);
            if (packet->cutting) {
                break; /* the rest is for the next call */
            }
            continue;
        }
        room = emu_arena_room(&packet->arena);
        if (room == NULL) {
            break;
        }
        if (receive_one(packet, room, &frame) && finish(packet, &frame)) {
            frames[cnt++] = frame;
        }
    }
    for (uint32_t i = 0; i < cnt; ++i) {
        packet->port.stats.in_bytes += frames[i].len;
    }
    packet->port.stats.in_frames += cnt;
    return cnt;
}

/* --- sending --- */

/* The frames of one sendmmsg(). */
struct batch {
    struct mmsghdr msgs[SEND_CNT];
    struct virtio_net_hdr headers[SEND_CNT];
    struct iovec iov[IOV_CNT];
    uint32_t cnt;
    uint32_t iov_cnt;
};

static void send_batch(struct packet_port *packet, struct batch *batch)
{
    uint32_t done = 0;

    while (done < batch->cnt) {
        const int sent =
            sendmmsg(packet->port.fd, batch->msgs + done, batch->cnt - done, MSG_DONTWAIT);

        if (sent > 0) {
            for (uint32_t i = done; i < done + (uint32_t)sent; ++i) {
                packet->port.stats.out_bytes += batch->msgs[i].msg_len - sizeof(batch->headers[0]);
            }
            packet->port.stats.out_frames += (uint32_t)sent;
            done += (uint32_t)sent;
        } else if (errno != EINTR) {
            packet->port.stats.out_lost++;
            done++;
        }
    }
    batch->cnt = 0;
    batch->iov_cnt = 0;
}

static void add_to_batch(struct batch *batch, const struct toe_frame *frame)
{
    struct iovec *iov = batch->iov + batch->iov_cnt;
    struct virtio_net_hdr *header = &batch->headers[batch->cnt];

    emu_vnet_build(header, frame);
    iov[0] = (struct iovec){header, sizeof(*header)};
    iov[1] = (struct iovec){(void *)(uintptr_t)frame->data, frame->len};
    for (uint32_t i = 0; i < frame->more_cnt; ++i) {
        iov[2 + i] = (struct iovec){(void *)(uintptr_t)frame->more[i].base, frame->more[i].len};
    }
    batch->msgs[batch->cnt].msg_hdr =
        (struct msghdr){.msg_iov = iov, .msg_iovlen = 2 + frame->more_cnt};
    batch->iov_cnt += 2 + frame->more_cnt;
    batch->cnt++;
}

static void transmit(void *wire, const struct toe_frame *frames, uint32_t cnt)
{
    struct packet_port *packet = wire;
    struct batch batch;

    batch.cnt = 0;
    batch.iov_cnt = 0;
    for (uint32_t i = 0; i < cnt; ++i) {
        const uint32_t pieces = 2 + frames[i].more_cnt;

        if (pieces > IOV_CNT) {
            packet->port.stats.out_lost++;
            continue;
        }
        if (batch.cnt == SEND_CNT || batch.iov_cnt + pieces > IOV_CNT) {
            send_batch(packet, &batch);
        }
        add_to_batch(&batch, &frames[i]);
    }
    send_batch(packet, &batch);
}

/* --- the link --- */

static bool link_up(void *wire)
{
    const struct packet_port *packet = wire;

    return packet->carrier;
}

static void tick(struct emu_port *port, toe_instant now)
{
    struct packet_port *packet = (struct packet_port *)port;
    struct emu_adapter adapter;
    struct emu_error error;

    if (now < packet->link_next || port->ended) {
        return;
    }
    packet->link_next = now + LINK_CHECK_MS * TOE_NS_PER_MS;
    if (emu_adapter_get(&adapter, port->name, &error)) {
        packet->carrier = adapter.carrier;
    } else {
        packet->carrier = false;
        port->ended = true;
        emu_error_set(&port->error, EMU_EXIT_ENVIRONMENT, "interface \"%s\" has gone away",
                      port->name);
    }
}

static toe_instant deadline(const struct emu_port *port)
{
    const struct packet_port *packet = (const struct packet_port *)port;

    return packet->has_more ? 0 : TOE_INSTANT_NEVER;
}

/* --- opening and closing --- */

/*
 * Takes frames for |mac| and for groups; everything else on the interface is the kernel's, as is
 * what it sends there: sockets that share are told of that whatever PACKET_IGNORE_OUTGOING says.
 */
static bool attach_filter(int fd, const uint8_t mac[TOE_MAC_LEN])
{
    const uint32_t high =
        ((uint32_t)mac[0] << 24) | ((uint32_t)mac[1] << 16) | ((uint32_t)mac[2] << 8) | mac[3];
    const uint32_t low = ((uint32_t)mac[4] << 8) | mac[5];
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 7, 0),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 4, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, high, 0, 3),
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, low, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    const struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0;
}

/* Takes nothing, for the time until a socket shares: before, it would get what others get. */
static bool attach_nothing(int fd)
{
    struct sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
    const struct sock_fprog program = {.len = 1, .filter = code};

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0;
}

static void enlarge_buffers(int fd)
{
    const int size = SOCKET_BUFFER;

    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    }
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) != 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    }
}

/*
 * Filter and options come before bind(), so that no stray frame is in the queue. |mac| is NULL if
 * the filter comes later.
 */
static bool configure(int fd, const struct emu_adapter *adapter, const uint8_t *mac)
{
    const int on = 1;
    const struct packet_mreq member = {.mr_ifindex = adapter->index, .mr_type = PACKET_MR_PROMISC};
    const struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = adapter->index};

    enlarge_buffers(fd);
    (void)setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on));
    return setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) == 0 &&
           setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) == 0 &&
           setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &member, sizeof(member)) == 0 &&
           (mac != NULL ? attach_filter(fd, mac) : attach_nothing(fd)) &&
           bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
}

static int open_socket(const struct emu_adapter *adapter, const char *name, const uint8_t *mac,
                       struct emu_error *error)
{
    const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0 && (errno == EPERM || errno == EACCES)) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "a raw socket on \"%s\" needs CAP_NET_RAW; run as root, or in a network of "
                      "your own inside `unshare -Urn`",
                      name);
        return -1;
    }
    if (fd < 0) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot open a raw socket: %s", strerror(errno));
        return -1;
    }
    if (!configure(fd, adapter, mac)) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot set up the raw socket on \"%s\": %s",
                      name, strerror(errno));
        (void)close(fd);
        return -1;
    }
    return fd;
}

static void free_packet(struct packet_port *packet)
{
    emu_arena_fini(&packet->arena);
    free(packet->scratch);
    free(packet);
}

static void close_packet(struct emu_port *port)
{
    struct packet_port *packet = (struct packet_port *)port;

    (void)close(port->fd);
    free_packet(packet);
}

static struct packet_port *make_packet(void)
{
    struct packet_port *packet = calloc(1, sizeof(*packet));

    if (packet == NULL) {
        return NULL;
    }
    packet->scratch = malloc(SCRATCH_SIZE);
    if (!emu_arena_init(&packet->arena) || packet->scratch == NULL) {
        free_packet(packet);
        return NULL;
    }
    return packet;
}

/* |is_shared|: without a filter so far. */
static struct emu_port *open_packet(const char *interface, const uint8_t *mac, bool is_shared,
                                    struct emu_error *error)
{
    struct emu_adapter info;
    struct packet_port *packet;

    if (!emu_adapter_get_up(&info, interface, error)) {
        return NULL;
    }
    packet = make_packet();
    if (packet == NULL) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "no memory for a port");
        return NULL;
    }
    if (mac != NULL) {
        memcpy(packet->port.mac, mac, TOE_MAC_LEN);
    } else {
        emu_port_mac_derive(packet->port.mac, info.mac);
    }
    packet->port.fd = open_socket(&info, interface, is_shared ? NULL : packet->port.mac, error);
    if (packet->port.fd < 0) {
        free_packet(packet);
        return NULL;
    }
    packet->carrier = info.carrier;
    packet->port.mtu = info.mtu;
    (void)snprintf(packet->port.name, sizeof(packet->port.name), "%s", interface);
    packet->port.ops =
        (struct toe_wire_ops){.size = sizeof(struct toe_wire_ops),
                              .features = TOE_WIRE_CSUM | TOE_WIRE_TSO | TOE_WIRE_GATHER,
                              .receive = receive,
                              .transmit = transmit,
                              .link_up = link_up};
    packet->port.tick = tick;
    packet->port.deadline = deadline;
    packet->port.close = close_packet;
    return &packet->port;
}

struct emu_port *emu_port_packet_open(const char *interface, const uint8_t *mac,
                                      struct emu_error *error)
{
    return open_packet(interface, mac, false, error);
}

/* --- several that share --- */

/* The first one gets a number for the group, which the others join. */
static bool join(int fd, int first)
{
    struct sock_filter code[EMU_STEERING_PROGRAM_MAX];
    const struct sock_fprog program = {.len = emu_steering_program(code), .filter = code};
    uint32_t group = (PACKET_FANOUT_CBPF | PACKET_FANOUT_FLAG_UNIQUEID) << 16;
    socklen_t len = sizeof(group);

    if (fd == first) {
        return setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &group, sizeof(group)) == 0 &&
               setsockopt(fd, SOL_PACKET, PACKET_FANOUT_DATA, &program, sizeof(program)) == 0;
    }
    return getsockopt(first, SOL_PACKET, PACKET_FANOUT, &group, &len) == 0 &&
           setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &group, sizeof(group)) == 0;
}

static bool share(struct emu_port *const ports[], uint32_t cnt)
{
    for (uint32_t i = 0; i < cnt; ++i) {
        if (!join(ports[i]->fd, ports[0]->fd)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < cnt; ++i) {
        if (!attach_filter(ports[i]->fd, ports[i]->mac)) {
            return false;
        }
    }
    return true;
}

bool emu_port_packet_open_queues(struct emu_port *ports[], uint32_t cnt, const char *interface,
                                 const uint8_t *mac, struct emu_error *error)
{
    uint32_t opened = 0;

    while (opened < cnt && (ports[opened] = open_packet(interface, mac, cnt > 1, error)) != NULL) {
        ++opened;
    }
    if (opened == cnt && (cnt == 1 || share(ports, cnt))) {
        return true;
    }
    if (opened == cnt) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "\"%s\" cannot have %u queues on this kernel: %s; take one", interface, cnt,
                      strerror(errno));
    }
    while (opened > 0) {
        emu_port_close(ports[--opened]);
        ports[opened] = NULL;
    }
    return false;
}
