#!/usr/bin/env bash
# make test-deploy: deploy/cloud held against the real programs that can be had without a container registry and a cluster. A line a sentence, a count at the end.
set -uo pipefail
cd "$(dirname "$0")/../.."
root=$PWD here=$PWD/tests/deploy work=$PWD/artifacts/deploy
passed=0 failed=0 skipped=0
rm -rf "$work/run"; mkdir -p "$work/run"
run=$work/run

# it SENTENCE COMMAND...: the command ends with 0.
it() {
  local sentence=$1; shift
  if "$@" >"$run/log" 2>&1; then echo "PASS  $sentence"; passed=$((passed + 1)); return 0; fi
  echo "FAIL  $sentence"; tail -n 30 "$run/log" | cut -c1-400 | sed 's/^/      /'; failed=$((failed + 1)); return 1
}
# not COMMAND... SAYING: it ends with something else and says so.
refused() { local saying=$1; shift; if "$@" >"$run/refused" 2>&1; then cat "$run/refused"; echo "It was accepted."; return 1; fi; grep -q -- "$saying" "$run/refused" || { cat "$run/refused"; echo "It does not say '$saying'."; return 1; }; }
skip() { echo "SKIP  $1"; skipped=$((skipped + 1)); }

. "$here/files.sh"
. "$here/secrets.sh"
. "$here/alerts.sh"
if [ "${1:-}" = files ]; then echo "The image was not asked for."; else . "$here/image.sh"; fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
