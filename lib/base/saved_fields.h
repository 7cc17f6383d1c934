/* SPDX-License-Identifier: MIT */
#ifndef BASE_SAVED_FIELDS_H
#define BASE_SAVED_FIELDS_H

#include "toe/saved.h"

/*
 * The fields of a saved connection, in the order in which they are written
 *
 * This one list is the format: writer, reader and all that shows a connection go along it.
 */

/* base_saved_fields() is the list, and |cnt| how many there are. */
const struct toe_saved_field *base_saved_fields(uint32_t *cnt);

#endif
