/* SPDX-License-Identifier: MIT */
/*
 * Chronicles: what a stress run was like, for a person who reads of it afterwards.
 *
 * A chronicle is told of a run while it lasts and changes nothing of it. However long that is, it
 * keeps no more than a page can show:
 *
 *   samples     the counters, at instants evenly apart; when there are too many, every second goes
 *   histograms  how long requests to offload and to upload took
 *   lives       of the connections that waited longest, and that were moved most
 *
 * A life is that of one end of a connection, the end that is counted in the result of the run.
 */
#ifndef EMU_CHRONICLE_H
#define EMU_CHRONICLE_H

#include "flow.h"
#include "histogram.h"
#include "stress.h"

enum {
    EMU_CHRONICLE_SAMPLES = 360,
    EMU_CHRONICLE_LIVES = 6, /* of each rank */
    EMU_LIFE_POINTS = 96,
};

/* The counters are as at the instant: rates are differences. */
struct emu_sample {
    toe_duration at;                 /* since the run began */
    uint32_t connections, offloaded; /* open; ends that are in a target */
    uint64_t bytes, offloads, uploads, failed, retransmitted, frames_lost, stalls;
};

struct emu_life_point {
    toe_duration at;
    uint64_t tx, rx; /* bytes of the stream, so far */
    bool is_offloaded;
};

struct emu_life {
    const char *machine;
    struct emu_flow_plan plan;
    bool is_opener;
    uint8_t family;
    uint16_t local_port, remote_port;
    toe_duration opened, ended; /* since the run began */
    const char *outcome;        /* in words, as "It ..." goes on */
    uint32_t offload_cnt, upload_cnt;
    bool is_offloaded;        /* now */
    toe_duration silence;     /* the longest time that nothing came or went for */
    toe_duration silence_at;  /* when it ended */
    uint32_t kept;            /* ranks that keep it */
    uint32_t stride, skipped; /* one point of |stride| is kept */
    uint32_t point_cnt;
    struct emu_life_point points[EMU_LIFE_POINTS];
    struct emu_life_point last; /* kept or not */
};

/* What lives are ranked by. Those that pause on purpose are not among those that waited. */
enum emu_life_rank {
    EMU_LIFE_WAITED, /* the longest silence */
    EMU_LIFE_MOVED,  /* offloads and uploads */
    EMU_LIFE_RANK_CNT,
};

struct emu_chronicle {
    toe_instant began;
    bool has_begun;
    toe_duration step, due; /* between two samples; when the next one is */
    uint32_t sample_cnt;
    struct emu_sample samples[EMU_CHRONICLE_SAMPLES];
    struct emu_histogram offload_time, upload_time; /* of requests, whatever came of them */
    struct emu_life *lives[EMU_LIFE_RANK_CNT][EMU_CHRONICLE_LIVES]; /* first in rank first */
    void *requests; /* under way: a tsearch() tree */
};

/* emu_chronicle_begin() says when the run began. Before it the chronicle is all zero. */
void emu_chronicle_begin(struct emu_chronicle *chronicle, toe_instant now);

/* emu_chronicle_is_due() tells whether a sample is due at |now|. */
bool emu_chronicle_is_due(const struct emu_chronicle *chronicle, toe_instant now);

/* emu_chronicle_sample() notes the counters of |result|, as of |now|. */
void emu_chronicle_sample(struct emu_chronicle *chronicle, const struct emu_stress_result *result,
                          toe_instant now);

/* emu_chronicle_record() is told of all calls and upcalls between a host and what it stands on. */
void emu_chronicle_record(struct emu_chronicle *chronicle, const struct toe_inter_record *record);

/*
 * emu_chronicle_open() begins the life of an end that is open, and whose |machine|, |is_opener|,
 * |family| and ports |like| tells. Returns NULL if memory is short, which the next two allow.
 */
struct emu_life *emu_chronicle_open(const struct emu_chronicle *chronicle,
                                    const struct emu_life *like, toe_instant now);

/* emu_life_note() says how many bytes of the stream it has sent and received. */
void emu_life_note(struct emu_life *life, const struct emu_chronicle *chronicle, uint64_t tx,
                   uint64_t rx, toe_instant now);

/* emu_life_move() says that it was offloaded, or uploaded. */
void emu_life_move(struct emu_life *life, const struct emu_chronicle *chronicle, bool is_offload,
                   toe_instant now);

/* emu_chronicle_close() ends |life|, which is freed unless it is among the first of a rank. */
void emu_chronicle_close(struct emu_chronicle *chronicle, struct emu_life *life,
                         const char *outcome);

/* emu_chronicle_fini() frees what |chronicle| holds. */
void emu_chronicle_fini(struct emu_chronicle *chronicle);

#endif
