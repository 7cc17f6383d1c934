#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The table of rules: every rule has a test or a reason and not both, no rule is there twice, none is
# missing, and no test names one that does not exist.

set -u
toe=${TOE_COMMAND:?}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
failed=0

fail() {
    echo "$1"
    failed=1
}

# The command itself complains about what is wrong with the suite.
"$toe" certify --rules >"$tmp/rules" 2>"$tmp/err" || fail "certify --rules: status $?"
if [ -s "$tmp/err" ]; then
    cat "$tmp/err"
    failed=1
fi

# So many rules has each document. Who adds one adds it here.
while read -r document want; do
    got=$(awk -v document="$document" '$3 == document' "$tmp/rules" | wc -l)
    [ "$got" -eq "$want" ] || fail "$document: $got rules are listed, it has $want"
done <<'END'
control.md 200
state.md 154
platform.md 111
data.md 307
protocol.md 300
scenarios.md 49
END
[ "$(wc -l <"$tmp/rules")" -eq 1121 ] || fail 'rules of a document that there is not'

# No rule without level, coverage, and tests or a reason.
awk '!/^[A-Z][A-Z0-9.-]* +[MSOPXHD] +[a-z]+\.md +(tested|excused) +[^ ]/ { print "odd: " $0; odd = 1 }
    END { exit odd }' "$tmp/rules" || failed=1
awk '{ print $1 }' "$tmp/rules" | sort | uniq -d | grep . && fail 'rules that are there twice'

# Every test in the table is a scenario that can be run; G stands for the invariants.
"$toe" certify --list >"$tmp/list" 2>&1 || fail 'certify --list fails'
awk '$4 == "tested" { for (i = 5; i <= NF; ++i) print $i }' "$tmp/rules" | sort -u | grep -vx G \
    >"$tmp/named"
awk '$2 == "compat" || $2 == "modern" { print $1 }' "$tmp/list" | sort -u >"$tmp/tests"
cmp -s "$tmp/named" "$tmp/tests" || fail "scenarios and the table differ:
$(diff "$tmp/named" "$tmp/tests")"

# The list says the same, and so does JSON.
grep -E ' (tested|excused|untested) ' "$tmp/list" | cmp -s - "$tmp/rules" ||
    fail 'certify --list shows other rules than certify --rules'
"$toe" certify --rules --json >"$tmp/json" 2>/dev/null
[ "$(grep -c '"type": *"rule"' "$tmp/json")" -eq 1121 ] || fail 'JSON: not all rules'
if command -v python3 >/dev/null; then
    python3 - "$tmp/json" <<'END' || fail 'JSON: a rule without tests and reason, or with both'
import json, sys

for line in open(sys.argv[1]):
    rule = json.loads(line)
    assert bool(rule["tests"]) != bool(rule["reason"]), rule
END
fi

exit $failed
