/* SPDX-License-Identifier: MIT */
/*
 * Luggage: a connection of a conversation (support/conversation.h) moves, with an extension.
 */
#ifndef SUPPORT_LUGGAGE_H
#define SUPPORT_LUGGAGE_H

#include "support/conversation.h"

/* What goes along: the extension, and the bytes that it describes, in up to two buffers. */
struct t_luggage {
    struct toe_extension ext;
    struct toe_buf bufs[2];
    struct toe_sge sge[2];
    uint8_t *bytes;
    uint32_t len;
};

/*
 * t_luggage_pack() fills in what goes along with |c|, with the early bytes in two buffers if there
 * are more than |first_len|. |bytes| is to be freed by the caller.
 */
void t_luggage_pack(struct t_luggage *l, const struct t_conn *c, uint32_t first_len);

/* t_exported() is what tcp_export() says of |c|. */
struct toe_tcp_state t_exported(const struct t_conn *c);

/* t_reimport() makes |c| a fresh connection from |state|, with what it has in its queues. */
void t_reimport(struct t_conn *c, const struct toe_tcp_state *state);

/*
 * t_move() moves |c| with all it knows, and what went along into |l|. If the extension is taken, a
 * second export has to say the same as the first.
 */
enum tcp_extension_fate t_move(struct t_conn *c, struct t_luggage *l, uint32_t first_len);

#endif
