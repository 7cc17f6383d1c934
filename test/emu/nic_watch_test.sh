#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `toe watch`: one look as text, and the live screen on a terminal of its own, which is resized, and
# left with q, with Ctrl-C and by SIGTERM.
set -u
# shellcheck source=test/emu/nic_world.sh
. "$(dirname "$0")/nic_world.sh"

"$toe" watch --once >/dev/null 2>&1
[ $? -eq 3 ] || fail 'without a NIC: exit status is not 3'
nic
address
exec {go}<> <(:)
exec {stream}< <(exec $traffic take 10.71.0.2 <&"$go" 2>&1)
read -r -t 20 _ port <&"$stream" || fail 'no connection'
"$toe" offload --all >/dev/null
carried() { "$toe" show --json --port 7901 | grep -q '"place":"Offloaded"'; }
until_true offloaded carried

once=$("$toe" watch --once) || fail "--once: $once"
[ "$(wc -l <<<"$once")" -le 24 ] && [ "$(wc -L <<<"$once")" -le 80 ] || fail "--once is larger than 80x24: $once"
grep -q "^toe0 through wire0, MTU 1500, up [0-9]* s, policy manual$" <<<"$once" || fail "--once: $once"
grep -q '^[0-9]* connections: [0-9]* in host, 1 offloaded, 0 moving; so far 1 offloads, 0 uploads$' <<<"$once" || fail "--once: $once"
grep -q "^ *$port 10.71.0.2:7901 *Offloaded .* 1  *0" <<<"$once" || fail "--once: $once"

if "$toe" watch </dev/null 2>&1 | grep -q 'without ncurses'; then
    echo 'toe was built without ncurses (Debian package: libncurses-dev): the live screen is not tried'
else
    "$toe" watch </dev/null >/dev/null 2>&1
    [ $? -eq 3 ] || fail 'without a terminal: exit status is not 3'
    python3 - "$toe" <<'END' || fail 'the live screen'
import fcntl, os, pty, re, select, signal, struct, sys, termios, time

def resize(fd, lines, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

def read_until(fd, pattern, what):
    seen, end = b"", time.monotonic() + 40
    while not re.search(pattern, seen):
        assert time.monotonic() < end, (what, seen[-2000:])
        if select.select([fd], [], [], 1)[0]:
            seen += os.read(fd, 65536)
    return seen

def live(leave):
    parent, child = pty.openpty()
    resize(child, 24, 80)
    before = termios.tcgetattr(child)
    pid = os.fork()
    if pid == 0:
        os.setsid()
        fcntl.ioctl(child, termios.TIOCSCTTY, 0)
        for fd in range(3):
            os.dup2(child, fd)
        os.environ["TERM"] = "xterm"
        os.execv(sys.argv[1], ["toe", "watch", "--interval", "100ms"])
    read_until(parent, rb"10\.71\.0\.2:7901", "the first look")
    assert termios.tcgetattr(child) != before, "the terminal is as it was"
    resize(child, 30, 100)
    resize(child, 10, 40)
    read_until(parent, rb"toe0 through", "after a resize")
    leave(parent, pid)
    end = time.monotonic() + 40
    rest = b""
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        assert time.monotonic() < end, "it does not end"
        if select.select([parent], [], [], 0.1)[0]:
            rest += os.read(parent, 65536)
    while select.select([parent], [], [], 0.1)[0]:
        rest += os.read(parent, 65536)
    assert termios.tcgetattr(child) == before, "the terminal is not as it was"
    assert b"\x1b[?1049l" in rest, "the screen is not left"
    os.close(parent)
    os.close(child)

live(lambda fd, pid: os.write(fd, b"q"))
live(lambda fd, pid: os.write(fd, b"\x03"))
live(lambda fd, pid: os.kill(pid, signal.SIGTERM))
END
fi
echo >&"$go"
kill -TERM "$nic_pid"
nic_ends || fail "after SIGTERM: status $?, $nic_said"
exit $failed
