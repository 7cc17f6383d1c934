/* SPDX-License-Identifier: MIT */
#ifndef PD_OPTION_H
#define PD_OPTION_H

#include <stdbool.h>
#include <sys/socket.h>

/*
 * Options: fcntl, ioctl, getsockopt, setsockopt.
 *
 * One is ours: at the level SOL_TOE, TOE_OFFLOAD moves the connection to the target, 1, or back to
 * the host, 0; and tells where it is, as enum toe_place: 0 in the host, 1 on its way to the target,
 * 2 offloaded, 3 on its way back. From the first time it is set on, nothing moves by itself,
 * whatever the mode. A script that has the numbers instead of names runs in any packetdrill.
 */
enum { SOL_TOE = 0x70e, TOE_OFFLOAD = 1 };

int pd_fcntl(void *user, int fd, int command, ...);
int pd_ioctl(void *user, int fd, unsigned long request, ...);
int pd_getsockopt(void *user, int fd, int level, int name, void *value, socklen_t *len);
int pd_setsockopt(void *user, int fd, int level, int name, const void *value, socklen_t len);

/* pd_engine_info() tells the engine's numbers, wherever the connection is; false if there is none.
 */
struct pd_socket;
struct toe_host_tcp_info;
bool pd_engine_info(const struct pd_socket *socket, struct toe_host_tcp_info *info);

/* pd_tcp_info() fills |room| bytes with Linux's struct tcp_info, and zeroes behind. */
void pd_tcp_info(struct pd_socket *socket, void *value, socklen_t room);

#endif
