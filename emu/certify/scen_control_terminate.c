/* SPDX-License-Identifier: MIT */
/*
 * Terminate: control.md 3.1 and 3.2, what B.6 leaves.
 */
#include "suite.h"

#include <stddef.h>
#include <string.h>

static const struct cert_entry *last_of(struct cert *c, enum cert_kind kind)
{
    for (uint32_t i = c->chart->cnt; i-- > 0;) {
        if (c->chart->entries[i].kind == kind) {
            return &c->chart->entries[i];
        }
    }
    cert_fail(c, "the chart lacks an entry of kind %u", (unsigned int)kind);
}

static void hand_over(struct cert *c, enum toe_conn_state state)
{
    struct toe_tcp_delegated *delegated = &cert_tcp(c)->delegated;

    delegated->state = state;
    if (state == TOE_TCP_FIN_WAIT_1 || state == TOE_TCP_CLOSING || state == TOE_TCP_LAST_ACK) {
        delegated->snd_nxt = 5001;
        delegated->snd_max = 5001;
        delegated->retransmit_timeout_delta = 300;
    }
}

/* Connections that came to their end in every way; nothing is left of them but their objects. */
enum { BY_RESET, BY_ABORT, BY_TIME_WAIT, BY_LAST_ACK, BY_FIN, BY_URGENT, BY_TIMEOUT, END_CNT };

static void offload_ends(struct cert *c)
{
    for (uint32_t i = 1; i < END_CNT; ++i) {
        (void)cert_conn_add(c, c->paths[0]);
    }
    (void)cert_use(c, BY_TIME_WAIT);
    hand_over(c, TOE_TCP_CLOSING);
    (void)cert_use(c, BY_LAST_ACK);
    hand_over(c, TOE_TCP_LAST_ACK);
    cert_offload(c);
    (void)cert_use(c, BY_RESET);
    cert_peer(c, "1000 RST");
    (void)cert_use(c, BY_ABORT);
    cert_disconnect(c, TOE_DISCONNECT_ABORTIVE, 0);
    (void)cert_use(c, BY_TIME_WAIT);
    cert_peer(c, "1000 ack=5001");
    (void)cert_use(c, BY_LAST_ACK);
    cert_peer(c, "1000 ack=5001");
    (void)cert_use(c, BY_FIN);
    cert_peer(c, "1000 FIN");
    (void)cert_use(c, BY_URGENT);
    cert_peer(c, "1000:1100 URG urg=1");
    (void)cert_use(c, BY_TIMEOUT);
    cert_send(c, 1000);
    cert_wait(c, 60000);
}

static const enum toe_conn_state end_states[END_CNT] = {
    [BY_RESET] = TOE_TCP_CLOSED,        [BY_ABORT] = TOE_TCP_CLOSED,
    [BY_TIME_WAIT] = TOE_TCP_TIME_WAIT, [BY_LAST_ACK] = TOE_TCP_CLOSED,
    [BY_FIN] = TOE_TCP_CLOSE_WAIT,      [BY_URGENT] = TOE_TCP_ESTABLISHED,
    [BY_TIMEOUT] = TOE_TCP_ESTABLISHED,
};

/* Days later every one is still there, until the host takes it back. */
static void c_23a(struct cert *c)
{
    offload_ends(c);
    for (uint32_t i = 0; i < END_CNT; ++i) {
        cert_wait(c, 3600 * 1000);
        (void)cert_use(c, i);
        cert_query(c);
        cert_expect_state(c, end_states[i]);
    }
    cert_is(c, cert_stats(c).tcp_cnt, END_CNT);
    c->received_unchecked = true; /* urgent data stays with the host */
    for (uint32_t i = 0; i < END_CNT; ++i) {
        (void)cert_use(c, i);
        cert_terminate(c);
        cert_expect_state(c, end_states[i]);
        cert_is(c, cert_stats(c).tcp_cnt, END_CNT - 1 - i);
    }
}

/* A terminate right after the offload, in each state that can be handed over. */
static void c_23b(struct cert *c)
{
    static const enum toe_conn_state states[] = {
        TOE_TCP_ESTABLISHED, TOE_TCP_FIN_WAIT_1, TOE_TCP_FIN_WAIT_2,
        TOE_TCP_CLOSE_WAIT,  TOE_TCP_CLOSING,    TOE_TCP_LAST_ACK,
    };

    for (uint32_t i = 0; i < 6; ++i) {
        if (i > 0) {
            (void)cert_conn_add(c, c->paths[0]);
        }
        hand_over(c, states[i]);
    }
    cert_offload(c);
    for (uint32_t i = 0; i < 6; ++i) {
        (void)cert_use(c, i);
        cert_terminate(c);
        cert_expect_state(c, states[i]);
    }
    cert_expect_quiet(c);
}

/* --- the wire --- */

/* From here on no segment with data, FIN, SYN or RST, and |acks| others. */
static void terminate_silently(struct cert *c, uint32_t acks)
{
    const uint32_t before = cert_count(c, CERT_SEG_OUT);

    cert_skip_segs(c);
    cert_terminate(c);
    cert_wait(c, 60000);
    cert_expect_no_data(c, cert_ms(c));
    cert_is(c, cert_count(c, CERT_SEG_OUT), before + acks);
}

/* Unsent data, a FIN to follow, a timer about to run out: none of it leaves. */
static void c_23c(struct cert *c)
{
    cert_tcp(c)->delegated.snd_wnd = 2920;
    cert_tcp(c)->cached.flags = TOE_TCP_KEEP_ALIVE;
    cert_tcp(c)->cached.ka_timeout = 1000;
    cert_tcp(c)->cached.ka_interval = 100;
    cert_tcp(c)->cached.ka_probe_cnt = 3;
    (void)cert_conn_add(c, c->paths[0]);
    (void)cert_conn_add(c, c->paths[0]);
    cert_offload(c);
    (void)cert_use(c, 0);
    cert_send(c, 10000);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_expect_stream(c, 5000, 7920);
    cert_at(c, 250);
    terminate_silently(c, 0);
    (void)cert_use(c, 1);
    cert_peer(c, "1000:1100 PSH");
    cert_expect_indicate(c, 100);
    terminate_silently(c, 1); /* the acknowledgment that was owed */
    cert_is(c, last_of(c, CERT_SEG_OUT)->seg.ack, 1100);
    (void)cert_use(c, 2);
    terminate_silently(c, 0);
}

/* What arrives afterwards is the host's, as it came. */
static void c_23d(struct cert *c)
{
    static uint8_t frame[CERT_FRAME_MAX];
    static const uint8_t payload[100];
    uint32_t segs;

    cert_offload(c);
    cert_peer(c, "1000:1100 PSH");
    cert_expect_indicate(c, 100);
    cert_terminate(c);
    cert_skip_segs(c);
    segs = cert_count(c, CERT_SEG_OUT);
    for (uint32_t i = 0; i < 5; ++i) {
        static const uint8_t flags[] = {CERT_ACK, CERT_ACK | CERT_PSH, CERT_ACK | CERT_FIN,
                                        CERT_RST, CERT_SYN};
        const struct cert_entry *up;
        struct cert_seg seg;
        uint32_t len;

        cert_peer_init(c, &seg);
        seg.flags = flags[i];
        seg.payload = payload;
        seg.len = i == 1 ? 100 : 0;
        len = cert_craft_build(frame, &seg);
        cert_peer_frame(c, frame, len);
        up = cert_expect_passed_up(c, len);
        cert_require(c, memcmp(cert_passed_up(c, up), frame, len) == 0);
    }
    cert_wait(c, 10000);
    cert_expect_quiet(c);
    cert_is(c, cert_count(c, CERT_SEG_OUT), segs);
}

/* --- what is written --- */

/* The fields of struct toe_tcp_delegated that a terminate returns. */
#define FIELD(name)                                                                                \
    {                                                                                              \
#name, offsetof(struct toe_tcp_delegated, name),                                           \
            sizeof(((struct toe_tcp_delegated *)0)->name)                                          \
    }

static const struct {
    const char *name;
    size_t at, len;
} fields[] = {
    FIELD(state),          FIELD(flags),
    FIELD(rcv_nxt),        FIELD(rcv_wnd),
    FIELD(snd_una),        FIELD(snd_nxt),
    FIELD(snd_max),        FIELD(snd_wnd),
    FIELD(max_snd_wnd),    FIELD(snd_wl1),
    FIELD(cwnd),           FIELD(ssthresh),
    FIELD(srtt),           FIELD(rttvar),
    FIELD(ts_recent),      FIELD(ts_recent_age),
    FIELD(ts_time),        FIELD(total_rt),
    FIELD(dup_ack_cnt),    FIELD(snd_wnd_probe_cnt),
    FIELD(ka_probe_cnt),   FIELD(ka_timeout_delta),
    FIELD(retransmit_cnt), FIELD(retransmit_timeout_delta),
    FIELD(dwnd),           FIELD(send_data_head),
    FIELD(send_data_tail), FIELD(buffered_data),
};

static void terminate_into(struct cert *c, struct toe_tcp_state *state, uint8_t poison)
{
    struct toe_block block;

    *state = c->conn->state;
    memset(&state->delegated, poison, sizeof(state->delegated));
    cert_block_init(&block, TOE_BLOCK_TCP, &c->conn->handle, state);
    c->conn->ending = true;
    cert_tree_done(c, CERT_TERMINATE, &block);
    cert_status_is(c, block.status, TOE_STATUS_SUCCESS);
    c->conn->ending = false;
    c->conn->handle = 0;
    c->conn->offloaded = false;
}

/* A field that nobody wrote holds what was there before: here that differs. */
static void c_23e(struct cert *c)
{
    struct toe_tcp_state states[2];

    (void)cert_conn_add(c, c->paths[0]);
    for (uint32_t i = 0; i < 2; ++i) {
        (void)cert_use(c, i);
        cert_timestamps(c);
        cert_tcp(c)->delegated.flags = 7;
        cert_tcp(c)->delegated.dwnd = 7;
    }
    cert_offload(c);
    cert_at(c, 50);
    for (uint32_t i = 0; i < 2; ++i) {
        (void)cert_use(c, i);
        terminate_into(c, &states[i], i == 0 ? 0xcc : 0x33);
    }
    for (uint32_t i = 0; i < sizeof(fields) / sizeof(fields[0]); ++i) {
        if (memcmp((const uint8_t *)&states[0].delegated + fields[i].at,
                   (const uint8_t *)&states[1].delegated + fields[i].at, fields[i].len) != 0) {
            cert_fail(c, "%s was not written", fields[i].name);
        }
    }
}

/* Nothing is asked for: the state goes, sends come back, and no buffer is lost. */
static void c_23f(struct cert *c)
{
    struct cert_buf *buf;

    c->answer.status = TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    cert_offload(c);
    buf = cert_send(c, 1000, 500);
    cert_expect_stream(c, 5000, 6500);
    cert_peer(c, "1000:1100 PSH");
    cert_expect_indicate(c, 100);
    c->conn->ending = true;
    c->conn->block.state.tcp = NULL;
    c->conn->block.next = NULL;
    cert_tree_done(c, CERT_TERMINATE, &c->conn->block);
    cert_status_is(c, c->conn->block.status, TOE_STATUS_SUCCESS);
    c->conn->ending = false;
    c->conn->handle = 0;
    c->conn->offloaded = false;
    for (struct toe_buf *one = c->conn->block.send_chain; one != NULL; one = one->next) {
        cert_require(c, one == &buf->buf);
        buf->state = CERT_BUF_BACK;
        buf = buf->lane;
    }
    cert_require(c, buf == NULL || buf->state == CERT_BUF_DONE); /* all came back */
    c->conn->out_head = NULL;
    cert_is(c, cert_stats(c).bufs_indicated, 0);
    cert_peer(c, "1100:1200");
    cert_expect_passed_up(c, 154);
    cert_expect_quiet(c);
}

/* --- asked for by the target --- */

/* Memory for a request cannot be mapped: the upload is asked for, and requests do not wait. */
static void c_23g(struct cert *c)
{
    c->keeps = true;
    c->bus_offset = (uint64_t)1 << 40;
    cert_offload(c);
    cert_peer(c, "1000:1100 PSH");
    cert_expect_indicate(c, 100);
    c->bus_fails = true;
    cert_send(c, 1000);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_REQUESTED);
    cert_skip_segs(c);
    cert_receive(c, 1000, 0);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_UPLOAD_IN_PROGRESS, 0);
    cert_send(c, 1000);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_UPLOAD_IN_PROGRESS, 0);
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
    cert_expect_complete(c, CERT_DISCONNECT, TOE_STATUS_UPLOAD_IN_PROGRESS, 0);
    c->bus_fails = false;
    cert_forward(c, "1100:1200 PSH");
    cert_expect_complete(c, CERT_FORWARD, TOE_STATUS_UPLOAD_IN_PROGRESS, 0);
    cert_return(c); /* this has no completion, and succeeds */
    cert_is(c, cert_stats(c).bufs_indicated, 0);
    cert_expect_no_data(c, 10000);
    cert_is(c, cert_terminate(c)->delegated.snd_una, 5000);
}

/* What the host cannot decline may be asked for in any state. */
static void c_23h(struct cert *c)
{
    static const enum toe_conn_state states[] = {TOE_TCP_FIN_WAIT_1, TOE_TCP_FIN_WAIT_2,
                                                 TOE_TCP_CLOSE_WAIT};

    c->received_unchecked = true;
    for (uint32_t i = 0; i < 3; ++i) {
        if (i > 0) {
            (void)cert_conn_add(c, c->paths[0]);
        }
        hand_over(c, states[i]);
    }
    cert_offload(c);
    for (uint32_t i = 0; i < 2; ++i) {
        (void)cert_use(c, i);
        cert_peer(c, "1000:1100 URG urg=1");
        cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_RECEIVED_URGENT_DATA);
        cert_query(c);
        cert_expect_state(c, states[i]);
    }
    (void)cert_use(c, 2);
    cert_send(c, 1000); /* nobody answers */
    cert_wait(c, 60000);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_TIMEOUT_EXPIRATION);
    cert_query(c);
    cert_expect_state(c, TOE_TCP_CLOSE_WAIT);
}

/* --- combinations --- */

/* A chain of connections of different paths, then a path with all its own, then the rest. */
static void c_23i(struct cert *c)
{
    struct cert_conn *conns[6];
    struct toe_block *const path = &cert_path_add(c, c->neighbors[0], 4)->block;

    for (uint32_t i = 1; i < 6; ++i) {
        (void)cert_conn_add(c, c->paths[i % 2]);
    }
    cert_offload(c);
    for (uint32_t i = 0; i < 6; ++i) {
        conns[i] = c->conns[i];
        conns[i]->block.next = NULL;
    }
    conns[0]->block.next = &conns[1]->block;
    conns[1]->block.next = &conns[2]->block;
    cert_tree_done(c, CERT_TERMINATE, &conns[0]->block);
    path->next = NULL;
    path->dependent = &conns[3]->block;
    conns[3]->block.next = &conns[5]->block;
    cert_tree_done(c, CERT_TERMINATE, path);
    cert_status_is(c, path->status, TOE_STATUS_SUCCESS);
    c->paths[1]->handle = 0;
    for (uint32_t i = 0; i < 6; ++i) {
        if (i != 4) {
            cert_status_is(c, conns[i]->block.status, TOE_STATUS_SUCCESS);
            conns[i]->handle = 0;
            conns[i]->offloaded = false;
            conns[i]->state.delegated.buffered_data = NULL;
        }
    }
    cert_is(c, cert_stats(c).tcp_cnt, 1);
    cert_is(c, cert_stats(c).path_cnt, 1);
    (void)cert_use(c, 4);
    cert_send(c, 1000); /* the one that is left goes on */
    cert_expect_data(c, "5000:6000");
    cert_peer(c, "ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
}

#define TERMINATE(number, what, which, function)                                                   \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_TRANSFER,           \
        .run = (function)                                                                          \
    }

const struct cert_scenario cert_control_terminate_scenarios[] = {
    TERMINATE("C-23a", "whatever ended a connection, its object stays", "TRM-13 TRM-26", c_23a),
    TERMINATE("C-23b", "a terminate in each state", "TRM-13 TRM-23", c_23b),
    TERMINATE("C-23c", "a terminate closes nothing and sends nothing", "TRM-14 TRM-17", c_23c),
    TERMINATE("C-23d", "segments after a terminate are the host's", "TRM-27", c_23d),
    TERMINATE("C-23e", "every field that comes back was written", "TRM-20 TRM-22", c_23e),
    TERMINATE("C-23f", "a terminate that does not ask for state", "TRM-21", c_23f),
    TERMINATE("C-23g", "what is missing later makes the target ask for the upload", "TRM-1 TRM-9",
              c_23g),
    TERMINATE("C-23h", "mandatory requests in states that forbid the others", "TRM-7", c_23h),
    TERMINATE("C-23i", "connections of several paths, a path with all of its own", "TRM-12", c_23i),
    {.id = NULL},
};
