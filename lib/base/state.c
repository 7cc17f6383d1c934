/* SPDX-License-Identifier: MIT */
#include "toe/state.h"

const char *toe_conn_state_name(enum toe_conn_state state)
{
    switch (state) {
    case TOE_TCP_CLOSED:
        return "CLOSED";
    case TOE_TCP_LISTEN:
        return "LISTEN";
    case TOE_TCP_SYN_SENT:
        return "SYN_SENT";
    case TOE_TCP_SYN_RCVD:
        return "SYN_RCVD";
    case TOE_TCP_ESTABLISHED:
        return "ESTABLISHED";
    case TOE_TCP_FIN_WAIT_1:
        return "FIN_WAIT_1";
    case TOE_TCP_FIN_WAIT_2:
        return "FIN_WAIT_2";
    case TOE_TCP_CLOSE_WAIT:
        return "CLOSE_WAIT";
    case TOE_TCP_CLOSING:
        return "CLOSING";
    case TOE_TCP_LAST_ACK:
        return "LAST_ACK";
    case TOE_TCP_TIME_WAIT:
        return "TIME_WAIT";
    }
    return "UNKNOWN";
}

bool toe_conn_state_is_offloadable(enum toe_conn_state state)
{
    switch (state) {
    case TOE_TCP_ESTABLISHED:
    case TOE_TCP_FIN_WAIT_1:
    case TOE_TCP_FIN_WAIT_2:
    case TOE_TCP_CLOSE_WAIT:
    case TOE_TCP_CLOSING:
    case TOE_TCP_LAST_ACK:
        return true;
    case TOE_TCP_CLOSED:
    case TOE_TCP_LISTEN:
    case TOE_TCP_SYN_SENT:
    case TOE_TCP_SYN_RCVD:
    case TOE_TCP_TIME_WAIT:
        return false;
    }
    return false;
}
