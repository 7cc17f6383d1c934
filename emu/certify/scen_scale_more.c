/* SPDX-License-Identifier: MIT */
/*
 * A bad link, crafted segments, short memory: scenarios.md, B.12, T-273 to T-275.
 */
#include "suite.h"

#include <stdlib.h>
#include <string.h>

#define MSS 1460u

static uint32_t draw(struct cert *c, uint32_t below)
{
    static uint64_t state;

    state = (state == 0 ? c->settings.seed + 1 : state) * UINT64_C(6364136223846793005) +
            UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % below;
}

/* --- a link that loses, doubles and reorders one in a hundred --- */

#define BYTES UINT32_C(10000000)
#define ON_THE_WAY_MAX 4096

/* A segment on its way; |to_peer| says in which direction. */
struct parcel {
    toe_instant at; /* 0: none */
    bool to_peer;
    uint32_t seq, len, ack;
    uint32_t wnd;
};

static struct {
    struct parcel parcels[ON_THE_WAY_MAX];
    uint8_t *got; /* a byte for each byte that the peer received */
    uint32_t rcv; /* the next byte it waits for */
    uint32_t una, nxt, wnd, dups;
    toe_instant progress; /* when una last moved */
} far;

static void put(struct cert *c, const struct parcel *parcel)
{
    const uint32_t luck = draw(c, 100);
    uint32_t copies = luck == 0 ? 0 : luck == 1 ? 2 : 1;

    for (uint32_t i = 0; i < ON_THE_WAY_MAX && copies > 0; ++i) {
        if (far.parcels[i].at == 0) {
            far.parcels[i] = *parcel;
            far.parcels[i].at = c->now + (luck == 2 ? 8 : 5) * TOE_NS_PER_MS;
            --copies;
        }
    }
}

static void on_link(struct cert *c, struct cert_entry *entry)
{
    put(c, &(struct parcel){.to_peer = true,
                            .seq = entry->seg.seq,
                            .len = entry->seg.len,
                            .ack = entry->seg.ack,
                            .wnd = entry->seg.wnd});
}

static void peer_sends(struct cert *c, uint32_t seq, uint32_t len)
{
    put(c, &(struct parcel){.seq = seq, .len = len, .ack = far.rcv});
}

static uint32_t piece(uint32_t seq)
{
    return 1000 + BYTES - seq < MSS ? 1000 + BYTES - seq : MSS;
}

/* A segment arrives at the peer. */
static void at_peer(struct cert *c, const struct parcel *parcel)
{
    if (parcel->len > 0) {
        memset(far.got + (parcel->seq - 5000), 1, parcel->len);
        while (far.rcv < 5000 + BYTES && far.got[far.rcv - 5000]) {
            ++far.rcv;
        }
        peer_sends(c, far.nxt, 0);
    }
    if (parcel->ack > far.una) {
        far.una = parcel->ack;
        far.nxt = far.nxt < far.una ? far.una : far.nxt;
        far.dups = 0;
        far.progress = c->now;
    } else if (parcel->ack == far.una && parcel->len == 0 && far.nxt > far.una && ++far.dups == 3) {
        peer_sends(c, far.una, piece(far.una));
    }
    far.wnd = parcel->wnd;
}

/* What the peer has to send; after 200 ms without progress it begins again at una. */
static void peer_pump(struct cert *c)
{
    if (far.una < far.nxt && c->now - far.progress > 200 * TOE_NS_PER_MS) {
        far.nxt = far.una;
        far.dups = 0;
        far.progress = c->now;
    }
    while (far.nxt < 1000 + BYTES && far.nxt + piece(far.nxt) - far.una <= far.wnd &&
           far.nxt - far.una < 40000) {
        if (far.nxt == far.una) {
            far.progress = c->now;
        }
        peer_sends(c, far.nxt, piece(far.nxt));
        far.nxt += piece(far.nxt);
    }
}

static void link_step(struct cert *c)
{
    peer_pump(c);
    for (uint32_t i = 0; i < ON_THE_WAY_MAX; ++i) {
        const struct parcel parcel = far.parcels[i];

        if (parcel.at == 0 || parcel.at > c->now) {
            continue;
        }
        far.parcels[i].at = 0;
        if (parcel.to_peer) {
            at_peer(c, &parcel);
        } else {
            cert_peer(c, "%u+%u ack=%u", parcel.seq, parcel.len, parcel.ack);
        }
    }
}

static void t_274(struct cert *c)
{
    far.got = calloc(1, BYTES + 1);
    far.rcv = 5000;
    far.una = 1000;
    far.nxt = 1000;
    far.wnd = 65535;
    far.progress = c->now;
    c->on_segment = on_link;
    cert_offload(c);
    for (uint32_t i = 0; i < 10; ++i) {
        cert_send(c, BYTES / 10);
    }
    for (uint32_t ms = 0; ms < 600000; ++ms) {
        if (far.rcv == 5000 + BYTES && c->conn->rcv_next == 1000 + BYTES &&
            c->conn->out_head == NULL) {
            return;
        }
        link_step(c);
        cert_wait(c, 1);
        if (ms % 200 == 199) {
            (void)cert_terminate(c);
            cert_offload(c);
        }
    }
    cert_fail(c, "after 600 s: %u of %u bytes arrived at the peer, %u at the host", far.rcv - 5000,
              BYTES, c->conn->rcv_next - 1000);
}

/* --- crafted segments --- */

/* A number near |seq|, or anywhere. */
static uint32_t about(struct cert *c, uint32_t seq)
{
    switch (draw(c, 8)) {
    case 0:
        return (uint32_t)draw(c, UINT32_C(0x7fffffff)) * 2 + draw(c, 2);
    case 1:
        return seq - draw(c, 3000);
    case 2:
        return seq + draw(c, 70000);
    case 3:
        return seq + 1 - draw(c, 3);
    default:
        return seq;
    }
}

static void craft(struct cert *c)
{
    static const uint32_t bad[] = {CERT_BAD_TCP_CSUM, CERT_BAD_IP_CSUM, CERT_BAD_OFFSET};
    struct cert_seg seg;

    cert_peer_init(c, &seg);
    seg.seq = about(c, c->conn->rcv_next);
    seg.ack = about(c, c->conn->snd_next);
    seg.len = draw(c, 3) == 0 ? 0 : draw(c, MSS);
    seg.wnd = draw(c, 4) == 0 ? (uint16_t)draw(c, 65536) : 65535;
    seg.reserved = draw(c, 20) == 0 ? (uint8_t)draw(c, 16) : 0;
    seg.flags |= draw(c, 3) == 0 ? CERT_PSH : 0;
    seg.flags |= draw(c, 200) == 0 ? CERT_FIN : 0;
    seg.flags |= draw(c, 100) == 0 ? CERT_RST : 0;
    seg.flags |= draw(c, 100) == 0 ? CERT_SYN : 0;
    seg.flags |= draw(c, 300) == 0 ? CERT_URG : 0;
    seg.flags &= (uint8_t)(draw(c, 50) == 0 ? ~CERT_ACK : 0xff);
    if (draw(c, 4) == 0) {
        seg.opt_len = (uint8_t)(4 * (1 + draw(c, 10)));
        for (uint32_t i = 0; i < seg.opt_len; ++i) {
            seg.opt[i] = (uint8_t)(draw(c, 2) == 0 ? draw(c, 12) : draw(c, 256));
        }
    }
    seg.bad = draw(c, 50) == 0 ? bad[draw(c, 3)] : 0;
    cert_peer_seg(c, &seg);
}

/* Brings a fresh connection to |state|. */
static void bring_to(struct cert *c, enum toe_conn_state state)
{
    (void)cert_conn_add(c, c->paths[0]);
    cert_offload(c);
    if (state == TOE_TCP_CLOSE_WAIT || state == TOE_TCP_LAST_ACK) {
        cert_peer(c, "1000 FIN");
        cert_run(c);
    }
    cert_send(c, 3000);
    if (state != TOE_TCP_ESTABLISHED && state != TOE_TCP_CLOSE_WAIT) {
        cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 0);
        cert_run(c);
    }
    if (state == TOE_TCP_CLOSING) {
        cert_peer(c, "1000 FIN ack=5000");
        cert_run(c);
    }
    if (state == TOE_TCP_FIN_WAIT_2) {
        cert_peer(c, "ack=8001");
        cert_run(c);
    }
}

static void t_273(struct cert *c)
{
    static const enum toe_conn_state states[] = {TOE_TCP_ESTABLISHED, TOE_TCP_FIN_WAIT_1,
                                                 TOE_TCP_FIN_WAIT_2,  TOE_TCP_CLOSE_WAIT,
                                                 TOE_TCP_CLOSING,     TOE_TCP_LAST_ACK};
    const uint32_t over = 1u << TOE_EVENT_ABORT | 1u << TOE_EVENT_RETRIEVE;

    for (uint32_t i = 0; i < sizeof(states) / sizeof(states[0]); ++i) {
        bring_to(c, states[i]);
        for (uint32_t k = 0; k < 10000; ++k) {
            craft(c);
            if (draw(c, 3) == 0) {
                cert_wait(c, draw(c, 3));
            }
            if ((c->conn->events & over) || k % 100 == 99) {
                cert_run(c);
                c->received_unchecked = true; /* the peer itself does not know of its FIN */
                (void)cert_terminate(c);
                c->received_unchecked = false;
                c->conn->offloaded = true; /* so that it is not offloaded again */
                bring_to(c, states[i]);
            }
        }
    }
    c->received_unchecked = true;
}

/* --- memory --- */

/* Traffic that needs room: data out of order and refused, losses, requests. */
static void busy(struct cert *c)
{
    c->answer.status = TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    cert_send(c, 20000, 1);
    cert_peer_data(c, 20000, MSS);
    cert_wait(c, 2);
    cert_peer(c, "24000:25000 sack=6460-9380");
    cert_peer(c, "27000:28000 sack=10840-12300,6460-9380");
    cert_peer(c, "30000:31000 sack=15220-16680,10840-12300,6460-9380");
    cert_wait(c, 500);
    c->answer.status = TOE_STATUS_SUCCESS;
    cert_receive(c, 5000, 0);
    cert_wait(c, 5);
}

/* What is raised to the current connection must be the right reason, if anything. */
static void check_reason(struct cert *c, uint32_t from)
{
    for (uint32_t i = from; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        if (e->kind == CERT_EVENT && e->conn == c->conn->idx && e->event == TOE_EVENT_RETRIEVE) {
            cert_is(c, e->info, TOE_UPLOAD_REQUESTED);
        }
    }
}

/*
 * On each of 100 connections another allocation under traffic fails: the target may ask for the
 * upload, but it loses nothing.
 */
static void t_275(struct cert *c)
{
    uint32_t cnt = 0;

    cert_offload(c);
    c->mem_fails_once = true;
    for (uint32_t i = 0; i < 100; ++i) {
        const uint32_t from = c->chart->cnt;

        (void)cert_conn_add(c, c->paths[0]);
        if (c->caps.sack) {
            cert_tcp(c)->constant.flags |= TOE_TCP_SACK;
        }
        cert_offload(c);
        c->mem_fail_at = c->mem_cnt + 1 + i % 3;
        busy(c);
        cnt += c->mem_cnt >= c->mem_fail_at;
        c->mem_fail_at = 0;
        check_reason(c, from);
    }
    if (cnt == 0) {
        cert_skip(c, "the target allocates nothing under traffic");
    }
    cert_note(c, "%u allocations failed", cnt);
}

/* --- a peer that keeps what comes out of order --- */

/* Every ninth segment is lost, the first time. */
static bool loses_ninth(struct cert *c, const struct cert_entry *seg)
{
    const uint32_t idx = (seg->seg.seq - 5000) / MSS;
    const bool is_first = (int32_t)(seg->seg.seq - c->count) >= 0;

    if (is_first) {
        c->count = seg->seg.seq + seg->seg.len;
    }
    return is_first && seg->seg.len > 0 && idx % 9 == 4;
}

/* The peer's blocks tell of what it has, so that little more than what is lost is sent again. */
static void c_26s(struct cert *c)
{
    uint32_t blocks = 0;
    uint32_t sent = 0;

    cert_tcp(c)->constant.flags |= TOE_TCP_SACK;
    cert_tcp(c)->delegated.cwnd = 40 * MSS;
    c->count = 5000;
    c->loses = loses_ninth;
    cert_offload(c);
    c->conn->peer.acks = true;
    c->conn->peer.acks_after = 50;
    c->conn->peer.sacks = true;
    cert_send(c, 36 * MSS);
    cert_wait(c, 5000);
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 36 * MSS);
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        blocks += e->kind == CERT_SEG_IN && e->seg.sack_cnt > 0;
        sent += e->kind == CERT_SEG_OUT ? e->seg.len : 0;
    }
    cert_require(c, blocks > 0);
    cert_require(c, sent <= 44 * MSS); /* four are lost */
}

#define STRESS(number, what, which, function)                                                      \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_STRESS,             \
        .seconds = 30, .run = (function)                                                           \
    }

const struct cert_scenario cert_scale_more_scenarios[] = {
    STRESS("T-273", "10000 crafted segments in each of six states", "RFC-020 RFC-022 RFC-023",
           t_273),
    STRESS("T-274", "a bad link, 10 MB each way, an upload every 200 ms",
           "SEG-064 SND-085 RFC-055 RFC-133 RFC-134", t_274),
    STRESS("C-26s", "a peer that keeps and tells what comes out of order", "RFC-070 RFC-071",
           c_26s),
    STRESS("T-275", "allocations under traffic fail", "EVT-036", t_275),
    {.id = NULL},
};
