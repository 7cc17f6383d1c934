/* SPDX-License-Identifier: MIT */
#ifndef PD_OPTION_H
#define PD_OPTION_H

#include <stdbool.h>
#include <sys/socket.h>

/*
 * Options: fcntl, ioctl, getsockopt, setsockopt.
 */

int pd_fcntl(void *user, int fd, int command, ...);
int pd_ioctl(void *user, int fd, unsigned long request, ...);
int pd_getsockopt(void *user, int fd, int level, int name, void *value, socklen_t *len);
int pd_setsockopt(void *user, int fd, int level, int name, const void *value, socklen_t len);

/* pd_tcp_info() fills |room| bytes with Linux's struct tcp_info, and zeroes behind. */
struct pd_socket;
void pd_tcp_info(struct pd_socket *socket, void *value, socklen_t room);

#endif
