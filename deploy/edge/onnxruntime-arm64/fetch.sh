#!/bin/sh
# Puts ONNX Runtime's library for arm64 at the path given: that of Microsoft's npm package onnxruntime-node, fetched once (114 MB), no package script is run.
set -eu
target=$1
version=1.30.0
sums=$(cd "$(dirname "$0")" && pwd)/SHA256SUMS
cache=${CVOPS_CACHE:-$HOME/.cache/cvops}/onnxruntime-node-$version
if [ ! -e "$cache/.complete" ]; then
    command -v npm >/dev/null || { echo "npm is needed once to fetch ONNX Runtime for arm64: apt-get install npm" >&2; exit 1; }
    mkdir -p "$cache"
    (cd "$cache" && npm pack --silent --ignore-scripts "onnxruntime-node@$version" >/dev/null)
    (cd "$cache" && sha256sum --quiet -c "$sums")
    tar -xzf "$cache/onnxruntime-node-$version.tgz" -C "$cache" --strip-components=5 package/bin/napi-v6/linux/arm64/libonnxruntime.so.1
    rm -f "$cache/onnxruntime-node-$version.tgz"
    touch "$cache/.complete"
fi
cp "$cache/libonnxruntime.so.1" "$target"
