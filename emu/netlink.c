/* SPDX-License-Identifier: MIT */
#include "netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { OPERSTATE_UNKNOWN = 0, OPERSTATE_UP = 6 }; /* RFC 2863 */

/* A request under construction; the attributes of the kernel's answer are not of interest. */
struct request {
    _Alignas(struct nlmsghdr) uint8_t bytes[1024];
    struct nlmsghdr *header;
};

static void *request_init(struct request *request, uint16_t type, uint16_t flags, size_t extra_len)
{
    request->header = mnl_nlmsg_put_header(request->bytes);
    request->header->nlmsg_type = type;
    request->header->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
    request->header->nlmsg_seq = 1;
    return mnl_nlmsg_put_extra_header(request->header, extra_len);
}

/* Sends |request| and has |on_answer| look at the answer; returns 0 or the error, as in errno. */
static int request_ask(const struct request *request, mnl_cb_t on_answer, void *user)
{
    struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    uint8_t answer[8192];
    ssize_t len;
    int result = -1;

    if (socket == NULL) {
        return errno;
    }
    if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) == 0 &&
        mnl_socket_sendto(socket, request->header, request->header->nlmsg_len) >= 0 &&
        (len = mnl_socket_recvfrom(socket, answer, sizeof(answer))) > 0) {
        result = mnl_cb_run(answer, (size_t)len, 1, mnl_socket_get_portid(socket), on_answer, user);
    }
    result = result < 0 ? errno : 0;
    (void)mnl_socket_close(socket);
    return result;
}

static int request_send(const struct request *request)
{
    return request_ask(request, NULL, NULL);
}

static bool explain(struct emu_error *error, const char *what, const char *name, int code)
{
    if (code == 0) {
        return true;
    }
    emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot %s \"%s\": %s%s", what, name, strerror(code),
                  code == EPERM        ? "; it needs CAP_NET_ADMIN, as inside `unshare -Urn`"
                  : code == EOPNOTSUPP ? "; the kernel has no support for it"
                                       : "");
    return false;
}

bool emu_netlink_veth_add(const char *name, const char *peer_name, pid_t peer_pid,
                          struct emu_error *error)
{
    struct request request;
    struct ifinfomsg *info =
        request_init(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
    struct nlattr *link_info;
    struct nlattr *data;
    struct nlattr *peer;

    info->ifi_family = AF_UNSPEC;
    mnl_attr_put_strz(request.header, IFLA_IFNAME, name);
    link_info = mnl_attr_nest_start(request.header, IFLA_LINKINFO);
    mnl_attr_put_strz(request.header, IFLA_INFO_KIND, "veth");
    data = mnl_attr_nest_start(request.header, IFLA_INFO_DATA);
    peer = mnl_attr_nest_start(request.header, VETH_INFO_PEER);
    (void)mnl_nlmsg_put_extra_header(request.header, sizeof(struct ifinfomsg));
    mnl_attr_put_strz(request.header, IFLA_IFNAME, peer_name);
    if (peer_pid != 0) {
        mnl_attr_put_u32(request.header, IFLA_NET_NS_PID, (uint32_t)peer_pid);
    }
    mnl_attr_nest_end(request.header, peer);
    mnl_attr_nest_end(request.header, data);
    mnl_attr_nest_end(request.header, link_info);
    return explain(error, "create the veth", name, request_send(&request));
}

/* A request about the link |name|. */
static struct ifinfomsg *request_link(struct request *request, const char *name)
{
    struct ifinfomsg *info = request_init(request, RTM_NEWLINK, 0, sizeof(struct ifinfomsg));

    info->ifi_family = AF_UNSPEC;
    mnl_attr_put_strz(request->header, IFLA_IFNAME, name);
    return info;
}

bool emu_netlink_up(const char *name, uint32_t mtu, struct emu_error *error)
{
    struct request request;
    struct ifinfomsg *info = request_link(&request, name);

    info->ifi_flags = IFF_UP;
    info->ifi_change = IFF_UP;
    if (mtu != 0) {
        mnl_attr_put_u32(request.header, IFLA_MTU, mtu);
    }
    return explain(error, "bring up interface", name, request_send(&request));
}

bool emu_netlink_mac_set(const char *name, const uint8_t mac[TOE_MAC_LEN], struct emu_error *error)
{
    struct request request;

    (void)request_link(&request, name);
    mnl_attr_put(request.header, IFLA_ADDRESS, TOE_MAC_LEN, mac);
    return explain(error, "give an Ethernet address to", name, request_send(&request));
}

bool emu_netlink_queue_set(const char *name, uint32_t frames, struct emu_error *error)
{
    struct request request;

    (void)request_link(&request, name);
    mnl_attr_put_u32(request.header, IFLA_TXQLEN, frames);
    return explain(error, "set the queue of", name, request_send(&request));
}

static int read_tun(const struct nlattr *attr, void *user)
{
    uint32_t *queues = user;

    if (mnl_attr_get_type(attr) == IFLA_TUN_NUM_QUEUES) {
        *queues = mnl_attr_get_u32(attr);
    }
    return MNL_CB_OK;
}

static int read_link_info(const struct nlattr *attr, void *user)
{
    return mnl_attr_get_type(attr) == IFLA_INFO_DATA ? mnl_attr_parse_nested(attr, read_tun, user)
                                                     : MNL_CB_OK;
}

static int read_link(const struct nlattr *attr, void *user)
{
    return mnl_attr_get_type(attr) == IFLA_LINKINFO
               ? mnl_attr_parse_nested(attr, read_link_info, user)
               : MNL_CB_OK;
}

static int read_queues(const struct nlmsghdr *header, void *user)
{
    (void)mnl_attr_parse(header, sizeof(struct ifinfomsg), read_link, user);
    return MNL_CB_STOP;
}

uint32_t emu_netlink_tap_queues(const char *name)
{
    struct request request;
    struct ifinfomsg *info = request_init(&request, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
    uint32_t queues = 0;

    info->ifi_family = AF_UNSPEC;
    mnl_attr_put_strz(request.header, IFLA_IFNAME, name);
    (void)request_ask(&request, read_queues, &queues);
    return queues;
}

static int read_attribute(const struct nlattr *attr, void *user)
{
    uint8_t *state = user;

    if (mnl_attr_get_type(attr) == IFLA_OPERSTATE) {
        *state = mnl_attr_get_u8(attr);
    }
    return MNL_CB_OK;
}

static int read_state(const struct nlmsghdr *header, void *user)
{
    (void)mnl_attr_parse(header, sizeof(struct ifinfomsg), read_attribute, user);
    return MNL_CB_STOP;
}

bool emu_netlink_await(const char *name, uint32_t limit_ms)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    uint8_t state = OPERSTATE_UNKNOWN;

    for (uint32_t waited = 0; waited < limit_ms; ++waited) {
        struct request request;
        struct ifinfomsg *info = request_init(&request, RTM_GETLINK, 0, sizeof(struct ifinfomsg));

        info->ifi_family = AF_UNSPEC;
        mnl_attr_put_strz(request.header, IFLA_IFNAME, name);
        if (request_ask(&request, read_state, &state) != 0 || state == OPERSTATE_UP) {
            break;
        }
        (void)nanosleep(&pause, NULL);
    }
    return state == OPERSTATE_UP;
}

bool emu_netlink_address_add(const char *name, const struct toe_addr *addr, uint8_t prefix_len,
                             struct emu_error *error)
{
    struct request request;
    struct ifaddrmsg *info =
        request_init(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifaddrmsg));
    const size_t len = addr->family == 6 ? 16 : 4;

    info->ifa_family = addr->family == 6 ? AF_INET6 : AF_INET;
    info->ifa_prefixlen = prefix_len;
    info->ifa_flags = addr->family == 6 ? IFA_F_NODAD : 0;
    info->ifa_scope = RT_SCOPE_UNIVERSE;
    info->ifa_index = if_nametoindex(name);
    if (info->ifa_index == 0) {
        return explain(error, "give an address to", name, errno);
    }
    mnl_attr_put(request.header, IFA_LOCAL, len, addr->bytes);
    mnl_attr_put(request.header, IFA_ADDRESS, len, addr->bytes);
    return explain(error, "give an address to", name, request_send(&request));
}

void emu_netlink_ipv6_off(const char *name)
{
    char path[96];
    int fd;

    (void)snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", name);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        (void)!write(fd, "1", 1);
        (void)close(fd);
    }
}

/* Sets the one-number ethtool feature |command| to 0. A feature the interface lacks is off. */
static int switch_off(int fd, const char *name, uint32_t command)
{
    struct ethtool_value value = {.cmd = command, .data = 0};
    struct ifreq req = {.ifr_data = (char *)&value};

    memcpy(req.ifr_name, name, strlen(name));
    return ioctl(fd, SIOCETHTOOL, &req) == 0 || errno == EOPNOTSUPP ? 0 : errno;
}

bool emu_netlink_offloads_off(const char *name, struct emu_error *error)
{
    static const uint32_t commands[] = {ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO, ETHTOOL_STXCSUM};
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int code = 0;

    if (fd < 0 || strlen(name) >= IFNAMSIZ) {
        code = fd < 0 ? errno : ENODEV;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]) && code == 0; ++i) {
        code = switch_off(fd, name, commands[i]);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return explain(error, "switch off the offloads of", name, code);
}
