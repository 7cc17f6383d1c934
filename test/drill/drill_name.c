/* SPDX-License-Identifier: MIT */
#include "drill_call.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>

#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>

/* The names that scripts use; those of errors come last. */
#define NAME(name)                                                                                 \
    {                                                                                              \
#name, name                                                                                \
    }

static const struct {
    const char *name;
    int64_t value;
} names[] = {
    NAME(SOCK_STREAM),
    NAME(IPPROTO_TCP),
    NAME(F_SETFL),
    NAME(O_RDWR),
    NAME(O_NONBLOCK),
    NAME(SIOCINQ),
    NAME(SIOCOUTQ),
    NAME(SHUT_RD),
    NAME(SHUT_WR),
    NAME(SHUT_RDWR),
    NAME(MSG_MORE),
    NAME(MSG_PEEK),
    NAME(MSG_DONTWAIT),
    NAME(POLLIN),
    NAME(POLLOUT),
    NAME(POLLERR),
    NAME(POLLHUP),
    NAME(POLLRDHUP),
    NAME(SOL_SOCKET),
    NAME(SO_ERROR),
    NAME(SO_KEEPALIVE),
    NAME(SO_LINGER),
    NAME(SO_REUSEADDR),
    NAME(SOL_IP),
    NAME(IP_TTL),
    NAME(IP_TOS),
    NAME(SOL_TCP),
    NAME(TCP_NODELAY),
    NAME(TCP_CORK),
    NAME(TCP_MAXSEG),
    NAME(TCP_KEEPIDLE),
    NAME(TCP_KEEPINTVL),
    NAME(TCP_KEEPCNT),
    NAME(TCP_USER_TIMEOUT),
    NAME(TCP_NOTSENT_LOWAT),
    NAME(EAGAIN),
    NAME(EBADF),
    NAME(EBUSY),
    NAME(ECONNREFUSED),
    NAME(ECONNRESET),
    NAME(EDEADLK),
    NAME(EFAULT),
    NAME(EINPROGRESS),
    NAME(EINVAL),
    NAME(EISCONN),
    NAME(ENOTCONN),
    NAME(EOPNOTSUPP),
    NAME(EPIPE),
    NAME(ETIMEDOUT),
};

#define NAME_CNT (sizeof(names) / sizeof(names[0]))

bool drill_name_find(int64_t *value, const char *name, size_t len)
{
    for (size_t i = 0; i < NAME_CNT; ++i) {
        if (strlen(names[i].name) == len && memcmp(names[i].name, name, len) == 0) {
            *value = names[i].value;
            return true;
        }
    }
    return false;
}

const char *drill_error_name(int error)
{
    for (size_t i = 0; i < NAME_CNT; ++i) {
        if (names[i].name[0] == 'E' && names[i].value == error) {
            return names[i].name;
        }
    }
    return strerror(error);
}
