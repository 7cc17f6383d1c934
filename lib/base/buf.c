/* SPDX-License-Identifier: MIT */
#include "toe/buf.h"

#include "base/assert.h"

#include <string.h>

void *toe_bus_map(const struct toe_bus *bus, uint64_t addr, uint32_t len)
{
    if (bus != NULL && bus->map != NULL) {
        return bus->map(bus->user, addr, len);
    }

    /* An address that no pointer can have is memory that is not there. */
    if ((uint64_t)(uintptr_t)addr != addr) {
        return NULL;
    }
    return (void *)(uintptr_t)addr;
}

uint64_t toe_bus_addr(const struct toe_bus *bus, const void *ptr, uint32_t len)
{
    if (bus != NULL && bus->addr != NULL) {
        return bus->addr(bus->user, ptr, len);
    }
    return (uint64_t)(uintptr_t)ptr;
}

bool toe_buf_is_sound(const struct toe_buf *buf)
{
    const uint64_t end = (uint64_t)buf->off + buf->len;
    uint64_t sum = 0;

    for (uint32_t i = 0; i < buf->sge_cnt && sum < end; ++i) {
        sum += buf->sge[i].len;
    }
    return sum >= end;
}

void toe_buf_advance(struct toe_buf *buf, uint32_t cnt)
{
    toe_assert(cnt <= buf->len);

    buf->off += cnt;
    buf->len -= cnt;
}

/* A walk over the list, from some byte of the data on. */
struct walk {
    const struct toe_sge *sge; /* the entry, */
    uint32_t skip;             /* where in it the walk goes on, */
    uint32_t left;             /* and how many bytes are still wanted */
};

static struct walk walk_from(const struct toe_buf *buf, uint32_t off, uint32_t len)
{
    struct walk w = {.sge = buf->sge, .left = len};

    toe_assert(off <= buf->len && len <= buf->len - off);

    /* The sum cannot wrap: off + len lies within the list. */
    w.skip = buf->off + off;
    while (len > 0 && w.skip >= w.sge->len) {
        w.skip -= w.sge->len;
        ++w.sge;
    }
    return w;
}

/*
 * walk_next() maps the next piece and stores its length, or returns NULL if it cannot be mapped.
 * There must be bytes left.
 */
static uint8_t *walk_next(struct walk *w, uint32_t *len, const struct toe_bus *bus)
{
    uint8_t *ptr;

    while (w->skip == w->sge->len) {
        w->skip = 0;
        ++w->sge;
    }
    *len = w->sge->len - w->skip;
    if (*len > w->left) {
        *len = w->left;
    }
    ptr = toe_bus_map(bus, w->sge->addr + w->skip, *len);
    w->skip += *len;
    w->left -= *len;
    return ptr;
}

bool toe_buf_read(const struct toe_buf *buf, void *dst, uint32_t off, uint32_t len,
                  const struct toe_bus *bus)
{
    struct walk w = walk_from(buf, off, len);
    uint8_t *out = dst;

    while (w.left > 0) {
        uint32_t cnt;
        const uint8_t *src = walk_next(&w, &cnt, bus);

        if (src == NULL) {
            return false;
        }
        memcpy(out, src, cnt);
        out += cnt;
    }
    return true;
}

bool toe_buf_write(struct toe_buf *buf, uint32_t off, const void *src, uint32_t len,
                   const struct toe_bus *bus)
{
    struct walk w = walk_from(buf, off, len);
    const uint8_t *in = src;

    while (w.left > 0) {
        uint32_t cnt;
        uint8_t *dst = walk_next(&w, &cnt, bus);

        if (dst == NULL) {
            return false;
        }
        memcpy(dst, in, cnt);
        in += cnt;
    }
    return true;
}
