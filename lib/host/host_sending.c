/* SPDX-License-Identifier: MIT */
#include "host/host_sending.h"

uint32_t host_sending_room(const struct host_conn *conn)
{
    const uint32_t limit = conn->options.snd_buf;

    if (conn->is_shut || conn->is_over || conn->is_reset || conn->place == TOE_PLACE_FROZEN) {
        return 0;
    }
    return conn->snd_len < limit ? limit - conn->snd_len : 0;
}

/* Adds up to |len| bytes to the last piece that nobody has yet, or to a new one. */
static uint32_t write_piece(struct host_conn *conn, const uint8_t *data, uint32_t len)
{
    struct host_piece *piece = host_piece_of_node(base_list_back(&conn->unposted));
    uint32_t cnt = piece == NULL ? 0 : host_piece_append(piece, data, len);

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

size_t host_sending_write(struct host_conn *conn, const uint8_t *data, size_t len)
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
        host_conn_touch(conn);
    }
    return done;
}

struct toe_buf *host_sending_post(struct host_conn *conn)
{
    struct toe_buf *chain = NULL;
    struct toe_buf **link = &chain;
    struct base_list_node *node;

    while ((conn->is_shut || conn->posted_cnt < HOST_POSTED_MAX) &&
           (node = base_list_pop_front(&conn->unposted)) != NULL) {
        struct host_piece *piece = host_piece_of_node(node);

        base_list_push_back(&conn->posted, node);
        ++conn->posted_cnt;
        piece->buf.next = NULL;
        *link = &piece->buf;
        link = &piece->buf.next;
    }
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
