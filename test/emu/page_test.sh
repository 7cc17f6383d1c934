#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Reports as pages: `toe stress --report FILE.html` and that of `toe certify` are HTML without a
# flaw that needs nothing else; what they say is what the result says; to write one changes nothing.
set -u
toe=$TOE_COMMAND
folder=$(mktemp -d "${TMPDIR:-/tmp}/toe-page.XXXXXX")
trap 'rm -rf "$folder"' EXIT

fail() {
    echo "FAIL: $*"
    exit 1
}

# page FILE VERDICT TEXT...: it is a whole page with this verdict that says all this.
page() {
    python3 - "$@" <<'END'
import html.parser, re, sys

file, verdict, *texts = sys.argv[1:]
source = open(file, encoding="utf-8").read()
VOID = {"meta", "br"}


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.heading, self.text = [], "", ""

    def handle_starttag(self, tag, attributes):
        assert tag != "script", "a script"
        assert not {"src", "href", "onclick"} & {name for name, _ in attributes}, (tag, attributes)
        for name, value in attributes:
            if name in ("d", "x", "y", "width", "height"):
                numbers = re.findall(r"[A-Za-z ]*(-?[0-9.]+|nan|inf)", value)
                assert "nan" not in value and "inf" not in value, (tag, value)
                assert all(abs(float(n)) < 10000 for n in numbers), (tag, value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in ("path", "rect"):
            return
        assert self.open and self.open.pop() == tag, (tag, self.open, self.getpos())

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.open.pop()

    def handle_data(self, data):
        self.text += data
        if "h1" in self.open:
            self.heading += data


page = Page()
page.feed(source)
page.close()
assert page.open == [], page.open
assert page.heading.split()[-1] == verdict, page.heading
assert "http" not in source and "url(" not in source and "@import" not in source
for text in texts:
    assert text in page.text, "it does not say: " + text
END
}

# said KEY: the value in the summary of the run.
said() {
    python3 -c 'import json, sys
value = [json.loads(line) for line in open(sys.argv[1])][-1][sys.argv[2]]
print(format(value, ",") if isinstance(value, int) else value)' "$folder/said" "$1"
}

run() {
    "$toe" stress --sim --connections 60 --seconds 20 --loss 1 --lag 20ms --seed 7 --json "$@" >"$folder/said"
}
run || fail 'a run without a report'
digest=$(said digest)
run --report "$folder/run.html" || fail 'a run with a report'
[ "$(said digest)" = "$digest" ] || fail 'the report has changed the run'
page "$folder/run.html" pass 'toe stress --sim --connections 60' "$digest" \
    "$(said connections_opened) TCP connections" "$(said offloads) times" "$(said uploads) times" \
    'requests: half took at most' 'ends in a target' 'longest wait' 'ESTABLISHED' 'moved 1' ||
    fail 'the page of a run'

# One that cannot succeed, and a name that needs quotes. What is wrong comes first.
"$toe" stress --sim --connections 2 --seconds 1 --loss 100 --report "$folder/a <b> & 'c.html" >/dev/null
[ $? -eq 1 ] || fail 'a link that loses everything'
page "$folder/a <b> & 'c.html" fail 'What went wrong first: 301' 'have stalled so far' "<b> & " ||
    fail 'the page of a run that failed'

# Of a swarm there is the sum. Any other name is that of a JSON file.
"$toe" stress --sim --swarm 3 --failures "$folder/failures" --report "$folder/swarm.html" >/dev/null ||
    fail 'a swarm'
page "$folder/swarm.html" pass '--swarm 3' || fail 'the page of a swarm'
run --report "$folder/run.json" || fail 'a report in JSON'
python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$folder/run.json" || fail 'no JSON'

"$toe" stress --certify --sim --profile smoke --report "$folder/certification.html" >/dev/null ||
    fail 'the certification stress'
page "$folder/certification.html" pass 'The seven requirements' 'CERT-7' 'toe stress --certify --sim' ||
    fail 'the page of a certification'

"$toe" certify --filter 'T-01*' --report "$folder/certify.html" >/dev/null || fail 'certify'
page "$folder/certify.html" pass 'T-011' 'SND-038' || fail 'the page of certify'
