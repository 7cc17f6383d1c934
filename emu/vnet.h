/* SPDX-License-Identifier: MIT */
/*
 * The virtio-net header before a frame, in which Linux tells what is unfinished about it: to and
 * from the metadata of a struct toe_frame.
 */
#ifndef EMU_VNET_H
#define EMU_VNET_H

#include <linux/virtio_net.h>

#include "toe/frame.h"

/* emu_vnet_build() writes the header that goes before |frame|. */
void emu_vnet_build(struct virtio_net_hdr *header, const struct toe_frame *frame);

/*
 * emu_vnet_parse() fills in the metadata of |frame|, whose bytes are set already. Returns false if
 * it is of a kind that there is nobody for: what a kernel was not asked to leave unfinished.
 */
bool emu_vnet_parse(struct toe_frame *frame, const struct virtio_net_hdr *header);

#endif
