#!/bin/sh
# Makes, once, a Debian with systemd in the folder given: nothing in it but what a device has before the agent comes.
set -eu
root=$1
release=bookworm
[ ! -e "$root/.complete" ] || exit 0
echo "Making a Debian $release with systemd in $root (once, two minutes)"
rm -rf "$root"
mkdir -p "$root"
debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,iproute2,procps "$release" "$root" > "$root.log" 2>&1 || { tail -5 "$root.log" >&2; exit 1; }
rm -f "$root.log" "$root"/var/cache/apt/archives/*.deb
touch "$root/.complete"
