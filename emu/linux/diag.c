/* SPDX-License-Identifier: MIT */
#include "linux/diag.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* The kernel's "none yet", in segments (TCP_INFINITE_SSTHRESH). */
#define SSTHRESH_NONE 0x7fffffffu

/* Of later kernels than the headers may be. */
#define OPTION_USEC_TS 64

struct emu_diag {
    struct mnl_socket *socket;
    uint32_t seq;
};

struct emu_diag *emu_diag_open(void)
{
    struct emu_diag *diag = calloc(1, sizeof(*diag));

    if (diag == NULL) {
        return NULL;
    }
    diag->socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
    if (diag->socket == NULL || mnl_socket_bind(diag->socket, 0, MNL_SOCKET_AUTOPID) != 0) {
        emu_diag_close(diag);
        return NULL;
    }
    return diag;
}

void emu_diag_close(struct emu_diag *diag)
{
    if (diag != NULL && diag->socket != NULL) {
        (void)mnl_socket_close(diag->socket);
    }
    free(diag);
}

static void take(struct emu_diag_info *info, const struct tcp_info *tcp)
{
    *info = (struct emu_diag_info){
        .has_ts = (tcp->tcpi_options & TCPI_OPT_TIMESTAMPS) != 0,
        .has_sack = (tcp->tcpi_options & TCPI_OPT_SACK) != 0,
        .has_wscale = (tcp->tcpi_options & TCPI_OPT_WSCALE) != 0,
        .has_ecn = (tcp->tcpi_options & TCPI_OPT_ECN) != 0,
        .has_usec_ts = (tcp->tcpi_options & OPTION_USEC_TS) != 0,
        .peer_wscale = tcp->tcpi_snd_wscale,
        .kernel_wscale = tcp->tcpi_rcv_wscale,
        .snd_mss = (uint16_t)tcp->tcpi_snd_mss,
        .adv_mss = (uint16_t)tcp->tcpi_advmss,
        .pmtu = tcp->tcpi_pmtu,
        .cwnd = tcp->tcpi_snd_cwnd * tcp->tcpi_snd_mss,
        .ssthresh = UINT32_MAX,
        .srtt = (toe_duration)tcp->tcpi_rtt * TOE_NS_PER_US,
        .rttvar = (toe_duration)tcp->tcpi_rttvar * TOE_NS_PER_US,
    };
    if (tcp->tcpi_snd_ssthresh < SSTHRESH_NONE) {
        info->ssthresh = tcp->tcpi_snd_ssthresh * tcp->tcpi_snd_mss;
    }
}

struct answer {
    struct emu_diag_info *info;
    bool is_told;
};

static int on_attribute(const struct nlattr *attr, void *user)
{
    struct answer *answer = user;
    struct tcp_info tcp = {.tcpi_state = 0};
    size_t len;

    if (mnl_attr_get_type(attr) == INET_DIAG_INFO) {
        len = mnl_attr_get_payload_len(attr);
        memcpy(&tcp, mnl_attr_get_payload(attr), len < sizeof(tcp) ? len : sizeof(tcp));
        take(answer->info, &tcp);
        answer->is_told = true;
    }
    return MNL_CB_OK;
}

static int on_answer(const struct nlmsghdr *header, void *user)
{
    (void)mnl_attr_parse(header, sizeof(struct inet_diag_msg), on_attribute, user);
    return MNL_CB_STOP;
}

bool emu_diag_get(struct emu_diag *diag, struct emu_diag_info *info, const struct emu_tuple *tuple)
{
    _Alignas(struct nlmsghdr) uint8_t bytes[8192];
    struct nlmsghdr *header = mnl_nlmsg_put_header(bytes);
    struct answer answer = {.info = info};
    struct inet_diag_req_v2 *request;
    ssize_t len;

    header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
    header->nlmsg_flags = NLM_F_REQUEST;
    header->nlmsg_seq = ++diag->seq;
    request = mnl_nlmsg_put_extra_header(header, sizeof(*request));
    request->sdiag_family = tuple->local.family == 4 ? AF_INET : AF_INET6;
    request->sdiag_protocol = IPPROTO_TCP;
    request->idiag_ext = 1 << (INET_DIAG_INFO - 1);
    request->idiag_states = UINT32_MAX;
    request->id.idiag_sport = htons(tuple->local_port);
    request->id.idiag_dport = htons(tuple->remote_port);
    memcpy(request->id.idiag_src, tuple->local.bytes, sizeof(tuple->local.bytes));
    memcpy(request->id.idiag_dst, tuple->remote.bytes, sizeof(tuple->remote.bytes));
    request->id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
    request->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    if (mnl_socket_sendto(diag->socket, header, header->nlmsg_len) < 0) {
        return false;
    }
    len = mnl_socket_recvfrom(diag->socket, bytes, sizeof(bytes));
    return len > 0 &&
           mnl_cb_run(bytes, (size_t)len, diag->seq, mnl_socket_get_portid(diag->socket), on_answer,
                      &answer) >= 0 &&
           answer.is_told;
}
