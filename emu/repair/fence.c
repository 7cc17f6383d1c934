/* SPDX-License-Identifier: MIT */
/*
 * The fence: a hash of connections in the kernel, and two programs that look into it. One stands at
 * an interface's ingress, behind the raw sockets and before the protocols, and drops what is in the
 * hash; it is attached by a link, and gone with its last file descriptor. The other is a filter for
 * packet sockets, and lets through what is in the hash.
 *
 * The programs are few instructions and written as such, so that nothing needs a compiler for them.
 */
#include "repair/repair.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef BPF_TCX_INGRESS
#define BPF_TCX_INGRESS 46 /* since Linux 6.6 */
#endif

enum {
    TCX_NEXT = -1, /* whatever else is there decides */
    TCX_DROP = 2,
    CONN_MAX = 1 << 20,
    ETH_LEN = 14,
    IPV6_LEN = 40,
};

/* What the hash knows a connection by, as it stands in a segment of the peer's. */
struct key {
    uint8_t src[16];
    uint8_t dst[16];
    uint16_t src_port; /* as on the wire */
    uint16_t dst_port;
    uint32_t family; /* 4, 6 */
};

struct toe_linux_fence {
    int map;
    int drop;   /* the program at the ingress, */
    int link;   /* and what holds it there */
    int filter; /* the one for packet sockets */
};

static int bpf(int command, union bpf_attr *attr)
{
    return (int)syscall(__NR_bpf, command, attr, sizeof(*attr));
}

/* --- instructions --- */

static struct bpf_insn op(int code, int dst, int src, int off, int imm)
{
    return (struct bpf_insn){.code = (uint8_t)code,
                             .dst_reg = (uint8_t)(dst & 15),
                             .src_reg = (uint8_t)(src & 15),
                             .off = (int16_t)off,
                             .imm = imm};
}

#define MOV(dst, src) op(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define SET(dst, imm) op(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm)
#define ADD(dst, imm) op(BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, imm)
#define AND(dst, imm) op(BPF_ALU64 | BPF_AND | BPF_K, dst, 0, 0, imm)
#define SHL(dst, imm) op(BPF_ALU64 | BPF_LSH | BPF_K, dst, 0, 0, imm)
#define LOAD(size, dst, src, off) op(BPF_LDX | BPF_MEM | (size), dst, src, off, 0)
#define STORE(size, dst, off, src) op(BPF_STX | BPF_MEM | (size), dst, src, off, 0)
#define STORE_IMM(size, dst, off, imm) op(BPF_ST | BPF_MEM | (size), dst, 0, off, imm)
#define CALL(function) op(BPF_JMP | BPF_CALL, 0, 0, 0, function)
#define EXIT() op(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

/* A program that is being written, with jumps forward to labels. */
enum label { OTHER, V6, PORTS, NO_TCP, LABEL_CNT };

struct program {
    struct bpf_insn code[96];
    int len;
    struct {
        int at;
        enum label to;
    } jumps[24];
    int jump_cnt;
    int labels[LABEL_CNT];
};

static void put(struct program *p, struct bpf_insn insn)
{
    p->code[p->len++] = insn;
}

static void jump(struct program *p, struct bpf_insn insn, enum label to)
{
    p->jumps[p->jump_cnt].at = p->len;
    p->jumps[p->jump_cnt++].to = to;
    put(p, insn);
}

static void jump_if(struct program *p, int how, int reg, int value, enum label to)
{
    jump(p, op(BPF_JMP | how | BPF_K, reg, 0, 0, value), to);
}

static void label(struct program *p, enum label name)
{
    p->labels[name] = p->len;
}

static void resolve(struct program *p)
{
    for (int i = 0; i < p->jump_cnt; ++i) {
        p->code[p->jumps[i].at].off = (int16_t)(p->labels[p->jumps[i].to] - p->jumps[i].at - 1);
    }
}

/* Copies |len| bytes of the frame at |off|, or at r8 if that is negative, to the stack at |to|. */
static void load(struct program *p, int off, int to, int len)
{
    put(p, MOV(BPF_REG_1, BPF_REG_6));
    if (off < 0) {
        put(p, MOV(BPF_REG_2, BPF_REG_8));
    } else {
        put(p, SET(BPF_REG_2, off));
    }
    put(p, MOV(BPF_REG_3, BPF_REG_10));
    put(p, ADD(BPF_REG_3, to));
    put(p, SET(BPF_REG_4, len));
    put(p, CALL(BPF_FUNC_skb_load_bytes));
    jump_if(p, BPF_JNE, BPF_REG_0, 0, OTHER);
}

enum {
    KEY = -(int)sizeof(struct key), /* on the stack */
    HEAD = KEY - 24,
};

/* r6 is the frame; afterwards the key is on the stack, or it went to NO_TCP or OTHER. */
static void put_key(struct program *p)
{
    const int key_src = KEY + (int)offsetof(struct key, src);

    for (int at = KEY; at < 0; at += 8) {
        put(p, STORE_IMM(BPF_DW, BPF_REG_10, at, 0));
    }
    put(p, LOAD(BPF_W, BPF_REG_7, BPF_REG_6, offsetof(struct __sk_buff, protocol)));
    jump_if(p, BPF_JEQ, BPF_REG_7, 0xdd86, V6);
    jump_if(p, BPF_JNE, BPF_REG_7, 0x0008, NO_TCP);

    load(p, ETH_LEN, HEAD, 20);
    put(p, LOAD(BPF_B, BPF_REG_1, BPF_REG_10, HEAD + 9));
    jump_if(p, BPF_JNE, BPF_REG_1, IPPROTO_TCP, NO_TCP);
    put(p, LOAD(BPF_B, BPF_REG_8, BPF_REG_10, HEAD));
    put(p, AND(BPF_REG_8, 15));
    put(p, SHL(BPF_REG_8, 2));
    put(p, ADD(BPF_REG_8, ETH_LEN));
    put(p, LOAD(BPF_W, BPF_REG_1, BPF_REG_10, HEAD + 12));
    put(p, STORE(BPF_W, BPF_REG_10, key_src, BPF_REG_1));
    put(p, LOAD(BPF_W, BPF_REG_1, BPF_REG_10, HEAD + 16));
    put(p, STORE(BPF_W, BPF_REG_10, key_src + 16, BPF_REG_1));
    put(p, STORE_IMM(BPF_W, BPF_REG_10, KEY + (int)offsetof(struct key, family), 4));
    jump(p, op(BPF_JMP | BPF_JA, 0, 0, 0, 0), PORTS);

    label(p, V6);
    load(p, ETH_LEN + 6, HEAD, 1);
    put(p, LOAD(BPF_B, BPF_REG_1, BPF_REG_10, HEAD));
    jump_if(p, BPF_JNE, BPF_REG_1, IPPROTO_TCP, NO_TCP);
    load(p, ETH_LEN + 8, key_src, 32);
    put(p, SET(BPF_REG_8, ETH_LEN + IPV6_LEN));
    put(p, STORE_IMM(BPF_W, BPF_REG_10, KEY + (int)offsetof(struct key, family), 6));

    label(p, PORTS);
    load(p, -1, KEY + (int)offsetof(struct key, src_port), 4);
}

/* Looks for the key: returns |found| if it is there, |other| if not, |no_tcp| where there is none.
 */
static int load_program(int map, uint32_t type, int found, int other, int no_tcp)
{
    struct program p = {.len = 0};
    union bpf_attr attr = {.prog_type = type};
    static const char license[] = "Dual MIT/GPL";

    put(&p, MOV(BPF_REG_6, BPF_REG_1));
    put_key(&p);
    put(&p, op(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map));
    put(&p, op(0, 0, 0, 0, 0));
    put(&p, MOV(BPF_REG_2, BPF_REG_10));
    put(&p, ADD(BPF_REG_2, KEY));
    put(&p, CALL(BPF_FUNC_map_lookup_elem));
    jump_if(&p, BPF_JEQ, BPF_REG_0, 0, OTHER);
    put(&p, SET(BPF_REG_0, found));
    put(&p, EXIT());
    label(&p, OTHER);
    put(&p, SET(BPF_REG_0, other));
    put(&p, EXIT());
    label(&p, NO_TCP);
    put(&p, SET(BPF_REG_0, no_tcp));
    put(&p, EXIT());
    resolve(&p);

    attr.insns = (uintptr_t)p.code;
    attr.insn_cnt = (uint32_t)p.len;
    attr.license = (uintptr_t)license;
    return bpf(BPF_PROG_LOAD, &attr);
}

static int make_map(void)
{
    union bpf_attr attr = {
        .map_type = BPF_MAP_TYPE_HASH,
        .key_size = sizeof(struct key),
        .value_size = 1,
        .max_entries = CONN_MAX,
        .map_flags = BPF_F_NO_PREALLOC,
    };

    return bpf(BPF_MAP_CREATE, &attr);
}

static int attach(int program, unsigned interface)
{
    union bpf_attr attr = {.link_create = {.attach_type = BPF_TCX_INGRESS}};

    attr.link_create.prog_fd = (uint32_t)program;
    attr.link_create.target_ifindex = interface;
    return bpf(BPF_LINK_CREATE, &attr);
}

static bool build(struct toe_linux_fence *fence, unsigned interface)
{
    fence->map = make_map();
    if (fence->map < 0) {
        return false;
    }
    fence->drop = load_program(fence->map, BPF_PROG_TYPE_SCHED_CLS, TCX_DROP, TCX_NEXT, TCX_NEXT);
    fence->filter = load_program(fence->map, BPF_PROG_TYPE_SOCKET_FILTER, INT32_MAX, 0, INT32_MAX);
    if (fence->drop < 0 || fence->filter < 0) {
        return false;
    }
    fence->link = attach(fence->drop, interface);
    return fence->link >= 0;
}

struct toe_linux_fence *toe_linux_fence_open(const char *name, struct toe_linux_error *error)
{
    const unsigned interface = if_nametoindex(name);
    struct toe_linux_fence *fence;

    if (interface == 0) {
        linux_error_set(error, errno, "no interface %s", name);
        return NULL;
    }
    fence = malloc(sizeof(*fence));
    if (fence == NULL) {
        linux_error_set(error, ENOMEM, "no memory for a fence");
        return NULL;
    }
    *fence = (struct toe_linux_fence){-1, -1, -1, -1};
    if (!build(fence, interface)) {
        linux_error_set(error, errno,
                        "no fence at %s: %s (it needs CAP_BPF, CAP_NET_ADMIN and Linux 6.6)", name,
                        strerror(errno));
        toe_linux_fence_del(fence);
        return NULL;
    }
    return fence;
}

/* The peer's segments come from where ours go to. */
static struct key key_of(const struct toe_saved *saved)
{
    const struct toe_path_const *path = &saved->path.constant;
    const struct toe_tcp_const *tcp = &saved->tcp.constant;
    const size_t len = path->dst.family == 4 ? 4 : 16;
    struct key key = {.family = path->dst.family};

    memcpy(key.src, path->dst.bytes, len);
    memcpy(key.dst, path->src.bytes, len);
    key.src_port = htons(tcp->remote_port);
    key.dst_port = htons(tcp->local_port);
    return key;
}

bool toe_linux_fence_raise(struct toe_linux_fence *fence, const struct toe_saved *saved,
                           struct toe_linux_error *error)
{
    const struct key key = key_of(saved);
    const uint8_t value = 1;
    union bpf_attr attr = {.map_fd = 0};

    attr.map_fd = (uint32_t)fence->map;
    attr.key = (uintptr_t)&key;
    attr.value = (uintptr_t)&value;
    if (bpf(BPF_MAP_UPDATE_ELEM, &attr) != 0) {
        linux_error_set(error, errno, "the fence cannot cover the connection: %s", strerror(errno));
        return false;
    }
    return true;
}

void toe_linux_fence_lower(struct toe_linux_fence *fence, const struct toe_saved *saved)
{
    const struct key key = key_of(saved);
    union bpf_attr attr = {.map_fd = 0};

    attr.map_fd = (uint32_t)fence->map;
    attr.key = (uintptr_t)&key;
    (void)bpf(BPF_MAP_DELETE_ELEM, &attr);
}

bool toe_linux_fence_filter(const struct toe_linux_fence *fence, int packet_fd,
                            struct toe_linux_error *error)
{
    if (setsockopt(packet_fd, SOL_SOCKET, SO_ATTACH_BPF, &fence->filter, sizeof(fence->filter)) !=
        0) {
        linux_error_set(error, errno, "the packet socket takes no filter: %s", strerror(errno));
        return false;
    }
    return true;
}

void toe_linux_fence_del(struct toe_linux_fence *fence)
{
    const int *const fds[] = {&fence->link, &fence->drop, &fence->filter, &fence->map};

    if (fence == NULL) {
        return;
    }
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); ++i) {
        if (*fds[i] >= 0) {
            (void)close(*fds[i]);
        }
    }
    free(fence);
}
