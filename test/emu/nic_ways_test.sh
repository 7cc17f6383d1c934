#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `toe nic` while the ways of the kernel change: another Ethernet address of the neighbor, another
# next hop, another MTU, a router that says "too big", a neighbor that is doubted and one that is
# forgotten, an address that is taken away. Streams go on, checked byte by byte.
set -u
# shellcheck source=test/emu/nic_world.sh
. "$(dirname "$0")/nic_world.sh"

in_peer() { nsenter -t "$PEER_PID" -n "$@"; }
set_peer() { in_peer sh -c "echo $2 >/proc/sys/net/$1"; }

# A third machine behind the other one, with a link in between that takes less.
{ coproc FAR { exec unshare -n "$BASH"; }; } 2>/dev/null # bash warns of a second one
echo 'ip link set lo up; echo here' >&"${FAR[1]}"
read -r -t 20 _ <&"${FAR[0]}"
in_peer ip link add mid0 mtu 1300 type veth peer name far0 netns "$FAR_PID"
in_peer ip link set mid0 up
in_peer ip addr add 10.73.0.1/24 dev mid0
in_peer ip addr add fd73::1/64 dev mid0 nodad
set_peer ipv4/ip_forward 1
set_peer ipv6/conf/all/forwarding 1
{
    echo 'ip link set far0 up; ip addr add 10.73.0.2/24 dev far0; ip addr add fd73::2/64 dev far0 nodad'
    echo 'ip route add default via 10.73.0.1; ip route add default via fd73::1'
    echo "exec $traffic serve"
} >&"${FAR[1]}"
read -r -t 20 _ <&"${FAR[0]}" || fail 'the third machine does not start'

# Another router on the same link: an Ethernet address of its own.
in_peer ip link add gate0 link peer0 type macvlan mode bridge
set_peer ipv4/conf/all/arp_ignore 1
in_peer ip link set gate0 up
in_peer ip addr add 10.71.0.3/32 dev gate0
in_peer ip addr add fd71::3/128 dev gate0 nodad
in_peer ip addr add 10.72.0.2/32 dev lo
in_peer ip addr add fd72::2/128 dev lo nodad
set_peer ipv4/conf/all/rp_filter 0
set_peer ipv4/conf/peer0/rp_filter 0
set_peer ipv4/conf/gate0/rp_filter 0
set_peer ipv4/conf/peer0/arp_notify 1
set_peer ipv6/conf/peer0/ndisc_notify 1

nic
address
ip route add 10.72.0.0/24 via 10.71.0.2
ip -6 route add fd72::/64 via fd71::2
ip route add 10.73.0.0/24 via 10.71.0.2 advmss 1200
ip -6 route add fd73::/64 via fd71::2 advmss 1200

# Facts about the connection with $far.
conn() { "$toe" "$@" --remote "$far" --local-port "$port"; }
is() { conn show --json | grep -q "$1"; }
is_carried() { is '"place":"Offloaded"'; }
# One that is busy may stay where it is, and is asked again.
gets_carried() { is_carried || { conn offload >/dev/null && is_carried; }; }
bytes() { conn show --json | sed -n 's/.*"rx_bytes":\([0-9]*\).*/\1/p'; }
goes_on() { [ "$(bytes)" -gt $((before + 100000)) ]; }
path_is() { "$toe" show paths --json | grep "\"remote\":\"$far\"" | grep -q "$1"; }
counter() { "$toe" stats --json | sed -n "s/.*\"$1\":\\([0-9]*\\).*/\\1/p"; }
counts() { [ "$(counter "$1")" -gt "$2" ]; }

# begin ADDRESS [FROM]: a stream with it, which is offloaded.
begin() {
    far=$1
    exec {go}<> <(:)
    exec {stream}< <(exec $traffic "${mode:-stream}" "$@" <&"$go" 2>&1)
    read -r -t 20 said port <&"$stream" || fail "no stream with $far: $said"
    until_true "$far is offloaded" gets_carried
}

# still WHAT: the stream goes on, and was never in the kernel since.
still() {
    before=$(bytes)
    until_true "$1: the stream with $far goes on" goes_on
    is '"uploads":0,' || fail "$1: the connection with $far came back: $(conn show)"
}

end() {
    echo >&"$go"
    read -r -t 60 said <&"$stream"
    case $said in
    'streamed '[1-9]* | taken) ;;
    *) fail "$1, with $far: $said" ;;
    esac
    exec {go}>&- {stream}<&-
}

mac() { in_peer ip -o link show "$1" | sed 's/.*link.ether \([0-9a-f:]*\) .*/\1/'; }
arrived() { in_peer ip -s -j link show gate0 | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["stats64"]["rx"]["bytes"])'; }

# --- the neighbor has another Ethernet address ---

n=0
for to in 10.71.0.2 fd71::2; do
    begin $to
    path_is "\"next_hop\":\"$to\"" || fail "$to is not followed: $("$toe" show paths --json)"
    before_updates=$(counter neighbor_updates)
    n=$((n + 1))
    in_peer ip link set peer0 address 02:00:00:00:72:0$n
    until_true 'another MAC address' path_is "\"neighbor\":\"02:00:00:00:72:0$n\""
    still 'another MAC address'
    counts neighbor_updates "$before_updates" || fail 'another MAC address: the target was not told'
    end 'another MAC address'
done

# --- the route leads to another next hop ---

for to in 10.72.0.2 fd72::2; do
    begin $to
    before_relinks=$(counter relinks)
    case $to in
    fd*) ip -6 route replace fd72::/64 via fd71::3 ;;
    *) ip route replace 10.72.0.0/24 via 10.71.0.3 ;;
    esac
    until_true 'another next hop' path_is "\"neighbor\":\"$(mac gate0)\""
    still 'another next hop'
    counts relinks "$before_relinks" || fail 'another next hop: nothing was relinked'
    arrived=$(arrived)
    still 'another next hop, later'
    [ "$(arrived)" -gt $((arrived + 50000)) ] ||
        fail "another next hop: what the target sends does not go there, with $to"
    end 'another next hop'
done

# --- it does not know where it leads: what counts is the last ---

ip route replace 10.72.0.0/24 via 10.71.0.2
begin 10.72.0.2
for ((n = 0; n < 300; n++)); do
    echo 'route replace 10.72.0.0/24 via 10.71.0.3'
    echo 'route replace 10.72.0.0/24 via 10.71.0.2'
done | ip -batch -
until_true 'a route that turns often' path_is "\"neighbor\":\"$(mac peer0)\""
still 'a route that turns often'
arrived=$(arrived)
still 'a route that turns often, later'
[ "$(arrived)" -lt $((arrived + 50000)) ] || fail 'a route that turns often: it leads elsewhere still'
end 'a route that turns often'

# --- the interface's MTU ---

begin 10.71.0.2
ip link set toe0 mtu 1290
until_true 'a lower MTU' path_is '"mtu":1290,'
still 'a lower MTU'
ip link set toe0 mtu 1500
until_true 'the MTU as it was' path_is '"mtu":1500,'
still 'the MTU as it was'
end MTU

# --- a router says that packets are too big: the target follows, and the kernel knows ---

for to in 10.73.0.2 fd73::2; do
    said_before=$(counter too_big)
    mode=later begin $to
    echo >&"$go"
    read -r -t 20 _ <&"$stream"
    until_true 'too big' path_is '"mtu":1300,'
    still 'too big'
    counts too_big "$said_before" || fail "too big: no router said so of $to"
    ip route get $to | grep -q 'mtu 1300' || fail "too big: the kernel does not know: $(ip route get $to)"
    end 'too big'
done

# --- the kernel doubts, the target knows: nobody answers ARP, and the connection lives ---

for knob in base_reachable_time_ms=1000 delay_first_probe_time=1; do
    echo "${knob#*=}" >"/proc/sys/net/ipv4/neigh/toe0/${knob%=*}"
done
ip neigh change 10.71.0.2 dev toe0 nud stale # Times count from the next time it is reachable only.
toe_mac=$(ip -o link show toe0 | sed 's/.*link.ether \([0-9a-f:]*\) .*/\1/')
in_peer ip neigh replace 10.71.0.1 lladdr "$toe_mac" dev peer0
mode=take begin 10.71.0.2
set_peer ipv4/conf/peer0/arp_ignore 8
confirmed=$(counter confirmations)
until_true 'a doubted neighbor' counts confirmations $((confirmed + 5))
still 'a doubted neighbor'
ip neigh show 10.71.0.2 dev toe0 | grep -q FAILED && fail 'a doubted neighbor: the kernel has given it up'
end 'a doubted neighbor'
set_peer ipv4/conf/peer0/arp_ignore 0

# --- the kernel is to forget the neighbor: it comes back, and goes on as soon as it is found again ---

# Where a frame makes the kernel ask again before it tells that it has failed, it tells that only.
for state in failed incomplete; do
    begin 10.71.0.2
    ip neigh change 10.71.0.2 dev toe0 nud $state
    until_true "a forgotten neighbor, $state" is '"why":"neighbor"'
    ip neigh del 10.71.0.2 dev toe0
    before=$(bytes)
    until_true "a forgotten neighbor, $state: the stream goes on" goes_on
    conn offload >/dev/null
    until_true 'offloaded again' is_carried
    end "a forgotten neighbor, $state"
done

# --- the way ends, and is there again ---

begin 10.72.0.2
ip route del 10.72.0.0/24
until_true 'no route' is '"why":"route"'
conn offload >/dev/null
is_carried && fail 'it is offloaded without a route'
ip route add 10.72.0.0/24 via 10.71.0.2
before=$(bytes)
until_true 'the route is back' goes_on
end 'no route'

# --- the route leads to somebody who is not there: it comes back, for that or since nothing is acknowledged ---

begin 10.72.0.2
ip route replace 10.72.0.0/24 via 10.71.0.77
comes_back() { is '"uploads":1,' && is '"why":"\(neighbor\|window closed\)"'; }
until_true 'no such next hop: it comes back' comes_back
ip route replace 10.72.0.0/24 via 10.71.0.2
before=$(bytes)
until_true 'the next hop is back' goes_on
end 'no such next hop'

# --- an address is taken away: the kernel cannot send from it, and can again ---

for from in 10.71.0.9/24 fd71::9/64; do
    case $from in
    fd*) to=fd71::2 nodad=nodad ;;
    *) to=10.71.0.2 nodad= ;;
    esac
    ip addr add $from dev toe0 $nodad
    begin $to "${from%/*}"
    ip addr del $from dev toe0
    until_true "without $from" is '"why":"address"'
    ip addr add $from dev toe0 $nodad
    before=$(bytes)
    until_true "with $from again" goes_on
    end 'an address'
done

kill -TERM "$nic_pid"
nic_ends || fail "after SIGTERM: status $?, $nic_said"
exit $failed
