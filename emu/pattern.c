/* SPDX-License-Identifier: MIT */
#include "pattern.h"

#include <string.h>

/* The eight bytes at |off|, a multiple of 8, as they lie in memory. */
static uint64_t word_at(uint64_t key, uint64_t off)
{
    uint64_t w = (key + off) * UINT64_C(0x9e3779b97f4a7c15);

    w = (w ^ w >> 31) * UINT64_C(0xd6e8feb86659fd93);
    w ^= w >> 32;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    w = __builtin_bswap64(w);
#endif
    return w;
}

/* Copies the bytes from |off| to the end of its word, at most |len|, and returns how many. */
static size_t fill_part(uint8_t *dst, size_t len, uint64_t key, uint64_t off)
{
    const size_t skip = off % 8;
    const size_t cnt = len < 8 - skip ? len : 8 - skip;
    const uint64_t w = word_at(key, off - skip);

    memcpy(dst, (const uint8_t *)&w + skip, cnt);
    return cnt;
}

void emu_pattern_fill(uint8_t *dst, size_t len, uint64_t key, uint64_t off)
{
    while (len > 0) {
        size_t cnt = 0;

        /* Whole words are most of it. */
        for (; off % 8 == 0 && len - cnt >= 8; cnt += 8) {
            const uint64_t w = word_at(key, off + cnt);

            memcpy(dst + cnt, &w, 8);
        }
        if (cnt == 0) {
            cnt = fill_part(dst, len, key, off);
        }
        dst += cnt;
        off += cnt;
        len -= cnt;
    }
}

/* Adds the wrong bytes of a piece to |wrong|. */
static size_t count_wrong(uint64_t *first, const uint8_t *src, const uint8_t *want, size_t len,
                          uint64_t off, size_t wrong)
{
    for (size_t i = 0; i < len; ++i) {
        if (src[i] == want[i]) {
            continue;
        }
        if (wrong == 0) {
            *first = off + i;
        }
        ++wrong;
    }
    return wrong;
}

/* How many of the |len| bytes at |src| are right, in whole words from |off| on, a multiple of 8. */
static size_t check_words(const uint8_t *src, size_t len, uint64_t key, uint64_t off)
{
    size_t cnt = 0;

    for (; len - cnt >= 8; cnt += 8) {
        uint64_t w;

        memcpy(&w, src + cnt, 8);
        if (w != word_at(key, off + cnt)) {
            break;
        }
    }
    return cnt;
}

size_t emu_pattern_check(uint64_t *first, const uint8_t *src, size_t len, uint64_t key,
                         uint64_t off)
{
    size_t wrong = 0;

    while (len > 0) {
        uint8_t want[8];
        size_t cnt = off % 8 == 0 ? check_words(src, len, key, off) : 0;

        if (cnt == 0) {
            cnt = fill_part(want, len, key, off);
            wrong = count_wrong(first, src, want, cnt, off, wrong);
        }
        src += cnt;
        off += cnt;
        len -= cnt;
    }
    return wrong;
}
