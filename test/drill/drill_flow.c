/* SPDX-License-Identifier: MIT */
#include "drill_flow.h"

#include "drill_packet.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#define LISTEN_PORT 8080
#define REMOTE_PORT 50000
#define REMOTE_SEQ 0

#define IPV4_LEN 20u
#define IPV6_LEN 40u
#define TCP_LEN 20u
#define ICMP_LEN 8u
#define HOP_LIMIT 255
#define DONT_FRAGMENT 0x4000

static void put16(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

static void put32(uint8_t *to, uint32_t value)
{
    put16(to, value >> 16);
    put16(to + 2, value);
}

static uint16_t get16(const uint8_t *from)
{
    return (uint16_t)(from[0] << 8 | from[1]);
}

static uint32_t get32(const uint8_t *from)
{
    return (uint32_t)get16(from) << 16 | get16(from + 2);
}

static uint32_t add_words(uint32_t sum, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i + 1 < len; i += 2) {
        sum += get16(bytes + i);
    }
    return len % 2 == 0 ? sum : sum + ((uint32_t)bytes[len - 1] << 8);
}

/* The Internet checksum: zero over what has a right one. */
static uint16_t checksum(uint32_t sum)
{
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

/* The same with the pseudo-header, which is the same sum for both versions of IP. */
static uint16_t checksum_with_addresses(const struct drill_net *net, int protocol,
                                        const uint8_t *bytes, size_t len)
{
    const size_t addr_len = net->is_ipv6 ? 16 : 4;
    uint32_t sum = (uint32_t)protocol + (uint32_t)len;

    sum = add_words(sum, net->local, addr_len);
    sum = add_words(sum, net->remote, addr_len);
    return checksum(add_words(sum, bytes, len));
}

void drill_flow_init(struct drill_flow *flow, const struct drill_net *net)
{
    *flow = (struct drill_flow){
        .net = *net,
        .local_port = LISTEN_PORT,
        .remote_port = REMOTE_PORT,
        .remote_seq = REMOTE_SEQ,
    };
}

socklen_t drill_flow_addr(struct sockaddr_storage *addr, const struct drill_flow *flow,
                          bool is_remote)
{
    const uint16_t port = htons(is_remote ? flow->remote_port : LISTEN_PORT);
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = port};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = port};

    *addr = (struct sockaddr_storage){0};
    if (flow->net.domain == AF_INET) {
        if (is_remote) {
            memcpy(&in.sin_addr, flow->net.remote, 4);
        }
        memcpy(addr, &in, sizeof(in));
        return sizeof(in);
    }
    if (is_remote && flow->net.is_ipv6) {
        memcpy(&in6.sin6_addr, flow->net.remote, 16);
    } else if (is_remote) {
        memset(in6.sin6_addr.s6_addr + 10, 0xff, 2);
        memcpy(in6.sin6_addr.s6_addr + 12, flow->net.remote, 4);
    }
    memcpy(addr, &in6, sizeof(in6));
    return sizeof(in6);
}

uint8_t drill_text_at(uint32_t off)
{
    return (uint8_t)(off % 251); /* prime, so that no shift by a power of two goes unseen */
}

/* Headers of IP, from the peer or, as |leaves| has it, to it. Returns their length. */
static size_t build_ip(const struct drill_net *net, uint8_t *bytes, int protocol,
                       const struct drill_packet *packet, size_t len, bool leaves)
{
    const uint8_t *src = leaves ? net->local : net->remote;
    const uint8_t *dst = leaves ? net->remote : net->local;

    if (net->is_ipv6) {
        memset(bytes, 0, IPV6_LEN);
        put32(bytes, UINT32_C(6) << 28 | (uint32_t)packet->tos << 20);
        put16(bytes + 4, (uint32_t)len);
        bytes[6] = (uint8_t)protocol;
        bytes[7] = packet->ttl;
        memcpy(bytes + 8, src, 16);
        memcpy(bytes + 24, dst, 16);
        return IPV6_LEN;
    }
    memset(bytes, 0, IPV4_LEN);
    bytes[0] = 0x45;
    bytes[1] = packet->tos;
    put16(bytes + 2, IPV4_LEN + (uint32_t)len);
    put16(bytes + 6, DONT_FRAGMENT);
    bytes[8] = packet->ttl;
    bytes[9] = (uint8_t)protocol;
    memcpy(bytes + 12, src, 4);
    memcpy(bytes + 16, dst, 4);
    put16(bytes + 10, checksum(add_words(0, bytes, IPV4_LEN)));
    return IPV4_LEN;
}

static uint8_t *build_option(const struct drill_flow *flow, uint8_t *to,
                             const struct drill_option *option, bool is_ack)
{
    const uint32_t len = drill_option_len(option);

    to[0] = option->kind;
    if (len > 1) {
        to[1] = (uint8_t)len;
    }
    if (option->kind == TCPOPT_MAXSEG) {
        put16(to + 2, option->value);
    } else if (option->kind == TCPOPT_WINDOW) {
        to[2] = (uint8_t)option->value;
    } else if (option->kind == TCPOPT_TIMESTAMP) {
        put32(to + 2, option->value);
        put32(to + 6, option->echo + (is_ack ? flow->local_time : 0));
    } else if (option->kind == TCPOPT_SACK) {
        for (uint32_t i = 0; i < option->block_cnt; ++i) {
            put32(to + 2 + 8 * i, option->blocks[i].first + flow->local_seq);
            put32(to + 6 + 8 * i, option->blocks[i].last + flow->local_seq);
        }
    }
    return to + len;
}

static size_t build_tcp(const struct drill_flow *flow, uint8_t *bytes,
                        const struct drill_packet *packet)
{
    const bool is_ack = (packet->flags & TH_ACK) != 0;
    uint8_t *to = bytes + TCP_LEN;

    put16(bytes, flow->remote_port);
    put16(bytes + 2, flow->local_port);
    put32(bytes + 4, packet->seq + flow->remote_seq);
    put32(bytes + 8, is_ack ? packet->ack + flow->local_seq : 0);
    bytes[13] = packet->flags;
    put16(bytes + 14, packet->window);
    put16(bytes + 16, 0);
    put16(bytes + 18, packet->urgent);
    for (uint32_t i = 0; i < packet->option_cnt; ++i) {
        to = build_option(flow, to, &packet->options[i], is_ack);
    }
    bytes[12] = (uint8_t)((to - bytes) / 4 << 4);
    for (uint32_t i = 0; i < packet->len; ++i) {
        *to++ = drill_text_at(packet->seq - 1 + i);
    }
    put16(bytes + 16,
          checksum_with_addresses(&flow->net, IPPROTO_TCP, bytes, (size_t)(to - bytes)));
    return (size_t)(to - bytes);
}

/* A router's message about a segment of the stack's, of which it returns the headers. */
static size_t build_icmp(const struct drill_flow *flow, uint8_t *bytes,
                         const struct drill_packet *packet)
{
    const struct drill_net *net = &flow->net;
    uint8_t *tcp = bytes + ICMP_LEN;

    memset(bytes, 0, ICMP_LEN);
    tcp += build_ip(net, tcp, IPPROTO_TCP, packet, TCP_LEN + packet->len, true);
    memset(tcp, 0, TCP_LEN);
    put16(tcp, flow->local_port);
    put16(tcp + 2, flow->remote_port);
    put32(tcp + 4, packet->seq + flow->local_seq);
    tcp[12] = TCP_LEN / 4 << 4;
    tcp[13] = TH_ACK;
    tcp += TCP_LEN;
    if (packet->kind == DRILL_TOO_BIG) {
        bytes[0] = 2;
        put32(bytes + 4, packet->mtu);
        put16(bytes + 2,
              checksum_with_addresses(net, IPPROTO_ICMPV6, bytes, (size_t)(tcp - bytes)));
    } else {
        bytes[0] = 3;
        bytes[1] = 4;
        put16(bytes + 6, packet->mtu);
        put16(bytes + 2, checksum(add_words(0, bytes, (size_t)(tcp - bytes))));
    }
    return (size_t)(tcp - bytes);
}

size_t drill_flow_build(const struct drill_flow *flow, uint8_t *bytes,
                        const struct drill_packet *packet)
{
    const size_t ip_len = flow->net.is_ipv6 ? IPV6_LEN : IPV4_LEN;
    int protocol = IPPROTO_TCP;
    size_t len;

    if (packet->kind == DRILL_TCP) {
        len = build_tcp(flow, bytes + ip_len, packet);
    } else {
        protocol = packet->kind == DRILL_TOO_BIG ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
        len = build_icmp(flow, bytes + ip_len, packet);
    }
    return build_ip(&flow->net, bytes, protocol, packet, len, false) + len;
}

/* The way back. */

/* Reads the header of IP; returns its length, or 0 and sets |why|. */
static size_t parse_ip(const struct drill_net *net, struct drill_packet *packet,
                       const uint8_t *bytes, size_t len, const char **why)
{
    const size_t ip_len = net->is_ipv6 ? IPV6_LEN : IPV4_LEN;
    const size_t addr_len = net->is_ipv6 ? 16 : 4;
    const uint8_t *addrs = bytes + (net->is_ipv6 ? 8 : 12);

    *why = NULL;
    if (len < ip_len + TCP_LEN || bytes[0] >> 4 != (net->is_ipv6 ? 6 : 4)) {
        *why = "no TCP over this version of IP";
    } else if (!net->is_ipv6 && (bytes[0] & 0xf) != 5) {
        *why = "options of IPv4";
    } else if ((net->is_ipv6 ? get16(bytes + 4) + IPV6_LEN : get16(bytes + 2)) != len) {
        *why = "a wrong length in the IP header";
    } else if (!net->is_ipv6 && checksum(add_words(0, bytes, IPV4_LEN)) != 0) {
        *why = "a wrong checksum of the IP header";
    } else if (bytes[net->is_ipv6 ? 6 : 9] != IPPROTO_TCP) {
        *why = "a protocol that is not TCP";
    } else if (memcmp(addrs, net->local, addr_len) != 0 ||
               memcmp(addrs + addr_len, net->remote, addr_len) != 0) {
        *why = "other addresses than the connection's";
    }
    if (*why != NULL) {
        return 0;
    }
    packet->tos = net->is_ipv6 ? (uint8_t)(get16(bytes) >> 4) : bytes[1];
    packet->ttl = bytes[net->is_ipv6 ? 7 : 8];
    return ip_len;
}

/* One option of |len| bytes, whose two first are there. */
static bool parse_option(struct drill_option *option, const uint8_t *bytes, size_t len)
{
    option->block_cnt = option->kind == TCPOPT_SACK ? (uint8_t)((len - 2) / 8) : 0;
    if (option->block_cnt > DRILL_SACK_MAX || drill_option_len(option) != len) {
        return false;
    }
    if (option->kind == TCPOPT_MAXSEG) {
        option->value = get16(bytes + 2);
    } else if (option->kind == TCPOPT_WINDOW) {
        option->value = bytes[2];
    } else if (option->kind == TCPOPT_TIMESTAMP) {
        option->value = get32(bytes + 2);
        option->echo = get32(bytes + 6);
    }
    for (uint32_t i = 0; i < option->block_cnt; ++i) {
        option->blocks[i].first = get32(bytes + 2 + 8 * i);
        option->blocks[i].last = get32(bytes + 6 + 8 * i);
    }
    return true;
}

static bool parse_options(struct drill_packet *packet, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len;) {
        struct drill_option *option = &packet->options[packet->option_cnt++];
        size_t step = 1;

        *option = (struct drill_option){.kind = bytes[i]};
        if (bytes[i] != TCPOPT_EOL && bytes[i] != TCPOPT_NOP) {
            step = i + 1 < len ? bytes[i + 1] : 0;
            if (step < 2 || step > len - i || !parse_option(option, bytes + i, step)) {
                return false;
            }
        }
        i += step;
    }
    return true;
}

/* The first packet of ours that tells: what is zero in the script. */
static void learn(struct drill_flow *flow, const struct drill_packet *got,
                  const struct drill_packet *want)
{
    if (!flow->knows_seq && (got->flags & TH_SYN) != 0) {
        flow->knows_seq = true;
        flow->local_seq = got->seq - want->seq;
    }
    for (uint32_t i = 0; i < got->option_cnt && i < want->option_cnt; ++i) {
        if (!flow->knows_time && got->options[i].kind == TCPOPT_TIMESTAMP &&
            want->options[i].kind == TCPOPT_TIMESTAMP) {
            flow->knows_time = true;
            flow->local_time = got->options[i].value - want->options[i].value;
        }
    }
}

/* From the connection's numbers to the script's. */
static void translate(const struct drill_flow *flow, struct drill_packet *packet)
{
    packet->seq -= flow->local_seq;
    packet->ack -= (packet->flags & TH_ACK) != 0 ? flow->remote_seq : packet->ack;
    for (uint32_t i = 0; i < packet->option_cnt; ++i) {
        struct drill_option *option = &packet->options[i];

        if (option->kind == TCPOPT_TIMESTAMP) {
            option->value -= flow->local_time;
        }
        for (uint32_t j = 0; j < option->block_cnt; ++j) {
            option->blocks[j].first -= flow->remote_seq;
            option->blocks[j].last -= flow->remote_seq;
        }
    }
}

static bool has_right_text(const struct drill_packet *packet, const uint8_t *text)
{
    for (uint32_t i = 0; i < packet->len; ++i) {
        if (text[i] != drill_text_at(packet->seq - 1 + i)) {
            return false;
        }
    }
    return true;
}

const char *drill_flow_parse(struct drill_flow *flow, struct drill_packet *packet,
                             const uint8_t *bytes, size_t len, const struct drill_packet *want)
{
    const char *why;
    size_t head_len;

    *packet = (struct drill_packet){.kind = DRILL_TCP, .ip = want->ip, .has_window = true};
    head_len = parse_ip(&flow->net, packet, bytes, len, &why);
    if (head_len == 0) {
        return why;
    }
    bytes += head_len;
    len -= head_len;
    if (checksum_with_addresses(&flow->net, IPPROTO_TCP, bytes, len) != 0) {
        return "a wrong checksum of TCP";
    }
    head_len = (size_t)(bytes[12] >> 4) * 4;
    if (head_len < TCP_LEN || head_len > len || (bytes[12] & 0xf) != 0) {
        return "a wrong header of TCP";
    }
    if (get16(bytes + 2) != flow->remote_port ||
        (flow->local_port != 0 && get16(bytes) != flow->local_port)) {
        return "other ports than the connection's";
    }
    flow->local_port = get16(bytes);
    packet->seq = get32(bytes + 4);
    packet->ack = get32(bytes + 8);
    packet->flags = bytes[13];
    packet->window = get16(bytes + 14);
    packet->urgent = get16(bytes + 18);
    packet->len = (uint32_t)(len - head_len);
    if (!parse_options(packet, bytes + TCP_LEN, head_len - TCP_LEN)) {
        return "a malformed option";
    }
    learn(flow, packet, want);
    translate(flow, packet);
    return has_right_text(packet, bytes + head_len) ? NULL : "text that was not written there";
}
