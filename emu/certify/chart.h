/* SPDX-License-Identifier: MIT */
/*
 * The chart: one ordered record of all that happened in a scenario.
 *
 * Calls down, upcalls, segments both ways, each with its instant. Expectations are matched against
 * it, invariants are checked on it, and when a scenario fails it is printed as a sequence chart. It
 * lies in memory that is shared with the parent process, so that it outlives a crash of the target.
 */
#ifndef CERTIFY_CHART_H
#define CERTIFY_CHART_H

#include "craft.h"
#include "toe/seam.h"

#include <stdio.h>

enum cert_kind {
    CERT_CALL,      /* host to target */
    CERT_COMPLETE,  /* of a buffer */
    CERT_TREE,      /* completion of a state operation */
    CERT_INDICATE,  /* received data offered */
    CERT_EVENT,     /* tcp_event() */
    CERT_NEIGHBOR,  /* neighbor_event() */
    CERT_STATUS,    /* status() */
    CERT_PASSED_UP, /* a frame on the ordinary path */
    CERT_SEG_OUT,   /* T> */
    CERT_SEG_IN,    /* P> */
    CERT_FRAME_OUT, /* another frame from the target */
    CERT_FRAME_IN,
    CERT_NOTE,
    CERT_KIND_CNT
};

/* What a call or completion was about. */
enum cert_op {
    CERT_SEND,
    CERT_RECEIVE,
    CERT_DISCONNECT,
    CERT_FORWARD,
    CERT_INITIATE,
    CERT_TERMINATE,
    CERT_UPDATE,
    CERT_QUERY,
    CERT_INVALIDATE,
    CERT_OP_CNT
};

#define CERT_NO_CONN UINT32_MAX
#define CERT_CHART_MAX 400000
#define CERT_TEXT_MAX 96

struct cert_entry {
    toe_instant at;
    enum cert_kind kind;
    enum cert_op op;   /* COMPLETE, TREE, CALL */
    uint32_t conn;     /* index, or CERT_NO_CONN */
    uint32_t run;      /* number of the run() it was in: equal for what happened together */
    bool taken;        /* by an expectation */
    toe_status status; /* COMPLETE, STATUS; INDICATE: the host's answer */
    uint32_t bytes;    /* COMPLETE: transferred; INDICATE: offered; PASSED_UP: the frame's length */
    uint32_t event;    /* EVENT */
    uint32_t info;     /* EVENT: its number; INDICATE: bytes consumed */
    const void *ref;   /* COMPLETE: the buffer; TREE: the block; NEIGHBOR: the host's name of it */
    struct {           /* SEG_*: the segment without payload and the rest of struct cert_seg */
        uint32_t seq, ack, len;
        uint32_t ts_val, ts_ecr;
        uint32_t sack[CERT_SACK_MAX][2];
        uint32_t flow_label;
        uint16_t wnd, ip_id, vlan_id;
        uint8_t flags, ttl, tos, priority;
        uint8_t sack_cnt;
        bool has_ts, has_vlan, has_snap;
        uint8_t dst_mac[TOE_MAC_LEN];
    } seg;
    char text[CERT_TEXT_MAX]; /* for people */
};

struct cert_chart {
    uint32_t cnt;     /* entries; beyond CERT_CHART_MAX nothing is recorded and |overflow| is set */
    uint8_t overflow; /* no bool: a child that scribbles leaves any byte here */
    toe_instant begin; /* what the chart calls 0 ms */
    struct cert_entry entries[CERT_CHART_MAX];
};

/* cert_chart_add() appends an entry and returns it (a scratch one if there is no more room). */
struct cert_entry *cert_chart_add(struct cert_chart *chart, enum cert_kind kind, toe_instant at,
                                  const char *format, ...) __attribute__((format(printf, 4, 5)));

/* cert_chart_print() prints the last |max| entries as a sequence chart, three lanes wide. */
void cert_chart_print(FILE *out, const struct cert_chart *chart, uint32_t max);

const char *cert_op_name(enum cert_op op);

#endif
