#!/bin/sh
# The same Debian with what the agent's package depends on, as on a device that has been on the network once. Prints its folder.
set -eu
bare=$1
root=$bare-prepared
if [ ! -e "$root/.complete" ]; then
    echo "Installing ffmpeg in a copy of it (once, a minute)" >&2
    rm -rf "$root"
    cp -a "$bare" "$root"
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    # From where this machine takes its packages.
    rm -rf "$root/etc/apt/sources.list" "$root/etc/apt/sources.list.d"
    cp -r /etc/apt/. "$root/etc/apt/"
    chroot "$root" sh -c 'export DEBIAN_FRONTEND=noninteractive; apt-get update -qq && apt-get install -y -qq --no-install-recommends ffmpeg adduser ca-certificates libssl3 libturbojpeg0' > "$root.log" 2>&1 || { tail -5 "$root.log" >&2; exit 1; }
    rm -rf "$root.log" "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
    touch "$root/.complete"
fi
echo "$root"
