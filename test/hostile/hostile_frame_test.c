/* SPDX-License-Identifier: MIT */
/*
 * Hostile frames, numbers 1 to 20, 25, 46, 58 and 59: headers that lie, options that make no sense,
 * and floods of what is merely unwelcome.
 *
 * Each row takes a good segment of 100 bytes and does one thing to it. It arrives at a target that
 * has the connection, and at a host that has it. Of a target the row says whether it takes the
 * bytes or passes the frame up as it is, and nothing third; of a host, under which name the frame
 * is dropped, or that the bytes arrive. Nothing is ever answered to a frame that is dropped here.
 *
 * Frames lie in blocks of their exact size, so that a sanitizer sees the first byte too many.
 */
#include "support/target_fixture.h"

#include "support/host_pair.h"
#include "support/host_stub.h"
#include "wire/bytes.h"
#include "wire/checksum.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

#define IP_AT 14
#define TEXT_LEN 100
#define MANY 150

/* A frame to be damaged. The headers say what it was made of; what a row does may contradict. */
struct shape {
    uint8_t frame[2048];
    uint32_t len;
    uint32_t tcp_at; /* where the TCP header stands */
    uint8_t family;
    bool keeps_csum; /* the row has seen to the checksums */
    uint8_t flags;   /* TOE_FRAME_* */
};

struct row {
    int number;
    const char *name;
    void (*apply)(struct shape *s, uint32_t arg);
    uint32_t arg;
    uint8_t family;
    bool is_up;         /* the target passes it up */
    enum toe_drop drop; /* the host's; NONE: it delivers the bytes */
};

static void set_total(struct shape *s, uint32_t total)
{
    if (s->family == 4) {
        wire_store_u16(s->frame + IP_AT + 2, (uint16_t)total);
    } else {
        wire_store_u16(s->frame + IP_AT + 4, (uint16_t)(total - WIRE_IPV6_LEN));
    }
}

/* Inserts |len| bytes at |at|, and counts them in the IP header. */
static void insert(struct shape *s, uint32_t at, const uint8_t *data, uint32_t len)
{
    memmove(s->frame + at + len, s->frame + at, s->len - at);
    memcpy(s->frame + at, data, len);
    s->len += len;
    set_total(s, s->len - IP_AT);
}

/* TCP options; |data| is a multiple of four bytes. */
static void add_options(struct shape *s, const uint8_t *data, uint32_t len)
{
    insert(s, s->tcp_at + 20, data, len);
    s->frame[s->tcp_at + 12] = (uint8_t)((20 + len) / 4 << 4);
}

static void add_ip_options(struct shape *s, const uint8_t *data, uint32_t len)
{
    insert(s, IP_AT + 20, data, len);
    s->frame[IP_AT] = (uint8_t)(0x40 | (20 + len) / 4);
    s->tcp_at += len;
}

/* An IPv6 extension header of 8 (|len|/8 + 1) bytes, of which 8 are there, in front of the rest. */
static void add_ext(struct shape *s, uint8_t kind, uint8_t len)
{
    const uint8_t ext[8] = {s->frame[IP_AT + 6], len, 1, 4};

    insert(s, IP_AT + WIRE_IPV6_LEN, ext, sizeof(ext));
    s->frame[IP_AT + 6] = kind;
    s->tcp_at += sizeof(ext);
}

/* Makes both checksums right for what the headers say now. */
static void fix(struct shape *s)
{
    const uint32_t len = s->len - s->tcp_at;
    struct toe_addr src = {.family = s->family};
    struct toe_addr dst = {.family = s->family};
    const uint32_t addr_len = s->family == 4 ? 4 : 16;
    const uint32_t src_at = IP_AT + (s->family == 4 ? 12u : 8u);
    uint8_t *ip = s->frame + IP_AT;

    if (s->keeps_csum) {
        return;
    }
    memcpy(src.bytes, s->frame + src_at, addr_len);
    memcpy(dst.bytes, s->frame + src_at + addr_len, addr_len);
    if (s->family == 4) {
        wire_store_u16(ip + 10, 0);
        wire_store_u16(ip + 10, wire_csum_fold(wire_csum_add(0, ip, (ip[0] & 15u) * 4)));
    }
    wire_store_u16(s->frame + s->tcp_at + 16, 0);
    wire_store_u16(s->frame + s->tcp_at + 16,
                   wire_csum_fold(wire_csum_add(wire_csum_pseudo(&src, &dst, WIRE_PROTO_TCP, len),
                                                s->frame + s->tcp_at, len)));
}

/* What a row may do. */

static void cut(struct shape *s, uint32_t len)
{
    s->len = len;
    s->keeps_csum = true;
}

static void total_off(struct shape *s, uint32_t by)
{
    set_total(s, s->len - IP_AT + by);
    fix(s);
    s->keeps_csum = true;
}

static void total_is(struct shape *s, uint32_t total)
{
    set_total(s, total);
    wire_store_u16(s->frame + IP_AT + 10, 0);
    wire_store_u16(s->frame + IP_AT + 10, wire_csum_fold(wire_csum_add(0, s->frame + IP_AT, 20)));
    s->keeps_csum = true;
}

static void pad(struct shape *s, uint32_t len)
{
    fix(s);
    memset(s->frame + s->len, 0xaa, len);
    s->len += len;
    s->keeps_csum = true;
}

static void ihl(struct shape *s, uint32_t words)
{
    s->frame[IP_AT] = (uint8_t)(0x40 | words);
}

static void ip_options(struct shape *s, uint32_t first)
{
    uint8_t options[40];

    memset(options, 0xff, sizeof(options));
    options[0] = (uint8_t)first;
    options[1] = first == 131 ? 39 : 255;
    options[2] = 4;
    add_ip_options(s, options, sizeof(options));
}

static void fragment(struct shape *s, uint32_t field)
{
    wire_store_u16(s->frame + IP_AT + 6, (uint16_t)field);
}

static void ext(struct shape *s, uint32_t kind_and_len)
{
    add_ext(s, (uint8_t)(kind_and_len >> 8), (uint8_t)kind_and_len);
}

static void ext_chain(struct shape *s, uint32_t cnt)
{
    for (uint32_t i = 0; i < cnt; ++i) {
        add_ext(s, 60, 0);
    }
}

static void src_is(struct shape *s, uint32_t addr)
{
    wire_store_u32(s->frame + IP_AT + 12, addr);
}

static void syn_from(struct shape *s, uint32_t addr)
{
    src_is(s, addr);
    s->frame[s->tcp_at + 13] = TCP_SYN;
}

static void ip_csum(struct shape *s, uint32_t mask)
{
    fix(s);
    s->frame[IP_AT + 10] ^= (uint8_t)mask;
    s->keeps_csum = true;
}

static void tcp_csum(struct shape *s, uint32_t value)
{
    fix(s);
    wire_store_u16(s->frame + s->tcp_at + 16, (uint16_t)value);
    s->keeps_csum = true;
}

/* The window field takes up what makes the right checksum zero, which may be written in two ways.
 */
static void tcp_csum_zero(struct shape *s, uint32_t written)
{
    uint8_t *tcp = s->frame + s->tcp_at;
    uint32_t wnd;

    fix(s);
    wnd = wire_load_u16(tcp + 14) + (uint32_t)wire_load_u16(tcp + 16);
    wire_store_u16(tcp + 14, (uint16_t)((wnd & 0xffff) + (wnd >> 16)));
    wire_store_u16(tcp + 16, (uint16_t)written);
    s->keeps_csum = true;
}

static void vouch(struct shape *s, uint32_t flags)
{
    tcp_csum(s, 0x1234);
    s->flags = (uint8_t)flags;
}

static void data_offset(struct shape *s, uint32_t words)
{
    s->frame[s->tcp_at + 12] = (uint8_t)(words << 4);
}

/* Four bytes of options. */
static void opt4(struct shape *s, uint32_t bytes)
{
    uint8_t options[4];

    wire_store_u32(options, bytes);
    add_options(s, options, sizeof(options));
}

/* Forty bytes: two times |bytes|, then what |fill| says. */
static void opt40(struct shape *s, uint32_t bytes)
{
    uint8_t options[40];

    memset(options, (uint8_t)bytes, sizeof(options));
    options[0] = (uint8_t)(bytes >> 24);
    options[1] = (uint8_t)(bytes >> 16);
    options[2] = (uint8_t)(bytes >> 8);
    add_options(s, options, sizeof(options));
}

static void tcp_flags(struct shape *s, uint32_t flags)
{
    s->frame[s->tcp_at + 13] = (uint8_t)flags;
}

/* One or two VLAN tags. */
static void tags(struct shape *s, uint32_t what)
{
    uint8_t tag[4] = {0x81, 0x00, (uint8_t)(what >> 8 & 15), (uint8_t)what};

    fix(s);
    for (uint32_t i = 0; i < (what >> 16) + 1; ++i) {
        memmove(s->frame + 16, s->frame + 12, s->len - 12);
        memcpy(s->frame + 12, tag, 4);
        s->len += 4;
    }
    s->keeps_csum = true;
}

/* 802.3 with LLC: a length where the type was; |sap| 0xaa is SNAP, RFC 1042. */
static void llc(struct shape *s, uint32_t sap)
{
    const uint8_t head[8] = {(uint8_t)sap, (uint8_t)sap, 3, 0, 0, 0, 8, 0};

    fix(s);
    memmove(s->frame + 22, s->frame + 14, s->len - 14);
    memcpy(s->frame + 14, head, 8);
    wire_store_u16(s->frame + 12, (uint16_t)(s->len - 14 + 8));
    s->len += 8;
    s->keeps_csum = true;
}

#define UP true
#define OURS false
#define DROP(name) TOE_DROP_##name

static const struct row rows[] = {
    {1, "nothing at all", cut, 0, 4, UP, DROP(FRAME_SHORT)},
    {1, "half an Ethernet header", cut, 13, 4, UP, DROP(FRAME_SHORT)},
    {1, "no IP header", cut, 14, 4, UP, DROP(IP_HEADER)},
    {1, "half an IP header", cut, 33, 4, UP, DROP(IP_HEADER)},
    {1, "half an IPv6 header", cut, 53, 6, UP, DROP(IP_HEADER)},
    {2, "total length beyond the frame", total_off, 1, 4, UP, DROP(IP_HEADER)},
    {2, "total length of 65535", total_off, 65535u - 140, 4, UP, DROP(IP_HEADER)},
    {3, "total length ends in the TCP header", total_is, 39, 4, UP, DROP(TCP_HEADER)},
    {3, "total length ends behind the IP header", total_is, 20, 4, UP, DROP(TCP_HEADER)},
    {3, "total length ends in the IP header", total_is, 19, 4, UP, DROP(IP_HEADER)},
    {3, "total length of zero", total_is, 0, 4, UP, DROP(IP_HEADER)},
    {4, "padding behind the packet", pad, 46, 4, OURS, DROP(NONE)},
    {4, "padding behind the packet", pad, 46, 6, OURS, DROP(NONE)},
    {5, "header length of four words", ihl, 4, 4, UP, DROP(IP_HEADER)},
    {5, "header length of zero", ihl, 0, 4, UP, DROP(IP_HEADER)},
    {6, "forty bytes of garbage options", ip_options, 255, 4, UP, DROP(NONE)},
    {6, "loose source route", ip_options, 131, 4, UP, DROP(NONE)},
    {7, "first fragment", fragment, 0x2000, 4, UP, DROP(IP_FRAGMENT)},
    {7, "later fragment", fragment, 0x0001, 4, UP, DROP(IP_FRAGMENT)},
    {7, "fragment that ends behind 65535", fragment, 0x1fff, 4, UP, DROP(IP_FRAGMENT)},
    {7, "fragment header", ext, 44 << 8, 6, UP, DROP(IP_FRAGMENT)},
    {8, "payload length beyond the frame", total_off, 1, 6, UP, DROP(IP_HEADER)},
    {8, "payload length one short", total_off, UINT32_MAX, 6, UP, DROP(TCP_CHECKSUM)},
    {8, "jumbogram", total_off, 0u - 120, 6, UP, DROP(TCP_HEADER)},
    {9, "hop-by-hop header beyond the end", ext, 255, 6, UP, DROP(IP_HEADER)},
    {9, "routing header beyond the end", ext, 43 << 8 | 255, 6, UP, DROP(IP_HEADER)},
    {9, "authentication header of eight bytes", ext, 51 << 8, 6, UP, DROP(NONE)},
    {9, "authentication header beyond the end", ext, 51 << 8 | 255, 6, UP, DROP(IP_HEADER)},
    {9, "two extension headers", ext_chain, 2, 6, UP, DROP(NONE)},
    {9, "a hundred and fifty of them", ext_chain, MANY, 6, UP, DROP(IP_HEADER)},
    {10, "destination options beyond the end", ext, 60 << 8 | 16, 6, UP, DROP(IP_HEADER)},
    {11, "from our own address", src_is, 0x0a000001, 4, UP, DROP(IP_ADDRESS)},
    {11, "from a group", src_is, 0xe0000001, 4, UP, DROP(IP_ADDRESS)},
    {11, "from everybody", src_is, 0xffffffff, 4, UP, DROP(IP_ADDRESS)},
    {11, "from everybody here", src_is, 0x0a0000ff, 4, UP, DROP(IP_ADDRESS)},
    {11, "from nobody", src_is, 0, 4, UP, DROP(IP_ADDRESS)},
    {11, "SYN from nobody", syn_from, 0, 4, UP, DROP(IP_ADDRESS)},
    {11, "SYN from our own address", syn_from, 0x0a000001, 4, UP, DROP(IP_ADDRESS)},
    {11, "from loopback", src_is, 0x7f000001, 4, UP, DROP(IP_ADDRESS)},
    {12, "wrong IP checksum", ip_csum, 1, 4, UP, DROP(IP_CHECKSUM)},
    {12, "wrong TCP checksum", tcp_csum, 0x1234, 4, UP, DROP(TCP_CHECKSUM)},
    {12, "TCP checksum of zero", tcp_csum, 0, 4, UP, DROP(TCP_CHECKSUM)},
    {12, "TCP checksum of all ones", tcp_csum, 0xffff, 6, UP, DROP(TCP_CHECKSUM)},
    {12, "zero is right", tcp_csum_zero, 0, 4, OURS, DROP(NONE)},
    {12, "all ones are right", tcp_csum_zero, 0xffff, 4, OURS, DROP(NONE)},
    {12, "partial, and said so", vouch, TOE_FRAME_CSUM_PARTIAL, 4, OURS, DROP(NONE)},
    {12, "vouched for", vouch, TOE_FRAME_CSUM_VALID, 4, OURS, DROP(NONE)},
    {13, "data offset of four", data_offset, 4, 4, UP, DROP(TCP_HEADER)},
    {13, "data offset of zero", data_offset, 0, 6, UP, DROP(TCP_HEADER)},
    {14, "unknown option of length zero", opt4, 0xfd000000, 4, OURS, DROP(NONE)},
    {14, "unknown option of length one", opt4, 0xfd010101, 4, OURS, DROP(NONE)},
    {15, "option beyond the header", opt4, 0xfd050000, 4, OURS, DROP(NONE)},
    {15, "timestamps beyond the header", opt4, 0x080a0000, 4, OURS, DROP(NONE)},
    {15, "a kind and no more", opt4, 0x01010108, 4, OURS, DROP(NONE)},
    {15, "SACK beyond the header", opt4, 0x0101050a, 6, OURS, DROP(NONE)},
    {16, "MSS outside a SYN", opt4, 0x02040000, 4, OURS, DROP(NONE)},
    {17, "window scale outside a SYN", opt4, 0x0303ff01, 4, OURS, DROP(NONE)},
    {18, "SACK of three bytes", opt4, 0x05030001, 4, OURS, DROP(NONE)},
    {18, "SACK of 39 bytes", opt40, 0x052700ff, 4, OURS, DROP(NONE)},
    {18, "SACK of no blocks", opt4, 0x05020101, 4, OURS, DROP(NONE)},
    {19, "timestamps of four bytes", opt4, 0x08040000, 4, OURS, DROP(NONE)},
    {19, "timestamps of 40 bytes", opt40, 0x08280000, 4, OURS, DROP(NONE)},
    {20, "MD5 signature of two bytes", opt4, 0x13020101, 4, OURS, DROP(NONE)},
    {20, "authentication of three bytes", opt4, 0x1d030001, 4, OURS, DROP(NONE)},
    {20, "unknown kind of 40 bytes", opt40, 0xfe280000, 4, OURS, DROP(NONE)},
    {20, "forty times nothing", opt40, 0x01010101, 4, OURS, DROP(NONE)},
    {20, "the end, then garbage", opt40, 0x000808ff, 4, OURS, DROP(NONE)},
    {58, "priority tag", tags, 0, 4, OURS, DROP(NONE)},
    {58, "another VLAN", tags, 9, 4, OURS, DROP(FRAME_VLAN)}, /* SEG-078: VLAN 0 takes any */
    {58, "two tags", tags, 1 << 16, 4, UP, DROP(FRAME_TYPE)},
    {58, "SNAP", llc, 0xaa, 4, OURS, DROP(NONE)},
    {58, "LLC that is not SNAP", llc, 0x42, 4, UP, DROP(FRAME_TYPE)},
};

#define ROW_CNT (sizeof(rows) / sizeof(rows[0]))

/* A good segment from |peer_port| to |port|. */
static void shape_init(struct shape *s, uint8_t family, uint16_t peer_port, uint16_t port,
                       uint32_t seq, uint32_t ack)
{
    struct t_wire_addr addr = {.src = t_pair_addr(family, 2), .dst = t_pair_addr(family, 1)};
    struct tcp_segment seg = TCP_SEGMENT_INIT;
    uint8_t text[TEXT_LEN];

    memcpy(addr.ether.dst, (uint8_t[]){2, 0, 0, 0, 0, 1}, 6);
    memcpy(addr.ether.src, (uint8_t[]){2, 0, 0, 0, 0, 2}, 6);
    seg.src_port = peer_port;
    seg.dst_port = port;
    seg.seq.v = seq;
    seg.ack.v = ack;
    seg.flags = TCP_ACK | TCP_PSH;
    seg.wnd = 60000;
    seg.payload_len = TEXT_LEN;
    for (uint32_t i = 0; i < TEXT_LEN; ++i) {
        text[i] = t_host_byte(seq + i);
    }
    memset(s, 0, sizeof(*s));
    s->family = family;
    s->len = t_wire_build(s->frame, &addr, &seg, text);
    s->tcp_at = IP_AT + (family == 4 ? 20 : 40);
}

static void set_family(struct t_target *t, uint8_t family)
{
    t->path.state.constant.src = t_pair_addr(family, 1);
    t->path.state.constant.dst = t_pair_addr(family, 2);
    t->path.block.type = family == 4 ? TOE_BLOCK_PATH4 : TOE_BLOCK_PATH6;
}

static void test_target(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_CNT; ++i) {
        const struct row *row = &rows[i];
        struct t_target *t = t_target_new();
        struct shape s;
        const char *log;
        char want[32];

        t->settings.sack = true;
        set_family(t, row->family);
        t_target_start(t);
        t_offload(t);
        t_expect_all(t, "initiate");
        shape_init(&s, row->family, 5001, 40000, 1000, 5000);
        row->apply(&s, row->arg);
        fix(&s);
        t_wire_push(&t->wire, s.frame, s.len);
        t->wire.in_frames[t->wire.in_cnt - 1].flags = s.flags;
        t_run(t, 0);
        (void)snprintf(want, sizeof(want), row->is_up ? "frame(%u)" : "indicate(%u)",
                       row->is_up ? s.len : (unsigned)TEXT_LEN);
        log = t_log_take(&t->log, T_LOG_ALL);
        if (strcmp(log, want) != 0) {
            fail_msg("hostile_%02d %s: \"%s\", not \"%s\"", row->number, row->name, log, want);
        }
        assert_int_equal(t->host.frame_cnt, row->is_up);
        t_host_return(&t->host);
        t_target_del(t);
    }
}

/* A connection of the host to the peer's port 80. */
static toe_handle connect_family(struct t_stub *stub, uint8_t family, struct t_seg *seg)
{
    const struct toe_addr dst = t_pair_addr(family, 2);
    const toe_handle conn = toe_host_connect(stub->host, NULL, 0, &dst, 80);
    const struct t_out *syn;

    t_stub_run(stub, 0);
    syn = t_stub_frame(stub);
    *seg = (struct t_seg){.port = syn->seg.src_port,
                          .peer_port = 80,
                          .seq = 7000,
                          .ack = syn->seg.seq.v + 1,
                          .flags = TCP_SYN | TCP_ACK,
                          .wnd = 60000,
                          .mss = 1460};
    t_stub_arrive_seg(stub, family, seg);
    t_stub_expect_seg(stub, TCP_ACK, seg->ack, 7001, 0);
    t_stub_event(stub, TOE_HOST_CONNECTED);
    return conn;
}

static void arrive(struct t_stub *stub, const struct shape *s)
{
    uint8_t *exact = malloc(s->len > 0 ? s->len : 1);
    const struct toe_frame frame = {.data = exact, .len = s->len, .flags = s->flags};

    assert_non_null(exact);
    memcpy(exact, s->frame, s->len);
    stub->up.frames(stub->user, &frame, 1);
    t_stub_run(stub, 0);
    free(exact);
}

static void test_host(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_CNT; ++i) {
        const struct row *row = &rows[i];
        struct t_stub stub;
        struct t_seg seg;
        struct shape s;
        uint8_t text[2 * TEXT_LEN];
        toe_handle conn;
        size_t got;

        t_stub_init(&stub, NULL);
        t_stub_resolve(&stub);
        conn = connect_family(&stub, row->family, &seg);
        shape_init(&s, row->family, 80, seg.port, 7001, seg.ack);
        row->apply(&s, row->arg);
        fix(&s);
        arrive(&stub, &s);
        got = toe_host_receive(stub.host, conn, text, sizeof(text));
        if (got != (row->drop == TOE_DROP_NONE ? TEXT_LEN : 0)) {
            fail_msg("hostile_%02d %s: %zu bytes", row->number, row->name, got);
        }
        for (int n = 1; n < TOE_DROP_CNT; ++n) {
            if (t_stub_stats(&stub).drops[n] != (n == (int)row->drop)) {
                fail_msg("hostile_%02d %s: %s counts %llu", row->number, row->name,
                         toe_drop_name((enum toe_drop)n),
                         (unsigned long long)t_stub_stats(&stub).drops[n]);
            }
        }
        if (row->drop != TOE_DROP_NONE) {
            t_stub_expect_silence(&stub);
        }
        t_stub_fini(&stub);
    }
}

/* 1: every length a frame may be cut to. */
static void test_hostile_01_all_lengths(void **state)
{
    struct t_target *t = t_target_offloaded();
    struct t_stub stub;
    struct shape s;

    (void)state;
    t_stub_init(&stub, NULL);
    for (uint32_t len = 0; len < IP_AT + 40 + TEXT_LEN; ++len) {
        shape_init(&s, 4, 5001, 40000, 1000, 5000);
        s.len = len;
        t_wire_push(&t->wire, s.frame, len);
        arrive(&stub, &s);
        t_run(t, 0);
    }
    assert_int_equal(t->host.frame_cnt, IP_AT + 40 + TEXT_LEN);
    assert_int_equal(t->wire.sent_cnt, 0);
    t_stub_expect_silence(&stub);
    (void)t_log_take(&t->log, T_LOG_ALL);
    t_stub_fini(&stub);
    t_target_del(t);
}

/* 25: flags that nobody sets together change nothing: neither a connection nor a listener. */
static void test_hostile_25_flags(void **state)
{
    static const uint8_t flags[] = {
        0, TCP_SYN | TCP_FIN, TCP_SYN | TCP_RST, TCP_FIN | TCP_URG | TCP_PSH, 0xff,
    };
    struct t_target *t = t_target_new();
    struct t_stub stub;
    struct t_seg seg;
    struct shape s;
    toe_handle conn;

    (void)state;
    t->settings.rfc5961_syn = true;
    t_target_start(t);
    t_offload(t);
    t_expect_all(t, "initiate");
    t_stub_init(&stub, NULL);
    t_stub_resolve(&stub);
    assert_int_not_equal(toe_host_listen(stub.host, NULL, 81, 3), 0);
    conn = connect_family(&stub, 4, &seg);
    for (size_t i = 0; i < sizeof(flags); ++i) {
        /* In the window, not at its edge: a RST there would be obeyed. */
        shape_init(&s, 4, 5001, 40000, 1001, 5000);
        tcp_flags(&s, flags[i]);
        fix(&s);
        t_wire_push(&t->wire, s.frame, s.len);
        t_run(t, i);
        shape_init(&s, 4, 80, seg.port, 7002, seg.ack);
        tcp_flags(&s, flags[i]);
        fix(&s);
        arrive(&stub, &s);
        shape_init(&s, 4, 9, 81, 7002, 0);
        tcp_flags(&s, flags[i]);
        fix(&s);
        arrive(&stub, &s);
    }
    assert_int_equal(t_stub_info(&stub, conn).state, TOE_TCP_ESTABLISHED);
    assert_int_equal(t_stub_stats(&stub).conn_cnt, 2);
    assert_int_equal(t_stats(t).tcp[0].currently_established, 1);
    assert_string_equal(t_log_take(&t->log, T_LOG_HOST), "");
    t_stub_fini(&stub);
    t_target_del(t);
}

/* What the |len| bytes of |options| say to the parser in a SYN. */
static struct tcp_segment parse_syn(const uint8_t *options, uint32_t len)
{
    struct tcp_segment seg;
    struct shape s;

    shape_init(&s, 4, 999, 80, 100, 0);
    tcp_flags(&s, TCP_SYN);
    add_options(&s, options, len);
    assert_true(wire_tcp_parse(&seg, s.frame + s.tcp_at, s.len - s.tcp_at) > 0);
    return seg;
}

/* 17, 19: of what is there twice the first one counts, and no scale is above 14. */
static void test_hostile_17_twice(void **state)
{
    const uint8_t scales[8] = {3, 3, 7, 3, 3, 2, 1, 1};
    const uint8_t scale[8] = {3, 3, 255, 0};
    const uint8_t sizes[8] = {2, 4, 0x05, 0xb4, 2, 4, 0, 1};
    const uint8_t times[20] = {8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 8, 10, 9, 9, 9, 9, 9, 9, 9, 9};

    (void)state;
    assert_int_equal(parse_syn(scales, 8).wscale, 7);
    assert_int_equal(parse_syn(scale, 4).wscale, 14);
    assert_int_equal(parse_syn(sizes, 8).mss, 1460);
    assert_int_equal(parse_syn(times, 20).ts_val, 1);
    assert_int_equal(parse_syn(times, 20).ts_ecr, 2);
}

/* Opens a connection to a listener with a SYN that has |options| and text, and sends 5000 bytes. */
static void open_and_send(const uint8_t options[4], uint32_t len_max)
{
    static const uint8_t text[5000];
    struct t_seg ack = {
        .port = 80, .peer_port = 999, .seq = 101, .flags = TCP_ACK, .wnd = 60000, .len = 0};
    struct t_stub stub;
    struct shape s;
    toe_handle listener;
    toe_handle conn;
    const struct t_out *out;

    t_stub_init(&stub, NULL);
    t_stub_resolve(&stub);
    listener = toe_host_listen(stub.host, NULL, 80, 3);
    shape_init(&s, 4, 999, 80, 100, 0);
    tcp_flags(&s, TCP_SYN);
    add_options(&s, options, 4);
    fix(&s);
    arrive(&stub, &s);
    out = t_stub_frame(&stub);
    assert_int_equal(out->seg.flags, TCP_SYN | TCP_ACK);
    assert_int_equal(out->seg.ack.v, 101); /* 46: the text in the SYN is left to be sent again */
    ack.ack = out->seg.seq.v + 1;
    t_stub_arrive_seg(&stub, 4, &ack);
    conn = toe_host_accept(stub.host, listener);
    assert_int_not_equal(conn, 0);
    assert_int_equal(toe_host_send(stub.host, conn, text, sizeof(text)), sizeof(text));
    t_stub_run(&stub, 0);
    assert_true(stub.frame_head < stub.frame_cnt);
    while (stub.frame_head < stub.frame_cnt) {
        out = t_stub_frame(&stub);
        assert_in_range(out->seg.payload_len, 16, len_max);
    }
    t_stub_fini(&stub);
}

/* 16, 46: no, absurd and broken MSS options: there is a floor and a ceiling, and nothing divides
 * by zero. */
static void test_hostile_16_mss(void **state)
{
    static const struct {
        uint8_t options[4];
        uint32_t len_max;
    } cases[] = {
        {{2, 4, 0, 0}, 536}, {{2, 4, 0, 1}, 28},  {{2, 4, 0xff, 0xff}, 1460}, {{2, 3, 1, 1}, 536},
        {{2, 2, 1, 1}, 536}, {{2, 5, 1, 1}, 536}, {{2, 0, 1, 1}, 536},        {{1, 1, 1, 2}, 536},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        open_and_send(cases[i].options, cases[i].len_max);
    }
}

/* 59: a flood of SYNs takes what the backlog says and no more, and is forgotten in time. */
static void test_hostile_59_flood(void **state)
{
    struct t_stub stub;
    struct shape s;

    (void)state;
    t_stub_init(&stub, NULL);
    t_stub_resolve(&stub);
    assert_int_not_equal(toe_host_listen(stub.host, NULL, 80, 16), 0);
    for (uint32_t i = 0; i < 5000; ++i) {
        shape_init(&s, 4, (uint16_t)(1000 + i), 80, 100 * i, 0);
        tcp_flags(&s, TCP_SYN);
        fix(&s);
        arrive(&stub, &s);
        assert_true(t_stub_stats(&stub).conn_cnt <= 17);
    }
    assert_int_equal(t_stub_stats(&stub).drops[TOE_DROP_TCP_BACKLOG], 5000 - 16);
    stub.frame_head = stub.frame_cnt;
    t_stub_run(&stub, 1000 * TOE_NS_PER_SEC);
    assert_int_equal(t_stub_stats(&stub).conn_cnt, 1);
    t_stub_fini(&stub);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_target),
        cmocka_unit_test(test_host),
        cmocka_unit_test(test_hostile_01_all_lengths),
        cmocka_unit_test(test_hostile_16_mss),
        cmocka_unit_test(test_hostile_17_twice),
        cmocka_unit_test(test_hostile_25_flags),
        cmocka_unit_test(test_hostile_59_flood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
