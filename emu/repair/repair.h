/* SPDX-License-Identifier: MIT */
/*
 * What take.c, give.c and fence.c have in common.
 *
 * A kernel socket in repair mode (TCP_REPAIR) can be read out and written into: its queues, its
 * sequence numbers, its options and windows. tcp(7) does not tell; the kernel's do_tcp_setsockopt()
 * does.
 */
#ifndef REPAIR_REPAIR_H
#define REPAIR_REPAIR_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "repair/toe_linux.h"

/* The states of tcp_info, which <linux/tcp.h> does not name. */
enum {
    LINUX_ESTABLISHED = 1,
    LINUX_FIN_WAIT_1 = 4,
    LINUX_FIN_WAIT_2 = 5,
    LINUX_CLOSE_WAIT = 8,
    LINUX_LAST_ACK = 9,
    LINUX_CLOSING = 11,
};

/* Ticks of what is taken: the kernel's timestamps count milliseconds. */
#define LINUX_TICKS 1000u

/* linux_error_set() fills in |error|, which may be NULL. */
void linux_error_set(struct toe_linux_error *error, int number, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* linux_option_get() is the option's value; |otherwise| if there is none. */
int linux_option_get(int fd, int level, int name, int otherwise);

/* linux_option_set() returns false with |error|, in which it is called |what|. */
bool linux_option_set(int fd, int level, int name, int value, const char *what,
                      struct toe_linux_error *error);

/* An address of a socket. */
union linux_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

#endif
