#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# A VLAN's interface, for kernels that have none (CONFIG_VLAN_8021Q): what comes from the interface
# INNER goes to OUTER with a tag, what comes from there with this tag goes to INNER without. INNER is
# one end of a veth whose other one has the addresses, and the Ethernet address of OUTER.
#
#   nic_vlan.py INNER OUTER ID PRIORITY
import select
import socket
import struct
import sys

SOL_PACKET, PACKET_AUXDATA, PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING = 263, 8, 15, 23
PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC = 1, 1
VLAN_VALID = 1 << 4
NEEDS_CSUM = 1
BUFFER = 32 << 20
SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33
VNET = struct.Struct("=BBHHHH")  # flags, gso type, header's length, gso size, csum start and offset


def open_on(name):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    for option in (SO_SNDBUFFORCE, SO_RCVBUFFORCE):
        try:
            sock.setsockopt(socket.SOL_SOCKET, option, BUFFER)
        except PermissionError:
            pass  # of a user namespace
    sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    member = struct.pack("iHH8s", socket.if_nametoindex(name), PACKET_MR_PROMISC, 0, b"")
    sock.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, member)
    sock.bind((name, 3))  # ETH_P_ALL
    sock.setblocking(False)
    return sock


def receive(sock):
    """The next frame with its virtio-net header, and its tag, which the kernel took out, or None."""
    data, control, _, _ = sock.recvmsg(1 << 17, 64)
    for level, kind, aux in control:
        if level == SOL_PACKET and kind == PACKET_AUXDATA:
            status, _, _, _, _, tci, _ = struct.unpack("IIIHHHH", aux)
            if status & VLAN_VALID:
                return data, tci
    return data, None


def insert(data, tag):
    flags, gso, header_len, size, start, offset = VNET.unpack_from(data)
    if flags & NEEDS_CSUM:
        start += 4
    if gso:
        header_len += 4
    frame = data[VNET.size:]
    return VNET.pack(flags, gso, header_len, size, start, offset) + frame[:12] + tag + frame[12:]


def main(inner_name, outer_name, vlan, priority):
    inner, outer = open_on(inner_name), open_on(outer_name)
    tag = struct.pack("!HH", 0x8100, int(priority) << 13 | int(vlan))
    print("ready", flush=True)
    while True:
        readable = select.select([inner, outer], [], [])[0]
        for sock, other in ((inner, outer), (outer, inner)):
            if sock not in readable:
                continue
            for _ in range(64):
                try:
                    data, tci = receive(sock)
                    if sock is inner:
                        other.send(insert(data, tag))
                    elif tci is not None and tci & 0xfff == int(vlan):
                        other.send(data)
                except BlockingIOError:
                    break
                except OSError:
                    pass  # no room, or a link that is down: a frame is lost


main(*sys.argv[1:])
