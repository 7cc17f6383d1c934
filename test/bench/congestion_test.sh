#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# No congestion control departs from what its specification predicts: one seed of each figure.
set -u
toe=${TOE_COMMAND:?names the command}

"$toe" bench congestion --rounds 1 --json | python3 -c '
import json, sys

figures = [json.loads(line) for line in sys.stdin]
figures = [o for o in figures if o["type"] == "figure"]
wrong = [o for o in figures if o["verdict"] != "pass"]
for o in wrong:
    print("{name}: {value:.2f} {unit}, predicted {peer_value:.2f}".format(**o))
kinds = {o["name"].split("-")[1] for o in figures}
assert kinds == {"newreno", "cubic", "bbr"}, kinds
sys.exit(len(wrong) > 0)
'
