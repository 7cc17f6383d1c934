/* SPDX-License-Identifier: MIT */
#include "live/actor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIPE_LEN = 1 << 20, BUFFER_LEN = 1 << 16, READS_MAX = 16 };

bool emu_actor_init(struct emu_actor *actor, struct emu_part *part,
                    const struct emu_live_world *world, uint64_t seed)
{
    *actor = (struct emu_actor){.part = part,
                                .world = world,
                                .seed = seed,
                                .random.state = seed,
                                .family = (int)(seed % 2),
                                .in = -1,
                                .out = -1,
                                .err = memfd_create("toe-demo", MFD_CLOEXEC),
                                .next_at = TOE_INSTANT_NEVER};
    actor->opened = mmap(NULL, sizeof(*actor->opened), PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    actor->opened = actor->opened == MAP_FAILED ? NULL : actor->opened;
    actor->text = malloc(EMU_ACTOR_TEXT_MAX);
    return actor->err >= 0 && actor->opened != NULL && actor->text != NULL;
}

static void close_file(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
    *fd = -1;
}

void emu_actor_fini(struct emu_actor *actor)
{
    if (actor->pid > 0) {
        (void)kill(actor->pid, SIGKILL);
        while (waitpid(actor->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    close_file(&actor->in);
    close_file(&actor->out);
    close_file(&actor->err);
    if (actor->opened != NULL) {
        (void)munmap(actor->opened, sizeof(*actor->opened));
    }
    free(actor->text);
    *actor = (struct emu_actor){.in = -1, .out = -1, .err = -1};
}

void emu_actor_fail(struct emu_actor *actor, const char *format, ...)
{
    va_list args;
    int len;

    if (actor->fault[0] != '\0') {
        return;
    }
    len = snprintf(actor->fault, sizeof(actor->fault), "%s, IPv%d: ", actor->part->name,
                   actor->family == 0 ? 4 : 6);
    va_start(args, format);
    (void)vsnprintf(actor->fault + len, sizeof(actor->fault) - (size_t)len, format, args);
    va_end(args);
}

/* --- its process --- */

static void start(struct emu_actor *actor, toe_instant now)
{
    struct emu_netns_program program = {.files = {-1, -1, -1}};
    struct emu_words words = {.cnt = 0};
    struct emu_error error;
    int in[2] = {-1, -1};
    int out[2];

    program.argv = words.argv;
    actor->off = 0;
    actor->text_len = 0;
    actor->answer[0] = '\0';
    actor->has_answered = false;
    actor->progress_at = now;
    actor->next_at = TOE_INSTANT_NEVER;
    actor->part->act->prepare(actor, &words, &program);
    if (pipe2(out, O_CLOEXEC) != 0 || (actor->part->act->talks && pipe2(in, O_CLOEXEC) != 0)) {
        emu_actor_fail(actor, "%s", strerror(errno));
        return;
    }
    (void)fcntl(out[0], F_SETPIPE_SZ, PIPE_LEN);
    (void)fcntl(out[0], F_SETFL, O_NONBLOCK);
    (void)!ftruncate(actor->err, 0);
    (void)lseek(actor->err, 0, SEEK_SET);
    program.files[0] = in[0];
    program.files[1] = out[1];
    program.files[2] = actor->err;
    actor->pid = emu_netns_start(&program, &error);
    close_file(&in[0]);
    close_file(&out[1]);
    actor->in = in[1];
    actor->out = out[0];
    if (actor->pid < 0) {
        actor->pid = 0;
        emu_actor_fail(actor, "%s", error.text);
    } else if (actor->part->act->act != NULL) {
        actor->next_at = now;
    }
}

/* The last line of what it said on stderr. */
static void last_words(const struct emu_actor *actor, char *out, size_t size)
{
    const ssize_t len = pread(actor->err, out, size - 1, 0);
    char *end;

    out[len < 0 ? 0 : len] = '\0';
    end = out + strlen(out);
    while (end > out && end[-1] == '\n') {
        *--end = '\0';
    }
    end = strrchr(out, '\n');
    if (end != NULL) {
        memmove(out, end + 1, strlen(end + 1) + 1);
    }
}

/* It has closed its stdout. */
static void conclude(struct emu_actor *actor)
{
    char said[160];
    int status = 0;

    while (waitpid(actor->pid, &status, 0) < 0 && errno == EINTR) {
    }
    actor->pid = 0;
    actor->next_at = TOE_INSTANT_NEVER;
    close_file(&actor->in);
    close_file(&actor->out);
    if (actor->part->act->is_excused != NULL && actor->part->act->is_excused(actor)) {
        return;
    }
    if (status != 0) {
        last_words(actor, said, sizeof(said));
        emu_actor_fail(actor, "it ended with status %d: %s",
                       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), said);
    } else if (actor->part->act->talks && !actor->is_ending) {
        emu_actor_fail(actor, "it ended too early");
    } else if (actor->part->act->finish != NULL) {
        actor->part->act->finish(actor);
    }
    actor->family = 1 - actor->family;
}

void emu_actor_read(struct emu_actor *actor, toe_instant now)
{
    char data[BUFFER_LEN];

    for (int i = 0; i < READS_MAX && actor->out >= 0; ++i) {
        const ssize_t len = read(actor->out, data, sizeof(data));

        if (len < 0) {
            return; /* Nothing more for now. */
        }
        if (len == 0) {
            conclude(actor);
            return;
        }
        actor->progress_at = now;
        actor->part->act->take(actor, data, (size_t)len, now);
    }
}

void emu_actor_run(struct emu_actor *actor, toe_instant now)
{
    if (actor->pid == 0 && !actor->is_ending) {
        start(actor, now);
    }
    if (actor->pid != 0 && now >= actor->next_at) {
        actor->next_at = TOE_INSTANT_NEVER;
        actor->part->act->act(actor, now);
    }
}

void emu_actor_end(struct emu_actor *actor)
{
    actor->is_ending = true;
    if (actor->answer[0] == '\0') {
        close_file(&actor->in);
    }
}

void emu_actor_tell(struct emu_actor *actor, const char *line)
{
    const size_t len = strlen(line);

    if (actor->in >= 0 && write(actor->in, line, len) != (ssize_t)len) {
        emu_actor_fail(actor, "it takes no more input");
    }
}
