/* SPDX-License-Identifier: MIT */
#include "host/isn.h"

#include "host/host_conn.h"

/* Ports that are chosen from; those below are for listeners. */
#define PORT_MIN 32768u
#define PORT_CNT 32768u

/* What the initial sequence number's clock counts. */
#define ISN_TICK (4 * TOE_NS_PER_US)

uint64_t host_secret(const struct toe_host *host, const struct host_tuple *tuple)
{
    uint64_t words[HOST_TUPLE_WORDS];

    return base_siphash24_words(&host->isn_key, words, host_tuple_words(words, tuple));
}

toe_seq host_isn(const struct toe_host *host, uint64_t secret)
{
    const uint32_t clock = (uint32_t)(host->now / ISN_TICK);

    return toe_seq_of(clock + (uint32_t)secret);
}

uint32_t host_ts_offset(uint64_t secret)
{
    return (uint32_t)(secret >> 32);
}

bool host_port_choose(struct toe_host *host, struct host_tuple *tuple, const struct toe_addr *local,
                      const struct toe_addr *remote, uint16_t remote_port)
{
    uint64_t words[HOST_TUPLE_WORDS];
    uint64_t hash;
    uint32_t *counter;

    *tuple = (struct host_tuple){local, remote, 0, remote_port, 0};
    hash = base_siphash24_words(&host->port_key, words, host_tuple_words(words, tuple));
    counter = &host->port_counters[(hash >> 32) % HOST_PORT_COUNTERS];
    for (uint32_t i = 0; i < PORT_CNT; ++i) {
        const uint32_t offset = (uint32_t)hash + (*counter)++;

        *tuple = host_tuple_of(host, local, remote, (uint16_t)(PORT_MIN + offset % PORT_CNT),
                               remote_port);
        if (host_lookup_conn(host, tuple) == NULL &&
            host_lookup_listener(host, local, tuple->local_port) == NULL) {
            return true;
        }
    }
    return false;
}
