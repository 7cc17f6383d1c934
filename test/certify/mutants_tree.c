/* SPDX-License-Identifier: MIT */
/*
 * Mutants of the state operations: completions, statuses, handles, and the state that they carry.
 */
#include "certify/mutant.h"

#define INSTEAD(from, to) ((uint64_t)(to) << 32 | (from))

static bool is_placeholder(const struct toe_block *block)
{
    return block->object == NULL;
}

/* In an initiate, by the time of its completion. */
static bool is_linker(const struct toe_block *block)
{
    return block->object != NULL && block->state.neighbor == NULL;
}

static bool is_new(const struct toe_block *block)
{
    return block->object != NULL && block->state.neighbor != NULL;
}

static bool has_tcp(const struct toe_block *block)
{
    return block->object != NULL && block->state.tcp != NULL &&
           toe_block_layer(block->type) == TOE_LAYER_TCP;
}

static bool has_neighbor(const struct toe_block *block)
{
    return block->object != NULL && block->state.neighbor != NULL &&
           toe_block_layer(block->type) == TOE_LAYER_NEIGHBOR;
}

static bool has_path(const struct toe_block *block)
{
    return block->object != NULL && block->state.path != NULL &&
           toe_block_layer(block->type) == TOE_LAYER_PATH;
}

static bool has_failed(const struct toe_block *block)
{
    return toe_status_is_failure(block->status);
}

static bool any_below_failed(const struct toe_block *block)
{
    for (const struct toe_block *at = block->dependent; at != NULL; at = at->next) {
        if (has_failed(at)) {
            return true;
        }
    }
    return false;
}

static bool all_below_failed(const struct toe_block *block)
{
    for (const struct toe_block *at = block->dependent; at != NULL; at = at->next) {
        if (!has_failed(at)) {
            return false;
        }
    }
    return block->dependent != NULL;
}

/* --- completions --- */

static void set_all(struct toe_block *tree, toe_status status)
{
    for (; tree != NULL; tree = tree->next) {
        tree->status = status;
        set_all(tree->dependent, status);
    }
}

static bool call_inside(struct mutant_driver *m, struct toe_block *tree)
{
    set_all(tree, TOE_STATUS_FAILURE);
    mutant_complete_tree(m, tree);
    return true;
}

/* Nothing is done, and success is reported in the next run. */
static bool call_swallow(struct mutant_driver *m, struct toe_block *tree)
{
    set_all(tree, TOE_STATUS_SUCCESS);
    m->block = tree;
    return true;
}

static void after_swallow(struct mutant_driver *m)
{
    struct toe_block *tree = m->block;

    m->block = NULL;
    if (tree != NULL) {
        mutant_complete_tree(m, tree);
    }
}

static toe_instant due_swallow(struct mutant_driver *m, toe_instant deadline)
{
    return m->block != NULL ? 0 : deadline;
}

static bool tree_twice(struct mutant_driver *m, struct toe_block *tree)
{
    mutant_complete_tree(m, tree);
    return false;
}

static bool tree_never(struct mutant_driver *m, struct toe_block *tree)
{
    (void)m;
    (void)tree;
    return true;
}

static bool tree_other(struct mutant_driver *m, struct toe_block *tree)
{
    static struct toe_block copy;

    copy = *tree;
    mutant_complete_tree(m, &copy);
    return true;
}

/* --- every block that ... --- */

#define EACH_BLOCK(name, condition, what)                                                          \
    static void name##_walk(struct mutant_driver *m, struct toe_block *at)                         \
    {                                                                                              \
        (void)m;                                                                                   \
        for (; at != NULL; at = at->next) {                                                        \
            if (condition) {                                                                       \
                what;                                                                              \
            }                                                                                      \
            name##_walk(m, at->dependent);                                                         \
        }                                                                                          \
    }                                                                                              \
    static bool name(struct mutant_driver *m, struct toe_block *tree)                              \
    {                                                                                              \
        name##_walk(m, tree);                                                                      \
        return false;                                                                              \
    }

EACH_BLOCK(placeholder_pending, is_placeholder(at), at->status = TOE_STATUS_PENDING)
EACH_BLOCK(placeholder_follows, is_placeholder(at) && any_below_failed(at),
           at->status = TOE_STATUS_FAILURE)
EACH_BLOCK(placeholder_fails, is_placeholder(at), at->status = TOE_STATUS_FAILURE)
EACH_BLOCK(linker_is_quiet, is_linker(at) && any_below_failed(at), at->status = TOE_STATUS_SUCCESS)
EACH_BLOCK(linker_is_partial, is_linker(at) && all_below_failed(at),
           at->status = TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS)
EACH_BLOCK(linker_alone_fails, is_linker(at) && at->dependent == NULL,
           at->status = TOE_STATUS_FAILURE)
EACH_BLOCK(new_is_failed, is_new(at) && all_below_failed(at) && !has_failed(at),
           at->status = TOE_STATUS_FAILURE)
EACH_BLOCK(new_is_quiet, is_new(at) && at->status == TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS,
           at->status = TOE_STATUS_SUCCESS)
EACH_BLOCK(partial_goes_up,
           at->dependent != NULL && at->status == TOE_STATUS_SUCCESS &&
               at->dependent->status == TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS && !is_placeholder(at),
           at->status = TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS)
EACH_BLOCK(code_goes_down, has_failed(at) && at->dependent != NULL && all_below_failed(at),
           set_all(at->dependent, at->status))
EACH_BLOCK(new_has_no_handle, is_new(at) && !has_failed(at), *at->object = 0)
EACH_BLOCK(failed_has_handle, is_new(at) && has_failed(at), *at->object = 0x1234)
EACH_BLOCK(status_instead, at->status == (uint32_t)m->mutant->value,
           at->status = (uint32_t)(m->mutant->value >> 32))
EACH_BLOCK(buffered_fails,
           has_tcp(at) && has_failed(at) && at->state.tcp->delegated.buffered_data != NULL,
           at->status = TOE_STATUS_OFFLOAD_TCP_RCV_BUFFER)
EACH_BLOCK(inter_data_written, true, at->inter_data[1] = m)
EACH_BLOCK(refused_is_marked, has_tcp(at) && has_failed(at) && at->send_chain != NULL,
           at->send_chain->status = TOE_STATUS_UPLOAD_IN_PROGRESS)
EACH_BLOCK(refused_is_taken, has_tcp(at) && has_failed(at), at->send_chain = NULL)
EACH_BLOCK(all_fail, true, at->status = TOE_STATUS_FAILURE)

/* --- upcalls at the wrong side of a completion --- */

EACH_BLOCK(event_first, has_tcp(at) && !has_failed(at),
           m->pass.above_ops.tcp_event(m->pass.above, at->host_object, TOE_EVENT_RETRIEVE,
                                       TOE_UPLOAD_REQUESTED))

static void fail_chain(struct mutant_driver *m, struct toe_buf *chain)
{
    for (struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        buf->status = TOE_STATUS_UPLOAD_IN_PROGRESS;
        buf->transferred = 0;
    }
    if (chain != NULL) {
        m->pass.above_ops.send_complete(m->pass.above, chain);
    }
}

EACH_BLOCK(chain_first, has_tcp(at) && !has_failed(at), fail_chain(m, at->send_chain))

static bool event_after(struct mutant_driver *m, struct toe_block *tree)
{
    mutant_complete_tree(m, tree);
    (void)event_first(m, tree);
    return true;
}

/* --- what a terminate and a query bring --- */

/* A number of the delegated state is another one. */
#define EDIT(name, condition, what)                                                                \
    static void name##_one(struct toe_tcp_delegated *d)                                            \
    {                                                                                              \
        if (condition) {                                                                           \
            what;                                                                                  \
        }                                                                                          \
    }                                                                                              \
    EACH_BLOCK(name, has_tcp(at) && !has_failed(at), name##_one(&at->state.tcp->delegated))

EDIT(no_snd_una, d->snd_una != d->snd_max, ++d->snd_una)
EDIT(no_rcv_nxt, true, ++d->rcv_nxt)
EDIT(no_snd_nxt, true, d->snd_nxt = d->snd_max + 1)
EDIT(no_head, true, d->send_data_head = NULL)
EDIT(no_buffered, true, d->buffered_data = NULL)
EDIT(no_slot, true, d->retransmit_timeout_delta = TOE_TICKS_NONE)
EDIT(no_fin_wait_2, d->state == TOE_TCP_FIN_WAIT_2, d->retransmit_timeout_delta = TOE_TICKS_NONE)
EDIT(zero_slot, d->retransmit_timeout_delta == TOE_TICKS_NONE, d->retransmit_timeout_delta = 0)
EDIT(tick_to_zero, d->retransmit_timeout_delta == 1, d->retransmit_timeout_delta = 0)
EDIT(no_keep_alive, true, d->ka_timeout_delta = TOE_TICKS_NONE)
EDIT(no_probes, true, d->ka_probe_cnt = 0)
EDIT(no_rounds, true, d->snd_wnd_probe_cnt = 0)
EDIT(no_count, true, d->retransmit_cnt = 0)
EDIT(no_total, true, d->total_rt = 0)
EDIT(no_dups, true, d->dup_ack_cnt = 0)
EDIT(ts_time_off, true, d->ts_time += 1000)
EDIT(srtt_unscaled, true, d->srtt /= 8)
EDIT(no_age, true, d->ts_recent_age = 0)
EDIT(no_ts_recent, true, d->ts_recent = 0)
EDIT(no_cwnd, true, d->cwnd = 14600)
EDIT(no_ssthresh, true, d->ssthresh = UINT32_MAX)
EDIT(no_flags, true, d->flags = 0)
EDIT(no_dwnd, true, d->dwnd = 0)
EDIT(no_closed, d->state == TOE_TCP_CLOSED, d->state = TOE_TCP_ESTABLISHED)
EDIT(small_window, d->rcv_wnd > 0, --d->rcv_wnd)
EDIT(no_max_wnd, true, d->max_snd_wnd = d->snd_wnd)
EDIT(no_wl1, true, d->snd_wl1 = 0)
EDIT(no_send_backlog, true, d->send_backlog_size = 0)
EDIT(no_receive_backlog, true, d->receive_backlog_size = 0)

EACH_BLOCK(no_nic_delta, has_neighbor(at), at->state.neighbor->delegated.nic_reachability_delta = 0)
EACH_BLOCK(no_mtu, has_path(at), at->state.path->cached.mtu = 0)
EACH_BLOCK(cached_written, has_tcp(at), at->state.tcp->cached.ttl ^= 1)
EACH_BLOCK(triggers_cleared, has_tcp(at),
           at->state.tcp->cached.flags &= TOE_TCP_KEEP_ALIVE | TOE_TCP_NAGLE)
EACH_BLOCK(constant_flags_cleared, has_tcp(at),
           at->state.tcp->constant.flags &=
           TOE_TCP_TIMESTAMPS | TOE_TCP_SACK | TOE_TCP_WINDOW_SCALING)
EACH_BLOCK(ports_swapped, has_tcp(at),
           at->state.tcp->constant.remote_port = at->state.tcp->constant.local_port)

/* What a block held on its way down is there again on its way up. */
static void remember_walk(struct mutant_driver *m, const struct toe_block *at)
{
    for (; at != NULL; at = at->next) {
        if (has_tcp(at)) {
            m->state = *at->state.tcp;
            m->chain = at->send_chain;
        }
        remember_walk(m, at->dependent);
    }
}

static bool remember(struct mutant_driver *m, struct toe_block *tree)
{
    remember_walk(m, tree);
    return false;
}

EACH_BLOCK(remembered_first, has_tcp(at) && !has_failed(at), fail_chain(m, m->chain))
EACH_BLOCK(chain_as_it_was, has_tcp(at) && at->send_chain == NULL, at->send_chain = m->chain)
EACH_BLOCK(state_as_it_was, has_tcp(at), at->state.tcp->delegated = m->state.delegated)

static void swap(struct toe_block *at)
{
    struct toe_buf *first = at->send_chain;
    struct toe_buf *second = first->next;

    first->next = second->next;
    second->next = first;
    at->send_chain = second;
}

EACH_BLOCK(chain_swapped, has_tcp(at) && at->send_chain != NULL && at->send_chain->next != NULL,
           swap(at))
EACH_BLOCK(chain_cut, has_tcp(at) && at->send_chain != NULL, at->send_chain->next = NULL)
EACH_BLOCK(chain_marked, has_tcp(at) && at->send_chain != NULL,
           at->send_chain->status = TOE_STATUS_UPLOAD_IN_PROGRESS)
EACH_BLOCK(chain_advanced, has_tcp(at) && at->send_chain != NULL,
           toe_buf_advance(at->send_chain, 1))

/* clang-format off */
const struct mutant mutants_tree[] = {
    {"initiate answered inside the call", "OFF-2", "T-120", TOE_INTER_INITIATE, .call = call_inside},
    {"initiate answered twice", "OFF-2", "T-120", TOE_INTER_INITIATE, .tree = tree_twice},
    {"initiate never answered", "OFF-2", "T-120", TOE_INTER_INITIATE, .tree = tree_never},
    {"terminate answered inside the call", "TRM-16", "T-120", TOE_INTER_TERMINATE, .call = call_inside},
    {"terminate answered twice", "TRM-16", "T-120", TOE_INTER_TERMINATE, .tree = tree_twice},
    {"update answered inside the call", "UPD-1", "T-241", TOE_INTER_UPDATE, .call = call_inside},
    {"update never answered", "UPD-1", "T-241", TOE_INTER_UPDATE, .tree = tree_never},
    {"query answered inside the call", "QRY-4", "T-120", TOE_INTER_QUERY, .call = call_inside},
    {"query answered twice", "QRY-4", "T-120", TOE_INTER_QUERY, .tree = tree_twice},
    {"invalidate answered inside the call", "INV-1", "T-240", TOE_INTER_INVALIDATE, .call = call_inside},
    {"invalidate answered twice", "INV-1", "T-240", TOE_INTER_INVALIDATE, .tree = tree_twice},
    {"a copy of the tree comes back", "BLK-2", "T-120", TOE_INTER_QUERY, .tree = tree_other},

    {"a placeholder gets no status", "BLK-1", "C-02n", TOE_INTER_INITIATE, .tree = placeholder_pending},
    {"a placeholder fails with what is below", "PLH-3", NULL, TOE_INTER_INITIATE, .tree = placeholder_follows},
    {"a placeholder alone fails", "PLH-2", NULL, TOE_INTER_INITIATE, .tree = placeholder_fails},
    {"a placeholder fails in a terminate", "PLH-4", NULL, TOE_INTER_TERMINATE, .tree = placeholder_fails},
    {"a placeholder fails in an update", "PLH-4", NULL, TOE_INTER_UPDATE, .tree = placeholder_fails},
    {"a linker hides failures", "LKR-3", NULL, TOE_INTER_INITIATE, .tree = linker_is_quiet},
    {"a linker is partial where all failed", "PART-9", NULL, TOE_INTER_INITIATE, .tree = linker_is_partial},
    {"a linker without dependents fails", "LKR-5", NULL, TOE_INTER_INITIATE, .tree = linker_alone_fails},
    {"a new object fails with all below", "PART-8", NULL, TOE_INTER_INITIATE, .tree = new_is_failed},
    {"a new object hides failures below", "PART-6", NULL, TOE_INTER_INITIATE, .tree = new_is_quiet},
    {"a partial success goes up a layer", "PART-7", NULL, TOE_INTER_INITIATE, .tree = partial_goes_up},
    {"what was not attempted has its parent's code", "PART-1", NULL, TOE_INTER_INITIATE, .tree = code_goes_down},
    {"success without a handle", "NEW-1", NULL, TOE_INTER_INITIATE, .tree = new_has_no_handle},
    {"failure with a handle", "NEW-1", "C-02c", TOE_INTER_INITIATE, .tree = failed_has_handle},
    {"no room for a connection: RESOURCES", "OFF-10", NULL, TOE_INTER_INITIATE, .tree = status_instead,
     .value = INSTEAD(TOE_STATUS_OFFLOAD_TCP_ENTRIES, TOE_STATUS_RESOURCES)},
    {"a large MTU: FAILURE", "OFF-12", NULL, TOE_INTER_INITIATE, .tree = status_instead,
     .value = INSTEAD(TOE_STATUS_OFFLOAD_PATH_MTU, TOE_STATUS_FAILURE)},
    {"no room for a path: TCP_ENTRIES", "PART-12", "C-02b", TOE_INTER_INITIATE, .tree = status_instead,
     .value = INSTEAD(TOE_STATUS_OFFLOAD_PATH_ENTRIES, TOE_STATUS_OFFLOAD_TCP_ENTRIES)},
    {"no room for an address: PATH_ENTRIES", "TV-ST-6", NULL, TOE_INTER_INITIATE, .tree = status_instead,
     .value = INSTEAD(TOE_STATUS_OFFLOAD_IP_ADDRESS_ENTRIES, TOE_STATUS_OFFLOAD_PATH_ENTRIES)},
    {"a large window: FAILURE", "TV-ST-8", NULL, TOE_INTER_INITIATE, .tree = status_instead,
     .value = INSTEAD(TOE_STATUS_OFFLOAD_TCP_RCV_WINDOW, TOE_STATUS_FAILURE)},
    {"a VLAN of nobody: FAILURE", "VLAN-7", NULL, TOE_INTER_INITIATE, .tree = status_instead,
     .value = INSTEAD(TOE_STATUS_OFFLOAD_VLAN_MISMATCH, TOE_STATUS_FAILURE)},
    {"no room for a VLAN: MISMATCH", "VLAN-3", NULL, TOE_INTER_INITIATE, .tree = status_instead,
     .value = INSTEAD(TOE_STATUS_OFFLOAD_VLAN_ENTRIES, TOE_STATUS_OFFLOAD_VLAN_MISMATCH)},
    {"no room for buffered data: RCV_BUFFER", "RCV-087", NULL, TOE_INTER_INITIATE, .tree = buffered_fails},
    {"the driver's words written", "REU-4", NULL, TOE_INTER_INITIATE, .tree = inter_data_written},
    {"a refused chain is marked", "OFF-7", NULL, TOE_INTER_INITIATE, .tree = refused_is_marked},
    {"a refused chain is taken", "OFF-8", "T-132", TOE_INTER_INITIATE, .tree = refused_is_taken},
    {"an event before the initiate completed", "EVT-006", "T-120", TOE_INTER_INITIATE, .tree = event_first},
    {"a send completes before the initiate", "SND-069", "T-128", TOE_INTER_INITIATE, .call = remember, .tree = remembered_first},

    {"an event during a terminate", "EVT-009", NULL, TOE_INTER_TERMINATE, .tree = event_first},
    {"an event after a terminate", "TRM-18", "T-120", TOE_INTER_TERMINATE, .tree = event_after},
    {"sends completed and returned", "TRM-19", "T-133", TOE_INTER_TERMINATE, .tree = chain_first},
    {"no sends to return: the chain left as it was", "TRM-25", NULL, TOE_INTER_TERMINATE, .call = remember, .tree = chain_as_it_was},
    {"returned sends swapped", "SND-071", NULL, TOE_INTER_TERMINATE, .tree = chain_swapped},
    {"returned sends cut off", "SND-070", NULL, TOE_INTER_TERMINATE, .tree = chain_cut},
    {"the first returned send without a mark", "SND-072", NULL, TOE_INTER_TERMINATE, .tree = no_head},
    {"a returned send with a status", "SND-076", NULL, TOE_INTER_TERMINATE, .tree = chain_marked},
    {"a returned send advanced too far", "SND-075", NULL, TOE_INTER_TERMINATE, .tree = chain_advanced},
    {"terminate fails", "TRM-23", "T-120", TOE_INTER_TERMINATE, .tree = all_fail},
    {"terminate writes no state", "TRM-20", "T-133", TOE_INTER_TERMINATE, .call = remember, .tree = state_as_it_was},
    {"terminate writes cached state", "CLS-5", "T-120", TOE_INTER_TERMINATE, .tree = cached_written},
    {"terminate: snd_una", "SND-073", NULL, TOE_INTER_TERMINATE, .tree = no_snd_una},
    {"terminate: rcv_nxt", "RCV-099", NULL, TOE_INTER_TERMINATE, .tree = no_rcv_nxt},
    {"terminate: snd_nxt beyond snd_max", "STATE-TD-7", NULL, TOE_INTER_TERMINATE, .tree = no_snd_nxt},
    {"terminate: undelivered bytes forgotten", "RCV-096", NULL, TOE_INTER_TERMINATE, .tree = no_buffered},
    {"terminate: the retransmission timer does not run", "TMR-086", NULL, TOE_INTER_TERMINATE, .tree = no_slot},
    {"terminate: the FIN_WAIT_2 timer does not run", "TMR-036", NULL, TOE_INTER_TERMINATE, .tree = no_fin_wait_2},
    {"terminate: a timer that does not run has expired", "TMR-006", "T-120", TOE_INTER_TERMINATE, .tree = zero_slot},
    {"terminate: the keep-alive timer does not run", "TMR-046", NULL, TOE_INTER_TERMINATE, .tree = no_keep_alive},
    {"terminate: keep-alive probes forgotten", "SEG-027", NULL, TOE_INTER_TERMINATE, .tree = no_probes},
    {"terminate: rounds of window probes forgotten", "TMR-069", NULL, TOE_INTER_TERMINATE, .tree = no_rounds},
    {"terminate: retransmissions forgotten", "TMR-084", NULL, TOE_INTER_TERMINATE, .tree = no_count},
    {"terminate: time of retransmissions forgotten", "TMR-084", NULL, TOE_INTER_TERMINATE, .tree = no_total},
    {"terminate: duplicate acknowledgments forgotten", "STATE-TD-20", NULL, TOE_INTER_TERMINATE, .tree = no_dups},
    {"terminate: another timestamp clock", "RTT-005", NULL, TOE_INTER_TERMINATE, .tree = ts_time_off},
    {"terminate: the round trip unscaled", "RTT-014", "T-120", TOE_INTER_TERMINATE, .tree = srtt_unscaled},
    {"terminate: the echo has no age", "RTT-011", NULL, TOE_INTER_TERMINATE, .tree = no_age},
    {"terminate: no value to echo", "STATE-TD-16", NULL, TOE_INTER_TERMINATE, .tree = no_ts_recent},
    {"terminate: cwnd begins anew", "STATE-TD-12", NULL, TOE_INTER_TERMINATE, .tree = no_cwnd},
    {"terminate: ssthresh begins anew", "STATE-TD-13", NULL, TOE_INTER_TERMINATE, .tree = no_ssthresh},
    {"terminate: the flags are gone", "STATE-TD-3", NULL, TOE_INTER_TERMINATE, .tree = no_flags},
    {"terminate: dwnd is gone", "STATE-TD-31", NULL, TOE_INTER_TERMINATE, .tree = no_dwnd},
    {"terminate: CLOSED is ESTABLISHED", "SEG-006", NULL, TOE_INTER_TERMINATE, .tree = no_closed},
    {"terminate: the window a byte smaller", "STATE-TD-5", NULL, TOE_INTER_TERMINATE, .tree = small_window},
    {"terminate: the largest window is the last", "STATE-TD-10", NULL, TOE_INTER_TERMINATE, .tree = no_max_wnd},
    {"terminate: snd_wl1", "STATE-TD-11", NULL, TOE_INTER_TERMINATE, .tree = no_wl1},
    {"terminate: the neighbor was just there", "NBR-14", NULL, TOE_INTER_TERMINATE, .tree = no_nic_delta},

    {"query: no send backlog", "SND-090", NULL, TOE_INTER_QUERY, .tree = no_send_backlog},
    {"query: no receive backlog", "RCV-081", NULL, TOE_INTER_QUERY, .tree = no_receive_backlog},
    {"query: flags of triggers cleared", "STATE-TK-14", NULL, TOE_INTER_QUERY, .tree = triggers_cleared},
    {"query: unknown flags cleared", "STATE-TC-9", NULL, TOE_INTER_QUERY, .tree = constant_flags_cleared},
    {"query: the wrong port", "QRY-3", NULL, TOE_INTER_QUERY, .tree = ports_swapped},
    {"query: no path MTU", "QRY-3", "T-235", TOE_INTER_QUERY, .tree = no_mtu},
    {"query: a timer that does not run has expired", "QRY-9", "C-14a", TOE_INTER_QUERY, .tree = zero_slot},
    {"query: the last tick is rounded to zero", "TV-TMR-4", NULL, TOE_INTER_QUERY, .tree = tick_to_zero},
    {"query: another timestamp clock", "RTT-009", NULL, TOE_INTER_QUERY, .tree = ts_time_off},
    {"query: the neighbor was just there", "NBR-14", NULL, TOE_INTER_QUERY, .tree = no_nic_delta},
    {"query fails", "QRY-6", "T-120", TOE_INTER_QUERY, .tree = all_fail},

    {"update writes into the block", "UPD-3", NULL, TOE_INTER_UPDATE, .tree = cached_written},
    {"update does nothing", "UPD-11", NULL, TOE_INTER_UPDATE, .call = call_swallow, .after = after_swallow, .due = due_swallow},
    {"update fails and is done", "UPD-6", "T-241", TOE_INTER_UPDATE, .tree = all_fail},
    {"invalidate does nothing", "INV-4", NULL, TOE_INTER_INVALIDATE, .call = call_swallow, .after = after_swallow, .due = due_swallow},
    {"invalidate fails and is done", "INV-7", "T-240", TOE_INTER_INVALIDATE, .tree = all_fail},
    {.name = NULL},
};
/* clang-format on */
