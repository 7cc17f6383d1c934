/* SPDX-License-Identifier: MIT */
#include "host/host_icmp.h"

#include "host/addr.h"
#include "host/drive.h"
#include "host/host_output.h"
#include "host/path.h"
#include "host/reachability.h"
#include "host/soft_error.h"
#include "wire/bytes.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

/* Echoes of more than this are not answered; no ping needs them. */
#define ECHO_MAX 8192u

/* Bytes of the segment that every error quotes: ports and sequence number. */
#define QUOTE_MIN 8u

/* ICMP code: protocol unreachable, port unreachable. */
#define CODE_PROTOCOL 2
#define CODE_PORT 3

/* ICMPv6 codes: administratively prohibited, port unreachable. */
#define CODE6_PROHIBITED 1
#define CODE6_PORT 4

/* What an error quotes of one of our segments. */
struct quote {
    struct host_conn *conn;
    toe_seq seq;
    uint32_t packet_len;
};

/* Fills |quote| from the packet that |icmp| quotes; false if it is none of ours. */
static bool parse_quote(struct quote *quote, const struct toe_host *host,
                        const struct wire_icmp *icmp)
{
    struct toe_addr local;
    struct toe_addr remote;
    struct host_tuple tuple;
    const uint8_t *tcp;
    size_t head;

    if (icmp->family == 4) {
        struct wire_ipv4 ip;
        const int len = wire_ipv4_parse_quote(&ip, icmp->body, icmp->body_len);

        if (len < 0 || ip.proto != WIRE_PROTO_TCP || ip.frag_off != 0) {
            return false;
        }
        head = (size_t)len;
        local = ip.src;
        remote = ip.dst;
        quote->packet_len = (uint32_t)head + ip.payload_len;
    } else {
        struct wire_ipv6 ip;
        const int len = wire_ipv6_parse_quote(&ip, icmp->body, icmp->body_len);

        if (len < 0 || ip.next_header != WIRE_PROTO_TCP) {
            return false;
        }
        head = (size_t)len;
        local = ip.src;
        remote = ip.dst;
        quote->packet_len = (uint32_t)head + ip.payload_len;
    }
    if (icmp->body_len < head + QUOTE_MIN) {
        return false;
    }
    tcp = icmp->body + head;
    tuple = host_tuple_of(host, &local, &remote, wire_load_u16(tcp), wire_load_u16(tcp + 2));
    quote->seq = toe_seq_of(wire_load_u32(tcp + 4));
    quote->conn = host_lookup_conn(host, &tuple);
    return quote->conn != NULL;
}

/* Whether a segment that begins at |seq| is in flight. */
static bool is_in_flight(toe_seq seq, toe_seq una, toe_seq max)
{
    return toe_seq_ge(seq, una) && toe_seq_lt(seq, max);
}

/*
 * The next smaller one of the MTUs that links used to have (RFC 1191, 7.1), for a router that does
 * not tell its own.
 */
static uint32_t plateau_below(uint32_t packet_len)
{
    static const uint16_t plateaus[] = {32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68};

    for (size_t i = 0; i < sizeof(plateaus) / sizeof(plateaus[0]); ++i) {
        if (plateaus[i] < packet_len) {
            return plateaus[i];
        }
    }
    return 68;
}

/* The path of |conn| takes packets of up to |mtu| bytes only. */
static void apply_mtu(struct host_conn *conn, uint32_t mtu)
{
    if (host_path_mtu_lower(conn->path, mtu)) {
        host_conn_touch(conn);
    }
}

static void input_packet_big(struct toe_host *host, const struct wire_icmp *icmp,
                             const struct quote *quote)
{
    struct host_conn *conn = quote->conn;
    const uint32_t mtu = icmp->mtu != 0 ? icmp->mtu : plateau_below(quote->packet_len);

    /* RFC 8201, 4: IPv6 has no smaller packets. */
    if (conn->path->local.family == 6 && mtu < HOST_PATH_MTU_MIN6) {
        host_drop(host, TOE_DROP_ICMP_IMPLAUSIBLE);
        return;
    }
    if (conn->place == TOE_PLACE_HOST) {
        if (!is_in_flight(quote->seq, conn->tcp.snd_una, conn->tcp.snd_max)) {
            host_drop(host, TOE_DROP_ICMP_IMPLAUSIBLE);
            return;
        }
        apply_mtu(conn, mtu);
    } else if (conn->place == TOE_PLACE_OFFLOADED && mtu < conn->path->mtu) {
        conn->icmp_mtu = mtu;
        conn->icmp_error = TOE_SOFT_ERROR_NONE;
        conn->icmp_seq = quote->seq;
        host_reachability_query_conn(conn);
    }
}

void host_icmp_queried(struct host_conn *conn, const struct toe_tcp_delegated *delegated)
{
    const uint32_t mtu = conn->icmp_mtu;
    const enum toe_soft_error error = (enum toe_soft_error)conn->icmp_error;

    conn->icmp_mtu = 0;
    conn->icmp_error = TOE_SOFT_ERROR_NONE;
    if ((mtu == 0 && error == TOE_SOFT_ERROR_NONE) || delegated == NULL) {
        return;
    }
    if (!is_in_flight(conn->icmp_seq, toe_seq_of(delegated->snd_una),
                      toe_seq_of(delegated->snd_max))) {
        host_drop(conn->host, TOE_DROP_ICMP_IMPLAUSIBLE);
        return;
    }
    if (mtu != 0) {
        apply_mtu(conn, mtu);
    } else {
        host_soft_error_raise(conn, error);
    }
}

/* Whether |icmp| is a hard error (RFC 1122, 4.2.3.9). */
static bool is_final(const struct wire_icmp *icmp)
{
    if (icmp->kind != WIRE_ICMP_UNREACHABLE) {
        return false;
    }
    return icmp->family == 4 ? icmp->code == CODE_PROTOCOL || icmp->code == CODE_PORT
                             : icmp->code == CODE6_PROHIBITED || icmp->code == CODE6_PORT;
}

/*
 * Nobody is there, or nothing comes through: that ends an attempt to connect where it is final (RFC
 * 1122, 4.2.3.9), and else is only told.
 */
static void input_trouble(struct toe_host *host, const struct wire_icmp *icmp,
                          const struct quote *quote)
{
    struct host_conn *conn = quote->conn;
    const enum toe_soft_error error = host_soft_error_of(icmp);

    if (conn->place == TOE_PLACE_OFFLOADED && conn->options.soft_errors && conn->icmp_mtu == 0) {
        conn->icmp_error = (uint8_t)error;
        conn->icmp_seq = quote->seq;
        host_reachability_query_conn(conn);
        return;
    }
    if (conn->place != TOE_PLACE_HOST ||
        !is_in_flight(quote->seq, conn->tcp.snd_una, conn->tcp.snd_max)) {
        host_drop(host, TOE_DROP_ICMP_IMPLAUSIBLE);
    } else if (conn->tcp.state == TOE_TCP_SYN_SENT && is_final(icmp)) {
        ++host->stats.resets_in;
        host_drive_end(conn, TOE_HOST_RESET, TOE_STATUS_NOT_ACCEPTED);
    } else {
        host_soft_error_raise(conn, error);
    }
}

static void echo_reply(struct host_interface *interface, const struct toe_addr *local,
                       const struct toe_addr *remote, const struct wire_icmp *request)
{
    struct wire_icmp reply = *request;

    if (request->body_len > ECHO_MAX || request->body_len + WIRE_IPV6_LEN + 8 > interface->mtu) {
        return;
    }
    reply.kind = WIRE_ICMP_ECHO_REPLY;
    host_icmp_send(interface, local, remote, &reply);
}

void host_icmp_input(struct host_interface *interface, const struct toe_addr *local,
                     const struct toe_addr *remote, const uint8_t *data, size_t len)
{
    struct toe_host *host = interface->host;
    struct wire_icmp icmp;
    struct quote quote;

    if (wire_icmp_parse(&icmp, local->family, data, len) < 0 ||
        !wire_icmp_csum_ok(data, len, remote, local)) {
        host_drop(host, TOE_DROP_ICMP_BAD);
        return;
    }
    switch (icmp.kind) {
    case WIRE_ICMP_ECHO_REQUEST:
        echo_reply(interface, local, remote, &icmp);
        break;
    case WIRE_ICMP_PACKET_BIG:
    case WIRE_ICMP_UNREACHABLE:
    case WIRE_ICMP_TIME_EXCEEDED:
        if (!parse_quote(&quote, host, &icmp)) {
            host_drop(host, TOE_DROP_ICMP_IMPLAUSIBLE);
        } else if (icmp.kind == WIRE_ICMP_PACKET_BIG) {
            input_packet_big(host, &icmp, &quote);
        } else {
            input_trouble(host, &icmp, &quote);
        }
        break;
    case WIRE_ICMP_ECHO_REPLY:
    case WIRE_ICMP_OTHER:
        break;
    }
}
