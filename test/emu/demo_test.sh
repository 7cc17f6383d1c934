#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `toe demo` without arguments' defaults but shorter: it passes, its last line says so, and it leaves
# nothing behind, neither by itself nor interrupted.
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

out=$("$toe" demo --seconds 3 --connections 60)
status=$?
[ $status -eq 0 ] || fail "exit status $status"
case $(printf '%s\n' "$out" | tail -n 1) in
'demo: pass'*) ;;
*) fail "$out" ;;
esac

out=$("$toe" demo --seconds 1 --connections 20 --json)
case $(printf '%s\n' "$out" | tail -n 1) in
*'"verdict":"pass"'*) ;;
*) fail "--json: $out" ;;
esac

# A process of the demonstration that outlived it would keep its namespaces alive, too. Where the
# signal came before there was a handler, the kernel ends the others, which takes it a moment.
gone() {
    timeout 5 "$BASH" -c 'while pgrep -f "$0 demo" >/dev/null; do :; done' "$toe"
}
for delay in 0.05 0.5 2; do
    timeout -s INT "$delay" "$toe" demo >/dev/null 2>&1
    gone || fail "interrupted after $delay s, a process is left"
done
exit $failed
