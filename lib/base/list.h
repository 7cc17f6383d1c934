/* SPDX-License-Identifier: MIT */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Intrusive lists
 *
 * A doubly linked ring. The node lies inside the object, so linking never allocates, and an object
 * leaves a list in constant time without knowing which list it is. A node that is on no list has
 * NULL links; zeroed memory is therefore a detached node. A list refers to itself and must not be
 * moved or copied; base_list_splice() moves its contents.
 */

/* The part of an object that is on a list. */
struct base_list_node {
    struct base_list_node *next; /* NULL when detached */
    struct base_list_node *prev; /* NULL when detached */
};

/* A list: the ring's own node, which belongs to no object. */
struct base_list {
    struct base_list_node root;
};

/*
 * base_container_of() turns |ptr|, which points at |member| inside a |type|, into a pointer to the
 * whole.
 */
#define base_container_of(ptr, type, member)                                                       \
    ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/*
 * base_list_foreach() visits the nodes of |list| from front to back. The list must not change.
 */
#define base_list_foreach(node, list)                                                              \
    for (struct base_list_node *node = (list)->root.next; node != &(list)->root; node = node->next)

/*
 * base_list_foreach_safe() is base_list_foreach(), except that |node| itself may be removed; |tmp|
 * names the variable that remembers its successor.
 */
#define base_list_foreach_safe(node, tmp, list)                                                    \
    for (struct base_list_node *node = (list)->root.next, *tmp = node->next;                       \
         node != &(list)->root; node = tmp, tmp = node->next)

/*
 * base_list_init() makes |list| an empty list.
 */
static inline void base_list_init(struct base_list *list)
{
    list->root.next = &list->root;
    list->root.prev = &list->root;
}

/*
 * base_list_is_empty() says whether |list| has no node.
 */
static inline bool base_list_is_empty(const struct base_list *list)
{
    return list->root.next == &list->root;
}

/*
 * base_list_is_linked() says whether |node| is on a list.
 */
static inline bool base_list_is_linked(const struct base_list_node *node)
{
    return node->next != NULL;
}

/*
 * base_list_insert_before() puts the detached |node| in front of |pos|, a node on a list or the
 * root of one.
 */
static inline void base_list_insert_before(struct base_list_node *pos, struct base_list_node *node)
{
    node->next = pos;
    node->prev = pos->prev;
    pos->prev->next = node;
    pos->prev = node;
}

/*
 * base_list_push_back() makes the detached |node| the last of |list|.
 */
static inline void base_list_push_back(struct base_list *list, struct base_list_node *node)
{
    base_list_insert_before(&list->root, node);
}

/*
 * base_list_push_front() makes the detached |node| the first of |list|.
 */
static inline void base_list_push_front(struct base_list *list, struct base_list_node *node)
{
    base_list_insert_before(list->root.next, node);
}

/*
 * base_list_remove() takes |node| off its list; it is detached then. A detached |node| stays so.
 */
static inline void base_list_remove(struct base_list_node *node)
{
    if (node->next == NULL) {
        return;
    }
    node->prev->next = node->next;
    node->next->prev = node->prev;
    node->next = NULL;
    node->prev = NULL;
}

/*
 * base_list_front() returns the first node of |list|, or NULL when it is empty.
 */
static inline struct base_list_node *base_list_front(const struct base_list *list)
{
    return base_list_is_empty(list) ? NULL : list->root.next;
}

/*
 * base_list_back() returns the last node of |list|, or NULL when it is empty.
 */
static inline struct base_list_node *base_list_back(const struct base_list *list)
{
    return base_list_is_empty(list) ? NULL : list->root.prev;
}

/*
 * base_list_next() returns the node after |node| on |list|, or NULL when |node| is the last.
 */
static inline struct base_list_node *base_list_next(const struct base_list *list,
                                                    const struct base_list_node *node)
{
    return node->next == &list->root ? NULL : node->next;
}

/*
 * base_list_pop_front() takes the first node off |list| and returns it, or NULL when it is empty.
 */
static inline struct base_list_node *base_list_pop_front(struct base_list *list)
{
    struct base_list_node *node = base_list_front(list);

    if (node != NULL) {
        base_list_remove(node);
    }
    return node;
}

/*
 * base_list_splice() moves all nodes of |src|, in order, to the end of |dst|. |src| is empty then.
 */
static inline void base_list_splice(struct base_list *dst, struct base_list *src)
{
    if (base_list_is_empty(src)) {
        return;
    }
    src->root.next->prev = dst->root.prev;
    dst->root.prev->next = src->root.next;
    src->root.prev->next = &dst->root;
    dst->root.prev = src->root.prev;
    base_list_init(src);
}

#endif
