/* SPDX-License-Identifier: MIT */
/*
 * Each scenario is a child process with a mapping shared with us, for the outcome and the chart,
 * and an alarm. So a target that crashes, hangs or exits takes only its own scenario down, and what
 * it did until then is still there to be shown.
 */
#include "runner.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECONDS_DEFAULT 10
#define CHART_SHOWN 60
#define JOBS_MAX 16

struct slot {
    struct cert_outcome *outcome;
    pid_t pid; /* 0: free */
    struct cert_case *one;
    struct timespec begin;
};

const char *cert_result_name(enum cert_result result)
{
    static const char *const names[] = {"running", "pass", "fail", "skip", "crash", "hang"};

    return names[result];
}

static void run_child(const struct cert_run *run, struct slot *slot)
{
    struct cert *c;

    (void)signal(SIGALRM, SIG_DFL);
    (void)alarm(slot->one->scenario->seconds != 0 ? slot->one->scenario->seconds : SECONDS_DEFAULT);
    c = cert_new(slot->outcome, run->plugin, slot->one->profile, run->seed);
    slot->one->scenario->run(c);
    cert_finish(c);
    _exit(0);
}

static bool start(const struct cert_run *run, struct slot *slot, struct cert_case *one)
{
    slot->one = one;
    slot->outcome->result = CERT_RUNNING;
    slot->outcome->text[0] = '\0';
    slot->outcome->violation[0] = '\0';
    slot->outcome->broken[0] = '\0';
    slot->outcome->chart.cnt = 0;
    slot->outcome->chart.overflow = false;
    (void)clock_gettime(CLOCK_MONOTONIC, &slot->begin);
    (void)fflush(NULL);
    slot->pid = fork();
    if (slot->pid == 0) {
        run_child(run, slot);
    }
    return slot->pid > 0;
}

static char *chart_text(const struct cert_chart *chart)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL) {
        return NULL;
    }
    cert_chart_print(out, chart, CHART_SHOWN);
    (void)fclose(out);
    return text;
}

/* What the child left behind, and how it ended, make the result. */
static void finish(struct slot *slot, int status)
{
    struct cert_case *one = slot->one;
    const struct cert_outcome *outcome = slot->outcome;
    struct timespec end;
    char text[1200];

    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    one->ms = (double)(end.tv_sec - slot->begin.tv_sec) * 1e3 +
              (double)(end.tv_nsec - slot->begin.tv_nsec) / 1e6;
    one->result = outcome->result;
    (void)snprintf(text, sizeof(text), "%s", outcome->text);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
        one->result = CERT_HUNG;
        (void)snprintf(text, sizeof(text), "it did not end in time: the target hangs");
    } else if (WIFSIGNALED(status)) {
        one->result = CERT_CRASHED;
        (void)snprintf(text, sizeof(text), "the target crashed: %s", strsignal(WTERMSIG(status)));
    } else if (outcome->result == CERT_RUNNING) {
        one->result = CERT_CRASHED;
        (void)snprintf(text, sizeof(text), "the target ended the process with status %d",
                       WEXITSTATUS(status));
    }
    if (one->result != CERT_PASSED) {
        one->text = strdup(text);
    }
    if (one->result != CERT_PASSED && one->result != CERT_SKIPPED) {
        one->chart = chart_text(&outcome->chart);
        one->broken = outcome->broken[0] != '\0' ? strdup(outcome->broken) : NULL;
    }
    slot->pid = 0;
}

static struct slot *wait_one(struct slot *slots, uint32_t cnt)
{
    for (;;) {
        int status = 0;
        const pid_t pid = waitpid(-1, &status, 0);

        for (uint32_t i = 0; pid > 0 && i < cnt; ++i) {
            if (slots[i].pid == pid) {
                finish(&slots[i], status);
                return &slots[i];
            }
        }
        if (pid < 0) {
            return NULL;
        }
    }
}

static uint32_t map_slots(struct slot *slots, uint32_t jobs)
{
    uint32_t cnt = 0;

    while (cnt < jobs && cnt < JOBS_MAX) {
        void *mem = mmap(NULL, sizeof(struct cert_outcome), PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        if (mem == MAP_FAILED) {
            break;
        }
        slots[cnt++].outcome = mem;
    }
    return cnt;
}

/* Tells of all cases that are done, in their order, from |from| on; returns where it stopped. */
static uint32_t tell(const struct cert_run *run, uint32_t from)
{
    while (from < run->case_cnt && run->cases[from].result != CERT_RUNNING) {
        run->done(run->user, &run->cases[from++]);
    }
    return from;
}

bool cert_run_all(struct cert_run *run)
{
    struct slot slots[JOBS_MAX] = {{.pid = 0}};
    const uint32_t cnt = map_slots(slots, run->jobs > 0 ? run->jobs : 1);
    uint32_t next = 0;
    uint32_t busy = 0;
    uint32_t told = 0;
    bool works = cnt > 0;

    while (works && (next < run->case_cnt || busy > 0)) {
        for (uint32_t i = 0; i < cnt && next < run->case_cnt && works; ++i) {
            if (slots[i].pid == 0) {
                works = start(run, &slots[i], &run->cases[next++]);
                ++busy;
            }
        }
        if (works && wait_one(slots, cnt) == NULL) {
            works = false;
        }
        --busy;
        told = tell(run, told);
    }
    for (uint32_t i = 0; i < cnt; ++i) {
        (void)munmap(slots[i].outcome, sizeof(struct cert_outcome));
    }
    return works;
}
