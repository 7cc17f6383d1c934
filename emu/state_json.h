/* SPDX-License-Identifier: MIT */
/*
 * The JSON form of a saved connection, and its fields as text.
 *
 * The JSON form is an object of the type "state" with the version of the binary form and an object
 * for each of its sections, whose members are the fields by their names. Numbers are numbers, but
 * those beyond 2^63 strings; never is null; states, addresses and Ethernet addresses are as people
 * write them; ranges are pairs; streams are strings of hexadecimal digits. What is optional and not
 * there is left out; everything else must be there, and nothing else. So the two forms say the
 * same, and each comes back from the other as it was.
 */
#ifndef EMU_STATE_JSON_H
#define EMU_STATE_JSON_H

#include <jansson.h>

#include "toe/saved.h"

/* Why something is no JSON form: two texts as those of struct toe_saved_fault. */
struct emu_state_fault {
    char field[64];
    char rule[128];
};

/* emu_state_json() is the JSON form of |saved|; NULL if memory is short. */
json_t *emu_state_json(const struct toe_saved *saved);

/*
 * emu_state_parse() reads |json|. The streams of |saved| lie in |*bytes|, which is the caller's to
 * free() then. Returns false, with |fault| filled in, if it is not the JSON form of anything.
 */
bool emu_state_parse(struct toe_saved *saved, uint8_t **bytes, const json_t *json,
                     struct emu_state_fault *fault);

/* emu_state_value() is the value of |field| in |saved|, as in the JSON form; NULL: none there. */
json_t *emu_state_value(const struct toe_saved *saved, const struct toe_saved_field *field);

/* emu_state_text() writes the value of |field| in |saved| as one line of text, perhaps shortened.
 */
void emu_state_text(char *out, size_t size, const struct toe_saved *saved,
                    const struct toe_saved_field *field);

#endif
