#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `toe nic` under programs whose connections move: by hand, at random, with loss, when the NIC is
# ended and when it is killed. What they send comes back byte by byte.
set -u
# shellcheck source=test/emu/nic_world.sh
. "$(dirname "$0")/nic_world.sh"

# all_move COMMAND PLACE: moves the connections to the peer until all that are open are in PLACE. One
# whose data does not stop to be in flight for a moment stays where it is, and is asked again.
all_move() {
    local i

    for ((i = 0; i < 20; ++i)); do
        "$toe" "$1" --remote-port 7900 --wait 10 >/dev/null || break
        "$toe" show --remote-port 7900 --json | json '
conns = [o for o in lines if o["type"] == "connection" and o["state"] == "ESTABLISHED"]
assert len(conns) >= 3 and all(o["place"] == "'"$2"'" for o in conns), conns' 2>/dev/null && return
    done
    fail "$1: not everything is $2: $("$toe" show)"
}

# moved COUNT: so many offloads and uploads there were at least, and nothing was refused.
moved() {
    "$toe" stats --json | json '
kernel = [o for o in lines if o.get("group") == "kernel"][0]
assert kernel["offloads"] >= '"$1"' and kernel["uploads"] >= '"$1"', kernel
assert kernel["host_bad"] == 0, kernel
for o in [o for o in lines if o.get("group") == "move_time"]:
    assert o["moves"] >= '"$1"' and sum(cnt for _, cnt in o["buckets"]) == o["moves"], o
    # What begins and ends in one round of the NIC takes no time.
    assert o["p50_ns"] <= o["p99_ns"] <= o["p100_ns"] and o["p100_ns"] > 0, o'
}

# --- by hand ---

nic --persist
address
streams_begin 10.71.0.2 fd71::2 10.71.0.2
for _ in 1 2 3; do
    all_move offload Offloaded
    all_move upload InHost
done

# Ended while everything is offloaded: it comes up first, and the next NIC finds it in the host.
all_move offload Offloaded
kill -TERM "$nic_pid"
nic_ends || fail "SIGTERM with offloaded connections: status $?, $nic_said"
nic --persist
streams_end 'moved by hand, and the NIC ended'
kill -TERM "$nic_pid"
nic_ends

# --- at random ---

nic --persist --policy random --rate 400 --seed "${TOE_TEST_SEED:-1}"
streams_begin 10.71.0.2 fd71::2 10.71.0.2
talks 'while connections move'
"$toe" fault --loss 0.5 --reorder 0.5
talks 'while they move, under loss' lossy
"$toe" fault
streams_end 'moved at random'
moved 100 || fail 'too few moves'

# Killed at some moments: nothing was acknowledged that somebody else does not have.
streams_begin 10.71.0.2 fd71::2 10.71.0.2
for _ in 1 2 3 4 5 6; do
    read -r -t 0.25 <> <(:)
    kill -KILL "$nic_pid"
    nic_ends
    nic --persist --policy random --rate 400 --seed $RANDOM
done
streams_end 'killed and started again'
kill -TERM "$nic_pid"
nic_ends || fail "after it all: status $?, $nic_said"
exit $failed
