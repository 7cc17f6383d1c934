/* SPDX-License-Identifier: MIT */
#ifndef PD_DATA_H
#define PD_DATA_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

/*
 * Reading and writing: the calls that move bytes.
 */

ssize_t pd_read(void *user, int fd, void *bytes, size_t len);
ssize_t pd_readv(void *user, int fd, const struct iovec *iov, int cnt);
ssize_t pd_recv(void *user, int fd, void *bytes, size_t len, int flags);
ssize_t pd_recvfrom(void *user, int fd, void *bytes, size_t len, int flags, struct sockaddr *addr,
                    socklen_t *addr_len);
ssize_t pd_recvmsg(void *user, int fd, struct msghdr *msg, int flags);
ssize_t pd_write(void *user, int fd, const void *bytes, size_t len);
ssize_t pd_writev(void *user, int fd, const struct iovec *iov, int cnt);
ssize_t pd_send(void *user, int fd, const void *bytes, size_t len, int flags);
ssize_t pd_sendto(void *user, int fd, const void *bytes, size_t len, int flags,
                  const struct sockaddr *addr, socklen_t addr_len);
ssize_t pd_sendmsg(void *user, int fd, const struct msghdr *msg, int flags);

#endif
