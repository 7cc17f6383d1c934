/* SPDX-License-Identifier: MIT */
/*
 * Hostile targets for `toe certify`: the library's own, spoilt in the way that $TOE_HOSTILE names.
 *
 * A way is a word, or a word and a function of the table: "crash-query" crashes in query(). The
 * words are crash, spin, block, exit, absent and mark; and, without a function, those of |wholes|
 * below and of toe_certify_plugin().
 */
#include "toe/certify.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static const char *way(void)
{
    const char *name = getenv("TOE_HOSTILE");

    return name != NULL ? name : "";
}

static bool is_way(const char *name)
{
    return strcmp(way(), name) == 0;
}

/* The target below, as far as it is one. */
static struct toe_target_ops below;
static struct toe_host_ops above;
static void *host;

/* --- a word and a function --- */

/* Does what the way says if it speaks of |function|. */
static void misbehave(const char *function)
{
    const char *dash = strchr(way(), '-');
    volatile uint32_t turns = 0;

    if (dash == NULL || strcmp(dash + 1, function) != 0) {
        return;
    }
    if (strncmp(way(), "crash-", 6) == 0) {
        (void)raise(SIGSEGV);
    } else if (strncmp(way(), "spin-", 5) == 0) {
        for (;;) {
            ++turns;
        }
    } else if (strncmp(way(), "block-", 6) == 0) {
        for (;;) {
            (void)pause();
        }
    } else if (strncmp(way(), "exit-", 5) == 0) {
        exit(0);
    }
}

/* "mark-send" leaves a mark of its own in what it gives back. */
static void mark_send(void *above_host, struct toe_buf *chain)
{
    chain->owner_data[1] = &below;
    above.send_complete(above_host, chain);
}

static void attach(void *target, const struct toe_host_ops *ops, void *above_host)
{
    static struct toe_host_ops marked;

    if (ops == NULL) {
        below.attach(target, NULL, above_host);
        return;
    }
    above = *ops;
    host = above_host;
    marked = *ops;
    if (is_way("mark-send")) {
        marked.send_complete = mark_send;
    }
    below.attach(target, &marked, above_host);
}

static void terminate(void *target, struct toe_block *tree)
{
    misbehave("terminate");
    below.terminate(target, tree);
}

static void query(void *target, struct toe_block *tree)
{
    misbehave("query");
    below.query(target, tree);
}

static void send(void *target, toe_handle tcp, struct toe_buf *chain)
{
    misbehave("send");
    below.send(target, tcp, chain);
}

/* --- wholes --- */

static void flood_host(void)
{
    static const uint8_t data[60];
    const struct toe_frame frame = {.data = data, .len = sizeof(data)};

    for (;;) {
        above.frames(host, &frame, 1);
    }
}

static const struct toe_wire_ops *wire;
static void *wire_user;

static void flood_wire(void)
{
    static const uint8_t data[60];
    const struct toe_frame frame = {.data = data, .len = sizeof(data)};

    for (;;) {
        wire->transmit(wire_user, &frame, 1);
    }
}

static void take_all_memory(void)
{
    for (;;) {
        char *volatile part = malloc(1 << 20); /* or a compiler leaves it all out */

        memset(part, 1, 1 << 20); /* crashes when there is no more */
    }
}

static void scribble_host(void)
{
    memset(host, 0xff, 4096); /* more than it is */
}

/* What is shared with the process that judges: it must not believe it. */
static void scribble_shared(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[256];
    unsigned long begin;
    unsigned long end;

    while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
        if (strstr(line, "rw-s") != NULL && sscanf(line, "%lx-%lx", &begin, &end) == 2) {
            memset((void *)begin, 0xff, end - begin < 65536 ? end - begin : 65536);
        }
    }
    (void)raise(SIGABRT);
}

static void leave_child(void)
{
    if (fork() == 0) {
        for (;;) {
            (void)pause();
        }
    }
}

static void print(void)
{
    (void)printf("a target that prints\n");
    (void)fflush(stdout);
}

static const struct {
    const char *name;
    void (*act)(void);
} wholes[] = {
    {"flood", flood_host},
    {"flood-wire", flood_wire},
    {"hog", take_all_memory},
    {"scribble", scribble_host},
    {"scribble-all", scribble_shared},
    {"fork", leave_child},
    {"print", print},
};

static void run(void *target, toe_instant now)
{
    misbehave("run");
    for (size_t i = 0; i < sizeof(wholes) / sizeof(wholes[0]); ++i) {
        if (is_way(wholes[i].name)) {
            wholes[i].act();
        }
    }
    below.run(target, now);
}

/* --- one that does nothing --- */

static void no_attach(void *target, const struct toe_host_ops *ops, void *above_host)
{
    (void)target, (void)ops, (void)above_host;
}

static void no_caps(void *target, struct toe_caps *caps)
{
    (void)target, (void)caps;
}

static toe_status no_params(void *target, const struct toe_params *params)
{
    (void)target, (void)params;
    return TOE_STATUS_SUCCESS;
}

static void no_stats(void *target, struct toe_stats *stats)
{
    (void)target, (void)stats;
}

static void no_tree(void *target, struct toe_block *tree)
{
    (void)target, (void)tree;
}

static void no_post(void *target, toe_handle tcp, struct toe_buf *chain)
{
    (void)target, (void)tcp, (void)chain;
}

static void no_return(void *target, struct toe_buf *chain)
{
    (void)target, (void)chain;
}

static void no_disconnect(void *target, toe_handle tcp, struct toe_buf *buf,
                          enum toe_disconnect how)
{
    (void)target, (void)tcp, (void)buf, (void)how;
}

static void no_transmit(void *target, const struct toe_frame *frames, uint32_t cnt)
{
    (void)target, (void)frames, (void)cnt;
}

/* "busy" wants to be run at once, for ever. */
static toe_instant no_deadline(void *target)
{
    (void)target;
    return is_way("busy") ? 0 : TOE_INSTANT_NEVER;
}

static void no_run(void *target, toe_instant now)
{
    (void)target, (void)now;
}

static const struct toe_target_ops nothing = {
    .size = sizeof(nothing),
    .attach = no_attach,
    .caps_get = no_caps,
    .params_set = no_params,
    .stats_get = no_stats,
    .initiate = no_tree,
    .terminate = no_tree,
    .update = no_tree,
    .query = no_tree,
    .invalidate = no_tree,
    .send = no_post,
    .receive = no_post,
    .receive_return = no_return,
    .disconnect = no_disconnect,
    .forward = no_post,
    .transmit = no_transmit,
    .deadline = no_deadline,
    .run = no_run,
};

/* --- life --- */

static void *create(const struct toe_certify_settings *asked)
{
    struct toe_target_settings settings;

    wire = asked->wire;
    wire_user = asked->wire_user;
    toe_target_settings_default(&settings);
    settings.wire = asked->wire;
    settings.wire_user = asked->wire_user;
    memcpy(settings.mac, asked->mac, TOE_MAC_LEN);
    settings.mem = asked->mem;
    settings.bus = asked->bus;
    settings.seed = asked->seed;
    settings.profile = asked->profile;
    return toe_target_new(&settings);
}

static void destroy(void *target)
{
    toe_target_del(target);
}

static void init_ops(struct toe_target_ops *ops)
{
    below = *toe_target_ops();
    *ops = below;
    ops->attach = attach;
    ops->terminate = terminate;
    ops->query = is_way("absent-query") ? NULL : query;
    ops->send = send;
    ops->run = is_way("absent-run") ? NULL : run;
    if (is_way("never")) {
        ops->initiate = no_tree;
    } else if (is_way("nothing") || is_way("busy")) {
        *ops = nothing;
    } else if (is_way("small-ops")) {
        ops->size = 8;
    }
}

const struct toe_certify_plugin *toe_certify_plugin(void)
{
    static struct toe_target_ops ops;
    static struct toe_certify_plugin plugin = {
        .size = sizeof(plugin),
        .version = TOE_CERTIFY_VERSION,
        .name = "hostile",
        .ops = &ops,
        .create = create,
        .destroy = destroy,
    };

    init_ops(&ops);
    if (is_way("crash-load")) {
        (void)raise(SIGSEGV);
    } else if (is_way("exit-load")) {
        exit(0);
    } else if (is_way("no-plugin")) {
        return NULL;
    } else if (is_way("old")) {
        plugin.version = TOE_CERTIFY_VERSION + 1;
    } else if (is_way("small")) {
        plugin.size = 8;
    } else if (is_way("no-ops")) {
        plugin.ops = NULL;
    } else if (is_way("no-create")) {
        plugin.create = NULL;
    }
    return &plugin;
}
