/* SPDX-License-Identifier: MIT */
#ifndef DRILL_SCRIPT_H
#define DRILL_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A script, as it is written: numbers are those of the script, not yet those of the connection.
 * doc/packetdrill.md has the language, which is a part of packetdrill's.
 */

#define DRILL_OPTION_MAX 40 /* no more fit into a header, were they of a byte each */
#define DRILL_SACK_MAX 4
#define DRILL_ARG_MAX 5
#define DRILL_ITEM_MAX 4
#define DRILL_FD_MAX 64
#define DRILL_IO_MAX (1u << 24)  /* bytes that one call moves */
#define DRILL_TEXT_MAX 65000u    /* bytes that one packet carries */
#define DRILL_TOLERANCE_US 4000u /* as packetdrill has it */

/* An option of TCP; |kind| is its number. */
struct drill_option {
    uint8_t kind;
    uint8_t block_cnt;
    uint32_t value; /* the MSS, the scale, the timestamp's value */
    uint32_t echo;
    struct drill_block {
        uint32_t first;
        uint32_t last;
    } blocks[DRILL_SACK_MAX];
};

enum drill_packet_kind {
    DRILL_TCP,
    DRILL_FRAG_NEEDED, /* ICMP */
    DRILL_TOO_BIG,     /* ICMPv6 */
};

/* What of the IP header a script speaks of. */
enum drill_ip {
    DRILL_IP_NOTHING,
    DRILL_IP_ECN,
    DRILL_IP_TOS,
    DRILL_IP_TTL,
};

/* A segment, or an error message about one. */
struct drill_packet {
    enum drill_packet_kind kind;
    enum drill_ip ip;
    uint8_t tos;
    uint8_t ttl;
    uint8_t flags; /* TH_* */
    bool has_window;
    bool any_options; /* <...> */
    uint32_t seq;
    uint32_t len;
    uint32_t ack;
    uint16_t window;
    uint16_t urgent;
    uint32_t mtu; /* of an error message */
    uint32_t option_cnt;
    struct drill_option options[DRILL_OPTION_MAX];
};

enum drill_arg_kind {
    DRILL_ANY,    /* ... */
    DRILL_NUMBER, /* or names, put together with | */
    DRILL_LIST,   /* [N] */
    DRILL_FIELDS, /* {NAME=N, ...}, or [{...}] */
};

struct drill_item {
    char name[12]; /* of a field */
    int64_t value;
};

struct drill_arg {
    enum drill_arg_kind kind;
    uint32_t cnt; /* of items; a number is the first */
    struct drill_item items[DRILL_ITEM_MAX];
};

/* One of the calls that drill_call.c can make. */
struct drill_call_type;

struct drill_call {
    const struct drill_call_type *type;
    struct drill_arg args[DRILL_ARG_MAX];
    int64_t result;
    int error; /* errno, or zero */
};

enum drill_event_kind {
    DRILL_ARRIVES,
    DRILL_LEAVES,
    DRILL_CALLS,
};

enum drill_when {
    DRILL_AFTER, /* the event before */
    DRILL_AT,    /* since the first event */
    DRILL_SOME_TIME,
};

struct drill_event {
    int line;
    enum drill_event_kind kind;
    enum drill_when when;
    int64_t from_us;
    int64_t to_us;
    bool blocks; /* a call that returns at |end_us|, which counts from where |from_us| does */
    int64_t end_us;
    struct drill_packet packet;
    struct drill_call call;
};

struct drill_script {
    const char *name; /* borrowed */
    char so_flags[1024];
    uint32_t tolerance_us;
    struct drill_event *events;
    size_t event_cnt;
};

/*
 * drill_script_parse() reads |text|, which ends with a NUL. On failure |script| is empty and
 * |error|, of |error_len| bytes, has one line without its end: "NAME:LINE: what".
 */
bool drill_script_parse(struct drill_script *script, const char *name, const char *text,
                        char *error, size_t error_len);
void drill_script_fini(struct drill_script *script);

#endif
