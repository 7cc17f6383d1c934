/* SPDX-License-Identifier: MIT */
/*
 * Conversations: one engine, a test in the role of its peer and of its application, virtual time.
 *
 * A test builds a connection in any state, says what arrives and what the application does, and
 * what is to leave and when. Times count from the start of the conversation. Sequence numbers of
 * both sides start at 1, unless the test wants others: what it names is relative to that start.
 *
 *     t_app_write(c, 1000);
 *     t_expect(c, T_MS(0), SEG(.seq = {1}, .ack = {1}, .len = 1000));
 *     t_send(c, T_MS(50), SEG(.seq = {1}, .ack = {1001}));
 *     t_expect_silence(c, T_MS(10000));
 *
 * Bytes are a function of their place in the stream, so that every one is checked where it arrives.
 */
#ifndef SUPPORT_CONVERSATION_H
#define SUPPORT_CONVERSATION_H

#include "tcp/engine.h"
#include "tcp/inflight.h"

#include <stdbool.h>
#include <stdint.h>

#define T_MS(n) ((toe_instant)((n)*TOE_NS_PER_MS))

/* Most segments that left and were not looked at. */
#define T_OUT_MAX 1024

/* A segment in a conversation; an ACK flag is understood. */
struct t_seg {
    toe_seq seq;
    toe_seq ack;
    uint32_t len;
    uint16_t flags; /* sent: any; expected: FIN, SYN, RST; T_NO_ACK to have no ACK */
    uint8_t ecn;    /* sent: enum tcp_ecn */
    uint8_t ace;    /* sent: AE, CWR, ECE as a number */
    uint8_t acc_cnt;
    uint32_t acc[TCP_ACC_MAX]; /* sent: an AccECN option with so many numbers */
    uint32_t wnd;              /* sent: the window, 65535 if zero and not T_ZERO_WINDOW */
    uint32_t ts;               /* timestamp, if not zero; expected only if not zero */
    uint32_t ecr;
    toe_seq sack[2]; /* one SACK block, if not empty */
    toe_seq more[2]; /* sent: a second one behind it, if not empty */
};

#define T_NO_ACK 0x100u
#define T_ZERO_WINDOW UINT32_MAX

#define SEG(...) (&(const struct t_seg){__VA_ARGS__})

/* What a connection begins with; zero is what the comment says. */
struct t_options {
    uint32_t seq;      /* first sequence number of ours, less one; 0 */
    uint32_t ack;      /* and of the peer's; 0 */
    uint32_t rcv_wnd;  /* 65535 */
    uint32_t snd_wnd;  /* 65535 */
    uint32_t cwnd;     /* 14600 */
    uint32_t ssthresh; /* UINT32_MAX */
    uint16_t mss;      /* 1460, of both */
    uint16_t srtt;     /* no estimate: the RTO is one second */
    uint16_t rttvar;
    uint8_t wscale; /* of both; scaling is on if not zero */
    bool ipv6;
    bool timestamps;
    bool sack;
    bool ecn;            /* agreed upon; in CLOSED: to be agreed to, */
    bool ecn_offer;      /* or offered, */
    bool accecn;         /* with accurate feedback */
    uint32_t ka_timeout; /* keep-alive is on if not zero */
    uint32_t ka_interval;
    uint8_t ka_probe_cnt;
    uint32_t max_rt;
    bool nagle;
    bool modern;     /* with records: RACK-TLP, PRR, undoing; ssthresh by the flight */
    uint32_t unsent; /* bytes in the send queue, of which none is sent */
};

struct t_conn {
    struct tcp_config cfg;
    struct base_slab chunks;
    struct base_slab scoreboards;
    struct tcp_flight_pools flights;
    struct tcp_conn conn;
    struct tcp_busy busy;
    toe_instant origin; /* when the conversation began */
    toe_instant now;
    uint32_t seq_base; /* sequence number of the byte before the first of ours, */
    uint32_t ack_base; /* and of the peer's */
    uint64_t written;  /* bytes the application wrote, */
    uint64_t acked;    /* got back as sent, */
    uint64_t read;     /* and took */
    uint64_t arrived;  /* bytes given to text() or into recvq */
    bool stalled;      /* the application reads nothing by itself */
    bool text_refused; /* text() has no memory */
    uint32_t salt_out; /* of the two streams */
    uint32_t salt_in;
    struct tcp_out out[T_OUT_MAX];
    toe_instant out_at[T_OUT_MAX];
    uint32_t out_head;
    uint32_t out_cnt;
    struct tcp_out last; /* what t_expect() saw last */
};

/* t_config_default() fills in what a host asks for unless it knows better. */
void t_config_default(struct tcp_config *cfg);

/* t_conn_new() is a connection in |state|, which may be CLOSED for a handshake. |opt| may be NULL.
 */
struct t_conn *t_conn_new(enum toe_conn_state state, const struct t_options *opt);

/* t_conn_in() is the same without options. */
struct t_conn *t_conn_in(enum toe_conn_state state);

/* t_conn_state() describes what t_conn_new() builds, for a test that wants to change it first. */
struct toe_tcp_state t_conn_state(enum toe_conn_state state, const struct t_options *opt);

/* t_conn_bare() is an engine without a connection, for t_conn_import() or an open. */
struct t_conn *t_conn_bare(const struct t_options *opt);

/* t_conn_import() lets |c| be what |state| describes, with |unsent| bytes in the send queue. */
toe_status t_conn_import(struct t_conn *c, const struct toe_tcp_state *state, uint32_t unsent);

void t_conn_del(struct t_conn *c);

/* t_byte() is the byte at |pos| of the stream |salt|. */
uint8_t t_byte(uint32_t salt, uint64_t pos);

/* t_app_write() gives the engine one buffer of |len| bytes; t_app_read() takes bytes that wait. */
void t_app_write(struct t_conn *c, uint32_t len);
void t_app_read(struct t_conn *c, uint32_t len);
void t_app_close(struct t_conn *c);

/* t_queue() is t_app_write() without letting anything leave. */
void t_queue(struct t_conn *c, uint32_t len);

/* t_settle() does what an owner does after each call, and keeps what leaves. */
void t_settle(struct t_conn *c);

/* t_advance() lets time pass until |at|. */
void t_advance(struct t_conn *c, toe_instant at);

/* t_send() lets |seg| arrive at |at|; returns why it went no further. */
enum toe_drop t_send(struct t_conn *c, toe_instant at, const struct t_seg *seg);

/* t_expect() fails unless the next segment leaves at |at| and looks like |seg|. */
void t_expect(struct t_conn *c, toe_instant at, const struct t_seg *seg);

/* t_expect_silence() fails if anything leaves before or at |at|. */
void t_expect_silence(struct t_conn *c, toe_instant at);

/* t_forget() throws away what left and was not looked at. */
void t_forget(struct t_conn *c);

#endif
