/* SPDX-License-Identifier: MIT */
/*
 * The steps that a segment goes through, without the short cut of tcp/predict.c.
 */
#ifndef TCP_INPUT_H
#define TCP_INPUT_H

#include "tcp/conn.h"

/* tcp_input_is_predicted() tells whether |seg| takes the short cut. */
bool tcp_input_is_predicted(const struct tcp_conn *conn, const struct tcp_segment *seg,
                            toe_instant now);

/* tcp_input_steps() is tcp_input() of tcp/engine.h, for every segment there can be. */
enum toe_drop tcp_input_steps(struct tcp_conn *conn, const struct tcp_segment *seg,
                              toe_instant now);

#endif
