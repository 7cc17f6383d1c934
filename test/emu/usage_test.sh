#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Wrong use of the command: one line on stderr that names what is wrong, and exit status 2.
set -u
toe=$TOE_COMMAND
failed=0
not_a_schedule=$(dirname "$0")/state_sample.json

# refuses PATTERN ARGUMENT...: the command ends with 2 and one line that matches PATTERN.
refuses() {
    local pattern=$1 err status
    shift
    err=$(timeout 20 "$toe" "$@" </dev/null 2>&1 >/dev/null)
    status=$?
    if [ "$status" -ne 2 ] || [ "$(printf '%s\n' "$err" | wc -l)" -ne 1 ] ||
        ! printf '%s' "$err" | grep -q -- "$pattern"; then
        printf 'toe %s: status %s, "%s"; wanted 2 and /%s/\n' "$*" "$status" "$err" "$pattern"
        failed=1
    fi
}

refuses 'no command "foo"' foo
refuses '"stress"' help demo stress
refuses 'one of --sim, --port IF, --certify' stress
refuses 'exclude each other' stress --sim --port x
refuses 'too small' stress --sim --connections 0
refuses 'not a number' stress --sim --connections abc
refuses 'not a number' stress --sim --seed -1
refuses 'too large' stress --sim --seed 18446744073709551615
refuses 'percentage' stress --sim --loss 101
refuses 'percentage' stress --sim --loss x
refuses 'needs a value' stress --sim --seconds
refuses 'none of manual, all, random' stress --sim --policy sometimes
refuses 'no option --bogus' stress --sim --bogus
refuses 'makes its own machines' stress --certify --port x
refuses 'makes its own machines' stress --sim --profile smoke
refuses 'exclude each other' stress --certify --sim --nic
refuses 'unexpected argument "extra"' stress --sim extra
refuses 'go with --sim only' stress --port eth0 --swarm 3
refuses 'go with --port only' stress --sim --peer 10.0.0.1
refuses 'no list of addresses' stress --port eth0 --peer 10.0.0.256
refuses 'there is no "storm"' stress --sim --chaos=storm
refuses 'there is no ""' stress --sim --chaos=delay,
refuses 'goes with --sim only' stress --port eth0 --chaos=move
refuses 'of one run' stress --sim --swarm 2 --trace x
refuses 'of one simulated run' stress --replay x --swarm 2
refuses 'o such file' stress --replay /nonexistent/file
refuses 'no schedule' stress --replay "$not_a_schedule"
refuses 'too large' stress --sim --swarm 2 --jobs 100
refuses 'needs a value' stress --sim --trace
refuses 'cannot create the trace' stress --sim --trace /nonexistent/file
refuses 'no interface "nosuch0"' stress --port nosuch0
refuses 'not Ethernet' stress --port lo
refuses 'cannot create the capture' stress --sim --capture /nonexistent/file
refuses 'cannot create the report' stress --sim --report /nonexistent/file
refuses 'not a number' demo --seed x
refuses 'too large' peer --port 99999
refuses 'not a pipe' peer --until-eof
refuses 'wire is missing' nic
refuses 'no interface "nosuch0"' nic --wire nosuch0
refuses 'none of IF, packet:IF' nic --wire usb:x
refuses 'no Ethernet address of one machine' nic --wire lo --mac 01:00:00:00:00:01
refuses 'cannot read the configuration' nic --config /nonexistent/file
refuses 'not Ethernet' nic --wire lo
refuses 'not a time' offload --all --wait x
refuses 'percentage' fault --loss 101
refuses 'exclude each other' stats --json --prometheus
refuses 'no figure' bench no-such-figure

for command in demo stress peer state bench nic show stats watch offload upload policy pause resume fault check version help; do
    "$toe" $command --help | grep -q '^Usage: toe' || { echo "toe $command --help"; failed=1; }
done

# A figure is told in full, in whatever time it takes.
"$toe" bench bulk-mss1460 --peers unit --rounds 1 --json | python3 -c '
import json, sys
lines = [json.loads(line) for line in sys.stdin]
figure = [o for o in lines if o["type"] == "figure"][0]
assert figure["name"] == "bulk-mss1460" and figure["peer"] == "unit"
assert figure["value"] > 0 and figure["peer_value"] > 0 and figure["spread"] >= 0
assert abs(figure["ratio"] - figure["peer_value"] / figure["value"]) < 1e-9
assert lines[-1]["type"] == "summary" and lines[-1]["figures"] == 1
' || { echo 'toe bench --json'; failed=1; }

# So it is beside a peer; or its absence is, and when nothing else was asked for that is the end.
for peer in lwip linux; do
    told=$("$toe" bench rr-1 --peers $peer --rounds 1 --json 2>&1)
    case $? in
    0) printf '%s\n' "$told" | grep -qi '"peer":"'$peer'","about":"'$peer' [0-9]' &&
        printf '%s\n' "$told" | grep -q '"name":"rr-1",.*"peer":"'$peer'","peer_value":' ;;
    3) printf '%s\n' "$told" | grep -q '"type":"absent","name":"\*","peer":"'$peer'","why":"' &&
        printf '%s\n' "$told" | tail -1 | grep -q 'liblwip-dev\|private' ;;
    *) false ;;
    esac || { echo "toe bench --peers $peer: $told"; failed=1; }
done

# What is plotted is XML, with a line for ours and one for each peer.
plot=$(mktemp)
"$toe" bench rr-1 --peers unit,lwip --rounds 1 --plot "$plot" >/dev/null && python3 -c '
import sys, xml.etree.ElementTree as tree
svg = "{http://www.w3.org/2000/svg}"
root = tree.parse(sys.argv[1]).getroot()
assert root.tag == svg + "svg"
names = [text.text for text in root.iter(svg + "text") if "name" in text.get("class", "")]
assert names[:2] == ["toe", "unit"], names
' "$plot" || { echo 'toe bench --plot'; failed=1; }
rm "$plot"
refuses 'cannot create the plot' bench rr-1 --plot /nonexistent/file
refuses 'shows rr, and not sim' bench sim --plot /nonexistent/file

# Stopped, it tells that figures are missing, and ends as what was stopped.
for signal in INT:130 TERM:143; do
    told=$(timeout --preserve-status -s ${signal%:*} 1 "$toe" bench rr --peers unit --rounds 99 \
        --json; echo $?)
    printf '%s\n' "$told" | tail -2 | tr -d '\n' | grep -q '"interrupted":true}'${signal#*:}'$' ||
        { echo "toe bench, SIG${signal%:*}: $told"; failed=1; }
done
refuses 'sim has the unit' bench sim --peers lwip
refuses 'there is no "picotcp"' bench rr-1 --peers picotcp
exit $failed
