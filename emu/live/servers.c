/* SPDX-License-Identifier: MIT */
#include "live/servers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "live/shell.h"
#include "live/words.h"
#include "pattern.h"

#define DIRECTORY EMU_LIVE_DIRECTORY
#define USER_KEY DIRECTORY "/user"
#define HOST_KEY DIRECTORY "/host"

enum {
    WAIT_MS = 20000,
    PAUSE_MS = 20,
    GROUPS_MAX = 1024,
};

/* --- files --- */

static bool write_file(const char *path, const char *text)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    const bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0) {
        (void)close(fd);
    }
    return ok;
}

static bool write_pattern(const char *path, uint64_t key)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    uint8_t block[65536];
    bool ok = fd >= 0;

    for (uint64_t off = 0; ok && off < EMU_LIVE_FILE_LEN; off += sizeof(block)) {
        emu_pattern_fill(block, sizeof(block), key, off);
        ok = write(fd, block, sizeof(block)) == (ssize_t)sizeof(block);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return ok;
}

bool emu_servers_files(const struct emu_live_world *world, struct emu_error *error)
{
    static const char config[] = "user root;\n"
                                 "daemon off;\n"
                                 "master_process off;\n"
                                 "pid " DIRECTORY "/nginx.pid;\n"
                                 "error_log " DIRECTORY "/nginx.log;\n"
                                 "events { worker_connections 256; }\n"
                                 "http {\n"
                                 "    access_log off;\n"
                                 "    client_body_temp_path " DIRECTORY "/t1;\n"
                                 "    proxy_temp_path " DIRECTORY "/t2;\n"
                                 "    fastcgi_temp_path " DIRECTORY "/t3;\n"
                                 "    uwsgi_temp_path " DIRECTORY "/t4;\n"
                                 "    scgi_temp_path " DIRECTORY "/t5;\n"
                                 "    server {\n"
                                 "        listen 8080;\n"
                                 "        listen [::]:8080;\n"
                                 "        root " DIRECTORY "/www;\n"
                                 "    }\n"
                                 "}\n";

    _Static_assert(EMU_LIVE_HTTP_PORT == 8080, "as the configuration has it");
    if (mkdir(DIRECTORY "/www", 0755) == 0 && write_file(DIRECTORY "/nginx.conf", config) &&
        write_pattern(DIRECTORY "/www" EMU_LIVE_FILE, world->file_key)) {
        return true;
    }
    emu_error_set(error, EMU_EXIT_ENVIRONMENT, "no memory for the file to serve: %s",
                  strerror(errno));
    return false;
}

/* --- one after the other --- */

static pid_t start(struct emu_words *words)
{
    struct emu_error ignored;

    return emu_netns_exec(words->argv, &ignored);
}

static void pause_a_little(void)
{
    const struct timespec time = {.tv_nsec = PAUSE_MS * 1000000L};

    (void)nanosleep(&time, NULL);
}

static void stop(pid_t pid)
{
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
}

/* Runs a program to its end; whether that was a good one. */
static bool succeeds(struct emu_words *words)
{
    const pid_t pid = start(words);
    int status = -1;

    for (int waited = 0; pid > 0 && waited < WAIT_MS; waited += PAUSE_MS) {
        if (waitpid(pid, &status, WNOHANG) == pid) {
            return status == 0;
        }
        pause_a_little();
    }
    if (pid > 0) {
        stop(pid);
    }
    return false;
}

static pid_t start_nginx(struct emu_words *words)
{
    emu_words_add(words, "-p " DIRECTORY " -c " DIRECTORY "/nginx.conf");
    return start(words);
}

static pid_t start_python(struct emu_words *words)
{
    emu_words_add(words, "-m http.server --bind :: --directory " DIRECTORY "/www");
    emu_words_format(words, "%d", EMU_LIVE_HTTP_PORT);
    return start(words);
}

static pid_t start_redis(struct emu_words *words)
{
    emu_words_add(words, "--bind 0.0.0.0 :: --protected-mode no --appendonly no");
    emu_words_format(words, "--port");
    emu_words_format(words, "%d", EMU_LIVE_REDIS_PORT);
    emu_words_format(words, "--save");
    emu_words_format(words, "%s", "");
    emu_words_add(words, "--dir " DIRECTORY);
    return start(words);
}

static pid_t start_iperf3(struct emu_words *words)
{
    emu_words_add(words, "-s -p");
    emu_words_format(words, "%d", EMU_LIVE_IPERF3_PORT);
    return start(words);
}

/* sshd gives up privileges, and so takes more users than a user namespace of our own has. */
static bool may_change_groups(void)
{
    gid_t groups[GROUPS_MAX];
    const int cnt = getgroups(GROUPS_MAX, groups);

    return cnt >= 0 && setgroups((size_t)cnt, groups) == 0;
}

static bool make_key(const char *path)
{
    struct emu_words words = {.cnt = 0};

    emu_words_add(&words, "ssh-keygen -q -t ed25519 -N");
    emu_words_format(&words, "%s", "");
    emu_words_add(&words, "-f");
    emu_words_add(&words, path);
    return succeeds(&words);
}

void emu_servers_ssh(struct emu_words *words, const char *host)
{
    emu_words_add(words, "ssh -T -F /dev/null -o StrictHostKeyChecking=no -o LogLevel=ERROR "
                         "-o UserKnownHostsFile=/dev/null -o IdentitiesOnly=yes -o BatchMode=yes "
                         "-i " USER_KEY " -l root -p");
    emu_words_format(words, "%d", EMU_LIVE_SHELL_PORT);
    emu_words_add(words, host);
}

static pid_t start_sshd(struct emu_words *words)
{
    struct emu_error ignored;
    char ssh[256];

    if (!may_change_groups() || !emu_words_find(ssh, sizeof(ssh), "ssh") || !make_key(HOST_KEY) ||
        !make_key(USER_KEY)) {
        return -1;
    }
    if (access("/run/sshd", F_OK) != 0 && emu_netns_directory("/run", &ignored)) {
        (void)mkdir("/run/sshd", 0755); /* as its package has the system do */
    }
    /* The user's own shell runs, but not what the user has it do first. */
    emu_words_add(words, "-D -e -f /dev/null -h " HOST_KEY " -o StrictModes=no -o UsePAM=no "
                         "-o SetEnv=HOME=" DIRECTORY
                         " -o PidFile=none -o AuthorizedKeysFile=" USER_KEY ".pub -p");
    emu_words_format(words, "%d", EMU_LIVE_SHELL_PORT);
    return start(words);
}

static int serve_shell(void *user)
{
    (void)user;
    return emu_shell_serve(EMU_LIVE_SHELL_PORT);
}

static pid_t start_shell(struct emu_words *words)
{
    const struct emu_netns_program program = {.body = serve_shell, .files = {-1, -1, -1}};
    struct emu_error ignored;

    (void)words;
    return emu_netns_start(&program, &ignored);
}

/* --- all --- */

struct server {
    enum emu_live_server server;
    enum emu_live_server instead_of; /* runs if that does not; itself: in any case */
    const char *program;             /* NULL: our own */
    uint16_t port;
    pid_t (*start)(struct emu_words *words); /* the program's path is there */
};

static const struct server servers[] = {
    {EMU_LIVE_NGINX, EMU_LIVE_NGINX, "nginx", EMU_LIVE_HTTP_PORT, start_nginx},
    {EMU_LIVE_PYTHON, EMU_LIVE_NGINX, "python3", EMU_LIVE_HTTP_PORT, start_python},
    {EMU_LIVE_REDIS, EMU_LIVE_REDIS, "redis-server", EMU_LIVE_REDIS_PORT, start_redis},
    {EMU_LIVE_IPERF3, EMU_LIVE_IPERF3, "iperf3", EMU_LIVE_IPERF3_PORT, start_iperf3},
    {EMU_LIVE_SSHD, EMU_LIVE_SSHD, "sshd", EMU_LIVE_SHELL_PORT, start_sshd},
    {EMU_LIVE_SHELL, EMU_LIVE_SSHD, NULL, EMU_LIVE_SHELL_PORT, start_shell},
};

static bool answers(uint16_t port)
{
    const struct sockaddr_in6 address = {
        .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok;

    if (fd < 0) {
        return false;
    }
    ok = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
    (void)close(fd);
    return ok;
}

/* Waits until something listens, or the process has ended. */
static bool comes_up(pid_t pid, uint16_t port)
{
    for (int waited = 0; waited < WAIT_MS; waited += PAUSE_MS) {
        if (waitpid(pid, NULL, WNOHANG) != 0) {
            return false;
        }
        if (answers(port)) {
            return true;
        }
        pause_a_little();
    }
    return false;
}

/* Whether one can log in here, which depends on the account. */
static bool lets_in(void)
{
    struct emu_words words = {.cnt = 0};

    emu_servers_ssh(&words, "::1");
    emu_words_add(&words, "true");
    return succeeds(&words);
}

static bool run_server(const struct server *server)
{
    struct emu_words words = {.cnt = 0};
    char path[256];
    pid_t pid;

    if (server->program != NULL) {
        if (!emu_words_find(path, sizeof(path), server->program)) {
            return false;
        }
        emu_words_format(&words, "%s", path);
    }
    pid = server->start(&words);
    if (pid > 0 && comes_up(pid, server->port) && (server->server != EMU_LIVE_SSHD || lets_in())) {
        return true;
    }
    if (pid > 0) {
        stop(pid);
    }
    return false;
}

uint32_t emu_servers_start(void)
{
    uint32_t up = 0;

    for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); ++i) {
        const struct server *server = &servers[i];

        if ((up & 1u << server->instead_of) == 0 && run_server(server)) {
            up |= 1u << server->server;
        }
    }
    return up;
}
