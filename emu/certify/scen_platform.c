/* SPDX-License-Identifier: MIT */
/*
 * Capabilities and parameters: platform.md 7.1 to 7.3, and what else the platform asks for.
 */
#include "suite.h"

#include <string.h>

#define MSS 1460u

/* --- capabilities --- */

static void c_16a(struct cert *c)
{
    struct toe_certify_settings neither = c->settings;
    struct toe_caps caps = {.size = sizeof(caps)};
    void *target;

    cert_offload(c);
    cert_require(c, c->caps.ipv4 || c->caps.ipv6);
    neither.choices |= TOE_CERTIFY_NO_IPV4 | TOE_CERTIFY_NO_IPV6;
    target = c->plugin->create(&neither);
    if (target != NULL) {
        c->ops->caps_get(target, &caps);
        cert_require(c, caps.ipv4 || caps.ipv6);
        c->plugin->destroy(target);
    }
}

/* One family only: that is what it says, and what it does. */
static void one_family(struct cert *c, uint32_t choice, uint8_t family)
{
    struct cert_path *other = cert_path_add(c, c->neighbors[0], family == 4 ? 6 : 4);

    c->settings.choices |= choice;
    cert_start(c);
    cert_is(c, c->caps.ipv4, family == 4);
    cert_is(c, c->caps.ipv6, family == 6);
    (void)cert_offload_try(c);
    cert_status_is(c, c->paths[0]->block.status, TOE_STATUS_SUCCESS);
    cert_status_is(c, other->block.status, TOE_STATUS_FAILURE);
    cert_mark(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000");
}

static void c_16b(struct cert *c)
{
    one_family(c, TOE_CERTIFY_NO_IPV6, 4);
}

static void c_16c(struct cert *c)
{
    cert_ipv6(c);
    one_family(c, TOE_CERTIFY_NO_IPV4, 6);
}

/* --- parameters --- */

/* The host of a target that was never told its parameters: it waits for the completion. */
static void told(void *host, struct toe_block *tree)
{
    struct toe_block **done = host;

    *done = tree;
}

static void heard(void *host, toe_status status, const struct toe_caps *caps)
{
    (void)host;
    (void)status;
    (void)caps;
}

static void c_16d(struct cert *c)
{
    const struct toe_host_ops ops = {
        .size = sizeof(ops), .initiate_complete = told, .status = heard};
    struct toe_block *tree = cert_link(c, c->conn);
    struct toe_block *done = NULL;
    void *target = c->plugin->create(&c->settings);

    if (target == NULL) {
        cert_skip(c, "the target cannot be created with these settings");
    }
    c->ops->attach(target, &ops, &done);
    c->ops->initiate(target, tree);
    cert_require(c, done == NULL);
    c->ops->run(target, c->now);
    cert_require(c, done == tree);
    cert_status_is(c, c->neighbors[0]->block.status, TOE_STATUS_FAILURE);
    cert_status_is(c, c->paths[0]->block.status, TOE_STATUS_FAILURE);
    cert_status_is(c, c->conn->block.status, TOE_STATUS_FAILURE);
    cert_is(c, c->conn->handle, 0);
    c->plugin->destroy(target);
}

static toe_status set(struct cert *c)
{
    const toe_status status = c->ops->params_set(c->target, &c->params);

    cert_note(c, "params_set(): %s", toe_status_name(status));
    return status;
}

/* Two segments, one of which is acknowledged at once: the frequency is 2. */
static void expect_frequency_two(struct cert *c)
{
    cert_mark(c);
    cert_peer(c, "+100");
    cert_run(c);
    cert_expect_silence(c, 5);
    cert_peer(c, "+100");
    cert_expect_seg(c, "ack=%u t=5", c->conn->peer.nxt);
}

static void c_16e(struct cert *c)
{
    static const uint32_t wrong[] = {0, 1, 11, 50, 999, 10000, UINT32_MAX};

    cert_start(c);
    c->params.ack_frequency = 9;
    c->params.delayed_ack_ticks = 250;
    for (uint32_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); ++i) {
        c->params.ticks_per_second = wrong[i];
        cert_status_is(c, set(c), TOE_STATUS_INVALID_DATA);
    }
    c->params.ticks_per_second = 1000;
    cert_offload(c);
    expect_frequency_two(c);
    cert_peer(c, "+100");
    cert_expect_seg(c, "ack=1300 t=205");
}

/* All but the length of a tick may change at any time. */
static void c_16f(struct cert *c)
{
    (void)cert_conn_add(c, c->paths[0]);
    cert_offload(c);
    c->params.ticks_per_second = 100;
    c->params.ack_frequency = 9;
    cert_status_is(c, set(c), TOE_STATUS_INVALID_DATA);
    c->params.ticks_per_second = 1000;
    expect_frequency_two(c); /* nothing of it was taken */
    cert_mark(c);
    cert_peer(c, "+100"); /* its timer runs */
    cert_at(c, 50);
    c->params.ack_frequency = 4;
    c->params.delayed_ack_ticks = 100;
    cert_status_is(c, set(c), TOE_STATUS_SUCCESS);
    cert_expect_seg(c, "ack=1300 t=200");
    for (uint32_t i = 0; i < 2; ++i) {
        (void)cert_use(c, i);
        cert_mark(c);
        cert_peer(c, "+100");
        cert_peer(c, "+100");
        cert_peer(c, "+100");
        cert_expect_silence(c, 80);
        cert_expect_seg(c, "ack=%u t=100", c->conn->peer.nxt);
    }
}

/* Neither of the two is the usual one. */
static void c_16r(struct cert *c)
{
    c->params.sws_prevention_ticks = 2000;
    c->params.push_ticks = 300;
    cert_tcp(c)->delegated.snd_wnd = 0;
    cert_offload(c);
    cert_send(c, 60000);
    cert_run(c);
    cert_receive(c, 1000, 0);
    cert_peer(c, "+100 ack=5000 wnd=100");
    cert_at(c, 280);
    cert_expect_quiet(c);
    cert_due(c, 300);
    cert_expect_complete(c, CERT_RECEIVE, TOE_STATUS_SUCCESS, 100);
    cert_expect_no_data(c, 1980);
    cert_expect_data(c, "5000:5100 t=2000");
}

/* Four duplicates are not enough, the fifth is. */
static void c_16g(struct cert *c)
{
    c->params.duplicate_ack_threshold = 5;
    cert_tcp(c)->delegated.ssthresh = 14600;
    cert_offload(c);
    cert_send(c, 100000);
    cert_expect_stream(c, 5000, 19600);
    for (uint32_t i = 0; i < 4; ++i) {
        cert_wait(c, 5);
        cert_peer(c, "ack=5000");
    }
    cert_wait(c, 20);
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        const struct cert_entry *e = &c->chart->entries[i];

        cert_require(c, e->kind != CERT_SEG_OUT || e->taken || e->seg.seq >= 19600);
    }
    cert_skip_segs(c);
    cert_peer(c, "ack=5000");
    cert_expect_data(c, "5000:6460");
}

/* --- shortage on one connection --- */

/* Nobody else hears of it. */
static void c_16h(struct cert *c)
{
    c->bus_offset = (uint64_t)1 << 40;
    (void)cert_conn_add(c, c->paths[0]);
    cert_offload(c);
    (void)cert_use(c, 0);
    c->bus_fails = true;
    cert_send(c, 1000);
    cert_expect_event(c, TOE_EVENT_RETRIEVE, TOE_UPLOAD_REQUESTED);
    c->bus_fails = false;
    (void)cert_use(c, 1);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000");
    cert_peer(c, "ack=6000");
    cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
    cert_expect_quiet(c);
    cert_is(c, cert_count(c, CERT_STATUS), 0);
}

/* --- VLANs and priorities --- */

/* Each neighbor has its VLAN and each connection its priority, whoever wrote them there. */
static void c_16i(struct cert *c)
{
    struct cert_neighbor *other = cert_neighbor_add(c);
    struct cert_path *path = cert_path_add(c, other, 4);

    c->settings.choices |= TOE_CERTIFY_USER_PRIORITY;
    c->neighbors[0]->state.constant.vlan_id = 100;
    other->state.constant.vlan_id = 200;
    (void)cert_conn_add(c, c->paths[0]);
    (void)cert_conn_add(c, path);
    (void)cert_conn_add(c, path);
    for (uint32_t i = 0; i < 4; ++i) {
        c->conns[i]->state.cached.user_priority = (uint8_t)(i + 1);
    }
    cert_offload(c);
    for (uint32_t i = 0; i < 4; ++i) {
        (void)cert_use(c, i);
        cert_send(c, 1000);
        cert_expect_seg(c, "5000:6000 vlan=%u prio=%u", i < 2 ? 100 : 200,
                        c->caps.user_priority ? i + 1 : 0);
        cert_peer(c, "+100 ack=6000 PSH");
        cert_expect_complete(c, CERT_SEND, TOE_STATUS_SUCCESS, 1000);
        cert_expect_indicate(c, 100);
    }
}

/* --- both families alike --- */

/* The next thing from entry |*at| on that happened to connection |idx|. */
static const struct cert_entry *next_of(const struct cert *c, uint32_t idx, uint32_t *at)
{
    for (; *at < c->chart->cnt; ++*at) {
        const struct cert_entry *e = &c->chart->entries[*at];

        if (e->conn == idx && e->kind != CERT_CALL && e->kind != CERT_NOTE) {
            return &c->chart->entries[(*at)++];
        }
    }
    return NULL;
}

static void expect_alike(struct cert *c, const struct cert_entry *a, const struct cert_entry *b)
{
    if (a->kind != b->kind || a->at != b->at || a->op != b->op || a->status != b->status ||
        a->bytes != b->bytes || a->event != b->event || a->info != b->info ||
        a->seg.seq != b->seg.seq || a->seg.ack != b->seg.ack || a->seg.len != b->seg.len ||
        a->seg.wnd != b->seg.wnd || a->seg.flags != b->seg.flags) {
        cert_fail(c, "over IPv4: %s, over IPv6: %s", a->text, b->text);
    }
}

/* |what| is done on both connections. */
static void on_both(struct cert *c, void (*what)(struct cert *c), uint64_t ms)
{
    for (uint32_t i = 0; i < 2; ++i) {
        (void)cert_use(c, i);
        what(c);
    }
    cert_wait(c, ms);
}

static void send_some(struct cert *c)
{
    cert_send(c, 5000, 300);
}

static void all_but_one_lost(struct cert *c)
{
    cert_peer(c, "ack=6000");
    cert_receive(c, 500, 0);
}

static void data_comes(struct cert *c)
{
    cert_peer(c, "1000:1900 ack=10300");
    cert_peer(c, "2500:3000 PSH");
}

static void hole_is_filled(struct cert *c)
{
    cert_peer(c, "1900:2500 PSH");
    cert_disconnect(c, TOE_DISCONNECT_GRACEFUL, 700);
}

static void last_words(struct cert *c)
{
    cert_peer(c, "3000 FIN ack=11001");
}

static void c_16j(struct cert *c)
{
    struct cert_path *path = cert_path_add(c, c->neighbors[0], 6);
    const struct cert_entry *a;
    const struct cert_entry *b;
    uint32_t at[2] = {0, 0};
    uint32_t cnt = 0;

    cert_start(c);
    if (!c->caps.ipv4 || !c->caps.ipv6) {
        cert_fail(c, "only one address family is supported");
    }
    (void)cert_conn_add(c, path);
    for (uint32_t i = 0; i < 2; ++i) {
        c->conns[i]->state.constant.remote_mss = 1000;
    }
    cert_offload(c);
    on_both(c, send_some, 50);
    on_both(c, all_but_one_lost, 1000);
    on_both(c, data_comes, 300);
    on_both(c, hole_is_filled, 20);
    on_both(c, last_words, 500);
    do {
        a = next_of(c, 0, &at[0]);
        b = next_of(c, 1, &at[1]);
        cert_require(c, (a == NULL) == (b == NULL));
        if (a != NULL) {
            expect_alike(c, a, b);
            ++cnt;
        }
    } while (a != NULL);
    cert_require(c, cnt > 20);
}

#define PLATFORM(number, what, which, function)                                                    \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_PLATFORM,           \
        .run = (function)                                                                          \
    }

const struct cert_scenario cert_platform_scenarios[] = {
    PLATFORM("C-16a", "no target without an address family", "CAP-2", c_16a),
    PLATFORM("C-16b", "IPv4 only", "CAP-2", c_16b),
    PLATFORM("C-16c", "IPv6 only", "CAP-2", c_16c),
    PLATFORM("C-16d", "an offload before any parameters were set", "CAP-13", c_16d),
    PLATFORM("C-16e", "lengths of a tick that there are not", "CAP-33 STATE-1", c_16e),
    PLATFORM("C-16f", "parameters change while connections are offloaded", "CAP-32", c_16f),
    PLATFORM("C-16r", "a push timer and a silly-window timer of other lengths", "CAP-27 CAP-29",
             c_16r),
    PLATFORM("C-16g", "five duplicate acknowledgments", "CAP-28", c_16g),
    PLATFORM("C-16h", "shortage on one connection is told of that one only", "CAP-45", c_16h),
    PLATFORM("C-16i", "a VLAN for each neighbor, a priority for each connection", "VLAN-2", c_16i),
    PLATFORM("C-16j", "the same conversation over IPv4 and IPv6", "CERT-8", c_16j),
    {.id = NULL},
};
