/* SPDX-License-Identifier: MIT */
/*
 * What emu_examine() makes of frames: whole ones, ones that a kernel left unfinished, damaged ones,
 * and every prefix of them all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "emu/bytes.h"
#include "emu/examine.h"

enum { MTU = 1500, ROOM = 14 + 4 + 60 + 20 + 4000, VLAN = 1, UDP = 2, IPV6 = 4 };

/* A datagram with |len| bytes of payload; of what kind, |kind| says. */
struct sample {
    uint8_t data[ROOM];
    uint32_t len;
    uint32_t off; /* of the transport header */
    uint32_t csum_off;
    uint64_t pseudo;
};

static void make(struct sample *s, int kind, uint32_t len)
{
    const uint8_t protocol = (kind & UDP) != 0 ? 17 : 6;
    const uint32_t header_len = (kind & UDP) != 0 ? 8 : 20;
    uint8_t *ip = s->data + ((kind & VLAN) != 0 ? 18 : 14);
    uint8_t *transport = ip + ((kind & IPV6) != 0 ? 40 : 24); /* IPv4 with options */

    memset(s, 0, sizeof(*s));
    if ((kind & VLAN) != 0) {
        memcpy(s->data + 12, "\x81\x00\x60\x05", 4);
    }
    if ((kind & IPV6) != 0) {
        memcpy(ip - 2, "\x86\xdd\x60", 3);
        emu_put16(ip + 4, header_len + len);
        ip[6] = protocol;
        memset(ip + 8, 0xfd, 32);
        s->pseudo = emu_sum(protocol + header_len + len, ip + 8, 32);
    } else {
        memcpy(ip - 2, "\x08\x00\x46", 3);
        emu_put16(ip + 2, 24 + header_len + len);
        ip[9] = protocol;
        memset(ip + 12, 0xac, 8);
        s->pseudo = emu_sum(protocol + header_len + len, ip + 12, 8);
    }
    if ((kind & UDP) != 0) {
        emu_put16(transport + 4, header_len + len);
    } else {
        transport[12] = 0x50;
    }
    for (uint32_t i = 0; i < len; ++i) {
        transport[header_len + i] = (uint8_t)(i * 11 + (i >> 8) + 1);
    }
    s->off = (uint32_t)(transport - s->data);
    s->csum_off = (kind & UDP) != 0 ? 6 : 16;
    s->len = s->off + header_len + len;
}

/* As the network carries it. */
static void complete(struct sample *s)
{
    uint8_t *at = s->data + s->off + s->csum_off;

    emu_put16(at, emu_csum(emu_sum(s->pseudo, s->data + s->off, s->len - s->off)));
}

/* As a kernel leaves it for its adapter. */
static void leave(struct sample *s)
{
    emu_put16(s->data + s->off + s->csum_off, (uint16_t)~emu_csum(s->pseudo));
}

static struct toe_frame frame_of(const struct sample *s)
{
    return (struct toe_frame){.data = s->data, .len = s->len};
}

/* A right checksum is seen, in a frame that has padding behind it, too; so is one left unfinished.
 */
static void test_checksums_are_told(void **state)
{
    (void)state;
    for (int kind = 0; kind < 8; ++kind) {
        struct sample s;
        struct toe_frame frame;

        for (uint32_t len = 1; len < 1400; len += 233) {
            make(&s, kind, len);
            complete(&s);
            frame = frame_of(&s);
            frame.len += 6;
            assert_true(emu_examine(&frame, MTU));
            assert_int_equal(frame.flags, TOE_FRAME_CSUM_VALID);
            assert_int_equal(frame.gso, TOE_GSO_NONE);

            s.data[s.len - 1] ^= 0x10;
            frame = frame_of(&s);
            assert_true(emu_examine(&frame, MTU)); /* for others to find */
            assert_int_equal(frame.flags, 0);

            leave(&s);
            frame = frame_of(&s);
            assert_true(emu_examine(&frame, MTU));
            assert_int_equal(frame.flags, TOE_FRAME_CSUM_PARTIAL);
            assert_int_equal(frame.csum_start, s.off);
            assert_int_equal(frame.csum_off, s.csum_off);
            assert_int_equal(frame.gso, TOE_GSO_NONE);
        }
    }
}

/* TCP longer than the MTU is a super-segment, finished or not; a damaged one, or UDP, is nothing.
 */
static void test_super_segments_are_told(void **state)
{
    (void)state;
    for (int kind = 0; kind < 8; ++kind) {
        struct sample s;
        struct toe_frame frame;

        for (int finished = 0; finished < 2; ++finished) {
            make(&s, kind, 4000);
            if (finished == 1) {
                complete(&s);
            } else {
                leave(&s);
            }
            frame = frame_of(&s);
            assert_int_equal(emu_examine(&frame, MTU), (kind & UDP) == 0);
            if ((kind & UDP) == 0) {
                assert_int_equal(frame.flags, TOE_FRAME_CSUM_PARTIAL);
                assert_int_equal(frame.gso, (kind & IPV6) != 0 ? TOE_GSO_TCP6 : TOE_GSO_TCP4);
                assert_int_equal(frame.gso_size, (kind & IPV6) != 0 ? 1440 : 1456);
                assert_int_equal(emu_get16(s.data + s.off + 16), (uint16_t)~emu_csum(s.pseudo));
            }
        }
        make(&s, kind, 4000);
        complete(&s);
        s.data[s.len - 1] ^= 0x10;
        frame = frame_of(&s);
        assert_false(emu_examine(&frame, MTU));
    }
}

/* Other protocols, fragments and datagrams without a checksum are left alone. */
static void test_others_are_left_alone(void **state)
{
    struct sample s;
    struct toe_frame frame;

    (void)state;
    make(&s, UDP, 100);
    frame = frame_of(&s);
    assert_true(emu_examine(&frame, MTU)); /* its checksum is 0: none */
    assert_int_equal(frame.flags, 0);
    make(&s, 0, 100);
    complete(&s);
    s.data[14 + 6] = 0x20; /* more fragments */
    frame = frame_of(&s);
    assert_true(emu_examine(&frame, MTU));
    assert_int_equal(frame.flags, 0);
    memcpy(s.data + 12, "\x08\x06", 2);
    frame = frame_of(&s);
    assert_true(emu_examine(&frame, MTU));
    assert_int_equal(frame.flags, 0);
    frame.len = MTU + 18 + 1;
    assert_false(emu_examine(&frame, MTU));
}

/* No byte beyond the frame is read, or written, however it is cut off. */
static void test_prefixes_are_safe(void **state)
{
    (void)state;
    for (int kind = 0; kind < 8; ++kind) {
        struct sample s;

        make(&s, kind, 1600);
        complete(&s);
        for (uint32_t len = 0; len < s.len; len += len < 120 ? 1 : 37) {
            uint8_t *copy = malloc(len + 1u);
            struct toe_frame frame = {.data = copy, .len = len};

            assert_non_null(copy);
            memcpy(copy, s.data, len);
            copy[len] = 0xa5;
            assert_int_equal(emu_examine(&frame, MTU), len <= MTU + 18);
            assert_int_equal(frame.flags, 0);
            assert_int_equal(copy[len], 0xa5);
            free(copy);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checksums_are_told),
        cmocka_unit_test(test_super_segments_are_told),
        cmocka_unit_test(test_others_are_left_alone),
        cmocka_unit_test(test_prefixes_are_safe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
