/* SPDX-License-Identifier: MIT */
/*
 * Buffers: how payload crosses the seam.
 *
 * A buffer is one request to send, to receive, to forward or to disconnect, or one portion of
 * received data on its way up. It is a scatter-gather list of *bus* addresses, 64 bits wide, as a
 * device would see them; struct toe_bus turns them into pointers. Of the memory the list describes,
 * |len| bytes from byte |off| on are the data: what is to be sent, or the room that is to be
 * filled. Entries of length zero, and room before and after the data, are all legal; the data must
 * lie within the list (off + len <= the sum of the lengths).
 *
 * Progress moves the start of the data: when a buffer comes back, |transferred| bytes were sent and
 * acknowledged (or filled), |off| has grown and |len| has shrunk by just that much. So what is left
 * is always described exactly, and a request can be given to somebody else to go on with.
 *
 * Ownership. Whoever posts a buffer lends it, the list and the memory until the completion; in the
 * meantime nobody else touches any of the three. The target uses |reserved| as it likes while it
 * has the buffer, and never the |owner_data|.
 */
#ifndef TOE_BUF_H
#define TOE_BUF_H

#include "toe/status.h"
#include "toe/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One piece of memory, by its bus address. */
struct toe_sge {
    uint64_t addr;
    uint32_t len;
    uint32_t reserved; /* zero */
};

enum {
    /* receive: complete only when full; PSH and the push timer do not apply. */
    TOE_BUF_NO_PUSH = 0x1,
    /* buffered data: the bytes are urgent. */
    TOE_BUF_URGENT = 0x2,
    /* forward: the segment came with a congestion mark (CE). */
    TOE_BUF_CE = 0x4,
    /* send: more bytes of the request follow soon, so the last of these need no PSH; a hint. */
    TOE_BUF_MORE = 0x8,
};

/* Invariant: off + len is at most the sum of the entries' lengths (toe_buf_is_sound()). */
struct toe_buf {
    struct toe_buf *next;      /* chain of buffers in one call, in order; NULL ends it */
    const struct toe_sge *sge; /* the list */
    uint32_t sge_cnt;
    uint32_t off;         /* where the data starts, in bytes from the start of the list */
    uint32_t len;         /* bytes of data or room from there */
    toe_status status;    /* written before the completion */
    uint32_t transferred; /* written before the completion: bytes acknowledged, or filled */
    uint32_t placed;      /* receive: bytes the host put in front itself; non-zero arms the timer */
    uint32_t flags;       /* TOE_BUF_* */
    uint64_t reserved[4]; /* the target's while it has the buffer */
    void *owner_data[2];  /* the owner's, never touched by anybody else */
};

/*
 * struct toe_bus is the address space that buffers speak of. It is copied at creation of a host or
 * target; a NULL function means that a bus address is the pointer's value.
 */
struct toe_bus {
    void *user;
    /* map() gives the |len| bytes at |addr| as a pointer, or NULL where there is no such memory. */
    void *(*map)(void *user, uint64_t addr, uint32_t len);
    /* addr() is the bus address of the |len| bytes at |ptr|. */
    uint64_t (*addr)(void *user, const void *ptr, uint32_t len);
};

/* toe_bus_map() maps by |bus|, which may be NULL for the identity. */
TOE_EXPORT void *toe_bus_map(const struct toe_bus *bus, uint64_t addr, uint32_t len);

/* toe_bus_addr() is the bus address of |ptr|. */
TOE_EXPORT uint64_t toe_bus_addr(const struct toe_bus *bus, const void *ptr, uint32_t len);

/* toe_buf_is_sound() tells whether the data of |buf| lies within its list. */
TOE_EXPORT bool toe_buf_is_sound(const struct toe_buf *buf);

/* toe_buf_advance() moves the start of the data by |cnt| bytes, at most |len|. */
TOE_EXPORT void toe_buf_advance(struct toe_buf *buf, uint32_t cnt);

/*
 * toe_buf_read() copies |len| bytes of the data of |buf|, from byte |off| of the data on, to |dst|.
 * Returns false, with |dst| undefined, if a part of them cannot be mapped. off + len must not
 * exceed the length of the data.
 */
TOE_EXPORT bool toe_buf_read(const struct toe_buf *buf, void *dst, uint32_t off, uint32_t len,
                             const struct toe_bus *bus);

/* toe_buf_write() is the opposite: it copies |len| bytes from |src| into the data of |buf|. */
TOE_EXPORT bool toe_buf_write(struct toe_buf *buf, uint32_t off, const void *src, uint32_t len,
                              const struct toe_bus *bus);

#ifdef __cplusplus
}
#endif

#endif
