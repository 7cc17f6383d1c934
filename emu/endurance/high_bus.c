/* SPDX-License-Identifier: MIT */
#include "endurance/high_bus.h"

/* Pointers of programs use 57 bits at most; all addresses have the one above. */
#define BASE (UINT64_C(1) << 62)

static void *map(void *user, uint64_t addr, uint32_t len)
{
    struct emu_high_bus *counts = user;

    (void)len;
    if ((addr & BASE) == 0) {
        ++counts->wrong;
        return NULL;
    }
    ++counts->mapped;
    return (void *)(uintptr_t)(addr - BASE);
}

static uint64_t addr_of(void *user, const void *ptr, uint32_t len)
{
    (void)user;
    (void)len;
    return (uint64_t)(uintptr_t)ptr + BASE;
}

struct toe_bus emu_high_bus(struct emu_high_bus *counts)
{
    return (struct toe_bus){.user = counts, .map = map, .addr = addr_of};
}
