/* SPDX-License-Identifier: MIT */
/*
 * Saved connections: the complete state of a connection as bytes.
 *
 * What crosses the seam when a connection moves (toe/state.h) can also be written down: into a
 * file, to be looked at, compared and checked with `toe state`; or into a message, to be carried on
 * by another process (toe/host.h, "Moving between hosts"). A saved connection is whole: neighbor,
 * path and TCP state with the ticks they count in, the bytes that were sent and not acknowledged or
 * wait to be sent, those that were received and not taken, and the extension with what arrived out
 * of order. Everything in it is relative to the moment of saving, so clocks need not agree.
 *
 * The binary form, version 1. All integers are little-endian, nothing is aligned or padded:
 *
 *     8   89 54 4f 45 0d 0a 1a 0a: not a text, and damaged visibly where taken for one
 *     4   version, TOE_SAVED_VERSION
 *     8   length of it all in bytes, from the first to the last
 *     ..  sections
 *     8   SipHash-2-4 of all before, under the key 00 01 02 .. 0f
 *
 * The checksum is against accidents: it is no signature. A section is
 *
 *     2   tag, enum toe_saved_tag; ascending, so each occurs once at most
 *     2   flags: TOE_SAVED_OPTIONAL or 0
 *     4   length of what follows
 *     ..  its fields, one behind the other, in the order of toe_saved_field_next()
 *
 * CLOCK, NEIGHBOR, PATH, CONSTANT, CACHED and DELEGATED must be there. SEND and RECEIVED are there
 * unless they are empty, EXTENSION if there is one, EARLY if it has bytes; the last two are
 * optional. A section has exactly the fields of its version: what a later version adds comes in
 * sections of its own. Of those a reader does not know, it skips the optional ones and refuses the
 * others.
 *
 * The form is canonical: there is one way to write a connection down, and what was read and had no
 * unknown section is written again as the same bytes.
 *
 * The JSON form of `toe state` has the same sections as objects and the same fields by their names.
 */
#ifndef TOE_SAVED_H
#define TOE_SAVED_H

#include "toe/extension.h"
#include "toe/state.h"
#include "toe/status.h"
#include "toe/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TOE_SAVED_VERSION 1u

/* The first bytes of the binary form. */
#define TOE_SAVED_MAGIC "\x89TOE\r\n\x1a\n"
#define TOE_SAVED_MAGIC_LEN 8u

/* Sections, in the order in which they stand. */
enum toe_saved_tag {
    TOE_SAVED_CLOCK = 1,
    TOE_SAVED_NEIGHBOR = 2,
    TOE_SAVED_PATH = 3,
    TOE_SAVED_CONSTANT = 4,
    TOE_SAVED_CACHED = 5,
    TOE_SAVED_DELEGATED = 6,
    TOE_SAVED_EXTENSION = 7,
    TOE_SAVED_SEND = 16,
    TOE_SAVED_RECEIVED = 17,
    TOE_SAVED_EARLY = 18,
};

/* Flag of a section: a reader that does not know it may skip it. */
#define TOE_SAVED_OPTIONAL 0x1u

/* Bytes of a stream: borrowed, from what was read or from whoever saves. */
struct toe_saved_bytes {
    const uint8_t *data; /* NULL if there are none */
    uint32_t len;
};

/*
 * A saved connection. Of the states, the members that point to buffers or to the extension are
 * NULL, the backlog sizes zero. No pointer leads back into the structure: it can be copied.
 */
struct toe_saved {
    uint32_t size;                      /* sizeof(struct toe_saved) */
    uint32_t ticks_per_second;          /* of all that is in ticks: 10, 100 or 1000 */
    struct toe_neighbor_state neighbor; /* dst_mac all zero: not known */
    struct toe_path_state path;
    struct toe_tcp_state tcp;
    struct toe_extension extension;  /* version 0: there is none */
    struct toe_saved_bytes send;     /* from snd_una on: unacknowledged, then not sent yet */
    struct toe_saved_bytes received; /* up to rcv_nxt: acknowledged, and not taken yet */
    struct toe_saved_bytes early;    /* of all ranges of extension.early */
};

/* What is wrong with a saved connection. Both live for ever. */
struct toe_saved_fault {
    const char *field; /* "delegated.snd_nxt", or the section, or "file" */
    const char *rule;  /* what it must be: "must be from snd_una to snd_max" */
};

/*
 * toe_saved_write() writes |saved| and returns how many bytes that takes; nothing is written if
 * |room| is less. |bytes| may be NULL if |room| is zero. Returns 0 for what has no such form: a
 * list with more elements than its array.
 */
TOE_EXPORT size_t toe_saved_write(const struct toe_saved *saved, void *bytes, size_t room);

/*
 * toe_saved_read() reads what toe_saved_write() wrote. The streams in |saved| point into |bytes|,
 * which are borrowed as long as |saved| is used; no memory is taken. Any bytes may be given. What
 * was read has the right form; whether it makes sense is for toe_saved_check(). |fault|, which may
 * be NULL, is filled in unless it succeeds.
 *
 * TOE_STATUS_SUCCESS
 * TOE_STATUS_INVALID_LENGTH
 *     It ends too early or too late, as a whole or in a section.
 * TOE_STATUS_INVALID_DATA
 *     It is something else, or damaged: magic, checksum, sections that are missing or misplaced.
 * TOE_STATUS_NOT_SUPPORTED
 *     It has another version, or a section that is neither known nor optional.
 */
TOE_EXPORT toe_status toe_saved_read(struct toe_saved *saved, const void *bytes, size_t len,
                                     struct toe_saved_fault *fault);

/*
 * toe_saved_check() tells whether |saved| can be true of a connection: whether a host would take it
 * for one that lives (its state is one of those that can be offloaded) and no field contradicts
 * another. If not, |fault|, which may be NULL, says which field and what it would have to be.
 */
TOE_EXPORT bool toe_saved_check(const struct toe_saved *saved, struct toe_saved_fault *fault);

/* Fields: what a saved connection consists of, for who wants to show, compare or convert one. */

/* What a field is in the structure, and in the binary form. */
enum toe_saved_kind {
    TOE_SAVED_U8,         /* uint8_t */
    TOE_SAVED_U16,        /* uint16_t */
    TOE_SAVED_U32,        /* uint32_t */
    TOE_SAVED_TICKS,      /* uint32_t, of which UINT32_MAX stands for never */
    TOE_SAVED_U64,        /* uint64_t */
    TOE_SAVED_STATE,      /* enum toe_conn_state; 4 bytes */
    TOE_SAVED_CONGESTION, /* enum toe_congestion; 4 bytes */
    TOE_SAVED_MAC,        /* uint8_t[TOE_MAC_LEN] */
    TOE_SAVED_ADDR,       /* struct toe_addr: a byte of family and 16 of address */
    TOE_SAVED_RANGES,     /* struct toe_seq_range[]: 4 bytes of count, then 8 each */
    TOE_SAVED_RUNS,       /* struct toe_flight_run[]: 4 bytes of count, then 40 each */
    TOE_SAVED_STREAM,     /* struct toe_saved_bytes: the bytes; their section has nothing else */
};

struct toe_saved_field {
    const char *name; /* "delegated.rcv_nxt": section, and member of its structure */
    uint16_t tag;     /* enum toe_saved_tag */
    uint16_t kind;    /* enum toe_saved_kind */
    uint32_t off;     /* where it lies in struct toe_saved */
    uint32_t cnt_off; /* RANGES, RUNS: where its uint32_t count does */
    uint32_t cnt_max; /* RANGES, RUNS: elements of the array */
};

/* toe_saved_field_next() is the field behind |field|, the first one for NULL, NULL at the end. */
TOE_EXPORT const struct toe_saved_field *toe_saved_field_next(const struct toe_saved_field *field);

/* toe_saved_has() tells whether |saved| has a section |tag|: the first six always. */
TOE_EXPORT bool toe_saved_has(const struct toe_saved *saved, enum toe_saved_tag tag);

#ifdef __cplusplus
}
#endif

#endif
