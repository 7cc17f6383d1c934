#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What an operation costs, in instructions, against the golden numbers. They are counted by
# callgrind, so they have no noise; but the compiler and the C library have a say in them, which the
# tolerance is for. Less is told, for the golden file to be made anew:
#
#     TOE_COMMAND=build/release/toe bash test/bench/cost_test.sh --regenerate
#
# Of a benchmark only what happens within a function counts, in one measurement and one before it.
set -u
toe=${TOE_COMMAND:?names the command}
golden=$(dirname "$0")/cost.golden
tolerance=10 # per cent

# skip WHY says that nothing can be counted here.
skip() {
    echo "cost: skipped: $1"
    exit 77
}

command -v valgrind >/dev/null || skip 'no valgrind (Debian package: valgrind)'
grep -qw avx2 /proc/cpuinfo || skip 'the golden numbers are of a machine with AVX2'
[ "${TOE_BUILD:-Release GNU }" = 'Release GNU ' ] || skip 'they are of a release build by gcc'

# counted NAME FUNCTION prints the instructions of both. A copy of the C library by "rep movsb" would
# count each byte.
counted() {
    GLIBC_TUNABLES=glibc.cpu.x86_rep_movsb_threshold=1073741824 valgrind --tool=callgrind \
        --callgrind-out-file=/dev/null --collect-atstart=no --toggle-collect="$2" \
        "$toe" bench "$1" --peers unit --rounds 1 2>&1 >/dev/null | sed -n 's/^.*Collected : \([0-9]*\).*/\1/p'
}

made=$(
    grep '^#' "$golden"
    grep -v '^#' "$golden" | while read -r name function pieces _; do
        echo "$name $function $pieces $(($(counted "$name" "$function") / (2 * pieces)))"
    done
)
if [ "${1:-}" = --regenerate ]; then
    printf '%s\n' "$made" >"$golden"
    exit 0
fi

status=0
while read -r name _ _ wanted && read -r _ _ _ cost <&3; do
    if [ "$cost" -le 0 ] || [ $((100 * cost)) -gt $(((100 + tolerance) * wanted)) ]; then
        echo "$name: $cost instructions, was $wanted"
        status=1
    elif [ $((100 * cost)) -lt $(((100 - tolerance) * wanted)) ]; then
        echo "$name: $cost instructions, was $wanted: worth a new golden file"
    fi
done < <(grep -v '^#' "$golden") 3< <(printf '%s\n' "$made" | grep -v '^#')
exit $status
