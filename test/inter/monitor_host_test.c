/* SPDX-License-Identifier: MIT */
/*
 * Wrong hosts: a target that is right below the monitor, and a host that breaks one rule. The
 * monitor has to name it; and what was never answered when all should be quiet.
 */
#include "inter/life.h"
#include "wire/bytes.h"
#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/ipv4.h"

/* One way to be wrong, with a connection offloaded. */
struct wrong_host {
    const char *name;
    const char *rule;
    void (*act)(struct l_life *l);
};

static struct toe_block block; /* one that outlives the act */
static struct toe_tcp_state state;

static void post(struct l_life *l, enum toe_block_type type)
{
    memset(&state, 0, sizeof(state));
    state.size = sizeof(state);
    state.cached = l->t->tcp.state.cached;
    t_block_init(&block, (uint16_t)type, &l->t->tcp.handle, &state);
}

static void terminate_tcp(struct l_life *l)
{
    l->t->tcp.block.next = NULL;
    l->t->ops->terminate(l->t->top, &l->t->tcp.block);
}

static void initiate_twice(struct l_life *l)
{
    toe_handle handle = 0;
    struct t_neighbor copy = l->t->neighbor;

    copy.block.object = &handle;
    copy.block.host_object = l->t->neighbor.block.host_object;
    copy.block.dependent = NULL;
    copy.block.state.neighbor = &copy.state;
    l->t->ops->initiate(l->t->top, &copy.block);
    l_run(l);
}

static void offer(struct l_life *l, struct toe_block *at)
{
    static struct toe_block linkers[2];
    static toe_handle neighbor;
    static toe_handle path;

    neighbor = l->t->neighbor.handle;
    path = l->t->path.handle;
    t_block_init(&linkers[0], TOE_BLOCK_NEIGHBOR, &neighbor, NULL);
    t_block_init(&linkers[1], TOE_BLOCK_PATH4, &path, NULL);
    linkers[0].dependent = &linkers[1];
    linkers[1].dependent = at;
    l->t->ops->initiate(l->t->top, &linkers[0]);
    l_run(l);
}

/* A segment of the connection, by the host's own hand. */
static void transmit_segment(struct l_life *l)
{
    const struct t_target *t = l->t;
    const struct wire_ether ether = {.type = WIRE_ETHER_TYPE_IPV4};
    const struct wire_ipv4 ip = {.src = t->path.state.constant.src,
                                 .dst = t->path.state.constant.dst,
                                 .payload_len = 20,
                                 .id = 0x8000,
                                 .ttl = 64,
                                 .proto = WIRE_PROTO_TCP,
                                 .df = true};
    uint8_t bytes[64] = {0};
    uint32_t len = (uint32_t)wire_ether_build(bytes, sizeof(bytes), &ether);
    uint64_t sum;

    len += (uint32_t)wire_ipv4_build(bytes + len, sizeof(bytes) - len, &ip);
    wire_store_u16(bytes + len, t->tcp.state.constant.local_port);
    wire_store_u16(bytes + len + 2, t->tcp.state.constant.remote_port);
    bytes[len + 12] = 0x50;
    sum = wire_csum_pseudo(&ip.src, &ip.dst, WIRE_PROTO_TCP, 20);
    sum = wire_csum_combine(sum, wire_csum_add(0, bytes + len, 20), 0);
    wire_store_u16(bytes + len + 16, wire_csum_fold(sum));
    l->t->ops->transmit(l->t->top, &(struct toe_frame){.data = bytes, .len = len + 20}, 1);
}

/* A third connection, which is wrong in one way. */
static struct t_tcp third;

static void third_init(struct l_life *l)
{
    memset(&third, 0, sizeof(third));
    third.state = l->t->tcp.state;
    third.state.constant.local_port = 40002;
    t_block_init(&third.block, TOE_BLOCK_TCP, &third.handle, &third.state);
}

static void offer_time_wait(struct l_life *l)
{
    third_init(l);
    third.state.delegated.state = TOE_TCP_TIME_WAIT;
    offer(l, &third.block);
}

static void offer_wrong_sequence(struct l_life *l)
{
    third_init(l);
    third.state.delegated.snd_nxt = third.state.delegated.snd_una - 1;
    offer(l, &third.block);
}

static void offer_wrong_head(struct l_life *l)
{
    third_init(l);
    third.block.send_chain = t_data_new(l->t, 5000, 10);
    offer(l, &third.block);
}

static void offer_cached_only(struct l_life *l)
{
    third_init(l);
    third.block.type = TOE_BLOCK_TCP_CACHED;
    offer(l, &third.block);
}

static void offer_small_block(struct l_life *l)
{
    third_init(l);
    third.block.size = 8;
    offer(l, &third.block);
}

static void offer_path_in_place_of_tcp(struct l_life *l)
{
    third_init(l);
    third.block.type = TOE_BLOCK_PATH4;
    offer(l, &third.block);
}

static void offer_root(struct l_life *l)
{
    third_init(l);
    l->t->ops->initiate(l->t->top, &third.block);
    l_run(l);
}

static void offer_below_placeholder(struct l_life *l)
{
    third_init(l);
    t_block_init(&block, 0, NULL, NULL);
    block.dependent = &third.block;
    l->t->ops->initiate(l->t->top, &block);
    l_run(l);
}

static void link_to_invalid(struct l_life *l)
{
    post(l, TOE_BLOCK_PATH4);
    block.object = &l->t->path.handle;
    block.state.path = NULL;
    l->t->ops->invalidate(l->t->top, &block);
    l_run(l);
    third_init(l);
    offer(l, &third.block);
}

static void unknown_handle(struct l_life *l)
{
    l->t->ops->send(l->t->top, 12345, t_data_new(l->t, 5000, 10));
    l_run(l);
}

static void no_handle(struct l_life *l)
{
    toe_handle none = 0;

    post(l, TOE_BLOCK_TCP_DELEGATED);
    block.object = &none;
    l->t->ops->query(l->t->top, &block);
    l_run(l);
}

static void terminate_path_alone(struct l_life *l)
{
    l->t->path.block.dependent = NULL;
    l->t->ops->terminate(l->t->top, &l->t->path.block);
    l_run(l);
}

static void terminate_while_asking(struct l_life *l)
{
    post(l, TOE_BLOCK_TCP_DELEGATED);
    l->t->ops->query(l->t->top, &block);
    terminate_tcp(l);
    l_run(l);
}

static void ask_while_terminating(struct l_life *l)
{
    terminate_tcp(l);
    post(l, TOE_BLOCK_TCP_DELEGATED);
    l->t->ops->query(l->t->top, &block);
    l_run(l);
}

static void same_tree_twice(struct l_life *l)
{
    post(l, TOE_BLOCK_TCP_DELEGATED);
    l->t->ops->query(l->t->top, &block);
    l->t->ops->query(l->t->top, &block);
}

static void update_twice(struct l_life *l)
{
    static struct toe_block other;

    post(l, TOE_BLOCK_TCP_CACHED);
    other = block;
    l->t->ops->update(l->t->top, &block);
    l->t->ops->update(l->t->top, &other);
    l_run(l);
}

static void update_invalid(struct l_life *l)
{
    post(l, TOE_BLOCK_TCP_CACHED);
    l->t->ops->invalidate(l->t->top, &block);
    l_run(l);
    post(l, TOE_BLOCK_TCP_CACHED);
    l->t->ops->update(l->t->top, &block);
    l_run(l);
}

static void send_while_terminating(struct l_life *l)
{
    terminate_tcp(l);
    (void)t_send_new(l->t, 5000, 10);
    l_run(l);
}

static void forward_while_terminating(struct l_life *l)
{
    terminate_tcp(l);
    l_forward(l);
}

static void send_after_fin(struct l_life *l)
{
    (void)t_disconnect_new(l->t, 5000, 0, TOE_DISCONNECT_GRACEFUL);
    (void)t_send_new(l->t, 5000, 10);
    l_run(l);
}

static void send_same_twice(struct l_life *l)
{
    struct toe_buf *buf = t_send_new(l->t, 5000, 10);

    l_run(l);
    l->t->ops->receive(l->t->top, l->second.handle, buf);
}

static void send_beyond(struct l_life *l)
{
    struct toe_buf *buf = t_data_new(l->t, 5000, 10);

    buf->len = 11;
    l->t->ops->send(l->t->top, l->t->tcp.handle, buf);
    l_run(l);
}

static void disconnect_chain(struct l_life *l)
{
    struct toe_buf *buf = t_data_new(l->t, 5000, 0);

    buf->next = t_data_new(l->t, 5000, 0);
    l->t->ops->disconnect(l->t->top, l->t->tcp.handle, buf, TOE_DISCONNECT_GRACEFUL);
    l_run(l);
}

static void disconnect_how(struct l_life *l)
{
    (void)t_disconnect_new(l->t, 5000, 0, (enum toe_disconnect)4);
    l_run(l);
}

static void abort_with_data(struct l_life *l)
{
    (void)t_disconnect_new(l->t, 5000, 5, TOE_DISCONNECT_ABORTIVE);
    l_run(l);
}

static void disconnect_twice(struct l_life *l)
{
    (void)t_disconnect_new(l->t, 5000, 0, TOE_DISCONNECT_GRACEFUL);
    (void)t_disconnect_new(l->t, 5000, 0, TOE_DISCONNECT_GRACEFUL);
    l_run(l);
}

static void receive_after_end(struct l_life *l)
{
    t_peer(l->t, 1000, 0, TCP_FIN, 5000);
    l_run(l);
    (void)t_receive_new(l->t, 10, 0);
    l_run(l);
}

static void answer(struct l_life *l, toe_status status, uint32_t consumed)
{
    l->answer = status;
    l->consumed = consumed;
    t_peer(l->t, 1000, 10, TCP_PSH, 5000);
    l_run(l);
}

static void accept_less(struct l_life *l)
{
    answer(l, TOE_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED, 0);
}

static void refuse_some(struct l_life *l)
{
    answer(l, TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED, 3);
}

static void answer_strange(struct l_life *l)
{
    answer(l, TOE_STATUS_RESOURCES, 0);
}

static void return_twice(struct l_life *l)
{
    struct toe_buf *buf;

    t_peer(l->t, 1000, 10, TCP_PSH, 5000);
    l_run(l);
    buf = l->kept[0];
    l_return(l);
    l->t->ops->receive_return(l->t->top, buf);
}

static void detach(struct l_life *l)
{
    l->t->ops->attach(l->t->top, NULL, NULL);
}

static void stay_after_request(struct l_life *l)
{
    t_peer(l->t, 1000, 10, TCP_URG | TCP_PSH, 5000); /* urgent data: a mandatory reason */
    l_run(l);
    toe_inter_monitor_finish(l->monitor);
}

static void stay_after_upload_all(struct l_life *l)
{
    toe_target_upload_all(l->t->target);
    l_run(l);
    toe_inter_monitor_finish(l->monitor);
}

static const struct wrong_host wrongs[] = {
    {"a segment of an offloaded connection", "ARCH-5", transmit_segment},
    {"initiate of what is offloaded", "EVO-2", initiate_twice},
    {"a connection in TIME_WAIT", "NEW-3", offer_time_wait},
    {"sequence numbers", "STATE-TD-35", offer_wrong_sequence},
    {"first buffer with data", "SND-054", offer_wrong_head},
    {"only cached state", "NEW-2", offer_cached_only},
    {"a small block", "BLK-3", offer_small_block},
    {"a path where a connection belongs", "TREE-1", offer_path_in_place_of_tcp},
    {"a connection alone", "TREE-7", offer_root},
    {"a connection below a placeholder", "PLH-6", offer_below_placeholder},
    {"a linker to an invalid path", "LKR-6", link_to_invalid},
    {"an unknown handle", "CTX-4", unknown_handle},
    {"no handle", "CTX-7", no_handle},
    {"a path without its connections", "REF-3", terminate_path_alone},
    {"terminate before a query's answer", "TRM-15", terminate_while_asking},
    {"query after the terminate", "TRM-30", ask_while_terminating},
    {"a tree posted twice", "BLK-5", same_tree_twice},
    {"two updates", "SYN-2", update_twice},
    {"update of what is invalid", "SYN-1", update_invalid},
    {"send after the terminate", "SND-083", send_while_terminating},
    {"forward after the terminate", "FWD-003", forward_while_terminating},
    {"send after the disconnect", "SND-019", send_after_fin},
    {"a buffer posted twice", "IOS-013", send_same_twice},
    {"beyond the end", "IOS-003", send_beyond},
    {"a chain of disconnects", "DSC-002", disconnect_chain},
    {"neither graceful nor abortive", "DSC-003", disconnect_how},
    {"an abort with data", "DSC-006", abort_with_data},
    {"a second disconnect", "DSC-024", disconnect_twice},
    {"a receive after the end", "EVT-012", receive_after_end},
    {"partly accepted: none", "RCV-051", accept_less},
    {"refused and consumed", "RCV-049", refuse_some},
    {"a strange answer", "RCV-050", answer_strange},
    {"a buffer returned twice", "RCV-065", return_twice},
    {"detached too early", "SEAM-5", detach},
    {"a mandatory request", "EVT-012", stay_after_request},
    {"upload all", "CAP-40", stay_after_upload_all},
};

static struct t_target *begin(struct l_life *l)
{
    struct t_target *t = t_target_new();
    struct toe_inter_below below;

    t_target_start(t);
    below = (struct toe_inter_below){toe_target_ops(), t->target};
    l_life_init(l, t, &below, NULL, NULL);
    l_offload(l, 0);
    return t;
}

static void end(struct l_life *l, struct t_target *t)
{
    l_life_fini(l);
    t_target_del(t);
}

static void test_wrong(void **unused)
{
    uint32_t missed = 0;

    (void)unused;
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); ++i) {
        static struct l_life life;
        struct t_target *t = begin(&life);

        wrongs[i].act(&life);
        if (l_breached(&life, wrongs[i].rule, TOE_INTER_HOST) == 0) {
            ++missed;
            print_message("%s: %s was not reported\n", wrongs[i].name, wrongs[i].rule);
        }
        end(&life, t);
    }
    assert_int_equal(missed, 0);
}

/* Without a single run, nothing is ever answered. */
static void test_never_answered(void **unused)
{
    static const char *const rules[] = {"SND-002", "RCV-009", "DSC-001", "FWD-004", "OFF-2"};
    static struct l_life life;
    struct t_target *t = begin(&life);
    struct toe_buf *buf = t_buf_new(t, 20);

    (void)unused;
    t_peer(t, 1000, 10, TCP_PSH, 5000);
    l_run(&life);
    assert_int_equal(life.kept_cnt, 1);
    (void)t_send_new(t, 5000, 10);
    (void)t_receive_new(t, 10, 0);
    (void)t_disconnect_new(t, 5010, 0, TOE_DISCONNECT_GRACEFUL);
    t->ops->forward(t->top, t->tcp.handle, buf);
    post(&life, TOE_BLOCK_TCP_DELEGATED);
    t->ops->query(t->top, &block);
    toe_inter_monitor_finish(life.monitor);
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); ++i) {
        if (l_breached(&life, rules[i], TOE_INTER_TARGET) != 1) {
            fail_msg("%s", rules[i]);
        }
    }
    assert_int_equal(l_breached(&life, "RCV-069", TOE_INTER_HOST), 1);
    end(&life, t);
}

static void print_breach(void *user, const struct toe_inter_breach *breach)
{
    (void)user;
    print_message("%s: %s\n", breach->rule->id, breach->rule->text);
}

/* More than it may follow: it says so, and reports nothing that it does not know. */
static void test_blind(void **unused)
{
    static struct l_life life;
    struct t_target *t = t_target_new();
    struct toe_inter_monitor_settings set;
    struct toe_inter_monitor_stats stats = {.size = sizeof(stats)};
    struct toe_inter_below below;

    (void)unused;
    t_target_start(t);
    below = (struct toe_inter_below){toe_target_ops(), t->target};
    l_life_init(&life, t, &below, NULL, NULL);
    toe_inter_monitor_del(life.monitor);
    toe_inter_monitor_settings_default(&set);
    set.below = below;
    set.tell = print_breach;
    set.object_max = 2;
    set.buf_max = 1;
    set.block_max = 4;
    life.monitor = toe_inter_monitor_new(&set);
    t->ops = toe_inter_monitor_ops(life.monitor);
    t->top = life.monitor;
    t->ops->attach(t->top, &life.host, &life);
    assert_int_equal(t->ops->params_set(t->top, &t->params), TOE_STATUS_SUCCESS);
    l_life(&life);
    toe_inter_monitor_stats_get(life.monitor, &stats);
    assert_true(stats.is_blind);
    assert_int_equal(stats.breaches[TOE_INTER_HOST] + stats.breaches[TOE_INTER_TARGET], 0);
    end(&life, t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_never_answered),
        cmocka_unit_test(test_blind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
