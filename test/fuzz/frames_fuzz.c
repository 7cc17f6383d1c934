/* SPDX-License-Identifier: MIT */
/*
 * Random frames at a target with offloaded connections.
 *
 * The input is a program: each step is an opcode byte, a length byte and so many bytes. Steps build
 * nearly good segments from the bytes, or take the bytes as a frame, put them on the wire whole and
 * cut, post requests, let time pass, and upload. Whatever comes, the target must stay within its
 * invariants (its assertions are on), answer every request once, and free all it took.
 */
#include "toe/target.h"

#include "wire/bytes.h"
#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/ipv4.h"
#include "wire/tcp.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CONN_CNT 3
#define QUEUE_MAX 64
#define BUF_MAX 64
#define BUF_LEN 700

struct request {
    struct toe_buf buf;
    struct toe_sge sge;
    uint8_t bytes[BUF_LEN];
    int is_posted;
};

struct fuzz {
    struct toe_target *target;
    const struct toe_target_ops *ops;
    struct toe_frame frames[QUEUE_MAX];
    uint8_t *copies[QUEUE_MAX]; /* of the exact size, so that a read beyond is seen */
    uint32_t cnt;
    uint8_t *old[QUEUE_MAX]; /* lent to the target until it asks again */
    uint32_t old_cnt;
    struct request requests[BUF_MAX];
    uint32_t posted_cnt;
    struct toe_buf *kept[1024];
    uint32_t kept_cnt;
    uint8_t answer;
    toe_instant now;
    struct toe_neighbor_state neighbor;
    struct toe_path_state path;
    struct toe_tcp_state tcps[CONN_CNT];
    struct toe_block blocks[CONN_CNT + 2];
    toe_handle handles[CONN_CNT + 2];
    size_t live; /* bytes of memory */
};

static void check(int is_true)
{
    if (!is_true) {
        abort();
    }
}

static void *fuzz_alloc(void *user, size_t size)
{
    struct fuzz *f = user;

    f->live += size;
    return malloc(size);
}

static void fuzz_free(void *user, void *ptr, size_t size)
{
    struct fuzz *f = user;

    if (ptr != NULL) {
        f->live -= size;
        free(ptr);
    }
}

/* --- wire --- */

static void drop_old(struct fuzz *f)
{
    for (uint32_t i = 0; i < f->old_cnt; ++i) {
        free(f->old[i]);
    }
    f->old_cnt = 0;
}

static uint32_t wire_receive(void *ctx, struct toe_frame *frames, uint32_t max)
{
    struct fuzz *f = ctx;
    const uint32_t cnt = f->cnt < max ? f->cnt : max;

    drop_old(f);
    memcpy(frames, f->frames, cnt * sizeof(*frames));
    memcpy(f->old, f->copies, cnt * sizeof(f->old[0]));
    f->old_cnt = cnt;
    f->cnt -= cnt;
    memmove(f->frames, f->frames + cnt, f->cnt * sizeof(*frames));
    memmove(f->copies, f->copies + cnt, f->cnt * sizeof(f->copies[0]));
    return cnt;
}

static void wire_transmit(void *ctx, const struct toe_frame *frames, uint32_t cnt)
{
    (void)ctx;
    for (uint32_t i = 0; i < cnt; ++i) {
        check(frames[i].len >= 54);
    }
}

static void wire_push(struct fuzz *f, const uint8_t *data, size_t len)
{
    if (f->cnt == QUEUE_MAX) {
        return;
    }
    f->copies[f->cnt] = malloc(len > 0 ? len : 1);
    check(f->copies[f->cnt] != NULL);
    if (len > 0) {
        memcpy(f->copies[f->cnt], data, len);
    }
    f->frames[f->cnt] = (struct toe_frame){.data = f->copies[f->cnt], .len = (uint32_t)len};
    ++f->cnt;
}

/* --- host --- */

static void tree_complete(void *ctx, struct toe_block *tree)
{
    (void)ctx;
    check(tree != NULL);
}

static void chain_complete(void *ctx, struct toe_buf *chain)
{
    struct fuzz *f = ctx;

    while (chain != NULL) {
        struct request *request = (struct request *)chain->owner_data[0];

        chain = chain->next;
        check(request->is_posted == 1);
        request->is_posted = 0;
        --f->posted_cnt;
    }
}

static toe_status indicate(void *ctx, void *host_object, struct toe_buf *buf, uint32_t *consumed)
{
    struct fuzz *f = ctx;

    (void)host_object;
    check(toe_buf_is_sound(buf) && buf->len > 0);
    switch (f->answer++ % 4) {
    case 0:
        return TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    case 1:
        *consumed = f->answer % (buf->len + 1);
        return TOE_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED;
    default:
        *consumed = buf->len;
        if (f->kept_cnt == sizeof(f->kept) / sizeof(f->kept[0])) {
            return TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
        }
        f->kept[f->kept_cnt++] = buf;
        return TOE_STATUS_SUCCESS;
    }
}

static void tcp_event(void *ctx, void *host_object, enum toe_event event, uint32_t info)
{
    (void)ctx;
    (void)host_object;
    (void)event;
    (void)info;
}

static void neighbor_event(void *ctx, enum toe_neighbor_event event, struct toe_block *block)
{
    (void)ctx;
    (void)event;
    block->state.neighbor->cached.host_reachability_delta = 0;
}

static void host_status(void *ctx, toe_status status, const struct toe_caps *caps)
{
    (void)ctx;
    (void)status;
    (void)caps;
}

static void host_frames(void *ctx, const struct toe_frame *frames, uint32_t cnt)
{
    static volatile uint8_t sink;

    (void)ctx;
    for (uint32_t i = 0; i < cnt; ++i) {
        if (frames[i].len > 0) {
            sink = frames[i].data[frames[i].len - 1];
        }
    }
    (void)sink;
}

static const struct toe_host_ops host_ops = {
    .size = sizeof(host_ops),
    .initiate_complete = tree_complete,
    .terminate_complete = tree_complete,
    .update_complete = tree_complete,
    .query_complete = tree_complete,
    .invalidate_complete = tree_complete,
    .send_complete = chain_complete,
    .receive_complete = chain_complete,
    .disconnect_complete = chain_complete,
    .forward_complete = chain_complete,
    .receive_indicate = indicate,
    .tcp_event = tcp_event,
    .neighbor_event = neighbor_event,
    .status = host_status,
    .frames = host_frames,
};

/* --- set-up --- */

static void init_block(struct fuzz *f, size_t idx, uint16_t type, void *state)
{
    f->blocks[idx] =
        (struct toe_block){.size = sizeof(f->blocks[idx]), .revision = 1, .type = type};
    f->blocks[idx].object = &f->handles[idx];
    f->blocks[idx].host_object = f;
    f->blocks[idx].state.tcp = state;
}

static void init_states(struct fuzz *f)
{
    static const enum toe_conn_state states[CONN_CNT] = {TOE_TCP_ESTABLISHED, TOE_TCP_CLOSE_WAIT,
                                                         TOE_TCP_FIN_WAIT_2};

    f->neighbor.size = sizeof(f->neighbor);
    f->path.size = sizeof(f->path);
    f->path.constant.src = (struct toe_addr){.family = 4, .bytes = {10, 0, 0, 1}};
    f->path.constant.dst = (struct toe_addr){.family = 4, .bytes = {10, 0, 0, 2}};
    f->path.cached.mtu = 1500;
    init_block(f, 0, TOE_BLOCK_NEIGHBOR, &f->neighbor);
    init_block(f, 1, TOE_BLOCK_PATH4, &f->path);
    f->blocks[0].dependent = &f->blocks[1];
    f->blocks[1].dependent = &f->blocks[2];
    for (size_t i = 0; i < CONN_CNT; ++i) {
        f->tcps[i] = (struct toe_tcp_state){
            .size = sizeof(f->tcps[i]),
            .constant = {.flags = (uint16_t)(i == 0   ? TOE_TCP_SACK
                                             : i == 1 ? TOE_TCP_TIMESTAMPS
                                                      : 0),
                         .remote_port = 5001,
                         .local_port = (uint16_t)(40000 + i),
                         .remote_mss = 1460},
            .cached = {.flags = TOE_TCP_KEEP_ALIVE,
                       .initial_rcv_wnd = 20000,
                       .ka_timeout = 7200000,
                       .ka_interval = 1000,
                       .ka_probe_cnt = 3,
                       .ttl = 64},
            .delegated = {.state = states[i],
                          .rcv_nxt = 1000,
                          .rcv_wnd = 20000,
                          .snd_una = 5000,
                          .snd_nxt = 5000,
                          .snd_max = 5000,
                          .snd_wnd = 20000,
                          .max_snd_wnd = 20000,
                          .snd_wl1 = 1000,
                          .cwnd = 14600,
                          .ssthresh = 65535,
                          .ka_timeout_delta = TOE_TICKS_NONE,
                          .retransmit_timeout_delta =
                              states[i] == TOE_TCP_FIN_WAIT_2 ? 120000 : TOE_TICKS_NONE},
        };
        init_block(f, 2 + i, TOE_BLOCK_TCP, &f->tcps[i]);
        if (i > 0) {
            f->blocks[1 + i].next = &f->blocks[2 + i];
        }
    }
}

static void start(struct fuzz *f)
{
    const struct toe_wire_ops wire = {
        .size = sizeof(wire), .receive = wire_receive, .transmit = wire_transmit};
    struct toe_target_settings settings;
    struct toe_params params;

    toe_target_settings_default(&settings);
    settings.wire = &wire;
    settings.wire_user = f;
    settings.mac[0] = 2;
    settings.mem = (struct toe_mem){.user = f, .alloc = fuzz_alloc, .free = fuzz_free};
    settings.rcv_chunk_max = 40;
    f->target = toe_target_new(&settings);
    check(f->target != NULL);
    f->ops = toe_target_ops();
    f->ops->attach(f->target, &host_ops, f);
    toe_params_default(&params);
    check(f->ops->params_set(f->target, &params) == TOE_STATUS_SUCCESS);
    init_states(f);
    f->ops->initiate(f->target, &f->blocks[0]);
    f->ops->run(f->target, f->now);
    check(f->blocks[4].status == TOE_STATUS_SUCCESS);
}

/* --- steps --- */

/* A segment that is wrong in at most the ways |p| says: 12 bytes of it are used. */
static size_t build_segment(uint8_t *frame, const uint8_t *p)
{
    const struct wire_ether ether = {.dst = {2}, .type = WIRE_ETHER_TYPE_IPV4};
    struct tcp_segment seg = TCP_SEGMENT_INIT;
    struct wire_ipv4 ip = {
        .src = {.family = 4, .bytes = {10, 0, 0, 2}},
        .dst = {.family = 4, .bytes = {10, 0, 0, 1}},
        .ttl = 64,
        .proto = WIRE_PROTO_TCP,
    };
    size_t tcp_len;
    uint8_t *tcp = frame + WIRE_ETHER_LEN + WIRE_IPV4_LEN;

    seg.src_port = 5001;
    seg.dst_port = (uint16_t)(40000 + p[0] % CONN_CNT);
    seg.flags = p[1];
    seg.seq.v = 1000u + (uint32_t)(int32_t)(int8_t)p[2] * (p[3] % 4 == 0 ? 0u : p[3]);
    seg.ack.v = 5000u + p[4] * (p[5] % 4u);
    seg.wnd = (uint16_t)(p[6] * 256u);
    seg.urgent = p[7];
    seg.has_ts = (p[8] & 1) != 0;
    seg.ts_val = p[9];
    seg.ts_ecr = p[10];
    if ((p[8] & 6) == 6) {
        seg.sack_cnt = 1;
        seg.sack[0].left.v = 5000u + p[9];
        seg.sack[0].right.v = 5000u + p[9] + p[10];
    }
    seg.payload_len = p[11] * (1u + (p[8] >> 6));
    tcp_len = wire_tcp_header_len(&seg) + seg.payload_len;
    ip.payload_len = (uint16_t)tcp_len;
    (void)wire_ether_build(frame, WIRE_ETHER_LEN_MAX, &ether);
    (void)wire_ipv4_build(frame + WIRE_ETHER_LEN, WIRE_IPV4_LEN, &ip);
    (void)wire_tcp_build(tcp, WIRE_TCP_LEN_MAX, &seg);
    wire_store_u16(
        tcp + WIRE_TCP_CSUM_OFF,
        wire_csum_fold(wire_csum_add(
            wire_csum_pseudo(&ip.src, &ip.dst, WIRE_PROTO_TCP, (uint32_t)tcp_len), tcp, tcp_len)));
    return (size_t)(tcp - frame) + tcp_len;
}

static struct request *free_request(struct fuzz *f)
{
    for (size_t i = 0; i < BUF_MAX; ++i) {
        struct request *request = &f->requests[i];

        if (!request->is_posted) {
            request->sge = (struct toe_sge){.addr = (uintptr_t)request->bytes, .len = BUF_LEN};
            request->buf = (struct toe_buf){.sge = &request->sge, .sge_cnt = 1};
            request->buf.owner_data[0] = request;
            request->is_posted = 1;
            ++f->posted_cnt;
            return request;
        }
    }
    return NULL;
}

static void post(struct fuzz *f, const uint8_t *p)
{
    const toe_handle handle = f->handles[2 + p[1] % CONN_CNT];
    struct request *request = free_request(f);

    if (request == NULL) {
        return;
    }
    request->buf.len = (uint32_t)(p[2] * 3);
    switch (p[0] % 6) {
    case 0:
    case 1:
        f->ops->send(f->target, handle, &request->buf);
        break;
    case 2:
    case 3:
        request->buf.flags = p[3] & TOE_BUF_NO_PUSH;
        request->buf.placed = p[3] >> 7;
        f->ops->receive(f->target, handle, &request->buf);
        break;
    case 4:
        request->buf.len = p[3] % 8 == 0 ? 0 : request->buf.len;
        f->ops->disconnect(f->target, handle, &request->buf,
                           p[3] % 8 == 0 ? TOE_DISCONNECT_ABORTIVE : TOE_DISCONNECT_GRACEFUL);
        break;
    default:
        memcpy(request->bytes, p, 12);
        f->ops->forward(f->target, handle, &request->buf);
        break;
    }
}

static void step(struct fuzz *f, uint8_t opcode, const uint8_t *bytes, size_t len)
{
    uint8_t frame[2048] = {0};
    uint8_t p[12] = {0};
    size_t frame_len;

    if (len > 0) {
        memcpy(p, bytes, len < 12 ? len : 12);
    }
    switch (opcode % 8) {
    case 0:
        wire_push(f, bytes, len);
        break;
    case 1:
    case 2:
    case 3:
        wire_push(f, frame, build_segment(frame, p));
        break;
    case 4: /* cut, and checksum or not */
        frame_len = build_segment(frame, p);
        wire_push(f, frame, len > 12 ? frame_len * bytes[12] / 256 : frame_len);
        break;
    case 5:
        post(f, p);
        break;
    case 6:
        f->now += (toe_instant)p[0] * p[1] * TOE_NS_PER_MS;
        f->ops->run(f->target, f->now);
        break;
    default:
        for (uint32_t i = 0; i < f->kept_cnt; ++i) {
            f->kept[i]->next = NULL;
            f->ops->receive_return(f->target, f->kept[i]);
        }
        f->kept_cnt = 0;
        f->ops->run(f->target, f->now);
        break;
    }
}

static void finish(struct fuzz *f)
{
    f->ops->run(f->target, f->now);
    f->ops->terminate(f->target, &f->blocks[0]);
    for (int i = 0; i < 4; ++i) {
        f->ops->run(f->target, f->now);
    }
    check(f->blocks[0].status == TOE_STATUS_SUCCESS);
    for (size_t i = 0; i < CONN_CNT; ++i) {
        check(f->blocks[2 + i].status == TOE_STATUS_SUCCESS);
        chain_complete(f, f->blocks[2 + i].send_chain);
        f->ops->receive_return(f->target, f->tcps[i].delegated.buffered_data);
    }
    check(f->posted_cnt == 0);
    step(f, 7, NULL, 0);
    toe_target_del(f->target);
    check(f->live == 0);
    drop_old(f);
    for (uint32_t i = 0; i < f->cnt; ++i) {
        free(f->copies[i]);
    }
    free(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz *f = calloc(1, sizeof(*f));
    size_t at = 0;

    check(f != NULL);
    start(f);
    while (size - at >= 2) {
        const uint8_t opcode = data[at];
        size_t len = data[at + 1];

        at += 2;
        if (len > size - at) {
            len = size - at;
        }
        step(f, opcode, data + at, len);
        at += len;
    }
    finish(f);
    return 0;
}
