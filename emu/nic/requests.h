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
#include <stdio.h>

/* emu_requests_answer() is struct emu_control_settings.answer; |nic| is a struct emu_nic. */
void emu_requests_answer(void *nic, const json_t *request, FILE *out);

#endif
