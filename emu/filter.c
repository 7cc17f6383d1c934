/* SPDX-License-Identifier: MIT */
#include "filter.h"

#include <ctype.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "option.h"

enum {
    SNAPLEN = 262144,
    IPV4_LEN = 20,
    IPV6_LEN = 40,
    TCP_LEN = 20,
    PROTOCOL_TCP = 6,
    TTL = 64,
    FLAG_ACK = 0x10,
    WORD_MAX = 64,
};

struct emu_filter {
    struct bpf_program program;
};

/* --- what a filter of connections may say --- */

static bool is_keyword(const char *word)
{
    static const char *const keywords[] = {"and", "or",   "not",       "tcp", "ip",  "ip6", "host",
                                           "net", "port", "portrange", "src", "dst", "mask"};

    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); ++i) {
        if (strcmp(keywords[i], word) == 0) {
            return true;
        }
    }
    return false;
}

/* "80", "80-90", "10", "10.1", "10.1.2.3/24" */
static bool is_number(const char *word)
{
    return strspn(word, "0123456789./-") == strlen(word);
}

/* An IPv6 address, maybe with a length behind it. */
static bool is_address(const char *word)
{
    char text[WORD_MAX];
    struct toe_addr addr;
    const size_t len = strcspn(word, "/");

    if (strchr(word, ':') == NULL || len >= sizeof(text)) {
        return false;
    }
    memcpy(text, word, len);
    text[len] = '\0';
    return emu_option_address(&addr, text) && addr.family == 6 &&
           (word[len] == '\0' || (word[len + 1] != '\0' && is_number(word + len + 1)));
}

/* Looks for the first word of |text| that may not be there; returns whether there is none. */
static bool is_allowed(const char *text, size_t *column, struct emu_error *error)
{
    const char *at = text;

    for (;;) {
        char word[WORD_MAX];
        size_t len;

        at += strspn(at, " \t()!&|");
        if (*at == '\0') {
            return true;
        }
        *column = (size_t)(at - text) + 1;
        len = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:/-");
        if (len == 0) {
            emu_error_set(error, EMU_EXIT_USAGE,
                          isprint((unsigned char)*at) ? "'%c' has no place in a filter of "
                                                        "connections"
                                                      : "no text",
                          *at);
            return false;
        }
        if (len < sizeof(word)) {
            memcpy(word, at, len);
            word[len] = '\0';
        }
        if (len >= sizeof(word) || (!is_keyword(word) && !is_number(word) && !is_address(word))) {
            emu_error_set(error, EMU_EXIT_USAGE,
                          "\"%.*s\" is no word for connections (names are not looked up)",
                          len < sizeof(word) ? (int)len : (int)sizeof(word) - 1, at);
            return false;
        }
        at += len;
    }
}

/* --- compiling --- */

static struct emu_filter *compile(const char *text, int link, struct emu_error *error)
{
    struct emu_filter *filter = calloc(1, sizeof(*filter));
    pcap_t *pcap = pcap_open_dead(link, SNAPLEN);

    if (filter == NULL || pcap == NULL) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "no memory for a filter");
    } else if (pcap_compile(pcap, &filter->program, text, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        emu_error_set(error, EMU_EXIT_USAGE, "the filter is not understood: %s", pcap_geterr(pcap));
    } else {
        pcap_close(pcap);
        return filter;
    }
    if (pcap != NULL) {
        pcap_close(pcap);
    }
    free(filter);
    return NULL;
}

struct emu_filter *emu_filter_frames(const char *text, struct emu_error *error)
{
    return compile(text, DLT_EN10MB, error);
}

struct emu_filter *emu_filter_connections(const char *text, size_t *column, struct emu_error *error)
{
    if (!is_allowed(text, column, error)) {
        return NULL;
    }
    *column = 1;
    return compile(text, DLT_RAW, error);
}

void emu_filter_del(struct emu_filter *filter)
{
    if (filter != NULL) {
        pcap_freecode(&filter->program);
        free(filter);
    }
}

/* --- asking --- */

/* |data| has |len| bytes of the |whole|. */
static bool has(const struct emu_filter *filter, const uint8_t *data, uint32_t len, uint32_t whole)
{
    const struct pcap_pkthdr header = {.caplen = len, .len = whole};

    return pcap_offline_filter(&filter->program, &header, data) != 0;
}

/* What lies behind |data| is payload, which is not looked at. */
bool emu_filter_has_frame(const struct emu_filter *filter, const struct toe_frame *frame)
{
    uint32_t whole = frame->len;

    for (uint32_t i = 0; i < frame->more_cnt; ++i) {
        whole += (uint32_t)frame->more[i].len;
    }
    return filter == NULL || has(filter, frame->data, frame->len, whole);
}

bool emu_filter_has_connection(const struct emu_filter *filter, const struct emu_tuple *tuple)
{
    uint8_t bytes[IPV6_LEN + TCP_LEN] = {0};
    const bool is_ipv4 = tuple->local.family == 4;
    const uint32_t ip_len = is_ipv4 ? IPV4_LEN : IPV6_LEN;
    uint8_t *tcp = bytes + ip_len;

    if (filter == NULL) {
        return true;
    }
    if (is_ipv4) {
        bytes[0] = 0x45;
        emu_put16(bytes + 2, IPV4_LEN + TCP_LEN);
        bytes[8] = TTL;
        bytes[9] = PROTOCOL_TCP;
        memcpy(bytes + 12, tuple->local.bytes, 4);
        memcpy(bytes + 16, tuple->remote.bytes, 4);
    } else {
        bytes[0] = 0x60;
        emu_put16(bytes + 4, TCP_LEN);
        bytes[6] = PROTOCOL_TCP;
        bytes[7] = TTL;
        memcpy(bytes + 8, tuple->local.bytes, 16);
        memcpy(bytes + 24, tuple->remote.bytes, 16);
    }
    emu_put16(tcp, tuple->local_port);
    emu_put16(tcp + 2, tuple->remote_port);
    tcp[12] = TCP_LEN / 4 << 4;
    tcp[13] = FLAG_ACK;
    return has(filter, bytes, ip_len + TCP_LEN, ip_len + TCP_LEN);
}
