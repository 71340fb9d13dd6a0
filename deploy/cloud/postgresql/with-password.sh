#!/bin/sh
# In PostgreSQL's container: one of its programs with the password of the set, which no environment holds. docker compose exec -T postgres /etc/cvops/with-password.sh psql -U cvops
set -eu
PGPASSWORD=$(cat "${POSTGRES_PASSWORD_FILE:-/run/secrets/postgres-password}")
export PGPASSWORD
exec "$@"
