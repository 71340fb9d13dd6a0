#!/bin/sh
# Makes every certificate, key and password that compose.yaml and kubernetes/ want. Whatever is there already stays, so it may be run again: after a certificate was deleted to be made anew, say.
set -eu
umask 077

usage() {
    cat <<'TEXT'
Usage: make-secrets.sh HOST... [--out DIR] [--no-owners]

  HOST         the names and addresses at which people and devices reach this host, the first one above all: fleet.plant-a.example 10.0.0.5
  --out DIR    where to (secrets beside this script)
  --no-owners  leave every file with whoever runs this, as Kubernetes wants it; without it run this as root: each key becomes its container's user's alone

What it makes:
  authority/         ca.pem, ca.key: whoever has the key decides who belongs to the fleet. Keep a copy off this host.
  ca.pem             what browsers, programs and devices have to trust
  https, broker, postgres, prometheus, alertmanager, grafana   .pem and .key of the servers (two years)
  fleet, reader      .pem and .key of clients of the broker: the fleet manager, and programs that only listen
  signing.key        signs models that are trained here
  operator.key       signs models that people pack: take it to where they do, and off this host
  trusted/           the public halves of both; also for every device
  Fleet__Cluster     how the fleet reaches PostgreSQL, password included; postgres-password and grafana-password are the others
  metrics.token      with which Prometheus asks the fleet
TEXT
}

refuse() { echo "make-secrets.sh: $1" >&2; exit 1; }

here=$(cd "$(dirname "$0")" && pwd)
out=$here/secrets owners=yes hosts=
while [ $# -gt 0 ]; do
    case $1 in
        --help|-h) usage; exit 0 ;;
        --out) [ $# -ge 2 ] || refuse "--out needs a folder."; out=$2; shift ;;
        --no-owners) owners=no ;;
        -*) refuse "unknown option '$1'; see --help." ;;
        *[!A-Za-z0-9.:-]*) refuse "'$1' is no host name and no address." ;;
        *) hosts="$hosts $1" ;;
    esac
    shift
done
[ -n "$hosts" ] || { usage >&2; exit 1; }
command -v openssl >/dev/null || refuse "openssl is missing. Install it with: apt-get install -y openssl"
[ "$owners" = no ] || [ "$(id -u)" = 0 ] || refuse "run this as root (sudo $0 ...), so that each key can be given to its container's user; or with --no-owners for Kubernetes."

mkdir -p "$out/authority" "$out/trusted"
chmod 0755 "$out" "$out/trusted"
cd "$out"

# A file appears whole or not at all: openssl writes beside it.
key() { [ -s "$1" ] || { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.new" 2>/dev/null && mv "$1.new" "$1"; }; }
word() { [ -s "$1" ] || { openssl rand -hex 24 > "$1.new" && mv "$1.new" "$1"; }; }
names() { for name in "$@"; do case $name in *:*|*[!0-9.]*) case $name in *:*) printf ',IP:%s' "$name" ;; *) printf ',DNS:%s' "$name" ;; esac ;; *) printf ',IP:%s' "$name" ;; esac; done | cut -c2-; }

# FILE COMMON-NAME serverAuth|clientAuth [names]
certificate() {
    [ ! -s "$1.pem" ] || return 0
    key "$1.key"
    {
        echo "basicConstraints=critical,CA:false"
        echo "keyUsage=critical,digitalSignature"
        echo "extendedKeyUsage=$3"
        echo "subjectKeyIdentifier=hash"
        echo "authorityKeyIdentifier=keyid"
        [ -z "${4:-}" ] || echo "subjectAltName=$4"
    } > "$1.extensions"
    printf '[req]\ndistinguished_name=dn\n[dn]\n' > "$1.config"
    openssl req -new -config "$1.config" -key "$1.key" -subj "/CN=$2" -out "$1.request"
    openssl x509 -req -in "$1.request" -CA authority/ca.pem -CAkey authority/ca.key -set_serial "0x$(openssl rand -hex 15)" -days 730 -sha256 -extfile "$1.extensions" -out "$1.pem.new" 2>/dev/null
    rm -f "$1.request" "$1.extensions" "$1.config"
    chmod 0644 "$1.pem.new"
    mv "$1.pem.new" "$1.pem"
    echo "made $1.pem, good until $(openssl x509 -in "$1.pem" -noout -enddate | cut -d= -f2)"
}

if [ ! -s authority/ca.pem ]; then
    key authority/ca.key
    # A configuration of its own: what a machine's openssl.cnf adds differs.
    printf '[req]\ndistinguished_name=dn\nx509_extensions=ca\n[dn]\n[ca]\nbasicConstraints=critical,CA:true,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n' > authority/ca.config
    openssl req -x509 -new -config authority/ca.config -key authority/ca.key -subj "/CN=CvOps fleet authority" -days 3650 -sha256 -out authority/ca.pem.new
    rm -f authority/ca.config
    chmod 0644 authority/ca.pem.new
    mv authority/ca.pem.new authority/ca.pem
    echo "made authority/ca.pem, a new authority. Keep a copy of authority/ca.key where this host is not."
fi
[ -s ca.pem ] || { cp authority/ca.pem ca.pem.new && chmod 0644 ca.pem.new && mv ca.pem.new ca.pem; }

first=${hosts# }; first=${first%% *}
# shellcheck disable=SC2086  # lists of names
{
    certificate https "$first" serverAuth "$(names $hosts fleet localhost 127.0.0.1)"
    certificate broker "$first" serverAuth "$(names $hosts broker localhost 127.0.0.1)"
    certificate grafana "$first" serverAuth "$(names $hosts grafana localhost 127.0.0.1)"
}
certificate postgres postgres serverAuth "$(names postgres localhost 127.0.0.1)"
certificate prometheus prometheus serverAuth "$(names prometheus localhost 127.0.0.1)"
certificate alertmanager alertmanager serverAuth "$(names alertmanager localhost 127.0.0.1)"
certificate fleet fleet clientAuth
certificate reader reader clientAuth

for signer in signing operator; do
    key $signer.key
    [ -s trusted/$signer.pem ] || [ ! -s $signer.key ] || { openssl pkey -in $signer.key -pubout -out trusted/$signer.pem && chmod 0644 trusted/$signer.pem; }
done

# It opens the fleet's /metrics and nothing else; read by the fleet and by Prometheus.
[ -s metrics.token ] || { printf 'cvops_metrics_%s\n' "$(openssl rand -hex 32)" > metrics.token.new && mv metrics.token.new metrics.token; }
word postgres-password
word grafana-password
[ -s Fleet__Cluster ] || {
    printf 'Host=postgres;Database=cvops;Username=cvops;Password=%s;SSL Mode=VerifyFull;Root Certificate=/certificates/ca.pem\n' "$(cat postgres-password)" > Fleet__Cluster.new
    mv Fleet__Cluster.new Fleet__Cluster
}

if [ "$owners" = yes ]; then
    # The users of the containers in compose.yaml; each key is its own alone (mode 0600).
    chown 10001:10001 authority authority/ca.key fleet.key https.key signing.key Fleet__Cluster
    chown 1883:1883 broker.key
    chown 999:999 postgres.key postgres-password
    chown 65534:65534 prometheus.key alertmanager.key
    chown 472:0 grafana.key grafana-password
    chown 10001:65534 metrics.token
    chmod 0440 metrics.token
fi
echo "$out is complete. People and devices reach the fleet at https://$first:8443, devices the broker at mqtts://$first:8883."
