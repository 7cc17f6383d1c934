/* SPDX-License-Identifier: MIT */
/*
 * One ordered record of what a target did, towards its host and on its wire.
 *
 * Entries are short texts, so that a test can say what it expects in one line, and so that an order
 * between an upcall and a frame can be checked.
 */
#ifndef SUPPORT_FAKE_LOG_H
#define SUPPORT_FAKE_LOG_H

#include <stddef.h>

enum t_log_side {
    T_LOG_HOST = 1,
    T_LOG_WIRE = 2,
    T_LOG_ALL = 3,
};

#define T_LOG_MAX 4096
#define T_LOG_TEXT_MAX 64

struct t_log {
    struct {
        enum t_log_side side;
        char text[T_LOG_TEXT_MAX];
    } entries[T_LOG_MAX];
    size_t cnt;
    char joined[16384];
};

/* t_log_add() appends an entry. */
void t_log_add(struct t_log *log, enum t_log_side side, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* t_log_take() is the entries of |side| with a space between them, and empties the log. */
const char *t_log_take(struct t_log *log, enum t_log_side side);

/* t_log_expect() fails unless the entries of |side| are |want|; it empties the log. */
void t_log_expect(struct t_log *log, enum t_log_side side, const char *want, const char *name);

#endif
