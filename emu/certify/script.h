/* SPDX-License-Identifier: MIT */
/*
 * Segments as text: what harness.h describes, parsed.
 */
#ifndef CERTIFY_SCRIPT_H
#define CERTIFY_SCRIPT_H

#include "craft.h"

enum {
    CERT_HAS_SEQ = 0x1,
    CERT_HAS_LEN = 0x2,
    CERT_HAS_ACK = 0x4,
    CERT_HAS_WND = 0x8,
    CERT_HAS_URG = 0x10,
    CERT_HAS_TS_VAL = 0x20,
    CERT_HAS_TS_ECR = 0x40,
    CERT_HAS_NO_TS = 0x80,
    CERT_HAS_SACK = 0x100,
    CERT_HAS_TTL = 0x200,
    CERT_HAS_TOS = 0x400,
    CERT_HAS_FLOW = 0x800,
    CERT_HAS_ID = 0x1000,
    CERT_HAS_VLAN = 0x2000,
    CERT_HAS_NO_VLAN = 0x4000,
    CERT_HAS_PRIO = 0x8000,
    CERT_HAS_MAC = 0x10000,
    CERT_HAS_TIME = 0x20000,
    CERT_HAS_DF = 0x40000,
    CERT_HAS_RESERVED = 0x80000,
};

struct cert_pattern {
    uint32_t has; /* CERT_HAS_*: fields of |seg| that were written */
    struct cert_seg seg;
    uint8_t flags_on;  /* CERT_FIN, ... that were written */
    uint8_t flags_off; /* written as "no..." */
    uint8_t mac;       /* last byte of the destination */
    double ms;         /* t= */
};

/* cert_script_parse() parses |text|; returns NULL, or the word it does not understand. */
const char *cert_script_parse(struct cert_pattern *pattern, const char *text);

#endif
