/* SPDX-License-Identifier: MIT */
/*
 * Following the kernel: neighbors and paths are what it says they are (rtnl.h).
 *
 * When a path is made, the kernel is asked for its next hop, and whether the frames that the path
 * is made for go to that neighbor: then both are followed. News only say that something is
 * different; for which paths it is different is found by asking again, some paths in each run. A
 * router's word that packets are too big is believed like the kernel believes it, which gets that
 * frame as well.
 *
 * The target knows better than the kernel whether neighbors of offloaded connections are reachable:
 * it sees the acknowledgments first. So when the kernel begins to doubt, the target is asked, and
 * the kernel told.
 */
#ifndef EMU_LINUX_FOLLOW_H
#define EMU_LINUX_FOLLOW_H

#include "linux/rtnl.h"
#include "linux/ways.h"

void emu_follow_init(struct emu_kernel *kernel);
void emu_follow_fini(struct emu_kernel *kernel);

/*
 * emu_follow_begin() asks for the way of |conn|: |route|, if the kernel tells, which |is_told|
 * says. Returns why the kernel does not send at all, or EMU_WHY_NONE.
 */
enum emu_why emu_follow_begin(struct emu_conn *conn, struct emu_rtnl_route *route, bool *is_told);

/* emu_follow_ask() has the kernel asked about |path| in the next run. */
void emu_follow_ask(struct emu_kernel *kernel, struct emu_path *path);

/* emu_follow_mtu() is the MTU of a path whose route has |mtu|, 0: none of its own. */
uint32_t emu_follow_mtu(const struct emu_kernel *kernel, uint32_t mtu);

/*
 * emu_follow_astray() is called when a frame of |conn| went to another neighbor than that of its
 * path. Returns whether that is about to be right, because something has changed just now.
 */
bool emu_follow_astray(struct emu_conn *conn);

/* emu_follow_frame() looks at a frame for the kernel that is no segment. */
void emu_follow_frame(struct emu_kernel *kernel, const struct toe_frame *frame);

/* emu_follow_reached() is how many ticks ago the kernel knew |neighbor| to be reachable; 0: it does
 * not know, and finds out. */
uint32_t emu_follow_reached(struct emu_kernel *kernel, const struct emu_neighbor *neighbor);

/* emu_follow_confirm() takes what the target says: it heard of |neighbor| |ticks| ago. */
void emu_follow_confirm(struct emu_kernel *kernel, struct emu_neighbor *neighbor, uint32_t ticks);

/* emu_follow_run() reads news and asks what is to be asked; returns when to be called next. */
toe_instant emu_follow_run(struct emu_kernel *kernel);

/* emu_follow_forget() is for a path that is going to be freed. */
void emu_follow_forget(struct emu_kernel *kernel, struct emu_path *path);

#endif
