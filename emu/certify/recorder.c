/* SPDX-License-Identifier: MIT */
/*
 * The host: it records every upcall, answers as it was told, and calls the scenario's hooks.
 */
#include "inside.h"

#include <stdlib.h>
#include <string.h>

/* The connection a target speaks of by |host_object|; fails for anything else. */
static struct cert_conn *conn_of(struct cert *c, void *host_object)
{
    for (uint32_t i = 0; i < c->conn_cnt; ++i) {
        struct cert_conn *conn = host_object;

        if (c->conns[i] == host_object) {
            return conn;
        }
    }
    cert_fail(c, "an upcall names a connection that the host does not know (EVT-001)");
}

static void call_hook(struct cert *c, cert_hook hook, struct cert_conn *conn,
                      struct cert_entry *entry)
{
    struct cert_conn *const current = c->conn;

    if (hook != NULL) {
        c->conn = conn != NULL ? conn : current;
        hook(c, entry);
        c->conn = current;
    }
}

/* An upcall that speaks of a connection which is the host's again. */
static void check_offloaded(struct cert *c, const struct cert_conn *conn, const char *what)
{
    if (!conn->offloaded && !conn->fresh) {
        cert_violate(c, "TRM-18 RCV-105", "%s after the terminate completed", what);
    } else if (!conn->offloaded) {
        cert_violate(c, "EVO-4 EVO-6 EVO-7 RCV-061 SND-069", "%s before the initiate completed",
                     what);
    }
}

static void tree_complete(void *user, enum cert_op op, struct toe_block *tree)
{
    struct cert *c = user;
    struct cert_entry *entry;

    cert_guard_enter(c, cert_op_name(op));
    if (tree == NULL) {
        cert_fail(c, "%s completed with NULL (OFF-2)", cert_op_name(op));
    }
    entry = cert_chart_add(c->chart, CERT_TREE, c->now, "%s completed: %s", cert_op_name(op),
                           toe_status_name(tree->status));
    entry->op = op;
    entry->ref = tree;
    entry->status = tree->status;
    entry->run = c->inside->run;
    cert_guard_status(c, tree->status, cert_op_name(op));
    cert_guard_answered(c, op, tree);
    if (op == CERT_INITIATE) {
        for (uint32_t i = 0; i < c->conn_cnt; ++i) {
            c->conns[i]->offloaded |= c->conns[i]->handle != 0;
        }
    }
    call_hook(c, c->on_tree, NULL, entry);
    cert_guard_leave(c);
}

static void initiate_complete(void *user, struct toe_block *tree)
{
    tree_complete(user, CERT_INITIATE, tree);
}

static void terminate_complete(void *user, struct toe_block *tree)
{
    tree_complete(user, CERT_TERMINATE, tree);
}

static void update_complete(void *user, struct toe_block *tree)
{
    tree_complete(user, CERT_UPDATE, tree);
}

static void query_complete(void *user, struct toe_block *tree)
{
    tree_complete(user, CERT_QUERY, tree);
}

static void invalidate_complete(void *user, struct toe_block *tree)
{
    tree_complete(user, CERT_INVALIDATE, tree);
}

/* A chain of completions: first all are recorded and checked, then the hook is called for each. */
static void complete(struct cert *c, enum cert_op op, struct toe_buf *chain)
{
    const uint32_t first = c->chart->cnt;

    cert_guard_enter(c, cert_op_name(op));
    if (chain == NULL) {
        cert_violate(c, "SND-002", "%s completed with an empty chain", cert_op_name(op));
    }
    for (struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        struct cert_buf *one = cert_buf_of(buf);
        struct cert_entry *entry =
            cert_chart_add(c->chart, CERT_COMPLETE, c->now, "%s(%s, %u)", cert_op_name(op),
                           toe_status_name(buf->status), buf->transferred);

        if (buf->owner_data[0] != one) {
            cert_fail(c, "%s completed with a buffer that is none of the host's (IOS-013)",
                      cert_op_name(op));
        }
        entry->op = op;
        entry->conn = one->conn->idx;
        entry->status = buf->status;
        entry->bytes = buf->transferred;
        entry->ref = buf;
        entry->run = c->inside->run;
        if (one->op != op) {
            cert_violate(c, "IOS-013 FWD-004", "a %s completed as %s", cert_op_name(one->op),
                         cert_op_name(op));
        }
        check_offloaded(c, one->conn, "a completion");
        cert_guard_complete(c, one);
        if (op == CERT_RECEIVE && buf->transferred > 0) {
            cert_guard_received(c, one->conn, buf, buf->off - buf->transferred, buf->transferred);
            one->conn->rcv_next += buf->transferred;
        }
    }
    if (c->on_complete != NULL) {
        const uint32_t last = c->chart->cnt;

        for (uint32_t i = first; i < last; ++i) {
            struct cert_entry *entry = &c->chart->entries[i];

            call_hook(c, c->on_complete, c->conns[entry->conn], entry);
        }
    }
    cert_guard_leave(c);
}

static void send_complete(void *user, struct toe_buf *chain)
{
    complete(user, CERT_SEND, chain);
}

static void receive_complete(void *user, struct toe_buf *chain)
{
    complete(user, CERT_RECEIVE, chain);
}

static void disconnect_complete(void *user, struct toe_buf *buf)
{
    if (buf != NULL && buf->next != NULL) {
        cert_violate(user, "DSC-002", "a disconnect completed with a chain");
    }
    complete(user, CERT_DISCONNECT, buf);
}

static void forward_complete(void *user, struct toe_buf *chain)
{
    complete(user, CERT_FORWARD, chain);
}

static toe_status receive_indicate(void *user, void *host_object, struct toe_buf *buf,
                                   uint32_t *consumed)
{
    struct cert *c = user;
    struct cert_conn *conn = conn_of(c, host_object);
    struct cert_answer answer = c->answer;
    struct cert_entry *entry;

    cert_guard_enter(c, "receive_indicate");
    if (c->answer_idx < c->answer_cnt) {
        answer = c->answers[c->answer_idx++];
    }
    entry = cert_chart_add(c->chart, CERT_INDICATE, c->now, "indicate(%u)", buf->len);
    entry->conn = conn->idx;
    entry->bytes = buf->len;
    entry->run = c->inside->run;
    entry->ref = buf;
    check_offloaded(c, conn, "an indication");
    if (buf->next != NULL) {
        cert_violate(c, "RCV-045", "an indication of a chain");
    }
    if (!toe_buf_is_sound(buf) || buf->len == 0) {
        cert_violate(c, "RCV-046 IOS-003", "an indication of %u bytes, not sound", buf->len);
    } else {
        cert_guard_received(c, conn, buf, buf->off, buf->len);
    }
    call_hook(c, c->on_indicate, conn, entry);
    switch (answer.status) {
    case TOE_STATUS_SUCCESS:
        *consumed = buf->len;
        conn->rcv_next += buf->len;
        cert_kept_push(c, buf, conn);
        break;
    case TOE_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED:
        *consumed = answer.consumed;
        conn->rcv_next += answer.consumed < buf->len ? answer.consumed : buf->len;
        break;
    default:
        break;
    }
    entry->status = answer.status;
    entry->info = answer.status == TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED ? 0 : *consumed;
    (void)snprintf(entry->text, sizeof(entry->text), "indicate(%u): %s %u", entry->bytes,
                   toe_status_name(answer.status), entry->info);
    cert_guard_leave(c);
    return answer.status;
}

/* EVT-008: at most one of each per offload, and nothing after an abort but a retrieve. */
static void check_event(struct cert *c, struct cert_conn *conn, enum toe_event event, uint32_t info)
{
    const bool once = event == TOE_EVENT_DISCONNECT || event == TOE_EVENT_ABORT;

    if (event < TOE_EVENT_SEND_BACKLOG_CHANGE || event > TOE_EVENT_ABORT) {
        cert_violate(c, "EVT-002", "an event of number %u", (unsigned int)event);
        return;
    }
    if (once && info != 0) {
        cert_violate(c, "EVT-004", "a disconnect or abort with the number %u", info);
    }
    if (once && (conn->events & 1u << event)) {
        cert_violate(c, "EVT-008", "the same event twice");
    }
    if ((conn->events & 1u << TOE_EVENT_ABORT) && event != TOE_EVENT_RETRIEVE) {
        cert_violate(c, "EVT-008", "an event after the abort");
    }
    if (event == TOE_EVENT_RETRIEVE &&
        (info < TOE_UPLOAD_LOW_ACTIVITY || info > TOE_UPLOAD_HARDWARE_FAILURE)) {
        cert_violate(c, "EVT-003", "a retrieve for reason %u", info);
    }
    if (conn->ending) {
        cert_violate(c, "EVT-009", "an event after the terminate was called");
    }
    conn->events |= 1u << event;
}

static void tcp_event(void *user, void *host_object, enum toe_event event, uint32_t info)
{
    static const char *const names[] = {"?", "SEND_BACKLOG_CHANGE", "DISCONNECT", "RETRIEVE",
                                        "ABORT"};
    struct cert *c = user;
    struct cert_conn *conn = conn_of(c, host_object);
    struct cert_entry *entry;

    cert_guard_enter(c, "tcp_event");
    if (event == TOE_EVENT_RETRIEVE) {
        entry = cert_chart_add(c->chart, CERT_EVENT, c->now, "event RETRIEVE %s",
                               toe_upload_reason_name(info));
    } else {
        entry = cert_chart_add(c->chart, CERT_EVENT, c->now, "event %s %u",
                               names[event <= 4 ? event : 0], info);
    }
    entry->conn = conn->idx;
    entry->event = event;
    entry->info = info;
    entry->run = c->inside->run;
    check_offloaded(c, conn, "an event");
    check_event(c, conn, event, info);
    call_hook(c, c->on_event, conn, entry);
    cert_guard_leave(c);
}

/* A block that comes from the target: of a known revision, with the host's own name in it. */
static void check_neighbor(struct cert *c, const struct toe_block *block)
{
    bool is_known = false;

    if (block->revision != 1 || block->size != sizeof(*block)) {
        cert_violate(c, "BLK-3", "a reachability query of revision %u", block->revision);
    }
    for (uint32_t i = 0; i < c->neighbor_cnt; ++i) {
        is_known |= block->host_object == c->neighbors[i]->block.host_object;
    }
    if (!is_known) {
        cert_violate(c, "CTX-5", "a reachability query names a neighbor the host does not know");
    }
}

static void neighbor_event(void *user, enum toe_neighbor_event event, struct toe_block *block)
{
    struct cert *c = user;
    struct cert_entry *entry;

    cert_guard_enter(c, "neighbor_event");
    if (event != TOE_NEIGHBOR_REACHABILITY_QUERY || block == NULL || block->next != NULL ||
        block->dependent != NULL || block->state.neighbor == NULL) {
        cert_fail(c, "a reachability query that is not one block with a neighbor's state (NBR-9)");
    }
    check_neighbor(c, block);
    entry = cert_chart_add(c->chart, CERT_NEIGHBOR, c->now, "reachability query: nic %u, host %u",
                           block->state.neighbor->delegated.nic_reachability_delta,
                           block->state.neighbor->cached.host_reachability_delta);
    entry->ref = block->host_object;
    entry->run = c->inside->run;
    call_hook(c, c->on_neighbor, NULL, entry);
    block->state.neighbor->cached.host_reachability_delta = c->reach_delta;
    cert_guard_leave(c);
}

static void status(void *user, toe_status what, const struct toe_caps *caps)
{
    struct cert *c = user;
    struct cert_entry *entry;

    cert_guard_enter(c, "status");
    entry = cert_chart_add(c->chart, CERT_STATUS, c->now, "status %s", toe_status_name(what));
    entry->status = what;
    entry->run = c->inside->run;
    if (what == TOE_STATUS_OFFLOAD_RESUME && caps != NULL) {
        c->resumed = *caps;
    }
    if ((what == TOE_STATUS_OFFLOAD_RESUME) != (caps != NULL)) {
        cert_violate(c, "CAP-5", "capabilities come with a resume, and only with one");
    }
    call_hook(c, c->on_status, NULL, entry);
    cert_guard_leave(c);
}

static void frames(void *user, const struct toe_frame *list, uint32_t cnt)
{
    struct cert *c = user;

    cert_guard_enter(c, "frames");
    for (uint32_t i = 0; i < cnt; ++i) {
        uint8_t *copy = cert_alloc(list[i].len);
        struct cert_entry *entry =
            cert_chart_add(c->chart, CERT_PASSED_UP, c->now, "a frame of %u bytes", list[i].len);

        cert_guard_flood(c);
        memcpy(copy, list[i].data, list[i].len);
        entry->bytes = list[i].len;
        entry->ref = copy;
        entry->run = c->inside->run;
    }
    cert_guard_leave(c);
}

void cert_recorder_init(struct cert *c)
{
    c->inside->host = (struct toe_host_ops){
        .size = sizeof(c->inside->host),
        .initiate_complete = initiate_complete,
        .terminate_complete = terminate_complete,
        .update_complete = update_complete,
        .query_complete = query_complete,
        .invalidate_complete = invalidate_complete,
        .send_complete = send_complete,
        .receive_complete = receive_complete,
        .disconnect_complete = disconnect_complete,
        .forward_complete = forward_complete,
        .receive_indicate = receive_indicate,
        .tcp_event = tcp_event,
        .neighbor_event = neighbor_event,
        .status = status,
        .frames = frames,
    };
}
