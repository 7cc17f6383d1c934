/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "emu/gso.h"

enum { PAYLOAD = 5000, SIZE = 1448, TCP_LEN = 32, FIN = 1, PSH = 8, ACK = 16, CWR = 128 };

struct super {
    uint8_t data[14 + 40 + TCP_LEN + PAYLOAD];
    struct toe_frame frame;
    uint32_t ip_len;
};

static uint32_t sum(uint32_t from, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; ++i) {
        from += (i & 1) == 0 ? (uint32_t)data[i] << 8 : data[i];
    }
    while (from >> 16 != 0) {
        from = (from & 0xffff) + (from >> 16);
    }
    return from;
}

/* A super-segment as a kernel hands it over: the checksum field holds the pseudo header's sum. */
static void make_super(struct super *super, bool ipv6)
{
    uint8_t *ip = super->data + 14;
    uint8_t *tcp;

    memset(super, 0, sizeof(*super));
    super->ip_len = ipv6 ? 40 : 20;
    tcp = ip + super->ip_len;
    memcpy(super->data + 12, ipv6 ? "\x86\xdd" : "\x08\x00", 2);
    ip[0] = ipv6 ? 0x60 : 0x45;
    ip[ipv6 ? 6 : 9] = 6;
    memcpy(ip + (ipv6 ? 8 : 12), "\x0a\x00\x00\x01\x0a\x00\x00\x02", 8);
    if (!ipv6) {
        memcpy(ip + 4, "\xff\xff", 2); /* the identification wraps */
    }
    memcpy(tcp + 4, "\xff\xff\xf0\x00", 4); /* so does the sequence number */
    tcp[12] = (TCP_LEN / 4) << 4;
    tcp[13] = ACK | PSH | FIN | CWR;
    for (uint32_t i = 0; i < PAYLOAD; ++i) {
        tcp[TCP_LEN + i] = (uint8_t)(i * 7 + (i >> 8));
    }
    super->frame = (struct toe_frame){.data = super->data,
                                      .len = 14 + super->ip_len + TCP_LEN + PAYLOAD,
                                      .csum_start = (uint16_t)(14 + super->ip_len),
                                      .csum_off = 16,
                                      .gso_size = SIZE,
                                      .gso = ipv6 ? TOE_GSO_TCP6 : TOE_GSO_TCP4,
                                      .flags = TOE_FRAME_CSUM_PARTIAL};
}

/* The checksums of a frame, over headers and payload. */
static void check_sums(const uint8_t *out, uint32_t len, uint32_t ip_len)
{
    const uint8_t *ip = out + 14;
    const uint32_t tcp_len = len - 14 - ip_len;
    const uint32_t pseudo =
        ip_len == 40 ? sum(6 + tcp_len, ip + 8, 32) : sum(6 + tcp_len, ip + 12, 8);

    assert_int_equal(sum(pseudo, ip + ip_len, tcp_len), 0xffff);
    if (ip_len == 20) {
        assert_int_equal(sum(0, ip, 20), 0xffff);
        assert_int_equal((ip[2] << 8) | ip[3], len - 14);
    } else {
        assert_int_equal((ip[4] << 8) | ip[5], len - 14 - 40);
    }
}

static void check_cut(bool ipv6)
{
    static struct super super;
    uint8_t out[2048];
    struct emu_gso gso;
    uint32_t off = 0;
    uint32_t len;

    make_super(&super, ipv6);
    assert_true(emu_gso_begin(&gso, &super.frame));
    assert_true(emu_gso_frame_max(&gso) <= sizeof(out));
    for (uint32_t i = 0; (len = emu_gso_next(&gso, out)) != 0; ++i) {
        const uint8_t *tcp = out + 14 + super.ip_len;
        const uint32_t text_len = len - 14 - super.ip_len - TCP_LEN;
        const uint32_t seq =
            ((uint32_t)tcp[4] << 24) | ((uint32_t)tcp[5] << 16) | ((uint32_t)tcp[6] << 8) | tcp[7];
        const bool last = off + text_len == PAYLOAD;

        check_sums(out, len, super.ip_len);
        assert_int_equal(seq, (uint32_t)(0xfffff000u + off));
        assert_memory_equal(tcp + TCP_LEN, super.data + 14 + super.ip_len + TCP_LEN + off,
                            text_len);
        assert_int_equal(tcp[13], ACK | (last ? PSH | FIN : 0) | (i == 0 ? CWR : 0));
        off += text_len;
    }
    assert_int_equal(off, PAYLOAD);
}

/* A super-segment becomes frames that carry the same text, each with whole checksums. */
static void test_cut_keeps_the_text(void **state)
{
    (void)state;
    check_cut(false);
    check_cut(true);
}

/* Metadata that does not fit the frame is refused; nothing is read beyond its end. */
static void test_nonsense_is_refused(void **state)
{
    static struct super super;
    struct emu_gso gso;

    (void)state;
    make_super(&super, false);
    for (uint32_t len = 0; len < 14 + 20 + TCP_LEN; ++len) {
        struct toe_frame frame = super.frame;

        frame.len = len;
        assert_false(emu_gso_begin(&gso, &frame));
    }
    super.frame.gso_size = 0;
    assert_false(emu_gso_begin(&gso, &super.frame));
    assert_false(emu_gso_checksum(super.data, 50, 34, 16));
    assert_true(emu_gso_checksum(super.data, 54, 34, 16));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_keeps_the_text),
        cmocka_unit_test(test_nonsense_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
