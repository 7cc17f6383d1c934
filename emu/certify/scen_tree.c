/* SPDX-License-Identifier: MIT */
/*
 * Trees of blocks: the vectors TV-TREE-1 and TV-ST of control.md. A tree is built from its text, as
 * in the vectors; what does not fit is made not to fit by a limit of the target, or by the state.
 */
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define NODE_MAX 12

/* An object of a tree. What is offloaded goes into |block|, linked as the text says. */
struct node {
    char name[4]; /* "N1", "P2", "T3" */
    struct toe_block block;
    toe_handle handle;
    struct node *parent;
    union {
        struct toe_neighbor_state neighbor;
        struct toe_path_state path;
        struct toe_tcp_state tcp;
    } state;
};

struct tree {
    struct node nodes[NODE_MAX];
    uint32_t cnt;
    struct toe_block *root;
};

/* All but the connection itself are made anew, with values by the digit of their name. */
static void init_state(struct cert *c, struct node *node)
{
    const uint8_t number = (uint8_t)(node->name[1] - '0');

    switch (node->name[0]) {
    case 'N':
        node->state.neighbor = c->neighbors[0]->state;
        node->state.neighbor.cached.dst_mac[5] = (uint8_t)(0x20 + number);
        cert_block_init(&node->block, TOE_BLOCK_NEIGHBOR, &node->handle, &node->state);
        break;
    case 'P':
        node->state.path = c->paths[0]->state;
        node->state.path.constant.dst.bytes[3] = (uint8_t)(20 + number);
        cert_block_init(&node->block, TOE_BLOCK_PATH4, &node->handle, &node->state);
        break;
    default:
        node->state.tcp = c->conns[0]->state;
        node->state.tcp.constant.local_port = (uint16_t)(50000 + number);
        cert_block_init(&node->block, TOE_BLOCK_TCP, &node->handle, &node->state);
        break;
    }
    node->block.host_object = node;
}

static struct node *find(struct cert *c, struct tree *tree, const char *name)
{
    for (uint32_t i = 0; i < tree->cnt; ++i) {
        if (strncmp(tree->nodes[i].name, name, 2) == 0) {
            return &tree->nodes[i];
        }
    }
    cert_fail(c, "the scenario is wrong: no %.2s", name);
}

/* grow() builds "N1{P1{T1 T2} P2{T3}} N2": blanks join neighbors, braces dependents. */
static void grow(struct cert *c, struct tree *tree, const char *text)
{
    struct toe_block **link = &tree->root;
    struct node *parent = NULL;

    for (const char *at = text; *at != '\0'; ++at) {
        struct node *node = tree->cnt > 0 ? &tree->nodes[tree->cnt - 1] : NULL;

        if (*at == '{') {
            parent = node;
            link = &node->block.dependent;
        } else if (*at == '}') {
            link = &parent->block.next;
            parent = parent->parent;
        } else if (*at != ' ') {
            cert_require(c, tree->cnt < NODE_MAX);
            node = &tree->nodes[tree->cnt++];
            memcpy(node->name, at, 2);
            init_state(c, node);
            node->parent = parent;
            *link = &node->block;
            link = &node->block.next;
            ++at;
        }
    }
}

static void placeholder(struct cert *c, struct tree *tree, const char *name)
{
    find(c, tree, name)->block.object = NULL;
}

/* |name| refers to what has |handle|; it carries no state. */
static void linker(struct cert *c, struct tree *tree, const char *name, toe_handle handle)
{
    struct node *node = find(c, tree, name);

    node->handle = handle;
    node->block.state.tcp = NULL;
}

/* A window one byte larger than the target says it takes. */
static void too_wide(struct cert *c, struct tree *tree, const char *name)
{
    struct toe_tcp_state *state = &find(c, tree, name)->state.tcp;

    if (c->caps.rcv_wnd_max >= 1u << 30) {
        cert_skip(c, "the target takes any window");
    }
    state->constant.flags |= TOE_TCP_WINDOW_SCALING;
    state->constant.rcv_wnd_scale = 14;
    state->cached.initial_rcv_wnd = c->caps.rcv_wnd_max + 1;
}

/* State that breaks a rule: FAILURE. */
static void unsound(struct cert *c, struct tree *tree, const char *name)
{
    find(c, tree, name)->state.tcp.delegated.state = TOE_TCP_LISTEN;
}

/* offer() initiates |tree|, whose blocks are to answer as |want| says: "N1=SUCCESS P1=FAILURE". */
static void offer(struct cert *c, struct tree *tree, const char *want)
{
    toe_handle before[NODE_MAX];
    char got[256];
    size_t len = 0;

    for (uint32_t i = 0; i < tree->cnt; ++i) {
        before[i] = tree->nodes[i].handle;
    }
    cert_tree_done(c, CERT_INITIATE, tree->root);
    for (uint32_t i = 0; i < tree->cnt; ++i) {
        const struct node *node = &tree->nodes[i];
        const char *name = toe_status_name(node->block.status);
        const bool is_new = node->block.object != NULL && before[i] == 0;

        name += strncmp(name, "OFFLOAD_", 8) == 0 ? 8 : 0;
        len += (size_t)snprintf(got + len, sizeof(got) - len, "%s%s=%s", i > 0 ? " " : "",
                                node->name, name);
        if (!is_new && node->handle != before[i]) {
            cert_fail(c, "%s: the handle of no new object was written", node->name);
        }
        if (is_new && (node->handle != 0) == toe_status_is_failure(node->block.status)) {
            cert_fail(c, "%s: %s, but the handle is %llu (NEW-1)", node->name, name,
                      (unsigned long long)node->handle);
        }
    }
    if (strcmp(got, want) != 0) {
        cert_fail(c, "expected %s, came %s", want, got);
    }
}

/* is_there() tells whether |node| is among the target's objects, by a query. */
static bool is_there(struct cert *c, struct node *node)
{
    struct toe_block block;
    struct node copy = *node;

    cert_block_init(&block, node->block.type, &node->handle, &copy.state);
    cert_tree_done(c, CERT_QUERY, &block);
    return block.status == TOE_STATUS_SUCCESS;
}

/* reap() terminates all that |tree| offloaded, alone; what only refers is left to its own tree. */
static void reap(struct cert *c, struct tree *tree)
{
    for (uint32_t i = tree->cnt; i-- > 0;) {
        struct node *node = &tree->nodes[i];
        struct toe_block block;

        if (node->block.object == NULL || node->block.state.tcp == NULL || node->handle == 0) {
            continue;
        }
        if (!is_there(c, node)) {
            cert_fail(c, "%s has a handle, but no query finds it", node->name);
        }
        cert_block_init(&block, node->block.type, &node->handle, &node->state);
        cert_tree_done(c, CERT_TERMINATE, &block);
        if (block.status != TOE_STATUS_SUCCESS) {
            cert_fail(c, "%s cannot be terminated: %s", node->name, toe_status_name(block.status));
        }
        node->handle = 0;
    }
}

/* The whole of a vector that changes nothing but the target's settings. */
static void vector(struct cert *c, const char *text, const char *want)
{
    struct tree tree = {.cnt = 0};

    cert_start(c);
    grow(c, &tree, text);
    offer(c, &tree, want);
    reap(c, &tree);
}

/* The tree that linkers refer to. */
static void base(struct cert *c, struct tree *tree)
{
    cert_start(c);
    grow(c, tree, "N9{P9}");
    offer(c, tree, "N9=SUCCESS P9=SUCCESS");
}

static toe_handle handle_of(struct cert *c, struct tree *tree, const char *name)
{
    return find(c, tree, name)->handle;
}

#define SEED "N1{P1{T1 T2} P2{T3}} N2{P3{T4 T5}}"

/* Room for three connections: of those of one layer, the first in the tree get it. */
static void c_02a(struct cert *c)
{
    static const char *const names[] = {"T1", "T2", "T3", "T4", "T5"};
    struct tree tree = {.cnt = 0};

    c->settings.tcp_max = 3;
    cert_start(c);
    grow(c, &tree, SEED);
    offer(c, &tree,
          "N1=SUCCESS P1=SUCCESS T1=SUCCESS T2=SUCCESS P2=SUCCESS T3=SUCCESS N2=SUCCESS "
          "P3=PARTIAL_SUCCESS T4=TCP_ENTRIES T5=TCP_ENTRIES");
    for (uint32_t i = 0; i < 5; ++i) {
        cert_is(c, handle_of(c, &tree, names[i]) != 0, i < 3);
    }
    reap(c, &tree);
}

static void c_02b(struct cert *c)
{
    c->settings.path_max = 2;
    vector(c, SEED,
           "N1=SUCCESS P1=SUCCESS T1=SUCCESS T2=SUCCESS P2=SUCCESS T3=SUCCESS N2=PARTIAL_SUCCESS "
           "P3=PATH_ENTRIES T4=FAILURE T5=FAILURE");
}

/* TV-ST-1. The seed's failure of T2 is one of memory; the shape is the same with any other. */
static void c_02c(struct cert *c)
{
    struct tree tree = {.cnt = 0};

    cert_start(c);
    grow(c, &tree, "N1{P1{T1 T2} P2{T3}}");
    too_wide(c, &tree, "T2");
    find(c, &tree, "P2")->state.path.constant.dst.bytes[0] = 224; /* multicast: RFC-120 */
    offer(c, &tree,
          "N1=PARTIAL_SUCCESS P1=PARTIAL_SUCCESS T1=SUCCESS T2=TCP_RCV_WINDOW P2=FAILURE "
          "T3=FAILURE");
    reap(c, &tree);
}

static void c_02d(struct cert *c)
{
    vector(c, SEED,
           "N1=SUCCESS P1=SUCCESS T1=SUCCESS T2=SUCCESS P2=SUCCESS T3=SUCCESS N2=SUCCESS "
           "P3=SUCCESS T4=SUCCESS T5=SUCCESS");
}

/* TV-ST-3: the only place is taken, so the first root fails and all stops. */
static void first_root(struct cert *c, const char *want)
{
    struct tree other = {.cnt = 0};
    struct tree tree = {.cnt = 0};

    c->settings.src_mac_max = 1;
    cert_start(c);
    grow(c, &other, "N9");
    memcpy(find(c, &other, "N9")->state.neighbor.constant.src_mac, "\x02\0\0\0\0\x77", TOE_MAC_LEN);
    offer(c, &other, "N9=SUCCESS");
    grow(c, &tree, "N1{P1{T1}} N2{P3{T4}}");
    memcpy(find(c, &tree, "N1")->state.neighbor.constant.src_mac, "\x02\0\0\0\0\x78", TOE_MAC_LEN);
    offer(c, &tree, want);
    reap(c, &tree);
    reap(c, &other);
}

static void c_02e(struct cert *c)
{
    first_root(c, "N1=HW_ADDRESS_ENTRIES P1=FAILURE T1=FAILURE N2=FAILURE P3=FAILURE T4=FAILURE");
}

static void c_02f(struct cert *c)
{
    c->settings.choices |= TOE_CERTIFY_CONTINUE_AFTER_ROOT;
    first_root(c, "N1=HW_ADDRESS_ENTRIES P1=FAILURE T1=FAILURE N2=SUCCESS P3=SUCCESS T4=SUCCESS");
}

/* The same with no place for a neighbor at all. */
static void c_02g(struct cert *c)
{
    struct tree other = {.cnt = 0};
    struct tree tree = {.cnt = 0};

    c->settings.neighbor_max = 1;
    cert_start(c);
    grow(c, &other, "N9");
    offer(c, &other, "N9=SUCCESS");
    grow(c, &tree, "N1{P1{T1}} N2{P3{T4}}");
    offer(c, &tree, "N1=NEIGHBOR_ENTRIES P1=FAILURE T1=FAILURE N2=FAILURE P3=FAILURE T4=FAILURE");
    reap(c, &tree);
    reap(c, &other);
}

static void c_02h(struct cert *c)
{
    struct tree tree = {.cnt = 0};

    c->settings.src_mac_max = 1;
    cert_start(c);
    grow(c, &tree, "N1{P1{T1}} N2{P2{T2}} N3{P3{T3}}");
    memcpy(find(c, &tree, "N1")->state.neighbor.constant.src_mac, "\x02\0\0\0\0\x77", TOE_MAC_LEN);
    memcpy(find(c, &tree, "N2")->state.neighbor.constant.src_mac, "\x02\0\0\0\0\x78", TOE_MAC_LEN);
    offer(c, &tree,
          "N1=SUCCESS P1=SUCCESS T1=SUCCESS N2=HW_ADDRESS_ENTRIES P2=FAILURE T2=FAILURE "
          "N3=SUCCESS P3=SUCCESS T3=SUCCESS");
    reap(c, &tree);
}

/* TV-ST-5: the only place is taken by a connection of another tree. */
static void c_02i(struct cert *c)
{
    struct tree other = {.cnt = 0};
    struct tree tree = {.cnt = 0};

    c->settings.tcp_max = 1;
    cert_start(c);
    grow(c, &other, "N9{P9{T9}}");
    offer(c, &other, "N9=SUCCESS P9=SUCCESS T9=SUCCESS");
    grow(c, &tree, "N1{P1{T1 T2}}");
    offer(c, &tree, "N1=SUCCESS P1=PARTIAL_SUCCESS T1=TCP_ENTRIES T2=TCP_ENTRIES");
    reap(c, &tree);
    reap(c, &other);
}

static void c_02j(struct cert *c)
{
    struct tree other = {.cnt = 0};
    struct tree tree = {.cnt = 0};

    c->settings.src_addr_max = 1;
    base(c, &other);
    grow(c, &tree, "N1{P1{T1 T2}}");
    find(c, &tree, "P1")->state.path.constant.src.bytes[3] = 77;
    offer(c, &tree, "N1=PARTIAL_SUCCESS P1=IP_ADDRESS_ENTRIES T1=FAILURE T2=FAILURE");
    reap(c, &tree);
    reap(c, &other);
}

/* TV-ST-7 with another reason: the path that follows one that failed is taken. */
static void c_02k(struct cert *c)
{
    struct tree tree = {.cnt = 0};

    cert_start(c);
    grow(c, &tree, "N1{P1{T1 T2} P2{T3}}");
    find(c, &tree, "P1")->state.path.cached.mtu = c->caps.mtu_max + 1;
    offer(c, &tree, "N1=PARTIAL_SUCCESS P1=PATH_MTU T1=FAILURE T2=FAILURE P2=SUCCESS T3=SUCCESS");
    reap(c, &tree);
}

/* A neighbor placeholder, a path linker, and below it |text|'s connections. */
static void below_linker(struct cert *c, struct tree *other, struct tree *tree)
{
    base(c, other);
    grow(c, tree, "N1{P1{T1 T2}}");
    placeholder(c, tree, "N1");
    linker(c, tree, "P1", handle_of(c, other, "P9"));
}

static void c_02l(struct cert *c)
{
    struct tree other = {.cnt = 0};
    struct tree tree = {.cnt = 0};

    below_linker(c, &other, &tree);
    too_wide(c, &tree, "T2");
    offer(c, &tree, "N1=SUCCESS P1=PARTIAL_SUCCESS T1=SUCCESS T2=TCP_RCV_WINDOW");
    reap(c, &tree);
    reap(c, &other);
}

static void c_02m(struct cert *c)
{
    struct tree other = {.cnt = 0};
    struct tree tree = {.cnt = 0};

    cert_allow(c, "NEW-3");
    below_linker(c, &other, &tree);
    too_wide(c, &tree, "T1");
    unsound(c, &tree, "T2");
    offer(c, &tree, "N1=SUCCESS P1=FAILURE T1=TCP_RCV_WINDOW T2=FAILURE");
    cert_require(c, is_there(c, find(c, &other, "P9"))); /* LKR-4 */
    reap(c, &other);
}

static void c_02n(struct cert *c)
{
    struct tree other = {.cnt = 0};
    struct tree tree = {.cnt = 0};

    below_linker(c, &other, &tree);
    offer(c, &tree, "N1=SUCCESS P1=SUCCESS T1=SUCCESS T2=SUCCESS");
    reap(c, &tree);
    reap(c, &other);
}

static void c_02o(struct cert *c)
{
    struct tree other = {.cnt = 0};
    struct tree tree = {.cnt = 0};

    cert_allow(c, "NEW-3");
    base(c, &other);
    grow(c, &tree, "N1{P1{T1}}");
    linker(c, &tree, "N1", handle_of(c, &other, "N9"));
    linker(c, &tree, "P1", handle_of(c, &other, "P9"));
    unsound(c, &tree, "T1");
    offer(c, &tree, "N1=FAILURE P1=FAILURE T1=FAILURE");
    cert_require(c, is_there(c, find(c, &other, "N9")) && is_there(c, find(c, &other, "P9")));
    reap(c, &other);
}

static void c_02p(struct cert *c)
{
    struct tree other = {.cnt = 0};
    struct tree tree = {.cnt = 0};

    base(c, &other);
    grow(c, &tree, "N1{P1{T1} P2{T2}}");
    linker(c, &tree, "N1", handle_of(c, &other, "N9"));
    find(c, &tree, "P2")->state.path.cached.mtu = c->caps.mtu_max + 1;
    offer(c, &tree, "N1=PARTIAL_SUCCESS P1=SUCCESS T1=SUCCESS P2=PATH_MTU T2=FAILURE");
    reap(c, &tree);
    reap(c, &other);
}

/* TV-ST-13: the handle of a neighbor that was terminated. */
static void c_02q(struct cert *c)
{
    struct tree other = {.cnt = 0};
    struct tree tree = {.cnt = 0};
    toe_handle stale;

    cert_allow(c, "CTX-4");
    base(c, &other);
    stale = handle_of(c, &other, "N9");
    reap(c, &other);
    grow(c, &tree, "N1{P1{T1}} N2{P2}");
    linker(c, &tree, "N1", stale);
    offer(c, &tree, "N1=FAILURE P1=FAILURE T1=FAILURE N2=FAILURE P2=FAILURE");
}

static void c_02r(struct cert *c)
{
    struct tree tree = {.cnt = 0};

    cert_start(c);
    grow(c, &tree, "N1");
    placeholder(c, &tree, "N1");
    find(c, &tree, "N1")->block.type = TOE_BLOCK_FILTER_RESERVED; /* not significant (PLH-5) */
    offer(c, &tree, "N1=SUCCESS");
}

static void c_02s(struct cert *c)
{
    struct tree tree = {.cnt = 0};

    cert_allow(c, "PLH-6");
    cert_start(c);
    grow(c, &tree, "N1{P1{T1}}");
    placeholder(c, &tree, "N1");
    offer(c, &tree, "N1=SUCCESS P1=FAILURE T1=FAILURE");
}

/* TV-ST-16 with other reasons: of three connections the middle one is taken. */
static void c_02t(struct cert *c)
{
    struct tree tree = {.cnt = 0};

    cert_allow(c, "NEW-3");
    cert_start(c);
    grow(c, &tree, "N1{P1{T1 T2 T3}}");
    too_wide(c, &tree, "T1");
    unsound(c, &tree, "T3");
    offer(c, &tree, "N1=SUCCESS P1=PARTIAL_SUCCESS T1=TCP_RCV_WINDOW T2=SUCCESS T3=FAILURE");
    reap(c, &tree);
}

static void c_02u(struct cert *c)
{
    struct tree other = {.cnt = 0};
    struct tree tree = {.cnt = 0};

    cert_allow(c, "NEW-3");
    base(c, &other);
    grow(c, &tree, "N1{P1{T1}} N2{P2}");
    placeholder(c, &tree, "N1");
    linker(c, &tree, "P1", handle_of(c, &other, "P9"));
    unsound(c, &tree, "T1");
    offer(c, &tree, "N1=SUCCESS P1=FAILURE T1=FAILURE N2=SUCCESS P2=SUCCESS");
    reap(c, &tree);
    reap(c, &other);
}

/* A linker without dependents, and a new connection that exists already (NEW-4). */
static void c_02v(struct cert *c)
{
    struct tree other = {.cnt = 0};
    struct tree empty = {.cnt = 0};
    struct tree tree = {.cnt = 0};

    base(c, &other);
    grow(c, &empty, "N1{P1}");
    linker(c, &empty, "N1", handle_of(c, &other, "N9"));
    linker(c, &empty, "P1", handle_of(c, &other, "P9"));
    offer(c, &empty, "N1=SUCCESS P1=SUCCESS");
    grow(c, &tree, "N1{P1{T1 T2}}");
    placeholder(c, &tree, "N1");
    linker(c, &tree, "P1", handle_of(c, &other, "P9"));
    find(c, &tree, "T2")->state.tcp.constant.local_port = 50001;
    offer(c, &tree, "N1=SUCCESS P1=PARTIAL_SUCCESS T1=SUCCESS T2=FAILURE");
    reap(c, &tree);
    reap(c, &other);
}

/* New objects with nothing to link to: alone, or below placeholders. */
static void c_02w(struct cert *c)
{
    static const char *const names[] = {"P1", "T1"};
    struct tree below = {.cnt = 0};

    cert_allow(c, "PLH-6");
    cert_allow(c, "TREE-7");
    cert_start(c);
    for (uint32_t i = 0; i < 2; ++i) {
        struct tree tree = {.cnt = 0};

        grow(c, &tree, names[i]);
        offer(c, &tree, i == 0 ? "P1=FAILURE" : "T1=FAILURE");
    }
    grow(c, &below, "N1{P1{T1}}");
    placeholder(c, &below, "N1");
    placeholder(c, &below, "P1");
    offer(c, &below, "N1=SUCCESS P1=SUCCESS T1=FAILURE");
}

/* A layer in the wrong place, and types that are not of the whole state: others go on. */
static void c_02x(struct cert *c)
{
    struct tree wrong = {.cnt = 0};
    struct tree part = {.cnt = 0};

    cert_allow(c, "NEW-2");
    cert_allow(c, "TREE-1");
    cert_start(c);
    grow(c, &wrong, "N1{T1 P2{T2}}");
    offer(c, &wrong, "N1=PARTIAL_SUCCESS T1=FAILURE P2=SUCCESS T2=SUCCESS");
    reap(c, &wrong);
    grow(c, &part, "N1{P1{T1} P2{T2 T3}}");
    find(c, &part, "P1")->block.type = TOE_BLOCK_PATH4_CONST;
    find(c, &part, "T2")->block.type = TOE_BLOCK_TCP_DELEGATED;
    offer(c, &part,
          "N1=PARTIAL_SUCCESS P1=FAILURE T1=FAILURE P2=PARTIAL_SUCCESS T2=FAILURE T3=SUCCESS");
    reap(c, &part);
}

#define TREE(number, what, which, function)                                                        \
    {                                                                                              \
        .id = (number), .title = (what), .rules = (which), .group = CERT_GROUP_NDIS,               \
        .run = (function)                                                                          \
    }

const struct cert_scenario cert_tree_scenarios[] = {
    TREE("C-02a", "a tree with room for three of its five connections",
         "OFF-10 PART-6 PART-7 TRV-1", c_02a),
    TREE("C-02b", "a tree with room for two of its three paths", "PART-1 PART-6 PART-12", c_02b),
    TREE("C-02c", "a connection and a path that fail", "TV-ST-1 PART-1..3 PART-6 PART-11", c_02c),
    TREE("C-02d", "a tree of ten that all succeed", "TV-ST-2 TREE-1..3 TREE-5 NEW-1", c_02d),
    TREE("C-02e", "the first root fails: nothing more is attempted", "PART-1 PART-4 PART-5", c_02e),
    TREE("C-02f", "the first root fails, and it was chosen to go on", "PART-5", c_02f),
    TREE("C-02g", "no place for the first neighbor", "TV-ST-3 PART-1 PART-4 PART-5", c_02g),
    TREE("C-02h", "the second of three roots fails", "TV-ST-4 PART-1 PART-5", c_02h),
    TREE("C-02i", "no place for any connection: path and neighbor stay",
         "TV-ST-5 PART-7 PART-8 REF-6 OFF-10", c_02i),
    TREE("C-02j", "no place for a source address", "TV-ST-6 PART-1 PART-6", c_02j),
    TREE("C-02k", "a path fails, the next does not", "TV-ST-7 PART-1 PART-3 PART-12 OFF-12", c_02k),
    TREE("C-02l", "below a linker one of two fails", "TV-ST-8 PLH-3 LKR-1 LKR-3", c_02l),
    TREE("C-02m", "below a linker both fail", "TV-ST-9 PLH-3 LKR-3 LKR-4 PART-9", c_02m),
    TREE("C-02n", "below a linker both succeed", "TV-ST-10 PLH-1 LKR-1 LKR-3", c_02n),
    TREE("C-02o", "a linker that fails below a linker", "TV-ST-11 LKR-3 LKR-4 PART-9 PART-10",
         c_02o),
    TREE("C-02p", "new paths below a linker", "TV-ST-12 LKR-1 LKR-3 OFF-12", c_02p),
    TREE("C-02q", "a linker to a neighbor that is gone", "TV-ST-13 LKR-6 PART-1 PART-5", c_02q),
    TREE("C-02r", "a placeholder alone", "TV-ST-14 PLH-2 PLH-5", c_02r),
    TREE("C-02s", "a new path below a placeholder", "TV-ST-15 PLH-3 PLH-6", c_02s),
    TREE("C-02t", "the middle one of three connections succeeds", "TV-ST-16 PART-2 PART-7", c_02t),
    TREE("C-02u", "a linker fails below the first root, a placeholder", "TV-ST-17 PLH-3 PART-9",
         c_02u),
    TREE("C-02v", "linkers without dependents, and a connection twice", "LKR-5 NEW-4", c_02v),
    TREE("C-02w", "new objects with nothing to link to", "TREE-7 PLH-3 PLH-6", c_02w),
    TREE("C-02x", "a layer in the wrong place, and types of parts of the state", "TREE-8 NEW-2",
         c_02x),
    {.id = NULL},
};
