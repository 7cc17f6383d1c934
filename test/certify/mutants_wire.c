/* SPDX-License-Identifier: MIT */
/*
 * Mutants of the wire: segments that leave wrong, and segments that are understood wrong.
 */
#include "certify/mutant.h"

#include <string.h>

/* --- out --- */

#define OUT(name, condition, what)                                                                 \
    static enum mutant_fate name(struct mutant_driver *m, struct cert_seg *seg)                    \
    {                                                                                              \
        (void)m;                                                                                   \
        (void)seg;                                                                                 \
        if (!(condition)) {                                                                        \
            return MUTANT_KEEP;                                                                    \
        }                                                                                          \
        what;                                                                                      \
        return MUTANT_CHANGE;                                                                      \
    }

#define LOSE(name, condition)                                                                      \
    static enum mutant_fate name(struct mutant_driver *m, struct cert_seg *seg)                    \
    {                                                                                              \
        (void)m;                                                                                   \
        (void)seg;                                                                                 \
        return (condition) ? MUTANT_LOSE : MUTANT_KEEP;                                            \
    }

OUT(fragments, true, seg->df = false)
OUT(lower_half, true, seg->ip_id &= 0x7fff)
OUT(own_ttl, true, seg->ttl = 128)
OUT(no_tos, true, seg->tos = 0)
OUT(ect, true, seg->tos |= 2)
OUT(no_flow, true, seg->flow_label = 0)
OUT(bad_tcp_csum, true, seg->bad = CERT_BAD_TCP_CSUM)
OUT(bad_ip_csum, true, seg->bad = CERT_BAD_IP_CSUM)
OUT(no_tag, true, seg->has_vlan = false)
OUT(no_vlan_id, true, seg->vlan_id = 0)
OUT(tag_always, !seg->has_vlan, seg->has_vlan = true)
OUT(reserved, true, seg->reserved = 1)
OUT(urgent, seg->len > 0, (seg->flags |= CERT_URG, seg->urgent = 1))
OUT(foreign_mac, true, seg->src_mac[5] ^= 0x40)
OUT(early_ack, true, ++seg->ack)
OUT(no_push, true, seg->flags &= (uint8_t)~CERT_PSH)
OUT(no_fin, true, seg->flags &= (uint8_t)~CERT_FIN)
OUT(no_window, true, seg->wnd = 0)
OUT(half_window, true, seg->wnd /= 2)
OUT(full_window, true, seg->wnd = 0xffff)
OUT(no_ts, seg->has_ts, (seg->has_ts = false, seg->opt_len = 0))
OUT(no_ts_on_ack, seg->has_ts && seg->len == 0, (seg->has_ts = false, seg->opt_len = 0))
OUT(no_echo, seg->has_ts, (seg->ts_ecr = 0, seg->opt_len = 0))
OUT(no_sack, true, (seg->sack_cnt = 0, seg->opt_len = 0))
OUT(rst_for_fin, (seg->flags & CERT_FIN) != 0,
    seg->flags = (uint8_t)((seg->flags & ~CERT_FIN) | CERT_RST))

static enum mutant_fate sack_swapped(struct mutant_driver *m, struct cert_seg *seg)
{
    uint32_t first[2];

    (void)m;
    if (seg->sack_cnt < 2) {
        return MUTANT_KEEP;
    }
    memcpy(first, seg->sack[0], sizeof(first));
    memcpy(seg->sack[0], seg->sack[1], sizeof(first));
    memcpy(seg->sack[1], first, sizeof(first));
    seg->opt_len = 0;
    return MUTANT_CHANGE;
}

/* The neighbor's address is the one that was used first. */
static enum mutant_fate stale_mac(struct mutant_driver *m, struct cert_seg *seg)
{
    if (m->seen++ == 0) {
        memcpy(m->mac, seg->dst_mac, TOE_MAC_LEN);
    }
    memcpy(seg->dst_mac, m->mac, TOE_MAC_LEN);
    return MUTANT_CHANGE;
}

/* Whether |seg| holds bytes that were sent before; the connection is taken for the only one. */
static bool is_repeated(struct mutant_driver *m, const struct cert_seg *seg)
{
    const bool repeated = m->seen > 0 && seg->len > 0 && (int32_t)(seg->seq - m->seq) < 0;

    if (seg->len > 0 && !repeated) {
        m->seen = 1;
        m->seq = seg->seq + seg->len;
    }
    return repeated;
}

static enum mutant_fate another_copy(struct mutant_driver *m, struct cert_seg *seg)
{
    static uint8_t copy[CERT_FRAME_MAX];

    if (!is_repeated(m, seg)) {
        return MUTANT_KEEP;
    }
    memcpy(copy, seg->payload, seg->len);
    copy[seg->len - 1] ^= 1;
    seg->payload = copy;
    return MUTANT_CHANGE;
}

OUT(ect_copies, is_repeated(m, seg), seg->tos |= 2)
OUT(no_ece, (seg->flags & CERT_ECE) != 0, seg->flags &= (uint8_t)~CERT_ECE)
OUT(no_cwr, (seg->flags & CERT_CWR) != 0, seg->flags &= (uint8_t)~CERT_CWR)
LOSE(no_copies, is_repeated(m, seg))
LOSE(no_pure_ack, seg->len == 0 && (seg->flags & (CERT_FIN | CERT_RST)) == 0)
LOSE(no_rst, (seg->flags & CERT_RST) != 0)
LOSE(every_fourth, (++m->seen & 3) == 0)

/* The clock of the timestamps stands still. */
static enum mutant_fate ts_frozen(struct mutant_driver *m, struct cert_seg *seg)
{
    if (!seg->has_ts) {
        return MUTANT_KEEP;
    }
    if (m->seen++ == 0) {
        m->seq = seg->ts_val;
    }
    seg->ts_val = m->seq;
    seg->opt_len = 0;
    return MUTANT_CHANGE;
}

/* --- in: what a target that does not look closely makes of a segment --- */

static bool is_broken(const struct mutant_driver *m, const char *how)
{
    return strstr(m->broken, how) != NULL;
}

OUT(csum_unchecked, is_broken(m, "checksum"), )
OUT(options_unseen, is_broken(m, "IP options"), )
OUT(fragment_unseen, seg->mf || seg->frag_off != 0, (seg->mf = false, seg->frag_off = 0))
OUT(vlan_unseen, true, (seg->has_vlan = true, seg->vlan_id = 100))
OUT(mac_unseen, true, memcpy(seg->dst_mac, (const uint8_t[]){2, 0, 0, 0, 0, 1}, TOE_MAC_LEN))
OUT(urg_unseen, (seg->flags & CERT_URG) != 0, (seg->flags &= (uint8_t)~CERT_URG, seg->urgent = 0))
OUT(push_unseen, (seg->flags & CERT_PSH) != 0, seg->flags &= (uint8_t)~CERT_PSH)
OUT(sack_unseen, seg->sack_cnt > 0, (seg->sack_cnt = 0, seg->opt_len = 0))
OUT(zero_window_unseen, seg->wnd == 0, seg->wnd = 1)
OUT(no_ack_unseen, (seg->flags & CERT_ACK) == 0, seg->flags |= CERT_ACK)
LOSE(ce_unseen, (seg->tos & 3) == 3)
OUT(ece_unseen, (seg->flags & CERT_ECE) != 0, seg->flags &= (uint8_t)~CERT_ECE)
OUT(cwr_unseen, (seg->flags & CERT_CWR) != 0, seg->flags &= (uint8_t)~CERT_CWR)
LOSE(rst_unseen, (seg->flags & CERT_RST) != 0)
LOSE(syn_unseen, (seg->flags & CERT_SYN) != 0)
LOSE(fin_unseen, (seg->flags & CERT_FIN) != 0 && seg->len == 0)
LOSE(probe_unseen, seg->len == 1)

/* The next byte that the peer is to send, by what it sent in order. */
static uint32_t next_of(struct mutant_driver *m, const struct cert_seg *seg)
{
    if (m->seen == 0) {
        m->seen = 1;
        m->seq = 1000;
    }
    if (seg->seq == m->seq && (seg->flags & (CERT_RST | CERT_SYN)) == 0) {
        m->seq += seg->len + ((seg->flags & CERT_FIN) != 0);
        return seg->seq;
    }
    return m->seq;
}

LOSE(early_unseen, seg->len > 0 && (int32_t)(seg->seq - next_of(m, seg)) > 0)

static enum mutant_fate rst_blind(struct mutant_driver *m, struct cert_seg *seg)
{
    const uint32_t next = next_of(m, seg);

    if ((seg->flags & CERT_RST) == 0) {
        return MUTANT_KEEP;
    }
    seg->seq = next;
    return MUTANT_CHANGE;
}

/* clang-format off */
const struct mutant mutants_wire[] = {
    {"out: DF is not set", "SND-029", "T-001", .out = fragments},
    {"out: identifications of the host's half", "SND-030", "T-001", .out = lower_half},
    {"out: a TTL of its own", "RFC-115", NULL, .out = own_ttl},
    {"out: no type of service", "RFC-119", NULL, .out = no_tos},
    {"out: ECT without ECN", "RFC-091", NULL, .out = ect},
    {"out: retransmissions may be marked", "RFC-092", NULL, .out = ect_copies},
    {"out: marks are not echoed", "RFC-092", NULL, .out = no_ece},
    {"out: no CWR", "RFC-092", NULL, .out = no_cwr},
    {"out: no flow label", "RFC-116", NULL, .out = no_flow},
    {"out: a wrong TCP checksum", "RFC-022", "T-001", .out = bad_tcp_csum},
    {"out: a wrong IP checksum", "RFC-022", "T-001", .out = bad_ip_csum},
    {"out: no VLAN tag", "SEG-079", NULL, .out = no_tag},
    {"out: VLAN 0 in the tag", "TV-VL-3", NULL, .out = no_vlan_id},
    {"out: a tag always", "TV-VL-1", NULL, .out = tag_always},
    {"out: reserved bits", "RFC-023", "T-001", .out = reserved},
    {"out: urgent data", "SND-017", "T-001", .out = urgent},
    {"out: a foreign Ethernet address", "SEG-071", "T-001", .out = foreign_mac},
    {"out: the neighbor's former address", "RFC-111", NULL, .out = stale_mac},
    {"out: acknowledges what was not sent", "RFC-010", "T-190", .out = early_ack},
    {"out: no PSH", "SND-020", NULL, .out = no_push},
    {"out: no FIN", "DSC-012", NULL, .out = no_fin},
    {"out: the window is always closed", "RCV-073", "T-036", .out = no_window},
    {"out: half of the window", "RCV-087", "T-190 T-054", .out = half_window},
    {"out: the window is always open", "RCV-075", NULL, .out = full_window},
    {"out: no timestamps", "RTT-012", NULL, .out = no_ts},
    {"out: no timestamps on acknowledgments", "RTT-012", NULL, .out = no_ts_on_ack},
    {"out: timestamps stand still", "RTT-003", NULL, .out = ts_frozen},
    {"out: timestamps echo nothing", "RTT-010", NULL, .out = no_echo},
    {"out: no SACK", "RFC-072", NULL, .out = no_sack},
    {"out: SACK blocks in another order", "RFC-072", NULL, .out = sack_swapped},
    {"out: RST for a FIN", "DSC-005", "T-080", .out = rst_for_fin},
    {"out: retransmissions differ", "RFC-133", NULL, .out = another_copy},
    {"out: nothing is sent again", "RFC-055", NULL, .out = no_copies},
    {"out: acknowledgments only with data", "TMR-023", NULL, .out = no_pure_ack},
    {"out: no RST", "DSC-004", NULL, .out = no_rst},
    {"out: every fourth segment is lost", "SND-007", NULL, .out = every_fourth},

    {"in: checksums are not checked", "SEG-074", NULL, .in = csum_unchecked},
    {"in: IP options are ignored", "SEG-050", NULL, .in = options_unseen},
    {"in: a fragment is a datagram", "SEG-053", NULL, .in = fragment_unseen},
    {"in: any VLAN will do", "SEG-078", NULL, .in = vlan_unseen},
    {"in: any Ethernet address will do", "SEG-071", NULL, .in = mac_unseen},
    {"in: urgent data is data", "SEG-041", NULL, .in = urg_unseen},
    {"in: PSH is not seen", "RCV-012", NULL, .in = push_unseen},
    {"in: SACK is not seen", "RFC-071", NULL, .in = sack_unseen},
    {"in: a closed window is open a little", "TMR-056", NULL, .in = zero_window_unseen},
    {"in: a congestion mark is a loss", "RFC-093", NULL, .in = ce_unseen},
    {"in: an echo of a mark is not seen", "RFC-092", NULL, .in = ece_unseen},
    {"in: CWR is not seen", "RFC-092", NULL, .in = cwr_unseen},
    {"in: segments need no ACK flag", "RFC-013", NULL, .in = no_ack_unseen},
    {"in: resets are not seen", "SEG-011", NULL, .in = rst_unseen},
    {"in: SYNs are not seen", "SEG-003", NULL, .in = syn_unseen},
    {"in: FINs are not seen", "DSC-031", NULL, .in = fin_unseen},
    {"in: window probes are not seen", "SEG-091", NULL, .in = probe_unseen},
    {"in: what comes early is dropped", "SEG-082", NULL, .in = early_unseen},
    {"in: any reset aborts", "SEG-010", NULL, .in = rst_blind},
    {.name = NULL},
};
/* clang-format on */
