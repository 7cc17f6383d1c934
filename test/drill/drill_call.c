/* SPDX-License-Identifier: MIT */
#include "drill_call.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * |args| has a letter for each argument: 'f' is a descriptor, 'n' another number, 'c' of bytes, '.'
 * what does not matter, 'l' a list of one number, 'o' the value of an option, and 'p' the
 * descriptors of poll().
 */
struct drill_call_type {
    const char *name;
    const char *args;
    long (*make)(struct drill_job *job);
    bool (*check)(struct drill_job *job, char *error, size_t error_len); /* NULL: nothing more */
};

static int number(const struct drill_job *job, int idx)
{
    return (int)job->event->call.args[idx].items[0].value;
}

static int64_t now_us(const struct drill_stack *stack)
{
    struct timeval now = {0};

    stack->to.gettimeofday(stack->to.user, &now, NULL);
    return (int64_t)now.tv_sec * 1000000 + now.tv_usec;
}

static bool differs(char *error, size_t error_len, const char *what, long want, long got)
{
    snprintf(error, error_len, "%s: expected %ld, got %ld", what, want, got);
    return false;
}

/* The calls. */

static long make_socket(struct drill_job *job)
{
    const struct drill_stack *stack = job->stack;

    return stack->to.socket(stack->to.user, stack->flow.net.domain, number(job, 1), number(job, 2));
}

static long make_bind(struct drill_job *job)
{
    struct sockaddr_storage addr;
    const socklen_t len = drill_flow_addr(&addr, &job->stack->flow, false);

    return job->stack->to.bind(job->stack->to.user, job->fd, (const struct sockaddr *)&addr, len);
}

static long make_listen(struct drill_job *job)
{
    return job->stack->to.listen(job->stack->to.user, job->fd, number(job, 1));
}

static long make_accept(struct drill_job *job)
{
    struct sockaddr_storage addr;
    socklen_t len = sizeof(addr);

    return job->stack->to.accept(job->stack->to.user, job->fd, (struct sockaddr *)&addr, &len);
}

static long make_connect(struct drill_job *job)
{
    struct sockaddr_storage addr;
    const socklen_t len = drill_flow_addr(&addr, &job->stack->flow, true);

    return job->stack->to.connect(job->stack->to.user, job->fd, (const struct sockaddr *)&addr,
                                  len);
}

static long make_close(struct drill_job *job)
{
    return job->stack->to.close(job->stack->to.user, job->fd);
}

static long make_shutdown(struct drill_job *job)
{
    return job->stack->to.shutdown(job->stack->to.user, job->fd, number(job, 1));
}

static long make_read(struct drill_job *job)
{
    return job->stack->to.read(job->stack->to.user, job->fd, job->bytes, job->len);
}

static long make_recv(struct drill_job *job)
{
    return job->stack->to.recv(job->stack->to.user, job->fd, job->bytes, job->len, number(job, 3));
}

static long make_write(struct drill_job *job)
{
    return job->stack->to.write(job->stack->to.user, job->fd, job->bytes, job->len);
}

static long make_send(struct drill_job *job)
{
    return job->stack->to.send(job->stack->to.user, job->fd, job->bytes, job->len, number(job, 3));
}

static long make_fcntl(struct drill_job *job)
{
    return job->stack->to.fcntl(job->stack->to.user, job->fd, number(job, 1), (long)number(job, 2));
}

static long make_ioctl(struct drill_job *job)
{
    return job->stack->to.ioctl(job->stack->to.user, job->fd, (unsigned long)number(job, 1),
                                &job->out.value);
}

static long make_poll(struct drill_job *job)
{
    const struct drill_item *items = job->event->call.args[0].items;

    job->out.poll = (struct pollfd){.fd = job->fd, .events = (short)items[1].value};
    return job->stack->to.poll(job->stack->to.user, &job->out.poll, 1, number(job, 2));
}

static long make_getsockopt(struct drill_job *job)
{
    job->out_len = (socklen_t)number(job, 4);
    return job->stack->to.getsockopt(job->stack->to.user, job->fd, number(job, 1), number(job, 2),
                                     &job->out.value, &job->out_len);
}

static long make_setsockopt(struct drill_job *job)
{
    const struct drill_arg *arg = &job->event->call.args[3];

    if (arg->kind == DRILL_FIELDS) {
        job->out.linger.l_onoff = (int)arg->items[0].value;
        job->out.linger.l_linger = (int)arg->items[1].value;
    } else {
        job->out.value = (int)arg->items[0].value;
    }
    return job->stack->to.setsockopt(job->stack->to.user, job->fd, number(job, 1), number(job, 2),
                                     &job->out, (socklen_t)number(job, 4));
}

/* What came of them. */

/* The script's number stands for what the stack gave. */
static bool check_new_fd(struct drill_job *job, char *error, size_t error_len)
{
    const int64_t fd = job->event->call.result;

    if (job->result < 0) {
        return true;
    }
    if (fd >= DRILL_FD_MAX || job->stack->fds[fd] >= 0) {
        snprintf(error, error_len, "no descriptor can be %ld", (long)fd);
        return false;
    }
    job->stack->fds[fd] = (int)job->result;
    return true;
}

static bool check_close(struct drill_job *job, char *error, size_t error_len)
{
    (void)error;
    (void)error_len;
    if (job->result == 0) {
        job->stack->fds[number(job, 0)] = -1;
    }
    return true;
}

static bool check_written(struct drill_job *job, char *error, size_t error_len)
{
    (void)error;
    (void)error_len;
    job->stack->written_cnt += job->result > 0 ? (uint32_t)job->result : 0;
    return true;
}

static bool check_peeked(struct drill_job *job, char *error, size_t error_len)
{
    for (long i = 0; i < job->result; ++i) {
        if (job->bytes[i] != drill_text_at(job->stack->read_cnt + (uint32_t)i)) {
            snprintf(error, error_len, "byte %ld is not the one that arrived there", i);
            return false;
        }
    }
    return true;
}

static bool check_read(struct drill_job *job, char *error, size_t error_len)
{
    const bool ok = check_peeked(job, error, error_len);

    job->stack->read_cnt += job->result > 0 ? (uint32_t)job->result : 0;
    return ok;
}

static bool check_received(struct drill_job *job, char *error, size_t error_len)
{
    return (number(job, 3) & MSG_PEEK) != 0 ? check_peeked(job, error, error_len)
                                            : check_read(job, error, error_len);
}

static bool check_ioctl(struct drill_job *job, char *error, size_t error_len)
{
    return job->result < 0 || job->out.value == number(job, 2) ||
           differs(error, error_len, "value", number(job, 2), job->out.value);
}

static bool check_poll(struct drill_job *job, char *error, size_t error_len)
{
    const short want = (short)job->event->call.args[0].items[2].value;

    return job->result < 0 || job->out.poll.revents == want ||
           differs(error, error_len, "revents", want, job->out.poll.revents);
}

static bool check_getsockopt(struct drill_job *job, char *error, size_t error_len)
{
    if (job->result < 0) {
        return true;
    }
    if (job->out_len != (socklen_t)number(job, 4)) {
        return differs(error, error_len, "length", number(job, 4), (long)job->out_len);
    }
    return job->out.value == number(job, 3) ||
           differs(error, error_len, "value", number(job, 3), job->out.value);
}

static const struct drill_call_type types[] = {
    {"socket", ".nn", make_socket, check_new_fd},
    {"bind", "f..", make_bind, NULL},
    {"listen", "fn", make_listen, NULL},
    {"accept", "f..", make_accept, check_new_fd},
    {"connect", "f..", make_connect, NULL},
    {"close", "f", make_close, check_close},
    {"shutdown", "fn", make_shutdown, NULL},
    {"read", "f.c", make_read, check_read},
    {"recv", "f.cn", make_recv, check_received},
    {"write", "f.c", make_write, check_written},
    {"send", "f.cn", make_send, check_written},
    {"fcntl", "fnn", make_fcntl, NULL},
    {"ioctl", "fnl", make_ioctl, check_ioctl},
    {"poll", "pnn", make_poll, check_poll},
    {"getsockopt", "fnnll", make_getsockopt, check_getsockopt},
    {"setsockopt", "fnnon", make_setsockopt, NULL},
};

const struct drill_call_type *drill_call_find(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); ++i) {
        if (strlen(types[i].name) == len && memcmp(types[i].name, name, len) == 0) {
            return &types[i];
        }
    }
    return NULL;
}

static bool is_field(const struct drill_arg *arg, uint32_t idx, const char *name)
{
    return arg->kind == DRILL_FIELDS && idx < arg->cnt && strcmp(arg->items[idx].name, name) == 0;
}

static bool arg_fits(const struct drill_arg *arg, char letter)
{
    const int64_t value = arg->items[0].value;

    switch (letter) {
    case 'f':
        return arg->kind == DRILL_NUMBER && value >= 0 && value < DRILL_FD_MAX;
    case 'n':
        return arg->kind == DRILL_NUMBER;
    case 'c':
        return arg->kind == DRILL_NUMBER && value >= 0 && value <= DRILL_IO_MAX;
    case 'l':
        return arg->kind == DRILL_LIST;
    case 'o':
        return arg->kind == DRILL_LIST ||
               (arg->cnt == 2 && is_field(arg, 0, "onoff") && is_field(arg, 1, "linger"));
    case 'p':
        return arg->cnt == 3 && is_field(arg, 0, "fd") && is_field(arg, 1, "events") &&
               is_field(arg, 2, "revents") && value >= 0 && value < DRILL_FD_MAX;
    default:
        return arg->kind == DRILL_ANY;
    }
}

bool drill_call_fits(const struct drill_call *call, uint32_t cnt)
{
    const char *letters = call->type->args;

    if (strlen(letters) != cnt) {
        return false;
    }
    for (uint32_t i = 0; i < cnt; ++i) {
        if (!arg_fits(&call->args[i], letters[i])) {
            return false;
        }
    }
    /* poll() is for one descriptor here, and an option no longer than what it is put into. */
    return (letters[0] != 'p' || call->args[1].items[0].value == 1) &&
           (cnt != 5 || (call->args[4].items[0].value >= 0 &&
                         call->args[4].items[0].value <= (int64_t)sizeof(struct linger)));
}

bool drill_job_init(struct drill_job *job, struct drill_stack *stack,
                    const struct drill_event *event)
{
    const struct drill_call *call = &event->call;
    const char first = call->type->args[0];

    *job = (struct drill_job){.stack = stack, .event = event, .fd = -1};
    if (first == 'f' || first == 'p') {
        job->fd = stack->fds[call->args[0].items[0].value];
    }
    if (call->type->make == make_connect) {
        stack->flow.local_port = 0; /* any, and the first segment tells */
    }
    if (strlen(call->type->args) < 3 || call->type->args[2] != 'c') {
        return true;
    }
    job->len = (size_t)call->args[2].items[0].value;
    job->bytes = calloc(job->len + 1, 1);
    if (job->bytes != NULL && call->type->check == check_written) {
        for (size_t i = 0; i < job->len; ++i) {
            job->bytes[i] = drill_text_at(stack->written_cnt + (uint32_t)i);
        }
    }
    return job->bytes != NULL;
}

void drill_job_fini(struct drill_job *job)
{
    free(job->bytes);
    job->bytes = NULL;
}

void drill_job_make(struct drill_job *job)
{
    errno = 0;
    job->result = job->event->call.type->make(job);
    job->error = job->result < 0 ? errno : 0;
    job->ended_us = now_us(job->stack);
}

bool drill_job_check(struct drill_job *job, char *error, size_t error_len)
{
    const struct drill_call *call = &job->event->call;
    const bool makes_fd = call->type->check == check_new_fd && job->result >= 0;
    char what[256];
    bool ok = true;

    if (job->error != call->error || (makes_fd ? call->result < 0 : job->result != call->result)) {
        snprintf(what, sizeof(what), "expected %ld%s%s, got %ld%s%s", (long)call->result,
                 call->error == 0 ? "" : " ", call->error == 0 ? "" : drill_error_name(call->error),
                 job->result, job->error == 0 ? "" : " ",
                 job->error == 0 ? "" : drill_error_name(job->error));
        ok = false;
    } else if (call->type->check != NULL) {
        ok = call->type->check(job, what, sizeof(what));
    }
    if (!ok) {
        snprintf(error, error_len, "%s: %s", call->type->name, what);
    }
    return ok;
}
