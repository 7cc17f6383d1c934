/* SPDX-License-Identifier: MIT */
#include "nic/nic_events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nic/describe.h"

/* Writes |object|, which is the function's from now on, as the event |name|. */
static void write_event(struct emu_capture *capture, toe_instant now, const char *name,
                        json_t *object)
{
    char *text;

    if (object != NULL) {
        (void)json_object_set_new(object, "type", json_string("event"));
        (void)json_object_set_new(object, "event", json_string(name));
        text = json_dumps(object, JSON_COMPACT);
        if (text != NULL) {
            emu_capture_event(capture, now, text);
        }
        free(text);
    }
    json_decref(object);
}

static const char *name_of(const struct emu_kernel_conn *conn)
{
    switch (conn->place) {
    case EMU_PLACE_OFFLOADING:
        return "offload requested";
    case EMU_PLACE_OFFLOADED:
        return "offload completed";
    case EMU_PLACE_UPLOADING:
        return "upload requested";
    case EMU_PLACE_HOST:
        break;
    }
    return conn->was == EMU_PLACE_UPLOADING ? "upload completed" : "offload failed";
}

void emu_events_moved(const struct emu_lane *lane, const struct emu_kernel_conn *conn)
{
    const char *name = name_of(conn);
    const char *why = conn->why != EMU_WHY_NONE ? emu_why_name(conn->why) : "";
    char detail[EMU_DETAIL_LEN];
    const toe_instant now = lane->wire->now; /* Frames of this moment go with it, too. */
    char text[160];

    if (lane->shared->capture == NULL) {
        return;
    }
    emu_describe_detail(detail, conn);
    (void)snprintf(text, sizeof(text), "toe: %s%s%s%s%s", name, *why != '\0' ? ", " : "", why,
                   *detail != '\0' ? " " : "", detail);
    write_event(lane->shared->capture, now, name, emu_describe_connection(conn, now));
    emu_capture_note(lane->shared->capture, &conn->tuple, text);
}

void emu_events_faults(const struct emu_nic *nic, const json_t *request)
{
    json_t *object = nic->shared.capture != NULL ? json_deep_copy(request) : NULL;
    char *text;

    if (object == NULL) {
        return;
    }
    (void)json_object_del(object, "command");
    text = json_dumps(object, JSON_COMPACT);
    if (text != NULL) {
        char note[160];

        (void)snprintf(note, sizeof(note), "toe: faults %s", text);
        emu_capture_note(nic->shared.capture, NULL, note);
        free(text);
    }
    write_event(nic->shared.capture, emu_pump_now(), "faults", object);
}
