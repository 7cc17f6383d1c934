/* SPDX-License-Identifier: MIT */
/*
 * The traversal of trees, alone: vectors TV-TREE-1 and TV-ST-1 to TV-ST-17 of CONTROL 1.8 and 2.5.
 *
 * A tree is written as text. N, P, T and a number name a block; after it come "ph" (placeholder),
 * "lk" (linker), "st" (linker with a stale handle), or the name of the failure that is injected;
 * braces hold dependents. Chains are separated by spaces.
 */
#include "target/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BLOCK_MAX 32

struct node {
    struct toe_block block;
    toe_handle handle;
    char name[8];
    toe_status failure; /* injected */
    bool is_stale;
};

struct world {
    struct node nodes[BLOCK_MAX];
    size_t cnt;
    char attempted[256];
};

static const struct {
    const char *name;
    toe_status status;
} failures[] = {
    {"FAIL", TOE_STATUS_FAILURE},
    {"RESOURCES", TOE_STATUS_RESOURCES},
    {"NEIGHBOR_ENTRIES", TOE_STATUS_OFFLOAD_NEIGHBOR_ENTRIES},
    {"HW_ADDRESS_ENTRIES", TOE_STATUS_OFFLOAD_HW_ADDRESS_ENTRIES},
    {"TCP_ENTRIES", TOE_STATUS_OFFLOAD_TCP_ENTRIES},
    {"IP_ADDRESS_ENTRIES", TOE_STATUS_OFFLOAD_IP_ADDRESS_ENTRIES},
    {"PATH_ENTRIES", TOE_STATUS_OFFLOAD_PATH_ENTRIES},
    {"PATH_MTU", TOE_STATUS_OFFLOAD_PATH_MTU},
    {"RCV_WINDOW", TOE_STATUS_OFFLOAD_TCP_RCV_WINDOW},
    {"XMIT_BUFFER", TOE_STATUS_OFFLOAD_TCP_XMIT_BUFFER},
    {"REJECTED", TOE_STATUS_OFFLOAD_CONNECTION_REJECTED},
    {"PARTIAL", TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS},
    {"SUCCESS", TOE_STATUS_SUCCESS},
};

static toe_status status_of(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); ++i) {
        if (strlen(failures[i].name) == len && memcmp(failures[i].name, name, len) == 0) {
            return failures[i].status;
        }
    }
    fail_msg("no such status: %s", name);
    return 0;
}

static const char *name_of(toe_status status)
{
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); ++i) {
        if (failures[i].status == status) {
            return failures[i].name;
        }
    }
    return "?";
}

static uint16_t type_of(char layer)
{
    return layer == 'N' ? TOE_BLOCK_NEIGHBOR : layer == 'P' ? TOE_BLOCK_PATH4 : TOE_BLOCK_TCP;
}

static void apply_role(struct node *node, const char *word, size_t len)
{
    if (len == 2 && memcmp(word, "ph", 2) == 0) {
        node->block.object = NULL;
        node->block.type = 0; /* not significant */
    } else if (len == 2 && (memcmp(word, "lk", 2) == 0 || memcmp(word, "st", 2) == 0)) {
        node->handle = 1000 + (toe_handle)(node->name[1] - '0');
        node->is_stale = word[0] == 's';
    } else if (len > 0) {
        node->failure = status_of(word, len);
    }
}

/* Parses a chain; returns its first block. */
static struct toe_block *parse(struct world *w, const char **text)
{
    struct toe_block *first = NULL;
    struct toe_block **link = &first;

    while (**text == 'N' || **text == 'P' || **text == 'T') {
        struct node *node = &w->nodes[w->cnt++];
        const size_t name_len = strcspn(*text, "(){} ");
        size_t len;

        memcpy(node->name, *text, name_len);
        node->block =
            (struct toe_block){.size = sizeof(node->block), .revision = 1, .type = type_of(**text)};
        node->block.object = &node->handle;
        node->block.status = TOE_STATUS_PENDING;
        *text += name_len;
        if (**text == '(') {
            ++*text;
            len = strcspn(*text, ")");
            apply_role(node, *text, len);
            *text += len + 1;
        }
        if (**text == '{') {
            ++*text;
            node->block.dependent = parse(w, text);
            ++*text;
        }
        *link = &node->block;
        link = &node->block.next;
        while (**text == ' ') {
            ++*text;
        }
    }
    return first;
}

static struct node *node_of(const struct toe_block *block)
{
    return (struct node *)(void *)(uintptr_t)block; /* it is the first member */
}

static void note(struct world *w, const struct node *node)
{
    (void)snprintf(w->attempted + strlen(w->attempted), sizeof(w->attempted) - strlen(w->attempted),
                   "%s%s", w->attempted[0] != '\0' ? " " : "", node->name);
}

static toe_status attempt(void *ctx, toe_handle *handle, struct toe_block *block,
                          enum toe_layer layer, toe_handle parent)
{
    struct node *node = node_of(block);

    note(ctx, node);
    if (node->failure != 0) {
        return node->failure;
    }
    if (layer != TOE_LAYER_NEIGHBOR && parent == 0) {
        return TOE_STATUS_FAILURE;
    }
    *handle = 100 + (toe_handle)(node - ((struct world *)ctx)->nodes);
    return TOE_STATUS_SUCCESS;
}

static bool resolve(void *ctx, const struct toe_block *block, enum toe_layer layer)
{
    (void)layer;
    note(ctx, node_of(block));
    return !node_of(block)->is_stale;
}

static char *results(const struct world *w, char *text, size_t size)
{
    text[0] = '\0';
    for (size_t i = 0; i < w->cnt; ++i) {
        (void)snprintf(text + strlen(text), size - strlen(text), "%s%s=%s", i > 0 ? " " : "",
                       w->nodes[i].name, name_of(w->nodes[i].block.status));
    }
    return text;
}

static void run(struct world *w, const char *text, bool goes_on)
{
    const struct target_tree_initiate op = {
        .ctx = w,
        .continue_after_root_failure = goes_on,
        .attempt = attempt,
        .resolve = resolve,
    };

    memset(w, 0, sizeof(*w));
    target_tree_initiate(&op, parse(w, &text));
}

static const struct {
    const char *name;
    bool goes_on;
    const char *tree;
    const char *attempted; /* placeholders do not appear */
    const char *want;
} cases[] = {
    {"TV-ST-1", false, "N1{P1{T1 T2(RESOURCES)} P2(FAIL){T3}}", "N1 P1 T1 T2 P2",
     "N1=PARTIAL P1=PARTIAL T1=SUCCESS T2=RESOURCES P2=FAIL T3=FAIL"},
    {"TV-ST-2, TV-TREE-1", false, "N1{P1{T1 T2} P2{T3}} N2{P3{T4 T5}}",
     "N1 P1 T1 T2 P2 T3 N2 P3 T4 T5",
     "N1=SUCCESS P1=SUCCESS T1=SUCCESS T2=SUCCESS P2=SUCCESS T3=SUCCESS N2=SUCCESS P3=SUCCESS "
     "T4=SUCCESS T5=SUCCESS"},
    {"TV-ST-3", false, "N1(NEIGHBOR_ENTRIES){P1{T1}} N2{P3{T4}}", "N1",
     "N1=NEIGHBOR_ENTRIES P1=FAIL T1=FAIL N2=FAIL P3=FAIL T4=FAIL"},
    {"TV-ST-3, going on", true, "N1(NEIGHBOR_ENTRIES){P1{T1}} N2{P3{T4}}", "N1 N2 P3 T4",
     "N1=NEIGHBOR_ENTRIES P1=FAIL T1=FAIL N2=SUCCESS P3=SUCCESS T4=SUCCESS"},
    {"TV-ST-4", false, "N1{P1{T1}} N2(HW_ADDRESS_ENTRIES){P2{T2}} N3{P3{T3}}",
     "N1 P1 T1 N2 N3 P3 T3",
     "N1=SUCCESS P1=SUCCESS T1=SUCCESS N2=HW_ADDRESS_ENTRIES P2=FAIL T2=FAIL N3=SUCCESS "
     "P3=SUCCESS T3=SUCCESS"},
    {"TV-ST-5", false, "N1{P1{T1(TCP_ENTRIES) T2(TCP_ENTRIES)}}", "N1 P1 T1 T2",
     "N1=SUCCESS P1=PARTIAL T1=TCP_ENTRIES T2=TCP_ENTRIES"},
    {"TV-ST-6", false, "N1{P1(IP_ADDRESS_ENTRIES){T1 T2}}", "N1 P1",
     "N1=PARTIAL P1=IP_ADDRESS_ENTRIES T1=FAIL T2=FAIL"},
    {"TV-ST-7", false, "N1{P1(PATH_ENTRIES){T1 T2} P2{T3}}", "N1 P1 P2 T3",
     "N1=PARTIAL P1=PATH_ENTRIES T1=FAIL T2=FAIL P2=SUCCESS T3=SUCCESS"},
    {"TV-ST-8", false, "N1(ph){P1(lk){T1 T2(RCV_WINDOW)}}", "P1 T1 T2",
     "N1=SUCCESS P1=PARTIAL T1=SUCCESS T2=RCV_WINDOW"},
    {"TV-ST-9", false, "N1(ph){P1(lk){T1(TCP_ENTRIES) T2(RESOURCES)}}", "P1 T1 T2",
     "N1=SUCCESS P1=FAIL T1=TCP_ENTRIES T2=RESOURCES"},
    {"TV-ST-10", false, "N1(ph){P1(lk){T1 T2}}", "P1 T1 T2",
     "N1=SUCCESS P1=SUCCESS T1=SUCCESS T2=SUCCESS"},
    {"TV-ST-11", false, "N1(lk){P1(lk){T1(FAIL)}}", "N1 P1 T1", "N1=FAIL P1=FAIL T1=FAIL"},
    {"TV-ST-12", false, "N1(lk){P1{T1} P2(PATH_MTU){T2}}", "N1 P1 T1 P2",
     "N1=PARTIAL P1=SUCCESS T1=SUCCESS P2=PATH_MTU T2=FAIL"},
    {"TV-ST-13", false, "N1(st){P1{T1}} N2{P2}", "N1", "N1=FAIL P1=FAIL T1=FAIL N2=FAIL P2=FAIL"},
    {"TV-ST-13, going on", true, "N1(st){P1{T1}} N2{P2}", "N1 N2 P2",
     "N1=FAIL P1=FAIL T1=FAIL N2=SUCCESS P2=SUCCESS"},
    {"TV-ST-14", false, "N1(ph)", "", "N1=SUCCESS"},
    {"TV-ST-15", false, "N1(ph){P1{T1}}", "P1", "N1=SUCCESS P1=FAIL T1=FAIL"},
    {"TV-ST-16", false, "N1{P1{T1(XMIT_BUFFER) T2 T3(REJECTED)}}", "N1 P1 T1 T2 T3",
     "N1=SUCCESS P1=PARTIAL T1=XMIT_BUFFER T2=SUCCESS T3=REJECTED"},
    {"TV-ST-17", false, "N1(ph){P1(lk){T1(FAIL)}} N2{P2}", "P1 T1 N2 P2",
     "N1=SUCCESS P1=FAIL T1=FAIL N2=SUCCESS P2=SUCCESS"},
    {"LKR-5: a linker alone", false, "N1(lk)", "N1", "N1=SUCCESS"},
    {"PART-8: all dependents of a new one fail", false, "N1{P1(FAIL)}", "N1 P1",
     "N1=PARTIAL P1=FAIL"},
    {"TREE-7: a new path alone", false, "P1{T1}", "P1", "P1=FAIL T1=FAIL"},
    {"TREE-7: a new connection alone", false, "T1", "T1", "T1=FAIL"},
    {"a path linker as root", false, "P1(lk){T1}", "P1 T1", "P1=SUCCESS T1=SUCCESS"},
    {"a path placeholder as root", false, "P1(ph){T1}", "T1", "P1=SUCCESS T1=FAIL"},
    {"TREE-8: a connection below a neighbor", false, "N1{T1{P1} P2{T2}}", "N1 P2 T2",
     "N1=PARTIAL T1=FAIL P1=FAIL P2=SUCCESS T2=SUCCESS"},
    {"TREE-3: something below a connection", false, "N1{P1{T1{T2{T3(ph)}}}}", "N1 P1 T1",
     "N1=SUCCESS P1=SUCCESS T1=PARTIAL T2=FAIL T3=SUCCESS"},
    {"TREE-2: layers mixed in a chain", false, "N1 P1{T1} N2", "N1 N2",
     "N1=SUCCESS P1=FAIL T1=FAIL N2=SUCCESS"},
};

/* Every vector: the order of the attempts, and the status of every block. */
static void test_tv_st_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        static struct world w;
        char got[512];

        run(&w, cases[i].tree, cases[i].goes_on);
        if (strcmp(w.attempted, cases[i].attempted) != 0) {
            fail_msg("%s: attempted %s", cases[i].name, w.attempted);
        }
        if (strcmp(results(&w, got, sizeof(got)), cases[i].want) != 0) {
            fail_msg("%s:\n want %s\n got  %s", cases[i].name, cases[i].want, got);
        }
    }
}

/* NEW-1: a handle is written where an object was made, and nowhere else. */
static void test_new_1_handles(void **state)
{
    static struct world w;

    (void)state;
    run(&w, "N1{P1{T1 T2(RESOURCES)} P2(FAIL){T3}}", false);
    for (size_t i = 0; i < w.cnt; ++i) {
        assert_int_equal(w.nodes[i].handle != 0, !toe_status_is_failure(w.nodes[i].block.status));
    }
}

static toe_status visit_note(void *ctx, struct toe_block *block, enum toe_layer layer,
                             const struct toe_block *parent)
{
    struct world *w = ctx;
    const struct node *node = node_of(block);

    (void)parent;
    assert_int_equal(layer, node->name[0] == 'N'   ? TOE_LAYER_NEIGHBOR
                            : node->name[0] == 'P' ? TOE_LAYER_PATH
                                                   : TOE_LAYER_TCP);
    note(w, node);
    return TOE_STATUS_SUCCESS;
}

/* TRV-4, PLH-4, CTX-7: the other operations, in either order. */
static void test_trv_4_visit(void **state)
{
    static const struct {
        enum target_tree_order order;
        const char *tree;
        const char *visited;
        const char *want;
    } visits[] = {
        {TARGET_TREE_PARENT_FIRST, "N1(lk){P1(lk){T1(lk) T2(lk)} P2(lk)} N2(lk)",
         "N1 P1 T1 T2 P2 N2", "N1=SUCCESS P1=SUCCESS T1=SUCCESS T2=SUCCESS P2=SUCCESS N2=SUCCESS"},
        {TARGET_TREE_DEPENDENTS_FIRST, "N1(lk){P1(lk){T1(lk) T2(lk)} P2(lk)} N2(lk)",
         "T1 T2 P1 P2 N1 N2", "N1=SUCCESS P1=SUCCESS T1=SUCCESS T2=SUCCESS P2=SUCCESS N2=SUCCESS"},
        {TARGET_TREE_DEPENDENTS_FIRST, "T1(lk) T2(lk)", "T1 T2", "T1=SUCCESS T2=SUCCESS"},
        {TARGET_TREE_PARENT_FIRST, "N1(ph){P1(ph){T1(lk)}}", "T1",
         "N1=SUCCESS P1=SUCCESS T1=SUCCESS"},
        {TARGET_TREE_PARENT_FIRST, "N1{P1(lk)}", "P1", "N1=FAIL P1=SUCCESS"},
        {TARGET_TREE_PARENT_FIRST, "N1(lk){T1(lk){P1(lk)}}", "N1", "N1=SUCCESS T1=FAIL P1=FAIL"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(visits) / sizeof(visits[0]); ++i) {
        static struct world w;
        const struct target_tree_visit op = {
            .ctx = &w, .order = visits[i].order, .visit = visit_note};
        const char *text = visits[i].tree;
        char got[512];

        memset(&w, 0, sizeof(w));
        target_tree_visit(&op, parse(&w, &text));
        assert_string_equal(w.attempted, visits[i].visited);
        assert_string_equal(results(&w, got, sizeof(got)), visits[i].want);
    }
}

/* TREE-4: neither a long chain nor a deep fault needs a stack. */
static void test_tree_4_no_bound(void **state)
{
    const size_t cnt = 200000;
    struct node *nodes = calloc(cnt, sizeof(*nodes));
    struct world w = {.cnt = 0};
    const struct target_tree_initiate op = {.ctx = &w, .attempt = attempt, .resolve = resolve};

    (void)state;
    assert_non_null(nodes);
    for (size_t i = 0; i < cnt; ++i) {
        nodes[i].block = (struct toe_block){.type = TOE_BLOCK_NEIGHBOR, .object = &nodes[i].handle};
        if (i > 0) {
            nodes[i - 1].block.next = &nodes[i].block;
        }
    }
    target_tree_initiate(&op, &nodes[0].block);
    assert_int_equal(nodes[cnt - 1].block.status, TOE_STATUS_SUCCESS);

    for (size_t i = 0; i < cnt; ++i) {
        nodes[i].block.next = NULL;
        nodes[i].handle = 0;
        nodes[i].block.dependent = i + 1 < cnt ? &nodes[i + 1].block : NULL;
    }
    target_tree_initiate(&op, &nodes[0].block);
    assert_int_equal(nodes[0].block.status, TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS);
    assert_int_equal(nodes[cnt - 1].block.status, TOE_STATUS_FAILURE);
    free(nodes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tv_st_vectors),
        cmocka_unit_test(test_new_1_handles),
        cmocka_unit_test(test_trv_4_visit),
        cmocka_unit_test(test_tree_4_no_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
