/* SPDX-License-Identifier: MIT */
/*
 * Ports through libpcap: a live interface, or a capture file as input.
 *
 * libpcap lends one frame at a time and takes it back with the next, so received frames are copied
 * into an area of our own. It knows no offload metadata: frames go out whole, and on an interface
 * whose kernel has offloads switched on, what comes in may be unfinished; the raw socket port is
 * the better one there.
 */
#include "port.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapter.h"

enum {
    SLOT_CNT = 64,
    SLOT_SIZE = 65536 + 64,
    SNAPLEN = 65536 + 64,
    BUFFER_SIZE = 16 << 20,
    FRAME_MAX = 65536, /* longest frame to send, gathered */
};

struct pcap_port {
    struct emu_port port;
    pcap_t *pcap;
    uint64_t packets; /* read so far */
    bool file;
    uint8_t *memory; /* SLOT_CNT places, and one to gather a frame in */
};

/* --- receiving --- */

/* The file has come to an end; |result| is what libpcap said. */
static void end_of_file(struct pcap_port *pcap, int result)
{
    pcap->port.ended = true;
    if (result == PCAP_ERROR) {
        pcap->port.stats.in_errors++;
        emu_error_set(&pcap->port.error, EMU_EXIT_USAGE,
                      "the capture ends in the middle of packet %llu (%s); copy it anew, or cut it "
                      "before that packet",
                      (unsigned long long)pcap->packets + 1, pcap_geterr(pcap->pcap));
    }
}

static uint32_t receive(void *wire, struct toe_frame *frames, uint32_t max)
{
    struct pcap_port *pcap = wire;
    uint32_t cnt = 0;

    while (cnt < max && cnt < SLOT_CNT && !pcap->port.ended) {
        uint8_t *data = pcap->memory + (size_t)cnt * SLOT_SIZE;
        struct pcap_pkthdr *header;
        const u_char *bytes;
        const int result = pcap_next_ex(pcap->pcap, &header, &bytes);

        if (result != 1) {
            if (pcap->file) {
                end_of_file(pcap, result);
            } else if (result < 0) {
                pcap->port.stats.in_errors++;
            }
            break;
        }
        pcap->packets++;
        if (header->caplen < header->len || header->caplen > SLOT_SIZE) {
            pcap->port.stats.in_errors++; /* recorded with a snap length: the rest is not there */
            continue;
        }
        memcpy(data, bytes, header->caplen);
        frames[cnt++] = (struct toe_frame){.data = data, .len = header->caplen};
        pcap->port.stats.in_bytes += header->caplen;
    }
    pcap->port.stats.in_frames += cnt;
    return cnt;
}

/* --- sending --- */

static bool send_frame(struct pcap_port *pcap, const struct toe_frame *frame)
{
    uint8_t *gathered = pcap->memory + (size_t)SLOT_CNT * SLOT_SIZE;
    const uint8_t *data = frame->data;
    size_t len = frame->len;

    if (frame->gso != TOE_GSO_NONE || (frame->flags & TOE_FRAME_CSUM_PARTIAL) != 0) {
        return false; /* not among the features */
    }
    if (frame->more_cnt != 0) {
        if (len > FRAME_MAX) {
            return false;
        }
        memcpy(gathered, frame->data, len);
        for (uint32_t i = 0; i < frame->more_cnt; ++i) {
            if (frame->more[i].len > FRAME_MAX - len) {
                return false;
            }
            memcpy(gathered + len, frame->more[i].base, frame->more[i].len);
            len += frame->more[i].len;
        }
        data = gathered;
    }
    if (pcap_inject(pcap->pcap, data, len) < 0) {
        return false;
    }
    pcap->port.stats.out_bytes += len;
    return true;
}

static void transmit(void *wire, const struct toe_frame *frames, uint32_t cnt)
{
    struct pcap_port *pcap = wire;

    for (uint32_t i = 0; i < cnt; ++i) {
        if (!pcap->file && send_frame(pcap, &frames[i])) {
            pcap->port.stats.out_frames++;
        } else {
            pcap->port.stats.out_lost++;
        }
    }
}

static toe_instant file_deadline(const struct emu_port *port)
{
    return port->ended ? TOE_INSTANT_NEVER : 0;
}

/* --- opening and closing --- */

static void close_pcap(struct emu_port *port)
{
    struct pcap_port *pcap = (struct pcap_port *)port;

    pcap_close(pcap->pcap);
    free(pcap->memory);
    free(pcap);
}

/* Makes a port of |handle|, which is closed if that fails. */
static struct pcap_port *make_port(pcap_t *handle, struct emu_error *error)
{
    struct pcap_port *pcap = calloc(1, sizeof(*pcap));

    if (pcap == NULL || (pcap->memory = malloc((size_t)SLOT_CNT * SLOT_SIZE + FRAME_MAX)) == NULL) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "no memory for a port");
        free(pcap);
        pcap_close(handle);
        return NULL;
    }
    pcap->pcap = handle;
    pcap->port.fd = -1;
    pcap->port.ops = (struct toe_wire_ops){
        .size = sizeof(struct toe_wire_ops), .receive = receive, .transmit = transmit};
    pcap->port.close = close_pcap;
    return pcap;
}

static void explain_activate(struct emu_error *error, const char *interface, int result,
                             pcap_t *handle)
{
    if (result == PCAP_ERROR_PERM_DENIED || result == PCAP_ERROR_PROMISC_PERM_DENIED) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "capturing on \"%s\" needs CAP_NET_RAW; run as root, or in a network of your "
                      "own inside `unshare -Urn`",
                      interface);
    } else {
        const char *more = pcap_geterr(handle);

        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot capture on \"%s\": %s%s%s", interface,
                      pcap_statustostr(result), more[0] != '\0' ? ": " : "", more);
    }
}

/* Options that are right for a port: everything, at once, incoming only. */
static pcap_t *open_live(const char *interface, struct emu_error *error)
{
    char text[PCAP_ERRBUF_SIZE];
    pcap_t *handle = pcap_create(interface, text);
    int result;

    if (handle == NULL) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot capture on \"%s\": %s", interface, text);
        return NULL;
    }
    (void)pcap_set_snaplen(handle, SNAPLEN);
    (void)pcap_set_promisc(handle, 1);
    (void)pcap_set_immediate_mode(handle, 1);
    (void)pcap_set_buffer_size(handle, BUFFER_SIZE);
    result = pcap_activate(handle);
    if (result < 0) {
        explain_activate(error, interface, result, handle);
        pcap_close(handle);
        return NULL;
    }
    if (pcap_setnonblock(handle, 1, text) != 0 || pcap_setdirection(handle, PCAP_D_IN) != 0 ||
        pcap_get_selectable_fd(handle) < 0) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot capture on \"%s\": %s", interface,
                      pcap_geterr(handle));
        pcap_close(handle);
        return NULL;
    }
    return handle;
}

struct emu_port *emu_port_pcap_open(const char *interface, const uint8_t *mac,
                                    struct emu_error *error)
{
    struct emu_adapter info;
    struct pcap_port *pcap;
    pcap_t *handle;

    if (!emu_adapter_get_up(&info, interface, error)) {
        return NULL;
    }
    handle = open_live(interface, error);
    if (handle == NULL) {
        return NULL;
    }
    pcap = make_port(handle, error);
    if (pcap == NULL) {
        return NULL;
    }
    pcap->port.fd = pcap_get_selectable_fd(handle);
    pcap->port.mtu = info.mtu;
    if (mac != NULL) {
        memcpy(pcap->port.mac, mac, TOE_MAC_LEN);
    } else {
        emu_port_mac_derive(pcap->port.mac, info.mac);
    }
    (void)snprintf(pcap->port.name, sizeof(pcap->port.name), "%s", interface);
    return &pcap->port;
}

struct emu_port *emu_port_pcap_file_open(const char *path, struct emu_error *error)
{
    static const uint8_t none[TOE_MAC_LEN];
    char text[PCAP_ERRBUF_SIZE];
    struct pcap_port *pcap;
    pcap_t *handle = pcap_open_offline(path, text);

    if (handle == NULL) {
        emu_error_set(error, EMU_EXIT_USAGE, "cannot read the capture \"%s\": %s", path, text);
        return NULL;
    }
    if (pcap_datalink(handle) != DLT_EN10MB) {
        emu_error_set(error, EMU_EXIT_USAGE, "the capture \"%s\" is not of Ethernet but of %s",
                      path, pcap_datalink_val_to_description_or_dlt(pcap_datalink(handle)));
        pcap_close(handle);
        return NULL;
    }
    pcap = make_port(handle, error);
    if (pcap == NULL) {
        return NULL;
    }
    pcap->file = true;
    pcap->port.mtu = 65535;
    pcap->port.deadline = file_deadline;
    emu_port_mac_derive(pcap->port.mac, none);
    (void)snprintf(pcap->port.name, sizeof(pcap->port.name), "file");
    return &pcap->port;
}
