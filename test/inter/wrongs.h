/* SPDX-License-Identifier: MIT */
/*
 * The table of wrong targets, for monitor_target_test.c, which has most of the hooks.
 */

/* The bytes that lie before the data start. */
static bool chain_placed(struct breaker *b, enum toe_inter_op op, struct toe_buf *chain)
{
    if (chain->off > chain->transferred && is_due(b, op)) {
        *(uint8_t *)(uintptr_t)chain->sge[0].addr ^= 1;
    }
    return false;
}

/* What a target does unasked, in a run. */

/* The upload is asked for, and then the target goes on as if it had not been. */
static void run_retrieve(struct breaker *b)
{
    if (is_due(b, b->wrong->op)) {
        b->pass.above_ops.tcp_event(b->pass.above, b->life->t->tcp.block.host_object,
                                    TOE_EVENT_RETRIEVE, b->wrong->value);
    }
}

static void run_status(struct breaker *b)
{
    static const struct toe_caps caps = {.size = sizeof(caps)};
    const toe_status status = b->wrong->value;

    if (!b->is_done && b->life->events > 0) {
        b->is_done = true;
        if (strcmp(b->wrong->rule, "CAP-42") == 0) {
            b->pass.above_ops.status(b->pass.above, TOE_STATUS_UPLOAD_ALL, NULL);
        }
        b->pass.above_ops.status(b->pass.above, status,
                                 strcmp(b->wrong->rule, "CAP-38") == 0 ? NULL : &caps);
    }
}

/* clang-format off */
static const struct wrong wrongs[] = {
    /* name, rule, and what is done when */
    {"initiate answered inside the call", "OFF-2", .call = call_answer_inside, .op = TOE_INTER_INITIATE},
    {"terminate answered inside the call", "TRM-16", .call = call_answer_inside, .op = TOE_INTER_TERMINATE},
    {"update answered inside the call", "UPD-1", .call = call_answer_inside, .op = TOE_INTER_UPDATE},
    {"query answered inside the call", "QRY-4", .call = call_answer_inside, .op = TOE_INTER_QUERY},
    {"invalidate answered inside the call", "INV-1", .call = call_answer_inside, .op = TOE_INTER_INVALIDATE},
    {"initiate answered twice", "OFF-2", .tree = tree_twice, .op = TOE_INTER_INITIATE_COMPLETE},
    {"terminate answered twice", "OFF-2", .tree = tree_twice, .op = TOE_INTER_TERMINATE_COMPLETE},
    {"update never answered", "OFF-2", .tree = tree_never, .op = TOE_INTER_UPDATE_COMPLETE},
    {"another tree answered", "BLK-2", .tree = tree_other, .op = TOE_INTER_QUERY_COMPLETE},
    {"no status", "BLK-1", .tree = tree_status_pending, .op = TOE_INTER_INITIATE_COMPLETE, .value = 2},
    {"inter_data", "REU-4", .tree = tree_inter_data, .op = TOE_INTER_INITIATE_COMPLETE, .value = 1},
    {"host_data", "BLK", .tree = tree_host_data, .op = TOE_INTER_TERMINATE_COMPLETE},
    {"placeholder failed", "PLH-3", .tree = tree_status_failure, .op = TOE_INTER_INITIATE_COMPLETE, .nth = 2},
    {"linker partial", "LKR-3", .tree = tree_status_partial, .op = TOE_INTER_INITIATE_COMPLETE, .nth = 2, .value = 1},
    {"partial without a failure", "PART-6", .tree = tree_status_partial, .op = TOE_INTER_INITIATE_COMPLETE},
    {"success with a failure", "PART-6", .tree = tree_failed_taken, .op = TOE_INTER_INITIATE_COMPLETE, .value = 2},
    {"linker, all failed, success", "PART-9", .tree = tree_failed_taken, .op = TOE_INTER_INITIATE_COMPLETE, .nth = 1, .value = 2},
    {"below a failure, success", "PART-1", .tree = tree_parent_failed, .op = TOE_INTER_INITIATE_COMPLETE, .value = 1},
    {"status of another layer", "OFF-12", .tree = tree_status_neighbor, .op = TOE_INTER_INITIATE_COMPLETE, .value = 2},
    {"success without a handle", "NEW-1", .tree = tree_no_handle, .op = TOE_INTER_INITIATE_COMPLETE, .value = 2},
    {"a connection taken twice", "NEW-4", .tree = tree_accepted, .op = TOE_INTER_INITIATE_COMPLETE, .nth = 6, .value = 2},
    {"receive: what the host placed is overwritten", "RCV-018", .chain = chain_placed, .op = TOE_INTER_RECEIVE_COMPLETE},
    {"failure with a handle", "NEW-1", .tree = tree_failed_with_handle, .op = TOE_INTER_INITIATE_COMPLETE, .value = 2},
    {"one handle for two", "CTX-3", .tree = tree_handle_twice, .op = TOE_INTER_INITIATE_COMPLETE, .value = 2},
    {"refused, buffers marked", "OFF-7", .call = call_remember, .tree = tree_failed_marked, .op = TOE_INTER_INITIATE_COMPLETE, .value = 2},
    {"refused, chain taken", "OFF-8", .tree = tree_failed_taken, .op = TOE_INTER_INITIATE_COMPLETE, .value = 2},
    {"handed over send first", "SND-069", .call = call_remember, .tree = tree_send_first, .op = TOE_INTER_INITIATE_COMPLETE},
    {"indication first", "RCV-061", .call = call_remember, .tree = tree_indicate_first, .op = TOE_INTER_INITIATE_COMPLETE},
    {"event first", "EVT-006", .tree = tree_event_first, .op = TOE_INTER_INITIATE_COMPLETE, .value = TOE_EVENT_RETRIEVE},
    {"event while terminating", "EVT-009", .tree = tree_event_first, .op = TOE_INTER_TERMINATE_COMPLETE, .value = TOE_EVENT_RETRIEVE},
    {"event after the terminate", "TRM-26", .tree = tree_event_after, .op = TOE_INTER_TERMINATE_COMPLETE},
    {"chain left as it was", "TRM-25", .call = call_remember, .tree = tree_chain_as_it_was, .op = TOE_INTER_TERMINATE_COMPLETE, .value = 2},
    {"delegated state not written", "TRM-20", .call = call_remember, .tree = tree_state_as_it_was, .op = TOE_INTER_TERMINATE_COMPLETE, .value = 2},
    {"cached state written", "CLS-5", .tree = tree_cached, .op = TOE_INTER_TERMINATE_COMPLETE, .value = 2},
    {"snd_una", "SND-085", .tree = tree_una, .op = TOE_INTER_TERMINATE_COMPLETE, .nth = 1, .value = 2},
    {"rcv_nxt", "RCV-100", .tree = tree_rcv_nxt, .op = TOE_INTER_TERMINATE_COMPLETE, .nth = 1, .value = 2},
    {"snd_nxt", "STATE-TD-35", .tree = tree_nxt, .op = TOE_INTER_TERMINATE_COMPLETE, .value = 2},
    {"flags", "STATE-TD-3", .tree = tree_flags, .op = TOE_INTER_TERMINATE_COMPLETE, .value = 2},
    {"send_data_head", "SND-072", .tree = tree_head, .op = TOE_INTER_TERMINATE_COMPLETE, .nth = 1, .value = 2},
    {"returned sends swapped", "SND-071", .tree = tree_swap_returned, .op = TOE_INTER_TERMINATE_COMPLETE, .nth = 1},
    {"a send not returned", "SND-050", .tree = tree_cut_chain, .op = TOE_INTER_TERMINATE_COMPLETE, .nth = 1, .value = 2},
    {"a strange buffer returned", "TRM-19", .tree = tree_foreign, .op = TOE_INTER_TERMINATE_COMPLETE, .nth = 1, .value = 2},
    {"a returned send's status", "SND-076", .tree = tree_returned_status, .op = TOE_INTER_TERMINATE_COMPLETE, .nth = 1, .value = 2},
    {"the second returned one advanced", "SND-075", .tree = tree_returned_advanced, .op = TOE_INTER_TERMINATE_COMPLETE, .nth = 1, .value = 2},
    {"terminate fails for no reason", "TRM-23", .tree = tree_status_failure, .op = TOE_INTER_TERMINATE_COMPLETE},
    {"terminate partial", "BLK-6", .tree = tree_status_partial, .op = TOE_INTER_TERMINATE_COMPLETE},
    {"update writes", "UPD-3", .tree = tree_cached, .op = TOE_INTER_UPDATE_COMPLETE},
    {"query writes what it should not", "QRY-1", .tree = tree_cached, .op = TOE_INTER_QUERY_COMPLETE},
    {"query writes no backlog", "QRY-8", .call = call_remember, .tree = tree_state_as_it_was, .op = TOE_INTER_QUERY_COMPLETE},
    {"abort without retrieve", "HWF-1", .tree = tree_fail_and_abort, .op = TOE_INTER_QUERY_COMPLETE},
    {"nothing after a failed query", "HWF-1", .tree = tree_status_failure, .op = TOE_INTER_QUERY_COMPLETE},

    {"send answered inside the post", "SND-003", .post = post_answer_inside, .op = TOE_INTER_SEND},
    {"send answered outside of run", "SEAM-1", .chain = chain_put_off, .op = TOE_INTER_SEND_COMPLETE},
    {"send answered twice", "IOS-014", .chain = chain_twice, .op = TOE_INTER_SEND_COMPLETE},
    {"a buffer nobody posted", "IOS-013", .chain = chain_foreign, .op = TOE_INTER_SEND_COMPLETE},
    {"nothing completed", "SEAM-6", .chain = chain_empty, .op = TOE_INTER_SEND_COMPLETE},
    {"send: a strange status", "SND-033", .chain = chain_status, .op = TOE_INTER_SEND_COMPLETE, .value = TOE_STATUS_RESOURCES},
    {"send: paused", "SND-084", .chain = chain_status, .op = TOE_INTER_SEND_COMPLETE, .value = TOE_STATUS_PAUSED},
    {"send: no status", "SND-038", .chain = chain_status, .op = TOE_INTER_SEND_COMPLETE, .value = TOE_STATUS_PENDING},
    {"send: aborted without a word", "DSC-036", .chain = chain_status, .op = TOE_INTER_SEND_COMPLETE, .value = TOE_STATUS_REQUEST_ABORTED},
    {"send: the count", "SND-041", .chain = chain_count, .op = TOE_INTER_SEND_COMPLETE},
    {"send: bytes left", "SND-042", .chain = chain_left, .op = TOE_INTER_SEND_COMPLETE},
    {"sends out of order", "SND-043", .chain = chain_swap, .op = TOE_INTER_SEND_COMPLETE, .nth = 1},
    {"send: success behind a failure", "SND-036", .chain = chain_failed_first, .op = TOE_INTER_SEND_COMPLETE, .nth = 1},
    {"send: the owner's words", "IOS-008", .chain = chain_flags, .op = TOE_INTER_SEND_COMPLETE},
    {"send: the memory", "SND-012", .chain = chain_memory, .op = TOE_INTER_SEND_COMPLETE},
    {"send completed as a receive", "DSC-019", .chain = chain_as_receive, .op = TOE_INTER_SEND_COMPLETE},
    {"receive: a strange status", "RCV-022", .chain = chain_status, .op = TOE_INTER_RECEIVE_COMPLETE, .value = TOE_STATUS_RESOURCES},
    {"receive: invalid state early", "RCV-023", .chain = chain_status, .op = TOE_INTER_RECEIVE_COMPLETE, .value = TOE_STATUS_INVALID_STATE},
    {"receive: the count", "RCV-019", .chain = chain_count, .op = TOE_INTER_RECEIVE_COMPLETE},
    {"receives out of order", "RCV-005", .chain = chain_swap, .op = TOE_INTER_RECEIVE_COMPLETE, .nth = 1},
    {"non-push, short", "RCV-013", .chain = chain_short, .op = TOE_INTER_RECEIVE_COMPLETE, .nth = 2, .value = 7},
    {"push, empty", "RCV-042", .chain = chain_short, .op = TOE_INTER_RECEIVE_COMPLETE},
    {"receive not answered before the terminate", "RCV-101", .chain = chain_never, .op = TOE_INTER_RECEIVE_COMPLETE, .nth = 3},
    {"disconnect: a strange status", "DSC-016", .chain = chain_status, .op = TOE_INTER_DISCONNECT_COMPLETE, .value = TOE_STATUS_RESOURCES},
    {"disconnect: the count", "DSC-017", .chain = chain_count, .op = TOE_INTER_DISCONNECT_COMPLETE},
    {"disconnect not answered before the terminate", "TRM-18", .chain = chain_never, .op = TOE_INTER_DISCONNECT_COMPLETE},
    {"disconnect before a send", "DSC-015", .chain = chain_never, .op = TOE_INTER_SEND_COMPLETE, .nth = 3},
    {"optional reason, half closed", "EVT-034", .chain = chain_then_event, .op = TOE_INTER_DISCONNECT_COMPLETE, .value = TOE_EVENT_RETRIEVE},
    {"abort event after the host's own", "DSC-010", .chain = chain_then_event, .op = TOE_INTER_DISCONNECT_COMPLETE, .nth = 1, .value = TOE_EVENT_ABORT},
    {"data after the host's reset", "DSC-009", .chain = chain_then_indicate, .op = TOE_INTER_DISCONNECT_COMPLETE, .nth = 1},
    {"forward: a strange status", "FWD-010", .chain = chain_status, .op = TOE_INTER_FORWARD_COMPLETE, .value = TOE_STATUS_RESOURCES},
    {"forward not answered before the terminate", "FWD-018", .chain = chain_never, .op = TOE_INTER_FORWARD_COMPLETE},

    {"a chain indicated", "RCV-045", .indicate = indicate_chain, .op = TOE_INTER_RECEIVE_INDICATE},
    {"beyond the end", "IOS-003", .indicate = indicate_beyond, .op = TOE_INTER_RECEIVE_INDICATE},
    {"more than the window", "RCV-064", .indicate = indicate_large, .op = TOE_INTER_RECEIVE_INDICATE},
    {"a send after a mandatory request", "SND-080", .run = run_retrieve, .op = TOE_INTER_RUN_HOOK, .nth = 1, .value = TOE_UPLOAD_REQUESTED},
    {"an empty indication", "SEAM-6", .indicate = indicate_empty, .op = TOE_INTER_RECEIVE_INDICATE},
    {"an unknown object", "CTX-5", .indicate = indicate_unknown, .op = TOE_INTER_RECEIVE_INDICATE},
    {"an accepted buffer again", "IOS-013", .indicate = indicate_again, .op = TOE_INTER_RECEIVE_INDICATE},
    {"refused data again", "RCV-052", .indicate = indicate_again, .op = TOE_INTER_RECEIVE_INDICATE, .nth = 1},
    {"indicated and not counted", "RCV-100", .run = run_indicate, .op = TOE_INTER_RUN_HOOK, .nth = 5},
    {"data after the disconnect event", "DSC-030", .event = event_then_indicate, .value = TOE_EVENT_DISCONNECT},
    {"data after the abort event", "DSC-039", .event = event_then_indicate, .value = TOE_EVENT_ABORT},
    {"disconnect event with refused data", "DSC-030", .tree = tree_event_first, .op = TOE_INTER_TERMINATE_COMPLETE, .nth = 2, .value = TOE_EVENT_DISCONNECT},
    {"disconnect event with a receive posted", "RCV-042", .chain = chain_then_event, .op = TOE_INTER_RECEIVE_COMPLETE, .nth = 1, .value = TOE_EVENT_DISCONNECT},
    {"indication with a receive posted", "RCV-008", .chain = chain_then_indicate, .op = TOE_INTER_RECEIVE_COMPLETE, .nth = 1},
    {"a number with the disconnect event", "EVT-004", .event = event_info, .value = TOE_EVENT_DISCONNECT},
    {"a reason that there is not", "EVT-002", .event = event_info, .value = TOE_EVENT_RETRIEVE},
    {"disconnect event twice", "EVT-008", .event = event_twice, .value = TOE_EVENT_DISCONNECT},
    {"abort event twice", "EVT-008", .event = event_twice, .value = TOE_EVENT_ABORT},
    {"aborted without the event", "DSC-036", .event = event_late},
    {"reachability without state", "NBR-8", .neighbor = neighbor_bare},
    {"reachability too early", "NBR-7", .neighbor = neighbor_early},
    {"reachability twice", "NBR-7", .neighbor = neighbor_twice},
    {"an unknown status", "CAP-34", .run = run_status, .value = TOE_STATUS_FAILURE},
    {"resume without a pause", "CAP-37", .run = run_status, .value = TOE_STATUS_OFFLOAD_RESUME},
    {"resume without capabilities", "CAP-38", .run = run_status, .value = TOE_STATUS_OFFLOAD_RESUME},
    {"resume before all is uploaded", "CAP-42", .run = run_status, .value = TOE_STATUS_OFFLOAD_RESUME},
    {.name = NULL},
};
/* clang-format on */
