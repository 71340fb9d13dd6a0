#!/bin/sh
# Builds the agent's Debian package for one architecture.
set -eu

usage() {
    cat <<'TEXT'
Usage: package.sh [amd64|arm64] [--version VERSION] [--out FOLDER]

  Writes cvops-agent_VERSION_ARCHITECTURE.deb into FOLDER (default: artifacts/package) and says how large it is.
  The .NET runtime is in it where its pack can be restored; else the package runs on the machine's ASP.NET Core 10 runtime.
  VERSION is that of the repository unless given; MAINTAINER in the environment, "NAME <ADDRESS>", is who makes packages at your place.
TEXT
}

refuse() { echo "package.sh: $1" >&2; exit 78; }

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
architecture=amd64
out=$repository/artifacts/package
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$repository/Directory.Build.props")
while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) usage; exit 0 ;;
        --version) [ $# -ge 2 ] || refuse "--version needs one."; version=$2; shift ;;
        --out) [ $# -ge 2 ] || refuse "--out needs a folder."; out=$2; shift ;;
        amd64 | arm64) architecture=$1 ;;
        *) refuse "'$1' is not understood; see --help." ;;
    esac
    shift
done
case $version in *[!0-9A-Za-z.+~]* | '' | [!0-9]*) refuse "'$version' is no version of a Debian package." ;; esac
case $architecture in amd64) runtime=linux-x64 ;; arm64) runtime=linux-arm64 ;; esac
maintainer=${MAINTAINER:-CvOps <packages@cvops.invalid>}
stage=$repository/artifacts/package-stage/$architecture
program=$stage/usr/lib/cvops-agent

rm -rf "$stage"
mkdir -p "$program" "$out"
log=$stage.log
publish() {
    rm -rf "$program"
    dotnet publish "$repository/agent/CvOps.Agent" -c Release -r "$runtime" -o "$program" -nodeReuse:false -v quiet -p:DebugType=none -p:DebugSymbols=false "-p:Version=${version%%[!0-9.]*}" "$@" > "$log" 2>&1
}
# Only a pack that can't be had may be done without.
pack_is_missing() { grep -qE 'NU110[0-3]|NETSDK10(82|94|12)' "$log"; }
own=yes
if ! publish --self-contained true; then
    pack_is_missing || { cat "$log" >&2; exit 1; }
    own=no
    publish --self-contained false -p:UseAppHost=false || {
        pack_is_missing || { cat "$log" >&2; exit 1; }
        publish --self-contained false -p:UseAppHost=false -p:PublishReadyToRun=false || { cat "$log" >&2; exit 1; }
    }
fi
rm -f "$log" "$program/createdump" "$program"/*.pdb "$program"/*.xml
if [ "$architecture" = arm64 ]; then
    sh "$here/onnxruntime-arm64/fetch.sh" "$program/libonnxruntime.so"
fi

depends='adduser, ca-certificates, ffmpeg, libc6 (>= 2.31), libgcc-s1, libssl3 | libssl3t64, libstdc++6, libturbojpeg0 | libturbojpeg'
recommends='chrony | time-daemon'
install -d "$stage/usr/bin" "$stage/DEBIAN"
if [ $own = yes ]; then
    ln -s ../lib/cvops-agent/cvops-agent "$stage/usr/bin/cvops-agent"
else
    # Not a dependency: on most such machines the runtime comes as Microsoft's archive, which no package manager knows.
    recommends="$recommends, aspnetcore-runtime-10.0"
    install -m 0755 "$here/debian/cvops-agent.sh" "$stage/usr/bin/cvops-agent"
fi
install -D -m 0644 "$here/cvops-agent.service" "$stage/lib/systemd/system/cvops-agent.service"
install -D -m 0755 "$here/devices/cvops-agent-devices" "$stage/usr/sbin/cvops-agent-devices"
install -D -m 0644 -t "$stage/usr/share/cvops-agent/devices" "$here"/devices/*.conf "$here"/devices/*.rules
documents=$stage/usr/share/doc/cvops-agent
install -D -m 0644 "$here/debian/copyright" "$documents/copyright"
install -D -m 0644 "$here/agent.yaml" "$documents/examples/agent.yaml"
install -m 0644 "$here/README.md" "$here/JETSON.md" "$here/INDUSTRIAL-PC.md" "$documents/"
for page in cvops-agent.1 cvops-agent-devices.8; do
    install -d "$stage/usr/share/man/man${page##*.}"
    gzip -9n < "$here/debian/$page" > "$stage/usr/share/man/man${page##*.}/$page.gz"
done
install -D -m 0644 "$here/debian/lintian-overrides" "$stage/usr/share/lintian/overrides/cvops-agent"
made=$(git -C "$repository" log -1 --format=%ct 2>/dev/null || date +%s)
export SOURCE_DATE_EPOCH="$made"
printf 'cvops-agent (%s) unstable; urgency=medium\n\n  * Made from the sources of that version.\n\n -- %s  %s\n' "$version" "$maintainer" "$(date -R -u -d "@$made")" | gzip -9n > "$documents/changelog.gz"

# dotnet publish leaves modes as the machine's umask and the packages had them.
find "$stage/usr" "$stage/lib" -type d -exec chmod 0755 {} +
find "$stage/usr" "$stage/lib" -type f ! -path "$stage/usr/bin/*" ! -path "$stage/usr/sbin/*" -exec chmod 0644 {} +
[ $own = no ] || chmod 0755 "$program/cvops-agent"

kilobytes=$(du -sk --exclude=DEBIAN "$stage" | cut -f1)
sed -e "s/@VERSION@/$version/; s/@ARCHITECTURE@/$architecture/; s/@KILOBYTES@/$kilobytes/; s/@MAINTAINER@/$maintainer/; s/@DEPENDS@/$depends/; s/@RECOMMENDS@/$recommends/" "$here/debian/control" > "$stage/DEBIAN/control"
for script in postinst prerm postrm; do install -m 0755 "$here/debian/$script" "$stage/DEBIAN/$script"; done
(cd "$stage" && find usr lib -type f -exec md5sum {} + > DEBIAN/md5sums)
chmod 0644 "$stage/DEBIAN/control" "$stage/DEBIAN/md5sums"
package=$out/cvops-agent_${version}_$architecture.deb
dpkg-deb --root-owner-group -Zxz -b "$stage" "$package" >/dev/null
size=$(stat -c %s "$package")
inference=$(xz -c "$program/libonnxruntime.so" | wc -c)
echo "$package size=$size without-onnxruntime=$((size - inference)) own-dotnet=$own"
