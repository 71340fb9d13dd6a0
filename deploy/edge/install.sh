#!/bin/sh
# Installs the CvOps agent as a systemd service on Debian. Running it again updates the program and leaves configuration and state alone.
set -eu

usage() {
    cat <<'TEXT'
Usage: install.sh PUBLISH_FOLDER [--root DIR] [--no-start]

  PUBLISH_FOLDER  what `dotnet publish agent/CvOps.Agent -c Release -r linux-x64 --self-contained false -o PUBLISH_FOLDER` wrote
  --root DIR      install under DIR instead of / (for images); changes no users and starts nothing
  --no-start      install, but neither enable nor start the service
  --help          this text

Program: /opt/cvops-agent. Configuration: /etc/cvops/agent.yaml. State: /var/lib/cvops-agent. User: cvops.
TEXT
}

refuse() { echo "install.sh: $1" >&2; exit 1; }

publish='' root='' start=yes
while [ $# -gt 0 ]; do
    case $1 in
        --help|-h) usage; exit 0 ;;
        --root) [ $# -ge 2 ] || refuse "--root needs a directory."; root=${2%/}; shift ;;
        --no-start) start=no ;;
        -*) refuse "unknown option '$1'; see --help." ;;
        *) [ -z "$publish" ] || refuse "only one publish folder is expected; see --help."; publish=$1 ;;
    esac
    shift
done
here=$(cd "$(dirname "$0")" && pwd)

[ -n "$publish" ] || { usage >&2; exit 1; }
[ -f "$publish/cvops-agent.dll" ] || refuse "'$publish' holds no cvops-agent.dll. Make it with: dotnet publish agent/CvOps.Agent -c Release -r linux-x64 --self-contained false -o '$publish'"
[ "$(id -u)" = 0 ] || refuse "run this as root, for example: sudo $0 $publish"
command -v ffmpeg >/dev/null || refuse "ffmpeg is missing; cameras are read with it. Install it with: apt-get install -y ffmpeg"
if [ ! -f "$publish/libcoreclr.so" ]; then
    command -v dotnet >/dev/null && dotnet --list-runtimes | grep -q '^Microsoft.AspNetCore.App 10\.' \
        || refuse "the ASP.NET Core 10 runtime is missing. Install it with: apt-get install -y aspnetcore-runtime-10.0 (from Microsoft's Debian feed), or publish with --self-contained."
fi

if [ -z "$root" ]; then
    getent group cvops >/dev/null || groupadd --system cvops
    getent passwd cvops >/dev/null || useradd --system --gid cvops --home-dir /var/lib/cvops-agent --no-create-home --shell /usr/sbin/nologin cvops
    group=cvops
else
    group=root
fi

install -d -m 0755 "$root/opt" "$root/etc/systemd/system" "$root/usr/share/doc/cvops-agent"
install -d -m 0750 -g "$group" "$root/etc/cvops" "$root/etc/cvops/trusted-keys"
install -d -m 0700 -o "$group" -g "$group" "$root/var/lib/cvops-agent"

# The new program stands beside the old one before it takes its name: a power cut leaves one of the two.
rm -rf "$root/opt/cvops-agent.new"
cp -R "$publish" "$root/opt/cvops-agent.new"
chmod 0755 "$root/opt/cvops-agent.new/cvops-agent"
sync "$root/opt/cvops-agent.new"
rm -rf "$root/opt/cvops-agent.old"
[ ! -e "$root/opt/cvops-agent" ] || mv "$root/opt/cvops-agent" "$root/opt/cvops-agent.old"
mv "$root/opt/cvops-agent.new" "$root/opt/cvops-agent"

# Keys and certificates are their user's alone, whoever put them there; the agent refuses a private key that is not.
for secret in "$root"/etc/cvops/*.key "$root"/etc/cvops/*.pem; do
    [ -f "$secret" ] || continue
    [ -n "$root" ] || chown cvops "$secret"
    chmod 0600 "$secret"
done

if [ ! -e "$root/etc/cvops/agent.yaml" ]; then
    install -m 0640 -g "$group" "$here/agent.yaml" "$root/etc/cvops/agent.yaml"
    echo "An example configuration is at $root/etc/cvops/agent.yaml: edit it."
    start=no
fi
install -m 0644 "$here/cvops-agent.service" "$root/etc/systemd/system/cvops-agent.service"
install -m 0644 "$here/README.md" "$root/usr/share/doc/cvops-agent/README.md"

if [ -z "$root" ] && [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    if [ "$start" = yes ]; then
        systemctl enable cvops-agent
        systemctl restart cvops-agent
        echo "The agent runs: systemctl status cvops-agent"
        exit 0
    fi
fi
echo "Installed. Next: /opt/cvops-agent/cvops-agent enroll --help (once), then /opt/cvops-agent/cvops-agent check --config /etc/cvops/agent.yaml && systemctl enable --now cvops-agent"
