/* SPDX-License-Identifier: MIT */
#include "rules.h"

#include <string.h>

static const struct {
    const char *id;
    const char *text;
} texts[] = {
#define RULE(id, text) {id, text},
#include "rule_texts.def"
#undef RULE
};

const char *cert_rule_text(const char *id)
{
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); ++i) {
        if (strcmp(texts[i].id, id) == 0) {
            return texts[i].text;
        }
    }
    return "";
}
