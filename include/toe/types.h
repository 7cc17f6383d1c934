/* SPDX-License-Identifier: MIT */
/*
 * The small types that every other header uses: time, memory, addresses.
 *
 * Time. The library reads no clock: whoever calls it says what time it is. An instant counts
 * nanoseconds from an origin the caller chooses once (the start of a simulation, the boot of a
 * machine); it never goes back. A duration is a distance between two instants.
 */
#ifndef TOE_TYPES_H
#define TOE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* TOE_EXPORT marks what the shared library shows; lib/toe.symbols is the reviewed list. */
#if defined(__GNUC__)
#define TOE_EXPORT __attribute__((visibility("default")))
#else
#define TOE_EXPORT
#endif

typedef uint64_t toe_instant;  /* a point in time, in nanoseconds */
typedef uint64_t toe_duration; /* a span of time, in nanoseconds */

#define TOE_INSTANT_NEVER UINT64_MAX

#define TOE_NS_PER_US UINT64_C(1000)
#define TOE_NS_PER_MS UINT64_C(1000000)
#define TOE_NS_PER_SEC UINT64_C(1000000000)

/*
 * struct toe_mem is where an object takes its memory from. It is copied at creation; |user| must
 * stay valid as long as the object lives. alloc() may return NULL at any time: the library then
 * answers with a status and stays as it was. Memory need not be zeroed, and is aligned for any
 * type. free() is given the size that was asked for.
 */
struct toe_mem {
    void *user;
    void *(*alloc)(void *user, size_t size);
    void (*free)(void *user, void *ptr, size_t size);
};

/* An IP address in network byte order; an IPv4 address is the first four bytes, the rest zero. */
struct toe_addr {
    uint8_t family; /* 4, 6, or 0 for none */
    uint8_t bytes[16];
};

/* Length of an Ethernet address. */
#define TOE_MAC_LEN 6

/*
 * A handle names one object across the API: an index and a generation, so that a handle of an
 * object that is gone is recognised for ever. Zero names nothing.
 */
typedef uint64_t toe_handle;

#ifdef __cplusplus
}
#endif

#endif
