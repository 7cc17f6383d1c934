/* SPDX-License-Identifier: MIT */
#include "support/host_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Rounds at one instant that mean that time stands still. */
#define ROUNDS_MAX 100000

struct t_pair_frame {
    struct t_pair_frame *next;
    toe_instant at;
    uint32_t len;
    uint8_t data[];
};

static uint8_t byte_at(uint32_t key, uint64_t pos)
{
    const uint64_t x =
        (pos + 1) * UINT64_C(0x9e3779b97f4a7c15) + key * UINT64_C(0x2545f4914f6cdd1d);

    return (uint8_t)(x >> 40);
}

/* The wire */

static uint32_t wire_receive(void *wire, struct toe_frame *frames, uint32_t max)
{
    struct t_machine *m = wire;
    uint32_t cnt = 0;

    while (m->taken != NULL) {
        struct t_pair_frame *frame = m->taken;

        m->taken = frame->next;
        free(frame);
    }
    while (cnt < max && m->in != NULL && m->in->at <= m->pair->now) {
        struct t_pair_frame *frame = m->in;

        m->in = frame->next;
        if (m->in == NULL) {
            m->in_tail = &m->in;
        }
        frame->next = m->taken;
        m->taken = frame;
        frames[cnt++] = (struct toe_frame){.data = frame->data, .len = frame->len};
    }
    return cnt;
}

/* Inserts four bytes of options into an IPv4 header. */
static void add_options(struct t_pair_frame *frame)
{
    uint8_t *ip = frame->data + 14;
    const uint32_t total = ((uint32_t)ip[2] << 8 | ip[3]) + 4;
    uint32_t sum = 0;

    memmove(ip + 24, ip + 20, frame->len - 34);
    memset(ip + 20, 1, 4);
    frame->len += 4;
    ip[0] = 0x46;
    ip[2] = (uint8_t)(total >> 8);
    ip[3] = (uint8_t)total;
    ip[10] = 0;
    ip[11] = 0;
    for (int i = 0; i < 24; i += 2) {
        sum += (uint32_t)ip[i] << 8 | ip[i + 1];
    }
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    ip[10] = (uint8_t)(~sum >> 8);
    ip[11] = (uint8_t)~sum;
}

static bool is_plain_tcp4(const uint8_t *frame, uint32_t len)
{
    return len >= 54 && frame[12] == 8 && frame[13] == 0 && frame[14] == 0x45 && frame[23] == 6;
}

static void put_frame(struct t_machine *to, const struct toe_frame *frame)
{
    struct t_pair *pair = to->pair;
    struct t_pair_frame *copy;
    size_t len = frame->len;
    size_t pos = frame->len;

    for (uint32_t i = 0; i < frame->more_cnt; ++i) {
        len += frame->more[i].len;
    }
    copy = malloc(sizeof(*copy) + len + 4);
    assert_non_null(copy);
    memcpy(copy->data, frame->data, frame->len);
    for (uint32_t i = 0; i < frame->more_cnt; ++i) {
        memcpy(copy->data + pos, frame->more[i].base, frame->more[i].len);
        pos += frame->more[i].len;
    }
    copy->len = (uint32_t)len;
    copy->at = pair->now + pair->delay;
    copy->next = NULL;
    ++pair->frames;
    if (pair->is_cut || base_rand_chance(&pair->rand, pair->loss_percent, 100) ||
        (pair->filter != NULL && !pair->filter(pair, 1 - to->index, copy->data, copy->len))) {
        free(copy);
        return;
    }
    if (is_plain_tcp4(copy->data, copy->len) &&
        base_rand_chance(&pair->rand, pair->options_percent, 100)) {
        add_options(copy);
    }
    *to->in_tail = copy;
    to->in_tail = &copy->next;
}

void t_pair_inject(struct t_pair *pair, int to, const uint8_t *frame, uint32_t len)
{
    const struct toe_frame f = {.data = frame, .len = len};
    bool (*filter)(struct t_pair *, int, const uint8_t *, uint32_t) = pair->filter;

    pair->filter = NULL;
    put_frame(&pair->m[to], &f);
    pair->filter = filter;
}

static void wire_transmit(void *wire, const struct toe_frame *frames, uint32_t cnt)
{
    struct t_machine *m = wire;

    for (uint32_t i = 0; i < cnt; ++i) {
        put_frame(&m->pair->m[1 - m->index], &frames[i]);
    }
}

static const struct toe_wire_ops wire_ops = {
    .size = sizeof(wire_ops),
    .receive = wire_receive,
    .transmit = wire_transmit,
};

/* Machines */

struct toe_addr t_pair_addr(uint8_t family, uint8_t n)
{
    struct toe_addr addr = {.family = family};

    if (family == 4) {
        addr.bytes[0] = 10;
        addr.bytes[3] = n;
    } else {
        addr.bytes[0] = 0xfd;
        addr.bytes[15] = n;
    }
    return addr;
}

static void machine_init(struct t_machine *m, const struct toe_host_settings *host,
                         const struct toe_target_settings *target, uint64_t seed)
{
    struct toe_target_settings ts;
    struct toe_host_settings hs;
    struct toe_host_interface interface = {.mtu = 1500};
    struct t_watch *watch = calloc(1, sizeof(*watch));
    const struct toe_addr own4 = t_pair_addr(4, (uint8_t)(m->index + 1));
    const struct toe_addr own6 = t_pair_addr(6, (uint8_t)(m->index + 1));

    m->in_tail = &m->in;
    if (target != NULL) {
        ts = *target;
    } else {
        toe_target_settings_default(&ts);
    }
    if (host != NULL) {
        hs = *host;
    } else {
        toe_host_settings_default(&hs);
    }
    m->host_settings = hs;
    m->target_settings = ts;
    ts.wire = &wire_ops;
    ts.wire_user = m;
    ts.seed = seed * 2 + (unsigned)m->index;
    memcpy(ts.mac, (uint8_t[]){2, 0, 0, 0, 0, (uint8_t)(m->index + 1)}, TOE_MAC_LEN);
    hs.seed = seed * 4 + (unsigned)m->index;
    m->target = toe_target_new(&ts);
    m->host = toe_host_new(&hs);
    assert_non_null(m->target);
    assert_non_null(m->host);
    assert_non_null(watch);
    watch->older = m->watch;
    m->watch = watch;
    m->top = (struct toe_inter_below){toe_target_ops(), m->target};
    t_watch_init(watch, &m->top, &ts.bus, ts.continue_after_root_failure);
    interface.ops = m->top.ops;
    interface.target = m->top.target;
    assert_int_equal(toe_host_interface_add(m->host, &interface), 0);
    assert_int_equal(toe_host_address_add(m->host, 0, &own4, 24), 0);
    assert_int_equal(toe_host_address_add(m->host, 0, &own6, 64), 0);
}

void t_pair_init(struct t_pair *pair, const struct toe_host_settings *host,
                 const struct toe_target_settings *target, uint64_t seed)
{
    memset(pair, 0, sizeof(*pair));
    pair->delay = TOE_NS_PER_MS;
    base_rand_init(&pair->rand, seed);
    for (int i = 0; i < 2; ++i) {
        pair->m[i].pair = pair;
        pair->m[i].index = i;
        machine_init(&pair->m[i], host, target, seed);
    }
    pair->m[1].listener = toe_host_listen(pair->m[1].host, NULL, 80, T_PAIR_STREAMS_MAX);
    assert_int_not_equal(pair->m[1].listener, 0);
}

void t_pair_replace(struct t_pair *pair, int index, toe_duration skew, struct toe_host **old_host,
                    struct toe_target **old_target)
{
    struct t_machine *m = &pair->m[index];
    const struct toe_host_settings host = m->host_settings;
    const struct toe_target_settings target = m->target_settings;
    struct t_pair_frame **in_tail = m->in_tail;

    *old_host = m->host;
    *old_target = m->target;
    machine_init(m, &host, &target, base_rand_u64(&pair->rand) >> 8);
    m->in_tail = m->in == NULL ? &m->in : in_tail; /* What is on the wire stays there. */
    m->skew = skew;
    m->top.ops->run(m->top.target, pair->now + skew);
    toe_host_run(m->host, pair->now + skew);
    if (m->listener != 0) {
        m->listener = toe_host_listen(m->host, NULL, 80, T_PAIR_STREAMS_MAX);
    }
}

static void free_frames(struct t_pair_frame *frame)
{
    while (frame != NULL) {
        struct t_pair_frame *next = frame->next;

        free(frame);
        frame = next;
    }
}

void t_pair_fini(struct t_pair *pair)
{
    for (int i = 0; i < 2; ++i) {
        toe_host_del(pair->m[i].host);
        toe_target_del(pair->m[i].target);
        free_frames(pair->m[i].in);
        free_frames(pair->m[i].taken);
    }
    for (int i = 0; i < 2; ++i) {
        while (pair->m[i].watch != NULL) {
            struct t_watch *watch = pair->m[i].watch;

            pair->m[i].watch = watch->older;
            t_watch_fini(watch);
            free(watch);
        }
    }
}

/* The application */

static struct t_stream *stream_new(struct t_machine *m, toe_handle conn)
{
    struct t_stream *s = &m->streams[m->stream_cnt];

    assert_true(m->stream_cnt < T_PAIR_STREAMS_MAX);
    /* The user pointer is the index plus one: the pair may be moved by a test. */
    s->conn = conn;
    s->quota = 3000;
    s->shuts = true;
    s->closes = true;
    if (base_rand_chance(&m->pair->rand, m->pair->slow_percent, 100)) {
        s->slow = (1 + base_rand_below(&m->pair->rand, 20)) * TOE_NS_PER_MS;
    }
    if (base_rand_chance(&m->pair->rand, m->pair->rude_percent, 100)) {
        s->rude_at = 1 + base_rand_below(&m->pair->rand, 50000);
    }
    ++m->stream_cnt;
    toe_host_conn_user_set(m->host, conn, s);
    return s;
}

uint32_t t_pair_connect(struct t_pair *pair, uint8_t family, uint64_t want0, uint64_t want1)
{
    const struct toe_addr dst = t_pair_addr(family, 2);
    const toe_handle conn = toe_host_connect(pair->m[0].host, NULL, 0, &dst, 80);
    struct t_stream *s;

    assert_int_not_equal(conn, 0);
    s = stream_new(&pair->m[0], conn);
    s->key = pair->m[0].stream_cnt - 1;
    s->want = want0;
    /* The other end is found by the local port. */
    pair->m[1].streams[s->key].want = want1;
    return pair->m[0].stream_cnt - 1;
}

static void send_some(struct t_machine *m, struct t_stream *s)
{
    uint8_t data[5000];
    uint64_t cnt = s->want - s->sent;
    size_t done;

    if (!s->is_connected || s->is_shut || s->is_gone || s->is_reset) {
        return;
    }
    while (cnt > 0) {
        const size_t len =
            1 + (size_t)base_rand_below(&m->pair->rand, cnt < sizeof(data) ? cnt : sizeof(data));

        for (size_t i = 0; i < len; ++i) {
            data[i] = byte_at(s->key, s->sent + i);
        }
        done = toe_host_send(m->host, s->conn, data, len);
        s->sent += done;
        cnt -= done;
        if (done < len) {
            return;
        }
    }
    if (s->shuts) {
        s->is_shut = true;
        toe_host_shutdown(m->host, s->conn);
    }
}

static void receive_some(struct t_machine *m, struct t_stream *s)
{
    uint8_t data[8192];
    struct toe_host_conn_info info;
    size_t cnt;

    if (s->quota == 0 || s->is_gone || m->pair->now < s->read_at) {
        return;
    }
    s->read_at = m->pair->now + s->slow;
    do {
        cnt = toe_host_receive(m->host, s->conn, data,
                               s->quota < sizeof(data) ? s->quota : sizeof(data));
        for (size_t i = 0; i < cnt; ++i) {
            if (data[i] != byte_at(~s->key, s->received + i)) {
                fail_msg("machine %d stream %u: byte %llu is wrong", m->index, s->key,
                         (unsigned long long)(s->received + i));
            }
        }
        s->received += cnt;
    } while (cnt > 0 && s->slow == 0);
    if (toe_host_conn_info(m->host, s->conn, &info) && info.end_of_stream && info.receivable == 0) {
        s->is_eof = true;
    }
}

static void close_if_done(struct t_machine *m, struct t_stream *s)
{
    if (!s->is_gone && s->closes && ((s->is_eof && s->is_shut) || s->is_reset)) {
        s->is_gone = true;
        toe_host_close(m->host, s->conn);
    }
}

/* Goes away in the middle, in one of two ways. */
static void be_rude(struct t_machine *m, struct t_stream *s)
{
    if (s->is_gone || s->rude_at == 0 || s->received < s->rude_at) {
        return;
    }
    s->is_gone = true;
    if (s->rude_at % 2 == 0) {
        toe_host_abort(m->host, s->conn);
    } else {
        toe_host_close(m->host, s->conn);
    }
}

static void accept_all(struct t_machine *m)
{
    toe_handle conn;

    while ((conn = toe_host_accept(m->host, m->listener)) != 0) {
        const uint64_t want = m->streams[m->stream_cnt].want;
        struct toe_host_conn_info info;
        struct t_machine *peer = &m->pair->m[1 - m->index];
        struct t_stream *s = stream_new(m, conn);

        s->want = want;
        s->is_connected = true;
        assert_true(toe_host_conn_info(m->host, conn, &info));
        for (uint32_t i = 0; i < peer->stream_cnt; ++i) {
            struct toe_host_conn_info other;

            if (toe_host_conn_info(peer->host, peer->streams[i].conn, &other) &&
                other.local_port == info.remote_port) {
                s->key = ~peer->streams[i].key;
            }
        }
    }
}

static void take_event(struct t_machine *m, const struct toe_host_event *event)
{
    struct t_stream *s = event->user;

    if (event->type == TOE_HOST_ACCEPTABLE) {
        accept_all(m);
        return;
    }
    assert_non_null(s);
    assert_false(s->is_gone);
    switch (event->type) {
    case TOE_HOST_CONNECTED:
        s->is_connected = true;
        break;
    case TOE_HOST_RECEIVABLE:
    case TOE_HOST_SENDABLE:
    case TOE_HOST_SOFT_ERROR:
    case TOE_HOST_ACCEPTABLE:
        break;
    case TOE_HOST_OFFLOADED:
        ++s->offloaded;
        break;
    case TOE_HOST_OFFLOAD_FAILED:
        ++s->offload_failed;
        s->status = event->status;
        break;
    case TOE_HOST_UPLOADED:
        ++s->uploaded;
        s->reason = event->reason;
        break;
    case TOE_HOST_CLOSED:
        s->is_closed = true;
        break;
    case TOE_HOST_RESET:
        s->is_reset = true;
        s->status = event->status;
        break;
    }
    receive_some(m, s);
    be_rude(m, s);
    send_some(m, s);
    close_if_done(m, s);
}

static void run_application(struct t_machine *m)
{
    struct toe_host_event event;

    while (toe_host_event_next(m->host, &event)) {
        take_event(m, &event);
    }
    for (uint32_t i = 0; i < m->stream_cnt; ++i) {
        if (m->streams[i].slow > 0) {
            receive_some(m, &m->streams[i]);
            be_rude(m, &m->streams[i]);
            close_if_done(m, &m->streams[i]);
        }
    }
}

/* Time */

static toe_instant next_due(const struct t_machine *m)
{
    const toe_instant host = toe_host_deadline(m->host);
    const toe_instant target = m->top.ops->deadline(m->top.target);
    toe_instant due = host < target ? host : target;

    due = due == TOE_INSTANT_NEVER || due < m->skew ? due : due - m->skew;
    if (m->in != NULL && m->in->at < due) {
        due = m->in->at;
    }
    for (uint32_t i = 0; i < m->stream_cnt; ++i) {
        const struct t_stream *s = &m->streams[i];

        if (s->slow > 0 && !s->is_gone && s->read_at < due) {
            due = s->read_at;
        }
    }
    return due;
}

static void run_machine(struct t_machine *m)
{
    m->top.ops->run(m->top.target, m->pair->now + m->skew);
    toe_host_run(m->host, m->pair->now + m->skew);
    run_application(m);
}

static bool run_loop(struct t_pair *pair, toe_instant end, bool (*done)(struct t_pair *pair))
{
    uint32_t rounds = 0;

    for (;;) {
        const toe_instant due0 = next_due(&pair->m[0]);
        const toe_instant due1 = next_due(&pair->m[1]);
        const toe_instant due = due0 < due1 ? due0 : due1;

        if (done != NULL && done(pair)) {
            return true;
        }
        if (due > end) {
            pair->now = end;
            return false;
        }
        if (due > pair->now) {
            pair->now = due;
            rounds = 0;
        }
        if (++rounds > ROUNDS_MAX) {
            fail_msg("time stands still");
        }
        for (int i = 0; i < 2; ++i) {
            if (next_due(&pair->m[i]) <= pair->now) {
                run_machine(&pair->m[i]);
            }
        }
    }
}

void t_pair_run(struct t_pair *pair, toe_duration time)
{
    (void)run_loop(pair, pair->now + time, NULL);
}

bool t_pair_run_until(struct t_pair *pair, toe_duration time, bool (*done)(struct t_pair *pair))
{
    return run_loop(pair, pair->now + time, done);
}

bool t_pair_is_done(struct t_pair *pair)
{
    if (pair->m[0].stream_cnt != pair->m[1].stream_cnt) {
        return false;
    }
    for (int i = 0; i < 2; ++i) {
        for (uint32_t n = 0; n < pair->m[i].stream_cnt; ++n) {
            if (!pair->m[i].streams[n].is_gone) {
                return false;
            }
        }
    }
    return true;
}

void t_pair_check_clean(struct t_pair *pair)
{
    for (int i = 0; i < 2; ++i) {
        struct toe_host_stats hs = {.size = sizeof(hs)};
        struct toe_stats ts = {.size = sizeof(ts)};

        toe_host_stats_get(pair->m[i].host, &hs);
        toe_target_ops()->stats_get(pair->m[i].target, &ts);
        assert_int_equal(hs.conn_cnt, pair->m[i].listener != 0);
        assert_int_equal(hs.offloaded_cnt, 0);
        assert_int_equal(hs.time_wait_cnt, 0);
        assert_int_equal(hs.neighbor_links, 0);
        assert_int_equal(hs.offloads, hs.uploads);
        assert_int_equal(ts.tcp_cnt, 0);
        assert_int_equal(ts.path_cnt, 0);
        assert_int_equal(ts.neighbor_cnt, 0);
        assert_int_equal(ts.bufs_indicated, 0);
        t_watch_finish(pair->m[i].watch);
    }
}
