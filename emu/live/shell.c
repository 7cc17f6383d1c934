/* SPDX-License-Identifier: MIT */
#include "live/shell.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "error.h"

enum { BACKLOG = 16, BUFFER_LEN = 4096 };

static void become_shell(int conn)
{
    for (int i = 0; i < 3; ++i) {
        (void)dup2(conn, i);
    }
    (void)execl("/bin/sh", "sh", (char *)NULL);
    _exit(127);
}

int emu_shell_serve(uint16_t port)
{
    const struct sockaddr_in6 addr = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int conn;

    (void)signal(SIGCHLD, SIG_IGN); /* nobody waits for the shells */
    if (fd < 0 || bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) != 0 ||
        listen(fd, BACKLOG) != 0) {
        return EMU_EXIT_ENVIRONMENT;
    }
    while ((conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        if (fork() == 0) {
            become_shell(conn);
        }
        (void)close(conn);
    }
    return EMU_EXIT_FAULT;
}

static int connect_to(const struct toe_addr *to, uint16_t port)
{
    struct sockaddr_in addr4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 addr6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    const bool is_v6 = to->family == 6;
    const int fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memcpy(&addr4.sin_addr, to->bytes, 4);
    memcpy(&addr6.sin6_addr, to->bytes, 16);
    if (fd >= 0 && connect(fd, is_v6 ? (struct sockaddr *)&addr6 : (struct sockaddr *)&addr4,
                           is_v6 ? sizeof(addr6) : sizeof(addr4)) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* Carries what there is from |from| to |to|: 1, 0 at its end, -1 with errno. */
static int carry(int from, int to)
{
    char data[BUFFER_LEN];
    const ssize_t len = read(from, data, sizeof(data));

    for (ssize_t off = 0; off < len;) {
        const ssize_t written = write(to, data + off, (size_t)(len - off));

        if (written < 0 && errno != EINTR) {
            return -1;
        }
        off += written < 0 ? 0 : written;
    }
    return len > 0 || (len < 0 && errno == EINTR) ? 1 : (int)len;
}

int emu_shell_connect(const struct toe_addr *to, uint16_t port)
{
    const int fd = connect_to(to, port);
    struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    int result = fd < 0 ? -1 : 1;

    while (result > 0) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR) {
            result = -1;
        }
        if (result > 0 && fds[0].revents != 0) {
            result = carry(STDIN_FILENO, fd);
            if (result == 0) {
                (void)shutdown(fd, SHUT_WR); /* The shell ends, and so the connection. */
                fds[0].fd = -1;
                result = 1;
            }
        }
        if (result > 0 && fds[1].revents != 0) {
            result = carry(fd, STDOUT_FILENO);
        }
    }
    if (result < 0) {
        (void)fprintf(stderr, "%s\n", strerror(errno));
        (void)fflush(stderr);
    }
    return result < 0 ? EMU_EXIT_FAULT : EMU_EXIT_OK;
}
