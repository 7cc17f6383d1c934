/* SPDX-License-Identifier: MIT */
#ifndef PD_POLL_H
#define PD_POLL_H

#include <poll.h>
#include <stdbool.h>
#include <sys/epoll.h>

/*
 * Waiting for any of several sockets: poll and epoll.
 */

int pd_poll(void *user, struct pollfd *fds, nfds_t cnt, int timeout);
int pd_epoll_create(void *user, int size);
int pd_epoll_ctl(void *user, int epfd, int op, int fd, struct epoll_event *event);
int pd_epoll_wait(void *user, int epfd, struct epoll_event *events, int max, int timeout);

#endif
