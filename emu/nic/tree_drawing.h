/* SPDX-License-Identifier: MIT */
/*
 * What a NIC's connections stand on, drawn: neighbors, paths, connections.
 */
#ifndef EMU_NIC_TREE_DRAWING_H
#define EMU_NIC_TREE_DRAWING_H

#include <jansson.h>

/* The objects of an answer to "show tree". */
struct emu_tree {
    json_t *paths;
    json_t *connections; /* those that are offloaded, or on the way */
};

/* emu_tree_collect() keeps one object; |user| is the struct above. */
void emu_tree_collect(void *user, const json_t *object);

/* emu_tree_print() draws it with lines and indents, emu_tree_print_dot() for Graphviz. */
void emu_tree_print(const struct emu_tree *tree);
void emu_tree_print_dot(const struct emu_tree *tree);

#endif
