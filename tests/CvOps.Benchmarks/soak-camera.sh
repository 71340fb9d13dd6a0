#!/bin/sh
# Runs the camera soak: soak-camera.sh PROGRAM MINUTES. As root, in a network of its own, so that losing packets there disturbs nobody.
set -eu
if [ "$(id -u)" = 0 ] && command -v nft >/dev/null && command -v unshare >/dev/null && unshare --net true 2>/dev/null; then
  CVOPS_OWN_NETWORK=1 exec unshare --net sh -c 'ip link set lo up && exec "$0" "$@"' "$1" soak-camera "$2"
fi
exec "$1" soak-camera "$2"
