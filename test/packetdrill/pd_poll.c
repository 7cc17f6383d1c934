/* SPDX-License-Identifier: MIT */
#include "pd_poll.h"

#include "pd_socket.h"

#include <errno.h>
#include <stdlib.h>

/* What is watched, and what was told of it: edges are what comes on top of that. */
struct watch {
    int fd;
    struct epoll_event event;
    uint32_t told;
    uint64_t arrival_cnt;
    uint64_t room_cnt;
    struct watch *next;
};

struct epoll {
    int fd;
    struct watch *watches;
    struct epoll *next;
};

static struct epoll *epolls;

static toe_instant deadline_of(int timeout)
{
    if (timeout < 0) {
        return TOE_INSTANT_NEVER;
    }
    return pd_world()->now + (toe_duration)timeout * TOE_NS_PER_MS;
}

struct poll_call {
    struct pollfd *fds;
    nfds_t cnt;
};

static bool attempt_poll(struct pd_call *call)
{
    const struct poll_call *what = call->what;

    call->result = 0;
    for (nfds_t i = 0; i < what->cnt; ++i) {
        struct pollfd *fd = &what->fds[i];
        struct pd_socket *socket = pd_socket_find(fd->fd);

        fd->revents = POLLNVAL;
        if (socket != NULL) {
            fd->revents = (short)(pd_socket_events(socket) & (fd->events | POLLERR | POLLHUP));
        }
        call->result += fd->revents != 0;
    }
    return call->result > 0 || call->is_late;
}

int pd_poll(void *user, struct pollfd *fds, nfds_t cnt, int timeout)
{
    struct poll_call what = {.fds = fds, .cnt = cnt};
    struct pd_call call = {.attempt = attempt_poll, .what = &what};

    (void)user;
    call.deadline = deadline_of(timeout);
    return (int)pd_run_call(&call, true);
}

static struct epoll *find(int fd)
{
    struct epoll *epoll = epolls;

    while (epoll != NULL && epoll->fd != fd) {
        epoll = epoll->next;
    }
    return epoll;
}

int pd_epoll_create(void *user, int size)
{
    struct epoll *epoll = NULL;

    (void)user;
    if (size <= 0) {
        errno = EINVAL;
        return -1;
    }
    pd_enter();
    epoll = calloc(1, sizeof(*epoll));
    if (epoll != NULL) {
        epoll->fd = pd_real_fd();
        epoll->next = epolls;
        epolls = epoll;
    }
    pd_leave();
    return epoll == NULL ? -1 : epoll->fd;
}

static struct watch **find_watch(struct epoll *epoll, int fd)
{
    struct watch **link = &epoll->watches;

    while (*link != NULL && (*link)->fd != fd) {
        link = &(*link)->next;
    }
    return link;
}

static int control(struct epoll *epoll, int op, int fd, const struct epoll_event *event)
{
    struct watch **link = find_watch(epoll, fd);
    struct watch *watch = *link;

    if (op == EPOLL_CTL_ADD && watch == NULL) {
        watch = calloc(1, sizeof(*watch));
        if (watch == NULL) {
            return ENOMEM;
        }
        *link = watch;
        watch->fd = fd;
    } else if (op == EPOLL_CTL_ADD) {
        return EEXIST;
    } else if (watch == NULL) {
        return ENOENT;
    }
    if (op == EPOLL_CTL_DEL) {
        *link = watch->next;
        free(watch);
        return 0;
    }
    watch->event = *event;
    watch->told = 0;
    return 0;
}

int pd_epoll_ctl(void *user, int epfd, int op, int fd, struct epoll_event *event)
{
    struct epoll *epoll;
    int error = EBADF;

    (void)user;
    pd_enter();
    epoll = find(epfd);
    if (epoll != NULL && pd_socket_find(fd) != NULL) {
        error = control(epoll, op, fd, event);
    }
    pd_leave();
    errno = error;
    return error == 0 ? 0 : -1;
}

/* What is to be told of |watch| now. */
static uint32_t news(struct watch *watch)
{
    struct pd_socket *socket = pd_socket_find(watch->fd);
    uint32_t events;
    uint32_t fresh;

    if (socket == NULL) {
        return 0;
    }
    events = (uint32_t)(uint16_t)pd_socket_events(socket) &
             (watch->event.events | EPOLLERR | EPOLLHUP) & 0xffff;
    if ((watch->event.events & EPOLLET) == 0) {
        return events;
    }
    fresh = events & ~watch->told;
    if (socket->arrival_cnt != watch->arrival_cnt) {
        fresh |= events & EPOLLIN;
    }
    if (socket->room_cnt != watch->room_cnt) {
        fresh |= events & EPOLLOUT;
    }
    watch->told = events;
    watch->arrival_cnt = socket->arrival_cnt;
    watch->room_cnt = socket->room_cnt;
    return fresh == 0 ? 0 : events;
}

struct epoll_call {
    int epfd;
    struct epoll_event *events;
    int max;
};

static bool attempt_epoll(struct pd_call *call)
{
    const struct epoll_call *what = call->what;
    struct epoll *epoll = find(what->epfd);
    int cnt = 0;

    if (epoll == NULL) {
        call->result = -1;
        call->error = EBADF;
        return true;
    }
    for (struct watch *watch = epoll->watches; watch != NULL && cnt < what->max;
         watch = watch->next) {
        const uint32_t events = news(watch);

        if (events != 0) {
            what->events[cnt++] = (struct epoll_event){.events = events, .data = watch->event.data};
            if ((watch->event.events & EPOLLONESHOT) != 0) {
                watch->event.events = 0;
            }
        }
    }
    call->result = cnt;
    return cnt > 0 || call->is_late;
}

int pd_epoll_wait(void *user, int epfd, struct epoll_event *events, int max, int timeout)
{
    struct epoll_call what = {.epfd = epfd, .events = events, .max = max};
    struct pd_call call = {.attempt = attempt_epoll, .what = &what};

    (void)user;
    call.deadline = deadline_of(timeout);
    return (int)pd_run_call(&call, true);
}
