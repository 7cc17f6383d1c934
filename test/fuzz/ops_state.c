/* SPDX-License-Identifier: MIT */
#include "fuzz/ops_state.h"

void ops_neighbor_init(struct toe_neighbor_state *state, uint8_t n)
{
    *state = (struct toe_neighbor_state){.size = sizeof(*state),
                                         .cached = {.dst_mac = {2, 0, 0, 0, 0, (uint8_t)(2 + n)}}};
}

void ops_path_init(struct toe_path_state *state, uint8_t n)
{
    *state = (struct toe_path_state){
        .size = sizeof(*state),
        .constant = {.src = {4, {10, 0, 0, 1}}, .dst = {4, {10, 0, 0, (uint8_t)(2 + n)}}},
        .cached = {.mtu = 1500}};
}

void ops_tcp_init(struct toe_tcp_state *state, uint8_t n)
{
    *state = (struct toe_tcp_state){
        .size = sizeof(*state),
        .constant = {.remote_port = 5001, .local_port = (uint16_t)(40000 + n), .remote_mss = 1460},
        .cached = {.initial_rcv_wnd = 65535, .ttl = 64},
        .delegated = {.state = TOE_TCP_ESTABLISHED,
                      .rcv_nxt = 1000,
                      .rcv_wnd = 65535,
                      .snd_una = 5000,
                      .snd_nxt = 5000,
                      .snd_max = 5000,
                      .snd_wnd = 65535,
                      .max_snd_wnd = 65535,
                      .snd_wl1 = 1000,
                      .cwnd = 14600,
                      .ssthresh = 65535,
                      .ka_timeout_delta = TOE_TICKS_NONE,
                      .retransmit_timeout_delta = TOE_TICKS_NONE}};
}

void ops_tcp_spoil(struct toe_tcp_state *state, struct input *in)
{
    struct toe_tcp_delegated *d = &state->delegated;

    switch (next_u8(in) % 12) {
    case 0:
        d->state = (enum toe_conn_state)(next_u8(in) % 13);
        break;
    case 1:
        d->snd_max += next_u16(in);
        break;
    case 2:
        d->snd_wnd = next_u16(in) << (next_u8(in) % 16);
        break;
    case 3:
        d->rcv_wnd = next_u16(in) << (next_u8(in) % 16);
        break;
    case 4:
        state->constant.flags = next_u8(in);
        break;
    case 5:
        state->constant.snd_wnd_scale = next_u8(in);
        state->constant.rcv_wnd_scale = next_u8(in);
        break;
    case 6:
        state->constant.remote_mss = (uint16_t)next_u16(in);
        break;
    case 7:
        d->cwnd = next_u16(in) << (next_u8(in) % 16);
        break;
    case 8:
        d->retransmit_timeout_delta = next_u16(in);
        d->ka_timeout_delta = next_u16(in);
        break;
    case 9:
        state->cached.initial_rcv_wnd = next_u16(in) << (next_u8(in) % 16);
        break;
    case 10:
        state->cached.flags = next_u8(in);
        state->cached.ka_timeout = next_u8(in);
        break;
    default:
        d->snd_nxt -= next_u16(in);
        break;
    }
}
