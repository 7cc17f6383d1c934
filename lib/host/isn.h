/* SPDX-License-Identifier: MIT */
#ifndef HOST_ISN_H
#define HOST_ISN_H

#include "base/seq.h"
#include "host/lookup.h"

/*
 * Numbers nobody outside can guess: initial sequence numbers, timestamp offsets, ports
 *
 * Where two are needed at once they are the halves of one keyed hash: who learns one half knows no
 * more of the other.
 */

/*
 * host_secret() is the keyed hash of |tuple|, which never changes: half of it is for the sequence
 * numbers, half for the timestamps.
 */
uint64_t host_secret(const struct toe_host *host, const struct host_tuple *tuple);

/*
 * host_isn() is the initial sequence number now, for the tuple of which |secret| is (RFC 6528): a
 * clock of 4 us plus the hash, so that for one tuple it grows from one connection to the next.
 */
toe_seq host_isn(const struct toe_host *host, uint64_t secret);

/*
 * host_ts_offset() is what is added to the timestamp clock (RFC 7323, 7.1). It is the same for
 * every connection of the tuple, so that timestamps grow from one to the next.
 */
uint32_t host_ts_offset(uint64_t secret);

/*
 * host_port_choose() makes |tuple| one of the addresses and the remote port, with a local port that
 * is free: the double-hash algorithm (RFC 6056, 3.3.4). False if all are taken.
 */
bool host_port_choose(struct toe_host *host, struct host_tuple *tuple, const struct toe_addr *local,
                      const struct toe_addr *remote, uint16_t remote_port);

#endif
