/* SPDX-License-Identifier: MIT */
/*
 * Amending: the target's neighbors and paths are brought up to what they are now, by updates,
 * relinks and invalidations, one request for an object at a time (SYN-2). What the target refuses
 * to change is invalidated, so that its connections come back.
 */
#ifndef EMU_LINUX_AMEND_H
#define EMU_LINUX_AMEND_H

#include "linux/ways.h"

/* emu_amend_neighbor() and emu_amend_path() note that something is to be told. */
void emu_amend_neighbor(struct emu_kernel *kernel, struct emu_neighbor *neighbor);
void emu_amend_path(struct emu_kernel *kernel, struct emu_path *path);

/*
 * emu_amend_waiting() does so for the paths that are to be linked to |neighbor|; |lost| is why that
 * cannot be, or EMU_WHY_NONE.
 */
void emu_amend_waiting(struct emu_kernel *kernel, const struct emu_neighbor *neighbor,
                       enum emu_why lost);

/* emu_amend_run() tells it. */
void emu_amend_run(struct emu_kernel *kernel);

/* The target's answers to that. */
void emu_amend_initiated(struct emu_kernel *kernel, struct emu_request *request);
void emu_amend_updated(struct emu_kernel *kernel, struct emu_request *request);
void emu_amend_queried(struct emu_kernel *kernel, struct emu_request *request);
void emu_amend_invalidated(struct emu_kernel *kernel, struct emu_request *request);

/* These are for what is going to be freed. */
void emu_amend_neighbor_forget(struct emu_kernel *kernel, struct emu_neighbor *neighbor);
void emu_amend_path_forget(struct emu_kernel *kernel, struct emu_path *path);

#endif
