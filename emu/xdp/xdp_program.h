/* SPDX-License-Identifier: MIT */
/*
 * The program in the kernel that picks the frames of a port on AF_XDP.
 *
 * It is a dozen instructions, written by hand, so that neither a compiler for BPF nor a file of
 * somebody's has to be there. It is attached by a link: the kernel takes it off the interface when
 * the link's file is closed, however the process ends.
 */
#ifndef EMU_XDP_XDP_PROGRAM_H
#define EMU_XDP_XDP_PROGRAM_H

#include "adapter.h"

struct emu_xdp_program {
    int map;  /* the sockets, by the number of their queue */
    int code; /* the program */
    int link; /* of it to the interface */
};

/*
 * emu_xdp_program_load() makes a program that gives the frames for |mac| and those for groups to
 * the sockets of |queue_cnt| queues, and leaves the others to the kernel; with |pieces| also those
 * that do not lie in one page. False with |error| if that is not allowed here.
 */
bool emu_xdp_program_load(struct emu_xdp_program *program, const uint8_t mac[TOE_MAC_LEN],
                          uint32_t queue_cnt, bool pieces, struct emu_error *error);

/* emu_xdp_program_add() has the frames of |queue| go to |socket|. */
bool emu_xdp_program_add(const struct emu_xdp_program *program, uint32_t queue, int socket);

/* emu_xdp_program_attach() puts it on |adapter|; |flags| is XDP_FLAGS_SKB_MODE or such. */
bool emu_xdp_program_attach(struct emu_xdp_program *program, const struct emu_adapter *adapter,
                            uint32_t flags);

/* emu_xdp_program_close() takes it off, and frees it. */
void emu_xdp_program_close(struct emu_xdp_program *program);

#endif
