/* SPDX-License-Identifier: MIT */
/*
 * lwIP as a peer of the benchmarks.
 *
 * There is one lwIP in a process, so both ends live in the same stack, on two interfaces: a frame
 * is copied into a ring when it is sent, and taken from there when the other one is run. Everything
 * else is as with the two targets of bench_pair.h: one thread, from user buffer to user buffer,
 * checksums computed and verified, virtual time.
 *
 * Since the connections of both ends are in one list, which lwIP searches for each segment, there
 * are half as many of them as of ours: so the list is as long as it would be at either end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lwip/init.h>
#include <lwip/priv/tcp_priv.h>

#include "bench.h"
#include "lwip_node.h"

enum {
    PORT = 7000,
    NEAR = 0,
    FAR = 1,
    MTU_MAX = TCP_MSS + 40,
    CONNECTIONS_MAX = 10000, /* beyond, hours would be spent in the list */
    MESSAGE_LEN = 64,
    CYCLES = 256, /* connections of a turn */
    REQUESTS = 4096,
    REQUESTS_FEW = 512, /* where each of them takes long */
    SEGMENTS = 2880,
    BUF_LEN = 45 * TCP_MSS,
    BUF_CNT = 8,
    IDLE_MAX = 200000, /* steps in which nothing arrives */
};

#define STEP (10 * TOE_NS_PER_US) /* of virtual time between two runs */

/* One interface, and what has arrived there: |slot_cnt| slots of |slot_len| bytes. */
struct end {
    struct duo *duo;
    int index;
    struct emu_lwip *node;
    uint8_t *slots;
    uint32_t *lens;
    uint32_t head, tail;
};

struct duo {
    struct emu_bench_job job;
    struct end ends[2];
    uint32_t slot_len, slot_cnt;
    struct tcp_pcb *listener;
    struct tcp_pcb *accepted; /* the last one */
    uint64_t done;  /* connections that were accepted or ended by one end, bytes, and answers */
    uint64_t want;  /* of them; nothing is received any more when they are there */
    size_t sent_at; /* in the buffers that are sent from */
    uint8_t *from, *to;
};

/* lwIP's only clock, which cannot go back from one job to the next. */
static toe_instant now;

static const struct toe_addr addresses[2] = {{.family = 4, .bytes = {10, 0, 0, 1}},
                                             {.family = 4, .bytes = {10, 0, 0, 2}}};

/* --- the wire --- */

static uint32_t wire_receive(void *user, struct toe_frame *frames, uint32_t max)
{
    struct end *end = user;
    const struct duo *duo = end->duo;
    uint32_t cnt = 0;

    while (cnt < max && end->head != end->tail && duo->done < duo->want) {
        const uint32_t at = end->head++ % duo->slot_cnt;

        frames[cnt++] = (struct toe_frame){.data = end->slots + (size_t)at * duo->slot_len,
                                           .len = end->lens[at]};
    }
    return cnt;
}

static void wire_transmit(void *user, const struct toe_frame *frames, uint32_t cnt)
{
    const struct end *end = user;
    const struct duo *duo = end->duo;
    struct end *to = &end->duo->ends[1 - end->index];

    for (uint32_t i = 0; i < cnt; ++i) {
        const uint32_t at = to->tail % duo->slot_cnt;

        if (to->tail - to->head < duo->slot_cnt && frames[i].len <= duo->slot_len) {
            memcpy(to->slots + (size_t)at * duo->slot_len, frames[i].data, frames[i].len);
            to->lens[at] = frames[i].len;
            ++to->tail;
        }
    }
}

static const struct toe_wire_ops wire = {
    .size = sizeof(wire), .receive = wire_receive, .transmit = wire_transmit};

static void run_ends(struct duo *duo)
{
    emu_lwip_run(duo->ends[NEAR].node, now);
    emu_lwip_run(duo->ends[FAR].node, now);
}

/* Runs lwIP until |want| more is done; false if it stands still. */
static bool run_until(struct duo *duo, uint64_t want)
{
    uint64_t before = duo->done;

    duo->want = duo->done + want;
    for (int idle = 0; duo->done < duo->want; ++idle) {
        now += STEP;
        run_ends(duo);
        if (duo->done != before) {
            before = duo->done;
            idle = 0;
        }
        if (idle > IDLE_MAX) {
            return false;
        }
    }
    return true;
}

/* --- what the applications do --- */

/* Gives lwIP all that it takes, from one buffer after the other. */
static void send_bulk(struct duo *duo, struct tcp_pcb *pcb)
{
    for (;;) {
        const size_t left = BUF_LEN - duo->sent_at % BUF_LEN;
        const u16_t room = tcp_sndbuf(pcb);
        const u16_t len = left < room ? (u16_t)left : room;

        if (len == 0 ||
            tcp_write(pcb, duo->from + duo->sent_at, len, TCP_WRITE_FLAG_COPY) != ERR_OK) {
            return;
        }
        duo->sent_at = (duo->sent_at + len) % ((size_t)BUF_LEN * BUF_CNT);
    }
}

static err_t on_sent(void *user, struct tcp_pcb *pcb, u16_t len)
{
    (void)len;
    send_bulk(user, pcb);
    return ERR_OK;
}

/* Takes what has arrived into a buffer; returns its length. */
static u16_t take(struct duo *duo, struct tcp_pcb *pcb, struct pbuf *p)
{
    const u16_t len = p->tot_len;

    (void)pbuf_copy_partial(p, duo->to + duo->done % ((size_t)BUF_LEN * BUF_CNT), len, 0);
    tcp_recved(pcb, len);
    (void)pbuf_free(p);
    return len;
}

static err_t on_data(void *user, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
    struct duo *duo = user;

    (void)error;
    if (p != NULL) {
        duo->done += take(duo, pcb, p);
    }
    return ERR_OK;
}

static err_t on_request(void *user, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
    struct duo *duo = user;

    (void)error;
    if (p != NULL) {
        (void)take(duo, pcb, p);
        (void)tcp_write(pcb, duo->from, MESSAGE_LEN, TCP_WRITE_FLAG_COPY);
    }
    return ERR_OK;
}

static err_t on_answer(void *user, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
    struct duo *duo = user;
    const err_t result = on_request(user, pcb, p, error);

    duo->done += p != NULL;
    return result;
}

static err_t on_end(void *user, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
    struct duo *duo = user;

    (void)pcb;
    (void)p;
    (void)error;
    ++duo->done;
    return ERR_OK;
}

static err_t on_accept(void *user, struct tcp_pcb *pcb, err_t error)
{
    static const tcp_recv_fn takers[] = {
        [EMU_BENCH_BULK] = on_data, [EMU_BENCH_REQUEST] = on_request, [EMU_BENCH_CONNECT] = on_end};
    struct duo *duo = user;

    if (error != ERR_OK || pcb == NULL) {
        return ERR_VAL;
    }
    tcp_arg(pcb, duo);
    tcp_nagle_disable(pcb);
    tcp_recv(pcb, takers[duo->job.kind]);
    duo->accepted = pcb;
    ++duo->done;
    return ERR_OK;
}

static err_t on_connected(void *user, struct tcp_pcb *pcb, err_t error)
{
    (void)user;
    (void)pcb;
    (void)error;
    return ERR_OK;
}

/* Makes a connection; NULL if lwIP does not. */
static struct tcp_pcb *open_one(struct duo *duo)
{
    struct tcp_pcb *pcb = tcp_new();
    ip_addr_t ip = IPADDR4_INIT(0);

    if (pcb == NULL) {
        return NULL;
    }
    memcpy(&ip_2_ip4(&ip)->addr, addresses[FAR].bytes, 4);
    tcp_bind_netif(pcb, emu_lwip_netif(duo->ends[NEAR].node));
    tcp_arg(pcb, duo);
    tcp_nagle_disable(pcb);
    tcp_recv(pcb, duo->job.kind == EMU_BENCH_REQUEST ? on_answer : NULL);
    if (tcp_connect(pcb, &ip, PORT, on_connected) != ERR_OK) {
        emu_lwip_abort(pcb);
        return NULL;
    }
    return run_until(duo, 1) ? pcb : NULL;
}

/* --- turns --- */

/* Runs lwIP until no frame is on its way. */
static void settle(struct duo *duo)
{
    duo->want = UINT64_MAX;
    do {
        run_ends(duo);
    } while (duo->ends[NEAR].head != duo->ends[NEAR].tail);
}

/* A connection, from the first SYN to the last acknowledgment and the end of TIME-WAIT. */
static bool cycle(struct duo *duo)
{
    struct tcp_pcb *pcb = open_one(duo);

    if (pcb == NULL || emu_lwip_close(pcb) != ERR_OK || !run_until(duo, 1) ||
        emu_lwip_close(duo->accepted) != ERR_OK) {
        return false;
    }
    settle(duo);
    tcp_ticks += 2 * TCP_MSL / TCP_SLOW_INTERVAL + 1;
    tcp_tmr();
    tcp_tmr();
    return true;
}

static double run(void *user)
{
    struct duo *duo = user;
    const uint32_t requests = duo->job.connections > 1024 ? REQUESTS_FEW : REQUESTS;
    const double begin = emu_bench_now();
    double pieces = 0;
    bool ok = true;

    switch (duo->job.kind) {
    case EMU_BENCH_BULK:
        ok = run_until(duo, (uint64_t)SEGMENTS * TCP_MSS);
        pieces = (double)SEGMENTS * TCP_MSS / duo->job.mss;
        break;
    case EMU_BENCH_REQUEST:
        ok = run_until(duo, requests);
        pieces = requests;
        break;
    case EMU_BENCH_CONNECT:
        for (int i = 0; i < CYCLES && ok; ++i) {
            ok = cycle(duo);
        }
        pieces = CYCLES;
        break;
    }
    return ok ? (emu_bench_now() - begin) / pieces : -1;
}

/* --- construction --- */

static void duo_del(void *user)
{
    struct duo *duo = user;

    if (duo->listener != NULL) {
        (void)emu_lwip_close(duo->listener);
    }
    for (int i = 0; i < 2; ++i) {
        emu_lwip_del(duo->ends[i].node);
    }
    for (int i = 0; i < 2; ++i) {
        free(duo->ends[i].slots);
        free(duo->ends[i].lens);
    }
    free(duo->from);
    free(duo->to);
    free(duo);
}

static bool make_node(struct duo *duo, int index)
{
    const uint32_t mtu = duo->job.mss + 40 < MTU_MAX ? duo->job.mss + 40 : MTU_MAX;
    const struct emu_lwip_settings settings = {.wire = &wire,
                                               .wire_user = &duo->ends[index],
                                               .mac = {2, 0, 0, 0, 0, (uint8_t)(1 + index)},
                                               .address = {addresses[index]},
                                               .prefix_len = 24,
                                               .mtu = (uint16_t)mtu,
                                               .seed = 1};

    duo->ends[index].node = emu_lwip_new(&settings);
    return duo->ends[index].node != NULL;
}

static bool make_ring(struct duo *duo, int index)
{
    struct end *end = &duo->ends[index];

    end->duo = duo;
    end->index = index;
    end->slots = malloc((size_t)duo->slot_cnt * duo->slot_len);
    end->lens = calloc(duo->slot_cnt, sizeof(*end->lens));
    return end->slots != NULL && end->lens != NULL;
}

static bool make_ends(struct duo *duo)
{
    const bool is_bulk = duo->job.kind == EMU_BENCH_BULK;

    duo->slot_len = is_bulk ? MTU_MAX + 64 : 192;
    duo->slot_cnt = 256;
    while (duo->slot_cnt < 2 * duo->job.connections) {
        duo->slot_cnt *= 2;
    }
    /* What is received may reach beyond the last buffer. */
    duo->from = calloc(BUF_CNT, BUF_LEN);
    duo->to = calloc(BUF_CNT + 1, BUF_LEN);
    return duo->from != NULL && duo->to != NULL && make_ring(duo, NEAR) && make_ring(duo, FAR) &&
           make_node(duo, NEAR) && make_node(duo, FAR);
}

static bool make_listener(struct duo *duo)
{
    struct tcp_pcb *pcb = tcp_new();

    if (pcb == NULL) {
        return false;
    }
    tcp_bind_netif(pcb, emu_lwip_netif(duo->ends[FAR].node));
    if (tcp_bind(pcb, IP_ANY_TYPE, PORT) != ERR_OK) {
        return false;
    }
    duo->listener = tcp_listen_with_backlog(pcb, 255);
    if (duo->listener == NULL) {
        return false;
    }
    tcp_arg(duo->listener, duo);
    tcp_accept(duo->listener, on_accept);
    return true;
}

/* Opens the connections that the job runs on, and begins on each of them. */
static bool start(struct duo *duo)
{
    const uint32_t cnt = (duo->job.connections + 1) / 2;
    struct tcp_pcb **pcbs = calloc(cnt, sizeof(*pcbs));
    bool ok = pcbs != NULL;

    for (uint32_t i = 0; i < cnt && ok; ++i) {
        pcbs[i] = open_one(duo);
        ok = pcbs[i] != NULL;
    }
    for (uint32_t i = 0; i < cnt && ok; ++i) {
        if (duo->job.kind == EMU_BENCH_BULK) {
            tcp_sent(pcbs[i], on_sent);
            send_bulk(duo, pcbs[i]);
        } else {
            (void)tcp_write(pcbs[i], duo->from, MESSAGE_LEN, TCP_WRITE_FLAG_COPY);
        }
        (void)emu_lwip_output(pcbs[i]);
    }
    free(pcbs);
    return ok;
}

static void *duo_new(const struct emu_bench_job *job, struct emu_error *error)
{
    struct duo *duo;

    if (job->connections > CONNECTIONS_MAX ||
        (job->kind == EMU_BENCH_CONNECT && job->connections > 0)) {
        emu_error_set(error, EMU_EXIT_USAGE,
                      "for each segment it searches a list of all connections, also to make one");
        return NULL;
    }
    duo = calloc(1, sizeof(*duo));
    if (duo != NULL) {
        duo->job = *job;
    }
    if (duo == NULL || !make_ends(duo) || !make_listener(duo) ||
        (job->kind != EMU_BENCH_CONNECT && !start(duo))) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "it does not start");
        if (duo != NULL) {
            duo_del(duo);
        }
        return NULL;
    }
    return duo;
}

static void about(char *text, size_t size)
{
    (void)snprintf(text, size,
                   "lwIP %s as Debian builds it: segments of at most %d bytes, window %d, send "
                   "buffer %d, timestamps %s, SACK %s, checksums computed and verified, memory of "
                   "malloc(); both ends in one stack, and half of the connections, so that a list "
                   "holds as many ends as with us",
                   LWIP_VERSION_STRING, TCP_MSS, TCP_WND, TCP_SND_BUF,
                   LWIP_TCP_TIMESTAMPS ? "on" : "off", LWIP_TCP_SACK_OUT ? "on" : "off");
}

const struct emu_bench_peer emu_bench_peer_lwip = {
    .name = "lwip", .open = duo_new, .run = run, .close = duo_del, .about = about};
