/* SPDX-License-Identifier: MIT */
/*
 * The runner: scenarios in processes of their own, some at a time, results in order.
 */
#ifndef CERTIFY_RUNNER_H
#define CERTIFY_RUNNER_H

#include "inside.h"
#include "suite.h"

struct cert_case {
    const struct cert_scenario *scenario;
    enum toe_profile profile;
    enum cert_result result;
    char *text;   /* what was expected and what came, the reason of a skip, or NULL */
    char *chart;  /* of what is not passed */
    char *broken; /* rules of an invariant that was broken, or NULL */
    double ms;    /* real time */
};

struct cert_run {
    const struct toe_certify_plugin *plugin;
    uint64_t seed;
    uint32_t jobs;
    struct cert_case *cases;
    uint32_t case_cnt;
    /* Called for each case, in their order, when it and all before are done. */
    void (*done)(void *user, const struct cert_case *one);
    void *user;
};

/* cert_run_all() runs all cases. Returns false if the system cannot. */
bool cert_run_all(struct cert_run *run);

const char *cert_result_name(enum cert_result result);

#endif
