/* SPDX-License-Identifier: MIT */
/*
 * The send queue: the owner's buffers, from the first one that is not acknowledged as a whole on.
 *
 * Bytes stay where the owner has them until a segment is built. The queue never changes a buffer's
 * geometry before the buffer leaves it (SND-012); what it needs to know about one, the position of
 * its end in the stream, it keeps in the buffer's |reserved| words. Positions count the bytes that
 * ever went through this queue, in 64 bits, and so never wrap.
 *
 * Offsets count from the first byte that is not acknowledged. Reads come in two places at a time:
 * new data at the end of what was sent, and retransmissions behind. Each has a cursor that
 * remembers buffer and list entry, so that a read which goes on where an earlier one ended finds
 * its place at once, however many thousand buffers there are. A jump back to before both begins at
 * the head.
 */
#ifndef TCP_SENDQ_H
#define TCP_SENDQ_H

#include "toe/buf.h"
#include "toe/types.h"

/* A place in the queue. |buf| is NULL for the head of the queue. */
struct tcp_sendq_cursor {
    struct toe_buf *buf;
    uint32_t sge;     /* the entry of its list, */
    uint32_t sge_off; /* and the offset of that entry's first byte from the start of the list */
};

/* Invariant: |len| is the length of all buffers less what of them is acknowledged. */
struct tcp_sendq {
    struct toe_buf *head;
    struct toe_buf *tail;
    uint64_t una;                       /* position of the first byte that is not acknowledged */
    uint32_t len;                       /* bytes from there to the end */
    struct tcp_sendq_cursor cursors[2]; /* behind, and in front */
};

/* tcp_sendq_init() makes |q| an empty queue. */
void tcp_sendq_init(struct tcp_sendq *q);

/*
 * tcp_sendq_push() appends the buffers of |chain|. Their geometry must be sound, and their bytes
 * must fit: |q|->len stays below 2^32.
 */
void tcp_sendq_push(struct tcp_sendq *q, struct toe_buf *chain);

/*
 * tcp_sendq_ack() marks |cnt| more bytes, at most |q|->len, as acknowledged. No buffer leaves the
 * queue.
 */
void tcp_sendq_ack(struct tcp_sendq *q, uint32_t cnt);

/*
 * tcp_sendq_pop() takes the buffers that are acknowledged as a whole off the queue and returns
 * their chain, advanced, with |transferred| grown and the status SUCCESS, or NULL. An empty buffer
 * leaves as soon as all before it are acknowledged (SND-018).
 */
struct toe_buf *tcp_sendq_pop(struct tcp_sendq *q);

/*
 * tcp_sendq_take() takes all buffers off the queue and returns their chain, or NULL. Acknowledged
 * bytes are advanced over and added to |transferred|; the status is left alone.
 */
struct toe_buf *tcp_sendq_take(struct tcp_sendq *q);

/*
 * tcp_sendq_read() copies |len| bytes from offset |off| on to |dst|, and adds them to the checksum
 * |sum| (wire/checksum.h) as bytes that begin at an even position, unless |sum| is NULL. off + len
 * is at most |q|->len. Returns false, with |dst| and |sum| undefined, if a part cannot be mapped by
 * |bus|.
 */
bool tcp_sendq_read(struct tcp_sendq *q, const struct toe_bus *bus, uint8_t *dst, uint32_t off,
                    uint32_t len, uint64_t *sum);

/*
 * tcp_sendq_map() finds, at offset |off|, the bytes that lie in one piece, up to |len|. Returns how
 * many, or 0 if there is none or they cannot be mapped; |data| is where they are. They stay there
 * until their buffer leaves the queue.
 */
uint32_t tcp_sendq_map(struct tcp_sendq *q, const struct toe_bus *bus, const uint8_t **data,
                       uint32_t off, uint32_t len);

/*
 * tcp_sendq_boundary() is the number of bytes from offset |off|, which is below |q|->len, to the
 * end of the buffer that holds the byte there.
 */
uint32_t tcp_sendq_boundary(struct tcp_sendq *q, uint32_t off);

/*
 * tcp_sendq_left() is what is left of the request there (SND-025, SND-026): to the end of the
 * buffer, or where its owner said that more follows it (TOE_BUF_MORE), of one behind it; of the
 * next few at least.
 */
uint32_t tcp_sendq_left(struct tcp_sendq *q, uint32_t off);

/*
 * tcp_sendq_has_end() tells whether the last byte of some buffer is among the |len| bytes from
 * offset |off| on (PSH: SND-020, SND-022). off + len is at most |q|->len.
 */
bool tcp_sendq_has_end(struct tcp_sendq *q, uint32_t off, uint32_t len);

/* tcp_sendq_has_more() tells whether its owner said that more follows the last buffer. */
bool tcp_sendq_has_more(const struct tcp_sendq *q);

#endif
