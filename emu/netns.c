/* SPDX-License-Identifier: MIT */
#include "netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "netlink.h"

/* --- entering --- */

static bool write_file(const char *path, const char *text)
{
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok;

    if (fd < 0) {
        return false;
    }
    ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    (void)close(fd);
    return ok;
}

/* Root in the new namespace is who we are outside: nothing is gained but the networks we make. */
static bool map_ids(uid_t uid, gid_t gid)
{
    char text[64];

    (void)write_file("/proc/self/setgroups", "deny"); /* absent in old kernels */
    (void)snprintf(text, sizeof(text), "0 %lu 1", (unsigned long)uid);
    if (!write_file("/proc/self/uid_map", text)) {
        return false;
    }
    (void)snprintf(text, sizeof(text), "0 %lu 1", (unsigned long)gid);
    return write_file("/proc/self/gid_map", text);
}

/* Has addresses of interfaces to come be usable at once, and switches the loopback on. */
static bool furnish(struct emu_error *error)
{
    (void)write_file("/proc/sys/net/ipv6/conf/all/accept_dad", "0");
    (void)write_file("/proc/sys/net/ipv6/conf/default/accept_dad", "0");
    return emu_netlink_up("lo", 0, error);
}

bool emu_netns_enter(struct emu_error *error)
{
    const uid_t uid = geteuid();
    const gid_t gid = getegid();

    if (unshare(CLONE_NEWNET) == 0) {
        return furnish(error);
    }
    if (errno != EPERM) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot make a private network: %s; %s",
                      strerror(errno),
                      errno == ENOSPC ? "allow more of them: sysctl user.max_net_namespaces=10000"
                                      : "the kernel needs CONFIG_NET_NS");
        return false;
    }
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        emu_error_set(
            error, EMU_EXIT_ENVIRONMENT,
            "cannot make a private user and network namespace: %s; run as root, or allow "
            "it: sysctl user.max_user_namespaces=10000 kernel.unprivileged_userns_clone=1",
            strerror(errno));
        return false;
    }
    if (!map_ids(uid, gid)) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "cannot become root of a private user namespace: %s; run as root, or allow "
                      "it: sysctl kernel.apparmor_restrict_unprivileged_userns=0",
                      strerror(errno));
        return false;
    }
    return furnish(error);
}

/* --- processes --- */

/*
 * Has the kernel kill this process when |parent| dies, also if that has happened already; a parent
 * outside of our process namespace has the number 0. Signals that the parent blocks are none of its
 * business.
 */
static void die_with(pid_t parent)
{
    sigset_t none;

    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent && getppid() != 0) {
        _exit(EMU_EXIT_ENVIRONMENT);
    }
}

static bool become_machine(struct emu_error *error)
{
    if (unshare(CLONE_NEWNET) != 0) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot make the peer's network: %s",
                      strerror(errno));
        return false;
    }
    return furnish(error);
}

/*
 * The life of a spawned process. A process group of its own keeps a Ctrl-C on the terminal away
 * from it; of the parent's files it keeps stdio and its end of the control socket only.
 */
static int live(int control, pid_t parent, int (*body)(int control, void *user), void *user)
{
    struct emu_error error = {.status = EMU_EXIT_OK};
    int status;

    die_with(parent);
    (void)setpgid(0, 0);
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGPIPE, SIG_IGN);
    if (control != 3) {
        (void)dup3(control, 3, O_CLOEXEC);
    }
    (void)close_range(4, ~0u, 0);
    if (!become_machine(&error)) {
        (void)!write(3, &error, sizeof(error));
        return EMU_EXIT_ENVIRONMENT;
    }
    if (write(3, &error, sizeof(error)) != sizeof(error)) {
        return EMU_EXIT_ENVIRONMENT;
    }
    status = body(3, user);
    (void)fflush(NULL);
    return status;
}

/* Waits for the word of a spawned process that its network exists. */
static bool await(struct emu_netns_child *child, struct emu_error *error)
{
    struct emu_error word;
    const ssize_t len = recv(child->control, &word, sizeof(word), MSG_WAITALL);

    if (len == (ssize_t)sizeof(word) && word.status == EMU_EXIT_OK) {
        return true;
    }
    (void)emu_netns_reap(child, 0);
    if (len == (ssize_t)sizeof(word)) {
        *error = word;
    } else {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "the peer's process died at its start");
    }
    return false;
}

bool emu_netns_spawn(struct emu_netns_child *child, int (*body)(int control, void *user),
                     void *user, struct emu_error *error)
{
    const pid_t parent = getpid();
    int pair[2];
    pid_t pid;

    *child = (struct emu_netns_child){.pid = 0, .control = -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot open a socket pair: %s",
                      strerror(errno));
        return false;
    }
    (void)fflush(NULL);
    pid = fork();
    if (pid == 0) {
        (void)close(pair[0]);
        _exit(live(pair[1], parent, body, user));
    }
    (void)close(pair[1]);
    if (pid < 0) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot start a process: %s", strerror(errno));
        (void)close(pair[0]);
        return false;
    }
    child->pid = pid;
    child->control = pair[0];
    return await(child, error);
}

/* Puts |files| in the places of stdin, stdout and stderr; /dev/null for those that are -1. */
static void place_files(const int files[3])
{
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int copies[3];

    for (int i = 0; i < 3; ++i) {
        copies[i] = fcntl(files[i] < 0 ? null : files[i], F_DUPFD_CLOEXEC, 3);
    }
    for (int i = 0; i < 3; ++i) {
        (void)dup2(copies[i], i);
    }
}

/* The life of a program's process; returns only where it cannot begin: why, as errno has it. */
static int become_program(const struct emu_netns_program *program, pid_t parent)
{
    die_with(parent);
    (void)setsid();
    place_files(program->files);
    if (program->body != NULL) {
        (void)close_range(3, ~0u, 0);
        (void)signal(SIGPIPE, SIG_IGN);
        _exit(program->body(program->user));
    }
    (void)signal(SIGPIPE, SIG_DFL);
    (void)execvp(program->argv[0], program->argv);
    return errno;
}

pid_t emu_netns_start(const struct emu_netns_program *program, struct emu_error *error)
{
    const char *name = program->body != NULL ? "a process" : program->argv[0];
    const pid_t parent = getpid();
    int report[2]; /* closed by a successful exec; else it brings the reason */
    int code = 0;
    pid_t pid;

    if (pipe2(report, O_CLOEXEC) != 0) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot open a pipe: %s", strerror(errno));
        return -1;
    }
    (void)fflush(NULL);
    pid = fork();
    if (pid == 0) {
        code = become_program(program, parent);
        (void)!write(report[1], &code, sizeof(code));
        _exit(127);
    }
    (void)close(report[1]);
    if (pid < 0) {
        code = errno;
    } else if (read(report[0], &code, sizeof(code)) != sizeof(code)) {
        code = 0;
    }
    (void)close(report[0]);
    if (code == 0) {
        return pid;
    }
    emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot run %s: %s", name, strerror(code));
    if (pid > 0) {
        (void)waitpid(pid, NULL, 0);
    }
    return -1;
}

pid_t emu_netns_exec(char *const argv[], struct emu_error *error)
{
    const struct emu_netns_program program = {.argv = argv, .files = {-1, -1, -1}};

    return emu_netns_start(&program, error);
}

bool emu_netns_gather(struct emu_error *error)
{
    if (unshare(CLONE_NEWPID) == 0) {
        return true;
    }
    emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot make a private process namespace: %s",
                  strerror(errno));
    return false;
}

bool emu_netns_directory(const char *path, struct emu_error *error)
{
    if (unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
        mount("toe", path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") == 0) {
        return true;
    }
    emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot make a private directory at %s: %s", path,
                  strerror(errno));
    return false;
}

int emu_netns_reap(struct emu_netns_child *child, uint32_t grace_ms)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    int status = 0;
    pid_t pid = 0;

    if (child->pid <= 0) {
        return -1;
    }
    (void)shutdown(child->control, SHUT_RDWR);
    for (uint32_t waited = 0; waited < grace_ms && pid == 0; waited += 2) {
        pid = waitpid(child->pid, &status, WNOHANG);
        if (pid == 0) {
            (void)nanosleep(&pause, NULL);
        }
    }
    if (pid == 0) {
        (void)kill(child->pid, SIGKILL);
        while ((pid = waitpid(child->pid, &status, 0)) < 0 && errno == EINTR) {
        }
    }
    (void)close(child->control);
    *child = (struct emu_netns_child){.pid = 0, .control = -1};
    return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
