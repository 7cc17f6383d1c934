/* SPDX-License-Identifier: MIT */
#include "endurance/follower.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "endurance/session.h"
#include "peer.h"

/* --- the peer --- */

static int serve(int control, uint16_t port)
{
    const struct emu_peer_settings settings = {
        .port = port, .ready_fd = control, .life_fd = control, .finishes = true};
    struct emu_peer_result result;
    struct emu_error error;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!emu_peer_run(&result, &settings, &error)) {
        return emu_error_print(&error);
    }
    (void)!write(control, &result, sizeof(result));
    return emu_peer_status(&result);
}

static bool start_peer(struct emu_follower *follower, uint16_t port, struct emu_error *error)
{
    int ends[2];
    char byte;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "no socket: %s", strerror(errno));
        return false;
    }
    follower->pid = fork();
    if (follower->pid == 0) {
        (void)close(ends[0]);
        _exit(serve(ends[1], port));
    }
    (void)close(ends[1]);
    follower->control = ends[0];
    if (follower->pid < 0 || read(follower->control, &byte, 1) != 1) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "the peer could not be started on port %u",
                      port);
        return false;
    }
    return true;
}

/* What the peer has seen, once all its connections are over. */
static bool ask_peer(struct emu_follower *follower, struct emu_stress_tally *tally)
{
    struct emu_peer_result result;
    struct emu_error error;

    (void)shutdown(follower->control, SHUT_WR);
    if (recv(follower->control, &result, sizeof(result), MSG_WAITALL) != sizeof(result)) {
        return false;
    }
    if (result.fault[0] != '\0') {
        emu_error_set(&error, EMU_EXIT_FAULT, "at the other machine: %s", result.fault);
        (void)emu_error_print(&error);
    }
    *tally = (struct emu_stress_tally){
        .opened = result.connections,
        .ended = result.finished + result.resets_wanted,
        .bytes = result.bytes,
        .bytes_wrong = result.bytes_wrong,
        .resets = result.resets,
    };
    return true;
}

/* --- the session --- */

static int open_listener(const struct toe_addr *addr)
{
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(EMU_SESSION_PORT)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;

    memcpy(&local.sin_addr, addr->bytes, 4);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(fd, (struct sockaddr *)&local, sizeof(local)) != 0 || listen(fd, 1) != 0) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return -1;
    }
    return fd;
}

/* Waits for |fd|; false if |life| has ended. */
static bool await(int fd, int life)
{
    struct pollfd polls[2] = {{fd, POLLIN, 0}, {life, POLLIN, 0}};

    while (poll(polls, 2, -1) < 0 && errno == EINTR) {
    }
    return polls[1].revents == 0 && polls[0].revents != 0;
}

/* Answers |message|. Returns false when there is no more to say. */
static bool answer(struct emu_follower *follower, int conn,
                   const struct emu_session_message *message)
{
    struct emu_session_message reply = {.kind = EMU_SESSION_OK};
    char line[EMU_SESSION_LINE_MAX];
    size_t len;

    if (message->kind == EMU_SESSION_END) {
        reply.kind = EMU_SESSION_REPORT;
        if (!ask_peer(follower, &reply.tally)) {
            return false;
        }
    }
    len = emu_session_write(line, &reply);
    return send(conn, line, len, MSG_NOSIGNAL) == (ssize_t)len && message->kind != EMU_SESSION_END;
}

static void hold_session(struct emu_follower *follower, int conn, int life)
{
    struct emu_session_reader reader = {.len = 0};
    struct emu_session_message message;
    char byte;

    while (await(conn, life) && recv(conn, &byte, 1, 0) == 1) {
        if (emu_session_read(&reader, &message, byte) && !answer(follower, conn, &message)) {
            return;
        }
        if (reader.is_broken) {
            return;
        }
    }
}

bool emu_follower_start(struct emu_follower *follower, const struct emu_follower_settings *settings,
                        struct emu_error *error)
{
    *follower = (struct emu_follower){.control = -1};
    follower->listener = open_listener(&settings->support);
    if (follower->listener < 0) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "the other machine cannot listen: %s",
                      strerror(errno));
        return false;
    }
    return start_peer(follower, settings->peer_port, error);
}

int emu_follower_run(struct emu_follower *follower, int life)
{
    int conn = -1;
    char byte;

    if (await(follower->listener, life)) {
        conn = accept4(follower->listener, NULL, NULL, SOCK_CLOEXEC);
    }
    if (conn >= 0) {
        hold_session(follower, conn, life);
        (void)close(conn);
    }
    /* What the kernel has still to say belongs to this network: it stays until it is told to go. */
    while (read(life, &byte, 1) > 0) {
    }
    return EMU_EXIT_OK;
}
