/* SPDX-License-Identifier: MIT */
/*
 * The kernel as the host: its own TCP connections, moved into a target and back.
 *
 * For the kernel a network card lies behind its interface (a TAP), for the target a host stack
 * above it. This stands between the two. Whatever frames the kernel sends are given to
 * emu_kernel_from_host(); what is to be received by the kernel goes to |host|. A connection that
 * is in the host, the ordinary case, crosses untouched, and is followed by its segments. One that
 * is offloaded is carried by the target towards the peer, and by this towards the kernel, with the
 * same sequence numbers on both sides:
 *
 *  - The kernel is acknowledged what the peer has acknowledged (a send completion), the peer what
 *    the kernel has (receive_return). So all of this may vanish at any instant, and the kernel and
 *    the peer go on as after a lost segment. |early_ack| gives that up.
 *  - Timestamps go on at the kernel's own clock, and windows are never taken back.
 *
 * The owner has one loop: it reads the TAP, calls emu_kernel_from_host() with what came, runs the
 * target and then this, and sleeps until a frame arrives or one of the two deadlines has come. All
 * of it belongs to one thread, as the target does.
 */
#ifndef EMU_LINUX_KERNEL_H
#define EMU_LINUX_KERNEL_H

#include "error.h"
#include "histogram.h"
#include "toe/seam.h"
#include "toe/target.h"

struct emu_heap;
struct emu_kernel;

/* One connection's name, as the kernel sees it: its own end is the local one. */
struct emu_tuple {
    struct toe_addr local;
    struct toe_addr remote;
    uint16_t local_port;
    uint16_t remote_port;
};

/* Where a connection is. */
enum emu_place {
    EMU_PLACE_HOST,       /* the kernel and the peer speak with each other */
    EMU_PLACE_OFFLOADING, /* what is in flight is being collected, or the target was asked */
    EMU_PLACE_OFFLOADED,
    EMU_PLACE_UPLOADING, /* the target was asked for it */
};

/* Why a connection is in the host, of those that were to be elsewhere. */
enum emu_why {
    EMU_WHY_NONE,      /* it never was */
    EMU_WHY_ASKED,     /* emu_kernel_upload() */
    EMU_WHY_TARGET,    /* the target wanted it: |detail| is the enum toe_upload_reason */
    EMU_WHY_REFUSED,   /* the target did not take it: |detail| is the toe_status */
    EMU_WHY_OPTIONS,   /* it has options that cannot be carried: MPTCP, MD5, AO, and unknown ones */
    EMU_WHY_UNKNOWN,   /* not enough was seen of it */
    EMU_WHY_STATE,     /* it is being opened, or is over */
    EMU_WHY_IN_FLIGHT, /* what was in flight did not come to an end, or was too much */
    EMU_WHY_URGENT,    /* the kernel sent urgent data */
    EMU_WHY_WINDOW,    /* an end takes nothing for long: the kernel waits better than we do */
    EMU_WHY_ENDED,     /* it was reset, or closed by both */
    EMU_WHY_KEEP_ALIVE, /* the kernel asks whether the peer lives */
    EMU_WHY_ROUTE,      /* the kernel sends to another next hop, or has none any more */
    EMU_WHY_NEIGHBOR,   /* the next hop does not answer, or the kernel was told to forget it */
    EMU_WHY_ADDRESS,    /* its own address was taken away from the kernel */
    EMU_WHY_POLICY,     /* emu_kernel_upload_by_policy(): |detail| is its number */
    EMU_WHY_PAUSED,
    EMU_WHY_MEMORY, /* of ours */
    EMU_WHY_CNT,
};

/* emu_why_name() is "asked" and so on; emu_place_name() "InHost", "Offloading" and so on. */
const char *emu_why_name(enum emu_why why);
const char *emu_place_name(enum emu_place place);

/* What there is to tell about one connection. */
struct emu_kernel_conn {
    struct emu_tuple tuple;
    enum emu_place place;
    enum emu_place was;        /* before it came there */
    enum toe_conn_state state; /* as far as its segments tell */
    enum emu_why why;
    uint32_t detail;     /* see enum emu_why */
    uint64_t offloads;   /* so far */
    uint64_t uploads;    /* so far */
    uint64_t tx_bytes;   /* payload from the kernel, while in the host and while offloaded */
    uint64_t rx_bytes;   /* payload for the kernel, likewise */
    toe_instant seen_at; /* a segment of it passed */
    void *owner;         /* of emu_kernel_own() */
};

/* A path of the kernel's connections, and the neighbor it goes to. */
struct emu_kernel_path {
    struct toe_addr local;
    struct toe_addr remote;
    uint32_t mtu;
    uint32_t conn_cnt; /* that need it now */
    uint8_t src_mac[TOE_MAC_LEN];
    uint8_t dst_mac[TOE_MAC_LEN];
    uint16_t vlan_id;           /* 0: none */
    struct toe_addr next_hop;   /* family 0: the kernel does not tell of it */
    enum emu_why lost;          /* not NONE: its connections leave it */
    bool is_offloaded;          /* the target has it, */
    bool neighbor_is_offloaded; /* and that */
};

/* Sums over all connections. */
struct emu_kernel_stats {
    uint64_t conns;                    /* known now */
    uint64_t offloaded;                /* now */
    uint64_t offloads;                 /* so far */
    uint64_t uploads;                  /* so far, */
    uint64_t uploads_for[EMU_WHY_CNT]; /* and why */
    uint64_t refusals;                 /* offloads that came to nothing, */
    uint64_t refusals_full;            /* those because the target has no more room */
    uint64_t host_frames;              /* from the kernel, */
    uint64_t host_ordinary;            /* and those of them that went on as they were */
    uint64_t host_resent;              /* segments to the kernel that went more than once */
    uint64_t host_bad;                 /* frames of offloaded connections that made no sense */
    uint64_t other_vlan;               /* of peers, on another VLAN than the kernel's connection */
    uint64_t neighbor_updates;
    uint64_t path_updates;
    uint64_t window_updates;
    uint64_t relinks;
    uint64_t invalidations;    /* of neighbors and paths */
    uint64_t confirmations;    /* of neighbors, to the kernel, by what the target knows */
    uint64_t too_big;          /* packets of offloaded connections, by the word of a router */
    uint64_t memory;           /* bytes of the heap that all this has now */
    uint64_t news_lost;        /* times that the kernel had more to tell than could wait */
    uint64_t neighbor_queries; /* by the target: a neighbor has been silent for too long */
};

/*
 * How long moves took: to the target from when a connection began to offload, which includes the
 * wait for an instant at which it can; and back from the recall until the kernel has all again.
 */
struct emu_kernel_times {
    struct emu_histogram offloads;
    struct emu_histogram uploads;
};

struct emu_kernel_settings {
    const struct toe_target_ops *ops;
    void *target;                    /* emu_kernel_new() attaches itself to it */
    const struct toe_wire_ops *host; /* transmit() and |features| of the port to the kernel */
    void *host_user;
    /*
     * |target| if it is the software target (toe/target.h), which can be told of the end of a
     * stream and asked for timestamps; NULL: it is another one.
     */
    struct toe_target *software;
    /*
     * When |target| acknowledges the peer. Unless what is returned to it (TOE_ACK_RETURNED), what
     * it acknowledged is lost if all this vanishes, and a connection that is back is not left alone
     * before the kernel has all of that.
     */
    enum toe_ack_when ack_when;
    const char *interface; /* that the kernel sees; borrowed. NULL: no news of it are read */
    uint32_t mtu;          /* of it, the largest it may have */
    uint64_t seed;         /* of the hash */
    uint32_t conn_max;     /* connections that are followed at once; 0: 65536 */
    uint32_t buffer_max;   /* most bytes taken from the kernel and not acknowledged, of each
                              connection; 0: 4 MiB */
    toe_duration stale;    /* silence after which a neighbor is in doubt; 0: 30 s */
    /*
     * Acknowledge the kernel what was taken from it, before the peer has it. What the peer has not
     * acknowledged is lost if all this vanishes, and an upload waits for it.
     */
    bool early_ack;
    bool no_netlink; /* ask this machine nothing: the kernel is somebody else's, or a test */
    /*
     * What is told of connections; each may be NULL. Nothing may be asked for from within, but
     * emu_kernel_own().
     */
    void (*opened)(void *user, const struct emu_kernel_conn *conn);  /* it is established */
    void (*moved)(void *user, const struct emu_kernel_conn *conn);   /* it has changed its place */
    void (*reached)(void *user, const struct emu_kernel_conn *conn); /* see emu_kernel_own() */
    void (*closed)(void *user, const struct emu_kernel_conn *conn);  /* it is forgotten */
    /* The target would rather give it back, of its own will: true if it shall. NULL: it shall. */
    bool (*released)(void *user, const struct emu_kernel_conn *conn, enum toe_upload_reason reason);
    void *user;
};

/*
 * emu_kernel_new() makes one and attaches it to the target, whose parameters it sets. NULL with
 * |error| if that cannot be.
 */
struct emu_kernel *emu_kernel_new(const struct emu_kernel_settings *settings,
                                  struct emu_error *error);

/*
 * emu_kernel_del() frees it; NULL is allowed. What is still offloaded is forgotten, and goes on
 * between the kernel and the peer: see emu_kernel_upload_all() for the orderly way.
 */
void emu_kernel_del(struct emu_kernel *kernel);

/*
 * emu_kernel_from_host() takes the frames that the kernel sent, as the port received them: |now| is
 * not before that.
 */
void emu_kernel_from_host(struct emu_kernel *kernel, const struct toe_frame *frames, uint32_t cnt,
                          toe_instant now);

/*
 * emu_kernel_run() does what is due: to be called after each run of the target, and when that has
 * connections to take it runs it itself. Returns when it is to be called next, 0 for at once.
 */
toe_instant emu_kernel_run(struct emu_kernel *kernel, toe_instant now);

/* emu_kernel_fd() is readable when the kernel tells something that emu_kernel_run() is to read; -1:
 * there is no such thing. */
int emu_kernel_fd(const struct emu_kernel *kernel);

/*
 * emu_kernel_offload() wants a connection to be offloaded, emu_kernel_upload() to be in the host.
 * Returns false with the reason in |why| (may be NULL) if that cannot be; what happens later is
 * told by |moved|. Wanting what is already so is no error.
 */
bool emu_kernel_offload(struct emu_kernel *kernel, const struct emu_tuple *tuple,
                        enum emu_why *why);
bool emu_kernel_upload(struct emu_kernel *kernel, const struct emu_tuple *tuple, enum emu_why *why);

/* emu_kernel_upload_by_policy() is emu_kernel_upload() for a reason of the caller's own. */
void emu_kernel_upload_by_policy(struct emu_kernel *kernel, const struct emu_tuple *tuple,
                                 uint32_t number);

/*
 * emu_kernel_own() has |owner| told with the connection, and |reached| called once when it has
 * carried |mark| bytes in all, both ways, and is in the host; 0: not. Does nothing if there is no
 * such connection.
 */
void emu_kernel_own(struct emu_kernel *kernel, const struct emu_tuple *tuple, void *owner,
                    uint64_t mark);

/* emu_kernel_upload_all() wants all of them back; emu_kernel_offloaded_cnt() is 0 when they are. */
void emu_kernel_upload_all(struct emu_kernel *kernel);
uint32_t emu_kernel_offloaded_cnt(const struct emu_kernel *kernel);

/* emu_kernel_pause() has emu_kernel_offload() fail until emu_kernel_resume(). */
void emu_kernel_pause(struct emu_kernel *kernel);
void emu_kernel_resume(struct emu_kernel *kernel);

/*
 * emu_kernel_walk() calls |visit| with each connection it knows, in no particular order, until one
 * call returns false. |visit| may offload and upload.
 */
void emu_kernel_walk(struct emu_kernel *kernel,
                     bool (*visit)(void *user, const struct emu_kernel_conn *conn), void *user);

/* emu_kernel_walk_paths() calls |visit| with each path, in no particular order. */
void emu_kernel_walk_paths(const struct emu_kernel *kernel,
                           void (*visit)(void *user, const struct emu_kernel_path *path),
                           void *user);

/* emu_kernel_find() fills in |conn|; false if there is no such connection. */
bool emu_kernel_find(const struct emu_kernel *kernel, const struct emu_tuple *tuple,
                     struct emu_kernel_conn *conn);

/* emu_kernel_heap() is where all this has its memory; what an owner adds for connections, too. */
struct emu_heap *emu_kernel_heap(struct emu_kernel *kernel);

void emu_kernel_stats_get(const struct emu_kernel *kernel, struct emu_kernel_stats *stats);

const struct emu_kernel_times *emu_kernel_times(const struct emu_kernel *kernel);

#endif
