/* SPDX-License-Identifier: MIT */
/*
 * Private networks: namespaces that die with the processes in them.
 *
 * emu_netns_enter() moves the calling process into a network of its own, for which it needs no
 * privilege: where it is not root, it becomes root of a user namespace first. emu_netns_spawn()
 * starts a process in yet another network, another machine as it were. Nothing has a name outside,
 * so however the processes end, by a signal at any moment too, nothing is left behind: a spawned
 * process is killed when its parent dies, and a network ends with its last process. netlink.h
 * furnishes such a network with links and addresses.
 */
#ifndef EMU_NETNS_H
#define EMU_NETNS_H

#include <sys/types.h>

#include "error.h"
#include "toe/types.h"

/* A process that was started, and the socket to talk to it. */
struct emu_netns_child {
    pid_t pid;   /* 0: none */
    int control; /* a stream socket to the child; readable at its end when it has died */
};

/*
 * emu_netns_enter() moves this process, which must not have threads, into a new network with its
 * loopback up. Returns false with |error| where that is not allowed.
 */
bool emu_netns_enter(struct emu_error *error);

/*
 * emu_netns_spawn() starts |body| in a process with a new network, its loopback up; |body| gets its
 * end of the control socket and |user|, and what it returns is the exit status. When the function
 * returns the network exists, and links may be moved into it by the pid. SIGINT is ignored there:
 * it is the parent that ends it.
 */
bool emu_netns_spawn(struct emu_netns_child *child, int (*body)(int control, void *user),
                     void *user, struct emu_error *error);

/*
 * emu_netns_exec() starts the program |argv| in this process's network, with what it prints on
 * stdout and stderr thrown away; it dies with this process. Returns its pid, or -1 with |error|.
 */
pid_t emu_netns_exec(char *const argv[], struct emu_error *error);

/*
 * emu_netns_reap() ends a process: waits for it up to |grace_ms| after closing the control socket,
 * then kills it. Returns its exit status, or -1 if it had to be killed or was.
 */
int emu_netns_reap(struct emu_netns_child *child, uint32_t grace_ms);

#endif
