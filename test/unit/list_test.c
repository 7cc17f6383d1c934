/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/list.h"

struct item {
    int value;
    struct base_list_node node;
};

/* Fails unless |list| holds exactly the values of |want|, which ends with 0, in both directions. */
static void expect_list(const struct base_list *list, const int *want)
{
    size_t cnt = 0;
    const struct base_list_node *back = list->root.prev;

    base_list_foreach(node, list)
    {
        assert_int_equal(base_container_of(node, struct item, node)->value, want[cnt]);
        ++cnt;
    }
    assert_int_equal(want[cnt], 0);
    while (cnt-- > 0) {
        assert_int_equal(base_container_of(back, struct item, node)->value, want[cnt]);
        back = back->prev;
    }
    assert_ptr_equal(back, &list->root);
}

/* Nodes go in at both ends and in the middle, and leave in any order. */
static void test_list_insert_remove(void **state)
{
    struct item a = {.value = 1}, b = {.value = 2}, c = {.value = 3};
    struct base_list list;

    (void)state;
    base_list_init(&list);
    assert_true(base_list_is_empty(&list));
    assert_null(base_list_front(&list));
    assert_null(base_list_back(&list));
    assert_null(base_list_pop_front(&list));
    base_list_push_back(&list, &c.node);
    base_list_push_front(&list, &a.node);
    base_list_insert_before(&c.node, &b.node);
    expect_list(&list, (const int[]){1, 2, 3, 0});
    assert_ptr_equal(base_list_next(&list, &a.node), &b.node);
    assert_null(base_list_next(&list, &c.node));
    assert_ptr_equal(base_list_back(&list), &c.node);

    base_list_remove(&b.node);
    assert_false(base_list_is_linked(&b.node));
    base_list_remove(&b.node);
    expect_list(&list, (const int[]){1, 3, 0});
    assert_ptr_equal(base_list_pop_front(&list), &a.node);
    assert_false(base_list_is_linked(&a.node));
    assert_true(base_list_is_linked(&c.node));
    base_list_remove(&c.node);
    assert_true(base_list_is_empty(&list));
}

/* Splicing keeps the order and empties the source; an empty source changes nothing. */
static void test_list_splice(void **state)
{
    struct item items[4] = {{.value = 1}, {.value = 2}, {.value = 3}, {.value = 4}};
    struct base_list x, y;

    (void)state;
    base_list_init(&x);
    base_list_init(&y);
    base_list_splice(&x, &y);
    expect_list(&x, (const int[]){0});
    base_list_push_back(&y, &items[0].node);
    base_list_push_back(&y, &items[1].node);
    base_list_splice(&x, &y);
    expect_list(&x, (const int[]){1, 2, 0});
    expect_list(&y, (const int[]){0});
    base_list_push_back(&y, &items[2].node);
    base_list_push_back(&y, &items[3].node);
    base_list_splice(&x, &y);
    expect_list(&x, (const int[]){1, 2, 3, 4, 0});
    base_list_splice(&x, &y);
    expect_list(&x, (const int[]){1, 2, 3, 4, 0});
}

/* The safe loop survives the removal of what it visits. */
static void test_list_foreach_safe(void **state)
{
    struct item items[4] = {{.value = 1}, {.value = 2}, {.value = 3}, {.value = 4}};
    struct base_list list;

    (void)state;
    base_list_init(&list);
    for (int i = 0; i < 4; ++i) {
        base_list_push_back(&list, &items[i].node);
    }
    base_list_foreach_safe(node, tmp, &list)
    {
        if (base_container_of(node, struct item, node)->value % 2 == 0) {
            base_list_remove(node);
        }
    }
    expect_list(&list, (const int[]){1, 3, 0});
    base_list_foreach_safe(node, tmp, &list)
    {
        base_list_remove(node);
    }
    assert_true(base_list_is_empty(&list));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list_insert_remove),
        cmocka_unit_test(test_list_splice),
        cmocka_unit_test(test_list_foreach_safe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
