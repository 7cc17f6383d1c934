#!/bin/bash
# SPDX-License-Identifier: MIT
#
# toe certify on targets that crash, hang, exit, flood, scribble or are none: each is said to be what
# it is, the rest still runs, it does not take long, and no process is left behind.

set -u
# A sanitizer is to leave a crash as it is.
export ASAN_OPTIONS=handle_segv=0:handle_abort=0:allocator_may_return_null=1:detect_leaks=0
toe=${TOE_COMMAND:?}
plugin=${TOE_HOSTILE_PLUGIN:?}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
failed=0

# hostile WAY STATUS OPTION...: certifies that target, in four minutes at most.
hostile() {
    local want=$2 got
    way=$1
    shift 2
    TOE_HOSTILE=$way timeout -k 5 240 "$toe" certify --target "$plugin" "$@" >"$tmp/out" 2>"$tmp/err"
    got=$?
    if [ $got -ne "$want" ]; then
        echo "$way: status $got, expected $want"
        tail -n 20 "$tmp/out" "$tmp/err"
        failed=1
    fi
}

# says PATTERN: in the output or in the error of the last one.
says() {
    if ! cat "$tmp/out" "$tmp/err" | grep -Eq -- "$1"; then
        echo "$way: no line matches $1"
        tail -n 20 "$tmp/out" "$tmp/err"
        failed=1
    fi
}

# Of one function only: that is said, and what does not need it passes.
hostile crash-query 1 --profile compat --filter basics
says '^crash +B-15 '
says 'the target crashed, inside query\(\): Segmentation fault'
says '^pass +B-14 '
says '^start with B-15: '
hostile exit-terminate 1 --profile compat --filter basics
says 'the target ended the process with status 0, inside terminate\(\)'
says '^pass +B-01 '
hostile block-send 1 --profile compat --filter basics --patience 1
says '^hang +B-06 '
says 'inside send\(\): it waits for something'
says '^pass +B-10 '
hostile absent-query 1 --profile compat --filter basics
says 'the target has no query\(\) in its table'
says '^pass +B-14 '
hostile never 1 --profile compat --filter basics
says '^pass +B-03 '
says 'initiate: no completion within a second'
hostile scribble 1 --profile compat --filter B-04
hostile scribble-all 1 --profile compat --filter 'B-0[1-4]'
says '^crash +B-04 .*'
says 'Aborted'
hostile flood 1 --profile compat --filter B-04
says 'the target floods: more than'
hostile flood-wire 1 --profile compat --filter B-04
says 'the target floods: more than'
hostile hog 1 --profile compat --filter B-04 --patience 60
says 'it had taken [0-9]+ MiB of memory'

# What only the contract monitor sees: the rule is named, with what was wrong, and the chart shows where.
hostile mark-send 1 --profile compat --filter B-06
says '^fail +B-06 '
says "invariant: a completed buffer's list, flags or owner's words were changed \\(IOS-008\\)"
says 'IOS-0*8 '
says '^ +[0-9.]+ host --> target +send'
says '^ +[0-9.]+ --- +breach: a completed buffer'

# In everything: the whole suite, both profiles.
hostile nothing 1
says '^start with B-02: '
says '^certify: fail: '
hostile busy 1
says 'asks to be run again and again at the same instant'
hostile spin-run 1 --patience 1
says '^hang +B-01 '
says 'inside run\(\): it (computes without end|takes for ever)'
says '^not run: [0-9]+ scenarios from '
says '^certify: fail: '
hostile block-run 1 --patience 1
says '^not run: [0-9]+ scenarios from '
hostile crash-run 1
says '^certify: fail: '

# It is told what is asked for even so.
hostile spin-run 1 --patience 1 --json --junit "$tmp/j.xml" --report "$tmp/r.html"
tail -n 1 "$tmp/out" | grep -q '"verdict":"fail".*"tests_not_run":[1-9]' || {
    echo 'JSON: no word of what was not run'
    failed=1
}
grep -q '</testsuite>' "$tmp/j.xml" && grep -q '</html>' "$tmp/r.html" || {
    echo 'the reports are not complete'
    failed=1
}
hostile print 0 --json --filter B-01
if grep -v '^{' "$tmp/out"; then
    echo 'JSON: what the target prints is mixed with it'
    failed=1
fi
hostile crash-query 1 --stop --jobs 1 --profile compat
says '^certify: fail: .* not run'
if grep -q '^[a-z]* *T-' "$tmp/out"; then
    echo '--stop: it did not'
    failed=1
fi

# Not loaded.
printf 'no shared object' >"$tmp/text.so"
"$toe" certify --target "$tmp/text.so" >"$tmp/out" 2>"$tmp/err"
[ $? -eq 3 ] && grep -q 'cannot load' "$tmp/err" || { echo 'a text file is loaded'; failed=1; }
"$toe" certify --target "${TOE_LIBRARY:?}" >"$tmp/out" 2>"$tmp/err"
[ $? -eq 3 ] && grep -q 'does not export' "$tmp/err" || { echo 'a library is loaded'; failed=1; }
"$toe" certify --target "$tmp/none.so" >"$tmp/out" 2>"$tmp/err"
[ $? -eq 2 ] || { echo 'what is not there is loaded'; failed=1; }
hostile crash-load 3
says 'loading it ended with: Segmentation fault'
hostile exit-load 3
says 'loading it exits with status 0'
hostile no-plugin 3
says 'returns NULL'
hostile old 3
says 'of version 2, this is version 1'
hostile small 3
says 'its .size. is 8'
hostile small-ops 3
says 'the .size. of its ops is 8'
hostile no-ops 3
says 'needs create, destroy and ops'
hostile no-create 3
says 'needs create, destroy and ops'
hostile absent-run 3
says 'its ops have no run\(\)'

# What a target leaves running ends with it. Each child has the way in its environment.
mine=TOE_HOSTILE=fork
left() {
    grep -lzx "$mine" /proc/[0-9]*/environ 2>/dev/null
}
hostile fork 0 --filter 'B-0[1-3]'
if [ -n "$(left)" ]; then
    echo 'fork: processes are left:' $(left)
    failed=1
fi

# So does all of it with the command: it is stopped in the middle of a hang.
mine=TOE_HOSTILE=spin-send
: >"$tmp/out" # the redirection below is the child's: what the last one printed would count
TOE_HOSTILE=spin-send "$toe" certify --target "$plugin" --filter 'B-0[16]' --profile compat \
    --patience 60 --jobs 1 >"$tmp/out" 2>&1 &
pid=$!
until grep -q '^pass  B-01' "$tmp/out" || ! kill -0 $pid 2>/dev/null; do
    :
done
kill -TERM $pid
wait $pid 2>/dev/null
status=$?
if [ $status -ne 143 ] || ! grep -q 'interrupted' "$tmp/out" || [ -n "$(left)" ]; then
    echo "stopped: status $status, left:" $(left)
    cat "$tmp/out"
    failed=1
fi

exit $failed
