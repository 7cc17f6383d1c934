/* SPDX-License-Identifier: MIT */
#ifndef BASE_NDIS_PARTS_H
#define BASE_NDIS_PARTS_H

#include "toe/ndis.h"

/*
 * The parts of what follows a block of the original in memory
 *
 * A block's type, its role and the operation say which of the three classes follow it (toe/ndis.h),
 * each at its natural alignment behind the one before. A block of one class has that class alone.
 */

enum {
    BASE_NDIS_CONST = 1,
    BASE_NDIS_CACHED = 2,
    BASE_NDIS_DELEGATED = 4,
    BASE_NDIS_ALL = 7,
};

/* Where the structures of the classes lie; NULL where there is none. */
struct base_ndis_parts {
    PVOID constant;
    PVOID cached;
    PVOID delegated;
};

/*
 * base_ndis_carried() returns the classes that follow a block of |type| and |role| in a tree for
 * |op|.
 */
unsigned base_ndis_carried(uint16_t type, enum toe_block_role role, enum toe_ndis_op op);

/*
 * base_ndis_read() and base_ndis_written() return the classes of those that |op| takes from the
 * host and brings to it.
 */
unsigned base_ndis_read(enum toe_ndis_op op);
unsigned base_ndis_written(enum toe_ndis_op op);

/*
 * base_ndis_parts_at() locates the classes |carried| of |layer|, which begin at |state|.
 */
struct base_ndis_parts base_ndis_parts_at(PVOID state, enum toe_layer layer, unsigned carried);

/*
 * base_ndis_parts_of() returns those of |parts| that are of |classes|.
 */
struct base_ndis_parts base_ndis_parts_of(struct base_ndis_parts parts, unsigned classes);

/*
 * base_ndis_parts_cover() tells whether the Length of each part is large enough.
 */
bool base_ndis_parts_cover(struct base_ndis_parts parts, enum toe_layer layer);

/*
 * base_ndis_parts_init() sets the Length of each part to what we know of it.
 */
void base_ndis_parts_init(struct base_ndis_parts parts, enum toe_layer layer);

/*
 * base_ndis_parts_import() copies |parts| to the state of |block|, whose type says the layer; false
 * if that is not possible. base_ndis_parts_export() is the opposite.
 */
bool base_ndis_parts_import(struct toe_block *block, struct base_ndis_parts parts);
bool base_ndis_parts_export(const struct toe_block *block, struct base_ndis_parts parts);

#endif
