/* SPDX-License-Identifier: MIT */
/*
 * The excused: rules that no scenario at the seam can show, each with the reason.
 */
#include "rules.h"

const struct cert_excuse cert_excuses[] = {
    {.rules = "SND-013 SND-016", .reason = "a duty of the host: the contract monitor checks it"},
    {.rules = "SND-015",
     .reason = "posts at the same time: here a target and its host belong to one thread"},
    {.rules = "SND-049", .reason = "about intermediate drivers, not about targets"},
    {.rules = NULL, .reason = NULL},
};
