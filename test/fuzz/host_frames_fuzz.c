/* SPDX-License-Identifier: MIT */
/*
 * Any frames at a host, in any order with what applications and targets do: the host survives them.
 *
 * The input is a program of steps. A step is a frame, as it stands or with right checksums and
 * numbers near those of a connection; time that passes; a call of the application; or something the
 * target below does: it answers what it was asked, well or badly, makes events and indications, and
 * gives connections back in a state that may make no sense.
 */
#include "base/assert.h"
#include "toe/host.h"
#include "wire/bytes.h"
#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"
#include "wire/tcp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TREES_MAX 32
#define CONNS_MAX 16
#define HANDLES_MAX 16
#define ROUNDS_MAX 1000

struct input {
    const uint8_t *data;
    size_t size;
};

/* Buffers the target has, in order. */
struct bufs {
    struct toe_buf *head;
    struct toe_buf **tail;
};

/* A connection the target has. */
struct offloaded {
    toe_handle handle; /* 0: unused */
    void *host_object;
    struct toe_tcp_delegated state;
    struct bufs sends;
    struct bufs receives;
    struct toe_buf *disconnect;
};

struct fuzz {
    struct toe_host *host;
    toe_instant now;
    struct toe_host_ops up;
    void *user;
    struct toe_block *initiates[TREES_MAX];
    uint32_t initiate_cnt;
    struct toe_block *terminates[TREES_MAX];
    uint32_t terminate_cnt;
    struct toe_block *others[TREES_MAX]; /* update, query, invalidate */
    uint32_t other_cnt;
    struct offloaded conns[CONNS_MAX];
    toe_handle next_handle;
    struct tcp_segment last; /* sent by the host */
    toe_handle handles[HANDLES_MAX];
    uint32_t handle_cnt;
    bool is_overrun; /* the target has no room: the program ends */
};

static const uint8_t host_mac[6] = {2, 0, 0, 0, 0, 1};
static const uint8_t peer_mac[6] = {2, 0, 0, 0, 0, 2};
static const struct toe_addr host_addr = {4, {10, 0, 0, 1}};
static const struct toe_addr peer_addr = {4, {10, 0, 0, 2}};
static uint8_t text[4096];

static uint8_t next_u8(struct input *in)
{
    if (in->size == 0) {
        return 0;
    }
    --in->size;
    return *in->data++;
}

static uint32_t next_u16(struct input *in)
{
    const uint32_t high = next_u8(in);

    return high << 8 | next_u8(in);
}

/* The target: it takes everything and waits for a step that lets it answer. */

static void push(struct bufs *q, struct toe_buf *chain)
{
    if (q->head == NULL) {
        q->tail = &q->head;
    }
    *q->tail = chain;
    for (; chain != NULL; chain = chain->next) {
        q->tail = &chain->next;
    }
}

static struct toe_buf *pop(struct bufs *q)
{
    struct toe_buf *buf = q->head;

    if (buf != NULL) {
        q->head = buf->next;
        buf->next = NULL;
    }
    return buf;
}

static struct offloaded *find(struct fuzz *f, toe_handle handle)
{
    for (int i = 0; i < CONNS_MAX; ++i) {
        if (f->conns[i].handle == handle && handle != 0) {
            return &f->conns[i];
        }
    }
    return NULL;
}

static void op_attach(void *target, const struct toe_host_ops *ops, void *host)
{
    struct fuzz *f = target;

    f->up = ops != NULL ? *ops : f->up;
    f->user = host;
}

static void op_caps(void *target, struct toe_caps *caps)
{
    (void)target;
    memcpy(caps->mac, host_mac, 6);
}

static toe_status op_params(void *target, const struct toe_params *params)
{
    (void)target;
    (void)params;
    return TOE_STATUS_SUCCESS;
}

static void keep(struct fuzz *f, struct toe_block **list, uint32_t *cnt, struct toe_block *tree)
{
    if (*cnt == TREES_MAX) {
        f->is_overrun = true;
        return;
    }
    list[(*cnt)++] = tree;
}

static void op_initiate(void *target, struct toe_block *tree)
{
    struct fuzz *f = target;

    keep(f, f->initiates, &f->initiate_cnt, tree);
}

static void op_terminate(void *target, struct toe_block *tree)
{
    struct fuzz *f = target;

    keep(f, f->terminates, &f->terminate_cnt, tree);
}

static void op_other(void *target, struct toe_block *tree)
{
    struct fuzz *f = target;

    keep(f, f->others, &f->other_cnt, tree);
}

static void op_send(void *target, toe_handle tcp, struct toe_buf *chain)
{
    struct offloaded *o = find(target, tcp);

    toe_assert(o != NULL);
    push(&o->sends, chain);
}

static void op_receive(void *target, toe_handle tcp, struct toe_buf *chain)
{
    struct offloaded *o = find(target, tcp);

    toe_assert(o != NULL);
    push(&o->receives, chain);
}

static void op_return(void *target, struct toe_buf *chain)
{
    (void)target;
    while (chain != NULL) {
        struct toe_buf *next = chain->next;

        free(chain);
        chain = next;
    }
}

static void op_disconnect(void *target, toe_handle tcp, struct toe_buf *buf,
                          enum toe_disconnect how)
{
    struct fuzz *f = target;
    struct offloaded *o = find(f, tcp);

    toe_assert(o != NULL);
    if (how == TOE_DISCONNECT_ABORTIVE || o->disconnect != NULL) {
        buf->status = TOE_STATUS_SUCCESS;
        f->up.disconnect_complete(f->user, buf);
        return;
    }
    o->disconnect = buf;
}

static void op_forward(void *target, toe_handle tcp, struct toe_buf *chain)
{
    struct fuzz *f = target;

    toe_assert(find(f, tcp) != NULL);
    for (struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        buf->status = TOE_STATUS_SUCCESS;
    }
    f->up.forward_complete(f->user, chain);
}

/* Remembers the last segment, so that frames can answer it. */
static void op_transmit(void *target, const struct toe_frame *frames, uint32_t cnt)
{
    struct fuzz *f = target;

    for (uint32_t i = 0; i < cnt; ++i) {
        struct tcp_segment seg;
        const uint8_t *ip = frames[i].data + 14;

        if (frames[i].len >= 54 && ip[0] == 0x45 && ip[9] == WIRE_PROTO_TCP &&
            wire_tcp_parse(&seg, ip + 20, frames[i].len - 34) > 0) {
            f->last = seg;
            f->last.payload = NULL;
        }
    }
}

static const struct toe_target_ops target_ops = {
    .size = sizeof(target_ops),
    .attach = op_attach,
    .caps_get = op_caps,
    .params_set = op_params,
    .initiate = op_initiate,
    .terminate = op_terminate,
    .update = op_other,
    .query = op_other,
    .invalidate = op_other,
    .send = op_send,
    .receive = op_receive,
    .receive_return = op_return,
    .disconnect = op_disconnect,
    .forward = op_forward,
    .transmit = op_transmit,
};

static void take_over(struct fuzz *f, struct toe_block *block, toe_status status)
{
    for (int i = 0; i < CONNS_MAX && !toe_status_is_failure(status); ++i) {
        if (f->conns[i].handle == 0) {
            f->conns[i] = (struct offloaded){.handle = f->next_handle,
                                             .host_object = block->host_object,
                                             .state = block->state.tcp->delegated};
            push(&f->conns[i].sends, block->send_chain);
            *block->object = f->next_handle++;
            block->status = TOE_STATUS_SUCCESS;
            return;
        }
    }
    block->status = TOE_STATUS_OFFLOAD_TCP_ENTRIES;
}

/* Answers an initiate, each new block by a bit of |bits|. */
static void answer_initiate(struct fuzz *f, struct toe_block *block, uint32_t bits, int layer,
                            bool parent)
{
    for (; block != NULL; block = block->next, bits = bits >> 1 | bits << 31) {
        bool ok = parent && (bits & 1) == 0;

        if (toe_block_role(block) != TOE_ROLE_NEW) {
            block->status = TOE_STATUS_SUCCESS;
            ok = parent;
        } else if (layer == 2) {
            take_over(f, block, ok ? TOE_STATUS_SUCCESS : TOE_STATUS_FAILURE);
        } else {
            block->status = ok ? TOE_STATUS_OFFLOAD_PARTIAL_SUCCESS : TOE_STATUS_RESOURCES;
            *block->object = ok ? f->next_handle++ : 0;
        }
        answer_initiate(f, block->dependent, bits >> 3, layer + 1, ok);
    }
}

/* Gives one connection back. */
static void give_back(struct fuzz *f, struct toe_block *block, struct input *in)
{
    struct offloaded *o = find(f, *block->object);
    const uint8_t how = next_u8(in);
    struct toe_buf *buf;

    if (o == NULL || (how & 7) == 7) {
        block->status = TOE_STATUS_FAILURE;
        return;
    }
    while ((buf = pop(&o->receives)) != NULL) {
        buf->status = TOE_STATUS_UPLOAD_IN_PROGRESS;
        buf->transferred = 0;
        f->up.receive_complete(f->user, buf);
    }
    if (o->disconnect != NULL) {
        o->disconnect->status = TOE_STATUS_UPLOAD_IN_PROGRESS;
        f->up.disconnect_complete(f->user, o->disconnect);
        o->state.state = o->state.state == TOE_TCP_CLOSE_WAIT    ? TOE_TCP_LAST_ACK
                         : o->state.state == TOE_TCP_ESTABLISHED ? TOE_TCP_FIN_WAIT_1
                                                                 : o->state.state;
    }
    if ((how & 8) != 0) {
        o->state.state = (enum toe_conn_state)(next_u8(in) % 12);
    }
    if ((how & 16) != 0) {
        o->state.snd_max += next_u8(in);
        o->state.rcv_wnd = next_u16(in) << 12;
    }
    o->state.buffered_data = NULL;
    block->state.tcp->delegated = o->state;
    block->send_chain = o->sends.head;
    block->status = TOE_STATUS_SUCCESS;
    o->handle = 0;
}

static void answer_terminate(struct fuzz *f, struct toe_block *block, struct input *in, int layer)
{
    for (; block != NULL; block = block->next) {
        block->status = TOE_STATUS_SUCCESS;
        if (layer == 2) {
            give_back(f, block, in);
        }
        answer_terminate(f, block->dependent, in, layer + 1);
    }
}

static void indicate(struct fuzz *f, const struct offloaded *o, uint32_t len)
{
    struct indication {
        struct toe_buf buf;
        struct toe_sge sge;
    } *ind = calloc(1, sizeof(*ind));
    uint32_t consumed = 0;

    if (ind == NULL) {
        return;
    }
    ind->sge = (struct toe_sge){.addr = (uintptr_t)text, .len = sizeof(text)};
    ind->buf = (struct toe_buf){.sge = &ind->sge, .sge_cnt = 1, .len = len};
    if (f->up.receive_indicate(f->user, o->host_object, &ind->buf, &consumed) !=
        TOE_STATUS_SUCCESS) {
        free(ind);
    }
    toe_assert(consumed <= len);
}

/* Something the target does with a connection it has. */
static void step_connection(struct fuzz *f, struct offloaded *o, struct input *in)
{
    struct toe_buf *buf;

    switch (next_u8(in) % 5) {
    case 0:
        indicate(f, o, 1 + next_u16(in) % (sizeof(text) - 1));
        break;
    case 1:
        if ((buf = pop(&o->sends)) != NULL) {
            o->state.snd_una += buf->len;
            o->state.snd_nxt = o->state.snd_max = o->state.snd_una;
            buf->transferred = buf->len;
            toe_buf_advance(buf, buf->len);
            buf->status = next_u8(in) % 4 != 0 ? TOE_STATUS_SUCCESS : TOE_STATUS_REQUEST_ABORTED;
            f->up.send_complete(f->user, buf);
        }
        break;
    case 2:
        if ((buf = pop(&o->receives)) != NULL) {
            buf->transferred = buf->len == 0 ? 0 : next_u16(in) % (buf->len + 1);
            (void)toe_buf_write(buf, 0, text,
                                buf->transferred < sizeof(text) ? buf->transferred : 1, NULL);
            toe_buf_advance(buf, buf->transferred);
            buf->status = TOE_STATUS_SUCCESS;
            f->up.receive_complete(f->user, buf);
        }
        break;
    case 3:
        f->up.tcp_event(f->user, o->host_object, TOE_EVENT_RETRIEVE, next_u8(in) % 12);
        break;
    default:
        f->up.tcp_event(f->user, o->host_object, (enum toe_event)(1 + next_u8(in) % 4), 10);
        break;
    }
}

static void step_target(struct fuzz *f, struct input *in)
{
    const uint8_t what = next_u8(in);
    struct toe_block *tree;

    switch (what % 6) {
    case 0:
        if (f->initiate_cnt > 0) {
            tree = f->initiates[--f->initiate_cnt];
            answer_initiate(f, tree, next_u16(in) & next_u16(in), 0, true);
            f->up.initiate_complete(f->user, tree);
        }
        break;
    case 1:
        if (f->terminate_cnt > 0) {
            tree = f->terminates[--f->terminate_cnt];
            answer_terminate(f, tree, in, 0);
            f->up.terminate_complete(f->user, tree);
        }
        break;
    case 2:
        if (f->other_cnt > 0) {
            tree = f->others[--f->other_cnt];
            tree->status = next_u8(in) % 4 == 0 ? TOE_STATUS_FAILURE : TOE_STATUS_SUCCESS;
            f->up.query_complete(f->user, tree);
        }
        break;
    case 3:
        f->up.status(f->user,
                     next_u8(in) % 3 == 0   ? TOE_STATUS_UPLOAD_ALL
                     : next_u8(in) % 2 == 0 ? TOE_STATUS_OFFLOAD_PAUSE
                                            : TOE_STATUS_OFFLOAD_RESUME,
                     NULL);
        break;
    default: {
        struct offloaded *o = &f->conns[next_u8(in) % CONNS_MAX];

        if (o->handle != 0) {
            step_connection(f, o, in);
        }
        break;
    }
    }
}

static void arrive(struct fuzz *f, const uint8_t *frame, uint32_t len, uint8_t flags)
{
    const struct toe_frame fr = {.data = frame, .len = len, .flags = flags};

    f->up.frames(f->user, &fr, 1);
}

static void step_raw(struct fuzz *f, struct input *in, bool patched)
{
    uint8_t frame[600];
    uint32_t len = next_u16(in) % sizeof(frame);

    for (uint32_t i = 0; i < len; ++i) {
        frame[i] = next_u8(in);
    }
    if (patched && len >= 14) {
        memcpy(frame, host_mac, 6);
        memcpy(frame + 6, peer_mac, 6);
        frame[12] = (frame[12] & 1) != 0 ? 0x86 : 0x08;
        frame[13] = frame[12] == 0x86 ? 0xdd : (frame[13] & 1) * 6;
    }
    arrive(f, frame, len, TOE_FRAME_CSUM_VALID);
}

/* Puts |len| bytes of |proto| into a packet from the peer. */
static void arrive_packet(struct fuzz *f, uint8_t proto, const uint8_t *body, uint32_t len)
{
    struct wire_ether ether = {.type = WIRE_ETHER_TYPE_IPV4};
    const struct wire_ipv4 ip = {.src = peer_addr,
                                 .dst = host_addr,
                                 .payload_len = (uint16_t)len,
                                 .ttl = 64,
                                 .proto = proto};
    uint8_t frame[2048];

    memcpy(ether.dst, host_mac, 6);
    memcpy(ether.src, peer_mac, 6);
    wire_ether_build(frame, 18, &ether);
    wire_ipv4_build(frame + 14, 20, &ip);
    memcpy(frame + 34, body, len);
    arrive(f, frame, 34 + len, TOE_FRAME_CSUM_VALID);
}

/* A segment that answers the last one the host sent, more or less. */
static void step_segment(struct fuzz *f, struct input *in)
{
    struct tcp_segment seg = TCP_SEGMENT_INIT;
    uint8_t body[1200];
    const uint8_t odd = next_u8(in);
    uint32_t len;

    seg.src_port = f->last.dst_port;
    seg.dst_port = f->last.src_port;
    seg.flags = (odd & 1) != 0 ? next_u8(in) : TCP_ACK;
    if (f->last.flags == TCP_SYN && (odd & 2) == 0) {
        seg.flags = TCP_SYN | TCP_ACK;
    }
    seg.seq = (f->last.flags & TCP_ACK) != 0 ? f->last.ack : toe_seq_of(5000);
    seg.ack = toe_seq_add(f->last.seq, tcp_segment_len(&f->last));
    seg.wnd = (odd & 4) != 0 ? (uint16_t)next_u16(in) : 60000;
    seg.mss = 1460;
    if ((odd & 8) != 0) {
        seg.seq = toe_seq_add(seg.seq, next_u8(in) - 128u);
        seg.ack = toe_seq_add(seg.ack, next_u8(in) - 128u);
    }
    if ((odd & 16) != 0) {
        seg.src_port = 77;
        seg.dst_port = 80;
        seg.flags = TCP_SYN;
    }
    len = (uint32_t)wire_tcp_build(body, 60, &seg);
    if ((odd & 32) != 0) {
        const uint32_t more = next_u16(in) % 1000;

        memset(body + len, 'f', more);
        len += more;
    }
    arrive_packet(f, WIRE_PROTO_TCP, body, len);
}

static void step_icmp(struct fuzz *f, struct input *in)
{
    uint8_t body[64] = {0};
    const struct wire_ipv4 ip = {.src = host_addr,
                                 .dst = peer_addr,
                                 .payload_len = 1400,
                                 .ttl = 64,
                                 .proto = WIRE_PROTO_TCP};

    body[0] = (uint8_t)(next_u8(in) % 12);
    body[1] = next_u8(in);
    wire_store_u16(body + 6, (uint16_t)next_u16(in));
    wire_ipv4_build(body + 8, 20, &ip);
    wire_store_u16(body + 28, f->last.src_port);
    wire_store_u16(body + 30, f->last.dst_port);
    wire_store_u32(body + 32, f->last.seq.v);
    wire_icmp_csum_set(body, sizeof(body), &peer_addr, &host_addr);
    arrive_packet(f, WIRE_PROTO_ICMP, body, sizeof(body));
}

static void run(struct fuzz *f)
{
    struct toe_host_event event;
    uint32_t rounds = 0;

    do {
        toe_host_run(f->host, f->now);
        toe_assert(++rounds < ROUNDS_MAX);
    } while (toe_host_deadline(f->host) <= f->now);
    while (toe_host_event_next(f->host, &event)) {
    }
}

static void step_time(struct fuzz *f, struct input *in)
{
    const toe_instant end = f->now + next_u16(in) * TOE_NS_PER_MS * 4;
    toe_instant due;

    while ((due = toe_host_deadline(f->host)) <= end) {
        f->now = due > f->now ? due : f->now;
        run(f);
    }
    f->now = end;
}

static void step_application(struct fuzz *f, struct input *in)
{
    const uint8_t what = next_u8(in);
    toe_handle *h = &f->handles[next_u8(in) % HANDLES_MAX];

    switch (what % 10) {
    case 0:
        *h = toe_host_connect(f->host, NULL, 0, &peer_addr, (uint16_t)(1 + next_u8(in)));
        break;
    case 1:
        *h = toe_host_listen(f->host, NULL, 80, 3);
        break;
    case 2:
        *h = toe_host_accept(f->host, *h);
        break;
    case 3:
        (void)toe_host_send(f->host, *h, text, next_u16(in) % sizeof(text));
        break;
    case 4:
        (void)toe_host_receive(f->host, *h, text, next_u16(in) % sizeof(text));
        break;
    case 5:
        toe_host_shutdown(f->host, *h);
        break;
    case 6:
        if (what < 128) {
            toe_host_close(f->host, *h);
        } else {
            toe_host_abort(f->host, *h);
        }
        break;
    case 7:
        (void)toe_host_offload(f->host, f->handles, HANDLES_MAX);
        break;
    case 8:
        (void)toe_host_upload(f->host, f->handles, HANDLES_MAX);
        break;
    default: {
        const struct toe_addr gateway = {4, {10, 0, 0, (uint8_t)(2 + next_u8(in) % 4)}};

        (void)toe_host_route_add(f->host, 0, &peer_addr, (uint8_t)(24 + what % 9), &gateway);
        break;
    }
    }
}

static void step(struct fuzz *f, struct input *in)
{
    switch (next_u8(in) % 8) {
    case 0:
        step_raw(f, in, true);
        break;
    case 1:
    case 2:
        step_segment(f, in);
        break;
    case 3:
        step_icmp(f, in);
        break;
    case 4:
        step_time(f, in);
        break;
    case 5:
        step_application(f, in);
        break;
    case 6:
        step_target(f, in);
        break;
    default:
        step_raw(f, in, false);
        break;
    }
    run(f);
}

/* The peer's address is known, so that segments leave at once. */
static void introduce(struct fuzz *f)
{
    uint8_t frame[42] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1};

    memcpy(frame + 22, peer_mac, 6);
    memcpy(frame + 28, peer_addr.bytes, 4);
    memcpy(frame + 38, host_addr.bytes, 4);
    arrive(f, frame, sizeof(frame), 0);
    run(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct toe_addr own6 = {6, {0xfd, [15] = 1}};
    struct input in = {data, size};
    struct fuzz f = {.next_handle = 1};
    struct toe_host_settings settings;
    const struct toe_host_interface interface = {.ops = &target_ops, .target = &f, .mtu = 1500};
    const uint8_t mode = next_u8(&in);

    toe_host_settings_default(&settings);
    settings.conn_max = 64;
    settings.snd_buf = 8192;
    settings.rcv_buf = 8192;
    settings.receive_mode = (enum toe_receive_mode)(mode % 3);
    settings.policy = (mode & 4) != 0 ? TOE_POLICY_ALL : TOE_POLICY_MANUAL;
    settings.timestamps = (mode & 8) != 0;
    settings.time_wait = TOE_NS_PER_SEC;
    f.host = toe_host_new(&settings);
    toe_assert(f.host != NULL);
    toe_assert(toe_host_interface_add(f.host, &interface) == 0);
    toe_assert(toe_host_address_add(f.host, 0, &host_addr, 24) == 0);
    toe_assert(toe_host_address_add(f.host, 0, &own6, 64) == 0);
    run(&f);
    introduce(&f);
    while (in.size > 0 && !f.is_overrun) {
        step(&f, &in);
    }
    op_return(&f, NULL);
    toe_host_del(f.host);
    return 0;
}
