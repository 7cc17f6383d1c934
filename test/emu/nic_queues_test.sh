#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `toe nic --queues 2`: many connections of unmodified programs through both queues at once, moving at
# random, every byte compared; one picture of both; killed and started again with another number of
# queues; ended, with all of them back; recorded in one file.
set -u
# shellcheck source=test/emu/nic_world.sh
. "$(dirname "$0")/nic_world.sh"

conns=48
clients="python3 $(dirname "$0")/nic_clients.py"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# stats CODE: runs CODE on the |counters| of the NIC, by group, with queue(number, side, name).
stats() { "$toe" stats --json | json '
counters = {line["group"]: line for line in lines if line["type"] == "counters"}
queues = {(line["queue"], line["side"]): line for line in lines if line.get("group") == "queue"}
def queue(number, side, name):
    return queues[str(number), side][name]
'"$1"; }

# refused WORDS OPTION...: wrong usage, told with these words.
refused() {
    local words=$1 said

    shift
    said=$("$toe" nic "$@" 2>&1)
    [ $? -eq 2 ] || fail "$*: status $?, $said"
    case $said in
    *"$words"*) ;;
    *) fail "$*: $said" ;;
    esac
}

refused 'take packet:IF' --wire pcap:wire0 --queues 2
refused 'take packet:IF' --wire file:none --queues 64
refused 'queues' --wire wire0 --queues 0
refused 'queues' --wire wire0 --queues 65
ip tuntap add toe0 mode tap
refused 'ip link del toe0' --wire wire0 --queues 2
ip link del toe0

# --- both at once ---

hears() {
    local said

    while read -r -t 120 said <&"$crowd"; do
        case $said in
        $1*) return ;;
        round*) ;;
        *) break ;;
        esac
    done
    fail "the clients do not say \"$1\": ${said:-nothing}, $(timeout 5 cat <&"$crowd" | tail -n 5)"
    exit 1
}

# rounds: each connection has had two answers more.
rounds() {
    hears round
    hears round
}

nic --persist --queues 2 --policy random --rate 400
refused 'in use' --wire wire0 --queues 2
address
exec {server}< <(exec setpriv --pdeathsig KILL nsenter -t "$PEER_PID" -n $clients serve 7911 2>&1)
read -r -t 60 word <&"$server" || fail "the server does not start: ${word:-}"
exec {go}<> <(:)
exec {crowd}< <(exec $clients crowd 7911 $conns <&"$go" 2>&1)
hears here
have_moved() { stats 'assert all(queue(i, "host", "offloads") >= 10 for i in (0, 1))' 2>"$dir/why"; }
until_true 'connections of both queues move' have_moved || cat "$dir/why"
rounds
stats '
for i in (0, 1):
    assert queue(i, "wire", "in_frames") > 0 and queue(i, "host", "in_frames") > 0, queues
    assert queue(i, "host", "conns") > 0, queues
    assert queue(i, "host", "lost") == 0 and queue(i, "wire", "lost") == 0, queues
    # The wire sorts by itself; the kernel has to learn for each connection where it belongs.
    assert queue(i, "wire", "handed") == 0, queues
assert sum(queue(i, "host", "conns") for i in (0, 1)) == counters["kernel"]["conns"]
assert sum(queue(i, "host", "taken") for i in (0, 1)) > 0, queues
' || fail 'the counters of the queues'
"$toe" stats --prometheus | grep -q '^toe_queue_offloads_total{.*queue="1",side="host"} [1-9]' ||
    fail 'the counters of the queues, for Prometheus'

# --- one picture of both ---

# all_are PLACE VERB: whether all are there, by what VERB does if need be.
all_are() {
    "$toe" "$2" --all --wait 20s >"$dir/moved"
    "$toe" show totals --remote-port 7911 | grep -Eq "^  $1 +$conns\$"
}
"$toe" policy manual >/dev/null
until_true 'all are back' all_are InHost upload
until_true 'all are offloaded' all_are Offloaded offload
"$toe" show --json --remote-port 7911 | json '
conns = [o for o in lines if o["type"] == "connection"]
assert len({(o["local"], o["local_port"]) for o in conns}) == len(conns) == '$conns', len(conns)
assert lines[-1]["connections"] == len(conns)' || fail 'show'
"$toe" show tree --json | json '
paths = [o for o in lines if o["type"] == "path"]
assert sorted(o["remote"] for o in paths) == ["10.71.0.2", "fd71::2"], paths
assert sum(o["connections"] for o in paths) == '$conns' and all(o["offloaded"] for o in paths), paths
' || fail 'show tree'
"$toe" show nic --json | json 'assert lines[0]["queues"] == 2, lines' || fail 'show nic'
one=$("$toe" show --json --remote-port 7911 | sed -n '1s/.*"local_port":\([0-9]*\).*/\1/p')
"$toe" upload --local-port "$one" --wait 20s | grep -q '^upload: 1 connections, 0 refused' || fail 'one of them'
"$toe" pause >/dev/null
"$toe" offload --local-port "$one" | grep -q paused || fail 'pause'
"$toe" resume >/dev/null
"$toe" fault --loss 1 >/dev/null
rounds
"$toe" fault >/dev/null

# --- killed, with one queue on the same interface, and killed again ---

for queues in 1 2; do
    "$toe" policy random --rate 400 >/dev/null
    rounds
    kill -KILL "$nic_pid"
    nic_ends
    nic --persist --queues $queues
    rounds
done

# --- ended ---

until_true 'all are offloaded again' all_are Offloaded offload
kill -TERM "$nic_pid"
nic_ends || fail "SIGTERM: status $?, $nic_said"
nic --persist --queues 2
rounds
echo >&"$go"
hears "$conns "
kill -TERM "$nic_pid"
nic_ends || fail "SIGTERM at rest: status $?, $nic_said"

# --- recorded ---

nic --queues 2 --policy all --capture "$dir/nic.pcapng"
talks 'recorded'
stats '
counts = [line["in_frames"] + line["out_frames"] for line in queues.values()]
assert len(counts) == 4 and all(counts), counts
print(sum(counts))' >"$dir/frames" || fail 'a queue without frames'
kill -TERM "$nic_pid"
nic_ends || fail "recorded: status $?, $nic_said"
counted=$(cat "$dir/frames") read_capture '
import os
assert len(frames) >= int(os.environ["counted"]), (len(frames), os.environ["counted"])
assert sorted(names) == ["toe0", "wire0"], names
instants = [b[-1] for b in blocks]
assert instants == sorted(instants), "the order"
assert {"offload completed", "upload completed"} <= set(events), events' "$dir/nic.pcapng" ||
    fail 'the capture of two queues'

# --- without a wire ---

nic --queues 2
ip link del wire0
nic_ends
[ $? -eq 3 ] || fail "without a wire: $nic_said"
ip link show toe0 >"$dir/left" 2>&1 && fail "it left something behind: $(cat "$dir/left")"
exit $failed
