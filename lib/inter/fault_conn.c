/* SPDX-License-Identifier: MIT */
#include "inter/fault.h"

#include "base/mem.h"

/*
 * Connections, as far as faults concern them: those whose hardware is corrupt, and those of which
 * received data was kept from the host.
 *
 * Refused data is offered again only after a receive was posted (RCV-052); the host, who never saw
 * it, does not know that. So we post one of length zero, and keep its completion to ourselves. It
 * is marked as ours by the words that a buffer has for its owner.
 */

static uint64_t hash_of(const void *ptr)
{
    const uint64_t x = (uintptr_t)ptr * UINT64_C(0x9e3779b97f4a7c15);

    return x ^ x >> 29;
}

struct fault_conn *fault_conn_find(const struct toe_inter_fault *f, const void *name)
{
    struct base_hash_node *n = base_hash_first(&f->conns_by_name, hash_of(name));

    for (; n != NULL; n = base_hash_next(n)) {
        struct fault_conn *conn = base_container_of(n, struct fault_conn, by_name);

        if (conn->name == name) {
            return conn;
        }
    }
    return NULL;
}

struct fault_conn *fault_conn_by_handle(const struct toe_inter_fault *f, toe_handle tcp)
{
    base_list_foreach(n, &f->conns)
    {
        struct fault_conn *conn = base_container_of(n, struct fault_conn, node);

        if (conn->handle == tcp && !conn->is_gone) {
            return conn;
        }
    }
    return NULL;
}

bool fault_conn_strikes(struct toe_inter_fault *f, struct fault_conn *conn,
                        enum toe_inter_fault_kind kind)
{
    if (!conn->is_spoilt) {
        return fault_roll(f, kind) != NULL;
    }
    conn->is_spoilt = false;
    ++f->injected[kind];
    return true;
}

/* A target that is right has given |ask| back by now; for another one it stays. */
static void forget(struct toe_inter_fault *f, struct fault_conn *conn)
{
    f->owing_cnt -= conn->owes;
    f->failing_cnt -= conn->is_failing;
    f->broken_cnt -= conn->is_broken;
    conn->is_broken = false;
    conn->owes = false;
    conn->is_failing = false;
    conn->is_gone = true;
    base_hash_remove(&f->conns_by_name, &conn->by_name);
}

static void del(struct toe_inter_fault *f, struct fault_conn *conn)
{
    if (!conn->is_gone) {
        forget(f, conn);
    }
    base_list_remove(&conn->node);
    base_mem_free(&f->settings.mem, conn, sizeof(*conn));
}

static bool is_tcp(const struct toe_block *block)
{
    return block->object != NULL && toe_block_layer(block->type) == TOE_LAYER_TCP;
}

void fault_conns_add(struct toe_inter_fault *f, const struct fault_call *call)
{
    for (uint32_t i = 0; i < call->cnt; ++i) {
        const struct toe_block *b = call->blocks[i].block;
        struct fault_conn *conn;

        if (!is_tcp(b) || *b->object == 0 || toe_status_is_failure(b->status) ||
            fault_conn_find(f, b->host_object) != NULL) {
            continue;
        }
        conn = base_mem_alloc(&f->settings.mem, sizeof(*conn));
        if (conn != NULL) {
            conn->handle = *b->object;
            conn->name = b->host_object;
            base_hash_insert(&f->conns_by_name, &conn->by_name, hash_of(conn->name));
            base_list_push_back(&f->conns, &conn->node);
        }
    }
}

void fault_conns_leave(struct toe_inter_fault *f, const struct fault_call *call)
{
    for (uint32_t i = 0; i < call->cnt; ++i) {
        const struct toe_block *b = call->blocks[i].block;
        struct fault_conn *conn = is_tcp(b) ? fault_conn_find(f, b->host_object) : NULL;

        if (conn != NULL) {
            conn->is_leaving = true;
        }
    }
}

void fault_conn_abort(struct toe_inter_fault *f, toe_handle handle)
{
    base_list_foreach(n, &f->conns)
    {
        struct fault_conn *conn = base_container_of(n, struct fault_conn, node);

        conn->is_over = conn->is_over || conn->handle == handle;
    }
}

/* HWF-2: what comes back of a connection whose hardware was corrupt. */
static void close_broken(const struct toe_block *b)
{
    if ((b->type == TOE_BLOCK_TCP || b->type == TOE_BLOCK_TCP_DELEGATED) && b->state.tcp != NULL) {
        b->state.tcp->delegated.state = TOE_TCP_CLOSED;
        b->state.tcp->delegated.send_data_head = NULL;
        b->state.tcp->delegated.send_data_tail = NULL;
        b->state.tcp->delegated.ka_timeout_delta = TOE_TICKS_NONE;
        b->state.tcp->delegated.retransmit_timeout_delta = TOE_TICKS_NONE;
        if (toe_tcp_extension(b->state.tcp) != NULL) {
            b->state.tcp->extension->version = 0; /* Its buffers remain the target's. */
        }
    }
}

void fault_conns_gone(struct toe_inter_fault *f, const struct fault_call *call)
{
    for (uint32_t i = 0; i < call->cnt; ++i) {
        const struct toe_block *b = call->blocks[i].block;
        struct fault_conn *conn = is_tcp(b) ? fault_conn_find(f, b->host_object) : NULL;

        if (conn == NULL) {
            if (is_tcp(b) && !toe_status_is_failure(b->status)) {
                fault_posts_return(f, b->send_chain);
            }
            continue;
        }
        if (toe_status_is_failure(b->status)) {
            conn->is_leaving = false;
            continue;
        }
        if (conn->is_broken) {
            close_broken(b);
            fault_posts_abort(f, call->blocks[i].block->send_chain);
            call->blocks[i].block->send_chain = NULL;
        } else {
            fault_posts_return(f, b->send_chain);
        }
        if (conn->is_asking) {
            forget(f, conn);
        } else {
            del(f, conn);
        }
    }
}

void fault_conn_break(struct toe_inter_fault *f, struct fault_conn *conn)
{
    f->broken_cnt += !conn->is_broken;
    conn->is_broken = true;
    conn->is_failing = true;
    ++f->failing_cnt;
}

/* Asks for what was kept from the host to be offered again. */
static void ask(struct toe_inter_fault *f, struct fault_conn *conn)
{
    conn->owes = false;
    --f->owing_cnt;
    if (conn->is_asking || conn->is_leaving) {
        return;
    }
    conn->is_asking = true;
    conn->ask = (struct toe_buf){.owner_data = {f, conn}};
    f->pass.down.receive(f->pass.below, conn->handle, &conn->ask);
}

/* HWF-1, steps 2 and 3. The host may terminate inside. */
static void tell_failure(struct toe_inter_fault *f, struct fault_conn *conn)
{
    conn->is_failing = false;
    --f->failing_cnt;
    f->pass.above_ops.tcp_event(f->pass.above, conn->name, TOE_EVENT_RETRIEVE,
                                TOE_UPLOAD_HARDWARE_FAILURE);
    f->pass.above_ops.tcp_event(f->pass.above, conn->name, TOE_EVENT_ABORT, 0);
}

void fault_conns_run(struct toe_inter_fault *f)
{
    if (f->owing_cnt == 0 && f->failing_cnt == 0) {
        return;
    }
    /* Nothing is freed in here: that takes a completion from below. */
    base_list_foreach(n, &f->conns)
    {
        struct fault_conn *conn = base_container_of(n, struct fault_conn, node);

        if (conn->is_failing) {
            tell_failure(f, conn);
        }
        if (conn->owes) {
            ask(f, conn);
        }
    }
}

void fault_conns_fini(struct toe_inter_fault *f)
{
    while (!base_list_is_empty(&f->conns)) {
        del(f, base_container_of(base_list_front(&f->conns), struct fault_conn, node));
    }
    while (!base_list_is_empty(&f->copies)) {
        struct base_list_node *n = base_list_pop_front(&f->copies);
        struct fault_copy *copy = base_container_of(n, struct fault_copy, node);

        base_mem_free(&f->settings.mem, copy, copy->size);
    }
}

struct toe_buf *fault_own_receives(struct toe_inter_fault *f, struct toe_buf *chain)
{
    struct toe_buf *rest = NULL;
    struct toe_buf **link = &rest;

    for (struct toe_buf *buf = chain, *next; buf != NULL; buf = next) {
        next = buf->next;
        if (buf->owner_data[0] == f) {
            struct fault_conn *conn = buf->owner_data[1];

            conn->is_asking = false;
            continue;
        }
        *link = buf;
        link = &buf->next;
    }
    *link = NULL;
    return rest;
}

struct toe_buf *fault_own_copies(struct toe_inter_fault *f, struct toe_buf *chain)
{
    struct toe_buf *rest = NULL;
    struct toe_buf **link = &rest;

    for (struct toe_buf *buf = chain, *next; buf != NULL; buf = next) {
        next = buf->next;
        if (buf->owner_data[0] == f) {
            struct fault_copy *copy = buf->owner_data[1];

            base_list_remove(&copy->node);
            base_mem_free(&f->settings.mem, copy, copy->size);
            continue;
        }
        *link = buf;
        link = &buf->next;
    }
    *link = NULL;
    return rest;
}

/* --- indications --- */

static void owe(struct toe_inter_fault *f, struct fault_conn *conn)
{
    f->owing_cnt += !conn->owes;
    conn->owes = true;
}

/* A copy of the first |len| bytes of |buf|, or NULL. */
static struct fault_copy *copy_new(struct toe_inter_fault *f, const struct toe_buf *buf,
                                   uint32_t len)
{
    struct fault_copy *copy = base_mem_alloc(&f->settings.mem, sizeof(*copy) + len);

    if (copy == NULL) {
        return NULL;
    }
    copy->size = sizeof(*copy) + len;
    if (!toe_buf_read(buf, copy->bytes, 0, len, &f->settings.bus)) {
        base_mem_free(&f->settings.mem, copy, copy->size);
        return NULL;
    }
    copy->sge.addr = toe_bus_addr(&f->settings.bus, copy->bytes, len);
    copy->sge.len = len;
    copy->buf =
        (struct toe_buf){.sge = &copy->sge, .sge_cnt = 1, .len = len, .owner_data = {f, copy}};
    return copy;
}

/* Shows the host a part of |buf|, and tells the target what it took of it. */
static toe_status indicate_part(struct toe_inter_fault *f, struct fault_conn *conn,
                                struct fault_copy *copy, uint32_t *consumed)
{
    const uint32_t len = copy->buf.len;
    const toe_status status =
        f->pass.above_ops.receive_indicate(f->pass.above, conn->name, &copy->buf, consumed);

    if (status != TOE_STATUS_SUCCESS) {
        base_mem_free(&f->settings.mem, copy, copy->size);
        return status;
    }
    base_list_push_back(&f->copies, &copy->node);
    inter_census_lend(&f->census);
    owe(f, conn);
    *consumed = len;
    return TOE_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED;
}

toe_status fault_indicate(struct toe_inter_fault *f, void *name, struct toe_buf *buf,
                          uint32_t *consumed)
{
    struct fault_conn *conn = fault_conn_find(f, name);
    toe_status status;

    if (conn != NULL && conn->is_broken) {
        return TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    }
    if (conn != NULL && !conn->is_leaving) {
        if (fault_roll(f, TOE_INTER_FAULT_REFUSE_INDICATION) != NULL) {
            owe(f, conn);
            return TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
        }
        if (buf->len > 1 && fault_roll(f, TOE_INTER_FAULT_PARTIAL_INDICATION) != NULL) {
            const uint32_t len = 1 + (uint32_t)base_rand_below(&f->rand, buf->len - 1);
            struct fault_copy *copy = copy_new(f, buf, len);

            if (copy != NULL) {
                return indicate_part(f, conn, copy, consumed);
            }
        }
    }
    status = f->pass.above_ops.receive_indicate(f->pass.above, name, buf, consumed);
    if (status == TOE_STATUS_SUCCESS) {
        inter_census_lend(&f->census);
    }
    return status;
}
