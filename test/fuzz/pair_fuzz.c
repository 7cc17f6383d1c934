/* SPDX-License-Identifier: MIT */
/*
 * Two machines and a hostile network between them: both streams are right, or a connection ended by
 * rule.
 *
 * The input is split in two. One half is the network: a byte for each frame says whether it passes,
 * is lost, doubled, damaged, held back behind later ones, or late; when it is used up the network
 * is good. The other half is a program: time that passes, and moves of connections between host and
 * target at either end.
 *
 * All of it happens twice, the second time without the moves: the applications must not be able to
 * tell which it was. Every byte is checked where it arrives (support/host_pair.h), and the contract
 * monitors stand between the hosts and their targets.
 */
#include "base/assert.h"
#include "support/host_pair.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MS TOE_NS_PER_MS
#define SEC TOE_NS_PER_SEC

#define HEAD_LEN 6
#define STREAM_CNT 2
#define FRAME_MAX 4096
#define HEADERS_MAX 54 /* Ethernet and IPv6: what no checksum of TCP covers is left alone */

/* Frames lost below this many cannot make anybody give up. */
#define HARMLESS 4

struct input {
    const uint8_t *data;
    size_t size;
};

/* What the network holds back, of one direction. */
struct held {
    uint8_t frame[FRAME_MAX];
    uint32_t len;    /* 0: nothing */
    uint32_t behind; /* frames that may yet overtake it */
};

struct fuzz {
    struct t_pair pair;
    struct input net;
    struct held held[2];
    uint32_t harm; /* frames lost or damaged */
    bool moves;
};

static uint8_t next_u8(struct input *in)
{
    if (in->size == 0) {
        return 0;
    }
    --in->size;
    return *in->data++;
}

static void release(struct fuzz *f, int from)
{
    struct held *h = &f->held[from];
    const uint32_t len = h->len;

    h->len = 0;
    if (len > 0) {
        t_pair_inject(&f->pair, 1 - from, h->frame, len);
    }
}

static bool hold(struct fuzz *f, int from, const uint8_t *frame, uint32_t len, uint32_t behind)
{
    struct held *h = &f->held[from];

    if (h->len > 0 || len > FRAME_MAX) {
        return true;
    }
    memcpy(h->frame, frame, len);
    h->len = len;
    h->behind = behind;
    return false;
}

static bool damage(struct fuzz *f, int from, const uint8_t *frame, uint32_t len)
{
    uint8_t copy[FRAME_MAX];
    uint32_t at = next_u8(&f->net);

    if (len <= HEADERS_MAX || len > FRAME_MAX) {
        return true;
    }
    memcpy(copy, frame, len);
    at = HEADERS_MAX + at * 17 % (len - HEADERS_MAX);
    copy[at] ^= (uint8_t)(1u << at % 8);
    t_pair_inject(&f->pair, 1 - from, copy, len);
    ++f->harm;
    return false;
}

/* What becomes of a frame; true: it goes on its way. */
static bool decide(struct fuzz *f, int from, const uint8_t *frame, uint32_t len)
{
    const uint8_t what = next_u8(&f->net);

    switch (what >> 4) {
    case 9:
    case 10:
        ++f->harm;
        return false;
    case 11:
        t_pair_inject(&f->pair, 1 - from, frame, len);
        return true;
    case 12:
        return damage(f, from, frame, len);
    case 13:
    case 14:
        return hold(f, from, frame, len, what & 15u);
    case 15:
        f->pair.delay = (1 + (what & 15u) * 20) * MS;
        return true;
    default:
        return true;
    }
}

static bool filter(struct t_pair *pair, int from, const uint8_t *frame, uint32_t len)
{
    struct fuzz *f = pair->user;

    if (f->held[from].len > 0 && f->held[from].behind-- == 0) {
        release(f, from);
    }
    return decide(f, from, frame, len);
}

static void step(struct fuzz *f, struct input *program)
{
    const uint8_t what = next_u8(program);
    struct t_machine *m = &f->pair.m[what >> 2 & 1];
    const uint32_t idx = what >> 3 & 1;

    if ((what & 3) < 2) {
        t_pair_run(&f->pair, (what >> 2) * MS);
        release(f, 0);
        release(f, 1);
    } else if (f->moves && idx < m->stream_cnt && !m->streams[idx].is_gone) {
        if ((what & 3) == 2) {
            (void)toe_host_offload(m->host, &m->streams[idx].conn, 1);
        } else {
            (void)toe_host_upload(m->host, &m->streams[idx].conn, 1);
        }
    }
}

static bool is_over(struct t_pair *pair)
{
    for (int i = 0; i < 2; ++i) {
        for (uint32_t n = 0; n < pair->m[i].stream_cnt; ++n) {
            if (!pair->m[i].streams[n].is_gone) {
                return false;
            }
        }
    }
    return true;
}

static void settings(struct toe_host_settings *hs, struct toe_target_settings *ts,
                     const uint8_t *head)
{
    toe_host_settings_default(hs);
    toe_target_settings_default(ts);
    hs->receive_mode = (enum toe_receive_mode)((head[0] & 3) % 3);
    hs->timestamps = (head[0] & 4) == 0;
    hs->sack = (head[0] & 8) == 0;
    hs->extension = (head[0] & 16) == 0;
    hs->nagle = (head[0] & 32) != 0;
    hs->snd_buf = (head[0] & 64) != 0 ? 5000 : 100000;
    hs->rcv_buf = (head[0] & 128) != 0 ? 4000 : 65535;
    hs->conn_max = 64;
    hs->time_wait = 2 * SEC;
    /* An end that hears nothing any more must find out. */
    hs->keep_alive = true;
    hs->ka_timeout = 300000;
    hs->ka_interval = 10000;
    hs->ka_probe_cnt = 9;
    ts->profile = (head[1] & 1) != 0 ? TOE_PROFILE_COMPAT : TOE_PROFILE_MODERN;
    ts->send_return = (head[1] & 2) != 0 ? TOE_SEND_RETURN_COMPLETE : TOE_SEND_RETURN_CHAIN;
    ts->indicate_and_post = (head[1] & 4) != 0;
    ts->rfc5961_syn = (head[1] & 8) != 0;
    ts->extension = (head[1] & 16) == 0;
    ts->congestion = (head[1] & 32) != 0 ? TOE_CONGESTION_NEWRENO : TOE_CONGESTION_CUBIC;
    hs->congestion = ts->congestion;
}

/* Every byte that arrived was right; if nobody was reset, all have arrived. */
static void check(const struct fuzz *f)
{
    const struct t_machine *m = f->pair.m;
    bool is_reset = false;

    for (int i = 0; i < 2; ++i) {
        for (uint32_t n = 0; n < m[i].stream_cnt; ++n) {
            is_reset = is_reset || m[i].streams[n].is_reset;
        }
    }
    toe_assert(!is_reset || f->harm >= HARMLESS);
    if (is_reset) {
        return;
    }
    toe_assert(m[0].stream_cnt == STREAM_CNT && m[1].stream_cnt == STREAM_CNT);
    for (uint32_t n = 0; n < STREAM_CNT; ++n) {
        for (uint32_t k = 0; k < STREAM_CNT; ++k) {
            const struct t_stream *a = &m[0].streams[n];
            const struct t_stream *b = &m[1].streams[k];

            if (a->key == ~b->key) {
                toe_assert(a->is_eof && a->sent == a->want && a->received == b->want);
                toe_assert(b->is_eof && b->sent == b->want && b->received == a->want);
            }
        }
    }
}

static void live(struct fuzz *f, const uint8_t *head, struct input net, struct input program,
                 bool moves)
{
    struct toe_host_settings hs;
    struct toe_target_settings ts;

    memset(f, 0, sizeof(*f));
    settings(&hs, &ts, head);
    t_pair_init(&f->pair, &hs, &ts, head[5]);
    f->pair.filter = filter;
    f->pair.user = f;
    f->pair.slow_percent = (head[1] & 64) != 0 ? 50 : 0;
    f->net = net;
    f->moves = moves;
    t_pair_connect(&f->pair, 4, 1 + head[2] * UINT64_C(100), 1 + head[3] * UINT64_C(100));
    t_pair_connect(&f->pair, 6, 1 + head[4] * UINT64_C(10), 1 + head[3] * UINT64_C(50));
    while (program.size > 0) {
        step(f, &program);
    }
    release(f, 0);
    release(f, 1);
    toe_assert(t_pair_run_until(&f->pair, 100000 * SEC, is_over));
    t_pair_run(&f->pair, 3000 * SEC);
    release(f, 0);
    release(f, 1);
    t_pair_run(&f->pair, 1000 * SEC);
    check(f);
    t_pair_check_clean(&f->pair);
    t_pair_fini(&f->pair);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fuzz f;
    struct input net;
    struct input program;

    if (size < HEAD_LEN || size > 2048) {
        return 0;
    }
    net = (struct input){data + HEAD_LEN, (size - HEAD_LEN) / 2};
    program = (struct input){net.data + net.size, size - HEAD_LEN - net.size};
    live(&f, data, net, program, true);
    live(&f, data, net, program, false);
    return 0;
}
