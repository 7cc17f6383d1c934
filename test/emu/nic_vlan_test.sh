#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `toe nic` under VLANs on its interface, with a priority (802.1Q): connections over both IP versions
# are offloaded and come back with every byte right, beside others without a tag; frames of the target
# have the tag as the kernel's have. Who has only the addresses and ports of one moves nothing by what
# he sends on another VLAN.
set -u
# shellcheck source=test/emu/nic_world.sh
. "$(dirname "$0")/nic_world.sh"

vlan=5 priority=3
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
peer_net="nsenter -t $PEER_PID -n"

# vlan_on OUTER NAME ADDRESS ADDRESS6 [IN]: the interface NAME of the VLAN on OUTER. Where the
# kernel has no VLANs, nic_vlan.py makes it of a veth; it ends when this script does.
vlan_on() {
    local outer=$1 name=$2 in=${5:-} mac word said

    if ! $in ip link add link "$outer" name "$name" type vlan id $vlan egress-qos-map 0:$priority 2>/dev/null; then
        mac=$($in ip -o link show "$outer" | sed 's/.*link.ether \([0-9a-f:]*\) .*/\1/')
        $in ip link add "$name" address "$mac" mtu 1500 type veth peer name "$name-in"
        $in ip link set "$name-in" up
        exec {word}< <(exec setpriv --pdeathsig KILL $in python3 "$(dirname "$0")/nic_vlan.py" "$name-in" "$outer" $vlan $priority 2>&1)
        read -r -t 20 said <&"$word" && [ "$said" = ready ] || fail "no VLAN on $outer: $said"
    fi
    $in ip link set "$name" up
    $in ip addr add "$3" dev "$name"
    $in ip addr add "$4" dev "$name" nodad
}

all_are() {
    "$toe" "$1" --remote-port 7900 --wait 3s >/dev/null
    "$toe" show --remote-port 7900 --json | json '
conns = [o for o in lines if o["type"] == "connection" and o["state"] == "ESTABLISHED"]
assert len(conns) == 4 and all(o["place"] == "'"$2"'" for o in conns), conns' 2>/dev/null
}
moved() {
    "$toe" stats --json | json '
kernel = [o for o in lines if o.get("group") == "kernel"][0]
assert kernel["offloads"] >= 20 and kernel["uploads"] >= 20 and kernel["host_bad"] == 0, kernel' 2>/dev/null
}

# spoof ROUNDS: frames without the tag in the name of the peer's ends of the connections on the VLAN.
spoof() {
    "$toe" show --remote-port 7900 --json | $peer_net python3 -c '
import ipaddress, json, os, socket, struct, sys
def checksum(data):
    total = sum(struct.unpack("!%dH" % ((len(data) + 1) // 2), data + bytes(len(data) % 2)))
    return 0xffff - (total % 0xffff or 0xffff)
def frame(conn, flags):
    ends = [ipaddress.ip_address(conn[k]) for k in ("remote", "local")]
    tcp = struct.pack("!HHIIBBHHH", conn["remote_port"], conn["local_port"],
                      *struct.unpack("!II", os.urandom(8)), 0x50, flags, 1000, 0, 0)
    src, dst = ends[0].packed, ends[1].packed
    total = checksum(src + dst + struct.pack("!IBBBB", len(tcp), 0, 0, 0, 6) + tcp)
    tcp = tcp[:16] + struct.pack("!H", total) + tcp[18:]
    if ends[0].version == 6:
        return b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, len(tcp), 6, 64) + src + dst + tcp
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, src, dst)
    return b"\x08\0" + ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + tcp
conns = [o for o in map(json.loads, sys.stdin) if o.get("local") in ("10.81.0.1", "fd81::1")]
assert len(conns) == 3, conns
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind(("peer0", 0))
to, me = bytes.fromhex(sys.argv[2].replace(":", "")), out.getsockname()[4]
for _ in range(int(sys.argv[1])):
    for conn in conns:
        for flags in (0x02, 0x04, 0x10, 0x11, 0x12, 0x14, 0x18):
            out.send(to + me + frame(conn, flags))
' "$1" "$(ip -o link show toe0 | sed 's/.*link.ether \([0-9a-f:]*\) .*/\1/')"
}
spoofed() {
    "$toe" stats --json | json '
kernel = [o for o in lines if o.get("group") == "kernel"][0]
assert kernel["other_vlan"] == '"$1"' and kernel["offloaded"] == 4 and kernel["uploads"] == 0, kernel' 2>/dev/null
}

nic --capture "$dir/nic.pcapng" --capture-filter 'vlan 5 and (ip[2:2] < 100 or ip6[4:2] < 100)'
address
vlan_on toe0 vlan0 10.81.0.1/24 fd81::1/64
vlan_on peer0 pvlan0 10.81.0.2/24 fd81::2/64 "$peer_net"

# With the tag, and one without.
streams_begin 10.81.0.2 fd81::2 10.81.0.2 fd71::2
until_true 'offloaded' all_are offload Offloaded
"$toe" show paths --json | json '
paths = [o for o in lines if o["type"] == "path" and o["local"] in ("10.81.0.1", "fd81::1")]
assert len(paths) == 2 and all(o["vlan"] == 5 and o["mtu"] == 1500 for o in paths), lines' || fail paths
spoof 20 || fail 'nothing is spoofed'
until_true 'spoofed' spoofed 420
until_true 'uploaded' all_are upload InHost
"$toe" policy random --rate 200 >/dev/null || fail policy
until_true 'moved at random' moved
streams_end 'moved on a VLAN'
kill -TERM "$nic_pid"
nic_ends || fail "after SIGTERM: status $?, $nic_said"

# Each frame of TCP that was recorded has the priority, who made it notwithstanding.
python3 - "$dir/nic.pcapng" $((priority << 13 | vlan)) <<'END' || fail 'frames without their tag'
import collections, struct, sys
data, want, tags = open(sys.argv[1], "rb").read(), int(sys.argv[2]), collections.Counter()
at = 0
while at < len(data):
    kind, length = struct.unpack_from("=II", data, at)
    if kind == 6:
        frame = data[at + 28:at + 28 + struct.unpack_from("=I", data, at + 20)[0]]
        if frame[16:18] == b"\x08\0" and frame[27] == 6 or frame[16:18] == b"\x86\xdd" and frame[24] == 6:
            tags[struct.unpack_from("!HH", frame, 12)] += 1
    at += length
assert tags.keys() == {(0x8100, want)} and tags[0x8100, want] > 1000, tags
END
exit $failed
