/* SPDX-License-Identifier: MIT */
#include "host/host_extension.h"

#include "base/mem.h"

bool host_extension_is_known(const struct host_interface *interface)
{
    return interface->host->settings.extension &&
           interface->caps.extension >= TOE_EXTENSION_VERSION;
}

struct host_extension *host_extension_room(struct toe_host *host)
{
    struct host_extension *extension = base_mem_alloc(&host->settings.mem, sizeof(*extension));

    if (extension != NULL) {
        extension->ext.size = sizeof(extension->ext);
        host_queue_init(&extension->early);
    }
    return extension;
}

void host_extension_del(struct toe_host *host, struct host_extension *extension)
{
    if (extension != NULL) {
        host_queue_clear(&extension->early, &host->pieces);
        base_mem_free(&host->settings.mem, extension, sizeof(*extension));
    }
}

/* Where copies go. */
struct copy {
    struct host_queue *q;
    struct host_pieces *pieces;
};

static bool put(void *user, const uint8_t *data, uint32_t len)
{
    struct copy *copy = user;

    return host_queue_write(copy->q, copy->pieces, data, len);
}

struct host_extension *host_extension_new(struct host_conn *conn)
{
    struct host_extension *extension = host_extension_room(conn->host);
    struct copy copy;

    if (extension == NULL) {
        return NULL;
    }
    copy.q = &extension->early;
    copy.pieces = &conn->host->pieces;
    if (!tcp_reassembly_copy(&conn->tcp.busy->reassembly, put, &copy)) {
        host_extension_del(conn->host, extension);
        return NULL;
    }
    tcp_extension_export(&conn->tcp, &extension->ext, conn->host->now);
    extension->ext.early_data = host_queue_chain(&extension->early);
    return extension;
}

void host_extension_take(struct host_conn *conn, const struct toe_extension *ext,
                         const struct toe_tcp_delegated *delegated)
{
    struct toe_host_stats *stats = &conn->host->stats;

    switch (tcp_extension_import(&conn->tcp, ext, delegated, conn->host->now)) {
    case TCP_EXTENSION_TAKEN:
        ++stats->extensions_taken;
        return;
    case TCP_EXTENSION_IGNORED:
        ++stats->extensions_ignored;
        return;
    case TCP_EXTENSION_NONE:
    case TCP_EXTENSION_NO_MEMORY:
        return;
    }
}
