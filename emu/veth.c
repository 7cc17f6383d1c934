/* SPDX-License-Identifier: MIT */
#include "veth.h"

#include <ifaddrs.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel tells the index of the other end as the first of the driver's statistics. */
static unsigned far_index(int fd, const char *name)
{
    struct ethtool_drvinfo driver = {.cmd = ETHTOOL_GDRVINFO};
    union {
        struct ethtool_stats stats;
        uint64_t room[2 + 512];
    } answer = {.stats = {.cmd = ETHTOOL_GSTATS}};
    struct ifreq request = {.ifr_data = (char *)&driver};

    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    if (ioctl(fd, SIOCETHTOOL, &request) != 0 || strcmp(driver.driver, "veth") != 0 ||
        driver.n_stats == 0 || driver.n_stats > 512) {
        return 0;
    }
    answer.stats.n_stats = driver.n_stats;
    request.ifr_data = (char *)&answer;
    if (ioctl(fd, SIOCETHTOOL, &request) != 0) {
        return 0;
    }
    return (unsigned)answer.stats.data[0];
}

bool emu_veth_far_end(char out[IFNAMSIZ], const char *name)
{
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const unsigned index = fd < 0 ? 0 : far_index(fd, name);
    /* An index means something in its own network only: the far end must name us, too. */
    const bool found = index != 0 && if_indextoname(index, out) != NULL &&
                       far_index(fd, out) == if_nametoindex(name);

    if (fd >= 0) {
        close(fd);
    }
    return found;
}

void emu_veth_addresses(struct toe_addr out[2], const char *name)
{
    struct ifaddrs *list;

    memset(out, 0, 2 * sizeof(*out));
    if (getifaddrs(&list) != 0) {
        return;
    }
    for (const struct ifaddrs *ifa = list; ifa != NULL; ifa = ifa->ifa_next) {
        const struct sockaddr_in *in4 = (const struct sockaddr_in *)(const void *)ifa->ifa_addr;
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)ifa->ifa_addr;

        if (ifa->ifa_addr == NULL || strcmp(ifa->ifa_name, name) != 0) {
            continue;
        }
        if (ifa->ifa_addr->sa_family == AF_INET && out[0].family == 0) {
            out[0].family = 4;
            memcpy(out[0].bytes, &in4->sin_addr, 4);
        }
        if (ifa->ifa_addr->sa_family == AF_INET6 && out[1].family == 0 &&
            !IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr)) {
            out[1].family = 6;
            memcpy(out[1].bytes, &in6->sin6_addr, 16);
        }
    }
    freeifaddrs(list);
}

void emu_veth_address_remove(const char *name, const struct toe_addr *addr, uint8_t prefix_len)
{
    _Alignas(struct nlmsghdr) uint8_t bytes[256];
    struct nlmsghdr *header = mnl_nlmsg_put_header(bytes);
    struct ifaddrmsg *message = mnl_nlmsg_put_extra_header(header, sizeof(*message));
    struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);

    header->nlmsg_type = RTM_DELADDR;
    header->nlmsg_flags = NLM_F_REQUEST;
    message->ifa_family = addr->family == 4 ? AF_INET : AF_INET6;
    message->ifa_prefixlen = prefix_len;
    message->ifa_index = if_nametoindex(name);
    mnl_attr_put(header, IFA_LOCAL, addr->family == 4 ? 4 : 16, addr->bytes);
    if (socket != NULL) {
        (void)mnl_socket_sendto(socket, header, header->nlmsg_len);
        (void)mnl_socket_close(socket);
    }
}
