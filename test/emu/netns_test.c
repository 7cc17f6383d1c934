/* SPDX-License-Identifier: MIT */
/*
 * Ports and namespaces against the kernel itself, in a private network: needs no root, and is
 * skipped where not even that is allowed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/capability.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emu/adapter.h"
#include "emu/bytes.h"
#include "emu/examine.h"
#include "emu/gso.h"
#include "emu/netlink.h"
#include "emu/netns.h"
#include "emu/port.h"
#include "emu/pump.h"

enum { SKIPPED = 77, WAIT_MS = 2000 };

static struct emu_error error;

#define ASSERT_OK(call)                                                                            \
    do {                                                                                           \
        if (!(call)) {                                                                             \
            fail_msg("%s: %s", #call, error.text);                                                 \
        }                                                                                          \
    } while (0)

/* --- helpers --- */

/* Makes the veth pair |a|, |b|, both up, here. */
static void make_veth(const char *a, const char *b, bool offloads)
{
    ASSERT_OK(emu_netlink_veth_add(a, b, 0, &error));
    if (!offloads) {
        ASSERT_OK(emu_netlink_offloads_off(a, &error));
        ASSERT_OK(emu_netlink_offloads_off(b, &error));
    }
    emu_netlink_ipv6_off(a);
    emu_netlink_ipv6_off(b);
    ASSERT_OK(emu_netlink_up(a, 0, &error));
    ASSERT_OK(emu_netlink_up(b, 0, &error));
    assert_true(emu_netlink_await(a, WAIT_MS) && emu_netlink_await(b, WAIT_MS));
}

/* Receives one frame that is for |port| alone; false if none comes in time. */
static bool receive_one(struct emu_port *port, struct toe_frame *frame)
{
    for (int i = 0; i < 20; ++i) {
        struct pollfd waiter = {.fd = port->fd, .events = POLLIN};

        if (emu_port_deadline(port) != 0 && poll(&waiter, 1, WAIT_MS / 20) <= 0) {
            continue;
        }
        emu_port_tick(port, emu_pump_now());
        while (port->ops.receive(port, frame, 1) == 1) {
            if (memcmp(frame->data, port->mac, TOE_MAC_LEN) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void address_frame(uint8_t *data, const struct emu_port *to, const struct emu_port *from)
{
    memcpy(data, to->mac, TOE_MAC_LEN);
    memcpy(data + TOE_MAC_LEN, from->mac, TOE_MAC_LEN);
    data[12] = 0x88; /* local experimental */
    data[13] = 0xb5;
}

/* Frames of every kind of length go from |a| to |b| unchanged, also in pieces. */
static void check_link(struct emu_port *a, struct emu_port *b)
{
    for (uint32_t len = 60; len <= 1514; len += 97) {
        uint8_t data[1514];
        const struct toe_iov more[2] = {{data + 20, 5}, {data + 25, len - 25}};
        const struct toe_frame pieces = {.data = data, .len = 20, .more_cnt = 2, .more = more};
        const struct toe_frame whole = {.data = data, .len = len};
        struct toe_frame got;

        for (uint32_t i = 0; i < len; ++i) {
            data[i] = (uint8_t)(i * 5 + len);
        }
        address_frame(data, b, a);
        a->ops.transmit(a, len % 2 == 0 ? &pieces : &whole, 1);
        assert_true(receive_one(b, &got));
        assert_int_equal(got.len, len);
        assert_memory_equal(got.data, data, len);
    }
}

/* --- ports --- */

/* Two raw sockets at the ends of a veth hear each other, and not themselves. */
static void test_packet_ports_hear_each_other(void **state)
{
    struct emu_port *a;
    struct emu_port *b;
    struct toe_frame frame;
    struct emu_adapter adapter;

    (void)state;
    make_veth("pa", "pb", false);
    ASSERT_OK((a = emu_port_packet_open("pa", NULL, &error)) != NULL);
    ASSERT_OK((b = emu_port_packet_open("pb", NULL, &error)) != NULL);
    ASSERT_OK(emu_adapter_get(&adapter, "pa", &error));
    assert_memory_not_equal(a->mac, adapter.mac, TOE_MAC_LEN);
    assert_int_equal(a->mac[0] & 3, 2);
    assert_int_equal(a->mtu, 1500);
    check_link(a, b);
    check_link(b, a);
    assert_int_equal(a->ops.receive(a, &frame, 1), 0);
    assert_int_equal(a->stats.out_lost + b->stats.in_errors, 0);
    emu_port_close(a);
    emu_port_close(b);
}

/* A frame with a VLAN tag keeps it, though the kernel takes it out on the way. */
static void test_packet_port_keeps_tags(void **state)
{
    static const uint8_t tag[4] = {0x81, 0x00, 0x60, 0x2a};
    uint8_t data[200] = {0};
    const struct toe_frame out = {.data = data, .len = sizeof(data)};
    struct emu_port *a;
    struct emu_port *b;
    struct toe_frame got;

    (void)state;
    make_veth("ta", "tb", false);
    ASSERT_OK((a = emu_port_packet_open("ta", NULL, &error)) != NULL);
    ASSERT_OK((b = emu_port_packet_open("tb", NULL, &error)) != NULL);
    address_frame(data, b, a);
    memmove(data + 16, data + 12, 2);
    memcpy(data + 12, tag, sizeof(tag));
    a->ops.transmit(a, &out, 1);
    assert_true(receive_one(b, &got));
    assert_int_equal(got.len, sizeof(data));
    assert_memory_equal(got.data, data, sizeof(data));
    emu_port_close(a);
    emu_port_close(b);
}

/* Fills in a TCP super-segment of 10,000 bytes over IPv4, its checksum partial. */
static struct toe_frame make_super(uint8_t *data, const struct emu_port *to,
                                   const struct emu_port *from)
{
    static const uint8_t headers[] = {
        0x08, 0x00,                                         /* IPv4 */
        0x45, 0,    0x27, 0x38, 0,  1, 0, 0,   64, 6, 0, 0, /* 10,040 bytes */
        10,   0,    0,    1,    10, 0, 0, 2,                /* from, to */
        0x10, 0,    0x20, 0,    0,  0, 0, 100, 0,  0, 0, 1, /* ports, sequence numbers */
        0x50, 0x18, 0xff, 0xff, 0,  0, 0, 0,                /* PSH ACK */
    };

    address_frame(data, to, from);
    memcpy(data + 12, headers, sizeof(headers));
    for (uint32_t i = 0; i < 10000; ++i) {
        data[54 + i] = (uint8_t)(i ^ (i >> 8));
    }
    return (struct toe_frame){.data = data,
                              .len = 54 + 10000,
                              .csum_start = 34,
                              .csum_off = 16,
                              .gso_size = 1460,
                              .gso = TOE_GSO_TCP4,
                              .flags = TOE_FRAME_CSUM_PARTIAL};
}

/* Super-segments cross a veth with offloads; who takes only frames of the MTU gets those. */
static void test_packet_port_cuts_super_segments(void **state)
{
    static uint8_t data[54 + 10000];
    struct emu_port *a;
    struct emu_port *b;
    struct toe_frame out;
    struct toe_frame got;

    (void)state;
    make_veth("sa", "sb", true);
    ASSERT_OK((a = emu_port_packet_open("sa", NULL, &error)) != NULL);
    ASSERT_OK((b = emu_port_packet_open("sb", NULL, &error)) != NULL);
    out = make_super(data, b, a);

    a->ops.transmit(a, &out, 1);
    for (uint32_t off = 0; off < 10000; off += got.len - 54) {
        assert_true(receive_one(b, &got));
        assert_true(got.len <= 1514);
        assert_int_equal(got.flags, TOE_FRAME_CSUM_VALID);
        assert_memory_equal(got.data + 54, data + 54 + off, got.len - 54);
    }
    assert_int_equal(b->stats.in_split, 1);

    b->accept = TOE_WIRE_CSUM | TOE_WIRE_TSO;
    a->ops.transmit(a, &out, 1);
    assert_true(receive_one(b, &got));
    assert_int_equal(got.len, sizeof(data));
    assert_int_equal(got.gso, TOE_GSO_TCP4);
    assert_int_equal(got.gso_size, 1460);
    assert_int_equal(got.flags, TOE_FRAME_CSUM_PARTIAL);
    assert_int_equal(got.csum_start, 34);
    emu_port_close(a);
    emu_port_close(b);
}

/* Skips the test where AF_XDP is not to be had, which is said, and why. */
static struct emu_port *open_xdp(const char *name)
{
    struct emu_port *port = emu_port_xdp_open(name, NULL, &error);

    if (port == NULL && (strstr(error.text, "CAP_") != NULL || strstr(error.text, "without") ||
                         strstr(error.text, "CONFIG_") != NULL)) {
        assert_int_equal(error.status, EMU_EXIT_ENVIRONMENT);
        print_message("%s: AF_XDP is not tested\n", error.text);
        skip();
    }
    ASSERT_OK(port != NULL);
    return port;
}

/* AF_XDP and a raw socket hear each other; what is for the interface's own address is the kernel's.
 */
static void test_xdp_port_is_heard(void **state)
{
    struct emu_port *a;
    struct emu_port *b;
    struct toe_frame got;
    uint8_t data[60] = {0};
    const struct toe_frame out = {.data = data, .len = sizeof(data)};
    struct emu_adapter adapter;
    uint64_t frames;

    (void)state;
    make_veth("xa", "xb", false);
    a = open_xdp("xa");
    ASSERT_OK((b = emu_port_packet_open("xb", NULL, &error)) != NULL);
    for (int round = 0; round < 100; ++round) { /* more frames than there are chunks to send */
        check_link(a, b);
        check_link(b, a);
    }
    ASSERT_OK(emu_adapter_get(&adapter, "xa", &error));
    frames = a->stats.in_frames;
    address_frame(data, a, b);
    memcpy(data, adapter.mac, TOE_MAC_LEN);
    b->ops.transmit(b, &out, 1);
    memcpy(data, a->mac, TOE_MAC_LEN);
    b->ops.transmit(b, &out, 1);
    assert_true(receive_one(a, &got));
    assert_int_equal(a->stats.in_frames, frames + 1);
    assert_int_equal(a->stats.out_lost + a->stats.in_errors + a->stats.in_lost, 0);

    assert_null(emu_port_xdp_open("xa", NULL, &error));
    assert_int_equal(error.status, EMU_EXIT_ENVIRONMENT);
    emu_port_close(a);
    a = open_xdp("xa"); /* nothing of the first one is left */
    emu_port_close(a);
    emu_port_close(b);
}

/*
 * Super-segments are cut for AF_XDP, a hundred of them at once. One that comes is put together, and
 * whether its checksum is finished is found out.
 */
static void test_xdp_port_cuts_and_gathers(void **state)
{
    static uint8_t data[54 + 10000];
    struct toe_frame out[100];
    struct emu_port *a;
    struct emu_port *b;
    struct toe_frame got;

    (void)state;
    make_veth("ya", "yb", true);
    a = open_xdp("ya");
    ASSERT_OK((b = emu_port_packet_open("yb", NULL, &error)) != NULL);
    out[0] = make_super(data, b, a);
    for (int i = 1; i < 100; ++i) {
        out[i] = out[0];
    }
    a->ops.transmit(a, out, 100);
    for (int i = 0; i < 100; ++i) {
        for (uint32_t off = 0; off < 10000; off += got.len - 54) {
            assert_true(receive_one(b, &got));
            assert_true(got.len <= 1514);
            assert_true(emu_examine(&got, 1500));
            assert_int_equal(got.flags, TOE_FRAME_CSUM_VALID);
            assert_memory_equal(got.data + 54, data + 54 + off, got.len - 54);
        }
    }
    assert_int_equal(a->stats.out_lost, 0);

    a->accept = TOE_WIRE_CSUM | TOE_WIRE_TSO;
    out[0] = make_super(data, a, b);
    emu_put16(data + 50, (uint16_t)~emu_csum(emu_sum(6 + 10020, data + 26, 8)));
    b->ops.transmit(b, out, 1);
    emu_port_tick(a, emu_pump_now());
    if (receive_one(a, &got)) {
        assert_int_equal(got.len, sizeof(data));
        assert_int_equal(got.gso, TOE_GSO_TCP4);
        assert_int_equal(got.gso_size, 1460);
        assert_int_equal(got.flags, TOE_FRAME_CSUM_PARTIAL);
        assert_int_equal(got.csum_start, 34);
        assert_memory_equal(got.data, data, sizeof(data));
    } else { /* a kernel that knows no pieces */
        emu_port_tick(a, emu_pump_now() + TOE_NS_PER_SEC);
        assert_int_equal(a->stats.in_lost, 1);
    }
    emu_port_close(a);
    emu_port_close(b);
}

/* libpcap on a veth does what a raw socket does. */
static void test_pcap_ports_hear_each_other(void **state)
{
    struct emu_port *a;
    struct emu_port *b;

    (void)state;
    make_veth("la", "lb", false);
    ASSERT_OK((a = emu_port_pcap_open("la", NULL, &error)) != NULL);
    ASSERT_OK((b = emu_port_pcap_open("lb", NULL, &error)) != NULL);
    check_link(a, b);
    check_link(b, a);
    emu_port_close(a);
    emu_port_close(b);
}

/* The kernel at the other end of a TAP answers our ARP; the interface goes with the port. */
static void test_tap_port_reaches_the_kernel(void **state)
{
    static const struct toe_addr addr = {.family = 4, .bytes = {10, 77, 0, 1}};
    static const uint8_t request[] = {0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1};
    uint8_t data[60] = {0};
    const struct toe_frame out = {.data = data, .len = sizeof(data)};
    struct emu_port *tap;
    struct toe_frame got;

    (void)state;
    tap = emu_port_tap_open(&(struct emu_tap_settings){.name = "tap7"}, &error);
    if (tap == NULL && strstr(error.text, "/dev/net/tun") != NULL) {
        print_message("%s: TAP ports are not tested\n", error.text);
        skip();
    }
    ASSERT_OK(tap != NULL);
    assert_string_equal(tap->name, "tap7");
    ASSERT_OK(emu_netlink_address_add("tap7", &addr, 24, &error));

    memset(data, 0xff, TOE_MAC_LEN);
    memcpy(data + 6, tap->mac, TOE_MAC_LEN);
    memcpy(data + 12, request, sizeof(request));
    memcpy(data + 22, tap->mac, TOE_MAC_LEN);
    memcpy(data + 28, "\x0a\x4d\x00\x02", 4);
    memcpy(data + 38, addr.bytes, 4);
    tap->ops.transmit(tap, &out, 1);
    assert_true(receive_one(tap, &got));
    assert_memory_equal(got.data + 12, "\x08\x06", 2);
    assert_int_equal(got.data[21], 2); /* a reply */
    assert_memory_equal(got.data + 28, addr.bytes, 4);

    assert_null(emu_port_tap_open(&(struct emu_tap_settings){.name = "tap7"}, &error));
    assert_non_null(strstr(error.text, "in use"));
    emu_port_close(tap);
    assert_int_equal(if_nametoindex("tap7"), 0);
}

/* A persistent TAP is there after its port, for the next one, which is asked not to persist. */
static void test_tap_port_persists(void **state)
{
    struct emu_tap_settings settings = {
        .name = "tap8", .mac = (const uint8_t[]){2, 0, 0, 0, 0, 8}, .mtu = 1400, .persist = true};
    struct emu_port *tap = emu_port_tap_open(&settings, &error);
    unsigned int index;

    (void)state;
    if (tap == NULL && strstr(error.text, "/dev/net/tun") != NULL) {
        skip();
    }
    ASSERT_OK(tap != NULL);
    assert_int_equal(tap->mtu, 1400);
    index = if_nametoindex("tap8");
    emu_port_close(tap);
    assert_int_equal(if_nametoindex("tap8"), index);

    settings.persist = false;
    ASSERT_OK((tap = emu_port_tap_open(&settings, &error)) != NULL);
    assert_int_equal(if_nametoindex("tap8"), index);
    emu_port_close(tap);
    assert_int_equal(if_nametoindex("tap8"), 0);
}

/* Takes frames until one holds a UDP datagram over IPv4. */
static bool receive_udp(struct emu_port *port, struct toe_frame *frame)
{
    for (int i = 0; i < 20; ++i) {
        struct pollfd waiter = {.fd = port->fd, .events = POLLIN};

        while (port->ops.receive(port, frame, 1) == 1) {
            if (frame->len >= 42 && frame->data[12] == 8 && frame->data[13] == 0 &&
                frame->data[23] == IPPROTO_UDP) {
                return true;
            }
        }
        (void)poll(&waiter, 1, WAIT_MS / 20);
    }
    return false;
}

/*
 * The kernel leaves the checksum of a UDP datagram unfinished for a port that accepts it, and
 * finishes it for one that does not.
 */
static void test_tap_port_has_the_kernel_leave_work(void **state)
{
    static const struct toe_addr addr = {.family = 4, .bytes = {10, 78, 0, 1}};
    const struct sockaddr_in everybody = {
        .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(0x0a4e00ff)};
    const int on = 1;
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct emu_port *tap = emu_port_tap_open(&(struct emu_tap_settings){.name = "tap6"}, &error);
    struct toe_frame got;

    (void)state;
    if (tap == NULL && strstr(error.text, "/dev/net/tun") != NULL) {
        close(fd);
        skip();
    }
    ASSERT_OK(tap != NULL);
    ASSERT_OK(emu_netlink_address_add("tap6", &addr, 24, &error));
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)), 0);
    for (int i = 0; i < 2; ++i) {
        tap->accept = i == 0 ? 0 : TOE_WIRE_CSUM | TOE_WIRE_TSO;
        emu_port_tick(tap, 0);
        assert_int_equal(
            sendto(fd, "toe", 3, 0, (const struct sockaddr *)&everybody, sizeof(everybody)), 3);
        assert_true(receive_udp(tap, &got));
        assert_int_equal(got.flags & TOE_FRAME_CSUM_PARTIAL, i == 0 ? 0 : TOE_FRAME_CSUM_PARTIAL);
    }
    assert_int_equal(got.csum_start, 34);
    assert_int_equal(got.csum_off, 6);
    emu_port_close(tap);
    close(fd);
}

/* --- what is refused --- */

/* Each error names the interface, the cause and what to do. */
static void test_port_errors_are_explained(void **state)
{
    (void)state;
    assert_null(emu_port_packet_open("nosuch0", NULL, &error));
    assert_int_equal(error.status, EMU_EXIT_USAGE);
    assert_non_null(strstr(error.text, "no interface \"nosuch0\""));
    assert_null(emu_port_xdp_open("nosuch0", NULL, &error));
    assert_non_null(strstr(error.text, "xdp") /* built without: the package */
                        ? strstr(error.text, "libxdp-dev")
                        : strstr(error.text, "no interface \"nosuch0\""));
    assert_null(emu_port_pcap_open("nosuch0", NULL, &error));
    assert_non_null(strstr(error.text, "no interface \"nosuch0\""));
    assert_null(emu_port_packet_open("", NULL, &error));
    assert_int_equal(error.status, EMU_EXIT_USAGE);
    assert_null(emu_port_packet_open("much-too-long-a-name", NULL, &error));
    assert_int_equal(error.status, EMU_EXIT_USAGE);
    assert_null(emu_port_packet_open("lo", NULL, &error));
    assert_non_null(strstr(error.text, "not Ethernet"));

    ASSERT_OK(emu_netlink_veth_add("da", "db", 0, &error));
    assert_null(emu_port_packet_open("da", NULL, &error));
    assert_int_equal(error.status, EMU_EXIT_ENVIRONMENT);
    assert_non_null(strstr(error.text, "ip link set da up"));
    assert_null(emu_port_tap_open(&(struct emu_tap_settings){.name = "da"}, &error));
    assert_true(strstr(error.text, "\"da\"") != NULL || strstr(error.text, "/dev/net/tun") != NULL);
}

static bool drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];

    memset(data, 0, sizeof(data));
    return syscall(SYS_capset, &header, data) == 0;
}

/* Without the capability, the remedy is named. In a process of its own, for it gives up all. */
static void test_no_permission_is_explained(void **state)
{
    int status;
    pid_t pid;

    (void)state;
    make_veth("ca", "cb", false);
    pid = fork();
    if (pid == 0) {
        int result = drop_capabilities() ? 0 : 1;

        if (emu_port_packet_open("ca", NULL, &error) != NULL ||
            strstr(error.text, "CAP_NET_RAW") == NULL || error.status != EMU_EXIT_ENVIRONMENT) {
            result |= 2;
        }
        if (emu_port_pcap_open("ca", NULL, &error) != NULL ||
            strstr(error.text, "CAP_NET_RAW") == NULL) {
            result |= 4;
        }
        if (emu_port_xdp_open("ca", NULL, &error) != NULL ||
            (strstr(error.text, "CAP_") == NULL && strstr(error.text, "libxdp-dev") == NULL) ||
            error.status != EMU_EXIT_ENVIRONMENT) {
            result |= 32;
        }
        if (emu_port_tap_open(&(struct emu_tap_settings){.name = "tap9"}, &error) != NULL ||
            error.status != EMU_EXIT_ENVIRONMENT) {
            result |= 8;
        }
        if (emu_netlink_up("ca", 0, &error) || strstr(error.text, "CAP_NET_ADMIN") == NULL) {
            result |= 16;
        }
        _exit(result);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* --- processes --- */

/* A child that says which network it is in, and lives until the control socket ends. */
static int tell_network(int control, void *user)
{
    char text[64] = "";

    (void)user;
    if (readlink("/proc/self/ns/net", text, sizeof(text) - 1) < 0 ||
        write(control, text, sizeof(text)) != sizeof(text)) {
        return 1;
    }
    return read(control, text, sizeof(text)) == 0 ? 42 : 1;
}

/* A spawned process lives in another network, reachable by a veth, and ends when told. */
static void test_spawn_and_reap(void **state)
{
    struct emu_netns_child child;
    char here[64] = "";
    char there[64];

    (void)state;
    ASSERT_OK(emu_netns_spawn(&child, tell_network, NULL, &error));
    assert_true(readlink("/proc/self/ns/net", here, sizeof(here) - 1) > 0);
    assert_int_equal(read(child.control, there, sizeof(there)), sizeof(there));
    assert_string_not_equal(here, there);
    ASSERT_OK(emu_netlink_veth_add("va", "vb", child.pid, &error));
    assert_int_not_equal(if_nametoindex("va"), 0);
    assert_int_equal(if_nametoindex("vb"), 0);
    assert_int_equal(emu_netns_reap(&child, WAIT_MS), 42);
    for (int i = 0; i < 100 && if_nametoindex("va") != 0; ++i) {
        (void)usleep(10000); /* networks are taken down behind the scenes */
    }
    assert_int_equal(if_nametoindex("va"), 0);
}

static int sleep_for_ever(int control, void *user)
{
    char *const argv[] = {(char *)(uintptr_t) "sleep", (char *)(uintptr_t) "1000", NULL};
    pid_t pid = emu_netns_exec(argv, &error);

    (void)user;
    if (write(control, &pid, sizeof(pid)) != sizeof(pid)) {
        return 1;
    }
    for (;;) {
        (void)pause();
    }
}

/* Who starts processes and is killed takes all of them along: children and their programs. */
static void test_children_die_with_their_parent(void **state)
{
    pid_t pids[2] = {0, 0};
    int pair[2];
    pid_t parent;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    parent = fork();
    if (parent == 0) {
        struct emu_netns_child child;

        if (!emu_netns_spawn(&child, sleep_for_ever, NULL, &error)) {
            _exit(1);
        }
        pids[0] = child.pid;
        (void)!read(child.control, &pids[1], sizeof(pids[1]));
        (void)!write(pair[1], pids, sizeof(pids));
        (void)pause();
        _exit(0);
    }
    assert_int_equal(read(pair[0], pids, sizeof(pids)), sizeof(pids));
    assert_true(pids[0] > 0 && pids[1] > 0);
    assert_int_equal(kill(pids[1], 0), 0);
    assert_int_equal(kill(parent, SIGKILL), 0);
    assert_int_equal(waitpid(parent, NULL, 0), parent);
    for (int i = 0; i < 2; ++i) {
        char path[32];
        bool alive = true;

        (void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)pids[i]);
        for (int tries = 0; tries < 200 && alive; ++tries) {
            char text[256];

            alive = readlink(path, text, sizeof(text)) > 0; /* a zombie has none */
            (void)usleep(10000);
        }
        assert_false(alive);
    }
    (void)close(pair[0]);
    (void)close(pair[1]);
}

/* A program that is not there is reported, with no process left. */
static void test_missing_program_is_reported(void **state)
{
    char *const argv[] = {(char *)(uintptr_t) "no-such-program", NULL};

    (void)state;
    assert_int_equal(emu_netns_exec(argv, &error), -1);
    assert_non_null(strstr(error.text, "no-such-program"));
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static int sum_up(void *user)
{
    int numbers[2];

    return read(STDIN_FILENO, numbers, sizeof(numbers)) == sizeof(numbers)
               ? numbers[0] + numbers[1] + *(const int *)user
               : -1;
}

/* A function in a process of its own has the files it is given, and its value is the status. */
static void test_function_runs_as_a_process(void **state)
{
    int more = 3;
    struct emu_netns_program program = {.body = sum_up, .user = &more, .files = {-1, -1, -1}};
    const int numbers[2] = {20, 19};
    int files[2];
    int status;
    pid_t pid;

    (void)state;
    assert_int_equal(pipe(files), 0);
    program.files[0] = files[0];
    pid = emu_netns_start(&program, &error);
    assert_true(pid > 0);
    assert_int_equal(write(files[1], numbers, sizeof(numbers)), sizeof(numbers));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
    (void)close(files[0]);
    (void)close(files[1]);
}

static int end_with(int control, void *user)
{
    char byte;

    (void)user;
    return read(control, &byte, 1) == 0 ? 0 : 1;
}

/* Gathered processes, and what they have started, end with the first; files at a private directory
 * are seen by them only. */
static void test_gathered_processes_end_with_the_first(void **state)
{
    char *const argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",
                          (char *)(uintptr_t) "touch /mnt/seen; sleep 1000", NULL};
    struct emu_netns_child first;
    pid_t pid;
    int status;

    (void)state;
    pid = fork();
    if (pid == 0) {
        if (!emu_netns_gather(&error) || !emu_netns_directory("/mnt", &error)) {
            _exit(SKIPPED);
        }
        if (!emu_netns_spawn(&first, end_with, NULL, &error) || emu_netns_exec(argv, &error) < 0) {
            _exit(1);
        }
        for (int i = 0; i < 1000 && access("/mnt/seen", F_OK) != 0; ++i) {
            (void)usleep(20000);
        }
        if (access("/mnt/seen", F_OK) != 0) {
            _exit(2);
        }
        (void)kill(first.pid, SIGKILL);
        (void)waitpid(-1, &status, 0); /* The program ends before the first is gone. */
        _exit(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 0 : 3);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == SKIPPED) {
        print_message("skipped: no process or mount namespaces\n");
        return;
    }
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_not_equal(access("/mnt/seen", F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packet_ports_hear_each_other),
        cmocka_unit_test(test_packet_port_keeps_tags),
        cmocka_unit_test(test_packet_port_cuts_super_segments),
        cmocka_unit_test(test_xdp_port_is_heard),
        cmocka_unit_test(test_xdp_port_cuts_and_gathers),
        cmocka_unit_test(test_pcap_ports_hear_each_other),
        cmocka_unit_test(test_tap_port_reaches_the_kernel),
        cmocka_unit_test(test_tap_port_persists),
        cmocka_unit_test(test_tap_port_has_the_kernel_leave_work),
        cmocka_unit_test(test_port_errors_are_explained),
        cmocka_unit_test(test_no_permission_is_explained),
        cmocka_unit_test(test_spawn_and_reap),
        cmocka_unit_test(test_children_die_with_their_parent),
        cmocka_unit_test(test_missing_program_is_reported),
        cmocka_unit_test(test_function_runs_as_a_process),
        cmocka_unit_test(test_gathered_processes_end_with_the_first),
    };

    if (!emu_netns_enter(&error)) {
        print_message("skipped: %s\n", error.text);
        return SKIPPED;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
