/* SPDX-License-Identifier: MIT */
#include "target/work.h"

#include "base/assert.h"
#include "target/delivery.h"
#include "target/disconnect.h"
#include "target/forward.h"
#include "target/instance.h"
#include "target/invalidate.h"
#include "target/object.h"
#include "target/pause.h"
#include "target/query.h"
#include "target/sending.h"
#include "target/terminate.h"
#include "target/update.h"

#define IS_BLOCK UINT64_C(1)

/* The words of a buffer: link, handle, request and manner. A block has the link and the request. */
enum { WORD_LINK = 0, WORD_REQUEST = 1, WORD_HANDLE = 2, WORD_HOW = 3 };

static struct toe_block *block_of(uint64_t link)
{
    return (struct toe_block *)(uintptr_t)(link & ~IS_BLOCK);
}

static struct toe_buf *buf_of(uint64_t link)
{
    return (struct toe_buf *)(uintptr_t)link;
}

static uint64_t *words_of(uint64_t link)
{
    return (link & IS_BLOCK) != 0 ? block_of(link)->target_data : buf_of(link)->reserved;
}

static void push(struct target_work *work, uint64_t link)
{
    words_of(link)[WORD_LINK] = 0;
    if (work->tail == 0) {
        work->head = link;
    } else {
        words_of(work->tail)[WORD_LINK] = link;
    }
    work->tail = link;
}

void target_work_post_tree(struct target_work *work, struct toe_block *tree,
                           enum target_request request)
{
    tree->target_data[WORD_REQUEST] = request;
    push(work, (uintptr_t)tree | IS_BLOCK);
}

void target_work_post_chain(struct target_work *work, toe_handle tcp, struct toe_buf *chain,
                            enum target_request request, uint32_t how)
{
    chain->reserved[WORD_REQUEST] = request;
    chain->reserved[WORD_HANDLE] = tcp;
    chain->reserved[WORD_HOW] = how;
    push(work, (uintptr_t)chain);
}

bool target_work_is_done(const struct target_work *work)
{
    return work->head == 0 && !work->is_running;
}

bool target_work_has(const struct target_work *work, enum target_request request)
{
    for (uint64_t link = work->head; link != 0; link = words_of(link)[WORD_LINK]) {
        if ((link & IS_BLOCK) != 0 && words_of(link)[WORD_REQUEST] == request) {
            return true;
        }
    }
    return false;
}

struct toe_block *target_work_pop_tree(struct target_work *work)
{
    const uint64_t link = work->head;

    if (link == 0) {
        return NULL;
    }
    toe_assert((link & IS_BLOCK) != 0);
    work->head = words_of(link)[WORD_LINK];
    if (work->head == 0) {
        work->tail = 0;
    }
    return block_of(link);
}

static void run_tree(struct toe_target *target, struct toe_block *tree)
{
    target_egress_forget(&target->egress);
    switch ((enum target_request)tree->target_data[WORD_REQUEST]) {
    case TARGET_REQUEST_INITIATE:
        target_pause_initiate(target, tree);
        break;
    case TARGET_REQUEST_TERMINATE:
        target_terminate(target, tree);
        break;
    case TARGET_REQUEST_UPDATE:
        target_update(target, tree);
        break;
    case TARGET_REQUEST_QUERY:
        target_query(target, tree);
        break;
    case TARGET_REQUEST_INVALIDATE:
        target_invalidate(target, tree);
        break;
    case TARGET_REQUEST_SEND:
    case TARGET_REQUEST_RECEIVE:
    case TARGET_REQUEST_DISCONNECT:
    case TARGET_REQUEST_FORWARD:
        toe_assert(false);
        break;
    }
}

/* A receive request is here only if its handle named nothing when it was posted, or memory was
 * short. */
static void fail_receive(struct toe_target *target, const struct target_tcp *tcp,
                         struct toe_buf *chain)
{
    target_buf_fail(chain, tcp != NULL ? TOE_STATUS_UPLOAD_IN_PROGRESS : TOE_STATUS_INVALID_STATE);
    target->host.receive_complete(target->host_user, chain);
}

static void run_chain(struct toe_target *target, struct toe_buf *chain)
{
    const enum target_request request = (enum target_request)chain->reserved[WORD_REQUEST];
    const uint32_t how = (uint32_t)chain->reserved[WORD_HOW];
    struct target_tcp *tcp = target_tcp_get(target, chain->reserved[WORD_HANDLE]);

    switch (request) {
    case TARGET_REQUEST_SEND:
        target_send(target, tcp, chain);
        break;
    case TARGET_REQUEST_RECEIVE:
        fail_receive(target, tcp, chain);
        break;
    case TARGET_REQUEST_DISCONNECT:
        target_disconnect(target, tcp, chain, how);
        break;
    case TARGET_REQUEST_FORWARD:
        target_forward(target, tcp, chain);
        break;
    case TARGET_REQUEST_INITIATE:
    case TARGET_REQUEST_TERMINATE:
    case TARGET_REQUEST_UPDATE:
    case TARGET_REQUEST_QUERY:
    case TARGET_REQUEST_INVALIDATE:
        toe_assert(false);
        break;
    }
}

void target_work_run(struct toe_target *target)
{
    uint64_t link = target->work.head;

    target->work = (struct target_work){.is_running = true};
    while (link != 0) {
        const uint64_t next = words_of(link)[WORD_LINK];

        if ((link & IS_BLOCK) != 0) {
            run_tree(target, block_of(link));
        } else {
            run_chain(target, buf_of(link));
        }
        link = next;
    }
    target->work.is_running = false;
}
