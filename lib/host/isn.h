/* SPDX-License-Identifier: MIT */
#ifndef HOST_ISN_H
#define HOST_ISN_H

#include "base/seq.h"
#include "host/lookup.h"

/*
 * Numbers nobody outside can guess: initial sequence numbers, timestamp offsets, ports
 */

/*
 * host_isn() is the initial sequence number for |tuple| now (RFC 6528): a clock of 4 us plus a
 * keyed hash, so that for one tuple it grows from one connection to the next.
 */
toe_seq host_isn(const struct toe_host *host, const struct host_tuple *tuple);

/*
 * host_ts_offset() is what is added to the timestamp clock for |tuple| (RFC 7323, 7.1). It is the
 * same for every connection of the tuple, so that timestamps grow from one to the next.
 */
uint32_t host_ts_offset(const struct toe_host *host, const struct host_tuple *tuple);

/*
 * host_port_choose() chooses a local port for |tuple|, whose |local_port| does not matter: the
 * double-hash algorithm (RFC 6056, 3.3.4). 0 if all are taken.
 */
uint16_t host_port_choose(struct toe_host *host, const struct host_tuple *tuple);

#endif
