#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# No congestion control departs from what its specification predicts: one seed of those figures that
# take some ten seconds together.
set -u
toe=${TOE_COMMAND:?names the command}

for name in '*-every-*' '*-queue-*' '*-flows-2-*' 'bbr-chance-*'; do
    "$toe" bench "congestion-$name" --rounds 1 --json
done | python3 -c '
import json, sys

figures = [json.loads(line) for line in sys.stdin]
figures = [o for o in figures if o["type"] == "figure"]
wrong = [o for o in figures if o["verdict"] != "pass"]
for o in wrong:
    print("{name}: {value:.2f} {unit}, predicted {peer_value:.2f}".format(**o))
assert len(figures) >= 40, len(figures)
sys.exit(len(wrong) > 0)
'
