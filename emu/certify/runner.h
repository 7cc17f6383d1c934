/* SPDX-License-Identifier: MIT */
/*
 * The runner: scenarios in processes of their own, some at a time, results in order.
 *
 * A target may do anything: crash, exit, hang, write over all memory, allocate without end. Each
 * costs it one scenario. What costs time is bounded: patience is halved with each hang, and when
 * hang follows hang, nothing more is begun.
 */
#ifndef CERTIFY_RUNNER_H
#define CERTIFY_RUNNER_H

#include "inside.h"
#include "suite.h"

#define CERT_PATIENCE 10      /* seconds of computing that a scenario has, if it names no others */
#define CERT_MEMORY_MIB 2048  /* what a scenario may allocate */
#define CERT_HANGS_IN_ROW 30  /* after so many hangs in a row, or */
#define CERT_HANGS_IN_ALL 100 /* so many in all, the rest is not run */

struct cert_case {
    const struct cert_scenario *scenario;
    enum toe_profile profile;
    enum cert_result result; /* CERT_RUNNING: it was not run */
    char *text;              /* what was expected and what came, the reason of a skip, or NULL */
    char *chart;             /* of what is not passed */
    char *broken;            /* rules of an invariant that was broken, or NULL */
    double ms;               /* real time */
};

struct cert_run {
    const struct toe_certify_plugin *plugin;
    uint64_t seed;
    uint32_t jobs;
    uint32_t patience; /* seconds; 0: CERT_PATIENCE */
    bool stops;        /* nothing more is begun after a failure */
    struct cert_case *cases;
    uint32_t case_cnt;
    /* Called for each case, in their order, when it and all before are done. */
    void (*done)(void *user, const struct cert_case *one);
    /* Called several times a second; |oldest| runs longest. May be NULL. */
    void (*progress)(void *user, uint32_t done_cnt, const struct cert_case *oldest);
    void *user;

    /* To be read. */
    uint32_t hang_cnt;
    uint32_t hang_streak; /* since a scenario ended by itself */
    bool gave_up;         /* too many hangs, or |stops|: not all cases were run */
    int interrupted;      /* the signal that ended it all, or 0 */
};

/*
 * cert_run_all() runs all cases. SIGINT, SIGTERM and SIGHUP end it, with no process left behind.
 * Returns false if the system cannot start processes.
 */
bool cert_run_all(struct cert_run *run);

/* cert_cases_free() frees the texts of |cnt| cases, and |cases|. */
void cert_cases_free(struct cert_case *cases, uint32_t cnt);

const char *cert_result_name(enum cert_result result);

#endif
