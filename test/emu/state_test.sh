#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# toe state: both forms say the same, differences and faults are named, wrong use is refused.
# state_sample.json is a saved connection of version 1, and the fuzz corpus has the same in binary:
# what once was written can be read for ever.
set -u
toe=${TOE_COMMAND:?}
here=$(cd "$(dirname "$0")" && pwd)
sample=$here/state_sample.json
binary=$here/../fuzz/corpus/saved/established
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
failed=0

fault() {
    echo "$*"
    failed=1
}

# expect STATUS PATTERN ARGUMENT...: toe state ends with STATUS, and a line matches PATTERN.
expect() {
    local want=$1 pattern=$2 got
    shift 2
    timeout 20 "$toe" state "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
    got=$?
    if [ $got -ne "$want" ] || ! { [ -z "$pattern" ] || cat "$tmp/out" "$tmp/err" | grep -Eq -- "$pattern"; }; then
        fault "toe state $*: status $got, wanted $want and /$pattern/"
        head -n 5 "$tmp/out" "$tmp/err"
    fi
    if [ "$want" -ge 2 ] && { [ -s "$tmp/out" ] || [ "$(wc -l <"$tmp/err")" -ne 1 ]; }; then
        fault "toe state $*: more than one line on stderr"
    fi
}

# same A B WHAT: two files are equal.
same() {
    cmp -s "$1" "$2" || fault "$3: not the same"
}

# The two forms, by name and by option, there and back.
expect 0 '' convert "$sample" "$tmp/a.toe"
same "$tmp/a.toe" "$binary" 'the sample in binary'
expect 0 '' convert "$tmp/a.toe" "$tmp/b.json"
same "$tmp/b.json" "$sample" 'the sample in JSON'
expect 0 '' convert "$tmp/a.toe" "$tmp/c" --to json
same "$tmp/c" "$sample" 'by --to json'
expect 0 '' convert "$sample" "$tmp/d.json" --to binary
same "$tmp/d.json" "$binary" 'by --to binary'
for name in fin_wait_1 fin_wait_2 close_wait closing last_ack time_wait no_extension ipv6 plain; do
    file=$here/../fuzz/corpus/saved/$name
    expect 0 '' convert "$file" "$tmp/x.json"
    expect 0 '' convert "$tmp/x.json" "$tmp/x.toe"
    same "$tmp/x.toe" "$file" "$name through JSON"
done

# Shown, for people and for programs; what is shown as JSON is a saved connection.
expect 0 '^10\.0\.0\.2 port 45757 to 10\.0\.0\.1 port 7, ESTABLISHED: 64 bytes to send, 16' show "$binary"
for line in '^delegated.snd_una +4294967286$' '^extension.sacked +\[\[0,10\]\]$' \
    '^delegated.ka_timeout_delta +never$' '^send +64 bytes: 01 02 ' '^early +30 bytes: '; do
    grep -Eq "$line" "$tmp/out" || fault "show: no line matches $line"
done
expect 0 '^\{"type":"state","version":1,' show --json "$binary"
[ "$(wc -l <"$tmp/out")" -eq 1 ] || fault 'show --json: not one line'
cp "$tmp/out" "$tmp/shown"
expect 0 '^equal: 0 fields$' diff "$tmp/shown" "$binary"

# edit FILE OLD NEW: the sample with a change, in $tmp/FILE.
edit() {
    sed "s/$2/$3/" "$sample" >"$tmp/$1"
    ! cmp -s "$sample" "$tmp/$1" || fault "edit: $2 is not in the sample"
}

# Differences, each with both values.
edit other.json '"cwnd": 193513' '"cwnd": 5'
sed -i -e 's/"received": "0306/"received": "0307/' "$tmp/other.json"
expect 1 '^different: 2 fields$' diff "$binary" "$tmp/other.json"
grep -Eq '^delegated.cwnd +193513 \| 5$' "$tmp/out" || fault 'diff: cwnd is not named'
grep -Eq '^received +16 bytes: 03 06 .* \| 16 bytes: 03 07 ' "$tmp/out" || fault 'diff: received'
expect 1 '"type":"summary","verdict":"different","differences":2' diff --json "$binary" "$tmp/other.json"
grep -q '"field":"delegated.cwnd","a":193513,"b":5' "$tmp/out" || fault 'diff --json: cwnd'
expect 1 '^extension.version +1 \| none$' diff "$binary" "$here/../fuzz/corpus/saved/no_extension"

# Sound or not, and why.
expect 0 ': sound$' check "$binary"
expect 0 '^\{"type":"summary","verdict":"pass"\}$' check --json "$sample"
edit unsound.json '"snd_nxt": 30' '"snd_nxt": 31'
expect 1 'delegated.snd_nxt must be from snd_una to snd_max$' check "$tmp/unsound.json"
expect 1 '"verdict":"fail","field":"delegated.snd_nxt","rule":"must be from' check --json "$tmp/unsound.json"
[ -s "$tmp/err" ] && fault 'check --json: something on stderr'
expect 0 '' convert "$tmp/unsound.json" "$tmp/unsound.toe"
expect 1 'delegated.snd_nxt must be' check "$tmp/unsound.toe"
expect 1 'delegated.state must be one that can be offloaded' check "$here/../fuzz/corpus/saved/time_wait"
expect 1 'file must be as long as it says' check "$here/../fuzz/corpus/saved/truncated"
expect 0 ': sound$' check "$here/../fuzz/corpus/saved/unknown_optional"
expect 1 'must be known' check "$here/../fuzz/corpus/saved/unknown_mandatory"

# Damaged: named by check, refused by the others.
{ head -c 300 "$binary"; printf 'X'; tail -c +302 "$binary"; } >"$tmp/damaged.toe"
expect 1 'file must have the checksum at its end' check "$tmp/damaged.toe"
expect 1 'file must have the checksum' show "$tmp/damaged.toe"
expect 2 'file must have the checksum' diff "$binary" "$tmp/damaged.toe"
: >"$tmp/empty"
expect 1 'file must begin with the magic bytes' check "$tmp/empty"
echo 'no state' >"$tmp/text"
expect 1 'file must be a saved connection, binary or JSON' check "$tmp/text"

# JSON that is not quite the form: the field is named.
edit j.json '"snd_wnd": 237848' '"snd_wnd": 4294967296'
expect 1 'delegated.snd_wnd must be a number that fits' check "$tmp/j.json"
edit j.json '"snd_wnd": 237848' '"snd_wnd": -1'
expect 1 'delegated.snd_wnd must be a number' check "$tmp/j.json"
edit j.json '"snd_wnd": 237848,' ''
expect 1 'delegated.snd_wnd must be there' check "$tmp/j.json"
edit j.json '"snd_wnd"' '"send_wnd"'
expect 1 'delegated.send_wnd must not be there' check "$tmp/j.json"
edit j.json '"ESTABLISHED"' '"OPEN"'
expect 1 'delegated.state must be the name of a state' check "$tmp/j.json"
edit j.json '"src": "10.0.0.2"' '"src": "10.0.0.256"'
expect 1 'path.src must be an IPv4 or an IPv6 address' check "$tmp/j.json"
edit j.json '"version": 1,' '"version": 2,'
expect 1 'version must be 1' check "$tmp/j.json"
edit j.json '"received": "03' '"received": "0g'
expect 1 'received must be pairs of hexadecimal digits' check "$tmp/j.json"
# The largest number, which JSON has no integer for, comes back.
edit big.json '"cubic.w_est": [0-9]*' '"cubic.w_est": "18446744073709551615"'
expect 0 '' convert "$tmp/big.json" "$tmp/big.toe"
expect 0 '' convert "$tmp/big.toe" "$tmp/big2.json"
same "$tmp/big.json" "$tmp/big2.json" 'a number beyond 2^63'

# Wrong use.
expect 2 'show, diff, check or convert is missing'
expect 2 'there is no "frobnicate"' frobnicate
expect 2 'FILE is missing' show
expect 2 'B is missing' diff "$binary"
expect 2 'unexpected argument "x"' check "$binary" x
expect 2 'no option --bogus' show --bogus "$binary"
expect 2 'none of name, binary, json' convert "$sample" "$tmp/y" --to xml
expect 2 'cannot read' show "$tmp/nowhere"
expect 2 'cannot read' show "$tmp"
expect 2 'cannot create' convert "$sample" "$tmp/no/where"
[ -w /dev/full ] && expect 3 'cannot write' convert "$sample" /dev/full --to json
expect 0 '^Usage: toe state ' --help
for command in show diff check convert; do
    expect 0 "^Usage: toe state $command " $command --help
done

# A connection that really moved from one process to another, saved on the way.
move=$(dirname "$toe")/examples/move_process
if [ -x "$move" ]; then
    timeout 60 "$move" "$tmp/moved.toe" >"$tmp/out" || fault 'move_process failed'
    grep -q 'the peer received 4000000 bytes of one connection, 0 wrong; it saw 0 resets' "$tmp/out" ||
        fault 'move_process: the peer noticed'
    expect 0 ': sound$' check "$tmp/moved.toe"
    expect 0 'ESTABLISHED' show "$tmp/moved.toe"
fi

exit $failed
