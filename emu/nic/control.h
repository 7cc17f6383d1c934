/* SPDX-License-Identifier: MIT */
/*
 * The control socket of a daemon: requests and answers as JSON, one object a line (toe-nic(8)).
 *
 * An address that begins with "@" is a name in the abstract space, which belongs to a network, as
 * the NIC does, and leaves nothing behind; only root and the daemon's own user may talk there. Any
 * other is a file, and whoever may write to it may talk.
 *
 * A client is answered one request after the other, and the next one is not read before the answer
 * has gone, so what it can make us hold is bounded. An answer goes in parts, each when the one
 * before has gone: so a long one keeps neither the loop from its other work, nor waits in memory
 * for a client that reads slowly.
 */
#ifndef EMU_NIC_CONTROL_H
#define EMU_NIC_CONTROL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <uv.h>

#include "error.h"

enum {
    EMU_CONTROL_LINE_MAX = 8192, /* of a request, with its newline */
    EMU_CONTROL_CLIENTS_MAX = 16,
};

struct emu_control;

struct emu_control_settings {
    uv_loop_t *loop;
    const char *address;
    /*
     * begin() begins the answer to |request|, NULL if it was no JSON object; NULL: no memory.
     * write() writes its next part as lines to |out|, so much as others can wait for, and returns
     * whether there is more. end() frees it, also where it was not written to its end.
     */
    void *(*begin)(void *user, json_t *request);
    bool (*write)(void *answer, FILE *out);
    void (*end)(void *answer);
    void *user;
};

/* emu_control_open() begins to listen; NULL with |error| if that cannot be. */
struct emu_control *emu_control_open(const struct emu_control_settings *settings,
                                     struct emu_error *error);

/*
 * emu_control_close() ends it, and all its clients. Their memory is freed by the loop, which has to
 * run on until they are closed. NULL is allowed.
 */
void emu_control_close(struct emu_control *control);

/* emu_control_connect() is a stream to the daemon at |address|, or -1 with |error|. */
int emu_control_connect(const char *address, struct emu_error *error);

#endif
