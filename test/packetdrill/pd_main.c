/* SPDX-License-Identifier: MIT */
/*
 * The stack, as a shared object that packetdrill loads: host and target, in virtual time.
 *
 *     LD_PRELOAD=pd.so packetdrill --so_filename=pd.so [--so_flags=FLAGS] SCRIPT
 *
 * It is preloaded as well because packetdrill asks the C library for TCP_INFO, not us, and waits
 * for its own times() to begin a new tick. doc/packetdrill.md has the rest.
 */
#include "pd_data.h"
#include "pd_interface.h"
#include "pd_option.h"
#include "pd_poll.h"
#include "pd_socket.h"
#include "pd_wire.h"

#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/times.h>
#include <unistd.h>

#define PD_EXPORT __attribute__((visibility("default")))

PD_EXPORT void packetdrill_interface_init(const char *flags, struct pd_interface *to);
PD_EXPORT size_t packetdrill_interface_waiting(void);
PD_EXPORT size_t packetdrill_interface_unread(void);

static void end(void *user)
{
    (void)user;
    pd_world_end();
}

static int netdev_send(void *user, const void *packet, size_t len)
{
    bool ok;

    (void)user;
    pd_enter();
    pd_step();
    ok = pd_wire_put(packet, len);
    pd_leave();
    return ok ? 0 : -1;
}

/* Nothing ever leaves any more: no bytes, at which packetdrill stops with an error. */
static int netdev_receive(void *user, void *packet, size_t *len, long long *time_us)
{
    const size_t room = *len;
    toe_instant at = 0;
    toe_instant limit;
    toe_instant next;

    (void)user;
    pd_enter();
    limit = pd_world()->now + PD_PATIENCE;
    while ((*len = pd_wire_get(packet, room, &at)) == 0 && (next = pd_next()) < limit) {
        pd_advance(next);
    }
    if (*len == 0) {
        fputs("toe: error handling packet: Timed out waiting for packet: none will ever come\n",
              stderr);
    }
    *time_us = (long long)(at / 1000);
    pd_leave();
    return 0;
}

static int sleep_us(void *user, useconds_t us)
{
    (void)user;
    pd_enter();
    pd_advance(pd_world()->now + (toe_duration)us * 1000);
    pd_leave();
    return 0;
}

static int time_of_day(void *user, struct timeval *now, void *zone)
{
    const toe_instant t = pd_time();

    (void)user;
    (void)zone;
    now->tv_sec = (time_t)(t / TOE_NS_PER_SEC);
    now->tv_usec = (suseconds_t)(t % TOE_NS_PER_SEC / 1000);
    return 0;
}

static int no_pipe(void *user, int fds[2])
{
    (void)user;
    (void)fds;
    errno = ENOSYS;
    return -1;
}

static int no_splice(void *user, int in, off64_t *in_off, int out, off64_t *out_off, size_t len,
                     unsigned flags)
{
    (void)user;
    (void)in;
    (void)in_off;
    (void)out;
    (void)out_off;
    (void)len;
    (void)flags;
    errno = ENOSYS;
    return -1;
}

void packetdrill_interface_init(const char *flags, struct pd_interface *to)
{
    pd_world_begin(flags);
    *to = (struct pd_interface){
        .free = end,
        .socket = pd_socket,
        .bind = pd_bind,
        .listen = pd_listen,
        .accept = pd_accept,
        .connect = pd_connect,
        .read = pd_read,
        .readv = pd_readv,
        .recv = pd_recv,
        .recvfrom = pd_recvfrom,
        .recvmsg = pd_recvmsg,
        .write = pd_write,
        .writev = pd_writev,
        .send = pd_send,
        .sendto = pd_sendto,
        .sendmsg = pd_sendmsg,
        .fcntl = pd_fcntl,
        .ioctl = pd_ioctl,
        .close = pd_close,
        .shutdown = pd_shutdown,
        .getsockopt = pd_getsockopt,
        .setsockopt = pd_setsockopt,
        .poll = pd_poll,
        .netdev_send = netdev_send,
        .netdev_receive = netdev_receive,
        .usleep = sleep_us,
        .gettimeofday = time_of_day,
        .epoll_create = pd_epoll_create,
        .epoll_ctl = pd_epoll_ctl,
        .epoll_wait = pd_epoll_wait,
        .pipe = no_pipe,
        .splice = no_splice,
    };
}

size_t packetdrill_interface_waiting(void)
{
    return pd_waiting_cnt();
}

size_t packetdrill_interface_unread(void)
{
    return pd_wire_unread_cnt();
}

/* The C library's, for the sockets that are not ours. */
PD_EXPORT int getsockopt(int fd, int level, int name, void *restrict value, socklen_t *restrict len)
{
    if (pd_socket_find(fd) != NULL) {
        return pd_getsockopt(NULL, fd, level, name, value, len);
    }
    return (int)syscall(SYS_getsockopt, fd, level, name, value, len);
}

/* A new tick with each call. */
PD_EXPORT clock_t times(struct tms *buffer)
{
    static clock_t ticks;

    if (buffer != NULL) {
        *buffer = (struct tms){0};
    }
    return ++ticks;
}
