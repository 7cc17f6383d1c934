#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# Checking clients of nic_programs and nic_many. Each prints, at the end, how many connections it had and how
# many bytes came back, all of which were compared; any error ends it.
#
#   nic_clients.py serve PORT                      an asyncio echo server, which says when it is ready
#   nic_clients.py echo PORT                       its clients
#   nic_clients.py crowd PORT CONNS                all at once, until stdin says something: says when all
#                                                  are there, and each time that all had an answer
#   nic_clients.py http PORT FILE CONNS REQUESTS   downloads of FILE by its base name
#   nic_clients.py redis PORT                      pipelined SETs, GETs and a large value
#   nic_clients.py iperf3 PORT ADDRESS STREAMS [-R]
#   nic_clients.py ssh PORT KEY                    interactive sessions
import asyncio
import hashlib
import json
import os
import random
import subprocess
import sys
import threading

PEERS = ("10.71.0.2", "fd71::2")
PATIENCE = 240
IS_SHORT = bool(os.environ.get("TOE_SHORT"))
SECONDS = "1" if IS_SHORT else "3"


async def serve_one(reader, writer):
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
        writer.close()
    except ConnectionError:
        pass


async def serve(port):
    server = await asyncio.start_server(serve_one, None, int(port), backlog=1024)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


async def all_of(tasks):
    """Bytes that all of the tasks had."""
    return sum(await asyncio.wait_for(asyncio.gather(*tasks), PATIENCE))


async def echo_one(peer, port, rounds):
    reader, writer = await asyncio.open_connection(peer, port)
    total = 0
    for _ in range(rounds):
        data = random.randbytes(random.choice((1, 100, 5000, 60000)))
        writer.write(data)
        await writer.drain()
        assert await reader.readexactly(len(data)) == data, "other bytes came back"
        total += len(data)
    writer.write_eof()
    assert await reader.read() == b"", "more bytes came back"
    writer.close()
    return total


async def echo(port):
    cnt, rounds = (20, 20) if IS_SHORT else (100, 40)
    total = await all_of(echo_one(PEERS[i % 2], int(port), rounds) for i in range(cnt))
    print(cnt, total)


class Crowd:
    """Connections that speak all the time. A round is over when each had an answer in it."""

    def __init__(self, port, cnt):
        self.port, self.left, self.is_over = port, cnt, False
        self.all_there = asyncio.Event()
        self.opening = asyncio.Semaphore(128)  # handshakes at once
        self.answers, self.round, self.missing = [0] * cnt, 1, cnt

    def count(self, i):
        self.answers[i] += 1
        self.missing -= self.answers[i] == self.round
        if self.missing == 0:
            print("round", self.round, flush=True)
            self.round += 1
            self.missing = sum(cnt < self.round for cnt in self.answers)

    async def one(self, i):
        async with self.opening:
            reader, writer = await asyncio.open_connection(PEERS[i % 2], self.port)
        self.left -= 1
        if self.left == 0:
            print("here", flush=True)
            self.all_there.set()
        await self.all_there.wait()
        total = 0
        while not self.is_over:
            data = random.randbytes(random.choice((1, 64, 700, 3000)))
            writer.write(data)
            assert await reader.readexactly(len(data)) == data, "other bytes came back"
            total += len(data)
            self.count(i)
        writer.write_eof()
        assert await reader.read() == b"", "more bytes came back"
        writer.close()
        return total

    def end(self):
        os.read(0, 1)
        self.is_over = True


async def crowd(port, cnt):
    people = Crowd(int(port), int(cnt))
    asyncio.get_running_loop().add_reader(0, people.end)
    print(cnt, sum(await asyncio.gather(*(people.one(i) for i in range(int(cnt))))))


async def http_one(peer, port, name, digest, requests):
    reader, writer = await asyncio.open_connection(peer, port)
    total = 0
    for i in range(requests):
        end = "close" if i == requests - 1 else "keep-alive"
        writer.write(f"GET /{name} HTTP/1.1\r\nHost: toe\r\nConnection: {end}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        assert head.startswith("HTTP/1.1 200 "), head
        fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
        length = int(fields["content-length"])
        check = hashlib.sha256()
        total += length
        while length > 0:
            part = await reader.read(min(length, 1 << 16))
            assert part, "the end before the file's"
            check.update(part)
            length -= len(part)
        assert check.digest() == digest, "another file came"
    writer.close()
    return total


async def http(port, path, conns, requests):
    with open(path, "rb") as file:
        digest = hashlib.sha256(file.read()).digest()
    name = os.path.basename(path)
    total = await all_of(http_one(PEERS[i % 2], int(port), name, digest, int(requests)) for i in range(int(conns)))
    print(conns, total)


def command(*words):
    out = b"*%d\r\n" % len(words)
    for word in words:
        out += b"$%d\r\n%s\r\n" % (len(word), word)
    return out


async def redis_one(peer, port, name):
    reader, writer = await asyncio.open_connection(peer, port)
    values = {b"%s:%d" % (name, i): random.randbytes(random.choice((1, 64, 4000))) for i in range(200)}
    values[name + b":large"] = random.randbytes(300000 if IS_SHORT else 3000000)
    total = 0
    for key, value in values.items():
        writer.write(command(b"SET", key, value))
    await writer.drain()
    for _ in values:
        assert await reader.readline() == b"+OK\r\n"
    for key in values:
        writer.write(command(b"GET", key))
    for value in values.values():
        length = await reader.readline()
        assert length == b"$%d\r\n" % len(value), length
        assert await reader.readexactly(len(value) + 2) == value + b"\r\n", "another value"
        total += len(value)
    writer.write(command(b"DEL", *values))
    assert await reader.readline() == b":%d\r\n" % len(values)
    writer.close()
    return total


async def redis(port):
    cnt = 2 if IS_SHORT else 8
    print(cnt, await all_of(redis_one(PEERS[i % 2], int(port), b"toe%d" % i) for i in range(cnt)))


def iperf3(port, address, streams, *way):
    done = subprocess.run(["iperf3", "-c", address, "-p", port, "-P", streams, "-t", SECONDS, "-J", *way],
                          capture_output=True, text=True, check=False)
    result = json.loads(done.stdout)
    assert done.returncode == 0 and "error" not in result, result.get("error", done.stderr)
    print(int(streams) + 1, result["end"]["sum_received"]["bytes"])


def ssh_one(peer, port, key, totals):
    options = ("StrictHostKeyChecking=no", "LogLevel=ERROR", "UserKnownHostsFile=/dev/null", "IdentitiesOnly=yes")
    shell = subprocess.Popen(["ssh", "-T", "-F", "/dev/null", "-p", port, "-i", key,
                              *(word for option in options for word in ("-o", option)), f"root@{peer}", "cat"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for i in range(100):
        line = b"%d %s\n" % (i, random.randbytes(random.choice((1, 30, 3000))).hex().encode())
        shell.stdin.write(line)
        shell.stdin.flush()
        back = shell.stdout.readline()
        if back != line:
            return
        totals[0] += len(back)
    shell.stdin.close()
    if shell.wait(PATIENCE) == 0:
        totals[1] += 1


def ssh(port, key):
    totals, cnt = [0, 0], 4
    threads = [threading.Thread(target=ssh_one, args=(PEERS[i % 2], port, key, totals)) for i in range(cnt)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert totals[1] == cnt, "%d of %d sessions ended well" % (totals[1], cnt)
    print(cnt, totals[0])


random.seed(1)
WHAT = {"serve": serve, "echo": echo, "crowd": crowd, "http": http, "redis": redis, "iperf3": iperf3, "ssh": ssh}[sys.argv[1]]
if asyncio.iscoroutinefunction(WHAT):
    asyncio.run(WHAT(*sys.argv[2:]))
else:
    WHAT(*sys.argv[2:])
