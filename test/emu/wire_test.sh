#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The stress test against this machine's kernel, on a veth in a network namespace of our own, and what
# is left there when it ends by itself and when it is interrupted: nothing.
set -u

if [ "${1:-}" != inside ]; then
    unshare -Urn true 2>/dev/null || {
        echo 'no user and network namespaces here (unshare -Urn)'
        exit 77
    }
    command -v ip >/dev/null || {
        echo 'no ip command here (Debian package: iproute2)'
        exit 77
    }
    exec unshare -Urn "$BASH" "$0" inside
fi

toe=$TOE_COMMAND
failed=0

fail() {
    printf '%s\n' "$*"
    failed=1
}

# What a run must leave as it was. The kernel's own link-local addresses come when they like.
state() {
    ip -o addr | grep -v fe80 | awk '{print $2, $3, $4}'
    ip -o route
    pgrep -f -- "$toe stress --port here"
}

ip link set lo up
ip link add here type veth peer name there
ip link set here up
ip link set there up
timeout 5 "$BASH" -c 'until ip link show here | grep -q "state UP"; do :; done'
before=$(state)

# JSON's last line is the summary, and all is well.
out=$("$toe" stress --port here --connections 64 --seconds 3 --seed 3 --loss 0.5 \
    --offload-every 500ms --upload-every 500ms --json)
status=$?
summary=$(printf '%s\n' "$out" | tail -n 1)
[ $status -eq 0 ] || fail "stress: exit status $status"
for want in '"verdict":"pass"' '"bytes_wrong":0,' '"resets":0,' '"leftover":0,'; do
    case $summary in
    *"$want"*) ;;
    *) fail "stress: no $want in: $summary" ;;
    esac
done
[ "$(state)" = "$before" ] || fail "stress left something behind: $(state)"

# Faults between host and target: the kernel at the other end notices nothing but those of hardware.
out=$("$toe" stress --port here --connections 32 --seconds 2 --seed 4 --chaos \
    --offload-every 300ms --upload-every 300ms --json)
status=$?
summary=$(printf '%s\n' "$out" | tail -n 1)
[ $status -eq 0 ] || fail "chaos: exit status $status"
for want in '"verdict":"pass"' '"bytes_wrong":0,' '"resets":0,' '"breaches":0,' '"refuse_tcp":'; do
    case $summary in
    *"$want"*) ;;
    *) fail "chaos: no $want in: $summary" ;;
    esac
done

# With explicit congestion notification: the kernel agrees, and gets what may be marked.
ect() {
    awk '$1 == "IpExt:" {
        if (!column) { for (i = 1; i <= NF; ++i) if ($i == "InECT0Pkts") column = i }
        else print $column
    }' /proc/net/netstat
}
seen=$(ect)
if [ -n "$seen" ]; then
    # On a busy machine a second may be too short for more than a connection or two.
    for ((i = 0; i < 20 && $(ect) <= seen + 16; ++i)); do
        "$toe" stress --port here --connections 16 --seconds 1 --seed 4 --ecn --offload-every 200ms \
            --upload-every 200ms >/dev/null || fail 'stress --ecn failed'
    done
    [ "$(ect)" -gt $((seen + 16)) ] || fail "of the packets of stress --ecn too few are ECT: $(ect)"
fi

# Interrupted at some moments, from before the port is open until data flows.
for delay in 0.01 0.05 0.2 0.7 1.5; do
    timeout -s INT "$delay" "$toe" stress --port here --connections 64 --seconds 30 >/dev/null 2>&1
    [ "$(state)" = "$before" ] || fail "interrupted after $delay s it left: $(state)"
done

# Nobody at the other end: that is the environment's fault, and said in one line.
err=$(timeout 60 "$toe" stress --port here --peer 10.99.0.2 --address 10.99.0.1/24 --seconds 1 2>&1 >/dev/null)
[ $? -eq 3 ] || fail "no peer: exit status is not 3"
[ "$(printf '%s\n' "$err" | wc -l)" -eq 1 ] || fail "no peer: $err"
exit $failed
