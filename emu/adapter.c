/* SPDX-License-Identifier: MIT */
#include "adapter.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static bool ask(int fd, unsigned long request, struct ifreq *req, struct emu_error *error)
{
    if (ioctl(fd, request, req) == 0) {
        return true;
    }
    if (errno == ENODEV) {
        emu_error_set(error, EMU_EXIT_USAGE,
                      "there is no interface \"%s\" here; `ip link` lists those there are",
                      req->ifr_name);
    } else {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot ask about interface \"%s\": %s",
                      req->ifr_name, strerror(errno));
    }
    return false;
}

static bool get(int fd, struct emu_adapter *adapter, struct ifreq *req, struct emu_error *error)
{
    if (!ask(fd, SIOCGIFINDEX, req, error)) {
        return false;
    }
    adapter->index = req->ifr_ifindex;
    if (!ask(fd, SIOCGIFFLAGS, req, error)) {
        return false;
    }
    adapter->up = (req->ifr_flags & IFF_UP) != 0;
    adapter->carrier = adapter->up && (req->ifr_flags & IFF_RUNNING) != 0;
    if (!ask(fd, SIOCGIFMTU, req, error)) {
        return false;
    }
    adapter->mtu = (uint32_t)req->ifr_mtu;
    if (!ask(fd, SIOCGIFHWADDR, req, error)) {
        return false;
    }
    if (req->ifr_hwaddr.sa_family != ARPHRD_ETHER) {
        emu_error_set(error, EMU_EXIT_USAGE,
                      "interface \"%s\" is not Ethernet; take one that is, a veth for example",
                      req->ifr_name);
        return false;
    }
    memcpy(adapter->mac, req->ifr_hwaddr.sa_data, TOE_MAC_LEN);
    return true;
}

bool emu_adapter_get(struct emu_adapter *adapter, const char *name, struct emu_error *error)
{
    struct ifreq req = {.ifr_ifindex = 0};
    const size_t len = strlen(name);
    bool ok;
    int fd;

    if (len == 0 || len >= sizeof(req.ifr_name)) {
        emu_error_set(error, EMU_EXIT_USAGE,
                      "there is no interface \"%s\": a name has 1 to %zu characters", name,
                      sizeof(req.ifr_name) - 1);
        return false;
    }
    memcpy(req.ifr_name, name, len);
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot open a socket: %s", strerror(errno));
        return false;
    }
    ok = get(fd, adapter, &req, error);
    (void)close(fd);
    return ok;
}

bool emu_adapter_get_up(struct emu_adapter *adapter, const char *name, struct emu_error *error)
{
    if (!emu_adapter_get(adapter, name, error)) {
        return false;
    }
    if (!adapter->up) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "interface \"%s\" is down; switch it on: ip link set %s up", name, name);
        return false;
    }
    return true;
}
