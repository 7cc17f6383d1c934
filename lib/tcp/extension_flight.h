/* SPDX-License-Identifier: MIT */
/*
 * What the extension says of the record of what is in flight, and of all that works by it
 * (tcp/inflight.h): the part of tcp/extension.c that is as large as the rest of it.
 *
 * As there, one function tells, one judges what was told, and one takes what was found sound.
 */
#ifndef TCP_EXTENSION_FLIGHT_H
#define TCP_EXTENSION_FLIGHT_H

#include "tcp/conn.h"
#include "toe/extension.h"

/* tcp_extension_tell_flight() writes the record, if there is one, and what outlives it: the least
 * round trips, reordering, the delivery rate. */
void tcp_extension_tell_flight(const struct tcp_conn *conn, struct toe_extension *ext,
                               toe_instant now);

/* tcp_extension_is_flight_sound() tells whether it can be true of |conn|. */
bool tcp_extension_is_flight_sound(const struct tcp_conn *conn, const struct toe_extension *ext);

/*
 * tcp_extension_has_flight() tells whether |conn| takes the record of |ext|: there is one, and its
 * owner keeps records. tcp_extension_take_flight() then puts it in the place of the one that
 * tcp_import() has begun; false, and nothing has changed, if memory is short.
 */
bool tcp_extension_has_flight(const struct tcp_conn *conn, const struct toe_extension *ext);
bool tcp_extension_take_flight(struct tcp_conn *conn, const struct toe_extension *ext,
                               toe_instant now);

/* tcp_extension_take_history() takes what outlives the record. */
void tcp_extension_take_history(struct tcp_conn *conn, const struct toe_extension *ext,
                                toe_instant now);

#endif
