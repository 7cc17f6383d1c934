/* SPDX-License-Identifier: MIT */
#include "linux/rtnl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

enum {
    BUFFER_LEN = 32768,
    NEWS_KEPT = 1 << 20,  /* bytes that wait in the socket */
    ANSWER_MS_MAX = 1000, /* the kernel answers while it is asked; this is for one that does not */
    REACHABLE = NUD_REACHABLE | NUD_PERMANENT | NUD_NOARP,
    DOUBTED = NUD_STALE | NUD_DELAY | NUD_PROBE,
};

struct emu_rtnl {
    struct mnl_socket *news;
    struct mnl_socket *questions;
    uint32_t seq;
    unsigned int ifindex;
    uint32_t mtu;
    bool is_up;
    bool is_gone;
};

/* A message under construction. */
struct message {
    _Alignas(struct nlmsghdr) uint8_t bytes[512];
    struct nlmsghdr *header;
};

static void *message_init(struct message *message, uint16_t type, uint16_t flags, size_t extra_len)
{
    message->header = mnl_nlmsg_put_header(message->bytes);
    message->header->nlmsg_type = type;
    message->header->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    return mnl_nlmsg_put_extra_header(message->header, extra_len);
}

static uint8_t family_of(const struct toe_addr *addr)
{
    return addr->family == 6 ? AF_INET6 : AF_INET;
}

static size_t len_of(const struct toe_addr *addr)
{
    return addr->family == 6 ? 16 : 4;
}

static void put_address(struct message *message, uint16_t type, const struct toe_addr *addr)
{
    mnl_attr_put(message->header, type, len_of(addr), addr->bytes);
}

/* An address of |family| as the kernel writes it; false if it is none. */
static bool take_address(struct toe_addr *out, uint8_t family, const void *bytes, size_t len)
{
    *out = (struct toe_addr){.family = family == AF_INET6 ? 6 : 4};
    if ((family != AF_INET && family != AF_INET6) || len != len_of(out)) {
        return false;
    }
    memcpy(out->bytes, bytes, len);
    return true;
}

static bool take_attribute(struct toe_addr *out, uint8_t family, const struct nlattr *attr)
{
    return attr != NULL &&
           take_address(out, family, mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
}

/* Attributes of one message, those that are known here. */
enum { ATTRIBUTES = 32 };

struct attributes {
    const struct nlattr *at[ATTRIBUTES];
};

static int on_attribute(const struct nlattr *attr, void *user)
{
    struct attributes *attributes = user;
    const uint16_t type = mnl_attr_get_type(attr);

    if (type < ATTRIBUTES) {
        attributes->at[type] = attr;
    }
    return MNL_CB_OK;
}

static struct attributes parse(const struct nlmsghdr *header, unsigned int extra_len)
{
    struct attributes attributes = {{NULL}};

    (void)mnl_attr_parse(header, extra_len, on_attribute, &attributes);
    return attributes;
}

static bool has_u32(const struct nlattr *attr)
{
    return attr != NULL && mnl_attr_get_payload_len(attr) >= sizeof(uint32_t);
}

/* --- messages of the kernel --- */

static bool parse_neighbor(const struct emu_rtnl *rtnl, const struct nlmsghdr *header,
                           struct emu_rtnl_neighbor *out)
{
    const struct ndmsg *msg = mnl_nlmsg_get_payload(header);
    struct attributes attributes;
    const struct nlattr *mac;

    *out = (struct emu_rtnl_neighbor){.belief = EMU_RTNL_UNKNOWN};
    if (mnl_nlmsg_get_payload_len(header) < sizeof(*msg) ||
        (unsigned int)msg->ndm_ifindex != rtnl->ifindex) {
        return false;
    }
    attributes = parse(header, sizeof(*msg));
    if (!take_attribute(&out->address, msg->ndm_family, attributes.at[NDA_DST])) {
        return false; /* of a bridge, say */
    }
    mac = attributes.at[NDA_LLADDR];
    if (header->nlmsg_type == RTM_DELNEIGH) {
        out->belief = EMU_RTNL_GONE;
    } else if ((msg->ndm_state & NUD_FAILED) != 0) {
        out->belief = EMU_RTNL_FAILED;
    } else if (mac != NULL && mnl_attr_get_payload_len(mac) == TOE_MAC_LEN &&
               (msg->ndm_state & (REACHABLE | DOUBTED)) != 0) {
        memcpy(out->mac, mnl_attr_get_payload(mac), TOE_MAC_LEN);
        out->belief = (msg->ndm_state & REACHABLE) != 0 ? EMU_RTNL_REACHABLE : EMU_RTNL_DOUBTED;
    }
    return true;
}

static bool parse_address(const struct nlmsghdr *header, struct toe_addr *out)
{
    const struct ifaddrmsg *msg = mnl_nlmsg_get_payload(header);
    struct attributes attributes;

    if (mnl_nlmsg_get_payload_len(header) < sizeof(*msg)) {
        return false;
    }
    attributes = parse(header, sizeof(*msg));
    return take_attribute(out, msg->ifa_family, attributes.at[IFA_LOCAL]) ||
           take_attribute(out, msg->ifa_family, attributes.at[IFA_ADDRESS]);
}

/* Which destinations a route is for: without RTA_DST, all. */
static bool parse_prefix(const struct nlmsghdr *header, struct emu_rtnl_news *news)
{
    const struct rtmsg *msg = mnl_nlmsg_get_payload(header);
    struct attributes attributes;

    if (mnl_nlmsg_get_payload_len(header) < sizeof(*msg) ||
        (msg->rtm_family != AF_INET && msg->rtm_family != AF_INET6)) {
        return false;
    }
    attributes = parse(header, sizeof(*msg));
    news->prefix_len = msg->rtm_dst_len;
    if (!take_attribute(&news->address, msg->rtm_family, attributes.at[RTA_DST])) {
        news->address = (struct toe_addr){.family = msg->rtm_family == AF_INET6 ? 6 : 4};
        news->prefix_len = 0;
    }
    return true;
}

static bool is_this_link(const struct emu_rtnl *rtnl, const struct nlmsghdr *header)
{
    const struct ifinfomsg *msg = mnl_nlmsg_get_payload(header);

    return mnl_nlmsg_get_payload_len(header) >= sizeof(*msg) &&
           (unsigned int)msg->ifi_index == rtnl->ifindex && msg->ifi_family == AF_UNSPEC;
}

/* Returns whether something is different. */
static bool parse_link(struct emu_rtnl *rtnl, const struct nlmsghdr *header)
{
    const struct ifinfomsg *msg = mnl_nlmsg_get_payload(header);
    struct attributes attributes;
    uint32_t mtu = rtnl->mtu;
    bool is_up;

    if (!is_this_link(rtnl, header)) {
        return false;
    }
    attributes = parse(header, sizeof(*msg));
    if (has_u32(attributes.at[IFLA_MTU])) {
        mtu = mnl_attr_get_u32(attributes.at[IFLA_MTU]);
    }
    is_up = (msg->ifi_flags & IFF_UP) != 0;
    if (mtu == rtnl->mtu && is_up == rtnl->is_up) {
        return false;
    }
    rtnl->mtu = mtu;
    rtnl->is_up = is_up;
    return true;
}

/* --- questions --- */

struct answer {
    mnl_cb_t take;
    void *user;
    bool is_taken;
};

static int on_answer(const struct nlmsghdr *header, void *user)
{
    struct answer *answer = user;

    (void)answer->take(header, answer->user);
    answer->is_taken = true;
    return MNL_CB_STOP;
}

/* Asks, and has |take| look at the answer; returns whether there was one that is no error. */
static bool ask(struct emu_rtnl *rtnl, struct message *message, mnl_cb_t take, void *user)
{
    struct answer answer = {.take = take, .user = user};
    _Alignas(struct nlmsghdr) uint8_t bytes[BUFFER_LEN];
    const unsigned int port = mnl_socket_get_portid(rtnl->questions);
    ssize_t len;
    int result;

    message->header->nlmsg_seq = ++rtnl->seq;
    if (mnl_socket_sendto(rtnl->questions, message->header, message->header->nlmsg_len) < 0) {
        return false;
    }
    do {
        len = mnl_socket_recvfrom(rtnl->questions, bytes, sizeof(bytes));
        result =
            len <= 0 ? -1 : mnl_cb_run(bytes, (size_t)len, rtnl->seq, port, on_answer, &answer);
        /* What is left of an earlier question, that was given up, is passed over. */
    } while (result < 0 && len > 0 && (errno == EPROTO || errno == ESRCH) && !answer.is_taken &&
             ((const struct nlmsghdr *)(const void *)bytes)->nlmsg_seq != rtnl->seq);
    return result >= 0 && answer.is_taken;
}

/* Has something done, and does not wait: what comes of it is told as news. */
static void order(struct emu_rtnl *rtnl, struct message *message)
{
    message->header->nlmsg_seq = ++rtnl->seq;
    (void)mnl_socket_sendto(rtnl->questions, message->header, message->header->nlmsg_len);
}

struct route_answer {
    const struct emu_rtnl *rtnl;
    const struct toe_addr *remote;
    struct emu_rtnl_route *route;
    enum emu_rtnl_way way;
};

static int on_metric(const struct nlattr *attr, void *user)
{
    struct emu_rtnl_route *route = user;

    if (mnl_attr_get_type(attr) == RTAX_MTU && has_u32(attr)) {
        route->mtu = mnl_attr_get_u32(attr);
    }
    return MNL_CB_OK;
}

static int on_route(const struct nlmsghdr *header, void *user)
{
    struct route_answer *answer = user;
    const struct rtmsg *msg = mnl_nlmsg_get_payload(header);
    struct emu_rtnl_route *route = answer->route;
    struct attributes attributes;
    const struct nlattr *via;

    if (mnl_nlmsg_get_payload_len(header) < sizeof(*msg) || msg->rtm_type != RTN_UNICAST) {
        return MNL_CB_STOP; /* It is refused, or stays in the machine. */
    }
    attributes = parse(header, sizeof(*msg));
    via = attributes.at[RTA_VIA];
    if (!has_u32(attributes.at[RTA_OIF]) ||
        mnl_attr_get_u32(attributes.at[RTA_OIF]) != answer->rtnl->ifindex) {
        answer->way = EMU_RTNL_ELSEWHERE;
        return MNL_CB_STOP;
    }
    answer->way = EMU_RTNL_HERE;
    *route = (struct emu_rtnl_route){.next_hop = *answer->remote};
    if (via != NULL && mnl_attr_get_payload_len(via) > sizeof(struct rtvia)) {
        const struct rtvia *hop = mnl_attr_get_payload(via); /* of the other family */

        (void)take_address(&route->next_hop, (uint8_t)hop->rtvia_family, hop->rtvia_addr,
                           mnl_attr_get_payload_len(via) - sizeof(*hop));
    } else if (attributes.at[RTA_GATEWAY] != NULL) {
        (void)take_attribute(&route->next_hop, msg->rtm_family, attributes.at[RTA_GATEWAY]);
    }
    if (attributes.at[RTA_METRICS] != NULL) {
        (void)mnl_attr_parse_nested(attributes.at[RTA_METRICS], on_metric, route);
    }
    return MNL_CB_STOP;
}

enum emu_rtnl_way emu_rtnl_route_get(struct emu_rtnl *rtnl, struct emu_rtnl_route *route,
                                     const struct toe_addr *local, uint16_t local_port,
                                     const struct toe_addr *remote, uint16_t remote_port)
{
    struct route_answer answer = {
        .rtnl = rtnl, .remote = remote, .route = route, .way = EMU_RTNL_NONE};
    struct message message;
    struct rtmsg *msg = message_init(&message, RTM_GETROUTE, 0, sizeof(struct rtmsg));

    msg->rtm_family = family_of(remote);
    msg->rtm_dst_len = (uint8_t)(8 * len_of(remote));
    msg->rtm_src_len = (uint8_t)(8 * len_of(local));
    put_address(&message, RTA_DST, remote);
    put_address(&message, RTA_SRC, local);
    mnl_attr_put_u8(message.header, RTA_IP_PROTO, IPPROTO_TCP);
    mnl_attr_put_u16(message.header, RTA_SPORT, htons(local_port));
    mnl_attr_put_u16(message.header, RTA_DPORT, htons(remote_port));
    return ask(rtnl, &message, on_route, &answer) ? answer.way : EMU_RTNL_NONE;
}

struct neighbor_answer {
    const struct emu_rtnl *rtnl;
    struct emu_rtnl_neighbor *neighbor;
};

static int on_neighbor(const struct nlmsghdr *header, void *user)
{
    struct neighbor_answer *answer = user;
    struct emu_rtnl_neighbor neighbor;

    if (parse_neighbor(answer->rtnl, header, &neighbor)) {
        *answer->neighbor = neighbor;
    }
    return MNL_CB_STOP;
}

static struct ndmsg *neighbor_message(const struct emu_rtnl *rtnl, struct message *message,
                                      uint16_t type, uint16_t flags, const struct toe_addr *address)
{
    struct ndmsg *msg = message_init(message, type, flags, sizeof(struct ndmsg));

    msg->ndm_family = family_of(address);
    msg->ndm_ifindex = (int)rtnl->ifindex;
    put_address(message, NDA_DST, address);
    return msg;
}

void emu_rtnl_neighbor_get(struct emu_rtnl *rtnl, struct emu_rtnl_neighbor *neighbor,
                           const struct toe_addr *address)
{
    struct neighbor_answer answer = {.rtnl = rtnl, .neighbor = neighbor};
    struct message message;

    *neighbor = (struct emu_rtnl_neighbor){.address = *address, .belief = EMU_RTNL_GONE};
    (void)neighbor_message(rtnl, &message, RTM_GETNEIGH, 0, address);
    (void)ask(rtnl, &message, on_neighbor, &answer);
}

void emu_rtnl_neighbor_probe(struct emu_rtnl *rtnl, const struct toe_addr *address)
{
    struct message message;

    neighbor_message(rtnl, &message, RTM_NEWNEIGH, NLM_F_CREATE, address)->ndm_flags = NTF_USE;
    order(rtnl, &message);
}

/* Without an Ethernet address the one that the kernel has by then stays. */
void emu_rtnl_neighbor_confirm(struct emu_rtnl *rtnl, const struct toe_addr *address)
{
    struct message message;

    neighbor_message(rtnl, &message, RTM_NEWNEIGH, NLM_F_REPLACE, address)->ndm_state =
        NUD_REACHABLE;
    order(rtnl, &message);
}

/* --- news --- */

struct reading {
    struct emu_rtnl *rtnl;
    void (*tell)(void *user, const struct emu_rtnl_news *news);
    void *user;
};

static int on_news(const struct nlmsghdr *header, void *user)
{
    const struct reading *reading = user;
    struct emu_rtnl_news news = {.what = EMU_RTNL_LOST};
    bool is_news = false;

    switch (header->nlmsg_type) {
    case RTM_NEWNEIGH:
    case RTM_DELNEIGH:
        news.what = EMU_RTNL_NEIGHBOR;
        is_news = parse_neighbor(reading->rtnl, header, &news.neighbor);
        break;
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
        news.what = EMU_RTNL_ROUTE;
        is_news = parse_prefix(header, &news);
        break;
    case RTM_NEWRULE: /* Rules, and next hops that many routes share, are not looked into. */
    case RTM_DELRULE:
    case RTM_NEWNEXTHOP:
    case RTM_DELNEXTHOP:
        is_news = true;
        break;
    case RTM_DELADDR:
        news.what = EMU_RTNL_ADDRESS;
        is_news = parse_address(header, &news.address);
        break;
    case RTM_NEWLINK:
        news.what = EMU_RTNL_LINK;
        is_news = parse_link(reading->rtnl, header);
        break;
    case RTM_DELLINK:
        news.what = EMU_RTNL_MOVED;
        is_news = is_this_link(reading->rtnl, header);
        reading->rtnl->is_gone = reading->rtnl->is_gone || is_news;
        break;
    default:
        break;
    }
    if (is_news) {
        reading->tell(reading->user, &news);
    }
    return MNL_CB_OK;
}

void emu_rtnl_read(struct emu_rtnl *rtnl, void (*tell)(void *user, const struct emu_rtnl_news *),
                   void *user)
{
    const struct emu_rtnl_news lost = {.what = EMU_RTNL_LOST};
    struct reading reading = {.rtnl = rtnl, .tell = tell, .user = user};
    _Alignas(struct nlmsghdr) uint8_t bytes[BUFFER_LEN];
    ssize_t len;

    while ((len = mnl_socket_recvfrom(rtnl->news, bytes, sizeof(bytes))) > 0 ||
           (len < 0 && errno == ENOBUFS)) {
        if (len < 0) {
            tell(user, &lost);
        } else {
            (void)mnl_cb_run(bytes, (size_t)len, 0, 0, on_news, &reading);
        }
    }
}

/* --- life --- */

static int on_link(const struct nlmsghdr *header, void *user)
{
    (void)parse_link(user, header);
    return MNL_CB_STOP;
}

static struct mnl_socket *open_socket(int flags)
{
    struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | flags);

    if (socket != NULL && mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) != 0) {
        (void)mnl_socket_close(socket);
        return NULL;
    }
    return socket;
}

/* News of older kernels have no groups for all of them: what cannot be joined is not told. */
static bool join_groups(struct emu_rtnl *rtnl)
{
    static const int groups[] = {
        RTNLGRP_NEIGH,       RTNLGRP_LINK,       RTNLGRP_IPV4_IFADDR,
        RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
        RTNLGRP_IPV4_RULE,   RTNLGRP_IPV6_RULE,  RTNLGRP_NEXTHOP,
    };
    const int kept = NEWS_KEPT;
    int group = RTNLGRP_NEIGH;
    const bool ok =
        mnl_socket_setsockopt(rtnl->news, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) == 0;

    for (size_t i = 1; i < sizeof(groups) / sizeof(groups[0]); ++i) {
        group = groups[i];
        (void)mnl_socket_setsockopt(rtnl->news, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group));
    }
    (void)setsockopt(mnl_socket_get_fd(rtnl->news), SOL_SOCKET, SO_RCVBUF, &kept, sizeof(kept));
    return ok;
}

struct emu_rtnl *emu_rtnl_open(const char *name)
{
    const struct timeval patience = {.tv_sec = ANSWER_MS_MAX / 1000};
    struct emu_rtnl *rtnl = calloc(1, sizeof(*rtnl));
    struct message message;

    if (rtnl == NULL) {
        return NULL;
    }
    rtnl->ifindex = if_nametoindex(name);
    rtnl->news = open_socket(SOCK_NONBLOCK);
    rtnl->questions = open_socket(0);
    if (rtnl->ifindex == 0 || rtnl->news == NULL || rtnl->questions == NULL || !join_groups(rtnl)) {
        emu_rtnl_close(rtnl);
        return NULL;
    }
    (void)setsockopt(mnl_socket_get_fd(rtnl->questions), SOL_SOCKET, SO_RCVTIMEO, &patience,
                     sizeof(patience));
    ((struct ifinfomsg *)message_init(&message, RTM_GETLINK, 0, sizeof(struct ifinfomsg)))
        ->ifi_index = (int)rtnl->ifindex;
    if (!ask(rtnl, &message, on_link, rtnl)) {
        emu_rtnl_close(rtnl);
        return NULL;
    }
    return rtnl;
}

void emu_rtnl_close(struct emu_rtnl *rtnl)
{
    if (rtnl == NULL) {
        return;
    }
    if (rtnl->news != NULL) {
        (void)mnl_socket_close(rtnl->news);
    }
    if (rtnl->questions != NULL) {
        (void)mnl_socket_close(rtnl->questions);
    }
    free(rtnl);
}

int emu_rtnl_fd(const struct emu_rtnl *rtnl)
{
    return mnl_socket_get_fd(rtnl->news);
}

bool emu_rtnl_is_here(const struct emu_rtnl *rtnl)
{
    return !rtnl->is_gone;
}

uint32_t emu_rtnl_mtu(const struct emu_rtnl *rtnl)
{
    return rtnl->mtu;
}
