#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `toe stress --certify` on a wire: the two machines agree, no byte is wrong at either end, and of an
# interrupted run no process is left. On a computer that has much else to do timers are late and
# neighbors silent, and not all connections come to be in so short a time; so what depends on that is
# not looked at here.
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

"$toe" stress --certify --profile smoke --seconds 7 --connections 200 --json >"$folder/said"
[ $? -le 1 ] || fail "it does not run: $(tail -n 1 "$folder/said")"
python3 - "$folder/said" <<'END' || fail "$(tail -n 1 "$folder/said")"
import json, sys
objects = [json.loads(line) for line in open(sys.argv[1])]
last = objects[-1]
met = {r["id"]: r["verdict"] == "pass" for r in last["requirements"]}
assert last["bytes_wrong"] == last["leftover"] == last["resets"] == last["breaches"] == 0
assert last["bytes"] > 0 and last["offloads"] == last["uploads"] > 0
assert met["CERT-1"] and met["CERT-2"] and met["CERT-3"] and met["CERT-7"], last["fault"]
assert not met["CERT-6"], "there were 200 connections only"
assert sum(o["type"] == "phase_end" for o in objects) == 10
END

# Interrupted: it ends, with both networks and all that is in them.
"$toe" stress --certify --profile smoke --seconds 600 --connections 50 >"$folder/said" &
pid=$!
for ((i = 0; i < 600; ++i)); do
    grep -q '^phase 1' "$folder/said" && break
    read -r -t 0.1 <> <(:)
done
children=$(pgrep -P "$pid")
[ -n "$children" ] || fail 'there is no other machine'
kill -INT "$pid"
wait "$pid"
[ $? -eq 1 ] || fail "interrupted: exit status; $(cat "$folder/said")"
tail -n 1 "$folder/said" | grep -q 'interrupted' || fail "interrupted: $(tail -n 1 "$folder/said")"
for child in $children; do
    kill -0 "$child" 2>/dev/null && fail "process $child is left"
done
exit 0
