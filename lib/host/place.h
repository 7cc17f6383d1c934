/* SPDX-License-Identifier: MIT */
#ifndef HOST_PLACE_H
#define HOST_PLACE_H

#include "host/stack.h"

/*
 * Places: where a connection, path or neighbor is, and how it gets from one to the other
 *
 *     host -> offloading -> offloaded -> uploading -> host
 *                  `-> host (failed)  <-----'  (failed)
 *
 *     host -> frozen -> host
 *
 * Only the two setters here write a place.
 */

struct host_conn;

/* host_place_is_legal() tells whether |to| can follow |from|. */
bool host_place_is_legal(enum toe_place from, enum toe_place to);

/* host_conn_place_set() moves |conn| to |place|. */
void host_conn_place_set(struct host_conn *conn, enum toe_place place);

/* host_object_place_set() moves |object| to |place|. */
void host_object_place_set(struct host_object *object, enum toe_place place);

#endif
