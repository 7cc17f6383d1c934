/* SPDX-License-Identifier: MIT */
/*
 * How much is offloaded, as a driver sees it go by.
 *
 * Counts objects, state operations under way and buffers lent to the host, without remembering any
 * of them: a new block is counted when it is offered, and no longer when it comes back without a
 * handle.
 */
#ifndef INTER_CENSUS_H
#define INTER_CENSUS_H

#include "toe/seam.h"

struct inter_census {
    uint64_t objects;
    uint64_t trees;
    uint64_t lent;
};

/* inter_census_call() counts a tree that goes down; |is_initiate| tells of which kind. */
void inter_census_call(struct inter_census *census, const struct toe_block *tree, bool is_initiate);

/* The trees that come back: of an initiate, of a terminate, of any other operation. */
void inter_census_initiated(struct inter_census *census, const struct toe_block *tree);
void inter_census_terminated(struct inter_census *census, const struct toe_block *tree);
void inter_census_answered(struct inter_census *census);

/* inter_census_lend() counts an accepted indication. */
void inter_census_lend(struct inter_census *census);

/* inter_census_return() counts a chain of buffers that the host gives back. */
void inter_census_return(struct inter_census *census, const struct toe_buf *chain);

/* inter_census_is_empty() tells whether nothing is left. */
bool inter_census_is_empty(const struct inter_census *census);

#endif
