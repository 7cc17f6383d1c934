/* SPDX-License-Identifier: MIT */
#include "host/soft_error.h"

#include "host/events.h"

void host_soft_error_raise(struct host_conn *conn, enum toe_soft_error error)
{
    if (conn->options.soft_errors && !conn->is_over) {
        conn->subject.soft_error = error;
        host_event_raise(conn->host, &conn->subject, TOE_HOST_SOFT_ERROR);
    }
}

/* RFC 792, and RFC 1812, 5.2.7.1 */
static enum toe_soft_error unreachable4(uint8_t code)
{
    switch (code) {
    case 2: /* protocol */
    case 3: /* port */
        return TOE_SOFT_ERROR_REFUSED;
    case 9: /* network, host, communication administratively prohibited */
    case 10:
    case 13:
        return TOE_SOFT_ERROR_PROHIBITED;
    default:
        return TOE_SOFT_ERROR_UNREACHABLE;
    }
}

/* RFC 4443, 3.1 */
static enum toe_soft_error unreachable6(uint8_t code)
{
    switch (code) {
    case 1: /* administratively prohibited */
    case 5: /* the source address failed a policy */
        return TOE_SOFT_ERROR_PROHIBITED;
    case 4: /* port */
        return TOE_SOFT_ERROR_REFUSED;
    default:
        return TOE_SOFT_ERROR_UNREACHABLE;
    }
}

enum toe_soft_error host_soft_error_of(const struct wire_icmp *icmp)
{
    switch (icmp->kind) {
    case WIRE_ICMP_UNREACHABLE:
        return icmp->family == 4 ? unreachable4(icmp->code) : unreachable6(icmp->code);
    case WIRE_ICMP_TIME_EXCEEDED:
        return icmp->code == 0 ? TOE_SOFT_ERROR_HOP_LIMIT : TOE_SOFT_ERROR_NONE;
    case WIRE_ICMP_OTHER:
    case WIRE_ICMP_ECHO_REQUEST:
    case WIRE_ICMP_ECHO_REPLY:
    case WIRE_ICMP_PACKET_BIG:
        break;
    }
    return TOE_SOFT_ERROR_NONE;
}

const char *toe_soft_error_name(enum toe_soft_error error)
{
    switch (error) {
    case TOE_SOFT_ERROR_UNREACHABLE:
        return "unreachable";
    case TOE_SOFT_ERROR_REFUSED:
        return "refused";
    case TOE_SOFT_ERROR_PROHIBITED:
        return "prohibited";
    case TOE_SOFT_ERROR_HOP_LIMIT:
        return "hop limit";
    case TOE_SOFT_ERROR_RETRANSMITTING:
        return "retransmitting";
    case TOE_SOFT_ERROR_NONE:
        break;
    }
    return NULL;
}
