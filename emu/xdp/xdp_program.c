/* SPDX-License-Identifier: MIT */
#include "xdp/xdp_program.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

#ifndef BPF_F_XDP_HAS_FRAGS
#define BPF_F_XDP_HAS_FRAGS (1u << 5)
#endif

/* Fields of struct xdp_md, which the program gets. */
enum { DATA = 0, DATA_END = 4, RX_QUEUE = 16, ETHER_LEN = 14 };

static int load_code(int map, const uint8_t mac[TOE_MAC_LEN], bool pieces)
{
    const struct bpf_prog_load_opts options = {
        .sz = sizeof(options),
        .prog_flags = pieces ? BPF_F_XDP_HAS_FRAGS : 0,
    };
    int32_t first;
    uint16_t last;

    memcpy(&first, mac, sizeof(first));
    memcpy(&last, mac + sizeof(first), sizeof(last));

    const struct bpf_insn code[] = {
        /* What, where to, where from, offset or how far to jump, number. */
        {BPF_LDX | BPF_MEM | BPF_W, BPF_REG_2, BPF_REG_1, DATA, 0},
        {BPF_LDX | BPF_MEM | BPF_W, BPF_REG_3, BPF_REG_1, DATA_END, 0},
        {BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_4, BPF_REG_2, 0, 0},
        {BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_4, 0, 0, ETHER_LEN},
        {BPF_JMP | BPF_JGT | BPF_X, BPF_REG_4, BPF_REG_3, 12, 0}, /* cut short: to pass */
        {BPF_LDX | BPF_MEM | BPF_B, BPF_REG_4, BPF_REG_2, 0, 0},
        {BPF_JMP | BPF_JSET | BPF_K, BPF_REG_4, 0, 4, 1}, /* for a group: to redirect */
        {BPF_LDX | BPF_MEM | BPF_W, BPF_REG_4, BPF_REG_2, 0, 0},
        {BPF_JMP32 | BPF_JNE | BPF_K, BPF_REG_4, 0, 8, first}, /* for another: to pass */
        {BPF_LDX | BPF_MEM | BPF_H, BPF_REG_4, BPF_REG_2, 4, 0},
        {BPF_JMP32 | BPF_JNE | BPF_K, BPF_REG_4, 0, 6, last},
        /* Redirect, or pass if there is no socket. */
        {BPF_LDX | BPF_MEM | BPF_W, BPF_REG_2, BPF_REG_1, RX_QUEUE, 0},
        {BPF_LD | BPF_IMM | BPF_DW, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map},
        {0, 0, 0, 0, 0}, /* the upper half of that number */
        {BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_3, 0, 0, XDP_PASS},
        {BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_redirect_map},
        {BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
        /* Pass. */
        {BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, XDP_PASS},
        {BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
    };

    return bpf_prog_load(BPF_PROG_TYPE_XDP, "toe_nic", "Dual MIT/GPL", code,
                         sizeof(code) / sizeof(code[0]), &options);
}

bool emu_xdp_program_load(struct emu_xdp_program *program, const uint8_t mac[TOE_MAC_LEN],
                          uint32_t queue_cnt, bool pieces, struct emu_error *error)
{
    *program = (struct emu_xdp_program){.map = -1, .code = -1, .link = -1};
    program->map = bpf_map_create(BPF_MAP_TYPE_XSKMAP, "toe_nic", sizeof(uint32_t), sizeof(int32_t),
                                  queue_cnt, NULL);
    if (program->map >= 0) {
        program->code = load_code(program->map, mac, pieces);
    }
    if (program->code >= 0) {
        return true;
    }
    if (errno == EPERM || errno == EACCES) {
        emu_error_set(
            error, EMU_EXIT_ENVIRONMENT,
            "a program for AF_XDP needs CAP_BPF and CAP_NET_ADMIN of this computer, not of "
            "a user namespace; run as root, or take --wire packet:IF");
    } else {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "the kernel does not take the program for AF_XDP: %s", strerror(errno));
    }
    emu_xdp_program_close(program);
    return false;
}

bool emu_xdp_program_add(const struct emu_xdp_program *program, uint32_t queue, int socket)
{
    return bpf_map_update_elem(program->map, &queue, &socket, BPF_ANY) == 0;
}

bool emu_xdp_program_attach(struct emu_xdp_program *program, const struct emu_adapter *adapter,
                            uint32_t flags)
{
    const struct bpf_link_create_opts options = {.sz = sizeof(options), .flags = flags};

    program->link = bpf_link_create(program->code, adapter->index, BPF_XDP, &options);
    return program->link >= 0;
}

void emu_xdp_program_close(struct emu_xdp_program *program)
{
    const int files[] = {program->link, program->code, program->map};

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); ++i) {
        if (files[i] >= 0) {
            (void)close(files[i]);
        }
    }
    *program = (struct emu_xdp_program){.map = -1, .code = -1, .link = -1};
}
