# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# The world of the tests of `toe nic`, sourced by them as their first step: this machine with an
# interface wire0, another one at its far end with 10.71.0.2 and fd71::2, where nic_traffic.py serves.
# Each machine is a network of its own; both end with the script.
#
# What differs from test to test: |nic_unshare| makes the network, |nic_wire| is --wire.

nic_unshare=${nic_unshare:-unshare -Urn}
if [ "${nic_inside:-}" != yes ]; then
    $nic_unshare true 2>/dev/null || {
        echo "no user and network namespaces here ($nic_unshare)"
        exit 77
    }
    command -v ip >/dev/null || {
        echo 'no ip command here (Debian package: iproute2)'
        exit 77
    }
    [ -r /dev/net/tun ] && [ -w /dev/net/tun ] || {
        echo 'no permission for /dev/net/tun'
        exit 77
    }
    nic_inside=yes exec $nic_unshare "$BASH" "$0" "$@"
fi

toe=$TOE_COMMAND
traffic="python3 $(dirname "$0")/nic_traffic.py"
failed=0

fail() {
    printf '%s\n' "$*"
    failed=1
}

# nic OPTION...: starts one, and waits until it is up.
nic() {
    exec {nic_out}< <(exec "$toe" nic --wire "${nic_wire:-wire0}" "$@" 2>&1)
    nic_pid=$!
    read -r -t 20 nic_line <&"$nic_out" || fail "nic $*: it does not start"
    case $nic_line in
    *' is up, '*) ;;
    *) fail "nic $*: $nic_line" ;;
    esac
}

nic_ends() {
    local status

    wait "$nic_pid"
    status=$?
    nic_said=$(cat <&"$nic_out")
    exec {nic_out}<&-
    return $status
}

# The other machine: a shell in a network of its own, that ends with this one.
coproc PEER { exec unshare -n "$BASH"; }
peer() {
    printf '%s\n' "$*" >&"${PEER[1]}"
}
peer echo here
read -r -t 20 _ <&"${PEER[0]}" || { echo 'no second network'; exit 77; }

ip link set lo up
ip link add wire0 type veth peer name peer0 netns "$PEER_PID"
ip link set wire0 up
peer 'ip link set lo up; ip link set peer0 up'
peer 'ip addr add 10.71.0.2/24 dev peer0; ip addr add fd71::2/64 dev peer0 nodad'
peer "exec $traffic serve"
read -r -t 20 word <&"${PEER[0]}" || { echo "the peer does not start: $word"; exit 1; }

# address: gives the NIC's interface its addresses, as an administrator does.
address() {
    ip addr add 10.71.0.1/24 dev toe0
    ip addr add fd71::1/64 dev toe0 nodad
}

# talks WHAT [lossy | single]: ICMP, UDP and TCP reach the other machine, over both IP versions, and
# come back whole; with patience where frames get lost; without datagrams that are sent many at once.
talks() {
    local to out patience=60

    [ "${2:-}" != lossy ] || patience=120
    for to in 10.71.0.2 fd71::2; do
        out=$(timeout $patience $traffic talk $to "${2:-clean}" 2>&1) || fail "$1, with $to: $out"
    done
}

# streams_begin ADDRESS... and streams_end WHAT: connections to there that are busy both ways, and
# whether all their bytes came back.
streams_begin() {
    local to

    exec {go}<> <(:)
    stream_out=()
    for to in "$@"; do
        exec {out}< <(exec $traffic stream "$to" <&"$go" 2>&1)
        stream_out+=("$out")
        read -r -t 20 _ <&"$out" || fail "no stream with $to"
    done
}
streams_end() {
    local out said

    echo >&"$go"
    for out in "${stream_out[@]}"; do
        said=''
        read -r -d '' -t 60 said <&"$out"
        case $said in
        'streamed '[1-9]*) ;;
        *) fail "$1: $said" ;;
        esac
        exec {out}<&-
    done
    exec {go}<&-
}

# until_true WHAT COMMAND...: waits until it is so.
until_true() {
    local what=$1 i

    shift
    for ((i = 0; i < 400; ++i)); do
        "$@" && return
        read -r -t 0.1 <> <(:)
    done
    fail "$what: not so after 40 seconds"
    "$toe" show
    "$toe" show paths --json
    return 1
}

# json CODE: runs CODE on the |lines| of an answer that ends well.
json() { python3 -c '
import json, sys
lines = [json.loads(line) for line in sys.stdin]
assert lines and lines[-1]["type"] == "summary" and lines[-1]["ok"] is True, lines
'"$1"; }

# read_capture CODE FILE...: runs CODE on the |blocks| of a capture, as a list of tuples:
# ("frame", interface, bytes, comment, ns) or ("event", object, ns).
read_capture() { python3 -c '
import json, struct, sys
blocks, names = [], []
def options(data):
    while len(data) >= 4:
        code, length = struct.unpack_from("=HH", data)
        if code == 0:
            return
        yield code, data[4:4 + length]
        data = data[4 + (length + 3) // 4 * 4:]
for path in sys.argv[2:]:
    data = open(path, "rb").read()
    names = []
    assert struct.unpack_from("=I", data)[0] == 0x0a0d0d0a, path
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("=II", data, at)
        assert length >= 12 and struct.unpack_from("=I", data, at + length - 4)[0] == length, (path, kind, length)
        body = data[at + 8:at + length - 4]
        at += length
        if kind == 1:
            names.append(dict(options(body[8:]))[2].decode())
        elif kind == 6:
            interface, high, low, caplen, _ = struct.unpack_from("=IIIII", body)
            rest = dict(options(body[20 + (caplen + 3) // 4 * 4:]))
            blocks.append(("frame", names[interface], body[20:20 + caplen], rest.get(1, b"").decode(), high << 32 | low))
        elif kind == 0xbad:
            assert struct.unpack_from("=I", body)[0] == 32473 and body[4:8] == b"TOE\1"
            ns, size = struct.unpack_from("!QI", body, 8)
            blocks.append(("event", json.loads(body[20:20 + size]), ns))
events = [b[1]["event"] for b in blocks if b[0] == "event"]
frames = [b for b in blocks if b[0] == "frame"]
exec(sys.argv[1])
' "$@"; }
