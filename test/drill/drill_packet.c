/* SPDX-License-Identifier: MIT */
#include "drill_packet.h"

#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FLAG_ECE 0x40
#define FLAG_CWR 0x80
#define ECN_MASK 3

static const struct {
    char letter;
    uint8_t flag;
} flags[] = {
    {'S', TH_SYN},   {'F', TH_FIN},   {'P', TH_PUSH}, {'R', TH_RST},
    {'E', FLAG_ECE}, {'W', FLAG_CWR}, {'U', TH_URG},
};

#define FLAG_CNT (sizeof(flags) / sizeof(flags[0]))

uint8_t drill_flag(char letter)
{
    for (size_t i = 0; i < FLAG_CNT; ++i) {
        if (flags[i].letter == letter) {
            return flags[i].flag;
        }
    }
    return 0;
}

uint32_t drill_option_len(const struct drill_option *option)
{
    switch (option->kind) {
    case TCPOPT_EOL:
    case TCPOPT_NOP:
        return 1;
    case TCPOPT_MAXSEG:
        return 4;
    case TCPOPT_WINDOW:
        return 3;
    case TCPOPT_SACK:
        return 2 + 8 * (uint32_t)option->block_cnt;
    case TCPOPT_TIMESTAMP:
        return 10;
    default:
        return 2; /* SACK permitted */
    }
}

uint32_t drill_options_len(const struct drill_packet *packet)
{
    uint32_t len = 0;

    for (uint32_t i = 0; i < packet->option_cnt; ++i) {
        len += drill_option_len(&packet->options[i]);
    }
    return len;
}

static bool is_same_option(const struct drill_option *a, const struct drill_option *b)
{
    if (a->kind != b->kind || a->value != b->value || a->echo != b->echo ||
        a->block_cnt != b->block_cnt) {
        return false;
    }
    for (uint32_t i = 0; i < a->block_cnt; ++i) {
        if (a->blocks[i].first != b->blocks[i].first || a->blocks[i].last != b->blocks[i].last) {
            return false;
        }
    }
    return true;
}

static bool has_same_options(const struct drill_packet *a, const struct drill_packet *b)
{
    if (a->option_cnt != b->option_cnt) {
        return false;
    }
    for (uint32_t i = 0; i < a->option_cnt; ++i) {
        if (!is_same_option(&a->options[i], &b->options[i])) {
            return false;
        }
    }
    return true;
}

const char *drill_packet_differs(const struct drill_packet *want, const struct drill_packet *got)
{
    if (got->flags != want->flags) {
        return "flags";
    }
    if (got->seq != want->seq) {
        return "sequence number";
    }
    if (got->len != want->len) {
        return "length of the text";
    }
    if (got->ack != want->ack) {
        return "acknowledgment";
    }
    if (want->has_window && got->window != want->window) {
        return "window";
    }
    if (got->urgent != want->urgent) {
        return "urgent pointer";
    }
    if (!want->any_options && !has_same_options(want, got)) {
        return "options";
    }
    switch (want->ip) {
    case DRILL_IP_NOTHING:
        return NULL;
    case DRILL_IP_ECN:
        return ((got->tos ^ want->tos) & ECN_MASK) != 0 ? "ECN field" : NULL;
    case DRILL_IP_TOS:
        return got->tos != want->tos ? "type of service" : NULL;
    case DRILL_IP_TTL:
        return got->ttl != want->ttl ? "time to live" : NULL;
    }
    return NULL;
}

/* A line that grows. */
struct text {
    char *at;
    size_t room;
};

__attribute__((format(printf, 2, 3))) static void append(struct text *text, const char *format, ...)
{
    va_list args;
    int cnt;

    va_start(args, format);
    cnt = vsnprintf(text->at, text->room, format, args);
    va_end(args);
    if (cnt > 0) {
        const size_t len = (size_t)cnt < text->room ? (size_t)cnt : text->room - 1;

        text->at += len;
        text->room -= len;
    }
}

static void append_ip(struct text *text, const struct drill_packet *packet)
{
    static const char *const ecn[] = {"noecn", "ect1", "ect0", "ce"};

    switch (packet->ip) {
    case DRILL_IP_NOTHING:
        break;
    case DRILL_IP_ECN:
        append(text, "[%s] ", ecn[packet->tos & ECN_MASK]);
        break;
    case DRILL_IP_TOS:
        append(text, "[tos 0x%02x] ", packet->tos);
        break;
    case DRILL_IP_TTL:
        append(text, "[ttl %u] ", packet->ttl);
        break;
    }
}

static void append_option(struct text *text, const struct drill_option *option)
{
    switch (option->kind) {
    case TCPOPT_EOL:
        append(text, "eol");
        break;
    case TCPOPT_NOP:
        append(text, "nop");
        break;
    case TCPOPT_MAXSEG:
        append(text, "mss %u", option->value);
        break;
    case TCPOPT_WINDOW:
        append(text, "wscale %u", option->value);
        break;
    case TCPOPT_SACK_PERMITTED:
        append(text, "sackOK");
        break;
    case TCPOPT_TIMESTAMP:
        append(text, "TS val %u ecr %u", option->value, option->echo);
        break;
    case TCPOPT_SACK:
        append(text, "sack");
        for (uint32_t i = 0; i < option->block_cnt; ++i) {
            append(text, " %u:%u", option->blocks[i].first, option->blocks[i].last);
        }
        break;
    default:
        append(text, "kind %u", option->kind);
        break;
    }
}

void drill_packet_format(char *buffer, size_t len, const struct drill_packet *packet)
{
    struct text text = {.at = buffer, .room = len};

    append_ip(&text, packet);
    for (size_t i = 0; i < FLAG_CNT; ++i) {
        if ((packet->flags & flags[i].flag) != 0) {
            append(&text, "%c", flags[i].letter);
        }
    }
    append(&text, "%s %u:%u(%u)", (packet->flags & TH_ACK) != 0 ? "." : "", packet->seq,
           packet->seq + packet->len, packet->len);
    if ((packet->flags & TH_ACK) != 0) {
        append(&text, " ack %u", packet->ack);
    }
    if (packet->has_window) {
        append(&text, " win %u", packet->window);
    }
    if (packet->urgent != 0) {
        append(&text, " urg %u", packet->urgent);
    }
    if (packet->any_options) {
        append(&text, " <...>");
    }
    for (uint32_t i = 0; i < packet->option_cnt; ++i) {
        append(&text, i == 0 ? " <" : ",");
        append_option(&text, &packet->options[i]);
    }
    if (packet->option_cnt > 0) {
        append(&text, ">");
    }
}
