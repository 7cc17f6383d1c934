#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `toe stress --certify --nic`: connections of the kernel move, no byte is wrong at either end, both
# NICs end in order, and of an interrupted run no process is left. What depends on how much else the
# computer has to do is not looked at here, as in endurance_wire_test.sh.
set -u
toe=$TOE_COMMAND
folder=$(mktemp -d "${TMPDIR:-/tmp}/toe-endurance.XXXXXX")
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$folder"' EXIT

fail() {
    echo "FAIL: $*"
    exit 1
}

unshare -Urn true 2>/dev/null || {
    echo 'no user and network namespaces here (unshare -Urn)'
    exit 77
}
[ -r /dev/net/tun ] && [ -w /dev/net/tun ] || {
    echo 'no permission for /dev/net/tun'
    exit 77
}

"$toe" stress --certify --nic --profile smoke --seconds 6 --connections 100 --json >"$folder/said"
[ $? -le 1 ] || fail "it does not run: $(tail -n 1 "$folder/said")"
python3 - "$folder/said" <<'END' || fail "$(tail -n 1 "$folder/said")"
import json, sys
objects = [json.loads(line) for line in open(sys.argv[1])]
last = objects[-1]
met = {r["id"]: r["verdict"] == "pass" for r in last["requirements"]}
assert last["bytes_wrong"] == last["leftover"] == last["resets"] == 0, last["fault"]
assert last["bytes"] > 0 and last["offloads"] == last["uploads"] > 0
assert met["CERT-1"] and met["CERT-2"] and met["CERT-7"], last["fault"]
assert not met["CERT-6"], "there were 100 connections only"
assert sum(o["type"] == "phase_end" for o in objects) == 10
END

# Interrupted: it ends, with both networks and all that is in them.
"$toe" stress --certify --nic --profile smoke --seconds 600 --connections 50 >"$folder/said" &
pid=$!
for ((i = 0; i < 600; ++i)); do
    grep -q '^phase 1' "$folder/said" && break
    read -r -t 0.1 <> <(:)
done
children=$(pgrep -P "$pid")
[ "$(wc -w <<<"$children")" -eq 3 ] || fail "the other machine and two NICs: $children"
kill -INT "$pid"
wait "$pid"
[ $? -eq 1 ] || fail "interrupted: exit status; $(cat "$folder/said")"
tail -n 1 "$folder/said" | grep -q 'interrupted' || fail "interrupted: $(tail -n 1 "$folder/said")"
for child in $children; do
    kill -0 "$child" 2>/dev/null && fail "process $child is left"
done
exit 0
