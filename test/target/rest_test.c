/* SPDX-License-Identifier: MIT */
/*
 * Connections at rest: what they take, that they wake for whatever happens to them, and what
 * becomes of it where there is no memory for that.
 */
#include "support/target_fixture.h"

#include "target/instance.h"
#include "target/object.h"

#define HERD 20000u
#define PATHS 4u
/* Bytes of an idle connection in all: perf.md. */
#define IDLE_MAX 512u

/* Many connections on a few paths. */
struct herd {
    struct t_neighbor neighbor;
    struct t_path paths[PATHS];
    struct t_tcp *tcps;
    uint32_t cnt;
};

static struct herd *herd_new(uint32_t cnt, uint32_t snd_wnd)
{
    struct herd *herd = calloc(1, sizeof(*herd));
    struct t_tcp model;

    assert_non_null(herd);
    herd->cnt = cnt;
    herd->tcps = calloc(cnt, sizeof(*herd->tcps));
    assert_non_null(herd->tcps);
    for (uint32_t i = 0; i < PATHS; ++i) {
        t_states_init(&herd->neighbor, &herd->paths[i], &model);
        herd->paths[i].state.constant.dst = t_addr4(10, 0, 1, (uint8_t)(1 + i));
    }
    for (uint32_t i = 0; i < PATHS; ++i) {
        herd->paths[i].block.next = herd->neighbor.block.dependent;
        herd->neighbor.block.dependent = &herd->paths[i].block;
    }
    for (uint32_t i = 0; i < cnt; ++i) {
        struct t_tcp *tcp = &herd->tcps[i];
        struct t_path *path = &herd->paths[i % PATHS];

        t_states_init(&(struct t_neighbor){0}, &(struct t_path){0}, tcp);
        tcp->state.constant.remote_port = (uint16_t)(1024 + i / PATHS);
        tcp->state.delegated.snd_wnd = snd_wnd;
        tcp->block.next = path->block.dependent;
        path->block.dependent = &tcp->block;
    }
    return herd;
}

static void herd_del(struct herd *herd)
{
    free(herd->tcps);
    free(herd);
}

static void herd_offload(struct t_target *t, struct herd *herd)
{
    t->ops->initiate(t->top, &herd->neighbor.block);
    t->ops->run(t->top, t->now);
    assert_int_equal(herd->neighbor.block.status, TOE_STATUS_SUCCESS);
    (void)t_log_take(&t->log, T_LOG_ALL);
}

static void herd_upload(struct t_target *t, struct herd *herd)
{
    t->ops->terminate(t->top, &herd->neighbor.block);
    t->ops->run(t->top, t->now);
    assert_int_equal(herd->neighbor.block.status, TOE_STATUS_SUCCESS);
    assert_int_equal(t_stats(t).tcp_cnt, 0);
    assert_int_equal(t->target->busies.cnt, 0);
    (void)t_log_take(&t->log, T_LOG_ALL);
    herd->neighbor.handle = 0;
    for (uint32_t i = 0; i < PATHS; ++i) {
        herd->paths[i].handle = 0;
    }
    for (uint32_t i = 0; i < herd->cnt; ++i) {
        herd->tcps[i].handle = 0;
    }
}

/* Twenty thousand connections take what is allowed for so many, and leave nothing. */
static void test_many_take_little(void **state)
{
    struct t_target *t = t_target_new();
    struct herd *herd = herd_new(HERD, 65535);
    uint64_t before;
    uint64_t chunks;

    (void)state;
    t_target_start(t);
    before = t->mem.bytes;
    herd_offload(t, herd);
    assert_int_equal(t_stats(t).tcp_cnt, HERD);
    assert_int_equal(t->target->busies.cnt, 0);
    assert_in_range(t->mem.bytes - before, 0, (uint64_t)HERD * IDLE_MAX);
    chunks = t->target->tcps.chunk_cnt;
    herd_upload(t, herd);
    herd_offload(t, herd);
    assert_int_equal(t->target->tcps.chunk_cnt, chunks); /* the same memory again */
    herd_upload(t, herd);
    herd_del(herd);
    t_target_del(t);
}

/* Whatever happens to a connection wakes it, and it rests when that is over. */
static void test_wakes_and_rests(void **state)
{
    struct t_target *t = t_target_offloaded();
    const struct base_slab *busies = &t->target->busies;

    (void)state;
    assert_int_equal(busies->cnt, 0);

    t_send_new(t, 5000, 1000);
    t_run(t, 0);
    assert_int_equal(busies->cnt, 1);
    t_peer(t, 1000, 0, 0, 6000);
    t_run(t, 10);
    assert_int_equal(busies->cnt, 0);

    /* An acknowledgment is owed until the timer makes it leave, and so is a window update. */
    (void)t_log_take(&t->log, T_LOG_ALL);
    t_receive_new(t, 100, 0);
    t_peer(t, 1000, 100, 0, 6000);
    t_run(t, 20);
    assert_int_equal(busies->cnt, 1);
    t_run(t, 6000);
    assert_int_equal(busies->cnt, 0);

    t_receive_new(t, 100, 0);
    t_run(t, 6010);
    assert_int_equal(busies->cnt, 1);
    assert_int_equal(t_terminate(t), TOE_STATUS_SUCCESS);
    assert_int_equal(busies->cnt, 0);
    t_target_del(t);
}

/* A keep-alive probe needs nothing: it goes out, and its timer goes on, while there is no memory.
 */
static void test_keep_alive_at_rest(void **state)
{
    struct t_target *t = t_target_new();

    (void)state;
    t->tcp.state.cached.flags |= TOE_TCP_KEEP_ALIVE;
    t->tcp.state.cached.ka_timeout = 1000;
    t->tcp.state.cached.ka_interval = 1000;
    t->tcp.state.cached.ka_probe_cnt = 3;
    t->tcp.state.delegated.ka_timeout_delta = 1000;
    t_target_start(t);
    t_offload(t);
    (void)t_log_take(&t->log, T_LOG_ALL);
    t->mem.fail_at = t->mem.cnt + 1;
    t_run(t, 2500);
    t_expect_all(t, "[4999+0 A 1000] [4999+0 A 1000]");
    assert_int_equal(t->target->busies.cnt, 0);
    t_run(t, 4500);
    t_expect_host(t, "RETRIEVE(TIMEOUT_EXPIRATION)");
    t_target_del(t);
}

/* A FIN that was handed over before it was sent is something to do. */
static void test_fin_waits(void **state)
{
    struct t_target *t = t_target_new();

    (void)state;
    t_target_start(t);
    t->tcp.state.delegated.state = TOE_TCP_FIN_WAIT_1;
    t_offload(t);
    t_run(t, 0);
    t_expect_wire(t, "[5000+0 FA 1000]");
    t_target_del(t);
}

/* Where there is no memory to wake a connection the host is asked to take it back, be it for a
 * request, which is refused, or for a segment. */
static void test_no_memory_to_wake(void **state)
{
    enum { CNT = 40 };
    struct t_target *t = t_target_new();
    struct herd *herd = herd_new(CNT, 0);
    struct toe_buf *bufs[CNT];
    struct toe_buf *buf;
    uint32_t refused = 0;
    uint32_t last = CNT;

    (void)state;
    t_target_start(t);
    herd_offload(t, herd);
    for (uint32_t i = 0; i < CNT; ++i) {
        bufs[i] = t_data_new(t, 5000, 10);
    }
    t->mem.fail_at = t->mem.cnt + 1;
    for (uint32_t i = 0; i < CNT; ++i) {
        t->ops->send(t->top, herd->tcps[i].handle, bufs[i]);
    }
    t->ops->run(t->top, t->now);
    for (uint32_t i = 0; i < CNT; ++i) {
        if (bufs[i]->status == TOE_STATUS_UPLOAD_IN_PROGRESS) {
            ++refused;
            last = i;
        }
    }
    assert_in_range(refused, 1, CNT - 1);
    assert_int_equal(t->target->busies.cnt, CNT - refused);
    assert_non_null(strstr(t_log_take(&t->log, T_LOG_HOST), "RETRIEVE(UPLOAD_REQUESTED)"));

    buf = t_buf_new(t, 10);
    t->ops->receive(t->top, herd->tcps[last].handle, buf);
    t->ops->run(t->top, t->now);
    assert_int_equal(buf->status, TOE_STATUS_UPLOAD_IN_PROGRESS);
    buf = t_buf_new(t, 0);
    t->ops->disconnect(t->top, herd->tcps[last].handle, buf, TOE_DISCONNECT_GRACEFUL);
    t->ops->run(t->top, t->now);
    assert_int_equal(buf->status, TOE_STATUS_UPLOAD_IN_PROGRESS);
    (void)t_log_take(&t->log, T_LOG_ALL);

    t->mem.fail_at = 0;
    herd_upload(t, herd);
    herd_del(herd);
    t_target_del(t);
}

static void test_no_memory_for_a_segment(void **state)
{
    enum { CNT = 40 };
    struct t_target *t = t_target_new();
    struct herd *herd = herd_new(CNT, 0);
    uint32_t asked = 0;

    (void)state;
    t_target_start(t);
    herd_offload(t, herd);
    t->mem.fail_at = t->mem.cnt + 1;
    for (uint32_t i = 0; i < CNT; ++i) {
        t->from_peer.src = herd->paths[i % PATHS].state.constant.dst;
        t->tcp.state.constant.remote_port = herd->tcps[i].state.constant.remote_port;
        t_peer(t, 1000, 10, 0, 5000);
        t->ops->run(t->top, t->now);
        asked += strstr(t_log_take(&t->log, T_LOG_HOST), "RETRIEVE(UPLOAD_REQUESTED)") != NULL;
    }
    assert_in_range(asked, 1, CNT);
    t->mem.fail_at = 0;
    herd_upload(t, herd);
    herd_del(herd);
    t_target_del(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_take_little),   cmocka_unit_test(test_wakes_and_rests),
        cmocka_unit_test(test_keep_alive_at_rest), cmocka_unit_test(test_fin_waits),
        cmocka_unit_test(test_no_memory_to_wake),  cmocka_unit_test(test_no_memory_for_a_segment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
