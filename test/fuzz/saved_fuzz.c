/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a saved connection: refused, or written again as the same bytes. What is sound is
 * restored in a host, which lives with it for a while: sends, receives, is sent garbage, saves it
 * again.
 *
 * The input is read as it is, and once more with the length and the checksum it should have, so
 * that a mutation gets past them.
 */
#include "base/assert.h"
#include "base/siphash.h"
#include "toe/host.h"
#include "toe/saved.h"
#include "toe/target.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LENGTH_OFF 12u
#define CHECKSUM_LEN 8u
#define LEN_MIN (LENGTH_OFF + 8u + CHECKSUM_LEN)

static uint32_t wire_receive(void *wire, struct toe_frame *frames, uint32_t max)
{
    (void)wire;
    (void)frames;
    (void)max;
    return 0;
}

static void wire_transmit(void *wire, const struct toe_frame *frames, uint32_t cnt)
{
    uint32_t *all = wire;

    (void)frames;
    *all += cnt;
}

static const struct toe_wire_ops wire_ops = {
    .size = sizeof(wire_ops), .receive = wire_receive, .transmit = wire_transmit};

/* Saves |conn| into a block of just the right size, and reads that. */
static void save_again(struct toe_host *host, toe_handle conn)
{
    struct toe_saved again;
    size_t len;
    uint8_t *bytes;

    if (toe_host_save(host, conn, NULL, 0, &len) != TOE_STATUS_INVALID_LENGTH) {
        return; /* It has ended. */
    }
    bytes = malloc(len);
    toe_assert(bytes != NULL);
    toe_assert(toe_host_save(host, conn, bytes, len, &len) == TOE_STATUS_SUCCESS);
    toe_assert(toe_saved_read(&again, bytes, len, NULL) == TOE_STATUS_SUCCESS);
    toe_assert(toe_saved_check(&again, NULL));
    free(bytes);
    toe_assert(toe_host_thaw(host, conn));
}

/* Lives with |conn|, whose peer says nothing. */
static void live(struct toe_host *host, struct toe_target *target, toe_handle conn)
{
    static const toe_duration steps[] = {0, TOE_NS_PER_MS, TOE_NS_PER_SEC, 100 * TOE_NS_PER_SEC};
    toe_instant now = TOE_NS_PER_SEC;
    uint8_t bytes[256] = {0};
    struct toe_host_event event;

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); ++i) {
        now += steps[i];
        toe_target_ops()->run(target, now);
        toe_host_run(host, now);
        (void)toe_host_receive(host, conn, bytes, sizeof(bytes));
        (void)toe_host_send(host, conn, bytes, sizeof(bytes));
        save_again(host, conn);
    }
    toe_host_shutdown(host, conn);
    toe_host_run(host, now);
    save_again(host, conn);
    while (toe_host_event_next(host, &event)) {
    }
}

static void restore(const struct toe_saved *saved)
{
    struct toe_target_settings of_target;
    struct toe_host_settings of_host;
    struct toe_host_interface interface = {.ops = toe_target_ops(), .mtu = 1500};
    const uint8_t prefix_len = saved->path.constant.src.family == 4 ? 24 : 64;
    struct toe_target *target;
    struct toe_host *host;
    uint32_t frames = 0;
    toe_handle conn;

    toe_target_settings_default(&of_target);
    of_target.wire = &wire_ops;
    of_target.wire_user = &frames;
    of_target.mac[0] = 2;
    toe_host_settings_default(&of_host);
    of_host.conn_max = 4;
    of_host.params.ticks_per_second = saved->ticks_per_second;
    target = toe_target_new(&of_target);
    host = toe_host_new(&of_host);
    toe_assert(target != NULL && host != NULL);
    interface.target = target;
    if (toe_host_interface_add(host, &interface) == 0 &&
        toe_host_address_add(host, 0, &saved->path.constant.src, prefix_len) == 0 &&
        toe_host_restore(host, saved, &conn) == TOE_STATUS_SUCCESS) {
        toe_assert(toe_host_thaw(host, conn));
        live(host, target, conn);
    }
    toe_host_del(host);
    toe_target_del(target);
}

static void read_one(const uint8_t *data, size_t size)
{
    struct toe_saved_fault fault;
    struct toe_saved saved;
    uint8_t *again;
    size_t len;

    if (toe_saved_read(&saved, data, size, &fault) != TOE_STATUS_SUCCESS) {
        toe_assert(fault.field != NULL && fault.rule != NULL);
        return;
    }
    len = toe_saved_write(&saved, NULL, 0);
    toe_assert(len > 0 && len <= size);
    again = malloc(len);
    toe_assert(again != NULL);
    toe_assert(toe_saved_write(&saved, again, len) == len);
    toe_assert(len < size || memcmp(again, data, len) == 0);
    free(again);
    if (toe_saved_check(&saved, &fault)) {
        restore(&saved);
    }
}

static void put_u64(uint8_t *p, uint64_t value)
{
    for (unsigned i = 0; i < 8; ++i) {
        p[i] = (uint8_t)(value >> (8 * i));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct base_siphash_key key = {UINT64_C(0x0706050403020100),
                                                UINT64_C(0x0f0e0d0c0b0a0908)};
    uint8_t *sealed;

    read_one(data, size);
    if (size < LEN_MIN) {
        return 0;
    }
    sealed = malloc(size);
    toe_assert(sealed != NULL);
    memcpy(sealed, data, size);
    put_u64(sealed + LENGTH_OFF, size);
    put_u64(sealed + size - CHECKSUM_LEN, base_siphash24(&key, sealed, size - CHECKSUM_LEN));
    read_one(sealed, size);
    free(sealed);
    return 0;
}
