/* SPDX-License-Identifier: MIT */
#include "chronicle.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "stress_sums.h"

#define STEP_MIN (100 * TOE_NS_PER_MS)

/* A request under way, by the connection that comes first in its tree. */
struct request {
    const void *name;
    toe_instant at;
};

/* --- samples --- */

void emu_chronicle_begin(struct emu_chronicle *chronicle, toe_instant now)
{
    chronicle->began = now;
    chronicle->has_begun = true;
    chronicle->step = STEP_MIN;
    chronicle->sample_cnt = 1; /* nothing yet */
}

bool emu_chronicle_is_due(const struct emu_chronicle *chronicle, toe_instant now)
{
    return chronicle->has_begun && now - chronicle->began >= chronicle->due;
}

/* Every second sample goes, and from now on they come half as often. */
static void thin(struct emu_chronicle *chronicle)
{
    for (uint32_t i = 0; i < EMU_CHRONICLE_SAMPLES / 2; ++i) {
        chronicle->samples[i] = chronicle->samples[2 * i];
    }
    chronicle->sample_cnt = EMU_CHRONICLE_SAMPLES / 2;
    chronicle->step *= 2;
}

void emu_chronicle_sample(struct emu_chronicle *chronicle, const struct emu_stress_result *result,
                          toe_instant now)
{
    if (chronicle->sample_cnt == EMU_CHRONICLE_SAMPLES) {
        thin(chronicle);
    }
    chronicle->samples[chronicle->sample_cnt++] = (struct emu_sample){
        .at = now - chronicle->began,
        .connections = result->connections_now,
        .offloaded = result->target.tcp_cnt,
        .bytes = result->bytes,
        .offloads = result->offloads,
        .uploads = result->uploads,
        .failed = result->offloads_failed,
        .retransmitted = emu_sums_retransmitted(result),
        .frames_lost = result->frames_lost,
        .stalls = result->stalls,
    };
    chronicle->due = now - chronicle->began + chronicle->step;
}

/* --- requests --- */

static int compare(const void *a, const void *b)
{
    const uintptr_t left = (uintptr_t)((const struct request *)a)->name;
    const uintptr_t right = (uintptr_t)((const struct request *)b)->name;

    return left < right ? -1 : left > right;
}

/* The first connection in the tree; NULL: there is none, and nothing moves. */
static const void *first_connection(const struct toe_inter_record *record)
{
    for (uint32_t i = 0; i < record->item_cnt && i < TOE_INTER_ITEMS_MAX; ++i) {
        if (record->items[i].layer == TOE_LAYER_TCP) {
            return record->items[i].name;
        }
    }
    return NULL;
}

static void request_begins(struct emu_chronicle *chronicle, const void *name, toe_instant now)
{
    struct request *request = malloc(sizeof(*request));
    struct request *const *found;

    if (request == NULL) {
        return;
    }
    *request = (struct request){name, now};
    found = tsearch(request, &chronicle->requests, compare);
    if (found == NULL || *found != request) {
        free(request);
    }
}

static void request_ends(struct emu_chronicle *chronicle, const void *name,
                         struct emu_histogram *histogram, toe_instant now)
{
    struct request *const *found = tfind(&(struct request){name, 0}, &chronicle->requests, compare);
    struct request *request;

    if (found == NULL) {
        return;
    }
    request = *found;
    (void)tdelete(request, &chronicle->requests, compare);
    emu_histogram_add(histogram, now - request->at);
    free(request);
}

void emu_chronicle_record(struct emu_chronicle *chronicle, const struct toe_inter_record *record)
{
    const void *name;

    switch (record->op) {
    case TOE_INTER_INITIATE:
    case TOE_INTER_TERMINATE:
    case TOE_INTER_INITIATE_COMPLETE:
    case TOE_INTER_TERMINATE_COMPLETE:
        name = first_connection(record);
        break;
    default:
        return;
    }
    if (name == NULL) {
        return;
    }
    if (record->op == TOE_INTER_INITIATE || record->op == TOE_INTER_TERMINATE) {
        request_begins(chronicle, name, record->now);
    } else {
        request_ends(chronicle, name,
                     record->op == TOE_INTER_INITIATE_COMPLETE ? &chronicle->offload_time
                                                               : &chronicle->upload_time,
                     record->now);
    }
}

/* --- lives --- */

struct emu_life *emu_chronicle_open(const struct emu_chronicle *chronicle,
                                    const struct emu_life *like, toe_instant now)
{
    struct emu_life *life = malloc(sizeof(*life));

    if (life == NULL) {
        return NULL;
    }
    *life = *like;
    life->opened = now - chronicle->began;
    life->ended = life->opened;
    life->stride = 1;
    life->last.at = life->opened;
    life->points[life->point_cnt++] = life->last;
    return life;
}

static void add_point(struct emu_life *life)
{
    if (++life->skipped < life->stride) {
        return;
    }
    life->skipped = 0;
    if (life->point_cnt == EMU_LIFE_POINTS) {
        for (uint32_t i = 0; i < EMU_LIFE_POINTS / 2; ++i) {
            life->points[i] = life->points[2 * i];
        }
        life->point_cnt = EMU_LIFE_POINTS / 2;
        life->stride *= 2;
    }
    life->points[life->point_cnt++] = life->last;
}

void emu_life_note(struct emu_life *life, const struct emu_chronicle *chronicle, uint64_t tx,
                   uint64_t rx, toe_instant now)
{
    const toe_duration at = now - chronicle->began;

    if (life == NULL) {
        return;
    }
    if (at - life->last.at > life->silence) {
        life->silence = at - life->last.at;
        life->silence_at = at;
    }
    life->ended = at;
    if (tx != life->last.tx || rx != life->last.rx) {
        life->last = (struct emu_life_point){at, tx, rx, life->is_offloaded};
        add_point(life);
    }
}

void emu_life_move(struct emu_life *life, const struct emu_chronicle *chronicle, bool is_offload,
                   toe_instant now)
{
    struct emu_life_point last;

    if (life == NULL) {
        return;
    }
    ++*(is_offload ? &life->offload_cnt : &life->upload_cnt);
    life->is_offloaded = is_offload;
    last = life->last;
    life->last.at = now - chronicle->began;
    life->last.is_offloaded = is_offload;
    add_point(life);
    life->last.at = last.at; /* A move is no progress. */
}

/* What |life| counts in |rank|; 0: nothing. */
static uint64_t worth(const struct emu_life *life, enum emu_life_rank rank)
{
    switch (rank) {
    case EMU_LIFE_WAITED:
        return life->plan.think_us == 0 ? life->silence : 0;
    case EMU_LIFE_MOVED:
        return life->offload_cnt + life->upload_cnt;
    case EMU_LIFE_RANK_CNT:
        break;
    }
    return 0;
}

static void let_go(struct emu_life *life)
{
    if (life != NULL && --life->kept == 0) {
        free(life);
    }
}

static void rank_in(struct emu_life **lives, struct emu_life *life, enum emu_life_rank rank)
{
    const uint64_t value = worth(life, rank);
    uint32_t place = EMU_CHRONICLE_LIVES;

    while (place > 0 && (lives[place - 1] == NULL || worth(lives[place - 1], rank) < value)) {
        --place;
    }
    if (place == EMU_CHRONICLE_LIVES || value == 0) {
        return;
    }
    let_go(lives[EMU_CHRONICLE_LIVES - 1]);
    memmove(lives + place + 1, lives + place,
            (EMU_CHRONICLE_LIVES - 1 - place) * sizeof(struct emu_life *));
    lives[place] = life;
    ++life->kept;
}

void emu_chronicle_close(struct emu_chronicle *chronicle, struct emu_life *life,
                         const char *outcome)
{
    life->outcome = outcome;
    ++life->kept; /* while it is ranked */
    for (int rank = 0; rank < EMU_LIFE_RANK_CNT; ++rank) {
        rank_in(chronicle->lives[rank], life, (enum emu_life_rank)rank);
    }
    let_go(life);
}

void emu_chronicle_fini(struct emu_chronicle *chronicle)
{
    for (int rank = 0; rank < EMU_LIFE_RANK_CNT; ++rank) {
        for (int i = 0; i < EMU_CHRONICLE_LIVES; ++i) {
            let_go(chronicle->lives[rank][i]);
        }
    }
    tdestroy(chronicle->requests, free);
    *chronicle = (struct emu_chronicle){0};
}
