#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The policy of `toe nic`: rules from the command line, from a file and over the control socket,
# each seen at work; and bad ones, each refused with one line.
set -u
# shellcheck source=test/emu/nic_world.sh
. "$(dirname "$0")/nic_world.sh"

# --- bad rules ---

# refused RULE COLUMN: it is, in one line that says where.
refused() {
    local said status

    said=$("$toe" nic --wire wire0 --rule "$1" 2>&1 >/dev/null)
    status=$?
    [ $status -eq 2 ] || fail "rule \"$1\": exit status $status"
    case $said in
    *$'\n'*) fail "rule \"$1\": more than one line: $said" ;;
    *", column $2: "*) ;;
    *) fail "rule \"$1\": $said" ;;
    esac
}
refused '' 1
refused 'move port 80' 1
refused 'offload tcp prt 80' 13
refused 'offload host example.org after 5s' 14
refused 'offload port 80 after' 22
refused 'offload port 80 after lunch' 23
refused 'offload port 80 after 5s or so' 26
refused 'offload tcp[13] & 2 != 0' 12
refused 'offload port 80 and' 9
refused 'upload port 80' 15
refused 'upload when tired' 13
refused 'upload when idle' 17
refused 'upload when idle 3s, never' 22
refused 'random port 80 at -1' 19

# --- rules at work ---

config=$(mktemp "${TMPDIR:-/tmp}/toe-policy.XXXXXX")
printf '%s\n' 'wire = wire0' 'rule = never host fd71::2' 'rule = offload port 7900 after 64k' \
    >"$config"
nic --config "$config" --rule 'offload dst port 7901 after 1s' \
    --rule 'upload port 7900 when reordering, idle 1s'
rm -f "$config"
address
"$toe" show policy | grep -q '^ 3  offload dst port 7901 after 1s$' || fail "show policy: $("$toe" show policy)"
"$toe" show policy --json | json 'assert [o["number"] for o in lines[:-1]] == [1, 2, 3, 4] and lines[-1]["policy"] == "rules"' ||
    fail 'show policy --json'

# start VAR MODE ADDRESS: a connection whose port is $VAR; it goes on at a line to $VAR_go.
start() {
    local go stream

    exec {go}<> <(:)
    exec {stream}< <(exec $traffic "$2" "$3" <&"$go" 2>&1)
    read -r -t 20 said port <&"$stream" || fail "no connection with $3: $said"
    eval "$1=$port $1_go=$go $1_stream=$stream"
}
conn() { "$toe" "$1" --local-port "$2" "${@:3}"; }
is() { conn show "$1" --json | grep -q "$2"; }
offloaded() { is "$1" '"place":"Offloaded"'; }
bytes() { conn show "$1" --json | sed -n 's/.*"rx_bytes":\([0-9]*\).*/\1/p'; }
carried() { [ "$(bytes "$1")" -gt "$2" ]; }
end() {
    local go stream

    eval "go=\$$1_go stream=\$$1_stream"
    echo >&"$go"
    while read -r -t 60 said <&"$stream"; do
        case $said in
        'streamed '[1-9]* | taken) return ;;
        streaming*) ;;
        *) break ;;
        esac
    done
    fail "$1: $said"
}

# Idle from the begin: it has not carried enough, is offloaded by hand, and comes back; then it
# carries enough.
start idle later 10.71.0.2
start never stream fd71::2
start old take 10.71.0.2
is "$idle" '"place":"InHost"' || fail 'offloaded before it has carried anything'
conn offload "$idle" >/dev/null
until_true 'idle: it comes back' is "$idle" '"why":"policy","detail":"rule 4"'
until_true 'after 1s: offloaded' offloaded "$old"
echo >&"$idle_go"
until_true 'after 64k: offloaded' offloaded "$idle"
carried "$idle" 20000 || fail "after 64k: offloaded after $(bytes "$idle") bytes"
until_true 'never: it carries' carried "$never" 1000000
is "$never" '"offloads":0' || fail 'never: it was offloaded'

# Reordered on the wire, it is better off in the host, and stays there.
start flood flood 10.71.0.2
until_true 'flood: offloaded' offloaded "$flood"
"$toe" fault --reorder 40 --direction in
until_true 'reordering: it comes back' is "$flood" '"why":"target","detail":"HIGH_OUT_OF_ORDER"'
"$toe" fault
until_true 'reordering: it is in the host' is "$flood" '"place":"InHost"'
end flood

# --- other rules, live ---

"$toe" policy --rule 'keep' --rule 'offload ip6' && until_true 'a new rule: offloaded' offloaded "$never"
"$toe" policy --rule 'never ip6' && until_true 'never: it comes back' is "$never" '"place":"InHost"'
is "$never" '"why":"policy","detail":"rule 1"' || fail "never: $(conn show "$never" --json)"
"$toe" policy --rule 'never ip6' --rule 'offload prt 1' 2>/dev/null
[ $? -eq 2 ] || fail 'a bad rule is taken'
"$toe" show policy | grep -q 'never ip6' || fail 'a bad rule has changed something'
"$toe" policy --rule 'random ip6 at 200'
several() { conn show "$never" --json | grep -Eq '"offloads":[1-9][0-9]'; }
until_true 'random: it moves' several
is "$old" '"offloads":1' || fail 'random: one moves that has another rule'
"$toe" policy manual && [ "$("$toe" show policy)" = 'policy: manual' ] || fail 'manual'
"$toe" policy all && "$toe" show nic | grep -q 'policy *all' || fail 'all'
"$toe" policy 2>/dev/null
[ $? -eq 2 ] || fail 'no policy at all: exit status is not 2'

end idle
end never
end old
talks 'policy all'
kill -TERM "$nic_pid"
nic_ends || fail "after SIGTERM: status $?, $nic_said"
exit $failed
