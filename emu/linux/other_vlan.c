/* SPDX-License-Identifier: MIT */
#include "linux/other_vlan.h"

#include "linux/move.h"

bool emu_other_vlan_down(struct emu_conn *conn, const struct emu_segment *seg)
{
    const bool is_other = !emu_track_goes_on(&conn->track, seg) && (seg->flags & EMU_TCP_SYN) == 0;

    if (is_other && (seg->flags & EMU_TCP_RST) != 0) {
        return false; /* It answers whatever came there. */
    }
    if (conn->move != NULL) {
        emu_move_recall(conn, EMU_WHY_ROUTE, 0);
    }
    if (conn->move == NULL) {
        /* Two that are there at once would take turns. */
        conn->track = (struct emu_track){.is_apart = is_other};
        conn->is_open = false;
        return true;
    }
    return !is_other && conn->move->phase != EMU_PHASE_CARRIED;
}

void emu_other_vlan_up(struct emu_conn *conn, const struct emu_segment *seg)
{
    ++conn->kernel->stats.other_vlan;
    if (emu_track_is_peers(&conn->track, seg)) {
        conn->track.is_apart = true;
        if (conn->move != NULL) {
            emu_move_recall(conn, EMU_WHY_ROUTE, 0);
        }
    }
}
