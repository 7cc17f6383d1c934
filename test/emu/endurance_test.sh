#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `toe stress --certify --sim`: the shortest run meets all seven requirements; a run that cannot meet
# one of them says which.
set -u
toe=$TOE_COMMAND
folder=$(mktemp -d "${TMPDIR:-/tmp}/toe-endurance.XXXXXX")
trap 'rm -rf "$folder"' EXIT

fail() {
    echo "FAIL: $*"
    exit 1
}

# certify ARGUMENT...: a run of some seconds, its objects in $folder/said.
certify() {
    "$toe" stress --certify --sim --profile smoke --seconds 8 --json "$@" >"$folder/said"
}

# check EXPRESSION...: each holds of all |objects| and the summary |last|.
check() {
    python3 - "$folder/said" "$@" <<'END' || fail "$(tail -n 1 "$folder/said")"
import json, sys
objects = [json.loads(line) for line in open(sys.argv[1])]
last = objects[-1]
unmet = [r["id"] for r in last["requirements"] if r["verdict"] != "pass"]
for expression in sys.argv[2:]:
    assert eval(f"({expression})"), f"{expression}: {unmet}, {last['fault']}"
END
}

certify || fail "a run that should pass: $(tail -n 1 "$folder/said")"
check 'last["verdict"] == "pass"' 'unmet == []' 'len(last["requirements"]) == 7' \
    'last["bytes_wrong"] == last["leftover"] == last["resets"] == 0' \
    'last["connections_peak"] >= 1024' \
    '[o["name"] for o in objects if o["type"] == "phase"]
     == [o["name"] for o in objects if o["type"] == "phase_end"]' \
    'sum(o["type"] == "requirement" for o in objects) == 7'

# Too few connections: the sixth requirement, and no other one, is not met.
certify --connections 64
[ $? -eq 1 ] || fail "64 connections: $(tail -n 1 "$folder/said")"
check 'last["verdict"] == "fail"' 'unmet == ["CERT-6"]' '"CERT-6" in last["fault"]'
exit 0
