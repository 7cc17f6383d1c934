/* SPDX-License-Identifier: MIT */
#include "host/held.h"

#include "host/host_input.h"
#include "host/path.h"

bool host_held_push(struct host_conn *conn, struct host_piece *piece)
{
    if (conn->held_cnt >= HOST_HELD_MAX) {
        host_drop(conn->host, TOE_DROP_NO_MEMORY);
        return false;
    }
    piece->conn = conn;
    base_list_push_back(&conn->held, &piece->node);
    ++conn->held_cnt;
    if (conn->place == TOE_PLACE_OFFLOADED) {
        host_conn_touch(conn);
    }
    return true;
}

void host_held_forward(struct host_conn *conn)
{
    struct host_interface *interface = host_path_interface(conn->path);
    struct toe_buf *chain = NULL;
    struct toe_buf **link = &chain;
    struct base_list_node *node;

    if (conn->place != TOE_PLACE_OFFLOADED || conn->is_upload_wanted) {
        return;
    }
    while ((node = base_list_pop_front(&conn->held)) != NULL) {
        struct host_piece *piece = host_piece_of_node(node);

        --conn->held_cnt;
        ++conn->host->stats.forwarded;
        piece->buf.next = NULL;
        *link = &piece->buf;
        link = &piece->buf.next;
    }
    if (chain != NULL) {
        interface->ops.forward(interface->target, conn->object, chain);
    }
}

void host_held_returned(struct toe_host *host, struct toe_buf *chain)
{
    while (chain != NULL) {
        struct host_piece *piece = host_piece_of(chain);

        chain = chain->next;
        if (piece->buf.status != TOE_STATUS_UPLOAD_IN_PROGRESS ||
            !host_held_push(piece->conn, piece)) {
            host_piece_del(&host->pieces, piece);
        }
    }
}

void host_held_release(struct host_conn *conn, struct base_list *list)
{
    base_list_init(list);
    base_list_splice(list, &conn->held);
    conn->held_cnt = 0;
}

void host_held_input(struct base_list *list)
{
    struct base_list_node *node;

    while ((node = base_list_pop_front(list)) != NULL) {
        struct host_piece *piece = host_piece_of_node(node);

        host_input_piece(piece->buf.owner_data[0], piece);
    }
}

void host_held_process(struct host_conn *conn)
{
    struct base_list list;

    host_held_release(conn, &list);
    host_held_input(&list);
}
