/* SPDX-License-Identifier: MIT */
#include "nic/tree_drawing.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "nic/client.h"

void emu_tree_collect(void *user, const json_t *object)
{
    struct emu_tree *tree = user;
    const char *type = emu_client_text(object, "type");

    if (strcmp(type, "path") == 0) {
        (void)json_array_append(tree->paths, (json_t *)(uintptr_t)object);
    } else if (strcmp(type, "connection") == 0 &&
               strcmp(emu_client_text(object, "place"), "InHost") != 0) {
        (void)json_array_append(tree->connections, (json_t *)(uintptr_t)object);
    }
}

static bool is_same(const json_t *a, const json_t *b, const char *name)
{
    return strcmp(emu_client_text(a, name), emu_client_text(b, name)) == 0;
}

static bool is_same_neighbor(const json_t *a, const json_t *b)
{
    return is_same(a, b, "neighbor") && is_same(a, b, "source") &&
           emu_client_number(a, "vlan") == emu_client_number(b, "vlan");
}

/* The path that a connection takes: the first one between its two addresses. */
static bool is_on(const json_t *connection, const json_t *path)
{
    return is_same(connection, path, "local") && is_same(connection, path, "remote");
}

/* Whether the path at |index| is the first one to its neighbor. */
static bool is_first(const struct emu_tree *tree, size_t index)
{
    for (size_t i = 0; i < index; ++i) {
        if (is_same_neighbor(json_array_get(tree->paths, i), json_array_get(tree->paths, index))) {
            return false;
        }
    }
    return true;
}

static const char *mark(const json_t *object, const char *name)
{
    return json_is_true(json_object_get(object, name)) ? "" : "  (not offloaded)";
}

/* --- text --- */

static void print_path(const struct emu_tree *tree, const json_t *path)
{
    (void)printf("  path %s - %s, MTU %" JSON_INTEGER_FORMAT "%s\n", emu_client_text(path, "local"),
                 emu_client_text(path, "remote"), emu_client_number(path, "mtu"),
                 mark(path, "offloaded"));
    for (size_t i = 0; i < json_array_size(tree->connections); ++i) {
        const json_t *conn = json_array_get(tree->connections, i);

        if (is_on(conn, path)) {
            (void)printf("    connection %d - %d, %s, %s\n",
                         (int)emu_client_number(conn, "local_port"),
                         (int)emu_client_number(conn, "remote_port"),
                         emu_client_text(conn, "place"), emu_client_text(conn, "state"));
        }
    }
}

void emu_tree_print(const struct emu_tree *tree)
{
    for (size_t i = 0; i < json_array_size(tree->paths); ++i) {
        const json_t *first = json_array_get(tree->paths, i);

        if (!is_first(tree, i)) {
            continue;
        }
        (void)printf("neighbor %s%s\n", emu_client_text(first, "neighbor"),
                     mark(first, "neighbor_offloaded"));
        for (size_t j = i; j < json_array_size(tree->paths); ++j) {
            if (is_same_neighbor(first, json_array_get(tree->paths, j))) {
                print_path(tree, json_array_get(tree->paths, j));
            }
        }
    }
}

/* --- Graphviz --- */

static void print_path_dot(const struct emu_tree *tree, const json_t *path, size_t neighbor,
                           size_t index)
{
    (void)printf("  n%zu -> p%zu;\n  p%zu [label=\"%s\\n%s\\nMTU %" JSON_INTEGER_FORMAT "\"%s];\n",
                 neighbor, index, index, emu_client_text(path, "local"),
                 emu_client_text(path, "remote"), emu_client_number(path, "mtu"),
                 mark(path, "offloaded")[0] == '\0' ? "" : ", style=dashed");
    for (size_t i = 0; i < json_array_size(tree->connections); ++i) {
        const json_t *conn = json_array_get(tree->connections, i);

        if (is_on(conn, path)) {
            (void)printf("  p%zu -> c%zu;\n  c%zu [label=\"%d - %d\\n%s\", shape=box];\n", index, i,
                         i, (int)emu_client_number(conn, "local_port"),
                         (int)emu_client_number(conn, "remote_port"),
                         emu_client_text(conn, "place"));
        }
    }
}

void emu_tree_print_dot(const struct emu_tree *tree)
{
    (void)printf("digraph toe {\n  rankdir=LR;\n");
    for (size_t i = 0; i < json_array_size(tree->paths); ++i) {
        const json_t *first = json_array_get(tree->paths, i);

        if (!is_first(tree, i)) {
            continue;
        }
        (void)printf("  n%zu [label=\"%s\"%s];\n", i, emu_client_text(first, "neighbor"),
                     mark(first, "neighbor_offloaded")[0] == '\0' ? "" : ", style=dashed");
        for (size_t j = i; j < json_array_size(tree->paths); ++j) {
            if (is_same_neighbor(first, json_array_get(tree->paths, j))) {
                print_path_dot(tree, json_array_get(tree->paths, j), i, j);
            }
        }
    }
    (void)printf("}\n");
}
