#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `toe stress --swarm`: seeds pass, with the same results however many go on at once; a schedule that
# was written runs again; an interrupted swarm ends soon, and says so.
set -u
toe=$TOE_COMMAND
folder=$(mktemp -d "${TMPDIR:-/tmp}/toe-swarm.XXXXXX")
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$folder"' EXIT

fail() {
    echo "FAIL: $*"
    exit 1
}

# swarm ARGUMENT...: the digests of its runs, in order, and of all.
swarm() {
    "$toe" stress --sim --swarm 24 --seed 100 --json --failures "$folder/failures" "$@" |
        python3 -c '
import json, sys
lines = [json.loads(line) for line in sys.stdin]
runs = [o for o in lines if o["type"] == "run"]
assert [o["seed"] for o in runs] == list(range(100, 124)), runs
assert lines[-1]["type"] == "summary" and lines[-1]["verdict"] == "pass", lines[-1]
print(*(o["digest"] for o in runs), lines[-1]["digest"])'
}
one=$(swarm --jobs 1) || fail 'a swarm'
four=$(swarm --jobs 4) || fail 'a swarm of four at once'
[ "$one" = "$four" ] || fail "it matters how many go on at once: $one and $four"
[ ! -e "$folder/failures" ] || fail 'there is a folder though nothing failed'
[ "$(swarm --connections 3 --seconds 2 --loss 1)" != "$one" ] || fail 'options mean nothing'

# A run that cannot succeed: a link that loses everything. It is shortened, written and run again.
"$toe" stress --sim --swarm 1 --seconds 1 --connections 2 --loss 100 --failures "$folder/failures" \
    >"$folder/said"
[ $? -eq 1 ] || fail "a link that loses everything: $(cat "$folder/said")"
grep -q 'events are enough' "$folder/said" || fail "nothing was shortened: $(cat "$folder/said")"
written=$folder/failures/seed-1
for file in "$written.json" "$written.pcapng" "$written.txt"; do
    [ -s "$file" ] || fail "no $file"
done
"$toe" stress --replay "$written.json" --report "$folder/report" >/dev/null
[ $? -eq 1 ] || fail 'the replay does not fail'
python3 - "$written.json" "$folder/report" <<'END' || fail 'the replay fails otherwise'
import json, sys
schedule, report = (json.load(open(name)) for name in sys.argv[1:])
assert schedule["fault"] == report["fault"], (schedule["fault"], report["fault"])
assert 0 < len(schedule["events"]) <= 2, schedule["events"]
END

# Interrupted.
"$toe" stress --sim --swarm 100000 --failures "$folder/failures" >"$folder/said" &
swarm_pid=$!
for ((i = 0; i < 200; ++i)); do
    grep -q '^seed 3:' "$folder/said" && break
    read -r -t 0.1 <> <(:)
done
kill -INT "$swarm_pid"
wait "$swarm_pid"
[ $? -eq 1 ] || fail 'interrupted: exit status'
tail -n 1 "$folder/said" | grep -q 'interrupted' || fail "interrupted: $(tail -n 1 "$folder/said")"
