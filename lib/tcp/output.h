/* SPDX-License-Identifier: MIT */
/*
 * Output: what tcp_output() of tcp/engine.h is made of.
 */
#ifndef TCP_OUTPUT_H
#define TCP_OUTPUT_H

#include "tcp/conn.h"

struct tcp_out;

/* tcp_output_is_prompt() tells whether what leaves next takes the short cut (tcp/prompt.c). */
bool tcp_output_is_prompt(const struct tcp_conn *conn, toe_instant now);

/* tcp_output_steps() is tcp_output() of tcp/engine.h, for everything there can be to send. */
bool tcp_output_steps(struct tcp_conn *conn, struct tcp_out *out, toe_instant now);

#endif
