/* SPDX-License-Identifier: MIT */
/*
 * Back to back: two hosts on a simulated link, and a connection that moves while data flows.
 *
 * Host A sends a million bytes to host B over a link that loses one frame in a hundred. Meanwhile
 * the connection is offloaded to A's target, taken back, offloaded again, at both ends. The bytes
 * arrive as if nothing had happened. All of it happens in memory and in virtual time.
 */
#include <stdio.h>
#include <string.h>

#include "toe/sim.h"

enum { BYTES = 1000000, PORT = 7 };

static const struct toe_addr addr_a = {4, {10, 0, 0, 1}};
static const struct toe_addr addr_b = {4, {10, 0, 0, 2}};

/* Sends what there is room for: the thousands are numbered. */
static size_t feed(struct toe_host *host, toe_handle conn, size_t sent)
{
    char bytes[1000];

    memset(bytes, (int)(sent / sizeof(bytes)), sizeof(bytes));
    return toe_host_send(host, conn, bytes, sizeof(bytes) - sent % sizeof(bytes));
}

/* Takes what has arrived and counts the wrong bytes. */
static size_t drain(struct toe_host *host, toe_handle conn, size_t received, size_t *wrong)
{
    unsigned char bytes[1000];
    const size_t len = toe_host_receive(host, conn, bytes, sizeof(bytes));

    for (size_t i = 0; i < len; ++i) {
        *wrong += bytes[i] != (unsigned char)((received + i) / sizeof(bytes));
    }
    return len;
}

/* Moves |conn| to the other side of the seam, wherever it is now. */
static struct toe_host_conn_info move(struct toe_host *host, toe_handle conn)
{
    struct toe_host_conn_info info = {0};

    toe_host_conn_info(host, conn, &info);
    if (info.place == TOE_PLACE_OFFLOADED) {
        toe_host_upload(host, &conn, 1);
    } else {
        toe_host_offload(host, &conn, 1);
    }
    return info;
}

int main(void)
{
    const struct toe_sim_link_settings wire = {
        .rate = 10000000, .delay = 5 * TOE_NS_PER_MS, .loss = 10000};
    struct toe_sim *sim = toe_sim_new(&(struct toe_sim_settings){.seed = 1});
    struct toe_sim_link *link = toe_sim_link_new(sim, &wire);
    struct toe_sim_machine a, b;
    struct toe_host_conn_info at_a = {0}, at_b = {0};
    toe_handle listener, client, server = 0;
    size_t sent = 0, received = 0, wrong = 0, len;

    toe_sim_machine_init(&a, sim, toe_sim_link_end(link, 0), &addr_a, 24);
    toe_sim_machine_init(&b, sim, toe_sim_link_end(link, 1), &addr_b, 24);
    listener = toe_host_listen(b.host, NULL, PORT, 1);
    client = toe_host_connect(a.host, NULL, 0, &addr_b, PORT);

    while (received < BYTES && toe_sim_now(sim) < 60 * TOE_NS_PER_SEC) {
        toe_sim_run(sim, toe_sim_now(sim) + 10 * TOE_NS_PER_MS);
        server = server != 0 ? server : toe_host_accept(b.host, listener);
        while (sent < BYTES && (len = feed(a.host, client, sent)) > 0) {
            sent += len;
        }
        while ((len = drain(b.host, server, received, &wrong)) > 0) {
            received += len;
        }
        if (toe_sim_now(sim) % (50 * TOE_NS_PER_MS) == 0) {
            at_a = move(a.host, client);
            at_b = move(b.host, server);
        }
    }
    printf("%.2f s: %zu bytes received, %zu wrong; %u moves at one end, %u at the other\n",
           (double)toe_sim_now(sim) / 1e9, received, wrong, at_a.offload_cnt + at_a.upload_cnt,
           at_b.offload_cnt + at_b.upload_cnt);

    toe_sim_machine_fini(&a);
    toe_sim_machine_fini(&b);
    toe_sim_del(sim);
    return received == BYTES && wrong == 0 ? 0 : 1;
}
