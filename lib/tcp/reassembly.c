/* SPDX-License-Identifier: MIT */
#include "tcp/reassembly.h"

#include "base/assert.h"

#include <string.h>

static toe_seq start_of(const struct tcp_chunk *run)
{
    return toe_seq_of(run->seq);
}

static toe_seq end_of(const struct tcp_chunk *run)
{
    return toe_seq_of(run->run_end);
}

/* Takes |run| out of the list by age. */
static void forget_age(struct tcp_reassembly *r, struct tcp_chunk *run)
{
    struct tcp_chunk **link = &r->newest;

    while (*link != run) {
        link = &(*link)->run_older;
    }
    *link = run->run_older;
}

/* Makes |run| the one that was added to last. */
static void touch(struct tcp_reassembly *r, struct tcp_chunk *run)
{
    if (r->newest == run) {
        return;
    }
    forget_age(r, run);
    run->run_older = r->newest;
    r->newest = run;
}

/* The last run that begins at or before |seq|, or NULL. */
static struct tcp_chunk *find_run(const struct tcp_reassembly *r, toe_seq seq)
{
    struct tcp_chunk *run = NULL;
    struct tcp_chunk *next = r->head;

    if (r->head == NULL) {
        return NULL;
    }
    if (toe_seq_le(start_of(r->last), seq)) {
        return r->last;
    }
    if (toe_seq_le(start_of(r->newest), seq)) {
        next = r->newest;
    }
    while (next != NULL && toe_seq_le(start_of(next), seq)) {
        run = next;
        next = run->run_next;
    }
    return run;
}

static struct tcp_chunk *alloc_chunk(struct tcp_reassembly *r, struct base_slab *pool)
{
    struct tcp_chunk *chunk = tcp_chunk_new(pool);

    if (chunk != NULL) {
        ++r->chunk_cnt;
    }
    return chunk;
}

/* An empty run at |seq|, behind |prev| or, if that is NULL, at the head. NULL if there is no room.
 */
static struct tcp_chunk *new_run(struct tcp_reassembly *r, struct base_slab *pool,
                                 struct tcp_chunk *prev, toe_seq seq)
{
    struct tcp_chunk *run;

    if (r->run_cnt == TCP_REASSEMBLY_RUN_MAX) {
        return NULL;
    }
    run = alloc_chunk(r, pool);
    if (run == NULL) {
        return NULL;
    }

    run->seq = seq.v;
    run->run_end = seq.v;
    run->run_tail = run;
    run->run_older = r->newest;
    r->newest = run;
    if (prev == NULL) {
        run->run_next = r->head;
        r->head = run;
    } else {
        run->run_next = prev->run_next;
        prev->run_next = run;
    }
    if (run->run_next == NULL) {
        r->last = run;
    }
    ++r->run_cnt;
    return run;
}

/* Appends to |run| as many of the |len| bytes as the pool allows, and returns how many. */
static uint32_t append(struct tcp_reassembly *r, struct base_slab *pool, struct tcp_chunk *run,
                       const uint8_t *data, uint32_t len)
{
    uint32_t done = 0;

    while (done < len) {
        struct tcp_chunk *tail = run->run_tail;
        uint32_t cnt = len - done;

        if (tail->len == TCP_CHUNK_ROOM) {
            tail = alloc_chunk(r, pool);
            if (tail == NULL) {
                break;
            }
            run->run_tail->next = tail;
            run->run_tail = tail;
        }
        if (cnt > TCP_CHUNK_ROOM - tail->len) {
            cnt = TCP_CHUNK_ROOM - tail->len;
        }
        memcpy(tail->data + tail->len, data + done, cnt);
        tail->len = (uint16_t)(tail->len + cnt);
        tail->push = false;
        done += cnt;
    }
    run->run_end += done;
    r->len += done;
    return done;
}

/* Makes |run| and the next one, which it has reached, one run. */
static void merge(struct tcp_reassembly *r, struct base_slab *pool, struct tcp_chunk *run)
{
    struct tcp_chunk *next = run->run_next;
    struct tcp_chunk *tail = run->run_tail;

    forget_age(r, next);
    run->run_next = next->run_next;
    run->run_end = next->run_end;
    if (r->last == next) {
        r->last = run;
    }
    --r->run_cnt;

    if (tail->len + next->len > TCP_CHUNK_ROOM) {
        tail->next = next;
        run->run_tail = next->run_tail;
        return;
    }
    memcpy(tail->data + tail->len, next->data, next->len);
    tail->len = (uint16_t)(tail->len + next->len);
    tail->push = next->push;
    tail->next = next->next;
    if (next->run_tail != next) {
        run->run_tail = next->run_tail;
    }
    base_slab_free(pool, next);
    --r->chunk_cnt;
}

/*
 * Adds what is missing of the |len| bytes at |seq|, which are at least one. Returns whether all of
 * them are there now.
 */
static bool insert_text(struct tcp_reassembly *r, struct base_slab *pool, toe_seq seq,
                        const uint8_t *data, uint32_t len, bool push)
{
    struct tcp_chunk *run = find_run(r, seq);
    uint32_t done = 0;

    while (done < len) {
        const toe_seq pos = toe_seq_add(seq, done);
        struct tcp_chunk *next = run == NULL ? r->head : run->run_next;
        uint32_t cnt = len - done;

        if (run != NULL && toe_seq_lt(pos, end_of(run))) {
            done += toe_seq_off(end_of(run), pos);
            continue;
        }
        if (run == NULL || !toe_seq_eq(pos, end_of(run))) {
            run = new_run(r, pool, run, pos);
            if (run == NULL) {
                return false;
            }
        }
        if (next != NULL && cnt > toe_seq_off(start_of(next), pos)) {
            cnt = toe_seq_off(start_of(next), pos);
        }
        done += append(r, pool, run, data + done, cnt);
        touch(r, run);
        if (!toe_seq_eq(end_of(run), toe_seq_add(pos, cnt))) {
            return false;
        }
        run->run_tail->push = push && done == len;
        if (next != NULL && toe_seq_eq(end_of(run), start_of(next))) {
            merge(r, pool, run);
        }
    }

    /* RFC 2018, 4: the first block covers the segment also when all of it was here before. */
    touch(r, run);
    return true;
}

void tcp_reassembly_init(struct tcp_reassembly *r)
{
    *r = (struct tcp_reassembly){0};
}

void tcp_reassembly_flush(struct tcp_reassembly *r, struct base_slab *pool)
{
    struct tcp_chunk *run = r->head;

    while (run != NULL) {
        struct tcp_chunk *chunk = run;

        run = run->run_next;
        while (chunk != NULL) {
            struct tcp_chunk *next = chunk->next;

            base_slab_free(pool, chunk);
            chunk = next;
        }
    }
    tcp_reassembly_init(r);
}

/* Whether text up to |end|, with a FIN behind it or not, contradicts what is in the queue. */
static bool contradicts(const struct tcp_reassembly *r, toe_seq end, bool fin)
{
    if (r->has_fin && toe_seq_gt(end, r->fin)) {
        return true;
    }
    if (!fin) {
        return false;
    }
    if (r->has_fin) {
        return !toe_seq_eq(end, r->fin);
    }
    return r->last != NULL && toe_seq_lt(end, end_of(r->last));
}

enum toe_drop tcp_reassembly_insert(struct tcp_reassembly *r, struct base_slab *pool,
                                    const struct tcp_segment *seg)
{
    const toe_seq end = toe_seq_add(seg->seq, seg->payload_len);
    const bool fin = (seg->flags & TCP_FIN) != 0;

    if (contradicts(r, end, fin)) {
        tcp_reassembly_flush(r, pool);
        return TOE_DROP_TCP_BEYOND_FIN;
    }
    if (fin) {
        r->has_fin = true;
        r->fin = end;
    }
    if (seg->payload_len > 0 && !insert_text(r, pool, seg->seq, seg->payload, seg->payload_len,
                                             (seg->flags & TCP_PSH) != 0)) {
        return TOE_DROP_TCP_REASSEMBLY_FULL;
    }
    return TOE_DROP_NONE;
}

uint32_t tcp_reassembly_gap(const struct tcp_reassembly *r, toe_seq rcv_nxt)
{
    if (r->head == NULL) {
        return UINT32_MAX;
    }
    if (toe_seq_le(start_of(r->head), rcv_nxt)) {
        return 0;
    }
    return toe_seq_off(start_of(r->head), rcv_nxt);
}

/* Appends |chunk| to |q|; a copy where it fits behind what is there already. */
static void move_chunk(struct tcp_recvq *q, struct base_slab *pool, struct tcp_chunk *chunk)
{
    if (chunk->len > tcp_recvq_room(q)) {
        tcp_recvq_append(q, chunk);
        return;
    }
    /* There is room, so it cannot fail. */
    (void)tcp_recvq_push(q, pool, chunk->data + chunk->off, chunk->len, chunk->push);
    base_slab_free(pool, chunk);
}

/* Moves the chunks of |run|, which is in no list any more, to |q|, without the first |skip| bytes.
 */
static void move_run(struct tcp_reassembly *r, struct base_slab *pool, struct tcp_recvq *q,
                     struct tcp_chunk *run, uint32_t skip)
{
    struct tcp_chunk *chunk = run;

    while (chunk != NULL) {
        struct tcp_chunk *next = chunk->next;
        const uint32_t cnt = skip < chunk->len ? skip : chunk->len;

        r->len -= chunk->len;
        --r->chunk_cnt;
        skip -= cnt;
        chunk->off = (uint16_t)(chunk->off + cnt);
        chunk->len = (uint16_t)(chunk->len - cnt);
        if (chunk->len == 0) {
            base_slab_free(pool, chunk);
        } else {
            move_chunk(q, pool, chunk);
        }
        chunk = next;
    }
}

uint32_t tcp_reassembly_pull(struct tcp_reassembly *r, struct base_slab *pool, struct tcp_recvq *q,
                             toe_seq rcv_nxt)
{
    const toe_seq before = rcv_nxt;

    while (r->head != NULL && toe_seq_le(start_of(r->head), rcv_nxt)) {
        struct tcp_chunk *run = r->head;
        const toe_seq end = end_of(run);

        r->head = run->run_next;
        if (r->head == NULL) {
            r->last = NULL;
        }
        forget_age(r, run);
        --r->run_cnt;
        move_run(r, pool, q, run, toe_seq_off(rcv_nxt, start_of(run)));
        rcv_nxt = toe_seq_max(rcv_nxt, end);
    }
    if (r->has_fin && toe_seq_lt(r->fin, rcv_nxt)) {
        r->has_fin = false;
    }
    return toe_seq_off(rcv_nxt, before);
}

bool tcp_reassembly_has_fin_at(const struct tcp_reassembly *r, toe_seq rcv_nxt)
{
    return r->has_fin && toe_seq_eq(r->fin, rcv_nxt);
}

uint8_t tcp_reassembly_sack(const struct tcp_reassembly *r, struct tcp_sack_block *blocks,
                            uint8_t max)
{
    uint8_t cnt = 0;

    for (const struct tcp_chunk *run = r->newest; run != NULL && cnt < max; run = run->run_older) {
        blocks[cnt].left = start_of(run);
        blocks[cnt].right = end_of(run);
        ++cnt;
    }
    return cnt;
}

uint32_t tcp_reassembly_ranges(const struct tcp_reassembly *r, struct tcp_sack_block *ranges,
                               uint32_t *newest)
{
    uint32_t cnt = 0;

    *newest = 0;
    for (const struct tcp_chunk *run = r->head; run != NULL; run = run->run_next) {
        if (run == r->newest) {
            *newest = cnt;
        }
        ranges[cnt].left = start_of(run);
        ranges[cnt].right = end_of(run);
        ++cnt;
    }
    return cnt;
}

void tcp_reassembly_renew(struct tcp_reassembly *r, toe_seq seq)
{
    struct tcp_chunk *run = find_run(r, seq);

    toe_assert(run != NULL);
    touch(r, run);
}

bool tcp_reassembly_copy(const struct tcp_reassembly *r,
                         bool (*put)(void *user, const uint8_t *data, uint32_t len), void *user)
{
    for (const struct tcp_chunk *run = r->head; run != NULL; run = run->run_next) {
        for (const struct tcp_chunk *chunk = run; chunk != NULL; chunk = chunk->next) {
            if (!put(user, chunk->data + chunk->off, chunk->len)) {
                return false;
            }
        }
    }
    return true;
}

void tcp_reassembly_take(struct tcp_reassembly *r, struct base_slab *pool, struct tcp_recvq *q)
{
    struct tcp_chunk *run = r->head;

    while (run != NULL) {
        struct tcp_chunk *next = run->run_next;

        move_run(r, pool, q, run, 0);
        run = next;
    }
    tcp_reassembly_init(r);
}

bool tcp_reassembly_overlap(const struct tcp_reassembly *r, struct tcp_sack_block *block,
                            toe_seq seq, uint32_t len)
{
    const toe_seq end = toe_seq_add(seq, len);
    const struct tcp_chunk *run = find_run(r, seq);

    if (run == NULL) {
        run = r->head;
    } else if (toe_seq_le(end_of(run), seq)) {
        run = run->run_next;
    }
    if (run == NULL || toe_seq_ge(start_of(run), end)) {
        return false;
    }
    block->left = toe_seq_max(seq, start_of(run));
    block->right = toe_seq_min(end, end_of(run));
    return true;
}

/* Asserts what holds for one run, and returns its chunks. */
static uint32_t check_run(const struct tcp_chunk *run)
{
    uint32_t len = 0;
    uint32_t chunk_cnt = 0;

    for (const struct tcp_chunk *chunk = run; chunk != NULL; chunk = chunk->next) {
        toe_assert(chunk->off == 0 && chunk->len > 0 && chunk->len <= TCP_CHUNK_ROOM);
        toe_assert(chunk->next == NULL || chunk->len + chunk->next->len > (int)TCP_CHUNK_ROOM);
        toe_assert((chunk->next == NULL) == (chunk == run->run_tail));
        len += chunk->len;
        ++chunk_cnt;
    }
    toe_assert(len == toe_seq_off(end_of(run), start_of(run)));
    return chunk_cnt;
}

void tcp_reassembly_check(const struct tcp_reassembly *r)
{
    uint32_t len = 0;
    uint32_t chunk_cnt = 0;
    uint32_t run_cnt = 0;
    uint32_t aged_cnt = 0;

    for (const struct tcp_chunk *run = r->head; run != NULL; run = run->run_next) {
        chunk_cnt += check_run(run);
        len += toe_seq_off(end_of(run), start_of(run));
        ++run_cnt;
        toe_assert((run->run_next == NULL) == (run == r->last));
        toe_assert(run->run_next == NULL || toe_seq_lt(end_of(run), start_of(run->run_next)));
    }
    for (const struct tcp_chunk *run = r->newest; run != NULL; run = run->run_older) {
        ++aged_cnt;
    }
    toe_assert(len == r->len);
    toe_assert(chunk_cnt == r->chunk_cnt);
    toe_assert(run_cnt == r->run_cnt && run_cnt <= TCP_REASSEMBLY_RUN_MAX);
    toe_assert(aged_cnt == run_cnt);
    toe_assert(!r->has_fin || r->last == NULL || toe_seq_le(end_of(r->last), r->fin));
}
