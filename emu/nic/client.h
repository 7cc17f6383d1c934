/* SPDX-License-Identifier: MIT */
/*
 * Commands that talk to a running NIC: what they have in common.
 *
 * One request goes to the control socket, its answer is printed: with --json as it came, line by
 * line, otherwise by a function that makes text of it.
 */
#ifndef EMU_NIC_CLIENT_H
#define EMU_NIC_CLIENT_H

#include <jansson.h>

#include "error.h"
#include "option.h"

struct emu_client {
    const char *nic;     /* its interface */
    const char *control; /* its socket; NULL: the one it has by default */
    bool json;
};

enum { EMU_CLIENT_OPTIONS = 3 };

/* emu_client_options() fills in the options that all of these commands have. */
void emu_client_options(struct emu_option out[EMU_CLIENT_OPTIONS], struct emu_client *client);

/*
 * emu_client_ask() sends |request|, which is the function's from now on, and calls |on_object| with
 * each object of the answer, the summary included. Returns the status to exit with; what went wrong
 * has been said then.
 */
int emu_client_ask(const struct emu_client *client, json_t *request,
                   void (*on_object)(void *user, const json_t *object), void *user);

/* emu_client_print_json() is an |on_object| that prints the object as it came. */
void emu_client_print_json(void *user, const json_t *object);

/* The members of an object; "" and 0 where there is none. */
const char *emu_client_text(const json_t *object, const char *name);
json_int_t emu_client_number(const json_t *object, const char *name);

#endif
