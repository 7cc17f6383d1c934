/* SPDX-License-Identifier: MIT */
/*
 * The engine: one TCP connection's protocol machine, as its owners see it.
 *
 * An owner (the offload target, or the host stack) keeps a struct tcp_conn inside its own object
 * for the connection and drives it:
 *
 *     a segment arrived        tcp_input(conn, seg, now)        then settle
 *     time went by             tcp_expire(conn, now)            then settle
 *     there is data to send    tcp_send(conn, chain)            then settle
 *     the reader took bytes    tcp_consumed(conn, cnt, now)     then settle
 *
 *     settle: buffers that are done     tcp_send_pop(conn)
 *             bytes that are in order   conn->busy->recvq (tcp/recvq.h)
 *             what became of it         conn->state, conn->verdict
 *             segments to put out       while (tcp_output(conn, &out, now)) ...
 *             when to come back         tcp_deadline(conn)
 *
 * The engine knows no address, no NIC and no host; ports are the owner's as well. It never calls
 * back, with one exception: |text| of struct tcp_config, to which it offers new text that is in
 * order, once a call, so that it can be placed where it is wanted without a copy in between.
 *
 * Moving a connection. tcp_export() writes a connection's state in the form in which it crosses the
 * seam, tcp_import() builds a connection from it. Buffers move apart from that: tcp_send_take()
 * empties the send queue, tcp_send() fills it before the import says what of it was sent; bytes
 * that wait in |recvq| are the owner's to move. Where both sides know the extension, it goes along:
 * tcp_extension_export(), tcp_extension_import().
 */
#ifndef TCP_ENGINE_H
#define TCP_ENGINE_H

#include "base/slab.h"
#include "toe/state.h"
#include "tcp/conn.h"
#include "wire/tcp.h"

/*
 * One segment to put out, and where its payload lies. With super_max it may stand for several in a
 * row, of |mss| bytes each but for the last, which are alike apart from their sequence numbers: PSH
 * and FIN are the last one's.
 */
struct tcp_out {
    struct tcp_segment seg; /* all but the ports; payload is NULL, payload_len says how much */
    uint32_t text_off;      /* first byte of the payload, counted from the head of the send queue */
    bool is_retransmission; /* holds only bytes that were sent before */
    bool has_repeated;      /* holds at least one of them */
    bool is_last;           /* nothing more is to leave now */
    uint16_t mss;           /* with text: how much of it a segment on the wire holds */
};

/* tcp_out_cnt() is how many segments |out| is on the wire. */
static inline uint32_t tcp_out_cnt(const struct tcp_out *out)
{
    return out->seg.payload_len > out->mss ? (out->seg.payload_len - 1) / out->mss + 1 : 1;
}

/* What a connection begins with, besides its state: agreed upon in the handshake, or imported. */
struct tcp_setup {
    uint16_t mss_local; /* what we announce, or announced */
    uint16_t mss_limit; /* path MTU less IP and TCP header without options */
    bool ipv6;          /* what a peer takes that announces no MSS */
    uint32_t rcv_buf;   /* the receive buffer's size: initial_rcv_wnd */
    uint8_t rcv_wscale; /* we offer */
    bool timestamps;    /* we offer, in a SYN */
    bool sack;
    bool window_scaling;
    bool ecn;       /* we agree to it, */
    bool ecn_offer; /* and offer it, */
    bool accecn;    /* with accurate feedback where the peer knows it */
    bool nagle;
    uint32_t ts_offset; /* added to our clock: RFC 7323, 7.1; handshakes only */
};

/*
 * tcp_conn_init() makes |conn| a closed connection under |cfg|, which must outlive it. |busy| is
 * memory of its owner's for what it needs while it has something to do. Most owners leave it that
 * for life; one with very many connections takes it from those that rest:
 *
 *     before anything happens to it    tcp_conn_wake(conn, busy), unless it is awake
 *     when it has settled              busy = tcp_conn_rest(conn), which may be NULL
 *
 * Looking at one that rests, and tcp_expire(), tcp_update(), tcp_quiesce(), tcp_renege(),
 * tcp_export(), tcp_output() and tcp_conn_fini(), need no waking.
 */
void tcp_conn_init(struct tcp_conn *conn, struct tcp_busy *busy, const struct tcp_config *cfg,
                   const struct tcp_setup *setup, toe_instant now);

/* tcp_conn_idle() is what |conn| has in place of memory of its owner's when it rests. */
static inline const struct tcp_busy *tcp_conn_idle(const struct tcp_conn *conn)
{
    return conn->cfg->idle != NULL ? conn->cfg->idle : &tcp_idle;
}

/* tcp_conn_is_awake() tells whether |conn| has memory of its owner's. */
static inline bool tcp_conn_is_awake(const struct tcp_conn *conn)
{
    return conn->busy != tcp_conn_idle(conn);
}

/* tcp_conn_wake() lends |busy| to |conn|, which rests. */
void tcp_conn_wake(struct tcp_conn *conn, struct tcp_busy *busy);

/*
 * tcp_conn_rest() takes from |conn| what it was lent and returns it, or NULL: it rests already, or
 * it has something to do still. One whose congestion control models the path, or that counts
 * marks (tcp/accecn.h), never rests.
 */
struct tcp_busy *tcp_conn_rest(struct tcp_conn *conn, toe_instant now);

/*
 * tcp_conn_fini() gives back what the connection holds of the pools. The send queue must be empty:
 * its buffers are the owner's (tcp_send_take()).
 */
void tcp_conn_fini(struct tcp_conn *conn);

/* tcp_open() begins an active open with initial sequence number |iss|. */
void tcp_open(struct tcp_conn *conn, toe_seq iss, toe_instant now);

/*
 * tcp_open_passive() answers |syn| with initial sequence number |iss|: SYN_RCVD. |conn| was just
 * initialized.
 */
void tcp_open_passive(struct tcp_conn *conn, const struct tcp_segment *syn, toe_seq iss,
                      toe_instant now);

/*
 * tcp_input() processes one segment in any state but CLOSED and LISTEN, and returns why it went no
 * further, or TOE_DROP_NONE.
 */
enum toe_drop tcp_input(struct tcp_conn *conn, const struct tcp_segment *seg, toe_instant now);

/*
 * tcp_input_is_next() tells whether |seg|, if it turns out to be undamaged and acceptable, has text
 * that is in order and in the window whole: text() of struct tcp_config will be offered the first
 * byte of it, and before that nothing else. So it may be put where text() would put it, as room
 * that is not filled yet, and |seg|->payload be there.
 */
bool tcp_input_is_next(const struct tcp_conn *conn, const struct tcp_segment *seg);

/*
 * tcp_input_patience() tells how many segments, of which |seg| is the first, may be given to the
 * engine as one, because it would answer none of them but perhaps the last: all but the last full,
 * that is of rcv_mss bytes, and without PSH; each the next one; and alike in all else. 1: no
 * others. tcp_input_joined() is tcp_input() for the whole of them: the flags of all, and the
 * sequence number of the last.
 */
uint32_t tcp_input_patience(const struct tcp_conn *conn, const struct tcp_segment *seg,
                            toe_instant now);
void tcp_input_joined(struct tcp_conn *conn, const struct tcp_segment *seg, toe_seq last,
                      toe_instant now);

/*
 * tcp_output() fills in the next segment that is to leave at |now|, and returns false if there is
 * none. What it returns counts as sent. Unless that is the last one it must be asked again.
 */
bool tcp_output(struct tcp_conn *conn, struct tcp_out *out, toe_instant now);

/* tcp_has_output() tells at a glance whether tcp_output() need be asked: if not, it would yield and
 * change nothing. */
bool tcp_has_output(const struct tcp_conn *conn);

/* tcp_deadline() is the instant at which tcp_expire() is next due, or TOE_INSTANT_NEVER. */
toe_instant tcp_deadline(const struct tcp_conn *conn);

/* tcp_expire() does what is due at |now|. */
void tcp_expire(struct tcp_conn *conn, toe_instant now);

/*
 * tcp_send() appends a chain of buffers to the send queue. Their geometry stays as it is until they
 * leave the queue. Must not follow tcp_close().
 */
void tcp_send(struct tcp_conn *conn, struct toe_buf *chain);

/*
 * tcp_send_pop() takes the buffers that are acknowledged as a whole off the queue and returns their
 * chain, advanced, with |transferred| and the status SUCCESS written; NULL if there are none. Empty
 * buffers count as acknowledged when all before them is.
 */
struct toe_buf *tcp_send_pop(struct tcp_conn *conn);

/*
 * tcp_send_take() takes all buffers off the queue, acknowledged bytes of the first one advanced
 * over and added to its |transferred|. The sequence variables stay as they are.
 */
struct toe_buf *tcp_send_take(struct tcp_conn *conn);

/* tcp_send_len() is the number of bytes in the queue from snd_una on, a FIN not counted. */
uint32_t tcp_send_len(const struct tcp_conn *conn);

/*
 * tcp_send_read() copies |len| bytes of the send queue, from |off| on as struct tcp_out says, to
 * |dst| and adds them to the checksum |sum|, which may be NULL, in one pass. Returns false if one
 * cannot be mapped.
 */
bool tcp_send_read(struct tcp_conn *conn, uint8_t *dst, uint32_t off, uint32_t len, uint64_t *sum);

/*
 * tcp_send_map() tells where the text from |off| on lies, and how much of it, up to |len|, lies
 * there in one piece; 0 if it cannot be told. So it can be read without tcp_send_read().
 */
uint32_t tcp_send_map(struct tcp_conn *conn, const uint8_t **data, uint32_t off, uint32_t len);

/* tcp_close() queues a FIN behind what was sent. ESTABLISHED -> FIN_WAIT_1, CLOSE_WAIT -> LAST_ACK.
 */
void tcp_close(struct tcp_conn *conn);

/* tcp_fin_is_acked() tells whether our FIN was sent and acknowledged. */
bool tcp_fin_is_acked(const struct tcp_conn *conn);

/* tcp_fin_is_received() tells whether the peer's FIN was received in order. */
bool tcp_fin_is_received(const struct tcp_conn *conn);

/*
 * tcp_abort() closes the connection at once and fills in the RST that tells the peer. Returns
 * false if there is nobody to tell (CLOSED, LISTEN, SYN_SENT, TIME_WAIT).
 */
bool tcp_abort(struct tcp_conn *conn, struct tcp_out *out, toe_instant now);

/*
 * tcp_consumed() says that the reader took |cnt| more bytes: the receive window may grow by them.
 * Whether the peer is told at once is the engine's business (RCV-077).
 */
void tcp_consumed(struct tcp_conn *conn, uint32_t cnt, toe_instant now);

/*
 * tcp_consumed_fin() says that the reader knows of the peer's FIN, which |acks_consumed| leaves
 * unacknowledged until then.
 */
void tcp_consumed_fin(struct tcp_conn *conn);

/* tcp_mss_limit_set() follows a change of the path MTU (RFC-101 to RFC-103). */
void tcp_mss_limit_set(struct tcp_conn *conn, uint16_t mss_limit, toe_instant now);

/* tcp_quiesce() stops the delayed-ACK and SWS timers; an acknowledgment that is owed leaves with
 * the next tcp_output(), which then yields nothing else (TRM-17, TMR-020, TMR-021). */
void tcp_quiesce(struct tcp_conn *conn);

/*
 * tcp_renege() forgets what arrived out of order. If the peer may know of it by SACK, it is owed an
 * acknowledgment that says so: one without blocks (SEG-064, SEG-065).
 */
void tcp_renege(struct tcp_conn *conn);

/*
 * tcp_export() writes the connection's state as of |now|. A NULL part is left out. Buffers are not
 * concerned: the send_data, buffered_data and backlog members are left alone.
 */
void tcp_export(const struct tcp_conn *conn, struct toe_tcp_const *constant,
                struct toe_tcp_cached *cached, struct toe_tcp_delegated *delegated,
                toe_instant now);

/*
 * tcp_import() makes |conn|, which was just initialized and whose send queue was filled, the
 * connection that |state| describes. Besides the offloadable states it takes TIME_WAIT and CLOSED,
 * in which a host may get a connection back; a target refuses those itself (NEW-3).
 * TOE_STATUS_FAILURE, and |conn| as it was, if the state contradicts itself: STATE-TD-35, SND-065,
 * SND-066.
 */
toe_status tcp_import(struct tcp_conn *conn, const struct toe_tcp_state *state, toe_instant now);

/*
 * tcp_import_check() tells whether tcp_import() would take |state| under |cfg| with |len| bytes in
 * the send queue.
 */
bool tcp_import_check(const struct tcp_config *cfg, const struct toe_tcp_state *state,
                      uint32_t len);

/*
 * tcp_extension_export() tells in |ext|, of which |size| is set, what an export leaves behind; the
 * version is 0 where there is nothing to tell. The bytes that arrived out of order are the owner's
 * to move: |early_data| is NULL.
 */
void tcp_extension_export(const struct tcp_conn *conn, struct toe_extension *ext, toe_instant now);

/* What became of an extension. */
enum tcp_extension_fate {
    TCP_EXTENSION_NONE,      /* there was none, or it told nothing */
    TCP_EXTENSION_TAKEN,     /* the connection goes on as if it had not moved */
    TCP_EXTENSION_IGNORED,   /* it contradicts itself or |delegated|, or is of another version */
    TCP_EXTENSION_NO_MEMORY, /* there is no room for what it brings */
};

/*
 * tcp_extension_import() gives |conn|, of which tcp_import() has just made the connection that
 * |delegated| describes, what |ext| tells in addition; its bytes are copied. Unless it is taken,
 * |conn| is as it was. |ext| may be NULL, and anything may be in it.
 */
enum tcp_extension_fate tcp_extension_import(struct tcp_conn *conn, const struct toe_extension *ext,
                                             const struct toe_tcp_delegated *delegated,
                                             toe_instant now);

/*
 * tcp_update() replaces the cached state and does what its flags ask for (UPD-11, UPD-12,
 * STATE-TK-12 to STATE-TK-17).
 */
void tcp_update(struct tcp_conn *conn, const struct toe_tcp_cached *cached, toe_instant now);

/* tcp_conn_check() asserts the invariants stated above struct tcp_conn. */
void tcp_conn_check(const struct tcp_conn *conn);

#endif
