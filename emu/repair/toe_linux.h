/* SPDX-License-Identifier: MIT */
/*
 * libtoe-linux: connections out of the Linux kernel, and back into it.
 *
 * A program that has a connected TCP socket can take the connection out of its kernel and go on
 * with it in a host of its own (toe/host.h), on the same machine or on another one, and can give
 * one back. The peer notices nothing.
 *
 *     struct toe_linux_fence *fence = toe_linux_fence_open("eth0", &error);
 *     struct toe_linux_taken taken;
 *
 *     if (toe_linux_take(fd, fence, &taken, &error)) {         from now on fd is closed,
 *         toe_host_restore(host, &taken.saved, &conn);         and the kernel knows nothing
 *         toe_linux_taken_free(&taken);
 *         toe_host_thaw(host, conn);
 *     }
 *     ...
 *     fd = toe_linux_give(&saved, fence, &lost, &error);       a socket like any other
 *
 * While the connection is not the kernel's, the kernel must not see its segments: it would answer
 * with a RST. That is what a fence is for: the segments that it covers reach raw sockets only. A
 * fence is the kernel's own (a program on the interface's ingress, held by a file descriptor) and
 * falls with the process, however that ends; no rule stays behind. Whoever has the interface to
 * himself, as with a TAP, needs none.
 *
 * Needs CAP_NET_ADMIN in the user namespace of the network, a fence CAP_BPF as well, and giving
 * back a connection that the peer has closed CAP_NET_RAW. One thread at a time may use one fence.
 *
 * What Linux does not tell, and so is not taken: when which segment was sent, what was SACKed, the
 * peer's last timestamp (the next segment brings one), what arrived out of order (toe_linux_take()
 * waits a little for the gap to be filled), urgent data.
 */
#ifndef TOE_LINUX_H
#define TOE_LINUX_H

#include "toe/saved.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why something was not done. */
struct toe_linux_error {
    int number;     /* as in <errno.h>; EOPNOTSUPP: this connection cannot be moved */
    char text[192]; /* one line: the cause, and the remedy where there is one */
};

struct toe_linux_fence;

/*
 * toe_linux_fence_open() makes a fence on the interface |name| that covers nothing yet; NULL with
 * |error| if that cannot be. Needs Linux 6.6.
 */
TOE_EXPORT struct toe_linux_fence *toe_linux_fence_open(const char *name,
                                                        struct toe_linux_error *error);

/*
 * toe_linux_fence_raise() has it cover one connection more, toe_linux_fence_lower() one less. The
 * constant parts of |saved| name it. Taking and giving do this by themselves.
 */
TOE_EXPORT bool toe_linux_fence_raise(struct toe_linux_fence *fence, const struct toe_saved *saved,
                                      struct toe_linux_error *error);
TOE_EXPORT void toe_linux_fence_lower(struct toe_linux_fence *fence, const struct toe_saved *saved);

/*
 * toe_linux_fence_filter() lets |packet_fd|, a packet socket, see of all TCP only what the fence
 * covers: for a host that shares its addresses with the kernel. ARP, ICMP and the rest it sees.
 */
TOE_EXPORT bool toe_linux_fence_filter(const struct toe_linux_fence *fence, int packet_fd,
                                       struct toe_linux_error *error);

/* toe_linux_fence_del() removes the fence with all that it covers; NULL is allowed. */
TOE_EXPORT void toe_linux_fence_del(struct toe_linux_fence *fence);

/* A connection that was taken: the streams of |saved| lie in |memory|. */
struct toe_linux_taken {
    struct toe_saved saved;
    void *memory;
};

/*
 * toe_linux_take() takes the connection of the socket |fd|, IPv4 or IPv6, out of the kernel, and
 * closes |fd|. If it fails, the socket is as it was, and the connection goes on. |fence| may be
 * NULL. If the process ends in the middle, the kernel forgets the connection without a word, or
 * still has it; never are there two that own it.
 *
 * Refused with EOPNOTSUPP are other protocols than TCP (MPTCP), states other than ESTABLISHED,
 * FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, CLOSING and LAST_ACK, sockets with an upper layer (TLS), with
 * authentication (MD5, AO), which may send by reference (SO_ZEROCOPY), and timestamps in
 * microseconds; with EAGAIN what has a gap that does not fill; with EPERM who may not.
 */
TOE_EXPORT bool toe_linux_take(int fd, struct toe_linux_fence *fence, struct toe_linux_taken *taken,
                               struct toe_linux_error *error);

TOE_EXPORT void toe_linux_taken_free(struct toe_linux_taken *taken);

/* What of a connection the kernel did not take back: names of fields as in toe/saved.h. */
struct toe_linux_lost {
    uint32_t cnt;
    const char *fields[16];
};

/*
 * toe_linux_give() makes |saved| a connection of the kernel, and returns its socket; the fence is
 * lowered. -1 with |error| if that fails: then the kernel has none, and |fence| covers it as
 * before; it may be given again. Bytes that were not sent yet go out at once. |lost| may be NULL.
 * Rules of the machine have to let it pass: with EHOSTUNREACH they do not, and doc/hostile.md has
 * what they make of a connection that was away.
 */
TOE_EXPORT int toe_linux_give(const struct toe_saved *saved, struct toe_linux_fence *fence,
                              struct toe_linux_lost *lost, struct toe_linux_error *error);

#ifdef __cplusplus
}
#endif

#endif
