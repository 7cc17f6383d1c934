/* SPDX-License-Identifier: MIT */
/*
 * Any text to the runner's parser, and what it took is whole: a segment that is written as the
 * script has it reads the same, and has as many bytes as it should. The text's bytes are read as a
 * packet, too.
 */
#include "base/assert.h"
#include "drill/drill_flow.h"
#include "drill/drill_packet.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEADERS_LEN 40 /* of IPv4 and TCP */
#define LINE_LEN 2048

static struct drill_flow flow;

/* The numbers of the other side, for what is built arrives, and what is parsed leaves. */
static void turn(uint8_t *bytes)
{
    uint8_t kept[4];

    memcpy(kept, bytes + 12, 4);
    memcpy(bytes + 12, bytes + 16, 4);
    memcpy(bytes + 16, kept, 4);
    memcpy(kept, bytes + 20, 2);
    memcpy(bytes + 20, bytes + 22, 2);
    memcpy(bytes + 22, kept, 2);
}

/* As text, and as bytes, and back. */
static void go_around(const struct drill_packet *packet)
{
    static uint8_t bytes[DRILL_PACKET_MAX];
    struct drill_packet want = *packet;
    struct drill_script script;
    struct drill_packet got;
    char text[LINE_LEN] = "0 > ";
    char error[256];
    size_t len;

    drill_packet_format(text + 4, sizeof(text) - 4, packet);
    toe_assert(drill_script_parse(&script, "again", text, error, sizeof(error)));
    toe_assert(script.event_cnt == 1);
    toe_assert(drill_packet_differs(packet, &script.events[0].packet) == NULL);
    drill_script_fini(&script);

    len = drill_flow_build(&flow, bytes, packet);
    toe_assert(len == HEADERS_LEN + drill_options_len(packet) + packet->len);
    turn(bytes);
    want.any_options = false;
    toe_assert(drill_flow_parse(&flow, &got, bytes, len, &want) == NULL);
    toe_assert(drill_packet_differs(&want, &got) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct drill_net net = {.domain = AF_INET};
    struct drill_script script;
    struct drill_packet got;
    const struct drill_packet want = {.kind = DRILL_TCP};
    char error[256] = "";
    char *text = malloc(size + 1);

    toe_assert(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    inet_pton(AF_INET, "192.168.0.1", net.local);
    inet_pton(AF_INET, "192.0.2.1", net.remote);
    drill_flow_init(&flow, &net);
    flow.local_port = flow.remote_port;
    flow.remote_seq = 0;
    if (drill_script_parse(&script, "fuzz", text, error, sizeof(error))) {
        for (size_t i = 0; i < script.event_cnt; ++i) {
            const struct drill_event *event = &script.events[i];

            if (event->kind != DRILL_CALLS && event->packet.kind == DRILL_TCP) {
                flow.knows_seq = true;
                flow.knows_time = true;
                go_around(&event->packet);
            }
        }
        drill_script_fini(&script);
    } else {
        toe_assert(error[0] != '\0' && strchr(error, '\n') == NULL);
    }
    free(text);
    drill_flow_init(&flow, &net);
    (void)drill_flow_parse(&flow, &got, data, size, &want);
    return 0;
}
