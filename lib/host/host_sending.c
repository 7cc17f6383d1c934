/* SPDX-License-Identifier: MIT */
#include "host/host_sending.h"

/* Pieces that fill a send buffer, at least. */
#define PIECES_MIN 16u

uint32_t host_sending_room(const struct host_conn *conn)
{
    const uint32_t limit = conn->options.snd_buf;

    if (conn->is_shut || conn->is_over || conn->is_reset || conn->place == TOE_PLACE_FROZEN) {
        return 0;
    }
    return conn->snd_len < limit ? limit - conn->snd_len : 0;
}

/*
 * How many of |len| bytes go into a piece that has |used|. It leaves the send buffer as a whole,
 * once all of it is acknowledged; so that a small buffer does not run empty meanwhile a piece is a
 * small part of it: of pairs of segments, for so many have an acknowledgment, but nothing less than
 * a segment is left to a piece of its own, where Nagle's rule would hold it back.
 */
static uint32_t piece_share(const struct host_conn *conn, uint32_t used, uint32_t len)
{
    const uint32_t mss = conn->tcp.snd_mss;
    const uint32_t part = conn->options.snd_buf / PIECES_MIN;
    const uint32_t most = part > 2 * mss ? part - part % (2 * mss) : 2 * mss;

    if (part >= HOST_PIECE_LARGE_ROOM || mss == 0 || used + (uint64_t)len < most + mss) {
        return len;
    }
    return used < most ? most - used : 0;
}

/* Adds up to |len| bytes to the last piece that nobody has yet, or to a new one. */
static uint32_t write_piece(struct host_conn *conn, const uint8_t *data, uint32_t len)
{
    struct host_piece *piece = host_piece_of_node(base_list_back(&conn->unposted));
    uint32_t cnt = 0;

    if (piece != NULL) {
        cnt = host_piece_append(piece, data, piece_share(conn, piece->buf.len, len));
    }
    len = piece_share(conn, 0, len);
    if (cnt == 0) {
        piece = host_piece_new(&conn->host->pieces, len);
        if (piece == NULL) {
            return 0;
        }
        piece->conn = conn;
        base_list_push_back(&conn->unposted, &piece->node);
        cnt = host_piece_append(piece, data, len);
    }
    piece->charged += cnt;
    conn->snd_len += cnt;
    return cnt;
}

size_t host_sending_write(struct host_conn *conn, const uint8_t *data, size_t len, bool more)
{
    const uint32_t room = host_sending_room(conn);
    const uint32_t want = len < room ? (uint32_t)len : room;
    uint32_t done = 0;

    while (done < want) {
        const uint32_t cnt = write_piece(conn, data + done, want - done);

        if (cnt == 0) {
            if (!base_list_is_linked(&conn->starve)) {
                base_list_push_back(&conn->host->starved, &conn->starve);
            }
            break;
        }
        done += cnt;
    }
    if (done < len) {
        conn->is_starved = true;
    }
    if (done > 0) {
        conn->has_more = more;
        host_conn_touch(conn);
    }
    return done;
}

void host_sending_flush(struct host_conn *conn, bool with_push)
{
    if (!base_list_is_empty(&conn->unposted)) {
        conn->is_flush_due = true;
        conn->has_more = conn->has_more && !with_push;
        host_conn_touch(conn);
    }
}

/* How many bytes may be posted: all, or where more is to follow as many as fill segments. */
static uint32_t postable(const struct host_conn *conn)
{
    uint32_t len = 0;

    if ((!conn->options.cork && !conn->has_more) || conn->is_flush_due || conn->tcp.snd_mss == 0 ||
        host_sending_room(conn) == 0) {
        return UINT32_MAX;
    }
    base_list_foreach(node, &conn->unposted)
    {
        len += host_piece_of_node(node)->buf.len;
    }
    return len - len % conn->tcp.snd_mss;
}

/* Leaves what is beyond |len| bytes of |piece| to one of its own; false if memory is short. */
static bool cut(struct host_conn *conn, struct host_piece *piece, uint32_t len)
{
    const uint32_t left = piece->buf.len - len;
    struct host_piece *rest = host_piece_new_whole(&conn->host->pieces, left);

    if (rest == NULL) {
        return false;
    }
    (void)host_piece_append(rest, host_piece_bytes(piece) + len, left);
    rest->conn = conn;
    rest->charged = left;
    piece->buf.len = len;
    piece->charged -= left;
    base_list_push_front(&conn->unposted, &rest->node);
    return true;
}

/* More than so many pieces only where nothing could be gathered into them: whatever the window. */
static bool may_post(const struct host_conn *conn)
{
    const struct host_piece *first = host_piece_of_node(base_list_front(&conn->unposted));

    return conn->is_shut || conn->posted_cnt < HOST_POSTED_MAX ||
           (first != NULL && first->size >= HOST_PIECE_LARGE && first->buf.len == first->room);
}

/* The first piece that is not posted, as far as |left| bytes go; NULL if there is none. */
static struct host_piece *next_piece(struct host_conn *conn, uint32_t left)
{
    struct host_piece *piece = NULL;

    if (left > 0 && may_post(conn)) {
        piece = host_piece_of_node(base_list_pop_front(&conn->unposted));
    }
    if (piece != NULL && piece->buf.len > left) {
        (void)cut(conn, piece, left); /* If not, it goes as it is. */
    }
    return piece;
}

struct toe_buf *host_sending_post(struct host_conn *conn)
{
    uint32_t left = postable(conn);
    struct toe_buf *chain = NULL;
    struct toe_buf **link = &chain;
    struct toe_buf *last = NULL;
    struct host_piece *piece;

    while ((piece = next_piece(conn, left)) != NULL) {
        left -= piece->buf.len < left ? piece->buf.len : left;
        base_list_push_back(&conn->posted, &piece->node);
        ++conn->posted_cnt;
        piece->buf.next = NULL;
        piece->buf.flags = 0;
        if (last != NULL) {
            last->flags = TOE_BUF_MORE; /* Where a piece was full is nobody's business. */
        }
        if (conn->has_more || (left == 0 && !base_list_is_empty(&conn->unposted))) {
            piece->buf.flags = TOE_BUF_MORE;
        }
        last = &piece->buf;
        *link = &piece->buf;
        link = &piece->buf.next;
    }
    conn->is_flush_due = conn->is_flush_due && !base_list_is_empty(&conn->unposted);
    return chain;
}

/* Tells the application that it can go on, once it is worth it. */
static void let_go_on(struct host_conn *conn)
{
    if (conn->is_starved && host_sending_room(conn) >= conn->options.snd_buf / 4) {
        conn->is_starved = false;
        host_conn_raise(conn, TOE_HOST_SENDABLE);
    }
}

void host_sending_done(struct host_conn *conn, struct toe_buf *chain)
{
    while (chain != NULL) {
        struct toe_buf *next = chain->next;

        host_conn_posted_done(conn, host_piece_of(chain));
        chain = next;
    }
    let_go_on(conn);
    if (!base_list_is_empty(&conn->unposted)) {
        host_conn_touch(conn);
    }
}

void host_sending_retry(struct toe_host *host)
{
    struct base_list starved;
    struct base_list_node *node;

    if (base_list_is_empty(&host->starved)) {
        return;
    }
    base_list_init(&starved);
    base_list_splice(&starved, &host->starved);
    while ((node = base_list_pop_front(&starved)) != NULL) {
        struct host_conn *conn = base_container_of(node, struct host_conn, starve);

        if (conn->is_starved && host_sending_room(conn) > 0) {
            conn->is_starved = false;
            host_conn_raise(conn, TOE_HOST_SENDABLE);
        }
    }
}
