/* SPDX-License-Identifier: MIT */
/*
 * Pause, upload of everything, resume, power, closing: PLATFORM 7.4 and 7.7, EVT-041 to EVT-046.
 */
#include "support/target_fixture.h"

/* More connections for trees of their own. */
static void more_tcp(struct t_target *t, struct t_tcp *tcp, uint16_t local_port)
{
    tcp->handle = 0;
    tcp->state = t->tcp.state;
    tcp->state.constant.local_port = local_port;
    t_block_init(&tcp->block, TOE_BLOCK_TCP, &tcp->handle, &tcp->state);
}

/* Terminates all three objects of the baseline. */
static void terminate_all(struct t_target *t)
{
    t->ops->terminate(t->top, t_link(t));
    t->ops->run(t->top, t->now);
    assert_int_equal(t->neighbor.block.status, TOE_STATUS_SUCCESS);
    assert_int_equal(t->tcp.block.status, TOE_STATUS_SUCCESS);
}

/* CAP-34, EVT-042: the status comes with the next run; what is offloaded goes on. */
static void test_cap_34_pause(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    toe_target_pause(t->target);
    toe_target_pause(t->target);
    t_expect_all(t, "");
    assert_int_equal(t->ops->deadline(t->top), 0);
    t_send_new(t, 5000, 100);
    t_run(t, 0);
    t_expect_all(t, "status(OFFLOAD_PAUSE) [5000+100 PA 1000]");
    t_peer(t, 1000, 0, 0, 5100);
    t_run(t, 1);
    t_expect_all(t, "send(SUCCESS,100)");
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    t_expect_all(t, "terminate"); /* CAP-37: a resume need not come */
    t_target_del(t);
}

/* CAP-35, CAP-36, EVT-043, EVT-044: initiates wait, and are taken in their order at the resume. */
static void test_cap_36_queued(void **state)
{
    struct t_target *t = t_target_new();
    struct t_neighbor neighbor[2];
    struct t_path unused_path;
    struct t_tcp unused;

    (void)state;
    t->settings.neighbor_max = 1;
    t_target_start(t);
    toe_target_pause(t->target);
    for (int i = 0; i < 2; ++i) {
        t_states_init(&neighbor[i], &unused_path, &unused);
        t->ops->initiate(t->top, &neighbor[i].block);
    }
    t_run(t, 10);
    t_expect_all(t, "status(OFFLOAD_PAUSE)");
    assert_int_equal(neighbor[0].block.status, TOE_STATUS_PENDING);
    assert_false(toe_target_can_close(t->target));
    assert_int_equal(toe_target_resume(t->target, NULL), TOE_STATUS_SUCCESS);
    t_run(t, 20);
    t_expect_all(t, "status(OFFLOAD_RESUME) initiate initiate");
    assert_int_equal(neighbor[0].block.status, TOE_STATUS_SUCCESS);
    assert_int_equal(neighbor[1].block.status, TOE_STATUS_OFFLOAD_NEIGHBOR_ENTRIES);
    assert_int_equal(toe_target_resume(t->target, NULL), TOE_STATUS_INVALID_STATE);
    t_target_del(t);
}

/* TMR-008, STATE-TD-17: what an initiate brought has aged while it waited. */
static void test_tmr_008_aged(void **state)
{
    struct t_target *t = t_target_new();
    struct toe_tcp_state now;

    (void)state;
    t->tcp.state.constant.flags = TOE_TCP_TIMESTAMPS;
    t->tcp.state.cached.flags = TOE_TCP_KEEP_ALIVE;
    t->tcp.state.cached.ka_timeout = 20000;
    t->tcp.state.delegated.ka_timeout_delta = 10000;
    t->tcp.state.delegated.ts_time = 500;
    t->tcp.state.delegated.ts_recent_age = 100;
    t_target_start(t);
    toe_target_pause(t->target);
    t->ops->initiate(t->top, t_link(t));
    t_run(t, 0);
    t_run(t, 4000);
    assert_int_equal(toe_target_resume(t->target, NULL), TOE_STATUS_SUCCESS);
    t_run(t, 4000);
    assert_int_equal(t_query(t, &now), TOE_STATUS_SUCCESS);
    assert_int_equal(now.delegated.ka_timeout_delta, 6000);
    assert_int_equal(now.delegated.ts_time, 4500);
    assert_int_equal(now.delegated.ts_recent_age, 4100);
    t_target_del(t);
}

/* TMR-008, STATE-4: the same of a neighbor. */
static void test_state_4_neighbor_aged(void **state)
{
    struct t_target *t = t_target_new();
    struct toe_neighbor_state now = {.size = sizeof(now)};

    (void)state;
    t->neighbor.state.cached.host_reachability_delta = 10;
    t->neighbor.state.delegated.nic_reachability_delta = 20;
    t_target_start(t);
    toe_target_pause(t->target);
    t->ops->initiate(t->top, &t->neighbor.block);
    t_run(t, 0);
    t_run(t, 4000);
    assert_int_equal(toe_target_resume(t->target, NULL), TOE_STATUS_SUCCESS);
    t_run(t, 4000);
    t->neighbor.block.state.neighbor = &now;
    t->ops->query(t->top, &t->neighbor.block);
    t_run(t, 4000);
    assert_int_equal(now.cached.host_reachability_delta, 4010);
    assert_int_equal(now.delegated.nic_reachability_delta, 4020);
    t_target_del(t);
}

/* CAP-36, CAP-39 to CAP-42, EVT-041, TRM-32, SND-084: everything is to be uploaded. */
static void test_cap_41_upload_all(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct t_tcp waits, late;

    (void)state;
    more_tcp(t, &waits, 1);
    more_tcp(t, &late, 2);
    t_breaks(t, "TREE-7"); /* nothing says what it hangs from */
    toe_target_pause(t->target);
    t->ops->initiate(t->top, &waits.block);
    t_run(t, 0);
    t_expect_all(t, "status(OFFLOAD_PAUSE)");
    toe_target_upload_all(t->target);
    t_send_new(t, 5000, 100);
    t_disconnect_new(t, 5000, 0, TOE_DISCONNECT_GRACEFUL);
    t_breaks(t, "CAP-37");
    t->ops->initiate(t->top, &late.block);
    t_run(t, 1);
    t_expect_all(t, "status(UPLOAD_ALL) initiate send(UPLOAD_IN_PROGRESS,0) "
                    "disconnect(UPLOAD_IN_PROGRESS,0) initiate");
    assert_int_equal(waits.block.status, TOE_STATUS_FAILURE);
    assert_int_equal(late.block.status, TOE_STATUS_FAILURE);
    assert_int_equal(waits.handle, 0);

    t_peer(t, 1000, 100, 0, 5000); /* received data still comes up */
    t_run(t, 2);
    t_expect_host(t, "indicate(100)");
    assert_int_equal(toe_target_resume(t->target, NULL), TOE_STATUS_INVALID_STATE);
    terminate_all(t);
    (void)t_log_take(&t->log, T_LOG_ALL);
    assert_false(toe_target_can_close(t->target)); /* PM-4 */
    t_host_return(&t->host);
    assert_true(toe_target_can_close(t->target));
    assert_int_equal(toe_target_resume(t->target, NULL), TOE_STATUS_SUCCESS);
    t_run(t, 3);
    t_expect_all(t, "status(OFFLOAD_RESUME)");
    t_states_init(&t->neighbor, &t->path, &t->tcp);
    t_offload(t);
    t_expect_all(t, "initiate");
    t_target_del(t);
}

/* CAP-40: terminates may come layer by layer; CAP-44: also inside the indication. */
static void test_cap_40_layers(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    toe_target_upload_all(t->target);
    t_run(t, 0);
    t_expect_all(t, "status(OFFLOAD_PAUSE) status(UPLOAD_ALL)");
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    t->path.block.dependent = NULL;
    t->ops->terminate(t->top, &t->path.block);
    t->neighbor.block.dependent = NULL;
    t->ops->terminate(t->top, &t->neighbor.block);
    t_run(t, 1);
    t_expect_all(t, "terminate terminate terminate");
    assert_true(toe_target_can_close(t->target));
    t_target_del(t);
}

/* CAP-5, CAP-8, CAP-38, CAP-43: capabilities change while nothing is offloaded, and are told. */
static void test_cap_43_capabilities(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct toe_caps caps = {.size = sizeof(caps)};

    (void)state;
    t->ops->caps_get(t->top, &caps);
    caps.tcp_max = 1;
    caps.mtu_max = 1400;
    caps.rcv_wnd_max = 32768;
    caps.sack = false;
    caps.user_priority = false;
    assert_int_equal(toe_target_resume(t->target, &caps), TOE_STATUS_INVALID_STATE);
    toe_target_upload_all(t->target);
    t_run(t, 0);
    assert_int_equal(toe_target_resume(t->target, &caps), TOE_STATUS_INVALID_STATE);
    terminate_all(t);
    (void)t_log_take(&t->log, T_LOG_ALL);
    caps.ipv4 = false;
    caps.ipv6 = false;
    assert_int_equal(toe_target_resume(t->target, &caps), TOE_STATUS_INVALID_DATA);
    caps.ipv4 = true;
    caps.tcp_max = t->settings.tcp_max + 1;
    assert_int_equal(toe_target_resume(t->target, &caps), TOE_STATUS_INVALID_DATA);
    caps.tcp_max = 1;
    assert_int_equal(toe_target_resume(t->target, &caps), TOE_STATUS_SUCCESS);
    t_run(t, 1);
    t_expect_all(t, "status(OFFLOAD_RESUME)");
    assert_int_equal(t->host.caps.tcp_max, 1);
    assert_int_equal(t->host.caps.mtu_max, 1400);
    assert_false(t->host.caps.ipv6);

    t_states_init(&t->neighbor, &t->path, &t->tcp);
    t->ops->initiate(t->top, t_link(t));
    t_run(t, 2);
    assert_int_equal(t->path.block.status, TOE_STATUS_OFFLOAD_PATH_MTU);
    t_target_del(t);
}

/* CAP-8: a pause alone lets the capabilities stay as long as they are in use. */
static void test_cap_8_in_use(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct toe_caps caps = {.size = sizeof(caps)};

    (void)state;
    t->ops->caps_get(t->top, &caps);
    caps.ipv4 = false;
    toe_target_pause(t->target);
    t_run(t, 0);
    assert_int_equal(toe_target_resume(t->target, &caps), TOE_STATUS_INVALID_STATE);
    assert_int_equal(toe_target_resume(t->target, NULL), TOE_STATUS_SUCCESS);
    t_run(t, 1);
    t_expect_all(t, "status(OFFLOAD_PAUSE) status(OFFLOAD_RESUME)");
    t_target_del(t);
}

/* CAP-5: whatever happened between two runs, a resume follows a pause. */
static void test_cap_5_between_runs(void **state)
{
    struct t_target *t = t_target_new();

    (void)state;
    t_target_start(t);
    toe_target_pause(t->target);
    assert_int_equal(toe_target_resume(t->target, NULL), TOE_STATUS_SUCCESS);
    t_run(t, 0);
    t_expect_all(t, "status(OFFLOAD_PAUSE) status(OFFLOAD_RESUME)");
    toe_target_pause(t->target);
    t_run(t, 1);
    assert_int_equal(toe_target_resume(t->target, NULL), TOE_STATUS_SUCCESS);
    toe_target_pause(t->target);
    t_run(t, 2);
    t_expect_all(t, "status(OFFLOAD_PAUSE) status(OFFLOAD_RESUME) status(OFFLOAD_PAUSE)");
    t_target_del(t);
}

/* CAP-36: what waited through a pause, and fails because the power goes with the resume, fails
 * within the next pause, where the host knows why; not between the two. */
static void test_cap_36_resumed_in_vain(void **state)
{
    struct t_target *t = t_target_new();

    (void)state;
    t_target_start(t);
    toe_target_pause(t->target);
    t_states_init(&t->neighbor, &t->path, &t->tcp);
    t->ops->initiate(t->top, &t->neighbor.block);
    t_run(t, 0);
    t_expect_all(t, "status(OFFLOAD_PAUSE)");
    assert_int_equal(toe_target_resume(t->target, NULL), TOE_STATUS_SUCCESS);
    assert_int_equal(toe_target_power_down(t->target), TOE_STATUS_SUCCESS);
    t_run(t, 2);
    t_expect_all(t, "status(OFFLOAD_RESUME) status(OFFLOAD_PAUSE) initiate");
    assert_int_equal(t->neighbor.block.status, TOE_STATUS_FAILURE);
    t_target_del(t);
}

/* PM-1 to PM-3, EVT-046: not before all is terminated; then nothing is offloaded until a resume. */
static void test_pm_3_power(void **state)
{
    struct t_target *t = t_target_offloaded();

    (void)state;
    assert_int_equal(toe_target_power_down(t->target), TOE_STATUS_PENDING);
    t_run(t, 0);
    t_expect_all(t, "status(OFFLOAD_PAUSE) status(UPLOAD_ALL)");
    terminate_all(t);
    t_expect_all(t, "terminate");
    assert_int_equal(toe_target_power_down(t->target), TOE_STATUS_SUCCESS);
    t_states_init(&t->neighbor, &t->path, &t->tcp);
    t_breaks(t, "CAP-37");
    t->ops->initiate(t->top, t_link(t));
    t_run(t, 1);
    t_expect_all(t, "initiate");
    assert_int_equal(t->neighbor.block.status, TOE_STATUS_FAILURE);
    assert_int_equal(toe_target_resume(t->target, NULL), TOE_STATUS_SUCCESS);
    t_offload(t);
    t_expect_all(t, "status(OFFLOAD_RESUME) initiate");
    t_target_del(t);
}

/* PM-3: a terminate that is under way is not asked for; CAP-36: what waited fails. */
static void test_pm_3_terminate_waits(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct t_tcp waits;

    (void)state;
    more_tcp(t, &waits, 1);
    t_breaks(t, "TREE-7");
    toe_target_pause(t->target);
    t->ops->initiate(t->top, &waits.block);
    t_run(t, 0);
    t->ops->terminate(t->top, t_link(t));
    assert_int_equal(toe_target_power_down(t->target), TOE_STATUS_PENDING);
    t_run(t, 1);
    t_expect_all(t, "status(OFFLOAD_PAUSE) initiate terminate");
    assert_int_equal(waits.block.status, TOE_STATUS_FAILURE);
    assert_int_equal(toe_target_power_down(t->target), TOE_STATUS_SUCCESS);
    t_target_del(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cap_34_pause),        cmocka_unit_test(test_cap_36_queued),
        cmocka_unit_test(test_tmr_008_aged),        cmocka_unit_test(test_state_4_neighbor_aged),
        cmocka_unit_test(test_cap_41_upload_all),   cmocka_unit_test(test_cap_40_layers),
        cmocka_unit_test(test_cap_43_capabilities), cmocka_unit_test(test_cap_8_in_use),
        cmocka_unit_test(test_cap_5_between_runs),  cmocka_unit_test(test_cap_36_resumed_in_vain),
        cmocka_unit_test(test_pm_3_power),          cmocka_unit_test(test_pm_3_terminate_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
