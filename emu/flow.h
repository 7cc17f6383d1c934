/* SPDX-License-Identifier: MIT */
/*
 * Flows: what the two ends of a stress connection do, as a pure machine.
 *
 * Whoever opens a connection has a *plan* for it and sends the plan ahead in a header of 32 bytes,
 * so that the other end knows how many bytes to expect, how many to send, how fast, and who closes
 * how. Then both send their bytes of a pattern (pattern.h) and check what they receive. The same
 * machine runs at both ends, over a connection of our host stack or a socket of the kernel's: the
 * driver asks it what to send, tells it what was received, and does the steps it asks for.
 *
 *     emu_flow_fill() and emu_flow_sent()        bytes to send, and how many of them were taken
 *     emu_flow_appetite() and emu_flow_taken()   how much to receive, and what came
 *     emu_flow_ended()                           the peer's end of stream came
 *     emu_flow_step()                            what to do now: shut down, abort
 *     emu_flow_deadline()                        when to ask again, if nothing happens before
 */
#ifndef EMU_FLOW_H
#define EMU_FLOW_H

#include "random.h"
#include "toe/types.h"

enum {
    EMU_FLOW_HEADER_LEN = 32,
    EMU_FLOW_VERSION = 1,
    EMU_FLOW_PIECE = 65536,
};

enum emu_flow_kind {
    EMU_FLOW_PLAIN = 0,
    EMU_FLOW_CALL = 1, /* carries nothing: asks for a plain flow with this plan to |port| */
};

/* When an end sends its FIN; it has sent all its bytes by then. */
enum emu_flow_close {
    EMU_CLOSE_EAGER = 0, /* at once, whatever is still to come */
    EMU_CLOSE_DONE = 1,  /* when it has received all bytes, too: both may close at the same time */
    EMU_CLOSE_LAST = 2,  /* when the peer has closed */
};

/* Flags of a plan; the two lowest pairs of bits are the enum emu_flow_close of either end. */
enum {
    EMU_FLOW_CLOSE_OPENER = 0x0003,
    EMU_FLOW_CLOSE_ACCEPTOR = 0x000c,
    EMU_FLOW_PING = 0x0010,           /* chunk by chunk in turns, the opener begins */
    EMU_FLOW_SLOW_OPENER = 0x0020,    /* the opener thinks after each chunk that it reads, and */
    EMU_FLOW_SLOW_ACCEPTOR = 0x0040,  /* its peer does not: so the window closes */
    EMU_FLOW_ABORT_OPENER = 0x0080,   /* the opener ends it with a RST, when all was sent */
    EMU_FLOW_ABORT_ACCEPTOR = 0x0100, /* the acceptor does */
    EMU_FLOW_PAUSE = 0x0200,          /* the opener hesitates some ms before its FIN */
    EMU_FLOW_BULK = 0x0400,           /* |up| and |down| count pieces of EMU_FLOW_PIECE bytes */
    EMU_FLOW_FLAGS = 0x07ff,
};

struct emu_flow_plan {
    uint64_t seed;     /* the flow's name, and the key of its pattern */
    uint32_t up;       /* bytes from the opener to the acceptor; pieces of a bulk */
    uint32_t down;     /* and back */
    uint32_t think_us; /* on average; 0: none */
    uint16_t chunk;    /* bytes in one write, or read by a slow reader; not 0 */
    uint16_t flags;    /* EMU_FLOW_* */
    uint16_t port;     /* of a call */
    uint8_t kind;      /* enum emu_flow_kind */
};

/* What can be wrong with a flow. */
enum emu_flow_fault {
    EMU_FLOW_OK,
    EMU_FLOW_BAD_HEADER, /* what the acceptor got first is no plan */
    EMU_FLOW_WRONG,      /* wrong bytes */
    EMU_FLOW_EXCESS,     /* more bytes than announced */
    EMU_FLOW_CUT,        /* the end of stream came too early */
};

enum emu_flow_step {
    EMU_STEP_NONE,
    EMU_STEP_SHUTDOWN, /* end the sending half */
    EMU_STEP_ABORT,    /* end it with a RST, and forget the flow */
};

struct emu_flow {
    struct emu_flow_plan plan;
    bool is_opener;
    bool is_known; /* the acceptor has the header */
    bool is_hurried;
    bool has_shut;
    bool has_ended; /* the peer's end of stream came */
    bool has_aborted;
    uint8_t header[EMU_FLOW_HEADER_LEN];
    uint32_t header_len;         /* bytes of it sent, or received */
    uint64_t tx_len, rx_len;     /* bytes of pattern to be sent and received */
    uint64_t tx, rx;             /* so far */
    uint64_t tx_pause, rx_pause; /* offsets at which the next thinking begins */
    toe_instant tx_at, rx_at;    /* thinks until */
    toe_instant shut_at;         /* hesitates until; 0: not yet */
    toe_instant progress_at;     /* something happened */
    struct emu_random random;
    enum emu_flow_fault fault;
    uint64_t wrong;       /* bytes */
    uint64_t wrong_first; /* offset of the first of them */
};

/* emu_flow_open() begins |flow| at the opener's end. */
void emu_flow_open(struct emu_flow *flow, const struct emu_flow_plan *plan, toe_instant now);

/* emu_flow_accept() begins |flow| at the acceptor's end, which has yet to hear of the plan. */
void emu_flow_accept(struct emu_flow *flow, toe_instant now);

/* emu_flow_fill() writes what is to be sent at |now|, up to |max| bytes, and returns how many. */
size_t emu_flow_fill(struct emu_flow *flow, uint8_t *dst, size_t max, toe_instant now);

/* emu_flow_sent() says that |len| of the bytes just filled in were taken. */
void emu_flow_sent(struct emu_flow *flow, size_t len, toe_instant now);

/* emu_flow_appetite() is how many bytes |flow| would receive at |now|; SIZE_MAX: all there are. */
size_t emu_flow_appetite(const struct emu_flow *flow, toe_instant now);

/* emu_flow_taken() checks |len| received bytes. */
void emu_flow_taken(struct emu_flow *flow, const uint8_t *src, size_t len, toe_instant now);

/* emu_flow_ended() says that the peer's end of stream came, behind all that was taken. */
void emu_flow_ended(struct emu_flow *flow, toe_instant now);

/*
 * emu_flow_step() is what to do now. Each step is asked for once; after EMU_STEP_SHUTDOWN there
 * may be more.
 */
enum emu_flow_step emu_flow_step(struct emu_flow *flow, toe_instant now);

/* emu_flow_is_finished() tells whether both halves have ended, as far as this end knows. */
bool emu_flow_is_finished(const struct emu_flow *flow);

/*
 * emu_flow_may_be_reset() tells whether a RST is part of the plan: of either end, because one that
 * waits in vain for a RST that was lost sends its own. A call is never reset.
 */
bool emu_flow_may_be_reset(const struct emu_flow *flow);

/* emu_flow_deadline() is the next instant after |now| at which |flow| wants to go on by itself. */
toe_instant emu_flow_deadline(const struct emu_flow *flow, toe_instant now);

/* emu_flow_hurry() ends all thinking of this end, at |now|: until then it need not have gone on. */
void emu_flow_hurry(struct emu_flow *flow, toe_instant now);

/* emu_flow_fault_text() says what |fault| means. */
const char *emu_flow_fault_text(enum emu_flow_fault fault);

#endif
