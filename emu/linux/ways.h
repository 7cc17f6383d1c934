/* SPDX-License-Identifier: MIT */
/*
 * Neighbors and paths: the objects that connections stand on, shared by those that go the same way.
 *
 * They are offloaded with the first connection that needs them, in its tree, and given back a while
 * after the last one has left. What they are follows from the kernel's frames: it is the kernel
 * that resolves next hops and knows routes, and each of its frames says where it goes.
 */
#ifndef EMU_LINUX_WAYS_H
#define EMU_LINUX_WAYS_H

#include "linux/kernel_conn.h"

enum emu_object_state {
    EMU_OBJECT_NEW,     /* the target does not know it */
    EMU_OBJECT_ASKED,   /* it is in a tree that was passed down */
    EMU_OBJECT_HERE,    /* the target has it */
    EMU_OBJECT_LEAVING, /* the target was asked to give it back */
};

struct emu_neighbor {
    TAILQ_ENTRY(emu_neighbor) node;
    uint8_t src_mac[TOE_MAC_LEN];
    uint8_t dst_mac[TOE_MAC_LEN];
    uint16_t vlan_id;
    enum emu_object_state state;
    toe_handle handle;
    uint32_t path_cnt;
};

struct emu_path {
    TAILQ_ENTRY(emu_path) node;
    TAILQ_ENTRY(emu_path) idle;
    struct emu_neighbor *neighbor;
    struct toe_addr local;
    struct toe_addr remote;
    uint32_t mtu;
    enum emu_object_state state;
    toe_handle handle;
    uint32_t conn_cnt;
    bool is_idle;
    toe_instant idle_at; /* idle: given back then */
};

/*
 * A tree for one connection, one path or one neighbor. What it has no block for is a placeholder,
 * or is left out.
 */
struct emu_request {
    TAILQ_ENTRY(emu_request) node;
    struct toe_block neighbor;
    struct toe_block path;
    struct toe_block tcp;
    struct toe_neighbor_state neighbor_state;
    struct toe_path_state path_state;
    struct toe_tcp_state tcp_state;
    struct emu_conn *conn;
    struct emu_path *path_object;
    struct emu_neighbor *neighbor_object;
    struct toe_extension ext; /* of a terminate */
};

/* emu_request_new() makes an empty one, emu_request_del() frees it after its answer; NULL: no
 * memory. */
struct emu_request *emu_request_new(struct emu_kernel *kernel);
void emu_request_del(struct emu_kernel *kernel, struct emu_request *request);

/* emu_path_get() is the path that frames of |conn| take, made if need be; NULL: no memory. */
struct emu_path *emu_path_get(struct emu_conn *conn);

/* emu_path_put() says that a connection does not need |path| any longer. */
void emu_path_put(struct emu_kernel *kernel, struct emu_path *path);

/* emu_path_is_ready() tells whether |path| can be in a tree now. */
bool emu_path_is_ready(const struct emu_path *path);

/* emu_request_fill() fills in the blocks above a connection's in an initiate. */
void emu_request_fill(struct emu_request *request, struct emu_path *path,
                      const struct toe_caps *caps);

/* emu_request_initiated() notes what became of them. */
void emu_request_initiated(struct emu_request *request);

/* emu_request_of() is the request whose tree this is. */
struct emu_request *emu_request_of(struct toe_block *tree);

/* emu_objects_run() gives back what has not been needed for a while; returns when to run again. */
toe_instant emu_objects_run(struct emu_kernel *kernel);

/* emu_objects_terminated() takes the answer of that. */
void emu_objects_terminated(struct emu_kernel *kernel, struct emu_request *request);

void emu_objects_fini(struct emu_kernel *kernel);

#endif
