#!/bin/sh
# Packs the agent with everything it depends on into one file for sites without a network.
set -eu

usage() {
    cat <<'TEXT'
Usage: bundle.sh cvops-agent_VERSION_ARCHITECTURE.deb [--sources FILE] [--out FOLDER]

  Writes cvops-agent-offline-VERSION-ARCHITECTURE.tar beside the package, or into FOLDER: the package, its dependencies from
  Debian, install.sh and the guides. On the device: tar -xf FILE --wildcards '*/install.sh' -O | sudo sh -s FILE
  --sources FILE  a sources.list of the devices' release; default: this machine's
TEXT
}

refuse() { echo "bundle.sh: $1" >&2; exit 78; }

deb='' sources='' out=''
while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) usage; exit 0 ;;
        --sources) [ $# -ge 2 ] || refuse "--sources needs a file."; sources=$2; shift ;;
        --out) [ $# -ge 2 ] || refuse "--out needs a folder."; out=$2; shift ;;
        -*) refuse "unknown option '$1'; see --help." ;;
        *) [ -z "$deb" ] || refuse "only one package is expected; see --help."; deb=$1 ;;
    esac
    shift
done
[ -n "$deb" ] || { usage >&2; exit 78; }
[ "$(dpkg-deb --field "$deb" Package 2>/dev/null)" = cvops-agent ] || refuse "'$deb' is no package of the agent."
command -v dpkg-scanpackages >/dev/null || refuse "dpkg-scanpackages is missing: apt-get install dpkg-dev"
deb=$(cd "$(dirname "$deb")" && pwd)/$(basename "$deb")
here=$(cd "$(dirname "$0")" && pwd)
version=$(dpkg-deb --field "$deb" Version)
architecture=$(dpkg-deb --field "$deb" Architecture)
name=cvops-agent-offline-$version-$architecture
out=$(cd "${out:-$(dirname "$deb")}" && pwd)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
folder=$work/$name
mkdir -p "$folder" "$work/state/lists/partial" "$work/cache/archives/partial"
# A machine of that kind with nothing installed: so whatever the device lacks is in the file.
: > "$work/state/status"
set -- -o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture" -o "Dir::State=$work/state" -o "Dir::State::status=$work/state/status" -o "Dir::Cache=$work/cache" \
    -o APT::Sandbox::User=root -o APT::Install-Recommends=false
[ -z "$sources" ] || set -- "$@" -o "Dir::Etc::sourcelist=$sources" -o Dir::Etc::sourceparts=-
apt-get "$@" -qq update
apt-get "$@" install -y -qq --download-only "$deb" >/dev/null
cp "$work"/cache/archives/*.deb "$folder/"
rm -f "$folder"/cvops-agent_*.deb
cp "$deb" "$folder/"
cp "$here/install.sh" "$here/README.md" "$here/JETSON.md" "$here/INDUSTRIAL-PC.md" "$here/agent.yaml" "$folder/"
(cd "$folder" && dpkg-scanpackages -m . > Packages 2>/dev/null)
tar -C "$work" --owner=0 --group=0 -cf "$out/$name.tar" "$name"
echo "$out/$name.tar size=$(stat -c %s "$out/$name.tar") packages=$(find "$folder" -name '*.deb' | wc -l)"
