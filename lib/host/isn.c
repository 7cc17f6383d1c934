/* SPDX-License-Identifier: MIT */
#include "host/isn.h"

#include "host/host_conn.h"

/* Ports that are chosen from; those below are for listeners. */
#define PORT_MIN 32768u
#define PORT_CNT 32768u

/* What the initial sequence number's clock counts. */
#define ISN_TICK (4 * TOE_NS_PER_US)

static uint64_t tuple_siphash(const struct base_siphash_key *key, const struct host_tuple *tuple)
{
    uint8_t bytes[HOST_TUPLE_KEY_LEN];

    host_tuple_key(bytes, tuple);
    return base_siphash24(key, bytes, sizeof(bytes));
}

toe_seq host_isn(const struct toe_host *host, const struct host_tuple *tuple)
{
    const uint32_t clock = (uint32_t)(host->now / ISN_TICK);

    return toe_seq_of(clock + (uint32_t)tuple_siphash(&host->isn_key, tuple));
}

uint32_t host_ts_offset(const struct toe_host *host, const struct host_tuple *tuple)
{
    return (uint32_t)tuple_siphash(&host->ts_key, tuple);
}

uint16_t host_port_choose(struct toe_host *host, const struct host_tuple *tuple)
{
    struct host_tuple t = *tuple;
    uint32_t *counter;
    uint32_t offset;

    t.local_port = 0;
    offset = (uint32_t)tuple_siphash(&host->port_key, &t);
    counter = &host->port_counters[tuple_siphash(&host->port_counter_key, &t) % HOST_PORT_COUNTERS];
    for (uint32_t i = 0; i < PORT_CNT; ++i) {
        t.local_port = (uint16_t)(PORT_MIN + (offset + (*counter)++) % PORT_CNT);
        if (host_lookup_conn(host, &t) == NULL &&
            host_lookup_listener(host, t.local, t.local_port) == NULL) {
            return t.local_port;
        }
    }
    return 0;
}
