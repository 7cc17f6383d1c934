/* SPDX-License-Identifier: MIT */
#include "tcp/accecn.h"

#include "tcp/conn.h"
#include "tcp/inflight.h"
#include "tcp/send.h"

#include <string.h>

/* RFC 9768, 3.2.1: what the counters begin with, so that zeros stand out. */
#define CEP_INIT 5u
#define ECT_INIT 1u

#define ACE_MASK 7u
#define FIELD_MASK UINT32_C(0xffffff)
#define UNKNOWN UINT32_MAX

/* Marks that are told at once, with something new to acknowledge and without (3.2.2.5.1). */
#define PENDING_MAX 2u
#define PENDING_EMPTY_MAX 3u

/* SYNs that offer it before one offers nothing (3.1.4.1). */
#define OFFER_MAX 2u

#define FLAGS_ALL                                                                                  \
    (TOE_ACCECN_FRESH | TOE_ACCECN_MARKED | TOE_ACCECN_OPTION | TOE_ACCECN_DEAF |                  \
     TOE_ACCECN_MUTE | TOE_ACCECN_NEWS | TOE_ACCECN_ECT1)

#define OPTIONS_LEN_MAX (WIRE_TCP_LEN_MAX - WIRE_TCP_LEN)

static uint8_t ace_of(const struct tcp_segment *seg)
{
    return (uint8_t)((seg->ae ? 4 : 0) | ((seg->flags & TCP_CWR) != 0 ? 2 : 0) |
                     ((seg->flags & TCP_ECE) != 0 ? 1 : 0));
}

static void put_ace(struct tcp_segment *seg, uint32_t ace)
{
    seg->ae = (ace & 4) != 0;
    seg->flags |= (uint8_t)(((ace & 2) != 0 ? TCP_CWR : 0) | ((ace & 1) != 0 ? TCP_ECE : 0));
}

/* Tables 2 and 3: how the ECN field of a SYN is told. */
static uint8_t handshake_ace(uint8_t ecn)
{
    static const uint8_t aces[] = {
        [TCP_ECN_NOT_ECT] = 2, [TCP_ECN_ECT1] = 3, [TCP_ECN_ECT0] = 4, [TCP_ECN_CE] = 6};

    return aces[ecn & 3];
}

/* The peer told by |ace| how our SYN arrived, which was not ECT (3.2.2.3). */
static void check_syn(struct tcp_conn *conn, uint8_t ace)
{
    if (ace == handshake_ace(TCP_ECN_CE)) {
        ++conn->busy->accecn.snd_cep;
    }
    if (ace == handshake_ace(TCP_ECN_CE) || ace == handshake_ace(TCP_ECN_ECT0) ||
        ace == handshake_ace(TCP_ECN_ECT1)) {
        conn->ecn_mute = true;
    }
}

void tcp_accecn_begin(struct tcp_conn *conn)
{
    conn->busy->accecn = (struct tcp_accecn){
        .rcv_cep = CEP_INIT,
        .rcv_bytes = {ECT_INIT, 0, ECT_INIT},
        .snd_cep = CEP_INIT,
        .is_fresh = true,
    };
}

void tcp_accecn_offer(struct tcp_conn *conn, struct tcp_segment *syn, bool again)
{
    const struct tcp_accecn *acc = &conn->busy->accecn;

    if (conn->state == TOE_TCP_SYN_RCVD) {
        put_ace(syn, handshake_ace(acc->peer_syn));
        if (!again) { /* Something on the way may drop what has the option (3.2.3.2). */
            syn->acc_cnt = TCP_ACCECN_CNT;
            memcpy(syn->acc, acc->rcv_bytes, sizeof(syn->acc));
        }
    } else if (conn->retransmit_cnt < OFFER_MAX) {
        put_ace(syn, ACE_MASK);
    } else {
        conn->has_ecn = false;
        conn->has_accecn = false;
    }
}

/* Which feedback follows from what |syn| says: tables 2 to 4, and 3.1.3 on what is reserved. */
static void agree(struct tcp_conn *conn, const struct tcp_segment *syn)
{
    const uint8_t ace = ace_of(syn);
    const bool is_answer = (syn->flags & TCP_ACK) != 0;

    if (ace == 0 || (is_answer && ace == 7)) {
        conn->has_ecn = false;
        conn->has_accecn = false;
    } else if (is_answer ? ace == 1 || ace == 5 : ace == 3) {
        conn->has_accecn = false; /* RFC 3168 */
    }
}

/* Takes the option of |seg|: the bytes that came marked since the last one; UNKNOWN: it does not
 * say. */
static uint32_t take_option(struct tcp_accecn *acc, const struct tcp_segment *seg)
{
    uint32_t bytes;

    if (seg->acc_cnt < 2 || acc->is_deaf) {
        return UNKNOWN;
    }
    if (!acc->has_option && seg->acc[0] == 0) {
        acc->is_deaf = true; /* 3.2.3.2.4: it cannot be zero yet. */
        return UNKNOWN;
    }
    bytes = (seg->acc[1] - acc->snd_ceb) & FIELD_MASK;
    acc->snd_ceb = seg->acc[1];
    acc->has_option = true;
    return bytes;
}

void tcp_accecn_meet(struct tcp_conn *conn, const struct tcp_segment *syn)
{
    agree(conn, syn);
    if (!conn->has_accecn) {
        return;
    }
    tcp_accecn_begin(conn);
    conn->busy->accecn.peer_syn = syn->ecn;
    if (syn->ecn == TCP_ECN_CE) {
        ++conn->busy->accecn.rcv_cep;
    }
    if ((syn->flags & TCP_ACK) != 0) {
        conn->busy->accecn.is_third = true;
        check_syn(conn, ace_of(syn));
        (void)take_option(&conn->busy->accecn, syn);
    }
}

/* An ACE of zero needs three marks, and nothing of ours could have any (3.2.2.4). */
static void check_first(struct tcp_conn *conn, const struct tcp_segment *seg)
{
    conn->busy->accecn.is_fresh = false;
    if (ace_of(seg) == 0) {
        conn->ecn_mute = true;
    }
}

void tcp_accecn_third(struct tcp_conn *conn, const struct tcp_segment *seg)
{
    if ((seg->flags & TCP_SYN) != 0) {
        return;
    }
    check_first(conn, seg);
    if (seg->payload_len == 0 && seg->sack_cnt == 0) {
        check_syn(conn, ace_of(seg));
    }
}

void tcp_accecn_option(const struct tcp_conn *conn, struct tcp_segment *seg)
{
    const struct tcp_accecn *acc = &conn->busy->accecn;
    const uint32_t used =
        (seg->has_ts ? 12u : 0) + (seg->sack_cnt > 0 ? 4 + 8u * seg->sack_cnt : 0);
    const uint32_t room = used < OPTIONS_LEN_MAX ? OPTIONS_LEN_MAX - used : 0;

    if (room < 8 || !acc->is_news) {
        return;
    }
    /* What does not fit is the number that says least. */
    seg->acc_ect1 = acc->is_ect1;
    seg->acc_cnt = room < 12 ? 2 : TCP_ACCECN_CNT;
    seg->acc[0] = acc->rcv_bytes[seg->acc_ect1 ? TCP_ACCECN_ECT1 : TCP_ACCECN_ECT0];
    seg->acc[1] = acc->rcv_bytes[TCP_ACCECN_CE];
    seg->acc[2] = acc->rcv_bytes[seg->acc_ect1 ? TCP_ACCECN_ECT0 : TCP_ACCECN_ECT1];
}

void tcp_accecn_echo(struct tcp_conn *conn, struct tcp_segment *seg)
{
    struct tcp_accecn *acc = &conn->busy->accecn;

    if (acc->is_third && seg->payload_len == 0 && seg->sack_cnt == 0) {
        put_ace(seg, handshake_ace(acc->peer_syn));
    } else {
        put_ace(seg, acc->rcv_cep & ACE_MASK);
    }
    acc->is_third = false;
    acc->pending = 0;
    acc->is_news = acc->is_news && seg->acc_cnt == 0;
}

static uint32_t segments_of(uint32_t len, uint32_t mss)
{
    return len <= mss ? 1 : (len - 1) / mss + 1;
}

void tcp_accecn_input(struct tcp_conn *conn, const struct tcp_segment *seg)
{
    static const uint8_t which[] = {[TCP_ECN_ECT1] = TCP_ACCECN_ECT1,
                                    [TCP_ECN_ECT0] = TCP_ACCECN_ECT0,
                                    [TCP_ECN_CE] = TCP_ACCECN_CE};
    struct tcp_accecn *acc = &conn->busy->accecn;
    const bool is_marked = seg->ecn == TCP_ECN_CE;
    uint32_t cnt;

    if (seg->ecn != TCP_ECN_NOT_ECT) {
        acc->rcv_bytes[which[seg->ecn]] += seg->payload_len;
        acc->is_news = acc->is_news || seg->payload_len > 0;
        acc->is_ect1 = seg->ecn == TCP_ECN_ECT1;
    }
    if (is_marked) {
        cnt = segments_of(seg->payload_len, conn->rcv_mss);
        acc->rcv_cep = (uint8_t)((acc->rcv_cep + cnt) & ACE_MASK);
        cnt += acc->pending;
        acc->pending = (uint8_t)(cnt < UINT8_MAX ? cnt : UINT8_MAX);
        if (acc->pending >= (seg->payload_len > 0 ? PENDING_MAX : PENDING_EMPTY_MAX) ||
            (seg->payload_len > 0 && !acc->is_marked)) {
            conn->ack_now = true;
        }
    }
    if (seg->payload_len > 0) {
        acc->is_marked = is_marked;
    }
}

/*
 * Bytes that |seg| tells of first: a hole that closes does not count for all behind it. Where a
 * scoreboard knows what was told before, only what is told selectively.
 */
static uint32_t told_first(const struct tcp_conn *conn, uint32_t acked, uint32_t sacked)
{
    const uint32_t before = conn->flight != NULL ? conn->flight->sacked - sacked : 0;

    if (conn->busy->scoreboard != NULL) {
        return sacked;
    }
    return sacked + (acked > before ? acked - before : 0);
}

/* 3.2.2.5.2: the marks among |cnt| segments, of which ACE tells |few|, modulo 8. */
static uint32_t unwrap(const struct tcp_conn *conn, uint32_t few, uint32_t cnt)
{
    const bool is_usual = few > 0 || toe_seq_lt(conn->snd_una, conn->ecn_point);

    return cnt > ACE_MASK && is_usual ? cnt - ((cnt - few) & ACE_MASK) : few;
}

uint32_t tcp_accecn_ack(struct tcp_conn *conn, const struct tcp_segment *seg, uint32_t sacked)
{
    struct tcp_accecn *acc = &conn->busy->accecn;
    const uint32_t acked = toe_seq_off(seg->ack, conn->snd_una);
    const uint32_t told = told_first(conn, acked, sacked);
    uint32_t bytes;
    uint32_t marks;

    if (acc->is_fresh) {
        check_first(conn, seg);
    }
    if ((acked == 0 && sacked == 0) || conn->ecn_mute) {
        return 0; /* Nothing says that it is newer than the last one; nothing could be marked. */
    }
    bytes = take_option(acc, seg);
    marks = ((uint32_t)ace_of(seg) - acc->snd_cep) & ACE_MASK;
    acc->snd_cep = ace_of(seg);
    if (acc->is_strange) {
        acc->is_strange = false;
        return 0;
    }
    if (bytes == UNKNOWN) {
        marks = unwrap(conn, marks, segments_of(told, conn->snd_mss));
    }
    if (marks == 0 && (bytes == 0 || bytes == UNKNOWN)) {
        return 0;
    }
    if (bytes == 0 || bytes == UNKNOWN) {
        bytes = marks * conn->snd_mss; /* An option that was not there, or an old one. */
    }
    return told > 0 && told < bytes ? told : bytes;
}

void tcp_accecn_import(struct tcp_conn *conn)
{
    tcp_accecn_begin(conn);
    conn->busy->accecn.is_fresh = false;
    conn->busy->accecn.is_strange = true;
}

void tcp_accecn_tell(const struct tcp_conn *conn, struct toe_extension *ext)
{
    const struct tcp_accecn *acc = &conn->busy->accecn;

    ext->accecn.flags =
        (acc->is_fresh ? TOE_ACCECN_FRESH : 0u) | (acc->is_marked ? TOE_ACCECN_MARKED : 0u) |
        (acc->has_option ? TOE_ACCECN_OPTION : 0u) | (acc->is_deaf ? TOE_ACCECN_DEAF : 0u) |
        (conn->ecn_mute ? TOE_ACCECN_MUTE : 0u) | (acc->is_news ? TOE_ACCECN_NEWS : 0u) |
        (acc->is_ect1 ? TOE_ACCECN_ECT1 : 0u);
    ext->accecn.rcv_cep = acc->rcv_cep;
    ext->accecn.rcv_ceb = acc->rcv_bytes[TCP_ACCECN_CE];
    ext->accecn.rcv_e0b = acc->rcv_bytes[TCP_ACCECN_ECT0];
    ext->accecn.rcv_e1b = acc->rcv_bytes[TCP_ACCECN_ECT1];
    ext->accecn.snd_cep = acc->snd_cep;
    ext->accecn.snd_ceb = acc->snd_ceb;
    ext->accecn.pending = acc->pending;
}

bool tcp_accecn_is_sound(const struct tcp_conn *conn, const struct toe_extension *ext)
{
    static const struct toe_extension none;

    if (!conn->has_accecn) {
        return memcmp(&ext->accecn, &none.accecn, sizeof(none.accecn)) == 0;
    }
    return (ext->accecn.flags & ~(uint32_t)FLAGS_ALL) == 0 && ext->accecn.pending <= UINT8_MAX &&
           ext->accecn.rcv_cep <= ACE_MASK && ext->accecn.snd_cep <= ACE_MASK;
}

void tcp_accecn_take(struct tcp_conn *conn, const struct toe_extension *ext)
{
    const uint32_t flags = ext->accecn.flags;

    conn->busy->accecn = (struct tcp_accecn){
        .rcv_cep = (uint8_t)ext->accecn.rcv_cep,
        .rcv_bytes = {ext->accecn.rcv_e0b, ext->accecn.rcv_ceb, ext->accecn.rcv_e1b},
        .snd_cep = (uint8_t)ext->accecn.snd_cep,
        .snd_ceb = ext->accecn.snd_ceb,
        .pending = (uint8_t)ext->accecn.pending,
        .is_news = (flags & TOE_ACCECN_NEWS) != 0,
        .is_ect1 = (flags & TOE_ACCECN_ECT1) != 0,
        .is_fresh = (flags & TOE_ACCECN_FRESH) != 0,
        .is_marked = (flags & TOE_ACCECN_MARKED) != 0,
        .has_option = (flags & TOE_ACCECN_OPTION) != 0,
        .is_deaf = (flags & TOE_ACCECN_DEAF) != 0,
    };
    conn->ecn_mute = (flags & TOE_ACCECN_MUTE) != 0;
}
