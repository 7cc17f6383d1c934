/* SPDX-License-Identifier: MIT */
#include "endurance/world.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "endurance/follower.h"
#include "netlink.h"

#define TEST_FAR "test1"
#define SUPPORT_FAR "support1"

enum { GRACE_MS = 2000, LINK_MS = 20000 };

static struct toe_addr ipv4(uint8_t net, uint8_t host)
{
    return (struct toe_addr){.family = 4, .bytes = {10, 77, net, host}};
}

static struct toe_addr ipv6(uint8_t host)
{
    struct toe_addr addr = {.family = 6, .bytes = {0xfd, 0x77}};

    addr.bytes[15] = host;
    return addr;
}

/* --- the other machine --- */

static bool furnish(const struct emu_endurance_world *world, struct emu_error *error)
{
    return emu_netlink_up(TEST_FAR, 0, error) && emu_netlink_up(SUPPORT_FAR, 0, error) &&
           emu_netlink_address_add(TEST_FAR, &world->test_far[0], EMU_ENDURANCE_PREFIX4, error) &&
           emu_netlink_address_add(TEST_FAR, &world->test_far[1], EMU_ENDURANCE_PREFIX6, error) &&
           emu_netlink_address_add(SUPPORT_FAR, &world->support_far, EMU_ENDURANCE_PREFIX4, error);
}

/* Its life: it waits for its links, furnishes itself, says how that went, and follows. */
static int live_far(int control, void *user)
{
    const struct emu_endurance_world *world = user;
    const struct emu_follower_settings settings = {.support = world->support_far,
                                                   .peer_port = EMU_ENDURANCE_PORT};
    struct emu_error error = {.status = EMU_EXIT_OK};
    struct emu_follower follower;
    char go;

    if (read(control, &go, 1) != 1) {
        return EMU_EXIT_ENVIRONMENT;
    }
    if (furnish(world, &error)) {
        (void)emu_follower_start(&follower, &settings, &error);
    }
    if (write(control, &error, sizeof(error)) != sizeof(error) || error.status != EMU_EXIT_OK) {
        return EMU_EXIT_ENVIRONMENT;
    }
    return emu_follower_run(&follower, control);
}

/* --- ours --- */

/* An interface that the kernel leaves to us. */
static bool add_wire(const char *name, const char *far, pid_t pid, struct emu_error *error)
{
    if (!emu_netlink_veth_add(name, far, pid, error)) {
        return false;
    }
    emu_netlink_ipv6_off(name);
    return emu_netlink_up(name, 0, error);
}

static bool start_far(struct emu_endurance_world *world, struct emu_error *error)
{
    struct emu_error word;

    if (send(world->far.control, "g", 1, MSG_NOSIGNAL) != 1 ||
        recv(world->far.control, &word, sizeof(word), MSG_WAITALL) != sizeof(word)) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "the other machine died at its start");
        return false;
    }
    if (word.status != EMU_EXIT_OK) {
        *error = word;
        return false;
    }
    (void)emu_netlink_await(EMU_ENDURANCE_TEST, LINK_MS);
    (void)emu_netlink_await(EMU_ENDURANCE_SUPPORT, LINK_MS);
    return true;
}

bool emu_endurance_world_open(struct emu_endurance_world *world, struct emu_error *error)
{
    *world = (struct emu_endurance_world){
        .far = {.control = -1},
        .test = {ipv4(0, 1), ipv6(1)},
        .test_far = {ipv4(0, 2), ipv6(2)},
        .support = ipv4(1, 1),
        .support_far = ipv4(1, 2),
    };
    if (!emu_netns_enter(error) || !emu_netns_spawn(&world->far, live_far, world, error)) {
        return false;
    }
    if (!add_wire(EMU_ENDURANCE_TEST, TEST_FAR, world->far.pid, error) ||
        !add_wire(EMU_ENDURANCE_SUPPORT, SUPPORT_FAR, world->far.pid, error) ||
        !start_far(world, error)) {
        emu_endurance_world_close(world);
        return false;
    }
    return true;
}

void emu_endurance_world_close(struct emu_endurance_world *world)
{
    (void)emu_netns_reap(&world->far, GRACE_MS);
}
