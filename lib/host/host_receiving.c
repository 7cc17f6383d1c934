/* SPDX-License-Identifier: MIT */
#include "host/host_receiving.h"

#include "host/path.h"

/* Receives that are kept posted. */
#define POSTED_CNT 4u

/* Chance in mixed mode, in percent, of: refusing, taking a part, posting, posting a single byte. */
#define REFUSE_PERCENT 15
#define PART_PERCENT 15
#define POST_PERCENT 40
#define SINGLE_PERCENT 10

static bool chance(struct toe_host *host, uint64_t percent)
{
    return base_rand_chance(&host->rand, percent, 100);
}

/* Bytes that may be taken before the application takes some. */
static uint32_t room(const struct host_conn *conn)
{
    const uint32_t used = conn->received.len + conn->receive_room;
    const uint32_t limit = conn->options.rcv_buf;

    return used < limit ? limit - used : 0;
}

uint32_t host_receiving_read(struct host_conn *conn, uint8_t *dst, size_t len)
{
    const uint32_t cnt = host_queue_read(&conn->received, &conn->host->pieces, dst, len);

    if (cnt == 0) {
        return 0;
    }
    if (conn->place == TOE_PLACE_HOST) {
        conn->consumed += cnt;
        host_conn_touch(conn);
    } else if (conn->is_refused || conn->host->settings.receive_mode != TOE_RECEIVE_INDICATED) {
        host_conn_touch(conn);
    }
    return cnt;
}

uint32_t host_receiving_copy(struct host_conn *conn, const struct toe_buf *buf, uint32_t off,
                             uint32_t cnt)
{
    struct toe_host *host = conn->host;
    struct host_queue *q = &conn->received;
    uint32_t done = 0;

    while (done < cnt) {
        struct host_piece *last = host_piece_of_node(base_list_back(&q->list));
        struct host_piece *piece = last;
        uint32_t end;
        uint32_t left;

        if (piece == NULL || piece->buf.off + piece->buf.len == piece->room) {
            piece = host_piece_new(&host->pieces, cnt - done);
            if (piece == NULL) {
                break;
            }
        }
        end = piece->buf.off + piece->buf.len;
        left = piece->room - end < cnt - done ? piece->room - end : cnt - done;
        if (!toe_buf_read(buf, piece->data + end, off + done, left, &host->settings.bus)) {
            if (piece != last) {
                host_piece_del(&host->pieces, piece);
            }
            break;
        }
        piece->buf.len += left;
        q->len += left;
        done += left;
        if (piece != last) {
            base_list_push_back(&q->list, &piece->node);
        }
    }
    if (done > 0) {
        host_conn_raise(conn, TOE_HOST_RECEIVABLE);
    }
    return done;
}

/* Bytes came back from the target, which were perhaps lent to it. */
static void came_back(struct host_conn *conn, uint32_t cnt)
{
    conn->owed -= cnt < conn->owed ? cnt : conn->owed;
}

/* Posts a piece with room for |len| bytes; false if memory is short. */
static bool post(struct host_conn *conn, uint32_t len, uint32_t flags)
{
    struct host_interface *interface = host_path_interface(conn->path);
    struct host_piece *piece = host_piece_new(&conn->host->pieces, len);

    if (piece == NULL) {
        return false;
    }
    piece->conn = conn;
    piece->buf.len = len < piece->room ? len : piece->room;
    piece->buf.flags = flags;
    piece->charged = piece->buf.len;
    base_list_push_back(&conn->receives, &piece->node);
    ++conn->receive_cnt;
    conn->receive_room += piece->buf.len;
    conn->is_refused = false;
    interface->ops.receive(interface->target, conn->object, &piece->buf);
    return true;
}

/* Asks for refused text to be indicated again. */
static bool ask_again(struct host_conn *conn)
{
    return !conn->is_refused || room(conn) == 0 || post(conn, 0, 0);
}

/* The size of the next receive: large if the last one was filled. */
static uint32_t next_size(const struct host_conn *conn)
{
    const uint32_t most = conn->is_bulk ? 16384 : 1960;
    const uint32_t left = room(conn);

    return left < most ? left : most;
}

static bool post_mixed(struct host_conn *conn)
{
    struct toe_host *host = conn->host;
    const uint32_t left = next_size(conn);
    bool ok = true;

    if (left == 0 || conn->receive_cnt >= POSTED_CNT) {
        return true;
    }
    if (chance(host, SINGLE_PERCENT)) {
        /* A single byte is filled by whatever comes: so nothing is held back by the mode. */
        ok = post(conn, 1, TOE_BUF_NO_PUSH);
    } else if (chance(host, POST_PERCENT)) {
        ok = post(conn, 1 + (uint32_t)base_rand_below(&host->rand, left), 0);
    }
    return ask_again(conn) && ok;
}

static bool post_all(struct host_conn *conn)
{
    while (conn->receive_cnt < POSTED_CNT && next_size(conn) > 0) {
        if (!post(conn, next_size(conn), 0)) {
            return false;
        }
    }
    return ask_again(conn);
}

bool host_receiving_post(struct host_conn *conn)
{
    /* At the end of the stream there is nothing to wait for, but what was lent. */
    if (conn->is_orphan || (conn->is_fin_rcvd && !conn->is_refused)) {
        return true;
    }
    switch (conn->host->settings.receive_mode) {
    case TOE_RECEIVE_INDICATED:
        return ask_again(conn);
    case TOE_RECEIVE_POSTED:
        return post_all(conn);
    case TOE_RECEIVE_MIXED:
        return post_mixed(conn);
    }
    return true;
}

/* One receive was answered: its bytes are the application's. */
static void complete_one(struct toe_host *host, struct host_piece *piece)
{
    struct host_conn *conn = piece->conn;
    const uint32_t cnt = piece->buf.transferred;
    const bool is_full = piece->buf.len == 0;

    base_list_remove(&piece->node);
    --conn->receive_cnt;
    conn->receive_room -= piece->charged;
    conn->is_bulk = is_full && cnt > 0;
    came_back(conn, cnt);
    if (cnt > piece->room || conn->is_orphan) {
        conn->is_late_text = conn->is_late_text || cnt > 0;
        host_piece_del(&host->pieces, piece);
    } else {
        piece->buf.off = 0;
        piece->buf.len = cnt;
        host_queue_push(&conn->received, &host->pieces, piece);
        if (cnt > 0) {
            host_conn_raise(conn, TOE_HOST_RECEIVABLE);
        }
    }
    host_conn_touch(conn);
}

void host_receiving_complete(struct toe_host *host, struct toe_buf *chain)
{
    while (chain != NULL) {
        struct host_piece *piece = host_piece_of(chain);

        chain = chain->next;
        complete_one(host, piece);
    }
}

/* How much of an indication of |len| bytes to take. */
static uint32_t choose(struct host_conn *conn, uint32_t len)
{
    struct toe_host *host = conn->host;
    const uint32_t left = room(conn);
    const uint32_t most = len < left ? len : left;

    if (host->settings.receive_mode != TOE_RECEIVE_MIXED) {
        return most;
    }
    if (chance(host, REFUSE_PERCENT)) {
        return 0;
    }
    if (most > 1 && chance(host, PART_PERCENT)) {
        return 1 + (uint32_t)base_rand_below(&host->rand, most - 1);
    }
    return most;
}

toe_status host_receiving_indicate(struct host_conn *conn, struct toe_buf *buf, uint32_t *consumed)
{
    struct host_interface *interface = host_path_interface(conn->path);
    uint32_t cnt = buf->len;

    if (conn->is_orphan) {
        conn->is_late_text = conn->is_late_text || cnt > 0;
        host_conn_touch(conn);
    } else {
        cnt = host_receiving_copy(conn, buf, 0, choose(conn, buf->len));
        came_back(conn, cnt);
    }
    *consumed = cnt;
    if (cnt == buf->len) {
        /* It is ours now. It goes back in our next run. */
        buf->next = interface->returns;
        interface->returns = buf;
        return TOE_STATUS_SUCCESS;
    }
    conn->is_refused = true;
    if (room(conn) > 0) {
        host_conn_touch(conn);
    }
    return cnt == 0 ? TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED
                    : TOE_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED;
}
