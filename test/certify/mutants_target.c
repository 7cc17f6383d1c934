/* SPDX-License-Identifier: MIT */
/*
 * Mutants of the target around the engine: one function of lib/target replaced by a wrong one, as
 * in mutants_engine.c.
 */
#include "certify/mutant.h"

#include "target/disconnect.h"
#include "target/initiate.h"
#include "target/instance.h"
#include "target/invalidate.h"
#include "target/object.h"
#include "target/ordinary.h"
#include "target/reach.h"
#include "target/sending.h"
#include "target/upload.h"
#include "tcp/engine.h"

/* Both forms are declared as the function itself is, so that this file follows when it changes. */
#define WRAP(type, name, params)                                                                   \
    __typeof__(name) __real_##name;                                                                \
    __typeof__(name) __wrap_##name;                                                                \
    type __wrap_##name params

#define lies mutant_lies

enum lie {
    BLOCKED_SENDS = 1000,
    NO_REVIVAL,
    NO_PUSH_TIMER,
    RESET_UNSEEN,
    RESET_BACKWARDS,
    UPLOAD_UNTOLD,
    ALL_ACCEPTED,
    SENDS_ACCEPTED,
    NEVER_CONFIRMED,
    ALWAYS_CONFIRMED,
    NEVER_ASKED,
    JUST_CONFIRMED,
    NOT_KEPT,
    KEPT_EARLY,
    BACKLOG_UNTOLD,
    NO_RELINK,
    ANY_MTU,
    NO_FLUSH,
    WRONG_REFUSAL,
};

WRAP(bool, target_tcp_is_blocked, (const struct target_tcp *tcp))
{
    return !lies(BLOCKED_SENDS) && __real_target_tcp_is_blocked(tcp);
}

WRAP(void, target_revive, (struct target_path * path))
{
    if (!lies(NO_REVIVAL)) {
        __real_target_revive(path);
    }
}

WRAP(void, target_delivery_expire, (struct target_tcp * tcp, toe_instant now))
{
    if (lies(NO_PUSH_TIMER)) {
        target_busy_of(tcp)->delivery.push_at = TOE_INSTANT_NEVER;
    }
    __real_target_delivery_expire(tcp, now);
}

WRAP(void, target_upload_abort, (struct toe_target * target, struct target_tcp *tcp))
{
    if (lies(RESET_UNSEEN)) {
        return;
    }
    if (lies(RESET_BACKWARDS) && tcp->conn.verdict == TCP_VERDICT_RESET && !tcp->is_aborted) {
        target_send_flush(target, tcp, TOE_STATUS_REQUEST_ABORTED);
        target_disconnect_flush(target, tcp, TOE_STATUS_REQUEST_ABORTED);
    }
    __real_target_upload_abort(target, tcp);
}

WRAP(void, target_upload_run, (struct toe_target * target, struct target_tcp *tcp))
{
    if (!lies(UPLOAD_UNTOLD)) {
        __real_target_upload_run(target, tcp);
    }
}

WRAP(toe_status, target_tcp_refusal, (const struct target_tcp *tcp))
{
    const toe_status status = __real_target_tcp_refusal(tcp);

    if (lies(WRONG_REFUSAL) && status != TOE_STATUS_SUCCESS) {
        return TOE_STATUS_FAILURE;
    }
    return lies(ALL_ACCEPTED) ? TOE_STATUS_SUCCESS : status;
}

WRAP(toe_status, target_tcp_send_refusal, (const struct target_tcp *tcp))
{
    return lies(SENDS_ACCEPTED) ? TOE_STATUS_SUCCESS : __real_target_tcp_send_refusal(tcp);
}

WRAP(void, target_reach_confirm,
     (const struct toe_target *target, struct target_neighbor *neighbor))
{
    if (!lies(NEVER_CONFIRMED)) {
        __real_target_reach_confirm(target, neighbor);
    }
}

WRAP(void, target_reach_check, (struct toe_target * target, struct target_neighbor *neighbor))
{
    if (lies(ALWAYS_CONFIRMED)) {
        target_reach_confirm(target, neighbor);
    }
    if (!lies(NEVER_ASKED)) {
        __real_target_reach_check(target, neighbor);
    }
}

WRAP(void, target_reach_set,
     (const struct toe_target *target, struct target_neighbor *neighbor, uint32_t host_delta,
      uint32_t nic_delta))
{
    const bool fresh = lies(JUST_CONFIRMED);

    __real_target_reach_set(target, neighbor, fresh ? 0 : host_delta, fresh ? 0 : nic_delta);
}

WRAP(void, target_held_push,
     (struct toe_target * target, struct target_tcp *tcp, const struct toe_frame *frame))
{
    if (lies(KEPT_EARLY)) {
        target_ordinary_push(target, frame);
    } else if (!lies(NOT_KEPT)) {
        __real_target_held_push(target, tcp, frame);
    }
}

WRAP(void, target_backlog_run, (struct toe_target * target, struct target_tcp *tcp))
{
    if (!lies(BACKLOG_UNTOLD)) {
        __real_target_backlog_run(target, tcp);
    }
}

WRAP(void, target_path_link, (struct target_path * path, struct target_neighbor *neighbor))
{
    if (!lies(NO_RELINK) || path->neighbor == NULL) {
        __real_target_path_link(path, neighbor);
    }
}

WRAP(bool, target_path_mtu_is_sound, (const struct toe_addr *addr, uint32_t mtu))
{
    return lies(ANY_MTU) || __real_target_path_mtu_is_sound(addr, mtu);
}

WRAP(void, target_delivery_flush,
     (struct toe_target * target, struct target_tcp *tcp, toe_status status, bool keep_pushed))
{
    if (!lies(NO_FLUSH)) {
        __real_target_delivery_flush(target, tcp, status, keep_pushed);
    }
}

/* clang-format off */
const struct mutant mutants_target[] = {
    {"invalid state is used", "INV-9", NULL, .lie = BLOCKED_SENDS},
    {"a relink revives nothing", "LNK-6", NULL, .lie = NO_REVIVAL},
    {"a relink is not done", "LNK-3", NULL, .lie = NO_RELINK},
    {"no push timer", "TMR-075", NULL, .lie = NO_PUSH_TIMER},
    {"a reset is not told", "DSC-036", NULL, .lie = RESET_UNSEEN},
    {"a reset completes before it is told", "DSC-036", NULL, .lie = RESET_BACKWARDS},
    {"an upload is not asked for", "EVT-023", NULL, .lie = UPLOAD_UNTOLD},
    {"receives after an upload request are accepted", "EVT-033", NULL, .lie = ALL_ACCEPTED},
    {"receives after an upload request fail otherwise", "EVT-033", NULL, .lie = WRONG_REFUSAL},
    {"sends while all is to be uploaded are accepted", "CAP-41", NULL, .lie = SENDS_ACCEPTED},
    {"nothing confirms a neighbor", "NBR-5", NULL, .lie = NEVER_CONFIRMED},
    {"what is sent confirms a neighbor", "NBR-6", NULL, .lie = ALWAYS_CONFIRMED},
    {"nobody asks about a neighbor", "NBR-7", NULL, .lie = NEVER_ASKED},
    {"a neighbor begins confirmed", "TV-NBR-1", NULL, .lie = JUST_CONFIRMED},
    {"what is kept for the host is lost", "SEG-045", NULL, .lie = NOT_KEPT},
    {"what is kept for the host is not", "SEG-045", NULL, .lie = KEPT_EARLY},
    {"the backlog changes without a word", "SND-095", NULL, .lie = BACKLOG_UNTOLD},
    {"any MTU is sound", "STATE-PK-2", NULL, .lie = ANY_MTU},
    {"requests are kept by a terminate", "RCV-101", NULL, .lie = NO_FLUSH},
    {.name = NULL},
};
/* clang-format on */
