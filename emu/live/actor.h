/* SPDX-License-Identifier: MIT */
/*
 * Actors: the programs of our machine, which use the servers of the other one.
 *
 * A part is what is to be done, a download or a dialog, by whichever programs are installed; its
 * actors do it, each in a process that is started, fed and read through pipes, checked, and started
 * again when it has ended well, until the demonstration wants to end. None of them knows of us.
 */
#ifndef EMU_LIVE_ACTOR_H
#define EMU_LIVE_ACTOR_H

#include "live/live_world.h"
#include "live/words.h"
#include "random.h"

struct emu_actor;

/* How the processes of a part are driven. */
struct emu_act {
    /* Says what to run: words, or |program->body|. */
    void (*prepare)(struct emu_actor *actor, struct emu_words *words,
                    struct emu_netns_program *program);
    /* Takes what it printed. */
    void (*take)(struct emu_actor *actor, const char *data, size_t len, toe_instant now);
    /* It has ended by itself, and well. NULL: nothing more is to be done. */
    void (*finish)(struct emu_actor *actor);
    /* It has ended by itself, without an end: whether it is only to be started again. NULL: never.
     */
    bool (*is_excused)(const struct emu_actor *actor);
    /* What to do at |next_at|; NULL: nothing. */
    void (*act)(struct emu_actor *actor, toe_instant now);
    bool talks; /* it ends when its stdin does, and is to end with all others only */
};

struct emu_part {
    char name[64]; /* of the programs */
    const char *does;
    const char *rounds_are; /* what its rounds are called */
    const struct emu_act *act;
    uint16_t port;    /* by which its connections are known; 0: they are not told apart */
    char client[256]; /* the path of our machine's program; empty: our own */
    uint32_t actor_cnt;
    uint32_t opens; /* our own program: so many connections at once */
    /* So far: */
    uint64_t rounds;
    uint64_t connections; /* that its programs had, as far as we know */
    uint64_t bytes;       /* received and checked */
    uint64_t bytes_wrong;
    uint64_t carried;     /* received, and checked by nobody */
    double rate;          /* of the last round, in bits a second */
    toe_duration slowest; /* answer of a dialog */
    /* Now, as the NIC tells: */
    uint32_t open;
    uint32_t offloaded;
};

enum {
    EMU_ACTOR_LINE_MAX = 512,
    EMU_ACTOR_TEXT_MAX = 1 << 20,
};

struct emu_actor {
    struct emu_part *part;
    const struct emu_live_world *world;
    int family; /* of the next round; index of |world|'s addresses */
    uint64_t seed;
    struct emu_random random;
    pid_t pid; /* 0: it does not run */
    int in;    /* to its stdin; -1: none */
    int out;   /* of its stdout */
    int err;   /* a file with what it said on stderr */
    bool is_ending;
    toe_instant progress_at;
    toe_instant next_at; /* when act() is due */
    uint64_t off;        /* what of it was taken */
    char *text;          /* what it printed, as far as that is kept */
    size_t text_len;
    char answer[EMU_ACTOR_LINE_MAX]; /* that is waited for; empty: none */
    bool has_answered;               /* since it was started */
    toe_instant asked_at;
    struct emu_peer_result *opened; /* by our own program, as it sees it */
    char fault[200];                /* empty: all is well */
};

/* emu_actor_init() makes an actor that does not run yet; false: no memory. */
bool emu_actor_init(struct emu_actor *actor, struct emu_part *part,
                    const struct emu_live_world *world, uint64_t seed);

void emu_actor_fini(struct emu_actor *actor);

/* emu_actor_run() does what is due at |now|: starts it, and has it act. */
void emu_actor_run(struct emu_actor *actor, toe_instant now);

/* emu_actor_read() reads what there is of |out|. */
void emu_actor_read(struct emu_actor *actor, toe_instant now);

/* emu_actor_end() has it end with what it does now. */
void emu_actor_end(struct emu_actor *actor);

/* emu_actor_fail() notes what is wrong, the first time. */
void emu_actor_fail(struct emu_actor *actor, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* emu_actor_tell() writes a line to its stdin. */
void emu_actor_tell(struct emu_actor *actor, const char *line);

#endif
