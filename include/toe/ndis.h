/* SPDX-License-Identifier: MIT */
/*
 * The way from the original declarations (toe/ndis_types.h) to ours, and back.
 *
 * Whoever has code in the original's words can use three things here, each built from the one
 * before: converters of the state structures, converters of whole requests (trees of blocks, chains
 * of buffers), and a *provider*, which offers the original entry points on any struct
 * toe_target_ops and answers through the original tables of a client.
 *
 * A converted request keeps a link to what it was made from. When it is released, the results
 * (statuses, tokens, state, byte counts, the progress of each buffer, chains that came back) are
 * written where they belong in the original, and the memory of the conversion is freed. So each
 * request is converted once on its way down and released once on its way up, and the pointer that
 * the other side sees come back is the one that it passed.
 *
 * The functions come in pairs. *Import* is from the original to ours, as for a host of the original
 * above one of our targets; *export* the opposite. Payload is never copied: buffers are described
 * anew, by the same bus addresses.
 *
 * Tokens are handles in pointers, so pointers must have 64 bits; where they have not, every import
 * and export of a tree answers as if memory were short.
 */
#ifndef TOE_NDIS_H
#define TOE_NDIS_H

#include "toe/ndis_types.h"
#include "toe/seam.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Converting state. Import is from the original to ours, export the opposite; a class that is NULL
 * is left out. Length of every structure given must cover it, else the result is false and nothing
 * is changed (STATE-H-1); an export sets Length to what it wrote. Chains of buffers and backlog
 * sizes are not touched. A path is of |family| 4 or 6; an import fails if an address is NULL, an
 * export writes the addresses to where the pointers lead, if they lead anywhere.
 */
TOE_EXPORT bool toe_ndis_neighbor_import(struct toe_neighbor_state *state,
                                         const NEIGHBOR_OFFLOAD_STATE_CONST *constant,
                                         const NEIGHBOR_OFFLOAD_STATE_CACHED *cached,
                                         const NEIGHBOR_OFFLOAD_STATE_DELEGATED *delegated);
TOE_EXPORT bool toe_ndis_neighbor_export(const struct toe_neighbor_state *state,
                                         NEIGHBOR_OFFLOAD_STATE_CONST *constant,
                                         NEIGHBOR_OFFLOAD_STATE_CACHED *cached,
                                         NEIGHBOR_OFFLOAD_STATE_DELEGATED *delegated);
TOE_EXPORT bool toe_ndis_path_import(struct toe_path_state *state, uint8_t family,
                                     const PATH_OFFLOAD_STATE_CONST *constant,
                                     const PATH_OFFLOAD_STATE_CACHED *cached);
TOE_EXPORT bool toe_ndis_path_export(const struct toe_path_state *state,
                                     PATH_OFFLOAD_STATE_CONST *constant,
                                     PATH_OFFLOAD_STATE_CACHED *cached);
TOE_EXPORT bool toe_ndis_tcp_import(struct toe_tcp_state *state,
                                    const TCP_OFFLOAD_STATE_CONST *constant,
                                    const TCP_OFFLOAD_STATE_CACHED *cached,
                                    const TCP_OFFLOAD_STATE_DELEGATED *delegated);
TOE_EXPORT bool toe_ndis_tcp_export(const struct toe_tcp_state *state,
                                    TCP_OFFLOAD_STATE_CONST *constant,
                                    TCP_OFFLOAD_STATE_CACHED *cached,
                                    TCP_OFFLOAD_STATE_DELEGATED *delegated);

/* Buffers */

/* What a chain of buffers is for, and so which slots of a NET_BUFFER_LIST say something. */
enum toe_ndis_use {
    TOE_NDIS_DATA,     /* to send, to disconnect with, or segments to forward */
    TOE_NDIS_ROOM,     /* to receive into: TcpReceiveNoPush, TcpReceiveBytesTransferred */
    TOE_NDIS_BUFFERED, /* received before: TOE_NDIS_NBL_URGENT */
};

/* How a chain is given back. */
enum toe_ndis_end {
    TOE_NDIS_COMPLETED, /* status, byte count and progress are carried over */
    TOE_NDIS_RETURNED,  /* progress only: a send that goes back with a terminate (SND-076) */
    TOE_NDIS_UNTOUCHED, /* nothing is */
};

/* toe_ndis_nb_is_sound() tells whether the offsets of |nb| agree and its data lies in its MDLs. */
TOE_EXPORT bool toe_ndis_nb_is_sound(const NET_BUFFER *nb);

/*
 * toe_ndis_nb_advance() moves the data start of |nb| by |cnt| bytes, at most DataLength. Where that
 * is the end of an MDL, the start moves to the next one, if there is one (IOS-009).
 */
TOE_EXPORT void toe_ndis_nb_advance(NET_BUFFER *nb, uint32_t cnt);

/* NdisAdvanceNetBufferDataStart() is the same by its original name. No MDL is ever freed. */
static inline void NdisAdvanceNetBufferDataStart(PNET_BUFFER nb, ULONG delta, BOOLEAN free_mdl,
                                                 PVOID free_handler)
{
    (void)free_mdl;
    (void)free_handler;
    toe_ndis_nb_advance(nb, delta);
}

/*
 * toe_ndis_buf_import() makes a chain of buffers of |chain|, one for each NET_BUFFER_LIST, with the
 * data of all its NET_BUFFERs in order. The original is lent until the release. An original that
 * is not sound, or of more than 4 GiB, becomes a buffer that is not sound (toe_buf_is_sound()).
 * |mem| may be NULL. Returns NULL if memory is short; nothing is left then.
 */
TOE_EXPORT struct toe_buf *toe_ndis_buf_import(const struct toe_mem *mem, PNET_BUFFER_LIST chain,
                                               enum toe_ndis_use use);

/*
 * toe_ndis_buf_release() frees a chain of imported buffers, in any order and of any calls, after it
 * has carried over what |end| says; returns the chain of their originals in the same order.
 */
TOE_EXPORT PNET_BUFFER_LIST toe_ndis_buf_release(struct toe_buf *chain, enum toe_ndis_end end);

/*
 * toe_ndis_nbl_export() makes a chain of NET_BUFFER_LISTs, each of one NET_BUFFER with an MDL for
 * each entry, of |chain|. |bus| says what is mapped where, and may be NULL.
 */
TOE_EXPORT PNET_BUFFER_LIST toe_ndis_nbl_export(const struct toe_mem *mem,
                                                const struct toe_bus *bus, struct toe_buf *chain,
                                                enum toe_ndis_use use);

/* toe_ndis_nbl_release() is toe_ndis_buf_release() for exported ones. */
TOE_EXPORT struct toe_buf *toe_ndis_nbl_release(PNET_BUFFER_LIST chain, enum toe_ndis_end end);

/* Trees */

/*
 * The operation a tree is for decides which state is read on the way down, which is written on the
 * way up, and whether any follows a block at all:
 *
 *   initiate    new blocks carry what their type says; nothing is written but statuses and tokens
 *   terminate   blocks of a delegated or full type carry state, and the delegated class is written
 *   update      blocks of a cached or full type carry state, and the cached class is read
 *   query       blocks carry what their type says, and all of that is written
 *   invalidate  no block carries state
 */
enum toe_ndis_op {
    TOE_NDIS_INITIATE,
    TOE_NDIS_TERMINATE,
    TOE_NDIS_UPDATE,
    TOE_NDIS_QUERY,
    TOE_NDIS_INVALIDATE,
};

/*
 * toe_ndis_block_import() makes a tree of blocks of the block list |list|, which is lent until the
 * release; its Scratch members are used. Send data and buffered data are imported with it. A block
 * whose Size, or a state whose Length, is too small becomes one that a target fails. Returns NULL
 * if memory is short; nothing is left then.
 */
TOE_EXPORT struct toe_block *toe_ndis_block_import(const struct toe_mem *mem,
                                                   PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST list,
                                                   enum toe_ndis_op op);

/*
 * toe_ndis_block_release() carries the results of |tree|, which toe_ndis_block_import() returned
 * and a target completed, over to the original, frees it, and returns the original. Buffered data
 * that comes back with a terminate is exported, to be returned by way of toe_ndis_nbl_release();
 * if memory is short for that, the result is NULL and the release is to be tried again later.
 */
TOE_EXPORT PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST toe_ndis_block_release(struct toe_block *tree,
                                                                    const struct toe_bus *bus);

/* toe_ndis_block_del() frees an imported tree and all that was imported with it, and no more. */
TOE_EXPORT void toe_ndis_block_del(struct toe_block *tree);

/* The opposite three: for a host of ours above a target of the original. */
TOE_EXPORT PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST toe_ndis_list_export(const struct toe_mem *mem,
                                                                  const struct toe_bus *bus,
                                                                  struct toe_block *tree,
                                                                  enum toe_ndis_op op);
TOE_EXPORT struct toe_block *toe_ndis_list_release(PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST list);
TOE_EXPORT void toe_ndis_list_del(PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST list);

/*
 * toe_ndis_list_link() makes a protocol's list a miniport's: MiniportOffloadContext of every block
 * becomes the address of its OffloadHandle's, or NULL where there is no handle.
 */
TOE_EXPORT void toe_ndis_list_link(PNDIS_PROTOCOL_OFFLOAD_BLOCK_LIST list);

/* Parameters, capabilities, counters */

/*
 * toe_ndis_params_import() reads |len| bytes of parameters, of either revision.
 *
 * NDIS_STATUS_INVALID_LENGTH
 *     |len| or Header.Size is smaller than revision 1.
 * NDIS_STATUS_INVALID_DATA
 *     They cannot be set (toe_params_check()).
 */
TOE_EXPORT NDIS_STATUS toe_ndis_params_import(struct toe_params *params,
                                              const NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS *in,
                                              uint32_t len);
TOE_EXPORT void toe_ndis_params_export(NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS *out,
                                       const struct toe_params *params);

/* What an import of capabilities does not find in the original stays as it is. */
TOE_EXPORT void toe_ndis_caps_import(struct toe_caps *caps, const NDIS_TCP_CONNECTION_OFFLOAD *in);
TOE_EXPORT void toe_ndis_caps_export(NDIS_TCP_CONNECTION_OFFLOAD *out, const struct toe_caps *caps);

TOE_EXPORT void toe_ndis_tcp_stats_export(TCP_OFFLOAD_STATS *out, const struct toe_tcp_stats *in);
TOE_EXPORT void toe_ndis_ip_stats_export(IP_OFFLOAD_STATS *out, const struct toe_ip_stats *in);

/* The provider */

/*
 * A provider stands on a target and offers it by the original entry points. It keeps the contract
 * of toe/seam.h: an entry only takes the request; upcalls are made from toe_ndis_provider_run()
 * only, which runs the target; the requests that the original answers by a return value return
 * NDIS_STATUS_PENDING, receive-return NDIS_STATUS_SUCCESS.
 *
 * Memory. A request for which there is none waits, with all that is posted after it, and is tried
 * again; so does the completion of a terminate. Received data that cannot be indicated is refused,
 * and the upload of the connection asked for (UploadRequested).
 *
 * What has no business with the chimney passes by: frames of the ordinary path come by |frames| as
 * they are, and are sent by the target's own transmit().
 */
struct toe_ndis_provider;

struct toe_ndis_provider_settings {
    size_t size; /* sizeof(struct toe_ndis_provider_settings) */
    const struct toe_target_ops *ops;
    void *target;
    struct toe_mem mem; /* with a NULL alloc(): malloc() and free() */
    struct toe_bus bus;
    NDIS_HANDLE handle; /* the first argument of upcalls that concern no connection */
    /* The client's tables; copied. Every function is there. */
    const NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS *generic;
    const NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS *tcp;
    /* NDIS_STATUS_OFFLOAD_PAUSE and so on; |caps| with OFFLOAD_RESUME only. May be NULL. */
    void (*status)(NDIS_HANDLE handle, NDIS_STATUS status, const NDIS_TCP_CONNECTION_OFFLOAD *caps);
    /* Frames that arrived for the ordinary path. May be NULL. */
    void (*frames)(NDIS_HANDLE handle, const struct toe_frame *frames, uint32_t cnt);
};

/* toe_ndis_provider_new() attaches a provider to its target. NULL: no memory, or 32-bit pointers.
 */
TOE_EXPORT struct toe_ndis_provider *
toe_ndis_provider_new(const struct toe_ndis_provider_settings *settings);

/* toe_ndis_provider_del() detaches it. Every request was completed, every buffer returned. */
TOE_EXPORT void toe_ndis_provider_del(struct toe_ndis_provider *provider);

/* The entry points. Their first argument is the provider. */
TOE_EXPORT const NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS *
toe_ndis_provider_generic(void);
TOE_EXPORT const NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS *toe_ndis_provider_tcp(void);

/*
 * toe_ndis_provider_oid() sets (|is_set|) or queries what |oid| names: the parameters are set,
 * capabilities queried, counters queried or reset. Other statuses than SUCCESS are those of
 * toe_ndis_params_import(), INVALID_LENGTH for a buffer that is too small, and NOT_SUPPORTED.
 */
TOE_EXPORT NDIS_STATUS toe_ndis_provider_oid(struct toe_ndis_provider *provider, ULONG oid,
                                             bool is_set, PVOID buffer, ULONG len);

/* toe_ndis_provider_deadline() and _run() take the place of the target's deadline() and run(). */
TOE_EXPORT toe_instant toe_ndis_provider_deadline(struct toe_ndis_provider *provider);
TOE_EXPORT void toe_ndis_provider_run(struct toe_ndis_provider *provider, toe_instant now);

#ifdef __cplusplus
}
#endif

#endif
