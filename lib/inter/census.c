/* SPDX-License-Identifier: MIT */
#include "inter/census.h"

/* New blocks: those whose cell holds no handle. Trees have three levels. */
static uint64_t count_new(const struct toe_block *chain)
{
    uint64_t cnt = 0;

    for (const struct toe_block *b = chain; b != NULL; b = b->next) {
        cnt += b->object != NULL && *b->object == 0;
        cnt += count_new(b->dependent);
    }
    return cnt;
}

static uint64_t chain_cnt(const struct toe_buf *chain)
{
    uint64_t cnt = 0;

    for (; chain != NULL; chain = chain->next) {
        ++cnt;
    }
    return cnt;
}

static void subtract(uint64_t *from, uint64_t cnt)
{
    *from -= cnt < *from ? cnt : *from;
}

void inter_census_call(struct inter_census *census, const struct toe_block *tree, bool is_initiate)
{
    ++census->trees;
    if (is_initiate) {
        census->objects += count_new(tree);
    }
}

void inter_census_answered(struct inter_census *census)
{
    subtract(&census->trees, 1);
}

void inter_census_initiated(struct inter_census *census, const struct toe_block *tree)
{
    inter_census_answered(census);
    subtract(&census->objects, count_new(tree));
}

static void terminated_chain(struct inter_census *census, const struct toe_block *chain)
{
    for (const struct toe_block *b = chain; b != NULL; b = b->next) {
        terminated_chain(census, b->dependent);
        if (b->object == NULL || b->status != TOE_STATUS_SUCCESS) {
            continue;
        }
        subtract(&census->objects, 1);
        if ((b->type == TOE_BLOCK_TCP || b->type == TOE_BLOCK_TCP_DELEGATED) &&
            b->state.tcp != NULL) {
            const struct toe_extension *ext = toe_tcp_extension(b->state.tcp);

            census->lent += chain_cnt(b->state.tcp->delegated.buffered_data);
            census->lent += ext != NULL ? chain_cnt(ext->early_data) : 0;
        }
    }
}

void inter_census_terminated(struct inter_census *census, const struct toe_block *tree)
{
    inter_census_answered(census);
    terminated_chain(census, tree);
}

void inter_census_lend(struct inter_census *census)
{
    ++census->lent;
}

void inter_census_return(struct inter_census *census, const struct toe_buf *chain)
{
    subtract(&census->lent, chain_cnt(chain));
}

bool inter_census_is_empty(const struct inter_census *census)
{
    return census->objects == 0 && census->trees == 0 && census->lent == 0;
}
