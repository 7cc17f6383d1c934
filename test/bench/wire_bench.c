/* SPDX-License-Identifier: MIT */
/*
 * What the wire costs: frames parsed, bytes summed, bytes summed while they are copied.
 *
 * toe bench knows the public interface only, and these are inside. Each is measured in turns with
 * something that does the same in a plain way: a frame by the short cut with one by the parsers of
 * the layers, a checksum with the portable loop, and a checksum while copying with memcpy() and the
 * portable loop behind it. The clock is the processor time; medians of ROUNDS. With an argument of
 * "json" it prints as toe bench does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wire/bytes.h"
#include "wire/checksum_blocks.h"
#include "wire/ether.h"
#include "wire/ipv4.h"
#include "wire/plain.h"
#include "wire/rss.h"

enum { ROUNDS = 15, TURNS = 4096, SLOTS = 8, LEN_MAX = 65536 };

static uint8_t from[SLOTS][LEN_MAX + 192]; /* staggered within a page */
static uint8_t to[SLOTS][LEN_MAX + 320];
static uint8_t frame[128];
static uint32_t frame_len;
static struct wire_rss rss;
static volatile uint64_t sink;

static double now(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* --- the work: each does it once --- */

static uint64_t parse_plain(size_t len, size_t slot)
{
    struct wire_plain plain;
    struct tcp_segment seg;

    (void)slot;
    if (!wire_plain_parse(&plain, frame, len)) {
        abort();
    }
    wire_plain_segment(&seg, &plain);
    return seg.seq.v;
}

static uint64_t parse_layers(size_t len, size_t slot)
{
    struct wire_ether ether;
    struct wire_ipv4 ip;
    struct tcp_segment seg;
    const int at = wire_ether_parse(&ether, frame, len);
    const int ip_len = wire_ipv4_parse(&ip, frame + at, len - (size_t)at);

    (void)slot;
    if (ip_len < 0 || wire_tcp_parse(&seg, frame + at + ip_len, ip.payload_len) < 0) {
        abort();
    }
    return seg.seq.v;
}

static uint64_t sum_ours(size_t len, size_t slot)
{
    return wire_csum_add(0, from[slot], len);
}

static uint64_t sum_portable(size_t len, size_t slot)
{
    return wire_csum_portable.sum(0, from[slot], len);
}

static uint64_t copy_ours(size_t len, size_t slot)
{
    return wire_csum_copy(to[slot], from[slot], len, 0);
}

static uint64_t copy_portable(size_t len, size_t slot)
{
    memcpy(to[slot], from[slot], len);
    return wire_csum_portable.sum(0, to[slot], len);
}

static uint64_t hash_rss(size_t len, size_t slot)
{
    const struct toe_addr src = {.family = 4, .bytes = {10, 0, 0, (uint8_t)slot}};
    const struct toe_addr dst = {.family = 4, .bytes = {10, 0, 0, 2}};

    (void)len;
    return wire_rss_hash(&rss, &src, &dst, 1234, 80);
}

/* --- turns --- */

static double run(uint64_t (*work)(size_t len, size_t slot), size_t len)
{
    const size_t turns = len > 4096 ? TURNS / 8 : TURNS;
    const double begin = now();
    uint64_t sum = 0;

    for (size_t i = 0; i < turns; ++i) {
        sum += work(len, i % SLOTS);
        __asm__ volatile("" : : "r"(to), "r"(frame) : "memory");
    }
    sink = sum;
    return (now() - begin) / (double)turns;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double values[ROUNDS])
{
    qsort(values, ROUNDS, sizeof(values[0]), compare);
    return values[ROUNDS / 2];
}

static void measure(const char *name, uint64_t (*ours)(size_t, size_t), const char *peer,
                    uint64_t (*theirs)(size_t, size_t), size_t len, bool json)
{
    double values[2][ROUNDS];
    double value;
    double peer_value;

    (void)run(ours, len);
    (void)run(theirs, len);
    for (int i = 0; i < ROUNDS; ++i) {
        values[0][i] = run(ours, len);
        values[1][i] = run(theirs, len);
    }
    value = median(values[0]);
    peer_value = median(values[1]);
    if (json) {
        (void)printf("{\"type\":\"figure\",\"name\":\"%s\",\"value\":%.2f,\"unit\":\"ns\","
                     "\"peer\":\"%s\",\"peer_value\":%.2f,\"ratio\":%.3f}\n",
                     name, value, peer, peer_value, peer_value / value);
    } else {
        (void)printf("%-20s %10.1f ns %20s %10.1f %8.3f\n", name, value, peer, peer_value,
                     peer_value / value);
    }
}

/* A frame of an acknowledgment with timestamps, as most are. */
static void make_frame(void)
{
    const struct wire_ether ether = {
        .dst = {2, 0, 0, 0, 0, 1}, .src = {2, 0, 0, 0, 0, 2}, .type = WIRE_ETHER_TYPE_IPV4};
    struct wire_ipv4 ip = {.src = {.family = 4, .bytes = {10, 0, 0, 1}},
                           .dst = {.family = 4, .bytes = {10, 0, 0, 2}},
                           .ttl = 64,
                           .proto = WIRE_PROTO_TCP};
    struct tcp_segment seg = TCP_SEGMENT_INIT;
    uint8_t *at = frame + wire_ether_build(frame, sizeof(frame), &ether);

    seg.flags = TCP_ACK;
    seg.has_ts = true;
    ip.payload_len = (uint16_t)wire_tcp_build(at + WIRE_IPV4_LEN, 60, &seg);
    (void)wire_ipv4_build(at, WIRE_IPV4_LEN, &ip);
    frame_len = (uint32_t)(at - frame) + WIRE_IPV4_LEN + ip.payload_len;
}

int main(int argc, char **argv)
{
    static const size_t lens[] = {64, 536, 1460, 8960, 65536};
    const bool json = argc > 1 && strcmp(argv[1], "json") == 0;
    char name[32];

    make_frame();
    wire_rss_init(&rss, wire_rss_key_default);
    measure("parse", parse_plain, "parsers of layers", parse_layers, frame_len, json);
    measure("rss-hash", hash_rss, "plain", parse_plain, frame_len, json);
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); ++i) {
        (void)snprintf(name, sizeof(name), "checksum-%zu", lens[i]);
        measure(name, sum_ours, "portable", sum_portable, lens[i], json);
        (void)snprintf(name, sizeof(name), "checksum-copy-%zu", lens[i]);
        measure(name, copy_ours, "memcpy, portable", copy_portable, lens[i], json);
    }
    return 0;
}
