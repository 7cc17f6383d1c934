/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_OPS_STATE_H
#define FUZZ_OPS_STATE_H

#include "fuzz/program.h"
#include "toe/state.h"

/*
 * The states that the host of ops_fuzz.c offers: object |n| of each layer, sound and with nothing
 * on its way.
 */
void ops_neighbor_init(struct toe_neighbor_state *state, uint8_t n);
void ops_path_init(struct toe_path_state *state, uint8_t n);
void ops_tcp_init(struct toe_tcp_state *state, uint8_t n);

/* ops_tcp_spoil() makes one thing of |state| worse, or other than usual. */
void ops_tcp_spoil(struct toe_tcp_state *state, struct input *in);

#endif
