/* SPDX-License-Identifier: MIT */
/*
 * Benchmarks: what they share.
 *
 * A benchmark measures something of ours and something else it is held against, in turns, in one
 * run; what counts is the ratio, since figures of two days, or of two machines, do not compare. The
 * *unit* is such a thing that every machine has: memcpy() plus checksum of 1460 bytes.
 */
#ifndef EMU_BENCH_H
#define EMU_BENCH_H

#include <jansson.h>

#include "error.h"
#include "toe/types.h"

#define EMU_BENCH_ROUNDS_MAX 99

/* What there is to do, for those of the peers that can do it too. */
struct emu_bench_job {
    enum emu_bench_job_kind {
        EMU_BENCH_BULK,    /* data on one connection; a piece is a segment of |mss| bytes */
        EMU_BENCH_REQUEST, /* 64 bytes and 64 back on each of |connections|; a piece is both */
        EMU_BENCH_CONNECT, /* a connection made and ended; a piece is a connection */
    } kind;
    uint32_t connections; /* in all; of EMU_BENCH_CONNECT: others that are open or in TIME-WAIT */
    uint32_t mss;
    bool super; /* whole segments need not be made of the data, nor checksums */
};

/*
 * What ours is held against. open() prepares for |job|, run() does a turn of it and returns what a
 * piece took, in nanoseconds, or a negative number if it failed, close() cleans up. Where open()
 * returns NULL |error| tells why: with EMU_EXIT_ENVIRONMENT the peer can do nothing here, with
 * EMU_EXIT_USAGE not this job. about() describes the peer in |text|. The unit has run() only.
 */
struct emu_bench_peer {
    const char *name;
    void *(*open)(const struct emu_bench_job *job, struct emu_error *error);
    double (*run)(void *user);
    void (*close)(void *user);
    void (*about)(char *text, size_t size);
};

extern const struct emu_bench_peer emu_bench_peer_unit;
extern const struct emu_bench_peer emu_bench_peer_lwip;
extern const struct emu_bench_peer emu_bench_peer_linux;

/* What is measured in turns with the unit and, if it is a |job| of theirs, the peers. */
struct emu_bench_figure {
    const char *name; /* "bulk-mss1460" */
    const char *unit; /* "ns/segment": less is better */
    double (*ours)(void *user);
    void *user;
    const struct emu_bench_job *job; /* NULL: the unit is its only peer */
};

/*
 * What was not measured in turns: virtual time has no noise but the seed's, and what it is held
 * against is published, or a bound. So is memory, which is counted. More is better, or less.
 */
struct emu_bench_result {
    const char *name;
    const char *unit;
    double *values; /* one for each seed, |cnt| of them; sorted when told */
    uint32_t cnt;
    const char *peer;
    double peer_value;
    bool is_less_better;
};

/* One benchmark: it prepares itself, hands its figures to |measure|, and cleans up. */
struct emu_bench;

struct emu_bench_entry {
    const char *name;
    const char *summary;
    bool (*run)(struct emu_bench *bench, struct emu_error *error);
};

/* The benchmarks, ended by one without a name. */
extern const struct emu_bench_entry emu_bench_entries[];

/* emu_bench_measure() measures |figure| and tells the result. */
void emu_bench_measure(struct emu_bench *bench, const struct emu_bench_figure *figure);

/*
 * emu_bench_tell() tells |result|, and returns the median. |more| is merged into the object, and is
 * the function's from now on; |note| ends the line.
 */
double emu_bench_tell(struct emu_bench *bench, const struct emu_bench_result *result, json_t *more,
                      const char *note);

/*
 * emu_bench_tell_absence() tells that |name| is not measured beside |peer|, and why. If nothing is
 * measured at all that is what the command ends with.
 */
void emu_bench_tell_absence(struct emu_bench *bench, const char *name, const char *peer,
                            const struct emu_error *error);

/* emu_bench_is_wanted() tells whether the figure |name| was asked for, emu_bench_rounds() how many
 * measurements of each. */
bool emu_bench_is_wanted(const struct emu_bench *bench, const char *name);
uint32_t emu_bench_rounds(const struct emu_bench *bench);

/* emu_bench_median() sorts the |cnt| |values| and returns the one in the middle. */
double emu_bench_median(double *values, uint64_t cnt);

/* emu_bench_fault() says that something is not as it is to be: the command will exit with that. */
void emu_bench_fault(struct emu_bench *bench);

/* emu_bench_is_over() tells whether the user wants no more. */
bool emu_bench_is_over(const struct emu_bench *bench);

/*
 * emu_bench_now() is the clock, in nanoseconds: the processor time of this thread, so that what
 * else runs on the machine is not counted.
 */
double emu_bench_now(void);

/* The benchmarks themselves. */
bool emu_bench_bulk(struct emu_bench *bench, struct emu_error *error);
bool emu_bench_request(struct emu_bench *bench, struct emu_error *error);
bool emu_bench_offload(struct emu_bench *bench, struct emu_error *error);
bool emu_bench_move(struct emu_bench *bench, struct emu_error *error);
bool emu_bench_memory(struct emu_bench *bench, struct emu_error *error);
bool emu_bench_million(struct emu_bench *bench, struct emu_error *error);
bool emu_bench_connect(struct emu_bench *bench, struct emu_error *error);
bool emu_bench_demux(struct emu_bench *bench, struct emu_error *error);
bool emu_bench_timers(struct emu_bench *bench, struct emu_error *error);
bool emu_bench_cores(struct emu_bench *bench, struct emu_error *error);
bool emu_bench_sim(struct emu_bench *bench, struct emu_error *error);
bool emu_bench_loss(struct emu_bench *bench, struct emu_error *error);
bool emu_bench_congestion(struct emu_bench *bench, struct emu_error *error);
bool emu_bench_loss_wide(struct emu_bench *bench, struct emu_error *error);
bool emu_bench_nic(struct emu_bench *bench, struct emu_error *error);

#endif
