/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/guarded.h"
#include "wire/arp.h"
#include "wire/bytes.h"
#include "wire/ether.h"

#define MACS 0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2

/* Headers with and without a tag are read as drawn, and built back to the same bytes. */
static void test_ether_round_trip(void **state)
{
    static const struct {
        const char *name;
        uint8_t bytes[18];
        int len;
        uint16_t type;
        bool vlan_present;
        uint16_t vlan_id;
        uint8_t vlan_pcp;
    } cases[] = {
        {"no tag", {MACS, 0x08, 0x00}, 14, 0x0800, false, 0, 0},
        {"tag", {MACS, 0x81, 0x00, 0x0f, 0xff, 0x86, 0xdd}, 18, 0x86dd, true, 4095, 0},
        {"priority only", {MACS, 0x81, 0x00, 0xa0, 0x00, 0x08, 0x06}, 18, 0x0806, true, 0, 5},
        {"two tags", {MACS, 0x81, 0x00, 0x00, 0x01, 0x81, 0x00}, 18, 0x8100, true, 1, 0},
    };
    struct t_guarded g;

    (void)state;
    t_guarded_init(&g, 64);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        const size_t len = (size_t)cases[i].len;
        struct wire_ether ether;
        uint8_t out[18];

        if (wire_ether_parse(&ether, t_guarded_copy(&g, cases[i].bytes, len), len) !=
                cases[i].len ||
            ether.type != cases[i].type || ether.vlan_present != cases[i].vlan_present ||
            ether.vlan_id != cases[i].vlan_id || ether.vlan_pcp != cases[i].vlan_pcp) {
            fail_msg("%s: not read right", cases[i].name);
        }
        assert_memory_equal(ether.dst, cases[i].bytes, 6);
        assert_memory_equal(ether.src, cases[i].bytes + 6, 6);
        assert_int_equal(wire_ether_len(&ether), len);
        assert_int_equal(wire_ether_build(out, len - 1, &ether), WIRE_ERR_SHORT);
        assert_int_equal(wire_ether_build(out, len, &ether), len);
        assert_memory_equal(out, cases[i].bytes, len);
        for (size_t n = 0; n < len; ++n) {
            assert_int_equal(wire_ether_parse(&ether, t_guarded_copy(&g, cases[i].bytes, n), n),
                             WIRE_ERR_SHORT);
        }
    }
    t_guarded_fini(&g);
}

#define SNAP 0xaa, 0xaa, 0x03, 0, 0, 0

/*
 * 802.3 with LLC and SNAP (RFC-117) is read and built back; an 802.3 frame that is none, or
 * promises more than there is, keeps its length for a type.
 */
static void test_ether_snap(void **state)
{
    static const struct {
        const char *name;
        uint8_t bytes[29];
        size_t len;
        int head;
        uint16_t type;
        uint16_t snap_len; /* 0: none */
    } cases[] = {
        {"SNAP", {MACS, 0, 11, SNAP, 0x08, 0x00, 1, 2, 3}, 25, 22, 0x0800, 3},
        {"padding", {MACS, 0, 10, SNAP, 0x08, 0x00, 1, 2, 0}, 25, 22, 0x0800, 2},
        {"tag", {MACS, 0x81, 0, 0, 7, 0, 9, SNAP, 0x86, 0xdd, 1}, 27, 26, 0x86dd, 1},
        {"too long", {MACS, 0, 12, SNAP, 0x08, 0x00, 1, 2, 3}, 25, 14, 12, 0},
        {"too short", {MACS, 0, 7, SNAP, 0x08, 0x00}, 22, 14, 7, 0},
        {"another SAP", {MACS, 0, 8, 0x42, 0x42, 0x03, 0, 0, 0, 0x08, 0x00}, 22, 14, 8, 0},
        {"another OUI", {MACS, 0, 8, 0xaa, 0xaa, 0x03, 0, 0, 1, 0x08, 0x00}, 22, 14, 8, 0},
    };
    struct t_guarded g;

    (void)state;
    t_guarded_init(&g, 64);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        const uint8_t *frame = t_guarded_copy(&g, cases[i].bytes, cases[i].len);
        struct wire_ether ether;
        uint8_t out[WIRE_ETHER_LEN_MAX];

        if (wire_ether_parse(&ether, frame, cases[i].len) != cases[i].head ||
            ether.type != cases[i].type || ether.snap != (cases[i].snap_len > 0) ||
            ether.snap_len != cases[i].snap_len) {
            fail_msg("%s: not read right", cases[i].name);
        }
        assert_int_equal(wire_ether_build(out, sizeof(out), &ether), cases[i].head);
        assert_memory_equal(out, cases[i].bytes, (size_t)cases[i].head);
    }
    t_guarded_fini(&g);
}

static const uint8_t request[28] = {0,   1, 8, 0, 6, 4, 0, 1, 2, 0, 0,   0, 0, 1,
                                    192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 192, 0, 2, 9};

/* A request is read and built back; each prefix is short. */
static void test_arp_round_trip(void **state)
{
    struct t_guarded g;
    struct wire_arp arp;
    uint8_t out[28];

    (void)state;
    t_guarded_init(&g, 64);
    assert_int_equal(wire_arp_parse(&arp, t_guarded_copy(&g, request, 28), 28), 28);
    assert_int_equal(arp.op, WIRE_ARP_REQUEST);
    assert_memory_equal(arp.sender_mac, request + 8, 6);
    assert_int_equal(arp.sender_ip.family, 4);
    assert_memory_equal(arp.sender_ip.bytes, request + 14, 4);
    assert_memory_equal(arp.target_ip.bytes, request + 24, 4);
    assert_int_equal(wire_arp_build(out, 27, &arp), WIRE_ERR_SHORT);
    assert_int_equal(wire_arp_build(out, 28, &arp), 28);
    assert_memory_equal(out, request, 28);
    for (size_t n = 0; n < 28; ++n) {
        assert_int_equal(wire_arp_parse(&arp, t_guarded_copy(&g, request, n), n), WIRE_ERR_SHORT);
    }
    t_guarded_fini(&g);
}

/* What is not about IPv4 over Ethernet is refused. */
static void test_arp_other_networks(void **state)
{
    static const struct {
        const char *name;
        size_t off;
        uint8_t value;
    } cases[] = {
        {"hardware is not Ethernet", 1, 6},
        {"protocol is not IPv4", 2, 0x86},
        {"hardware addresses of 8 bytes", 4, 8},
        {"protocol addresses of 16 bytes", 5, 16},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct wire_arp arp;
        uint8_t packet[28];

        memcpy(packet, request, 28);
        packet[cases[i].off] = cases[i].value;
        if (wire_arp_parse(&arp, packet, 28) != WIRE_ERR_MALFORMED) {
            fail_msg("%s: taken", cases[i].name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ether_round_trip),
        cmocka_unit_test(test_ether_snap),
        cmocka_unit_test(test_arp_round_trip),
        cmocka_unit_test(test_arp_other_networks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
