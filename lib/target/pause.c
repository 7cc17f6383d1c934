/* SPDX-License-Identifier: MIT */
#include "target/pause.h"

#include "target/initiate.h"
#include "target/instance.h"
#include "target/tree.h"

#include <string.h>

/* The request of an initiate that waits is known: its word of |target_data| tells its arrival. */
enum { WORD_SINCE = 1 };

static bool has_objects(const struct toe_target *target)
{
    return target->tcps.cnt > 0 || target->paths.cnt > 0 || target->neighbors.cnt > 0;
}

/* --- what the owner wants --- */

void toe_target_pause(struct toe_target *target)
{
    target->pause.is_paused = true;
}

void toe_target_upload_all(struct toe_target *target)
{
    target->pause.is_paused = true;
    target->pause.is_uploading_all = true;
}

/* Whether |caps| are no more than what the target was made with, and make sense. */
static bool are_possible(const struct toe_target_settings *settings, const struct toe_caps *caps)
{
    const bool has_family = (caps->ipv4 && settings->ipv4) || (caps->ipv6 && settings->ipv6);

    return has_family && caps->ipv4 <= settings->ipv4 && caps->ipv6 <= settings->ipv6 &&
           caps->sack <= settings->sack && caps->user_priority <= settings->user_priority &&
           caps->tcp_max <= settings->tcp_max && caps->path_max <= settings->path_max &&
           caps->neighbor_max <= settings->neighbor_max && caps->mtu_max <= settings->mtu_max &&
           caps->rcv_wnd_max <= settings->rcv_wnd_max &&
           caps->extension <= (settings->extension ? TOE_EXTENSION_VERSION : 0) &&
           caps->ecn <= settings->ecn &&
           caps->accecn <= (settings->accecn && caps->ecn && caps->extension != 0);
}

static toe_status change_caps(struct toe_target *target, const struct toe_caps *caps)
{
    struct toe_caps wanted = target->caps;

    memcpy(&wanted, caps, caps->size < sizeof(wanted) ? caps->size : sizeof(wanted));
    wanted.size = sizeof(wanted);
    memcpy(wanted.mac, target->caps.mac, TOE_MAC_LEN);
    if (!are_possible(&target->settings, &wanted)) {
        return TOE_STATUS_INVALID_DATA;
    }
    /* CAP-8, CAP-43. */
    if (has_objects(target)) {
        return TOE_STATUS_INVALID_STATE;
    }
    target->caps = wanted;
    return TOE_STATUS_SUCCESS;
}

toe_status toe_target_resume(struct toe_target *target, const struct toe_caps *caps)
{
    struct target_pause *pause = &target->pause;

    /* CAP-42. */
    if (!pause->is_paused || (pause->is_uploading_all && has_objects(target))) {
        return TOE_STATUS_INVALID_STATE;
    }
    if (caps != NULL) {
        const toe_status status = change_caps(target, caps);

        if (status != TOE_STATUS_SUCCESS) {
            return status;
        }
    }
    pause->is_paused = false;
    pause->is_uploading_all = false;
    pause->is_powered_down = false;
    pause->is_resume_due = true;
    return TOE_STATUS_SUCCESS;
}

toe_status toe_target_power_down(struct toe_target *target)
{
    struct target_pause *pause = &target->pause;

    pause->is_paused = true;
    pause->is_powered_down = true;
    if (!has_objects(target)) {
        return TOE_STATUS_SUCCESS;
    }
    /* PM-3: a terminate that waits may be the one that takes the last of them. */
    if (!target_work_has(&target->work, TARGET_REQUEST_TERMINATE)) {
        pause->is_uploading_all = true;
    }
    return TOE_STATUS_PENDING;
}

bool toe_target_can_close(const struct toe_target *target)
{
    return !has_objects(target) && target_work_is_empty(&target->work) &&
           target_work_is_empty(&target->pause.queued) && target->stats.bufs_indicated == 0;
}

/* --- what the host is told --- */

static void tell(struct toe_target *target, toe_status status)
{
    const struct toe_caps caps = target->caps;

    target->host.status(target->host_user, status,
                        status == TOE_STATUS_OFFLOAD_RESUME ? &caps : NULL);
}

static void tell_resume(struct toe_target *target)
{
    struct target_pause *pause = &target->pause;

    if (!pause->has_told_pause) {
        tell(target, TOE_STATUS_OFFLOAD_PAUSE); /* CAP-5 */
    }
    pause->is_resume_due = false;
    pause->has_told_pause = false;
    pause->has_told_upload_all = false;
    tell(target, TOE_STATUS_OFFLOAD_RESUME);
}

static void tell_pause(struct toe_target *target)
{
    struct target_pause *pause = &target->pause;

    if (!pause->has_told_pause) {
        pause->has_told_pause = true;
        tell(target, TOE_STATUS_OFFLOAD_PAUSE);
    }
    if (pause->is_uploading_all && !pause->has_told_upload_all) {
        pause->has_told_upload_all = true;
        tell(target, TOE_STATUS_UPLOAD_ALL);
    }
}

static void fail(struct toe_target *target, struct toe_block *tree)
{
    target_tree_fail(tree);
    target->host.initiate_complete(target->host_user, tree);
}

/* Whether initiates are not even to wait: nothing promises that there will be a resume. */
static bool fails_initiates(const struct target_pause *pause)
{
    return pause->is_uploading_all || pause->is_powered_down;
}

static void take_queued(struct toe_target *target)
{
    struct target_pause *pause = &target->pause;
    const bool is_failing = fails_initiates(pause);
    struct target_work queued = pause->queued;
    struct toe_block *tree;

    pause->queued = (struct target_work){0};
    while ((tree = target_work_pop_tree(&queued)) != NULL) {
        if (is_failing) {
            fail(target, tree);
        } else {
            target_initiate(target, tree, tree->target_data[WORD_SINCE]);
        }
    }
}

bool target_pause_is_untold(const struct target_pause *pause)
{
    return !pause->has_told_pause || (pause->is_uploading_all && !pause->has_told_upload_all) ||
           (fails_initiates(pause) && !target_work_is_empty(&pause->queued));
}

void target_pause_run(struct toe_target *target)
{
    struct target_pause *pause = &target->pause;

    if (pause->is_resume_due) {
        tell_resume(target);
        if (!fails_initiates(pause)) {
            take_queued(target);
        }
    }
    if (pause->is_paused) {
        tell_pause(target);
    }
    if (fails_initiates(pause)) {
        take_queued(target);
    }
}

void target_pause_initiate(struct toe_target *target, struct toe_block *tree)
{
    struct target_pause *pause = &target->pause;

    if (fails_initiates(pause)) {
        fail(target, tree);
    } else if (pause->is_paused) {
        target_work_post_tree(&pause->queued, tree, TARGET_REQUEST_INITIATE);
        tree->target_data[WORD_SINCE] = target->now;
    } else {
        target_initiate(target, tree, target->now);
    }
}
