# Sourced by test.sh: the fleet's image, built by its Dockerfile and run without root, privileges and a root that can be written. There is no registry here, so both base images are made of Debian and
# the .NET of this machine; and without the published packages the build is the one of a single machine (PublishedPackages=false).
# Podman keeps to the run folder that it saw first, and makes sockets in it, whose paths may not be long.
runroot=/tmp/cvops-deploy-$(printf '%s' "$work" | cksum | cut -d' ' -f1)
store=(--root "$work/storage" --runroot "$runroot" --storage-driver vfs)
P=("${store[@]}" --cgroup-manager cgroupfs)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/cvops
dotnet_root=$(dirname "$(readlink -f "$(command -v dotnet)")")

# Podman wants control groups of the second kind; only its own view of them changes.
world() { unshare -m sh -c 'umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup; exec "$@"' sh "$@"; }
have() { podman "${P[@]}" image exists "$1" 2>/dev/null; }

bases() {
  if have localhost/cvops-runtime:1 && have localhost/cvops-sdk:1; then return 0; fi
  local rootfs=$work/rootfs
  mkdir -p "$cache"
  if [ ! -s "$cache/bookworm.tar" ]; then
    rm -rf "$rootfs" && debootstrap --variant=minbase --include=ca-certificates,libssl3,libstdc++6,zlib1g bookworm "$rootfs" && tar -C "$rootfs" -cf "$cache/bookworm.tar.new" . && mv "$cache/bookworm.tar.new" "$cache/bookworm.tar" || return 1
  fi
  rm -rf "$rootfs" && mkdir -p "$rootfs" && tar -C "$rootfs" -xf "$cache/bookworm.tar" || return 1
  mkdir -p "$rootfs/usr/share/dotnet" && cp -a "$dotnet_root"/{dotnet,host,shared} "$rootfs/usr/share/dotnet/" && ln -sf /usr/share/dotnet/dotnet "$rootfs/usr/bin/dotnet" || return 1
  tar -C "$rootfs" -cf "$work/base.tar" . && podman "${P[@]}" import "$work/base.tar" localhost/cvops-runtime:1 || return 1
  cp -a "$dotnet_root"/{sdk,packs} "$rootfs/usr/share/dotnet/" && cp -a "$dotnet_root"/sdk-manifests "$rootfs/usr/share/dotnet/" 2>/dev/null
  cp "$(readlink -f "$(command -v node)")" "$rootfs/usr/bin/node" && mkdir -p "$rootfs/usr/lib/node_modules" && cp -a "$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")" "$rootfs/usr/lib/node_modules/npm" && ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$rootfs/usr/bin/npm" || return 1
  tar -C "$rootfs" -cf "$work/base.tar" . && podman "${P[@]}" import --change 'ENV DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1' --change 'ENV DOTNET_CLI_TELEMETRY_OPTOUT=1' --change 'ENV DOTNET_NOLOGO=1' "$work/base.tar" localhost/cvops-sdk:1 || return 1
  rm -rf "$rootfs" "$work/base.tar"
}

build() {
  local mine=() file=$1; shift
  # This machine's packages and whom it trusts, so that nothing is fetched twice.
  for folder in "$HOME/.nuget" "$cache" /etc/ssl/certs; do [ -d "$folder" ] && mine+=(-v "$folder:${folder/#$HOME//root}"); done
  buildah "${store[@]}" bud --format docker --isolation chroot --pull-never --network host "${mine[@]}" --build-arg SDK_IMAGE=localhost/cvops-sdk:1 --build-arg RUNTIME_IMAGE=localhost/cvops-runtime:1 \
    --build-arg PublishedPackages=false --build-arg PACKAGES="ffmpeg libsqlite3-0 libturbojpeg0" -f "$cloud/$file" "$@" "$root"
}

it "base images are made: Debian with this machine's .NET" bases || return 0
it "buildah builds the fleet's image from its Dockerfile (PublishedPackages=false, other bases)" build Dockerfile.fleet -t localhost/cvops-fleet:test || return 0

said() { podman "${P[@]}" inspect --type image --format "$1" localhost/cvops-fleet:test; }
it "the image runs as its own user, ends by SIGTERM, asks itself how it is, and exposes 8443 and 11111" \
  test "$(said '{{.User}} {{.Config.StopSignal}} {{.HealthCheck.Test}} {{len .Config.ExposedPorts}}')" = "10001:10001 SIGTERM [CMD /app/cvops-fleet health] 2"

port=$(( 20000 + RANDOM % 10000 )) mqtts=$(( 30000 + RANDOM % 1000 )) mqtts_fleet=$(( 31000 + RANDOM % 1000 ))
volumes=$run/volumes; mkdir -p "$volumes"/{data,revoked,broker}; chown 10001:10001 "$volumes/data" "$volumes/revoked"; chmod 0700 "$volumes/data"
sed "s#/certificates/#$secrets/#; s#/revoked/#$volumes/revoked/#; s#/mosquitto/config/acl#$cloud/acl#; s#/mosquitto/data/#$volumes/broker/#; s#listener 8883#listener $mqtts 127.0.0.1#; s#listener 8884#listener $mqtts_fleet 127.0.0.1#" "$cloud/mosquitto.conf" > "$run/mosquitto.conf"
echo "user root" >> "$run/mosquitto.conf"
PATH=$PATH:/usr/sbin sh "$cloud/broker.sh" "$run/mosquitto.conf" "$volumes/revoked/crl.pem" 1 > "$run/broker.log" 2>&1 & broker=$!

create() { # NAME KEYS-FOLDER
  podman "${P[@]}" rm -f "$1" >/dev/null 2>&1
  podman "${P[@]}" create --name "$1" --network host --cgroups=disabled --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 --read-only --read-only-tmpfs=false --tmpfs /tmp:mode=1777 --cap-drop all --security-opt no-new-privileges \
    -e Fleet__Http=https://127.0.0.1:$port -e Fleet__HttpCertificate=/certificates/https.pem -e Fleet__HttpKey=/run/secrets/https.key -e Fleet__PublicUrl=https://fleet.plant-a.example:$port -e Fleet__Secrets=/run/secrets \
    -e Fleet__Broker=mqtts://localhost:$mqtts_fleet -e Fleet__PublicBrokers=mqtts://fleet.plant-a.example:8883 -e Fleet__Ca=/certificates/ca.pem -e Fleet__Certificate=/certificates/fleet.pem -e Fleet__Key=/run/secrets/fleet.key \
    -e Fleet__Authority=/authority -e Fleet__RevocationList=/revoked/crl.pem -e Fleet__SigningKey=/run/secrets/signing.key -e Fleet__TrustedKeys=/trusted -e Fleet__LocalToken=/var/lib/cvops/local.token -e Fleet__DrainDelay=00:00:03 \
    -v "$volumes/data:/var/lib/cvops" -v "$volumes/revoked:/revoked" -v "$2/authority:/authority:ro" -v "$secrets/trusted:/trusted:ro" \
    -v "$secrets/ca.pem:/certificates/ca.pem:ro" -v "$secrets/https.pem:/certificates/https.pem:ro" -v "$secrets/fleet.pem:/certificates/fleet.pem:ro" \
    -v "$2/https.key:/run/secrets/https.key:ro" -v "$2/fleet.key:/run/secrets/fleet.key:ro" -v "$2/signing.key:/run/secrets/signing.key:ro" localhost/cvops-fleet:test
}
start() { : > "$run/$1.log"; world podman "${P[@]}" start --attach --sig-proxy=false "$1" > "$run/$1.log" 2>&1 & attached=$!; }
inside() { world podman "${P[@]}" inspect --format '{{.State.Pid}}' "$1"; }
ask_fleet() { curl -sS --max-time 3 --cacert "$secrets/ca.pem" --resolve "fleet.plant-a.example:$port:127.0.0.1" "$@"; }
status() { ask_fleet -o /dev/null -w '%{http_code}' "https://fleet.plant-a.example:$port$1" 2>/dev/null; }
api() { ask_fleet --fail -H "Authorization: Bearer $(cat "$volumes/data/local.token")" "https://fleet.plant-a.example:$port/api/v1/$1"; }
milliseconds() { echo $(( $(date +%s%N) / 1000000 )); }
# until SECONDS COMMAND...
until_true() { local end=$(( $(milliseconds) + $1 * 1000 )); shift; until "$@" >/dev/null 2>&1; do [ "$(milliseconds)" -lt "$end" ] || return 1; sleep 0.05; done; }
is() { [ "$($2 $3)" = "$1" ]; }
ready() { until_true "${1:-30}" is 200 status /readyz || { cat "$run/fleet.log"; return 1; }; }
ended() { wait "$attached"; code=$?; [ "$code" = "${1:-0}" ] || { echo "exit code $code"; tail -5 "$run/fleet.log"; return 1; }; }
terminate() { kill -TERM "$(inside fleet)"; }

it "podman makes a container of it: read-only root, no capability, no new privileges" create fleet "$secrets"
times=()
for n in 1 2 3; do
  began=$(milliseconds); start fleet
  it "start $n: the container is ready, over TLS verified by name" ready || { kill $broker; return 0; }
  times+=($(( $(milliseconds) - began )))
  [ $n = 3 ] || { terminate; it "SIGTERM ends it with 0" ended 0; }
done
slowest=$(printf '%s\n' "${times[@]}" | sort -n | tail -1)
echo "      from 'podman start' to ready: ${times[*]} ms (the first makes its databases)"

pid=$(inside fleet)
process() { grep -E "^$1:" "/proc/$pid/status" | cut -f2-; }
it "its process has user 10001, no capability, and can gain none" sh -c '[ "$1 $2 $3" = "10001 0000000000000000 1" ]' sh "$(process Uid | cut -f1)" "$(process CapEff)" "$(process NoNewPrivs)"
it "its root is read-only" awk '$5 == "/" && $6 ~ /^ro(,|$)/ { found = 1 } END { exit !found }' "/proc/$pid/mountinfo"
within() { nsenter -t "$pid" -m -n -p -i -r -w -S 10001 -G 10001 env -i "Fleet__Http=https://127.0.0.1:$port" HOME=/tmp PATH=/usr/bin:/bin "$@"; }
it "it cannot write its own program" refused 'Read-only file system' within /bin/sh -c 'echo x > /app/x'
it "cvops-fleet health, which the image's health check runs, says that it lives; with --ready that it is ready" sh -c '[ "$1" = ok ] && [ "$2" = ready ]' sh "$(within /app/cvops-fleet health)" "$(within /app/cvops-fleet health --ready)"
it "it does not answer plain HTTP" refused 'mpty reply\|reset\|HTTP/0.9' curl -sS --max-time 3 "http://127.0.0.1:$port/healthz"
it "no source, test or key came into it" sh -c '! "$@" | grep .' sh nsenter -t "$pid" -m -r find / -xdev \( -path /proc -o -path /sys \) -prune -o \( -name '*.csproj' -o -name make-secrets.sh -o -path '*/tests/deploy*' -o -path '/app/*.key' \) -print
it "ffmpeg, SQLite and libturbojpeg are in it" sh -c '"$@"' sh nsenter -t "$pid" -m -r -w sh -c 'ffmpeg -version | head -1 && ls /usr/lib/*/libsqlite3.so.0 /usr/lib/*/libturbojpeg.so.0'

# A device with a certificate of the authority, over the broker with the configuration of this folder.
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$run/press-1.key" -subj /CN=press-1 -out "$run/press-1.request" 2>/dev/null
openssl x509 -req -in "$run/press-1.request" -CA "$secrets/authority/ca.pem" -CAkey "$secrets/authority/ca.key" -days 2 -extfile <(echo extendedKeyUsage=clientAuth) -out "$run/press-1.pem" 2>/dev/null
speak() { mosquitto_pub -h localhost -p "$mqtts" -V 5 -q 1 --cafile "$secrets/ca.pem" --cert "$run/press-1.pem" --key "$run/press-1.key" -r -t cvops/v1/plant-a/press-1/status -f "$root/tests/data/golden/DeviceStatus.json"; }
known() { api devices | grep -q '"press-1"'; }
it "the broker of this folder starts with the list that the fleet wrote, and takes a device's word" until_true 20 speak
it "the fleet has it" until_true 20 known

terminate
it "told to stop it says so at /readyz while it still answers" until_true 3 is 503 status /readyz
it "then it ends with 0" ended 0
podman "${P[@]}" rm -f fleet >/dev/null 2>&1

# As Kubernetes hands secrets over: root's files, for a group.
handed=$run/handed; mkdir -p "$handed/authority"; cp "$secrets"/{https,fleet,signing}.key "$handed/"; cp "$secrets"/authority/ca.* "$handed/authority/"; chown -R 0:10001 "$handed"; chmod 0440 "$handed"/*.key "$handed"/authority/*; chmod 0750 "$handed/authority"
it "a new container on the same volumes starts, with keys of root's that its group may read" create fleet "$handed"
start fleet
it "it is ready" ready
it "and knows the device" until_true 10 known
terminate; it "SIGTERM ends it with 0" ended 0
chmod 0444 "$handed/fleet.key"
start fleet
it "a key that everybody may read is refused with 78 and a sentence" ended 78
it "which names it" grep -q "fleet.key' is open to other users" "$run/fleet.log"
podman "${P[@]}" rm -f fleet >/dev/null 2>&1
kill $broker 2>/dev/null; wait $broker 2>/dev/null; 

mkdir -p "$root/artifacts/bench"
awk -v ms="$slowest" 'BEGIN { value = ms / 1000; holds = value <= 5 ? "true" : "false"
  printf "[{\"figure\":\"fleet image, start to ready, slowest of three, s\",\"value\":%.3f,\"bound\":5,\"better\":\"lower\",\"holds\":%s,\"rival\":\"-\"}]\n", value, holds }' > "$root/artifacts/bench/deploy.json"
# A figure, no test: on a machine with other work it says that it missed, and that is all.
echo "      fleet image, start to ready, slowest of three: $slowest ms, bound 5000 ms, $([ "$slowest" -le 5000 ] && echo holds || echo MISSED) (artifacts/bench/deploy.json)"
