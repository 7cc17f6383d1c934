/* SPDX-License-Identifier: MIT */
/*
 * Invalidate: the host forbids the use of objects.
 *
 * An object that is invalid stays, and says nothing about those below it: a connection on an
 * invalid path, or on a path through an invalid neighbor, is *blocked*. It is asked to be uploaded
 * once, and comes to life again when its path is linked to another neighbor (INV-13, LNK-6).
 */
#ifndef TARGET_INVALIDATE_H
#define TARGET_INVALIDATE_H

struct target_path;
struct toe_block;
struct toe_target;

/* target_invalidate() makes the objects in |tree| invalid and completes. */
void target_invalidate(struct toe_target *target, struct toe_block *tree);

/* target_revive() lets the connections on |path| that are no longer blocked go on. */
void target_revive(struct target_path *path);

#endif
