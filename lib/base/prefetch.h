/* SPDX-License-Identifier: MIT */
#ifndef BASE_PREFETCH_H
#define BASE_PREFETCH_H

/*
 * base_prefetch() asks for the cache line of |p|, which need not be a valid address: what is read
 * soon, while something else is done meanwhile. It has no effect but on time.
 */
static inline void base_prefetch(const void *p)
{
#if defined(__GNUC__)
    __builtin_prefetch(p);
#else
    (void)p;
#endif
}

#endif
