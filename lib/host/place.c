/* SPDX-License-Identifier: MIT */
#include "host/place.h"

#include "base/assert.h"
#include "host/host_conn.h"

#define BIT(place) (1u << TOE_PLACE_##place)

static const uint8_t successors[] = {
    [TOE_PLACE_HOST] = BIT(OFFLOADING) | BIT(FROZEN),
    [TOE_PLACE_OFFLOADING] = BIT(OFFLOADED) | BIT(HOST),
    [TOE_PLACE_OFFLOADED] = BIT(UPLOADING),
    [TOE_PLACE_UPLOADING] = BIT(HOST) | BIT(OFFLOADED),
    [TOE_PLACE_FROZEN] = BIT(HOST),
};

bool host_place_is_legal(enum toe_place from, enum toe_place to)
{
    return (unsigned)from < sizeof(successors) && (successors[from] & (1u << to)) != 0;
}

void host_conn_place_set(struct host_conn *conn, enum toe_place place)
{
    toe_assert(host_place_is_legal((enum toe_place)conn->place, place));
    conn->place = (uint8_t)place;
}

void host_object_place_set(struct host_object *object, enum toe_place place)
{
    toe_assert(host_place_is_legal((enum toe_place)object->place, place));
    object->place = (uint8_t)place;
}

const char *toe_place_name(enum toe_place place)
{
    switch (place) {
    case TOE_PLACE_HOST:
        return "host";
    case TOE_PLACE_OFFLOADING:
        return "offloading";
    case TOE_PLACE_OFFLOADED:
        return "offloaded";
    case TOE_PLACE_UPLOADING:
        return "uploading";
    case TOE_PLACE_FROZEN:
        return "frozen";
    }
    return "unknown";
}
