/* SPDX-License-Identifier: MIT */
#include "endurance/leader.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The other machine's connections may take half a minute to finish before it reports. */
enum { PATIENCE = 60 };

int emu_leader_open(const struct toe_addr *addr)
{
    const struct timeval limit = {.tv_sec = PATIENCE};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(EMU_SESSION_PORT)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memcpy(&to.sin_addr, addr->bytes, 4);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0 ||
        connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return -1;
    }
    return fd;
}

bool emu_leader_ask(int conn, struct emu_session_message *answer,
                    const struct emu_session_message *message)
{
    struct emu_session_reader reader = {.len = 0};
    char line[EMU_SESSION_LINE_MAX];
    const size_t len = emu_session_write(line, message);
    const enum emu_session_kind wanted =
        message->kind == EMU_SESSION_END ? EMU_SESSION_REPORT : EMU_SESSION_OK;

    if (send(conn, line, len, MSG_NOSIGNAL) != (ssize_t)len) {
        return false;
    }
    while (!reader.is_broken) {
        char byte;
        const ssize_t got = recv(conn, &byte, 1, 0);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got != 1) {
            return false;
        }
        if (emu_session_read(&reader, answer, byte)) {
            return answer->kind == wanted;
        }
    }
    return false;
}
