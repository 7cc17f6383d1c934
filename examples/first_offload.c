/* SPDX-License-Identifier: MIT */
/*
 * A first offload, step by step: what a host hands to its target, and what comes back.
 *
 * Two machines on a simulated link. Between the first one's host and its target stands this
 * program: it copies the target's table of functions, replaces some of them by its own that print
 * what passes, and hands the copy to the host. That is how anything is put between the two (see
 * toe/seam.h); neither of them notices.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "toe/sim.h"
#include "toe/target.h"

enum { PORT = 7 };

static const struct toe_addr addr_a = {4, {10, 0, 0, 1}};
static const struct toe_addr addr_b = {4, {10, 0, 0, 2}};

/* The tables of the two between which we stand. */
static const struct toe_target_ops *target_ops;
static struct toe_host_ops host_ops;

/* --- what passes, in words --- */

static void print_mac(const char *what, const uint8_t mac[TOE_MAC_LEN])
{
    printf("%s %02x:%02x:%02x:%02x:%02x:%02x", what, mac[0], mac[1], mac[2], mac[3], mac[4],
           mac[5]);
}

static void print_neighbor(const struct toe_neighbor_state *state)
{
    print_mac("        cached     dst_mac", state->cached.dst_mac);
    printf(", known reachable %" PRIu32 " ticks ago\n", state->cached.host_reachability_delta);
}

static void print_path(const struct toe_path_state *state)
{
    const uint8_t *src = state->constant.src.bytes;
    const uint8_t *dst = state->constant.dst.bytes;

    printf("        const      %u.%u.%u.%u to %u.%u.%u.%u\n", src[0], src[1], src[2], src[3],
           dst[0], dst[1], dst[2], dst[3]);
    printf("        cached     mtu %" PRIu32 "\n", state->cached.mtu);
}

static void print_tcp_const(const struct toe_tcp_const *state)
{
    printf("        const      ports %u to %u, peer's MSS %u, scales %u and %u%s%s\n",
           state->local_port, state->remote_port, state->remote_mss, state->snd_wnd_scale,
           state->rcv_wnd_scale, state->flags & TOE_TCP_TIMESTAMPS ? ", timestamps" : "",
           state->flags & TOE_TCP_SACK ? ", SACK" : "");
}

static void print_tcp_delegated(const struct toe_tcp_delegated *state)
{
    printf("        delegated  %s, snd_una %" PRIu32 ", snd_nxt %" PRIu32 ", snd_wnd %" PRIu32
           ", rcv_nxt %" PRIu32 ", rcv_wnd %" PRIu32 "\n",
           toe_conn_state_name(state->state), state->snd_una, state->snd_nxt, state->snd_wnd,
           state->rcv_nxt, state->rcv_wnd);
    printf("                   cwnd %" PRIu32 ", ssthresh %" PRIu32
           ", srtt %u/8 ticks, rttvar %u/4 ticks\n",
           state->cwnd, state->ssthresh, state->srtt, state->rttvar);
}

static void print_chain(const char *what, const struct toe_buf *buf)
{
    uint32_t cnt = 0;
    uint32_t len = 0;

    for (; buf != NULL; buf = buf->next, ++cnt) {
        len += buf->len;
    }
    printf("        %-10s %" PRIu32 " bytes in %" PRIu32 " buffers\n", what, len, cnt);
}

static void print_block(const struct toe_block *block, int depth)
{
    static const char *const layers[] = {"neighbor", "path", "TCP connection", "?"};
    static const char *const roles[] = {"placeholder", "new", "reference"};

    for (; block != NULL; block = block->next) {
        printf("    %*s%s, %s\n", 2 * depth, "", layers[toe_block_layer(block->type)],
               roles[toe_block_role(block)]);
        if (block->type == TOE_BLOCK_NEIGHBOR && block->state.neighbor != NULL) {
            print_neighbor(block->state.neighbor);
        }
        if (block->type == TOE_BLOCK_PATH4 && block->state.path != NULL) {
            print_path(block->state.path);
        }
        if (block->type == TOE_BLOCK_TCP && block->state.tcp != NULL) {
            print_tcp_const(&block->state.tcp->constant);
            print_tcp_delegated(&block->state.tcp->delegated);
            print_chain("sending", block->send_chain);
        }
        if (block->type == TOE_BLOCK_TCP_DELEGATED && block->state.tcp != NULL) {
            print_tcp_delegated(&block->state.tcp->delegated);
            print_chain("sending", block->send_chain);
            print_chain("received", block->state.tcp->delegated.buffered_data);
        }
        print_block(block->dependent, depth + 1);
    }
}

static void print_statuses(const struct toe_block *block, int depth)
{
    for (; block != NULL; block = block->next) {
        printf("    %*s%s, handle %016" PRIx64 "\n", 2 * depth, "", toe_status_name(block->status),
               block->object == NULL ? 0 : *block->object);
        print_statuses(block->dependent, depth + 1);
    }
}

/* --- what stands between --- */

static void initiate(void *target, struct toe_block *tree)
{
    printf("\nThe host asks: initiate. One block for each object, and the state in it:\n");
    print_block(tree, 0);
    target_ops->initiate(target, tree);
}

static void initiate_complete(void *host, struct toe_block *tree)
{
    printf("\nThe target answers, from its next run. Its handles are in the blocks now:\n");
    print_statuses(tree, 0);
    host_ops.initiate_complete(host, tree);
}

static void terminate(void *target, struct toe_block *tree)
{
    printf("\nThe host asks: terminate.\n");
    target_ops->terminate(target, tree);
}

static void terminate_complete(void *host, struct toe_block *tree)
{
    printf("\nThe target answers with what it was delegated, and forgets the object:\n");
    print_block(tree, 0);
    print_statuses(tree, 0);
    host_ops.terminate_complete(host, tree);
}

static void attach(void *target, const struct toe_host_ops *ops, void *host)
{
    struct toe_host_ops between;

    if (ops == NULL) {
        target_ops->attach(target, NULL, NULL);
        return;
    }
    host_ops = *ops;
    between = *ops;
    between.initiate_complete = initiate_complete;
    between.terminate_complete = terminate_complete;
    target_ops->attach(target, &between, host);
}

/* --- the two machines --- */

/* Machine A by hand, with us between its host and its target. */
static bool make_machine(struct toe_sim_machine *machine, struct toe_sim *sim, void *wire)
{
    static const uint8_t mac[TOE_MAC_LEN] = {2, 0, 0, 0, 0, 1};
    static struct toe_target_ops between;
    struct toe_target_settings of_target;
    struct toe_host_settings of_host;
    struct toe_host_interface interface = {.ops = &between, .mtu = 1500};

    target_ops = toe_target_ops();
    between = *target_ops;
    between.attach = attach;
    between.initiate = initiate;
    between.terminate = terminate;

    toe_target_settings_default(&of_target);
    of_target.wire = toe_sim_wire_ops();
    of_target.wire_user = wire;
    memcpy(of_target.mac, mac, sizeof(mac));
    toe_host_settings_default(&of_host);
    of_host.policy = TOE_POLICY_MANUAL;

    *machine = (struct toe_sim_machine){.ops = &between};
    machine->target = toe_target_new(&of_target);
    machine->host = toe_host_new(&of_host);
    interface.target = machine->target;
    return toe_host_interface_add(machine->host, &interface) == 0 &&
           toe_host_address_add(machine->host, 0, &addr_a, 24) == 0 &&
           toe_sim_machine_add(sim, machine, wire) >= 0;
}

static void say_where(const struct toe_host *host, toe_handle conn)
{
    struct toe_host_conn_info info;

    if (toe_host_conn_info(host, conn, &info)) {
        printf("The connection is %s, in place \"%s\".\n", toe_conn_state_name(info.state),
               toe_place_name(info.place));
    }
}

static void run_for(struct toe_sim *sim, toe_duration duration)
{
    toe_sim_run(sim, toe_sim_now(sim) + duration);
}

/* Has B receive, and tells what. */
static void show_received(struct toe_host *host, toe_handle conn)
{
    char text[256];
    const size_t len = toe_host_receive(host, conn, text, sizeof(text));

    printf("B received: \"%.*s\"\n", (int)len, text);
}

int main(void)
{
    const struct toe_sim_link_settings wire = {.delay = 5 * TOE_NS_PER_MS};
    struct toe_sim *sim = toe_sim_new(&(struct toe_sim_settings){.seed = 1});
    struct toe_sim_link *link = toe_sim_link_new(sim, &wire);
    struct toe_sim_machine a, b;
    toe_handle listener, client, server;

    if (!make_machine(&a, sim, toe_sim_link_end(link, 0)) ||
        !toe_sim_machine_init(&b, sim, toe_sim_link_end(link, 1), &addr_b, 24)) {
        return 1;
    }

    printf("1. The host sets a connection up. The target passes its segments on, unopened.\n");
    listener = toe_host_listen(b.host, NULL, PORT, 1);
    client = toe_host_connect(a.host, NULL, 0, &addr_b, PORT);
    run_for(sim, 100 * TOE_NS_PER_MS);
    server = toe_host_accept(b.host, listener);
    say_where(a.host, client);

    printf("\n2. It sends, and offloads the connection before any of it is acknowledged.\n");
    toe_host_send(a.host, client, "said before, ", 13);
    run_for(sim, TOE_NS_PER_MS);
    toe_host_offload(a.host, &client, 1);
    run_for(sim, TOE_NS_PER_MS);
    say_where(a.host, client);

    printf("\n3. The target has it: what the host sends now are buffers, not segments.\n");
    toe_host_send(a.host, client, "said while offloaded, ", 22);
    run_for(sim, 100 * TOE_NS_PER_MS);
    show_received(b.host, server);

    printf("\n4. The host takes it back.\n");
    toe_host_upload(a.host, &client, 1);
    run_for(sim, TOE_NS_PER_MS);
    say_where(a.host, client);
    toe_host_send(a.host, client, "said after.", 11);
    run_for(sim, 100 * TOE_NS_PER_MS);
    show_received(b.host, server);

    toe_host_del(a.host);
    toe_target_del(a.target);
    toe_sim_machine_fini(&b);
    toe_sim_del(sim);
    return 0;
}
