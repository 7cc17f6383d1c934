/* SPDX-License-Identifier: MIT */
/*
 * The binary form of a saved connection: what is written is read, in one way only, and whatever
 * else is read is refused or sound, never believed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rand.h"
#include "base/siphash.h"
#include "support/guarded.h"
#include "toe/saved.h"

#define ROOM 65536
#define HEAD_LEN 20u

/* A saved connection, with room for its streams. */
struct sample {
    struct toe_saved saved;
    uint8_t send[600];
    uint8_t received[300];
    uint8_t early[TOE_EXTENSION_EARLY_MAX * 4];
};

static void fill(struct base_rand *r, void *out, size_t len)
{
    for (size_t i = 0; i < len; ++i) {
        ((uint8_t *)out)[i] = (uint8_t)base_rand_u32(r);
    }
}

/* Gives every field any value. */
static void scramble(struct sample *s, struct base_rand *r)
{
    for (const struct toe_saved_field *f = toe_saved_field_next(NULL); f != NULL;
         f = toe_saved_field_next(f)) {
        static const uint8_t widths[] = {
            [TOE_SAVED_U8] = 1,
            [TOE_SAVED_U16] = 2,
            [TOE_SAVED_U32] = 4,
            [TOE_SAVED_TICKS] = 4,
            [TOE_SAVED_U64] = 8,
            [TOE_SAVED_STATE] = 4,
            [TOE_SAVED_CONGESTION] = 4,
            [TOE_SAVED_MAC] = TOE_MAC_LEN,
            [TOE_SAVED_ADDR] = sizeof(struct toe_addr),
            [TOE_SAVED_RANGES] = 0,
            [TOE_SAVED_RUNS] = 0,
            [TOE_SAVED_STREAM] = 0,
        };

        fill(r, (uint8_t *)&s->saved + f->off, widths[f->kind]);
    }
}

/* Any ranges in order, of one byte each with a byte before it, from |start| on. */
static uint32_t make_ranges(struct toe_seq_range *ranges, uint32_t cnt, uint32_t start)
{
    for (uint32_t i = 0; i < cnt; ++i) {
        ranges[i].start = start + 1 + 2 * i;
        ranges[i].end = ranges[i].start + 1;
    }
    return cnt;
}

/* Any runs in order, of a byte each but for the last, up to snd_max. */
static uint32_t make_runs(struct toe_flight_run *runs, const struct toe_tcp_delegated *d,
                          struct base_rand *r)
{
    const uint32_t flight = d->snd_max - d->snd_una;
    const uint32_t max = flight < TOE_EXTENSION_RUN_MAX ? flight : TOE_EXTENSION_RUN_MAX;
    const uint32_t cnt = (uint32_t)base_rand_below(r, max + 1u);

    for (uint32_t i = 0; i < cnt; ++i) {
        fill(r, &runs[i], sizeof(runs[i]));
        runs[i].end = i + 1 < cnt ? d->snd_una + 1 + i : d->snd_max;
    }
    return cnt;
}

/* A sound one, with any values that may be any. */
static void make(struct sample *s, uint64_t seed)
{
    static const enum toe_conn_state states[] = {TOE_TCP_ESTABLISHED, TOE_TCP_FIN_WAIT_1,
                                                 TOE_TCP_FIN_WAIT_2,  TOE_TCP_CLOSE_WAIT,
                                                 TOE_TCP_CLOSING,     TOE_TCP_LAST_ACK};
    struct toe_saved *v = &s->saved;
    struct toe_tcp_delegated *d = &v->tcp.delegated;
    struct base_rand r;

    base_rand_init(&r, seed);
    memset(s, 0, sizeof(*s));
    fill(&r, s->send, sizeof(s->send));
    fill(&r, s->received, sizeof(s->received));
    fill(&r, s->early, sizeof(s->early));
    scramble(s, &r);
    v->size = sizeof(*v);
    v->neighbor.size = sizeof(v->neighbor);
    v->path.size = sizeof(v->path);
    v->tcp.size = sizeof(v->tcp);
    v->extension.size = sizeof(v->extension);
    v->ticks_per_second = 1000;
    v->neighbor.constant.vlan_id %= 4095;
    v->path.constant.src = (struct toe_addr){.family = 4, .bytes = {10, 0, 0, 1}};
    v->path.constant.dst = (struct toe_addr){.family = 4, .bytes = {10, 0, 0, 2}};
    if (seed % 2 == 0) {
        v->path.constant.src = (struct toe_addr){.family = 6, .bytes = {0xfd, [15] = 1}};
        v->path.constant.dst = (struct toe_addr){.family = 6, .bytes = {0xfd, [15] = 2}};
    }
    v->path.cached.mtu = 1500;
    v->tcp.constant.local_port |= 1;
    v->tcp.constant.remote_port |= 1;
    v->tcp.constant.snd_wnd_scale %= 15;
    v->tcp.constant.rcv_wnd_scale %= 15;
    v->tcp.cached.initial_rcv_wnd %= 1u << 30;
    v->tcp.cached.flow_label &= 0xfffff;
    v->tcp.cached.user_priority &= 7;
    d->state = states[seed % 6];
    d->snd_wnd &= 0x7fffffff;
    d->rcv_wnd = 1000 + (d->rcv_wnd & 0xffff);
    if (d->state != TOE_TCP_FIN_WAIT_2) {
        v->send = (struct toe_saved_bytes){s->send, (uint32_t)base_rand_below(&r, 600)};
    }
    d->snd_max = d->snd_una + v->send.len;
    d->snd_nxt = d->snd_una + v->send.len / 2;
    v->received = (struct toe_saved_bytes){s->received, (uint32_t)base_rand_below(&r, 300)};
    if (seed % 3 == 0) {
        v->extension = (struct toe_extension){.size = sizeof(v->extension)};
        return;
    }
    v->extension.version = TOE_EXTENSION_VERSION;
    v->extension.run_cnt = make_runs(v->extension.runs, d, &r);
    v->extension.sacked_cnt =
        make_ranges(v->extension.sacked, v->send.len / 2 < 64 ? v->send.len / 2 : 64, d->snd_una);
    if (d->state < TOE_TCP_CLOSE_WAIT) {
        v->extension.early_cnt =
            make_ranges(v->extension.early,
                        (uint32_t)base_rand_below(&r, TOE_EXTENSION_EARLY_MAX + 1), d->rcv_nxt);
        v->early = (struct toe_saved_bytes){s->early, v->extension.early_cnt};
    }
    v->extension.newest = v->extension.early_cnt > 0 ? v->extension.early_cnt - 1 : 0;
}

static void check_sound(const struct toe_saved *saved, uint64_t seed)
{
    struct toe_saved_fault fault;

    if (!toe_saved_check(saved, &fault)) {
        fail_msg("seed %llu: %s %s", (unsigned long long)seed, fault.field, fault.rule);
    }
}

/* Puts right what a change of |len| bytes has made wrong, so that the reader looks further. */
static void reseal(uint8_t *bytes, size_t len)
{
    static const struct base_siphash_key key = {UINT64_C(0x0706050403020100),
                                                UINT64_C(0x0f0e0d0c0b0a0908)};
    uint64_t sum;

    for (unsigned i = 0; i < 8; ++i) {
        bytes[12 + i] = (uint8_t)((uint64_t)len >> (8 * i));
    }
    sum = base_siphash24(&key, bytes, len - 8);
    for (unsigned i = 0; i < 8; ++i) {
        bytes[len - 8 + i] = (uint8_t)(sum >> (8 * i));
    }
}

/* Every field comes back as it was, and what came back is written as the same bytes. */
static void test_round_trip(void **state)
{
    static struct sample s;
    static struct toe_saved back;
    static uint8_t bytes[ROOM];
    static uint8_t again[ROOM];

    (void)state;
    for (uint64_t seed = 1; seed <= 200; ++seed) {
        size_t len;

        make(&s, seed);
        check_sound(&s.saved, seed);
        len = toe_saved_write(&s.saved, NULL, 0);
        assert_in_range(len, HEAD_LEN + 8, ROOM);
        memset(bytes, 0xa5, sizeof(bytes));
        assert_int_equal(toe_saved_write(&s.saved, bytes, len - 1), len);
        assert_int_equal(bytes[0], 0xa5);
        assert_int_equal(toe_saved_write(&s.saved, bytes, len), len);
        assert_int_equal(bytes[len], 0xa5);
        assert_int_equal(toe_saved_read(&back, bytes, len, NULL), TOE_STATUS_SUCCESS);
        check_sound(&back, seed);
        assert_int_equal(back.send.len, s.saved.send.len);
        assert_memory_equal(&back.neighbor, &s.saved.neighbor, sizeof(back.neighbor));
        assert_memory_equal(&back.path, &s.saved.path, sizeof(back.path));
        assert_memory_equal(&back.tcp, &s.saved.tcp, sizeof(back.tcp));
        assert_memory_equal(&back.extension, &s.saved.extension, sizeof(back.extension));
        assert_memory_equal(back.received.data, s.saved.received.data, back.received.len);
        assert_int_equal(toe_saved_write(&back, again, ROOM), len);
        assert_memory_equal(again, bytes, len);
    }
}

/* The bytes at the beginning are those that the header of the format promises. */
static void test_layout(void **state)
{
    static const uint8_t head[] = {0x89, 'T', 'O', 'E', 13, 10, 26, 10, 1, 0, 0, 0};
    static struct sample s;
    static uint8_t bytes[ROOM];
    size_t len;

    (void)state;
    make(&s, 1);
    len = toe_saved_write(&s.saved, bytes, ROOM);
    assert_memory_equal(bytes, head, sizeof(head));
    assert_int_equal(bytes[12] | bytes[13] << 8, len);
    assert_memory_equal(bytes + HEAD_LEN, "\1\0\0\0\4\0\0\0\xe8\3\0\0\2\0\0\0", 16);
    reseal(bytes, len);
    assert_int_equal(toe_saved_read(&s.saved, bytes, len, NULL), TOE_STATUS_SUCCESS);
}

/* Reads |bytes|; if it succeeds, they are the one way to write what they say, unless a section was
 * skipped. */
static toe_status read_back(const uint8_t *bytes, size_t len)
{
    static uint8_t again[ROOM];
    struct toe_saved_fault fault = {0};
    struct toe_saved back;
    const toe_status status = toe_saved_read(&back, bytes, len, &fault);
    size_t again_len;

    if (status != TOE_STATUS_SUCCESS) {
        assert_non_null(fault.field);
        assert_non_null(fault.rule);
        return status;
    }
    (void)toe_saved_check(&back, &fault);
    again_len = toe_saved_write(&back, again, ROOM);
    assert_in_range(again_len, HEAD_LEN, len);
    if (again_len == len) {
        assert_memory_equal(again, bytes, len);
    }
    return status;
}

/* No part of a file is a file, and the reader stays within what it is given; also where length and
 * checksum say that the part is a whole. */
static void test_truncated(void **state)
{
    static struct sample s;
    static uint8_t bytes[ROOM];
    struct t_guarded guarded;
    size_t taken = 0;
    size_t len;

    (void)state;
    t_guarded_init(&guarded, ROOM);
    make(&s, 4);
    len = toe_saved_write(&s.saved, bytes, ROOM);
    for (size_t cut = 0; cut < len; ++cut) {
        uint8_t *part = t_guarded_copy(&guarded, bytes, cut);

        assert_int_not_equal(read_back(part, cut), TOE_STATUS_SUCCESS);
        if (cut >= HEAD_LEN + 8) {
            reseal(part, cut);
            taken += read_back(part, cut) == TOE_STATUS_SUCCESS;
        }
    }
    /* Behind the sections that must be there, one more or less is a file as well; and a stream may
     * be shorter. */
    assert_in_range(taken, 2, s.saved.send.len + s.saved.received.len + s.saved.early.len + 2);
    t_guarded_fini(&guarded);
}

/* Every byte changed to every other value: refused, and where the checksum fits refused or read as
 * something that is written as just these bytes. */
static void test_corrupted(void **state)
{
    static struct sample s;
    static uint8_t bytes[ROOM];
    size_t len;

    (void)state;
    make(&s, 1);
    s.saved.send.len = 20;
    s.saved.tcp.delegated.snd_max = s.saved.tcp.delegated.snd_una + 20;
    s.saved.tcp.delegated.snd_nxt = s.saved.tcp.delegated.snd_max;
    s.saved.extension.run_cnt = 2;
    s.saved.extension.runs[1].end = s.saved.tcp.delegated.snd_max;
    s.saved.extension.sacked_cnt = 2;
    s.saved.extension.early_cnt = 3;
    s.saved.extension.newest = 1;
    s.saved.early.len = 3;
    s.saved.received.len = 20;
    check_sound(&s.saved, 1);
    len = toe_saved_write(&s.saved, bytes, ROOM);
    for (size_t i = 0; i < len; ++i) {
        for (unsigned flip = 1; flip < 256; ++flip) {
            bytes[i] ^= (uint8_t)flip;
            assert_int_not_equal(read_back(bytes, len), TOE_STATUS_SUCCESS);
            reseal(bytes, len);
            (void)read_back(bytes, len);
            bytes[i] ^= (uint8_t)flip;
            reseal(bytes, len);
        }
    }
}

/* Puts a section behind the head of |bytes|, or before the end; returns the new length. */
static size_t add_section(uint8_t *bytes, size_t len, bool first, uint16_t tag, uint16_t flags)
{
    const size_t at = first ? HEAD_LEN : len - 8;
    const uint8_t section[12] = {(uint8_t)tag, (uint8_t)(tag >> 8), (uint8_t)flags, 0, 4};

    memmove(bytes + at + sizeof(section), bytes + at, len - at);
    memcpy(bytes + at, section, sizeof(section));
    reseal(bytes, len + sizeof(section));
    return len + sizeof(section);
}

/* Of what a reader does not know, only the optional is skipped; what is twice or misplaced is not
 * taken. */
static void test_unknown_sections(void **state)
{
    static const struct {
        const char *name;
        uint16_t tag;
        uint16_t flags;
        bool first;
        toe_status want;
    } cases[] = {
        {"optional", 99, TOE_SAVED_OPTIONAL, false, TOE_STATUS_SUCCESS},
        {"optional, of a later version's flags", 99, 0x11, false, TOE_STATUS_SUCCESS},
        {"mandatory", 99, 0, false, TOE_STATUS_NOT_SUPPORTED},
        {"optional, but before the others", 99, TOE_SAVED_OPTIONAL, true, TOE_STATUS_INVALID_DATA},
        {"tag zero", 0, TOE_SAVED_OPTIONAL, true, TOE_STATUS_INVALID_DATA},
        {"a second clock", TOE_SAVED_CLOCK, 0, true, TOE_STATUS_INVALID_DATA},
        {"a clock at the end", TOE_SAVED_CLOCK, 0, false, TOE_STATUS_INVALID_DATA},
    };
    static struct sample s;
    static uint8_t bytes[ROOM];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct toe_saved back;
        size_t len;
        toe_status got;

        make(&s, 1);
        len = toe_saved_write(&s.saved, bytes, ROOM);
        len = add_section(bytes, len, cases[i].first, cases[i].tag, cases[i].flags);
        got = toe_saved_read(&back, bytes, len, NULL);
        if (got != cases[i].want) {
            fail_msg("%s: %s", cases[i].name, toe_status_name(got));
        }
    }
}

/* A list that does not fit into its array is neither written nor read. */
static void test_lists_have_limits(void **state)
{
    static struct sample s;
    static uint8_t bytes[ROOM];

    (void)state;
    make(&s, 1);
    s.saved.extension.sacked_cnt = TOE_EXTENSION_SACKED_MAX + 1;
    assert_int_equal(toe_saved_write(&s.saved, bytes, ROOM), 0);
    make(&s, 1);
    s.saved.extension.early_cnt = UINT32_MAX;
    assert_int_equal(toe_saved_write(&s.saved, bytes, ROOM), 0);
    assert_false(toe_saved_check(&s.saved, NULL));
}

/* One field made wrong at a time: the check names it. */
static void test_check_names_the_field(void **state)
{
    static struct sample s;
    struct toe_saved *v = &s.saved;
    struct toe_tcp_delegated *d = &v->tcp.delegated;
    struct toe_saved_fault fault;

    (void)state;
#define WRONG(field_, change)                                                                      \
    do {                                                                                           \
        make(&s, 1);                                                                               \
        check_sound(v, 1);                                                                         \
        change;                                                                                    \
        fault = (struct toe_saved_fault){0};                                                       \
        assert_false(toe_saved_check(v, &fault));                                                  \
        assert_string_equal(fault.field, field_);                                                  \
        assert_non_null(fault.rule);                                                               \
    } while (0)

    WRONG("clock.ticks_per_second", v->ticks_per_second = 50);
    WRONG("neighbor.vlan_id", v->neighbor.constant.vlan_id = 4095);
    WRONG("path.src", v->path.constant.src.family = 5);
    WRONG("path.src", v->path.constant.src.bytes[7] = 1);
    WRONG("path.dst", v->path.constant.dst.bytes[0] = 224);
    WRONG("path.dst", memset(v->path.constant.dst.bytes, 0, 4));
    WRONG("path.dst", (v->path.constant.dst = (struct toe_addr){6, {0xfd}}));
    WRONG("path.mtu", v->path.cached.mtu = 67);
    WRONG("constant.remote_port", v->tcp.constant.remote_port = 0);
    WRONG("constant.local_port", v->tcp.constant.local_port = 0);
    WRONG("constant.snd_wnd_scale", v->tcp.constant.snd_wnd_scale = 15);
    WRONG("constant.rcv_wnd_scale", v->tcp.constant.rcv_wnd_scale = 15);
    WRONG("cached.initial_rcv_wnd", v->tcp.cached.initial_rcv_wnd = UINT32_C(1) << 31);
    WRONG("cached.flow_label", v->tcp.cached.flow_label = 0x100000);
    WRONG("cached.user_priority", v->tcp.cached.user_priority = 8);
    WRONG("delegated.state", d->state = TOE_TCP_TIME_WAIT);
    WRONG("delegated.state", d->state = (enum toe_conn_state)77);
    WRONG("send", (v->send.len = 5, d->state = TOE_TCP_FIN_WAIT_2));
    WRONG("delegated.snd_max", d->snd_max = d->snd_una + v->send.len + 2);
    WRONG("delegated.snd_nxt", d->snd_nxt = d->snd_una - 1);
    WRONG("delegated.snd_nxt", d->snd_nxt = d->snd_max + 1);
    WRONG("delegated.snd_wnd", d->snd_wnd = UINT32_C(1) << 31);
    WRONG("delegated.rcv_wnd", d->rcv_wnd = UINT32_C(1) << 31);
    WRONG("early", v->early.len += 1);
    WRONG("early", v->extension.version = 0);
    WRONG("extension.version", v->extension.version = 2);
    WRONG("extension.sacked", v->extension.sacked[0].start = d->snd_una);
    WRONG("extension.sacked", v->extension.sacked[0].end = v->extension.sacked[0].start);
    WRONG("extension.sacked", v->extension.sacked[1] = v->extension.sacked[0]);
    WRONG("extension.runs", v->extension.run_cnt = TOE_EXTENSION_RUN_MAX + 1);
    WRONG("extension.runs", v->extension.runs[0].end = d->snd_una);
    WRONG("extension.runs", v->extension.runs[1].end = v->extension.runs[0].end);
    WRONG("extension.runs", v->extension.runs[v->extension.run_cnt - 1].end -= 1);
    WRONG("extension.early", v->extension.early[0].start = d->rcv_nxt);
    WRONG("extension.early",
          v->extension.early[v->extension.early_cnt - 1].end = d->rcv_nxt + d->rcv_wnd + 1);
    WRONG("extension.newest", v->extension.newest = v->extension.early_cnt);
#undef WRONG
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_corrupted),
        cmocka_unit_test(test_unknown_sections),
        cmocka_unit_test(test_lists_have_limits),
        cmocka_unit_test(test_check_names_the_field),
    };

    return cmocka_run_group_tests_name("saved", tests, NULL, NULL);
}
