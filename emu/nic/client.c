/* SPDX-License-Identifier: MIT */
#include "nic/client.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nic/control.h"

void emu_client_options(struct emu_option out[EMU_CLIENT_OPTIONS], struct emu_client *client)
{
    *client = (struct emu_client){.nic = "toe0"};
    out[0] = (struct emu_option){.name = "nic",
                                 .letter = 'n',
                                 .kind = EMU_OPTION_TEXT,
                                 .value = &client->nic,
                                 .placeholder = "IF",
                                 .help = "the NIC's interface (default toe0)"};
    out[1] = (struct emu_option){.name = "control",
                                 .kind = EMU_OPTION_TEXT,
                                 .value = &client->control,
                                 .placeholder = "PATH",
                                 .help = "its control socket, if it is not @toe-IF"};
    out[2] = (struct emu_option){.name = "json",
                                 .kind = EMU_OPTION_FLAG,
                                 .value = &client->json,
                                 .help = "print JSON, one object a line, the last one the summary"};
}

const char *emu_client_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text == NULL ? "" : text;
}

json_int_t emu_client_number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

void emu_client_print_json(void *user, const json_t *object)
{
    (void)user;
    (void)json_dumpf(object, stdout, JSON_COMPACT);
    (void)putchar('\n');
}

static bool send_request(int fd, const json_t *request)
{
    char *text = json_dumps(request, JSON_COMPACT);
    const size_t len = text == NULL ? 0 : strlen(text);
    bool ok;

    if (text == NULL) {
        return false;
    }
    text[len] = '\n'; /* in the place of the NUL */
    ok = send(fd, text, len + 1, MSG_NOSIGNAL) == (ssize_t)len + 1;
    free(text);
    return ok;
}

/* What the summary says went wrong. */
static int conclude(const json_t *summary, struct emu_error *error)
{
    if (json_is_true(json_object_get(summary, "ok"))) {
        return EMU_EXIT_OK;
    }
    emu_error_set(error, EMU_EXIT_USAGE, "the NIC refused: %s", emu_client_text(summary, "error"));
    return (int)error->status;
}

/* Reads the answer up to its summary. */
static int read_answer(FILE *stream, void (*on_object)(void *user, const json_t *object),
                       void *user, struct emu_error *error)
{
    int status = -1;
    char *line = NULL;
    size_t size = 0;

    while (status < 0 && getline(&line, &size, stream) > 0) {
        json_t *object = json_loads(line, 0, NULL);

        if (object != NULL) {
            on_object(user, object);
        }
        if (strcmp(emu_client_text(object, "type"), "summary") == 0) {
            status = conclude(object, error);
        }
        json_decref(object);
    }
    free(line);
    if (status < 0) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "the NIC went away in the middle of its answer");
        status = (int)error->status;
    }
    return status;
}

int emu_client_ask(const struct emu_client *client, json_t *request,
                   void (*on_object)(void *user, const json_t *object), void *user)
{
    char address[IFNAMSIZ + 64];
    struct emu_error error;
    FILE *stream;
    int status;
    int fd;

    (void)snprintf(address, sizeof(address), "@toe-%s", client->nic);
    fd = emu_control_connect(client->control == NULL ? address : client->control, &error);
    if (fd < 0) {
        json_decref(request);
        return emu_error_print(&error);
    }
    stream = fdopen(fd, "r");
    if (stream == NULL || !send_request(fd, request)) {
        emu_error_set(&error, EMU_EXIT_ENVIRONMENT, "cannot send the request to the NIC");
        status = (int)error.status;
    } else {
        status = read_answer(stream, on_object, user, &error);
    }
    json_decref(request);
    if (stream != NULL) {
        (void)fclose(stream);
    } else {
        (void)close(fd);
    }
    (void)fflush(stdout);
    return status == EMU_EXIT_OK ? status : emu_error_print(&error);
}
