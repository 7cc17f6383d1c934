/* SPDX-License-Identifier: MIT */
#include "target/ordinary.h"

#include "base/mem.h"
#include "target/instance.h"
#include "target/object.h"

#include <string.h>

void target_ordinary_push(struct toe_target *target, const struct toe_frame *frame)
{
    struct target_ordinary *ordinary = &target->ordinary;

    if (ordinary->cnt == TARGET_ORDINARY_MAX) {
        target_ordinary_flush(target);
    }
    ordinary->frames[ordinary->cnt++] = *frame;
}

void target_ordinary_flush(struct toe_target *target)
{
    struct target_ordinary *ordinary = &target->ordinary;
    const uint32_t cnt = ordinary->cnt;

    if (cnt == 0) {
        return;
    }
    ordinary->cnt = 0;
    target_ordinary_pass(target, ordinary->frames, cnt);
}

void target_ordinary_pass(struct toe_target *target, const struct toe_frame *frames, uint32_t cnt)
{
    if (cnt > 0) {
        target->stats.frames_passed_up += cnt;
        target->host.frames(target->host_user, frames, cnt);
    }
}

static size_t held_size(const struct target_held *held)
{
    return sizeof(*held) + held->frame.len;
}

void target_held_push(struct toe_target *target, struct target_tcp *tcp,
                      const struct toe_frame *frame)
{
    const uint32_t room = tcp->conn.rcv_buf + tcp->conn.snd_mss;
    struct target_held *held;

    if (frame->len > room || target_busy_of(tcp)->held_len > room - frame->len) {
        ++target->stats.drops[TOE_DROP_TCP_URGENT];
        return;
    }
    held = base_mem_alloc(&target->settings.mem, sizeof(*held) + frame->len);
    if (held == NULL || !target_tcp_wake(tcp)) {
        base_mem_free(&target->settings.mem, held, sizeof(*held) + frame->len);
        ++target->stats.drops[TOE_DROP_NO_MEMORY];
        return;
    }
    held->frame = *frame;
    held->frame.data = (const uint8_t *)(held + 1);
    held->frame.lease = NULL;
    memcpy(held + 1, frame->data, frame->len);
    if (target_busy_of(tcp)->held == NULL) {
        target_busy_of(tcp)->held = held;
    } else {
        target_busy_of(tcp)->held_last->next = held;
    }
    target_busy_of(tcp)->held_last = held;
    target_busy_of(tcp)->held_len += frame->len;
}

void target_held_release(struct toe_target *target, struct target_tcp *tcp)
{
    struct target_ordinary *ordinary = &target->ordinary;

    if (target_busy_of(tcp)->held == NULL) {
        return;
    }
    if (ordinary->released == NULL) {
        ordinary->released = target_busy_of(tcp)->held;
    } else {
        ordinary->released_last->next = target_busy_of(tcp)->held;
    }
    ordinary->released_last = target_busy_of(tcp)->held_last;
    target_busy_of(tcp)->held = NULL;
    target_busy_of(tcp)->held_last = NULL;
}

void target_held_flush(struct toe_target *target)
{
    struct target_held *held = target->ordinary.released;

    target->ordinary.released = NULL;
    for (struct target_held *one = held; one != NULL; one = one->next) {
        target_ordinary_push(target, &one->frame);
    }
    target_ordinary_flush(target);
    target_held_drop(target, held);
}

void target_held_drop(struct toe_target *target, struct target_held *held)
{
    while (held != NULL) {
        struct target_held *next = held->next;

        base_mem_free(&target->settings.mem, held, held_size(held));
        held = next;
    }
}
