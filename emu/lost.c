/* SPDX-License-Identifier: MIT */
#include "lost.h"

#include <stdlib.h>

static bool is_same(const struct emu_lost_name *a, const struct emu_lost_name *b)
{
    return a->machine == b->machine && a->family == b->family && a->local_port == b->local_port &&
           a->remote_port == b->remote_port;
}

void emu_lost_add(struct emu_lost *lost, const struct emu_lost_name *name)
{
    (void)emu_lost_take(lost, name);
    if (lost->cnt == lost->cap) {
        lost->cap = lost->cap == 0 ? 64 : 2 * lost->cap;
        lost->names = realloc(lost->names, lost->cap * sizeof(*lost->names));
        if (lost->names == NULL) {
            abort();
        }
    }
    lost->names[lost->cnt++] = *name;
}

bool emu_lost_take(struct emu_lost *lost, const struct emu_lost_name *name)
{
    for (size_t i = 0; i < lost->cnt; ++i) {
        if (is_same(&lost->names[i], name)) {
            lost->names[i] = lost->names[--lost->cnt];
            return true;
        }
    }
    return false;
}

void emu_lost_fini(struct emu_lost *lost)
{
    free(lost->names);
    *lost = (struct emu_lost){0};
}
