/* SPDX-License-Identifier: MIT */
#include "swarm/ration.h"

#include <stdlib.h>

static void *take(void *user, size_t size)
{
    struct emu_ration *ration = user;
    void *memory;

    if (ration->denied > 0) {
        if (ration->spare == 0) {
            --ration->denied;
            ++ration->denied_cnt;
            return NULL;
        }
        --ration->spare;
    }
    memory = malloc(size);
    if (memory != NULL) {
        ration->in_use += size;
        ration->peak = ration->in_use > ration->peak ? ration->in_use : ration->peak;
    }
    return memory;
}

static void give_back(void *user, void *memory, size_t size)
{
    struct emu_ration *ration = user;

    if (memory != NULL) {
        ration->in_use -= size;
        free(memory);
    }
}

struct toe_mem emu_ration_mem(struct emu_ration *ration)
{
    return (struct toe_mem){.user = ration, .alloc = take, .free = give_back};
}

void emu_ration_starve(struct emu_ration *ration, uint32_t spare, uint32_t cnt)
{
    ration->spare = spare;
    ration->denied = cnt;
}
