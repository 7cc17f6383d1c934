/* SPDX-License-Identifier: MIT */
/*
 * What an adapter's hardware finds out about a frame that it receives, in software: whether its
 * transport checksum is right. For frames that come without a word about them.
 *
 * A frame that a kernel of this computer has sent, over a veth, carries the sum of the pseudo
 * header where its checksum will be, and may be a super-segment. Both are told by looking, too: the
 * sum is no other than that of the pseudo header, and no frame of the network is longer than its
 * MTU. A damaged checksum passes for such a sum as rarely as for a right one.
 */
#ifndef EMU_EXAMINE_H
#define EMU_EXAMINE_H

#include "toe/frame.h"

/*
 * emu_examine() fills in the metadata of |frame|, whose bytes lie in |data| whole, and may be
 * written. What is not TCP or UDP over IP, or is wrong, stays as it is: that is for whoever takes
 * it to find. Returns false for what the network with packets of |mtu| bytes cannot have brought,
 * and is no super-segment.
 */
bool emu_examine(struct toe_frame *frame, uint32_t mtu);

#endif
