#!/bin/sh
# Installs or changes the version of the CvOps agent on Debian and its kin. Configuration and state are left alone.
set -eu

usage() {
    cat <<'TEXT'
Usage: install.sh PACKAGE [--devices LIST] [--no-start]

  PACKAGE         cvops-agent_VERSION_ARCHITECTURE.deb, or the one file for sites without a network, cvops-agent-offline-*.tar,
                  or the folder it has been unpacked into
  --devices LIST  what the agent may open, separated by commas: v4l2, gpio, gpu, jetson; or none (see: cvops-agent-devices --help)
  --no-start      install, but neither enable nor start the service
  --help          this text

An older PACKAGE than the one installed is a downgrade, which keeps the state too.
`apt-get remove cvops-agent` keeps configuration and state, `apt-get purge cvops-agent` removes them.
TEXT
}

refuse() { echo "install.sh: $1" >&2; exit 1; }

package='' devices='' start=yes
while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) usage; exit 0 ;;
        --devices) [ $# -ge 2 ] || refuse "--devices needs a list such as v4l2,gpio."; devices=$2; shift ;;
        --no-start) start=no ;;
        -*) refuse "unknown option '$1'; see --help." ;;
        *) [ -z "$package" ] || refuse "only one package is expected; see --help."; package=$1 ;;
    esac
    shift
done
[ -n "$package" ] || { usage >&2; exit 1; }
[ -e "$package" ] || refuse "there is no '$package'."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# apt reads packages as a user of its own.
chmod 0755 "$work"
case $package in
    *.tar) tar -xf "$package" -C "$work" --strip-components=1 || refuse "'$package' can't be unpacked."; folder=$work ;;
    *) if [ -d "$package" ]; then folder=$(cd "$package" && pwd); else folder=; fi ;;
esac
if [ -n "$folder" ]; then
    count=$(find "$folder" -maxdepth 1 -name 'cvops-agent_*.deb' | wc -l)
    [ "$count" = 1 ] || refuse "'$package' holds $count packages cvops-agent_*.deb; one is expected."
    deb=$(find "$folder" -maxdepth 1 -name 'cvops-agent_*.deb')
else
    deb=$(cd "$(dirname "$package")" && pwd)/$(basename "$package")
fi
name=$(dpkg-deb --field "$deb" Package 2>/dev/null || true)
[ "$name" = cvops-agent ] || refuse "'$package' is no package of the agent."
for_machine=$(dpkg-deb --field "$deb" Architecture)
[ "$for_machine" = "$(dpkg --print-architecture)" ] || refuse "'$package' is for $for_machine; this machine is $(dpkg --print-architecture)."
[ "$(id -u)" = 0 ] || refuse "run this as root, for example: sudo $0 $package"

export DEBIAN_FRONTEND=noninteractive
if [ -n "$folder" ] && [ -f "$folder/Packages" ]; then
    # Nothing but this folder is asked, and the machine's own lists stay as they are.
    mkdir -p "$work/lists/partial"
    echo "deb [trusted=yes] file:$folder ./" > "$work/offline.list"
    set -- -o "Dir::Etc::sourcelist=$work/offline.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$work/lists" -o APT::Sandbox::User=root
    apt-get "$@" -qq update
else
    set --
fi
# The package is left where a user of apt's may not read it, in the home of whoever calls: apt only says so.
apt-get "$@" install -y -qq --no-install-recommends --allow-downgrades --reinstall "$deb" || refuse "apt could not install $(basename "$deb"); what it said stands above."

if [ -n "$devices" ]; then
    # shellcheck disable=SC2046  # a list of words
    cvops-agent-devices $(echo "$devices" | tr ',' ' ')
fi
[ -d /run/systemd/system ] || { echo "Installed $(dpkg-deb --field "$deb" Version)."; exit 0; }
if [ "$start" = no ]; then echo "Installed $(dpkg-deb --field "$deb" Version)."; exit 0; fi
if ! said=$(cvops-agent check --config /etc/cvops/agent.yaml 2>&1) || cmp -s /etc/cvops/agent.yaml /usr/share/doc/cvops-agent/examples/agent.yaml; then
    echo "Installed $(dpkg-deb --field "$deb" Version). Next:"
    [ "$said" = OK ] || echo "$said"
    echo "  1. Say in /etc/cvops/agent.yaml which device this is and what its cameras are."
    echo "  2. cvops-agent enroll --fleet URL --token TOKEN"
    echo "  3. cvops-agent check && systemctl enable --now cvops-agent"
    exit 0
fi
systemctl enable --quiet cvops-agent
# One that runs was started anew by its package: twice would be twice the time without inspection.
systemctl start cvops-agent || refuse "the agent does not start: journalctl -u cvops-agent"
echo "Installed $(dpkg-deb --field "$deb" Version). The agent runs: systemctl status cvops-agent"
