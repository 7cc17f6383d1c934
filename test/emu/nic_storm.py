#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# What a hostile machine sends, for nic_faults: frames of the sender's making, from peer0 to the
# Ethernet address MAC.
#
#   nic_storm.py syn MAC COUNT   SYNs to port 7900 of 10.71.0.1, each from another end
#   nic_storm.py rst MAC COUNT   so many RSTs to each connection of this machine: far beyond its window
#                                and, if it is silent, also in it, but never the exact one. Says of how
#                                many connections, how many of them silent, how many RSTs, how many
#                                empty segments came back
#   nic_storm.py udp MAC SECONDS   datagrams to 10.71.0.1, as fast as it goes
import ctypes
import random
import re
import select
import socket
import struct
import sys
import time

ETH_P_ALL, OUTGOING, ATTACH_FILTER = 3, 4, 26
SYN, RST, ACK = 2, 4, 16
PROBE_AGAIN = 0.7  # Linux answers no sooner, net.ipv4.tcp_invalid_ratelimit
SMALL = [(0x80, 0, 0, 0), (0x35, 1, 0, 100), (0x06, 0, 0, 1 << 16), (0x06, 0, 0, 0)]


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total >> 16) + (total & 0xffff)
    return ~(total + (total >> 16)) & 0xffff


def tcp_of(source, dest, ports, seq, flags, ack=0, options=b""):
    length = 20 + len(options)
    header = struct.pack("!HHIIBBHHH", *ports, seq % (1 << 32), ack, length << 2, flags, 60000, 0, 0) + options
    total = checksum(source + dest + struct.pack("!HH", 6, length) + header)
    return header[:16] + struct.pack("!H", total) + header[18:]


def ip_of(source, dest, payload):
    if len(source) == 16:
        return b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, len(payload), 6, 64) + source + dest + payload
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, 64, 6, 0) + source + dest
    return b"\x08\x00" + header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


class Link:
    def __init__(self, mac):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.bind(("peer0", ETH_P_ALL))
        self.ethernet = bytes.fromhex(mac.replace(":", "")) + self.socket.getsockname()[4]

    def only_small(self):
        """The rest would leave no room for what is looked for."""
        code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in SMALL))
        program = struct.pack("HL", len(SMALL), ctypes.addressof(code))
        self.socket.setsockopt(socket.SOL_SOCKET, ATTACH_FILTER, program)

    def send(self, source, dest, *segment):
        self.socket.send(self.ethernet + ip_of(source, dest, tcp_of(source, dest, *segment)))

    def read(self, seconds):
        """The TCP segments of small frames that arrive: the ends, ports and the segment."""
        until = time.monotonic() + seconds
        while select.select([self.socket], [], [], max(0, until - time.monotonic()))[0]:
            frame, whence = self.socket.recvfrom(1 << 16)
            ip = frame[14:]
            is_six = frame[12:14] == b"\x86\xdd"
            if whence[2] == OUTGOING or not (is_six or frame[12:14] == b"\x08\x00") or ip[6 if is_six else 9] != 6:
                continue
            tcp = ip[40:] if is_six else ip[20:struct.unpack("!H", ip[2:4])[0]]
            yield (ip[24:40] if is_six else ip[16:20]), (ip[8:24] if is_six else ip[12:16]), tcp


def address_of(text):
    """As /proc has it: words of the machine's byte order."""
    data = b"".join(bytes.fromhex(word)[::-1] for word in re.findall("........", text))
    return data[12:] if data[:12] == bytes(10) + b"\xff\xff" else data


def connections():
    """Those that are established here: both addresses, both ports."""
    for name in ("tcp", "tcp6"):
        for line in open("/proc/net/" + name).readlines()[1:]:
            ends, state = line.split()[1:3], line.split()[3]
            if state == "01":
                (source, from_port), (dest, to_port) = (end.split(":") for end in ends)
                yield address_of(source), address_of(dest), (int(from_port, 16), int(to_port, 16))


def probe(link, flows):
    """What each connection's other end waits for, if it says so: something nonsensical makes it."""
    for source, dest, ports in flows:
        stamps = b"\x01\x01\x08\x0a" + struct.pack("!II", 1, 0)
        link.send(source, dest, ports, random.getrandbits(32), ACK, 0, stamps)
    expects = {}
    for source, dest, tcp in link.read(PROBE_AGAIN):
        ports = struct.unpack("!HH", tcp[2:4] + tcp[:2])
        expects[source, dest, ports] = struct.unpack("!I", tcp[8:12])[0]
    return expects


def rst(link, count):
    link.only_small()
    flows = list(connections())
    before, expects = probe(link, flows), probe(link, flows)
    silent = [flow for flow in flows if flow in before and before[flow] == expects.get(flow)]
    for _ in range(int(count)):
        for flow in flows:
            link.send(*flow, expects.get(flow, 0) + (1 << 31) + random.randrange(1 << 20), RST)
        for flow in silent:
            link.send(*flow, expects[flow] + random.randrange(1, 20000), RST)
    answers = sum((tcp[12] >> 4) * 4 == len(tcp) and (source, dest, struct.unpack("!HH", tcp[2:4] + tcp[:2])) in silent
                  for source, dest, tcp in link.read(1))
    print("%d connections, %d silent, %d RSTs, %d answers of the silent" %
          (len(flows), len(silent), int(count) * (len(flows) + len(silent)), answers))


def syn(link, count):
    dest = socket.inet_aton("10.71.0.1")
    for i in range(int(count)):
        source = b"\x0a\x50" + struct.pack("!H", i % (1 << 16))
        link.send(source, dest, (1024 + i % 60000, 7900), random.getrandbits(32), SYN)
    print("%s SYNs" % count)


def udp(link, seconds):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    count, until = 0, time.monotonic() + float(seconds)
    while time.monotonic() < until:
        try:
            sock.sendto(bytes(1400), ("10.71.0.1", 7999))
            count += 1
        except OSError:
            pass  # its port is closed, and this end was told
    print("%d datagrams" % count)


random.seed(1)
{"rst": rst, "syn": syn, "udp": udp}[sys.argv[1]](Link(sys.argv[2]), sys.argv[3])
