#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `toe demo`, over the NIC where there can be one and on the wire, but shorter than it is by itself: it
# passes, its last line says so, and it leaves nothing behind, neither by itself nor interrupted nor
# killed.
set -u

unshare -Urn true 2>/dev/null || {
    echo 'no user and network namespaces here (unshare -Urn)'
    exit 77
}

toe=$TOE_COMMAND
failed=0

fail() {
    printf '%s\n' "$*"
    failed=1
}

# passes OPTION...: it ends well, and says so.
passes() {
    local status

    out=$("$toe" demo "$@" 2>&1)
    status=$?
    [ $status -eq 0 ] || fail "toe demo $*: status $status, $out"
    case $(printf '%s\n' "$out" | tail -n 1) in
    'demo: pass'* | *'"verdict":"pass"'*) ;;
    *) fail "toe demo $*: $out" ;;
    esac
}

# A leak checker looks from a process that it starts, and those of the demonstration over the NIC are
# in a process namespace that theirs cannot look out of.
export ASAN_OPTIONS=detect_leaks=0
passes --seconds 1 --connections 10
case $out in
*'There can be no `toe nic` here'*) [ ! -w /dev/net/tun ] || fail "no NIC: $out" ;;
*'toe peer '*' finished'*) ;;
*) fail "nothing is said of our own program: $out" ;;
esac

passes --seconds 0.5 --connections 20 --seed 2 --json
printf '%s\n' "$out" | python3 -c '
import json, sys
lines = [json.loads(line) for line in sys.stdin]
end = lines[-1]
assert end["type"] == "summary" and end["command"] == "demo" and end["seed"] == 2, end
assert end["bytes"] > 0 and end["bytes_wrong"] == 0 and end["resets"] == 0 and end["leftover"] == 0, end
assert end["offloads"] > 0 and end["uploads"] > 0 and end["connections_opened"] > 0, end
assert any(o["type"] == "event" for o in lines), lines' || fail "--json: $out"

ASAN_OPTIONS='' passes --wire --seconds 1 --connections 60

# A process of the demonstration that outlived it would keep its namespaces alive, too. All of them
# have the mark in their environment. Where the signal came before there was a handler, the kernel ends
# the others, which takes it a moment.
mark=demo_test_$$
gone() {
    local i

    for ((i = 0; i < 200; ++i)); do
        grep -qsz "^toe_mark=$mark$" /proc/[0-9]*/environ || return 0
        read -r -t 0.1 <> <(:)
    done
    grep -lsz "^toe_mark=$mark$" /proc/[0-9]*/environ
    return 1
}
for delay in 0.05 0.5 2; do
    toe_mark=$mark timeout -s INT "$delay" "$toe" demo >/dev/null 2>&1
    gone || fail "interrupted after $delay s, a process is left"
done
toe_mark=$mark timeout -s KILL 2 "$toe" demo >/dev/null 2>&1
gone || fail 'killed, and a process is left'
exit $failed
