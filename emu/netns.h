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

/* A program to start: another one, or a function of ours in a process of its own. */
struct emu_netns_program {
    char *const *argv;
    int (*body)(void *user); /* NULL: |argv| is run; what it returns is the exit status */
    void *user;
    int files[3]; /* its stdin, stdout and stderr; -1: /dev/null */
};

/*
 * emu_netns_start() starts |program| in this process's network and in a session of its own, away
 * from the terminal and a Ctrl-C there; it dies with this process. Returns its pid, or -1 with
 * |error|.
 */
pid_t emu_netns_start(const struct emu_netns_program *program, struct emu_error *error);

/* emu_netns_exec() is the same for |argv| with nothing to read, and what it prints thrown away. */
pid_t emu_netns_exec(char *const argv[], struct emu_error *error);

/*
 * emu_netns_gather() has all processes that are started from now on, and all that these start,
 * killed by the kernel when the first of them ends.
 */
bool emu_netns_gather(struct emu_error *error);

/*
 * emu_netns_directory() puts an empty directory in memory at |path|, for this process and those it
 * starts only.
 */
bool emu_netns_directory(const char *path, struct emu_error *error);

/*
 * emu_netns_reap() ends a process: waits for it up to |grace_ms| after closing the control socket,
 * then kills it. Returns its exit status, or -1 if it had to be killed or was.
 */
int emu_netns_reap(struct emu_netns_child *child, uint32_t grace_ms);

#endif
