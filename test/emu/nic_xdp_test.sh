#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `toe nic` with its wire on AF_XDP, of one queue and of two: the ordinary path, connections that
# move, and what is left on the interface when it ends, is interrupted or killed: nothing.
set -u

# A program for the kernel is not to be had in a user namespace.
[ "$(id -u)" -eq 0 ] || {
    echo 'no root here, which AF_XDP needs'
    exit 77
}
nic_unshare='unshare -n' nic_wire=xdp:wire0
# shellcheck source=test/emu/nic_world.sh
. "$(dirname "$0")/nic_world.sh"

said=$(timeout 20 "$toe" nic --wire xdp:nosuch0 2>&1)
[ $? -ne 3 ] || {
    echo "$said" # built without
    exit 77
}
check=$("$toe" check | grep '^[^ ]* *AF_XDP')
case $check in
'ok '*) ;;
*CAP_* | *CONFIG_XDP_SOCKETS* | *'locked memory'*)
    echo "$check"
    exit 77
    ;;
*) fail "$check" ;;
esac

has_program() { ip link show wire0 | grep -q ' xdp'; }
moved() {
    "$toe" stats --json | json '
kernel = [o for o in lines if o.get("group") == "kernel"][0]
assert kernel["offloads"] >= 20 and kernel["uploads"] >= 20 and kernel["host_bad"] == 0, kernel' 2>/dev/null
}

# --- one queue: the ordinary path, and what is told of it ---

nic
address
has_program || fail 'there is no program on the wire'
# Datagrams that were sent many at once have no boundaries any more, and are lost.
$traffic talk 10.71.0.2 >/dev/null 2>&1 &
at_once_pid=$!
talks 'ordinary path' single
wait $at_once_pid && fail 'datagrams that were sent at once arrive: document it'
"$toe" show nic | grep -q '^ *wire_mode *copy' || fail "show nic: $("$toe" show nic)"
"$toe" stats --json | json '
wire = [o for o in lines if o.get("side") == "wire"][0]
assert wire["in_bytes"] > 16000000 and wire["out_bytes"] > 16000000, wire
# What the peer sends comes in super-segments where the kernel knows pieces, what we send never.
assert wire["out_bytes"] / wire["out_frames"] < 1514, wire
assert wire["in_errors"] == 0 and wire["in_too_long"] + wire["in_lost"] > 0, wire' || fail stats

# Of two on one interface the second is told.
said=$(timeout 20 "$toe" nic --name toe1 --wire xdp:wire0 2>&1)
[ $? -eq 3 ] && [[ $said == *'another program'* || $said == *'already'* ]] || fail "a second one: $said"

kill -INT "$nic_pid"
nic_ends || fail "after SIGINT: status $?, $nic_said"
has_program && fail 'SIGINT: a program is left on the wire'

# --- two queues, connections that move, and a process that is killed ---

in_peer() { nsenter -t "$PEER_PID" -n "$@"; }
ip link del wire0
ip link add wire0 numrxqueues 2 type veth peer name peer0 numtxqueues 2 netns "$PEER_PID"
ip link set wire0 up
in_peer ip link set peer0 up
in_peer ip addr add 10.71.0.2/24 dev peer0
in_peer ip addr add fd71::2/64 dev peer0 nodad

nic --persist --policy random --rate 200 --seed "${TOE_TEST_SEED:-1}"
address
streams_begin 10.71.0.2 fd71::2 10.71.0.2 fd71::2
until_true 'connections move' moved
kill -KILL "$nic_pid"
nic_ends
has_program && fail 'SIGKILL: a program is left on the wire'
nic --persist --policy random --rate 200 --seed "${TOE_TEST_SEED:-1}"
until_true 'connections move again' moved
talks 'two queues' single
streams_end 'moved at random'
kill -TERM "$nic_pid"
nic_ends || fail "after SIGTERM: status $?, $nic_said"
has_program && fail 'SIGTERM: a program is left on the wire'
exit $failed
