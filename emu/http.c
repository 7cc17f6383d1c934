/* SPDX-License-Identifier: MIT */
#include "http.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "option.h"

static void fail(struct emu_http *http, const char *format, ...)
{
    va_list args;

    http->state = EMU_HTTP_FAILED;
    va_start(args, format);
    (void)vsnprintf(http->fault, sizeof(http->fault), format, args);
    va_end(args);
    if (http->conn != 0) {
        toe_host_abort(http->host, http->conn);
        http->conn = 0;
    }
}

bool emu_http_get(struct emu_http *http, struct toe_host *host, const struct toe_addr *addr,
                  uint16_t port, const char *path)
{
    char text[46];

    emu_option_address_text(text, addr);
    http->host = host;
    http->state = EMU_HTTP_CONNECTING;
    http->request_len = (size_t)snprintf(
        http->request, sizeof(http->request),
        addr->family == 6 ? "GET %s HTTP/1.0\r\nHost: [%s]:%u\r\nUser-Agent: toe\r\n\r\n"
                          : "GET %s HTTP/1.0\r\nHost: %s:%u\r\nUser-Agent: toe\r\n\r\n",
        path, text, port);
    http->conn = toe_host_connect(host, NULL, 0, addr, port);
    return http->conn != 0;
}

/* Copies the value of the header field |name| to |out|; false if there is none. */
static bool find_field(const struct emu_http *http, const char *name, char *out, size_t out_len)
{
    const size_t name_len = strlen(name);

    for (const char *line = strstr(http->head, "\r\n"); line != NULL;
         line = strstr(line + 2, "\r\n")) {
        const char *value = line + 2 + name_len;

        if (strncasecmp(line + 2, name, name_len) != 0 || *value != ':') {
            continue;
        }
        value += 1 + strspn(value + 1, " ");
        (void)snprintf(out, out_len, "%.*s", (int)strcspn(value, "\r"), value);
        return true;
    }
    return false;
}

static void read_head(struct emu_http *http)
{
    char length[32];
    char *end;

    if (strncmp(http->head, "HTTP/1.", 7) != 0 || strlen(http->head) < 12 ||
        strncmp(http->head + 8, " 200", 4) != 0) {
        fail(http, "the server answers \"%.*s\"", (int)strcspn(http->head, "\r"), http->head);
        return;
    }
    if (!find_field(http, "Content-Length", length, sizeof(length))) {
        fail(http, "the server does not tell the length");
        return;
    }
    http->length = strtoull(length, &end, 10);
    if (*end != '\0' || end == length) {
        fail(http, "the server tells \"%s\" for a length", length);
        return;
    }
    (void)find_field(http, "Server", http->server, sizeof(http->server));
    http->state = EMU_HTTP_BODY;
}

static void take_body(struct emu_http *http, const uint8_t *data, size_t len)
{
    if (len > http->length - http->received) {
        fail(http, "more bytes came than announced");
        return;
    }
    http->body(http->user, http->received, data, len);
    http->received += len;
    if (http->received == http->length) {
        toe_host_shutdown(http->host, http->conn);
        http->state = EMU_HTTP_CLOSING;
    }
}

/* Takes bytes of the head, and what follows them for the body. */
static void take_head(struct emu_http *http, const uint8_t *data, size_t len)
{
    const size_t before = http->head_len;
    const size_t room = sizeof(http->head) - 1 - before;
    const size_t cnt = len < room ? len : room;
    const char *end;
    size_t used;

    memcpy(http->head + before, data, cnt);
    http->head_len += cnt;
    http->head[http->head_len] = '\0';
    end = strstr(http->head, "\r\n\r\n");
    if (end == NULL) {
        if (cnt < len) {
            fail(http, "the head of the answer is too long");
        }
        return;
    }
    used = (size_t)(end + 4 - http->head) - before;
    read_head(http);
    if (http->state == EMU_HTTP_BODY && used < len) {
        take_body(http, data + used, len - used);
    }
}

static void send_request(struct emu_http *http)
{
    http->request_off += toe_host_send(http->host, http->conn, http->request + http->request_off,
                                       http->request_len - http->request_off);
}

static void check_end(struct emu_http *http)
{
    struct toe_host_conn_info info;

    if (toe_host_conn_info(http->host, http->conn, &info) && info.end_of_stream &&
        info.receivable == 0 && http->state != EMU_HTTP_CLOSING) {
        fail(http, "the stream ends after %llu of %llu bytes", (unsigned long long)http->received,
             (unsigned long long)http->length);
    }
}

void emu_http_event(struct emu_http *http, const struct toe_host_event *event)
{
    switch (event->type) {
    case TOE_HOST_CONNECTED:
        http->state = EMU_HTTP_HEAD;
        break;
    case TOE_HOST_CLOSED:
        if (http->state == EMU_HTTP_CLOSING) {
            http->state = EMU_HTTP_DONE;
            toe_host_close(http->host, http->conn);
            http->conn = 0;
        } else {
            fail(http, "the connection closed early");
        }
        break;
    case TOE_HOST_RESET:
        fail(http, "the connection broke: %s", toe_status_text(event->status));
        break;
    case TOE_HOST_ACCEPTABLE:
    case TOE_HOST_RECEIVABLE:
    case TOE_HOST_SENDABLE:
    case TOE_HOST_SOFT_ERROR:
    case TOE_HOST_OFFLOADED:
    case TOE_HOST_OFFLOAD_FAILED:
    case TOE_HOST_UPLOADED:
        break;
    }
}

void emu_http_run(struct emu_http *http)
{
    uint8_t data[16384];
    size_t len;

    if (http->state != EMU_HTTP_HEAD && http->state != EMU_HTTP_BODY &&
        http->state != EMU_HTTP_CLOSING) {
        return;
    }
    if (http->request_off < http->request_len) {
        send_request(http);
    }
    while (http->conn != 0 &&
           (len = toe_host_receive(http->host, http->conn, data, sizeof(data))) != 0) {
        if (http->state == EMU_HTTP_HEAD) {
            take_head(http, data, len);
        } else if (http->state == EMU_HTTP_BODY) {
            take_body(http, data, len);
        } else {
            fail(http, "more bytes came than announced");
        }
    }
    if (http->conn != 0) {
        check_end(http);
    }
}
