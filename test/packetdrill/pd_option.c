/* SPDX-License-Identifier: MIT */
#include "pd_option.h"

#include "pd_room.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>

/* Numbers that headers have not or cannot have together. */
enum { OPTION_TCP_CC_INFO = 26, OPTION_SO_MEMINFO = 55 };

/* Linux's smallest send buffer. */
#define SNDBUF_MIN 4608u

int pd_fcntl(void *user, int fd, int command, ...)
{
    struct pd_socket *socket;
    int result = -1;
    va_list args;
    long arg;

    (void)user;
    va_start(args, command);
    arg = va_arg(args, long);
    va_end(args);
    pd_enter();
    socket = pd_socket_get(fd);
    if (socket != NULL && command == F_GETFL) {
        result = O_RDWR | socket->flags;
    } else if (socket != NULL && command == F_SETFL) {
        socket->flags = (int)arg & O_NONBLOCK;
        result = 0;
    } else if (socket != NULL && (command == F_GETFD || command == F_SETFD)) {
        result = 0;
    } else if (socket != NULL) {
        errno = EINVAL;
    }
    pd_leave();
    return result;
}

int pd_ioctl(void *user, int fd, unsigned long request, ...)
{
    struct toe_host_conn_info info = {0};
    struct pd_socket *socket;
    uint32_t unacked;
    uint32_t unsent;
    int result = 0;
    va_list args;
    int *value;

    (void)user;
    va_start(args, request);
    value = va_arg(args, int *);
    va_end(args);
    pd_enter();
    pd_step();
    socket = pd_socket_get(fd);
    if (socket == NULL || socket->is_listening) {
        errno = socket == NULL ? EBADF : EINVAL;
        result = -1;
    } else if (request == SIOCINQ) {
        toe_host_conn_info(pd_world()->host, socket->handle, &info);
        *value = (int)info.receivable;
    } else if (request == SIOCOUTQ || request == SIOCOUTQNSD) {
        unsent = pd_room_unsent(socket, &unacked);
        *value = (int)(request == SIOCOUTQNSD ? unsent : unacked);
    } else if (request == FIONBIO) {
        socket->flags = *value != 0 ? O_NONBLOCK : 0;
    } else {
        errno = ENOTTY;
        result = -1;
    }
    pd_leave();
    return result;
}

static int seconds(uint32_t ticks)
{
    return (int)(ticks / pd_world()->persona.host.params.ticks_per_second);
}

static uint32_t ticks(int s)
{
    return (uint32_t)s * pd_world()->persona.host.params.ticks_per_second;
}

/* A segment's payload, or what is announced before there is a connection. */
static int get_mss(const struct pd_socket *socket)
{
    struct toe_host_tcp_info info;

    if (pd_engine_info(socket, &info)) {
        return info.snd_mss;
    }
    return socket->options.mss != 0 ? socket->options.mss : 536;
}

/* The options that are an int; false if |name| is none of them. */
static bool get_tcp(struct pd_socket *socket, int name, int *value)
{
    const struct toe_host_options *options = &socket->options;

    switch (name) {
    case TCP_NODELAY:
        *value = !options->nagle;
        return true;
    case TCP_MAXSEG:
        *value = get_mss(socket);
        return true;
    case TCP_KEEPIDLE:
        *value = seconds(options->ka_timeout);
        return true;
    case TCP_KEEPINTVL:
        *value = seconds(options->ka_interval);
        return true;
    case TCP_KEEPCNT:
        *value = options->ka_probe_cnt;
        return true;
    case TCP_USER_TIMEOUT:
        *value = (int)(options->user_timeout * 1000 / ticks(1));
        return true;
    case TCP_CORK:
        *value = options->cork;
        return true;
    case TCP_NOTSENT_LOWAT:
        *value = (int)socket->notsent_lowat;
        return true;
    default:
        return false;
    }
}

static bool get_socket(struct pd_socket *socket, int name, int *value)
{
    const struct toe_host_options *options = &socket->options;
    const int doubled = pd_world()->persona.is_linux ? 2 : 1;

    switch (name) {
    case SO_ERROR:
        *value = pd_socket_error_take(socket);
        return true;
    case SO_SNDBUF:
        *value = (int)(pd_world()->persona.is_linux ? socket->sndbuf : options->snd_buf);
        return true;
    case SO_RCVBUF:
        *value = (int)options->rcv_buf * doubled;
        return true;
    case SO_KEEPALIVE:
        *value = options->keep_alive;
        return true;
    case SO_REUSEADDR:
        *value = socket->reuse;
        return true;
    case SO_TYPE:
        *value = SOCK_STREAM;
        return true;
    case SO_PROTOCOL:
        *value = IPPROTO_TCP;
        return true;
    case SO_ACCEPTCONN:
        *value = socket->is_listening;
        return true;
    default:
        return false;
    }
}

static bool get_ip(struct pd_socket *socket, int name, int *value)
{
    if (name == IP_TOS) {
        *value = socket->options.tos;
        return true;
    }
    *value = socket->options.ttl;
    return name == IP_TTL;
}

static bool get_toe(const struct pd_socket *socket, int name, int *value)
{
    *value = pd_socket_place(socket);
    return name == TOE_OFFLOAD;
}

static void put(void *value, socklen_t *len, const void *from, socklen_t all)
{
    memcpy(value, from, *len < all ? *len : all);
    *len = *len < all ? *len : all;
}

/* Those of another type than int. */
static bool get_special(struct pd_socket *socket, int level, int name, void *value, socklen_t *len)
{
    struct linger linger = {.l_onoff = socket->linger >= 0};

    if (level == IPPROTO_TCP && name == TCP_INFO) {
        pd_tcp_info(socket, value, *len);
        return true;
    }
    if (level == IPPROTO_TCP && name == OPTION_TCP_CC_INFO) {
        *len = 0;
        return true;
    }
    if (level == SOL_SOCKET && name == OPTION_SO_MEMINFO) {
        memset(value, 0, *len);
        return true;
    }
    if (level == SOL_SOCKET && name == SO_LINGER) {
        linger.l_linger = socket->linger < 0 ? 0 : socket->linger;
        put(value, len, &linger, sizeof(linger));
        return true;
    }
    return false;
}

int pd_getsockopt(void *user, int fd, int level, int name, void *value, socklen_t *len)
{
    struct pd_socket *socket;
    int result = 0;
    int number;

    (void)user;
    pd_enter();
    socket = pd_socket_get(fd);
    if (socket == NULL) {
        result = -1;
    } else if (get_special(socket, level, name, value, len)) {
        result = 0;
    } else if ((level == IPPROTO_TCP && get_tcp(socket, name, &number)) ||
               (level == SOL_SOCKET && get_socket(socket, name, &number)) ||
               (level == IPPROTO_IP && get_ip(socket, name, &number)) ||
               (level == SOL_TOE && get_toe(socket, name, &number))) {
        put(value, len, &number, sizeof(number));
    } else {
        errno = ENOPROTOOPT;
        result = -1;
    }
    pd_leave();
    return result;
}

static int set_tcp(struct pd_socket *socket, int name, int value)
{
    struct toe_host_options *options = &socket->options;

    switch (name) {
    case TCP_NODELAY:
        options->nagle = value == 0;
        if (value != 0) {
            toe_host_flush(pd_world()->host, socket->handle, false);
        }
        return 0;
    case TCP_CORK:
        options->cork = value != 0;
        return 0;
    case TCP_NOTSENT_LOWAT:
        socket->notsent_lowat = (uint32_t)value;
        return 0;
    case TCP_MAXSEG:
        if (value != 0 && (value < 88 || value > 32767)) {
            return EINVAL;
        }
        options->mss = (uint16_t)value;
        return 0;
    case TCP_KEEPIDLE:
        options->ka_timeout = ticks(value);
        return 0;
    case TCP_KEEPINTVL:
        options->ka_interval = ticks(value);
        return 0;
    case TCP_KEEPCNT:
        options->ka_probe_cnt = (uint8_t)value;
        return 0;
    case TCP_USER_TIMEOUT:
        options->user_timeout = (uint32_t)value * ticks(1) / 1000;
        return 0;
    default:
        return ENOPROTOOPT;
    }
}

/* Linux doubles it, for what memory is more than bytes; the host's buffer is not to be in the way.
 */
static void set_snd_buf(struct pd_socket *socket, uint32_t value)
{
    socket->options.snd_buf = value;
    if (pd_world()->persona.is_linux) {
        socket->sndbuf = value * 2 < SNDBUF_MIN ? SNDBUF_MIN : value * 2;
        socket->is_sndbuf_set = true;
        socket->options.snd_buf = socket->sndbuf + PD_SND_BUF_SPARE;
    }
}

static int set_socket(struct pd_socket *socket, int name, int value)
{
    switch (name) {
    case SO_SNDBUF:
        set_snd_buf(socket, (uint32_t)value);
        return 0;
    case SO_RCVBUF:
        socket->options.rcv_buf = (uint32_t)value;
        return 0;
    case SO_KEEPALIVE:
        socket->options.keep_alive = value != 0;
        return 0;
    case SO_REUSEADDR:
        socket->reuse = value;
        return 0;
    case SO_ZEROCOPY:
        return 0; /* a hint */
    default:
        return ENOPROTOOPT;
    }
}

static int set_ip(struct pd_socket *socket, int name, int value)
{
    if (name == IP_TOS) {
        socket->options.tos = (uint8_t)value;
        return 0;
    }
    if (name == IP_TTL && value > 0 && value <= UINT8_MAX) {
        socket->options.ttl = (uint8_t)value;
        return 0;
    }
    if (name == IP_TTL) {
        return EINVAL;
    }
    return name == IP_MTU_DISCOVER || name == IP_RECVERR ? 0 : ENOPROTOOPT;
}

/* An option that is a number; IPv4's may be a byte. */
static int set_number(struct pd_socket *socket, int level, int name, const void *value,
                      socklen_t len)
{
    uint8_t byte;
    int number;
    int error;

    if (value == NULL) {
        return EFAULT;
    }
    if (len >= sizeof(number)) {
        memcpy(&number, value, sizeof(number));
    } else if (level == IPPROTO_IP && len >= sizeof(byte)) {
        memcpy(&byte, value, sizeof(byte));
        number = byte;
    } else {
        return EINVAL;
    }
    switch (level) {
    case IPPROTO_TCP:
        error = set_tcp(socket, name, number);
        break;
    case SOL_SOCKET:
        error = set_socket(socket, name, number);
        break;
    case IPPROTO_IP:
        error = set_ip(socket, name, number);
        break;
    case SOL_TOE:
        return name == TOE_OFFLOAD ? pd_socket_place_set(socket, number != 0) : ENOPROTOOPT;
    default:
        return ENOPROTOOPT;
    }
    if (error == 0 && socket->handle != 0 &&
        !toe_host_options_set(pd_world()->host, socket->handle, &socket->options)) {
        toe_host_options_get(pd_world()->host, socket->handle, &socket->options);
        return EINVAL;
    }
    return error;
}

int pd_setsockopt(void *user, int fd, int level, int name, const void *value, socklen_t len)
{
    struct pd_socket *socket;
    struct linger linger;
    int error = 0;

    (void)user;
    pd_enter();
    if (level != SOL_TOE) {
        pd_step();
    }
    socket = pd_socket_find(fd);
    if (socket == NULL) {
        error = EBADF;
    } else if (level == SOL_SOCKET && name == SO_LINGER && len >= sizeof(linger)) {
        memcpy(&linger, value, sizeof(linger));
        socket->linger = linger.l_onoff != 0 ? linger.l_linger : -1;
    } else {
        error = set_number(socket, level, name, value, len);
    }
    pd_leave();
    errno = error;
    return error == 0 ? 0 : -1;
}
