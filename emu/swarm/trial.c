/* SPDX-License-Identifier: MIT */
#include "swarm/trial.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stress_machine.h"

/*
 * A run that takes more seconds of a processor hangs: some, and one for so many seconds of
 * connections.
 */
#define SECONDS_BASE 30
#define CONN_SECONDS 200.0

static rlim_t seconds_max(const struct emu_stress_settings *settings)
{
    return (rlim_t)(SECONDS_BASE + settings->connections * settings->seconds / CONN_SECONDS);
}

const char emu_trial_hung[] = "hung: it took far more time of a processor than such runs do";

/* In the new process. */
static void run(const struct emu_stress_settings *settings, const struct emu_schedule *schedule,
                int fd)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    const rlim_t seconds = seconds_max(settings);
    const struct rlimit cpu = {.rlim_cur = seconds, .rlim_max = seconds + 1};
    const struct rlimit core = {0};
    struct emu_stress_settings set = *settings;
    struct emu_stress_result result;
    int status;

    /* Whoever started this may catch them, to end as a test does. */
    for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); ++i) {
        (void)signal(crashes[i], SIG_DFL);
    }
    (void)setrlimit(RLIMIT_CPU, &cpu);
    (void)setrlimit(RLIMIT_CORE, &core);
    set.schedule = schedule;
    set.progress = NULL;
    status = emu_stress_sim_run(&result, &set);
    fflush(NULL); /* the trace */
    if ((status != EMU_EXIT_OK && status != EMU_EXIT_FAULT) ||
        write(fd, &result, sizeof(result)) != (ssize_t)sizeof(result)) {
        _exit(EMU_EXIT_ENVIRONMENT);
    }
    _exit(EMU_EXIT_OK);
}

bool emu_trial_start(struct emu_trial *trial, const struct emu_stress_settings *settings,
                     const struct emu_schedule *schedule)
{
    int ends[2];

    if (pipe(ends) != 0) {
        return false;
    }
    fflush(NULL);
    trial->pid = fork();
    if (trial->pid == 0) {
        (void)close(ends[0]);
        run(settings, schedule, ends[1]);
    }
    (void)close(ends[1]);
    trial->fd = ends[0];
    if (trial->pid < 0) {
        (void)close(ends[0]);
        return false;
    }
    return true;
}

static bool read_all(int fd, void *to, size_t len)
{
    size_t done = 0;

    while (done < len) {
        const ssize_t got = read(fd, (char *)to + done, len - done);

        if (got == 0 || (got < 0 && errno != EINTR)) {
            return false;
        }
        done += got > 0 ? (size_t)got : 0;
    }
    return true;
}

static int wait_for(struct emu_trial *trial, struct rusage *usage)
{
    int status = 0;

    while (wait4(trial->pid, &status, 0, usage) < 0 && errno == EINTR) {
    }
    (void)close(trial->fd);
    return status;
}

void emu_trial_finish(struct emu_trial *trial, struct emu_stress_result *result)
{
    const bool has_result = read_all(trial->fd, result, sizeof(*result));
    struct rusage usage = {0};
    const int status = wait_for(trial, &usage);

    if (has_result && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        result->cpu_seconds = emu_stress_cpu(&usage); /* the start and the end of it, too */
        return;
    }
    memset(result, 0, sizeof(*result));
    result->verdict = EMU_VERDICT_FAIL;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU) {
        snprintf(result->fault, sizeof(result->fault), "%s", emu_trial_hung);
    } else if (WIFSIGNALED(status)) {
        snprintf(result->fault, sizeof(result->fault), "crashed: %s", strsignal(WTERMSIG(status)));
    } else {
        snprintf(result->fault, sizeof(result->fault), "the run ended by itself, with status %d",
                 WEXITSTATUS(status));
    }
}

void emu_trial_cancel(struct emu_trial *trial)
{
    (void)kill(trial->pid, SIGKILL);
    (void)wait_for(trial, NULL);
}

/* --- what failed --- */

/* The part of |text| from behind |from| up to |to|, or nothing. */
static bool between(char *out, size_t size, const char *text, const char *from, const char *to)
{
    const char *begin = strstr(text, from);
    const char *end = begin != NULL ? strstr(begin + strlen(from), to) : NULL;

    if (end == NULL) {
        return false;
    }
    snprintf(out, size, "%.*s", (int)(end - begin), begin);
    return true;
}

void emu_trial_signature(char *out, size_t size, const struct emu_stress_result *result)
{
    char text[sizeof(result->fault)];
    size_t len = 0;

    /* "1.5 s: machine A: breach of SND-043 by the host: ...", "1.5 s: stalled: flow ..." */
    if (between(out, size, result->fault, "breach of ", ": ") ||
        between(out, size, result->fault, " s: ", ": flow ")) {
        return;
    }
    for (const char *at = result->fault; *at != '\0'; ++at) {
        if (!isdigit((unsigned char)*at)) {
            text[len++] = *at;
        }
    }
    text[len] = '\0';
    snprintf(out, size, "%s", text);
}
