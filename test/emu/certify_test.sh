#!/bin/bash
# SPDX-License-Identifier: MIT
#
# toe certify: passes on our target, tells it in every form, refuses what makes no sense, and takes a
# plug-in.

set -u
toe=${TOE_COMMAND:?}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
failed=0

# expect STATUS WHAT COMMAND...
expect() {
    local want=$1 what=$2 got
    shift 2
    "$@" >"$tmp/out" 2>"$tmp/err"
    got=$?
    if [ $got -ne "$want" ]; then
        echo "$what: status $got, expected $want"
        tail -n 20 "$tmp/out" "$tmp/err"
        failed=1
    fi
}

# has PATTERN WHAT: the output of the last command.
has() {
    if ! grep -Eq -- "$1" "$tmp/out"; then
        echo "$2: no line matches $1"
        failed=1
    fi
}

expect 0 'both profiles, all files' "$toe" certify --junit "$tmp/j.xml" --report "$tmp/r.html"
has '^certify: pass: ' 'both profiles'
grep -q '</testsuite>' "$tmp/j.xml" || { echo 'JUnit: not complete'; failed=1; }
grep -q '</html>' "$tmp/r.html" || { echo 'HTML: not complete'; failed=1; }

# Under a sanitizer, which is slow, a part of the suite is enough to see what it is told in.
some=()
[ "${TOE_TEST_SHARE:-1}" -eq 1 ] || some=(--filter 'T-0*')

expect 0 'JSON' "$toe" certify --json --profile compat "${some[@]}"
for key in verdict tests rules_total rules_passed rules_failed rules_excused; do
    tail -n 1 "$tmp/out" | grep -q "\"$key\":" || { echo "JSON: no $key"; failed=1; }
done
if command -v python3 >/dev/null; then
    python3 -c 'import json, sys
for line in sys.stdin: json.loads(line)' <"$tmp/out" || { echo 'JSON: not well-formed'; failed=1; }
fi

expect 0 'one scenario' "$toe" certify --filter T-001 --profile compat
has '^certify: pass: 1 tests' 'one scenario'
expect 0 'one rule' "$toe" certify --rule SND-032
has '^pass +T-001' 'one rule'
expect 0 'the list' "$toe" certify --list
has '^SND-032 +M +data.md +tested' 'the list'

expect 2 'an unknown option' "$toe" certify --nonsense
expect 2 'an unknown profile' "$toe" certify --profile ancient
expect 2 'an unknown rule' "$toe" certify --rule SND-999
expect 2 'a filter that matches nothing' "$toe" certify --filter 'Z*'
expect 2 'a plug-in that is not there' "$toe" certify --target "$tmp/none.so"
expect 2 'a report that cannot be written' "$toe" certify --filter T-001 --junit "$tmp/no/j.xml"
expect 2 'another one' "$toe" certify --filter T-001 --report "$tmp/no/r.html"

plugin=$(dirname "$toe")/examples/certify_plugin.so
if [ -e "$plugin" ]; then
    expect 0 'the template' "$toe" certify --target "$plugin" "${some[@]}"
    has '^certify: pass: ' 'the template'
fi

exit $failed
