/* SPDX-License-Identifier: MIT */
#include "stress_peer.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netlink.h"
#include "veth.h"

/* What the child does: serves until told to end, then says what came of it. */
static int serve(int control, const struct emu_stress_settings *stress)
{
    const struct emu_peer_settings settings = {
        .port = stress->peer_port,
        .ready_fd = control,
        .life_fd = control,
        .finishes = true,
        .loses = (stress->chaos & EMU_CHAOS_HARDWARE) != 0,
    };
    struct emu_peer_result result;
    struct emu_error error;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* Out of reach of the terminal's Ctrl-C: it is the parent that ends us. */
    (void)setpgid(0, 0);
    if (!emu_peer_run(&result, &settings, &error)) {
        return emu_error_print(&error);
    }
    (void)!write(control, &result, sizeof(result));
    return emu_peer_status(&result);
}

/* Forks the child and waits until it listens. */
static bool spawn(struct emu_stress_peer *peer, const struct emu_stress_settings *settings,
                  struct emu_error *error)
{
    int ends[2];
    char byte;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "no socket: %s", strerror(errno));
        return false;
    }
    peer->pid = fork();
    if (peer->pid == 0) {
        close(ends[0]);
        _exit(serve(ends[1], settings));
    }
    close(ends[1]);
    peer->control = ends[0];
    if (peer->pid < 0 || read(peer->control, &byte, 1) != 1) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "the peer could not be started on port %u",
                      settings->peer_port);
        return false;
    }
    return true;
}

/* Puts the settings' addresses of the peer on its interface where that has none. */
static bool furnish(struct emu_stress_peer *peer, const struct emu_stress_settings *settings,
                    struct emu_error *error)
{
    const bool wanted[2] = {settings->ipv4, settings->ipv6};

    emu_veth_addresses(peer->address, peer->interface);
    for (int i = 0; i < 2; ++i) {
        if (!wanted[i] || peer->address[i].family != 0) {
            continue;
        }
        peer->address[i] = settings->peer[i];
        peer->prefix_len[i] = settings->prefix_len[i];
        if (!emu_netlink_address_add(peer->interface, &peer->address[i], peer->prefix_len[i],
                                     error)) {
            return false;
        }
        peer->added[i] = true;
    }
    return true;
}

bool emu_stress_peer_start(struct emu_stress_peer *peer, const struct emu_stress_settings *settings,
                           struct emu_error *error)
{
    *peer = (struct emu_stress_peer){.control = -1};
    if (!emu_veth_far_end(peer->interface, settings->interface)) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "%s is no veth with its other end here, so run `toe peer` at the other end "
                      "and give its addresses with --peer",
                      settings->interface);
        return false;
    }
    if (!furnish(peer, settings, error) || !spawn(peer, settings, error)) {
        emu_stress_peer_stop(peer);
        return false;
    }
    return true;
}

void emu_stress_peer_finish(struct emu_stress_peer *peer)
{
    if (peer->control >= 0) {
        (void)shutdown(peer->control, SHUT_WR);
    }
}

bool emu_stress_peer_result(struct emu_stress_peer *peer, struct emu_peer_result *result)
{
    return peer->control >= 0 &&
           recv(peer->control, result, sizeof(*result), MSG_WAITALL) == sizeof(*result);
}

void emu_stress_peer_stop(struct emu_stress_peer *peer)
{
    if (peer->pid > 0) {
        (void)kill(peer->pid, SIGKILL);
        while (waitpid(peer->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    if (peer->control >= 0) {
        close(peer->control);
    }
    for (int i = 0; i < 2; ++i) {
        if (peer->added[i]) {
            emu_veth_address_remove(peer->interface, &peer->address[i], peer->prefix_len[i]);
        }
    }
    *peer = (struct emu_stress_peer){.control = -1};
}
