#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# Many connections, on plain sockets of the kernel, to an echo server (nic_traffic.py serve), for
# nic_faults. All bytes come back and are compared with what was sent, so both ways are checked. Of
# each four connections three are busy all the time, and one says something only when it is asked.
#
#   nic_fleet.py COUNT ADDRESS...   so many connections, by turns to each address
#
# It is told on stdin, one line each, and answers with one line:
#
#   further BYTES   all connections go so much further: "further MS CONNS", after so many milliseconds
#   impatient MS    the busy ones end when nothing is acknowledged for so long (TCP_USER_TIMEOUT), the
#                   others when the peer does not answer three questions, one a second (keepalive):
#                   "impatient CONNS"
#   ended [all]     all connections end by an error, and those that are quiet speak before if it is to
#                   be for |all|: "ended MS REASON:COUNT..."
#   jump MS         the timestamps of all connections (RFC 7323) go so far ahead: "jumped CONNS"
#   end             all are closed when everything is back: "streamed BYTES CONNS"
#
# A connection that ends before it was to, or gets another byte, is told of in place of the answer.
import collections
import errno
import os
import random
import select
import socket
import struct
import sys
import time

PORT = 7900
AHEAD = 1 << 16
TICK = 0.01
PATIENCE = 100
TCP_REPAIR, TCP_TIMESTAMP, REPAIR_OFF_NO_WP = 19, 24, -1


class Flow:
    def __init__(self, address, number):
        self.conn = socket.create_connection((address, PORT), PATIENCE)
        self.conn.setblocking(False)
        self.name = "%s port %d" % (address, self.conn.getsockname()[1])
        self.random = random.Random(number)
        self.is_quiet = number % 4 == 3
        self.expected = collections.deque()  # sent, or to be sent, and not back
        self.to_send = b""
        self.away, self.total, self.mark = 0, 0, 0
        self.fault = None
        self.is_ending, self.has_ended = False, False

    def fill(self):
        """Something more to send, if it is time for that."""
        if self.to_send or self.away >= AHEAD or self.is_ending:
            return
        if not self.is_quiet or self.total + self.away < self.mark:
            self.to_send = self.random.randbytes(self.random.choice((1, 700, 20000)))
            self.expected.append(self.to_send)
            self.away += len(self.to_send)

    def is_there(self):
        """A quiet one is quiet again, too."""
        return self.total >= self.mark and not (self.is_quiet and self.away)

    def send(self):
        while self.to_send:
            self.to_send = self.to_send[self.conn.send(self.to_send):]
        if self.is_ending and not self.has_ended:
            self.has_ended = True
            self.conn.shutdown(socket.SHUT_WR)

    def take(self, data):
        self.total += len(data)
        self.away -= len(data)
        while data:
            want = self.expected.popleft() if self.expected else b""
            size = min(len(want), len(data))
            if want[:size] != data[:size] or not size:
                raise ValueError("another byte came back before %d" % self.total)
            if size < len(want):
                self.expected.appendleft(want[size:])
            data = data[size:]

    def receive(self):
        data = self.conn.recv(1 << 16)
        if data:
            self.take(data)
        elif self.expected or not self.has_ended:
            raise ValueError("the end")
        else:
            self.fault = "closed"

    def run(self, event):
        try:
            if event & (select.EPOLLIN | select.EPOLLERR | select.EPOLLHUP):
                self.receive()
            if event == 0:
                self.fill()
            self.send()
        except BlockingIOError:
            pass
        except OSError as error:
            self.fault = errno.errorcode[error.errno]
        except ValueError as error:
            self.fault = str(error)


class Fleet:
    def __init__(self, count, addresses):
        self.flows = {}
        for number in range(count):
            flow = Flow(addresses[number % len(addresses)], number)
            self.flows[flow.conn.fileno()] = flow
        self.poll = select.epoll()
        self.poll.register(0, select.EPOLLIN)
        for fd in self.flows:
            self.poll.register(fd, select.EPOLLIN)
        self.told = b""
        self.tick_at = 0

    def run(self):
        """One round of all connections; says how many lines have come."""
        for fd, event in self.poll.poll(max(0, self.tick_at - time.monotonic())):
            if fd != 0:
                if self.flows[fd].fault is None:
                    self.flows[fd].run(event)
            else:
                data = os.read(0, 4096)
                if not data:
                    os._exit(0)
                self.told += data
        if time.monotonic() >= self.tick_at:
            self.tick_at = time.monotonic() + TICK
            for fd, flow in self.flows.items():
                self.tick(fd, flow)
        return self.told.count(b"\n")

    def tick(self, fd, flow):
        if flow.fault is None:
            flow.run(0)
        elif flow.conn is not None:
            self.poll.unregister(fd)
            flow.conn.close()
            flow.conn = None

    def run_until(self, is_so, may_end=False):
        """What took so long, or what went wrong."""
        began = time.monotonic()
        while not is_so():
            self.run()
            for flow in self.flows.values():
                if flow.fault is not None and not may_end:
                    return "%s: %s, after %d bytes" % (flow.name, flow.fault, flow.total)
            if time.monotonic() - began > PATIENCE:
                late = [flow.name for flow in self.flows.values() if flow.mark > flow.total or may_end]
                return "after %d s it is not so: %s" % (PATIENCE, ", ".join(late))
        return int((time.monotonic() - began) * 1000)

    def further(self, size):
        for flow in self.flows.values():
            flow.mark = flow.total + int(size)
        took = self.run_until(lambda: all(flow.is_there() for flow in self.flows.values()))
        return took if isinstance(took, str) else "further %d %d" % (took, len(self.flows))

    def ended(self, who="busy"):
        for flow in self.flows.values():
            flow.is_quiet = flow.is_quiet and who != "all"
        took = self.run_until(lambda: all(flow.conn is None for flow in self.flows.values()), True)
        reasons = collections.Counter(flow.fault for flow in self.flows.values())
        if isinstance(took, str):
            return took
        return "ended %d %s" % (took, " ".join("%s:%d" % reason for reason in sorted(reasons.items())))

    def impatient(self, patience):
        for flow in self.flows.values():
            if flow.is_quiet:
                flow.conn.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                flow.conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
                flow.conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
                flow.conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
            else:
                flow.conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(patience))
        return "impatient %d" % len(self.flows)

    def jump(self, ahead):
        for flow in self.flows.values():
            flow.conn.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
            now = flow.conn.getsockopt(socket.IPPROTO_TCP, TCP_TIMESTAMP)
            then = struct.pack("I", (now + int(ahead)) & 0xffffffff)
            flow.conn.setsockopt(socket.IPPROTO_TCP, TCP_TIMESTAMP, then)
            flow.conn.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, REPAIR_OFF_NO_WP)
        return "jumped %d" % len(self.flows)

    def end(self):
        for flow in self.flows.values():
            flow.is_ending = True
        took = self.run_until(lambda: all(flow.fault == "closed" for flow in self.flows.values()), True)
        faults = [flow for flow in self.flows.values() if flow.fault != "closed"]
        if isinstance(took, str) or faults:
            return "%s %s" % (took, " ".join("%s: %s" % (flow.name, flow.fault) for flow in faults))
        return "streamed %d %d" % (sum(flow.total for flow in self.flows.values()), len(self.flows))

    def serve(self):
        print("begun %d" % len(self.flows), flush=True)
        while True:
            while not self.run():
                pass
            line, self.told = self.told.split(b"\n", 1)
            word, *arguments = line.decode().split()
            print(getattr(self, word)(*arguments), flush=True)
            if word == "end":
                return


Fleet(int(sys.argv[1]), sys.argv[2:]).serve()
