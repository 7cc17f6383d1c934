/* SPDX-License-Identifier: MIT */
/*
 * The rules that the monitor checks: one line each.
 *
 * MONITOR_RULE_MAP(X) calls X(side, name, id, text): H for what a host has to keep, T for what a
 * target has to. The text says what was wrong. The order is that of the contract.
 *
 * What does not show at the seam is not here. Among it are SND-082, in which order a host puts
 * together what comes back: it shows in the stream that reaches the peer; the target's half of
 * ARCH-5: it passes up what it cannot judge, be it a connection's; and CAP-36: an initiate that
 * came in a pause is late, as any may be (that it fails when all is uploaded follows from CAP-42).
 */
#ifndef INTER_MONITOR_RULES_H
#define INTER_MONITOR_RULES_H

/* clang-format off */
#define MONITOR_RULE_MAP(X) \
    X(T, SEAM_1, "SEAM-1", "an upcall outside run(), or inside a call") \
    X(H, SEAM_2, "SEAM-2", "run() inside an upcall or a call") \
    X(H, SEAM_3, "SEAM-3", "time went back") \
    X(H, SEAM_4, "SEAM-4", "initiate before the parameters were set") \
    X(H, SEAM_5, "SEAM-5", "detached while something was offloaded or under way") \
    X(T, SEAM_6, "SEAM-6", "an upcall with nothing in it") \
    X(H, ARCH_5, "ARCH-5", "a segment of an offloaded connection on the ordinary path") \
    X(H, TREE_1, "TREE-1", "a block's layer contradicts its place") \
    X(H, TREE_7, "TREE-7", "a new path or connection with nothing to link to") \
    X(T, BLK_1, "BLK-1", "a status was not written") \
    X(T, BLK_2, "BLK-2", "completion of a tree that was not posted") \
    X(H, BLK_3, "BLK-3", "size or revision of a block or its state") \
    X(T, BLK_4, "BLK", "a member of a block that is not the target's was changed") \
    X(H, BLK_5, "BLK-5", "a tree was posted that the target still has") \
    X(T, BLK_6, "BLK-6", "neither SUCCESS nor FAILURE, and no initiate") \
    X(T, PLH_3, "PLH-3", "a placeholder of an initiate is not SUCCESS") \
    X(T, PLH_4, "PLH-4", "a placeholder is not SUCCESS") \
    X(H, PLH_6, "PLH-6", "a new object below a placeholder") \
    X(T, PLH_6_ACCEPTED, "PLH-6", "a new object below a placeholder was accepted") \
    X(T, LKR_3, "LKR-3", "a linker's status does not follow from its dependents") \
    X(H, LKR_6, "LKR-6", "a linker to what is being terminated, or invalid") \
    X(T, LKR_6_ACCEPTED, "LKR-6", "a linker that cannot be used was, or its dependents were tried") \
    X(T, NEW_1, "NEW-1", "no handle on success, or one on failure") \
    X(H, NEW_2, "NEW-2", "a new block without its layer's full state") \
    X(T, NEW_2_ACCEPTED, "NEW-2", "a new block without its layer's full state was accepted") \
    X(H, NEW_3, "NEW-3", "a connection offered in a state in which it may not be") \
    X(T, NEW_3_ACCEPTED, "NEW-3", "a connection accepted in a state in which it may not be") \
    X(T, NEW_4, "NEW-4", "a connection was accepted whose addresses and ports another one has") \
    X(T, CTX_3, "CTX-3", "a handle that names another object already") \
    X(H, CTX_4, "CTX-4", "a handle that names no such object") \
    X(T, CTX_5, "CTX-5", "an indication for an object that the host never offered") \
    X(H, CTX_7, "CTX-7", "a reference whose cell holds no handle") \
    X(T, CTX_7_ACCEPTED, "CTX-7", "success for a reference that names no object") \
    X(H, REF_3, "REF-3", "terminate of what others depend on, without them") \
    X(T, REF_5, "REF-5", "what others depend on was let go") \
    X(T, REU_4, "REU-4", "the intermediate driver's words came back changed") \
    X(T, OFF_2, "OFF-2", "initiate completed inside the call") \
    X(T, OFF_2_TWICE, "OFF-2", "a state operation completed twice") \
    X(T, OFF_2_NEVER, "OFF-2", "a state operation was never completed") \
    X(T, OFF_7, "OFF-7", "buffers of a connection that was refused were marked") \
    X(T, OFF_8, "OFF-8", "data of a connection that was refused came back changed") \
    X(T, OFF_12, "OFF-12", "a status that the layer does not have") \
    X(T, PART_1, "PART-1", "below a failed block, not FAILURE") \
    X(T, PART_4, "PART-4", "behind a failed root, not FAILURE") \
    X(T, PART_6, "PART-6", "PARTIAL_SUCCESS contradicts the immediate dependents") \
    X(T, PART_9, "PART-9", "a linker all of whose dependents failed is not FAILURE") \
    X(H, EVO_2, "EVO-2", "initiate of what is offloaded, or on its way") \
    X(T, EVO_7, "EVO-7", "a completion for a connection whose offload is in progress") \
    X(T, TRM_16, "TRM-16", "terminate completed inside the call") \
    X(H, TRM_15, "TRM-15", "terminate before a query, update or invalidate was answered") \
    X(T, TRM_18, "TRM-18", "a disconnect was not completed before the terminate") \
    X(T, TRM_19, "TRM-19", "a buffer came back that was not outstanding") \
    X(T, TRM_20, "TRM-20", "delegated state was not written") \
    X(T, TRM_23, "TRM-23", "terminate failed for a neighbor or path without reason") \
    X(T, TRM_25, "TRM-25", "the send chain was left as it was") \
    X(T, TRM_26, "TRM-26", "an indication after the terminate completed") \
    X(T, TRM_29, "TRM-29", "terminate of what is not there succeeded") \
    X(H, TRM_30, "TRM-30", "a request for what is being terminated") \
    X(T, HWF_1, "HWF-1", "the steps after corrupt hardware were left out, or swapped") \
    X(T, UPD_1, "UPD-1", "update completed inside the call") \
    X(T, UPD_3, "UPD-3", "update changed the state it was given") \
    X(H, SYN_1, "SYN-1", "update of what is invalid") \
    X(H, SYN_2, "SYN-2", "two updates of one object at once") \
    X(T, SYN_3, "SYN-3", "update of what is invalid succeeded") \
    X(T, QRY_1, "QRY-1", "query wrote a class that was not asked for") \
    X(T, QRY_4, "QRY-4", "query completed inside the call") \
    X(T, QRY_8, "QRY-8", "query did not write the backlogs") \
    X(T, INV_1, "INV-1", "invalidate completed inside the call") \
    X(T, CLS_5, "CLS-5", "terminate wrote constant or cached state") \
    X(T, STATE_TD_3, "STATE-TD-3", "the reserved flags or DWnd came back changed") \
    X(H, STATE_TD_35, "STATE-TD-35", "offered: not snd_una <= snd_nxt <= snd_max") \
    X(T, STATE_TD_35_BACK, "STATE-TD-35", "returned: not snd_una <= snd_nxt <= snd_max") \
    X(T, NBR_7, "NBR-7", "asked for reachability before both sides were stale") \
    X(T, NBR_8, "NBR-8", "a reachability query without its block and state") \
    X(T, CAP_34, "CAP-34", "a status that is none of pause, upload all, resume") \
    X(H, CAP_37, "CAP-37", "initiate while offloading pauses") \
    X(T, CAP_37_RESUME, "CAP-37", "resume without a pause") \
    X(T, CAP_38, "CAP-38", "resume without capabilities, or another status with them") \
    X(H, CAP_40, "CAP-40", "not everything was terminated after it was asked for") \
    X(T, CAP_42, "CAP-42", "resume before everything was uploaded") \
    X(T, IOS_3, "IOS-003", "data beyond the end of an indicated buffer") \
    X(H, IOS_3_POSTED, "IOS-003", "data beyond the end of a posted buffer") \
    X(T, IOS_8, "IOS-008", "a completed buffer's list, flags or owner's words were changed") \
    X(H, IOS_13, "IOS-013", "a buffer was posted that the target still has") \
    X(T, IOS_13_UNKNOWN, "IOS-013", "completion of a buffer that was not posted") \
    X(T, IOS_13_LENT, "IOS-013", "a buffer indicated that the host still has") \
    X(T, IOS_14, "IOS-014", "a buffer was completed twice") \
    X(T, SND_3, "SND-003", "completion or indication inside a post") \
    X(T, SND_2, "SND-002", "a send was never completed") \
    X(T, SND_12, "SND-012", "a send's list or memory changed while it was pending") \
    X(H, SND_13, "SND-013", "a post inside a post of the connection") \
    X(H, SND_19, "SND-019", "a send after the graceful disconnect") \
    X(T, SND_33, "SND-033", "a status that a send does not have") \
    X(T, SND_36, "SND-036", "success behind a failure in the same chain") \
    X(T, SND_38, "SND-038", "a buffer's status was not written") \
    X(T, SND_41, "SND-041", "transferred is not what the data start moved by") \
    X(T, SND_42, "SND-042", "success, and data is left") \
    X(T, SND_43, "SND-043", "sends completed out of order") \
    X(T, SND_45, "SND-045", "a completion mixes connections") \
    X(T, SND_50, "SND-050", "a send neither completed nor returned by the terminate") \
    X(H, SND_54, "SND-054", "offered: first or last buffer with data") \
    X(T, SND_69, "SND-069", "a handed over send completed before the initiate") \
    X(T, SND_71, "SND-071", "returned sends are not in the order of posting") \
    X(T, SND_72, "SND-072", "returned: first or last buffer with data") \
    X(T, SND_75, "SND-075", "an advanced buffer behind the first returned one") \
    X(T, SND_76, "SND-076", "the status of a returned send was written") \
    X(T, SND_80, "SND-080", "a send posted after a mandatory upload request succeeded") \
    X(H, SND_83, "SND-083", "a send or receive posted after the terminate") \
    X(T, SND_84, "SND-084", "a send refused with PAUSED") \
    X(T, SND_85, "SND-085", "snd_una or snd_max contradict what was acknowledged and returned") \
    X(T, RCV_5, "RCV-005", "receives completed out of order") \
    X(H, RCV_7, "RCV-007", "a receive post inside a receive post of the connection") \
    X(T, RCV_8, "RCV-008", "data indicated while a receive was posted") \
    X(T, RCV_9, "RCV-009", "a receive was never completed") \
    X(T, RCV_13, "RCV-013", "a non-push receive completed short") \
    X(T, RCV_18, "RCV-018", "bytes before the data start of a receive were changed") \
    X(T, RCV_19, "RCV-019", "a receive's count is not what its data start moved by") \
    X(T, RCV_22, "RCV-022", "a status that a receive does not have") \
    X(T, RCV_23, "RCV-023", "INVALID_STATE for a receive posted before the disconnect event") \
    X(T, RCV_25, "RCV-025", "an upcall of a connection inside another one") \
    X(T, RCV_42, "RCV-042", "an empty completion, or receives left over, that no end of stream explains") \
    X(T, RCV_45, "RCV-045", "a chain was indicated") \
    X(H, RCV_48, "RCV-048", "accepted, and not all consumed") \
    X(H, RCV_49, "RCV-049", "refused, and something consumed") \
    X(H, RCV_50, "RCV-050", "an answer that an indication does not have") \
    X(H, RCV_51, "RCV-051", "partly accepted: none or all of it") \
    X(T, RCV_52, "RCV-052", "refused data indicated again without a receive") \
    X(T, RCV_61, "RCV-061", "data indicated before the initiate completed") \
    X(T, RCV_64, "RCV-064", "more indicated at once than the initial receive window") \
    X(H, RCV_65, "RCV-065", "a buffer returned that was not indicated, or twice") \
    X(T, RCV_68, "RCV-068", "buffered data in a buffer that the host has, or beyond its end") \
    X(H, RCV_69, "RCV-069", "an indicated buffer was never returned") \
    X(T, RCV_94, "RCV-094", "a FIN told that the host had received itself") \
    X(T, RCV_100, "RCV-100", "received bytes lost or doubled by the terminate") \
    X(T, RCV_101, "RCV-101", "a receive was not completed before the terminate") \
    X(H, FWD_2, "FWD-002", "a forward while the connection is being offloaded") \
    X(H, FWD_3, "FWD-003", "a forward while the connection is being terminated") \
    X(T, FWD_4, "FWD-004", "a forward was never completed") \
    X(T, FWD_10, "FWD-010", "a status that a forward does not have") \
    X(T, FWD_13, "FWD-013", "forwards completed out of order") \
    X(T, FWD_18, "FWD-018", "a forward was not completed before the terminate") \
    X(T, DSC_1, "DSC-001", "a disconnect was never completed") \
    X(H, DSC_2, "DSC-002", "a disconnect with more than one buffer") \
    X(H, DSC_3, "DSC-003", "a disconnect that is neither graceful nor abortive") \
    X(H, DSC_6, "DSC-006", "an abortive disconnect with data") \
    X(T, DSC_9, "DSC-009", "data indicated after an abortive disconnect completed") \
    X(T, DSC_10, "DSC-010", "a disconnect or abort event after an abortive disconnect") \
    X(T, DSC_15, "DSC-015", "a disconnect completed before an earlier send") \
    X(T, DSC_16, "DSC-016", "a status that a disconnect does not have") \
    X(T, DSC_17, "DSC-017", "a disconnect's count is not what its data start moved by") \
    X(T, DSC_19, "DSC-019", "a buffer completed as what it was not posted for") \
    X(H, DSC_20, "DSC-020", "a failed disconnect was posted again") \
    X(H, DSC_24, "DSC-024", "a second graceful disconnect") \
    X(T, DSC_30, "DSC-030", "the disconnect event before all data was consumed, or data after it") \
    X(T, DSC_35, "DSC-035", "success for a receive posted after the disconnect event") \
    X(T, DSC_36, "DSC-036", "aborted before the abort event") \
    X(T, DSC_39, "DSC-039", "data indicated after the abort event") \
    X(T, EVT_2, "EVT-002", "an event or reason that there is not") \
    X(T, EVT_4, "EVT-004", "a number with a disconnect or abort event") \
    X(T, EVT_6, "EVT-006", "an event while the offload is in progress") \
    X(T, EVT_8, "EVT-008", "a second disconnect or abort event, or an event after the abort") \
    X(T, EVT_9, "EVT-009", "an event after the terminate was called") \
    X(H, EVT_12, "EVT-012", "a receive posted after the disconnect event") \
    X(H, EVT_12_RETRIEVE, "EVT-012", "a mandatory upload request was not obeyed") \
    X(T, EVT_34, "EVT-034", "an optional upload asked for while half closed")
/* clang-format on */

#define MONITOR_RULE_ENUM(side, name, id, text) MONITOR_##side##_##name,
enum monitor_rule { MONITOR_RULE_MAP(MONITOR_RULE_ENUM) MONITOR_RULE_CNT };
#undef MONITOR_RULE_ENUM

#endif
