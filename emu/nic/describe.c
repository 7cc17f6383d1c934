/* SPDX-License-Identifier: MIT */
#include "nic/describe.h"

#include <stdio.h>

#include "option.h"

void emu_describe_detail(char out[EMU_DETAIL_LEN], const struct emu_kernel_conn *conn)
{
    out[0] = '\0';
    if (conn->why == EMU_WHY_TARGET) {
        (void)snprintf(out, EMU_DETAIL_LEN, "%s", toe_upload_reason_name(conn->detail));
    } else if (conn->why == EMU_WHY_REFUSED) {
        (void)snprintf(out, EMU_DETAIL_LEN, "%s", toe_status_name((toe_status)conn->detail));
    } else if (conn->why == EMU_WHY_POLICY) {
        (void)snprintf(out, EMU_DETAIL_LEN, "rule %u", conn->detail);
    }
}

json_t *emu_describe_connection(const struct emu_kernel_conn *conn, toe_instant now)
{
    char local[46];
    char remote[46];
    char detail[EMU_DETAIL_LEN];
    const toe_duration idle = now > conn->seen_at ? now - conn->seen_at : 0;

    emu_option_address_text(local, &conn->tuple.local);
    emu_option_address_text(remote, &conn->tuple.remote);
    emu_describe_detail(detail, conn);
    return json_pack("{ss ss si ss si ss ss ss ss sI sI sI sI sI}", "type", "connection", "local",
                     local, "local_port", conn->tuple.local_port, "remote", remote, "remote_port",
                     conn->tuple.remote_port, "place", emu_place_name(conn->place), "state",
                     toe_conn_state_name(conn->state), "why", emu_why_name(conn->why), "detail",
                     detail, "offloads", (json_int_t)conn->offloads, "uploads",
                     (json_int_t)conn->uploads, "tx_bytes", (json_int_t)conn->tx_bytes, "rx_bytes",
                     (json_int_t)conn->rx_bytes, "idle_ms", (json_int_t)(idle / TOE_NS_PER_MS));
}
