#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# Programs on the two machines of nic_world.sh, on plain sockets of the kernel.
#
#   nic_traffic.py serve            echoes TCP, and UDP datagrams; "u" before a datagram: many at once
#   nic_traffic.py talk ADDRESS [lossy | single]   ICMP, UDP and TCP with it, each checked; one line at
#                                   the end; with patience where frames get lost; without datagrams
#                                   that the peer sends many at once
#   nic_traffic.py duplex ADDRESS   keeps both ways full until a line comes; says how far it is
#   nic_traffic.py hold ADDRESS PATIENCE   sends when a line comes, and reads nothing until another
#                                   one does; then what there is, until nothing came for so many seconds
#   nic_traffic.py pour ADDRESS PATIENCE   sends when a line comes, to whom does not read; when another
#                                   one comes has him read, likewise, and tell how much that was
#   nic_traffic.py stream ADDRESS [FROM]   sends and gets back bytes until stdin says something, then
#                                   checks them; from the address FROM
#   nic_traffic.py later ADDRESS    the same, and begins when stdin says something first
#   nic_traffic.py flood ADDRESS    sends all the time, and checks what comes back, until stdin says
#                                   something
#   nic_traffic.py bulk ADDRESS     sends and gets back 30 MB when stdin says something
#   nic_traffic.py take ADDRESS     has bytes sent to it until stdin says something
import collections
import hashlib
import os
import random
import select
import socket
import struct
import sys
import threading
import time

PORT = 7900
HELD = 4000000
UDP_SEGMENT = 103
BLOCK = 1 << 16


def echo(conn):
    with conn:
        try:
            while data := conn.recv(BLOCK):
                conn.sendall(data)
        except OSError:
            pass  # whoever sent that knows


def give(conn):
    """Sends a little all the time, and is never answered."""
    with conn:
        try:
            while True:
                conn.sendall(bytes(1000))
                time.sleep(0.02)
        except OSError:
            pass  # whoever took has left


def serve_udp():
    udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    udp.bind(("::", PORT))
    while True:
        data, whence = udp.recvfrom(BLOCK)
        if data[:1] == b"u":
            # One system call, many datagrams: the kernel may hand them over as one frame.
            udp.sendmsg([data[1:] * 8], [(socket.SOL_UDP, UDP_SEGMENT, struct.pack("H", len(data) - 1))], 0, whence)
        else:
            udp.sendto(data, whence)


def die_with_stdin():
    while os.read(0, 1):
        pass
    os._exit(0)


def serve():
    server = socket.create_server(("::", PORT), family=socket.AF_INET6, dualstack_ipv6=True, backlog=64)
    threading.Thread(target=serve_udp, daemon=True).start()
    print("ready", flush=True)
    threading.Thread(target=die_with_stdin, daemon=True).start()
    giver = socket.create_server(("::", PORT + 1), family=socket.AF_INET6, dualstack_ipv6=True)
    threading.Thread(target=accept, args=(giver, give), daemon=True).start()
    sink = socket.socket(socket.AF_INET6)
    sink.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    sink.bind(("::", PORT + 2))
    sink.listen()
    threading.Thread(target=serve_sink, args=(sink,), daemon=True).start()
    accept(server, echo)


def serve_sink(server):
    """Of each two connections the first is not read before the second asks for it."""
    while True:
        poured, _ = server.accept()
        asker, _ = server.accept()
        with poured, asker:
            patience = int(asker.makefile().readline())
            back = read_all(poured, HELD, patience)
            asker.sendall(b"%d\n" % (len(back) if back == held_bytes()[:len(back)] else -1))


def held_bytes():
    return random.Random(7).randbytes(HELD)


def read_all(conn, size, patience):
    """What comes, up to |size| bytes, until nothing more does."""
    conn.settimeout(patience)
    back = bytearray()
    try:
        while len(back) < size:
            part = conn.recv(BLOCK)
            if not part:
                break
            back += part
    except (TimeoutError, ConnectionError):
        pass
    return bytes(back)


def accept(server, serve_one):
    while True:
        conn, _ = server.accept()
        threading.Thread(target=serve_one, args=(conn,), daemon=True).start()


def ping(address, family, tries):
    if family == socket.AF_INET:
        sock, kinds = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_ICMP), (8, 0)
    else:
        sock, kinds = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_ICMPV6), (128, 129)
    body = struct.pack("!HH", os.getpid() & 0xffff, 1) + b"toe" * 300
    total = sum(struct.unpack("!%dH" % ((len(body) + 2) // 2), struct.pack("BB", kinds[0], 0) + body))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    packet = struct.pack("!BBH", kinds[0], 0, ~total & 0xffff) + body

    def is_echo(reply):
        reply = reply[20:] if family == socket.AF_INET else reply
        return reply[0] == kinds[1] and reply[4:] == body

    ask(sock, "ICMP", lambda: sock.sendto(packet, (address, 0)), is_echo, tries)


def ask(sock, what, send, is_answer, tries, cnt=1):
    """Asks once, or where datagrams get lost again, until |cnt| answers have come."""
    sock.settimeout(5 if tries == 1 else 1)
    for _ in range(tries):
        send()
        try:
            while cnt > 0:
                cnt -= is_answer(sock.recv(BLOCK))
            return
        except TimeoutError:
            pass
    sys.exit("%s: no answer" % what)


def datagrams(address, family, tries, many):
    udp = socket.socket(family, socket.SOCK_DGRAM)

    def ask_for(what, data, question, cnt=1):
        def is_answer(reply):
            # One that was asked for twice may come twice.
            assert reply == data or tries > 1, "%s: another one came back" % what
            return reply == data

        ask(udp, what, lambda: udp.sendto(question, (address, PORT)), is_answer, tries, cnt)

    for size in (1, 1000, 1472, 9000):
        data = random.randbytes(size).replace(b"u", b"v")
        ask_for("UDP of %d bytes" % size, data, data)
    data = random.randbytes(1200)
    if many:
        ask_for("UDP, many at once", data, b"u" + data, 8)


def transfer(address, size, tries):
    carry(socket.create_connection((address, PORT), 10 if tries == 1 else 60), size)


def carry(conn, size):
    data = random.randbytes(size)

    def send():
        conn.sendall(data)
        conn.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()
    back = bytearray()
    while True:
        part = conn.recv(BLOCK)
        if not part:
            break
        back += part
    sender.join()
    assert bytes(back) == data, "TCP: %d bytes came back as %d others" % (size, len(back))


def talk(address, way="clean"):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    tries = 60 if way == "lossy" else 1
    ping(address, family, tries)
    datagrams(address, family, tries, way != "single")
    for size in (1, 1460, 100000, 8000000):
        transfer(address, size, tries)
    print("talked")


def stream(address, source=None, starts=False):
    """Keeps the connection busy both ways while the NIC comes and goes."""
    conn = socket.create_connection((address, PORT), 10, source and (source, 0))
    conn.settimeout(60)
    if starts:
        print("connected %d" % conn.getsockname()[1], flush=True)
        sys.stdin.readline()
    sent, got = hashlib.sha256(), hashlib.sha256()
    counts = [0, 0]
    # Written and not come back yet; bounded, so that neither end's buffers fill up.
    print("streaming %d" % conn.getsockname()[1], flush=True)
    while not select.select([sys.stdin], [], [], 0)[0]:
        block = random.randbytes(20000)
        conn.sendall(block)
        sent.update(block)
        counts[0] += len(block)
        while counts[1] < counts[0]:
            part = conn.recv(BLOCK)
            assert part, "TCP: the end of the stream"
            got.update(part)
            counts[1] += len(part)
    assert sent.digest() == got.digest(), "TCP: other bytes came back"
    print("streamed %d" % counts[1])


def flood(address):
    conn = socket.create_connection((address, PORT), 10)
    conn.settimeout(60)
    sent, got = hashlib.sha256(), hashlib.sha256()
    count = 0
    print("streaming %d" % conn.getsockname()[1], flush=True)

    def send():
        while not select.select([sys.stdin], [], [], 0)[0]:
            block = random.randbytes(BLOCK)
            sent.update(block)
            conn.sendall(block)
        conn.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()
    while True:
        part = conn.recv(BLOCK)
        if not part:
            break
        got.update(part)
        count += len(part)
    sender.join()
    assert sent.digest() == got.digest(), "TCP: other bytes came back"
    print("streamed %d" % count)


def later(address):
    stream(address, starts=True)


def bulk(address):
    conn = socket.create_connection((address, PORT), 10)
    conn.settimeout(60)
    print("connected %d" % conn.getsockname()[1], flush=True)
    sys.stdin.readline()
    carry(conn, 30000000)
    print("carried")


def take(address):
    conn = socket.create_connection((address, PORT + 1), 10)
    conn.settimeout(60)
    print("taking %d" % conn.getsockname()[1], flush=True)
    while not select.select([sys.stdin], [], [], 0)[0]:
        assert conn.recv(BLOCK), "TCP: the end of the stream"
    print("taken")


class Duplex:
    """A connection that is full both ways: what is sent comes back, and is compared."""

    AHEAD = 1 << 20  # on the way at most
    SAID_EVERY = 50000

    def __init__(self, address):
        self.conn = socket.create_connection((address, PORT), 60)
        self.conn.settimeout(120)
        self.on_way = collections.deque()
        self.room = threading.Semaphore(self.AHEAD // BLOCK)
        self.is_over = threading.Event()

    def send(self):
        while not self.is_over.is_set():
            self.room.acquire()
            data = random.randbytes(random.choice((1, 700, 20000, BLOCK)))
            self.on_way.append(data)
            self.conn.sendall(data)
        self.conn.shutdown(socket.SHUT_WR)

    def receive(self):
        total, said = 0, 0
        back = bytearray()
        while True:
            part = self.conn.recv(BLOCK)
            if not part:
                break
            back += part
            total += len(part)
            while self.on_way and len(back) >= len(self.on_way[0]):
                data = self.on_way.popleft()
                assert back[:len(data)] == data, "TCP: other bytes came back, before %d" % total
                del back[:len(data)]
                self.room.release()
            if total - said >= self.SAID_EVERY and not self.is_over.is_set():
                said = total
                print("at", total, flush=True)
        assert self.is_over.is_set() and not self.on_way and not back, "TCP: the end of the stream"
        return total


def duplex(address):
    """Says where it is, time and again, until a line comes."""
    flow = Duplex(address)
    sender = threading.Thread(target=flow.send)
    sender.start()

    def end():
        select.select([sys.stdin], [], [])
        flow.is_over.set()

    threading.Thread(target=end, daemon=True).start()
    total = flow.receive()
    sender.join()
    print("streamed %d" % total)


def send_all(conn, data):
    """In the background, as far as it goes."""
    def send():
        try:
            conn.sendall(data)
        except (TimeoutError, OSError):
            pass

    threading.Thread(target=send, daemon=True).start()


def hold(address, patience):
    """Says how much came back that was not read at first, of how much."""
    conn = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    conn.settimeout(60)
    conn.connect((address, PORT))
    print("connected", flush=True)
    sys.stdin.readline()
    send_all(conn, held_bytes())
    sys.stdin.readline()
    back = read_all(conn, HELD, int(patience))
    assert held_bytes()[:len(back)] == back, "TCP: other bytes came back"
    print("%d of %d" % (len(back), HELD))


def pour(address, patience):
    """Says how much whoever did not read at first got in the end, of how much."""
    conn = socket.create_connection((address, PORT + 2), 60)
    conn.settimeout(300)
    print("connected", flush=True)
    sys.stdin.readline()
    send_all(conn, held_bytes())
    sys.stdin.readline()
    asker = socket.create_connection((address, PORT + 2), 60)
    asker.sendall(b"%s\n" % patience.encode())
    asker.settimeout(300)
    print("%s of %d" % (asker.makefile().readline().strip(), HELD))


random.seed(1)
commands = (serve, talk, stream, duplex, hold, pour, later, flood, bulk, take)
{command.__name__: command for command in commands}[sys.argv[1]](*sys.argv[2:])
