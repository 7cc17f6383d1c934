#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Each benchmark of many connections runs, once and to its end, and what memory it counts is in
# bounds; times are not judged. The million and the hundred thousand are too much for a test.
set -u
toe=${TOE_COMMAND:?names the command}

for name in offload move-roundtrip idle-memory connect-close-alone demux-1 demux-1000 \
    timers-fired-1000 timers-moved-1000 sim; do
    "$toe" bench $name --peers unit --rounds 1 --json || exit 1
done | python3 -c '
import json, sys

figures = {}
for line in sys.stdin:
    o = json.loads(line)
    if o["type"] == "figure":
        figures[o["name"]] = o["value"]
        assert o["value"] > 0 and o["ratio"] > 0 and o["peer_value"] > 0, line
wanted = """offload-bulk offload-bulk-upload offload-single offload-single-upload move-roundtrip
    move-roundtrip-queued idle-memory idle-memory-bbr idle-memory-posted idle-memory-queued
    idle-memory-active connect-close-alone demux-1 demux-1000 timers-fired-1000 timers-moved-1000
    sim""".split()
assert sorted(figures) == sorted(wanted), sorted(set(figures) ^ set(wanted))
assert figures["idle-memory"] <= 512, figures["idle-memory"]
'
