#!/usr/bin/env bash
# make test-versions FROM=REF: what an upgrade of a plant goes through, with real processes of both versions. REF is any commit or tag of this repository.
set -uo pipefail
cd "$(dirname "$0")/.."
root=$PWD configuration=${CONFIGURATION:-Release} folder=$(echo "${CONFIGURATION:-Release}" | tr A-Z a-z)
from=${1:?tests/versions.sh REF: the version to go from}
commit=$(git rev-parse --verify --quiet "$from^{commit}") || { echo "There is no version '$from' in this repository." >&2; exit 78; }
earlier=$root/artifacts/versions/$commit new=$root/artifacts/bin work=$root/artifacts/versions/run
passed=0 failed=0
rm -rf "$work"; mkdir -p "$work" "$earlier"
it() { local sentence=$1; shift; if "$@" >"$work/log" 2>&1; then echo "PASS  $sentence"; passed=$((passed + 1)); else echo "FAIL  $sentence"; tail -n 30 "$work/log" | cut -c1-600 | sed 's/^/      /'; failed=$((failed + 1)); fi; }

if [ ! -e "$earlier/built-$folder" ]; then
  echo "Building $from ($commit) ..."
  mkdir -p "$earlier/source" && git archive "$commit" | tar -x -C "$earlier/source" || exit 1
  for project in agent/CvOps.Agent fleet/CvOps.Fleet fleet/CvOps.Trainer fleet/CvOps.Cli agent/CvOps.Simulator; do
    dotnet build "$earlier/source/$project" -c "$configuration" -nodeReuse:false -v quiet --nologo || exit 1
  done
  touch "$earlier/built-$folder"
fi
old=$earlier/source/artifacts/bin

# A build's programs find each other as neighbours; so do these.
neighbours() { # NAME, then PROJECT=BUILD...
  local tree=$work/$1 pair; shift
  for pair in "$@"; do mkdir -p "$tree/${pair%%=*}" && cp -al "${pair#*=}/${pair%%=*}/$folder" "$tree/${pair%%=*}/"; done
}
journeys() { # TREE
  "$work/$1/CvOps.EndToEnd.Tests/$folder/CvOps.EndToEnd.Tests" -noColor -class CvOps.EndToEnd.Tests.UpTests -class CvOps.EndToEnd.Tests.RolloutTests
}
# The command line belongs to the fleet: it starts it, with options of its version.
neighbours fleet-first CvOps.EndToEnd.Tests="$new" CvOps.Simulator="$new" CvOps.Agent="$old" CvOps.Fleet="$new" CvOps.Trainer="$new" CvOps.Cli="$new"
neighbours agents-first CvOps.EndToEnd.Tests="$new" CvOps.Simulator="$new" CvOps.Agent="$new" CvOps.Fleet="$old" CvOps.Trainer="$old" CvOps.Cli="$old"
it "this fleet with agents of $from: installed, compared in shadow, rolled out, stopped, killed in mid-rollout" journeys fleet-first
it "agents of this version with a fleet of $from: the same" journeys agents-first

# The state of a whole plant, fleet and devices, from one version to the next while it has a rollout behind it and goes on inspecting.
port=$(( 20000 + RANDOM % 10000 )) data=$work/plant
up() { # BUILD
  env --default-signal=INT XDG_CONFIG_HOME="$work/config" "$1/CvOps.Cli/$folder/cvops" up --lines 2 --data "$data" --http-port $port --broker-port $((port + 1)) --simulator-port $((port + 2)) >> "$work/up.log" 2>&1 & plant=$!
}
down() { kill -INT $plant; wait $plant; }
api() { curl -sSf --max-time 3 -H "Authorization: Bearer $(cat "$data/local.token")" "http://127.0.0.1:$port/api/v1/$1"; }
# of PATH JAVASCRIPT: what the expression makes of the API's answer, "it".
of() { api "$1" | node -e 'let all = ""; process.stdin.on("data", part => all += part).on("end", () => { const it = JSON.parse(all); console.log(eval(process.argv[1])) })' "$2"; }
says() { [ "$(of "$1" "$2")" = true ]; }
parts() { of devices 'it.reduce((sum, device) => sum + device.inspections, 0)'; }
story() { of rollouts 'it.map(rollout => `${rollout.id} ${rollout.state}`).join()'; }
eventually() { local end=$(( $(date +%s) + $1 )); shift; until "$@"; do [ "$(date +%s)" -lt "$end" ] || { tail -n 20 "$work/up.log"; return 1; }; sleep 0.5; done; }

up "$old"
it "a plant of $from runs" eventually 150 says rollouts 'it.some(rollout => rollout.state === "Completed")'
it "and reports parts" eventually 60 says devices 'it.length === 2 && it.every(device => device.inspections > 20)'
rollouts=$(story) before=$(parts)
it "Ctrl-C ends it" down
up "$new"
it "this version takes its data over: both devices are there, on the model they had" eventually 150 says devices 'it.length === 2 && it.every(device => device.connectivity === "Online" && device.reported.model.state === "Committed" && device.reported.model.active.name === "line")'
after=$(parts)
counts_on() { echo "$before before, $after after"; [ "$after" -ge "$before" ]; }
it "no report of before is missing" counts_on
more() { [ "$(parts)" -gt $((after + 20)) ]; }
it "and new ones come" eventually 60 more
same() { echo "$rollouts, then $(story)"; [ "$(story)" = "$rollouts" ]; }
it "its rollouts are as they were" same
it "Ctrl-C ends it" down

: > "$work/up.log"
up "$old"
back() { grep -q "start the newer fleet, or restore the backup" "$work/up.log" || says devices 'it.length === 2 && it.every(device => device.connectivity === "Online")'; }
it "a fleet of $from takes the data back where tables are the same, and else says that it does not" eventually 90 back
kill -INT $plant 2>/dev/null; wait $plant 2>/dev/null

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
