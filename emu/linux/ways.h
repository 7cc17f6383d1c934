/* SPDX-License-Identifier: MIT */
/*
 * Neighbors and paths: the objects that connections stand on, shared by those that go the same way.
 *
 * They are offloaded with the first connection that needs them, in its tree, and given back a while
 * after the last one has left. It is the kernel that resolves next hops and knows routes: what they
 * are is as it tells (follow.h), and each of its frames says where it goes. Where it tells nothing,
 * or something else than its frames do, as behind a VLAN's interface, only the frames count.
 *
 * A neighbor and a path are kept as the kernel has them now; what the target was told last is kept
 * beside that, and follows it (amend.h).
 */
#ifndef EMU_LINUX_WAYS_H
#define EMU_LINUX_WAYS_H

#include "linux/kernel_conn.h"

enum emu_object_state {
    EMU_OBJECT_NEW,      /* the target does not know it */
    EMU_OBJECT_ASKED,    /* it is in a tree that was passed down */
    EMU_OBJECT_HERE,     /* the target has it */
    EMU_OBJECT_CHANGING, /* the target was asked to update, query or invalidate it */
    EMU_OBJECT_LEAVING,  /* the target was asked to give it back */
};

struct emu_neighbor {
    TAILQ_ENTRY(emu_neighbor) node;
    TAILQ_ENTRY(emu_neighbor) amended;
    struct toe_addr address; /* of the next hop; family 0: only frames tell of it */
    uint8_t src_mac[TOE_MAC_LEN];
    uint8_t dst_mac[TOE_MAC_LEN];
    uint8_t told_mac[TOE_MAC_LEN]; /* the target knows this one */
    uint16_t vlan_id;
    enum emu_object_state state;
    toe_handle handle;
    uint32_t path_cnt; /* that lead there, or are to */
    bool is_amended;   /* the target is to be told, or asked, something */
    bool is_resolved;  /* |dst_mac| is known */
    bool is_reachable; /* for the kernel, without a doubt */
    bool is_suspect;   /* the kernel doubts: what does the target know? */
    bool is_lost;      /* it is not to be used any more, */
    bool is_invalid;   /* and the target knows */
    toe_instant changed_at;
};

struct emu_path {
    TAILQ_ENTRY(emu_path) node;
    TAILQ_ENTRY(emu_path) idle;
    TAILQ_ENTRY(emu_path) asked;
    TAILQ_ENTRY(emu_path) amended;
    TAILQ_ENTRY(emu_path) narrowed;
    struct emu_neighbor *neighbor;
    struct emu_neighbor *next; /* that it is to be linked to instead; NULL: none */
    struct toe_addr local;
    struct toe_addr remote;
    uint16_t local_port; /* of the connection that it was made for: ways may differ by that */
    uint16_t remote_port;
    uint32_t mtu;
    uint32_t told_mtu;       /* the target knows this one */
    uint32_t narrow_mtu;     /* a router said so; 0: none did */
    toe_instant narrow_till; /* and this is how long that is believed */
    toe_instant changed_at;
    toe_instant astray_at; /* a frame went elsewhere, and the kernel was asked */
    bool is_followed;      /* the kernel tells of it */
    bool is_asked;         /* the kernel is to be asked about it */
    bool is_amended;       /* the target is to be told something */
    bool is_invalid;       /* the target knows that it is lost */
    enum emu_why lost;     /* why it is not to be used any more; EMU_WHY_NONE: it is */
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

/*
 * emu_request_new() makes an empty one, emu_request_del() frees it after its answer; NULL: no
 * memory. emu_request_recall() is for a connection that is to come back, which is how memory is
 * freed: it is NULL only while others are under way.
 */
struct emu_request *emu_request_new(struct emu_kernel *kernel);
struct emu_request *emu_request_recall(struct emu_kernel *kernel);
void emu_request_del(struct emu_kernel *kernel, struct emu_request *request);

/*
 * emu_path_get() is the path that frames of |conn| take, made if need be. NULL with the reason in
 * |why| if there is none.
 */
struct emu_path *emu_path_get(struct emu_conn *conn, enum emu_why *why);

/* emu_path_put() says that a connection does not need |path| any longer. */
void emu_path_put(struct emu_kernel *kernel, struct emu_path *path);

/*
 * emu_neighbor_get() is the neighbor of that name, made if need be; NULL: no memory. The name is
 * the IP address, or the Ethernet address |dst_mac| if |address| is of family 0.
 */
struct emu_neighbor *emu_neighbor_get(struct emu_kernel *kernel, const struct toe_addr *address,
                                      const uint8_t src_mac[TOE_MAC_LEN],
                                      const uint8_t dst_mac[TOE_MAC_LEN], uint16_t vlan_id);

/*
 * emu_neighbor_put() says that a path does not lead there any more; emu_neighbor_leave() gives it
 * back if none does. Either may free it.
 */
void emu_neighbor_put(struct emu_kernel *kernel, struct emu_neighbor *neighbor);
void emu_neighbor_leave(struct emu_kernel *kernel, struct emu_neighbor *neighbor);

/* emu_path_hop() is the neighbor that |path| leads to, or will in a moment. */
static inline struct emu_neighbor *emu_path_hop(const struct emu_path *path)
{
    return path->next != NULL ? path->next : path->neighbor;
}

/* emu_path_is_usable() tells whether connections may be put on |path|. */
static inline bool emu_path_is_usable(const struct emu_path *path)
{
    return path->lost == EMU_WHY_NONE && !path->neighbor->is_lost;
}

/* emu_object_is_steady(): the target has not been asked anything about it. */
static inline bool emu_object_is_steady(enum emu_object_state state)
{
    return state == EMU_OBJECT_NEW || state == EMU_OBJECT_HERE;
}

/* emu_path_is_ready() tells whether |path| can be in a tree now. */
bool emu_path_is_ready(const struct emu_path *path);

/* emu_request_fill() fills in the blocks above a connection's in an initiate. */
void emu_request_fill(struct emu_request *request, struct emu_path *path,
                      const struct toe_caps *caps);

/* emu_request_fill_neighbor() fills in the block of |neighbor|, with |dependent| below. */
void emu_request_fill_neighbor(struct emu_request *request, struct emu_neighbor *neighbor,
                               struct toe_block *dependent, const struct toe_caps *caps);

/*
 * emu_request_refer() fills in a tree of placeholders down to |conn|, which is in the target, with
 * a block of |type|; what its state says is for the caller to add.
 */
void emu_request_refer(struct emu_request *request, struct emu_conn *conn, uint16_t type);

/* emu_request_initiated() notes what became of them. */
void emu_request_initiated(struct emu_kernel *kernel, struct emu_request *request);

/* emu_request_of() is the request whose tree this is. */
struct emu_request *emu_request_of(struct toe_block *tree);

/* emu_objects_run() gives back what has not been needed for a while; returns when to run again. */
toe_instant emu_objects_run(struct emu_kernel *kernel);

/* emu_objects_terminated() takes the answer of that. */
void emu_objects_terminated(struct emu_kernel *kernel, struct emu_request *request);

void emu_objects_fini(struct emu_kernel *kernel);

#endif
