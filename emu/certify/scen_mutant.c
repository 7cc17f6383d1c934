/* SPDX-License-Identifier: MIT */
/*
 * What a wrong target did and no other scenario noticed (test/certify).
 */
#include "suite.h"

#include <string.h>

/* SEG-007 speaks of snd_nxt, which is not snd_una: the difference is what is in flight. */
static void challenge_in_flight(struct cert *c)
{
    cert_offload(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000");
    cert_peer(c, "1100 RST noACK");
    cert_expect_seg(c, "6000 ack=1000");
    cert_expect_quiet(c);
    cert_peer(c, "1000 ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
}

/* EVT-033 is about all posts; that of a receive is refused while no data can come any more. */
static void receives_refused(struct cert *c)
{
    cert_offload(c);
    cert_peer(c, "1000 SYN noACK");
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_REQUESTED);
    cert_receive(c, 1000, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_UPLOAD_IN_PROGRESS, 0);
    cert_receive(c, 1000, TOE_BUF_NO_PUSH);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_UPLOAD_IN_PROGRESS, 0);
    cert_terminate(c);
    cert_expect_state(c, TOE_TCP_CLOSED);
}

static void enough_connections(struct cert *c)
{
    cert_start(c);
    cert_require(c, c->caps.tcp_max >= 1024);
}

/* What was counted is handed back, so that the third duplicate has its effect wherever it comes. */
static void duplicates_returned(struct cert *c)
{
    cert_offload(c);
    cert_send(c, 4380);
    cert_expect_stream(c, 5000, 9380);
    cert_peer(c, "1000 ack=5000");
    cert_peer(c, "1000 ack=5000");
    cert_wait(c, 1);
    cert_is(c, cert_terminate(c)->delegated.dup_ack_cnt, 2);
}

/* A path alone, with all of its state. */
static void path_queried(struct cert *c)
{
    struct toe_path_state state = {.size = sizeof(state)};
    const struct cert_path *path = c->paths[0];
    struct toe_block block;

    cert_offload(c);
    cert_block_init(&block, TOE_BLOCK_PATH4, &c->paths[0]->handle, &state);
    cert_tree_done(c, CERT_QUERY, &block);
    cert_status_is(c, block.status, TOE_STATUS_SUCCESS);
    cert_is(c, state.cached.mtu, path->state.cached.mtu);
    cert_require(
        c, memcmp(&state.constant.src, &path->state.constant.src, sizeof(state.constant.src)) == 0);
    cert_require(
        c, memcmp(&state.constant.dst, &path->state.constant.dst, sizeof(state.constant.dst)) == 0);
}

const struct cert_scenario cert_mutant_scenarios[] = {
    {.id = "C-18a",
     .title = "a challenge while data is in flight",
     .rules = "SEG-007",
     .group = CERT_GROUP_SECURITY,
     .run = challenge_in_flight},
    {.id = "C-18b",
     .title = "receives after an upload request",
     .rules = "EVT-033 TRM-9",
     .group = CERT_GROUP_EVENT,
     .run = receives_refused},
    {.id = "C-18c",
     .title = "1024 connections, unless less was asked for",
     .rules = "CERT-6",
     .group = CERT_GROUP_CONNECTIONS,
     .run = enough_connections},
    {.id = "C-18d",
     .title = "two duplicate acknowledgments are handed back",
     .rules = "STATE-TD-20",
     .group = CERT_GROUP_TRANSFER,
     .run = duplicates_returned},
    {.id = "C-18e",
     .title = "the state of a path",
     .rules = "QRY-1 QRY-3",
     .group = CERT_GROUP_NDIS,
     .run = path_queried},
    {.id = NULL},
};
