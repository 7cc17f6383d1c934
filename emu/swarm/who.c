/* SPDX-License-Identifier: MIT */
#include "swarm/who.h"

#include <stdlib.h>

/* Names that are remembered; a power of two. When three quarters are used, no more are taken up. */
#define NAMES_CNT (1u << 16)

struct conn {
    uint8_t family;
    uint8_t opener;  /* machine */
    uint16_t port;   /* the opener's */
    uint32_t end[2]; /* by machine: the sequence number behind all that it has sent */
};

/* A handle of a target's, or the address of something of the host's. */
struct name {
    uint64_t key;
    uint32_t number; /* 0: the entry is free */
    uint8_t machine;
    bool is_handle;
};

struct emu_who {
    uint16_t port;
    uint32_t cnt;
    uint32_t cap;
    struct conn *conns; /* number n is at n - 1 */
    uint32_t name_cnt;
    struct name names[NAMES_CNT];
};

struct emu_who *emu_who_new(uint16_t port)
{
    struct emu_who *who = calloc(1, sizeof(*who));

    if (who != NULL) {
        who->port = port;
    }
    return who;
}

void emu_who_del(struct emu_who *who)
{
    if (who != NULL) {
        free(who->conns);
        free(who);
    }
}

/* --- names --- */

/* The entry of a name, or the free one where it would be. */
static uint32_t find(const struct emu_who *who, uint8_t machine, bool is_handle, uint64_t key)
{
    const uint64_t mixed = (key * 4 + machine * 2u + is_handle) * UINT64_C(0x9e3779b97f4a7c15);
    uint32_t at = (uint32_t)(mixed >> 32) % NAMES_CNT;

    while (who->names[at].number != 0 &&
           (who->names[at].key != key || who->names[at].machine != machine ||
            who->names[at].is_handle != is_handle)) {
        at = (at + 1) % NAMES_CNT;
    }
    return at;
}

static void name(struct emu_who *who, uint8_t machine, bool is_handle, uint64_t key,
                 uint32_t number)
{
    struct name *entry = &who->names[find(who, machine, is_handle, key)];

    if (number == 0 || (entry->number == 0 && who->name_cnt >= NAMES_CNT / 4 * 3)) {
        return;
    }
    who->name_cnt += entry->number == 0;
    *entry = (struct name){key, number, machine, is_handle};
}

uint32_t emu_who_handle(const struct emu_who *who, uint8_t idx, toe_handle handle)
{
    return who->names[find(who, idx, true, handle)].number;
}

static uint32_t of_address(const struct emu_who *who, uint8_t machine, const void *address)
{
    return who->names[find(who, machine, false, (uintptr_t)address)].number;
}

/* --- segments --- */

uint32_t emu_who_port(const struct emu_who *who, uint8_t family, uint16_t port)
{
    for (uint32_t i = who->cnt; i > 0; --i) {
        if (who->conns[i - 1].family == family && who->conns[i - 1].port == port) {
            return i;
        }
    }
    return 0;
}

static uint32_t begin(struct emu_who *who, uint8_t opener, const struct emu_segment *segment)
{
    if (who->cnt == who->cap) {
        const uint32_t cap = who->cap == 0 ? 64 : 2 * who->cap;
        struct conn *conns = realloc(who->conns, cap * sizeof(*conns));

        if (conns == NULL) {
            return 0;
        }
        who->conns = conns;
        who->cap = cap;
    }
    who->conns[who->cnt++] = (struct conn){.family = segment->tuple.local.family,
                                           .opener = opener,
                                           .port = segment->tuple.local_port,
                                           .end = {segment->seq, segment->seq}};
    return who->cnt;
}

uint32_t emu_who_segment(struct emu_who *who, uint8_t idx, const struct emu_segment *segment)
{
    const bool is_listeners = segment->tuple.local_port == who->port;
    const uint16_t port = is_listeners ? segment->tuple.remote_port : segment->tuple.local_port;
    const uint32_t end = emu_segment_end(segment);
    const bool is_first = (segment->flags & (EMU_TCP_SYN | EMU_TCP_ACK)) == EMU_TCP_SYN;
    uint32_t number = emu_who_port(who, segment->tuple.local.family, port);
    struct conn *conn = number != 0 ? &who->conns[number - 1] : NULL;

    /* A SYN that is sent again begins nothing. */
    if (is_first && (conn == NULL || conn->end[idx] != end)) {
        number = begin(who, idx, segment);
        conn = number != 0 ? &who->conns[number - 1] : NULL;
    }
    if (conn == NULL || (segment->flags & EMU_TCP_RST) != 0) {
        return number;
    }
    if ((segment->flags & EMU_TCP_SYN) != 0 || emu_seq_diff(end, conn->end[idx]) > 0) {
        conn->end[idx] = end;
    }
    return number;
}

/* --- calls and upcalls --- */

/* The last connection that machine |idx| may have the state |item| of. */
static uint32_t of_state(const struct emu_who *who, uint8_t idx, const struct toe_inter_item *item)
{
    for (uint32_t i = who->cnt; i > 0; --i) {
        const struct conn *conn = &who->conns[i - 1];

        /* What the other end has sent may not have arrived. */
        if (conn->end[idx] == item->snd_max &&
            emu_seq_diff(conn->end[1 - idx], item->rcv_nxt) >= 0) {
            return i;
        }
    }
    return 0;
}

/* A block of a tree. */
static uint32_t of_block(struct emu_who *who, uint8_t idx, enum toe_inter_op op,
                         const struct toe_inter_item *item)
{
    uint32_t number = item->role == TOE_ROLE_NEW ? 0 : emu_who_handle(who, idx, item->handle);

    if (item->layer != TOE_LAYER_TCP) {
        return 0;
    }
    if (op == TOE_INTER_INITIATE && item->has_state) {
        number = of_state(who, idx, item);
        name(who, idx, false, (uintptr_t)item->name, number);
    }
    if (op == TOE_INTER_INITIATE_COMPLETE) {
        number = of_address(who, idx, item->name);
        name(who, idx, true, item->handle, number);
    }
    return number != 0 ? number : of_address(who, idx, item->name);
}

uint64_t emu_who_record(struct emu_who *who, uint8_t idx, const struct toe_inter_record *record)
{
    const uint32_t cnt =
        record->item_cnt < TOE_INTER_ITEMS_MAX ? record->item_cnt : TOE_INTER_ITEMS_MAX;
    uint32_t number = record->handle != 0        ? emu_who_handle(who, idx, record->handle)
                      : record->host_object != 0 ? of_address(who, idx, record->host_object)
                                                 : 0;
    uint64_t bits = emu_who_bit(number);

    for (uint32_t i = 0; i < cnt; ++i) {
        const struct toe_inter_item *item = &record->items[i];

        if (item->layer != TOE_LAYER_NONE) {
            bits |= emu_who_bit(of_block(who, idx, record->op, item));
        } else if (number != 0) {
            name(who, idx, false, (uintptr_t)item->name, number);
        } else {
            bits |= emu_who_bit(of_address(who, idx, item->name));
        }
    }
    return bits;
}
