/* SPDX-License-Identifier: MIT */
#include "inter/fault.h"

#include "base/mem.h"

/*
 * Posts under way: buffers carry no connection, so which one a completion belongs to is remembered
 * from the post on. Where there is no memory for that, a buffer of a connection whose hardware is
 * corrupt comes back as the target gave it.
 */

/* One buffer that the target has. */
struct fault_post {
    struct base_hash_node by_buf;
    struct base_list_node node; /* of all */
    const struct toe_buf *buf;
    toe_handle tcp;   /* where it was posted; 0: it came with the offload */
    const void *name; /* of that connection then */
    uint32_t off;     /* where its data started */
    bool is_disconnect;
};

static uint64_t hash_of(const void *ptr)
{
    const uint64_t x = (uintptr_t)ptr * UINT64_C(0x9e3779b97f4a7c15);

    return x ^ x >> 29;
}

static struct fault_post *find(const struct toe_inter_fault *f, const struct toe_buf *buf)
{
    struct base_hash_node *n = base_hash_first(&f->posts_by_buf, hash_of(buf));

    for (; n != NULL; n = base_hash_next(n)) {
        struct fault_post *post = base_container_of(n, struct fault_post, by_buf);

        if (post->buf == buf) {
            return post;
        }
    }
    return NULL;
}

static void del(struct toe_inter_fault *f, struct fault_post *post)
{
    base_hash_remove(&f->posts_by_buf, &post->by_buf);
    base_list_remove(&post->node);
    base_mem_free(&f->settings.mem, post, sizeof(*post));
}

/* The record of |buf|, a fresh one unless an offload that failed has left it; or NULL. */
static struct fault_post *follow(struct toe_inter_fault *f, const struct toe_buf *buf)
{
    struct fault_post *post = find(f, buf);

    if (post == NULL) {
        post = base_mem_alloc(&f->settings.mem, sizeof(*post));
        if (post == NULL) {
            return NULL;
        }
        post->buf = buf;
        base_hash_insert(&f->posts_by_buf, &post->by_buf, hash_of(buf));
        base_list_push_back(&f->posts, &post->node);
    }
    post->tcp = 0;
    post->name = NULL;
    post->off = buf->off;
    post->is_disconnect = false;
    return post;
}

void fault_posts_add(struct toe_inter_fault *f, toe_handle tcp, const struct toe_buf *chain,
                     bool is_disconnect)
{
    for (const struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        struct fault_post *post = follow(f, buf);

        if (post == NULL) {
            return;
        }
        post->tcp = tcp;
        post->is_disconnect = is_disconnect;
    }
}

void fault_posts_offer(struct toe_inter_fault *f, const struct fault_call *call)
{
    for (uint32_t i = 0; i < call->cnt; ++i) {
        const struct toe_block *b = call->blocks[i].block;

        if (call->blocks[i].role != TOE_ROLE_NEW || toe_block_layer(b->type) != TOE_LAYER_TCP) {
            continue;
        }
        for (const struct toe_buf *buf = b->send_chain; buf != NULL; buf = buf->next) {
            struct fault_post *post = follow(f, buf);

            if (post == NULL) {
                return;
            }
            post->name = b->host_object;
        }
    }
}

/* The connection of |post| if its hardware is corrupt, or NULL. */
static const struct fault_conn *broken_conn(const struct toe_inter_fault *f,
                                            const struct fault_post *post)
{
    const struct fault_conn *conn = NULL;

    if (f->broken_cnt > 0) {
        conn = post->tcp != 0 ? fault_conn_by_handle(f, post->tcp) : fault_conn_find(f, post->name);
    }
    return conn != NULL && conn->is_broken ? conn : NULL;
}

void fault_posts_complete(struct toe_inter_fault *f, struct toe_buf *chain)
{
    for (struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        struct fault_post *post = find(f, buf);

        if (post == NULL) {
            continue;
        }
        if (buf->status == TOE_STATUS_UPLOAD_IN_PROGRESS && broken_conn(f, post) != NULL) {
            buf->status = TOE_STATUS_REQUEST_ABORTED;
        }
        del(f, post);
    }
}

void fault_posts_return(struct toe_inter_fault *f, const struct toe_buf *chain)
{
    for (const struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        struct fault_post *post = find(f, buf);

        if (post != NULL) {
            del(f, post);
        }
    }
}

void fault_posts_abort(struct toe_inter_fault *f, struct toe_buf *chain)
{
    for (struct toe_buf *buf = chain, *next; buf != NULL; buf = next) {
        struct fault_post *post = find(f, buf);
        const bool is_disconnect = post != NULL && post->is_disconnect;

        next = buf->next;
        buf->next = NULL;
        buf->status = TOE_STATUS_REQUEST_ABORTED;
        if (post != NULL) {
            buf->transferred = buf->off - post->off;
            del(f, post);
        }
        if (is_disconnect) {
            f->pass.above_ops.disconnect_complete(f->pass.above, buf);
        } else {
            f->pass.above_ops.send_complete(f->pass.above, buf);
        }
    }
}

void fault_posts_fini(struct toe_inter_fault *f)
{
    while (!base_list_is_empty(&f->posts)) {
        del(f, base_container_of(base_list_front(&f->posts), struct fault_post, node));
    }
}
