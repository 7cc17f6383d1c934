#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `toe nic` below a machine whose rules drop what belongs to no connection, with strict reverse-path
# filters (hostile input 78): the kernel's connections move at random, and connection tracking sees
# the whole of each, as the kernel does. Nothing is invalid to it, and all bytes arrive.
set -u
command -v nft >/dev/null || {
    echo 'no nft command here (Debian package: nftables)'
    exit 77
}
# shellcheck source=test/emu/nic_world.sh
. "$(dirname "$0")/nic_world.sh"

for each in all default; do
    echo 1 >"/proc/sys/net/ipv4/conf/$each/rp_filter"
done
nft -f - <<'END' || { echo 'no connection tracking in rules here'; exit 77; }
table inet seen {
    chain in {
        type filter hook input priority 0; policy accept;
        ct state invalid counter drop
        iifname "toe0" meta l4proto tcp ct state established,related counter accept
        iifname "toe0" meta l4proto tcp counter drop
    }
    chain out {
        type filter hook output priority 0; policy accept;
        ct state invalid counter drop
    }
}
END
nic --policy random --rate 200
address
[ "$(cat /proc/sys/net/ipv4/conf/toe0/rp_filter)" = 1 ] || fail 'the NIC has changed the reverse-path filter'
streams_begin 10.71.0.2 fd71::2
moved() {
    "$toe" stats --json | json '
kernel = [o for o in lines if o.get("group") == "kernel"][0]
sys.exit(kernel["offloads"] < 40 or kernel["uploads"] < 40)'
}
until_true 'forty moves' moved
streams_end 'behind rules'
kill -TERM "$nic_pid"
nic_ends || fail "after SIGTERM: status $?, $nic_said"

# What the rules have counted, in their order: nothing but what was established.
nft -j list table inet seen | python3 -c '
import json, sys
packets = [e["counter"]["packets"] for o in json.load(sys.stdin)["nftables"] if "rule" in o
           for e in o["rule"]["expr"] if "counter" in e]
assert len(packets) == 4, packets
invalid_in, established, other, invalid_out = packets
assert established > 100 and invalid_in + other + invalid_out == 0, packets' || fail 'rules saw half a connection'
exit $failed
