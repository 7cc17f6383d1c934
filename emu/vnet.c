/* SPDX-License-Identifier: MIT */
#include "vnet.h"

#include <string.h>

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

enum {
    UDP_LEN = 8,
    TCP_LEN_AT = 12, /* offset of the header's length, from the header */
    TCP_FLAGS_AT = 13,
    TCP_CWR = 0x80,
};

void emu_vnet_build(struct virtio_net_hdr *header, const struct toe_frame *frame)
{
    memset(header, 0, sizeof(*header));
    if ((frame->flags & TOE_FRAME_CSUM_PARTIAL) != 0) {
        header->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        header->csum_start = frame->csum_start;
        header->csum_offset = frame->csum_off;
    } else if ((frame->flags & TOE_FRAME_CSUM_VALID) != 0) {
        header->flags = VIRTIO_NET_HDR_F_DATA_VALID;
    }
    if (frame->gso != TOE_GSO_NONE) {
        header->gso_type = frame->gso;
        header->gso_size = frame->gso_size;
        header->hdr_len = (uint16_t)(frame->csum_start + UDP_LEN);
        if (frame->gso != TOE_GSO_UDP && (uint32_t)frame->csum_start + TCP_FLAGS_AT < frame->len) {
            const uint8_t *tcp = frame->data + frame->csum_start;
            const uint32_t tcp_len = 4u * (tcp[TCP_LEN_AT] >> 4);

            header->hdr_len = (uint16_t)(frame->csum_start + tcp_len);
            if ((tcp[TCP_FLAGS_AT] & TCP_CWR) != 0) {
                header->gso_type |= VIRTIO_NET_HDR_GSO_ECN;
            }
        }
    }
}

bool emu_vnet_parse(struct toe_frame *frame, const struct virtio_net_hdr *header)
{
    if ((header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0) {
        frame->flags = TOE_FRAME_CSUM_PARTIAL;
        frame->csum_start = header->csum_start;
        frame->csum_off = header->csum_offset;
    } else if ((header->flags & VIRTIO_NET_HDR_F_DATA_VALID) != 0) {
        frame->flags = TOE_FRAME_CSUM_VALID;
    }
    switch (header->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
    case VIRTIO_NET_HDR_GSO_NONE:
        return true;
    case VIRTIO_NET_HDR_GSO_TCPV4:
        frame->gso = TOE_GSO_TCP4;
        break;
    case VIRTIO_NET_HDR_GSO_TCPV6:
        frame->gso = TOE_GSO_TCP6;
        break;
    case VIRTIO_NET_HDR_GSO_UDP_L4:
        frame->gso = TOE_GSO_UDP;
        break;
    default:
        return false;
    }
    frame->gso_size = header->gso_size;
    return true;
}
