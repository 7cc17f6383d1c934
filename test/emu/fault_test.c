/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "emu/fault.h"

enum { FRAMES = 20000, FRAME_LEN = 64 };

/* A port in memory: it makes numbered frames, and notes the numbers of those it is to send. */
struct fake {
    struct emu_port port;
    uint8_t frames[64][FRAME_LEN];
    uint32_t made, limit;
    uint32_t sent[2 * FRAMES];
    uint32_t sent_cnt;
    uint32_t damaged;
    bool *closed;
};

static void number_frame(uint8_t data[FRAME_LEN], uint32_t number)
{
    memset(data, 0, FRAME_LEN);
    for (int i = 12; i + 4 <= FRAME_LEN; i += 4) {
        memcpy(data + i, &number, 4);
    }
}

/* The number most of the frame agrees on; counts frames that do not agree with themselves. */
static uint32_t read_number(const uint8_t *data, uint32_t *damaged)
{
    uint32_t a, b, c;

    memcpy(&a, data + 12, 4);
    memcpy(&b, data + 16, 4);
    memcpy(&c, data + 20, 4);
    for (int i = 12; i + 4 <= FRAME_LEN; i += 4) {
        if (memcmp(data + i, a == b ? data + 12 : data + 20, 4) != 0) {
            ++*damaged;
            break;
        }
    }
    return a == b ? a : c;
}

static uint32_t fake_receive(void *wire, struct toe_frame *frames, uint32_t max)
{
    struct fake *fake = wire;
    uint32_t cnt = 0;

    while (cnt < max && cnt < 64 && fake->made < fake->limit) {
        number_frame(fake->frames[cnt], fake->made++);
        frames[cnt] = (struct toe_frame){.data = fake->frames[cnt], .len = FRAME_LEN};
        ++cnt;
    }
    return cnt;
}

static void fake_transmit(void *wire, const struct toe_frame *frames, uint32_t cnt)
{
    struct fake *fake = wire;

    for (uint32_t i = 0; i < cnt && fake->sent_cnt < 2 * FRAMES; ++i) {
        fake->sent[fake->sent_cnt++] = read_number(frames[i].data, &fake->damaged);
    }
}

static void fake_close(struct emu_port *port)
{
    free(port);
}

static struct fake *make_fake(void)
{
    struct fake *fake = calloc(1, sizeof(*fake));

    assert_non_null(fake);
    fake->port.ops = (struct toe_wire_ops){
        .size = sizeof(struct toe_wire_ops), .receive = fake_receive, .transmit = fake_transmit};
    fake->port.close = fake_close;
    fake->port.fd = -1;
    return fake;
}

/* Takes FRAMES frames through the incoming side; the numbers are in |numbers|. */
static uint32_t take_all(struct emu_port *port, struct fake *fake, uint32_t *numbers,
                         uint32_t *damaged)
{
    toe_instant now = 1;
    uint32_t cnt = 0;

    while (fake->made < FRAMES || emu_port_deadline(port) != TOE_INSTANT_NEVER) {
        struct toe_frame frames[32];
        uint32_t got;

        fake->limit = fake->made + 10 < FRAMES ? fake->made + 10 : FRAMES;
        emu_port_tick(port, now);
        while ((got = port->ops.receive(port, frames, 32)) != 0) {
            for (uint32_t i = 0; i < got; ++i) {
                assert_true(cnt < 2 * FRAMES);
                numbers[cnt++] = read_number(frames[i].data, damaged);
            }
        }
        now += 100 * TOE_NS_PER_US;
    }
    return cnt;
}

/* Sends FRAMES frames through the outgoing side. */
static void send_all(struct emu_port *port)
{
    toe_instant now = 1;

    for (uint32_t i = 0; i < FRAMES || emu_port_deadline(port) != TOE_INSTANT_NEVER; ++i) {
        uint8_t data[FRAME_LEN];
        const struct toe_frame frame = {.data = data, .len = FRAME_LEN};

        emu_port_tick(port, now);
        if (i < FRAMES) {
            number_frame(data, i);
            port->ops.transmit(port, &frame, 1);
        }
        now += 10 * TOE_NS_PER_US;
    }
}

static void assert_near(uint64_t got, uint64_t want)
{
    if (got < want * 8 / 10 || got > want * 12 / 10) {
        fail_msg("%llu is not near %llu", (unsigned long long)got, (unsigned long long)want);
    }
}

/* Without faults everything passes, once and in order. */
static void test_nothing_happens(void **state)
{
    static uint32_t numbers[2 * FRAMES];
    struct fake *fake = make_fake();
    struct emu_port *port = emu_fault_new(&fake->port, NULL, NULL, 1);
    uint32_t damaged = 0;

    (void)state;
    assert_non_null(port);
    assert_int_equal(take_all(port, fake, numbers, &damaged), FRAMES);
    send_all(port);
    assert_int_equal(fake->sent_cnt, FRAMES);
    for (uint32_t i = 0; i < FRAMES; ++i) {
        assert_int_equal(numbers[i], i);
        assert_int_equal(fake->sent[i], i);
    }
    assert_int_equal(damaged + fake->damaged, 0);
    emu_port_close(port);
}

static const struct emu_fault_settings all_faults = {
    .loss = 50000, .reorder = 50000, .duplicate = 20000, .corrupt = 10000};

/* Each fault happens as often as its chance says, and what is counted is what is seen. */
static void test_chances_are_kept(void **state)
{
    static uint32_t numbers[2 * FRAMES];
    struct fake *fake = make_fake();
    struct emu_port *port = emu_fault_new(&fake->port, &all_faults, NULL, 7);
    struct emu_fault_stats stats;
    uint32_t damaged = 0;
    uint32_t late = 0;
    uint32_t cnt;

    (void)state;
    cnt = take_all(port, fake, numbers, &damaged);
    emu_fault_stats_get(port, &stats, NULL);
    assert_int_equal(stats.frames, FRAMES);
    assert_near(stats.lost, FRAMES / 20);
    assert_near(stats.reordered, FRAMES / 20);
    assert_near(stats.duplicated, FRAMES / 50);
    assert_near(stats.corrupted, FRAMES / 100);
    assert_int_equal(cnt, FRAMES - stats.lost + stats.duplicated);
    assert_int_equal(damaged, stats.corrupted);
    for (uint32_t i = 1; i < cnt; ++i) {
        late += numbers[i] < numbers[i - 1] ? 1 : 0;
    }
    assert_true(late > stats.reordered / 4);
    emu_port_close(port);
}

/* The same seed has the same things happen, another seed others; both directions, each for itself.
 */
static void test_seed_decides(void **state)
{
    static const uint64_t seeds[3] = {42, 42, 43};
    struct fake *fakes[3];
    struct emu_port *ports[3];

    (void)state;
    for (int i = 0; i < 3; ++i) {
        fakes[i] = make_fake();
        ports[i] = emu_fault_new(&fakes[i]->port, NULL, &all_faults, seeds[i]);
        send_all(ports[i]);
    }
    assert_int_equal(fakes[0]->sent_cnt, fakes[1]->sent_cnt);
    assert_memory_equal(fakes[0]->sent, fakes[1]->sent, sizeof(fakes[0]->sent));
    assert_memory_not_equal(fakes[0]->sent, fakes[2]->sent, sizeof(fakes[0]->sent));
    for (int i = 0; i < 3; ++i) {
        emu_port_close(ports[i]);
    }
}

/* A delayed frame arrives when its time has come, not before, and jitter keeps the order. */
static void test_delay_holds_frames(void **state)
{
    static const struct emu_fault_settings slow = {.delay = 5 * TOE_NS_PER_MS,
                                                   .jitter = 3 * TOE_NS_PER_MS};
    static uint32_t numbers[2 * FRAMES];
    struct fake *fake = make_fake();
    struct emu_port *port = emu_fault_new(&fake->port, &slow, NULL, 3);
    struct toe_frame frame;
    uint32_t damaged = 0;
    toe_instant due;

    (void)state;
    fake->limit = 1;
    emu_port_tick(port, 1000);
    assert_int_equal(port->ops.receive(port, &frame, 1), 0);
    due = emu_port_deadline(port);
    assert_in_range(due, 1000 + 5 * TOE_NS_PER_MS, 1000 + 8 * TOE_NS_PER_MS);
    emu_port_tick(port, due - 1);
    assert_int_equal(port->ops.receive(port, &frame, 1), 0);
    emu_port_tick(port, due);
    assert_int_equal(port->ops.receive(port, &frame, 1), 1);
    emu_port_close(port);

    fake = make_fake();
    port = emu_fault_new(&fake->port, &slow, NULL, 3);
    assert_int_equal(take_all(port, fake, numbers, &damaged), FRAMES);
    for (uint32_t i = 0; i < FRAMES; ++i) {
        assert_int_equal(numbers[i], i);
    }
    emu_port_close(port);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_happens),
        cmocka_unit_test(test_chances_are_kept),
        cmocka_unit_test(test_seed_decides),
        cmocka_unit_test(test_delay_holds_frames),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
