/* SPDX-License-Identifier: MIT */
#include "wire/tcp.h"

#include "wire/bytes.h"

#include <string.h>

/* Option kinds (IANA). */
enum option {
    OPTION_END = 0,
    OPTION_NOP = 1,
    OPTION_MSS = 2,
    OPTION_WSCALE = 3,
    OPTION_SACK_PERMITTED = 4,
    OPTION_SACK = 5,
    OPTION_TS = 8,
    OPTION_ACCECN0 = 172,
    OPTION_ACCECN1 = 174,
};

/* Lengths of options, kind and length included. */
enum option_len {
    MSS_LEN = 4,
    WSCALE_LEN = 3,
    SACK_PERMITTED_LEN = 2,
    TS_LEN = 10,
    SACK_HEAD_LEN = 2,
    SACK_BLOCK_LEN = 8,
    ACCECN_HEAD_LEN = 2,
    ACCECN_NUMBER_LEN = 3,
};

/* RFC 7323, 2.3. */
#define WSCALE_MAX 14

/* What is the same in the options that a SYN usually has, and how long they are. */
#define USUAL_SYN_LEN 20u
#define USUAL_SYN_HEAD                                                                             \
    ((uint32_t)OPTION_SACK_PERMITTED << 24 | SACK_PERMITTED_LEN << 16 | OPTION_TS << 8 | TS_LEN)
#define USUAL_SYN_TAIL (OPTION_NOP << 8 | OPTION_WSCALE)

static void parse_sack(struct tcp_segment *seg, const uint8_t *option, size_t len)
{
    const size_t cnt = (len - SACK_HEAD_LEN) / SACK_BLOCK_LEN;

    if (len != SACK_HEAD_LEN + cnt * SACK_BLOCK_LEN || cnt > TCP_SACK_MAX) {
        return;
    }
    for (size_t i = 0; i < cnt; ++i) {
        const uint8_t *block = option + SACK_HEAD_LEN + i * SACK_BLOCK_LEN;

        seg->sack[i].left = toe_seq_of(wire_load_u32(block));
        seg->sack[i].right = toe_seq_of(wire_load_u32(block + 4));
    }
    seg->sack_cnt = (uint8_t)cnt;
}

/* Reads an option that only a SYN may have. Of what is there twice the first one counts. */
static void parse_syn_option(struct tcp_segment *seg, const uint8_t *option, size_t len)
{
    if (option[0] == OPTION_MSS && len == MSS_LEN && seg->mss == 0) {
        seg->mss = wire_load_u16(option + 2);
    } else if (option[0] == OPTION_WSCALE && len == WSCALE_LEN && seg->wscale < 0) {
        seg->wscale = option[2] > WSCALE_MAX ? WSCALE_MAX : (int8_t)option[2];
    } else if (option[0] == OPTION_SACK_PERMITTED && len == SACK_PERMITTED_LEN) {
        seg->sack_permitted = true;
    }
}

/* Of a longer option the first numbers count, of a part of a number nothing does. */
static void parse_accecn(struct tcp_segment *seg, const uint8_t *option, size_t len)
{
    const size_t cnt = (len - ACCECN_HEAD_LEN) / ACCECN_NUMBER_LEN;

    seg->acc_cnt = (uint8_t)(cnt < TCP_ACC_MAX ? cnt : TCP_ACC_MAX);
    seg->acc_ect1 = option[0] == OPTION_ACCECN1;
    for (size_t i = 0; i < seg->acc_cnt; ++i) {
        const uint8_t *p = option + ACCECN_HEAD_LEN + i * ACCECN_NUMBER_LEN;

        seg->acc[i] = (uint32_t)p[0] << 16 | wire_load_u16(p + 1);
    }
}

/* Reads one option of |len| bytes, at least 2, kind and length included. */
static void parse_option(struct tcp_segment *seg, const uint8_t *option, size_t len)
{
    if (option[0] == OPTION_TS && len == TS_LEN && !seg->has_ts) {
        seg->has_ts = true;
        seg->ts_val = wire_load_u32(option + 2);
        seg->ts_ecr = wire_load_u32(option + 6);
    } else if (option[0] == OPTION_SACK && seg->sack_cnt == 0) {
        parse_sack(seg, option, len);
    } else if ((option[0] == OPTION_ACCECN0 || option[0] == OPTION_ACCECN1) && seg->acc_cnt == 0) {
        parse_accecn(seg, option, len);
    } else if (seg->flags & TCP_SYN) {
        parse_syn_option(seg, option, len);
    }
}

/* Reads the options in |len| bytes at |data|. */
static void parse_options(struct tcp_segment *seg, const uint8_t *data, size_t len)
{
    size_t off = 0;

    while (off < len && data[off] != OPTION_END) {
        if (data[off] == OPTION_NOP) {
            ++off;
            continue;
        }
        if (len - off < 2 || data[off + 1] < 2 || data[off + 1] > len - off) {
            return;
        }
        parse_option(seg, data + off, data[off + 1]);
        off += data[off + 1];
    }
}

/*
 * The options of a SYN as nearly all of them have them: MSS, SACK-permitted, timestamps, NOP,
 * window scale. Reads them and returns true, or returns false and has done nothing.
 */
static bool parse_usual_syn(struct tcp_segment *seg, const uint8_t *option, size_t len)
{
    if (len != USUAL_SYN_LEN || (seg->flags & TCP_SYN) == 0 ||
        wire_load_u16(option) != (OPTION_MSS << 8 | MSS_LEN) ||
        wire_load_u32(option + 4) != USUAL_SYN_HEAD ||
        wire_load_u16(option + 16) != USUAL_SYN_TAIL || option[18] != WSCALE_LEN) {
        return false;
    }
    seg->mss = wire_load_u16(option + 2);
    seg->sack_permitted = true;
    seg->has_ts = true;
    seg->ts_val = wire_load_u32(option + 8);
    seg->ts_ecr = wire_load_u32(option + 12);
    seg->wscale = option[19] > WSCALE_MAX ? WSCALE_MAX : (int8_t)option[19];
    return true;
}

int wire_tcp_parse(struct tcp_segment *seg, const uint8_t *data, size_t len)
{
    size_t header_len;

    *seg = (struct tcp_segment)TCP_SEGMENT_INIT;
    if (len < WIRE_TCP_LEN) {
        return WIRE_ERR_SHORT;
    }
    header_len = (data[12] >> 4) * 4u;
    if (header_len < WIRE_TCP_LEN) {
        return WIRE_ERR_MALFORMED;
    }
    if (len < header_len || len - header_len > UINT32_MAX) {
        return WIRE_ERR_SHORT;
    }
    seg->src_port = wire_load_u16(data);
    seg->dst_port = wire_load_u16(data + 2);
    seg->seq = toe_seq_of(wire_load_u32(data + 4));
    seg->ack = toe_seq_of(wire_load_u32(data + 8));
    seg->flags = data[13];
    seg->ae = (data[12] & 1) != 0;
    seg->wnd = wire_load_u16(data + 14);
    seg->urgent = wire_load_u16(data + 18);
    if (!parse_usual_syn(seg, data + WIRE_TCP_LEN, header_len - WIRE_TCP_LEN)) {
        parse_options(seg, data + WIRE_TCP_LEN, header_len - WIRE_TCP_LEN);
    }
    seg->payload = data + header_len;
    seg->payload_len = (uint32_t)(len - header_len);
    return (int)header_len;
}

/* The bytes of the timestamps option with its two NOPs, of SACK with its own and no blocks. */
#define TS_PADDED_LEN 12u
#define SACK_PADDED_HEAD_LEN 4u
#define OPTIONS_LEN_MAX (WIRE_TCP_LEN_MAX - WIRE_TCP_LEN)

/* How many SACK blocks of |seg| are written: as many as fit. */
static size_t sack_cnt_of(const struct tcp_segment *seg)
{
    const size_t room = OPTIONS_LEN_MAX - (seg->has_ts ? TS_PADDED_LEN : 0) - SACK_PADDED_HEAD_LEN;
    const size_t cnt_max = room / SACK_BLOCK_LEN;

    if (seg->flags & TCP_SYN) {
        return 0;
    }
    return seg->sack_cnt < cnt_max ? seg->sack_cnt : cnt_max;
}

/* The header of |seg| without the AccECN option. */
static size_t base_len(const struct tcp_segment *seg)
{
    const size_t sack_cnt = sack_cnt_of(seg);
    size_t len = WIRE_TCP_LEN;

    len += seg->has_ts ? TS_PADDED_LEN : 0;
    if (seg->flags & TCP_SYN) {
        len += seg->mss != 0 ? 4 : 0;
        len += seg->sack_permitted && !seg->has_ts ? 4 : 0;
        len += seg->wscale >= 0 ? 4 : 0;
    }
    if (sack_cnt > 0) {
        len += SACK_PADDED_HEAD_LEN + sack_cnt * SACK_BLOCK_LEN;
    }
    return len;
}

/* How many numbers of the AccECN option are written: as many as fit beside the rest. */
static size_t acc_cnt_of(const struct tcp_segment *seg, size_t used)
{
    const size_t room = WIRE_TCP_LEN_MAX - used;
    size_t cnt = seg->acc_cnt;

    while (cnt > 0 && ACCECN_HEAD_LEN + cnt * ACCECN_NUMBER_LEN > room) {
        --cnt;
    }
    return cnt;
}

/* Its length, with NOPs before it up to a multiple of four. */
static size_t acc_padded_len(size_t cnt)
{
    return cnt == 0 ? 0 : (ACCECN_HEAD_LEN + cnt * ACCECN_NUMBER_LEN + 3) / 4 * 4;
}

size_t wire_tcp_header_len(const struct tcp_segment *seg)
{
    const size_t len = base_len(seg);

    return len + (seg->acc_cnt > 0 ? acc_padded_len(acc_cnt_of(seg, len)) : 0);
}

/* Writes |a| and |b|, two NOPs or an option of two bytes, and returns where to go on. */
static uint8_t *put_pair(uint8_t *out, uint8_t a, uint8_t b)
{
    out[0] = a;
    out[1] = b;
    return out + 2;
}

static uint8_t *put_ts(uint8_t *out, const struct tcp_segment *seg)
{
    out = put_pair(out, OPTION_TS, TS_LEN);
    wire_store_u32(out, seg->ts_val);
    wire_store_u32(out + 4, seg->ts_ecr);
    return out + 8;
}

/* Writes the options of a SYN. SACK-permitted takes the place of the two NOPs where it can. */
static void put_syn_options(uint8_t *out, const struct tcp_segment *seg)
{
    if (seg->mss != 0) {
        out = put_pair(out, OPTION_MSS, MSS_LEN);
        wire_store_u16(out, seg->mss);
        out += 2;
    }
    if (seg->sack_permitted && !seg->has_ts) {
        out = put_pair(out, OPTION_NOP, OPTION_NOP);
    }
    if (seg->sack_permitted) {
        out = put_pair(out, OPTION_SACK_PERMITTED, SACK_PERMITTED_LEN);
    } else if (seg->has_ts) {
        out = put_pair(out, OPTION_NOP, OPTION_NOP);
    }
    if (seg->has_ts) {
        out = put_ts(out, seg);
    }
    if (seg->wscale >= 0) {
        out = put_pair(out, OPTION_NOP, OPTION_WSCALE);
        put_pair(out, WSCALE_LEN, (uint8_t)seg->wscale);
    }
}

/* Writes the options of a segment without SYN. */
static void put_options(uint8_t *out, const struct tcp_segment *seg)
{
    const size_t sack_cnt = sack_cnt_of(seg);

    if (seg->has_ts) {
        out = put_ts(put_pair(out, OPTION_NOP, OPTION_NOP), seg);
    }
    if (sack_cnt == 0) {
        return;
    }
    out = put_pair(out, OPTION_NOP, OPTION_NOP);
    out = put_pair(out, OPTION_SACK, (uint8_t)(SACK_HEAD_LEN + sack_cnt * SACK_BLOCK_LEN));
    for (size_t i = 0; i < sack_cnt; ++i, out += SACK_BLOCK_LEN) {
        wire_store_u32(out, seg->sack[i].left.v);
        wire_store_u32(out + 4, seg->sack[i].right.v);
    }
}

/* Writes the AccECN option behind the |len| bytes at |out|, NOPs first. */
static void put_accecn(uint8_t *out, size_t len, const struct tcp_segment *seg)
{
    const size_t cnt = acc_cnt_of(seg, len);
    const size_t bare = ACCECN_HEAD_LEN + cnt * ACCECN_NUMBER_LEN;

    if (cnt == 0) {
        return;
    }
    out += len;
    for (size_t i = bare; i < acc_padded_len(cnt); ++i) {
        *out++ = OPTION_NOP;
    }
    out = put_pair(out, seg->acc_ect1 ? OPTION_ACCECN1 : OPTION_ACCECN0, (uint8_t)bare);
    for (size_t i = 0; i < cnt; ++i, out += ACCECN_NUMBER_LEN) {
        out[0] = (uint8_t)(seg->acc[i] >> 16);
        wire_store_u16(out + 1, (uint16_t)seg->acc[i]);
    }
}

/* Whether |seg| has no options but timestamps. */
static bool is_bare(const struct tcp_segment *seg)
{
    return (seg->flags & TCP_SYN) == 0 && seg->sack_cnt == 0 && seg->acc_cnt == 0;
}

size_t wire_tcp_build(uint8_t *out, size_t cap, const struct tcp_segment *seg)
{
    const bool bare = is_bare(seg);
    const size_t len =
        bare ? WIRE_TCP_LEN + (seg->has_ts ? TS_PADDED_LEN : 0) : wire_tcp_header_len(seg);

    if (cap < len) {
        return 0;
    }
    wire_store_u16(out, seg->src_port);
    wire_store_u16(out + 2, seg->dst_port);
    wire_store_u32(out + 4, seg->seq.v);
    wire_store_u32(out + 8, seg->ack.v);
    out[12] = (uint8_t)(len / 4 << 4 | seg->ae);
    out[13] = seg->flags;
    wire_store_u16(out + 14, seg->wnd);
    wire_store_u16(out + WIRE_TCP_CSUM_OFF, 0);
    wire_store_u16(out + 18, seg->urgent);
    if (bare) {
        if (seg->has_ts) {
            (void)put_ts(put_pair(out + WIRE_TCP_LEN, OPTION_NOP, OPTION_NOP), seg);
        }
        return len;
    }
    if (seg->flags & TCP_SYN) {
        put_syn_options(out + WIRE_TCP_LEN, seg);
    } else {
        put_options(out + WIRE_TCP_LEN, seg);
    }
    if (seg->acc_cnt > 0) {
        put_accecn(out, base_len(seg), seg);
    }
    return len;
}

void wire_tcp_options_bsd(uint8_t *header, const struct tcp_segment *seg)
{
    uint8_t *const end = header + wire_tcp_header_len(seg);
    uint8_t *out = header + WIRE_TCP_LEN;

    if (seg->mss != 0) {
        out = put_pair(out, OPTION_MSS, MSS_LEN);
        wire_store_u16(out, seg->mss);
        out += 2;
    }
    if (seg->wscale >= 0) {
        out = put_pair(out, OPTION_NOP, OPTION_WSCALE);
        out = put_pair(out, WSCALE_LEN, (uint8_t)seg->wscale);
    }
    if (seg->sack_permitted) {
        out = put_pair(out, OPTION_SACK_PERMITTED, SACK_PERMITTED_LEN);
    } else if (seg->has_ts) {
        out = put_pair(out, OPTION_NOP, OPTION_NOP);
    }
    if (seg->has_ts) {
        out = put_ts(out, seg);
    }
    memset(out, OPTION_END, (size_t)(end - out));
}
