/* SPDX-License-Identifier: MIT */
/* Hostile inputs, number 67: requests that race with a reset. Numbers as in doc/hostile.md. */
#include "support/target_fixture.h"

/* Makes a request and lets a RST arrive in one turn; tells what the host saw. */
static const char *race(unsigned request, bool reset_first, struct t_target *t)
{
    struct toe_block *block = &t->tcp.block;

    block->next = NULL;
    block->dependent = NULL;
    block->status = TOE_STATUS_PENDING;
    if (reset_first) {
        t_peer(t, 1000, 0, TCP_RST, 5000);
    }
    switch (request) {
    case 0:
        block->type = TOE_BLOCK_TCP_CACHED;
        t->ops->update(t->top, block);
        break;
    case 1:
        block->type = TOE_BLOCK_TCP_DELEGATED;
        t->ops->query(t->top, block);
        break;
    default:
        block->type = TOE_BLOCK_TCP;
        t->ops->invalidate(t->top, block);
        break;
    }
    if (!reset_first) {
        t_peer(t, 1000, 0, TCP_RST, 5000);
    }
    t_run(t, 1);
    return t_log_take(&t->log, T_LOG_HOST);
}

/* 67: what is asked for in the turn in which a reset arrives completes, once; the reset wins. */
static void test_hostile_67_reset_races(void **state)
{
    static const char *const wants[] = {"update ABORT", "query ABORT", "invalidate ABORT"};

    (void)state;
    for (unsigned i = 0; i < 6; ++i) {
        struct t_target *t = t_target_offloaded();

        assert_string_equal(race(i / 2, i % 2 == 0, t), wants[i / 2]);
        assert_int_equal(t->tcp.block.status, TOE_STATUS_SUCCESS);
        t_run(t, 10000);
        t_expect_all(t, "");
        t_target_del(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile_67_reset_races),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
