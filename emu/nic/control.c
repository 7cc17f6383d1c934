/* SPDX-License-Identifier: MIT */
#include "nic/control.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct client {
    uv_pipe_t pipe;
    uv_write_t write;
    struct emu_control *control;
    struct client *next;
    void *answer; /* of which more is to come; NULL: none */
    char *part;   /* of it, on its way */
    size_t len;   /* bytes in |line| */
    bool ends;    /* once the answer has gone */
    char line[EMU_CONTROL_LINE_MAX];
};

struct emu_control {
    uv_pipe_t pipe;
    struct emu_control_settings settings;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* "": no file */
    struct client *clients;
    uint32_t client_cnt;
    struct client *spare; /* for when there is no memory; NULL: in use */
    bool is_awaited;      /* somebody has come for whom there was neither */
    uint32_t user_cnt;    /* this one, and clients that are not freed */
};

/* --- addresses --- */

static bool make_address(struct sockaddr_un *out, socklen_t *out_len, const char *address,
                         struct emu_error *error)
{
    const size_t len = strlen(address);

    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (len < 2 || len >= sizeof(out->sun_path)) {
        emu_error_set(error, EMU_EXIT_USAGE,
                      "\"%s\" is no control socket: a path or @NAME of at most %zu characters",
                      address, sizeof(out->sun_path) - 1);
        return false;
    }
    memcpy(out->sun_path, address, len);
    *out_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    if (address[0] == '@') {
        out->sun_path[0] = '\0';
    } else {
        *out_len += 1;
    }
    return true;
}

int emu_control_connect(const char *address, struct emu_error *error)
{
    struct sockaddr_un to;
    socklen_t len;
    int fd;

    if (!make_address(&to, &len, address, error)) {
        return -1;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, len) == 0) {
        return fd;
    }
    if (errno == ECONNREFUSED || errno == ENOENT) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "no NIC listens at %s in this network; start one: toe nic", address);
    } else {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot talk to %s: %s", address,
                      strerror(errno));
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return -1;
}

/* --- clients --- */

static void forget(struct client *client)
{
    struct client **at = &client->control->clients;

    while (*at != client) {
        at = &(*at)->next;
    }
    *at = client->next;
    client->control->client_cnt--;
}

static void release(struct emu_control *control)
{
    if (--control->user_cnt == 0) {
        free(control->spare);
        free(control);
    }
}

static void on_connection(uv_stream_t *stream, int status);

static void on_client_closed(uv_handle_t *handle)
{
    struct client *client = handle->data;
    struct emu_control *control = client->control;

    free(client->part);
    if (control->spare == NULL) {
        control->spare = client;
    } else {
        free(client);
    }
    if (control->is_awaited && !uv_is_closing((uv_handle_t *)&control->pipe)) {
        on_connection((uv_stream_t *)&control->pipe, 0);
    }
    release(control);
}

static void end_answer(struct client *client)
{
    if (client->answer != NULL) {
        client->control->settings.end(client->answer);
    }
    client->answer = NULL;
}

static void close_client(struct client *client)
{
    if (!uv_is_closing((uv_handle_t *)&client->pipe)) {
        forget(client);
        end_answer(client);
        uv_close((uv_handle_t *)&client->pipe, on_client_closed);
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct client *client = handle->data;

    (void)suggested;
    *buf =
        uv_buf_init(client->line + client->len, (unsigned int)(sizeof(client->line) - client->len));
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf);
static void on_written(uv_write_t *write, int status);

/* Sends the next part of the answer; false if that cannot be. */
static bool send_part(struct client *client)
{
    size_t size = 0;
    FILE *out = open_memstream(&client->part, &size);
    uv_buf_t buf;

    if (out == NULL) {
        return false;
    }
    if (!client->control->settings.write(client->answer, out)) {
        end_answer(client);
    }
    if (fclose(out) != 0) {
        return false;
    }
    buf = uv_buf_init(client->part, (unsigned int)size);
    return uv_write(&client->write, (uv_stream_t *)&client->pipe, &buf, 1, on_written) == 0;
}

/* Begins to answer the |len| bytes at the begin of the line buffer; false if that cannot be. */
static bool answer(struct client *client, size_t len)
{
    const struct emu_control_settings *set = &client->control->settings;
    json_t *request = json_loadb(client->line, len, JSON_REJECT_DUPLICATES, NULL);

    client->answer = set->begin(set->user, json_is_object(request) ? request : NULL);
    json_decref(request);
    return client->answer != NULL && send_part(client);
}

/* Takes the next request if it is there as a whole; reads on if it is not. */
static void proceed(struct client *client)
{
    const char *end = memchr(client->line, '\n', client->len);
    const size_t len = end == NULL ? client->len : (size_t)(end - client->line) + 1;

    if (end == NULL && client->len < sizeof(client->line)) {
        const int result = uv_read_start((uv_stream_t *)&client->pipe, on_alloc, on_read);

        if (result != 0 && result != UV_EALREADY) {
            close_client(client);
        }
        return;
    }
    /* A line that is too long cannot be JSON by now, and what follows is not worth looking at. */
    client->ends = end == NULL;
    (void)uv_read_stop((uv_stream_t *)&client->pipe);
    if (!answer(client, client->ends ? 0 : len)) {
        close_client(client);
        return;
    }
    client->len -= len;
    memmove(client->line, client->line + len, client->len);
}

static void on_written(uv_write_t *write, int status)
{
    struct client *client = write->data;

    free(client->part);
    client->part = NULL;
    if (uv_is_closing((uv_handle_t *)&client->pipe)) {
        return;
    }
    if (status == 0 && client->answer == NULL && !client->ends) {
        proceed(client);
    } else if (status != 0 || client->answer == NULL || !send_part(client)) {
        close_client(client);
    }
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct client *client = stream->data;

    (void)buf;
    if (len < 0) {
        close_client(client);
        return;
    }
    client->len += (size_t)len;
    proceed(client);
}

/* --- the listener --- */

/* Whether the one at the other end may talk: of a file, the file decides. */
static bool is_allowed(const struct emu_control *control, const uv_pipe_t *pipe)
{
    struct ucred who;
    socklen_t len = sizeof(who);
    uv_os_fd_t fd;

    if (control->path[0] != '\0') {
        return true;
    }
    return uv_fileno((const uv_handle_t *)pipe, &fd) == 0 &&
           getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 &&
           (who.uid == 0 || who.uid == geteuid());
}

/* A new one, or without memory the spare one; NULL: that is in use. */
static struct client *client_new(struct emu_control *control)
{
    struct client *client = malloc(sizeof(*client));

    if (client == NULL) {
        client = control->spare;
        control->spare = NULL;
    }
    if (client != NULL) {
        memset(client, 0, sizeof(*client));
        ++control->user_cnt;
    }
    return client;
}

/* The loop goes on to listen when this one has been accepted, and not before. */
static void on_connection(uv_stream_t *stream, int status)
{
    struct emu_control *control = stream->data;
    struct client *client = status == 0 ? client_new(control) : NULL;

    control->is_awaited = status == 0 && client == NULL;
    if (client == NULL) {
        return;
    }
    (void)uv_pipe_init(stream->loop, &client->pipe, 0);
    client->control = control;
    client->pipe.data = client;
    client->write.data = client;
    client->next = control->clients;
    control->clients = client;
    if (uv_accept(stream, (uv_stream_t *)&client->pipe) != 0 ||
        ++control->client_cnt > EMU_CONTROL_CLIENTS_MAX || !is_allowed(control, &client->pipe)) {
        close_client(client);
        return;
    }
    proceed(client);
}

/* A file that nobody listens at any more is in the way of a new one. */
static void remove_stale(const struct sockaddr_un *address, socklen_t len)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, (const struct sockaddr *)address, len) != 0 &&
        errno == ECONNREFUSED) {
        (void)unlink(address->sun_path);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
}

static int open_listener(const char *address, struct emu_error *error)
{
    struct sockaddr_un at;
    socklen_t len;
    mode_t mask;
    bool bound;
    int fd;

    if (!make_address(&at, &len, address, error)) {
        return -1;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot open a socket: %s", strerror(errno));
        return -1;
    }
    if (at.sun_path[0] != '\0') {
        remove_stale(&at, len);
    }
    mask = umask(0117); /* for the daemon's user and group */
    bound = bind(fd, (const struct sockaddr *)&at, len) == 0;
    (void)umask(mask);
    if (!bound) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      errno == EADDRINUSE ? "somebody listens at the control socket %s already"
                                          : "cannot create the control socket %s",
                      address);
        (void)close(fd);
        return -1;
    }
    return fd;
}

static void on_closed(uv_handle_t *handle)
{
    release(handle->data);
}

struct emu_control *emu_control_open(const struct emu_control_settings *settings,
                                     struct emu_error *error)
{
    const int fd = open_listener(settings->address, error);
    struct emu_control *control = fd < 0 ? NULL : calloc(1, sizeof(*control));

    if (control != NULL) {
        control->spare = malloc(sizeof(*control->spare));
        control->user_cnt = 1;
    }
    if (control == NULL || control->spare == NULL ||
        uv_pipe_init(settings->loop, &control->pipe, 0) != 0) {
        if (fd >= 0) {
            emu_error_set(error, EMU_EXIT_ENVIRONMENT, "no memory for a control socket");
            (void)close(fd);
        }
        if (control != NULL) {
            release(control);
        }
        return NULL;
    }
    control->settings = *settings;
    control->pipe.data = control;
    if (settings->address[0] != '@') {
        (void)snprintf(control->path, sizeof(control->path), "%s", settings->address);
    }
    if (uv_pipe_open(&control->pipe, fd) != 0 ||
        uv_listen((uv_stream_t *)&control->pipe, EMU_CONTROL_CLIENTS_MAX, on_connection) != 0) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot listen at the control socket %s",
                      settings->address);
        emu_control_close(control);
        return NULL;
    }
    return control;
}

void emu_control_close(struct emu_control *control)
{
    if (control == NULL) {
        return;
    }
    while (control->clients != NULL) {
        close_client(control->clients);
    }
    if (control->path[0] != '\0') {
        (void)unlink(control->path);
    }
    uv_close((uv_handle_t *)&control->pipe, on_closed);
}
