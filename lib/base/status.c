/* SPDX-License-Identifier: MIT */
#include "toe/status.h"

const char *toe_status_name(toe_status status)
{
    switch (status) {
#define NAME(name, text)                                                                           \
    case TOE_STATUS_##name:                                                                        \
        return #name;
        TOE_STATUS_MAP(NAME)
#undef NAME
    default:
        return "UNKNOWN";
    }
}

const char *toe_status_text(toe_status status)
{
    switch (status) {
#define TEXT(name, text)                                                                           \
    case TOE_STATUS_##name:                                                                        \
        return text;
        TOE_STATUS_MAP(TEXT)
#undef TEXT
    default:
        return "unknown status";
    }
}
