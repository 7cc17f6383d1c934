#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `toe nic` between this machine's kernel and another one's, each in a network of its own: the
# ordinary path, the control socket, and how it ends.
set -u
# shellcheck source=test/emu/nic_world.sh
. "$(dirname "$0")/nic_world.sh"

# --- the ordinary path, with the kernel's offloads and without ---

before=$(ip -o link)
nic
address
talks 'ordinary path'

# Nothing but the NIC's interface answers for its address, and the wire's MAC is not given away.
mac() { ip -o link show "$1" | sed 's/.*link.ether \([0-9a-f:]*\) .*/\1/'; }
[ "$(mac wire0)" != "$(mac toe0)" ] || fail 'both interfaces have one MAC address'
[ "$(cat /proc/sys/net/ipv4/conf/wire0/arp_ignore)" = 1 ] || fail 'the wire answers ARP'

# --- the control socket ---

"$toe" show nic --json | json 'assert lines[0]["name"] == "toe0" and lines[0]["mtu"] == 1500' ||
    fail 'show nic'
"$toe" show capabilities --json | json 'assert lines[0]["tcp_max"] > 0' || fail 'show capabilities'
"$toe" show --json | json 'assert all(o["type"] == "connection" for o in lines[:-1])' || fail 'show'
"$toe" stats --json | json '
wire = [o for o in lines if o.get("side") == "wire"][0]
assert wire["in_bytes"] > 16000000 and wire["out_bytes"] > 16000000, wire
# Bulk data crosses in super-segments, not in frames of the MTU.
assert wire["in_bytes"] / wire["in_frames"] > 3000, wire
assert wire["in_errors"] == 0 and wire["out_lost"] == 0, wire
assert len([o for o in lines if o["group" if "group" in o else "type"] == "drop"]) > 30' ||
    fail 'stats --json'
"$toe" stats --prometheus | python3 -c '
import re, sys
seen = []
for line in sys.stdin:
    kind = re.fullmatch(r"# TYPE (toe_[a-z0-9_]+) (counter|gauge)\n", line)
    if kind:
        assert kind[1] not in seen, line
        seen.append(kind[1])
    else:
        value = re.fullmatch(r"(toe_[a-z0-9_]+)\{nic=\"toe0\"(,[a-z]+=\"[^\"]*\")*\} \d+\n", line)
        assert value and value[1] == seen[-1], line
assert "toe_drop_frames_total" in seen and len(seen) > 50
' || fail 'stats --prometheus'
"$toe" pause && "$toe" show nic | grep -q 'paused *true' || fail pause
"$toe" resume && "$toe" show nic | grep -q 'paused *false' || fail resume
"$toe" fault --loss 100 --direction out || fail fault
lost() {
    echo >/dev/udp/10.71.0.2/7900
    "$toe" stats | grep -q '^fault out *lost'
}
for ((i = 0; i < 100; ++i)); do
    lost && break
done
lost || fail 'fault: nothing is lost'
"$toe" fault && talks 'after faults'
"$toe" offload 2>&1 | grep -q 'which connections' || fail 'offload of nothing is not refused'
"$toe" upload --all | grep -q '^upload: ' || fail 'upload --all'

# One that is offloaded when it has carried nothing yet has a small window, which grows in the
# target as it does in the kernel.
exec {go}<> <(:)
exec {bulk}< <(exec $traffic bulk 10.71.0.2 <&"$go" 2>&1)
read -r -t 20 word <&"$bulk"
"$toe" offload --all --wait 20s | grep -q 'now [1-9][0-9]* offloaded' || fail "bulk: $word, not offloaded"
echo >&"$go"
read -r -t 60 word <&"$bulk"
[ "$word" = carried ] || fail "bulk: $word"
"$toe" stats | grep -q '^kernel *window_updates *[1-9]' || fail 'the window does not grow'

"$toe" show --nic nosuch0 2>/dev/null
[ $? -eq 3 ] || fail 'no NIC: exit status is not 3'

# Whatever comes there is answered or hung up on, and the NIC lives.
python3 - <<'END' || fail 'hostile requests'
import json, os, random, socket

def connect():
    sock = socket.socket(socket.AF_UNIX)
    sock.connect("\0toe-toe0")
    sock.settimeout(20)
    return sock

def ask(*lines):
    sock = connect()
    sock.sendall(b"".join(line + b"\n" for line in lines))
    sock.shutdown(socket.SHUT_WR)
    return [json.loads(line) for line in sock.makefile()]

bad = [b"", b"x", b"[]", b"{}", b"null", b"\xff\xfe", b"{\"command\":7}", b"{\"command\":\"show\",\"what\":[]}",
       b"{\"command\":\"offload\",\"port\":70000}", b"{\"command\":\"offload\",\"local\":\"10.0.0\"}",
       b"{\"command\":\"policy\",\"policy\":\"all\",\"rate\":-1}", b"{\"command\":\"policy\",\"rate\":1}",
       b"{\"command\":\"policy\",\"policy\":\"random\",\"rate\":1e999}",
       b"{\"command\":\"policy\",\"rules\":[\"keep\",\"offload prt 1\"]}", b"{\"command\":\"policy\",\"rules\":[1]}",
       b"{\"command\":\"policy\",\"rules\":{}}", b"{\"command\":\"policy\",\"rules\":[\"keep\\u0000\"]}",
       b"{\"command\":\"fault\",\"loss_ppm\":1000001}", b"{\"command\":\"fault\",\"direction\":1}",
       b"{\"command\":\"fault\",\"delay_ns\":-1}", b"{\"command\":\"show\",\"command\":\"show\"}", b"[" * 8000, b"{\"a\":" * 1000]
answers = ask(*bad)
assert len(answers) == len(bad), len(answers)
assert all(a["type"] == "summary" and a["ok"] is False and a["error"] for a in answers), answers
many = ask(*[b'{"command":"show","what":"nic"}'] * 200)
assert len(many) == 400 and all(a["type"] in ("nic", "summary") for a in many)

long = connect()
try:
    long.sendall(b"x" * 1000000)
    assert json.loads(long.makefile().readline())["ok"] is False
except (BrokenPipeError, ConnectionResetError):
    pass

def throw(what):
    sock = connect()
    try:
        sock.send(what)
    except (BrokenPipeError, ConnectionResetError):
        pass  # hung up on: the crowd is not gone yet, say
    return sock

crowd = [connect() for _ in range(40)]
del crowd
half = throw(b'{"command":')
deaf = throw(b'{"command":"stats"}\n' * 5000)
random.seed(1)
for _ in range(100):
    throw(random.randbytes(random.randrange(1, 300)) + b"\n").close()
END
# Of so many at once some are hung up on, and their end is seen a moment later: maybe this one, too.
for ((i = 0; i < 100; ++i)); do
    "$toe" show nic >/dev/null 2>&1 && break
done
"$toe" show nic >/dev/null || fail 'the NIC died of a request'

# What the commands need is here, as this test has shown.
"$toe" check >/dev/null || fail "check: $("$toe" check)"
"$toe" check --json | python3 -c '
import json, sys
lines = [json.loads(line) for line in sys.stdin]
assert lines[-1]["verdict"] == "pass" and len(lines) > 8, lines' || fail 'check --json'
# As nobody, in networks that are not his, nearly nothing is.
unshare -Ur "$toe" nic --wire wire0 >/dev/null 2>&1
[ $? -eq 3 ] || fail 'without privileges: exit status is not 3'

# --- how it ends ---

kill -TERM "$nic_pid"
nic_ends || fail "after SIGTERM: status $?, $nic_said"
[ "$(ip -o link)" = "$before" ] || fail "it left something behind: $(ip -o link)"
[ "$(cat /proc/sys/net/ipv4/conf/wire0/arp_ignore)" = 0 ] || fail 'arp_ignore is not as it was'

exec {notified}< <(exec python3 -c '
import socket
sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sock.bind("\0toe-notify")
print("bound", flush=True)
for _ in range(2):
    print(sock.recv(99).decode(), flush=True)')
read -r -t 20 _ <&"$notified"
export NOTIFY_SOCKET=@toe-notify
printf '%s\n' '# a comment' 'wire = wire0' '' ' mtu=1400  # less' 'no-offloads' 'busy-poll = 1ms' >"${TMPDIR:-/tmp}/toe-nic.$$"
nic --config "${TMPDIR:-/tmp}/toe-nic.$$" --mac 02:00:00:00:71:01
rm -f "${TMPDIR:-/tmp}/toe-nic.$$"
address
[ "$(mac toe0)" = 02:00:00:00:71:01 ] || fail '--mac'
ip link show toe0 | grep -q 'mtu 1400 ' || fail 'the MTU of the configuration file'
talks 'without offloads, busy'
kill -INT "$nic_pid"
nic_ends || fail "after SIGINT: status $?, $nic_said"
unset NOTIFY_SOCKET
for want in READY=1 STOPPING=1; do
    read -r -t 20 word <&"$notified"
    [ "$word" = $want ] || fail "it tells its starter $word, not $want"
done

# Killed at some moments under a stream, and started again on the same interface.
nic --persist
address
exec {go}<> <(:)
exec {stream}< <(exec $traffic stream 10.71.0.2 <&"$go" 2>&1)
stream_pid=$!
read -r -t 20 _ <&"$stream"
for _ in 1 2 3 4 5; do
    read -r -t 0.3 <> <(:)
    kill -KILL "$nic_pid"
    nic_ends
    nic --persist
done
echo >&"$go"
read -r -t 60 said <&"$stream"
case $said in
'streamed '[1-9]*) ;;
*) fail "killed and started again: $said" ;;
esac
kill -TERM "$nic_pid"
nic_ends || fail "persistent, after SIGTERM: status $?, $nic_said"
ip link show toe0 >/dev/null 2>&1 || fail 'a persistent interface is gone'
nic
kill -TERM "$nic_pid"
nic_ends
ip link show toe0 >/dev/null 2>&1 && fail 'an interface that does not persist is still there'

# The wire goes away under it: that is the environment, and said in one line.
nic
ip link del wire0
nic_ends
[ $? -eq 3 ] || fail "without a wire: status is not 3"
case $nic_said in
*'gone away'*) ;;
*) fail "without a wire: $nic_said" ;;
esac
exit $failed
