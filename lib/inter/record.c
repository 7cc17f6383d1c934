/* SPDX-License-Identifier: MIT */
#include "toe/inter.h"

#include "inter/inter_text.h"

/*
 * A record as text. The line is a row of a sequence chart: the host's edge on the left, the
 * target's on the right, and between them an arrow with the operation, for example
 *
 *     12.000000000 h |----- send ---------------->| t  0x100000001 2 bufs 2000 bytes
 *     12.001000000 h |<---- send_complete --------| t  2 bufs 0 bytes done 2000: SUCCESS SUCCESS
 */

#define ARROW_LEN 28u

const char *toe_inter_op_name(enum toe_inter_op op)
{
#define OP_NAME(name, text) text,
    static const char *const names[TOE_INTER_OP_CNT] = {TOE_INTER_OP_MAP(OP_NAME)};
#undef OP_NAME

    return op < TOE_INTER_OP_CNT ? names[op] : "unknown";
}

bool toe_inter_op_is_upcall(enum toe_inter_op op)
{
    return op >= TOE_INTER_INITIATE_COMPLETE && op < TOE_INTER_OP_CNT;
}

static bool is_tree(enum toe_inter_op op)
{
    return (op >= TOE_INTER_INITIATE && op <= TOE_INTER_INVALIDATE) ||
           (op >= TOE_INTER_INITIATE_COMPLETE && op <= TOE_INTER_INVALIDATE_COMPLETE) ||
           op == TOE_INTER_NEIGHBOR_EVENT;
}

static bool is_frames(enum toe_inter_op op)
{
    return op == TOE_INTER_TRANSMIT || op == TOE_INTER_FRAMES;
}

/* Whether the statuses in the items of |op| have been written. */
static bool is_answer(enum toe_inter_op op)
{
    return op >= TOE_INTER_INITIATE_COMPLETE && op <= TOE_INTER_FORWARD_COMPLETE;
}

static const char *layer_name(enum toe_layer layer)
{
    switch (layer) {
    case TOE_LAYER_NEIGHBOR:
        return "neighbor";
    case TOE_LAYER_PATH:
        return "path";
    case TOE_LAYER_TCP:
        return "tcp";
    case TOE_LAYER_NONE:
        break;
    }
    return "none";
}

static const char *role_name(uint8_t role)
{
    switch ((enum toe_block_role)role) {
    case TOE_ROLE_PLACEHOLDER:
        return "placeholder";
    case TOE_ROLE_NEW:
        return "new";
    case TOE_ROLE_REFERENCE:
        return "reference";
    }
    return "unknown";
}

static const char *event_name(uint32_t event)
{
    switch ((enum toe_event)event) {
    case TOE_EVENT_SEND_BACKLOG_CHANGE:
        return "SEND_BACKLOG_CHANGE";
    case TOE_EVENT_DISCONNECT:
        return "DISCONNECT";
    case TOE_EVENT_RETRIEVE:
        return "RETRIEVE";
    case TOE_EVENT_ABORT:
        return "ABORT";
    }
    return "UNKNOWN";
}

static uint32_t items_of(const struct toe_inter_record *record)
{
    return record->item_cnt < TOE_INTER_ITEMS_MAX ? record->item_cnt : TOE_INTER_ITEMS_MAX;
}

/* --- the line --- */

static void put_arrow(struct inter_text *text, enum toe_inter_op op)
{
    const char *name = toe_inter_op_name(op);
    size_t end;

    inter_text_str(text, toe_inter_op_is_upcall(op) ? "|<---- " : "|----- ");
    end = text->len + ARROW_LEN - 7;
    inter_text_str(text, name);
    inter_text_str(text, " ");
    while (text->len < end) {
        inter_text_str(text, "-");
    }
    inter_text_str(text, toe_inter_op_is_upcall(op) ? "-|" : ">|");
}

static void put_number(struct inter_text *text, const char *before, uint64_t value,
                       const char *behind)
{
    inter_text_str(text, before);
    inter_text_u64(text, value);
    inter_text_str(text, behind);
}

static void put_block(struct inter_text *text, const struct toe_inter_item *item, bool is_written)
{
    inter_text_str(text, item->depth > 0 ? " > " : " ");
    inter_text_str(text, layer_name(item->layer));
    if (item->role == TOE_ROLE_PLACEHOLDER) {
        inter_text_str(text, "(ph)");
    } else if (item->role == TOE_ROLE_NEW) {
        inter_text_str(text, "(new)");
    } else {
        inter_text_str(text, " ");
        inter_text_hex(text, item->handle);
    }
    if (is_written) {
        inter_text_str(text, "=");
        inter_text_str(text, toe_status_name(item->status));
    }
    if (item->has_state) {
        inter_text_str(text, " [");
        inter_text_str(text, toe_conn_state_name(item->state));
        put_number(text, " rcv ", item->rcv_nxt, "");
        put_number(text, " snd ", item->snd_una, "");
        put_number(text, "/", item->snd_nxt, "");
        put_number(text, "/", item->snd_max, "]");
    }
    if (item->len > 0) {
        put_number(text, " +", item->len, " bytes");
    }
}

static void put_chain(struct inter_text *text, const struct toe_inter_record *record)
{
    put_number(text, " ", record->item_cnt, record->item_cnt == 1 ? " buf" : " bufs");
    put_number(text, " ", record->bytes, " bytes");
    if (is_answer(record->op)) {
        put_number(text, " done ", record->transferred, ":");
        for (uint32_t i = 0; i < items_of(record); ++i) {
            inter_text_str(text, " ");
            inter_text_str(text, toe_status_name(record->items[i].status));
        }
    }
    if (record->op == TOE_INTER_DISCONNECT) {
        inter_text_str(text, record->code == TOE_DISCONNECT_ABORTIVE ? " abortive" : " graceful");
    }
}

static void put_indication(struct inter_text *text, const struct toe_inter_record *record)
{
    inter_text_str(text, " object ");
    inter_text_hex(text, (uintptr_t)record->host_object);
    if (record->op == TOE_INTER_TCP_EVENT) {
        inter_text_str(text, " ");
        inter_text_str(text, event_name(record->code));
        if (record->code == TOE_EVENT_RETRIEVE) {
            inter_text_str(text, " ");
            inter_text_str(text, toe_upload_reason_name(record->info));
        } else {
            put_number(text, " ", record->info, "");
        }
        return;
    }
    put_number(text, " ", record->bytes, " bytes: ");
    inter_text_str(text, toe_status_name(record->status));
    put_number(text, " ", record->info, " taken");
}

static void put_line_body(struct inter_text *text, const struct toe_inter_record *record)
{
    if (record->handle != 0) {
        inter_text_str(text, " ");
        inter_text_hex(text, record->handle);
    }
    if (is_tree(record->op)) {
        for (uint32_t i = 0; i < items_of(record); ++i) {
            put_block(text, &record->items[i], is_answer(record->op));
        }
    } else if (is_frames(record->op)) {
        put_number(text, " ", record->item_cnt, record->item_cnt == 1 ? " frame" : " frames");
        put_number(text, " ", record->bytes, " bytes");
    } else if (record->op == TOE_INTER_RECEIVE_INDICATE || record->op == TOE_INTER_TCP_EVENT) {
        put_indication(text, record);
    } else if (record->op == TOE_INTER_STATUS || record->op == TOE_INTER_PARAMS_SET) {
        inter_text_str(text, " ");
        inter_text_str(text, toe_status_name(record->status));
    } else if (record->op != TOE_INTER_ATTACH && record->op != TOE_INTER_CAPS_GET) {
        put_chain(text, record);
    }
    if (record->item_cnt > TOE_INTER_ITEMS_MAX) {
        put_number(text, " and ", record->item_cnt - TOE_INTER_ITEMS_MAX, " more");
    }
}

size_t toe_inter_record_line(const struct toe_inter_record *record, char *dst, size_t cap)
{
    struct inter_text text;

    inter_text_init(&text, dst, cap);
    inter_text_instant(&text, record->now);
    inter_text_str(&text, " ");
    inter_text_str(&text, record->lane);
    inter_text_str(&text, " ");
    for (uint32_t i = 0; i < record->depth; ++i) {
        inter_text_str(&text, "  ");
    }
    put_arrow(&text, record->op);
    put_line_body(&text, record);
    return text.len;
}

/* --- JSON --- */

static void put_name(struct inter_text *text, const char *name)
{
    inter_text_str(text, ",\"");
    inter_text_str(text, name);
    inter_text_str(text, "\":");
}

static void put_field(struct inter_text *text, const char *name, uint64_t value)
{
    put_name(text, name);
    inter_text_u64(text, value);
}

static void put_text_field(struct inter_text *text, const char *name, const char *value)
{
    put_name(text, name);
    inter_text_json(text, value);
}

/* Handles do not fit a JSON number. */
static void put_hex_field(struct inter_text *text, const char *name, uint64_t value)
{
    put_name(text, name);
    inter_text_str(text, "\"");
    inter_text_hex(text, value);
    inter_text_str(text, "\"");
}

static void put_item_json(struct inter_text *text, const struct toe_inter_record *record,
                          const struct toe_inter_item *item)
{
    inter_text_str(text, "{\"name\":\"");
    inter_text_hex(text, (uintptr_t)item->name);
    inter_text_str(text, "\"");
    if (is_tree(record->op)) {
        put_text_field(text, "layer", layer_name(item->layer));
        put_text_field(text, "role", role_name(item->role));
        put_field(text, "depth", item->depth);
        put_hex_field(text, "handle", item->handle);
    }
    if (is_answer(record->op)) {
        put_text_field(text, "status", toe_status_name(item->status));
    }
    put_field(text, "len", item->len);
    put_field(text, "transferred", item->transferred);
    if (item->has_state) {
        put_text_field(text, "state", toe_conn_state_name(item->state));
        put_field(text, "rcv_nxt", item->rcv_nxt);
        put_field(text, "snd_una", item->snd_una);
        put_field(text, "snd_nxt", item->snd_nxt);
        put_field(text, "snd_max", item->snd_max);
    }
    inter_text_str(text, "}");
}

static void put_code_json(struct inter_text *text, const struct toe_inter_record *record)
{
    if (record->op == TOE_INTER_TCP_EVENT) {
        put_text_field(text, "event", event_name(record->code));
        put_field(text, "info", record->info);
        if (record->code == TOE_EVENT_RETRIEVE) {
            put_text_field(text, "reason", toe_upload_reason_name(record->info));
        }
    } else if (record->op == TOE_INTER_RECEIVE_INDICATE) {
        put_text_field(text, "status", toe_status_name(record->status));
        put_field(text, "consumed", record->info);
    } else if (record->op == TOE_INTER_STATUS || record->op == TOE_INTER_PARAMS_SET) {
        put_text_field(text, "status", toe_status_name(record->status));
    } else if (record->op == TOE_INTER_DISCONNECT) {
        put_text_field(text, "how",
                       record->code == TOE_DISCONNECT_ABORTIVE ? "abortive" : "graceful");
    }
}

size_t toe_inter_record_json(const struct toe_inter_record *record, char *dst, size_t cap)
{
    struct inter_text text;

    inter_text_init(&text, dst, cap);
    inter_text_str(&text, "{\"number\":");
    inter_text_u64(&text, record->number);
    put_field(&text, "now_ns", record->now);
    put_text_field(&text, "lane", record->lane);
    put_text_field(&text, "direction", toe_inter_op_is_upcall(record->op) ? "up" : "down");
    put_text_field(&text, "op", toe_inter_op_name(record->op));
    put_field(&text, "depth", record->depth);
    put_hex_field(&text, "handle", record->handle);
    put_hex_field(&text, "host_object", (uintptr_t)record->host_object);
    put_code_json(&text, record);
    put_field(&text, "item_cnt", record->item_cnt);
    put_field(&text, "bytes", record->bytes);
    put_field(&text, "transferred", record->transferred);
    inter_text_str(&text, ",\"items\":[");
    for (uint32_t i = 0; i < items_of(record) && !is_frames(record->op); ++i) {
        inter_text_str(&text, i > 0 ? "," : "");
        put_item_json(&text, record, &record->items[i]);
    }
    inter_text_str(&text, "]}");
    return text.len;
}
