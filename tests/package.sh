#!/usr/bin/env bash
# Builds the agent's packages for amd64 and arm64, has lintian look at them, and prints their sizes beside the bound.
set -uo pipefail
cd "$(dirname "$0")/.."
. tests/systemd/figures.sh

failed=0
problem() { echo "FAIL  $1"; failed=$((failed + 1)); }
for architecture in amd64 arm64; do
    if ! built=$(deploy/edge/package.sh "$architecture"); then problem "$architecture: the package is not built"; continue; fi
    read -r package size without own <<< "$built"
    megabytes() { awk -v bytes="${1#*=}" 'BEGIN { printf "%.1f", bytes / 1e6 }'; }
    runtime="with its own .NET"
    [ "$own" = own-dotnet=yes ] || runtime="on the machine's .NET (framework-dependent: its runtime pack can't be restored here)"
    figure "package $architecture without ONNX Runtime, MB" "$(megabytes "$without")" 60 lower "$runtime"
    figure "package $architecture, MB" "$(megabytes "$size")" 60 lower "$runtime"
    if ! lintian --fail-on error,warning --tag-display-limit 0 "$package"; then problem "$architecture: lintian has something to say"; fi
    overridden=$(grep -cvE '^(#|$)' deploy/edge/debian/lintian-overrides)
    echo "      lintian $architecture: clean, $overridden overrides, each with its reason"
    # Each program and library is for that machine.
    contents=$(mktemp -d)
    dpkg-deb -x "$package" "$contents"
    case $architecture in amd64) machine='Advanced Micro Devices X86-64' ;; arm64) machine=AArch64 ;; esac
    while IFS= read -r file; do
        readelf -h "$file" 2>/dev/null | grep -q "Machine: *$machine" || problem "$architecture: ${file#"$contents"} is for another machine"
    done < <(find "$contents/usr/lib/cvops-agent" \( -name '*.so' -o -name cvops-agent \) -type f)
    [ -n "$(find "$contents/usr/lib/cvops-agent" -name libonnxruntime.so)" ] || problem "$architecture: ONNX Runtime is not in it"
    rm -rf "$contents"
    echo "      $package"
done
publish_figures package
[ "$failed" = 0 ]
