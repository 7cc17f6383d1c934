/* SPDX-License-Identifier: MIT */
/*
 * Pause, resume, upload of everything, power: platform.md 7.4 and 7.7.
 */
#include "suite.h"

static void need_owner(struct cert *c)
{
    const struct toe_certify_plugin *plugin = c->plugin;

    if (plugin->pause == NULL || plugin->resume == NULL || plugin->upload_all == NULL) {
        cert_skip(c, "the target cannot be told to pause");
    }
}

/* The status upcalls were these, in this order. */
static void expect_statuses(struct cert *c, const toe_status *want, uint32_t cnt)
{
    uint32_t seen = 0;

    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        if (c->chart->entries[i].kind == CERT_STATUS) {
            cert_require(c, seen < cnt);
            cert_status_is(c, c->chart->entries[i].status, want[seen]);
            ++seen;
        }
    }
    cert_is(c, seen, cnt);
}

/* Everything goes back in one tree: connections, their paths, the neighbor. */
static void terminate_all(struct cert *c)
{
    struct toe_block *root = &c->neighbors[0]->block;

    root->next = NULL;
    root->dependent = NULL;
    for (uint32_t i = c->path_cnt; i-- > 0;) {
        c->paths[i]->block.next = root->dependent;
        c->paths[i]->block.dependent = NULL;
        root->dependent = &c->paths[i]->block;
    }
    for (uint32_t i = 0; i < c->conn_cnt; ++i) {
        struct toe_block *above = &c->conns[i]->path->block;

        c->conns[i]->block.type = TOE_BLOCK_TCP;
        c->conns[i]->block.dependent = NULL;
        c->conns[i]->block.next = above->dependent;
        above->dependent = &c->conns[i]->block;
        c->conns[i]->ending = true;
    }
    cert_tree_done(c, CERT_TERMINATE, root);
    cert_status_is(c, root->status, TOE_STATUS_SUCCESS);
    for (uint32_t i = 0; i < c->path_cnt; ++i) {
        cert_status_is(c, c->paths[i]->block.status, TOE_STATUS_SUCCESS);
        c->paths[i]->handle = 0;
    }
    for (uint32_t i = 0; i < c->conn_cnt; ++i) {
        cert_status_is(c, c->conns[i]->block.status, TOE_STATUS_SUCCESS);
        c->conns[i]->handle = 0;
        c->conns[i]->offloaded = false;
        c->conns[i]->ending = false;
    }
    c->neighbors[0]->handle = 0;
}

/* The capabilities that are told now. */
static struct toe_caps caps_now(struct cert *c)
{
    struct toe_caps caps = {.size = sizeof(caps)};

    c->ops->caps_get(c->target, &caps);
    return caps;
}

/* A pause, an upload of everything, other capabilities, a resume that brings them. */
static void c_16k(struct cert *c)
{
    static const toe_status want[] = {TOE_STATUS_OFFLOAD_PAUSE, TOE_STATUS_UPLOAD_ALL,
                                      TOE_STATUS_OFFLOAD_RESUME};
    struct toe_caps caps;

    need_owner(c);
    cert_start(c);
    if (!c->caps.ipv4 || !c->caps.ipv6) {
        cert_skip(c, "the target has one address family only");
    }
    (void)cert_conn_add(c, cert_path_add(c, c->neighbors[0], 6));
    cert_offload(c);
    caps = c->caps;
    caps.ipv6 = false;
    caps.tcp_max = 1;
    c->plugin->pause(c->target);
    cert_run(c);
    expect_statuses(c, want, 1);
    cert_status_is(c, c->plugin->resume(c->target, &caps), TOE_STATUS_INVALID_STATE);
    c->plugin->upload_all(c->target);
    cert_run(c);
    expect_statuses(c, want, 2);
    cert_status_is(c, c->plugin->resume(c->target, &caps), TOE_STATUS_INVALID_STATE);
    cert_require(c, caps_now(c).ipv6);
    terminate_all(c);
    cert_status_is(c, c->plugin->resume(c->target, &caps), TOE_STATUS_SUCCESS);
    cert_run(c);
    expect_statuses(c, want, 3);
    cert_require(c, c->resumed.ipv4 && !c->resumed.ipv6);
    cert_is(c, c->resumed.tcp_max, 1);
    cert_require(c, caps_now(c).ipv4 && !caps_now(c).ipv6);
    (void)cert_use(c, 0);
    (void)cert_offload_try(c);
    cert_status_is(c, c->paths[0]->block.status, TOE_STATUS_SUCCESS);
    cert_status_is(c, c->paths[1]->block.status, TOE_STATUS_FAILURE);
    cert_mark(c);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000");
}

/* The resume has to wait for the last terminate, also for its completion. */
static void resume_inside(struct cert *c, struct cert_entry *entry)
{
    if (entry->op == CERT_TERMINATE) {
        cert_status_is(c, c->plugin->resume(c->target, NULL), TOE_STATUS_INVALID_STATE);
        ++c->count;
    }
}

static void c_16l(struct cert *c)
{
    need_owner(c);
    (void)cert_conn_add(c, c->paths[0]);
    cert_offload(c);
    c->plugin->upload_all(c->target);
    cert_run(c);
    cert_status_is(c, c->plugin->resume(c->target, NULL), TOE_STATUS_INVALID_STATE);
    (void)cert_use(c, 0);
    (void)cert_terminate(c);
    cert_status_is(c, c->plugin->resume(c->target, NULL), TOE_STATUS_INVALID_STATE);
    (void)cert_use(c, 1);
    c->on_tree = resume_inside;
    (void)cert_terminate(c);
    cert_is(c, c->count, 1);
    c->on_tree = NULL;
    cert_status_is(c, c->plugin->resume(c->target, NULL), TOE_STATUS_INVALID_STATE);
    c->conn_cnt = 0; /* nothing of them is left */
    terminate_all(c);
    cert_status_is(c, c->plugin->resume(c->target, NULL), TOE_STATUS_SUCCESS);
}

/* Resume without change carries the capabilities as well. */
static void c_16m(struct cert *c)
{
    static const toe_status want[] = {TOE_STATUS_OFFLOAD_PAUSE, TOE_STATUS_OFFLOAD_RESUME};

    need_owner(c);
    cert_offload(c);
    c->plugin->pause(c->target);
    cert_run(c);
    cert_status_is(c, c->plugin->resume(c->target, NULL), TOE_STATUS_SUCCESS);
    cert_run(c);
    expect_statuses(c, want, 2);
    cert_is(c, c->resumed.ipv4, c->caps.ipv4);
    cert_is(c, c->resumed.ipv6, c->caps.ipv6);
    cert_is(c, c->resumed.tcp_max, c->caps.tcp_max);
    cert_send(c, 1000);
    cert_expect_seg(c, "5000:6000");
}

/* --- initiates that wait --- */

static uint32_t trees(const struct cert *c)
{
    uint32_t cnt = 0;

    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        cnt += c->chart->entries[i].kind == CERT_TREE;
    }
    return cnt;
}

/* Two trees of one connection each; there is room for one. */
static struct toe_block *queue_two(struct cert *c)
{
    struct cert_neighbor *other = cert_neighbor_add(c);

    need_owner(c);
    cert_allow(c, "CAP-37");
    c->settings.tcp_max = 1;
    (void)cert_conn_add(c, cert_path_add(c, other, 4));
    cert_start(c);
    cert_run(c);
    c->plugin->pause(c->target);
    cert_expect_status(c, TOE_STATUS_OFFLOAD_PAUSE);
    for (uint32_t i = 0; i < 2; ++i) {
        c->conns[i]->fresh = true;
        c->conns[i]->rcv_next = c->conns[i]->state.delegated.rcv_nxt;
        cert_tree(c, CERT_INITIATE, cert_link(c, c->conns[i]));
        cert_wait(c, 10);
    }
    cert_is(c, trees(c), 0);
    return cert_link(c, c->conns[1]);
}

static void expect_all_failed(struct cert *c)
{
    cert_wait(c, 20);
    cert_is(c, trees(c), 2);
    for (uint32_t i = 0; i < 2; ++i) {
        cert_status_is(c, c->neighbors[i]->block.status, TOE_STATUS_FAILURE);
        cert_status_is(c, c->paths[i]->block.status, TOE_STATUS_FAILURE);
        cert_status_is(c, c->conns[i]->block.status, TOE_STATUS_FAILURE);
        cert_is(c, c->conns[i]->handle, 0);
    }
}

/* The one that came first gets the room, and is told first. */
static void c_16n(struct cert *c)
{
    struct toe_block *second = queue_two(c);
    const void *first = NULL;

    cert_allow(c, "CAP-37");
    cert_status_is(c, c->plugin->resume(c->target, NULL), TOE_STATUS_SUCCESS);
    cert_wait(c, 20);
    cert_is(c, trees(c), 2);
    for (uint32_t i = 0; first == NULL; ++i) {
        first = c->chart->entries[i].kind == CERT_TREE ? c->chart->entries[i].ref : NULL;
    }
    cert_require(c, first != second);
    cert_status_is(c, c->conns[0]->block.status, TOE_STATUS_SUCCESS);
    cert_status_is(c, c->conns[1]->block.status, TOE_STATUS_OFFLOAD_TCP_ENTRIES);
}

static void c_16o(struct cert *c)
{
    cert_allow(c, "CAP-37");
    (void)queue_two(c);
    c->plugin->upload_all(c->target);
    expect_all_failed(c);
}

static void c_16p(struct cert *c)
{
    cert_allow(c, "CAP-37");
    if (c->plugin->power_down == NULL) {
        cert_skip(c, "the target cannot be powered down");
    }
    (void)queue_two(c);
    cert_status_is(c, c->plugin->power_down(c->target), TOE_STATUS_SUCCESS);
    expect_all_failed(c);
}

/* --- power --- */

static bool has_status(const struct cert *c, toe_status status)
{
    for (uint32_t i = 0; i < c->chart->cnt; ++i) {
        if (c->chart->entries[i].kind == CERT_STATUS && c->chart->entries[i].status == status) {
            return true;
        }
    }
    return false;
}

/* Nobody has asked for the terminates: the target does. */
static void c_16q(struct cert *c)
{
    if (c->plugin->power_down == NULL) {
        cert_skip(c, "the target cannot be powered down");
    }
    (void)cert_conn_add(c, c->paths[0]);
    cert_offload(c);
    cert_status_is(c, c->plugin->power_down(c->target), TOE_STATUS_PENDING);
    cert_wait(c, 20);
    cert_require(c, has_status(c, TOE_STATUS_UPLOAD_ALL));
    cert_status_is(c, c->plugin->power_down(c->target), TOE_STATUS_PENDING);
    (void)cert_use(c, 0);
    (void)cert_terminate(c);
    cert_status_is(c, c->plugin->power_down(c->target), TOE_STATUS_PENDING);
    (void)cert_use(c, 1);
    (void)cert_terminate(c);
    c->conn_cnt = 0; /* nothing of them is left */
    cert_status_is(c, c->plugin->power_down(c->target), TOE_STATUS_PENDING);
    terminate_all(c);
    cert_status_is(c, c->plugin->power_down(c->target), TOE_STATUS_SUCCESS);
}

#define PLATFORM(number, what, which, function)                                                    \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_PLATFORM,           \
        .run = (function)                                                                          \
    }

const struct cert_scenario cert_platform_more_scenarios[] = {
    PLATFORM("C-16k", "other capabilities: pause, upload, change, resume",
             "CAP-5 CAP-8 CAP-38 CAP-40 CAP-42 CAP-43", c_16k),
    PLATFORM("C-16l", "no resume before all is uploaded", "CAP-42", c_16l),
    PLATFORM("C-16m", "a resume carries the capabilities", "CAP-38", c_16m),
    PLATFORM("C-16n", "offloads that waited are taken in their order", "CAP-36", c_16n),
    PLATFORM("C-16o", "offloads that waited fail when everything is uploaded", "CAP-36", c_16o),
    PLATFORM("C-16p", "offloads that waited fail when the power goes", "CAP-36", c_16p),
    PLATFORM("C-16q", "the power stays until everything is uploaded", "PM-2..3", c_16q),
    {.id = NULL},
};
