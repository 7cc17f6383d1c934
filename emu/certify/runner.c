/* SPDX-License-Identifier: MIT */
/*
 * Each scenario is a child process with a mapping shared with us, for the outcome and the chart. So
 * a target that crashes, hangs or exits takes only its own scenario down, and what it did until
 * then is still there to be shown.
 *
 * Nothing the child says is believed: it may have written anything into the mapping. Nor is it left
 * to the child to end: we look at its clock of computing time, which a busy machine does not drive,
 * and kill it with all its descendants. Signals are taken by waiting for them, so there is no
 * handler and nothing to be interrupted.
 */
#include "runner.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHART_SHOWN 60
#define JOBS_MAX 16
#define HALVINGS_MAX 4      /* of the patience; a sixteenth is the least */
#define HALVINGS_MAX_LONG 2 /* of a scenario that is known to be long */
#define WALL_FACTOR 30      /* real time for computing time: others compute, too */
#define LOOK_EVERY_MS 50    /* at the clocks */
#define IDLE_MIN TOE_NS_PER_SEC
#define MIB (1024 * 1024)

struct slot {
    struct cert_outcome *outcome;
    pid_t pid; /* 0: free */
    struct cert_case *one;
    toe_instant begin;
    toe_duration patience;
    toe_duration computed; /* when we last looked */
    toe_instant moved;     /* when that last changed */
    const char *hangs;     /* why we killed it, or NULL */
};

const char *cert_result_name(enum cert_result result)
{
    static const char *const names[] = {"not run", "pass", "fail", "skip", "crash", "hang"};

    return names[result];
}

void cert_cases_free(struct cert_case *cases, uint32_t cnt)
{
    for (uint32_t i = 0; i < cnt; ++i) {
        free(cases[i].text);
        free(cases[i].chart);
        free(cases[i].broken);
    }
    free(cases);
}

static toe_instant clock_now(clockid_t clock)
{
    struct timespec now = {.tv_sec = 0};

    (void)clock_gettime(clock, &now);
    return (toe_instant)now.tv_sec * TOE_NS_PER_SEC + (toe_instant)now.tv_nsec;
}

/* --- in the child --- */

/* Memory beyond what is mapped already: a sanitizer's shadow is far more than any limit. */
static void limit_memory(void)
{
    unsigned long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");

    if (statm != NULL && fscanf(statm, "%lu", &pages) == 1) {
        const rlim_t size =
            (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + (rlim_t)CERT_MEMORY_MIB * MIB;

        (void)setrlimit(RLIMIT_AS, &(struct rlimit){.rlim_cur = size, .rlim_max = size});
    }
    if (statm != NULL) {
        (void)fclose(statm);
    }
}

/* What the target prints goes to stderr: stdout is the report's. */
static void redirect(void)
{
    const int null = open("/dev/null", O_RDWR);

    if (null >= 0) {
        (void)dup2(null, STDIN_FILENO);
        (void)close(null);
    }
    (void)dup2(STDERR_FILENO, STDOUT_FILENO);
}

/* A target that writes over all memory is to reach its own outcome only, not those of others. */
static void hide_others(const struct slot *slots, uint32_t cnt, const struct slot *own)
{
    for (uint32_t i = 0; i < cnt; ++i) {
        if (&slots[i] != own) {
            (void)munmap(slots[i].outcome, sizeof(struct cert_outcome));
        }
    }
}

static void run_child(const struct cert_run *run, struct slot *slot, const sigset_t *mask)
{
    struct cert *c;

    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)sigprocmask(SIG_SETMASK, mask, NULL);
    if (run->case_cnt > 1) {
        (void)setrlimit(RLIMIT_CORE, &(struct rlimit){.rlim_cur = 0, .rlim_max = 0});
    }
    limit_memory();
    redirect();
    c = cert_new(slot->outcome, run->plugin, slot->one->profile, run->seed);
    slot->one->scenario->run(c);
    cert_finish(c);
    _exit(0);
}

/* --- in the parent --- */

static toe_duration patience(const struct cert_run *run, const struct cert_scenario *scenario)
{
    const uint32_t scale = run->patience != 0 ? run->patience : CERT_PATIENCE;
    const uint32_t most = scenario->seconds != 0 ? HALVINGS_MAX_LONG : HALVINGS_MAX;
    const uint32_t halvings = run->hang_cnt < most ? run->hang_cnt : most;
    const uint32_t seconds = scenario->seconds != 0 ? scenario->seconds : CERT_PATIENCE;

    return seconds * TOE_NS_PER_SEC / CERT_PATIENCE * scale >> halvings;
}

/* Starts |one| in |slot|, one of the |cnt| |slots|. */
static bool start(const struct cert_run *run, struct slot *slot, const struct slot *slots,
                  uint32_t cnt, struct cert_case *one, const sigset_t *mask)
{
    slot->one = one;
    slot->outcome->result = CERT_RUNNING;
    slot->outcome->call = CERT_CALL_NONE;
    slot->outcome->runs = 0;
    slot->outcome->text[0] = '\0';
    slot->outcome->violation[0] = '\0';
    slot->outcome->broken[0] = '\0';
    slot->outcome->chart.cnt = 0;
    slot->outcome->chart.overflow = 0;
    slot->begin = clock_now(CLOCK_MONOTONIC);
    slot->patience = patience(run, one->scenario);
    slot->computed = 0;
    slot->moved = slot->begin;
    slot->hangs = NULL;
    (void)fflush(NULL);
    slot->pid = fork();
    if (slot->pid == 0) {
        hide_others(slots, cnt, slot);
        run_child(run, slot, mask);
    }
    if (slot->pid < 0) {
        slot->pid = 0;
        return false;
    }
    (void)setpgid(slot->pid, slot->pid);
    return true;
}

/* Everything of a scenario, whatever it may have started. */
static void kill_all(const struct slot *slot)
{
    (void)kill(-slot->pid, SIGKILL);
    (void)kill(slot->pid, SIGKILL);
}

static void look_at_clock(struct slot *slot, toe_instant now)
{
    const toe_duration least = slot->patience / 4;
    const toe_duration idle = least > IDLE_MIN ? least : IDLE_MIN;
    clockid_t clock;

    if (slot->hangs != NULL || clock_getcpuclockid(slot->pid, &clock) != 0) {
        return;
    }
    if (clock_now(clock) > slot->computed + TOE_NS_PER_MS) {
        slot->computed = clock_now(clock);
        slot->moved = now;
    }
    if (slot->computed > slot->patience) {
        slot->hangs = "it computes without end";
    } else if (now - slot->moved > idle) {
        slot->hangs = "it waits for something; a target must not block";
    } else if (now - slot->begin > WALL_FACTOR * slot->patience) {
        slot->hangs = "it takes for ever";
    }
    if (slot->hangs != NULL) {
        kill_all(slot);
    }
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

/* What is printed is plain text, and ends. */
static void mend_text(char *text, size_t len)
{
    text[len - 1] = '\0';
    for (; *text != '\0'; ++text) {
        if (*text < ' ' || *text > '~') {
            *text = '?';
        }
    }
}

/* Whatever the child has left there, it can be read from now on. */
static void mend(struct cert_outcome *outcome)
{
    struct cert_chart *chart = &outcome->chart;

    mend_text(outcome->text, sizeof(outcome->text));
    mend_text(outcome->broken, sizeof(outcome->broken));
    if (outcome->result > CERT_SKIPPED) {
        outcome->result = CERT_RUNNING;
    }
    if (outcome->call >= CERT_CALL_CNT) {
        outcome->call = CERT_CALL_NONE;
    }
    if (chart->cnt > CERT_CHART_MAX) {
        chart->cnt = 0;
    }
    for (uint32_t i = chart->cnt > CHART_SHOWN ? chart->cnt - CHART_SHOWN : 0; i < chart->cnt;
         ++i) {
        mend_text(chart->entries[i].text, CERT_TEXT_MAX);
    }
}

/* Where it was when it did not come back, for people. */
static const char *place(const struct cert_outcome *outcome)
{
    static char text[64];

    if (outcome->call == CERT_CALL_NONE) {
        return "outside of the target, whose calls had all returned";
    }
    (void)snprintf(text, sizeof(text), "inside %s", cert_call_name(outcome->call));
    return text;
}

static enum cert_result judge(const struct slot *slot, int status, long mib, char *text, size_t len)
{
    const struct cert_outcome *outcome = slot->outcome;

    if (slot->hangs != NULL) {
        (void)snprintf(text, len, "the target hangs, %s: %s (%.1f s; run() was called %llu times)",
                       place(outcome), slot->hangs,
                       (double)(clock_now(CLOCK_MONOTONIC) - slot->begin) / TOE_NS_PER_SEC,
                       (unsigned long long)outcome->runs);
        return CERT_HUNG;
    }
    if (WIFSIGNALED(status)) {
        (void)snprintf(text, len, "the target crashed, %s: %s", place(outcome),
                       strsignal(WTERMSIG(status)));
    } else if (outcome->result == CERT_RUNNING) {
        (void)snprintf(text, len, "the target ended the process with status %d, %s",
                       WEXITSTATUS(status), place(outcome));
    } else {
        (void)snprintf(text, len, "%s", outcome->text);
        return outcome->result;
    }
    if (mib > CERT_MEMORY_MIB / 4 * 3) {
        const size_t at = strlen(text);

        (void)snprintf(text + at, len - at, "; it had taken %ld MiB of memory, of %d that it may",
                       mib, CERT_MEMORY_MIB);
    }
    return CERT_CRASHED;
}

/* What the child left behind, and how it ended, make the result. */
static void finish(struct cert_run *run, struct slot *slot, int status, long mib)
{
    struct cert_case *one = slot->one;
    struct cert_outcome *outcome = slot->outcome;
    char text[1200];

    mend(outcome);
    one->ms = (double)(clock_now(CLOCK_MONOTONIC) - slot->begin) / TOE_NS_PER_MS;
    one->result = judge(slot, status, mib, text, sizeof(text));
    if (one->result != CERT_PASSED) {
        one->text = strdup(text);
    }
    if (one->result != CERT_PASSED && one->result != CERT_SKIPPED) {
        one->chart = chart_text(&outcome->chart);
        one->broken = outcome->broken[0] != '\0' ? strdup(outcome->broken) : NULL;
    }
    run->gave_up =
        run->gave_up || (run->stops && one->result != CERT_PASSED && one->result != CERT_SKIPPED);
    run->hang_cnt += one->result == CERT_HUNG;
    run->hang_streak = one->result == CERT_HUNG ? run->hang_streak + 1 : 0;
    run->gave_up =
        run->gave_up || run->hang_streak >= CERT_HANGS_IN_ROW || run->hang_cnt >= CERT_HANGS_IN_ALL;
    slot->pid = 0;
}

/* Reaps |slot| if its process has ended; before that, what it left running. */
static bool reap(struct cert_run *run, struct slot *slot, bool waits)
{
    siginfo_t info = {.si_pid = 0};
    struct rusage usage = {.ru_maxrss = 0};
    int status = 0;

    if (waitid(P_PID, (id_t)slot->pid, &info, WEXITED | WNOWAIT | (waits ? 0 : WNOHANG)) != 0 ||
        info.si_pid == 0) {
        return false;
    }
    kill_all(slot);
    (void)wait4(slot->pid, &status, 0, &usage);
    finish(run, slot, status, usage.ru_maxrss / 1024);
    return true;
}

static const struct cert_case *oldest(const struct slot *slots, uint32_t cnt)
{
    const struct slot *found = NULL;

    for (uint32_t i = 0; i < cnt; ++i) {
        if (slots[i].pid != 0 && (found == NULL || slots[i].begin < found->begin)) {
            found = &slots[i];
        }
    }
    return found != NULL ? found->one : NULL;
}

/* Waits until one of the processes has ended, or a signal says that all is to end. */
static void wait_one(struct cert_run *run, struct slot *slots, uint32_t cnt, uint32_t told,
                     const sigset_t *signals)
{
    const struct timespec soon = {.tv_nsec = LOOK_EVERY_MS * 1000000};

    for (;;) {
        const toe_instant now = clock_now(CLOCK_MONOTONIC);
        bool any = false;
        int caught;

        for (uint32_t i = 0; i < cnt; ++i) {
            if (slots[i].pid != 0 && reap(run, &slots[i], false)) {
                any = true;
            } else if (slots[i].pid != 0) {
                look_at_clock(&slots[i], now);
            }
        }
        if (any) {
            return;
        }
        if (run->progress != NULL) {
            run->progress(run->user, told, oldest(slots, cnt));
        }
        caught = sigtimedwait(signals, NULL, &soon);
        if (caught > 0 && caught != SIGCHLD) {
            run->interrupted = caught;
            return;
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

/* Blocks the signals that are waited for, but for those that were to be ignored. */
static void take_signals(sigset_t *signals, sigset_t *before)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};

    (void)sigemptyset(signals);
    (void)sigaddset(signals, SIGCHLD);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); ++i) {
        struct sigaction action;

        if (sigaction(ends[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN) {
            (void)sigaddset(signals, ends[i]);
        }
    }
    (void)signal(SIGCHLD, SIG_DFL);
    (void)sigprocmask(SIG_BLOCK, signals, before);
}

static void end_all(struct cert_run *run, struct slot *slots, uint32_t cnt)
{
    for (uint32_t i = 0; i < cnt; ++i) {
        if (slots[i].pid != 0) {
            kill_all(&slots[i]);
            (void)reap(run, &slots[i], true);
            slots[i].one->result = CERT_RUNNING;
        }
        (void)munmap(slots[i].outcome, sizeof(struct cert_outcome));
    }
}

bool cert_run_all(struct cert_run *run)
{
    struct slot slots[JOBS_MAX] = {{.pid = 0}};
    const uint32_t cnt = map_slots(slots, run->jobs > 0 ? run->jobs : 1);
    uint32_t next = 0;
    uint32_t told = 0;
    bool works = cnt > 0;
    sigset_t signals;
    sigset_t before;

    take_signals(&signals, &before);
    while (works && run->interrupted == 0) {
        for (uint32_t i = 0; i < cnt && next < run->case_cnt && works && !run->gave_up; ++i) {
            if (slots[i].pid == 0) {
                works = start(run, &slots[i], slots, cnt, &run->cases[next++], &before);
            }
        }
        if (oldest(slots, cnt) == NULL) {
            break;
        }
        wait_one(run, slots, cnt, told, &signals);
        told = tell(run, told);
    }
    end_all(run, slots, cnt);
    run->gave_up = run->gave_up && next < run->case_cnt;
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return works;
}
