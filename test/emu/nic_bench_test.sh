#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `toe bench nic-*`: every figure is there, beside its peers. What they are is not judged.
set -u

unshare -Urn true 2>/dev/null || {
    echo 'no user and network namespaces here (unshare -Urn)'
    exit 77
}
[ -r /dev/net/tun ] && [ -w /dev/net/tun ] || {
    echo 'no permission for /dev/net/tun'
    exit 77
}

out=$("$TOE_COMMAND" bench 'nic-*' --rounds 1 --json 2>&1)
status=$?
failed=0

fail() {
    printf '%s\n' "$*"
    failed=1
}

# figure NAME PEER: it was told.
figure() {
    grep '"type": *"figure"' <<<"$out" | grep "\"name\": *\"$1\"" |
        grep -q "\"peer\": *\"$2\"" || fail "$1 beside $2 is missing"
}

# AF_XDP is not to be had by everybody; then that is said.
grep -q '"type": *"absent", *"name": *"nic-xdp"' <<<"$out" ||
    for name in tx rx frames; do
        figure nic-xdp-$name veth
    done
[ $status -eq 0 ] || fail "exit status $status"
for direction in tx rx; do
    for name in bulk-$direction bulk-$direction-ipv6 ordinary-$direction ordinary-$direction-ipv6; do
        figure nic-$name veth
        figure nic-$name veth-plain
    done
done
for name in latency latency-ordinary latency-asleep frames; do
    figure nic-$name veth
    figure nic-$name veth-plain
done
for kind in tx rx rr; do
    figure nic-stall-offload-$kind round-trip
    figure nic-stall-upload-$kind round-trip
done
tail -n 1 <<<"$out" | grep -q '"type": *"summary"' || fail 'the summary is missing'
[ $failed -eq 0 ] || printf '%s\n' "$out"
exit $failed
