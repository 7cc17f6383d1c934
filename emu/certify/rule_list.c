/* SPDX-License-Identifier: MIT */
#include "rules.h"

#include <stdlib.h>
#include <string.h>

int cert_rule_find(const char *id, size_t len)
{
    for (uint32_t i = 0; i < cert_rule_cnt; ++i) {
        if (strlen(cert_rules[i].id) == len && memcmp(cert_rules[i].id, id, len) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* "SND-035..041": every rule that begins like the first and lies between the two numbers. */
static bool each_of_range(const char *word, size_t len, const char *dots,
                          void (*each)(void *user, uint32_t rule), void *user)
{
    const char *dash = memchr(word, '-', len);
    unsigned long first;
    unsigned long last;
    size_t prefix;
    bool any = false;

    for (const char *at = dash; at != NULL;
         at = memchr(at + 1, '-', len - (size_t)(at + 1 - word))) {
        dash = at;
    }
    if (dash == NULL || dash > dots) {
        return false;
    }
    prefix = (size_t)(dash + 1 - word);
    first = strtoul(dash + 1, NULL, 10);
    last = strtoul(dots + 2, NULL, 10);
    for (uint32_t i = 0; i < cert_rule_cnt; ++i) {
        const char *id = cert_rules[i].id;
        char *end = NULL;

        if (strncmp(id, word, prefix) == 0) {
            const unsigned long n = strtoul(id + prefix, &end, 10);

            if (end != id + prefix && n >= first && n <= last) {
                each(user, i);
                any = true;
            }
        }
    }
    return any;
}

bool cert_rule_each(const char *list, void (*each)(void *user, uint32_t rule), void *user)
{
    bool all = true;

    while (*list != '\0') {
        const size_t len = strcspn(list, " ");
        const char *dots = strstr(list, "..");

        if (len > 0 && dots != NULL && dots < list + len) {
            all &= each_of_range(list, len, dots, each, user);
        } else if (len > 0) {
            const int rule = cert_rule_find(list, len);

            if (rule >= 0) {
                each(user, (uint32_t)rule);
            }
            all &= rule >= 0;
        }
        list += len + strspn(list + len, " ");
    }
    return all;
}
