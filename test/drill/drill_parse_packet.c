/* SPDX-License-Identifier: MIT */
#include "drill_packet.h"
#include "drill_parse.h"

#include <netinet/tcp.h>
#include <string.h>

/* [noecn], [ect0], [ce], [tos 0xNN] or [ttl N], whose bracket is already taken. */
static bool take_ip(struct drill_parser *p, struct drill_packet *packet)
{
    static const char *const ecn[] = {"noecn", "ect1", "ect0", "ce"};
    uint64_t number = 0;

    for (uint8_t i = 0; i < 4; ++i) {
        if (drill_can_word(p, ecn[i])) {
            packet->ip = DRILL_IP_ECN;
            packet->tos = i;
            return drill_take_sign(p, ']');
        }
    }
    if (drill_can_word(p, "tos")) {
        packet->ip = DRILL_IP_TOS;
    } else if (drill_can_word(p, "ttl")) {
        packet->ip = DRILL_IP_TTL;
    } else {
        return drill_syntax(p, "noecn, ect0, ect1, ce, tos or ttl expected");
    }
    if (!drill_take_number(p, &number, UINT8_MAX)) {
        return false;
    }
    *(packet->ip == DRILL_IP_TOS ? &packet->tos : &packet->ttl) = (uint8_t)number;
    return drill_take_sign(p, ']');
}

static bool take_flags(struct drill_parser *p, struct drill_packet *packet)
{
    if (p->token.kind == DRILL_TOKEN_WORD) {
        for (size_t i = 0; i < p->token.len; ++i) {
            const uint8_t flag = drill_flag(p->token.text[i]);

            if (flag == 0 || (packet->flags & flag) != 0) {
                return drill_syntax(p, "flags expected, of SFPREWU");
            }
            packet->flags |= flag;
        }
        drill_next(p);
    }
    if (drill_can_sign(p, '.')) {
        packet->flags |= TH_ACK;
    }
    return packet->flags != 0 || drill_syntax(p, "flags expected, of SFPREWU and .");
}

/* FIRST:LAST(LEN) */
static bool take_seq(struct drill_parser *p, struct drill_packet *packet)
{
    uint32_t last = 0;
    uint64_t len = 0;

    if (!drill_take_u32(p, &packet->seq) || !drill_take_sign(p, ':') || !drill_take_u32(p, &last) ||
        !drill_take_sign(p, '(') || !drill_take_number(p, &len, DRILL_TEXT_MAX) ||
        !drill_take_sign(p, ')')) {
        return false;
    }
    packet->len = (uint32_t)len;
    return last - packet->seq == packet->len ||
           drill_syntax(p, "the sequence numbers before it do not fit the length");
}

static bool take_sack(struct drill_parser *p, struct drill_option *option)
{
    do {
        struct drill_block *block = &option->blocks[option->block_cnt];

        if (option->block_cnt == DRILL_SACK_MAX) {
            return drill_syntax(p, "more SACK blocks than fit");
        }
        if (!drill_take_u32(p, &block->first) || !drill_take_sign(p, ':') ||
            !drill_take_u32(p, &block->last)) {
            return false;
        }
        ++option->block_cnt;
    } while (p->token.kind == DRILL_TOKEN_NUMBER);
    return true;
}

static bool take_timestamps(struct drill_parser *p, struct drill_option *option)
{
    if (!drill_can_word(p, "val")) {
        return drill_syntax(p, "'val' expected");
    }
    if (!drill_take_u32(p, &option->value)) {
        return false;
    }
    if (!drill_can_word(p, "ecr")) {
        return drill_syntax(p, "'ecr' expected");
    }
    return drill_take_u32(p, &option->echo);
}

static bool take_option(struct drill_parser *p, struct drill_option *option)
{
    uint64_t number = 0;
    bool ok = true;

    *option = (struct drill_option){.kind = TCPOPT_NOP};
    if (drill_can_word(p, "nop")) {
        return true;
    }
    if (drill_can_word(p, "eol")) {
        option->kind = TCPOPT_EOL;
    } else if (drill_can_word(p, "sackOK")) {
        option->kind = TCPOPT_SACK_PERMITTED;
    } else if (drill_can_word(p, "mss")) {
        option->kind = TCPOPT_MAXSEG;
        ok = drill_take_number(p, &number, UINT16_MAX);
    } else if (drill_can_word(p, "wscale")) {
        option->kind = TCPOPT_WINDOW;
        ok = drill_take_number(p, &number, UINT8_MAX);
    } else if (drill_can_word(p, "TS")) {
        option->kind = TCPOPT_TIMESTAMP;
        return take_timestamps(p, option);
    } else if (drill_can_word(p, "sack")) {
        option->kind = TCPOPT_SACK;
        return take_sack(p, option);
    } else {
        return drill_syntax(p, "an option expected");
    }
    option->value = (uint32_t)number;
    return ok;
}

/* What follows <, and > behind it. */
static bool take_options(struct drill_parser *p, struct drill_packet *packet, bool arrives)
{
    if (!arrives && p->token.kind == DRILL_TOKEN_DOTS) {
        drill_next(p);
        packet->any_options = true;
        return drill_take_sign(p, '>');
    }
    do {
        if (packet->option_cnt == DRILL_OPTION_MAX) {
            return drill_syntax(p, "more options than fit");
        }
        if (!take_option(p, &packet->options[packet->option_cnt])) {
            return false;
        }
        ++packet->option_cnt;
    } while (drill_can_sign(p, ','));
    if (drill_options_len(packet) % 4 != 0 || drill_options_len(packet) > DRILL_OPTION_MAX) {
        return drill_syntax(p, "the options must be words of 4 bytes, 10 at most");
    }
    return drill_take_sign(p, '>');
}

/* What follows "icmp": its type, the limit, and in brackets the segment that it is about. */
static bool take_icmp(struct drill_parser *p, struct drill_packet *packet)
{
    uint64_t number = 0;

    if (drill_can_word(p, "packet_too_big")) {
        packet->kind = DRILL_TOO_BIG;
    } else if (drill_can_word(p, "unreachable") && drill_can_word(p, "frag_needed")) {
        packet->kind = DRILL_FRAG_NEEDED;
    } else {
        return drill_syntax(p, "'unreachable frag_needed' or 'packet_too_big' expected");
    }
    if (!drill_can_word(p, "mtu")) {
        return drill_syntax(p, "'mtu' expected");
    }
    if (!drill_take_number(p, &number, UINT16_MAX)) {
        return false;
    }
    packet->mtu = (uint32_t)number;
    return drill_take_sign(p, '[') && take_seq(p, packet) && drill_take_sign(p, ']');
}

bool drill_take_packet(struct drill_parser *p, struct drill_packet *packet, bool arrives)
{
    uint64_t number = 0;

    packet->ttl = UINT8_MAX;
    if (drill_can_sign(p, '[') && !take_ip(p, packet)) {
        return false;
    }
    if (arrives && drill_can_word(p, "icmp")) {
        return take_icmp(p, packet);
    }
    if (!take_flags(p, packet) || !take_seq(p, packet)) {
        return false;
    }
    if ((packet->flags & TH_ACK) != 0) {
        if (!drill_can_word(p, "ack")) {
            return drill_syntax(p, "'ack' expected");
        }
        if (!drill_take_u32(p, &packet->ack)) {
            return false;
        }
    }
    packet->has_window = drill_can_word(p, "win");
    if (packet->has_window) {
        if (!drill_take_number(p, &number, UINT16_MAX)) {
            return false;
        }
        packet->window = (uint16_t)number;
    } else if (arrives) {
        return drill_syntax(p, "'win' expected");
    }
    if (drill_can_word(p, "urg")) {
        if (!drill_take_number(p, &number, UINT16_MAX)) {
            return false;
        }
        packet->urgent = (uint16_t)number;
    }
    return !drill_can_sign(p, '<') || take_options(p, packet, arrives);
}
