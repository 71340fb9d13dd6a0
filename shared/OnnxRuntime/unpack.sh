#!/bin/sh
# Unpacks the pinned npm package into the folder given. Runs no package script; a second call is a no-op.
set -eu
target=$1
[ -e "$target/.complete" ] && exit 0
here=$(dirname "$0")
command -v npm >/dev/null || { echo "npm is needed once to fetch ONNX Runtime: apt-get install npm" >&2; exit 1; }
cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$target/"
cd "$target"
npm ci --ignore-scripts --no-audit --no-fund --prefer-offline
touch .complete
