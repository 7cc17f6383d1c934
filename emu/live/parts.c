/* SPDX-License-Identifier: MIT */
#include "live/parts.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "live/servers.h"
#include "live/shell.h"
#include "pattern.h"

enum {
    IPERF3_SECONDS = 2,
    IPERF3_STREAMS = 2,
    BENCH_CONNECTIONS = 20,
    VALUE_MAX = 400, /* bytes of a value, at most */
    MEAN_BYTES = 256 << 10,
};

#define THINK_MAX (60 * TOE_NS_PER_MS) /* between a line that was answered and the next */
#define LOOK_EVERY (100 * TOE_NS_PER_MS)

static const char *host_of(const struct emu_actor *actor)
{
    return actor->world->names[actor->family];
}

/* --- downloads --- */

static void prepare_download(struct emu_actor *actor, struct emu_words *words,
                             struct emu_netns_program *program)
{
    static const char script[] = "import shutil, sys, urllib.request as u\n"
                                 "u.install_opener(u.build_opener(u.ProxyHandler({})))\n"
                                 "shutil.copyfileobj(u.urlopen(sys.argv[1]), sys.stdout.buffer)\n";
    const bool is_v6 = actor->family == 1;

    (void)program;
    emu_words_format(words, "%s", actor->part->client);
    if (strstr(actor->part->client, "/curl") != NULL) {
        emu_words_add(words, "-q -sS -f --noproxy *");
    } else {
        emu_words_add(words, "-c");
        emu_words_format(words, "%s", script);
    }
    emu_words_format(words, "http://%s%s%s:%d" EMU_LIVE_FILE, is_v6 ? "[" : "", host_of(actor),
                     is_v6 ? "]" : "", EMU_LIVE_HTTP_PORT);
}

static void take_download(struct emu_actor *actor, const char *data, size_t len, toe_instant now)
{
    uint64_t first = 0;
    const size_t wrong =
        emu_pattern_check(&first, (const uint8_t *)data, len, actor->world->file_key, actor->off);

    (void)now;
    actor->off += len;
    actor->part->bytes += len;
    actor->part->bytes_wrong += wrong;
    if (wrong > 0) {
        emu_actor_fail(actor, "wrong bytes from %" PRIu64 " on", first);
    }
}

static void finish_download(struct emu_actor *actor)
{
    if (actor->off != EMU_LIVE_FILE_LEN) {
        emu_actor_fail(actor, "%" PRIu64 " bytes of %d came", actor->off, EMU_LIVE_FILE_LEN);
        return;
    }
    ++actor->part->rounds;
    ++actor->part->connections;
}

/* --- dialogs --- */

static void note_answer(struct emu_actor *actor, const char *line, toe_instant now)
{
    struct emu_part *part = actor->part;
    const toe_duration time = now - actor->asked_at;

    if (strcmp(line, actor->answer) != 0) {
        part->bytes_wrong += strlen(actor->answer);
        emu_actor_fail(actor, "\"%.40s\" came, not \"%.40s\"", line, actor->answer);
        return;
    }
    if (!actor->has_answered) {
        actor->has_answered = true; /* The first answer took connecting, too. */
        ++part->connections;
    } else if (time > part->slowest) {
        part->slowest = time;
    }
    ++part->rounds;
    part->bytes += strlen(line) + 1;
    actor->answer[0] = '\0';
    if (actor->is_ending) {
        emu_actor_end(actor);
    } else {
        actor->next_at = now + emu_random_below(&actor->random, THINK_MAX);
    }
}

static void take_lines(struct emu_actor *actor, const char *data, size_t len, toe_instant now)
{
    for (size_t i = 0; i < len; ++i) {
        if (data[i] == '\n') {
            actor->text[actor->text_len] = '\0';
            actor->text_len = 0;
            note_answer(actor, actor->text, now);
        } else if (data[i] != '\r' && actor->text_len < EMU_ACTOR_LINE_MAX) {
            actor->text[actor->text_len++] = data[i];
        }
    }
}

static int connect_shell(void *user)
{
    const struct emu_actor *actor = user;

    return emu_shell_connect(&actor->world->theirs[actor->family], EMU_LIVE_SHELL_PORT);
}

static void prepare_shell(struct emu_actor *actor, struct emu_words *words,
                          struct emu_netns_program *program)
{
    if (actor->part->client[0] == '\0') {
        program->body = connect_shell;
        program->user = actor;
    } else {
        emu_servers_ssh(words, host_of(actor));
        emu_words_add(words, "sh");
    }
}

static void ask_shell(struct emu_actor *actor, toe_instant now)
{
    const uint32_t a = (uint32_t)emu_random_below(&actor->random, 10000);
    const uint32_t b = (uint32_t)emu_random_below(&actor->random, 10000);
    char line[64];

    (void)snprintf(line, sizeof(line), "echo $((%" PRIu32 " * %" PRIu32 "))\n", a, b);
    (void)snprintf(actor->answer, sizeof(actor->answer), "%" PRIu32, a * b);
    actor->asked_at = now;
    emu_actor_tell(actor, line);
}

static void prepare_redis(struct emu_actor *actor, struct emu_words *words,
                          struct emu_netns_program *program)
{
    (void)program;
    emu_words_format(words, "%s", actor->part->client);
    emu_words_add(words, "-h");
    emu_words_add(words, host_of(actor));
    emu_words_add(words, "-p");
    emu_words_format(words, "%d", EMU_LIVE_REDIS_PORT);
}

/* A value is set, and then got. */
static void ask_redis(struct emu_actor *actor, toe_instant now)
{
    struct emu_random random = {.state = actor->seed + actor->off / 2};
    const size_t len = 1 + emu_random_below(&random, VALUE_MAX);
    char value[VALUE_MAX + 1];
    char line[EMU_ACTOR_LINE_MAX];

    for (size_t i = 0; i < len; ++i) {
        value[i] = (char)('a' + emu_random_below(&random, 26));
    }
    value[len] = '\0';
    if (actor->off++ % 2 == 0) {
        (void)snprintf(line, sizeof(line), "SET key%" PRIx64 " %s\n", actor->seed, value);
        (void)snprintf(actor->answer, sizeof(actor->answer), "OK");
    } else {
        (void)snprintf(line, sizeof(line), "GET key%" PRIx64 "\n", actor->seed);
        memcpy(actor->answer, value, len + 1);
    }
    actor->asked_at = now;
    emu_actor_tell(actor, line);
}

/* --- programs that check for themselves, or not at all --- */

static void keep_text(struct emu_actor *actor, const char *data, size_t len, toe_instant now)
{
    const size_t room = EMU_ACTOR_TEXT_MAX - actor->text_len;

    (void)now;
    len = len < room ? len : room;
    memcpy(actor->text + actor->text_len, data, len);
    actor->text_len += len;
}

static void prepare_iperf3(struct emu_actor *actor, struct emu_words *words,
                           struct emu_netns_program *program)
{
    (void)program;
    emu_words_format(words, "%s", actor->part->client);
    emu_words_add(words, "-J -c");
    emu_words_add(words, host_of(actor));
    emu_words_add(words, "-p");
    emu_words_format(words, "%d", EMU_LIVE_IPERF3_PORT);
    emu_words_add(words, "-t");
    emu_words_format(words, "%d", IPERF3_SECONDS);
    emu_words_add(words, "-P");
    emu_words_format(words, "%d", IPERF3_STREAMS);
    if (actor->part->rounds / 2 % 2 == 1) {
        emu_words_add(words, "-R");
    }
}

/* The server has not heard yet that the run before is over. */
static bool is_server_busy(const struct emu_actor *actor)
{
    return memmem(actor->text, actor->text_len, "server is busy", 14) != NULL;
}

static void finish_iperf3(struct emu_actor *actor)
{
    json_t *report = json_loadb(actor->text, actor->text_len, 0, NULL);
    const json_t *sum = json_object_get(json_object_get(report, "end"), "sum_received");
    const char *wrong = json_string_value(json_object_get(report, "error"));

    if (sum == NULL || wrong != NULL) {
        emu_actor_fail(actor, "%s", wrong == NULL ? "it reports nothing" : wrong);
    } else {
        ++actor->part->rounds;
        actor->part->connections += IPERF3_STREAMS + 1;
        actor->part->carried += (uint64_t)json_integer_value(json_object_get(sum, "bytes"));
        actor->part->rate = json_number_value(json_object_get(sum, "bits_per_second"));
    }
    json_decref(report);
}

static void prepare_bench(struct emu_actor *actor, struct emu_words *words,
                          struct emu_netns_program *program)
{
    (void)program;
    emu_words_format(words, "%s", actor->part->client);
    emu_words_add(words, "-n 4000 -d 500 -t set,get --csv -c");
    emu_words_format(words, "%d", BENCH_CONNECTIONS);
    emu_words_add(words, "-h");
    emu_words_add(words, host_of(actor));
    emu_words_add(words, "-p");
    emu_words_format(words, "%d", EMU_LIVE_REDIS_PORT);
}

static void finish_bench(struct emu_actor *actor)
{
    ++actor->part->rounds;
    actor->part->connections += 2 * BENCH_CONNECTIONS; /* of each test */
}

/* --- our own --- */

static int open_own(void *user)
{
    struct emu_actor *actor = user;
    const struct emu_peer_settings settings = {
        .ready_fd = -1,
        .life_fd = STDIN_FILENO,
        .finishes = true,
        .opens = actor->part->opens,
        .to = {actor->world->theirs[0], actor->world->theirs[1]},
        .to_port = EMU_PEER_PORT,
        .mix = {.bytes = MEAN_BYTES, .seconds_max = 3},
        .seed = actor->seed,
    };
    struct emu_error error;

    if (!emu_peer_run(actor->opened, &settings, &error)) {
        return emu_error_print(&error);
    }
    if (actor->opened->unfinished > 0) {
        (void)fprintf(stderr, "%" PRIu64 " connections do not come to an end\n",
                      actor->opened->unfinished);
        return EMU_EXIT_FAULT;
    }
    if (emu_peer_status(actor->opened) != EMU_EXIT_OK) {
        (void)fprintf(stderr, "%s\n", actor->opened->fault);
    }
    return emu_peer_status(actor->opened);
}

static void prepare_own(struct emu_actor *actor, struct emu_words *words,
                        struct emu_netns_program *program)
{
    (void)words;
    program->body = open_own;
    program->user = actor;
}

/* What it sees can be told at any time. */
static void look_own(struct emu_actor *actor, toe_instant now)
{
    actor->part->rounds = actor->opened->finished;
    actor->part->connections = actor->opened->connections;
    actor->part->bytes = actor->opened->bytes;
    actor->part->bytes_wrong = actor->opened->bytes_wrong;
    actor->progress_at = now; /* It has a patience of its own. */
    actor->next_at = now + LOOK_EVERY;
}

static void take_nothing(struct emu_actor *actor, const char *data, size_t len, toe_instant now)
{
    (void)actor;
    (void)data;
    (void)len;
    (void)now;
}

static void finish_own(struct emu_actor *actor)
{
    look_own(actor, actor->progress_at);
    actor->next_at = TOE_INSTANT_NEVER;
}

/* --- the cast --- */

struct role {
    struct emu_act act;
    enum emu_live_server server;
    const char *name;   /* of the server */
    const char *client; /* NULL: our own */
    const char *does;
    const char *rounds; /* what its rounds are called */
    uint16_t port;
    uint32_t actor_cnt;
};

static const struct role roles[] = {
    {{.prepare = prepare_download, .take = take_download, .finish = finish_download},
     EMU_LIVE_NGINX,
     "nginx",
     "curl",
     "a file of 8 MiB, each byte compared",
     "downloads",
     EMU_LIVE_HTTP_PORT,
     2},
    {{.prepare = prepare_redis, .take = take_lines, .act = ask_redis, .talks = true},
     EMU_LIVE_REDIS,
     "redis",
     "redis-cli",
     "values are set, got and compared",
     "answers",
     EMU_LIVE_REDIS_PORT,
     2},
    {{.prepare = prepare_bench, .take = keep_text, .finish = finish_bench},
     EMU_LIVE_REDIS,
     "redis",
     "redis-benchmark",
     "20 connections at once",
     "runs",
     0, /* they are among those of redis */
     1},
    {{.prepare = prepare_iperf3,
      .take = keep_text,
      .finish = finish_iperf3,
      .is_excused = is_server_busy},
     EMU_LIVE_IPERF3,
     "iperf3",
     "iperf3",
     "bulk, to and fro",
     "runs",
     EMU_LIVE_IPERF3_PORT,
     1},
    {{.prepare = prepare_shell, .take = take_lines, .act = ask_shell, .talks = true},
     EMU_LIVE_SSHD,
     "sshd",
     "ssh",
     "sums typed into a shell, one by one",
     "answers",
     EMU_LIVE_SHELL_PORT,
     2},
    {{.prepare = prepare_own,
      .take = take_nothing,
      .finish = finish_own,
      .act = look_own,
      .talks = true},
     EMU_LIVE_PEER,
     "toe peer",
     NULL,
     "short, long, idle, half-closed, reset ...",
     "finished",
     EMU_PEER_PORT,
     1},
};

/* What takes the place of a program that is not there, by ours or by python3. */
static bool substitute(struct emu_part *part, enum emu_live_server server, uint32_t servers)
{
    if (server == EMU_LIVE_SSHD && (servers & 1u << EMU_LIVE_SHELL) != 0) {
        (void)snprintf(part->name, sizeof(part->name), "sh, on a connection");
        part->client[0] = '\0';
        return true;
    }
    return server == EMU_LIVE_NGINX && (servers & 1u << EMU_LIVE_PYTHON) != 0;
}

static bool cast(struct emu_part *part, const struct role *role, uint32_t servers)
{
    const char *server = role->name;
    const char *client = role->client;
    const bool is_there = (servers & 1u << role->server) != 0;

    *part = (struct emu_part){.does = role->does,
                              .rounds_are = role->rounds,
                              .act = &role->act,
                              .port = role->port,
                              .actor_cnt = role->actor_cnt};
    if (client != NULL && !emu_words_find(part->client, sizeof(part->client), client)) {
        client = role->server == EMU_LIVE_NGINX ? "python3" : client;
        part->client[0] = '\0';
        if (role->server != EMU_LIVE_SSHD &&
            !emu_words_find(part->client, sizeof(part->client), client)) {
            return false;
        }
    }
    server = !is_there && role->server == EMU_LIVE_NGINX ? "python3 -m http.server" : server;
    client = client != NULL && strcmp(client, server) == 0 ? NULL : client;
    (void)snprintf(part->name, sizeof(part->name), "%s%s%s", server, client == NULL ? "" : ", ",
                   client == NULL ? "" : client);
    return is_there || substitute(part, role->server, servers);
}

size_t emu_parts_cast(struct emu_part parts[EMU_PARTS_MAX], const struct emu_live_world *world,
                      uint32_t connections)
{
    size_t cnt = 0;

    _Static_assert(sizeof(roles) / sizeof(roles[0]) <= EMU_PARTS_MAX, "room for all");
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); ++i) {
        if (cast(&parts[cnt], &roles[i], world->servers)) {
            parts[cnt++].opens = connections;
        }
    }
    return cnt;
}

void emu_part_text(char *out, size_t size, const struct emu_part *part)
{
    int len = snprintf(out, size, "%" PRIu64 " %s", part->rounds, part->rounds_are);

    if (part->bytes >= 1 << 20) {
        len += snprintf(out + len, size - (size_t)len, ", %.1f MiB", (double)part->bytes / 1048576);
    }
    if (part->slowest != 0) {
        len += snprintf(out + len, size - (size_t)len, ", the slowest after %" PRIu64 " ms",
                        part->slowest / TOE_NS_PER_MS);
    }
    if (part->carried != 0) {
        (void)snprintf(out + len, size - (size_t)len, ", %.1f MiB, at last %.0f Mbit/s",
                       (double)part->carried / 1048576, part->rate / 1e6);
    }
}
