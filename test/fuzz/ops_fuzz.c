/* SPDX-License-Identifier: MIT */
/*
 * Any operations of a host, right and wrong, in any order: the target keeps the contract.
 *
 * The input is a program of steps: trees of state operations with blocks that make sense or none,
 * on handles that are good, stale or made up; buffers posted, returned, never returned; segments
 * from the peer; time; pauses. Between the two stands the contract monitor: the target must not
 * break a rule before the host has broken one, which a careful host seldom does. After that it
 * must still answer every request once. In the end everything is taken back, and nothing is left:
 * no buffer, no object, no memory.
 */
#include "base/assert.h"
#include "fuzz/ops_state.h"
#include "toe/inter.h"
#include "toe/params.h"
#include "toe/target.h"
#include "wire/bytes.h"
#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/ipv4.h"
#include "wire/tcp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NEIGHBOR_CNT 2
#define PATH_CNT 3
#define TCP_CNT 5
#define KEPT_MAX 64
#define FRAMES_MAX 64
#define FRAME_MAX 1700
#define TREES_MAX 64 /* under way */
#define STEPS_MAX 600
#define RUNS_MAX 5000

/* What a host has of an object, and what it offers of it. */
struct object {
    toe_handle handle;
    toe_handle stale; /* what it was before */
    bool is_offered;  /* by an initiate that is under way */
    union {
        struct toe_neighbor_state neighbor;
        struct toe_path_state path;
        struct toe_tcp_state tcp;
    } state;
};

/* A tree with its states, as long as it is under way. */
struct tree {
    struct toe_block blocks[2 + TCP_CNT];
    struct toe_neighbor_state neighbor;
    struct toe_path_state path;
    struct toe_tcp_state tcp[TCP_CNT];
    toe_handle cells[2 + TCP_CNT];
};

/* A buffer; its bytes lie behind it. */
struct room {
    struct toe_buf buf;
    struct toe_sge sge[2];
    uint8_t bytes[];
};

struct frame {
    uint32_t len;
    uint8_t bytes[FRAME_MAX];
};

struct fuzz {
    struct toe_target *target;
    struct toe_inter_monitor *monitor;
    const struct toe_target_ops *ops;
    toe_instant now;
    struct object neighbors[NEIGHBOR_CNT];
    struct object paths[PATH_CNT];
    struct object tcps[TCP_CNT];
    uint32_t tree_cnt; /* under way */
    uint32_t room_cnt; /* lent to the target */
    struct toe_buf *kept[KEPT_MAX];
    uint32_t kept_cnt;
    uint8_t answer; /* to the next indications */
    struct frame frames[FRAMES_MAX];
    uint32_t frame_cnt;
    uint32_t last_seq; /* of the last segment sent: its end */
    uint32_t last_ack;
    uint64_t live;   /* allocations of the target and the monitor */
    bool is_careful; /* the host does nothing before the last state operation is over */
    bool is_wrong;   /* it has broken a rule */
};

static const uint8_t our_mac[TOE_MAC_LEN] = {2, 0, 0, 0, 0, 1};
static const uint8_t peer_mac[TOE_MAC_LEN] = {2, 0, 0, 0, 0, 2};

/* Memory, counted */

static void *mem_alloc(void *user, size_t size)
{
    struct fuzz *f = user;
    void *ptr = malloc(size);

    if (ptr != NULL) {
        memset(ptr, 0xa5, size);
        ++f->live;
    }
    return ptr;
}

static void mem_free(void *user, void *ptr, size_t size)
{
    struct fuzz *f = user;

    (void)size;
    if (ptr != NULL) {
        --f->live;
    }
    free(ptr);
}

/* The wire */

static uint32_t wire_receive(void *wire, struct toe_frame *frames, uint32_t max)
{
    struct fuzz *f = wire;
    const uint32_t cnt = f->frame_cnt < max ? f->frame_cnt : max;

    for (uint32_t i = 0; i < cnt; ++i) {
        frames[i] = (struct toe_frame){.data = f->frames[i].bytes, .len = f->frames[i].len};
    }
    f->frame_cnt = 0;
    return cnt;
}

static void wire_transmit(void *wire, const struct toe_frame *frames, uint32_t cnt)
{
    struct fuzz *f = wire;

    for (uint32_t i = 0; i < cnt; ++i) {
        struct tcp_segment seg;

        if (frames[i].len >= 54 && frames[i].data[12] == 8 &&
            wire_tcp_parse(&seg, frames[i].data + 34, frames[i].len - 34) > 0) {
            f->last_seq = seg.seq.v + tcp_segment_len(&seg);
            f->last_ack = seg.ack.v;
        }
    }
}

static const struct toe_wire_ops wire_ops = {
    .size = sizeof(wire_ops),
    .receive = wire_receive,
    .transmit = wire_transmit,
};

/* The host: upcalls */

static void free_chain(struct fuzz *f, struct toe_buf *chain)
{
    while (chain != NULL) {
        struct toe_buf *next = chain->next;

        toe_assert(f->room_cnt > 0);
        --f->room_cnt;
        free(chain);
        chain = next;
    }
}

static void tree_complete(void *host, struct toe_block *root)
{
    struct fuzz *f = host;
    struct tree *tree = root->host_data[0];

    toe_assert(f->tree_cnt > 0);
    --f->tree_cnt;
    for (size_t i = 0; i < 2 + TCP_CNT; ++i) {
        free_chain(f, tree->blocks[i].send_chain);
    }
    free(tree);
}

static void withdraw(const struct toe_block *block)
{
    struct object *o = block->host_object;

    if (o != NULL && block->object == &o->handle) {
        o->is_offered = false;
    }
}

/* What an initiate took is the target's; what a terminate brings is ours. */
static void initiate_complete(void *host, struct toe_block *root)
{
    struct tree *tree = root->host_data[0];

    for (size_t i = 0; i < 2 + TCP_CNT; ++i) {
        struct toe_block *block = &tree->blocks[i];

        withdraw(block);
        block->send_chain = block->status == TOE_STATUS_SUCCESS ? NULL : block->send_chain;
    }
    tree_complete(host, root);
}

/* Received bytes that nobody has taken come with the state. */
static void return_buffered(struct fuzz *f, struct toe_block *block)
{
    if (toe_block_layer(block->type) == TOE_LAYER_TCP && block->state.tcp != NULL &&
        block->state.tcp->delegated.buffered_data != NULL) {
        f->ops->receive_return(f->monitor, block->state.tcp->delegated.buffered_data);
    }
}

static void terminate_complete(void *host, struct toe_block *root)
{
    struct fuzz *f = host;
    struct tree *tree = root->host_data[0];

    for (size_t i = 0; i < 2 + TCP_CNT; ++i) {
        struct toe_block *block = &tree->blocks[i];
        struct object *o = block->host_object;

        if (block->status == TOE_STATUS_SUCCESS && o != NULL && block->object != NULL) {
            o->stale = *block->object;
            o->handle = o->handle == *block->object ? 0 : o->handle;
            return_buffered(f, block);
        } else if (block->status != TOE_STATUS_SUCCESS) {
            block->send_chain = NULL;
        }
    }
    tree_complete(f, root);
}

static void bufs_complete(void *host, struct toe_buf *chain)
{
    free_chain(host, chain);
}

static toe_status receive_indicate(void *host, void *host_object, struct toe_buf *buf,
                                   uint32_t *consumed)
{
    struct fuzz *f = host;

    (void)host_object;
    toe_assert(toe_buf_is_sound(buf));
    switch (f->answer & 3) {
    case 0:
        if (f->kept_cnt == KEPT_MAX) {
            return TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
        }
        f->kept[f->kept_cnt++] = buf;
        *consumed = buf->len;
        return TOE_STATUS_SUCCESS;
    case 1:
        *consumed = buf->len > 0 ? f->answer % buf->len : 0;
        return TOE_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED;
    case 2:
        return TOE_STATUS_OFFLOAD_DATA_NOT_ACCEPTED;
    default:
        *consumed = f->answer * 100u; /* perhaps more than there is */
        return (f->answer & 4) != 0 ? TOE_STATUS_FAILURE
                                    : TOE_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED;
    }
}

static void tcp_event(void *host, void *host_object, enum toe_event event, uint32_t info)
{
    (void)host;
    (void)host_object;
    (void)event;
    (void)info;
}

static void neighbor_event(void *host, enum toe_neighbor_event event, struct toe_block *block)
{
    (void)event;
    block->state.neighbor->cached.host_reachability_delta = ((struct fuzz *)host)->answer;
}

static void status(void *host, toe_status what, const struct toe_caps *caps)
{
    (void)host;
    (void)what;
    (void)caps;
}

static void frames_up(void *host, const struct toe_frame *frames, uint32_t cnt)
{
    (void)host;
    toe_assert(frames != NULL && cnt > 0);
}

static const struct toe_host_ops host_ops = {
    .size = sizeof(host_ops),
    .initiate_complete = initiate_complete,
    .terminate_complete = terminate_complete,
    .update_complete = tree_complete,
    .query_complete = tree_complete,
    .invalidate_complete = tree_complete,
    .send_complete = bufs_complete,
    .receive_complete = bufs_complete,
    .disconnect_complete = bufs_complete,
    .forward_complete = bufs_complete,
    .receive_indicate = receive_indicate,
    .tcp_event = tcp_event,
    .neighbor_event = neighbor_event,
    .status = status,
    .frames = frames_up,
};

static void on_breach(void *user, const struct toe_inter_breach *breach)
{
    struct fuzz *f = user;

    if (breach->rule->side == TOE_INTER_HOST) {
        f->is_wrong = true;
    } else if (!f->is_wrong) {
        (void)fprintf(stderr, "%s: %s\n", breach->rule->id, breach->rule->text);
        toe_assert(false);
    }
}

/* Buffers */

/* One of |len| bytes in two pieces. */
static struct toe_buf *room_new(struct fuzz *f, uint32_t len)
{
    struct room *room = calloc(1, sizeof(*room) + len);

    toe_assert(room != NULL);
    ++f->room_cnt;
    room->sge[0] = (struct toe_sge){.addr = (uintptr_t)room->bytes, .len = len / 3};
    room->sge[1] = (struct toe_sge){.addr = (uintptr_t)room->bytes + len / 3, .len = len - len / 3};
    room->buf =
        (struct toe_buf){.sge = room->sge, .sge_cnt = 2, .len = len, .status = TOE_STATUS_PENDING};
    return &room->buf;
}

static struct toe_buf *chain_new(struct fuzz *f, struct input *in)
{
    const uint8_t cnt = (uint8_t)(1 + next_u8(in) % 3);
    struct toe_buf *head = NULL;

    for (uint8_t i = 0; i < cnt; ++i) {
        struct toe_buf *buf = room_new(f, next_u16(in) % 5000);

        buf->next = head;
        head = buf;
    }
    return head;
}

/* Objects and trees */

static void objects_init(struct fuzz *f)
{
    for (uint8_t i = 0; i < NEIGHBOR_CNT; ++i) {
        ops_neighbor_init(&f->neighbors[i].state.neighbor, i);
    }
    for (uint8_t i = 0; i < PATH_CNT; ++i) {
        ops_path_init(&f->paths[i].state.path, i);
    }
    for (uint8_t i = 0; i < TCP_CNT; ++i) {
        ops_tcp_init(&f->tcps[i].state.tcp, i);
    }
}

/*
 * A block for |o|, by its handle or by another. What is new is offered by one tree at a time, whose
 * completion writes the handle; a reference has a cell of its own, which nobody changes meanwhile.
 */
static void block_init(struct tree *tree, size_t idx, uint16_t type, struct object *o, uint8_t how,
                       bool is_initiate)
{
    struct toe_block *b = &tree->blocks[idx];

    b->size = sizeof(*b);
    b->revision = 1;
    b->type = type;
    b->status = TOE_STATUS_PENDING;
    b->host_object = o;
    b->host_data[0] = tree;
    if ((how & 7) == 6) {
        return;
    }
    b->object = &tree->cells[idx];
    tree->cells[idx] = o->handle;
    if ((how & 7) == 7) {
        tree->cells[idx] = o->stale != 0 ? o->stale : how * UINT64_C(0x100000001);
    } else if (is_initiate && o->handle == 0 && !o->is_offered) {
        b->object = &o->handle;
        o->is_offered = true;
    } else if (is_initiate && o->handle == 0) {
        b->object = NULL;
    }
}

/* A neighbor, a path below it, and connections below that. */
static struct tree *tree_new(struct fuzz *f, struct input *in, bool is_initiate)
{
    const uint8_t which = next_u8(in);
    const uint8_t how = f->is_careful ? 0 : next_u8(in);
    const uint8_t conns = next_u8(in) % (1 << TCP_CNT);
    struct tree *tree = calloc(1, sizeof(*tree));
    struct toe_block **end;

    toe_assert(tree != NULL);
    tree->neighbor = f->neighbors[which % NEIGHBOR_CNT].state.neighbor;
    tree->path = f->paths[which / 2 % PATH_CNT].state.path;
    block_init(tree, 0, TOE_BLOCK_NEIGHBOR, &f->neighbors[which % NEIGHBOR_CNT], how, is_initiate);
    block_init(tree, 1, TOE_BLOCK_PATH4, &f->paths[which / 2 % PATH_CNT], how >> 4, is_initiate);
    tree->blocks[0].state.neighbor = &tree->neighbor;
    tree->blocks[1].state.path = &tree->path;
    tree->blocks[0].dependent = &tree->blocks[1];
    end = &tree->blocks[1].dependent;
    for (size_t i = 0; i < TCP_CNT; ++i) {
        struct toe_block *b = &tree->blocks[2 + i];

        b->host_data[0] = tree;
        if ((conns >> i & 1) == 0) {
            continue;
        }
        block_init(tree, 2 + i, TOE_BLOCK_TCP, &f->tcps[i], f->is_careful ? 0 : next_u8(in) & 15,
                   is_initiate);
        tree->tcp[i] = f->tcps[i].state.tcp;
        b->state.tcp = &tree->tcp[i];
        if ((which & 128) != 0) {
            ops_tcp_spoil(&tree->tcp[i], in);
        }
        if (b->object == &f->tcps[i].handle && (which & 64) != 0) {
            b->send_chain = chain_new(f, in);
        }
        *end = b;
        end = &b->next;
    }
    if ((how & 0x80) != 0 && (which & 32) != 0) {
        tree->blocks[next_u8(in) % (2 + TCP_CNT)].type = next_u8(in) % 20;
    }
    return tree;
}

static void drop_tree(struct fuzz *f, struct tree *tree)
{
    for (size_t i = 0; i < 2 + TCP_CNT; ++i) {
        withdraw(&tree->blocks[i]);
        free_chain(f, tree->blocks[i].send_chain);
    }
    free(tree);
}

static void step_state(struct fuzz *f, struct input *in, uint8_t what)
{
    struct tree *tree = tree_new(f, in, what == 0);
    struct toe_block *root = &tree->blocks[0];

    if (f->tree_cnt == TREES_MAX) {
        drop_tree(f, tree);
        return;
    }
    /* All operations but an initiate may begin at any layer. */
    if (what != 0 && (next_u8(in) & 1) != 0) {
        root = root->dependent;
        if (root->dependent != NULL && (next_u8(in) & 1) != 0) {
            root = root->dependent;
        }
    }
    ++f->tree_cnt;
    switch (what) {
    case 0:
        f->ops->initiate(f->monitor, root);
        break;
    case 1:
        f->ops->terminate(f->monitor, root);
        break;
    case 2:
        f->ops->update(f->monitor, root);
        break;
    case 3:
        f->ops->query(f->monitor, root);
        break;
    default:
        f->ops->invalidate(f->monitor, root);
        break;
    }
}

/* Data */

static void keep_returning(struct fuzz *f, uint32_t cnt)
{
    while (cnt-- > 0 && f->kept_cnt > 0) {
        struct toe_buf *buf = f->kept[--f->kept_cnt];

        buf->next = NULL;
        f->ops->receive_return(f->monitor, buf);
    }
}

/* A segment for forward(), at the front of a buffer. */
static struct toe_buf *segment_new(struct fuzz *f, struct input *in, toe_handle handle)
{
    struct toe_buf *buf = room_new(f, 20 + next_u8(in));
    struct room *room = (struct room *)(void *)buf;
    struct tcp_segment seg = TCP_SEGMENT_INIT;

    (void)handle;
    seg.src_port = 5001;
    seg.dst_port = (uint16_t)(40000 + next_u8(in) % TCP_CNT);
    seg.seq.v = f->last_ack != 0 ? f->last_ack : 1000;
    seg.ack.v = f->last_seq != 0 ? f->last_seq : 5000;
    seg.seq.v += next_u8(in) - 16u;
    seg.flags = TCP_ACK | (next_u8(in) & TCP_FIN);
    seg.wnd = 65535;
    (void)wire_tcp_build(room->bytes, 20, &seg);
    return buf;
}

static void step_data(struct fuzz *f, struct input *in, uint8_t what)
{
    struct object *o = &f->tcps[next_u8(in) % TCP_CNT];
    const uint8_t how = next_u8(in);
    const toe_handle handle = (how & 15) == 15 ? o->stale : o->handle;

    switch (what) {
    case 0:
        f->ops->send(f->monitor, handle, chain_new(f, in));
        break;
    case 1:
        f->ops->receive(f->monitor, handle, chain_new(f, in));
        break;
    case 2:
        keep_returning(f, how);
        break;
    case 3: {
        struct toe_buf *buf = room_new(f, (how & 16) != 0 ? next_u16(in) % 3000 : 0);

        f->ops->disconnect(f->monitor, handle, buf,
                           (how & 32) != 0 ? TOE_DISCONNECT_ABORTIVE : TOE_DISCONNECT_GRACEFUL);
        break;
    }
    case 4:
        f->ops->forward(f->monitor, handle, segment_new(f, in, handle));
        break;
    default:
        f->answer = how;
        break;
    }
}

/* A segment of the peer, near what was sent last. */
static void step_frame(struct fuzz *f, struct input *in)
{
    struct frame *frame = &f->frames[f->frame_cnt];
    struct wire_ether ether = {.type = WIRE_ETHER_TYPE_IPV4};
    struct wire_ipv4 ip = {.ttl = 64, .proto = WIRE_PROTO_TCP, .df = true};
    struct tcp_segment seg = TCP_SEGMENT_INIT;
    const uint8_t odd = next_u8(in);
    uint32_t len = 20;
    uint64_t sum;

    if (f->frame_cnt == FRAMES_MAX) {
        return;
    }
    memset(frame, 0, sizeof(*frame));
    seg.src_port = 5001;
    seg.dst_port = (uint16_t)(40000 + (odd >> 4) % TCP_CNT);
    seg.flags = (odd & 1) != 0 ? next_u8(in) : TCP_ACK;
    seg.seq.v = (odd & 2) != 0 ? f->last_ack : 1000;
    seg.ack.v = (odd & 2) != 0 ? f->last_seq : 5000;
    seg.seq.v += (odd & 4) != 0 ? next_u16(in) - 100u : 0;
    seg.wnd = (uint16_t)next_u16(in);
    len += (odd & 8) != 0 ? next_u16(in) % 1500 : 0;
    memcpy(ether.dst, our_mac, TOE_MAC_LEN);
    memcpy(ether.src, peer_mac, TOE_MAC_LEN);
    ip.src = f->paths[next_u8(in) % PATH_CNT].state.path.constant.dst;
    ip.dst = f->paths[0].state.path.constant.src;
    ip.payload_len = (uint16_t)len;
    (void)wire_ether_build(frame->bytes, 14, &ether);
    (void)wire_ipv4_build(frame->bytes + 14, 20, &ip);
    (void)wire_tcp_build(frame->bytes + 34, 20, &seg);
    sum = wire_csum_pseudo(&ip.src, &ip.dst, WIRE_PROTO_TCP, len);
    wire_store_u16(frame->bytes + 34 + WIRE_TCP_CSUM_OFF,
                   wire_csum_fold(wire_csum_add(sum, frame->bytes + 34, len)));
    frame->len = 34 + len;
    ++f->frame_cnt;
}

/* The target's owner, and time */

static void run(struct fuzz *f)
{
    uint32_t cnt = 0;

    do {
        f->ops->run(f->monitor, f->now);
        toe_assert(++cnt < RUNS_MAX);
    } while (f->ops->deadline(f->monitor) <= f->now);
}

static void pass_time(struct fuzz *f, toe_duration span)
{
    const toe_instant end = f->now + span;
    uint32_t cnt = 0;

    for (toe_instant due = f->ops->deadline(f->monitor); due <= end && cnt < RUNS_MAX; ++cnt) {
        f->now = due > f->now ? due : f->now;
        run(f);
        due = f->ops->deadline(f->monitor);
    }
    f->now = end;
    run(f);
}

static void step_owner(struct fuzz *f, struct input *in)
{
    switch (next_u8(in) % 8) {
    case 0:
        toe_target_pause(f->target);
        break;
    case 1:
        toe_target_upload_all(f->target);
        break;
    case 2:
    case 3:
        (void)toe_target_resume(f->target, NULL);
        break;
    case 4:
        (void)toe_target_power_down(f->target);
        break;
    default:
        pass_time(f, (1 + next_u16(in)) * TOE_NS_PER_MS);
        break;
    }
}

static void step(struct fuzz *f, struct input *in)
{
    const uint8_t what = next_u8(in) % 24;

    if (f->is_careful && f->tree_cnt > 0 && what < 11) {
        run(f);
        if (f->tree_cnt > 0) {
            return;
        }
    }
    if (what < 5) {
        step_state(f, in, what);
    } else if (what < 11) {
        step_data(f, in, (uint8_t)(what - 5));
    } else if (what < 14) {
        step_owner(f, in);
    } else if (what < 19) {
        step_frame(f, in);
    } else {
        run(f);
    }
}

/* Takes everything back, from the bottom up, and returns what was kept. */
static void clear(struct fuzz *f)
{
    struct object *layers[] = {f->tcps, f->paths, f->neighbors};
    const uint32_t cnts[] = {TCP_CNT, PATH_CNT, NEIGHBOR_CNT};
    const uint16_t types[] = {TOE_BLOCK_TCP, TOE_BLOCK_PATH4, TOE_BLOCK_NEIGHBOR};

    f->answer = 0;
    toe_target_upload_all(f->target); /* Initiates that wait for the end of a pause fail. */
    run(f);
    for (int layer = 0; layer < 3; ++layer) {
        for (uint32_t i = 0; i < cnts[layer]; ++i) {
            struct tree *tree = calloc(1, sizeof(*tree));

            toe_assert(tree != NULL);
            if (layers[layer][i].handle == 0) {
                free(tree);
                continue;
            }
            block_init(tree, 0, types[layer], &layers[layer][i], 0, false);
            tree->tcp[0].size = sizeof(tree->tcp[0]);
            tree->neighbor.size = sizeof(tree->neighbor);
            tree->path.size = sizeof(tree->path);
            if (layer == 0) {
                tree->blocks[0].state.tcp = &tree->tcp[0];
            } else if (layer == 1) {
                tree->blocks[0].state.path = &tree->path;
            } else {
                tree->blocks[0].state.neighbor = &tree->neighbor;
            }
            ++f->tree_cnt;
            f->ops->terminate(f->monitor, &tree->blocks[0]);
        }
        run(f);
    }
    keep_returning(f, KEPT_MAX);
    run(f);
}

static void begin(struct fuzz *f, const uint8_t *head)
{
    const struct toe_mem mem = {.user = f, .alloc = mem_alloc, .free = mem_free};
    struct toe_target_settings settings;
    struct toe_inter_monitor_settings monitor;
    struct toe_params params;

    toe_target_settings_default(&settings);
    settings.wire = &wire_ops;
    settings.wire_user = f;
    memcpy(settings.mac, our_mac, TOE_MAC_LEN);
    settings.mem = mem;
    settings.profile = (head[0] & 1) != 0 ? TOE_PROFILE_COMPAT : TOE_PROFILE_MODERN;
    settings.send_return = (head[0] & 2) != 0 ? TOE_SEND_RETURN_COMPLETE : TOE_SEND_RETURN_CHAIN;
    settings.continue_after_root_failure = (head[0] & 4) != 0;
    settings.indicate_and_post = (head[0] & 8) != 0;
    settings.invalid_on_transmit = (head[0] & 16) != 0;
    settings.drop_bad_tcp = (head[0] & 32) != 0;
    settings.optional_uploads = (head[0] & 64) != 0 ? UINT32_MAX : 0;
    f->is_careful = (head[0] & 128) != 0;
    settings.tcp_max = 1 + head[1] % 8;
    settings.path_max = 1 + head[1] / 8 % 4;
    settings.neighbor_max = 1 + head[1] / 32 % 3;
    settings.rcv_chunk_max = 8 + head[2];
    f->target = toe_target_new(&settings);
    toe_assert(f->target != NULL);
    toe_inter_monitor_settings_default(&monitor);
    monitor.below = (struct toe_inter_below){toe_target_ops(), f->target};
    monitor.mem = mem;
    monitor.continue_after_root_failure = settings.continue_after_root_failure;
    monitor.tell = on_breach;
    monitor.user = f;
    f->monitor = toe_inter_monitor_new(&monitor);
    toe_assert(f->monitor != NULL);
    f->ops = toe_inter_monitor_ops(f->monitor);
    f->ops->attach(f->monitor, &host_ops, f);
    toe_params_default(&params);
    toe_assert(f->ops->params_set(f->monitor, &params) == TOE_STATUS_SUCCESS);
    objects_init(f);
    f->now = 1000 * TOE_NS_PER_SEC;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    struct fuzz *f;
    uint8_t head[3];

    if (size < sizeof(head) || size > 4096) {
        return 0;
    }
    f = calloc(1, sizeof(*f));
    toe_assert(f != NULL);
    for (size_t i = 0; i < sizeof(head); ++i) {
        head[i] = next_u8(&in);
    }
    begin(f, head);
    for (int i = 0; i < STEPS_MAX && in.size > 0; ++i) {
        step(f, &in);
    }
    clear(f);
    toe_assert(f->tree_cnt == 0 && f->room_cnt == 0 && f->kept_cnt == 0);
    toe_assert(toe_target_can_close(f->target));
    f->ops->attach(f->monitor, NULL, NULL);
    toe_inter_monitor_del(f->monitor);
    toe_target_del(f->target);
    toe_assert(f->live == 0);
    free(f);
    return 0;
}
