/* SPDX-License-Identifier: MIT */
/*
 * What a NIC answers to the requests at its control socket.
 *
 * A request is an object with a member "command"; toe-nic(8) lists them. The answer is any number
 * of objects, each with its "type", and at the end one of the type "summary" with "ok", and with
 * "error" if that is false.
 */
#ifndef EMU_NIC_REQUESTS_H
#define EMU_NIC_REQUESTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * These are begin(), write() and end() of struct emu_control_settings; |nic| is a struct emu_nic.
 * Moves are asked for with the part that tells of them, and those that are left at the end.
 */
void *emu_requests_begin(void *nic, json_t *request);
bool emu_requests_write(void *reply, FILE *out);
void emu_requests_end(void *reply);

#endif
