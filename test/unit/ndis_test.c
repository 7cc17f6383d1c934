/* SPDX-License-Identifier: MIT */
/*
 * The original names and their converters: state and trees both ways, buffers of any shape, the
 * provider in conversation with a target, and a host that runs through both directions at once and
 * must put the same frames on the wire as without them.
 */
#include "base/rand.h"
#include "support/target_fixture.h"
#include "toe/ndis.h"
#include "toe/sim.h"

#define TREE_MAX 40

/* --- memory that counts and fails --- */

static void *counted_alloc(void *user, size_t size)
{
    struct t_failmem *mem = user;

    if (++mem->cnt == mem->fail_at ||
        (!mem->fails_once && mem->fail_at != 0 && mem->cnt > mem->fail_at)) {
        return NULL;
    }
    ++mem->live;
    mem->bytes += size;
    return malloc(size);
}

static void counted_free(void *user, void *ptr, size_t size)
{
    struct t_failmem *mem = user;

    --mem->live;
    mem->bytes -= size;
    free(ptr);
}

static struct toe_mem counted(struct t_failmem *mem)
{
    return (struct toe_mem){.user = mem, .alloc = counted_alloc, .free = counted_free};
}

static void fill(struct base_rand *r, void *out, size_t len)
{
    for (size_t i = 0; i < len; ++i) {
        ((uint8_t *)out)[i] = (uint8_t)base_rand_u32(r);
    }
}

/* --- state --- */

/* Values that fit their fields survive the way there and back. */
static void random_tcp(struct toe_tcp_state *s, struct base_rand *r)
{
    fill(r, s, sizeof(*s));
    s->size = sizeof(*s);
    s->constant.snd_wnd_scale &= 0xf;
    s->constant.rcv_wnd_scale &= 0xf;
    s->cached.flow_label &= 0xfffff;
    s->cached.user_priority &= 7;
    s->delegated.state = (enum toe_conn_state)base_rand_below(r, 11);
    s->delegated.send_data_head = NULL;
    s->delegated.send_data_tail = NULL;
    s->delegated.buffered_data = NULL;
    s->delegated.send_backlog_size = 0;
    s->delegated.receive_backlog_size = 0;
}

static void assert_tcp_equal(const struct toe_tcp_state *a, const struct toe_tcp_state *b)
{
    const struct toe_tcp_delegated *x = &a->delegated, *y = &b->delegated;

    assert_memory_equal(&a->constant, &b->constant, offsetof(struct toe_tcp_const, remote_mss) + 2);
    assert_int_equal(a->constant.hash_value, b->constant.hash_value);
    assert_int_equal(a->cached.flags, b->cached.flags);
    assert_int_equal(a->cached.initial_rcv_wnd, b->cached.initial_rcv_wnd);
    assert_int_equal(a->cached.rcv_indication_size, b->cached.rcv_indication_size);
    assert_int_equal(a->cached.ka_probe_cnt, b->cached.ka_probe_cnt);
    assert_memory_equal(&a->cached.ka_timeout, &b->cached.ka_timeout, 16);
    assert_memory_equal(&a->cached.ttl, &b->cached.ttl, 3);
    assert_int_equal(x->state, y->state);
    assert_int_equal(x->flags, y->flags);
    assert_memory_equal(&x->rcv_nxt, &y->rcv_nxt,
                        offsetof(struct toe_tcp_delegated, ka_probe_cnt) + 1 -
                            offsetof(struct toe_tcp_delegated, rcv_nxt));
    assert_int_equal(x->ka_timeout_delta, y->ka_timeout_delta);
    assert_int_equal(x->retransmit_cnt, y->retransmit_cnt);
    assert_int_equal(x->retransmit_timeout_delta, y->retransmit_timeout_delta);
    assert_int_equal(x->dwnd, y->dwnd);
}

static void test_tcp_round_trip(void **state)
{
    struct base_rand r;

    (void)state;
    base_rand_init(&r, 1);
    for (int i = 0; i < 1000; ++i) {
        struct toe_tcp_state in, out;
        TOE_NDIS_TCP there;

        random_tcp(&in, &r);
        memset(&out, 0, sizeof(out));
        memset(&there, 0xff, sizeof(there)); /* any Length is enough */
        assert_true(toe_ndis_tcp_export(&in, &there.Const, &there.Cached, &there.Delegated));
        assert_int_equal(there.Delegated.Header.Length, 128);
        assert_true(toe_ndis_tcp_import(&out, &there.Const, &there.Cached, &there.Delegated));
        assert_tcp_equal(&in, &out);
    }
}

/* Where the documents say where a value lies in memory, it lies there. */
static void test_tcp_memory(void **state)
{
    struct toe_tcp_state in = {.constant = {.remote_port = 0x1234, .local_port = 0x5678},
                               .delegated = {.rcv_nxt = 0x01020304, .dwnd = 7}};
    TOE_NDIS_TCP there;
    const uint8_t *bytes = (const uint8_t *)&there;

    (void)state;
    memset(&there, 0xff, sizeof(there));
    there.Delegated.Header.Length = 120; /* of the first version: DWnd is not there */
    assert_true(toe_ndis_tcp_export(&in, &there.Const, NULL, &there.Delegated));
    assert_memory_equal(bytes + 10, "\x12\x34\x56\x78", 4); /* network byte order */
    assert_int_equal(there.Delegated.Header.Length, 120);
    assert_int_equal(there.Delegated.DWnd, UINT32_MAX);
    assert_int_equal(there.Cached.Header.Length, UINT32_MAX); /* left out, left alone */

    there.Delegated.Header.Length = 119;
    in.delegated.rcv_nxt = 0;
    assert_false(toe_ndis_tcp_export(&in, &there.Const, NULL, &there.Delegated));
    assert_int_equal(there.Delegated.RcvNxt, 0x01020304);
    there.Const.Header.Length = 23;
    assert_false(toe_ndis_tcp_import(&in, &there.Const, NULL, NULL));
}

static void test_neighbor_and_path_round_trip(void **state)
{
    struct base_rand r;

    (void)state;
    base_rand_init(&r, 2);
    for (int i = 0; i < 500; ++i) {
        const uint8_t family = i % 2 == 0 ? 4 : 6;
        struct toe_neighbor_state n = {0}, n2 = {0};
        struct toe_path_state p = {0}, p2 = {0};
        TOE_NDIS_NEIGHBOR there;
        TOE_NDIS_PATH way;
        uint8_t src[16], dst[16];

        fill(&r, &n.constant, sizeof(n.constant));
        fill(&r, &n.cached.dst_mac, TOE_MAC_LEN);
        n.cached.host_reachability_delta = base_rand_u32(&r);
        n.delegated.nic_reachability_delta = base_rand_u32(&r);
        n.constant.vlan_id &= 0xfff;
        memset(&there, 0xff, sizeof(there));
        assert_true(toe_ndis_neighbor_export(&n, &there.Const, &there.Cached, &there.Delegated));
        assert_int_equal(there.Const.DlSourceAddress[6], 0);
        assert_true(toe_ndis_neighbor_import(&n2, &there.Const, &there.Cached, &there.Delegated));
        assert_memory_equal(&n, &n2, sizeof(n));

        p.constant.src.family = p.constant.dst.family = family;
        fill(&r, p.constant.src.bytes, family == 4 ? 4 : 16);
        fill(&r, p.constant.dst.bytes, family == 4 ? 4 : 16);
        p.cached.mtu = base_rand_u32(&r);
        memset(&way, 0xff, sizeof(way));
        way.Const.SourceAddress = src;
        way.Const.DestinationAddress = dst;
        assert_true(toe_ndis_path_export(&p, &way.Const, &way.Cached));
        assert_true(toe_ndis_path_import(&p2, family, &way.Const, &way.Cached));
        assert_memory_equal(&p, &p2, sizeof(p));
        way.Const.DestinationAddress = NULL;
        assert_true(toe_ndis_path_export(&p, &way.Const, NULL));           /* nowhere to write it */
        assert_false(toe_ndis_path_import(&p2, family, &way.Const, NULL)); /* STATE-PC-2 */
    }
}

/* --- buffers --- */

#define SHAPE_NB_MAX 4
#define SHAPE_MDL_MAX 5
#define SHAPE_BYTES 4096

/* A list of the original of random shape, and the bytes of its data in a row. */
struct shape {
    NET_BUFFER_LIST nbl;
    NET_BUFFER nb[SHAPE_NB_MAX];
    MDL mdl[SHAPE_NB_MAX][SHAPE_MDL_MAX];
    uint8_t memory[SHAPE_BYTES];
    uint32_t used;
    uint8_t *data[SHAPE_BYTES];
    uint32_t len;
};

/* MDLs of any length, also none, and data that begins and ends anywhere (IOS-012). */
static void random_nb(struct shape *s, uint32_t idx, struct base_rand *r)
{
    const uint32_t cnt = 1 + (uint32_t)base_rand_below(r, SHAPE_MDL_MAX);
    PNET_BUFFER nb = &s->nb[idx];
    uint32_t total = 0, at = 0;

    nb->MdlChain = s->mdl[idx];
    for (uint32_t i = 0; i < cnt; ++i) {
        PMDL mdl = &s->mdl[idx][i];

        mdl->ByteCount = (uint32_t)base_rand_below(r, 4) * (uint32_t)base_rand_below(r, 60);
        mdl->Next = i + 1 < cnt ? mdl + 1 : NULL;
        mdl->BusAddress = (uintptr_t)(s->memory + s->used);
        s->used += mdl->ByteCount;
        total += mdl->ByteCount;
    }
    nb->DataOffset = (uint32_t)base_rand_below(r, total + 1);
    nb->DataLength = (uint32_t)base_rand_below(r, total - nb->DataOffset + 1);
    nb->CurrentMdl = nb->MdlChain;
    nb->CurrentMdlOffset = nb->DataOffset;
    while (nb->CurrentMdlOffset > nb->CurrentMdl->ByteCount) {
        nb->CurrentMdlOffset -= nb->CurrentMdl->ByteCount;
        nb->CurrentMdl = nb->CurrentMdl->Next;
    }
    for (const MDL *mdl = nb->MdlChain; mdl != NULL; at += mdl->ByteCount, mdl = mdl->Next) {
        for (uint32_t i = 0; i < mdl->ByteCount; ++i) {
            if (at + i >= nb->DataOffset && at + i < nb->DataOffset + nb->DataLength) {
                s->data[s->len++] = (uint8_t *)(uintptr_t)mdl->BusAddress + i;
            }
        }
    }
    assert_true(toe_ndis_nb_is_sound(nb));
}

static void random_shape(struct shape *s, struct base_rand *r)
{
    const uint32_t cnt = 1 + (uint32_t)base_rand_below(r, SHAPE_NB_MAX);

    memset(s, 0, sizeof(*s));
    fill(r, s->memory, sizeof(s->memory));
    s->nbl.FirstNetBuffer = s->nb;
    s->nbl.Status = 1234;
    for (uint32_t i = 0; i < cnt; ++i) {
        random_nb(s, i, r);
        s->nb[i].Next = i + 1 < cnt ? &s->nb[i + 1] : NULL;
    }
}

/* What is left of the data of |s| must be its bytes from |from| on. */
static void assert_rest(const struct shape *s, uint32_t from)
{
    for (const NET_BUFFER *nb = s->nbl.FirstNetBuffer; nb != NULL; nb = nb->Next) {
        const MDL *mdl = nb->CurrentMdl;
        uint32_t off = nb->CurrentMdlOffset;

        assert_true(toe_ndis_nb_is_sound(nb));
        for (uint32_t i = 0; i < nb->DataLength; ++i, ++off) {
            while (off == mdl->ByteCount) {
                mdl = mdl->Next;
                off = 0;
            }
            assert_ptr_equal((uint8_t *)(uintptr_t)mdl->BusAddress + off, s->data[from++]);
        }
    }
    assert_int_equal(from, s->len);
}

/* SND-005, SND-040: every byte in order, and every NB advanced by what was done of it. */
static void test_buffers_of_any_shape(void **state)
{
    struct t_failmem heap = {0};
    const struct toe_mem mem = counted(&heap);
    static struct shape s[3];
    static uint8_t bytes[SHAPE_BYTES];
    struct base_rand r;

    (void)state;
    base_rand_init(&r, 3);
    for (int round = 0; round < 2000; ++round) {
        struct toe_buf *chain, *buf;
        uint32_t done[3];
        size_t i = 0;

        for (i = 0; i < 3; ++i) {
            random_shape(&s[i], &r);
            s[i].nbl.Next = i < 2 ? &s[i + 1].nbl : NULL;
        }
        chain = toe_ndis_buf_import(&mem, &s[0].nbl, TOE_NDIS_DATA);
        for (buf = chain, i = 0; buf != NULL; buf = buf->next, ++i) {
            assert_true(toe_buf_is_sound(buf));
            assert_int_equal(buf->len, s[i].len);
            assert_true(toe_buf_read(buf, bytes, 0, buf->len, NULL));
            for (uint32_t k = 0; k < buf->len; ++k) {
                assert_int_equal(bytes[k], *s[i].data[k]);
            }
            done[i] = (uint32_t)base_rand_below(&r, buf->len + 1);
            toe_buf_advance(buf, done[i]);
            buf->transferred = round % 2 ? done[i] : 0; /* a buffer on its way says nothing */
            buf->status = TOE_STATUS_REQUEST_ABORTED;
        }
        assert_int_equal(i, 3);
        assert_ptr_equal(
            toe_ndis_buf_release(chain, round % 2 ? TOE_NDIS_COMPLETED : TOE_NDIS_RETURNED),
            &s[0].nbl);
        for (i = 0; i < 3; ++i) {
            assert_rest(&s[i], done[i]);
            assert_int_equal(s[i].nbl.Status, round % 2 ? NDIS_STATUS_REQUEST_ABORTED : 1234);
        }
        assert_int_equal(heap.live, 0);
    }
}

/* IOS-003, IOS-009: the edges of a data start. */
static void test_nb_edges(void **state)
{
    MDL mdl[3] = {{.ByteCount = 10}, {.ByteCount = 0}, {.ByteCount = 5}};
    NET_BUFFER nb = {.MdlChain = mdl, .CurrentMdl = mdl, .DataLength = 15};
    NET_BUFFER none = {.DataLength = 0};
    struct toe_buf *buf;
    NET_BUFFER_LIST nbl = {.FirstNetBuffer = &nb};

    (void)state;
    mdl[0].Next = &mdl[1];
    mdl[1].Next = &mdl[2];
    assert_true(toe_ndis_nb_is_sound(&none));
    none.DataLength = 1;
    assert_false(toe_ndis_nb_is_sound(&none));
    NdisAdvanceNetBufferDataStart(&nb, 10, 0, NULL);
    assert_ptr_equal(nb.CurrentMdl, &mdl[2]); /* past the exhausted and the empty one */
    assert_int_equal(nb.CurrentMdlOffset, 0);
    toe_ndis_nb_advance(&nb, 99); /* no further than there is data */
    assert_ptr_equal(nb.CurrentMdl, &mdl[2]);
    assert_int_equal(nb.CurrentMdlOffset, 5);
    assert_int_equal(nb.DataOffset, 15);
    assert_true(toe_ndis_nb_is_sound(&nb));

    /* What breaks the rules is told by the buffer, and comes back as it was. */
    nb.DataLength = 1;
    buf = toe_ndis_buf_import(NULL, &nbl, TOE_NDIS_DATA);
    assert_false(toe_buf_is_sound(buf));
    buf->status = TOE_STATUS_INVALID_PARAMETER;
    assert_ptr_equal(toe_ndis_buf_release(buf, TOE_NDIS_COMPLETED), &nbl);
    assert_int_equal(nbl.Status, NDIS_STATUS_INVALID_PARAMETER);
    assert_int_equal(nb.DataOffset, 15);
    nb.DataLength = 0;
    nb.DataOffset = 14;
    assert_false(toe_ndis_nb_is_sound(&nb));
}

/* The slots mean what the use says, and only that (IOS-005). */
static void test_slots(void **state)
{
    NET_BUFFER nb = {0};
    NET_BUFFER_LIST nbl = {.FirstNetBuffer = &nb, .Flags = TOE_NDIS_NBL_URGENT};
    struct toe_buf *buf;

    (void)state;
    NET_BUFFER_LIST_INFO(&nbl, TcpReceiveNoPush) = (PVOID)1;
    NET_BUFFER_LIST_INFO(&nbl, TcpReceiveBytesTransferred) = (PVOID)50;
    buf = toe_ndis_buf_import(NULL, &nbl, TOE_NDIS_DATA);
    assert_int_equal(buf->flags, 0);
    assert_int_equal(buf->placed, 0);
    (void)toe_ndis_buf_release(buf, TOE_NDIS_UNTOUCHED);
    buf = toe_ndis_buf_import(NULL, &nbl, TOE_NDIS_BUFFERED);
    assert_int_equal(buf->flags, TOE_BUF_URGENT);
    (void)toe_ndis_buf_release(buf, TOE_NDIS_UNTOUCHED);
    buf = toe_ndis_buf_import(NULL, &nbl, TOE_NDIS_ROOM);
    assert_int_equal(buf->flags, TOE_BUF_NO_PUSH);
    assert_int_equal(buf->placed, 50);
    buf->transferred = 0xffffffff;
    (void)toe_ndis_buf_release(buf, TOE_NDIS_COMPLETED);
    assert_int_equal((uintptr_t)NET_BUFFER_LIST_INFO(&nbl, TcpOffloadBytesTransferred), 0xffffffff);
}

/* Ours to the original's and from there to ours: the same list, the same progress. */
static void test_buffers_there_and_back(void **state)
{
    struct t_failmem heap = {0};
    const struct toe_mem mem = counted(&heap);
    uint8_t memory[300];
    struct base_rand r;

    (void)state;
    base_rand_init(&r, 4);
    for (int round = 0; round < 1000; ++round) {
        struct toe_sge sge[5];
        struct toe_buf buf = {.sge = sge, .sge_cnt = (uint32_t)base_rand_below(&r, 6)};
        struct toe_buf *again;
        uint32_t total = 0, off, done;

        for (uint32_t i = 0; i < buf.sge_cnt; ++i) {
            sge[i] = (struct toe_sge){.addr = (uintptr_t)(memory + total),
                                      .len = (uint32_t)base_rand_below(&r, 60)};
            total += sge[i].len;
        }
        buf.off = off = (uint32_t)base_rand_below(&r, total + 1);
        buf.len = (uint32_t)base_rand_below(&r, total - off + 1);
        again = toe_ndis_buf_import(&mem, toe_ndis_nbl_export(&mem, NULL, &buf, TOE_NDIS_ROOM),
                                    TOE_NDIS_ROOM);
        assert_int_equal(again->len, buf.len);
        if (again->sge_cnt > 0) {
            assert_int_equal(again->sge[0].addr, (uintptr_t)(memory + off));
        }
        done = (uint32_t)base_rand_below(&r, buf.len + 1);
        toe_buf_advance(again, done);
        again->transferred = done;
        assert_ptr_equal(toe_ndis_nbl_release(toe_ndis_buf_release(again, TOE_NDIS_COMPLETED),
                                              TOE_NDIS_COMPLETED),
                         &buf);
        assert_int_equal(buf.off, off + done);
        assert_int_equal(buf.transferred, done);
        assert_int_equal(buf.status, TOE_STATUS_PENDING);
        assert_int_equal(heap.live, 0);
    }
}

/* --- trees --- */

/* A tree of ours of random shape: neighbors, paths and connections of all roles. */
struct forest {
    uint32_t cnt;
    struct toe_block block[TREE_MAX];
    toe_handle cell[TREE_MAX];
    struct toe_neighbor_state neighbor[TREE_MAX];
    struct toe_path_state path[TREE_MAX];
    struct toe_tcp_state tcp[TREE_MAX];
    struct toe_buf send[TREE_MAX][2];
    struct toe_buf received[TREE_MAX];
    struct toe_sge sge;
    uint8_t memory[64];
};

static void random_block(struct forest *f, uint32_t i, enum toe_layer layer, struct base_rand *r)
{
    struct toe_block *block = &f->block[i];

    static const uint16_t types[] = {TOE_BLOCK_NEIGHBOR, TOE_BLOCK_PATH4, TOE_BLOCK_TCP};

    memset(block, 0, sizeof(*block));
    block->size = sizeof(*block);
    block->revision = 1;
    block->type = types[layer];
    block->host_object = &f->cell[i];
    block->port_number = i;
    f->cell[i] = base_rand_below(r, 3) == 0 ? base_rand_u64(r) | 1 : 0;
    block->object = base_rand_below(r, 4) == 0 ? NULL : &f->cell[i];
    memset(&f->neighbor[i], 0, sizeof(f->neighbor[i]));
    f->neighbor[i].size = sizeof(f->neighbor[i]);
    f->neighbor[i].cached.host_reachability_delta = base_rand_u32(r);
    memset(&f->path[i], 0, sizeof(f->path[i]));
    f->path[i].size = sizeof(f->path[i]);
    f->path[i].constant.src.family = f->path[i].constant.dst.family = 4;
    f->path[i].cached.mtu = base_rand_u32(r);
    random_tcp(&f->tcp[i], r);
    if (layer == TOE_LAYER_NEIGHBOR) {
        block->state.neighbor = &f->neighbor[i];
    } else if (layer == TOE_LAYER_PATH) {
        block->state.path = &f->path[i];
    } else {
        block->state.tcp = &f->tcp[i];
        for (uint32_t k = 0; k < 2; ++k) {
            f->send[i][k] = (struct toe_buf){.sge = &f->sge, .sge_cnt = 1, .len = 10 + i};
        }
        f->send[i][0].next = &f->send[i][1];
        f->received[i] = (struct toe_buf){.sge = &f->sge, .sge_cnt = 1, .len = 20};
        block->send_chain = f->send[i];
        f->tcp[i].delegated.send_data_head = &f->send[i][0];
        f->tcp[i].delegated.send_data_tail = &f->send[i][1];
        f->tcp[i].delegated.buffered_data = &f->received[i];
    }
}

static struct toe_block *random_forest(struct forest *f, struct base_rand *r)
{
    struct toe_block *neighbors = NULL;

    f->cnt = 0;
    f->sge = (struct toe_sge){.addr = (uintptr_t)f->memory, .len = sizeof(f->memory)};
    for (uint64_t n = 1 + base_rand_below(r, 3); n > 0; --n) {
        struct toe_block *neighbor = &f->block[f->cnt];

        random_block(f, f->cnt++, TOE_LAYER_NEIGHBOR, r);
        for (uint64_t p = base_rand_below(r, 4); p > 0; --p) {
            struct toe_block *path = &f->block[f->cnt];

            random_block(f, f->cnt++, TOE_LAYER_PATH, r);
            path->next = neighbor->dependent;
            neighbor->dependent = path;
            for (uint64_t t = base_rand_below(r, 4); t > 0 && f->cnt + 8 < TREE_MAX; --t) {
                random_block(f, f->cnt, TOE_LAYER_TCP, r);
                f->block[f->cnt].next = path->dependent;
                path->dependent = &f->block[f->cnt++];
            }
        }
        neighbor->next = neighbors;
        neighbors = neighbor;
    }
    return neighbors;
}

/* Compares what came through both conversions with what went in; counts blocks. */
static uint32_t assert_same_tree(const struct toe_block *a, const struct toe_block *b)
{
    uint32_t cnt = 0;

    for (; a != NULL && b != NULL; a = a->next, b = b->next) {
        ++cnt;
        assert_int_equal(a->type, b->type);
        assert_int_equal(a->port_number, b->port_number);
        assert_ptr_equal(a->host_object, b->host_object);
        assert_int_equal(toe_block_role(a), toe_block_role(b));
        if (toe_block_role(b) != TOE_ROLE_NEW) {
            assert_null(b->state.tcp);
        } else if (toe_block_layer(b->type) == TOE_LAYER_TCP) {
            assert_tcp_equal(a->state.tcp, b->state.tcp);
            assert_int_equal(b->send_chain->len, a->send_chain->len);
            assert_non_null(b->send_chain->next);
            assert_null(b->send_chain->next->next);
            assert_ptr_equal(b->state.tcp->delegated.send_data_head, b->send_chain);
            assert_ptr_equal(b->state.tcp->delegated.send_data_tail, b->send_chain->next);
            assert_int_equal(b->state.tcp->delegated.buffered_data->len, 20);
        } else if (toe_block_layer(b->type) == TOE_LAYER_PATH) {
            assert_memory_equal(a->state.path, b->state.path, sizeof(*a->state.path));
        } else {
            assert_memory_equal(a->state.neighbor, b->state.neighbor, sizeof(*a->state.neighbor));
        }
        cnt += assert_same_tree(a->dependent, b->dependent);
    }
    assert_null(a);
    assert_null(b);
    return cnt;
}

/* A target that takes some blocks and not others. */
static void answer(struct toe_block *block, struct base_rand *r)
{
    for (; block != NULL; block = block->next) {
        const bool is_failed = base_rand_below(r, 3) == 0;

        block->status = is_failed ? TOE_STATUS_OFFLOAD_TCP_ENTRIES : TOE_STATUS_SUCCESS;
        if (toe_block_role(block) == TOE_ROLE_NEW && !is_failed) {
            *block->object = base_rand_u64(r) | 2;
            if (block->send_chain != NULL) {
                /* It owns them now, and completes them when it likes. */
                struct toe_buf *chain = block->send_chain;

                toe_buf_advance(chain, chain->len);
                chain->status = TOE_STATUS_SUCCESS;
                (void)toe_ndis_nbl_release(toe_ndis_buf_release(chain, TOE_NDIS_COMPLETED),
                                           TOE_NDIS_COMPLETED);
            }
        }
        answer(block->dependent, r);
    }
}

/* Random trees through both conversions; and with the n-th allocation failing, for every n. */
static void test_trees_there_and_back(void **state)
{
    static struct forest f;
    struct base_rand r;

    (void)state;
    base_rand_init(&r, 5);
    for (int round = 0; round < 300; ++round) {
        struct toe_block *tree = random_forest(&f, &r);
        PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST list = NULL;
        struct toe_block *again = NULL;
        struct t_failmem heap = {0};
        const struct toe_mem mem = counted(&heap);

        for (uint64_t n = 1; again == NULL; ++n) {
            heap = (struct t_failmem){.fail_at = n, .fails_once = true};
            list = toe_ndis_list_export(&mem, NULL, tree, TOE_NDIS_INITIATE);
            again = list == NULL ? NULL : toe_ndis_block_import(&mem, list, TOE_NDIS_INITIATE);
            if (again == NULL && list != NULL) {
                toe_ndis_list_del(list);
            }
            assert_true(again != NULL || heap.live == 0);
        }
        assert_int_equal(assert_same_tree(tree, again), f.cnt);
        answer(again, &r);
        assert_ptr_equal(toe_ndis_block_release(again, NULL), list);
        assert_ptr_equal(toe_ndis_list_release(list), tree);
        assert_int_equal(heap.live, 0);
        for (uint32_t i = 0; i < f.cnt; ++i) {
            const bool is_failed = f.block[i].status == TOE_STATUS_OFFLOAD_TCP_ENTRIES;

            assert_true(is_failed || f.block[i].status == TOE_STATUS_SUCCESS);
            if (f.block[i].object != NULL) {
                assert_true(is_failed || f.cell[i] != 0);
            }
            if (f.block[i].send_chain != NULL && f.send[i][0].len == 0) {
                assert_false(is_failed); /* OFF-7: of a failed one nothing is touched */
            }
            assert_int_equal(f.received[i].status, TOE_STATUS_SUCCESS);
        }
    }
}

/* A protocol's blocks become a miniport's in place (REU-1). */
static void test_list_link(void **state)
{
    NDIS_OFFLOAD_HANDLE handle = {.MiniportOffloadContext = &handle};
    NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST a = {0}, b = {0}, c = {0};

    (void)state;
    a.DependentBlockList = &b;
    a.NextBlock = &c;
    b.OffloadHandle = &handle;
    c.MiniportOffloadContext = (PVOID *)&c;
    toe_ndis_list_link(&a);
    assert_null(a.MiniportOffloadContext);
    assert_null(c.MiniportOffloadContext);
    assert_ptr_equal(*b.MiniportOffloadContext, &handle);
    assert_ptr_equal(b.NdisOffloadHandle, &handle);
}

/* --- parameters --- */

static void test_params_and_caps(void **state)
{
    struct toe_params params, back;
    struct toe_caps caps = {.ipv4 = true, .sack = true, .tcp_max = 1024}, caps_back = {0};
    NDIS_TCP_CONNECTION_OFFLOAD offload;
    NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS there;

    (void)state;
    toe_params_default(&params);
    params.nce_stale_ticks = 0x12345678;
    toe_ndis_params_export(&there, &params);
    assert_int_equal(there.Header.Size, 60);
    assert_int_equal(toe_ndis_params_import(&back, &there, 56), NDIS_STATUS_SUCCESS);
    assert_memory_equal(&params, &back, sizeof(params));
    assert_int_equal(toe_ndis_params_import(&back, &there, 55), NDIS_STATUS_INVALID_LENGTH);
    there.TicksPerSecond = 1001;
    assert_int_equal(toe_ndis_params_import(&back, &there, 60), NDIS_STATUS_INVALID_DATA);
    assert_memory_equal(&params, &back, sizeof(params));

    toe_ndis_caps_export(&offload, &caps);
    assert_int_equal(((const uint8_t *)&offload)[8], 0x41); /* two bits each, from the lowest */
    toe_ndis_caps_import(&caps_back, &offload);
    assert_memory_equal(&caps, &caps_back, sizeof(caps));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tcp_round_trip),
        cmocka_unit_test(test_tcp_memory),
        cmocka_unit_test(test_neighbor_and_path_round_trip),
        cmocka_unit_test(test_buffers_of_any_shape),
        cmocka_unit_test(test_nb_edges),
        cmocka_unit_test(test_slots),
        cmocka_unit_test(test_buffers_there_and_back),
        cmocka_unit_test(test_trees_there_and_back),
        cmocka_unit_test(test_list_link),
        cmocka_unit_test(test_params_and_caps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
