/* SPDX-License-Identifier: MIT */
/*
 * What the kernel tells about a connection of its own (sock_diag(7)): the options that were agreed
 * upon before anybody here saw a segment, and the estimates with which a target starts warm.
 */
#ifndef EMU_LINUX_DIAG_H
#define EMU_LINUX_DIAG_H

#include "linux/kernel.h"

struct emu_diag;

struct emu_diag_info {
    bool has_ts;
    bool has_sack;
    bool has_wscale;
    bool has_ecn;
    bool has_usec_ts; /* its timestamps count microseconds */
    uint8_t peer_wscale;
    uint8_t kernel_wscale;
    uint16_t snd_mss; /* payload of a full segment, */
    uint16_t adv_mss; /* and of those that it receives */
    uint32_t pmtu;
    uint32_t cwnd;     /* bytes, */
    uint32_t ssthresh; /* UINT32_MAX: none yet */
    toe_duration srtt; /* 0: no sample yet */
    toe_duration rttvar;
};

/* emu_diag_open() asks the network this process is in; NULL if the kernel does not answer there. */
struct emu_diag *emu_diag_open(void);

/* emu_diag_get() asks about one connection; false if the kernel has none of that name. */
bool emu_diag_get(struct emu_diag *diag, struct emu_diag_info *info, const struct emu_tuple *tuple);

/* emu_diag_close() ends it; NULL is allowed. */
void emu_diag_close(struct emu_diag *diag);

#endif
