/* SPDX-License-Identifier: MIT */
#include "pd_room.h"

#include "pd_option.h"
#include "pd_trail.h"

/* Linux's: the least and the most of a piece, and what the memory of a segment, and of a piece, is
 * more than its bytes. */
#define PIECE_MIN_WINDOW 536u
#define PIECE_MAX 65216u
#define PIECE_EXTRA 1280u
#define SEGMENT_EXTRA 576u
#define BUFFER_HEAD 256u

/* Segments, RFC 6928. */
#define INITIAL_WINDOW 10u

const struct pd_trail *pd_room_trail(const struct pd_socket *socket)
{
    struct toe_host_conn_info info;

    if (socket->handle == 0 || socket->is_listening ||
        !toe_host_conn_info(pd_world()->host, socket->handle, &info)) {
        return NULL;
    }
    return pd_trail_find(&info);
}

uint32_t pd_room_unsent(const struct pd_socket *socket, uint32_t *unacked)
{
    const struct pd_trail *trail = pd_room_trail(socket);

    *unacked = 0;
    if (trail == NULL) {
        return 0;
    }
    *unacked = socket->write_cnt - pd_trail_acked(trail);
    return socket->write_cnt - pd_trail_sent(trail);
}

/* The memory of two windows of |cnt| segments. */
static uint32_t memory_of(const struct pd_trail *trail, uint32_t cnt)
{
    const uint32_t bytes = SEGMENT_EXTRA + pd_trail_mss(trail);
    uint32_t memory = 1;

    while (memory < bytes) {
        memory *= 2;
    }
    return 2 * cnt * (memory + BUFFER_HEAD);
}

/* The limit in Linux's count: at least two initial windows, unless the application chose it. */
static uint32_t limit_of(const struct pd_socket *socket, const struct pd_trail *trail)
{
    const uint32_t least = memory_of(trail, INITIAL_WINDOW);

    return socket->is_sndbuf_set || socket->sndbuf > least ? socket->sndbuf : least;
}

static uint32_t lowat_of(const struct pd_socket *socket)
{
    const uint32_t lowat = socket->notsent_lowat;

    return lowat != 0 ? lowat : pd_world()->persona.notsent_lowat;
}

/* As many segments as are cut at once, and no more than half of the peer's window. */
static uint32_t piece_of(const struct pd_trail *trail)
{
    const uint32_t mss = pd_trail_mss(trail);
    uint32_t len = trail->wnd_max > PIECE_MIN_WINDOW ? trail->wnd_max / 2 : trail->wnd_max;

    len = len < PIECE_MAX ? len : PIECE_MAX;
    return len < mss ? mss : len - len % mss;
}

/* The memory of |len| bytes, in whole pieces: as many as Linux keeps until the last is
 * acknowledged.
 */
static uint32_t held(const struct pd_trail *trail, uint32_t len)
{
    const uint32_t piece = piece_of(trail);

    return len + (len + piece - 1) / piece * PIECE_EXTRA;
}

static uint32_t linux_room(struct pd_socket *socket, const struct pd_trail *trail, bool *fills)
{
    const uint32_t piece = piece_of(trail);
    uint32_t unacked;
    const uint32_t unsent = pd_room_unsent(socket, &unacked);

    /* What of the last piece has not left is filled up. */
    socket->piece_len = socket->piece_len < unsent ? socket->piece_len : unsent;
    if (socket->piece_len == 0 || socket->piece_len >= piece) {
        if (held(trail, unacked) >= limit_of(socket, trail) || unsent >= lowat_of(socket)) {
            return 0;
        }
        *fills = unsent == 0;
        socket->piece_len = 0;
        return piece;
    }
    *fills = unsent == socket->piece_len;
    return piece - socket->piece_len;
}

uint32_t pd_room(struct pd_socket *socket, uint32_t want, bool *fills)
{
    const struct pd_trail *trail = pd_room_trail(socket);
    uint32_t room = want;
    uint32_t unacked;

    *fills = false;
    if (trail != NULL && pd_world()->persona.is_linux) {
        room = linux_room(socket, trail, fills);
    } else if (socket->notsent_lowat != 0) {
        const uint32_t unsent = pd_room_unsent(socket, &unacked);

        room = unsent < socket->notsent_lowat ? socket->notsent_lowat - unsent : 0;
        *fills = true;
    }
    return room < want ? room : want;
}

void pd_room_taken(struct pd_socket *socket, uint32_t cnt)
{
    socket->write_cnt += cnt;
    socket->piece_len += cnt;
}

bool pd_room_is_enough(const struct pd_socket *socket)
{
    const struct pd_trail *trail = pd_room_trail(socket);
    struct toe_host_conn_info info = {0};
    uint32_t unacked;
    const uint32_t unsent = pd_room_unsent(socket, &unacked);

    if (trail != NULL && pd_world()->persona.is_linux) {
        const uint32_t memory = held(trail, unacked);

        return (uint64_t)memory + memory / 2 <= limit_of(socket, trail) &&
               2 * (uint64_t)unsent < lowat_of(socket);
    }
    (void)toe_host_conn_info(pd_world()->host, socket->handle, &info);
    return info.sendable >= socket->options.snd_buf / 3 &&
           (socket->notsent_lowat == 0 || 2 * (uint64_t)unsent < socket->notsent_lowat);
}

void pd_room_acked(struct pd_socket *socket)
{
    const struct pd_trail *trail = pd_room_trail(socket);
    struct toe_host_tcp_info info;
    uint32_t wanted;

    if (trail == NULL || !socket->is_short || socket->is_sndbuf_set ||
        !pd_engine_info(socket, &info) || info.in_flight >= info.cwnd) {
        return;
    }
    wanted = info.cwnd / pd_trail_mss(trail);
    wanted = memory_of(trail, wanted > INITIAL_WINDOW ? wanted : INITIAL_WINDOW);
    wanted = wanted < pd_world()->persona.snd_buf_max ? wanted : pd_world()->persona.snd_buf_max;
    if (wanted > socket->sndbuf) {
        socket->sndbuf = wanted;
        socket->options.snd_buf = wanted + PD_SND_BUF_SPARE;
        (void)toe_host_options_set(pd_world()->host, socket->handle, &socket->options);
    }
}

/* Where cwnd leaves no room either it is not the peer's window that is in the way. */
static uint32_t cwnd_at_most(const struct pd_trail *trail)
{
    return INITIAL_WINDOW * pd_trail_mss(trail) + pd_trail_acked(trail);
}

/* What a connection spends its time on. */
static enum pd_spent spent_on(struct pd_socket *socket)
{
    const struct pd_trail *trail = pd_room_trail(socket);
    uint32_t unacked;
    const uint32_t unsent = pd_room_unsent(socket, &unacked);
    uint32_t next;

    if (trail == NULL || unacked == 0 || !socket->is_connected) {
        return PD_SPENT_IDLE;
    }
    next = unsent < pd_trail_mss(trail) ? unsent : pd_trail_mss(trail);
    if (unsent > 0 && unacked - unsent + next > trail->wnd &&
        unacked - unsent + next <= cwnd_at_most(trail)) {
        return PD_SPENT_RWND;
    }
    return unsent == 0 && socket->is_short ? PD_SPENT_SNDBUF : PD_SPENT_BUSY;
}

void pd_room_follow(struct pd_socket *socket)
{
    const toe_instant now = pd_world()->now;

    if (socket->is_short && pd_room_is_enough(socket)) {
        socket->is_short = false;
        ++socket->room_cnt;
    }
    socket->spent[socket->spends] += now - socket->spent_at;
    socket->spent_at = now;
    socket->spends = spent_on(socket);
}
