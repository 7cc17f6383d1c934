/* SPDX-License-Identifier: MIT */
/*
 * A small HTTP client on our host stack: one GET, one connection.
 *
 * It shows what an application on toe/host.h looks like, and fetches files from servers that nobody
 * here wrote. The body is handed on piece by piece. Whoever owns it passes it the host's events and
 * runs it when there were any.
 */
#ifndef EMU_HTTP_H
#define EMU_HTTP_H

#include "toe/host.h"

enum emu_http_state {
    EMU_HTTP_CONNECTING,
    EMU_HTTP_HEAD, /* the request is under way, or the head of the answer */
    EMU_HTTP_BODY,
    EMU_HTTP_CLOSING, /* the body is complete, the connection not yet closed */
    EMU_HTTP_DONE,
    EMU_HTTP_FAILED, /* |fault| says why */
};

struct emu_http {
    struct toe_host *host;
    toe_handle conn;
    enum emu_http_state state;
    char request[256];
    size_t request_len;
    size_t request_off; /* bytes of it sent */
    char head[4096];    /* of the answer; ends with a NUL */
    size_t head_len;
    char server[64];   /* what the server calls itself */
    uint64_t length;   /* of the body, as announced */
    uint64_t received; /* of the body */
    /* The |len| bytes of the body from |off| on. */
    void (*body)(void *user, uint64_t off, const uint8_t *data, size_t len);
    void *user;
    char fault[128];
};

/*
 * emu_http_get() asks the server at |addr| and |port| for |path|. Returns false if no connection
 * could be begun.
 */
bool emu_http_get(struct emu_http *http, struct toe_host *host, const struct toe_addr *addr,
                  uint16_t port, const char *path);

/* emu_http_event() takes an event of the connection http->conn. */
void emu_http_event(struct emu_http *http, const struct toe_host_event *event);

/* emu_http_run() sends and receives what can be now. */
void emu_http_run(struct emu_http *http);

#endif
