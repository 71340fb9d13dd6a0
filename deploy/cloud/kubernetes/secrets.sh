#!/bin/sh
# Prints the Secrets and ConfigMaps that base/ and complete/ refer to, from what ../make-secrets.sh HOST... --no-owners made:
#   deploy/cloud/kubernetes/secrets.sh deploy/cloud/secrets | kubectl apply -n cvops -f -
# What it prints is as secret as the files: into a pipe with it, never into a repository.
set -eu
[ $# = 1 ] && [ -s "$1/authority/ca.pem" ] || { echo "usage: secrets.sh FOLDER, as make-secrets.sh left it" >&2; exit 1; }
from=$1 cloud=$(cd "$(dirname "$0")/.." && pwd)

make() { kubectl create "$@" --dry-run=client -o yaml; echo ---; }

make secret generic cvops-fleet --from-file="$from/Fleet__Cluster" --from-file="$from/https.key" --from-file="$from/fleet.key" --from-file="$from/signing.key" --from-file="$from/metrics.token"
make secret generic cvops-authority --from-file="$from/authority/ca.pem" --from-file="$from/authority/ca.key"
make configmap cvops-certificates --from-file="$from/ca.pem" --from-file="$from/https.pem" --from-file="$from/fleet.pem"
make configmap cvops-trusted-keys --from-file="$from/trusted"
# For complete/ alone.
make secret generic cvops-broker --from-file="$from/ca.pem" --from-file="$from/broker.pem" --from-file="$from/broker.key"
make configmap cvops-broker --from-file="$cloud/broker.sh" --from-file="$cloud/mosquitto.conf" --from-file="$cloud/acl"
make secret generic cvops-postgres --from-file="$from/postgres.pem" --from-file="$from/postgres.key" --from-file="$from/postgres-password"
make configmap cvops-postgres --from-file="$cloud/postgresql/pg_hba.conf"
