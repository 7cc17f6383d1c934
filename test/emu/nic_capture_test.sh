#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Captures of `toe nic`: events between the frames and as comments on them, filters, rotation; and
# what tshark makes of it with toe.lua.
set -u
# shellcheck source=test/emu/nic_world.sh
. "$(dirname "$0")/nic_world.sh"

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
lua=$(dirname "$0")/../../doc/toe.lua

# --- events at the right place ---

nic --capture "$dir/nic.pcapng"
address
exec {go}<> <(:)
exec {stream}< <(exec $traffic take 10.71.0.2 <&"$go" 2>&1) # little data: all of it is recorded
read -r -t 20 _ port <&"$stream" || fail 'no stream'
conn() { "$toe" "$1" --local-port "$port" "${@:2}"; }
is() { conn show --json | grep -q "$1"; }
bytes() { conn show --json | sed -n 's/.*"rx_bytes":\([0-9]*\).*/\1/p'; }
carried() { [ "$(bytes)" -gt $((before + 5000)) ]; }
for place in offload upload; do
    before=$(bytes)
    until_true 'the stream goes on' carried
    conn $place >/dev/null
    until_true $place is "\"place\":\"$([ $place = offload ] && echo Offloaded || echo InHost)\""
done
"$toe" fault --loss 1 --direction in
"$toe" fault
before=$(bytes)
until_true 'the stream goes on' carried
echo >&"$go"
read -r -t 60 said <&"$stream"
[ "$said" = taken ] || fail "the stream: $said"
kill -TERM "$nic_pid"
nic_ends || fail "after SIGTERM: status $?, $nic_said"

export port
read_capture '
import os
port = int(os.environ["port"])
assert events[:6] == ["offload requested", "offload completed", "upload requested", "upload completed", "faults", "faults"], events
index = [i for i, b in enumerate(blocks) if b[0] == "event"]
for e in (blocks[i][1] for i in index[:4]):
    assert e["local_port"] == port and e["remote"] == "10.71.0.2", e
assert blocks[index[3]][1]["why"] == "asked" and blocks[index[4]][1]["loss_ppm"] == 10000
assert set(b[1] for b in frames) == {"toe0", "wire0"}
# Each event lies between the frames of its moment, and the next frame of its connection names it.
times = [b[-1] for b in blocks]
for i in index[:4]:
    assert times[i] <= min(times[i + 1:i + 20]) + 1000000000 and times[i] >= max(times[max(0, i - 20):i]) - 1000000000, i
for i, name in zip(index[:4], events):
    comment = next(b[3] for b in blocks[i + 1:] if b[0] == "frame" and b[3])
    assert "toe: " + name in comment, (name, comment)
# Offloaded, the wire carries what the target makes of the stream: the two sides differ.
assert any("faults {" in b[3] for b in frames)
' "$dir/nic.pcapng" || fail 'events'

# --- what tshark makes of it ---

if command -v tshark >/dev/null; then
    shark() { tshark -X "lua_script:$lua" "$@" 2>"$dir/shark.err"; }
    shark -r "$dir/nic.pcapng" -Y toe_event -T fields -e toe_event.name -e toe_event.local_port -e toe_event.why >"$dir/events"
    head -n 4 "$dir/events" | cut -f 1,2 | diff - <(printf '%s\n' "offload requested	$port" "offload completed	$port" \
        "upload requested	$port" "upload completed	$port") || fail "toe.lua, events: $(cat "$dir/shark.err")"
    shark -r "$dir/nic.pcapng" -Y 'toe_event.why == "asked"' | grep -q "toe.*upload completed, 10.71.0.1 port $port with 10.71.0.2 port 7901, asked" ||
        fail "toe.lua, the line of an event: $(shark -r "$dir/nic.pcapng" -Y toe_event)"
    shark -r "$dir/nic.pcapng" -Y 'frame.comment contains "offload completed"' | grep -q 7901 || fail 'comments'
    shark -r "$dir/nic.pcapng" -Y '_ws.malformed || _ws.lua.error' -c 2000 | head -n 1 | grep -q . && fail 'toe.lua: something is malformed'
    python3 - "$dir/control.pcap" <<'END'
import struct, sys
lines = [b'{"command":"show","what":"nic"}\n', b'{"type":"nic","name":"toe0"}\n{"type":"summary","command":"show","ok":true}\n', b'not JSON']
out = struct.pack("=IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 147)
for line in lines:
    out += struct.pack("=IIII", 0, 0, len(line), len(line)) + line
open(sys.argv[1], "wb").write(out)
END
    shark -r "$dir/control.pcap" -T fields -e toe_control.command -e toe_control.type -e toe_control.what -e toe_control.ok |
        diff - <(printf '%s\n' 'show		nic	' 'show	nic,summary		true' '			') || fail "toe.lua, the control protocol: $(cat "$dir/shark.err")"
    grep -qi 'lua.*error' "$dir/shark.err" && fail "toe.lua: $(cat "$dir/shark.err")"
else
    echo 'tshark is not here (Debian package: tshark): toe.lua is not tried'
fi

# --- a filter, and files that follow each other ---

nic --capture "$dir/some.pcapng" --capture-filter 'arp or icmp6 or (tcp and host 10.71.0.2 and port 7901)' --capture-rotate 64k:3
address
exec {go}<> <(:)
exec {stream}< <(exec $traffic take 10.71.0.2 <&"$go" 2>&1)
read -r -t 20 _ port <&"$stream"
talks 'while a capture is filtered'
three() { [ -e "$dir/some.pcapng.2" ]; }
until_true 'rotation' three
echo >&"$go"
read -r -t 60 said <&"$stream"
[ "$said" = taken ] || fail "take: $said"
kill -TERM "$nic_pid"
nic_ends || fail "after SIGTERM: status $?, $nic_said"
[ "$(ls "$dir"/some.pcapng* | wc -l)" -eq 3 ] || fail "rotation: $(ls "$dir")"
read_capture '
assert frames and all(b[2][12:14] in (b"\x08\x06", b"\x86\xdd") or b"\x1e\xdd" in b[2][34:38] for b in frames)
times = [b[-1] for b in frames]
assert times == sorted(times), "the files are not in order"
' "$dir/some.pcapng.2" "$dir/some.pcapng.1" "$dir/some.pcapng" || fail 'filter and rotation'
for file in "$dir"/some.pcapng.[12]; do
    [ "$(stat -c %s "$file")" -ge 64000 ] && [ "$(stat -c %s "$file")" -lt 200000 ] || fail "rotation: $(ls -l "$dir")"
done

# --- what is refused ---

for bad in '--capture-rotate 100M:5' "--capture $dir/x --capture-rotate 100M:1" "--capture $dir/x --capture-rotate big" \
    "--capture $dir/x --capture-filter prt"; do
    # shellcheck disable=SC2086 # the options are words
    "$toe" nic --wire wire0 $bad 2>/dev/null
    [ $? -eq 2 ] || fail "$bad: exit status is not 2"
done
exit $failed
