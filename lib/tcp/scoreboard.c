/* SPDX-License-Identifier: MIT */
#include "tcp/scoreboard.h"

#include "base/assert.h"

#include <string.h>

static uint32_t len_of(const struct tcp_sack_block *range)
{
    return toe_seq_off(range->right, range->left);
}

/* The index of the first range that ends above |seq|; the number of ranges if there is none. */
static uint32_t find_above(const struct tcp_scoreboard *sb, toe_seq seq)
{
    uint32_t low = 0;
    uint32_t high = sb->cnt;

    while (low < high) {
        const uint32_t mid = low + (high - low) / 2;

        if (toe_seq_gt(sb->ranges[mid].right, seq)) {
            high = mid;
        } else {
            low = mid + 1;
        }
    }
    return low;
}

static void remove_at(struct tcp_scoreboard *sb, uint32_t idx, uint32_t cnt)
{
    memmove(&sb->ranges[idx], &sb->ranges[idx + cnt],
            (sb->cnt - idx - cnt) * sizeof(sb->ranges[0]));
    sb->cnt -= cnt;
}

static uint32_t find_shortest(const struct tcp_scoreboard *sb)
{
    uint32_t best = 0;

    for (uint32_t i = 1; i < sb->cnt; ++i) {
        if (len_of(&sb->ranges[i]) < len_of(&sb->ranges[best])) {
            best = i;
        }
    }
    return best;
}

/* Puts |range|, which touches no other, at |idx|. Returns false if it is too short to be kept. */
static bool insert_at(struct tcp_scoreboard *sb, uint32_t idx, struct tcp_sack_block range)
{
    if (sb->cnt == TCP_SCOREBOARD_MAX) {
        const uint32_t victim = find_shortest(sb);

        if (len_of(&range) <= len_of(&sb->ranges[victim])) {
            return false;
        }
        sb->sacked -= len_of(&sb->ranges[victim]);
        remove_at(sb, victim, 1);
        idx -= victim < idx;
    }
    memmove(&sb->ranges[idx + 1], &sb->ranges[idx], (sb->cnt - idx) * sizeof(sb->ranges[0]));
    sb->ranges[idx] = range;
    ++sb->cnt;
    return true;
}

/* Adds one valid block and returns how many of its bytes are new. */
static uint32_t add(struct tcp_scoreboard *sb, struct tcp_sack_block block)
{
    /* The ranges it overlaps or touches are those from |first| to before |end|. */
    const uint32_t first = find_above(sb, toe_seq_sub(block.left, 1));
    uint32_t end = first;
    uint32_t known = 0;
    uint32_t fresh;

    while (end < sb->cnt && toe_seq_le(sb->ranges[end].left, block.right)) {
        known += len_of(&sb->ranges[end]);
        ++end;
    }
    if (end == first) {
        if (!insert_at(sb, first, block)) {
            return 0;
        }
        sb->sacked += len_of(&block);
        return len_of(&block);
    }

    block.left = toe_seq_min(block.left, sb->ranges[first].left);
    block.right = toe_seq_max(block.right, sb->ranges[end - 1].right);
    sb->ranges[first] = block;
    remove_at(sb, first + 1, end - first - 1);
    fresh = len_of(&block) - known;
    sb->sacked += fresh;
    return fresh;
}

/* How many bytes of [from, to) are in ranges. */
static uint32_t sacked_within(const struct tcp_scoreboard *sb, toe_seq from, toe_seq to)
{
    uint32_t sum = 0;

    for (uint32_t i = find_above(sb, from); i < sb->cnt; ++i) {
        const toe_seq left = toe_seq_max(sb->ranges[i].left, from);
        const toe_seq right = toe_seq_min(sb->ranges[i].right, to);

        if (toe_seq_ge(left, right)) {
            break;
        }
        sum += toe_seq_off(right, left);
    }
    return sum;
}

/* How many bytes of [from, to) are in no range. */
static uint32_t missing_within(const struct tcp_scoreboard *sb, toe_seq from, toe_seq to)
{
    if (toe_seq_ge(from, to)) {
        return 0;
    }
    return toe_seq_off(to, from) - sacked_within(sb, from, to);
}

/* Whether |cnt| ranges with |bytes| above a byte make it count as lost. */
static bool is_enough(uint32_t cnt, uint32_t bytes, const struct tcp_scoreboard_view *view)
{
    return cnt >= view->dup_thresh || bytes > (uint64_t)(view->dup_thresh - 1) * view->mss;
}

/* Up to where bytes that are in no range count as lost. */
static toe_seq loss_edge(const struct tcp_scoreboard *sb, const struct tcp_scoreboard_view *view)
{
    uint32_t bytes = 0;

    for (uint32_t i = sb->cnt; i > 0; --i) {
        bytes += len_of(&sb->ranges[i - 1]);
        if (is_enough(sb->cnt - i + 1, bytes, view)) {
            return sb->ranges[i - 1].left;
        }
    }
    return view->snd_una;
}

void tcp_scoreboard_clear(struct tcp_scoreboard *sb, toe_seq snd_una)
{
    sb->cnt = 0;
    sb->sacked = 0;
    sb->high_rxt = snd_una;
    sb->rescue_rxt = snd_una;
}

uint32_t tcp_scoreboard_update(struct tcp_scoreboard *sb, const struct tcp_sack_block *blocks,
                               uint8_t cnt, toe_seq snd_una, toe_seq snd_max)
{
    uint32_t fresh = 0;

    for (uint8_t i = 0; i < cnt; ++i) {
        /* Offsets from snd_una need no care at the wrap. */
        const uint32_t left = toe_seq_off(blocks[i].left, snd_una);
        const uint32_t right = toe_seq_off(blocks[i].right, snd_una);

        if (left < right && right <= toe_seq_off(snd_max, snd_una)) {
            fresh += add(sb, blocks[i]);
        }
    }
    return fresh;
}

void tcp_scoreboard_ack(struct tcp_scoreboard *sb, toe_seq snd_una)
{
    const uint32_t gone = find_above(sb, snd_una);

    for (uint32_t i = 0; i < gone; ++i) {
        sb->sacked -= len_of(&sb->ranges[i]);
    }
    remove_at(sb, 0, gone);
    if (sb->cnt > 0 && toe_seq_lt(sb->ranges[0].left, snd_una)) {
        sb->sacked -= toe_seq_off(snd_una, sb->ranges[0].left);
        sb->ranges[0].left = snd_una;
    }
    sb->high_rxt = toe_seq_max(sb->high_rxt, snd_una);
}

bool tcp_scoreboard_is_sacked(const struct tcp_scoreboard *sb, toe_seq seq)
{
    const uint32_t idx = find_above(sb, seq);

    return idx < sb->cnt && toe_seq_le(sb->ranges[idx].left, seq);
}

bool tcp_scoreboard_is_lost(const struct tcp_scoreboard *sb, toe_seq seq,
                            const struct tcp_scoreboard_view *view)
{
    uint32_t bytes = 0;

    for (uint32_t i = sb->cnt; i > 0 && toe_seq_gt(sb->ranges[i - 1].left, seq); --i) {
        bytes += len_of(&sb->ranges[i - 1]);
        if (is_enough(sb->cnt - i + 1, bytes, view)) {
            return true;
        }
    }
    return false;
}

uint32_t tcp_scoreboard_pipe(const struct tcp_scoreboard *sb,
                             const struct tcp_scoreboard_view *view)
{
    const toe_seq rexmitted = toe_seq_min(sb->high_rxt, view->snd_max);

    return missing_within(sb, loss_edge(sb, view), view->snd_max) +
           missing_within(sb, view->snd_una, rexmitted);
}

void tcp_scoreboard_recover(struct tcp_scoreboard *sb, toe_seq end)
{
    sb->high_rxt = end;
    sb->rescue_rxt = end;
}

/* Finds the first hole at or above high_rxt that has a range above it; of it, at most one MSS. */
static bool find_hole(const struct tcp_scoreboard *sb, struct tcp_sack_block *hole,
                      const struct tcp_scoreboard_view *view)
{
    toe_seq from = toe_seq_max(sb->high_rxt, view->snd_una);
    uint32_t idx = find_above(sb, from);

    if (idx < sb->cnt && toe_seq_le(sb->ranges[idx].left, from)) {
        from = sb->ranges[idx].right;
        ++idx;
    }
    if (idx == sb->cnt) {
        return false;
    }
    hole->left = from;
    hole->right = toe_seq_min(toe_seq_add(from, view->mss), sb->ranges[idx].left);
    return true;
}

/* Finds the highest bytes outstanding that are in no range; at most one MSS. */
static bool find_rescue(const struct tcp_scoreboard *sb, struct tcp_sack_block *range,
                        const struct tcp_scoreboard_view *view)
{
    uint32_t cnt = sb->cnt;
    toe_seq top = view->snd_max;
    toe_seq floor;

    if (cnt > 0 && toe_seq_eq(sb->ranges[cnt - 1].right, top)) {
        top = sb->ranges[--cnt].left;
    }
    floor = cnt > 0 ? sb->ranges[cnt - 1].right : view->snd_una;
    if (toe_seq_ge(floor, top)) {
        return false;
    }
    range->right = top;
    range->left = toe_seq_off(top, floor) > view->mss ? toe_seq_sub(top, view->mss) : floor;
    return true;
}

enum tcp_next tcp_scoreboard_next(const struct tcp_scoreboard *sb, struct tcp_sack_block *range,
                                  const struct tcp_scoreboard_view *view)
{
    const bool has_hole = find_hole(sb, range, view);

    if (has_hole && tcp_scoreboard_is_lost(sb, range->left, view)) {
        return TCP_NEXT_LOST;
    }
    if (view->has_new) {
        return TCP_NEXT_NEW;
    }
    if (has_hole) {
        return TCP_NEXT_DOUBTED;
    }
    if (toe_seq_gt(view->snd_una, sb->rescue_rxt) && find_rescue(sb, range, view)) {
        return TCP_NEXT_RESCUE;
    }
    return TCP_NEXT_NONE;
}

void tcp_scoreboard_sent(struct tcp_scoreboard *sb, enum tcp_next why,
                         const struct tcp_sack_block *range, const struct tcp_scoreboard_view *view)
{
    switch (why) {
    case TCP_NEXT_LOST:
    case TCP_NEXT_DOUBTED:
        toe_assert(toe_seq_ge(range->left, sb->high_rxt));
        sb->high_rxt = range->right;
        return;
    case TCP_NEXT_RESCUE:
        sb->rescue_rxt = view->recover;
        return;
    case TCP_NEXT_NEW:
    case TCP_NEXT_NONE:
        return;
    }
}
