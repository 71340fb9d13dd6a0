# Sourced by test.sh: certificates, keys and passwords, and a real PostgreSQL that takes nothing but them.
secrets=$run/secrets
make_secrets() { "$cloud/make-secrets.sh" "$@"; }

it "make-secrets.sh makes a complete set" make_secrets fleet.plant-a.example 10.0.0.5 --out "$secrets"
state() { (cd "$secrets" && find . -type f -exec sha256sum {} + | sort); }
state > "$run/before"
again() { make_secrets fleet.plant-a.example 10.0.0.5 --out "$secrets" && state | diff "$run/before" -; }
it "run again it changes nothing" again
anew() { rm "$secrets/https.pem" && make_secrets fleet.plant-a.example --out "$secrets" && state | diff "$run/before" - | grep '^[<>]' | grep -v https.pem; test -s "$secrets/https.pem" && state | grep -v https.pem | diff - <(grep -v https.pem "$run/before"); }
it "a certificate that was deleted is made anew, and nothing else" anew
chains() { for one in https broker postgres prometheus alertmanager grafana; do openssl verify -x509_strict -CAfile "$secrets/ca.pem" -purpose sslserver "$secrets/$one.pem" || return 1; done; for one in fleet reader; do openssl verify -x509_strict -CAfile "$secrets/ca.pem" -purpose sslclient "$secrets/$one.pem" || return 1; done; }
it "every certificate is good for its purpose under its authority" chains
it "a server's certificate makes no client of the broker" refused 'unsupported\|unsuitable' openssl verify -CAfile "$secrets/ca.pem" -purpose sslclient "$secrets/postgres.pem"
closed() { test -z "$(find "$secrets" \( -name '*.key' -o -name '*password' -o -name Fleet__Cluster \) -perm /077)" && test "$(stat -c %u "$secrets/fleet.key" "$secrets/broker.key" "$secrets/postgres.key" | xargs)" = "10001 1883 999"; }
it "each key is its container's user's alone" closed
it "what is no host is refused with a sentence" refused 'no host name' make_secrets 'fleet;rm' --out "$secrets"

printed() { "$cloud/kubernetes/secrets.sh" "$secrets" > "$run/secrets.yaml"; }
it "kubernetes/secrets.sh prints them as Secrets and ConfigMaps" printed
it "kubernetes/complete and these fit each other: references, ports, probes, and the doors that policies leave" node "$here/manifests.mjs" --together "$run/complete.yaml" "$run/secrets.yaml"
it "without the Secrets that shows" refused 'no Secret cvops-fleet' node "$here/manifests.mjs" --together "$run/complete.yaml"
sed '/name: cvops-postgres/,$!d' "$cloud/kubernetes/complete/network.yaml" > /dev/null
sed 's/port: 11111, protocol/port: 11112, protocol/' "$run/complete.yaml" | sed 's/port: 11111$/port: 11112/' > "$run/other-door.yaml"
it "another door than those named shows" refused 'The doors are' node "$here/manifests.mjs" --together "$run/other-door.yaml" "$run/secrets.yaml"

# PostgreSQL as a plain process of its own user, with the certificate, the rules of entry and the password of the set.
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1)
if [ -z "$bin" ]; then skip "PostgreSQL is not installed"; else
  pg=$(mktemp -d); pg_port=$(( 20000 + RANDOM % 10000 ))
  cp "$secrets/postgres.pem" "$secrets/postgres.key" "$secrets/postgres-password" "$cloud/postgresql/pg_hba.conf" "$pg/"; chown -R postgres "$pg"; chmod 0700 "$pg"; chmod 0600 "$pg/postgres.key"
  as_postgres() { setpriv --reuid postgres --regid postgres --init-groups env PATH="$bin:$PATH" "$@"; }
  start_postgres() {
    as_postgres initdb -D "$pg/data" -U cvops --auth=scram-sha-256 --pwfile="$pg/postgres-password" &&
    as_postgres pg_ctl -D "$pg/data" -w -l "$pg/log" -o "-p $pg_port -k $pg -c listen_addresses=127.0.0.1 -c ssl=on -c ssl_cert_file=$pg/postgres.pem -c ssl_key_file=$pg/postgres.key -c ssl_min_protocol_version=TLSv1.2 -c hba_file=$pg/pg_hba.conf" start
  }
  ask() { PGPASSWORD=$(cat "$secrets/postgres-password") psql "port=$pg_port user=cvops dbname=postgres sslrootcert=$secrets/ca.pem $1" -Atc "select ssl from pg_stat_ssl where pid = pg_backend_pid()"; }
  it "PostgreSQL starts with its certificate and rules" start_postgres
  it "it is reached over TLS with its name verified" sh -c 'test "$1" = t' sh "$(ask 'host=localhost sslmode=verify-full')"
  own() { env -u PGPASSWORD POSTGRES_PASSWORD_FILE="$1" "$cloud/postgresql/with-password.sh" psql "host=$pg port=$pg_port user=cvops dbname=postgres" -w -Atc 'select 1'; }
  it "its container's own programs get in over the socket with the password of the set" own "$secrets/postgres-password"
  printf 'another\n' > "$run/another-password"
  it "with another password they do not" refused 'password authentication failed' own "$run/another-password"
  it "it turns away who comes without TLS" refused 'no encryption\|no pg_hba.conf entry' ask "host=localhost sslmode=disable"
  it "under a name that its certificate has not it is not believed" refused 'does not match' ask "host=postgres.elsewhere hostaddr=127.0.0.1 sslmode=verify-full"
  as_postgres pg_ctl -D "$pg/data" -m fast stop >/dev/null 2>&1; rm -rf "$pg"
fi
