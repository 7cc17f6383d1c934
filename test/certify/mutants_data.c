/* SPDX-License-Identifier: MIT */
/*
 * Mutants of the data path: posts, completions, indications.
 */
#include "certify/mutant.h"

#include <stdlib.h>
#include <string.h>

#define INSTEAD(from, to) ((uint64_t)(to) << 32 | (from))

/* --- buffers --- */

static void un_advance(struct toe_buf *buf)
{
    buf->off -= buf->transferred;
    buf->len += buf->transferred;
}

static void finish(struct toe_buf *chain, toe_status status)
{
    for (struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        buf->status = status;
        buf->transferred = status == TOE_STATUS_SUCCESS ? buf->len : 0;
        toe_buf_advance(buf, buf->transferred);
    }
}

static struct toe_buf *reverse(struct toe_buf *chain)
{
    struct toe_buf *head = NULL;

    while (chain != NULL) {
        struct toe_buf *next = chain->next;

        chain->next = head;
        head = chain;
        chain = next;
    }
    return head;
}

/* Byte |at| of the list of |buf| is another one. */
static void spoil(const struct mutant_driver *m, const struct toe_buf *buf, uint32_t at)
{
    for (uint32_t i = 0; i < buf->sge_cnt; ++i) {
        if (at < buf->sge[i].len) {
            uint8_t *byte = toe_bus_map(&m->bus, buf->sge[i].addr + at, 1);

            *byte ^= 1;
            return;
        }
        at -= buf->sge[i].len;
    }
}

#define EACH_BUF(name, condition, what)                                                            \
    static bool name(struct mutant_driver *m, struct toe_buf *chain)                               \
    {                                                                                              \
        (void)m;                                                                                   \
        for (struct toe_buf *at = chain; at != NULL; at = at->next) {                              \
            if (condition) {                                                                       \
                what;                                                                              \
            }                                                                                      \
        }                                                                                          \
        return false;                                                                              \
    }

EACH_BUF(count_off, true, ++at->transferred)
EACH_BUF(not_advanced, true, un_advance(at))
EACH_BUF(no_status, true, at->status = TOE_STATUS_PENDING)
EACH_BUF(status_instead, at->status == (uint32_t)m->mutant->value,
         at->status = (uint32_t)(m->mutant->value >> 32))
EACH_BUF(owner_written, true, at->owner_data[1] = m)
EACH_BUF(flags_written, true, at->flags ^= 0x100)
EACH_BUF(memory_written, at->transferred > 0, spoil(m, at, at->off - at->transferred))
EACH_BUF(count_lost, toe_status_is_failure(at->status), (un_advance(at), at->transferred = 0))
EACH_BUF(refused_counts, at->status == TOE_STATUS_INVALID_STATE, at->transferred = at->len)

/* --- completions --- */

static bool chain_twice(struct mutant_driver *m, struct toe_buf *chain)
{
    mutant_complete_chain(m, chain);
    return false;
}

static bool chain_never(struct mutant_driver *m, struct toe_buf *chain)
{
    (void)m;
    (void)chain;
    return true;
}

static bool chain_empty(struct mutant_driver *m, struct toe_buf *chain)
{
    (void)chain;
    mutant_complete_chain(m, NULL);
    return true;
}

static bool chain_foreign(struct mutant_driver *m, struct toe_buf *chain)
{
    static struct toe_buf nobodys;

    mutant_complete_chain(m, chain);
    mutant_complete_chain(m, &nobodys);
    return true;
}

static bool chain_reversed(struct mutant_driver *m, struct toe_buf *chain)
{
    mutant_complete_chain(m, reverse(chain));
    return true;
}

static bool chain_touched(struct mutant_driver *m, struct toe_buf *chain)
{
    mutant_complete_chain(m, chain);
    chain->status = TOE_STATUS_FAILURE;
    return true;
}

static bool send_as_disconnect(struct mutant_driver *m, struct toe_buf *chain)
{
    m->pass.above_ops.disconnect_complete(m->pass.above, chain);
    return true;
}

static bool disconnect_as_send(struct mutant_driver *m, struct toe_buf *chain)
{
    m->pass.above_ops.send_complete(m->pass.above, chain);
    return true;
}

/* --- what is held goes on later: |value| is by how many ms --- */

static void hold(struct mutant_driver *m, struct toe_buf *chain)
{
    if (m->held_cnt == 0) {
        m->held_at = m->pass.now + m->mutant->value * TOE_NS_PER_MS;
    }
    if (m->held_cnt < MUTANT_HELD_MAX) {
        m->held[m->held_cnt++] = chain;
    }
}

static bool chain_late(struct mutant_driver *m, struct toe_buf *chain)
{
    hold(m, chain);
    return true;
}

static bool rest_late(struct mutant_driver *m, struct toe_buf *chain)
{
    if (chain->next != NULL) {
        hold(m, chain->next);
        chain->next = NULL;
    }
    return false;
}

static bool failed_late(struct mutant_driver *m, struct toe_buf *chain)
{
    if (!toe_status_is_failure(chain->status)) {
        return false;
    }
    hold(m, chain);
    return true;
}

static bool empty_late(struct mutant_driver *m, struct toe_buf *chain)
{
    if (chain->status != TOE_STATUS_SUCCESS || chain->transferred != 0 || chain->len == 0) {
        return false;
    }
    hold(m, chain);
    return true;
}

static bool is_due(const struct mutant_driver *m)
{
    return m->held_cnt > 0 && m->pass.now >= m->held_at;
}

static void release(struct mutant_driver *m)
{
    const uint32_t cnt = m->held_cnt;
    struct toe_buf *held[MUTANT_HELD_MAX];

    memcpy(held, m->held, sizeof(held));
    m->held_cnt = 0;
    for (uint32_t i = 0; i < cnt; ++i) {
        mutant_complete_chain(m, held[i]);
    }
}

static void after_late(struct mutant_driver *m)
{
    if (is_due(m)) {
        release(m);
    }
}

static toe_instant due_late(struct mutant_driver *m, toe_instant deadline)
{
    return m->held_cnt > 0 && m->held_at < deadline ? m->held_at : deadline;
}

/* From outside of run(), for the host asks for the deadline there. */
static toe_instant due_outside(struct mutant_driver *m, toe_instant deadline)
{
    if (m->held_cnt > 0) {
        release(m);
    }
    return deadline;
}

/* --- posts --- */

static bool post_inside(struct mutant_driver *m, toe_handle tcp, struct toe_buf *chain)
{
    (void)tcp;
    finish(chain, TOE_STATUS_UPLOAD_IN_PROGRESS);
    mutant_complete_chain(m, chain);
    return true;
}

/* Nothing is done, and success is reported in the next run. */
static bool post_swallow(struct mutant_driver *m, toe_handle tcp, struct toe_buf *chain)
{
    (void)tcp;
    finish(chain, TOE_STATUS_SUCCESS);
    hold(m, chain);
    return true;
}

static bool post_swallow_empty(struct mutant_driver *m, toe_handle tcp, struct toe_buf *chain)
{
    return chain->len == 0 && chain->next == NULL && post_swallow(m, tcp, chain);
}

static bool post_swallow_rest(struct mutant_driver *m, toe_handle tcp, struct toe_buf *chain)
{
    if (chain->next != NULL) {
        (void)post_swallow(m, tcp, chain->next);
        chain->next = NULL;
    }
    return false;
}

/* The target gets a copy, the host is told at once that all is done. */
static bool post_early(struct mutant_driver *m, toe_handle tcp, struct toe_buf *chain)
{
    struct toe_buf *copies = NULL;

    for (struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        struct toe_buf *copy = malloc(sizeof(*copy));

        if (copy == NULL) {
            abort();
        }
        *copy = *buf;
        copy->next = copies;
        copies = copy;
    }
    copies = reverse(copies);
    if (m->mutant->op == TOE_INTER_SEND) {
        m->pass.down.send(m->pass.below, tcp, copies);
    } else {
        m->pass.down.disconnect(m->pass.below, tcp, copies, (enum toe_disconnect)m->seen);
    }
    return post_swallow(m, tcp, chain);
}

static bool chain_copies(struct mutant_driver *m, struct toe_buf *chain)
{
    (void)m;
    while (chain != NULL) {
        struct toe_buf *next = chain->next;

        free(chain);
        chain = next;
    }
    return true;
}

static void pass_down(struct mutant_driver *m, toe_handle tcp, struct toe_buf *chain)
{
    if (m->mutant->op == TOE_INTER_SEND) {
        m->pass.down.send(m->pass.below, tcp, chain);
    } else {
        m->pass.down.receive(m->pass.below, tcp, chain);
    }
}

static bool post_reversed(struct mutant_driver *m, toe_handle tcp, struct toe_buf *chain)
{
    pass_down(m, tcp, reverse(chain));
    return true;
}

static bool post_late(struct mutant_driver *m, toe_handle tcp, struct toe_buf *chain)
{
    m->tcp = tcp;
    hold(m, chain);
    return true;
}

static void before_post_late(struct mutant_driver *m, toe_instant *now)
{
    const uint32_t cnt = *now >= m->held_at ? m->held_cnt : 0;

    for (uint32_t i = 0; i < cnt; ++i) {
        pass_down(m, m->tcp, m->held[i]);
    }
    m->held_cnt -= cnt;
}

/* A flag is another one on its way down; the mark is taken back on its way up. */
#define FLAG_MARK 0x80000000u

static bool push_never(struct mutant_driver *m, toe_handle tcp, struct toe_buf *chain)
{
    (void)m;
    (void)tcp;
    for (; chain != NULL; chain = chain->next) {
        if ((chain->flags & TOE_BUF_NO_PUSH) == 0) {
            chain->flags |= TOE_BUF_NO_PUSH | FLAG_MARK;
        }
    }
    return false;
}

static bool push_always(struct mutant_driver *m, toe_handle tcp, struct toe_buf *chain)
{
    (void)m;
    (void)tcp;
    for (; chain != NULL; chain = chain->next) {
        if ((chain->flags & TOE_BUF_NO_PUSH) != 0) {
            chain->flags ^= TOE_BUF_NO_PUSH | FLAG_MARK;
        }
    }
    return false;
}

EACH_BUF(push_restored, (at->flags & FLAG_MARK) != 0, at->flags ^= TOE_BUF_NO_PUSH | FLAG_MARK)

/* What the host has placed itself moves to the flags. */
static bool placed_ignored(struct mutant_driver *m, toe_handle tcp, struct toe_buf *chain)
{
    (void)m;
    (void)tcp;
    for (; chain != NULL; chain = chain->next) {
        chain->flags |= chain->placed << 8;
        chain->placed = 0;
    }
    return false;
}

EACH_BUF(placed_restored, at->flags >> 8 != 0, (at->placed = at->flags >> 8, at->flags &= 0xff))

static bool abort_gracefully(struct mutant_driver *m, toe_handle tcp, struct toe_buf *buf)
{
    (void)tcp;
    (void)buf;
    m->seen = TOE_DISCONNECT_GRACEFUL;
    return false;
}

static bool close_abruptly(struct mutant_driver *m, toe_handle tcp, struct toe_buf *buf)
{
    (void)tcp;
    if (buf->len == 0) {
        m->seen = TOE_DISCONNECT_ABORTIVE;
    }
    return false;
}

/* --- indications --- */

#define INDICATE(name, before, after)                                                              \
    static bool name(struct mutant_driver *m, void *object, struct toe_buf *buf,                   \
                     uint32_t *consumed, toe_status *status)                                       \
    {                                                                                              \
        before;                                                                                    \
        *status = m->pass.above_ops.receive_indicate(m->pass.above, object, buf, consumed);        \
        after;                                                                                     \
        return true;                                                                               \
    }

static void answer(toe_status *status, uint32_t *consumed, toe_status from, toe_status to,
                   uint32_t len)
{
    if (*status == from) {
        *status = to;
        *consumed = len;
    }
}

static struct toe_buf *one_more(void)
{
    static struct toe_buf more;

    return &more;
}

INDICATE(refused_is_taken, ,
         answer(status, consumed, TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED, TOE_STATUS_SUCCESS,
                buf->len))
INDICATE(taken_is_refused, ,
         answer(status, consumed, TOE_STATUS_SUCCESS, TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED, 0))
INDICATE(part_is_whole, ,
         answer(status, consumed, TOE_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED, TOE_STATUS_SUCCESS,
                buf->len))
INDICATE(part_is_nothing, ,
         answer(status, consumed, TOE_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED,
                TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED, 0))
INDICATE(a_chain, buf->next = one_more(), )
INDICATE(nobodys, object = m, )
INDICATE(a_byte_spoiled, spoil(m, buf, buf->off), )
INDICATE(short_by_one, --buf->len, ++buf->len)

/* Refused data is offered again at once. */
static bool again(struct mutant_driver *m, void *object, struct toe_buf *buf, uint32_t *consumed,
                  toe_status *status)
{
    *status = m->pass.above_ops.receive_indicate(m->pass.above, object, buf, consumed);
    if (*status == TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED) {
        *status = m->pass.above_ops.receive_indicate(m->pass.above, object, buf, consumed);
    }
    return true;
}

/* clang-format off */
const struct mutant mutants_data[] = {
    {"send answered inside the post", "SND-003", "T-001", TOE_INTER_SEND, .post = post_inside},
    {"send answered outside of run", "SND-003", "T-001", TOE_INTER_SEND, .chain = chain_late, .due = due_outside},
    {"send answered twice", "IOS-014", "T-001", TOE_INTER_SEND, .chain = chain_twice},
    {"send never answered", "SND-002", NULL, TOE_INTER_SEND, .chain = chain_never},
    {"send answered before it is acknowledged", "SND-032", NULL, TOE_INTER_SEND, .post = post_early, .chain = chain_copies, .after = after_late, .due = due_late},
    {"send answered and never sent", "SND-032", NULL, TOE_INTER_SEND, .post = post_swallow, .after = after_late, .due = due_late},
    {"a buffer that nobody posted", "IOS-013", "T-001", TOE_INTER_SEND, .chain = chain_foreign},
    {"an empty completion", "SND-002", NULL, TOE_INTER_SEND, .chain = chain_empty},
    {"sends answered in reverse", "SND-043", NULL, TOE_INTER_SEND, .chain = chain_reversed},
    {"sends answered one by one", "SND-047", NULL, TOE_INTER_SEND, .chain = rest_late, .after = after_late, .due = due_late, .value = 20},
    {"sends answered late", "SND-047", NULL, TOE_INTER_SEND, .chain = chain_late, .after = after_late, .due = due_late, .value = 20},
    {"sends answered after the disconnect", "DSC-015", NULL, TOE_INTER_SEND, .chain = chain_late, .after = after_late, .due = due_late, .value = 60},
    {"send touched after its completion", "SND-048", "T-001", TOE_INTER_SEND, .chain = chain_touched},
    {"send: the count", "SND-041", NULL, TOE_INTER_SEND, .chain = count_off},
    {"send: the data not advanced", "SND-040", NULL, TOE_INTER_SEND, .chain = not_advanced},
    {"send: no status", "SND-038", NULL, TOE_INTER_SEND, .chain = no_status},
    {"send: the owner's words written", "IOS-008", NULL, TOE_INTER_SEND, .chain = owner_written},
    {"send: the flags written", "IOS-004", NULL, TOE_INTER_SEND, .chain = flags_written},
    {"send: the payload written", "SND-012", "T-001", TOE_INTER_SEND, .chain = memory_written},
    {"send: reset, but UPLOAD_IN_PROGRESS", "SND-035", NULL, TOE_INTER_SEND, .chain = status_instead,
     .value = INSTEAD(TOE_STATUS_REQUEST_ABORTED, TOE_STATUS_UPLOAD_IN_PROGRESS)},
    {"send: uploaded, but REQUEST_ABORTED", "SND-079", NULL, TOE_INTER_SEND, .chain = status_instead,
     .value = INSTEAD(TOE_STATUS_UPLOAD_IN_PROGRESS, TOE_STATUS_REQUEST_ABORTED)},
    {"send: PAUSED", "SND-084", NULL, TOE_INTER_SEND, .chain = status_instead,
     .value = INSTEAD(TOE_STATUS_UPLOAD_IN_PROGRESS, TOE_STATUS_PAUSED)},
    {"send after a disconnect: REQUEST_ABORTED", "SND-019", NULL, TOE_INTER_SEND, .chain = status_instead,
     .value = INSTEAD(TOE_STATUS_INVALID_STATE, TOE_STATUS_REQUEST_ABORTED)},
    {"send after a disconnect: counted", "SND-019", NULL, TOE_INTER_SEND, .chain = refused_counts},
    {"send: an empty one overtakes", "SND-018", NULL, TOE_INTER_SEND, .post = post_swallow_empty, .after = after_late, .due = due_late},
    {"sends in reverse", "SND-006", NULL, TOE_INTER_SEND, .post = post_reversed},
    {"of a chain only the first is sent", "SND-004", NULL, TOE_INTER_SEND, .post = post_swallow_rest, .after = after_late, .due = due_late},
    {"send as a disconnect", "DSC-019", "T-001", TOE_INTER_SEND, .chain = send_as_disconnect},

    {"receive answered inside the post", "SND-003", "T-030", TOE_INTER_RECEIVE, .post = post_inside},
    {"receive answered twice", "IOS-014", "T-030", TOE_INTER_RECEIVE, .chain = chain_twice},
    {"receive never answered", "RCV-009", "T-030", TOE_INTER_RECEIVE, .chain = chain_never},
    {"receive answered late", "RCV-011", NULL, TOE_INTER_RECEIVE, .chain = chain_late, .after = after_late, .due = due_late, .value = 20},
    {"receives answered in reverse", "RCV-005", NULL, TOE_INTER_RECEIVE, .chain = chain_reversed},
    {"receives filled in reverse", "RCV-003", NULL, TOE_INTER_RECEIVE, .post = post_reversed},
    {"receive: the count", "RCV-019", NULL, TOE_INTER_RECEIVE, .chain = count_off},
    {"receive: the room not advanced", "RCV-019", NULL, TOE_INTER_RECEIVE, .chain = not_advanced},
    {"receive: a wrong byte", "RCV-004", NULL, TOE_INTER_RECEIVE, .chain = memory_written},
    {"receive: PSH completes nothing", "RCV-012", NULL, TOE_INTER_RECEIVE, .post = push_never, .chain = push_restored},
    {"receive: PSH completes non-push requests", "RCV-013", NULL, TOE_INTER_RECEIVE, .post = push_always, .chain = push_restored},
    {"receive: bytes the host placed start no timer", "RCV-014", NULL, TOE_INTER_RECEIVE, .post = placed_ignored, .chain = placed_restored},
    {"receive: noticed late", "RCV-008", NULL, TOE_INTER_RECEIVE, .post = post_late, .before = before_post_late, .due = due_late, .value = 20},
    {"receive: empty requests at a FIN wait", "RCV-042", NULL, TOE_INTER_RECEIVE, .chain = empty_late, .after = after_late, .value = 1000000},
    {"receive: an empty one asks for nothing", "RCV-054", NULL, TOE_INTER_RECEIVE, .post = post_swallow_empty, .after = after_late, .due = due_late},
    {"receive: failed ones behind the terminate", "RCV-101", NULL, TOE_INTER_RECEIVE, .chain = failed_late, .after = after_late, .due = due_late, .value = 1},
    {"receive: a terminate forgets the count", "RCV-102", NULL, TOE_INTER_RECEIVE, .chain = count_lost},
    {"receive after the event: REQUEST_ABORTED", "RCV-023", NULL, TOE_INTER_RECEIVE, .chain = status_instead,
     .value = INSTEAD(TOE_STATUS_INVALID_STATE, TOE_STATUS_REQUEST_ABORTED)},
    {"receive: uploaded, but SUCCESS", "RCV-022", NULL, TOE_INTER_RECEIVE, .chain = status_instead,
     .value = INSTEAD(TOE_STATUS_UPLOAD_IN_PROGRESS, TOE_STATUS_SUCCESS)},
    {"receive: reset, but UPLOAD_IN_PROGRESS", "DSC-037", NULL, TOE_INTER_RECEIVE, .chain = status_instead,
     .value = INSTEAD(TOE_STATUS_REQUEST_ABORTED, TOE_STATUS_UPLOAD_IN_PROGRESS)},
    {"buffers that are returned are kept", "RCV-069", NULL, TOE_INTER_RECEIVE_RETURN, .chain = chain_never},

    {"disconnect answered at once", "DSC-016", NULL, TOE_INTER_DISCONNECT, .post = post_early, .chain = chain_copies, .after = after_late, .due = due_late},
    {"disconnect answered inside the post", "SND-003", "T-080", TOE_INTER_DISCONNECT, .post = post_inside},
    {"disconnect never answered", "DSC-001", NULL, TOE_INTER_DISCONNECT, .chain = chain_never},
    {"disconnect: the FIN is counted", "DSC-018", NULL, TOE_INTER_DISCONNECT, .chain = count_off},
    {"disconnect as a send", "DSC-019", NULL, TOE_INTER_DISCONNECT, .chain = disconnect_as_send},
    {"disconnect: an abortive one is graceful", "DSC-004", NULL, TOE_INTER_DISCONNECT, .post = abort_gracefully},
    {"disconnect: a graceful one is abortive", "DSC-012", NULL, TOE_INTER_DISCONNECT, .post = close_abruptly},
    {"disconnect: uploaded, but SUCCESS", "DSC-028", NULL, TOE_INTER_DISCONNECT, .chain = status_instead,
     .value = INSTEAD(TOE_STATUS_UPLOAD_IN_PROGRESS, TOE_STATUS_SUCCESS)},
    {"disconnect: reset, but SUCCESS", "DSC-025", NULL, TOE_INTER_DISCONNECT, .chain = status_instead,
     .value = INSTEAD(TOE_STATUS_REQUEST_ABORTED, TOE_STATUS_SUCCESS)},
    {"disconnect: a failed one behind the terminate", "TRM-18", "T-137", TOE_INTER_DISCONNECT, .chain = failed_late, .after = after_late, .due = due_late, .value = 1},

    {"forward answered and ignored", "FWD-009", NULL, TOE_INTER_FORWARD, .post = post_swallow, .after = after_late, .due = due_late},
    {"forward: of a chain only the first counts", "FWD-005", NULL, TOE_INTER_FORWARD, .post = post_swallow_rest, .after = after_late, .due = due_late},
    {"forward answered late", "FWD-014", NULL, TOE_INTER_FORWARD, .chain = chain_late, .after = after_late, .due = due_late, .value = 20},
    {"forward never answered", "FWD-004", "T-070", TOE_INTER_FORWARD, .chain = chain_never},
    {"forward: done, but UPLOAD_IN_PROGRESS", "FWD-010", NULL, TOE_INTER_FORWARD, .chain = status_instead,
     .value = INSTEAD(TOE_STATUS_SUCCESS, TOE_STATUS_UPLOAD_IN_PROGRESS)},
    {"forward: uploaded, but SUCCESS", "FWD-011", NULL, TOE_INTER_FORWARD, .chain = status_instead,
     .value = INSTEAD(TOE_STATUS_UPLOAD_IN_PROGRESS, TOE_STATUS_SUCCESS)},
    {"forward: reset, but SUCCESS", "FWD-012", NULL, TOE_INTER_FORWARD, .chain = status_instead,
     .value = INSTEAD(TOE_STATUS_REQUEST_ABORTED, TOE_STATUS_SUCCESS)},

    {"refused data is forgotten", "RCV-049", NULL, .indicate = refused_is_taken},
    {"accepted data comes again", "RCV-048", NULL, .indicate = taken_is_refused},
    {"the rest of partly accepted data is forgotten", "RCV-050", NULL, .indicate = part_is_whole},
    {"partly accepted data comes again whole", "RCV-050", NULL, .indicate = part_is_nothing},
    {"refused data is offered again at once", "RCV-052", NULL, .indicate = again},
    {"a chain is indicated", "RCV-045", NULL, .indicate = a_chain},
    {"data of a connection that the host does not know", "EVT-001", "T-036", .indicate = nobodys},
    {"a wrong byte is indicated", "RCV-031", "T-036", .indicate = a_byte_spoiled},
    {"an indication lacks a byte", "RCV-100", "T-036", .indicate = short_by_one},
    {.name = NULL},
};
/* clang-format on */
