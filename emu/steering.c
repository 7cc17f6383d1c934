/* SPDX-License-Identifier: MIT */
/*
 * The hash is not Toeplitz's (wire/rss.h), which is too much for classic BPF, but a multiplication:
 * the ports of one machine's connections follow each other, often by twos, and the upper half of
 * the product scatters them. It is no secret, as those of network cards are none.
 */
#include "steering.h"

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <string.h>

#include "bytes.h"
#include "linux/too_big.h"

enum {
    VLAN_LEN = 4,
    IPV4_LEN = 20,
    IPV6_LEN = 40,
    PORTS_LEN = 4,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    SCATTER_SHIFT = 16,
};

#define SCATTER 0x9e3779b1u /* 2^32 by the golden ratio */

/* --- frames --- */

static uint32_t scatter(uint32_t mixed)
{
    return mixed * SCATTER >> SCATTER_SHIFT;
}

/* |addresses| are two of |len| bytes, |ports| two of 16 bits, in whichever order. */
static uint32_t hash(const uint8_t *addresses, uint32_t len, const uint8_t *ports)
{
    uint32_t mixed = (uint32_t)(emu_get16(ports) ^ emu_get16(ports + 2));

    for (uint32_t i = 0; i < 2 * len; i += 4) {
        mixed ^= emu_get32(addresses + i);
    }
    return scatter(mixed);
}

static uint32_t hash_tuple(const struct emu_tuple *tuple)
{
    const uint32_t len = tuple->local.family == 4 ? 4 : 16;
    uint32_t mixed = (uint32_t)(tuple->local_port ^ tuple->remote_port);

    for (uint32_t i = 0; i < len; i += 4) {
        mixed ^= emu_get32(tuple->local.bytes + i) ^ emu_get32(tuple->remote.bytes + i);
    }
    return scatter(mixed);
}

static uint32_t queue_of_word(const struct toe_frame *frame, uint32_t cnt)
{
    struct emu_too_big word;

    return emu_too_big_parse(&word, frame) ? hash_tuple(&word.tuple) % cnt : EMU_STEERING_ANY;
}

/* Headers are told apart as the kernel's side does (linux/segment.h). */
uint32_t emu_steering_queue(const struct toe_frame *frame, uint32_t cnt)
{
    const uint8_t *p = frame->data;
    uint32_t off = ETH_HLEN;
    uint16_t type;

    if (frame->len < ETH_HLEN + VLAN_LEN) {
        return EMU_STEERING_ANY;
    }
    if (emu_get16(p + off - 2) == ETH_P_8021Q) {
        off += VLAN_LEN;
    }
    type = emu_get16(p + off - 2);
    p += off;
    if (type == ETH_P_IP && frame->len >= off + IPV4_LEN + PORTS_LEN) {
        const bool is_whole = p[0] == 0x45 && (emu_get16(p + 6) & 0x3fff) == 0;

        return is_whole && p[9] == PROTOCOL_TCP ? hash(p + 12, 4, p + IPV4_LEN) % cnt
                                                : queue_of_word(frame, cnt);
    }
    if (type == ETH_P_IPV6 && frame->len >= off + IPV6_LEN + PORTS_LEN) {
        return p[6] == PROTOCOL_TCP ? hash(p + 8, 16, p + IPV6_LEN) % cnt
                                    : queue_of_word(frame, cnt);
    }
    return EMU_STEERING_ANY;
}

/* --- the program --- */

struct program {
    struct sock_filter *code;
    uint16_t len;
};

static void put(struct program *program, uint16_t code, uint32_t k)
{
    program->code[program->len++] = (struct sock_filter)BPF_STMT(code, k);
}

static void put_jump(struct program *program, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
    program->code[program->len++] = (struct sock_filter)BPF_JUMP(code, k, jt, jf);
}

/* Goes on if the accumulator is |k|; what is no connection comes by the first queue. */
static void put_demand(struct program *program, uint32_t k)
{
    put_jump(program, BPF_JMP | BPF_JEQ | BPF_K, k, 1, 0);
    put(program, BPF_RET | BPF_K, 0);
}

/* UDP is nobody's, but better not all by one queue. */
static void put_protocols(struct program *program, uint32_t off)
{
    put(program, BPF_LD | BPF_B | BPF_ABS, off);
    put_jump(program, BPF_JMP | BPF_JEQ | BPF_K, PROTOCOL_TCP, 2, 0);
    put_demand(program, PROTOCOL_UDP);
}

/* X is mixed so far, 0 to begin with, and has |size| bytes at |off| mixed in. */
static void put_mix(struct program *program, uint16_t size, uint32_t off)
{
    put(program, (uint16_t)(BPF_LD | BPF_ABS | size), off);
    put(program, BPF_ALU | BPF_XOR | BPF_X, 0);
    put(program, BPF_MISC | BPF_TAX, 0);
}

static void put_hash(struct program *program, uint32_t addresses, uint32_t len, uint32_t ports)
{
    put(program, BPF_LDX | BPF_IMM, 0);
    for (uint32_t i = 0; i < 2 * len; i += 4) {
        put_mix(program, BPF_W, addresses + i);
    }
    put_mix(program, BPF_H, ports);
    put_mix(program, BPF_H, ports + 2);
    put(program, BPF_ALU | BPF_MUL | BPF_K, SCATTER);
    put(program, BPF_ALU | BPF_RSH | BPF_K, SCATTER_SHIFT);
    put(program, BPF_RET | BPF_A, 0);
}

/* The kernel has the frame begin with the IP header, behind a VLAN's tag if there is one. */
uint16_t emu_steering_program(struct sock_filter *out)
{
    struct program program = {.code = out};
    uint16_t branch;

    put(&program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL));
    branch = program.len;
    put_jump(&program, BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 0);
    put(&program, BPF_LD | BPF_B | BPF_ABS, 0);
    put_demand(&program, 0x45);
    put(&program, BPF_LD | BPF_H | BPF_ABS, 6);
    put(&program, BPF_ALU | BPF_AND | BPF_K, 0x3fff);
    put_demand(&program, 0);
    put_protocols(&program, 9);
    put_hash(&program, 12, 4, IPV4_LEN);
    out[branch].jf = (uint8_t)(program.len - branch - 1);
    put_demand(&program, ETH_P_IPV6);
    put_protocols(&program, 6);
    put_hash(&program, 8, 16, IPV6_LEN);
    return program.len;
}
