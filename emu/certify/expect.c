/* SPDX-License-Identifier: MIT */
/*
 * Expectations: taking the next of what the target did, and saying clearly what came instead.
 */
#include "inside.h"

#include <stdarg.h>
#include <string.h>

/* What an expectation looks for; the kinds are a set. */
struct search {
    uint32_t kinds;
    bool any_conn;
    bool only_data; /* segments with payload, SYN, FIN or RST */
    bool backlog;   /* backlog changes, too */
    struct cert_entry *found;
};

#define SEGS (1u << CERT_SEG_OUT)
#define UPCALLS (1u << CERT_COMPLETE | 1u << CERT_INDICATE | 1u << CERT_EVENT)

static bool fits(const struct cert *c, const struct search *search, const struct cert_entry *entry)
{
    if (entry->taken || !(search->kinds & 1u << entry->kind) ||
        (!search->any_conn && entry->conn != c->conn->idx)) {
        return false;
    }
    if (entry->kind == CERT_SEG_OUT && search->only_data) {
        return entry->seg.len > 0 || (entry->seg.flags & (CERT_SYN | CERT_FIN | CERT_RST));
    }
    if (entry->kind == CERT_EVENT && entry->event == TOE_EVENT_SEND_BACKLOG_CHANGE) {
        return search->backlog;
    }
    return true;
}

/* The next entry that fits; what is taken at the front is not looked at again. */
static bool look(struct cert *c, void *arg)
{
    struct search *search = arg;
    uint32_t *from = search->kinds == SEGS ? &c->inside->seg_from : &c->inside->up_from;
    const uint32_t kinds = search->kinds == SEGS ? SEGS : ~SEGS;

    while (*from < c->chart->cnt &&
           (c->chart->entries[*from].taken || !(kinds & 1u << c->chart->entries[*from].kind))) {
        ++*from;
    }
    for (uint32_t i = *from; i < c->chart->cnt; ++i) {
        if (fits(c, search, &c->chart->entries[i])) {
            search->found = &c->chart->entries[i];
            return true;
        }
    }
    return false;
}

/* Finds the next entry within the time that cert_due() or the tolerance gives; takes it. */
static struct cert_entry *next(struct cert *c, struct search *search, const char *want)
{
    struct cert_inside *in = c->inside;
    const bool has_due = in->has_due;
    const toe_instant due = has_due ? in->due : c->now;

    in->has_due = false;
    if (!cert_advance(c, due + CERT_TOLERANCE, look, search)) {
        cert_fail(c, "expected %s by %.3f ms, nothing came", want,
                  ((double)due - (double)in->zero) / (double)TOE_NS_PER_MS);
    }
    if (has_due && search->found->at + CERT_TOLERANCE < due) {
        cert_fail(c, "expected %s at %.3f ms, it came at %.3f ms: %s", want,
                  ((double)due - (double)in->zero) / (double)TOE_NS_PER_MS,
                  ((double)search->found->at - (double)in->zero) / (double)TOE_NS_PER_MS,
                  search->found->text);
    }
    search->found->taken = true;
    return search->found;
}

/* --- segments --- */

static bool match_numbers(const struct cert_pattern *p, const struct cert_entry *e)
{
    const uint32_t has = p->has;

    return (!(has & CERT_HAS_SEQ) || p->seg.seq == e->seg.seq) &&
           (!(has & CERT_HAS_LEN) || p->seg.len == e->seg.len) &&
           (!(has & CERT_HAS_ACK) || p->seg.ack == e->seg.ack) &&
           (!(has & CERT_HAS_WND) || p->seg.wnd == e->seg.wnd) &&
           (!(has & CERT_HAS_TS_VAL) || (e->seg.has_ts && p->seg.ts_val == e->seg.ts_val)) &&
           (!(has & CERT_HAS_TS_ECR) || (e->seg.has_ts && p->seg.ts_ecr == e->seg.ts_ecr)) &&
           (!(has & CERT_HAS_NO_TS) || !e->seg.has_ts);
}

static bool match_rest(const struct cert_pattern *p, const struct cert_entry *e)
{
    const uint32_t has = p->has;

    return (!(has & CERT_HAS_TTL) || p->seg.ttl == e->seg.ttl) &&
           (!(has & CERT_HAS_TOS) || p->seg.tos == e->seg.tos) &&
           (!(has & CERT_HAS_FLOW) || p->seg.flow_label == e->seg.flow_label) &&
           (!(has & CERT_HAS_ID) || p->seg.ip_id == e->seg.ip_id) &&
           (!(has & CERT_HAS_VLAN) || (e->seg.has_vlan && p->seg.vlan_id == e->seg.vlan_id)) &&
           (!(has & CERT_HAS_NO_VLAN) || !e->seg.has_vlan) && p->seg.has_snap == e->seg.has_snap &&
           (!(has & CERT_HAS_PRIO) || p->seg.priority == e->seg.priority) &&
           (!(has & CERT_HAS_MAC) || p->mac == e->seg.dst_mac[5]) &&
           (!(has & CERT_HAS_SACK) || (p->seg.sack_cnt == e->seg.sack_cnt &&
                                       memcmp(p->seg.sack, e->seg.sack, sizeof(p->seg.sack)) == 0));
}

static bool match_flags(const struct cert_pattern *p, const struct cert_entry *e)
{
    const uint8_t exact = CERT_SYN | CERT_FIN | CERT_RST;

    return (e->seg.flags & p->flags_on) == p->flags_on && (e->seg.flags & p->flags_off) == 0 &&
           (e->seg.flags & exact) == (p->flags_on & exact);
}

static struct cert_entry *expect_segment(struct cert *c, bool only_data, const char *format,
                                         va_list args)
{
    struct search search = {.kinds = SEGS, .only_data = only_data};
    struct cert_pattern pattern;
    struct cert_entry *entry;
    char text[512];
    const char *wrong;

    (void)vsnprintf(text, sizeof(text), format, args);
    wrong = cert_script_parse(&pattern, text);
    if (wrong != NULL) {
        cert_fail(c, "the scenario is wrong: \"%s\" in \"%s\"", wrong, text);
    }
    if (pattern.has & CERT_HAS_TIME) {
        c->inside->has_due = true;
        c->inside->due = c->inside->zero + (toe_instant)(pattern.ms * (double)TOE_NS_PER_MS);
    }
    entry = next(c, &search, text);
    if (!match_numbers(&pattern, entry) || !match_rest(&pattern, entry) ||
        !match_flags(&pattern, entry)) {
        cert_fail(c, "expected the segment %s, came %s", text, entry->text);
    }
    for (struct cert_entry *e = c->chart->entries; only_data && e < entry; ++e) {
        e->taken |= e->kind == CERT_SEG_OUT && e->conn == entry->conn;
    }
    return entry;
}

struct cert_entry *cert_expect_seg(struct cert *c, const char *format, ...)
{
    struct cert_entry *entry;
    va_list args;

    va_start(args, format);
    entry = expect_segment(c, false, format, args);
    va_end(args);
    return entry;
}

struct cert_entry *cert_expect_data(struct cert *c, const char *format, ...)
{
    struct cert_entry *entry;
    va_list args;

    va_start(args, format);
    entry = expect_segment(c, true, format, args);
    va_end(args);
    return entry;
}

void cert_expect_stream(struct cert *c, uint32_t seq, uint32_t end)
{
    while (seq != end) {
        struct search search = {.kinds = SEGS, .only_data = true};
        const struct cert_entry *entry = next(c, &search, "more of the stream");

        if (entry->seg.seq != seq || entry->seg.len == 0 ||
            (int32_t)(entry->seg.seq + entry->seg.len - end) > 0) {
            cert_fail(c, "expected bytes %u:%u in order, came %s", seq, end, entry->text);
        }
        seq += entry->seg.len;
    }
}

static void expect_none(struct cert *c, uint64_t ms, struct search *search)
{
    if (cert_advance(c, c->inside->zero + ms * TOE_NS_PER_MS, look, search)) {
        cert_fail(c, "expected no segment until %llu ms, came %s", (unsigned long long)ms,
                  search->found->text);
    }
}

void cert_expect_silence(struct cert *c, uint64_t ms)
{
    expect_none(c, ms, &(struct search){.kinds = SEGS});
}

void cert_expect_no_data(struct cert *c, uint64_t ms)
{
    expect_none(c, ms, &(struct search){.kinds = SEGS, .only_data = true});
}

/* --- upcalls --- */

void cert_expect_quiet(struct cert *c)
{
    struct search search = {.kinds = UPCALLS};

    if (cert_advance(c, c->now, look, &search)) {
        cert_fail(c, "expected no upcall, came %s", search.found->text);
    }
}

struct cert_entry *cert_expect_complete(struct cert *c, enum cert_op op, toe_status status,
                                        uint32_t bytes)
{
    struct search search = {.kinds = UPCALLS};
    struct cert_entry *entry;
    char want[CERT_TEXT_MAX];

    (void)snprintf(want, sizeof(want), "%s(%s, %u)", cert_op_name(op), toe_status_name(status),
                   bytes);
    entry = next(c, &search, want);
    if (entry->kind != CERT_COMPLETE || entry->op != op || entry->status != status ||
        entry->bytes != bytes) {
        cert_fail(c, "expected %s, came %s", want, entry->text);
    }
    return entry;
}

struct cert_entry *cert_expect_indicate(struct cert *c, uint32_t len)
{
    struct search search = {.kinds = UPCALLS};
    struct cert_entry *entry;
    char want[CERT_TEXT_MAX];

    (void)snprintf(want, sizeof(want), "indicate(%u)", len);
    entry = next(c, &search, want);
    if (entry->kind != CERT_INDICATE || entry->bytes != len) {
        cert_fail(c, "expected %s, came %s", want, entry->text);
    }
    return entry;
}

struct cert_entry *cert_expect_event(struct cert *c, enum toe_event event, uint32_t info)
{
    static const char *const names[] = {"?", "SEND_BACKLOG_CHANGE", "DISCONNECT", "RETRIEVE",
                                        "ABORT"};
    struct search search = {.kinds = UPCALLS, .backlog = event == TOE_EVENT_SEND_BACKLOG_CHANGE};
    struct cert_entry *entry;
    char want[CERT_TEXT_MAX];

    if (event == TOE_EVENT_RETRIEVE) {
        (void)snprintf(want, sizeof(want), "event RETRIEVE %s", toe_upload_reason_name(info));
    } else {
        (void)snprintf(want, sizeof(want), "event %s %u", names[event <= 4 ? event : 0], info);
    }
    entry = next(c, &search, want);
    if (entry->kind != CERT_EVENT || entry->event != (uint32_t)event ||
        (event != TOE_EVENT_SEND_BACKLOG_CHANGE && entry->info != info)) {
        cert_fail(c, "expected %s, came %s", want, entry->text);
    }
    return entry;
}

struct cert_entry *cert_expect_status(struct cert *c, toe_status status)
{
    struct search search = {.kinds = 1u << CERT_STATUS, .any_conn = true};
    struct cert_entry *entry = next(c, &search, toe_status_name(status));

    if (entry->status != status) {
        cert_fail(c, "expected the status %s, came %s", toe_status_name(status), entry->text);
    }
    return entry;
}

struct cert_entry *cert_expect_passed_up(struct cert *c, uint32_t len)
{
    struct search search = {.kinds = 1u << CERT_PASSED_UP, .any_conn = true};
    struct cert_entry *entry = next(c, &search, "a frame passed up");

    if (len != 0 && entry->bytes != len) {
        cert_fail(c, "expected a frame of %u bytes passed up, came %s", len, entry->text);
    }
    return entry;
}

const uint8_t *cert_passed_up(struct cert *c, const struct cert_entry *entry)
{
    cert_require(c, entry->kind == CERT_PASSED_UP);
    return entry->ref;
}

uint32_t cert_count(const struct cert *c, enum cert_kind kind)
{
    uint32_t cnt = 0;

    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *entry = &c->chart->entries[i];

        cnt += entry->kind == kind && (entry->conn == c->conn->idx || entry->conn == CERT_NO_CONN);
    }
    return cnt;
}

static void skip(struct cert *c, uint32_t kinds)
{
    struct search search = {.kinds = kinds, .backlog = true};

    while (look(c, &search)) {
        search.found->taken = true;
    }
}

void cert_skip_segs(struct cert *c)
{
    skip(c, SEGS);
}

void cert_skip_upcalls(struct cert *c)
{
    skip(c, UPCALLS);
}
