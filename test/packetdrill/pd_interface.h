/* SPDX-License-Identifier: MIT */
#ifndef PD_INTERFACE_H
#define PD_INTERFACE_H

#include <poll.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>

/*
 * What packetdrill wants of a shared object that it is to test: a table of functions, in this
 * order, each with the prototype of the C library's behind |user|. netdev_send() brings a packet
 * to the stack, netdev_receive() fetches one that the stack sent, with the time at which it did;
 * both are packets of IP. usleep() and gettimeofday() are the only clock.
 *
 * The object exports packetdrill_interface_init(), which fills the table in. Only our own runner
 * (test/drill) asks it for packetdrill_interface_waiting(), how many calls wait now, for
 * packetdrill watches its threads; and for packetdrill_interface_unread(), how many packets were
 * sent and not fetched, which packetdrill does not mind.
 */
struct pd_interface {
    void *user;
    void (*free)(void *user);
    int (*socket)(void *user, int domain, int type, int protocol);
    int (*bind)(void *user, int fd, const struct sockaddr *addr, socklen_t len);
    int (*listen)(void *user, int fd, int backlog);
    int (*accept)(void *user, int fd, struct sockaddr *addr, socklen_t *len);
    int (*connect)(void *user, int fd, const struct sockaddr *addr, socklen_t len);
    ssize_t (*read)(void *user, int fd, void *bytes, size_t len);
    ssize_t (*readv)(void *user, int fd, const struct iovec *iov, int cnt);
    ssize_t (*recv)(void *user, int fd, void *bytes, size_t len, int flags);
    ssize_t (*recvfrom)(void *user, int fd, void *bytes, size_t len, int flags,
                        struct sockaddr *addr, socklen_t *addr_len);
    ssize_t (*recvmsg)(void *user, int fd, struct msghdr *msg, int flags);
    ssize_t (*write)(void *user, int fd, const void *bytes, size_t len);
    ssize_t (*writev)(void *user, int fd, const struct iovec *iov, int cnt);
    ssize_t (*send)(void *user, int fd, const void *bytes, size_t len, int flags);
    ssize_t (*sendto)(void *user, int fd, const void *bytes, size_t len, int flags,
                      const struct sockaddr *addr, socklen_t addr_len);
    ssize_t (*sendmsg)(void *user, int fd, const struct msghdr *msg, int flags);
    int (*fcntl)(void *user, int fd, int command, ...);
    int (*ioctl)(void *user, int fd, unsigned long request, ...);
    int (*close)(void *user, int fd);
    int (*shutdown)(void *user, int fd, int how);
    int (*getsockopt)(void *user, int fd, int level, int name, void *value, socklen_t *len);
    int (*setsockopt)(void *user, int fd, int level, int name, const void *value, socklen_t len);
    int (*poll)(void *user, struct pollfd *fds, nfds_t cnt, int timeout);
    int (*netdev_send)(void *user, const void *packet, size_t len);
    int (*netdev_receive)(void *user, void *packet, size_t *len, long long *time_us);
    int (*usleep)(void *user, useconds_t us);
    int (*gettimeofday)(void *user, struct timeval *now, void *zone);
    int (*epoll_create)(void *user, int size);
    int (*epoll_ctl)(void *user, int epfd, int op, int fd, struct epoll_event *event);
    int (*epoll_wait)(void *user, int epfd, struct epoll_event *events, int max, int timeout);
    int (*pipe)(void *user, int fds[2]);
    int (*splice)(void *user, int in, off64_t *in_off, int out, off64_t *out_off, size_t len,
                  unsigned flags);
};

#endif
