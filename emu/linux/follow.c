/* SPDX-License-Identifier: MIT */
#include "linux/follow.h"

#include <string.h>

#include "linux/amend.h"
#include "linux/too_big.h"

/*
 * News are looked for this often while there is something else to do. It costs a system call, and a
 * path may be wrong for so long without harm: as long as frames are under way anyway.
 */
#define LISTEN_EVERY TOE_NS_PER_MS

/* So long after a change frames may go to where they went before. */
#define GRACE TOE_NS_PER_SEC

/* How long a router's word is believed: Linux, net.ipv4.route.mtu_expires. */
#define NARROW_TIME (600 * TOE_NS_PER_SEC)

enum {
    ASKED_AT_ONCE = 16, /* paths in one run */
    MTU_MIN4 = 552,     /* Linux, net.ipv4.route.min_pmtu */
    MTU_MIN6 = 1280,    /* RFC 8200, 5 */
};

static bool is_addr(const struct toe_addr *a, const struct toe_addr *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

/* Whether the first |len| bits of both are the same. */
static bool is_in_prefix(const struct toe_addr *addr, const struct toe_addr *prefix, uint8_t len)
{
    const size_t whole = len / 8;
    const uint8_t mask = (uint8_t)(0xff00 >> (len % 8));

    return addr->family == prefix->family && memcmp(addr->bytes, prefix->bytes, whole) == 0 &&
           (len % 8 == 0 || ((addr->bytes[whole] ^ prefix->bytes[whole]) & mask) == 0);
}

/* --- paths --- */

void emu_follow_ask(struct emu_kernel *kernel, struct emu_path *path)
{
    if (path->is_followed && !path->is_asked) {
        path->is_asked = true;
        TAILQ_INSERT_TAIL(&kernel->asked_paths, path, asked);
    }
}

static void lose_path(struct emu_kernel *kernel, struct emu_path *path, enum emu_why why)
{
    if (path->lost == EMU_WHY_NONE) {
        path->lost = why;
        emu_amend_path(kernel, path);
    }
}

uint32_t emu_follow_mtu(const struct emu_kernel *kernel, uint32_t mtu)
{
    uint32_t limit = kernel->settings.mtu;

    if (kernel->rtnl != NULL && emu_rtnl_mtu(kernel->rtnl) < limit) {
        limit = emu_rtnl_mtu(kernel->rtnl);
    }
    if (kernel->caps.mtu_max < limit) {
        limit = kernel->caps.mtu_max;
    }
    return mtu != 0 && mtu < limit ? mtu : limit;
}

static void set_mtu(struct emu_kernel *kernel, struct emu_path *path, uint32_t mtu)
{
    if (path->narrow_mtu != 0 && path->narrow_mtu < mtu) {
        mtu = path->narrow_mtu;
    }
    if (mtu != path->mtu) {
        path->mtu = mtu;
        emu_amend_path(kernel, path);
    }
}

/* --- neighbors --- */

static void lose_neighbor(struct emu_kernel *kernel, struct emu_neighbor *n)
{
    n->is_lost = true;
    emu_amend_neighbor(kernel, n);
}

/* |told| is what the kernel has of |n|. */
static void learn(struct emu_kernel *kernel, struct emu_neighbor *n,
                  const struct emu_rtnl_neighbor *told)
{
    n->is_reachable = told->belief == EMU_RTNL_REACHABLE;
    n->is_suspect = told->belief == EMU_RTNL_DOUBTED;
    switch (told->belief) {
    case EMU_RTNL_REACHABLE:
    case EMU_RTNL_DOUBTED:
        if (!n->is_resolved || memcmp(n->dst_mac, told->mac, TOE_MAC_LEN) != 0) {
            memcpy(n->dst_mac, told->mac, TOE_MAC_LEN);
            n->is_resolved = true;
            n->changed_at = kernel->now;
        }
        emu_amend_neighbor(kernel, n);
        break;
    case EMU_RTNL_FAILED:
        lose_neighbor(kernel, n);
        break;
    case EMU_RTNL_GONE: /* It did not send there for a while. */
        emu_rtnl_neighbor_probe(kernel->rtnl, &n->address);
        break;
    case EMU_RTNL_UNKNOWN: /* News are of when they are written: it has failed, and is asked anew.
                            */
        if (n->is_resolved) {
            lose_neighbor(kernel, n);
        }
        break;
    }
    emu_amend_waiting(kernel, n, EMU_WHY_NONE);
}

static void learn_all(struct emu_kernel *kernel, const struct emu_rtnl_neighbor *told)
{
    struct emu_neighbor *n;

    TAILQ_FOREACH(n, &kernel->neighbors, node)
    {
        if (!n->is_lost && n->path_cnt != 0 && is_addr(&n->address, &told->address)) {
            learn(kernel, n, told);
        }
    }
}

/* |path| is to lead to the next hop |address| from now on. */
static void turn(struct emu_kernel *kernel, struct emu_path *path, const struct toe_addr *address)
{
    static const uint8_t unknown[TOE_MAC_LEN];
    struct emu_neighbor *n = emu_neighbor_get(kernel, address, path->neighbor->src_mac, unknown,
                                              path->neighbor->vlan_id);
    struct emu_neighbor *before = path->next;

    if (n == NULL) {
        lose_path(kernel, path, EMU_WHY_MEMORY);
        return;
    }
    if (n != path->neighbor) {
        ++n->path_cnt;
    }
    path->next = n != path->neighbor ? n : NULL;
    path->changed_at = kernel->now;
    emu_amend_path(kernel, path);
    if (before != NULL) {
        emu_neighbor_put(kernel, before);
    }
    if (!n->is_resolved) {
        struct emu_rtnl_neighbor told;

        emu_rtnl_neighbor_get(kernel->rtnl, &told, address);
        learn(kernel, n, &told);
    }
}

static void ask(struct emu_kernel *kernel, struct emu_path *path)
{
    struct emu_rtnl_route route;

    if (path->lost != EMU_WHY_NONE) {
        return;
    }
    if (emu_rtnl_route_get(kernel->rtnl, &route, &path->local, path->local_port, &path->remote,
                           path->remote_port) != EMU_RTNL_HERE) {
        lose_path(kernel, path, EMU_WHY_ROUTE);
        return;
    }
    if (!is_addr(&route.next_hop, &emu_path_hop(path)->address)) {
        turn(kernel, path, &route.next_hop);
    }
    set_mtu(kernel, path, emu_follow_mtu(kernel, route.mtu));
}

/* --- news --- */

/* Whether |news| may be about |path|. */
static bool concerns(const struct emu_rtnl_news *news, const struct emu_path *path)
{
    switch (news->what) {
    case EMU_RTNL_ROUTE:
        return is_in_prefix(&path->remote, &news->address, news->prefix_len);
    case EMU_RTNL_ADDRESS:
        return is_addr(&path->local, &news->address);
    case EMU_RTNL_LINK:
    case EMU_RTNL_LOST:
    case EMU_RTNL_MOVED:
        return true;
    case EMU_RTNL_NEIGHBOR:
        break;
    }
    return false;
}

static void tell_path(struct emu_kernel *kernel, const struct emu_rtnl_news *news,
                      struct emu_path *path)
{
    if (news->what == EMU_RTNL_ADDRESS) {
        lose_path(kernel, path, EMU_WHY_ADDRESS);
    } else if (news->what == EMU_RTNL_MOVED) {
        path->is_followed = false;
    } else {
        emu_follow_ask(kernel, path);
    }
}

static void ask_neighbors(struct emu_kernel *kernel)
{
    struct emu_neighbor *n;

    TAILQ_FOREACH(n, &kernel->neighbors, node)
    {
        struct emu_rtnl_neighbor told;

        if (!n->is_lost && n->path_cnt != 0 && n->address.family != 0) {
            emu_rtnl_neighbor_get(kernel->rtnl, &told, &n->address);
            learn(kernel, n, &told);
        }
    }
}

static void on_news(void *user, const struct emu_rtnl_news *news)
{
    struct emu_kernel *kernel = user;

    if (news->what == EMU_RTNL_NEIGHBOR) {
        learn_all(kernel, &news->neighbor);
        return;
    }
    for (size_t i = 0; i < EMU_PATH_BUCKETS; ++i) {
        struct emu_path *path;

        TAILQ_FOREACH(path, &kernel->paths[i], node)
        {
            if (path->is_followed && concerns(news, path)) {
                tell_path(kernel, news, path);
            }
        }
    }
    if (news->what == EMU_RTNL_LOST) {
        ++kernel->stats.news_lost;
        ask_neighbors(kernel);
    }
}

static void listen(struct emu_kernel *kernel)
{
    kernel->listen_at = kernel->now + LISTEN_EVERY;
    emu_rtnl_read(kernel->rtnl, on_news, kernel);
}

/* --- frames --- */

enum emu_why emu_follow_begin(struct emu_conn *conn, struct emu_rtnl_route *route, bool *is_told)
{
    struct emu_rtnl *rtnl = conn->kernel->rtnl;
    const struct emu_tuple *tuple = &conn->info.tuple;
    struct emu_rtnl_neighbor neighbor;
    enum emu_rtnl_way way;

    *is_told = false;
    if (rtnl == NULL || conn->track.vlan_id != 0) {
        return EMU_WHY_NONE;
    }
    listen(conn->kernel);
    if (!emu_rtnl_is_here(rtnl)) {
        return EMU_WHY_NONE;
    }
    way = emu_rtnl_route_get(rtnl, route, &tuple->local, tuple->local_port, &tuple->remote,
                             tuple->remote_port);
    if (way == EMU_RTNL_NONE) {
        return EMU_WHY_ROUTE;
    }
    if (way == EMU_RTNL_ELSEWHERE) {
        return EMU_WHY_NONE; /* Its socket has a will of its own, or there is a link in between. */
    }
    emu_rtnl_neighbor_get(rtnl, &neighbor, &route->next_hop);
    *is_told = (neighbor.belief == EMU_RTNL_REACHABLE || neighbor.belief == EMU_RTNL_DOUBTED) &&
               memcmp(neighbor.mac, conn->track.remote_mac, TOE_MAC_LEN) == 0;
    return neighbor.belief == EMU_RTNL_FAILED ? EMU_WHY_NEIGHBOR : EMU_WHY_NONE;
}

static bool is_recent(const struct emu_kernel *kernel, toe_instant at)
{
    return at != 0 && kernel->now - at < GRACE;
}

bool emu_follow_astray(struct emu_conn *conn)
{
    struct emu_kernel *kernel = conn->kernel;
    struct emu_path *path = conn->move->path;
    const struct emu_neighbor *hop;

    if (!path->is_followed) {
        return false;
    }
    if (is_recent(kernel, path->changed_at) || is_recent(kernel, emu_path_hop(path)->changed_at) ||
        is_recent(kernel, path->astray_at)) {
        return true;
    }
    listen(kernel);
    ask(kernel, path);
    hop = emu_path_hop(path);
    if (is_recent(kernel, path->changed_at) || is_recent(kernel, hop->changed_at)) {
        return true;
    }
    if (path->astray_at > path->changed_at && path->astray_at > hop->changed_at) {
        return false; /* The kernel was asked before, and says what it said. */
    }
    path->astray_at = kernel->now;
    return true;
}

/* The kernel believes such a word for what is under way only, and so do we. */
static struct emu_conn *find_sender(struct emu_kernel *kernel, const struct emu_too_big *word)
{
    struct emu_conn *conn = emu_conn_find(kernel, &word->tuple);
    const struct emu_move *move = conn != NULL ? conn->move : NULL;

    if (move == NULL || move->path == NULL || move->phase == EMU_PHASE_ARMED ||
        emu_seq_diff(word->seq, move->out_una) < 0 || emu_seq_diff(word->seq, move->out_nxt) >= 0) {
        return NULL;
    }
    return conn;
}

void emu_follow_frame(struct emu_kernel *kernel, const struct toe_frame *frame)
{
    struct emu_too_big word;
    struct emu_conn *conn;
    struct emu_path *path;
    uint32_t least;

    if (!emu_too_big_parse(&word, frame) || (conn = find_sender(kernel, &word)) == NULL) {
        return;
    }
    path = conn->move->path;
    ++kernel->stats.too_big;
    least = path->local.family == 4 ? MTU_MIN4 : MTU_MIN6;
    word.mtu = word.mtu < least ? least : word.mtu;
    if (word.mtu >= path->mtu) {
        return;
    }
    if (path->narrow_mtu != 0) {
        TAILQ_REMOVE(&kernel->narrowed_paths, path, narrowed);
    }
    path->narrow_mtu = word.mtu;
    path->narrow_till = kernel->now + NARROW_TIME;
    TAILQ_INSERT_TAIL(&kernel->narrowed_paths, path, narrowed);
    set_mtu(kernel, path, path->mtu);
}

/* --- reachability --- */

uint32_t emu_follow_reached(struct emu_kernel *kernel, const struct emu_neighbor *n)
{
    if (n->is_reachable) {
        return 1; /* NBR-12: it would tell if it were not so. */
    }
    if (n->address.family != 0 && kernel->rtnl != NULL) {
        emu_rtnl_neighbor_probe(kernel->rtnl, &n->address);
    }
    return 0;
}

/* What the target heard before the kernel began to doubt is no news for that. */
void emu_follow_confirm(struct emu_kernel *kernel, struct emu_neighbor *n, uint32_t ticks)
{
    if (kernel->rtnl == NULL || n->address.family == 0 || n->is_lost ||
        memcmp(n->told_mac, n->dst_mac, TOE_MAC_LEN) != 0 ||
        ticks >= kernel->params.nce_stale_ticks) {
        return;
    }
    ++kernel->stats.confirmations;
    emu_rtnl_neighbor_confirm(kernel->rtnl, &n->address);
}

/* --- running --- */

static toe_instant widen(struct emu_kernel *kernel)
{
    struct emu_path *path;

    while ((path = TAILQ_FIRST(&kernel->narrowed_paths)) != NULL &&
           path->narrow_till <= kernel->now) {
        TAILQ_REMOVE(&kernel->narrowed_paths, path, narrowed);
        path->narrow_mtu = 0;
        set_mtu(kernel, path, emu_follow_mtu(kernel, 0));
        emu_follow_ask(kernel, path);
    }
    return path != NULL ? path->narrow_till : TOE_INSTANT_NEVER;
}

toe_instant emu_follow_run(struct emu_kernel *kernel)
{
    toe_instant next = widen(kernel);
    struct emu_path *path;

    if (kernel->rtnl == NULL) {
        return next;
    }
    if (kernel->now >= kernel->listen_at) {
        listen(kernel);
    }
    for (int i = 0; i < ASKED_AT_ONCE && (path = TAILQ_FIRST(&kernel->asked_paths)) != NULL; ++i) {
        TAILQ_REMOVE(&kernel->asked_paths, path, asked);
        path->is_asked = false;
        ask(kernel, path);
    }
    return TAILQ_EMPTY(&kernel->asked_paths) ? next : 0;
}

void emu_follow_init(struct emu_kernel *kernel)
{
    const struct emu_kernel_settings *settings = &kernel->settings;

    TAILQ_INIT(&kernel->asked_paths);
    TAILQ_INIT(&kernel->narrowed_paths);
    if (!settings->no_netlink && settings->interface != NULL) {
        kernel->rtnl = emu_rtnl_open(settings->interface);
    }
}

void emu_follow_fini(struct emu_kernel *kernel)
{
    emu_rtnl_close(kernel->rtnl);
}

void emu_follow_forget(struct emu_kernel *kernel, struct emu_path *path)
{
    if (path->is_asked) {
        TAILQ_REMOVE(&kernel->asked_paths, path, asked);
    }
    if (path->narrow_mtu != 0) {
        TAILQ_REMOVE(&kernel->narrowed_paths, path, narrowed);
    }
}
