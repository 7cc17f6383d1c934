/* SPDX-License-Identifier: MIT */
/*
 * Extensions: what of a connection on its way the published structures have no room for.
 *
 * One exists only while its connection moves, or is being saved. Memory for it may be short at any
 * time: then the connection goes without.
 */
#ifndef HOST_HOST_EXTENSION_H
#define HOST_HOST_EXTENSION_H

#include "host/host_conn.h"
#include "toe/extension.h"

struct host_extension {
    struct toe_extension ext;
    struct host_queue early; /* the bytes of ext.early_data */
};

/* host_extension_is_known() tells whether the target below |interface| is to be given any. */
bool host_extension_is_known(const struct host_interface *interface);

/*
 * host_extension_new() fills in an extension with all that the engine of |conn| knows, which is in
 * the host. The bytes that arrived out of order are copied: |early_data| lives as long as the
 * extension does. Returns NULL if memory is short.
 */
struct host_extension *host_extension_new(struct host_conn *conn);

/* host_extension_room() makes one that a target can fill in, or returns NULL. */
struct host_extension *host_extension_room(struct toe_host *host);

/* host_extension_del() frees |extension|. NULL is allowed. */
void host_extension_del(struct toe_host *host, struct host_extension *extension);

/*
 * host_extension_take() gives the engine of |conn|, which was just imported from |delegated|, what
 * |ext| tells in addition, and counts what becomes of it. NULL is allowed.
 */
void host_extension_take(struct host_conn *conn, const struct toe_extension *ext,
                         const struct toe_tcp_delegated *delegated);

#endif
