/* SPDX-License-Identifier: MIT */
#include "toe/drop.h"

const char *toe_drop_name(enum toe_drop drop)
{
    switch (drop) {
#define NAME(name, text)                                                                           \
    case TOE_DROP_##name:                                                                          \
        return #name;
        TOE_DROP_MAP(NAME)
#undef NAME
    case TOE_DROP_NONE:
        return "NONE";
    case TOE_DROP_CNT:
        break;
    }
    return "UNKNOWN";
}

const char *toe_drop_text(enum toe_drop drop)
{
    switch (drop) {
#define TEXT(name, text)                                                                           \
    case TOE_DROP_##name:                                                                          \
        return text;
        TOE_DROP_MAP(TEXT)
#undef TEXT
    case TOE_DROP_NONE:
        return "used";
    case TOE_DROP_CNT:
        break;
    }
    return "unknown reason";
}
