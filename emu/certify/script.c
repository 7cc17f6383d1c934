/* SPDX-License-Identifier: MIT */
#include "script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool number(uint32_t *out, const char *text, char **end)
{
    const unsigned long long value = strtoull(text, end, 0);

    *out = (uint32_t)value;
    return *end != text;
}

/* "5000", "5000:6000", "5000+1000", "+1000" */
static bool parse_range(struct cert_pattern *pattern, const char *word)
{
    char *end = NULL;
    uint32_t last;

    if (*word == '+') {
        pattern->has |= CERT_HAS_LEN;
        return number(&pattern->seg.len, word + 1, &end) && *end == '\0';
    }
    if (!number(&pattern->seg.seq, word, &end)) {
        return false;
    }
    pattern->has |= CERT_HAS_SEQ | CERT_HAS_LEN;
    if (*end == '\0') {
        return true;
    }
    if (*end == '+') {
        return number(&pattern->seg.len, end + 1, &end) && *end == '\0';
    }
    if (*end != ':' || !number(&last, end + 1, &end)) {
        return false;
    }
    pattern->seg.len = last - pattern->seg.seq;
    return *end == '\0';
}

static bool parse_flag(struct cert_pattern *pattern, const char *word)
{
    static const struct {
        const char *name;
        uint8_t flag;
    } names[] = {
        {"FIN", CERT_FIN}, {"SYN", CERT_SYN}, {"RST", CERT_RST}, {"PSH", CERT_PSH},
        {"ACK", CERT_ACK}, {"URG", CERT_URG}, {"ECE", CERT_ECE}, {"CWR", CERT_CWR},
    };
    const bool off = strncmp(word, "no", 2) == 0;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); ++i) {
        if (strcmp(word + (off ? 2 : 0), names[i].name) == 0) {
            *(off ? &pattern->flags_off : &pattern->flags_on) |= names[i].flag;
            return true;
        }
    }
    return false;
}

static bool parse_word(struct cert_pattern *pattern, const char *word)
{
    struct cert_seg *seg = &pattern->seg;

    if (strcmp(word, "nots") == 0) {
        pattern->has |= CERT_HAS_NO_TS;
    } else if (strcmp(word, "novlan") == 0) {
        pattern->has |= CERT_HAS_NO_VLAN;
    } else if (strcmp(word, "badcsum") == 0) {
        seg->bad |= CERT_BAD_TCP_CSUM;
    } else if (strcmp(word, "badipcsum") == 0) {
        seg->bad |= CERT_BAD_IP_CSUM;
    } else if (strcmp(word, "badoffset") == 0) {
        seg->bad |= CERT_BAD_OFFSET;
    } else if (strcmp(word, "snap") == 0) {
        seg->has_snap = true;
    } else if (strcmp(word, "mf") == 0) {
        seg->mf = true;
    } else {
        return parse_flag(pattern, word);
    }
    return true;
}

static bool parse_ts(struct cert_pattern *pattern, const char *value)
{
    char *end = NULL;

    pattern->has |= CERT_HAS_TS_VAL;
    pattern->seg.has_ts = true;
    if (!number(&pattern->seg.ts_val, value, &end)) {
        return false;
    }
    if (*end == '/') {
        pattern->has |= CERT_HAS_TS_ECR;
        return number(&pattern->seg.ts_ecr, end + 1, &end) && *end == '\0';
    }
    return *end == '\0';
}

static bool parse_sack(struct cert_seg *seg, const char *value)
{
    char *end = NULL;

    for (seg->sack_cnt = 0; seg->sack_cnt < CERT_SACK_MAX; value = end + 1) {
        uint32_t *block = seg->sack[seg->sack_cnt++];

        if (!number(&block[0], value, &end) || *end != '-' || !number(&block[1], end + 1, &end)) {
            return false;
        }
        if (*end != ',') {
            break;
        }
    }
    return *end == '\0';
}

/* Puts the value of the |key|-th of the keys where it belongs. */
static void keep(struct cert_pattern *pattern, size_t key, uint32_t n)
{
    struct cert_seg *seg = &pattern->seg;

    switch (key) {
    case 0:
        seg->ack = n;
        break;
    case 1:
        seg->wnd = (uint16_t)n;
        break;
    case 2:
        seg->len = n;
        break;
    case 3:
        seg->urgent = (uint16_t)n;
        break;
    case 4:
        seg->ttl = (uint8_t)n;
        break;
    case 5:
        seg->tos = (uint8_t)n;
        break;
    case 6:
        seg->ip_id = (uint16_t)n;
        break;
    case 7:
        seg->flow_label = n;
        break;
    case 8:
        seg->has_vlan = true;
        seg->vlan_id = (uint16_t)n;
        break;
    case 9:
        seg->priority = (uint8_t)n;
        break;
    case 10:
        pattern->mac = (uint8_t)n;
        break;
    case 11:
        seg->frag_off = (uint16_t)n;
        break;
    case 12:
        seg->df = n != 0;
        break;
    case 13:
        seg->reserved = (uint8_t)n;
        break;
    default:
        seg->seq = n;
        break;
    }
}

static bool parse_key(struct cert_pattern *pattern, const char *key, const char *value)
{
    static const struct {
        const char *key;
        uint32_t has;
    } keys[] = {
        {"ack", CERT_HAS_ACK},   {"wnd", CERT_HAS_WND},           {"len", CERT_HAS_LEN},
        {"urg", CERT_HAS_URG},   {"ttl", CERT_HAS_TTL},           {"tos", CERT_HAS_TOS},
        {"id", CERT_HAS_ID},     {"flow", CERT_HAS_FLOW},         {"vlan", CERT_HAS_VLAN},
        {"prio", CERT_HAS_PRIO}, {"mac", CERT_HAS_MAC},           {"frag", 0},
        {"df", CERT_HAS_DF},     {"reserved", CERT_HAS_RESERVED}, {"seq", CERT_HAS_SEQ},
    };
    char *end = NULL;
    uint32_t n;
    size_t i = 0;

    if (strcmp(key, "t") == 0) {
        pattern->has |= CERT_HAS_TIME;
        pattern->ms = strtod(value, &end);
        return end != value && *end == '\0';
    }
    if (strcmp(key, "ts") == 0) {
        return parse_ts(pattern, value);
    }
    if (strcmp(key, "sack") == 0) {
        pattern->has |= CERT_HAS_SACK;
        return parse_sack(&pattern->seg, value);
    }
    while (i < sizeof(keys) / sizeof(keys[0]) && strcmp(keys[i].key, key) != 0) {
        ++i;
    }
    if (i == sizeof(keys) / sizeof(keys[0]) || !number(&n, value, &end) || *end != '\0') {
        return false;
    }
    pattern->has |= keys[i].has;
    keep(pattern, i, n);
    return true;
}

const char *cert_script_parse(struct cert_pattern *pattern, const char *text)
{
    static char copy[512];
    char *save = NULL;

    memset(pattern, 0, sizeof(*pattern));
    (void)snprintf(copy, sizeof(copy), "%s", text);
    for (char *word = strtok_r(copy, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save)) {
        char *equals = strchr(word, '=');
        bool known;

        if (equals != NULL) {
            *equals = '\0';
            known = parse_key(pattern, word, equals + 1);
        } else if ((*word >= '0' && *word <= '9') || *word == '+') {
            known = parse_range(pattern, word);
        } else {
            known = parse_word(pattern, word);
        }
        if (!known) {
            return word;
        }
    }
    return NULL;
}
