/* SPDX-License-Identifier: MIT */
#include "live/look.h"

#include <string.h>

#include "nic/client.h"
#include "pump.h"

static const struct emu_client nic = {.nic = "toe0"};

static void take_connection(struct emu_look *look, const json_t *object)
{
    const json_int_t port = emu_client_number(object, "remote_port");
    const bool is_offloaded = strcmp(emu_client_text(object, "place"), "Offloaded") == 0;
    const char *state = emu_client_text(object, "state");

    if (strcmp(state, "CLOSED") == 0 || strcmp(state, "TIME_WAIT") == 0) {
        return; /* The NIC remembers it for a while. */
    }
    ++look->connections;
    for (size_t i = 0; i < look->part_cnt; ++i) {
        if (look->parts[i].port == port) {
            ++look->parts[i].open;
            look->parts[i].offloaded += is_offloaded ? 1 : 0;
            return;
        }
    }
}

static void take_counters(struct emu_look *look, const json_t *object)
{
    const char *group = emu_client_text(object, "group");

    if (strcmp(group, "kernel") == 0) {
        look->offloaded = (uint64_t)emu_client_number(object, "offloaded");
        look->offloads = (uint64_t)emu_client_number(object, "offloads");
        look->uploads = (uint64_t)emu_client_number(object, "uploads");
        look->bad = (uint64_t)emu_client_number(object, "host_bad");
    } else if (strcmp(group, "fault") == 0) {
        look->frames_lost += (uint64_t)emu_client_number(object, "lost");
    } else if (strcmp(emu_client_text(object, "side"), "wire") == 0) {
        look->wire_bytes += (uint64_t)emu_client_number(object, "in_bytes") +
                            (uint64_t)emu_client_number(object, "out_bytes");
    } else if (strcmp(group, "upload") == 0 && emu_client_number(object, "connections") != 0) {
        (void)json_object_set(look->reasons, emu_client_text(object, "reason"),
                              json_object_get(object, "connections"));
    }
}

static void take(void *user, const json_t *object)
{
    struct emu_look *look = user;
    const char *type = emu_client_text(object, "type");

    if (strcmp(type, "connection") == 0) {
        take_connection(look, object);
    } else if (strcmp(type, "counters") == 0) {
        take_counters(look, object);
    }
}

bool emu_look_at(struct emu_look *look, struct emu_part *parts, size_t part_cnt)
{
    *look = (struct emu_look){.parts = parts, .part_cnt = part_cnt, .reasons = json_object()};
    for (size_t i = 0; i < part_cnt; ++i) {
        parts[i].open = 0;
        parts[i].offloaded = 0;
    }
    if (emu_client_ask(&nic, json_pack("{ss}", "command", "show"), take, look) != EMU_EXIT_OK ||
        emu_client_ask(&nic, json_pack("{ss}", "command", "stats"), take, look) != EMU_EXIT_OK) {
        return false;
    }
    look->at = emu_pump_now();
    return true;
}

void emu_look_fini(struct emu_look *look)
{
    json_decref(look->reasons);
    look->reasons = NULL;
}

bool emu_look_fault(uint32_t loss)
{
    struct emu_look ignored = {.part_cnt = 0};

    return emu_client_ask(&nic,
                          json_pack("{ss ss si}", "command", "fault", "direction", "both",
                                    "loss_ppm", (int)loss),
                          take, &ignored) == EMU_EXIT_OK;
}
