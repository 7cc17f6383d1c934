/* SPDX-License-Identifier: MIT */
/*
 * One end of a connection is the listener's port and the other one's port is the connection's name,
 * so what is known of each direction lies in an array. A SYN begins it anew.
 */
#include "swarm/wraps.h"

#include <sys/mman.h>

#include "linux/segment.h"

#define PORTS 65536

/* One direction of one connection. */
struct lane {
    bool is_known;
    bool has_ts;
    uint32_t seq, ts; /* the highest */
    uint64_t bytes;
    toe_instant began;
};

struct emu_wraps {
    uint16_t port;
    struct emu_wraps_sums sums;
    struct lane lanes[2][2][2][PORTS]; /* IPv6, sender, sent by the listener's side */
};

/* Takes up |now|, if it is higher than |highest| was; true if it wrapped on the way. */
static bool rise(uint32_t *highest, uint32_t now)
{
    const bool is_higher = emu_seq_diff(now, *highest) > 0;
    const bool wraps = is_higher && now < *highest;

    *highest = is_higher ? now : *highest;
    return wraps;
}

static void note(struct emu_wraps *wraps, struct lane *lane, const struct emu_segment *segment,
                 toe_instant now)
{
    const uint32_t before = lane->seq;
    const double seconds = (double)(now - lane->began) / (double)TOE_NS_PER_SEC;

    wraps->sums.sequence += rise(&lane->seq, segment->seq);
    lane->bytes += lane->seq - before;
    if (segment->has_ts) {
        lane->ts = lane->has_ts ? lane->ts : segment->tsval;
        lane->has_ts = true;
        wraps->sums.timestamps += rise(&lane->ts, segment->tsval);
    }
    wraps->sums.bytes_most =
        lane->bytes > wraps->sums.bytes_most ? lane->bytes : wraps->sums.bytes_most;
    wraps->sums.seconds_most =
        seconds > wraps->sums.seconds_most ? seconds : wraps->sums.seconds_most;
}

/* All of it is resident from the beginning: it must not look like memory that grows. */
struct emu_wraps *emu_wraps_new(uint16_t port)
{
    struct emu_wraps *wraps = mmap(NULL, sizeof(*wraps), PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    if (wraps == MAP_FAILED) {
        return NULL;
    }
    wraps->port = port;
    return wraps;
}

void emu_wraps_tap(void *user, const struct toe_sim_tap_frame *tapped)
{
    struct emu_wraps *wraps = user;
    struct emu_segment segment;
    struct lane *lane;
    bool is_listeners;

    /* What a RST has for numbers is often the other end's. */
    if (!emu_segment_parse(&segment, tapped->frame, true) || (segment.flags & EMU_TCP_RST) != 0 ||
        (segment.tuple.local_port == wraps->port) == (segment.tuple.remote_port == wraps->port)) {
        return;
    }
    is_listeners = segment.tuple.local_port == wraps->port;
    lane = &wraps->lanes[segment.tuple.local.family == 6][tapped->end][is_listeners]
                        [is_listeners ? segment.tuple.remote_port : segment.tuple.local_port];
    if ((segment.flags & EMU_TCP_SYN) != 0) {
        *lane = (struct lane){.is_known = true, .seq = segment.seq, .began = tapped->now};
    }
    if (lane->is_known) {
        note(wraps, lane, &segment, tapped->now);
    }
}

void emu_wraps_get(const struct emu_wraps *wraps, struct emu_wraps_sums *sums)
{
    *sums = wraps->sums;
}

void emu_wraps_del(struct emu_wraps *wraps)
{
    if (wraps != NULL) {
        (void)munmap(wraps, sizeof(*wraps));
    }
}
