#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The loss matrix against the golden one, with few seeds. Virtual time has no noise, but any change of
# the sender draws other lots; so each cell has a tolerance, that of the spread of its seeds. A cell
# that loses more fails, and one that gains more is told, for the golden file to be made anew:
#
#     TOE_COMMAND=build/release/toe bash test/bench/loss_matrix_test.sh --regenerate
#
# Whatever that says, without congestion control each cell is as good as smoltcp's and has 80 % of the
# bound.
set -u
toe=${TOE_COMMAND:?names the command}
golden=$(dirname "$0")/loss_matrix.golden
rounds=5

measured=$("$toe" bench loss-matrix --rounds $rounds --json) || exit 1
printf '%s\n' "$measured" | python3 -c '
import json, sys

path, mode = sys.argv[1], sys.argv[2]
figures = [json.loads(line) for line in sys.stdin]
figures = [o for o in figures if o["type"] == "figure" and o["unit"] == "bytes/s"]
cells = {o["name"]: (o["value"], o["spread"]) for o in figures}
assert len(cells) == 64, len(cells)

if mode == "--regenerate":
    with open(path, "w") as out:
        print("# Bytes a second, and what may be lost of them; made by loss_matrix_test.sh", file=out)
        for name, (value, spread) in cells.items():
            print(f"{name} {value:.0f} {min(0.05 + 2 * spread, 0.9):.2f}", file=out)
    sys.exit(0)

failed = False
for o in figures:
    if "-none-" in o["name"] and (o["ratio"] < 1 or o["bound_ratio"] < 0.8):
        failed = True
        print("{}: {:.2f} of smoltcp, {:.2f} of the bound".format(
            o["name"], o["ratio"], o["bound_ratio"]))
wanted = [line.split() for line in open(path) if not line.startswith("#")]
assert sorted(cells) == sorted(line[0] for line in wanted), "other cells than in the golden file"
for name, value, tolerance in wanted:
    ratio = cells[name][0] / float(value)
    change = f"{name}: {cells[name][0]:.0f}, was {value}, {100 * ratio - 100:+.1f} %"
    if ratio < 1 - float(tolerance):
        failed = True
        print(change)
    elif ratio > 1 + float(tolerance):
        print(f"{change}: worth a new golden file")
sys.exit(failed)
' "$golden" "${1:---check}"
