/* SPDX-License-Identifier: MIT */
/*
 * The optional reasons for an upload: EVT-025 to EVT-031, EVT-034, EVT-038.
 */
#include "support/target_fixture.h"
#include "wire/checksum.h"
#include "wire/ipv4.h"

#define BIT(reason) (1u << TOE_UPLOAD_##reason)

static struct t_target *start(uint32_t reasons)
{
    struct t_target *t = t_target_new();

    t->settings.optional_uploads = reasons;
    t->params.nce_stale_ticks = UINT32_MAX;
    t_target_start(t);
    t_offload(t);
    t_expect_all(t, "initiate");
    t->host.returns_at_once = true;
    return t;
}

/* How often |text| stands in the log of the host, which is emptied. */
static uint32_t count_of(struct t_target *t, const char *text)
{
    uint32_t cnt = 0;

    for (size_t i = 0; i < t->log.cnt; ++i) {
        cnt += strcmp(t->log.entries[i].text, text) == 0;
    }
    t->log.cnt = 0;
    t_host_return(&t->host);
    return cnt;
}

/* Lets |cnt| segments of ten bytes arrive, of each ten |late| after the one behind them. */
static uint32_t receive(struct t_target *t, uint32_t *seq, uint32_t cnt, uint32_t late)
{
    uint32_t told = 0;

    for (uint32_t i = 0; i < cnt; i += 10) {
        t->host.rcv_next = *seq;
        for (uint32_t k = 0; k < late; ++k) {
            t_peer(t, *seq + 10 * (10 - late + k), 10, 0, 5000);
        }
        for (uint32_t k = 0; k < 10 - late; ++k) {
            t_peer(t, *seq + 10 * k, 10, 0, 5000);
        }
        *seq += 100;
        t_run(t, 0);
        told += count_of(t, "RETRIEVE(HIGH_OUT_OF_ORDER)");
    }
    return told;
}

/* EVT-027, EVT-031, EVT-038: told when the limit is crossed, and again only after a calm block. */
static void test_evt_027_out_of_order(void **state)
{
    struct t_target *t = start(BIT(HIGH_OUT_OF_ORDER));
    uint32_t seq = 1000;

    (void)state;
    assert_int_equal(receive(t, &seq, 1020, 1), 0);
    assert_int_equal(receive(t, &seq, 10, 2), 1);
    assert_int_equal(receive(t, &seq, 2050, 2), 0); /* over still */
    assert_int_equal(receive(t, &seq, 2050, 0), 0); /* at least one calm block */
    assert_int_equal(receive(t, &seq, 2050, 3), 1);
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    t_target_del(t);
}

/* EVT-034, TRM-6: not in a half-closed connection; off by default. */
static void test_evt_034_half_closed(void **state)
{
    struct t_target *t = start(BIT(HIGH_OUT_OF_ORDER));
    uint32_t seq = 1000;

    (void)state;
    t_disconnect_new(t, 5000, 0, TOE_DISCONNECT_GRACEFUL);
    assert_int_equal(receive(t, &seq, 2050, 5), 0);
    t_target_del(t);

    t = start(0);
    seq = 1000;
    assert_int_equal(receive(t, &seq, 2050, 5), 0);
    t_target_del(t);
}

/* EVT-025: of 1024 segments with text one in ten is lost, or none. */
static void test_evt_025_drop_rate(void **state)
{
    (void)state;
    for (uint32_t lost = 0; lost < 2; ++lost) {
        struct t_target *t = start(BIT(HIGH_DROP_RATE));
        uint32_t told = 0;
        uint64_t ms = 0;

        for (uint32_t i = 0; i < 1100; ++i) {
            t_send_new(t, 5000 + 10 * i, 10);
            t_run(t, ms);
            if (lost != 0 && i % 10 == 0) {
                ms += 400; /* one RTO */
                t_run(t, ms);
            }
            t_peer(t, 1000, 0, 0, 5010 + 10 * i);
            t_run(t, ++ms);
            told += count_of(t, "RETRIEVE(HIGH_DROP_RATE)");
        }
        assert_int_equal(told, lost);
        t_target_del(t);
    }
}

/* EVT-026: first fragments, of IPv4, count; the frames go up as they are. */
static void test_evt_026_fragments(void **state)
{
    struct t_target *t = start(BIT(HIGH_FRAGMENTATION));
    uint32_t seq = 1000;
    uint32_t told = 0;

    (void)state;
    for (uint32_t i = 0; i < 1024; ++i) {
        uint8_t *ip;

        t->host.rcv_next = seq;
        t_peer(t, seq, 10, 0, 5000);
        if (i % 20 == 0) {
            ip = t->wire.in[t->wire.in_cnt - 1]->bytes + 14;
            ip[6] |= 0x20; /* more fragments */
            ip[6] &= 0x3f;
            ip[10] = 0;
            ip[11] = 0;
            {
                const uint16_t sum = wire_csum_fold(wire_csum_add(0, ip, WIRE_IPV4_LEN));

                ip[10] = (uint8_t)(sum >> 8);
                ip[11] = (uint8_t)sum;
            }
        } else {
            seq += 10;
        }
        t_run(t, 0);
        if (i % 20 == 0) {
            assert_string_equal(t->log.entries[0].text, "frame(64)");
        }
        told += count_of(t, "RETRIEVE(HIGH_FRAGMENTATION)");
    }
    assert_int_equal(told, 1);
    t_target_del(t);
}

/* EVT-028: less than 4 KiB in a minute; hysteresis at twice that. */
static void test_evt_028_low_activity(void **state)
{
    static const struct {
        uint32_t bytes;
        uint32_t want;
    } minutes[] = {{4096, 0}, {4095, 1}, {0, 0}, {5000, 0}, {100, 0}, {8192, 0}, {100, 1}};
    struct t_target *t = start(BIT(LOW_ACTIVITY));
    uint32_t seq = 1000;

    (void)state;
    for (uint32_t i = 0; i < sizeof(minutes) / sizeof(minutes[0]); ++i) {
        for (uint32_t left = minutes[i].bytes; left > 0;) {
            const uint32_t len = left < 1000 ? left : 1000;

            t_peer(t, seq, len, 0, 5000);
            seq += len;
            left -= len;
        }
        t_run(t, i * 60000 + 30000);
        t_run(t, i * 60000 + 60000);
        if (count_of(t, "RETRIEVE(LOW_ACTIVITY)") != minutes[i].want) {
            fail_msg("minute %u", i);
        }
    }
    t_target_del(t);
}

/* EVT-029: 64 indications in a row without a request between them. */
static void test_evt_029_no_request(void **state)
{
    struct t_target *t = start(BIT(NO_BUFFER_PREPOSTING));
    uint32_t seq = 1000;
    uint32_t told = 0;

    (void)state;
    for (uint32_t i = 0; i < 300; ++i) {
        t_peer(t, seq, 10, 0, 5000);
        seq += 10;
        t_run(t, 0);
        told += count_of(t, "RETRIEVE(NO_BUFFER_PREPOSTING)");
        assert_int_equal(told, i < 63 ? 0 : i < 200 + 63 ? 1 : 2);
        if (i == 199) {
            t_receive_new(t, 10, 0);
            t_peer(t, seq, 10, 0, 5000);
            seq += 10;
            t_run(t, 0);
        }
    }
    t_target_del(t);
}

/* EVT-030: the mean size of 256 requests. */
static void test_evt_030_small_io(void **state)
{
    static const struct {
        uint32_t len;
        uint32_t want;
    } blocks[] = {{256, 0}, {255, 1}, {10, 0}, {300, 0}, {255, 0}, {512, 0}, {255, 1}};
    struct t_target *t = start(BIT(SMALL_IO));
    uint32_t seq = 1000;

    (void)state;
    for (uint32_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); ++i) {
        uint32_t told = 0;

        for (uint32_t k = 0; k < 256; ++k) {
            t_receive_new(t, blocks[i].len, 0);
            t_peer(t, seq, blocks[i].len, 0, 5000);
            seq += blocks[i].len;
            t_run(t, 0);
            told += count_of(t, "RETRIEVE(SMALL_IO)");
        }
        if (told != blocks[i].want) {
            fail_msg("block %u: %u", i, told);
        }
    }
    t_target_del(t);
}

/* T-102, EVT-010, EVT-011, EVT-031: after an optional reason all goes on, and a mandatory one may
 * follow. */
static void test_evt_011_mandatory_after(void **state)
{
    struct t_target *t = start(BIT(LOW_ACTIVITY));

    (void)state;
    t_run(t, 60000);
    t_expect_host(t, "RETRIEVE(LOW_ACTIVITY)");
    t_send_new(t, 5000, 100);
    t_run(t, 60001);
    t_peer(t, 1000, 0, 0, 5100);
    t_run(t, 60002);
    t_expect_host(t, "send(SUCCESS,100)");
    t_peer(t, 1000, 1, TCP_URG, 5100);
    t_run(t, 60003);
    t_expect_host(t, "RETRIEVE(RECEIVED_URGENT_DATA)");
    t_target_del(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evt_027_out_of_order), cmocka_unit_test(test_evt_034_half_closed),
        cmocka_unit_test(test_evt_025_drop_rate),    cmocka_unit_test(test_evt_026_fragments),
        cmocka_unit_test(test_evt_028_low_activity), cmocka_unit_test(test_evt_029_no_request),
        cmocka_unit_test(test_evt_030_small_io),     cmocka_unit_test(test_evt_011_mandatory_after),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
