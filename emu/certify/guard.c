/* SPDX-License-Identifier: MIT */
/*
 * The global invariants G: what holds in every scenario, whatever it is about.
 *
 *  - upcalls come from within run() only, one at a time;
 *  - each tree comes back exactly once;
 *  - each buffer comes back exactly once, with a sound status and count, in the order of posting,
 *    and is not touched before or after;
 *  - a send that succeeded was acknowledged by the peer;
 *  - the bytes of both streams are exact;
 *  - segments: of the connection that is offloaded, to the right addresses, only bytes that were
 *    posted, acknowledging only what was sent, a window that never shrinks, no URG, no fragment,
 *    no RST unless it was asked for; no data in the padding of a short frame;
 *  - memory and buffers balance at the end.
 *
 * The first breach is kept; the scenario fails with it as soon as the target's run is over.
 */
#include "inside.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define FLOOD 200000 /* upcalls and frames in one run: more is a target that never stops */

const char cert_guard_rules[] =
    "SND-003 SND-017 SND-028 SND-029 SND-030 SND-043 SND-048 SND-050 RCV-025 RCV-073 RCV-100 "
    "RCV-105 DSC-005 EVT-001..004 EVT-006 EVT-007 EVT-008 FWD-004 FWD-018 IOS-003 IOS-013 "
    "IOS-014 IOS-042 RFC-022 RFC-023 BLK-2 OFF-2 TRM-16 TRM-18 TRM-19 TRM-24 TRM-25 CERT-11";

/* The identifier that a text begins with, as those of cert_craft_parse() do. */
static void note_rules(struct cert_outcome *outcome, const char *rules, const char *text)
{
    if (rules != NULL) {
        (void)snprintf(outcome->broken, sizeof(outcome->broken), "%s", rules);
    } else {
        (void)snprintf(outcome->broken, sizeof(outcome->broken), "%.*s", (int)strcspn(text, ":"),
                       text);
    }
}

void cert_violate(struct cert *c, const char *rules, const char *format, ...)
{
    struct cert_outcome *outcome = c->inside->outcome;
    char text[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    (void)cert_chart_add(c->chart, CERT_NOTE, c->now, "breach: %s", text);
    if (outcome->violation[0] == '\0') {
        note_rules(outcome, rules, text);
        (void)snprintf(outcome->violation, sizeof(outcome->violation), "invariant: %s%s%s%s", text,
                       rules != NULL ? " (" : "", rules != NULL ? rules : "",
                       rules != NULL ? ")" : "");
    }
}

void cert_guard_flood(struct cert *c)
{
    if (++c->inside->told_here > FLOOD) {
        cert_fail(c, "the target floods: more than %d upcalls and frames in one run()", FLOOD);
    }
}

void cert_guard_enter(struct cert *c, const char *upcall)
{
    cert_guard_flood(c);
    if (!c->inside->in_run) {
        cert_violate(c, "SND-003 ARCH-7", "%s: an upcall from outside of run()", upcall);
    }
    if (c->inside->depth++ > 0) {
        cert_violate(c, "RCV-025", "%s: an upcall from inside an upcall", upcall);
    }
}

void cert_guard_leave(struct cert *c)
{
    --c->inside->depth;
}

void cert_guard_status(struct cert *c, toe_status status, const char *of)
{
    if (status == TOE_STATUS_PENDING || strcmp(toe_status_name(status), "UNKNOWN") == 0) {
        cert_violate(c, "SND-038", "%s completed with the status 0x%08x", of, status);
    }
}

/* --- state operations: each tree comes back once --- */

void cert_guard_asked(struct cert *c, enum cert_op op, const struct toe_block *tree)
{
    struct cert_inside *in = c->inside;

    if (in->asked_cnt == in->asked_room) {
        in->asked_room = in->asked_room == 0 ? 64 : 2 * in->asked_room;
        in->asked = realloc(in->asked, in->asked_room * sizeof(struct cert_asked));
        cert_require(c, in->asked != NULL);
    }
    in->asked[in->asked_cnt++] = (struct cert_asked){.op = op, .tree = tree};
}

void cert_guard_answered(struct cert *c, enum cert_op op, const struct toe_block *tree)
{
    struct cert_inside *in = c->inside;

    for (uint32_t i = 0; i < in->asked_cnt; ++i) {
        if (in->asked[i].op == op && in->asked[i].tree == tree) {
            in->asked[i] = in->asked[--in->asked_cnt];
            return;
        }
    }
    cert_violate(c, "OFF-2 TRM-16 BLK-2", "%s completed with a tree that was not asked for: twice?",
                 cert_op_name(op));
}

/* --- data operations --- */

/* Out of order may be only what never took its place: refused, or on its way up. */
static void take_from_lane(struct cert *c, struct cert_buf *buf)
{
    struct cert_buf **link = cert_lane(buf->conn, buf->op);
    const toe_status status = buf->buf.status;

    if (*link != buf && status != TOE_STATUS_INVALID_STATE &&
        status != TOE_STATUS_UPLOAD_IN_PROGRESS && status != TOE_STATUS_INVALID_PARAMETER) {
        cert_violate(c, "SND-043 RCV-005", "a %s completed before one that was posted earlier",
                     cert_op_name(buf->op));
    }
    while (*link != NULL && *link != buf) {
        link = &(*link)->lane;
    }
    if (*link != NULL) {
        *link = buf->lane;
    }
}

static void check_count(struct cert *c, const struct cert_buf *buf)
{
    const struct toe_buf *b = &buf->buf;

    if (buf->op == CERT_FORWARD) {
        return;
    }
    if (b->transferred > buf->want || b->len != buf->want - b->transferred ||
        b->off != buf->off + b->transferred) {
        cert_violate(c, "SND-040 SND-041 RCV-019",
                     "a %s of %u bytes completed with %u transferred, but off %+d and len %u",
                     cert_op_name(buf->op), buf->want, b->transferred, (int)(b->off - buf->off),
                     b->len);
    }
    if (b->status == TOE_STATUS_SUCCESS && buf->op != CERT_RECEIVE && b->transferred != buf->want) {
        cert_violate(c, "SND-032 SND-042", "a %s of %u bytes succeeded with %u",
                     cert_op_name(buf->op), buf->want, b->transferred);
    }
    if (buf->op == CERT_SEND && b->status != TOE_STATUS_SUCCESS && buf->want > 0 &&
        b->transferred == buf->want) {
        cert_violate(c, "SND-033 SND-037", "a send failed with all of its bytes acknowledged");
    }
}

/* What was acknowledged, and is the memory as it was? */
static void check_sent(struct cert *c, const struct cert_buf *buf)
{
    const uint32_t begin = buf->seq + (buf->made - buf->want);

    if (buf->buf.transferred > 0 && !cert_peer_is_acked(buf->conn, begin + buf->buf.transferred)) {
        cert_violate(c, "SND-032", "bytes up to %u completed, the peer acknowledged %u",
                     begin + buf->buf.transferred, buf->conn->peer.acked);
    }
    for (uint32_t i = 0; i < buf->want; ++i) {
        const uint8_t *byte = cert_map(c, &buf->buf, buf->off + i);

        if (byte != NULL && *byte != cert_byte_out(buf->conn, begin + i)) {
            cert_violate(c, "SND-012", "the payload of a send was changed");
            return;
        }
    }
}

void cert_guard_complete(struct cert *c, struct cert_buf *buf)
{
    cert_guard_status(c, buf->buf.status, cert_op_name(buf->op));
    if (buf->state != CERT_BUF_POSTED) {
        cert_violate(c, "IOS-013 IOS-014 SND-002", "a %s completed that was not posted: twice?",
                     cert_op_name(buf->op));
        return;
    }
    take_from_lane(c, buf);
    buf->state = CERT_BUF_DONE;
    check_count(c, buf);
    if ((buf->op == CERT_SEND || buf->op == CERT_DISCONNECT) && !c->payload_unchecked) {
        check_sent(c, buf);
    }
    buf->after = buf->buf;
}

void cert_guard_received(struct cert *c, struct cert_conn *conn, const struct toe_buf *buf,
                         uint32_t pos, uint32_t len)
{
    for (uint32_t i = 0; i < len && !c->received_unchecked; ++i) {
        const uint8_t *byte = cert_map(c, buf, pos + i);

        if (byte == NULL || *byte != cert_byte_in(conn, conn->rcv_next + i)) {
            cert_violate(c, "RCV-031 RCV-004", "a wrong byte received, at sequence number %u",
                         conn->rcv_next + i);
            return;
        }
    }
}

static void check_address(struct cert *c, const struct cert_conn *conn, const struct cert_seg *seg)
{
    const struct toe_neighbor_state *neighbor = &conn->path->neighbor->state;
    static const uint8_t none[TOE_MAC_LEN];
    const uint8_t *src = neighbor->constant.src_mac;

    if (memcmp(src, none, TOE_MAC_LEN) == 0) {
        src = c->settings.mac;
    }
    if (memcmp(seg->src_mac, src, TOE_MAC_LEN) != 0) {
        cert_violate(c, "SEG-071", "a segment from a wrong Ethernet address");
    }
    if (memcmp(&seg->dst, &conn->path->state.constant.dst, sizeof(seg->dst)) != 0 ||
        seg->dst_port != conn->state.constant.remote_port) {
        cert_violate(c, "SEG-070", "a segment to a wrong address or port");
    }
    if (!conn->offloaded && !conn->ending) {
        cert_violate(c, "TRM-14 SND-069", "a segment of a connection that is not offloaded");
    }
}

static void check_window(struct cert *c, struct cert_conn *conn, const struct cert_seg *seg)
{
    const struct toe_tcp_const *constant = &conn->state.constant;
    uint32_t shift = constant->flags & TOE_TCP_WINDOW_SCALING ? constant->rcv_wnd_scale : 0;
    uint32_t right;

    shift = shift > 14 ? 14 : shift;
    right = seg->ack + ((uint32_t)seg->wnd << shift);
    if (conn->right_known && (int32_t)(right + (1u << shift) - 1 - conn->right) < 0) {
        cert_violate(c, "RCV-073", "the window's right edge moves left, from %u to %u", conn->right,
                     right);
    }
    if (!conn->right_known || (int32_t)(right - conn->right) > 0) {
        conn->right = right;
    }
}

void cert_guard_segment(struct cert *c, struct cert_conn *conn, const struct cert_seg *seg)
{
    const bool fin = (seg->flags & CERT_FIN) != 0;

    check_address(c, conn, seg);
    if (seg->flags & CERT_SYN) {
        cert_violate(c, "ARCH-1", "a SYN");
    }
    if (seg->flags & CERT_RST) {
        if (!conn->aborted && !c->rst_allowed) {
            cert_violate(c, "DSC-005", "a RST that nobody asked for");
        }
        return;
    }
    if (!(seg->flags & CERT_ACK)) {
        cert_violate(c, "RFC-010", "a segment without ACK");
    }
    for (uint32_t i = 0; i < seg->len && !c->payload_unchecked; ++i) {
        /* One byte before what is unacknowledged may be anything: a keep-alive probe. */
        if (seg->payload[i] != cert_byte_out(conn, seg->seq + i) &&
            (int32_t)(seg->seq + i - conn->state.delegated.snd_una) >= 0) {
            cert_violate(c, "SND-006", "a wrong byte sent, at sequence number %u", seg->seq + i);
            return;
        }
    }
    if (seg->len > 0 && (int32_t)(seg->seq + seg->len - conn->snd_next) > 0 &&
        !c->payload_unchecked) {
        cert_violate(c, "SND-006", "bytes up to %u sent, posted were those up to %u",
                     seg->seq + seg->len, conn->snd_next);
    }
    if (fin && !conn->fin_posted) {
        cert_violate(c, "DSC-012", "a FIN that nobody asked for");
    }
    if ((int32_t)(seg->ack - conn->peer.nxt) > 0) {
        cert_violate(c, "RFC-010", "%u acknowledged, the peer sent up to %u", seg->ack,
                     conn->peer.nxt);
    }
    check_window(c, conn, seg);
}

/* --- the end --- */

static void check_untouched(struct cert *c)
{
    for (struct cert_buf *buf = c->inside->bufs; buf != NULL; buf = buf->older) {
        if (buf->state == CERT_BUF_DONE &&
            (buf->after.status != buf->buf.status || buf->after.len != buf->buf.len ||
             buf->after.off != buf->buf.off || buf->after.transferred != buf->buf.transferred)) {
            cert_violate(c, "IOS-014 SND-048", "a %s was touched after its completion",
                         cert_op_name(buf->op));
            return;
        }
    }
}

/* Paths and neighbors of B0, which must be free of dependents by now. */
static void terminate_rest(struct cert *c)
{
    struct toe_block *root = NULL;

    for (uint32_t i = 0; i < c->neighbor_cnt; ++i) {
        struct cert_neighbor *neighbor = c->neighbors[i];

        neighbor->block.dependent = NULL;
        if (neighbor->handle != 0) {
            neighbor->block.next = root;
            root = &neighbor->block;
        }
    }
    for (uint32_t i = 0; i < c->path_cnt; ++i) {
        struct cert_path *path = c->paths[i];

        if (path->handle != 0 && path->neighbor->handle != 0) {
            path->block.dependent = NULL;
            path->block.next = path->neighbor->block.dependent;
            path->neighbor->block.dependent = &path->block;
        }
    }
    if (root == NULL) {
        return;
    }
    cert_tree_done(c, CERT_TERMINATE, root);
    cert_status_is(c, root->status, TOE_STATUS_SUCCESS);
    for (uint32_t i = 0; i < c->neighbor_cnt; ++i) {
        c->neighbors[i]->handle = 0;
    }
    for (uint32_t i = 0; i < c->path_cnt; ++i) {
        c->paths[i]->handle = 0;
    }
}

void cert_guard_end(struct cert *c)
{
    c->mem_fail_at = 0;
    c->bus_fails = false;
    cert_note(c, "the scenario's end: all is taken back");
    for (uint32_t i = 0; i < c->conn_cnt; ++i) {
        if (c->conns[i]->offloaded && c->conns[i]->handle != 0) {
            (void)cert_use(c, i);
            (void)cert_terminate(c);
        }
    }
    cert_return(c);
    for (uint32_t i = 0; i < c->conn_cnt; ++i) {
        if (c->conns[i]->uploaded != NULL) {
            c->ops->receive_return(c->target, c->conns[i]->uploaded);
            c->conns[i]->uploaded = NULL;
        }
    }
    terminate_rest(c);
    cert_run(c);
    check_untouched(c);
    if (c->inside->asked_cnt > 0) {
        cert_violate(c, "OFF-2 TRM-16", "%s: no completion", cert_op_name(c->inside->asked[0].op));
    }
    cert_watch_set(c, CERT_CALL_DESTROY);
    c->plugin->destroy(c->target);
    cert_watch_set(c, CERT_CALL_NONE);
    if (c->mem_live != 0) {
        cert_violate(c, "CERT-22", "%llu allocations were not freed",
                     (unsigned long long)c->mem_live);
    }
}
