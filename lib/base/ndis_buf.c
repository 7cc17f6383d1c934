/* SPDX-License-Identifier: MIT */
/*
 * Chains of NET_BUFFER_LISTs and chains of buffers, each described anew as the other.
 *
 * The description is one allocation for each member of a chain: the buffer, what it was made from,
 * and the list of its pieces. The original's bytes are never looked at. A buffer says how far it
 * got by how far its start has moved; that is carried over to the data starts of the original when
 * the description is released, clamped to the data there is, whatever the other side wrote.
 */
#include "toe/ndis.h"

#include "base/list.h"
#include "base/mem.h"

#include <string.h>

/* A buffer and the original it describes. */
struct imported {
    struct toe_mem mem;
    PNET_BUFFER_LIST original;
    struct toe_buf buf;
    uint32_t sge_cnt; /* that room was taken for */
    struct toe_sge sge[];
};

/* A NET_BUFFER_LIST and the buffer it describes. */
struct exported {
    struct toe_mem mem;
    struct toe_buf *original;
    NET_BUFFER_LIST nbl;
    NET_BUFFER nb;
    uint32_t mdl_cnt;
    MDL mdl[];
};

static const struct toe_mem *mem_or_default(const struct toe_mem *mem)
{
    return mem != NULL && mem->alloc != NULL ? mem : base_mem_default();
}

/* --- NET_BUFFER --- */

bool toe_ndis_nb_is_sound(const NET_BUFFER *nb)
{
    const uint64_t end = (uint64_t)nb->DataOffset + nb->DataLength;
    uint64_t before = 0; /* bytes in front of |mdl| */
    bool is_placed = nb->CurrentMdl == NULL && end == 0;

    for (const MDL *mdl = nb->MdlChain; mdl != NULL; mdl = mdl->Next) {
        if (mdl == nb->CurrentMdl) {
            is_placed = nb->CurrentMdlOffset <= mdl->ByteCount &&
                        before + nb->CurrentMdlOffset == nb->DataOffset;
        }
        before += mdl->ByteCount;
    }
    return is_placed && end <= before;
}

void toe_ndis_nb_advance(NET_BUFFER *nb, uint32_t cnt)
{
    if (cnt > nb->DataLength) {
        cnt = nb->DataLength;
    }
    if (cnt == 0) {
        return;
    }

    nb->DataOffset += cnt;
    nb->DataLength -= cnt;
    while (cnt >= nb->CurrentMdl->ByteCount - nb->CurrentMdlOffset &&
           nb->CurrentMdl->Next != NULL) {
        cnt -= nb->CurrentMdl->ByteCount - nb->CurrentMdlOffset;
        nb->CurrentMdl = nb->CurrentMdl->Next;
        nb->CurrentMdlOffset = 0;
    }
    nb->CurrentMdlOffset += cnt;
}

/* --- from the original to ours --- */

/*
 * list_pieces() counts the pieces of the data of |nb| and, unless |sge| is NULL, lists them there.
 * |nb| is sound.
 */
static uint32_t list_pieces(struct toe_sge *sge, const NET_BUFFER *nb)
{
    uint32_t left = nb->DataLength;
    uint32_t skip = nb->CurrentMdlOffset;
    uint32_t cnt = 0;

    for (const MDL *mdl = nb->CurrentMdl; left > 0; mdl = mdl->Next, skip = 0) {
        const uint32_t room = mdl->ByteCount - skip;
        const uint32_t len = room < left ? room : left;

        if (len == 0) {
            continue;
        }
        if (sge != NULL) {
            sge[cnt] = (struct toe_sge){.addr = mdl->BusAddress + skip, .len = len};
        }
        ++cnt;
        left -= len;
    }
    return cnt;
}

/* What a list amounts to. */
struct measure {
    uint64_t len;
    uint32_t sge_cnt;
    bool is_sound;
};

static struct measure measure_list(const NET_BUFFER_LIST *nbl)
{
    struct measure m = {.is_sound = true};

    for (const NET_BUFFER *nb = nbl->FirstNetBuffer; nb != NULL && m.is_sound; nb = nb->Next) {
        m.is_sound = toe_ndis_nb_is_sound(nb);
        if (m.is_sound) {
            m.len += nb->DataLength;
            m.sge_cnt += list_pieces(NULL, nb);
        }
    }
    m.is_sound = m.is_sound && m.len <= UINT32_MAX;
    return m;
}

static size_t imported_size(uint32_t sge_cnt)
{
    return sizeof(struct imported) + sge_cnt * sizeof(struct toe_sge);
}

static struct imported *imported_of(struct toe_buf *buf)
{
    return base_container_of(buf, struct imported, buf);
}

/* The slots of |nbl| that mean something in this |use|; slot 2 is another's in a send (IOS-005). */
static void read_slots(struct toe_buf *buf, const NET_BUFFER_LIST *nbl, enum toe_ndis_use use)
{
    switch (use) {
    case TOE_NDIS_DATA:
        break;
    case TOE_NDIS_ROOM:
        /* A BOOLEAN in the slot: the rest of the pointer need not be clean. */
        if (((uintptr_t)nbl->NetBufferListInfo[TcpReceiveNoPush] & 0xff) != 0) {
            buf->flags |= TOE_BUF_NO_PUSH;
        }
        buf->placed =
            (uint32_t)((uintptr_t)nbl->NetBufferListInfo[TcpReceiveBytesTransferred] & UINT32_MAX);
        break;
    case TOE_NDIS_BUFFERED:
        buf->flags |= nbl->Flags & TOE_NDIS_NBL_URGENT ? (uint32_t)TOE_BUF_URGENT : 0;
        break;
    }
}

static struct toe_buf *import_one(const struct toe_mem *mem, PNET_BUFFER_LIST nbl,
                                  enum toe_ndis_use use)
{
    const struct measure m = measure_list(nbl);
    const uint32_t cnt = m.is_sound ? m.sge_cnt : 0;
    struct imported *made = base_mem_alloc(mem, imported_size(cnt));
    uint32_t listed = 0;

    if (made == NULL) {
        return NULL;
    }
    made->mem = *mem;
    made->original = nbl;
    made->sge_cnt = cnt;
    made->buf = (struct toe_buf){.sge = made->sge, .sge_cnt = cnt, .status = TOE_STATUS_PENDING};
    /* A buffer with data and no list is not sound, and says so to whoever looks. */
    made->buf.len = m.is_sound ? (uint32_t)m.len : 1;
    for (const NET_BUFFER *nb = nbl->FirstNetBuffer; nb != NULL && m.is_sound; nb = nb->Next) {
        listed += list_pieces(made->sge + listed, nb);
    }
    read_slots(&made->buf, nbl, use);
    return &made->buf;
}

/* Frees what was imported of a chain; its links are still those of the whole chain. */
static void forget_imported(struct toe_buf *chain)
{
    while (chain != NULL) {
        struct imported *from = imported_of(chain);
        const struct toe_mem mem = from->mem;

        chain = chain->next;
        base_mem_free(&mem, from, imported_size(from->sge_cnt));
    }
}

struct toe_buf *toe_ndis_buf_import(const struct toe_mem *mem, PNET_BUFFER_LIST chain,
                                    enum toe_ndis_use use)
{
    struct toe_buf *first = NULL;
    struct toe_buf **link = &first;

    mem = mem_or_default(mem);
    for (PNET_BUFFER_LIST nbl = chain; nbl != NULL; nbl = nbl->Next) {
        *link = import_one(mem, nbl, use);
        if (*link == NULL) {
            forget_imported(first);
            return NULL;
        }
        link = &(*link)->next;
    }
    return first;
}

static void advance_list(PNET_BUFFER_LIST nbl, uint32_t cnt)
{
    for (PNET_BUFFER nb = nbl->FirstNetBuffer; nb != NULL && cnt > 0; nb = nb->Next) {
        const uint32_t len = cnt < nb->DataLength ? cnt : nb->DataLength;

        toe_ndis_nb_advance(nb, len);
        cnt -= len;
    }
}

static void carry_to_list(const struct imported *from, enum toe_ndis_end end)
{
    const struct toe_buf *buf = &from->buf;
    PNET_BUFFER_LIST nbl = from->original;

    if (end != TOE_NDIS_UNTOUCHED && buf->sge_cnt > 0) {
        advance_list(nbl, buf->off);
    }
    if (end == TOE_NDIS_COMPLETED) {
        nbl->Status = (NDIS_STATUS)buf->status;
        nbl->NetBufferListInfo[TcpOffloadBytesTransferred] = (PVOID)(uintptr_t)buf->transferred;
    }
}

PNET_BUFFER_LIST toe_ndis_buf_release(struct toe_buf *chain, enum toe_ndis_end end)
{
    PNET_BUFFER_LIST first = NULL;
    PNET_BUFFER_LIST *link = &first;

    while (chain != NULL) {
        struct imported *from = imported_of(chain);
        const struct toe_mem mem = from->mem;

        chain = chain->next;
        carry_to_list(from, end);
        *link = from->original;
        link = &from->original->Next;
        base_mem_free(&mem, from, imported_size(from->sge_cnt));
    }
    *link = NULL;
    return first;
}

/* --- from ours to the original --- */

static size_t exported_size(uint32_t mdl_cnt)
{
    return sizeof(struct exported) + mdl_cnt * sizeof(MDL);
}

static struct exported *exported_of(PNET_BUFFER_LIST nbl)
{
    return base_container_of(nbl, struct exported, nbl);
}

/* place() sets the start of the data of |nb|, whose MDLs are listed, |off| bytes from theirs. */
static void place(NET_BUFFER *nb, uint32_t off, uint32_t len)
{
    PMDL mdl = nb->MdlChain;
    uint32_t skip = off;

    while (mdl != NULL && mdl->Next != NULL && skip >= mdl->ByteCount) {
        skip -= mdl->ByteCount;
        mdl = mdl->Next;
    }
    nb->CurrentMdl = mdl;
    nb->CurrentMdlOffset = skip;
    nb->DataOffset = off;
    nb->DataLength = len;
}

static void write_slots(PNET_BUFFER_LIST nbl, const struct toe_buf *buf, enum toe_ndis_use use)
{
    switch (use) {
    case TOE_NDIS_DATA:
        break;
    case TOE_NDIS_ROOM:
        nbl->NetBufferListInfo[TcpReceiveNoPush] =
            (PVOID)(uintptr_t)((buf->flags & TOE_BUF_NO_PUSH) != 0);
        nbl->NetBufferListInfo[TcpReceiveBytesTransferred] = (PVOID)(uintptr_t)buf->placed;
        break;
    case TOE_NDIS_BUFFERED:
        nbl->Flags |= buf->flags & TOE_BUF_URGENT ? TOE_NDIS_NBL_URGENT : 0u;
        break;
    }
}

static PNET_BUFFER_LIST export_one(const struct toe_mem *mem, const struct toe_bus *bus,
                                   struct toe_buf *buf, enum toe_ndis_use use)
{
    struct exported *made = base_mem_alloc(mem, exported_size(buf->sge_cnt));

    if (made == NULL) {
        return NULL;
    }
    made->mem = *mem;
    made->original = buf;
    made->mdl_cnt = buf->sge_cnt;
    for (uint32_t i = 0; i < buf->sge_cnt; ++i) {
        made->mdl[i] = (MDL){
            .Next = i + 1 < buf->sge_cnt ? &made->mdl[i + 1] : NULL,
            .BusAddress = buf->sge[i].addr,
            .MappedSystemVa = toe_bus_map(bus, buf->sge[i].addr, buf->sge[i].len),
            .ByteCount = buf->sge[i].len,
        };
    }
    made->nb.MdlChain = buf->sge_cnt > 0 ? made->mdl : NULL;
    place(&made->nb, buf->off, buf->len);
    made->nbl.FirstNetBuffer = &made->nb;
    made->nbl.Status = (NDIS_STATUS)buf->status;
    write_slots(&made->nbl, buf, use);
    return &made->nbl;
}

/* As forget_imported(). */
static void forget_exported(PNET_BUFFER_LIST chain)
{
    while (chain != NULL) {
        struct exported *from = exported_of(chain);
        const struct toe_mem mem = from->mem;

        chain = chain->Next;
        base_mem_free(&mem, from, exported_size(from->mdl_cnt));
    }
}

PNET_BUFFER_LIST toe_ndis_nbl_export(const struct toe_mem *mem, const struct toe_bus *bus,
                                     struct toe_buf *chain, enum toe_ndis_use use)
{
    PNET_BUFFER_LIST first = NULL;
    PNET_BUFFER_LIST *link = &first;

    mem = mem_or_default(mem);
    for (struct toe_buf *buf = chain; buf != NULL; buf = buf->next) {
        *link = export_one(mem, bus, buf, use);
        if (*link == NULL) {
            forget_exported(first);
            return NULL;
        }
        link = &(*link)->Next;
    }
    return first;
}

static void carry_to_buf(const struct exported *from, enum toe_ndis_end end)
{
    struct toe_buf *buf = from->original;
    const uint32_t moved = from->nb.DataOffset - buf->off;

    if (end != TOE_NDIS_UNTOUCHED) {
        toe_buf_advance(buf, moved < buf->len ? moved : buf->len);
    }
    if (end == TOE_NDIS_COMPLETED) {
        const uintptr_t slot = (uintptr_t)from->nbl.NetBufferListInfo[TcpOffloadBytesTransferred];

        buf->status = (toe_status)from->nbl.Status;
        buf->transferred = (uint32_t)(slot & UINT32_MAX);
    }
}

struct toe_buf *toe_ndis_nbl_release(PNET_BUFFER_LIST chain, enum toe_ndis_end end)
{
    struct toe_buf *first = NULL;
    struct toe_buf **link = &first;

    while (chain != NULL) {
        struct exported *from = exported_of(chain);
        const struct toe_mem mem = from->mem;

        chain = chain->Next;
        carry_to_buf(from, end);
        *link = from->original;
        link = &from->original->next;
        base_mem_free(&mem, from, exported_size(from->mdl_cnt));
    }
    *link = NULL;
    return first;
}
